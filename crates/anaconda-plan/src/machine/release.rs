//! What differs between the releases of Anaconda.
//!
//! Source: Anaconda 33.16.10 (RHEL 8), 34.25.7 (RHEL 9), 40.22.3 (RHEL 10), 45.21 (Fedora): `platform.py`,
//! `core/storage.py`.

use kickstart::{Family, Version};
use node_base::units::Bytes;

/// An installer that is modelled, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Release {
    /// Anaconda 33.16
    Rhel8,
    /// Anaconda 34.25
    Rhel9,
    /// Anaconda 40.22
    Rhel10,
    /// Anaconda 45.21
    Fedora,
}

/// A release whose installer is not modelled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the installer of {version} is not modelled; plans exist for RHEL8, RHEL9, RHEL10 and Fedora from F42 on"
)]
pub struct NotModelled {
    /// As asked for.
    pub version: String,
}

/// How a machine starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Firmware {
    /// UEFI on x86-64.
    Uefi,
    /// PC BIOS, or UEFI in its legacy mode.
    Bios,
}

impl Release {
    /// The installer of a syntax version.
    ///
    /// # Errors
    /// [`NotModelled`] for RHEL 7 and older, and for Fedora before 42.
    pub fn of(version: Version) -> Result<Release, NotModelled> {
        match (version.family, version.release) {
            (Family::Rhel, 8) => Ok(Release::Rhel8),
            (Family::Rhel, 9) => Ok(Release::Rhel9),
            (Family::Rhel, 10..) => Ok(Release::Rhel10),
            (Family::Fedora, 42..) => Ok(Release::Fedora),
            _ => Err(NotModelled { version: version.to_string() }),
        }
    }

    /// Whether it is RHEL 10 or the newest Fedora.
    pub(crate) fn is_new(self) -> bool {
        self >= Release::Rhel10
    }

    /// Size of `/boot` that `autopart` and `reqpart --add-boot` make.
    pub(crate) fn boot_size(self) -> Bytes {
        Bytes(if self.is_new() { 2 << 30 } else { 1 << 30 })
    }

    /// Least size of the EFI system partition that they make; it grows to 600 MiB.
    pub(crate) fn esp_min(self) -> Bytes {
        Bytes(if self.is_new() { 500 << 20 } else { 200 << 20 })
    }

    /// What LUKS takes of the device below it.
    pub(crate) fn luks_overhead(self, luks1: bool) -> Bytes {
        Bytes(if self.is_new() && !luks1 { 16 << 20 } else { 2 << 20 })
    }

    /// Swap that is suggested from 64 GiB of memory on.
    pub(crate) fn largest_swap(self) -> Bytes {
        Bytes(if self.is_new() { 32 << 30 } else { 4 << 30 })
    }
}
