//! What was meant by words that the language refuses: names of commands that people expect, a value without its option, an
//! equals sign with blanks. Each answer is the words to write, and an edit where it is clear which words they replace.

use super::mend;
use super::tables::{self, Opt, Table, Takes};
use super::values::Words;
use node_base::diagnostic::{Applicability, Finding, Fix};
use node_base::source::{Span, Spanned};

/// Words that begin a line in other tools, or in the head of a person, and what a kickstart has instead; `VALUE` is the rest
/// of the line.
const EXPECTED: &[(&[&str], &str)] = &[
    (&["hostname"], "network --hostname=VALUE"),
    (&["nameserver", "dns"], "network --nameserver=VALUE"),
    (&["gateway"], "network --gateway=VALUE"),
    (&["ip", "ipaddr", "address"], "network --ip=VALUE"),
    (&["ntp", "ntpserver", "ntpservers", "chrony"], "timesource --ntp-server=VALUE"),
    (&["language", "locale"], "lang VALUE"),
    (&["keymap", "layout", "kbd"], "keyboard VALUE"),
    (&["tz", "clock"], "timezone VALUE"),
    (&["rootpassword", "rootpasswd", "rootpass", "password", "passwd"], "rootpw VALUE"),
    (&["adduser", "useradd", "username"], "user --name=VALUE"),
    (&["mirror", "baseurl", "install-url"], "url --url=VALUE"),
    (&["mirrorlist"], "url --mirrorlist=VALUE"),
    (&["proxy"], "url --proxy=VALUE"),
    (&["image", "liveimage"], "liveimg --url=VALUE"),
    (&["grub", "grub2", "append", "kernel"], "bootloader --append=VALUE"),
    (&["license", "licence"], "eula --agreed"),
    (&["restart"], "reboot"),
];

/// Names of sections without their mark.
const SECTIONS: [&str; 8] =
    ["packages", "pre", "post", "pre-install", "onerror", "addon", "certificate", "anaconda"];

/// What a word that is not a command was meant as.
pub(crate) fn command(words: &Words<'_, '_>, bit: u64, finding: Finding) -> Finding {
    let word = words.texts[0].as_ref();
    if SECTIONS.contains(&word) {
        return finding.help(format!("a section begins with %: write %{word}, and %end after its lines"));
    }
    // Arguments of the kernel command line, many of which a command replaces.
    if let Some(argument) = word.strip_prefix("inst.") {
        let name = argument.split('=').next().unwrap_or_default();
        let finding = Finding { label: None, fix: None, ..finding };
        return if active(name, bit).is_some() && name == argument {
            let help = format!("'{word}' is an argument of the kernel command line; the command is '{name}'");
            replaced(finding, words, 0, 0, name).help(help)
        } else {
            finding.help(format!("'inst.{name}' is an argument of the kernel command line, not a command"))
        };
    }
    if let Some((name, value)) = word.split_once('=')
        && let Some(table) = active(name, bit)
        && !value.is_empty()
    {
        let written = match option_for(value, table, bit) {
            Some(option) => format!("{name} {option}"),
            None => format!("{name} {value}"),
        };
        return replaced(finding, words, 0, 0, &written);
    }
    let lower = word.to_ascii_lowercase();
    let Some((_, meant)) = EXPECTED.iter().find(|(names, _)| names.contains(&lower.as_str())) else {
        return finding;
    };
    let command = meant.split(' ').next().unwrap_or_default();
    if active(command, bit).is_none() {
        return finding;
    }
    // The nearest word is another one.
    let mut finding = Finding { label: None, fix: None, ..finding };
    let last = words.texts.len() - 1;
    match words.texts.get(1) {
        // A password is not repeated.
        Some(_) if last == 1 && !words.texts[1].starts_with('-') && command != "rootpw" => {
            let raw = words.text[words.span(1).range()].to_owned();
            replaced(finding, words, 0, 1, &meant.replace("VALUE", &raw))
        }
        Some(_) if meant.ends_with(" VALUE") => {
            let fix = mend::known_word(words.span(0), word, command);
            finding = finding.fix(fix);
            finding.help(format!("write {command}"))
        }
        _ => finding.help(format!("write {meant}")),
    }
}

/// The table of a command that this version has.
fn active(name: &str, bit: u64) -> Option<&'static Table> {
    let word = tables::word(name).filter(|word| word.active & bit != 0)?;
    Some(&tables::COMMANDS[usize::from(word.table)])
}

/// The option that a word was meant as: its name without dashes, one of its choices, a word for yes and no.
fn option_for(text: &str, table: &'static Table, bit: u64) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let has = |name: &str| table.options_in(bit).any(|o| o.takes == Takes::Flag && o.names.contains(&name));
    let flag = |names: &[&'static str]| names.iter().find(|name| has(name)).map(|name| (*name).to_owned());
    let own = format!("--{lower}");
    if has(&own) {
        return Some(own);
    }
    let word = match lower.as_str() {
        "off" | "no" | "none" | "false" | "disable" | "disabled" => flag(&["--disabled", "--disable"]),
        "on" | "yes" | "true" | "enable" | "enabled" => flag(&["--enabled", "--enable", "--enforcing"]),
        _ => None,
    };
    let chosen = |o: &Opt| {
        o.choices.iter().find(|choice| **choice == text).map(|choice| format!("{}={choice}", o.names[0]))
    };
    word.or_else(|| table.options_in(bit).find_map(chosen))
}

/// Writes other words in the place of the words from `from` to `to`, and says so.
fn replaced(finding: Finding, words: &Words<'_, '_>, from: usize, to: usize, written: &str) -> Finding {
    let span = words.span(from).to(words.span(to));
    let fix = Fix::replace(span, written, format!("write {written}"), Applicability::Unsafe);
    finding.help(format!("write {written}")).fix(fix)
}

/// What words were meant as that a command does not take; `None` where nothing is known.
pub(crate) fn arguments(
    words: &Words<'_, '_>,
    which: &[usize],
    table: &'static Table,
    bit: u64,
    finding: &Finding,
) -> Option<Finding> {
    let first = *which.first()?;
    let text = words.texts[first].as_ref();
    let raw = |i: usize| &words.text[words.span(i).range()];
    let before = first.checked_sub(1);
    // --name = a, --name= a, --name =a
    let is_option = |i: usize| words.texts[i].starts_with("--");
    if let Some(sign) = before.filter(|&i| words.texts[i] == "=")
        && let Some(option) = sign.checked_sub(1).filter(|&i| is_option(i) && !words.texts[i].contains('='))
    {
        let written = format!("{}={}", raw(option), raw(first));
        return Some(equals(finding.clone(), words, option, first, &written));
    }
    if let Some(option) = before.filter(|&i| is_option(i)) {
        let (name, value) = words.texts[option].split_once('=').unwrap_or((&words.texts[option], ""));
        if words.texts[option].ends_with('=') && value.is_empty() {
            let written = format!("{}{}", raw(option), raw(first));
            return Some(equals(finding.clone(), words, option, first, &written));
        }
        // The value has blanks in it: the rest of it are words of their own.
        let is_text = table.option(name, bit).is_some_and(|o| o.takes != Takes::Flag);
        let last =
            which.iter().enumerate().take_while(|(n, i)| **i == first + n).last().map_or(first, |(_, i)| *i);
        let is_plain = (option..=last).all(|i| !raw(i).contains(['"', '\'', '\\']));
        if is_text && words.texts[option].contains('=') && is_plain {
            let rest: Vec<&str> = (first..=last).map(raw).collect();
            if value.ends_with(',') || rest[0].starts_with(',') {
                let written = format!("{}{}", raw(option), rest.concat());
                return Some(replaced(finding.clone(), words, option, last, &written));
            }
            let written = format!("{name}=\"{value} {}\"", rest.join(" "));
            let help = format!("a value with spaces must be in quotes: {written}");
            return Some(replaced(finding.clone(), words, option, last, &written).help(help));
        }
    }
    // --disabled a, b: a list without an equals sign
    if let Some(value) = before.filter(|&i| words.texts[i].ends_with(',') && !is_option(i))
        && let Some(name) = value.checked_sub(1).filter(|&i| is_option(i))
        && table.option(&words.texts[name], bit).is_some_and(|o| o.takes != Takes::Flag)
    {
        let last =
            which.iter().enumerate().take_while(|(n, i)| **i == first + n).last().map_or(first, |(_, i)| *i);
        let rest: Vec<&str> = (value..=last).map(raw).collect();
        return Some(replaced(finding.clone(), words, value, last, &rest.concat()));
    }
    let option = |name: &'static str| table.option(name, bit).map(|_| name);
    if text.contains("://")
        && let Some(name) = option("--url").or(option("--baseurl"))
    {
        return Some(replaced(finding.clone(), words, first, first, &format!("{name}={}", raw(first))));
    }
    if !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_digit())
        && let Some(name) = option("--size")
        && !words.texts.iter().any(|word| word.starts_with("--size"))
    {
        return Some(replaced(finding.clone(), words, first, first, &format!("{name}={text}")));
    }
    let written = option_for(text, table, bit)?;
    // A name of an option alone is said with its dashes by the caller.
    (format!("--{text}") != written).then(|| replaced(finding.clone(), words, first, first, &written))
}

fn equals(finding: Finding, words: &Words<'_, '_>, from: usize, to: usize, written: &str) -> Finding {
    let is_secret = words.texts[from].contains("pass");
    let shown = if is_secret {
        format!("{}=…", words.texts[from].trim_end_matches('='))
    } else {
        written.to_owned()
    };
    let help = format!("write {shown}, without blanks at the equals sign");
    replaced(finding, words, from, to, written).help(help)
}

/// What the first word of a command without its required options was meant as.
pub(crate) fn missing(
    missing: &[&'static str],
    words: &Words<'_, '_>,
    table: &'static Table,
    bit: u64,
    finding: Finding,
) -> Finding {
    let Some(first) = words.texts.first().filter(|word| !word.starts_with('-') && !word.is_empty()) else {
        return finding;
    };
    if first.contains('=') || words.words[0].start == words.words[0].end {
        return finding;
    }
    let raw = &words.text[words.span(0).range()];
    let has = |name: &str| table.option(name, bit).is_some();
    let url = ["--baseurl", "--url"].into_iter().find(|name| has(name));
    match (missing, url) {
        (["--name"], Some(option)) if first.contains("://") => {
            let (span, written) = (words.span(0), format!("--name=NAME {option}={raw}"));
            let fix = Fix::replace(span, &written, format!("write {written}"), Applicability::Placeholder);
            finding.help(format!("write repo {written}")).fix(fix)
        }
        (["--name"], _) if table.arguments_in(bit).is_none_or(|_| table.arguments.is_empty()) => {
            replaced(finding, words, 0, 0, &format!("--name={raw}"))
        }
        (missing, _) if missing.contains(&"--server") && missing.contains(&"--dir") => {
            match first.split_once(':').filter(|(server, dir)| !server.is_empty() && dir.starts_with('/')) {
                Some((server, dir)) => {
                    replaced(finding, words, 0, 0, &format!("--server={server} --dir={dir}"))
                }
                None => finding,
            }
        }
        (["--url"], _) if first.contains("://") => replaced(finding, words, 0, 0, &format!("--url={raw}")),
        _ => finding,
    }
}

/// A word that begins with a typographic dash was meant as an option.
pub(crate) fn typographic(finding: Finding, word: &Spanned<'_>, table: &'static Table, bit: u64) -> Finding {
    let name = word.text.split('=').next().unwrap_or(&word.text);
    let long = format!("--{}", name.trim_start_matches(['-', '–', '—']));
    let is_option = table.options_in(bit).any(|o| o.names.contains(&long.as_str()));
    // The bytes of a word without quotes are its text.
    let is_plain = (word.span.end - word.span.start) as usize == word.text.len();
    let mut finding = finding.help("this is a typographic dash: write two hyphens");
    if is_option && is_plain {
        let span = Span { end: word.span.start + name.len() as u32, ..word.span };
        finding.fix = Some(Fix::replace(span, &long, format!("write {long}"), Applicability::Safe));
    }
    finding
}
