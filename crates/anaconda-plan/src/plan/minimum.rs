//! The smallest disks on which a kickstart installs, and on which a number of images fits.

use crate::layout::Layout;
use crate::machine::Machine;
use crate::machine::disk::DiskSpec;
use crate::machine::profile::Profile;
use crate::machine::release::Release;
use crate::plan::capacity;
use crate::plan::outcome::{Plan, Verdict};
use crate::plan::verdict::plan_layout;
use node_base::capacity::Capacity;
use node_base::policy::Policy;
use node_base::units::Bytes;

const GIB: u64 = 1 << 30;
/// The largest disk that is tried, in GiB.
const LARGEST: u64 = 256 << 10;

/// Smallest sizes, in whole GiB; the same size for each disk.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Minimum {
    /// Disks that were tried, blank.
    pub disks: Vec<String>,
    /// Smallest size on which Anaconda proceeds.
    pub installs: Option<Bytes>,
    /// Images asked for.
    pub images: u32,
    /// Smallest size on which it proceeds and so many images fit.
    pub holds_images: Option<Bytes>,
    /// Images that fit on the smallest disk on which it proceeds.
    pub smallest_holds: Option<Capacity>,
    /// Why it proceeds on no disk: what the installer says on the largest.
    pub reason: Option<String>,
}

/// Finds the smallest disks on which Anaconda proceeds, and on which `images` images fit.
pub fn minimum(
    layout: &Layout,
    release: Release,
    policy: Option<&Policy>,
    machine: &Machine,
    images: u32,
) -> Minimum {
    let profile = policy.map_or_else(|| Profile::plain(release), |p| Profile::of_policy(p, release));
    let disks = blank_disks(layout, &machine.disks);
    let try_size = |gib: u64| {
        let blank = |d: &DiskSpec| DiskSpec { size: Bytes(gib * GIB), ..d.clone() };
        let machine = Machine { disks: disks.iter().map(blank).collect(), ..machine.clone() };
        plan_layout(layout, release, profile.clone(), &machine)
    };
    let fit = |plan: &Plan| plan.tree.as_ref().map_or(Capacity::NONE, |t| capacity::planned(t, policy));
    let proceeds = |gib| try_size(gib).verdict == Verdict::Proceeds;
    let holds = |gib| {
        let plan = try_size(gib);
        plan.verdict == Verdict::Proceeds && fit(&plan).fit >= images
    };
    let installs = smallest(proceeds);
    let holds_images = installs.and_then(|_| smallest(holds));
    let reason = match installs {
        Some(_) => None,
        None => try_size(LARGEST).messages.first().map(|m| m.says.clone()),
    };
    Minimum {
        disks: disks.iter().map(|d| d.name.clone()).collect(),
        installs: installs.map(|g| Bytes(g * GIB)),
        images,
        holds_images: holds_images.map(|g| Bytes(g * GIB)),
        smallest_holds: installs.map(|g| fit(&try_size(g))),
        reason,
    }
}

/// The disks that are given, the ones that the kickstart names, or one; all blank.
fn blank_disks(layout: &Layout, given: &[DiskSpec]) -> Vec<DiskSpec> {
    let s = &layout.selection;
    let named = s.only.iter().chain(&s.drives).chain(&layout.boot_loader.drive);
    let named =
        named.chain(layout.partitions.iter().filter_map(|p| p.disk.as_ref())).map(|n| n.name.as_str());
    let mut names: Vec<&str> = given.iter().map(|d| d.name.as_str()).collect();
    if names.is_empty() {
        names = named.filter(|n| n.chars().all(|c| c.is_ascii_alphanumeric())).collect();
        names.sort_unstable();
        names.dedup();
    }
    if names.is_empty() {
        names.push("sda");
    }
    let blank = |name: &str| {
        let sector = given.iter().find(|d| d.name == name).map_or(512, |d| d.sector);
        DiskSpec {
            name: name.to_owned(),
            size: Bytes(GIB),
            sector,
            label: None,
            partitions: Vec::new(),
            removable: false,
        }
    };
    names.into_iter().map(blank).collect()
}

/// The smallest number of GiB that is enough: doubles until one is, then halves the gap.
fn smallest(will_do: impl Fn(u64) -> bool) -> Option<u64> {
    let mut high = 1;
    while !will_do(high) {
        high *= 2;
        if high > LARGEST {
            return None;
        }
    }
    let mut low = high / 2;
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if will_do(middle) { high = middle } else { low = middle }
    }
    Some(high)
}
