//! Disks: partition tables and what is on partitions, whatever their bytes. Nothing panics or takes much time or memory. The first
//! byte chooses what the bytes are: the beginning of a disk, a GPT whose checksums are made right, or one partition.
#![no_main]

use ks_lint::host::signature::recognise;
use ks_lint::host::tables::read;
use ks_lint_fuzz::chosen;
use node_base::superblock::Window;
use node_base::units::Bytes;
use std::io::{Read, Seek, SeekFrom};

/// A disk that is empty except for some pieces.
struct Disk {
    size: u64,
    pieces: Vec<(u64, Vec<u8>)>,
    at: u64,
}

impl Read for Disk {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let length = into.len().min(usize::try_from(self.size.saturating_sub(self.at)).unwrap_or(usize::MAX));
        into[..length].fill(0);
        for (start, piece) in &self.pieces {
            // The part of the piece that is in what is read.
            let (from, to) = (self.at.max(*start), (self.at + length as u64).min(start + piece.len() as u64));
            if from < to {
                let part = &piece[(from - start) as usize..(to - start) as usize];
                into[(from - self.at) as usize..(to - self.at) as usize].copy_from_slice(part);
            }
        }
        self.at += length as u64;
        Ok(length)
    }
}

impl Seek for Disk {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.size.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(std::io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

/// Sizes in bytes: less than a table, odd ones, one that is no multiple of a sector, and the largest.
const SIZES: [u64; 6] = [0, 512, (1 << 20) + 512, 8 << 20, 1 << 40, u64::MAX - 511];
const SECTORS: [u32; 2] = [512, 4096];

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((kind, input)) = chosen(input, 3) else { return };
    let Some((sizes, input)) = chosen(input, SIZES.len() * SECTORS.len()) else { return };
    let (size, sector) = (SIZES[sizes % SIZES.len()], SECTORS[sizes / SIZES.len()]);
    let mut disk = Disk { size, pieces: vec![(0, input.to_vec())], at: 0 };
    match kind {
        0 => {
            let _ = read(&mut disk, Bytes(size), sector);
        }
        1 => {
            disk.pieces = gpt(input, size, u64::from(sector));
            let _ = read(&mut disk, Bytes(size), sector);
        }
        _ => {
            let _ = recognise(&mut Window::new(&mut disk, 0, size));
        }
    }
});

/// A disk with a GPT: the input is the header (up to 92 bytes), then entries. What makes a reader look further is set: magic
/// numbers, sizes and checksums; a bit of the input's first byte says which copies there are.
fn gpt(input: &[u8], size: u64, sector: u64) -> Vec<(u64, Vec<u8>)> {
    let crc = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);
    let (flags, input) = input.split_first().map_or((0, input), |(f, rest)| (*f, rest));
    let (header, entries) = input.split_at(input.len().min(92));
    let mut mbr = vec![0; 512];
    mbr[446 + 4] = 0xee;
    mbr[446 + 8] = 1;
    mbr[446 + 12..446 + 16].fill(0xff);
    mbr[510..].copy_from_slice(&[0x55, 0xaa]);
    let mut pieces = vec![(0, mbr)];
    let last = (size / sector).saturating_sub(1);
    for (copy, place) in [(1, 1), (2, last)] {
        if flags & copy != 0 {
            continue;
        }
        let mut block = vec![0; 92];
        block[..header.len()].copy_from_slice(header);
        block[..8].copy_from_slice(b"EFI PART");
        block[8..16].copy_from_slice(&[0, 0, 1, 0, 92, 0, 0, 0]);
        if flags & 4 == 0 {
            block[24..32].copy_from_slice(&u64::to_le_bytes(place));
        }
        if flags & 8 == 0 {
            let count = (entries.len() / 128) as u32;
            block[80..84].copy_from_slice(&count.to_le_bytes());
            block[84..88].copy_from_slice(&128u32.to_le_bytes());
            block[72..80].copy_from_slice(&2u64.to_le_bytes());
        }
        let length = u64::from(u32::from_le_bytes([block[80], block[81], block[82], block[83]])) * 128;
        let mut table = entries.to_vec();
        table.resize(usize::try_from(length.min(128 << 12)).unwrap_or(0), 0);
        block[88..92].copy_from_slice(&crc.checksum(&table).to_le_bytes());
        block[16..20].fill(0);
        let sum = crc.checksum(&block);
        block[16..20].copy_from_slice(&sum.to_le_bytes());
        pieces.push((place * sector, block));
    }
    pieces.push((2 * sector, entries.to_vec()));
    pieces
}
