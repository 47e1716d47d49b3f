//! Whole boot configurations: the examples are clean, and no text makes a reader fail. What is found in the fixtures is
//! compared by `tests/fixtures.rs`.

use kickstart::Version;
use ks_lint::boot::config::ConfigFormat;
use ks_lint::lint::boot::{lint, lint_with_kickstart};
use ks_lint::lint::{Chosen, FileReport, Settings};
use ks_lint::report::{Format as Output, Printer, Style};
use node_base::diagnostic::Severity;
use node_base::source::Sources;
use std::path::Path;

fn as_text(report: &FileReport) -> String {
    let mut text = Vec::new();
    let mut printer = Printer::new(&mut text, Output::Human, Style::plain());
    printer.file(report, Severity::Error).expect("memory can be written to");
    printer.finish().expect("memory can be written to");
    String::from_utf8(text).expect("reports are UTF-8")
}

/// What people copy has to be right.
#[test]
fn the_example_configurations_are_clean_with_the_example_kickstart() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("kickstart-examples");
    let kickstart = std::fs::read_to_string(root.join("node.ks")).expect("the example can be read");
    for name in ["pxelinux.cfg", "grub.cfg", "node.ipxe"] {
        let text = std::fs::read_to_string(root.join("pxe").join(name)).expect("the example can be read");
        let mut sources = Sources::new();
        let file = sources.add(name, text).expect("an example is not that large");
        let node = (Path::new("node.ks"), kickstart.clone());
        let report = lint_with_kickstart(sources, file, None, node, &Settings::default(), None)
            .expect("a kickstart is not that large");
        let found: Vec<_> =
            report.findings.iter().filter(|f| f.severity > Severity::Info).map(|f| &f.message).collect();
        assert!(found.is_empty(), "pxe/{name} is not clean: {found:?}");
    }
}

proptest::proptest! {
    /// Whatever the bytes, there is an answer.
    #[test]
    fn no_text_makes_a_reader_fail(text in "[ \t\n\r=\"'\\\\${};:|&#,a-z0-9\\[\\]/.é-]{0,200}", start in 0usize..8) {
        let starts = ["", "#!ipxe\nkernel ", "LABEL a\nKERNEL b\nAPPEND ", "menuentry 'a' {\nlinux ", "title a\nlinux b\noptions ", "inst.ks=", "ip=", "storage_init="];
        for format in [None, Some(ConfigFormat::Cmdline), Some(ConfigFormat::Pxelinux), Some(ConfigFormat::Grub), Some(ConfigFormat::Ipxe), Some(ConfigFormat::Bls)] {
            let mut sources = Sources::new();
            let file = sources.add("any", format!("{}{text}", starts[start])).expect("a text is not that large");
            let report = lint(sources, file, format, Some(Chosen::new(Version::DEFAULT, "any")));
            let shown = as_text(&report);
            proptest::prop_assert!(!shown.is_empty(), "a report says something");
        }
    }
}
