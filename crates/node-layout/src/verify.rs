//! Whether the layout is what `init` made and a later upgrade relies on: every property looked at again.

mod boot; // entries, default, kept arguments, firmware

use super::checks::{
    Progress, Situation, broken, devices, foreign_tags, full, grub_default, missing_disks, situation, volumes,
};
use super::content;
use super::lvm::{LogicalVolume, Lvm, Mode, TAG_BASE, TAG_LAYER, TAG_POOL, TAG_VG};
use super::notice::{self, Notice};
use super::plan::{PROFILE, UNIT, is_pending};
use super::system::System;
use super::tools::Tools;
use node_base::diagnostic::Severity;
use node_base::names::Layer;
use node_base::policy::Policy;
use node_base::superblock::Kind as FsKind;

/// How far it looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Depth {
    /// At LVM's metadata, files and variables; it changes nothing and takes no time.
    #[default]
    Properties,
    /// At the content of every base, too: each is activated (read-only as it is) and read.
    Content,
}

/// Looks at everything; an empty list, or one without errors, means that all is well.
pub fn verify(system: &System, policy: &Policy, tools: &dyn Tools, depth: Depth) -> Vec<Notice> {
    let mut notices = Vec::new();
    let lvm = match &system.lvm {
        Ok(lvm) => lvm,
        Err(error) => {
            notices.push(
                notice::LVM_UNREADABLE
                    .notice(format!("LVM cannot be read: {error}"))
                    .help("run as root, and when no other program holds LVM's lock"),
            );
            return notices;
        }
    };
    let Some(s) = situation(system, lvm, &mut notices) else { return sorted(notices) };
    match s.progress {
        Progress::Before => {
            let what = if s.leftovers.is_empty() {
                notice::NOT_INITIALISED
                    .notice(format!("/ is on {}: there is no layer yet", s.root.full_name()))
            } else {
                let names: Vec<_> = s.leftovers.iter().map(|v| v.full_name()).collect();
                notice::UNFINISHED.notice(format!(
                    "an interrupted init has left {}; / is still on {}",
                    names.join(", "),
                    s.root.full_name()
                ))
            };
            notices.push(what.help("run node-layout init"));
        }
        Progress::Renamed => notices.push(
            notice::UNFINISHED
                .notice(format!("init was interrupted after {} became the layer", s.root.full_name()))
                .help("run node-layout init; it completes what is left"),
        ),
        Progress::Done => {
            base(&s, &mut notices);
            layer(system, &s, &mut notices);
            images(&s, lvm, &mut notices);
            if depth == Depth::Content {
                let bases = lvm.volumes.iter().filter(|v| {
                    v.vg == s.group.name && is_base(v, lvm) && v.pool.as_deref() == Some(&s.pool.name)
                });
                bases.for_each(|b| content_of_base(system, b, &s, tools, &mut notices));
            }
            pool(system, &s, &mut notices);
            fstab(system, &s, policy, lvm, &mut notices);
            boot::entries(system, &s, lvm, &mut notices);
            boot::kept_files(&s, &mut notices);
            boot::default_entry(&s, &mut notices);
            grub_default(&s, &mut notices);
            boot::kept_arguments(&s, &mut notices);
            if let Some(variables) = &system.efi {
                boot::firmware(system, variables, tools, &mut notices);
            }
            devices(system, &s, tools, &mut notices);
            notices.extend(pending(system, &s));
        }
    }
    foreign_tags(&s, lvm, &mut notices);
    volumes(system, policy, tools, &mut notices);
    sorted(notices)
}

fn sorted(mut notices: Vec<Notice>) -> Vec<Notice> {
    notices.sort_by(|a, b| (b.severity, a.code, &a.message).cmp(&(a.severity, b.code, &b.message)));
    notices
}

fn base(s: &Situation<'_>, notices: &mut Vec<Notice>) {
    let Some(base) = s.base else { return };
    let name = base.full_name();
    if base.writable {
        notices.push(notice::BASE.notice(format!("base {name} is writable")).help(format!(
            "lvchange --permission r {name}; if it was written to, reinstall or upgrade to a fresh image"
        )));
    }
    if !base.skip_activation {
        notices.push(
            notice::BASE
                .notice(format!("base {name} is activated at every boot"))
                .help(format!("lvchange --setactivationskip y {name}")),
        );
    }
    if !base.has_tag(TAG_BASE) && !base.has_tag(TAG_LAYER) {
        notices.push(
            notice::TAGS_MISSING
                .notice(format!("base {name} has no tag {TAG_BASE}"))
                .help(format!("lvchange --addtag {TAG_BASE} {name}")),
        );
    }
}

/// A base by its name and its tag; the original tools tag the base of an installation as a layer.
fn is_base(v: &LogicalVolume, lvm: &Lvm) -> bool {
    let layered =
        || lvm.volumes.iter().any(|l| Layer::parse(&l.name).is_some_and(|l| l.nvr.as_str() == v.name));
    v.is_thin()
        && (v.has_tag(TAG_BASE) || (v.has_tag(TAG_LAYER) && Layer::parse(&v.name).is_none() && layered()))
}

/// The content of a base against what was recorded of it, and its file system's UUID, which the layer's must not be: with two
/// of one UUID nobody knows which one is mounted by it, and xfs refuses the second.
fn content_of_base(
    system: &System,
    base: &LogicalVolume,
    s: &Situation<'_>,
    tools: &dyn Tools,
    notices: &mut Vec<Notice>,
) {
    let name = base.full_name();
    let recorded = base.tags.iter().find_map(|t| t.strip_prefix(content::TAG_PREFIX));
    if recorded.is_none() {
        notices.push(
            notice::CONTENT_UNKNOWN
                .notice(format!(
                    "no checksum of base {name} was recorded: whether its content has changed cannot be told"
                ))
                .help("node-layout init records it at the first boot of the layer"),
        );
    }
    let read = content::Base { volume: base.clone(), pool: s.pool.clone() };
    let found = match content::of_base(tools, Mode { monitor: system.running }, &read) {
        Ok(found) => found,
        Err(error) => {
            notices.push(
                notice::BASE
                    .notice(format!("base {name} cannot be read: {error}"))
                    .help("see the kernel's log for the disk and the pool"),
            );
            return;
        }
    };
    if let Some(recorded) = recorded.filter(|r| *r != found.checksum) {
        notices.push(
            notice::BASE
                .notice(format!(
                    "the content of base {name} has changed since it was frozen: its checksum is {}, not {recorded}",
                    found.checksum
                ))
                .help("layers that are made of it would not be the image; its own layer is not affected. Upgrade to a fresh image, or reinstall"),
        );
    }
    if let Some(same) = found.filesystem.filter(|f| f.uuid == s.target.root_uuid) {
        let program = match same.kind {
            FsKind::Xfs => "xfs_admin -U generate",
            _ => "tune2fs -U random",
        };
        notices.push(
            notice::BASE
                .notice(format!("the file system of base {name} has the UUID of / ({}): UUID={} can mount either", same.kind, same.uuid))
                .help(format!("lvchange --permission rw {name}, lvchange --activate y --ignoreactivationskip {name}, {program} /dev/{name}, and back; its checksum is another one then")),
        );
    }
}

/// What is left for the first boot of the layer.
fn pending(system: &System, s: &Situation<'_>) -> Option<Notice> {
    let unit = system.path(&format!("/etc/systemd/system/{UNIT}"));
    let what = if is_pending(s) {
        format!(
            "pending: {} boots the system's own kernel and initramfs until its first boot",
            s.target.layer
        )
    } else if unit.exists() {
        format!("pending: {UNIT} has not finished its work")
    } else {
        return None;
    };
    let help = if system.running && system.cmdline.value("img.bootid") == Some(&s.target.layer.to_string()) {
        format!("wait for it; if it has failed (systemctl status {UNIT}), run node-layout init")
    } else {
        "reboot; at the first boot node-layout init keeps kernel and initramfs for the image".to_owned()
    };
    Some(notice::PENDING.notice(what).help(help))
}

fn layer(system: &System, s: &Situation<'_>, notices: &mut Vec<Notice>) {
    let name = s.root.full_name();
    let mut missing = |has: bool, what: &str, command: String| {
        if !has {
            notices.push(notice::TAGS_MISSING.notice(format!("{what} is missing")).help(command));
        }
    };
    missing(
        s.root.has_tag(TAG_LAYER),
        &format!("the tag {TAG_LAYER} of {name}"),
        format!("lvchange --addtag {TAG_LAYER} {name}"),
    );
    missing(
        s.group.tags.iter().any(|t| t == TAG_VG),
        &format!("the tag {TAG_VG} of volume group {}", s.group.name),
        format!("vgchange --addtag {TAG_VG} {}", s.group.name),
    );
    let pool = s.pool.full_name();
    missing(
        s.pool.has_tag(TAG_POOL),
        &format!("the tag {TAG_POOL} of {pool}"),
        format!("lvchange --addtag {TAG_POOL} {pool}"),
    );
    if !s.root.writable {
        notices.push(
            notice::LAYER
                .notice(format!("layer {name} is read-only"))
                .help(format!("lvchange --permission rw {name}")),
        );
    }
    let booted = system.cmdline.value("img.bootid");
    if system.running && booted.is_some_and(|b| b != s.target.layer.to_string()) {
        notices.push(
            notice::LAYER
                .notice(format!("/ is {name}, but the kernel was booted for {}", booted.unwrap_or_default()))
                .help("reboot; if it comes again, the boot entry's root= and img.bootid= disagree"),
        );
    }
}

/// Every image: a layer has its base, and nothing broken.
fn images(s: &Situation<'_>, lvm: &Lvm, notices: &mut Vec<Notice>) {
    for v in lvm.volumes.iter().filter(|v| v.vg == s.group.name) {
        broken(v, notices);
        if let Some(layer) = Layer::parse(&v.name).filter(|_| v.has_tag(TAG_LAYER))
            && lvm.volume(&v.vg, layer.nvr.as_str()).is_none()
        {
            notices.push(
                notice::BASE
                    .notice(format!("layer {} has no base {}", v.full_name(), layer.nvr))
                    .help("it boots, but no further layer can be made of that image"),
            );
        }
    }
    missing_disks(s.group, notices);
}

fn pool(system: &System, s: &Situation<'_>, notices: &mut Vec<Notice>) {
    let name = s.pool.full_name();
    full(s.pool, notices);
    let profile = s.pool.profile.as_deref().unwrap_or_default();
    let file = system.path(&format!("/etc/lvm/profile/{profile}.profile"));
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let extends = profile_threshold(&text).is_some_and(|t| t < 100);
    if profile.is_empty() || !extends {
        notices.push(
            notice::POOL_AUTOEXTEND
                .notice(format!("thin pool {name} does not extend itself (profile '{profile}')"))
                .help(format!(
                    "lvchange --metadataprofile {PROFILE} {name}; the profile belongs in /etc/lvm/profile"
                )),
        );
    }
    if s.group.free < s.group.extent && extends {
        notices.push(
            notice::POOL_AUTOEXTEND
                .notice(format!(
                    "volume group '{}' has nothing free: thin pool {name} cannot extend itself",
                    s.group.name
                ))
                .help(format!("add a physical volume: vgextend {} DEVICE", s.group.name))
                .severity(Severity::Warning),
        );
    }
    if system.running && s.pool.monitored == Some(false) {
        notices.push(
            notice::POOL_MONITOR
                .notice(format!("thin pool {name} is not watched by dmeventd: it will not extend itself"))
                .help(format!(
                    "systemctl enable --now lvm2-monitor, or vgchange --monitor y {}",
                    s.group.name
                )),
        );
    }
}

fn profile_threshold(text: &str) -> Option<u32> {
    let at = text.split("thin_pool_autoextend_threshold").nth(1)?;
    at.trim_start().strip_prefix('=')?.trim_start().split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn fstab(system: &System, s: &Situation<'_>, policy: &Policy, lvm: &Lvm, notices: &mut Vec<Notice>) {
    let Some(fstab) = system.fstab() else {
        notices.push(
            notice::FSTAB_ROOT
                .notice("/etc/fstab cannot be read")
                .help("restore it, or write it anew: the next boot mounts nothing but /"),
        );
        return;
    };
    match fstab.at("/") {
        Some(m) if s.target.is_root(&m.source) => {}
        seen => notices.push(
            notice::FSTAB_ROOT
                .notice(format!(
                    "/etc/fstab mounts / from {}, and / is {}",
                    seen.map_or_else(|| "nothing".to_owned(), |m| m.source),
                    s.root.full_name()
                ))
                .help(format!("write {} as the source of /", s.target.device())),
        ),
    }
    if !policy.mount_options.iter().any(|o| o == "discard") {
        return;
    }
    let thin = |source: &str| lvm.by_path(source).is_some_and(LogicalVolume::is_thin);
    for m in fstab.mountings() {
        let trims = matches!(m.kind.as_str(), "ext4" | "xfs") && (m.target == "/" || thin(&m.source));
        let in_table = m.options.split(',').any(|o| o == "discard");
        if trims && !in_table {
            notices.push(
                notice::DISCARD
                    .notice(format!(
                        "/etc/fstab mounts {} without discard: what is deleted there stays used in the pool",
                        m.target
                    ))
                    .help(format!("add discard to the options of {}", m.target)),
            );
        } else if trims && system.running {
            let mounted =
                system.mount(&m.target).is_none_or(|n| n.options.split(',').any(|o| o == "discard"));
            if !mounted {
                notices.push(
                    notice::DISCARD.notice(format!("{} is mounted without discard", m.target)).help(
                        if m.target == "/" {
                            "rootflags=discard is missing in the boot entry, or a reboot is due"
                        } else {
                            "a reboot is due, or mount -o remount,discard"
                        },
                    ),
                );
            }
        }
    }
}
