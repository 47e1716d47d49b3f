//! The lines of `%packages`: packages, groups, environments, and what to leave out.

use super::codes;
use super::problems::Fail;
use crate::syntax::is_white;
use node_base::diagnostic::{Finding, Reported};
use node_base::source::bytes::position;
use node_base::source::{FileId, Span, split_lines};

/// What a line of `%packages` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageLine<'s> {
    /// Its kind.
    pub kind: PackageKind,
    /// Whether the line leaves it out (a dash before it).
    pub excluded: bool,
    /// Its name, without `@`, `@^` and the dash.
    pub name: std::borrow::Cow<'s, str>,
    /// The whole entry, without a comment.
    pub span: Span,
}

/// The kinds of entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PackageKind {
    /// A package or a pattern of packages.
    Package,
    /// `@group`, or a module stream.
    Group,
    /// `@^environment`
    Environment,
}

/// Reads the lines of a section's body (or of a file included in it), in order. A line that the language does not
/// accept gives the finding.
pub(super) fn lines<'s>(
    file: FileId,
    body: &'s str,
    offset: usize,
) -> impl Iterator<Item = Result<PackageLine<'s>, Fail>> {
    let mut at = offset;
    split_lines(body).filter_map(move |line| {
        let start = at;
        at += line.len();
        one(file, line, start)
    })
}

/// Without white space before it; most lines have none.
fn trim_start(line: &str) -> &str {
    if line.as_bytes().first().is_some_and(u8::is_ascii_graphic) {
        line
    } else {
        line.trim_start_matches(is_white)
    }
}

/// Without white space after it; most lines have only a line feed there.
fn trim_end(line: &str) -> &str {
    let rest = line.strip_suffix('\n').unwrap_or(line);
    if rest.as_bytes().last().is_some_and(u8::is_ascii_graphic) {
        rest
    } else {
        rest.trim_end_matches(is_white)
    }
}

fn one(file: FileId, line: &str, start: usize) -> Option<Result<PackageLine<'_>, Fail>> {
    let white = |c: char| is_white(c);
    let trimmed = trim_start(line);
    if trimmed.is_empty() || trimmed.starts_with('#') {
        return None;
    }
    if trimmed.starts_with('%') {
        // A known %word that is not alone on its line is neither content nor the end of the section.
        let word = trimmed.split(white).next().unwrap_or_default();
        if word == "%end" || word == "%include" || crate::syntax::SECTION_NAMES.contains(&word) {
            return None;
        }
    }
    let start = start + (line.len() - trimmed.len());
    let comment = position(trimmed.as_bytes(), b'#');
    let entry = trim_end(&trimmed[..comment.unwrap_or(trimmed.len())]);
    let span = Span::new(file, start, start + entry.len());
    let fail = |message: &str, help: &str| {
        Some(Err(Box::new(Finding::new(&codes::PACKAGE_LINE, message).at(span).help(help))))
    };
    let (excluded, name) = match entry.strip_prefix('-') {
        Some("") => {
            let finding = Finding::new(&codes::PACKAGE_LINE, "a dash alone does not name a package").at(span);
            let finding = finding.help("write the package after the dash: -plymouth");
            return Some(Err(Box::new(finding.reported(Reported::ByAccident))));
        }
        Some(rest) => (true, rest),
        None => (false, entry),
    };
    if let Some(environment) = name.strip_prefix("@^") {
        let name = environment.into();
        return Some(Ok(PackageLine { kind: PackageKind::Environment, excluded, name, span }));
    }
    let Some(group) = name.strip_prefix('@') else {
        return Some(Ok(PackageLine { kind: PackageKind::Package, excluded, name: name.into(), span }));
    };
    if excluded {
        return Some(Ok(PackageLine { kind: PackageKind::Group, excluded, name: group.into(), span }));
    }
    let mut words: Vec<&str> = Vec::new();
    let (mut only_mandatory, mut with_optional) = (false, false);
    let mut options_end = false;
    for word in group.split(white).filter(|w| !w.is_empty()) {
        if options_end || !word.starts_with("--") {
            words.push(word);
            continue;
        }
        if word == "--" {
            options_end = true;
            words.push(word);
            continue;
        }
        let (option, value) = word.split_once('=').map_or((word, None), |(o, v)| (o, Some(v)));
        match ("--nodefaults".starts_with(option), "--optional".starts_with(option)) {
            (true, true) => {
                return fail(
                    "this option is too short: it could be --nodefaults or --optional",
                    "write it out",
                );
            }
            (false, false) => {
                words.push(word);
                continue;
            }
            (nodefaults, _) if value.is_none() => {
                only_mandatory |= nodefaults;
                with_optional |= !nodefaults;
            }
            _ => {
                return fail(
                    "options of a group are switches and take no value",
                    "delete the equals sign and the value",
                );
            }
        }
    }
    if only_mandatory && with_optional {
        return fail(
            "a group takes only one of --nodefaults and --optional",
            "--nodefaults takes the mandatory packages alone, --optional takes all",
        );
    }
    Some(Ok(PackageLine { kind: PackageKind::Group, excluded, name: words.join(" ").into(), span }))
}
