//! `verify --repair`: what is ours and was left by a trial, or changed by another program, is mended.

use super::images::{copies, fallback, foreign_kernels, stale, with_another_root, without_trial_arguments};
use crate::boot::{TrialArguments, TrialStage};
use crate::disks::TAG_INIT;
use crate::files::{Change, Method};
use crate::images::trial::{image_of_entry, layer_of_id};
use crate::images::{ImageState, kept};
use crate::machine::Tools;
use crate::plan::{Action, Steps};
use crate::system::System;
use crate::verbs::confirm::plain_entries;
use crate::verbs::node::{Decision, Node, no_room};
use crate::verbs::rollback::bootable;
use crate::verbs::trial::{block_actions, devices, has_watchdog, record_failure};
use node_base::boot_entry::BootEntry;
use node_base::cmdline::Arguments;
use node_base::diagnostic::{Finding, layout};
use node_base::names::Layer;
use std::collections::BTreeSet;

/// Decides the steps.
///
/// # Errors
/// The findings that keep it from its work.
pub fn repair(system: &System, tools: &dyn Tools) -> Result<Decision, Vec<Finding>> {
    let node = Node::of(system)?;
    let mut steps = Steps::default();
    let full = |error| vec![no_room(&error)];
    if let Some(change) = node.boot.loader.mend(&devices(system, tools)) {
        let about = format!("put {} where GRUB looks for it", change.path.display());
        steps.add(
            "boot-block",
            about,
            vec![Action::FlushJournal(node.boot.root.clone()), Action::Change(vec![change])],
        );
        // What it holds is decided from where it is then.
        return Ok(decided(steps));
    }
    if stale(&node).is_some() {
        let consumed = node.boot.loader.trial().is_some_and(|t| t.stage == TrialStage::Consumed);
        let is_fallback = !consumed && !fallback(&node).is_empty();
        let changes = match is_fallback {
            true => fallback(&node),
            false => node.boot.loader.disarm().map_err(full)?,
        };
        let actions = record_failure(&node, None).into_iter().chain(block_actions(changes)).collect();
        steps.add("end-trial", "let the boot loader forget what a trial has left".into(), actions);
    }
    // The same block may just have been written.
    let boot = node.boot_after(&steps, tools)?;
    if let Some((_, changes)) = boot.loader.counter(&boot.entries).map_err(full)? {
        let about = "let GRUB boot the default, not what its own counter of boots says".into();
        steps.add("boot-counter", about, block_actions(changes));
    }
    steps.add(
        "entries",
        "let entries boot the layer that they are named after".into(),
        entry_actions(&node, tools),
    );
    for image in node.images.iter().filter(|i| node.is_good(&i.nvr)) {
        let plain =
            node.layers(&image.nvr).iter().flat_map(|(layer, _)| plain_entries(&node, layer)).collect();
        let about = format!("remove the kernel arguments of the trial of {}", image.nvr);
        steps.add("plain-arguments", about, vec![Action::Change(plain)]);
    }
    let kept = node.boot.kept_argument_changes(&|kept| match names_installation(&node, kept) {
        true => node.turned(kept, &node.layer).unwrap_or_else(|| kept.clone()),
        false => kept.clone(),
    });
    let is_other = |change: &Change| {
        let [before, after] = change.texts();
        before.trim_end() != after.trim_end()
    };
    let about = "let the arguments that are kept for the next kernel boot the layer".to_owned();
    let kept = kept.into_iter().filter(is_other).collect();
    steps.add("kept-arguments", about, vec![Action::Change(kept)]);
    let kernels: Vec<String> = foreign_kernels(&node).iter().map(|e| e.id.clone()).collect();
    for id in kernels {
        let boot = node.boot_after(&steps, tools)?;
        let node = Node { boot: &boot, ..node.clone() };
        if let Some(entry) = boot.entry(&id) {
            keep_kernel(&node, entry, &mut steps)?;
        }
    }
    Ok(decided(steps))
}

/// Whether kernel arguments boot the installer's root. imgbased leaves them so in `/etc/kernel/cmdline`.
fn names_installation(node: &Node<'_>, arguments: &Arguments) -> bool {
    let root = arguments.value("root").and_then(|root| node.lvm.by_path(root));
    root.is_some_and(|root| root.vg == node.root.vg && root.has_tag(TAG_INIT))
}

fn decided(steps: Steps) -> Decision {
    let plan = steps.into_plan(false);
    let (result, message) = match plan.steps.is_empty() {
        true => ("nothing-to-repair", "nothing to repair".to_owned()),
        false => ("repaired", "repaired".to_owned()),
    };
    Decision { plan, result, message, findings: Vec::new() }
}

/// Corrects entries with the root of another layer, gives the entry on trial its arguments again, and removes entries of layers
/// whose volume is gone: their names are ours.
fn entry_actions(node: &Node<'_>, tools: &dyn Tools) -> Vec<Action> {
    let mut changes = Vec::new();
    let wrong = with_another_root(node);
    let mut options: Vec<(&BootEntry, Arguments)> = wrong
        .into_iter()
        .filter_map(|(entry, layer)| Some((entry, node.turned(&entry.options(), &layer)?)))
        .collect();
    if let Some(entry) = without_trial_arguments(node)
        && let Some(layer) = image_of_entry(node.boot, &entry.id)
    {
        let trial = TrialArguments { nvr: layer.nvr, watchdog: has_watchdog(tools) };
        match options.iter_mut().find(|(of, _)| of.id == entry.id) {
            Some((_, arguments)) => *arguments = trial.added(arguments),
            None => options.push((entry, trial.added(&entry.options()))),
        }
    }
    for (entry, arguments) in options {
        let mut new = entry.clone();
        new.set("options", &arguments.to_string());
        let path = node.boot.entry_path(&entry.id);
        changes.extend(Change::write(path, new.text().into_bytes(), Method::ReplaceForBoot));
    }
    let default = node.boot.default_entry().map(|e| e.id.as_str());
    for entry in &node.boot.entries {
        let Some(layer) = layer_of_id(&entry.id) else { continue };
        let is_ours = node.boot.arguments(entry).value("img.bootid") == Some(&layer.to_string());
        let is_gone = node.lvm.volume(&node.root.vg, &layer.to_string()).is_none();
        if is_ours && is_gone && default != Some(entry.id.as_str()) {
            changes.extend(Change::remove(node.boot.entry_path(&entry.id), Method::ReplaceForBoot));
        }
    }
    vec![Action::Change(changes)]
}

/// Keeps the kernel of an entry for the running layer, with an entry of the layer. If the entry is the default, the layer's is
/// from then on, unless the image is on trial.
///
/// # Errors
/// GRUB's block has no room for the default.
pub(crate) fn keep_kernel(node: &Node<'_>, entry: &BootEntry, steps: &mut Steps) -> Result<(), Vec<Finding>> {
    let layer = &node.layer;
    let version = entry.version().unwrap_or("0");
    let copies = copies(node, entry, layer);
    let missing =
        copies.iter().all(|(_, to)| to.file_name().is_none_or(|n| n.to_string_lossy().starts_with('.')));
    if missing {
        let message = format!("{}.conf names no kernel that can be kept for {layer}", entry.id);
        return Err(vec![
            Finding::new(&layout::BOOT_ENTRY, message).help("install the kernel again, or remove the entry"),
        ]);
    }
    let mut new = entry.clone();
    new.id = format!("{layer}-{version}");
    new.set("title", &kept::title(&layer.nvr, version));
    if new.get("id").is_some() {
        let id = new.id.clone();
        new.set("id", &id);
    }
    // Variables of the boot loader are one for all images; the entry of a layer has its own arguments.
    let arguments = node.boot.arguments(entry);
    let arguments = node.turned(&arguments, layer).unwrap_or(arguments);
    new.set("options", &arguments.to_string());
    for pair in kept::pairs(entry, &layer.to_string()) {
        if let Some(key) = pair.key {
            new.replace_word(key, &pair.own, &pair.kept);
        }
    }
    let like = node.boot.entry_path(&entry.id);
    let change =
        Change::write(node.boot.entry_path(&new.id), new.text().into_bytes(), Method::ReplaceForBoot);
    let mut actions = vec![Action::FlushJournal(node.boot.root.clone()), Action::Copy(copies)];
    actions.push(Action::Change(change.map(|c| c.like(like)).into_iter().collect()));
    let ids: BTreeSet<&str> = node.boot.entries.iter().map(|e| e.id.as_str()).collect();
    let mut entries = node.boot.entries.clone();
    if !ids.contains(new.id.as_str()) {
        entries.push(new.clone());
    }
    let is_default = node.boot.default_entry().is_some_and(|d| d.id == entry.id);
    let block = match (is_default, confirmed(node)) {
        (false, _) => node.boot.loader.renew_fallback(&entries),
        // A package has made its kernel the default, and the image is not confirmed: the older image stays what boots.
        (true, Some((layer, id))) => node.make_default_beside_trial(&id, &layer, &entries),
        (true, None) => node.make_default_beside_trial(&new.id, layer, &entries),
    };
    actions.extend(block_actions(block.map_err(|error| vec![no_room(&error)])?));
    steps.add("keep-kernel", format!("keep kernel {version} for {layer}"), actions);
    Ok(())
}

/// While the running image is on trial, the layer and the entry of the newest confirmed one.
fn confirmed(node: &Node<'_>) -> Option<(Layer, String)> {
    node.own_image().filter(|i| i.state == ImageState::Trying)?;
    let good = node.images.iter().rev().filter(|i| i.state == ImageState::Good);
    let (layer, entry, _) = good.filter_map(|image| bootable(node, image).ok()).next()?;
    Some((layer, entry.id.clone()))
}
