//! Boot Loader Specification entries, as systemd-boot and GRUB's `blscfg` read them.

use super::codes;
use super::entry::{self, Entry};
use node_base::boot_entry;
use node_base::cmdline::{self, CommandLine};
use node_base::diagnostic::{Applicability, Finding, Findings, Fix, nearest};
use node_base::source::Spanned;
use node_base::source::{FileId, Span};

/// Reads an entry.
pub(crate) fn read<'s>(text: &'s str, file: FileId, findings: &mut Findings) -> Vec<Entry<'s>> {
    let mut entry = Entry::default();
    let mut words = Vec::new();
    let mut seen = false;
    let mut first: Option<Span> = None;
    let mut efi = false;
    for field in boot_entry::fields(text) {
        let key = Span::new(file, field.key_at, field.key_at + field.key.len());
        first.get_or_insert(key);
        let (rest, rest_at) = (field.value, field.value_at);
        let value = Spanned { text: rest.into(), span: Span::new(file, rest_at, rest_at + rest.len()) };
        match field.key {
            "title" => entry.title = Some(value),
            "linux" => entry.kernel = Some(value),
            "efi" | "uki" | "uki-url" => efi = true,
            "initrd" => entry.initrd.extend(entry::words(rest, file, rest_at)),
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
            known if boot_entry::KEYS.contains(&known) => {}
            unknown => {
                let finding = Finding::new(
                    &codes::UNKNOWN_DIRECTIVE,
                    format!("'{unknown}' is not a key of a boot entry, so the line is skipped"),
                )
                .at(key);
                findings.push(match nearest(unknown, boot_entry::KEYS.iter().copied()) {
                    Some(near) => finding.help(format!("did you mean '{near}'?")).fix(Fix::replace(
                        key,
                        near,
                        format!("write {near}"),
                        Applicability::Unsafe,
                    )),
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
