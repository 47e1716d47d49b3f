//! `/boot`: a file system of its own, writable, of a usable kind, and large enough for two images.

use crate::images::NodeState;
use crate::machine::{Tools, device_size};
use crate::system::System;
use node_base::diagnostic::{Finding, Findings, layout};
use node_base::policy::Policy;
use node_base::units::Bytes;

/// Checks `/boot`.
pub(super) fn boot_partition(
    system: &System,
    s: &NodeState<'_>,
    policy: &Policy,
    tools: &dyn Tools,
    findings: &mut Findings,
) {
    let Some(mount) = system.mount("/boot") else { return };
    let source = &mount.source;
    if mount.read_only {
        findings.push(
            Finding::new(&layout::BOOT, format!("/boot ({source}) is mounted read-only"))
                .help("mount it for writing: mount -o remount,rw /boot"),
        );
    }
    let allowed = &policy.boot.filesystems;
    let needs_fat = s.boot.loader.needs_fat() && mount.kind == "vfat";
    if !(allowed.is_empty() || allowed.contains(&mount.kind) || needs_fat) {
        let message = format!(
            "/boot ({source}) is {}; policy '{}' asks for {}",
            mount.kind,
            policy.name,
            allowed.join(" or ")
        );
        findings.push(
            Finding::new(&layout::BOOT, message).help("install with --fstype=ext4 or --fstype=xfs for /boot"),
        );
    }
    let too_small = |message: String| {
        Finding::new(&layout::BOOT_SPACE, message).help("install with a larger /boot: part /boot --size=1024")
    };
    let size = device_size(tools.environment(), mount.device);
    if let (Some(size), Some(min)) = (size, policy.boot.min)
        && size < min.bytes()
    {
        findings.push(too_small(format!(
            "/boot ({source}) is {size}; policy '{}' asks for {}",
            policy.name,
            min.bytes()
        )));
    }
    let Some(space) = system.boot_space else { return };
    // The original tools measure the file system, which is smaller than its device, and refuse to work with less.
    if let Some(min) = policy.boot.min_filesystem.filter(|m| space.total < m.0) {
        findings.push(too_small(format!(
            "the file system of /boot ({source}) has {} bytes; policy '{}' asks for {}",
            space.total, policy.name, min.0
        )));
    }
    let (image, source_of_size) = image_size(s, policy);
    // This image's copy and the next image's.
    let needed = Bytes(image.0.saturating_mul(2));
    if Bytes(space.free) + already_kept(s) < needed {
        let message = format!(
            "/boot ({source}) has {} free; two images need {needed} ({image} each, by {source_of_size})",
            Bytes(space.free)
        );
        findings.push(
            Finding::new(&layout::BOOT_SPACE, message)
                .help("remove kernels that are not needed, or install with a larger /boot"),
        );
    }
}

/// Bytes of a kernel and an initramfs, and where the number comes from: the template's files, or the policy while
/// the initramfs is missing.
fn image_size(s: &NodeState<'_>, policy: &Policy) -> (Bytes, &'static str) {
    let size = |p: Option<&str>| p.and_then(|p| std::fs::metadata(s.boot.file(p)).ok()).map(|m| m.len());
    match (size(s.template.kernel()), size(s.template.initramfs())) {
        (Some(k), Some(i)) => (Bytes(k.saturating_add(i)), "the kernel and initramfs of the default entry"),
        _ => (policy.images.boot_content.map_or(Bytes(0), |m| m.bytes()), "the policy's figure for an image"),
    }
}

/// Bytes that an interrupted run has copied already.
fn already_kept(s: &NodeState<'_>) -> Bytes {
    let files = std::fs::read_dir(s.kept_dir()).into_iter().flatten().flatten();
    Bytes(files.filter_map(|f| f.metadata().ok()).map(|m| m.len()).sum())
}
