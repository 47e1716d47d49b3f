//! The list of the packages that an installer has installed. `init` writes it where the database is on another file system than
//! root: then the base, which is a snapshot of root, has no database.

use super::{MANAGERS, Package, PackageError, PackageManager};
use crate::files::read_text;
use crate::machine::{Command, Tools, inside};
use std::path::Path;

/// Where the list is. The first layer has it, too; in the layers of images it goes with the rest of /usr.
pub(crate) const RECORD: &str = "/usr/lib/node-layout/packages";

/// The text of the list for the system at `root`; `None` if the base has the database itself, or if there is none. `mounts` are the
/// mount points in that system.
///
/// # Errors
/// [`PackageError::Database`].
pub(crate) fn list_for_record<'m>(
    tools: &dyn Tools,
    root: &Path,
    mounts: impl IntoIterator<Item = &'m str>,
) -> Result<Option<String>, PackageError> {
    let found = MANAGERS.into_iter().find_map(|manager| Some((manager, manager.database(root)?)));
    let Some((manager, database)) = found else { return Ok(None) };
    let Some(below) = database.strip_prefix(root).ok().map(|below| Path::new("/").join(below)) else {
        return Ok(None);
    };
    if !mounts.into_iter().any(|mount| mount != "/" && below.starts_with(mount)) {
        return Ok(None);
    }
    // The image of an installer has no package manager, and the installed one knows its database.
    let command = match root == Path::new("/") {
        true => manager.list(&database),
        false => {
            let Command { program, args, .. } = manager.list(&below);
            let root = root.display().to_string();
            Command::new("chroot", [root, program.to_owned()].into_iter().chain(args))
        }
    };
    let failed = |error| PackageError::Database { path: database.clone(), error };
    let mut lines: Vec<String> =
        tools.run(&command).map_err(failed)?.stdout.lines().map(str::to_owned).collect();
    lines.retain(|line| !manager.packages(line).is_empty());
    lines.sort();
    let text = lines.into_iter().map(|line| line + "\n").collect::<String>();
    Ok((!text.is_empty()).then(|| format!("{HEAD}{text}")))
}

/// What the list begins with.
const HEAD: &str = "# Written by node-layout init: the packages of the base, whose database is not in it.\n";

/// The packages of the list in the system at `root`; `None` if it has none.
pub(super) fn recorded(manager: &dyn PackageManager, root: &Path) -> Option<Vec<Package>> {
    let text = read_text(&inside(root, RECORD)).ok().flatten()?;
    Some(manager.packages(&text)).filter(|packages| !packages.is_empty())
}
