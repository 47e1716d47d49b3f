//! How `raid --device` is read in each version.

use super::version::{Family, Version};

/// Whether names lose a leading `md` in this version.
pub(super) fn strips_md(version: Version) -> bool {
    !version.is_at_least(Version::fedora(43)) && version != Version::rhel(10)
}

/// Whether the name must be a number in this version.
pub(super) fn is_number(version: Version) -> bool {
    match version.family {
        Family::Fedora => version.release <= 18,
        Family::Rhel => version.release <= 6,
    }
}
