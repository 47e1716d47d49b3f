//! The JSON that the program prints: members that other programs rely on.

use serde_json::Value;
use std::process::Command;

/// Runs the program; its exit status, and the last line that it has printed.
fn node_layout(args: &[&str]) -> (Option<i32>, Value) {
    let output = Command::new(env!("CARGO_BIN_EXE_node-layout")).args(args).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let last = text.lines().last().unwrap_or_default();
    (output.status.code(), serde_json::from_str(last).unwrap_or_else(|e| panic!("{e}: {text}")))
}

fn members(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn a_refusal_names_its_reason_in_the_shape_of_every_report() {
    for verb in ["init", "plan"] {
        let (status, answer) = node_layout(&[verb, "--policy", "nonsense", "--format", "json"]);
        assert_eq!(status, Some(1), "{verb}");
        assert_eq!(members(&answer), ["diagnostics", "findings", "message", "of", "result", "schema"]);
        assert_eq!((&answer["schema"], &answer["result"]), (&1.into(), &"refused".into()));
        assert_eq!(answer["findings"], answer["diagnostics"]);
        let finding = &answer["diagnostics"][0];
        let expected = ["category", "code", "fix", "help", "message", "name", "related", "severity", "span"];
        assert_eq!(members(finding), expected);
        assert_eq!((&finding["code"], &finding["category"]), (&"LAY005".into(), &"layout".into()));
        assert!(finding["message"].as_str().unwrap().contains("nonsense"), "{finding}");
    }
}

#[test]
fn verify_answers_with_its_state_its_findings_and_their_number() {
    // A directory is not a node, whatever LVM reports on the machine of this test.
    let sysroot = tempfile::tempdir().unwrap();
    let path = sysroot.path().to_str().unwrap();
    let (status, answer) =
        node_layout(&["verify", "--sysroot", path, "--lock-wait", "5", "--format", "json"]);
    assert_eq!(status, Some(1));
    assert_eq!(members(&answer), ["diagnostics", "findings", "policy", "schema", "state", "summary", "tool"]);
    assert_eq!((&answer["schema"], &answer["state"]), (&1.into(), &"broken".into()));
    assert_eq!(answer["findings"], answer["diagnostics"]);
    assert!(answer["summary"]["errors"].as_u64().unwrap() > 0, "{answer}");
}

#[test]
fn programs_are_found_by_options_and_never_by_the_environment_of_the_caller() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    std::fs::create_dir_all(at("sysroot")).unwrap();
    std::fs::create_dir_all(at("bin")).unwrap();
    let script = format!("#!/bin/sh\necho \"config $LVM_SYSTEM_DIR\" >{}\nexit 5\n", at("called").display());
    std::fs::write(at("bin/lvm"), script).unwrap();
    std::fs::set_permissions(at("bin/lvm"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let called = |options: &[&str]| {
        let _ = std::fs::remove_file(at("called"));
        let mut program = Command::new(env!("CARGO_BIN_EXE_node-layout"));
        program.arg("verify").arg("--sysroot").arg(at("sysroot")).args(options);
        let output = program.env("PATH", at("bin")).env("LVM_SYSTEM_DIR", "/evil").output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        std::fs::read_to_string(at("called")).ok()
    };
    let (bin, config) = (at("bin").display().to_string(), at("sysroot").display().to_string());
    assert_eq!(called(&[]), None);
    assert_eq!(called(&["--tools-path", &bin]).as_deref(), Some("config \n"));
    let with_config = called(&["--tools-path", &bin, "--lvm-config", &config]);
    assert_eq!(with_config, Some(format!("config {config}\n")));
}

/// Only help: whatever else they do is tried on a model, and not on the machine of this test.
#[test]
fn the_program_has_the_names_of_the_originals() {
    let dir = tempfile::tempdir().unwrap();
    let help = |program: &std::path::Path, words: &[&str]| {
        let output = Command::new(program).args(words).output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let own = std::path::Path::new(env!("CARGO_BIN_EXE_node-layout"));
    let all = help(own, &["--help"]);
    for name in ["nodectl", "imgbase"] {
        let link = dir.path().join(name);
        std::os::unix::fs::symlink(own, &link).unwrap();
        let text = help(&link, &["--help"]);
        assert!(text.contains(&format!("Usage: {name} [OPTIONS]")), "{text}");
        assert_eq!(help(own, &[name, "--help"]), text, "as a command of node-layout");
        assert_eq!(help(&link, &["check", "--help"]), help(own, &[name, "check", "--help"]));
        assert!(!all.contains(name), "{name} is shown among the verbs of node-layout");
    }
}
