//! The boundary to the machine: programs that are run, and the few questions that only a kernel can answer.
//!
//! Everything above it works the same against [`RealTools`] and against a model of a machine in a test.

use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

/// A program and its arguments, as a list: no shell ever sees them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Looked up in `PATH`.
    pub program: &'static str,
    /// One by one, unquoted.
    pub args: Vec<String>,
    /// Exit statuses that mean success besides 0 (e2fsck answers 1 when it corrected something).
    pub also_ok: &'static [i32],
    /// Environment variables set for it.
    pub env: Vec<(&'static str, String)>,
}

impl Command {
    /// A program with its arguments.
    pub fn new<S: Into<String>>(program: &'static str, args: impl IntoIterator<Item = S>) -> Command {
        Command { program, args: args.into_iter().map(Into::into).collect(), also_ok: &[], env: Vec::new() }
    }

    /// Takes these exit statuses for success, too.
    #[must_use]
    pub fn also_ok(mut self, statuses: &'static [i32]) -> Command {
        self.also_ok = statuses;
        self
    }

    /// Sets a variable of its environment.
    #[must_use]
    pub fn env(mut self, name: &'static str, value: impl Into<String>) -> Command {
        self.env.push((name, value.into()));
        self
    }
}

impl fmt::Display for Command {
    /// As it would be typed: what a shell would change is quoted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.env {
            write!(f, "{name}={} ", quoted(value))?;
        }
        f.write_str(self.program)?;
        self.args.iter().try_for_each(|a| write!(f, " {}", quoted(a)))
    }
}

/// A word as a POSIX shell has to be given it.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-+=./:,@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// What a program that ended has left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

/// A program that did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// Not installed.
    #[error("the program '{0}' is not installed here")]
    Missing(&'static str),
    /// Could not be started.
    #[error("'{program}' could not be started: {error}")]
    Start {
        /// Its name.
        program: &'static str,
        /// The kernel's reason.
        error: io::Error,
    },
    /// Did not end in time and was ended.
    #[error("`{command}` did not end within {} seconds", limit.as_secs())]
    Timeout {
        /// As typed.
        command: String,
        /// How long it was waited for.
        limit: Duration,
    },
    /// Ended with an error.
    #[error("`{command}` failed ({status}): {}", last_lines(stderr))]
    Failed {
        /// As typed.
        command: String,
        /// "exit status: 5".
        status: String,
        /// What it said.
        stderr: String,
    },
}

impl ToolError {
    /// What the program said, for those that said something.
    pub fn stderr(&self) -> &str {
        match self {
            ToolError::Failed { stderr, .. } => stderr,
            _ => "",
        }
    }
}

/// The last lines that a program said, warnings of LVM left out: what a person needs of it.
fn last_lines(stderr: &str) -> String {
    let lines: Vec<&str> =
        stderr.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with("WARNING:")).collect();
    match lines.len() {
        0 => "it gave no reason".to_owned(),
        n => lines[n.saturating_sub(3)..].join("; "),
    }
}

/// Size and free space of a mounted file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Of the file system as statvfs tells it, in bytes.
    pub total: u64,
    /// What is left to root, in bytes.
    pub free: u64,
}

/// The machine. One implementation talks to a real one.
pub trait Tools {
    /// Runs a program to its end.
    ///
    /// # Errors
    /// [`ToolError`]: missing, not started, not ended in time, ended with an error.
    fn run(&self, command: &Command) -> Result<Output, ToolError>;

    /// Whether a program is installed.
    fn has(&self, program: &str) -> bool;

    /// Where `/proc`, `/sys`, `/dev` and `/run` of the running kernel are found: `/` but in a test.
    fn environment(&self) -> &Path;

    /// Size and free space of the file system that holds `path`.
    ///
    /// # Errors
    /// The kernel's.
    fn space(&self, path: &Path) -> io::Result<Space>;

    /// Brings everything written to the file system that holds `path` to the disk (not only into its journal where
    /// `freeze` asks for that: boot loaders replay none).
    ///
    /// # Errors
    /// The kernel's, or the freezing program's.
    fn flush(&self, path: &Path, freeze: bool) -> io::Result<()>;

    /// The processor architecture.
    fn architecture(&self) -> String;
}

/// How long a program may take. Checking a large ext4 base is the slowest thing that is run.
const TOOL_LIMIT: Duration = Duration::from_secs(600);
/// How long to wait for others to let go of LVM's lock.
const LOCK_LIMIT: Duration = Duration::from_secs(60);

/// The machine that this process runs on.
#[derive(Debug)]
pub struct RealTools {
    lock_limit: Duration,
}

impl Default for RealTools {
    fn default() -> Self {
        RealTools { lock_limit: LOCK_LIMIT }
    }
}

impl RealTools {
    /// Waits so long for LVM's lock, instead of one minute.
    pub fn with_lock_limit(lock_limit: Duration) -> RealTools {
        RealTools { lock_limit }
    }
}

impl Tools for RealTools {
    fn run(&self, command: &Command) -> Result<Output, ToolError> {
        // A report waits for LVM's lock and for nothing else. What changes something is begun only after a report has
        // come, and is not ended half-way because the machine is slow.
        let limit = if command.program == "lvm" { self.lock_limit } else { TOOL_LIMIT };
        let mut process = Process::new(command.program);
        process.args(&command.args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Messages are matched and shown as they are; LVM would complain of our open files.
        process.env("LC_ALL", "C.UTF-8").env("LVM_SUPPRESS_FD_WARNINGS", "1");
        process.envs(command.env.iter().map(|(k, v)| (k, v)));
        let mut child = process.spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => ToolError::Missing(command.program),
            _ => ToolError::Start { program: command.program, error },
        })?;
        let (ended, both) = channel();
        let stdout = child.stdout.take().map(|pipe| reader(pipe, ended.clone()));
        let stderr = child.stderr.take().map(|pipe| reader(pipe, ended));
        let started = Instant::now();
        // A program that ends closes its pipes: that is noticed at once, without looking again and again.
        while both.recv_timeout(limit.saturating_sub(started.elapsed())).is_ok() {}
        let mut pause = Duration::from_micros(200);
        let status = loop {
            match child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if started.elapsed() >= limit => {
                    // A killed LVM command leaves what a power cut leaves; its lock goes with it.
                    let _ = child.kill();
                    let _ = child.wait();
                    return Err(ToolError::Timeout { command: command.to_string(), limit });
                }
                Ok(None) => {
                    std::thread::sleep(pause);
                    pause = (pause * 2).min(Duration::from_millis(20));
                }
                Err(error) => return Err(ToolError::Start { program: command.program, error }),
            }
        };
        let output = Output { stdout: joined(stdout), stderr: joined(stderr) };
        let ok = status.success() || status.code().is_some_and(|c| command.also_ok.contains(&c));
        if ok {
            Ok(output)
        } else {
            Err(ToolError::Failed {
                command: command.to_string(),
                status: status.to_string(),
                stderr: output.stderr,
            })
        }
    }

    fn has(&self, program: &str) -> bool {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path)
            .any(|dir| rustix::fs::access(dir.join(program), rustix::fs::Access::EXEC_OK).is_ok())
    }

    fn environment(&self) -> &Path {
        Path::new("/")
    }

    fn space(&self, path: &Path) -> io::Result<Space> {
        let s = rustix::fs::statvfs(path)?;
        Ok(Space {
            total: s.f_blocks.saturating_mul(s.f_frsize),
            free: s.f_bavail.saturating_mul(s.f_frsize),
        })
    }

    fn flush(&self, path: &Path, freeze: bool) -> io::Result<()> {
        rustix::fs::syncfs(std::fs::File::open(path)?)?;
        if !freeze {
            return Ok(());
        }
        let path = path.display().to_string();
        let failed = |e: ToolError| io::Error::other(e.to_string());
        let thaw = Command::new("fsfreeze", ["--unfreeze", &path]);
        match self.run(&Command::new("fsfreeze", ["--freeze", &path])) {
            Ok(_) => self.run(&thaw).map(|_| ()).map_err(failed),
            Err(error) => {
                // One that did not end in time may have come to its end all the same. Another program's freeze (EBUSY) is
                // its own to end.
                if matches!(error, ToolError::Timeout { .. }) {
                    let _ = self.run(&thaw);
                }
                Err(failed(error))
            }
        }
    }

    fn architecture(&self) -> String {
        std::env::consts::ARCH.to_owned()
    }
}

type Reader = std::thread::JoinHandle<String>;

/// Reads a pipe to its end beside the waiting, so that a program that says much is never held up, and tells when it has.
fn reader(mut pipe: impl Read + Send + 'static, ended: Sender<()>) -> Reader {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        let _ = ended.send(());
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

fn joined(handle: Option<Reader>) -> String {
    handle.and_then(|h| h.join().ok()).unwrap_or_default()
}

/// `path` below `root`, whether it begins with a slash or not.
pub fn below(root: &Path, path: impl AsRef<Path>) -> PathBuf {
    let path = path.as_ref();
    root.join(path.strip_prefix("/").unwrap_or(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_print_so_that_they_can_be_typed() {
        let c = Command::new("lvs", ["-o", "it's", "", "vg/a+1"]).env("LVM_SYSTEM_DIR", "/a b");
        assert_eq!(c.to_string(), r"LVM_SYSTEM_DIR='/a b' lvs -o 'it'\''s' '' vg/a+1");
    }

    #[test]
    fn a_failing_program_says_what_it_said() {
        let error = RealTools::default().run(&Command::new("ls", ["--", "/no/such/file"])).unwrap_err();
        assert!(error.to_string().contains("/no/such/file"), "{error}");
        let error = RealTools::default().run(&Command::new("no-such-program", [""])).unwrap_err();
        assert_eq!(error.to_string(), "the program 'no-such-program' is not installed here");
    }

    #[test]
    fn the_end_of_a_program_is_waited_for_and_all_that_it_said_is_there() {
        let tools = RealTools::default();
        let started = Instant::now();
        tools.run(&Command::new("sleep", ["0.05"])).unwrap();
        let took = started.elapsed();
        assert!(took >= Duration::from_millis(50) && took < Duration::from_secs(20), "{took:?}");
        let output = tools.run(&Command::new("seq", ["100000"])).unwrap();
        assert!(output.stdout.ends_with("\n100000\n"), "a long output is cut");
    }
}
