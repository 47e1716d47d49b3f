//! Which findings are reported and which files are read.

use super::run::{COMPLETE, Output, Place};

/// A kickstart with a plain-text password (SEC001, line 1) and a source without TLS (SEC007).
fn with_findings() -> String {
    let plain = COMPLETE.replace("https:", "http:");
    format!("user --name=admin --plaintext --password=changeme\n{plain}")
}

fn codes(place: &Place, arguments: &[&str]) -> Vec<String> {
    place.run(["--format", "json"].iter().chain(arguments)).codes()
}

fn files(output: &Output) -> Vec<&str> {
    assert_eq!(output.status, 0, "{}", output.stderr);
    output.stdout.lines().collect()
}

#[test]
fn findings_are_chosen_by_code_prefix_and_name() {
    let place = Place::new();
    place.file("x.ks", with_findings());
    assert_eq!(codes(&place, &["x.ks"]), ["SEC001", "SEC007"]);
    assert_eq!(codes(&place, &["--select", "SEC001", "x.ks"]), ["SEC001"]);
    assert_eq!(codes(&place, &["--ignore", "plain-text-password", "x.ks"]), ["SEC007"]);
    assert_eq!(codes(&place, &["--ignore", "sec", "--select", "SEC007", "x.ks"]), ["SEC007"]);
    assert_eq!(codes(&place, &["--select=UNA,STY", "x.ks"]), [""; 0]);
    assert_eq!(codes(&place, &["--per-file-ignores", "x*:SEC001,SEC007", "x.ks"]), [""; 0]);
    for (option, word) in [("--select", "SEQ001"), ("--ignore", "SEQ001"), ("--severity", "SEQ001=info")] {
        let output = place.run([option, word, "x.ks"]);
        assert_eq!(output.status, 2);
        assert!(output.stderr.contains("did you mean SEC001?"), "{}", output.stderr);
    }
}

#[test]
fn errors_of_syntax_are_always_reported_as_errors() {
    let place = Place::new();
    place.file("x.ks", format!("no-such-command\n{COMPLETE}"));
    for arguments in
        [&["--ignore", "KS", "x.ks"][..], &["--select", "SEC", "x.ks"], &["--severity", "KS=info", "x.ks"]]
    {
        let output = place.run(["--format", "json"].iter().chain(arguments));
        assert_eq!((output.codes(), output.status), (vec!["KS001".to_owned()], 1), "{arguments:?}");
    }
}

#[test]
fn the_configuration_chooses_and_the_command_line_overrides_it() {
    let place = Place::new();
    place.file("a/x.ks", with_findings());
    place.file("lab/x.ks", with_findings());
    let config = "ignore = [\"SEC007\"]\n[per-file-ignores]\n\"lab/*.ks\" = [\"SEC001\"]\n[severity]\nSEC001 = \"error\"\n";
    place.file(".ks-lint.toml", config);
    let output = place.run(["--format", "json", "a"]);
    assert_eq!((output.codes(), output.status), (vec!["SEC001".to_owned()], 1), "{}", output.stdout);
    assert_eq!(codes(&place, &["lab"]), [""; 0]);
    assert_eq!(codes(&place, &["--select", "SEC007", "lab"]), ["SEC007"]);
    assert_eq!(codes(&place, &["--no-config", "lab"]), ["SEC001", "SEC007"]);
    let output = place.run(["--severity", "SEC001=info", "--format", "json", "a"]);
    assert_eq!(output.status, 0, "{}", output.stdout);
    let other = place.file("other.toml", "select = [\"SEC007\"]\n");
    assert_eq!(codes(&place, &["--config", other.to_str().expect("UTF-8"), "a"]), ["SEC007"]);

    place.file(".ks-lint.toml", "select = [\n  \"SEC\",\n  \"SEQ\",\n]\n");
    let output = place.run(["a"]);
    assert_eq!(output.status, 2);
    assert!(output.stderr.contains(".ks-lint.toml:3: 'SEQ' is not a code"), "{}", output.stderr);
    place.file(".ks-lint.toml", "[severity]\nSEC001 = \"fatal\"\n");
    let output = place.run(["a"]);
    assert!(output.stderr.contains(".ks-lint.toml:2: "), "{}", output.stderr);
}

#[test]
fn the_effective_settings_are_shown_with_their_origin() {
    let place = Place::new();
    place.file("x.ks", "lang C\n");
    place.file(".ks-lint.toml", "syntax = \"RHEL8\"\nignore = [\"SEC\"]\nexclude = [\"old/\"]\n");
    let shown = place.run(["--show-settings", "--fail-on", "info", "x.ks"]).stdout;
    for line in ["RHEL8 (from ", "fail-on: info", "ignore: SEC", "exclude: old/", "/.ks-lint.toml"] {
        assert!(shown.contains(line), "{line}:\n{shown}");
    }
}

#[test]
fn a_search_leaves_out_what_is_excluded_ignored_or_a_template() {
    let place = Place::new();
    for name in
        ["a.ks", "B.KS", "c.kickstart", "old/d.ks", "old/deep/e.ks", "f.ks.j2", "made/g.ks", "h.ks.bak"]
    {
        place.file(name, COMPLETE);
    }
    place.file("boot.cfg", "set default=0\n");
    place.file(".gitignore", "made/\n");
    let all = place.run(["--show-files", "--exclude", "old/"]);
    assert_eq!(files(&all), ["./B.KS", "./a.ks", "./c.kickstart"]);
    assert!(all.stderr.contains("./f.ks.j2: skipped: a template"), "{}", all.stderr);
    assert_eq!(files(&place.run(["--show-files", "--no-gitignore", "made"])), ["made/g.ks"]);
    assert_eq!(files(&place.run(["--show-files", "--exclude", "old", "old/d.ks"])), ["old/d.ks"]);
    let named = place.run(["--show-files", "--exclude", "old", "--force-exclude", "old/d.ks", "a.ks"]);
    assert_eq!(files(&named), ["a.ks"]);
    place.file(".ks-lint.toml", "exclude = [\"old\", \"*.KS\"]\nrespect-gitignore = false\n");
    assert_eq!(files(&place.run(["--show-files"])), ["./a.ks", "./c.kickstart", "./made/g.ks"]);
    let output = place.run([] as [&str; 0]);
    assert!(output.stderr.contains("1 template is skipped (./f.ks.j2)"), "{}", output.stderr);
}

#[test]
fn the_same_file_is_checked_once() {
    let place = Place::new();
    place.file("d/x.ks", COMPLETE);
    let output = place.run(["--format", "json", "d", "d/x.ks", "d/../d/x.ks"]);
    assert_eq!(output.json()["summary"]["files"], 1);
}

#[test]
fn standard_input_can_have_a_name() {
    let place = Place::new();
    place.file("lab/.ks-lint.toml", "ignore = [\"SEC001\"]\n");
    let output = place.run_with_input(
        &["--format", "json", "--stdin-filename", "lab/x.ks", "-"],
        with_findings().as_bytes(),
    );
    assert_eq!(output.codes(), ["SEC007"]);
    assert_eq!(output.json()["files"][0]["path"], "lab/x.ks");
}

#[test]
fn with_a_baseline_only_new_findings_fail_a_run() {
    let place = Place::new();
    place.file("a/x.ks", with_findings());
    let written = place.run(["--write-baseline", "known.json", "a"]);
    assert_eq!((written.status, written.stdout.as_str()), (0, "known.json: 2 known findings written\n"));
    let known = std::fs::read_to_string(place.path().join("known.json")).expect("it is written");
    assert!(!known.contains("changeme"), "a baseline has no password in it: {known}");

    let run =
        |arguments: &[&str]| place.run(["--fail-on=info", "--format=json", "a"].iter().chain(arguments));
    let output = run(&["--baseline", "known.json"]);
    assert_eq!((output.codes(), output.status), (vec![], 0));
    assert_eq!(output.json()["summary"]["baselined"], 2);
    // Lines may move; another line is new.
    let another = "user --name=other --plaintext --password=changeme";
    place.file("a/x.ks", format!("# moved\n{another}\n{}", with_findings()));
    let output = run(&["--baseline", "known.json"]);
    assert_eq!((output.codes(), output.status), (vec!["SEC001".to_owned()], 1), "{}", output.stdout);
    place.file(".ks-lint.toml", "baseline = \"known.json\"\n");
    assert_eq!(run(&[]).codes(), ["SEC001"]);
    place.file("known.json", "{}");
    let output = run(&[]);
    assert_eq!(output.status, 2);
    assert!(output.stderr.contains("known.json: not a baseline"), "{}", output.stderr);
}

#[test]
fn a_baseline_holds_no_errors_of_syntax() {
    let place = Place::new();
    place.file("right.ks", with_findings());
    place.file("wrong.ks", format!("no-such x\nno-such y\n{}no-such x\n", with_findings()));
    let written = place.run(["--write-baseline", "known.json", "."]);
    assert_eq!((written.status, written.stdout.as_str()), (1, "known.json: 4 known findings written\n"));
    let left = "wrong.ks:1: KS001: unknown command 'no-such' in RHEL9 (and 2 more): not recorded";
    assert!(written.stderr.contains(left), "{}", written.stderr);
    let run = || place.run(["--baseline=known.json", "--fail-on=info", "--format=json", "."]);
    let output = run();
    assert_eq!((output.json()["files"][1]["path"].as_str(), output.status), (Some("./wrong.ks"), 1));
    assert_eq!(
        (output.codes(), &output.json()["summary"]["baselined"]),
        (vec!["KS001".to_owned(); 3], &4.into())
    );
    // One that an earlier release has written holds them; they are reported all the same.
    let known = std::fs::read_to_string(place.path().join("known.json")).expect("it is written");
    let key = r#"{"path": "wrong.ks", "code": "KS001", "line": "4731593098f9fe56", "count": 9},"#;
    place.file("known.json", known.replacen("[", &format!("[{key}"), 1));
    assert_eq!(run().codes(), ["KS001"; 3]);
    // Excluded, it does not fail the run.
    place.file(".ks-lint.toml", "exclude = [\"wrong.ks\"]\n");
    assert_eq!(place.run(["--write-baseline", "known.json", "."]).status, 0);
    assert_eq!(run().status, 0);
}

#[test]
fn the_short_help_fits_a_screen_and_a_misspelt_command_is_named() {
    let place = Place::new();
    for arguments in [&["-h"][..], &["check", "-h"], &["--fix", "-h"]] {
        let output = place.run(arguments);
        assert_eq!(output.status, 0);
        assert!(output.stdout.lines().count() <= 24, "{arguments:?}:\n{}", output.stdout);
        assert!(output.stdout.contains("Exit status: 0"), "{}", output.stdout);
    }
    assert!(place.run(["check", "--help"]).stdout.contains("Exit status: 0"));
    assert!(place.run(["plan", "-h"]).stdout.contains("--minimum"), "other commands have their own");
    place.file("x.ks", COMPLETE);
    let output = place.run(["chek", "x.ks"]);
    assert_eq!((output.status, output.stdout.as_str()), (2, ""));
    assert!(output.stderr.contains("did you mean 'ks-lint check'?"), "{}", output.stderr);
    place.file("chek", COMPLETE);
    assert_eq!(place.run(["chek", "x.ks"]).status, 0, "a file is a file");
}
