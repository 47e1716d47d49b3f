//! `ks-lint addon`: what the `%addon org_ovirt_node` section of a kickstart and the kernel arguments come to. The
//! Anaconda add-on asks this instead of reading the section itself.

use super::check::SettingsArgs;
use super::input;
use super::output::{OutputArgs, exit_code};
use crate::lint;
use crate::report::Format;
use crate::rules::addon::Effective;
use anyhow::Context;
use node_base::diagnostic::Severity;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// The command line.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit status: 0 with the answer, 1 with the mistakes of the section or the arguments instead, \
                        2 a file could not be read.\n\
                        In an installer, --cmdline /proc/cmdline lets ovirt_node.policy=, .enforce=, .nvr= and \
                        .layout=init|skip have the last word."
)]
pub struct Args {
    /// The kickstart; - is standard input
    #[arg(long, value_name = "FILE")]
    pub kickstart: PathBuf,
    /// A file with a kernel command line; without it no kernel arguments are looked at
    #[arg(long, value_name = "FILE")]
    pub cmdline: Option<PathBuf>,
    /// As what the kickstart is read
    #[command(flatten)]
    pub settings: SettingsArgs,
    /// How it comes out
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Reads, and prints the answer or what is wrong.
///
/// # Errors
/// A file or an option that cannot be used.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let settings = args.settings.source()?;
    let shown = || args.kickstart.display().to_string();
    let (mut sources, file) = input::read(&args.kickstart).with_context(shown)?;
    let cmdline = match &args.cmdline {
        None => None,
        Some(path) => {
            let shown = || path.display().to_string();
            let (read, id) = input::read(path).with_context(shown)?;
            Some(sources.add(path, read.get(id).text().to_owned())?)
        }
    };
    let settings = settings.of(&args.kickstart)?;
    let (answer, report) = lint::addon::addon(sources, file, cmdline, &settings.settings);
    let fail_on = args.output.fail_on.or(settings.fail_on).unwrap_or(Severity::Error);
    if report.findings.iter().any(|finding| finding.severity >= fail_on) {
        let mut printer = args.output.printer();
        printer.file(&report, fail_on)?;
        return Ok(exit_code(&printer.finish().context("standard output cannot be written to")?));
    }
    let text = match args.output.format {
        Format::Human => human(&answer),
        // The answer is no finding: the formats for findings have no other words for it.
        _ => serde_json::to_string(&answer)? + "\n",
    };
    // A reader that has seen enough (`| head`) is no error.
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(error).context("standard output cannot be written to")
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// A line for each thing that the add-on does.
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
