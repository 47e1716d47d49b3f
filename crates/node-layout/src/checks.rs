//! Everything that can be known to stand in the way, asked before anything is changed.

mod dracut; // what an initial RAM disk waits for
mod filesystems; // /boot, the volumes of the policy
mod pool; // room, names, tags, disks
mod situation; // how things stand

pub(super) use filesystems::{grub_default, volumes};
pub use pool::{FULL_PERCENT, Short, metadata_growth};
pub(super) use pool::{broken, devices, foreign_tags, full, missing_disks};
pub(super) use situation::situation;
pub use situation::{Progress, Situation};

use super::notice::{self, Notice};
use super::system::System;
use super::tools::Tools;
use node_base::policy::Policy;

/// Finds out how things stand, and everything that stands in the way.
///
/// # Errors
/// The notices, at least one of them an error.
pub fn examine<'a>(
    system: &'a System,
    policy: &Policy,
    tools: &dyn Tools,
) -> Result<(Situation<'a>, Vec<Notice>), Vec<Notice>> {
    let mut notices = Vec::new();
    if tools.architecture() != "x86_64" {
        notices.push(
            notice::ARCHITECTURE
                .notice(format!(
                    "this machine is {}; node-layout knows how x86_64 boots",
                    tools.architecture()
                ))
                .help("nothing was changed; install the node on x86_64"),
        );
    }
    notices.extend(missing_tools(system, tools));
    let lvm = match &system.lvm {
        Ok(lvm) => lvm,
        Err(error) => {
            notices.push(notice::LVM_UNREADABLE.notice(format!("LVM cannot be read: {error}")).help(
                "if another program holds LVM's lock (/run/lock/lvm), let it end, then run this again",
            ));
            return Err(notices);
        }
    };
    let situation = situation(system, lvm, &mut notices);
    if let Some(s) = &situation {
        if s.progress == Progress::Before {
            pool::pool(s, policy, &mut notices);
            pool::names(s, lvm, &mut notices);
        }
        if s.progress != Progress::Done {
            filesystems::boot_partition(system, s, policy, tools, &mut notices);
            devices(system, s, tools, &mut notices);
            grub_default(s, &mut notices);
            dracut::host_arguments(system, s, &mut notices);
        }
        foreign_tags(s, lvm, &mut notices);
    }
    if situation.as_ref().is_none_or(|s| s.progress != Progress::Done) {
        volumes(system, policy, tools, &mut notices);
    }
    notices.sort_by(|a, b| (b.severity, a.code).cmp(&(a.severity, b.code)));
    match situation {
        Some(s) if !notices.iter().any(Notice::is_error) => Ok((s, notices)),
        _ => Err(notices),
    }
}

fn missing_tools(system: &System, tools: &dyn Tools) -> Vec<Notice> {
    let kind = system.mount("/").map(|m| m.kind.as_str());
    let mut needed =
        vec!["lvm", "lvcreate", "lvchange", "lvrename", "lvremove", "lvextend", "vgchange", "dmsetup"];
    match kind {
        Some("ext4") => needed.extend(["e2fsck", "tune2fs"]),
        Some("xfs") => needed.extend(["mount", "umount", "xfs_db"]),
        _ => {}
    }
    if system.mount("/boot").is_some_and(|m| m.kind != "vfat") {
        needed.push("fsfreeze");
    }
    if system.selinux.is_some() {
        needed.push("setfiles");
    }
    let missing: Vec<&str> = needed.into_iter().filter(|p| !tools.has(p)).collect();
    missing
        .iter()
        .map(|p| {
            notice::TOOL_MISSING
                .notice(format!("the program '{p}' is needed and not installed here"))
                .help(format!("install the package that brings '{p}' (lvm2, e2fsprogs, xfsprogs, util-linux, policycoreutils)"))
        })
        .collect()
}
