//! `node-layout confirm`, `fail`, `started`, `rollback` and `remove`: verbs about images that exist.

use super::answer::{Answer, Outcome};
use super::common::Common;
use super::config::Settings;
use super::policy::policy;
use crate::images::Reason;
use crate::system::System;
use crate::verbs::confirm::confirm as decide_confirm;
use crate::verbs::fail::{fail as decide_fail, started as decide_started};
use crate::verbs::node::{Decision, Resume};
use crate::verbs::remove::remove as decide_remove;
use crate::verbs::rollback::rollback as decide_rollback;
use node_base::diagnostic::Finding;
use std::process::ExitCode;

/// Options of every verb of this file.
#[derive(Debug, clap::Args)]
struct Work {
    #[command(flatten)]
    common: Common,
    /// Only show what would be done
    #[arg(long)]
    dry_run: bool,
}

impl Work {
    /// Reads the system, lets the verb decide, and does the steps.
    fn run(
        &self,
        decide: impl FnOnce(&System) -> Result<Decision, Vec<Finding>>,
    ) -> anyhow::Result<(ExitCode, Option<&'static str>)> {
        let mut answer = Answer::new(self.common.format);
        let _lock = if self.dry_run { None } else { Some(self.common.lock()?) };
        let (tools, system) = self.common.read(None, None)?;
        answer.environment = tools.chosen_environment();
        let Decision { plan, result, message, findings } = match decide(&system) {
            Ok(decision) => decision,
            Err(findings) => return Ok((answer.refused(&findings), None)),
        };
        let outcome = Outcome { result, message };
        let exit = if self.dry_run {
            answer.planned(&plan, &outcome.message, &findings)
        } else if plan.steps.is_empty() {
            answer.done(&outcome, &findings)
        } else {
            answer.run(&tools, &plan, &Resume, &outcome, &findings)
        };
        Ok((exit, Some(result)))
    }
}

/// Options of `confirm`.
#[derive(Debug, clap::Args)]
pub(super) struct ConfirmArgs {
    #[command(flatten)]
    work: Work,
    /// How many images to keep, at least 2; without it keep-images of /etc/node-layout/layout.toml, else the policy's number
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..))]
    keep_images: Option<u32>,
}

/// Makes the running image the default.
pub(super) fn confirm(args: ConfirmArgs) -> anyhow::Result<ExitCode> {
    let sysroot = args.work.common.sysroot()?;
    let settings = Settings::read(&sysroot)?;
    let keep = match args.keep_images.or(settings.keep_images) {
        Some(keep) => keep,
        None => policy(None, &sysroot)?.policy.images.keep.unwrap_or(2),
    };
    Ok(args.work.run(|system| decide_confirm(system, keep))?.0)
}

/// Options of `fail`.
#[derive(Debug, clap::Args)]
pub(super) struct FailArgs {
    #[command(flatten)]
    work: Work,
    /// Why, as a short word: timeout, health-NAME
    #[arg(long, value_name = "WORD", default_value = "not-confirmed")]
    reason: String,
}

/// Records that the trial of the running image has failed: exit status 1. 0 if it is not on trial.
pub(super) fn fail(args: FailArgs) -> anyhow::Result<ExitCode> {
    let reason = Reason::new(&args.reason);
    let (exit, result) = args.work.run(|system| decide_fail(system, &reason, None))?;
    // The unit that runs this reboots when it fails.
    Ok(if result == Some("failed") && exit == ExitCode::SUCCESS { ExitCode::from(1) } else { exit })
}

/// Options of `started`.
#[derive(Debug, clap::Args)]
pub(super) struct StartedArgs {
    #[command(flatten)]
    work: Work,
}

/// Records that the trial of the running image has reached its user space.
pub(super) fn started(args: StartedArgs) -> anyhow::Result<ExitCode> {
    Ok(args.work.run(decide_started)?.0)
}

/// Options of `rollback`.
#[derive(Debug, clap::Args)]
pub(super) struct RollbackArgs {
    #[command(flatten)]
    work: Work,
    /// The image to go to; without it the newest confirmed one that is older than the running one
    #[arg(long, value_name = "N-V-R")]
    to: Option<String>,
}

/// Makes an older image the default.
pub(super) fn rollback(args: RollbackArgs) -> anyhow::Result<ExitCode> {
    Ok(args.work.run(|system| decide_rollback(system, args.to.as_deref()))?.0)
}

/// Options of `remove`.
#[derive(Debug, clap::Args)]
pub(super) struct RemoveArgs {
    #[command(flatten)]
    work: Work,
    /// The image
    #[arg(value_name = "N-V-R")]
    nvr: String,
}

/// Removes an image.
pub(super) fn remove(args: RemoveArgs) -> anyhow::Result<ExitCode> {
    Ok(args.work.run(|system| decide_remove(system, &args.nvr))?.0)
}
