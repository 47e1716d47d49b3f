//! Layout constraints as data: built in, or the user's TOML.
//!
//! Invariant: a policy is plain data; it knows no kickstart and decides nothing.

use crate::units::MiB;
use std::path::Path;

/// Which volumes a node has to have, how large, and on what.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// `ovirt-node`, or the name in the user's file.
    pub name: String,
    /// One sentence.
    pub description: String,
    /// Root's device has to be one of these (`lvm-thin`).
    pub root_device_types: Vec<String>,
    /// File systems that root may have.
    pub root_filesystems: Vec<String>,
    /// Volumes besides root, by mount point.
    pub volumes: Vec<Volume>,
    /// Least size of root that the profile's own partitioning would make.
    pub root_min: Option<MiB>,
    /// Least size of /boot.
    pub boot_min: Option<MiB>,
    /// Mount points that must not be volumes of their own (`/usr`).
    pub not_separate: Vec<String>,
    /// Share of the volume group that is kept free, in percent.
    pub reserve_percent: u8,
    /// Images that must fit, the installed one included.
    pub images: u32,
    /// Content that one image is expected to write to the pool.
    pub image_content: MiB,
    /// Largest number of characters of a volume name, and so on, come with the rules that need them.
    pub mount_options: Vec<String>,
}

/// A volume that a policy asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Volume {
    /// Mount point.
    pub mount: String,
    /// Whether the node does not work without it; else it is recommended.
    pub required: bool,
    /// Whether a missing one is right (a size then only holds if it is there).
    pub optional: bool,
    /// Least size that Anaconda's own check enforces.
    pub min: Option<MiB>,
    /// Size that the project recommends.
    pub recommended: Option<MiB>,
}

/// A policy that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// No such name.
    #[error("unknown policy '{name}'")]
    Unknown {
        /// As given.
        name: String,
        /// The nearest known name.
        nearest: Option<String>,
    },
    /// A file that cannot be read or understood.
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

impl Policy {
    /// The names of the built-in policies.
    pub fn builtin_names() -> &'static [&'static str] {
        &["ovirt-node", "ovirt-node-4.4", "rhvh-4.4", "ovirt-node-4.3"]
    }

    /// A built-in policy.
    ///
    /// # Errors
    /// [`PolicyError::Unknown`], with the nearest name.
    pub fn builtin(name: &str) -> Result<Policy, PolicyError> {
        Err(PolicyError::Unknown { name: name.to_owned(), nearest: None })
    }

    /// A policy from a TOML file.
    ///
    /// # Errors
    /// [`PolicyError::File`]: file, line, what was expected.
    pub fn from_file(path: &Path) -> Result<Policy, PolicyError> {
        Err(PolicyError::File { path: path.display().to_string(), line: 1, message: String::new() })
    }
}
