//! Sparse files in an archive: which of their parts it holds.
//!
//! Sources: GNU tar's manual, "Storing Sparse Files"; star(4).

use super::{Attributes, BLOCK, Entries, Entry, parse};
use std::io::{self, Read};

/// The most parts of a sparse file.
const MOST_PARTS: usize = 1 << 20;

impl Entries {
    /// Finds out which parts of a sparse file are in the archive, in each of the four forms.
    pub(super) fn sparse(
        &mut self,
        entry: &mut Entry,
        header: &[u8; BLOCK],
        attributes: &Attributes,
        pairs: &[u64],
    ) -> io::Result<()> {
        let get = |name: &str| attributes.get(name.as_bytes()).map(Vec::as_slice);
        let bad = |this: &Self| this.malformed("the map of a sparse file is not valid");
        let numbers: Vec<u64>;
        if header[156] == b'S' {
            let stored = self.data;
            (numbers, entry.size) = self.old_map(header)?;
            self.begin(stored);
        } else if get("GNU.sparse.major") == Some(b"1") && get("GNU.sparse.minor") == Some(b"0") {
            entry.size = get("GNU.sparse.realsize").and_then(parse).ok_or_else(|| bad(self))?;
            numbers = self.map_in_data()?;
            entry.stored = self.data;
        } else if let Some(map) = get("GNU.sparse.map") {
            entry.size = get("GNU.sparse.size").and_then(parse).ok_or_else(|| bad(self))?;
            let map: Option<Vec<u64>> = map.split(|b| *b == b',').map(parse).collect();
            numbers = map.ok_or_else(|| bad(self))?;
        } else if get("GNU.sparse.numblocks").is_some() {
            entry.size = get("GNU.sparse.size").and_then(parse).ok_or_else(|| bad(self))?;
            numbers = pairs.to_vec();
        } else {
            return Ok(());
        }
        if !numbers.len().is_multiple_of(2) || numbers.len() / 2 > MOST_PARTS {
            return Err(bad(self));
        }
        let parts: Vec<(u64, u64)> = numbers.chunks(2).map(|pair| (pair[0], pair[1])).collect();
        let (mut end, mut sum) = (0_u64, 0_u64);
        for (offset, length) in &parts {
            let after = offset.checked_add(*length).filter(|after| *after <= entry.size && *offset >= end);
            end = after.ok_or_else(|| bad(self))?;
            sum += length;
        }
        if sum != entry.stored {
            return Err(bad(self));
        }
        entry.parts = Some(parts);
        Ok(())
    }

    /// The map in headers of GNU tar's own form, and the size of the file.
    fn old_map(&mut self, header: &[u8; BLOCK]) -> io::Result<(Vec<u64>, u64)> {
        let size = self.number(&header[483..495], "size of a sparse file")?;
        let mut numbers = Vec::new();
        let mut fields: Vec<u8> = header[386..386 + 4 * 24].to_vec();
        let mut more = header[482] != 0;
        loop {
            for pair in fields.chunks(24).filter(|pair| pair[0] != 0) {
                numbers.push(self.number(&pair[..12], "offset in a sparse file")?);
                numbers.push(self.number(&pair[12..], "length in a sparse file")?);
            }
            if !more {
                return Ok((numbers, size));
            }
            if numbers.len() / 2 > MOST_PARTS {
                return Err(self.malformed("a sparse file has too many parts"));
            }
            let mut block = [0; BLOCK];
            self.input.read_exact(&mut block)?;
            self.at += BLOCK as u64;
            fields = block[..21 * 24].to_vec();
            more = block[504] != 0;
        }
    }

    /// The map at the beginning of the data: one decimal number a line, filled up to a whole block.
    fn map_in_data(&mut self) -> io::Result<Vec<u64>> {
        let mut numbers: Vec<u64> = Vec::new();
        let mut wanted = None;
        let mut line: Vec<u8> = Vec::new();
        let mut block = [0; BLOCK];
        loop {
            self.read_exact(&mut block)?;
            for byte in block {
                if byte != b'\n' {
                    line.push(byte);
                    if line.len() > 20 {
                        return Err(self.malformed("the map of a sparse file is not valid"));
                    }
                    continue;
                }
                let number = parse(&line);
                let number = number.ok_or_else(|| self.malformed("the map of a sparse file is not valid"))?;
                line.clear();
                match wanted {
                    None => {
                        let parts = usize::try_from(number).ok().filter(|parts| *parts <= MOST_PARTS);
                        let parts =
                            parts.ok_or_else(|| self.malformed("a sparse file has too many parts"))?;
                        wanted = Some(2 * parts);
                    }
                    Some(_) => numbers.push(number),
                }
                if wanted == Some(numbers.len()) {
                    return Ok(numbers);
                }
            }
        }
    }
}
