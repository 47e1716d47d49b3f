//! One command: its name, its arguments, and what is kept of them for later lines.

use super::super::arguments;
use super::super::checks::{self, Line as CheckLine};
use super::super::codes;
use super::super::kickstart::Command;
use super::super::mend;
use super::super::problems::{self, Fail, Place};
use super::super::state::Earlier;
use super::super::tables::{self, Mode};
use super::super::values::{Arg, Words};
use super::{Reader, plain};
use crate::syntax::{Line, is_white};
use node_base::diagnostic::{Applicability, Finding, Fix};
use node_base::source::{Span, Spanned};

impl<'s> Reader<'s, '_> {
    pub(super) fn command(&mut self, words: &Words<'s, '_>, line: &Line) {
        let text = words.texts[0].as_ref();
        let name_span = words.span(0);
        let last = words.words.len() - 1;
        let span = name_span.to(words.span(last));
        let place = Place { version: self.version, bit: self.bit, word: text, span: name_span };
        let known = tables::word(text).filter(|w| (w.active | w.deprecated | w.removed) & self.bit != 0);
        let Some(word) = known else {
            let finding = self.unknown_command(words, &place);
            self.findings.push(*finding);
            return;
        };
        self.last_command = Some(span);
        let table = &tables::COMMANDS[usize::from(word.table)];
        let (name, number) = (word.means, word.canonical);
        let mut command = Command { name, number, name_span, span, args: Vec::new(), valid: false };
        let rest = Words { words: &words.words[1..], texts: &words.texts[1..], ..*words };
        let conflict = self.state.see(word.table, name_span, self.bit);
        if let Some((other_span, other)) = conflict {
            let other = tables::COMMANDS[usize::from(other)].name;
            let message = format!("'{text}' and '{other}' cannot be in one kickstart");
            self.findings.push(
                Finding::new(&codes::COMMANDS_CONFLICT, message)
                    .at(name_span)
                    .related(other_span, "the other one"),
            );
        }
        let result = if word.removed & self.bit != 0 {
            Err(problems::removed_command(word, table, &place, words.text))
        } else if word.deprecated & self.bit != 0 {
            if conflict.is_none() {
                self.findings.push(problems::deprecated_command(word, table, &place, words.text));
            }
            command.args = plain(&rest);
            Ok(())
        } else {
            self.arguments(&rest, line, word.table, &place, &mut command.args)
        };
        command.valid = result.is_ok() && conflict.is_none();
        if let Err(finding) = result
            && conflict.is_none()
        {
            self.findings.push(*finding);
        }
        self.kickstart.index.push(number, command.valid);
        self.kickstart.commands.push(command);
    }

    /// Reads and checks the arguments of an active command.
    fn arguments(
        &mut self,
        rest: &Words<'s, '_>,
        line: &Line,
        number: u16,
        place: &Place<'_>,
        args: &mut Vec<Arg<'s>>,
    ) -> Result<(), Fail> {
        let table = &tables::COMMANDS[usize::from(number)];
        let mode = table.arguments_in(self.bit).map_or(Mode::Strict, |a| a.mode);
        let (read, seen, result) = match mode {
            Mode::Ignored | Mode::Line | Mode::Broken | Mode::None => {
                let result = match mode {
                    Mode::None if !rest.texts.is_empty() => {
                        let all: Vec<usize> = (0..rest.texts.len()).collect();
                        Err(problems::unexpected_arguments(rest, &all, table, place))
                    }
                    Mode::Broken => {
                        let message = format!("'{}' cannot be used: the installer fails on it", place.word);
                        let finding = Finding::new(&codes::REFERENCE_FAILS, message).at(place.span);
                        Err(Box::new(match table.instead_of_word(table.name) {
                            Some(instead) => finding.help(tables::write_instead(instead)),
                            None => finding,
                        }))
                    }
                    Mode::Line => {
                        let range = (line.start as usize, line.end as usize);
                        checks::realm(rest.text, range, place, &mut self.state.realm)
                    }
                    _ => Ok(()),
                };
                (plain(rest), arguments::Seen::default(), result)
            }
            _ => arguments::read(rest, table, mode, place, &mut self.scratch),
        };
        *args = read;
        let args = &*args;
        if seen.deprecated {
            self.deprecated_options(args, table, place, rest.text);
            if self.validates {
                return Ok(());
            }
        }
        result?;
        let check = CheckLine { table, place, args, seen };
        for finding in checks::outdated(&check, rest.text) {
            self.findings.push(finding);
        }
        if mode == Mode::Outdated && seen.extras > 0 {
            let message = format!("'{}' no longer takes arguments: they are ignored", place.word);
            let span = args.first().map_or(place.span, arg_span);
            self.findings.push(Finding::new(&codes::DEPRECATED_OPTION, message).at(span).help("delete them"));
        }
        if matches!(mode, Mode::Ignored | Mode::Line) {
            return Ok(());
        }
        let before = self.state.sticky(number);
        self.state.keep(number, seen.given, seen.set);
        checks::count(&check)?;
        let declared = || checks::declared(&check, before, rest.texts.len());
        let result = match checks::is_special_first(number) {
            true => checks::special(number, &check, &mut self.state).and_then(|()| declared()),
            false => declared().and_then(|()| checks::special(number, &check, &mut self.state)),
        };
        let result = result.map_err(|fail| checks::as_reported(number, fail));
        let earlier = match &result {
            Ok(()) => self.state.define(number, table, args, place.span, self.version),
            Err(fail) if checks::is_behind_duplicates(number, fail) => {
                self.state.earlier(number, table, args, self.version)
            }
            Err(_) => None,
        };
        if let Some(earlier) = earlier {
            self.findings.push(defined_twice(&earlier, place));
        }
        result
    }

    pub(super) fn deprecated_options(
        &mut self,
        args: &[Arg<'s>],
        table: &'static tables::Table,
        place: &Place<'_>,
        text: &str,
    ) {
        for (option, span, value) in arguments::deprecated(args, table, self.bit) {
            let name = option.names[0];
            let message =
                format!("{name} of '{}' is deprecated in {} and does nothing", place.word, self.version);
            let help = match table.instead_of_option(name) {
                Some(instead) => tables::write_instead(instead),
                None => format!("delete {name}"),
            };
            let mut finding = Finding::new(&codes::DEPRECATED_OPTION, message).at(span).help(help);
            let whole = value.map_or(span, |value| span.to(value.span));
            let given = (value.map(|value| value.text.as_ref()), whole);
            finding.fix = mend::outdated_option(text, table, name, span, given, true, self.bit);
            self.findings.push(finding);
        }
    }

    /// The first word is not a command; often it is a known mistake.
    fn unknown_command(&self, words: &Words<'s, '_>, place: &Place<'_>) -> Fail {
        let text = place.word;
        let marker = ["<<<<<<<", "=======", ">>>>>>>", "|||||||"].contains(&text);
        if marker {
            let message =
                format!("'{text}' is a merge-conflict marker: two versions of the file were not merged");
            return Box::new(
                Finding::new(&codes::MERGE_CONFLICT, message)
                    .at(place.span)
                    .label("left by a merge")
                    .help("keep one of the two versions and delete the three marker lines"),
            );
        }
        // Only the character itself, not a quote or backslash before it.
        if let Some(c) = words.text[place.span.range()].chars().next()
            && (is_white(c) || matches!(c, '\u{feff}' | '\u{200b}'..='\u{200d}' | '\u{2060}'))
        {
            let name = match c {
                '\u{feff}' => "a byte order mark (U+FEFF)".to_owned(),
                '\u{a0}' => "a no-break space (U+00A0)".to_owned(),
                c => format!("the invisible character U+{:04X}", u32::from(c)),
            };
            let end = place.span.start as usize + c.len_utf8();
            return Box::new(
                Finding::new(
                    &codes::INVISIBLE_CHARACTER,
                    format!("the line begins with {name}, which the installer does not take as a space"),
                )
                .at(Span::new(words.file, place.span.start as usize, end))
                .help("delete it, or replace it with a plain space")
                .fix(Fix::delete(
                    Span::new(words.file, place.span.start as usize, end),
                    "delete it",
                    Applicability::Safe,
                )),
            );
        }
        let first_backslash = text.starts_with(['\n', '\r']);
        if (text.starts_with("--") && text.len() > 2) || first_backslash {
            let message = format!(
                "'{}' is not a command: a command cannot continue on the next line",
                text.split('=').next().unwrap_or(text).trim_end()
            );
            let mut finding = Finding::new(&codes::BROKEN_LINE, message)
                .at(place.span)
                .label("part of the line before")
                .help("write the whole command on one line");
            if let Some(last) = self.last_command {
                finding = finding.related(last, "the command begins here");
            }
            return Box::new(finding);
        }
        problems::unknown_command(words, place)
    }
}

fn arg_span(arg: &Arg<'_>) -> Span {
    match arg {
        Arg::Option { name_span, .. } => *name_span,
        Arg::Positional(Spanned { span, .. }) => *span,
    }
}

fn defined_twice(earlier: &Earlier, place: &Place<'_>) -> Finding {
    let Earlier { place: first, duplicate, name } = earlier;
    // A member such as raid.01 is in the place of the mount point.
    let what = match duplicate.what.strip_suffix(" with the mount point") {
        Some(what) if !name.starts_with('/') => what,
        _ => duplicate.what,
    };
    let name = if name.is_empty() { String::new() } else { format!(" '{name}'") };
    Finding::new(&codes::DUPLICATE, format!("the {what}{name} is defined twice"))
        .at(place.span)
        .related(*first, "the first one")
        .help("delete one of the two")
}
