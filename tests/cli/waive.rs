//! Findings that a kickstart accepts, with a reason.

use super::run::{COMPLETE, Place};

fn run(kickstart: &str) -> (super::run::Output, serde_json::Value) {
    let place = Place::new();
    place.file("x.ks", kickstart);
    let output = place.run(["--format", "json", "--fail-on", "warning", "x.ks"]);
    let file = output.json()["files"][0].clone();
    (output, file)
}

#[test]
fn a_waived_finding_is_reported_with_its_reason_and_does_not_fail_the_run() {
    let kickstart =
        format!("# ks-lint: waive-file STY003 -- read by a fork\n#version=Slackware15\n{COMPLETE}");
    let (output, file) = run(&kickstart);
    assert_eq!(output.status, 0, "{}", output.stdout);
    assert_eq!(
        (&file["waived"][0]["code"], &file["waived"][0]["reason"]),
        (&"STY003".into(), &"read by a fork".into())
    );
    assert_eq!(output.json()["summary"]["waived"], 1);
    let place = Place::new();
    place.file("x.ks", kickstart);
    let human = place.run(["x.ks"]).stdout;
    assert!(
        human.contains("x.ks: 1 waived") && human.contains("waived STY003 at line 2: read by a fork"),
        "{human}"
    );
}

#[test]
fn a_waiver_without_a_reason_or_of_no_known_code_is_an_error() {
    let (output, _) = run(&format!("# ks-lint: waive STY003\n#version=Slackware15\n{COMPLETE}"));
    assert_eq!((output.codes(), output.status), (vec!["NODE106".to_owned(), "STY003".to_owned()], 1));
    let (output, _) = run(&format!("# ks-lint: waive STY999 -- why not\n{COMPLETE}"));
    assert_eq!((output.codes(), output.status), (vec!["NODE107".to_owned()], 1));
}

#[test]
fn what_the_installer_refuses_cannot_be_waived() {
    let (output, file) = run(&format!("no-such-command\n{COMPLETE}"));
    let code = output.codes()[0].clone();
    assert_eq!(file["diagnostics"][0]["category"], "syntax");
    let (output, file) = run(&format!("# ks-lint: waive {code} -- please\nno-such-command\n{COMPLETE}"));
    assert_eq!((output.codes(), output.status), (vec!["NODE107".to_owned(), code], 1), "{file}");
}

#[test]
fn a_waiver_has_a_place() {
    let users = "user --name=a --plaintext --password=x # ks-lint: waive SEC001 -- here\n\
                 user --name=b --plaintext --password=x\n";
    let (output, _) = run(&format!("{users}{COMPLETE}"));
    assert_eq!(output.codes(), ["SEC001"]);
    assert_eq!(output.json()["files"][0]["diagnostics"][0]["span"]["start"]["line"], 2);
    let (output, _) = run(&format!("{users}# ks-lint: waive-file Plain-Text-Password -- a lab\n{COMPLETE}"));
    assert_eq!(output.codes(), [""; 0]);
}

#[test]
fn a_waiver_that_waives_nothing_is_a_finding_with_a_safe_fix() {
    let (output, file) = run(&format!("# ks-lint: waive SEC001 -- no password here\n{COMPLETE}"));
    assert_eq!((output.codes(), output.status), (vec!["STY021".to_owned()], 1));
    let fix = &file["diagnostics"][0]["fix"];
    assert_eq!(fix["applicability"], "safe");
    let range = |end: &str| fix["edits"][0]["span"][end]["offset"].as_u64();
    assert_eq!((range("start"), range("end")), (Some(0), Some(44)), "{fix}");
}

#[test]
fn a_comment_that_once_waived_the_file_offers_the_new_word() {
    let plain = "user --name=a --plaintext --password=x\nuser --name=b --plaintext --password=x\n";
    let (output, file) = run(&format!("# ks-lint: waive SEC001 -- a lab\n{plain}{COMPLETE}"));
    assert_eq!(output.codes(), ["STY022", "SEC001"]);
    let diagnostic = &file["diagnostics"][0];
    assert_eq!(
        (&diagnostic["severity"], &diagnostic["fix"]["applicability"]),
        (&"info".into(), &"unsafe".into())
    );
    assert_eq!(diagnostic["fix"]["edits"][0]["replacement"], "waive-file");
}

#[test]
fn waivers_can_be_added_for_everything_that_is_found() {
    let place = Place::new();
    let text = "#version=RHEL9\nlang C\nrootpw --plaintext x # c\nurl --url=http://x/os\n%post\ntrue\ncp a /mnt/sysimage/b\n%end\nno-such\n";
    let path = place.file("x.ks", text);
    let output = place.run(["--add-waivers", "x.ks"]);
    assert_eq!(output.status, 2, "a reason is required");
    let output = place.run(["--add-waivers", "--reason", "known", "--format", "json", "x.ks"]);
    assert_eq!(output.codes(), ["KS001"], "an error of syntax stays: {}", output.stdout);
    place.file("x.ks", text.replace("no-such\n", ""));
    let output = place.run(["--add-waivers", "--reason", "known", "--format", "json", "x.ks"]);
    assert_eq!(output.codes(), [""; 0], "{}", output.stdout);
    let new = std::fs::read_to_string(&path).expect("it is there");
    assert!(new.starts_with("#version=RHEL9\n# ks-lint: waive-file UNA"), "{new}");
    assert!(new.contains("\n# ks-lint: waive SEC001 -- known\nrootpw --plaintext x # c\n"), "{new}");
    assert!(new.contains("\n# ks-lint: waive UNA041 -- known\n%post\n"), "{new}");
    let again = place.run(["--add-waivers", "--reason", "known", "--diff", "x.ks"]);
    assert_eq!((again.status, again.stdout.as_str()), (0, ""));
}
