//! Carries out the storage commands in Anaconda's order: `reqpart`, `part`, `raid`, `volgroup`, `logvol`, `btrfs`.
//!
//! Source: pyanaconda's `partitioning/custom/custom_partitioning.py`.

mod btrfs;
mod part;
mod raid;
mod volumes;

use crate::layout::{Encryption, Layout, LogVol, Named, Sizes};
use crate::machine::format::{Format, FormatKind};
use crate::machine::id::DeviceId;
use crate::machine::tree::Tree;
use crate::plan::autopart;
use crate::plan::bootloader::Boot;
use crate::plan::cause::{Cause, Refusal};
use crate::plan::groups;
use crate::plan::partitions;
use crate::plan::swap;
use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};
use node_base::policy::Scheme;
use node_base::source::Span;
use node_base::units::Bytes;

/// The commands being carried out.
struct Custom<'a> {
    tree: &'a mut Tree,
    /// Free space on the disks before anything is made: what swap is a tenth of.
    disk_space: Bytes,
    /// `pv.01` and the like that stand for an existing partition or an array.
    stands_for: HashMap<String, String>,
    /// The first passphrase is also that of all devices without one.
    passphrase: bool,
    /// Names that commands were refused for: what needs them is passed over.
    missing: HashSet<String>,
}

type Done = Result<(), Refusal>;

/// Carries out all commands. `tell` hears of every refusal and says whether to go on behind it; Anaconda does not.
/// Commands that need what was refused are then passed over.
///
/// # Errors
/// A refusal that `tell` hands back, or one that nothing can follow.
pub(super) fn run(
    tree: &mut Tree,
    layout: &Layout,
    boot: &Boot,
    tell: &mut dyn FnMut(Refusal) -> Done,
) -> Done {
    let disk_space = tree.free_space();
    let mut custom =
        Custom { tree, disk_space, stands_for: HashMap::new(), passphrase: false, missing: HashSet::new() };
    if let Some(reqpart) = &layout.reqpart {
        let mut wanted = autopart::platform_volumes(custom.tree);
        if !reqpart.add_boot {
            wanted.retain(|w| w.mount.as_deref() != Some("/boot"));
        }
        let disks = autopart::candidates(custom.tree, reqpart.span)?;
        let method = autopart::Method { scheme: Scheme::Plain, encryption: None, span: reqpart.span };
        autopart::schedule(custom.tree, boot, &disks, &[], &wanted, &method)?;
    }
    for part in &layout.partitions {
        let done = custom.part(part);
        custom.settle(done, &part.mount, tell)?;
    }
    if !layout.partitions.is_empty() {
        partitions::allocate(custom.tree, boot.disk)?;
    }
    for raid in &layout.arrays {
        if custom.lacks(&raid.members) {
            custom.missing.insert(raid.mount.clone());
            continue;
        }
        let done = custom.raid(raid);
        custom.settle(done, &raid.mount, tell)?;
    }
    for group in &layout.groups {
        if custom.lacks(&group.members) {
            custom.missing.insert(group.name.clone());
            continue;
        }
        let done = custom.volgroup(group);
        custom.settle(done, &group.name, tell)?;
    }
    for volume in &layout.volumes {
        custom.volume(volume, tell)?;
    }
    if !layout.volumes.is_empty() && custom.missing.is_empty() {
        groups::grow_groups(custom.tree)?;
    }
    for btrfs in &layout.btrfs {
        let done = custom.btrfs(btrfs);
        custom.settle(done, &btrfs.mount, tell)?;
    }
    Ok(())
}

fn stop<T>(cause: Cause, span: Span, says: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::stop(cause, Some(span), says))
}

fn unsupported<T>(span: Span, name: &str) -> Result<T, Refusal> {
    stop(Cause::UnknownFileSystem, span, format!("The \"{name}\" file system type is not supported."))
}

impl Custom<'_> {
    /// Remembers what a refused command would have made.
    fn settle(&mut self, done: Done, made: &str, tell: &mut dyn FnMut(Refusal) -> Done) -> Done {
        match done {
            Ok(()) => Ok(()),
            Err(refusal) => {
                self.missing.insert(made.to_owned());
                tell(refusal)
            }
        }
    }

    fn lacks(&self, members: &[Named]) -> bool {
        members.iter().any(|m| self.missing.contains(&m.name))
    }

    fn volume(&mut self, lv: &LogVol, tell: &mut dyn FnMut(Refusal) -> Done) -> Done {
        let full_name = |name: &str| format!("{}-{name}", lv.group);
        let lacks = |name: &str| self.missing.contains(name);
        // Nearly always nothing is missing: no name is made to find that out.
        if !self.missing.is_empty()
            && (lacks(&lv.group) || lv.pool_name.as_ref().is_some_and(|p| lacks(&full_name(&p.name))))
        {
            self.missing.insert(full_name(&lv.name));
            return Ok(());
        }
        match self.logvol(lv) {
            Err(refusal) if refusal.cause == Cause::GroupFull => self.settle(Err(refusal), &lv.group, tell),
            Err(refusal) => self.settle(Err(refusal), &full_name(&lv.name), tell),
            Ok(()) => Ok(()),
        }
    }

    fn format(&self, name: &str, mount: &str, span: Span) -> Result<Format, Refusal> {
        match FormatKind::from_name(name, self.tree.release) {
            Some(FormatKind::None) | None => unsupported(span, name),
            Some(kind) => Ok(Format::mounted(kind, mount)),
        }
    }

    fn default_format(&self, mount: &str) -> FormatKind {
        if mount == "/boot" { self.tree.boot_format() } else { self.tree.default_format }
    }

    /// Swap that is left to Anaconda; then the request does not grow.
    fn suggested(&self, sizes: &Sizes) -> Option<Bytes> {
        (sizes.recommended || sizes.hibernation)
            .then(|| swap::suggested(self.tree.release, self.tree.memory, sizes.hibernation, self.disk_space))
    }

    fn keep(&mut self, id: DeviceId, mount: &str, span: Span) {
        let device = &mut self.tree[id];
        device.span = Some(span);
        device.format.mountpoint = (!mount.is_empty()).then(|| mount.to_owned());
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
        self.tree.open_luks(id, name, self.passphrase, luks1, span);
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

    fn check_mount(&self, mount: &str, span: Span) -> Done {
        if mount.is_empty() || mount.starts_with('/') {
            return Ok(());
        }
        let space = if self.tree.release.is_new() { " " } else { "  " };
        let says = format!("The mount point \"{mount}\" is not valid.{space}It must start with a /.");
        stop(Cause::MountPoint, span, says)
    }

    fn members(&self, names: &[Named], wanted: FormatKind) -> Result<Vec<DeviceId>, Refusal> {
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
