//! The packages of an installation whose database the base will not have.

use crate::machine::Tools;
use crate::packages::list_for_record;
use crate::system::System;
use node_base::diagnostic::{Finding, Severity, layout};

/// The list of packages that `init` writes to root, where their database is on another file system (`/var/lib/rpm`, with /var on
/// a volume of its own): later updates tell by it what was installed on this host besides.
///
/// # Errors
/// A warning that says why there is no list.
pub fn recorded_packages(system: &System, tools: &dyn Tools) -> Result<Option<String>, Box<Finding>> {
    let mounts = system.mounts.iter().map(|mount| mount.target.as_str());
    list_for_record(tools, &system.path("/"), mounts).map_err(|error| {
        let message = format!("the packages of this installation are not recorded: {error}");
        let help = "the first update will not know which packages were added, and bring none along: install them again after it";
        Box::new(Finding::new(&layout::PACKAGES, message).severity(Severity::Warning).help(help))
    })
}
