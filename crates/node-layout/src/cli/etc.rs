//! `node-layout etc`.

use super::common::{Format, directory};
use super::print;
use crate::etc::{FileMerge, Merge, Outcome, Side, Trees, empty_output, merge, write};
use node_base::diagnostic::json::SCHEMA;
use node_base::harmless::harmless_line;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;

/// The verbs about /etc.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Merge three directories into a new one, as an update merges /etc
    Merge(MergeArgs),
}

/// Options of `etc merge`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "What only one side has changed is that side's; what both have changed is merged by its kind. Paths in the \
    output are relative to the directories, without a leading slash: ssh/sshd_config. OURS/node-layout/etc.toml and \
    OURS/node-layout/pins are read as the host's settings.\n\n\
    Exit status: 0 everything is merged, 1 conflicts (the output has the version of --ours there), 2 the work failed."
)]
pub(super) struct MergeArgs {
    /// What both sides have started from: /etc of the old image
    #[arg(long, value_name = "DIR")]
    base: PathBuf,
    /// /etc of the host
    #[arg(long, value_name = "DIR")]
    ours: PathBuf,
    /// /etc of the new image
    #[arg(long, value_name = "DIR")]
    theirs: PathBuf,
    /// Directory for the result; it is made, or must be empty
    #[arg(long, value_name = "DIR")]
    output: PathBuf,
    /// Text for people, or JSON for programs
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
}

/// Does what is asked about /etc.
pub(super) fn run(args: Args) -> anyhow::Result<ExitCode> {
    match args.verb {
        Verb::Merge(args) => merge_trees(&args),
    }
}

fn merge_trees(args: &MergeArgs) -> anyhow::Result<ExitCode> {
    let trees = Trees {
        base: directory("--base", &args.base)?,
        ours: directory("--ours", &args.ours)?,
        theirs: directory("--theirs", &args.theirs)?,
    };
    empty_output(&args.output, &trees)?;
    let merge = merge(&trees, Side::Ours)?;
    write(&merge, &trees, &args.output)?;
    match args.format {
        Format::Json => print::json_line(&json!({"schema": SCHEMA, "files": files_json(&merge)})),
        Format::Human => human(&merge).iter().for_each(|line| print::line(&harmless_line(line))),
    }
    Ok(ExitCode::from(u8::from(merge.conflicts().next().is_some())))
}

/// The files of a merge for programs.
pub(super) fn files_json(merge: &Merge) -> Value {
    let file = |file: &FileMerge| {
        let mut object =
            json!({"path": file.path.to_string_lossy(), "result": file.outcome.as_str(), "kind": file.kind});
        if let Some(reason) = &file.reason {
            object["reason"] = json!(reason.to_string());
        }
        object
    };
    json!(merge.files.iter().map(file).collect::<Vec<_>>())
}

/// The files of a merge for people: one a line, without those that are the same on both sides; then how many there are.
pub(super) fn human(merge: &Merge) -> Vec<String> {
    let line = |file: &FileMerge| {
        let why = file.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        format!("{:<8}  {}{why}", file.outcome.as_str(), file.path.display())
    };
    let count = |outcome| merge.files.iter().filter(|file| file.outcome == outcome).count();
    let mut lines: Vec<String> =
        merge.files.iter().filter(|file| file.outcome != Outcome::Same).map(line).collect();
    lines.push(format!(
        "{} files: {} the same, {} of the host, {} of the image, {} merged, {} deleted, {} conflicts",
        merge.files.len(),
        count(Outcome::Same),
        count(Outcome::Ours),
        count(Outcome::Theirs),
        count(Outcome::Merged),
        count(Outcome::Deleted),
        count(Outcome::Conflict),
    ));
    lines
}
