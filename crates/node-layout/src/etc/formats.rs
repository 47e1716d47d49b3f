//! The formats of files whose records are merged one by one.

use super::fields::{Field, merge_fields, united};
use super::lines::{Merged, lines};
use super::records::{self, Item, Key, OnConflict};
use std::borrow::Cow;
use std::collections::HashSet;

/// A file with records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Format {
    /// fstab(5): the key is the mount point.
    Fstab,
    /// crypttab(5): the key is the name of the mapped device.
    Crypttab,
    /// hosts(5): the key is the first name, once for each kind of address.
    Hosts,
    /// sysctl.d(5): the key is the variable.
    Sysctl,
    /// Lines `NAME=value`, as systemd and shells read them.
    Assignments,
    /// Sections with options, as systemd, dnf and GLib read them.
    Ini,
    /// A set of lines, as shells(5).
    Set,
}

impl Format {
    /// Merges three texts; `None` if one of them is not of this format. A text that is not there is empty.
    pub(super) fn merge(self, base: &[u8], ours: &[u8], theirs: &[u8]) -> Option<Merged> {
        if self == Format::Ini {
            return ini(base, ours, theirs);
        }
        let read = |text| self.read(text);
        let (base, ours, theirs) = (read(base)?, read(ours)?, read(theirs)?);
        let combine = |key: &Key, base: Option<&[u8]>, ours: &[u8], theirs: &[u8]| {
            self.combine(key, base, ours, theirs).map(|text| Merged { text, conflicts: 0 })
        };
        Some(records::merge(base, ours, theirs, &combine, OnConflict::Mark))
    }

    /// Merges three texts that look like INI files, whatever their names are: host and image have sections, and nothing but options
    /// in them. `None` if they do not.
    pub(super) fn sections(base: &[u8], ours: &[u8], theirs: &[u8]) -> Option<Merged> {
        let has_sections = |text: &[u8]| {
            let mut text = lines(text).into_iter().filter(|line| !is_ini_comment(line));
            text.next().is_some_and(|first| header(first).is_some())
                && text.all(|line| header(line).is_some() || assigned(line).is_some())
        };
        (has_sections(ours) && has_sections(theirs)).then(|| ini(base, ours, theirs)).flatten()
    }

    fn read(self, text: &[u8]) -> Option<Vec<Item<'_>>> {
        let key = |line: &[u8]| -> Option<Option<Key>> {
            let line = line.trim_ascii();
            let is_comment = line.is_empty()
                || line.starts_with(b"#")
                || (self == Format::Sysctl && line.starts_with(b";"));
            if is_comment {
                return Some(None);
            }
            let key = match self {
                Format::Fstab => fstab_key(&words(line))?,
                Format::Crypttab => vec![words(line).first()?.to_vec()],
                Format::Hosts => hosts_key(&words(without_comment(line)))?,
                Format::Sysctl => vec![variable(assigned(line).map_or(line, |(name, _)| name))],
                Format::Assignments => {
                    let (name, value) = assigned(line)?;
                    let name = name.strip_prefix(b"export ").unwrap_or(name);
                    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
                    // A value that goes on in the next line is not a line of its own.
                    if name.is_empty() || !name.iter().all(is_name) || !is_closed(value) {
                        return None;
                    }
                    vec![name.to_vec()]
                }
                Format::Set => vec![line.to_vec()],
                Format::Ini => return None,
            };
            Some(Some(key))
        };
        lines(text)
            .into_iter()
            .map(|line| Some(Item { key: key(line)?, text: Cow::Borrowed(line) }))
            .collect()
    }

    /// Merges a record that both have changed.
    fn combine(self, _: &Key, base: Option<&[u8]>, ours: &[u8], theirs: &[u8]) -> Option<Vec<u8>> {
        let value = |line: &[u8]| assigned(line.trim_ascii()).map(|(_, value)| value.to_vec());
        match self {
            Format::Fstab => {
                const FIELDS: [Field; 4] = [Field::Value, Field::Value, Field::Value, Field::Options];
                by_words(&FIELDS, base, ours, theirs)
            }
            Format::Crypttab => {
                const FIELDS: [Field; 4] = [Field::Value, Field::Value, Field::Value, Field::Options];
                by_words(&FIELDS, base, ours, theirs)
            }
            Format::Hosts => hosts(base, ours, theirs),
            // Only blanks or a leading minus are different.
            Format::Sysctl | Format::Assignments if value(ours) == value(theirs) => Some(ours.to_vec()),
            Format::Sysctl | Format::Assignments | Format::Set | Format::Ini => None,
        }
    }
}

fn words(line: &[u8]) -> Vec<&[u8]> {
    line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect()
}

fn without_comment(line: &[u8]) -> &[u8] {
    line.split(|byte| *byte == b'#').next().unwrap_or(line)
}

/// The parts before and after the first `=`.
fn assigned(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = line.iter().position(|byte| *byte == b'=')?;
    Some((line[..at].trim_ascii(), line[at + 1..].trim_ascii()))
}

/// Whether the quotes of a value are closed and nothing goes on in the next line.
fn is_closed(value: &[u8]) -> bool {
    let (mut quote, mut escaped) = (None, false);
    for byte in value {
        match (quote, byte) {
            _ if escaped => escaped = false,
            (None | Some(b'"'), b'\\') => escaped = true,
            (None, b'"' | b'\'') => quote = Some(*byte),
            (None, b'#') => break,
            (Some(open), byte) if open == *byte => quote = None,
            _ => {}
        }
    }
    quote.is_none() && !escaped
}

fn fstab_key(words: &[&[u8]]) -> Option<Key> {
    let [source, at, _, ..] = words else { return None };
    if words.len() > 6 && !words[6].starts_with(b"#") {
        return None;
    }
    // Several lines are mounted nowhere.
    Some(if matches!(*at, b"none" | b"swap") {
        vec![at.to_vec(), source.to_vec()]
    } else {
        vec![at.to_vec()]
    })
}

fn hosts_key(words: &[&[u8]]) -> Option<Key> {
    let [address, name, ..] = words else { return None };
    let family: &[u8] = if address.contains(&b':') { b"6" } else { b"4" };
    Some(vec![family.to_vec(), name.to_ascii_lowercase()])
}

/// A variable of the kernel with points between its parts. The first separator decides which of `.` and `/` is a part of a name
/// (sysctl.d(5)).
fn variable(name: &[u8]) -> Vec<u8> {
    let name = name.strip_prefix(b"-").unwrap_or(name);
    let first = name.iter().find(|byte| matches!(**byte, b'.' | b'/'));
    match first {
        Some(b'/') => name
            .iter()
            .map(|byte| match byte {
                b'/' => b'.',
                b'.' => b'/',
                other => *other,
            })
            .collect(),
        _ => name.to_vec(),
    }
}

/// Merges lines of words. What stays is written as in ours.
fn by_words(how: &[Field], base: Option<&[u8]>, ours: &[u8], theirs: &[u8]) -> Option<Vec<u8>> {
    let base_words = base.map(words);
    let merged = merge_fields(how, base_words.as_deref(), &words(ours), &words(theirs))?;
    let mut line = Vec::new();
    let mut merged = merged.iter().filter(|word| !word.is_empty());
    // Blanks, a word, blanks, …
    for part in ours.chunk_by(|a, b| a.is_ascii_whitespace() == b.is_ascii_whitespace()) {
        if part[0].is_ascii_whitespace() {
            line.extend(part);
        } else if let Some(word) = merged.next() {
            line.extend(word);
        }
    }
    let end = line.len() - line.trim_ascii_end().len();
    let end = line.split_off(line.len() - end);
    for word in merged {
        line.push(b' ');
        line.extend(word);
    }
    line.extend(end);
    Some(line)
}

fn hosts(base: Option<&[u8]>, ours: &[u8], theirs: &[u8]) -> Option<Vec<u8>> {
    let base_words = base.map(|base| words(without_comment(base)));
    let (our_words, their_words) = (words(without_comment(ours)), words(without_comment(theirs)));
    let ([our_address, name, our_names @ ..], [their_address, _, their_names @ ..]) =
        (our_words.as_slice(), their_words.as_slice())
    else {
        return None;
    };
    let base_address = base_words.as_ref().and_then(|words| words.first().copied());
    let address = Field::Value.merge(base_address, our_address, their_address)?;
    let base_names = base_words.as_ref().and_then(|words| words.get(2..)).unwrap_or_default();
    let names = united(base_names, our_names, their_names);
    if (address.as_slice(), names.as_slice()) == (*our_address, our_names) {
        return Some(ours.to_vec());
    }
    let mut line = [&[address.as_slice(), name], names.as_slice()].concat().join(&b' ');
    let rest = ours[without_comment(ours).len()..].trim_ascii_end();
    if !rest.is_empty() {
        line.push(b' ');
        line.extend(rest);
    }
    line.push(b'\n');
    Some(line)
}

/// Merges sections, and in each of them options.
fn ini(base: &[u8], ours: &[u8], theirs: &[u8]) -> Option<Merged> {
    let (base, ours, theirs) = (sections(base)?, sections(ours)?, sections(theirs)?);
    let combine = |_: &Key, base: Option<&[u8]>, ours: &[u8], theirs: &[u8]| {
        let mut all = [options(base.unwrap_or_default())?, options(ours)?, options(theirs)?];
        let repeated: HashSet<Key> = all.iter().flat_map(|items| repeated(items)).collect();
        for item in all.iter_mut().flatten() {
            // An option that may appear several times is a list: each value is a record.
            if let Some(key) = item.key.as_mut().filter(|key| repeated.contains(*key)) {
                key.push(assigned(&item.text).map(|(_, value)| value.to_vec()).unwrap_or_default());
            }
        }
        let [base, ours, theirs] = all;
        let same_value = |_: &Key, _: Option<&[u8]>, ours: &[u8], theirs: &[u8]| {
            let value = |line| assigned(line).map_or(line.trim_ascii(), |(_, value)| value);
            (value(ours) == value(theirs)).then(|| Merged { text: ours.to_vec(), conflicts: 0 })
        };
        Some(records::merge(base, ours, theirs, &same_value, OnConflict::Mark))
    };
    Some(records::merge(base, ours, theirs, &combine, OnConflict::Mark))
}

/// Keys that appear more than once.
fn repeated(items: &[Item<'_>]) -> Vec<Key> {
    let mut seen = HashSet::new();
    items.iter().filter_map(|item| item.key.as_ref()).filter(|key| !seen.insert(*key)).cloned().collect()
}

fn is_ini_comment(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    line.is_empty() || line.starts_with(b"#") || line.starts_with(b";")
}

/// The header of a section, without what follows it.
fn header(line: &[u8]) -> Option<&[u8]> {
    let line = line.trim_ascii();
    let end = line.iter().rposition(|byte| *byte == b']')?;
    line.starts_with(b"[").then(|| line[1..end].trim_ascii())
}

/// Where a section with a header in this line begins: comments right above it, and empty lines above these, belong to it.
fn above(lines: &[&[u8]], header: usize) -> usize {
    let is_empty = |line: &[u8]| line.trim_ascii().is_empty();
    let run = |end: usize, is: &dyn Fn(&[u8]) -> bool| {
        end - lines[..end].iter().rev().take_while(|line| is(line)).count()
    };
    let comments = run(header, &|line| is_ini_comment(line) && !is_empty(line));
    run(comments, &is_empty)
}

/// The sections of a text. The first one has no name, and what is before the first header.
fn sections(text: &[u8]) -> Option<Vec<Item<'_>>> {
    let lines = lines(text);
    let headers = lines.iter().enumerate().filter(|(_, line)| header(line).is_some()).map(|(n, _)| n);
    let mut starts: Vec<usize> = headers.map(|header| above(&lines, header)).collect();
    // What is before the first header is a section in every text, if only an empty one.
    starts.insert(0, 0);
    starts.push(lines.len());
    let section = |part: &[usize]| {
        let lines = &lines[part[0]..part[1]];
        let text = lines.concat();
        options(&text)?;
        let name = lines.iter().find_map(|line| header(line));
        let key = name.map_or_else(Vec::new, |name| vec![name.to_vec()]);
        Some(Item { key: Some(key), text: Cow::Owned(text) })
    };
    starts.windows(2).map(section).collect()
}

/// The options of a section; `None` if a line is none.
fn options(section: &[u8]) -> Option<Vec<Item<'_>>> {
    let mut items: Vec<(Option<Key>, usize, usize)> = Vec::new();
    let mut at = 0;
    // How far the last option is indented, and whether it goes on.
    let mut last: Option<(usize, bool)> = None;
    for line in lines(section) {
        let (start, end) = (at, at + line.len());
        at = end;
        let indent = line.len() - line.trim_ascii_start().len();
        let goes_on = line.trim_ascii_end().ends_with(b"\\");
        let continues = match last {
            Some((of, goes_on)) => {
                goes_on || (!is_ini_comment(line) && indent > of && header(line).is_none())
            }
            None => false,
        };
        if continues && let Some(item) = items.last_mut() {
            item.2 = end;
            last = last.map(|(of, _)| (of, goes_on));
            continue;
        }
        if is_ini_comment(line) {
            // A comment does not end an option of several lines, but what follows it is a new one.
            items.push((None, start, end));
            last = None;
            continue;
        }
        let trimmed = line.trim_ascii();
        let key = if header(line).is_some() {
            vec![Vec::new(), Vec::new()]
        } else {
            let end = trimmed.iter().position(|byte| *byte == b'=');
            let end = end.or_else(|| trimmed.iter().position(|byte| *byte == b':'));
            let name = trimmed[..end.unwrap_or(trimmed.len())].trim_ascii();
            if name.is_empty() || (end.is_none() && name.contains(&b' ')) {
                return None;
            }
            last = Some((indent, goes_on));
            vec![name.to_vec()]
        };
        items.push((Some(key), start, end));
    }
    let item = |(key, start, end): (Option<Key>, usize, usize)| Item {
        key,
        text: Cow::Borrowed(&section[start..end]),
    };
    Some(items.into_iter().map(item).collect())
}
