//! Comments that speak to this project: `# ks-lint: waive CODE -- reason` and where it applies.
//!
//! At the end of a line a waiver applies to that line. Alone on a line it applies to the next command, to the section that
//! begins there, or, in a section, to the next line. `waive-file` applies to the file.

use super::Surroundings;
use super::codes::{ADDON_UNKNOWN_WORD, WAIVER_OF_UNKNOWN_CODE, WAIVER_WITHOUT_REASON};
use super::mistakes::Mistakes;
use super::waivers::{Form, Said, Waiver, WaiverPlace, waiver};
use kickstart::syntax::{Line, LineKind, Scanner};
use node_base::diagnostic::{Finding, nearest};
use node_base::harmless::excerpt;
use node_base::source::{FileId, Sources, Span, is_line_end};

/// How such a comment begins, after its `#`.
const MARK: &str = "ks-lint:";

/// What the mark is often misspelt as.
const NEAR_MARKS: [&str; 4] = ["kslint:", "ks_lint:", "ks-lint waive", "kslint waive"];

/// The words after the mark.
const WORDS: [&str; 3] = ["waive", "waive-file", "fmt"];

/// How a waiver is written.
const FORM: &str = "write: # ks-lint: waive CODE -- reason";

/// The waivers in the comments of a file, which is included in a section or not.
pub(super) fn waivers(
    sources: &Sources,
    file: FileId,
    in_section: bool,
    surroundings: &dyn Surroundings,
    mistakes: &mut Mistakes<'_>,
) -> Vec<Waiver> {
    let source = sources.get(file);
    let text = source.text();
    // Most files have no such comment: a search for what all ways to write it share is faster than reading every line.
    if memchr::memmem::find(text.as_bytes(), b"lint").is_none() {
        return Vec::new();
    }
    let mut scanner = if in_section {
        Scanner::inside_section(text, source.lines())
    } else {
        Scanner::new(text, source.lines())
    };
    let mut reader = Reader { text, file, surroundings, mistakes, waivers: Vec::new(), open: Vec::new() };
    let mut words = Vec::new();
    // Waivers that wait for the end of the section that they are about.
    let mut section: Option<(Vec<usize>, u32)> = None;
    while let Some(line) = scanner.next_line(&mut words) {
        if reader.mistakes.are_too_many() {
            break;
        }
        let is_body = matches!(line.kind, LineKind::Content | LineKind::ContentInclude);
        if matches!(line.kind, LineKind::Header | LineKind::End) {
            let end = if line.kind == LineKind::End { line.end } else { line.start };
            if let Some((waiting, start)) = section.take() {
                reader.close(&waiting, start, end);
            }
            let waiting = std::mem::take(&mut reader.open);
            // What waits before %end waits for nothing.
            if line.kind == LineKind::Header {
                section = Some((waiting, line.start));
            }
        }
        match reader.comment_of(&line) {
            Comment::Alone(at) => reader.directive(&line, at, true, is_body),
            Comment::AtTheEnd(at) => {
                reader.apply_open(&line);
                reader.directive(&line, at, false, is_body);
            }
            Comment::None => reader.apply_open(&line),
        }
    }
    if let Some((waiting, start)) = section {
        reader.close(&waiting, start, text.len() as u32);
    }
    reader.waivers
}

/// The comment of a line.
enum Comment {
    /// The line is a comment, which begins at this byte.
    Alone(usize),
    /// It is behind other words.
    AtTheEnd(usize),
    /// There is none.
    None,
}

struct Reader<'a, 'm, 'f> {
    text: &'a str,
    file: FileId,
    surroundings: &'a dyn Surroundings,
    mistakes: &'m mut Mistakes<'f>,
    waivers: Vec<Waiver>,
    /// Waivers that wait for the next command, section or line.
    open: Vec<usize>,
}

impl Reader<'_, '_, '_> {
    fn comment_of(&self, line: &Line) -> Comment {
        let text = &self.text[line.start as usize..line.end as usize];
        let indent = text.len() - text.trim_start().len();
        if text[indent..].starts_with('#') {
            return Comment::Alone(line.start as usize + indent);
        }
        if line.kind != LineKind::Content {
            return line.comment.map_or(Comment::None, |at| Comment::AtTheEnd(at as usize));
        }
        // The body of a section may be a script: a mark in quotes is part of a word.
        let in_body = || {
            let mark = text.rfind(MARK)?;
            let at = text[..mark].trim_end().strip_suffix('#')?.len();
            let before = &text[..at];
            let is_quoted = ['\'', '"'].iter().any(|quote| before.matches(*quote).count() % 2 == 1);
            let is_word = before.ends_with(char::is_whitespace);
            (is_word && !is_quoted).then_some(line.start as usize + at)
        };
        in_body().map_or(Comment::None, Comment::AtTheEnd)
    }

    /// Gives the waiting waivers this line; a blank one lets them wait on.
    fn apply_open(&mut self, line: &Line) {
        if self.open.is_empty() || self.text[line.start as usize..line.end as usize].trim().is_empty() {
            return;
        }
        let open = std::mem::take(&mut self.open);
        let place = WaiverPlace::Line(Span { file: self.file, start: line.start, end: line.end });
        open.into_iter().for_each(|index| self.waivers[index].place = place);
    }

    /// Gives the waivers above a section's header the whole section.
    fn close(&mut self, waiting: &[usize], start: u32, end: u32) {
        let place = WaiverPlace::Section(Span { file: self.file, start, end });
        waiting.iter().for_each(|&index| self.waivers[index].place = place);
    }

    /// Reads the comment that begins at byte `at` of a line.
    fn directive(&mut self, line: &Line, at: usize, is_alone: bool, is_in_body: bool) {
        let end = line.start as usize
            + self.text[line.start as usize..line.end as usize]
                .trim_end_matches(is_line_end)
                .trim_end()
                .len();
        let comment = &self.text[at..end.max(at)];
        let content = comment.trim_start_matches('#').trim_start();
        let span = Span::new(self.file, at, end);
        let Some(said) = content.strip_prefix(MARK) else {
            let lower = content.get(..16).unwrap_or(content).to_ascii_lowercase();
            if NEAR_MARKS.iter().any(|near| lower.starts_with(near)) && content.contains("waive") {
                let message = "this comment does not waive anything: its mark is misspelt";
                self.mistakes.push(Finding::new(&ADDON_UNKNOWN_WORD, message).at(span).help(FORM));
            }
            return;
        };
        let start = end - said.len();
        let (what, reason) = said.split_once("--").unwrap_or((said, ""));
        let mut words = words_with_offset(what);
        let first = words.next();
        let word = first.map_or("", |(_, word)| word);
        if word == "fmt" && matches!(what.trim_start()["fmt".len()..].trim(), "on" | "off") {
            return;
        }
        if word != "waive" && word != "waive-file" {
            let message = format!("unknown directive '{}' after 'ks-lint:'", excerpt(word));
            let help = match nearest(word, WORDS) {
                Some("waive-file") => "write: # ks-lint: waive-file CODE -- reason",
                Some("fmt") => "write: # ks-lint: fmt off, and # ks-lint: fmt on",
                _ => FORM,
            };
            self.mistakes.push(Finding::new(&ADDON_UNKNOWN_WORD, message).at(span).help(help));
            return;
        }
        let keyword =
            first.map(|(offset, word)| Span::new(self.file, start + offset, start + offset + word.len()));
        let is_whole_file = word == "waive-file";
        let place = match (is_whole_file, is_alone) {
            (true, _) => WaiverPlace::File,
            (false, true) => WaiverPlace::Nothing,
            (false, false) => WaiverPlace::Line(Span { file: self.file, start: line.start, end: line.end }),
        };
        let removal = if is_alone {
            Span { file: self.file, start: line.start, end: line.end }
        } else {
            let blanks = self.text[line.start as usize..at].trim_end().len();
            Span::new(self.file, line.start as usize + blanks, end)
        };
        let form = Form { removal, alone: keyword.filter(|_| is_alone && !is_whole_file), is_in_body };
        let mut any = false;
        for (offset, code) in words {
            any = true;
            let code_span = Span::new(self.file, start + offset, start + offset + code.len());
            match waiver(code, code_span, reason.trim(), span, self.surroundings, self.mistakes) {
                Ok(Said { code, reason }) => {
                    if is_alone && !is_whole_file {
                        self.open.push(self.waivers.len());
                    }
                    self.waivers.push(Waiver { code, code_span, reason, span, place, form });
                }
                Err(finding) => {
                    let without_reason = *finding.code == WAIVER_WITHOUT_REASON;
                    self.mistakes.push(if without_reason { finding.help(FORM) } else { *finding });
                }
            }
        }
        if !any {
            let message = format!("{word} has no code");
            self.mistakes.push(Finding::new(&WAIVER_OF_UNKNOWN_CODE, message).at(span).help(FORM));
        }
    }
}

/// The words of a text, separated by spaces and commas, with the byte each begins at.
fn words_with_offset(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_gap = |c: char| c.is_whitespace() || c == ',';
    let mut at = 0;
    text.split(is_gap).filter_map(move |word| {
        let offset = at;
        // A gap is one character, which may be more than one byte.
        at += word.len() + text[at + word.len()..].chars().next().map_or(0, char::len_utf8);
        (!word.is_empty()).then_some((offset, word))
    })
}
