//! Whether there is room for a new image: in the pool, in its metadata, in the base's file system, on /boot.

use super::Making;
use crate::disks::{RootFs, share, thin};
use crate::images::ImageState;
use crate::machine::Tools;
use node_base::diagnostic::{Finding, Findings, layout};
use node_base::units::Bytes;
use serde::Serialize;

/// What a new image needs, and what there is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Needs {
    /// Bytes of the pool's data.
    pub pool_data: Bytes,
    /// Bytes of the pool's data that it may take.
    pub pool_data_free: Option<Bytes>,
    /// Bytes of the pool's metadata.
    pub pool_metadata: Bytes,
    /// Bytes of the pool's metadata that it may take.
    pub pool_metadata_free: Option<Bytes>,
    /// Bytes on /boot.
    pub boot: Bytes,
    /// Bytes on /boot that it may take.
    pub boot_free: Option<Bytes>,
    /// Bytes of content that are written into the base.
    pub content: Bytes,
}

/// Share of the pool, in percent, that an update leaves to the guests of the host.
const LEFT: u64 = 5;
/// What a layer costs beside its base: a journal, `/etc`. (A UUID is counted apart.)
const LAYER: Bytes = Bytes(64 << 20);
/// What a new UUID of ext4 rewrites for each file, in bytes, in the base and in the layer: the checksums of its metadata depend on
/// the UUID. (What that of XFS rewrites does not depend on the files.)
const EXT4_UUID: u64 = 1 << 10;
/// What an initramfs may become larger than the one of the running layer: one part of this.
const LARGER: u64 = 4;
/// What directories and entries on /boot cost.
const SMALL: Bytes = Bytes(1 << 20);

/// Computes what the image needs.
pub(super) fn needs(making: &Making<'_>, tools: &dyn Tools) -> Needs {
    let Making { node, host, contents, comparison, .. } = making;
    let pool = host.pool;
    let need = &comparison.difference.need;
    let shared = host.base.thin_id.and_then(|id| Some(thin::usage(tools, pool).ok()?.get(&id)?.mapped));
    let shared =
        if comparison.fresh { Bytes(0) } else { shared.unwrap_or(Bytes(comparison.difference.size)) };
    let chunk = Bytes(pool.chunk_size.0.max(64 << 10));
    let free = |size: Bytes, percent: Option<f64>, left: u64| {
        percent.map(|used| (size - share(size, used)) - Bytes(size.0 / 100 * left))
    };
    let running = host.entry.initramfs().and_then(|path| std::fs::metadata(node.boot.file(path)).ok());
    let running = running.map(|m| Bytes(m.len() + m.len() / LARGER));
    let initramfs = match (contents.dracut, contents.initramfs_size) {
        (Some(_), Some(own)) => own.max(running.unwrap_or_default()),
        (Some(_), None) => running.unwrap_or_default(),
        (None, own) => own.unwrap_or_default(),
    };
    let uuids = match host.root_fs {
        RootFs::Ext4 => Bytes(comparison.difference.files.saturating_mul(2 * EXT4_UUID)),
        // That of the base and that of the layer.
        RootFs::Xfs => comparison.uuid + comparison.uuid,
    };
    Needs {
        pool_data: need.data(chunk) + LAYER + uuids + making.packages.map_or(Bytes(0), |p| p.size()),
        pool_data_free: free(pool.size, pool.data_percent, LEFT),
        // The layer maps what the base maps.
        pool_metadata: Bytes(need.metadata(chunk, shared).0.saturating_mul(2)),
        pool_metadata_free: free(pool.metadata_size, pool.metadata_percent, LEFT),
        boot: contents.kernel_size + initramfs + SMALL,
        boot_free: tools.space(&node.boot.root).ok().map(|space| Bytes(space.free)),
        content: need.content(),
    }
}

/// Pushes what there is too little of.
pub(super) fn check(making: &Making<'_>, needs: &Needs, findings: &mut Findings) {
    let Making { host, nvr, node, comparison, .. } = making;
    let pool = host.pool.full_name();
    let removable = removable(making);
    let mut short = |code, what: String, needed: Bytes, free: Option<Bytes>, help: String| {
        if let Some(free) = free.filter(|free| *free < needed) {
            let message = format!("image {nvr} needs {needed} of {what}, which has {free} to give");
            findings.push(Finding::new(code, message).help(format!("{removable}{help}")));
        }
    };
    short(
        &layout::UPDATE_SPACE,
        format!("the data of thin pool {pool}"),
        needs.pool_data,
        needs.pool_data_free,
        format!("enlarge the pool: lvextend --size +SIZE {pool}"),
    );
    short(
        &layout::UPDATE_SPACE,
        format!("the metadata of thin pool {pool}"),
        needs.pool_metadata,
        needs.pool_metadata_free,
        format!("enlarge it: lvextend --poolmetadatasize +SIZE {pool}"),
    );
    short(
        &layout::BOOT_SPACE,
        node.boot.root.display().to_string(),
        needs.boot,
        needs.boot_free,
        "remove kernels that are not needed".to_owned(),
    );
    // A twentieth is what a file system keeps for itself.
    let size = comparison.difference.size;
    let needed = Bytes(size.saturating_add(size / 20));
    short(
        &layout::UPDATE_SPACE,
        format!("a root file system, whose size is that of {}", host.base.full_name()),
        needed,
        Some(comparison.room),
        "install the node with a larger root (logvol / --size=…)".to_owned(),
    );
}

/// What could be removed, as the beginning of a sentence.
fn removable(making: &Making<'_>) -> String {
    let node = making.node;
    let default = node.default_layer().map(|l| l.nvr);
    let removable: Vec<&str> = node
        .images
        .iter()
        .filter(|i| i.nvr != node.layer.nvr && Some(&i.nvr) != default.as_ref())
        .filter(|i| matches!(i.state, ImageState::Good | ImageState::Failed | ImageState::Ready))
        .map(|i| i.nvr.as_str())
        .collect();
    match removable.is_empty() {
        true => String::new(),
        false => {
            format!("remove an image that is not needed (node-layout remove {}), or ", removable.join(", "))
        }
    }
}
