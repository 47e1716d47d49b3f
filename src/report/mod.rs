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

mod checkstyle;
mod concise;
mod direct;
mod excerpt;
mod fold;
mod github;
mod gitlab;
pub mod highlight;
mod human;
mod json;
mod junit;
mod place;
pub mod plan_human;
pub mod plan_json;
pub mod plan_svg;
pub mod policy;
mod printer;
mod rdjson;
pub mod reference;
mod sarif;
mod statistics;
mod style;
pub mod validator;
mod xml;

pub use printer::{Printer, Rendered, Summary};
pub use style::{Closing, Color, Style};

use crate::lint::FileReport;
use node_base::diagnostic::{Code, Severity};
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
    /// One line a finding, for editors and for grep
    Concise,
    /// For GitLab: a code quality report
    Gitlab,
    /// For CI services: JUnit's XML, a test case a finding
    Junit,
    /// For CI services: Checkstyle's XML
    Checkstyle,
    /// For reviewdog: diagnostics with suggestions
    Rdjson,
}

impl Format {
    /// One file in this format. Independent of other files, so that many can be rendered at once.
    fn render(self, report: &FileReport, fail_on: Severity, style: &Style) -> String {
        match self {
            Format::Human => human::file(report, style),
            Format::Json => json::file(report),
            Format::Sarif => sarif::file(report),
            Format::Github => github::file(report),
            Format::Concise => concise::file(report),
            Format::Gitlab => gitlab::file(report),
            Format::Junit => junit::file(report, fail_on),
            Format::Checkstyle => checkstyle::file(report),
            Format::Rdjson => rdjson::file(report),
        }
    }

    /// What stands before the first file.
    fn head(self) -> String {
        match self {
            Format::Human | Format::Github | Format::Concise => String::new(),
            Format::Json => json::head(),
            Format::Sarif => sarif::head(),
            Format::Gitlab => gitlab::head(),
            Format::Junit => junit::head(),
            Format::Checkstyle => checkstyle::head(),
            Format::Rdjson => rdjson::head(),
        }
    }

    /// What stands between two files.
    fn separator(self) -> &'static str {
        match self {
            Format::Human | Format::Github | Format::Concise | Format::Junit | Format::Checkstyle => "",
            Format::Json | Format::Sarif | Format::Gitlab | Format::Rdjson => ",\n",
        }
    }

    /// What stands behind the last file; `seen` are the kinds of finding that there were.
    fn tail(self, summary: &Summary, mut seen: impl Iterator<Item = &'static Code>, style: &Style) -> String {
        match self {
            Format::Human => human::total(summary, seen.next(), style),
            Format::Github | Format::Concise => String::new(),
            Format::Json => json::tail(summary),
            Format::Sarif => sarif::tail(summary, seen),
            Format::Gitlab => gitlab::tail(summary),
            Format::Junit => junit::tail(summary),
            Format::Checkstyle => checkstyle::tail(summary),
            Format::Rdjson => rdjson::tail(summary),
        }
    }
}

/// `1 error`, `2 errors`.
fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}
