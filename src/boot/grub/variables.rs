//! Variables that a GRUB script sets itself. A menu entry runs when the whole script has run, so what counts is how the
//! script leaves a variable, not the position of the entry (GRUB manual, "Shell-like scripting", "export").

use super::tokens::{Piece, Token};
use crate::boot::variables::Variables;
use std::rc::Rc;

/// Variables as a script leaves them.
#[derive(Debug, Default)]
pub(super) struct OfScript {
    all: Rc<Variables>,
    exported: Rc<Variables>,
}

impl OfScript {
    /// As a menu entry finds them: a submenu sees only what is exported.
    pub(super) fn of_entry(&self, in_submenu: bool) -> Variables {
        Variables::after(if in_submenu { &self.exported } else { &self.all })
    }
}

/// How a command runs.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Runs {
    /// Always, and another value elsewhere is a contradiction.
    Once,
    /// Always, behind everything before it.
    InOrder,
    /// Perhaps: in a branch, a loop, a function, behind `&&`.
    Perhaps,
}

/// Reads all commands outside menu entries.
pub(super) fn of_script(pieces: &[Piece]) -> OfScript {
    let mut all = Variables::default();
    let mut exported = Vec::new();
    let mut blocks: Vec<bool> = Vec::new();
    let mut entries = 0; // open blocks that are menu entries
    let mut branches = Branches::default();
    let mut command: Vec<Token> = Vec::new();
    let mut joined = false;
    let mut end = |command: &mut Vec<Token>, blocks: &[bool], entries: usize, joined: bool| {
        let command = std::mem::take(command);
        let inside = branches.enter(&command);
        // What an entry sets is the entry's own.
        if entries > 0 {
            return;
        }
        let words = without_keywords(&command);
        if words.first().is_some_and(|w| w.text == "export") {
            exported.extend(words.iter().skip(1).map(|w| w.text.clone()));
        }
        let perhaps = inside || joined || !blocks.is_empty();
        apply(words, if perhaps { Runs::Perhaps } else { Runs::Once }, &mut all);
    };
    for piece in pieces {
        match piece {
            Piece::Word(token) if !token.quoted && token.text == "{" => {
                let is_entry = command.first().is_some_and(|t| t.text == "menuentry");
                entries += usize::from(is_entry);
                blocks.push(is_entry);
                command.clear();
            }
            Piece::Word(token) if !token.quoted && token.text == "}" => {
                end(&mut command, &blocks, entries, joined);
                entries -= usize::from(blocks.pop() == Some(true));
            }
            Piece::Word(token) => command.push(token.clone()),
            Piece::End { joins, .. } => {
                end(&mut command, &blocks, entries, joined);
                joined = *joins;
            }
        }
    }
    end(&mut command, &blocks, entries, joined);
    OfScript { exported: Rc::new(all.only(&exported)), all: Rc::new(all) }
}

/// How deep in `if`, `while`, `until` and `for` a script is.
#[derive(Debug, Default)]
pub(super) struct Branches {
    depth: usize,
}

impl Branches {
    /// Takes the next command in; whether it runs only perhaps.
    pub(super) fn enter(&mut self, command: &[Token]) -> bool {
        match command.first().filter(|t| !t.quoted).map(|t| t.text.as_str()) {
            Some("if" | "while" | "until" | "for") => self.depth += 1,
            Some("fi" | "done") => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.depth > 0
    }
}

/// A command without the words of the language in front of it.
pub(super) fn without_keywords(command: &[Token]) -> &[Token] {
    let keyword = |t: &Token| {
        matches!(t.text.as_str(), "then" | "else" | "elif" | "do" | "!" | "if" | "while" | "until")
    };
    let at = command.iter().position(|t| !keyword(t)).unwrap_or(command.len());
    &command[at..]
}

/// What a command does to variables.
pub(super) fn apply(command: &[Token], runs: Runs, variables: &mut Variables) {
    let Some((verb, arguments)) = command.split_first() else { return };
    match verb.text.as_str() {
        "set" => {
            for token in arguments {
                let Some((name, value)) = token.text.split_once('=') else { continue };
                let filled = variables.fill(value);
                match (runs, filled.unknown) {
                    (Runs::Once, None) => variables.set(name, &filled.text, token.span),
                    (Runs::InOrder, None) => variables.replace(name, &filled.text, token.span),
                    _ => variables.change(name),
                }
            }
        }
        "unset" | "read" | "for" => arguments.iter().for_each(|token| variables.change(&token.text)),
        // They read variables from elsewhere.
        "source" | "." | "load_env" | "legacy_source" => variables.forget(),
        _ => {}
    }
    // search --set=root, regexp --set=1:name, smbios --set name
    let mut words = arguments.iter().peekable();
    while let Some(token) = words.next() {
        let named = match token.text.strip_prefix("--set") {
            Some("") => words.peek().map(|next| next.text.as_str()),
            Some(rest) => rest.strip_prefix('='),
            None => None,
        };
        if let Some(name) = named {
            variables.change(name.rsplit(':').next().unwrap_or_default());
        }
    }
}
