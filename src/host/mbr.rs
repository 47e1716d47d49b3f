//! The PC's partition table: four entries, one of which can be an extended partition that holds a chain of others.
//!
//! Layout: 446 bytes of code, four entries of 16 bytes, 55 AA. Numbers are little-endian, in sectors of the disk.

use std::io::{Error, ErrorKind, Read, Result, Seek, SeekFrom};

/// One partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MbrEntry {
    /// 1 to 4, logical ones from 5.
    pub number: u32,
    /// System indicator: 0x83 Linux, 0x8e LVM, 0xef EFI system partition…
    pub kind: u8,
    /// First sector.
    pub start: u64,
    /// Number of sectors.
    pub sectors: u64,
}

/// Longest chain of logical partitions that is followed; Linux itself names no more than 60 or so.
const LONGEST_CHAIN: usize = 128;

fn invalid(what: String) -> Error {
    Error::new(ErrorKind::InvalidData, what)
}

/// Whether the entry is an extended partition.
pub fn is_extended(kind: u8) -> bool {
    matches!(kind, 0x05 | 0x0f | 0x85)
}

fn entries(sector: &[u8]) -> impl Iterator<Item = (u8, u64, u64)> + '_ {
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0u64, |n, b| n << 8 | u64::from(*b));
    (0..4).filter_map(move |i| {
        let entry = sector.get(446 + 16 * i..462 + 16 * i)?;
        Some((entry[4], number(&entry[8..12]), number(&entry[12..16])))
    })
}

fn read_sector(device: &mut (impl Read + Seek), at: u64, size: u32) -> Result<[u8; 512]> {
    let mut sector = [0; 512];
    device.seek(SeekFrom::Start(at.saturating_mul(u64::from(size))))?;
    device.read_exact(&mut sector)?;
    Ok(sector)
}

/// The type of the entry that protects a GPT from programs that only know this table.
pub const PROTECTIVE: u8 = 0xee;

/// Reads the table of a disk of so many sectors; nothing if there is none (also where a file system begins at the
/// start of the disk).
///
/// # Errors
/// What cannot be read, and a table that contradicts itself: beyond the disk, a chain that turns back.
pub fn read(device: &mut (impl Read + Seek), sectors: u64, size: u32) -> Result<Option<Vec<MbrEntry>>> {
    let first = read_sector(device, 0, size)?;
    if first[510..] != [0x55, 0xaa] || first[446..510].iter().all(|b| *b == 0) {
        return Ok(None);
    }
    // A FAT or NTFS boot sector ends with the same two bytes; its "entries" are code.
    if entries(&first).zip((0..4).map(|i| first[446 + 16 * i])).any(|(_, flag)| flag & 0x7f != 0) {
        return Ok(None);
    }
    let mut found = Vec::new();
    for (i, (kind, start, length)) in entries(&first).enumerate() {
        if kind == 0 || length == 0 {
            continue;
        }
        let entry = MbrEntry { number: i as u32 + 1, kind, start, sectors: length };
        // Some programs give it the largest length on every disk (the kernel accepts that, too: block/partitions/efi.c).
        if kind != PROTECTIVE {
            check(&entry, sectors)?;
        }
        found.push(entry);
    }
    if let Some(extended) = found.iter().find(|e| is_extended(e.kind)).copied() {
        found.extend(logical(device, &extended, sectors, size)?);
    }
    Ok(Some(found))
}

fn check(entry: &MbrEntry, sectors: u64) -> Result<()> {
    if entry.start == 0 || entry.start.saturating_add(entry.sectors) > sectors {
        let MbrEntry { number, start, sectors: length, .. } = entry;
        return Err(invalid(format!(
            "partition {number} has {length} sectors from {start} on, the disk has {sectors}"
        )));
    }
    Ok(())
}

/// Follows the chain: each link is a table with one logical partition and the place of the next link.
fn logical(
    device: &mut (impl Read + Seek),
    extended: &MbrEntry,
    sectors: u64,
    size: u32,
) -> Result<Vec<MbrEntry>> {
    let mut found = Vec::new();
    let mut link = extended.start;
    for number in 5.. {
        if found.len() >= LONGEST_CHAIN {
            return Err(invalid(format!("more than {LONGEST_CHAIN} logical partitions")));
        }
        let table = read_sector(device, link, size)?;
        if table[510..] != [0x55, 0xaa] {
            return Err(invalid(format!(
                "no partition table at sector {link}, where logical partitions go on"
            )));
        }
        let mut next = None;
        for (kind, start, length) in entries(&table).take(2) {
            if kind == 0 || length == 0 {
                continue;
            }
            if is_extended(kind) {
                next = Some(extended.start.saturating_add(start));
            } else {
                let entry = MbrEntry { number, kind, start: link.saturating_add(start), sectors: length };
                check(&entry, sectors)?;
                found.push(entry);
            }
        }
        let end = extended.start.saturating_add(extended.sectors);
        match next {
            Some(next) if next <= link || next >= end => {
                return Err(invalid(format!(
                    "the chain of logical partitions leads from sector {link} to {next}"
                )));
            }
            Some(next) => link = next,
            None => break,
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn entry(disk: &mut [u8], at: usize, i: usize, kind: u8, start: u32, sectors: u32) {
        let from = at * 512 + 446 + 16 * i;
        disk[from + 4] = kind;
        disk[from + 8..from + 12].copy_from_slice(&start.to_le_bytes());
        disk[from + 12..from + 16].copy_from_slice(&sectors.to_le_bytes());
        disk[at * 512 + 510..at * 512 + 512].copy_from_slice(&[0x55, 0xaa]);
    }

    fn disk() -> Vec<u8> {
        let mut disk = vec![0; 1000 * 512];
        entry(&mut disk, 0, 0, 0x83, 10, 90);
        entry(&mut disk, 0, 1, 0x05, 100, 800);
        entry(&mut disk, 100, 0, 0x8e, 5, 50);
        entry(&mut disk, 100, 1, 0x05, 200, 100);
        entry(&mut disk, 300, 0, 0x83, 5, 50);
        disk
    }

    #[test]
    fn the_entry_that_protects_a_gpt_may_be_longer_than_the_disk() {
        let mut disk = vec![0; 1000 * 512];
        entry(&mut disk, 0, 0, PROTECTIVE, 1, u32::MAX);
        let found = read(&mut Cursor::new(&disk), 1000, 512).unwrap().unwrap();
        assert_eq!((found.len(), found[0].kind), (1, PROTECTIVE));
        entry(&mut disk, 0, 0, 0x83, 1, u32::MAX);
        read(&mut Cursor::new(&disk), 1000, 512).unwrap_err();
    }

    #[test]
    fn logical_partitions_are_followed() {
        let found = read(&mut Cursor::new(disk()), 1000, 512).unwrap().unwrap();
        let places: Vec<_> = found.iter().map(|e| (e.number, e.start, e.sectors)).collect();
        assert_eq!(places, [(1, 10, 90), (2, 100, 800), (5, 105, 50), (6, 305, 50)]);
    }

    #[test]
    fn a_chain_that_turns_back_is_an_error() {
        let mut disk = disk();
        entry(&mut disk, 300, 1, 0x05, 0, 100);
        let error = read(&mut Cursor::new(disk), 1000, 512).unwrap_err().to_string();
        assert_eq!(error, "the chain of logical partitions leads from sector 300 to 100");
    }

    #[test]
    fn a_partition_beyond_the_disk_is_an_error() {
        let mut disk = disk();
        entry(&mut disk, 0, 0, 0x83, 10, 5000);
        assert!(
            read(&mut Cursor::new(disk), 1000, 512).unwrap_err().to_string().contains("the disk has 1000")
        );
    }

    #[test]
    fn an_empty_disk_has_no_table() {
        assert_eq!(read(&mut Cursor::new(vec![0; 5120]), 10, 512).unwrap(), None);
    }
}
