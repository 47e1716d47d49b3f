//! Words of one line, as a POSIX shell splits them: what Python's `shlex.split` gives (3.11, `posix=True`).

use node_base::source::bytes::{EACH, HIGHEST};
use std::borrow::Cow;

/// One word: bytes `start..end` of the text, quotes included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// Offset of its first byte in the text.
    pub start: u32,
    /// Offset of the first byte after it.
    pub end: u32,
    /// Whether it has no quotes and no backslash: its text is the bytes unchanged.
    pub plain: bool,
}

/// Why a line cannot be split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuoteError {
    /// The quote at this byte has no partner on the line.
    Unclosed(u32),
    /// The backslash at this byte is the last character of the file.
    NothingEscaped(u32),
}

/// Spaces between words. Other white space (a no-break space, a form feed) is part of a word.
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

const fn special() -> [bool; 256] {
    let mut table = [false; 256];
    let bytes = *b" \t\r\n#'\"\\";
    let mut i = 0;
    while i < bytes.len() {
        table[bytes[i] as usize] = true;
        i += 1;
    }
    table
}

/// Bytes that end or change a word.
static SPECIAL: [bool; 256] = special();

/// The first byte from `i` on that ends or changes a word, or `bytes.len()`. Eight at a time.
fn end_of_plain(bytes: &[u8], mut i: usize) -> usize {
    while let Some(&eight) = bytes[i..].first_chunk() {
        let eight = u64::from_le_bytes(eight);
        // The highest bit of each byte that may be special: up to `'`, a backslash, or not ASCII. A borrow can set the bit
        // of a byte after such a byte, never of one before the first.
        let backslash = eight ^ (EACH * u64::from(b'\\'));
        let may_be = (eight.wrapping_sub(EACH * 0x28) | backslash.wrapping_sub(EACH) | eight) & HIGHEST;
        if may_be == 0 {
            i += 8;
            continue;
        }
        i += may_be.trailing_zeros() as usize / 8;
        if SPECIAL[usize::from(bytes[i])] {
            return i;
        }
        i += 1;
    }
    while i < bytes.len() && !SPECIAL[usize::from(bytes[i])] {
        i += 1;
    }
    i
}

/// Splits the bytes `start..end` of `text`, which are one line with its line end. Words are added to `words`; one that
/// cannot be finished is the last. With `comments`, a `#` outside quotes begins a comment, also inside a word;
/// its place is returned.
pub fn split_words(
    text: &str,
    start: usize,
    end: usize,
    comments: bool,
    words: &mut Vec<Word>,
) -> (Option<u32>, Option<QuoteError>) {
    let bytes = &text.as_bytes()[..end];
    let mut i = start;
    loop {
        while i < end && is_space(bytes[i]) {
            i += 1;
        }
        if i == end {
            return (None, None);
        }
        if comments && bytes[i] == b'#' {
            return (Some(i as u32), None);
        }
        let mut word = Word { start: i as u32, end: i as u32, plain: true };
        loop {
            i = end_of_plain(bytes, i);
            word.end = i as u32;
            if i == end {
                words.push(word);
                return (None, None);
            }
            match bytes[i] {
                b'#' if comments => {
                    words.push(word);
                    return (Some(i as u32), None);
                }
                b'#' => i += 1,
                quote @ (b'\'' | b'"') => {
                    word.plain = false;
                    match closing_quote(bytes, i, quote) {
                        Some(close) => i = close + 1,
                        None => {
                            word.end = end as u32;
                            words.push(word);
                            return (None, Some(QuoteError::Unclosed(i as u32)));
                        }
                    }
                }
                b'\\' => {
                    word.plain = false;
                    if i + 1 == end {
                        word.end = end as u32;
                        words.push(word);
                        return (None, Some(QuoteError::NothingEscaped(i as u32)));
                    }
                    // The character after it may have more bytes; none of them is special.
                    i += 2;
                }
                _ => break,
            }
        }
        words.push(word);
    }
}

/// Where the quote that opens at `open` is closed.
fn closing_quote(bytes: &[u8], open: usize, quote: u8) -> Option<usize> {
    let mut i = open + 1;
    while i < bytes.len() {
        if bytes[i] == quote {
            return Some(i);
        }
        i += if quote == b'"' && bytes[i] == b'\\' { 2 } else { 1 };
    }
    None
}

/// The text of a word without its quotes and backslashes.
pub fn unquote(raw: &str) -> Cow<'_, str> {
    if !raw.bytes().any(|b| matches!(b, b'\'' | b'"' | b'\\')) {
        return Cow::Borrowed(raw);
    }
    // A word that is one quoted piece without escapes is borrowed too.
    if let Some(quote @ ('\'' | '"')) = raw.chars().next()
        && let Some(inner) = raw[1..].strip_suffix(quote)
        && !inner.contains(['\'', '"', '\\'])
    {
        return Cow::Borrowed(inner);
    }
    let mut out = String::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        match c {
            '\'' => out.extend(chars.by_ref().take_while(|&c| c != '\'')),
            '"' => {
                while let Some(c) = chars.next() {
                    match c {
                        '"' => break,
                        '\\' => match chars.next() {
                            Some(escaped @ ('"' | '\\')) => out.push(escaped),
                            Some(other) => out.extend(['\\', other]),
                            None => {}
                        },
                        other => out.push(other),
                    }
                }
            }
            '\\' => out.extend(chars.next()),
            other => out.push(other),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(line: &str, comments: bool) -> Vec<String> {
        let mut words = Vec::new();
        split_words(line, 0, line.len(), comments, &mut words);
        words.iter().map(|w| unquote(&line[w.start as usize..w.end as usize]).into_owned()).collect()
    }

    #[test]
    fn words_are_those_of_a_posix_shell() {
        assert_eq!(split("'lang'  en_US\n", true), ["lang", "en_US"]);
        assert_eq!(split(r#"a"b 'c'"d "#, true), ["ab 'c'd"]);
        assert_eq!(split(r#""a\"b\c" 'd\'"#, true), [r#"a"b\c"#, r"d\"]);
        assert_eq!(split(r"a\ b \é", true), ["a b", "é"]);
        assert_eq!(split("'' x", true), ["", "x"]);
    }

    #[test]
    fn a_word_ends_at_a_special_byte_wherever_it_stands_among_eight() {
        for other in [
            "",
            "!",
            "$",
            "%",
            "&",
            "(",
            "[",
            "]",
            "\u{7f}",
            "\u{fc}",
            "\u{2028}",
            "\u{10ffff}",
            "\0",
            "\x0b",
        ] {
            for special in [" ", "\t", "\r", "\n", "#", "'", "\"", "\\"] {
                for before in 0..20 {
                    let word = format!("{}{other}{}", "x".repeat(before), "y".repeat(before / 2));
                    let line = format!("{word}{special}more than eight bytes after it");
                    assert_eq!(
                        end_of_plain(line.as_bytes(), 0),
                        word.len(),
                        "the end of the word of {line:?}"
                    );
                    assert_eq!(end_of_plain(word.as_bytes(), 0), word.len(), "the end of {word:?}");
                }
            }
        }
    }

    #[test]
    fn a_hash_begins_a_comment_inside_a_word_too() {
        assert_eq!(split("rootpw abc#def ghi", true), ["rootpw", "abc"]);
        assert_eq!(split("rootpw 'abc#def' a\\#b # x", true), ["rootpw", "abc#def", "a#b"]);
        assert_eq!(split("%end # x", false), ["%end", "#", "x"]);
    }

    #[test]
    fn a_backslash_at_the_end_of_a_line_takes_the_line_end_as_a_character() {
        assert_eq!(split("part / \\\n", true), ["part", "/", "\n"]);
        assert_eq!(split("part / \\\r\n", true), ["part", "/", "\r"]);
        let mut words = Vec::new();
        assert_eq!(split_words("a \\", 0, 3, true, &mut words), (None, Some(QuoteError::NothingEscaped(2))));
        assert_eq!(split_words("a 'b", 0, 4, true, &mut words), (None, Some(QuoteError::Unclosed(2))));
    }
}
