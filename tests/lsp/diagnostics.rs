//! Findings in an editor: their places, related places, tags; fixes and waivers.

use super::client::{Client, URI, edited, text_at};
use serde_json::{Value, json};

/// A node whose /boot is too small, with characters beyond ASCII before the finding.
const WRONG: &str = include_str!("../../kickstart-examples/wrong.ks");

fn codes(found: &[Value]) -> Vec<&str> {
    found.iter().map(|d| d["code"].as_str().expect("a code")).collect()
}

#[test]
fn findings_are_pushed_with_the_version() {
    let mut client = Client::usual();
    client.open(URI, WRONG);
    let found = client.diagnostics(URI, 1);
    assert!(codes(&found).contains(&"NODE011"), "{found:?}");
    let boot = found.iter().find(|d| d["code"] == "NODE011").expect("it is found");
    assert_eq!(text_at(WRONG, &boot["range"]), "--size=1000");
    assert_eq!((boot["severity"].clone(), boot["source"].clone()), (json!(1), json!("ks-lint")));
    assert!(boot["message"].as_str().is_some_and(|text| text.contains("help: ")));
    client.replace(URI, 2, "");
    assert_ne!(client.diagnostics(URI, 2), found);
    client.notify("textDocument/didClose", json!({ "textDocument": { "uri": URI } }));
    client.ask("shutdown", Value::Null);
    assert_eq!(client.pushed[URI].1, Vec::<Value>::new(), "what is closed has none");
}

#[test]
fn findings_lead_to_their_pages() {
    let publish = json!({ "codeDescriptionSupport": true });
    let mut client = Client::new(
        json!({ "textDocument": { "publishDiagnostics": publish } }),
        json!({ "syntax": "RHEL9" }),
    )
    .0;
    client.open(URI, WRONG);
    let found = client.diagnostics(URI, 1);
    assert!(!found.is_empty());
    let mut page = None;
    for diagnostic in &found {
        let (code, href) = (&diagnostic["code"], &diagnostic["codeDescription"]["href"]);
        let code = code.as_str().expect("a code");
        let href = href.as_str().unwrap_or_else(|| panic!("{code} has no page"));
        let file = href.strip_prefix("file://").expect("while no pages are published, it is a file");
        let text = std::fs::read_to_string(file).expect("it can be read");
        assert!(text.starts_with(&format!("# {code}: ")), "{text}");
        page = Some(file.to_owned());
    }
    client.leave();
    assert!(page.is_some_and(|file| !std::path::Path::new(&file).exists()), "the pages go with the server");

    let mut client = Client::usual();
    client.open(URI, WRONG);
    assert!(client.diagnostics(URI, 1)[0].get("codeDescription").is_none(), "not for one that takes none");
    client.leave();
}

#[test]
fn a_client_that_pulls_is_not_pushed_to() {
    let capabilities = json!({ "textDocument": { "diagnostic": {} }, "workspace": { "diagnostics": { "refreshSupport": true } } });
    let mut client = Client::new(capabilities, json!({ "syntax": "RHEL9" })).0;
    client.open(URI, WRONG);
    let report = client.ask("textDocument/diagnostic", json!({ "textDocument": { "uri": URI } }));
    assert_eq!(report["kind"], "full");
    assert!(codes(report["items"].as_array().expect("a list")).contains(&"NODE011"));
    client.notify("textDocument/didSave", json!({ "textDocument": { "uri": URI } }));
    client.ask("shutdown", Value::Null);
    assert!(client.pushed.is_empty());
    assert!(client.asked.iter().any(|request| request.method == "workspace/diagnostic/refresh"));
}

#[test]
fn columns_count_what_was_agreed_on() {
    let text = "user --name=a --gecos=\"é𐐀\" --nonsense\n";
    for (encoding, before) in [("utf-8", 31), ("utf-16", 28), ("utf-32", 27)] {
        let capabilities = json!({ "general": { "positionEncodings": [encoding] } });
        let mut client = Client::new(capabilities, json!({ "syntax": "RHEL9" })).0;
        client.open(URI, text);
        let found = client.diagnostics(URI, 1);
        let error = found.iter().find(|d| d["code"] == "KS004").expect("it is found");
        assert_eq!(error["range"]["start"]["character"], before, "{encoding}");
        client.leave();
    }
}

#[test]
fn words_are_struck_out_or_faded_and_lead_to_other_places() {
    let mut client = Client::new(json!({}), json!({ "syntax": "RHEL8" })).0;
    client.open(URI, "btrfs x\nuser --name=a\nuser --name=a\nlang C\nlang en_US.UTF-8\n");
    let found = client.diagnostics(URI, 1);
    let with = |code: &str| {
        found.iter().find(|d| d["code"] == code).unwrap_or_else(|| panic!("no {code} in {found:?}"))
    };
    assert_eq!(with("KS003")["tags"], json!([2]));
    assert_eq!(with("STY013")["tags"], json!([1]));
    let related = &with("KS018")["relatedInformation"][0];
    assert_eq!(related["location"]["uri"], URI);
    assert_eq!(related["location"]["range"]["start"]["line"], 1);
}

#[test]
fn a_finding_in_an_included_file_is_on_the_line_that_includes_it() {
    let place = tempfile::tempdir().expect("a directory can be made");
    std::fs::write(place.path().join("part.ks"), "lang C\nfoo\n").expect("it can be written");
    let uri = format!("file://{}/node.ks", place.path().display());
    let mut client = Client::new(json!({}), json!({ "syntax": "RHEL9" })).0;
    client.open(&uri, "# x\n%include part.ks\n");
    let found = client.diagnostics(&uri, 1);
    let error = found.iter().find(|d| d["code"] == "KS001").expect("it is found");
    assert_eq!(error["range"]["start"]["line"], 1);
    let other = &error["relatedInformation"][0]["location"];
    assert!(other["uri"].as_str().is_some_and(|uri| uri.ends_with("/part.ks")));
    assert_eq!(other["range"]["start"]["line"], 1);
    client.leave();
}

#[test]
fn boot_files_and_configurations_are_checked_too() {
    let mut client = Client::new(json!({}), json!({ "syntax": "RHEL9" })).0;
    let boot = "file:///nonexistent/pxelinux.cfg/default";
    client.open(boot, "label x\n kernel vmlinuz\n append ks=http://x/y.ks\n");
    assert!(codes(&client.diagnostics(boot, 1)).iter().any(|code| code.starts_with("BOOT")));
    let config = "file:///nonexistent/.ks-lint.toml";
    client.open(config, "syntax = \"RHEL9\"\nfailon = 1\n");
    let found = client.diagnostics(config, 1);
    assert_eq!(found[0]["range"]["start"]["line"], 1);
    assert!(found[0]["message"].as_str().is_some_and(|text| text.contains("fail-on")), "{found:?}");
    // Features of kickstarts have no answer there.
    let symbols = client.ask("textDocument/documentSymbol", json!({ "textDocument": { "uri": boot } }));
    assert_eq!(symbols, Value::Null);
    client.leave();
}

fn actions(client: &mut Client, text: &str, only: Option<&str>) -> Vec<Value> {
    client.open(URI, text);
    let diagnostics = client.diagnostics(URI, 1);
    let mut context = json!({ "diagnostics": diagnostics });
    if let Some(only) = only {
        context["only"] = json!([only]);
    }
    let end = json!({ "line": 9999, "character": 0 });
    let range = json!({ "start": { "line": 0, "character": 0 }, "end": end });
    let params = json!({ "textDocument": { "uri": URI }, "range": range, "context": context });
    client.ask("textDocument/codeAction", params).as_array().expect("a list").clone()
}

fn applied(text: &str, action: &Value) -> String {
    edited(text, action["edit"]["changes"][URI].as_array().expect("edits"))
}

#[test]
fn fixes_are_applied_and_the_finding_is_gone() {
    let mut client = Client::usual();
    let all = actions(&mut client, WRONG, None);
    let fix = all
        .iter()
        .find(|a| a["title"].as_str().is_some_and(|t| t.starts_with("NODE011: ") && !t.contains("waive")));
    let fix = fix.unwrap_or_else(|| panic!("no fix in {all:?}"));
    assert_eq!(fix["kind"], "quickfix");
    assert_eq!(fix["diagnostics"][0]["code"], "NODE011");
    let fixed = applied(WRONG, fix);
    client.replace(URI, 2, &fixed);
    assert!(!codes(&client.diagnostics(URI, 2)).contains(&"NODE011"), "{fixed}");
    client.leave();
}

#[test]
fn safe_fixes_are_applied_together() {
    let mut client = Client::usual();
    let found = actions(&mut client, WRONG, Some("source.fixAll"));
    for action in &found {
        assert_eq!(action["kind"], "source.fixAll.ks-lint");
        let fixed = applied(WRONG, action);
        assert_ne!(fixed, WRONG);
    }
    let quick = actions(&mut client, WRONG, Some("quickfix"));
    let safe = quick.iter().filter(|a| a["isPreferred"] == true).count();
    assert_eq!(found.len(), usize::from(safe > 0), "one action if there is a safe fix");
    client.leave();
}

#[test]
fn a_waiver_is_written_above_the_line_and_silences_the_finding() {
    let mut client = Client::usual();
    let text = "rootpw secret\n%post\necho\n%end\n";
    let all = actions(&mut client, text, Some("quickfix"));
    let waiver =
        all.iter().find(|a| a["title"] == "SEC001: waive it here, with a reason").expect("it is offered");
    let waived = applied(text, waiver);
    assert!(waived.starts_with("# ks-lint: waive SEC001 -- "), "{waived}");
    client.replace(URI, 2, &waived);
    assert!(!codes(&client.diagnostics(URI, 2)).contains(&"SEC001"));
    let errors = actions(&mut client, "foo\n", Some("quickfix"));
    assert!(errors.iter().all(|a| !a["title"].as_str().unwrap_or_default().starts_with("KS001: waive")));
    client.leave();
}

#[test]
fn a_policy_that_cannot_be_used_says_so_at_its_line() {
    let policy = "file:///nonexistent/ours.toml";
    let mut client = Client::usual();
    client.open(policy, "#:schema ../schemas/policy.schema.json\nname = \"ours\"\nexents = \"ovirt-node\"\n");
    let found = client.diagnostics(policy, 1);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["range"]["start"]["line"], 2);
    assert!(found[0]["message"].as_str().is_some_and(|m| m.contains("extends")), "{found:?}");
    client.replace(
        policy,
        2,
        "#:schema ../schemas/policy.schema.json\nname = \"ours\"\nextends = \"ovirt-node\"\n",
    );
    assert_eq!(client.diagnostics(policy, 2), Vec::<serde_json::Value>::new());
    client.leave();
}

#[test]
fn everything_that_the_policy_requires_is_added_at_once() {
    let text = include_str!("../../kickstart-examples/wrong.ks");
    let mut client = Client::new(json!({}), json!({ "syntax": "RHEL9", "policy": "ovirt-node" })).0;
    let offered = actions(&mut client, text, None);
    let whole = offered.iter().filter(|a| {
        a["title"].as_str().is_some_and(|t| t.starts_with("ks-lint: add what the policy requires"))
    });
    let [action] = whole.collect::<Vec<_>>()[..] else { panic!("not one action: {offered:?}") };
    let fulfilled = applied(text, action);
    assert!(
        fulfilled.contains("logvol /var ") && fulfilled.contains("part /boot --fstype=xfs --size=1024"),
        "{fulfilled}"
    );
    client.replace(URI, 2, &fulfilled);
    let left = client.diagnostics(URI, 2);
    let errors: Vec<_> = left.iter().filter(|d| d["severity"] == 1).collect();
    assert!(errors.is_empty(), "{errors:?}");
    client.leave();
}
