//! `kernel`: what the plugin of kernel-install asks for. A kernel that is installed in a layer is kept for that layer, with an
//! entry of its own; what another image's packages do to `/boot/vmlinuz-…` then does not change it.

use super::node::{Decision, Node, no_room};
use super::trial::block_actions;
use super::verify::keep_kernel;
use crate::files::{Change, Method, same_content};
use crate::images::kept;
use crate::images::trial::{layer_of_entry, layer_of_id};
use crate::machine::{Tools, below};
use crate::plan::{Action, Plan, Steps};
use crate::system::System;
use node_base::boot_entry::BootEntry;
use node_base::diagnostic::{Finding, layout};
use std::path::PathBuf;

/// Keeps the kernel `version`, which was just installed or whose initramfs was just made, for the running layer.
///
/// # Errors
/// The findings that keep it from its work.
pub fn keep(system: &System, version: &str) -> Result<Decision, Vec<Finding>> {
    let Some(node) = layer(system)? else { return Ok(nothing("/ is not a layer")) };
    let mut steps = Steps::default();
    let Some(shared) = shared(&node, version) else {
        return Ok(nothing("no boot entry of this kernel is one that could be kept"));
    };
    match own(&node, version) {
        None => keep_kernel(&node, shared, &mut steps)?,
        Some(own) => renew(&node, own, shared, &mut steps),
    }
    let plan = steps.into_plan(false);
    Ok(match plan.steps.is_empty() {
        true => nothing("it is kept already"),
        false => Decision {
            plan,
            result: "kept",
            message: format!("kernel {version} is kept for {}", node.layer),
            findings: Vec::new(),
        },
    })
}

/// Removes the kernel `version` of the running layer: its entry, then its files. The running kernel stays, and the last one.
///
/// # Errors
/// The findings that keep it from its work.
pub fn drop_kernel(system: &System, version: &str, tools: &dyn Tools) -> Result<Decision, Vec<Finding>> {
    let Some(node) = layer(system)? else { return Ok(nothing("/ is not a layer")) };
    let Some(gone) = own(&node, version) else { return Ok(nothing("no kernel of this version is kept")) };
    let release = std::fs::read_to_string(below(tools.environment(), "/proc/sys/kernel/osrelease"));
    if system.running && release.is_ok_and(|r| r.trim() == version) {
        return Ok(nothing("it runs"));
    }
    let prefix = format!("{}-", node.layer);
    let mut others = node.entries(&node.layer);
    others.retain(|e| e.id != gone.id && e.id.starts_with(&prefix) && node.missing_files(e).is_empty());
    let Some(next) = others.first() else { return Ok(nothing("it is the only one of the layer")) };
    let full = |error| vec![no_room(&error)];
    let mut steps = Steps::default();
    if node.boot.default_entry().is_some_and(|d| d.id == gone.id) {
        let changes =
            node.make_default_beside_trial(&next.id, &node.layer, &node.boot.entries).map_err(full)?;
        steps.add("default", format!("make {} the default", next.id), block_actions(changes));
    }
    let boot = node.boot_after(&steps, tools)?;
    let node = Node { boot: &boot, ..node.clone() };
    let change = Change::remove(node.boot.entry_path(&gone.id), Method::ReplaceForBoot);
    let left: Vec<BootEntry> = node.boot.entries.iter().filter(|e| e.id != gone.id).cloned().collect();
    let mut actions = vec![Action::Change(change.into_iter().collect())];
    actions.extend(block_actions(node.boot.loader.renew_fallback(&left).map_err(full)?));
    steps.add("remove-entry", format!("remove the boot entry {}", gone.id), actions);
    let layer = node.layer.to_string();
    let (mut files, _) = kept::made(node.boot, &left, &layer);
    let kept: Vec<PathBuf> =
        kept::pairs(gone, &layer).iter().map(|pair| node.boot.file(&pair.kept)).collect();
    files.retain(|file| kept.contains(file));
    let removals = files.into_iter().filter_map(|file| Change::remove(file, Method::ReplaceForBoot));
    let about = format!("remove kernel {version} of {layer}");
    steps.add("remove-files", about, vec![Action::Change(removals.collect())]);
    let message = format!("kernel {version} of {layer} is removed");
    Ok(Decision { plan: steps.into_plan(false), result: "removed", message, findings: Vec::new() })
}

/// The node, if root is a layer. During an installation it is not one yet, and nothing is to be done.
fn layer(system: &System) -> Result<Option<Node<'_>>, Vec<Finding>> {
    match Node::of(system) {
        Ok(node) => Ok(Some(node)),
        Err(findings) if findings.iter().all(|f| *f.code == layout::NOT_INITIALISED) => Ok(None),
        Err(findings) => Err(findings),
    }
}

fn nothing(why: &str) -> Decision {
    Decision {
        plan: Plan { steps: Vec::new(), pending: false },
        result: "nothing-to-do",
        message: format!("nothing to do: {why}"),
        findings: Vec::new(),
    }
}

/// The layer's own entry of a kernel.
fn own<'a>(node: &Node<'a>, version: &str) -> Option<&'a BootEntry> {
    let prefix = format!("{}-", node.layer);
    let entries = node.entries(&node.layer);
    entries.into_iter().find(|e| e.id.starts_with(&prefix) && e.version() == Some(version))
}

/// The entry that the kernel's package has made. It boots root, or (as `$kernelopts` of an image that is the default) another
/// layer: which one is not the kernel's matter.
fn shared<'a>(node: &Node<'a>, version: &str) -> Option<&'a BootEntry> {
    let of_layer = |e: &BootEntry| layer_of_id(&e.id).is_some();
    let is_it = |e: &&BootEntry| !e.is_rescue() && !of_layer(e) && e.version() == Some(version);
    let mut entries: Vec<&BootEntry> = node.boot.entries.iter().filter(is_it).collect();
    entries.sort_by_key(|e| layer_of_entry(node.boot, e).as_ref() != Some(&node.layer));
    entries.into_iter().find(|e| node.turned(&node.boot.arguments(e), &node.layer).is_some())
}

/// Copies again what has changed. Meanwhile the entry boots the files of the package, so that it never names a copy that is being
/// written.
fn renew(node: &Node<'_>, own: &BootEntry, shared: &BootEntry, steps: &mut Steps) {
    let pairs = kept::pairs(shared, &node.layer.to_string());
    let file = |path: &str| node.boot.file(path);
    let differs = |from: &PathBuf, to: &PathBuf| from.is_file() && !same_content(from, to).unwrap_or(false);
    let copies: Vec<(PathBuf, PathBuf)> =
        pairs.iter().map(|p| (file(&p.own), file(&p.kept))).filter(|(from, to)| differs(from, to)).collect();
    let (mut with_shared, mut with_kept) = (own.clone(), own.clone());
    for pair in pairs.iter().filter(|p| file(&p.own).is_file()) {
        if let Some(key) = pair.key {
            with_shared.replace_word(key, &pair.kept, &pair.own);
            with_kept.replace_word(key, &pair.own, &pair.kept);
        }
    }
    let path = node.boot.entry_path(&own.id);
    let switch = |before: &BootEntry, after: &BootEntry| {
        let [before, after] = [before, after].map(|e| Some(e.text().into_bytes()));
        let changed = before != after;
        let change = Change { path: path.clone(), before, after, method: Method::ReplaceForBoot, like: None };
        Action::Change(if changed { vec![change] } else { Vec::new() })
    };
    let now = if copies.is_empty() {
        own
    } else {
        let flush = Action::FlushJournal(node.boot.root.clone());
        let about = "boot the files of the kernel's package in the meantime";
        steps.add("boot-own", about.into(), vec![flush, switch(own, &with_shared)]);
        steps.add(
            "boot-files",
            format!("keep the newer files for {}", node.layer),
            vec![Action::Copy(copies)],
        );
        &with_shared
    };
    // A run that was interrupted may have left the entry like that.
    steps.add("boot-kept", "boot the files kept for the layer".into(), vec![switch(now, &with_kept)]);
}
