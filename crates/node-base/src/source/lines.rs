//! Lines as the reference parser counts them.

use super::bytes::{EACH, HIGHEST};
/// Line, column and byte offset of a place. Lines and columns count from 1; columns are characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Offset in bytes, from 0.
    pub offset: u32,
}

/// Whether this character ends a line. The set is that of Python's `str.splitlines`, which the reference parser
/// uses (pykickstart 3.78, `readKickstartFromString`); `\r\n` is one line end.
pub fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\x0b' | '\x0c' | '\x1c' | '\x1d' | '\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// The lines of a text with their line ends, in order; joined they are the text.
pub fn split_lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let len = line_length(rest);
        let (line, tail) = rest.split_at(len);
        rest = tail;
        Some(line)
    })
}

/// The line that byte `at` is in, without its line end; and with it.
pub fn line_at(text: &str, at: usize) -> (std::ops::Range<usize>, std::ops::Range<usize>) {
    let start = text[..at]
        .rfind(is_line_end)
        .map_or(0, |end| end + text[end..].chars().next().map_or(1, char::len_utf8));
    let content = text[at..].find(is_line_end).map_or(text.len(), |end| at + end);
    let mut rest = text[content..].chars();
    let mut end = content;
    if let Some(first) = rest.next() {
        end += first.len_utf8();
        if first == '\r' && rest.next() == Some('\n') {
            end += 1;
        }
    }
    (start..content, start..end)
}

/// The line end for a line that is written beside the one that byte `at` is in: its own; at the last line that of the first.
///
/// Always one of `\n`, `\r\n` and `\r`. The reference parser ends a line at some other characters, too, but takes them as part of
/// its last word: `%end` before U+0085 does not end a section (pykickstart 3.78).
pub fn line_end_at(text: &str, at: usize) -> &'static str {
    let end_of = |at: usize| {
        let (content, whole) = line_at(text, at);
        &text[content.end..whole.end]
    };
    let own = end_of(at);
    match if own.is_empty() { end_of(0) } else { own } {
        "\r\n" => "\r\n",
        "\r" => "\r",
        _ => "\n",
    }
}

/// Length in bytes of the first line of `text` with its line end.
fn line_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut i = 0;
    loop {
        i += plain_bytes(&bytes[i..]);
        match bytes.get(i) {
            None => return bytes.len(),
            Some(b'\r') => return if bytes.get(i + 1) == Some(&b'\n') { i + 2 } else { i + 1 },
            Some(b'\n' | 0x0b | 0x0c | 0x1c..=0x1e) => return i + 1,
            // U+0085 is C2 85; U+2028 and U+2029 are E2 80 A8 and E2 80 A9.
            Some(0xc2) if bytes.get(i + 1) == Some(&0x85) => return i + 2,
            Some(0xe2)
                if bytes.get(i + 1) == Some(&0x80) && matches!(bytes.get(i + 2), Some(0xa8 | 0xa9)) =>
            {
                return i + 3;
            }
            Some(_) => i += 1,
        }
    }
}

/// Where lines start (and where the last one ends) in a text whose only line ends are `\n`, because it is ASCII and has no
/// other control characters but tabs: nearly always. Eight bytes at a time.
fn simple_starts(text: &[u8]) -> Option<Vec<u32>> {
    let mut starts = Vec::with_capacity(text.len() / 32 + 1);
    starts.push(0);
    let mut look = |at: usize, byte: u8| {
        if byte == b'\n' {
            starts.push(at as u32 + 1);
        }
        matches!(byte, b'\n' | b'\t' | b' '..=0x7f)
    };
    let (chunks, rest) = text.as_chunks::<8>();
    for (n, chunk) in chunks.iter().enumerate() {
        let eight = u64::from_le_bytes(*chunk);
        if eight & HIGHEST != 0 {
            return None;
        }
        // The highest bit of each byte that is below 0x20.
        let mut controls = !((eight | HIGHEST) - EACH * 0x20) & HIGHEST;
        while controls != 0 {
            let at = controls.trailing_zeros() as usize / 8;
            if !look(n * 8 + at, chunk[at]) {
                return None;
            }
            controls &= controls - 1;
        }
    }
    let behind = text.len() - rest.len();
    rest.iter().enumerate().all(|(at, byte)| look(behind + at, *byte)).then_some(starts)
}

/// How many bytes at the start are neither control characters nor part of a character beyond ASCII: no line ends among
/// them. Eight at a time, because every byte of a text comes by here.
fn plain_bytes(bytes: &[u8]) -> usize {
    let mut i = 0;
    while let Some(&eight) = bytes[i..].first_chunk() {
        let eight = u64::from_le_bytes(eight);
        // The highest bit of each byte that is below 0x20 or above 0x7f. A borrow from such a byte can set the bits of
        // bytes behind it, but the first one is right.
        let special = (eight.wrapping_sub(EACH * 0x20) | eight) & HIGHEST;
        if special != 0 {
            return i + special.trailing_zeros() as usize / 8;
        }
        i += 8;
    }
    i + bytes[i..].iter().take_while(|b| matches!(b, 0x20..=0x7f)).count()
}

/// Where each line starts.
#[derive(Debug)]
pub struct LineIndex {
    starts: Vec<u32>,
}

impl LineIndex {
    /// Reads the text once.
    pub fn new(text: &str) -> Self {
        let mut starts = simple_starts(text.as_bytes()).unwrap_or_else(|| {
            let mut at = 0;
            let ends = split_lines(text).map(|line| {
                at += line.len() as u32;
                at
            });
            std::iter::once(0).chain(ends).collect()
        });
        if starts.len() > 1 && starts.last().is_some_and(|&last| last as usize == text.len()) {
            // Behind the last line end no line begins.
            starts.pop();
        }
        LineIndex { starts }
    }

    /// The bytes of a line (from 1) of `text`, which is the text this index was made of, with its line end.
    pub fn range(&self, line: u32, text: &str) -> Option<std::ops::Range<usize>> {
        let start = self.start_of(line)?;
        Some(start..self.start_of(line + 1).unwrap_or(text.len()))
    }

    /// Number of the line (from 1) that the byte at `offset` is in. The end of the text belongs to the last line.
    pub fn line(&self, offset: usize) -> u32 {
        self.starts.partition_point(|&s| s as usize <= offset) as u32
    }

    /// How many lines there are; an empty text has one.
    pub fn count(&self) -> u32 {
        self.starts.len() as u32
    }

    /// Byte at which a line (from 1) starts, or nothing when there is no such line.
    pub fn start_of(&self, line: u32) -> Option<usize> {
        self.starts.get((line as usize).checked_sub(1)?).map(|&s| s as usize)
    }

    /// Line and column of a byte offset in `text`, which is the text this index was made of.
    pub fn position(&self, text: &str, offset: usize) -> Position {
        let line = self.line(offset).max(1);
        let start = self.starts[line as usize - 1] as usize;
        let column = text[start..offset].chars().count() as u32 + 1;
        Position { line, column, offset: offset as u32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_where_the_reference_ends_them() {
        let text = "a\r\nb\rc\x0bd\u{85}e\u{2028}f\n";
        let lines: Vec<_> = split_lines(text).collect();
        assert_eq!(lines, ["a\r\n", "b\r", "c\x0b", "d\u{85}", "e\u{2028}", "f\n"]);
        assert_eq!(lines.concat(), text);
    }

    #[test]
    fn lines_end_alike_wherever_their_end_stands_among_eight_bytes() {
        let ends =
            ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\u{85}", "\u{2028}", "\u{2029}"];
        let others =
            ["", "\t", "\x1f", "\x7f", "\0", "\u{84}", "\u{86}", "\u{2027}", "\u{fc}", "\u{ff}", "\u{10000}"];
        for (end, other) in ends.iter().flat_map(|end| others.map(|other| (end, other))) {
            for before in 0..20 {
                let line = format!("{}{other} {}{end}", "x".repeat(before), "y".repeat(before / 2));
                let text = format!("{line}more than eight bytes behind it\n");
                assert_eq!(line_length(&text), line.len(), "the first line of {text:?}");
                assert_eq!(line_length(&line), line.len(), "the only line of {line:?}");
            }
        }
    }

    #[test]
    fn lines_begin_behind_the_line_ends_of_any_text() {
        for end in ["\n", "\r\n", "\x0b", "\u{2028}"] {
            for text in ["", "a", "END", "ENDEND", "a\tbENDc", "a\u{fc}ENDbENDEND", &"long ".repeat(100)] {
                let text = text.replace("END", end);
                let starts: Vec<usize> = (1..).map_while(|n| LineIndex::new(&text).start_of(n)).collect();
                let mut expected = vec![0];
                for line in split_lines(&text) {
                    expected.push(expected[expected.len() - 1] + line.len());
                }
                if expected.len() > 1 {
                    expected.pop();
                }
                assert_eq!(starts, expected, "the lines of {text:?}");
            }
        }
    }

    #[test]
    fn columns_are_characters_and_offsets_are_bytes() {
        let text = "x\nbüro y";
        let index = LineIndex::new(text);
        let y = text.find('y').unwrap();
        assert_eq!(index.position(text, y), Position { line: 2, column: 6, offset: y as u32 });
    }

    #[test]
    fn a_line_has_the_line_end_of_its_own() {
        let text = "a\r\nb\rc\nd";
        assert_eq!(line_at(text, 0), (0..1, 0..3));
        assert_eq!(line_at(text, 3), (3..4, 3..5));
        assert_eq!(line_at(text, 5), (5..6, 5..7));
        assert_eq!(line_at(text, 8), (7..8, 7..8));
        assert_eq!((line_end_at(text, 3), line_end_at(text, 7)), ("\r", "\r\n"));
        assert_eq!((line_end_at("a\u{85}b\u{b}", 0), line_end_at("a\u{85}b", 3)), ("\n", "\n"));
    }
}
