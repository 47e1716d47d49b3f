//! The boundary to the machine: programs that are run, and the few questions that only a kernel can answer.

use super::Command;
use node_base::units::Bytes;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

/// What a program printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// Its standard output; bytes that are not UTF-8 are replaced.
    pub stdout: String,
    /// Its standard error, likewise.
    pub stderr: String,
}

/// Why a program did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// It is not installed.
    #[error("the program '{0}' is not installed here")]
    Missing(&'static str),
    /// It could not be started.
    #[error("'{program}' could not be started: {error}")]
    Start {
        /// Its name.
        program: &'static str,
        /// The kernel's reason.
        error: io::Error,
    },
    /// It did not end in time and was killed.
    #[error("`{command}` did not end within {} seconds", limit.as_secs())]
    Timeout {
        /// The command as one would type it.
        command: String,
        /// How long it was allowed to run.
        limit: Duration,
    },
    /// It printed without end and was killed.
    #[error("`{command}` printed more than {}", Bytes(*largest as u64))]
    Output {
        /// The command as one would type it.
        command: String,
        /// The most that is accepted, in bytes.
        largest: usize,
    },
    /// It ended with an error.
    #[error("`{command}` failed ({status}): {}", last_lines(stderr))]
    Failed {
        /// The command as one would type it.
        command: String,
        /// For example "exit status: 5".
        status: String,
        /// All that it printed to standard error.
        stderr: String,
    },
}

impl ToolError {
    /// What the program printed to standard error; empty if it never ran to its end.
    pub(crate) fn stderr(&self) -> &str {
        match self {
            ToolError::Failed { stderr, .. } => stderr,
            _ => "",
        }
    }
}

/// The last three lines of standard error, without LVM's warnings: they have the reason.
fn last_lines(stderr: &str) -> String {
    let lines: Vec<&str> =
        stderr.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with("WARNING:")).collect();
    match lines.len() {
        0 => "it gave no reason".to_owned(),
        n => lines[n.saturating_sub(3)..].join("; "),
    }
}

/// Size and free space of a mounted file system, as statvfs(3) reports them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Size in bytes: less than that of the device.
    pub total: u64,
    /// Bytes that an unprivileged process can still write.
    pub free: u64,
}

/// The machine. [`RealTools`](super::RealTools) is the one that the process runs on; tests bring a model.
pub trait Tools {
    /// Runs a program and waits until it ends.
    ///
    /// # Errors
    /// [`ToolError`]: it is missing, could not be started, did not end in time, or ended with an error.
    fn run(&self, command: &Command) -> Result<Output, ToolError>;

    /// Starts a program that reads `input`, and answers with its standard output. At the end of the output the program must
    /// have succeeded: otherwise reading fails.
    ///
    /// # Errors
    /// [`ToolError`]: it is missing, or could not be started.
    fn stream(&self, command: &Command, input: File) -> Result<Box<dyn Read + Send>, ToolError>;

    /// Whether a program is installed.
    fn has(&self, program: &str) -> bool;

    /// The directory with `/proc`, `/sys`, `/dev` and `/run` of the running kernel: `/`, except in a test.
    fn environment(&self) -> &Path;

    /// Whether the system at `sysroot` is the running one: neither an installer's nor that of a chroot.
    fn is_running(&self, sysroot: &Path) -> bool {
        sysroot == Path::new("/") && is_own_root(self.environment())
    }

    /// The directory of the LVM configuration that its commands use.
    fn lvm_config(&self) -> PathBuf {
        below(self.environment(), "/etc/lvm")
    }

    /// Size and free space of the file system that `path` is on.
    ///
    /// # Errors
    /// The kernel's.
    fn space(&self, path: &Path) -> io::Result<Space>;

    /// Flushes the file system that `path` is on. With `freeze` also its journal, by `fsfreeze`: a boot loader reads
    /// the file system without replaying the journal.
    ///
    /// # Errors
    /// The kernel's, or that of `fsfreeze`.
    fn flush(&self, path: &Path, freeze: bool) -> io::Result<()>;

    /// The processor architecture, as `uname -m` prints it.
    fn architecture(&self) -> String;
}

/// Whether this process has the same root as the machine's first process; in an installer's chroot it does not.
fn is_own_root(environment: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let id = |p: PathBuf| std::fs::metadata(p).map(|m| (m.dev(), m.ino()));
    matches!((id(below(environment, "/proc/1/root/.")), id(PathBuf::from("/"))), (Ok(a), Ok(b)) if a == b)
}

/// The commands that write a file system's journal back to its place: a frozen file system is consistent without it.
pub(crate) fn freeze_and_thaw(path: &Path) -> [Command; 2] {
    let path = path.display().to_string();
    ["--freeze", "--unfreeze"].map(|option| Command::new("fsfreeze", [option, &path]))
}

/// `path` below `root`, with or without a leading slash.
pub(crate) fn below(root: &Path, path: impl AsRef<Path>) -> PathBuf {
    let path = path.as_ref();
    root.join(path.strip_prefix("/").unwrap_or(path))
}

/// The most symbolic links on the way to a file, as many as the kernel follows.
const LINKS: usize = 40;

/// What a path with more links means: a name that no file can have (Linux allows 255 bytes), so that nobody can put one there.
fn too_many_links() -> String {
    format!("{:-<256}", ".too-many-links")
}

/// The file that `path` means in the system at `root`: symbolic links are followed inside it, as in a chroot. Neither an absolute
/// link nor `..` leads out. It answers as openat2(2) does with `RESOLVE_IN_ROOT`, on every kernel (openat2 came with Linux 5.6),
/// and also for a file that does not exist yet. Nothing else changes the links of a system while it is installed or updated.
pub(crate) fn inside(root: &Path, path: impl AsRef<Path>) -> PathBuf {
    let mut left: Vec<PathBuf> = Vec::new();
    let add = |left: &mut Vec<PathBuf>, path: &Path| {
        left.extend(path.components().rev().map(|c| PathBuf::from(c.as_os_str())));
    };
    add(&mut left, path.as_ref());
    let mut at: Vec<PathBuf> = Vec::new();
    let mut links = 0;
    while let Some(part) = left.pop() {
        match part.components().next() {
            Some(Component::RootDir) => at.clear(),
            Some(Component::ParentDir) => {
                at.pop();
            }
            Some(Component::Normal(_)) => {
                let here = at.iter().fold(root.to_owned(), |path, name| path.join(name)).join(&part);
                match std::fs::read_link(&here) {
                    Ok(_) if links == LINKS => return root.join(too_many_links()),
                    Ok(to) => {
                        links += 1;
                        add(&mut left, &to);
                    }
                    Err(_) => at.push(part),
                }
            }
            _ => {}
        }
    }
    at.iter().fold(root.to_owned(), |path, name| path.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
    use rustix::io::Errno;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn links_and_parents_stay_inside_the_system() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        std::fs::create_dir_all(root.join("a/b")).unwrap();
        let link = |at: &str, to: &str| std::os::unix::fs::symlink(to, root.join(at)).unwrap();
        link("absolute", "/etc");
        link("up", "../../../../etc/x");
        link("a/b/twice", "/absolute/../up");
        link("a/relative", "../a/b");
        link("loop", "loop");
        let seen = |path: &str| inside(root, path).strip_prefix(root).unwrap().display().to_string();
        assert_eq!(seen("/absolute/fstab"), "etc/fstab");
        assert_eq!(seen("up"), "etc/x");
        assert_eq!(seen("/a/b/twice"), "etc/x");
        assert_eq!(seen("/a/relative/c"), "a/b/c");
        assert_eq!(seen("/../../x"), "x");
        assert_eq!(seen("/a/./b//../c"), "a/c");
        assert_eq!(seen("/loop/x"), too_many_links());
        assert!(std::fs::write(root.join(too_many_links()), "").is_err(), "it can exist");
        assert_eq!(inside(Path::new("/"), "/no/such"), Path::new("/no/such"));
    }

    /// The parts of a path or of a link: few names, so that links often lead to something.
    fn parts() -> impl Strategy<Value = String> {
        let part = prop::sample::select(vec!["a", "b", "c", "..", "."]);
        let parts = prop::collection::vec(part, 1..5).prop_map(|parts| parts.join("/"));
        (any::<bool>(), parts)
            .prop_map(|(absolute, parts)| if absolute { format!("/{parts}") } else { parts })
    }

    /// Which file an open descriptor or a path is.
    fn id(metadata: &std::fs::Metadata) -> (u64, u64) {
        (metadata.dev(), metadata.ino())
    }

    proptest! {
        #[test]
        fn paths_mean_what_the_kernel_says_they_mean_in_a_root(
            made in prop::collection::vec((parts(), prop::option::of(parts())), 1..12),
            wanted in prop::collection::vec(parts(), 1..12),
        ) {
            let outer = tempfile::tempdir().unwrap();
            let root = outer.path().join("root");
            std::fs::create_dir(&root).unwrap();
            std::fs::write(outer.path().join("a"), "outside").unwrap();
            for (at, link) in made {
                let path = inside(&root, at);
                let _ = std::fs::create_dir_all(path.parent().unwrap());
                let _ = match link {
                    Some(to) => std::os::unix::fs::symlink(to, path),
                    None => std::fs::create_dir(path),
                };
            }
            let directory = std::fs::File::open(&root).unwrap();
            for path in wanted {
                let found = inside(&root, &path);
                let below = found.strip_prefix(&root).expect("it is below the root");
                let way = below.ancestors().map(|part| root.join(part));
                prop_assert!(way.into_iter().all(|part| !part.is_symlink()), "{path}: {found:?} has a link");
                match openat2(&directory, &path, OFlags::PATH, Mode::empty(), ResolveFlags::IN_ROOT) {
                    Ok(file) => {
                        let there = std::fs::File::from(file).metadata().unwrap();
                        let ours = std::fs::symlink_metadata(&found).map(|m| id(&m));
                        prop_assert_eq!(ours.ok(), Some(id(&there)), "{}", path);
                    }
                    Err(Errno::LOOP) => prop_assert!(found.ends_with(too_many_links()), "{path}: {found:?}"),
                    // A directory that is missing has no parent for the kernel; for us it may be made later.
                    Err(Errno::NOENT | Errno::NOTDIR) => {}
                    // An old kernel, or a sandbox.
                    Err(Errno::NOSYS | Errno::PERM) => return Ok(()),
                    Err(error) => prop_assert!(false, "{path}: {error}"),
                }
            }
        }
    }
}
