//! What boot entries, the default and kept kernel arguments say. `verify` checks the texts that are on the disk, and `init` checks
//! those that it is going to write, before it writes the first.

use crate::boot::{BootConfig, RootNaming, Target};
use crate::disks::{Lvm, TAG_INIT};
use crate::images::NodeState;
use node_base::boot_entry::BootEntry;
use node_base::cmdline::Arguments;
use node_base::diagnostic::{Finding, Findings, Severity, layout};
use node_base::names::{Layer, device_mapper_name};

/// The volumes that an entry names exist.
pub(crate) fn volumes_of_entry(s: &NodeState<'_>, entry: &BootEntry, lvm: &Lvm, findings: &mut Findings) {
    let file = s.boot.entry_path(&entry.id);
    let file = file.display();
    for missing in missing_volumes(&s.boot.arguments(entry), lvm, &s.group.name) {
        let message = format!("{file} names the volume {missing}, which does not exist");
        findings.push(
            Finding::new(&layout::BOOT_ENTRY, message)
                .help("remove the entry, or let it name an existing volume"),
        );
    }
}

/// The boot loader adds files to entries from the directory of their initramfs, where an image's own directory lacks them.
pub(crate) fn added_files(boot: &BootConfig, entry: &BootEntry) -> Option<Finding> {
    let added = boot.loader.added_files(entry);
    if added.is_empty() {
        return None;
    }
    let message = format!(
        "GRUB adds {} to {}.conf (early_initrd in its environment block) and looks for such a file beside the initramfs of every entry: the directory of an image has none",
        added.join(", "),
        entry.id
    );
    Some(Finding::new(&layout::BOOT_CONFIG, message).help(
        "remove GRUB_EARLY_INITRD_LINUX_CUSTOM from /etc/default/grub, then grub2-editenv - unset early_initrd; dracut can put such files into the initramfs (acpi_override)",
    ))
}

/// The layer has an entry with its arguments.
pub(crate) fn layer_entry(s: &NodeState<'_>, findings: &mut Findings) {
    let own = s.layer_entry_id();
    let Some(entry) = s.boot.entry(&own) else {
        let message = format!(
            "the layer {} has no boot entry {own}.conf in {}",
            s.target.layer,
            s.boot.entries_dir.display()
        );
        findings.push(Finding::new(&layout::BOOT_ENTRY, message).help(
            "copy another entry of this root to that name, with root=, rd.lvm.lv= and img.bootid= of the layer",
        ));
        return;
    };
    let arguments = s.boot.arguments(entry);
    let expected = s.target.entry_arguments(&arguments, RootNaming::ByVolume);
    let missing = missing_arguments(&s.target, &arguments, &expected);
    if !missing.is_empty() {
        findings.push(
            Finding::new(&layout::BOOT_ENTRY, format!("{own}.conf lacks {}", missing.join(" ")))
                .help("add them to its options line"),
        );
    }
}

/// The expected arguments that are missing. Root may have any of its names: grub2-mkconfig writes `/dev/mapper/…` or a UUID
/// into the entries.
fn missing_arguments<'a>(target: &Target, arguments: &Arguments, expected: &'a Arguments) -> Vec<&'a str> {
    let boots_root = target.boots(arguments);
    let present = |w: &&str| arguments.contains(w) || (boots_root && w.starts_with("root="));
    expected.words().filter(|w| !present(w)).collect()
}

/// What the initramfs activates, if the arguments limit it and root's volume is not included.
fn activates_only(s: &NodeState<'_>, arguments: &Arguments) -> Option<String> {
    let (vg, layer) = (s.target.vg.as_str(), s.target.layer.to_string());
    let volumes: Vec<&str> = arguments.values("rd.lvm.lv").collect();
    let groups: Vec<&str> = arguments.values("rd.lvm.vg").collect();
    let root = format!("{vg}/{layer}");
    let with_root = volumes.contains(&root.as_str()) || groups.contains(&vg);
    let named = [volumes, groups].concat();
    (!with_root && !named.is_empty()).then(|| named.join(", "))
}

/// Volumes of this volume group that kernel arguments name and that do not exist.
fn missing_volumes(arguments: &Arguments, lvm: &Lvm, vg: &str) -> Vec<String> {
    let mut missing = Vec::new();
    let mut check = |lv: &str| {
        if lvm.volume(vg, lv).is_none() {
            missing.push(format!("{vg}/{lv}"));
        }
    };
    for value in arguments.values("rd.lvm.lv").chain(arguments.values("rd_LVM_LV")) {
        if let Some(lv) = value.strip_prefix(vg).and_then(|r| r.strip_prefix('/')) {
            check(lv);
        }
    }
    if let Some(root) = arguments.value("root") {
        if let Some(lv) = root.strip_prefix(&format!("/dev/{vg}/")) {
            check(lv);
        } else if let Some(mapped) = root.strip_prefix("/dev/mapper/")
            && mapped.starts_with(&device_mapper_name(vg, ""))
            && lvm.by_path(root).is_none()
        {
            missing.push(root.to_owned());
        }
    }
    missing.sort();
    missing.dedup();
    missing
}

/// The layer of another image that boots by default: its volume is in the pool, and its entry boots it.
pub(crate) fn other_default(s: &NodeState<'_>, lvm: &Lvm) -> Option<Layer> {
    let arguments = s.boot.arguments(s.boot.default_entry()?);
    let layer = Layer::parse(arguments.value("img.bootid")?).filter(|l| *l != s.target.layer)?;
    let volume = lvm.volume(&s.group.name, &layer.to_string()).filter(|v| v.pool == s.root.pool)?;
    let root = arguments.value("root")?;
    let boots_it = match lvm.by_path(root) {
        Some(named) => named.uuid == volume.uuid,
        // A UUID or a label that is not root's: file systems of other layers are not mounted.
        None => !root.starts_with("/dev/") && !s.target.is_root(root),
    };
    boots_it.then_some(layer)
}

/// The layer boots by default, or that of another image.
pub(crate) fn default_entry(s: &NodeState<'_>, lvm: &Lvm, findings: &mut Findings) {
    let (boot, own) = (s.boot, s.layer_entry_id());
    findings.extend(boot.loader.ignores_default());
    findings.extend(boot.loader.check_default(&boot.entries, &own));
    if let Ok(Some((finding, _))) = boot.loader.counter(&boot.entries) {
        findings.push(finding);
    }
    let default = boot.default_entry();
    let boots_root = |e: &&BootEntry| s.target.boots(&boot.arguments(e));
    // The arguments of the layer's own entry are checked word by word.
    if let Some(entry) = default.filter(boots_root).filter(|e| e.id != own)
        && let Some(only) = activates_only(s, &boot.arguments(entry))
    {
        let root = format!("{}/{}", s.target.vg, s.target.layer);
        let message = format!(
            "the default boot entry {} lets the initramfs activate only {only}, and / is {root}",
            entry.id
        );
        findings.push(
            Finding::new(&layout::BOOT_DEFAULT, message).help(format!("add rd.lvm.lv={root} to its options")),
        );
    }
    if let Some(other) = other_default(s, lvm) {
        let message = format!("the default is {other}, and / is {}", s.target.layer);
        findings.push(Finding::new(&layout::OTHER_IMAGE, message).help(
            "after node-layout rollback, and while an image is on trial, this is so; node-layout rollback --to changes it",
        ));
    } else if default.filter(boots_root).is_none_or(BootEntry::is_rescue) {
        let name = default.map_or("none", |e: &BootEntry| e.id.as_str());
        let message = format!("the default boot entry is {name}, which does not boot {}", s.target.layer);
        findings
            .push(Finding::new(&layout::BOOT_DEFAULT, message).help(boot.loader.set_default_command(&own)));
    }
}

/// The kernel arguments kept for the next kernel boot the layer.
pub(crate) fn kept_arguments(s: &NodeState<'_>, lvm: &Lvm, findings: &mut Findings) {
    let other = other_default(s, lvm);
    for kept in s.boot.kept_arguments() {
        let arguments = Arguments::parse(&kept.text);
        // What the boot loader keeps is one for all images: it is that of the default.
        let target = match &other {
            Some(layer) if kept.is_shared => Target {
                layer: layer.clone(),
                old: layer.to_string(),
                root_uuid: String::new(),
                ..s.target.clone()
            },
            _ => s.target.clone(),
        };
        let expected = target.kept_arguments(&arguments);
        let missing = missing_arguments(&target, &arguments, &expected);
        if !missing.is_empty() {
            let layer = match target.layer == s.target.layer {
                true => "the layer".to_owned(),
                false => target.layer.to_string(),
            };
            let names_root = |w: &&str| w.starts_with("root=") || w.starts_with("rd.lvm.lv=");
            let needs_boot = arguments.value("fips") == Some("1");
            let is_needed = |w: &&str| names_root(w) || (needs_boot && w.starts_with("boot="));
            // imgbased writes the volume there, and nothing else.
            let (what, severity) = match missing.iter().any(is_needed) {
                true => (format!("the next kernel would not boot {layer}"), Severity::Error),
                false => (
                    format!("the entry of the next kernel of {layer} would lack them, too"),
                    Severity::Warning,
                ),
            };
            let message = format!("{} lacks {}: {what}", kept.place, missing.join(" "));
            // imgbased changes no /etc/kernel/cmdline.
            let root = arguments.value("root").and_then(|root| lvm.by_path(root));
            let help = match root.is_some_and(|root| root.has_tag(TAG_INIT)) {
                true => {
                    "node-layout verify --repair lets it name the layer, in place of the installer's root"
                }
                false => kept.help,
            };
            findings.push(Finding::new(&layout::BOOT_KEPT, message).help(help).severity(severity));
        }
        for missing in missing_volumes(&arguments, lvm, &s.group.name) {
            let message = format!(
                "{} names the volume {missing}, which does not exist: the next kernel would not boot",
                kept.place
            );
            findings.push(
                Finding::new(&layout::BOOT_KEPT, message)
                    .help("remove the argument, or let it name an existing volume"),
            );
        }
    }
}
