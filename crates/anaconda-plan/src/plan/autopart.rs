//! `autopart` and `reqpart`: the partitions that the platform needs, and the profile's default partitioning.
//!
//! Source: pyanaconda's `partitioning/automatic` (`utils.py`, `automatic_partitioning.py`), `platform.py`.

use crate::layout::{Autopart, Encryption};
use crate::machine::device::{Cache, Device, Group, Kind, PartitionRequest, Role, Volume};
use crate::machine::disk::Label;
use crate::machine::format::{Format, FormatKind};
use crate::machine::id::DeviceId;
use crate::machine::release::{Firmware, Release};
use crate::machine::tree::Tree;
use crate::plan::bootloader::Boot;
use crate::plan::cause::{Cause, Refusal};
use crate::plan::groups;
use crate::plan::luks;
use crate::plan::partitions::{self, DEFAULT_SIZE, FALLBACK_SIZE};
use crate::plan::swap;
use node_base::policy::Scheme;
use node_base::source::Span;
use node_base::units::Bytes;

/// One device that autopart wants to make.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// Mount point; `None` for swap and `biosboot`.
    pub mount: Option<String>,
    /// Its format.
    pub format: FormatKind,
    /// Size, or the least size.
    pub size: Bytes,
    /// Whether it grows.
    pub grow: bool,
    /// The most it grows to.
    pub max: Option<Bytes>,
    /// It is left out when the disks have less space than this.
    pub needs: Option<Bytes>,
    /// A volume (else always a partition).
    pub volume: bool,
    /// A thin volume, or a btrfs subvolume, where the scheme has them.
    pub thin: bool,
}

/// How autopart makes its devices.
#[derive(Clone, Debug)]
pub(super) struct Method<'a> {
    /// The scheme.
    pub scheme: Scheme,
    /// Encryption of the members, or of the partitions of the plain scheme.
    pub encryption: Option<&'a Encryption>,
    /// The place of the command.
    pub span: Span,
}

/// The partitions that the platform needs: for the boot loader, and `/boot`.
pub(super) fn platform_volumes(tree: &Tree) -> Vec<Wanted> {
    let fixed = |mount: Option<&str>, format, size| Wanted {
        mount: mount.map(str::to_owned),
        format,
        size,
        grow: false,
        max: None,
        needs: None,
        volume: false,
        thin: false,
    };
    let loader = match tree.firmware {
        Firmware::Bios => fixed(None, FormatKind::BiosBoot, Bytes::MIB),
        Firmware::Uefi => Wanted {
            grow: true,
            max: Some(Bytes(600 << 20)),
            ..fixed(Some("/boot/efi"), FormatKind::Efi, tree.release.esp_min())
        },
    };
    vec![loader, fixed(Some("/boot"), tree.boot_format(), tree.release.boot_size())]
}

/// Disks with a table, a free slot and more than 500 MiB in one piece.
///
/// # Errors
/// [`Cause::NoUsableDisk`], [`Cause::NoSpaceOnDisks`].
pub(super) fn candidates(tree: &Tree, span: Span) -> Result<Vec<DeviceId>, Refusal> {
    let usable = tree.partitioned();
    if usable.is_empty() {
        return Err(Refusal::stop(Cause::NoUsableDisk, Some(span), "No usable disks selected."));
    }
    let roomy = |&disk: &DeviceId| {
        tree.table(disk).is_some_and(|t| {
            t.next_slot(false).is_some() && t.free().iter().any(|r| t.bytes(r.sectors()) > DEFAULT_SIZE)
        })
    };
    let free: Vec<_> = usable.into_iter().filter(roomy).collect();
    if free.is_empty() {
        let says = "Not enough free space on selected disks.";
        return Err(Refusal::stop(Cause::NoSpaceOnDisks, Some(span), says));
    }
    Ok(free)
}

/// Carries out `autopart`.
///
/// # Errors
/// The first refusal.
pub(super) fn run(tree: &mut Tree, asked: &Autopart, boot: &Boot) -> Result<(), Refusal> {
    if let Some(fstype) = &asked.fstype {
        let kind = FormatKind::from_name(&fstype.name, tree.release).filter(|k| *k != FormatKind::None);
        let Some(kind) = kind else {
            let says = format!("File system type \"{}\" given in autopart command is invalid.", fstype.name);
            return Err(Refusal::stop(Cause::UnknownFileSystem, Some(fstype.span), says));
        };
        tree.default_format = kind;
    }
    let method = Method {
        scheme: asked.scheme.unwrap_or(tree.profile.scheme),
        encryption: asked.encryption.wanted.then_some(&asked.encryption),
        span: asked.span,
    };
    luks::check(&asked.encryption, asked.span)?;
    let wanted = default_partitioning(tree, asked);
    let disks = candidates(tree, asked.span)?;
    let members = schedule_members(tree, &disks, &wanted, &method);
    schedule(tree, boot, &disks, &members, &wanted, &method)?;
    partitions::allocate(tree, boot.disk)?;
    if method.scheme == Scheme::Plain || members.is_empty() {
        return Ok(());
    }
    let members = open_members(tree, members, &method);
    match method.scheme {
        Scheme::Btrfs => {
            btrfs_volumes(tree, members, &wanted, &method);
            Ok(())
        }
        _ => logical_volumes(tree, members, &wanted, &method),
    }?;
    groups::grow_groups(tree)
}

fn default_partitioning(tree: &Tree, asked: &Autopart) -> Vec<Wanted> {
    let mut wanted = platform_volumes(tree);
    let hibernation = asked.hibernation && tree.release.is_new();
    let suggested = || swap::suggested(tree.release, tree.memory, hibernation, tree.free_space());
    for v in &tree.profile.volumes {
        let swap = v.mount == "swap";
        wanted.push(Wanted {
            mount: (!swap).then(|| v.mount.clone()),
            format: if swap { FormatKind::Swap } else { tree.default_format },
            size: if swap { suggested() } else { v.size.unwrap_or(DEFAULT_SIZE) },
            grow: v.grow,
            max: v.max,
            needs: v.needs,
            volume: true,
            thin: !swap,
        });
    }
    wanted.retain(|w| {
        let name = w.mount.as_deref().unwrap_or(w.format.name());
        !asked.without.contains(&name)
    });
    if hibernation && !wanted.iter().any(|w| w.format == FormatKind::Swap) {
        wanted.push(Wanted {
            mount: None,
            format: FormatKind::Swap,
            size: suggested(),
            grow: false,
            max: None,
            needs: None,
            volume: true,
            thin: false,
        });
    }
    wanted
}

fn is_partition(wanted: &Wanted, scheme: Scheme) -> bool {
    match scheme {
        Scheme::Plain => true,
        Scheme::Lvm | Scheme::LvmThinp => !wanted.volume,
        Scheme::Btrfs => !wanted.thin,
    }
}

/// One growing member of the group on each disk that has slots to spare.
fn schedule_members(
    tree: &mut Tree,
    disks: &[DeviceId],
    wanted: &[Wanted],
    method: &Method<'_>,
) -> Vec<DeviceId> {
    if method.scheme == Scheme::Plain {
        return Vec::new();
    }
    let mut slots = wanted.iter().filter(|w| is_partition(w, method.scheme)).count();
    let mut members = Vec::new();
    for &disk in disks {
        let Some(table) = tree.table(disk) else { continue };
        let left = table.primaries_left();
        if slots > 0 && !table.knows_extended() && left <= slots {
            slots -= left;
            continue;
        }
        slots = 0;
        let kind = match (method.encryption, method.scheme) {
            (Some(_), _) => FormatKind::Luks,
            (None, Scheme::Btrfs) => FormatKind::Btrfs,
            _ => FormatKind::LvmPv,
        };
        let request = PartitionRequest {
            disks: vec![disk],
            grow: true,
            size: DEFAULT_SIZE,
            ..PartitionRequest::default()
        };
        members.push(add_partition(tree, request, Format::new(kind), method));
    }
    members
}

fn add_partition(
    tree: &mut Tree,
    request: PartitionRequest,
    format: Format,
    method: &Method<'_>,
) -> DeviceId {
    let name = format!("req{}", tree.next_request());
    let mut device = Device::new(&name, Kind::Partition(request), Vec::new());
    device.alias = Some(name);
    device.format = format;
    if let (FormatKind::Luks, Some(e)) = (device.format.kind, method.encryption) {
        device.format.has_key = e.passphrase;
        device.format.luks1 = e.luks1;
    }
    device.span = Some(method.span);
    tree.add(device)
}

/// Schedules the wanted partitions.
///
/// # Errors
/// [`Cause::NoSpaceOnDisks`]
pub(super) fn schedule(
    tree: &mut Tree,
    boot: &Boot,
    disks: &[DeviceId],
    members: &[DeviceId],
    wanted: &[Wanted],
    method: &Method<'_>,
) -> Result<(), Refusal> {
    let mut free: Vec<Bytes> = disks
        .iter()
        .filter_map(|&d| tree.table(d))
        .flat_map(|t| t.free().into_iter().filter(|r| r.sectors() >= t.grain()).map(|r| t.bytes(r.sectors())))
        .collect();
    free.sort_unstable_by(|a, b| b.cmp(a));
    let Some(&largest) = free.first() else { return Ok(()) };
    let two_largest = free.iter().take(2).copied().sum::<Bytes>();
    let stage1 = boot.early_stage1(tree);
    for w in wanted {
        if !is_partition(w, method.scheme) || w.needs.is_some_and(|n| n > two_largest) {
            continue;
        }
        let mut use_disks = disks.to_vec();
        match w.format {
            FormatKind::Efi if boot.skipped || stage1.is_some() => {
                if let Some(esp) = stage1 {
                    tree[esp].format.mountpoint = Some("/boot/efi".to_owned());
                }
                continue;
            }
            FormatKind::BiosBoot => {
                let Some(disk) = stage1.filter(|&d| !boot.skipped && wants_biosboot(tree, d)) else {
                    continue;
                };
                if tree.release > Release::Rhel8 {
                    use_disks = vec![disk];
                }
            }
            _ => {}
        }
        if w.size > largest {
            return Err(too_large(tree, w, largest, method.span));
        }
        let request = PartitionRequest {
            disks: use_disks,
            grow: w.grow,
            size: w.size.max(w.format.min_size(tree.release)),
            max: w.max,
            ..PartitionRequest::default()
        };
        let inner = Format::mounted(w.format, w.mount.as_deref().unwrap_or_default());
        let id = add_partition(tree, request, inner, method);
        if let Some(e) = method.encryption.filter(|_| w.volume) {
            let name = format!("luks-{}", tree[id].name);
            tree.open_luks(id, name, e.passphrase, e.luks1, method.span);
        }
        let smallest = members.iter().map(|&m| tree.size(m)).min();
        if smallest.is_some_and(|s| w.size + s > largest) {
            for &member in members {
                if let Kind::Partition(r) = &mut tree[member].kind {
                    r.size = FALLBACK_SIZE;
                }
            }
        }
    }
    Ok(())
}

fn wants_biosboot(tree: &Tree, disk: DeviceId) -> bool {
    let biosboot = |id: DeviceId| tree[id].format.kind == FormatKind::BiosBoot;
    tree.table(disk)
        .is_some_and(|t| t.label == Label::Gpt && !t.entries.iter().filter_map(|e| e.device).any(biosboot))
}

fn too_large(tree: &Tree, w: &Wanted, largest: Bytes, span: Span) -> Refusal {
    let says = if tree.release == Release::Fedora {
        let mount = w.mount.as_ref().map(|m| format!(" {m}")).unwrap_or_default();
        let size = w.size;
        let format = w.format.name();
        format!(
            "No suitable free space found for automatic partitioning for{mount} ({format}): requested {size}, \
             largest free space {largest}"
        )
    } else {
        "No big enough free space on disks for automatic partitioning".to_owned()
    };
    Refusal::stop(Cause::NoSpaceOnDisks, Some(span), says)
}

fn open_members(tree: &mut Tree, members: Vec<DeviceId>, method: &Method<'_>) -> Vec<DeviceId> {
    let Some(e) = method.encryption else { return members };
    let inner = if method.scheme == Scheme::Btrfs { FormatKind::Btrfs } else { FormatKind::LvmPv };
    members
        .into_iter()
        .map(|m| {
            tree[m].format = Format::new(inner);
            let name = format!("luks-{}", tree[m].name);
            tree.open_luks(m, name, e.passphrase, e.luks1, method.span)
        })
        .collect()
}

/// A free name: this one, or with two digits after it.
fn unused_name(tree: &Tree, name: &str) -> String {
    if tree.by_name(name).is_none() {
        return name.to_owned();
    }
    let numbered = (0..100).map(|n| format!("{name}{n:02}")).find(|n| tree.by_name(n).is_none());
    numbered.unwrap_or_else(|| name.to_owned())
}

fn logical_volumes(
    tree: &mut Tree,
    members: Vec<DeviceId>,
    wanted: &[Wanted],
    method: &Method<'_>,
) -> Result<(), Refusal> {
    let name = unused_name(tree, &tree.profile.short_name);
    let mut device = Device::new(&name, Kind::Group(Group::new(Bytes(4 << 20))), members);
    device.span = Some(method.span);
    let group = tree.add(device);
    let mut pool = None;
    for w in wanted.iter().filter(|w| w.volume) {
        let thin = method.scheme == Scheme::LvmThinp && w.thin;
        if thin && pool.is_none() {
            let volume =
                NewLv { name: "pool00", size: Bytes(0), grow: true, max: None, format: Format::NONE };
            let role = Role::Pool { metadata: Bytes(0), chunk: Bytes(0) };
            pool = Some(add_lv(tree, group, role, volume, method.span)?);
            if let Kind::Group(g) = &mut tree[group].kind {
                g.pool_reserve = true;
            }
        }
        if w.needs.is_some_and(|n| n > tree.size(group)) {
            continue;
        }
        let role = match pool.filter(|_| thin) {
            Some(pool) => Role::Thin { pool },
            None => Role::Linear,
        };
        let mount = w.mount.as_deref().unwrap_or_default();
        let short = match mount {
            "" => "swap".to_owned(),
            "/" => "root".to_owned(),
            other => other.trim_start_matches('/').replace('/', "_"),
        };
        let format = Format::mounted(w.format, mount);
        let volume = NewLv { name: &short, size: w.size, grow: w.grow, max: w.max, format };
        add_lv(tree, group, role, volume, method.span)?;
    }
    Ok(())
}

struct NewLv<'a> {
    name: &'a str,
    size: Bytes,
    grow: bool,
    max: Option<Bytes>,
    format: Format,
}

fn add_lv(
    tree: &mut Tree,
    group: DeviceId,
    role: Role,
    new: NewLv<'_>,
    span: Span,
) -> Result<DeviceId, Refusal> {
    let parent = if let Role::Thin { pool } = role { pool } else { group };
    let name = format!("{}-{}", tree[group].name, new.name);
    let mut device = Device::new(&name, Kind::Subvolume, vec![parent]);
    device.format = new.format;
    device.span = Some(span);
    let size = new.size;
    let (grow, max) = (new.grow, new.max);
    let volume = Volume { group, role, size, asked: size, grow, max, percent: 0, cache: Cache::default() };
    groups::add_volume(tree, groups::NewVolume { device, volume, cache: Bytes(0) })
}

fn btrfs_volumes(tree: &mut Tree, members: Vec<DeviceId>, wanted: &[Wanted], method: &Method<'_>) {
    let name = unused_name(tree, &tree.profile.short_name);
    let mut device = Device::new(&name, Kind::Btrfs(None), members);
    device.format = Format::new(FormatKind::Btrfs);
    device.span = Some(method.span);
    let volume = tree.add(device);
    for w in wanted.iter().filter(|w| w.thin) {
        let mount = w.mount.as_deref().unwrap_or_default();
        let name =
            if mount == "/" { "root".to_owned() } else { mount.trim_start_matches('/').replace('/', "_") };
        let mut device = Device::new(&name, Kind::Subvolume, vec![volume]);
        device.format = Format::mounted(FormatKind::Btrfs, mount);
        device.span = Some(method.span);
        tree.add(device);
    }
}
