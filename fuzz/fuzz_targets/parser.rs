//! The parser: every text has a tree that gives it back, scanner and grammar agree, and in the syntax version that the first byte
//! chooses reading ends, with spans inside the text and the same findings for both kinds of line end.
#![no_main]

use kickstart::Version;
use kickstart::syntax::Tree;
use ks_lint_fuzz::{assert_places, chosen_text, places};
use node_base::diagnostic::Findings;
use node_base::source::Sources;

/// The oldest version, the ones around which the language changed most, and the newest.
const VERSIONS: [&str; 6] = ["FC3", "F8", "RHEL7", "RHEL8", "RHEL10", "F46"];

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((version, text)) = chosen_text(input, VERSIONS.len()) else { return };
    let tree = Tree::parse(text);
    assert_eq!(tree.print(text), text, "printing the tree gives the text back");
    // The grammar is slow on long texts.
    if text.len() < 2000 {
        assert_eq!(Ok(tree), Tree::parse_with_grammar(text), "scanner and grammar agree");
    }
    // A backslash takes the line end as a character, and that character differs.
    let other_ends = (!text.contains(['\\', '\r'])).then(|| text.replace('\n', "\r\n"));
    let name = VERSIONS[version];
    let version = Version::from_name(name).expect("a version");
    let found = findings(text, version);
    if let Some(other) = &other_ends {
        assert_eq!(found, findings(other, version), "{name}: the line ends change what is found in {text:?}");
    }
});

fn findings(text: &str, version: Version) -> Vec<(&'static str, u32)> {
    let mut sources = Sources::new();
    let file = sources.add("fuzz.ks", text.to_owned()).expect("a text is not that large");
    let mut findings = Findings::new();
    kickstart::parse(&sources, file, version, &mut findings);
    let findings = findings.into_sorted();
    assert_places(&sources, &findings);
    places(&sources, &findings)
}
