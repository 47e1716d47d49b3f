//! `ks-lint migrate`: what is rewritten for the next release, and what is listed.

use super::run::{Output, Place};

const OLD: &str = "\
#version=RHEL8
install
auth --enableshadow
timezone Europe/Prague --isUtc --ntpservers=a.example,b.example
lang C
logging --level=debug --host=x
%packages --instLangs=en --excludeWeakdeps
@core
%end
";

const NEW: &str = "\
#version=RHEL10
auth --enableshadow
timezone Europe/Prague --utc
timesource --ntp-server=a.example
timesource --ntp-server=b.example
lang C
logging --host=x
%packages --inst-langs=en --exclude-weakdeps
@core
%end
";

/// The lines of the findings.
fn lines(output: &Output) -> Vec<u64> {
    let json = output.json();
    let all = json["files"][0]["diagnostics"].as_array().expect("a list").clone();
    all.iter().map(|d| d["span"]["start"]["line"].as_u64().expect("a line")).collect()
}

#[test]
fn what_is_safe_is_rewritten_and_the_rest_is_listed() {
    let place = Place::new();
    let path = place.file("x.ks", OLD);
    let diff = place.run(["migrate", "RHEL8", "RHEL10", "--diff", "x.ks"]);
    assert_eq!(diff.status, 1);
    assert!(diff.stdout.starts_with("--- x.ks\n+++ x.ks\n@@"), "{}", diff.stdout);
    assert_eq!(std::fs::read_to_string(&path).expect("it is there"), OLD);
    let output = place.run(["migrate", "--format", "json", "rhel8", "rhel10", "x.ks"]);
    assert_eq!(std::fs::read_to_string(&path).expect("it is there"), NEW);
    assert_eq!((output.codes(), lines(&output), output.status), (vec!["KS002".to_owned()], vec![2], 1));
    let again = place.run(["migrate", "--diff", "RHEL8", "RHEL10", "x.ks"]);
    assert!(!again.stdout.contains("@@"), "a second run changes nothing: {}", again.stdout);
}

#[test]
fn a_header_of_another_release_and_a_template_are_refused() {
    let place = Place::new();
    place.file("x.ks", "#version=RHEL9\nlang C\n");
    place.file("t.ks", "lang {{ lang }}\n");
    let output = place.run(["migrate", "RHEL8", "RHEL10", "x.ks", "t.ks"]);
    assert_eq!(output.status, 2);
    assert!(output.stderr.contains("names RHEL9, not RHEL8"), "{}", output.stderr);
    assert!(output.stderr.contains("t.ks: is a template"), "{}", output.stderr);
    let output = place.run(["migrate", "RHEL8", "RHLE10", "x.ks"]);
    assert_eq!(output.status, 2);
}

#[test]
fn standard_input_is_printed() {
    let place = Place::new();
    let text = "timezone UTC --isUtc\n";
    let output = place.run_with_input(&["migrate", "RHEL8", "RHEL9", "-"], text.as_bytes());
    assert_eq!((output.status, output.stdout.as_str()), (0, "timezone UTC --utc\n"));
    let output = place.run_with_input(&["migrate", "RHEL8", "RHEL10", "-"], b"auth --enableshadow\n");
    assert_eq!((output.status, output.stdout.as_str()), (1, "auth --enableshadow\n"));
    assert!(output.stderr.contains("-:1: left: KS002: "), "{}", output.stderr);
}
