//! Waivers: `waive CODE --reason=…` in the section, `# ks-lint: waive CODE -- reason` in any comment.

use super::codes::{ADDON_UNKNOWN_WORD, CODES, WAIVER_OF_UNKNOWN_CODE, WAIVER_WITHOUT_REASON};
use super::{Mistakes, Waiver, shown};
use node_base::diagnostic::{Category, Finding, Severity, nearest};
use node_base::source::{FileId, Sources, Span, split_lines};

/// A waiver of `code`, or what is wrong with it. A code that has the form of one but is not known is a warning: the
/// kickstart may have been written for another release of this program, and silencing nothing does no harm.
pub(super) fn waiver(
    code: &str,
    code_span: Span,
    reason: &str,
    span: Span,
    mistakes: &mut Mistakes<'_>,
) -> Result<Waiver, Box<Finding>> {
    let refused = |message: String| Finding::new(&WAIVER_OF_UNKNOWN_CODE, message).at(code_span);
    let codes = crate::rules::codes();
    let known = codes.iter().find(|known| known.id == code);
    let mut unknown = None;
    match known {
        Some(known) if CODES.contains(known) => {
            let message =
                format!("{} cannot be waived: it is about the section or a waiver itself", known.id);
            return Err(Box::new(refused(message).help("mend what it says")));
        }
        Some(known) if known.category == Category::Syntax && known.severity == Severity::Error => {
            let message = format!("{} cannot be waived: the installer refuses the kickstart", known.id);
            return Err(Box::new(refused(message).help("mend what it says")));
        }
        Some(_) => {}
        None => {
            let meant = crate::rules::code(code).map(|known| known.id);
            let help = match meant.or_else(|| nearest(code, codes.iter().map(|known| known.id))) {
                Some(meant) => format!("did you mean {meant}?"),
                None => "ks-lint rules lists the codes".to_owned(),
            };
            let finding = refused(format!("there is no code '{}'", shown(code))).help(help);
            if !has_the_form_of_a_code(code) {
                return Err(Box::new(finding));
            }
            unknown = Some(finding.severity(Severity::Warning).note("this waiver silences nothing"));
        }
    }
    if reason.is_empty() {
        let finding =
            Finding::new(&WAIVER_WITHOUT_REASON, format!("{code} is waived without a reason")).at(span);
        return Err(Box::new(finding.help("say why, for whoever reads the finding as waived")));
    }
    if let Some(finding) = unknown {
        mistakes.push(finding);
    }
    Ok(Waiver { code: code.to_owned(), reason: shown_whole(reason), span })
}

/// Whether this is the prefix of a category and three digits.
fn has_the_form_of_a_code(code: &str) -> bool {
    let prefix = code.trim_end_matches(|c: char| c.is_ascii_digit());
    code.len() == prefix.len() + 3
        && crate::rules::codes().iter().any(|known| known.category.prefix() == prefix)
}

/// A reason as reports may print it.
fn shown_whole(reason: &str) -> String {
    reason.chars().map(|c| if node_base::harmless::is_control(c) { ' ' } else { c }).collect()
}

/// What such a comment starts with, behind its `#`.
const MARK: &str = "ks-lint:";

/// The waivers in the comments of a file.
pub(super) fn in_comments(sources: &Sources, file: FileId, mistakes: &mut Mistakes<'_>) -> Vec<Waiver> {
    let text = sources.get(file).text();
    let mut waivers: Vec<Waiver> = Vec::new();
    // Most files have no such comment: one search for the mark instead of a look at every line.
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
        one_comment(directive.trim_end(), directive_start, span, &mut waivers, mistakes);
    }
    waivers
}

fn one_comment(
    directive: &str,
    start: usize,
    span: Span,
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
            let message = format!("'{}' is nothing that a comment can ask for", shown(word));
            mistakes.push(Finding::new(&ADDON_UNKNOWN_WORD, message).at(span).help(form));
            return;
        }
    }
    let mut any = false;
    for (offset, code) in words {
        any = true;
        let code_span = Span::new(span.file, start + offset, start + offset + code.len());
        match waiver(code, code_span, reason.trim(), span, mistakes) {
            Ok(waiver) => waivers.push(waiver),
            Err(finding) => {
                let without_reason = *finding.code == WAIVER_WITHOUT_REASON;
                mistakes.push(if without_reason { finding.help(form) } else { *finding });
            }
        }
    }
    if !any {
        let message = "waive does not say which code";
        mistakes.push(Finding::new(&WAIVER_OF_UNKNOWN_CODE, message).at(span).help(form));
    }
}

/// The words of a text, between spaces and commas, with the byte they start at.
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
