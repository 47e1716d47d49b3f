//! `raid`.

use super::context::{Custom, Done, enough_members, stop};
use crate::layout::Raid;
use crate::machine::device::{Array, Device, Kind};
use crate::machine::format::FormatKind;
use crate::machine::lvm::safe_name;
use crate::machine::md::Level;
use crate::machine::release::Release;
use crate::plan::cause::Cause;

impl Custom<'_> {
    pub(super) fn raid(&mut self, raid: &Raid) -> Done {
        let span = raid.span;
        let mut device_name = match raid.device.strip_prefix("md") {
            Some(rest) if self.tree.release == Release::Rhel8 => rest.to_owned(),
            _ => raid.device.clone(),
        };
        if raid.existing
            && let Some(id) = self.tree.resolve(&device_name)
        {
            device_name = self.tree[id].name.clone();
        }
        let mut mount = raid.mount.clone();
        let kind = match mount.as_str() {
            "swap" => "swap".to_owned(),
            m if m.starts_with("pv.") || m.starts_with("btrfs.") => {
                let (kind, what) = if m.starts_with("pv.") { ("lvmpv", "PV") } else { ("btrfs", "Btrfs") };
                if self.tree.by_name(m).is_some() {
                    let says = format!("{what} partition \"{m}\" is defined multiple times.");
                    return stop(Cause::NameInUse, span, says);
                }
                self.real_names.insert(m.to_owned(), device_name.clone());
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
        let members = self.members(&raid.members, FormatKind::MdMember)?;
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
        enough_members(level, members.len(), span)?;
        let chunk = raid.chunk;
        if chunk.is_some_and(|c| c.0 % 4096 != 0) {
            return stop(Cause::RaidMembers, span, "new chunk size must be multiple of 4 KiB");
        }
        if chunk.is_some() && level == Level::Raid1 {
            return stop(Cause::RaidMembers, span, "specifying chunk size is not allowed for raid1");
        }
        let array = Array { level, active: members.len().saturating_sub(raid.spares), chunk };
        // A path such as /dev/md1 becomes the name dev_md1: a group that names this array pv.01 does not find it.
        let mut device = Device::new(safe_name(&device_name), Kind::Array(array), members);
        device.span = Some(span);
        let id = self.tree.add(device);
        self.check_fit(id, &format, span)?;
        self.tree[id].format = format;
        self.encrypt(id, &raid.encryption, span)
    }
}
