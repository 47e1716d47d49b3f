//! Carries out the storage commands in Anaconda's order: `reqpart`, `part`, `raid`, `volgroup`, `logvol`, `btrfs`.
//!
//! Source: pyanaconda's `partitioning/custom/custom_partitioning.py`.

mod btrfs;
mod context;
mod part;
mod raid;
mod resize;
mod volumes;

use crate::layout::{Layout, LogVol, Named};
use crate::machine::tree::Tree;
use crate::plan::autopart;
use crate::plan::bootloader::Boot;
use crate::plan::cause::{Cause, Refusal};
use crate::plan::groups;
use crate::plan::partitions;
use context::{Custom, Done};
use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};
use node_base::policy::Scheme;

/// Carries out all commands. `report` gets every refusal, and returns it to stop there, as Anaconda does.
/// Otherwise the commands that need what was refused are skipped.
///
/// # Errors
/// A refusal that `report` returns, or one after which no command can be carried out.
pub(super) fn run(
    tree: &mut Tree,
    layout: &Layout,
    boot: &Boot,
    report: &mut dyn FnMut(Refusal) -> Done,
) -> Done {
    let disk_space = tree.free_space();
    let mut custom = Custom {
        tree,
        disk_space,
        real_names: HashMap::new(),
        passphrase: false,
        cached: HashMap::new(),
        missing: HashSet::new(),
    };
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
        custom.settle(done, &part.mount, report)?;
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
        custom.settle(done, &raid.mount, report)?;
    }
    for group in &layout.groups {
        if custom.lacks(&group.members) {
            custom.missing.insert(group.name.clone());
            continue;
        }
        let done = custom.volgroup(group);
        custom.settle(done, &group.name, report)?;
    }
    for volume in &layout.volumes {
        custom.volume(volume, report)?;
    }
    if !layout.volumes.is_empty() && custom.missing.is_empty() {
        groups::grow_groups(custom.tree)?;
    }
    for btrfs in &layout.btrfs {
        let done = custom.btrfs(btrfs);
        custom.settle(done, &btrfs.mount, report)?;
    }
    Ok(())
}

impl Custom<'_> {
    /// Remembers what a refused command would have made.
    fn settle(&mut self, done: Done, made: &str, report: &mut dyn FnMut(Refusal) -> Done) -> Done {
        match done {
            Ok(()) => Ok(()),
            Err(refusal) => {
                self.missing.insert(made.to_owned());
                report(refusal)
            }
        }
    }

    fn lacks(&self, members: &[Named]) -> bool {
        members.iter().any(|m| self.missing.contains(&m.name))
    }

    fn volume(&mut self, lv: &LogVol, report: &mut dyn FnMut(Refusal) -> Done) -> Done {
        let full_name = |name: &str| format!("{}-{name}", lv.group);
        let lacks = |name: &str| self.missing.contains(name);
        // Nearly always no device is missing: no name is made to find that out.
        if !self.missing.is_empty()
            && (lacks(&lv.group) || lv.pool_name.as_ref().is_some_and(|p| lacks(&full_name(&p.name))))
        {
            self.missing.insert(full_name(&lv.name));
            return Ok(());
        }
        match self.logvol(lv) {
            Err(refusal) if refusal.cause == Cause::GroupFull => self.settle(Err(refusal), &lv.group, report),
            Err(refusal) => self.settle(Err(refusal), &full_name(&lv.name), report),
            Ok(()) => Ok(()),
        }
    }
}
