//! `node-layout`: makes and checks the layout of one machine.
//!
//! A verb reads the system, calls the library, and prints what came of it; it decides nothing.

mod init;
mod list;
mod output;
mod verify;

use crate::system::{Request, System};
use crate::tools::{RealTools, below};
use clap::Parser;
use node_base::policy::{Policy, PolicyError};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// Turns an installed system into a node's base and layer, and checks it.
#[derive(Debug, Parser)]
#[command(name = "node-layout", version, max_term_width = 100)]
#[command(
    after_help = "Exit status: 0 all is well, 1 something was found or refused (nothing was changed), 2 the work failed."
)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

/// The commands, one line each.
#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Freeze the installed system as base, and make its root the layer
    Init(init::Args),
    /// Check every property of the layout
    Verify(verify::Args),
    /// Show bases and layers, which one is booted, and what they use
    List(list::Args),
    /// Show what init would do: exact commands and file changes
    Plan(init::PlanArgs),
}

/// What every command takes.
#[derive(Debug, clap::Args)]
struct Common {
    /// Root of the system
    #[arg(long, value_name = "DIR", default_value = "/")]
    sysroot: PathBuf,
    /// For people or for programs
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
    /// How long to wait for others to let go of LVM's lock
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    lock_wait: u64,
}

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Text.
    Human,
    /// JSON; one object a line where there is progress.
    Json,
}

impl Common {
    fn tools(&self) -> RealTools {
        RealTools::with_lock_limit(Duration::from_secs(self.lock_wait))
    }

    fn sysroot(&self) -> anyhow::Result<PathBuf> {
        use anyhow::Context;
        let path = std::fs::canonicalize(&self.sysroot)
            .with_context(|| format!("--sysroot {}", self.sysroot.display()))?;
        // Paths become arguments of programs and lines of reports.
        anyhow::ensure!(path.to_str().is_some(), "--sysroot {} is not UTF-8", path.display());
        Ok(path)
    }

    fn read(&self, addon_nvr: Option<String>, nvr: Option<String>) -> anyhow::Result<(RealTools, System)> {
        let tools = self.tools();
        let request = Request { sysroot: self.sysroot()?, addon_nvr, nvr };
        let system = System::read(&tools, &request);
        Ok((tools, system))
    }
}

/// A policy, and its text if it is not built in.
struct Chosen {
    policy: Policy,
    text: Option<String>,
}

/// The policy of that name or file; without one, the one that `init` has recorded; else that of oVirt Node.
fn policy(given: Option<&str>, sysroot: &Path) -> anyhow::Result<Chosen> {
    use crate::plan::CONFIG_DIR;
    let recorded = below(sysroot, CONFIG_DIR);
    let from_file = |path: &Path| -> anyhow::Result<Chosen> {
        let policy = Policy::from_file(path)?;
        Ok(Chosen { policy, text: Some(std::fs::read_to_string(path)?) })
    };
    let name = match given {
        Some(name) => name.to_owned(),
        None => match std::fs::read_to_string(recorded.join("layout.toml")) {
            Ok(text) => {
                let name = recorded_policy(&text).ok_or_else(|| {
                    anyhow::anyhow!("{} has no policy = \"…\"", recorded.join("layout.toml").display())
                })?;
                if name == "policy.toml" {
                    return from_file(&recorded.join(name));
                }
                name
            }
            Err(_) => "ovirt-node".to_owned(),
        },
    };
    match Policy::builtin(&name) {
        Ok(policy) => Ok(Chosen { policy, text: None }),
        Err(PolicyError::Unknown { .. }) if Path::new(&name).is_file() => from_file(Path::new(&name)),
        Err(error) => Err(error.into()),
    }
}

fn recorded_policy(text: &str) -> Option<String> {
    let table: toml::Table = text.parse().ok()?;
    table.get("policy")?.as_str().map(str::to_owned)
}

/// Runs `node-layout` with this process's arguments.
pub fn main() -> ExitCode {
    let result = match Cli::parse().verb {
        Verb::Init(args) => init::run(args),
        Verb::Plan(args) => init::plan(args),
        Verb::Verify(args) => verify::run(args),
        Verb::List(args) => list::run(args),
    };
    result.unwrap_or_else(|error| node_base::console::fail("node-layout", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_that_init_has_recorded_is_the_default() {
        let sysroot = tempfile::tempdir().unwrap();
        let name = |given| policy(given, sysroot.path()).map(|chosen| chosen.policy.name);
        assert_eq!(name(None).unwrap(), "ovirt-node");
        let recorded = below(sysroot.path(), crate::plan::CONFIG_DIR);
        std::fs::create_dir_all(&recorded).unwrap();
        std::fs::write(recorded.join("layout.toml"), "policy = \"ovirt-node-4.3\"\n").unwrap();
        assert_eq!(name(None).unwrap(), "ovirt-node-4.3");
        assert_eq!(name(Some("rhvh-4.4")).unwrap(), "rhvh-4.4", "what is asked for comes first");
        std::fs::write(recorded.join("layout.toml"), "policy = \"policy.toml\"\n").unwrap();
        std::fs::write(recorded.join("policy.toml"), "name = \"site\"\nextends = \"ovirt-node\"\n").unwrap();
        assert_eq!(name(None).unwrap(), "site");
        std::fs::write(recorded.join("layout.toml"), "colour = 1\n").unwrap();
        let error = name(None).unwrap_err().to_string();
        assert!(error.contains("layout.toml has no policy"), "{error}");
    }
}
