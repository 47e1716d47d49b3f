//! How much the partitions need and the disks have: the numbers that the installer's words lack.

use crate::machine::device::Kind;
use crate::machine::id::DeviceId;
use crate::machine::tree::Tree;
use crate::plan::cause::{Cause, Refusal};
use node_base::units::Bytes;

/// Adds the numbers to a refusal because of space on disks.
pub(super) fn with_numbers(refusal: Refusal, tree: &Tree) -> Refusal {
    if refusal.cause != Cause::NoSpaceOnDisks || refusal.numbers.is_some() {
        return refusal;
    }
    match numbers(tree) {
        Some(numbers) => refusal.numbers(numbers),
        None => refusal,
    }
}

fn numbers(tree: &Tree) -> Option<String> {
    let disks = tree.disks();
    let requests = || {
        tree.ids().filter_map(|id| match &tree[id].kind {
            Kind::Partition(request) if !tree[id].exists => Some(request),
            _ => None,
        })
    };
    let room = |disk: DeviceId| tree.table(disk).map_or_else(|| tree.size(disk), |t| t.free_bytes());
    let placed = |disk: DeviceId| -> Bytes {
        let new = |id: &DeviceId| !tree[*id].exists;
        let entries = tree.table(disk).into_iter().flat_map(|t| &t.entries);
        entries.filter_map(|e| e.device).filter(new).map(|id| tree.size(id)).sum()
    };
    let mut own: foldhash::HashMap<DeviceId, Bytes> = foldhash::HashMap::default();
    let mut all = Bytes(0);
    for request in requests() {
        all = all + request.size;
        if let [only] = request.disks[..] {
            let sum = own.entry(only).or_default();
            *sum = *sum + request.size;
        }
    }
    for &disk in &disks {
        let (has, asked) = (room(disk) + placed(disk), own.get(&disk).copied().unwrap_or_default());
        if asked > has {
            return Some(format!("{} has {has} free, and {asked} are asked of it", tree[disk].name));
        }
    }
    let has: Bytes = disks.iter().map(|&disk| room(disk) + placed(disk)).sum();
    let names: Vec<&str> = disks.iter().map(|&disk| tree[disk].name.as_str()).collect();
    let verb = if disks.len() == 1 { "has" } else { "together have" };
    (all.0 > 0).then(|| format!("{} {verb} {has} free, and the partitions need {all}", names.join(", ")))
}
