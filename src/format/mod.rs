//! The layout of a kickstart's text: blanks between words, indentation, blank lines.
//!
//! One blank is between the words of a command, none before it or at its end; one blank line is between parts, and before a
//! section; the file ends with a line end. Everything else stays: the order, quotes, comments, line ends, and the bodies of
//! sections byte for byte (in `%packages` without blanks at the ends of lines). Lines between `# ks-lint: fmt off` and
//! `# ks-lint: fmt on` stay, too.
//!
//! Invariant: the words of every line are the same before and after, and so is what the installer makes of them; a formatted
//! text is not changed again.

use kickstart::syntax::{Line, LineKind, Scanner, Word};
use node_base::source::{LineIndex, is_line_end, line_end_at};

/// Commands that the installer takes as the line that is written, with its blanks (pykickstart 3.78: `currentLine`).
const RAW: [&str; 4] = ["auth", "authconfig", "authselect", "realm"];

/// The text with its layout made regular. It must be a kickstart without errors of syntax.
pub fn format(text: &str) -> String {
    let lines = LineIndex::new(text);
    let mut scanner = Scanner::new(text, &lines);
    let mut words = Vec::new();
    let mut formatter = Formatter {
        text,
        out: String::with_capacity(text.len()),
        line_end: line_end_at(text, 0),
        has_blank: false,
        comments_at: None,
        is_off: false,
        in_packages: false,
    };
    let mut in_section = false;
    while let Some(line) = scanner.next_line(&mut words) {
        in_section = scanner.is_inside_section();
        formatter.line(&line, &words);
    }
    // The last line of an open section is part of its body.
    if !in_section && !formatter.out.is_empty() && !formatter.out.ends_with(is_line_end) {
        formatter.out.push_str(formatter.line_end);
    }
    formatter.out
}

struct Formatter<'t> {
    text: &'t str,
    out: String,
    line_end: &'static str,
    /// Whether a blank line waits for the next line of text.
    has_blank: bool,
    /// Where comments that directly precede the next line begin in the output.
    comments_at: Option<usize>,
    is_off: bool,
    in_packages: bool,
}

impl<'t> Formatter<'t> {
    fn line(&mut self, line: &Line, words: &[Word]) {
        let whole = &self.text[line.start as usize..line.end as usize];
        let content = whole.trim_end_matches(is_line_end);
        let end = &whole[content.len()..];
        match line.kind {
            LineKind::Content | LineKind::ContentInclude => {
                // Only blanks that end a line; other white space may be part of a name.
                let trimmed = if self.in_packages { content.trim_end_matches([' ', '\t']) } else { content };
                // Without its blanks the line would be part of the line end before it.
                let is_part_of_line_end = trimmed.is_empty() && end == "\n" && self.out.ends_with('\r');
                self.out.push_str(if is_part_of_line_end { content } else { trimmed });
                self.out.push_str(end);
            }
            LineKind::Blank if self.is_off => self.out.push_str(whole),
            LineKind::Blank => {
                self.comments_at = None;
                self.has_blank = !self.out.is_empty();
            }
            LineKind::Comment => {
                self.separate();
                let at = self.out.len();
                self.comments_at.get_or_insert(at);
                match directive(content) {
                    Some("off") => self.is_off = true,
                    Some("on") => self.is_off = false,
                    _ => {}
                }
                self.out.push_str(if self.is_off { content } else { content.trim_end_matches([' ', '\t']) });
                self.out.push_str(end);
            }
            LineKind::Header => {
                // A line before a section that no %end has closed would be part of it.
                if !self.is_off && !line.cuts_section {
                    self.blank_line_before_section();
                }
                self.separate();
                self.in_packages = self.first_word(words) == "%packages";
                self.words(line, words);
                self.comments_at = None;
            }
            LineKind::Words => {
                self.separate();
                self.words(line, words);
                self.comments_at = None;
            }
            LineKind::End => {
                self.words(line, words);
                self.in_packages = false;
            }
        }
    }

    /// Writes the blank line that is waiting.
    fn separate(&mut self) {
        if std::mem::take(&mut self.has_blank) {
            let end = line_end_after(&self.out);
            self.out.push_str(end);
        }
    }

    /// One blank line before a section and the comments above it.
    fn blank_line_before_section(&mut self) {
        if self.has_blank {
            return;
        }
        let at = self.comments_at.unwrap_or(self.out.len());
        let before = &self.out[..at];
        if before.is_empty() || ends_with_blank_line(before) {
            return;
        }
        if before.ends_with(is_line_end) {
            let end = line_end_after(before);
            self.out.insert_str(at, end);
        }
    }

    fn first_word(&self, words: &[Word]) -> &'t str {
        words.first().map_or("", |word| &self.text[word.start as usize..word.end as usize])
    }

    /// Writes a line of words with one blank between them.
    fn words(&mut self, line: &Line, words: &[Word]) {
        let whole = &self.text[line.start as usize..line.end as usize];
        let Some(last) = words.last() else {
            self.out.push_str(whole);
            return;
        };
        if self.is_off || line.error.is_some() || RAW.contains(&self.first_word(words)) {
            self.out.push_str(whole);
            return;
        }
        for (i, word) in words.iter().enumerate() {
            if i > 0 {
                self.out.push(' ');
            }
            self.out.push_str(&self.text[word.start as usize..word.end as usize]);
        }
        // A comment keeps its distance: some are in columns.
        let rest = &self.text[last.end as usize..line.end as usize];
        let content = rest.trim_end_matches(is_line_end);
        self.out.push_str(content.trim_end_matches([' ', '\t', '\r']));
        self.out.push_str(&rest[content.len()..]);
    }
}

/// The line end of a blank line after this text: that of the line before, so that no two become one.
fn line_end_after(before: &str) -> &'static str {
    if before.ends_with("\r\n") {
        "\r\n"
    } else if before.ends_with('\r') {
        "\r"
    } else {
        "\n"
    }
}

/// Whether a text ends with a line of nothing but white space.
fn ends_with_blank_line(text: &str) -> bool {
    let last = node_base::source::split_lines(text.get(tail(text)..).unwrap_or_default()).last();
    last.is_none_or(|line| line.trim().is_empty())
}

/// Where the last line of a text begins, roughly: a line end or more before it.
fn tail(text: &str) -> usize {
    let content = text.trim_end_matches(is_line_end).len();
    let ends = &text[content..];
    // More than one line end after the last content is a blank line.
    let mut lines = node_base::source::split_lines(ends);
    let first = lines.next().map_or(0, str::len);
    if lines.next().is_some() {
        content + first
    } else {
        text[..content].rfind(is_line_end).map_or(0, |at| at + 1)
    }
}

/// `on` or `off` of a comment `# ks-lint: fmt on`.
fn directive(comment: &str) -> Option<&str> {
    let said = comment.trim_start().trim_start_matches('#').trim_start().strip_prefix("ks-lint:")?;
    let mut words = said.split_whitespace();
    match (words.next(), words.next(), words.next()) {
        (Some("fmt"), Some(word @ ("on" | "off")), None) => Some(word),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(before: &str, after: &str) {
        assert_eq!(format(before), after);
        assert_eq!(format(after), after, "a formatted text is not changed again");
    }

    #[test]
    fn blanks_and_blank_lines_become_regular() {
        check(
            "\n\n#version=RHEL9  \n\n\n  part   /  --size=1\t--grow   # root  \nlang  'a  b'",
            "#version=RHEL9\n\npart / --size=1 --grow   # root\nlang 'a  b'\n",
        );
        check("lang C#x \n \n\n", "lang C#x\n");
        check("", "");
    }

    #[test]
    fn a_section_has_a_blank_line_before_it_and_keeps_its_body() {
        check(
            "lang C\n# all\n  %packages   --nocore\n@core  \n\n\n  vim # x \n  %end\n%post\n\n\n  a   b  \n%end  \nreboot\n",
            "lang C\n\n# all\n%packages --nocore\n@core\n\n\n  vim # x\n%end\n\n%post\n\n\n  a   b  \n%end\nreboot\n",
        );
        check("%post\r\na \r\n%end\r\n%pre\r\n%end\r\n", "%post\r\na \r\n%end\r\n\r\n%pre\r\n%end\r\n");
    }

    #[test]
    fn no_line_is_put_into_a_section_that_ends_where_the_next_begins() {
        check("%pre\na\n%post\nb\n", "%pre\na\n%post\nb\n");
    }

    #[test]
    fn blank_lines_end_as_the_line_before_them() {
        check("lang C\ntext\r \n%post\r%end\r", "lang C\ntext\r\r%post\r%end\r");
    }

    #[test]
    fn a_line_of_blanks_between_two_line_ends_does_not_become_one_with_them() {
        check("%packages\r\t\n@core \n%end\n", "%packages\r\t\n@core\n%end\n");
    }

    #[test]
    fn what_is_switched_off_stays_and_so_do_lines_that_are_taken_as_they_are() {
        let kept = "lang C\n# ks-lint: fmt off\npart   /  --size=1\n\n\n%pre\n%end\n# ks-lint: fmt on\n";
        check(&format!("{kept}part   x\n"), &format!("{kept}part x\n"));
        let raw = "authselect   select  sssd # x\n  realm  join  x\n";
        check(raw, raw);
    }
}
