//! Block devices by their numbers, which no renaming changes (sysfs, `/sys/dev/block`).

use super::below;
use node_base::units::Bytes;
use std::io;
use std::path::{Path, PathBuf};

/// An attribute of a block device in sysfs.
fn attribute(environment: &Path, device: (u32, u32), name: &str) -> Option<String> {
    let path = below(environment, format!("/sys/dev/block/{}:{}/{name}", device.0, device.1));
    std::fs::read_to_string(path).ok()
}

/// A count of sectors; sysfs counts in units of 512 bytes whatever the disk's block size.
fn sectors(environment: &Path, device: (u32, u32), name: &str) -> Option<Bytes> {
    let count: u64 = attribute(environment, device, name)?.trim().parse().ok()?;
    Some(Bytes(count.saturating_mul(512)))
}

/// The path of a block device under the kernel's own name.
pub(crate) fn device_path(environment: &Path, device: (u32, u32)) -> Option<PathBuf> {
    let text = attribute(environment, device, "uevent")?;
    let name = text.lines().find_map(|l| l.strip_prefix("DEVNAME="))?;
    Some(below(environment, "/dev").join(name))
}

/// The device mapper's UUID of a device: its beginning says what the device is (`LVM-`, `CRYPT-`, `mpath-`). `None` for other
/// devices.
pub(crate) fn dm_uuid(environment: &Path, device: (u32, u32)) -> Option<String> {
    attribute(environment, device, "dm/uuid")
}

/// Whether a device is a logical volume. LVM marks its devices with this kind of UUID, so this is also true for a volume that
/// LVM does not report.
pub(crate) fn is_lvm_device(environment: &Path, device: (u32, u32)) -> bool {
    dm_uuid(environment, device).is_some_and(|uuid| uuid.starts_with("LVM-"))
}

/// Where a partition begins on its disk; `None` if the device is not a partition.
pub(crate) fn partition_start(environment: &Path, device: (u32, u32)) -> Option<Bytes> {
    sectors(environment, device, "start")
}

/// The size of a block device.
pub(crate) fn device_size(environment: &Path, device: (u32, u32)) -> Option<Bytes> {
    sectors(environment, device, "size")
}

/// A random UUID from the kernel.
///
/// # Errors
/// `/proc` is not mounted.
pub(crate) fn random_uuid(environment: &Path) -> io::Result<String> {
    let text = std::fs::read_to_string(below(environment, "/proc/sys/kernel/random/uuid"))?;
    Ok(text.trim().to_owned())
}
