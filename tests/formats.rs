//! Every output format against its schema or rules; the published schemas against what the programs print and read.
//!
//! Schemas are checked by tests/formats/validate.py with the Python of .venv. Without it the tests say so and pass; with
//! KS_LINT_REQUIRE_REFERENCE=1, which .ci/run sets, they fail.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a helper that fails, fails its test; a skipped one says so"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Validates files; `kind` is a schema below the repository, or a format that has none.
fn validate(kind: &str, files: &[PathBuf]) {
    let python = root().join(".venv/bin/python");
    if !python.exists() {
        let required = std::env::var_os("KS_LINT_REQUIRE_REFERENCE").is_some();
        assert!(!required, "{} is missing: run scripts/setup", python.display());
        eprintln!("SKIPPED: {kind} is not validated: {} is missing; run scripts/setup", python.display());
        return;
    }
    let output = Command::new(python)
        .arg("tests/formats/validate.py")
        .arg(kind)
        .args(files)
        .current_dir(root())
        .output()
        .expect("Python starts");
    assert!(
        output.status.success(),
        "{kind}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

fn ks_lint(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ks-lint"));
    command.env("KS_LINT_SHELLCHECK", "never");
    command.current_dir(directory).args(arguments).output().expect("the program starts")
}

/// A directory with findings of all kinds: every fixture, odd names, an include, a file that cannot be read.
fn examples() -> tempfile::TempDir {
    let place = tempfile::tempdir().expect("a directory can be made");
    let write = |name: &str, text: &[u8]| {
        std::fs::write(place.path().join(name), text).expect("a file can be written");
    };
    for folder in ["node", "security", "storage", "style", "syntax", "unattended"] {
        for entry in ignore::Walk::new(root().join("fixtures").join(folder)).flatten() {
            if entry.path().extension().is_some_and(|e| e == "ks") {
                let name =
                    entry.path().strip_prefix(root()).expect("it is below").to_string_lossy().into_owned();
                write(&name.replace('/', "-"), &std::fs::read(entry.path()).expect("a fixture can be read"));
            }
        }
    }
    write("a&b <\"c\">\n::error::.ks", "lang C\u{1}\nfoo \u{9b}31m\u{202e} é𐐀 <&>\"'\n".as_bytes());
    write("waived.ks", b"#version=RHEL9\nrootpw secret # ks-lint: waive SEC001 -- a lab\n");
    write("including.ks", b"%include included.ks\nfoo\n");
    write("included.ks", b"bar\n");
    write("broken.ks", b"lang \xff\n");
    write("empty.ks", b"");
    place
}

/// The examples in one format, as a file.
fn printed(place: &Path, format: &str, arguments: &[&str]) -> PathBuf {
    let mut all = vec!["--format", format];
    all.extend(arguments);
    let output = ks_lint(place, &all);
    let file = place.join(format!("out-{format}.{}", if format == "junit" { "xml" } else { "json" }));
    std::fs::write(&file, output.stdout).expect("the output can be kept");
    file
}

#[test]
fn formats_of_services_are_valid() {
    let place = examples();
    for (format, kind) in [
        ("sarif", "tests/formats/official/sarif-2.1.0-rtm.5.json"),
        ("sarif", "tests/formats/sarif.schema.json"),
        ("gitlab", "tests/formats/gitlab.schema.json"),
        ("rdjson", "tests/formats/rdjson.schema.json"),
        ("junit", "junit"),
        ("checkstyle", "checkstyle"),
    ] {
        for arguments in [&["."][..], &["broken.ks"], &["missing.ks", "broken.ks"], &["waived.ks"]] {
            validate(kind, &[printed(place.path(), format, arguments)]);
        }
    }
}

/// The schemas of GitHub and GitLab are in check-jsonschema, which has no copy of them here.
#[test]
fn files_for_services_are_what_these_read() {
    let program = root().join(".venv/bin/check-jsonschema");
    if !program.exists() {
        let required = std::env::var_os("KS_LINT_REQUIRE_REFERENCE").is_some();
        assert!(!required, "{} is missing: run scripts/setup", program.display());
        eprintln!("SKIPPED: {} is missing; run scripts/setup", program.display());
        return;
    }
    let place = tempfile::tempdir().expect("a directory can be made");
    let page = std::fs::read_to_string(root().join("docs/ci.md")).expect("the page is there");
    // What the page shows of each service, by the first word of the block.
    let shown = |first: &str| {
        let blocks = page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
        let found: Vec<&str> = blocks.filter(|block| block.starts_with(first)).collect();
        assert!(!found.is_empty(), "docs/ci.md has no example that begins with '{first}'");
        let files = found.iter().enumerate().map(|(n, text)| {
            let file = place.path().join(format!("{}-{n}.yml", first.trim_end_matches(':')));
            std::fs::write(&file, text).expect("it can be written");
            file
        });
        files.collect::<Vec<_>>()
    };
    for (schema, files) in [
        ("vendor.github-actions", vec![root().join("packaging/github-action/action.yml")]),
        ("vendor.github-workflows", shown("on:")),
        ("vendor.gitlab-ci", [vec![root().join("packaging/gitlab/ks-lint.yml")], shown("include:")].concat()),
    ] {
        let output = Command::new(&program)
            .args(["--builtin-schema", schema])
            .args(files)
            .output()
            .expect("it starts");
        let said = [output.stdout, output.stderr].concat();
        assert!(output.status.success(), "{schema}: {}", String::from_utf8_lossy(&said));
    }
}

/// Every format shows every finding at its line.
#[test]
fn every_format_has_every_finding() {
    let place = examples();
    let json =
        String::from_utf8(ks_lint(place.path(), &["--format", "json", "."]).stdout).expect("it is text");
    let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    let mut wanted: Vec<(String, u64)> = Vec::new();
    for file in json["files"].as_array().expect("a list") {
        for diagnostic in file["diagnostics"].as_array().expect("a list") {
            let line = diagnostic["span"]["start"]["line"].as_u64().unwrap_or(1);
            wanted.push((diagnostic["code"].as_str().expect("text").to_owned(), line));
        }
    }
    assert!(wanted.len() > 300, "few examples: {}", wanted.len());
    wanted.sort();
    for format in ["concise", "gitlab", "junit", "checkstyle", "rdjson", "sarif", "github"] {
        let text = String::from_utf8(ks_lint(place.path(), &["--format", format, "."]).stdout).expect("text");
        let mut found = found_in(format, &text);
        found.sort();
        assert_eq!(found, wanted, "{format}");
    }
}

/// The codes and lines in a report.
fn found_in(format: &str, text: &str) -> Vec<(String, u64)> {
    let number = |text: &str| -> u64 {
        text.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap_or(1)
    };
    let between = |line: &str, from: &str, to: char| -> String {
        line.split(from).nth(1).and_then(|rest| rest.split(to).next()).unwrap_or_default().to_owned()
    };
    match format {
        "concise" => text
            .lines()
            .map(|line| {
                let code = line.rsplit('[').next().unwrap_or_default().trim_end_matches(']').to_owned();
                let at = line.find(".ks:").expect("a path") + ".ks:".len();
                (code, number(&line[at..]))
            })
            .collect(),
        "github" => text
            .lines()
            .map(|line| (between(line, ",title=", ' '), number(&between(line, ",line=", ','))))
            .collect(),
        "junit" => text
            .lines()
            .filter(|line| {
                line.contains("<testcase") && !line.contains("no findings") && !line.contains("unreadable")
            })
            .map(|line| (between(line, "name=\"", '"'), number(&between(line, " line=\"", '"'))))
            .collect(),
        "checkstyle" => text
            .lines()
            .filter(|line| line.contains("<error") && !line.contains("ks-lint.unreadable"))
            .map(|line| {
                let source = between(line, "source=\"", '"');
                (
                    source.rsplit('.').next().unwrap_or_default().to_owned(),
                    number(&between(line, "line=\"", '"')),
                )
            })
            .collect(),
        _ => {
            let json: serde_json::Value = serde_json::from_str(text).expect("it is JSON");
            let (list, code, line) = match format {
                "gitlab" => (&json, "/check_name", "/location/lines/begin"),
                "rdjson" => (&json["diagnostics"], "/code/value", "/location/range/start/line"),
                _ => {
                    (&json["runs"][0]["results"], "/ruleId", "/locations/0/physicalLocation/region/startLine")
                }
            };
            list.as_array()
                .expect("a list")
                .iter()
                .filter(|one| one.get("suppressions").is_none() && one["check_name"] != "unreadable")
                .filter(|one| format != "rdjson" || one.get("code").is_some())
                .map(|one| {
                    let code = one.pointer(code).and_then(|c| c.as_str()).unwrap_or_default().to_owned();
                    (code, one.pointer(line).and_then(serde_json::Value::as_u64).unwrap_or_default())
                })
                .collect()
        }
    }
}

#[test]
fn the_schema_of_the_output_is_what_is_printed() {
    let place = examples();
    let files: Vec<PathBuf> = [&["."][..], &["missing.ks"], &["waived.ks"]]
        .iter()
        .enumerate()
        .map(|(n, arguments)| {
            let file = printed(place.path(), "json", arguments);
            let own = file.with_file_name(format!("output-{n}.json"));
            std::fs::rename(&file, &own).expect("it can be renamed");
            own
        })
        .collect();
    validate("schemas/output.schema.json", &files);
    let example = root().join("kickstart-examples/pxe");
    let mut boot = vec!["boot", "--syntax", "RHEL9", "--format", "json"];
    let names: Vec<String> = std::fs::read_dir(&example)
        .expect("there are examples")
        .map(|entry| entry.expect("an entry").path().to_string_lossy().into_owned())
        .collect();
    boot.extend(names.iter().map(String::as_str));
    let output = place.path().join("boot.json");
    std::fs::write(&output, ks_lint(root(), &boot).stdout).expect("the output can be kept");
    validate("schemas/output.schema.json", &[output]);
}

#[test]
fn the_schema_of_plans_is_what_is_printed() {
    let place = tempfile::tempdir().expect("a directory can be made");
    let mut files = Vec::new();
    for (n, kickstart) in ["kickstart-examples/node.ks", "kickstart-examples/wrong.ks"].iter().enumerate() {
        for disk in ["sda=200GiB", "sda=2GiB", "vda=100GiB,label=gpt,part=1GiB:ext4,part=60GiB:lvmpv:old"] {
            let output = ks_lint(root(), &["plan", kickstart, "--disk", disk, "--format", "json"]);
            let file = place.path().join(format!("{n}-{}.json", files.len()));
            std::fs::write(&file, output.stdout).expect("the output can be kept");
            files.push(file);
        }
    }
    let examples = "kickstart-examples";
    for arguments in [
        &["plan", examples, "missing.ks", "--disk", "sda=100G", "--format", "json"][..],
        &["plan", examples, "--minimum", "--format", "json"],
        &["plan", "kickstart-examples/node.ks", "--minimum", "--format", "json"],
        &["plan", "kickstart-examples/wrong.ks", "--minimum", "--format", "json"],
    ] {
        let file = place.path().join(format!("{}.json", files.len()));
        std::fs::write(&file, ks_lint(root(), arguments).stdout).expect("the output can be kept");
        files.push(file);
    }
    validate("schemas/plan.schema.json", &files);
}

/// The keys of a table of a schema.
fn keys(schema: &serde_json::Value, pointer: &str) -> BTreeSet<String> {
    let table = schema.pointer(pointer).unwrap_or_else(|| panic!("{pointer} is not in the schema"));
    table["properties"].as_object().expect("it has keys").keys().cloned().collect()
}

fn schema(name: &str) -> serde_json::Value {
    let text = std::fs::read_to_string(root().join("schemas").join(name)).expect("the schema is there");
    serde_json::from_str(&text).expect("it is JSON")
}

/// The keys that a program names when it is given one that it does not know.
fn known_keys(message: &str) -> BTreeSet<String> {
    let list = message.split("expected ").nth(1).unwrap_or_else(|| panic!("no keys in: {message}"));
    let list = list.trim_start_matches("one of ").trim_end().trim_end_matches(')');
    list.split(", ").map(|key| key.trim_matches('`').to_owned()).collect()
}

const RIGHT_CONFIGURATION: &str = "\
syntax = \"RHEL9\"
policy = \"none\"
fail-on = \"warning\"
select = [\"ALL\"]
ignore = [\"SEC\"]
exclude = [\"old/\"]
respect-gitignore = false
baseline = \"known.json\"
[per-file-ignores]
\"lab/*.ks\" = [\"SEC001\"]
[severity]
UNA007 = \"error\"
";

#[test]
fn the_schema_of_the_configuration_has_the_keys_that_are_read() {
    let place = tempfile::tempdir().expect("a directory can be made");
    std::fs::write(place.path().join("a.ks"), "lang C\n").expect("a file can be written");
    std::fs::write(place.path().join(".ks-lint.toml"), "no-such-key = 1\n").expect("a file can be written");
    let output = ks_lint(place.path(), &["a.ks"]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(known_keys(&message), keys(&schema("config.schema.json"), ""), "{message}");

    let file = place.path().join("right.toml");
    std::fs::write(&file, RIGHT_CONFIGURATION).expect("it can be written");
    validate("schemas/config.schema.json", &[file]);
}

#[test]
fn the_schema_of_policies_has_the_keys_that_are_read() {
    let place = tempfile::tempdir().expect("a directory can be made");
    std::fs::write(place.path().join("a.ks"), "lang C\n").expect("a file can be written");
    let schema = schema("policy.schema.json");
    for (table, pointer) in [
        ("", ""),
        ("[root]\n", "/properties/root"),
        ("[boot]\n", "/properties/boot"),
        ("[volumes.\"/var\"]\n", "/properties/volumes/additionalProperties"),
        ("[pool]\n", "/properties/pool"),
        ("[images]\n", "/properties/images"),
        ("[partitioning]\n", "/properties/partitioning"),
        ("[[partitioning.requests]]\n", "/properties/partitioning/properties/requests/items"),
        ("[anaconda]\n", "/properties/anaconda"),
    ] {
        let policy = format!("{table}no-such-key = 1\n");
        std::fs::write(place.path().join("p.toml"), policy).expect("a file can be written");
        let output = ks_lint(place.path(), &["--policy", "p.toml", "a.ks"]);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(known_keys(&message), keys(&schema, pointer), "{table}{message}");
    }
    let builtin = root().join("crates/node-base/src/policy/builtin");
    let files: Vec<PathBuf> = std::fs::read_dir(builtin)
        .expect("there are policies")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    validate("schemas/policy.schema.json", &files);
}
