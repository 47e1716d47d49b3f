//! From lines to a kickstart: the state machine of the reference, with a finding for each line that it refuses.

use super::arguments::{self, Scratch, Words};
use super::checks::{self, Line as CheckLine};
use super::codes;
use super::index::CommandIndex;
use super::kickstart::{Arg, Command, Include, Kickstart, Section, SectionKind, Value};
use super::packages;
use super::problems::{self, Fail, Place};
use super::quotes;
use super::state::State;
use super::tables::{self, Mode};
use super::version::Version;
use crate::diagnostic::{Finding, Findings, nearest};
use crate::source::{FileId, Included, Sources, Span};
use crate::syntax::{Line, LineKind, SECTION_NAMES, Scanner, Word, is_white, unquote};
use std::borrow::Cow;

/// Most includes that are followed: files that include each other several times would grow without end.
const MOST_FOLLOWED: usize = 1000;

/// Reads one file.
pub(super) struct Reader<'s, 'f> {
    sources: &'s Sources,
    version: Version,
    bit: u64,
    findings: &'f mut Findings,
    /// How many files are being read: the kickstart, and what is included in it.
    depth: usize,
    /// How many includes were followed.
    followed: usize,
    kickstart: Kickstart<'s>,
    state: State<'s>,
    scratch: Scratch,
    open: Option<Open>,
    /// The last line with words, for lines that were broken in two.
    last_command: Option<Span>,
}

/// The section that is being read.
struct Open {
    /// Index into the kickstart's sections; none for a section that the language does not know.
    index: Option<usize>,
    body_start: u32,
    header: Span,
    /// Whether a line of content stands in it.
    has_content: bool,
}

impl<'s, 'f> Reader<'s, 'f> {
    pub(super) fn new(
        sources: &'s Sources,
        file: FileId,
        version: Version,
        findings: &'f mut Findings,
    ) -> Self {
        Reader {
            sources,
            version,
            bit: version.bit(),
            findings,
            depth: 0,
            followed: 0,
            kickstart: Kickstart {
                version,
                file,
                commands: Vec::new(),
                index: CommandIndex::default(),
                sections: Vec::new(),
                includes: Vec::new(),
            },
            state: State::default(),
            scratch: Scratch::default(),
            open: None,
            last_command: None,
        }
    }

    pub(super) fn read(mut self) -> Kickstart<'s> {
        self.file(self.kickstart.file);
        self.kickstart
    }

    fn file(&mut self, file: FileId) {
        self.depth += 1;
        let text = self.sources.get(file).text();
        let inside = self.open.is_some();
        let mut scanner = if inside { Scanner::inside_section(text) } else { Scanner::new(text) };
        let mut words: Vec<Word> = Vec::new();
        let mut texts: Vec<Cow<'s, str>> = Vec::new();
        let mut last_line = (0, 0);
        while let Some(line) = scanner.next_line(&mut words) {
            last_line = (line.start, line.end);
            match line.kind {
                LineKind::Blank | LineKind::Comment => continue,
                LineKind::Content => {
                    if let Some(open) = &mut self.open
                        && !open.has_content
                    {
                        let content = &text[line.start as usize..line.end as usize];
                        open.has_content = !content.chars().all(is_white);
                    }
                    continue;
                }
                _ => {}
            }
            texts.clear();
            texts.extend(words.iter().map(|w| {
                let raw = &text[w.start as usize..w.end as usize];
                if w.plain { Cow::Borrowed(raw) } else { unquote(raw) }
            }));
            let words = Words { text, file, words: &words, texts: &texts };
            self.line(&words, &line, &mut scanner);
        }
        self.depth -= 1;
        if self.depth == 0 || !inside {
            self.end_of_file(file, last_line);
        }
    }

    fn line(&mut self, words: &Words<'s, '_>, line: &Line, scanner: &mut Scanner<'s>) {
        match line.kind {
            LineKind::Header => {
                if line.cuts_section {
                    self.cut_section(words, line);
                }
                if self.quote_error(words, line) {
                    // The header cannot be read; its section goes on all the same.
                }
                self.header(words, line);
            }
            LineKind::End => {
                self.quote_error(words, line);
                self.end_section(line.start, line.end);
            }
            LineKind::ContentInclude => {
                if !self.quote_error(words, line) {
                    self.include(words);
                }
            }
            _ => {
                if let Some((finding, partner)) = quotes::unclosed(words, line) {
                    self.findings.push(finding);
                    if let Some(partner) = partner {
                        scanner.skip_line_of(partner.start);
                    }
                    return;
                }
                if let Some(finding) = quotes::comment_in_word(words, line) {
                    self.findings.push(finding);
                }
                self.command_line(words, line, scanner);
            }
        }
    }

    /// A quote without a partner: whether there is one.
    fn quote_error(&mut self, words: &Words<'s, '_>, line: &Line) -> bool {
        let Some((finding, _)) = quotes::unclosed(words, line) else { return false };
        self.findings.push(finding);
        true
    }

    fn command_line(&mut self, words: &Words<'s, '_>, line: &Line, scanner: &mut Scanner<'s>) {
        let (Some(first), false) = (words.texts.first(), words.words.is_empty()) else { return };
        let span = words.span(0);
        if first.is_empty() {
            let message = "the line begins with an empty word: there is no such command";
            self.findings
                .push(Finding::new(&codes::EMPTY_COMMAND, message).at(span).help("delete the quotes"));
            return;
        }
        if first == "%include" {
            self.include(words);
            return;
        }
        if first == "%ksappend" {
            self.follow(words);
            return;
        }
        if first.starts_with('%') {
            self.unknown_section(words, line, scanner);
            return;
        }
        self.command(words, line);
    }

    fn command(&mut self, words: &Words<'s, '_>, line: &Line) {
        let text = words.texts[0].as_ref();
        let name_span = words.span(0);
        let last = words.words.len() - 1;
        let span = name_span.to(words.span(last));
        let place = Place { version: self.version, bit: self.bit, word: text, span: name_span };
        let known = tables::word(text).filter(|w| (w.active | w.deprecated | w.removed) & self.bit != 0);
        let Some(word) = known else {
            let finding = self.unknown_command(words, line, &place);
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
            let message = format!("'{text}' and '{other}' cannot stand in one kickstart");
            self.findings.push(
                Finding::new(&codes::COMMANDS_CONFLICT, message)
                    .at(name_span)
                    .related(other_span, "the other one"),
            );
        }
        let result = if word.removed & self.bit != 0 {
            Err(problems::removed_command(word, table, &place))
        } else if word.deprecated & self.bit != 0 {
            if conflict.is_none() {
                self.findings.push(problems::deprecated_command(word, table, &place));
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
                            Some(instead) => finding.help(format!("write instead: {instead}")),
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
            self.deprecated_options(args, table, place);
        }
        result?;
        let check = CheckLine { table, place, args, seen };
        for finding in checks::outdated(&check, rest.text) {
            self.findings.push(finding);
        }
        if mode == Mode::Outdated && seen.extras > 0 {
            let message = format!("'{}' takes no arguments any more: they are ignored", place.word);
            let span = args.first().map_or(place.span, arg_span);
            self.findings.push(Finding::new(&codes::DEPRECATED_OPTION, message).at(span).help("delete them"));
        }
        if matches!(mode, Mode::Ignored | Mode::Line) {
            return Ok(());
        }
        let before = self.state.sticky(number);
        self.state.keep(number, seen.given, seen.set);
        checks::declared(&check, before, rest.texts.len())?;
        checks::special(number, &check, &mut self.state)?;
        if let Some((first, duplicate, shown)) =
            self.state.define(number, table, args, place.span, self.version)
        {
            let name = if shown.is_empty() { String::new() } else { format!(" '{shown}'") };
            let message = format!("the {}{name} is defined twice", duplicate.what);
            self.findings.push(
                Finding::new(&codes::DUPLICATE, message).at(place.span).related(first, "the first one"),
            );
        }
        Ok(())
    }

    fn deprecated_options(&mut self, args: &[Arg<'s>], table: &'static tables::Table, place: &Place<'_>) {
        for (option, span) in arguments::deprecated(args, table, self.bit) {
            let name = option.names[0];
            let message =
                format!("{name} of '{}' is deprecated in {} and does nothing", place.word, self.version);
            let help = match table.instead_of_option(name) {
                Some(instead) => format!("write instead: {instead}"),
                None => format!("delete {name}"),
            };
            self.findings.push(Finding::new(&codes::DEPRECATED_OPTION, message).at(span).help(help));
        }
    }

    /// The first word is no command; often it is something that can be named.
    fn unknown_command(&self, words: &Words<'s, '_>, line: &Line, place: &Place<'_>) -> Fail {
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
        // Only where the character itself stands there, not a quote or backslash before it.
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
                    format!("the line begins with {name}, which is no space to the installer"),
                )
                .at(Span::new(words.file, place.span.start as usize, end))
                .help("delete it, or write a plain space"),
            );
        }
        let first_backslash = text.starts_with(['\n', '\r']);
        if (text.starts_with("--") && text.len() > 2) || first_backslash {
            let message = format!(
                "'{}' is no command: a command cannot go on in the next line",
                text.split('=').next().unwrap_or(text).trim_end()
            );
            let mut finding = Finding::new(&codes::BROKEN_LINE, message)
                .at(place.span)
                .label("belongs to the line before")
                .help("write the whole command on one line");
            if let Some(last) = self.last_command {
                finding = finding.related(last, "the command begins here");
            }
            return Box::new(finding);
        }
        let _ = line;
        problems::unknown_command(place)
    }

    fn include(&mut self, words: &Words<'s, '_>) {
        let span = words.span(0).to(words.span(words.words.len() - 1));
        match words.texts.get(1) {
            Some(path) if !path.is_empty() => {
                let section = self.open.as_ref().and_then(|o| o.index);
                self.kickstart.includes.push(Include { path: words.value(1), span, section });
                self.follow(words);
            }
            _ => {
                let message = "'%include' needs the path of a file";
                let finding = Finding::new(&codes::INCLUDE_WITHOUT_PATH, message).at(span);
                self.findings.push(finding.help("write %include /tmp/disk.ks"));
            }
        }
    }

    /// Goes on in the file that the line includes, where that was found. Its lines count as if they stood here.
    fn follow(&mut self, words: &Words<'s, '_>) {
        let Some(path) = words.texts.get(1) else { return };
        match self.sources.included(words.file, path) {
            // Who finds the files lets none include itself; a few can still include each other a million times.
            Some(&Included::File(file)) if self.followed < MOST_FOLLOWED => {
                self.followed += 1;
                let section = self.open.as_ref().and_then(|open| open.index);
                if let Some(index) = section {
                    let whole = Span::new(file, 0, self.sources.get(file).text().len());
                    self.kickstart.sections[index].included.push(whole);
                    if self.kickstart.sections[index].kind == SectionKind::Packages {
                        self.packages(whole);
                    }
                }
                let last_command = self.last_command.take();
                self.file(file);
                self.last_command = last_command;
            }
            Some(Included::NotFound) => {
                let message = format!("the included file '{path}' is not there");
                let help = "give the directory that has it with --root, or let a %pre script write it";
                self.findings
                    .push(Finding::new(&codes::INCLUDE_MISSING, message).at(words.span(1)).help(help));
            }
            _ => {}
        }
    }

    fn unknown_section(&mut self, words: &Words<'s, '_>, line: &Line, scanner: &mut Scanner<'s>) {
        let text = words.texts[0].as_ref();
        let span = words.span(0);
        if text == "%end" {
            let message = "'%end' stands where no section is open";
            let mut finding = Finding::new(&codes::STRAY_END, message).at(span);
            if let Some(section) = self.kickstart.sections.last() {
                finding = finding.related(section.name_span, "the section before was closed already");
            }
            self.findings.push(finding.help("delete it, or write the header of its section"));
            return;
        }
        let mut finding =
            Finding::new(&codes::UNKNOWN_SECTION, format!("there is no section '{text}'")).at(span);
        let joined = format!("%{}", words.texts.get(1).map_or("", |w| w.as_ref()));
        if text == "%" && SECTION_NAMES.contains(&joined.as_str()) {
            finding = finding.help(format!("write {joined} without a space"));
        } else if let Some(near) = nearest(text, SECTION_NAMES) {
            finding = finding.label(format!("did you mean '{near}'?"));
        } else {
            finding = finding.help(format!("the sections are {}", problems::list(SECTION_NAMES, "and")));
        }
        self.findings.push(finding);
        // Its lines are no commands, whatever it was meant to be.
        scanner.enter_section();
        let header = Span::new(words.file, line.start as usize, line.end as usize);
        self.open = Some(Open { index: None, body_start: line.end, header, has_content: false });
    }

    fn header(&mut self, words: &Words<'s, '_>, line: &Line) {
        let text = words.texts[0].as_ref();
        let name_span = words.span(0);
        let kind = SectionKind::from_name(text).unwrap_or(SectionKind::Anaconda);
        let end = line.start as usize
            + words.text[line.start as usize..line.end as usize].trim_end_matches(is_white).len();
        let header_span = Span::new(words.file, line.start as usize, end);
        let rest = Words { words: &words.words[1..], texts: &words.texts[1..], ..*words };
        let place = Place { version: self.version, bit: self.bit, word: text, span: name_span };
        let mut valid = line.error.is_none();
        let mut args = Vec::new();
        match text.strip_prefix('%').and_then(tables::section) {
            None => args = plain(&rest),
            Some(table) if valid => {
                let (read, seen, result) =
                    arguments::read(&rest, table, Mode::Strict, &place, &mut self.scratch);
                args = read;
                if seen.deprecated {
                    self.deprecated_options(&args, table, &place);
                }
                let check = CheckLine { table, place: &place, args: &args, seen };
                let result =
                    result.and_then(|()| checks::declared(&check, Default::default(), rest.texts.len()));
                match result {
                    Ok(()) => {
                        for finding in checks::outdated(&check, rest.text) {
                            self.findings.push(finding);
                        }
                        if kind == SectionKind::Traceback && self.version.is_at_least(Version::fedora(34)) {
                            let message =
                                format!("the section '%traceback' is deprecated in {}", self.version);
                            let finding = Finding::new(&codes::DEPRECATED_SECTION, message).at(name_span);
                            self.findings
                                .push(finding.help("write instead: %onerror, which runs on every failure"));
                        }
                    }
                    Err(finding) => {
                        valid = false;
                        self.findings.push(*finding);
                    }
                }
            }
            Some(_) => {}
        }
        let body = Span::new(words.file, line.end as usize, line.end as usize);
        self.kickstart.sections.push(Section {
            kind,
            name_span,
            header_span,
            args,
            body,
            span: header_span,
            included: Vec::new(),
            valid,
        });
        let index = Some(self.kickstart.sections.len() - 1);
        self.open = Some(Open { index, body_start: line.end, header: header_span, has_content: false });
    }

    /// `%end`, from `start` to `end`.
    fn end_section(&mut self, start: u32, end: u32) {
        let Some(open) = self.open.take() else { return };
        let Some(index) = open.index else { return };
        let section = &mut self.kickstart.sections[index];
        section.body.start = open.body_start;
        section.body.end = start;
        section.span.end = end.max(start);
        let body = section.body;
        let kind = section.kind;
        match kind {
            SectionKind::Packages => self.packages(body),
            SectionKind::Certificate if !open.has_content => {
                let message = "the certificate is empty";
                self.kickstart.sections[index].valid = false;
                self.findings.push(
                    Finding::new(&codes::EMPTY_CERTIFICATE, message)
                        .at(self.kickstart.sections[index].name_span)
                        .help("put the certificate between the header and %end, in PEM form"),
                );
            }
            _ => {}
        }
    }

    fn packages(&mut self, body: Span) {
        let text = &self.sources.get(body.file).text()[body.range()];
        for line in packages::lines(body.file, text, body.start as usize) {
            if let Err(finding) = line {
                self.findings.push(*finding);
            }
        }
    }

    /// Below Fedora 8 a section ends where the next one begins.
    fn needs_end(&self) -> bool {
        self.version.is_at_least(Version::fedora(8))
    }

    fn cut_section(&mut self, words: &Words<'s, '_>, line: &Line) {
        let Some(open) = &self.open else { return };
        let header = open.header;
        if self.needs_end() && open.index.is_some() {
            let name = self.sources.text_of(header).split_whitespace().next().unwrap_or_default().to_owned();
            let message = format!("'{name}' is not closed with %end before '{}' begins", words.texts[0]);
            self.findings.push(
                Finding::new(&codes::MISSING_END, message)
                    .at(words.span(0))
                    .label("a new section begins here")
                    .related(header, "this section is open")
                    .help("write %end on a line of its own before this line"),
            );
        }
        self.end_section(line.start, line.start);
    }

    fn end_of_file(&mut self, file: FileId, (start, end): (u32, u32)) {
        let Some(open) = &self.open else { return };
        let header = open.header;
        if self.needs_end() && open.index.is_some() {
            let text = self.sources.get(file).text();
            let name = self.sources.text_of(header).split_whitespace().next().unwrap_or_default().to_owned();
            let line = &text[start as usize..end as usize];
            let line_end = start as usize + line.trim_end_matches(is_white).len();
            let line_start = line_end - line[..line_end - start as usize].trim_start_matches(is_white).len();
            self.findings.push(
                Finding::new(
                    &codes::MISSING_END,
                    format!("'{name}' is not closed with %end at the end of the file"),
                )
                .at(Span::new(file, line_start, line_end))
                .related(header, "the section begins here")
                .help("write %end on a line of its own"),
            );
        }
        let length = self.sources.get(file).text().len() as u32;
        self.end_section(length, length);
    }
}

/// Every word a positional argument.
fn plain<'s>(words: &Words<'s, '_>) -> Vec<Arg<'s>> {
    (0..words.texts.len()).map(|i| Arg::Positional(words.value(i))).collect()
}

fn arg_span(arg: &Arg<'_>) -> Span {
    match arg {
        Arg::Option { name_span, .. } => *name_span,
        Arg::Positional(Value { span, .. }) => *span,
    }
}
