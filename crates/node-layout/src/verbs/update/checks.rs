//! What blocks an update, whatever the image is.

use super::super::node::Node;
use super::super::trial::{cannot_retry, cannot_try};
use super::{AfterUpdate, UpdateRequest, storage_domains};
use crate::checks::{boot_texts, damage, fstab, missing_disks, single_paths, use_of_pool};
use crate::disks::{LogicalVolume, RootFs, VolumeGroup};
use crate::images::{ImageState, is_unfinished};
use crate::machine::Tools;
use node_base::boot_entry::BootEntry;
use node_base::diagnostic::{Finding, Findings, Severity, layout};

/// The parts of this host that an update starts from.
pub(super) struct Host<'a> {
    /// The thin pool of root.
    pub(super) pool: &'a LogicalVolume,
    /// The base of the running layer.
    pub(super) base: &'a LogicalVolume,
    /// Its file system, which the new base gets, too.
    pub(super) root_fs: RootFs,
    /// The boot entry that the new one is made from.
    pub(super) entry: &'a BootEntry,
}

/// Checks the host; `None` with at least one error among the findings.
pub(super) fn host<'a>(
    node: &Node<'a>,
    tools: &dyn Tools,
    request: &UpdateRequest,
    findings: &mut Findings,
) -> Option<Host<'a>> {
    let after = request.after;
    let system = node.system;
    if tools.architecture() != "x86_64" {
        let message = format!("this machine is {}; node-layout supports only x86_64", tools.architecture());
        findings.push(Finding::new(&layout::ARCHITECTURE, message).help("nothing was changed"));
    }
    let root_fs = system.mount("/").and_then(|m| RootFs::from_mount_type(&m.kind));
    if root_fs.is_none() {
        let kind = system.mount("/").map_or("not mounted", |m| m.kind.as_str());
        let message = format!("the file system of / is {kind}; an image can be on ext4 or xfs");
        findings
            .push(Finding::new(&layout::ROOT_FILESYSTEM, message).help("install the node on ext4 or xfs"));
    }
    missing_tools(node, root_fs, tools, findings);
    let pool = node.root.pool.as_ref().and_then(|p| node.lvm.volume(&node.root.vg, p));
    if let Some(pool) = pool {
        use_of_pool(pool, findings);
        damage(pool, findings);
    } else {
        let message = format!("/ is on {}, which is in no thin pool", node.root.full_name());
        findings.push(Finding::new(&layout::ROOT_NOT_THIN, message).help("install the node on a thin pool"));
    }
    let group: Option<&VolumeGroup> = node.lvm.group(&node.root.vg);
    if let Some(group) = group {
        missing_disks(group, findings);
        single_paths(group, tools, findings);
    }
    let base = base(node, findings);
    running_image(node, findings);
    others_under_way(node, after, findings);
    boot(node, tools, request, findings);
    let entry = entry(node, findings);
    match fstab::readable(&system.fstab) {
        Ok(fstab) if fstab.at("/").is_some() => {}
        Ok(_) => {
            let message = "/etc/fstab has no line that mounts /";
            let help = format!("add the line: /dev/{} / {} defaults 0 0", node.root.full_name(), root_fs?);
            findings.push(Finding::new(&layout::FSTAB_ROOT, message).help(help));
        }
        Err(finding) => findings.push(*finding),
    }
    for domain in storage_domains::find(&system.path("/")) {
        let inside = domain.strip_prefix(&system.sysroot).unwrap_or(&domain);
        let message = format!("a local storage domain is on /: /{}", inside.display());
        findings.push(
            Finding::new(&layout::LOCAL_STORAGE, message)
                .help("move it to a volume of its own, or to other storage: a new image does not have it"),
        );
    }
    Some(Host { pool: pool?, base: base?, root_fs: root_fs?, entry: entry? })
}

fn missing_tools(node: &Node<'_>, root_fs: Option<RootFs>, tools: &dyn Tools, findings: &mut Findings) {
    let mut needed = vec!["lvm", "lvcreate", "lvchange", "lvremove", "dmsetup", "mount", "umount"];
    needed.extend(root_fs.map(RootFs::tools).unwrap_or_default());
    if node.system.mount("/boot").is_some_and(|m| m.kind != "vfat") {
        needed.push("fsfreeze");
    }
    if node.system.selinux.is_some() {
        needed.push("setfiles");
    }
    needed.sort_unstable();
    needed.dedup();
    for program in needed.into_iter().filter(|p| !tools.has(p)) {
        let message = format!("the program '{program}' is needed and not installed here");
        findings.push(Finding::new(&layout::TOOL_MISSING, message).help(format!(
            "install the package that brings '{program}' (lvm2, e2fsprogs, xfsprogs, util-linux, coreutils, policycoreutils)"
        )));
    }
}

/// The base of the running layer.
fn base<'a>(node: &Node<'a>, findings: &mut Findings) -> Option<&'a LogicalVolume> {
    let nvr = &node.layer.nvr;
    let Some(base) = node.base(nvr).filter(|b| b.is_thin() && b.pool == node.root.pool) else {
        let message = format!("/ is layer {}, and its base {nvr} does not exist", node.root.full_name());
        findings.push(
            Finding::new(&layout::BASE, message)
                .help("the new image is made from it: restore it from a backup of LVM's metadata (vgcfgrestore), or reinstall"),
        );
        return None;
    };
    if is_unfinished(base) {
        let message = format!("base {} is not complete: init was interrupted", base.full_name());
        findings.push(Finding::new(&layout::UNFINISHED, message).help("node-layout init completes it"));
    }
    Some(base)
}

/// An image that has not proved itself cannot be what a new one falls back to.
fn running_image(node: &Node<'_>, findings: &mut Findings) {
    if node.own_image().is_some_and(|image| image.state == ImageState::Trying) {
        let message =
            format!("image {} runs and is on trial: a new one could not fall back to it", node.layer.nvr);
        findings.push(
            Finding::new(&layout::ON_TRIAL, message)
                .severity(Severity::Error)
                .help("wait until it is confirmed, or confirm it: node-layout confirm"),
        );
    }
}

/// Images that another update has brought.
fn others_under_way(node: &Node<'_>, after: AfterUpdate, findings: &mut Findings) {
    for image in &node.images {
        let (nvr, what) = match image.state {
            ImageState::Armed if after == AfterUpdate::Nothing => continue,
            ImageState::Armed => (&image.nvr, "is armed: this update takes its place, and it stays complete"),
            ImageState::Making => (&image.nvr, "was not completed: what is left of it is removed"),
            _ => continue,
        };
        findings.push(
            Finding::new(&layout::ON_TRIAL, format!("image {nvr} {what}"))
                .help("node-layout status shows the images and their states"),
        );
    }
}

fn boot(node: &Node<'_>, tools: &dyn Tools, request: &UpdateRequest, findings: &mut Findings) {
    let system = node.system;
    let boot = node.boot;
    if request.after == AfterUpdate::Try {
        findings.extend(cannot_try(system, boot, tools).or_else(|| cannot_retry(boot, request.tries)));
    } else {
        findings.extend(boot.loader.ignores_default());
    }
    findings.extend(boot.default_entry().and_then(|entry| boot_texts::added_files(boot, entry)));
    let mount = system.mounts.iter().filter(|m| boot.root.starts_with(system.path(&m.target)));
    let Some(mount) = mount.max_by_key(|m| m.target.len()).filter(|m| m.target != "/") else {
        let message = format!("{} is not a file system of its own", boot.root.display());
        findings
            .push(Finding::new(&layout::BOOT, message).help("it has the kernels of all images; mount it"));
        return;
    };
    if mount.read_only {
        let message = format!("{} ({}) is mounted read-only", mount.target, mount.source);
        let help = format!("mount it for writing: mount -o remount,rw {}", mount.target);
        findings.push(Finding::new(&layout::BOOT, message).help(help));
    }
    if system.boot_super.is_none() {
        let message = "the UUID of the file system at /boot cannot be read";
        findings.push(Finding::new(&layout::BOOT, message).help("mount /boot, and run this as root"));
    }
}

/// The entry of the running layer.
fn entry<'a>(node: &Node<'a>, findings: &mut Findings) -> Option<&'a BootEntry> {
    let entries = node.entries(&node.layer);
    let usable = |e: &&&BootEntry| node.turned(&node.boot.arguments(e), &node.layer).is_some();
    let found = entries.iter().find(usable).copied();
    if found.is_none() {
        let message = format!("the running layer {} has no boot entry", node.layer);
        findings.push(
            Finding::new(&layout::BOOT_ENTRY, message)
                .help("the new entry is made from it; node-layout verify --repair makes one"),
        );
    }
    if let Some(entry) = found
        && let Some(word) = node.boot.arguments(entry).unclosed()
    {
        let file = node.boot.entry_path(&entry.id);
        let message = format!("the options in {} have a quote that is not closed: {word}", file.display());
        findings.push(Finding::new(&layout::BOOT_ENTRY, message).help("close it"));
    }
    found
}
