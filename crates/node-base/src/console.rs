//! How both programs write to standard output and standard error.
//!
//! Invariant: untrusted text is made [`harmless`]; a closed pipe is not an error.

use crate::fold::folded;
use crate::harmless::harmless;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::process::ExitCode;

/// Columns where no terminal says how many it has: lines of a CI log are not cut at 80.
pub const COLUMNS: usize = 120;

/// What the further lines of a message are indented by.
const INDENT: usize = 4;

/// Columns of the terminal that a stream goes to; `None` if it goes somewhere else, where nothing is folded.
pub fn columns(stream: impl AsFd) -> Option<usize> {
    match usize::from(rustix::termios::tcgetwinsize(stream).ok()?.ws_col) {
        0 => Some(COLUMNS),
        // Narrower than this, nothing is readable.
        columns => Some(columns.max(40)),
    }
}

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
    to_stderr(&format!("{program}: {}", harmless(message)));
}

fn line(program: &str, kind: &str, message: &str) {
    to_stderr(&format!("{program}: {kind}: {}", harmless(message)));
}

fn to_stderr(message: &str) {
    let mut stderr = io::stderr();
    // A closed standard error is not worth a panic.
    let _ = writeln!(stderr, "{}", hung(message, columns(&stderr)));
}

/// A message whose first line is folded; its further ones stay where they are.
fn hung(message: &str, columns: Option<usize>) -> String {
    let (sentence, further) = message.split_at(message.find('\n').unwrap_or(message.len()));
    folded(sentence, columns, INDENT) + further
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_folded_on_a_terminal_only_and_its_further_lines_stay() {
        let message = "ks-lint: error: hosts/a-long-name.ks: the file cannot be read: No such file\nks-lint explain KS001";
        assert_eq!(hung(message, None), message);
        assert_eq!(
            hung(message, Some(60)),
            "ks-lint: error: hosts/a-long-name.ks: the file cannot be\n    read: No such file\nks-lint explain KS001"
        );
        assert_eq!(hung(message, Some(80)), message);
    }
}
