//! Just enough of the shell's grammar to say which simple commands a script runs and what follows them.
//!
//! Quoting, comments, line continuation, here-documents, `$(…)` and redirections are understood; functions,
//! `eval` and loops are not followed. The script is data: nothing is ever run.

/// What stands behind a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// A line end, `;`, or the end of the script.
    End,
    /// `&&`
    And,
    /// `||`
    Or,
    /// `|`
    Pipe,
    /// `&`
    Background,
}

/// A word with its place in the script.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Word {
    /// Without its quotes.
    pub(super) text: String,
    /// First byte.
    pub(super) start: usize,
    /// First byte behind.
    pub(super) end: usize,
}

/// A simple command: its words without assignments, keywords and redirections.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Statement {
    /// The words; never empty.
    pub(super) words: Vec<Word>,
    /// Files that its output is written to.
    pub(super) written: Vec<String>,
    /// First byte behind the last word or redirection.
    pub(super) end: usize,
    /// What stands behind it.
    pub(super) next: Next,
    /// Whether it is the condition of an `if` or `while`, or negated: its failure is looked at.
    pub(super) condition: bool,
    /// Whether it stands in an `if`, a loop or a `case`: it may not run at all.
    pub(super) nested: bool,
}

impl Statement {
    /// The last part of the command's path: `imgbase` of `/usr/sbin/imgbase`.
    pub(super) fn program(&self) -> &str {
        let first = self.words[0].text.as_str();
        first.rsplit('/').next().unwrap_or(first)
    }

    /// The words behind the command.
    pub(super) fn arguments(&self) -> impl Iterator<Item = &str> {
        self.words[1..].iter().map(|w| w.text.as_str())
    }
}

/// Words that stand before a command without changing what it does.
const PREFIXES: [&str; 7] = ["exec", "time", "sudo", "command", "env", "nice", "builtin"];

/// Reserved words that a command may follow at once.
const OPENERS: [&str; 10] = ["if", "then", "elif", "else", "do", "while", "until", "!", "{", "("];

/// Reserved words that stand alone.
const CLOSERS: [&str; 5] = ["fi", "done", "esac", "}", ")"];

/// The simple commands of a script in the order they stand.
pub(super) fn statements(script: &str) -> Vec<Statement> {
    let mut reader = Reader { text: script, at: 0, here: Vec::new() };
    let mut list = Vec::new();
    let mut current = Pending::default();
    loop {
        match reader.token() {
            Token::Word(word) => current.word(word),
            Token::Redirect(target) => {
                current.written.extend(target);
                current.end = reader.at;
            }
            Token::Operator(next) => current.finish(next, &mut list),
            Token::End => {
                current.finish(Next::End, &mut list);
                return list;
            }
        }
    }
}

/// A command whose end is not reached yet.
#[derive(Default)]
struct Pending {
    words: Vec<Word>,
    written: Vec<String>,
    end: usize,
    condition: bool,
    /// How many compound commands are open.
    depth: usize,
}

impl Pending {
    fn word(&mut self, word: Word) {
        if self.words.is_empty() {
            let text = word.text.as_str();
            match text {
                "if" | "while" | "until" | "for" | "case" => self.depth += 1,
                "fi" | "done" | "esac" => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
            if OPENERS.contains(&text) {
                self.condition |= matches!(text, "if" | "elif" | "while" | "until" | "!");
                return;
            }
            if CLOSERS.contains(&text) || PREFIXES.contains(&text) || is_assignment(text) {
                return;
            }
        }
        self.end = word.end;
        self.words.push(word);
    }

    fn finish(&mut self, next: Next, list: &mut Vec<Statement>) {
        let depth = self.depth;
        let done = std::mem::replace(self, Pending { depth, ..Pending::default() });
        if done.words.is_empty() {
            // `{ a; } || b` and `( a ) || b`: what follows the bracket follows the command in it.
            if next != Next::End
                && let Some(last) = list.last_mut()
            {
                last.next = next;
            }
            return;
        }
        list.push(Statement {
            words: done.words,
            written: done.written,
            end: done.end,
            next,
            condition: done.condition,
            nested: depth > 0,
        });
    }
}

/// `NAME=value`
fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

enum Token {
    Word(Word),
    /// The target of `>` and `>>`; nothing for redirections that write no file.
    Redirect(Option<String>),
    Operator(Next),
    End,
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    /// Ends of the here-documents that begin at the next line end, and whether their lines may be indented by tabs.
    here: Vec<(String, bool)>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn starts(&self, what: &str) -> bool {
        self.text.as_bytes()[self.at..].starts_with(what.as_bytes())
    }

    fn token(&mut self) -> Token {
        loop {
            match self.peek() {
                None => return Token::End,
                Some(b' ' | b'\t' | b'\r') => self.at += 1,
                Some(b'\\') if self.starts("\\\n") => self.at += 2,
                Some(b'\\') if self.starts("\\\r\n") => self.at += 3,
                Some(b'#') => {
                    while self.peek().is_some_and(|b| b != b'\n') {
                        self.at += 1;
                    }
                }
                Some(b'\n') => {
                    self.at += 1;
                    self.skip_here_documents();
                    return Token::Operator(Next::End);
                }
                Some(b';') => {
                    self.at += 1;
                    return Token::Operator(Next::End);
                }
                Some(b'&') if self.starts("&&") => {
                    self.at += 2;
                    return Token::Operator(Next::And);
                }
                Some(b'&') if self.starts("&>") => {
                    self.at += 1;
                    return self.redirect();
                }
                Some(b'&') => {
                    self.at += 1;
                    return Token::Operator(Next::Background);
                }
                Some(b'|') => {
                    let or = self.starts("||");
                    self.at += if or || self.starts("|&") { 2 } else { 1 };
                    return Token::Operator(if or { Next::Or } else { Next::Pipe });
                }
                Some(b'<' | b'>') => return self.redirect(),
                Some(b'(' | b')') => {
                    let start = self.at;
                    self.at += 1;
                    if self.text.as_bytes()[start] == b')' {
                        return Token::Operator(Next::End);
                    }
                    return Token::Word(Word { text: "(".to_owned(), start, end: self.at });
                }
                Some(_) => {
                    let word = self.word();
                    // `2>file`
                    if !word.text.is_empty()
                        && word.text.bytes().all(|b| b.is_ascii_digit())
                        && matches!(self.peek(), Some(b'<' | b'>'))
                    {
                        return self.redirect();
                    }
                    return Token::Word(word);
                }
            }
        }
    }

    /// Reads `>file`, `>>file`, `<file`, `<<END`, `<<<word`, `>&2`.
    fn redirect(&mut self) -> Token {
        let writes = self.peek() == Some(b'>');
        if self.starts("<<<") {
            self.at += 3;
            self.spaces();
            self.word();
            return Token::Redirect(None);
        }
        if self.starts("<<") {
            self.at += 2;
            let tabs = self.peek() == Some(b'-');
            self.at += usize::from(tabs);
            self.spaces();
            let end = self.word().text;
            self.here.push((end, tabs));
            return Token::Redirect(None);
        }
        while matches!(self.peek(), Some(b'<' | b'>' | b'|')) {
            self.at += 1;
        }
        if self.peek() == Some(b'&') {
            self.at += 1;
            self.word();
            return Token::Redirect(None);
        }
        self.spaces();
        let target = self.word().text;
        Token::Redirect((writes && !target.is_empty()).then_some(target))
    }

    fn spaces(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    /// Reads a word up to a blank or an operator.
    fn word(&mut self) -> Word {
        let start = self.at;
        let mut text = String::new();
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')' => break,
                b'\\' => {
                    self.at += 1;
                    if self.peek() == Some(b'\n') {
                        self.at += 1;
                    } else {
                        self.character(&mut text);
                    }
                }
                b'\'' => {
                    self.at += 1;
                    while self.peek().is_some_and(|b| b != b'\'') {
                        self.character(&mut text);
                    }
                    self.at += usize::from(self.peek().is_some());
                }
                b'"' => {
                    self.at += 1;
                    self.double_quoted(&mut text);
                }
                b'`' => {
                    self.character(&mut text);
                    while self.peek().is_some_and(|b| b != b'`') {
                        self.character(&mut text);
                    }
                    self.character(&mut text);
                }
                b'$' if self.starts("$(") => self.substitution(&mut text),
                _ => self.character(&mut text),
            }
        }
        Word { text, start, end: self.at }
    }

    fn double_quoted(&mut self, text: &mut String) {
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    self.at += 1;
                    return;
                }
                b'\\' => {
                    self.at += 1;
                    self.character(text);
                }
                b'$' if self.starts("$(") => self.substitution(text),
                _ => self.character(text),
            }
        }
    }

    /// Copies `$(…)` as it stands, brackets balanced.
    fn substitution(&mut self, text: &mut String) {
        let mut depth = 0usize;
        while let Some(byte) = self.peek() {
            self.character(text);
            match byte {
                b'(' => depth += 1,
                b')' => {
                    depth -= 1;
                    if depth == 0 {
                        return;
                    }
                }
                _ => {}
            }
        }
    }

    /// Copies one character.
    fn character(&mut self, text: &mut String) {
        if let Some(c) = self.text[self.at..].chars().next() {
            text.push(c);
            self.at += c.len_utf8();
        }
    }

    fn skip_here_documents(&mut self) {
        for (end, tabs) in std::mem::take(&mut self.here) {
            while self.at < self.text.len() {
                let rest = &self.text[self.at..];
                let line = rest.split_inclusive('\n').next().unwrap_or(rest);
                self.at += line.len();
                let line = line.trim_end_matches(['\n', '\r']);
                if (if tabs { line.trim_start_matches('\t') } else { line }) == end {
                    break;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `program argument … [> file] <operator>` a line.
    fn shown(script: &str) -> Vec<String> {
        statements(script)
            .iter()
            .map(|s| {
                let words: Vec<_> = s.words.iter().map(|w| w.text.as_str()).collect();
                let mut line = words.join(" ");
                for file in &s.written {
                    line.push_str(&format!(" > {file}"));
                }
                if s.condition {
                    line.insert_str(0, "? ");
                }
                format!("{line} {:?}", s.next)
            })
            .collect()
    }

    #[test]
    fn commands_end_at_operators_and_line_ends() {
        assert_eq!(
            shown("set -x; a b \\\n  c && d || exit 1\ne | f &\n"),
            ["set -x End", "a b c And", "d Or", "exit 1 End", "e Pipe", "f Background"]
        );
    }

    #[test]
    fn comments_quotes_and_here_documents_hold_no_commands() {
        assert_eq!(
            shown(
                "# no; not this\ncat > /etc/x <<EOF\nimgbase layout --init\nEOF\necho 'a; b' \"c && d\" # e\nf#g\n"
            ),
            ["cat > /etc/x End", "echo a; b c && d End", "f#g End"]
        );
        assert_eq!(shown("cat <<-'E'\n\tx\n\tE\ny\n"), ["cat End", "y End"]);
        assert_eq!(shown("a $(b; c (d)) `e; f`\n"), ["a $(b; c (d)) `e; f` End"]);
    }

    #[test]
    fn keywords_assignments_and_prefixes_are_no_commands() {
        assert_eq!(
            shown("if ! A=1 exec a; then b; fi\nX=1\n( c ) || d\n{ e; } || f\n"),
            ["? a End", "b End", "c Or", "d End", "e Or", "f End"]
        );
    }

    #[test]
    fn files_that_are_written_are_known() {
        assert_eq!(
            shown("a >b 2>&1\nc >>d 2>/dev/null\ne &>f\ng < h\n"),
            ["a > b End", "c > d > /dev/null End", "e > f End", "g End"]
        );
    }

    #[test]
    fn broken_scripts_end_somewhere() {
        for script in
            ["'", "\"", "`", "$(", "<<", "a <<E", "\\", "${", "((((", "))))", "é > ü", "a && ", "||"]
        {
            let _ = statements(script);
        }
    }
}
