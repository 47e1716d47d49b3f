//! Findings about single lines: each names the words it is about, the version, and what to write.

use super::codes;
use super::hints;
use super::mend;
use super::tables::{self, Check, Table};
use super::values::Words;
use super::version::{Family, Version};
use node_base::diagnostic::{Applicability, Finding, Fix, nearest};
use node_base::source::Span;
use std::fmt::Write;

/// A finding that makes its line invalid.
pub(crate) type Fail = Box<Finding>;

/// What the messages about one line have in common.
pub(crate) struct Place<'a> {
    /// The version, and its bit in the tables.
    pub(crate) version: Version,
    pub(crate) bit: u64,
    /// The command or section as written, without quotes.
    pub(crate) word: &'a str,
    /// Its place.
    pub(crate) span: Span,
}

/// "--a, --b and --c"
pub(crate) fn list<'a>(words: impl IntoIterator<Item = &'a str>, last: &str) -> String {
    let words: Vec<&str> = words.into_iter().collect();
    match words.split_last() {
        None => String::new(),
        Some((only, [])) => (*only).to_owned(),
        Some((end, rest)) => format!("{} {last} {end}", rest.join(", ")),
    }
}

/// The names of a set of options and arguments, those of this version only.
pub(crate) fn names(set: u64, table: &Table, bit: u64) -> Vec<&'static str> {
    if set == 0 {
        return Vec::new();
    }
    let exists = |id: usize| {
        table.options.iter().any(|o| usize::from(o.id) == id && o.versions & bit != 0)
            || table.arguments.iter().any(|a| usize::from(a.id) == id && a.versions & bit != 0)
    };
    (0..table.names.len()).filter(|id| set & 1 << id != 0 && exists(*id)).map(|id| table.names[id]).collect()
}

/// In which versions something exists, as seen from one version: "it exists from RHEL10 on".
pub(crate) fn availability(versions: u64, version: Version) -> Option<String> {
    if versions == 0 {
        return None;
    }
    let in_family = |family: Family| -> Vec<Version> {
        Version::all().filter(|v| v.family == family && v.bit() & versions != 0).collect()
    };
    let own = in_family(version.family);
    let other = in_family(if version.family == Family::Rhel { Family::Fedora } else { Family::Rhel });
    let span = |list: &[Version]| match list {
        [] => String::new(),
        [only] => format!("only in {only}"),
        [first, .., last] if *last == last.family.newest() => format!("from {first} on"),
        [first, .., last] => format!("from {first} to {last}"),
    };
    if let Some(last) = own.iter().rev().find(|v| **v < version) {
        let next = Version { release: last.release + 1, ..*last };
        return Some(format!("{next} removed it"));
    }
    if let Some(first) = own.first() {
        return Some(format!(
            "it exists {}",
            if own.len() == 1 { format!("only in {first}") } else { format!("from {first} on") }
        ));
    }
    (!other.is_empty()).then(|| format!("{} never had it; it exists {}", version.family.name(), span(&other)))
}

pub(super) fn fail(finding: Finding) -> Fail {
    Box::new(finding)
}

/// The word is not a command of this version.
pub(crate) fn unknown_command(words: &Words<'_, '_>, place: &Place<'_>) -> Fail {
    let Place { word, version, .. } = place;
    let mut finding = Finding::new(&codes::UNKNOWN_COMMAND, format!("unknown command '{word}' in {version}"))
        .at(place.span);
    let exists = |w: &&tables::Word| (w.active | w.deprecated) & place.bit != 0;
    if let Some(known) = tables::word(word) {
        let mut help = String::new();
        if let Some(when) = availability(known.active | known.deprecated | known.removed, *version) {
            help = when;
        }
        let table = &tables::COMMANDS[usize::from(known.table)];
        if let Some(instead) = table.instead_of_word(word) {
            let before = if help.is_empty() { "" } else { "; " };
            let _ = write!(help, "{before}{}", tables::write_instead(instead));
        }
        finding = finding.label("not in this version").help(help);
    } else if let Some(known) = nearest(word, tables::WORDS.iter().filter(exists).map(|w| w.text)) {
        finding =
            finding.label(format!("did you mean '{known}'?")).fix(mend::known_word(place.span, word, known));
        if known.eq_ignore_ascii_case(word) {
            finding = finding.help("command names are in lower case");
            return fail(finding);
        }
    }
    let is_known = tables::word(word).is_some();
    fail(if is_known { finding } else { hints::command(words, place.bit, finding) })
}

/// The command was removed in this version or before.
pub(crate) fn removed_command(word: &tables::Word, table: &Table, place: &Place<'_>, text: &str) -> Fail {
    let since = Version::all()
        .filter(|v| v.family == place.version.family && v.bit() & word.removed != 0)
        .find(|v| *v <= place.version)
        .unwrap_or(place.version);
    let message = format!("the command '{}' was removed in {since}", place.word);
    let mut finding = Finding::new(&codes::REMOVED_COMMAND, message).at(place.span).label("removed");
    if let Some(instead) = table.instead_of_word(word.text) {
        finding = finding.help(tables::write_instead(instead));
        if instead.starts_with("nothing") {
            finding = finding.fix(Fix::delete_line(text, place.span, Applicability::Safe));
        }
    }
    fail(finding)
}

/// The command no longer does anything.
pub(crate) fn deprecated_command(
    word: &tables::Word,
    table: &Table,
    place: &Place<'_>,
    text: &str,
) -> Finding {
    let message = format!("the command '{}' is deprecated in {} and does nothing", place.word, place.version);
    let finding = Finding::new(&codes::DEPRECATED_COMMAND, message).at(place.span).label("ignored");
    let deleted = || Fix::delete_line(text, place.span, Applicability::Safe);
    match table.instead_of_word(word.text) {
        Some(instead) if instead.starts_with("nothing") => {
            finding.help(tables::write_instead(instead)).fix(deleted())
        }
        Some(instead) => finding.help(tables::write_instead(instead)),
        None => finding.help("delete the line").fix(deleted()),
    }
}

/// Words that begin with a dash and are not options.
pub(crate) fn unknown_options(
    words: &Words<'_, '_>,
    which: &[usize],
    table: &'static Table,
    place: &Place<'_>,
) -> Fail {
    let spans: Vec<Span> = which.iter().map(|&i| option_span(words, i)).collect();
    let texts: Vec<String> = which.iter().map(|&i| format!("'{}'", option_name(&words.texts[i]))).collect();
    let s = if which.len() == 1 { "" } else { "s" };
    let joined = list(texts.iter().map(String::as_str), "and");
    let message = format!("'{}' has no option{s} {joined} in {}", place.word, place.version);
    let mut finding = Finding::new(&codes::UNKNOWN_OPTION, message).at(spans[0]);
    if let Some(help) = about_option(option_name(&words.texts[which[0]]), table, place, &mut finding) {
        finding = finding.help(help);
    }
    finding.fix = which.iter().find_map(|&i| option_fix(words, i, table, place));
    for (&i, &span) in which.iter().zip(&spans).skip(1) {
        let help = about_option(
            option_name(&words.texts[i]),
            table,
            place,
            &mut Finding::new(&codes::UNKNOWN_OPTION, ""),
        );
        finding = finding.related(span, help.unwrap_or_else(|| "unknown option".to_owned()));
    }
    fail(finding)
}

fn option_name(text: &str) -> &str {
    text.split('=').next().unwrap_or(text)
}

fn option_span(words: &Words<'_, '_>, i: usize) -> Span {
    let span = words.span(i);
    let raw = &words.text[span.range()];
    Span { end: span.start + option_name(raw).len() as u32, ..span }
}

/// What is written in the place of an option that this version does not have.
fn option_fix(words: &Words<'_, '_>, i: usize, table: &'static Table, place: &Place<'_>) -> Option<Fix> {
    if let Some(fix) = mend::missing_option(words, i, table, place.bit) {
        return Some(fix);
    }
    let name = option_name(&words.texts[i]);
    let span = option_span(words, i);
    if words.text[span.range()] != *name || table.options.iter().any(|o| o.names.contains(&name)) {
        return None;
    }
    let known = || table.options_in(place.bit).flat_map(|o| o.names.iter().copied());
    let dashes = name.trim_start_matches(['-', '–', '—']);
    let long = format!("--{dashes}");
    if let Some(same) = known().find(|known| *known == long) {
        return Some(Fix::replace(span, same, format!("write '{same}'"), Applicability::Safe));
    }
    nearest(name, known()).map(|near| mend::known_word(span, name, near))
}

/// What is known about an option that this version does not have.
fn about_option(name: &str, table: &Table, place: &Place<'_>, finding: &mut Finding) -> Option<String> {
    let elsewhere =
        table.options.iter().filter(|o| o.names.contains(&name)).fold(0, |set, o| set | o.versions);
    let mut help = availability(elsewhere, place.version);
    // A later release has it: what replaced it there says nothing about this one.
    let is_to_come = help.as_ref().is_some_and(|when| when.starts_with("it exists from"));
    if let Some(instead) = table.instead_of_option(name).filter(|_| !is_to_come) {
        let before = help.map_or_else(String::new, |h| format!("{h}; "));
        help = Some(format!("{before}{}", tables::write_instead(instead)));
    }
    if elsewhere == 0 {
        let known = table.options_in(place.bit).flat_map(|o| o.names.iter().copied());
        if let Some(near) = nearest(name, known) {
            finding.label = Some(format!("did you mean '{near}'?"));
            help = Some(format!("did you mean '{near}'?")).filter(|_| finding.message.is_empty());
        } else if !name.starts_with("--") && name.len() > 2 {
            let long = format!("-{name}");
            if table.options_in(place.bit).any(|o| o.names.iter().any(|n| *n == long)) {
                help = Some(format!("options begin with two dashes: {long}"));
            }
        }
        if help.is_none() && finding.label.is_none() && table.options_in(place.bit).next().is_none() {
            help = Some(format!("'{}' has no options", place.word));
        }
    }
    help
}

/// An abbreviation of several options.
pub(crate) fn ambiguous(
    words: &Words<'_, '_>,
    i: usize,
    name: &str,
    table: &Table,
    place: &Place<'_>,
) -> Fail {
    let matches =
        table.options_in(place.bit).flat_map(|o| o.names.iter().copied()).filter(|n| n.starts_with(name));
    let message = format!(
        "'{name}' is too short for an option of '{}': it could be {}",
        place.word,
        list(matches, "or")
    );
    fail(Finding::new(&codes::AMBIGUOUS_OPTION, message).at(option_span(words, i)).help("write the name out"))
}

/// Required options or arguments that are missing.
pub(crate) fn missing(
    missing: &[&'static str],
    words: &Words<'_, '_>,
    unknown: Option<usize>,
    table: &'static Table,
    place: &Place<'_>,
) -> Fail {
    let is_option = missing.iter().any(|n| n.starts_with('-'));
    let code = if is_option { &codes::MISSING_OPTION } else { &codes::MISSING_ARGUMENT };
    let names: Vec<String> = missing
        .iter()
        .map(|n| if n.starts_with('-') { (*n).to_owned() } else { format!("a {}", argument_noun(n)) })
        .collect();
    let message = format!("'{}' needs {}", place.word, list(names.iter().map(String::as_str), "and"));
    let mut finding = Finding::new(code, message).at(place.span).label("incomplete");
    // A misspelt option is often the missing one.
    if let Some(i) = unknown {
        let name = option_name(&words.texts[i]);
        let hint = match nearest(name, missing.iter().copied()) {
            Some(near) => format!("unknown option; did you mean '{near}'?"),
            None => "unknown option".to_owned(),
        };
        finding = finding.related(option_span(words, i), hint);
    }
    fail(hints::missing(missing, words, table, place.bit, finding))
}

fn argument_noun(name: &str) -> &str {
    match name {
        "mntpoint" => "mount point",
        "lang" => "language, such as en_US.UTF-8",
        "timezone" => "time zone, such as Europe/Prague",
        "iqn" => "name, such as iqn.1994-05.com.redhat:node",
        "kbd" => "keyboard layout",
        "origin" => "volume, written VG/LV",
        "sshkey" => "key in quotes",
        "url" => "URL",
        "action" => "action: reconfigure or use",
        other => other,
    }
}

/// Words that the command does not take.
pub(crate) fn unexpected_arguments(
    words: &Words<'_, '_>,
    which: &[usize],
    table: &'static Table,
    place: &Place<'_>,
) -> Fail {
    let first = which[0];
    let text = words.texts[first].as_ref();
    if text.starts_with(['\n', '\r']) {
        return broken_line(words.span(first), place, words.text);
    }
    let texts: Vec<String> = which.iter().map(|&i| format!("'{}'", words.texts[i])).collect();
    let shown = if texts.len() > 4 {
        format!("{} and {} more words", texts[..3].join(", "), texts.len() - 3)
    } else {
        list(texts.iter().map(String::as_str), "and")
    };
    let message = format!("'{}' does not take {shown}", place.word);
    let mut finding =
        Finding::new(&codes::UNEXPECTED_ARGUMENT, message).at(words.span(first)).label("unexpected");
    for &i in &which[1..] {
        finding = finding.related(words.span(i), "unexpected too");
    }
    let dashed = format!("--{text}");
    let option = option_name(&dashed);
    if table.options_in(place.bit).any(|o| o.names.contains(&option)) {
        finding = finding.help(format!("options begin with two dashes: {dashed}"));
        let fix =
            Fix::insert_before(words.span(first), "--", format!("write {dashed}"), Applicability::Unsafe);
        finding.fix = words.words[first].plain.then_some(fix);
    } else if text.starts_with(['–', '—']) {
        finding = hints::typographic(finding, &words.value(first), table, place.bit);
    } else if let Some(hinted) = hints::arguments(words, which, table, place.bit, &finding) {
        finding = hinted;
    } else if first > 0 && !words.texts[first - 1].starts_with('-') || which.len() > 1 {
        finding = finding.help("a value with spaces must be in quotes");
    }
    fail(finding)
}

/// A backslash at the end of the line.
pub(crate) fn broken_line(span: Span, place: &Place<'_>, text: &str) -> Fail {
    let message =
        format!("'{}' cannot continue on the next line: the backslash becomes an argument", place.word);
    let mut finding = Finding::new(&codes::BROKEN_LINE, message)
        .at(Span { end: span.start + 1, ..span })
        .label("no line continuation")
        .help("write the whole command on one line");
    finding.fix = mend::joined_line(text, span);
    fail(finding)
}

/// Options that exclude each other; the line has both.
pub(crate) fn conflict(
    first: (Span, &str),
    second: (Span, &str),
    check: Option<&Check>,
    place: &Place<'_>,
) -> Fail {
    let because = check.map(|c| c.because).filter(|b| !b.is_empty());
    let message = format!(
        "'{}' takes only one of {} and {}{}",
        place.word,
        first.1,
        second.1,
        because.map(|b| format!(": {b}")).unwrap_or_default()
    );
    fail(Finding::new(&codes::OPTIONS_CONFLICT, message).at(second.0).related(first.0, "the other one"))
}

/// A value that the command refuses.
pub(crate) fn refused(value_span: Span, message: String, help: Option<String>) -> Fail {
    let mut finding = Finding::new(&codes::VALUE_REFUSED, message).at(value_span);
    finding.help = help;
    fail(finding)
}
