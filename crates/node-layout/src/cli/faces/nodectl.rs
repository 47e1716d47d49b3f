//! `nodectl`, as cockpit and administrators call it.

use super::output::Output;
use super::{AnswerOf, FAILED, Host, Next};
use crate::cli::answer::{failure, nodectl_failure, reasons};
use crate::cli::print::Silent;
use crate::faces::{Health, Info, Motd, addresses, addresses_command};
use crate::files::{Change, Method};
use crate::machine::inside;
use crate::plan::{self, Action, Plan, Step};
use crate::system::System;
use crate::verbs::node::{Node, Resume};
use crate::verbs::rollback::rollback as decide_rollback;
use crate::verbs::status::brief_status;
use anyhow::Context;
use clap::{Parser, Subcommand};
use node_base::names::Layer;
use serde_json::json;
use std::ffi::OsString;
use std::io::Write;

/// File of issue(5) with the addresses of this host. /etc/issue itself belongs to the administrator.
const ISSUE: &str = "/etc/issue.d/nodectl.issue";
/// Port of cockpit.
const COCKPIT: u16 = 9090;

/// Shows and manages the images of this node. The same as node-layout, under the name and with the answers of the original nodectl.
#[derive(Debug, Parser)]
#[command(name = "nodectl", disable_version_flag = true, max_term_width = 100)]
#[command(
    after_help = "Exit status: 0 done, 1 refused, failed, or check has found something wrong, 2 the work could not be done. With \
    --machine-readable the result of check is in its answer: 0 also when it has found something wrong on a node."
)]
struct Args {
    /// Print the version
    #[arg(long, global = true)]
    version: bool,
    /// Accepted, without effect: node-layout says what it does
    #[arg(long, global = true)]
    debug: bool,
    /// Answer in JSON
    #[arg(long, global = true)]
    machine_readable: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show boot entries, layers and the running layer (node-layout list, node-layout status)
    Info,
    /// Check the layout of this node (node-layout verify)
    Check {
        /// Print only the result, for a login
        #[arg(long)]
        oneline: bool,
    },
    /// Make an older image the default (node-layout rollback)
    Rollback {
        /// The layer or image to go to; without it the newest confirmed image that is older than the running one
        #[arg(long, value_name = "NVR", num_args = 0..=1)]
        nvr: Option<Option<String>>,
    },
    /// Make base and layer of an installed system (node-layout init)
    Init {
        /// Name of the image, in place of the one in its own metadata
        #[arg(long, value_name = "NVR", num_args = 0..=1)]
        nvr: Option<Option<String>>,
        /// The system to initialise; only / is possible
        #[arg(long, value_name = "VG/LV", num_args = 0..=1, default_missing_value = "/", default_value = "/")]
        source: String,
    },
    /// Print a message for a login (node-layout status --motd)
    Motd,
    /// Print the addresses of cockpit on this host
    GenerateBanner {
        /// Write them to /etc/issue.d/nodectl.issue instead, which is shown before a login
        #[arg(long)]
        update_issue: bool,
    },
}

/// Answers a call of `nodectl` with these arguments (without the name of the program).
pub fn nodectl(arguments: &[OsString], host: &Host<'_>, out: &mut dyn Write, err: &mut dyn Write) -> Next {
    let mut output = Output { program: "nodectl", out, err };
    run(arguments, host, &mut output).unwrap_or_else(|ended| ended)
}

fn run(arguments: &[OsString], host: &Host<'_>, output: &mut Output<'_>) -> Result<Next, Next> {
    let args: Args = output.parse(arguments)?;
    output.ask_root(host)?;
    if args.version {
        output.line(concat!("nodectl-", env!("CARGO_PKG_VERSION")));
        return Ok(Next::Ended(0));
    }
    let machine_readable = args.machine_readable;
    Ok(match args.command {
        None => {
            let help = <Args as clap::CommandFactory>::command().render_help().to_string();
            output.text(&help);
            Next::Ended(FAILED)
        }
        Some(Command::Info) => info(host, output, machine_readable),
        Some(Command::Check { oneline }) => check(host, output, machine_readable, oneline),
        Some(Command::Rollback { nvr }) => {
            let outcome = rollback(host, nvr.flatten().as_deref());
            rolled_back(output, machine_readable, outcome)
        }
        Some(Command::Init { nvr, source }) => {
            if source != "/" {
                return Err(refused(
                    output,
                    machine_readable,
                    "only / can be initialised: leave out --source",
                ));
            }
            let mut arguments = vec![OsString::from("init")];
            arguments.extend(nvr.flatten().map(|nvr| format!("--nvr={nvr}").into()));
            Next::Verb { arguments, answer: AnswerOf::Nodectl { machine_readable } }
        }
        Some(Command::Motd) => motd(host, output, machine_readable),
        Some(Command::GenerateBanner { update_issue }) => {
            banner(host, output, machine_readable, update_issue).unwrap_or_else(|e| output.could_not(&e))
        }
    })
}

fn info(host: &Host<'_>, output: &mut Output<'_>, machine_readable: bool) -> Next {
    let system = host.read();
    let node = match Node::of(&system) {
        Ok(node) => node,
        Err(findings) => return output.failed(&reasons(&findings)),
    };
    let info = Info::of(&node);
    if machine_readable {
        output.json(&info)
    } else {
        output.text(&info.text())
    }
    Next::Ended(0)
}

/// The health of the node, and the sentences of `node-layout status` about its trial.
fn health(host: &Host<'_>) -> anyhow::Result<(Health, Vec<String>)> {
    let system = host.read();
    let policy = host.policy()?;
    let health = Health::of(&system, &policy, host.tools()).with_vdsm(host.tools());
    Ok((health, sentences(&system)))
}

pub(super) fn sentences(system: &System) -> Vec<String> {
    brief_status(system).map(|status| status.sentences).unwrap_or_default()
}

fn check(host: &Host<'_>, output: &mut Output<'_>, machine_readable: bool, oneline: bool) -> Next {
    let (health, _) = match health(host) {
        Ok(health) => health,
        Err(error) => return output.could_not(&error),
    };
    let status = health.exit_status();
    if machine_readable {
        output.json(&health.json());
        // Callers drop the answer of a call whose exit status is not 0, and with it what is wrong.
        return Next::Ended(if health.is_node { 0 } else { not_a_node(output, &health) });
    }
    if oneline {
        output.text(&format!("\n  Node Status: {}\n\n", health.overall().label()));
    } else {
        output.text(&health.text(true));
    }
    Next::Ended(status)
}

fn not_a_node(output: &mut Output<'_>, health: &Health) -> u8 {
    output.reason(&health.reasons().join("\n"));
    FAILED
}

fn motd(host: &Host<'_>, output: &mut Output<'_>, machine_readable: bool) -> Next {
    match health(host) {
        Ok((health, sentences)) => {
            let motd = Motd::new("nodectl", health.overall(), &sentences);
            if machine_readable {
                output.json(&motd)
            } else {
                output.text(&motd.text())
            }
            Next::Ended(if health.is_node { 0 } else { FAILED })
        }
        Err(error) => output.could_not(&error),
    }
}

/// Why a rollback was not done.
pub(super) struct NotRolledBack {
    pub(super) reason: String,
    /// Exit status.
    pub(super) status: u8,
}

/// A rollback that was done.
pub(super) struct RolledBack {
    /// The layer that the boot configuration boots by default, read again.
    pub(super) layer: Layer,
    /// What `node-layout rollback` says.
    pub(super) message: String,
}

/// Makes an older image the default.
pub(super) fn rollback(host: &Host<'_>, to: Option<&str>) -> Result<RolledBack, NotRolledBack> {
    let could_not = |reason: String| NotRolledBack { reason, status: node_base::console::COULD_NOT };
    let refused = |findings: Vec<_>| NotRolledBack { reason: reasons(&findings), status: FAILED };
    let _lock = host.lock().map_err(|error| could_not(format!("{error:#}")))?;
    let system = host.read();
    let decision = decide_rollback(&system, to).map_err(refused)?;
    plan::run(host.tools(), &decision.plan, &Resume, &mut Silent)
        .map_err(|failure| could_not(failure.to_string()))?;
    let system = host.read();
    let node = Node::of(&system).map_err(refused)?;
    match node.default_layer() {
        Some(layer) => Ok(RolledBack { layer, message: decision.message }),
        None => Err(could_not("the default boot entry is not that of an image".to_owned())),
    }
}

fn rolled_back(
    output: &mut Output<'_>,
    machine_readable: bool,
    outcome: Result<RolledBack, NotRolledBack>,
) -> Next {
    match outcome {
        Ok(RolledBack { layer, .. }) if machine_readable => {
            output.json(&json!({"success": true, "next_layer": layer.to_string()}));
            Next::Ended(0)
        }
        Ok(RolledBack { layer, .. }) => {
            output.text(&format!("Status: Success\n  New layer: {layer}\n"));
            Next::Ended(0)
        }
        Err(NotRolledBack { reason, status }) => {
            refused(output, machine_readable, &reason);
            Next::Ended(status)
        }
    }
}

/// The call was refused: its answer, and the reason on standard error when the answer is JSON.
fn refused(output: &mut Output<'_>, machine_readable: bool, reason: &str) -> Next {
    if machine_readable {
        output.json(&nodectl_failure(reason));
        output.reason(reason);
    } else {
        output.text(&failure(reason));
    }
    Next::Ended(FAILED)
}

fn banner(
    host: &Host<'_>,
    output: &mut Output<'_>,
    machine_readable: bool,
    update_issue: bool,
) -> anyhow::Result<Next> {
    let shown = host.tools().run(&addresses_command()).context("the addresses of this host are not known")?;
    let addresses = addresses(&shown.stdout);
    let urls: Vec<String> = addresses.iter().map(|address| url(address)).collect();
    let text = format!("Admin Console: {}\n\n", urls.join(" or "));
    if update_issue {
        let _lock = host.lock()?;
        let path = inside(&host.read().sysroot, ISSUE);
        let before = crate::files::read_bytes(&path)?;
        let change =
            Change { path, before, after: Some(text.into_bytes()), method: Method::Replace, like: None };
        let step = Step {
            name: "issue",
            about: format!("write {ISSUE}"),
            actions: vec![Action::Change(vec![change])],
        };
        let plan = Plan { steps: vec![step], pending: false };
        plan::run(host.tools(), &plan, &Resume, &mut Silent).map_err(|f| anyhow::anyhow!("{f}"))?;
    } else if machine_readable {
        output.json(&json!({"admin_console": addresses}));
    } else {
        output.text(&text);
    }
    Ok(Next::Ended(0))
}

fn url(address: &str) -> String {
    let address = if address.contains(':') { format!("[{address}]") } else { address.to_owned() };
    format!("https://{address}:{COCKPIT}/")
}
