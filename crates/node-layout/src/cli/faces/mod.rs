//! The program under the names of the originals: `nodectl` and `imgbase`.
//!
//! A call is answered here when it reads, rolls back or shows something at a login. Work that a verb of `node-layout` does with
//! steps and progress (`init`, `update`, `remove`) is handed to that verb ([`Next::Verb`]).

mod host; // the machine that a call works on
mod imgbase;
mod nodectl;
mod output; // what a call prints

pub use host::Host;
pub use imgbase::imgbase;
pub use nodectl::nodectl;

use super::answer::Answer;
use super::{Cli, Verb, init};
use crate::machine::RealTools;
use clap::Parser;
use node_base::console::COULD_NOT;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::process::ExitCode;

/// Exit status of a call that was refused, that failed, or that has found something wrong.
pub(super) const FAILED: u8 = 1;

/// What comes after a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing: its exit status.
    Ended(u8),
    /// A verb of `node-layout` does the work: its arguments.
    Verb {
        /// Name of the verb and its options.
        arguments: Vec<OsString>,
        /// How it answers.
        answer: AnswerOf,
    },
}

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerOf {
    /// As `node-layout` answers.
    NodeLayout,
    /// As `nodectl` answers: `success` and `reason`.
    Nodectl {
        /// In JSON.
        machine_readable: bool,
    },
}

/// A name of an original program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Face {
    /// `nodectl`.
    Nodectl,
    /// `imgbase`.
    Imgbase,
}

impl Face {
    /// The face that the name of this program asks for.
    pub(super) fn of_program(path: &OsStr) -> Option<Face> {
        match Path::new(path).file_name()?.to_str()? {
            "nodectl" => Some(Face::Nodectl),
            "imgbase" => Some(Face::Imgbase),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Face::Nodectl => "nodectl",
            Face::Imgbase => "imgbase",
        }
    }

    /// Answers a call with these arguments on this machine.
    pub(super) fn run(self, arguments: &[OsString]) -> ExitCode {
        let tools = RealTools::default();
        let host = Host::of_process(&tools);
        let (mut out, mut err) = (io::stdout(), io::stderr());
        let next = match self {
            Face::Nodectl => nodectl(arguments, &host, &mut out, &mut err),
            Face::Imgbase => imgbase(arguments, &host, &mut out, &mut err),
        };
        match next {
            Next::Ended(status) => ExitCode::from(status),
            Next::Verb { arguments, answer } => self.verb(&arguments, answer),
        }
    }

    fn verb(self, arguments: &[OsString], form: AnswerOf) -> ExitCode {
        let program = OsString::from("node-layout");
        let verb = match Cli::try_parse_from([&program].into_iter().chain(arguments)) {
            Ok(cli) => cli.verb,
            // The arguments are made here; what a user gave in them can still be refused.
            Err(error) => {
                let _ = error.print();
                return ExitCode::from(COULD_NOT);
            }
        };
        match (verb, form) {
            (Verb::Init(args), AnswerOf::Nodectl { machine_readable }) => {
                let answer = Answer::of_nodectl(machine_readable);
                init::run_as(args, answer).unwrap_or_else(|error| {
                    Answer::of_nodectl(machine_readable).could_not(&format!("{error:#}"))
                })
            }
            (verb, _) => verb.run().unwrap_or_else(|error| node_base::console::fail(self.name(), error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_handed_to_a_verb_is_what_the_verb_accepts() {
        let tools = RealTools::default();
        // Arguments are read before the machine is.
        let host = Host::new(&tools, Path::new("/nonexistent"), true);
        type Program = fn(&[OsString], &Host<'_>, &mut dyn io::Write, &mut dyn io::Write) -> Next;
        let calls: [(Program, &[&str], &str); 5] = [
            (nodectl, &["init", "--nvr", "n-1-2"], "Init"),
            (imgbase, &["layout", "--init"], "Init"),
            (imgbase, &["layout", "--init-nvr=n-1-2"], "Init"),
            (imgbase, &["update", "--format", "liveimg", "--", "-x.img"], "Update"),
            (imgbase, &["base", "--remove", "n-1-2"], "Remove"),
        ];
        for (program, words, verb) in calls {
            let words: Vec<OsString> = words.iter().map(OsString::from).collect();
            let next = program(&words, &host, &mut io::sink(), &mut io::sink());
            let Next::Verb { arguments, .. } = next else { panic!("{words:?}: {next:?}") };
            let program = OsString::from("node-layout");
            let cli = Cli::try_parse_from([&program].into_iter().chain(&arguments)).unwrap();
            assert!(format!("{:?}", cli.verb).starts_with(&format!("{verb}(")), "{words:?}: {cli:?}");
        }
    }

    #[test]
    fn the_name_of_the_program_decides_and_not_its_directory() {
        let face = |path: &str| Face::of_program(OsStr::new(path));
        assert_eq!(face("/usr/sbin/nodectl"), Some(Face::Nodectl));
        assert_eq!(face("imgbase"), Some(Face::Imgbase));
        for other in ["/usr/bin/node-layout", "/opt/nodectl/node-layout", "nodectl.sh", "", "/"] {
            assert_eq!(face(other), None, "{other}");
        }
    }
}
