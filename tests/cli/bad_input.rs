//! What is no kickstart, or hardly one: a clear error or finding, never a panic or a hang.

use super::run::{COMPLETE, Place, finish};
use std::io::Read;
use std::process::Stdio;

fn file(content: impl AsRef<[u8]>) -> (Place, &'static str) {
    let place = Place::new();
    place.file("x.ks", content);
    (place, "x.ks")
}

#[test]
fn an_empty_file_is_a_finding_outside_the_language() {
    let (place, path) = file("");
    let output = place.run(["--format", "json", path]);
    assert!(output.codes().contains(&"STY001".to_owned()), "{:?}", output.codes());
    assert!(!output.stdout.contains("\"category\":\"syntax\""), "the language accepts an empty file");
}

#[test]
fn a_missing_file_is_named_and_the_others_are_checked_all_the_same() {
    let (place, path) = file(COMPLETE);
    let output = place.run(["missing.ks", path]);
    assert_eq!(output.status, 2);
    assert!(output.stderr.contains("missing.ks: cannot be read: No such file"), "{}", output.stderr);
    assert_eq!(output.stdout, "1 file: no findings; 1 could not be checked\n", "x.ks is checked");
    let json = place.run(["--format", "json", "missing.ks", path]).json();
    assert_eq!(json["unreadable"][0]["path"], "missing.ks");
    assert_eq!(json["summary"]["files"], 1);
}

#[test]
fn a_directory_without_kickstarts_says_what_was_looked_for() {
    let place = Place::new();
    place.file("notes.txt", "x");
    place.file("grub.cfg", "menuentry 'x' {\n  linux /vmlinuz\n}\n");
    let output = place.run(["."]);
    assert_eq!(output.status, 2);
    assert!(output.stderr.contains(".: no kickstart in this directory"), "{}", output.stderr);
}

#[test]
fn a_directory_gives_its_kickstarts_in_order() {
    let place = Place::new();
    for name in ["b/two.ks", "a.ks", "b/one.cfg", ".hidden.ks"] {
        place.file(name, COMPLETE);
    }
    place.file("b/ansible.cfg", "[defaults]\n");
    place.file(".git/HEAD", "");
    place.file(".gitignore", "*.ks\n");
    std::os::unix::fs::symlink("a.ks", place.path().join("link.ks")).expect("a link can be made");
    std::os::unix::fs::symlink("..", place.path().join("b/up")).expect("a link can be made");
    std::os::unix::fs::symlink("nowhere", place.path().join("b/broken.ks")).expect("a link can be made");
    let output = place.run(["--format", "json", "--no-gitignore", "."]);
    let json = output.json();
    let paths: Vec<_> = json["files"].as_array().expect("a list").iter().map(|f| f["path"].clone()).collect();
    assert!(output.stderr.contains("b/broken.ks: cannot be read"), "a link to nowhere: {}", output.stderr);
    assert_eq!(paths, ["./a.ks", "./b/one.cfg", "./b/two.ks", "./link.ks"]);
}

#[test]
fn a_binary_file_is_called_one() {
    let (place, path) = file([0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0xff, 0xfe, b'\n']);
    let output = place.run([path]);
    assert_eq!(output.status, 2);
    assert!(output.stderr.contains("x.ks: is a binary file"), "{}", output.stderr);
}

#[test]
fn utf_16_is_named_with_the_way_out() {
    let utf_16: Vec<u8> =
        [0xfeff_u16].into_iter().chain(COMPLETE.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let (place, path) = file(utf_16);
    let output = place.run([path]);
    assert_eq!(output.status, 2);
    assert!(output.stderr.contains("iconv -f utf-16"), "{}", output.stderr);
}

#[test]
fn a_byte_that_is_not_utf_8_is_named_with_its_line() {
    let (place, path) = file(b"lang en_US.UTF-8\n# caf\xe9\n");
    let output = place.run([path]);
    assert_eq!(output.status, 2);
    assert!(output.stderr.contains("x.ks: line 2: byte 0xe9 at offset 22 is not UTF-8"), "{}", output.stderr);
}

#[test]
fn nul_bytes_are_a_finding_and_do_not_reach_the_terminal() {
    let (place, path) = file("lang en_US.UTF-8\n# \0\0\x1b[31m\n");
    let output = place.run(["--format", "json", path]);
    assert!(output.codes().contains(&"STY004".to_owned()), "{:?}", output.codes());
    let output = place.run([path]);
    assert!(
        !output.stdout.contains(['\0', '\x1b']),
        "control characters are printed raw:\n{:?}",
        output.stdout
    );
}

#[test]
fn control_characters_of_a_name_do_not_reach_the_terminal() {
    let place = Place::new();
    place.file("a\x1b[31m.ks", "");
    let output = place.run(["a\x1b[31m.ks", "missing\x1b[31m.ks"]);
    assert!(
        !output.stdout.contains('\x1b') && !output.stderr.contains('\x1b'),
        "{}{}",
        output.stdout,
        output.stderr
    );
}

#[test]
fn a_byte_order_mark_is_a_finding_and_hides_no_version() {
    let (place, path) = file("\u{feff}#version=RHEL8\nlang en_US.UTF-8\n");
    let output = place.run(["--format", "json", path]);
    assert_eq!(output.status, 1);
    let json = output.json();
    assert_eq!(json["files"][0]["syntax"], "RHEL8");
    let found = json["files"][0]["diagnostics"].as_array().expect("a list");
    let mark = found.iter().find(|d| d["code"] == "KS032").expect("the mark is found");
    assert_eq!((&mark["span"]["start"]["line"], &mark["span"]["start"]["column"]), (&1.into(), &1.into()));
}

#[test]
fn crlf_and_lf_give_the_same_findings() {
    let text = "#version=DEVEL\nlang en_US.UTF-8\nno-such-command\n";
    let places = |text: &str| {
        let (place, path) = file(text);
        let json = place.run(["--format", "json", path]).json();
        let found = json["files"][0]["diagnostics"].as_array().expect("a list").clone();
        found.iter().map(|d| (d["code"].clone(), d["span"]["start"]["line"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(places(text), places(&text.replace('\n', "\r\n")));
}

#[test]
fn an_unknown_syntax_version_suggests_the_nearest() {
    let (place, path) = file(COMPLETE);
    let output = place.run(["--syntax", "RHLE9", path]);
    assert_eq!(output.status, 2);
    assert!(output.stderr.contains("did you mean RHEL9?"), "{}", output.stderr);
}

#[test]
fn an_unknown_policy_suggests_the_nearest() {
    let (place, path) = file(COMPLETE);
    let output = place.run(["--policy", "ovrit-node", path]);
    assert_eq!(output.status, 2);
    assert!(output.stderr.contains("did you mean ovirt-node?"), "{}", output.stderr);
}

#[test]
fn a_policy_file_that_is_not_there_is_named() {
    let (place, path) = file(COMPLETE);
    let output = place.run(["--policy", "mine.toml", path]);
    assert_eq!(output.status, 2);
    assert!(output.stderr.contains("mine.toml"), "{}", output.stderr);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let place = Place::new();
    for n in 0..200 {
        place.file(&format!("{n}.ks"), format!("#version=DEVEL\n{COMPLETE}"));
    }
    let mut command = place.command();
    let mut child =
        command.arg(".").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let mut first = [0; 10];
    let mut stdout = child.stdout.take().expect("there is a pipe");
    stdout.read_exact(&mut first).expect("the program prints");
    drop(stdout);
    let output = child.wait_with_output().expect("the program ends");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        (output.status.code(), stderr.as_ref()),
        (Some(0), ""),
        "quiet, and the status says what was found"
    );
}

#[test]
fn an_output_that_cannot_be_written_to_is_said() {
    let (place, path) = file("");
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has /dev/full");
    let output = finish(place.command().arg(path).stdout(full));
    assert_eq!(output.status, 2);
    assert!(
        output.stderr.contains("standard output cannot be written to: No space left"),
        "{}",
        output.stderr
    );
}

#[test]
fn nothing_is_written_beside_the_kickstart() {
    use std::os::unix::fs::PermissionsExt;
    let (place, path) = file(COMPLETE);
    let permissions = |mode| std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(place.path(), permissions(0o555)).expect("permissions can be set");
    let output = place.run([path]);
    std::fs::set_permissions(place.path(), permissions(0o755)).expect("permissions can be set");
    assert_eq!(output.status, 0, "{}{}", output.stdout, output.stderr);
    assert_eq!(std::fs::read_dir(place.path()).expect("it can be listed").count(), 1);
}

#[test]
fn one_line_of_megabytes_is_read_and_shown_by_a_part_of_it() {
    let (place, path) = file(format!("no-such-command {}\n", "x".repeat(20 << 20)));
    let output = place.run([path]);
    assert!(output.stdout.len() < 4000, "{} bytes are printed", output.stdout.len());
}

/// A quote that never closes is looked for further down, line by line, but not again and again.
#[test]
fn twenty_thousand_open_quotes_are_read() {
    let (place, path) = file("lang \"en_US\nlang 'en_US\nsurplus \"x\nsurplus\n".repeat(5_000));
    let started = std::time::Instant::now();
    let output = place.run(["--format", "json", path]);
    assert_eq!(output.json()["summary"]["files"], 1);
    assert!(started.elapsed().as_secs() < 60, "it took {:?}", started.elapsed());
}

#[test]
fn a_hundred_thousand_lines_are_read() {
    let (place, path) = file("# a comment\nlang en_US.UTF-8\n".repeat(50_000));
    let output = place.run(["--format", "json", path]);
    assert_eq!(output.json()["summary"]["files"], 1);
}
