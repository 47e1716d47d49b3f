//! Parts of kickstarts: files of a run that other files of the same run include. What such a file lacks is in the file that
//! includes it, and it is for the same release.

use super::chosen::Chosen;
use super::input;
use super::release;
use super::settings::Settings;
use kickstart::Version;
use kickstart::include::{Includes, relative_requests, rooted_requests};
use node_base::diagnostic::Findings;
use node_base::source::STDIN;
use rayon::prelude::*;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The parts among the files of a run.
#[derive(Debug, Default)]
pub struct Fragments {
    /// By their path without links: the version of the first file that includes them, and why.
    versions: HashMap<PathBuf, Chosen<Version>>,
}

impl Fragments {
    /// Finds the parts among these files. A file that cannot be read includes nothing.
    pub fn among<'p>(paths: impl IntoIterator<Item = &'p Path>) -> Fragments {
        let paths: Vec<&Path> = paths.into_iter().filter(|path| *path != Path::new(STDIN)).collect();
        if paths.len() < 2 {
            return Fragments::default();
        }
        let mut by_name: ByName<'_> = HashMap::new();
        for path in &paths {
            by_name.entry(path.file_name().unwrap_or_default()).or_default().push(path);
        }
        let found: Vec<_> = paths.par_iter().map(|path| included_by(path, &by_name)).collect();
        let mut versions = HashMap::new();
        for (path, version) in found.into_iter().flatten() {
            versions.entry(path).or_insert(version);
        }
        Fragments { versions }
    }

    /// Whether another file of the run includes this one.
    pub fn contain(&self, path: &Path) -> bool {
        self.version_of(path).is_some()
    }

    /// The version of the file that includes this one; `None` for a file that no other one includes.
    pub(super) fn version_of(&self, path: &Path) -> Option<&Chosen<Version>> {
        if self.versions.is_empty() {
            return None; // nearly always
        }
        self.versions.get(&path.canonicalize().ok()?)
    }
}

/// Whether `%include` is in a file; all files that are not UTF-8 as it may be in them.
fn has_include(bytes: &[u8]) -> bool {
    if bytes.starts_with(&[0x1f, 0x8b]) || memchr::memchr(0, bytes).is_some() {
        return true;
    }
    memchr::memmem::find(bytes, b"%include").is_some()
}

/// The files of a run by their name without directories.
type ByName<'p> = HashMap<&'p OsStr, Vec<&'p Path>>;

/// How many parts of a path on the server or the installer have to be those of a file of the run: its name and directory.
const SAME_PARTS: usize = 2;

/// Whether a file is the one that another path names, as far as the ends of both tell.
fn is_served_as(path: &Path, rooted: &str) -> bool {
    let parts = || rooted.split('/').filter(|part| !part.is_empty());
    let count = parts().count().min(SAME_PARTS);
    let ends = path.iter().rev().map(|part| part.to_string_lossy());
    count > 0 && parts().rev().take(count).eq(ends.take(count))
}

/// The files that a file includes: by a relative path, and those of the run that it includes by their path on the server or
/// the installer.
fn included_by(path: &Path, by_name: &ByName<'_>) -> Vec<(PathBuf, Chosen<Version>)> {
    // A pipe can be read once only.
    if !input::is_regular(path) {
        return Vec::new();
    }
    // Most files include nothing, which their bytes show.
    if !std::fs::read(path).is_ok_and(|bytes| has_include(&bytes)) {
        return Vec::new();
    }
    let Ok((sources, file)) = input::read(path) else { return Vec::new() };
    let requests = relative_requests(sources.get(file));
    let rooted = rooted_requests(sources.get(file));
    let served: Vec<&Path> = rooted
        .iter()
        .flat_map(|rooted| {
            let name = rooted.rsplit('/').next().unwrap_or_default();
            let same_name = by_name.get(OsStr::new(name)).into_iter().flatten();
            same_name.copied().filter(|path| is_served_as(path, rooted))
        })
        .collect();
    if requests.is_empty() && served.is_empty() {
        return Vec::new();
    }
    let (version, _) =
        release::parse(&sources, Includes::none(), file, &Settings::default(), &mut Findings::new());
    let because = format!("as {}, which includes it", path.display());
    let directory = path.parent().unwrap_or(Path::new(""));
    let own = path.canonicalize().ok();
    requests
        .iter()
        .map(|request| directory.join(request))
        .chain(served.into_iter().map(Path::to_path_buf))
        .filter_map(|path| path.canonicalize().ok())
        .filter(|included| Some(included) != own.as_ref())
        .map(|included| (included, Chosen::new(version.value, because.clone())))
        .collect()
}
