//! `arm`: the next boot tries an image that is complete. `update` does this at its end; without a new image it is all it does.

use super::node::{Decision, Node, no_room};
use super::rollback::bootable;
use super::trial::{self, cannot_retry, cannot_try, has_watchdog};
use crate::boot::TrialArguments;
use crate::files::{Change, Method};
use crate::images::ImageState;
use crate::machine::Tools;
use crate::plan::{Action, Steps};
use crate::system::System;
use node_base::diagnostic::{Finding, layout};

/// Decides the steps that let the next boot try the image `name`. An image whose trial failed is tried again: somebody asks for it.
///
/// # Errors
/// The findings that keep it from its work.
pub fn arm(system: &System, name: &str, tools: &dyn Tools) -> Result<Decision, Vec<Finding>> {
    arm_times(system, name, 1, tools)
}

/// The same, for up to `tries` boots.
///
/// # Errors
/// The findings that keep it from its work.
pub fn arm_times(
    system: &System,
    name: &str,
    tries: u32,
    tools: &dyn Tools,
) -> Result<Decision, Vec<Finding>> {
    let node = Node::of(system)?;
    let image = node.named(name)?;
    let nvr = &image.nvr;
    let said = |result, message| Decision {
        plan: Steps::default().into_plan(false),
        result,
        message,
        findings: Vec::new(),
    };
    match image.state {
        ImageState::Ready | ImageState::Failed => {}
        ImageState::Armed => {
            return Ok(said("already-armed", format!("the next boot tries image {nvr} already")));
        }
        ImageState::Good => {
            return Ok(said("already-confirmed", format!("image {nvr} is confirmed already")));
        }
        ImageState::Trying => return Ok(said("on-trial", format!("image {nvr} runs and is on trial"))),
        ImageState::Making => {
            return Err(vec![
                Finding::new(&layout::IMAGE_INCOMPLETE, format!("image {nvr} is not complete"))
                    .help("node-layout update with its file completes it"),
            ]);
        }
    }
    if let Some(finding) = cannot_try(system, node.boot, tools).or_else(|| cannot_retry(node.boot, tries)) {
        return Err(vec![finding]);
    }
    let (_, entry, _) = bootable(&node, image)?;
    let mut steps = Steps::default();
    node.remove_half_written(&mut steps);
    let arguments = TrialArguments { nvr: nvr.clone(), watchdog: has_watchdog(tools) };
    let mut on_trial = entry.clone();
    on_trial.set("options", &arguments.added(&entry.options()).to_string());
    let path = node.boot.entry_path(&entry.id);
    let change = Change::write(path, on_trial.text().into_bytes(), Method::ReplaceForBoot);
    steps.add(
        "trial-arguments",
        "add the kernel arguments of the trial".into(),
        vec![Action::Change(change.into_iter().collect())],
    );
    trial::arm(&mut steps, &node, nvr, &entry.id, &node.boot.entries, tries)
        .map_err(|error| vec![no_room(&error)])?;
    let message = format!("the next boot tries image {nvr}");
    Ok(Decision { plan: steps.into_plan(true), result: "armed", message, findings: Vec::new() })
}
