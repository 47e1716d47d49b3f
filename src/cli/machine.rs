//! The options that describe the machine a kickstart is for.

use super::host::Saved;
use anaconda_plan::machine::{DiskSpec, Firmware, Machine, parse_size};
use anyhow::{Context, bail};
use node_base::console;
use node_base::units::Bytes;
use std::path::{Path, PathBuf};

/// Disks, firmware, memory.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Machine")]
pub(super) struct MachineArgs {
    /// Disks that the machine has.
    #[arg(
        long = "disk",
        value_name = "DISK",
        conflicts_with_all = ["host", "facts"],
        help = "A disk: NAME=SIZE[,SETTING]…; a setting is label=gpt|msdos, sector=4096 or part=SIZE:FORMAT[:VG]; once for each disk. SIZE: 100GiB, 480GB, or as lsblk prints it (30G is 30GiB)"
    )]
    pub(super) disks: Vec<DiskSpec>,
    /// The machine that this runs on
    #[arg(long, conflicts_with = "facts")]
    pub(super) host: bool,
    /// A machine whose facts were saved with `ks-lint host --format json`
    #[arg(long = "machine", value_name = "FILE")]
    pub(super) facts: Option<PathBuf>,
    /// Read the facts of --host below this directory instead of /
    #[arg(long, value_name = "DIR", requires = "host")]
    pub(super) sysfs_root: Option<PathBuf>,
    /// How the machine starts [default: as found, else uefi]
    #[arg(long, value_enum)]
    pub(super) firmware: Option<FirmwareArg>,
    /// Memory of the machine [default: as found, else 16GiB]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub(super) memory: Option<Bytes>,
}

/// How a machine starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum FirmwareArg {
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

impl MachineArgs {
    /// The machine; nothing if no disk is given.
    ///
    /// # Errors
    /// Two disks of the same name.
    pub(super) fn machine(&self) -> anyhow::Result<Option<Machine>> {
        let machine = self.machine_or_blank()?;
        Ok((!machine.disks.is_empty()).then_some(machine))
    }

    /// The machine, perhaps without disks.
    ///
    /// # Errors
    /// Two disks of the same name; facts that cannot be read.
    pub(super) fn machine_or_blank(&self) -> anyhow::Result<Machine> {
        let mut machine = match (&self.facts, self.host) {
            (Some(path), _) => saved(path)?,
            (None, true) => {
                let root = self.sysfs_root.as_deref().unwrap_or(Path::new("/"));
                let facts = crate::host::facts(root)?;
                for p in &facts.problems {
                    console::warning_line("ks-lint", &format!("{}: {}", p.device, p.what));
                }
                facts.machine
            }
            (None, false) => {
                Machine { disks: self.disks.clone(), firmware: Firmware::Uefi, memory: Bytes(16 << 30) }
            }
        };
        if let Some(firmware) = self.firmware {
            machine.firmware = firmware.into();
        }
        machine.memory = self.memory.unwrap_or(machine.memory);
        anaconda_plan::machine::check_names(&machine.disks)?;
        Ok(machine)
    }
}

/// The facts that `ks-lint host --format json` wrote.
fn saved(path: &Path) -> anyhow::Result<Machine> {
    let shown = || path.display().to_string();
    let text = node_base::regular::read_to_string(path).with_context(shown)?;
    let saved: Saved = serde_json::from_str(&text)
        .with_context(|| format!("{}: expected what 'ks-lint host --format json' writes", shown()))?;
    for disk in &saved.machine.disks {
        if let Err(what) = disk.check() {
            bail!("{}: disk '{}': {what}", shown(), disk.name);
        }
    }
    Ok(saved.machine)
}
