//! `part`.

use super::context::{Custom, Done, stop};
use crate::layout::{Named, Part};
use crate::machine::device::{Device, Kind, PartitionRequest};
use crate::machine::format::FormatKind;
use crate::machine::id::DeviceId;
use crate::plan::cause::{Cause, Refusal};
use crate::plan::partitions;
use crate::plan::select::disks_of;

impl Custom<'_> {
    pub(super) fn part(&mut self, part: &Part) -> Done {
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
            if part.resize {
                self.resize(id, part.sizes.size.unwrap_or_default(), span)?;
            }
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
                self.real_names.insert(mount.to_owned(), onpart.name.clone());
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

    fn disk(&self, disk: &Named) -> Result<DeviceId, Refusal> {
        let name = &disk.name;
        let Some(id) = self.tree.resolve(name) else {
            let says = format!("Disk \"{name}\" given in part command does not exist.");
            let refusal = Refusal::stop(Cause::NoSuchDisk, Some(disk.span), says);
            return Err(refusal.numbers(disks_of(self.tree)));
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
}

fn missing_partition<T>(onpart: &Named) -> Result<T, Refusal> {
    let says = format!("Partition \"{}\" given in part command does not exist.", onpart.name);
    stop(Cause::NoSuchDevice, onpart.span, says)
}
