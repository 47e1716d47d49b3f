//! `ks-lint highlight`: grammars for editors, made from the command tables. The files in `editors/` are written with it.

use crate::report::highlight;
use node_base::console;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The editor's kind of grammar
    #[arg(value_enum)]
    kind: Kind,
}

/// The kinds of grammar.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Kind {
    /// A syntax file of Vim and Neovim
    Vim,
    /// A syntax file of Kate
    Kate,
    /// A grammar of TextMate: VS Code, Sublime Text
    Textmate,
}

/// Prints a grammar.
///
/// # Errors
/// When standard output cannot be written to.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    console::print(&match args.kind {
        Kind::Vim => highlight::vim(),
        Kind::Kate => highlight::kate(),
        Kind::Textmate => highlight::textmate(),
    })?;
    Ok(ExitCode::SUCCESS)
}
