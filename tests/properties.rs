//! What holds for every text: reading it does not panic, spans lie in it, and neither line ends nor comments change
//! what is found.

use kickstart::Version;
use node_base::diagnostic::Findings;
use node_base::source::Sources;
use proptest::prelude::*;

const PIECES: &[&str] = &[
    "part / --size=1000",
    "part",
    " ",
    "logvol /var --vgname=vg --name=var --size=1 --thin",
    "--size",
    "=",
    "10G",
    "\n",
    "\n",
    "autopart",
    "network --device=em1",
    "--onb",
    "'",
    "\"",
    "\\",
    "#",
    "%packages",
    "%post",
    "%end",
    "@core",
    "-",
    "--opt",
    "%include x",
    "timezone",
    "raid / --level=1 --device=md0 raid.01",
    "volgroup vg pv.01",
    "é",
    "\u{2028}",
    "\u{a0}",
    "realm join x",
];

fn texts() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..24).prop_map(|pieces| pieces.concat())
}

fn versions() -> impl Strategy<Value = Version> {
    prop::sample::select(Version::all().collect::<Vec<_>>())
}

/// Codes with the lines they stand on.
fn findings(text: &str, version: Version) -> Vec<(&'static str, u32)> {
    let mut sources = Sources::new();
    let Ok(file) = sources.add("text.ks", text.to_owned()) else { return Vec::new() };
    let mut findings = Findings::new();
    kickstart::parse(&sources, file, version, &mut findings);
    let sorted = findings.into_sorted();
    sorted
        .iter()
        .map(|f| {
            let spans = f.span.into_iter().chain(f.related.iter().filter_map(|r| r.span));
            for span in spans {
                let (start, end) = (span.start as usize, span.end as usize);
                assert!(
                    text.get(start..end).is_some(),
                    "{start}..{end} of {:?} is no part of {text:?}",
                    f.message
                );
            }
            (f.code.id, f.span.map_or(0, |span| sources.position(span).line))
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn reading_never_panics_and_spans_lie_in_the_text(text in "\\PC{0,80}|(.|\n){0,80}", version in versions()) {
        findings(&text, version);
    }

    #[test]
    fn meaningful_pieces_never_panic(text in texts(), version in versions()) {
        findings(&text, version);
    }

    #[test]
    fn findings_do_not_depend_on_the_line_ends(text in texts(), version in versions()) {
        // A backslash takes the line end as a character, and that character differs.
        prop_assume!(!text.contains('\\'));
        prop_assert_eq!(findings(&text, version), findings(&text.replace('\n', "\r\n"), version));
    }

    #[test]
    fn a_comment_line_at_the_start_changes_only_line_numbers(text in texts(), version in versions()) {
        let moved: Vec<_> = findings(&text, version).into_iter().map(|(code, line)| (code, line + 1)).collect();
        prop_assert_eq!(moved, findings(&format!("# a comment\n{text}"), version));
    }
}
