//! How findings are printed: options, printer, exit status.

use crate::report::{Closing, Color, Format, Printer, Style, Summary};
use node_base::console;
use node_base::diagnostic::Severity;
use std::io::Stdout;
use std::process::ExitCode;

/// Options of every verb that prints findings.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArgs {
    /// How to write what was found
    #[arg(long, value_enum, default_value_t, env = "KS_LINT_FORMAT", hide_env_values = true)]
    pub(super) format: Format,
    /// When to colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub(super) color: Color,
    /// Exit with 1 when a finding has this severity or a worse one [default: error]
    #[arg(long, value_parser = super::values::severity(), value_name = "SEVERITY")]
    pub(super) fail_on: Option<Severity>,
    /// Print only what was found: no line for each file, no total
    #[arg(short, long)]
    pub(super) quiet: bool,
    /// Show every place of a finding that is the same at many places
    #[arg(long)]
    no_fold: bool,
}

impl OutputArgs {
    /// Colours and layout, by the options and the terminal.
    pub(super) fn style(&self) -> Style {
        let closing = if self.quiet { Closing::Never } else { Closing::Every };
        Style::of_stdout(self.color).folding(!self.no_fold).closing(closing)
    }

    /// As [`OutputArgs::style`], for a run over so many files: with several, only those with findings have a line.
    pub(super) fn style_of_run(&self, files: usize) -> Style {
        let style = self.style();
        if files > 1 && !self.quiet { style.closing(Closing::Found) } else { style }
    }

    /// A printer to standard output.
    pub(super) fn printer(&self) -> Printer<Stdout> {
        self.printer_in(self.style())
    }

    /// A printer to standard output, in this style.
    pub(super) fn printer_in(&self, style: Style) -> Printer<Stdout> {
        Printer::new(std::io::stdout(), self.format, style)
    }

    /// Findings from this severity on make the run fail.
    pub(super) fn fail_on(&self) -> Severity {
        self.fail_on.unwrap_or(Severity::Error)
    }
}

/// The exit status of a run that printed findings: 2 when a path could not be checked, else 1 with
/// findings that make it fail.
pub(super) fn exit_code(summary: &Summary) -> ExitCode {
    if !summary.unreadable.is_empty() {
        ExitCode::from(console::COULD_NOT)
    } else if summary.failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}
