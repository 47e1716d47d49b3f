//! Words that name the same thing: volume groups, pools, volumes, physical volumes, RAID members, users.

use kickstart::{Command, Kickstart};
use node_base::names::{check_group, check_volume};
use node_base::source::{Sources, Span, Spanned};

/// What a word names. Pools and volumes are named within their group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Named {
    /// A volume group.
    Group(String),
    /// A thin pool or a volume of a group: one name space.
    Volume(String, String),
    /// `pv.…`, `raid.…`, `btrfs.…`: a partition or array that others are made of.
    Member(String),
    /// A user.
    User(String),
}

/// One word that names something.
#[derive(Clone, Debug)]
pub(super) struct Occurrence {
    pub(super) named: Named,
    pub(super) span: Span,
    /// Whether it makes the thing, instead of using it.
    pub(super) is_definition: bool,
}

impl Named {
    /// The word itself.
    pub(super) fn name(&self) -> &str {
        match self {
            Named::Group(name) | Named::Volume(_, name) | Named::Member(name) | Named::User(name) => name,
        }
    }

    /// Whether it has the same name on every system.
    pub(super) fn is_fixed(&self) -> bool {
        matches!(self, Named::User(name) if name == "root")
    }

    /// Why it cannot have another name; `None` when it can.
    pub(super) fn refuses(&self, new: &str) -> Option<String> {
        match self {
            Named::Group(_) => check_group(new).err().map(|error| error.to_string()),
            Named::Volume(..) => check_volume(new).err().map(|error| error.to_string()),
            Named::Member(old) => {
                let kind = &old[..old.find('.').map_or(0, |dot| dot + 1)];
                let rest = new.strip_prefix(kind).unwrap_or_default();
                let is_plain = !rest.is_empty()
                    && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
                (!is_plain).then(|| {
                    format!("'{new}' is not a name here: write {kind} and letters or digits after it")
                })
            }
            Named::User(_) if self.is_fixed() => {
                Some("root is not made by the kickstart: it has this name on every system".to_owned())
            }
            Named::User(_) => {
                let mut bytes = new.bytes();
                let begins = bytes.next().is_some_and(|b| b.is_ascii_lowercase() || b == b'_');
                let goes_on =
                    bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b));
                (!begins || !goes_on || new.len() > 32).then(|| {
                    format!(
                        "'{new}' is not a user's name: at most 32 of a-z, 0-9, '_' and '-', no digit first"
                    )
                })
            }
        }
    }
}

/// Every such word of a kickstart and of the files it includes, in the order of the installer.
pub(super) fn all(sources: &Sources, kickstart: &Kickstart<'_>) -> Vec<Occurrence> {
    let mut collector = Collector { sources, found: Vec::new() };
    for command in &kickstart.commands {
        collector.command(command);
    }
    collector.found
}

struct Collector<'a> {
    sources: &'a Sources,
    found: Vec<Occurrence>,
}

impl Collector<'_> {
    fn command(&mut self, command: &Command<'_>) {
        let mut positionals = command.positionals();
        match command.name {
            "volgroup" => {
                if let Some(name) = positionals.next() {
                    // A group that exists is used, not made, but there is no other place that names it first.
                    self.value(name, true, Named::Group);
                }
                positionals.for_each(|member| self.member(member, false));
            }
            "part" => {
                if let Some(place) = positionals.next() {
                    self.member(place, true);
                }
            }
            "raid" | "btrfs" => {
                if let Some(place) = positionals.next() {
                    self.member(place, true);
                }
                positionals.for_each(|member| self.member(member, false));
            }
            "logvol" => {
                let group = command.value("--vgname").map(|group| group.text.to_string()).unwrap_or_default();
                if let Some(value) = command.value("--vgname") {
                    self.value(value, false, Named::Group);
                }
                if let Some(value) = command.value("--name") {
                    self.value(value, true, |name| Named::Volume(group.clone(), name));
                }
                if let Some(value) = command.value("--poolname") {
                    self.value(value, false, |name| Named::Volume(group.clone(), name));
                }
                if let Some(value) = command.value("--cachepvs") {
                    self.parts(value, ',')
                        .into_iter()
                        .for_each(|(name, span)| self.member_named(name, span, false));
                }
            }
            "snapshot" => {
                if let Some(origin) = positionals.next()
                    && let [(group, group_span), (volume, volume_span)] = &self.parts(origin, '/')[..]
                {
                    self.push(Named::Group(group.clone()), *group_span, false);
                    self.push(Named::Volume(group.clone(), volume.clone()), *volume_span, false);
                }
            }
            "user" => {
                if let Some(value) = command.value("--name") {
                    self.value(value, true, Named::User);
                }
            }
            "sshkey" => {
                if let Some(value) = command.value("--username") {
                    self.value(value, false, Named::User);
                }
            }
            _ => {}
        }
    }

    fn member(&mut self, value: &Spanned<'_>, is_definition: bool) {
        if let [(name, span)] = &self.parts(value, '\0')[..] {
            self.member_named(name.clone(), *span, is_definition);
        }
    }

    fn member_named(&mut self, name: String, span: Span, is_definition: bool) {
        if ["pv.", "raid.", "btrfs."].iter().any(|kind| name.starts_with(kind)) {
            self.push(Named::Member(name), span, is_definition);
        }
    }

    fn value(&mut self, value: &Spanned<'_>, is_definition: bool, named: impl Fn(String) -> Named) {
        if let [(name, span)] = &self.parts(value, '\0')[..]
            && !name.is_empty()
        {
            self.push(named(name.clone()), *span, is_definition);
        }
    }

    fn push(&mut self, named: Named, span: Span, is_definition: bool) {
        self.found.push(Occurrence { named, span, is_definition });
    }

    /// The parts of a value, each with its place without quotes. Nothing for a value with quotes or escapes inside.
    fn parts(&self, value: &Spanned<'_>, separator: char) -> Vec<(String, Span)> {
        let raw = self.sources.text_of(value.span);
        let quotes = usize::from(raw.len() == value.text.len() + 2 && raw.starts_with(['"', '\'']));
        if raw.get(quotes..raw.len() - quotes) != Some(&*value.text) {
            return Vec::new();
        }
        let mut start = value.span.start as usize + quotes;
        let mut parts = Vec::new();
        for part in value.text.split(separator) {
            parts.push((part.to_owned(), Span::new(value.span.file, start, start + part.len())));
            start += part.len() + separator.len_utf8();
        }
        parts
    }
}
