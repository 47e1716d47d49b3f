//! `imgbase`, as packages of images and administrators call it.

use super::nodectl::{NotRolledBack, RolledBack, rollback, sentences};
use super::output::Output;
use super::{AnswerOf, FAILED, Host, Next};
use crate::cli::answer::reasons;
use crate::faces::{Health, Motd, Tree, device};
use crate::images::list;
use crate::system::System;
use crate::verbs::node::Node;
use clap::{Parser, Subcommand, ValueEnum};
use node_base::units::Bytes;
use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;

/// Shows and changes the images of this node. The same as node-layout, under the name and with the commands of the original imgbase.
#[derive(Debug, Parser)]
#[command(name = "imgbase", disable_version_flag = true, max_term_width = 100)]
#[command(
    after_help = "Exit status: 0 done, 1 refused, failed, or check has found something wrong, 2 the work could not be done."
)]
struct Args {
    /// Print the version
    #[arg(long, global = true)]
    version: bool,
    /// Accepted, without effect: node-layout says what it does
    #[arg(long, global = true)]
    debug: bool,
    /// Accepted, without effect
    #[arg(long, global = true)]
    experimental: bool,
    /// Accepted, without effect
    #[arg(long, global = true, value_name = "NAME")]
    stream: Option<String>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show bases and layers, or make them (node-layout list, node-layout init)
    Layout(Layout),
    /// Show the layer that you are on
    W,
    /// Show or remove a base
    Base(Base),
    /// Show a layer
    Layer(LayerArgs),
    /// Check the layout of this node (node-layout verify)
    Check,
    /// Print a message for a login
    Motd {
        /// Not supported: the message changes with every trial, so it is not written to /etc/motd
        #[arg(long)]
        update: bool,
    },
    /// Put a new image beside the old one; the next boot tries it (node-layout update)
    Update {
        /// Kind of the image
        #[arg(long, value_name = "KIND", default_value = "liveimg")]
        format: String,
        /// The image
        #[arg(value_name = "FILE")]
        filename: PathBuf,
    },
    /// Make an older image the default (node-layout rollback)
    Rollback {
        /// The layer or image to go to
        #[arg(long, value_name = "NVR", num_args = 0..=1)]
        to: Option<Option<String>>,
    },
}

#[derive(Debug, clap::Args)]
#[group(multiple = true)]
struct Layout {
    /// Freeze the installed system as base, and make its root the layer
    #[arg(long, conflicts_with_all = ["bases", "layers", "free_space"])]
    init: bool,
    /// The same, with this name of the image
    #[arg(long, value_name = "NVR", allow_hyphen_values = true, conflicts_with_all = ["bases", "layers", "free_space"])]
    init_nvr: Option<String>,
    /// List the bases
    #[arg(long, conflicts_with_all = ["layers", "free_space"])]
    bases: bool,
    /// List the layers
    #[arg(long, conflicts_with = "free_space")]
    layers: bool,
    /// Show the free space of the thin pool
    #[arg(long)]
    free_space: bool,
    /// Unit of the free space, as LVM's: a small letter is a power of 1024, a capital one of 1000
    #[arg(long, value_enum, default_value = "m")]
    units: Unit,
    /// Accepted, without effect: the pool is that of root
    #[arg(long, value_name = "MB")]
    size: Option<String>,
    /// The system to initialise; only / is possible
    #[arg(long, value_name = "VG/LV", default_value = "/")]
    from: String,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Base {
    /// Show the newest base
    #[arg(long)]
    latest: bool,
    /// Show the base of a layer
    #[arg(long, value_name = "LAYER")]
    of_layer: Option<String>,
    /// Remove an image: base, layers, boot entries and kernels (node-layout remove)
    #[arg(long, value_name = "BASE", allow_hyphen_values = true)]
    remove: Option<String>,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct LayerArgs {
    /// Show the layer that root is
    #[arg(long)]
    current: bool,
    /// Show the newest layer
    #[arg(long)]
    latest: bool,
    /// Show the device of a layer or base
    #[arg(long, value_name = "NVR")]
    volume_path: Option<String>,
}

/// A unit of LVM's reports.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "verbatim")]
#[allow(non_camel_case_types, reason = "the names are the letters that LVM accepts")]
enum Unit {
    b,
    k,
    m,
    g,
    t,
    B,
    K,
    M,
    G,
    T,
}

impl Unit {
    fn bytes(self) -> f64 {
        match self {
            Unit::b | Unit::B => 1.0,
            Unit::k => 1024.0,
            Unit::m => 1024.0 * 1024.0,
            Unit::g => 1024.0 * 1024.0 * 1024.0,
            Unit::t => 1024.0 * 1024.0 * 1024.0 * 1024.0,
            Unit::K => 1e3,
            Unit::M => 1e6,
            Unit::G => 1e9,
            Unit::T => 1e12,
        }
    }
}

/// Answers a call of `imgbase` with these arguments (without the name of the program).
pub fn imgbase(arguments: &[OsString], host: &Host<'_>, out: &mut dyn Write, err: &mut dyn Write) -> Next {
    let mut output = Output { program: "imgbase", out, err };
    run(arguments, host, &mut output).unwrap_or_else(|ended| ended)
}

fn run(arguments: &[OsString], host: &Host<'_>, output: &mut Output<'_>) -> Result<Next, Next> {
    let args: Args = output.parse(arguments)?;
    output.ask_root(host)?;
    if args.version {
        output.line(concat!("imgbased-", env!("CARGO_PKG_VERSION")));
        return Ok(Next::Ended(0));
    }
    let Some(command) = args.command else {
        let help = <Args as clap::CommandFactory>::command().render_help().to_string();
        output.text(&help);
        return Ok(Next::Ended(FAILED));
    };
    let verb = |arguments: Vec<OsString>| Next::Verb { arguments, answer: AnswerOf::NodeLayout };
    Ok(match command {
        Command::Layout(layout) if layout.init || layout.init_nvr.is_some() => {
            if layout.from != "/" {
                return Err(output.failed("only / can be initialised: leave out --from"));
            }
            let nvr = layout.init_nvr.map(|nvr| format!("--nvr={nvr}").into());
            verb([OsString::from("init")].into_iter().chain(nvr).collect())
        }
        Command::Update { format, filename } => {
            if format != "liveimg" {
                return Err(output.failed(&format!("unknown format '{format}': write --format liveimg")));
            }
            verb(vec!["update".into(), "--".into(), filename.into()])
        }
        Command::Base(Base { remove: Some(nvr), .. }) => verb(vec!["remove".into(), "--".into(), nvr.into()]),
        Command::Motd { update: true } => {
            return Err(output.failed("--update is not supported: let the login shell run imgbase motd"));
        }
        Command::Rollback { to } => rolled_back(output, rollback(host, to.flatten().as_deref())),
        Command::Check => match health(host) {
            Ok((health, _)) => {
                output.text(&health.text(false));
                Next::Ended(health.exit_status())
            }
            Err(error) => output.could_not(&error),
        },
        Command::Motd { .. } => match health(host) {
            Ok((health, sentences)) => {
                output.text(&Motd::new("imgbase", health.overall(), &sentences).text());
                Next::Ended(if health.is_node { 0 } else { FAILED })
            }
            Err(error) => output.could_not(&error),
        },
        Command::Layout(_) | Command::W | Command::Base(_) | Command::Layer(_) => {
            show(host, output, &command)
        }
    })
}

fn health(host: &Host<'_>) -> anyhow::Result<(Health, Vec<String>)> {
    let system = host.read();
    let policy = host.policy()?;
    Ok((Health::of(&system, &policy, host.tools()), sentences(&system)))
}

/// The commands that only show names.
fn show(host: &Host<'_>, output: &mut Output<'_>, command: &Command) -> Next {
    let system = host.read();
    let node = match Node::of(&system) {
        Ok(node) => node,
        Err(findings) => return output.failed(&reasons(&findings)),
    };
    let tree = Tree::of(&node);
    let newest = |names: Vec<String>| names.into_iter().next_back();
    let shown: Result<String, String> = match command {
        Command::Layout(Layout { bases: true, .. }) => Ok(tree.bases().join("\n")),
        Command::Layout(Layout { layers: true, .. }) => Ok(tree.layers().join("\n")),
        Command::Layout(Layout { free_space: true, units, .. }) => free_space(host, &system, *units),
        Command::Layout(_) => Ok(tree.text().trim_end().to_owned()),
        Command::W => Ok(format!("You are on {}", node.layer)),
        Command::Base(Base { of_layer: Some(layer), .. }) => tree
            .base_of(layer)
            .ok_or_else(|| format!("there is no layer {layer}: see imgbase layout --layers")),
        Command::Base(_) => newest(tree.bases()).ok_or_else(|| "there is no base".to_owned()),
        Command::Layer(LayerArgs { volume_path: Some(name), .. }) => {
            device(&node, name).ok_or_else(|| format!("there is no layer or base {name}: see imgbase layout"))
        }
        Command::Layer(LayerArgs { latest: true, .. }) => {
            newest(tree.layers()).ok_or_else(|| "there is no layer".to_owned())
        }
        _ => Ok(node.layer.to_string()),
    };
    match shown {
        Ok(text) => {
            output.line(&text);
            Next::Ended(0)
        }
        Err(reason) => output.failed(&reason),
    }
}

/// The free space of the pool's data, as a number.
fn free_space(host: &Host<'_>, system: &System, unit: Unit) -> Result<String, String> {
    let policy = host.policy().map_err(|error| format!("{error:#}"))?;
    let lvm = system.lvm.as_ref().map_err(|error| format!("LVM cannot be read: {error}"))?;
    let pool = list(system, lvm, &policy, host.tools()).pool;
    let free: Option<Bytes> = pool.and_then(|pool| Some(pool.size - pool.used?));
    #[allow(clippy::cast_precision_loss, reason = "a number for people, with two decimals")]
    let number = |free: Bytes| format!("{:.2}", free.0 as f64 / unit.bytes());
    free.map(number).ok_or_else(|| "the use of the thin pool is not known".to_owned())
}

fn rolled_back(output: &mut Output<'_>, outcome: Result<RolledBack, NotRolledBack>) -> Next {
    match outcome {
        Ok(RolledBack { message, .. }) => {
            output.line(&message);
            Next::Ended(0)
        }
        Err(NotRolledBack { reason, status }) => {
            output.reason(&reason);
            Next::Ended(status)
        }
    }
}
