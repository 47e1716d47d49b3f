//! `ks-lint boot`: kernel command lines and the boot configurations that carry them.

use super::output::{OutputArgs, exit_code};
use super::settings::{ChoiceArgs, SettingsArgs};
use super::show;
use crate::boot::config::ConfigFormat;
use crate::lint::boot::{self, Root};
use crate::lint::settings::{Given, SettingsSource};
use crate::lint::{Linted, input};
use anyhow::Context;
use node_base::console;
use node_base::source::{FileId, Sources};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Boot configurations, files with kernel command lines, or directories to search for configurations; - is standard input
    #[arg(required_unless_present = "cmdline", value_name = "PATH")]
    pub(super) files: Vec<PathBuf>,
    /// A kernel command line to check
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
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
    #[arg(long, conflicts_with_all = ["kickstart", "root"])]
    pub(super) to_kickstart: bool,
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
    let mut printer = match args.files.iter().any(|path| path.is_dir()) {
        true => args.output.printer_in(args.output.style_of_run(found.files.len())),
        false => args.output.printer(),
    };
    let given = given.map(|(path, text)| (path, text, &Ok(())));
    for (path, text, searched) in
        given.chain(found.files.iter().map(|(path, searched)| (path.as_path(), None, searched)))
    {
        let checked = match searched {
            Ok(()) => check(args, &settings, path, text),
            Err(error) => Err(anyhow::anyhow!("{error}")),
        };
        match checked {
            Ok(Linted { report, fail_on }) => printer.file(&report, fail_on)?,
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
    Ok(exit_code(&printer.finish().context("standard output cannot be written to")?))
}

/// One file, or one command line that was given as text.
fn check(
    args: &Args,
    settings: &SettingsSource,
    path: &Path,
    text: Option<&String>,
) -> anyhow::Result<Linted> {
    let settings = settings.of(if text.is_some() { Path::new("") } else { path })?;
    let (sources, file) = read(path, text)?;
    let kind = if text.is_some() { Some(ConfigFormat::Cmdline) } else { args.kind };
    let root = args.root.as_ref().map(Root::new);
    let served = root.as_ref().and_then(|root| boot::served_kickstart(&sources, file, kind, root));
    let mut report = match args.kickstart.as_ref().or(served.as_ref()) {
        Some(kickstart) => {
            let (read, id) = input::read(kickstart).with_context(|| kickstart.display().to_string())?;
            let text = read.get(id).text().to_owned();
            boot::lint_with_kickstart(
                sources,
                file,
                kind,
                (kickstart, text),
                &settings.settings,
                root.as_ref(),
            )?
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
