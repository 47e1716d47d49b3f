//! `--fix`, `--unsafe-fixes`, `--diff`: what is written, and what is said.

use super::run::{COMPLETE, Place};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

const OLD: &str = "timezone Europe/Prague --isUtc # here\r\nuser --name=a --iscrypted --password=x # ks-lint: waive SEC001 -- no\n";
const NEW: &str = "timezone Europe/Prague --utc # here\r\nuser --name=a --iscrypted --password=x\n";

fn with_deprecated() -> (String, String) {
    let rest = COMPLETE.replace("timezone UTC --utc\n", "");
    (format!("#version=RHEL9\n{OLD}{rest}"), format!("#version=RHEL9\n{NEW}{rest}"))
}

#[test]
fn safe_fixes_are_written_and_keep_mode_and_line_ends() {
    let place = Place::new();
    let (old, new) = with_deprecated();
    let path = place.file("x.ks", &old);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("the mode can be set");
    symlink("x.ks", place.path().join("link.ks")).expect("a link can be made");
    let output = place.run(["--fix", "--show-fixes", "link.ks"]);
    assert_eq!(std::fs::read_to_string(&path).expect("it is there"), new);
    assert!(place.path().join("link.ks").is_symlink());
    assert_eq!(std::fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o600);
    assert!(output.stderr.contains("fixed 2 findings in 1 file"), "{}", output.stderr);
    assert!(output.stderr.contains("link.ks:2: KS019: write '--utc'"), "{}", output.stderr);
    let inode = std::fs::metadata(&path).expect("it is there").ino();
    let again = place.run(["--fix", "x.ks"]);
    assert!(!again.stderr.contains("fixed"), "{}", again.stderr);
    assert_eq!(
        std::fs::metadata(&path).expect("it is there").ino(),
        inode,
        "nothing to fix, nothing written"
    );
}

#[test]
fn a_diff_writes_nothing_and_exits_with_1() {
    let place = Place::new();
    let (old, new) = with_deprecated();
    let path = place.file("x.ks", &old);
    let output = place.run(["--diff", "x.ks"]);
    assert_eq!(output.status, 1);
    let lines: Vec<&str> = output.stdout.lines().take(3).collect();
    assert_eq!(lines[..2], ["--- x.ks", "+++ x.ks"]);
    for line in ["-timezone Europe/Prague --isUtc # here\r\n", "+timezone Europe/Prague --utc # here\r\n"] {
        assert!(output.stdout.contains(line), "{}", output.stdout);
    }
    assert_eq!(std::fs::read_to_string(&path).expect("it is there"), old);
    place.file("x.ks", new);
    let output = place.run(["--diff", "x.ks"]);
    assert_eq!((output.status, output.stdout.as_str()), (0, ""));
}

#[test]
fn unsafe_fixes_are_applied_on_request_only_and_placeholders_never() {
    let place = Place::new();
    let text = format!("{}rootpw --plaintext x\n", COMPLETE.replace("https:", "http:"));
    place.file("x.ks", &text);
    let json = place.run(["--format=json", "x.ks"]).json();
    let all: Vec<_> = json["files"][0]["diagnostics"].as_array().expect("a list").iter().collect();
    let kinds: Vec<_> = all.iter().filter_map(|d| d["fix"]["applicability"].as_str()).collect();
    assert!(kinds.contains(&"unsafe"), "{json}");
    place.run(["--fix", "x.ks"]);
    assert_eq!(std::fs::read_to_string(place.path().join("x.ks")).expect("it is there"), text);
    place.run(["--unsafe-fixes", "x.ks"]);
    let fixed = std::fs::read_to_string(place.path().join("x.ks")).expect("it is there");
    assert!(fixed.contains("url --url=https://"), "{fixed}");
    assert!(!fixed.contains("HASH"), "{fixed}");
}

#[test]
fn a_read_only_file_is_an_error() {
    let place = Place::new();
    let (old, _) = with_deprecated();
    let path = place.file("x.ks", &old);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).expect("the mode can be set");
    let output = place.run(["--fix", "x.ks"]);
    assert_eq!(output.status, 2);
    assert!(output.stderr.contains("x.ks: cannot be written: the file is read-only"), "{}", output.stderr);
    assert_eq!(std::fs::read_to_string(&path).expect("it is there"), old);
}

#[test]
fn fixed_standard_input_is_printed() {
    let place = Place::new();
    let (old, new) = with_deprecated();
    let output = place.run_with_input(&["--fix", "-"], old.as_bytes());
    assert_eq!(output.stdout, new);
    let clean = place.run_with_input(&["--fix", "-"], new.as_bytes());
    assert_eq!(clean.stdout, new, "a text without fixes is printed, too");
}

#[test]
fn what_is_ignored_waived_or_included_is_not_fixed() {
    let place = Place::new();
    let (old, _) = with_deprecated();
    place.file("x.ks", &old);
    place.run(["--fix", "--ignore", "KS019,STY021", "x.ks"]);
    assert_eq!(std::fs::read_to_string(place.path().join("x.ks")).expect("it is there"), old);
    place.file("main.ks", format!("%include x.ks\n{COMPLETE}"));
    place.run(["--fix", "--follow-includes", "main.ks"]);
    assert_eq!(std::fs::read_to_string(place.path().join("x.ks")).expect("it is there"), old);
}
