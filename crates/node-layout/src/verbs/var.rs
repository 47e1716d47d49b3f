//! What an image adds to /var when it is confirmed.

use super::node::Node;
use crate::files::{Change, Method, read_text};
use crate::machine::{Command, below};
use crate::plan::{Action, Steps, VarAddition};
use crate::source::MOUNTS;
use crate::system::System;
use crate::var::{Differing, RECORDS, Record, VarError, file_name};
use node_base::diagnostic::{Finding, Severity, layout};
use node_base::names::Nvr;
use std::path::{Path, PathBuf};

/// The most files that a finding names.
const MOST_NAMED: usize = 10;

/// The file with what waits for the confirmation of an image.
pub(super) fn record(system: &System, nvr: &Nvr) -> PathBuf {
    system.path(RECORDS).join(file_name(nvr.as_str()))
}

/// What waits for the confirmation of an image; `None` if nothing does.
///
/// # Errors
/// It cannot be read.
pub(super) fn waiting(system: &System, nvr: &Nvr) -> Result<Option<Record>, VarError> {
    let file = record(system, nvr);
    let failed =
        |error: crate::files::ReadError| VarError::Record { path: file.clone(), why: error.to_string() };
    let text = read_text(&file).map_err(failed)?;
    text.map(|text| Record::parse(&text, &file)).transpose()
}

/// Adds the step that completes /var; the findings are what differs, and why it cannot be completed. `environment` is the
/// directory with /run.
pub(super) fn complete(node: &Node<'_>, environment: &Path, steps: &mut Steps) -> Vec<Finding> {
    let (system, nvr) = (node.system, &node.layer.nvr);
    let record = match waiting(system, nvr) {
        Ok(Some(record)) => record,
        Ok(None) => return Vec::new(),
        Err(error) => {
            return vec![
                Finding::new(&layout::VAR, error.to_string())
                    .severity(Severity::Warning)
                    .help("what the image adds to /var is in its layer (mount --bind / /mnt shows it in /mnt/var); copy it, then remove the file"),
            ];
        }
    };
    let mut actions = Vec::new();
    // Otherwise /var is that of the layer.
    if system.mount("/var").is_some() && !record.add.is_empty() {
        let at = below(environment, MOUNTS).join("root");
        let to_text = at.display().to_string();
        actions.push(Action::Run(Command::new("mkdir", ["-p", &to_text])));
        actions.push(Action::AddToVar(Box::new(VarAddition {
            mount: Command::new("mount", ["--bind", &system.path("/").display().to_string(), &to_text]),
            from: at.join("var"),
            to: system.path("/var"),
            paths: record.add,
            unmount: Command::new("umount", [&to_text]),
        })));
    }
    let done = Change::remove(self::record(system, nvr), Method::Replace);
    actions.push(Action::Change(done.into_iter().collect()));
    steps.add("var", format!("add to /var what only {nvr} has"), actions);
    differing(&record.differing, nvr).into_iter().collect()
}

/// What a confirmation has not completed; `None` while the running image is on trial, and if everything is done.
pub(super) fn left(node: &Node<'_>) -> Option<Finding> {
    let (system, nvr) = (node.system, &node.layer.nvr);
    if !system.running || !node.is_good(nvr) {
        return None;
    }
    let message = match waiting(system, nvr) {
        Ok(None) => return None,
        Ok(Some(_)) => format!("what only {nvr} has in /var is not added yet (node-layout confirm)"),
        Err(error) => error.to_string(),
    };
    Some(
        Finding::new(&layout::VAR, message)
            .severity(Severity::Warning)
            .help("run node-layout confirm: it adds what is missing, and replaces nothing"),
    )
}

/// What the image has in another version.
pub(super) fn differing(files: &[Differing], nvr: &Nvr) -> Option<Finding> {
    let mut named: Vec<String> = files
        .iter()
        .take(MOST_NAMED)
        .map(|file| format!("/var/{} ({})", file.path.display(), file.what))
        .collect();
    if files.len() > MOST_NAMED {
        named.push(format!("{} more", files.len() - MOST_NAMED));
    }
    let message = format!(
        "image {nvr} has other versions of files in /var; those of this host stay: {}",
        named.join(", ")
    );
    (!files.is_empty()).then(|| {
        Finding::new(&layout::VAR, message)
            .severity(Severity::Info)
            .help("compare them with the versions of the image, which are in its layer: mount --bind / /mnt shows them in /mnt/var")
    })
}
