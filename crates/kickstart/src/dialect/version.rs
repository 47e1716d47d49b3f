//! Syntax versions: a family (Fedora, RHEL) and a release.

use super::tables;
use node_base::diagnostic::nearest;
use std::fmt;

/// A line of releases whose syntax develops together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// FC3–FC6 and F7 on.
    Fedora,
    /// RHEL3 on.
    Rhel,
}

impl Family {
    /// The name of the distribution.
    pub fn name(self) -> &'static str {
        match self {
            Family::Fedora => "Fedora",
            Family::Rhel => "RHEL",
        }
    }

    /// The newest version of the family that the tables know.
    pub const fn newest(self) -> Version {
        match self {
            Family::Fedora => Version::fedora(tables::FEDORA.1),
            Family::Rhel => Version::rhel(tables::RHEL.1),
        }
    }
}

/// One syntax version, such as RHEL9 or F46.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// The distribution whose installer reads it.
    pub family: Family,
    /// The number in its name (FC6 and F7 follow each other).
    pub release: u8,
}

impl Version {
    /// The version of a kickstart without a `#version=` header.
    pub const DEFAULT: Version = Version { family: Family::Rhel, release: 9 };
    /// The newest Fedora that the tables know.
    pub const NEWEST_FEDORA: Version = Family::Fedora.newest();

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
        (tables::FEDORA.0..=tables::FEDORA.1)
            .map(Version::fedora)
            .chain((tables::RHEL.0..=tables::RHEL.1).map(Version::rhel))
    }

    /// Reads a name in any case: `RHEL9`, `rhel9.4` (the minor release does not matter), `F46`, `FC6`.
    ///
    /// # Errors
    /// [`UnknownVersion`], with the nearest known name.
    pub fn from_name(name: &str) -> Result<Version, UnknownVersion> {
        let upper = name.trim().to_ascii_uppercase();
        let major = match upper.split_once('.') {
            Some((major, minor)) if minor.bytes().all(|b| b.is_ascii_digit() || b == b'.') => major,
            _ => upper.as_str(),
        };
        Version::of_name(major).ok_or_else(|| {
            let known: Vec<String> = Version::all().map(|v| v.to_string()).collect();
            UnknownVersion {
                name: name.to_owned(),
                nearest: nearest(name, known.iter().map(String::as_str)).map(str::to_owned),
            }
        })
    }

    /// The version of exactly this name.
    fn of_name(name: &str) -> Option<Version> {
        let digits = name.trim_start_matches(|c: char| !c.is_ascii_digit());
        let release = digits.parse().ok()?;
        let version = match &name[..name.len() - digits.len()] {
            "RHEL" => Version::rhel(release),
            "F" | "FC" => Version::fedora(release),
            _ => return None,
        };
        // One name each: neither F6 nor RHEL09.
        (version.index().is_some() && version.to_string() == name).then_some(version)
    }

    /// The bit of this version in the sets of the tables; none for a version that they do not know.
    pub(crate) fn bit(self) -> u64 {
        self.index().map_or(0, |i| 1 << i)
    }

    fn index(self) -> Option<usize> {
        let (first, last) = match self.family {
            Family::Fedora => tables::FEDORA,
            Family::Rhel => tables::RHEL,
        };
        let before = match self.family {
            Family::Fedora => 0,
            Family::Rhel => usize::from(tables::FEDORA.1 - tables::FEDORA.0) + 1,
        };
        (first..=last).contains(&self.release).then(|| before + usize::from(self.release - first))
    }

    /// Whether the syntax of this version is that of `other` or developed from it: RHEL9 comes after F34, from which it
    /// was branched, and before F35.
    pub fn is_at_least(self, other: Version) -> bool {
        let place = |v: Version| v.index().map(|i| tables::ORDER[i]);
        place(self) >= place(other)
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

/// A name that is not a syntax version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown syntax version '{name}': expected one of FC3–FC6, F7–{}, RHEL3–{}",
    Family::Fedora.newest(), Family::Rhel.newest())]
pub struct UnknownVersion {
    /// The name as given.
    pub name: String,
    /// The known name that is spelt most like it, if one is close.
    pub nearest: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_any_case_and_with_a_minor_release() {
        assert_eq!(Version::from_name("rhel9.4"), Ok(Version::rhel(9)));
        assert_eq!(Version::from_name("F46"), Ok(Version::fedora(46)));
        assert_eq!(Version::from_name("fc6"), Ok(Version::fedora(6)));
        assert!(Version::from_name("F6").is_err(), "Fedora Core 6 is FC6");
        let unknown = Version::from_name("RHEL-9").unwrap_err();
        assert_eq!(unknown.nearest.as_deref(), Some("RHEL9"));
    }

    #[test]
    fn every_version_has_its_own_bit() {
        let all: u64 = Version::all().map(Version::bit).fold(0, |set, bit| {
            assert_eq!(set & bit, 0);
            set | bit
        });
        assert_eq!(all.count_ones() as usize, Version::all().count());
        assert_eq!(Version::rhel(99).bit(), 0);
    }

    #[test]
    fn rhel_comes_after_the_fedora_it_was_branched_from() {
        assert!(Version::rhel(9).is_at_least(Version::fedora(34)));
        assert!(!Version::rhel(9).is_at_least(Version::fedora(35)));
        assert!(!Version::rhel(5).is_at_least(Version::fedora(8)));
    }
}
