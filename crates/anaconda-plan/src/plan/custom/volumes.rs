//! `volgroup` and `logvol`.

use super::context::{Custom, Done, stop};
use crate::layout::{LogVol, VolGroup};
use crate::machine::device::{Cache, Device, Group, Kind, Role, Volume};
use crate::machine::format::{Format, FormatKind};
use crate::machine::id::DeviceId;
use crate::machine::lvm;
use crate::plan::cause::Cause;
use crate::plan::groups;
use node_base::units::Bytes;

impl Custom<'_> {
    pub(super) fn volgroup(&mut self, group: &VolGroup) -> Done {
        let span = group.span;
        let name = &group.name;
        let members = self.members(&group.members, FormatKind::LvmPv)?;
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
        self.real_names.insert(name.clone(), safe.clone());
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

    pub(super) fn logvol(&mut self, lv: &LogVol) -> Done {
        let span = lv.span;
        let mut grow = lv.sizes.grow;
        let mut size = (lv.percent > 0).then_some(Bytes(0));
        let mut mount = lv.mount.as_str();
        let kind = if mount == "swap" {
            mount = "";
            if let Some(suggested) = self.suggested(&lv.sizes) {
                size = Some(suggested);
                grow = false;
            }
            "swap"
        } else {
            lv.fstype.as_deref().unwrap_or_else(|| self.tree.default_format.name())
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
            mount = "";
        }
        self.check_mount(mount, span)?;
        let group_name = self.real_names.get(&lv.group).unwrap_or(&lv.group).clone();
        let group = self.tree.by_name(&group_name).filter(|&g| self.tree[g].group().is_some());
        let Some(group) = group else {
            let space = if self.tree.release.is_new() { " " } else { "  " };
            let says = format!(
                "No volume group exists with the name \"{}\".{space}Specify volume groups before logical volumes.",
                lv.group
            );
            return stop(Cause::NoSuchGroup, lv.group_span, says);
        };
        let full = |name: &str| [group_name.as_str(), "-", name].concat();
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
            return self.reuse_volume(lv, &full(&lv.name), mount, kind);
        }
        if lv.pool {
            role = Role::Pool { metadata: lv.metadata, chunk: lv.chunk };
        }
        let extent = self.tree[group].group().map_or(Bytes(4 << 20), |g| g.extent);
        let asked_name = full(&lv.name);
        self.check_new_volume(lv, &asked_name, &group_name, size.unwrap_or_default(), grow, extent)?;
        let format = match lv.pool {
            true => Format::NONE,
            false => self.format(kind, mount, span)?,
        };
        self.give_up_mount(mount);
        let name = volume_name(lv, mount);
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
        let full_name = if name == lv.name { asked_name } else { full(&name) };
        let mut device = Device::new(full_name, Kind::Subvolume, vec![parent]);
        device.format = format;
        device.span = Some(span);
        let size = size.unwrap_or_default();
        let cached = if lv.cache_members.is_empty() { Bytes(0) } else { lv.cache };
        self.place_cache(lv, group, cached)?;
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
        let id = groups::add_volume(self.tree, groups::NewVolume { device, volume, cache: cached })?;
        self.encrypt(id, &lv.encryption, span)
    }

    /// Takes the space of a cache from the physical volumes that it is to be on, in their order.
    fn place_cache(&mut self, lv: &LogVol, group: DeviceId, asked: Bytes) -> Done {
        let Cache { data, metadata } = groups::cache(self.tree, group, asked);
        let mut left = data + metadata;
        let extent = self.tree[group].group().map_or(Bytes(4 << 20), |g| g.extent);
        let members: Vec<DeviceId> = lv.cache_members.iter().filter_map(|pv| self.member(pv)).collect();
        for pv in members {
            let is_array = matches!(self.tree[pv].kind, Kind::Array(_));
            let usable = lvm::usable(self.tree.size(pv), is_array, extent);
            let used = self.cached.entry(pv).or_default();
            let taken = left.min(usable - *used);
            *used = *used + taken;
            left = left - taken;
        }
        if left.0 == 0 || asked.0 == 0 {
            return Ok(());
        }
        let says = format!("Not enough free space in the PVs for this cache: {left} short");
        stop(Cause::GroupFull, lv.cache_members.first().map_or(lv.span, |pv| pv.span), says)
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
        if lv.resize {
            self.resize(id, lv.sizes.size.unwrap_or_default(), lv.span)?;
        }
        self.check_fit(id, &format, lv.span)?;
        self.tree[id].format = format;
        self.tree[id].span = Some(lv.span);
        self.encrypt(id, &lv.encryption, lv.span)
    }
}

fn volume_name(lv: &LogVol, mount: &str) -> String {
    if !lv.name.is_empty() && lvm::is_safe(&lv.name) {
        return lv.name.clone();
    }
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
