//! What is mounted in a system.

use super::command::Command;
use super::tools::{Tools, below};
use std::path::{Path, PathBuf};

/// A mounted file system, by its mount point inside the system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mount {
    /// Mount point inside the system.
    pub(crate) target: String,
    /// The source as the kernel shows it; after a rename still the old name.
    pub(crate) source: String,
    /// Type of file system, as in `mount -t`.
    pub(crate) kind: String,
    /// Device number; it stays right when the device is renamed.
    pub(crate) device: (u32, u32),
    /// Whether it is mounted read-only.
    pub(crate) read_only: bool,
    /// Options of the mount and of the file system, comma-separated.
    pub(crate) options: String,
}

/// The mounts of the system at `sysroot` from the text of `/proc/self/mountinfo` (proc(5)).
pub(crate) fn mounts_below(text: &str, sysroot: &str) -> Vec<Mount> {
    let sysroot = sysroot.trim_end_matches('/');
    let mut mounts: Vec<Mount> = Vec::new();
    for line in text.lines() {
        let Some((before, after)) = line.split_once(" - ") else { continue };
        let before: Vec<&str> = before.split(' ').collect();
        let after: Vec<&str> = after.split(' ').collect();
        let (Some(device), Some(target), Some(options)) = (before.get(2), before.get(4), before.get(5))
        else {
            continue;
        };
        let target = unescaped(target);
        let Some(inside) = target.strip_prefix(sysroot).filter(|r| r.is_empty() || r.starts_with('/')) else {
            continue;
        };
        let Some(device) = device.split_once(':').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)))
        else {
            continue;
        };
        let target = if inside.is_empty() { "/" } else { inside }.to_owned();
        let super_options = after.get(2).copied().unwrap_or_default();
        let read_only = |o: &str| o.split(',').any(|w| w == "ro");
        // A later mount hides the earlier one.
        mounts.retain(|m| m.target != target);
        mounts.push(Mount {
            target,
            source: after.get(1).map(|s| unescaped(s)).unwrap_or_default(),
            kind: after.first().copied().unwrap_or_default().to_owned(),
            device,
            read_only: read_only(options) || read_only(super_options),
            options: format!("{options},{super_options}"),
        });
    }
    mounts.sort_by(|a, b| a.target.cmp(&b.target));
    mounts
}

/// The mount points at these places and below them, in the order in which they can be unmounted. One at which several file systems
/// are mounted is there once for each.
pub(crate) fn mount_points(environment: &Path, places: &[PathBuf]) -> Vec<String> {
    let text = std::fs::read_to_string(below(environment, "/proc/self/mountinfo")).unwrap_or_default();
    let targets = text.lines().filter_map(|line| Some(unescaped(line.split(' ').nth(4)?)));
    let mut found: Vec<String> =
        targets.filter(|target| places.iter().any(|place| Path::new(target).starts_with(place))).collect();
    // What is mounted in another mount, or over it, comes later in the list.
    found.reverse();
    found
}

/// Unmounts what is mounted at these places and below them; returns what could not be unmounted, as sentences.
pub(crate) fn unmount_all(tools: &dyn Tools, places: &[PathBuf]) -> Vec<String> {
    let points = mount_points(tools.environment(), places);
    let failed = |at| tools.run(&Command::new("umount", [at])).err().map(|error| error.to_string());
    points.into_iter().filter_map(failed).collect()
}

/// A field of mountinfo or fstab, which write blanks and the like in octal.
pub(crate) fn unescaped(text: &str) -> String {
    let mut out: Vec<u8> = Vec::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        let octal = bytes.get(i + 1..i + 4).and_then(|d| std::str::from_utf8(d).ok());
        match octal.and_then(|d| u8::from_str_radix(d, 8).ok()) {
            Some(b) if bytes[i] == b'\\' => {
                out.push(b);
                i += 4;
            }
            _ => {
                out.push(bytes[i]);
                i += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_are_seen_from_inside_the_system() {
        let text = "22 1 0:21 / /proc rw - proc proc rw\n\
            30 1 253:2 / /mnt/sysroot rw,relatime shared:1 - xfs /dev/mapper/onn-root rw,seclabel\n\
            31 30 252:2 / /mnt/sysroot/boot rw - ext4 /dev/vda2 ro\n\
            32 30 252:9 / /mnt/sysroot/a\\040b rw - ext4 /dev/x rw\n\
            33 1 8:1 / /mnt/sysroot2 rw - ext4 /dev/y rw\n";
        let seen = mounts_below(text, "/mnt/sysroot");
        let list: Vec<_> = seen.iter().map(|m| (m.target.as_str(), m.device, m.read_only)).collect();
        assert_eq!(list, [("/", (253, 2), false), ("/a b", (252, 9), false), ("/boot", (252, 2), true)]);
        assert_eq!(mounts_below(text, "/").len(), 5);
    }

    #[test]
    fn what_is_mounted_last_is_unmounted_first() {
        let dir = tempfile::tempdir().unwrap();
        let (proc, root) = (dir.path().join("proc/self"), dir.path().join("run/node-layout"));
        std::fs::create_dir_all(&proc).unwrap();
        let line = |at: &str| format!("90 1 0:9 / {}/{at} rw - x y rw\n", root.display());
        let lines = ["base", "layer", "layer/a\\040b", "base", "basement"].map(line).concat();
        std::fs::write(proc.join("mountinfo"), lines).unwrap();
        let places = ["base", "layer"].map(|name| root.join(name));
        let found = mount_points(dir.path(), &places);
        let expected = ["base", "layer/a b", "layer", "base"].map(|at| format!("{}/{at}", root.display()));
        assert_eq!(found, expected);
    }
}
