//! The disks and volumes of a kickstart.

use super::answers::{Answers, Disk};
use node_base::policy::{Policy, Presence};
use node_base::units::MiB;
use std::fmt::Write;

/// Root, unless the policy wants more: what the installer of oVirt Node makes at least, with room for packages.
const ROOT: MiB = MiB(10 * 1024);

/// A volume for which the policy has no size.
const SMALLEST: MiB = MiB(1024);

/// What the volume group holds beside the pool: swap, the pool's metadata.
const BESIDE_THE_POOL: MiB = MiB(5376);

/// What the first disk holds beside its physical volume: /boot, and what the firmware starts from.
const BESIDE_THE_FIRST: MiB = MiB(2048);

/// Writes how the disks are used.
pub(super) fn write(text: &mut String, answers: &Answers) {
    let names: Vec<&str> = answers.disks.iter().map(|disk| disk.name.as_str()).collect();
    let list = names.join(",");
    let first = names.first().copied().unwrap_or("sda");
    let _ = writeln!(text, "\n# ALL DATA ON {list} IS LOST. Other disks are left alone.");
    let _ =
        writeln!(text, "ignoredisk --only-use={list}\nzerombr\nclearpart --all --initlabel --drives={list}");
    let _ = writeln!(text, "bootloader --timeout=1 --boot-drive={first}");
    match &answers.policy {
        Some(policy) => volumes(text, &answers.disks, policy),
        None => text.push_str("autopart --type=lvm\n"),
    }
}

/// The layout of a node: one group on all disks, a thin pool, a volume for each mount point of the policy.
fn volumes(text: &mut String, disks: &[Disk], policy: &Policy) {
    let sizes = sizes(policy);
    let pool = MiB(sizes.iter().map(|(_, size)| size.0).sum());
    let reserve = u64::from(policy.pool.reserve_percent.unwrap_or(0)).min(90);
    let needed = MiB((pool.0 * 100).div_ceil(100 - reserve) + BESIDE_THE_POOL.0);
    text.push_str("reqpart --add-boot\n");
    let mut members = Vec::new();
    let mut left = needed.0;
    for (number, disk) in disks.iter().enumerate() {
        let beside = if number == 0 { BESIDE_THE_FIRST.0 } else { 8 };
        let room = disk.size.map_or(u64::MAX, |size| size.0.saturating_sub(beside));
        let size = left.min(room).max(SMALLEST.0);
        left = left.saturating_sub(size);
        let member = format!("pv.{:02}", number + 1);
        let _ = writeln!(text, "part {member} --size={size} --grow --ondisk={}", disk.name);
        members.push(member);
    }
    let _ = write!(text, "volgroup onn {}", members.join(" "));
    if reserve > 0 {
        let _ = write!(text, " --reserved-percent={reserve}");
    }
    text.push_str("\nlogvol swap --vgname=onn --name=swap --fstype=swap --recommended\n");
    let _ = writeln!(text, "logvol none --vgname=onn --name=pool00 --thinpool --size={} --grow", pool.0);
    let file_system = policy.root.filesystems.iter().find(|kind| *kind == "xfs");
    let file_system = file_system.or(policy.root.filesystems.first()).map_or("xfs", String::as_str);
    let options: Vec<&str> =
        std::iter::once("defaults").chain(policy.mount_options.iter().map(String::as_str)).collect();
    for (mount, size) in sizes {
        let name = if mount == "/" { "root".to_owned() } else { mount.trim_matches('/').replace('/', "_") };
        let _ = writeln!(
            text,
            "logvol {mount} --vgname=onn --name={name} --thin --poolname=pool00 --fstype={file_system} \
             --fsoptions=\"{}\" --size={}",
            options.join(","),
            size.0
        );
    }
}

/// The mount points of a policy with their sizes, root first.
fn sizes(policy: &Policy) -> Vec<(String, MiB)> {
    let larger = |a: Option<MiB>, b: Option<MiB>| a.max(b);
    let root = larger(policy.root.min, policy.root.recommended).map_or(ROOT, |size| size.max(ROOT));
    let mut sizes = vec![("/".to_owned(), root)];
    let wanted = policy
        .volumes
        .iter()
        .filter(|volume| matches!(volume.presence, Presence::Required | Presence::Recommended));
    for volume in wanted {
        let size = larger(volume.min, volume.recommended).unwrap_or(SMALLEST);
        sizes.push((volume.mount.clone(), size));
    }
    sizes[1..].sort_by(|a, b| a.0.cmp(&b.0));
    sizes
}
