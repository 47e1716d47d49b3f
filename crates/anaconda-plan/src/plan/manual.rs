//! The `mount` command: existing devices get mount points.
//!
//! Source: pyanaconda's `partitioning/manual/manual_partitioning.py`.

use crate::layout::Layout;
use crate::machine::format::{Format, FormatKind};
use crate::machine::tree::Tree;
use crate::plan::cause::{Cause, Refusal};

/// Carries out all `mount` commands.
///
/// # Errors
/// A device that does not exist, a file system that cannot be made.
pub(super) fn run(tree: &mut Tree, layout: &Layout) -> Result<(), Refusal> {
    for mount in &layout.mounts {
        let span = Some(mount.span);
        let name = &mount.device.name;
        let Some(id) = tree.resolve(name) else {
            let says = format!("Unknown or invalid device '{name}' specified");
            return Err(Refusal::stop(Cause::NoSuchDevice, Some(mount.device.span), says));
        };
        if let Some(reformat) = &mount.reformat {
            let kind = match reformat.as_str() {
                "" => Some(tree[id].format.kind),
                other => FormatKind::from_name(other, tree.release),
            };
            let Some(kind) = kind.filter(|k| *k != FormatKind::None) else {
                let says = format!("Unknown or invalid format '{reformat}' specified for device '{name}'");
                return Err(Refusal::stop(Cause::UnknownFileSystem, span, says));
            };
            tree.remove_recursively(id, false);
            tree[id].format = Format::new(kind);
        }
        let place = mount.mount.as_str();
        let mounted = tree[id].format.kind.mountable() && !matches!(place, "none" | "swap");
        if mounted {
            tree[id].format.mountpoint = Some(place.to_owned());
        }
        tree[id].span = span;
    }
    Ok(())
}
