//! `node-layout status`.

use super::common::{Common, Format};
use super::policy::policy;
use super::print;
use crate::verbs::status::{ImageSummary, Status, Verdict, brief_status, status};
use node_base::diagnostic::Finding;
use node_base::diagnostic::json::SCHEMA;
use node_base::harmless::harmless;
use serde_json::json;
use std::process::ExitCode;

/// Options of `status`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit status: 0 the running image is confirmed, 1 the trial of a newer image failed, \
    3 a trial is ordered or under way, 2 it cannot be told."
)]
pub(super) struct Args {
    #[command(flatten)]
    common: Common,
    /// Policy with the expected size of an image: the name of a built-in one, or a TOML file; without it, the one that init
    /// has recorded
    #[arg(long, value_name = "NAME|FILE", allow_hyphen_values = true)]
    policy: Option<String>,
    /// Print one line for the message of the day
    #[arg(long, conflicts_with = "format")]
    motd: bool,
}

/// Shows this host.
pub(super) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let chosen = policy(args.policy.as_deref(), &args.common.sysroot()?)?;
    let (tools, system) = args.common.read(None, None)?;
    // At every login: nothing is asked of the pool.
    let status = match args.motd {
        true => brief_status(&system),
        false => status(&system, &chosen.policy, &tools),
    };
    let status = match status {
        Ok(status) => status,
        Err(findings) => return Ok(unknown(&args, &findings)),
    };
    match (args.motd, args.common.format) {
        (true, _) => print::sentence(&harmless(&motd(&status))),
        (false, Format::Json) => print::json_line(&status),
        (false, Format::Human) => human(&status).iter().for_each(|line| print::sentence(&harmless(line))),
    }
    Ok(ExitCode::from(match status.verdict() {
        Verdict::Confirmed => 0,
        Verdict::Failed => 1,
        Verdict::Pending => 3,
    }))
}

fn unknown(args: &Args, findings: &[Finding]) -> ExitCode {
    match (args.motd, args.common.format) {
        (true, _) => {
            let messages: Vec<&str> = findings.iter().map(|f| f.message.as_str()).collect();
            print::sentence(&harmless(&format!("node-layout: {}", messages.join("; "))));
        }
        (false, Format::Json) => {
            let findings = print::findings_json(findings);
            print::json_line(&json!({
                "schema": SCHEMA, "booted": null, "default": null, "trial": null, "images": [], "room": null,
                "conflicts": 0, "diagnostics": findings,
            }));
        }
        (false, Format::Human) => print::findings(findings),
    }
    ExitCode::from(2)
}

/// One line: the image, and what somebody who logs in must know.
fn motd(status: &Status) -> String {
    let booted = status.booted.as_deref().unwrap_or("no image");
    let what = match status.sentences.as_slice() {
        [] => "confirmed".to_owned(),
        sentences => sentences.join("; "),
    };
    format!("node-layout: {booted} runs; {what}")
}

fn human(status: &Status) -> Vec<String> {
    let name = |nvr: &Option<String>| nvr.clone().unwrap_or_else(|| "none".to_owned());
    let mut lines =
        vec![format!("booted   {}", name(&status.booted)), format!("default  {}", name(&status.default))];
    lines.extend(status.images.iter().map(described));
    if let Some(room) = status.room {
        let limit = room.limited_by.described();
        lines.push(format!("room for {} more images, limited by {limit}", room.images));
    }
    lines.extend(status.sentences.iter().cloned());
    lines
}

fn described(image: &ImageSummary) -> String {
    let known = |b: Option<node_base::units::Bytes>| b.map_or_else(|| "?".to_owned(), |b| b.to_string());
    let layer = image.layer.as_deref().unwrap_or("no layer");
    let (bytes, unique) = (known(image.bytes), known(image.unique_bytes));
    format!("{}  {}, {layer}, uses {bytes}, alone {unique}", image.nvr, image.state)
}
