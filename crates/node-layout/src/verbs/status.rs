//! `status`: which image this host runs, which one is the default, and how the last trial went.

use super::etc;
use super::node::Node;
use super::var;
use crate::images::{ImageList, ImageState, ImageStatus, list};
use crate::machine::Tools;
use crate::system::System;
use node_base::capacity::Limit;
use node_base::diagnostic::Finding;
use node_base::policy::Policy;
use node_base::units::Bytes;
use serde::Serialize;

/// How this host is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The running image is confirmed, and no trial has failed since.
    Confirmed,
    /// The trial of a newer image failed.
    Failed,
    /// A trial is ordered or under way.
    Pending,
}

/// The image that is or was on trial.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrialStatus {
    /// The image.
    pub nvr: String,
    /// How far it has come.
    pub state: ImageState,
    /// Why it failed, as a stable word.
    pub reason: Option<String>,
}

/// One image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ImageSummary {
    /// The image.
    pub nvr: String,
    /// Its layer: the running one, else the newest; `None` if it has none.
    pub layer: Option<String>,
    /// How far it has come.
    pub state: ImageState,
    /// Bytes of the pool that it uses.
    pub bytes: Option<Bytes>,
    /// Bytes of the pool that only one of its volumes uses; removing the image frees at least these.
    pub unique_bytes: Option<Bytes>,
}

/// Room for further images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct MoreRoom {
    /// How many more images fit.
    pub images: u32,
    /// What keeps one more out.
    pub limited_by: Limit,
}

/// This host: its images and its trial.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Status {
    /// Version of the JSON form.
    pub schema: u32,
    /// The image that runs; `None` if the system that was read is not the running one.
    pub booted: Option<String>,
    /// The image that boots by default; `None` if the default entry is of none.
    pub default: Option<String>,
    /// The image that is or was on trial.
    pub trial: Option<TrialStatus>,
    /// All images, oldest first.
    pub images: Vec<ImageSummary>,
    /// Room for further images; `None` if it is not known.
    pub room: Option<MoreRoom>,
    /// Files of /etc that wait for a decision.
    pub conflicts: u32,
    /// What a person reads about the trial and the next boot, a sentence each, without a full stop.
    #[serde(skip)]
    pub sentences: Vec<String>,
    #[serde(skip)]
    verdict: Verdict,
}

impl Status {
    /// The whole in one word.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }
}

/// Reads how this host is.
///
/// # Errors
/// Why it cannot be told.
pub fn status(system: &System, policy: &Policy, tools: &dyn Tools) -> Result<Status, Vec<Finding>> {
    let node = Node::of(system)?;
    let images = list(system, node.lvm, policy, tools);
    Ok(of_node(&node, Some(&images)))
}

/// The same without what images use of the pool, and without room: nothing is asked of the pool.
///
/// # Errors
/// Why it cannot be told.
pub fn brief_status(system: &System) -> Result<Status, Vec<Finding>> {
    Ok(of_node(&Node::of(system)?, None))
}

fn of_node(node: &Node<'_>, images: Option<&ImageList>) -> Status {
    let summary = |status: &ImageStatus| {
        let image = images.and_then(|i| i.images.iter().find(|i| i.nvr == status.nvr.as_str()));
        let layers = node.layers(&status.nvr);
        let layer = layers.iter().find(|(l, _)| *l == node.layer).or(layers.last());
        let volumes = || image.into_iter().flat_map(|i| i.base.iter().chain(&i.layers));
        ImageSummary {
            nvr: status.nvr.to_string(),
            layer: layer.map(|(l, _)| l.to_string()),
            state: status.state,
            bytes: image.and_then(|i| i.used),
            unique_bytes: image.and_then(|_| volumes().map(|v| v.exclusive).sum()),
        }
    };
    let trial = on_trial(node);
    let default = node.default_layer();
    let verdict = match trial.map(|t| t.state) {
        Some(ImageState::Armed | ImageState::Trying) => Verdict::Pending,
        Some(ImageState::Failed) => Verdict::Failed,
        _ => Verdict::Confirmed,
    };
    let mut sentences: Vec<String> = trial.into_iter().map(|t| sentence(node, t)).collect();
    match &default {
        Some(layer) if *layer == node.layer || trial.is_some_and(|t| t.state == ImageState::Trying) => {}
        Some(layer) => sentences.push(format!("the default is {layer}, and / is {}", node.layer)),
        None => sentences.push("the default boot entry is not that of an image".to_owned()),
    }
    let conflicts = etc::count(node.system, &node.layer.nvr);
    if conflicts > 0 {
        let files =
            if conflicts == 1 { "1 file of /etc waits" } else { &format!("{conflicts} files of /etc wait") };
        sentences.push(format!("{files} for a decision (node-layout etc conflicts)"));
    }
    if let Some(finding) = var::left(node) {
        sentences.push(finding.message);
    }
    Status {
        schema: 1,
        booted: node.system.running.then(|| node.layer.nvr.to_string()),
        default: default.map(|l| l.nvr.to_string()),
        trial: trial.map(|t| TrialStatus {
            nvr: t.nvr.to_string(),
            state: t.state,
            reason: t.reason.as_ref().map(|r| r.as_str().to_owned()),
        }),
        images: node.images.iter().map(summary).collect(),
        room: images
            .and_then(|i| i.room)
            .map(|fit| MoreRoom { images: fit.more, limited_by: fit.limited_by }),
        conflicts,
        sentences,
        verdict,
    }
}

/// The image that the status is about: the one that runs on trial, else the one that the next boot tries, else one that failed, else
/// one that waits. What is older than the running image is history.
fn on_trial<'n>(node: &'n Node<'_>) -> Option<&'n ImageStatus> {
    let order =
        [ImageState::Trying, ImageState::Armed, ImageState::Failed, ImageState::Making, ImageState::Ready];
    let is_history = |i: &&ImageStatus| i.state == ImageState::Failed && i.nvr < node.layer.nvr;
    let of = |state| node.images.iter().rev().find(|i| i.state == state && !is_history(i));
    order.into_iter().find_map(of)
}

fn sentence(node: &Node<'_>, image: &ImageStatus) -> String {
    let nvr = &image.nvr;
    match image.state {
        ImageState::Making => format!("image {nvr} is not complete: an update makes it, or was interrupted"),
        ImageState::Ready => format!("image {nvr} is complete, and no boot of it is ordered"),
        ImageState::Armed => format!("the next boot tries image {nvr}"),
        ImageState::Trying => format!("image {nvr} is on trial and not confirmed yet"),
        ImageState::Good => format!("image {nvr} is confirmed"),
        ImageState::Failed => {
            let why =
                image.reason.as_ref().map_or_else(|| "failed".to_owned(), crate::images::Reason::described);
            format!("image {nvr} {why}; / is {}", node.layer)
        }
    }
}
