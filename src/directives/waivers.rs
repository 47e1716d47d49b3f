//! One waiver: its code, its reason, and the findings that it covers.

use super::Surroundings;
use super::codes::{CODES, WAIVER_OF_UNKNOWN_CODE, WAIVER_WITHOUT_REASON};
use super::mistakes::Mistakes;
use node_base::diagnostic::{Applicability, Category, Code, Finding, Fix, Severity, nearest};
use node_base::harmless::{excerpt, is_control};
use node_base::source::Span;

/// A kind of finding that is silenced, where, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiver {
    /// The code of the silenced findings (`NODE005`).
    pub code: String,
    /// The code or name as it is written.
    pub code_span: Span,
    /// The author's reason.
    pub reason: String,
    /// The line of the section, or the comment.
    pub span: Span,
    /// The findings that it covers.
    pub place: WaiverPlace,
    /// How it is written.
    pub(super) form: Form,
}

/// The findings that a waiver covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaiverPlace {
    /// All of the file, and of what it includes.
    File,
    /// Those that begin in this line.
    Line(Span),
    /// Those that begin in this section.
    Section(Span),
    /// None: no command or section follows the comment.
    Nothing,
}

/// How a waiver is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Form {
    /// What is removed with it when it is all there is in its comment or line.
    pub(super) removal: Span,
    /// The word `waive` of a comment that is alone on its line; `None` for any other form.
    pub(super) alone: Option<Span>,
    /// Whether it is in the body of a section, where the comment may be part of a document in a script.
    pub(super) is_in_body: bool,
}

/// What a waiver says, without its place.
pub(super) struct Said {
    /// The code.
    pub(super) code: String,
    /// The reason, as reports may print it.
    pub(super) reason: String,
}

/// A waiver of `code`, or what is wrong with it. An unknown word in the form of a code is a warning: the kickstart may be
/// written for another release of this program, and silencing nothing does no harm.
pub(super) fn waiver(
    code: &str,
    code_span: Span,
    reason: &str,
    span: Span,
    surroundings: &dyn Surroundings,
    mistakes: &mut Mistakes<'_>,
) -> Result<Said, Box<Finding>> {
    let refused = |message: String| Finding::new(&WAIVER_OF_UNKNOWN_CODE, message).at(code_span);
    let codes = surroundings.codes();
    let same = |known: &&&Code| known.id.eq_ignore_ascii_case(code) || known.name.eq_ignore_ascii_case(code);
    let known = codes.iter().find(same);
    let mut unknown = None;
    match known {
        Some(known) if CODES.contains(known) => {
            let message =
                format!("{} cannot be waived: it is about the section or a waiver itself", known.id);
            return Err(Box::new(refused(message).help("correct what it reports")));
        }
        Some(known) if known.category == Category::Syntax && known.severity == Severity::Error => {
            let message = format!("{} cannot be waived: the installer refuses the kickstart", known.id);
            return Err(Box::new(refused(message).help("correct what it reports")));
        }
        Some(_) => {}
        None => {
            let names = codes.iter().flat_map(|known| [known.id, known.name]);
            let meant = nearest(code, names);
            let help = match meant {
                Some(meant) => format!("did you mean {meant}?"),
                None => "'ks-lint rules' lists the codes".to_owned(),
            };
            let mut finding = refused(format!("there is no code '{}'", excerpt(code))).help(help);
            let is_plain = (code_span.end - code_span.start) as usize == code.len();
            finding.fix = meant
                .filter(|_| is_plain)
                .map(|meant| Fix::replace(code_span, meant, format!("write {meant}"), Applicability::Unsafe));
            if !looks_like_a_code(code, codes) {
                return Err(Box::new(finding));
            }
            unknown = Some(finding.severity(Severity::Warning).note("this waiver silences nothing"));
        }
    }
    if reason.is_empty() {
        let finding =
            Finding::new(&WAIVER_WITHOUT_REASON, format!("{code} is waived without a reason")).at(span);
        return Err(Box::new(finding.help("give the reason: it is shown with the waived finding")));
    }
    if let Some(finding) = unknown {
        mistakes.push(finding);
    }
    let code = known.map_or(code, |known| known.id).to_owned();
    Ok(Said { code, reason: printable(reason) })
}

/// Whether this is the prefix of a category and three digits.
fn looks_like_a_code(code: &str, known: &[&Code]) -> bool {
    let prefix = code.trim_end_matches(|c: char| c.is_ascii_digit());
    code.len() == prefix.len() + 3 && known.iter().any(|known| known.category.prefix() == prefix)
}

/// A reason as reports may print it.
fn printable(reason: &str) -> String {
    reason.chars().map(|c| if is_control(c) { ' ' } else { c }).collect()
}
