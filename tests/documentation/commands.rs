//! Every command that the README and the book show: `ks-lint` is run, and prints what is shown; of commands that would change the
//! machine, the options exist.

use super::pages::{Block, read_by_people, root};
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Programs of others that the pages call.
const OTHERS: &[&str] = &[
    "apt",
    "buildah",
    "cargo",
    "cd",
    "cp",
    "git",
    "hx",
    "ln",
    "mkdir",
    "pip",
    "podman",
    "pre-commit",
    "reboot",
    "rpmsign",
    "valgrind",
];

/// A file whose marks the pages are about.
const TEMPLATE: &str = "#version=RHEL9\nlang en_US.UTF-8\nnetwork {{ net }}\nkeyboard us\nrootpw changeme\n";

fn ks_lint() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_ks-lint"))
}

/// Where a person tries the commands: kickstarts under the names that the pages use.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        let place = Place(tempfile::tempdir().expect("a directory can be made"));
        let examples = root().join("kickstart-examples");
        let copy = |from: &str, to: &str| {
            place.write(to, &std::fs::read(examples.join(from)).expect("the example can be read"));
        };
        for entry in ignore::Walk::new(&examples).map(|entry| entry.expect("the examples can be read")) {
            if entry.path().is_file() {
                let name = entry.path().strip_prefix(&examples).expect("it is below").to_string_lossy();
                copy(&name, &format!("kickstart-examples/{name}"));
            }
        }
        for (from, to) in [
            ("node.ks", "node.ks"),
            ("node.ks", "hosts/node.ks"),
            ("wrong.ks", "hosts/wrong.ks"),
            ("wrong.ks", "kickstarts/wrong.ks"),
            ("node.ks", "rendered/node.ks"),
            ("node.ks", "srv/www/ks/node.ks"),
            ("pxe/pxelinux.cfg", "pxelinux.cfg"),
            ("pxe/grub.cfg", "grub.cfg"),
        ] {
            copy(from, to);
        }
        place.write("host.ks.j2", TEMPLATE.as_bytes());
        place.write("old.cfg", b"LABEL node\n KERNEL vmlinuz\n APPEND initrd=initrd.img storage_init storage_vol=::::: firstboot\n");
        place.write("bin/render-template", b"#!/bin/sh\nexec cat node.ks\n");
        std::os::unix::fs::symlink(ks_lint(), place.path("bin/ks-lint")).expect("a link can be made");
        let script = place.path("bin/render-template");
        std::fs::set_permissions(script, PermissionsExt::from_mode(0o755)).expect("it is ours");
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, content: &[u8]) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("it has one")).expect("a directory can be made");
        std::fs::write(path, content).expect("a file can be written");
    }

    /// Runs a line as a shell does.
    fn run(&self, line: &str) -> Output {
        let path = std::env::var("PATH").unwrap_or_default();
        Command::new("sh")
            .args(["-c", &line.replace("/srv/www", "srv/www")])
            .current_dir(self.0.path())
            .env("PATH", format!("{}:{path}", self.path("bin").display()))
            .stdin(Stdio::null())
            .output()
            .expect("the shell starts")
    }
}

/// The words of a command up to its comment, without the variables before it.
fn words(command: &str) -> Vec<&str> {
    let words = command.split_whitespace().take_while(|word| !word.starts_with('#'));
    words
        .skip_while(|word| {
            word.split_once('=')
                .is_some_and(|(name, _)| name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'))
        })
        .collect()
}

/// Asks programs for their help, once for each.
#[derive(Default)]
struct Helps(BTreeMap<String, String>);

impl Helps {
    fn of(&mut self, program: &Path, verbs: &[&str]) -> String {
        let key = format!("{} {}", program.display(), verbs.join(" "));
        let ask = || {
            let output = Command::new(program).args(verbs).arg("--help").output().expect("it starts");
            String::from_utf8(output.stdout).expect("it is text")
        };
        self.0.entry(key).or_insert_with(ask).clone()
    }

    /// What is wrong with the options of a command of one of our programs.
    fn unknown_options(&mut self, program: &Path, arguments: &[&str]) -> Option<String> {
        let mut verbs: Vec<&str> = Vec::new();
        let mut help = self.of(program, &[]);
        for word in arguments {
            let listed = help.split("Commands:\n").nth(1).unwrap_or_default();
            let is_verb = listed.split("\n\n").next().unwrap_or_default().lines().any(|line| {
                line.starts_with("  ")
                    && line.split_whitespace().next() == Some(word)
                    && !line.starts_with("   ")
            });
            if !is_verb {
                break;
            }
            verbs.push(word);
            help = self.of(program, &verbs);
        }
        let options = arguments.iter().filter(|word| word.starts_with("--") && word.len() > 2);
        for option in options {
            // An option in prose may be in brackets, or name its choices.
            let name: String =
                option.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
            if !help.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).any(|word| word == name) {
                return Some(format!("the help of '{}' does not have {name}", verbs.join(" ")));
            }
        }
        None
    }
}

/// `node-layout`, built beside `ks-lint` by a test of the workspace.
fn node_layout() -> Option<PathBuf> {
    let path = ks_lint().with_file_name("node-layout");
    assert!(
        path.exists() || std::env::var_os("KS_LINT_REQUIRE_REFERENCE").is_none(),
        "{} is missing: run cargo build --workspace",
        path.display()
    );
    path.exists().then_some(path)
}

/// What is wrong with a command that is not run.
fn not_run(helps: &mut Helps, command: &str) -> Option<String> {
    let words = words(command);
    let (first, arguments) = words.split_first()?;
    match *first {
        "node-layout" => node_layout().and_then(|program| helps.unknown_options(&program, arguments)),
        "ks-lint" => helps.unknown_options(ks_lint(), arguments),
        script if script.contains('/') => {
            let path = root().join(script);
            let Ok(text) = std::fs::read_to_string(&path) else {
                return Some(format!("{script} does not exist"));
            };
            let options = arguments.iter().map(|word| word.trim_matches(['[', ']']));
            let mut options = options.filter(|word| word.starts_with("--"));
            options.find(|option| !text.contains(*option)).map(|o| format!("{script} does not have {o}"))
        }
        other if OTHERS.contains(&other) => None,
        other => Some(format!("'{other}' is not a program that the pages call: see OTHERS")),
    }
}

/// Whether a command line runs `ks-lint`.
fn runs_ks_lint(command: &str) -> bool {
    let commands = command.split('|').map(|part| words(part).first().copied().unwrap_or_default());
    commands.into_iter().any(|first| first == "ks-lint")
}

/// Whether what was printed is what the page shows; `…` on a line of its own stands for any lines.
fn is_shown(shown: &[&str], printed: &str) -> bool {
    let printed: Vec<&str> = printed.lines().collect();
    let Some(cut) = shown.iter().position(|line| *line == "…") else { return shown == printed.as_slice() };
    let (before, after) = (&shown[..cut], &shown[cut + 1..]);
    printed.len() >= cut
        && printed[..cut] == *before
        && (cut..=printed.len()).any(|at| is_shown(after, &printed[at..].join("\n")))
}

/// The commands of a block on a terminal, each with what it prints.
fn sessions<'t>(block: &Block<'t>) -> Vec<(&'t str, Vec<&'t str>)> {
    let mut sessions: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in &block.lines {
        if let Some(command) = line.strip_prefix("$ ") {
            sessions.push((command, Vec::new()));
        } else if let Some((_, printed)) = sessions.last_mut() {
            printed.push(line);
        }
    }
    for (_, printed) in &mut sessions {
        while printed.last().is_some_and(|line| line.is_empty()) {
            printed.pop();
        }
    }
    sessions
}

#[test]
fn every_command_works_and_prints_what_is_shown() {
    let mut helps = Helps::default();
    let mut wrong = Vec::new();
    let mut ran = 0;
    for page in read_by_people() {
        for block in page.blocks() {
            let place = Place::new();
            let mut wrong_here = |what: String| wrong.push(format!("{}:{}: {what}", page.name, block.line));
            let commands: Vec<(&str, Option<Vec<&str>>)> = match block.language {
                "sh" => block.lines.iter().map(|line| (*line, None)).collect(),
                "console" => sessions(&block).into_iter().map(|(c, printed)| (c, Some(printed))).collect(),
                _ => continue,
            };
            for (command, printed) in commands {
                if !runs_ks_lint(command) {
                    not_run(&mut helps, command).into_iter().for_each(&mut wrong_here);
                    continue;
                }
                ran += 1;
                let output = place.run(command);
                let said = String::from_utf8_lossy(&output.stderr).into_owned();
                // 0 and 1 are answers; 2 is a wrong command line, or a file that is not there.
                if !matches!(output.status.code(), Some(0 | 1)) || said.contains("error: ") {
                    wrong_here(format!("'{command}' ends with {}: {said}", output.status));
                }
                let out = String::from_utf8_lossy(&output.stdout).into_owned();
                if printed.is_some_and(|printed| !is_shown(&printed, out.trim_end_matches('\n'))) {
                    wrong_here(format!("'{command}' prints:\n{out}"));
                }
            }
        }
    }
    assert!(ran > 30, "only {ran} commands were run");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_command_in_a_sentence_has_its_options() {
    let mut helps = Helps::default();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for page in read_by_people() {
        for (line, span) in page.spans() {
            let first = span.split_whitespace().next().unwrap_or_default();
            if matches!(first, "ks-lint" | "node-layout") {
                seen += 1;
                wrong.extend(not_run(&mut helps, span).map(|what| format!("{}:{line}: {what}", page.name)));
            }
        }
    }
    assert!(seen > 40, "only {seen} commands were seen");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_a_page_shows_is_compared_line_by_line() {
    let printed = "a\nb\nc\nd";
    for (shown, fits) in [
        (&["a", "b", "c", "d"][..], true),
        (&["a", "…"], true),
        (&["a", "…", "d"], true),
        (&["…", "c", "d"], true),
        (&["a", "b"], false),
        (&["a", "…", "c"], false),
        (&["b", "…"], false),
    ] {
        assert_eq!(is_shown(shown, printed), fits, "{shown:?}");
    }
}

/// The test above fails for a command that does not exist.
#[test]
fn an_option_that_does_not_exist_is_found() {
    let mut helps = Helps::default();
    let wrong = |helps: &mut Helps, command: &str| not_run(helps, command).is_some();
    assert!(!wrong(&mut helps, "ks-lint plan node.ks --disk sda=1GiB"));
    assert!(wrong(&mut helps, "ks-lint plan node.ks --disc sda=1GiB"));
    assert!(wrong(&mut helps, "packaging/build-rpm --no-such-option"));
    assert!(wrong(&mut helps, "packaging/no-such-script"));
    assert!(wrong(&mut helps, "no-such-program"));
}
