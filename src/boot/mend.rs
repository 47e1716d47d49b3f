//! Edits of words of a kernel command line. A word whose bytes are not its text, because of quotes or variables, has none.

use node_base::cmdline::Word;
use node_base::diagnostic::{Applicability, Fix};
use node_base::source::{Span, Spanned};

/// Whether the file has the text of a word at its place.
fn is_verbatim(word: &Word<'_>) -> bool {
    let value = word.value.as_ref().map_or(0, |value| value.text.len() + 1);
    word.taken.is_none() && word.name.len() + value == length(word.span)
}

fn length(span: Span) -> usize {
    (span.end - span.start) as usize
}

/// Writes another name; the value stays.
pub(super) fn name(word: &Word<'_>, new: &str, applicability: Applicability) -> Option<Fix> {
    let fix = || Fix::replace(word.name_span, new, format!("write {new}"), applicability);
    (word.taken.is_none() && word.name.len() == length(word.name_span)).then(fix)
}

/// Writes another word.
pub(super) fn word(word: &Word<'_>, new: &str, applicability: Applicability) -> Option<Fix> {
    is_verbatim(word).then(|| Fix::replace(word.span, new, format!("write {new}"), applicability))
}

/// Deletes a word, and leaves the blanks around it.
pub(super) fn delete(word: &Word<'_>, applicability: Applicability) -> Option<Fix> {
    is_verbatim(word).then(|| Fix::delete(word.span, format!("delete {}", word.name), applicability))
}

/// Writes another value.
pub(super) fn value(value: &Spanned<'_>, new: &str, applicability: Applicability) -> Option<Fix> {
    let is_plain = value.text.len() == length(value.span) && !new.contains(char::is_whitespace);
    is_plain.then(|| Fix::replace(value.span, new, format!("write {new}"), applicability))
}

/// Adds a word after the last one of a command line.
pub(crate) fn add(words: &[Word<'_>], new: &str, applicability: Applicability) -> Option<Fix> {
    let last = words.iter().rfind(|word| is_verbatim(word))?;
    Some(Fix::insert_after(last.span, format!(" {new}"), format!("add {new}"), applicability))
}
