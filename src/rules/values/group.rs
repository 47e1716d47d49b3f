use super::list::{GROUPS, differ_in_one_letter};
use crate::kind::filled_in;
use crate::rules::{Context, Rule};
use kickstart::{PackageKind, PackageLine, SectionKind};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings, Fix};
use node_base::harmless::excerpt;

declare_code! {
    /// A group of packages or an environment is misspelt.
    ///
    /// ## Why
    /// The installer stops and asks when no repository has the group. Lines of `%packages` have no quotes: they become a
    /// part of the name. (Repositories bring groups of their own: a name that is not near to a known one is not reported.)
    ///
    /// ## Example
    /// ```text
    /// %packages
    /// @^minimal-enviroment
    /// @"Development Tools"
    /// %end
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// %packages
    /// @^minimal-environment
    /// @Development Tools
    /// %end
    /// ```
    ///
    /// ## Source
    /// The groups of Fedora 7 to 41, EPEL and Enterprise Linux (`grammar/values/groups.txt`); pykickstart 3.78, `Packages.add`,
    /// keeps the quotes.
    static CODE = "UNA048", "misspelt-group", Unattended, Warning;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    let sections = context.kickstart.sections_of(SectionKind::Packages);
    let lines = sections.flat_map(|section| &section.packages);
    findings.extend(lines.filter_map(|line| one(context, line)));
}

fn one(context: &Context<'_>, line: &PackageLine<'_>) -> Option<Finding> {
    let what = match line.kind {
        PackageKind::Package => return None,
        PackageKind::Group => "group",
        PackageKind::Environment => "environment",
    };
    // Options behind the name; `name:stream` is a module.
    let name = line.name.split(" --").next().unwrap_or_default().trim();
    if name.is_empty() || filled_in::is_name(name) || name.contains([':', '*', '?', '[']) {
        return None;
    }
    let bare = name.trim_matches(['"', '\'']);
    let (meant, message) = if bare != name && line.excluded {
        (
            bare,
            format!("the quotes are a part of the name of this {what}, so {} is not left out", excerpt(bare)),
        )
    } else if line.excluded {
        return None; // a group that does not exist is not installed, either
    } else if bare != name {
        (
            bare,
            format!(
                "the quotes are a part of the name of this {what}: no {what} is called {}",
                excerpt(name)
            ),
        )
    } else {
        (misspelt(name)?, format!("no {what} is called '{}'", excerpt(name)))
    };
    let mark = match (line.excluded, line.kind) {
        (true, _) => "-@",
        (false, PackageKind::Environment) => "@^",
        (false, _) => "@",
    };
    let text = context.sources.text_of(line.span);
    let fix = text.find(name).map(|at| {
        let span = node_base::source::Span { start: line.span.start + at as u32, ..line.span };
        let span = node_base::source::Span { end: span.start + name.len() as u32, ..span };
        Fix::replace(span, meant, format!("write {mark}{meant}"), Applicability::Unsafe)
    });
    let mut finding = Finding::new(&CODE, message).at(line.span).help(format!("write {mark}{meant}"));
    finding.fix = fix;
    Some(finding)
}

/// The known name of which one differs in one letter; short names are near to too many.
fn misspelt(name: &str) -> Option<&'static str> {
    let lower = name.to_lowercase();
    if lower.len() < 6 || GROUPS.contains(&lower) {
        return None;
    }
    GROUPS.names().find(|meant| meant.len().abs_diff(lower.len()) <= 1 && differ_in_one_letter(meant, &lower))
}
