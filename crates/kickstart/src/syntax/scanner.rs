//! Lines of a kickstart, one after the other, in linear time and without keeping any: the hot path.
//!
//! `grammar/kickstart.pest` is the specification; a test compares the two.

use super::words::{QuoteError, Word, is_space, split_words};
use node_base::source::{LineIndex, is_line_end};
use std::ops::Range;

/// The kinds of line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// Only white space.
    Blank,
    /// Only a comment.
    Comment,
    /// Words in the command section: a command, `%include`, `%ksappend`, or a `%name` that is not a section.
    Words,
    /// The first line of a section.
    Header,
    /// A line inside a section.
    Content,
    /// `%include` inside a section.
    ContentInclude,
    /// `%end` of a section.
    End,
}

/// One line with its line end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its kind.
    pub kind: LineKind,
    /// Offset of its first byte in the text.
    pub start: u32,
    /// Offset of the first byte after its line end.
    pub end: u32,
    /// For a header: whether the section before it is not closed with `%end`.
    pub cuts_section: bool,
    /// Offset of its comment; `None` without one.
    pub comment: Option<u32>,
    /// Why its words cannot all be split; `None` when they can.
    pub error: Option<QuoteError>,
}

/// Names of the sections that the language knows, in every version (pykickstart 3.78, `setupSections`).
pub const SECTION_NAMES: [&str; 9] = [
    "%packages",
    "%pre",
    "%pre-install",
    "%post",
    "%onerror",
    "%traceback",
    "%certificate",
    "%addon",
    "%anaconda",
];

/// Reads lines from the start of a text.
#[derive(Debug)]
pub struct Scanner<'s> {
    text: &'s str,
    lines: &'s LineIndex,
    /// Number of the next line.
    next: u32,
    in_section: bool,
}

impl<'s> Scanner<'s> {
    /// From the start of a text, of which `lines` are the lines, in the command section.
    pub fn new(text: &'s str, lines: &'s LineIndex) -> Self {
        Scanner { text, lines, next: 1, in_section: false }
    }

    /// From the start of a text that is included in a section.
    pub fn inside_section(text: &'s str, lines: &'s LineIndex) -> Self {
        Scanner { in_section: true, ..Scanner::new(text, lines) }
    }

    /// Whether the next line is inside a section.
    pub fn is_inside_section(&self) -> bool {
        self.in_section
    }

    /// Leaves the section, as `%end` would.
    pub fn leave_section(&mut self) {
        self.in_section = false;
    }

    /// Enters a section: lines up to `%end` are its content.
    pub fn enter_section(&mut self) {
        self.in_section = true;
    }

    /// Skips the lines up to the one that holds byte `at`, and that line.
    pub fn skip_line_of(&mut self, at: u32) {
        self.next = self.next.max(self.lines.line(at as usize) + 1);
    }

    /// The next line; its words replace what is in `words`. Content, blank and comment lines have none.
    pub fn next_line(&mut self, words: &mut Vec<Word>) -> Option<Line> {
        words.clear();
        let Range { start, end } =
            self.lines.range(self.next, self.text).filter(|range| !range.is_empty())?;
        self.next += 1;
        let mut line = Line {
            kind: LineKind::Content,
            start: start as u32,
            end: end as u32,
            cuts_section: false,
            comment: None,
            error: None,
        };
        if self.in_section {
            line.kind = self.kind_of_content(start, end);
            match line.kind {
                LineKind::Header => line.cuts_section = true,
                LineKind::End | LineKind::ContentInclude => {
                    (line.comment, line.error) = split_words(self.text, start, end, false, words);
                    self.in_section = line.kind == LineKind::ContentInclude;
                    return Some(line);
                }
                _ => return Some(line),
            }
        } else {
            match first_character(&self.text[start..end]) {
                None => {
                    line.kind = LineKind::Blank;
                    return Some(line);
                }
                Some('#') => {
                    line.kind = LineKind::Comment;
                    return Some(line);
                }
                Some(_) => line.kind = LineKind::Words,
            }
        }
        (line.comment, line.error) = split_words(self.text, start, end, true, words);
        if line.kind == LineKind::Words && self.is_header(words) {
            line.kind = LineKind::Header;
        }
        self.in_section = line.kind == LineKind::Header;
        Some(line)
    }

    /// Whether the first word is the name of a section, plain or in one pair of quotes.
    fn is_header(&self, words: &[Word]) -> bool {
        words.first().is_some_and(|w| {
            let raw = &self.text[w.start as usize..w.end as usize];
            let quoted = |quote| raw.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
            let name = if w.plain { Some(raw) } else { quoted('\'').or_else(|| quoted('"')) };
            name.is_some_and(|n| n.starts_with('%') && SECTION_NAMES.contains(&n))
        })
    }

    /// A line ends a section or includes a file only when its first word is exactly `%end` or `%include`; any other
    /// line, also one that begins with another `%word`, is content.
    fn kind_of_content(&self, start: usize, end: usize) -> LineKind {
        let bytes = self.text.as_bytes();
        let mut i = start;
        while i < end && is_space(bytes[i]) {
            i += 1;
        }
        if i == end || bytes[i] != b'%' {
            return LineKind::Content;
        }
        let word_end = (i..end).find(|&j| is_space(bytes[j])).unwrap_or(end);
        match &self.text[i..word_end] {
            "%end" => LineKind::End,
            "%include" => LineKind::ContentInclude,
            name if SECTION_NAMES.contains(&name) => LineKind::Header,
            _ => LineKind::Content,
        }
    }
}

/// The first character that is not white space as Python's `str.lstrip` sees it.
fn first_character(line: &str) -> Option<char> {
    let bytes = line.as_bytes();
    let mut i = 0;
    while i < bytes.len() && is_space(bytes[i]) {
        i += 1;
    }
    match bytes.get(i) {
        None => None,
        Some(&b) if b.is_ascii() && b > 0x20 => Some(b as char),
        Some(_) => line[i..].chars().find(|&c| !is_white(c)),
    }
}

/// White space as Python's `str.isspace` defines it: Unicode's, and the four ASCII separators.
pub fn is_white(c: char) -> bool {
    c.is_whitespace() || is_line_end(c) || c == '\x1f'
}
