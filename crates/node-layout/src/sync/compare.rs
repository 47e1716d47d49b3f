//! Reading two trees side by side.

use super::content::{self, Buffers, Patch, Side};
use super::directories::{DEEPEST, names, open_directory};
use super::error::{SyncError, joined};
use super::metadata::{FileId, Metadata, is_of_file_system, same_xattrs, xattrs};
use super::need::Need;
use node_base::units::Bytes;
use rustix::fs::{CWD, Mode, OFlags, fstat, openat, readlinkat};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// The largest file that is accepted, in bytes: a sparse log of logins can be this large.
const LARGEST: u64 = 1 << 40;
/// The most files in a tree. An image of a hypervisor has about 100,000.
const MOST: u64 = 10_000_000;
/// The most threads that compare contents. Reading a compressed image is limited by the processor.
const THREADS: usize = 4;
/// How many pairs of open files wait to be compared.
const WAITING: usize = 32;

/// What is different between two trees: what has to be done to the second so that it equals the first. Paths are relative.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Difference {
    /// What is removed, before anything else is done; directories with everything in them.
    pub(super) removals: Vec<PathBuf>,
    /// What is made or changed, in order: a directory before what is in it, a file before its further hard links.
    pub(super) changes: Vec<Change>,
    /// What it needs.
    pub(crate) need: Need,
    /// Bytes of the contents that were compared or are going to be copied.
    pub(crate) read: u64,
    /// Number of files, directories included, in the first tree.
    pub(crate) files: u64,
    /// Allocated bytes of the first tree.
    pub(crate) size: u64,
}

/// A file that is made or changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) path: PathBuf,
    pub(super) what: What,
    /// The source as it was compared.
    pub(super) seen: Metadata,
}

/// How it is changed. Owner, mode, time and extended attributes follow in every case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// It is made.
    Make,
    /// It becomes a hard link of an earlier file.
    Link(PathBuf),
    /// Its content is written in place.
    Patch(Patch),
    /// Its whole content is written, to a new place.
    Rewrite,
    /// Only its metadata is different.
    Settle,
}

impl Difference {
    /// Whether the trees are equal.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.removals.is_empty() && self.changes.is_empty()
    }

    /// How many files are made, changed and removed.
    pub(crate) fn counts(&self) -> [usize; 3] {
        let made = |change: &&Change| matches!(change.what, What::Make | What::Link(_));
        let made = self.changes.iter().filter(made).count();
        [made, self.changes.len() - made, self.removals.len()]
    }
}

/// Compares the tree at `source` with the one at `target`, content included. The target is in a pool with chunks of this size.
///
/// # Errors
/// [`SyncError`].
pub(crate) fn compare(source: &Path, target: &Path, chunk: Bytes) -> Result<Difference, SyncError> {
    walk(source, Some(target), chunk)
}

/// The difference between a tree and an empty one.
///
/// # Errors
/// [`SyncError`].
pub(crate) fn everything(source: &Path) -> Result<Difference, SyncError> {
    walk(source, None, Bytes(0))
}

fn walk(source: &Path, target: Option<&Path>, chunk: Bytes) -> Result<Difference, SyncError> {
    let roots = Roots { source, target };
    let open = |root: &Path| {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        openat(CWD, root, flags, Mode::empty()).map_err(|e| SyncError::io(root, Path::new(""), e))
    };
    let source_fd = open(source)?;
    let target_fd = target.map(open).transpose()?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(THREADS);
    let (jobs, receiver) = sync_channel(WAITING);
    let receiver = Mutex::new(receiver);
    let mut walk = Walk {
        roots,
        jobs,
        difference: Difference::default(),
        links: HashMap::new(),
        claimed: HashMap::new(),
        devices: (0, 0),
    };
    let (walked, done) = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(|| work(&receiver))).collect();
        let walked = walk.root(&source_fd, target_fd.as_ref());
        // Without a sender the workers end.
        let Walk { difference, jobs, .. } = walk;
        drop(jobs);
        let done: Vec<_> = workers.into_iter().map(|worker| worker.join().unwrap_or_default()).collect();
        (walked.map(|()| difference), done)
    });
    let mut difference = walked?;
    let mut done: Vec<Compared> = done.into_iter().flatten().collect();
    done.sort_by_key(|compared| compared.number);
    let expected = difference.changes.iter().filter(|c| matches!(c.what, What::Patch(_))).count();
    if done.len() != expected {
        return Err(SyncError::io(
            source,
            Path::new(""),
            io::Error::other("a thread that compares files has ended"),
        ));
    }
    let mut keep = vec![true; difference.changes.len()];
    for Compared { number, same_metadata, patch } in done {
        let change = &mut difference.changes[number];
        let patch = patch.map_err(|failed| match failed {
            // What is read is named by the reader.
            Failed::Source(error) => SyncError::io(source, &change.path, error),
            Failed::Changed => SyncError::Changed { path: joined(source, &change.path) },
        })?;
        if patch.is_empty() {
            keep[number] = !same_metadata;
            change.what = What::Settle;
        } else if patch.is_better_whole(&change.seen, chunk.0) {
            difference.need.new_file(change.seen.allocated.min(change.seen.size));
            change.what = What::Rewrite;
            continue;
        } else {
            difference.need.patch(&patch);
            change.what = What::Patch(patch);
        }
        if keep[number] {
            difference.need.file();
        }
    }
    let mut keep = keep.into_iter();
    difference.changes.retain(|_| keep.next().unwrap_or(true));
    Ok(difference)
}

/// Two files whose contents are compared.
struct Job {
    /// Index of the change.
    number: usize,
    source: (File, Metadata),
    target: (File, Metadata),
    /// Whether everything but the content is the same.
    same_metadata: bool,
}

/// The result of a job.
struct Compared {
    number: usize,
    same_metadata: bool,
    patch: Result<Patch, Failed>,
}

enum Failed {
    Source(io::Error),
    Changed,
}

/// Compares contents until no more jobs come.
fn work(jobs: &Mutex<Receiver<Job>>) -> Vec<Compared> {
    let mut buffers = Buffers::default();
    let mut done = Vec::new();
    loop {
        let job = match jobs.lock() {
            Ok(jobs) => jobs.recv(),
            Err(_) => break,
        };
        let Ok(Job { number, source, target, same_metadata }) = job else { break };
        let (source, target) = (side(&source), side(&target));
        let patch = match content::compare(source, target, &mut buffers) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(Failed::Changed),
            patch => patch.map_err(Failed::Source),
        };
        done.push(Compared { number, same_metadata, patch });
    }
    done
}

fn side((file, metadata): &(File, Metadata)) -> Side<'_> {
    Side { file, metadata }
}

#[derive(Clone, Copy)]
struct Roots<'a> {
    source: &'a Path,
    target: Option<&'a Path>,
}

impl Roots<'_> {
    fn in_source(&self, path: &Path) -> impl Fn(io::Error) -> SyncError {
        SyncError::at(self.source, path)
    }

    fn in_target(&self, path: &Path) -> impl Fn(io::Error) -> SyncError {
        SyncError::at(self.target.unwrap_or(Path::new("")), path)
    }
}

/// A walk through both trees.
struct Walk<'a> {
    roots: Roots<'a>,
    jobs: SyncSender<Job>,
    difference: Difference,
    /// Files with several hard links in the source: their number, and the first name.
    links: HashMap<FileId, PathBuf>,
    /// Files with several hard links in the target that are kept: which file of the source each of them becomes.
    claimed: HashMap<FileId, FileId>,
    /// Numbers of the two file systems.
    devices: (u64, u64),
}

impl Walk<'_> {
    fn root(&mut self, source: &OwnedFd, target: Option<&OwnedFd>) -> Result<(), SyncError> {
        let path = Path::new("");
        let of = |fd: &OwnedFd| fstat(fd).map(|stat| Metadata::of(&stat)).map_err(io::Error::from);
        let wanted = of(source).map_err(self.roots.in_source(path))?;
        self.devices.0 = wanted.dev;
        let dot = OsStr::new(".");
        let present = match target {
            Some(fd) => {
                let present = of(fd).map_err(self.roots.in_target(path))?;
                self.devices.1 = present.dev;
                Some((fd.as_fd(), present))
            }
            None => None,
        };
        let same = match present {
            Some((fd, present)) => {
                wanted.is_like(&present) && self.same_xattrs(source.as_fd(), fd, dot, path)?
            }
            None => false,
        };
        if !same {
            self.add(path.to_owned(), What::Settle, wanted);
        }
        self.directory(source.as_fd(), target.map(AsFd::as_fd), path, 0)
    }

    fn add(&mut self, path: PathBuf, what: What, seen: Metadata) {
        match &what {
            What::Make if seen.kind.is_file() => self.difference.need.new_file(seen.allocated.min(seen.size)),
            // Counted when the contents are compared.
            What::Patch(_) => {}
            _ => self.difference.need.file(),
        }
        self.difference.changes.push(Change { path, what, seen });
    }

    /// Walks through a directory of the source, and through that of the target if there is one.
    fn directory(
        &mut self,
        source: BorrowedFd<'_>,
        target: Option<BorrowedFd<'_>>,
        path: &Path,
        depth: usize,
    ) -> Result<(), SyncError> {
        if depth > DEEPEST {
            return Err(SyncError::TooDeep { path: joined(self.roots.source, path), limit: DEEPEST });
        }
        let wanted = names(source).map_err(self.roots.in_source(path))?;
        let present = match target {
            Some(fd) => names(fd).map_err(self.roots.in_target(path))?,
            None => Vec::new(),
        };
        let kept = |name: &&OsString| !is_of_file_system(depth, name);
        let mut present = present.iter().filter(kept).peekable();
        for name in wanted.iter().filter(kept) {
            while let Some(gone) = present.next_if(|present| *present < name) {
                self.difference.removals.push(path.join(gone));
            }
            let is_present = present.next_if_eq(&name).is_some();
            self.file(source, target.filter(|_| is_present), name, path.join(name), depth)?;
        }
        self.difference.removals.extend(present.map(|gone| path.join(gone)));
        Ok(())
    }

    /// A file of the source. `target` is the directory of the target if it has a file of that name, too.
    fn file(
        &mut self,
        source: BorrowedFd<'_>,
        target: Option<BorrowedFd<'_>>,
        name: &OsStr,
        path: PathBuf,
        depth: usize,
    ) -> Result<(), SyncError> {
        let wanted = Metadata::read(source, name).map_err(self.roots.in_source(&path))?;
        self.count(&wanted, &path)?;
        let Some(target) = target else { return self.missing(source, name, path, &wanted, depth) };
        let present = Metadata::read(target, name).map_err(self.roots.in_target(&path))?;
        if present.dev != self.devices.1 {
            let path = joined(self.roots.target.unwrap_or(Path::new("")), &path);
            return Err(SyncError::Mounted { path });
        }
        if wanted.kind != present.kind || wanted.rdev != present.rdev {
            return self.replaced(source, name, path, &wanted, depth);
        }
        if wanted.kind.is_dir() {
            if !(wanted.is_like(&present) && self.same_xattrs(source, target, name, &path)?) {
                self.add(path.clone(), What::Settle, wanted);
            }
            if wanted.dev != self.devices.0 {
                // Another file system is mounted in the source: the image has only the directory.
                let target = open_directory(target, name).map_err(self.roots.in_target(&path))?;
                let present = names(target.as_fd()).map_err(self.roots.in_target(&path))?;
                self.difference.removals.extend(present.into_iter().map(|gone| path.join(gone)));
                return Ok(());
            }
            let source = open_directory(source, name).map_err(self.roots.in_source(&path))?;
            let target = open_directory(target, name).map_err(self.roots.in_target(&path))?;
            return self.directory(source.as_fd(), Some(target.as_fd()), &path, depth + 1);
        }
        if !self.keeps_inode(&wanted, &present, &path) {
            return self.replaced(source, name, path, &wanted, depth);
        }
        // A further link of a file that was compared under its first name.
        if wanted.links > 1 && self.links.get(&wanted.id()).is_some_and(|first| *first != path) {
            return Ok(());
        }
        if wanted.kind.is_symlink() {
            let to = |above, roots: &dyn Fn(io::Error) -> SyncError| {
                readlinkat(above, name, Vec::new()).map_err(|error| roots(error.into()))
            };
            let wanted_to = to(source, &self.roots.in_source(&path))?;
            if wanted_to != to(target, &self.roots.in_target(&path))? {
                // A claimed file would have to be given up again; links with several names are rare.
                self.claimed.remove(&present.id());
                self.links.remove(&wanted.id());
                return self.replaced(source, name, path, &wanted, depth);
            }
        }
        let same_metadata = wanted.is_like(&present) && self.same_xattrs(source, target, name, &path)?;
        if wanted.kind.is_file() {
            return self.contents(source, target, name, path, &wanted, same_metadata);
        }
        if !same_metadata {
            self.add(path, What::Settle, wanted);
        }
        Ok(())
    }

    fn count(&mut self, wanted: &Metadata, path: &Path) -> Result<(), SyncError> {
        self.difference.files += 1;
        if self.difference.files > MOST {
            return Err(SyncError::TooMany { root: self.roots.source.to_owned(), limit: MOST });
        }
        if wanted.kind.is_file() {
            if wanted.size > LARGEST {
                return Err(SyncError::TooLarge { path: joined(self.roots.source, path), limit: LARGEST });
            }
            if wanted.links <= 1 || !self.links.contains_key(&wanted.id()) {
                self.difference.size = self.difference.size.saturating_add(wanted.allocated);
                self.difference.read = self.difference.read.saturating_add(wanted.allocated.min(wanted.size));
            }
        }
        Ok(())
    }

    /// A file that the target does not have.
    fn missing(
        &mut self,
        source: BorrowedFd<'_>,
        name: &OsStr,
        path: PathBuf,
        wanted: &Metadata,
        depth: usize,
    ) -> Result<(), SyncError> {
        if wanted.links > 1 && !wanted.kind.is_dir() {
            match self.links.entry(wanted.id()) {
                Entry::Occupied(first) => {
                    let first = first.get().clone();
                    self.add(path, What::Link(first), *wanted);
                    return Ok(());
                }
                Entry::Vacant(first) => {
                    first.insert(path.clone());
                }
            }
        }
        self.add(path.clone(), What::Make, *wanted);
        if wanted.kind.is_dir() && wanted.dev == self.devices.0 {
            let source = open_directory(source, name).map_err(self.roots.in_source(&path))?;
            return self.directory(source.as_fd(), None, &path, depth + 1);
        }
        Ok(())
    }

    /// A file of the target that has to be made anew.
    fn replaced(
        &mut self,
        source: BorrowedFd<'_>,
        name: &OsStr,
        path: PathBuf,
        wanted: &Metadata,
        depth: usize,
    ) -> Result<(), SyncError> {
        self.difference.removals.push(path.clone());
        self.missing(source, name, path, wanted, depth)
    }

    /// Whether the file that the target has under this name can become that of the source. A file with several names can only
    /// become one with the same names: its content is that of all of them. The first name decides which one it becomes.
    fn keeps_inode(&mut self, wanted: &Metadata, present: &Metadata, path: &Path) -> bool {
        if wanted.links <= 1 {
            return present.links <= 1;
        }
        match self.links.entry(wanted.id()) {
            Entry::Occupied(_) => present.links > 1 && self.claimed.get(&present.id()) == Some(&wanted.id()),
            Entry::Vacant(first) => {
                if present.links > 1 {
                    match self.claimed.entry(present.id()) {
                        Entry::Occupied(_) => return false,
                        Entry::Vacant(claim) => {
                            claim.insert(wanted.id());
                        }
                    }
                }
                first.insert(path.to_owned());
                true
            }
        }
    }

    fn contents(
        &mut self,
        source: BorrowedFd<'_>,
        target: BorrowedFd<'_>,
        name: &OsStr,
        path: PathBuf,
        wanted: &Metadata,
        same_metadata: bool,
    ) -> Result<(), SyncError> {
        let open = |above: BorrowedFd<'_>| -> io::Result<(File, Metadata)> {
            let file = File::from(openat(above, name, READ, Mode::empty())?);
            let metadata = Metadata::of(&fstat(&file)?);
            Ok((file, metadata))
        };
        let source_file = open(source).map_err(self.roots.in_source(&path))?;
        if !source_file.1.kind.is_file() || source_file.1.has_changed_since(wanted) {
            return Err(SyncError::Changed { path: joined(self.roots.source, &path) });
        }
        let target_file = open(target).map_err(self.roots.in_target(&path))?;
        self.difference.need.compared(target_file.1.allocated);
        let number = self.difference.changes.len();
        self.add(path, What::Patch(Patch::default()), *wanted);
        let job = Job { number, source: source_file, target: target_file, same_metadata };
        // Workers end only after the last job; if one has panicked, its result is missed.
        let _ = self.jobs.send(job);
        Ok(())
    }

    fn same_xattrs(
        &self,
        source: BorrowedFd<'_>,
        target: BorrowedFd<'_>,
        name: &OsStr,
        path: &Path,
    ) -> Result<bool, SyncError> {
        let wanted = xattrs(source, name).map_err(self.roots.in_source(path))?;
        let present = xattrs(target, name).map_err(self.roots.in_target(path))?;
        Ok(same_xattrs(&wanted, &present))
    }
}

/// How a file is opened for reading. A named pipe that has taken its place must not stop the reading.
pub(crate) const READ: OFlags = OFlags::RDONLY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);
