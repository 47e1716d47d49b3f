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
