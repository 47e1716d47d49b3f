//! A kickstart as a tree: lines and sections down to words, without loss.

use super::scanner::{Line, LineKind, Scanner};
use super::words::{QuoteError, Word};
use node_base::source::LineIndex;

/// The whole text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    /// Lines of the command section, and sections, in order.
    pub nodes: Vec<Node>,
}

/// A part of the command section, or a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// A line of the command section.
    Line(TreeLine),
    /// A section.
    Section(TreeSection),
}

/// A section with its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeSection {
    /// Its first line.
    pub header: TreeLine,
    /// The lines between header and `%end`.
    pub content: Vec<TreeLine>,
    /// The `%end` line, if there is one.
    pub end: Option<TreeLine>,
}

/// One line with its line end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeLine {
    /// Its kind.
    pub kind: LineKind,
    /// Offset of its first byte in the text.
    pub start: u32,
    /// Offset of the first byte after its line end.
    pub end: u32,
    /// Its words. Content, comments and blank lines are not split.
    pub words: Vec<Word>,
    /// Offset of its comment; `None` without one.
    pub comment: Option<u32>,
    /// Why its words cannot all be split; `None` when they can.
    pub error: Option<QuoteError>,
}

/// The kinds of piece of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// Spaces between words, and the line end after them.
    Space,
    /// A word with its quotes.
    Word,
    /// A comment with its line end.
    Comment,
    /// A line that is not split: content of a section, a blank line, a line that is a comment.
    Text,
}

impl Tree {
    /// Reads a text with the scanner.
    pub fn parse(text: &str) -> Tree {
        let lines = LineIndex::new(text);
        let mut scanner = Scanner::new(text, &lines);
        let mut words = Vec::new();
        let mut builder = Builder::default();
        while let Some(line) = scanner.next_line(&mut words) {
            builder.push(TreeLine::new(line, words.clone()));
        }
        builder.finish()
    }

    /// All lines in order.
    pub fn lines(&self) -> impl Iterator<Item = &TreeLine> {
        self.nodes.iter().flat_map(|node| {
            let (first, content, end) = match node {
                Node::Line(line) => (line, &[][..], None),
                Node::Section(section) => (&section.header, &section.content[..], section.end.as_ref()),
            };
            std::iter::once(first).chain(content).chain(end)
        })
    }

    /// The pieces of all lines in order, as bytes of the text: they follow each other without a gap.
    pub fn tokens(&self) -> impl Iterator<Item = (Token, std::ops::Range<usize>)> {
        self.lines().flat_map(TreeLine::tokens)
    }

    /// The text again, put together from the pieces of the tree.
    pub fn print(&self, text: &str) -> String {
        self.tokens().map(|(_, range)| &text[range]).collect()
    }
}

impl TreeLine {
    pub(super) fn new(line: Line, words: Vec<Word>) -> Self {
        let Line { kind, start, end, comment, error, .. } = line;
        TreeLine { kind, start, end, words, comment, error }
    }

    /// The pieces of the line in order.
    pub fn tokens(&self) -> Vec<(Token, std::ops::Range<usize>)> {
        let (start, end) = (self.start as usize, self.end as usize);
        if matches!(self.kind, LineKind::Blank | LineKind::Comment | LineKind::Content) {
            return vec![(Token::Text, start..end)];
        }
        let mut tokens = Vec::with_capacity(self.words.len() * 2 + 1);
        let mut at = start;
        for word in &self.words {
            let (from, to) = (word.start as usize, word.end as usize);
            if from > at {
                tokens.push((Token::Space, at..from));
            }
            tokens.push((Token::Word, from..to));
            at = to;
        }
        if let Some(comment) = self.comment {
            let comment = comment as usize;
            if comment > at {
                tokens.push((Token::Space, at..comment));
            }
            tokens.push((Token::Comment, comment..end));
        } else if end > at {
            tokens.push((Token::Space, at..end));
        }
        tokens
    }
}

/// Puts lines together to sections.
#[derive(Default)]
pub(super) struct Builder {
    nodes: Vec<Node>,
    open: Option<TreeSection>,
}

impl Builder {
    pub(super) fn push(&mut self, line: TreeLine) {
        match line.kind {
            LineKind::Header => {
                self.close(None);
                self.open = Some(TreeSection { header: line, content: Vec::new(), end: None });
            }
            LineKind::End => self.close(Some(line)),
            _ => match &mut self.open {
                Some(section) => section.content.push(line),
                None => self.nodes.push(Node::Line(line)),
            },
        }
    }

    fn close(&mut self, end: Option<TreeLine>) {
        if let Some(section) = self.open.take() {
            self.nodes.push(Node::Section(TreeSection { end, ..section }));
        }
    }

    pub(super) fn finish(mut self) -> Tree {
        self.close(None);
        Tree { nodes: self.nodes }
    }
}
