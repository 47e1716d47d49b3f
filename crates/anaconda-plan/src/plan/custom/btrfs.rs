//! `btrfs`.

use super::context::{Custom, Done, enough_members, stop};
use crate::layout::Btrfs;
use crate::machine::device::{Device, Kind};
use crate::machine::format::{Format, FormatKind};
use crate::machine::id::DeviceId;
use crate::machine::md::Level;
use crate::machine::release::Release;
use crate::plan::cause::{Cause, Refusal};
use node_base::source::Span;

/// The RAID level that a word asks for; `None` for `single` and `dup`, which need no second member.
fn btrfs_level(word: Option<&str>, members: usize, span: Span) -> Result<Option<Level>, Refusal> {
    let level = word.and_then(Level::from_word);
    if let Some(level) = level {
        enough_members(level, members, span)?;
    }
    Ok(level)
}

impl Custom<'_> {
    pub(super) fn btrfs(&mut self, btrfs: &Btrfs) -> Done {
        let span = btrfs.span;
        if self.tree.release < Release::Fedora {
            return stop(Cause::UnknownFileSystem, span, "Btrfs file system is not supported.");
        }
        let mount = if matches!(btrfs.mount.as_str(), "none" | "None") { "" } else { btrfs.mount.as_str() };
        let members = if btrfs.subvolume {
            self.btrfs_parent(btrfs)?
        } else {
            self.members(&btrfs.members, FormatKind::Btrfs)?
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
                let level = btrfs_level(btrfs.data.as_deref(), members.len(), span)?;
                btrfs_level(btrfs.metadata.as_deref(), members.len(), span)?;
                let name = btrfs.label.clone().unwrap_or_else(|| self.tree.profile.short_name.clone());
                (name, Kind::Btrfs(level))
            }
        };
        let mut device = Device::new(&name, kind, members);
        device.alias = btrfs.label.as_ref().map(|l| format!("LABEL={l}"));
        device.format = Format::mounted(FormatKind::Btrfs, mount);
        device.span = Some(span);
        self.tree.add(device);
        Ok(())
    }

    /// The volume that a subvolume is in: a name, or `LABEL=` of a volume that the kickstart makes.
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
