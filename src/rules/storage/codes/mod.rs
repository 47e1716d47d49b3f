//! The codes of the category `storage`: one for each [`Cause`].

mod arrays;
mod boot;
mod disks;
mod formats;
mod groups;
mod mounts;
mod names;

pub(crate) use boot::BOOT_DEVICE;

use anaconda_plan::Cause;
use node_base::diagnostic::Code;

/// All codes, in order.
pub(super) static ALL: &[&Code] = &[
    &disks::NO_SUCH_DISK,
    &disks::NO_USABLE_DISK,
    &disks::NO_SPACE_ON_DISKS,
    &disks::GROUP_ON_OTHER_DISKS,
    &disks::NO_SUCH_DEVICE,
    &disks::NOFORMAT_WITHOUT_DEVICE,
    &formats::FORMAT_LIMITS,
    &formats::UNKNOWN_FILE_SYSTEM,
    &formats::NOT_LINUX,
    &formats::REFORMAT,
    &names::NAME_IN_USE,
    &names::INVALID_NAME,
    &names::UNDEFINED_MEMBER,
    &names::WRONG_MEMBER,
    &arrays::RAID_MEMBERS,
    &groups::NO_SUCH_GROUP,
    &groups::NO_SUCH_POOL,
    &groups::GROUP_FULL,
    &groups::EXTENT_SIZE,
    &groups::VOLUME_SIZE,
    &groups::POOL_OPTIONS,
    &groups::PERCENTAGES,
    &mounts::NO_ROOT,
    &mounts::MUST_BE_ON_ROOT,
    &mounts::MOUNT_POINT,
    &mounts::MUST_NOT_BE_ON_ROOT,
    &mounts::TOO_SMALL_FOR_PROFILE,
    &mounts::ROOT_DEVICE_TYPE,
    &boot::BOOT_DEVICE,
    &boot::NO_BIOS_BOOT,
    &boot::BOOT_LOADER_LOCATION,
    &boot::NO_SWAP,
    &boot::NO_PASSPHRASE,
    &boot::RECOMMENDATION,
    &boot::LANGUAGE,
    &disks::NOT_KNOWN,
];

/// The code of a cause.
pub(crate) fn code(cause: Cause) -> &'static Code {
    match cause {
        Cause::NoSuchDisk => &disks::NO_SUCH_DISK,
        Cause::NoUsableDisk => &disks::NO_USABLE_DISK,
        Cause::NoSpaceOnDisks => &disks::NO_SPACE_ON_DISKS,
        Cause::GroupOnOtherDisks => &disks::GROUP_ON_OTHER_DISKS,
        Cause::NoSuchDevice => &disks::NO_SUCH_DEVICE,
        Cause::NoformatWithoutDevice => &disks::NOFORMAT_WITHOUT_DEVICE,
        Cause::FormatLimits => &formats::FORMAT_LIMITS,
        Cause::UnknownFileSystem => &formats::UNKNOWN_FILE_SYSTEM,
        Cause::NotLinux => &formats::NOT_LINUX,
        Cause::Reformat => &formats::REFORMAT,
        Cause::NameInUse => &names::NAME_IN_USE,
        Cause::InvalidName => &names::INVALID_NAME,
        Cause::UndefinedMember => &names::UNDEFINED_MEMBER,
        Cause::WrongMember => &names::WRONG_MEMBER,
        Cause::RaidMembers => &arrays::RAID_MEMBERS,
        Cause::NoSuchGroup => &groups::NO_SUCH_GROUP,
        Cause::NoSuchPool => &groups::NO_SUCH_POOL,
        Cause::GroupFull => &groups::GROUP_FULL,
        Cause::ExtentSize => &groups::EXTENT_SIZE,
        Cause::VolumeSize => &groups::VOLUME_SIZE,
        Cause::PoolOptions => &groups::POOL_OPTIONS,
        Cause::Percentages => &groups::PERCENTAGES,
        Cause::NoRoot => &mounts::NO_ROOT,
        Cause::MustBeOnRoot => &mounts::MUST_BE_ON_ROOT,
        Cause::MountPoint => &mounts::MOUNT_POINT,
        Cause::MustNotBeOnRoot => &mounts::MUST_NOT_BE_ON_ROOT,
        Cause::TooSmallForProfile => &mounts::TOO_SMALL_FOR_PROFILE,
        Cause::RootDeviceType => &mounts::ROOT_DEVICE_TYPE,
        Cause::BootDevice => &boot::BOOT_DEVICE,
        Cause::NoBiosBoot => &boot::NO_BIOS_BOOT,
        Cause::BootLoaderLocation => &boot::BOOT_LOADER_LOCATION,
        Cause::NoSwap => &boot::NO_SWAP,
        Cause::NoPassphrase => &boot::NO_PASSPHRASE,
        Cause::FileNotRead | Cause::NameOfMachine | Cause::NotModelled => &disks::NOT_KNOWN,
        Cause::Recommendation => &boot::RECOMMENDATION,
        Cause::Language => &boot::LANGUAGE,
    }
}
