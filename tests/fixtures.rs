//! Every fixture against what is found in it.
//!
//! `fixtures/<family>/<name of the finding, or of what is shown>/*.ks` each have a `.snap` beside them that shows
//! the findings as a person sees them. A new fixture needs no code: write the `.ks`, run `cargo test --test fixtures`,
//! read what was found and accept it (`cargo insta accept`, or rename the `.snap.new`).
//!
//! Where the family is the name of a category (`node`, `storage`, `style`, …) only findings of that category and of
//! `syntax` are shown, so that a fixture can be as short as what it shows; in the family `addon` only those about the
//! add-on's section and waivers; other families show everything.
//!
//! A fixture is checked as `ks-lint FILE` would: its `#version=` header gives the syntax, and the policy follows from
//! the file. Fixtures of the family `node` are held against `ovirt-node` whatever is in them, and a line
//! `# policy: NAME` in a fixture of any family names its policy. Lines `# disk: NAME=SIZE…` (as for `--disk`) and
//! `# firmware: bios` give a fixture the machine that it is for.
//!
//! `fixtures/boot/FORMAT/*` are boot configurations, each with a `.snap`; a line `# syntax: RHEL10` names the release, and
//! `include/NAME.ks` beside one is the kickstart that is checked together with it.
//!
//! Each fixture is a test of its own: `cargo test --test fixtures node/volume` runs those whose path contains that.

#![allow(clippy::expect_used, clippy::panic)] // a test that cannot be set up has failed

use ks_lint::lint::FileReport;
use ks_lint::report::{Format, Printer, Style};
use libtest_mimic::{Arguments, Failed, Trial};
use node_base::diagnostic::Severity;
use std::path::{Path, PathBuf};

#[path = "fixtures/boot_files.rs"]
mod boot_files;
#[path = "fixtures/kickstarts.rs"]
mod kickstarts;

fn main() {
    let arguments = Arguments::from_args();
    let kickstarts = kickstarts::all().into_iter().map(|path| trial(path, kickstarts::check));
    let boot_files = boot_files::all().into_iter().map(|path| trial(path, boot_files::check));
    libtest_mimic::run(&arguments, kickstarts.chain(boot_files).collect()).exit();
}

/// The directory of all fixtures.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

fn trial(path: PathBuf, check: fn(&Path) -> FileReport) -> Trial {
    let name = path.strip_prefix(root()).expect("a fixture is below fixtures/").display().to_string();
    Trial::test(name, move || {
        let compare = || compare(&path, &as_text(&check(&path)));
        // insta shows the difference and panics; the difference is what a person has to see.
        std::panic::catch_unwind(compare).map_err(|_| {
            Failed::from("found something else than the snapshot beside it shows; see the difference above")
        })
    })
}

fn compare(path: &Path, text: &str) {
    let stem = path.file_stem().expect("a fixture has a name").to_string_lossy().into_owned();
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(path.parent().expect("a fixture is in a directory"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_input_file(path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap_or(path));
    settings.bind(|| insta::assert_snapshot!(stem, text));
}

fn as_text(report: &FileReport) -> String {
    let mut text = Vec::new();
    let mut printer = Printer::new(&mut text, Format::Human, Style::plain());
    printer.file(report, Severity::Error).expect("memory can be written to");
    printer.finish().expect("memory can be written to");
    String::from_utf8(text).expect("reports are UTF-8")
}
