//! The installer's picture of the machine: all its devices, by name and by parent.
//!
//! Source: blivet's `devicetree.py`; the releases differ as [`Release`] says.

use crate::machine::account::Account;
mod found;

use crate::machine::device::{Device, Group, Kind, Role, Volume, disk_order};
use crate::machine::disk::{DiskSpec, Label};
use crate::machine::format::{Format, FormatKind};
use crate::machine::id::DeviceId;
use crate::machine::lvm;
use crate::machine::md;
use crate::machine::profile::Profile;
use crate::machine::release::{Firmware, Release};
use crate::machine::table::{Entry, Table};
use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};
use node_base::source::Span;
use node_base::units::Bytes;
use std::collections::BTreeSet;
use std::sync::Arc;

/// All devices.
#[derive(Clone, Debug)]
pub struct Tree {
    /// The release of the installer.
    pub release: Release,
    /// How the machine starts.
    pub firmware: Firmware,
    /// Its configuration for the product.
    pub profile: Arc<Profile>,
    /// Memory in bytes.
    pub memory: Bytes,
    /// The default file system (`autopart --fstype` changes it).
    pub default_format: FormatKind,
    /// The label of new tables (`clearpart --disklabel`).
    pub default_label: Option<Label>,
    /// Whether new tables are GPT whatever the release prefers (`inst.gpt`).
    pub(crate) always_gpt: bool,
    /// What a further disk is like: an imaginary machine has as many as partitions need. `None`: it has no further one.
    pub(crate) further_disk: Option<DiskSpec>,
    devices: Vec<Device>,
    names: HashMap<String, DeviceId>,
    aliases: HashMap<String, BTreeSet<DeviceId>>,
    /// The devices on each device.
    children: Vec<BTreeSet<DeviceId>>,
    /// Devices that were added or changed since `mounts` was brought up to date.
    touched: Vec<DeviceId>,
    /// Devices by mount point, and former ones.
    mounts: HashMap<String, BTreeSet<DeviceId>>,
    /// The sums of groups, while volumes are added to them.
    accounts: HashMap<DeviceId, Account>,
    next_request: u32,
}

impl Tree {
    /// The machine before the kickstart is carried out.
    pub(crate) fn new(
        release: Release,
        firmware: Firmware,
        profile: Arc<Profile>,
        memory: Bytes,
        disks: &[DiskSpec],
    ) -> Tree {
        let default_format = if profile.xfs { FormatKind::Xfs } else { FormatKind::Ext4 };
        let mut tree = Tree {
            release,
            firmware,
            profile,
            memory,
            default_format,
            default_label: None,
            always_gpt: false,
            further_disk: None,
            devices: Vec::with_capacity(16),
            names: HashMap::with_capacity(28),
            aliases: HashMap::new(),
            children: Vec::with_capacity(16),
            touched: Vec::new(),
            mounts: HashMap::new(),
            accounts: HashMap::new(),
            next_request: 0,
        };
        for disk in disks {
            tree.add_disk(disk);
        }
        tree.add_old_groups(disks);
        tree
    }

    /// Adds a device.
    pub(crate) fn add(&mut self, device: Device) -> DeviceId {
        let id = DeviceId(self.devices.len() as u32);
        self.names.insert(device.name.clone(), id);
        for &parent in &device.parents {
            self.children[parent.0 as usize].insert(id);
        }
        if let Some(alias) = &device.alias {
            self.aliases.entry(alias.clone()).or_default().insert(id);
        }
        self.touched.push(id);
        self.children.push(BTreeSet::new());
        self.devices.push(device);
        id
    }

    /// Puts a device on this disk and nothing else.
    pub(crate) fn put_on(&mut self, id: DeviceId, disk: DeviceId) {
        for parent in std::mem::replace(&mut self[id].parents, vec![disk]) {
            self.children[parent.0 as usize].remove(&id);
        }
        self.children[disk.0 as usize].insert(id);
    }

    /// Gives a device another name.
    pub(crate) fn rename(&mut self, id: DeviceId, name: String) {
        if self[id].name == name {
            return;
        }
        if self.names.get(&self[id].name) == Some(&id) {
            let old = std::mem::take(&mut self[id].name);
            self.names.remove(&old);
        }
        self.names.insert(name.clone(), id);
        self[id].name = name;
    }

    /// The device of this name.
    pub fn by_name(&self, name: &str) -> Option<DeviceId> {
        self.names.get(name).copied().filter(|id| !self[*id].gone)
    }

    /// A device by what a kickstart calls it: a name, or a path in `/dev`.
    pub(crate) fn resolve(&self, spec: &str) -> Option<DeviceId> {
        let name = spec.strip_prefix("/dev/").unwrap_or(spec);
        let name = name.strip_prefix("mapper/").or_else(|| name.strip_prefix("md/")).unwrap_or(name);
        self.by_name(name).or_else(|| {
            let (group, volume) = name.split_once('/')?;
            self.by_name(&format!("{group}-{volume}"))
        })
    }

    /// The partition that the kickstart calls so.
    pub(crate) fn by_alias(&self, alias: &str) -> Option<DeviceId> {
        self.aliases.get(alias)?.iter().copied().find(|&id| !self[id].gone)
    }

    /// All devices in the order they were added.
    pub fn ids(&self) -> impl Iterator<Item = DeviceId> + '_ {
        (0..self.devices.len() as u32).map(DeviceId).filter(|id| !self[*id].gone)
    }

    /// The number of a request without a name of its own.
    pub(crate) fn next_request(&mut self) -> u32 {
        self.next_request += 1;
        self.next_request - 1
    }

    /// A disk's table.
    pub fn table(&self, disk: DeviceId) -> Option<&Table> {
        match &self[disk].kind {
            Kind::Disk(d) => d.table.as_ref(),
            _ => None,
        }
    }

    /// A disk's table, to change it.
    pub(crate) fn table_mut(&mut self, disk: DeviceId) -> Option<&mut Table> {
        match &mut self[disk].kind {
            Kind::Disk(d) => d.table.as_mut(),
            _ => None,
        }
    }

    /// All disks, in the order that Anaconda prefers them: `vd*` before `sd*` before the rest, then by length and name.
    pub fn disks(&self) -> Vec<DeviceId> {
        let mut disks: Vec<_> = self.ids().filter(|&id| matches!(self[id].kind, Kind::Disk(_))).collect();
        disks.sort_by_cached_key(|&disk| disk_order(&self[disk].name));
        disks
    }

    /// Disks with a partition table, by name.
    pub(crate) fn partitioned(&self) -> Vec<DeviceId> {
        let mut disks: Vec<_> = self.ids().filter(|&id| self.table(id).is_some()).collect();
        disks.sort_by(|a, b| self[*a].name.cmp(&self[*b].name));
        disks
    }

    /// The disk that a partition is on.
    pub fn disk_of(&self, partition: DeviceId) -> Option<DeviceId> {
        let parent = *self[partition].parents.first()?;
        matches!((&self[partition].kind, &self[parent].kind), (Kind::Partition(_), Kind::Disk(_)))
            .then_some(parent)
    }

    /// A partition's place.
    pub(crate) fn entry(&self, partition: DeviceId) -> Option<&Entry> {
        self.table(self.disk_of(partition)?)?.entry(partition)
    }

    /// All disks below a device.
    pub(crate) fn disks_below(&self, mut id: DeviceId) -> Vec<DeviceId> {
        while let [parent] = *self[id].parents {
            id = parent; // nearly always there is one way down
        }
        if matches!(self[id].kind, Kind::Disk(_)) {
            return vec![id];
        }
        let (mut found, mut todo, mut seen) = (Vec::new(), vec![id], HashSet::new());
        while let Some(id) = todo.pop() {
            if !seen.insert(id) {
                continue;
            }
            if matches!(self[id].kind, Kind::Disk(_)) {
                found.push(id);
            } else {
                todo.extend(&self[id].parents);
            }
        }
        found
    }

    /// A disk and all devices that are on it, directly or through others.
    pub(crate) fn on_disk(&self, disk: DeviceId) -> HashSet<DeviceId> {
        let (mut found, mut todo) = (HashSet::new(), vec![disk]);
        while let Some(id) = todo.pop() {
            if found.insert(id) {
                todo.extend(&self.children[id.0 as usize]);
            }
        }
        found
    }

    /// The devices that have this one as a parent.
    pub fn children(&self, id: DeviceId) -> Vec<DeviceId> {
        self.children[id.0 as usize].iter().copied().filter(|&c| !self[c].gone).collect()
    }

    /// The size of a device.
    pub fn size(&self, id: DeviceId) -> Bytes {
        match &self[id].kind {
            Kind::Disk(d) => d.size,
            Kind::Partition(request) => {
                match (self.disk_of(id).and_then(|d| self.table(d)), self.entry(id)) {
                    (Some(table), Some(entry)) => table.bytes(entry.region.sectors()),
                    _ => request.size,
                }
            }
            Kind::Array(a) => {
                let members = self[id].parents.iter().map(|&p| self.size(p));
                md::size(a.level, members, a.active, a.chunk)
            }
            Kind::Luks => {
                let Some(&parent) = self[id].parents.first() else { return Bytes(0) };
                self.size(parent) - self.release.luks_overhead(self[parent].format.luks1)
            }
            Kind::Group(group) => self.group_size(id, group),
            Kind::Volume(v) => v.size,
            Kind::Btrfs(level) => md::btrfs_size(*level, self[id].parents.iter().map(|&p| self.size(p))),
            Kind::Subvolume => self[id].parents.first().map_or(Bytes(0), |&p| self.size(p)),
            Kind::Memory(size) => *size,
        }
    }

    /// The size of a volume group: whole extents of each physical volume after LVM's own data.
    fn group_size(&self, id: DeviceId, group: &Group) -> Bytes {
        let usable = |&member: &DeviceId| {
            if self[member].format.exists && self[id].exists {
                return self.size(member); // an existing group is taken to be as large as its members
            }
            let is_array = matches!(self[member].kind, Kind::Array(_));
            lvm::usable(self.size(member), is_array, group.extent)
        };
        self[id].parents.iter().map(usable).sum()
    }

    /// Free bytes on all disks; a blank disk is free as a whole.
    pub(crate) fn free_space(&self) -> Bytes {
        self.disks().into_iter().map(|d| self.table(d).map_or_else(|| self.size(d), Table::free_bytes)).sum()
    }

    /// The file system of `/boot` when the kickstart names none: the default one if GRUB reads it.
    pub(crate) fn boot_format(&self) -> FormatKind {
        let default = self.default_format;
        let readable = self.profile.boot_filesystems;
        if readable.contains(&default.name()) {
            return default;
        }
        readable
            .first()
            .and_then(|name| FormatKind::from_name(name, self.release))
            .unwrap_or(FormatKind::Ext4)
    }

    /// Encrypts a device: its format moves to the opened device, which is returned. `key`: a passphrase is given.
    pub(crate) fn open_luks(
        &mut self,
        id: DeviceId,
        name: String,
        key: bool,
        luks1: bool,
        span: Span,
    ) -> DeviceId {
        let inner = std::mem::replace(&mut self[id].format, Format::new(FormatKind::Luks));
        self[id].format.has_key = key;
        self[id].format.luks1 = luks1;
        let mut device = Device::new(&name, Kind::Luks, vec![id]);
        device.format = inner;
        device.span = Some(span);
        self.add(device)
    }

    /// The type of a device, by Anaconda's names (`luks/dm-crypt` is `luks`).
    pub fn type_name(&self, id: DeviceId) -> &'static str {
        match &self[id].kind {
            Kind::Disk(_) => "disk",
            Kind::Partition(_) => "partition",
            Kind::Array(_) => "mdarray",
            Kind::Luks => "luks",
            Kind::Group(_) => "lvmvg",
            Kind::Volume(Volume { role: Role::Linear, .. }) => "lvmlv",
            Kind::Volume(Volume { role: Role::Pool { .. }, .. }) => "lvmthinpool",
            Kind::Volume(Volume { role: Role::Thin { .. }, .. }) => "lvmthinlv",
            Kind::Btrfs(_) => "btrfs volume",
            Kind::Subvolume => "btrfs subvolume",
            Kind::Memory(_) => "tmpfs",
        }
    }

    /// The device that will be mounted there; the last one if several are.
    pub fn mounted(&self, mountpoint: &str) -> Option<DeviceId> {
        let there = |id: &DeviceId| {
            let f = &self[*id].format;
            f.kind.mountable() && f.mountpoint.as_deref() == Some(mountpoint)
        };
        self.ids().filter(there).last()
    }

    /// As [`Tree::mounted`], for one lookup after each of many changes.
    pub(crate) fn mounted_now(&mut self, mountpoint: &str) -> Option<DeviceId> {
        for id in std::mem::take(&mut self.touched) {
            if let Some(place) = self.devices[id.0 as usize].format.mountpoint.clone() {
                self.mounts.entry(place).or_default().insert(id);
            }
        }
        let there = |d: &Device| {
            !d.gone && d.format.kind.mountable() && d.format.mountpoint.as_deref() == Some(mountpoint)
        };
        let devices = self.mounts.get_mut(mountpoint)?;
        while let Some(&id) = devices.last() {
            if there(&self.devices[id.0 as usize]) {
                return Some(id);
            }
            devices.pop_last(); // a change would bring it back
        }
        None
    }

    /// The group and its sums, kept until its size can change.
    pub(crate) fn account(&mut self, id: DeviceId) -> Option<(&Group, &Account)> {
        if !self.accounts.contains_key(&id) {
            let account = self.new_account(id);
            self.accounts.insert(id, account);
        }
        Some((self[id].group()?, self.accounts.get(&id)?))
    }

    /// The sums of a group, counted anew.
    pub(crate) fn new_account(&self, id: DeviceId) -> Account {
        let mut account = Account::new(self.size(id));
        let Some(group) = self[id].group() else { return account };
        for volume in group.volumes.iter().filter_map(|&v| self[v].volume()) {
            account.add(volume, group.extent);
        }
        account
    }

    /// Counts a volume that was added to its group, or takes one back before it changes.
    fn count(&mut self, id: DeviceId, counted: fn(&mut Account, &Volume, Bytes)) {
        let Some(volume) = self.devices[id.0 as usize].volume() else { return };
        let Some(extent) = self.devices[volume.group.0 as usize].group().map(|g| g.extent) else { return };
        if let Some(account) = self.accounts.get_mut(&volume.group) {
            counted(account, volume, extent);
        }
    }

    /// Changes a volume, and the sums of its group with it.
    pub(crate) fn change_volume(&mut self, id: DeviceId, change: impl FnOnce(&mut Volume)) {
        self.count(id, Account::remove);
        if let Kind::Volume(volume) = &mut self[id].kind {
            change(volume);
        }
        self.count(id, Account::add);
    }

    /// Adds a volume to its group.
    pub(crate) fn add_volume(&mut self, device: Device, group: DeviceId) -> DeviceId {
        let id = self.add(device);
        if let Kind::Group(group) = &mut self[group].kind {
            group.volumes.insert(id);
        }
        self.count(id, Account::add);
        id
    }

    /// Forgets the sums of all groups: what they are on changes.
    pub(crate) fn close_accounts(&mut self) {
        self.accounts.clear();
    }

    /// All mount points with their devices, each once, in the order they were asked for.
    pub fn mountpoints(&self) -> Vec<(&str, DeviceId)> {
        let mut found: Vec<(&str, DeviceId)> = Vec::new();
        let mut place: HashMap<&str, usize> = HashMap::new();
        for id in self.ids() {
            let f = &self[id].format;
            let Some(m) = f.mountpoint.as_deref().filter(|_| f.kind.mountable()) else { continue };
            match place.get(m) {
                Some(&at) => found[at].1 = id,
                None => {
                    place.insert(m, found.len());
                    found.push((m, id));
                }
            }
        }
        found
    }

    /// Removes a device and all devices on it. A disk is kept, without its table.
    pub(crate) fn remove_recursively(&mut self, id: DeviceId, with_itself: bool) {
        self.close_accounts();
        for child in self.children(id) {
            self.remove_recursively(child, true);
        }
        if let Kind::Disk(disk) = &mut self[id].kind {
            disk.table = None;
        } else if with_itself {
            self.remove(id);
        } else {
            self[id].format = Format::NONE;
        }
    }

    /// Removes one device; its place on the disk and its share of the group become free.
    pub(crate) fn remove(&mut self, id: DeviceId) {
        if let Some(disk) = self.disk_of(id)
            && let Some(table) = self.table_mut(disk)
        {
            table.remove(|e| e.device == Some(id));
        }
        if let Kind::Volume(v) = &self[id].kind {
            let group = v.group;
            self.count(id, Account::remove);
            if let Kind::Group(g) = &mut self[group].kind {
                g.volumes.remove(&id);
            }
        }
        self[id].gone = true;
        for parent in self[id].parents.clone() {
            self.children[parent.0 as usize].remove(&id);
        }
        if let Some(alias) = self.devices[id.0 as usize].alias.as_deref()
            && let Some(named) = self.aliases.get_mut(alias)
        {
            named.remove(&id);
        }
        if self.names.get(&self[id].name) == Some(&id) {
            let name = self[id].name.clone();
            self.names.remove(&name);
        }
    }
}

impl std::ops::Index<DeviceId> for Tree {
    type Output = Device;
    fn index(&self, id: DeviceId) -> &Device {
        &self.devices[id.0 as usize]
    }
}

impl std::ops::IndexMut<DeviceId> for Tree {
    fn index_mut(&mut self, id: DeviceId) -> &mut Device {
        if self.touched.last() != Some(&id) {
            self.touched.push(id);
        }
        &mut self.devices[id.0 as usize]
    }
}
