//! The storage plan: what Anaconda makes of kickstarts on given disks.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)] // a test that cannot be set up has failed

#[path = "plan/bad_input.rs"]
mod bad_input;
#[path = "plan/examples.rs"]
mod examples;
#[path = "plan/host.rs"]
mod host;
#[path = "plan/images.rs"]
mod images;
#[path = "plan/limits.rs"]
mod limits;
#[path = "plan/picture.rs"]
mod picture;
#[path = "plan/profile.rs"]
mod profile;
#[path = "plan/properties.rs"]
mod properties;
#[path = "plan/refusals.rs"]
mod refusals;
#[path = "plan/sentences.rs"]
mod sentences;
#[path = "plan/source.rs"]
mod source;
#[path = "plan/unknown.rs"]
mod unknown;

use anaconda_plan::Plan;
use anaconda_plan::machine::{Firmware, Machine};
use kickstart::Version;
use ks_lint::lint::plan::plan as plan_read;
use ks_lint::lint::{self, Chosen, Settings};
use node_base::policy::Policy;
use node_base::source::Sources;
use node_base::units::Bytes;
use std::sync::Arc;

/// A machine with 16 GiB of memory.
fn machine(firmware: Firmware, disks: &[&str]) -> Machine {
    let disks = disks.iter().map(|d| d.parse().expect("a disk")).collect();
    Machine { disks, firmware, memory: Bytes(16 << 30) }
}

/// Plans a text. `policy`: a built-in name or `none`.
fn plan(text: &str, syntax: &str, policy: &str, machine: &Machine) -> Plan {
    let policy = match policy {
        "none" => None,
        name => Some(Arc::new(Policy::builtin(name).expect("a built-in policy"))),
    };
    let settings = Settings {
        syntax: Some(Chosen::new(Version::from_name(syntax).expect("a version"), "given")),
        policy: Some(Chosen::new(policy, "given")),
        ..Settings::default()
    };
    let mut sources = Sources::new();
    let file = sources.add("test.ks", text.to_owned()).expect("a source");
    let read = lint::read(&sources, file, &settings);
    plan_read(&read, machine)
}

/// What the installer prints.
fn says(plan: &Plan) -> String {
    plan.messages.iter().map(|m| m.says.as_str()).collect::<Vec<_>>().join("\n")
}
