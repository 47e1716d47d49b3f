//! The command lines of the two programs: data (clap structures) and thin verbs.
//!
//! Invariant: a verb reads its input, calls the library, and gives what came of it to [`report`](crate::report);
//! it decides nothing about a kickstart.
#![allow(clippy::print_stdout, clippy::print_stderr)]

pub mod addon;
pub mod boot;
pub mod check;
pub mod diff_versions;
pub mod explain;
pub mod host;
pub mod include;
pub mod input;
pub mod ks_lint;
pub mod machine;
pub mod node_layout;
pub mod output;
pub mod plan;
pub mod policy;
pub mod progress;
pub mod rules;
pub mod versions;

use std::process::ExitCode;

/// "Could not do the work" as exit status.
pub const COULD_NOT: u8 = 2;

/// Says on standard error why the work could not be done.
pub fn fail(program: &str, error: &anyhow::Error) -> ExitCode {
    complain(program, &format!("{error:#}"));
    ExitCode::from(COULD_NOT)
}

/// One line on standard error about work that could not be done.
pub fn complain(program: &str, message: &str) {
    say(program, "error", message);
}

/// One line on standard error about what does not keep the work from being done.
pub fn warn(program: &str, message: &str) {
    say(program, "warning", message);
}

/// Harmless to a terminal. A closed standard error is not worth a panic.
fn say(program: &str, kind: &str, message: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{program}: {kind}: {}", crate::report::harmless(message));
}

/// Writes a text to standard output. A reader that has seen enough (`| head`) is no error.
///
/// # Errors
/// When standard output cannot be written to.
pub fn print(text: &str) -> std::io::Result<()> {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}
