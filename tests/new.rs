//! Kickstarts from answers: no finding, planned on their disks, accepted by the reference parser.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr)] // a test that cannot be set up has failed

mod python;

use anaconda_plan::Verdict;
use anaconda_plan::machine::{Firmware, Machine};
use kickstart::Version;
use ks_lint::generate::{Answers, Disk, Network, Static, kickstart};
use ks_lint::lint::{self, Settings, plan};
use node_base::policy::Policy;
use node_base::source::Sources;
use node_base::units::Bytes;
use python::python;
use std::process::Command;
use std::sync::Arc;

/// Combinations of answers.
const COUNT: u64 = 500;

/// A small generator of numbers, the same on every machine (Knuth's MMIX).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    fn one<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())].clone()
    }
}

fn answers(numbers: &mut Numbers) -> (Answers, Machine) {
    let release = numbers.one(&["RHEL8", "RHEL9", "RHEL10", "F42", "F46"]);
    let policy = numbers.one(&[
        None,
        Some("ovirt-node"),
        Some("ovirt-node-4.4"),
        Some("rhvh-4.4"),
        Some("ovirt-node"),
    ]);
    let names: &[&[&str]] = &[&["sda"], &["vda"], &["nvme0n1"], &["sda", "sdb"], &["vda", "vdb", "vdc"]];
    let names = numbers.one(names);
    let specs: Vec<_> = names
        .iter()
        .map(|name| {
            let size = numbers.one(&["100GiB", "200GB", "480GiB", "4TiB"]);
            format!("{name}={size}").parse().expect("a right disk")
        })
        .collect();
    let with_sizes = numbers.below(4) > 0;
    let disks = specs
        .iter()
        .map(|spec: &anaconda_plan::machine::DiskSpec| Disk {
            name: spec.name.clone(),
            size: with_sizes.then(|| spec.size.mib_floor()),
        })
        .collect();
    let network = match numbers.below(3) {
        0 => Network::Dhcp,
        1 => Network::Static(Static::parse("192.0.2.10/24", None, Vec::new()).expect("right")),
        _ => {
            let servers = vec!["192.0.2.2".parse().expect("right"), "2001:db8::2".parse().expect("right")];
            let gateway = Some("198.51.100.254".parse().expect("right"));
            Network::Static(Static::parse("198.51.100.7/24", gateway, servers).expect("right"))
        }
    };
    let hash =
        "$6$saltsalt$vrcbNHDGRQCfx1R6UDIcx.2xH34ujrddo4KEuKkZ9VPRm.SUkmGxplkjQHmFNuyMOA0TXzvCV9vQxT7UUi/wl1";
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGvI5mYlB0uGNmv7vvCPNq1pQ0c6cNPJc8JH2ZGOa8nP a@b";
    let text = |choice: usize, text: &str| (choice > 0).then(|| text.to_owned());
    let answers = Answers {
        release: Version::from_name(release).expect("a known version"),
        policy: policy.map(|name| Arc::new(Policy::builtin(name).expect("a built-in policy"))),
        disks,
        device: numbers.one(&["link", "ens3", "52:54:00:12:34:56"]).to_owned(),
        network,
        hostname: text(numbers.below(2), "node1.example.org"),
        source: text(numbers.below(2), "https://files.example.org/a/b.img"),
        checksum: text(numbers.below(2), &"ab".repeat(32)),
        root_hash: text(numbers.below(2), hash),
        ssh_key: text(numbers.below(2), key),
        language: numbers.one(&["en_US.UTF-8", "cs_CZ.UTF-8"]).to_owned(),
        keyboard: numbers.one(&["us", "cz", "de"]).to_owned(),
        time_zone: numbers.one(&["Etc/UTC", "Europe/Prague"]).to_owned(),
    };
    let firmware = numbers.one(&[Firmware::Uefi, Firmware::Bios]);
    (answers, Machine { disks: specs, firmware, memory: Bytes(16 << 30) })
}

/// Reads JSON lines with a version and a text; prints those that the reference does not accept without a warning.
const VERDICTS: &str = "
import json, sys
sys.path.insert(0, 'tests/reference')
from documents import verdict
for line in open(sys.argv[1], encoding='utf-8'):
    record = json.loads(line)
    answer = verdict(record['version'], record['text'])
    if answer['verdict'] != 'accepted' or answer['warned']:
        print(answer, record['text'])
";

#[test]
fn random_answers_make_clean_kickstarts_that_install() {
    let mut numbers = Numbers(1);
    let mut lines = String::new();
    for number in 0..COUNT {
        let (answers, machine) = answers(&mut numbers);
        let text = kickstart(&answers);
        let mut sources = Sources::new();
        let file = sources.add("new.ks", text.clone()).expect("it is small");
        let read = lint::read(&sources, file, &Settings::default());
        let planned = plan::plan(&read, &machine);
        assert_eq!(planned.verdict, Verdict::Proceeds, "{number}: {:?}\n{text}", planned.messages);
        let settings = Settings { machine: Some(Arc::new(machine)), ..Settings::default() };
        let report = lint::lint(sources, file, &settings);
        let found: Vec<_> = report.findings.iter().map(|f| (f.code.id, &f.message)).collect();
        assert!(found.is_empty(), "{number}: {found:?}\n{text}");
        let record = serde_json::json!({ "version": answers.release.to_string(), "text": text });
        lines.push_str(&format!("{record}\n"));
    }
    let Some(python) = python() else { return };
    let file = tempfile::NamedTempFile::new().expect("a file can be made");
    std::fs::write(file.path(), lines).expect("it can be written");
    let output = Command::new(&python)
        .args(["-c", VERDICTS])
        .arg(file.path())
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap_or_else(|e| panic!("{}: {e}", python.display()));
    let answer = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(answer.is_empty(), "the reference does not accept:\n{answer}");
}
