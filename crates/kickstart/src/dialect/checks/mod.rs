//! What a command asks of its arguments together. Most conditions stand in the tables as `[[check]]`
//! ([`mod@declared`]); those that are no simple condition are functions here, one file a command.

mod autopart;
mod btrfs;
mod declared;
mod ignoredisk;
mod key;
mod mount;
mod multipath;
mod network;
mod nvdimm;
mod part;
mod raid;
mod realm;
mod snapshot;
mod volgroup;

pub(super) use declared::{declared, outdated};
pub(super) use realm::realm;

use super::arguments::Seen;
use super::problems::{Fail, Place};
use super::state::State;
use super::tables::{Table, number};
use super::values::{Arg, Value};
use node_base::source::Span;

/// One command line after its arguments were read.
pub(super) struct Line<'a, 's> {
    pub(super) table: &'static Table,
    pub(super) place: &'a Place<'a>,
    pub(super) args: &'a [Arg<'s>],
    pub(super) seen: Seen,
}

impl<'s> Line<'_, 's> {
    /// Whether an option or argument is set: stands there, with a value that is not empty or zero.
    fn is_set(&self, name: &str) -> bool {
        self.table.names.iter().position(|n| *n == name).is_some_and(|id| self.seen.set & 1 << id != 0)
    }

    /// Whether an option stands there.
    fn is_given(&self, name: &str) -> bool {
        self.option(name).is_some()
    }

    /// The last place of an option (name and value), and its value.
    fn option(&self, name: &str) -> Option<(Span, Option<&Value<'s>>)> {
        self.args.iter().rev().find_map(|arg| match arg {
            Arg::Option { name: n, name_span, value } if *n == name => {
                Some((value.as_ref().map_or(*name_span, |v| name_span.to(v.span)), value.as_ref()))
            }
            _ => None,
        })
    }

    fn value(&self, name: &str) -> Option<&Value<'s>> {
        self.option(name).and_then(|(_, value)| value)
    }

    fn text(&self, name: &str) -> &str {
        self.value(name).map_or("", |v| v.text.as_ref())
    }

    fn positionals(&self) -> impl Iterator<Item = &Value<'s>> {
        self.args.iter().filter_map(|arg| match arg {
            Arg::Positional(value) => Some(value),
            Arg::Option { .. } => None,
        })
    }

    /// Where to point for an option or argument: at it, else at the command.
    fn span(&self, name: &str) -> Span {
        if name.starts_with("--") {
            return self.option(name).map_or(self.place.span, |(span, _)| span);
        }
        let position = self.table.arguments.iter().filter(|a| a.versions & self.place.bit != 0);
        let position = position.take_while(|a| a.name != name).count();
        self.positionals().nth(position).map_or(self.place.span, |v| v.span)
    }

    /// Where its value stands, else the command.
    fn value_span(&self, name: &str) -> Span {
        self.value(name).map_or_else(|| self.span(name), |v| v.span)
    }
}

/// The conditions that are written in Rust.
pub(super) fn special(table: u16, line: &Line<'_, '_>, state: &mut State<'_>) -> Result<(), Fail> {
    match table {
        number::AUTOPART => autopart::check(line, &mut state.autopart),
        number::BTRFS => btrfs::check(line),
        number::IGNOREDISK => ignoredisk::check(line, &mut state.ignoredisk),
        number::KEY => key::check(line),
        number::MOUNT => mount::check(line),
        number::MULTIPATH => multipath::check(line, &mut state.multipath),
        number::NETWORK => network::check(line),
        number::NVDIMM => nvdimm::check(line),
        number::PART => part::check(line),
        number::RAID => raid::check(line),
        number::SNAPSHOT => snapshot::check(line, &mut state.snapshots),
        number::VOLGROUP | number::STRATISPOOL => volgroup::check(line),
        _ => Ok(()),
    }
}
