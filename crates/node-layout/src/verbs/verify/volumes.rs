//! Base, layer, images, pool and fstab.

use crate::checks::{damage, fstab, missing_disks, use_of_pool};
use crate::disks::content::{Reading, TAG_PREFIX};
use crate::disks::pool::{PROFILE, profile_extends, profile_path, profile_text};
use crate::disks::{LogicalVolume, Lvm, LvmCommands, Mounting, TAG_BASE, TAG_LAYER, TAG_POOL, TAG_VG};
use crate::files::read_text;
use crate::images::NodeState;
use crate::machine::Tools;
use crate::system::System;
use node_base::diagnostic::{Finding, Findings, Severity, layout};
use node_base::names::Layer;
use node_base::policy::Policy;

/// The base of the layer is frozen.
pub(super) fn base(s: &NodeState<'_>, findings: &mut Findings) {
    let Some(base) = s.base else { return };
    let name = base.full_name();
    if base.writable {
        // imgbased leaves the base of an installation writable. One that node-layout has made has a tag of its own.
        let is_ours = base.tags.iter().any(|tag| tag.starts_with("node-layout:"));
        findings.push(
            Finding::new(&layout::BASE, format!("base {name} is writable"))
                .help(format!(
                    "lvchange --permission r {name}; if it was written to, reinstall or upgrade to a new image"
                ))
                .severity(if is_ours { Severity::Error } else { Severity::Warning }),
        );
    }
    if !base.skip_activation {
        findings.push(
            Finding::new(&layout::BASE, format!("base {name} is activated at every boot"))
                .help(format!("lvchange --setactivationskip y {name}")),
        );
    }
    if !base.has_tag(TAG_BASE) && !base.has_tag(TAG_LAYER) {
        findings.push(
            Finding::new(&layout::TAGS_MISSING, format!("base {name} has no tag {TAG_BASE}"))
                .help(format!("lvchange --addtag {TAG_BASE} {name}")),
        );
    }
}

/// The layer and its tags.
pub(super) fn layer(system: &System, s: &NodeState<'_>, findings: &mut Findings) {
    let (name, group, pool) = (s.root.full_name(), &s.group.name, s.pool.full_name());
    let mut tag = |present: bool, tag: &str, of: &str, program: &str, volume: &str| {
        if !present {
            findings.push(
                Finding::new(&layout::TAGS_MISSING, format!("the tag {tag} of {of} is missing"))
                    .help(format!("{program} --addtag {tag} {volume}")),
            );
        }
    };
    tag(s.root.has_tag(TAG_LAYER), TAG_LAYER, &name, "lvchange", &name);
    let group_is_tagged = s.group.tags.iter().any(|t| t == TAG_VG);
    tag(group_is_tagged, TAG_VG, &format!("volume group {group}"), "vgchange", group);
    tag(s.pool.has_tag(TAG_POOL), TAG_POOL, &pool, "lvchange", &pool);
    if !s.root.writable {
        findings.push(
            Finding::new(&layout::LAYER, format!("layer {name} is read-only"))
                .help(format!("lvchange --permission rw {name}")),
        );
    }
    let booted = system.cmdline.value("img.bootid");
    if system.running && booted.is_some_and(|b| b != s.target.layer.to_string()) {
        let message = format!("/ is {name}, but the kernel was booted for {}", booted.unwrap_or_default());
        findings.push(
            Finding::new(&layout::LAYER, message)
                .help("reboot; if it happens again, the boot entry's root= and img.bootid= disagree"),
        );
    }
}

/// Every layer has its base, and LVM reports no damage.
pub(super) fn images(s: &NodeState<'_>, lvm: &Lvm, findings: &mut Findings) {
    for v in lvm.volumes.iter().filter(|v| v.vg == s.group.name) {
        damage(v, findings);
        if let Some(layer) = Layer::parse(&v.name).filter(|_| v.has_tag(TAG_LAYER))
            && lvm.volume(&v.vg, layer.nvr.as_str()).is_none()
        {
            let message = format!("layer {} has no base {}", v.full_name(), layer.nvr);
            findings.push(
                Finding::new(&layout::BASE, message)
                    .help("it boots, but no further layer can be made of that image"),
            );
        }
    }
    missing_disks(s.group, findings);
}

/// The content of every base in the pool.
pub(super) fn contents(
    system: &System,
    s: &NodeState<'_>,
    lvm: &Lvm,
    tools: &dyn Tools,
    findings: &mut Findings,
) {
    let in_pool = |v: &&LogicalVolume| v.vg == s.group.name && v.pool.as_deref() == Some(&s.pool.name);
    for base in lvm.volumes.iter().filter(in_pool).filter(|v| is_base(v, lvm)) {
        content(system, base, s, tools, findings);
    }
}

/// Whether a volume is a base, by its tag and its name; the original tools tag the base of an installation as a layer.
fn is_base(v: &LogicalVolume, lvm: &Lvm) -> bool {
    let has_layer =
        || lvm.volumes.iter().any(|l| Layer::parse(&l.name).is_some_and(|l| l.nvr.as_str() == v.name));
    v.is_thin()
        && (v.has_tag(TAG_BASE) || (v.has_tag(TAG_LAYER) && Layer::parse(&v.name).is_none() && has_layer()))
}

/// The content of a base is what was recorded, and its file system's UUID is not the layer's: with two file systems of one
/// UUID it is undefined which one is mounted by it, and XFS refuses the second.
fn content(
    system: &System,
    base: &LogicalVolume,
    s: &NodeState<'_>,
    tools: &dyn Tools,
    findings: &mut Findings,
) {
    let name = base.full_name();
    let recorded = base.tags.iter().find_map(|t| t.strip_prefix(TAG_PREFIX));
    if recorded.is_none() {
        let message =
            format!("no checksum of base {name} was recorded: changes in its content cannot be detected");
        findings.push(
            Finding::new(&layout::CONTENT_UNKNOWN, message)
                .help("node-layout init records it at the first boot of the layer"),
        );
    }
    let reading = Reading::new(tools.environment(), LvmCommands { monitor: system.running }, base, s.pool);
    let found = match reading.read(tools) {
        Ok(found) => found,
        Err(error) => {
            findings.push(
                Finding::new(&layout::BASE, format!("base {name} cannot be read: {error}"))
                    .help("see the kernel's log for errors of the disk and the pool"),
            );
            return;
        }
    };
    if let Some(recorded) = recorded.filter(|r| *r != found.checksum) {
        let message = format!(
            "the content of base {name} has changed since it was frozen: its checksum is {}, not {recorded}",
            found.checksum
        );
        findings.push(Finding::new(&layout::BASE, message).help(
            "layers made from it would not be the image; its own layer is not affected. Upgrade to a new image, or reinstall",
        ));
    }
    if let Some((kind, uuid)) = found.filesystem.filter(|(_, uuid)| *uuid == s.target.root_uuid) {
        let message = format!(
            "the file system of base {name} has the UUID of / ({kind}): UUID={uuid} can mount either of them"
        );
        findings.push(Finding::new(&layout::BASE, message).help(format!(
            "lvchange --permission rw {name}, lvchange --activate y --ignoreactivationskip {name}, {} /dev/{name}, and back; its checksum is a different one then",
            kind.random_uuid_command()
        )));
    }
}

/// The pool has space, extends itself, and is monitored.
pub(super) fn pool(system: &System, s: &NodeState<'_>, policy: &Policy, findings: &mut Findings) {
    let (name, group) = (s.pool.full_name(), &s.group.name);
    use_of_pool(s.pool, findings);
    let profile = s.pool.profile.as_deref().unwrap_or_default();
    let does_extend = |profile: &str| {
        let file = system.path(&format!("/etc/lvm/profile/{profile}.profile"));
        !profile.is_empty() && profile_extends(&read_text(&file).ok().flatten().unwrap_or_default())
    };
    let extends = does_extend(profile);
    if !extends {
        let message = format!("thin pool {name} does not extend itself (profile '{profile}')");
        let set = format!("lvchange --metadataprofile {PROFILE} {name}");
        let text = profile_text(policy);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let write = format!("write into {}: {text}", profile_path());
        findings.push(Finding::new(&layout::POOL_AUTOEXTEND, message).help(match does_extend(PROFILE) {
            true => set,
            false if profile == PROFILE => write,
            false => format!("{write}; then {set}"),
        }));
    }
    if s.group.free < s.group.extent && extends {
        let message =
            format!("volume group '{group}' has nothing free: thin pool {name} cannot extend itself");
        findings.push(
            Finding::new(&layout::POOL_AUTOEXTEND, message)
                .help(format!("add a physical volume: vgextend {group} DEVICE"))
                .severity(Severity::Warning),
        );
    }
    if system.running && s.pool.monitored == Some(false) {
        let message = format!("thin pool {name} is not watched by dmeventd: it will not extend itself");
        findings.push(
            Finding::new(&layout::POOL_MONITOR, message)
                .help(format!("systemctl enable --now lvm2-monitor, or vgchange --monitor y {group}")),
        );
    }
}

/// fstab mounts the layer, and thin volumes with `discard` if the policy asks for it.
pub(super) fn fstab(system: &System, s: &NodeState<'_>, policy: &Policy, lvm: &Lvm, findings: &mut Findings) {
    let fstab = match fstab::readable(&system.fstab) {
        Ok(fstab) => fstab,
        Err(finding) => return findings.push(*finding),
    };
    findings.extend(fstab::mounts_root(&fstab, &s.target, s.root));
    if policy.mount_options.iter().any(|o| o == "discard") {
        let thin = |source: &str| lvm.by_path(source).is_some_and(LogicalVolume::is_thin);
        for m in fstab.mountings() {
            if matches!(m.kind.as_str(), "ext4" | "xfs") && (m.target == "/" || thin(&m.source)) {
                findings.extend(without_discard(system, &m));
            }
        }
    }
}

/// A thin volume that fstab mounts, or that is mounted now, without `discard`.
fn without_discard(system: &System, m: &Mounting) -> Option<Finding> {
    let has_discard = |options: &str| options.split(',').any(|o| o == "discard");
    if !has_discard(&m.options) {
        let message = format!(
            "/etc/fstab mounts {} without discard: blocks of deleted files stay allocated in the pool",
            m.target
        );
        return Some(
            Finding::new(&layout::DISCARD, message)
                .help(format!("add discard to the options of {}", m.target)),
        );
    }
    let mounted = system.mount(&m.target).is_none_or(|mount| has_discard(&mount.options));
    if !system.running || mounted {
        return None;
    }
    let message = format!("{} is mounted without discard", m.target);
    Some(Finding::new(&layout::DISCARD, message).help(if m.target == "/" {
        "add rootflags=discard to the boot entry if it is missing, then reboot"
    } else {
        "reboot, or mount -o remount,discard"
    }))
}
