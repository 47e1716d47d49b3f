//! `ks-lint policy`: the layout policies.

use super::values::AnswerFormat;
use crate::report::policy;
use node_base::console;
use node_base::policy::PolicyName;
use node_base::policy::export::{self, Target};
use std::path::Path;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

/// The commands about policies.
#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// List the built-in policies
    List {
        /// How to write them
        #[arg(long, value_enum, default_value_t)]
        format: AnswerFormat,
    },
    /// Show what a policy requires; this also checks a file of your own
    Show {
        /// A built-in policy, or a TOML file
        #[arg(value_name = "NAME|FILE")]
        policy: String,
        /// How to write it
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Write a policy as configuration of Anaconda, so that interactive installations follow it, too
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
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.verb {
        Verb::List { format } => console::print(&match format {
            AnswerFormat::Human => policy::list(),
            AnswerFormat::Json => policy::list_json()?,
        })?,
        Verb::Show { policy: name, format } => {
            let name = PolicyName::parse(name, Path::new(""))?;
            // A file is checked before its text is shown.
            let loaded = name.load()?;
            console::print(&match format {
                Format::Human => policy::table(&loaded),
                Format::Toml => name.text()?.into_owned(),
            })?;
        }
        Verb::Export { anaconda, policy: name } => {
            let policy = PolicyName::parse(name, Path::new(""))?.load()?;
            console::print(&export::anaconda(&policy, *anaconda)?)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
