//! Volumes, pools and volume groups as a kickstart asks for them.

use kickstart::Command;
use node_base::source::Span;
use node_base::units::MiB;

/// A file system with a mount point.
#[derive(Debug)]
pub(crate) struct Volume<'a> {
    /// The command that asks for it.
    pub(crate) command: &'a Command<'a>,
    /// Mount point, without a trailing slash.
    pub(crate) mount: &'a str,
    /// The place of the mount point.
    pub(crate) mount_span: Span,
    /// What it is on.
    pub(crate) on: On<'a>,
    /// How large it will be.
    pub(crate) size: Size,
    /// Whether the language accepts the command; the others only say that the volume was meant to be there.
    pub(crate) accepted: bool,
}

impl Volume<'_> {
    /// The place of the size that counts: the most that the volume can become.
    pub(crate) fn size_span(&self) -> Span {
        let limit = self.command.option_span("--maxsize").filter(|_| self.command.has("--grow"));
        limit.or_else(|| self.command.option_span("--size")).unwrap_or(self.command.span)
    }
}

/// What a file system is on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum On<'a> {
    /// `part`
    Partition,
    /// `raid`
    Raid,
    /// `logvol`
    Thick,
    /// `logvol --thin`: volume group and pool.
    Thin(&'a str, &'a str),
    /// `btrfs`
    Btrfs,
    /// `mount`: a device that exists, of a kind that is not known.
    Existing,
}

impl On<'_> {
    /// In words, with an article.
    pub(crate) fn described(self) -> &'static str {
        match self {
            On::Partition => "a partition",
            On::Raid => "a software RAID array",
            On::Thick => "a thick logical volume",
            On::Thin(..) => "a thin logical volume",
            On::Btrfs => "a btrfs subvolume",
            On::Existing => "an existing device",
        }
    }
}

/// A size as a kickstart gives it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Size {
    /// Exactly this size.
    Fixed(MiB),
    /// At least the first size, at most the second; `None` without a limit.
    Grows(MiB, Option<MiB>),
    /// Depends on disks, memory, or what exists.
    Unknown,
}

impl Size {
    /// Of a `part` or `logvol`.
    pub(super) fn of(command: &Command<'_>) -> Size {
        if ["--percent", "--useexisting", "--noformat", "--onpart", "--recommended", "--hibernation"]
            .iter()
            .any(|o| command.has(o))
            && !command.has("--resize")
        {
            return Size::Unknown;
        }
        let positive =
            |option| command.int(option).and_then(|n| u64::try_from(n).ok()).filter(|n| *n > 0).map(MiB);
        match (positive("--size"), command.has("--grow")) {
            (Some(size), false) => Size::Fixed(size),
            (Some(size), true) => Size::Grows(size, positive("--maxsize")),
            // A partition without --size begins at 1 MiB.
            (None, true) => Size::Grows(MiB(1), positive("--maxsize")),
            (None, false) => Size::Unknown,
        }
    }

    /// The size, if it is fixed.
    pub(super) fn fixed(self) -> Option<MiB> {
        match self {
            Size::Fixed(size) => Some(size),
            Size::Grows(..) | Size::Unknown => None,
        }
    }

    /// The largest size that it can reach; `None` if that is not known.
    pub(crate) fn at_most(self) -> Option<MiB> {
        match self {
            Size::Fixed(size) => Some(size),
            Size::Grows(_, max) => max,
            Size::Unknown => None,
        }
    }

    /// The smallest size that it will have; `None` if that is not known.
    pub(crate) fn at_least(self) -> Option<MiB> {
        match self {
            Size::Fixed(size) | Size::Grows(size, _) => Some(size),
            Size::Unknown => None,
        }
    }
}

/// A thin pool.
#[derive(Debug)]
pub(crate) struct Pool<'a> {
    /// The `logvol --thinpool`.
    pub(crate) command: &'a Command<'a>,
    /// Its name.
    pub(crate) name: &'a str,
    /// Its volume group.
    pub(crate) group: &'a str,
    /// How large its data will be.
    pub(crate) size: Size,
    /// Whether the language accepts the command.
    pub(crate) accepted: bool,
}

/// A volume group.
#[derive(Debug)]
pub(crate) struct Group<'a> {
    /// The `volgroup`.
    pub(crate) command: &'a Command<'a>,
    /// Its name.
    pub(crate) name: &'a str,
}

/// The value of an option that counts MiB.
pub(crate) fn positive(command: &Command<'_>, option: &str) -> Option<MiB> {
    command.int(option).and_then(|n| u64::try_from(n).ok()).map(MiB)
}
