//! Text → lines, words and sections, without loss. Knows no command.
//!
//! Invariant: the spans of a text's lines follow each other without a gap, and all spans lie on character
//! boundaries.

#[cfg(feature = "specification")]
mod grammar;
mod scanner;
mod tree;
mod words;

pub use scanner::{Line, LineKind, SECTION_NAMES, Scanner, is_white};
pub use tree::{Node, Token, Tree, TreeLine, TreeSection};
pub use words::{QuoteError, Word, split_words, unquote};
