//! Sentences on a terminal: broken between words, never inside one.

/// Breaks a sentence between words, so that behind a margin of `margin` columns it fits `width` columns; `None` breaks nothing.
/// The lines behind the first one (commands to type, lines to write) stay whole.
pub fn wrapped(text: &str, width: Option<usize>, margin: usize) -> String {
    let Some(width) = width else { return text.to_owned() };
    let width = width.saturating_sub(margin).max(20);
    let mut out = String::with_capacity(text.len() + 8);
    let sentence = text.split('\n').next().unwrap_or_default();
    // The blanks that a line begins with stay.
    let words = sentence.trim_start_matches(' ');
    let mut column = 0;
    out.push_str(&sentence[..sentence.len() - words.len()]);
    let width = width.saturating_sub(out.len());
    for word in words.split(' ') {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > width {
            out.push('\n');
            column = 0;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out + &text[sentence.len()..]
}

/// A sentence on one line, or on several where it is wider than `width` columns: further ones are indented.
pub fn folded(text: &str, width: Option<usize>, indent: usize) -> String {
    wrapped(text, width, indent).replace('\n', &format!("\n{:indent$}", ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_broken_between_words_on_a_terminal_only() {
        let text =
            "the volume group needs 81000 MiB of physical volumes\nvolgroup vg pv.01 --reserved-percent=20";
        assert_eq!(wrapped(text, None, 4), text);
        assert_eq!(
            wrapped(text, Some(40), 4),
            "the volume group needs 81000 MiB of\nphysical volumes\nvolgroup vg pv.01 --reserved-percent=20"
        );
        assert_eq!(
            folded(text, Some(40), 4),
            "the volume group needs 81000 MiB of\n    physical volumes\n    volgroup vg pv.01 --reserved-percent=20"
        );
        assert_eq!(folded("  two blanks, then the words", Some(24), 2), "  two blanks, then the\n  words");
    }
}
