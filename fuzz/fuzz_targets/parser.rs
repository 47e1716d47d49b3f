//! The parser: every text has a tree that gives it back, scanner and grammar agree, and reading it in some version
//! ends with spans inside the text.
#![no_main]

use ks_lint::diagnostic::Findings;
use ks_lint::dialect::{self, Version};
use ks_lint::source::Sources;
use ks_lint::syntax::Tree;

libfuzzer_sys::fuzz_target!(|data: (u8, &str)| {
    let (choice, text) = data;
    let tree = Tree::parse(text);
    assert_eq!(tree.print(text), text);
    // The grammar is slow on long texts.
    if text.len() < 2000 {
        assert_eq!(Ok(tree), Tree::parse_with_grammar(text));
    }
    let versions: Vec<Version> = Version::all().collect();
    let version = versions[usize::from(choice) % versions.len()];
    let mut sources = Sources::new();
    let file = sources.add("fuzz.ks", text.to_owned()).unwrap();
    let mut findings = Findings::new();
    dialect::parse(&sources, file, version, &mut findings);
    for finding in findings.iter() {
        if let Some(span) = finding.span {
            let _ = sources.text_of(span);
        }
    }
});
