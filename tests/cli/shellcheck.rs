//! `--shellcheck`: what the real program finds is shown at the lines of the kickstart.

use super::run::{COMPLETE, Output, Place, finish};
use std::path::{Path, PathBuf};

/// The directory of the program that `scripts/setup` installs; `None` where it is missing and not required.
fn directory() -> Option<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv/bin");
    let is_there = directory.join("shellcheck").exists();
    let required = std::env::var_os("KS_LINT_REQUIRE_REFERENCE").is_some();
    assert!(is_there || !required, "{} has no shellcheck: run scripts/setup", directory.display());
    is_there.then_some(directory)
}

fn run(place: &Place, path: &Path, arguments: &[&str]) -> Output {
    let path = std::env::join_paths([path, Path::new("/usr/bin"), Path::new("/bin")]).expect("a path");
    finish(place.command().env("PATH", path).args(arguments))
}

/// Codes, severities and places of what is found.
fn found(output: &Output) -> Vec<(String, String, u64, u64)> {
    let json = output.json();
    let all = json["files"][0]["diagnostics"].as_array().expect("a list").clone();
    all.iter()
        .map(|d| {
            let start = &d["span"]["start"];
            let text = |name: &str| d[name].as_str().unwrap_or_default().to_owned();
            let number = |name: &str| start[name].as_u64().unwrap_or_default();
            assert_eq!(d["code"], "STY023", "{d}");
            (text("message"), text("severity"), number("line"), number("column"))
        })
        .collect()
}

/// Line 15 is the header of `%pre`.
fn kickstart() -> String {
    format!(
        "{COMPLETE}%pre --interpreter=/usr/bin/python3\nx = $1\n%end\n\
         %post --erroronfail\n\u{e9}=1; cd /opt\n\tif [ -n $HOME/x ]; then echo $é; fi\n%end\n"
    )
}

#[test]
fn what_shellcheck_finds_is_at_its_line_and_column() {
    let Some(directory) = directory() else { return };
    let place = Place::new();
    place.file("x.ks", kickstart());
    let options = ["--format", "json", "--shellcheck", "always", "x.ks"];
    let output = run(&place, &directory, &options);
    let all = found(&output);
    let at = |code: &str| all.iter().find(|(message, ..)| message.ends_with(&format!("({code})")));
    let (_, severity, line, column) = at("SC2164").unwrap_or_else(|| panic!("{all:?}"));
    assert_eq!((severity.as_str(), *line, *column), ("info", 19, 6), "a letter of two bytes is one column");
    let (_, severity, line, column) = at("SC2070").unwrap_or_else(|| panic!("{all:?}"));
    assert_eq!((severity.as_str(), *line, *column), ("warning", 20, 10), "a tab is one column");
    assert!(
        all.iter().all(|(_, _, line, _)| (19..=20).contains(line)),
        "no script of another language: {all:?}"
    );
    assert_eq!(output.status, 0);
    let fewer = found(&run(&place, &directory, &["--format", "json", "--shellcheck", "auto", "x.ks"]));
    assert!(fewer.len() < all.len() && !fewer.is_empty(), "only errors and warnings: {fewer:?}");
    assert_eq!(found(&run(&place, &directory, &["--format", "json", "--shellcheck", "never", "x.ks"])), []);
}

#[test]
fn it_can_be_waived_chosen_and_is_not_asked_about_scripts_that_cannot_be_read() {
    let Some(directory) = directory() else { return };
    let place = Place::new();
    place.file("x.ks", kickstart().replace("cd /opt", "cd /opt # ks-lint: waive STY023 -- it is there"));
    let left = found(&run(&place, &directory, &["--format", "json", "--shellcheck", "auto", "x.ks"]));
    assert!(left.iter().all(|(_, _, line, _)| *line == 20), "{left:?}");
    place.file("y.ks", format!("{COMPLETE}%post --erroronfail\nif cd x; then\n%end\n"));
    let output = run(&place, &directory, &["--format", "json", "--shellcheck", "always", "y.ks"]);
    assert_eq!(output.codes(), ["UNA043"], "what does not follow the grammar is said once");
    place.file("z.ks", format!("{COMPLETE}%post --erroronfail\n\n#!/bin/sh\ntrue\n%end\n"));
    let output = run(&place, &directory, &["--format", "json", "--shellcheck", "always", "z.ks"]);
    assert_eq!(output.codes(), [""; 0], "the header names the shell");
}

#[test]
fn a_program_that_is_missing_or_answers_nonsense_is_said() {
    let place = Place::new();
    place.file("x.ks", kickstart());
    let empty = place.path().join("empty");
    std::fs::create_dir(&empty).expect("a directory");
    let path = std::env::join_paths([&empty]).expect("a path");
    let missing = finish(place.command().env("PATH", &path).args(["--shellcheck", "always", "x.ks"]));
    assert_eq!(missing.status, 2);
    assert!(missing.stderr.contains("shellcheck is not installed"), "{}", missing.stderr);
    let not_asked = finish(place.command().env("PATH", &path).args(["--shellcheck", "auto", "x.ks"]));
    assert!(not_asked.stdout.contains("no findings"), "{}", not_asked.stdout);
    let program = place.file("bin/shellcheck", "#!/bin/sh\necho nonsense\n");
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("a mode");
    let output = run(&place, &place.path().join("bin"), &["--shellcheck", "auto", "x.ks"]);
    assert!(output.stdout.contains("shellcheck did not check this script"), "{}", output.stdout);
    assert_eq!(output.status, 0);
}
