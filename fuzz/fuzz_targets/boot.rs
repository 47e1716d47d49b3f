//! Boot configurations of every format and kernel command lines: readers and checks come to an end without a panic, spans
//! lie inside the text, and what old parameters are translated to is a kickstart that the language accepts.
#![no_main]

use ks_lint::boot::config::Format;
use ks_lint::boot::lint::{lint, to_kickstart};
use ks_lint::diagnostic::{Category, Severity};
use ks_lint::dialect::Version;
use ks_lint::lint::{self, Chosen, Settings};
use ks_lint::source::Sources;

const FORMATS: [Option<Format>; 6] = [
    None,
    Some(Format::Cmdline),
    Some(Format::Pxelinux),
    Some(Format::Grub),
    Some(Format::Ipxe),
    Some(Format::Bls),
];

libfuzzer_sys::fuzz_target!(|data: (u8, u8, &str)| {
    let (format, release, text) = data;
    let format = FORMATS[usize::from(format) % FORMATS.len()];
    let versions: Vec<Version> = Version::all().collect();
    let version = versions[usize::from(release) % versions.len()];
    let sources = |text: &str| {
        let mut sources = Sources::new();
        let file = sources.add("fuzz", text.to_owned()).unwrap();
        (sources, file)
    };
    let (read, file) = sources(text);
    let report = lint(read, file, format, Chosen::new(version, "any"));
    for finding in &report.findings {
        for span in finding.span.into_iter().chain(finding.related.iter().filter_map(|r| r.span)) {
            let _ = report.sources.text_of(span);
        }
    }
    let (read, file) = sources(text);
    if let Ok(written) = to_kickstart(&read, file, format) {
        let (kickstart, file) = sources(&written.kickstart);
        let report = lint::lint(kickstart, file, &Settings::default());
        let refused = |f: &&ks_lint::diagnostic::Finding| {
            f.code.category == Category::Syntax && f.severity == Severity::Error
        };
        assert!(report.findings.iter().find(refused).is_none(), "{}", written.kickstart);
    }
});
