//! Anaconda's storage checker: what a layout must fulfil when every device has its size.
//!
//! Source: pyanaconda's `modules/storage/checker/utils.py` and the storage constraints of `anaconda.conf` and the
//! profiles.

use crate::layout::{Layout, Snapshot};
use crate::machine::device::{Kind, Role, Volume};
use crate::machine::format::FormatKind;
use crate::machine::id::DeviceId;
use crate::machine::tree::Tree;
use crate::plan::cause::{Cause, Refusal};

use node_base::policy::DeviceType;
use node_base::source::Span;
use node_base::units::Bytes;

/// Mount points that must be directories on root (`must_be_on_root`).
pub(super) const MUST_BE_ON_ROOT: &[&str] =
    &["/bin", "/dev", "/sbin", "/etc", "/lib", "/root", "/mnt", "lost+found", "/proc"];
/// Mount points that must be on a Linux file system (`must_be_on_linuxfs`).
const MUST_BE_LINUX: &[&str] = &["/", "/var", "/tmp", "/usr", "/home", "/usr/share", "/usr/lib"];
/// Prefixes under which a new file system is recommended.
const REFORMAT: &[&str] = &["/boot", "/var", "/tmp", "/usr"];
/// Prefixes under which it is not.
const KEEP: &[&str] = &["/home", "/usr/local", "/opt", "/var/www"];
/// Least memory of an installation without swap: `min_ram` and 200 MiB.
const MEMORY_WITHOUT_SWAP: Bytes = Bytes(520 << 20);

/// All messages, in the checker's order; those of the boot loader come from [`crate::plan::bootloader`].
pub(super) fn check(tree: &Tree, layout: &Layout, boot: &crate::plan::bootloader::Boot) -> Vec<Refusal> {
    let mut found = Vec::new();
    let mounts = tree.mountpoints();
    root(tree, &mut found);
    formatting(tree, &mounts, &mut found);
    sizes(tree, &mounts, &mut found);
    boot.check(tree, &mut found);
    swap(tree, &mut found);
    places(tree, &mounts, &mut found);
    keys(tree, &mut found);
    snapshots(tree, &layout.snapshots, &mut found);
    found
}

type Mounts<'a> = [(&'a str, DeviceId)];

fn span(tree: &Tree, id: DeviceId) -> Option<Span> {
    tree[id].span
}

/// The type of device that root is on, as a profile's `root_device_types` calls it.
fn device_type(tree: &Tree, id: DeviceId) -> Option<DeviceType> {
    match &tree[id].kind {
        Kind::Luks => tree[id].parents.first().and_then(|&p| device_type(tree, p)),
        Kind::Disk(_) => Some(DeviceType::Disk),
        Kind::Partition(_) => Some(DeviceType::Partition),
        Kind::Array(_) => Some(DeviceType::Md),
        Kind::Volume(Volume { role: Role::Thin { .. }, .. }) => Some(DeviceType::LvmThinp),
        Kind::Volume(_) => Some(DeviceType::Lvm),
        Kind::Btrfs(_) | Kind::Subvolume => Some(DeviceType::Btrfs),
        Kind::Group(_) | Kind::Memory(_) => None,
    }
}

fn text_of(kind: DeviceType) -> &'static str {
    match kind {
        DeviceType::Lvm => "LVM",
        DeviceType::LvmThinp => "LVM Thin Provisioning",
        DeviceType::Md => "RAID",
        DeviceType::Partition => "Standard Partition",
        DeviceType::Btrfs => "Btrfs",
        DeviceType::Disk => "Disk",
    }
}

fn root(tree: &Tree, found: &mut Vec<Refusal>) {
    let Some(root) = tree.mounted("/") else {
        let says = format!(
            "You have not defined a root partition (/), which is required for installation of {} to continue.",
            tree.profile.product
        );
        found.push(Refusal::stop(Cause::NoRoot, None, says));
        return;
    };
    if tree[root].format.exists {
        let says = "You must create a new file system on the root device.";
        found.push(Refusal::stop(Cause::Reformat, span(tree, root), says));
    }
    let allowed = &tree.profile.root_device_types;
    let is = device_type(tree, root);
    if !allowed.is_empty() && !is.is_some_and(|t| allowed.contains(&t)) {
        let names: Vec<_> = allowed.iter().map(|t| text_of(*t)).collect();
        let says = format!("Your root partition must be on a device of type: {}.", names.join(", "));
        found.push(Refusal::stop(Cause::RootDeviceType, span(tree, root), says));
    }
}

fn formatting(tree: &Tree, mounts: &Mounts<'_>, found: &mut Vec<Refusal>) {
    for (mount, id) in mounts {
        let f = &tree[*id].format;
        let under = |list: &[&str]| list.iter().any(|p| mount.starts_with(p));
        if f.exists && f.kind.linux_native() && under(REFORMAT) && !under(KEEP) {
            let says = format!("It is recommended to create a new file system on your {mount} partition.");
            found.push(Refusal::warn(Cause::Reformat, span(tree, *id), says));
        }
    }
}

fn sizes(tree: &Tree, mounts: &Mounts<'_>, found: &mut Vec<Refusal>) {
    let at = |mount: &str| mounts.iter().find(|(m, _)| *m == mount).map(|(_, id)| *id);
    for (mount, least) in &tree.profile.recommended_sizes {
        let Some(id) = at(mount).filter(|&id| tree.size(id) < *least) else { continue };
        let says = format!(
            "Your {mount} partition is less than {} which is lower than recommended for a normal {} install.",
            anaconda_size(*least),
            tree.profile.product
        );
        found.push(Refusal::warn(Cause::Recommendation, span(tree, id), says));
    }
    for (mount, least) in &tree.profile.required_sizes {
        let Some(id) = at(mount).filter(|&id| tree.size(id) < *least) else { continue };
        let says = format!("Your {mount} partition size is lower than required {}.", anaconda_size(*least));
        found.push(Refusal::stop(Cause::TooSmallForProfile, span(tree, id), says));
    }
    for (mount, id) in mounts {
        let kind = tree[*id].format.kind;
        let size = tree.size(*id);
        let (min, max) = (kind.min_size(tree.release), kind.max_size());
        let problem = match max {
            Some(max) if size > max => "large",
            _ if size < min => "small",
            _ => continue,
        };
        let says = format!(
            "Your {mount} partition is too {problem} for {} formatting (allowable size is {min} to {})",
            kind.name(),
            max.unwrap_or_default()
        );
        found.push(Refusal::stop(Cause::FormatLimits, span(tree, *id), says));
    }
}

/// A size as Anaconda writes it: in the unit in which it has less than five digits before the point.
fn anaconda_size(size: Bytes) -> String {
    if size.0 == 1 << 30 { "1024 MiB".to_owned() } else { size.to_string() }
}

fn swap(tree: &Tree, found: &mut Vec<Refusal>) {
    let is_new_swap = |id: DeviceId| {
        let d = &tree[id];
        d.format.kind == FormatKind::Swap && (!d.format.exists || d.span.is_some())
    };
    if tree.ids().any(is_new_swap) {
        return;
    }
    let little = tree.memory < MEMORY_WITHOUT_SWAP;
    let says = match (little, tree.profile.swap_recommended) {
        (true, _) => format!(
            "You have not specified a swap partition. {} of memory is {} to continue installation without a swap \
             partition, but you only have {}.",
            MEMORY_WITHOUT_SWAP,
            if tree.profile.swap_recommended { "required" } else { "recommended" },
            tree.memory
        ),
        (false, false) => return,
        (false, true) if tree.release.is_new() => {
            "A swap partition has not been specified. To significantly \
            improve performance for most installations, it is recommended to specify a swap partition."
                .to_owned()
        }
        (false, true) => {
            "You have not specified a swap partition. Although not strictly required in all cases, it \
            will significantly improve performance for most installations."
                .to_owned()
        }
    };
    found.push(match little && tree.profile.swap_recommended {
        true => Refusal::stop(Cause::NoSwap, None, says),
        false => Refusal::warn(Cause::NoSwap, None, says),
    });
}

fn places(tree: &Tree, mounts: &Mounts<'_>, found: &mut Vec<Refusal>) {
    for (mount, id) in mounts {
        let kind = tree[*id].format.kind;
        if MUST_BE_LINUX.contains(mount) && !(kind.linux_native() || kind == FormatKind::Tmpfs) {
            let says = format!("The mount point {mount} must be on a linux file system.");
            found.push(Refusal::stop(Cause::NotLinux, span(tree, *id), says));
        }
    }
    for (mount, id) in mounts {
        if MUST_BE_ON_ROOT.contains(mount) {
            let says =
                format!("This mount point is invalid. The {mount} directory must be on the / file system.");
            found.push(Refusal::stop(Cause::MustBeOnRoot, span(tree, *id), says));
        }
    }
    for mount in &tree.profile.separate {
        if !mounts.iter().any(|(m, _)| m == mount) {
            let says = format!("Your {mount} must be on a separate partition or LV.");
            found.push(Refusal::stop(Cause::MustNotBeOnRoot, None, says));
        }
    }
}

fn keys(tree: &Tree, found: &mut Vec<Refusal>) {
    for id in tree.ids() {
        let f = &tree[id].format;
        if f.kind == FormatKind::Luks && !f.exists && !f.has_key {
            let says = format!(
                "Encryption requested for LUKS device {} but no encryption key specified for this device.",
                tree[id].name
            );
            found.push(Refusal::stop(Cause::NoPassphrase, span(tree, id), says));
        }
    }
}

/// Snapshots that are made at the end of the installation need a thin volume. (pyanaconda's `snapshot/device.py`)
fn snapshots(tree: &Tree, snapshots: &[Snapshot], found: &mut Vec<Refusal>) {
    for Snapshot { origin, name, .. } in snapshots.iter().filter(|s| s.after) {
        let path = &origin.name;
        let group = |id: DeviceId| tree[id].volume().map(|v| tree[v.group].name.as_str());
        let says = match tree.by_name(&path.replace('/', "-")) {
            None => format!("Snapshot: origin \"{path}\" doesn't exist!"),
            Some(id) if !tree[id].volume().is_some_and(|v| matches!(v.role, Role::Thin { .. })) => {
                format!("Snapshot: origin \"{path}\" of snapshot \"{name}\" is not a valid thin LV device.")
            }
            Some(id) if group(id).is_some_and(|g| tree.by_name(&format!("{g}-{name}")).is_some()) => {
                format!("Snapshot {name} already exists.")
            }
            Some(_) => continue,
        };
        found.push(Refusal::stop(Cause::NoSuchDevice, Some(origin.span), says));
    }
}
