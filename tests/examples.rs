//! The kickstarts that people start from: clean under their policy, accepted by the reference parser, complete.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr)] // a test that cannot be set up has failed

use kickstart::{SectionKind, Version, parse};
use ks_lint::lint::{Chosen, Settings, lint};
use node_base::diagnostic::Severity;
use node_base::source::Sources;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The example that shows mistakes; the README shows a picture of what is found.
const WRONG: &str = "wrong.ks";

/// The versions whose installers the examples are for.
const VERSIONS: [Version; 4] =
    [Version::rhel(8), Version::rhel(9), Version::rhel(10), Version::NEWEST_FEDORA];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn examples() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(root().join("kickstart-examples"))
        .expect("there is a directory of examples")
        .map(|entry| entry.expect("it can be read").path())
        .filter(|path| path.extension().is_some_and(|e| e == "ks") && !path.ends_with(WRONG))
        .collect();
    found.sort();
    assert!(found.len() >= 8, "only {} examples", found.len());
    found
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

#[test]
fn every_example_is_clean_for_its_policy_in_every_version() {
    for path in examples() {
        for version in VERSIONS {
            let mut sources = Sources::new();
            let file = sources.add(&path, text(&path)).expect("an example is not that large");
            let settings =
                Settings { syntax: Some(Chosen::new(version, "asked for")), ..Settings::default() };
            let report = lint(sources, file, &settings);
            assert_eq!(report.policy.value, "ovirt-node", "{}: is it no node's?", path.display());
            let bad: Vec<String> = report
                .findings
                .iter()
                .filter(|f| f.severity > Severity::Info)
                .map(|f| format!("{} {}: {}", f.severity, f.code.id, f.message))
                .collect();
            assert!(bad.is_empty(), "{} as {version}:\n{}", path.display(), bad.join("\n"));
        }
    }
}

#[test]
fn every_example_says_what_it_is_for() {
    for path in examples() {
        let text = text(&path);
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("#version=RHEL9"), "{}: the first line", path.display());
        let head: Vec<&str> = lines.take_while(|l| l.starts_with('#')).collect();
        assert!(
            head.first().is_some_and(|l| l.len() > 40),
            "{}: the second line has to say what the kickstart is for",
            path.display()
        );
    }
}

/// What an installer would ask for is answered, and nothing comes from a place that can be tampered with.
#[test]
fn every_example_installs_without_a_question() {
    for path in examples() {
        let mut sources = Sources::new();
        let file = sources.add(&path, text(&path)).expect("an example is not that large");
        let mut findings = node_base::diagnostic::Findings::new();
        let kickstart = parse(&sources, file, Version::DEFAULT, &mut findings);
        let shown = path.display();
        for command in ["text", "lang", "keyboard", "timezone", "network", "bootloader", "zerombr", "reboot"]
        {
            assert!(kickstart.last(command).is_some(), "{shown}: no '{command}'");
        }
        let last = |name| kickstart.last(name).unwrap_or_else(|| panic!("{shown}: no '{name}'"));
        assert!(last("rootpw").has("--iscrypted"), "{shown}: root's password is in the clear");
        assert!(last("clearpart").has("--initlabel"), "{shown}: an empty disk would not be labelled");
        let image = last("liveimg");
        let url = &image.value("--url").expect("an image has a URL").text;
        assert!(url.starts_with("https://"), "{shown}: the image comes over {url}");
        let checksum = image.value("--checksum").expect("an image has a checksum");
        assert_eq!(checksum.text.len(), 64, "{shown}: the checksum is no SHA-256");
        let addon = kickstart
            .sections_of(SectionKind::Addon)
            .any(|s| s.positionals().next().is_some_and(|w| w.text == "org_ovirt_node"));
        assert!(addon, "{shown}: nothing makes it a node");
    }
}

/// Reads each file of its arguments as each version of the first one; prints what the reference refuses or warns of.
const READ_ALL: &str = r#"
import sys, warnings
from pykickstart.parser import KickstartParser
from pykickstart.version import makeVersion
for version in sys.argv[1].split(","):
    for path in sys.argv[2:]:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            try:
                KickstartParser(makeVersion(version)).readKickstart(path)
            except Exception as error:
                print(f"{path} as {version}: {error}")
        for warning in said:
            print(f"{path} as {version}: {warning.message}")
"#;

/// `scripts/setup` installs the reference parser into `.venv`.
#[test]
fn the_reference_parser_accepts_every_example() {
    let python = root().join(".venv/bin/python");
    if !python.exists() {
        eprintln!("skipped: no {} (scripts/setup makes it)", python.display());
        return;
    }
    let output = Command::new(&python)
        .args(["-c", READ_ALL, &VERSIONS.map(|v| v.to_string()).join(",")])
        .args(examples())
        .output()
        .unwrap_or_else(|e| panic!("{}: {e}", python.display()));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.is_empty(), "the reference parser says:\n{said}");
}
