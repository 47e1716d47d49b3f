//! The words of a version: its commands, their options, choices and history, for programs that help to write a kickstart.

use super::tables::{self, COMMANDS, Mode, Opt, SECTIONS, Table, Takes, WORDS};
use super::version::{Family, Version};
use crate::syntax::SECTION_NAMES;

/// The kind of value that an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// None: a switch.
    None,
    /// Any text.
    Text,
    /// A whole number.
    Integer,
    /// on, yes, true, 1, off, no, false or 0.
    Boolean,
    /// Values separated by commas.
    List,
    /// One of the choices.
    Choice,
}

impl ValueKind {
    /// In words, after "takes".
    pub fn described(self) -> &'static str {
        match self {
            ValueKind::None => "no value",
            ValueKind::Text => "a value",
            ValueKind::Integer => "a whole number",
            ValueKind::Boolean => "yes or no",
            ValueKind::List => "values separated by commas",
            ValueKind::Choice => "one of its choices",
        }
    }
}

/// A command, or the header of a section, in one version.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The word as it is written, with the percent sign of a section.
    pub word: &'static str,
    /// Another word for which this one is an alias.
    pub alias_of: Option<&'static str>,
    /// Whether the version warns about it and ignores it.
    pub deprecated: bool,
    version: Version,
    table: Option<&'static Table>,
    versions: u64,
    removed: u64,
}

/// An option in one version.
#[derive(Clone, Copy, Debug)]
pub struct EntryOption {
    /// All its names, the usual one first.
    pub names: &'static [&'static str],
    /// The value that it takes.
    pub value: ValueKind,
    /// The values that it accepts; empty when they are not a list.
    pub choices: &'static [&'static str],
    /// Whether the command needs it.
    pub required: bool,
    /// Whether it is ignored with a warning.
    pub deprecated: bool,
    /// Whether repeats add values.
    pub repeats: bool,
    /// What to write instead of an option that was or will be removed.
    pub instead: Option<&'static str>,
    table: &'static Table,
    option: &'static Opt,
}

/// A positional argument in one version.
#[derive(Clone, Copy, Debug)]
pub struct EntryArgument {
    /// Its name in the language's own documentation.
    pub name: &'static str,
    /// The values that it accepts; empty when they are not a list.
    pub choices: &'static [&'static str],
    /// Whether the command needs it.
    pub required: bool,
}

/// The commands that a version accepts, by name; deprecated ones among them.
pub fn commands(version: Version) -> impl Iterator<Item = Entry> {
    WORDS.iter().filter_map(move |word| command(word.text, version))
}

/// The command of this word, if the version accepts it.
pub fn command(word: &str, version: Version) -> Option<Entry> {
    let bit = version.bit();
    let word = tables::word(word).filter(|w| (w.active | w.deprecated) & bit != 0)?;
    Some(Entry {
        word: word.text,
        alias_of: (word.means != word.text).then_some(word.means),
        deprecated: word.deprecated & bit != 0,
        version,
        table: COMMANDS.get(usize::from(word.table)),
        versions: word.active | word.deprecated,
        removed: word.removed,
    })
}

/// The sections, with their percent signs. Every version knows them all.
pub fn sections(version: Version) -> impl Iterator<Item = Entry> {
    SECTION_NAMES.iter().map(move |name| section(name, version))
}

/// The section of this header word.
pub fn section_named(word: &str, version: Version) -> Option<Entry> {
    SECTION_NAMES.iter().find(|name| **name == word).map(|name| section(name, version))
}

fn section(name: &'static str, version: Version) -> Entry {
    let table = SECTIONS.iter().find(|table| name.strip_prefix('%') == Some(table.name));
    let deprecated = name == "%traceback" && version.is_at_least(Version::fedora(34));
    Entry { word: name, alias_of: None, deprecated, version, table, versions: u64::MAX, removed: 0 }
}

impl Entry {
    /// Whether a line can begin with it: the reference fails on every use of some words (`method`).
    pub fn is_usable(&self) -> bool {
        let arguments = self.table.and_then(|table| table.arguments_in(self.version.bit()));
        arguments.is_none_or(|arguments| arguments.mode != Mode::Broken)
    }

    /// The options of the version, as in the tables; none for a deprecated command, whose arguments are not read, and for one
    /// that is not usable.
    pub fn options(&self) -> impl Iterator<Item = EntryOption> {
        let bit = self.version.bit();
        let table = self.table.filter(|_| !self.is_ignored() && self.is_usable());
        table.into_iter().flat_map(move |table| {
            table.options_in(bit).map(move |option| EntryOption {
                names: option.names,
                value: match option.takes {
                    Takes::Flag => ValueKind::None,
                    Takes::Text => ValueKind::Text,
                    Takes::Integer => ValueKind::Integer,
                    Takes::Boolean => ValueKind::Boolean,
                    Takes::List => ValueKind::List,
                    Takes::Word => ValueKind::Choice,
                },
                choices: option.choices,
                required: option.required & bit != 0,
                deprecated: option.deprecated & bit != 0,
                repeats: option.adds_up,
                instead: option.names.iter().find_map(|name| table.instead_of_option(name)),
                table,
                option,
            })
        })
    }

    /// The option of this name, written out.
    pub fn option(&self, name: &str) -> Option<EntryOption> {
        self.options().find(|option| option.names.contains(&name))
    }

    /// The positional arguments of the version, in order.
    pub fn arguments(&self) -> impl Iterator<Item = EntryArgument> {
        let bit = self.version.bit();
        let table = self.table.filter(|_| !self.is_ignored());
        table
            .into_iter()
            .flat_map(|table| table.arguments)
            .filter(move |a| a.versions & bit != 0)
            .map(move |a| EntryArgument { name: a.name, choices: a.choices, required: a.required & bit != 0 })
    }

    /// Commands that must not be in one kickstart with this one.
    pub fn conflicts(&self) -> Vec<&'static str> {
        let bit = self.version.bit();
        let conflicts = self.table.map_or(&[][..], |table| table.conflicts);
        let with = conflicts.iter().filter(|c| c.versions & bit != 0).fold(0, |set, c| set | c.with);
        (0..COMMANDS.len()).filter(|n| with & 1 << n != 0).map(|n| COMMANDS[n].name).collect()
    }

    /// What to write instead.
    pub fn instead(&self) -> Option<&'static str> {
        self.table?.instead_of_word(self.word)
    }

    /// The releases that have it, for people: `F21 and later, RHEL7 and later`.
    pub fn history(&self) -> String {
        history(self.versions & !self.removed)
    }

    fn is_ignored(&self) -> bool {
        self.deprecated && !self.word.starts_with('%')
    }
}

impl EntryOption {
    /// The releases that have it, for people: `F21 and later, RHEL7 to RHEL9`.
    pub fn history(&self) -> String {
        let same = |other: &&Opt| other.names.iter().any(|name| self.option.names.contains(name));
        history(self.table.options.iter().filter(same).fold(0, |all, option| all | option.versions))
    }
}

/// The ranges of versions in a set.
fn history(set: u64) -> String {
    let mut ranges = Vec::new();
    for family in [Family::Fedora, Family::Rhel] {
        let mut first: Option<Version> = None;
        let mut last: Option<Version> = None;
        let close = |first: &mut Option<Version>, last: Option<Version>, ranges: &mut Vec<String>| {
            if let (Some(from), Some(to)) = (first.take(), last) {
                ranges.push(match (from == to, to == family.newest()) {
                    (_, true) => format!("{from} and later"),
                    (true, false) => from.to_string(),
                    (false, false) => format!("{from} to {to}"),
                });
            }
        };
        for version in Version::all().filter(|v| v.family == family) {
            if set & version.bit() != 0 {
                first = first.or(Some(version));
                last = Some(version);
            } else {
                close(&mut first, last, &mut ranges);
            }
        }
        close(&mut first, last, &mut ranges);
    }
    ranges.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vocabulary_is_that_of_the_version() {
        let nine = Version::rhel(9);
        let logvol = command("logvol", nine).unwrap();
        assert!(logvol.option("--vgname").unwrap().required);
        assert_eq!(logvol.option("--size").unwrap().value, ValueKind::Integer);
        assert!(logvol.conflicts().contains(&"autopart"));
        assert_eq!(command("partition", nine).unwrap().alias_of, Some("part"));
        assert!(command("nvdimm", Version::rhel(10)).is_none(), "it is removed");
        assert!(command("btrfs", nine).unwrap().deprecated);
        assert_eq!(command("btrfs", nine).unwrap().options().count(), 0);
        assert!(section_named("%packages", nine).unwrap().option("--multilib").is_some());
        assert!(section_named("%addon", nine).unwrap().options().next().is_none());
        assert_eq!(commands(nine).filter(|entry| entry.word == "timesource").count(), 1);
        let method = command("method", Version::rhel(8)).unwrap();
        assert!(!method.is_usable() && method.options().next().is_none());
    }

    #[test]
    fn the_history_is_a_list_of_ranges() {
        let nine = Version::rhel(9);
        assert_eq!(command("timesource", nine).unwrap().history(), "F33 and later, RHEL9 and later");
        let option = command("logvol", nine).unwrap().option("--cachepvs").unwrap();
        assert_eq!(option.history(), "F23 and later, RHEL8 and later");
    }
}
