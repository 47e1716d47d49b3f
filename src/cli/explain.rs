//! `ks-lint explain`: the documentation of a finding.

use super::values::AnswerFormat;
use crate::catalogue;
use crate::report::{Color, Style, reference};
use node_base::console;
use node_base::diagnostic::nearest;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Codes (NODE003) or names (var-not-separate), in any case
    #[arg(required = true, value_name = "CODE")]
    pub(super) codes: Vec<String>,
    /// How to write them; json is that of 'ks-lint rules'
    #[arg(long, value_enum, default_value_t)]
    format: AnswerFormat,
    /// When to colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub(super) color: Color,
}

/// Prints one page after the other.
///
/// # Errors
/// An unknown code, with the nearest known one.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let style = Style::of_stdout(args.color);
    let mut found = Vec::new();
    for word in &args.codes {
        let Some(code) = catalogue::find(word) else {
            let known = catalogue::codes();
            return Err(match nearest(word, known.iter().flat_map(|c| [c.id, c.name])) {
                Some(near) => anyhow::anyhow!("unknown code '{word}'; did you mean {near}?"),
                None => anyhow::anyhow!("unknown code '{word}'; 'ks-lint rules' lists them"),
            });
        };
        found.push(code);
    }
    console::print(&match args.format {
        AnswerFormat::Human => {
            found.iter().map(|code| reference::page(code, &style)).collect::<Vec<_>>().join("\n")
        }
        AnswerFormat::Json => reference::json(&found)?,
    })?;
    Ok(ExitCode::SUCCESS)
}
