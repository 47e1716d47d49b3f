//! `node-layout init` and `node-layout plan`.

use super::output::{self, HumanProgress, JsonProgress};
use super::{Common, Format};
use crate::checks::{Progress, examine};
use crate::notice::{self, Notice};
use crate::plan::{self, Choices, Plan};
use crate::run;
use crate::tools::{Tools, below};
use anyhow::Context;
use node_base::harmless::harmless;
use serde_json::json;
use std::fmt;
use std::process::ExitCode;
use std::time::{Duration, Instant};

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
    /// Name of the image, NAME-VERSION-RELEASE; the kernel argument ovirt_node.nvr= and the add-on come before it, the
    /// image's own metadata after it
    #[arg(long, value_name = "N-V-R", allow_hyphen_values = true)]
    nvr: Option<String>,
    /// Name of the image from the add-on's section of the kickstart
    #[arg(long, value_name = "N-V-R", allow_hyphen_values = true)]
    addon_nvr: Option<String>,
    /// Policy: a built-in one's name, or a TOML file
    #[arg(long, value_name = "NAME|FILE", allow_hyphen_values = true)]
    policy: Option<String>,
}

/// Shows what `init` would do.
pub(super) fn plan(args: PlanArgs) -> anyhow::Result<ExitCode> {
    run(Args { plan: args, dry_run: true })
}

/// Makes the layout.
pub(super) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let Args { plan: PlanArgs { common, nvr, addon_nvr, policy }, dry_run } = args;
    let mut answer = Answer { format: common.format, of: None };
    let sysroot = common.sysroot()?;
    let chosen = match super::policy(policy.as_deref(), &sysroot) {
        Ok(chosen) => chosen,
        Err(error) => {
            let n = notice::POLICY
                .notice(format!("{error:#}"))
                .help("give --policy a built-in name or a TOML file");
            return Ok(answer.refused(&[n]));
        }
    };
    let _lock = if dry_run { None } else { Some(own_lock(common.tools().environment(), common.lock_wait)?) };
    let (tools, system) = common.read(addon_nvr, nvr)?;
    let (situation, findings) = match examine(&system, &chosen.policy, &tools) {
        Ok(found) => found,
        Err(notices) => return Ok(answer.refused(&notices)),
    };
    answer.of = Some(Of {
        os: system.os.clone(),
        root: situation.root.full_name(),
        image: situation.target.layer.nvr.to_string(),
        image_from: (situation.progress == Progress::Before)
            .then(|| system.nvr.as_ref().map(|(_, source)| *source))
            .flatten(),
        policy: chosen.policy.name.clone(),
    });
    let choices = Choices {
        policy: &chosen.policy,
        policy_text: chosen.text.as_deref(),
        base_uuid: random_uuid(tools.environment())?,
        environment: tools.environment().to_owned(),
    };
    let plan = match plan::plan(&system, &situation, &choices) {
        Ok(plan) => plan,
        Err(error) => {
            let n = notice::BOOT_CONFIG
                .notice(error.to_string())
                .help("shorten the kernel arguments that are kept there");
            return Ok(answer.refused(&[n]));
        }
    };
    if dry_run {
        answer.planned(&plan, &findings);
        return Ok(ExitCode::SUCCESS);
    }
    let layer = situation.target.layer.to_string();
    if plan.steps.is_empty() {
        let pending = if plan.pending { "; what the first boot completes is pending" } else { "" };
        answer.done("already-initialised", &format!("already initialised: {layer}{pending}"), &findings);
        return Ok(ExitCode::SUCCESS);
    }
    answer.begin();
    let already = situation.progress == Progress::Done;
    match run::run(&tools, &system, &situation, &plan, answer.progress().as_mut()) {
        Ok(()) if already => {
            answer.done(
                "already-initialised",
                &format!("already initialised: {layer}; {}", what_was_left(&plan)),
                &findings,
            );
            Ok(ExitCode::SUCCESS)
        }
        Ok(()) => {
            answer.done(
                "initialised",
                &format!("initialised: {layer} is the layer from the next boot on"),
                &findings,
            );
            Ok(ExitCode::SUCCESS)
        }
        Err(failure) => {
            let mut message = format!("{} failed: {}", failure.step, failure.error);
            if situation.progress != Progress::Before {
                message.push_str("; the layer boots as it is, run node-layout init again to complete it");
            } else if failure.undone.left.is_empty() {
                message.push_str("; what had been done was undone");
            } else {
                message.push_str(&format!(
                    "; not undone: {}. Run node-layout init again to complete it",
                    failure.undone.left.join("; ")
                ));
            }
            for changed in &failure.undone.changed {
                message.push_str(&format!("; {changed}"));
            }
            answer.failed(&message, &findings);
            Ok(ExitCode::from(node_base::console::COULD_NOT))
        }
    }
}

/// What a run on a complete layout has done.
fn what_was_left(plan: &Plan) -> &'static str {
    let did = |name: &str| plan.steps.iter().any(|step| step.name == name);
    if did("boot-own") {
        "it boots the newer kernel and initramfs from now on"
    } else if ["boot-kept", "record-content", "remove-unit"].into_iter().any(did) {
        "first boot completed"
    } else {
        "files of an interrupted run were removed"
    }
}

/// What the work is about: how the system that was read is understood.
#[derive(Debug, serde::Serialize)]
struct Of {
    /// What the system calls itself.
    os: Option<String>,
    /// Its root, `VG/LV`.
    root: String,
    /// The image's name.
    image: String,
    /// Who has given the name; nobody when it was taken from the layer that is there.
    image_from: Option<&'static str>,
    /// The policy's name.
    policy: String,
}

impl fmt::Display for Of {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let os = self.os.as_deref().unwrap_or("a system without os-release");
        write!(f, "{os} on {}; image {}", self.root, self.image)?;
        if let Some(from) = self.image_from {
            write!(f, " (from {from})")?;
        }
        write!(f, ", policy '{}'", self.policy)
    }
}

struct Answer {
    format: Format,
    of: Option<Of>,
}

impl Answer {
    /// For people, before the first step.
    fn begin(&self) {
        if let (Format::Human, Some(of)) = (self.format, &self.of) {
            output::line(&harmless(&of.to_string()));
        }
    }

    fn progress(&self) -> Box<dyn run::Progress> {
        match self.format {
            Format::Human => Box::new(HumanProgress),
            Format::Json => Box::new(JsonProgress),
        }
    }

    fn result(&self, result: &str, message: &str, findings: &[Notice]) {
        if self.format == Format::Json {
            let answer = json!({"result": result, "message": message, "of": self.of, "findings": findings});
            output::line(&answer.to_string());
        }
    }

    fn refused(&self, notices: &[Notice]) -> ExitCode {
        if self.format == Format::Human {
            output::notices(notices);
            output::line("refused; nothing was changed");
        }
        self.result("refused", "refused; nothing was changed", notices);
        ExitCode::from(1)
    }

    fn done(&self, result: &str, message: &str, findings: &[Notice]) {
        if self.format == Format::Human {
            output::notices(findings);
            output::line(message);
        }
        self.result(result, message, findings);
    }

    fn failed(&self, message: &str, findings: &[Notice]) {
        if self.format == Format::Human {
            node_base::console::error_line("node-layout", message);
        }
        self.result("failed", message, findings);
    }

    fn planned(&self, plan: &Plan, findings: &[Notice]) {
        match self.format {
            Format::Human => {
                output::notices(findings);
                if let Some(of) = &self.of {
                    output::line(&format!("# {}", harmless(&of.to_string())));
                }
                output::plan(plan);
                if plan.steps.is_empty() {
                    output::line("nothing to do: already initialised");
                }
            }
            Format::Json => output::line(
                &json!({"schema": 1, "result": "planned", "of": self.of, "steps": output::plan_json(plan), "findings": findings}).to_string(),
            ),
        }
    }
}

/// A UUID from the kernel's random numbers.
fn random_uuid(environment: &std::path::Path) -> anyhow::Result<String> {
    let path = below(environment, "/proc/sys/kernel/random/uuid");
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    Ok(text.trim().to_owned())
}

/// Keeps a second `node-layout` out; the kernel gives the lock back when this process ends, however it ends.
fn own_lock(environment: &std::path::Path, wait: u64) -> anyhow::Result<std::fs::File> {
    use rustix::fs::{FlockOperation, flock};
    let path = below(environment, "/run/node-layout.lock");
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
    }
    let file = std::fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .with_context(|| path.display().to_string())?;
    let end = Instant::now() + Duration::from_secs(wait);
    while flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        anyhow::ensure!(
            Instant::now() < end,
            "another node-layout is at work ({} is locked)",
            path.display()
        );
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_is_said_in_a_line() {
        let mut of = Of {
            os: Some("oVirt Node 4.5.6".into()),
            root: "onn/root".into(),
            image: "node-1-1".into(),
            image_from: Some("--nvr"),
            policy: "ovirt-node".into(),
        };
        assert_eq!(
            of.to_string(),
            "oVirt Node 4.5.6 on onn/root; image node-1-1 (from --nvr), policy 'ovirt-node'"
        );
        (of.os, of.image_from) = (None, None);
        assert_eq!(
            of.to_string(),
            "a system without os-release on onn/root; image node-1-1, policy 'ovirt-node'"
        );
    }
}
