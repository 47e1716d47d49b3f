//! The program `node-layout`: makes and checks the layout of one machine.
//!
//! A verb reads the system, calls the library, and prints the result; it decides nothing.

mod answer; // how a verb that changes something answers
mod common; // options of every verb
mod config; // what the administrator has set
mod etc; // etc merge, conflicts, diff, resolve, pin
mod etc_files; // the files of a merge
mod faces; // nodectl and imgbase
mod freeze; // freezing in a process apart
mod generated; // manual pages and completions
mod images; // confirm, rollback, remove, and what units of a trial run
mod init;
mod list;
mod policy; // which policy
mod print; // findings, plans and progress as text and JSON
mod status;
mod update;
mod var_files;
mod verify;

pub use faces::{AnswerOf, Host, Next, imgbase, nodectl};
pub use print::{plan_json, plan_lines};

use clap::Parser;
use faces::Face;
use std::ffi::OsString;
use std::process::ExitCode;

/// Turns an installed system into a node's base and layer, and checks it.
#[derive(Debug, Parser)]
#[command(name = "node-layout", version, max_term_width = 100)]
#[command(
    after_help = "Exit status: 0 everything is in order, 1 something was found or refused (nothing was changed), 2 the work failed."
)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

/// The commands, one line each.
#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Freeze the installed system as base, and make its root the layer
    Init(init::Args),
    /// Check every property of the layout
    Verify(verify::Args),
    /// Show bases and layers, which one is booted, and what they use
    List(list::Args),
    /// Show this host: the running image, the default one, and how the last trial went
    Status(status::Args),
    /// Make the running image, which is on trial, the default; old images that are not kept are removed
    Confirm(images::ConfirmArgs),
    /// Record that the trial of the running image has failed
    #[command(hide = true)]
    Fail(images::FailArgs),
    /// Record that the trial of the running image has started
    #[command(hide = true)]
    Started(images::StartedArgs),
    /// Ask whether the running image works
    #[command(hide = true)]
    Health(images::HealthArgs),
    /// Keep a kernel that was installed in the running layer, or remove one; for the plugin of kernel-install
    #[command(hide = true)]
    Kernel(images::KernelArgs),
    /// Put a new image beside the old one; the next boot tries it, and the old one boots again if it does not work
    Update(update::Args),
    /// Merge /etc of host and image, and decide what did not go together
    Etc(etc::Args),
    /// Make an older image the default
    Rollback(images::RollbackArgs),
    /// Remove an image: its boot entries, kernels and volumes
    Remove(images::RemoveArgs),
    /// Show what init would do: exact commands and file changes
    Plan(init::PlanArgs),
    /// Print what a shell completes (bash, zsh, fish, …)
    Completions(generated::CompletionsArgs),
    /// Write the manual pages
    #[command(hide = true)]
    Man(generated::ManArgs),
    /// Flush the journal of a file system
    #[command(name = crate::machine::freeze::VERB, hide = true)]
    FreezeAndThaw(freeze::Args),
    /// Thaw a file system that a killed run has left frozen
    #[command(name = crate::machine::freeze::THAW_VERB, hide = true)]
    ThawLeftOver(freeze::ThawArgs),
    /// The same as a program of the name nodectl
    #[command(hide = true, disable_help_flag = true)]
    Nodectl(FaceArgs),
    /// The same as a program of the name imgbase
    #[command(hide = true, disable_help_flag = true)]
    Imgbase(FaceArgs),
}

/// The arguments of an original program.
#[derive(Debug, clap::Args)]
struct FaceArgs {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Runs `node-layout` with the arguments of this process; under the name `nodectl` or `imgbase` it is that program.
pub fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    if let Some(face) = arguments.next().and_then(|program| Face::of_program(&program)) {
        return face.run(&arguments.collect::<Vec<_>>());
    }
    Cli::parse().verb.run().unwrap_or_else(|error| node_base::console::fail("node-layout", error))
}

impl Verb {
    fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Verb::Init(args) => init::run(args),
            Verb::Plan(args) => init::plan(args),
            Verb::Verify(args) => verify::run(args),
            Verb::List(args) => list::run(args),
            Verb::Status(args) => status::run(args),
            Verb::Confirm(args) => images::confirm(args),
            Verb::Fail(args) => images::fail(args),
            Verb::Started(args) => images::started(args),
            Verb::Health(args) => images::health(args),
            Verb::Kernel(args) => images::kernel(args),
            Verb::Update(args) => update::run(args),
            Verb::Etc(args) => etc::run(args),
            Verb::Rollback(args) => images::rollback(args),
            Verb::Remove(args) => images::remove(args),
            Verb::Completions(args) => generated::completions(&args),
            Verb::Man(args) => generated::man(&args),
            Verb::FreezeAndThaw(args) => freeze::run(args),
            Verb::ThawLeftOver(args) => freeze::thaw(args),
            Verb::Nodectl(args) => Ok(Face::Nodectl.run(&args.arguments)),
            Verb::Imgbase(args) => Ok(Face::Imgbase.run(&args.arguments)),
        }
    }
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
