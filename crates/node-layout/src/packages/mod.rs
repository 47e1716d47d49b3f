//! Packages that were installed on this host besides those of its image, and how they come along into a new layer.
//!
//! [`decide`](fn@decide) compares three databases: those of the host, of the old image and of the new image. What the host has
//! and the old image had not was installed by somebody; unless the new image has it, it is installed into the new layer, from
//! files that are cached or, if that is allowed, from the recorded repositories. [`PackageManager`] is what differs between RPM
//! and dpkg.
//!
//! The room knows the roots of systems, no node. It starts the package managers of this host only for reading; what changes a
//! layer is run in it, by the layer's own programs ([`sandbox`](fn@sandbox)).

mod archives; // files of packages that are cached
mod database; // databases that are not to be written to
mod decide; // what comes along
mod dpkg; // Debian
mod modules; // modules for a kernel
mod record; // the packages of an installation, where its base has no database
mod rpm; // RPM
mod sandbox; // programs in a new layer

use crate::machine::{Command, ToolError, Tools};
use node_base::units::Bytes;
use std::cmp::Ordering;
use std::path::{Path, PathBuf};

pub(crate) use decide::{Carried, Decided, Fate, Question, decide};
pub(crate) use modules::DkmsSource;
pub(crate) use record::{RECORD, list_for_record};
pub(crate) use sandbox::{InLayer, PROGRAMS, sandbox};

/// A package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Package {
    /// Its name.
    pub(crate) name: String,
    /// The architecture that it is for.
    pub(crate) arch: String,
    /// Epoch (unless it is 0), version and release: `1:2.3-4`.
    pub(crate) version: String,
    /// Bytes of its files.
    pub(crate) size: Bytes,
}

impl Package {
    /// Name and version, for people.
    pub(crate) fn shown(&self) -> String {
        format!("{} {}", self.name, self.version)
    }

    /// Whether the name can be an argument of a program.
    fn is_plain(&self) -> bool {
        let letter = |c: char| c.is_ascii_alphanumeric() || "._+-".contains(c);
        self.name.starts_with(|c: char| c.is_ascii_alphanumeric()) && self.name.chars().all(letter)
    }
}

/// Why packages cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// The database of a system cannot be read.
    #[error("the package database {} cannot be read: {error}", path.display())]
    Database {
        /// The database.
        path: PathBuf,
        /// What the program says.
        error: ToolError,
    },
    /// A database cannot be copied.
    #[error("the package database {} cannot be copied: {error}", path.display())]
    Copy {
        /// The database.
        path: PathBuf,
        /// The kernel's reason.
        error: std::io::Error,
    },
    /// A cached file cannot be read.
    #[error("{} cannot be read as a package: {error}", path.display())]
    Archive {
        /// The file.
        path: PathBuf,
        /// What the program says.
        error: ToolError,
    },
}

/// Where packages are fetched from and to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FetchPlaces<'p> {
    /// Root of this host, which has the configuration of the repositories.
    pub(crate) host: &'p Path,
    /// Root of the new layer.
    pub(crate) layer: &'p Path,
    /// The database in the layer.
    pub(crate) database: &'p Path,
    /// Where the files go: [`sandbox::PACKAGES`] in the layer.
    pub(crate) directory: &'p Path,
}

/// A directory with files of packages, below the root of a host.
pub(crate) struct Cache {
    /// Its path.
    pub(crate) path: &'static str,
    /// How many directories below it are looked into.
    pub(crate) depth: usize,
}

/// A package manager with its database.
pub(crate) trait PackageManager: std::fmt::Debug + Sync {
    /// The directory of the database in the system at `root`, links followed inside it; `None` if it has none.
    fn database(&self, root: &Path) -> Option<PathBuf>;

    /// The command that lists what is installed.
    fn list(&self, database: &Path) -> Command;

    /// Reads its output, and that of [`describe`](Self::describe). Lines of another form are left out.
    fn packages(&self, text: &str) -> Vec<Package>;

    /// Whether reading the database writes beside it: SQLite does.
    fn writes_to_read(&self) -> bool;

    /// Compares two versions.
    ///
    /// # Errors
    /// [`ToolError`].
    fn compare(&self, tools: &dyn Tools, a: &str, b: &str) -> Result<Ordering, ToolError>;

    /// Whether a package belongs to an image: kernels, and entries that are not packages, such as keys.
    fn is_of_image(&self, package: &Package) -> bool;

    /// The name of the file of a package in a cache.
    fn file_name(&self, package: &Package) -> String;

    /// Where its files are cached.
    fn caches(&self) -> &'static [Cache];

    /// The command that describes a file of a package.
    fn describe(&self, file: &Path) -> Command;

    /// The command that lists what is in a file of a package.
    fn contents(&self, file: &Path) -> Command;

    /// Reads its output: absolute paths.
    fn paths<'t>(&self, text: &'t str) -> Vec<&'t str>;

    /// The command that finds out whether files can be installed into the system with this database, which it does not change;
    /// `None` if that cannot be told before.
    fn trial(&self, database: &Path, files: &[PathBuf]) -> Option<Command>;

    /// The program of this host that fetches packages from repositories.
    fn fetcher(&self, tools: &dyn Tools) -> &'static str;

    /// A file in the home directory of that program, name and text, by which it finds the database in the system at `layer`.
    fn home_file(&self, layer: &Path, database: &Path) -> Option<(&'static str, String)>;

    /// A directory of this host that it needs meanwhile.
    fn fetches_in(&self) -> Option<&'static Path>;

    /// The command by which [`fetcher`](Self::fetcher) fetches packages, with what they need in the layer.
    fn fetch(&self, fetcher: &'static str, places: &FetchPlaces<'_>, names: &[String]) -> Command;

    /// The command that installs all files of [`sandbox::PACKAGES`], in the layer.
    fn install(&self) -> InLayer;

    /// The command that fails unless these packages are installed, in the layer.
    fn check(&self, packages: &[&Package]) -> InLayer;
}

/// All package managers, in the order in which a system is asked for them.
pub(crate) const MANAGERS: [&dyn PackageManager; 2] = [&rpm::Rpm, &dpkg::Dpkg];
