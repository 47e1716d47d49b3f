//! tree-sitter-kickstart against the parser of the project: the same commands, includes and sections, and no error, for every
//! fixture, example and many random texts. Files of a directory more: KS_LINT_CORPUS.

use crate::python::python;
use kickstart::syntax::{LineKind, Node, Tree, TreeLine, TreeSection, is_white};
use node_base::source::is_line_end;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const GRAMMAR: &str = "editors/tree-sitter-kickstart";

/// Random texts of one run.
const TEXTS: usize = 10_000;

/// Pieces of the language, and what is odd in it.
const PIECES: &[&str] = &[
    "lang",
    "part",
    "/",
    "--size=1",
    "--grow",
    "--x=",
    "=",
    "a",
    "é",
    "%",
    "%pre",
    "%post",
    "%packages",
    "%addon",
    "%certificate",
    "%anaconda",
    "%pre-install",
    "%prefix",
    "'%post'",
    "\"%pre\"",
    "%end",
    "%include",
    "%ksappend",
    "/tmp/x",
    "--interpreter=/usr/bin/python3",
    "--interp",
    "@core",
    "@^e",
    "-x",
    "-@y",
    "--",
    "-",
    "#",
    "# c",
    "'",
    "\"",
    "'a b'",
    "\"a\\\"b\"",
    "\\",
    "\\\\",
    " ",
    "  ",
    "\t",
    "\n",
    "\n",
    "\n",
    "\n",
    "\r\n",
    "\r",
    "\u{b}",
    "\u{c}",
    "\u{1c}",
    "\u{85}",
    "\u{2028}",
    "\u{a0}",
    "\u{1f}",
    "\0",
    "\u{3000}",
    "𐐀",
];

/// The trees that tree-sitter makes of texts; `None` where Python is missing.
fn trees(texts: &[String]) -> Option<Vec<Value>> {
    let mut child = Command::new(python()?)
        .args(["tests/lsp/trees.py", GRAMMAR])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python starts");
    let mut input = child.stdin.take().expect("a pipe");
    let lines: String = texts.iter().map(|text| format!("{}\n", json!(text))).collect();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "trees.py fails, see above");
    writer.join().expect("no panic").expect("it reads everything");
    let lines = String::from_utf8(output.stdout).expect("JSON is UTF-8");
    Some(lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect())
}

/// Where the first word of a line begins, and the word; a line end that the language counts to it is left out.
fn first_word<'t>(text: &'t str, line: &TreeLine) -> (u32, &'t str) {
    let word = line.words[0];
    (word.start, text[word.start as usize..word.end as usize].trim_end_matches(is_line_end))
}

/// The lines of a section as tree-sitter has them: scripts in one piece up to an include, others line by line.
fn content(text: &str, section: &TreeSection, is_script: bool) -> Vec<Value> {
    let mut lines = Vec::<Value>::new();
    let mut open: Option<u32> = None;
    for line in &section.content {
        if line.kind == LineKind::ContentInclude {
            lines.extend(open.take().map(|start| json!(["script", start, line.start])));
            let (start, word) = first_word(text, line);
            lines.push(json!(["include", start, word]));
        } else if is_script {
            open.get_or_insert(line.start);
        } else {
            let raw = &text[line.start as usize..line.end as usize];
            let rest = raw.trim_start_matches(is_white);
            if !rest.is_empty() && !rest.starts_with('#') {
                lines.push(json!(["line", line.end as usize - rest.len()]));
            }
        }
    }
    let end = section.content.last().map_or(0, |line| line.end);
    lines.extend(open.map(|start| json!(["script", start, end])));
    lines
}

/// A text as the parser of the project has it.
fn ours(text: &str) -> Vec<Value> {
    let item = |node: &Node| match node {
        Node::Line(line) if line.kind == LineKind::Words => {
            let (start, word) = first_word(text, line);
            let whole = &text[start as usize..line.words[0].end as usize];
            let kind = if ["%include", "%ksappend"].contains(&whole) { "include" } else { "command" };
            Some(json!([kind, start, word]))
        }
        Node::Line(_) => None,
        Node::Section(section) => {
            let (start, word) = first_word(text, &section.header);
            let kind = match word.trim_matches(['\'', '"']) {
                "%packages" => "packages_section",
                "%addon" | "%anaconda" | "%certificate" => "data_section",
                _ => "script_section",
            };
            let lines = content(text, section, kind == "script_section");
            Some(json!([kind, start, word, section.end.is_some(), lines]))
        }
    };
    Tree::parse(text).nodes.iter().filter_map(item).collect()
}

/// Compares all texts; says what differs in the first that does.
#[track_caller]
fn compare(texts: &[(String, String)]) {
    let only: Vec<String> = texts.iter().map(|(_, text)| text.clone()).collect();
    let Some(trees) = trees(&only) else { return };
    assert_eq!(trees.len(), texts.len());
    for ((name, text), tree) in texts.iter().zip(&trees) {
        let items = tree["items"].as_array().expect("a list");
        let ours = ours(text);
        let at = ours
            .iter()
            .zip(items)
            .position(|(ours, theirs)| ours != theirs)
            .unwrap_or(ours.len().min(items.len()));
        assert!(
            at == ours.len() && at == items.len(),
            "{name}: {text:?}\nitem {at}:\n  ours        {:?}\n  tree-sitter {:?}",
            ours.get(at),
            items.get(at)
        );
        assert_eq!(tree["error"], false, "{name}: tree-sitter finds an error in {text:?}");
    }
}

/// The kickstarts below a directory; files that are not UTF-8 are left out.
fn kickstarts(directory: &Path, all: &mut Vec<(String, String)>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(directory)
        .expect("it can be read")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            kickstarts(&path, all);
        } else if path
            .extension()
            .is_some_and(|ending| ["ks", "cfg", "j2", "erb"].iter().any(|known| ending == *known))
            && let Ok(text) = std::fs::read_to_string(&path)
        {
            // Tree-sitter skips a byte order mark; for the language it is a part of the first word.
            all.push((path.display().to_string(), text.trim_start_matches('\u{feff}').to_owned()));
        }
    }
}

#[test]
fn files_have_the_tree_of_the_parser() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    kickstarts(&root.join("fixtures"), &mut all);
    kickstarts(&root.join("kickstart-examples"), &mut all);
    if let Some(corpus) = std::env::var_os("KS_LINT_CORPUS") {
        kickstarts(Path::new(&corpus), &mut all);
    }
    assert!(all.len() > 500, "only {} kickstarts were found", all.len());
    compare(&all);
}

#[test]
fn random_texts_have_the_tree_of_the_parser() {
    let mut runner = TestRunner::deterministic();
    let lines = proptest::collection::vec(proptest::sample::select(PIECES), 0..24);
    let one = lines.prop_map(|pieces| pieces.concat());
    let mut texts = Vec::new();
    for number in 0..TEXTS {
        texts.push((format!("text {number}"), one.new_tree(&mut runner).expect("a text").current()));
    }
    compare(&texts);
}

#[test]
fn queries_know_scripts_and_colours() {
    let text = "#version=RHEL9\npart / --size=1024 --fstype=xfs\n%pre\ne1\n%end\n%post --interpreter=/usr/bin/python3 --log=/x\ne2\n%end\n\
                %post --interpreter /bin/bash\ne3\n%include /tmp/x\ne4\n%end\n%onerror --interpreter=/usr/bin/ruby\ne5\n%end\n\
                %post --interp=/usr/bin/perl\ne6\n%end\n%packages\n@core\n-vim\n%end\nuser --name='a\n";
    let Some(trees) = trees(&[text.to_owned()]) else { return };
    let expected = json!([["bash", "e1"], ["python", "e2"], ["bash", "e3"], ["bash", "e4"], ["perl", "e6"]]);
    assert_eq!(trees[0]["scripts"], expected);
    let colours = &trees[0]["colours"];
    assert_eq!(colours["keyword"], json!(["part", "user"]));
    assert_eq!(colours["number"], json!(["1024"]));
    assert_eq!(colours["type"], json!(["@core"]));
    assert_eq!(colours["error"], json!(["'a"]));
    assert!(
        colours["keyword.directive"].as_array().is_some_and(|words| words.contains(&json!("%post"))),
        "{colours}"
    );
}

/// Editors draw a capture that they do not know as the part of its name before the last dot. Neovim, Helix and Zed document these first
/// parts, but Helix no `number`, which has a second name, and Zed no `error`, whose words look like text there.
#[test]
fn colours_have_names_that_editors_know() {
    const KNOWN: [&str; 8] =
        ["attribute", "comment", "constant", "error", "keyword", "number", "string", "type"];
    let queries = Path::new(env!("CARGO_MANIFEST_DIR")).join(GRAMMAR).join("queries/highlights.scm");
    let queries = std::fs::read_to_string(queries).expect("it can be read");
    let lines = queries.lines().map(|line| line.split(';').next().unwrap_or_default());
    let captures = lines.flat_map(|line| line.split('@').skip(1).map(str::to_owned).collect::<Vec<_>>());
    let mut count = 0;
    for capture in captures {
        let first = capture.split(|c: char| !c.is_ascii_lowercase()).next().unwrap_or_default();
        assert!(KNOWN.contains(&first), "@{capture}");
        count += 1;
    }
    assert!(count > 10, "only {count} captures were found");
}

/// What is generated is up to date, where the program that generates it is at hand (its version is that of the grammar's README).
#[test]
#[allow(clippy::print_stderr, reason = "a test that is skipped says so")]
fn the_generated_parser_is_up_to_date() {
    let program = std::env::var_os("TREE_SITTER").unwrap_or_else(|| "tree-sitter".into());
    let grammar = Path::new(env!("CARGO_MANIFEST_DIR")).join(GRAMMAR);
    let version = Command::new(&program).arg("--version").output();
    let version =
        version.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    if !version.starts_with("tree-sitter 0.27.") {
        eprintln!("SKIPPED: tree-sitter 0.27 is not installed (cargo install tree-sitter-cli@0.27.1)");
        return;
    }
    let place = tempfile::tempdir().expect("a directory");
    for name in ["grammar.js", "tree-sitter.json"] {
        std::fs::copy(grammar.join(name), place.path().join(name)).expect("a copy");
    }
    let output = Command::new(program)
        .args(["generate", "--abi", "14"])
        .current_dir(place.path())
        .output()
        .expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for name in ["parser.c", "grammar.json", "node-types.json", "tree_sitter/parser.h"] {
        let read = |directory: &Path| std::fs::read_to_string(directory.join("src").join(name)).expect(name);
        let is_fresh = read(&grammar) == read(place.path());
        assert!(is_fresh, "{GRAMMAR}/src/{name} is stale: run tree-sitter generate --abi 14 there");
    }
}
