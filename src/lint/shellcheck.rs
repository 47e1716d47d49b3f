//! The program `shellcheck`: whether it is installed, and what it says of a script. It runs no longer than 10 seconds a script,
//! and no more than 4 MiB of its output are read.

pub use crate::rules::{ShellCheck, ShellCheckAnswer, ShellChecker};

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The program.
const PROGRAM: &str = "shellcheck";

/// How long it may take for one script. It takes milliseconds; some scripts of thousands of lines take seconds.
const LONGEST: Duration = Duration::from_secs(10);

/// How often it is asked whether it has ended.
const PAUSE: Duration = Duration::from_millis(2);

/// Most of its output.
const MOST_BYTES: u64 = 4 << 20;

/// Whether the program is in a directory of `PATH`.
pub fn is_installed() -> bool {
    let is_program =
        |path: &Path| path.metadata().is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0);
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|directory| is_program(&directory.join(PROGRAM)))
    })
}

/// Asks the installed program.
pub fn installed(shows_all: bool) -> ShellCheck {
    ShellCheck { checker: Arc::new(Installed), shows_all }
}

/// The program, asked at once.
#[derive(Debug)]
struct Installed;

impl ShellChecker for Installed {
    fn ask(&self, script: &str, dialect: &str, level: &str) -> ShellCheckAnswer {
        match run(script, dialect, level, &AtomicBool::new(false)) {
            Ok(output) => ShellCheckAnswer::Output(output),
            Err(why) => ShellCheckAnswer::Failed(why),
        }
    }
}

/// Runs the program on a script of this dialect, with the least level that is wanted; `cancelled` ends it early.
///
/// # Errors
/// Why shellcheck printed nothing that can be read.
pub fn run(script: &str, dialect: &str, level: &str, cancelled: &AtomicBool) -> Result<String, String> {
    run_program(PROGRAM, script, dialect, level, LONGEST, cancelled)
}

fn run_program(
    program: &str,
    script: &str,
    dialect: &str,
    level: &str,
    longest: Duration,
    cancelled: &AtomicBool,
) -> Result<String, String> {
    let started = Command::new(program)
        .args(["--norc", "--format=json1", "--shell", dialect, "--severity", level, "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut child = started.map_err(|error| format!("it cannot be started: {error}"))?;
    let (input, output) = (child.stdin.take(), child.stdout.take());
    let (Some(mut input), Some(output)) = (input, output) else {
        return Err("it has no input".to_owned());
    };
    // It may write before it has read everything, so both are done at once.
    let script = script.to_owned();
    let writer = std::thread::spawn(move || {
        let _ = input.write_all(script.as_bytes()); // it may end early; its output says why
    });
    let reader = std::thread::spawn(move || {
        let mut text = Vec::new();
        output.take(MOST_BYTES).read_to_end(&mut text).map(|_| text)
    });
    let ended = end(&mut child, longest, cancelled);
    let text = reader.join().map_err(|_| "its output cannot be read".to_owned())?;
    let _ = writer.join();
    if cancelled.load(Ordering::Relaxed) {
        return Err("it was cancelled".to_owned());
    }
    if !ended {
        return Err(format!("it did not end within {} seconds", longest.as_secs()));
    }
    let text = text.map_err(|error| format!("its output cannot be read: {error}"))?;
    if text.is_empty() {
        return Err("it printed nothing".to_owned());
    }
    String::from_utf8(text).map_err(|_| "its output is not UTF-8".to_owned())
}

/// Waits for the end of a program, and ends it when it takes too long or is cancelled; answers whether it ended before.
fn end(child: &mut Child, longest: Duration, cancelled: &AtomicBool) -> bool {
    let begin = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(_)) => return true,
            Ok(None) if begin.elapsed() < longest && !cancelled.load(Ordering::Relaxed) => {
                std::thread::sleep(PAUSE);
            }
            Ok(None) | Err(_) => {
                let _ = child.kill();
                let _ = child.wait();
                return false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program in the place of shellcheck.
    fn ask(program: &str, longest: Duration) -> Result<String, String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("program");
        std::fs::write(&path, program).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        run_program(
            path.to_str().unwrap(),
            &"echo $x\n".repeat(100_000),
            "bash",
            "style",
            longest,
            &AtomicBool::new(false),
        )
    }

    #[test]
    fn a_program_that_hangs_is_ended_and_one_that_reads_nothing_does_not_block() {
        let begin = Instant::now();
        let error = ask("#!/bin/sh\nexec sleep 60\n", Duration::from_millis(200)).unwrap_err();
        assert!(error.starts_with("it did not end within"), "{error}");
        assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
        assert_eq!(ask("#!/bin/sh\necho '{}'\n", LONGEST).unwrap(), "{}\n");
        assert_eq!(ask("#!/bin/sh\nexit 3\n", LONGEST).unwrap_err(), "it printed nothing");
        let cancelled = AtomicBool::new(true);
        let missing =
            run_program("/nonexistent/shellcheck", "", "bash", "style", LONGEST, &cancelled).unwrap_err();
        assert!(missing.starts_with("it cannot be started"), "{missing}");
    }
}
