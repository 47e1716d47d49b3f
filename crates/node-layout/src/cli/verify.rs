//! `node-layout verify`.

use super::common::{Common, Format};
use super::images::Work;
use super::policy::policy;
use super::print;
use crate::checks::has_errors;
use crate::verbs::verify::{Depth, repair, verify};
use node_base::diagnostic::json::SCHEMA;
use node_base::diagnostic::{Severity, layout};
use serde_json::json;
use std::process::ExitCode;

/// Options of `verify`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    common: Common,
    /// Policy: the name of a built-in one, or a TOML file; without it, the one that init has recorded
    #[arg(long, value_name = "NAME|FILE", allow_hyphen_values = true)]
    policy: Option<String>,
    /// Also read the bases, and compare their content with what was recorded at the first boot
    #[arg(long)]
    deep: bool,
    /// First mend what belongs to the layout: what a trial has left, entries that another program has changed, kernels that were
    /// installed in the running layer
    #[arg(long)]
    repair: bool,
    /// With --repair: only show what would be done
    #[arg(long, requires = "repair")]
    dry_run: bool,
}

/// Checks every property.
pub(super) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let chosen = policy(args.policy.as_deref(), &args.common.sysroot()?)?;
    if args.repair {
        let work = Work { common: args.common.clone(), dry_run: args.dry_run };
        let exit = work.run(|system, tools| repair(system, tools))?.0;
        if args.dry_run || exit != ExitCode::SUCCESS {
            return Ok(exit);
        }
    }
    let (tools, system) = args.common.read(None, None)?;
    let depth = if args.deep { Depth::Content } else { Depth::Properties };
    let findings = verify(&system, &chosen.policy, &tools, depth);
    let broken = has_errors(&findings);
    let state = match broken {
        true => "broken",
        false if findings.iter().any(|f| *f.code == layout::PENDING) => "pending",
        false => "ok",
    };
    let count = |severity| findings.iter().filter(|f| f.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    match args.common.format {
        Format::Json => {
            let findings = print::findings_json(&findings);
            let answer = json!({
                "schema": SCHEMA,
                "tool": {"name": "node-layout", "version": env!("CARGO_PKG_VERSION")},
                "policy": chosen.policy.name,
                "state": state,
                "findings": findings,
                "diagnostics": findings,
                "summary": {"errors": errors, "warnings": warnings},
            });
            print::json_line(&answer);
        }
        Format::Human => {
            print::findings(&findings);
            let s = |count| if count == 1 { "" } else { "s" };
            print::sentence(&format!(
                "{state} (policy '{}'): {errors} error{}, {warnings} warning{}",
                chosen.policy.name,
                s(errors),
                s(warnings)
            ));
        }
    }
    Ok(if broken { ExitCode::from(1) } else { ExitCode::SUCCESS })
}
