//! Files that a kickstart includes: found, read once, and kept away from cycles.
//!
//! The reference follows includes while it parses (pykickstart 3.78, `_handleInclude`): a path that does not exist
//! as it stands is looked for beside the including file. A missing file is an error there without a useful line.

use super::kickstart::SectionKind;
use crate::syntax::{LineKind, Scanner, Word, is_white, unquote};
use node_base::source::{FileId, Included, Sources};
use std::collections::{HashMap, HashSet};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

/// Deepest nesting of included files.
const DEEPEST: usize = 32;
/// Most files that are included.
const MOST_FILES: usize = 500;
/// Largest file that is included, in bytes.
const LARGEST: u64 = 64 << 20;

/// How includes are followed.
#[derive(Clone, Debug)]
pub struct IncludeOptions {
    /// Where absolute paths begin: a copy of what the installer will see. With a root, no include leaves it.
    pub root: Option<PathBuf>,
    /// Whether `http`, `https` and `ftp` are fetched (with curl). Without it no URL is ever contacted.
    pub network: bool,
}

/// Reads all files that `file` includes, directly and through others, into `sources`, and notes there what became of
/// each include. What was found before (a relative path beside the kickstart) stays.
pub fn load_includes(sources: &mut Sources, file: FileId, options: &IncludeOptions) {
    let mut loader = Loader {
        sources,
        options,
        known: HashMap::new(),
        seen: HashSet::new(),
        stack: Vec::new(),
        pre: String::new(),
        missing: Vec::new(),
    };
    loader.file(file);
    // Scripts of all files count, also of those that were read later.
    let Loader { sources, pre, missing, .. } = loader;
    for (from, path) in missing {
        let written = is_written(&pre, &path);
        sources.set_included(from, path, if written { Included::WrittenByPre } else { Included::NotFound });
    }
}

struct Loader<'a> {
    sources: &'a mut Sources,
    options: &'a IncludeOptions,
    /// Files that were read, by path.
    known: HashMap<PathBuf, FileId>,
    /// Files whose own includes were looked at.
    seen: HashSet<FileId>,
    stack: Vec<FileId>,
    /// The bodies of all %pre scripts.
    pre: String,
    missing: Vec<(FileId, String)>,
}

impl Loader<'_> {
    fn file(&mut self, file: FileId) {
        if !self.seen.insert(file) {
            return;
        }
        self.stack.push(file);
        for path in self.scan(file) {
            let included = match self.sources.included(file, &path) {
                Some(&Included::File(known)) => {
                    self.file(known);
                    continue;
                }
                Some(Included::Cycle | Included::TooMany) => continue,
                _ => self.resolve(file, &path),
            };
            match included {
                Included::NotFound => self.missing.push((file, path)),
                included => self.sources.set_included(file, path, included),
            }
        }
        self.stack.pop();
    }

    /// The include lines of a file with their paths; notes its %pre scripts.
    fn scan(&mut self, file: FileId) -> Vec<String> {
        let source = self.sources.get(file);
        let text = source.text();
        let mut scanner = Scanner::new(text, source.lines());
        let mut words: Vec<Word> = Vec::new();
        let mut lines = Vec::new();
        let mut in_pre = false;
        while let Some(line) = scanner.next_line(&mut words) {
            let raw =
                |i: usize| words.get(i).map(|w: &Word| unquote(&text[w.start as usize..w.end as usize]));
            match line.kind {
                LineKind::Header => {
                    in_pre = raw(0).and_then(|name| SectionKind::from_name(&name)) == Some(SectionKind::Pre);
                }
                LineKind::End => in_pre = false,
                LineKind::Content if in_pre => {
                    self.pre.push_str(&text[line.start as usize..line.end as usize])
                }
                LineKind::Words | LineKind::ContentInclude => {
                    let is_include = raw(0).is_some_and(|w| w == "%include" || w == "%ksappend");
                    if let (true, Some(path)) = (is_include, raw(1))
                        && !path.is_empty()
                    {
                        lines.push(path.into_owned());
                    }
                }
                _ => {}
            }
        }
        lines
    }

    fn resolve(&mut self, from: FileId, path: &str) -> Included {
        if path.contains("://") {
            return self.url(path);
        }
        let Some((found, text)) = self.read(from, path) else {
            return Included::NotFound;
        };
        self.enter(found, text)
    }

    /// Adds a file, or finds it again, and goes on with its own includes.
    fn enter(&mut self, path: PathBuf, text: String) -> Included {
        if let Some(&known) = self.known.get(&path) {
            return if self.stack.contains(&known) { Included::Cycle } else { Included::File(known) };
        }
        let is_first = self.stack.first().is_some_and(|&first| {
            let first = self.sources.get(first).path();
            first.canonicalize().is_ok_and(|first| path.canonicalize().is_ok_and(|path| path == first))
        });
        if is_first {
            return Included::Cycle;
        }
        if self.stack.len() >= DEEPEST || self.known.len() >= MOST_FILES {
            return Included::TooMany;
        }
        match self.sources.add(path.clone(), text) {
            Err(error) => Included::Missing(error.to_string()),
            Ok(id) => {
                self.known.insert(path, id);
                self.file(id);
                Included::File(id)
            }
        }
    }

    /// A path below the root, else as it stands, else beside the including file.
    fn read(&self, from: FileId, path: &str) -> Option<(PathBuf, String)> {
        let beside = self.sources.get(from).path().parent().unwrap_or(Path::new("")).join(path);
        let candidates = match (&self.options.root, Path::new(path).is_absolute()) {
            (Some(root), true) => {
                vec![root.join(Path::new(path).strip_prefix("/").unwrap_or(Path::new(path)))]
            }
            (Some(root), false) => vec![beside, root.join(path)],
            (None, true) => vec![PathBuf::from(path)],
            (None, false) => vec![PathBuf::from(path), beside],
        };
        candidates.into_iter().find_map(|candidate| {
            let metadata = candidate.metadata().ok()?;
            let allowed = metadata.is_file() && metadata.len() <= LARGEST && self.is_inside(&candidate);
            let text = allowed.then(|| std::fs::read(&candidate).ok()).flatten()?;
            Some((normal(&candidate), String::from_utf8_lossy(&text).into_owned()))
        })
    }

    /// With a root, links and `..` lead nowhere outside it or the kickstart's own directory.
    fn is_inside(&self, path: &Path) -> bool {
        let Some(root) = &self.options.root else { return true };
        let own = self.sources.get(self.stack.first().copied().unwrap_or(FileId(0))).path();
        let own = own.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let Ok(path) = path.canonicalize() else { return false };
        [root.as_path(), own].iter().any(|base| base.canonicalize().is_ok_and(|base| path.starts_with(base)))
    }

    fn url(&mut self, url: &str) -> Included {
        let fetchable = ["http://", "https://", "ftp://"].iter().any(|scheme| url.starts_with(scheme));
        if !self.options.network || !fetchable {
            return Included::Elsewhere;
        }
        let output = Command::new("curl")
            .args(["--fail", "--silent", "--location", "--globoff", "--proto", "=http,https,ftp"])
            .args(["--max-time", "30", "--max-filesize", "67108864", "--"])
            .arg(url)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output();
        match output {
            Ok(output) if output.status.success() => {
                let text = String::from_utf8_lossy(&output.stdout).into_owned();
                self.enter(PathBuf::from(url), text)
            }
            _ => Included::Missing("it could not be fetched".to_owned()),
        }
    }
}

/// A path without `.` and with `..` taken back, for recognising a file again.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if matches!(out.components().next_back(), Some(Component::Normal(_))) => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

/// Whether the scripts name this path. A script can write a file in many ways (`>`, `tee`, `curl -o`, a variable,
/// another language), so naming it is enough: a kickstart is not called wrong for what may be there in time.
fn is_written(pre: &str, path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_end = |c: char| is_white(c) || "\"'`;|&()<>,=}".contains(c);
    pre.split(is_end).any(|word| {
        word == path || word.contains('$') && word.rsplit('/').next() == Some(name) && word.contains('/')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
