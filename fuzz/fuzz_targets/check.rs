//! The whole check: parser, policy and every rule come to an end without a panic.
#![no_main]

use ks_lint::lint::{self, Settings};
use ks_lint::source::Sources;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let mut sources = Sources::new();
    let file = sources.add("fuzz.ks", text.to_owned()).unwrap();
    let report = lint::lint(sources, file, &Settings::default());
    for finding in &report.findings {
        if let Some(span) = finding.span {
            let _ = report.sources.text_of(span);
        }
    }
});
