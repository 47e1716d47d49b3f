//! The output for people, and the commands that explain it.

use super::run::{COMPLETE, Place, finish};

#[test]
fn several_files_end_with_a_total() {
    let place = Place::new();
    place.file("a.ks", format!("#version=DEVEL\n{COMPLETE}"));
    place.file("b.ks", format!("#version=RHEL9\n{COMPLETE}"));
    let output = place.run(["a.ks", "b.ks", "missing.ks"]);
    insta::assert_snapshot!(output.stdout);
    assert_eq!(
        output.stderr,
        "ks-lint: error: missing.ks: cannot be read: No such file or directory (os error 2)\n"
    );
}

#[test]
fn colour_is_for_terminals_and_for_who_asks() {
    let place = Place::new();
    place.file("a.ks", "");
    let coloured = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = place.command();
        command.args(arguments).arg("a.ks").envs(variables.iter().copied());
        finish(&mut command).stdout.contains('\x1b')
    };
    assert!(!coloured(&[], &[]), "a pipe is no terminal");
    assert!(coloured(&["--color", "always"], &[]));
    assert!(coloured(&["--color", "always"], &[("NO_COLOR", "1")]), "the command line goes first");
    assert!(coloured(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&[], &[("CLICOLOR_FORCE", "0")]));
    assert!(!coloured(&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(coloured(&[], &[("FORCE_COLOR", "1")]));
    assert!(!coloured(&[], &[("FORCE_COLOR", "0")]));
}

#[test]
fn a_finding_is_explained_by_code_and_by_name() {
    let place = Place::new();
    let by_code = place.run(["explain", "sty001"]);
    assert_eq!(by_code.status, 0);
    assert!(by_code.stdout.starts_with("STY001 empty-kickstart (style, warning)\n"), "{}", by_code.stdout);
    assert_eq!(place.run(["explain", "EMPTY-kickstart"]).stdout, by_code.stdout);
    let json = place.run(["explain", "STY001", "sec001", "--format", "json"]).json();
    let codes: Vec<_> =
        json["rules"].as_array().into_iter().flatten().map(|rule| rule["code"].as_str()).collect();
    assert_eq!((&json["schema"], codes), (&1.into(), vec![Some("STY001"), Some("SEC001")]));
    let unknown = place.run(["explain", "STY0001"]);
    assert_eq!(unknown.status, 2);
    assert!(unknown.stderr.contains("did you mean STY001?"), "{}", unknown.stderr);
}

#[test]
fn the_list_of_findings_is_there_for_programs() {
    let place = Place::new();
    let output = place.run(["rules", "--format", "json"]);
    let json = output.json();
    assert_eq!(json["schema"], 1);
    let rules = json["rules"].as_array().expect("a list");
    assert!(
        rules.iter().any(|r| r["code"] == "STY001" && r["severity"] == "warning" && r["category"] == "style")
    );
}

#[test]
fn usage_mistakes_are_status_2() {
    let place = Place::new();
    for arguments in [&[][..], &["--format", "xml", "x"], &["--no-such-option"], &["explain"]] {
        assert_eq!(place.run(arguments).status, 2, "{arguments:?}");
    }
}

#[test]
fn a_complete_kickstart_is_clean() {
    let place = Place::new();
    place.file("x.ks", COMPLETE);
    let output = place.run(["--fail-on", "warning", "x.ks"]);
    assert_eq!(output.status, 0, "{}", output.stdout);
}

#[test]
fn github_annotations_are_one_line_a_finding() {
    let place = Place::new();
    place.file("a,b.ks", format!("#version=Slackware15\n{COMPLETE}"));
    insta::assert_snapshot!(place.run(["--format", "github", "a,b.ks"]).stdout);
}

#[test]
fn sarif_is_one_run_with_its_rules() {
    let place = Place::new();
    place.file("a b.ks", format!("#version=Slackware15\n{COMPLETE}"));
    place.file("clean.ks", COMPLETE);
    let output = place.run(["--format", "sarif", "clean.ks", "a b.ks", "clean.ks", "missing.ks"]);
    let mut json = output.json();
    let driver = &mut json["runs"][0]["tool"]["driver"];
    driver["version"] = "…".into();
    driver["semanticVersion"] = "…".into();
    driver["rules"][0]["help"] = "…".into();
    insta::assert_snapshot!(serde_json::to_string_pretty(&json).expect("it was JSON before"));
}

/// A pull request chooses file names and contents; the log of the CI system obeys lines that begin with a command.
#[test]
fn no_file_name_or_content_gives_a_ci_system_a_command() {
    let place = Place::new();
    place.file("a\n::error file=x::pwned\n.ks", "lang C\nfoo \u{9b}31m\u{202e} x\n");
    std::os::unix::fs::symlink("/nonexistent", place.path().join("b\n  ::add-mask::x.ks")).expect("a link");
    for format in ["human", "json", "sarif", "github", "concise", "gitlab", "junit", "checkstyle", "rdjson"] {
        let output = place.run(["--format", format, "."]);
        let own = |line: &&str| !(format == "github" && line.contains(",title="));
        for line in output.stdout.lines().chain(output.stderr.lines()).filter(own) {
            assert!(!line.trim_start().starts_with("::"), "{format}: {line}");
        }
        let raw = |c: char| ('\u{80}'..='\u{9f}').contains(&c) || c == '\u{202e}';
        assert!(
            !output.stdout.contains(raw),
            "{format}: a character that a terminal acts on: {}",
            output.stdout
        );
    }
}
