//! iPXE scripts: `kernel`, `initrd`, `imgargs` and the variables between (iPXE, `src/core/exec.c`, `src/image/script.c`).

use super::codes;
use super::entry::{self, Entry};
use super::variables::{Budget, Variables};
use node_base::cmdline::{CommandLine, Word};
use node_base::diagnostic::{Applicability, Finding, Findings, Fix};
use node_base::source::Spanned;
use node_base::source::{FileId, Span};

/// Options of `kernel`, `initrd`, `imgfetch` that take a value.
const WITH_VALUE: &[&str] = &["--name", "-n", "--timeout", "-t"];

/// Reads a script.
pub(crate) fn read<'s>(text: &'s str, file: FileId, findings: &mut Findings) -> Vec<Entry<'s>> {
    let lines = joined(text, file);
    // What only sets variables is loaded by a script, and may do without the first line.
    let is_script =
        lines.iter().filter_map(|line| line.first()).any(|verb| verb.text != "set" && verb.text != "clear");
    if is_script && !text.starts_with("#!ipxe") && !text.starts_with("#!gpxe") {
        let finding = Finding::new(
            &codes::NOT_A_SCRIPT,
            "the first line is not '#!ipxe', so iPXE does not run this file",
        )
        .at(Span::new(file, 0, text.find('\n').unwrap_or(text.len())))
        .help("write #!ipxe as the first line, without anything before it");
        // Where the signature is later in the file, what is before it has to go.
        let before = text.find("#!ipxe").unwrap_or(0);
        let signature = if text.contains("#!ipxe") { "" } else { "#!ipxe\n" };
        let is_blank = text[..before].trim_matches(['\u{feff}', ' ', '\t', '\r', '\n']).is_empty();
        let fix = Fix::replace(
            Span::new(file, 0, before),
            signature,
            "write #!ipxe as the first line",
            Applicability::Unsafe,
        );
        findings.push(if is_blank { finding.fix(fix) } else { finding });
    }
    let mut script = Script {
        variables: variables(&lines),
        budget: Budget::new(text.len()),
        label: None,
        entries: Vec::new(),
    };
    for line in lines {
        for command in commands(line) {
            script.run(command);
        }
    }
    script.entries
}

/// Commands behind which a script no longer runs straight on.
const BRANCHES: &[&str] =
    &["goto", "chain", "choose", "menu", "exit", "boot", "shell", "sanboot", "autoboot", "prompt"];

/// What the script sets before its first label and its first branch holds for all of it, unless it is set again.
fn variables(lines: &[Vec<Spanned<'_>>]) -> Variables {
    let mut variables = Variables::default();
    let mut straight = true;
    for line in lines {
        let Some(verb) = line.first() else { continue };
        let conditional = line.iter().any(|w| matches!(w.text.as_ref(), "&&" | "||" | ";"));
        straight &= !verb.text.starts_with(':') && !BRANCHES.contains(&verb.text.as_ref());
        for command in line.split(|w| matches!(w.text.as_ref(), "&&" | "||" | ";")) {
            let Some((verb, arguments)) = command.split_first() else { continue };
            let Some(name) = arguments.first() else { continue };
            let (name, value) = match verb.text.as_ref() {
                "set" => (name, &arguments[1..]),
                "read" | "clear" | "inc" | "choose" => {
                    arguments
                        .iter()
                        .for_each(|a| variables.change(a.text.rsplit('/').next().unwrap_or_default()));
                    continue;
                }
                _ => continue,
            };
            // "set net0/ip" is a setting of an interface: as a variable it has several names.
            let bare = name.text.split(['/', ':']).next().unwrap_or_default();
            match (value.first(), value.last()) {
                (Some(first), Some(last)) if straight && !conditional && bare == name.text => {
                    let text: Vec<&str> = value.iter().map(|w| w.text.as_ref()).collect();
                    let filled = variables.fill(&text.join(" "));
                    match filled.unknown {
                        None => variables.set(bare, &filled.text, first.span.to(last.span)),
                        Some(_) => variables.change(bare),
                    }
                }
                _ => variables.change(name.text.rsplit('/').next().unwrap_or_default()),
            }
        }
    }
    variables
}

struct Script<'s> {
    variables: Variables,
    budget: Budget,
    label: Option<Spanned<'s>>,
    entries: Vec<Entry<'s>>,
}

/// Lines as lists of words; one that ends in a backslash goes on in the next.
fn joined(text: &str, file: FileId) -> Vec<Vec<Spanned<'_>>> {
    let mut result: Vec<Vec<Spanned<'_>>> = Vec::new();
    let mut goes_on = false;
    for (at, line) in entry::lines(text) {
        if line.trim_start().starts_with('#') {
            continue;
        }
        let mut words: Vec<Spanned<'_>> = entry::words(line, file, at).collect();
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
fn commands(line: Vec<Spanned<'_>>) -> Vec<Vec<Spanned<'_>>> {
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

impl<'s> Script<'s> {
    fn run(&mut self, command: Vec<Spanned<'s>>) {
        let Some(first) = command.first() else { return };
        if let Some(name) = first.text.strip_prefix(':') {
            let name = name.to_owned();
            self.label = Some(Spanned { text: name.into(), span: first.span });
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
                let line = self.line(words);
                // "boot" and "chain" with one argument start what is loaded already, or another script.
                if matches!(verb.as_ref(), "kernel") || !line.words.is_empty() && verb == "boot" {
                    self.entries.push(Entry {
                        title: self.label.clone(),
                        initrd: Vec::new(),
                        kernel: Some(kernel),
                        line,
                        ..Entry::default()
                    });
                }
            }
            "initrd" | "module" => {
                if let (Some(initrd), Some(entry)) = (words.next(), self.entries.last_mut()) {
                    entry.initrd.push(initrd);
                }
            }
            "imgargs" => {
                words.next();
                let line = self.line(words);
                if let Some(entry) = self.entries.last_mut() {
                    entry.line = line;
                }
            }
            _ => {}
        }
    }

    /// Variables are filled in before a line is split into words.
    fn line(&mut self, words: impl Iterator<Item = Spanned<'s>>) -> CommandLine<'s> {
        let mut line = Vec::new();
        for value in words {
            if !value.text.contains("${") {
                line.push(Word::from_unquoted(value.text, value.span));
                continue;
            }
            let filled = self.budget.fill(&self.variables, &value.text);
            for part in filled.text.split_whitespace() {
                let (taken, unknown) = (filled.taken.clone(), filled.unknown.clone());
                line.push(Word::from_filled(part, value.span, taken, unknown));
            }
        }
        CommandLine::from_words(line)
    }
}
