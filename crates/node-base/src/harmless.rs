//! Untrusted text on its way to a terminal or a log. One set of characters for every message and report.

use std::borrow::Cow;

/// Makes a text of one or more lines harmless: controls (except line feed and tab), invisible characters and characters that
/// change the direction of text become visible stand-ins; no line begins a command of a CI system.
pub fn harmless(text: &str) -> Cow<'_, str> {
    let text = visible(text);
    // Nearly all texts begin with a letter or a quote, and have one line.
    let begins_one = !text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '\'')
        && is_workflow_command(&text)
        || text.contains('\n') && text.lines().skip(1).any(is_workflow_command);
    if !begins_one {
        return text;
    }
    let defused = text.split_inclusive('\n').map(|line| {
        if is_workflow_command(line) { line.replacen([':', '#'], "\u{fffd}", 1) } else { line.to_owned() }
    });
    Cow::Owned(defused.collect())
}

/// Makes controls (except line feed and tab), invisible characters and characters that change the direction of text visible,
/// and nothing else: for a text whose line ends are escaped afterwards.
pub fn visible(text: &str) -> Cow<'_, str> {
    replaced::<true>(text)
}

/// Makes a text harmless that must stay on its line: a path, a name. As [`harmless`]; line feed and tab are replaced, too.
pub fn harmless_line(text: &str) -> Cow<'_, str> {
    replaced::<false>(text)
}

/// Escapes what a terminal would act on in a JSON text. Its meaning does not change: outside strings JSON is ASCII, and
/// inside them an escape stands for its character.
pub fn harmless_json(json: String) -> String {
    let mut out = String::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(found) = next_beyond_ascii(&json, at) {
        let Some(c) = json[found..].chars().next() else { break };
        at = found + c.len_utf8();
        if is_control(c) {
            out.push_str(&json[copied..found]);
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
            copied = at;
        }
    }
    if copied == 0 {
        return json;
    }
    out.push_str(&json[copied..]);
    out
}

/// The index of the next character from `at` on that is DEL or beyond ASCII. (Controls of ASCII are escaped inside strings
/// already; outside they are white space.) Eight bytes at a time: every report comes by here.
fn next_beyond_ascii(text: &str, at: usize) -> Option<usize> {
    const EACH: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHEST: u64 = EACH * 0x80;
    let rest = text.as_bytes().get(at..)?;
    let is_plain = |chunk: &[u8; 8]| {
        let eight = u64::from_ne_bytes(*chunk);
        // One more than DEL has the highest bit set.
        eight & HIGHEST == 0 && eight.wrapping_add(EACH) & HIGHEST == 0
    };
    let (chunks, _) = rest.as_chunks::<8>();
    let plain = chunks.iter().take_while(|chunk| is_plain(chunk)).count() * 8;
    rest[plain..].iter().position(|b| *b >= 0x7f).map(|n| at + plain + n)
}

/// Whether a log of GitHub Actions, GitLab or Azure Pipelines takes a line for a command. They ignore blanks before it.
fn is_workflow_command(line: &str) -> bool {
    let start = line.trim_start();
    start.starts_with("::") || start.starts_with("##[") || start.starts_with("##vso[")
}

/// With `LINES`, line feed and tab stay.
fn replaced<const LINES: bool>(text: &str) -> Cow<'_, str> {
    // Nearly always. (Without a way out of the loop the compiler looks at many bytes at a time.)
    let is_plain = |b: u8| (b' '..=b'~').contains(&b) | (LINES & (b == b'\n'));
    if text.bytes().fold(true, |all, b| all & is_plain(b)) {
        return text.into();
    }
    let stays = |c: char| LINES && matches!(c, '\n' | '\t') || stand_in(c).is_none();
    if text.chars().all(stays) {
        return text.into();
    }
    text.chars().map(|c| if stays(c) { c } else { stand_in(c).unwrap_or(c) }).collect()
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
        // Invisible: soft hyphen, Mongolian vowel separator, Hangul fillers, tags.
        | '\u{ad}'
        | '\u{180e}'
        | '\u{115f}'..='\u{1160}'
        | '\u{3164}'
        | '\u{ffa0}'
        | '\u{e0000}'..='\u{e007f}'
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
    fn no_line_begins_a_command_of_a_ci_system() {
        assert_eq!(harmless("a\n  ::error::b\nc::d\n"), "a\n  \u{fffd}:error::b\nc::d\n");
        assert_eq!(
            harmless("##[group]x\n##vso[task.setvariable]"),
            "\u{fffd}#[group]x\n\u{fffd}#vso[task.setvariable]"
        );
        assert_eq!(harmless_line("a\n::error::b"), "a\u{240a}::error::b", "a path stays on its line");
    }

    #[test]
    fn json_keeps_its_meaning() {
        let json = "{\"a\":\"\u{9b}\u{202e}\u{e0041}\u{e9}\u{7f}\"}\n".to_owned();
        assert_eq!(harmless_json(json), "{\"a\":\"\\u009b\\u202e\\udb40\\udc41\u{e9}\\u007f\"}\n");
        assert_eq!(harmless_json("{\n\t}".to_owned()), "{\n\t}");
        for before in 0..20 {
            let start = "x".repeat(before);
            assert_eq!(
                harmless_json(format!("{start}\u{e9}yyyyyyyyyyyy\u{9b}z")),
                format!("{start}\u{e9}yyyyyyyyyyyy\\u009bz")
            );
            assert_eq!(harmless_json(format!("{start}\u{7f}")), format!("{start}\\u007f"));
        }
    }

    #[test]
    fn controls_and_bidirectional_marks_become_visible() {
        assert_eq!(harmless("plain\ttext\n"), "plain\ttext\n");
        assert_eq!(harmless("\u{1b}[1m\r"), "\u{241b}[1m\u{240d}");
        assert_eq!(harmless("a\u{202e}b\u{2066}c\u{9b}d"), "a\u{fffd}b\u{fffd}c\u{fffd}d");
    }
}
