//! The whole check: parser, policy, every rule, the storage plan on a machine with two disks, and the output format that the
//! first byte chooses come to an end; spans lie inside the text, and the line ends change nothing.
#![no_main]

use anaconda_plan::machine::{Firmware, Machine};
use ks_lint::lint::{self, Chosen, FileReport, Settings};
use ks_lint::report::Format;
use ks_lint_fuzz::{assert_places, assert_printable, chosen_text, pass_over_scripts, places};
use node_base::diagnostic::Finding;
use node_base::policy::Policy;
use node_base::source::Sources;
use node_base::units::Bytes;
use std::sync::{Arc, LazyLock};

/// As `ks-lint FILE`, and as `ks-lint --policy ovirt-node --disk …`.
static SETTINGS: LazyLock<[Settings; 2]> = LazyLock::new(|| {
    let disks = ["vda=100GiB", "sda=8GiB,label=gpt,part=1GiB:ext4,part=5GiB:lvmpv:old"];
    let machine = Machine {
        disks: disks.iter().map(|disk| disk.parse().expect("a disk")).collect(),
        firmware: Firmware::Uefi,
        memory: Bytes(16 << 30),
    };
    let policy = Policy::builtin("ovirt-node").expect("a built-in policy");
    let node = Settings {
        policy: Some(Chosen::new(Some(Arc::new(policy)), "given")),
        machine: Some(Arc::new(machine)),
        ..Settings::default()
    };
    [Settings::default(), node]
});

/// What is looked at; the first byte chooses.
const FORMATS: [Option<Format>; 10] = [
    None,
    Some(Format::Human),
    Some(Format::Json),
    Some(Format::Sarif),
    Some(Format::Github),
    Some(Format::Concise),
    Some(Format::Gitlab),
    Some(Format::Junit),
    Some(Format::Checkstyle),
    Some(Format::Rdjson),
];

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    pass_over_scripts();
    let Some((choice, text)) = chosen_text(input, 2 * FORMATS.len()) else { return };
    let (settings, format) = (&SETTINGS[choice % 2], FORMATS[choice / 2]);
    let report = check(text, settings);
    assert_places(&report.sources, report.findings.iter().chain(report.waived.iter().map(|(f, _)| f)));
    match format {
        Some(format) => assert_printable(&report, format),
        // A backslash takes the line end as a character, and that character differs. So does the shell in the line that ends a
        // here-document.
        None if text.contains(['\\', '\r']) || text.contains("<<") => {}
        None => {
            let other = check(&text.replace('\n', "\r\n"), settings);
            // A script whose lines end with CR LF is a finding of its own; a waiver of it waives something in one of the two.
            let of_text = |report: &FileReport| {
                let is_of_line_ends = |f: &Finding| f.code.id == "UNA040" || f.message.contains("UNA040");
                let others: Vec<_> =
                    report.findings.iter().filter(|f| !is_of_line_ends(f)).cloned().collect();
                places(&report.sources, &others)
            };
            assert_eq!(of_text(&report), of_text(&other), "the line ends change what is found in {text:?}");
        }
    }
});

fn check(text: &str, settings: &Settings) -> FileReport {
    let mut sources = Sources::new();
    let file = sources.add("fuzz.ks", text.to_owned()).expect("a text is not that large");
    lint::lint(sources, file, settings)
}
