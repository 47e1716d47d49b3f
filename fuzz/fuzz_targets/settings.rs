//! What people write beside a kickstart: policies, configurations, facts of a machine, disks on a command line; the first byte
//! chooses. Each is read or refused with a sentence, and what was read can be used.
#![no_main]

use anaconda_plan::machine::{DiskSpec, Machine};
use ks_lint::lint::config::{FILE_NAME, in_directory};
use ks_lint::lint::{self, Chosen, Settings};
use ks_lint_fuzz::{assert_places, chosen_text};
use node_base::policy::{Policy, export};
use node_base::source::Sources;
use std::path::Path;
use std::sync::{Arc, LazyLock};

/// A kickstart that every policy says something about, and that has something for every disk.
const KICKSTART: &str = "\
lang en_US.UTF-8
clearpart --all --initlabel
bootloader --location=mbr
reqpart
part /boot --fstype=ext4 --size=1024
part pv.01 --size=40000 --grow
volgroup onn pv.01
logvol none --vgname=onn --name=pool --thinpool --size=30000 --grow
logvol / --vgname=onn --name=root --thin --poolname=pool --fstype=ext4 --size=6144
logvol /var --vgname=onn --name=var --thin --poolname=pool --fstype=xfs --size=15000
";

static DIRECTORY: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let memory = Path::new("/dev/shm");
    let place = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    tempfile::tempdir_in(place).expect("a directory can be made")
});

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((choice, text)) = chosen_text(input, 4) else { return };
    match choice {
        0 => match Policy::from_toml(text, "policy.toml") {
            Ok(policy) => {
                for target in [export::Target::Conf, export::Target::Profile, export::Target::Product] {
                    let _ = export::anaconda(&policy, target);
                }
                check(&Settings {
                    policy: Some(Chosen::new(Some(Arc::new(policy)), "given")),
                    ..Settings::default()
                });
            }
            Err(error) => assert!(error.to_string().contains("policy.toml"), "{error}"),
        },
        1 => {
            std::fs::write(DIRECTORY.path().join(FILE_NAME), text).expect("the directory can be written to");
            match in_directory(DIRECTORY.path()) {
                Ok(config) => assert!(config.is_some(), "there is one"),
                Err(error) => assert!(error.to_string().contains(FILE_NAME), "{error}"),
            }
        }
        2 => {
            let Ok(machine) = serde_json::from_str::<Machine>(text) else { return };
            on(machine);
        }
        _ => {
            let disks: Result<Vec<DiskSpec>, _> = text.lines().map(str::parse).collect();
            let Ok(disks) = disks else { return };
            let firmware = anaconda_plan::machine::Firmware::Uefi;
            on(Machine { disks, firmware, memory: node_base::units::Bytes(16 << 30) });
        }
    }
});

fn on(machine: Machine) {
    // The programs refuse these before they plan.
    let usable = machine.disks.iter().all(|d| d.check().is_ok())
        && anaconda_plan::machine::check_names(&machine.disks).is_ok();
    if usable {
        check(&Settings { machine: Some(Arc::new(machine)), ..Settings::default() });
    }
}

fn check(settings: &Settings) {
    let mut sources = Sources::new();
    let file = sources.add("fuzz.ks", KICKSTART.to_owned()).expect("a text is not that large");
    let report = lint::lint(sources, file, settings);
    assert_places(&report.sources, &report.findings);
}
