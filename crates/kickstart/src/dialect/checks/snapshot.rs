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
            let help = match origin.text.strip_prefix("/dev/").map(|rest| rest.trim_start_matches("mapper/"))
            {
                Some(rest) if rest.split('/').filter(|part| !part.is_empty()).count() == 2 => {
                    format!("write '{rest}'")
                }
                _ => "write the names of the volume group and the volume: VG/LV".to_owned(),
            };
            return Err(refused(origin.span, message, Some(help)));
        }
    }
    names.insert(name.to_owned());
    Ok(())
}
