//! The arguments of one line, as Python's argparse (3.11) reads them for the reference: abbreviated options, values
//! behind `=` or in the next word, positional arguments in groups. The quirks are kept because the verdict depends
//! on them.

use super::kickstart::{Arg, Value};
use super::problems::{self, Fail, Place};
use super::python;
use super::tables::{Count, Mode, Opt, Table, Takes};
use crate::source::{FileId, Span};
use crate::syntax::Word;
use std::borrow::Cow;

/// Words of a line behind the command's name.
pub(crate) struct Words<'s, 'w> {
    pub(crate) text: &'s str,
    pub(crate) file: FileId,
    pub(crate) words: &'w [Word],
    /// Without quotes, one for each of `words`.
    pub(crate) texts: &'w [Cow<'s, str>],
}

impl<'s> Words<'s, '_> {
    /// The place of a word.
    pub(crate) fn span(&self, i: usize) -> Span {
        let word = self.words[i];
        Span { file: self.file, start: word.start, end: word.end }
    }

    /// The word as a value.
    pub(crate) fn value(&self, i: usize) -> Value<'s> {
        Value { text: self.texts[i].clone(), span: self.span(i) }
    }

    /// What stands behind the byte `at` of the unquoted word, with its place.
    fn tail(&self, i: usize, at: usize) -> Value<'s> {
        let span = self.span(i);
        let text = match &self.texts[i] {
            Cow::Borrowed(text) => Cow::Borrowed(&text[at..]),
            Cow::Owned(text) => Cow::Owned(text[at..].to_owned()),
        };
        // Quotes before the value move it; then the whole word is its place.
        let start = if self.begins_alike(i, at) { span.start + at as u32 } else { span.start };
        Value { text, span: Span { start, ..span } }
    }

    /// The place of an option's name, which is the first `len` bytes of the unquoted word.
    fn head(&self, i: usize, len: usize) -> Span {
        let span = self.span(i);
        Span { end: if self.begins_alike(i, len) { span.start + len as u32 } else { span.end }, ..span }
    }

    /// Whether the first `len` bytes of the unquoted word stand in the file like this.
    fn begins_alike(&self, i: usize, len: usize) -> bool {
        let raw = || &self.text.as_bytes()[self.span(i).range()];
        self.words[i].plain || raw().get(..len) == self.texts[i].as_bytes().get(..len)
    }
}

/// What a word is, before values are handed out.
#[derive(Clone, Copy)]
enum Class {
    /// Can be a value or a positional argument.
    Argument,
    /// `--`
    Dashes,
    /// An option, and where in the word its value begins if it has one behind `=`.
    Option(&'static Opt, Option<u32>),
    /// Begins with a dash and is no option.
    Unknown,
}

/// What a word turned out to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Nobody took it.
    Extra,
    /// A positional argument, by its place in the table.
    Positional(u8),
    /// An option; its value, if any, stands behind `=` or in the next word.
    Option,
    /// The value of the option before it.
    Value,
    /// A `--` that separated.
    Separator,
}

/// Memory that is used again for every line.
#[derive(Default)]
pub(crate) struct Scratch {
    classes: Vec<Class>,
    roles: Vec<Role>,
}

/// Which options and arguments a line has, as bits.
#[derive(Clone, Copy, Default)]
pub(crate) struct Seen {
    /// Those that stand there.
    pub(crate) given: u64,
    /// Those with a value that Python takes for true: not empty, not zero.
    pub(crate) set: u64,
    /// How many words no option took.
    pub(crate) positionals: usize,
    /// How many of them no positional argument took either.
    pub(crate) extras: usize,
    /// Whether a deprecated option stands there.
    pub(crate) deprecated: bool,
}

/// Reads a line. The arguments are returned even when it fails, as far as they were understood.
pub(crate) fn read<'s>(
    words: &Words<'s, '_>,
    table: &'static Table,
    mode: Mode,
    place: &Place<'_>,
    scratch: &mut Scratch,
) -> (Vec<Arg<'s>>, Seen, Result<(), Fail>) {
    let mut reader = Reader { words, table, mode, place, scratch, seen: Seen::default(), next_argument: 0 };
    reader.scratch.roles.clear();
    reader.scratch.roles.resize(words.texts.len(), Role::Extra);
    let result = reader.run();
    let seen = reader.seen;
    let args = reader.args();
    (args, seen, result)
}

struct Reader<'s, 'w, 'r> {
    words: &'r Words<'s, 'w>,
    table: &'static Table,
    mode: Mode,
    place: &'r Place<'r>,
    scratch: &'r mut Scratch,
    seen: Seen,
    /// The positional argument of the table that takes the next words.
    next_argument: usize,
}

impl<'s> Reader<'s, '_, '_> {
    fn run(&mut self) -> Result<(), Fail> {
        self.classify()?;
        let count = self.words.texts.len();
        let is_option = |c: &Class| matches!(c, Class::Option(..) | Class::Unknown);
        let options_end = self.scratch.classes.iter().rposition(is_option).map_or(0, |last| last + 1);
        let mut at = 0;
        while at < options_end {
            if is_option(&self.scratch.classes[at]) {
                at = self.take_option(at)?;
                continue;
            }
            let end = self.take_positionals(at)?;
            if end > at {
                at = end;
                continue;
            }
            // Nobody wants the words before the option.
            while !is_option(&self.scratch.classes[at]) {
                at += 1;
            }
        }
        self.take_positionals(at)?;
        debug_assert!(count >= at);
        self.check_required()?;
        self.check_extras()
    }

    fn classify(&mut self) -> Result<(), Fail> {
        self.scratch.classes.clear();
        self.scratch.classes.reserve(self.words.texts.len());
        let mut all_arguments = false;
        for (i, text) in self.words.texts.iter().enumerate() {
            let class = if all_arguments || text.as_bytes().first() != Some(&b'-') {
                Class::Argument
            } else if text == "--" {
                all_arguments = true;
                Class::Dashes
            } else {
                self.class_of(i, text)?
            };
            if let Class::Option(option, _) = class {
                self.seen.deprecated |= option.deprecated & self.place.bit != 0;
            }
            self.scratch.classes.push(class);
        }
        Ok(())
    }

    fn class_of(&self, i: usize, text: &str) -> Result<Class, Fail> {
        let bit = self.place.bit;
        // No option has an equals sign in its name.
        let equals = text.bytes().position(|b| b == b'=');
        let value = equals.map(|e| e as u32 + 1);
        let name = &text[..equals.unwrap_or(text.len())];
        if let Some(option) = self.table.option(name, bit) {
            return Ok(Class::Option(option, value));
        }
        if text.len() == 1 {
            return Ok(Class::Argument);
        }
        if text.starts_with("--") {
            let mut matches = self.table.options_that_begin(name, bit);
            if let Some(option) = matches.next() {
                if matches.next().is_some() {
                    return Err(problems::ambiguous(self.words, i, name, self.table, self.place));
                }
                return Ok(Class::Option(option, value));
            }
        }
        if python::is_negative_number(text) || text.contains(' ') {
            return Ok(Class::Argument);
        }
        Ok(Class::Unknown)
    }

    /// Hands the words from `at` up to the next option to the positional arguments that are left. Returns the
    /// first word that none took.
    fn take_positionals(&mut self, mut at: usize) -> Result<usize, Fail> {
        loop {
            let Some(argument) = self.table.arguments[self.next_argument..]
                .iter()
                .position(|a| a.versions & self.place.bit != 0)
                .map(|skip| self.next_argument + skip)
            else {
                return Ok(at);
            };
            let facts = &self.table.arguments[argument];
            let classes = &self.scratch.classes;
            let is = |i: usize, dashes: bool| match classes.get(i) {
                Some(Class::Argument) => !dashes,
                Some(Class::Dashes) => dashes,
                _ => false,
            };
            let mut end = at;
            if facts.count == Count::Any {
                while is(end, false) || is(end, true) {
                    end += 1;
                }
            } else {
                while is(end, true) {
                    end += 1;
                }
                if is(end, false) {
                    end += 1;
                    while is(end, true) {
                        end += 1;
                    }
                } else if facts.count == Count::One {
                    return Ok(at);
                }
            }
            self.next_argument = argument + 1;
            let mut dropped = false;
            for i in at..end {
                if !dropped && self.words.texts[i] == "--" {
                    dropped = true;
                    self.scratch.roles[i] = Role::Separator;
                    continue;
                }
                self.scratch.roles[i] = Role::Positional(argument as u8);
                self.seen.positionals += 1;
                self.seen.given |= 1 << facts.id;
                let text = &self.words.texts[i];
                if facts.count == Count::Any || !text.is_empty() {
                    self.seen.set |= 1 << facts.id;
                }
                if !facts.choices.is_empty() && !facts.choices.contains(&text.as_ref()) {
                    let value = self.words.value(i);
                    return Err(problems::not_a_choice(&value, facts.name, facts.choices, false, self.place));
                }
            }
            at = end;
        }
    }

    /// Takes the option at `at` and its value; returns the next word.
    fn take_option(&mut self, at: usize) -> Result<usize, Fail> {
        let Class::Option(option, equals) = self.scratch.classes[at] else {
            return Ok(at + 1);
        };
        self.scratch.roles[at] = Role::Option;
        self.seen.given |= 1 << option.id;
        let words = self.words;
        if let Some(from) = equals {
            let from = from as usize;
            if option.takes == Takes::Flag {
                let value = words.tail(at, from);
                return Err(problems::unexpected_value(words, at, option, &value, self.place));
            }
            self.take_value(option, &words.texts[at][from..], || words.tail(at, from))?;
            return Ok(at + 1);
        }
        if option.takes == Takes::Flag {
            self.seen.set |= 1 << option.id;
            return Ok(at + 1);
        }
        if matches!(self.scratch.classes.get(at + 1), Some(Class::Argument)) {
            self.scratch.roles[at + 1] = Role::Value;
            self.take_value(option, &words.texts[at + 1], || words.value(at + 1))?;
            return Ok(at + 2);
        }
        if option.value_optional {
            self.seen.set |= 1 << option.id;
            return Ok(at + 1);
        }
        Err(problems::missing_value(self.words, at, option, self.place))
    }

    /// Looks at the value of an option; `value` is asked for it with its place when it is wrong.
    fn take_value(
        &mut self,
        option: &'static Opt,
        text: &str,
        value: impl FnOnce() -> Value<'s>,
    ) -> Result<(), Fail> {
        let bit = 1u64 << option.id;
        self.seen.set &= !bit;
        if text == "--" {
            // argparse takes the dashes away and is left with an empty list, which it checks no further.
            return Ok(());
        }
        let is_set = match option.takes {
            Takes::Integer => match python::python_int(text) {
                Some(number) => number != 0,
                None => return Err(problems::not_an_integer(&value(), option.names[0], self.place)),
            },
            Takes::Boolean => match python::python_bool(text) {
                Some(yes) => yes,
                None => return Err(problems::not_a_boolean(&value(), option.names[0], self.place)),
            },
            Takes::List => python::comma_list(text).next().is_some(),
            Takes::Flag | Takes::Text | Takes::Word => !text.is_empty(),
        };
        if !option.choices.is_empty() {
            let same = |choice: &&str| {
                if option.ignore_case { choice.eq_ignore_ascii_case(text) } else { **choice == *text }
            };
            if !option.choices.iter().any(same) {
                let name = option.names[0];
                return Err(problems::not_a_choice(
                    &value(),
                    name,
                    option.choices,
                    option.ignore_case,
                    self.place,
                ));
            }
        }
        if is_set {
            self.seen.set |= bit;
        }
        Ok(())
    }

    fn check_required(&self) -> Result<(), Fail> {
        let bit = self.place.bit;
        if self.table.required & bit == 0 {
            return Ok(());
        }
        let mut missing = Vec::new();
        for (i, argument) in self.table.arguments.iter().enumerate() {
            if argument.required & bit != 0 && i >= self.next_argument {
                missing.push(argument.name);
            }
        }
        for option in self.table.options_in(bit) {
            if option.required & bit != 0 && self.seen.given & 1 << option.id == 0 {
                missing.push(option.names[0]);
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let unknown = self.extras().find(|&i| matches!(self.scratch.classes[i], Class::Unknown));
        Err(problems::missing(&missing, self.words, unknown, self.table, self.place))
    }

    fn extras(&self) -> impl Iterator<Item = usize> {
        (0..self.words.texts.len()).filter(|&i| self.scratch.roles[i] == Role::Extra)
    }

    fn check_extras(&mut self) -> Result<(), Fail> {
        let extras = self.extras().count();
        self.seen.extras = extras;
        self.seen.positionals += extras;
        if extras == 0 {
            return Ok(());
        }
        let refused: Vec<usize> = match self.mode {
            Mode::Strict => self.extras().collect(),
            Mode::Extras => self.extras().filter(|&i| self.words.texts[i].starts_with('-')).collect(),
            _ => Vec::new(),
        };
        if refused.is_empty() {
            return Ok(());
        }
        let unknown: Vec<usize> =
            refused.iter().copied().filter(|&i| matches!(self.scratch.classes[i], Class::Unknown)).collect();
        Err(if unknown.is_empty() {
            problems::unexpected_arguments(self.words, &refused, self.table, self.place)
        } else {
            problems::unknown_options(self.words, &unknown, self.table, self.place)
        })
    }

    /// The arguments in the order of the words. After a failure the words behind it were not handed out: options
    /// among them are taken by what they look like. Unknown options that a command takes for arguments stand behind
    /// the real ones: `volgroup --foo vg pv.01` names the group `vg`.
    fn args(&self) -> Vec<Arg<'s>> {
        let count = self.words.texts.len();
        let mut unknown = Vec::new();
        let mut args = Vec::with_capacity(count);
        let mut i = 0;
        while i < count {
            match (self.scratch.roles[i], self.scratch.classes.get(i)) {
                (Role::Option | Role::Extra, Some(Class::Option(option, equals))) => {
                    let name = option.names[0];
                    let (name_len, value) = match *equals {
                        Some(from) => (from as usize - 1, Some(self.words.tail(i, from as usize))),
                        None => {
                            let has_value = option.takes != Takes::Flag
                                && match self.scratch.roles.get(i + 1) {
                                    Some(Role::Value) => true,
                                    Some(Role::Extra) => {
                                        self.scratch.roles[i] == Role::Extra
                                            && matches!(
                                                self.scratch.classes.get(i + 1),
                                                Some(Class::Argument)
                                            )
                                    }
                                    _ => false,
                                };
                            let value = has_value.then(|| self.words.value(i + 1));
                            (self.words.texts[i].len(), value)
                        }
                    };
                    if value.is_some() && equals.is_none() {
                        i += 1;
                        let name_span = self.words.head(i - 1, name_len);
                        args.push(Arg::Option { name, name_span, value });
                    } else {
                        args.push(Arg::Option { name, name_span: self.words.head(i, name_len), value });
                    }
                }
                (Role::Separator, _) => {}
                (Role::Extra, Some(Class::Unknown)) if self.mode == Mode::Anything => unknown.push(i),
                (Role::Extra, Some(Class::Unknown)) => {}
                _ => args.push(Arg::Positional(self.words.value(i))),
            }
            i += 1;
        }
        args.extend(unknown.into_iter().map(|i| Arg::Positional(self.words.value(i))));
        args
    }
}

/// The deprecated options of a line: the reference warns about each as it meets it, also when the line fails later.
pub(crate) fn deprecated<'a>(
    args: &'a [Arg<'_>],
    table: &'static Table,
    bit: u64,
) -> impl Iterator<Item = (&'static Opt, Span)> + 'a {
    args.iter().filter_map(move |arg| match arg {
        Arg::Option { name, name_span, .. } => {
            let option = table.option(name, bit)?;
            (option.deprecated & bit != 0).then_some((option, *name_span))
        }
        Arg::Positional(_) => None,
    })
}
