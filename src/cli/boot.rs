//! `ks-lint boot`: kernel command lines and the boot configurations that carry them.

use super::fixing::{self, Change, EditArgs, Fixes, Fixing};
use super::output::{OutputArgs, exit_code};
use super::settings::{ChoiceArgs, SettingsArgs};
use super::show;
use crate::boot::config::ConfigFormat;
use crate::lint::boot::{self, Root};
use crate::lint::settings::{FileSettings, Given, SettingsSource};
use crate::lint::{Linted, input, text};
use crate::report::Rendered;
use anyhow::Context;
use node_base::console;
use node_base::source::{FileId, STDIN, Sources};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Boot configurations, files with kernel command lines, or directories to search for configurations; - is standard input
    #[arg(required_unless_present = "cmdline", value_name = "PATH")]
    pub(super) files: Vec<PathBuf>,
    /// A kernel command line to check
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, conflicts_with_all = ["fix", "unsafe_fixes", "diff", "show_fixes"])]
    pub(super) cmdline: Vec<String>,
    /// How the files are written [default: told from the content]
    #[arg(long, value_parser = super::values::boot_format(), value_name = "KIND")]
    pub(super) kind: Option<ConfigFormat>,
    /// The kickstart that the command lines fetch: checked together with them
    #[arg(long, value_name = "FILE")]
    pub(super) kickstart: Option<PathBuf>,
    /// Directory with the files that the servers serve: http://host/a is DIR/host/a or DIR/a
    #[arg(long, value_name = "DIR")]
    pub(super) root: Option<PathBuf>,
    /// Write the kickstart and the command line that replace the kernel parameters of oVirt Node 3 or older
    #[arg(long, conflicts_with_all = ["kickstart", "root", "fix", "unsafe_fixes", "diff", "show_fixes"])]
    pub(super) to_kickstart: bool,
    /// What is done about findings in the configurations
    #[command(flatten)]
    edits: EditArgs,
    /// Which release's installer is started
    #[command(flatten)]
    pub(super) settings: SettingsArgs,
    /// Which findings are reported
    #[command(flatten)]
    pub(super) choice: ChoiceArgs,
    /// How findings are printed
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

/// The path of a command line that was given as text.
const GIVEN: &str = "--cmdline";

/// Checks every file and every command line.
///
/// # Errors
/// Options that cannot be used, or an output that cannot be written to.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let settings = Arc::new(SettingsSource::new(Given {
        fail_on: args.output.fail_on,
        ..args.choice.given(args.settings.given())
    })?);
    if let Some(root) = args.root.as_ref().filter(|root| !root.is_dir()) {
        anyhow::bail!("--root {}: no such directory", root.display());
    }
    let given = args.cmdline.iter().map(|text| (Path::new(GIVEN), Some(text)));
    if args.to_kickstart {
        let files = args.files.iter().map(|path| (path.as_path(), None));
        let Some((path, text)) = given.chain(files).next() else { anyhow::bail!("no file is given") };
        return translate(args, path, text);
    }
    let found = input::expand_boot(&args.files, &settings);
    let style = match args.files.iter().any(|path| path.is_dir()) {
        true => args.output.style_of_run(found.files.len()),
        false => args.output.style(),
    };
    let mut printer = args.output.printer_in(style.clone());
    let fixing = args.edits.fixing();
    let has_stdin = || found.files.iter().any(|(path, _)| path == Path::new(STDIN));
    let prints_text = fixing.as_ref().is_some_and(|fixing| fixing.prints_only_changes() || has_stdin());
    let mut fixes = Fixes::default();
    let given = given.map(|(path, text)| (path, text, &Ok(())));
    let searched = found.files.iter().map(|(path, searched)| (path.as_path(), None, searched));
    for (path, text, searched) in given.chain(searched) {
        let checked = match searched {
            Ok(()) => one(args, &settings, fixing.as_ref(), path, text),
            Err(error) => Err(anyhow::anyhow!("{error}")),
        };
        match checked {
            Ok((Linted { report, fail_on }, change)) => {
                if let (Some(change), Some(fixing)) = (&change, &fixing) {
                    fixes.add(change);
                    console::print(&fixing::printable(&change.output, &style))?;
                    fixing.list(path, change);
                }
                if prints_text {
                    printer.count(Rendered::new(&report, fail_on, args.output.format, &style));
                } else {
                    printer.file(&report, fail_on)?;
                }
            }
            Err(error) => {
                let message = format!("{error:#}");
                console::error_line("ks-lint", &format!("{}: {message}", path.display()));
                printer.unreadable(path, &message);
            }
        }
    }
    if !args.output.quiet {
        show::skipped(&found);
    }
    if let Some(fixing) = &fixing {
        fixes.say(fixing);
    }
    let summary = match prints_text {
        true => printer.into_summary(),
        false => printer.finish().context("standard output cannot be written to")?,
    };
    if args.edits.diff && summary.unreadable.is_empty() {
        return Ok(if fixes.is_something() { ExitCode::FAILURE } else { ExitCode::SUCCESS });
    }
    Ok(exit_code(&summary))
}

/// One file, or one command line that was given as text, and what became of it.
fn one(
    args: &Args,
    settings: &SettingsSource,
    fixing: Option<&Fixing>,
    path: &Path,
    given: Option<&String>,
) -> anyhow::Result<(Linted, Option<Change>)> {
    let settings = settings.of(if given.is_some() { Path::new("") } else { path })?;
    let kind = if given.is_some() { Some(ConfigFormat::Cmdline) } else { args.kind };
    let old = match given {
        Some(text) => text.clone(),
        None => text::read(path)?,
    };
    let check = |text| check(args, &settings, kind, path, text);
    let Some(fixing) = fixing else { return Ok((check(old)?, None)) };
    let Linted { report, fail_on } = check(old.clone())?;
    let (report, change) = fixing.apply(path, path, (&old, report), |text| Ok(check(text)?.report))?;
    Ok((Linted { report, fail_on }, Some(change)))
}

/// Checks a text.
fn check(
    args: &Args,
    settings: &FileSettings,
    kind: Option<ConfigFormat>,
    path: &Path,
    text: String,
) -> anyhow::Result<Linted> {
    let mut sources = Sources::new();
    let file = sources.add(path, text)?;
    let root = args.root.as_ref().map(Root::new);
    let served = root.as_ref().and_then(|root| boot::served_kickstart(&sources, file, kind, root));
    let mut report = match args.kickstart.as_ref().or(served.as_ref()) {
        Some(kickstart) => {
            let text = text::read(kickstart).with_context(|| kickstart.display().to_string())?;
            let (kickstart, settings) = ((kickstart.as_path(), text), &settings.settings);
            boot::lint_with_kickstart(sources, file, kind, kickstart, settings, root.as_ref())?
        }
        None => boot::lint_served(sources, file, kind, settings.settings.stated_syntax(), root.as_ref()),
    };
    settings.settings.choice.apply(&mut report);
    if let Some(baseline) = &settings.baseline {
        baseline.apply(&mut report);
    }
    Ok(Linted { report, fail_on: settings.fail_on })
}

fn read(path: &Path, text: Option<&String>) -> anyhow::Result<(Sources, FileId)> {
    let Some(text) = text else { return Ok(input::read(path)?) };
    let mut sources = Sources::new();
    let file = sources.add(path, text.clone())?;
    Ok((sources, file))
}

/// Prints the kickstart that replaces the parameters of an old node.
fn translate(args: &Args, path: &Path, text: Option<&String>) -> anyhow::Result<ExitCode> {
    if args.files.len() + args.cmdline.len() > 1 {
        anyhow::bail!("--to-kickstart needs exactly one file or one --cmdline");
    }
    let name = || path.display().to_string();
    let (sources, file) = read(path, text).with_context(name)?;
    let kind = if text.is_some() { Some(ConfigFormat::Cmdline) } else { args.kind };
    let translation = boot::to_kickstart(&sources, file, kind).with_context(name)?;
    console::print(&translation.kickstart)?;
    Ok(ExitCode::SUCCESS)
}
