//! `part`: no btrfs member where RHEL has no btrfs.

use super::super::problems::{Fail, refused};
use super::super::version::Family;
use super::line::Line;

pub(super) fn check(line: &Line<'_, '_>) -> Result<(), Fail> {
    let version = line.place.version;
    match line.positionals().next() {
        Some(point)
            if version.family == Family::Rhel && version.release >= 8 && point.text.starts_with("btrfs.") =>
        {
            let message =
                format!("'{}' is a member of a btrfs volume, which {version} does not have", point.text);
            Err(refused(point.span, message, Some("use a physical volume (pv.01) and LVM".to_owned())))
        }
        _ => Ok(()),
    }
}
