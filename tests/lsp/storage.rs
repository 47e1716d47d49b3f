//! Names of groups, pools, members and users; the outline, links, folding, colours; sizes and the plan.

use super::client::{Client, URI, edited, text_at};
use serde_json::{Value, json};

const NODE: &str = "\
part pv.01 --size=1 --grow
part raid.1 --size=5
volgroup onn pv.01 --reserved-percent=20
logvol none --vgname=onn --name=pool --thinpool --size=60000 --grow
logvol / --vgname=onn --name=root --thin --poolname=pool --fstype=xfs --size=10240
logvol /var --vgname=\"onn\" --name=var --thin --poolname=pool --fstype=xfs --size=20480
snapshot onn/root --name=snap --when=post-install
user --name=admin
sshkey --username=admin \"ssh-ed25519 AAAA\"
";

/// NODE with a mark at the `n`-th (from 0) place of a word.
fn marked(word: &str, n: usize) -> String {
    let (at, _) = NODE.match_indices(word).nth(n).unwrap_or_else(|| panic!("no {word} {n}"));
    format!("{}|{}", &NODE[..at + 1], &NODE[at + 1..])
}

fn places(result: &Value) -> Vec<(u64, String)> {
    let list = result.as_array().expect("a list");
    list.iter()
        .map(|place| {
            let line = place["range"]["start"]["line"].as_u64().expect("a line");
            (line, text_at(NODE, &place["range"]).to_owned())
        })
        .collect()
}

#[test]
fn names_lead_to_what_makes_them() {
    let mut client = Client::usual();
    for (word, n, line) in [("onn", 2, 2), ("pool", 3, 3), ("pv.01", 1, 0), ("admin", 1, 7), ("root", 1, 4)] {
        let found =
            client.ask_at("textDocument/definition", &marked(word, n), Value::Null).expect("an answer");
        assert_eq!(places(&found), [(line, word.to_owned())], "{word} {n}");
    }
    let context = json!({ "context": { "includeDeclaration": true } });
    let all = client.ask_at("textDocument/references", &marked("onn", 0), context).expect("an answer");
    assert_eq!(places(&all).iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 3, 4, 5, 6]);
    let context = json!({ "context": { "includeDeclaration": false } });
    let uses = client.ask_at("textDocument/references", &marked("admin", 0), context).expect("an answer");
    assert_eq!(places(&uses), [(8, "admin".to_owned())]);
    client.leave();
}

#[test]
fn a_name_is_changed_wherever_it_is_written() {
    let mut client = Client::usual();
    let new = |name: &str| json!({ "newName": name });
    let edit = client.ask_at("textDocument/rename", &marked("onn", 1), new("vg0")).expect("it is renamed");
    let renamed = edited(NODE, edit["changes"][URI].as_array().expect("edits"));
    assert_eq!(renamed, NODE.replace("onn", "vg0"), "also between quotes");
    for (word, n, name) in
        [("onn", 0, "a b"), ("pool", 3, "x_tmeta"), ("pv.01", 0, "disk"), ("admin", 0, "0x")]
    {
        let refused = client.ask_at("textDocument/rename", &marked(word, n), new(name));
        assert_eq!(refused.map_err(|error| error.0), Err(-32803), "{word} to {name}");
    }
    let root = client.ask_at("textDocument/prepareRename", "sshkey --username=ro|ot 'x'\n", Value::Null);
    assert_eq!(root, Ok(Value::Null));
    let root = client.ask_at("textDocument/rename", "sshkey --username=ro|ot 'x'\n", new("admin"));
    assert!(root.is_err_and(|(_, message)| message.contains("root is not made by the kickstart")));
    let taken = client.ask_at("textDocument/rename", &marked("root", 0), new("var"));
    assert!(taken.is_err_and(|(_, message)| message.contains("already")));
    let prepared =
        client.ask_at("textDocument/prepareRename", &marked("pool", 0), Value::Null).expect("an answer");
    assert_eq!(prepared["placeholder"], "pool");
    let nothing = client.ask_at("textDocument/prepareRename", "la|ng C\n", Value::Null).expect("an answer");
    assert_eq!(nothing, Value::Null);
    client.leave();
}

#[test]
fn a_name_is_changed_in_included_files_too() {
    let place = tempfile::tempdir().expect("a directory can be made");
    std::fs::write(place.path().join("part.ks"), "part pv.01 --size=1\nvolgroup onn pv.01\n")
        .expect("it is written");
    let uri = format!("file://{}/node.ks", place.path().display());
    let mut client = Client::usual();
    client.open(&uri, "%include part.ks\nlogvol / --vgname=onn --name=root --size=1\n");
    let at = json!({ "line": 1, "character": 19 });
    let params = json!({ "textDocument": { "uri": uri }, "position": at, "newName": "vg0" });
    let edit = client.ask("textDocument/rename", params);
    assert_eq!(edit["changes"].as_object().map(serde_json::Map::len), Some(2), "{edit}");
    client.leave();
}

#[test]
fn the_outline_is_the_storage_tree() {
    let mut client = Client::usual();
    client.open(URI, &format!("{NODE}%post\necho\n%end\n"));
    let symbols = client.ask("textDocument/documentSymbol", json!({ "textDocument": { "uri": URI } }));
    let names = |list: &Value| -> Vec<String> {
        list.as_array()
            .into_iter()
            .flatten()
            .map(|s| s["name"].as_str().expect("a name").to_owned())
            .collect()
    };
    assert_eq!(names(&symbols), ["pv.01", "raid.1", "onn", "snapshot", "admin", "admin", "%post"]);
    let group = &symbols[2]["children"];
    assert_eq!(names(group), ["pool"]);
    assert_eq!(names(&group[0]["children"]), ["root", "var"]);
    client.leave();

    let mut flat = Client::new(json!({}), json!({ "syntax": "RHEL9" })).0;
    flat.open(URI, NODE);
    let list = flat.ask("textDocument/documentSymbol", json!({ "textDocument": { "uri": URI } }));
    assert!(
        list.as_array().expect("a list").iter().any(|s| s["name"] == "var" && s["containerName"] == "pool")
    );
    flat.leave();
}

#[test]
fn sections_fold_and_links_lead_on() {
    let place = tempfile::tempdir().expect("a directory can be made");
    std::fs::write(place.path().join("part.ks"), "lang C\n").expect("it is written");
    let uri = format!("file://{}/node.ks", place.path().display());
    let text = "# a\n# b\n%include part.ks\nurl --url=https://mirror.example/os/\n\
                repo --name=x --baseurl=http://x/$releasever/\n%post\n# c\n# d\necho\n%end\n";
    let mut client = Client::usual();
    client.open(&uri, text);
    let document = json!({ "textDocument": { "uri": uri } });
    let folds = client.ask("textDocument/foldingRange", document.clone());
    let lines: Vec<_> = folds
        .as_array()
        .expect("a list")
        .iter()
        .map(|f| (f["startLine"].as_u64(), f["endLine"].as_u64()))
        .collect();
    assert_eq!(lines, [(Some(5), Some(9)), (Some(0), Some(1))]);
    let links = client.ask("textDocument/documentLink", document);
    let targets: Vec<_> =
        links.as_array().expect("a list").iter().map(|l| l["target"].as_str().expect("a target")).collect();
    assert_eq!(targets.len(), 2, "{targets:?}");
    assert!(targets[0].ends_with("/part.ks") && targets[1] == "https://mirror.example/os/", "{targets:?}");
    client.leave();
}

#[test]
fn words_have_colours() {
    let text = "# é\npart / --size=10240 # x\n%post --erroronfail\necho part\n%end\n";
    let mut client = Client::usual();
    client.open(URI, text);
    let tokens = client.ask("textDocument/semanticTokens/full", json!({ "textDocument": { "uri": URI } }));
    let numbers: Vec<u64> =
        tokens["data"].as_array().expect("a list").iter().filter_map(Value::as_u64).collect();
    let (mut line, mut column) = (0, 0);
    let mut found = Vec::new();
    for token in numbers.chunks(5) {
        column = if token[0] == 0 { column + token[1] } else { token[1] };
        line += token[0];
        let range = json!({ "start": { "line": line, "character": column }, "end": { "line": line, "character": column + token[2] } });
        found.push((text_at(text, &range), token[3]));
    }
    let expected = [
        ("# é", 5),
        ("part", 0),
        ("/", 6),
        ("--size", 1),
        ("10240", 3),
        ("# x", 5),
        ("%post", 4),
        ("--erroronfail", 1),
        ("%end", 4),
    ];
    assert_eq!(found, expected);
    client.leave();
}

#[test]
fn numbers_have_sizes_and_the_plan_has_a_verdict() {
    let node = include_str!("../../kickstart-examples/node.ks");
    let mut client = Client::usual();
    client.open(URI, node);
    let end = json!({ "line": 999, "character": 0 });
    let range = json!({ "start": { "line": 0, "character": 0 }, "end": end });
    let hints =
        client.ask("textDocument/inlayHint", json!({ "textDocument": { "uri": URI }, "range": range }));
    let labels: Vec<_> =
        hints.as_array().expect("a list").iter().map(|h| h["label"].as_str().expect("text")).collect();
    assert!(labels.iter().any(|label| label.ends_with(" GiB")), "{labels:?}");
    assert!(
        hints.as_array().expect("a list").iter().any(|h| h["tooltip"] == "on sda=200 GiB"),
        "what grows has its size: {hints}"
    );
    let lenses = client.ask("textDocument/codeLens", json!({ "textDocument": { "uri": URI } }));
    let command = &lenses[0]["command"];
    let title = command["title"].as_str().expect("a title");
    assert!(title.starts_with("sda 200 GiB: Anaconda proceeds · ") && title.ends_with(" fit"), "{title}");
    let picture = client.ask(
        "workspace/executeCommand",
        json!({ "command": command["command"], "arguments": command["arguments"] }),
    );
    assert!(picture.as_str().is_some_and(|svg| svg.contains("<svg")), "{picture}");
    assert!(client.asked.iter().all(|r| r.method != "window/showDocument"), "it shows no documents");
    let unknown = client.try_ask("workspace/executeCommand", json!({ "command": "rm", "arguments": [] }));
    assert_eq!(unknown.map_err(|e| e.0), Err(-32602));
    client.replace(URI, 2, "part / --size=9999999\n");
    let lenses = client.ask("textDocument/codeLens", json!({ "textDocument": { "uri": URI } }));
    assert!(
        lenses[0]["command"]["title"].as_str().is_some_and(|t| t.contains("Anaconda stops: ")),
        "{lenses}"
    );
    client.leave();

    let mut without = Client::new(json!({}), json!({ "syntax": "RHEL9" })).0;
    without.open(URI, node);
    let lenses = without.ask("textDocument/codeLens", json!({ "textDocument": { "uri": URI } }));
    assert_eq!(lenses, json!([]), "no disks, no plan");
    without.leave();
}

#[test]
fn the_picture_is_opened_where_documents_are_shown() {
    let capabilities = json!({ "window": { "showDocument": { "support": true } } });
    let mut client = Client::new(capabilities, json!({ "syntax": "RHEL9", "disks": ["sda=200GiB"] })).0;
    client.open(URI, include_str!("../../kickstart-examples/node.ks"));
    let show = json!({ "command": "ks-lint.showPlan", "arguments": [URI] });
    let picture = client.ask("workspace/executeCommand", show);
    client.ask("textDocument/codeLens", json!({ "textDocument": { "uri": URI } }));
    let shown = client.asked.iter().find(|r| r.method == "window/showDocument").expect("it is shown");
    assert_eq!(shown.params["external"], true);
    let file = shown.params["uri"].as_str().and_then(|uri| uri.strip_prefix("file://")).expect("a file");
    assert!(file.ends_with("/plan-node.ks.svg"), "{file}");
    assert_eq!(picture, std::fs::read_to_string(file).expect("it can be read"));
    client.leave();
}

#[test]
fn a_document_is_formatted_as_on_the_command_line() {
    let text = "lang   C\n\n\n\nkeyboard us\n%post\necho   x\n%end\n";
    let mut client = Client::usual();
    client.open(URI, text);
    let options = json!({ "tabSize": 4, "insertSpaces": true });
    let params = json!({ "textDocument": { "uri": URI }, "options": options });
    let edits = client.ask("textDocument/formatting", params.clone());
    let formatted = edited(text, edits.as_array().expect("a list"));
    assert!(
        formatted.starts_with("lang C\n\nkeyboard us\n") && formatted.contains("echo   x"),
        "{formatted}"
    );
    client.replace(URI, 2, &formatted);
    assert_eq!(
        client.ask("textDocument/formatting", params.clone()),
        json!([]),
        "formatted once is formatted"
    );
    client.replace(URI, 3, "foo   x\n");
    assert_eq!(client.ask("textDocument/formatting", params), json!([]), "errors of syntax are left alone");
    client.leave();
}

#[test]
fn only_the_chosen_lines_are_formatted() {
    let text = "lang   C\nkeyboard   us\n\n\n\ntimezone   UTC\nskipx  \n";
    let mut client = Client::usual();
    client.open(URI, text);
    let mut formatted = |from: (u32, u32), to: (u32, u32)| {
        let place = |(line, character)| json!({ "line": line, "character": character });
        let range = json!({ "start": place(from), "end": place(to) });
        let options = json!({ "tabSize": 4, "insertSpaces": true });
        let params = json!({ "textDocument": { "uri": URI }, "range": range, "options": options });
        let edits = client.ask("textDocument/rangeFormatting", params);
        edited(text, edits.as_array().expect("a list"))
    };
    let rest = "\n\n\ntimezone   UTC\nskipx  \n";
    assert_eq!(formatted((1, 0), (1, 5)), format!("lang   C\nkeyboard us\n{rest}"));
    assert_eq!(
        formatted((0, 0), (1, 0)),
        format!("lang C\nkeyboard   us\n{rest}"),
        "no column of the last line"
    );
    assert_eq!(formatted((3, 0), (5, 3)), "lang   C\nkeyboard   us\n\ntimezone UTC\nskipx  \n");
    assert_eq!(formatted((0, 0), (99, 0)), "lang C\nkeyboard us\n\ntimezone UTC\nskipx\n");
    client.leave();
}
