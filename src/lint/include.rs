//! The files that a kickstart includes: where each one is looked for, and which ones are read.
//!
//! A relative path is looked for beside the file that names it, as the reference parser does (pykickstart 3.78,
//! `readKickstart`). An absolute one names a file of the installer, most often written by `%pre`; the file at that path
//! on this machine is another one. So it is not read, unless this machine is the installer (the environment variable
//! [`IN_INSTALLER`] says so, as the Anaconda add-on does) or [`Follow::All`] asks for it.

use super::text::{self, TextError};
use kickstart::include::{Includes, Loader, Location, NotLoaded, Request, RequestKind};
use node_base::regular::is_regular;
use node_base::source::{FileId, STDIN, Source, Sources};
use std::cell::OnceCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

/// With `1` in this environment variable, absolute paths are those of this machine.
pub const IN_INSTALLER: &str = "KS_LINT_IN_INSTALLER";

/// Most seconds that fetching a URL takes.
const FETCH_SECONDS: &str = "30";

/// Which includes are followed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Follow {
    /// None: the check depends on nothing but the text.
    #[default]
    Nothing,
    /// Relative paths among the commands, inside the directory of the kickstart or the repository that holds it.
    Relative {
        /// Whether this machine is the installer: absolute paths are followed, too, wherever they lead.
        in_installer: bool,
    },
    /// All of them, in sections and by `%ksappend`, too.
    All {
        /// Where absolute paths begin: a copy of what the installer will see. With a root, an include leads nowhere
        /// outside it and the kickstart's own directory. `None`: the root of this machine.
        root: Option<PathBuf>,
        /// Whether `http`, `https` and `ftp` are fetched (with curl). Without it no URL is ever contacted.
        network: bool,
    },
}

/// Texts that are newer than their files: what an editor shows, by the path of the file without links.
#[derive(Clone, Debug, Default)]
pub struct Unsaved(Arc<HashMap<PathBuf, Arc<str>>>);

impl FromIterator<(PathBuf, Arc<str>)> for Unsaved {
    fn from_iter<I: IntoIterator<Item = (PathBuf, Arc<str>)>>(texts: I) -> Self {
        Unsaved(Arc::new(texts.into_iter().collect()))
    }
}

impl Follow {
    /// Relative paths, and absolute ones in the installer: what `ks-lint FILE` follows.
    pub fn from_environment() -> Follow {
        Follow::Relative { in_installer: std::env::var_os(IN_INSTALLER).is_some_and(|value| value == "1") }
    }

    /// Reads the files that `file` includes, directly and through others, into `sources`.
    pub fn load(&self, sources: &mut Sources, file: FileId) -> Includes {
        self.load_with(&Unsaved::default(), sources, file)
    }

    /// As [`Follow::load`], with texts that are newer than their files.
    pub fn load_with(&self, unsaved: &Unsaved, sources: &mut Sources, file: FileId) -> Includes {
        if *self == Follow::Nothing {
            return Includes::default();
        }
        let home = directory_of(sources.get(file)).to_owned();
        Includes::load(sources, file, &mut Files { follow: self, unsaved, home, fence: OnceCell::new() })
    }
}

/// Reads included files from this machine, and fetches URLs.
struct Files<'a> {
    follow: &'a Follow,
    unsaved: &'a Unsaved,
    /// The directory of the kickstart.
    home: PathBuf,
    /// That directory, or the repository that holds it, without links; found when it is first needed.
    fence: OnceCell<Option<PathBuf>>,
}

impl Loader for Files<'_> {
    fn follows(&self, kind: RequestKind) -> bool {
        match self.follow {
            Follow::Nothing => false,
            Follow::Relative { .. } => kind == RequestKind::Command,
            Follow::All { .. } => true,
        }
    }

    fn identity(&mut self, kickstart: &Source) -> Option<PathBuf> {
        kickstart.path().canonicalize().ok()
    }

    fn locate(&mut self, request: &Request<'_>) -> Result<Location, NotLoaded> {
        match self.follow {
            Follow::Nothing => Err(NotLoaded::Elsewhere),
            Follow::Relative { in_installer } => self.locate_relative(request, *in_installer),
            Follow::All { root, network } => self.locate_any(request, root.as_deref(), *network),
        }
    }

    fn read(&mut self, location: &Location, limit: u64) -> Result<String, NotLoaded> {
        if let Some(text) = self.unsaved.0.get(&location.identity) {
            return if text.len() as u64 > limit { Err(NotLoaded::TooLarge) } else { Ok(text.to_string()) };
        }
        // The identity of a file of this machine is an absolute path.
        let text = if is_url(&location.identity) {
            text::decode(fetch(&location.identity, limit, FETCH_SECONDS)?)
        } else {
            text::read_at_most(&location.path, limit)
        };
        text.map_err(|error| match error {
            TextError::TooLarge => NotLoaded::TooLarge,
            TextError::Io(error) => NotLoaded::Unreadable(error.to_string()),
            TextError::NotUtf8 { .. } => NotLoaded::Unreadable(error.to_string()),
            error => NotLoaded::Unreadable(format!("it {error}")),
        })
    }
}

/// Directories in which version control systems keep their own files, access tokens among them.
const VERSION_CONTROL: [&str; 3] = [".git", ".hg", ".svn"];

impl Files<'_> {
    fn locate_relative(&self, request: &Request<'_>, in_installer: bool) -> Result<Location, NotLoaded> {
        if request.path.contains("://") || (request.path.starts_with('/') && !in_installer) {
            return Err(NotLoaded::Elsewhere);
        }
        let path = directory_of(request.from).join(request.path);
        let real = path.canonicalize();
        if !in_installer
            && !real.as_ref().map_or_else(|_| self.may_be_inside(&path), |real| self.is_inside_fence(real))
        {
            return Err(NotLoaded::Outside);
        }
        let identity = real.map_err(|error| NotLoaded::Unreadable(error.to_string()))?;
        if !is_regular(&identity) {
            return Err(NotLoaded::Unreadable("it is not a regular file".to_owned()));
        }
        Ok(Location { path, identity })
    }

    fn fence(&self) -> Option<&Path> {
        let find = || {
            let home = self.home_or_here().canonicalize().ok()?;
            let is_repository = |d: &&Path| VERSION_CONTROL.iter().any(|name| d.join(name).exists());
            let repository = home.ancestors().find(is_repository).map(Path::to_owned);
            Some(repository.unwrap_or(home))
        };
        self.fence.get_or_init(find).as_deref()
    }

    /// Whether a file, without links and `..`, is inside the fence and does not belong to the version control system.
    fn is_inside_fence(&self, real: &Path) -> bool {
        let below = self.fence().and_then(|fence| real.strip_prefix(fence).ok());
        below.is_some_and(|below| !of_version_control(below))
    }

    /// Whether a path that does not exist would be inside: whether a file outside exists is nobody's business.
    fn may_be_inside(&self, path: &Path) -> bool {
        let directory = path.ancestors().skip(1).find_map(|d| {
            let d = if d.as_os_str().is_empty() { Path::new(".") } else { d };
            d.canonicalize().ok()
        });
        directory.zip(self.fence()).is_some_and(|(directory, fence)| directory.starts_with(fence))
    }

    fn home_or_here(&self) -> &Path {
        if self.home.as_os_str().is_empty() { Path::new(".") } else { &self.home }
    }

    /// Below the root, beside the including file, or relative to the working directory.
    fn locate_any(
        &self,
        request: &Request<'_>,
        root: Option<&Path>,
        network: bool,
    ) -> Result<Location, NotLoaded> {
        let path = Path::new(request.path);
        if request.path.contains("://") {
            let fetched = network && is_url(path);
            let location = || Location { path: path.to_owned(), identity: path.to_owned() };
            return fetched.then(location).ok_or(NotLoaded::Elsewhere);
        }
        let beside = directory_of(request.from).join(path);
        let candidates = match (root, path.strip_prefix("/")) {
            (Some(root), Ok(below)) => vec![root.join(below)],
            (Some(root), Err(_)) => vec![beside, root.join(path)],
            (None, Ok(_)) => vec![path.to_owned()],
            (None, Err(_)) => vec![beside, path.to_owned()],
        };
        let found = candidates.into_iter().find_map(|path| {
            let identity = path.canonicalize().ok()?;
            let is_allowed = is_regular(&identity)
                && !of_version_control(&identity)
                && root.is_none_or(|root| self.is_inside(&identity, root));
            is_allowed.then_some(Location { path, identity })
        });
        found.ok_or(NotLoaded::NotFound)
    }

    /// Whether a file is below the root or the kickstart's own directory, without links and `..`.
    fn is_inside(&self, real: &Path, root: &Path) -> bool {
        [root, self.home_or_here()]
            .iter()
            .any(|base| base.canonicalize().is_ok_and(|base| real.starts_with(base)))
    }
}

fn of_version_control(path: &Path) -> bool {
    path.iter().any(|part| VERSION_CONTROL.iter().any(|name| part == *name))
}

/// The directory that relative paths of a file begin in.
fn directory_of(source: &Source) -> &Path {
    if source.path() == Path::new(STDIN) {
        return Path::new("");
    }
    source.path().parent().unwrap_or(Path::new(""))
}

/// Whether this is a URL of a kind that can be fetched.
fn is_url(path: &Path) -> bool {
    let text = path.to_string_lossy();
    ["http://", "https://", "ftp://"].iter().any(|scheme| text.starts_with(scheme))
}

/// Fetches a URL with curl, within a limit of bytes and of seconds.
///
/// # Errors
/// [`NotLoaded::Unreadable`] when curl is missing, or the server does not answer with the file.
pub(super) fn fetch(url: &Path, limit: u64, seconds: &str) -> Result<Vec<u8>, NotLoaded> {
    let output = Command::new("curl")
        .args(["--fail", "--silent", "--location", "--globoff", "--proto", "=http,https,ftp"])
        .args(["--max-time", seconds, "--max-filesize", &limit.max(1).to_string(), "--"])
        .arg(url)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    match output {
        Ok(output) if output.status.success() => Ok(output.stdout),
        _ => Err(NotLoaded::Unreadable("it could not be fetched".to_owned())),
    }
}
