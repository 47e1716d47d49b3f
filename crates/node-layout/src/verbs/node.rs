//! What the verbs about images start from: LVM, the boot configuration, the layer that root is, the states of all images.

use crate::boot::{BootConfig, BootError, Target, TrialFate};
use crate::disks::{LogicalVolume, Lvm, LvmCommands, LvmError, TAG_INIT};
use crate::files::{Change, Files, Method};
use crate::images::trial::{image_of_entry, is_base, layer_of_entry};
use crate::images::{ImageState, ImageStatus, kept, states};
use crate::machine::Tools;
use crate::plan::{Action, Plan, Steps, Undo, Undone};
use crate::system::System;
use node_base::boot_entry::BootEntry;
use node_base::cmdline::Arguments;
use node_base::diagnostic::{Finding, layout};
use node_base::names::{Layer, Nvr};
use std::path::PathBuf;

/// What a verb has decided: the steps, and what is said when they are done.
#[derive(Debug)]
pub struct Decision {
    /// The steps. None if there is nothing to do.
    pub plan: Plan,
    /// The result as a stable word, for programs.
    pub result: &'static str,
    /// The result as a sentence, for people.
    pub message: String,
    /// Findings that do not keep the verb from its work.
    pub findings: Vec<Finding>,
}

/// The way back of verbs whose every step leaves a machine that boots: nothing is taken back, and the next run completes it.
#[derive(Clone, Copy, Debug)]
pub struct Resume;

impl Undo for Resume {
    fn undo(&self, _: &dyn Tools, _: &[Change]) -> Undone {
        Undone { kept: Some("the machine boots in its present state"), ..Undone::default() }
    }

    fn advice(&self) -> &'static str {
        "Run it again to complete it"
    }
}

/// A system whose root is a layer.
#[derive(Clone, Debug)]
pub(crate) struct Node<'a> {
    pub(crate) system: &'a System,
    pub(crate) lvm: &'a Lvm,
    pub(crate) boot: &'a BootConfig,
    /// Root's volume.
    pub(crate) root: &'a LogicalVolume,
    /// The layer that it is.
    pub(crate) layer: Layer,
    /// All images, oldest first.
    pub(crate) images: Vec<ImageStatus>,
}

impl<'a> Node<'a> {
    /// The node that a system is.
    ///
    /// # Errors
    /// Why it is none, or why that cannot be told.
    pub(crate) fn of(system: &'a System) -> Result<Node<'a>, Vec<Finding>> {
        let lvm = system.lvm.as_ref().map_err(|error| vec![lvm_unreadable(error)])?;
        let root = system.root_volume();
        let layer = root.and_then(|root| Some((root, Layer::parse(&root.name)?)));
        let (root, layer) = layer.ok_or_else(|| {
            let message = match root {
                Some(root) => format!("/ is on {}: there is no layer yet", root.full_name()),
                None => "/ is not on a logical volume: this is not a node".to_owned(),
            };
            let help = "node-layout init makes a layer of a system whose / is on a thin volume";
            vec![Finding::new(&layout::NOT_INITIALISED, message).help(help)]
        })?;
        let boot = system.boot.as_ref().map_err(|error| {
            let message = format!("the boot configuration cannot be used: {error}");
            let help = "correct or restore the file that is named, then run this again";
            vec![Finding::new(&layout::BOOT_CONFIG, message).help(help)]
        })?;
        Ok(Node { system, lvm, boot, root, layer, images: states(system, lvm) })
    }

    /// LVM's commands.
    pub(crate) fn commands(&self) -> LvmCommands {
        LvmCommands { monitor: self.system.running }
    }

    /// An image by its name.
    pub(crate) fn image(&self, nvr: &Nvr) -> Option<&ImageStatus> {
        self.images.iter().find(|i| i.nvr == *nvr)
    }

    /// The image that root is a layer of.
    pub(crate) fn own_image(&self) -> Option<&ImageStatus> {
        self.image(&self.layer.nvr)
    }

    /// An image by the name that somebody has given.
    ///
    /// # Errors
    /// There is none of that name.
    pub(crate) fn named(&self, name: &str) -> Result<&ImageStatus, Vec<Finding>> {
        // The name of a layer means its image.
        let nvr = Layer::parse(name).map(|l| l.nvr).or_else(|| Nvr::parse(name).ok());
        nvr.and_then(|nvr| self.image(&nvr)).ok_or_else(|| {
            let name = node_base::harmless::excerpt(name);
            let known: Vec<&str> = self.images.iter().map(|i| i.nvr.as_str()).collect();
            let message = match known.is_empty() {
                true => format!("there is no image {name}"),
                false => format!("there is no image {name}; there are {}", known.join(", ")),
            };
            vec![Finding::new(&layout::IMAGE_UNKNOWN, message).help("node-layout list shows the images")]
        })
    }

    /// The base of an image.
    pub(crate) fn base(&self, nvr: &Nvr) -> Option<&'a LogicalVolume> {
        self.lvm.volume(&self.root.vg, nvr.as_str()).filter(|v| is_base(v))
    }

    /// The layers of an image in root's pool, oldest first.
    pub(crate) fn layers(&self, nvr: &Nvr) -> Vec<(Layer, &'a LogicalVolume)> {
        let volumes = self.lvm.volumes.iter().filter(|v| v.vg == self.root.vg && v.pool == self.root.pool);
        let mut layers: Vec<_> =
            volumes.filter_map(|v| Some((Layer::parse(&v.name).filter(|l| l.nvr == *nvr)?, v))).collect();
        layers.sort_by(|a, b| a.0.cmp(&b.0));
        layers
    }

    /// The layer that boots by default.
    pub(crate) fn default_layer(&self) -> Option<Layer> {
        layer_of_entry(self.boot, self.boot.default_entry()?)
    }

    /// The entries of a layer, those that are named after it first, each kind with the newest kernel first. No rescue entries.
    pub(crate) fn entries(&self, layer: &Layer) -> Vec<&'a BootEntry> {
        let of_layer =
            |e: &&BootEntry| !e.is_rescue() && image_of_entry(self.boot, &e.id).as_ref() == Some(layer);
        let mut entries: Vec<&BootEntry> = self.boot.entries.iter().filter(of_layer).collect();
        let prefix = format!("{layer}-");
        entries.sort_by_key(|e| !e.id.starts_with(&prefix));
        entries
    }

    /// Whether an entry boots this volume. One that names root by the UUID or the label of another layer's file system is taken at
    /// its word: that file system is not mounted.
    pub(crate) fn boots(&self, entry: &BootEntry, volume: &LogicalVolume) -> bool {
        let arguments = self.boot.arguments(entry);
        let Some(root) = arguments.value("root") else { return false };
        let own = self.system.root_super.as_ref().is_some_and(|s| root == format!("UUID={}", s.uuid));
        match self.lvm.by_path(root) {
            Some(named) => named.uuid == volume.uuid,
            None if own => volume.uuid == self.root.uuid,
            None => !root.starts_with("/dev/"),
        }
    }

    /// Why the boot loader would not list the entry `id` beside `entries`, as a sentence; `None` if it does.
    pub(crate) fn hidden(&self, entries: &[BootEntry], id: &str) -> Option<String> {
        let other = self.boot.loader.hidden_by(entries, id)?;
        Some(format!("GRUB takes {id}.conf and {other}.conf for the same entry, and lists only one of them"))
    }

    /// What an entry lacks on /boot: paths of files that it names and that do not exist.
    pub(crate) fn missing_files(&self, entry: &BootEntry) -> Vec<String> {
        let files = self.boot.files(entry).into_iter().filter(|file| !file.exists());
        files.map(|file| file.display().to_string()).collect()
    }

    /// Adds the step that removes boot entries that an interrupted run has left half-written.
    pub(crate) fn remove_half_written(&self, steps: &mut Steps) {
        remove_half_written(kept::half_written_entries(self.boot), steps);
    }

    /// Whether an image is confirmed.
    pub(crate) fn is_good(&self, nvr: &Nvr) -> bool {
        self.image(nvr).is_some_and(|i| i.state == ImageState::Good)
    }

    /// Kernel arguments that boot a layer of this volume group, or the root that imgbased has made its first base of, changed so
    /// that they boot `layer`; `None` if they boot something else.
    pub(crate) fn turned(&self, arguments: &Arguments, layer: &Layer) -> Option<Arguments> {
        let vg = &self.root.vg;
        let is_root = |v: &&LogicalVolume| Layer::parse(&v.name).is_some() || v.has_tag(TAG_INIT);
        let named = |path: &str| self.lvm.by_path(path).filter(|v| v.vg == *vg).filter(is_root);
        let root_uuid = self.system.root_super.as_ref()?.uuid.clone();
        let root = arguments.value("root")?;
        let own = root.strip_prefix("UUID=").is_some_and(|uuid| uuid == root_uuid);
        let now = named(root).or_else(|| own.then_some(self.root))?;
        Some(self.target_from(now, layer)?.kept_arguments(arguments))
    }

    /// What turns kernel arguments of the running layer into those of `layer`; `None` if a UUID is not known.
    pub(crate) fn target(&self, layer: &Layer) -> Option<Target> {
        self.target_from(self.root, layer)
    }

    fn target_from(&self, now: &LogicalVolume, layer: &Layer) -> Option<Target> {
        Some(Target {
            vg: self.root.vg.clone(),
            old: now.name.clone(),
            layer: layer.clone(),
            root_uuid: self.system.root_super.as_ref()?.uuid.clone(),
            root_label: String::new(),
            boot_uuid: self.system.boot_super.as_ref()?.uuid.clone(),
        })
    }

    /// The changes that make an entry of `layer` the default, and end a trial.
    ///
    /// # Errors
    /// [`BootError::Full`]: GRUB's block has no room for it.
    pub(crate) fn make_default(&self, id: &str, layer: &Layer) -> Result<Vec<Change>, BootError> {
        self.default_and_trial(id, layer, TrialFate::Ends)
    }

    /// The same, and a trial goes on; `entries` are those that there are by then.
    ///
    /// # Errors
    /// [`BootError::Full`]: GRUB's block has no room for it.
    pub(crate) fn make_default_beside_trial(
        &self,
        id: &str,
        layer: &Layer,
        entries: &[BootEntry],
    ) -> Result<Vec<Change>, BootError> {
        self.default_and_trial(id, layer, TrialFate::GoesOn(entries))
    }

    fn default_and_trial(
        &self,
        id: &str,
        layer: &Layer,
        trial: TrialFate<'_>,
    ) -> Result<Vec<Change>, BootError> {
        self.boot.loader.make_default(&self.boot.root, id, &|kept| self.turned(kept, layer), trial)
    }

    /// The boot configuration as it is after steps: what is decided next starts from it.
    ///
    /// # Errors
    /// It could not be used.
    pub(crate) fn boot_after(&self, steps: &Steps, tools: &dyn Tools) -> Result<BootConfig, Vec<Finding>> {
        let changes = steps.actions().filter_map(|action| match action {
            Action::Change(changes) => Some(changes),
            _ => None,
        });
        let environment = self.system.running.then(|| tools.environment());
        BootConfig::read(&self.system.sysroot, environment, &Files::after(changes.flatten())).map_err(
            |error| {
                let message = format!("the boot configuration could not be used afterwards: {error}");
                vec![
                    Finding::new(&layout::BOOT_CONFIG, message).help("nothing was changed; correct the file"),
                ]
            },
        )
    }
}

/// Adds the step that removes what an interrupted run has left under temporary names on /boot.
pub(crate) fn remove_half_written(paths: impl IntoIterator<Item = PathBuf>, steps: &mut Steps) {
    // Their content is not worth taking back.
    let removal =
        |path| Change { path, before: None, after: None, method: Method::ReplaceForBoot, like: None };
    let (directories, files): (Vec<_>, Vec<_>) = paths.into_iter().partition(|path| path.is_dir());
    let mut actions = vec![Action::Change(files.into_iter().map(removal).collect())];
    actions.extend(directories.into_iter().map(Action::RemoveDirectory));
    let about = "remove the files that an interrupted run has left on /boot".into();
    steps.add("remove-half-written", about, actions);
}

/// The finding about LVM's report.
pub(crate) fn lvm_unreadable(error: &LvmError) -> Finding {
    let help = "run as root, while no other program holds LVM's lock";
    Finding::new(&layout::LVM_UNREADABLE, format!("LVM cannot be read: {error}")).help(help)
}

/// The finding about a boot configuration that has no room.
pub(crate) fn no_room(error: &BootError) -> Finding {
    Finding::new(&layout::BOOT_CONFIG, error.to_string())
        .help("shorten the kernel arguments that are kept there")
}
