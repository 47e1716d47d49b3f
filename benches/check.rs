//! What checking costs: one kickstart, many kickstarts in one process, and how it grows with the input.
//!
//! `cargo bench`, or `cargo bench -- growth` for one group. `scripts/compare-with-reference` measures the program
//! against the reference parser.
#![allow(clippy::expect_used, missing_docs)]

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ks_lint::lint::{FileReport, Settings, lint};
use node_base::source::Sources;
use std::fmt::Write;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Duration;

fn check(text: String) -> FileReport {
    let mut sources = Sources::new();
    let file = sources.add("bench.ks", text).expect("it is not that large");
    lint(sources, file, &Settings::default())
}

/// Every kickstart of the repository.
fn corpus() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<(PathBuf, String)> = ["kickstart-examples", "fixtures"]
        .iter()
        .flat_map(|directory| ignore::WalkBuilder::new(root.join(directory)).build())
        .filter_map(Result::ok)
        .map(ignore::DirEntry::into_path)
        .filter(|path| path.extension().is_some_and(|e| e == "ks"))
        .filter_map(|path| Some((path.clone(), std::fs::read_to_string(path).ok()?)))
        .collect();
    files.sort();
    files
}

/// A kickstart of so many lines: users and repositories repeat as in a generated one, scripts take a third.
fn of_lines(lines: usize) -> String {
    let mut text = "#version=RHEL9\nlang en_US.UTF-8\nkeyboard us\ntimezone UTC --utc\n".to_owned();
    let commands = lines.saturating_sub(8) * 2 / 3;
    for n in 0..commands {
        let _ = match n % 4 {
            0 => writeln!(text, "repo --name=repo{n} --baseurl=https://mirror.example/{n}/ --cost={n}"),
            1 => writeln!(text, "user --name=user{n} --groups=wheel,libvirt --gecos=\"User number {n}\""),
            2 => writeln!(text, "sshkey --username=user{n} \"ssh-ed25519 AAAA{n} user{n}@host\""),
            _ => writeln!(text, "# line {n}: a comment"),
        };
    }
    text.push_str("%post --erroronfail\n");
    for n in 0..lines.saturating_sub(8) - commands {
        let _ = writeln!(text, "install -m 0644 /run/install/files/{n} /etc/site/{n}.conf");
    }
    text + "%end\n"
}

fn one_kickstart(criterion: &mut Criterion) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("kickstart-examples/node.ks");
    let text = std::fs::read_to_string(path).expect("the example can be read");
    criterion.bench_function("node.ks", |bench| {
        bench.iter_batched(|| text.clone(), |text| black_box(check(text)), BatchSize::SmallInput);
    });
}

fn many_kickstarts(criterion: &mut Criterion) {
    let corpus = corpus();
    let mut group = criterion.benchmark_group("documents");
    group.throughput(Throughput::Elements(corpus.len() as u64));
    group.sample_size(20).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    group.bench_function("repository", |bench| {
        bench.iter(|| {
            for (_, text) in &corpus {
                black_box(check(text.clone()));
            }
        });
    });
    group.finish();
}

fn growth(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("growth");
    // A million lines are checked ten times whatever the time is; the others need no more than this.
    group.sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    for lines in [100, 1_000, 10_000, 100_000, 1_000_000] {
        let text = of_lines(lines);
        group.throughput(Throughput::Elements(lines as u64));
        group.bench_with_input(BenchmarkId::from_parameter(lines), &text, |bench, text| {
            bench.iter_batched(|| text.clone(), |text| black_box(check(text)), BatchSize::LargeInput);
        });
    }
    group.finish();
}

criterion_group!(benches, one_kickstart, many_kickstarts, growth);
criterion_main!(benches);
