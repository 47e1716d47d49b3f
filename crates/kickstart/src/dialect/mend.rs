//! Fixes of findings about the language: edits that write what the help says.
//!
//! A fix is safe where the text leaves one reading: the installer refuses or ignores the words, and the new words ask for what
//! they meant. A guess at a misspelt word is unsafe.

use super::tables::{self, Opt, Table, Takes};
use super::values::Words;
use node_base::diagnostic::{Applicability, Edit, Fix};
use node_base::source::{FileId, Span, is_line_end, line_at, line_end_at};

/// Options that only got another name, or another form.
const RENAMED: [(&str, &str); 5] = [
    ("--isUtc", "--utc"),
    ("--instLangs", "--inst-langs"),
    ("--excludeWeakdeps", "--exclude-weakdeps"),
    ("--nolvm", "--type=plain"),
    ("--md5pass", "--iscrypted --password"),
];

/// Writes `%end` on a line of its own before the line of a span.
pub(crate) fn end_before(text: &str, span: Span) -> Fix {
    let (content, _) = line_at(text, span.start as usize);
    let end = line_end_at(text, span.start as usize);
    let at = Span::new(span.file, content.start, content.start);
    Fix::replace(at, format!("%end{end}"), "close the section", Applicability::Safe)
}

/// Writes `%end` at the end of a text whose last section begins at byte `body`. Where lines of the section look like
/// commands, the section may have been meant to end before them.
pub(crate) fn end_at_the_end(text: &str, file: FileId, body: usize) -> Fix {
    let is_command = |line: &str| {
        line.split_whitespace().next().is_some_and(|word| tables::word(word).is_some())
            && !line.starts_with([' ', '\t'])
    };
    let is_unclear = node_base::source::split_lines(&text[body.min(text.len())..]).any(is_command);
    let applicability = if is_unclear { Applicability::Unsafe } else { Applicability::Safe };
    let end = line_end_at(text, text.len());
    let at = Span::new(file, text.len(), text.len());
    let before = if text.is_empty() || text.ends_with(is_line_end) { "" } else { end };
    Fix::replace(at, format!("{before}%end{end}"), "close the section", applicability)
}

/// Writes a known word in the place of a misspelt one.
pub(crate) fn known_word(span: Span, written: &str, known: &str) -> Fix {
    let is_same = known.eq_ignore_ascii_case(written);
    let applicability = if is_same { Applicability::Safe } else { Applicability::Unsafe };
    Fix::replace(span, known, format!("write '{known}'"), applicability)
}

/// The option of this name in any version.
fn option_of_any_version(table: &'static Table, name: &str) -> Option<&'static Opt> {
    table.options.iter().find(|option| option.names.contains(&name))
}

/// What replaces the option that is word `i` of a line and that this version does not have.
pub(crate) fn missing_option(
    words: &Words<'_, '_>,
    i: usize,
    table: &'static Table,
    bit: u64,
) -> Option<Fix> {
    let text = words.texts[i].as_ref();
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (text, None),
    };
    let span = words.span(i);
    // Quotes hide which bytes are the name.
    if !words.words[i].plain && !words.text[span.range()].starts_with(name) {
        return None;
    }
    let option = option_of_any_version(table, name)?;
    let takes_next = option.takes != Takes::Flag && value.is_none();
    let next = (i + 1 < words.texts.len() && !words.texts[i + 1].starts_with('-')).then_some(i + 1);
    let (value, end) = match (takes_next, next) {
        (true, Some(next)) => (Some(words.texts[next].as_ref()), words.span(next).end),
        (true, None) => return None,
        (false, _) => (value, span.end),
    };
    let name_span = Span { end: span.start + name.len() as u32, ..span };
    outdated_option(words.text, table, name, name_span, (value, Span { end, ..span }), false, bit)
}

/// What replaces an option that is ignored, will be removed or was removed; `given` is its value, and its place with the
/// value.
pub(crate) fn outdated_option(
    text: &str,
    table: &'static Table,
    name: &str,
    name_span: Span,
    given: (Option<&str>, Span),
    is_ignored: bool,
    bit: u64,
) -> Option<Fix> {
    let (value, whole) = given;
    if let Some((_, new)) = RENAMED.iter().find(|(old, _)| *old == name) {
        let now = new.split(['=', ' ']).next().unwrap_or(new);
        table.option(now, bit)?;
        return Some(Fix::replace(name_span, *new, format!("write '{new}'"), Applicability::Safe));
    }
    let start = text[..whole.start as usize].trim_end_matches([' ', '\t']).len();
    let deleted = Span { start: start as u32, ..whole };
    let lines = match name {
        "--ntpservers" => value?
            .split(',')
            .map(str::trim)
            .filter(|server| !server.is_empty())
            .map(|server| format!("timesource --ntp-server={server}"))
            .collect(),
        "--nontp" => vec!["timesource --ntp-disable".to_owned()],
        _ => Vec::new(),
    };
    if !lines.is_empty() {
        let has_quotes =
            lines.iter().any(|line| line.contains(['"', '\'', '\\', '#']) || line.matches(' ').count() > 1);
        if has_quotes || tables::word("timesource").is_none_or(|word| word.active & bit == 0) {
            return None;
        }
        let (content, _) = line_at(text, whole.start as usize);
        let line_end = line_end_at(text, whole.start as usize);
        let added: String = lines.iter().flat_map(|line| [line_end, line]).collect();
        let at = Span::new(whole.file, content.end, content.end);
        // One edit where the option ends the line.
        let edits = if deleted.end as usize == content.end {
            vec![Edit { span: deleted, replacement: added }]
        } else {
            vec![Edit { span: deleted, replacement: String::new() }, Edit { span: at, replacement: added }]
        };
        let title = "write a timesource line".to_owned();
        return Some(Fix { title, applicability: Applicability::Safe, edits });
    }
    let does_nothing =
        table.instead_of_option(name).map_or(is_ignored, |instead| instead.starts_with("nothing"));
    does_nothing.then(|| Fix::delete(deleted, format!("delete {name}"), Applicability::Safe))
}

/// Joins a line that ends in a backslash with the next one. Safe where the next line can only be its rest.
pub(crate) fn joined_line(text: &str, backslash: Span) -> Option<Fix> {
    let (_, whole) = line_at(text, backslash.start as usize);
    let rest = &text[whole.end..];
    let next = rest.trim_start_matches([' ', '\t']);
    if next.is_empty() || next.starts_with(is_line_end) {
        return None;
    }
    let before = text[..backslash.start as usize].trim_end_matches([' ', '\t']).len();
    let span = Span::new(backslash.file, before, text.len() - next.len());
    let is_rest = next.starts_with("--");
    let applicability = if is_rest { Applicability::Safe } else { Applicability::Unsafe };
    Some(Fix::replace(span, " ", "write the command on one line", applicability))
}
