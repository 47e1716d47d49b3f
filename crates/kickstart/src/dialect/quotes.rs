//! Quotes and `#` that were meant as characters: a quote without a partner, a comment inside a word.

use super::codes;
use super::tables;
use super::values::Words;
use crate::syntax::{Line, QuoteError, is_white, unquote};
use node_base::diagnostic::{Applicability, Finding, Fix};
use node_base::source::{Span, split_lines};

/// How many of the next lines are searched for the partner of a quote.
const MOST_LINES: usize = 50;

/// A quote without a partner on its line. The second value is the place of its partner if that is on a later line: the
/// lines up to there are one value, not commands.
pub(super) fn unclosed(words: &Words<'_, '_>, line: &Line) -> Option<(Finding, Option<Span>)> {
    let text = words.text;
    let at = match line.error? {
        QuoteError::Unclosed(at) => at as usize,
        QuoteError::NothingEscaped(at) => {
            let finding =
                Finding::new(&codes::UNCLOSED_QUOTE, "a backslash is the last character of the file")
                    .at(Span::new(words.file, at as usize, at as usize + 1))
                    .help("delete the backslash: a command cannot continue on the next line");
            return Some((finding, None));
        }
    };
    let quote = text.as_bytes()[at];
    let shown = char::from(quote);
    let partner = partner(&text[line.end as usize..], quote)
        .map(|found| Span::new(words.file, line.end as usize + found, line.end as usize + found + 1));
    let end =
        line.start as usize + text[line.start as usize..line.end as usize].trim_end_matches(is_white).len();
    let message = match partner {
        Some(_) => format!("this quote ({shown}) is not closed on its line, but on a later one"),
        None => format!("this quote ({shown}) is not closed on its line"),
    };
    let finding = Finding::new(&codes::UNCLOSED_QUOTE, message)
        .at(Span::new(words.file, at, end.max(at + 1)))
        .label("opens here");
    Some(match partner {
        Some(place) => {
            let help = "a command must be on one line: join the lines up to the closing quote";
            (finding.related(place, "closes here").help(help), partner)
        }
        None => {
            let help = "a command must be on one line; write a backslash before a quote that is meant as a character";
            (finding.help(help), None)
        }
    })
}

/// Where the quote is closed in the lines that follow. `None` when a line before that looks like a line of its own: a
/// command, a section, a comment, or one with quotes that pair up.
fn partner(rest: &str, quote: u8) -> Option<usize> {
    let mut at = 0;
    for line in split_lines(rest).take(MOST_LINES) {
        let first = line.split_ascii_whitespace().next().unwrap_or_default();
        if first.starts_with(['%', '#']) || tables::word(&unquote(first)).is_some() {
            return None;
        }
        let mut quotes = line.bytes().enumerate().filter(|(_, byte)| *byte == quote);
        if let Some((found, _)) = quotes.next() {
            return (quotes.count() % 2 == 0).then_some(at + found);
        }
        at += line.len();
    }
    None
}

/// A `#` that cuts a word in two is most often meant as a character.
pub(super) fn comment_in_word(words: &Words<'_, '_>, line: &Line) -> Option<Finding> {
    let at = line.comment?;
    let last = words.words.last().filter(|last| last.end == at)?;
    let rest =
        words.text[at as usize..line.end as usize].split([' ', '\t', '\r', '\n']).next().unwrap_or("#");
    let kept = &words.text[last.start as usize..last.end as usize];
    // An invisible character at the start of a line is another finding.
    if kept.chars().all(|c| matches!(c, '\u{feff}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{a0}')) {
        return None;
    }
    let message = format!("'#' begins a comment inside a word: '{kept}{rest}' is read as '{kept}'");
    let whole = Span::new(words.file, last.start as usize, at as usize + rest.len());
    let has_quotes = [kept, rest].iter().any(|part| part.contains(['\'', '"', '\\']));
    let fix = (!has_quotes)
        .then(|| Fix::replace(whole, format!("'{kept}{rest}'"), "quote the word", Applicability::Unsafe));
    let mut finding = Finding::new(&codes::COMMENT_IN_WORD, message)
        .at(Span::new(words.file, at as usize, at as usize + rest.len()))
        .label("not part of the word")
        .help(format!("quote the word: '{kept}{rest}'; or write a space before the comment"));
    finding.fix = fix;
    Some(finding)
}

/// What to write if a `#` has swallowed what a command lacks: the words after it were meant as arguments.
pub(super) fn swallowed(words: &Words<'_, '_>, line: &Line) -> Option<String> {
    let at = line.comment? as usize;
    let rest = words.text[at..line.end as usize].trim_end();
    // A blank after it begins a remark.
    let word = rest.split_ascii_whitespace().next().filter(|word| word.len() > 1)?;
    Some(format!(
        "'#' begins a comment here, so '{word}' is not read: write it in quotes if it is meant as a value"
    ))
}

/// Whether a finding is about something that a command lacks.
pub(super) fn is_missing(finding: &Finding) -> bool {
    let codes = [&codes::MISSING_VALUE, &codes::MISSING_OPTION, &codes::MISSING_ARGUMENT];
    codes.iter().any(|code| code.id == finding.code.id)
}
