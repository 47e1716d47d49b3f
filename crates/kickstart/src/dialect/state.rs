//! What is kept of earlier lines, because later ones depend on it.

use super::array_names;
use super::python::{comma_list, normal_mount_point, python_int};
use super::tables::{self, Duplicate, Key, Table, number};
use super::values::Arg;
use super::version::Version;
use foldhash::{HashMap, HashSet};
use node_base::source::{Span, Spanned};
use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::hash::{Hash, Hasher};

/// What earlier `autopart` lines set and a later line does not reset.
#[derive(Default)]
pub(super) struct EarlierAutopart {
    /// The scheme in lower case; `plain` for `--nolvm`.
    pub(super) kind: Option<String>,
    /// `--fstype`; empty for none.
    pub(super) fstype: String,
    pub(super) escrowcert: bool,
    pub(super) cipher: bool,
}

/// Which options earlier `ignoredisk` lines set.
#[derive(Default)]
pub(super) struct EarlierIgnoredisk {
    pub(super) drives: bool,
    pub(super) only_use: bool,
}

/// Options that earlier lines of one command gave and set, as bits.
#[derive(Clone, Copy, Default)]
pub(super) struct Sticky {
    pub(super) given: u64,
    pub(super) set: u64,
}

/// What is kept of earlier lines. Few commands need it: searching a list is faster than a map.
#[derive(Default)]
pub(super) struct State<'s> {
    /// Commands that were seen, by table; also those that failed.
    seen: u128,
    first: Vec<(u16, Span)>,
    sticky: Vec<(u16, Sticky)>,
    defined: HashMap<Defined<'s>, Span>,
    pub(super) autopart: EarlierAutopart,
    pub(super) ignoredisk: EarlierIgnoredisk,
    pub(super) multipath: Vec<String>,
    pub(super) snapshots: HashSet<String>,
    pub(super) realm: Option<Span>,
}

/// Something that a command defines, by what must not be defined twice.
#[derive(PartialEq, Eq)]
struct Defined<'s> {
    key: Cow<'s, str>,
    table: u16,
}

impl Hash for Defined<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // The key at once: most of the cost is in the number of calls.
        state.write(self.key.as_bytes());
        state.write_u16(self.table);
    }
}

/// The earlier definition of what a line defines again.
pub(super) struct Earlier {
    pub(super) place: Span,
    pub(super) duplicate: &'static Duplicate,
    /// What is defined twice; empty if it has no name.
    pub(super) name: String,
}

impl<'s> State<'s> {
    /// Notes a command; returns the place and the table of an earlier command that it conflicts with.
    pub(super) fn see(&mut self, table: u16, span: Span, bit: u64) -> Option<(Span, u16)> {
        let facts = &tables::COMMANDS[usize::from(table)];
        let is_new = self.seen & 1 << table == 0;
        let has_conflicts = !facts.conflicts.is_empty();
        if is_new {
            self.seen |= 1 << table;
            if has_conflicts {
                self.first.push((table, span));
            }
        }
        if !has_conflicts {
            return None;
        }
        let with = facts.conflicts.iter().filter(|c| c.versions & bit != 0).fold(0, |set, c| set | c.with);
        let others = with & self.seen & !(1 << table);
        if others == 0 {
            return None;
        }
        (0..128u16)
            .filter(|i| others & 1 << i != 0)
            .map(|i| (self.first.iter().find(|(table, _)| *table == i).map_or(span, |(_, first)| *first), i))
            .min()
    }

    /// Which options earlier lines of this command gave and set.
    pub(super) fn sticky(&self, table: u16) -> Sticky {
        self.sticky.iter().find(|(t, _)| *t == table).map(|(_, kept)| *kept).unwrap_or_default()
    }

    /// Notes the options of a line, for commands that have conditions over several lines.
    pub(super) fn keep(&mut self, table: u16, given: u64, set: u64) {
        let facts = &tables::COMMANDS[usize::from(table)];
        if facts.checks.iter().any(|c| c.sticky != 0) {
            let before = self.sticky(table);
            let kept = Sticky { given: before.given | given, set: before.set & !given | set };
            match self.sticky.iter_mut().find(|(t, _)| *t == table) {
                Some(place) => place.1 = kept,
                None => self.sticky.push((table, kept)),
            }
        }
    }

    /// Where what a line defines was defined before, and what to call it.
    pub(super) fn earlier(
        &self,
        number: u16,
        table: &'static Table,
        args: &[Arg<'s>],
        version: Version,
    ) -> Option<Earlier> {
        let (duplicate, key) = defined_by(number, table, args, version)?;
        let (defined, place) = self.defined.get_key_value(&Defined { key, table: number })?;
        Some(earlier(duplicate, &defined.key, *place))
    }

    /// As [`State::earlier`], and notes what the line defines.
    pub(super) fn define(
        &mut self,
        number: u16,
        table: &'static Table,
        args: &[Arg<'s>],
        span: Span,
        version: Version,
    ) -> Option<Earlier> {
        let (duplicate, key) = defined_by(number, table, args, version)?;
        if self.defined.is_empty() {
            // Enough for most kickstarts: growing means hashing all keys again.
            self.defined.reserve(64);
        }
        match self.defined.entry(Defined { key, table: number }) {
            Entry::Occupied(entry) => Some(earlier(duplicate, &entry.key().key, *entry.get())),
            Entry::Vacant(entry) => {
                entry.insert(span);
                None
            }
        }
    }
}

/// What the line of a command defines, and the key by which that is found again.
fn defined_by<'s>(
    number: u16,
    table: &'static Table,
    args: &[Arg<'s>],
    version: Version,
) -> Option<(&'static Duplicate, Cow<'s, str>)> {
    let duplicate = table.duplicates.iter().find(|d| d.versions & version.bit() != 0)?;
    let key = key(number, duplicate, args, version);
    (duplicate.unless.is_empty() || key != duplicate.unless).then_some((duplicate, key))
}

fn earlier(duplicate: &'static Duplicate, key: &str, place: Span) -> Earlier {
    let parts = key.split('\0').filter(|part| !part.is_empty());
    Earlier { place, duplicate, name: parts.collect::<Vec<_>>().join("/") }
}

fn key<'s>(number: u16, duplicate: &Duplicate, args: &[Arg<'s>], version: Version) -> Cow<'s, str> {
    let mut parts = duplicate.key.iter().map(|part| key_part(part, duplicate, args));
    let mut key = parts.next().unwrap_or_default();
    for part in parts {
        let mut joined = String::with_capacity(key.len() + 1 + part.len());
        joined.extend([&*key, "\0", &*part]);
        key = joined.into();
    }
    if number == number::RAID {
        if array_names::strips_md(version)
            && let Some(rest) = key.strip_prefix("md")
        {
            key = rest.to_owned().into();
        }
        if array_names::is_number(version)
            && let Some(device) = python_int(&key)
        {
            key = device.to_string().into();
        }
    }
    key
}

/// One part of the key; empty where the line has none.
fn key_part<'s>(part: &Key, duplicate: &Duplicate, args: &[Arg<'s>]) -> Cow<'s, str> {
    match part {
        Key::Positional(n) => {
            let text = args.iter().filter_map(positional).nth(*n).map(|v| v.text.clone()).unwrap_or_default();
            match text {
                Cow::Borrowed(text) if duplicate.mount_point => normal_mount_point(text),
                Cow::Owned(text) if duplicate.mount_point => normal_mount_point(&text).into_owned().into(),
                text => text,
            }
        }
        Key::Option { name, last_component, list, adds_up } => {
            let mut values = args.iter().rev().filter_map(|arg| match arg {
                Arg::Option { name: n, value: Some(value), .. } if n == name => Some(&value.text),
                _ => None,
            });
            let Some(text) = values.next() else { return "".into() };
            if *adds_up {
                let mut all: Vec<&str> = std::iter::once(text).chain(values).map(AsRef::as_ref).collect();
                all.reverse();
                return all.join("\0").into();
            }
            let text = match (text, *last_component) {
                (text, false) => text.clone(),
                (Cow::Borrowed(text), true) => text.rsplit('/').next().unwrap_or(text).into(),
                (Cow::Owned(text), true) => text.rsplit('/').next().unwrap_or(text).to_owned().into(),
            };
            if *list { comma_list(&text).collect::<Vec<_>>().join(",").into() } else { text }
        }
    }
}

fn positional<'a, 's>(arg: &'a Arg<'s>) -> Option<&'a Spanned<'s>> {
    match arg {
        Arg::Positional(value) => Some(value),
        Arg::Option { .. } => None,
    }
}
