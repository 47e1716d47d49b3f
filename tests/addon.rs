//! `ks-lint addon`: what the section and the kernel arguments come to, and input that nobody means well with.
#![allow(clippy::expect_used, clippy::panic)] // a test that cannot be set up has failed

use kickstart::Version;
use ks_lint::directives::{Directives, apply_requirements};
use ks_lint::lint::ThisMachine;
use node_base::policy::{Policy, Presence};
use node_base::source::Sources;
use node_base::units::MiB;
use proptest::prelude::*;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

/// Exit status and output of `ks-lint addon` for a kickstart and a kernel command line.
fn addon(kickstart: &str, cmdline: Option<&str>) -> (Option<i32>, serde_json::Value) {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let file = |name: &str, text: &str| -> PathBuf {
        let path = directory.path().join(name);
        std::fs::write(&path, text).expect("a file can be written");
        path
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_ks-lint"));
    command.args(["addon", "--format", "json", "--kickstart"]).arg(file("ks.cfg", kickstart));
    if let Some(cmdline) = cmdline {
        command.arg("--cmdline").arg(file("cmdline", cmdline));
    }
    let output = command.output().expect("ks-lint can be started");
    let stderr = String::from_utf8_lossy(&output.stderr);
    let answer = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("the output is no JSON ({e}); standard error: {stderr}"));
    (output.status.code(), answer)
}

const SECTION: &str = "%addon org_ovirt_node --policy=ovirt-node --enforce=warn --nvr=node-1-1\n\
                       layout --init\nrequire /var/log --min-size=9000\n\
                       waive SEC001 --reason=\"lab host\"\nkeep-images 3\n%end\n";

#[test]
fn the_answer_has_everything_that_the_section_says() {
    let (status, answer) = addon(SECTION, None);
    assert_eq!(status, Some(0));
    let pretty = serde_json::to_string_pretty(&answer).expect("JSON can be written");
    insta::assert_snapshot!(pretty, @r#"
    {
      "enforce": "warn",
      "init": true,
      "keep_images": 3,
      "nvr": "node-1-1",
      "policy": "ovirt-node",
      "present": true,
      "requirements": [
        {
          "min_size": 9000,
          "path": "/var/log"
        }
      ],
      "schema": 1,
      "waivers": [
        {
          "code": "SEC001",
          "reason": "lab host"
        }
      ]
    }
    "#);
}

#[test]
fn a_waiver_for_another_release_of_the_program_does_no_harm() {
    let (status, answer) = addon("%addon org_ovirt_node\nwaive NODE999 --reason=later\n%end\n", None);
    assert_eq!(status, Some(0), "{answer}");
    assert_eq!(answer["waivers"][0]["code"], "NODE999");
    let (status, _) = addon("%addon org_ovirt_node\nwaive NODE999\n%end\n", None);
    assert_eq!(status, Some(1), "a reason is wanted all the same");
    let (status, _) = addon("%addon org_ovirt_node\nwaive WRONG999 --reason=x\n%end\n", None);
    assert_eq!(status, Some(1), "WRONG999 has not the form of a code");
}

#[test]
fn what_an_empty_section_leaves_open_has_defaults() {
    let (status, answer) = addon("%addon org_ovirt_node\n%end\n", None);
    assert_eq!(status, Some(0));
    assert_eq!(answer["policy"], "ovirt-node");
    assert_eq!(answer["enforce"], "error");
    assert_eq!(answer["init"], true);
    assert_eq!(answer["keep_images"], 2, "the policy says how many images must fit");
    assert_eq!(answer["nvr"], serde_json::Value::Null);
}

#[test]
fn without_the_section_nothing_is_to_be_done() {
    let (status, answer) = addon("lang C\n%addon com_redhat_kdump --enable\n%end\n", None);
    assert_eq!(status, Some(0));
    assert_eq!((&answer["present"], &answer["init"]), (&false.into(), &false.into()));
}

#[test]
fn kernel_arguments_go_over_the_section() {
    let cmdline = "BOOT_IMAGE=/vmlinuz ovirt_node.policy=ovirt-node ovirt_node.policy=rhvh-4.4 \
                   ovirt_node.enforce=\"off\" ovirt_node.nvr=other-2-2 ovirt_node.layout=skip quiet\n";
    let (status, answer) = addon(SECTION, Some(cmdline));
    assert_eq!(status, Some(0));
    assert_eq!(answer["policy"], "rhvh-4.4", "of two arguments the last one counts");
    assert_eq!(answer["enforce"], "off");
    assert_eq!(answer["nvr"], "other-2-2");
    assert_eq!(answer["init"], false);
    assert_eq!(answer["keep_images"], 3);
    let (_, answer) =
        addon("%addon org_ovirt_node\nlayout --no-init\n%end\n", Some("ovirt_node.layout=init"));
    assert_eq!(answer["init"], true);
}

#[test]
fn wrong_kernel_arguments_are_findings_in_their_file() {
    let cmdline = "quiet ovirt_node.layout=no ovirt_node.polcy=x ovirt_node.enforce ovirt_node.nvr=-rf \
                   ovirt_node.policy=ovirt-nod\n";
    let (status, answer) = addon(SECTION, Some(cmdline));
    assert_eq!(status, Some(1));
    let found: Vec<_> = answer["files"][0]["diagnostics"]
        .as_array()
        .expect("findings are a list")
        .iter()
        .map(|d| {
            let file = d["span"]["file"].as_str().unwrap_or_default();
            assert!(file.ends_with("/cmdline"), "{file} is not the file with the kernel arguments");
            let column = &d["span"]["start"]["column"];
            format!("{} column {column}: {}", d["code"].as_str().unwrap_or_default(), d["message"])
        })
        .collect();
    insta::assert_snapshot!(found.join("\n"), @r#"
    NODE109 column 7: "ovirt_node.layout must be init or skip, not 'no'"
    NODE109 column 28: "there is no kernel argument ovirt_node.polcy"
    NODE109 column 47: "ovirt_node.enforce needs a value"
    NODE105 column 66: "'-rf' is not NAME-VERSION-RELEASE (for example ovirt-node-ng-4.5.6-0.20261121.0)"
    NODE104 column 85: "there is no policy 'ovirt-nod'"
    "#);
}

#[test]
fn mistakes_in_the_section_are_findings_and_nothing_else_about_the_file_is() {
    let (status, answer) = addon("rootpw plain\nnonsense\n%addon org_ovirt_node\nkeep-image 2\n%end\n", None);
    assert_eq!(status, Some(1));
    let diagnostics = &answer["files"][0]["diagnostics"];
    assert_eq!(diagnostics.as_array().map(Vec::len), Some(1), "{diagnostics}");
    assert_eq!(diagnostics[0]["code"], "NODE101");
    assert_eq!(diagnostics[0]["span"]["start"]["line"], 4);
}

#[test]
fn a_section_without_an_end_is_no_answer() {
    let (status, answer) = addon("lang C\n%addon org_ovirt_node\nlayout --init\n", None);
    assert_eq!(status, Some(1), "{answer}");
    assert_eq!(answer["files"][0]["diagnostics"][0]["category"], "syntax");
}

#[test]
fn a_file_that_cannot_be_read_is_no_finding() {
    for arguments in [
        &["addon", "--kickstart", "/nonexistent/ks.cfg"][..],
        &["addon", "--kickstart", "/dev/null", "--cmdline", "/nonexistent/cmdline"],
        &["addon", "--kickstart", "/"],
        &["addon"],
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_ks-lint"))
            .args(arguments)
            .output()
            .expect("ks-lint can be started");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}: nothing says what could not be read");
    }
}

#[test]
fn ten_megabytes_of_nonsense_are_a_few_sentences_in_a_moment() {
    let lines = [
        ("unknown words", "wave NODE1\n".repeat(1_000_000)),
        ("one long line", format!("keep-images {}\n", "9".repeat(10_000_000))),
        ("one long word", format!("{}\n", "x".repeat(10_000_000))),
        ("many waivers", "waive SEC001 --reason=x\n".repeat(400_000)),
        ("many requirements", (0..300_000).map(|i| format!("require /srv/{i} --min-size=1\n")).collect()),
    ];
    for (what, body) in lines {
        let begin = Instant::now();
        let (_, answer) = addon(&format!("%addon org_ovirt_node\n{body}%end\n"), None);
        let text = answer["files"].to_string();
        assert!(text.len() < 200_000, "{what}: {} bytes of findings", text.len());
        assert!(begin.elapsed() < Duration::from_secs(20), "{what}: took {:?}", begin.elapsed());
    }
}

#[test]
fn requirements_tighten_a_policy_and_never_loosen_it() {
    let text = "%addon org_ovirt_node\nrequire /var --min-size=100\nrequire /var/log --min-size=90000\n\
                require /srv --min-size=7\nrequire / --min-size=9000\nkeep-images 3\n%end\n";
    let mut sources = Sources::new();
    let file = sources.add("ks.cfg", text.to_owned()).expect("it is not that large");
    let mut findings = node_base::diagnostic::Findings::new();
    let kickstart = kickstart::parse(&sources, file, Version::DEFAULT, &mut findings);
    let section = Directives::read(&sources, &kickstart, &ThisMachine, &mut findings)
        .section
        .expect("there is a section");
    let before = Policy::builtin("ovirt-node").expect("it is built in");
    let after = apply_requirements(&before, &section);
    let min = |mount: &str| after.volume(mount).and_then(|v| v.min);
    assert_eq!(min("/var"), before.volume("/var").and_then(|v| v.min), "/var must not be loosened");
    assert_eq!((min("/var/log"), min("/srv")), (Some(MiB(90000)), Some(MiB(7))));
    assert_eq!(after.volume("/srv").map(|v| v.presence), Some(Presence::Required));
    assert_eq!((after.root.min, after.images.keep), (Some(MiB(9000)), Some(3)));
}

proptest! {
    /// Whatever stands in the section, there is an answer, every finding lies in the file, and no message has a
    /// character that a terminal would obey.
    #[test]
    fn any_section_is_read(
        header in "[ -~]{0,40}",
        body in "((layout|require|waive|keep-images|\\PC{0,6}) ?[ -~\\x00-\\x20é\u{202e}]{0,30}\n){0,6}",
    ) {
        let text = format!("%addon org_ovirt_node {header}\n{body}\n%end\n");
        let mut sources = Sources::new();
        let file = sources.add("ks.cfg", text.clone()).expect("it is not that large");
        let mut syntax = node_base::diagnostic::Findings::new();
        let kickstart = kickstart::parse(&sources, file, Version::DEFAULT, &mut syntax);
        let mut findings = node_base::diagnostic::Findings::new();
        Directives::read(&sources, &kickstart, &ThisMachine, &mut findings);
        for finding in findings.iter() {
            let obeyed = |c: char| c.is_control() || c == '\u{202e}';
            prop_assert!(!finding.message.contains(obeyed), "{:?}", finding.message);
            let span = finding.span.expect("a mistake has a place");
            prop_assert!(text.get(span.range()).is_some(), "{span:?} is not a place in {text:?}");
        }
    }
}
