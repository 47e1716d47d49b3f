//! From the syntax tree of a script to its simple commands, in order.

use super::{Next, Offsets, ShellWord, Statement};
use brush_parser::SourceSpan;
use brush_parser::ast::{
    AndOr, Command, CommandPrefixOrSuffixItem, CompoundCommand, CompoundList, IoFileRedirectKind,
    IoFileRedirectTarget, IoRedirect, Pipeline, Program, SeparatorOperator, SimpleCommand, Word,
};

/// Words before a command that do not change what it does.
const PREFIXES: [&str; 7] = ["exec", "time", "sudo", "command", "env", "nice", "builtin"];

/// The simple commands of a script.
pub(super) struct Commands {
    /// Those that run one after the other.
    pub statements: Vec<Statement>,
    /// Those of `<(…)` and `>(…)`.
    pub inside: Vec<Statement>,
}

/// The simple commands of a script.
pub(super) fn statements(text: &str, program: &Program) -> Commands {
    let mut walk = Walk { text, offsets: Offsets::of(text), list: Vec::new(), inside: Vec::new() };
    for commands in &program.complete_commands {
        walk.list(commands, Place::default());
    }
    Commands { statements: walk.list, inside: walk.inside }
}

/// Where a command is.
#[derive(Clone, Copy, Default)]
struct Place {
    condition: bool,
    nested: bool,
}

impl Place {
    fn nested(self) -> Place {
        Place { nested: true, ..self }
    }

    fn condition() -> Place {
        Place { condition: true, nested: true }
    }
}

struct Walk<'t> {
    text: &'t str,
    offsets: Offsets<'t>,
    list: Vec<Statement>,
    inside: Vec<Statement>,
}

impl Walk<'_> {
    fn list(&mut self, list: &CompoundList, place: Place) {
        for item in &list.0 {
            let pipelines = &item.0;
            self.pipeline(&pipelines.first, place);
            for further in &pipelines.additional {
                let (operator, pipeline) = match further {
                    AndOr::And(pipeline) => (Next::And, pipeline),
                    AndOr::Or(pipeline) => (Next::Or, pipeline),
                };
                self.follow(operator);
                self.pipeline(pipeline, place);
            }
            if matches!(item.1, SeparatorOperator::Async) {
                self.follow(Next::Background);
            }
        }
    }

    /// Says what follows the last command; after a bracket that is the command in it.
    fn follow(&mut self, next: Next) {
        if let Some(last) = self.list.last_mut() {
            last.next = next;
        }
    }

    fn pipeline(&mut self, pipeline: &Pipeline, place: Place) {
        let place = Place { condition: place.condition || pipeline.bang, ..place };
        for (i, command) in pipeline.seq.iter().enumerate() {
            if i > 0 {
                self.follow(Next::Pipe);
            }
            self.command(command, place);
        }
    }

    fn command(&mut self, command: &Command, place: Place) {
        let before = self.list.len();
        let redirects = match command {
            Command::Simple(simple) => {
                self.simple(simple, place);
                return;
            }
            Command::Compound(compound, redirects) => {
                self.compound(compound, place);
                redirects
            }
            Command::Function(function) => {
                self.compound(&function.body.0, place.nested());
                &function.body.1
            }
            Command::ExtendedTest(test, redirects) => {
                self.test(&test.loc, place);
                redirects
            }
        };
        // `{ …; } > file`: what the commands in it write.
        let Some(last) = self.list.get_mut(before..).and_then(<[Statement]>::last_mut) else { return };
        last.written.extend(redirects.iter().flat_map(|list| &list.0).filter_map(written));
    }

    fn compound(&mut self, compound: &CompoundCommand, place: Place) {
        match compound {
            CompoundCommand::Arithmetic(_) => {}
            CompoundCommand::BraceGroup(group) => self.list(&group.list, place),
            CompoundCommand::Subshell(shell) => self.list(&shell.list, place),
            CompoundCommand::ArithmeticForClause(loops) => self.list(&loops.body.list, place.nested()),
            CompoundCommand::ForClause(loops) => self.list(&loops.body.list, place.nested()),
            CompoundCommand::CaseClause(cases) => {
                for list in cases.cases.iter().filter_map(|case| case.cmd.as_ref()) {
                    self.list(list, place.nested());
                }
            }
            CompoundCommand::IfClause(branch) => {
                self.list(&branch.condition, Place::condition());
                self.list(&branch.then, place.nested());
                for other in branch.elses.iter().flatten() {
                    if let Some(condition) = &other.condition {
                        self.list(condition, Place::condition());
                    }
                    self.list(&other.body, place.nested());
                }
            }
            CompoundCommand::WhileClause(loops) | CompoundCommand::UntilClause(loops) => {
                self.list(&loops.0, Place::condition());
                self.list(&loops.1.list, place.nested());
            }
            CompoundCommand::Coprocess(process) => {
                self.command(&process.body, place);
                self.follow(Next::Background);
            }
        }
    }

    /// `[[ … ]]`, as a command of that name.
    fn test(&mut self, span: &SourceSpan, place: Place) {
        let (start, end) = self.place(span);
        let mut words = Vec::new();
        let mut at = start;
        for piece in self.text[start..end].split_inclusive(char::is_whitespace) {
            let word = piece.trim_end();
            if !word.is_empty() {
                words.push(ShellWord { text: unquoted(word), start: at, end: at + word.len() });
            }
            at += piece.len();
        }
        self.push(words, Vec::new(), end, place);
    }

    fn simple(&mut self, command: &SimpleCommand, place: Place) {
        let before = self.list.len();
        let prefix = command.prefix.iter().flat_map(|prefix| &prefix.0);
        let suffix = command.suffix.iter().flat_map(|suffix| &suffix.0);
        let mut words: Vec<ShellWord> = Vec::new();
        let mut files = Vec::new();
        let mut input = None;
        let mut end = 0;
        let mut read = |walk: &mut Self, item: &CommandPrefixOrSuffixItem, is_prefix: bool| match item {
            CommandPrefixOrSuffixItem::IoRedirect(redirect) => {
                files.extend(written(redirect));
                input = walk.input(redirect).or(input.take());
                end = end.max(target(redirect).and_then(|word| walk.word(word)).map_or(0, |word| word.end));
            }
            CommandPrefixOrSuffixItem::AssignmentWord(..) if is_prefix => {}
            CommandPrefixOrSuffixItem::Word(word) | CommandPrefixOrSuffixItem::AssignmentWord(_, word) => {
                if let Some(word) = walk.word(word) {
                    end = end.max(word.end);
                    words.push(word);
                }
            }
            CommandPrefixOrSuffixItem::ProcessSubstitution(_, shell) => {
                let (start, last) = walk.place(&shell.loc);
                end = end.max(last);
                words.push(ShellWord { text: walk.text[start..last].to_owned(), start, end: last });
                let outside = std::mem::take(&mut walk.list);
                walk.list(&shell.list, Place::default());
                let inside = std::mem::replace(&mut walk.list, outside);
                walk.inside.extend(inside);
            }
        };
        for item in prefix {
            read(self, item, true);
        }
        if let Some(name) = &command.word_or_name {
            read(self, &CommandPrefixOrSuffixItem::Word(name.clone()), false);
        }
        for item in suffix {
            read(self, item, false);
        }
        let passed = words
            .iter()
            .take_while(|word| PREFIXES.contains(&word.text.as_str()) || is_assignment(&word.text))
            .count();
        words.drain(..passed);
        self.push(words, files, end, place);
        if let (Some(input), Some(last)) =
            (input, self.list.get_mut(before..).and_then(<[Statement]>::last_mut))
        {
            last.input = Some(input);
        }
    }

    /// What a here-string or a here-document gives to a command.
    fn input(&self, redirect: &IoRedirect) -> Option<ShellWord> {
        match redirect {
            IoRedirect::HereString(_, word) => self.word(word),
            IoRedirect::HereDocument(_, document) => {
                let (start, end) = document.doc.loc.as_ref().map_or((0, 0), |span| self.place(span));
                Some(ShellWord { text: document.doc.value.clone(), start, end })
            }
            _ => None,
        }
    }

    fn push(&mut self, words: Vec<ShellWord>, written: Vec<String>, end: usize, place: Place) {
        let Some(last) = words.last() else { return };
        let end = end.max(last.end);
        let Place { condition, nested } = place;
        self.list.push(Statement { words, written, input: None, end, next: Next::End, condition, nested });
    }

    fn word(&self, word: &Word) -> Option<ShellWord> {
        let (start, end) = self.place(word.loc.as_ref()?);
        // The tokenizer does not count the two characters that join a line with the next one: to it a word begins too early.
        let is_before = |c: char| matches!(c, ' ' | '\t' | '\n');
        let mut raw = self.text[start..end].trim_start_matches(is_before);
        while let Some(rest) = raw.strip_prefix("\\\n") {
            raw = rest.trim_start_matches(is_before);
        }
        let start = end - raw.len();
        let end = start + raw.trim_end_matches("\\\n").len();
        Some(ShellWord { text: unquoted(&word.value), start, end })
    }

    fn place(&self, span: &SourceSpan) -> (usize, usize) {
        let start = self.offsets.byte(span.start.index);
        (start, self.offsets.byte(span.end.index).max(start))
    }
}

/// The word after a redirection.
fn target(redirect: &IoRedirect) -> Option<&Word> {
    match redirect {
        IoRedirect::File(
            _,
            _,
            IoFileRedirectTarget::Filename(word) | IoFileRedirectTarget::Duplicate(word),
        )
        | IoRedirect::HereString(_, word)
        | IoRedirect::OutputAndError(word, _) => Some(word),
        IoRedirect::HereDocument(_, document) => Some(&document.here_end),
        IoRedirect::File(..) => None,
    }
}

/// The file that a redirection writes.
fn written(redirect: &IoRedirect) -> Option<String> {
    let word = match redirect {
        IoRedirect::File(
            _,
            IoFileRedirectKind::Write | IoFileRedirectKind::Append | IoFileRedirectKind::Clobber,
            IoFileRedirectTarget::Filename(word),
        )
        | IoRedirect::OutputAndError(word, _) => word,
        _ => return None,
    };
    Some(unquoted(&word.value)).filter(|file| !file.is_empty())
}

/// `NAME=value`
fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

/// A word without its quotes. `$(…)` and `` `…` `` stay as they are written.
fn unquoted(raw: &str) -> String {
    if !raw.contains(['\\', '"', '\'', '`', '$']) {
        return raw.to_owned();
    }
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw.chars().peekable();
    let mut in_quotes = false;
    while let Some(c) = rest.next() {
        match c {
            '\\' => text.extend(rest.next().filter(|next| *next != '\n')),
            '"' => in_quotes = !in_quotes,
            '\'' if !in_quotes => text.extend(rest.by_ref().take_while(|next| *next != '\'')),
            '`' => {
                text.push(c);
                for next in rest.by_ref() {
                    text.push(next);
                    if next == '`' {
                        break;
                    }
                }
            }
            '$' if rest.peek() == Some(&'(') => {
                text.push(c);
                let mut depth = 0usize;
                for next in rest.by_ref() {
                    text.push(next);
                    match next {
                        '(' => depth += 1,
                        ')' => depth -= 1,
                        _ => {}
                    }
                    if depth == 0 {
                        break;
                    }
                }
            }
            _ => text.push(c),
        }
    }
    text
}
