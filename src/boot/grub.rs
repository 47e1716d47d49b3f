//! GRUB 2 configurations: menu entries with their `linux` and `initrd` commands (GRUB 2.12, `grub-core/script`;
//! the manual's "Shell-like scripting"). The menus of GRUB 0.97, whose entries begin with `title`, are read as well.

mod tokens; // the words of a script
mod variables; // what a script sets itself

use super::codes;
use super::entry::Entry;
use super::variables::{Budget, Variables};
use node_base::cmdline::{CommandLine, Word};
use node_base::diagnostic::{Applicability, Finding, Findings, Fix};
use node_base::source::{FileId, Span, Spanned};
use tokens::{Piece, Token, pieces};
use variables::{Branches, Runs};

/// Commands that load a kernel.
fn loads_kernel(name: &str) -> bool {
    matches!(name, "linux" | "linux16" | "linuxefi" | "linuxefi64" | "kernel")
}

/// Reads a configuration.
pub(crate) fn read<'s>(text: &'s str, file: FileId, findings: &mut Findings) -> Vec<Entry<'s>> {
    let pieces = pieces(text, file, findings);
    let mut reader = Reader {
        entries: Vec::new(),
        blocks: Vec::new(),
        titles: Vec::new(),
        submenus: 0,
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
    /// The titles of the entries among them.
    titles: Vec<Token>,
    /// The number of submenus among them.
    submenus: usize,
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
    /// Whether the command follows `&&` or `||`.
    joined: bool,
}

/// What a `{` begins.
enum Block {
    Entry,
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
                self.own = self.script.of_entry(self.submenus > 0);
                self.titles.push(title);
                Block::Entry
            }
            (Some("submenu"), _) => {
                self.submenus += 1;
                Block::Submenu
            }
            _ => Block::Other,
        };
        self.blocks.push(block);
    }

    fn close(&mut self) {
        match self.blocks.pop() {
            Some(Block::Entry) => {
                self.titles.pop();
                self.share_initrd();
            }
            Some(Block::Submenu) => self.submenus -= 1,
            Some(Block::Other) | None => {}
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
            let title = self.titles.last().or(self.title.as_ref()).map(value);
            let last = words.clone().next_back().map_or(kernel.span, |t| t.span);
            let known = match self.blocks.last() {
                Some(Block::Entry) => &self.own,
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
                    .help("put the word in quotes, or write \\;")
                    .fix(Fix::replace(
                        Span::new(last.file, at, at + 1),
                        "\\;",
                        "write \\;",
                        Applicability::Unsafe,
                    )),
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
        } else if matches!(self.blocks.last(), Some(Block::Entry)) {
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
