//! The files that a kickstart includes.
//!
//! A relative path is looked for beside the file that names it, as the reference parser does (pykickstart 3.78,
//! `readKickstart`). An absolute one names a file of the installer, most often written by `%pre`: what lies at
//! that path on this machine is something else, so it is not read, unless this machine is the installer (the
//! environment variable [`IN_INSTALLER`] says so, as the Anaconda add-on does).

use super::input::{self, STDIN};
use kickstart::syntax::{LineKind, Scanner, unquote};
use node_base::source::{FileId, Included, Source, Sources};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// With `1` in this environment variable, absolute paths are those of this machine.
pub const IN_INSTALLER: &str = "KS_LINT_IN_INSTALLER";

/// So many files are read for one kickstart.
const MOST_FILES: usize = 500;
/// Files that include each other may stand so deep.
const DEEPEST: usize = 50;

/// Reads what `file` includes, and what that includes, into `sources`.
pub fn load(sources: &mut Sources, file: FileId) {
    if !sources.get(file).text().contains("%include") {
        return;
    }
    let in_installer = std::env::var_os(IN_INSTALLER).is_some_and(|value| value == "1");
    let mut loader = Loader { sources, in_installer, known: HashMap::new(), above: Vec::new() };
    let path = loader.sources.get(file).path().to_owned();
    if let Ok(real) = path.canonicalize() {
        loader.known.insert(real, file);
    }
    loader.file(file);
}

struct Loader<'s> {
    sources: &'s mut Sources,
    /// Whether absolute paths are those of this machine.
    in_installer: bool,
    /// Files that were read, by their real path.
    known: HashMap<PathBuf, FileId>,
    /// The files between the kickstart and the one that is looked at.
    above: Vec<FileId>,
}

impl Loader<'_> {
    fn file(&mut self, file: FileId) {
        self.above.push(file);
        for path in requests(self.sources.get(file)) {
            if self.sources.included(file, &path).is_none() {
                let included = self.included(file, &path);
                self.sources.set_included(file, path, included);
            }
        }
        self.above.pop();
    }

    fn included(&mut self, from: FileId, path: &str) -> Included {
        if path.contains("://") || (path.starts_with('/') && !self.in_installer) {
            return Included::Elsewhere;
        }
        let asking = self.sources.get(from).path();
        let directory = if asking == Path::new(STDIN) { None } else { asking.parent() };
        let path = directory.unwrap_or(Path::new("")).join(path);
        let real = match path.canonicalize() {
            Ok(real) => real,
            Err(error) => return Included::Missing(error.to_string()),
        };
        if let Some(&known) = self.known.get(&real) {
            return if self.above.contains(&known) { Included::Cycle } else { Included::File(known) };
        }
        if self.known.len() >= MOST_FILES || self.above.len() >= DEEPEST {
            return Included::TooMany;
        }
        // A pipe or a device would be waited for, or never end; so would what the kernel shows as a file (/proc/kmsg).
        if !real.is_file() || ["/proc", "/sys"].iter().any(|kernels| real.starts_with(kernels)) {
            return Included::Missing("it is not a regular file".to_owned());
        }
        match input::add(self.sources, &path) {
            Ok(file) => {
                self.known.insert(real, file);
                self.file(file);
                Included::File(file)
            }
            Err(error) => Included::Missing(error.to_string()),
        }
    }
}

/// The paths that a text includes among its commands. What sections include stays theirs.
fn requests(source: &Source) -> Vec<String> {
    let text = source.text();
    let mut requests = Vec::new();
    let mut scanner = Scanner::new(text, source.lines());
    let mut words = Vec::new();
    while let Some(line) = scanner.next_line(&mut words) {
        if line.kind != LineKind::Words || line.error.is_some() {
            continue;
        }
        let mut texts = words.iter().map(|w| unquote(&text[w.start as usize..w.end as usize]));
        if texts.next().is_some_and(|first| first == "%include")
            && let Some(path) = texts.next().filter(|path| !path.is_empty())
        {
            requests.push(path.into_owned());
        }
    }
    requests
}
