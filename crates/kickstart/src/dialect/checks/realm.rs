//! `realm join`: reads the rest of the line itself, as getopt does, without comments.

use super::super::codes;
use super::super::problems::{Fail, Place};
use crate::syntax::{Word, split_words, unquote};
use node_base::diagnostic::{Code, Finding, Reported};
use node_base::source::Span;

/// Options of `realm join`; those with `true` have a value.
const OPTIONS: [(&str, bool); 6] = [
    ("client-software", true),
    ("server-software", true),
    ("membership-software", true),
    ("one-time-password", true),
    ("no-password", false),
    ("computer-ou", true),
];

/// Checks the bytes `start..end` of `text`, the line with its line end. `joined` is where an earlier line joined.
pub(in super::super) fn realm(
    text: &str,
    (start, end): (usize, usize),
    place: &Place<'_>,
    joined: &mut Option<Span>,
) -> Result<(), Fail> {
    let fail = |code: &'static Code, span: Span, message: String| -> Fail {
        Box::new(Finding::new(code, message).at(span))
    };
    if let Some(first) = *joined {
        let finding =
            Finding::new(&codes::COMMANDS_CONFLICT, "'realm join' may be given only once").at(place.span);
        return Err(Box::new(finding.related(first, "the first one")));
    }
    // The reference cuts the command off by its length, from the start of the line.
    let from = text[start..end].char_indices().nth("realm".len()).map_or(end, |(i, _)| start + i);
    let mut words: Vec<Word> = Vec::new();
    let (_, error) = split_words(text, from, end, false, &mut words);
    let span = |w: &Word| Span { file: place.span.file, start: w.start, end: w.end };
    if error.is_some() {
        let at = words.last().map_or(place.span, span);
        let finding = Finding::new(&codes::UNCLOSED_QUOTE, "a quote is not closed on its line").at(at);
        // The command splits its line again.
        return Err(Box::new(finding.reported(Reported::AndReadOn)));
    }
    let texts: Vec<_> = words.iter().map(|w| unquote(&text[w.start as usize..w.end as usize])).collect();
    match texts.first() {
        Some(command) if command == "join" => {}
        Some(command) => {
            let message = format!("'realm' accepts only join, not '{command}'");
            return Err(fail(&codes::UNEXPECTED_ARGUMENT, span(&words[0]), message));
        }
        None => {
            return Err(fail(
                &codes::MISSING_ARGUMENT,
                place.span,
                "'realm' needs join and a realm".to_owned(),
            ));
        }
    }
    let mut i = 1;
    while i < texts.len() && texts[i].starts_with('-') && texts[i] != "-" {
        let word = texts[i].as_ref();
        let at = span(&words[i]);
        i += 1;
        if word == "--" {
            break;
        }
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word, None),
        };
        let unknown = || fail(&codes::UNKNOWN_OPTION, at, format!("'realm join' has no option '{name}'"));
        let name_only = name.strip_prefix("--").ok_or_else(unknown)?;
        let matches: Vec<_> = OPTIONS.iter().filter(|(o, _)| o.starts_with(name_only)).collect();
        let exact = matches.iter().find(|(o, _)| *o == name_only);
        let takes_value = match (exact, &matches[..]) {
            (Some((_, takes)), _) | (None, [(_, takes)]) => *takes,
            (None, []) => return Err(unknown()),
            (None, _) => {
                return Err(fail(
                    &codes::AMBIGUOUS_OPTION,
                    at,
                    format!("'{name}' could be several options of 'realm join'"),
                ));
            }
        };
        if takes_value && value.is_none() {
            if i == texts.len() {
                return Err(fail(&codes::MISSING_VALUE, at, format!("{name} of 'realm join' needs a value")));
            }
            i += 1;
        } else if !takes_value && value.is_some() {
            let message = format!("{name} of 'realm join' is a switch and takes no value");
            return Err(fail(&codes::UNEXPECTED_VALUE, at, message));
        }
    }
    match words.len() - i {
        1 => {
            *joined = Some(place.span);
            Ok(())
        }
        0 => Err(fail(&codes::MISSING_ARGUMENT, place.span, "'realm join' needs a realm".to_owned())),
        _ => {
            let message = format!("'realm join' joins one realm; '{}' is one too many", texts[i + 1]);
            Err(fail(&codes::UNEXPECTED_ARGUMENT, span(&words[i + 1]), message))
        }
    }
}
