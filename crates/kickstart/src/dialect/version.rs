//! Syntax versions: a family (Fedora, RHEL) and a release.

use super::distributions::distribution;
use super::tables;
use node_base::diagnostic::nearest;
use std::fmt;

pub use super::distributions::Family;

impl Family {
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

    /// Reads a name in any case: `RHEL9`, `rhel9.4` (the minor release does not matter), `F46`, `FC6`; also the names of
    /// rebuilds and long names: `OL8`, `CentOS-Stream-9`, `Rocky9`, `el9`, `Fedora42`.
    ///
    /// # Errors
    /// [`UnknownVersion`], with the nearest known name.
    pub fn from_name(name: &str) -> Result<Version, UnknownVersion> {
        let upper = name.trim().to_ascii_uppercase();
        let major = match upper.split_once('.') {
            Some((major, minor)) if minor.bytes().all(|b| b.is_ascii_digit() || b == b'.') => major,
            _ => upper.as_str(),
        };
        Version::of_name(major).or_else(|| Version::of_rebuild(major)).ok_or_else(|| {
            let known: Vec<String> = Version::all().map(|v| v.to_string()).collect();
            // A number alone is most often one of RHEL.
            let of_rhel = major.parse().ok().map(Version::rhel).filter(|v| v.is_known());
            let nearest = || nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
            UnknownVersion { name: name.to_owned(), nearest: of_rhel.map(|v| v.to_string()).or_else(nearest) }
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

    /// The version of a name that a rebuild has: `OL8`, `CentOS-Stream-9`, `Rocky9`, `el9`, `Fedora42`.
    fn of_rebuild(name: &str) -> Option<Version> {
        let mut plain: String = name.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).collect();
        plain.make_ascii_lowercase();
        let plain = plain.strip_suffix("stream").unwrap_or(&plain);
        let at = plain.find(|c: char| c.is_ascii_digit())?;
        let (word, number) = plain.split_at(at);
        // F6 is not a name: Fedora Core 6 is FC6.
        let distribution = distribution(word).filter(|d| d.name != "fc")?;
        Version::of_release(distribution.family, number)
    }

    /// The version of a family by its number, if the tables know it.
    pub(super) fn of_release(family: Family, number: &str) -> Option<Version> {
        let version = Version { family, release: number.parse().ok()? };
        (version.index().is_some() && number == version.release.to_string()).then_some(version)
    }

    /// Whether the tables know this release.
    pub(super) fn is_known(self) -> bool {
        self.index().is_some()
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
        let unknown = Version::from_name("RHLE9").unwrap_err();
        assert_eq!(unknown.nearest.as_deref(), Some("RHEL9"));
        assert_eq!(Version::from_name("9").unwrap_err().nearest.as_deref(), Some("RHEL9"));
    }

    #[test]
    fn rebuilds_have_the_syntax_of_their_rhel() {
        for name in ["OL8", "ol8.9", "CentOS8", "CENTOS-8", "CentOS-Stream-8", "CentOS8-Stream", "Rocky8"] {
            assert_eq!(Version::from_name(name), Ok(Version::rhel(8)), "{name}");
        }
        for name in
            ["el9", "EL9.4", "AlmaLinux9", "Alma9", "RHEL-9", "RockyLinux9", "Oracle9", "OracleLinux9"]
        {
            assert_eq!(Version::from_name(name), Ok(Version::rhel(9)), "{name}");
        }
        assert_eq!(Version::from_name("Fedora42"), Ok(Version::fedora(42)));
        assert_eq!(Version::from_name("Fedora-42"), Ok(Version::fedora(42)));
        for name in ["DEVEL", "centos", "OL80", "Rocky09", "SLES8", "Debian8", "F06", "CentOS"] {
            assert!(Version::from_name(name).is_err(), "{name}");
        }
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
