//! The command tables: `grammar/commands/*.toml` and `grammar/sections/*.toml` as statics, written by `build.rs`.
//! Sets of versions are bits of a `u64` ([`Version::bit`](super::Version::bit)); sets of one table's options and
//! arguments are bits of another, by their `id`.

use super::perfect_hash::slot;

/// The place of each name of a list.
#[derive(Debug)]
pub(crate) struct Lookup {
    pub(crate) seed: u32,
    /// By the name's slot: its index in the list.
    pub(crate) slots: &'static [u8],
}

impl Lookup {
    /// The only index that this name can have in the list; another name may be there, or none.
    fn candidate(&self, name: &str) -> usize {
        usize::from(self.slots[slot(name, self.seed, self.slots.len())])
    }
}

/// A word that can begin a line.
#[derive(Debug)]
pub(crate) struct Word {
    pub(crate) text: &'static str,
    /// The name it is an alias of, or itself.
    pub(crate) means: &'static str,
    /// Index of that name in [`WORDS`].
    pub(crate) canonical: u8,
    /// Index into [`COMMANDS`].
    pub(crate) table: u16,
    pub(crate) active: u64,
    pub(crate) deprecated: u64,
    pub(crate) removed: u64,
}

/// What a command or a section header accepts.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// Names of options and arguments by `id`.
    pub(crate) names: &'static [&'static str],
    pub(crate) conflicts: &'static [Conflict],
    /// Positional arguments in order.
    pub(crate) arguments: &'static [Argument],
    pub(crate) options: &'static [Opt],
    /// All names of the options, sorted.
    pub(crate) option_names: &'static [OptionName],
    /// The place of each of them.
    pub(crate) option_places: Lookup,
    /// Versions in which an option or argument is required.
    pub(crate) required: u64,
    /// The options that are required in some version: indices in their order.
    pub(crate) required_options: &'static [u8],
    pub(crate) modes: &'static [Arguments],
    pub(crate) checks: &'static [Check],
    pub(crate) duplicates: &'static [Duplicate],
    pub(crate) outdated: &'static [Outdated],
    pub(crate) instead: &'static [Instead],
}

/// Commands that must not come before this one.
#[derive(Debug)]
pub(crate) struct Conflict {
    /// Bits are indices into [`COMMANDS`].
    pub(crate) with: u128,
    pub(crate) versions: u64,
}

/// How a value is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    /// No value.
    Flag,
    Text,
    /// Python's `int()`.
    Integer,
    /// on, yes, true, 1, off, no, false, 0 in any case.
    Boolean,
    /// Separated by commas.
    List,
    /// One of the choices.
    Word,
}

/// How many words a positional argument takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    One,
    AtMostOne,
    Any,
}

/// A positional argument.
#[derive(Debug)]
pub(crate) struct Argument {
    pub(crate) id: u8,
    pub(crate) name: &'static str,
    pub(crate) count: Count,
    pub(crate) choices: &'static [&'static str],
    pub(crate) versions: u64,
    pub(crate) required: u64,
}

/// An option in one of its shapes: the same name can take a value in one version and be a flag in another.
#[derive(Debug)]
pub(crate) struct Opt {
    pub(crate) id: u8,
    /// The first is canonical.
    pub(crate) names: &'static [&'static str],
    pub(crate) takes: Takes,
    pub(crate) choices: &'static [&'static str],
    pub(crate) ignore_case: bool,
    pub(crate) value_optional: bool,
    /// Repeats add to a list; else the last wins.
    pub(crate) adds_up: bool,
    pub(crate) versions: u64,
    pub(crate) deprecated: u64,
    pub(crate) required: u64,
}

/// A name of an option.
#[derive(Debug)]
pub(crate) struct OptionName {
    pub(crate) text: &'static str,
    /// The options that have this name, in different versions: indices in their order.
    pub(crate) shapes: &'static [u8],
}

/// What is done with words that neither an option nor a positional argument takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// They are an error.
    Strict,
    /// The command takes them, but none that begins with a dash.
    Extras,
    /// The command takes them, whatever they look like.
    Anything,
    /// The command ignores its arguments.
    Ignored,
    /// The command takes no arguments and has no options.
    None,
    /// The command reads the rest of the line itself.
    Line,
    /// They are ignored with a warning.
    Outdated,
    /// The reference fails on every use.
    Broken,
}

/// A mode in some versions, and how many positional words there may be.
#[derive(Debug)]
pub(crate) struct Arguments {
    pub(crate) mode: Mode,
    pub(crate) min: usize,
    pub(crate) max: usize,
    /// The words in a message: "one keyboard layout".
    pub(crate) names: &'static str,
    pub(crate) versions: u64,
}

/// A condition on the arguments of one command. An empty field is no condition.
#[derive(Debug)]
pub(crate) struct Check {
    pub(crate) versions: u64,
    /// Only for this word of the command.
    pub(crate) word: &'static str,
    /// Only when one of these is set.
    pub(crate) when: u64,
    /// … and the option of `when` has this value.
    pub(crate) equal: &'static str,
    /// One of these must be set.
    pub(crate) requires: u64,
    /// None of these may be set.
    pub(crate) refuses: u64,
    /// At most one of these may be set.
    pub(crate) not_together: u64,
    /// At least one of these must be set.
    pub(crate) any_of: u64,
    /// Exactly one of these must be set.
    pub(crate) one_of: u64,
    /// The option that the conditions below are about.
    pub(crate) option: Option<u8>,
    pub(crate) not_value: &'static [&'static str],
    pub(crate) values: &'static [&'static str],
    pub(crate) starts_with: &'static [&'static str],
    pub(crate) without: &'static str,
    pub(crate) min: Option<i64>,
    pub(crate) max: Option<i64>,
    /// "Set" includes options that are given with an empty value.
    pub(crate) given: bool,
    /// Options of earlier lines of the same command count as set.
    pub(crate) sticky: u64,
    /// Something must follow the command.
    pub(crate) any_argument: bool,
    pub(crate) because: &'static str,
    pub(crate) help: &'static str,
}

/// What makes two lines of a command duplicates.
#[derive(Debug)]
pub(crate) struct Duplicate {
    pub(crate) what: &'static str,
    pub(crate) versions: u64,
    pub(crate) key: &'static [Key],
    pub(crate) mount_point: bool,
    /// A value that may occur twice.
    pub(crate) unless: &'static str,
}

/// A part of the key.
#[derive(Debug)]
pub(crate) enum Key {
    /// The value of an option.
    Option {
        name: &'static str,
        /// Only the part after its last `/`.
        last_component: bool,
        /// Whether it is a list in some version.
        list: bool,
        /// Whether it may be given several times: all values count.
        adds_up: bool,
    },
    Positional(usize),
}

/// Something that is accepted with a warning that it will go.
#[derive(Debug)]
pub(crate) struct Outdated {
    pub(crate) versions: u64,
    /// The option, or nothing for the command as a whole.
    pub(crate) option: Option<u8>,
    /// Only when its name is written out.
    pub(crate) as_written: bool,
    pub(crate) instead: &'static str,
}

/// What to write instead of a removed or deprecated word or option.
#[derive(Debug)]
pub(crate) struct Instead {
    pub(crate) word: &'static str,
    pub(crate) option: &'static str,
    pub(crate) text: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/tables.rs"));

/// The help of a removed or deprecated word: what to write in its place, or why to delete it (`nothing: REASON`).
pub(crate) fn write_instead(text: &str) -> String {
    match text.strip_prefix("nothing: ") {
        Some(reason) => format!("delete it: {reason}"),
        None if text == "nothing" => "delete it".to_owned(),
        None => format!("write instead: {text}"),
    }
}

/// The word of this text, in any version.
pub(crate) fn word(text: &str) -> Option<&'static Word> {
    WORDS.get(WORD_PLACES.candidate(text)).filter(|w| w.text == text)
}

/// The number of a command by its first name, in any version; an alias has none.
pub(crate) fn number(name: &str) -> Option<u8> {
    let place = WORD_PLACES.candidate(name);
    let word = WORDS.get(place).filter(|w| usize::from(w.canonical) == place && w.text == name)?;
    Some(word.canonical)
}

/// The table of a section (`packages`, without its percent sign).
pub(crate) fn section(name: &str) -> Option<&'static Table> {
    SECTIONS.iter().find(|t| t.name == name)
}

impl Table {
    /// How words without an option are treated in a version.
    pub(crate) fn arguments_in(&self, bit: u64) -> Option<&'static Arguments> {
        self.modes.iter().find(|m| m.versions & bit != 0)
    }

    /// The options of a version.
    pub(crate) fn options_in(&self, bit: u64) -> impl Iterator<Item = &'static Opt> {
        self.options.iter().filter(move |o| o.versions & bit != 0)
    }

    /// The option that has this name in a version.
    pub(crate) fn option(&self, name: &str, bit: u64) -> Option<&'static Opt> {
        let known = self.option_names.get(self.option_places.candidate(name)).filter(|n| n.text == name)?;
        known.shapes.iter().map(|&i| &self.options[usize::from(i)]).find(|o| o.versions & bit != 0)
    }

    /// The options of a version that have a name which begins like this, once for each such name.
    pub(crate) fn options_that_begin(&self, start: &str, bit: u64) -> impl Iterator<Item = &'static Opt> {
        let options = self.options;
        let from = self.option_names.partition_point(|n| n.text < start);
        self.option_names[from..]
            .iter()
            .take_while(move |n| n.text.starts_with(start))
            .flat_map(|n| n.shapes)
            .map(move |&i| &options[usize::from(i)])
            .filter(move |o| o.versions & bit != 0)
    }

    /// What to write instead of an option.
    pub(crate) fn instead_of_option(&self, option: &str) -> Option<&'static str> {
        self.instead.iter().find(|i| i.option == option).map(|i| i.text)
    }

    /// What to write instead of a command word.
    pub(crate) fn instead_of_word(&self, word: &str) -> Option<&'static str> {
        self.instead.iter().find(|i| i.word == word).map(|i| i.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_and_every_option_is_found_by_its_name() {
        for known in WORDS {
            assert!(word(known.text).is_some_and(|w| std::ptr::eq(w, known)), "{} is not found", known.text);
            assert_eq!(WORDS[usize::from(known.canonical)].text, known.means);
        }
        for table in COMMANDS.iter().chain(SECTIONS) {
            let names = || table.options.iter().flat_map(|o| o.names.iter().copied());
            for (name, version) in names().flat_map(|n| crate::dialect::Version::all().map(move |v| (n, v))) {
                let bit = version.bit();
                let searched = table.options_in(bit).find(|o| o.names.contains(&name));
                let found = table.option(name, bit);
                assert_eq!(
                    found.map(std::ptr::from_ref),
                    searched.map(std::ptr::from_ref),
                    "{name} of {} in {version}",
                    table.name
                );
                for start in [&name[..3], &name[..name.len() - 1], name] {
                    let begin =
                        table.options_in(bit).flat_map(|o| o.names).filter(|n| n.starts_with(start)).count();
                    assert_eq!(
                        table.options_that_begin(start, bit).count(),
                        begin,
                        "{start} of {}",
                        table.name
                    );
                }
            }
        }
    }

    #[test]
    fn a_name_that_is_not_known_is_not_found() {
        for unknown in ["", "par", "parts", "Part", "%packages", "\u{fc}"] {
            assert!(word(unknown).is_none(), "'{unknown}' is not a command");
        }
        for table in COMMANDS {
            assert!(
                table.option("--no-such-option", u64::MAX).is_none(),
                "{} has no such option",
                table.name
            );
        }
    }
}
