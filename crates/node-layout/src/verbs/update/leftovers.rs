//! What an interrupted update has left. Its base has the tag `making` until everything is complete, so it goes last.

use super::super::node::Node;
use super::super::var;
use crate::disks::pool::Removal;
use crate::disks::{LogicalVolume, TAG_LAYER, TAG_MAKING};
use crate::files::{Change, Method};
use crate::images::kept;
use crate::images::trial::{is_base, layer_of_id};
use crate::plan::Action;
use node_base::boot_entry::BootEntry;
use node_base::names::{Layer, Nvr};

/// The bases that an interrupted update has left in root's pool. A tag alone can be set by anybody, so all marks are asked for.
pub(super) fn bases<'a>(node: &Node<'a>) -> Vec<&'a LogicalVolume> {
    let is_left = |v: &&LogicalVolume| is_left(v, node.root);
    node.lvm.volumes.iter().filter(is_left).collect()
}

/// Whether a volume is such a base, in the pool of `root`.
pub(super) fn is_left(v: &LogicalVolume, root: &LogicalVolume) -> bool {
    v.has_tag(TAG_MAKING)
        && is_base(v)
        && v.vg == root.vg
        && v.pool == root.pool
        && v.uuid != root.uuid
        // A volume that is no snapshot gets this later.
        && (v.skip_activation || v.origin.is_none())
        && Nvr::parse(&v.name).is_ok()
}

/// The layers of such a base, with the marks that an update gives them.
pub(super) fn layers<'l>(
    volumes: &'l [LogicalVolume],
    base: &LogicalVolume,
    root: &LogicalVolume,
) -> Vec<&'l LogicalVolume> {
    let of_base = |v: &&LogicalVolume| {
        Layer::parse(&v.name).is_some_and(|layer| layer.nvr.as_str() == base.name)
            && v.is_thin()
            && v.has_tag(TAG_LAYER)
            && v.vg == base.vg
            && v.pool == base.pool
            && v.uuid != root.uuid
    };
    volumes.iter().filter(of_base).collect()
}

/// The entries among `entries` of the layers of a base, by their ids, which no other program makes.
fn entries<'e>(entries: &'e [BootEntry], base: &'e LogicalVolume) -> impl Iterator<Item = &'e BootEntry> {
    entries.iter().filter(|e| layer_of_id(&e.id).is_some_and(|layer| layer.nvr.as_str() == base.name))
}

/// The entries that are there without those of the bases.
pub(super) fn entries_without(node: &Node<'_>, bases: &[&LogicalVolume]) -> Vec<BootEntry> {
    let gone =
        |e: &&BootEntry| bases.iter().any(|base| entries(std::slice::from_ref(*e), base).next().is_some());
    node.boot.entries.iter().filter(|e| !gone(e)).cloned().collect()
}

/// The actions that remove a base with everything that belongs to it.
pub(super) fn removal(node: &Node<'_>, base: &LogicalVolume, left: &[BootEntry]) -> Vec<Action> {
    let boot = node.boot;
    let removals: Vec<Change> = entries(&boot.entries, base)
        .filter_map(|e| Change::remove(boot.entry_path(&e.id), Method::ReplaceForBoot))
        .collect();
    let mut actions = vec![Action::Change(removals)];
    let volumes = layers(&node.lvm.volumes, base, node.root);
    // The directory is made before the layer's entry, and may be there without a volume.
    let mut names: Vec<String> = volumes.iter().map(|v| v.name.clone()).collect();
    names.push(format!("{}+{}", base.name, crate::images::FIRST_LAYER));
    names.sort();
    names.dedup();
    for layer in names {
        let directory = boot.file(&layer);
        if !directory.is_dir() {
            continue;
        }
        let (made, whole) = kept::made(boot, left, &layer);
        let remove =
            |path| Change { path, before: None, after: None, method: Method::ReplaceForBoot, like: None };
        actions.push(match whole {
            true => Action::RemoveDirectory(directory),
            false => Action::Change(made.into_iter().map(remove).collect()),
        });
    }
    if let Ok(nvr) = Nvr::parse(&base.name) {
        let record = Change::remove(var::record(node.system, &nvr), Method::Replace);
        actions.push(Action::Change(record.into_iter().collect()));
        let conflicts = super::etc::kept(node.system, &nvr);
        actions.extend(conflicts.is_dir().then_some(Action::RemoveDirectory(conflicts)));
    }
    let removal = |v| Action::RemoveVolume(Removal::of_unfinished(v, &node.lvm.volumes));
    actions.extend(volumes.into_iter().chain([base]).map(removal));
    actions
}
