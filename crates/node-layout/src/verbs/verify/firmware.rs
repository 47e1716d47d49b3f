//! The firmware's boot entries lead to an existing boot loader.

use crate::boot::efi::{LoadOption, Variables};
use crate::machine::{Tools, below, partition_start};
use crate::system::System;
use node_base::diagnostic::{Finding, Findings, Severity, layout};
use node_base::units::Bytes;
use std::path::{Component, Path, PathBuf};

/// What the firmware starts without a boot entry (UEFI 2.10, 3.5.1.1; x86_64).
const FALLBACK: &str = "EFI/BOOT/BOOTX64.EFI";

/// Where an entry of the firmware leads.
enum Leads {
    /// To a boot loader on this system's EFI system partition.
    Here,
    /// To this partition, but to a file that does not exist.
    Nowhere(String),
    /// To the network, another disk, or a tool of the firmware.
    Elsewhere,
}

/// Checks the firmware's boot entries.
pub(super) fn firmware(system: &System, variables: &Variables, tools: &dyn Tools, findings: &mut Findings) {
    let mut mounts = ["/boot/efi", "/efi", "/boot"].into_iter().filter_map(|t| system.mount(t));
    let Some(esp) = mounts.find(|m| m.kind == "vfat") else {
        let message = "the EFI system partition is not mounted: the firmware's boot entries were not checked";
        findings.push(
            Finding::new(&layout::BOOT_FIRMWARE, message)
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
            None => findings.push(
                Finding::new(
                    &layout::BOOT_FIRMWARE,
                    format!("BootOrder names Boot{number:04X}, which does not exist"),
                )
                .help("set BootOrder to existing entries: efibootmgr --bootorder")
                .severity(Severity::Warning),
            ),
        }
    }
    if let Some(gone) = variables.current.filter(|n| !variables.options.contains_key(n)) {
        let message = format!("the firmware has started Boot{gone:04X}, which does not exist any more");
        findings.push(
            Finding::new(&layout::BOOT_FIRMWARE, message)
                .help("the next boot uses the next entry of BootOrder; see efibootmgr")
                .severity(Severity::Warning),
        );
    }
    let here = order.iter().any(|(_, _, l)| matches!(l, Leads::Here));
    let fallback = place.join(FALLBACK).exists();
    for (number, option, leads) in &order {
        if let Leads::Nowhere(file) = leads {
            let message = format!(
                "the firmware's entry Boot{number:04X} ({}) names {file} on {} ({}), which does not exist",
                option.description, esp.target, esp.source
            );
            let finding = Finding::new(&layout::BOOT_FIRMWARE, message).help(format!(
                "reinstall the boot loader, or efibootmgr --bootnum {number:04X} --delete-bootnum"
            ));
            let another = here || fallback;
            findings.push(if another { finding.severity(Severity::Warning) } else { finding });
        }
    }
    let nowhere = order.iter().any(|(_, _, l)| matches!(l, Leads::Nowhere(_)));
    if start.is_some() && !here && !nowhere && !fallback {
        let message = format!(
            "no entry of the firmware leads to a boot loader on {} ({}), and it has no {FALLBACK}",
            esp.target, esp.source
        );
        findings.push(Finding::new(&layout::BOOT_FIRMWARE, message).help(
            "reinstall the boot loader (dnf reinstall shim-x64 grub2-efi-x64, or bootctl install), or efibootmgr --create",
        ));
    }
}

fn leads(option: &LoadOption, esp: &Path, start: Option<Bytes>) -> Leads {
    let (Some(file), Some(first)) = (&option.file, option.partition_start) else { return Leads::Elsewhere };
    let path = PathBuf::from(file.trim_start_matches('/'));
    let plain = path.components().all(|c| matches!(c, Component::Normal(_)));
    let exists = plain && below(esp, &path).exists();
    // On a device that is not a partition (a mirror of two) the first block says nothing.
    let Some(start) = start else { return if exists { Leads::Here } else { Leads::Elsewhere } };
    // In logical blocks of the disk: 512 or 4096 bytes.
    if ![512, 4096].iter().any(|block| first.checked_mul(*block) == Some(start.0)) {
        return Leads::Elsewhere;
    }
    if exists { Leads::Here } else { Leads::Nowhere(file.clone()) }
}
