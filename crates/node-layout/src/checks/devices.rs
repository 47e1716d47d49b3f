//! Whether the installed system's LVM sees the disks that the system boots from.

use crate::disks::VolumeGroup;
use crate::files::read_bytes;
use crate::images::NodeState;
use crate::machine::{Command, Tools, below};
use crate::system::System;
use node_base::diagnostic::{Finding, Findings, layout};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Disks that the devices file or a filter of the installed system leaves out, and single paths of multipath devices.
pub(crate) fn devices(system: &System, s: &NodeState<'_>, tools: &dyn Tools, findings: &mut Findings) {
    let own = system.path("/etc/lvm");
    let here = tools.lvm_config();
    // The LVM that runs here sees the disks. With the same configuration the installed system's does, too.
    if own.join("lvm.conf").exists() && own != here && configuration(&own) != configuration(&here) {
        let command = Command::new("lvm", ["pvs", "--reportformat", "json", "-o", "pv_uuid"])
            .env("LVM_SYSTEM_DIR", own.display().to_string());
        let seen = tools.run(&command).map(|o| o.stdout).unwrap_or_default();
        for (device, _) in s.group.physical.iter().filter(|(_, uuid)| !seen.contains(uuid.as_str())) {
            let message = format!(
                "the installed system's LVM will not see {device}: {} or its filter leaves it out",
                own.join("devices/system.devices").display()
            );
            findings.push(Finding::new(&layout::DEVICES, message).help(format!(
                "in the system: lvmdevices --adddev {device}, or correct the filter in /etc/lvm/lvm.conf; otherwise its next boot ends in the emergency shell"
            )));
        }
    }
    single_paths(s.group, tools, findings);
}

/// Physical volumes that are single paths of multipath devices: which of both LVM uses may be different at the next boot.
pub(crate) fn single_paths(group: &VolumeGroup, tools: &dyn Tools, findings: &mut Findings) {
    for (device, _) in &group.physical {
        if let Some(map) = multipath_device(tools, device) {
            let message = format!(
                "physical volume {device} is a path of the multipath device {map}, but LVM uses the path itself"
            );
            findings.push(Finding::new(&layout::DEVICES, message).help(
                "set up multipathd before LVM (mpathconf --enable), then vgimportdevices or lvmdevices --update",
            ));
        }
    }
}

/// The files that decide which devices LVM sees: its configuration, and its devices files.
fn configuration(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let listed = std::fs::read_dir(directory.join("devices")).into_iter().flatten().flatten();
    let files = listed.map(|file| Path::new("devices").join(file.file_name()));
    let files = files.chain(["lvm.conf", "lvmlocal.conf"].map(PathBuf::from));
    files.filter_map(|file| Some((file.clone(), read_bytes(&directory.join(file)).ok()??))).collect()
}

/// The name of the multipath device that a disk, or the disk of a partition, is a path of.
fn multipath_device(tools: &dyn Tools, device: &str) -> Option<String> {
    let name = device.strip_prefix("/dev/")?;
    let own = below(tools.environment(), format!("/sys/class/block/{name}"));
    // The kernel shows a partition inside its disk; /sys/class/block has links to both.
    let real = std::fs::canonicalize(&own).unwrap_or_else(|_| own.clone());
    let disk = own.join("partition").exists().then(|| real.parent().map(Path::to_owned)).flatten();
    [Some(real), disk].into_iter().flatten().find_map(|d| multipath_holder(&d))
}

fn multipath_holder(device: &Path) -> Option<String> {
    for holder in std::fs::read_dir(device.join("holders")).ok()?.flatten() {
        let dm = holder.path().join("dm");
        if std::fs::read_to_string(dm.join("uuid")).is_ok_and(|u| u.starts_with("mpath-")) {
            return std::fs::read_to_string(dm.join("name")).ok().map(|n| n.trim().to_owned());
        }
    }
    None
}
