//! What boots: entries ↔ volumes ↔ files, the default, the arguments kept for later kernels, the firmware's own list.

use crate::checks::Situation;
use crate::efi::{LoadOption, Variables};
use crate::grubenv;
use crate::kept;
use crate::loader::{Loader, grub_cmdline_linux};
use crate::lvm::Lvm;
use crate::notice::{self, Notice};
use crate::plan::entry_id;
use crate::system::{System, partition_start};
use crate::target::Stage;
use crate::tools::{Tools, below};
use node_base::boot_entry::BootEntry;
use node_base::cmdline::Arguments;
use node_base::diagnostic::Severity;
use node_base::names::device_mapper_name;
use node_base::units::Bytes;
use std::path::{Component, Path, PathBuf};

/// Every entry names files and volumes that are there, and the layer has one.
pub(super) fn entries(system: &System, s: &Situation<'_>, lvm: &Lvm, notices: &mut Vec<Notice>) {
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
    let expected = s.target.turn(&is, Stage::Final);
    let missing = lacking(s, &is, &expected);
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

/// The words that are expected and not there. Root may be named by any of its names: grub2-mkconfig writes
/// `/dev/mapper/…` or a UUID into the entries.
fn lacking<'a>(s: &Situation<'_>, is: &Arguments, expected: &'a Arguments) -> Vec<&'a str> {
    let named = s.target.boots(is);
    let said = |w: &&str| is.contains(w) || (named && w.starts_with("root="));
    expected.words().filter(|w| !said(w)).collect()
}

/// What the initramfs activates, if the arguments say so and root's volume is not among it.
fn only_activates(s: &Situation<'_>, arguments: &Arguments) -> Option<String> {
    let (vg, layer) = (s.target.vg.as_str(), s.target.layer.to_string());
    let volumes: Vec<&str> = arguments.values("rd.lvm.lv").collect();
    let groups: Vec<&str> = arguments.values("rd.lvm.vg").collect();
    let root = format!("{vg}/{layer}");
    let root_too = volumes.contains(&root.as_str()) || groups.contains(&vg);
    let named = [volumes, groups].concat();
    (!root_too && !named.is_empty()).then(|| named.join(", "))
}

/// The files kept for the image: nothing half-written among them, none older than the system's own, and with `fips=1` the
/// kernel's checksum.
pub(super) fn kept_files(s: &Situation<'_>, notices: &mut Vec<Notice>) {
    for path in kept::half_written(s) {
        notices.push(
            notice::UNFINISHED
                .notice(format!("{} is left of a run that was interrupted", path.display()))
                .help("run node-layout init: it removes what is left")
                .severity(Severity::Warning),
        );
    }
    for pair in kept::outdated(s) {
        notices.push(
            notice::BOOT_COPY
                .notice(format!(
                    "{} was made anew after the first boot; {} boots its older copy {}",
                    s.boot.file(&pair.own).display(),
                    s.target.layer,
                    s.boot.file(&pair.kept).display()
                ))
                .help(
                    "run node-layout init: it keeps the newer one for the layer, which boots it from then on",
                ),
        );
    }
    // dracut asks for it, and the distribution has brought one.
    let own = s.boot.entry(&entry_id(s)).filter(|e| s.boot.arguments(e).value("fips") == Some("1"));
    let layer = s.target.layer.to_string();
    let pairs = own.map(|entry| kept::own_pairs(s, entry, &layer)).unwrap_or_default();
    let booted = own.and_then(BootEntry::kernel);
    let copy = pairs.iter().any(|p| p.key == Some("linux") && Some(p.kept.as_str()) == booted);
    for sum in pairs.iter().filter(|p| copy && p.key.is_none()) {
        let (from, to) = (s.boot.file(&sum.own), s.boot.file(&sum.kept));
        if from.exists() && !to.exists() {
            notices.push(
                notice::BOOT_ENTRY
                    .notice(format!(
                        "{} is not there: with fips=1 the initramfs stops the boot of {} without it",
                        to.display(),
                        booted.unwrap_or_default()
                    ))
                    .help(format!("cp --preserve {} {}", from.display(), to.display())),
            );
        }
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

/// What boots by default is the layer.
pub(super) fn default_entry(s: &Situation<'_>, notices: &mut Vec<Notice>) {
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
    // The layer's own entry has been looked at word by word.
    if let Some(entry) = default.filter(|e| e.id != entry_id(s) && s.target.boots(&s.boot.arguments(e)))
        && let Some(only) = only_activates(s, &s.boot.arguments(entry))
    {
        notices.push(
            notice::BOOT_DEFAULT
                .notice(format!(
                    "the default boot entry {} lets the initramfs activate only {only}, and / is {}/{}",
                    entry.id, s.target.vg, s.target.layer
                ))
                .help(format!("add rd.lvm.lv={}/{} to its options", s.target.vg, s.target.layer)),
        );
    }
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

/// The next kernel that is installed will boot the layer.
pub(super) fn kept_arguments(s: &Situation<'_>, notices: &mut Vec<Notice>) {
    let mut check = |place: String, text: &str, how: &str| {
        let is = Arguments::parse(text);
        let should = s.target.turn_kept(&is);
        let missing = lacking(s, &is, &should);
        if !missing.is_empty() {
            notices.push(
                notice::BOOT_KEPT
                    .notice(format!(
                        "{place} lacks {}: the next kernel would not boot the layer",
                        missing.join(" ")
                    ))
                    .help(how),
            );
        }
    };
    if let Some(file) = &s.boot.default_grub
        && let Some((_, value)) = grub_cmdline_linux(&file.text)
    {
        let how =
            "add them between the quotes of GRUB_CMDLINE_LINUX, in the place of what names an older volume";
        check(format!("GRUB_CMDLINE_LINUX in {}", file.path.display()), value, how);
    }
    if let Some(file) = &s.boot.kernel_cmdline {
        let how = "add them to its one line, in the place of what names an older volume";
        check(file.path.display().to_string(), &file.text, how);
    }
    if let Some(kept) = s.boot.env().and_then(|e| e.get("kernelopts")) {
        let how =
            "grub2-editenv - set \"kernelopts=…\" with all that grub2-editenv - list shows of it, and these";
        check("kernelopts in grubenv".into(), &kept, how);
    }
}

/// Where the firmware looks when no variable tells it more (UEFI 2.10, 3.5.1.1; x86_64).
const FALLBACK: &str = "EFI/BOOT/BOOTX64.EFI";

/// Where one of the firmware's entries leads.
enum Leads {
    /// To a loader on this system's EFI system partition.
    Here,
    /// To this partition, but to a file that is not there.
    Nowhere(String),
    /// To the network, another disk, a firmware's tool.
    Elsewhere,
}

/// What the firmware starts leads to a boot loader that is there.
pub(super) fn firmware(system: &System, variables: &Variables, tools: &dyn Tools, notices: &mut Vec<Notice>) {
    let mounts = ["/boot/efi", "/efi", "/boot"].into_iter().filter_map(|t| system.mount(t));
    let Some(esp) = mounts.into_iter().find(|m| m.kind == "vfat") else {
        notices.push(
            notice::BOOT_FIRMWARE
                .notice("the EFI system partition is not mounted: what the firmware starts was not looked at")
                .help("mount /boot/efi, then run this again")
                .severity(Severity::Info),
        );
        return;
    };
    let place = system.path(&esp.target);
    let start = partition_start(tools.environment(), esp.device);
    let mut order = Vec::new();
    for number in &variables.order {
        match variables.options.get(number) {
            Some(option) if !option.disabled => order.push((number, option, leads(option, &place, start))),
            Some(_) => {}
            None => notices.push(
                notice::BOOT_FIRMWARE
                    .notice(format!("BootOrder names Boot{number:04X}, which is not there"))
                    .help("efibootmgr --bootorder with the entries that are there")
                    .severity(Severity::Warning),
            ),
        }
    }
    if let Some(gone) = variables.current.filter(|n| !variables.options.contains_key(n)) {
        notices.push(
            notice::BOOT_FIRMWARE
                .notice(format!("the firmware has started Boot{gone:04X}, which is not there any more"))
                .help("the next boot takes the next entry of BootOrder; see efibootmgr")
                .severity(Severity::Warning),
        );
    }
    let here = order.iter().any(|(_, _, l)| matches!(l, Leads::Here));
    let fallback = place.join(FALLBACK).exists();
    for (number, option, leads) in &order {
        if let Leads::Nowhere(file) = leads {
            let notice = notice::BOOT_FIRMWARE
                .notice(format!(
                    "the firmware's entry Boot{number:04X} ({}) names {file} on {} ({}), which is not there",
                    option.description, esp.target, esp.source
                ))
                .help(format!(
                    "reinstall the boot loader, or efibootmgr --bootnum {number:04X} --delete-bootnum"
                ));
            let another = here || fallback;
            notices.push(if another { notice.severity(Severity::Warning) } else { notice });
        }
    }
    let nowhere = order.iter().any(|(_, _, l)| matches!(l, Leads::Nowhere(_)));
    if start.is_some() && !here && !nowhere && !fallback {
        notices.push(
            notice::BOOT_FIRMWARE
                .notice(format!(
                    "no entry of the firmware leads to a boot loader on {} ({}), and it has no {FALLBACK}",
                    esp.target, esp.source
                ))
                .help("reinstall the boot loader (dnf reinstall shim-x64 grub2-efi-x64, or bootctl install), or efibootmgr --create"),
        );
    }
}

fn leads(option: &LoadOption, esp: &Path, start: Option<Bytes>) -> Leads {
    let (Some(file), Some(first)) = (&option.file, option.partition_start) else { return Leads::Elsewhere };
    let path = PathBuf::from(file.trim_start_matches('/'));
    let plain = path.components().all(|c| matches!(c, Component::Normal(_)));
    let there = plain && below(esp, &path).exists();
    // On what is no partition (a mirror of two) its place says nothing.
    let Some(start) = start else { return if there { Leads::Here } else { Leads::Elsewhere } };
    // In the disk's logical blocks: 512 bytes, or 4096.
    if ![512, 4096].iter().any(|block| first.checked_mul(*block) == Some(start.0)) {
        return Leads::Elsewhere;
    }
    if there { Leads::Here } else { Leads::Nowhere(file.clone()) }
}
