//! What is drawn of a tree of devices: a card for each device that has parts, with the words of the tree for people.

use crate::report::plan_human::{details, images_fit, short_name};
use anaconda_plan::machine::{DeviceId, FormatKind, Kind, Role, Slot, Tree, Volume};
use anaconda_plan::{Attempt, capacity};
use node_base::capacity::images;
use node_base::policy::Policy;
use node_base::units::Bytes;

/// Free space on a disk that is not worth a line.
const GAP: Bytes = Bytes(64 << 20);

/// What a card is about; lines lead to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// A device.
    Device(DeviceId),
    /// What has no place on the disks.
    Unplaced,
}

/// One device, and what is in it.
#[derive(Debug)]
pub(super) struct Card {
    pub(super) key: Key,
    pub(super) name: String,
    pub(super) size: String,
    pub(super) details: String,
    /// Width of its bar as a share of the widest one.
    pub(super) share: f64,
    pub(super) parts: Vec<Part>,
    /// A line through the bar: where, as a share of the bar, and what it means.
    pub(super) mark: Option<(f64, String)>,
    /// What follows from it.
    pub(super) notes: Vec<String>,
}

/// One box of a bar.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) details: String,
    pub(super) class: &'static str,
    pub(super) size: Bytes,
    /// Whether it has no size of its own: a subvolume.
    pub(super) is_shared: bool,
    /// The card of the device that is made of it.
    pub(super) leads_to: Option<Key>,
}

impl Part {
    fn plain(name: &str, class: &'static str, size: Bytes) -> Part {
        Part { name: name.to_owned(), details: String::new(), class, size, is_shared: false, leads_to: None }
    }
}

/// The cards of a plan.
pub(super) fn of_tree(tree: &Tree, policy: Option<&Policy>) -> Vec<Card> {
    let mut cards = disks(tree, Bytes(0));
    cards.extend(above_disks(tree, policy));
    cards
}

/// The cards of a plan that stopped: what is there, and what does not fit.
pub(super) fn of_attempt(attempt: &Attempt) -> Vec<Card> {
    let tree = &attempt.tree;
    let unplaced: Vec<DeviceId> = attempt.unplaced().collect();
    let asked: Bytes = unplaced.iter().map(|&id| tree.size(id)).sum();
    let mut cards = disks(tree, asked);
    if !unplaced.is_empty() {
        let free = cards.iter().flat_map(|c| &c.parts).filter(|p| p.class == "free").map(|p| p.size).sum();
        let part = |&id: &DeviceId| {
            // It has no name before it has a place, but members of groups and arrays have one in the kickstart.
            let is_member = |alias: &String| alias.contains('.');
            let alias = tree[id].alias.clone().filter(is_member);
            let name = alias.unwrap_or_else(|| content(tree, id));
            Part { name, class: "over", leads_to: None, ..device(tree, id) }
        };
        cards.push(Card {
            key: Key::Unplaced,
            name: "asked of the disks, without a place".to_owned(),
            size: asked.to_string(),
            details: "at least; what grows takes more".to_owned(),
            share: share(asked, scale(tree, asked)),
            parts: unplaced.iter().map(part).collect(),
            mark: (free < asked).then(|| (share(free, asked), format!("{free} are free on the disks"))),
            notes: Vec::new(),
        });
    }
    for mut card in above_disks(tree, None) {
        let Key::Device(id) = card.key else { continue };
        let missing: Vec<_> = attempt.missing.iter().filter(|v| v.group == id).collect();
        if !missing.is_empty() {
            let over: Bytes = missing.iter().map(|v| v.size).sum();
            let has = tree.size(id);
            let wanted =
                card.parts.iter().filter(|p| p.class != "free").map(|p| p.size).sum::<Bytes>() + over;
            card.mark = Some((
                share(has, wanted.max(has)),
                format!("{} has no more than {has}; {wanted} are asked of it", card.name),
            ));
            // Space that is free is where the first of them would be.
            card.parts.retain(|part| part.class != "free" || wanted < has);
            card.parts.extend(missing.iter().map(|v| Part::plain(&v.name, "over", v.size)));
        }
        cards.push(card);
    }
    cards
}

fn share(size: Bytes, largest: Bytes) -> f64 {
    (size.0 as f64 / largest.0.max(1) as f64).clamp(0.0, 1.0)
}

/// What a bar of full width stands for.
fn scale(tree: &Tree, asked: Bytes) -> Bytes {
    tree.disks().iter().map(|&disk| tree.size(disk)).max().unwrap_or_default().max(asked)
}

/// The disks, on one scale.
fn disks(tree: &Tree, asked: Bytes) -> Vec<Card> {
    let scale = scale(tree, asked);
    let card = |disk: DeviceId| Card {
        share: share(tree.size(disk), scale),
        ..card(tree, disk, partitions(tree, disk))
    };
    tree.disks().into_iter().map(card).collect()
}

/// Arrays, groups, pools and btrfs volumes; each after what it is made of.
fn above_disks(tree: &Tree, policy: Option<&Policy>) -> Vec<Card> {
    let is_drawn = |id: &DeviceId| matches!(tree[*id].kind, Kind::Array(_) | Kind::Group(_) | Kind::Btrfs(_));
    let mut cards = Vec::new();
    for id in tree.ids().filter(is_drawn) {
        match &tree[id].kind {
            Kind::Group(_) => {
                cards.push(card(tree, id, volumes(tree, id)));
                cards.extend(pools(tree, id).map(|pool| pool_card(tree, pool, policy)));
            }
            Kind::Btrfs(_) => {
                let subvolumes = tree.children(id);
                // They share the space of their volume: boxes of one size.
                let each = Bytes(tree.size(id).0 / u64::try_from(subvolumes.len()).unwrap_or(1).max(1));
                let part = |&c: &DeviceId| Part { size: each, is_shared: true, ..device(tree, c) };
                cards.push(card(tree, id, subvolumes.iter().map(part).collect()));
            }
            _ => {
                let details = tree[id].format.mountpoint.as_ref().map_or("", |_| tree[id].format.kind.name());
                let inside =
                    Part { name: content(tree, id), details: details.to_owned(), ..device(tree, id) };
                cards.push(card(tree, id, vec![inside]));
            }
        }
    }
    cards
}

fn card(tree: &Tree, id: DeviceId, parts: Vec<Part>) -> Card {
    let mut words = details(tree, id);
    if matches!(tree[id].kind, Kind::Disk(_)) {
        words.insert(0, "disk".to_owned());
    }
    Card {
        key: Key::Device(id),
        name: short_name(tree, id).into_owned(),
        size: tree.size(id).to_string(),
        details: words.join(", "),
        share: 1.0,
        parts,
        mark: None,
        notes: Vec::new(),
    }
}

fn pool_card(tree: &Tree, pool: DeviceId, policy: Option<&Policy>) -> Card {
    let (size, promised) = (tree.size(pool), tree.pool_promised(pool));
    let whole = size.max(promised);
    let mut card = card(tree, pool, thin_volumes(tree, pool, whole));
    if promised > size {
        card.mark = Some((share(size, whole), format!("{size}: the pool has no more")));
    }
    if capacity::root_pool(tree) != Some(pool) {
        return card;
    }
    let Some(room) = capacity::room(tree, policy) else { return card };
    let images = images(&room);
    if card.mark.is_none() {
        let full = f64::from(room.threshold) / 100.0 * share(size, whole);
        card.mark = Some((full, format!("{} %: the pool counts as full", room.threshold)));
    }
    card.notes.push(images_fit(&images, room.image, &images.fit.to_string()));
    card
}

/// What a device is used for: its mount point, or its format.
fn content(tree: &Tree, id: DeviceId) -> String {
    let format = &tree[id].format;
    format.mountpoint.clone().unwrap_or_else(|| match format.kind {
        FormatKind::LvmPv => "physical volume".to_owned(),
        FormatKind::None => "free".to_owned(),
        kind => kind.name().to_owned(),
    })
}

fn class_of(tree: &Tree, id: DeviceId) -> &'static str {
    let d = &tree[id];
    if d.exists && d.format.exists {
        return "kept";
    }
    let boot = d.format.mountpoint.as_deref().is_some_and(|m| m.starts_with("/boot"));
    match (&d.kind, d.format.kind) {
        (_, FormatKind::BiosBoot | FormatKind::PrepBoot) => "boot",
        _ if boot => "boot",
        (_, FormatKind::Swap) => "swap",
        (Kind::Volume(Volume { role: Role::Thin { .. }, .. }), _) => "thin",
        (Kind::Volume(Volume { role: Role::Pool { .. }, .. }), _) => "pool",
        (Kind::Volume(_), _) => "lv",
        (_, FormatKind::LvmPv | FormatKind::MdMember | FormatKind::Luks | FormatKind::Btrfs) => "pv",
        (_, FormatKind::None) => "free",
        _ => "other",
    }
}

/// A device as a part of another one, with the words of the tree.
fn device(tree: &Tree, id: DeviceId) -> Part {
    let mut words = details(tree, id);
    // What is inside an encrypted device is told at once.
    let opened = tree.children(id).into_iter().find(|&c| matches!(tree[c].kind, Kind::Luks));
    if let Some(opened) = opened {
        words = std::iter::once("encrypted".to_owned()).chain(details(tree, opened)).collect();
    }
    Part {
        name: short_name(tree, id).into_owned(),
        details: words.join(", "),
        class: class_of(tree, id),
        size: tree.size(id),
        is_shared: false,
        leads_to: leads_to(tree, opened.unwrap_or(id)).map(Key::Device),
    }
}

/// The device that is made of this one and has a card of its own.
fn leads_to(tree: &Tree, id: DeviceId) -> Option<DeviceId> {
    if matches!(tree[id].volume(), Some(Volume { role: Role::Pool { .. }, .. })) {
        return Some(id);
    }
    let has_card = |c: &DeviceId| matches!(tree[*c].kind, Kind::Array(_) | Kind::Group(_) | Kind::Btrfs(_));
    tree.children(id).into_iter().find(has_card)
}

fn partitions(tree: &Tree, disk: DeviceId) -> Vec<Part> {
    let Some(table) = tree.table(disk) else { return vec![Part::plain("free", "free", tree.size(disk))] };
    let mut parts = Vec::new();
    let mut end = 0;
    let free = |from: u64, to: u64, parts: &mut Vec<Part>| {
        let size = table.bytes(to.saturating_sub(from));
        if size > GAP {
            parts.push(Part::plain("free", "free", size));
        }
    };
    for e in table.entries.iter().filter(|e| e.slot != Slot::Extended) {
        free(end, e.region.start, &mut parts);
        if let Some(id) = e.device {
            parts.push(Part { size: table.bytes(e.region.sectors()), ..device(tree, id) });
        }
        end = e.region.end + 1;
    }
    free(end, table.sectors, &mut parts);
    parts
}

fn pools(tree: &Tree, group: DeviceId) -> impl Iterator<Item = DeviceId> {
    let is_pool = |v: &DeviceId| matches!(tree[*v].volume(), Some(Volume { role: Role::Pool { .. }, .. }));
    tree[group].group().into_iter().flat_map(|g| g.volumes.iter().copied()).filter(is_pool)
}

fn volumes(tree: &Tree, group: DeviceId) -> Vec<Part> {
    let Some(g) = tree[group].group() else { return Vec::new() };
    let mut parts = Vec::new();
    for &id in &g.volumes {
        let Some(v) = tree[id].volume() else { continue };
        let (metadata, what) = match v.role {
            Role::Thin { .. } => continue,
            Role::Pool { metadata, .. } => (metadata, "metadata"),
            Role::Linear => (v.cache.data + v.cache.metadata, "cache"),
        };
        let mut part = Part { size: v.size, ..device(tree, id) };
        if part.class == "pool" {
            part.details = "thin pool".to_owned();
        }
        let further = Part::plain(&format!("{} {what}", part.name), "meta", metadata);
        parts.push(part);
        if metadata.0 > 0 {
            parts.push(further);
        }
    }
    let kept = tree.group_reserved(group);
    if kept.0 > 0 {
        parts.push(Part::plain("kept back", "free", kept));
    }
    let free = Bytes(u64::try_from(tree.group_free(group)).unwrap_or(0));
    if free.0 > 0 {
        parts.push(Part::plain("free", "free", free));
    }
    parts
}

fn thin_volumes(tree: &Tree, pool: DeviceId, whole: Bytes) -> Vec<Part> {
    let is_in = |&id: &DeviceId| matches!(tree[id].volume(), Some(Volume { role: Role::Thin { pool: p }, .. }) if *p == pool);
    let mut parts: Vec<Part> = tree.ids().filter(is_in).map(|id| device(tree, id)).collect();
    let rest = whole - parts.iter().map(|part| part.size).sum();
    if rest.0 > 0 {
        parts.push(Part::plain("for images", "free", rest));
    }
    parts
}
