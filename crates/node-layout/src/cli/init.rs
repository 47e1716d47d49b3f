//! `node-layout init` and `node-layout plan`.

use super::answer::{Answer, Outcome, Subject};
use super::common::Common;
use super::policy::policy;
use crate::images::InitStage;
use crate::machine::{Tools, random_uuid};
use crate::plan::Plan;
use crate::verbs::init::{Choices, TakeBack, examine, plan as decide, recorded_packages};
use anyhow::Context;
use node_base::diagnostic::{Finding, layout};
use std::process::ExitCode;

/// Options of `init`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    plan: PlanArgs,
    /// Only show what would be done
    #[arg(long)]
    dry_run: bool,
}

/// Options of `plan`, and of `init`.
#[derive(Debug, clap::Args)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    common: Common,
    /// Name of the image, NAME-VERSION-RELEASE; the kernel argument ovirt_node.nvr= and --addon-nvr override it. Without
    /// any of them the image's own metadata is used
    #[arg(long, value_name = "N-V-R", allow_hyphen_values = true)]
    nvr: Option<String>,
    /// Name of the image in the add-on's section of the kickstart
    #[arg(long, value_name = "N-V-R", allow_hyphen_values = true)]
    addon_nvr: Option<String>,
    /// Policy: the name of a built-in one, or a TOML file
    #[arg(long, value_name = "NAME|FILE", allow_hyphen_values = true)]
    policy: Option<String>,
    /// How many images node-layout confirm keeps later, at least 2; recorded in /etc/node-layout/layout.toml. Without it the
    /// policy's number is used
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..))]
    keep_images: Option<u32>,
}

/// Shows what `init` would do.
pub(super) fn plan(args: PlanArgs) -> anyhow::Result<ExitCode> {
    run(Args { plan: args, dry_run: true })
}

/// Makes the layout.
pub(super) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let answer = Answer::new(args.plan.common.format);
    run_as(args, answer)
}

/// Makes the layout, and answers in a form that the caller has chosen.
pub(super) fn run_as(args: Args, mut answer: Answer) -> anyhow::Result<ExitCode> {
    let Args { plan: PlanArgs { common, nvr, addon_nvr, policy: given, keep_images }, dry_run } = args;
    let chosen = match policy(given.as_deref(), &common.sysroot()?) {
        Ok(chosen) => chosen,
        Err(error) => {
            let finding = Finding::new(&layout::POLICY, format!("{error:#}"))
                .help("give --policy a built-in name or a TOML file");
            return Ok(answer.refused(&[finding]));
        }
    };
    let _lock = if dry_run { None } else { Some(common.lock()?) };
    let (tools, system) = common.read(addon_nvr, nvr)?;
    let (state, mut findings) = match examine(&system, &chosen.policy, &tools) {
        Ok(examined) => examined,
        Err(findings) => return Ok(answer.refused(&findings)),
    };
    answer.subject = Some(Subject {
        os: system.os.clone(),
        root: state.root.full_name(),
        image: state.target.layer.nvr.to_string(),
        image_from: (state.stage == InitStage::NotStarted)
            .then(|| system.nvr.as_ref().map(|(_, source)| *source))
            .flatten(),
        policy: chosen.policy.name.clone(),
    });
    answer.environment = tools.chosen_environment();
    let packages = match state.stage {
        InitStage::NotStarted => recorded_packages(&system, &tools),
        _ => Ok(None),
    };
    let packages = packages.unwrap_or_else(|finding| {
        findings.push(*finding);
        None
    });
    let choices = Choices {
        policy: &chosen.policy,
        policy_text: chosen.text.as_deref(),
        keep_images,
        packages,
        base_uuid: random_uuid(tools.environment()).context("a random UUID cannot be read from /proc")?,
        environment: tools.environment().to_owned(),
        lvm_config: tools.lvm_config(),
    };
    let plan = match decide(&system, &state, &choices) {
        Ok(plan) => plan,
        Err(error) => return Ok(answer.refused(&error.findings())),
    };
    if dry_run {
        return Ok(answer.planned(&plan, "nothing to do: already initialised", &findings));
    }
    let outcome = outcome(&state.target.layer.to_string(), state.stage, &plan);
    if plan.steps.is_empty() {
        return Ok(answer.done(&outcome, &findings));
    }
    let undo = TakeBack { system: &system, state: &state };
    Ok(answer.run(&tools, &plan, &undo, &outcome, &findings))
}

/// The result of `init` when its plan has succeeded.
fn outcome(layer: &str, stage: InitStage, plan: &Plan) -> Outcome {
    if stage != InitStage::Complete {
        let message = format!("initialised: {layer} is the layer from the next boot on");
        return Outcome { result: "initialised", message };
    }
    let then = if plan.has_step("boot-own") {
        "; it boots the newer kernel and initramfs from now on"
    } else if ["boot-kept", "record-content", "remove-unit"].into_iter().any(|step| plan.has_step(step)) {
        "; first boot completed"
    } else if !plan.steps.is_empty() {
        "; files of an interrupted run were removed"
    } else if plan.pending {
        "; the first boot has still to complete it"
    } else {
        ""
    };
    Outcome { result: "already-initialised", message: format!("already initialised: {layer}{then}") }
}
