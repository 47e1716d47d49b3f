//! The boot options that the installer and its initramfs know: names, values, releases. Data only; `boot::check`
//! compares a command line with it.

mod anaconda; // inst.*
mod dracut; // ip=, bond=, rd.*
mod former; // spellings without "inst.", and what was removed
mod node; // ovirt_node.*

pub use former::{DRACUT, DRACUT_FORMER, DracutFormer, FORMER, Former};

use super::devices::Form;
use kickstart::{Family, Version};

/// A release of the installer: its first version of RHEL and of Fedora.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Release {
    /// Major version of RHEL and its rebuilds; `u8::MAX`: in no release of RHEL.
    pub rhel: u8,
    /// Version of Fedora; `u8::MAX`: in no release of Fedora.
    pub fedora: u8,
}

impl Release {
    /// Before every release that is modelled.
    pub const START: Release = Release { rhel: 0, fedora: 0 };
    /// After every release that is known.
    pub const NEVER: Release = Release { rhel: u8::MAX, fedora: u8::MAX };

    /// From these versions on.
    pub const fn at(rhel: u8, fedora: u8) -> Release {
        Release { rhel, fedora }
    }

    /// Whether a version is this release or a later one.
    pub fn reached(self, version: Version) -> bool {
        version.release
            >= match version.family {
                Family::Fedora => self.fedora,
                Family::Rhel => self.rhel,
            }
    }

    /// The name in the family of this version: `RHEL 9`, `Fedora 34`.
    pub fn name(self, version: Version) -> String {
        match version.family {
            Family::Fedora => format!("Fedora {}", self.fedora),
            Family::Rhel if self.rhel == u8::MAX => format!("Fedora {}", self.fedora),
            Family::Rhel => format!("RHEL {}", self.rhel),
        }
    }
}

/// The form of an option's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Nothing, or a truth value.
    Flag,
    /// Nothing, a truth value, or one of these words.
    FlagOr(&'static [&'static str]),
    /// Any value that is not empty.
    Text,
    /// Any value, or none.
    Anything,
    /// A whole number between the two, both included.
    Number(u32, u32),
    /// A whole number of seconds, or `infinity`.
    Timeout,
    /// Nothing, or one of these words.
    ChoiceOrNothing(&'static [&'static str]),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Words of these, separated by commas.
    Choices(&'static [&'static str]),
    /// Where a file or tree is fetched from.
    Location(Fetches),
    /// `HOST` or `HOST:PORT`.
    HostPort,
    /// `800x600`.
    Resolution,
    /// `PROTOCOL://HOST:PORT` or `HOST:PORT`.
    Proxy,
    /// An IP address (IPv6 with or without brackets).
    Address,
    /// Name of a network interface.
    Interface,
    /// An iSCSI name: `iqn.…`, `eui.…`, `naa.…`.
    IscsiName,
    /// dracut's `ip=`.
    Ip,
    /// dracut's `bond=`.
    Bond,
    /// dracut's `team=`.
    Team,
    /// dracut's `bridge=`.
    Bridge,
    /// dracut's `vlan=`.
    Vlan,
    /// dracut's `ifname=`.
    IfName,
    /// dracut's `rd.route=`.
    Route,
    /// `BOOTIF=`, as PXE loaders write it.
    BootIf,
    /// dracut's `netroot=`.
    NetRoot,
    /// The name of a device of the host.
    Device(Form),
}

/// What is fetched from a location, which restricts the forms of the location.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fetches {
    /// An installable tree.
    Tree,
    /// The installer's runtime image.
    Stage2,
    /// A kickstart (`inst.ks`).
    Kickstart,
    /// An image of changed installer files (`inst.updates`).
    Updates,
    /// A driver disk or driver packages (`inst.dd`).
    Drivers,
    /// `NAME,URL` of a further repository.
    NamedTree,
}

/// What happens when an option is given more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// The last one overrides the others.
    LastWins,
    /// All have an effect.
    All,
}

/// An option of the installer or its initramfs.
#[derive(Clone, Copy, Debug)]
pub struct BootOption {
    /// As written on the command line.
    pub name: &'static str,
    /// The form of its value.
    pub takes: Takes,
    /// The effect of a second one.
    pub repeat: Repeat,
    /// First release that knows it.
    pub added: Release,
    /// First release that warns about it.
    pub deprecated: Release,
    /// First release that ignores it.
    pub removed: Release,
    /// What to write instead, for one that is deprecated or removed.
    pub instead: &'static str,
    /// Its effect, in a few words.
    pub does: &'static str,
}

impl BootOption {
    const fn new(name: &'static str, takes: Takes, does: &'static str) -> BootOption {
        BootOption {
            name,
            takes,
            repeat: Repeat::LastWins,
            added: Release::START,
            deprecated: Release::NEVER,
            removed: Release::NEVER,
            instead: "",
            does,
        }
    }

    const fn many(mut self) -> BootOption {
        self.repeat = Repeat::All;
        self
    }

    const fn since(mut self, rhel: u8, fedora: u8) -> BootOption {
        self.added = Release::at(rhel, fedora);
        self
    }

    const fn deprecated(mut self, rhel: u8, fedora: u8, instead: &'static str) -> BootOption {
        self.deprecated = Release::at(rhel, fedora);
        self.instead = instead;
        self
    }

    const fn removed(mut self, rhel: u8, fedora: u8, instead: &'static str) -> BootOption {
        self.removed = Release::at(rhel, fedora);
        self.instead = instead;
        self
    }
}

/// All options with a table of their own, a family a row.
static TABLES: &[&[BootOption]] = &[anaconda::OPTIONS, dracut::OPTIONS, node::OPTIONS];

/// Every option of a current or former release, without the spellings of [`FORMER`].
pub fn all() -> impl Iterator<Item = &'static BootOption> + Clone {
    TABLES.iter().copied().flatten()
}

/// The option of this name.
pub fn find(name: &str) -> Option<&'static BootOption> {
    all().find(|option| option.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_option_is_listed_twice() {
        let mut names: Vec<_> = all().map(|o| o.name).collect();
        names.sort_unstable();
        for pair in names.windows(2) {
            assert_ne!(pair[0], pair[1], "two rows for the same boot option");
        }
    }

    #[test]
    fn what_is_deprecated_or_removed_says_so_in_order() {
        for option in all() {
            assert!(
                option.added.rhel <= option.deprecated.rhel,
                "{} is deprecated before it exists",
                option.name
            );
            assert!(
                option.added.fedora <= option.removed.fedora,
                "{} is removed before it exists",
                option.name
            );
            let gone = option.deprecated != Release::NEVER || option.removed != Release::NEVER;
            assert_eq!(gone, !option.instead.is_empty(), "{} must say what to write instead", option.name);
        }
    }

    #[test]
    fn former_spellings_lead_to_options_that_exist() {
        for former in FORMER {
            if let Some(now) = former.now.split([' ', '=']).find(|w| w.starts_with("inst.")) {
                assert!(find(now).is_some(), "'{}' points to unknown '{now}'", former.name);
            }
        }
    }
}
