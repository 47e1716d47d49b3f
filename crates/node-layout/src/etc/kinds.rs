//! Which file is merged how: a table in this repository, which a host can extend.

use super::formats::Format;
use serde::Deserialize;
use std::collections::HashSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};
use std::sync::LazyLock;

/// The built-in table.
const BUILT_IN: &str = include_str!("kinds.toml");
/// The host's own table, below /etc.
pub(crate) const OWN_TABLE: &str = "node-layout/etc.toml";
/// The host's pins, below /etc: one path a line.
pub(crate) const PINS: &str = "node-layout/pins";

/// How a file is merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// Always as on the host.
    Host,
    /// Always as in the image.
    Image,
    /// Made from other files; two changes are the image's.
    Generated,
    /// Users and groups.
    Accounts,
    /// Record by record.
    Records(Format),
    /// Line by line.
    Text,
    /// Two changes are a conflict.
    Whole,
}

/// The kinds by their names in the table.
const KINDS: [(&str, Kind); 13] = [
    ("host", Kind::Host),
    ("image", Kind::Image),
    ("generated", Kind::Generated),
    ("accounts", Kind::Accounts),
    ("text", Kind::Text),
    ("whole", Kind::Whole),
    ("fstab", Kind::Records(Format::Fstab)),
    ("crypttab", Kind::Records(Format::Crypttab)),
    ("hosts", Kind::Records(Format::Hosts)),
    ("sysctl", Kind::Records(Format::Sysctl)),
    ("assignments", Kind::Records(Format::Assignments)),
    ("ini", Kind::Records(Format::Ini)),
    ("set", Kind::Records(Format::Set)),
];

impl Kind {
    /// The kind's name in the table.
    pub(crate) fn name(self) -> &'static str {
        KINDS.iter().find(|(_, kind)| *kind == self).map_or("text", |(name, _)| name)
    }
}

/// Why a table cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum TableError {
    /// It is not TOML, or has members that are not known.
    #[error("{0}")]
    Form(#[from] toml::de::Error),
    /// A kind is not known.
    #[error("there is no kind '{kind}'; use {}", KINDS.map(|(name, _)| name).join(", "))]
    Kind {
        /// What the table has.
        kind: String,
    },
    /// `accounts` in a host's table.
    #[error("the kind accounts is only for {}", super::accounts::FILES.join(", "))]
    Accounts,
    /// A path is not below /etc.
    #[error("the path '{path}' is not below /etc; write it without the leading /etc/")]
    Path {
        /// What the table has.
        path: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(default)]
    files: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    paths: Vec<String>,
    kind: String,
    #[serde(default)]
    command: Vec<String>,
    /// For people.
    #[serde(default, rename = "reason")]
    _reason: String,
}

#[derive(Clone, Debug)]
struct Rule {
    patterns: Vec<Vec<String>>,
    kind: Kind,
    command: Vec<String>,
}

/// The table that applies to a host.
#[derive(Clone, Debug)]
pub(crate) struct Kinds {
    rules: Vec<Rule>,
    pins: HashSet<PathBuf>,
}

impl Kinds {
    /// The built-in table, after that of the host, and the host's pins.
    ///
    /// # Errors
    /// [`TableError`] about the host's table.
    pub(crate) fn new(own: Option<&str>, pins: &str) -> Result<Kinds, TableError> {
        let mut rules = own.map_or(Ok(Vec::new()), |own| rules(own, false))?;
        static BUILT_IN_RULES: LazyLock<Result<Vec<Rule>, TableError>> =
            LazyLock::new(|| self::rules(BUILT_IN, true));
        match &*BUILT_IN_RULES {
            Ok(built_in) => rules.extend(built_in.iter().cloned()),
            Err(error) => return Err(error.clone()),
        }
        Ok(Kinds { rules, pins: read_pins(pins).into_iter().collect() })
    }

    /// The kind of a file. `path` is below /etc.
    pub(crate) fn of(&self, path: &Path) -> Kind {
        self.rule(path).map_or(Kind::Text, |rule| rule.kind)
    }

    /// What makes a file anew.
    pub(crate) fn command(&self, path: &Path) -> Option<&[String]> {
        self.rule(path).map(|rule| rule.command.as_slice()).filter(|command| !command.is_empty())
    }

    /// Whether the host's version stays whatever the image has: it is pinned, or in a directory that is.
    pub(crate) fn is_pinned(&self, path: &Path) -> bool {
        path.ancestors().any(|above| self.pins.contains(above))
    }

    fn rule(&self, path: &Path) -> Option<&Rule> {
        let names: Vec<&OsStr> = path.iter().collect();
        self.rules.iter().find(|rule| rule.patterns.iter().any(|pattern| matches(pattern, &names)))
    }
}

/// The pins of a file: paths below /etc, with or without it, one a line.
pub(crate) fn read_pins(text: &str) -> Vec<PathBuf> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.filter_map(below_etc).collect()
}

/// A path that somebody has given, below /etc: `/etc/ssh/sshd_config` and `ssh/sshd_config` are the same. `None` if it is /etc, or
/// not below it.
pub(crate) fn below_etc(path: &str) -> Option<PathBuf> {
    let path = Path::new(path);
    let path = if path.is_absolute() { path.strip_prefix("/etc").ok()? } else { path };
    let is_name = |part: &Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    let names: PathBuf = path.components().filter(|part| matches!(part, Component::Normal(_))).collect();
    (path.components().all(|part| is_name(&part)) && !names.as_os_str().is_empty()).then_some(names)
}

fn rules(text: &str, built_in: bool) -> Result<Vec<Rule>, TableError> {
    let table: Table = toml::from_str(text)?;
    let rule = |entry: Entry| -> Result<Rule, TableError> {
        let kind = KINDS.iter().find(|(name, _)| *name == entry.kind).map(|(_, kind)| *kind);
        let Some(kind) = kind else { return Err(TableError::Kind { kind: entry.kind }) };
        if kind == Kind::Accounts && !built_in {
            return Err(TableError::Accounts);
        }
        let pattern = |path: &String| -> Result<Vec<String>, TableError> {
            let parts: Vec<String> = path.split('/').map(str::to_owned).collect();
            let is_name = |part: &String| !part.is_empty() && part != "." && part != "..";
            if parts.iter().all(is_name) { Ok(parts) } else { Err(TableError::Path { path: path.clone() }) }
        };
        let patterns = entry.paths.iter().map(pattern).collect::<Result<_, _>>()?;
        Ok(Rule { patterns, kind, command: entry.command })
    };
    table.files.into_iter().map(rule).collect()
}

/// Whether a path is what a pattern means.
fn matches(pattern: &[String], names: &[&OsStr]) -> bool {
    match (pattern, names) {
        ([], []) => true,
        ([all, rest @ ..], names) if all == "**" => {
            // At the end it matches everything below, not for the directory.
            if rest.is_empty() {
                return !names.is_empty();
            }
            (0..=names.len()).any(|skipped| matches(rest, &names[skipped..]))
        }
        ([part, rest @ ..], [name, names @ ..]) => {
            matches_name(part.as_bytes(), name.as_bytes()) && matches(rest, names)
        }
        _ => false,
    }
}

/// Whether a name is what a pattern with `*` means.
fn matches_name(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut in_name) = (0, 0);
    // Where to go on if what follows the last star does not fit.
    let mut back: Option<(usize, usize)> = None;
    while in_name < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                back = Some((at + 1, in_name));
                at += 1;
            }
            Some(byte) if *byte == name[in_name] => (at, in_name) = (at + 1, in_name + 1),
            _ => {
                let Some((after, from)) = back else { return false };
                back = Some((after, from + 1));
                (at, in_name) = (after, from + 1);
            }
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_entry_decides_and_the_hosts_own_come_first() {
        let own = "[[files]]\npaths = ['fstab', 'app/**/*.conf']\nkind = 'whole'\n";
        let kinds = Kinds::new(Some(own), "").unwrap();
        let of = |path: &str| kinds.of(Path::new(path));
        assert_eq!(of("fstab"), Kind::Whole);
        assert_eq!(of("app/a.conf"), Kind::Whole);
        assert_eq!(of("app/x/y/a.conf"), Kind::Whole);
        assert_eq!(of("app/x/a.cfg"), Kind::Text);
        assert_eq!(of("ssh/ssh_host_ed25519_key.pub"), Kind::Host);
        assert_eq!(of("ssh/sshd_config"), Kind::Text);
        assert_eq!(of("NetworkManager/system-connections/eth0.nmconnection"), Kind::Host);
        assert_eq!(of("lvm/devices"), Kind::Text, "the directory itself is merged");
        assert_eq!(kinds.command(Path::new("ld.so.cache")).unwrap(), ["ldconfig"]);
        assert!(kinds.command(Path::new("fstab")).is_none());
    }

    #[test]
    fn every_kind_has_a_name_that_the_table_can_use() {
        for (name, kind) in KINDS {
            assert_eq!(kind.name(), name);
        }
    }

    #[test]
    fn pins_hold_for_what_is_below_them() {
        let kinds =
            Kinds::new(None, "# wanted\n/etc/ssh/sshd_config\nfirewalld\n/usr/lib/x\n../y\n\n").unwrap();
        let pinned = |path: &str| kinds.is_pinned(Path::new(path));
        assert!(pinned("ssh/sshd_config") && pinned("firewalld/zones/public.xml"));
        assert!(!pinned("ssh/sshd_config.d") && !pinned("y") && !pinned("usr/lib/x"));
    }

    #[test]
    fn a_table_that_cannot_be_used_says_why() {
        let error = |text: &str| Kinds::new(Some(text), "").unwrap_err().to_string();
        assert!(
            error("[[files]]\npaths = ['a']\nkind = 'records'\n")
                .starts_with("there is no kind 'records'; use host, ")
        );
        assert!(error("[[files]]\npaths = ['/etc/a']\nkind = 'text'\n").contains("is not below /etc"));
        assert!(error("[[files]]\npaths = ['a']\nkind = 'accounts'\n").contains("only for passwd, "));
        assert!(error("[[file]]\n").contains("unknown field"));
    }

    #[test]
    fn a_name_with_many_stars_is_matched_in_time() {
        assert!(!matches_name(b"*a*a*a*a*a*a*a*a*b", "a".repeat(200).as_bytes()));
        assert!(matches_name(b"ifcfg-*", b"ifcfg-"));
        assert!(matches_name(b"*-release*", b"redhat-release"));
    }
}
