//! The files that a kickstart includes.
//!
//! This package opens no file and starts no process: a [`Loader`] brings the text of an included file, and
//! [`Includes::load`] follows the includes of that text in turn, within one bound on depth, number and size. Files that
//! include each other come to an end: the include that would close the circle is a [`Outcome::Cycle`].

use crate::syntax::{LineKind, Scanner, Word, is_white, unquote};
use node_base::source::{FileId, Source, Sources};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::LazyLock;

/// Most files that are open at once: the kickstart, a file that it includes, a file that this one includes, …
pub const DEEPEST: usize = 50;
/// Most files that are loaded for one kickstart.
pub const MOST_FILES: usize = 500;
/// Most bytes that are loaded for one kickstart, over all files that it includes.
pub const MOST_BYTES: u64 = 64 << 20;

/// Finds and reads included files. Which of them it may read is its own affair.
pub trait Loader {
    /// Whether includes of this kind are followed; nothing is said about the others.
    fn follows(&self, kind: RequestKind) -> bool;

    /// What makes a file the same file, for the kickstart itself; `None` if it has no such name (standard input).
    fn identity(&mut self, kickstart: &Source) -> Option<PathBuf>;

    /// Where the included file is, without reading it.
    ///
    /// # Errors
    /// [`NotLoaded`], when it will not be read.
    fn locate(&mut self, request: &Request<'_>) -> Result<Location, NotLoaded>;

    /// Reads the text of a file that [`Loader::locate`] has found.
    ///
    /// # Errors
    /// [`NotLoaded`], when it cannot be read; [`NotLoaded::TooLarge`] when it has more than `limit` bytes.
    fn read(&mut self, location: &Location, limit: u64) -> Result<String, NotLoaded>;
}

/// A line that includes a file.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The file that the line is in.
    pub from: &'a Source,
    /// The path or URL as written, without quotes; never empty.
    pub path: &'a str,
    /// Which kind of line it is.
    pub kind: RequestKind,
    /// Whether the line is in the kickstart itself, not in a file that it includes.
    pub is_first: bool,
}

/// The kinds of line that include a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestKind {
    /// `%include` among the commands.
    Command,
    /// `%include` in a section.
    Section,
    /// `%ksappend`.
    Append,
}

/// An included file that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The path or URL that findings name.
    pub path: PathBuf,
    /// Equal for two paths that lead to the same file.
    pub identity: PathBuf,
}

/// Why a loader brings no text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotLoaded {
    /// It is on another machine, or does not exist yet.
    Elsewhere,
    /// It is on this machine, in a place that a kickstart must not make anybody read.
    Outside,
    /// It does not exist where the installer would look for it.
    NotFound,
    /// It cannot be read: why, in the middle of a sentence.
    Unreadable(String),
    /// It is larger than the limit.
    TooLarge,
}

/// What became of an include.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is one of the [`Sources`].
    File(FileId),
    /// It cannot be read: why, in the middle of a sentence.
    Unreadable(String),
    /// It is on another machine, or does not exist yet.
    Elsewhere,
    /// It is on this machine, in a place that a kickstart must not make anybody read.
    Outside,
    /// It does not exist where the installer would look for it.
    NotFound,
    /// It does not exist yet: a `%pre` script of the kickstart names it, and may write it.
    WrittenByPre,
    /// It includes, directly or through others, the file that the line is in.
    Cycle,
    /// It is beyond [`DEEPEST`], [`MOST_FILES`] or [`MOST_BYTES`].
    TooMany,
}

/// What became of each include of a kickstart. Only [`Includes::load`] makes one, so that no file in it includes itself.
#[derive(Clone, Debug, Default)]
pub struct Includes {
    outcomes: HashMap<(FileId, String), Outcome>,
}

impl Includes {
    /// No include was looked for.
    pub fn none() -> &'static Includes {
        static NONE: LazyLock<Includes> = LazyLock::new(Includes::default);
        &NONE
    }

    /// Reads what `file` includes, directly and through others, into `sources`.
    pub fn load(sources: &mut Sources, file: FileId, loader: &mut dyn Loader) -> Includes {
        let text = sources.get(file).text();
        // Most kickstarts include nothing: no line is split to find that out.
        let may_append = || loader.follows(RequestKind::Append) && text.contains("%ksappend");
        if !text.contains("%include") && !may_append() {
            return Includes::default();
        }
        let identity = loader.identity(sources.get(file));
        let mut walk = Walk {
            sources,
            loader,
            outcomes: HashMap::new(),
            known: identity.into_iter().map(|identity| (identity, file)).collect(),
            heights: HashMap::new(),
            stack: Vec::new(),
            bytes_left: MOST_BYTES,
            not_found: Vec::new(),
        };
        walk.file(file);
        let Walk { sources, mut outcomes, heights, not_found, .. } = walk;
        if !not_found.is_empty() {
            // Scripts of all files count, also of files that were read later.
            let mut files: Vec<FileId> = heights.into_keys().collect();
            files.sort_unstable();
            let scripts: String = files.into_iter().map(|file| pre_scripts(sources.get(file))).collect();
            for (from, path) in not_found {
                let is_written = is_written(&scripts, &path);
                let outcome = if is_written { Outcome::WrittenByPre } else { Outcome::NotFound };
                outcomes.insert((from, path), outcome);
            }
        }
        Includes { outcomes }
    }

    /// What became of `path`, which the file `from` includes; `None` when no loader looked for it.
    pub fn outcome(&self, from: FileId, path: &str) -> Option<&Outcome> {
        // Most kickstarts include nothing: no key is made to find that out.
        if self.outcomes.is_empty() { None } else { self.outcomes.get(&(from, path.to_owned())) }
    }
}

struct Walk<'a> {
    sources: &'a mut Sources,
    loader: &'a mut dyn Loader,
    outcomes: HashMap<(FileId, String), Outcome>,
    /// Files by their identity.
    known: HashMap<PathBuf, FileId>,
    /// How deep the includes of a file go: 1 for a file that includes nothing. Only of files that are done.
    heights: HashMap<FileId, usize>,
    /// The files from the kickstart to the one that is looked at.
    stack: Vec<FileId>,
    bytes_left: u64,
    not_found: Vec<(FileId, String)>,
}

impl Walk<'_> {
    /// Follows the includes of one file.
    fn file(&mut self, file: FileId) {
        self.stack.push(file);
        let mut height = 1;
        for (path, kind) in requests(self.sources.get(file)) {
            if !self.loader.follows(kind) {
                continue;
            }
            let key = (file, path);
            if self.outcomes.contains_key(&key) {
                continue;
            }
            let request =
                Request { from: self.sources.get(file), path: &key.1, kind, is_first: self.stack.len() == 1 };
            let outcome = match self.loader.locate(&request) {
                Ok(location) => self.enter(&location),
                Err(why) => Err(why),
            };
            let outcome = match outcome {
                Ok(outcome) => outcome,
                Err(NotLoaded::NotFound) => {
                    self.not_found.push(key);
                    continue;
                }
                Err(NotLoaded::Elsewhere) => Outcome::Elsewhere,
                Err(NotLoaded::Outside) => Outcome::Outside,
                Err(NotLoaded::Unreadable(why)) => Outcome::Unreadable(why),
                Err(NotLoaded::TooLarge) => Outcome::TooMany,
            };
            if let Outcome::File(included) = &outcome {
                height = height.max(1 + self.heights.get(included).copied().unwrap_or_default());
            }
            self.outcomes.insert(key, outcome);
        }
        self.stack.pop();
        self.heights.insert(file, height);
    }

    /// Reads a file that was found, or finds it again, and follows its own includes.
    fn enter(&mut self, location: &Location) -> Result<Outcome, NotLoaded> {
        if let Some(&known) = self.known.get(&location.identity) {
            let Some(height) = self.heights.get(&known) else { return Ok(Outcome::Cycle) };
            let is_too_deep = self.stack.len() + height > DEEPEST;
            return Ok(if is_too_deep { Outcome::TooMany } else { Outcome::File(known) });
        }
        if self.stack.len() >= DEEPEST || self.known.len() >= MOST_FILES {
            return Ok(Outcome::TooMany);
        }
        let text = self.loader.read(location, self.bytes_left)?;
        let length = text.len() as u64;
        if length > self.bytes_left {
            return Err(NotLoaded::TooLarge);
        }
        match self.sources.add(location.path.clone(), text) {
            Err(error) => Err(NotLoaded::Unreadable(error.to_string())),
            Ok(file) => {
                self.bytes_left -= length;
                self.known.insert(location.identity.clone(), file);
                self.file(file);
                Ok(Outcome::File(file))
            }
        }
    }
}

/// The paths that a text includes, in order.
fn requests(source: &Source) -> Vec<(String, RequestKind)> {
    let text = source.text();
    let mut requests = Vec::new();
    let mut scanner = Scanner::new(text, source.lines());
    let mut words: Vec<Word> = Vec::new();
    while let Some(line) = scanner.next_line(&mut words) {
        let is_section = line.kind == LineKind::ContentInclude;
        if !(is_section || line.kind == LineKind::Words) || line.error.is_some() {
            continue;
        }
        let mut texts = words.iter().map(|w| unquote(&text[w.start as usize..w.end as usize]));
        let kind = match texts.next().as_deref() {
            Some("%include") if is_section => RequestKind::Section,
            Some("%include") => RequestKind::Command,
            Some("%ksappend") => RequestKind::Append,
            _ => continue,
        };
        if let Some(path) = texts.next().filter(|path| !path.is_empty()) {
            requests.push((path.into_owned(), kind));
        }
    }
    requests
}

/// The relative paths that the commands of a text include, in order.
pub fn relative_requests(source: &Source) -> Vec<String> {
    let is_relative = |path: &str| !path.starts_with('/') && !path.contains("://");
    let commands = requests(source).into_iter().filter(|(_, kind)| *kind == RequestKind::Command);
    commands.map(|(path, _)| path).filter(|path| is_relative(path)).collect()
}

/// The paths below the root of a file system or of a server that the commands of a file include, without the server's name:
/// `/ks/base.ks` of `http://192.0.2.1/ks/base.ks`.
pub fn rooted_requests(source: &Source) -> Vec<String> {
    let commands = requests(source).into_iter().filter(|(_, kind)| *kind == RequestKind::Command);
    let rooted = |path: String| match path.split_once("://") {
        Some((_, rest)) => rest.find('/').map(|at| rest[at..].to_owned()),
        None => path.starts_with('/').then_some(path),
    };
    commands.filter_map(|(path, _)| rooted(path)).collect()
}

/// The bodies of the `%pre` scripts of a file.
fn pre_scripts(source: &Source) -> String {
    let text = source.text();
    let mut scripts = String::new();
    let mut scanner = Scanner::new(text, source.lines());
    let mut words: Vec<Word> = Vec::new();
    let mut in_pre = false;
    while let Some(line) = scanner.next_line(&mut words) {
        match line.kind {
            LineKind::Header => {
                let name = words.first().map(|w| unquote(&text[w.start as usize..w.end as usize]));
                in_pre = name.is_some_and(|name| name == "%pre");
            }
            LineKind::End => in_pre = false,
            LineKind::Content if in_pre => scripts.push_str(&text[line.start as usize..line.end as usize]),
            _ => {}
        }
    }
    scripts
}

/// Whether the scripts name this path. A script can write a file in many ways (`>`, `tee`, `curl -o`, a variable,
/// another language), so naming it is enough: a kickstart is not called wrong for a file that may exist in time.
pub fn is_written(scripts: &str, path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_end = |c: char| is_white(c) || "\"'`;|&()<>,=}".contains(c);
    scripts.split(is_end).any(|word| {
        word == path || word.contains('$') && word.rsplit('/').next() == Some(name) && word.contains('/')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files by name; two names are the same file when they differ only in `./`.
    struct Files(Vec<(String, String)>);

    impl Loader for Files {
        fn follows(&self, _: RequestKind) -> bool {
            true
        }

        fn identity(&mut self, kickstart: &Source) -> Option<PathBuf> {
            Some(kickstart.path().to_owned())
        }

        fn locate(&mut self, request: &Request<'_>) -> Result<Location, NotLoaded> {
            let path = PathBuf::from(request.path);
            let name = request.path.trim_start_matches("./");
            if request.path.contains("://") {
                return Err(NotLoaded::Elsewhere);
            }
            let is_there = self.0.iter().any(|(n, _)| n == name);
            if is_there { Ok(Location { path, identity: name.into() }) } else { Err(NotLoaded::NotFound) }
        }

        fn read(&mut self, location: &Location, limit: u64) -> Result<String, NotLoaded> {
            let found = self.0.iter().find(|(name, _)| *location.identity == **name);
            let text = found.map(|(_, text)| text.clone()).ok_or(NotLoaded::NotFound)?;
            if text.len() as u64 > limit { Err(NotLoaded::TooLarge) } else { Ok(text) }
        }
    }

    fn load(files: &[(&str, &str)]) -> (Sources, Includes) {
        let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        load_owned(files)
    }

    fn load_owned(files: Vec<(String, String)>) -> (Sources, Includes) {
        let mut sources = Sources::new();
        let (name, text) = files[0].clone();
        let file = sources.add(name, text).unwrap();
        let includes = Includes::load(&mut sources, file, &mut Files(files));
        (sources, includes)
    }

    #[test]
    fn every_include_has_an_outcome() {
        let (sources, includes) = load(&[
            ("a", "%include b\n%include c\n%include http://x/y\n%packages\n%include d\n%end\n%ksappend e\n"),
            ("b", "%include ./a\n%include /tmp/x\n"),
            ("d", "vim\n"),
            ("e", "%pre\ntouch /tmp/x\n%end\n"),
        ]);
        let at = |file: u32, path: &str| includes.outcome(FileId(file), path).cloned();
        assert_eq!(at(0, "b"), Some(Outcome::File(FileId(1))));
        assert_eq!(at(0, "c"), Some(Outcome::NotFound));
        assert_eq!(at(0, "http://x/y"), Some(Outcome::Elsewhere));
        assert_eq!(at(0, "d"), Some(Outcome::File(FileId(2))));
        assert_eq!(at(0, "e"), Some(Outcome::File(FileId(3))));
        assert_eq!(at(1, "./a"), Some(Outcome::Cycle));
        assert_eq!(at(1, "/tmp/x"), Some(Outcome::WrittenByPre));
        assert_eq!(at(1, "nothing"), None);
        assert_eq!(sources.get(FileId(3)).path().to_str(), Some("e"));
    }

    #[test]
    fn a_chain_that_was_loaded_piece_by_piece_is_not_deeper_than_the_bound() {
        // Each file is included when the one below it is known already: no walk goes deep, the chain does.
        let mut files = vec![("k".to_owned(), (0..200).map(|n| format!("%include {n}\n")).collect())];
        files.extend((0..200u32).map(|n| {
            let below = n.checked_sub(1).map(|below| format!("%include {below}\n"));
            (n.to_string(), below.unwrap_or_default())
        }));
        let (sources, includes) = load_owned(files);
        let outcome = |n: u32| {
            // File n is source n + 1, as long as all are loaded.
            includes.outcome(FileId(n + 1), &(n - 1).to_string()).cloned()
        };
        assert_eq!(outcome(48), Some(Outcome::File(FileId(48))));
        assert_eq!(outcome(49), Some(Outcome::TooMany));
        assert_eq!(sources.get(FileId(200)).path().to_str(), Some("199"));
    }

    #[test]
    fn the_size_of_all_files_together_is_bounded() {
        let large = "#".repeat(40 << 20);
        let (_, includes) = load(&[("a", "%include b\n%include c\n"), ("b", &large), ("c", &large)]);
        assert_eq!(includes.outcome(FileId(0), "b"), Some(&Outcome::File(FileId(1))));
        assert_eq!(includes.outcome(FileId(0), "c"), Some(&Outcome::TooMany));
    }

    #[test]
    fn a_script_that_names_the_file_may_write_it() {
        assert!(is_written("cat <<EOF > /tmp/disk.ks\n", "/tmp/disk.ks"));
        assert!(is_written("lsblk | tee -a /tmp/disk.ks", "/tmp/disk.ks"));
        assert!(is_written("out=/tmp/disk.ks; echo x >$out", "/tmp/disk.ks"));
        assert!(is_written("echo x >>\"$DIR/disk.ks\"", "/tmp/disk.ks"));
        assert!(is_written("open('/tmp/disk.ks', 'w')", "/tmp/disk.ks"));
        assert!(!is_written("echo x > /tmp/disk.ks.bak", "/tmp/disk.ks"));
        assert!(!is_written("", "/tmp/disk.ks"));
    }
}
