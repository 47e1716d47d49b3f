//! Text, spans and line numbers. Knows no kickstart.
//!
//! Invariant: a [`Span`] lies inside its file and on character boundaries.

pub mod bytes;
mod lines;
mod places;
pub use lines::{LineIndex, Position, is_line_end, line_at, line_end_at, split_lines};

pub use places::Places;
use std::path::{Path, PathBuf};

/// Which file of a [`Sources`] a span is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A range of bytes in one file: `start` is the first byte, `end` the first byte behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// First byte behind.
    pub end: u32,
}

impl Span {
    /// A span in `file` over the bytes `start..end`.
    pub fn new(file: FileId, start: usize, end: usize) -> Self {
        // Sources are limited to u32::MAX bytes when they are added.
        Span { file, start: start as u32, end: end as u32 }
    }

    /// The bytes as a range, to slice the text with.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// From the start of `self` to the end of `other`; both lie in the same file.
    pub fn to(self, other: Span) -> Span {
        Span { file: self.file, start: self.start, end: other.end.max(self.start) }
    }
}

/// Text with its place. The text is unquoted; the span covers the quotes.
#[derive(Clone, Debug, PartialEq)]
pub struct Spanned<'s> {
    /// Without quotes.
    pub text: std::borrow::Cow<'s, str>,
    /// With quotes.
    pub span: Span,
}

/// The path of standard input on a command line and in reports.
pub const STDIN: &str = "-";

/// One file: the path as the person gave it, and its text.
#[derive(Debug)]
pub struct Source {
    path: PathBuf,
    text: String,
    lines: std::sync::OnceLock<LineIndex>,
}

impl Source {
    /// The path as given ([`STDIN`] for standard input).
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Line starts, made on first use.
    pub fn lines(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::new(&self.text))
    }
}

/// A text that cannot be a source.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Spans count bytes in 32 bits.
    #[error("{path}: {bytes} bytes; files of 4 GiB and more are not read")]
    TooLarge {
        /// The path as given.
        path: String,
        /// Its size in bytes.
        bytes: usize,
    },
}

/// All files of one check: the kickstart and what it includes. A [`FileId`] is an index into it.
#[derive(Debug, Default)]
pub struct Sources {
    files: Vec<Source>,
}

impl Sources {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file.
    ///
    /// # Errors
    /// [`SourceError::TooLarge`] for 4 GiB and more.
    pub fn add(&mut self, path: impl Into<PathBuf>, text: String) -> Result<FileId, SourceError> {
        let path = path.into();
        if u32::try_from(text.len()).is_err() {
            return Err(SourceError::TooLarge { path: path.display().to_string(), bytes: text.len() });
        }
        self.files.push(Source { path, text, lines: std::sync::OnceLock::new() });
        Ok(FileId(self.files.len() as u32 - 1))
    }

    /// The file of an id that this collection gave out.
    pub fn get(&self, id: FileId) -> &Source {
        &self.files[id.0 as usize]
    }

    /// All files, in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &Source)> {
        self.files.iter().enumerate().map(|(n, source)| (FileId(n as u32), source))
    }

    /// The words under a span.
    pub fn text_of(&self, span: Span) -> &str {
        &self.get(span.file).text()[span.range()]
    }

    /// Line and column of the start of a span.
    pub fn position(&self, span: Span) -> Position {
        let source = self.get(span.file);
        source.lines().position(source.text(), span.start as usize)
    }

    /// Line and column of the end of a span.
    pub fn end_position(&self, span: Span) -> Position {
        let source = self.get(span.file);
        source.lines().position(source.text(), span.end as usize)
    }
}
