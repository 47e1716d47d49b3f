//! The shape of the JSON output, which programs rely on.

use super::run::{COMPLETE, Place};

#[test]
fn the_shape_is_the_documented_one() {
    let place = Place::new();
    place.file("büro.ks", format!("# é\n#version=DEVEL\n{COMPLETE}"));
    let mut json = place.run(["--format", "json", "büro.ks"]).json();
    json["tool"]["version"] = "…".into();
    insta::assert_snapshot!(serde_json::to_string_pretty(&json).expect("it was JSON before"));
}

#[test]
fn columns_are_characters_and_offsets_are_bytes() {
    let place = Place::new();
    place.file("x.ks", "# ééé\0\n");
    let json = place.run(["--format", "json", "x.ks"]).json();
    let found = json["files"][0]["diagnostics"].as_array().expect("a list");
    let nul = found.iter().find(|d| d["code"] == "STY004").expect("the NUL byte is found");
    assert_eq!(nul["span"]["start"], serde_json::json!({"line": 1, "column": 6, "offset": 8}));
}

#[test]
fn no_file_at_all_is_still_one_object() {
    let place = Place::new();
    let output = place.run(["--format", "json", "missing.ks"]);
    assert_eq!(output.status, 2);
    assert_eq!(output.json()["files"], serde_json::json!([]));
}

#[test]
fn the_same_files_give_the_same_bytes() {
    let place = Place::new();
    for n in 0..100 {
        place.file(&format!("{n}.ks"), format!("#version=DEVEL\nno-such-command-{n}\n\0"));
    }
    let first = place.run(["--format", "json", "."]).stdout;
    for _ in 0..3 {
        assert_eq!(place.run(["--format", "json", "."]).stdout, first);
    }
}
