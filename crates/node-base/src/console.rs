//! How both programs write to standard output and standard error.
//!
//! Invariant: untrusted text is made [`harmless`]; a closed pipe is not an error.

use crate::harmless::harmless;
use std::io::{self, Write};
use std::process::ExitCode;

/// Exit status "could not do the work".
pub const COULD_NOT: u8 = 2;

/// Prints why the work could not be done to standard error; gives exit status [`COULD_NOT`].
///
/// The text of `error` is expected to hold its causes (`{error:#}` of anyhow).
pub fn fail(program: &str, error: impl std::fmt::Display) -> ExitCode {
    error_line(program, &format!("{error:#}"));
    ExitCode::from(COULD_NOT)
}

/// Prints `PROGRAM: error: MESSAGE` to standard error.
pub fn error_line(program: &str, message: &str) {
    line(program, "error", message);
}

/// Prints `PROGRAM: warning: MESSAGE` to standard error: something that does not keep the work from being done.
pub fn warning_line(program: &str, message: &str) {
    line(program, "warning", message);
}

/// Prints `PROGRAM: MESSAGE` to standard error: what was done.
pub fn note_line(program: &str, message: &str) {
    // A closed standard error is not worth a panic.
    let _ = writeln!(io::stderr(), "{program}: {}", harmless(message));
}

fn line(program: &str, kind: &str, message: &str) {
    // A closed standard error is not worth a panic.
    let _ = writeln!(io::stderr(), "{program}: {kind}: {}", harmless(message));
}

/// Writes a text to standard output and flushes it. A reader that has seen enough (`| head`) is not an error.
///
/// # Errors
/// Standard output cannot be written to.
pub fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}
