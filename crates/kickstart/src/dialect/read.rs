//! From lines to a kickstart: the state machine of the reference, with a finding for each line that it refuses.

mod command; // one command
mod include; // what a line includes

use super::addons;
use super::arguments::{self, Scratch};
use super::checks::{self, Line as CheckLine};
use super::codes;
use super::index::CommandIndex;
use super::kickstart::{Include, Kickstart, Section, SectionKind};
use super::mend;
use super::packages;
use super::problems::{self, Place};
use super::quotes;
use super::state::State;
use super::tables::{self, Mode};
use super::values::{Arg, Words};
use super::version::Version;
use crate::include::Includes;
use crate::syntax::{Line, LineKind, SECTION_NAMES, Scanner, Word, is_white, unquote};
use node_base::diagnostic::{Applicability, Finding, Findings, Fix, Told, nearest};
use node_base::source::{FileId, Sources, Span};
use std::borrow::Cow;
use std::collections::HashSet;

/// Reads one file as a kickstart of this version; includes are not followed. Syntax findings go to `findings`; the
/// kickstart holds everything that could be read, even when there are errors.
pub fn parse<'s>(
    sources: &'s Sources,
    file: FileId,
    version: Version,
    findings: &mut Findings,
) -> Kickstart<'s> {
    parse_with_includes(sources, Includes::none(), file, version, findings)
}

/// As [`parse`], and follows the includes that [`Includes::load`] has brought into `sources`.
pub fn parse_with_includes<'s>(
    sources: &'s Sources,
    includes: &'s Includes,
    file: FileId,
    version: Version,
    findings: &mut Findings,
) -> Kickstart<'s> {
    Reader::new(sources, includes, file, version, findings).read()
}

/// Reads one file as the reference's validator does (`ksvalidator`, pykickstart 3.78), which turns warnings into errors: a line
/// with a warning takes no effect, an include that was not loaded is an error, and a file that is included again has its
/// findings again. Findings are in the order in which the validator meets their causes.
pub fn validate(
    sources: &Sources,
    includes: &Includes,
    file: FileId,
    version: Version,
    findings: &mut Findings,
) {
    let mut reader = Reader::new(sources, includes, file, version, findings);
    reader.validates = true;
    reader.read();
}

/// Reads one file.
struct Reader<'s, 'f> {
    sources: &'s Sources,
    includes: &'s Includes,
    version: Version,
    bit: u64,
    /// Whether it reads as [`validate`] says.
    validates: bool,
    findings: &'f mut Findings,
    /// How many files are being read: the kickstart, and what is included in it.
    depth: usize,
    /// How many includes were followed, and how many bytes they had.
    followed: usize,
    followed_bytes: usize,
    /// The files that were followed, and how many bytes those had that were followed again.
    seen: HashSet<FileId>,
    repeated_bytes: usize,
    /// What is found again in a file that is included again.
    told: Told,
    kickstart: Kickstart<'s>,
    state: State<'s>,
    scratch: Scratch,
    open: Option<Open>,
    /// The last command, for a line that continues it by mistake.
    last_command: Option<Span>,
}

/// The section that is being read.
struct Open {
    /// Index into the kickstart's sections; none for a section that the language does not know.
    index: Option<usize>,
    body_start: u32,
    header: Span,
    /// Whether it has content other than white space.
    has_content: bool,
}

impl<'s, 'f> Reader<'s, 'f> {
    fn new(
        sources: &'s Sources,
        includes: &'s Includes,
        file: FileId,
        version: Version,
        findings: &'f mut Findings,
    ) -> Self {
        Reader {
            sources,
            includes,
            version,
            bit: version.bit(),
            validates: false,
            findings,
            depth: 0,
            followed: 0,
            followed_bytes: 0,
            seen: HashSet::new(),
            repeated_bytes: 0,
            told: Told::default(),
            kickstart: Kickstart {
                version,
                file,
                // Enough for most kickstarts: growing means moving all of them.
                commands: Vec::with_capacity(64),
                index: CommandIndex::default(),
                sections: Vec::new(),
                includes: Vec::new(),
                appends: Vec::new(),
            },
            state: State::default(),
            scratch: Scratch::default(),
            open: None,
            last_command: None,
        }
    }

    fn read(mut self) -> Kickstart<'s> {
        self.file(self.kickstart.file);
        self.kickstart
    }

    fn file(&mut self, file: FileId) {
        self.depth += 1;
        let source = self.sources.get(file);
        let (text, lines) = (source.text(), source.lines());
        let inside = self.open.is_some();
        let mut scanner =
            if inside { Scanner::inside_section(text, lines) } else { Scanner::new(text, lines) };
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
                // A header that cannot be read opens its section all the same.
                self.quote_error(words, line);
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
                let before = self.findings.iter().len();
                self.command_line(words, line, scanner);
                if line.comment.is_some()
                    && self.findings.iter().len() > before
                    && let Some(help) = quotes::swallowed(words, line)
                {
                    self.findings.help_from(before, quotes::is_missing, &help);
                }
            }
        }
    }

    /// Reports a quote without a partner; returns whether there was one.
    fn quote_error(&mut self, words: &Words<'s, '_>, line: &Line) -> bool {
        let Some((finding, _)) = quotes::unclosed(words, line) else { return false };
        self.findings.push(finding);
        true
    }

    fn command_line(&mut self, words: &Words<'s, '_>, line: &Line, scanner: &mut Scanner<'s>) {
        let (Some(first), false) = (words.texts.first(), words.words.is_empty()) else { return };
        let span = words.span(0);
        if first.is_empty() {
            let message = "the line begins with an empty word, which is not a command";
            let end = words.words.get(1).map_or(span.end, |next| next.start);
            let fix = Fix::delete(Span { end, ..span }, "delete the quotes", Applicability::Unsafe);
            self.findings.push(
                Finding::new(&codes::EMPTY_COMMAND, message).at(span).help("delete the quotes").fix(fix),
            );
            return;
        }
        if first == "%include" {
            self.include(words);
            return;
        }
        if first == "%ksappend" {
            let outcome = words.texts.get(1).and_then(|path| self.includes.outcome(words.file, path));
            if words.texts.len() > 1 {
                let span = words.span(0).to(words.span(words.words.len() - 1));
                self.kickstart.appends.push(Include { path: words.value(1), span, section: None, outcome });
            }
            self.follow(words, outcome);
            return;
        }
        if first.starts_with('%') {
            self.unknown_section(words, line, scanner);
            return;
        }
        self.command(words, line);
    }

    fn unknown_section(&mut self, words: &Words<'s, '_>, line: &Line, scanner: &mut Scanner<'s>) {
        let text = words.texts[0].as_ref();
        let span = words.span(0);
        if text == "%end" {
            let message = "'%end' without an open section";
            let mut finding = Finding::new(&codes::STRAY_END, message).at(span);
            if let Some(section) = self.kickstart.sections.last() {
                finding = finding.related(section.name_span, "the section before is closed already");
            }
            let fix = Fix::delete_line(words.text, span, Applicability::Unsafe);
            self.findings.push(finding.help("delete it, or write the header of its section").fix(fix));
            return;
        }
        let mut finding = Finding::new(&codes::UNKNOWN_SECTION, format!("unknown section '{text}'")).at(span);
        let joined = format!("%{}", words.texts.get(1).map_or("", |w| w.as_ref()));
        if text == "%" && SECTION_NAMES.contains(&joined.as_str()) {
            let whole = span.to(words.span(1));
            finding = finding.help(format!("write {joined} without a space")).fix(Fix::replace(
                whole,
                &joined,
                format!("write {joined}"),
                Applicability::Safe,
            ));
        } else if let Some(near) = nearest(text, SECTION_NAMES) {
            finding =
                finding.label(format!("did you mean '{near}'?")).fix(mend::known_word(span, text, near));
        } else {
            finding = finding.help(format!("the sections are {}", problems::list(SECTION_NAMES, "and")));
        }
        self.findings.push(finding);
        // Whatever it was meant to be, its lines are not commands.
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
            None => {
                args = plain(&rest);
                if let (SectionKind::Addon, Some(name)) = (kind, rest.texts.first()) {
                    self.findings.extend(addons::finding(name, rest.span(0), self.version));
                }
            }
            Some(table) if valid => {
                let (read, seen, result) =
                    arguments::read(&rest, table, Mode::Strict, &place, &mut self.scratch);
                args = read;
                if seen.deprecated {
                    self.deprecated_options(&args, table, &place, rest.text);
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
                            let fix =
                                Fix::replace(name_span, "%onerror", "write %onerror", Applicability::Unsafe);
                            let help = "write %onerror instead, which runs on every failure";
                            self.findings.push(finding.help(help).fix(fix));
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
            packages: Vec::new(),
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
            SectionKind::Packages => {
                let included = std::mem::take(&mut self.kickstart.sections[index].packages);
                self.packages(index, body);
                self.kickstart.sections[index].packages.extend(included);
            }
            SectionKind::Certificate if !open.has_content => {
                let message = "the certificate is empty";
                self.kickstart.sections[index].valid = false;
                self.findings.push(
                    Finding::new(&codes::EMPTY_CERTIFICATE, message)
                        .at(self.kickstart.sections[index].name_span)
                        .help("write the certificate in PEM form between the header and %end"),
                );
            }
            _ => {}
        }
    }

    /// Reads these lines into the section.
    fn packages(&mut self, section: usize, lines: Span) {
        let text = &self.sources.get(lines.file).text()[lines.range()];
        let packages = &mut self.kickstart.sections[section].packages;
        for line in packages::lines(lines.file, text, lines.start as usize) {
            match line {
                Ok(line) => packages.push(line),
                Err(finding) => self.findings.push(*finding),
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
                    .help("write %end on a line of its own before this line")
                    .fix(mend::end_before(words.text, words.span(0))),
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
                .help("write %end on a line of its own")
                .fix(mend::end_at_the_end(text, file, open.body_start as usize)),
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

#[cfg(test)]
mod tests {
    use super::*;
    use node_base::diagnostic::Findings;
    use node_base::source::Sources;

    #[test]
    fn commands_with_one_object_are_found_when_given_again() {
        let text =
            "text\nlang C\npart a\nuser --name=a\nuser --name=b\ngraphical\nlang D\nlang\nurl --url=x\n";
        let mut sources = Sources::new();
        let file = sources.add("x", text.to_owned()).unwrap();
        let kickstart = parse(&sources, file, Version::rhel(9), &mut Findings::new());
        let found: Vec<_> =
            kickstart.given_again().map(|(r, commands)| (r.words[0], commands.len())).collect();
        assert_eq!(found, [("lang", 2), ("text", 2)]);
    }
}
