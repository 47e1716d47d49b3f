//! How wide words are. The font is the viewer's: the widths are those of DejaVu Sans, the widest that is common, so that
//! what fits here fits everywhere.

/// Width of a text at a size of one unit.
fn of_one(c: char) -> f64 {
    match c {
        '0'..='9' => 0.64,
        'i' | 'j' | 'l' | 'I' | '\'' | '|' => 0.34,
        ' ' | '.' | ',' | ':' | ';' => 0.34,
        'f' | 'r' | 't' | '/' | '\\' | '-' | '(' | ')' | '[' | ']' | '!' => 0.42,
        'm' | 'M' | 'W' | '%' | '@' => 1.0,
        'w' | '+' | '=' | '<' | '>' | '~' | '#' => 0.86,
        'a'..='z' => 0.64,
        'A'..='Z' => 0.79,
        c if c.is_ascii() => 0.66,
        _ => 1.05,
    }
}

/// Width of a text of this size; letters in bold are wider.
pub(super) fn of(text: &str, size: f64, is_bold: bool) -> f64 {
    let one: f64 = text.chars().map(of_one).sum();
    one * size * if is_bold { 1.12 } else { 1.0 }
}

/// The text, cut off with `…` where it is wider than this.
pub(super) fn cut(text: &str, size: f64, is_bold: bool, width: f64) -> String {
    if of(text, size, is_bold) <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = of("…", size, is_bold);
    for c in text.chars() {
        used += of(c.encode_utf8(&mut [0; 4]), size, is_bold);
        if used > width {
            break;
        }
        kept.push(c);
    }
    format!("{}…", kept.trim_end())
}

/// The text in lines that are no wider than this. A word that is wider is cut off.
pub(super) fn wrapped(text: &str, size: f64, is_bold: bool, width: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let word = cut(word, size, is_bold, width);
        match lines.last_mut() {
            Some(line) if of(&format!("{line} {word}"), size, is_bold) <= width => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}
