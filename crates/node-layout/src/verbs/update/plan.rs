//! The steps of an update and their order. Nothing that boots names anything of the new image before it is complete; the last
//! write is the boot loader's.

mod boot;

use super::super::node::{Decision, Node, no_room};
use super::super::rollback::bootable;
use super::super::trial::{block_actions, change_tags, has_watchdog, trial_tags};
use super::{AfterUpdate, Making, UpdateRequest, leftovers, mount_point};
use crate::boot::BootError;
use crate::disks::content::Reading;
use crate::disks::pool::PoolDevice;
use crate::disks::{Fstab, RootFs, TAG_BASE, TAG_LAYER, TAG_MAKING};
use crate::files::{Change, Method};
use crate::images::{CONFIRM_WITHIN, ImageState, TrialContent, trial_files};
use crate::machine::{Command, Tools, below};
use crate::plan::{Action, Plan, Step, Steps, Synchronisation};
use crate::system::System;
use node_base::diagnostic::Finding;
use node_base::names::Nvr;
use std::path::{Path, PathBuf};

/// The file by which oVirt's engine sees that the update has succeeded (`ovirt-host-upgrade`); it holds the image's file name.
const MARKER: &str = "/var/imgbased/.image-updated";
/// The directory that dracut writes to, below the work directory.
const DRACUT: &str = "node-layout-image-dracut";
/// The initramfs in it.
const INITRAMFS: &str = "initramfs.img";

/// The directory that dracut writes to.
pub(super) fn scratch(request: &UpdateRequest) -> PathBuf {
    request.image.work_dir.join(DRACUT)
}

/// Decides the steps that make an image.
pub(super) fn plan(
    making: &Making<'_>,
    image: &Path,
    tools: &dyn Tools,
    request: &UpdateRequest,
) -> Result<Plan, BootError> {
    let mut planner = Planner {
        making,
        image,
        request,
        environment: tools.environment(),
        mounted: mount_point(tools, "layer"),
        watchdog: has_watchdog(tools),
        steps: Steps::default(),
    };
    planner.leftovers()?;
    planner.base();
    planner.layer();
    planner.etc();
    planner.mount_points();
    planner.packages();
    planner.layer_names();
    planner.in_layer();
    planner.initramfs();
    planner.labels();
    planner.var();
    planner.boot_files();
    let entries = planner.entry()?;
    planner.complete();
    planner.next_boot(&entries)?;
    Ok(planner.steps.into_plan(request.after == AfterUpdate::Try))
}

struct Planner<'p> {
    making: &'p Making<'p>,
    /// Root of the image's files.
    image: &'p Path,
    request: &'p UpdateRequest,
    environment: &'p Path,
    /// Where the new layer is mounted.
    mounted: PathBuf,
    watchdog: bool,
    steps: Steps,
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

fn mount(kind: &str, options: &str, what: &str, at: &Path) -> Action {
    Action::Run(Command::new("mount", ["-t", kind, "-o", options, what, &text(at)]))
}

fn umount(at: &Path) -> Action {
    Action::Run(Command::new("umount", [text(at)]))
}

fn make_directory(path: &Path) -> Action {
    Action::Run(Command::new("mkdir", ["-p", &text(path)]))
}

impl<'p> Planner<'p> {
    fn node(&self) -> &'p Node<'p> {
        self.making.node
    }

    fn lvm<S: Into<String>>(&self, program: &'static str, args: impl IntoIterator<Item = S>) -> Action {
        Action::Run(self.node().commands().command(program, args))
    }

    /// `VG/LV` of the base.
    fn base_name(&self) -> String {
        format!("{}/{}", self.node().root.vg, self.making.nvr)
    }

    /// `VG/LV` of the layer.
    fn layer_name(&self) -> String {
        format!("{}/{}", self.node().root.vg, self.making.layer())
    }

    fn pool(&self) -> PoolDevice {
        PoolDevice::of(self.making.host.pool)
    }

    fn device(&self, volume: &str) -> String {
        text(&below(self.environment, format!("/dev/{volume}")))
    }

    /// Mounts a new file system for writing. What becomes free goes back to the pool. A time of access that is written takes a chunk
    /// of the pool, which the base had in common with another; so does a table of inodes that ext4 initialises in the background.
    fn mount_volume(&self, volume: &str, at: &Path) -> Action {
        let kind = self.making.host.root_fs;
        let options = match kind {
            RootFs::Ext4 => "rw,nosuid,noatime,discard,noinit_itable",
            RootFs::Xfs => "rw,nosuid,noatime,discard,nouuid",
        };
        mount(&kind.to_string(), options, &self.device(volume), at)
    }

    /// Removes what interrupted updates have left, and the marker of an earlier one.
    fn leftovers(&mut self) -> Result<(), BootError> {
        let node = self.node();
        node.remove_half_written(&mut self.steps);
        let bases = leftovers::bases(node);
        let left = leftovers::entries_without(node, &bases);
        let mut actions: Vec<Action> = Vec::new();
        for base in &bases {
            actions.extend(leftovers::removal(node, base, &left));
        }
        if left.len() < node.boot.entries.len() {
            actions.extend(block_actions(node.boot.loader.renew_fallback(&left)?));
        }
        self.steps.add("remove-leftover", "remove what an interrupted update has left".into(), actions);
        let marker = Change::remove(self.node().system.path(MARKER), Method::Replace);
        let about = format!("remove {MARKER}, which an earlier update has written");
        self.steps.add("remove-marker", about, vec![Action::Change(marker.into_iter().collect())]);
        Ok(())
    }

    /// Makes the base, gives it a UUID and the image's content, and seals it.
    fn base(&mut self) {
        let host = self.making.host;
        let (base, nvr) = (self.base_name(), self.making.nvr.to_string());
        let old = host.base.full_name();
        let fresh = self.making.comparison.fresh;
        let size = format!("{}b", host.base.size.0);
        let pool = host.pool.full_name();
        let common = ["--addtag", TAG_MAKING, "--name", &nvr];
        let create: Vec<&str> = match fresh {
            false => {
                let of = ["--yes", "--snapshot", "--permission", "rw", "--setactivationskip", "y"];
                of.into_iter().chain(common).chain([old.as_str()]).collect()
            }
            // LVM looks for signatures in a new volume, which it must activate for that.
            true => {
                let of = ["--yes", "--type", "thin", "--virtualsize", size.as_str()];
                of.into_iter().chain(common).chain([pool.as_str()]).collect()
            }
        };
        let command = self.node().commands().command("lvcreate", create);
        let from = if fresh { "an empty volume".to_owned() } else { format!("a snapshot of {old}") };
        self.steps.add(
            "create-base",
            format!("make base {base} as {from}"),
            vec![Action::CreateSnapshot { command, pool: self.pool() }],
        );
        let activate = self.lvm("lvchange", ["--activate", "y", "--ignoreactivationskip", &base]);
        let uuid = &self.request.uuids[0];
        let commands = match fresh {
            true => vec![host.root_fs.make(&self.device(&base), uuid)],
            false => host.root_fs.set_uuid(&self.device(&base), uuid, &self.at("base")),
        };
        let mut actions = vec![activate];
        actions.extend(commands.into_iter().map(Action::Run));
        let what = if fresh { "make a file system in" } else { "give the file system its own UUID in" };
        self.steps.add("base-uuid", format!("{what} {base}"), actions);
        let at = self.at("base");
        let trees = Synchronisation {
            from: self.image.to_owned(),
            to: at.clone(),
            difference: self.making.comparison.difference.clone(),
            pool: self.pool(),
        };
        let actions = vec![
            make_directory(&at),
            self.mount_volume(&base, &at),
            Action::Synchronise(Box::new(trees)),
            umount(&at),
            self.lvm("lvchange", ["--activate", "n", &base]),
        ];
        self.steps.add("base-content", format!("give {base} the content of the image"), actions);
        let skip = fresh.then(|| self.lvm("lvchange", ["--setactivationskip", "y", &base]));
        let mut actions: Vec<Action> = skip.into_iter().collect();
        actions.extend([
            self.lvm("lvchange", ["--permission", "r", &base]),
            self.lvm("lvchange", ["--addtag", TAG_BASE, &base]),
            Action::RecordContent(Box::new(Reading::of_new(
                self.environment,
                self.node().commands(),
                &nvr,
                host.pool,
            ))),
        ]);
        self.steps.add("seal-base", format!("make {base} read-only, and record its checksum"), actions);
    }

    fn at(&self, name: &str) -> PathBuf {
        below(self.environment, crate::source::MOUNTS).join(name)
    }

    /// Makes the layer, with a UUID of its own.
    fn layer(&mut self) {
        let (base, layer) = (self.base_name(), self.layer_name());
        let name = self.making.layer().to_string();
        let args = [
            "--yes",
            "--snapshot",
            "--permission",
            "rw",
            "--setactivationskip",
            "n",
            "--addtag",
            TAG_LAYER,
            "--name",
            &name,
            &base,
        ];
        let command = self.node().commands().command("lvcreate", args);
        let about = format!("make layer {layer} as a snapshot of {base}");
        self.steps.add("create-layer", about, vec![Action::CreateSnapshot { command, pool: self.pool() }]);
        let mut actions = vec![self.lvm("lvchange", ["--activate", "y", &layer])];
        let commands =
            self.making.host.root_fs.set_uuid(&self.device(&layer), &self.request.uuids[1], &self.mounted);
        actions.extend(commands.into_iter().map(Action::Run));
        self.steps.add("layer-uuid", format!("give the file system of {layer} its own UUID"), actions);
        let actions = vec![make_directory(&self.mounted), self.mount_volume(&layer, &self.mounted)];
        self.steps.add("mount-layer", format!("mount {layer}"), actions);
    }

    /// Merges /etc of the layer.
    fn etc(&mut self) {
        let merge = &self.making.etc.merge;
        let mut actions = vec![Action::MergeEtc(Box::new(merge.clone()))];
        if !merge.planned.ids.is_empty() {
            let (root, ids) = (self.mounted.clone(), merge.planned.ids.clone());
            actions.push(Action::Renumber { root, ids });
        }
        self.steps.add("layer-etc", "merge /etc of this host and of the image in the layer".into(), actions);
    }

    /// Makes the directories that file systems of this host are mounted on. The paths have no links in them.
    fn mount_points(&mut self) {
        let points = self.making.mount_points;
        if points.is_empty() {
            return;
        }
        let names: Vec<String> = points.iter().map(|path| format!("/{}", path.display())).collect();
        let about = format!("make the mount points of fstab that the image lacks: {}", names.join(", "));
        let actions = points.iter().map(|path| make_directory(&self.mounted.join(path))).collect();
        self.steps.add("mount-points", about, actions);
    }

    /// Installs packages of this host. Their users have the numbers of this host by then, and their files in /etc are those of this host.
    fn packages(&mut self) {
        let Some(packages) = self.making.packages else { return };
        let mut actions = packages.actions();
        actions.push(Action::RestoreEtc(Box::new(self.making.etc.merge.clone())));
        self.steps.add("packages", packages.about(), actions);
    }

    /// Lets /etc of the layer name the new layer, and adds the units of the trial.
    fn layer_names(&mut self) {
        let node = self.node();
        let system = node.system;
        let layer = self.making.layer();
        let mut changes: Vec<Change> = Vec::new();
        let mut fstab = Fstab::parse(&self.making.etc.text("fstab"));
        fstab.set_source("/", &format!("/dev/{}", self.layer_name()));
        if let Ok(Some(file)) = &system.fstab {
            changes.push(Change {
                path: file.path.clone(),
                before: Some(file.text.clone().into_bytes()),
                after: Some(fstab.text().into_bytes()),
                method: Method::Replace,
                like: None,
            });
        }
        // Arguments that boot something else stay.
        let turn = |kept: &node_base::cmdline::Arguments| match kept.value("root") {
            Some(_) => node.turned(kept, &layer).unwrap_or_else(|| kept.clone()),
            None => node.target(&layer).map_or_else(|| kept.clone(), |target| target.kept_arguments(kept)),
        };
        changes.extend(node.boot.kept_argument_changes(&turn).into_iter().map(|change| self.merged(change)));
        for change in &mut changes {
            if let Ok(inside) = change.path.strip_prefix(&system.sysroot) {
                change.path = self.mounted.join(inside);
            }
        }
        self.steps.add(
            "layer-names",
            "name the new layer in its fstab and its kept kernel arguments".into(),
            vec![Action::Change(changes)],
        );
        if self.request.after != AfterUpdate::Default
            && let Some(program) = self.making.contents.program
        {
            let write = |file: crate::images::TrialFile| {
                let (content, method) = match file.content {
                    TrialContent::Text(text) => (text, Method::Replace),
                    TrialContent::Link(to) => (to, Method::Link),
                };
                // A link of /etc is the same in the layer.
                let inside = system.path(&file.path);
                let path = self.mounted.join(inside.strip_prefix(&system.sysroot).unwrap_or(&inside));
                Change { path, before: None, after: Some(content.into_bytes()), method, like: None }
            };
            let changes = trial_files(program, CONFIRM_WITHIN).into_iter().map(write).collect();
            self.steps.add(
                "trial-units",
                "add the units that confirm or end the trial".into(),
                vec![Action::Change(changes)],
            );
        }
    }

    /// A change of a file of this host's /etc, made in the merged file.
    fn merged(&self, change: Change) -> Change {
        let Ok(path) = change.path.strip_prefix(self.node().system.path("/etc")) else { return change };
        let Some((before, after)) = change.before.as_ref().zip(change.after.as_ref()) else { return change };
        let after = self.making.etc.changed(path, before, after);
        Change { after: Some(after), ..change }
    }

    /// Makes files anew that others are the sources of, and checks the settings, with the layer's own programs.
    fn in_layer(&mut self) {
        let etc = self.making.etc;
        let chroot = |command: &Vec<String>| {
            let args = [text(&self.mounted)].into_iter().chain(command.iter().cloned());
            Command::new("chroot", args)
        };
        // Where one fails the image's file stays.
        let generated = etc.generated.iter().map(|c| Action::Run(chroot(c).also_ok(&[1, 2, 3, 4, 5, 255])));
        let (generated, checks): (Vec<_>, Vec<_>) =
            (generated.collect(), etc.checks.iter().map(|c| Action::Run(chroot(c))).collect());
        if self.making.contents.mounts.is_empty() {
            return;
        }
        // OpenSSH of Debian wants it.
        let sshd = make_directory(&below(&self.mounted, "/run/sshd"));
        for (name, about, commands) in [
            ("generated-files", "make files anew that are made from others", generated),
            ("checks", "check the settings in the layer", checks),
        ] {
            if commands.is_empty() {
                continue;
            }
            let (mut actions, ends) = self.mounts(|at| mount("tmpfs", "nosuid,nodev,mode=0755", "tmpfs", at));
            actions.push(sshd.clone());
            actions.extend(commands);
            actions.extend(ends);
            self.steps.add(name, about.to_owned(), actions);
        }
    }

    /// The actions that mount what programs need in the layer, and those that unmount it. `run` mounts /run.
    fn mounts(&self, run: impl Fn(&Path) -> Action) -> (Vec<Action>, Vec<Action>) {
        let mut actions = Vec::new();
        let mut ends = Vec::new();
        for path in &self.making.contents.mounts {
            let at = below(&self.mounted, path);
            actions.push(match *path {
                "/proc" => mount("proc", "nosuid,noexec,nodev", "proc", &at),
                "/sys" => mount("sysfs", "nosuid,noexec,nodev,ro", "sysfs", &at),
                "/run" => run(&at),
                _ => Action::Run(Command::new(
                    "mount",
                    ["--bind", &text(&below(self.environment, path)), &text(&at)],
                )),
            });
            ends.insert(0, umount(&at));
        }
        (actions, ends)
    }

    /// Makes an initramfs by the layer's own dracut. What it needs of this host is mounted in the layer meanwhile; what it
    /// writes is outside of it, so that nothing of that stays in the pool.
    fn initramfs(&mut self) {
        let Some(dracut) = self.making.contents.dracut else { return };
        let scratch = scratch(self.request);
        let bind = |at: &Path| Action::Run(Command::new("mount", ["--bind", &text(&scratch), &text(at)]));
        let (mounts, ends) = self.mounts(bind);
        let mut actions = vec![make_directory(&scratch)];
        actions.extend(mounts);
        let version = &self.making.contents.version;
        let initramfs = format!("/run/{INITRAMFS}");
        let args = [
            &text(&self.mounted),
            dracut,
            "--force",
            "--no-hostonly",
            "--no-hostonly-cmdline",
            "--tmpdir",
            "/run",
            &initramfs,
            version,
        ];
        actions.push(Action::Run(Command::new("chroot", args.iter().map(|a| (*a).to_owned()))));
        actions.extend(ends);
        self.steps.add("initramfs", format!("make an initramfs for kernel {version}"), actions);
    }

    /// Labels what is new in the layer; everything if the image has no labels.
    fn labels(&mut self) {
        let Some(kind) = &self.node().system.selinux else { return };
        let contexts = self.mounted.join(format!("etc/selinux/{kind}/contexts/files/file_contexts"));
        let setfiles = |options: &[&str], what: &Path| {
            let from = [text(&self.mounted), text(&contexts), text(what)];
            let options = options.iter().chain(&["-r"]).map(|option| (*option).to_owned());
            Action::Run(Command::new("setfiles", options.chain(from)))
        };
        let mount_points =
            self.making.mount_points.iter().map(|path| setfiles(&[], &self.mounted.join(path)));
        let actions = match (self.making.contents.is_labelled, self.making.packages) {
            (false, _) => vec![setfiles(&["-F"], &self.mounted)],
            (true, None) => {
                [setfiles(&["-F"], &self.mounted.join("etc"))].into_iter().chain(mount_points).collect()
            }
            // In the layer a package manager knows no policy. What the image has labelled in its own way stays.
            (true, Some(_)) => {
                vec![setfiles(&["-F"], &self.mounted.join("etc")), setfiles(&[], &self.mounted)]
            }
        };
        self.steps.add("labels", "label the files of the layer for SELinux".into(), actions);
    }

    /// Writes down what the layer adds to /var when it is confirmed.
    fn var(&mut self) {
        let Some(record) = self.making.var else { return };
        if record.planned.is_empty() && !record.to.exists() && self.making.packages.is_none() {
            return;
        }
        let about = "write down what is added to /var when the image is confirmed".to_owned();
        self.steps.add("layer-var", about, vec![Action::RecordVar(Box::new(record.clone()))]);
    }
}

/// The step that tells the engine of an armed image; `None` if it knows already.
pub(super) fn marker(system: &System, image: &Path) -> Option<Step> {
    let name = image.file_name().unwrap_or_default().to_string_lossy();
    let change = Change::write(system.path(MARKER), format!("{name}\n").into_bytes(), Method::Replace)?;
    let about = format!("tell the engine: write {MARKER}");
    Some(Step { name: "marker", about, actions: vec![Action::Change(vec![change])] })
}

/// Decides the steps that make a complete image the default without a trial, by the operator's word.
pub(super) fn make_default(node: &Node<'_>, nvr: &Nvr) -> Result<Decision, Vec<Finding>> {
    let image = node.image(nvr).cloned();
    let Some((image, base)) = image.zip(node.base(nvr)) else { return Err(Vec::new()) };
    let (layer, entry, _) = bootable(node, &image)?;
    let mut steps = Steps::default();
    let changes = node.make_default(&entry.id, &layer).map_err(|error| vec![no_room(&error)])?;
    steps.add("default", format!("make {layer} the default"), block_actions(changes));
    let plain = super::super::confirm::plain_entries(node, &layer);
    steps.add(
        "plain-arguments",
        "remove the kernel arguments of the trial".into(),
        vec![Action::Change(plain)],
    );
    let good = change_tags(node, base, trial_tags(base), []);
    steps.add("good", format!("mark {nvr} as good"), good.into_iter().collect());
    let was = if image.state == ImageState::Failed { " although its trial failed" } else { "" };
    Ok(Decision {
        plan: steps.into_plan(false),
        result: "updated",
        message: format!("image {nvr} is the default from the next boot on{was}"),
        findings: Vec::new(),
    })
}
