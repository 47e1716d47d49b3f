//! Every kickstart in `kickstart-examples/` on stated disks: it proceeds, and the layout is the one in the snapshot.

use super::machine;
use anaconda_plan::Verdict;
use anaconda_plan::machine::Firmware;
use ks_lint::lint::plan::{findings, plan as plan_read};
use ks_lint::lint::{self, Settings};
use ks_lint::report::Style;
use ks_lint::report::plan_human::{self, Heading};
use node_base::source::Sources;
use std::path::Path;

#[test]
fn every_example_installs_on_two_disks_and_looks_as_shown() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("kickstart-examples");
    let mut files: Vec<_> = std::fs::read_dir(root)
        .expect("the examples")
        .map(|e| e.expect("an entry").path())
        .filter(|p| p.extension().is_some_and(|e| e == "ks") && !p.ends_with("wrong.ks"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no example was found");
    for path in files {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("an example");
        for (firmware, suffix) in [(Firmware::Uefi, "uefi"), (Firmware::Bios, "bios")] {
            let machine = machine(firmware, &["sda=240GiB", "sdb=240GiB"]);
            let mut sources = Sources::new();
            let file = sources.add(format!("{name}.ks"), text.clone()).expect("a source");
            let read = lint::read(&sources, file, &Settings::default());
            let plan = plan_read(&read, &machine);
            let policy = read.policy.value.as_deref();
            let heading = Heading {
                path: &format!("{name}.ks"),
                syntax: &read.syntax.value.to_string(),
                policy: policy.map_or("none", |p| p.name.as_str()),
            };
            let shown = plan_human::plan(
                heading,
                &plan,
                &findings(&read, &plan),
                policy,
                None,
                &sources,
                &Style::plain(),
            );
            assert_eq!(plan.verdict, Verdict::Proceeds, "{name} does not install on {suffix}:\n{shown}");
            insta::with_settings!({ prepend_module_to_snapshot => false, snapshot_path => "snapshots" }, {
                insta::assert_snapshot!(format!("{name}-{suffix}"), shown);
            });
        }
    }
}
