//! Boot entries with their files, and the files kept for the image. What the texts say is in [`text`].

use crate::checks::boot_texts as text;
use crate::disks::Lvm;
use crate::images::{NodeState, kept};
use node_base::diagnostic::{Finding, Findings, Severity, layout};

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
        for path in boot.loader.added_files(entry).iter().filter(|path| !boot.file(path).exists()) {
            let message = format!("GRUB adds {path} to {file} (early_initrd), and it does not exist");
            findings.push(Finding::new(&layout::BOOT_ENTRY, message).help(format!(
                "copy the file to {}, or grub2-editenv - unset early_initrd",
                boot.file(path).display()
            )));
        }
        text::volumes_of_entry(s, entry, lvm, findings);
    }
    text::layer_entry(s, findings);
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
