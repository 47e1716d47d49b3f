//! `raid`: members and level of a new array, neither for one that exists.

use super::super::problems::{self, Fail};
use super::super::python::python_int;
use super::super::value_problems;
use super::super::{array_names, codes};
use super::line::Line;
use node_base::diagnostic::{Finding, Reported};

pub(super) fn check(line: &Line<'_, '_>) -> Result<(), Fail> {
    let version = line.place.version;
    let exists = line.is_given("--useexisting") || line.is_given("--noformat");
    let members = line.seen.positionals.saturating_sub(1);
    if members == 0 && !exists {
        let message = "'raid' needs its member partitions";
        let finding = Finding::new(&codes::MISSING_ARGUMENT, message).at(line.place.span).label("incomplete");
        return Err(Box::new(
            finding.help("write them after the mount point: raid / raid.01 raid.02 --device=md0 --level=1"),
        ));
    }
    if members > 0 && exists {
        let flag = if line.is_given("--useexisting") { "--useexisting" } else { "--noformat" };
        let message = format!("'raid' takes no members with {flag}: the array exists");
        let span = line.positionals().nth(1).map_or(line.place.span, |v| v.span);
        return Err(Box::new(
            Finding::new(&codes::UNEXPECTED_ARGUMENT, message).at(span).related(line.span(flag), "it exists"),
        ));
    }
    let device = line.text("--device");
    let device =
        if array_names::strips_md(version) { device.strip_prefix("md").unwrap_or(device) } else { device };
    if array_names::is_number(version)
        && python_int(device).is_none()
        && let Some(value) = line.value("--device")
    {
        let finding = *value_problems::not_an_integer(value, "--device", line.place);
        return Err(Box::new(finding.reported(Reported::ByAccident)));
    }
    if !exists && !line.is_given("--level") {
        let message = "'raid' needs --level for a new array";
        return Err(Box::new(
            Finding::new(&codes::MISSING_OPTION, message).at(line.place.span).label("incomplete"),
        ));
    }
    if exists && device.is_empty() {
        let message = "'raid' needs the name of the array in --device".to_owned();
        return Err(problems::refused(line.value_span("--device"), message, None));
    }
    Ok(())
}
