//! The scanner and the grammar give the same tree for every text, and the tree gives the text back.

use kickstart::syntax::{LineKind, Node, Tree};
use proptest::prelude::*;
use std::path::Path;

/// Texts are put together of pieces that mean something, so that random ones reach the corners.
const PIECES: &[&str] = &[
    "part",
    " ",
    "/",
    "--size=1",
    "\t",
    "\n",
    "\n",
    "\r\n",
    "\r",
    "\u{b}",
    "\u{c}",
    "\u{1c}",
    "\u{1e}",
    "\u{1f}",
    "\u{85}",
    "\u{2028}",
    "\u{a0}",
    "\u{feff}",
    "'",
    "\"",
    "\\",
    "#",
    "#x",
    "%post",
    "%pre",
    "%pre-install",
    "%packages",
    "%end",
    "%include",
    "%addon",
    "%foo",
    "'%post'",
    "\"%pre\"",
    "é",
    "日",
    "=",
    "-",
    "--",
    "$",
];

fn texts() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..40).prop_map(|pieces| pieces.concat())
}

fn assert_agree(text: &str) {
    let (scanned, specified) = (Tree::parse(text), Tree::parse_with_grammar(text));
    assert_eq!(Ok(scanned), specified, "scanner (left) and grammar (right) differ on {text:?}");
}

fn assert_lossless(text: &str) {
    let tree = Tree::parse(text);
    assert_eq!(tree.print(text), text, "printing the tree does not give the text back");
    let mut at = 0;
    for (_, range) in tree.tokens() {
        assert_eq!(range.start, at, "a gap between the pieces of {text:?}");
        assert!(text.is_char_boundary(range.end), "a piece of {text:?} ends inside a character");
        at = range.end;
    }
    assert_eq!(at, text.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn scanner_and_grammar_agree_on_texts_of_meaningful_pieces(text in texts()) {
        assert_agree(&text);
        assert_lossless(&text);
    }

    #[test]
    fn scanner_and_grammar_agree_on_arbitrary_characters(text in "\\PC{0,60}|.{0,60}") {
        assert_agree(&text);
        assert_lossless(&text);
    }
}

#[test]
fn scanner_and_grammar_agree_on_every_kickstart_of_the_repository() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut count = 0;
    for folder in ["kickstart-examples", "fixtures", "tests"] {
        for entry in ignore::Walk::new(root.join(folder)).flatten() {
            let is_kickstart = entry.path().extension().is_some_and(|e| e == "ks" || e == "cfg");
            if let (true, Ok(text)) = (is_kickstart, std::fs::read_to_string(entry.path())) {
                assert_agree(&text);
                assert_lossless(&text);
                count += 1;
            }
        }
    }
    assert!(count > 0, "no kickstart was found in the repository");
}

#[test]
fn sections_hold_their_lines() {
    let tree = Tree::parse("lang en_US\n%post --log=/x\necho %end\n%foo\n%end\n%packages\n@core\n%pre\n");
    let shape: Vec<_> = tree
        .nodes
        .iter()
        .map(|node| match node {
            Node::Line(_) => ("line", 0, false),
            Node::Section(s) => ("section", s.content.len(), s.end.is_some()),
        })
        .collect();
    assert_eq!(
        shape,
        [("line", 0, false), ("section", 2, true), ("section", 1, false), ("section", 0, false)]
    );
    assert!(tree.lines().all(|l| l.kind != LineKind::Words || l.words.len() == 2));
}
