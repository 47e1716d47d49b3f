//! Facts of the machine it runs on: memory, firmware, disks, partition tables, signatures.
//!
//! Invariant: devices are opened for reading only, and what is on them is not trusted: a table that contradicts
//! itself is a [`DeviceProblem`], and no number from a disk is an amount of memory to take.

pub mod mbr; // the PC's partition table
pub mod physical_volume; // LVM's label and metadata
pub mod signature; // what is on a device
pub mod tables; // the partition table of a disk

use anaconda_plan::machine::{DiskSpec, Firmware, Machine, disk_order};
use node_base::units::Bytes;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Something about one device that could not be found out.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct DeviceProblem {
    /// The device's name.
    pub device: String,
    /// What is wrong.
    pub what: String,
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// The machine as plans use it.
    pub machine: Machine,
    /// What could not be found out.
    pub problems: Vec<DeviceProblem>,
    /// Block devices that Anaconda does not install to, with the reason.
    pub left_out: Vec<DeviceProblem>,
}

/// Why there are no facts at all.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {error}; the kernel's list of block devices is expected there")]
pub struct HostError {
    path: String,
    // Not a `source`: it is part of the text.
    error: std::io::Error,
}

/// Reads the facts below `root`: `/`, or a directory that stands for it (`sys/block`, `dev`, `proc/meminfo`).
///
/// # Errors
/// [`HostError`] where there is no list of block devices.
pub fn facts(root: &Path) -> Result<Facts, HostError> {
    let list = root.join("sys/block");
    let entries =
        fs::read_dir(&list).map_err(|error| HostError { path: list.display().to_string(), error })?;
    let mut names: Vec<String> =
        entries.filter_map(|e| Some(e.ok()?.file_name().to_str()?.to_owned())).collect();
    names.sort_by(|a, b| disk_order(a).cmp(&disk_order(b)));
    let mut facts = Facts {
        machine: Machine { disks: Vec::new(), firmware: firmware(root), memory: memory(root) },
        problems: Vec::new(),
        left_out: Vec::new(),
    };
    for name in names {
        match disk(root, &name) {
            Ok((disk, problems)) => {
                facts.machine.disks.push(disk);
                facts
                    .problems
                    .extend(problems.into_iter().map(|what| DeviceProblem { device: name.clone(), what }));
            }
            Err(what) => facts.left_out.push(DeviceProblem { device: name, what }),
        }
    }
    Ok(facts)
}

fn firmware(root: &Path) -> Firmware {
    if root.join("sys/firmware/efi").is_dir() { Firmware::Uefi } else { Firmware::Bios }
}

/// Memory: of this machine, or as the stand-in's `proc/meminfo` says.
fn memory(root: &Path) -> Bytes {
    let stand_in = root != Path::new("/");
    let text = stand_in.then(|| fs::read_to_string(root.join("proc/meminfo")).ok()).flatten();
    let total = text.as_deref().and_then(|t| {
        let line = t.lines().find_map(|l| l.strip_prefix("MemTotal:"))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    });
    match total {
        Some(kib) => Bytes(kib.saturating_mul(1024)),
        None => {
            let only_memory =
                sysinfo::RefreshKind::nothing().with_memory(sysinfo::MemoryRefreshKind::everything());
            let system = sysinfo::System::new_with_specifics(only_memory);
            Bytes(system.map_or(0, |s| s.total_memory()))
        }
    }
}

/// One disk, or why it is none that Anaconda would use.
fn disk(root: &Path, name: &str) -> Result<(DiskSpec, Vec<String>), String> {
    const VIRTUAL: [&str; 8] = ["loop", "ram", "zram", "sr", "fd", "dm-", "md", "nbd"];
    if VIRTUAL.iter().any(|v| name.starts_with(v)) {
        return Err("not a disk".to_owned());
    }
    let attribute = |path: &str| -> Option<u64> {
        fs::read_to_string(root.join("sys/block").join(name).join(path)).ok()?.trim().parse().ok()
    };
    let size = attribute("size").unwrap_or(0).saturating_mul(512);
    if size == 0 {
        return Err("no medium".to_owned());
    }
    if attribute("ro") == Some(1) {
        return Err("read-only".to_owned());
    }
    let sector = attribute("queue/logical_block_size").unwrap_or(512);
    if !matches!(sector, 512 | 4096) {
        return Err(format!("sectors of {sector} bytes; expected 512 or 4096"));
    }
    let mut disk = DiskSpec {
        name: name.to_owned(),
        size: Bytes(size),
        sector: sector as u32,
        label: None,
        partitions: Vec::new(),
        removable: attribute("removable") == Some(1),
    };
    let mut problems = Vec::new();
    let device = root.join("dev").join(name);
    match open(&device) {
        Ok(mut file) => match tables::read(&mut file, disk.size, disk.sector) {
            Ok(found) => {
                disk.label = found.label;
                disk.partitions = found.partitions;
                problems.extend(found.remarks);
            }
            Err(error) => problems.push(format!("its partition table cannot be used: {error}")),
        },
        Err(error) => problems.push(format!("{} cannot be read: {error}", device.display())),
    }
    if let Err(error) = disk.check() {
        problems.push(format!("its partition table cannot be used: {error}"));
        disk.partitions.clear();
        disk.label = None;
    }
    Ok((disk, problems))
}

fn open(path: &PathBuf) -> std::io::Result<File> {
    fs::OpenOptions::new().read(true).open(path)
}
