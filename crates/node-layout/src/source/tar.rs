//! Reading tar archives as POSIX, GNU tar, star and the tools for containers write them.
//!
//! The crate `tar` is not used: it keeps extended attributes of regular files only, no ACLs and no sparse files of the POSIX form,
//! and reads headers of any size into memory. Everything here is bounded, and nothing is written.
//!
//! Sources: pax(1), "pax Interchange Format"; GNU tar's manual, "Basic Tar Format", "Storing Sparse Files"; star(4).

mod sparse;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// The unit of an archive, in bytes.
const BLOCK: usize = 512;
/// The most bytes of headers that describe one file.
const LARGEST_HEADER: u64 = 4 << 20;
/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EntryKind {
    File,
    /// A further name of an earlier file.
    HardLink,
    Symlink,
    Character,
    Block,
    Directory,
    Fifo,
}

/// An entry of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Path as it is written.
    pub(super) path: Vec<u8>,
    pub(super) kind: EntryKind,
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// Seconds and nanoseconds.
    pub(super) mtime: (i64, i64),
    /// Bytes of data in the archive.
    pub(super) stored: u64,
    /// Bytes of the file.
    pub(super) size: u64,
    /// Target of a link.
    pub(super) link: Vec<u8>,
    /// Major and minor number of a device.
    pub(super) device: (u32, u32),
    /// Extended attributes, labels included.
    pub(super) xattrs: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Access ACL and default ACL as texts.
    pub(super) acls: [Option<Vec<u8>>; 2],
    /// Offsets and lengths of the parts of a sparse file that are in the archive; `None` of any other file.
    pub(super) parts: Option<Vec<(u64, u64)>>,
}

/// What an archive is read from.
pub(super) enum Input {
    /// A file; what is not needed of it is not read.
    File(File),
    /// Anything else.
    Stream(Box<dyn Read + Send>),
}

impl Input {
    /// Leaves out bytes; how many there were.
    fn skip(&mut self, bytes: u64) -> io::Result<u64> {
        match self {
            Input::File(file) => {
                let at = file.stream_position()?;
                let left = file.metadata()?.len().saturating_sub(at);
                let skipped = bytes.min(left);
                file.seek(SeekFrom::Start(at + skipped))?;
                Ok(skipped)
            }
            Input::Stream(stream) => io::copy(&mut stream.take(bytes), &mut io::sink()),
        }
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Input::File(file) => file.read(buffer),
            Input::Stream(stream) => stream.read(buffer),
        }
    }
}

/// The entries of an archive.
pub(super) struct Entries {
    input: Input,
    /// Bytes of data of the last entry that were not read yet.
    data: u64,
    /// Bytes between the data and the next header.
    padding: u64,
    /// Attributes for all later entries.
    global: Attributes,
    /// Bytes read so far.
    at: u64,
}

type Attributes = BTreeMap<Vec<u8>, Vec<u8>>;

/// An archive that is damaged, or of a form that is not known.
fn malformed(at: u64, what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the archive is malformed near byte {at}: {what}"))
}

impl Entries {
    pub(super) fn new(input: Input) -> Entries {
        Entries { input, data: 0, padding: 0, global: Attributes::new(), at: 0 }
    }

    /// Where the data of the last entry begins, in bytes, if nothing of it was read.
    pub(super) fn position(&self) -> u64 {
        self.at
    }

    fn malformed(&self, what: &str) -> io::Error {
        malformed(self.at, what)
    }

    /// The next entry; what was not read of the last one is skipped.
    pub(super) fn next(&mut self) -> io::Result<Option<Entry>> {
        let mut attributes = self.global.clone();
        let (mut long_path, mut long_link) = (None, None);
        let mut sparse_pairs: Vec<u64> = Vec::new();
        let mut headers = 0_u64;
        loop {
            self.skip_data()?;
            let Some(header) = self.header()? else { return Ok(None) };
            let kind = header[156];
            let size = self.number(&header[124..136], "size")?;
            if matches!(kind, b'x' | b'g' | b'L' | b'K') {
                headers = headers.saturating_add(size).saturating_add(BLOCK as u64);
                if headers > LARGEST_HEADER {
                    return Err(self.malformed("the headers of one file are too large"));
                }
                self.begin(size);
                let mut bytes = Vec::new();
                let length = size;
                Read::by_ref(self).take(length).read_to_end(&mut bytes)?;
                if bytes.len() as u64 != length {
                    return Err(self.malformed("it ends in a header"));
                }
                let text = |bytes: &[u8]| bytes.split(|b| *b == 0).next().unwrap_or_default().to_vec();
                match kind {
                    b'x' => self.records(&bytes, &mut attributes, &mut sparse_pairs)?,
                    b'g' => {
                        let mut global = std::mem::take(&mut self.global);
                        self.records(&bytes, &mut global, &mut Vec::new())?;
                        attributes.extend(global.clone());
                        self.global = global;
                    }
                    b'L' => long_path = Some(text(&bytes)),
                    _ => long_link = Some(text(&bytes)),
                }
                continue;
            }
            // A label of a volume, or of a multi-volume archive, is not a file.
            if kind == b'V' {
                self.begin(size);
                continue;
            }
            return self.entry(&header, attributes, long_path, long_link, &sparse_pairs).map(Some);
        }
    }

    fn entry(
        &mut self,
        header: &[u8; BLOCK],
        mut attributes: Attributes,
        long_path: Option<Vec<u8>>,
        long_link: Option<Vec<u8>>,
        sparse_pairs: &[u64],
    ) -> io::Result<Entry> {
        let text = |range: std::ops::Range<usize>| {
            header[range].split(|b| *b == 0).next().unwrap_or_default().to_vec()
        };
        let mut path = text(0..100);
        if &header[257..263] == b"ustar\0" && header[345] != 0 {
            let prefix = text(345..500);
            path = [prefix, b"/".to_vec(), path].concat();
        }
        let mut take = |name: &str| attributes.remove(name.as_bytes());
        let path = take("GNU.sparse.name").or_else(|| take("path")).or(long_path).unwrap_or(path);
        take("path");
        let link = take("linkpath").or(long_link).unwrap_or_else(|| text(157..257));
        let decimal = |value: Option<Vec<u8>>, field: &[u8], name: &str| match value {
            Some(value) => {
                parse(&value).ok_or_else(|| malformed(self.at, &format!("{name} is not a number")))
            }
            None => self.number(field, name),
        };
        let stored = decimal(take("size"), &header[124..136], "size")?;
        let id = |value: Option<Vec<u8>>, field: &[u8], name: &str| {
            u32::try_from(decimal(value, field, name)?)
                .map_err(|_| malformed(self.at, &format!("{name} is too large")))
        };
        let uid = id(take("uid"), &header[108..116], "uid")?;
        let gid = id(take("gid"), &header[116..124], "gid")?;
        let mtime = match take("mtime") {
            Some(value) => time(&value).ok_or_else(|| self.malformed("mtime is not a time"))?,
            None => (self.number(&header[136..148], "mtime")?.cast_signed(), 0),
        };
        let mode = self.number(&header[100..108], "mode")? & 0o7777;
        let kind = match header[156] {
            0 | b'0' if path.ends_with(b"/") => EntryKind::Directory,
            0 | b'0' | b'7' | b'S' => EntryKind::File,
            b'1' => EntryKind::HardLink,
            b'2' => EntryKind::Symlink,
            b'3' => EntryKind::Character,
            b'4' => EntryKind::Block,
            b'5' => EntryKind::Directory,
            b'6' => EntryKind::Fifo,
            other => {
                let what = format!("an entry has the unknown type '{}'", char::from(other).escape_default());
                return Err(self.malformed(&what));
            }
        };
        let number = |field: &[u8], name: &str| {
            u32::try_from(self.number(field, name)?)
                .map_err(|_| self.malformed(&format!("{name} is too large")))
        };
        let device = match kind {
            EntryKind::Character | EntryKind::Block => {
                (number(&header[329..337], "device number")?, number(&header[337..345], "device number")?)
            }
            _ => (0, 0),
        };
        let acls = [take("SCHILY.acl.access"), take("SCHILY.acl.default")];
        let mut xattrs: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
        if let Some(mut label) = take("RHT.security.selinux") {
            // As the kernel keeps it.
            if label.last() != Some(&0) {
                label.push(0);
            }
            xattrs.insert(b"security.selinux".to_vec(), label);
        }
        let named = |name: &[u8]| name.strip_prefix(b"SCHILY.xattr.").map(unescaped);
        xattrs.extend(attributes.iter().filter_map(|(name, value)| Some((named(name)?, value.clone()))));
        // Only a file has data; some archivers give a size to a further name of one.
        let has_data = kind == EntryKind::File;
        self.begin(if has_data { stored } else { 0 });
        let mut entry = Entry {
            path,
            kind,
            mode: u32::try_from(mode).unwrap_or(0),
            uid,
            gid,
            mtime,
            stored: if has_data { stored } else { 0 },
            size: if has_data { stored } else { 0 },
            link,
            device,
            xattrs,
            acls,
            parts: None,
        };
        if has_data {
            self.sparse(&mut entry, header, &attributes, sparse_pairs)?;
        }
        Ok(entry)
    }

    fn records(&self, bytes: &[u8], into: &mut Attributes, pairs: &mut Vec<u64>) -> io::Result<()> {
        let bad = || self.malformed("an extended header is not valid");
        let mut rest = bytes;
        while !rest.is_empty() && rest[0] != 0 {
            let blank = rest.iter().position(|b| *b == b' ').ok_or_else(bad)?;
            let length = parse(&rest[..blank]).and_then(|n| usize::try_from(n).ok()).ok_or_else(bad)?;
            let record = rest.get(blank + 1..length).ok_or_else(bad)?;
            let record = record.strip_suffix(b"\n").ok_or_else(bad)?;
            let equals = record.iter().position(|b| *b == b'=').ok_or_else(bad)?;
            let (name, value) = (&record[..equals], &record[equals + 1..]);
            if matches!(name, b"GNU.sparse.offset" | b"GNU.sparse.numbytes") {
                pairs.push(parse(value).ok_or_else(bad)?);
            } else if value.is_empty() && !name.starts_with(b"SCHILY.xattr.") {
                // An empty value takes back an earlier one.
                into.remove(name);
            } else {
                into.insert(name.to_vec(), value.to_vec());
            }
            rest = &rest[length..];
        }
        Ok(())
    }

    /// The next header; `None` at the end of the archive, whose rest is read.
    fn header(&mut self) -> io::Result<Option<[u8; BLOCK]>> {
        let mut block = [0; BLOCK];
        let mut n = 0;
        while n < BLOCK {
            match self.input.read(&mut block[n..]) {
                Ok(0) => break,
                Ok(more) => n += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if n == 0 && self.at > 0 {
            return Ok(None);
        }
        if n < BLOCK {
            return Err(self.malformed("it ends in the middle of a header"));
        }
        if block.iter().all(|b| *b == 0) {
            if self.at == 0 {
                return Err(self.malformed("it is empty"));
            }
            // A program that decompresses would fail if nobody read its last bytes.
            self.input.skip(u64::MAX)?;
            return Ok(None);
        }
        let checksum = self.number(&block[148..156], "checksum")?;
        let sum = |of: &dyn Fn(u8) -> i64| -> i64 {
            let blank = 8 * i64::from(b' ');
            block[..148].iter().chain(&block[156..]).map(|b| of(*b)).sum::<i64>() + blank
        };
        let sums = [sum(&|b| i64::from(b)), sum(&|b| i64::from(b.cast_signed()))];
        if !sums.contains(&checksum.cast_signed()) {
            return Err(self.malformed("the checksum of a header is wrong"));
        }
        self.at += BLOCK as u64;
        Ok(Some(block))
    }

    fn begin(&mut self, size: u64) {
        self.data = size;
        self.padding = (BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64;
    }

    fn skip_data(&mut self) -> io::Result<()> {
        let left = self.data.saturating_add(self.padding);
        let skipped = self.input.skip(left)?;
        self.at = self.at.saturating_add(skipped);
        // Some archivers leave out the padding at the end.
        if skipped < self.data {
            return Err(self.malformed("it ends in the data of a file"));
        }
        (self.data, self.padding) = (0, 0);
        Ok(())
    }

    /// A number of a header: octal digits, or binary with the highest bit set.
    fn number(&self, field: &[u8], name: &str) -> io::Result<u64> {
        let bad = || self.malformed(&format!("{name} is not a number"));
        if field[0] & 0x80 != 0 {
            // 0xff begins a negative number.
            let negative = field[0] == 0xff;
            let start = if negative { u64::MAX } else { u64::from(field[0] & 0x7f) };
            let mut number = start;
            for byte in &field[1..] {
                if !negative && number >> 56 != 0 {
                    return Err(bad());
                }
                number = number << 8 | u64::from(*byte);
            }
            return Ok(number);
        }
        let digits = field.split(|b| *b == 0).next().unwrap_or_default();
        let digits = std::str::from_utf8(digits).map_err(|_| bad())?.trim_matches(' ');
        if digits.is_empty() { Ok(0) } else { u64::from_str_radix(digits, 8).map_err(|_| bad()) }
    }
}

impl Read for Entries {
    /// Reads the data of the last entry.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.data).unwrap_or(usize::MAX).min(buffer.len());
        if most == 0 {
            return Ok(0);
        }
        let n = self.input.read(&mut buffer[..most])?;
        if n == 0 {
            return Err(self.malformed("it ends in the data of a file"));
        }
        self.data -= n as u64;
        self.at += n as u64;
        Ok(n)
    }
}

/// The name of an attribute, in which GNU tar writes two characters as their numbers.
fn unescaped(name: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some(first) = rest.first() {
        let escaped =
            [(&b"%3D"[..], b'='), (b"%25", b'%')].into_iter().find(|(text, _)| rest.starts_with(text));
        let (byte, length) = escaped.map_or((*first, 1), |(text, byte)| (byte, text.len()));
        plain.push(byte);
        rest = &rest[length..];
    }
    plain
}

/// A decimal number.
fn parse(text: &[u8]) -> Option<u64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// A time in seconds, with a fraction or without.
fn time(text: &[u8]) -> Option<(i64, i64)> {
    let (negative, text) = match text.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let mut halves = text.splitn(2, |b| *b == b'.');
    let seconds = i64::try_from(parse(halves.next()?)?).ok()?;
    let mut nanoseconds = 0;
    if let Some(fraction) = halves.next() {
        let digits: Vec<u8> = fraction.iter().copied().chain(std::iter::repeat(b'0')).take(9).collect();
        nanoseconds = i64::try_from(parse(&digits)?).ok()?;
    }
    match (negative, nanoseconds) {
        (false, _) => Some((seconds, nanoseconds)),
        (true, 0) => Some((-seconds, 0)),
        // Nanoseconds count forwards.
        (true, _) => Some((-seconds - 1, 1_000_000_000 - nanoseconds)),
    }
}
