//! GRUB 2 configurations: menu entries with their `linux` and `initrd` commands (GRUB 2.12, `grub-core/script`;
//! the manual's "Shell-like scripting"). The menus of GRUB 0.97, whose entries begin with `title`, are read as well.

mod variables; // what a script sets itself

use super::codes;
use super::config::Entry;
use super::variables::{Budget, Variables};
use node_base::cmdline::{CommandLine, Word};
use node_base::diagnostic::{Finding, Findings};
use node_base::source::Spanned;
use node_base::source::{FileId, Span};
use variables::{Branches, Runs};

/// A word of the script, unquoted.
#[derive(Clone, Debug)]
struct Token {
    text: String,
    span: Span,
    /// The first variable in it.
    variable: Option<String>,
    /// Whether any of it was quoted: a quoted brace is text.
    quoted: bool,
}

/// What the script is made of.
#[derive(Clone, Debug)]
enum Piece {
    Word(Token),
    /// A line end, `;`, `&&` or `||`.
    End {
        semicolon: Option<usize>,
        /// Whether the next command runs only if this one succeeds or fails.
        joins: bool,
    },
}

/// Commands that load a kernel.
fn loads_kernel(name: &str) -> bool {
    matches!(name, "linux" | "linux16" | "linuxefi" | "linuxefi64" | "kernel")
}

/// Reads a configuration.
pub fn read<'s>(text: &'s str, file: FileId, findings: &mut Findings) -> Vec<Entry<'s>> {
    let pieces = pieces(text, file, findings);
    let mut reader = Reader {
        entries: Vec::new(),
        blocks: Vec::new(),
        findings,
        first_of_menu: 0,
        title: None,
        menu_initrd: Vec::new(),
        script: variables::of_script(&pieces),
        own: Variables::default(),
        outside: Variables::default(),
        budget: Budget::new(text.len()),
        branches: Branches::default(),
        joined: false,
    };
    let mut command: Vec<Token> = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Word(token) if !token.quoted && token.text == "{" => {
                reader.open(&command);
                command.clear();
            }
            Piece::Word(token) if !token.quoted && token.text == "}" => {
                reader.run(std::mem::take(&mut command), None);
                reader.close();
            }
            Piece::Word(token) => command.push(token),
            Piece::End { semicolon, joins } => {
                reader.run(std::mem::take(&mut command), semicolon);
                reader.joined = joins;
            }
        }
    }
    reader.run(command, None);
    while !reader.blocks.is_empty() {
        reader.close();
    }
    reader.share_initrd();
    reader.entries
}

struct Reader<'s, 'f> {
    entries: Vec<Entry<'s>>,
    /// The open blocks.
    blocks: Vec<Block>,
    findings: &'f mut Findings,
    /// The first entry of the current menu entry.
    first_of_menu: usize,
    /// The entry of a GRUB 0.97 menu, which has no braces.
    title: Option<Token>,
    /// Initial RAM disks that the current menu entry loads.
    menu_initrd: Vec<Spanned<'s>>,
    /// Variables as the whole script leaves them: menu entries run after it.
    script: variables::OfScript,
    /// Variables as the current menu entry sees them.
    own: Variables,
    /// Outside an entry a command runs at once, where more may follow: nothing is concluded.
    outside: Variables,
    budget: Budget,
    branches: Branches,
    /// Whether the command stands behind `&&` or `||`.
    joined: bool,
}

/// What a `{` begins.
enum Block {
    Entry(Token),
    Submenu,
    /// A function.
    Other,
}

impl<'s> Reader<'s, '_> {
    fn open(&mut self, command: &[Token]) {
        let title = command.get(1).cloned();
        let block = match (command.first().map(|t| t.text.as_str()), title) {
            (Some("menuentry"), Some(title)) => {
                self.share_initrd();
                let in_submenu = self.blocks.iter().any(|b| matches!(b, Block::Submenu));
                self.own = self.script.of_entry(in_submenu);
                Block::Entry(title)
            }
            (Some("submenu"), _) => Block::Submenu,
            _ => Block::Other,
        };
        self.blocks.push(block);
    }

    fn close(&mut self) {
        if let Some(Block::Entry(_)) = self.blocks.pop() {
            self.share_initrd();
        }
    }

    /// A menu entry may load its kernel in one of several branches and the RAM disk behind them.
    fn share_initrd(&mut self) {
        let initrd = std::mem::take(&mut self.menu_initrd);
        for entry in self.entries.iter_mut().skip(self.first_of_menu) {
            if entry.initrd.is_empty() {
                entry.initrd.clone_from(&initrd);
            }
        }
        self.first_of_menu = self.entries.len();
    }

    fn run(&mut self, command: Vec<Token>, semicolon: Option<usize>) {
        let perhaps = self.branches.enter(&command) || self.joined;
        let mut words = variables::without_keywords(&command).iter().cloned();
        let Some(name) = words.next() else { return };
        if loads_kernel(&name.text) {
            let Some(kernel) = words.next() else {
                self.findings.push(
                    Finding::new(&codes::NO_KERNEL, format!("'{}' names no kernel", name.text)).at(name.span),
                );
                return;
            };
            let in_block = self.blocks.iter().rev().find_map(|block| match block {
                Block::Entry(title) => Some(value(title)),
                _ => None,
            });
            let title = in_block.or_else(|| self.title.as_ref().map(value));
            let last = words.clone().next_back().map_or(kernel.span, |t| t.span);
            let known = match self.blocks.last() {
                Some(Block::Entry(_)) => &self.own,
                _ => &self.outside,
            };
            let budget = &mut self.budget;
            let line: Vec<Word<'s>> = words.flat_map(|token| self::words(token, known, budget)).collect();
            if let Some(at) = semicolon.filter(|at| *at == last.end as usize) {
                self.findings.push(
                    Finding::new(
                        &codes::CUT_OFF,
                        "an unquoted ';' ends the command, so the kernel does not get what follows",
                    )
                    .at(Span::new(last.file, at, at + 1))
                    .help("put the word in quotes, or write \\;"),
                );
            }
            self.entries.push(Entry {
                title,
                kernel: Some(value(&kernel)),
                line: CommandLine::from_words(line),
                ..Entry::default()
            });
        } else if name.text.starts_with("initrd") {
            let found: Vec<Spanned<'s>> = words.map(|t| value(&t)).collect();
            self.menu_initrd.extend(found);
        } else if name.text == "title" && self.blocks.is_empty() {
            self.share_initrd();
            let words: Vec<&Token> = command.iter().skip(1).collect();
            self.title = words.first().map(|first| Token {
                text: words.iter().map(|t| t.text.as_str()).collect::<Vec<_>>().join(" "),
                span: words.last().map_or(first.span, |last| first.span.to(last.span)),
                variable: None,
                quoted: false,
            });
        } else if matches!(self.blocks.last(), Some(Block::Entry(_))) {
            let runs = if perhaps { Runs::Perhaps } else { Runs::InOrder };
            variables::apply(variables::without_keywords(&command), runs, &mut self.own);
        }
    }
}

fn value<'s>(token: &Token) -> Spanned<'s> {
    Spanned { text: token.text.clone().into(), span: token.span }
}

/// The words of a token: an unquoted variable is split at the blanks in what it holds.
fn words<'s>(token: Token, known: &Variables, budget: &mut Budget) -> Vec<Word<'s>> {
    if token.variable.is_none() {
        return vec![Word::from_unquoted(token.text, token.span)];
    }
    let filled = budget.fill(known, &token.text);
    let word = |text: &str| Word::from_filled(text, token.span, filled.taken.clone(), filled.unknown.clone());
    if token.quoted {
        return vec![word(&filled.text)];
    }
    filled.text.split_whitespace().map(word).collect()
}

/// Splits a script into words. `'…'` protects everything, `"…"` all but `\` and `$`; `\` protects one character, or
/// joins two lines.
fn pieces(text: &str, file: FileId, findings: &mut Findings) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some(&(at, c)) = chars.peek() {
        match c {
            '\n' => {
                chars.next();
                pieces.push(Piece::End { semicolon: None, joins: false });
            }
            ';' => {
                chars.next();
                pieces.push(Piece::End { semicolon: Some(at), joins: false });
            }
            '#' => while chars.next_if(|(_, c)| *c != '\n').is_some() {},
            // "&&" and "||" stand between commands as well.
            '&' | '|' => {
                chars.next();
                pieces.push(Piece::End { semicolon: None, joins: true });
            }
            c if c.is_whitespace() => {
                chars.next();
            }
            '\\' if text[at + 1..].starts_with('\n') || text[at + 1..].starts_with("\r\n") => {
                chars.next();
                while chars.next_if(|(_, c)| matches!(c, '\r')).is_some() {}
                chars.next();
            }
            '{' | '}' => {
                chars.next();
                let span = Span::new(file, at, at + 1);
                pieces.push(Piece::Word(Token { text: c.to_string(), span, variable: None, quoted: false }));
            }
            _ => pieces.push(Piece::Word(token(text, at, &mut chars, file, findings))),
        }
    }
    pieces
}

fn token(
    text: &str,
    start: usize,
    chars: &mut std::iter::Peekable<std::str::CharIndices<'_>>,
    file: FileId,
    findings: &mut Findings,
) -> Token {
    let mut token =
        Token { text: String::new(), span: Span::new(file, start, start), variable: None, quoted: false };
    let mut quote: Option<(char, usize)> = None;
    let mut end = start;
    while let Some(&(at, c)) = chars.peek() {
        let behind = at + c.len_utf8();
        match (quote, c) {
            (Some((q, _)), c) if c == q => {
                quote = None;
                chars.next();
            }
            (None, '\'' | '"') => {
                quote = Some((c, at));
                token.quoted = true;
                chars.next();
            }
            (None, c) if c.is_whitespace() || matches!(c, ';' | '|' | '&' | '{' | '}') => break,
            (Some(('\'', _)), _) => {
                token.text.push(c);
                chars.next();
            }
            (_, '\\') => {
                chars.next();
                if let Some((next_at, next)) = chars.next() {
                    // In double quotes a backslash protects only what would mean something.
                    if quote.is_some() && !matches!(next, '$' | '"' | '\\' | '\n') {
                        token.text.push('\\');
                    }
                    if next != '\n' {
                        token.text.push(next);
                    }
                    end = next_at + next.len_utf8();
                    continue;
                }
            }
            (_, '$') => {
                chars.next();
                end = variable(text, behind, chars, &mut token);
                continue;
            }
            (_, c) => {
                token.text.push(c);
                chars.next();
            }
        }
        end = behind;
    }
    token.span = Span::new(file, start, end);
    if let Some((q, at)) = quote {
        findings.push(
            Finding::new(&codes::OPEN_QUOTE, format!("the quote {q} that starts here is never closed"))
                .at(Span::new(file, at, at + 1)),
        );
    }
    token
}

/// `$name` or `${name}`, as `${name}`; returns where it ends.
fn variable(
    text: &str,
    start: usize,
    chars: &mut std::iter::Peekable<std::str::CharIndices<'_>>,
    token: &mut Token,
) -> usize {
    let rest = &text[start..];
    let (name, len) = if let Some(inner) = rest.strip_prefix('{') {
        let name = inner.split(['}', '\n']).next().unwrap_or_default();
        (name, (name.len() + 2).min(rest.len()))
    } else {
        let len = rest
            .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '?' | '@' | '*')))
            .unwrap_or(rest.len());
        (&rest[..len], len)
    };
    while chars.next_if(|(at, _)| *at < start + len).is_some() {}
    if name.is_empty() {
        token.text.push('$');
    } else {
        token.text.push_str("${");
        token.text.push_str(name);
        token.text.push('}');
        token.variable.get_or_insert_with(|| name.to_owned());
    }
    start + len
}
