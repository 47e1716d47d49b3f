//! The trial of an image. A new image is booted once, and becomes the default only when it has proved itself.
//!
//! Its state is derived from what is on the disk: tags of its base, what the boot loader has stored, and the layer that runs.
//! So arming is one write of the boot loader's own block, and no power cut leaves two places that disagree.

use crate::boot::{BootConfig, TrialStage};
use crate::disks::{
    LogicalVolume, Lvm, TAG_BASE, TAG_LAYER, TAG_MAKING, TAG_READY, TAG_REASON_PREFIX, TAG_STARTED,
};
use crate::images::state::is_unfinished;
use crate::system::System;
use node_base::boot_entry::BootEntry;
use node_base::names::{Layer, Nvr};
use serde::Serialize;
use std::fmt;

/// How far an image has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ImageState {
    /// It is being made, or making it was interrupted.
    Making,
    /// It is complete, and no boot of it is ordered.
    Ready,
    /// The next boot tries it.
    Armed,
    /// It runs, and is not confirmed.
    Trying,
    /// It is confirmed, or was installed.
    Good,
    /// It was tried and not confirmed.
    Failed,
}

impl ImageState {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            ImageState::Making => "making",
            ImageState::Ready => "ready",
            ImageState::Armed => "armed",
            ImageState::Trying => "trying",
            ImageState::Good => "good",
            ImageState::Failed => "failed",
        }
    }
}

impl fmt::Display for ImageState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a trial failed: a short word that a tag of LVM can hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason(String);

impl Reason {
    /// The longest reason, in bytes. A tag of LVM can have 1024 (lvm(8)), and is read by people.
    const LONGEST: usize = 64;

    /// The trial never reached its user space.
    pub fn did_not_start() -> Reason {
        Reason("did-not-start".to_owned())
    }

    /// Its user space was reached, and it said nothing more.
    pub fn not_confirmed() -> Reason {
        Reason("not-confirmed".to_owned())
    }

    /// A reason of any words: other characters than letters, digits, `.` and `_` become hyphens.
    pub fn new(text: &str) -> Reason {
        let letter = |c: char| if c.is_ascii_alphanumeric() || "._".contains(c) { c } else { '-' };
        let mut slug: String = text.trim().chars().take(Self::LONGEST).map(letter).collect();
        slug.make_ascii_lowercase();
        let slug = slug.trim_matches('-');
        Reason(if slug.is_empty() { "not-confirmed".to_owned() } else { slug.to_owned() })
    }

    /// The word.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The tag that keeps it.
    pub(crate) fn tag(&self) -> String {
        format!("{TAG_REASON_PREFIX}{}", self.0)
    }

    /// What happened, as the end of a sentence about the image.
    pub fn described(&self) -> String {
        match self.0.as_str() {
            "did-not-start" => "did not start".to_owned(),
            "not-confirmed" => "started and was not confirmed".to_owned(),
            "timeout" => "started and was not confirmed in time".to_owned(),
            other => match other.strip_prefix("health-") {
                Some(check) => format!("started, and its health check {check} failed"),
                None => format!("started and was not confirmed ({other})"),
            },
        }
    }
}

/// An image and its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageStatus {
    /// The image.
    pub nvr: Nvr,
    /// How far it has come.
    pub state: ImageState,
    /// Why its trial failed.
    pub reason: Option<Reason>,
}

/// The states of all images in root's volume group, oldest first.
pub fn states(system: &System, lvm: &Lvm) -> Vec<ImageStatus> {
    let vg = system.root_volume().map(|v| v.vg.as_str());
    let running = running_layer(system);
    let trial = system.boot.as_ref().ok().and_then(|boot| {
        let trial = boot.loader.trial()?;
        Some((image_of_entry(boot, &trial.entry)?.nvr, trial.stage))
    });
    let bases = lvm.volumes.iter().filter(|v| vg.is_none_or(|vg| v.vg == vg) && is_base(v));
    let mut states: Vec<ImageStatus> = bases
        .filter_map(|base| {
            let nvr = Nvr::parse(&base.name).ok()?;
            let stage = trial.as_ref().filter(|(of, _)| *of == nvr).map(|(_, stage)| stage);
            let runs = running.as_ref().is_some_and(|layer| layer.nvr == nvr);
            let (state, reason) = state(base, runs, stage);
            Some(ImageStatus { nvr, state, reason })
        })
        .collect();
    states.sort_by(|a, b| a.nvr.cmp(&b.nvr));
    states
}

/// The layer that runs; `None` in an installer, and on a system that is not a layer.
pub(crate) fn running_layer(system: &System) -> Option<Layer> {
    let root = system.root_volume().filter(|_| system.running)?;
    Layer::parse(&root.name)
}

/// Whether a volume is a base, complete or not.
pub(crate) fn is_base(v: &LogicalVolume) -> bool {
    v.is_thin()
        && Nvr::parse(&v.name).is_ok()
        && (v.has_tag(TAG_BASE) || v.has_tag(TAG_LAYER) || v.has_tag(TAG_MAKING) || is_unfinished(v))
}

/// The layer that the entry `id` is for: by its id, which other programs do not change; of other entries by `img.bootid=`.
pub(crate) fn image_of_entry(boot: &BootConfig, id: &str) -> Option<Layer> {
    layer_of_id(id).or_else(|| layer_of_entry(boot, boot.entry(id)?))
}

/// The layer that an entry boots.
pub(crate) fn layer_of_entry(boot: &BootConfig, entry: &BootEntry) -> Option<Layer> {
    Layer::parse(boot.arguments(entry).value("img.bootid")?)
}

/// The layer that the id of an entry begins with, as `<layer>-<kernel version>`.
pub(crate) fn layer_of_id(id: &str) -> Option<Layer> {
    let (nvr, rest) = id.split_once('+')?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    Layer::parse(&format!("{nvr}+{}", &rest[..digits]))
}

/// The tags of a base that keep why its trial failed.
pub(crate) fn reason_tags(base: &LogicalVolume) -> impl Iterator<Item = &str> {
    base.tags.iter().map(String::as_str).filter(|t| t.starts_with(TAG_REASON_PREFIX))
}

/// The state of an image, by the tags of its base, whether it runs, and the trial of it that the boot loader knows.
fn state(base: &LogicalVolume, runs: bool, trial: Option<&TrialStage>) -> (ImageState, Option<Reason>) {
    let recorded = || reason_tags(base).next().map(|t| Reason::new(&t[TAG_REASON_PREFIX.len()..]));
    let not_confirmed = || base.has_tag(TAG_STARTED).then(Reason::not_confirmed);
    if base.has_tag(TAG_MAKING) || is_unfinished(base) {
        return (ImageState::Making, None);
    }
    if !base.has_tag(TAG_READY) {
        return (ImageState::Good, None);
    }
    if runs {
        return (ImageState::Trying, recorded());
    }
    match trial {
        Some(TrialStage::Armed) => (ImageState::Armed, None),
        Some(TrialStage::Consumed) => {
            let reason = recorded().or_else(not_confirmed).unwrap_or_else(Reason::did_not_start);
            (ImageState::Failed, Some(reason))
        }
        Some(TrialStage::Replaced(_)) | None => match recorded().or_else(not_confirmed) {
            Some(reason) => (ImageState::Failed, Some(reason)),
            None => (ImageState::Ready, None),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_of_an_image_follows_from_its_tags_and_the_boot_loader() {
        let of = |tags: &[&str], runs: bool, trial: Option<TrialStage>| {
            let tags = tags.iter().map(|t| (*t).to_owned()).collect();
            let (state, reason) =
                state(&LogicalVolume { tags, ..LogicalVolume::default() }, runs, trial.as_ref());
            match reason {
                Some(reason) => format!("{state}: {}", reason.described()),
                None => state.to_string(),
            }
        };
        let (armed, consumed) = (Some(TrialStage::Armed), Some(TrialStage::Consumed));
        let replaced = Some(TrialStage::Replaced("x".into()));
        let why = "node-layout:reason=timeout";
        assert_eq!(of(&[TAG_BASE, TAG_MAKING], false, None), "making");
        assert_eq!(of(&[TAG_BASE], false, None), "good", "what init and imgbase make");
        assert_eq!(
            of(&[TAG_BASE], false, consumed.clone()),
            "good",
            "confirmed before the block was written"
        );
        assert_eq!(of(&[TAG_READY], false, None), "ready");
        assert_eq!(of(&[TAG_READY], false, armed.clone()), "armed");
        assert_eq!(of(&[TAG_READY], false, replaced), "ready");
        assert_eq!(of(&[TAG_READY], true, armed), "trying", "chosen in the menu");
        assert_eq!(of(&[TAG_READY, TAG_STARTED], true, None), "trying", "confirming was interrupted");
        assert_eq!(of(&[TAG_READY], false, consumed.clone()), "failed: did not start");
        assert_eq!(
            of(&[TAG_READY, TAG_STARTED], false, consumed.clone()),
            "failed: started and was not confirmed"
        );
        assert_eq!(
            of(&[TAG_READY, TAG_STARTED, why], false, consumed),
            "failed: started and was not confirmed in time"
        );
        assert_eq!(
            of(&[TAG_READY, "node-layout:reason=health-vdsm.sh"], false, None),
            "failed: started, and its health check vdsm.sh failed"
        );
    }

    #[test]
    fn a_reason_is_a_tag_whatever_it_is_made_of() {
        assert_eq!(Reason::new(" Health: 01_vdsm.sh\n").tag(), "node-layout:reason=health--01_vdsm.sh");
        assert_eq!(Reason::new("@é/").as_str(), "not-confirmed");
        assert_eq!(Reason::new(&"x".repeat(500)).as_str().len(), 64);
    }

    #[test]
    fn the_id_of_an_entry_names_its_layer() {
        let of = |id: &str| layer_of_id(id).map(|l| l.to_string());
        assert_eq!(of("n-1-2+1-5.14.0-503.el9.x86_64").as_deref(), Some("n-1-2+1"));
        assert_eq!(of("n-1-2+12"), Some("n-1-2+12".to_owned()));
        assert_eq!(of("5ae5-5.14.0"), None);
        assert_eq!(of("n+x"), None);
    }
}
