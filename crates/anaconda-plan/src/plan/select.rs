//! Which disks the installer uses, which partitions it removes and which disks get a new table:
//! `ignoredisk`, `clearpart`, `zerombr`.
//!
//! Source: pyanaconda's `disk_selection`, `disk_initialization/configuration.py`, `partitioning/automatic/
//! noninteractive_partitioning.py`.

use crate::layout::{Clear, Layout, Named, Selection};
use crate::machine::device::Kind;
use crate::machine::disk::Label;
use crate::machine::id::DeviceId;
use crate::machine::release::Firmware;
use crate::machine::table::{Slot, Table};
use crate::machine::tree::Tree;
use crate::plan::cause::{Cause, Refusal};
use foldhash::{HashMap, HashSet, HashSetExt};
use std::cell::OnceCell;

/// Checks the names in `ignoredisk`, `clearpart` and `bootloader` against the disks, before anything is changed.
///
/// # Errors
/// [`Cause::NoSuchDisk`], [`Cause::UnknownFileSystem`], [`Cause::BootLoaderLocation`].
pub(super) fn check_names(tree: &Tree, layout: &Layout) -> Result<(), Refusal> {
    let s = &layout.selection;
    let (disks, devices) = (Names::of_disks(tree), Names::of_devices(tree));
    let exist = |names: &[Named], command: &str| {
        names.iter().find(|n| disks.matching(&n.name).is_empty()).map_or(Ok(()), |n| {
            let says = format!("Disk \"{}\" given in {command} command does not exist.", n.name);
            Err(Refusal::stop(Cause::NoSuchDisk, Some(n.span), says).numbers(disks_of(tree)))
        })
    };
    exist(&s.only, "ignoredisk")?;
    exist(&s.ignored, "ignoredisk")?;
    if let Some(label) = s.label.as_ref().filter(|l| Label::from_name(&l.name).is_none()) {
        let says = format!(
            "Disklabel \"{}\" given in clearpart command is not supported on this platform.",
            label.name
        );
        return Err(Refusal::stop(Cause::UnknownFileSystem, Some(label.span), says));
    }
    if let Some(n) = s.devices.iter().find(|n| devices.matching(&n.name).is_empty()) {
        let says = format!("Device \"{}\" given in clearpart device list does not exist.", n.name);
        return Err(Refusal::stop(Cause::NoSuchDevice, Some(n.span), says));
    }
    exist(&s.drives, "clearpart")?;
    if layout.boot_loader.on_partition && !layout.boot_loader.disabled {
        let says = "GRUB2 does not support installation to a partition.";
        return Err(Refusal::stop(Cause::BootLoaderLocation, layout.boot_loader.span, says));
    }
    Ok(())
}

/// The devices that exist, by name: a kickstart can list as many as there are. Most list none: they are collected for the
/// first name.
pub(super) struct Names<'t> {
    tree: &'t Tree,
    is_wanted: fn(&Kind) -> bool,
    known: OnceCell<Known<'t>>,
}

struct Known<'t> {
    ids: Vec<DeviceId>,
    by_name: HashMap<&'t str, Vec<DeviceId>>,
}

impl<'t> Names<'t> {
    /// Disks only.
    pub(super) fn of_disks(tree: &'t Tree) -> Names<'t> {
        Names { tree, is_wanted: |kind| matches!(kind, Kind::Disk(_)), known: OnceCell::new() }
    }

    /// Devices of every kind.
    pub(super) fn of_devices(tree: &'t Tree) -> Names<'t> {
        Names { tree, is_wanted: |_| true, known: OnceCell::new() }
    }

    fn known(&self) -> &Known<'t> {
        self.known.get_or_init(|| {
            let tree = self.tree;
            let is_wanted = |id: &DeviceId| tree[*id].exists && (self.is_wanted)(&tree[*id].kind);
            let ids: Vec<DeviceId> = tree.ids().filter(is_wanted).collect();
            let mut by_name: HashMap<&str, Vec<DeviceId>> = HashMap::default();
            for &id in &ids {
                by_name.entry(&tree[id].name).or_default().push(id);
            }
            Known { ids, by_name }
        })
    }

    /// Devices that a specification names: names, shell patterns, alternatives separated by `|`.
    pub(super) fn matching(&self, spec: &str) -> Vec<DeviceId> {
        let known = self.known();
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        for one in spec.split('|') {
            let one = one.strip_prefix("/dev/").unwrap_or(one);
            let ids: Vec<DeviceId> = if is_pattern(one) {
                let fits = |id: &DeviceId| glob(one.as_bytes(), self.tree[*id].name.as_bytes());
                known.ids.iter().copied().filter(fits).collect()
            } else {
                known.by_name.get(one).cloned().unwrap_or_default()
            };
            found.extend(ids.into_iter().filter(|&id| seen.insert(id)));
        }
        found
    }

    fn all_matching(&self, names: &[Named]) -> HashSet<DeviceId> {
        names.iter().flat_map(|n| self.matching(&n.name)).collect()
    }
}

/// The disks of the machine, as part of a sentence.
pub(super) fn disks_of(tree: &Tree) -> String {
    const MOST: usize = 8;
    let disks = tree.disks();
    let names: Vec<&str> = disks.iter().take(MOST).map(|&id| tree[id].name.as_str()).collect();
    let further = match disks.len().saturating_sub(MOST) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    format!("the machine has {}{further}", names.join(", "))
}

/// Whether [`glob`] compares more than characters.
pub(super) fn is_pattern(name: &str) -> bool {
    name.contains(['*', '?', '['])
}

/// A shell pattern: `*`, `?` and `[...]`.
pub(crate) fn glob(pattern: &[u8], name: &[u8]) -> bool {
    // Remembers the last star only: linear in the name for each star, never exponential.
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        let step = match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
                continue;
            }
            Some(b'?') => Some(p + 1),
            Some(b'[') => class(&pattern[p..], name[n]).map(|len| p + len),
            Some(c) if *c == name[n] => Some(p + 1),
            _ => None,
        };
        match (step, star) {
            (Some(next), _) => (p, n) = (next, n + 1),
            (None, Some((at, from))) => {
                star = Some((at, from + 1));
                (p, n) = (at + 1, from + 1);
            }
            (None, None) => return false,
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

/// Whether `c` is in the class that the pattern starts with; if so, how long the class is written.
fn class(pattern: &[u8], c: u8) -> Option<usize> {
    let close = pattern.iter().skip(2).position(|b| *b == b']')? + 2;
    let (inside, negated) = match pattern.get(1) {
        Some(b'!' | b'^') => (&pattern[2..close], true),
        _ => (&pattern[1..close], false),
    };
    let mut hit = false;
    let mut i = 0;
    while i < inside.len() {
        if i + 2 < inside.len() && inside[i + 1] == b'-' {
            hit |= (inside[i]..=inside[i + 2]).contains(&c);
            i += 3;
        } else {
            hit |= inside[i] == c;
            i += 1;
        }
    }
    (hit != negated).then_some(close + 1)
}

/// Removes the disks that may not be used, and the devices on them. Groups that are on other disks, too, become
/// incomplete.
pub(super) fn select(tree: &mut Tree, selection: &Selection) {
    let disks = Names::of_disks(tree);
    let (only, ignored) = (disks.all_matching(&selection.only), disks.all_matching(&selection.ignored));
    let hidden: HashSet<DeviceId> = tree
        .disks()
        .into_iter()
        .filter(|d| (!only.is_empty() && !only.contains(d)) || ignored.contains(d))
        .collect();
    if hidden.is_empty() {
        return;
    }
    let on_hidden = |tree: &Tree, id: DeviceId| tree.disks_below(id).iter().any(|d| hidden.contains(d));
    let groups: HashSet<DeviceId> =
        tree.ids().filter(|&id| tree[id].group().is_some() && on_hidden(tree, id)).collect();
    for &group in &groups {
        let split = tree.disks_below(group).iter().any(|d| !hidden.contains(d));
        if let Kind::Group(g) = &mut tree[group].kind {
            g.incomplete = split;
        }
    }
    for id in tree.ids().filter(|&id| on_hidden(tree, id)).collect::<Vec<_>>() {
        let incomplete = tree[id].group().is_some_and(|g| g.incomplete);
        if !incomplete {
            tree[id].gone = true;
        }
    }
    // Volumes of a split group are hidden with it; the group is kept for the messages.
    for id in tree
        .ids()
        .filter(|&id| tree[id].volume().is_some_and(|v| groups.contains(&v.group)))
        .collect::<Vec<_>>()
    {
        tree[id].gone = true;
    }
}

/// Removes partitions and writes new tables as `clearpart` and `zerombr` say.
/// `afresh`: autopart also clears what is not there yet.
///
/// # Errors
/// [`Cause::NoUsableDisk`], [`Cause::GroupOnOtherDisks`].
pub(super) fn clear(tree: &mut Tree, selection: &Selection) -> Result<(), Refusal> {
    let drives = Names::of_disks(tree).all_matching(&selection.drives);
    let listed = Names::of_devices(tree).all_matching(&selection.devices);
    tree.default_label = selection.label.as_ref().and_then(|l| Label::from_name(&l.name));
    // Drives that are named and not used still name something: no other drive is cleared.
    let cleared = |disk: DeviceId| selection.drives.is_empty() || drives.contains(&disk);
    let mut touched = Vec::new();
    for disk in tree.disks().into_iter().filter(|&d| cleared(d)) {
        let entries = tree.table(disk).map(|t| t.entries.clone()).unwrap_or_default();
        for entry in entries.iter().rev().filter(|e| e.slot != Slot::Extended) {
            let Some(id) = entry.device else { continue };
            let remove = match selection.clear {
                Clear::None => false,
                Clear::All => true,
                Clear::Linux => tree[id].format.kind.linux_native(),
                Clear::List => listed.contains(&id),
            };
            if remove {
                touched.extend(
                    tree.children(id).into_iter().filter(|&g| tree[g].group().is_some_and(|g| g.incomplete)),
                );
                tree.remove_recursively(id, true);
            }
        }
    }
    for disk in tree.disks() {
        remove_empty_extended(tree, disk);
        let removable = cleared(disk) && disk_is_removable(tree, disk, selection, &listed);
        let unrecognized = selection.zerombr && tree.table(disk).is_none();
        if removable || unrecognized {
            initialize(tree, disk);
        }
    }
    if tree.disks().is_empty() {
        return Err(Refusal::stop(Cause::NoUsableDisk, None, "No usable disks."));
    }
    match touched.first() {
        Some(&group) => Err(split_group(tree, group)),
        None => Ok(()),
    }
}

fn split_group(tree: &Tree, group: DeviceId) -> Refusal {
    let used: Vec<_> = tree[group]
        .parents
        .iter()
        .flat_map(|&pv| tree.disks_below(pv))
        .filter(|&d| !tree[d].gone)
        .map(|d| tree[d].name.clone())
        .collect();
    let says = format!(
        "Selected disks {} contain volume group '{}' that also uses further unselected disks. You must select or \
         de-select all these disks as a set.",
        used.join(", "),
        tree[group].name
    );
    Refusal::stop(Cause::GroupOnOtherDisks, None, says)
}

fn remove_empty_extended(tree: &mut Tree, disk: DeviceId) {
    let Some(table) = tree.table(disk) else { return };
    let logical = table.entries.iter().any(|e| e.slot == Slot::Logical);
    if let Some(extended) = table.extended().filter(|_| !logical).and_then(|e| e.device) {
        tree.remove(extended);
    }
}

fn disk_is_removable(tree: &Tree, disk: DeviceId, selection: &Selection, listed: &HashSet<DeviceId>) -> bool {
    let empty = tree.table(disk).is_none_or(|t| t.entries.is_empty());
    match selection.clear {
        Clear::None => selection.init_labels && empty,
        Clear::All => true,
        Clear::Linux => selection.init_labels && empty,
        Clear::List => empty && listed.contains(&disk),
    }
}

/// Gives a disk an empty table of the type that the release prefers.
fn initialize(tree: &mut Tree, disk: DeviceId) {
    tree.remove_recursively(disk, false);
    let label = best_label(tree, disk);
    let name = tree[disk].name.clone();
    if let Kind::Disk(d) = &mut tree[disk].kind {
        d.table = Some(Table::new(label, &name, d.size, d.sector));
        d.new_table = true;
    }
}

fn best_label(tree: &Tree, disk: DeviceId) -> Label {
    let Kind::Disk(d) = &tree[disk].kind else { return Label::Gpt };
    let gpt_first = tree.always_gpt || tree.release.is_new() || tree.firmware == Firmware::Uefi;
    let platform = if gpt_first { [Label::Gpt, Label::Msdos] } else { [Label::Msdos, Label::Gpt] };
    let order = tree.default_label.into_iter().chain(platform);
    let fits = |label: &Label| {
        let table = Table::new(*label, &tree[disk].name, d.size, d.sector);
        table.sectors < table.last_start()
    };
    let first = tree.default_label.unwrap_or(platform[0]);
    order.into_iter().find(fits).unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn patterns_match_as_in_a_shell() {
        let m = |p: &str, n: &str| glob(p.as_bytes(), n.as_bytes());
        assert!(m("sd*", "sda") && m("vd[ab]", "vdb") && m("nvme?n1", "nvme0n1") && m("*", "x"));
        assert!(!m("sd*", "vda") && !m("vd[!a]", "vda") && !m("sda", "sdaa"));
        let long = format!("{}x", "a*".repeat(200));
        assert!(!glob(long.as_bytes(), "a".repeat(5000).as_bytes()), "a hostile pattern ends soon");
    }
}
