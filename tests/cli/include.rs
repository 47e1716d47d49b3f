//! What a kickstart includes.

use super::run::{COMPLETE, Place};

#[test]
fn commands_of_an_included_file_count_and_their_findings_name_it() {
    let place = Place::new();
    place.file("ks/node.ks", format!("%include parts/storage.ks\n{COMPLETE}"));
    place.file("ks/parts/storage.ks", "no-such-command\n%include more.ks\n");
    place.file("ks/parts/more.ks", "part / --size=1000\n");
    let output = place.run(["--format", "json", "ks/node.ks"]);
    let json = output.json();
    let found = json["files"][0]["diagnostics"].as_array().expect("a list");
    let in_file = |name: &str| found.iter().any(|d| d["span"]["file"] == name && d["category"] == "syntax");
    assert!(in_file("ks/parts/storage.ks"), "the unknown command is found: {json:#}");
    let conflict = found.iter().find(|d| d["related"][0]["span"]["file"] == "ks/parts/more.ks");
    assert!(conflict.is_some(), "'autopart' conflicts with 'part' of the included file: {json:#}");
}

#[test]
fn a_missing_include_is_a_finding_at_its_line() {
    let place = Place::new();
    place.file("node.ks", format!("{COMPLETE}%include storrage.ks\n"));
    let output = place.run(["node.ks"]);
    assert!(output.stdout.contains("STY006"), "{}", output.stdout);
    assert!(output.stdout.contains("'storrage.ks' cannot be read: No such file"), "{}", output.stdout);
    assert_eq!(output.status, 0, "a warning: {}", output.stdout);
}

#[test]
fn files_that_include_each_other_come_to_an_end() {
    let place = Place::new();
    place.file("a.ks", format!("{COMPLETE}%include b.ks\n"));
    place.file("b.ks", "%include ./b.ks\n%include a.ks\n");
    let output = place.run(["--format", "json", "a.ks"]);
    assert_eq!(output.codes().iter().filter(|c| *c == "STY007").count(), 2, "{}", output.stdout);
    assert_eq!(output.status, 1);
}

#[test]
fn files_that_multiply_come_to_an_end() {
    let place = Place::new();
    for n in 0..40 {
        let next = format!("%include {}.ks\n", n + 1).repeat(2);
        place.file(&format!("{n}.ks"), next);
    }
    place.file("40.ks", "lang C\n");
    let started = std::time::Instant::now();
    place.run(["0.ks"]);
    assert!(started.elapsed().as_secs() < 10, "2^40 includes are not followed");
}

#[test]
fn a_file_of_the_installer_is_not_looked_for_here() {
    let place = Place::new();
    let secret = place.file("secret", "this is not for reports\n");
    place.file("node.ks", format!("{COMPLETE}%include {}\n", secret.display()));
    let output = place.run(["node.ks"]);
    assert!(output.stdout.contains("STY005"), "{}", output.stdout);
    assert!(!output.stdout.contains("not for reports"), "{}", output.stdout);
    assert_eq!(output.status, 0, "{}", output.stdout);
}

#[test]
fn an_include_that_is_not_utf_8_is_a_finding_whichever_includes_are_followed() {
    let place = Place::new();
    place.file("node.ks", format!("{COMPLETE}%include latin.ks\n"));
    std::fs::write(place.path().join("latin.ks"), b"# caf\xe9\n").expect("a file");
    for arguments in [vec!["node.ks"], vec!["--follow-includes", "--root", ".", "node.ks"]] {
        let output = place.run(arguments);
        assert!(output.stdout.contains("STY006"), "{}", output.stdout);
        assert!(output.stdout.contains("is not UTF-8"), "{}", output.stdout);
    }
}

#[test]
fn what_the_kernel_shows_as_a_file_is_not_read() {
    let place = Place::new();
    place.file("node.ks", format!("{COMPLETE}%include /proc/self/environ\n"));
    let output = place.run(["--follow-includes", "node.ks"]);
    assert!(output.stdout.contains("KS026"), "{}", output.stdout);
}

#[test]
fn a_pipe_is_not_waited_for() {
    let place = Place::new();
    let made = std::process::Command::new("mkfifo").arg(place.path().join("pipe.ks")).status();
    assert!(made.expect("mkfifo is there").success());
    place.file("node.ks", format!("{COMPLETE}%include pipe.ks\n"));
    let output = place.run(["node.ks"]);
    assert!(output.stdout.contains("it is not a regular file"), "{}", output.stdout);
}

/// A kickstart that somebody else wrote does not choose which files of this machine are read and quoted.
#[test]
fn an_include_reads_nothing_outside_the_directory_of_the_kickstart() {
    let place = Place::new();
    for directory in ["ks", "ks/.git"] {
        std::fs::create_dir_all(place.path().join(directory)).expect("a directory");
    }
    place.file("secret", "token hunter2\n");
    place.file("ks/.git/config", "token hunter2\n");
    std::os::unix::fs::symlink("../secret", place.path().join("ks/link")).expect("a link");
    std::os::unix::fs::symlink("/proc/self/environ", place.path().join("ks/environ")).expect("a link");
    for (path, follow) in [
        ("../secret", &[][..]),
        ("link", &[]),
        (".git/config", &[]),
        ("environ", &[]),
        (".git/config", &["--follow-includes"]),
        ("environ", &["--follow-includes"]),
        ("/proc/self/environ", &["--follow-includes"]),
        ("../secret", &["--follow-includes", "--root", "ks"]),
        ("link", &["--follow-includes", "--root", "ks"]),
    ] {
        place.file("ks/node.ks", format!("%include {path}\n"));
        let output = place.run(follow.iter().copied().chain(["ks/node.ks"]));
        let quoted = output.stdout.contains("hunter2") || output.stdout.contains("PATH=");
        assert!(!quoted, "{path} with {follow:?} is quoted:\n{}", output.stdout);
    }
}

#[test]
fn an_include_reads_what_the_repository_of_the_kickstart_holds() {
    let place = Place::new();
    for directory in ["hosts", "common", ".git"] {
        std::fs::create_dir_all(place.path().join(directory)).expect("a directory");
    }
    place.file("common/lang.ks", "lang\n");
    place.file("hosts/node.ks", "%include ../common/lang.ks\n");
    assert!(
        place.run(["hosts/node.ks"]).stdout.contains("common/lang.ks:1"),
        "the mistake is in the common file"
    );
    std::fs::remove_dir(place.path().join(".git")).expect("a directory");
    let output = place.run(["hosts/node.ks"]);
    assert!(
        output.stdout.contains("info[STY005]: '../common/lang.ks' is outside the directory"),
        "{}",
        output.stdout
    );
    let followed = place.run(["--follow-includes", "hosts/node.ks"]);
    assert!(followed.stdout.contains("common/lang.ks:1"), "{}", followed.stdout);
}

/// What a repository can hold under these names: links to devices, a pipe.
#[test]
fn a_configuration_or_a_policy_that_has_no_end_is_an_error() {
    let place = Place::new();
    place.file("node.ks", "lang C\n");
    std::os::unix::fs::symlink("/dev/zero", place.path().join("site.toml")).expect("a link");
    let output = place.run(["--policy", "site.toml", "node.ks"]);
    assert!(output.status == 2 && output.stderr.contains("not a regular file"), "{}", output.stderr);
    std::os::unix::fs::symlink("/dev/zero", place.path().join(".ks-lint.toml")).expect("a link");
    let output = place.run(["node.ks"]);
    assert!(output.status == 2 && output.stderr.contains("not a regular file"), "{}", output.stderr);
}

#[test]
fn a_part_that_another_file_of_the_run_includes_lacks_nothing() {
    let place = Place::new();
    place.file("ks/node.ks", format!("#version=RHEL8\n%include parts/repo.ks\n{COMPLETE}"));
    place.file("ks/parts/repo.ks", "install\nrepo --name=AppStream --baseurl=https://192.0.2.1/AppStream\n");
    let together = place.run(["--format", "json", "ks"]);
    let json = together.json();
    let part =
        json["files"].as_array().and_then(|files| files.iter().find(|f| f["path"] == "ks/parts/repo.ks"));
    let part = part.expect("the part is checked, too");
    assert_eq!(part["syntax"], "RHEL8", "the release of the file that includes it: {json:#}");
    let errors = part["diagnostics"].as_array().expect("a list").iter().filter(|d| d["severity"] == "error");
    assert_eq!(errors.count(), 0, "{json:#}");
    let alone = place.run(["ks/parts/repo.ks"]);
    assert!(alone.stdout.contains("UNA001"), "alone it is a kickstart: {}", alone.stdout);
}

#[test]
fn a_part_that_is_included_by_its_path_on_the_server_is_one() {
    let place = Place::new();
    place.file("node.ks", format!("#version=RHEL8\n%include http://192.0.2.1/ks/parts/repo.ks\n{COMPLETE}"));
    place.file("parts/repo.ks", "install\nrepo --name=AppStream --baseurl=https://192.0.2.1/AppStream\n");
    place.file("other/repo.ks", "repo --name=AppStream --baseurl=https://192.0.2.1/AppStream\n");
    let json = place.run(["--format", "json", "."]).json();
    let codes = |path: &str| {
        let files = json["files"].as_array().expect("a list");
        let file = files.iter().find(|f| f["path"].as_str().is_some_and(|p| p.ends_with(path)));
        file.expect("it is checked")["diagnostics"].to_string()
    };
    assert!(!codes("parts/repo.ks").contains("UNA001"), "{json:#}");
    assert!(codes("other/repo.ks").contains("UNA001"), "only its name is the same: {json:#}");
}
