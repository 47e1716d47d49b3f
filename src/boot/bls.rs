//! Boot Loader Specification entries, as systemd-boot and GRUB's `blscfg` read them (systemd, `src/boot`;
//! `/boot/loader/entries/*.conf`).

use super::cmdline::{self, CommandLine};
use super::codes;
use super::config::{self, Entry};
use kickstart::Value;
use node_base::diagnostic::{Finding, Findings, nearest};
use node_base::source::{FileId, Span};

const KEYS: &[&str] = &[
    "title",
    "version",
    "machine-id",
    "sort-key",
    "linux",
    "initrd",
    "efi",
    "options",
    "devicetree",
    "devicetree-overlay",
    "architecture",
    "id",
    "grub_users",
    "grub_hotkey",
    "grub_class",
    "grub_arg",
    "profile",
    "uki",
    "uki-url",
    "extra",
];

/// Reads an entry.
pub fn read<'s>(text: &'s str, file: FileId, findings: &mut Findings) -> Vec<Entry<'s>> {
    let mut entry = Entry::default();
    let mut words = Vec::new();
    let mut seen = false;
    let mut first: Option<Span> = None;
    let mut efi = false;
    for (at, line) in config::lines(text) {
        let Some(key) = config::words(line, file, at).next() else { continue };
        if key.text.starts_with('#') {
            continue;
        }
        first.get_or_insert(key.span);
        let (rest, rest_at) = config::rest(line, at);
        let value = Value { text: rest.into(), span: Span::new(file, rest_at, rest_at + rest.len()) };
        match key.text.as_ref() {
            "title" => entry.title = Some(value),
            "linux" => entry.kernel = Some(value),
            "efi" | "uki" | "uki-url" => efi = true,
            "initrd" => entry.initrd.extend(config::words(rest, file, rest_at)),
            "options" => {
                seen = true;
                for mut word in cmdline::parse(rest, file, rest_at).words {
                    // GRUB's blscfg fills in $kernelopts and $tuned_params.
                    let named = word.name.strip_prefix('$').map(str::to_owned);
                    let held = || word.text().split_once('$').map(|(_, name)| name.to_owned());
                    let variable = word.variable.clone().or(named).or_else(held);
                    word.variable = variable;
                    words.push(word);
                }
            }
            known if KEYS.contains(&known) => {}
            unknown => {
                let finding = Finding::new(
                    &codes::UNKNOWN_DIRECTIVE,
                    format!("'{unknown}' is no key of a boot entry, so the line is skipped"),
                )
                .at(key.span);
                findings.push(match nearest(unknown, KEYS.iter().copied()) {
                    Some(near) => finding.help(format!("did you mean '{near}'?")),
                    None => finding,
                });
            }
        }
    }
    if entry.kernel.is_none() && !efi && (seen || entry.title.is_some()) {
        findings.push(
            Finding::new(&codes::NO_KERNEL, "the entry names no kernel")
                .at_opt(first)
                .help("add a line linux PATH"),
        );
    }
    if entry.kernel.is_none() && !seen {
        return Vec::new();
    }
    entry.line = CommandLine::from_words(words);
    vec![entry]
}
