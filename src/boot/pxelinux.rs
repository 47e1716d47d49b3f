//! pxelinux, syslinux and isolinux configurations (syslinux 6, `doc/menu.txt`, `doc/syslinux.txt`, `core/parseconfig`).

use super::codes;
use super::entry::{self, Entry};
use node_base::cmdline;
use node_base::diagnostic::{Applicability, Finding, Findings, Fix, nearest};
use node_base::source::Spanned;
use node_base::source::{FileId, Span};
use std::borrow::Cow;

/// Directives, in lower case. Those of the menu follow `menu`.
const DIRECTIVES: &[&str] = &[
    "allowoptions",
    "append",
    "boot",
    "bss",
    "cat",
    "com32",
    "comboot",
    "config",
    "console",
    "default",
    "display",
    "fdimage",
    "fdt",
    "fdtdir",
    "devicetree",
    "devicetreedir",
    "font",
    "implicit",
    "include",
    "initrd",
    "ipappend",
    "kbdmap",
    "kernel",
    "label",
    "linux",
    "localboot",
    "menu",
    "nocomplete",
    "noescape",
    "nohalt",
    "onerror",
    "ontimeout",
    "path",
    "prompt",
    "pxe",
    "say",
    "sendcookies",
    "serial",
    "sysappend",
    "text",
    "timeout",
    "totaltimeout",
    "ui",
    "autoboot",
    "tabmsg",
    "notabmsg",
];

/// Modules that a configuration starts with (syslinux tries `.c32` behind a name without suffix, `core/load`).
const MODULES: &[&str] = &["menu", "vesamenu", "gfxboot", "hdt", "ifcpu", "ifcpu64"];

/// The values that a label's directives have.
#[derive(Default)]
struct Label<'s> {
    name: Option<Spanned<'s>>,
    /// `MENU LABEL`
    shown: Option<Spanned<'s>>,
    kernel: Option<Spanned<'s>>,
    /// Not loaded as Linux: `COM32`, `LOCALBOOT`, `CONFIG`, …
    other: bool,
    append: Option<(&'s str, usize)>,
    initrd: Vec<Spanned<'s>>,
    sysappend: Option<u32>,
}

/// Reads a configuration.
pub(crate) fn read<'s>(text: &'s str, file: FileId, findings: &mut Findings) -> Vec<Entry<'s>> {
    let mut labels = vec![Label::default()];
    let mut chosen: Vec<Spanned<'s>> = Vec::new();
    let mut in_text = false;
    let mut includes = false;
    for (at, line) in entry::lines(text) {
        let Some(word) = entry::words(line, file, at).next() else { continue };
        let directive = word.text.to_ascii_lowercase();
        if in_text {
            in_text = directive != "endtext";
            continue;
        }
        if directive.starts_with('#') {
            continue;
        }
        let (rest, rest_at) = entry::rest(line, at);
        let value = || {
            let span = Span::new(file, rest_at, rest_at + rest.len());
            Spanned { text: Cow::Borrowed(rest), span }
        };
        let current = labels.len() - 1;
        let label = &mut labels[current];
        match directive.as_str() {
            "label" => labels.push(Label { name: Some(value()), ..Label::default() }),
            "kernel" | "linux" | "boot" => {
                let mut words = entry::words(rest, file, rest_at);
                label.kernel = words.next();
                label.other = false;
                // "DEFAULT linux args" and "KERNEL image args" both take arguments.
                if let Some(first) = words.next() {
                    let from = first.span.start as usize - rest_at;
                    label.append = Some((&rest[from..], rest_at + from));
                }
            }
            "append" => label.append = Some((rest, rest_at)),
            "initrd" => {
                label.initrd.extend(split(rest, ',').map(|(n, part)| {
                    let start = rest_at + n;
                    Spanned { text: part.into(), span: Span::new(file, start, start + part.len()) }
                }));
            }
            "com32" | "comboot" | "localboot" | "config" | "pxe" | "bss" | "fdimage" => label.other = true,
            "ipappend" | "sysappend" => match rest.parse() {
                Ok(bits) => label.sysappend = Some(bits),
                Err(_) => findings.push(
                    Finding::new(&codes::UNKNOWN_DIRECTIVE, format!("'{}' is not a number", rest))
                        .at(value().span)
                        .help("IPAPPEND 2 adds BOOTIF=, the MAC address that the host booted from"),
                ),
            },
            "default" | "ontimeout" => chosen.push(value()),
            "include" => includes = true,
            "text" if rest.eq_ignore_ascii_case("help") => in_text = true,
            "menu" => {
                let mut words = entry::words(rest, file, rest_at);
                match words.next().map(|w| w.text.to_ascii_lowercase()).as_deref() {
                    Some("include") => includes = true,
                    Some("label") => {
                        label.shown = words.next().map(|first| {
                            let start = first.span.start as usize;
                            let span = Span::new(file, start, rest_at + rest.len());
                            Spanned { text: Cow::Borrowed(&rest[start - rest_at..]), span }
                        });
                    }
                    _ if rest.eq_ignore_ascii_case("text help") => in_text = true,
                    _ => {}
                }
            }
            d if DIRECTIVES.contains(&d) || is_function_key(d) => {}
            d => {
                let finding = Finding::new(
                    &codes::UNKNOWN_DIRECTIVE,
                    format!("'{}' is not a directive of pxelinux, so the line is skipped", word.text),
                )
                .at(word.span);
                findings.push(match nearest(d, DIRECTIVES.iter().copied()) {
                    Some(near) => {
                        let near = near.to_ascii_uppercase();
                        let title = format!("write {near}");
                        let finding = finding.help(format!("did you mean '{near}'?"));
                        finding.fix(Fix::replace(word.span, near, title, Applicability::Unsafe))
                    }
                    None => finding,
                });
            }
        }
    }
    check_default(&labels, &chosen, includes, findings);
    entries(labels, file, findings)
}

/// `f1` to `f12`.
fn is_function_key(directive: &str) -> bool {
    directive.strip_prefix('f').and_then(|n| n.parse::<u8>().ok()).is_some_and(|n| (1..=12).contains(&n))
}

/// The parts of a text between separators, each with its offset.
fn split(text: &str, separator: char) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split(separator).map(move |part| {
        let start = at;
        at += part.len() + separator.len_utf8();
        (start + (part.len() - part.trim_start().len()), part.trim())
    })
}

/// `DEFAULT` must name a label (or a file: a module, or a kernel beside the configuration).
fn check_default(labels: &[Label<'_>], chosen: &[Spanned<'_>], includes: bool, findings: &mut Findings) {
    let names: Vec<&str> = labels.iter().filter_map(|l| l.name.as_ref()).map(|n| n.text.as_ref()).collect();
    for value in chosen {
        let Some(name) = value.text.split_whitespace().next() else { continue };
        let known = names.iter().any(|n| n.split_whitespace().next() == Some(name));
        // Without labels, or with a suffix or a path, it is a file; a module is found without its suffix as well.
        let module = MODULES.iter().any(|m| name.eq_ignore_ascii_case(m));
        if known || module || includes || names.is_empty() || name.contains(['.', '/']) {
            continue;
        }
        let finding =
            Finding::new(&codes::UNKNOWN_DEFAULT, format!("no entry has the label '{name}'")).at(value.span);
        findings.push(match nearest(name, names.iter().copied()) {
            Some(near) => {
                let mut finding = finding.help(format!("did you mean '{near}'?"));
                finding.fix = Some(value)
                    .filter(|value| value.text == name)
                    .and_then(|value| Fix::of_value(value, near, Applicability::Unsafe));
                finding
            }
            None => finding.help(format!("labels: {}", names.join(", "))),
        });
    }
}

fn entries<'s>(labels: Vec<Label<'s>>, file: FileId, findings: &mut Findings) -> Vec<Entry<'s>> {
    let mut labels = labels.into_iter();
    // Directives before the first label apply to every entry that does not override them.
    let global = labels.next().unwrap_or_default();
    let mut entries = Vec::new();
    let mut push = |label: Label<'s>, append: Option<(&'s str, usize)>, sysappend: u32| {
        let line = append.map(|(text, at)| cmdline::parse(text, file, at)).unwrap_or_default();
        let mut initrd = label.initrd;
        initrd.extend(line.all("initrd").filter_map(|w| w.value.clone()));
        entries.push(Entry {
            title: label.name,
            shown: label.shown,
            kernel: label.kernel,
            initrd,
            line,
            adds_bootif: sysappend & 2 != 0,
            adds_ip: sysappend & 1 != 0,
        });
    };
    let (global_append, global_sysappend) = (global.append, global.sysappend.unwrap_or(0));
    if global.kernel.is_some() {
        push(global, global_append, global_sysappend);
    }
    for label in labels {
        if label.other {
            continue;
        }
        if label.kernel.is_none() {
            if let (Some(name), true) = (&label.name, label.append.is_some()) {
                findings.push(
                    Finding::new(&codes::NO_KERNEL, format!("label '{}' names no kernel", name.text))
                        .at(name.span)
                        .help("add a line KERNEL PATH"),
                );
            }
            continue;
        }
        // "APPEND -" removes the global one.
        let append = match label.append {
            Some(("-", _)) => None,
            Some(own) => Some(own),
            None => global_append,
        };
        let sysappend = label.sysappend.unwrap_or(global_sysappend);
        push(label, append, sysappend);
    }
    entries
}
