//! `ks-lint host`: the facts of the machine it runs on that a plan needs.

use crate::host::{self, DeviceProblem};
use crate::report::{Color, Style};
use anaconda_plan::machine::{Firmware, Machine};
use node_base::console;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
#[command(after_help = "Reading disks needs root; nothing is written to them.")]
pub(super) struct Args {
    /// Read the facts below this directory (sys/block, dev, proc/meminfo) instead of /
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub(super) sysfs_root: PathBuf,
    /// How to write the facts; json is what --machine reads
    #[arg(long, value_enum, default_value = "human")]
    pub(super) format: HostFormat,
}

/// How facts are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum HostFormat {
    /// For people
    Human,
    /// For --machine, and for programs
    Json,
}

/// Facts as they are saved.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Saved {
    /// Version of this format.
    pub(super) schema: u32,
    /// Disks, firmware, memory.
    #[serde(flatten)]
    pub(super) machine: Machine,
    /// Facts that could not be read.
    #[serde(default)]
    pub(super) problems: Vec<DeviceProblem>,
    /// Block devices that Anaconda does not install to.
    #[serde(default)]
    pub(super) left_out: Vec<DeviceProblem>,
}

/// Prints the facts.
///
/// # Errors
/// The kernel's list of block devices is missing.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let facts = host::facts(Path::new(&args.sysfs_root))?;
    for p in &facts.problems {
        console::warning_line("ks-lint", &format!("{}: {}", p.device, p.what));
    }
    let saved =
        Saved { schema: 1, machine: facts.machine, problems: facts.problems, left_out: facts.left_out };
    let text = match args.format {
        HostFormat::Human => human(&saved, &Style::of_stdout(Color::Never)),
        HostFormat::Json => {
            let mut text = node_base::harmless::harmless_json(serde_json::to_string_pretty(&saved)?);
            text.push('\n');
            text
        }
    };
    console::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// The devices of each reason, in the order in which the reasons appear.
fn by_reason(left_out: &[DeviceProblem]) -> Vec<(&str, Vec<&str>)> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for DeviceProblem { device, what } in left_out {
        match reasons.iter_mut().find(|(why, _)| why == what) {
            Some((_, devices)) => devices.push(device),
            None => reasons.push((what, vec![device])),
        }
    }
    reasons
}

fn human(saved: &Saved, style: &Style) -> String {
    let firmware = match saved.machine.firmware {
        Firmware::Uefi => "UEFI",
        Firmware::Bios => "BIOS",
    };
    let mut out = format!("{firmware}, {} of memory\n", saved.machine.memory);
    for disk in &saved.machine.disks {
        let label = disk.label.map_or("no partition table", |l| l.name());
        let removable = if disk.removable { ", removable" } else { "" };
        let _ = writeln!(
            out,
            "{}  {}, {label}, sectors of {} bytes{removable}",
            disk.name, disk.size, disk.sector
        );
        for p in &disk.partitions {
            let number = p.number.unwrap_or(0);
            let kind = match (p.extended, p.format.as_str()) {
                (true, _) => "extended partition",
                (_, "") => "nothing known on it",
                (_, format) => format,
            };
            let group = p.vg.as_ref().map(|g| format!(" of {g}")).unwrap_or_default();
            let _ = writeln!(out, "  {number}  {}  {kind}{group}", p.size);
        }
    }
    for (why, devices) in by_reason(&saved.left_out) {
        let line = format!("left out ({why}): {}", devices.join(", "));
        let _ = writeln!(out, "{}", style.folded(&line, 4));
    }
    node_base::harmless::harmless(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_that_are_left_out_have_a_line_for_each_reason() {
        let problem =
            |device: &str, what: &str| DeviceProblem { device: device.to_owned(), what: what.to_owned() };
        let left_out =
            [problem("loop0", "not a disk"), problem("sda", "read-only"), problem("zram0", "not a disk")];
        assert_eq!(
            by_reason(&left_out),
            [("not a disk", vec!["loop0", "zram0"]), ("read-only", vec!["sda"])]
        );
    }
}
