//! What a call prints.

use super::{FAILED, Host, Next};
use clap::Parser;
use node_base::console::COULD_NOT;
use node_base::harmless::{harmless, harmless_json};
use std::ffi::OsString;
use std::io::Write;

/// Where a call prints, under the name of its program. A closed stream is not an error.
pub(super) struct Output<'w> {
    pub(super) program: &'static str,
    pub(super) out: &'w mut dyn Write,
    pub(super) err: &'w mut dyn Write,
}

impl Output<'_> {
    /// Prints lines that end with a line feed.
    pub(super) fn text(&mut self, text: &str) {
        let _ = write!(self.out, "{}", harmless(text)).and_then(|()| self.out.flush());
    }

    /// Prints a line.
    pub(super) fn line(&mut self, line: &str) {
        self.text(&format!("{line}\n"));
    }

    /// Prints a JSON value on a line of its own.
    pub(super) fn json(&mut self, value: &impl serde::Serialize) {
        // Serialising plain structures to a string cannot fail.
        let json = harmless_json(serde_json::to_string(value).unwrap_or_default());
        let _ = writeln!(self.out, "{json}").and_then(|()| self.out.flush());
    }

    /// The call has failed: the reason on standard error.
    pub(super) fn failed(&mut self, reason: &str) -> Next {
        self.reason(reason);
        Next::Ended(FAILED)
    }

    /// The call could not do its work.
    pub(super) fn could_not(&mut self, error: &anyhow::Error) -> Next {
        self.reason(&format!("{error:#}"));
        Next::Ended(COULD_NOT)
    }

    /// A reason on standard error. cockpit shows it when the exit status is not 0.
    pub(super) fn reason(&mut self, reason: &str) {
        let _ = writeln!(self.err, "{}: {}", self.program, harmless(reason));
    }

    /// Reads the arguments. An error is the end of the call: help was asked for, or the arguments are wrong.
    pub(super) fn parse<A: Parser>(&mut self, arguments: &[OsString]) -> Result<A, Next> {
        let program = OsString::from(self.program);
        A::try_parse_from([&program].into_iter().chain(arguments)).map_err(|error| {
            let text = error.render().to_string();
            if error.use_stderr() {
                let _ = write!(self.err, "{text}");
                Next::Ended(COULD_NOT)
            } else {
                self.text(&text);
                Next::Ended(0)
            }
        })
    }

    /// Refuses callers that are not root, as the originals do: cockpit asks for `--version` to see whether it may call.
    pub(super) fn ask_root(&mut self, host: &Host<'_>) -> Result<(), Next> {
        match host.is_root() {
            true => Ok(()),
            false => Err(self.failed("must be run as root")),
        }
    }
}
