//! The conditions of the tables.

use super::super::codes;
use super::super::hints;
use super::super::mend;
use super::super::problems::{self, Fail, list, names, refused};
use super::super::python;
use super::super::state::Sticky;
use super::super::tables::{self, Check};
use super::super::values::Arg;
use super::line::Line;
use node_base::diagnostic::{Finding, Reported};
use node_base::source::Span;

/// Checks the number of positional arguments.
pub(in super::super) fn count(line: &Line<'_, '_>) -> Result<(), Fail> {
    if let Some(arguments) = line.table.arguments_in(line.place.bit) {
        let count = line.seen.positionals;
        if count < arguments.min {
            let message = format!("'{}' needs {}", line.place.word, arguments.names);
            return Err(Box::new(Finding::new(&codes::MISSING_ARGUMENT, message).at(line.place.span)));
        }
        if count > arguments.max {
            let message = format!("'{}' takes only {}", line.place.word, arguments.names);
            let value = line.positionals().nth(arguments.max);
            let span = value.map_or(line.place.span, |v| v.span);
            let finding = Finding::new(&codes::UNEXPECTED_ARGUMENT, message).at(span).label("one too many");
            let dash = value.filter(|v| v.text.starts_with(['–', '—']));
            return Err(Box::new(match dash {
                Some(value) => hints::typographic(finding, value, line.table, line.place.bit),
                None => finding.help("a value with spaces must be in quotes"),
            }));
        }
    }
    Ok(())
}

/// Checks a line against the conditions of its table. `words` is the number of words after the command.
pub(in super::super) fn declared(line: &Line<'_, '_>, before: Sticky, words: usize) -> Result<(), Fail> {
    for check in line.table.checks {
        if check.versions & line.place.bit == 0 {
            continue;
        }
        let seen = line.seen.given | line.seen.set | before.given | before.set;
        let concerns = check.when == 0 || check.when & seen != 0 || check.any_argument;
        if concerns && (check.word.is_empty() || check.word == line.place.word) {
            one(line, check, before, words)?;
        }
    }
    Ok(())
}

fn one(line: &Line<'_, '_>, check: &'static Check, before: Sticky, words: usize) -> Result<(), Fail> {
    let seen = line.seen;
    // What earlier lines set stays set as long as this line does not give it again.
    let kept = check.sticky & !seen.given;
    let set = if check.given { seen.given | before.given & kept } else { seen.set | before.set & kept };
    if check.any_argument && words == 0 {
        let message = format!("'{}' needs an argument or an option", line.place.word);
        return Err(with_help(Finding::new(&codes::MISSING_ARGUMENT, message).at(line.place.span), check));
    }
    if check.when != 0 {
        let triggers = check.when & set;
        let first = line.table.names.get(triggers.trailing_zeros() as usize).copied().unwrap_or_default();
        if triggers == 0 || !check.equal.is_empty() && line.text(first) != check.equal {
            return Ok(());
        }
        let shown =
            if check.equal.is_empty() { first.to_owned() } else { format!("{first}={}", check.equal) };
        refuses(line, check, set, first, &shown)?;
        if check.requires != 0 && check.requires & set == 0 {
            let wanted = names(check.requires, line.table, line.place.bit);
            let message =
                format!("{shown} of '{}' needs {}{}", line.place.word, list(wanted, "or"), because(check));
            return Err(with_help(
                Finding::new(&codes::OPTION_REQUIRES, message).at(line.span(first)),
                check,
            ));
        }
    } else if check.refuses & seen.given != 0 {
        refuses(line, check, seen.given, "", line.place.word)?;
    }
    at_most_one(line, check, check.not_together & set)?;
    at_most_one(line, check, check.one_of & set)?;
    let wanted = check.any_of | check.one_of;
    if wanted != 0 && wanted & set == 0 {
        let options = names(wanted, line.table, line.place.bit);
        let message = format!("'{}' needs {}{}", line.place.word, one_of_them(&options), because(check));
        let empty = (0..line.table.names.len())
            .find(|id| wanted & seen.given & 1 << id != 0)
            .map(|id| line.span(line.table.names[id]));
        let mut finding =
            Finding::new(&codes::MISSING_OPTION, message).at(line.place.span).label("incomplete");
        if let Some(span) = empty {
            finding = finding.related(span, "this is empty and does not count");
        }
        return Err(with_help(finding, check));
    }
    match check.option {
        Some(id) => value(line, check, id),
        None => Ok(()),
    }
}

fn one_of_them(options: &[&str]) -> String {
    match options {
        [only] if only.starts_with('-') => format!("the option {only}"),
        [only] => format!("a {only}"),
        many => format!("one of {}", list(many.iter().copied(), "and")),
    }
}

fn because(check: &Check) -> String {
    if check.because.is_empty() { String::new() } else { format!(": {}", check.because) }
}

fn with_help(finding: Finding, check: &Check) -> Fail {
    Box::new(if check.help.is_empty() { finding } else { finding.help(check.help) })
}

fn refuses(
    line: &Line<'_, '_>,
    check: &'static Check,
    set: u64,
    first: &str,
    shown: &str,
) -> Result<(), Fail> {
    let Some(other) = names(check.refuses & set, line.table, line.place.bit).first().copied() else {
        return Ok(());
    };
    if first.is_empty() {
        let message = format!("'{shown}' does not take {other}{}", because(check));
        return Err(with_help(Finding::new(&codes::OPTIONS_CONFLICT, message).at(line.span(other)), check));
    }
    let (a, b) = (line.span(first), line.span(other));
    Err(problems::conflict((a, shown), (b, other), Some(check), line.place))
}

fn at_most_one(line: &Line<'_, '_>, check: &'static Check, set: u64) -> Result<(), Fail> {
    // Nearly always at most one bit is left.
    if set & set.wrapping_sub(1) == 0 { Ok(()) } else { two_of(line, check, set) }
}

#[cold]
fn two_of(line: &Line<'_, '_>, check: &'static Check, set: u64) -> Result<(), Fail> {
    let mut both: Vec<(Span, &str)> =
        names(set, line.table, line.place.bit).into_iter().map(|n| (line.span(n), n)).collect();
    both.sort();
    match both[..] {
        [first, second, ..] => Err(problems::conflict(first, second, Some(check), line.place)),
        _ => Ok(()),
    }
}

/// Conditions on the value of one option.
fn value(line: &Line<'_, '_>, check: &'static Check, id: u8) -> Result<(), Fail> {
    let needed = check.when != 0 && !check.starts_with.is_empty();
    if line.seen.given & 1 << id == 0 && !needed {
        return Ok(());
    }
    let name = line.table.names[usize::from(id)];
    let adds_up = line.table.options.iter().any(|o| o.id == id && o.adds_up);
    let mut given = line
        .args
        .iter()
        .rev()
        .filter_map(|arg| match arg {
            Arg::Option { name: n, value: Some(value), .. } if *n == name => Some(value),
            _ => None,
        })
        .take(if adds_up { usize::MAX } else { 1 })
        .peekable();
    let fail = |span: Span, what: String| {
        let message = format!("{what}{}", because(check));
        refused(span, message, (!check.help.is_empty()).then(|| check.help.to_owned()))
    };
    let word = line.place.word;
    if given.peek().is_none() && needed {
        let wanted = list(check.starts_with.iter().copied(), "or");
        let first = line.table.names[(check.when & line.seen.set).trailing_zeros() as usize];
        let message = format!("{first} of '{word}' needs {name} with a value that begins with {wanted}");
        return Err(fail(line.span(first), message));
    }
    for value in given {
        let text = value.text.as_ref();
        if check.not_value.contains(&text) {
            let shown = if text.is_empty() {
                "must not be empty".to_owned()
            } else {
                format!("must not be '{text}' in {}", line.place.version)
            };
            return Err(fail(value.span, format!("{name} of '{word}' {shown}")));
        }
        if !check.values.is_empty() && !text.is_empty() && !check.values.contains(&text) {
            let wanted = list(check.values.iter().copied(), "or");
            return Err(fail(value.span, format!("{name} of '{word}' must be {wanted}, not '{text}'")));
        }
        if !check.starts_with.is_empty() && !check.starts_with.iter().any(|s| text.starts_with(s)) {
            let wanted = list(check.starts_with.iter().copied(), "or");
            return Err(fail(
                value.span,
                format!("{name} of '{word}' must begin with {wanted}, but is '{text}'"),
            ));
        }
        if !check.without.is_empty() && text.contains(check.without) {
            let message = format!("{name} of '{word}' must not contain '{}', but is '{text}'", check.without);
            return Err(fail(value.span, message));
        }
        if let Some(number) = python::python_int(text)
            && (check.min.is_some_and(|min| number < min) || check.max.is_some_and(|max| number > max))
        {
            let wanted = match (check.min, check.max) {
                (Some(min), Some(max)) => format!("between {min} and {max}"),
                (Some(min), None) => format!("at least {min}"),
                (_, max) => format!("at most {}", max.unwrap_or_default()),
            };
            return Err(fail(value.span, format!("{name} of '{word}' must be {wanted}, not {text}")));
        }
    }
    Ok(())
}

/// Things that are accepted with a warning.
pub(in super::super) fn outdated(line: &Line<'_, '_>, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for old in line.table.outdated.iter().filter(|o| o.versions & line.place.bit != 0) {
        let Some(id) = old.option else {
            let message = format!("the command '{}' will be deprecated", line.place.word);
            findings.push(
                Finding::new(&codes::DEPRECATED_COMMAND, message)
                    .at(line.place.span)
                    .help(tables::write_instead(old.instead))
                    .reported(Reported::WithoutLine),
            );
            continue;
        };
        let name = line.table.names[usize::from(id)];
        if line.seen.given & 1 << id == 0 || !old.as_written && line.seen.set & 1 << id == 0 {
            continue;
        }
        let given = line.args.iter().find_map(|arg| match arg {
            Arg::Option { name: n, name_span, value } if *n == name => Some((*name_span, value.as_ref())),
            _ => None,
        });
        let place = given.map(|(span, _)| span);
        if old.as_written && !place.is_some_and(|span| text[span.range()].starts_with(name)) {
            continue;
        }
        let mut finding = Finding::new(
            &codes::DEPRECATED_OPTION,
            format!("{name} of '{}' will be deprecated", line.place.word),
        )
        .at_opt(place)
        .help(tables::write_instead(old.instead));
        if line.place.word != "%packages" {
            finding = finding.reported(Reported::WithoutLine);
        }
        if let Some((span, value)) = given {
            let whole = value.map_or(span, |value| span.to(value.span));
            let value = (value.map(|value| value.text.as_ref()), whole);
            finding.fix = mend::outdated_option(text, line.table, name, span, value, false, line.place.bit);
        }
        findings.push(finding);
    }
    findings
}
