//! `snapshot`: of a volume written VG/LV, under a name of its own.

use super::super::problems::{Fail, refused};
use super::line::Line;
use foldhash::HashSet;

/// Names that earlier lines took.
pub(in super::super) type Names = HashSet<String>;

pub(super) fn check(line: &Line<'_, '_>, names: &mut Names) -> Result<(), Fail> {
    let name = line.text("--name");
    if names.contains(name) {
        let message = format!("a snapshot named '{name}' is already defined");
        return Err(refused(line.value_span("--name"), message, None));
    }
    if let Some(origin) = line.positionals().next() {
        let parts: Vec<&str> = origin.text.split('/').collect();
        if parts.len() != 2 || parts.iter().any(|p| p.is_empty()) {
            let message = format!("the volume of 'snapshot' must be written VG/LV, not '{}'", origin.text);
            return Err(refused(origin.span, message, Some("write vg/root, without /dev/".to_owned())));
        }
    }
    names.insert(name.to_owned());
    Ok(())
}
