//! The partition table of a disk, and what is on each partition.

use super::mbr;
use super::physical_volume::{LogicalVolume, PhysicalVolume};
use super::signature::{Signature, recognise};
use anaconda_plan::machine::{Label, OldPartition, OldVolume};
use gpt::disk::LogicalBlockSize;
use node_base::superblock::Window;
use node_base::units::Bytes;
use std::io::{Read, Seek, SeekFrom, Write};

/// What was found on a disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundTable {
    /// Its table; nothing for none.
    pub label: Option<Label>,
    /// Its partitions by number.
    pub partitions: Vec<OldPartition>,
    /// What is worth knowing about it.
    pub remarks: Vec<String>,
}

/// A table that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// Reading failed.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The GPT contradicts itself.
    #[error("the GPT is damaged: {0}")]
    Gpt(String),
}

const ESP: &str = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B";
const BIOS_BOOT: &str = "21686148-6449-6E6F-744E-656564454649";
/// Entries of a GPT that are read; every known tool writes 128.
const MOST_ENTRIES: u32 = 4096;

/// Reads the table of a disk.
///
/// # Errors
/// [`TableError`] for what cannot be read, and for a damaged or hostile table.
pub fn read<D: Read + Seek>(device: &mut D, size: Bytes, sector: u32) -> Result<FoundTable, TableError> {
    let sectors = size.0 / u64::from(sector.max(512));
    let Some(entries) = mbr::read(device, sectors, sector)? else {
        let mut found = FoundTable::default();
        let whole = recognise(&mut Window::new(device, 0, size.0));
        if whole != Signature::Nothing {
            found.remarks.push(format!("{} on the whole disk, without a partition table", whole.format()));
        }
        return Ok(found);
    };
    if entries.iter().any(|e| e.kind == mbr::PROTECTIVE) {
        return gpt_table(device, size, sector);
    }
    let mut found = FoundTable { label: Some(Label::Msdos), ..FoundTable::default() };
    for e in entries {
        let bytes = u64::from(sector);
        let place = (Bytes(e.start.saturating_mul(bytes)), Bytes(e.sectors.saturating_mul(bytes)));
        let mut part = partition(device, e.number, place, e.kind == 0xef, false);
        part.extended = mbr::is_extended(e.kind);
        part.logical = e.number > 4;
        if part.extended {
            part.format.clear();
        }
        found.partitions.push(part);
    }
    Ok(found)
}

fn gpt_table<D: Read + Seek>(device: &mut D, size: Bytes, sector: u32) -> Result<FoundTable, TableError> {
    let block = if sector == 4096 { LogicalBlockSize::Lb4096 } else { LogicalBlockSize::Lb512 };
    let bytes = u64::from(sector);
    // The second copy is in the last whole sector; a device can have part of one behind it.
    let last_sector = (size.0 / bytes).saturating_sub(1);
    for sector in [1, last_sector] {
        check_header(device, sector.saturating_mul(bytes))?;
    }
    let config = gpt::GptConfig::new().writable(false).logical_block_size(block);
    let disk = config
        .open_from_device(ReadOnly { device: &mut *device, size: size.0, at: 0 })
        .map_err(|e| TableError::Gpt(e.to_string()))?;
    let mut remarks = Vec::new();
    if let Err(error) = disk.primary_header() {
        remarks.push(format!("the first copy of the GPT is damaged ({error}); the second was read"));
    } else if let Err(error) = disk.backup_header() {
        remarks.push(format!("the second copy of the GPT is damaged ({error})"));
    }
    let last = size.0 / bytes;
    let mut entries = Vec::new();
    for (&number, p) in disk.partitions() {
        if p.last_lba < p.first_lba || p.last_lba >= last {
            let what = format!(
                "partition {number} lies from {} to {}, the disk has {last} sectors",
                p.first_lba, p.last_lba
            );
            return Err(TableError::Gpt(what));
        }
        let place = (
            Bytes(p.first_lba.saturating_mul(bytes)),
            Bytes((p.last_lba - p.first_lba + 1).saturating_mul(bytes)),
        );
        entries.push((number, place, p.part_type_guid.guid.to_string().to_ascii_uppercase()));
    }
    drop(disk);
    let mut found = FoundTable { label: Some(Label::Gpt), partitions: Vec::new(), remarks };
    for (number, place, kind) in entries {
        found.partitions.push(partition(device, number, place, kind == ESP, kind == BIOS_BOOT));
    }
    let mut by_place: Vec<_> = found.partitions.iter().collect();
    by_place.sort_by_key(|p| p.start);
    if let Some(pair) = by_place
        .windows(2)
        .find(|w| w[0].start.unwrap_or_default() + w[0].size > w[1].start.unwrap_or_default())
    {
        let (a, b) = (pair[0].number.unwrap_or(0), pair[1].number.unwrap_or(0));
        return Err(TableError::Gpt(format!("partitions {a} and {b} overlap")));
    }
    found.partitions.sort_by_key(|p| p.start);
    Ok(found)
}

/// The numbers that a reader of the table takes on trust.
fn check_header(device: &mut (impl Read + Seek), at: u64) -> Result<(), TableError> {
    let mut header = [0; 92];
    device.seek(SeekFrom::Start(at))?;
    if device.read_exact(&mut header).is_err() || !header.starts_with(b"EFI PART") {
        return Ok(()); // the reader says so itself
    }
    let number = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    let (count, length) = (number(80), number(84));
    if length != 128 || count > MOST_ENTRIES {
        let what = format!("it has {count} entries of {length} bytes; expected up to {MOST_ENTRIES} of 128");
        return Err(TableError::Gpt(what));
    }
    Ok(())
}

fn partition<D: Read + Seek>(
    device: &mut D,
    number: u32,
    (start, size): (Bytes, Bytes),
    esp: bool,
    bios_boot: bool,
) -> OldPartition {
    let signature = recognise(&mut Window::new(device, start.0, size.0));
    let format = match (&signature, esp, bios_boot) {
        (_, _, true) => "biosboot",
        (Signature::Format("vfat"), true, _) => "efi",
        (other, ..) => other.format(),
    };
    let mut part = OldPartition {
        size,
        start: Some(start),
        number: Some(number),
        format: format.to_owned(),
        ..OldPartition::default()
    };
    match signature {
        Signature::PhysicalVolume(volume) => group_of(&mut part, *volume),
        Signature::Luks(version) => part.luks = Some(version),
        _ => {}
    }
    part
}

fn group_of(part: &mut OldPartition, volume: PhysicalVolume) {
    let extent = volume.extent;
    let old = |v: LogicalVolume| OldVolume {
        name: v.name,
        size: Bytes(v.extents.saturating_mul(extent.0)),
        kind: Some(v.kind),
        pool: v.pool,
    };
    part.volumes =
        volume.group.is_some().then(|| volume.volumes.into_iter().filter(|v| v.visible).map(old).collect());
    part.vg = volume.group;
    part.extent = (extent.0 > 0).then_some(extent);
}

/// A device for the reader of GPTs, which asks for one that can be written to. Writing is refused.
struct ReadOnly<'d, D> {
    device: &'d mut D,
    size: u64,
    at: u64,
}

impl<D> std::fmt::Debug for ReadOnly<'_, D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a device of {} bytes", self.size)
    }
}

impl<D: Read + Seek> Read for ReadOnly<'_, D> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.device.read(buffer)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl<D: Read + Seek> Seek for ReadOnly<'_, D> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        // The end is where the kernel says it is, not where a stand-in's file ends.
        let to = match to {
            SeekFrom::End(by) => SeekFrom::Start(self.size.saturating_add_signed(by)),
            other => other,
        };
        self.at = self.device.seek(to)?;
        Ok(self.at)
    }
}

impl<D> Write for ReadOnly<'_, D> {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::Error::new(std::io::ErrorKind::PermissionDenied, "disks are only read"))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    /// A disk of 4096-byte sectors whose size is not a multiple of them, with a hostile second copy of the GPT.
    #[test]
    fn the_second_copy_of_a_gpt_is_checked_where_it_is_read() {
        let (sector, sectors, rest) = (4096_usize, 64, 512);
        let mut disk = vec![0; sector * sectors + rest];
        // A protective MBR: one partition of type 0xee.
        disk[446 + 4] = 0xee;
        disk[446 + 8..446 + 12].copy_from_slice(&1_u32.to_le_bytes());
        disk[446 + 12..446 + 16].copy_from_slice(&63_u32.to_le_bytes());
        disk[510..512].copy_from_slice(&[0x55, 0xaa]);
        let at = sector * (sectors - 1);
        disk[at..at + 8].copy_from_slice(b"EFI PART");
        disk[at + 80..at + 84].copy_from_slice(&u32::MAX.to_le_bytes());
        disk[at + 84..at + 88].copy_from_slice(&0x8000_0000_u32.to_le_bytes());
        let size = Bytes(disk.len() as u64);
        let error = read(&mut Cursor::new(disk), size, 4096).unwrap_err();
        assert!(error.to_string().contains("4294967295 entries"), "{error}");
    }
}
