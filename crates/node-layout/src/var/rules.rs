//! What of an image's /var is left alone.

use rustix::fs::FileType;
use std::path::Path;

/// How much of a part of /var is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Everything.
    All,
    /// Directories and links: programs expect them, and what is in the files is what building the image has left.
    Directories,
    /// A link in its place, but nothing of a directory: it describes one image, or one machine.
    Links,
}

/// The parts that are not added as a whole, below /var.
const PARTS: &[(&str, Part)] = &[
    // What programs make anew, or what only building the image has left.
    ("cache", Part::Directories),
    ("log", Part::Directories),
    ("spool", Part::Directories),
    ("tmp", Part::Links),
    // File systems have it.
    ("lost+found", Part::Links),
    // systemd's mark of the last update (systemd-update-done.service(8)).
    (".updated", Part::Links),
    // Databases of packages: parts of two databases do not make one. (An image of oVirt Node has a link there.)
    ("lib/rpm", Part::Links),
    ("lib/rpm-state", Part::Links),
    ("lib/dnf", Part::Links),
    ("lib/yum", Part::Links),
    ("lib/dpkg", Part::Links),
    ("lib/apt", Part::Links),
    // The policy's modules: semodule of the image makes them, and the host may have added its own.
    ("lib/selinux", Part::Links),
    // Secrets and states of one machine.
    ("lib/systemd/random-seed", Part::Links),
    ("lib/systemd/credential.secret", Part::Links),
    ("lib/dbus/machine-id", Part::Links),
    ("lib/NetworkManager/secret_key", Part::Links),
    ("lib/misc/random-seed", Part::Links),
    // Our own, and imgbased's.
    ("lib/node-layout", Part::Links),
    ("imgbased", Part::Links),
];

/// How a file below /var is treated, by its path there.
pub(super) fn part(path: &Path) -> Part {
    let of = |above: &Path| PARTS.iter().find(|(of, _)| above == Path::new(of)).map(|(_, part)| *part);
    path.ancestors().find_map(of).unwrap_or(Part::All)
}

/// Whether a file of this kind may be added at this path.
pub(super) fn is_added(path: &Path, kind: FileType) -> bool {
    match part(path) {
        // A program that serves a socket makes it.
        _ if kind.is_socket() => false,
        Part::All => true,
        Part::Directories => kind.is_dir() || kind.is_symlink(),
        // A part that is to be a link is one itself.
        Part::Links => kind.is_symlink() && PARTS.iter().any(|(of, _)| path == Path::new(of)),
    }
}

/// Whether the files in a directory at this path can be of interest.
pub(super) fn is_entered(path: &Path) -> bool {
    part(path) != Part::Links
}
