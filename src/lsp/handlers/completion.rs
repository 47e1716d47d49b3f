//! Words that may come next: what the version accepts and the line lacks, and names that are known.

use super::hover::{command_page, option_page};
use crate::catalogue;
use crate::directives;
use crate::lsp::capabilities::markup;
use crate::lsp::names::{self, Named};
use crate::lsp::view::View;
use gen_lsp_types::*;
use kickstart::syntax::{Word, split_words, unquote};
use kickstart::vocabulary::{self, Entry, EntryOption, ValueKind};
use kickstart::{SectionKind, Version};
use node_base::diagnostic::{Category, Severity};
use node_base::policy::{Policy, Presence};
use std::collections::BTreeSet;

/// File systems that Anaconda makes on every release.
const FILE_SYSTEMS: [&str; 7] = ["xfs", "ext4", "ext3", "ext2", "vfat", "efi", "swap"];

/// What may be written at a byte.
pub(crate) fn completion(view: &View<'_>, offset: usize) -> Option<CompletionList> {
    let text = view.text();
    let line = view.document.lines.line_of(offset);
    let (start, _) = view.document.lines.line(text, line);
    let before = text.get(start..offset)?;
    let mut list = List { view, offset, items: Vec::new() };
    if let Some(comment) = before.find('#') {
        list.comment(start, &before[comment..]);
    } else if let Some(section) = view.section_at(offset) {
        let is_addon = section.kind == SectionKind::Addon
            && section.positionals().next().is_some_and(|name| name.text == directives::NAME);
        list.content(before, is_addon);
    } else {
        list.line(start, before);
    }
    Some(CompletionList { is_incomplete: false, item_defaults: None, apply_kind: None, items: list.items })
}

struct List<'v, 'a> {
    view: &'v View<'a>,
    offset: usize,
    items: Vec<CompletionItem>,
}

/// What kind of word an item is, and where it comes in the list.
#[derive(Clone, Copy)]
enum Rank {
    Required,
    Usual,
    Deprecated,
}

impl List<'_, '_> {
    fn version(&self) -> Version {
        self.view.kickstart().version
    }

    /// Offers a word in place of the bytes from `start` on.
    fn offer(
        &mut self,
        start: usize,
        word: &str,
        insert: &str,
        kind: CompletionItemKind,
        rank: Rank,
        page: Option<String>,
    ) {
        let range = self.view.document.lines.range(self.view.text(), start..self.offset, self.view.encoding);
        let order = match rank {
            Rank::Required => "0",
            Rank::Usual => "1",
            Rank::Deprecated => "2",
        };
        #[allow(deprecated, reason = "the protocol's type has the member")]
        self.items.push(CompletionItem {
            label: word.to_owned(),
            label_details: None,
            kind: Some(kind),
            tags: matches!(rank, Rank::Deprecated).then(|| vec![CompletionItemTag::Deprecated]),
            detail: None,
            documentation: page.map(|page| match self.view.client.completes_with_markdown {
                true => Documentation::MarkupContent(markup(page, true)),
                // Some clients know plain text only, and no kind of markup.
                false => Documentation::String(markup(page, false).value),
            }),
            deprecated: None,
            preselect: None,
            sort_text: Some(format!("{order}{word}")),
            filter_text: None,
            insert_text: None,
            insert_text_format: Some(InsertTextFormat::PlainText),
            insert_text_mode: None,
            text_edit: Some(CompletionItemTextEdit::TextEdit(TextEdit {
                range,
                new_text: insert.to_owned(),
            })),
            text_edit_text: None,
            additional_text_edits: None,
            commit_characters: None,
            command: None,
            data: None,
        });
    }

    fn offer_values<'w>(&mut self, start: usize, words: impl IntoIterator<Item = &'w str>) {
        let words: BTreeSet<&str> = words.into_iter().collect();
        for word in words {
            self.offer(start, word, word, CompletionItemKind::Value, Rank::Usual, None);
        }
    }

    /// In a comment: codes of waivers, the release in the header.
    fn comment(&mut self, line_start: usize, comment: &str) {
        if let Some(name) = comment.strip_prefix("#version=") {
            let start = self.offset - name.len();
            let names: Vec<String> = Version::all().map(|version| version.to_string()).collect();
            self.offer_values(start, names.iter().map(String::as_str));
            return;
        }
        let directive = comment.trim_start_matches('#').trim_start();
        let Some(rest) = directive.strip_prefix("ks-lint:") else { return };
        let words: Vec<&str> = rest.split([' ', ',', '\t']).collect();
        let last = words.last().copied().unwrap_or_default();
        let start = self.offset - last.len();
        let is_waiver = words.iter().any(|word| word.starts_with("waive")) && words.len() > 1;
        if rest.contains("--") {
            // The reason is for the person to write.
        } else if is_waiver && !last.starts_with("waive") {
            self.codes(start);
        } else if line_start <= start {
            for word in ["waive", "waive-file", "fmt off", "fmt on"] {
                self.offer(start, word, word, CompletionItemKind::Keyword, Rank::Usual, None);
            }
        }
    }

    /// Codes that can be waived; those that are found in the document come first.
    fn codes(&mut self, start: usize) {
        let found: BTreeSet<&str> = self
            .view
            .document
            .analysis
            .iter()
            .flat_map(|analysis| analysis.report.findings.iter().map(|finding| finding.code.id))
            .collect();
        for code in catalogue::codes() {
            let is_refused = code.category == Category::Syntax && code.severity == Severity::Error;
            if is_refused || code.category == Category::Layout || directives::CODES.contains(code) {
                continue;
            }
            let rank = if found.contains(code.id) { Rank::Required } else { Rank::Usual };
            let page = format!("**{}**\n\n{}", code.name, code.summary());
            self.offer(start, code.id, code.id, CompletionItemKind::Constant, rank, Some(page));
        }
    }

    /// In a section.
    fn content(&mut self, before: &str, is_addon: bool) {
        let word = before.trim_start();
        if word.contains(char::is_whitespace) {
            let last = word.rsplit(char::is_whitespace).next().unwrap_or_default();
            if is_addon && word.starts_with("waive") && word.split_whitespace().count() <= 2 {
                self.codes(self.offset - last.len());
            }
            return;
        }
        let start = self.offset - word.len();
        for end in ["%end", "%include"] {
            self.offer(start, end, end, CompletionItemKind::Keyword, Rank::Usual, None);
        }
        if is_addon {
            for line in ["layout --init", "layout --no-init", "require", "waive", "keep-images"] {
                self.offer(start, line, line, CompletionItemKind::Keyword, Rank::Usual, None);
            }
        }
    }

    /// Among the commands: the first word, options, values.
    fn line(&mut self, line_start: usize, before: &str) {
        let mut words: Vec<Word> = Vec::new();
        let text = self.view.text();
        split_words(text, line_start, self.offset, false, &mut words);
        // A blank behind the last word begins a new one.
        let begins = before.ends_with([' ', '\t']) || words.is_empty();
        let raw = |word: &Word| &text[word.start as usize..word.end as usize];
        let Some(first) = words.first().filter(|_| words.len() > 1 || begins).map(raw) else {
            let start = words.first().map_or(self.offset, |word| word.start as usize);
            self.first_words(start);
            return;
        };
        let (done, current) =
            if begins { (&words[1..], None) } else { (&words[1..words.len() - 1], words.last()) };
        let start = current.map_or(self.offset, |word| word.start as usize);
        let written = current.map(raw).unwrap_or_default();
        let version = self.version();
        let entry = if first.starts_with('%') {
            vocabulary::section_named(first, version)
        } else {
            vocabulary::command(&unquote(first), version)
        };
        let Some(entry) = entry else { return };
        let done: Vec<&str> = done.iter().map(raw).collect();
        // `--option=value`, and `--option value`.
        if let Some((name, value)) = written.split_once('=').filter(|_| written.starts_with("--")) {
            let parts = value.rsplit(',').next().unwrap_or_default();
            self.values(self.offset - parts.len(), &entry, name);
            return;
        }
        if let Some(name) = done.last().filter(|word| word.starts_with("--") && !word.contains('='))
            && entry.option(name).is_some_and(|option| option.value != ValueKind::None)
            && !written.starts_with('-')
        {
            self.values(start, &entry, name);
            return;
        }
        if written.is_empty() || written.starts_with('-') {
            self.options(start, &entry, &done);
            if entry.word == "%addon" && done.first() == Some(&directives::NAME) {
                self.addon_options(start, &done);
            }
        }
        if !written.starts_with('-') {
            self.positionals(start, &entry, &done);
        }
    }

    fn first_words(&mut self, start: usize) {
        let version = self.version();
        for entry in vocabulary::commands(version).filter(Entry::is_usable) {
            let rank = if entry.deprecated { Rank::Deprecated } else { Rank::Usual };
            let page = command_page(&entry, self.view);
            self.offer(start, entry.word, entry.word, CompletionItemKind::Keyword, rank, Some(page));
        }
        for entry in vocabulary::sections(version) {
            let page = command_page(&entry, self.view);
            let rank = if entry.deprecated { Rank::Deprecated } else { Rank::Usual };
            self.offer(start, entry.word, entry.word, CompletionItemKind::Module, rank, Some(page));
        }
        for word in ["%include", "%ksappend"] {
            self.offer(start, word, word, CompletionItemKind::Keyword, Rank::Usual, None);
        }
    }

    /// Options that the line does not have yet.
    fn options(&mut self, start: usize, entry: &Entry, done: &[&str]) {
        let is_given = |option: &EntryOption| {
            let given = |name: &str| done.iter().any(|word| word.split('=').next() == Some(name));
            !option.repeats && option.names.iter().any(|name| given(name))
        };
        for option in entry.options().filter(|option| !is_given(option)) {
            let rank = match (option.deprecated, option.required) {
                (true, _) => Rank::Deprecated,
                (false, true) => Rank::Required,
                (false, false) => Rank::Usual,
            };
            let page = option_page(entry, &option);
            for (n, name) in option.names.iter().enumerate() {
                // Another name of the same option is offered behind the usual one.
                let rank = if n > 0 && matches!(rank, Rank::Required) { Rank::Usual } else { rank };
                let insert =
                    if option.value == ValueKind::None { (*name).to_owned() } else { format!("{name}=") };
                self.offer(start, name, &insert, CompletionItemKind::Property, rank, Some(page.clone()));
            }
        }
    }

    /// Options of the header of the project's own add-on, which the language does not know.
    fn addon_options(&mut self, start: usize, done: &[&str]) {
        for option in ["--policy", "--enforce", "--nvr"] {
            if !done.iter().any(|word| word.split('=').next() == Some(option)) {
                let insert = format!("{option}=");
                self.offer(start, option, &insert, CompletionItemKind::Property, Rank::Usual, None);
            }
        }
    }

    /// Values of an option.
    fn values(&mut self, start: usize, entry: &Entry, name: &str) {
        let option = entry.option(name);
        if let Some(option) = option.filter(|option| !option.choices.is_empty()) {
            self.offer_values(start, option.choices.iter().copied());
            return;
        }
        if option.is_some_and(|option| option.value == ValueKind::Boolean) {
            self.offer_values(start, ["yes", "no"]);
            return;
        }
        let names = names::all(self.view.sources, self.view.kickstart());
        let known = |wanted: fn(&Named) -> bool| {
            names
                .iter()
                .map(|found| &found.named)
                .filter(|named| wanted(named))
                .map(Named::name)
                .collect::<Vec<_>>()
        };
        match (entry.alias_of.unwrap_or(entry.word), name) {
            (_, "--vgname") => self.offer_values(start, known(|named| matches!(named, Named::Group(_)))),
            (_, "--poolname") => {
                let pools = self.view.kickstart().written("logvol").filter(|volume| volume.has("--thinpool"));
                let pools: Vec<String> =
                    pools.filter_map(|pool| Some(pool.value("--name")?.text.to_string())).collect();
                self.offer_values(start, pools.iter().map(String::as_str));
            }
            (_, "--cachepvs") => {
                self.offer_values(
                    start,
                    known(|named| matches!(named, Named::Member(name) if name.starts_with("pv."))),
                );
            }
            ("sshkey", "--username") => {
                let mut users = known(|named| matches!(named, Named::User(_)));
                users.push("root");
                self.offer_values(start, users);
            }
            (_, "--fstype") => self.offer_values(start, FILE_SYSTEMS),
            (_, "--ondisk" | "--ondrive" | "--drives" | "--only-use" | "--boot-drive" | "--driveorder") => {
                let disks = self.view.settings.machine.iter().flat_map(|machine| &machine.disks);
                let disks: Vec<&str> = disks.map(|disk| disk.name.as_str()).collect();
                self.offer_values(start, disks);
            }
            ("%addon", "--policy") => self.offer_values(start, Policy::builtin_names().iter().copied()),
            ("%addon", "--enforce") => self.offer_values(start, ["error", "warn", "off"]),
            _ => {}
        }
    }

    /// Words without an option.
    fn positionals(&mut self, start: usize, entry: &Entry, done: &[&str]) {
        let place = done.iter().filter(|word| !word.starts_with("--")).count();
        let names = names::all(self.view.sources, self.view.kickstart());
        let members = |kind: &str| -> Vec<String> {
            let used: BTreeSet<&str> =
                names.iter().filter(|found| !found.is_definition).map(|found| found.named.name()).collect();
            let made = names.iter().filter(|found| found.is_definition).map(|found| found.named.name());
            made.filter(|name| name.starts_with(kind) && !used.contains(name) && !done.contains(name))
                .map(str::to_owned)
                .collect()
        };
        match (entry.alias_of.unwrap_or(entry.word), place) {
            ("part" | "logvol" | "raid" | "btrfs", 0) => self.mount_points(start),
            ("mount", 1) => self.mount_points(start),
            ("volgroup", 1..) => {
                let free = members("pv.");
                self.offer_values(start, free.iter().map(String::as_str));
            }
            ("raid", 1..) => {
                let free = members("raid.");
                self.offer_values(start, free.iter().map(String::as_str));
            }
            ("btrfs", 1..) => {
                let free = members("btrfs.");
                self.offer_values(start, free.iter().map(String::as_str));
            }
            ("%addon", 0) => self.offer_values(start, [directives::NAME]),
            (_, at) => {
                let choices = entry.arguments().nth(at).map(|argument| argument.choices).unwrap_or_default();
                self.offer_values(start, choices.iter().copied());
            }
        }
    }

    /// Mount points that no line has yet; those that the policy requires come first.
    fn mount_points(&mut self, start: usize) {
        let kickstart = self.view.kickstart();
        let line = self.view.document.lines.line_of(self.offset);
        let taken: BTreeSet<String> = kickstart
            .among(&["part", "logvol", "raid", "btrfs"])
            .filter(|command| self.view.document.lines.line_of(command.span.start as usize) != line)
            .filter_map(|command| Some(command.first()?.text.to_string()))
            .collect();
        let policy = self.view.read.policy.value.clone();
        let wanted: BTreeSet<&str> = policy
            .iter()
            .flat_map(|policy| &policy.volumes)
            .filter(|volume| volume.presence == Presence::Required)
            .map(|volume| volume.mount.as_str())
            .collect();
        let others = policy.iter().flat_map(|policy| &policy.volumes).map(|volume| volume.mount.as_str());
        let usual = ["/", "/boot", "/boot/efi", "/home", "/var", "/tmp", "swap"];
        let all: BTreeSet<&str> = usual.into_iter().chain(others).collect();
        for mount in all.into_iter().filter(|mount| *mount == "swap" || !taken.contains(*mount)) {
            let rank = if wanted.contains(mount) { Rank::Required } else { Rank::Usual };
            self.offer(start, mount, mount, CompletionItemKind::Folder, rank, None);
        }
    }
}
