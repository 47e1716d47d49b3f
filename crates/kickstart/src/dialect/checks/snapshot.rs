//! `snapshot`: of a volume written VG/LV, under a name of its own.

use super::super::problems::{Fail, refused};
use super::line::Line;
use foldhash::HashSet;
use node_base::diagnostic::{Applicability, Fix};

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
            let named = origin.text.strip_prefix("/dev/").map(|rest| rest.trim_start_matches("mapper/"));
            let meant = named
                .filter(|rest| rest.split('/').count() == 2 && rest.split('/').all(|part| !part.is_empty()));
            let help = match meant {
                Some(meant) => format!("write '{meant}'"),
                None => "write the names of the volume group and the volume: VG/LV".to_owned(),
            };
            let mut refusal = refused(origin.span, message, Some(help));
            refusal.fix = meant.and_then(|meant| Fix::of_value(origin, meant, Applicability::Safe));
            return Err(refusal);
        }
    }
    names.insert(name.to_owned());
    Ok(())
}
