//! Logical volumes: how they are added to their group, what a group has left, and how volumes grow.
//!
//! Source: blivet's `devices/lvm.py` and `partitioning.py` (`grow_lvm`).

use crate::machine::account::{metadata, used};
use crate::machine::device::{Cache, Device, Group, Kind, Role, Volume};
use crate::machine::id::DeviceId;
use crate::machine::lvm::{
    MAX_CHUNK, MAX_METADATA, MIN_CHUNK, align_down, align_up, pool_metadata, recommended_chunk,
};
use crate::machine::tree::Tree;
use crate::plan::cause::{Cause, Refusal};
use crate::plan::growth::{Share, grow, python_sort};
use foldhash::{HashMap, HashMapExt};
use node_base::units::Bytes;
use std::cmp::Ordering;

fn group_of(tree: &Tree, id: DeviceId) -> Option<&Group> {
    tree[id].group()
}

/// A cache of this size: metadata (a thousandth, 8 MiB at least) and the spare for it are taken out of it.
fn cache_of(size: Bytes, spare: Bytes, extent: Bytes) -> Cache {
    if size.0 == 0 {
        return Cache::default();
    }
    let metadata = Bytes((size.0 / 1000).max(8 << 20));
    Cache { data: align_down(size - metadata - (metadata - spare), extent), metadata }
}

/// The cache that a volume of a group gets if so many bytes are asked for.
pub(super) fn cache(tree: &mut Tree, group: DeviceId, asked: Bytes) -> Cache {
    let extent = group_of(tree, group).map_or(Bytes(4 << 20), |g| g.extent);
    let spare = spare(tree, group);
    cache_of(asked, spare, extent)
}

/// Free bytes of a group, from its sums.
fn free(tree: &mut Tree, id: DeviceId) -> i128 {
    tree.account(id).map_or(0, |(group, account)| account.free(group))
}

/// The spare that LVM keeps for the largest metadata in a group, from its sums.
fn spare(tree: &mut Tree, id: DeviceId) -> Bytes {
    tree.account(id).map_or(Bytes(0), |(_, account)| account.spare())
}

impl Tree {
    /// What a group keeps back: what the kickstart reserves, room for pools to grow (autopart), spare metadata.
    pub fn group_reserved(&self, id: DeviceId) -> Bytes {
        let Some(group) = self[id].group() else { return Bytes(0) };
        self.new_account(id).reserved(group)
    }

    /// Free bytes of a group; negative when its volumes need more than it has.
    pub fn group_free(&self, id: DeviceId) -> i128 {
        let Some(group) = self[id].group() else { return 0 };
        self.new_account(id).free(group)
    }

    /// The sizes of all thin volumes of a pool together, each in whole extents.
    pub fn pool_promised(&self, pool: DeviceId) -> Bytes {
        let Some(group) = self[pool].volume().and_then(|v| self[v.group].group()) else { return Bytes(0) };
        let inside = |v: &DeviceId| self[*v].volume().is_some_and(|v| v.role == Role::Thin { pool });
        let members: Vec<_> = group.volumes.iter().copied().filter(inside).collect();
        promised(self, &members, group.extent)
    }
}

/// What a `logvol` command asks for.
#[derive(Clone, Debug)]
pub(super) struct NewVolume {
    /// The device: name, format, request.
    pub device: Device,
    /// The volume.
    pub volume: Volume,
    /// `--cachesize`; zero for no cache.
    pub cache: Bytes,
}

/// Adds a volume to its group.
///
/// # Errors
/// [`Cause::GroupFull`], [`Cause::PoolOptions`].
pub(super) fn add_volume(tree: &mut Tree, mut new: NewVolume) -> Result<DeviceId, Refusal> {
    let span = new.device.span;
    let id = new.volume.group;
    let Some(extent) = group_of(tree, id).map(|g| g.extent) else {
        return Err(Refusal::stop(Cause::NoSuchGroup, span, "constructor requires a LVMVolumeGroupDevice"));
    };
    new.volume.size = new.volume.size.max(new.device.format.kind.min_size(tree.release));
    new.volume.asked = new.volume.size;
    if let Role::Pool { metadata, chunk } = &mut new.volume.role {
        if metadata.0 > 0 && !((2 << 20)..=MAX_METADATA).contains(&metadata.0) {
            return Err(Refusal::stop(Cause::PoolOptions, span, "invalid metadatasize value"));
        }
        if chunk.0 > 0 && (!(MIN_CHUNK..=MAX_CHUNK).contains(&chunk.0) || chunk.0 % MIN_CHUNK != 0) {
            return Err(Refusal::stop(Cause::PoolOptions, span, "invalid chunksize value"));
        }
        if !new.volume.grow && metadata.0 == 0 && new.volume.size.0 > 0 {
            if chunk.0 == 0 {
                *chunk = recommended_chunk(new.volume.size);
            }
            *metadata = pool_metadata(new.volume.size, *chunk, extent);
            new.volume.size = align_down(new.volume.size - *metadata, extent);
        }
    }
    new.volume.cache = cache(tree, id, new.cache);
    let thin = matches!(new.volume.role, Role::Thin { .. });
    if !thin && i128::from(new.volume.size.0) > free(tree, id) {
        let says = "new lv is too large to fit in free space";
        let has = room_text(tree, id, new.volume.size);
        return Err(Refusal::stop(Cause::GroupFull, span, says).numbers(has));
    }
    new.device.kind = Kind::Volume(new.volume);
    Ok(tree.add_volume(new.device, id))
}

/// What a group has left, and what is asked of it.
fn room_text(tree: &mut Tree, group: DeviceId, needed: Bytes) -> String {
    let left = Bytes(u64::try_from(free(tree, group)).unwrap_or(0));
    format!("volume group '{}' has {left} left, and this needs {needed}", tree[group].name)
}

/// Sets a volume's size as blivet does: in whole extents, within the group and the format's limits.
fn set_size(tree: &mut Tree, id: DeviceId, size: Bytes) -> Result<(), Refusal> {
    let Some(volume) = tree[id].volume().cloned() else { return Ok(()) };
    let Some(extent) = group_of(tree, volume.group).map(|g| g.extent) else { return Ok(()) };
    let thin = matches!(volume.role, Role::Thin { .. });
    let up = tree.release.is_new() && volume.grow && !thin;
    let size = if up { align_up(size, extent) } else { align_down(size, extent) };
    if !thin && size > volume.size {
        let room = free(tree, volume.group) + i128::from(used(&volume, extent).0);
        if i128::from(size.0) > room {
            let has = room_text(tree, volume.group, size - used(&volume, extent));
            let says = "not enough free space in volume group";
            return Err(Refusal::stop(Cause::GroupFull, tree[id].span, says).numbers(has));
        }
    }
    let format = tree[id].format.kind;
    let (min, max) = (format.min_size(tree.release), format.max_size());
    let name = &tree[id].name;
    if let Some(max) = max.filter(|&m| size > m) {
        let says = limit_message(tree, name, "larger", max);
        return Err(Refusal::stop(Cause::FormatLimits, tree[id].span, says));
    }
    if size < min {
        let says = limit_message(tree, name, "smaller", min);
        return Err(Refusal::stop(Cause::FormatLimits, tree[id].span, says));
    }
    tree.change_volume(id, |v| v.size = size);
    Ok(())
}

fn limit_message(tree: &Tree, name: &str, than: &str, limit: Bytes) -> String {
    if tree.release.is_new() {
        format!("device {name} cannot be {than} than {limit}")
    } else {
        format!("('device cannot be {than} than {limit}', '{name}')")
    }
}

/// Grows the volumes of all groups.
///
/// # Errors
/// [`Cause::GroupFull`], [`Cause::Percentages`], [`Cause::FormatLimits`].
pub(super) fn grow_groups(tree: &mut Tree) -> Result<(), Refusal> {
    let mut groups: Vec<_> = tree.ids().filter(|&id| tree[id].group().is_some()).collect();
    groups.sort_by(|a, b| tree[*a].name.cmp(&tree[*b].name));
    for id in groups {
        grow_group(tree, id)?;
    }
    Ok(())
}

fn grow_group(tree: &mut Tree, id: DeviceId) -> Result<(), Refusal> {
    let Some(group) = group_of(tree, id).cloned() else { return Ok(()) };
    let extent = group.extent;
    match free(tree, id) {
        0 => return Ok(()),
        f if f < 0 => {
            let missing = Bytes(u64::try_from(-f).unwrap_or(u64::MAX));
            let numbers = format!(
                "volume group '{}' has {}, and its volumes need {missing} more",
                tree[id].name,
                tree.size(id)
            );
            let says = "not enough space for LVM requests";
            return Err(Refusal::stop(Cause::GroupFull, tree[id].span, says).numbers(numbers));
        }
        _ => {}
    }
    let is =
        |tree: &Tree, v: DeviceId, pred: fn(&Role) -> bool| tree[v].volume().is_some_and(|v| pred(&v.role));
    let thick: Vec<_> =
        group.volumes.iter().copied().filter(|&v| !is(tree, v, |r| matches!(r, Role::Thin { .. }))).collect();
    let pools: Vec<_> =
        thick.iter().copied().filter(|&v| is(tree, v, |r| matches!(r, Role::Pool { .. }))).collect();
    let mut members: HashMap<DeviceId, Vec<DeviceId>> = HashMap::new();
    for &id in &group.volumes {
        if let Some(Role::Thin { pool }) = tree[id].volume().map(|v| &v.role) {
            members.entry(*pool).or_default().push(id);
        }
    }
    let members = |pool: &DeviceId| members.get(pool).map_or(&[][..], Vec::as_slice);
    for &pool in &pools {
        let promised = promised(tree, members(&pool), extent);
        let Some(asked) = tree[pool].volume().map(|v| v.asked.max(promised)) else { continue };
        set_asked(tree, pool, asked);
        set_size(tree, pool, asked)?;
    }
    let all: Vec<_> = group.volumes.iter().copied().collect();
    let whole_group = if tree.release.is_new() { &thick } else { &all };
    set_percentages(tree, id, whole_group, extent)?;
    grow_thick(tree, id, &thick, extent)?;
    for &pool in &pools {
        settle_metadata(tree, id, pool, extent)?;
    }
    if tree.release.is_new() {
        for &pool in &pools {
            set_thin_percentages(tree, pool, members(&pool), extent)?;
        }
    }
    for &pool in &pools {
        grow_thin(tree, pool, members(&pool), extent)?;
    }
    Ok(())
}

/// The sizes of volumes together, each in whole extents.
fn promised(tree: &Tree, volumes: &[DeviceId], extent: Bytes) -> Bytes {
    volumes.iter().filter_map(|&v| tree[v].volume()).map(|v| align_up(v.size, extent)).sum()
}

/// Those with `--percent`, after the check that they do not add up to more than 100.
fn percent_volumes(
    tree: &Tree,
    volumes: &[DeviceId],
    of: &str,
) -> Result<Vec<(DeviceId, u64, Bytes)>, Refusal> {
    let with: Vec<_> = volumes
        .iter()
        .filter_map(|&v| {
            let volume = tree[v].volume()?;
            (volume.percent > 0).then_some((v, volume.percent, volume.asked))
        })
        .collect();
    let sum = with.iter().fold(0u64, |sum, (_, p, _)| sum.saturating_add(*p));
    if sum > 100 {
        let span = with.last().and_then(|(v, ..)| tree[*v].span);
        let says = format!("sum of percentages within a {of} cannot exceed 100");
        return Err(Refusal::stop(Cause::Percentages, span, says));
    }
    Ok(with)
}

fn set_percentages(
    tree: &mut Tree,
    id: DeviceId,
    volumes: &[DeviceId],
    extent: Bytes,
) -> Result<(), Refusal> {
    let with = percent_volumes(tree, volumes, "vg")?;
    let own: i128 = with.iter().map(|(.., asked)| i128::from(asked.extents_floor(extent).0)).sum();
    let basis = free(tree, id) / i128::from(extent.0) + own;
    for (volume, percent, _) in with {
        let extents = (i128::from(percent) * basis / 100).max(0);
        let size = Bytes(u64::try_from(extents * i128::from(extent.0)).unwrap_or(u64::MAX));
        set_asked(tree, volume, size);
        set_size(tree, volume, size)?;
    }
    Ok(())
}

fn set_thin_percentages(
    tree: &mut Tree,
    pool: DeviceId,
    members: &[DeviceId],
    extent: Bytes,
) -> Result<(), Refusal> {
    let with = percent_volumes(tree, members, "thin pool")?;
    let own: i128 = with.iter().map(|(.., asked)| i128::from(align_up(*asked, extent).0)).sum();
    let basis = i128::from(tree.size(pool).0) - i128::from(promised(tree, members, extent).0) + own;
    for (volume, percent, _) in with {
        // libbytesize multiplies with a fraction that is a little too small unless it is one of quarters.
        let lost = i128::from(percent % 25 != 0);
        let size = ((i128::from(percent) * basis - lost) / 100).max(0);
        let size = Bytes(u64::try_from(size).unwrap_or(u64::MAX));
        set_asked(tree, volume, size);
        set_size(tree, volume, size)?;
    }
    Ok(())
}

fn set_asked(tree: &mut Tree, id: DeviceId, size: Bytes) {
    tree.change_volume(id, |v| v.asked = size);
}

fn compare(tree: &Tree, a: DeviceId, b: DeviceId) -> Ordering {
    let (Some(x), Some(y)) = (tree[a].volume(), tree[b].volume()) else { return Ordering::Equal };
    let sign = |o: Ordering| o as i64;
    let mut score = -100 * sign(x.size.cmp(&y.size)) + 50 * sign(x.grow.cmp(&y.grow));
    if x.grow && y.grow {
        score += 25
            * match (x.max, y.max) {
                (None, Some(_)) => -1,
                (Some(_), None) => 1,
                (p, q) => -sign(p.cmp(&q)),
            };
    }
    score.cmp(&0)
}

fn share(tree: &Tree, id: DeviceId, extent: Bytes) -> Share {
    let Some(volume) = tree[id].volume() else { return Share::fixed(0) };
    let base = volume.size.extents_ceil(extent).0;
    if !volume.grow {
        return Share::fixed(base);
    }
    let limits = [volume.max, tree[id].format.kind.max_size()];
    let max = limits.into_iter().flatten().filter(|l| l.0 > 0).map(|l| l.extents_floor(extent).0).min();
    Share::growable(base, max)
}

/// Grows volumes within so many extents.
fn grow_within(tree: &mut Tree, volumes: &[DeviceId], extents: i128, extent: Bytes) -> Result<(), Refusal> {
    let mut order = volumes.to_vec();
    python_sort(&mut order, |a, b| compare(tree, *a, *b));
    let mut shares: Vec<Share> = order.iter().map(|&v| share(tree, v, extent)).collect();
    let taken: i128 = shares.iter().map(|s| i128::from(s.base)).sum();
    let clamp = |n: i128| i64::try_from(n).unwrap_or(if n < 0 { i64::MIN } else { i64::MAX });
    grow(&mut shares, clamp(extents - taken));
    // Sizes are set in the order of the sorted requests; one that shrinks makes room only for those after it.
    for (volume, share) in order.into_iter().zip(shares) {
        if tree[volume].volume().is_some_and(|v| v.grow) {
            set_size(tree, volume, Bytes(share.units().saturating_mul(extent.0)))?;
        }
    }
    Ok(())
}

fn grow_thick(tree: &mut Tree, id: DeviceId, thick: &[DeviceId], extent: Bytes) -> Result<(), Refusal> {
    let total = tree.size(id).extents_floor(extent).0;
    let kept = tree.account(id).map_or(Bytes(0), |(group, account)| account.reserved(group));
    let kept = kept.extents_ceil(extent).0;
    let own: u64 = thick
        .iter()
        .filter_map(|&v| tree[v].volume())
        .map(|v| metadata(v).extents_ceil(extent).0 + v.cache.data.extents_ceil(extent).0)
        .sum();
    grow_within(tree, thick, i128::from(total) - i128::from(kept) - i128::from(own), extent)
}

/// Takes the metadata of a pool that had none out of the pool, and the spare, twice.
fn settle_metadata(tree: &mut Tree, id: DeviceId, pool: DeviceId, extent: Bytes) -> Result<(), Refusal> {
    let Some(volume) = tree[pool].volume().cloned() else { return Ok(()) };
    let Role::Pool { metadata: old, chunk } = volume.role else { return Ok(()) };
    if tree[pool].exists || old.0 > 0 || volume.size.0 == 0 {
        return Ok(());
    }
    let before = spare(tree, id);
    let chunk = if chunk.0 > 0 { chunk } else { recommended_chunk(volume.size) };
    let metadata = pool_metadata(volume.size, chunk, extent);
    tree.change_volume(pool, |v| v.role = Role::Pool { metadata, chunk });
    let after = spare(tree, id);
    set_size(tree, pool, volume.size - metadata - (after - before))?;
    if after != before {
        let size = tree.size(pool);
        set_size(tree, pool, size - (after - before))?;
    }
    Ok(())
}

fn grow_thin(tree: &mut Tree, pool: DeviceId, members: &[DeviceId], extent: Bytes) -> Result<(), Refusal> {
    let extents = tree.size(pool).extents_floor(extent).0;
    grow_within(tree, members, i128::from(extents), extent)
}
