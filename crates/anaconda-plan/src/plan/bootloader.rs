//! The disk that the machine starts from and the devices that GRUB is on: stage 1 (an EFI system partition, or
//! the boot disk of a BIOS machine) and stage 2 (the device of `/boot`).
//!
//! Source: pyanaconda's `modules/storage/bootloader` (`base.py`, `grub2.py`, `execution.py`) and `platform.py`.

use crate::layout::BootLoader;
use crate::machine::device::{Kind, Role, Volume};
use crate::machine::disk::Label;
use crate::machine::format::FormatKind;
use crate::machine::id::DeviceId;
use crate::machine::md::Level;
use crate::machine::release::{Firmware, Release};
use crate::machine::tree::Tree;
use crate::plan::cause::{Cause, Refusal};
use crate::plan::select::{Names, disks_of};
use foldhash::{HashSet, HashSetExt};

/// The devices that the machine starts from.
#[derive(Clone, Debug, Default)]
pub struct Boot {
    /// Whether no boot loader is installed.
    pub skipped: bool,
    /// The disk that it is installed on.
    pub disk: Option<DeviceId>,
    /// Stage 1.
    pub stage1: Option<DeviceId>,
    /// Stage 2.
    pub stage2: Option<DeviceId>,
}

const ESP: &str = "EFI System Partition";

impl Boot {
    /// Finds the boot disk. Done before and after the partitions are made: an existing EFI system partition that
    /// is mounted decides.
    ///
    /// # Errors
    /// [`Cause::NoSuchDisk`], [`Cause::NoUsableDisk`].
    pub(crate) fn find_disk(&mut self, tree: &Tree, asked: &BootLoader) -> Result<(), Refusal> {
        self.skipped = asked.disabled;
        if self.skipped {
            return Ok(());
        }
        let disks = Names::of_disks(tree);
        let order: Vec<_> = asked.order.iter().flat_map(|n| disks.matching(&n.name)).collect();
        self.disk = match &asked.drive {
            Some(drive) => {
                let found = disks.matching(&drive.name);
                let says = match found.len() {
                    1 => None,
                    0 => Some("No match found"),
                    _ => Some("More than one match found"),
                };
                if let Some(says) = says {
                    let says = format!("{says} for given boot drive \"{}\".", drive.name);
                    let refusal = Refusal::stop(Cause::NoSuchDisk, Some(drive.span), says);
                    return Err(refusal.numbers(disks_of(tree)));
                }
                // Anaconda looks the word itself up afterwards, and a pattern is not the name of a disk.
                self.disk = found.first().copied().filter(|_| tree.resolve(&drive.name).is_some());
                return Ok(());
            }
            None => order.first().copied().or_else(|| self.disk_with_stage1(tree)),
        };
        self.disk = self.disk.or_else(|| tree.disks().first().copied());
        match self.disk {
            Some(_) => Ok(()),
            None => Err(Refusal::stop(Cause::NoUsableDisk, asked.span, "No usable boot drive was found.")),
        }
    }

    fn disk_with_stage1(&self, tree: &Tree) -> Option<DeviceId> {
        tree.ids()
            .filter(|&id| stage1_errors(tree, id, false).is_some_and(|e| e.is_empty()))
            .find_map(|id| tree.disks_below(id).first().copied())
    }

    /// A device on the boot disk that stage 1 can go to before partitions are made: the disk itself, or an
    /// existing EFI system partition.
    pub(crate) fn early_stage1(&self, tree: &Tree) -> Option<DeviceId> {
        let disk = self.disk?;
        let on_disk = tree.on_disk(disk);
        tree.ids()
            .filter(|id| on_disk.contains(id))
            .find(|&id| stage1_errors(tree, id, true).is_some_and(|e| e.is_empty()))
    }

    /// Sets stage 1 and 2 after the layout is made.
    ///
    /// # Errors
    /// [`Cause::BootDevice`]
    pub(crate) fn set_stages(&mut self, tree: &Tree, asked: &BootLoader) -> Result<(), Refusal> {
        if self.skipped {
            return Ok(());
        }
        self.stage2 = tree.mounted("/boot").or_else(|| tree.mounted("/"));
        let Some(disk) = self.disk else {
            let span = asked.drive.as_ref().map(|drive| drive.span);
            return Err(Refusal::stop(Cause::BootDevice, span, "need stage1 disk to set stage1 device"));
        };
        let mut errors = Vec::new();
        let on_disk = tree.on_disk(disk);
        for id in tree.ids().filter(|id| on_disk.contains(id)) {
            match stage1_errors(tree, id, false) {
                Some(found) if found.is_empty() => {
                    self.stage1 = Some(id);
                    return Ok(());
                }
                found => errors.extend(found.unwrap_or_default()),
            }
        }
        let mut says = "Failed to find a suitable stage1 device".to_owned();
        if !errors.is_empty() {
            says = format!("{says}: {}", errors.join("; "));
        }
        let span = tree.mounted("/boot/efi").and_then(|d| tree[d].span).or(asked.span);
        Err(Refusal::stop(Cause::BootDevice, span, says))
    }

    /// Adds the messages of the storage checker about the boot loader.
    pub(crate) fn check(&self, tree: &Tree, found: &mut Vec<Refusal>) {
        if self.skipped {
            return;
        }
        let Some(stage2) = self.stage2 else {
            let says = "You have not created a bootable partition.";
            found.push(Refusal::stop(Cause::BootDevice, None, says));
            return;
        };
        for says in self.stage2_errors(tree, stage2) {
            found.push(Refusal::stop(Cause::BootDevice, tree[stage2].span, says));
        }
        if let Some(says) = self.redundancy_warning(tree, stage2) {
            found.push(Refusal::warn(Cause::Recommendation, tree[stage2].span, says));
        }
        self.check_biosboot(tree, stage2, found);
    }

    fn stage2_errors(&self, tree: &Tree, id: DeviceId) -> Vec<String> {
        const DESC: &str = "/boot file system";
        let mut errors = Vec::new();
        let device = &tree[id];
        let fits = match &device.kind {
            Kind::Partition(_) | Kind::Array(_) | Kind::Subvolume => true,
            Kind::Btrfs(_) => tree.release > Release::Rhel8,
            _ => false,
        };
        if !fits {
            let name = if matches!(device.kind, Kind::Luks) { "luks/dm-crypt" } else { tree.type_name(id) };
            errors.push(format!("{DESC} cannot be of type {name}"));
        }
        if let Kind::Array(a) = &device.kind {
            let allowed = if tree.release == Release::Fedora {
                a.level == Level::Raid1
            } else {
                a.level != Level::Linear
            };
            if !allowed {
                let levels = if tree.release == Release::Fedora {
                    "raid1"
                } else {
                    "raid0,raid1,raid4,raid5,raid6,raid10"
                };
                errors.push(format!(
                    "RAID sets that contain '{DESC}' must have one of the following raid levels: {levels}."
                ));
            }
            for &member in &device.parents {
                if !matches!(tree[member].kind, Kind::Partition(_)) {
                    errors.push(format!(
                        "RAID sets that contain '{DESC}' must have one of the following device types: partition."
                    ));
                }
            }
        }
        let kind = device.format.kind;
        if !tree.profile.boot_filesystems.contains(&kind.name()) {
            errors.push(format!("{DESC} cannot be of type {}.", kind.name()));
        }
        if !self.encryption_is_fine(tree, id) {
            errors.push(format!("{DESC} cannot be on an encrypted block device."));
        }
        errors
    }

    /// GRUB opens no encrypted device as Anaconda sets it up.
    fn encryption_is_fine(&self, tree: &Tree, id: DeviceId) -> bool {
        !is_encrypted(tree, id)
    }

    fn redundancy_warning(&self, tree: &Tree, stage2: DeviceId) -> Option<String> {
        let stage1 = self.stage1?;
        let Kind::Array(a) = &tree[stage2].kind else { return None };
        let single = a.level == Level::Raid1 && !matches!(tree[stage1].kind, Kind::Disk(_) | Kind::Array(_));
        single.then(|| {
            format!(
                "boot loader stage2 device {0} is on a multi-disk array, but boot loader stage1 device {1} is not. \
                 A drive failure in {0} could render the system unbootable.",
                tree[stage2].name, tree[stage1].name
            )
        })
    }

    /// A BIOS machine needs a place for GRUB on every GPT disk that it starts from.
    fn check_biosboot(&self, tree: &Tree, stage2: DeviceId, found: &mut Vec<Refusal>) {
        if tree.firmware != Firmware::Bios {
            return;
        }
        let Some(stage1) = self.stage1 else { return };
        let mut targets = vec![stage1];
        if let Kind::Array(_) = &tree[stage2].kind
            && tree.release.is_new()
        {
            let disks = tree.disks_below(stage2);
            let mirrored = match &tree[stage2].kind {
                Kind::Array(a) => tree.release != Release::Fedora || a.level == Level::Raid1,
                _ => false,
            };
            if mirrored && disks.contains(&stage1) {
                targets = tree[stage2]
                    .parents
                    .iter()
                    .filter_map(|&p| tree.disks_below(p).first().copied())
                    .collect();
            }
        }
        for disk in targets {
            let Some(table) = tree.table(disk).filter(|t| t.label == Label::Gpt) else { continue };
            let biosboot = |id: DeviceId| tree[id].format.kind == FormatKind::BiosBoot;
            if table.entries.iter().filter_map(|e| e.device).any(biosboot) {
                continue;
            }
            let mut says =
                "Your BIOS-based system needs a special partition to boot from a GPT disk label. To \
                            continue, please create a 1MiB 'biosboot' type partition"
                    .to_owned();
            if tree.release.is_new() {
                says.push_str(&format!(" on the {} disk", tree[disk].name));
            }
            says.push('.');
            found.push(Refusal::stop(Cause::NoBiosBoot, None, says));
        }
    }
}

/// Whether a device or anything below it is encrypted.
pub(super) fn is_encrypted(tree: &Tree, id: DeviceId) -> bool {
    let (mut todo, mut seen) = (vec![id], HashSet::new());
    while let Some(id) = todo.pop() {
        match &tree[id].kind {
            Kind::Luks => return true,
            Kind::Volume(Volume { role: Role::Thin { pool }, .. }) => todo.push(*pool),
            _ if tree[id].format.kind == FormatKind::Luks => return true,
            // A device can be below another in many ways.
            _ => todo.extend(tree[id].parents.iter().filter(|p| seen.insert(**p))),
        }
    }
    false
}

/// Why a device cannot be stage 1; `None` if it is not the right kind of device at all.
fn stage1_errors(tree: &Tree, id: DeviceId, early: bool) -> Option<Vec<String>> {
    let device = &tree[id];
    let mut errors = Vec::new();
    match (tree.firmware, &device.kind) {
        (Firmware::Bios, Kind::Disk(_)) => {
            if tree.table(id).is_none() {
                errors.push(format!(
                    "{} must have one of the following disklabel types: gpt,msdos.",
                    device.name
                ));
            }
        }
        (Firmware::Uefi, Kind::Partition(_) | Kind::Array(_)) => {
            if tree.release == Release::Fedora {
                for disk in tree.disks_below(id) {
                    if tree.table(disk).is_none_or(|t| t.label != Label::Gpt) {
                        errors.push(format!(
                            "{} must have one of the following disklabel types: gpt.",
                            device.name
                        ));
                    }
                }
            }
            if let Kind::Array(a) = &device.kind
                && a.level != Level::Raid1
            {
                errors.push(format!(
                    "RAID sets that contain '{ESP}' must have one of the following raid levels: raid1."
                ));
            }
            let kind = device.format.kind;
            if kind != FormatKind::Efi {
                let name = if kind == FormatKind::None { "None" } else { kind.name() };
                errors.push(format!("{ESP} cannot be of type {name}."));
            }
            let mountable = kind.mountable();
            if !early && mountable && device.format.mountpoint.as_deref() != Some("/boot/efi") {
                errors.push(format!("{ESP} must be mounted on one of /boot/efi."));
            }
            if device.parents.iter().any(|&below| is_encrypted(tree, below)) {
                errors.push(format!("{ESP} cannot be on an encrypted block device."));
            }
        }
        _ => return None,
    }
    Some(errors)
}
