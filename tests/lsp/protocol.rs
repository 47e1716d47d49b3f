//! The protocol: initialisation, errors, cancellation, how it ends.

use super::client::{Client, URI};
use ks_lint::lsp::Left;
use serde_json::{Value, json};

#[test]
fn a_client_comes_and_leaves() {
    assert_eq!(Client::usual().leave(), Left::AsAgreed);
    assert_eq!(Client::usual().exit(), Left::Suddenly);
    assert_eq!(Client::usual().vanish(), Left::Suddenly);
}

#[test]
fn what_is_offered_follows_what_the_client_knows() {
    let (client, result) = Client::new(json!({}), Value::Null);
    let offered = &result["capabilities"];
    assert_eq!(offered["positionEncoding"], "utf-16", "a client that says nothing counts UTF-16");
    assert!(offered.get("diagnosticProvider").is_none(), "it is pushed to");
    assert!(offered.get("codeActionProvider").is_none(), "it takes commands only");
    assert_eq!(offered["textDocumentSync"]["change"], 2);
    client.leave();

    let capabilities = json!({
        "general": { "positionEncodings": ["utf-16", "utf-8"] },
        "textDocument": { "diagnostic": {}, "codeAction": { "codeActionLiteralSupport": { "codeActionKind": { "valueSet": [] } } } },
    });
    let (client, result) = Client::new(capabilities, Value::Null);
    let offered = &result["capabilities"];
    assert_eq!(offered["positionEncoding"], "utf-8");
    assert_eq!(offered["diagnosticProvider"]["interFileDependencies"], true);
    assert!(
        offered["codeActionProvider"]["codeActionKinds"].as_array().is_some_and(|kinds| kinds.len() == 2)
    );
    client.leave();
}

#[test]
fn what_cannot_be_answered_gets_an_error_and_the_next_is_answered() {
    let mut client = Client::usual();
    assert_eq!(client.try_ask("textDocument/nonsense", Value::Null).map_err(|e| e.0), Err(-32601));
    assert_eq!(client.try_ask("textDocument/hover", json!({ "x": 1 })).map_err(|e| e.0), Err(-32602));
    assert_eq!(client.try_ask("initialize", json!({ "capabilities": {} })).map_err(|e| e.0), Err(-32600));
    client.notify("textDocument/didChange", json!({ "nonsense": true }));
    client.replace("file:///never/opened.ks", 3, "x");
    let hover = json!({ "textDocument": { "uri": "file:///never/opened.ks" }, "position": { "line": 0, "character": 0 } });
    assert_eq!(client.ask("textDocument/hover", hover), Value::Null);
    client.ask("shutdown", Value::Null);
    assert_eq!(client.try_ask("textDocument/hover", Value::Null).map_err(|e| e.0), Err(-32600));
}

#[test]
fn a_request_that_waits_can_be_cancelled() {
    let mut client = Client::usual();
    // Long enough that the second request waits when it is cancelled.
    client.open(URI, &"part / --size=1\n".repeat(20_000));
    let first = client.send("textDocument/semanticTokens/full", json!({ "textDocument": { "uri": URI } }));
    let second = client.send("textDocument/semanticTokens/full", json!({ "textDocument": { "uri": URI } }));
    client.notify("$/cancelRequest", json!({ "id": 3 }));
    assert!(client.response(&first).response_result.is_ok());
    // It may be done already; if it is cancelled, the code says so.
    if let Err(error) = client.response(&second).response_result {
        assert_eq!(error.code, -32800);
    }
    client.notify("$/cancelRequest", json!({ "id": 99 }));
    assert_eq!(client.leave(), Left::AsAgreed);
}

#[test]
fn settings_come_from_the_client_and_may_change() {
    let (mut client, _) = Client::new(json!({ "workspace": { "configuration": true } }), Value::Null);
    client.open(URI, "nvdimm use --namespace=x\n");
    assert!(!client.diagnostics(URI, 1).is_empty());
    let configuration = client.asked.iter().find(|request| request.method == "workspace/configuration");
    assert!(configuration.is_some(), "{:?}", client.asked);
    client.notify(
        "workspace/didChangeConfiguration",
        json!({ "settings": { "ks-lint": { "syntax": "RHEL8", "policy": "none" } } }),
    );
    client.replace(URI, 2, "nvdimm use --namespace=x\n");
    let codes: Vec<_> = client.diagnostics(URI, 2).iter().map(|d| d["code"].clone()).collect();
    assert!(!codes.contains(&json!("KS002")), "RHEL 8 has nvdimm: {codes:?}");
    client.notify(
        "workspace/didChangeConfiguration",
        json!({ "settings": { "syntax": "RHEL99", "disks": ["sda"] } }),
    );
    client.replace(URI, 3, "lang C\n");
    client.diagnostics(URI, 3);
    assert!(client.shown.iter().any(|text| text.contains("RHEL99")), "{:?}", client.shown);
    assert!(client.shown.iter().any(|text| text.contains("disks")), "{:?}", client.shown);
    client.leave();
}

#[test]
fn the_nearest_configuration_of_each_document_counts() {
    let place = tempfile::tempdir().expect("a directory can be made");
    let write = |name: &str, text: &str| {
        let path = place.path().join(name);
        std::fs::create_dir_all(path.parent().expect("it is below")).expect("it can be made");
        std::fs::write(path, text).expect("it can be written");
    };
    write("a/.ks-lint.toml", "syntax = \"RHEL8\"\npolicy = \"none\"\n");
    write("b/.ks-lint.toml", "syntax = \"RHEL10\"\npolicy = \"none\"\n");
    let mut client = Client::new(json!({}), Value::Null).0;
    let uri = |name: &str| format!("file://{}/{name}", place.path().display());
    let has_error = |found: Vec<Value>| found.iter().any(|d| d["code"] == "KS002");
    for (name, expected) in [("a/x.ks", false), ("b/x.ks", true)] {
        client.open(&uri(name), "nvdimm use --namespace=x\n");
        assert_eq!(has_error(client.diagnostics(&uri(name), 1)), expected, "{name}");
    }
    // A broken one is told once; the last good one counts until it is right again.
    write("b/.ks-lint.toml", "syntax = \n");
    client.notify("workspace/didChangeWatchedFiles", json!({ "changes": [] }));
    client.replace(&uri("b/x.ks"), 2, "nvdimm use --namespace=x\n");
    assert!(has_error(client.diagnostics(&uri("b/x.ks"), 2)));
    assert_eq!(
        client.shown.iter().filter(|text| text.contains(".ks-lint.toml")).count(),
        1,
        "{:?}",
        client.shown
    );
    client.leave();
}
