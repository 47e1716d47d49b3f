//! Findings as JSON (schema 1): the shape that every verb of both programs prints.
//!
//! The shape is a contract: members are added, never changed. Lines and columns count from 1, columns are characters,
//! offsets bytes. `span` is null for a finding without a place.

use super::{Applicability, Finding, Severity};
use crate::source::{FileId, Places, Position, Sources, Span};
use serde::Serialize;
use std::borrow::Cow;

/// The version of the shape; every JSON object that a program prints has it as `schema`.
pub const SCHEMA: u32 = 1;

/// A finding, ready to be serialised.
#[derive(Debug, Serialize)]
pub struct Diagnostic<'a> {
    code: &'static str,
    name: &'static str,
    category: &'static str,
    severity: Severity,
    message: &'a str,
    help: Option<&'a str>,
    span: Option<Place<'a>>,
    related: Vec<Related<'a>>,
    fix: Option<Fix<'a>>,
}

#[derive(Debug, Serialize)]
struct Place<'a> {
    file: Cow<'a, str>,
    start: Position,
    end: Position,
}

#[derive(Debug, Serialize)]
struct Related<'a> {
    message: &'a str,
    span: Option<Place<'a>>,
}

#[derive(Debug, Serialize)]
struct Fix<'a> {
    title: &'a str,
    applicability: Applicability,
    edits: Vec<Edit<'a>>,
}

#[derive(Debug, Serialize)]
struct Edit<'a> {
    span: Place<'a>,
    replacement: &'a str,
}

/// Turns findings about the files of one [`Sources`] into [`Diagnostic`]s. Findings in the order of the file cost one
/// pass over it.
#[derive(Debug)]
pub struct Diagnostics<'s> {
    sources: &'s Sources,
    places: Places<'s>,
}

impl<'s> Diagnostics<'s> {
    /// For findings whose spans lie in `sources`. Findings without spans can have any, an empty one included.
    pub fn new(sources: &'s Sources) -> Self {
        Diagnostics { sources, places: Places::new(sources) }
    }

    /// One finding.
    pub fn of<'f>(&mut self, finding: &'f Finding) -> Diagnostic<'f>
    where
        's: 'f,
    {
        Diagnostic {
            code: finding.code.id,
            name: finding.code.name,
            category: finding.code.category.name(),
            severity: finding.severity,
            message: &finding.message,
            help: finding.help.as_deref(),
            span: finding.span.map(|s| self.place(s)),
            related: finding
                .related
                .iter()
                .map(|r| Related { message: &r.message, span: r.span.map(|s| self.place(s)) })
                .collect(),
            fix: finding.fix.as_ref().map(|fix| Fix {
                title: &fix.title,
                applicability: fix.applicability,
                edits: fix
                    .edits
                    .iter()
                    .map(|e| Edit { span: self.place(e.span), replacement: &e.replacement })
                    .collect(),
            }),
        }
    }

    fn place(&mut self, span: Span) -> Place<'s> {
        Place {
            file: path(self.sources, span.file),
            start: self.places.at(span.file, span.start),
            end: self.places.at(span.file, span.end),
        }
    }
}

fn path(sources: &Sources, file: FileId) -> Cow<'_, str> {
    sources.get(file).path().to_string_lossy()
}
