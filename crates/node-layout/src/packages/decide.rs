//! What comes along into a new layer.

use super::archives::{cached, is_of};
use super::database::Database;
use super::modules::Modules;
use super::record::recorded;
use super::{MANAGERS, Package, PackageError, PackageManager};
use crate::machine::Tools;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The systems that are compared, and what is wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'q> {
    /// Root of this host.
    pub(crate) host: &'q Path,
    /// Root of the old image.
    pub(crate) old: &'q Path,
    /// Root of the new image.
    pub(crate) image: &'q Path,
    /// Whether packages may be fetched.
    pub(crate) network: bool,
    /// Names of packages that are left behind.
    pub(crate) leave: &'q [String],
    /// The directory for copies.
    pub(crate) work_dir: &'q Path,
}

/// What happens with a package that was installed on this host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The new image has it, in this version.
    InImage(String),
    /// It is installed from this file.
    Archive(PathBuf),
    /// It is fetched.
    Repository,
    /// It is left behind, as somebody has asked for.
    Left,
    /// Its file is nowhere.
    Missing,
    /// The file in a cache is not what its name says.
    OtherContent(PathBuf),
}

/// A package of this host that the old image had not, or in an older version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Carried {
    /// The package.
    pub(crate) package: Package,
    /// The older version that the new image has.
    pub(crate) older: Option<String>,
    /// What happens.
    pub(crate) fate: Fate,
    /// Its modules of a kernel.
    pub(crate) modules: Modules,
}

/// What was decided.
#[derive(Debug)]
pub(crate) struct Decided {
    /// Whose packages they are.
    pub(crate) manager: &'static dyn PackageManager,
    /// The database of the new image.
    pub(crate) database: Database,
    /// Whether the packages of the old image are known, from its database or from the list that `init` has written. Without it nothing says what was installed on the host.
    pub(crate) is_known: bool,
    /// What was installed on the host, by name.
    pub(crate) carried: Vec<Carried>,
}

/// Decides what comes along; `None` if host and image have no package manager in common.
///
/// # Errors
/// [`PackageError`].
pub(crate) fn decide(tools: &dyn Tools, question: &Question<'_>) -> Result<Option<Decided>, PackageError> {
    let databases = |manager: &'static dyn PackageManager| {
        Some((manager, manager.database(question.host)?, manager.database(question.image)?))
    };
    let Some((manager, host, image)) = MANAGERS.into_iter().find_map(databases) else { return Ok(None) };
    let image = Database::open(manager, image, question.work_dir)?;
    let list = |database: &Path| {
        let listed = tools.run(&manager.list(database));
        let failed = |error| PackageError::Database { path: database.to_owned(), error };
        listed.map(|output| manager.packages(&output.stdout)).map_err(failed)
    };
    let base = match manager.database(question.old) {
        Some(old) => Some(list(Database::open(manager, old, question.work_dir)?.read_from())?),
        None => recorded(manager, question.old),
    };
    let Some(base) = base.map(Versions::of) else {
        return Ok(Some(Decided { manager, database: image, is_known: false, carried: Vec::new() }));
    };
    let (ours, theirs) = (list(&host)?, Versions::of(list(image.read_from())?));
    // Each with the version that the image has, if that is not older, and else with the older one.
    let mut wanted: Vec<(Package, Option<String>, Option<String>)> = Vec::new();
    for package in ours {
        if manager.is_of_image(&package) || !package.is_plain() {
            continue;
        }
        let compare = |other: &str| {
            let failed = |error| PackageError::Database { path: host.clone(), error };
            manager.compare(tools, &package.version, other).map_err(failed)
        };
        let mut is_added = true;
        for version in base.versions(&package) {
            // An older one was put there by somebody, who had a reason, but a new image brings newer ones.
            is_added &= version != &package.version && compare(version)? == Ordering::Greater;
        }
        if !is_added {
            continue;
        }
        let (mut in_image, mut older) = (None, None);
        for version in theirs.versions(&package) {
            if version == &package.version || compare(version)? != Ordering::Greater {
                in_image = Some(version.clone());
            } else {
                older = Some(version.clone());
            }
        }
        wanted.push((package, in_image, older));
    }
    wanted.sort();
    let archives = if wanted.is_empty() { BTreeMap::new() } else { cached(manager, question.host) };
    let mut carried = Vec::new();
    for (package, in_image, older) in wanted {
        let archive = archives.get(&manager.file_name(&package));
        let is_left = question.leave.contains(&package.name);
        let mut modules = Modules::default();
        let fate = match (in_image, archive) {
            (Some(version), _) => Fate::InImage(version),
            (None, _) if is_left => Fate::Left,
            (None, None) if question.network => Fate::Repository,
            (None, None) => Fate::Missing,
            (None, Some(file)) => {
                let read = |command| {
                    let failed = |error| PackageError::Archive { path: file.clone(), error };
                    tools.run(&command).map(|output| output.stdout).map_err(failed)
                };
                if is_of(&manager.packages(&read(manager.describe(file))?), &package) {
                    modules = Modules::among(&manager.paths(&read(manager.contents(file))?));
                    Fate::Archive(file.clone())
                } else {
                    Fate::OtherContent(file.clone())
                }
            }
        };
        carried.push(Carried { package, older, fate, modules });
    }
    Ok(Some(Decided { manager, database: image, is_known: true, carried }))
}

/// The versions of packages that a system has. Some packages are there several times.
struct Versions(BTreeMap<String, Vec<Package>>);

impl Versions {
    fn of(packages: Vec<Package>) -> Versions {
        let mut versions: BTreeMap<String, Vec<Package>> = BTreeMap::new();
        for package in packages {
            versions.entry(package.name.clone()).or_default().push(package);
        }
        Versions(versions)
    }

    /// The versions of the package of this name and architecture. One that is for every architecture, or was, is the same
    /// package.
    fn versions<'v>(&'v self, package: &'v Package) -> impl Iterator<Item = &'v String> {
        let any = |arch: &str| arch == "noarch" || arch == "all";
        let same =
            move |other: &&Package| other.arch == package.arch || any(&other.arch) || any(&package.arch);
        self.0.get(&package.name).into_iter().flatten().filter(same).map(|other| &other.version)
    }
}
