//! Every combination of what host and image have done, for every kind of file; and cases that were bugs elsewhere.

use super::fixture::{Fixture, Thing, is_root, seen};
use serde::Deserialize;
use std::collections::HashMap;

#[derive(Deserialize)]
struct Combinations {
    combination: Vec<Combination>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Combination {
    name: String,
    base: String,
    ours: String,
    theirs: String,
    result: String,
    output: String,
}

#[derive(Deserialize)]
struct Kinds {
    kind: Vec<Kind>,
}

#[derive(Deserialize)]
struct Kind {
    name: String,
    path: String,
    #[serde(default = "yes")]
    merged: bool,
    #[serde(default)]
    never_conflicts: bool,
    #[serde(default)]
    generated: bool,
    always: Option<String>,
    #[serde(default)]
    pinned: bool,
    #[serde(default)]
    root: bool,
    #[serde(default)]
    acl: bool,
    table: Option<String>,
    added: Option<String>,
    added_output: Option<Thing>,
    #[serde(flatten)]
    things: HashMap<String, Thing>,
}

fn yes() -> bool {
    true
}

/// What is expected: result and content.
type Expected<'e> = (&'e str, Option<&'e Thing>);

impl Kind {
    fn thing(&self, letter: &str) -> Option<&Thing> {
        let instead = match letter {
            "x" => "b",
            "y" => "c",
            other => other,
        };
        self.things.get(letter).or_else(|| self.things.get(instead))
    }

    fn expected<'e>(&'e self, combination: &'e Combination) -> Option<Expected<'e>> {
        let Combination { base, ours, theirs, result, output, .. } = combination;
        let contradicts = ours == "x";
        if let Some(side) = &self.always {
            let letter = if side == "ours" { ours } else { theirs };
            let result = if letter == "-" { "deleted" } else { side };
            return Some((result, self.thing(letter)));
        }
        if self.generated && matches!(result.as_str(), "merged" | "conflict") {
            let result = if theirs == "-" { "deleted" } else { "theirs" };
            return Some((result, self.thing(theirs)));
        }
        if !self.merged && result == "merged" {
            return Some(("conflict", self.thing(ours)));
        }
        if contradicts && self.never_conflicts {
            return None;
        }
        if contradicts
            && base == "-"
            && let Some(result) = &self.added
        {
            return Some((result, self.added_output.as_ref()));
        }
        Some((result, self.thing(output)))
    }
}

#[test]
fn every_combination_for_every_kind() {
    let combinations: Combinations = toml::from_str(include_str!("combinations.toml")).unwrap();
    let kinds: Kinds = toml::from_str(include_str!("kinds_cases.toml")).unwrap();
    let mut tried = 0;
    let mut failed = Vec::new();
    for kind in &kinds.kind {
        if (kind.root || kind.acl) && !is_root() {
            continue;
        }
        for combination in &combinations.combination {
            let Some((result, output)) = kind.expected(combination) else { continue };
            let fixture = Fixture::new();
            let three = [&combination.base, &combination.ours, &combination.theirs].map(|l| kind.thing(l));
            fixture.put(&kind.path, three);
            // Accounts are merged where host and image have some.
            for (path, text) in [("passwd", "root:x:0:0::/:/bin/sh\n"), ("group", "root:x:0:\n")] {
                if kind.path != path {
                    fixture.text(path, [Some(text); 3]);
                }
            }
            if kind.pinned {
                fixture.text("node-layout/pins", [None, Some(&format!("/etc/{}\n", kind.path)), None]);
            }
            if let Some(table) = &kind.table {
                fixture.text("node-layout/etc.toml", [None, Some(table), None]);
            }
            let merge = fixture.merge();
            let listed = Fixture::outcome(&merge, &kind.path);
            // A file that is nowhere is not listed, if nobody ever had it.
            let is_right = listed == Some(result);
            let wanted = Fixture::new();
            wanted.put(&kind.path, [output, None, None]);
            let (is, wanted) =
                (seen(&fixture.output.join(&kind.path)), seen(&wanted.trees.base.join(&kind.path)));
            tried += 1;
            if !is_right || is != wanted {
                let show = |s: &Option<super::fixture::Seen>| {
                    s.as_ref()
                        .map(|s| format!("{} {:o} {}", s.kind, s.mode, String::from_utf8_lossy(&s.content)))
                };
                failed.push(format!(
                    "{}, {}: {listed:?}, not {result}\n--- is\n{:?}\n--- wanted\n{:?}",
                    kind.name,
                    combination.name,
                    show(&is),
                    show(&wanted)
                ));
            }
        }
    }
    println!("{tried} cases");
    assert!(failed.is_empty(), "{} of {tried}\n{}", failed.len(), failed.join("\n\n"));
    assert!(tried >= 400 || !is_root(), "{tried}");
}

#[derive(Deserialize)]
struct Bugs {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(default)]
    root: bool,
    file: Vec<CaseFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    path: String,
    base: Option<Thing>,
    ours: Option<Thing>,
    theirs: Option<Thing>,
    output: Option<Thing>,
    /// What happens; not given for a file that is not listed.
    result: Option<String>,
}

#[test]
fn what_was_a_bug_elsewhere() {
    let bugs: Bugs = toml::from_str(include_str!("bugs.toml")).unwrap();
    for case in bugs.case.iter().filter(|case| !case.root || is_root()) {
        let (fixture, wanted) = (Fixture::new(), Fixture::new());
        for file in &case.file {
            fixture.put(&file.path, [file.base.as_ref(), file.ours.as_ref(), file.theirs.as_ref()]);
            wanted.put(&file.path, [file.output.as_ref(), None, None]);
        }
        let merge = fixture.merge();
        for file in &case.file {
            let (listed, path) = (Fixture::outcome(&merge, &file.path), &file.path);
            assert_eq!(listed, file.result.as_deref(), "{}: {path}", case.name);
            let (is, wanted) = (seen(&fixture.output.join(path)), seen(&wanted.trees.base.join(path)));
            let text = |s: &Option<super::fixture::Seen>| {
                s.as_ref().map(|s| String::from_utf8_lossy(&s.content).into_owned())
            };
            assert_eq!(text(&is), text(&wanted), "{}: {path}", case.name);
            assert_eq!(is, wanted, "{}: {path}", case.name);
        }
    }
}
