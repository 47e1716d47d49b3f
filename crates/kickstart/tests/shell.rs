//! Scripts: bash and the reader agree on whether a script has a fault of syntax, and on its line. The scripts are those of the
//! repository's kickstarts, and random changes of them.
//!
//! Without bash the tests say so and pass; with KS_LINT_REQUIRE_REFERENCE=1, which .ci/run sets, they fail.
#![allow(
    clippy::panic,
    clippy::print_stderr,
    reason = "a helper that fails, fails its test; a skipped one says so"
)]

use kickstart::shell::{FaultKind, Script};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Changed scripts of one run. Another seed: KS_LINT_SEED; more scripts: KS_LINT_DOCUMENTS.
const SEED: u64 = 1;
const SCRIPTS: usize = 2000;
/// The line of one of so many may differ.
const MOST_DIFFERENT: usize = 100;
/// Whether one of so many has a fault may differ.
const MOST_UNSEEN: usize = 1000;
/// Lines that a script is cut to before it is changed.
const LINES: usize = 100;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |value| value.parse().unwrap_or_else(|e| panic!("{name}: {e}")))
}

/// Whether bash is at hand; the version of 2022 and later reports the lines that are expected here.
fn has_bash() -> bool {
    let version =
        Command::new("bash").args(["-c", "echo $((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1]))"]).output();
    let version = version.ok().and_then(|o| String::from_utf8_lossy(&o.stdout).trim().parse::<u32>().ok());
    if version.is_some_and(|version| version >= 502) {
        return true;
    }
    let required = std::env::var_os("KS_LINT_REQUIRE_REFERENCE").is_some();
    assert!(!required, "bash 5.2 or later is missing: {version:?}");
    eprintln!("SKIPPED: no comparison with bash: 5.2 or later is needed, this is {version:?}");
    false
}

/// Lines of the faults that `bash -n` reports, in order; a warning is none.
fn faults_of_bash(script: &str) -> Vec<(usize, String)> {
    let mut bash = Command::new("bash")
        .args(["--norc", "-n"])
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("bash: {e}"));
    let mut input = bash.stdin.take().unwrap_or_else(|| panic!("bash has an input"));
    // bash may end before it has read everything.
    let _ = input.write_all(script.as_bytes());
    drop(input);
    let output = bash.wait_with_output().unwrap_or_else(|e| panic!("bash: {e}"));
    String::from_utf8_lossy(&output.stderr)
        .lines()
        .filter_map(|line| {
            let rest = line.strip_prefix("bash: line ")?;
            let (number, message) = rest.split_once(": ")?;
            // The second line of a message quotes the script.
            (!message.starts_with('`') && !message.starts_with("warning:"))
                .then(|| (number.parse().unwrap_or_else(|e| panic!("{line}: {e}")), message.to_owned()))
        })
        .collect()
}

/// The scripts of the kickstarts below a directory: sections that a shell runs.
fn scripts_below(directory: &Path, into: &mut Vec<String>) {
    for entry in ignore::Walk::new(directory) {
        let path = entry.unwrap_or_else(|e| panic!("{e}")).into_path();
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let mut script: Option<String> = None;
        for line in text.split_inclusive('\n') {
            let word = line.split_whitespace().next().unwrap_or_default();
            match word {
                "%pre" | "%post" | "%pre-install" | "%onerror" | "%traceback" => {
                    script = (!line.contains("--interpreter") || line.contains("sh")).then(String::new);
                }
                "%end" => into.extend(script.take().filter(|s| !s.trim().is_empty())),
                _ => {
                    if let Some(script) = &mut script {
                        script.push_str(line);
                    }
                }
            }
        }
    }
    into.sort();
    into.dedup();
}

/// The scripts of this repository; of the directory in KS_LINT_SCRIPTS, too.
fn scripts() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut scripts = Vec::new();
    for directory in ["fixtures", "kickstart-examples", "tests"] {
        scripts_below(&root.join(directory), &mut scripts);
    }
    if let Some(more) = std::env::var_os("KS_LINT_SCRIPTS") {
        scripts_below(Path::new(&more), &mut scripts);
    }
    assert!(scripts.len() > 50, "only {} scripts were found", scripts.len());
    scripts
}

/// What the reader and bash say, where that differs.
enum Difference {
    /// Whether there is a fault.
    Fault(String),
    /// Its line.
    Line(String),
    /// The reader leaves the script out.
    Unread(String),
}

fn difference(script: &str) -> Option<Difference> {
    let bash = faults_of_bash(script);
    // bash takes `name[` for the beginning of an assignment and looks for the bracket; the grammar takes it for a word.
    if bash.iter().any(|(_, message)| message.ends_with("matching `]'")) {
        return None;
    }
    let Script { fault: ours, unread, .. } = Script::read(script);
    let shown = || format!("bash: {bash:?}\nours: {ours:?}\n{script}");
    match (&ours, bash.is_empty()) {
        _ if unread.is_some() => Some(Difference::Unread(shown())),
        (None, true) => None,
        (Some(fault), false) if bash.iter().any(|(line, _)| *line == fault.line) => None,
        (Some(_), false) => Some(Difference::Line(shown())),
        _ => Some(Difference::Fault(shown())),
    }
}

#[test]
fn bash_agrees_on_every_script_of_the_repository() {
    if !has_bash() {
        return;
    }
    // A script with CR LF has faults for bash because of them; that is another finding.
    let is_read = |script: &&String| !script.contains('\r') && Script::read(script).unread.is_none();
    for script in scripts().iter().filter(is_read) {
        if let Some(Difference::Fault(shown) | Difference::Line(shown) | Difference::Unread(shown)) =
            difference(script)
        {
            panic!("{shown}");
        }
    }
}

/// Numbers that look random, and are the same for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % end.max(1)
    }
}

/// What is put into a script to break it.
const PIECES: [&str; 36] = [
    "fi",
    "done",
    "\"",
    "'",
    "$(",
    ")",
    "`",
    "{",
    "}",
    "((",
    "))",
    "then",
    "do",
    "esac",
    ";;",
    "|",
    "||",
    "&&",
    "&",
    "<<EOF",
    "(",
    "if true; then\n",
    "case x in",
    "\\",
    "[[",
    "]]",
    "<",
    ">",
    "${",
    "!",
    "while",
    "function",
    "for",
    "EOF",
    ";",
    "=(",
];

fn changed(script: &str, random: &mut Random) -> String {
    let mut lines: Vec<String> = script.split('\n').map(str::to_owned).collect();
    if lines.len() > LINES {
        let first = random.below(lines.len() - LINES);
        lines = lines[first..first + LINES].to_vec();
    }
    let at = random.below(lines.len());
    let piece = PIECES[random.below(PIECES.len())];
    let inside = |line: &str, random: &mut Random| {
        let mut places: Vec<usize> = line.char_indices().map(|(at, _)| at).collect();
        places.push(line.len());
        places[random.below(places.len())]
    };
    match random.below(6) {
        0 => drop(lines.remove(at)),
        1 => lines.insert(at, piece.to_owned()),
        2 => {
            let place = inside(&lines[at], random);
            lines[at].insert_str(place, piece);
        }
        3 => {
            let place = inside(&lines[at], random);
            if place < lines[at].len() {
                lines[at].remove(place);
            }
        }
        4 => lines.truncate(at + 1),
        _ => {
            let mut words: Vec<String> = lines[at].split(' ').map(str::to_owned).collect();
            let word = random.below(words.len());
            words[word] = piece.to_owned();
            lines[at] = words.join(" ");
        }
    }
    lines.join("\n")
}

#[test]
fn bash_agrees_on_changed_scripts() {
    if !has_bash() {
        return;
    }
    let is_read = |script: &String| !script.contains('\r') && Script::read(script).unread.is_none();
    let scripts: Vec<String> = scripts().into_iter().filter(is_read).collect();
    let mut random = Random(number("KS_LINT_SEED", SEED).max(1));
    let count = number("KS_LINT_DOCUMENTS", SCRIPTS as u64) as usize;
    let (mut other_lines, mut other_verdicts, mut unread) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..count {
        let script = &scripts[random.below(scripts.len())];
        match difference(&changed(script, &mut random)) {
            None => {}
            Some(Difference::Line(shown)) => other_lines.push(shown),
            Some(Difference::Fault(shown)) => other_verdicts.push(shown),
            Some(Difference::Unread(shown)) => unread.push(shown),
        }
    }
    // `! &&`, and `[[ … ]]` with words that are not an expression.
    assert!(
        other_verdicts.len() * MOST_UNSEEN <= count,
        "{} of {count} have a fault for one of the two only, of which the first are:\n{}",
        other_verdicts.len(),
        other_verdicts[..other_verdicts.len().min(5)].join("\n----\n")
    );
    assert!(
        unread.len() * MOST_DIFFERENT <= count,
        "{} of {count} are not read, of which the first are:\n{}",
        unread.len(),
        unread[..unread.len().min(5)].join("\n----\n")
    );
    // Where quotes are out of step for a hundred lines, the two may give up at different ones.
    assert!(
        other_lines.len() * MOST_DIFFERENT <= count,
        "{} of {count} have another line, of which the first are:\n{}",
        other_lines.len(),
        other_lines[..other_lines.len().min(5)].join("\n----\n")
    );
}

/// Pieces of scripts that open, close and quote.
const BRACKETS: [&str; 30] = [
    "if", "then", "fi", "x", "=(", "*(", "@(", "!(", "(", ")", "$(", "${", "}", "((", "'", "\"", "`", "&",
    "|", ";", "<<E", "\n", "#", "\\", "$((", "E\n", "<<-'E'", "<<", "$[", "]",
];

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(20_000))]

    /// Whatever a script is, it is read at once, what a fault points at is in it, and what is never closed is named.
    #[test]
    fn a_fault_points_into_the_script(
        pieces in proptest::collection::vec((0..BRACKETS.len(), proptest::arbitrary::any::<bool>()), 0..14),
    ) {
        let script: String =
            pieces.iter().map(|(piece, blank)| BRACKETS[*piece].to_owned() + if *blank { " " } else { "" }).collect();
        let Some(fault) = Script::read(&script).fault else { return Ok(()) };
        proptest::prop_assert!(script.is_char_boundary(fault.at), "{script:?}: {fault:?}");
        if let FaultKind::Unexpected(word) = &fault.kind {
            proptest::prop_assert!(script[fault.at..].starts_with(word), "{script:?}: {fault:?}");
        }
        if let Some((at, begin)) = &fault.opened {
            proptest::prop_assert!(!begin.is_empty() && script[*at..].starts_with(begin), "{script:?}: {fault:?}");
        }
        proptest::prop_assert!(fault.kind != FaultKind::Unclosed || fault.opened.is_some(), "{script:?}: {fault:?}");
    }
}
