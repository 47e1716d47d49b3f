//! What holds for every merge.

use super::super::accounts::{self, FILES};
use super::super::formats::Format;
use super::super::ids::Texts;
use super::super::lines;
use super::super::outcome::{Ancestor, Choices};
use super::fixture::{Fixture, Seen, Thing, all, make};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const FORMATS: [Format; 7] = [
    Format::Fstab,
    Format::Crypttab,
    Format::Hosts,
    Format::Sysctl,
    Format::Assignments,
    Format::Ini,
    Format::Set,
];

/// Bytes that look a little like the formats.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"\n".to_vec()),
        Just(b"[a]\n".to_vec()),
        Just(b"=".to_vec()),
        Just(b":x:1:".to_vec()),
        Just(b" \\\n".to_vec()),
        Just(b"\t".to_vec()),
        Just(b"\"#;".to_vec()),
        "[a-c.,/:-]{1,3}".prop_map(String::into_bytes),
        any::<u8>().prop_map(|byte| vec![byte]),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// Lines each of which appears once in a text.
fn unique(prefix: &'static str) -> impl Strategy<Value = Vec<(usize, String)>> {
    prop::collection::vec((0..12_usize, "[a-z]{1,4}"), 0..4).prop_map(move |added| {
        added.into_iter().enumerate().map(|(n, (at, text))| (at, format!("{prefix}{n}{text}\n"))).collect()
    })
}

/// A text of records of a format, and two sides that have added, changed and removed some.
fn with(base: &[String], added: &[(usize, String)], removed: &[usize]) -> String {
    let mut all: Vec<String> = Vec::new();
    for (n, line) in base.iter().enumerate() {
        all.extend(added.iter().filter(|(at, _)| *at == n).map(|(_, line)| line.clone()));
        if !removed.contains(&n) {
            all.push(line.clone());
        }
    }
    all.extend(added.iter().filter(|(at, _)| *at >= base.len()).map(|(_, line)| line.clone()));
    all.concat()
}

/// A line of a format with this key.
fn record(format: Format, key: &str) -> String {
    match format {
        Format::Fstab => format!("/dev/{key} /{key} ext4 defaults 0 0\n"),
        Format::Crypttab => format!("{key} /dev/{key}\n"),
        Format::Hosts => format!("10.0.0.1 {key}\n"),
        Format::Sysctl | Format::Assignments | Format::Ini => format!("{key}=1\n"),
        Format::Set => format!("{key}\n"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics_and_one_change_is_taken(a in noise(), b in noise(), c in noise()) {
        for format in FORMATS {
            let _ = format.merge(&a, &b, &c);
            let _ = format.merge(b"", &b, &c);
        }
        lines::merge(&a, &b, &c);
        let both = |texts: [&[u8]; 3]| {
            let merged = lines::merge(texts[0], texts[1], texts[2]);
            (merged.conflicts == 0).then_some(merged.text)
        };
        prop_assert_eq!(both([&a, &a, &b]), Some(b.clone()));
        prop_assert_eq!(both([&a, &b, &a]), Some(b.clone()));
        prop_assert_eq!(both([&a, &b, &b]), Some(b.clone()));
        let texts = |text: &[u8]| -> Texts { FILES.into_iter().map(|file| (file, text.to_vec())).collect() };
        let _ = accounts::merge([&a, &b, &c].map(|text| texts(text)), Ancestor::Image);
        let _ = accounts::merge([&a, &b, &c].map(|text| texts(text)), Ancestor::Installed);
    }

    #[test]
    fn records_of_both_sides_are_there_once(
        count in 0..6_usize,
        ours in unique("o"),
        theirs in unique("t"),
        removed in prop::collection::vec(0..6_usize, 0..3),
    ) {
        for format in FORMATS {
            let base: Vec<String> = (0..count).map(|n| record(format, &format!("b{n}"))).collect();
            let as_records = |added: &[(usize, String)]| -> Vec<(usize, String)> {
                added.iter().map(|(at, key)| (*at, record(format, key.trim_end()))).collect()
            };
            let (our_lines, their_lines) = (as_records(&ours), as_records(&theirs));
            // Only ours removes: two sides that remove and add in one place may have renamed a record.
            let our_text = with(&base, &our_lines, &removed);
            let their_text = with(&base, &their_lines, &[]);
            let base_text = base.concat();
            let merge = |a: &str, b: &str, c: &str| {
                format.merge(a.as_bytes(), b.as_bytes(), c.as_bytes()).unwrap()
            };
            let merged = merge(&base_text, &our_text, &their_text);
            let text = String::from_utf8(merged.text).unwrap();
            prop_assert_eq!(merged.conflicts, 0, "{:?}\n{}", format, text);
            for (_, line) in our_lines.iter().chain(&their_lines) {
                prop_assert_eq!(text.lines().filter(|l| *l == line.trim_end()).count(), 1, "{:?}\n{}", format, text);
            }
            for (n, line) in base.iter().enumerate() {
                let there = text.lines().any(|l| l == line.trim_end());
                prop_assert_eq!(there, !removed.contains(&n), "{:?} {}\n{}", format, line, text);
            }
            // A second time nothing changes.
            let again = merge(&base_text, &text, &their_text);
            prop_assert_eq!((String::from_utf8(again.text).unwrap(), again.conflicts), (text, 0));
        }
    }

    #[test]
    fn no_line_is_lost_that_one_side_has_added(
        count in 0..10_usize,
        ours in unique("o"),
        theirs in unique("t"),
    ) {
        let base: Vec<String> = (0..count).map(|n| format!("b{n}\n")).collect();
        let (our_text, their_text) = (with(&base, &ours, &[]), with(&base, &theirs, &[]));
        let merged = lines::merge(base.concat().as_bytes(), our_text.as_bytes(), their_text.as_bytes());
        let text = String::from_utf8(merged.text).unwrap();
        for line in our_text.lines().chain(their_text.lines()) {
            prop_assert!(text.lines().any(|l| l == line), "{}\n{}", line, text);
        }
        if merged.conflicts == 0 {
            let again = lines::merge(base.concat().as_bytes(), text.as_bytes(), their_text.as_bytes());
            prop_assert_eq!((again.text, again.conflicts), (text.into_bytes(), 0));
        }
    }
}

/// A tree: files by their paths.
type Tree = BTreeMap<String, Thing>;

fn thing() -> impl Strategy<Value = Thing> {
    let table = |toml: String| toml::from_str::<BTreeMap<String, Thing>>(&toml).unwrap()["x"].clone();
    prop_oneof![
        4 => "[a-c\n]{0,6}".prop_map(Thing::Text),
        1 => prop::sample::select(vec!["a", "b"]).prop_map(move |to| table(format!("x = {{ link = '{to}' }}"))),
        1 => Just(table("x = { fifo = true }".to_owned())),
        1 => Just(table("x = { directory = true, mode = 0o700 }".to_owned())),
        1 => prop::sample::select(vec![416, 384]).prop_map(move |m| table(format!("x = {{ text = 'z', mode = {m} }}"))),
        1 => Just(table("x = { bytes = [0, 1, 255] }".to_owned())),
    ]
}

fn tree() -> impl Strategy<Value = Tree> {
    // Names that are files in one tree and directories in another.
    let path = prop::sample::select(vec![
        "a",
        "a/b",
        "a/b/c",
        "d",
        "d/e",
        "fstab",
        "x.ini",
        "systemd/system/u.service",
    ]);
    prop::collection::btree_map(path.prop_map(str::to_owned), thing(), 0..6).prop_map(|tree| {
        // What is below a file cannot be made.
        let is_below = |path: &String, other: &String| path.starts_with(&format!("{other}/"));
        let paths: Vec<String> = tree.keys().cloned().collect();
        tree.into_iter().filter(|(path, _)| !paths.iter().any(|other| is_below(path, other))).collect()
    })
}

fn put(root: &Path, tree: &Tree) -> BTreeMap<PathBuf, Seen> {
    tree.iter().for_each(|(path, thing)| make(root, path, thing));
    all(root)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn what_one_side_has_changed_is_that_sides(a in tree(), b in tree()) {
        for three in [[&a, &a, &b], [&a, &b, &a], [&a, &b, &b]] {
            let fixture = Fixture::new();
            let made: Vec<_> = fixture.roots().into_iter().zip(three).map(|(root, tree)| put(root, tree)).collect();
            let merge = fixture.merge();
            let conflicts: Vec<_> = merge.conflicts().collect();
            prop_assert!(conflicts.is_empty(), "{:?}", conflicts);
            let wanted = if three[1] == &a { &made[2] } else { &made[1] };
            prop_assert_eq!(&all(&fixture.output), wanted);
        }
    }

    #[test]
    fn every_merge_ends_and_a_second_one_changes_nothing(a in tree(), b in tree(), c in tree()) {
        let fixture = Fixture::new();
        for (root, tree) in fixture.roots().into_iter().zip([&a, &b, &c]) {
            put(root, tree);
        }
        fixture.merge();
        // The next update with the same image: the ancestor is the image, the host has the result.
        let next = Fixture::new();
        put(&next.trees.base, &c);
        put(&next.trees.theirs, &c);
        let mut trees = next.trees.clone();
        trees.ours.clone_from(&fixture.output);
        let merge = super::super::merge(&trees, Choices::default()).unwrap();
        prop_assert!(merge.conflicts().next().is_none());
        super::super::write(&merge, &trees, &next.output).unwrap();
        prop_assert_eq!(all(&next.output), all(&fixture.output));
        // Writing over what is there already comes to the same.
        super::super::write(&merge, &trees, &next.trees.theirs).unwrap();
        prop_assert_eq!(all(&next.trees.theirs), all(&fixture.output));
    }
}
