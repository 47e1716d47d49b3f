//! `remove`: an image that is not needed any more goes: its boot entries, its files on /boot, its volumes.

use super::fail;
use super::node::{Decision, Node};
use super::trial::block_actions;
use super::var;
use crate::boot::BootConfig;
use crate::disks::pool::Removal;
use crate::etc::CONFLICTS;
use crate::files::{Change, Method};
use crate::images::trial::image_of_entry;
use crate::images::{ImageState, kept};
use crate::plan::{Action, Steps};
use crate::system::System;
use node_base::boot_entry::BootEntry;
use node_base::diagnostic::{Finding, layout};
use node_base::names::{Layer, Nvr};
use std::collections::BTreeSet;

/// Decides the steps that remove the image `name`.
///
/// # Errors
/// The findings that keep it from its work.
pub fn remove(system: &System, name: &str) -> Result<Decision, Vec<Finding>> {
    let node = Node::of(system)?;
    let nvr = node.named(name)?.nvr.clone();
    let mut steps = Steps::default();
    self::steps(&node, &nvr, &mut steps)?;
    node.remove_half_written(&mut steps);
    let message = format!("image {nvr} is removed");
    Ok(Decision { plan: steps.into_plan(false), result: "removed", message, findings: Vec::new() })
}

/// Why an image must stay; `None` if it can go.
fn in_use(node: &Node<'_>, nvr: &Nvr) -> Option<Finding> {
    let refused = |why: String, help: &str| {
        Some(Finding::new(&layout::IMAGE_IN_USE, format!("image {nvr} {why}")).help(help))
    };
    if node.layer.nvr == *nvr {
        return refused(format!("is the running one (/ is {})", node.layer), "boot another image first");
    }
    if node.default_layer().is_some_and(|l| l.nvr == *nvr) {
        return refused(
            "is the default".into(),
            "make another one the default first: node-layout rollback --to",
        );
    }
    match node.image(nvr)?.state {
        ImageState::Armed => {
            return refused(
                "is armed: the next boot tries it".into(),
                &format!("node-layout rollback --to {} ends the trial before it begins", node.layer.nvr),
            );
        }
        ImageState::Making => {
            return refused(
                "is being made".into(),
                "node-layout update completes it, or removes what is left of it",
            );
        }
        _ => {}
    }
    let is_other_good = |i: &&crate::images::ImageStatus| i.state == ImageState::Good && i.nvr != *nvr;
    if node.is_good(nvr) && !node.images.iter().any(|i| is_other_good(&i)) {
        return refused("is the only confirmed one".into(), "confirm another image first");
    }
    let devices: Vec<_> = volumes(node, nvr).iter().filter_map(|v| v.device).collect();
    let mounted = node.system.mounts.iter().find(|m| devices.contains(&m.device));
    let mounted = mounted.map(|m| m.target.clone())?;
    refused(format!("is mounted at {mounted}"), "unmount it first")
}

/// The volumes of an image, its base last: as long as that exists, the image is there.
fn volumes<'a>(node: &Node<'a>, nvr: &Nvr) -> Vec<&'a crate::disks::LogicalVolume> {
    node.layers(nvr).into_iter().map(|(_, v)| v).chain(node.base(nvr)).collect()
}

/// Adds the steps that remove an image. Entries go first, so that none names what is gone; then files, then volumes.
///
/// # Errors
/// Why the image must stay.
pub(super) fn steps(node: &Node<'_>, nvr: &Nvr, steps: &mut Steps) -> Result<(), Vec<Finding>> {
    if let Some(finding) = in_use(node, nvr) {
        return Err(vec![finding]);
    }
    let boot = node.boot;
    let of_image = |e: &&BootEntry| image_of_entry(boot, &e.id).is_some_and(|l| l.nvr == *nvr);
    let (rescue, gone): (Vec<&BootEntry>, Vec<&BootEntry>) =
        boot.entries.iter().filter(of_image).partition(|e| e.is_rescue());
    let mut changes: Vec<Change> = rescue.iter().filter_map(|e| rescue_of(node, e)).collect();
    changes
        .extend(gone.iter().filter_map(|e| Change::remove(boot.entry_path(&e.id), Method::ReplaceForBoot)));
    let ids: BTreeSet<&str> = gone.iter().map(|e| e.id.as_str()).collect();
    let left: Vec<BootEntry> =
        boot.entries.iter().filter(|e| !ids.contains(e.id.as_str())).cloned().collect();
    let mut actions = vec![Action::Change(changes)];
    // An index into the list of entries is another one now. (It cannot fail for want of room: it gets no longer.)
    actions.extend(block_actions(boot.loader.renew_fallback(&left).unwrap_or_default()));
    steps.add("remove-entries", format!("remove the boot entries of {nvr}"), actions);
    let layers = node.layers(nvr);
    let mut actions: Vec<Action> = layers.iter().flat_map(|(layer, _)| files(boot, layer, &left)).collect();
    let log = Change::remove(fail::log(node.system, nvr), Method::Replace);
    actions.push(Action::Change(log.into_iter().collect()));
    let conflicts = node.system.path(CONFLICTS).join(nvr.as_str());
    actions.push(Action::Change(
        Change::remove(var::record(node.system, nvr), Method::Replace).into_iter().collect(),
    ));
    actions.extend(conflicts.is_dir().then_some(Action::RemoveDirectory(conflicts)));
    steps.add("remove-files", format!("remove the kernels and initramfs of {nvr}"), actions);
    let removals = volumes(node, nvr).into_iter().map(|v| Action::RemoveVolume(Removal::of(v)));
    steps.add("remove-volumes", format!("remove the volumes of {nvr}"), removals.collect());
    Ok(())
}

/// The change that lets a rescue entry boot the running layer: it is one for all images.
fn rescue_of(node: &Node<'_>, entry: &BootEntry) -> Option<Change> {
    let arguments = node.turned(&entry.options(), &node.layer)?;
    let mut new = entry.clone();
    new.set("options", &arguments.to_string());
    Change::write(node.boot.entry_path(&entry.id), new.text().into_bytes(), Method::ReplaceForBoot)
}

/// The actions that remove what is kept on /boot for a layer. What one of the entries `left` boots stays, and so does what is
/// not a kernel or an initramfs.
fn files(boot: &BootConfig, layer: &Layer, left: &[BootEntry]) -> Vec<Action> {
    let directory = boot.file(&layer.to_string());
    if !directory.is_dir() {
        return Vec::new();
    }
    let (made, whole) = kept::made(boot, left, &layer.to_string());
    if whole {
        return vec![Action::RemoveDirectory(directory)];
    }
    let removals = made.into_iter().filter_map(|path| Change::remove(path, Method::ReplaceForBoot));
    vec![Action::Change(removals.collect())]
}
