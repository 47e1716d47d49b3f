//! The steps that turn an installed system into base and layer, decided from what is on the disk and from nothing else:
//! the same decision completes an interrupted work, and finds nothing to do on a finished one.
//!
//! The order keeps the machine bootable after every single write:
//! 1. the base is frozen beside the running root (nothing refers to it yet);
//! 2. boot entries and fstab name root by its file system's UUID, which holds under either name of the volume;
//! 3. root's volume is renamed to be the layer: what is written later in the installation is in the layer, because it
//!    is the same volume;
//! 4. boot entries, fstab and the arguments kept for later kernels name the layer.

use super::arguments::Arguments;
use super::checks::{Progress, Situation, metadata_growth};
use super::content;
use super::efi;
use super::entry::BootEntry;
use super::files::{Change, Method};
use super::fstab::Fstab;
use super::loader::{Loader, grub_cmdline_linux, with_loader_conf_default};
use super::lvm::{LogicalVolume, Mode, TAG_BASE, TAG_LAYER, TAG_POOL, TAG_UNFINISHED, TAG_VG};
use super::names::device_mapper_name;
use super::superblock::FsKind;
use super::system::System;
use super::target::Stage;
use super::tools::{Command, below};
use crate::policy::Policy;
use std::path::{Path, PathBuf};

/// Tag of a base while its making goes on; behind it stands the name that root's volume had.
pub const ROOT_TAG_PREFIX: &str = "node-layout:root=";
/// The pool's profile, as the original tools call it.
pub const PROFILE: &str = "imgbased-pool";
/// Directory of what `init` records.
pub const CONFIG_DIR: &str = "/etc/node-layout";
/// The unit that completes the layout at the first boot.
pub const UNIT: &str = "node-layout-finish.service";

/// One thing that is done.
#[derive(Clone, Debug, PartialEq, Eq)]
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
        /// `VG/LV`.
        volume: String,
        /// Whether it is active already.
        active: bool,
        /// How LVM is called.
        mode: Mode,
    },
    /// Changes files.
    Change(Vec<Change>),
    /// Copies kernel and initramfs.
    Copy(Vec<(PathBuf, PathBuf)>),
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Stable, for programs.
    pub name: &'static str,
    /// For people.
    pub about: String,
    /// In order.
    pub actions: Vec<Action>,
}

/// What will be done.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    Metadata(crate::units::Bytes),
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
    let mut p = Planner { system, s, choices, mode: Mode { monitor: system.running }, steps: Vec::new() };
    match s.progress {
        Progress::Before => {
            p.leftovers();
            p.pool_profile();
            p.pool_metadata()?;
            p.freeze_base();
            p.seal_base();
            p.tags();
            p.boot_files();
            p.transition()?;
            p.rename();
            p.finish_init()?;
        }
        Progress::Renamed => {
            p.tags();
            p.boot_files();
            p.after_rename();
            p.finish_init()?;
        }
        Progress::Done => p.first_boot()?,
    }
    let pending = s.progress != Progress::Done || (p.is_pending() && p.steps.is_empty());
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

    fn leftovers(&mut self) {
        let pool = PoolDevice::of(self.s.pool);
        let remove = |v: &&LogicalVolume| Action::RemoveLeftover {
            volume: v.full_name(),
            pool: pool.clone(),
            thin_id: v.thin_id,
        };
        let actions = self.s.leftovers.iter().map(remove).collect();
        self.step("remove-leftover", "remove the base that an interrupted run has left".into(), actions);
    }

    fn pool_profile(&mut self) {
        let text = profile_text(self.choices.policy);
        let relative = format!("/etc/lvm/profile/{PROFILE}.profile");
        let mut paths = vec![self.system.path(&relative)];
        // lvchange looks the profile up where it runs itself.
        let here = below(&self.choices.environment, &relative);
        if !paths.contains(&here) {
            paths.push(here);
        }
        let changes =
            paths.into_iter().filter_map(|p| change(p, text.clone().into_bytes(), Method::Replace)).collect();
        let mut actions = vec![Action::Change(changes)];
        if self.s.pool.profile.as_deref() != Some(PROFILE) {
            actions.push(self.run("lvchange", ["--metadataprofile", PROFILE, &self.s.pool.full_name()]));
        }
        let about = format!("let thin pool {} extend itself", self.s.pool.full_name());
        self.step("pool-profile", about, actions);
    }

    fn pool_metadata(&mut self) -> Result<(), PlanError> {
        let to = metadata_growth(self.s, self.choices.policy)
            .map_err(|short| PlanError::Metadata(short.wanted))?;
        if let Some(size) = to {
            let pool = self.s.pool.full_name();
            let action = self.run("lvextend", ["--poolmetadatasize", &format!("{}b", size.0), &pool]);
            self.step("pool-metadata", format!("grow the metadata of {pool} to {size}"), vec![action]);
        }
        Ok(())
    }

    fn freeze_base(&mut self) {
        let base = self.base();
        let device = format!("/dev/{base}");
        let nvr = self.s.target.layer.nvr.to_string();
        let root_tag = format!("{ROOT_TAG_PREFIX}{}", self.s.target.old);
        let root = self.s.root.full_name();
        let snapshot = self.mode.command(
            "lvcreate",
            [
                "--yes",
                "--snapshot",
                "--setactivationskip",
                "y",
                "--addtag",
                TAG_UNFINISHED,
                "--addtag",
                &root_tag,
                "--name",
                &nvr,
                &root,
            ],
        );
        let freeze = Action::Freeze { command: snapshot, pool: PoolDevice::of(self.s.pool) };
        self.step("freeze-base", format!("freeze {root} as {base}"), vec![freeze]);
        let mut actions = vec![self.run("lvchange", ["--activate", "y", "--ignoreactivationskip", &base])];
        let uuid = self.choices.base_uuid.as_str();
        match self.s.root_fs {
            FsKind::Ext4 => actions.extend([
                Action::Run(Command::new("e2fsck", ["-f", "-y", &device]).also_ok(&[1])),
                Action::Run(Command::new("tune2fs", ["-U", uuid, &device])),
            ]),
            // xfs_db changes the UUID only of a clean file system: mounting it once replays the log.
            FsKind::Xfs | FsKind::Vfat => {
                let at = below(&self.choices.environment, "/run/node-layout/base").display().to_string();
                actions.extend([
                    Action::Run(Command::new("mkdir", ["-p", &at])),
                    Action::Run(Command::new("mount", ["-t", "xfs", "-o", "nouuid", &device, &at])),
                    Action::Run(Command::new("umount", [&at])),
                    Action::Run(Command::new(
                        "xfs_db",
                        ["-x", "-p", "xfs_admin", "-c", &format!("uuid {uuid}"), &device],
                    )),
                ]);
            }
        }
        actions.push(self.run("lvchange", ["--activate", "n", &base]));
        self.step("base-uuid", format!("give the file system of {base} its own UUID"), actions);
    }

    fn seal_base(&mut self) {
        let base = self.base();
        let actions = vec![
            self.run("lvchange", ["--permission", "r", &base]),
            self.run("lvchange", ["--deltag", TAG_UNFINISHED, "--addtag", TAG_BASE, &base]),
        ];
        self.step("seal-base", format!("make {base} read-only"), actions);
    }

    fn tags(&mut self) {
        let mut actions = Vec::new();
        if !self.s.group.tags.iter().any(|t| t == TAG_VG) {
            actions.push(self.run("vgchange", ["--addtag", TAG_VG, self.vg()]));
        }
        if !self.s.pool.has_tag(TAG_POOL) {
            actions.push(self.run("lvchange", ["--addtag", TAG_POOL, &self.s.pool.full_name()]));
        }
        self.step("tags", "tag volume group and pool".into(), actions);
    }

    /// The kernel and initramfs of the image, kept for it whatever happens to the system's own.
    fn boot_files(&mut self) {
        let copies: Vec<_> =
            self.kept_files().into_iter().filter(|(from, to)| from.exists() && from != to).collect();
        if !copies.is_empty() {
            let about = format!("keep kernel and initramfs in {}", self.kept_dir().display());
            self.step("boot-files", about, vec![Action::Copy(copies)]);
        }
    }

    fn kept_dir(&self) -> PathBuf {
        self.s.boot.root.join(self.layer())
    }

    /// Where kernel and initramfs of the template are, and where they are kept.
    fn kept_files(&self) -> Vec<(PathBuf, PathBuf)> {
        let pairs = kept_paths(self.s.template, &self.layer());
        pairs.into_iter().map(|(from, to)| (self.s.boot.file(&from), self.s.boot.file(&to))).collect()
    }

    /// Entries, fstab and default in the form that boots before and after the renaming.
    fn transition(&mut self) -> Result<(), PlanError> {
        let entries = self.entry_changes(Stage::Transition);
        let default = self.default_changes(Stage::Transition)?;
        let fstab = self.fstab_change(&format!("UUID={}", self.s.target.root_uuid));
        let actions = vec![
            Action::Change(entries),
            Action::Change(fstab.into_iter().collect()),
            Action::Change(default),
        ];
        self.step("transition", "name root by UUID in boot entries and fstab".into(), actions);
        Ok(())
    }

    fn rename(&mut self) {
        let old = self.s.target.old.clone();
        let mut actions = vec![self.run("lvrename", [self.vg(), &old, &self.layer()])];
        actions.extend(self.after_rename_actions());
        let about = format!("rename {} to {}", self.s.root.full_name(), self.layer());
        self.step("rename", about, actions);
    }

    fn after_rename(&mut self) {
        let actions = self.after_rename_actions();
        self.step("tag-layer", format!("tag {}", self.layer()), actions);
    }

    fn after_rename_actions(&self) -> Vec<Action> {
        let mut actions = Vec::new();
        let full = format!("{}/{}", self.vg(), self.layer());
        if !self.s.root.has_tag(TAG_LAYER) {
            actions.push(self.run("lvchange", ["--addtag", TAG_LAYER, &full]));
        }
        let Some((_, minor)) = self.s.root.device else { return actions };
        if self.s.target.old == self.layer() {
            return actions;
        }
        // The mount table keeps the old name until the reboot; grub2-probe, grubby and kexec ask for its device.
        let dev = below(&self.choices.environment, "/dev");
        let to = PathBuf::from(format!("../dm-{minor}"));
        actions.push(Action::Link {
            path: dev.join("mapper").join(device_mapper_name(self.vg(), &self.s.target.old)),
            to: to.clone(),
        });
        actions.push(Action::Link { path: dev.join(self.vg()).join(&self.s.target.old), to });
        actions
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

    fn layer_entry_id(&self) -> String {
        entry_id(self.s)
    }

    /// The layer's own entry, and every other entry that boots this root.
    fn entry_changes(&self, stage: Stage) -> Vec<Change> {
        let boot = self.s.boot;
        let own = self.layer_entry_id();
        let mut changes = Vec::new();
        let path = boot.entries_dir.join(format!("{own}.conf"));
        let entry = self.layer_entry(stage, false);
        changes.extend(change(path, entry.text().into_bytes(), Method::ReplaceForBoot));
        for old in boot.entries.iter().filter(|e| e.id != own) {
            let options = old.options();
            if !self.s.target.boots(&options) {
                continue;
            }
            // Made by an interrupted run for another image name; nothing else makes such an id.
            let stale = options
                .value("img.bootid")
                .filter(|b| *b != self.layer() && old.id.starts_with(&format!("{b}-")));
            if stale.is_some() {
                let path = boot.entries_dir.join(format!("{}.conf", old.id));
                changes.extend(removal(path, Method::ReplaceForBoot));
                continue;
            }
            let mut new = old.clone();
            new.set("options", &self.s.target.turn(&options, stage).to_string());
            let path = boot.entries_dir.join(format!("{}.conf", old.id));
            changes.extend(change(path, new.text().into_bytes(), Method::ReplaceForBoot));
        }
        changes
    }

    /// The layer's entry after the template. `kept`: booting the files kept for the image; else the system's own,
    /// which the rest of the installation makes anew.
    fn layer_entry(&self, stage: Stage, kept: bool) -> BootEntry {
        let template = self.s.template;
        let id = self.layer_entry_id();
        let mut entry = template.clone();
        entry.id.clone_from(&id);
        entry.set("title", &title(self.s));
        if entry.get("id").is_some() {
            entry.set("id", &id);
        }
        let arguments = self.s.boot.arguments(template);
        entry.set("options", &self.s.target.turn(&arguments, stage).to_string());
        if kept {
            let keys = ["linux", "initrd"];
            for (key, (from, to)) in keys.iter().zip(kept_paths(template, &self.layer())) {
                entry.replace_word(key, &from, &to);
            }
        }
        entry
    }

    /// The default, and in the same block of GRUB's environment what `$kernelopts` stands for (RHEL 8).
    fn default_changes(&self, stage: Stage) -> Result<Vec<Change>, PlanError> {
        let boot = self.s.boot;
        let id = self.layer_entry_id();
        match boot.loader {
            Loader::Grub => {
                let Some((path, block)) = &boot.grubenv else { return Ok(Vec::new()) };
                let mut env = boot.env().unwrap_or_else(|| super::grubenv::GrubEnv::parse(block));
                env.set("saved_entry", &id);
                if let Some(kept) =
                    env.get("kernelopts").map(|k| Arguments::parse(&k)).filter(|k| self.s.target.boots(k))
                {
                    env.set("kernelopts", &self.s.target.turn(&kept, stage).to_string());
                }
                self.grubenv_change(path, block, &env)
            }
            Loader::SystemdBoot => {
                let name = format!("{id}.conf");
                let mut changes = Vec::new();
                if let Some(conf) = &boot.loader_conf {
                    let text = with_loader_conf_default(&conf.text, &name);
                    changes.extend(change(conf.path.clone(), text.into_bytes(), Method::ReplaceForBoot));
                } else {
                    let path = boot.root.join("loader/loader.conf");
                    changes.extend(change(
                        path,
                        format!("default {name}\n").into_bytes(),
                        Method::ReplaceForBoot,
                    ));
                }
                if let Some((path, now)) = &boot.efi_default
                    && *now != name
                {
                    changes.extend(change(path.clone(), efi::bytes(&name), Method::Variable));
                }
                Ok(changes)
            }
        }
    }

    fn grubenv_change(
        &self,
        path: &Path,
        block: &[u8],
        env: &super::grubenv::GrubEnv,
    ) -> Result<Vec<Change>, PlanError> {
        let new = env.block().map_err(|full| PlanError::GrubEnv { path: path.to_owned(), full })?;
        let method = if block.len() == new.len() { Method::InPlace } else { Method::ReplaceForBoot };
        Ok(change(path.to_owned(), new, method).into_iter().collect())
    }

    fn fstab_change(&self, root: &str) -> Option<Change> {
        let file = self.system.fstab.as_ref()?;
        let mut fstab = Fstab::parse(&file.text);
        fstab.set_source("/", root);
        let thin = |source: &str| {
            let lvm = self.system.lvm.as_ref().ok();
            lvm.and_then(|l| l.by_path(source))
                .is_some_and(|v| v.pool.as_deref() == Some(&self.s.pool.name) && v.vg == self.s.pool.vg)
        };
        for m in fstab.mountings() {
            let trims = matches!(m.kind.as_str(), "ext4" | "xfs");
            if m.target == "/" || (trims && thin(&m.source)) {
                for option in &self.choices.policy.mount_options {
                    fstab.add_option(&m.target, option);
                }
            }
        }
        change(file.path.clone(), fstab.text().into_bytes(), Method::Replace)
    }

    /// Where the host keeps arguments for the next kernel that is installed.
    fn kept_argument_changes(&self) -> Vec<Change> {
        let boot = self.s.boot;
        let mut changes = Vec::new();
        if let Some(file) = &boot.default_grub
            && let Some((range, value)) = grub_cmdline_linux(&file.text)
        {
            let new = self.s.target.turn_kept(&Arguments::parse(value)).to_string();
            let mut text = file.text.clone();
            // A value without quotes needs them as soon as it has a second word.
            let quoted = text[..range.start].ends_with(['"', '\'']);
            let new = if quoted { new } else { format!("\"{new}\"") };
            text.replace_range(range, &new);
            changes.extend(change(file.path.clone(), text.into_bytes(), Method::Replace));
        }
        if let Some(file) = &boot.kernel_cmdline {
            let new = self.s.target.turn_kept(&Arguments::parse(&file.text));
            let text = format!("{new}\n");
            changes.extend(change(file.path.clone(), text.into_bytes(), Method::Replace));
        }
        changes
    }

    fn record_changes(&self) -> Vec<Change> {
        let policy = self.choices.policy;
        let dir = self.system.path(CONFIG_DIR);
        let mut files: Vec<(PathBuf, String)> = Vec::new();
        let mut changes = Vec::new();
        let mut put = |path: PathBuf, text: String| files.push((path, text));
        let recorded = if self.choices.policy_text.is_some() { "policy.toml" } else { policy.name.as_str() };
        put(
            dir.join("layout.toml"),
            format!(
                "# Written by node-layout init; the default of node-layout verify.\npolicy = \"{recorded}\"\n"
            ),
        );
        if let Some(text) = self.choices.policy_text {
            put(dir.join("policy.toml"), text.to_owned());
        }
        if let Some(program) = self.system.program {
            put(self.system.path("/etc/systemd/system").join(UNIT), unit_text(program));
            let wants = self.system.path("/etc/systemd/system/multi-user.target.wants").join(UNIT);
            changes.extend(change(wants, format!("../{UNIT}").into_bytes(), Method::Link));
        }
        changes
            .splice(0..0, files.into_iter().filter_map(|(p, t)| change(p, t.into_bytes(), Method::Replace)));
        changes
    }

    /// SELinux labels of the files that are new.
    fn labels(&mut self) {
        let Some(kind) = &self.system.selinux else { return };
        let root = self.system.sysroot.display().to_string();
        let contexts = self.system.path(&format!("/etc/selinux/{kind}/contexts/files/file_contexts"));
        let mut args = vec!["-F".to_owned()];
        if root != "/" {
            args.extend(["-r".to_owned(), root]);
        }
        args.push(contexts.display().to_string());
        let mut paths: Vec<PathBuf> = Vec::new();
        for step in &self.steps {
            for action in &step.actions {
                if let Action::Change(changes) = action {
                    paths.extend(changes.iter().filter(|c| c.after.is_some()).map(|c| c.path.clone()));
                }
            }
        }
        // setfiles fails at a path that is not there.
        if self.kept_files().iter().any(|(from, to)| from.exists() || to.exists()) {
            paths.push(self.kept_dir());
        }
        paths.push(self.system.path(CONFIG_DIR));
        paths.retain(|p| p.starts_with(&self.system.sysroot) && !p.starts_with("/sys") && self.has_labels(p));
        paths.sort();
        paths.dedup();
        args.extend(paths.iter().map(|p| p.display().to_string()));
        let action = Action::Run(Command::new("setfiles", args));
        self.step("labels", "label the new files for SELinux".into(), vec![action]);
    }

    /// FAT, which /boot is with systemd-boot, keeps no labels, and setfiles fails there.
    fn has_labels(&self, path: &Path) -> bool {
        let holds = |m: &&super::system::Mount| path.starts_with(self.system.path(&m.target));
        let mount = self.system.mounts.iter().filter(holds).max_by_key(|m| m.target.len());
        mount.is_none_or(|m| m.kind != "vfat")
    }

    fn is_pending(&self) -> bool {
        is_pending(self.s)
    }

    /// On the first boot of the layer: nothing makes the initramfs anew any more, so the image's own copy is brought up
    /// to date and booted from.
    fn first_boot(&mut self) -> Result<(), PlanError> {
        let booted =
            self.system.running && self.system.cmdline.value("img.bootid") == Some(self.layer().as_str());
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
            let action =
                Action::RecordContent { volume: base.full_name(), active: base.active, mode: self.mode };
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

/// The original tools take an entry for theirs only if its title has "node" or "rhvh".
fn title(s: &Situation<'_>) -> String {
    let nvr = s.target.layer.nvr.as_str();
    let version = s.template.version().unwrap_or("0");
    let prefix = if nvr.contains("node") || nvr.contains("rhvh") { "" } else { "node " };
    format!("{prefix}{nvr} ({version})")
}

/// Kernel and initramfs of an entry: as it names them, and as they are named where the image keeps them.
fn kept_paths(entry: &BootEntry, layer: &str) -> Vec<(String, String)> {
    let version = entry.version().unwrap_or("0");
    let kept = |name: String| format!("/{layer}/{name}");
    let kernel = entry.kernel().map(|k| (k.to_owned(), kept(format!("vmlinuz-{version}"))));
    let initramfs = entry.initramfs().map(|i| (i.to_owned(), kept(format!("initramfs-{version}.img"))));
    kernel.into_iter().chain(initramfs).collect()
}

/// A change, if it changes anything.
fn change(path: PathBuf, after: Vec<u8>, method: Method) -> Option<Change> {
    let before = content(&path, method);
    (before.as_ref() != Some(&after)).then_some(Change { path, before, after: Some(after), method })
}

fn removal(path: PathBuf, method: Method) -> Option<Change> {
    let before = content(&path, method)?;
    Some(Change { path, before: Some(before), after: None, method })
}

fn content(path: &Path, method: Method) -> Option<Vec<u8>> {
    match method {
        Method::Link => std::fs::read_link(path).ok().map(|to| to.into_os_string().into_encoded_bytes()),
        _ => std::fs::read(path).ok(),
    }
}

/// LVM's profile that extends the pool by a fifth whenever the threshold is passed (the figures of imgbased).
fn profile_text(policy: &Policy) -> String {
    let threshold = policy.pool.autoextend_threshold.unwrap_or(70);
    format!(
        "activation {{\n\tthin_pool_autoextend_threshold={threshold}\n\tthin_pool_autoextend_percent=20\n}}\n"
    )
}

fn unit_text(program: &str) -> String {
    format!(
        "[Unit]\nDescription=Complete the node layout at its first boot\nRequiresMountsFor=/boot\nAfter=local-fs.target\n\n\
         [Service]\nType=oneshot\nExecStart={program} init\n\n[Install]\nWantedBy=multi-user.target\n"
    )
}
