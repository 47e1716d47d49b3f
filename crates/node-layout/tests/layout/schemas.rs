//! The published schemas against what the program prints: a member that a schema does not know fails, and so does one that lacks.
//!
//! Checked by tests/formats/validate.py with the Python of .venv. Without it the tests say so and pass; with
//! KS_LINT_REQUIRE_REFERENCE=1, which .ci/run sets, they fail.
#![allow(clippy::print_stderr, reason = "a skipped test says so")]

use crate::model::{Model, policy};
use crate::trial::node;
use node_layout::cli::plan_json;
use node_layout::{Plan, examine, list, status};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What was printed, to be validated together: starting Python takes most of the time.
struct Printed {
    schema: &'static str,
    directory: tempfile::TempDir,
    files: Vec<PathBuf>,
}

impl Printed {
    fn new(schema: &'static str) -> Printed {
        Printed { schema, directory: tempfile::tempdir().unwrap(), files: Vec::new() }
    }

    fn value(&mut self, value: &Value) {
        let file = self.directory.path().join(format!("{}.json", self.files.len()));
        std::fs::write(&file, value.to_string()).unwrap();
        self.files.push(file);
    }

    /// Every line that the program prints.
    fn run(&mut self, arguments: &[&str]) -> Vec<Value> {
        let lines = run(arguments);
        assert!(!lines.is_empty(), "{arguments:?} prints nothing");
        lines.iter().for_each(|line| self.value(line));
        lines
    }

    /// What is wrong with it; `None` where it cannot be told.
    #[allow(clippy::print_stderr, reason = "a test that is skipped says so")]
    fn wrong(&self) -> Option<String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let python = root.join(".venv/bin/python");
        if !python.exists() {
            let required = std::env::var_os("KS_LINT_REQUIRE_REFERENCE").is_some();
            assert!(!required, "{} is missing: run scripts/setup", python.display());
            eprintln!("SKIPPED: {} is not tried: run scripts/setup", self.schema);
            return None;
        }
        assert!(!self.files.is_empty());
        let output = Command::new(".venv/bin/python")
            .arg("tests/formats/validate.py")
            .arg(format!("schemas/{}.schema.json", self.schema))
            .args(&self.files)
            .current_dir(root)
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said).unwrap();
        assert_eq!(output.status.success(), said.is_empty(), "{said}");
        Some(said)
    }

    fn is_valid(&self) {
        let wrong = self.wrong().unwrap_or_default();
        assert!(wrong.is_empty(), "schemas/{}.schema.json: {wrong}", self.schema);
    }
}

fn run(arguments: &[&str]) -> Vec<Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_node-layout"))
        .args(arguments)
        .args(["--format", "json"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A directory that is not a node.
fn no_node() -> tempfile::TempDir {
    let sysroot = tempfile::tempdir().unwrap();
    std::fs::create_dir(sysroot.path().join("etc")).unwrap();
    std::fs::write(sysroot.path().join("etc/hosts"), "127.0.0.1 localhost\n").unwrap();
    sysroot
}

fn planned(plan: &Plan) -> Value {
    assert!(!plan.steps.is_empty());
    json!({
        "schema": 1, "result": "planned", "of": null, "steps": plan_json(plan), "findings": [], "diagnostics": [],
    })
}

#[test]
fn work_is_what_its_schema_says() {
    let mut printed = Printed::new("layout-work");
    let sysroot = no_node();
    let on = |words: &str| {
        let words = words.split(' ').map(str::to_owned);
        words.chain(["--sysroot".to_owned(), sysroot.path().display().to_string()]).collect::<Vec<_>>()
    };
    for (words, result) in [
        ("init --policy nonsense", "refused"),
        ("plan", "refused"),
        ("update /nonexistent --dry-run", "refused"),
        ("update --check-host", "refused"),
        ("confirm", "refused"),
        ("rollback", "refused"),
        ("remove node-1-1", "refused"),
        ("verify --repair", "refused"),
        ("etc resolve hosts --ours", "refused"),
        ("fail", "refused"),
        ("started", "refused"),
        ("kernel add 5.14.0", "nothing-to-do"),
        ("etc pin hosts --dry-run", "planned"),
        // With progress.
        ("etc pin hosts", "pinned"),
    ] {
        let arguments = on(words);
        let lines = printed.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(lines.last().unwrap()["result"], result, "{words}: {lines:?}");
    }
    let model = Model::installed("rhel9");
    let (system, policy) = (model.system(), policy());
    let (state, _) = examine(&system, &policy, &model).unwrap();
    printed.value(&planned(&model.plan(&system, &state, &policy)));
    let model = Model::node("rhel9");
    model.image(crate::update_model::NEW);
    let update = model.decide(&model.running(), &model.request()).unwrap();
    printed.value(&planned(&update.plan));
    printed.is_valid();
}

#[test]
fn an_answer_that_differs_from_its_schema_is_found() {
    for (differs, name) in [
        (json!({"schema": 1, "result": "done", "message": "m", "of": null, "findings": []}), "diagnostics"),
        (
            json!({"schema": 1, "step": 1, "of": 1, "name": "n", "state": "done", "message": "", "more": 1}),
            "more",
        ),
        (json!({"schema": 2}), "schema"),
    ] {
        let mut printed = Printed::new("layout-work");
        printed.value(&differs);
        assert!(printed.wrong().is_none_or(|said| !said.is_empty()), "{name} is not noticed: {differs}");
    }
}

#[test]
fn states_are_what_their_schemas_say() {
    let sysroot = no_node();
    let path = sysroot.path().to_str().unwrap();
    let mut verify = Printed::new("layout-verify");
    verify.run(&["verify", "--sysroot", path]);
    verify.is_valid();
    let mut health = Printed::new("layout-health");
    health.run(&["health", "--sysroot", path]);
    health.is_valid();

    let (mut statuses, mut lists) = (Printed::new("layout-status"), Printed::new("layout-list"));
    statuses.run(&["status", "--sysroot", path]);
    let mut both = |model: &Model| {
        let system = model.running();
        statuses.value(&json!(status(&system, &policy(), model).unwrap()));
        lists.value(&json!(list(&system, system.lvm.as_ref().unwrap(), &policy(), model)));
    };
    both(&node());
    let model = Model::node("rhel9");
    model.image(crate::update_model::NEW);
    model.update().unwrap();
    both(&model);
    statuses.is_valid();
    lists.is_valid();
}

#[test]
fn files_of_etc_are_what_their_schema_says() {
    let mut printed = Printed::new("layout-etc");
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name).display().to_string();
    for (tree, both, one) in [("base", "1\n", "a\n"), ("ours", "2\n", "a\n"), ("theirs", "3\n", "b\n")] {
        std::fs::create_dir(at(tree)).unwrap();
        std::fs::write(at(&format!("{tree}/conflict.conf")), both).unwrap();
        std::fs::write(at(&format!("{tree}/theirs.conf")), one).unwrap();
    }
    let (base, ours, theirs, output) = (at("base"), at("ours"), at("theirs"), at("output"));
    let merge = ["etc", "merge", "--base", &base, "--ours", &ours, "--theirs", &theirs, "--output", &output];
    let lines = printed.run(&merge);
    assert_eq!(lines[0]["files"].as_array().unwrap().len(), 2, "{lines:?}");
    let sysroot = no_node();
    let path = sysroot.path().to_str().unwrap();
    printed.run(&["etc", "conflicts", "--sysroot", path]);
    printed.run(&["etc", "diff", "hosts", "--sysroot", path]);
    printed.value(&json!({
        "schema": 1, "path": "hosts", "kind": "lines", "reason": "r",
        "base": null, "ours": "a\n", "theirs": "b\n", "merged": "<<<<<<<\n",
    }));
    printed.is_valid();
}
