//! What earlier lines of a kickstart mean for later ones.

use super::checks;
use super::kickstart::{Arg, Value};
use super::python::{comma_list, normal_mount_point, python_int};
use super::tables::{self, Duplicate, Key, Table, Takes, number};
use super::version::Version;
use crate::source::Span;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Options that earlier lines of one command gave and set, as bits.
#[derive(Clone, Copy, Default)]
pub(super) struct Sticky {
    pub(super) given: u64,
    pub(super) set: u64,
}

/// All of it.
#[derive(Default)]
pub(super) struct State {
    /// Commands that were seen, by table; also those that failed.
    seen: u128,
    first: HashMap<u16, Span>,
    sticky: HashMap<u16, Sticky>,
    defined: HashMap<(u16, String), Span>,
    pub(super) autopart: checks::AutopartSaid,
    pub(super) ignoredisk: checks::IgnoreDiskSaid,
    pub(super) multipath: Vec<String>,
    pub(super) snapshots: Vec<String>,
    pub(super) realm: Option<Span>,
}

impl State {
    /// Notes a command; returns where a command stands that it conflicts with, and that command's table.
    pub(super) fn see(&mut self, table: u16, span: Span, bit: u64) -> Option<(Span, u16)> {
        let facts = &tables::COMMANDS[usize::from(table)];
        let is_new = self.seen & 1 << table == 0;
        let has_conflicts = !facts.conflicts.is_empty();
        if is_new {
            self.seen |= 1 << table;
            if has_conflicts {
                self.first.insert(table, span);
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
            .map(|i| (self.first.get(&i).copied().unwrap_or(span), i))
            .min()
    }

    /// What earlier lines of this command said.
    pub(super) fn sticky(&self, table: u16) -> Sticky {
        self.sticky.get(&table).copied().unwrap_or_default()
    }

    /// Notes what a line said, for commands that have conditions over several lines.
    pub(super) fn keep(&mut self, table: u16, given: u64, set: u64) {
        let facts = &tables::COMMANDS[usize::from(table)];
        if facts.checks.iter().any(|c| c.sticky != 0) {
            let kept = self.sticky.entry(table).or_default();
            kept.given |= given;
            kept.set = kept.set & !given | set;
        }
    }

    /// Notes what a line defines; returns where it was defined before, with the words for it.
    pub(super) fn define(
        &mut self,
        number: u16,
        table: &'static Table,
        args: &[Arg<'_>],
        span: Span,
        version: Version,
    ) -> Option<(Span, &'static Duplicate, String)> {
        let duplicate = table.duplicates.iter().find(|d| d.versions & version.bit() != 0)?;
        if self.defined.is_empty() {
            // Enough for most kickstarts: growing means hashing all keys again.
            self.defined.reserve(64);
        }
        let key = key(number, table, duplicate, args, version);
        if !duplicate.unless.is_empty() && key == duplicate.unless {
            return None;
        }
        match self.defined.entry((number, key)) {
            Entry::Occupied(entry) => {
                let parts = entry.key().1.split('\0').filter(|part| !part.is_empty());
                Some((*entry.get(), duplicate, parts.collect::<Vec<_>>().join("/")))
            }
            Entry::Vacant(entry) => {
                entry.insert(span);
                None
            }
        }
    }
}

fn key(number: u16, table: &Table, duplicate: &Duplicate, args: &[Arg<'_>], version: Version) -> String {
    let mut key = String::with_capacity(32);
    for (i, part) in duplicate.key.iter().enumerate() {
        if i > 0 {
            key.push('\0');
        }
        match part {
            Key::Positional(n) => {
                let value = args.iter().filter_map(positional).nth(*n);
                let text = value.map_or("", |v| v.text.as_ref());
                key.push_str(&if duplicate.mount_point { normal_mount_point(text) } else { text.into() });
            }
            Key::Option(name, last_component) => {
                let mut values = args.iter().rev().filter_map(|arg| match arg {
                    Arg::Option { name: n, value: Some(value), .. } if n == name => Some(value.text.as_ref()),
                    _ => None,
                });
                let Some(text) = values.next() else { continue };
                let text = if *last_component { text.rsplit('/').next().unwrap_or(text) } else { text };
                let is_list = table.options.iter().any(|o| o.names[0] == *name && o.takes == Takes::List);
                if is_list {
                    key.push_str(&comma_list(text).collect::<Vec<_>>().join(","));
                } else {
                    key.push_str(text);
                }
            }
        }
    }
    if number == number::RAID {
        if checks::strips_md(version) {
            key = key.strip_prefix("md").map(str::to_owned).unwrap_or(key);
        }
        if checks::device_is_number(version)
            && let Some(device) = python_int(&key)
        {
            key = device.to_string();
        }
    }
    key
}

fn positional<'a, 's>(arg: &'a Arg<'s>) -> Option<&'a Value<'s>> {
    match arg {
        Arg::Positional(value) => Some(value),
        Arg::Option { .. } => None,
    }
}
