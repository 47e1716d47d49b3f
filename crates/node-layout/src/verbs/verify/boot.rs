//! Boot entries with their volumes and files, the default, and the files and arguments kept for the image.

use crate::boot::RootNaming;
use crate::disks::Lvm;
use crate::images::{NodeState, kept};
use node_base::boot_entry::BootEntry;
use node_base::cmdline::Arguments;
use node_base::diagnostic::{Finding, Findings, Severity, layout};
use node_base::names::device_mapper_name;

/// Every entry names existing files and volumes, and the layer has an entry with its arguments.
pub(super) fn entries(s: &NodeState<'_>, lvm: &Lvm, findings: &mut Findings) {
    let boot = s.boot;
    for entry in &boot.entries {
        let file = boot.entry_path(&entry.id);
        let file = file.display();
        for path in entry.kernel().into_iter().chain(entry.initrds()) {
            if !boot.file(path).exists() {
                let message = format!("{file} names {path}, which does not exist");
                findings.push(Finding::new(&layout::BOOT_ENTRY, message).help(
                    "generate the initramfs again (dracut -f), or remove the entry if its kernel is gone",
                ));
            }
        }
        for missing in missing_volumes(&boot.arguments(entry), lvm, &s.group.name) {
            let message = format!("{file} names the volume {missing}, which does not exist");
            findings.push(
                Finding::new(&layout::BOOT_ENTRY, message)
                    .help("remove the entry, or let it name an existing volume"),
            );
        }
    }
    let own = s.layer_entry_id();
    let Some(entry) = boot.entry(&own) else {
        let message = format!(
            "the layer {} has no boot entry {own}.conf in {}",
            s.target.layer,
            boot.entries_dir.display()
        );
        findings.push(Finding::new(&layout::BOOT_ENTRY, message).help(
            "copy another entry of this root to that name, with root=, rd.lvm.lv= and img.bootid= of the layer",
        ));
        return;
    };
    let arguments = boot.arguments(entry);
    let expected = s.target.entry_arguments(&arguments, RootNaming::ByVolume);
    let missing = missing_arguments(s, &arguments, &expected);
    if !missing.is_empty() {
        findings.push(
            Finding::new(&layout::BOOT_ENTRY, format!("{own}.conf lacks {}", missing.join(" ")))
                .help("add them to its options line"),
        );
    }
}

/// The expected arguments that are missing. Root may have any of its names: grub2-mkconfig writes `/dev/mapper/…` or a UUID
/// into the entries.
fn missing_arguments<'a>(s: &NodeState<'_>, arguments: &Arguments, expected: &'a Arguments) -> Vec<&'a str> {
    let boots_root = s.target.boots(arguments);
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

/// The files kept for the image: none half-written, none older than the system's own, and with `fips=1` the kernel's checksum.
pub(super) fn kept_files(s: &NodeState<'_>, findings: &mut Findings) {
    for path in kept::half_written(s) {
        let message = format!("{} is left over from an interrupted run", path.display());
        findings.push(
            Finding::new(&layout::UNFINISHED, message)
                .help("run node-layout init: it removes what is left over")
                .severity(Severity::Warning),
        );
    }
    for pair in kept::outdated(s) {
        let message = format!(
            "{} was generated after the first boot; {} boots its older copy {}",
            s.boot.file(&pair.own).display(),
            s.target.layer,
            s.boot.file(&pair.kept).display()
        );
        findings.push(Finding::new(&layout::BOOT_COPY, message).help(
            "run node-layout init: it copies the newer file for the layer, which boots it from then on",
        ));
    }
    fips_checksum(s, findings);
}

/// The checksum of the booted kernel, which dracut asks for with `fips=1`; only where the distribution has such a file.
fn fips_checksum(s: &NodeState<'_>, findings: &mut Findings) {
    let entry = s.layer_entry().filter(|e| s.boot.arguments(e).value("fips") == Some("1"));
    let Some((entry, booted)) = entry.and_then(|e| Some((e, e.kernel()?))) else { return };
    let pairs = kept::own_pairs(s, entry, &s.target.layer.to_string());
    if !pairs.iter().any(|p| p.key == Some("linux") && p.kept == booted) {
        return;
    }
    for sum in pairs.iter().filter(|p| p.key.is_none()) {
        let (from, to) = (s.boot.file(&sum.own), s.boot.file(&sum.kept));
        if from.exists() && !to.exists() {
            let message = format!(
                "{} does not exist: with fips=1 the initramfs stops the boot of {booted} without it",
                to.display()
            );
            findings.push(Finding::new(&layout::BOOT_ENTRY, message).help(format!(
                "cp --preserve {} {}",
                from.display(),
                to.display()
            )));
        }
    }
}

/// Volumes of this volume group that kernel arguments name and that do not exist.
fn missing_volumes(arguments: &Arguments, lvm: &Lvm, vg: &str) -> Vec<String> {
    let mut missing = Vec::new();
    let mut check = |lv: &str| {
        if lvm.volume(vg, lv).is_none() {
            missing.push(format!("{vg}/{lv}"));
        }
    };
    for value in arguments.values("rd.lvm.lv") {
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
    missing.dedup();
    missing
}

/// The layer boots by default.
pub(super) fn default_entry(s: &NodeState<'_>, findings: &mut Findings) {
    let (boot, own) = (s.boot, s.layer_entry_id());
    findings.extend(boot.loader.ignores_default());
    findings.extend(boot.loader.check_default(&boot.entries, &own));
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
    if default.filter(boots_root).is_none_or(BootEntry::is_rescue) {
        let name = default.map_or("none", |e: &BootEntry| e.id.as_str());
        let message = format!("the default boot entry is {name}, which does not boot {}", s.target.layer);
        findings
            .push(Finding::new(&layout::BOOT_DEFAULT, message).help(boot.loader.set_default_command(&own)));
    }
}

/// The kernel arguments kept for the next kernel boot the layer.
pub(super) fn kept_arguments(s: &NodeState<'_>, findings: &mut Findings) {
    for kept in s.boot.kept_arguments() {
        let arguments = Arguments::parse(&kept.text);
        let expected = s.target.kept_arguments(&arguments);
        let missing = missing_arguments(s, &arguments, &expected);
        if !missing.is_empty() {
            let message = format!(
                "{} lacks {}: the next kernel would not boot the layer",
                kept.place,
                missing.join(" ")
            );
            findings.push(Finding::new(&layout::BOOT_KEPT, message).help(kept.help));
        }
    }
}
