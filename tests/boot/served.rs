//! What a command line fetches, as files below a directory (`ks-lint boot --root DIR`).

use ks_lint::boot::config::ConfigFormat;
use ks_lint::lint::Settings;
use ks_lint::lint::boot::Root;
use ks_lint::lint::boot::{lint_with_kickstart, served_kickstart};
use node_base::diagnostic::Severity;
use node_base::source::{FileId, Sources};
use std::path::Path;

const LINE: &str = "inst.stage2=http://192.0.2.5/el9 inst.ks=http://192.0.2.5/ks/node.ks ip=eno1:dhcp\n";

fn served(files: &[&str]) -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a directory");
    for name in files {
        let path = root.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a file is in a directory")).expect("a directory");
        std::fs::write(path, "lang en_US.UTF-8\n").expect("a file");
    }
    root
}

fn line() -> (Sources, FileId) {
    let mut sources = Sources::new();
    let file = sources.add("cmdline", LINE.to_owned()).expect("a line is not that large");
    (sources, file)
}

/// What is said of files that are not served (BOOT034), with what it stands at.
fn not_served(root: &Path) -> Vec<(Severity, String)> {
    let (sources, file) = line();
    let kickstart = (Path::new("node.ks"), "lang en_US.UTF-8\n".to_owned());
    let root = Root::new(root);
    let report = lint_with_kickstart(
        sources,
        file,
        Some(ConfigFormat::Cmdline),
        kickstart,
        &Settings::default(),
        Some(&root),
    )
    .expect("a kickstart is not that large");
    let of_code = report.findings.iter().filter(|f| f.code.id == "BOOT034");
    of_code.map(|f| (f.severity, report.sources.text_of(f.span.expect("a place")).to_owned())).collect()
}

#[test]
fn what_is_not_below_the_root_is_named() {
    let nothing = served(&[]);
    let found = not_served(nothing.path());
    assert_eq!(found.len(), 2, "the kickstart and the runtime image are missing: {found:?}");
    assert!(found.iter().any(|(s, at)| *s == Severity::Error && at.ends_with("/ks/node.ks")), "{found:?}");
    assert!(found.iter().any(|(s, at)| *s == Severity::Warning && at.ends_with("/el9")), "{found:?}");
}

#[test]
fn files_are_looked_for_below_the_host_and_below_the_root() {
    let of_host = served(&["192.0.2.5/ks/node.ks", "192.0.2.5/el9/images/install.img"]);
    assert_eq!(not_served(of_host.path()), []);
    let of_all = served(&["ks/node.ks", "el9/images/install.img"]);
    assert_eq!(not_served(of_all.path()), []);
    let (sources, file) = line();
    let found = served_kickstart(&sources, file, Some(ConfigFormat::Cmdline), &Root::new(of_all.path()));
    assert_eq!(found, Some(of_all.path().join("ks/node.ks")), "the kickstart that the line fetches");
}
