//! The file systems: /boot, and the volumes of the policy.

use super::situation::Situation;
use crate::loader::Loader;
use crate::notice::{self, Notice};
use crate::system::{System, device_size};
use crate::tools::Tools;
use node_base::diagnostic::Severity;
use node_base::policy::{Policy, Presence};
use node_base::units::Bytes;

/// /boot: of its own, writable, and large enough for two images.
pub(super) fn boot_partition(
    system: &System,
    s: &Situation<'_>,
    policy: &Policy,
    tools: &dyn Tools,
    notices: &mut Vec<Notice>,
) {
    let Some(mount) = system.mount("/boot") else { return };
    if mount.read_only {
        notices.push(
            notice::BOOT
                .notice(format!("/boot ({}) is mounted read-only", mount.source))
                .help("mount it for writing: mount -o remount,rw /boot"),
        );
    }
    let allowed = &policy.boot.filesystems;
    let systemd_boot = s.boot.loader == Loader::SystemdBoot;
    let fits = allowed.is_empty() || allowed.contains(&mount.kind) || (systemd_boot && mount.kind == "vfat");
    if !fits {
        notices.push(
            notice::BOOT
                .notice(format!(
                    "/boot ({}) is {}; policy '{}' has {}",
                    mount.source,
                    mount.kind,
                    policy.name,
                    allowed.join(" or ")
                ))
                .help("install with --fstype=ext4 or --fstype=xfs for /boot"),
        );
    }
    let size = device_size(tools.environment(), mount.device);
    if let (Some(size), Some(min)) = (size, policy.boot.min)
        && size < min.bytes()
    {
        notices.push(
            notice::BOOT_SPACE
                .notice(format!(
                    "/boot ({}) is {size}; policy '{}' asks for {}",
                    mount.source,
                    policy.name,
                    min.bytes()
                ))
                .help("install with a larger /boot: part /boot --size=1024"),
        );
    }
    let Some(space) = system.boot_space else { return };
    // The original tools measure the file system, which is smaller than its device, and refuse to work with less.
    if let Some(min) = policy.boot.min_filesystem.filter(|m| space.total < m.0) {
        notices.push(
            notice::BOOT_SPACE
                .notice(format!(
                    "the file system of /boot ({}) has {} bytes; policy '{}' asks for {}",
                    mount.source, space.total, policy.name, min.0
                ))
                .help("install with a larger /boot: part /boot --size=1024"),
        );
    }
    let (image, measured) = image_size(s, policy);
    // This image's copy and the next image's.
    let needed = Bytes(image.0.saturating_mul(2));
    let have = Bytes(space.free) + kept_already(s);
    if have < needed {
        let how = if measured {
            "the kernel and initramfs of the default entry"
        } else {
            "the policy's figure for an image"
        };
        notices.push(
            notice::BOOT_SPACE
                .notice(format!(
                    "/boot ({}) has {} free; two images need {needed} ({image} each, by {how})",
                    mount.source,
                    Bytes(space.free)
                ))
                .help("remove kernels that are not needed, or install with a larger /boot"),
        );
    }
}

/// What is set as GRUB's default has an effect.
pub(crate) fn grub_default(s: &Situation<'_>, notices: &mut Vec<Notice>) {
    if let (Loader::Grub, Some(config)) = (s.boot.loader, &s.boot.ignores_saved_entry) {
        notices.push(
            notice::BOOT_DEFAULT
                .notice(format!("{} does not look at saved_entry: GRUB boots the first entry of its list, whichever is set as the default", config.display()))
                .help(format!("GRUB_DEFAULT=saved in /etc/default/grub, then grub2-mkconfig -o {}", config.display()))
                .severity(Severity::Warning),
        );
    }
}

/// Bytes of a kernel and an initramfs: of the template's files, or the policy's figure while there is no initramfs yet.
fn image_size(s: &Situation<'_>, policy: &Policy) -> (Bytes, bool) {
    let size = |p: Option<&str>| p.and_then(|p| std::fs::metadata(s.boot.file(p)).ok()).map(|m| m.len());
    match (size(s.template.kernel()), size(s.template.initramfs())) {
        (Some(k), Some(i)) => (Bytes(k.saturating_add(i)), true),
        _ => (policy.images.boot_content.map_or(Bytes(0), |m| m.bytes()), false),
    }
}

/// What an interrupted work has copied already.
fn kept_already(s: &Situation<'_>) -> Bytes {
    let dir = s.boot.root.join(s.target.layer.to_string());
    let files = std::fs::read_dir(dir).into_iter().flatten().flatten();
    Bytes(files.filter_map(|f| f.metadata().ok()).map(|m| m.len()).sum())
}

/// The volumes of the policy.
pub(crate) fn volumes(system: &System, policy: &Policy, tools: &dyn Tools, notices: &mut Vec<Notice>) {
    for volume in &policy.volumes {
        let Some(mount) = system.mount(&volume.mount) else {
            match volume.presence {
                Presence::Required => notices.push(
                    notice::VOLUME
                        .notice(format!("{} is not a volume of its own; policy '{}' requires one", volume.mount, policy.name))
                        .help(format!("install with logvol {} --thin --poolname=POOL", volume.mount)),
                ),
                Presence::Recommended => notices.push(
                    notice::VOLUME_RECOMMENDED
                        .notice(format!("{} is not a volume of its own; policy '{}' recommends one", volume.mount, policy.name))
                        .help("it works without; what is written there stays in the layer and is not carried to the next image"),
                ),
                Presence::Optional => {}
            }
            continue;
        };
        let size = device_size(tools.environment(), mount.device);
        if let (Some(size), Some(min)) = (size, volume.min)
            && size < min.bytes()
        {
            notices.push(
                notice::VOLUME
                    .notice(format!(
                        "{} ({}) is {size}; policy '{}' asks for {}",
                        volume.mount,
                        mount.source,
                        policy.name,
                        min.bytes()
                    ))
                    .help(format!("lvextend --resizefs --size {}b {}", min.bytes().0, mount.source)),
            );
        }
    }
    for path in &policy.not_separate {
        if let Some(m) = system.mount(path) {
            notices.push(
                notice::VOLUME_SEPARATE
                    .notice(format!(
                        "{path} is a volume of its own ({}); it has to be part of the image",
                        m.source
                    ))
                    .help(format!("install without a logvol or part for {path}")),
            );
        }
    }
}
