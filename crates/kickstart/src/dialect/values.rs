//! The words of one line with their places, and the arguments they become.

use crate::syntax::Word;
use node_base::source::{FileId, Span, Spanned};
use std::borrow::Cow;

/// One argument of a command.
#[derive(Clone, Debug, PartialEq)]
pub enum Arg<'s> {
    /// An option; an abbreviation is resolved, an alias has the table's first name (`--onpart` for `--usepart`).
    Option {
        /// Canonical name with its dashes: `--size`.
        name: &'static str,
        /// The option's name as written.
        name_span: Span,
        /// Its value, unless it is a flag.
        value: Option<Spanned<'s>>,
    },
    /// A positional argument.
    Positional(Spanned<'s>),
}

/// The words of a line after the command's name.
pub(crate) struct Words<'s, 'w> {
    pub(crate) text: &'s str,
    pub(crate) file: FileId,
    pub(crate) words: &'w [Word],
    /// Without quotes, one for each of `words`.
    pub(crate) texts: &'w [Cow<'s, str>],
}

impl<'s> Words<'s, '_> {
    /// The place of the word `i`.
    #[inline]
    pub(crate) fn span(&self, i: usize) -> Span {
        let word = self.words[i];
        Span { file: self.file, start: word.start, end: word.end }
    }

    /// The word `i` as a value.
    #[inline]
    pub(crate) fn value(&self, i: usize) -> Spanned<'s> {
        Spanned { text: self.texts[i].clone(), span: self.span(i) }
    }

    /// The rest of the unquoted word from byte `at` on, with its place.
    #[inline]
    pub(super) fn tail(&self, i: usize, at: usize) -> Spanned<'s> {
        let span = self.span(i);
        let text = match &self.texts[i] {
            Cow::Borrowed(text) => Cow::Borrowed(&text[at..]),
            Cow::Owned(text) => Cow::Owned(text[at..].to_owned()),
        };
        // Quotes before the value move it; then the whole word is its place.
        let start = if self.begins_alike(i, at) { span.start + at as u32 } else { span.start };
        Spanned { text, span: Span { start, ..span } }
    }

    /// The place of an option's name, which is the first `len` bytes of the unquoted word.
    #[inline]
    pub(super) fn head(&self, i: usize, len: usize) -> Span {
        let span = self.span(i);
        Span { end: if self.begins_alike(i, len) { span.start + len as u32 } else { span.end }, ..span }
    }

    /// Whether the first `len` bytes of the unquoted word are the same in the file.
    #[inline]
    fn begins_alike(&self, i: usize, len: usize) -> bool {
        let raw = || &self.text.as_bytes()[self.span(i).range()];
        self.words[i].plain || raw().get(..len) == self.texts[i].as_bytes().get(..len)
    }
}
