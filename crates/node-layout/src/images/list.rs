//! The images of a machine: bases and their layers, which one is booted and which one boots next, what they use, and how many
//! fit.

use super::trial::{ImageState, is_base, states};
use crate::disks::thin::{self, ThinError, Usage};
use crate::disks::{LogicalVolume, Lvm, TAG_BASE, TAG_LAYER, share};
use crate::machine::{Tools, device_size};
use crate::system::System;
use node_base::capacity::{self, Limit, Room};
use node_base::names::{Layer, Nvr};
use node_base::policy::Policy;
use node_base::units::Bytes;
use serde::Serialize;
use std::collections::BTreeMap;

/// A volume of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Volume {
    /// `VG/LV`.
    pub volume: String,
    /// Virtual size: the size that its file system sees.
    pub size: Bytes,
    /// Bytes of the pool that it maps, shared ones included; `None` for an inactive volume if the pool's metadata cannot be
    /// read.
    pub mapped: Option<Bytes>,
    /// Bytes of the pool that only it maps: removing the volume would free them.
    pub exclusive: Option<Bytes>,
    /// Whether it is the root of the running system.
    pub booted: bool,
    /// Whether the default boot entry boots it.
    pub default: bool,
    /// Whether its permission is read-write.
    pub writable: bool,
}

/// An image: a base and the layers made of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Image {
    /// The image's name: `NAME-VERSION-RELEASE`.
    pub nvr: String,
    /// How far it has come.
    pub state: ImageState,
    /// Why its trial failed, as a stable word.
    pub reason: Option<String>,
    /// Bytes of the pool that its base and layers use together.
    pub used: Option<Bytes>,
    /// The base; `None` if it was removed.
    pub base: Option<Volume>,
    /// The layers, by number.
    pub layers: Vec<Volume>,
}

/// The thin pool of the images.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pool {
    /// `VG/LV`.
    pub volume: String,
    /// Size of its data.
    pub size: Bytes,
    /// Used data.
    pub used: Option<Bytes>,
    /// Used data, in percent.
    pub data_percent: Option<f64>,
    /// Size of its metadata.
    pub metadata_size: Bytes,
    /// Used metadata, in percent.
    pub metadata_percent: Option<f64>,
}

/// How many images fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Fit {
    /// Number of images, existing ones included.
    pub fit: u32,
    /// Number of further images.
    pub more: u32,
    /// What keeps one more out.
    pub limited_by: Limit,
}

/// All images.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ImageList {
    /// Version of the JSON form.
    pub schema: u32,
    /// Oldest first.
    pub images: Vec<Image>,
    /// The pool of the images, or of root.
    pub pool: Option<Pool>,
    /// How many images fit; `None` without a pool, or if its use is not known.
    pub room: Option<Fit>,
    /// Reasons why something above is not known.
    pub remarks: Vec<String>,
}

/// Lists the images. How many fit is computed by [`capacity::images`], as for a plan, with the policy's expectations.
pub fn list(system: &System, lvm: &Lvm, policy: &Policy, tools: &dyn Tools) -> ImageList {
    let pool_of = |v: &LogicalVolume| lvm.volume(&v.vg, v.pool.as_deref()?);
    let pool = lvm
        .volumes
        .iter()
        .filter(|v| is_of_image(v))
        .find_map(pool_of)
        .or_else(|| pool_of(system.root_volume()?));
    let mut remarks = Vec::new();
    let usage = match pool.map(|p| thin::usage(tools, p)) {
        Some(Ok(usage)) => usage,
        Some(Err(error)) => {
            remarks.push(unknown(&error));
            BTreeMap::new()
        }
        None => BTreeMap::new(),
    };
    let lister = Lister { system, lvm, pool, usage };
    let images = lister.images();
    let pool = pool.map(|p| Pool {
        volume: p.full_name(),
        size: p.size,
        used: p.data_percent.map(|percent| share(p.size, percent)),
        data_percent: p.data_percent,
        metadata_size: p.metadata_size,
        metadata_percent: p.metadata_percent,
    });
    let room = lister.room(&images, policy, tools).map(|room| {
        let all = capacity::images(&room);
        let there = u32::try_from(images.len()).unwrap_or(u32::MAX);
        Fit { fit: all.fit, more: all.fit.saturating_sub(there), limited_by: all.limited_by }
    });
    ImageList { schema: 1, images, pool, room, remarks }
}

fn unknown(error: &ThinError) -> String {
    format!("how much the volumes share is not known: {error}")
}

struct Lister<'a> {
    system: &'a System,
    lvm: &'a Lvm,
    pool: Option<&'a LogicalVolume>,
    usage: BTreeMap<u32, Usage>,
}

impl Lister<'_> {
    fn usage(&self, v: &LogicalVolume) -> Option<Usage> {
        let pool = self.pool?;
        let in_it = v.vg == pool.vg && v.pool.as_deref() == Some(&pool.name);
        self.usage.get(&v.thin_id?).filter(|_| in_it).copied()
    }

    fn images(&self) -> Vec<Image> {
        let root = self.system.root_volume().map(|v| v.uuid.as_str());
        let default = self.system.boot.as_ref().ok().and_then(|b| {
            let arguments = b.arguments(b.default_entry()?);
            arguments.value("img.bootid").map(str::to_owned)
        });
        let describe = |v: &LogicalVolume| {
            let usage = self.usage(v);
            Volume {
                volume: v.full_name(),
                size: v.size,
                mapped: usage.map(|u| u.mapped).or_else(|| Some(share(v.size, v.data_percent?))),
                exclusive: usage.map(|u| u.exclusive),
                booted: self.system.running && root == Some(v.uuid.as_str()),
                default: default.as_deref() == Some(v.name.as_str()),
                writable: v.writable,
            }
        };
        let ours = || self.lvm.volumes.iter().filter(|v| is_of_image(v));
        let states = states(self.system, self.lvm);
        let mut nvrs: Vec<Nvr> = ours().filter_map(image_of).collect();
        nvrs.sort();
        nvrs.dedup();
        let image = |nvr: Nvr| {
            let mut layers: Vec<(Layer, Volume)> = ours()
                .filter_map(|v| Some((Layer::parse(&v.name).filter(|l| l.nvr == nvr)?, describe(v))))
                .collect();
            layers.sort_by(|a, b| a.0.cmp(&b.0));
            let layers: Vec<Volume> = layers.into_iter().map(|(_, v)| v).collect();
            let base = ours().find(|v| v.name == nvr.as_str()).map(describe);
            // A layer shares blocks only with its base.
            let parts = base.iter().map(|b| b.mapped).chain(layers.iter().map(|l| l.exclusive));
            let status = states.iter().find(|s| s.nvr == nvr);
            Image {
                // Layers without a base are what an older installation has left.
                state: status.map_or(ImageState::Good, |s| s.state),
                reason: status.and_then(|s| Some(s.reason.as_ref()?.as_str().to_owned())),
                nvr: nvr.to_string(),
                used: parts.sum(),
                base,
                layers,
            }
        };
        nvrs.into_iter().map(image).collect()
    }

    /// The space for images. Data of other volumes, and what an image uses beyond the policy's expectation, is not available.
    fn room(&self, images: &[Image], policy: &Policy, tools: &dyn Tools) -> Option<Room> {
        let pool = self.pool?;
        let boot = self.system.mount("/boot").and_then(|m| device_size(tools.environment(), m.device));
        let mut room = capacity::expected(policy, pool.size, pool.metadata_size, pool.chunk_size, boot);
        let of_images: Bytes = images.iter().map(|i| i.used).sum::<Option<Bytes>>()?;
        let used = share(pool.size, pool.data_percent?);
        let above: Bytes = images.iter().filter_map(|i| i.used).map(|u| u - room.image).sum();
        room.other = (used - of_images) + above;
        Some(room)
    }
}

/// Whether a volume belongs to an image, by its tags.
fn is_of_image(v: &LogicalVolume) -> bool {
    v.has_tag(TAG_LAYER) || v.has_tag(TAG_BASE) || is_base(v)
}

/// The image that a volume belongs to, by the volume's name.
fn image_of(v: &LogicalVolume) -> Option<Nvr> {
    Layer::parse(&v.name).map(|l| l.nvr).or_else(|| Nvr::parse(&v.name).ok())
}
