//! `nvdimm`: what each action needs.

use super::super::codes;
use super::super::problems::Fail;
use super::line::Line;
use node_base::diagnostic::Finding;

pub(super) fn check(line: &Line<'_, '_>) -> Result<(), Fail> {
    let needs = |what: &str| -> Result<(), Fail> {
        let message = format!("'nvdimm {}' needs {what}", action(line));
        Err(Box::new(Finding::new(&codes::MISSING_OPTION, message).at(line.place.span).label("incomplete")))
    };
    match action(line) {
        "reconfigure" if !line.is_set("--namespace") => needs("--namespace"),
        "reconfigure" if !line.is_set("--sectorsize") => needs("--sectorsize in mode sector"),
        "use" if !line.is_set("--namespace") && !line.is_set("--blockdevs") => {
            needs("--namespace or --blockdevs")
        }
        _ => Ok(()),
    }
}

fn action<'a>(line: &'a Line<'_, '_>) -> &'a str {
    line.positionals().next().map_or("", |v| v.text.as_ref())
}
