//! What the commands have in common: the devices so far, formats, members, encryption.

use crate::layout::{Encryption, Named, Sizes};
use crate::machine::device::{Device, Kind};
use crate::machine::format::{Format, FormatKind};
use crate::machine::id::DeviceId;
use crate::machine::md::Level;
use crate::machine::tree::Tree;
use crate::plan::cause::{Cause, Refusal};
use crate::plan::{luks, swap};
use foldhash::{HashMap, HashSet};
use node_base::source::Span;
use node_base::units::Bytes;

/// The commands being carried out.
pub(super) struct Custom<'a> {
    pub(super) tree: &'a mut Tree,
    /// Free space on the disks before anything is made: what swap is a tenth of.
    pub(super) disk_space: Bytes,
    /// The device names behind names such as `pv.01`: an existing partition or an array.
    pub(super) real_names: HashMap<String, String>,
    /// The first passphrase is also that of all devices without one.
    pub(super) passphrase: bool,
    /// Bytes of physical volumes that caches take.
    pub(super) cached: HashMap<DeviceId, Bytes>,
    /// Names of devices whose commands were refused: commands that need them are skipped.
    pub(super) missing: HashSet<String>,
}

pub(super) type Done = Result<(), Refusal>;

/// A refusal that is about one command.
pub(super) fn stop<T>(cause: Cause, span: Span, says: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::stop(cause, Some(span), says))
}

/// Whether so many members are enough for a RAID level.
pub(super) fn enough_members(level: Level, have: usize, span: Span) -> Done {
    let need = level.min_members();
    if have >= need {
        return Ok(());
    }
    let s = if need == 1 { "" } else { "s" };
    let says = format!("RAID level {} requires that device have at least {need} member{s}.", level.name());
    stop(Cause::RaidMembers, span, says)
}

/// Whether a device was asked to grow.
fn grows(device: &Device) -> bool {
    match &device.kind {
        Kind::Partition(request) => request.grow,
        Kind::Volume(volume) => volume.grow,
        _ => false,
    }
}

fn unsupported<T>(span: Span, name: &str) -> Result<T, Refusal> {
    stop(Cause::UnknownFileSystem, span, format!("The \"{name}\" file system type is not supported."))
}

impl Custom<'_> {
    pub(super) fn format(&self, name: &str, mount: &str, span: Span) -> Result<Format, Refusal> {
        match FormatKind::from_name(name, self.tree.release) {
            Some(FormatKind::None) | None => unsupported(span, name),
            Some(kind) => Ok(Format::mounted(kind, mount)),
        }
    }

    pub(super) fn default_format(&self, mount: &str) -> FormatKind {
        if mount == "/boot" { self.tree.boot_format() } else { self.tree.default_format }
    }

    /// The size of swap if Anaconda chooses it; such a request does not grow.
    pub(super) fn suggested(&self, sizes: &Sizes) -> Option<Bytes> {
        (sizes.recommended || sizes.hibernation)
            .then(|| swap::suggested(self.tree.release, self.tree.memory, sizes.hibernation, self.disk_space))
    }

    pub(super) fn keep(&mut self, id: DeviceId, mount: &str, span: Span) {
        let device = &mut self.tree[id];
        device.span = Some(span);
        device.format.mountpoint = (!mount.is_empty()).then(|| mount.to_owned());
    }

    /// Whether a new format fits on a device that has its size already.
    pub(super) fn check_fit(&self, id: DeviceId, format: &Format, span: Span) -> Done {
        let size = self.tree.size(id);
        if format.kind.max_size().is_some_and(|max| size > max) {
            return stop(Cause::FormatLimits, span, "device is too large for new format");
        }
        if size < format.kind.min_size(self.tree.release) {
            return stop(Cause::FormatLimits, span, "device is too small for new format");
        }
        Ok(())
    }

    /// Removes the device that has this mount point.
    pub(super) fn give_up_mount(&mut self, mount: &str) {
        if let Some(id) = (!mount.is_empty()).then(|| self.tree.mounted_now(mount)).flatten() {
            self.tree.remove(id);
        }
    }

    /// Puts a LUKS device between a device and its format.
    pub(super) fn encrypt(&mut self, id: DeviceId, encryption: &Encryption, span: Span) -> Done {
        if !encryption.wanted {
            return Ok(());
        }
        luks::check(encryption, span)?;
        self.passphrase |= encryption.passphrase;
        let luks1 = encryption.luks1;
        let name = format!("luks{}", self.tree.next_request());
        let opened = self.tree.open_luks(id, name, self.passphrase, luks1, span);
        let least = self.tree[opened].format.kind.min_size(self.tree.release);
        // The header of LUKS is taken off. What grows is large enough in the end.
        if self.tree.size(opened) < least && !grows(&self.tree[id]) {
            return stop(Cause::FormatLimits, span, "device is too small for new format");
        }
        Ok(())
    }

    /// The device that `pv.01`, `raid.10` or a name stands for; the opened one if it is encrypted.
    pub(super) fn member(&self, member: &Named) -> Option<DeviceId> {
        let name = member.name.as_str();
        let real_names = self.real_names.get(name).map_or(name, String::as_str);
        let tree = &*self.tree;
        let id = tree.resolve(name).or_else(|| tree.resolve(real_names)).or_else(|| tree.by_alias(name))?;
        match tree[id].format.kind {
            FormatKind::Luks => tree.children(id).first().copied(),
            _ => Some(id),
        }
    }

    pub(super) fn check_mount(&self, mount: &str, span: Span) -> Done {
        if mount.is_empty() || mount.starts_with('/') {
            return Ok(());
        }
        let space = if self.tree.release.is_new() { " " } else { "  " };
        let says = format!("The mount point \"{mount}\" is not valid.{space}It must start with a /.");
        stop(Cause::MountPoint, span, says)
    }

    pub(super) fn members(&self, names: &[Named], wanted: FormatKind) -> Result<Vec<DeviceId>, Refusal> {
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
        Ok(members)
    }
}
