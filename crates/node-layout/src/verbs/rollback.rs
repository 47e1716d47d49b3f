//! `rollback`: an older image becomes the default. One write; the next boot is the older image's.

use super::node::{Decision, Node, no_room};
use super::trial::{block_actions, record_failure};
use crate::images::{ImageState, ImageStatus};
use crate::plan::{Action, Steps};
use crate::system::System;
use node_base::boot_entry::BootEntry;
use node_base::diagnostic::{Finding, layout};
use node_base::names::Layer;

/// Decides the steps: the image `to`, or the newest confirmed one that is older than the running one, becomes the default. What it
/// needs to boot is looked for first.
///
/// # Errors
/// The findings that keep it from its work.
pub fn rollback(system: &System, to: Option<&str>) -> Result<Decision, Vec<Finding>> {
    let node = Node::of(system)?;
    let image = match to {
        Some(name) => node.named(name)?,
        None => previous(&node)?,
    };
    let nvr = &image.nvr;
    if image.state != ImageState::Good && node.layer.nvr != *nvr {
        let why = image.reason.as_ref().map_or_else(String::new, |r| format!(": it {}", r.described()));
        let message = format!("image {nvr} is {}, not confirmed{why}", image.state);
        return Err(vec![
            Finding::new(&layout::IMAGE_INCOMPLETE, message)
                .help("choose a confirmed image; node-layout update with its file tries this one again"),
        ]);
    }
    if image.state == ImageState::Trying {
        let message =
            format!("image {nvr} runs and is on trial: it becomes the default when it is confirmed");
        return Err(vec![
            Finding::new(&layout::ON_TRIAL, message)
                .severity(node_base::diagnostic::Severity::Error)
                .help("node-layout confirm makes it the default"),
        ]);
    }
    let (layer, entry, activate) = bootable(&node, image)?;
    let default = node.boot.default_entry();
    let is_default = default.is_some_and(|e| e.id == entry.id);
    let mut steps = Steps::default();
    let activation = activate.map(|volume| node.commands().command("lvchange", ["--activate", "y", &volume]));
    let changes = node.make_default(&entry.id, &layer).map_err(|error| vec![no_room(&error)])?;
    let is_changed = !changes.is_empty();
    if is_changed {
        let about = format!("activate {layer}, which the entry boots");
        steps.add("activate", about, activation.map(Action::Run).into_iter().collect());
        let actions = record_failure(&node, None).into_iter().chain(block_actions(changes)).collect();
        steps.add("default", format!("make {layer} the default"), actions);
    }
    node.remove_half_written(&mut steps);
    let mut findings = Vec::new();
    if node.layer != layer {
        let message = format!(
            "the next boot is that of {layer}; it does not know what {} has changed in /var",
            node.layer
        );
        findings.push(
            Finding::new(&layout::OTHER_IMAGE, message)
                .help("reboot; /etc is that of the layer, and node-layout rollback --to goes the other way"),
        );
    }
    let then = if node.layer == layer { "" } else { "; reboot to run it" };
    let (result, message) = match (is_changed, is_default) {
        (true, false) => ("rolled-back", format!("{layer} is the default{then}")),
        (true, true) => ("rolled-back", format!("{layer} stays the default, and no trial is pending{then}")),
        (false, _) => ("already-default", format!("{layer} is the default already{then}")),
    };
    Ok(Decision { plan: steps.into_plan(false), result, message, findings })
}

/// The newest confirmed image that is older than the running one; while that is on trial, the default.
fn previous<'n>(node: &'n Node<'_>) -> Result<&'n ImageStatus, Vec<Finding>> {
    let running = &node.layer.nvr;
    let good = |i: &&ImageStatus| i.state == ImageState::Good && i.nvr != *running;
    let default = node.default_layer().map(|l| l.nvr).filter(|_| !node.is_good(running));
    let by_default = default.and_then(|nvr| node.image(&nvr)).filter(good);
    by_default.or_else(|| node.images.iter().rev().filter(|i| i.nvr < *running).find(good)).ok_or_else(|| {
        let message = format!("there is no confirmed image older than {running}");
        let others: Vec<&str> = node.images.iter().filter(good).map(|i| i.nvr.as_str()).collect();
        let help = match others.is_empty() {
            true => "there is no other image to go back to".to_owned(),
            false => format!("give one of these: --to {}", others.join(", --to ")),
        };
        vec![Finding::new(&layout::IMAGE_UNKNOWN, message).help(help)]
    })
}

/// The layer and the entry by which an image boots, and the volume if it is not active.
///
/// # Errors
/// What is missing: one finding.
pub(crate) fn bootable<'a>(
    node: &Node<'a>,
    image: &ImageStatus,
) -> Result<(Layer, &'a BootEntry, Option<String>), Vec<Finding>> {
    let nvr = &image.nvr;
    let lacks = |what: String, help: &str| {
        vec![Finding::new(&layout::IMAGE_INCOMPLETE, format!("image {nvr} cannot boot: {what}")).help(help)]
    };
    let mut missing = Vec::new();
    // The newest layer first; the running one before all others.
    let mut layers = node.layers(nvr);
    layers.reverse();
    layers.sort_by_key(|(layer, _)| *layer != node.layer);
    for (layer, volume) in layers {
        if !volume.is_thin() || !volume.writable || volume.skip_activation {
            missing
                .push(format!("its volume {} is not one that is activated for writing", volume.full_name()));
            continue;
        }
        // The files of its own entries are not replaced by another image's kernel packages.
        let mut entries = node.entries(&layer);
        let prefix = format!("{layer}-");
        if entries.first().is_some_and(|e| e.id.starts_with(&prefix)) {
            entries.retain(|e| e.id.starts_with(&prefix));
        }
        for entry in &entries {
            if !node.boots(entry, volume) {
                missing.push(format!(
                    "its entry {}.conf has another root (node-layout verify --repair)",
                    entry.id
                ));
                continue;
            }
            if let Some(hidden) = node.hidden(&node.boot.entries, &entry.id) {
                missing.push(hidden);
                continue;
            }
            match node.missing_files(entry) {
                files if files.is_empty() => {
                    let inactive = (!volume.active).then(|| volume.full_name());
                    return Ok((layer, entry, inactive));
                }
                files => missing.push(format!("{} does not exist", files.join(", "))),
            }
        }
        if entries.is_empty() {
            missing.push(format!("layer {layer} has no boot entry"));
        }
    }
    match missing.into_iter().next() {
        Some(what) => Err(lacks(what, "restore what is missing, or choose another image")),
        None => Err(lacks("it has no layer".to_owned(), "choose another image (node-layout list)")),
    }
}
