//! /var in an update: nothing is changed before the new image is confirmed. What is going to be added is decided while both
//! images are mounted.

use super::mount_point;
use crate::machine::{Tools, inside};
use crate::plan::VarRecord;
use crate::system::System;
use crate::var::{self, VarTrees};
use crate::verbs::var::{differing, record};
use node_base::diagnostic::{Finding, layout};
use node_base::names::Nvr;
use node_base::units::Bytes;
use std::path::{Path, PathBuf};

/// The copy of /var that an image of oVirt Node has: its own, before an installer has changed it.
const FACTORY: &str = "/usr/share/factory/var";

/// Decides what is added. The old base is mounted; `image` is the root of the new image. `None` if /var is not a file system of
/// its own: then each layer has that of its image.
///
/// # Errors
/// /var cannot be read, or has no room for what is added.
pub(super) fn decide(
    system: &System,
    tools: &dyn Tools,
    image: &Path,
    nvr: &Nvr,
) -> Result<(Option<VarRecord>, Vec<Finding>), Vec<Finding>> {
    if system.mount("/var").is_none() {
        return Ok((None, Vec::new()));
    }
    let live = system.path("/var");
    let old = old(&mount_point(tools, "old"));
    let trees = VarTrees { old: old.clone(), image: inside(image, "/var"), live: live.clone() };
    let planned = var::compare(&trees).map_err(|error| {
        vec![
            Finding::new(&layout::VAR, error.to_string())
                .help("nothing was changed; correct what is named, then run this again"),
        ]
    })?;
    let free = tools.space(&live).map(|space| space.free);
    if let Ok(free) = free
        && free < planned.bytes.saturating_add(planned.bytes / 20)
    {
        let (bytes, free) = (Bytes(planned.bytes), Bytes(free));
        let message = format!("image {nvr} adds {bytes} to /var, which has {free} free");
        return Err(vec![
            Finding::new(&layout::UPDATE_SPACE, message)
                .help("enlarge /var, or remove what is not needed there"),
        ]);
    }
    let findings = differing(&planned.differing, nvr).into_iter().collect();
    let trees = VarTrees { old, image: mount_point(tools, "layer").join("var"), live };
    Ok((Some(VarRecord { trees, to: record(system, nvr), planned }), findings))
}

/// /var as the old image has brought it. A base that `init` has made has none, unless there is a copy: /var was a file system of
/// its own.
fn old(base: &Path) -> Option<PathBuf> {
    let factory = inside(base, FACTORY);
    if factory.is_dir() {
        return Some(factory);
    }
    let own = base.join("var");
    let is_filled = |path: &PathBuf| {
        !path.is_symlink() && std::fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some())
    };
    Some(own).filter(is_filled)
}
