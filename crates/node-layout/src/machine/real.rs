//! The machine that this process runs on.

use super::Command;
use super::freeze;
use super::stream::Stream;
use super::tools::{Output, Space, ToolError, Tools};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long a program may run. Checking a large ext4 base takes longest.
const TOOL_LIMIT: Duration = Duration::from_secs(600);
/// How long to wait until other programs release LVM's lock.
const LOCK_LIMIT: Duration = Duration::from_secs(60);
/// How long the pipes of a program that has ended are read, when another process still holds them.
const GRACE: Duration = Duration::from_millis(500);
/// The most that a program may print to one pipe, in bytes.
const LARGEST_OUTPUT: usize = 64 << 20;
/// Where programs are looked for, whatever the caller's environment says: these programs run as root.
const PROGRAMS: [&str; 4] = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// The machine that this process runs on. Programs get nothing of the environment of this process.
#[derive(Debug)]
pub struct RealTools {
    lock_limit: Duration,
    /// Directories in which programs are looked for, in this order.
    programs: Vec<PathBuf>,
    /// LVM's configuration, if it is not `/etc/lvm`.
    lvm_config: Option<PathBuf>,
    /// This program.
    own: PathBuf,
}

impl Default for RealTools {
    fn default() -> Self {
        RealTools {
            lock_limit: LOCK_LIMIT,
            programs: PROGRAMS.map(PathBuf::from).to_vec(),
            lvm_config: None,
            own: PathBuf::from("/proc/self/exe"),
        }
    }
}

impl RealTools {
    /// Waits this long for LVM's lock, instead of one minute.
    #[must_use]
    pub(crate) fn with_lock_limit(mut self, lock_limit: Duration) -> RealTools {
        self.lock_limit = lock_limit;
        self
    }

    /// Looks for programs in this directory first.
    #[must_use]
    pub(crate) fn with_programs(mut self, directory: PathBuf) -> RealTools {
        self.programs.insert(0, directory);
        self
    }

    /// Lets LVM read its configuration from this directory.
    #[must_use]
    pub(crate) fn with_lvm_config(mut self, directory: PathBuf) -> RealTools {
        self.lvm_config = Some(directory);
        self
    }

    /// The environment of the programs that the caller has chosen, as assignments that a shell understands. Empty unless he has
    /// chosen something.
    pub(crate) fn chosen_environment(&self) -> Vec<(&'static str, String)> {
        let mut chosen = Vec::new();
        if self.programs.len() > PROGRAMS.len() {
            chosen.push(("PATH", self.search_path().to_string_lossy().into_owned()));
        }
        if let Some(directory) = &self.lvm_config {
            chosen.push(("LVM_SYSTEM_DIR", directory.display().to_string()));
        }
        chosen
    }

    fn search_path(&self) -> OsString {
        // A directory with a colon cannot be in it; the programs themselves are found without it.
        std::env::join_paths(&self.programs).unwrap_or_else(|_| OsString::from(PROGRAMS.join(":")))
    }

    /// The file of a program.
    fn find(&self, program: &str) -> Option<PathBuf> {
        let is_program =
            |path: &PathBuf| path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok();
        self.programs.iter().map(|directory| directory.join(program)).find(is_program)
    }

    /// A process that gets nothing of the environment of this one.
    fn process(&self, program: &Path) -> Process {
        let mut process = Process::new(program);
        process.env_clear().env("PATH", self.search_path());
        // Messages are matched and shown, so they must not be translated. LVM would warn about our open files.
        process.env("LC_ALL", "C.UTF-8").env("LVM_SUPPRESS_FD_WARNINGS", "1");
        if !is_udev_running() {
            process.env("DM_DISABLE_UDEV", "1");
        }
        if let Some(directory) = &self.lvm_config {
            process.env("LVM_SYSTEM_DIR", directory);
        }
        process
    }
}

impl Tools for RealTools {
    fn run(&self, command: &Command) -> Result<Output, ToolError> {
        // A report waits for nothing but LVM's lock. Commands that change something run only after a report has succeeded,
        // and are not killed half-way because the machine is slow.
        let limit = if command.program == "lvm" { self.lock_limit } else { TOOL_LIMIT };
        let path = self.find(command.program).ok_or(ToolError::Missing(command.program))?;
        let mut process = self.process(&path);
        process.args(&command.args).envs(command.env.iter().map(|(k, v)| (k, v)));
        let ended = execute(process, command.program, &command.to_string(), limit)?;
        let status = ended.status;
        if status.success() || status.code().is_some_and(|c| command.also_ok.contains(&c)) {
            Ok(ended.output)
        } else {
            Err(ToolError::Failed {
                command: command.to_string(),
                status: status.to_string(),
                stderr: ended.output.stderr,
            })
        }
    }

    fn stream(&self, command: &Command, input: File) -> Result<Box<dyn Read + Send>, ToolError> {
        let path = self.find(command.program).ok_or(ToolError::Missing(command.program))?;
        let mut process = self.process(&path);
        process.args(&command.args).envs(command.env.iter().map(|(k, v)| (k, v)));
        Ok(Box::new(Stream::start(process, command.program, command.to_string(), input)?))
    }

    fn has(&self, program: &str) -> bool {
        self.find(program).is_some()
    }

    fn environment(&self) -> &Path {
        Path::new("/")
    }

    fn lvm_config(&self) -> PathBuf {
        self.lvm_config.clone().unwrap_or_else(|| PathBuf::from("/etc/lvm"))
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
        // Another process does both, in a group of its own: it ends the freeze also if this process is killed in between, and
        // its whole group with it.
        let mut process = self.process(&self.own);
        process.arg(freeze::VERB).arg(path).process_group(0);
        if self.programs.len() > PROGRAMS.len() {
            process.arg("--tools-path").arg(&self.programs[0]);
        }
        let failed = |e: ToolError| io::Error::other(e.to_string());
        let command = format!("node-layout {} {}", freeze::VERB, path.display());
        let ended = execute(process, "node-layout", &command, 3 * TOOL_LIMIT).map_err(failed)?;
        if ended.status.success() {
            return Ok(());
        }
        let why = ended.output.stderr.trim();
        let why = why.strip_prefix("node-layout: ").unwrap_or(why);
        Err(io::Error::other(if why.is_empty() { ended.status.to_string() } else { why.to_owned() }))
    }

    fn architecture(&self) -> String {
        std::env::consts::ARCH.to_owned()
    }
}

/// Whether udev makes the device nodes; without it the device mapper's library must.
fn is_udev_running() -> bool {
    Path::new("/run/udev/control").exists()
}

/// A program that has ended.
struct Ended {
    status: std::process::ExitStatus,
    output: Output,
}

/// Runs a process to its end. What it has left behind may hold its pipes: they are read no longer than [`GRACE`] after its end.
fn execute(
    mut process: Process,
    program: &'static str,
    command: &str,
    limit: Duration,
) -> Result<Ended, ToolError> {
    process.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = process.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => ToolError::Missing(program),
        _ => ToolError::Start { program, error },
    })?;
    let (sender, events) = channel();
    let stdout = child.stdout.take().map(|pipe| reader(pipe, sender.clone()));
    let stderr = child.stderr.take().map(|pipe| reader(pipe, sender));
    let mut open = usize::from(stdout.is_some()) + usize::from(stderr.is_some());
    let kill = |child: &mut std::process::Child| {
        // A killed LVM command leaves the disk as a power cut does; its lock is released.
        let _ = child.kill();
        let _ = child.wait();
    };
    let started = Instant::now();
    let mut pause = Duration::from_micros(200);
    let status = loop {
        // A program that ends closes its pipes, which ends the waiting at once.
        match events.recv_timeout(if open > 0 { Duration::from_millis(20) } else { pause }) {
            Ok(PipeEvent::Closed) => open -= 1,
            Ok(PipeEvent::TooLong) => {
                kill(&mut child);
                return Err(ToolError::Output { command: command.to_owned(), largest: LARGEST_OUTPUT });
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                std::thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(20));
            }
        }
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if started.elapsed() >= limit => {
                kill(&mut child);
                return Err(ToolError::Timeout { command: command.to_owned(), limit });
            }
            Ok(None) => {}
            Err(error) => return Err(ToolError::Start { program, error }),
        }
    };
    let ended = Instant::now();
    while open > 0 {
        match events.recv_timeout(GRACE.saturating_sub(ended.elapsed())) {
            Ok(PipeEvent::Closed) => open -= 1,
            Ok(PipeEvent::TooLong) => {
                return Err(ToolError::Output { command: command.to_owned(), largest: LARGEST_OUTPUT });
            }
            Err(_) => break,
        }
    }
    Ok(Ended { status, output: Output { stdout: text(stdout), stderr: text(stderr) } })
}

/// What has been read from a pipe so far.
type PipeContent = Arc<Mutex<Vec<u8>>>;

/// What happens to a pipe that is read.
enum PipeEvent {
    /// Its other end is closed.
    Closed,
    /// More was printed than is accepted.
    TooLong,
}

/// Reads a pipe to its end in a thread, so that a program with much output never blocks.
fn reader(mut pipe: impl Read + Send + 'static, events: Sender<PipeEvent>) -> PipeContent {
    let bytes = PipeContent::default();
    let shared = Arc::clone(&bytes);
    std::thread::spawn(move || {
        let mut part = vec![0; 1 << 16];
        let event = loop {
            match pipe.read(&mut part) {
                Ok(0) => break PipeEvent::Closed,
                Ok(n) => {
                    let Ok(mut bytes) = shared.lock() else { break PipeEvent::Closed };
                    if bytes.len() + n > LARGEST_OUTPUT {
                        break PipeEvent::TooLong;
                    }
                    bytes.extend_from_slice(&part[..n]);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break PipeEvent::Closed,
            }
        };
        let _ = events.send(event);
    });
    bytes
}

fn text(read: Option<PipeContent>) -> String {
    let bytes = read.and_then(|read| read.lock().map(|mut bytes| std::mem::take(&mut *bytes)).ok());
    String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_of_a_failing_program_has_its_message() {
        let error = RealTools::default().run(&Command::new("ls", ["--", "/no/such/file"])).unwrap_err();
        assert!(error.to_string().contains("/no/such/file"), "{error}");
        let error = RealTools::default().run(&Command::new("no-such-program", [""])).unwrap_err();
        assert_eq!(error.to_string(), "the program 'no-such-program' is not installed here");
    }

    #[test]
    fn a_program_runs_to_its_end_and_its_whole_output_is_returned() {
        let tools = RealTools::default();
        let started = Instant::now();
        tools.run(&Command::new("sleep", ["0.05"])).unwrap();
        let took = started.elapsed();
        assert!(took >= Duration::from_millis(50) && took < Duration::from_secs(20), "{took:?}");
        let output = tools.run(&Command::new("seq", ["100000"])).unwrap();
        assert!(output.stdout.ends_with("\n100000\n"), "a long output is cut off");
    }

    fn script(directory: &Path, name: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt;
        let path = directory.join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Runs one of the test's own programs; a text file that was just written can be busy in a process that is being started.
    fn run(tools: &RealTools, program: &'static str) -> Result<Output, ToolError> {
        loop {
            match tools.run(&Command::new(program, [""; 0])) {
                Err(ToolError::Start { error, .. }) if error.kind() == io::ErrorKind::ExecutableFileBusy => {}
                other => return other,
            }
        }
    }

    #[test]
    fn what_a_program_leaves_behind_is_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        script(dir.path(), "leaves", "echo printed; sleep 30 & exit 0");
        let tools = RealTools::default().with_programs(dir.path().to_owned());
        let started = Instant::now();
        assert_eq!(run(&tools, "leaves").unwrap().stdout, "printed\n");
        assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    }

    #[test]
    fn a_program_that_prints_without_end_is_stopped() {
        let dir = tempfile::tempdir().unwrap();
        script(dir.path(), "prints", "exec cat /dev/zero");
        let tools = RealTools::default().with_programs(dir.path().to_owned());
        let error = run(&tools, "prints").unwrap_err().to_string();
        assert_eq!(error, "`prints` printed more than 64 MiB");
    }

    #[test]
    fn a_program_that_does_not_end_is_stopped_and_a_limit_that_no_clock_can_hold_is_none() {
        let dir = tempfile::tempdir().unwrap();
        script(dir.path(), "lvm", "exec sleep ${SECONDS_TO_SLEEP:-30}");
        let tools = || RealTools::default().with_programs(dir.path().to_owned());
        let error = run(&tools().with_lock_limit(Duration::from_millis(300)), "lvm").unwrap_err();
        assert!(matches!(error, ToolError::Timeout { .. }), "{error}");
        script(dir.path(), "lvm", "exit 0");
        run(&tools().with_lock_limit(Duration::MAX), "lvm").unwrap();
    }

    #[test]
    fn programs_get_a_fixed_path_and_nothing_of_the_environment() {
        let dir = tempfile::tempdir().unwrap();
        script(dir.path(), "shows", "env");
        let shown = |tools: RealTools| {
            let output = run(&tools.with_programs(dir.path().to_owned()), "shows").unwrap().stdout;
            let lines = output.lines().filter(|l| {
                !["PWD=", "_=", "SHLVL=", "DM_DISABLE_UDEV="].iter().any(|own| l.starts_with(own))
            });
            let mut lines: Vec<String> = lines.map(str::to_owned).collect();
            lines.sort();
            lines
        };
        assert!(std::env::vars().any(|(name, _)| name.starts_with("CARGO")), "nothing to inherit");
        let path = format!("PATH={}:/usr/sbin:/usr/bin:/sbin:/bin", dir.path().display());
        let fixed = ["LC_ALL=C.UTF-8", "LVM_SUPPRESS_FD_WARNINGS=1", &path];
        assert_eq!(shown(RealTools::default()), fixed);
        let with_config = shown(RealTools::default().with_lvm_config("/x".into()));
        assert_eq!(with_config, [fixed[0], fixed[1], "LVM_SYSTEM_DIR=/x", fixed[2]]);
    }

    #[test]
    fn the_process_that_freezes_is_in_a_group_of_its_own() {
        let dir = tempfile::tempdir().unwrap();
        script(
            dir.path(),
            "own",
            "cut -d' ' -f5 /proc/$$/stat >$2/group; echo $$ >$2/process; echo $* >$2/args",
        );
        let tools = RealTools { own: dir.path().join("own"), ..RealTools::default() };
        let _ = std::fs::OpenOptions::new().read(true).open(&tools.own).unwrap();
        tools.flush(dir.path(), true).unwrap();
        let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
        assert_eq!(read("group"), read("process"));
        assert_eq!(read("args"), format!("freeze-and-thaw {}\n", dir.path().display()));
        script(dir.path(), "own", "echo node-layout: busy >&2; exit 2");
        assert_eq!(tools.flush(dir.path(), true).unwrap_err().to_string(), "busy");
    }
}
