//! Groups of commands that several rules ask about.

use kickstart::{Command, Kickstart};

/// Commands that name an installation tree: packages, and the installer's runtime image beside them. The initramfs reads
/// exactly these from a kickstart (Anaconda, `dracut/parse-kickstart`).
pub(crate) const TREES: [&str; 5] = ["url", "nfs", "cdrom", "harddrive", "hmc"];

/// The command that makes Red Hat's subscription service the source of packages; it brings no runtime image.
const SUBSCRIPTION: &str = "rhsm";

/// Commands that install a whole system instead of packages.
const IMAGES: [&str; 4] = ["liveimg", "ostreesetup", "ostreecontainer", "bootc"];

/// Commands that make Anaconda partition (`get_method_for_kickstart`).
const PARTITIONING: [&str; 9] =
    ["autopart", "mount", "reqpart", "part", "partition", "logvol", "volgroup", "raid", "btrfs"];

/// Whether the command of this name is a source of packages.
pub(crate) fn is_package_source(name: &str) -> bool {
    name == SUBSCRIPTION || TREES.contains(&name)
}

/// Whether the command of this name installs a whole system.
pub(crate) fn is_image_source(name: &str) -> bool {
    IMAGES.contains(&name)
}

/// All commands that partition.
pub(super) fn partitioning<'k, 's>(kickstart: &'k Kickstart<'s>) -> impl Iterator<Item = &'k Command<'s>> {
    kickstart.among(&PARTITIONING)
}
