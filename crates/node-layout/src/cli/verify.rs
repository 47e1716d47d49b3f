//! `node-layout verify`.

use super::{Common, Format, output};
use crate::notice::{self, Notice};
use crate::verify::{Depth, verify};
use node_base::diagnostic::Severity;
use serde_json::json;
use std::process::ExitCode;

/// Options.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    common: Common,
    /// Policy: a built-in one's name, or a TOML file; without it, the one that init has recorded
    #[arg(long, value_name = "NAME|FILE", allow_hyphen_values = true)]
    policy: Option<String>,
    /// Read the bases as well, and compare their content with what was recorded at the first boot
    #[arg(long)]
    deep: bool,
}

/// Checks every property.
pub(super) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let chosen = super::policy(args.policy.as_deref(), &args.common.sysroot()?)?;
    let (tools, system) = args.common.read(None, None)?;
    let depth = if args.deep { Depth::Content } else { Depth::Properties };
    let findings = verify(&system, &chosen.policy, &tools, depth);
    let ok = !findings.iter().any(Notice::is_error);
    let pending = findings.iter().any(|n| n.code == notice::PENDING.code);
    let state = match (ok, pending) {
        (false, _) => "broken",
        (true, true) => "pending",
        (true, false) => "ok",
    };
    match args.common.format {
        Format::Json => output::line(
            &json!({
                "schema": 1,
                "tool": {"name": "node-layout", "version": env!("CARGO_PKG_VERSION")},
                "policy": chosen.policy.name,
                "state": state,
                "findings": findings,
                "summary": output::summary(&findings),
            })
            .to_string(),
        ),
        Format::Human => {
            output::notices(&findings);
            let warnings = findings.iter().filter(|n| n.severity == Severity::Warning).count();
            let errors = findings.iter().filter(|n| n.is_error()).count();
            output::line(&format!(
                "{state} (policy '{}'): {errors} errors, {warnings} warnings",
                chosen.policy.name
            ));
        }
    }
    Ok(if ok { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
