//! What is made from the command line: manual pages and completions. Packages call it.

use anyhow::Context;
use clap::CommandFactory;
use clap_complete::Shell;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Options of `man`.
#[derive(Debug, clap::Args)]
pub(super) struct ManArgs {
    /// The directory that the pages are written to
    directory: PathBuf,
}

/// Options of `completions`.
#[derive(Debug, clap::Args)]
#[command(after_help = "bash: node-layout completions bash >/etc/bash_completion.d/node-layout\n\
                        zsh:  node-layout completions zsh >\"${fpath[1]}/_node-layout\"\n\
                        fish: node-layout completions fish >/etc/fish/completions/node-layout.fish")]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Writes node-layout.1 and a page for each command.
pub(super) fn man(args: &ManArgs) -> anyhow::Result<ExitCode> {
    let directory = &args.directory;
    std::fs::create_dir_all(directory)
        .and_then(|()| clap_mangen::generate_to(super::Cli::command(), directory))
        .with_context(|| format!("{}: the manual pages cannot be written", directory.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// Prints the completions of a shell.
pub(super) fn completions(args: &CompletionsArgs) -> anyhow::Result<ExitCode> {
    let mut out = Vec::new();
    clap_complete::generate(args.shell, &mut super::Cli::command(), "node-layout", &mut out);
    let mut text = String::from_utf8_lossy(&out).into_owned();
    if args.shell == Shell::Bash {
        // clap_complete 4.6.11 takes the dash of the program's name for the start of a command in one place of two.
        text = text.replace("node__subcmd__layout", "node__layout");
    }
    std::io::stdout().lock().write_all(text.as_bytes()).context("standard output cannot be written to")?;
    Ok(ExitCode::SUCCESS)
}
