//! Files that a document includes and that are open, too: what the editor shows counts, not what is on disk.

use super::client::{Client, edited};
use serde_json::{Value, json};
use tempfile::TempDir;

struct Place(TempDir);

impl Place {
    fn new(files: &[(&str, &str)]) -> Place {
        let place = Place(tempfile::tempdir().expect("a directory can be made"));
        for (name, text) in files {
            let path = place.0.path().join(name);
            std::fs::create_dir_all(path.parent().expect("it is below")).expect("it can be made");
            std::fs::write(path, text).expect("it can be written");
        }
        place
    }

    fn uri(&self, name: &str) -> String {
        format!("file://{}/{name}", self.0.path().display())
    }
}

/// The lines (from 0) of findings with this code.
fn lines(found: &[Value], code: &str) -> Vec<u64> {
    let with_code = found.iter().filter(|d| d["code"] == code);
    with_code.map(|d| d["range"]["start"]["line"].as_u64().expect("a line")).collect()
}

#[test]
fn what_is_typed_in_an_included_file_is_checked_before_it_is_saved() {
    let place = Place::new(&[("part.ks", "lang C\n")]);
    let (node, part) = (place.uri("node.ks"), place.uri("part.ks"));
    let mut client = Client::new(json!({}), json!({ "syntax": "RHEL9" })).0;
    client.open(&node, "# x\n%include part.ks\n");
    assert_eq!(lines(&client.diagnostics(&node, 1), "KS001"), [0; 0]);
    client.open(&part, "lang C\nfoo\n");
    client.diagnostics(&part, 1);
    // The diagnostics of the version that was pushed before are pushed again.
    assert_eq!(lines(&client.diagnostics_with(&node, 1, "KS001"), "KS001"), [1]);
    client.replace(&part, 2, "lang C\n");
    client.diagnostics(&part, 2);
    client.replace(&node, 2, "# x\n%include part.ks\n");
    assert_eq!(lines(&client.diagnostics(&node, 2), "KS001"), [0; 0]);
    client.replace(&part, 3, "foo\n");
    client.diagnostics_with(&node, 2, "KS001");
    // Closed without saving: the file counts again.
    client.notify("textDocument/didClose", json!({ "textDocument": { "uri": part } }));
    client.replace(&node, 3, "# y\n%include part.ks\n");
    assert_eq!(lines(&client.diagnostics(&node, 3), "KS001"), [0; 0]);
    client.leave();
}

#[test]
fn a_rename_changes_the_text_that_is_shown() {
    let place = Place::new(&[("part.ks", "volgroup onn pv.01\n"), ("a/.keep", "")]);
    let (node, part) = (place.uri("a/node.ks"), place.uri("part.ks"));
    let shown = "# a line more\n\npart pv.01 --size=1\nvolgroup onn pv.01\n";
    std::fs::create_dir(place.0.path().join(".git")).expect("a repository");
    let mut client = Client::usual();
    client.open(&part, shown);
    client.open(&node, "%include ../part.ks\nlogvol / --vgname=onn --name=root --size=1\n");
    let at = json!({ "line": 1, "character": 19 });
    let params = json!({ "textDocument": { "uri": node }, "position": at });
    let definition = client.ask("textDocument/definition", params.clone());
    assert_eq!(definition[0]["uri"], part, "without the way through a/..");
    let mut rename = params;
    rename["newName"] = json!("vg0");
    let edit = client.ask("textDocument/rename", rename);
    let edits = edit["changes"][&part].as_array().unwrap_or_else(|| panic!("no edit of {part}: {edit}"));
    assert_eq!(edited(shown, edits), shown.replace("onn", "vg0"));
    client.leave();
}

#[test]
fn a_finding_of_a_file_that_an_included_file_includes_is_on_the_line_that_leads_there() {
    let place = Place::new(&[
        ("x/part.ks", "lang C\n"),
        ("y/part.ks", "%include deep.ks\n"),
        ("y/deep.ks", "keyboard us\nfoo\n"),
    ]);
    let node = place.uri("node.ks");
    let mut client = Client::new(json!({}), json!({ "syntax": "RHEL9" })).0;
    client.open(&node, "# %include deep.ks\n%include x/part.ks\n%include y/part.ks\n");
    let found = client.diagnostics(&node, 1);
    assert_eq!(lines(&found, "KS001"), [2], "{found:?}");
    let error = found.iter().find(|d| d["code"] == "KS001").expect("it is found");
    let related = &error["relatedInformation"][0]["location"];
    assert_eq!(related["uri"], place.uri("y/deep.ks"));
    client.leave();
}
