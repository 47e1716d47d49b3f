//! The directories that fstab of this host mounts file systems on, and that an image may not have.

use crate::disks::{Fstab, Mounting};
use crate::machine::{inside, unescaped};
use node_base::diagnostic::{Finding, Severity, layout};
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

/// Where the kernel or systemd makes directories at every boot.
const MADE_AT_BOOT: [&str; 4] = ["/dev", "/proc", "/run", "/sys"];

/// The mount points of the text `fstab` that the image at `image` lacks, as paths below its root; findings about those that cannot be
/// mounted on. What is below another mount point is on that file system, which this host has already.
pub(super) fn decide(fstab: &str, image: &Path) -> (Vec<PathBuf>, Vec<Finding>) {
    let mountings = Fstab::parse(fstab).mountings();
    let target = |mounting: &Mounting| PathBuf::from(unescaped(&mounting.target));
    let targets: Vec<PathBuf> = mountings.iter().map(target).filter(|path| is_mount_point(path)).collect();
    let (mut missing, mut findings) = (Vec::new(), Vec::new());
    for mounting in &mountings {
        let path = target(mounting);
        if !is_mount_point(&path)
            || MADE_AT_BOOT.iter().any(|made| path.starts_with(made))
            || targets.iter().any(|above| path != *above && path.starts_with(above))
        {
            continue;
        }
        let at = inside(image, &path);
        let has_option = |names: &[&str]| mounting.options.split(',').any(|option| names.contains(&option));
        match std::fs::symlink_metadata(&at) {
            Ok(metadata) if metadata.is_dir() || has_option(&["bind", "rbind"]) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {
                missing.extend(at.strip_prefix(image).ok().map(Path::to_owned));
            }
            _ => {
                let message = format!(
                    "/etc/fstab mounts {} on {}, which is not a directory in the image",
                    mounting.source,
                    path.display()
                );
                // Without it the boot goes on.
                let severity = match has_option(&["nofail", "noauto"]) {
                    true => Severity::Warning,
                    false => Severity::Error,
                };
                findings.push(
                    Finding::new(&layout::IMAGE_CONTENT, message)
                        .severity(severity)
                        .help("mount it on another directory, or build the image without that file"),
                );
            }
        }
    }
    missing.sort();
    missing.dedup();
    (missing, findings)
}

/// Whether a file system is mounted there, beside root. (A swap area has no directory.)
fn is_mount_point(path: &Path) -> bool {
    let mut parts = path.components();
    let is_absolute = parts.next() == Some(Component::RootDir);
    is_absolute && parts.clone().next().is_some() && parts.all(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn what_an_image_lacks_is_made_and_what_cannot_be_mounted_on_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let image = dir.path();
        for directory in ["boot", "var", "srv/real"] {
            std::fs::create_dir_all(image.join(directory)).unwrap();
        }
        std::fs::write(image.join("file"), "").unwrap();
        symlink("/srv", image.join("link")).unwrap();
        symlink("/srv/later", image.join("dangling")).unwrap();
        let fstab = "/dev/a / xfs defaults 0 0\n/dev/b /boot ext4 defaults\n/dev/c /boot/efi vfat\n/dev/d /var xfs\n\
            /dev/e /var/log xfs\n/dev/f none swap\n/dev/g /data/vm xfs\n/dev/h /data/vm/images xfs\n/dev/i /with\\040blank xfs\n\
            /dev/j /link/real xfs\n/dev/k /link/other xfs\n/dev/l /dangling xfs\ntmpfs /run/mine tmpfs\n/dev/m /file xfs\n\
            /dev/n /file/below xfs nofail\n/x /file none bind\n/dev/o /a/../b xfs\n/dev/g /data/vm xfs noauto\n# /dev/p /q xfs\n";
        let (missing, findings) = decide(fstab, image);
        let missing: Vec<_> = missing.iter().map(|path| path.display().to_string()).collect();
        assert_eq!(missing, ["data/vm", "srv/later", "srv/other", "with blank"]);
        let said: Vec<_> = findings.iter().map(|f| format!("{}: {}", f.severity, f.message)).collect();
        assert_eq!(said, ["error: /etc/fstab mounts /dev/m on /file, which is not a directory in the image"]);
    }

    #[test]
    fn a_mount_that_may_fail_is_a_warning() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("file"), "").unwrap();
        let (missing, findings) = decide("/dev/n /file/below xfs nofail,discard 0 0\n", dir.path());
        assert!(missing.is_empty());
        assert_eq!(findings.iter().map(|f| f.severity).collect::<Vec<_>>(), [Severity::Warning]);
    }
}
