//! Completion and hover.

use super::client::{Client, URI, edited};
use kickstart::Version;
use node_base::diagnostic::Findings;
use node_base::source::Sources;
use serde_json::{Value, json};

fn completed(client: &mut Client, text: &str) -> Vec<Value> {
    let result = client.ask_at("textDocument/completion", text, Value::Null).expect("it is answered");
    result["items"].as_array().expect("a list").clone()
}

fn labels(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["label"].as_str().expect("a label")).collect()
}

#[track_caller]
fn check(text: &str, with: &[&str], without: &[&str]) {
    let mut client = Client::usual();
    let items = completed(&mut client, text);
    let labels = labels(&items);
    for word in with {
        assert!(labels.contains(word), "{word} is missing for {text:?}: {labels:?}");
    }
    for word in without {
        assert!(!labels.contains(word), "{word} is offered for {text:?}");
    }
    client.leave();
}

#[test]
fn the_first_word_is_a_command_of_the_version() {
    check("|", &["part", "timesource", "%packages", "%include"], &["lilo", "multipath", "--size"]);
    check("# x\npa|", &["part"], &[]);
    check("%post\n|", &["%end"], &["part"]);
    check("%packages\n@core\n%end\n|", &["part"], &["%end"]);
}

#[test]
fn options_that_the_line_lacks_are_offered() {
    check("logvol / --vgname=vg |", &["--name", "--size", "--thin"], &["--vgname", "--ntpservers"]);
    check("logvol / --vgname=vg --th|", &["--thin", "--thinpool"], &[]);
    check("%addon org_ovirt_node --nvr=x -|", &["--policy", "--enforce"], &["--nvr"]);
    check("%addon org_ovirt_node |", &["--policy"], &[]);
    check("%addon other -|", &[], &["--policy"]);
    check("%packages |", &["--multilib", "--exclude-weakdeps"], &["--nobase"]);
    check("part / --size=1 # |", &[], &["--fstype"]);
}

#[test]
fn values_are_offered() {
    check("selinux |", &["--enforcing"], &[]);
    check("part pv.1 --size=1\nvolgroup vg pv.1\nlogvol / --vgname=|", &["vg"], &["pv.1"]);
    check("part pv.1\npart pv.2\nvolgroup vg pv.1 |", &["pv.2"], &["pv.1"]);
    check("logvol none --thinpool --name=pool --vgname=vg\nlogvol / --thin --poolname |", &["pool"], &[]);
    check("user --name=admin\nsshkey --username=|", &["admin", "root"], &[]);
    check("bootloader --boot-drive=|", &["sda"], &[]);
    check("part / --fstype=x|", &["xfs"], &[]);
    check("clearpart --disklabel=|", &[], &["--all"]);
    check("%addon |", &["org_ovirt_node"], &[]);
    check("#version=R|", &["RHEL9", "F46"], &[]);
    check("# ks-lint: waive |", &["SEC001"], &["KS001", "LAY010"]);
    check("%addon org_ovirt_node\n%end\nlogvol /|", &["/var/log", "/var/crash"], &[]);
}

#[test]
fn an_item_replaces_the_word_that_is_begun() {
    let mut client = Client::usual();
    let text = "lang C\nlogvol / --vgname=vg --na --grow\n";
    let items = completed(&mut client, "lang C\nlogvol / --vgname=vg --na| --grow\n");
    let name = items.iter().find(|item| item["label"] == "--name").expect("it is offered");
    assert_eq!(edited(text, &[name["textEdit"].clone()]), "lang C\nlogvol / --vgname=vg --name= --grow\n");
    let page = name["documentation"]["value"].as_str().expect("a page");
    assert!(page.contains("Required") && page.contains("Takes a value"), "{page}");
    client.leave();
}

/// What is offered is accepted: with a value of its kind, the language does not call the option unknown, and every choice is
/// accepted. (The language is held against the reference in tests/reference.rs.)
#[test]
fn every_option_that_is_offered_is_accepted_in_every_version() {
    for version in Version::all() {
        let (mut client, _) = Client::new(json!({}), json!({ "syntax": version.to_string() }));
        for entry in kickstart::vocabulary::commands(version).filter(|entry| !entry.deprecated) {
            let items = completed(&mut client, &format!("{} -|", entry.word));
            let mut offered: Vec<&str> = labels(&items);
            let mut known: Vec<&str> =
                entry.options().flat_map(|option| option.names.iter().copied()).collect();
            offered.sort_unstable();
            known.sort_unstable();
            assert_eq!(offered, known, "{} in {version}", entry.word);
            for item in &items {
                let inserted = item["textEdit"]["newText"].as_str().expect("text");
                let line = if inserted.ends_with('=') { format!("{inserted}1") } else { inserted.to_owned() };
                let text = format!("{} {line}\n", entry.word);
                let mut sources = Sources::new();
                let file = sources.add("x.ks", text.clone()).expect("it is short");
                let mut findings = Findings::new();
                kickstart::parse(&sources, file, version, &mut findings);
                let wrong =
                    findings.iter().find(|f| ["KS004", "KS005", "KS006", "KS007"].contains(&f.code.id));
                assert!(wrong.is_none(), "{text:?} in {version}: {wrong:?}");
            }
        }
        client.leave();
    }
}

#[track_caller]
fn page(text: &str) -> String {
    let mut client = Client::usual();
    let hover = client.ask_at("textDocument/hover", text, Value::Null).expect("it is answered");
    client.leave();
    hover["contents"]["value"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn words_have_pages() {
    assert!(page("lo|gvol / --vgname=vg\n").starts_with("**logvol**"));
    assert!(page("timesource --ntp-se|rver=x\n").contains("In F33 and later, RHEL9 and later"));
    assert!(page("part / --size=1|0240\n").starts_with("**10 GiB**"));
    assert!(page("part / --gr|ow\n").contains("A switch"));
    assert!(page("%pack|ages --multilib\n%end\n").starts_with("**%packages**"));
    assert!(page("# ks-lint: waive SEC|001 -- x\nrootpw x\n").starts_with("**SEC001 "));
    assert!(page("nonse|nse\n").contains("is not a command of RHEL9"));
    assert_eq!(page("# a comm|ent\n"), "");
    assert_eq!(page("%post\necho lo|gvol\n%end\n"), "");
}

#[test]
fn a_hover_says_its_range() {
    let mut client = Client::usual();
    let hover =
        client.ask_at("textDocument/hover", "# é\nlo|gvol / --size=1\n", Value::Null).expect("an answer");
    let range = json!({ "start": { "line": 1, "character": 0 }, "end": { "line": 1, "character": 6 } });
    assert_eq!(hover["range"], range);
    assert_ne!(URI, "");
    client.leave();
}
