//! A parsed kickstart with its places in the protocol's terms: what handlers look at.

use super::capabilities::Client;
use super::document::{Document, Documents, address};
use super::position::{Encoding, Lines};
use crate::lint::{Read, Settings};
use gen_lsp_types::{Location, Position, Range, Uri};
use kickstart::{Command, Kickstart, Section};
use node_base::source::{FileId, Sources, Span};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// A document that was parsed.
pub(super) struct View<'a> {
    pub(super) document: &'a Document,
    pub(super) documents: &'a Documents,
    pub(super) sources: &'a Sources,
    pub(super) read: &'a Read<'a>,
    pub(super) settings: &'a Settings,
    pub(super) encoding: Encoding,
    pub(super) client: Client,
    pub(super) included: Included,
}

/// The addresses and lines of the included files that were asked for.
#[derive(Default)]
pub(super) struct Included(RefCell<HashMap<FileId, IncludedFile>>);

type IncludedFile = Rc<(Option<Uri>, Lines)>;

impl<'a> View<'a> {
    /// The text that the client shows.
    pub(super) fn text(&self) -> &'a str {
        &self.document.text
    }

    pub(super) fn kickstart(&self) -> &'a Kickstart<'a> {
        &self.read.kickstart
    }

    /// A place in the document; nothing for one in another file.
    pub(super) fn range(&self, span: Span) -> Option<Range> {
        (span.file == FileId(0)).then(|| self.document.lines.range(self.text(), span.range(), self.encoding))
    }

    /// A place in the document, or in a file that it includes.
    pub(super) fn location(&self, span: Span) -> Option<Location> {
        if let Some(range) = self.range(span) {
            return Some(Location { uri: self.document.uri.clone(), range });
        }
        let included = self.included(span.file);
        let (uri, lines) = &*included;
        let range = lines.range(self.sources.get(span.file).text(), span.range(), self.encoding);
        Some(Location { uri: uri.clone()?, range })
    }

    /// The address of an included file.
    pub(super) fn uri(&self, file: FileId) -> Option<Uri> {
        self.included(file).0.clone()
    }

    fn included(&self, file: FileId) -> IncludedFile {
        let mut known = self.included.0.borrow_mut();
        let look_up = || {
            let source = self.sources.get(file);
            let identity = source.path().canonicalize().ok();
            let uri = address(source.path(), identity.as_deref(), self.documents);
            Rc::new((uri, Lines::new(source.text())))
        };
        known.entry(file).or_insert_with(look_up).clone()
    }

    /// The byte that a position is at.
    pub(super) fn offset(&self, position: Position) -> usize {
        self.document.lines.offset(self.text(), position, self.encoding)
    }

    /// The commands of the document itself.
    pub(super) fn commands(&self) -> impl Iterator<Item = &'a Command<'a>> {
        self.read.kickstart.commands.iter().filter(|command| command.span.file == FileId(0))
    }

    /// The sections that begin in the document itself.
    pub(super) fn sections(&self) -> impl Iterator<Item = &'a Section<'a>> {
        self.read.kickstart.sections.iter().filter(|section| section.span.file == FileId(0))
    }

    /// The command whose words are at a byte.
    pub(super) fn command_at(&self, offset: usize) -> Option<&'a Command<'a>> {
        self.commands().find(|command| touches(command.span, offset))
    }

    /// The section whose body a byte is in. The line of the header is not in it, also where nothing follows.
    pub(super) fn section_at(&self, offset: usize) -> Option<&'a Section<'a>> {
        let lines = &self.document.lines;
        self.sections().find(|section| {
            let is_open = section.span.end == section.body.end;
            section.body.start as usize <= offset
                && (offset < section.body.end as usize || is_open && offset == section.body.end as usize)
                && lines.line_of(section.header_span.start as usize) < lines.line_of(offset)
        })
    }
}

/// Whether a byte is in a place, or right after it, where a cursor still points at it.
pub(super) fn touches(span: Span, offset: usize) -> bool {
    span.file == FileId(0) && (span.start as usize..=span.end as usize).contains(&offset)
}
