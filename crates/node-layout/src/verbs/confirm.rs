//! `confirm`: the running image has proved itself. It becomes the default, and old images that are not kept any more go.

use super::fail;
use super::node::{Decision, Node, no_room};
use super::remove;
use super::trial::{block_actions, change_tags, trial_tags};
use super::var;
use crate::boot::{TRIAL_ARGUMENT, TrialArguments};
use crate::files::{Change, Method};
use crate::images::ImageState;
use crate::machine::{Command, Tools};
use crate::plan::{Action, Steps};
use crate::system::System;
use node_base::boot_entry::BootEntry;
use node_base::diagnostic::{Finding, Severity, layout};
use node_base::names::{Layer, Nvr};

/// The fewest images that are kept: the running one, and one to go back to.
const FEWEST: u32 = 2;

/// Decides the steps; `keep` is how many images are kept. Their order leaves a machine that boots after each of them:
/// 1. the running image is the default, and the trial ends, in one write: from now on it boots, also if the rest is not done;
/// 2. its entries have no arguments of a trial any more;
/// 3. its base has no tags of a trial any more: it is good;
/// 4. the kernel does not panic any more where it would only warn without a trial;
/// 5. /var gets what only this image brings. A failure here ends neither the image nor the host: the image is confirmed already, and the next
///    run does what is left;
/// 6. files are removed that an interrupted run has left half-written;
/// 7. images that are not kept are removed.
///
/// # Errors
/// The findings that keep it from its work.
pub fn confirm(system: &System, keep: u32, tools: &dyn Tools) -> Result<Decision, Vec<Finding>> {
    let node = Node::of(system)?;
    let nvr = &node.layer.nvr;
    if !system.running {
        let message = format!("{nvr} does not run: only the running image can be confirmed");
        return Err(vec![
            Finding::new(&layout::IMAGE_UNKNOWN, message).help("boot it, then run node-layout confirm in it"),
        ]);
    }
    let (Some(image), Some(base)) = (node.own_image(), node.base(nvr)) else {
        let message = format!("the running layer {} has no base", node.layer);
        return Err(vec![Finding::new(&layout::BASE, message).help("see node-layout verify")]);
    };
    let mut steps = Steps::default();
    let on_trial = image.state == ImageState::Trying;
    if on_trial {
        let entry = own_entry(&node).ok_or_else(|| {
            let message = format!("the running layer {} has no boot entry", node.layer);
            vec![Finding::new(&layout::BOOT_ENTRY, message).help("node-layout verify --repair makes one")]
        })?;
        let default = node.make_default(&entry.id, &node.layer).map_err(|error| vec![no_room(&error)])?;
        steps.add("default", format!("make {} the default", node.layer), block_actions(default));
    }
    // Left to do after a power cut, too.
    steps.add(
        "plain-arguments",
        "remove the kernel arguments of the trial".into(),
        vec![Action::Change(plain_entries(&node, &node.layer))],
    );
    // What an earlier trial of it has said is not true any more.
    let log = Change::remove(fail::log(system, nvr), Method::Replace);
    let good = change_tags(&node, base, trial_tags(base), []);
    let actions = good.into_iter().chain([Action::Change(log.into_iter().collect())]).collect();
    steps.add("good", format!("mark {nvr} as confirmed"), actions);
    steps.add(
        "settings",
        "set the kernel's settings that the trial has changed".into(),
        if on_trial { settings(&node, tools) } else { Vec::new() },
    );
    let mut findings = var::complete(&node, tools.environment(), &mut steps);
    node.remove_half_written(&mut steps);
    if matches!(image.state, ImageState::Trying | ImageState::Good) {
        for old in not_kept(&node, keep) {
            let boot = node.boot_after(&steps, tools)?;
            let node = Node { boot: &boot, ..node.clone() };
            // This image is confirmed even if an old one must stay.
            if let Err(reasons) = remove::steps(&node, &old, &mut steps) {
                findings.extend(reasons.into_iter().map(|f| f.severity(Severity::Info)));
            }
        }
    }
    let plan = steps.into_plan(false);
    let (result, message) = match (on_trial, plan.steps.is_empty()) {
        (true, _) => ("confirmed", format!("{nvr} is confirmed and the default")),
        (false, true) => ("already-confirmed", format!("{nvr} is confirmed already")),
        (false, false) => ("already-confirmed", format!("{nvr} is confirmed already; what was left is done")),
    };
    Ok(Decision { plan, result, message, findings })
}

/// The commands that give the running kernel the settings of a boot without a trial: first the kernel's own values and those of its
/// arguments, then those of sysctl.d(5).
fn settings(node: &Node<'_>, tools: &dyn Tools) -> Vec<Action> {
    let arguments = &node.system.cmdline;
    if arguments.value(TRIAL_ARGUMENT) != Some(node.layer.nvr.as_str()) || !tools.has("sysctl") {
        return Vec::new();
    }
    let mut assignments = vec!["--ignore".to_owned(), "--write".to_owned()];
    assignments.extend(TrialArguments::settings_without(arguments));
    // A kernel that lacks a setting, and a file that cannot be read, are no reasons not to confirm.
    let set = Command::new("sysctl", assignments).also_ok(&[1, 255]);
    let restart = Command::new("sysctl", ["--quiet", "--system"]).also_ok(&[1, 255]);
    vec![Action::Run(set), Action::Run(restart)]
}

/// The entry by which the running image was booted: the one of the trial, else the first of the layer.
fn own_entry<'a>(node: &Node<'a>) -> Option<&'a BootEntry> {
    let entries = node.entries(&node.layer);
    let tried = node.boot.loader.trial().map(|t| t.entry);
    let of_trial = entries.iter().find(|e| Some(&e.id) == tried.as_ref());
    of_trial.or_else(|| entries.first()).copied()
}

/// The changes that remove the arguments of a trial from the entries of a layer.
pub(super) fn plain_entries(node: &Node<'_>, layer: &Layer) -> Vec<Change> {
    let plain = |entry: &&BootEntry| {
        let options = entry.options();
        let without = TrialArguments::removed(&options);
        (without != options).then(|| {
            let mut plain = (*entry).clone();
            plain.set("options", &without.to_string());
            let path = node.boot.entry_path(&entry.id);
            Change::write(path, plain.text().into_bytes(), Method::ReplaceForBoot)
        })?
    };
    node.entries(layer).iter().filter_map(plain).collect()
}

/// The images that are not kept. The running one is, then the default before it, then confirmed ones before the others, the
/// newest first. One that is being made or is armed belongs to an update and stays.
fn not_kept(node: &Node<'_>, keep: u32) -> Vec<Nvr> {
    let default = node.default_layer().map(|l| l.nvr);
    let mut images: Vec<_> = node.images.iter().rev().collect();
    images.sort_by_key(|i| match i.state {
        _ if i.nvr == node.layer.nvr => 0,
        _ if Some(&i.nvr) == default.as_ref() => 1,
        ImageState::Good => 2,
        _ => 3,
    });
    let keep = usize::try_from(keep.max(FEWEST)).unwrap_or(usize::MAX);
    let beyond = images.into_iter().skip(keep);
    let over = |i: &&crate::images::ImageStatus| {
        matches!(i.state, ImageState::Good | ImageState::Failed | ImageState::Ready)
    };
    beyond.filter(over).map(|i| i.nvr.clone()).collect()
}
