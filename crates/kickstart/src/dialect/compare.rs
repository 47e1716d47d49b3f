//! What changed between two syntax versions, and what in a kickstart would break with the newer one.

use super::addons::ADDONS;
use super::read::parse_with_includes;
use super::tables::{COMMANDS, Opt, Table, Takes, WORDS};
use super::version::{Family, Version};
use crate::include::Includes;
use node_base::diagnostic::{Finding, Findings};
use node_base::source::{FileId, Sources};

/// One difference between two versions.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Change {
    /// The command's word, or the header of an add-on's section.
    pub command: &'static str,
    /// The option; `None` when the change is about the command.
    pub option: Option<&'static str>,
    /// How it changed.
    #[serde(flatten)]
    pub what: ChangeKind,
    /// What to write instead of something that was or will be removed.
    pub instead: Option<&'static str>,
}

/// How a command or an option changed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub enum ChangeKind {
    /// The newer version refuses it.
    Removed,
    /// It no longer does anything and will be removed.
    Deprecated,
    /// It was optional and must be given now.
    Required,
    /// It takes another kind of value.
    Takes {
        /// The kind of value in the older version.
        before: &'static str,
        /// The kind of value in the newer version.
        now: &'static str,
    },
    /// It accepts other values.
    Choices {
        /// No longer accepted.
        removed: Vec<&'static str>,
        /// Accepted now.
        added: Vec<&'static str>,
    },
    /// It cannot be in one kickstart with these commands any more.
    Conflicts {
        /// Their names.
        with: Vec<&'static str>,
    },
    /// It is new.
    Added,
}

/// All changes from one version to another, by command, then option.
pub fn changes(from: Version, to: Version) -> Vec<Change> {
    let (old, new) = (from.bit(), to.bit());
    let mut changes = Vec::new();
    for word in WORDS {
        let table = &COMMANDS[usize::from(word.table)];
        let usable = word.active | word.deprecated;
        let (before, now) = (usable & old != 0, usable & new != 0);
        let what = match (before, now) {
            (true, false) => Some(ChangeKind::Removed),
            (false, true) => Some(ChangeKind::Added),
            (true, true) if word.deprecated & new != 0 && word.deprecated & old == 0 => {
                Some(ChangeKind::Deprecated)
            }
            _ => None,
        };
        if let Some(what) = what {
            let instead = table.instead_of_word(word.text).filter(|_| what != ChangeKind::Added);
            changes.push(Change { command: word.text, option: None, what, instead });
        }
        // Options are listed once for each command, under its own name, if both versions have the command.
        if word.means == word.text
            && is_first(word.text, table, old & word.active)
            && word.active & old != 0
            && word.active & new != 0
        {
            options(word.text, table, old, new, &mut changes);
        }
    }
    for addon in &ADDONS {
        let what = match (addon.is_in(from), addon.is_in(to)) {
            (true, false) => ChangeKind::Removed,
            (false, true) => ChangeKind::Added,
            _ => continue,
        };
        let instead = Some(addon.instead).filter(|_| what == ChangeKind::Removed);
        changes.push(Change { command: addon.header, option: None, what, instead });
    }
    changes
}

/// Of the words that share a table (reboot, halt, …) only the first lists its options.
fn is_first(word: &str, table: &Table, bit: u64) -> bool {
    WORDS
        .iter()
        .filter(|w| {
            std::ptr::eq(&COMMANDS[usize::from(w.table)], table) && w.means == w.text && w.active & bit != 0
        })
        .min_by_key(|w| (w.text != table.name, w.text))
        .is_some_and(|w| w.text == word)
}

fn options(command: &'static str, table: &'static Table, old: u64, new: u64, changes: &mut Vec<Change>) {
    let conflicts =
        |bit: u64| table.conflicts.iter().filter(|c| c.versions & bit != 0).fold(0u128, |s, c| s | c.with);
    let gained = conflicts(new) & !conflicts(old);
    let mut with: Vec<&'static str> =
        (0..COMMANDS.len()).filter(|i| gained & 1 << i != 0).map(|i| COMMANDS[i].name).collect();
    // A conflict with a command that one of the versions does not have is not a change.
    with.retain(|name| WORDS.iter().any(|w| w.text == *name && w.active & old != 0 && w.active & new != 0));
    if !with.is_empty() {
        changes.push(Change { command, option: None, what: ChangeKind::Conflicts { with }, instead: None });
    }
    let mut names: Vec<&'static str> = table.options.iter().flat_map(|o| o.names.iter().copied()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let find = |bit: u64| table.options_in(bit).find(|o| o.names.contains(&name));
        let whats = match (find(old), find(new)) {
            (Some(_), None) => vec![ChangeKind::Removed],
            (None, Some(option)) if option.deprecated & new == 0 => vec![ChangeKind::Added],
            (Some(before), Some(now)) => option(before, now, old, new),
            _ => vec![],
        };
        for what in whats {
            let instead = match what {
                ChangeKind::Removed | ChangeKind::Deprecated => table.instead_of_option(name),
                _ => None,
            };
            changes.push(Change { command, option: Some(name), what, instead });
        }
    }
}

fn option(before: &'static Opt, now: &'static Opt, old: u64, new: u64) -> Vec<ChangeKind> {
    let mut whats = Vec::new();
    if now.deprecated & new != 0 && before.deprecated & old == 0 {
        return vec![ChangeKind::Deprecated];
    }
    if now.required & new != 0 && before.required & old == 0 {
        whats.push(ChangeKind::Required);
    }
    if takes(before) != takes(now) {
        whats.push(ChangeKind::Takes { before: takes(before), now: takes(now) });
    }
    let missing =
        |a: &Opt, b: &Opt| a.choices.iter().filter(|c| !b.choices.contains(c)).copied().collect::<Vec<_>>();
    let (removed, added) = (missing(before, now), missing(now, before));
    if !(removed.is_empty() && added.is_empty() || before.choices.is_empty() || now.choices.is_empty()) {
        whats.push(ChangeKind::Choices { removed, added });
    }
    whats
}

fn takes(option: &Opt) -> &'static str {
    match option.takes {
        Takes::Flag => "no value",
        Takes::Text | Takes::Word => "a value",
        Takes::Integer => "a whole number",
        Takes::Boolean => "yes or no",
        Takes::List => "a list",
    }
}

/// The findings about a kickstart in the newer version that the older one does not have: errors and deprecations.
pub fn breaks(
    sources: &Sources,
    includes: &Includes,
    file: FileId,
    from: Version,
    to: Version,
) -> Vec<Finding> {
    let read = |version: Version| {
        let mut findings = Findings::new();
        parse_with_includes(sources, includes, file, version, &mut findings);
        findings.into_sorted()
    };
    let before = read(from);
    let known =
        |f: &Finding| before.iter().any(|b| b.code == f.code && b.span == f.span && b.severity == f.severity);
    read(to).into_iter().filter(|f| !known(f)).collect()
}

/// The versions of a family, oldest first.
pub fn versions(family: Family) -> impl Iterator<Item = Version> {
    Version::all().filter(move |v| v.family == family)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(changes: &[Change], command: &str, option: Option<&str>) -> Option<Change> {
        changes.iter().find(|c| c.command == command && c.option == option).cloned()
    }

    #[test]
    fn moving_from_rhel_8_to_rhel_10_names_what_is_gone() {
        let changes = changes(Version::rhel(8), Version::rhel(10));
        let nvdimm = find(&changes, "nvdimm", None).unwrap();
        assert_eq!(nvdimm.what, ChangeKind::Removed);
        let ntp = find(&changes, "timezone", Some("--ntpservers")).unwrap();
        assert_eq!(ntp.what, ChangeKind::Removed);
        assert!(ntp.instead.unwrap().contains("timesource"), "{ntp:?}");
        assert_eq!(find(&changes, "timesource", None).unwrap().what, ChangeKind::Added);
        assert!(find(&changes, "part", Some("--size")).is_none(), "nothing changed there");
        let oscap = find(&changes, "%addon com_redhat_oscap", None).unwrap();
        assert_eq!(oscap.what, ChangeKind::Removed);
        assert!(find(&changes, "%addon com_redhat_kdump", None).is_none());
    }

    #[test]
    fn a_kickstart_breaks_only_where_the_versions_differ() {
        let mut sources = Sources::new();
        let text = "timezone Europe/Prague --ntpservers=a\nfoo\npart / --size=x\n";
        let file = sources.add("a.ks", text.to_owned()).unwrap();
        let breaks = breaks(&sources, &Includes::default(), file, Version::rhel(8), Version::rhel(10));
        let lines: Vec<u32> = breaks.iter().map(|f| sources.position(f.span.unwrap()).line).collect();
        assert_eq!(lines, [1]);
    }
}
