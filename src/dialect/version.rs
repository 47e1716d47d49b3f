//! Syntax versions: a family (Fedora, RHEL) and a release.

use std::fmt;

/// A line of releases whose syntax develops together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// FC3–FC6 and F7 on.
    Fedora,
    /// RHEL3 on.
    Rhel,
}

/// One syntax version, such as RHEL9 or F46.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// The family.
    pub family: Family,
    /// The number in its name (FC6 and F7 follow each other).
    pub release: u8,
}

impl Version {
    /// What a kickstart without a `#version=` header is read as.
    pub const DEFAULT: Version = Version { family: Family::Rhel, release: 9 };
    /// The newest Fedora that the tables know.
    pub const NEWEST_FEDORA: Version = Version { family: Family::Fedora, release: 46 };

    /// RHEL of this release.
    pub const fn rhel(release: u8) -> Version {
        Version { family: Family::Rhel, release }
    }

    /// Fedora of this release.
    pub const fn fedora(release: u8) -> Version {
        Version { family: Family::Fedora, release }
    }

    /// All versions that the tables know, Fedora first, oldest first.
    pub fn all() -> impl Iterator<Item = Version> {
        (3..=46).map(Version::fedora).chain((3..=11).map(Version::rhel))
    }

    /// Reads a name in any case: `RHEL9`, `rhel9.4` (the minor release does not matter), `F46`, `FC6`.
    ///
    /// # Errors
    /// [`UnknownVersion`], with the nearest known name.
    pub fn from_name(name: &str) -> Result<Version, UnknownVersion> {
        let upper = name.trim().to_ascii_uppercase();
        let major = upper.split_once('.').map_or(upper.as_str(), |(major, _)| major);
        Version::all()
            .find(|v| v.to_string() == major)
            .ok_or_else(|| UnknownVersion { name: name.to_owned() })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.family, self.release) {
            (Family::Fedora, r @ ..=6) => write!(f, "FC{r}"),
            (Family::Fedora, r) => write!(f, "F{r}"),
            (Family::Rhel, r) => write!(f, "RHEL{r}"),
        }
    }
}

/// A name that is no syntax version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown syntax version '{name}': expected one of FC3–FC6, F7–F46, RHEL3–RHEL11")]
pub struct UnknownVersion {
    /// As given.
    pub name: String,
}
