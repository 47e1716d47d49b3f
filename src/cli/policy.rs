//! `ks-lint policy`: the layout constraints themselves.

use crate::report::policy;
use anyhow::Context;
use node_base::console;
use node_base::policy::Policy;
use node_base::policy::export::{self, Target};
use std::path::Path;
use std::process::ExitCode;

/// The command line.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

/// What is asked about policies.
#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// List the built-in policies
    List,
    /// Show what a policy asks for; a file of your own is checked by it, too
    Show {
        /// A built-in policy, or a TOML file
        #[arg(value_name = "NAME|FILE")]
        policy: String,
        /// How to write it
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Write a policy as configuration of Anaconda, so that installations by hand are held to it, too
    Export {
        /// Which of Anaconda's configuration files
        #[arg(long, value_parser = super::values::anaconda_target(), value_name = "FILE")]
        anaconda: Target,
        /// A built-in policy, or a TOML file
        #[arg(value_name = "NAME|FILE")]
        policy: String,
    },
}

/// How a policy is written.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum Format {
    /// A table
    #[default]
    Human,
    /// The file itself, with the sources of its numbers: a start for one of your own
    Toml,
}

/// Runs the verb.
///
/// # Errors
/// A policy that is not known, cannot be read or is wrong; standard output that cannot be written to.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.verb {
        Verb::List => console::print(&policy::list())?,
        Verb::Show { policy: name, format } => {
            let loaded = load(name)?;
            console::print(&match format {
                Format::Human => policy::table(&loaded),
                Format::Toml => text(name)?,
            })?;
        }
        Verb::Export { anaconda, policy: name } => {
            console::print(&export::anaconda(&load(name)?, *anaconda)?)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// As everywhere: what looks like a path is one, anything else is the name of a built-in policy.
fn load(name: &str) -> anyhow::Result<Policy> {
    Ok(if is_path(name) { Policy::from_file(Path::new(name))? } else { Policy::builtin(name)? })
}

fn text(name: &str) -> anyhow::Result<String> {
    match Policy::builtin_text(name) {
        Some(text) => Ok(text.to_owned()),
        None => std::fs::read_to_string(name).with_context(|| name.to_owned()),
    }
}

fn is_path(name: &str) -> bool {
    name.contains('/') || name.ends_with(".toml")
}
