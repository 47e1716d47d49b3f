//! `fail` and `started`: what a trial records about itself. Units of the trial run them; the reboot that follows is theirs.

use super::node::{Decision, Node};
use super::trial::change_tags;
use crate::disks::TAG_STARTED;
use crate::files::{Change, Method};
use crate::images::trial::reason_tags;
use crate::images::{ImageState, Reason};
use crate::plan::{Action, Steps};
use crate::system::System;
use node_base::diagnostic::Finding;
use node_base::names::Nvr;

/// Directory of what trials say about their failures, one file an image. `/var` is one for all images, so the older one shows it.
pub(crate) const TRIALS: &str = "/var/lib/node-layout/trials";
/// The most that is kept of such a text, in bytes.
const LONGEST_DETAIL: usize = 64 << 10;

/// Records that the trial of the running image has failed. `detail` is what a person reads about it.
///
/// # Errors
/// The findings that keep it from its work.
pub fn fail(system: &System, reason: &Reason, detail: Option<&str>) -> Result<Decision, Vec<Finding>> {
    let node = Node::of(system)?;
    let nvr = &node.layer.nvr;
    let mut steps = Steps::default();
    let Some(base) = on_trial(&node) else {
        let message = format!("{nvr} is not on trial: there is nothing to record");
        return Ok(Decision {
            plan: steps.into_plan(false),
            result: "not-on-trial",
            message,
            findings: Vec::new(),
        });
    };
    // The first reason is the cause; a later one is that nobody confirmed it.
    let known = reason_tags(base).next().is_some();
    let tag = reason.tag();
    let record = (!known).then(|| change_tags(&node, base, [], [tag.as_str()])).flatten();
    steps.add("record", format!("record why {nvr} has failed"), record.into_iter().collect());
    if let Some(detail) = detail.filter(|_| !known) {
        let end = detail
            .char_indices()
            .map(|(at, _)| at)
            .take_while(|at| *at <= LONGEST_DETAIL)
            .last()
            .unwrap_or(0);
        let text = if detail.len() > LONGEST_DETAIL { &detail[..end] } else { detail };
        let text = format!("{}\n", text.trim_end());
        let change = Change::write(log(system, nvr), text.into_bytes(), Method::Replace);
        steps.add(
            "log",
            format!("write what is known to {TRIALS}"),
            vec![Action::Change(change.into_iter().collect())],
        );
    }
    let message = format!("{nvr} {}", reason.described());
    Ok(Decision { plan: steps.into_plan(false), result: "failed", message, findings: Vec::new() })
}

/// Records that the trial of the running image has reached its user space.
///
/// # Errors
/// The findings that keep it from its work.
pub fn started(system: &System) -> Result<Decision, Vec<Finding>> {
    let node = Node::of(system)?;
    let nvr = &node.layer.nvr;
    let mut steps = Steps::default();
    let base = on_trial(&node);
    let tag = base.filter(|b| !b.has_tag(TAG_STARTED)).and_then(|b| change_tags(&node, b, [], [TAG_STARTED]));
    steps.add("started", format!("record that {nvr} has started"), tag.into_iter().collect());
    let (result, message) = match base {
        Some(_) => ("started", format!("the trial of {nvr} has started")),
        None => ("not-on-trial", format!("{nvr} is not on trial")),
    };
    Ok(Decision { plan: steps.into_plan(false), result, message, findings: Vec::new() })
}

/// The base of the running image, if that is on trial.
fn on_trial<'a>(node: &Node<'a>) -> Option<&'a crate::disks::LogicalVolume> {
    let image = node.own_image().filter(|i| i.state == ImageState::Trying)?;
    node.base(&image.nvr)
}

/// The file with what the trial of an image says about its failure.
pub(crate) fn log(system: &System, nvr: &Nvr) -> std::path::PathBuf {
    system.path(TRIALS).join(format!("{nvr}.log"))
}
