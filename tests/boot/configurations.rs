//! Whole boot configurations of every format, and command lines with their kickstarts: `fixtures/boot/FORMAT/*`, each with
//! a `.snap` beside it that shows the findings as a person sees them. A line `# syntax: RHEL10` names the release.

use kickstart::Version;
use ks_lint::boot::config::{Format, detect};
use ks_lint::boot::lint::{lint, lint_with_kickstart};
use ks_lint::lint::{Chosen, FileReport, Settings};
use ks_lint::report::{Format as Output, Printer, Style};
use node_base::diagnostic::Severity;
use node_base::source::Sources;
use std::path::{Path, PathBuf};

const FORMATS: &[(&str, Format)] = &[
    ("pxelinux", Format::Pxelinux),
    ("grub", Format::Grub),
    ("ipxe", Format::Ipxe),
    ("bls", Format::Bls),
    ("cmdline", Format::Cmdline),
    ("together", Format::Cmdline),
];

fn files(directory: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/boot").join(directory);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&root)
        .unwrap_or_else(|e| panic!("{}: {e}", root.display()))
        .map(|entry| entry.expect("fixtures can be read").path())
        .filter(|path| path.is_file() && path.extension().is_some_and(|e| e != "snap" && e != "new"))
        .collect();
    files.sort();
    files
}

fn check(path: &Path, text: &str) -> FileReport {
    let version =
        text.lines().find_map(|line| line.strip_prefix("# syntax: ")).map_or(Version::DEFAULT, |name| {
            Version::from_name(name.trim()).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
        });
    let mut sources = Sources::new();
    let name = path.file_name().expect("a fixture has a name");
    let file = sources.add(name, text.to_owned()).expect("a fixture is not that large");
    let kickstart = path.with_file_name("include").join(Path::new(name).with_extension("ks"));
    if kickstart.exists() {
        let kickstart_text = std::fs::read_to_string(&kickstart).expect("a kickstart can be read");
        let name = kickstart.file_name().map(Path::new).expect("a kickstart has a name");
        return lint_with_kickstart(sources, file, None, (name, kickstart_text), &Settings::default(), None)
            .expect("a kickstart is not that large");
    }
    lint(sources, file, None, Chosen::new(version, "as the fixture says"))
}

fn as_text(report: &FileReport) -> String {
    let mut text = Vec::new();
    let mut printer = Printer::new(&mut text, Output::Human, Style::plain());
    printer.file(report, Severity::Error).expect("memory can be written to");
    printer.finish().expect("memory can be written to");
    String::from_utf8(text).expect("reports are UTF-8")
}

#[test]
fn every_configuration_gives_the_findings_beside_it() {
    let mut differ = Vec::new();
    for (directory, format) in FORMATS {
        let files = files(directory);
        assert!(files.len() >= 10, "fixtures/boot/{directory} shows fewer than ten configurations");
        for path in files {
            let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            assert_eq!(detect(&text), *format, "{}: the format is told from the content", path.display());
            let shown = as_text(&check(&path, &text));
            let stem = path.file_stem().expect("a fixture has a name").to_string_lossy().into_owned();
            let mut settings = insta::Settings::new();
            settings.set_snapshot_path(path.parent().expect("a fixture is in a directory"));
            settings.set_prepend_module_to_snapshot(false);
            settings.set_omit_expression(true);
            let compare = || settings.bind(|| insta::assert_snapshot!(stem, shown));
            if std::panic::catch_unwind(std::panic::AssertUnwindSafe(compare)).is_err() {
                differ.push(path.display().to_string());
            }
        }
    }
    assert!(differ.is_empty(), "other findings than the snapshot beside them:\n{}", differ.join("\n"));
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
        for format in [None, Some(Format::Cmdline), Some(Format::Pxelinux), Some(Format::Grub), Some(Format::Ipxe), Some(Format::Bls)] {
            let mut sources = Sources::new();
            let file = sources.add("any", format!("{}{text}", starts[start])).expect("a text is not that large");
            let report = lint(sources, file, format, Chosen::new(Version::DEFAULT, "any"));
            let shown = as_text(&report);
            proptest::prop_assert!(!shown.is_empty(), "a report says something");
        }
    }
}
