//! iPXE scripts: `kernel`, `initrd`, `imgargs` and the variables between (iPXE, `src/core/exec.c`, `src/image/script.c`).

use super::cmdline::{CommandLine, Word};
use super::codes;
use super::config::{self, Entry};
use crate::diagnostic::{Finding, Findings};
use crate::dialect::Value;
use crate::source::{FileId, Span};

/// Options of `kernel`, `initrd`, `imgfetch` that take a value.
const WITH_VALUE: &[&str] = &["--name", "-n", "--timeout", "-t"];

/// Reads a script.
pub fn read<'s>(text: &'s str, file: FileId, findings: &mut Findings) -> Vec<Entry<'s>> {
    let mut entries: Vec<Entry<'s>> = Vec::new();
    let mut label: Option<Value<'s>> = None;
    if !text.starts_with("#!ipxe") && !text.starts_with("#!gpxe") {
        findings.push(
            Finding::new(
                &codes::NOT_A_SCRIPT,
                "the first line is not '#!ipxe', so iPXE does not run this file",
            )
            .at(Span::new(file, 0, text.find('\n').unwrap_or(text.len())))
            .help("write #!ipxe as the first line, without anything before it"),
        );
    }
    for line in joined(text, file) {
        for command in commands(line) {
            run(command, &mut label, &mut entries);
        }
    }
    entries
}

/// Lines as lists of words; one that ends in a backslash goes on in the next.
fn joined(text: &str, file: FileId) -> Vec<Vec<Value<'_>>> {
    let mut result: Vec<Vec<Value<'_>>> = Vec::new();
    let mut goes_on = false;
    for (at, line) in config::lines(text) {
        if line.trim_start().starts_with('#') {
            continue;
        }
        let mut words: Vec<Value<'_>> = config::words(line, file, at).collect();
        let more = words.last().is_some_and(|w| w.text == "\\");
        if more {
            words.pop();
        }
        match result.last_mut() {
            Some(last) if goes_on => last.append(&mut words),
            _ => result.push(words),
        }
        goes_on = more;
    }
    result
}

/// The commands of a line: `&&`, `||` and `;` as words of their own stand between them.
fn commands(line: Vec<Value<'_>>) -> Vec<Vec<Value<'_>>> {
    let mut commands = vec![Vec::new()];
    for word in line {
        if matches!(word.text.as_ref(), "&&" | "||" | ";") {
            commands.push(Vec::new());
        } else if let Some(last) = commands.last_mut() {
            last.push(word);
        }
    }
    commands
}

fn run<'s>(command: Vec<Value<'s>>, label: &mut Option<Value<'s>>, entries: &mut Vec<Entry<'s>>) {
    let Some(first) = command.first() else { return };
    if let Some(name) = first.text.strip_prefix(':') {
        let name = name.to_owned();
        *label = Some(Value { text: name.into(), span: first.span });
        return;
    }
    let verb = first.text.clone();
    let mut words = command.into_iter().skip(1).peekable();
    // Options come before the URI.
    while let Some(option) = words.next_if(|w| w.text.starts_with('-')) {
        if WITH_VALUE.contains(&option.text.as_ref()) {
            words.next();
        }
    }
    match verb.as_ref() {
        "kernel" | "imgselect" | "imgload" | "boot" | "chain" => {
            let Some(kernel) = words.next() else { return };
            let line: Vec<Word<'s>> = words.map(word).collect();
            // "boot" and "chain" with one argument start what is loaded already, or another script.
            if matches!(verb.as_ref(), "kernel") || !line.is_empty() && verb == "boot" {
                entries.push(Entry {
                    title: label.clone(),
                    initrd: Vec::new(),
                    kernel: Some(kernel),
                    line: CommandLine::from_words(line),
                    ..Entry::default()
                });
            }
        }
        "initrd" | "module" => {
            if let (Some(initrd), Some(entry)) = (words.next(), entries.last_mut()) {
                entry.initrd.push(initrd);
            }
        }
        "imgargs" => {
            words.next();
            let line = CommandLine::from_words(words.map(word).collect());
            if let Some(entry) = entries.last_mut() {
                entry.line = line;
            }
        }
        _ => {}
    }
}

fn word(value: Value<'_>) -> Word<'_> {
    let variable = value.text.find("${").map(|at| {
        let name = &value.text[at + 2..];
        name.split('}').next().unwrap_or_default().to_owned()
    });
    Word { variable, ..Word::from_unquoted(value.text, value.span) }
}
