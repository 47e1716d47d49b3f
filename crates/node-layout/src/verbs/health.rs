//! `health`: whether the running image works, asked before its trial is confirmed.

use super::verify::{Depth, verify};
use crate::images::Reason;
use crate::machine::{Command, Tools};
use crate::system::System;
use node_base::diagnostic::{Severity, layout};
use node_base::policy::Policy;
use std::path::PathBuf;

/// Where greenboot looks for checks.
const CHECKS: [&str; 2] = ["/usr/lib/greenboot/check", "/etc/greenboot/check"];
/// Where greenboot's own service is enabled. It runs the same checks before `boot-complete.target`.
const GREENBOOT: [&str; 2] = ["/etc/systemd/system", "/usr/lib/systemd/system"];
const GREENBOOT_UNIT: &str = "boot-complete.target.requires/greenboot-healthcheck.service";
/// How long a check may run, in seconds.
const CHECK_LIMIT: &str = "300";

/// A check that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedCheck {
    /// Its name.
    pub name: String,
    /// What it says, one or more lines.
    pub detail: String,
    /// Whether the image may be confirmed all the same (greenboot's `wanted.d`).
    pub tolerated: bool,
}

impl FailedCheck {
    /// The reason that is recorded.
    pub fn reason(&self) -> Reason {
        Reason::new(&format!("health-{}", self.name))
    }
}

/// Asks whether the running image works: `units` are active, greenboot's checks pass, and `verify` finds nothing wrong with the
/// image. Stops at the first failure that is not tolerated.
pub fn health(system: &System, policy: &Policy, units: &[String], tools: &dyn Tools) -> Vec<FailedCheck> {
    let mut failed = Vec::new();
    let required =
        |name: &str, detail: String| FailedCheck { name: name.to_owned(), detail, tolerated: false };
    for unit in units {
        let active = Command::new("systemctl", ["is-active", "--quiet", "--", unit]);
        if tools.run(&active).is_err() {
            failed.push(required(unit, format!("the unit {unit} is not active (required-units)")));
            return failed;
        }
    }
    // A pool that is nearly full, a volume that is too small, or a fault of another image is not this image's, and the older one
    // has it as well.
    let of_image = [
        &layout::LVM_UNREADABLE,
        &layout::ROOT_NOT_THIN,
        &layout::FSTAB_ROOT,
        &layout::BOOT_CONFIG,
        &layout::LAYER,
        &layout::NOT_INITIALISED,
    ];
    let errors = verify(system, policy, tools, Depth::Properties);
    let errors = errors.iter().filter(|f| f.severity == Severity::Error && of_image.contains(&f.code));
    let errors: Vec<String> = errors.map(|f| format!("{}: {}", f.code.id, f.message)).collect();
    if !errors.is_empty() {
        failed.push(required("verify", errors.join("\n")));
        return failed;
    }
    if GREENBOOT.iter().any(|d| system.path(d).join(GREENBOOT_UNIT).is_symlink()) {
        return failed;
    }
    for (kind, tolerated) in [("required.d", false), ("wanted.d", true)] {
        for (name, path) in scripts(system, kind) {
            let check =
                Command::new("timeout", ["--kill-after=10", CHECK_LIMIT, &path.display().to_string()]);
            if let Err(error) = tools.run(&check) {
                failed.push(FailedCheck { name, detail: error.to_string(), tolerated });
                if !tolerated {
                    return failed;
                }
            }
        }
    }
    failed
}

/// The scripts of one kind, in the order in which greenboot runs them: by directory, then by name.
fn scripts(system: &System, kind: &str) -> Vec<(String, PathBuf)> {
    let of_directory = |directory: &&str| {
        let files = std::fs::read_dir(system.path(directory).join(kind)).into_iter().flatten().flatten();
        let scripts = files.filter(|f| f.path().is_file() && f.path().extension().is_some_and(|e| e == "sh"));
        let mut scripts: Vec<_> =
            scripts.filter_map(|f| Some((f.file_name().into_string().ok()?, f.path()))).collect();
        scripts.sort();
        scripts
    };
    CHECKS.iter().flat_map(of_directory).collect()
}
