//! What a plan costs in process: an ordinary node on two disks, and two hundred disks with two thousand volumes.
//!
//! `cargo bench --bench plan`. The real installer needs about a second for the first.
#![allow(clippy::expect_used, missing_docs)]

use anaconda_plan::machine::{Firmware, Machine};
use criterion::{Criterion, criterion_group, criterion_main};
use ks_lint::lint::plan::plan as plan_read;
use ks_lint::lint::{self, Settings};
use node_base::source::Sources;
use node_base::units::Bytes;
use std::fmt::Write;
use std::hint::black_box;

fn plan(text: &str, machine: &Machine) {
    let mut sources = Sources::new();
    let file = sources.add("bench.ks", text.to_owned()).expect("it is not that large");
    let read = lint::read(&sources, file, &Settings::default());
    black_box(plan_read(&read, machine));
}

fn machine(disks: usize) -> Machine {
    let disk = |n| format!("d{n}=200GiB").parse().expect("a disk");
    Machine { disks: (0..disks).map(disk).collect(), firmware: Firmware::Uefi, memory: Bytes(16 << 30) }
}

fn ordinary(criterion: &mut Criterion) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/kickstart-examples/two-disks.ks");
    let text = std::fs::read_to_string(path).expect("the example can be read");
    let text = text.replace("sda", "d0").replace("sdb", "d1");
    let machine = machine(2);
    criterion.bench_function("two-disks.ks", |bench| bench.iter(|| plan(&text, &machine)));
}

fn large(criterion: &mut Criterion) {
    let mut text = "zerombr\nclearpart --all --initlabel\nreqpart --add-boot\n".to_owned();
    let mut members = String::new();
    for n in 0..200 {
        let _ = writeln!(text, "part pv.{n} --size=1 --grow --ondisk=d{n}");
        let _ = write!(members, " pv.{n}");
    }
    let _ = writeln!(text, "volgroup vg0{members}\nlogvol / --vgname=vg0 --name=root --size=9000 --grow");
    for n in 0..2000 {
        let _ = writeln!(text, "logvol /srv/{n} --vgname=vg0 --name=v{n} --size=500 --grow");
    }
    let machine = machine(200);
    let mut group = criterion.benchmark_group("large");
    group.sample_size(10);
    group.bench_function("200 disks, 2000 volumes", |bench| bench.iter(|| plan(&text, &machine)));
}

criterion_group!(benches, ordinary, large);
criterion_main!(benches);
