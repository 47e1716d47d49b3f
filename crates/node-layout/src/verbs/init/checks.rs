//! Everything that blocks `init`, collected before anything is changed.

use super::{boot_partition, dracut};
use crate::checks::{
    boot_texts, damage, devices, foreign_tags, fstab, has_errors, metadata_growth, missing_disks, sorted,
    use_of_pool, volumes,
};
use crate::disks::{Lvm, RootFs};
use crate::images::{InitStage, NodeState, is_leftover, node_state};
use crate::machine::Tools;
use crate::system::System;
use node_base::diagnostic::{Finding, Findings, layout};
use node_base::policy::Policy;

/// Reads the state of the node and collects everything that blocks `init`.
///
/// # Errors
/// The findings, at least one of them an error.
pub fn examine<'a>(
    system: &'a System,
    policy: &Policy,
    tools: &dyn Tools,
) -> Result<(NodeState<'a>, Vec<Finding>), Vec<Finding>> {
    let mut findings = Findings::new();
    if tools.architecture() != "x86_64" {
        let message = format!("this machine is {}; node-layout supports only x86_64", tools.architecture());
        findings.push(
            Finding::new(&layout::ARCHITECTURE, message)
                .help("nothing was changed; install the node on x86_64"),
        );
    }
    missing_tools(system, tools, &mut findings);
    let lvm = match &system.lvm {
        Ok(lvm) => lvm,
        Err(error) => {
            let message = format!("LVM cannot be read: {error}");
            findings.push(Finding::new(&layout::LVM_UNREADABLE, message).help(
                "if another program holds LVM's lock (/run/lock/lvm), wait until it has ended, then run this again",
            ));
            return Err(sorted(findings));
        }
    };
    let state = node_state(system, lvm, &mut findings);
    if let Some(s) = &state {
        if s.stage == InitStage::NotStarted {
            pool(s, policy, &mut findings);
            names(s, lvm, &mut findings);
        }
        if s.stage != InitStage::Complete {
            boot_partition::boot_partition(system, s, policy, tools, &mut findings);
            devices(system, s, tools, &mut findings);
            findings.extend(s.boot.loader.ignores_default());
            findings.extend(s.boot.loader.unwritten(&super::super::trial::devices(system, tools)));
            findings.extend(boot_texts::added_files(s.boot, s.template));
            dracut::host_arguments(system, s, &mut findings);
            root_in_fstab(system, s, &mut findings);
        }
        foreign_tags(s, lvm, &mut findings);
    }
    if state.as_ref().is_none_or(|s| s.stage != InitStage::Complete) {
        volumes(system, policy, tools, &mut findings);
    }
    let findings = sorted(findings);
    match state {
        Some(s) if !has_errors(&findings) => Ok((s, findings)),
        _ => Err(findings),
    }
}

fn missing_tools(system: &System, tools: &dyn Tools, findings: &mut Findings) {
    let mut needed =
        vec!["lvm", "lvcreate", "lvchange", "lvrename", "lvremove", "lvextend", "vgchange", "dmsetup"];
    let root_fs = system.mount("/").and_then(|m| RootFs::from_mount_type(&m.kind));
    needed.extend(root_fs.map(RootFs::tools).unwrap_or_default());
    if system.mount("/boot").is_some_and(|m| m.kind != "vfat") {
        needed.push("fsfreeze");
    }
    if system.selinux.is_some() {
        needed.push("setfiles");
    }
    for program in needed.into_iter().filter(|p| !tools.has(p)) {
        let message = format!("the program '{program}' is needed and not installed here");
        findings.push(Finding::new(&layout::TOOL_MISSING, message).help(format!(
            "install the package that brings '{program}' (lvm2, e2fsprogs, xfsprogs, util-linux, policycoreutils)"
        )));
    }
}

/// fstab can be read, and has a line for / that can be changed.
fn root_in_fstab(system: &System, s: &NodeState<'_>, findings: &mut Findings) {
    match fstab::readable(&system.fstab) {
        Ok(fstab) if fstab.at("/").is_some() => {}
        Ok(_) => {
            let kind = system.mount("/").map_or("xfs", |m| m.kind.as_str());
            let message = "/etc/fstab has no line that mounts /";
            findings.push(
                Finding::new(&layout::FSTAB_ROOT, message)
                    .help(format!("add the line: UUID={} / {kind} defaults 0 0", s.target.root_uuid)),
            );
        }
        Err(finding) => findings.push(*finding),
    }
}

/// The pool has space for images and is not damaged.
fn pool(s: &NodeState<'_>, policy: &Policy, findings: &mut Findings) {
    use_of_pool(s.pool, findings);
    if let Err(too_small) = metadata_growth(s, policy) {
        let message = format!(
            "the metadata of thin pool {} is {} and must grow to {} for further images; volume group '{}' has {} free and {} are needed (LVM keeps a spare of the same size)",
            s.pool.full_name(),
            s.pool.metadata_size,
            too_small.wanted,
            s.group.name,
            s.group.free,
            too_small.needed
        );
        findings.push(Finding::new(&layout::POOL_METADATA, message).help(
            "leave space in the volume group (kickstart: volgroup --reserved-percent=20), or add a physical volume (vgextend)",
        ));
    }
    missing_disks(s.group, findings);
    damage(s.pool, findings);
}

/// The names of base and layer are free.
fn names(s: &NodeState<'_>, lvm: &Lvm, findings: &mut Findings) {
    for name in [s.target.layer.nvr.to_string(), s.target.layer.to_string()] {
        let taken = lvm.volume(&s.target.vg, &name);
        if let Some(v) = taken.filter(|v| !is_leftover(v, s.root) && v.uuid != s.root.uuid) {
            let name = v.full_name();
            let message = format!(
                "a volume {name} exists already ({}, {}); the image needs that name",
                v.segtype, v.size
            );
            findings.push(Finding::new(&layout::NAME_TAKEN, message).help(format!(
                "rename it (lvrename {name} NEWNAME), remove it if it is not needed, or use another --nvr"
            )));
        }
    }
}
