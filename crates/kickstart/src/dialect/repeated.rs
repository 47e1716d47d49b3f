//! Commands of which the language keeps one object: given again, a later line replaces what an earlier one said.

/// What sets an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setter {
    /// An option, by its first name.
    Option(&'static str),
    /// The positional arguments.
    Positional,
    /// The word of the command: `reboot` or `poweroff`, `text` or `graphical`.
    Word,
}

/// An attribute of the object that the language keeps, and what sets it.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    /// What sets it.
    pub setter: Setter,
    /// Its name in the reference. Two options with one attribute replace each other.
    pub attribute: &'static str,
    /// Whether a later line without it puts it back to its default.
    pub resets: bool,
}

impl Slot {
    pub(super) const fn keeps(option: &'static str, attribute: &'static str) -> Slot {
        Slot { setter: Setter::Option(option), attribute, resets: false }
    }

    pub(super) const fn resets(option: &'static str, attribute: &'static str) -> Slot {
        Slot { setter: Setter::Option(option), attribute, resets: true }
    }

    pub(super) const fn positional(attribute: &'static str) -> Slot {
        Slot { setter: Setter::Positional, attribute, resets: false }
    }

    pub(super) const fn word(attribute: &'static str) -> Slot {
        Slot { setter: Setter::Word, attribute, resets: false }
    }
}

/// A command of which the language keeps one object.
#[derive(Clone, Copy, Debug)]
pub struct Repeats {
    /// The command, and the other words for it.
    pub words: &'static [&'static str],
    /// What its lines set.
    pub slots: &'static [Slot],
}
