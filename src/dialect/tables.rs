//! The command tables: `grammar/commands/*.toml` and `grammar/sections/*.toml` as statics, written by `build.rs`.
//! Sets of versions are bits of a `u64` ([`Version::bit`](super::Version::bit)); sets of one table's options and
//! arguments are bits of another, by their `id`.

/// A word that can stand at the start of a line.
#[derive(Debug)]
pub(crate) struct Word {
    pub(crate) text: &'static str,
    /// The name it is an alias of, or itself.
    pub(crate) means: &'static str,
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
    pub(crate) modes: &'static [Arguments],
    pub(crate) checks: &'static [Check],
    pub(crate) duplicates: &'static [Duplicate],
    pub(crate) outdated: &'static [Outdated],
    pub(crate) instead: &'static [Instead],
}

/// Commands that must not stand before this one.
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

/// What is done with words that neither an option nor a positional argument takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// They are an error.
    Strict,
    /// The command takes them, but none that begins with a dash.
    Extras,
    /// The command takes them, whatever they look like.
    Anything,
    /// The command does not look at its arguments.
    Ignored,
    /// The command takes no arguments and has no options.
    None,
    /// The command reads the rest of the line by itself.
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
    /// What they are: "one keyboard layout".
    pub(crate) names: &'static str,
    pub(crate) versions: u64,
}

/// A condition on the arguments of one command. Fields that are empty ask for nothing.
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
    /// "Set" means that the option stands there, even with an empty value.
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
    /// A value that may stand twice.
    pub(crate) unless: &'static str,
}

/// A part of the key.
#[derive(Debug)]
pub(crate) enum Key {
    /// The value of an option; with `true` only what stands behind its last `/`.
    Option(&'static str, bool),
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

/// The word of this text, in any version.
pub(crate) fn word(text: &str) -> Option<&'static Word> {
    WORDS.binary_search_by(|w| w.text.cmp(text)).ok().map(|i| &WORDS[i])
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

    /// What to write instead of an option.
    pub(crate) fn instead_of_option(&self, option: &str) -> Option<&'static str> {
        self.instead.iter().find(|i| i.option == option).map(|i| i.text)
    }

    /// What to write instead of a command word.
    pub(crate) fn instead_of_word(&self, word: &str) -> Option<&'static str> {
        self.instead.iter().find(|i| i.word == word).map(|i| i.text)
    }
}
