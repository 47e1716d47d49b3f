//! `btrfs`: a mount point, then the members, or a subvolume of a parent.

use super::super::codes;
use super::super::problems::{Fail, conflict};
use super::line::Line;
use node_base::diagnostic::Finding;

pub(super) fn check(line: &Line<'_, '_>) -> Result<(), Fail> {
    let missing = |what: &str| -> Result<(), Fail> {
        let message = format!("'btrfs' needs {what}");
        Err(Box::new(Finding::new(&codes::MISSING_ARGUMENT, message).at(line.place.span)))
    };
    match line.seen.positionals {
        0 => return missing("a mount point"),
        1 if line.is_given("--subvol") => {
            return missing("the parent volume of the subvolume, such as LABEL=root");
        }
        1 => return missing("its member partitions, such as btrfs.01"),
        _ => {}
    }
    if line.is_given("--subvol") && !line.is_set("--name") {
        let message = "--subvol of 'btrfs' needs --name: a subvolume has a name";
        return Err(Box::new(Finding::new(&codes::OPTION_REQUIRES, message).at(line.span("--subvol"))));
    }
    if line.is_set("--mkfsoptions") {
        for other in ["--noformat", "--useexisting"] {
            if line.is_given(other) {
                let first = (line.span("--mkfsoptions"), "--mkfsoptions");
                return Err(conflict(first, (line.span(other), other), None, line.place));
            }
        }
    }
    Ok(())
}
