//! `ks-lint completions`: what a shell completes on the command line.

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use node_base::console;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "bash: ks-lint completions bash >~/.local/share/bash-completion/completions/ks-lint\n\
                        zsh:  ks-lint completions zsh >\"${fpath[1]}/_ks-lint\"\n\
                        fish: ks-lint completions fish >~/.config/fish/completions/ks-lint.fish"
)]
pub(super) struct Args {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the completions of a shell.
///
/// # Errors
/// When standard output cannot be written to.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    console::print(&text(args.shell, super::Cli::command()))?;
    Ok(ExitCode::SUCCESS)
}

fn text(shell: Shell, mut command: Command) -> String {
    let name = command.get_name().to_owned();
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut out);
    let text = String::from_utf8_lossy(&out).into_owned();
    // clap_complete 4.6.11 takes the dash of the program's name for the start of a command in one place of two.
    if shell == Shell::Bash { text.replace("ks__subcmd__lint", "ks__lint") } else { text }
}
