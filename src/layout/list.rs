//! The images of a machine: bases and their layers, which one runs, which boots next, and what they use.

use super::lvm::{LogicalVolume, Lvm, TAG_BASE, TAG_LAYER};
use super::names::{Layer, Nvr};
use super::system::System;
use crate::units::Bytes;
use serde::Serialize;

/// A volume of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Volume {
    /// `VG/LV`.
    pub volume: String,
    /// Size that its file system sees, in bytes.
    pub size: Bytes,
    /// What the pool holds for it, in bytes, shared blocks included.
    pub mapped: Bytes,
    /// Whether the running system's root is on it.
    pub booted: bool,
    /// Whether it boots next.
    pub default: bool,
    /// Whether it can be written.
    pub writable: bool,
}

/// An image: a base and the layers made of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Image {
    /// Name, version, release.
    pub nvr: String,
    /// The base; missing if someone removed it.
    pub base: Option<Volume>,
    /// The layers, lowest number first.
    pub layers: Vec<Volume>,
}

/// The pool that holds them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pool {
    /// `VG/LV`.
    pub volume: String,
    /// Size of its data, in bytes.
    pub size: Bytes,
    /// Used data, in percent.
    pub data_percent: Option<f64>,
    /// Used metadata, in percent.
    pub metadata_percent: Option<f64>,
}

/// All images.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Images {
    /// Version of this form.
    pub schema: u32,
    /// Oldest first.
    pub images: Vec<Image>,
    /// The pool of the first image.
    pub pool: Option<Pool>,
}

/// Lists them.
pub fn list(system: &System, lvm: &Lvm) -> Images {
    let root = system.root_volume().map(|v| v.uuid.as_str());
    let default = system.boot.as_ref().ok().and_then(|b| {
        let entry = b.default_entry()?;
        let arguments = b.arguments(entry);
        arguments.value("img.bootid").map(str::to_owned)
    });
    let describe = |v: &LogicalVolume| Volume {
        volume: v.full_name(),
        size: v.size,
        mapped: share(v.size, v.data_percent),
        booted: system.running && root == Some(v.uuid.as_str()),
        default: default.as_deref() == Some(v.name.as_str()),
        writable: v.writable,
    };
    let ours = || lvm.volumes.iter().filter(|v| v.has_tag(TAG_BASE) || v.has_tag(TAG_LAYER));
    let mut nvrs: Vec<Nvr> = ours()
        .filter_map(|v| Layer::parse(&v.name).map(|l| l.nvr).or_else(|| Nvr::parse(&v.name).ok()))
        .collect();
    nvrs.sort();
    nvrs.dedup();
    let images = nvrs
        .into_iter()
        .map(|nvr| {
            let mut layers: Vec<(Layer, Volume)> = ours()
                .filter_map(|v| Some((Layer::parse(&v.name).filter(|l| l.nvr == nvr)?, describe(v))))
                .collect();
            layers.sort_by(|a, b| a.0.cmp(&b.0));
            Image {
                base: ours().find(|v| v.name == nvr.as_str()).map(describe),
                layers: layers.into_iter().map(|(_, v)| v).collect(),
                nvr: nvr.to_string(),
            }
        })
        .collect();
    let pool = ours().find_map(|v| lvm.volume(&v.vg, v.pool.as_deref()?)).map(|p| Pool {
        volume: p.full_name(),
        size: p.size,
        data_percent: p.data_percent,
        metadata_percent: p.metadata_percent,
    });
    Images { schema: 1, images, pool }
}

fn share(size: Bytes, percent: Option<f64>) -> Bytes {
    // Percentages of LVM have two decimals: hundredths keep the arithmetic whole.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let hundredths = (percent.unwrap_or(0.0).clamp(0.0, 100.0) * 100.0).round() as u64;
    let bytes = u128::from(size.0) * u128::from(hundredths) / 10_000;
    Bytes(u64::try_from(bytes).unwrap_or(u64::MAX))
}
