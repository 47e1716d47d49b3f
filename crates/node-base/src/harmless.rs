//! Untrusted text on its way to a terminal or a log. One set of characters for every message and report.

/// Replaces what a terminal would act on by visible characters: controls (except line feed and tab), and characters
/// that change the direction of text.
pub fn harmless(text: &str) -> std::borrow::Cow<'_, str> {
    let keep = |c: char| matches!(c, ' '..='~' | '\n' | '\t') || stand_in(c).is_none();
    // Nearly always. (Without a way out of the loop the compiler looks at many bytes at a time.)
    if text.bytes().fold(true, |all, b| all & ((b' '..=b'~').contains(&b) | (b == b'\n'))) {
        return text.into();
    }
    if text.chars().all(keep) {
        return text.into();
    }
    text.chars().map(|c| if keep(c) { c } else { stand_in(c).unwrap_or(c) }).collect()
}

/// Whether a terminal would act on this character instead of showing it. Line feed and tab count, too: they break
/// out of a quoted word.
pub fn is_control(c: char) -> bool {
    stand_in(c).is_some()
}

/// The visible character that replaces one that a terminal would act on.
pub fn stand_in(c: char) -> Option<char> {
    match c {
        // The "control pictures" block follows the order of ASCII.
        '\0'..='\x1f' => char::from_u32(0x2400 + c as u32),
        '\x7f' => Some('\u{2421}'),
        '\u{80}'..='\u{9f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{61c}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' => Some('\u{fffd}'),
        _ => None,
    }
}

/// Longest piece of the input that a message repeats, in characters.
const LONGEST_WORD: usize = 60;

/// A word of the input as a message may repeat it: control characters escaped, and cut to a length that fits in a line.
pub fn excerpt(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(LONGEST_WORD) + 8);
    for (i, c) in text.chars().enumerate() {
        if i == LONGEST_WORD {
            out.push('…');
            break;
        }
        if is_control(c) { out.extend(c.escape_default()) } else { out.push(c) }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_escaped_and_cut() {
        assert_eq!(excerpt("node\u{1b}[2J"), "node\\u{1b}[2J");
        assert_eq!(excerpt(&"x".repeat(1000)).chars().count(), LONGEST_WORD + 1);
    }

    #[test]
    fn controls_and_bidirectional_marks_become_visible() {
        assert_eq!(harmless("plain\ttext\n"), "plain\ttext\n");
        assert_eq!(harmless("\u{1b}[1m\r"), "\u{241b}[1m\u{240d}");
        assert_eq!(harmless("a\u{202e}b\u{2066}c\u{9b}d"), "a\u{fffd}b\u{fffd}c\u{fffd}d");
    }
}
