//! Whether the layout is what `init` made and a later upgrade relies on: every property looked at again.

use super::arguments::Arguments;
use super::checks::{FULL_PERCENT, Progress, Situation, foreign_tags, situation, volumes};
use super::entry::BootEntry;
use super::grubenv;
use super::loader::{Loader, grub_cmdline_linux};
use super::lvm::{LogicalVolume, Lvm, TAG_BASE, TAG_LAYER, TAG_POOL, TAG_VG};
use super::names::{Layer, device_mapper_name};
use super::notice::{self, Notice};
use super::plan::{PROFILE, entry_id, is_pending};
use super::system::System;
use super::tools::Tools;
use crate::policy::Policy;

/// Looks at everything; an empty list, or one without errors, means that all is well.
pub fn verify(system: &System, policy: &Policy, tools: &dyn Tools) -> Vec<Notice> {
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
            pool(system, &s, &mut notices);
            fstab(system, &s, policy, lvm, &mut notices);
            boot_entries(system, &s, lvm, &mut notices);
            default_entry(&s, &mut notices);
            kept_arguments(&s, &mut notices);
            if is_pending(&s) {
                notices.push(
                    notice::PENDING
                        .notice(format!(
                            "pending: {} boots the system's own kernel and initramfs until its first boot",
                            s.target.layer
                        ))
                        .help("reboot; at the first boot node-layout init keeps them for the image"),
                );
            }
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
        if !v.health.is_empty() {
            notices.push(
                notice::VOLUME_HEALTH
                    .notice(format!("volume {} is '{}'", v.full_name(), v.health))
                    .help("see lvs -a -o+lv_health_status; lvconvert --repair for a pool"),
            );
        }
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
    if s.group.missing > 0 {
        notices.push(
            notice::VOLUME_HEALTH
                .notice(format!(
                    "volume group '{}' lacks {} physical volume(s)",
                    s.group.name, s.group.missing
                ))
                .help("attach the missing disk"),
        );
    }
}

fn pool(system: &System, s: &Situation<'_>, notices: &mut Vec<Notice>) {
    let name = s.pool.full_name();
    for (what, used, option) in
        [("data", s.pool.data_percent, "--size"), ("metadata", s.pool.metadata_percent, "--poolmetadatasize")]
    {
        if let Some(used) = used.filter(|u| *u >= FULL_PERCENT) {
            notices.push(
                notice::POOL_FULL
                    .notice(format!("thin pool {name} has used {used:.1} % of its {what}; it should stay below {FULL_PERCENT:.0} %"))
                    .help(format!("remove an old image, or lvextend {option} +SIZE {name}")),
            );
        }
    }
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
        notices.push(notice::FSTAB_ROOT.notice("/etc/fstab cannot be read").help("restore it"));
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

fn boot_entries(system: &System, s: &Situation<'_>, lvm: &Lvm, notices: &mut Vec<Notice>) {
    let boot = s.boot;
    for entry in &boot.entries {
        let file = boot.entries_dir.join(format!("{}.conf", entry.id));
        let file = file.display();
        for path in entry.kernel().into_iter().chain(entry.initrds()) {
            if !boot.file(path).exists() {
                notices.push(
                    notice::BOOT_ENTRY.notice(format!("{file} names {path}, which is not there")).help(
                        "make the initramfs anew (dracut -f), or remove the entry if its kernel is gone",
                    ),
                );
            }
        }
        for gone in missing_volumes(&boot.arguments(entry), lvm, &s.group.name) {
            notices.push(
                notice::BOOT_ENTRY
                    .notice(format!("{file} names the volume {gone}, which is not there"))
                    .help("remove the entry, or let it name a volume that exists"),
            );
        }
    }
    let own = entry_id(s);
    let Some(entry) = boot.entry(&own) else {
        notices.push(
            notice::BOOT_ENTRY
                .notice(format!("the layer {} has no boot entry {own}.conf in {}", s.target.layer, boot.entries_dir.display()))
                .help("copy another entry of this root to that name, with root=, rd.lvm.lv= and img.bootid= of the layer"),
        );
        return;
    };
    let is = boot.arguments(entry);
    let expected = s.target.turn(&is, super::target::Stage::Final);
    let missing: Vec<&str> = expected.words().filter(|w| !is.contains(w)).collect();
    if !missing.is_empty() {
        notices.push(
            notice::BOOT_ENTRY
                .notice(format!("{own}.conf lacks {}", missing.join(" ")))
                .help("put them into its options line"),
        );
    }
    if let Some(one_shot) = system.running.then(|| dangling_efi_default(s)).flatten() {
        notices.push(
            notice::BOOT_DEFAULT
                .notice(format!("the UEFI variable LoaderEntryDefault names {one_shot}, which is no entry"))
                .help(format!("bootctl set-default {own}.conf")),
        );
    }
}

fn dangling_efi_default(s: &Situation<'_>) -> Option<String> {
    let (_, id) = s.boot.efi_default.as_ref()?;
    let known = s.boot.entry(id.strip_suffix(".conf").unwrap_or(id)).is_some();
    (!known && !id.contains(['*', '?', '@'])).then(|| id.clone())
}

/// Volumes of this volume group that kernel arguments name and that do not exist.
fn missing_volumes(arguments: &Arguments, lvm: &Lvm, vg: &str) -> Vec<String> {
    let mut gone = Vec::new();
    let mut look = |lv: &str| {
        if lvm.volume(vg, lv).is_none() {
            gone.push(format!("{vg}/{lv}"));
        }
    };
    for value in arguments.values("rd.lvm.lv") {
        if let Some(lv) = value.strip_prefix(vg).and_then(|r| r.strip_prefix('/')) {
            look(lv);
        }
    }
    if let Some(root) = arguments.value("root") {
        if let Some(lv) = root.strip_prefix(&format!("/dev/{vg}/")) {
            look(lv);
        } else if let Some(mapped) = root.strip_prefix("/dev/mapper/")
            && mapped.starts_with(&device_mapper_name(vg, ""))
            && lvm.by_path(root).is_none()
        {
            gone.push(root.to_owned());
        }
    }
    gone.dedup();
    gone
}

fn default_entry(s: &Situation<'_>, notices: &mut Vec<Notice>) {
    if let (Loader::Grub, Some((path, block))) = (s.boot.loader, &s.boot.grubenv)
        && block.len() != grubenv::SIZE
    {
        notices.push(
            notice::BOOT_DEFAULT
                .notice(format!(
                    "{} has {} bytes; GRUB takes only {}",
                    path.display(),
                    block.len(),
                    grubenv::SIZE
                ))
                .help("grub2-editenv - create, then grub2-set-default"),
        );
    }
    let default = s.boot.default_entry();
    if !default.is_some_and(|e| s.target.boots(&s.boot.arguments(e)) && !e.is_rescue()) {
        let name = default.map_or("none", |e: &BootEntry| e.id.as_str());
        let own = entry_id(s);
        notices.push(
            notice::BOOT_DEFAULT
                .notice(format!("the default boot entry is {name}, which does not boot {}", s.target.layer))
                .help(match s.boot.loader {
                    Loader::Grub => format!("grub2-set-default {own}"),
                    Loader::SystemdBoot => format!("bootctl set-default {own}.conf"),
                }),
        );
    }
}

fn kept_arguments(s: &Situation<'_>, notices: &mut Vec<Notice>) {
    let mut check = |place: String, text: &str| {
        let is = Arguments::parse(text);
        let should = s.target.turn_kept(&is);
        let missing: Vec<&str> = should.words().filter(|w| !is.contains(w)).collect();
        if !missing.is_empty() {
            notices.push(
                notice::BOOT_KEPT
                    .notice(format!(
                        "{place} lacks {}: the next kernel would not boot the layer",
                        missing.join(" ")
                    ))
                    .help("put them there"),
            );
        }
    };
    if let Some(file) = &s.boot.default_grub
        && let Some((_, value)) = grub_cmdline_linux(&file.text)
    {
        check(format!("GRUB_CMDLINE_LINUX in {}", file.path.display()), value);
    }
    if let Some(file) = &s.boot.kernel_cmdline {
        check(file.path.display().to_string(), &file.text);
    }
    if let Some(kept) = s.boot.env().and_then(|e| e.get("kernelopts")) {
        check("kernelopts in grubenv".into(), &kept);
    }
}
