//! `mount`: the mount point is absolute or `none`.

use super::super::problems::{Fail, refused};
use super::line::Line;

pub(super) fn check(line: &Line<'_, '_>) -> Result<(), Fail> {
    match line.positionals().nth(1) {
        Some(point) if !point.text.starts_with('/') && point.text.to_lowercase() != "none" => {
            let message =
                format!("the mount point of 'mount' must begin with / or be none, not '{}'", point.text);
            let help = "write the device first, then the mount point: mount /dev/vg/root /".to_owned();
            Err(refused(point.span, message, Some(help)))
        }
        _ => Ok(()),
    }
}
