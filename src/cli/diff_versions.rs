//! `ks-lint diff-versions`: what changed between two syntax versions; with kickstarts, what in them would break.

use super::output::{OutputArgs, exit_code};
use crate::lint::include::Follow;
use crate::lint::settings::{Given, SettingsSource};
use crate::lint::{Chosen, FileReport, input};
use crate::report::{Format, Style};
use anyhow::bail;
use kickstart::Version;
use kickstart::compare::{self, Change, ChangeKind};
use node_base::console;
use serde_json::json;
use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The version that the hosts have, such as RHEL8
    #[arg(value_name = "FROM")]
    pub(super) from: String,
    /// The version that they will have, such as RHEL10
    #[arg(value_name = "TO")]
    pub(super) to: String,
    /// Kickstarts and directories: show what in them would break
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// How changes (human and json only) or findings are printed
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

/// Prints the changes, or the findings.
///
/// # Errors
/// An unknown version, or standard output that cannot be written to.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let (from, to) = (Version::from_name(&args.from)?, Version::from_name(&args.to)?);
    if args.paths.is_empty() {
        let changes = compare::changes(from, to);
        console::print(&match args.output.format {
            Format::Human => human(from, to, &changes, &args.output.style())?,
            Format::Json => {
                let all =
                    json!({"schema": 1, "from": from.to_string(), "to": to.to_string(), "changes": changes});
                node_base::harmless::harmless_json(serde_json::to_string_pretty(&all)?) + "\n"
            }
            _ => bail!(
                "a list of changes has the formats human and json; this format is for findings: name kickstarts"
            ),
        })?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut printer = args.output.printer();
    let settings = Arc::new(SettingsSource::new(Given::default())?);
    for (path, found) in input::expand(&args.paths, &settings).files {
        let read = found.and_then(|()| Ok(input::read(&path)?));
        let (mut sources, file) = match read {
            Ok(read) => read,
            Err(error) => {
                console::error_line("ks-lint", &format!("{}: {error}", path.display()));
                printer.unreadable(&path, &error.to_string());
                continue;
            }
        };
        let includes = Follow::from_environment().load(&mut sources, file);
        let findings = compare::breaks(&sources, &includes, file, from, to);
        let report = FileReport {
            sources,
            syntax: Chosen::new(to, format!("compared with {from}")),
            policy: Chosen::new("none".to_owned(), "only the language is compared"),
            findings,
            waived: Vec::new(),
            baselined: 0,
            is_template: false,
            includes: Vec::new(),
        };
        printer.file(&report, args.output.fail_on())?;
    }
    Ok(exit_code(&printer.finish()?))
}

/// For people: what was removed, then what is deprecated, then what changed, then what is new.
fn human(from: Version, to: Version, changes: &[Change], style: &Style) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    for title in ["Removed", "Deprecated", "Changed", "Added"] {
        let belongs = |what: &ChangeKind| match what {
            ChangeKind::Removed => title == "Removed",
            ChangeKind::Deprecated => title == "Deprecated",
            ChangeKind::Added => title == "Added",
            _ => title == "Changed",
        };
        let mut lines = changes.iter().filter(|c| belongs(&c.what)).peekable();
        if lines.peek().is_none() {
            continue;
        }
        writeln!(out, "{title} in {to}, compared with {from}:")?;
        for change in lines {
            let mut line = change.command.to_owned();
            if let Some(option) = change.option {
                write!(line, " {option}")?;
            }
            match &change.what {
                ChangeKind::Required => write!(line, ": must be given")?,
                ChangeKind::Takes { before, now } => write!(line, ": takes {now}, not {before}")?,
                ChangeKind::Choices { removed, added } => {
                    if !removed.is_empty() {
                        write!(line, ": no longer {}", removed.join(", "))?;
                    }
                    if !added.is_empty() {
                        write!(line, ": new {}", added.join(", "))?;
                    }
                }
                ChangeKind::Conflicts { with } => write!(line, ": not together with {}", with.join(", "))?,
                ChangeKind::Removed | ChangeKind::Deprecated | ChangeKind::Added => {}
            }
            match change.instead.map(|instead| instead.strip_prefix("nothing: ").ok_or(instead)) {
                Some(Ok(reason)) => write!(line, " — remove it: {reason}")?,
                Some(Err(instead)) => write!(line, " — instead: {instead}")?,
                None => {}
            }
            writeln!(out, "  {}", style.folded(&line, 6))?;
        }
    }
    if out.is_empty() {
        writeln!(out, "The syntax of {to} is that of {from}.")?;
    }
    Ok(out)
}
