//! `node-layout etc`.

use super::common::{Common, Format, directory};
use super::etc_files::{files_json, human};
use super::images::Work;
use super::print;
use crate::etc::{Choices, Conflict, Trees, empty_output, has_marks, merge, unified, write};
use crate::verbs::etc::{Resolution, Waiting, pin, resolve as resolve_conflict, waiting};
use anyhow::Context;
use node_base::diagnostic::Finding;
use node_base::diagnostic::json::SCHEMA;
use node_base::harmless::harmless_line;
use serde_json::json;
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
    /// List the files of /etc that the last update could not merge
    Conflicts(ConflictsArgs),
    /// Show what this host and the image have changed in a file that is a conflict
    Diff(DiffArgs),
    /// End a conflict
    Resolve(ResolveArgs),
    /// Keep the version of this host of a file or directory in every update
    Pin(PinArgs),
}

/// Options of `etc conflicts`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit status: 0 no conflicts, 1 conflicts, 2 they cannot be read.")]
pub(super) struct ConflictsArgs {
    #[command(flatten)]
    common: Common,
    /// The image; without it the running one
    #[arg(long, value_name = "N-V-R", allow_hyphen_values = true)]
    image: Option<String>,
}

/// Options of `etc diff`.
#[derive(Debug, clap::Args)]
pub(super) struct DiffArgs {
    #[command(flatten)]
    common: Common,
    /// The file; a path below /etc
    #[arg(value_name = "FILE")]
    file: String,
    /// The image; without it the running one
    #[arg(long, value_name = "N-V-R", allow_hyphen_values = true)]
    image: Option<String>,
}

/// Options of `etc resolve`.
#[derive(Debug, clap::Args)]
// clap does not fold this line.
#[command(override_usage = "node-layout etc resolve [OPTIONS]\n       <--ours|--theirs|--edit> <FILE>")]
#[command(group = clap::ArgGroup::new("how").required(true))]
pub(super) struct ResolveArgs {
    #[command(flatten)]
    work: Work,
    /// The file; a path below /etc
    #[arg(value_name = "FILE")]
    file: String,
    /// Keep the version of this host
    #[arg(long, group = "how")]
    ours: bool,
    /// Take the version of the image
    #[arg(long, group = "how")]
    theirs: bool,
    /// Edit the merge, which has marks around each conflict, with $VISUAL, $EDITOR or vi
    #[arg(long, group = "how")]
    edit: bool,
}

/// Options of `etc pin`.
#[derive(Debug, clap::Args)]
pub(super) struct PinArgs {
    #[command(flatten)]
    work: Work,
    /// The file or directory; a path below /etc
    #[arg(value_name = "FILE")]
    file: String,
    /// Do not keep it any more
    #[arg(long)]
    release: bool,
}

/// Options of `etc merge`.
#[derive(Debug, clap::Args)]
// clap does not fold this line.
#[command(
    override_usage = "node-layout etc merge [OPTIONS] --base <DIR>\n       --ours <DIR> --theirs <DIR> --output <DIR>"
)]
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
        Verb::Conflicts(args) => conflicts(&args),
        Verb::Diff(args) => diff(&args),
        Verb::Resolve(args) => resolve(&args),
        Verb::Pin(args) => Ok(args.work.run(|system, _| pin(system, &args.file, args.release))?.0),
    }
}

fn conflicts(args: &ConflictsArgs) -> anyhow::Result<ExitCode> {
    let (_, system) = args.common.read(None, None)?;
    let waiting = match waiting(&system, args.image.as_deref()) {
        Ok(waiting) => waiting,
        Err(findings) => return Ok(not_read(args.common.format, &findings)),
    };
    match args.common.format {
        Format::Json => {
            let file = |conflict: &Conflict| {
                json!({
                    "path": conflict.path.to_string_lossy(), "result": "conflict", "kind": conflict.kind,
                    "reason": conflict.reason,
                })
            };
            let files: Vec<_> = waiting.conflicts.iter().map(file).collect();
            print::json_line(&json!({"schema": SCHEMA, "image": waiting.nvr.as_str(), "files": files}));
        }
        Format::Human => {
            for conflict in &waiting.conflicts {
                let line = format!("/etc/{}: {}", conflict.path.display(), conflict.reason);
                print::sentence(&harmless_line(&line));
            }
            if waiting.conflicts.is_empty() {
                print::sentence(&format!("no conflicts of image {}", waiting.nvr));
            }
        }
    }
    Ok(ExitCode::from(u8::from(!waiting.conflicts.is_empty())))
}

fn diff(args: &DiffArgs) -> anyhow::Result<ExitCode> {
    let (_, system) = args.common.read(None, None)?;
    let read = || -> Result<(Waiting, Conflict), Vec<Finding>> {
        let waiting = waiting(&system, args.image.as_deref())?;
        let conflict = waiting.named(&args.file)?.clone();
        Ok((waiting, conflict))
    };
    let (waiting, conflict) = match read() {
        Ok(read) => read,
        Err(findings) => return Ok(not_read(args.common.format, &findings)),
    };
    let [base, ours, theirs, merged] = waiting.versions(&conflict.path);
    if args.common.format == Format::Json {
        let text =
            |text: &Option<Vec<u8>>| text.as_deref().map(|text| String::from_utf8_lossy(text).into_owned());
        print::json_line(&json!({
            "schema": SCHEMA, "path": conflict.path.to_string_lossy(), "kind": conflict.kind, "reason": conflict.reason,
            "base": text(&base), "ours": text(&ours), "theirs": text(&theirs), "merged": text(&merged),
        }));
        return Ok(ExitCode::SUCCESS);
    }
    print::sentence(&harmless_line(&format!("/etc/{}: {}", conflict.path.display(), conflict.reason)));
    let old = base.as_deref().unwrap_or_default();
    for (name, version) in [("this host", &ours), ("new image", &theirs)] {
        match version {
            Some(text) => {
                let lines = unified(["old image", name], old, text);
                lines.iter().for_each(|line| print::verbatim(&harmless_line(line)));
            }
            None => print::sentence(&format!("{name}: not there, or not a text")),
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn not_read(format: Format, findings: &[Finding]) -> ExitCode {
    match format {
        Format::Human => print::findings(findings),
        Format::Json => {
            let findings = print::findings_json(findings);
            print::json_line(&json!({"schema": SCHEMA, "files": [], "diagnostics": findings}));
        }
    }
    ExitCode::from(2)
}

fn resolve(args: &ResolveArgs) -> anyhow::Result<ExitCode> {
    let resolution = match (args.ours, args.theirs) {
        (true, _) => Resolution::Ours,
        (_, true) => Resolution::Theirs,
        _ => match edited(args)? {
            Ok(text) => Resolution::Text(text),
            Err(findings) => return Ok(not_read(args.work.common.format, &findings)),
        },
    };
    Ok(args.work.run(|system, _| resolve_conflict(system, &args.file, &resolution))?.0)
}

/// Lets the administrator edit the merge of a file.
fn edited(args: &ResolveArgs) -> anyhow::Result<Result<Vec<u8>, Vec<Finding>>> {
    let (_, system) = args.work.common.read(None, None)?;
    let read = || -> Result<_, Vec<Finding>> {
        let waiting = waiting(&system, None)?;
        let conflict = waiting.named(&args.file)?.clone();
        Ok(waiting.versions(&conflict.path))
    };
    let [_, ours, theirs, merged] = match read() {
        Ok(versions) => versions,
        Err(findings) => return Ok(Err(findings)),
    };
    let Some(text) = merged.or(ours).or(theirs) else {
        anyhow::bail!("{} is not a text; use --ours or --theirs", args.file);
    };
    let directory = tempfile::tempdir().context("no directory for the text that is edited")?;
    let name = std::path::Path::new(&args.file).file_name().unwrap_or_default();
    let file = directory.path().join(name);
    std::fs::write(&file, text).with_context(|| file.display().to_string())?;
    let editor =
        ["VISUAL", "EDITOR"].into_iter().filter_map(|name| std::env::var(name).ok()).find(|e| !e.is_empty());
    let editor = editor.unwrap_or_else(|| "vi".to_owned());
    // `code --wait` is an editor, too.
    let mut words = editor.split_whitespace();
    let status = std::process::Command::new(words.next().unwrap_or("vi")).args(words).arg(&file).status();
    let status = status.with_context(|| format!("the editor '{editor}' cannot be started"))?;
    anyhow::ensure!(status.success(), "the editor '{editor}' ended with {status}; the conflict stays");
    let text = std::fs::read(&file).with_context(|| file.display().to_string())?;
    anyhow::ensure!(
        !has_marks(&text),
        "{} still has marks of a conflict (<<<<<<<, |||||||, =======, >>>>>>>); the conflict stays",
        args.file
    );
    Ok(Ok(text))
}

fn merge_trees(args: &MergeArgs) -> anyhow::Result<ExitCode> {
    let trees = Trees {
        base: directory("--base", &args.base)?,
        ours: directory("--ours", &args.ours)?,
        theirs: directory("--theirs", &args.theirs)?,
    };
    empty_output(&args.output, &trees)?;
    let merge = merge(&trees, Choices::default())?;
    write(&merge, &trees, &args.output)?;
    match args.format {
        Format::Json => print::json_line(&json!({"schema": SCHEMA, "files": files_json(&merge)})),
        Format::Human => human(&merge).iter().for_each(|line| print::sentence(&harmless_line(line))),
    }
    Ok(ExitCode::from(u8::from(merge.conflicts().next().is_some())))
}
