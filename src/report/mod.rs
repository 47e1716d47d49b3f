//! One output format, one file. No rule is known here.
//!
//! A verb that has findings makes a [`FileReport`] per file and gives them to a [`Printer`]:
//!
//! ```no_run
//! # fn reports() -> Vec<ks_lint::lint::FileReport> { Vec::new() }
//! use ks_lint::diagnostic::Severity;
//! use ks_lint::report::{Format, Printer, Style};
//! let mut printer = Printer::new(std::io::stdout().lock(), Format::Human, Style::plain());
//! for report in &reports() {
//!     printer.file(report, Severity::Error)?;
//! }
//! let summary = printer.finish()?;
//! # std::io::Result::Ok(())
//! ```

mod excerpt;
mod human;
mod json;
mod place;
mod printer;
pub mod reference;
mod style;

pub use printer::{Printer, Rendered, Summary};
pub use style::{Color, Style};

use crate::lint::FileReport;

/// How findings are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people: the place is shown and underlined
    #[default]
    Human,
    /// For programs: one object, the same shape for every verb
    Json,
}

impl Format {
    /// One file in this format. Independent of other files, so that many can be rendered at once.
    fn render(self, report: &FileReport, style: &Style) -> String {
        match self {
            Format::Human => human::file(report, style),
            Format::Json => json::file(report),
        }
    }
}

/// Makes text from a kickstart harmless to a terminal: control characters (line ends and tabs apart), and those
/// that turn the direction of text around, become visible stand-ins.
pub fn harmless(text: &str) -> std::borrow::Cow<'_, str> {
    let keep = |c: char| matches!(c, '\n' | '\t') || stand_in(c).is_none();
    if text.chars().all(keep) {
        return text.into();
    }
    text.chars().map(|c| if keep(c) { c } else { stand_in(c).unwrap_or(c) }).collect()
}

/// The visible character that is shown for one that a terminal would act on.
fn stand_in(c: char) -> Option<char> {
    match c {
        // The "control pictures" block follows the order of ASCII.
        '\0'..='\x1f' => char::from_u32(0x2400 + c as u32),
        '\x7f' => Some('\u{2421}'),
        '\u{80}'..='\u{9f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{61c}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' => Some('\u{fffd}'),
        _ => None,
    }
}

/// `1 error`, `2 errors`.
fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}
