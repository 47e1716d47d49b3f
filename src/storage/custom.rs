//! Carries out the storage commands in Anaconda's order: `reqpart`, `part`, `raid`, `volgroup`, `logvol`, `btrfs`.
//!
//! Source: pyanaconda's `partitioning/custom/custom_partitioning.py`.

use super::autopart;
use super::bootloader::Boot;
use super::cause::{Cause, Refusal};
use super::device::{Array, Cache, Device, DeviceId, Group, Kind, PartitionRequest, Role, Tree, Volume};
use super::format::{Format, FormatKind};
use super::lvm;
use super::md::Level;
use super::model::{Btrfs, Encryption, Layout, LogVol, Named, Part, Raid, Sizes, VolGroup};
use super::partitions;
use super::release::Release;
use super::swap;
use crate::policy::Scheme;
use crate::source::Span;
use crate::units::Bytes;
use std::collections::HashMap;

/// The commands being carried out.
struct Custom<'a> {
    tree: &'a mut Tree,
    /// Free space on the disks before anything is made: what swap is a tenth of.
    disk_space: Bytes,
    /// `pv.01` and the like that stand for an existing partition or an array.
    stands_for: HashMap<String, String>,
    /// The first passphrase is also that of all devices without one.
    passphrase: bool,
}

type Done = Result<(), Refusal>;

/// Carries out all commands.
///
/// # Errors
/// The first refusal, with the command that causes it.
pub fn run(tree: &mut Tree, layout: &Layout, boot: &Boot) -> Done {
    let disk_space = free_space(tree);
    let mut custom = Custom { tree, disk_space, stands_for: HashMap::new(), passphrase: false };
    if let Some(reqpart) = &layout.reqpart {
        let mut wanted = autopart::platform_volumes(custom.tree);
        if !reqpart.add_boot {
            wanted.retain(|w| w.mount.as_deref() != Some("/boot"));
        }
        let disks = autopart::candidates(custom.tree, reqpart.span)?;
        let plan = autopart::Plan { scheme: Scheme::Plain, encryption: None, span: reqpart.span };
        autopart::schedule(custom.tree, boot, &disks, &[], &wanted, &plan)?;
    }
    for part in &layout.partitions {
        custom.part(part)?;
    }
    if !layout.partitions.is_empty() {
        partitions::allocate(custom.tree, boot.disk)?;
    }
    for raid in &layout.arrays {
        custom.raid(raid)?;
    }
    for group in &layout.groups {
        custom.volgroup(group)?;
    }
    for volume in &layout.volumes {
        custom.logvol(volume)?;
    }
    if !layout.volumes.is_empty() {
        lvm::grow_groups(custom.tree)?;
    }
    for btrfs in &layout.btrfs {
        custom.btrfs(btrfs)?;
    }
    Ok(())
}

/// Free bytes on all disks (a blank one counts whole).
pub fn free_space(tree: &Tree) -> Bytes {
    tree.disks().into_iter().map(|d| tree.table(d).map_or_else(|| tree.size(d), |t| t.free_bytes())).sum()
}

fn stop<T>(cause: Cause, span: Span, says: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::stop(cause, Some(span), says))
}

fn unsupported<T>(span: Span, name: &str) -> Result<T, Refusal> {
    stop(Cause::UnknownFileSystem, span, format!("The \"{name}\" file system type is not supported."))
}

impl Custom<'_> {
    fn format(&self, name: &str, mount: &str, span: Span) -> Result<Format, Refusal> {
        match FormatKind::from_name(name, self.tree.release) {
            Some(FormatKind::None) | None => unsupported(span, name),
            Some(kind) => Ok(Format::mounted(kind, mount)),
        }
    }

    fn default_format(&self, mount: &str) -> FormatKind {
        if mount == "/boot" { boot_format(self.tree) } else { self.tree.default_format }
    }

    /// Swap that is left to Anaconda; then the request does not grow.
    fn suggested(&self, sizes: &Sizes) -> Option<Bytes> {
        (sizes.recommended || sizes.hibernation)
            .then(|| swap::suggested(self.tree.release, self.tree.memory, sizes.hibernation, self.disk_space))
    }

    fn part(&mut self, part: &Part) -> Done {
        let span = part.span;
        let mut grow = part.sizes.grow;
        let mut size = None;
        let (kind_name, mount, alias) = self.kind_of_part(part)?;
        if part.mount == "swap" {
            size = self.suggested(&part.sizes);
            grow &= size.is_none();
        }
        let size = size.or(part.sizes.size);
        if part.noformat {
            return self.keep_partition(part, &mount);
        }
        let format = self.format(&kind_name, &mount, span)?;
        if let Some(onpart) = &part.onpart {
            let Some(id) = self.tree.resolve(&onpart.name) else {
                return missing_partition(onpart);
            };
            self.tree.remove_recursively(id, false);
            self.check_fit(id, &format, span)?;
            self.tree[id].span = Some(span);
            self.tree[id].format = format;
            return self.encrypt(id, &part.encryption, span);
        }
        let disks = match &part.disk {
            Some(disk) => vec![self.disk(disk)?],
            None => Vec::new(),
        };
        if format.kind == FormatKind::Tmpfs {
            let size = size.unwrap_or_default();
            let mut device = Device::new("tmpfs", Kind::Memory(size), Vec::new());
            device.format = format;
            device.span = Some(span);
            self.tree.add(device);
            return Ok(());
        }
        self.give_up_mount(&mount);
        let size = size.unwrap_or(partitions::DEFAULT_SIZE);
        let size = size.max(format.kind.min_size(self.tree.release));
        if format.kind.max_size().is_some_and(|max| size > max) {
            return stop(Cause::FormatLimits, span, "device is too large for new format");
        }
        let request = PartitionRequest {
            disks,
            primary: part.primary,
            grow,
            size,
            max: part.sizes.max,
            bootable: false,
        };
        let name = match &alias {
            Some(alias) => alias.clone(),
            None => format!("req{}", self.tree.next_request()),
        };
        let mut device = Device::new(&name, Kind::Partition(request), Vec::new());
        device.alias = Some(name);
        device.format = format;
        device.span = Some(span);
        let id = self.tree.add(device);
        self.encrypt(id, &part.encryption, span)
    }

    /// The format's name, the mount point, and the name by which other commands call the partition.
    fn kind_of_part(&mut self, part: &Part) -> Result<(String, String, Option<String>), Refusal> {
        let mount = part.mount.as_str();
        for (prefix, kind, what) in
            [("raid.", "mdmember", "RAID"), ("pv.", "lvmpv", "PV"), ("btrfs.", "btrfs", "Btrfs")]
        {
            if !mount.starts_with(prefix) {
                continue;
            }
            if self.tree.by_name(mount).is_some() {
                let says = format!("{what} partition \"{mount}\" is defined multiple times.");
                return stop(Cause::NameInUse, part.span, says);
            }
            if let Some(onpart) = &part.onpart {
                self.stands_for.insert(mount.to_owned(), onpart.name.clone());
            }
            return Ok((kind.to_owned(), String::new(), Some(mount.to_owned())));
        }
        let fstype = part.fstype.clone();
        Ok(match mount {
            "swap" | "appleboot" | "prepboot" | "biosboot" => (mount.to_owned(), String::new(), None),
            "None" => {
                let default = self.tree.default_format.name().to_owned();
                (fstype.unwrap_or(default), String::new(), None)
            }
            "/boot/efi" => ("efi".to_owned(), mount.to_owned(), None),
            _ => {
                let default = self.default_format(mount).name().to_owned();
                (fstype.unwrap_or(default), mount.to_owned(), None)
            }
        })
    }

    fn keep_partition(&mut self, part: &Part, mount: &str) -> Done {
        let Some(onpart) = &part.onpart else {
            let says = "part --noformat must also use the --onpart option.";
            return stop(Cause::NoformatWithoutDevice, part.span, says);
        };
        let Some(id) = self.tree.resolve(&onpart.name) else { return missing_partition(onpart) };
        self.keep(id, mount, part.span);
        Ok(())
    }

    fn keep(&mut self, id: DeviceId, mount: &str, span: Span) {
        let device = &mut self.tree[id];
        device.span = Some(span);
        device.format.mountpoint = (!mount.is_empty()).then(|| mount.to_owned());
    }

    fn disk(&self, disk: &Named) -> Result<DeviceId, Refusal> {
        let name = &disk.name;
        let Some(id) = self.tree.resolve(name) else {
            return stop(
                Cause::NoSuchDisk,
                disk.span,
                format!("Disk \"{name}\" given in part command does not exist."),
            );
        };
        match &self.tree[id].kind {
            Kind::Disk(d) if d.table.is_some() => Ok(id),
            Kind::Disk(_) => stop(
                Cause::NoSuchDisk,
                disk.span,
                format!("Disk \"{name}\" in part command is not partitioned."),
            ),
            _ => stop(
                Cause::NoSuchDisk,
                disk.span,
                format!("Cannot install to unpartitionable device \"{name}\"."),
            ),
        }
    }

    /// Whether a new format fits on a device that has its size already.
    fn check_fit(&self, id: DeviceId, format: &Format, span: Span) -> Done {
        let size = self.tree.size(id);
        if format.kind.max_size().is_some_and(|max| size > max) {
            return stop(Cause::FormatLimits, span, "device is too large for new format");
        }
        if size < format.kind.min_size(self.tree.release) {
            return stop(Cause::FormatLimits, span, "device is too small for new format");
        }
        Ok(())
    }

    /// A device that had this mount point gives way.
    fn give_up_mount(&mut self, mount: &str) {
        if let Some(id) = (!mount.is_empty()).then(|| self.tree.mounted(mount)).flatten() {
            self.tree.remove(id);
        }
    }

    /// Puts a LUKS device between a device and its format.
    fn encrypt(&mut self, id: DeviceId, encryption: &Encryption, span: Span) -> Done {
        if !encryption.wanted {
            return Ok(());
        }
        self.passphrase |= encryption.passphrase;
        let luks1 = encryption.luks1;
        let name = format!("luks{}", self.tree.next_request());
        open_luks(self.tree, id, name, self.passphrase, luks1, span);
        Ok(())
    }

    /// The device behind `pv.01`, `raid.10` or a device's name; the opened one if it is encrypted.
    fn member(&self, member: &Named) -> Option<DeviceId> {
        let name = member.name.as_str();
        let stands_for = self.stands_for.get(name).map_or(name, String::as_str);
        let tree = &*self.tree;
        let id = tree.resolve(name).or_else(|| tree.resolve(stands_for)).or_else(|| tree.by_alias(name))?;
        match tree[id].format.kind {
            FormatKind::Luks => tree.children(id).first().copied(),
            _ => Some(id),
        }
    }

    fn raid(&mut self, raid: &Raid) -> Done {
        let span = raid.span;
        let device_name = match raid.device.strip_prefix("md") {
            Some(rest) if !self.tree.release.is_new() => rest.to_owned(),
            _ => raid.device.clone(),
        };
        let mut mount = raid.mount.clone();
        let kind = match mount.as_str() {
            "swap" => "swap".to_owned(),
            m if m.starts_with("pv.") || m.starts_with("btrfs.") => {
                let (kind, what) = if m.starts_with("pv.") { ("lvmpv", "PV") } else { ("btrfs", "Btrfs") };
                if self.tree.by_name(m).is_some() {
                    let says = format!("{what} partition \"{m}\" is defined multiple times.");
                    return stop(Cause::NameInUse, span, says);
                }
                self.stands_for.insert(m.to_owned(), device_name.clone());
                kind.to_owned()
            }
            m => raid.fstype.clone().unwrap_or_else(|| self.default_format(m).name().to_owned()),
        };
        if mount == "swap" || mount.starts_with("pv.") || mount.starts_with("btrfs.") {
            mount.clear();
        }
        self.check_mount(&mount, span)?;
        if raid.noformat {
            let Some(id) = self.tree.by_name(&device_name) else {
                let says = format!("RAID device  \"{device_name}\" given in raid command does not exist.");
                return stop(Cause::NoSuchDevice, span, says);
            };
            self.keep(id, &mount, span);
            return Ok(());
        }
        let members = self.members(&raid.members, FormatKind::MdMember, span)?;
        let format = self.format(&kind, &mount, span)?;
        if raid.existing {
            let Some(id) = self.tree.by_name(&device_name) else {
                let says =
                    format!("RAID volume \"{device_name}\" specified with --useexisting does not exist.");
                return stop(Cause::NoSuchDevice, span, says);
            };
            self.tree.remove_recursively(id, false);
            self.tree[id].format = format;
            self.tree[id].span = Some(span);
            return self.encrypt(id, &raid.encryption, span);
        }
        if self.tree.by_name(&device_name).is_some_and(|id| matches!(self.tree[id].kind, Kind::Array(_))) {
            let says = format!("The RAID volume name \"{device_name}\" is already in use.");
            return stop(Cause::NameInUse, span, says);
        }
        self.give_up_mount(&mount);
        let Some(level) = Level::from_word(&raid.level) else {
            return stop(Cause::RaidMembers, span, format!("invalid RAID level {}", raid.level));
        };
        let (have, need) = (members.len(), level.min_members());
        if have < need {
            let s = if need == 1 { "" } else { "s" };
            let says =
                format!("RAID level {} requires that device have at least {need} member{s}.", level.name());
            return stop(Cause::RaidMembers, span, says);
        }
        let chunk = raid.chunk;
        if chunk.is_some_and(|c| c.0 % 4096 != 0) {
            return stop(Cause::RaidMembers, span, "new chunk size must be multiple of 4 KiB");
        }
        if chunk.is_some() && level == Level::Raid1 {
            return stop(Cause::RaidMembers, span, "specifying chunk size is not allowed for raid1");
        }
        let array = Array { level, active: have.saturating_sub(raid.spares), chunk };
        let mut device = Device::new(&device_name, Kind::Array(array), members);
        device.alias = Some(raid.mount.clone());
        device.span = Some(span);
        let id = self.tree.add(device);
        self.check_fit(id, &format, span)?;
        self.tree[id].format = format;
        self.encrypt(id, &raid.encryption, span)
    }

    fn check_mount(&self, mount: &str, span: Span) -> Done {
        if mount.is_empty() || mount.starts_with('/') {
            return Ok(());
        }
        let space = if self.tree.release.is_new() { " " } else { "  " };
        let says = format!("The mount point \"{mount}\" is not valid.{space}It must start with a /.");
        stop(Cause::MountPoint, span, says)
    }

    fn members(&self, names: &[Named], wanted: FormatKind, span: Span) -> Result<Vec<DeviceId>, Refusal> {
        let (what, of) = match wanted {
            FormatKind::MdMember => ("RAID device", "RAID specification."),
            FormatKind::Btrfs => ("Btrfs partition", "Btrfs volume specification."),
            _ => ("Physical volume", "Volume Group specification"),
        };
        let mut members = Vec::new();
        for member in names {
            let name = &member.name;
            let Some(id) = self.member(member) else {
                let says = format!("Tried to use undefined partition \"{name}\" in {of}");
                return stop(Cause::UndefinedMember, member.span, says);
            };
            let is = self.tree[id].format.kind;
            if is != wanted {
                let says = format!(
                    "{what} \"{name}\" has a format of \"{}\", but should have a format of \"{}\".",
                    if is == FormatKind::None { "None" } else { is.name() },
                    wanted.name()
                );
                return stop(Cause::WrongMember, member.span, says);
            }
            members.push(id);
        }
        let _ = span;
        Ok(members)
    }

    fn volgroup(&mut self, group: &VolGroup) -> Done {
        let span = group.span;
        let name = &group.name;
        let members = self.members(&group.members, FormatKind::LvmPv, span)?;
        if members.is_empty() && !group.existing {
            let space = if self.tree.release.is_new() { " " } else { "  " };
            let says = format!(
                "Volume group \"{name}\" defined without any physical volumes.{space}Either specify physical volumes \
                 or use --useexisting."
            );
            return stop(Cause::UndefinedMember, span, says);
        }
        let extent = group.extent.unwrap_or(Bytes(4 << 20));
        if !extent.0.is_power_of_two() || !lvm::EXTENTS.contains(&extent.0) {
            let says = format!(
                "Volume group given physical extent size of \"{extent}\", but must be one of:\n{}.",
                extent_sizes()
            );
            return stop(Cause::ExtentSize, span, says);
        }
        let existing = self.tree.by_name(name);
        if group.existing {
            let Some(id) = existing else {
                let says = format!("Volume group \"{name}\" given in volgroup command does not exist.");
                return stop(Cause::NoSuchDevice, span, says);
            };
            self.tree[id].span = Some(span);
            return Ok(());
        }
        if let Some(id) = existing {
            let says = match self.tree[id].kind {
                Kind::Group(_) => format!("The volume group name \"{name}\" is already in use."),
                _ => format!("name '{name}' is already in use"),
            };
            return stop(Cause::NameInUse, span, says);
        }
        let safe = lvm::safe_name(name);
        if !lvm::name_is_valid(&safe) {
            return stop(Cause::InvalidName, span, format!("{safe} is not a valid name for this device"));
        }
        if let Some(says) = self.sector_sizes_differ(&safe, &members) {
            return stop(Cause::WrongMember, span, says);
        }
        let mut new = Group::new(extent);
        if group.reserved_space.0 > 0 {
            new.reserved_space = group.reserved_space;
        } else {
            new.reserved_percent = group.reserved_percent;
        }
        self.stands_for.insert(name.clone(), safe.clone());
        let mut device = Device::new(&safe, Kind::Group(new), members);
        device.span = Some(span);
        self.tree.add(device);
        Ok(())
    }

    fn sector_sizes_differ(&self, name: &str, members: &[DeviceId]) -> Option<String> {
        let sector = |id: DeviceId| {
            let disks = self.tree.disks_below(id);
            disks.iter().filter_map(|&d| self.tree.table(d)).map(|t| t.sector).max().unwrap_or(512)
        };
        let first = sector(*members.first()?);
        members.iter().any(|&m| sector(m) != first).then(|| {
            let mut lines = vec![format!(
                "Cannot create volume group '{name}'. The following disks have inconsistent sector size:"
            )];
            lines.extend(members.iter().map(|&m| format!("{}: {}", self.tree[m].name, sector(m))));
            lines.join("\n")
        })
    }

    fn logvol(&mut self, lv: &LogVol) -> Done {
        let span = lv.span;
        let mut grow = lv.sizes.grow;
        let mut size = (lv.percent > 0).then_some(Bytes(0));
        let mut mount = lv.mount.clone();
        let kind = if mount == "swap" {
            mount.clear();
            if let Some(suggested) = self.suggested(&lv.sizes) {
                size = Some(suggested);
                grow = false;
            }
            "swap".to_owned()
        } else {
            lv.fstype.clone().unwrap_or_else(|| self.tree.default_format.name().to_owned())
        };
        if size.is_none() && !lv.existing {
            let Some(asked) = lv.sizes.size else {
                let not = if self.tree.release.is_new() { "cannot" } else { "can not" };
                let says = format!("Size {not} be decided on from kickstart nor obtained from device.");
                return stop(Cause::VolumeSize, span, says);
            };
            size = Some(asked);
        }
        if lv.pool {
            mount.clear();
        }
        self.check_mount(&mount, span)?;
        let group_name = self.stands_for.get(&lv.group).unwrap_or(&lv.group).clone();
        let group = self.tree.by_name(&group_name).filter(|&g| self.tree[g].group().is_some());
        let Some(group) = group else {
            let space = if self.tree.release.is_new() { " " } else { "  " };
            let says = format!(
                "No volume group exists with the name \"{}\".{space}Specify volume groups before logical volumes.",
                lv.group
            );
            return stop(Cause::NoSuchGroup, lv.group_span, says);
        };
        let full = |name: &str| format!("{group_name}-{name}");
        for pv in &lv.cache_members {
            let known = self.member(pv).is_some_and(|id| self.tree[group].parents.contains(&id));
            if !known {
                return stop(
                    Cause::WrongMember,
                    pv.span,
                    "Cache PVs must belong to the same VG as the cached LV",
                );
            }
        }
        let mut role = Role::Linear;
        if lv.thin {
            let pool_name = lv.pool_name.as_ref().map_or("", |p| p.name.as_str());
            let Some(pool) = self.tree.by_name(&full(pool_name)) else {
                let says = format!(
                    "No thin pool exists with the name \"{pool_name}\". Specify thin pools before thin volumes."
                );
                return stop(Cause::NoSuchPool, lv.pool_name.as_ref().map_or(span, |p| p.span), says);
            };
            role = Role::Thin { pool };
        }
        if lv.existing {
            return self.reuse_volume(lv, &full(&lv.name), &mount, &kind);
        }
        if lv.pool {
            role = Role::Pool { metadata: lv.metadata, chunk: lv.chunk };
        }
        let extent = self.tree[group].group().map_or(Bytes(4 << 20), |g| g.extent);
        self.check_new_volume(lv, &full(&lv.name), &group_name, size.unwrap_or_default(), grow, extent)?;
        let format = match lv.pool {
            true => Format::NONE,
            false => self.format(&kind, &mount, span)?,
        };
        self.give_up_mount(&mount);
        let name = volume_name(lv, &mount);
        if !lvm::volume_name_is_valid(&name) {
            return stop(Cause::InvalidName, span, format!("{name} is not a valid name for this device"));
        }
        if format.kind.max_size().is_some_and(|max| size.unwrap_or_default() > max) {
            return stop(Cause::FormatLimits, span, "device is too large for new format");
        }
        if let Role::Thin { pool } = role
            && !self.tree[pool].volume().is_some_and(|v| matches!(v.role, Role::Pool { .. }))
        {
            return stop(Cause::NoSuchPool, span, "constructor requires a thin-pool LV");
        }
        let parent = if let Role::Thin { pool } = role { pool } else { group };
        let mut device = Device::new(&full(&name), Kind::Subvolume, vec![parent]);
        device.format = format;
        device.span = Some(span);
        let size = size.unwrap_or_default();
        let cached = if lv.cache_members.is_empty() { Bytes(0) } else { lv.cache };
        let volume = Volume {
            group,
            role,
            size,
            asked: size,
            grow,
            max: lv.sizes.max,
            percent: lv.percent,
            cache: Cache::default(),
        };
        let id = lvm::add_volume(self.tree, lvm::NewVolume { device, volume, cache: cached })?;
        self.encrypt(id, &lv.encryption, span)
    }

    fn check_new_volume(
        &self,
        lv: &LogVol,
        full: &str,
        group: &str,
        size: Bytes,
        grow: bool,
        extent: Bytes,
    ) -> Done {
        if self.tree.by_name(full).is_some() {
            let says =
                format!("Logical volume name \"{}\" is already in use in volume group \"{group}\".", lv.name);
            return stop(Cause::NameInUse, lv.span, says);
        }
        if lv.percent == 0 && size.0 > 0 && !grow && size < extent {
            let says = format!(
                "Logical volume size \"{size}\" must be larger than the volume group extent size of \"{extent}\"."
            );
            return stop(Cause::VolumeSize, lv.span, says);
        }
        if lv.sizes.negative {
            let says = "new lv is too large to fit in free space";
            return stop(Cause::VolumeSize, lv.span, says);
        }
        Ok(())
    }

    fn reuse_volume(&mut self, lv: &LogVol, full: &str, mount: &str, kind: &str) -> Done {
        let Some(id) = self.tree.by_name(full) else {
            let says = format!("Logical volume \"{}\" given in logvol command does not exist.", lv.name);
            return stop(Cause::NoSuchDevice, lv.span, says);
        };
        if lv.noformat {
            self.keep(id, mount, lv.span);
            return Ok(());
        }
        let format = self.format(kind, mount, lv.span)?;
        self.tree.remove_recursively(id, false);
        self.check_fit(id, &format, lv.span)?;
        self.tree[id].format = format;
        self.tree[id].span = Some(lv.span);
        self.encrypt(id, &lv.encryption, lv.span)
    }

    fn btrfs(&mut self, btrfs: &Btrfs) -> Done {
        let span = btrfs.span;
        if self.tree.release < Release::Fedora {
            return stop(Cause::UnknownFileSystem, span, "Btrfs file system is not supported.");
        }
        let mount = if matches!(btrfs.mount.as_str(), "none" | "None") { "" } else { btrfs.mount.as_str() };
        let members = if btrfs.subvolume {
            self.btrfs_parent(btrfs)?
        } else {
            self.members(&btrfs.members, FormatKind::Btrfs, span)?
        };
        if members.is_empty() && !btrfs.existing {
            let says = "Btrfs volume defined without any member devices. Either specify member devices or use \
                        --useexisting.";
            return stop(Cause::UndefinedMember, span, says);
        }
        self.check_mount(mount, span)?;
        self.give_up_mount(mount);
        if btrfs.existing {
            let name = btrfs.name.clone().unwrap_or_default();
            let Some(id) = self.tree.resolve(&name) else {
                let says = format!("Btrfs volume \"{name}\" specified with --useexisting does not exist.");
                return stop(Cause::NoSuchDevice, span, says);
            };
            self.keep(id, mount, span);
            return Ok(());
        }
        let (name, kind) = match btrfs.subvolume {
            true => (btrfs.name.clone().unwrap_or_default(), Kind::Subvolume),
            false => {
                (btrfs.label.clone().unwrap_or_else(|| self.tree.profile.short_name.clone()), Kind::Btrfs)
            }
        };
        let mut device = Device::new(&name, kind, members);
        device.alias = btrfs.label.as_ref().map(|l| format!("LABEL={l}"));
        device.format = Format::mounted(FormatKind::Btrfs, mount);
        device.span = Some(span);
        self.tree.add(device);
        Ok(())
    }

    /// The volume that a subvolume lies in: a name, or `LABEL=` of a volume that the kickstart makes.
    fn btrfs_parent(&self, btrfs: &Btrfs) -> Result<Vec<DeviceId>, Refusal> {
        let mut parents = Vec::new();
        for member in &btrfs.members {
            let Some(id) = self.tree.by_alias(&member.name).or_else(|| self.tree.resolve(&member.name))
            else {
                let says = format!(
                    "Tried to use undefined partition \"{}\" in Btrfs volume specification.",
                    member.name
                );
                return stop(Cause::UndefinedMember, member.span, says);
            };
            parents.push(id);
        }
        Ok(parents)
    }
}

/// The file system of `/boot` when nothing is said: the default one if GRUB reads it.
pub fn boot_format(tree: &Tree) -> FormatKind {
    let default = tree.default_format;
    let readable = tree.profile.boot_filesystems;
    if readable.contains(&default.name()) {
        return default;
    }
    readable.first().and_then(|name| FormatKind::from_name(name, tree.release)).unwrap_or(FormatKind::Ext4)
}

/// Encrypts a device: what was on it moves into the opened device.
pub fn open_luks(
    tree: &mut Tree,
    id: DeviceId,
    name: String,
    key: bool,
    luks1: bool,
    span: Span,
) -> DeviceId {
    let inner = std::mem::replace(&mut tree[id].format, Format::new(FormatKind::Luks));
    tree[id].format.has_key = key;
    tree[id].format.luks1 = luks1;
    let mut device = Device::new(&name, Kind::Luks, vec![id]);
    device.format = inner;
    device.span = Some(span);
    tree.add(device)
}

fn missing_partition<T>(onpart: &Named) -> Result<T, Refusal> {
    let says = format!("Partition \"{}\" given in part command does not exist.", onpart.name);
    stop(Cause::NoSuchDevice, onpart.span, says)
}

fn volume_name(lv: &LogVol, mount: &str) -> String {
    let safe = lvm::safe_name(&format!("x-{}", lv.name));
    match safe.strip_prefix("x-") {
        Some(name) if !name.is_empty() => name.to_owned(),
        _ if mount == "/" => "root".to_owned(),
        _ => lvm::safe_name(mount.trim_start_matches('/')),
    }
}

fn extent_sizes() -> String {
    let sizes = (10..=34).map(|power| {
        let size = 1u64 << power;
        match power {
            10 => "1024 B".to_owned(),
            11..=20 => format!("{} KiB", size >> 10),
            21..=30 => format!("{} MiB", size >> 20),
            _ => format!("{} GiB", size >> 30),
        }
    });
    sizes.collect::<Vec<_>>().join(", ")
}
