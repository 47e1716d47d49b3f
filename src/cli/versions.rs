//! `ks-lint versions`: the syntax versions.

use super::values::AnswerFormat;
use crate::report::{Color, Style};
use kickstart::{Family, REFERENCE, Version, compare};
use node_base::console;
use serde_json::json;
use std::fmt::Write;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// How to write them
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: AnswerFormat,
}

/// Prints the list.
///
/// # Errors
/// When standard output cannot be written to.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let families = [Family::Fedora, Family::Rhel];
    let mut out = String::new();
    match args.format {
        AnswerFormat::Human => {
            let style = Style::of_stdout(Color::Never);
            for family in families {
                let names: Vec<String> = compare::versions(family).map(|v| v.to_string()).collect();
                let line = format!("{}: {} (newest: {})", family.name(), names.join(" "), family.newest());
                writeln!(out, "{}", style.folded(&line, 4))?;
            }
            writeln!(out, "A kickstart without a #version= header is read as {}.", Version::DEFAULT)?;
            writeln!(out, "The tables follow {REFERENCE}.")?;
        }
        AnswerFormat::Json => {
            let versions: Vec<_> = Version::all()
                .map(|v| {
                    let newest = v == v.family.newest();
                    json!({"name": v.to_string(), "family": v.family.name(), "release": v.release, "newest": newest})
                })
                .collect();
            let all = json!({
                "schema": 1, "default": Version::DEFAULT.to_string(), "reference": REFERENCE, "versions": versions
            });
            writeln!(out, "{}", serde_json::to_string_pretty(&all)?)?;
        }
    }
    console::print(&out)?;
    Ok(ExitCode::SUCCESS)
}
