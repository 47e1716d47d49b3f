//! The outcome of a plan: verdict, messages, devices.

use crate::layout::Layout;
use crate::machine::device::Kind;
use crate::machine::id::DeviceId;
use crate::machine::tree::Tree;
use crate::plan::bootloader::Boot;
use crate::plan::cause::Refusal;
use node_base::units::Bytes;

/// The verdict of the installer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It installs.
    Proceeds,
    /// It stops before a disk is touched.
    Stops,
    /// What decides is not in the kickstart; the messages say what.
    Unknown,
}

/// The outcome.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Whether the installer proceeds.
    pub verdict: Verdict,
    /// The messages of the installer, in its order.
    pub messages: Vec<Refusal>,
    /// The devices as they will be; empty when it stops before they are computed.
    pub tree: Option<Tree>,
    /// How far it came when it stopped before all devices were computed.
    pub attempt: Option<Attempt>,
    /// The boot disk and the devices that the boot loader is on.
    pub boot: Boot,
}

/// The devices up to the one that cannot be made.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// What was there, and what was made or asked for before it stopped. Partitions that have no place yet are in no table.
    pub tree: Tree,
    /// Logical volumes that are not in the tree.
    pub missing: Vec<MissingVolume>,
}

/// A logical volume that was not made.
#[derive(Clone, Debug)]
pub struct MissingVolume {
    /// The volume group.
    pub group: DeviceId,
    /// Its name.
    pub name: String,
    /// The size that is asked for, at least.
    pub size: Bytes,
}

impl Attempt {
    pub(super) fn new(tree: Tree, layout: &Layout) -> Attempt {
        let asked = layout.volumes.iter().filter(|v| !v.thin && !v.existing);
        let missing = asked.filter_map(|v| {
            let group = tree.by_name(&v.group)?;
            let volumes = &tree[group].group()?.volumes;
            let full_name = format!("{}-{}", v.group, v.name);
            let is_made = volumes.iter().any(|&id| tree[id].name == full_name);
            let size = v.sizes.size.unwrap_or_default();
            (!is_made).then(|| MissingVolume { group, name: v.name.clone(), size })
        });
        let missing = missing.collect();
        Attempt { tree, missing }
    }

    /// Partitions that have no place on a disk.
    pub fn unplaced(&self) -> impl Iterator<Item = DeviceId> {
        let is_new = |id: &DeviceId| !self.tree[*id].exists && !self.tree[*id].gone;
        let is_partition = |id: &DeviceId| matches!(self.tree[*id].kind, Kind::Partition(_));
        self.tree.ids().filter(is_new).filter(is_partition).filter(|&id| self.tree.entry(id).is_none())
    }
}

impl Plan {
    /// A plan without devices.
    pub fn without_devices(verdict: Verdict, messages: Vec<Refusal>) -> Plan {
        Plan { verdict, messages, tree: None, attempt: None, boot: Boot::default() }
    }
}
