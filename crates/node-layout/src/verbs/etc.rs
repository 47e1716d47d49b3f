//! The verbs about /etc: what did not go together in the last update, and what is kept in the next one.

use super::node::{Decision, Node};
use crate::etc::{CONFLICTS, Conflict, LIST, PINS, VERSIONS, below_etc, list_text, read_list, read_pins};
use crate::files::{Change, Method, read_bytes, read_text};
use crate::plan::{Action, Steps};
use crate::system::System;
use node_base::diagnostic::{Finding, Severity, layout};
use node_base::names::Nvr;
use std::path::{Path, PathBuf};

/// The conflicts of an image that wait for a decision.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// The image.
    pub nvr: Nvr,
    /// The files.
    pub conflicts: Vec<Conflict>,
    /// Where all their versions are.
    directory: PathBuf,
}

/// How a conflict is resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// The host's version stays.
    Ours,
    /// The image's version is taken.
    Theirs,
    /// The file gets this text.
    Text(Vec<u8>),
}

/// The conflicts of the running image, or of one that is named.
///
/// # Errors
/// They cannot be read.
pub fn waiting(system: &System, image: Option<&str>) -> Result<Waiting, Vec<Finding>> {
    let node = Node::of(system)?;
    let nvr = match image {
        Some(name) => node.named(name)?.nvr.clone(),
        None => node.layer.nvr.clone(),
    };
    of_image(system, &nvr)
}

fn of_image(system: &System, nvr: &Nvr) -> Result<Waiting, Vec<Finding>> {
    let directory = system.path(CONFLICTS).join(nvr.as_str());
    let failed = |message: String| {
        vec![
            Finding::new(&layout::ETC_CONFLICT, message)
                .severity(Severity::Error)
                .help(format!("the versions of the files are in {}", directory.display())),
        ]
    };
    let list = directory.join(LIST);
    let text = read_text(&list).map_err(|error| failed(error.to_string()))?;
    let conflicts = text.map(|text| read_list(&text)).transpose();
    let conflicts = conflicts.map_err(|error| failed(format!("{}: {error}", list.display())))?;
    Ok(Waiting { nvr: nvr.clone(), conflicts: conflicts.unwrap_or_default(), directory })
}

/// How many conflicts of an image wait for a decision; 0 if that cannot be read.
pub(super) fn count(system: &System, nvr: &Nvr) -> u32 {
    of_image(system, nvr).map_or(0, |waiting| u32::try_from(waiting.conflicts.len()).unwrap_or(u32::MAX))
}

impl Waiting {
    /// The conflict about a file that somebody names, with or without /etc.
    ///
    /// # Errors
    /// There is none.
    pub fn named(&self, file: &str) -> Result<&Conflict, Vec<Finding>> {
        let path = below_etc(file);
        let found = path.and_then(|path| self.conflicts.iter().find(|conflict| conflict.path == path));
        found.ok_or_else(|| {
            let file = node_base::harmless::excerpt(file);
            let message = format!("{file} is not a conflict of image {}", self.nvr);
            vec![
                Finding::new(&layout::ETC_CONFLICT, message)
                    .severity(Severity::Error)
                    .help("node-layout etc conflicts lists them"),
            ]
        })
    }

    /// The texts of a file: in the old image, on the host, in the new image, and merged with marks. `None` where it does not exist or
    /// is not a regular file of moderate size.
    pub fn versions(&self, path: &Path) -> [Option<Vec<u8>>; 4] {
        VERSIONS.map(|version| {
            let at = self.directory.join(version).join(path);
            let is_file = std::fs::symlink_metadata(&at).is_ok_and(|m| m.is_file());
            is_file.then(|| read_bytes(&at).ok().flatten()).flatten()
        })
    }
}

/// Decides the steps that end a conflict.
///
/// # Errors
/// There is no such conflict.
pub fn resolve(system: &System, file: &str, resolution: &Resolution) -> Result<Decision, Vec<Finding>> {
    let waiting = waiting(system, None)?;
    let conflict = waiting.named(file)?;
    let etc = system.path("/etc");
    let mut steps = Steps::default();
    let shown = format!("/etc/{}", conflict.path.display());
    let (actions, whose) = match resolution {
        Resolution::Ours => (Vec::new(), "the version of this host stays"),
        Resolution::Theirs => {
            let from = waiting.directory.join(VERSIONS[2]);
            let place = Action::PlaceVersion { from, path: conflict.path.clone(), to: etc };
            (vec![place], "it is that of the image")
        }
        Resolution::Text(text) => {
            let change = Change::write(etc.join(&conflict.path), text.clone(), Method::Replace);
            (vec![Action::Change(change.into_iter().collect())], "it is as edited")
        }
    };
    steps.add("resolve", format!("write {shown}"), actions);
    let left: Vec<Conflict> = waiting.conflicts.iter().filter(|other| *other != conflict).cloned().collect();
    let action = if left.is_empty() {
        Action::RemoveDirectory(waiting.directory.clone())
    } else {
        let list =
            Change::write(waiting.directory.join(LIST), list_text(&left).into_bytes(), Method::Replace);
        Action::Change(list.into_iter().collect())
    };
    steps.add("forget", format!("remove {shown} from the list of conflicts"), vec![action]);
    let message = match left.len() {
        0 => format!("{shown} is resolved: {whose}. It was the last conflict"),
        n => format!("{shown} is resolved: {whose}. {n} more wait for a decision"),
    };
    Ok(Decision { plan: steps.into_plan(false), result: "resolved", message, findings: Vec::new() })
}

/// Decides the steps that pin a file, or let it go: the version of this host of a pinned file stays in every update.
///
/// # Errors
/// The path is not below /etc, or the pins cannot be read.
pub fn pin(system: &System, file: &str, release: bool) -> Result<Decision, Vec<Finding>> {
    let refused = |message: String, help: &str| vec![Finding::new(&layout::ETC_MERGE, message).help(help)];
    let is_text = |path: &PathBuf| path.to_str().is_some_and(|path| !path.contains(['\n', '#']));
    let Some(path) = below_etc(file).filter(is_text) else {
        let file = node_base::harmless::excerpt(file);
        return Err(refused(format!("{file} is not a path below /etc"), "give it as /etc/ssh/sshd_config"));
    };
    let pins = system.path(&format!("/etc/{PINS}"));
    let text = read_text(&pins).map_err(|error| refused(error.to_string(), "correct the file"))?;
    let text = text
        .unwrap_or_else(|| "# Files and directories of /etc that stay in updates, one a line.\n".to_owned());
    let shown = format!("/etc/{}", path.display());
    let is_pinned = read_pins(&text).contains(&path);
    let is_this = |line: &&str| read_pins(line).first() == Some(&path);
    let (new, result, message) = match (is_pinned, release) {
        (true, false) => (text, "already-pinned", format!("{shown} is pinned already")),
        (false, true) => (text, "not-pinned", format!("{shown} is not pinned")),
        (false, false) => {
            let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
            let what = format!("{shown} is pinned: updates keep the version of this host");
            (format!("{text}{end}{shown}\n"), "pinned", what)
        }
        (true, true) => {
            let kept: String = text.split_inclusive('\n').filter(|line| !is_this(line)).collect();
            (kept, "released", format!("{shown} is not pinned any more: updates merge it"))
        }
    };
    let mut steps = Steps::default();
    let change =
        if is_pinned == release { Change::write(pins, new.into_bytes(), Method::Replace) } else { None };
    steps.add("pin", format!("write /etc/{PINS}"), vec![Action::Change(change.into_iter().collect())]);
    Ok(Decision { plan: steps.into_plan(false), result, message, findings: Vec::new() })
}
