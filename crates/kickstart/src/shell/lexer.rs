//! The words and operators of a shell script, in order.

/// What follows a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
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

/// A word of a script and its place there.
#[derive(Clone, Debug, PartialEq)]
pub struct ShellWord {
    /// Without its quotes.
    pub text: String,
    /// Offset of its first byte in the script.
    pub start: usize,
    /// Offset of the first byte after it.
    pub end: usize,
}

pub(super) enum Token {
    Word(ShellWord),
    /// The target of `>` and `>>`; `None` for a redirection that writes no file.
    Redirect(Option<String>),
    Operator(Next),
    End,
}

/// Reads a script word by word.
pub(super) struct Lexer<'t> {
    text: &'t str,
    /// The first byte that is not read yet.
    pub(super) at: usize,
    /// Ends of the here-documents that begin at the next line end, and whether their lines may be indented by tabs.
    here: Vec<(String, bool)>,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Lexer { text, at: 0, here: Vec::new() }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn starts(&self, what: &str) -> bool {
        self.text.as_bytes()[self.at..].starts_with(what.as_bytes())
    }

    /// The next word, redirection or operator.
    pub(super) fn token(&mut self) -> Token {
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
                    return Token::Word(ShellWord { text: "(".to_owned(), start, end: self.at });
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
    fn word(&mut self) -> ShellWord {
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
        ShellWord { text, start, end: self.at }
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

    /// Copies `$(…)` unchanged, up to the bracket that closes it.
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
