//! A finding, built a piece at a time.

use super::{Code, Severity};
use crate::source::{Span, Spanned, line_at};
use std::collections::HashMap;

/// Another place that belongs to a finding, or a remark without a place.
#[derive(Clone, Debug, PartialEq)]
pub struct Related {
    /// What is to be seen there.
    pub message: String,
    /// The place.
    pub span: Option<Span>,
}

/// Whether a fix may be applied without a person looking at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Applicability {
    /// The installation is what it was meant to be before; nothing else changes.
    Safe,
    /// Changes what will be installed: a person decides.
    Unsafe,
    /// Has words that a person must fill in: shown, never applied.
    Placeholder,
}

/// Replace the bytes of `span` by `replacement` (an empty span inserts).
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// What is replaced.
    pub span: Span,
    /// By what.
    pub replacement: String,
}

/// Edits that remove the cause of a finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Fix {
    /// "add --thin", in the imperative.
    pub title: String,
    /// Whether it may be applied unseen.
    pub applicability: Applicability,
    /// Non-overlapping edits.
    pub edits: Vec<Edit>,
}

impl Fix {
    /// Replaces the bytes of a span.
    pub fn replace(
        span: Span,
        replacement: impl Into<String>,
        title: impl Into<String>,
        applicability: Applicability,
    ) -> Fix {
        let edits = vec![Edit { span, replacement: replacement.into() }];
        Fix { title: title.into(), applicability, edits }
    }

    /// Writes another value, inside its quotes. `None` where quotes around a part of its word hide where it begins.
    pub fn of_value(value: &Spanned<'_>, new: &str, applicability: Applicability) -> Option<Fix> {
        let span = Fix::inside_of(value)?;
        Some(Fix::replace(span, new, format!("write {new}"), applicability))
    }

    /// The place of a value without the quotes around it; `None` where its bytes are not the text.
    pub fn inside_of(value: &Spanned<'_>) -> Option<Span> {
        let length = (value.span.end - value.span.start) as usize;
        match length.checked_sub(value.text.len())? {
            0 => Some(value.span),
            2 => Some(Span { start: value.span.start + 1, end: value.span.end - 1, ..value.span }),
            _ => None,
        }
    }

    /// Inserts words before the byte that `span` begins with.
    pub fn insert_before(
        span: Span,
        words: impl Into<String>,
        title: impl Into<String>,
        applicability: Applicability,
    ) -> Fix {
        Fix::replace(Span { end: span.start, ..span }, words, title, applicability)
    }

    /// Inserts words behind the last byte of `span`.
    pub fn insert_after(
        span: Span,
        words: impl Into<String>,
        title: impl Into<String>,
        applicability: Applicability,
    ) -> Fix {
        Fix::replace(Span { start: span.end, ..span }, words, title, applicability)
    }

    /// Deletes the line that a span begins in; `text` is that of its file.
    pub fn delete_line(text: &str, span: Span, applicability: Applicability) -> Fix {
        let (_, whole) = line_at(text, span.start as usize);
        Fix::delete(Span::new(span.file, whole.start, whole.end), "delete the line", applicability)
    }

    /// Deletes the bytes of a span.
    pub fn delete(span: Span, title: impl Into<String>, applicability: Applicability) -> Fix {
        Fix::replace(span, "", title, applicability)
    }
}

/// How the reference parser reports a problem, where that is not how it reports others with the code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reported {
    /// As others with the code.
    #[default]
    AsUsual,
    /// It names no line.
    WithoutLine,
    /// It fails by accident, with an exception of Python instead of an error of its own.
    ByAccident,
    /// It reads the next line, where others with the code end the reading.
    AndReadOn,
}

/// One thing found at one place.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Which kind.
    pub code: &'static Code,
    /// How bad it is here.
    pub severity: Severity,
    /// A sentence that names the words, the number seen and the number wanted.
    pub message: String,
    /// What to do; where it helps, the line to write.
    pub help: Option<String>,
    /// The place; a finding about the file as a whole has none.
    pub span: Option<Span>,
    /// Words at the underlined place, shorter than the message.
    pub label: Option<String>,
    /// Other places.
    pub related: Vec<Related>,
    /// How to mend it.
    pub fix: Option<Fix>,
    /// What the reference parser makes of it.
    pub reported: Reported,
}

impl Finding {
    /// A finding of this kind, at its usual severity, about the file as a whole.
    pub fn new(code: &'static Code, message: impl Into<String>) -> Self {
        Finding {
            code,
            severity: code.severity,
            message: message.into(),
            help: None,
            span: None,
            label: None,
            related: Vec::new(),
            fix: None,
            reported: Reported::AsUsual,
        }
    }

    /// Where it is.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    /// Where it is, if that is known.
    #[must_use]
    pub fn at_opt(mut self, span: Option<Span>) -> Self {
        self.span = span;
        self
    }

    /// Short words at the underlined place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// What to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Another severity than the code's usual one.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Another place that belongs to it.
    #[must_use]
    pub fn related(mut self, span: Span, message: impl Into<String>) -> Self {
        self.related.push(Related { message: message.into(), span: Some(span) });
        self
    }

    /// A remark without a place.
    #[must_use]
    pub fn note(mut self, message: impl Into<String>) -> Self {
        self.related.push(Related { message: message.into(), span: None });
        self
    }

    /// How to mend it.
    #[must_use]
    pub fn fix(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self
    }

    /// How the reference parser reports it, unlike others with the code.
    #[must_use]
    pub fn reported(mut self, reported: Reported) -> Self {
        self.reported = reported;
        self
    }
}

/// The findings that [`Findings::remove_repeated`] has seen, while only further ones are added.
#[derive(Debug, Default)]
pub struct Told {
    count: usize,
    /// Their numbers by place and kind.
    at: HashMap<(Option<Span>, &'static str), Vec<usize>>,
}

/// Where rules put what they find.
#[derive(Debug, Default)]
pub struct Findings {
    list: Vec<Finding>,
}

impl Findings {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn push(&mut self, finding: Finding) {
        self.list.push(finding);
    }

    /// Keeps only the findings that `keep` accepts.
    pub fn retain(&mut self, keep: impl FnMut(&Finding) -> bool) {
        self.list.retain(keep);
    }

    /// Of equal findings at one place keeps the first: a file that is included several times is spoken of once.
    /// `told` remembers how far that was done before.
    pub fn remove_repeated(&mut self, told: &mut Told) {
        let new = self.list.split_off(told.count.min(self.list.len()));
        for finding in new {
            if finding.span.is_some() {
                let same_place = told.at.entry((finding.span, finding.code.id)).or_default();
                if same_place.iter().any(|&n| self.list.get(n) == Some(&finding)) {
                    continue;
                }
                same_place.push(self.list.len());
            }
            self.list.push(finding);
        }
        told.count = self.list.len();
    }

    /// Gives those from the `start`-th on that `which` accepts another help.
    pub fn help_from(&mut self, start: usize, which: impl Fn(&Finding) -> bool, help: &str) {
        for finding in self.list.iter_mut().skip(start).filter(|f| which(f)) {
            finding.help = Some(help.to_owned());
        }
    }

    /// All so far, in the order they were found.
    pub fn iter(&self) -> std::slice::Iter<'_, Finding> {
        self.list.iter()
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The list, sorted by place (findings without a place first), then code, then message: the same output every time.
    pub fn into_sorted(mut self) -> Vec<Finding> {
        self.list.sort_by(|a, b| (a.span, a.code.id, &a.message).cmp(&(b.span, b.code.id, &b.message)));
        self.list
    }
}

impl IntoIterator for Findings {
    type Item = Finding;
    type IntoIter = std::vec::IntoIter<Finding>;

    /// In the order they were found.
    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl Extend<Finding> for Findings {
    fn extend<T: IntoIterator<Item = Finding>>(&mut self, iter: T) {
        self.list.extend(iter);
    }
}
