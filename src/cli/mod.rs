//! The command line of `ks-lint`: it reads and prints; it needs no root and writes to no device.
//!
//! A verb is a file of this folder with `pub struct Args` (clap) and `pub fn run(args) -> anyhow::Result<ExitCode>`, one
//! variant of `Verb` and one arm in [`main`]. It maps options to settings, calls [`lint`](crate::lint), and gives the
//! result to [`report`](crate::report). An `Err` is printed to standard error, with exit status 2: the work could not be
//! done.
//!
//! Invariant: decides nothing about a kickstart.
#![allow(clippy::print_stdout, clippy::print_stderr)]

// Verbs.
mod addon;
mod boot;
mod check;
mod completions;
mod diff_versions;
mod explain;
mod fmt;
mod highlight;
mod host;
mod ksvalidator;
mod lsp;
mod man;
mod migrate;
mod new;
mod plan;
mod policy;
mod rules;
mod versions;

// Options and output that several verbs share.
mod brief;
mod fixing;
mod machine;
mod output;
mod progress;
mod settings;
mod show;
mod values;
mod watch;

use crate::report::{Color, Style};
use clap::Parser;
use node_base::console;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::ExitCode;

/// Finds what is wrong in a kickstart before a disk is touched.
#[derive(Debug, Parser)]
#[command(name = "ks-lint", version, max_term_width = 100, args_conflicts_with_subcommands = true)]
#[command(after_help = check::HELP)]
struct Cli {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    check: check::Args,
}

/// The commands, one line each.
#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Check kickstarts (also without a command)
    Check(check::Args),
    /// Check kernel command lines and boot configurations (pxelinux, GRUB, iPXE, boot entries)
    Boot(boot::Args),
    /// Show the effective settings of the %addon org_ovirt_node section and the kernel arguments
    Addon(addon::Args),
    /// Print what a shell completes (bash, zsh, fish, …)
    Completions(completions::Args),
    /// Show what changed between two syntax versions; with kickstarts, what in them would break
    DiffVersions(diff_versions::Args),
    /// Explain a finding: what it means, why it matters, what to write instead
    Explain(explain::Args),
    /// Make the layout of kickstarts regular
    Fmt(fmt::Args),
    /// Show the facts of this machine that a plan needs
    Host(host::Args),
    /// Answer as ksvalidator does, with its options, output and exit status
    Ksvalidator(ksvalidator::Args),
    /// Serve an editor: the Language Server Protocol on standard input and standard output
    Lsp(lsp::Args),
    /// Rewrite kickstarts for the next release with what can be done safely, and list the rest
    Migrate(migrate::Args),
    /// Write a kickstart from a few answers
    New(new::Args),
    /// Print a grammar for an editor that colours by patterns
    #[command(hide = true)]
    Highlight(highlight::Args),
    /// Write the manual pages
    #[command(hide = true)]
    Man(man::Args),
    /// Show what Anaconda makes of a kickstart on given disks
    Plan(plan::Args),
    /// Show the layout policies that kickstarts are checked against
    Policy(policy::Args),
    /// List the kinds of findings
    Rules(rules::Args),
    /// List the syntax versions
    Versions(versions::Args),
}

/// A panic of the parser of scripts loses what is known of one script, and nothing else: no message for it.
fn quiet_about_scripts() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !kickstart::shell::is_reading() {
            usual(panic);
        }
    }));
}

/// Runs `ks-lint` with this process's arguments.
pub fn main() -> ExitCode {
    quiet_about_scripts();
    let mut arguments = std::env::args_os();
    let program = arguments.next();
    let given: Vec<OsString> = arguments.collect();
    let is_link =
        program.as_deref().map(Path::new).and_then(Path::file_name) == Some(OsStr::new(ksvalidator::NAME));
    // clap would take a `--` for its own.
    let of_face = match given.split_first() {
        _ if is_link => Some(&given[..]),
        Some((verb, rest)) if verb == ksvalidator::NAME => Some(rest),
        _ => None,
    };
    if let Some(arguments) = of_face {
        return ksvalidator::answer(arguments)
            .unwrap_or_else(|error| console::fail(ksvalidator::NAME, error));
    }
    if let Some(text) = brief::asked_for(&given) {
        return match console::print(&brief::fitted(text, &Style::of_stdout(Color::Never))) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => console::fail("ks-lint", error),
        };
    }
    let cli = Cli::parse();
    let result = match cli.verb {
        None => check::run(cli.check),
        Some(Verb::Check(args)) => check::run(args),
        Some(Verb::Boot(args)) => boot::run(&args),
        Some(Verb::Addon(args)) => addon::run(args),
        Some(Verb::Completions(args)) => completions::run(&args),
        Some(Verb::DiffVersions(args)) => diff_versions::run(&args),
        Some(Verb::Explain(args)) => explain::run(&args),
        Some(Verb::Fmt(args)) => fmt::run(&args),
        Some(Verb::Host(args)) => host::run(&args),
        Some(Verb::Ksvalidator(args)) => ksvalidator::run(&args),
        Some(Verb::Lsp(args)) => lsp::run(&args),
        Some(Verb::Highlight(args)) => highlight::run(&args),
        Some(Verb::Man(args)) => man::run(&args),
        Some(Verb::Migrate(args)) => migrate::run(&args),
        Some(Verb::New(args)) => new::run(&args),
        Some(Verb::Plan(args)) => plan::run(&args),
        Some(Verb::Policy(args)) => policy::run(&args),
        Some(Verb::Rules(args)) => rules::run(&args),
        Some(Verb::Versions(args)) => versions::run(&args),
    };
    result.unwrap_or_else(|error| console::fail("ks-lint", error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    /// The widest line of the helps of a command and of the commands below it that has more columns than the terminal.
    fn too_wide(command: &mut clap::Command, columns: usize) -> Option<String> {
        let help = command.render_long_help().to_string();
        let own = help.lines().find(|line| line.chars().count() > columns).map(str::to_owned);
        own.or_else(|| command.get_subcommands_mut().find_map(|command| too_wide(command, columns)))
    }

    #[test]
    fn every_help_fits_the_terminal() {
        for columns in [60, 80, 200] {
            let mut command = Cli::command().term_width(columns);
            command.build();
            assert_eq!(too_wide(&mut command, columns), None, "{columns} columns");
        }
    }
}
