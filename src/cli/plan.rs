//! `ks-lint plan`: what Anaconda will make of a kickstart on given disks.

use super::check::SettingsArgs;
use super::input;
use crate::lint;
use crate::report::plan_json;
use crate::storage::plan::plan_read;
use crate::storage::{DiskSpec, Firmware, Machine, Verdict, parse_size};
use crate::units::Bytes;
use anyhow::{Context, bail};
use std::path::PathBuf;
use std::process::ExitCode;

/// The command line.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit status: 0 Anaconda proceeds, 1 it stops, 2 could not tell.")]
pub struct Args {
    /// The kickstart; - is standard input
    #[arg(value_name = "FILE")]
    pub path: PathBuf,
    /// What the kickstart is read as, and the installer's profile
    #[command(flatten)]
    pub settings: SettingsArgs,
    /// A disk: NAME=SIZE[,label=gpt|msdos][,sector=4096][,part=SIZE:FORMAT[:VG]]…, in the order of the machine
    #[arg(long = "disk", value_name = "DISK")]
    pub disks: Vec<DiskSpec>,
    /// How the machine starts
    #[arg(long, value_enum, default_value = "uefi")]
    pub firmware: FirmwareArg,
    /// Memory of the machine
    #[arg(long, value_name = "SIZE", default_value = "16GiB", value_parser = parse_size)]
    pub memory: Bytes,
    /// How to write the plan
    #[arg(long, value_enum, default_value = "json")]
    pub format: PlanFormat,
}

/// How a machine starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum FirmwareArg {
    /// UEFI
    Uefi,
    /// PC BIOS
    Bios,
}

impl From<FirmwareArg> for Firmware {
    fn from(arg: FirmwareArg) -> Firmware {
        match arg {
            FirmwareArg::Uefi => Firmware::Uefi,
            FirmwareArg::Bios => Firmware::Bios,
        }
    }
}

/// How a plan is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum PlanFormat {
    /// For programs
    Json,
}

/// Plans.
///
/// # Errors
/// What cannot be read, and releases whose installer is not modelled.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let (sources, file) = input::read(&args.path).with_context(|| args.path.display().to_string())?;
    let settings = args.settings.source()?.of(&args.path)?;
    let read = lint::read(&sources, file, &settings.settings);
    let machine = machine(args)?;
    let plan = plan_read(&read, &machine)?;
    super::print(&plan_json::plan(&plan, &sources))?;
    Ok(match plan.verdict {
        Verdict::Proceeds => ExitCode::SUCCESS,
        Verdict::Stops => ExitCode::FAILURE,
    })
}

fn machine(args: &Args) -> anyhow::Result<Machine> {
    if args.disks.is_empty() {
        bail!("no disk is given; describe the machine with --disk NAME=SIZE, once for each disk");
    }
    crate::storage::disk::check_names(&args.disks)?;
    Ok(Machine { disks: args.disks.clone(), firmware: args.firmware.into(), memory: args.memory })
}
