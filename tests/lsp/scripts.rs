//! Embedded scripts that shellcheck finds something in, while they are typed; with a program in its place that counts its runs.

use super::client::{Client, URI};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Finds "oops"; takes a minute for a script that is slow.
const PROGRAM: &str = r#"#!/bin/sh
echo run >>"$COUNT"
script=$(cat)
case $script in *slow*) exec sleep 60 ;; esac
line=$(printf '%s\n' "$script" | grep -n oops | head -n 1 | cut -d : -f 1)
comment='{"line":'$line',"endLine":'$line',"column":1,"endColumn":5,"level":"warning","code":2000,"message":"Oops."}'
[ -n "$line" ] || comment=
echo '{"comments":['$comment']}'
"#;

struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    fn new() -> Place {
        let directory = tempfile::tempdir().expect("a directory");
        let program = directory.path().join("shellcheck");
        std::fs::write(&program, PROGRAM).expect("it is written");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(program, mode).expect("a mode");
        Place { directory }
    }

    fn count(&self) -> PathBuf {
        self.directory.path().join("count")
    }

    /// How often the program was started.
    fn runs(&self) -> usize {
        std::fs::read_to_string(self.count()).unwrap_or_default().lines().count()
    }

    fn client(&self, options: Value) -> Client {
        let path = [self.directory.path(), Path::new("/usr/bin"), Path::new("/bin")];
        let path = std::env::join_paths(path).expect("a path");
        let mut command = Command::new(env!("CARGO_BIN_EXE_ks-lint"));
        Client::of_process(command.env("PATH", path).env("COUNT", self.count()), options)
    }

    fn wait_for_runs(&self, runs: usize) {
        let begin = Instant::now();
        while self.runs() < runs {
            assert!(begin.elapsed() < Duration::from_secs(20), "{} runs, not {runs}", self.runs());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// The line (from 0) that the finding is on.
fn line(list: &[Value]) -> u64 {
    let found = list.iter().find(|diagnostic| diagnostic["code"] == "STY023").expect("it is found");
    assert!(found["message"].as_str().is_some_and(|message| message.contains("SC2000")), "{found}");
    found["range"]["start"]["line"].as_u64().expect("a line")
}

#[test]
fn findings_are_at_their_lines_and_each_script_is_asked_about_once() {
    let place = Place::new();
    let mut client = place.client(json!({ "syntax": "RHEL9" }));
    let script = "lang C\n%post --erroronfail\ntrue\noops\n%end\n%post\ntrue\n%end\n";
    client.open(URI, script);
    assert_eq!(line(&client.diagnostics_with(URI, 1, "STY023")), 3);
    assert_eq!(place.runs(), 2, "a run for each script");
    for version in 2..=30 {
        let lines = "# more\n".repeat(version as usize);
        client.replace(URI, version, &format!("{lines}{script}"));
    }
    assert_eq!(line(&client.diagnostics(URI, 30)), 33, "the answer is known at once");
    assert_eq!(place.runs(), 2);
    client.replace(URI, 31, "%post\noops # it is there\n%end\n");
    assert_eq!(line(&client.diagnostics_with(URI, 31, "STY023")), 1);
    assert_eq!(place.runs(), 3);
    client.leave();
}

#[test]
fn a_newer_edit_ends_what_runs_and_the_server_answers_meanwhile() {
    let place = Place::new();
    let mut client = place.client(json!({ "syntax": "RHEL9" }));
    client.open(URI, "%post\nslow\n%end\n");
    place.wait_for_runs(1);
    let begin = Instant::now();
    let hover = client.ask(
        "textDocument/hover",
        json!({ "textDocument": { "uri": URI }, "position": { "line": 0, "character": 2 } }),
    );
    assert!(hover["contents"]["value"].as_str().is_some_and(|page| page.contains("%post")), "{hover}");
    // Every key that is typed asks for nothing.
    for version in 2..20 {
        client.replace(URI, version, &format!("%post\noop{}\n%end\n", "s".repeat(version as usize)));
    }
    assert_eq!(line(&client.diagnostics_with(URI, 19, "STY023")), 1);
    assert!(begin.elapsed() < Duration::from_secs(15), "{:?}", begin.elapsed());
    assert_eq!(place.runs(), 2, "the slow one, and the last");
    client.leave();
}

#[test]
fn it_is_asked_as_the_settings_say() {
    let place = Place::new();
    let mut client = place.client(json!({ "shellcheck": "never" }));
    client.open(URI, "%post\noops\n%end\n");
    client.diagnostics(URI, 1);
    client.notify(
        "workspace/didChangeConfiguration",
        json!({ "settings": { "ks-lint": { "shellcheck": "sometimes" } } }),
    );
    let hover = json!({ "textDocument": { "uri": URI }, "position": { "line": 0, "character": 2 } });
    client.ask("textDocument/hover", hover);
    assert!(client.shown.iter().any(|text| text.contains("'sometimes'")), "{:?}", client.shown);
    std::thread::sleep(Duration::from_millis(700));
    assert_eq!(place.runs(), 0);
    client.notify(
        "workspace/didChangeConfiguration",
        json!({ "settings": { "ks-lint": { "shellcheck": "always" } } }),
    );
    assert_eq!(line(&client.diagnostics_with(URI, 1, "STY023")), 1);
    client.leave();
}
