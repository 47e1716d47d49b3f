//! Why Anaconda refuses a layout.

use node_base::diagnostic::Severity;
use node_base::source::Span;

/// The kind of a refusal or a warning. Each has one code of the category `storage`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// A disk that is named does not exist.
    NoSuchDisk,
    /// No disk can be used.
    NoUsableDisk,
    /// The partitions do not fit on the disks.
    NoSpaceOnDisks,
    /// A device is too small or too large for what is to be put on it.
    FormatLimits,
    /// A file system that the installer does not have.
    UnknownFileSystem,
    /// A name that is already in use.
    NameInUse,
    /// An existing device that is named does not exist.
    NoSuchDevice,
    /// `part --noformat` without `--onpart`.
    NoformatWithoutDevice,
    /// A member of a group or an array that no command makes.
    UndefinedMember,
    /// A member of a group or an array that has another format.
    WrongMember,
    /// A RAID level that needs more members.
    RaidMembers,
    /// A volume group that no command makes.
    NoSuchGroup,
    /// A thin pool that no earlier command makes.
    NoSuchPool,
    /// The volumes do not fit into the volume group.
    GroupFull,
    /// A physical extent size that LVM does not have.
    ExtentSize,
    /// A volume without a size, or smaller than one extent.
    VolumeSize,
    /// Metadata or chunk size that a thin pool cannot have.
    PoolOptions,
    /// Percentages of one volume group above 100.
    Percentages,
    /// A name that LVM does not allow.
    InvalidName,
    /// No root file system.
    NoRoot,
    /// A mount point that must be a directory on root.
    MustBeOnRoot,
    /// A mount point that is not an absolute path.
    MountPoint,
    /// A mount point that the profile wants on a volume of its own.
    MustNotBeOnRoot,
    /// A volume that is smaller than the profile's minimum.
    TooSmallForProfile,
    /// Root on another kind of device than the profile's.
    RootDeviceType,
    /// No device that the machine can start from.
    BootDevice,
    /// A GPT boot disk of a BIOS machine without a `biosboot` partition.
    NoBiosBoot,
    /// Too little memory to go without swap.
    NoSwap,
    /// Encryption without a passphrase.
    NoPassphrase,
    /// A mount point that must be on a Linux file system.
    NotLinux,
    /// A volume group of which only some disks may be used.
    GroupOnOtherDisks,
    /// `bootloader --location=partition`.
    BootLoaderLocation,
    /// The language rejects the kickstart.
    Language,
    /// A file system that is kept although a new one is recommended or needed on root.
    Reformat,
    /// Something that is smaller than recommended or not redundant.
    Recommendation,
    /// What decides is in a file that was not read.
    FileNotRead,
    /// What decides is a name that only the machine resolves.
    NameOfMachine,
    /// What decides is an option or a release that is not modelled.
    NotModelled,
}

/// One message of the installer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Refusal {
    /// Its kind.
    pub cause: Cause,
    /// Whether it stops the installation.
    pub severity: Severity,
    /// The words of the installer.
    pub says: String,
    /// The place of the request that it is about; `None` if it is about the layout as a whole.
    pub span: Option<Span>,
    /// What the machine has or lacks, as part of a sentence: the installer's words often have no numbers and no names.
    pub numbers: Option<String>,
}

impl Refusal {
    /// One that stops the installation.
    pub fn stop(cause: Cause, span: Option<Span>, says: impl Into<String>) -> Refusal {
        Refusal { cause, severity: Severity::Error, says: says.into(), span, numbers: None }
    }

    /// What a plan cannot know, in our words.
    pub(crate) fn not_known(cause: Cause, span: Option<Span>, says: impl Into<String>) -> Refusal {
        Refusal { cause, severity: Severity::Info, says: says.into(), span, numbers: None }
    }

    /// Adds what is missing.
    pub(crate) fn numbers(mut self, numbers: impl Into<String>) -> Refusal {
        self.numbers = Some(numbers.into());
        self
    }

    /// One that does not stop an unattended installation.
    pub(crate) fn warn(cause: Cause, span: Option<Span>, says: impl Into<String>) -> Refusal {
        Refusal { cause, severity: Severity::Warning, says: says.into(), span, numbers: None }
    }
}
