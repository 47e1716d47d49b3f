//! Values of options that are missing, that nothing takes, or that are of another kind.

use super::codes;
use super::problems::{Fail, Place, fail, list};
use super::python::python_bool;
use super::tables::Opt;
use super::values::Words;
use node_base::diagnostic::{Applicability, Finding, Fix, nearest};
use node_base::source::{Span, Spanned};

/// A switch with a value.
pub(crate) fn unexpected_value(
    words: &Words<'_, '_>,
    i: usize,
    option: &Opt,
    value: &Spanned<'_>,
    place: &Place<'_>,
) -> Fail {
    let name = option.names[0];
    let message =
        format!("{name} of '{}' is a switch and takes no value, but has '{}'", place.word, value.text);
    let span = words.span(i);
    let finding = Finding::new(&codes::UNEXPECTED_VALUE, message)
        .at(span)
        .help(format!("write {name} for yes; leave it out for no"));
    fail(match python_bool(&value.text) {
        Some(true) => finding.fix(Fix::replace(span, name, format!("write {name}"), Applicability::Safe)),
        Some(false) => {
            let start = words.text[..span.start as usize].trim_end_matches([' ', '\t']).len() as u32;
            let deleted = Span { start, ..span };
            finding.fix(Fix::delete(deleted, format!("leave {name} out"), Applicability::Unsafe))
        }
        None => finding,
    })
}

/// An option at the end, or before something that cannot be its value.
pub(crate) fn missing_value(words: &Words<'_, '_>, i: usize, option: &Opt, place: &Place<'_>) -> Fail {
    let name = option.names[0];
    let message = format!("{name} of '{}' needs a value", place.word);
    let mut finding =
        Finding::new(&codes::MISSING_VALUE, message).at(words.span(i)).label("no value follows");
    if let Some(next) = words.texts.get(i + 1)
        && next.starts_with('-')
    {
        finding = finding
            .help(format!("write a value that begins with a dash after an equals sign: {name}={next}"));
    } else {
        let written = format!("{name}={}", example(option));
        finding = finding.help(format!("write {written}"));
        let span = words.span(i);
        if words.words[i].plain {
            finding = finding.fix(Fix::replace(
                span,
                written,
                format!("give {name} a value"),
                Applicability::Placeholder,
            ));
        }
    }
    fail(finding)
}

fn example(option: &Opt) -> String {
    match option.choices {
        [first, ..] => (*first).to_owned(),
        [] => option.names[0].trim_start_matches('-').to_uppercase(),
    }
}

/// Not a whole number.
pub(crate) fn not_an_integer(value: &Spanned<'_>, name: &str, place: &Place<'_>) -> Fail {
    let text = value.text.as_ref();
    let message = format!("{name} of '{}' must be a whole number, not '{text}'", place.word);
    let mut finding = Finding::new(&codes::NOT_AN_INTEGER, message).at(value.span);
    let meant = integer_meant(text, name);
    if let Some(help) = integer_help(text, name) {
        finding = finding.help(help);
    } else if let Some((number, _)) = meant {
        finding = finding.help(format!("write {name}={number}"));
    } else if name.ends_with("size") && text.parse::<f64>().is_ok() {
        finding = finding.help("sizes are whole numbers of MiB; 1.5 GiB are 1536");
    }
    if let Some((number, applicability)) = meant {
        finding.fix = Fix::of_value(value, &number.to_string(), applicability);
    }
    fail(finding)
}

/// `10G` was meant to be 10240.
fn integer_help(text: &str, name: &str) -> Option<String> {
    if text.is_empty() {
        return Some(format!("write a number after {name}="));
    }
    let number_end = text.find(|c: char| !c.is_ascii_digit())?;
    if number_end == 0 {
        return None;
    }
    let number: u64 = text[..number_end].parse().ok()?;
    let factor: u64 = match text[number_end..].to_ascii_lowercase().as_str() {
        "m" | "mb" | "mib" => 1,
        "g" | "gb" | "gib" => 1024,
        "t" | "tb" | "tib" => 1024 * 1024,
        "%" if name != "--percent" => return Some("a share of the space is --percent=NUMBER".to_owned()),
        "%" => return Some(format!("write {name}={number}")),
        _ => return None,
    };
    Some(format!("sizes are MiB without a unit: write {name}={}", number.saturating_mul(factor)))
}

/// The number that a size with a unit or with separators means, and how sure that is.
fn integer_meant(text: &str, name: &str) -> Option<(u64, Applicability)> {
    let number_end = text.find(|c: char| !c.is_ascii_digit())?;
    let number = || text[..number_end].parse::<u64>().ok();
    let (factor, applicability) = match text[number_end..].to_ascii_lowercase().as_str() {
        "m" | "mib" => (1, Applicability::Safe),
        "g" | "gib" => (1024, Applicability::Safe),
        "t" | "tib" => (1024 * 1024, Applicability::Safe),
        // Powers of ten or of two.
        "mb" => (1, Applicability::Unsafe),
        "gb" => (1024, Applicability::Unsafe),
        "tb" => (1024 * 1024, Applicability::Unsafe),
        "%" if name == "--percent" => (1, Applicability::Safe),
        _ => {
            let mut groups = text.split([',', '_', '\'']);
            let is_number = |group: &str| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit());
            let begins = groups.next().is_some_and(|first| is_number(first) && first.len() <= 3);
            let goes_on = groups.all(|group| is_number(group) && group.len() == 3);
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            return (begins && goes_on)
                .then(|| digits.parse().ok())
                .flatten()
                .map(|n| (n, Applicability::Unsafe));
        }
    };
    Some((number()?.checked_mul(factor)?, applicability))
}

/// Neither yes nor no.
pub(crate) fn not_a_boolean(value: &Spanned<'_>, name: &str, place: &Place<'_>) -> Fail {
    let message = format!("{name} of '{}' must be yes or no, not '{}'", place.word, value.text);
    fail(
        Finding::new(&codes::NOT_A_BOOLEAN, message)
            .at(value.span)
            .help("accepted are on, yes, true, 1 and off, no, false, 0"),
    )
}

/// Not one of the values that the option accepts.
pub(crate) fn not_a_choice(
    value: &Spanned<'_>,
    name: &str,
    choices: &'static [&'static str],
    ignore_case: bool,
    place: &Place<'_>,
) -> Fail {
    let text = value.text.as_ref();
    let message = format!(
        "{name} of '{}' is '{text}', but in {} it must be {}",
        place.word,
        place.version,
        list(choices.iter().copied(), "or")
    );
    let mut finding = Finding::new(&codes::NOT_A_CHOICE, message).at(value.span);
    if let Some(near) = nearest(text, choices.iter().copied()) {
        finding = finding.label(format!("did you mean '{near}'?"));
        let is_same = near.eq_ignore_ascii_case(text);
        let applicability = if is_same { Applicability::Safe } else { Applicability::Unsafe };
        finding.fix = Fix::of_value(value, near, applicability);
        if !ignore_case && near.eq_ignore_ascii_case(text) {
            finding = finding.help("the value is case-sensitive");
        }
    }
    fail(finding)
}
