//! The arguments of one line, as Python's argparse (3.11) reads them for the reference: abbreviated options, values
//! after `=` or in the next word, positional arguments in groups. The quirks are kept because the verdict depends
//! on them.

use super::problems::{self, Fail, Place};
use super::python;
use super::tables::{Argument, Count, Mode, Opt, Table, Takes};
use super::value_problems;
use super::values::{Arg, Words};
use node_base::source::bytes::position;
use node_base::source::{Span, Spanned};

/// What a word is, before values are handed out.
#[derive(Clone, Copy)]
enum Class {
    /// Can be a value or a positional argument.
    Argument,
    /// `--`
    Dashes,
    /// An option, and where in the word its value begins if it has one after `=`.
    Option(&'static Opt, Option<u32>),
    /// Begins with a dash and is not an option.
    Unknown,
}

impl Class {
    /// Whether argparse takes the word for an option, known or not.
    fn is_option(self) -> bool {
        matches!(self, Class::Option(..) | Class::Unknown)
    }
}

/// Memory that is reused for every line.
#[derive(Default)]
pub(crate) struct Scratch {
    classes: Vec<Class>,
    extras: Vec<usize>,
}

/// Which options and arguments a line has, as bits by their `id`.
#[derive(Clone, Copy, Default)]
pub(crate) struct Seen {
    /// Those that are written.
    pub(crate) given: u64,
    /// Those with a value that Python takes for true: not empty, not zero.
    pub(crate) set: u64,
    /// How many words are not part of an option.
    pub(crate) positionals: usize,
    /// How many of these are left over by the positional arguments, too.
    pub(crate) extras: usize,
    /// Whether one of the options is deprecated.
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
    let Scratch { classes, extras } = scratch;
    classes.clear();
    extras.clear();
    let args = Vec::with_capacity(words.texts.len());
    let seen = Seen::default();
    let mut reader =
        Reader { words, table, mode, place, classes, extras, args, seen, at: 0, next_argument: 0 };
    let result = reader.run();
    reader.finish();
    (reader.args, reader.seen, result)
}

/// Goes over the words twice: to classify each of them, and to assign them to options and arguments.
struct Reader<'s, 'w, 'r> {
    words: &'r Words<'s, 'w>,
    table: &'static Table,
    mode: Mode,
    place: &'r Place<'r>,
    classes: &'r mut Vec<Class>,
    /// Words that are left over.
    extras: &'r mut Vec<usize>,
    args: Vec<Arg<'s>>,
    seen: Seen,
    /// The next word to assign.
    at: usize,
    /// The positional argument of the table that takes the next words.
    next_argument: usize,
}

impl<'s> Reader<'s, '_, '_> {
    fn run(&mut self) -> Result<(), Fail> {
        let options_end = self.classify()?;
        while self.at < options_end {
            if self.classes[self.at].is_option() {
                self.take_option()?;
                continue;
            }
            let before = self.at;
            self.take_positionals()?;
            if self.at == before {
                // Nothing takes the words before the option.
                while !self.classes[self.at].is_option() {
                    self.leave_over();
                }
            }
        }
        self.take_positionals()?;
        while self.at < self.classes.len() {
            self.leave_over();
        }
        self.check_required()?;
        self.check_extras()
    }

    /// Classifies each word; returns the index of the first word after the last option.
    fn classify(&mut self) -> Result<usize, Fail> {
        let words = self.words;
        let mut all_arguments = false;
        let mut options_end = 0;
        for (i, text) in words.texts.iter().enumerate() {
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
            if class.is_option() {
                options_end = i + 1;
            }
            self.classes.push(class);
        }
        Ok(options_end)
    }

    fn class_of(&self, i: usize, text: &str) -> Result<Class, Fail> {
        let bit = self.place.bit;
        // No option has an equals sign in its name.
        let equals = position(text.as_bytes(), b'=');
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

    /// Assigns the words up to the next option to the positional arguments that are left.
    fn take_positionals(&mut self) -> Result<(), Fail> {
        let arguments = self.table.arguments;
        while let Some(skip) =
            arguments[self.next_argument..].iter().position(|a| a.versions & self.place.bit != 0)
        {
            let argument = &arguments[self.next_argument + skip];
            let is = |i: usize, dashes: bool| match self.classes.get(i) {
                Some(Class::Argument) => !dashes,
                Some(Class::Dashes) => dashes,
                _ => false,
            };
            let mut end = self.at;
            if argument.count == Count::Any {
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
                } else if argument.count == Count::One {
                    return Ok(());
                }
            }
            self.next_argument += skip + 1;
            self.take_group(argument, end)?;
        }
        Ok(())
    }

    /// Assigns the words up to `end` to one positional argument.
    fn take_group(&mut self, argument: &Argument, end: usize) -> Result<(), Fail> {
        let mut separated = false;
        while self.at < end {
            let i = self.at;
            self.at += 1;
            let text = &self.words.texts[i];
            if !separated && text == "--" {
                separated = true;
                continue;
            }
            self.args.push(Arg::Positional(self.words.value(i)));
            self.seen.positionals += 1;
            self.seen.given |= 1 << argument.id;
            if argument.count == Count::Any || !text.is_empty() {
                self.seen.set |= 1 << argument.id;
            }
            if !argument.choices.is_empty() && !argument.choices.contains(&text.as_ref()) {
                let value = self.words.value(i);
                return Err(value_problems::not_a_choice(
                    &value,
                    argument.name,
                    argument.choices,
                    false,
                    self.place,
                ));
            }
        }
        Ok(())
    }

    /// Takes the next option and its value.
    fn take_option(&mut self) -> Result<(), Fail> {
        let (words, at) = (self.words, self.at);
        let Class::Option(option, equals) = self.classes[at] else {
            self.leave_over();
            return Ok(());
        };
        self.seen.given |= 1 << option.id;
        let value_follows =
            option.takes != Takes::Flag && matches!(self.classes.get(at + 1), Some(Class::Argument));
        self.push_option(option, equals, value_follows);
        if let Some(from) = equals {
            if option.takes == Takes::Flag {
                let value = words.tail(at, from as usize);
                return Err(value_problems::unexpected_value(words, at, option, &value, self.place));
            }
            return self
                .check_value(option, &words.texts[at][from as usize..], || words.tail(at, from as usize));
        }
        if value_follows {
            return self.check_value(option, &words.texts[at + 1], || words.value(at + 1));
        }
        if option.takes != Takes::Flag && !option.value_optional {
            return Err(value_problems::missing_value(words, at, option, self.place));
        }
        self.seen.set |= 1 << option.id;
        Ok(())
    }

    /// Adds the next option to the arguments, with its value: after `=`, or in the next word.
    fn push_option(&mut self, option: &'static Opt, equals: Option<u32>, value_follows: bool) {
        let at = self.at;
        let (name_len, value) = match equals {
            Some(from) => (from as usize - 1, Some(self.words.tail(at, from as usize))),
            None => (self.words.texts[at].len(), value_follows.then(|| self.words.value(at + 1))),
        };
        self.at += if equals.is_none() && value_follows { 2 } else { 1 };
        let name_span = self.words.head(at, name_len);
        self.args.push(Arg::Option { name: option.names[0], name_span, value });
    }

    /// Checks the value of an option; `value` returns it with its place, which only a finding needs.
    fn check_value(
        &mut self,
        option: &'static Opt,
        text: &str,
        value: impl FnOnce() -> Spanned<'s>,
    ) -> Result<(), Fail> {
        let bit = 1u64 << option.id;
        self.seen.set &= !bit;
        if text == "--" {
            // argparse removes the dashes and does not check the empty list that remains.
            return Ok(());
        }
        let is_set = match option.takes {
            Takes::Integer => match python::python_int(text) {
                Some(number) => number != 0,
                None => return Err(value_problems::not_an_integer(&value(), option.names[0], self.place)),
            },
            Takes::Boolean => match python::python_bool(text) {
                Some(yes) => yes,
                None => return Err(value_problems::not_a_boolean(&value(), option.names[0], self.place)),
            },
            Takes::List => python::comma_list(text).next().is_some(),
            Takes::Flag | Takes::Text | Takes::Word => !text.is_empty(),
        };
        if !option.choices.is_empty() {
            let same = |choice: &&str| {
                if option.ignore_case { choice.eq_ignore_ascii_case(text) } else { **choice == *text }
            };
            if !option.choices.iter().any(same) {
                let (name, ignore_case) = (option.names[0], option.ignore_case);
                return Err(value_problems::not_a_choice(
                    &value(),
                    name,
                    option.choices,
                    ignore_case,
                    self.place,
                ));
            }
        }
        if is_set {
            self.seen.set |= bit;
        }
        Ok(())
    }

    /// The next word is left over.
    fn leave_over(&mut self) {
        self.extras.push(self.at);
        if !matches!(self.classes[self.at], Class::Unknown) {
            self.args.push(Arg::Positional(self.words.value(self.at)));
        }
        self.at += 1;
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
        for option in self.table.required_options.iter().map(|&i| &self.table.options[usize::from(i)]) {
            if option.required & option.versions & bit != 0 && self.seen.given & 1 << option.id == 0 {
                missing.push(option.names[0]);
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let unknown = self.extras.iter().copied().find(|&i| matches!(self.classes[i], Class::Unknown));
        Err(problems::missing(&missing, self.words, unknown, self.table, self.place))
    }

    fn check_extras(&mut self) -> Result<(), Fail> {
        if self.extras.is_empty() {
            return Ok(());
        }
        self.seen.extras = self.extras.len();
        self.seen.positionals += self.extras.len();
        let refused: Vec<usize> = match self.mode {
            Mode::Strict => self.extras.clone(),
            Mode::Extras => {
                let all = self.extras.iter().copied();
                all.filter(|&i| self.words.texts[i].starts_with('-')).collect()
            }
            _ => Vec::new(),
        };
        if refused.is_empty() {
            return Ok(());
        }
        let unknown: Vec<usize> =
            refused.iter().copied().filter(|&i| matches!(self.classes[i], Class::Unknown)).collect();
        Err(if unknown.is_empty() {
            problems::unexpected_arguments(self.words, &refused, self.table, self.place)
        } else {
            problems::unknown_options(self.words, &unknown, self.table, self.place)
        })
    }

    /// Adds the words that a failure left over, options by what they look like. Unknown options that a command takes as
    /// arguments are put after the real ones: `volgroup --foo vg pv.01` names the group `vg`.
    fn finish(&mut self) {
        while self.at < self.words.texts.len() {
            match self.classes.get(self.at) {
                Some(&Class::Option(option, equals)) => {
                    let follows = option.takes != Takes::Flag
                        && matches!(self.classes.get(self.at + 1), Some(Class::Argument));
                    self.push_option(option, equals, follows);
                }
                Some(Class::Unknown) => self.leave_over(),
                _ => {
                    self.args.push(Arg::Positional(self.words.value(self.at)));
                    self.at += 1;
                }
            }
        }
        if self.mode == Mode::Anything {
            let unknown = self.extras.iter().filter(|&&i| matches!(self.classes[i], Class::Unknown));
            self.args.extend(unknown.map(|&i| Arg::Positional(self.words.value(i))));
        }
    }
}

/// The deprecated options of a line. The reference warns about each one, also when the line fails later.
pub(crate) fn deprecated<'a, 's>(
    args: &'a [Arg<'s>],
    table: &'static Table,
    bit: u64,
) -> impl Iterator<Item = (&'static Opt, Span, Option<&'a Spanned<'s>>)> + use<'a, 's> {
    args.iter().filter_map(move |arg| match arg {
        Arg::Option { name, name_span, value } => {
            let option = table.option(name, bit)?;
            (option.deprecated & bit != 0).then_some((option, *name_span, value.as_ref()))
        }
        Arg::Positional(_) => None,
    })
}
