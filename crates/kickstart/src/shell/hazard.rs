//! Texts that the crate `brush-parser` (0.4.0) must not be given: where a script has `<<` without a usual tag, or a construct that
//! nothing closes beside it, its tokenizer panics, or reads the same tokens for ever and takes all memory. Where many brackets are
//! open, its grammar tries each of them as a group and as a word of an arithmetic command: each doubles the time. And it takes the
//! bracket after the pattern of a `case` as the end of the `$(…)` that the `case` is in.
//!
//! Found by random scripts; `a_fault_points_into_the_script` in `tests/shell.rs` makes more of them.

use super::Unread;
use std::ops::Range;

/// Characters with a meaning in scripts.
const SPECIAL: [char; 14] = ['<', '>', '(', ')', '{', '}', '[', ']', '$', '`', '\'', '"', '\\', '#'];

/// A here-document that waits for its text.
struct Waiting {
    tag: String,
    /// `<<-`: tabs before the tag are ignored.
    tabs: bool,
    /// How many constructs were open at its operator.
    depth: usize,
}

/// The texts of the here-documents of a line.
enum Bodies {
    /// Where the last one ends.
    Until(usize),
    /// One does not end.
    Endless,
    /// A construct was opened or closed between an operator and its text.
    Crossed,
}

/// What closes a construct that is open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Closer {
    /// Of `(`, which the tokenizer takes as a token like others.
    Bracket,
    /// Of `$(`, into which it calls itself.
    Expansion,
    Brace,
    Backquote,
    /// `))`, which the first of two brackets closes here; the second one is a bracket of its own.
    Arithmetic,
    SquareBracket,
    DoubleQuote,
}

impl Closer {
    /// Whether the tokenizer calls itself for what this closes.
    fn is_called_for(self) -> bool {
        matches!(self, Closer::Expansion | Closer::Brace | Closer::SquareBracket | Closer::Backquote)
    }

    /// Whether it closes what the grammar may take as a group.
    fn is_bracket(self) -> bool {
        matches!(self, Closer::Bracket | Closer::Arithmetic)
    }
}

/// How many brackets may be open at a time. Real scripts have two or three.
const MOST_BRACKETS: usize = 8;

/// Why a script must not be parsed: it has a here-document with an unusual tag, or in or beside a construct that is not closed as it
/// should be; too many open brackets; or a pattern with one bracket in `$(…)`.
pub(super) fn find(text: &str) -> Option<Unread> {
    let (has_here_documents, has_brackets) =
        (text.contains("<<"), text.bytes().filter(|b| *b == b'(').count() > MOST_BRACKETS);
    let has_patterns = text.contains("esac") && text.contains("$(");
    if !has_here_documents && !has_brackets && !has_patterns {
        return None;
    }
    let mut scan = Scan::new(text);
    if scan.finds_one() && has_here_documents {
        Some(Unread::HereDocument)
    } else if scan.deepest > MOST_BRACKETS {
        Some(Unread::TooDeep)
    } else {
        scan.has_pattern_inside.then_some(Unread::Pattern)
    }
}

/// Whether a `case` of a part of a script does not end in it.
fn has_open_case(part: &str) -> bool {
    let count =
        |wanted: &str| part.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| *w == wanted).count();
    part.contains("case") && count("case") > count("esac")
}

/// Where `$(…)` and `` `…` `` are in a script that closes its quotes, in the order of their ends: what is between the brackets or
/// quotes. Those of here-documents are left out, as are those in more than [`MOST_BRACKETS`] others.
pub(super) fn substitutions(text: &str) -> Vec<Range<usize>> {
    if !text.contains("$(") && !text.contains('`') {
        return Vec::new();
    }
    let mut scan = Scan::new(text);
    scan.finds_one();
    scan.substitutions
}

struct Scan<'t> {
    text: &'t str,
    at: usize,
    /// What closes each, and where it begins.
    open: Vec<(Closer, usize)>,
    /// How many of them the tokenizer calls itself for, and how many are arithmetic: looked at for every comment and operator.
    calls: usize,
    arithmetic: usize,
    /// How many brackets are open, and were at most.
    brackets: usize,
    deepest: usize,
    waiting: Vec<Waiting>,
    /// Whether a comment is in a construct that the tokenizer calls itself for.
    has_comment_inside: bool,
    /// Whether a `case` is still open at the end of a `$(…)`.
    has_pattern_inside: bool,
    substitutions: Vec<Range<usize>>,
}

impl<'t> Scan<'t> {
    fn new(text: &'t str) -> Self {
        Scan {
            text,
            at: 0,
            open: Vec::new(),
            calls: 0,
            arithmetic: 0,
            brackets: 0,
            deepest: 0,
            waiting: Vec::new(),
            has_comment_inside: false,
            has_pattern_inside: false,
            substitutions: Vec::new(),
        }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn finds_one(&mut self) -> bool {
        let mut begins_word = true;
        while let Some(c) = self.rest().chars().next() {
            let top = self.open.last().map(|(closer, _)| *closer);
            let quoted = top == Some(Closer::DoubleQuote);
            let began_word = std::mem::replace(&mut begins_word, c.is_whitespace() || ";&|(".contains(c));
            let mut length = c.len_utf8();
            match c {
                '\\' => length += self.rest()[1..].chars().next().map_or(0, char::len_utf8),
                '\'' if !quoted => {
                    let Some(end) = self.rest()[1..].find('\'') else { return self.hides_one() };
                    length += end + 1;
                }
                '"' if quoted => self.close(),
                '"' => self.begin(Closer::DoubleQuote),
                '`' if top == Some(Closer::Backquote) => self.close(),
                '`' => self.begin(Closer::Backquote),
                '$' if self.rest().starts_with("$((") => {
                    self.begin(Closer::Expansion);
                    self.begin(Closer::Arithmetic);
                    length = 3;
                }
                '$' if self.rest().starts_with("$(") => {
                    self.begin(Closer::Expansion);
                    length = 2;
                }
                '$' if self.rest().starts_with("${") => {
                    self.begin(Closer::Brace);
                    length = 2;
                }
                '$' if self.rest().starts_with("$[") => {
                    self.begin(Closer::SquareBracket);
                    length = 2;
                }
                ']' if top == Some(Closer::SquareBracket) => self.close(),
                '}' if top == Some(Closer::Brace) => self.close(),
                '(' if !quoted && self.text[..self.at].ends_with(['?', '*', '+', '@', '!']) => {
                    match self.pattern() {
                        Some(end) if self.rest()[..end].contains("<<") => return true,
                        Some(end) => {
                            begins_word = false;
                            length = end;
                        }
                        None => return self.hides_one(),
                    }
                }
                '(' if self.rest().starts_with("((") && !quoted => {
                    self.begin(Closer::Bracket);
                    self.begin(Closer::Arithmetic);
                    length = 2;
                }
                '(' if !quoted => self.begin(Closer::Bracket),
                ')' if matches!(top, Some(Closer::Bracket | Closer::Expansion | Closer::Arithmetic)) => {
                    self.close();
                }
                '#' if began_word && !quoted && top != Some(Closer::Brace) => {
                    length = self.rest().find('\n').unwrap_or(self.rest().len());
                    // The tokenizer knows no comments in `$(…)`.
                    self.has_comment_inside |= self.calls > 0 && self.rest()[1..length].contains(SPECIAL);
                }
                '$' if !self.waiting.is_empty() && self.opens_unusually() => return true,
                '<' if self.rest().starts_with("<<<") => length = 3,
                '<' if self.rest().starts_with("<<") && !quoted && self.arithmetic == 0 => {
                    match self.operator() {
                        Some(end) => length = end,
                        None => return true,
                    }
                }
                '\n' if !self.waiting.is_empty() => {
                    self.at += 1;
                    match self.bodies() {
                        Bodies::Until(end) => self.at = end,
                        // The text goes to the end of the script: what is open stays open.
                        Bodies::Endless => return self.hides_one(),
                        Bodies::Crossed => return true,
                    }
                    continue;
                }
                _ => {}
            }
            self.at += length;
        }
        // One that waits still has its text outside of where it begins.
        self.has_comment_inside
            || self.hides_one()
            || self.waiting.iter().any(|here| here.depth != self.open.len())
    }

    /// Whether something more than `${name}` or `$(words)` begins here.
    fn opens_unusually(&self) -> bool {
        let rest = &self.rest()[1..];
        let closer = match rest.chars().next() {
            Some('(') => ')',
            Some('{') => '}',
            Some('[') => return true,
            _ => return false,
        };
        let Some(end) = rest[1..].find(closer) else { return true };
        let inside = &rest[1..=end];
        inside.contains(SPECIAL) || inside.contains(['\n', ';', '&', '|', '*', '!', '@', '+', '?'])
    }

    /// The length of a pattern such as `@(a|b)` from its bracket on, as the tokenizer reads it; None if it has no end.
    fn pattern(&self) -> Option<usize> {
        let (mut depth, mut escaped) = (0, false);
        for (at, c) in self.rest().char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '(' => depth += 1,
                ')' if depth == 1 => return Some(at + 1),
                ')' => depth -= 1,
                _ => {}
            }
        }
        None
    }

    /// Opens a construct here.
    fn begin(&mut self, closer: Closer) {
        self.open.push((closer, self.at));
        self.calls += usize::from(closer.is_called_for());
        self.arithmetic += usize::from(closer == Closer::Arithmetic);
        self.brackets += usize::from(closer.is_bracket());
        self.deepest = self.deepest.max(self.brackets);
    }

    /// Closes the innermost construct.
    fn close(&mut self) {
        if let Some((closer, begin)) = self.open.pop() {
            match closer {
                Closer::Backquote => self.note(begin + 1..self.at),
                // `$((…))` is arithmetic.
                Closer::Expansion if !self.text[begin..].starts_with("$((") => self.note(begin + 2..self.at),
                _ => {}
            }
            self.calls -= usize::from(closer.is_called_for());
            self.arithmetic -= usize::from(closer == Closer::Arithmetic);
            self.brackets -= usize::from(closer.is_bracket());
        }
    }

    /// Notes what is in a `$(…)` or in backquotes. Not in many others: each is read again, and the time must stay linear.
    fn note(&mut self, inside: Range<usize>) {
        if self.calls <= MOST_BRACKETS {
            self.has_pattern_inside |= has_open_case(&self.text[inside.clone()]);
            self.substitutions.push(inside);
        }
    }

    /// Where the first construct that is open, and that the tokenizer calls itself for, begins.
    fn within(&self) -> Option<usize> {
        self.open.iter().find(|(closer, _)| closer.is_called_for()).map(|(_, at)| *at)
    }

    /// Whether something that nothing closes may hide a here-document.
    fn hides_one(&self) -> bool {
        self.within().is_some_and(|at| self.text[at..].contains("<<"))
    }

    /// Reads `<<TAG`; the length of both. None for a tag that the crate cannot read.
    fn operator(&mut self) -> Option<usize> {
        let rest = self.rest();
        let tabs = rest.starts_with("<<-");
        let begin = if tabs { 3 } else { 2 };
        let word = rest[begin..].trim_start_matches([' ', '\t']);
        let length = word.find(|c: char| c.is_whitespace() || ";&|<>()".contains(c)).unwrap_or(word.len());
        let tag = &word[..length];
        let name = tag.replace(['\'', '"', '\\'], "");
        let is_word =
            !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_-.+:,!%@=/#^~*?".contains(c));
        let is_quoted_whole = ['\'', '"'].iter().all(|quote| tag.matches(*quote).count() % 2 == 0);
        let escapes_letters = tag
            .match_indices('\\')
            .all(|(at, _)| tag[at + 1..].chars().next().is_some_and(char::is_alphanumeric));
        // A bracket after the tag may be a part of it (`<<E$(`, `<<@(`).
        if !is_word || !is_quoted_whole || !escapes_letters || word[length..].starts_with('(') {
            return None;
        }
        let depth = self.open.len();
        self.waiting.push(Waiting { tag: name, tabs, depth });
        Some(rest.len() - word.len() + length)
    }

    /// Reads the texts of the here-documents that wait.
    fn bodies(&mut self) -> Bodies {
        let mut at = self.at;
        for here in std::mem::take(&mut self.waiting) {
            if here.depth != self.open.len() {
                return Bodies::Crossed;
            }
            loop {
                let rest = self.text.get(at..).unwrap_or_default();
                let Some(line) = rest.split('\n').next().filter(|_| !rest.is_empty()) else {
                    return Bodies::Endless;
                };
                at = (at + line.len() + 1).min(self.text.len());
                let line = if here.tabs { line.trim_start_matches('\t') } else { line };
                if line == here.tag {
                    break;
                }
            }
        }
        Bodies::Until(at)
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST_BRACKETS, find};
    use crate::shell::Unread;

    #[test]
    fn only_what_is_not_closed_is_a_hazard() {
        for fine in [
            "cat <<E\n$(\nE\n",
            "x=$(cat <<E\na\nE\n)\n",
            "cat <<E > $(mktemp)\na\nE\n",
            "cat <<-'E' | tee `mktemp`\n\ta\n\tE\n",
            "echo $((1 << 2)) $(( 1<<2 ))\n",
            "(( a <<= 1 ))\n",
            "cat <<< $(x)\n",
            "echo \"<<E $(x)\"\n",
            "cat <<E\nno end $(\n",
        ] {
            assert_eq!(find(fine), None, "{fine:?}");
        }
        for hazard in [
            "$(<<E\n)",
            "<<E$( $( |if $( ",
            "\n } $(<<E ifif then $( }) ( ",
            "cat <<E $(\nE\n)",
            "`cat <<E\n",
        ] {
            assert_eq!(find(hazard), Some(Unread::HereDocument), "{hazard:?}");
        }
    }

    #[test]
    fn many_open_brackets_are_a_hazard_and_closed_ones_are_not() {
        let most = "(".repeat(MOST_BRACKETS);
        for fine in [
            format!("{most}echo"),
            "(a); ".repeat(100),
            "f() { :; }\n".repeat(100),
            format!("echo '{most}' \"({most}\" # (({most}"),
        ] {
            assert_eq!(find(&fine), None, "{fine:?}");
        }
        let quoted = format!("{most}')))))))' (");
        for hazard in [format!("{most}("), format!("{most} ("), quoted, format!("{most}(a; b)")] {
            assert_eq!(find(&hazard), Some(Unread::TooDeep), "{hazard:?}");
        }
    }
}
