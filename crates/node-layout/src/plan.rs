//! The steps that turn an installed system into base and layer, decided from what is on the disk and from nothing else:
//! the same decision completes an interrupted work, and finds nothing to do on a finished one.
//!
//! The order keeps the machine bootable after every single write:
//! 1. the base is frozen beside the running root (nothing refers to it yet);
//! 2. boot entries and fstab name root by its file system's UUID, which holds under either name of the volume;
//! 3. root's volume is renamed to be the layer: what is written later in the installation is in the layer, because it
//!    is the same volume;
//! 4. boot entries, fstab and the arguments kept for later kernels name the layer.

mod files; // changes of files
mod volumes; // steps that change volumes

use super::checks::{Progress, Situation};
use super::content;
use super::files::{Change, Method, beside, current};
use super::kept;
use super::lvm::{LogicalVolume, Mode};
use super::system::System;
use super::target::Stage;
use super::tools::Command;
use node_base::boot_entry::BootEntry;
use node_base::names::device_mapper_name;
use node_base::policy::Policy;
use std::path::PathBuf;

/// Tag of a base while its making goes on; behind it stands the name that root's volume had.
pub const ROOT_TAG_PREFIX: &str = "node-layout:root=";
/// The pool's profile, as the original tools call it.
pub const PROFILE: &str = "imgbased-pool";
/// By how much of its size the pool extends itself, in percent (the figure of imgbased).
pub const EXTEND_PERCENT: u8 = 20;
/// Directory of what `init` records.
pub const CONFIG_DIR: &str = "/etc/node-layout";
/// The unit that completes the layout at the first boot.
pub const UNIT: &str = "node-layout-finish.service";

/// One thing that is done.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Runs a program.
    Run(Command),
    /// Makes the snapshot that is the base; where the pool has a device of an interrupted creation that LVM never came to
    /// know, that one goes first.
    Freeze {
        /// What makes it.
        command: Command,
        /// The pool.
        pool: PoolDevice,
    },
    /// Removes a volume that an interrupted work left, and repairs the pool where a power cut fell between the pool's
    /// own commit and LVM's (the pool then knows a thin device that LVM wants to make again).
    RemoveLeftover {
        /// `VG/LV`.
        volume: String,
        /// The pool.
        pool: PoolDevice,
        /// The thin device's number.
        thin_id: Option<u32>,
    },
    /// Reads a base and records its content's checksum as a tag.
    RecordContent {
        /// The base.
        base: Box<content::Base>,
        /// How LVM is called.
        mode: Mode,
    },
    /// Changes files.
    Change(Vec<Change>),
    /// Brings all that was written to the file systems of these paths to the disk.
    Flush(Vec<PathBuf>),
    /// Like that, for the file system of boot files, and to its place there: what others have freed shortly before may be used
    /// again by the next file, while it is still in use for who replays no journal.
    EmptyJournal(PathBuf),
    /// Copies kernel and initramfs.
    Copy(Vec<(PathBuf, PathBuf)>),
    /// Removes a directory of kept files that no boot entry names.
    RemoveDirectory(PathBuf),
    /// Keeps an old device name alive until the reboot.
    Link {
        /// The old name.
        path: PathBuf,
        /// The kernel's name of the device, relative to it.
        to: PathBuf,
    },
}

/// A thin pool as the device mapper knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolDevice {
    /// `VG/LV`.
    pub volume: String,
    /// The device that takes the pool's messages.
    pub name: String,
}

impl PoolDevice {
    /// That of LVM's pool volume.
    pub fn of(pool: &LogicalVolume) -> PoolDevice {
        let name = format!("{}-tpool", device_mapper_name(&pool.vg, &pool.name));
        PoolDevice { volume: pool.full_name(), name }
    }
}

/// Actions under a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Stable, for programs.
    pub name: &'static str,
    /// For people.
    pub about: String,
    /// In order.
    pub actions: Vec<Action>,
}

/// What will be done.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// In order; empty: all is done.
    pub steps: Vec<Step>,
    /// Whether the first boot will still have to complete it.
    pub pending: bool,
}

/// What the caller decides besides the system's state.
#[derive(Clone, Debug)]
pub struct Choices<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// The text of a policy that is no built-in one.
    pub policy_text: Option<&'a str>,
    /// UUID that the base's file system gets.
    pub base_uuid: String,
    /// Where the running kernel's /dev and LVM's configuration are.
    pub environment: PathBuf,
}

/// The configuration would not fit where it has to be written.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// GRUB's environment block is full.
    #[error("{}: {full}", path.display())]
    GrubEnv {
        /// The block.
        path: PathBuf,
        /// How much too large.
        full: super::grubenv::Full,
    },
    /// The pool's metadata cannot grow.
    #[error("the pool's metadata cannot grow to {0}")]
    Metadata(node_base::units::Bytes),
}

struct Planner<'a> {
    system: &'a System,
    s: &'a Situation<'a>,
    choices: &'a Choices<'a>,
    mode: Mode,
    steps: Vec<Step>,
}

/// Decides the steps.
///
/// # Errors
/// [`PlanError`].
pub fn plan(system: &System, s: &Situation<'_>, choices: &Choices<'_>) -> Result<Plan, PlanError> {
    // Once the layout is complete, the layer's own entry is what its files are kept of; another kernel that was installed
    // since has an entry of its own, which may be the default. (Only if the first one is gone, the other takes its place.)
    let own = s.boot.entry(&entry_id(s));
    let own = own.filter(|entry| s.progress == Progress::Done && kept::is_whole(s, entry));
    let s = &Situation { template: own.unwrap_or(s.template), ..s.clone() };
    let mut p = Planner { system, s, choices, mode: Mode { monitor: system.running }, steps: Vec::new() };
    match s.progress {
        Progress::Before => {
            p.leftovers();
            p.pool_profile();
            p.pool_metadata()?;
            p.freeze_base();
            p.seal_base();
            p.tags();
            p.half_written();
            p.boot_files();
            p.transition()?;
            p.rename();
            p.finish_init()?;
        }
        Progress::Renamed => {
            p.tags();
            p.half_written();
            p.boot_files();
            p.after_rename();
            p.finish_init()?;
        }
        Progress::Done => p.first_boot()?,
    }
    let kept = p.steps.iter().any(|step| step.name == "boot-kept");
    let pending = s.progress != Progress::Done || (p.is_pending() && !kept);
    Ok(Plan { steps: p.steps, pending })
}

impl Planner<'_> {
    fn step(&mut self, name: &'static str, about: String, actions: Vec<Action>) {
        let actions: Vec<Action> =
            actions.into_iter().filter(|a| !matches!(a, Action::Change(c) if c.is_empty())).collect();
        if !actions.is_empty() {
            self.steps.push(Step { name, about, actions });
        }
    }

    fn run<S: Into<String>>(&self, program: &'static str, args: impl IntoIterator<Item = S>) -> Action {
        Action::Run(self.mode.command(program, args))
    }

    fn vg(&self) -> &str {
        &self.s.target.vg
    }

    fn base(&self) -> String {
        format!("{}/{}", self.vg(), self.s.target.layer.nvr)
    }

    fn layer(&self) -> String {
        self.s.target.layer.to_string()
    }

    /// Everything after the renaming.
    fn finish_init(&mut self) -> Result<(), PlanError> {
        let mut changes = self.entry_changes(Stage::Final);
        changes.extend(self.default_changes(Stage::Final)?);
        let device = self.s.target.device();
        let fstab = self.fstab_change(&device);
        let kept = self.kept_argument_changes();
        let actions =
            vec![Action::Change(changes), Action::Change(fstab.into_iter().collect()), Action::Change(kept)];
        self.step("final", "name the layer in boot entries, fstab and kept kernel arguments".into(), actions);
        let records = self.record_changes();
        self.step(
            "record",
            "record the policy, and what the first boot completes".into(),
            vec![Action::Change(records)],
        );
        self.labels();
        let base = self.base();
        let root_tag = format!("{ROOT_TAG_PREFIX}{}", self.s.target.old);
        let actions = vec![self.run("lvchange", ["--deltag", &root_tag, &base])];
        self.step("complete", "mark the layout as complete".into(), actions);
        Ok(())
    }

    fn is_pending(&self) -> bool {
        is_pending(self.s)
    }

    /// On the first boot of the layer: the rest of the installation is over, so the image's own copy of kernel and initramfs
    /// is brought up to date and booted from. Later only what has changed since.
    fn first_boot(&mut self) -> Result<(), PlanError> {
        let booted =
            self.system.running && self.system.cmdline.value("img.bootid") == Some(self.layer().as_str());
        self.half_written();
        self.renew_kept();
        if self.is_pending() && booted {
            self.boot_files();
            let own = self.layer_entry_id();
            let path = self.s.boot.entries_dir.join(format!("{own}.conf"));
            let entry = self.layer_entry(Stage::Final, true);
            let changes =
                change(path, entry.text().into_bytes(), Method::ReplaceForBoot).into_iter().collect();
            self.step(
                "boot-kept",
                "boot the kernel and initramfs kept for the image".into(),
                vec![Action::Change(changes)],
            );
        }
        let unit = self.system.path("/etc/systemd/system").join(UNIT);
        // Not while the installation runs: it would have to wait until all of the base is read.
        if let Some(base) = self.s.base
            && booted
            && (unit.exists() || self.is_pending())
            && !base.tags.iter().any(|t| t.starts_with(content::TAG_PREFIX))
        {
            let read = content::Base { volume: base.clone(), pool: self.s.pool.clone() };
            let action = Action::RecordContent { base: Box::new(read), mode: self.mode };
            let about = format!("record the checksum of {}", base.full_name());
            self.step("record-content", about, vec![action]);
        }
        if booted {
            let wants = self.system.path("/etc/systemd/system/multi-user.target.wants").join(UNIT);
            let changes = [removal(wants, Method::Link), removal(unit, Method::Replace)]
                .into_iter()
                .flatten()
                .collect();
            self.step(
                "remove-unit",
                "remove the unit of the first boot".into(),
                vec![Action::Change(changes)],
            );
        }
        Ok(())
    }
}

/// The id of the layer's entry, as the original tools name its file.
pub fn entry_id(s: &Situation<'_>) -> String {
    let own = s.boot.entries.iter().find(|e| {
        e.id.starts_with(&format!("{}-", s.target.layer))
            && e.options().value("img.bootid") == Some(&s.target.layer.to_string())
    });
    match own {
        Some(e) if s.progress != Progress::Before => e.id.clone(),
        _ => format!("{}-{}", s.target.layer, s.template.version().unwrap_or("0")),
    }
}

/// Whether the layer's entry still boots the system's own kernel and initramfs.
pub fn is_pending(s: &Situation<'_>) -> bool {
    let dir = format!("/{}/", s.target.layer);
    s.boot.entry(&entry_id(s)).and_then(BootEntry::kernel).is_some_and(|k| !k.starts_with(&dir))
}

/// A change, if it changes anything.
fn change(path: PathBuf, after: Vec<u8>, method: Method) -> Option<Change> {
    let before = current(&path, method);
    if before.as_ref() == Some(&after) {
        // A power cut after the exchange with the new content has left the old one beside it.
        return (method == Method::ReplaceForBoot).then(|| removal(beside(&path), method)).flatten();
    }
    Some(Change { path, before, after: Some(after), method })
}

fn removal(path: PathBuf, method: Method) -> Option<Change> {
    let before = current(&path, method)?;
    Some(Change { path, before: Some(before), after: None, method })
}
