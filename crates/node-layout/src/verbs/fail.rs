//! `fail` and `started`: what a trial records about itself. Units of the trial run them; the reboot that follows is theirs.

use super::node::{Decision, lvm_unreadable};
use crate::disks::{LogicalVolume, LvmCommands, TAG_STARTED};
use crate::files::{Change, Method};
use crate::images::trial::{reason_tags, running_layer};
use crate::images::{ImageState, Reason, states};
use crate::machine::{Command, Tools};
use crate::plan::{Action, Steps};
use crate::system::System;
use node_base::diagnostic::{Finding, layout};
use node_base::names::Nvr;
use std::path::PathBuf;

/// Directory of what trials say about their failures, one file an image. `/var` is one for all images, so the older one shows it.
pub(crate) const TRIALS: &str = "/var/lib/node-layout/trials";
/// How long systemd may take to answer, in seconds. The unit that asks is itself ended after a minute.
const SYSTEMD_LIMIT: &str = "8";
/// The most that is kept of such a text, in bytes.
const LONGEST_DETAIL: usize = 64 << 10;

/// Records that the trial of the running image has failed. `detail` is what a person reads about it.
///
/// # Errors
/// The findings that keep it from its work.
pub fn fail(system: &System, reason: &Reason, detail: Option<&str>) -> Result<Decision, Vec<Finding>> {
    let running = Running::of(system)?;
    let nvr = &running.nvr;
    let mut steps = Steps::default();
    let Some(base) = running.on_trial else {
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
    let record = (!known).then(|| Action::Run(Running::add_tag(base, &reason.tag())));
    steps.add("record", format!("record why {nvr} has failed"), record.into_iter().collect());
    if let Some(detail) = detail.filter(|_| !known) {
        let ends = detail.char_indices().map(|(at, c)| at + c.len_utf8());
        let end = ends.take_while(|end| *end <= LONGEST_DETAIL).last().unwrap_or(0);
        let text = format!("{}\n", detail[..end].trim_end());
        let change = Change::write(log(system, nvr), text.into_bytes(), Method::Replace);
        let about = format!("write what is known to {TRIALS}");
        steps.add("log", about, vec![Action::Change(change.into_iter().collect())]);
    }
    let message = format!("{nvr} {}", reason.described());
    Ok(Decision { plan: steps.into_plan(false), result: "failed", message, findings: Vec::new() })
}

/// What systemd waits for and what has failed, in words for a person; empty if systemd does not answer in time.
pub fn state_of_units(tools: &dyn Tools) -> String {
    let ask = |title: &str, args: &[&str]| {
        let all = ["--kill-after=2", SYSTEMD_LIMIT, "systemctl", "--no-pager", "--plain", "--full"];
        let output = tools.run(&Command::new("timeout", all.iter().chain(args).copied())).ok()?.stdout;
        let output = output.trim();
        (!output.is_empty()).then(|| format!("{title}\n{output}\n"))
    };
    let jobs = ask("jobs that have not ended:", &["list-jobs"]);
    let failed = ask("units that have failed:", &["--no-legend", "list-units", "--failed"]);
    jobs.into_iter().chain(failed).collect::<Vec<_>>().join("\n")
}

/// Records that the trial of the running image has reached its user space.
///
/// # Errors
/// The findings that keep it from its work.
pub fn started(system: &System) -> Result<Decision, Vec<Finding>> {
    let running = Running::of(system)?;
    let nvr = &running.nvr;
    let mut steps = Steps::default();
    let base = running.on_trial.filter(|b| !b.has_tag(TAG_STARTED));
    let tag = base.map(|b| Action::Run(Running::add_tag(b, TAG_STARTED)));
    steps.add("started", format!("record that {nvr} has started"), tag.into_iter().collect());
    let (result, message) = match running.on_trial {
        Some(_) => ("started", format!("the trial of {nvr} has started")),
        None => ("not-on-trial", format!("{nvr} is not on trial")),
    };
    Ok(Decision { plan: steps.into_plan(false), result, message, findings: Vec::new() })
}

/// The running image as LVM shows it. A trial records what it can also while /boot is not mounted, early in a boot or in emergency
/// mode: the boot configuration is not read.
struct Running<'a> {
    nvr: Nvr,
    /// Its base, if the image is on trial.
    on_trial: Option<&'a LogicalVolume>,
}

impl<'a> Running<'a> {
    fn of(system: &'a System) -> Result<Running<'a>, Vec<Finding>> {
        let lvm = system.lvm.as_ref().map_err(|error| vec![lvm_unreadable(error)])?;
        let layer = running_layer(system).ok_or_else(|| {
            let message = "/ is not a layer that runs: there is no trial";
            vec![Finding::new(&layout::NOT_INITIALISED, message).help("run it in a booted layer")]
        })?;
        let is_trying =
            states(system, lvm).iter().any(|i| i.nvr == layer.nvr && i.state == ImageState::Trying);
        let vg = system.root_volume().map(|root| root.vg.as_str()).unwrap_or_default();
        let on_trial = lvm.volume(vg, layer.nvr.as_str()).filter(|_| is_trying);
        Ok(Running { nvr: layer.nvr, on_trial })
    }

    fn add_tag(base: &LogicalVolume, tag: &str) -> Command {
        LvmCommands { monitor: true }.command("lvchange", ["--addtag", tag, &base.full_name()])
    }
}

/// The file with what the trial of an image says about its failure.
pub(crate) fn log(system: &System, nvr: &Nvr) -> PathBuf {
    system.path(TRIALS).join(format!("{nvr}.log"))
}
