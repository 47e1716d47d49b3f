//! Distributions whose installer is Anaconda, by their names.

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
}

/// A distribution by its name in lower case. Installers of the rebuilds of RHEL read the syntax of the same release of
/// RHEL.
pub(super) struct Distribution {
    pub(super) name: &'static str,
    pub(super) family: Family,
    /// Whether the name alone is too short to say much: `el` counts only with its number, as in `el9`.
    pub(super) is_short: bool,
}

impl Distribution {
    pub(super) const fn rhel(name: &'static str) -> Distribution {
        Distribution { name, family: Family::Rhel, is_short: false }
    }
}

const fn rhel(name: &'static str) -> Distribution {
    Distribution::rhel(name)
}

const fn short(name: &'static str, family: Family) -> Distribution {
    Distribution { name, family, is_short: true }
}

static DISTRIBUTIONS: [Distribution; 22] = [
    rhel("rhel"),
    rhel("redhat"),
    rhel("redhatenterpriselinux"),
    rhel("enterpriselinux"),
    rhel("centos"),
    rhel("centosstream"),
    rhel("centoslinux"),
    rhel("rocky"),
    rhel("rockylinux"),
    rhel("alma"),
    rhel("almalinux"),
    rhel("oracle"),
    rhel("oraclelinux"),
    rhel("scientific"),
    rhel("scientificlinux"),
    rhel("springdale"),
    rhel("epel"),
    Distribution { name: "fedora", family: Family::Fedora, is_short: false },
    short("el", Family::Rhel),
    short("ol", Family::Rhel),
    short("sl", Family::Rhel),
    short("fc", Family::Fedora),
];

/// The distribution of a name in lower case.
pub(super) fn distribution(name: &str) -> Option<&'static Distribution> {
    DISTRIBUTIONS.iter().find(|d| d.name == name)
}
