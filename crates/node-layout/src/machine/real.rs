//! The machine that this process runs on.

use super::Command;
use super::tools::{Output, Space, ToolError, Tools, freeze_and_thaw};
use std::io::{self, Read};
use std::path::Path;
use std::process::{Command as Process, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

/// How long a program may run. Checking a large ext4 base takes longest.
const TOOL_LIMIT: Duration = Duration::from_secs(600);
/// How long to wait until other programs release LVM's lock.
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
    /// Waits this long for LVM's lock, instead of one minute.
    pub(crate) fn with_lock_limit(lock_limit: Duration) -> RealTools {
        RealTools { lock_limit }
    }
}

impl Tools for RealTools {
    fn run(&self, command: &Command) -> Result<Output, ToolError> {
        // A report waits for nothing but LVM's lock. Commands that change something run only after a report has succeeded,
        // and are not killed half-way because the machine is slow.
        let limit = if command.program == "lvm" { self.lock_limit } else { TOOL_LIMIT };
        let mut process = Process::new(command.program);
        process.args(&command.args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Messages are matched and shown, so they must not be translated. LVM would warn about our open files.
        process.env("LC_ALL", "C.UTF-8").env("LVM_SUPPRESS_FD_WARNINGS", "1");
        process.envs(command.env.iter().map(|(k, v)| (k, v)));
        let mut child = process.spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => ToolError::Missing(command.program),
            _ => ToolError::Start { program: command.program, error },
        })?;
        let (closed, pipes) = channel();
        let stdout = child.stdout.take().map(|pipe| reader(pipe, closed.clone()));
        let stderr = child.stderr.take().map(|pipe| reader(pipe, closed));
        let started = Instant::now();
        // A program that ends closes its pipes; waiting for that needs no polling.
        while pipes.recv_timeout(limit.saturating_sub(started.elapsed())).is_ok() {}
        let mut pause = Duration::from_micros(200);
        let status = loop {
            match child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if started.elapsed() >= limit => {
                    // A killed LVM command leaves the disk as a power cut does; its lock is released.
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
        let failed = |e: ToolError| io::Error::other(e.to_string());
        let [freeze, thaw] = freeze_and_thaw(path);
        match self.run(&freeze) {
            Ok(_) => self.run(&thaw).map(|_| ()).map_err(failed),
            Err(error) => {
                // A freeze that did not end in time may still succeed. With EBUSY another program has frozen it, and thaws it.
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

type PipeReader = std::thread::JoinHandle<String>;

/// Reads a pipe to its end in a thread, so that a program with much output never blocks; reports the end on `closed`.
fn reader(mut pipe: impl Read + Send + 'static, closed: Sender<()>) -> PipeReader {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        let _ = closed.send(());
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

fn joined(handle: Option<PipeReader>) -> String {
    handle.and_then(|h| h.join().ok()).unwrap_or_default()
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
}
