//! Typing: increments, many edits, long documents, odd texts.

use super::client::{Client, URI, position};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const ASKED: [&str; 7] = [
    "textDocument/documentSymbol",
    "textDocument/foldingRange",
    "textDocument/documentLink",
    "textDocument/semanticTokens/full",
    "textDocument/codeLens",
    "textDocument/hover",
    "textDocument/completion",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Edits sent as increments give the diagnostics of the text sent as a whole.
    #[test]
    fn increments_are_one_full_text(
        edits in proptest::collection::vec((0usize..200, 0usize..30, "(part / --size=1|é𐐀|#|%post|%end|\n|\r\n| --grow|\"){0,3}"), 1..10),
    ) {
        let mut text = "lang C\npart / --size=1\n%post\necho\n%end\n".to_owned();
        let mut client = Client::usual();
        client.open(URI, &text);
        let mut version = 1;
        for (at, length, new) in edits {
            // No position is between \r and \n, and a lone \r ends a line there but not in `position`.
            let legal = |at: usize| {
                let at = text.floor_char_boundary(at.min(text.len()));
                if text[..at].ends_with('\r') { at - 1 } else { at }
            };
            let start = legal(at);
            let end = legal(start + length).max(start);
            let range = json!({ "start": position(&text[..start]), "end": position(&text[..end]) });
            text.replace_range(start..end, &new);
            if text.replace("\r\n", "").contains('\r') {
                break;
            }
            version += 1;
            let params = json!({
                "textDocument": { "uri": URI, "version": version },
                "contentChanges": [{ "range": range, "text": new }],
            });
            client.notify("textDocument/didChange", params);
        }
        if !text.replace("\r\n", "").contains('\r') {
            let increments = client.diagnostics(URI, version);
            client.replace(URI, version + 1, &text);
            prop_assert_eq!(increments, client.diagnostics(URI, version + 1), "{:?}", text);
        }
        client.leave();
    }

    /// Every request about any text is answered.
    #[test]
    fn no_text_breaks_a_handler(
        text in "([a-z#=%/ é𐐀\"'\\\\-]|\n|\r|\u{b}|\u{2028}|part / --size=1\n|logvol / --vgname=|%post\n|%end\n|# ks-lint: waive ){0,40}",
        line in 0u32..12,
        column in 0u32..40,
    ) {
        let mut client = Client::usual();
        client.open(URI, &text);
        for method in ASKED {
            let params = json!({ "textDocument": { "uri": URI }, "position": { "line": line, "character": column } });
            let answer = client.try_ask(method, params);
            prop_assert!(answer.is_ok(), "{} {:?} {:?}", method, text, answer);
        }
        client.leave();
    }
}

/// A kickstart with ten thousand lines that are all right.
fn long() -> String {
    let mut text = "#version=RHEL9\nlang en_US.UTF-8\n".to_owned();
    for n in 0..5_000 {
        text += &format!(
            "repo --name=r{n} --baseurl=https://mirror.example/{n}/\nuser --name=u{n} --groups=wheel\n"
        );
    }
    text
}

/// Answers in a document of 10⁴ lines; the bound is for the optimised program, an unoptimised one on a busy machine takes long.
#[test]
fn ten_thousand_lines_are_answered_at_once() {
    let bound = if cfg!(debug_assertions) { Duration::from_secs(15) } else { Duration::from_millis(50) };
    let mut client = Client::usual();
    client.open(URI, &long());
    client.diagnostics(URI, 1);
    let place = json!({ "line": 5000, "character": 10 });
    for method in ASKED {
        let params = json!({ "textDocument": { "uri": URI }, "position": place });
        let started = Instant::now();
        client.ask(method, params);
        let taken = started.elapsed();
        assert!(taken < bound, "{method} takes {taken:?}");
        println!("{method}: {taken:?}");
    }
    client.leave();
}

/// What is asked about a whole document with as many findings, names or gaps as it has lines costs no more than its lines: ten times
/// the lines take about ten times as long. The bound is far below a hundred times, and far above what a busy machine adds.
#[test]
fn costs_grow_with_the_lines() {
    let secrets = |n: usize| "rootpw --plaintext x\nuser --name=a --password=b --plaintext\n".repeat(n / 2);
    let volumes = |n: usize| {
        let volume = |n| format!("logvol /a{n} --vgname=vg --name=a{n} --size=1\n");
        format!("part pv.1 --size=1\nvolgroup vg pv.1\n{}", (0..n).map(volume).collect::<String>())
    };
    let gaps = |n: usize| "lang   C\n\n\n\n\n".repeat(n / 5);
    let texts: [(&str, &dyn Fn(usize) -> String); 3] =
        [("secrets", &secrets), ("volumes", &volumes), ("gaps", &gaps)];
    let mut client = Client::usual();
    for (name, text) in texts {
        let mut taken = |lines: usize| {
            let text = text(lines);
            client.open(URI, &text);
            let diagnostics = client.diagnostics(URI, 1);
            client.pushed.clear();
            let whole =
                json!({ "start": { "line": 0, "character": 0 }, "end": { "line": lines, "character": 0 } });
            let place = json!({ "line": 1, "character": 10 });
            let options = json!({ "tabSize": 4, "insertSpaces": true });
            let requests = [
                ("codeAction", json!({ "range": whole, "context": { "diagnostics": diagnostics } })),
                ("rangeFormatting", json!({ "range": whole, "options": options })),
                ("references", json!({ "position": place, "context": { "includeDeclaration": true } })),
                ("rename", json!({ "position": place, "newName": "vg0" })),
                ("inlayHint", json!({ "range": whole })),
            ];
            requests.map(|(method, mut params)| {
                params["textDocument"] = json!({ "uri": URI });
                let started = Instant::now();
                let _ = client.try_ask(&format!("textDocument/{method}"), params);
                (method, started.elapsed())
            })
        };
        let (short, long) = (taken(1_000), taken(10_000));
        for ((method, short), (_, long)) in short.into_iter().zip(long) {
            let bound = (short * 40).max(Duration::from_millis(500));
            assert!(long < bound, "{name}: {method} takes {short:?} for 1,000 lines, {long:?} for 10,000");
        }
    }
    // One change of many places, as an editor sends it for "replace all".
    let text = secrets(10_000);
    client.open(URI, &text);
    client.diagnostics(URI, 1);
    let change = |line: usize| {
        let place = |character| json!({ "line": line, "character": character });
        json!({ "range": { "start": place(0), "end": place(4) }, "text": "lang é" })
    };
    let changes: Vec<Value> = (0..10_000).rev().map(change).collect();
    let started = Instant::now();
    let document = json!({ "uri": URI, "version": 2 });
    client.notify("textDocument/didChange", json!({ "textDocument": document, "contentChanges": changes }));
    let place = json!({ "textDocument": { "uri": URI }, "position": { "line": 9_999, "character": 2 } });
    let hover = client.ask("textDocument/hover", place);
    assert!(hover["contents"]["value"].as_str().is_some_and(|page| page.contains("**lang**")), "{hover}");
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
    client.leave();
}

/// Thirty edits a second do not pile up: after the last one the diagnostics come at once, not one set for each edit.
#[test]
fn typing_does_not_fall_behind() {
    let mut client = Client::usual();
    client.open(URI, &long());
    let edits: i64 = 300;
    for version in 2..=edits {
        let at = json!({ "line": 1, "character": 0 });
        let change = json!({ "range": { "start": at, "end": at }, "text": "x" });
        let params =
            json!({ "textDocument": { "uri": URI, "version": version }, "contentChanges": [change] });
        client.notify("textDocument/didChange", params);
    }
    let started = Instant::now();
    let found = client.diagnostics(URI, edits);
    assert!(found.iter().any(|d| d["code"] == "KS001"), "the last text is checked");
    let bound = if cfg!(debug_assertions) { 60 } else { 3 };
    assert!(started.elapsed() < Duration::from_secs(bound), "{:?}", started.elapsed());
    assert_eq!(
        client.ask("textDocument/codeLens", json!({ "textDocument": { "uri": URI } })),
        Value::Array(Vec::new())
    );
    client.leave();
}
