//! `ks-lint ksvalidator`: answers as the reference's validator does (`ksvalidator`, pykickstart 3.78), for programs that call it.
//!
//! Its options, its output on the streams it uses, several files, patterns and URLs, its default version and its exit status, the
//! number of errors. A link to the program with the name `ksvalidator` does the same.

mod arguments;
mod glob;

use crate::lint::validator::{self, Options};
use crate::report::validator as report;
use arguments::{Parsed, Reading};
use kickstart::Version;
use node_base::console;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

/// The name by which the program answers so without the verb.
pub(super) const NAME: &str = "ksvalidator";

#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(super) struct Args {
    /// Arguments of ksvalidator: [-e] [-i] [-l] [-h] [-v VERSION] FILE...
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENT")]
    arguments: Vec<OsString>,
}

/// Runs with the arguments behind the verb.
///
/// # Errors
/// When standard output cannot be written to.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    answer(&args.arguments)
}

/// Runs with these arguments.
///
/// # Errors
/// When standard output cannot be written to.
pub(super) fn answer(arguments: &[OsString]) -> anyhow::Result<ExitCode> {
    let arguments: Vec<String> = arguments.iter().map(|a| a.to_string_lossy().into_owned()).collect();
    let parsed = match arguments::read(&arguments) {
        Reading::Run(parsed) => parsed,
        Reading::Help => {
            console::print(&format!("{}\n", arguments::help(columns())))?;
            return Ok(ExitCode::SUCCESS);
        }
        Reading::Mistake(what) => {
            let text = format!("{}{NAME}: error: {what}\n", arguments::usage());
            let _ = io::stderr().write_all(node_base::harmless::harmless(&text).as_bytes());
            return Ok(ExitCode::from(2));
        }
    };
    if parsed.list_versions {
        console::print(&versions())?;
        return Ok(ExitCode::SUCCESS);
    }
    if parsed.files.is_empty() {
        console::print(&format!("{}\n", arguments::usage()))?;
        return Ok(ExitCode::from(1));
    }
    let is_url = |name: &String| name.contains("://");
    let files: Vec<String> = parsed
        .files
        .iter()
        .flat_map(|name| if is_url(name) { vec![name.clone()] } else { glob::expand(name) })
        .collect();
    if files.is_empty() {
        console::print("No files match the patterns.\n")?;
        return Ok(ExitCode::from(1));
    }
    check(&parsed, &files)
}

/// Columns of the help, as the reference finds them: what the environment says, else those of the terminal.
fn columns() -> usize {
    let given = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    given.filter(|columns| *columns > 0).or_else(|| console::columns(io::stdout())).unwrap_or(80)
}

fn check(parsed: &Parsed, files: &[String]) -> anyhow::Result<ExitCode> {
    let version = version(parsed.version.as_deref());
    let mut errors = 0;
    let mut last_words = String::new();
    // What the reference checks when a file cannot be read: the copy that it made of the one before.
    let mut copied: Option<Vec<u8>> = None;
    for name in files {
        console::print(&report::checking(name))?;
        match validator::load(name) {
            Ok(bytes) => copied = Some(bytes),
            Err(why) => {
                errors += 1;
                last_words += &report::unreadable(name, &why);
            }
        }
        let Some(version) = version else {
            let name = parsed.version.as_deref().unwrap_or_default();
            let text = format!("The version {name} is not supported by pykickstart\n");
            console::print(&node_base::harmless::harmless(&text))?;
            return Ok(ExitCode::from(1));
        };
        let options =
            Options { version, first_error: parsed.first_error, follow_includes: parsed.follow_includes };
        let Some(bytes) = copied.clone() else {
            errors += 1;
            last_words += "General error in input file:  there is nothing to check\n";
            continue;
        };
        let outcome = validator::validate(Path::new(name), bytes, options);
        errors += outcome.errors();
        for problem in &outcome.refused {
            // A closed standard error is not worth a panic.
            let _ = io::stderr().write_all(report::refused(problem).as_bytes());
        }
        last_words.extend(report::fatal(&outcome));
    }
    console::print(&last_words)?;
    Ok(ExitCode::from(status(errors)))
}

/// The number of errors as an exit status has it: its low eight bits. But errors are never a success, as 256 of them are for
/// the reference.
fn status(errors: usize) -> u8 {
    match (errors, errors as u8) {
        (1.., 0) => u8::MAX,
        (_, low) => low,
    }
}

/// The version of a name that the reference takes: its own names in any case. `DEVEL` it lists, but does not take.
fn version(name: Option<&str>) -> Option<Version> {
    let Some(name) = name else { return Some(Version::NEWEST_FEDORA) };
    Version::all().find(|v| v.to_string().eq_ignore_ascii_case(name))
}

/// The names of the versions, sorted as text.
fn versions() -> String {
    let mut names: Vec<String> = Version::all().map(|v| v.to_string()).collect();
    names.push("DEVEL".to_owned());
    names.sort();
    names.iter().map(|name| format!("{name}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_known_by_the_names_of_the_reference() {
        assert_eq!(version(None), Some(Version::NEWEST_FEDORA));
        assert_eq!(version(Some("rhel9")), Some(Version::rhel(9)));
        assert_eq!(version(Some("fc3")), Some(Version::fedora(3)));
        for name in ["F3", "RHEL9.4", "DEVEL", "Fedora 40", ""] {
            assert_eq!(version(Some(name)), None, "{name}");
        }
    }

    #[test]
    fn errors_are_never_a_success() {
        assert_eq!([0, 1, 255, 256, 300, 512].map(status), [0, 1, 255, 255, 44, 255]);
    }
}
