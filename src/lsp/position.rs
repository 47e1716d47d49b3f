//! Bytes of a text as lines and columns of the protocol, and back.
//!
//! The protocol ends lines at `\n`, `\r\n` and `\r` only, and counts columns in units of an encoding that both sides agree
//! on: lines and columns of findings are others, so everything is computed from byte offsets.

use gen_lsp_types::{Position, PositionEncodingKind, Range};

/// What a column counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Bytes.
    Utf8,
    /// Units of UTF-16: what a client that says nothing counts.
    #[default]
    Utf16,
    /// Characters.
    Utf32,
}

impl Encoding {
    /// The best of those that a client offers.
    pub(super) fn of(offered: Option<&[PositionEncodingKind]>) -> Encoding {
        let offered = offered.unwrap_or_default();
        if offered.contains(&PositionEncodingKind::UTF8) {
            Encoding::Utf8
        } else if offered.contains(&PositionEncodingKind::UTF32)
            && !offered.contains(&PositionEncodingKind::UTF16)
        {
            Encoding::Utf32
        } else {
            Encoding::Utf16
        }
    }

    /// Its name in the protocol.
    pub(super) fn kind(self) -> PositionEncodingKind {
        match self {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
            Encoding::Utf32 => PositionEncodingKind::UTF32,
        }
    }

    /// How many columns a piece of a line takes.
    fn columns(self, text: &str) -> u32 {
        let count = match self {
            Encoding::Utf8 => text.len(),
            Encoding::Utf16 if text.is_ascii() => text.len(),
            Encoding::Utf16 => text.encode_utf16().count(),
            Encoding::Utf32 => text.chars().count(),
        };
        count as u32
    }
}

/// Where the lines of a text start, as the protocol counts them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lines {
    starts: Vec<u32>,
}

impl Lines {
    /// Reads a text once.
    pub(super) fn new(text: &str) -> Lines {
        Lines { starts: starts_within(text, 0..text.len()) }
    }

    /// Follows a change of some bytes: `text` is the new one, in which `new` bytes from `start` on replace `old` ones. Only the lines
    /// that change are read.
    pub(super) fn replace(&mut self, text: &str, start: usize, old: usize, new: usize) {
        // Whether a line begins at a byte depends on the byte and on the one before.
        let kept = self.starts.partition_point(|line| (*line as usize) < start);
        let after = self.starts.partition_point(|line| (*line as usize) <= start + old);
        for line in &mut self.starts[after..] {
            *line = line.wrapping_sub(old as u32).wrapping_add(new as u32);
        }
        self.starts.splice(kept..after, starts_within(text, start..start + new));
    }

    /// How many lines there are; an empty text has one.
    pub(super) fn count(&self) -> usize {
        self.starts.len()
    }

    /// The bytes of a line (from 0) without its line end; the last line for one beyond.
    pub(super) fn line<'t>(&self, text: &'t str, line: u32) -> (usize, &'t str) {
        let line = (line as usize).min(self.starts.len() - 1);
        let start = self.starts[line] as usize;
        let end = self.starts.get(line + 1).map_or(text.len(), |end| *end as usize);
        (start, text.get(start..end).unwrap_or_default().trim_end_matches(['\n', '\r']))
    }

    /// The line (from 0) that a byte is in.
    pub(super) fn line_of(&self, offset: usize) -> u32 {
        self.starts.partition_point(|start| *start as usize <= offset).saturating_sub(1) as u32
    }

    /// A byte as a position.
    pub(super) fn position(&self, text: &str, offset: usize, encoding: Encoding) -> Position {
        let offset = text.floor_char_boundary(offset);
        let line = self.line_of(offset);
        let (start, content) = self.line(text, line);
        // A place inside a line end belongs to the end of its line.
        let within = text.get(start..offset.min(start + content.len())).unwrap_or_default();
        Position { line, character: encoding.columns(within) }
    }

    /// A position as a byte; a column beyond the line is its end, as the protocol wants it.
    pub(super) fn offset(&self, text: &str, position: Position, encoding: Encoding) -> usize {
        if position.line as usize >= self.starts.len() {
            return text.len();
        }
        let (start, content) = self.line(text, position.line);
        let wanted = position.character;
        if encoding == Encoding::Utf8 || content.is_ascii() {
            return text.floor_char_boundary(start + (wanted as usize).min(content.len()));
        }
        let mut column = 0;
        for (at, c) in content.char_indices() {
            let width = match encoding {
                Encoding::Utf16 => c.len_utf16() as u32,
                _ => 1,
            };
            if column + width > wanted {
                return start + at;
            }
            column += width;
        }
        start + content.len()
    }

    /// Bytes as a range.
    pub(super) fn range(&self, text: &str, bytes: std::ops::Range<usize>, encoding: Encoding) -> Range {
        Range {
            start: self.position(text, bytes.start, encoding),
            end: self.position(text, bytes.end, encoding),
        }
    }
}

/// The bytes of a range, its end among them, at which a line begins.
fn starts_within(text: &str, range: std::ops::Range<usize>) -> Vec<u32> {
    let bytes = text.as_bytes();
    let begins = |at: usize| match at.checked_sub(1).and_then(|before| bytes.get(before)) {
        None => at == 0,
        Some(b'\n') => true,
        Some(b'\r') => bytes.get(at) != Some(&b'\n'),
        Some(_) => false,
    };
    (range.start..=range.end).filter(|at| begins(*at)).map(|at| at as u32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn columns_count_units_of_the_encoding() {
        let text = "é𐐀 x\r\ny\rz\u{2028}\u{b}w";
        let lines = Lines::new(text);
        let at = text.find('x').unwrap();
        let column = |encoding| lines.position(text, at, encoding).character;
        assert_eq!([Encoding::Utf8, Encoding::Utf16, Encoding::Utf32].map(column), [7, 4, 3]);
        assert_eq!(
            lines.position(text, text.find('z').unwrap(), Encoding::Utf16),
            Position { line: 2, character: 0 }
        );
        assert_eq!(lines.count(), 3, "U+2028 and VT end no line here");
        let beyond = Position { line: 0, character: 99 };
        assert_eq!(lines.offset(text, beyond, Encoding::Utf16), text.find('\r').unwrap());
        let middle = Position { line: 0, character: 2 };
        assert_eq!(lines.offset(text, middle, Encoding::Utf16), "é".len(), "inside a surrogate pair");
    }

    proptest! {
        #[test]
        fn a_byte_comes_back_from_its_position(text in "([a-zé𐐀\u{2028}\u{b}]|\r\n|\r|\n){0,40}", at in 0usize..60) {
            let at = text.floor_char_boundary(at.min(text.len()));
            // Between \r and \n there is no position.
            prop_assume!(!(at > 0 && text[..at].ends_with('\r') && text[at..].starts_with('\n')));
            let lines = Lines::new(&text);
            for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
                let position = lines.position(&text, at, encoding);
                prop_assert_eq!(lines.offset(&text, position, encoding), at);
            }
        }
    }
}
