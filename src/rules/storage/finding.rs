//! A refusal of Anaconda as a finding: our code, and what to do about it.

use super::codes;
use anaconda_plan::{Cause, Refusal};
use node_base::diagnostic::{Finding, Severity};

/// A message of the installer as a finding, with what to do about it.
pub(crate) fn finding(refusal: &Refusal) -> Finding {
    let code = codes::code(refusal.cause);
    let says = refusal.says.split_whitespace().collect::<Vec<_>>().join(" ");
    let says = if refusal.cause == Cause::ExtentSize { shorten(&says) } else { says };
    let (message, severity) = match refusal.severity {
        Severity::Error => (format!("Anaconda stops: {says}"), Severity::Error),
        Severity::Info => (says, Severity::Info),
        _ => (format!("Anaconda warns: {says}"), Severity::Info),
    };
    let message = match &refusal.numbers {
        Some(numbers) => format!("{message} ({numbers})"),
        None => message,
    };
    Finding::new(code, message).severity(severity).at_opt(refusal.span).help(advice(refusal.cause))
}

/// Leaves out the list of all extent sizes.
fn shorten(says: &str) -> String {
    let at = says.find("must be one of").map_or(says.len(), |at| at + "must be one of".len());
    format!("{} the powers of two from 1 KiB to 16 GiB.", &says[..at])
}

/// What to do about it, in one line.
fn advice(cause: Cause) -> &'static str {
    match cause {
        Cause::NoSuchDisk => "name a disk that the machine has, or leave the option out",
        Cause::NoUsableDisk => "leave at least one disk to the installer, and let it write a partition table",
        Cause::NoSpaceOnDisks => "ask for less, use --grow instead of a large --size, or clear the disks",
        Cause::FormatLimits => "change the size, or the file system",
        Cause::UnknownFileSystem => "use xfs, ext4, vfat, swap, efi or biosboot; gpt or msdos for labels",
        Cause::NameInUse => "give each device its own name",
        Cause::NoSuchDevice => "keep the device (clearpart), or make a new one with --size",
        Cause::NoformatWithoutDevice => "add --onpart=PARTITION, or leave --noformat out",
        Cause::UndefinedMember => "make the member with part or raid, under exactly this name",
        Cause::WrongMember => "use pv.NAME for volume groups and raid.NAME for arrays",
        Cause::RaidMembers => "add members, or choose another --level",
        Cause::NoSuchGroup => "make the group with volgroup, or correct --vgname",
        Cause::NoSuchPool => "make the pool with logvol --thinpool before it",
        Cause::GroupFull => "make volumes smaller, the physical volumes larger, or use --grow",
        Cause::ExtentSize => "write --pesize=4096 (KiB), or leave it out",
        Cause::VolumeSize => "give a --size in MiB of at least one extent",
        Cause::PoolOptions => "leave --metadatasize and --chunksize out, or stay within LVM's limits",
        Cause::Percentages => "let the percentages add up to 100 or less",
        Cause::InvalidName => "use letters, digits, '_', '.', '-' and none of LVM's own words",
        Cause::NoRoot => "add a command with the mount point /",
        Cause::MustBeOnRoot => "remove the command: the directory comes with /",
        Cause::MountPoint => "start the mount point with /",
        Cause::MustNotBeOnRoot => "add a volume for it",
        Cause::TooSmallForProfile => "raise --size",
        Cause::RootDeviceType => "make root a thin volume: logvol / --thin --poolname=…",
        Cause::BootDevice => "use reqpart --add-boot, which makes what the machine's firmware needs",
        Cause::NoBiosBoot => "use reqpart, or add: part biosboot --fstype=biosboot --size=1",
        Cause::NoSwap => "add: logvol swap or part swap, with --recommended",
        Cause::NoPassphrase => "add --passphrase",
        Cause::NotLinux => "choose xfs or ext4",
        Cause::GroupOnOtherDisks => "use all disks of the group, or none",
        Cause::BootLoaderLocation => "use --location=mbr, the default",
        Cause::Language => "see the finding about the line",
        Cause::Reformat => "leave --noformat out",
        Cause::Recommendation => "raise the size, or mirror the device",
        Cause::FileNotRead => {
            "plan again with the file: --follow-includes, with --root DIR where it is not at its path here"
        }
        Cause::NameOfMachine => "write the kernel's name of the disk to plan for it: sda, nvme0n1",
        Cause::NotModelled => "try the kickstart in an installer",
    }
}
