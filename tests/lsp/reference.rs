//! Completion against the reference parser, both ways: what is offered is accepted, and what is accepted is offered.

use super::client::Client;
use crate::python::python;
use kickstart::Version;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// What the reference accepts: version → word → what is known of it.
fn reference() -> Option<BTreeMap<String, BTreeMap<String, Value>>> {
    let output = Command::new(python()?)
        .arg("tests/reference/options.py")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("Python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut versions = BTreeMap::<String, BTreeMap<String, Value>>::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let record: Value = serde_json::from_str(line).expect("JSON");
        let of = |key: &str| record[key].as_str().expect("text").to_owned();
        versions.entry(of("version")).or_default().insert(of("word"), record);
    }
    Some(versions)
}

/// The labels that are offered at the mark, sorted.
fn offered(client: &mut Client, text: &str) -> BTreeSet<String> {
    let result = client.ask_at("textDocument/completion", text, Value::Null).expect("it is answered");
    let items = result["items"].as_array().expect("a list");
    items.iter().map(|item| item["label"].as_str().expect("a label").to_owned()).collect()
}

#[test]
fn what_is_offered_is_what_the_reference_accepts() {
    let Some(versions) = reference() else { return };
    let (mut options, mut choices) = (0, 0);
    for version in Version::all() {
        let (mut client, _) = Client::new(json!({}), json!({ "syntax": version.to_string() }));
        let words = versions.get(&version.to_string());
        let words = words.unwrap_or_else(|| panic!("the reference does not know {version}"));
        let first = offered(&mut client, "|");
        let includes = ["%include", "%ksappend"].map(str::to_owned);
        let known: BTreeSet<String> = words.keys().cloned().chain(includes).collect();
        let others: BTreeSet<_> = first.symmetric_difference(&known).collect();
        assert!(others.is_empty(), "first words of {version} that only one of the two knows: {others:?}");
        for (word, record) in words {
            let known = record["options"].as_object().expect("options");
            let items = offered(&mut client, &format!("{word} -|"));
            let others: BTreeSet<_> = items
                .iter()
                .filter(|item| !known.contains_key(*item))
                .chain(known.keys().filter(|name| !items.contains(*name)))
                .collect();
            assert!(others.is_empty(), "{word} in {version}: only one of the two knows {others:?}");
            for (name, option) in known {
                options += 1;
                assert_eq!(option["objection"], "", "{word} {name} in {version}");
                let Some(accepted) = option["choices"].as_array() else { continue };
                let accepted: BTreeSet<String> = accepted
                    .iter()
                    .map(|choice| choice.as_str().map_or_else(|| choice.to_string(), str::to_owned))
                    .collect();
                choices += accepted.len();
                assert_eq!(
                    offered(&mut client, &format!("{word} {name}=|")),
                    accepted,
                    "{word} {name} in {version}"
                );
            }
        }
        client.leave();
    }
    assert!(options > 10_000 && choices > 500, "only {options} options and {choices} choices were compared");
}
