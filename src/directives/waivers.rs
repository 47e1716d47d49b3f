//! Waivers: `waive CODE --reason=…` in the section, `# ks-lint: waive CODE -- reason` in any comment.

use super::codes::{ADDON_UNKNOWN_WORD, CODES, WAIVER_OF_UNKNOWN_CODE, WAIVER_WITHOUT_REASON};
use super::mistakes::Mistakes;
use super::{Surroundings, Waiver};
use node_base::diagnostic::{Category, Code, Finding, Severity, nearest};
use node_base::harmless::{excerpt, is_control};
use node_base::source::{FileId, Sources, Span, split_lines};

/// A waiver of `code`, or what is wrong with it. An unknown word in the form of a code is a warning: the kickstart may be
/// written for another release of this program, and silencing nothing does no harm.
pub(super) fn waiver(
    code: &str,
    code_span: Span,
    reason: &str,
    span: Span,
    surroundings: &dyn Surroundings,
    mistakes: &mut Mistakes<'_>,
) -> Result<Waiver, Box<Finding>> {
    let refused = |message: String| Finding::new(&WAIVER_OF_UNKNOWN_CODE, message).at(code_span);
    let codes = surroundings.codes();
    let known = codes.iter().find(|known| known.id == code);
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
            let same =
                |known: &&&Code| known.id.eq_ignore_ascii_case(code) || known.name.eq_ignore_ascii_case(code);
            let meant = codes.iter().find(same).map(|known| known.id);
            let help = match meant.or_else(|| nearest(code, codes.iter().map(|known| known.id))) {
                Some(meant) => format!("did you mean {meant}?"),
                None => "'ks-lint rules' lists the codes".to_owned(),
            };
            let finding = refused(format!("there is no code '{}'", excerpt(code))).help(help);
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
    Ok(Waiver { code: code.to_owned(), reason: printable(reason), span })
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

/// How such a comment begins, after its `#`.
const MARK: &str = "ks-lint:";

/// The waivers in the comments of a file.
pub(super) fn in_comments(
    sources: &Sources,
    file: FileId,
    surroundings: &dyn Surroundings,
    mistakes: &mut Mistakes<'_>,
) -> Vec<Waiver> {
    let text = sources.get(file).text();
    let mut waivers: Vec<Waiver> = Vec::new();
    // Most files have no such comment: one search for the mark is faster than reading every line.
    if !text.contains(MARK) {
        return waivers;
    }
    let mut at = 0;
    for line in split_lines(text) {
        if mistakes.are_too_many() {
            break;
        }
        let start = at;
        at += line.len();
        let Some(comment) = line.trim_start().strip_prefix('#') else { continue };
        let Some(directive) = comment.trim_start().strip_prefix(MARK) else { continue };
        let end = start + line.trim_end().len();
        let span = Span::new(file, start + (line.len() - line.trim_start().len()), end);
        let directive_start = start + (line.len() - directive.len());
        one_comment(directive.trim_end(), directive_start, span, surroundings, &mut waivers, mistakes);
    }
    waivers
}

fn one_comment(
    directive: &str,
    start: usize,
    span: Span,
    surroundings: &dyn Surroundings,
    waivers: &mut Vec<Waiver>,
    mistakes: &mut Mistakes<'_>,
) {
    let form = "write: # ks-lint: waive CODE -- reason";
    let (what, reason) = directive.split_once("--").unwrap_or((directive, ""));
    let mut words = words_with_offset(what);
    match words.next() {
        Some((_, "waive")) => {}
        other => {
            let word = other.map_or("", |(_, word)| word);
            let message = format!("unknown directive '{}' after 'ks-lint:'", excerpt(word));
            mistakes.push(Finding::new(&ADDON_UNKNOWN_WORD, message).at(span).help(form));
            return;
        }
    }
    let mut any = false;
    for (offset, code) in words {
        any = true;
        let code_span = Span::new(span.file, start + offset, start + offset + code.len());
        match waiver(code, code_span, reason.trim(), span, surroundings, mistakes) {
            Ok(waiver) => waivers.push(waiver),
            Err(finding) => {
                let without_reason = *finding.code == WAIVER_WITHOUT_REASON;
                mistakes.push(if without_reason { finding.help(form) } else { *finding });
            }
        }
    }
    if !any {
        let message = "waive has no code";
        mistakes.push(Finding::new(&WAIVER_OF_UNKNOWN_CODE, message).at(span).help(form));
    }
}

/// The words of a text, separated by spaces and commas, with the byte each begins at.
fn words_with_offset(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_gap = |c: char| c.is_whitespace() || c == ',';
    let mut at = 0;
    text.split(is_gap).filter_map(move |word| {
        let offset = at;
        // A gap is one character, which may be more than one byte.
        at += word.len() + text[at + word.len()..].chars().next().map_or(0, char::len_utf8);
        (!word.is_empty()).then_some((offset, word))
    })
}
