//! Add-ons that the installers of the releases bring. What no add-on claims is dropped without a word (Anaconda's Boss,
//! `_distribute_to_modules`), so the language accepts every name.

use super::codes;
use super::version::{Family, Version};
use node_base::diagnostic::{Finding, Severity, nearest};
use node_base::harmless::excerpt;
use node_base::source::Span;

/// An add-on and the releases whose installer brings it.
pub(super) struct Addon {
    /// The name behind `%addon`.
    pub(super) name: &'static str,
    /// The header of its section.
    pub(super) header: &'static str,
    /// First and last release of RHEL; `None` when no release is known to lack it.
    rhel: Option<(u8, u8)>,
    /// First and last release of Fedora, likewise.
    fedora: Option<(u8, u8)>,
    /// What to do without it.
    pub(super) instead: &'static str,
}

/// Known add-ons.
///
/// Sources: `oscap-anaconda-addon` has branches for RHEL 7, 8 and 9 and is in Fedora up to 41; `kdump-anaconda-addon`;
/// `initial-setup` of subscription-manager; this project's own add-on comes in an image of the installer.
pub(super) static ADDONS: [Addon; 5] = [
    Addon {
        name: "com_redhat_oscap",
        header: "%addon com_redhat_oscap",
        rhel: Some((7, 9)),
        fedora: Some((19, 41)),
        instead: "run oscap in a %post script, or harden the image that is installed",
    },
    Addon {
        name: "org_fedora_oscap",
        header: "%addon org_fedora_oscap",
        rhel: Some((7, 9)),
        fedora: Some((19, 41)),
        instead: "run oscap in a %post script, or harden the image that is installed",
    },
    Addon {
        name: "com_redhat_kdump",
        header: "%addon com_redhat_kdump",
        rhel: None,
        fedora: None,
        instead: "",
    },
    Addon {
        name: "com_redhat_subscription_manager",
        header: "%addon com_redhat_subscription_manager",
        rhel: None,
        fedora: None,
        instead: "",
    },
    Addon { name: "org_ovirt_node", header: "%addon org_ovirt_node", rhel: None, fedora: None, instead: "" },
];

impl Addon {
    /// Whether the installer of a release may have it.
    pub(super) fn is_in(&self, version: Version) -> bool {
        let releases = match version.family {
            Family::Rhel => self.rhel,
            Family::Fedora => self.fedora,
        };
        releases.is_none_or(|(first, last)| (first..=last).contains(&version.release))
    }
}

/// What is to be said about a section of this add-on.
pub(super) fn finding(name: &str, span: Span, version: Version) -> Option<Finding> {
    let shown = excerpt(name);
    let finding = |message: String| Finding::new(&codes::ADDON_NOT_IN_RELEASE, message).at(span);
    match ADDONS.iter().find(|addon| addon.name == name) {
        Some(addon) if addon.is_in(version) => None,
        Some(addon) => Some(
            finding(format!(
                "{version} has no add-on '{shown}': the installer ignores the section without a word"
            ))
            .help(addon.instead),
        ),
        None => {
            let near = nearest(name, ADDONS.iter().map(|addon| addon.name));
            Some(match near {
                Some(near) => {
                    finding(format!("unknown add-on '{shown}': the installer ignores the section without a word"))
                        .label(format!("did you mean '{near}'?"))
                }
                None => finding(format!(
                    "'{shown}' is not one of the add-ons of {version}: without an image that brings it the installer ignores the section"
                ))
                .severity(Severity::Info),
            })
        }
    }
}
