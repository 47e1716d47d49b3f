//! `ks-lint boot`: kernel command lines and the boot configurations that carry them.

use super::check::SettingsArgs;
use super::input;
use super::output::{OutputArgs, exit_code};
use crate::boot::config::Format as Kind;
use crate::boot::lint;
use crate::dialect::Version;
use crate::lint::{Chosen, Settings};
use crate::source::Sources;
use anyhow::Context;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The command line.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Boot configurations, or files with kernel command lines; - is standard input
    #[arg(required_unless_present = "cmdline", value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// A kernel command line to check
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub cmdline: Vec<String>,
    /// How the files are written [default: told from the content]
    #[arg(long, value_enum, value_name = "KIND")]
    pub kind: Option<Kind>,
    /// Which release's installer is started
    #[command(flatten)]
    pub settings: SettingsArgs,
    /// How it comes out
    #[command(flatten)]
    pub output: OutputArgs,
}

/// The path of a command line that was given as text.
const GIVEN: &str = "--cmdline";

/// Checks every file and every command line.
///
/// # Errors
/// Options that cannot be used, or an output that cannot be written to.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let settings = args.settings.source()?;
    let mut printer = args.output.printer();
    for text in &args.cmdline {
        let settings = settings.of(Path::new(""))?;
        let mut sources = Sources::new();
        let file = sources.add(GIVEN, text.clone())?;
        let report = lint::lint(sources, file, Some(Kind::Cmdline), syntax(&settings.settings));
        printer.file(&report, args.output.fail_on.or(settings.fail_on).unwrap_or(args.output.fail_on()))?;
    }
    for path in &args.files {
        let checked = input::read(path).map_err(anyhow::Error::from).and_then(|(sources, file)| {
            let settings = settings.of(path)?;
            let fail_on = args.output.fail_on.or(settings.fail_on).unwrap_or(args.output.fail_on());
            Ok((lint::lint(sources, file, args.kind, syntax(&settings.settings)), fail_on))
        });
        match checked {
            Ok((report, fail_on)) => printer.file(&report, fail_on)?,
            Err(error) => {
                let message = format!("{error:#}");
                super::complain("ks-lint", &format!("{}: {message}", path.display()));
                printer.unreadable(path, &message);
            }
        }
    }
    Ok(exit_code(&printer.finish().context("standard output cannot be written to")?))
}

/// The release: a boot configuration claims none itself.
fn syntax(settings: &Settings) -> Chosen<Version> {
    settings
        .syntax
        .clone()
        .or_else(|| settings.default_syntax.clone())
        .unwrap_or_else(|| Chosen::new(Version::DEFAULT, "the default"))
}
