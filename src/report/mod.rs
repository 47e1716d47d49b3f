//! One output format, one file. No rule is known here.
//!
//! A verb that has findings makes a [`FileReport`] per file and gives them to a [`Printer`]:
//!
//! ```no_run
//! # fn reports() -> Vec<ks_lint::lint::FileReport> { Vec::new() }
//! use node_base::diagnostic::Severity;
//! use ks_lint::report::{Format, Printer, Style};
//! let mut printer = Printer::new(std::io::stdout().lock(), Format::Human, Style::plain());
//! for report in &reports() {
//!     printer.file(report, Severity::Error)?;
//! }
//! let summary = printer.finish()?;
//! # std::io::Result::Ok(())
//! ```

mod direct;
mod excerpt;
mod github;
mod human;
mod json;
pub mod plan_human;
pub mod plan_json;
pub mod plan_svg;
pub mod policy;
mod printer;
pub mod reference;
mod sarif;
mod style;
pub mod validator;

pub use printer::{Printer, Rendered, Summary};
pub use style::{Color, Style};

use crate::lint::FileReport;
use node_base::diagnostic::Code;
pub(crate) use node_base::harmless::harmless;

/// How findings are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people: the place is shown and underlined
    #[default]
    Human,
    /// For programs: one object, the same shape for every verb
    Json,
    /// For code scanning services: SARIF 2.1.0
    Sarif,
    /// For GitHub Actions: annotations on the lines of a pull request
    Github,
}

impl Format {
    /// One file in this format. Independent of other files, so that many can be rendered at once.
    fn render(self, report: &FileReport, style: &Style) -> String {
        match self {
            Format::Human => human::file(report, style),
            Format::Json => json::file(report),
            Format::Sarif => sarif::file(report),
            Format::Github => github::file(report),
        }
    }

    /// What stands before the first file.
    fn head(self) -> String {
        match self {
            Format::Human | Format::Github => String::new(),
            Format::Json => json::head(),
            Format::Sarif => sarif::head(),
        }
    }

    /// What stands between two files.
    fn separator(self) -> &'static str {
        match self {
            Format::Human | Format::Github => "",
            Format::Json | Format::Sarif => ",\n",
        }
    }

    /// What stands behind the last file; `seen` are the kinds of finding that there were.
    fn tail(self, summary: &Summary, mut seen: impl Iterator<Item = &'static Code>, style: &Style) -> String {
        match self {
            Format::Human => human::total(summary, seen.next(), style),
            Format::Github => String::new(),
            Format::Json => json::tail(summary),
            Format::Sarif => sarif::tail(summary, seen),
        }
    }
}

/// `1 error`, `2 errors`.
fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}
