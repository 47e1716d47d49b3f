//! Why an image cannot be used.

use crate::machine::ToolError;
use crate::sync::SyncError;
use node_base::units::Bytes;
use std::io;
use std::path::PathBuf;

/// Why an image cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The kernel cannot read or write a file.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The kernel's reason.
        error: io::Error,
    },
    /// A program has failed.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// A file in the tree cannot be reached.
    #[error(transparent)]
    Tree(#[from] SyncError),
    /// It is none of the kinds of images.
    #[error(
        "{} is not an image: it is neither squashfs, ext4, XFS, a tar archive, a directory, nor an OCI layout or archive",
        path.display()
    )]
    Unknown {
        /// The file.
        path: PathBuf,
    },
    /// It is a kind that has to be converted.
    #[error("{} is {what}", path.display())]
    Convert {
        /// The file.
        path: PathBuf,
        /// What it is, and how it is converted.
        what: &'static str,
    },
    /// The content is not what was promised.
    #[error("{} does not have the checksum {wanted}: its SHA-256 is {is}", path.display())]
    Checksum {
        /// The file.
        path: PathBuf,
        /// The promised checksum.
        wanted: String,
        /// The real one.
        is: String,
    },
    /// The proof that was asked for cannot be made.
    #[error("{0}")]
    Proof(String),
    /// A signature is not good.
    #[error("the signature {} of {what} is not good: {error}", signature.display())]
    Signature {
        /// The file with the signature.
        signature: PathBuf,
        /// What it is to sign.
        what: String,
        /// The reason of the program that has verified it.
        error: ToolError,
    },
    /// An archive is damaged.
    #[error("{0}")]
    Archive(io::Error),
    /// A name in an archive leads out of it.
    #[error("the archive has the name '{0}', which leads out of it")]
    Name(String),
    /// A name in an archive leads through a link or a file.
    #[error("the archive has names below {}, which is not a directory", .0.display())]
    ThroughLink(PathBuf),
    /// A file of an archive cannot be written.
    #[error("{} of the archive cannot be unpacked: {error}", path.display())]
    Entry {
        /// Path in the archive.
        path: PathBuf,
        /// The kernel's reason.
        error: io::Error,
    },
    /// An ACL names somebody whom the image does not have.
    #[error("{} of the archive has {what}, which the image's users and groups do not explain", path.display())]
    Acl {
        /// Path in the archive.
        path: PathBuf,
        /// The entry of the ACL.
        what: String,
    },
    /// An archive has too many entries.
    #[error("the archive has more than {0} entries")]
    TooManyEntries(u64),
    /// There is too little space for a copy.
    #[error(
        "there is too little space for unpacking or copying the image; give a directory with more with --work-dir"
    )]
    NoRoom,
    /// There is too little space for a copy of known size.
    #[error(
        "a copy of {} needs {needed}, and {} has {free} to give; give a directory with more with --work-dir",
        path.display(),
        directory.display()
    )]
    NoRoomFor {
        /// The image.
        path: PathBuf,
        /// Its size.
        needed: Bytes,
        /// The directory for the copy.
        directory: PathBuf,
        /// What may be used of it.
        free: Bytes,
    },
    /// An OCI layout is not as the specification says.
    #[error("{}: {what}", path.display())]
    Oci {
        /// The layout.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}
