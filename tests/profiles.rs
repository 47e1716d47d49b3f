//! What ships and what is measured is built with the profile `dist`: whole-program optimisation. `release` is for people who
//! wait for their first build.
#![allow(clippy::expect_used, clippy::panic)] // a test that cannot read the repository has failed

use std::path::{Path, PathBuf};

/// Where programs are built to ship or to be measured.
const PLACES: &[&str] =
    &["packaging", "scripts", "addon-python-shim", "tests/vm", "docs", "benches", "fuzz", ".ci"];

/// What names another optimised profile.
const OTHERS: &[&str] = &[
    "--release",
    "\"--release\"",
    "/release/",
    "/release\"",
    "/release\n",
    "\"release\"]",
    "\"--profile\", \"release\"",
    "--profile release",
];

fn files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for place in PLACES {
        for entry in ignore::WalkBuilder::new(root.join(place)).hidden(false).build() {
            let path = entry.expect("the repository can be walked").into_path();
            if path.is_file() && path.extension().is_none_or(|e| e != "snap") {
                files.push(path);
            }
        }
    }
    files
}

#[test]
fn whatever_ships_or_is_measured_is_built_with_the_profile_dist() {
    let (mut wrong, mut dist) = (Vec::new(), 0);
    for path in files() {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        for (number, line) in text.lines().enumerate() {
            let line_with_end = format!("{line}\n");
            // Verbs of the programs have an option of that name; what a person tries first is built quickly.
            let is_of_cargo =
                !["node-layout etc", "ks-lint new", "cargo run --release -- kickstart-examples"]
                    .iter()
                    .any(|other| line.contains(other));
            if is_of_cargo && OTHERS.iter().any(|other| line_with_end.contains(other)) {
                wrong.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
            dist += usize::from(line.contains("--profile dist") || line.contains("\"--profile\", \"dist\""));
        }
    }
    assert!(wrong.is_empty(), "write '--profile dist' and 'target/dist':\n{}", wrong.join("\n"));
    assert!(dist >= 4, "packages, images, comparison and benchmark name the profile; only {dist} lines do");
}

#[test]
fn benchmarks_are_built_as_what_ships() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .expect("the manifest can be read");
    let manifest: toml::Table = text.parse().expect("the manifest is TOML");
    let of = |name: &str, key: &str| manifest["profile"][name].get(key).cloned();
    for key in ["opt-level", "lto", "codegen-units"] {
        assert!(of("dist", key).is_some(), "[profile.dist] does not set {key}");
        assert_eq!(of("bench", key), of("dist", key), "[profile.bench] {key}");
    }
}

/// An override of `release` is inherited by `dist`, unless it has one for the same package.
#[test]
fn no_dependency_ships_with_less_optimisation_than_the_profile_dist_asks_for() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .expect("the manifest can be read");
    let manifest: toml::Table = text.parse().expect("the manifest is TOML");
    let profiles = &manifest["profile"];
    let level = |profile: &str, package: &str| {
        profiles[profile]
            .get("package")
            .and_then(|p| p.get(package))
            .and_then(|p| p.get("opt-level"))
            .cloned()
    };
    let packages = profiles["release"]["package"].as_table().expect("release has overrides");
    for package in packages.keys() {
        let ships = level("dist", package).or_else(|| level("release", package));
        assert_eq!(ships, profiles["dist"].get("opt-level").cloned(), "[profile.dist.package.{package}]");
    }
}

/// A fuzzer that runs other versions of a dependency says nothing about those that ship.
#[test]
fn what_is_fuzzed_has_the_versions_of_what_ships() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let packages = |lock: &str| -> Vec<(String, String)> {
        let text = std::fs::read_to_string(root.join(lock)).expect("the lock file can be read");
        let lock: toml::Table = text.parse().expect("a lock file is TOML");
        let text = |package: &toml::Value, key: &str| package[key].as_str().unwrap_or_default().to_owned();
        let packages = lock["package"].as_array().expect("a lock file has packages");
        packages.iter().map(|p| (text(p, "name"), text(p, "version"))).collect()
    };
    let shipped = packages("Cargo.lock");
    let fuzzed = packages("fuzz/Cargo.lock");
    assert!(fuzzed.len() > 50, "fuzz/Cargo.lock has {} packages", fuzzed.len());
    let others: Vec<_> = fuzzed
        .iter()
        .filter(|package| shipped.iter().any(|(name, _)| *name == package.0) && !shipped.contains(package))
        .collect();
    assert!(
        others.is_empty(),
        "copy Cargo.lock to fuzz/, then cargo check there; other versions: {others:?}"
    );
}
