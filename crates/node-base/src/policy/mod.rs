//! Layout constraints as data: built in (`builtin/*.toml`), or the user's TOML.
//!
//! Invariant: a policy is plain data; it knows no kickstart and decides nothing.

pub mod export; // as Anaconda's own configuration
mod file;
mod name;

pub use name::{PolicyChoice, PolicyName};

use crate::units::{Bytes, MiB};
use std::path::Path;
use std::sync::OnceLock;

/// What a node's storage has to look like. Every part can be absent: what a policy does not state is not checked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Policy {
    /// `ovirt-node`, or the name in the user's file.
    pub name: String,
    /// One sentence.
    pub description: String,
    /// The root file system.
    pub root: Root,
    /// `/boot`.
    pub boot: Boot,
    /// Volumes besides root and `/boot`, sorted by mount point (a parent stands before what is mounted in it).
    pub volumes: Vec<Volume>,
    /// Mount points that must not be volumes of their own (`/usr`): an image has to hold them.
    pub not_separate: Vec<String>,
    /// Mount options (`--fsoptions`) that every thin volume needs (`discard`).
    pub mount_options: Vec<String>,
    /// The thin pool and its volume group.
    pub pool: Pool,
    /// The images that have to fit.
    pub images: WantedImages,
    /// What Anaconda makes when the kickstart leaves the partitioning to it (`autopart`).
    pub partitioning: Partitioning,
    /// By what Anaconda recognises the installation that its own copy of these constraints is for.
    pub anaconda: Anaconda,
}

/// Constraints of the root file system.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Root {
    /// What root may stand on; empty: anything. Anaconda's `root_device_types`.
    pub device_types: Vec<DeviceType>,
    /// File systems it may have (`xfs`, `ext4`); empty: any.
    pub filesystems: Vec<String>,
    /// Least size that Anaconda's own check enforces (`req_partition_sizes`).
    pub min: Option<MiB>,
    /// Least size that is recommended.
    pub recommended: Option<MiB>,
}

/// Constraints of `/boot`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Boot {
    /// Least size of the device if there is a `/boot`; Anaconda's own check enforces it (`req_partition_sizes`).
    pub min: Option<MiB>,
    /// Least size of the *file system*, as `statvfs` reports it (`f_blocks * f_frsize`): smaller than the device.
    pub min_filesystem: Option<Bytes>,
    /// File systems it may have; empty: any.
    pub filesystems: Vec<String>,
}

/// A volume that a policy asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Volume {
    /// Mount point.
    pub mount: String,
    /// Whether it has to be there.
    pub presence: Presence,
    /// Least size that Anaconda's own check enforces if it is there (`req_partition_sizes`).
    pub min: Option<MiB>,
    /// Least size that is recommended if it is there.
    pub recommended: Option<MiB>,
}

/// Whether a volume has to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    /// The node does not work without it.
    Required,
    /// The node works without it, but not well.
    Recommended,
    /// It may be absent; its sizes hold only if it is there.
    Optional,
}

/// What a file system stands on, by Anaconda's names for its `root_device_types`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeviceType {
    /// A thick logical volume.
    Lvm,
    /// A thin logical volume.
    LvmThinp,
    /// A software RAID array.
    Md,
    /// A partition.
    Partition,
    /// A btrfs subvolume.
    Btrfs,
    /// A whole disk.
    Disk,
}

impl DeviceType {
    /// Anaconda's name, as it stands in its configuration.
    pub fn anaconda_name(self) -> &'static str {
        match self {
            DeviceType::Lvm => "LVM",
            DeviceType::LvmThinp => "LVM_THINP",
            DeviceType::Md => "MD",
            DeviceType::Partition => "PARTITION",
            DeviceType::Btrfs => "BTRFS",
            DeviceType::Disk => "DISK",
        }
    }

    /// As a person says it, with its article.
    pub fn described(self) -> &'static str {
        match self {
            DeviceType::Lvm => "a logical volume",
            DeviceType::LvmThinp => "a thin logical volume",
            DeviceType::Md => "a software RAID array",
            DeviceType::Partition => "a partition",
            DeviceType::Btrfs => "a btrfs subvolume",
            DeviceType::Disk => "a whole disk",
        }
    }
}

/// The thin pool that holds the images, and what its volume group keeps free for it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pool {
    /// Share of the volume group that is kept free, in percent.
    pub reserve_percent: Option<u8>,
    /// Size that the layout gives the pool's metadata when it is initialised, if the volume group has room.
    pub metadata: Option<MiB>,
    /// Share of the pool's data or metadata, in percent, from which LVM extends the pool by itself
    /// (`thin_pool_autoextend_threshold`); above it the pool counts as full.
    pub autoextend_threshold: Option<u8>,
}

/// The images that have to fit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WantedImages {
    /// How many, the installed one included.
    pub keep: Option<u32>,
    /// Data that one image is expected to write to the pool.
    pub content: Option<MiB>,
    /// What one image puts on `/boot`: kernel and initramfs.
    pub boot_content: Option<MiB>,
}

/// Default partitioning of an installer profile.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Partitioning {
    /// Scheme of `autopart` without `--type`; nothing: Anaconda's own default (LVM).
    pub scheme: Option<Scheme>,
    /// What `autopart` makes beside the platform's boot partitions, in the profile's order; empty: Anaconda's own default.
    pub requests: Vec<PartitioningRequest>,
}

/// A scheme of `autopart`, by Anaconda's names for its `default_scheme`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Scheme {
    /// Partitions.
    Plain,
    /// btrfs subvolumes.
    Btrfs,
    /// Thick logical volumes.
    Lvm,
    /// Thin logical volumes in a pool.
    LvmThinp,
}

impl Scheme {
    /// Anaconda's name, as it stands in its configuration.
    pub fn anaconda_name(self) -> &'static str {
        match self {
            Scheme::Plain => "PLAIN",
            Scheme::Btrfs => "BTRFS",
            Scheme::Lvm => "LVM",
            Scheme::LvmThinp => "LVM_THINP",
        }
    }

    /// The word of `autopart --type=`.
    pub fn autopart_type(self) -> &'static str {
        match self {
            Scheme::Plain => "plain",
            Scheme::Btrfs => "btrfs",
            Scheme::Lvm => "lvm",
            Scheme::LvmThinp => "thinp",
        }
    }
}

/// One line of a default partitioning.
#[derive(Clone, Debug, PartialEq)]
pub struct PartitioningRequest {
    /// Mount point, or `swap`.
    pub mount: String,
    /// Exactly this size (swap has none: the installer takes it from the memory).
    pub size: Option<MiB>,
    /// At least this size; it grows.
    pub min: Option<MiB>,
    /// It grows to this size at most.
    pub max: Option<MiB>,
}

/// By what Anaconda recognises an installation, and what its configuration says beside storage.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Anaconda {
    /// `profile_id` of a file in `profile.d` (Anaconda 35 and newer), also the value of `inst.profile=`.
    pub profile_id: Option<String>,
    /// The profile it builds on.
    pub base_profile: Option<String>,
    /// `ID` in os-release that selects the profile.
    pub os_id: Option<String>,
    /// `VARIANT_ID` in os-release that selects the profile.
    pub variant_id: Option<String>,
    /// Product in `.buildstamp` that selects a file in `product.d` (RHEL 8 and 9), also the value of `inst.product=`.
    pub product_name: Option<String>,
    /// The product it builds on.
    pub base_product: Option<String>,
    /// Parts of the installer's interface that the profile hides.
    pub hidden_spokes: Vec<String>,
    /// Source of packages when the kickstart names none.
    pub default_source: Option<String>,
    /// Path of the licence that the profile shows.
    pub eula: Option<String>,
}

/// A policy that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// Not the name of a policy, and not a path.
    #[error("unknown policy '{name}'{}", known_names(nearest.as_deref(), known))]
    Unknown {
        /// As given.
        name: String,
        /// The nearest known name.
        nearest: Option<String>,
        /// The names that are accepted at this place.
        known: Vec<&'static str>,
    },
    /// A file that cannot be read.
    #[error("{path}: cannot read the policy: {error}")]
    Read {
        /// As given.
        path: String,
        /// The system's reason. Not a `source`: it is part of the text.
        error: std::io::Error,
    },
    /// A file that cannot be understood.
    #[error("{path}:{line}: {message}")]
    File {
        /// As given.
        path: String,
        /// Line from 1.
        line: u32,
        /// What was expected.
        message: String,
    },
}

fn known_names(nearest: Option<&str>, known: &[&str]) -> String {
    let known = known.join(", ");
    match nearest {
        Some(name) => format!("; did you mean {name}? (known: {known})"),
        None => format!("; write {known}, or the path of a TOML file"),
    }
}

/// The built-in policies with their TOML, the newest first.
const BUILTIN: [(&str, &str); 4] = [
    ("ovirt-node", include_str!("builtin/ovirt-node.toml")),
    ("ovirt-node-4.4", include_str!("builtin/ovirt-node-4.4.toml")),
    ("rhvh-4.4", include_str!("builtin/rhvh-4.4.toml")),
    ("ovirt-node-4.3", include_str!("builtin/ovirt-node-4.3.toml")),
];

const BUILTIN_NAMES: [&str; BUILTIN.len()] = {
    let mut names = [""; BUILTIN.len()];
    let mut i = 0;
    while i < names.len() {
        names[i] = BUILTIN[i].0;
        i += 1;
    }
    names
};

/// The built-in policies as read from their TOML, each when it is first asked for: many kickstarts of one run ask for
/// the same policy.
static READ: [OnceLock<Policy>; BUILTIN.len()] = [const { OnceLock::new() }; BUILTIN.len()];

impl Policy {
    /// The names of the built-in policies, the newest first.
    pub fn builtin_names() -> &'static [&'static str] {
        &BUILTIN_NAMES
    }

    /// The TOML of a built-in policy, with the sources of its numbers as comments.
    pub fn builtin_text(name: &str) -> Option<&'static str> {
        BUILTIN.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
    }

    /// A built-in policy.
    ///
    /// # Errors
    /// [`PolicyError::Unknown`], with the nearest name.
    pub fn builtin(name: &str) -> Result<Policy, PolicyError> {
        let Some(at) = BUILTIN_NAMES.iter().position(|known| *known == name) else {
            return Err(name::unknown(name, &[]));
        };
        match READ[at].get() {
            Some(policy) => Ok(policy.clone()),
            None => Policy::from_toml(BUILTIN[at].1, name).map(|read| READ[at].get_or_init(|| read).clone()),
        }
    }

    /// A policy from a TOML file.
    ///
    /// # Errors
    /// [`PolicyError::Read`], or [`PolicyError::File`]: file, line, what was expected.
    pub fn from_file(path: &Path) -> Result<Policy, PolicyError> {
        let shown = path.display().to_string();
        let text = crate::regular::read_to_string(path)
            .map_err(|error| PolicyError::Read { path: shown.clone(), error })?;
        Policy::from_toml(&text, &shown)
    }

    /// A policy from the text of a TOML file; `path` is what errors call it, and without a `name` in the text
    /// its last part without `.toml` is the policy's name.
    ///
    /// # Errors
    /// [`PolicyError::File`]: file, line, what was expected.
    pub fn from_toml(text: &str, path: &str) -> Result<Policy, PolicyError> {
        file::read(text, path)
    }

    /// What the policy says about a mount point besides `/` and `/boot`.
    pub fn volume(&self, mount: &str) -> Option<&Volume> {
        self.volumes.iter().find(|v| v.mount == mount)
    }

    /// Whether root has to be a thin volume and nothing else.
    pub fn wants_thin_root(&self) -> bool {
        self.root.device_types == [DeviceType::LvmThinp]
    }

    /// Requires a volume, at least so large; never weakens what the policy says already.
    pub fn require(&mut self, mount: &str, min: Option<MiB>) {
        let raise = |now: &mut Option<MiB>| *now = (*now).max(min);
        match mount {
            "/" => raise(&mut self.root.min),
            "/boot" => raise(&mut self.boot.min),
            _ => match self.volumes.binary_search_by(|v| v.mount.as_str().cmp(mount)) {
                Ok(at) => {
                    self.volumes[at].presence = Presence::Required;
                    raise(&mut self.volumes[at].min);
                }
                Err(at) => self.volumes.insert(
                    at,
                    Volume { mount: mount.to_owned(), presence: Presence::Required, min, recommended: None },
                ),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_policy_reads_and_bears_its_name() {
        for name in Policy::builtin_names() {
            let policy = Policy::builtin(name).unwrap();
            assert_eq!(policy.name, *name);
            assert!(policy.wants_thin_root(), "{name}: root has to be thin");
            assert!(policy.volumes.is_sorted_by(|a, b| a.mount < b.mount), "{name}: volumes are not sorted");
        }
    }

    #[test]
    fn the_numbers_are_the_ones_of_each_release() {
        let var = |name: &str| {
            let policy = Policy::builtin(name).unwrap();
            let var = policy.volume("/var").unwrap();
            (var.presence, var.min.unwrap().0, var.recommended.unwrap().0)
        };
        assert_eq!(var("ovirt-node"), (Presence::Required, 5 * 1024, 5 * 1024));
        assert_eq!(var("ovirt-node-4.4"), (Presence::Required, 10 * 1024, 15 * 1024));
        assert_eq!(var("rhvh-4.4"), (Presence::Required, 10 * 1024, 15 * 1024));
        assert_eq!(var("ovirt-node-4.3"), (Presence::Required, 10 * 1024, 15 * 1024));
        assert!(Policy::builtin("ovirt-node").unwrap().volume("/var/tmp").is_some());
        assert!(Policy::builtin("ovirt-node-4.4").unwrap().volume("/var/tmp").is_none());
    }

    #[test]
    fn a_requirement_tightens_and_never_weakens() {
        let mut policy = Policy::builtin("ovirt-node").unwrap();
        policy.require("/var", Some(MiB(1)));
        assert_eq!(policy.volume("/var").unwrap().min, Some(MiB(5120)), "a smaller minimum changes nothing");
        policy.require("/var/log", Some(MiB(9000)));
        assert_eq!(policy.volume("/var/log").unwrap().presence, Presence::Required);
        assert_eq!(policy.volume("/var/log").unwrap().min, Some(MiB(9000)));
        policy.require("/srv", None);
        assert_eq!(policy.volume("/srv").unwrap().presence, Presence::Required);
        assert!(policy.volumes.is_sorted_by(|a, b| a.mount < b.mount));
    }
}
