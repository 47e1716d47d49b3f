//! `ks-lint addon`: the effective settings of the `%addon org_ovirt_node` section of a kickstart and the kernel arguments.
//! The Anaconda add-on asks this instead of reading the section itself.

use super::output::exit_code;
use super::settings::SettingsArgs;
use super::values::AnswerFormat;
use crate::directives::Effective;
use crate::lint::settings::{Given, SettingsSource};
use crate::lint::{addon, input};
use crate::report::{Color, Format, Printer, Style};
use anyhow::{Context, bail};
use node_base::console;
use node_base::diagnostic::Severity;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit status: 0 and the settings, 1 and the mistakes in the section or the arguments, \
                        2 a file could not be read.\n\
                        In an installer, --cmdline /proc/cmdline lets ovirt_node.policy=, .enforce=, .nvr= and \
                        .layout=init|skip override the section."
)]
pub(super) struct Args {
    /// The kickstart; - is standard input
    #[arg(value_name = "FILE", required_unless_present = "kickstart", conflicts_with = "kickstart")]
    file: Option<PathBuf>,
    /// The kickstart, as an option
    #[arg(long, value_name = "FILE")]
    kickstart: Option<PathBuf>,
    /// A file with a kernel command line; without it only the section counts
    #[arg(long, value_name = "FILE")]
    pub(super) cmdline: Option<PathBuf>,
    /// The syntax version of the kickstart
    #[command(flatten)]
    pub(super) settings: SettingsArgs,
    /// How to write the settings, or the mistakes
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    pub(super) format: AnswerFormat,
    /// When to colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN", help_heading = "Output")]
    pub(super) color: Color,
    /// Print findings of this severity or worse instead of the settings [default: error]
    #[arg(long, value_parser = super::values::severity(), value_name = "SEVERITY", help_heading = "Output")]
    pub(super) fail_on: Option<Severity>,
}

/// Reads, and prints the settings or what is wrong with them.
///
/// # Errors
/// A file or an option that cannot be used.
pub(super) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let settings = SettingsSource::new(Given { fail_on: args.fail_on, ..args.settings.given() })?;
    let Some(kickstart) = args.file.as_ref().or(args.kickstart.as_ref()) else {
        bail!("no kickstart is given");
    };
    let shown = || kickstart.display().to_string();
    let (mut sources, file) = input::read(kickstart).with_context(shown)?;
    let cmdline = match &args.cmdline {
        None => None,
        Some(path) => {
            let shown = || path.display().to_string();
            let (read, id) = input::read(path).with_context(shown)?;
            Some(sources.add(path, read.get(id).text().to_owned())?)
        }
    };
    let settings = settings.of(kickstart)?;
    let (answer, report) = addon::addon(sources, file, cmdline, &settings.settings);
    if report.findings.iter().any(|finding| finding.severity >= settings.fail_on) {
        let format = match args.format {
            AnswerFormat::Human => Format::Human,
            AnswerFormat::Json => Format::Json,
        };
        let mut printer = Printer::new(std::io::stdout(), format, Style::of_stdout(args.color));
        printer.file(&report, settings.fail_on)?;
        return Ok(exit_code(&printer.finish().context("standard output cannot be written to")?));
    }
    console::print(&match args.format {
        AnswerFormat::Human => human(&answer),
        AnswerFormat::Json => node_base::harmless::harmless_json(serde_json::to_string(&answer)?) + "\n",
    })?;
    Ok(ExitCode::SUCCESS)
}

/// A line for each setting.
fn human(answer: &Effective) -> String {
    let mut lines = vec![format!("section      {}", if answer.present { "present" } else { "absent" })];
    let or = |value: &Option<String>, otherwise: &str| value.clone().unwrap_or_else(|| otherwise.to_owned());
    lines.push(format!("policy       {}", or(&answer.policy, "none")));
    lines.push(format!("enforce      {}", answer.enforce));
    lines.push(format!("nvr          {}", or(&answer.nvr, "as the image says")));
    lines.push(format!("layout       {}", if answer.init { "init" } else { "left alone" }));
    if let Some(images) = answer.keep_images {
        lines.push(format!("keep-images  {images}"));
    }
    for requirement in &answer.requirements {
        lines.push(format!("require      {} at least {}", requirement.path, requirement.min_size));
    }
    for waiver in &answer.waivers {
        lines.push(format!("waive        {} ({})", waiver.code, waiver.reason));
    }
    lines.push(String::new());
    lines.join("\n")
}
