//! A kickstart after parsing: commands with their options' values and spans, and sections with their bodies.
//! Rules, the storage model and the boot checks read this.

use super::index::{self, CommandIndex};
use super::packages::PackageLine;
use super::python::python_int;
use super::repeated::Repeats;
use super::repeats::REPEATS;
use super::tables;
use super::values::Arg;
use super::version::Version;
use crate::include::Outcome;
use node_base::source::{FileId, Span, Spanned};
use std::sync::OnceLock;

/// One command of the command section.
#[derive(Clone, Debug)]
pub struct Command<'s> {
    /// Name as in the tables (`part` for `partition`).
    pub name: &'static str,
    /// Its number there.
    pub(super) number: u8,
    /// The name as written.
    pub name_span: Span,
    /// From the name to the last argument.
    pub span: Span,
    /// Arguments in order.
    pub args: Vec<Arg<'s>>,
    /// Whether the language accepts it. Rules about the installed host skip commands that it rejects.
    pub valid: bool,
}

impl<'s> Command<'s> {
    /// The last value given for an option (the last repeat wins).
    #[inline]
    pub fn value(&self, option: &str) -> Option<&Spanned<'s>> {
        self.args.iter().rev().find_map(|a| match a {
            Arg::Option { name, value: Some(v), .. } if *name == option => Some(v),
            _ => None,
        })
    }

    /// Whether an option is given, with or without a value.
    #[inline]
    pub fn has(&self, option: &str) -> bool {
        self.option_span(option).is_some()
    }

    /// Where an option is given (name and value), the last one if repeated.
    #[inline]
    pub fn option_span(&self, option: &str) -> Option<Span> {
        self.args.iter().rev().find_map(|a| match a {
            Arg::Option { name, name_span, value } if *name == option => {
                Some(value.as_ref().map_or(*name_span, |v| name_span.to(v.span)))
            }
            _ => None,
        })
    }

    /// The value of an option as the reference reads an integer; `None` if absent or not one; saturated at the
    /// ends of `i64` (the reference has no limit).
    #[inline]
    pub fn int(&self, option: &str) -> Option<i64> {
        python_int(&self.value(option)?.text)
    }

    /// The positional arguments in order.
    #[inline]
    pub fn positionals(&self) -> impl Iterator<Item = &Spanned<'s>> {
        self.args.iter().filter_map(|a| match a {
            Arg::Positional(v) => Some(v),
            Arg::Option { .. } => None,
        })
    }

    /// The first positional argument: the mount point of `part` and `logvol`, the name of `volgroup`.
    #[inline]
    pub fn first(&self) -> Option<&Spanned<'s>> {
        self.positionals().next()
    }
}

/// The kinds of section that the language knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SectionKind {
    /// `%packages`
    Packages,
    /// `%pre`
    Pre,
    /// `%pre-install`
    PreInstall,
    /// `%post`
    Post,
    /// `%onerror`
    OnError,
    /// `%traceback`
    Traceback,
    /// `%certificate`
    Certificate,
    /// `%addon`
    Addon,
    /// `%anaconda`
    Anaconda,
}

impl SectionKind {
    /// The kind of a header's first word.
    pub fn from_name(name: &str) -> Option<SectionKind> {
        Some(match name {
            "%packages" => SectionKind::Packages,
            "%pre" => SectionKind::Pre,
            "%pre-install" => SectionKind::PreInstall,
            "%post" => SectionKind::Post,
            "%onerror" => SectionKind::OnError,
            "%traceback" => SectionKind::Traceback,
            "%certificate" => SectionKind::Certificate,
            "%addon" => SectionKind::Addon,
            "%anaconda" => SectionKind::Anaconda,
            _ => return None,
        })
    }
}

/// A section: header, lines, `%end`.
#[derive(Clone, Debug)]
pub struct Section<'s> {
    /// Which kind.
    pub kind: SectionKind,
    /// `%post` as written.
    pub name_span: Span,
    /// The whole header line without its line end.
    pub header_span: Span,
    /// Options and positionals of the header. For `%addon` and `%anaconda`, which the language does not check,
    /// every word is a positional.
    pub args: Vec<Arg<'s>>,
    /// All lines between header and `%end`, with their line ends.
    pub body: Span,
    /// From the header to `%end`.
    pub span: Span,
    /// The files that `%include` lines in it add, when includes are followed: whole files.
    pub included: Vec<Span>,
    /// The entries of a `%packages` section that the language accepts, in order; those of included files last. Other
    /// sections have none.
    pub packages: Vec<PackageLine<'s>>,
    /// Whether the language accepts it.
    pub valid: bool,
}

impl<'s> Section<'s> {
    /// Whether an option is in the header.
    pub fn has(&self, option: &str) -> bool {
        self.args.iter().any(|a| matches!(a, Arg::Option { name, .. } if *name == option))
    }

    /// The last value given for an option of the header.
    pub fn value(&self, option: &str) -> Option<&Spanned<'s>> {
        self.args.iter().rev().find_map(|a| match a {
            Arg::Option { name, value: Some(v), .. } if *name == option => Some(v),
            _ => None,
        })
    }

    /// The positional words of the header.
    pub fn positionals(&self) -> impl Iterator<Item = &Spanned<'s>> {
        self.args.iter().filter_map(|a| match a {
            Arg::Positional(v) => Some(v),
            Arg::Option { .. } => None,
        })
    }
}

/// A kickstart of one syntax version.
#[derive(Clone, Debug)]
pub struct Kickstart<'s> {
    /// The version as which it was read.
    pub version: Version,
    /// The file it starts in.
    pub file: FileId,
    /// Commands in the order in which the installer reads them.
    pub commands: Vec<Command<'s>>,
    /// Their places by name.
    pub(super) index: CommandIndex,
    /// Sections in order.
    pub sections: Vec<Section<'s>>,
    /// `%include` lines in order, of the command section and of sections.
    pub includes: Vec<Include<'s>>,
    /// `%ksappend` lines in order, as those of `%include`.
    pub appends: Vec<Include<'s>>,
}

/// An `%include` line.
#[derive(Clone, Debug)]
pub struct Include<'s> {
    /// The path or URL.
    pub path: Spanned<'s>,
    /// The whole line without its comment.
    pub span: Span,
    /// Index of the section that it is in; `None` in the command section.
    pub section: Option<usize>,
    /// What became of it; `None` when no loader looked for it.
    pub outcome: Option<&'s Outcome>,
}

impl<'s> Kickstart<'s> {
    /// The first `%include` or `%ksappend` among the commands whose file was not read: what seems to be missing may be in
    /// it.
    pub fn first_unread_file(&self) -> Option<&Include<'s>> {
        let is_read = |i: &Include<'_>| matches!(i.outcome, Some(Outcome::File(_)));
        let unread = |i: &&Include<'_>| i.section.is_none() && !is_read(i);
        self.includes.iter().find(unread).or_else(|| self.appends.iter().find(unread))
    }

    /// All commands of this name, in order, accepted or not.
    pub fn written(&self, name: &str) -> impl Iterator<Item = &Command<'s>> {
        self.index.of(name).map(|at| &self.commands[at])
    }

    /// All accepted commands of this name, in order.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &Command<'s>> {
        self.written(name).filter(|c| c.valid)
    }

    /// The last accepted command of this name (a later one overrides an earlier one).
    pub fn last(&self, name: &str) -> Option<&Command<'s>> {
        self.index.last_valid(name).map(|at| &self.commands[at])
    }

    /// All commands that have one of these names, in order, accepted or not.
    pub fn among(&self, names: &[&str]) -> impl Iterator<Item = &Command<'s>> {
        let numbers = index::numbers(names);
        self.commands.iter().filter(move |c| numbers & 1 << c.number != 0)
    }

    /// The commands that are given more than once although the language keeps one object of them, in the order of the
    /// installer; accepted ones only.
    pub fn given_again(&self) -> impl Iterator<Item = (&'static Repeats, Vec<&Command<'s>>)> {
        let mut counts = [0_u8; REPEATS.len()];
        let objects = objects();
        for (number, is_repeated) in self.index.given() {
            if let Some(object) = objects[number] {
                counts[object] += 1 + u8::from(is_repeated);
            }
        }
        REPEATS.iter().zip(counts).filter(|(_, count)| *count > 1).filter_map(|(repeats, _)| {
            let commands: Vec<_> = self.among(repeats.words).filter(|c| c.valid).collect();
            (commands.len() > 1).then_some((repeats, commands))
        })
    }

    /// All sections of a kind, in order.
    pub fn sections_of(&self, kind: SectionKind) -> impl Iterator<Item = &Section<'s>> {
        self.sections.iter().filter(move |s| s.kind == kind)
    }
}

/// For the number of each name its place in [`REPEATS`].
fn objects() -> &'static [Option<usize>] {
    static OBJECTS: OnceLock<Vec<Option<usize>>> = OnceLock::new();
    OBJECTS.get_or_init(|| {
        let place = |name: &&str| REPEATS.iter().position(|repeats| repeats.words.contains(name));
        tables::WORDS.iter().map(|word| place(&word.text)).collect()
    })
}
