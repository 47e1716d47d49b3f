//! Options of a line of the section: `--name=value`, `--name value`, `--flag`.

use super::codes::{ADDON_UNKNOWN_WORD, ADDON_WRONG_VALUE};
use super::mistakes::Mistakes;
use node_base::diagnostic::{Applicability, Finding, Fix, nearest};
use node_base::harmless::excerpt;
use node_base::source::{Sources, Span, Spanned};

/// An option that a line may have.
pub(super) struct Known {
    /// With its dashes.
    pub name: &'static str,
    /// Whether it has a value.
    pub takes_value: bool,
}

/// One argument of a line.
pub(super) enum Argument<'w> {
    /// An option; a flag has no value.
    Option { name: &'static str, span: Span, value: Option<Spanned<'w>> },
    /// Any other word.
    Positional(Spanned<'w>),
}

/// Reads the words after `context` (the header, or the line's first word). Words with a mistake are reported and left
/// out.
pub(super) fn read<'w>(
    sources: &Sources,
    context: &str,
    words: Vec<Spanned<'w>>,
    known: &'static [Known],
    mistakes: &mut Mistakes<'_>,
) -> Vec<Argument<'w>> {
    let mut arguments = Vec::with_capacity(words.len());
    let mut words = words.into_iter().peekable();
    while let Some(word) = words.next() {
        if !word.text.starts_with('-') {
            arguments.push(Argument::Positional(word));
            continue;
        }
        let (name, attached) = match word.text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (&*word.text, None),
        };
        let Some(option) = known.iter().find(|k| k.name == name) else {
            mistakes.push(unknown(sources, context, name, word.span, known));
            continue;
        };
        let value = match (option.takes_value, attached) {
            (false, None) => None,
            (false, Some(_)) => {
                let message = format!("{} has no value", option.name);
                mistakes.push(
                    Finding::new(&ADDON_WRONG_VALUE, message)
                        .at(word.span)
                        .help(format!("write {}", option.name))
                        .fix(written(word.span, option.name, Applicability::Safe)),
                );
                continue;
            }
            (true, Some(value)) => {
                let span = value_span(sources, word.span, option.name);
                Some(Spanned { text: value.into(), span })
            }
            // As everywhere in a kickstart, a value without '=' must not look like an option.
            (true, None) => {
                match words.next_if(|next| !next.text.starts_with('-') || next.text.contains(' ')) {
                    Some(value) => Some(value),
                    None => {
                        let message = format!("{} needs a value", option.name);
                        mistakes.push(
                            Finding::new(&ADDON_WRONG_VALUE, message)
                                .at(word.span)
                                .help(format!("write {}=…", option.name)),
                        );
                        continue;
                    }
                }
            }
        };
        let span = value.as_ref().map_or(word.span, |v| word.span.to(v.span));
        arguments.push(Argument::Option { name: option.name, span, value });
    }
    arguments
}

/// The place of the value in `--name=value`; the whole word where quotes or escapes change the bytes of the name.
fn value_span(sources: &Sources, word: Span, name: &str) -> Span {
    let raw = sources.text_of(word);
    match raw.strip_prefix(name).and_then(|rest| rest.strip_prefix('=')) {
        Some(rest) if !rest.is_empty() => {
            Span::new(word.file, word.end as usize - rest.len(), word.end as usize)
        }
        _ => word,
    }
}

fn written(span: Span, name: &str, applicability: Applicability) -> Fix {
    Fix::replace(span, name, format!("write {name}"), applicability)
}

fn unknown(sources: &Sources, context: &str, name: &str, span: Span, known: &'static [Known]) -> Finding {
    let finding =
        Finding::new(&ADDON_UNKNOWN_WORD, format!("{context} has no option {}", excerpt(name))).at(span);
    let begins = known.iter().find(|k| name.len() > 2 && k.name.starts_with(name)).map(|k| k.name);
    match begins.or_else(|| nearest(name, known.iter().map(|k| k.name))) {
        Some(meant) => {
            let finding = finding.help(format!("did you mean {meant}?"));
            // Quotes may change the bytes of the name.
            match sources.text_of(span).starts_with(name) {
                true => {
                    let end = span.start + name.len() as u32;
                    finding.fix(written(Span { end, ..span }, meant, Applicability::Unsafe))
                }
                false => finding,
            }
        }
        None if known.is_empty() => finding.help(format!("{context} has no options")),
        None => {
            let names: Vec<&str> = known.iter().map(|k| k.name).collect();
            finding.help(format!("write one of {}", names.join(", ")))
        }
    }
}
