//! `ks-lint migrate`: kickstarts rewritten for the next release, with what can be done safely; the rest is listed.

use super::fixing::printable;
use super::output::{OutputArgs, exit_code};
use super::settings::FileArgs;
use super::show;
use crate::fix::{self, Wanted};
use crate::lint::input;
use crate::lint::settings::{Given, SettingsSource};
use crate::lint::{FileReport, header_release, language, text};
use crate::report::Rendered;
use anyhow::{Context, bail};
use kickstart::Version;
use node_base::console;
use node_base::harmless::harmless_line;
use node_base::source::{FileId, STDIN};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit status: 0 nothing is left to do by hand, 1 lines are left that TO refuses (or, with --diff, \
                        something would change), 2 a file could not be migrated.\n\
                        Example: ks-lint migrate RHEL8 RHEL10 --diff hosts/"
)]
pub(super) struct Args {
    /// The release that the kickstarts are for, such as RHEL8
    #[arg(value_name = "FROM")]
    from: String,
    /// The release that they will be for, such as RHEL10
    #[arg(value_name = "TO")]
    to: String,
    /// Kickstarts and directories; - is standard input, whose new text is printed
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Print what would change, write nothing
    #[arg(long)]
    diff: bool,
    /// Also write what is only likely: words that are misspelt
    #[arg(long)]
    unsafe_fixes: bool,
    /// Which files are read
    #[command(flatten)]
    files: FileArgs,
    /// How the lines that are left are printed
    #[command(flatten)]
    output: OutputArgs,
}

/// Migrates every path.
///
/// # Errors
/// Unknown releases, options that cannot be used, or an output that cannot be written to.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let (from, to) = (Version::from_name(&args.from)?, Version::from_name(&args.to)?);
    let settings = Arc::new(SettingsSource::new(args.files.given(Given::default()))?);
    let found = input::expand(&args.paths, &settings);
    // Standard output is for the patch or the new text then.
    let prints_text = args.diff || found.files.iter().any(|(path, _)| path == Path::new(STDIN));
    let style = args.output.style();
    let mut printer = args.output.printer();
    let mut changed = 0_usize;
    for (path, readable) in &found.files {
        let result = match readable {
            Ok(()) => one(args, path, (from, to)),
            Err(error) => Err(anyhow::anyhow!("{error}")),
        };
        match result {
            Ok((report, has_changed)) => {
                changed += usize::from(has_changed);
                if prints_text {
                    say_left(&report);
                    printer.count(Rendered::new(&report, args.output.fail_on(), args.output.format, &style));
                } else {
                    printer.file(&report, args.output.fail_on())?;
                }
            }
            Err(error) => {
                let message = format!("{error:#}");
                let name = args.files.name_of(path);
                console::error_line("ks-lint", &format!("{}: {message}", name.display()));
                printer.unreadable(name, &message);
            }
        }
    }
    show::skipped(&found);
    let summary = if prints_text {
        printer.into_summary()
    } else {
        printer.finish().context("standard output cannot be written to")?
    };
    if args.diff && changed > 0 && summary.unreadable.is_empty() {
        return Ok(ExitCode::FAILURE);
    }
    Ok(exit_code(&summary))
}

/// Lists on standard error what a person must do.
fn say_left(report: &FileReport) {
    for finding in &report.findings {
        let line = finding.span.map(|span| format!(":{}", report.sources.position(span).line));
        let help = finding.help.as_deref().map(|help| format!("; {help}")).unwrap_or_default();
        let (path, line) = (report.path().display(), line.unwrap_or_default());
        let what = format!("{path}{line}: left: {}: {}{help}", finding.code.id, finding.message);
        console::note_line("ks-lint", &what);
    }
}

/// Migrates one file: what is left, and whether the text changed.
fn one(args: &Args, path: &Path, (from, to): (Version, Version)) -> anyhow::Result<(FileReport, bool)> {
    let name = args.files.name_of(path);
    let old = text::read(path)?;
    let read = |text: String| language(name, text, to, &format!("migrated from {from}"));
    let report = read(old.clone())?;
    if report.is_template {
        bail!("is a template: what its marks become is not known, so it is not migrated");
    }
    let header = header_release(&report.sources, FileId(0));
    if let Some((named, _)) = header
        && named != from
        && named != to
    {
        bail!("its #version header names {named}, not {from}; write: ks-lint migrate {named} {to} …");
    }
    let report = match header {
        Some((named, span)) if named != to => {
            let mut text = old.clone();
            text.replace_range(span.range(), &to.to_string());
            read(text)?
        }
        _ => report,
    };
    let wanted = if args.unsafe_fixes { Wanted::Unsafe } else { Wanted::Safe };
    let fixed = fix::apply(report, wanted, read)?;
    let new = fixed.text();
    let is_changed = new != old;
    if args.diff {
        let patch = fix::diff(&harmless_line(&name.to_string_lossy()), &old, new);
        console::print(&printable(&patch, &args.output.style()))?;
    } else if path == Path::new(STDIN) {
        console::print(new)?;
    } else if is_changed {
        fix::write(path, new.as_bytes()).context("cannot be written")?;
    }
    Ok((fixed.report, is_changed))
}
