//! `node-layout confirm`, `fail`, `started`, `health`, `rollback`, `remove` and `kernel`: verbs about images that exist.

use super::answer::{Answer, Outcome};
use super::common::{Common, Format};
use super::config::Settings;
use super::policy::policy;
use super::print;
use crate::images::Reason;
use crate::machine::RealTools;
use crate::plan::run;
use crate::system::System;
use crate::verbs::confirm::confirm as decide_confirm;
use crate::verbs::fail::{fail as decide_fail, started as decide_started, state_of_units};
use crate::verbs::health::{FailedCheck, health as ask};
use crate::verbs::kernel::{drop_kernel, keep};
use crate::verbs::node::{Decision, Resume};
use crate::verbs::remove::remove as decide_remove;
use crate::verbs::rollback::rollback as decide_rollback;
use node_base::diagnostic::Finding;
use node_base::diagnostic::json::SCHEMA;
use node_base::harmless::harmless;
use serde_json::json;
use std::process::ExitCode;

/// Options of every verb of this file.
#[derive(Debug, clap::Args)]
pub(super) struct Work {
    #[command(flatten)]
    pub(super) common: Common,
    /// Only show what would be done
    #[arg(long)]
    pub(super) dry_run: bool,
}

impl Work {
    /// Reads the system, lets the verb decide, and does the steps.
    pub(super) fn run(
        &self,
        decide: impl FnOnce(&System, &RealTools) -> Result<Decision, Vec<Finding>>,
    ) -> anyhow::Result<(ExitCode, Option<&'static str>)> {
        let mut answer = Answer::new(self.common.format);
        let _lock = if self.dry_run { None } else { Some(self.common.lock()?) };
        let (tools, system) = self.common.read(None, None)?;
        answer.environment = tools.chosen_environment();
        let Decision { plan, result, message, findings } = match decide(&system, &tools) {
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
    Ok(args.work.run(|system, tools| decide_confirm(system, keep, tools))?.0)
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
    let units = if args.work.dry_run { String::new() } else { state_of_units(&args.work.common.tools()?) };
    let detail = (!units.is_empty()).then_some(units.as_str());
    let (exit, result) = args.work.run(|system, _| decide_fail(system, &reason, detail))?;
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
    Ok(args.work.run(|system, _| decide_started(system))?.0)
}

/// Options of `health`.
#[derive(Debug, clap::Args)]
pub(super) struct HealthArgs {
    #[command(flatten)]
    common: Common,
}

/// Asks whether the running image works. If it does not and is on trial, the reason is recorded: exit status 1.
pub(super) fn health(args: HealthArgs) -> anyhow::Result<ExitCode> {
    let sysroot = args.common.sysroot()?;
    let settings = Settings::read(&sysroot)?;
    let chosen = policy(None, &sysroot)?;
    let (tools, system) = args.common.read(None, None)?;
    let checks = ask(&system, &chosen.policy, &settings.required_units, &tools);
    let failed = checks.iter().find(|c| !c.tolerated);
    if args.common.format == Format::Json {
        let list = |c: &FailedCheck| json!({"name": c.name, "detail": c.detail, "tolerated": c.tolerated});
        let list: Vec<_> = checks.iter().map(list).collect();
        print::json_line(&json!({"schema": SCHEMA, "healthy": failed.is_none(), "failed": list}));
    } else {
        for check in &checks {
            let kind = if check.tolerated { "warning" } else { "error" };
            let text = format!("{kind}: health check {}: {}", check.name, check.detail);
            print::sentence(&harmless(&text));
        }
        if checks.is_empty() {
            print::sentence("every health check passed");
        }
    }
    let Some(failed) = failed else { return Ok(ExitCode::SUCCESS) };
    let _lock = args.common.lock()?;
    if let Ok(decision) = decide_fail(&system, &failed.reason(), Some(&failed.detail)) {
        run(&tools, &decision.plan, &Resume, &mut print::Silent).map_err(|f| anyhow::anyhow!("{f}"))?;
    }
    Ok(ExitCode::from(1))
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
    Ok(args.work.run(|system, _| decide_rollback(system, args.to.as_deref()))?.0)
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
    Ok(args.work.run(|system, _| decide_remove(system, &args.nvr))?.0)
}

/// Options of `kernel`.
#[derive(Debug, clap::Args)]
pub(super) struct KernelArgs {
    #[command(flatten)]
    work: Work,
    /// What kernel-install does
    #[arg(value_enum)]
    what: KernelWork,
    /// Version of the kernel, as uname -r prints it
    version: String,
}

/// What kernel-install does with a kernel.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum KernelWork {
    /// It was installed, or its initramfs was made again.
    Add,
    /// It is removed.
    Remove,
}

/// Keeps a kernel for the running layer, or removes it.
pub(super) fn kernel(args: KernelArgs) -> anyhow::Result<ExitCode> {
    let decide = |system: &System, tools: &RealTools| match args.what {
        KernelWork::Add => keep(system, &args.version),
        KernelWork::Remove => drop_kernel(system, &args.version, tools),
    };
    Ok(args.work.run(decide)?.0)
}
