//! Kernel command lines and boot configurations: every text is one in each format, alone and with a kickstart (the first byte
//! chooses); spans lie inside the text, and what old parameters are translated to is a kickstart that the language accepts.
#![no_main]

use kickstart::Version;
use ks_lint::boot::config::ConfigFormat;
use ks_lint::lint::boot::{lint, lint_with_kickstart, to_kickstart};
use ks_lint::lint::{self, Chosen, Settings};
use ks_lint::report::Format;
use ks_lint_fuzz::{assert_places, assert_printable, chosen_text};
use node_base::cmdline;
use node_base::diagnostic::{Category, Severity};
use node_base::source::{FileId, Sources};
use std::path::Path;

const FORMATS: [Option<ConfigFormat>; 6] = [
    None,
    Some(ConfigFormat::Cmdline),
    Some(ConfigFormat::Pxelinux),
    Some(ConfigFormat::Grub),
    Some(ConfigFormat::Ipxe),
    Some(ConfigFormat::Bls),
];

/// A kickstart that has something to compare with.
const KICKSTART: &str = "\
network --bootproto=static --ip=192.0.2.7 --netmask=255.255.255.0 --gateway=192.0.2.1 --device=bond0 --bondslaves=em1,em2
network --bootproto=dhcp --device=em3 --vlanid=7
rootpw secret
liveimg --url=http://192.0.2.1/node.squashfs
%addon org_ovirt_node --policy=ovirt-node
%end
";

/// The releases around which the options changed most.
const RELEASES: [&str; 3] = ["RHEL7", "RHEL9", "RHEL10"];

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    // Three releases, a kickstart, a translation; each in every format.
    let Some((choice, text)) = chosen_text(input, 5 * FORMATS.len()) else { return };
    let (format, look) = (FORMATS[choice % FORMATS.len()], choice / FORMATS.len());
    // The words are those of the grammar (grammar/cmdline.pest), whatever format a line stands in.
    let line = cmdline::parse(text, FileId(0), 0);
    let mut at = 0;
    for word in &line.words {
        let written = text.get(word.span.range()).expect("a word is a part of the text");
        assert!(!written.is_empty() && word.span.start >= at, "words follow each other in {text:?}");
        assert!(text.get(word.name_span.range()).is_some(), "a name is a part of {text:?}");
        assert!(
            word.value.as_ref().is_none_or(|v| text.get(v.span.range()).is_some()),
            "a value is a part of {text:?}"
        );
        at = word.span.end;
    }
    let mut sources = Sources::new();
    let file = sources.add("fuzz", text.to_owned()).expect("a text is not that large");
    match look {
        0..3 => {
            let version = Version::from_name(RELEASES[look]).expect("a version");
            let report = lint(sources, file, format, Some(Chosen::new(version, "any")));
            assert_places(&report.sources, &report.findings);
            assert_printable(&report, Format::Human);
        }
        3 => {
            let kickstart = (Path::new("node.ks"), KICKSTART.to_owned());
            let report = lint_with_kickstart(sources, file, format, kickstart, &Settings::default(), None)
                .expect("a kickstart is not that large");
            assert_places(&report.sources, &report.findings);
        }
        _ => {
            let Ok(written) = to_kickstart(&sources, file, format) else { return };
            let mut sources = Sources::new();
            let file =
                sources.add("node.ks", written.kickstart.clone()).expect("a kickstart is not that large");
            let report = lint::lint(sources, file, &Settings::default());
            let refused = report
                .findings
                .iter()
                .find(|f| f.code.category == Category::Syntax && f.severity == Severity::Error);
            assert!(
                refused.is_none(),
                "{text:?} is translated to what is refused: {refused:?}\n{}",
                written.kickstart
            );
        }
    }
});
