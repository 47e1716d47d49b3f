//! `ks-lint fmt`: the layout of kickstarts made regular.

use super::fixing::printable;
use super::settings::{FileArgs, SettingsArgs};
use super::show;
use crate::lint::input::{self, Found};
use crate::lint::settings::SettingsSource;
use crate::lint::{self, Fragments, Linted, text};
use crate::report::{Color, Style};
use crate::{fix, format};
use anyhow::{Context, bail};
use node_base::console;
use node_base::harmless::harmless_line;
use node_base::source::STDIN;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit status: 0 nothing to change, or changed; 1 with --check or --diff something would \
                        change; 2 a file could not be formatted.\n\
                        Lines between '# ks-lint: fmt off' and '# ks-lint: fmt on' stay as they are."
)]
pub(super) struct Args {
    /// Kickstarts; a directory is searched, - is standard input, whose formatted text is printed
    #[arg(default_value = ".", hide_default_value = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Name the files that would change, write nothing
    #[arg(long)]
    check: bool,
    /// Print what would change, write nothing
    #[arg(long)]
    diff: bool,
    /// When to colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    color: Color,
    /// The release whose language decides whether a file can be formatted
    #[command(flatten)]
    settings: SettingsArgs,
    /// Which files are read
    #[command(flatten)]
    files: FileArgs,
}

/// Formats every path.
///
/// # Errors
/// Options that cannot be used, or standard output that cannot be written to.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let settings = Arc::new(SettingsSource::new(args.files.given(args.settings.given()))?);
    let style = Style::of_stdout(args.color);
    let found = input::expand(&args.paths, &settings);
    let (mut changed, mut failed) = (0_usize, false);
    for (path, readable) in &found.files {
        let result = match readable {
            Ok(()) => one(args, path, &settings, &style),
            Err(error) => Err(anyhow::anyhow!("{error}")),
        };
        match result {
            Ok(has_changed) => changed += usize::from(has_changed),
            Err(error) => {
                failed = true;
                console::error_line("ks-lint", &format!("{}: {error:#}", args.files.name_of(path).display()));
            }
        }
    }
    show::skipped(&found);
    say(args, changed, &found);
    Ok(match (failed, args.check || args.diff) {
        (true, _) => ExitCode::from(console::COULD_NOT),
        (false, true) if changed > 0 => ExitCode::FAILURE,
        (false, _) => ExitCode::SUCCESS,
    })
}

/// Formats one file; says whether it was, or would be, changed.
fn one(args: &Args, path: &Path, settings: &Arc<SettingsSource>, style: &Style) -> anyhow::Result<bool> {
    let name = args.files.name_of(path);
    let old = text::read(path)?;
    let Linted { report, .. } = lint::text_of_run(name, old.clone(), settings, &Fragments::default())?;
    if report.is_template {
        bail!("is a template: what its marks become is not known, so it is not formatted");
    }
    if let Some(finding) = report.refusal() {
        let line = finding.span.map_or(1, |span| report.sources.position(span).line);
        bail!(
            "line {line}: {}: {}; only kickstarts without errors of syntax are formatted",
            finding.code.id,
            harmless_line(&finding.message)
        );
    }
    let new = format::format(&old);
    let is_changed = new != old;
    let shown = harmless_line(&name.to_string_lossy()).into_owned();
    if args.diff {
        console::print(&printable(&fix::diff(&shown, &old, &new), style))?;
    } else if args.check {
        if is_changed {
            console::print(&format!("would format {shown}\n"))?;
        }
    } else if path == Path::new(STDIN) {
        console::print(&new)?;
    } else if is_changed {
        fix::write(path, new.as_bytes()).context("cannot be written")?;
    }
    Ok(is_changed)
}

/// Says on standard error how many files were formatted.
fn say(args: &Args, changed: usize, found: &Found) {
    if args.check || args.diff || found.files.iter().any(|(path, _)| path == Path::new(STDIN)) {
        return;
    }
    let files = if changed == 1 { "1 file".to_owned() } else { format!("{changed} files") };
    console::note_line("ks-lint", &format!("{files} formatted, {} unchanged", found.files.len() - changed));
}
