//! `node-layout etc merge`, as somebody without a node runs it.

// Helpers of tests fail loudly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

struct Case {
    directory: tempfile::TempDir,
}

impl Case {
    fn new() -> Case {
        let case = Case { directory: tempfile::tempdir().unwrap() };
        for tree in ["base", "ours", "theirs"] {
            fs::create_dir(case.at(tree)).unwrap();
        }
        case
    }

    fn at(&self, path: &str) -> PathBuf {
        self.directory.path().join(path)
    }

    fn put(&self, path: &str, texts: [Option<&str>; 3]) {
        for (tree, text) in ["base", "ours", "theirs"].into_iter().zip(texts) {
            if let Some(text) = text {
                let at = self.at(tree).join(path);
                fs::create_dir_all(at.parent().unwrap()).unwrap();
                fs::write(at, text).unwrap();
            }
        }
    }

    fn command(&self, output: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_node-layout"));
        command.args([
            "etc", "merge", "--base", "base", "--ours", "ours", "--theirs", "theirs", "--output", output,
        ]);
        command.current_dir(self.directory.path());
        command
    }

    fn run(&self, output: &str) -> (Option<i32>, Value) {
        let run = self.command(output).args(["--format", "json"]).output().unwrap();
        let json = serde_json::from_slice(&run.stdout).unwrap_or(Value::Null);
        (run.status.code(), json)
    }

    fn refused(&self, output: &str) -> String {
        let Output { status, stderr, .. } = self.command(output).output().unwrap();
        assert_eq!(status.code(), Some(2));
        String::from_utf8(stderr).unwrap()
    }
}

fn result<'j>(json: &'j Value, path: &str) -> &'j str {
    let files = json["files"].as_array().unwrap();
    files.iter().find(|file| file["path"] == path).map_or("", |file| file["result"].as_str().unwrap())
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn three_directories_become_one() {
    let case = Case::new();
    case.put("ssh/sshd_config", [Some("a\n\nb\n"), Some("A\n\nb\n"), Some("a\n\nB\n")]);
    case.put("motd", [Some("1\n"), Some("1\n"), Some("2\n")]);
    case.put("own", [None, Some("1\n"), None]);
    case.put("gone", [Some("1\n"), None, Some("1\n")]);
    case.put("same", [Some("1\n"); 3]);
    // A directory above the output is made, too.
    let (exit, json) = case.run("new/output");
    assert_eq!((exit, &json["schema"]), (Some(0), &Value::from(1)));
    for (path, expected) in [
        ("ssh/sshd_config", "merged"),
        ("motd", "theirs"),
        ("own", "ours"),
        ("gone", "deleted"),
        ("same", "same"),
    ] {
        assert_eq!(result(&json, path), expected, "{path}: {json:#}");
    }
    assert_eq!(json["files"].as_array().unwrap().len(), 5, "{json:#}");
    assert_eq!(fs::read_to_string(case.at("new/output/ssh/sshd_config")).unwrap(), "A\n\nB\n");
    assert!(!case.at("new/output/gone").exists());
    // An empty directory is used.
    fs::create_dir(case.at("empty")).unwrap();
    assert_eq!(case.run("empty").0, Some(0));
}

#[test]
fn a_conflict_has_the_version_of_the_host_and_is_told() {
    let case = Case::new();
    case.put("a", [Some("1\n"), Some("2\n"), Some("3\n")]);
    case.put("b", [Some("1\n"), None, Some("3\n")]);
    let (exit, json) = case.run("output");
    assert_eq!(exit, Some(1));
    assert_eq!((result(&json, "a"), result(&json, "b")), ("conflict", "conflict"));
    assert_eq!(json["files"][0]["reason"], "both changed the same place");
    assert_eq!(fs::read_to_string(case.at("output/a")).unwrap(), "2\n");
    assert!(!case.at("output/b").exists());
    let human = case.command("human").output().unwrap();
    let text = String::from_utf8(human.stdout).unwrap();
    assert_eq!(
        text,
        "conflict  a: both changed the same place\nconflict  b: deleted here, changed in the new image\n\
         2 files: 0 the same, 0 of the host, 0 of the image, 0 merged, 0 deleted, 2 in conflict\n"
    );
}

#[test]
fn an_output_that_cannot_be_used_is_refused_and_left_alone() {
    let case = Case::new();
    case.put("a", [Some("1\n"); 3]);
    fs::create_dir(case.at("full")).unwrap();
    fs::write(case.at("full/file"), "x").unwrap();
    assert!(case.refused("full").contains("full is not empty; give a new directory"));
    assert!(case.refused("ours/output").contains("is inside a directory that is merged"));
    assert!(case.refused("theirs/deep/output").contains("is inside a directory that is merged"));
    assert!(!case.at("ours/output").exists() && !case.at("theirs/deep").exists());
    std::os::unix::fs::symlink("ours", case.at("link")).unwrap();
    assert!(case.refused("link/output").contains("is inside a directory that is merged"));
    assert!(case.refused("base/a").contains("base/a"), "a file");
    fs::remove_dir_all(case.at("base")).unwrap();
    assert!(case.refused("output").contains("--base base"));
    assert!(!case.at("output").exists());
}

#[test]
fn links_lead_nowhere() {
    let case = Case::new();
    let outside = case.at("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("secret"), "x").unwrap();
    case.put("d/file", [Some("1\n"), None, Some("2\n")]);
    // The host has made a link of the directory.
    std::os::unix::fs::symlink(&outside, case.at("ours/d")).unwrap();
    std::os::unix::fs::symlink("loop", case.at("theirs/loop")).unwrap();
    let (exit, json) = case.run("output");
    assert_eq!((exit, result(&json, "d"), result(&json, "loop")), (Some(1), "conflict", "theirs"));
    assert_eq!(fs::read_link(case.at("output/d")).unwrap(), outside);
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 1, "nothing was written there");
}

#[test]
fn names_and_contents_are_bytes_and_large_files_are_not_merged() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let case = Case::new();
    let name = Path::new(OsStr::from_bytes(b"caf\xe9\n"));
    for (tree, text) in [("base", &b"1\n\n\xff\n"[..]), ("ours", b"2\n\n\xff\n"), ("theirs", b"1\n\n\xfe\n")]
    {
        fs::write(case.at(tree).join(name), text).unwrap();
        let mut large = vec![b'a'; 5 << 20];
        large.extend(text);
        fs::write(case.at(tree).join("large"), large).unwrap();
        fs::write(case.at(tree).join("large-same"), vec![0; 5 << 20]).unwrap();
    }
    // Not large, but of very many lines.
    let lines = |first: &str| format!("{first}{}", "\n".repeat(300_000));
    case.put("lines", [Some(&lines("1\n")), Some(&lines("2\n")), Some(&(lines("1\n") + "3\n"))]);
    let (exit, json) = case.run("output");
    assert_eq!(exit, Some(1));
    assert_eq!((result(&json, "large"), result(&json, "large-same")), ("conflict", "same"));
    assert_eq!(result(&json, "lines"), "conflict");
    assert_eq!(fs::read(case.at("output").join(name)).unwrap(), b"2\n\n\xfe\n");
    assert_eq!(fs::metadata(case.at("output/large")).unwrap().len(), (5 << 20) + 5);
    // On a terminal the name is one line.
    let text = String::from_utf8(case.command("human").output().unwrap().stdout).unwrap();
    assert_eq!(text.lines().count(), 4, "{text}");
}

#[test]
fn a_table_of_the_host_that_is_wrong_stops_the_work() {
    let case = Case::new();
    case.put("node-layout/etc.toml", [None, Some("[[files]]\npaths = ['x']\nkind = 'y'\n"), None]);
    let error = case.refused("output");
    assert!(error.contains("ours/node-layout/etc.toml: there is no kind 'y'; use host, "), "{error}");
}

#[test]
fn without_root_the_owner_is_the_one_that_merges() {
    if !is_root() {
        println!("skipped: only root can become somebody else");
        return;
    }
    let nobody = 65534;
    let case = Case::new();
    fs::set_permissions(case.directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    case.put("a", [Some("1\n"), Some("1\n"), Some("2\n")]);
    case.put("d/b", [None, Some("1\n"), None]);
    fs::set_permissions(case.at("ours/d/b"), fs::Permissions::from_mode(0o4755)).unwrap();
    chown(case.at("ours/d/b"), Some(12), Some(12)).unwrap();
    fs::set_permissions(case.at("ours/d/b"), fs::Permissions::from_mode(0o4755)).unwrap();
    fs::create_dir(case.at("nobody")).unwrap();
    chown(case.at("nobody"), Some(nobody), Some(nobody)).unwrap();
    // The program may be in a directory that only root can enter.
    let program = case.at("node-layout");
    fs::copy(env!("CARGO_BIN_EXE_node-layout"), &program).unwrap();
    let run = Command::new(program)
        .args([
            "etc",
            "merge",
            "--base",
            "base",
            "--ours",
            "ours",
            "--theirs",
            "theirs",
            "--output",
            "nobody/output",
        ])
        .current_dir(case.directory.path())
        .uid(nobody)
        .gid(nobody)
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(0), "{}", String::from_utf8_lossy(&run.stderr));
    let merged = fs::metadata(case.at("nobody/output/d/b")).unwrap();
    assert_eq!((merged.uid(), merged.mode() & 0o7777), (nobody, 0o755));
    assert_eq!(fs::read_to_string(case.at("nobody/output/a")).unwrap(), "2\n");
}

/// Numbers that look random and are the same in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        // Knuth's MMIX generator; its high bits are good enough.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n
    }
}

/// A text, and two that were made of it.
fn triple(numbers: &mut Numbers) -> [Vec<u8>; 3] {
    // From texts whose lines repeat all the time to texts where each line is another.
    let words = [3, 8, 200][numbers.below(3)];
    let line = |numbers: &mut Numbers| format!("{}\n", numbers.below(words)).into_bytes();
    let base: Vec<Vec<u8>> = (0..numbers.below(30)).map(|_| line(numbers)).collect();
    let edit = |numbers: &mut Numbers| {
        let mut lines = base.clone();
        for _ in 0..numbers.below(5) {
            let at = numbers.below(lines.len() + 1);
            let to = (at + numbers.below(4)).min(lines.len());
            let new: Vec<_> = (0..numbers.below(4)).map(|_| line(numbers)).collect();
            lines.splice(at..to, new);
        }
        let mut text = lines.concat();
        if numbers.below(10) == 0 && text.len() > 1 {
            text.pop();
        }
        text
    };
    let (ours, theirs) = (edit(numbers), edit(numbers));
    [base.concat(), ours, theirs]
}

/// What git makes of file `n`: the text, and the number of conflicts.
fn git(case: &Case, n: usize) -> (Vec<u8>, i32) {
    let output = Command::new("git")
        .args(["merge-file", "-p", "-q"])
        .args(["ours", "base", "theirs"].map(|tree| format!("{tree}/{n}")))
        .current_dir(case.directory.path())
        .output()
        .unwrap();
    (output.stdout, output.status.code().unwrap())
}

#[test]
fn lines_are_merged_as_git_merges_them() {
    const COUNT: usize = 5_000;
    if Command::new("git").arg("--version").output().is_err() {
        println!("skipped: git is not installed");
        return;
    }
    let case = Case::new();
    let mut numbers = Numbers(1);
    let triples: Vec<[Vec<u8>; 3]> = (0..COUNT).map(|_| triple(&mut numbers)).collect();
    for (n, texts) in triples.iter().enumerate() {
        for (tree, text) in ["base", "ours", "theirs"].into_iter().zip(texts) {
            fs::write(case.at(tree).join(n.to_string()), text).unwrap();
        }
    }
    let (_, json) = case.run("output");
    let results: HashMap<&str, &str> = json["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| (file["path"].as_str().unwrap(), file["result"].as_str().unwrap()))
        .collect();
    let (mut same, mut conflicts, mut different) = (0, 0, 0);
    for (n, texts) in triples.iter().enumerate() {
        let (text, count) = git(&case, n);
        let is_conflict = results[n.to_string().as_str()] == "conflict";
        match (count > 0, is_conflict) {
            (true, true) => conflicts += 1,
            (false, false) => {
                assert_eq!(fs::read(case.at("output").join(n.to_string())).unwrap(), text, "{texts:?}");
                same += 1;
            }
            // Where lines repeat there are several shortest differences, and the two programs do not always find the same one: what
            // is a conflict for one can be merged by the other. Both results are right; it never happens where each line is
            // another.
            _ => {
                let lines: Vec<&[u8]> = texts[0].split_inclusive(|byte| *byte == b'\n').collect();
                let values: HashSet<&&[u8]> = lines.iter().collect();
                assert!(values.len() <= 8 && values.len() < lines.len(), "{texts:?}");
                different += 1;
            }
        }
    }
    println!("{same} merged alike, {conflicts} conflicts for both, {different} a conflict for one");
    assert!(same > 1_000 && conflicts > 1_000 && different <= 10, "{different} of {COUNT}");
}
