//! One command line, and questions about its arguments.

use super::super::arguments::Seen;
use super::super::problems::Place;
use super::super::tables::Table;
use super::super::values::Arg;
use node_base::source::{Span, Spanned};

/// One command line after its arguments were read.
pub(in super::super) struct Line<'a, 's> {
    pub(in super::super) table: &'static Table,
    pub(in super::super) place: &'a Place<'a>,
    pub(in super::super) args: &'a [Arg<'s>],
    pub(in super::super) seen: Seen,
}

impl<'s> Line<'_, 's> {
    /// Whether an option or argument is set: it is given, with a value that is not empty or zero.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.table.names.iter().position(|n| *n == name).is_some_and(|id| self.seen.set & 1 << id != 0)
    }

    /// Whether an option is given.
    pub(super) fn is_given(&self, name: &str) -> bool {
        self.option(name).is_some()
    }

    /// The last place of an option (name and value), and its value.
    pub(super) fn option(&self, name: &str) -> Option<(Span, Option<&Spanned<'s>>)> {
        self.args.iter().rev().find_map(|arg| match arg {
            Arg::Option { name: n, name_span, value } if *n == name => {
                Some((value.as_ref().map_or(*name_span, |v| name_span.to(v.span)), value.as_ref()))
            }
            _ => None,
        })
    }

    pub(super) fn value(&self, name: &str) -> Option<&Spanned<'s>> {
        self.option(name).and_then(|(_, value)| value)
    }

    pub(super) fn text(&self, name: &str) -> &str {
        self.value(name).map_or("", |v| v.text.as_ref())
    }

    pub(super) fn positionals(&self) -> impl Iterator<Item = &Spanned<'s>> {
        self.args.iter().filter_map(|arg| match arg {
            Arg::Positional(value) => Some(value),
            Arg::Option { .. } => None,
        })
    }

    /// The place of an option or argument, else of the command.
    pub(super) fn span(&self, name: &str) -> Span {
        if name.starts_with("--") {
            return self.option(name).map_or(self.place.span, |(span, _)| span);
        }
        let position = self.table.arguments.iter().filter(|a| a.versions & self.place.bit != 0);
        let position = position.take_while(|a| a.name != name).count();
        self.positionals().nth(position).map_or(self.place.span, |v| v.span)
    }

    /// The place of its value, else of the option, else of the command.
    pub(super) fn value_span(&self, name: &str) -> Span {
        self.value(name).map_or_else(|| self.span(name), |v| v.span)
    }
}
