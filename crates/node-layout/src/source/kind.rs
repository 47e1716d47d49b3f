//! What kind of image a file is, by its content.

use super::error::SourceError;
use super::tar::{Entries, Input};
use crate::disks::RootFs;
use node_base::superblock::Superblock;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// A kind of image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageKind {
    /// A squashfs file system.
    Squashfs,
    /// An ext4 file system.
    Ext4,
    /// An XFS file system.
    Xfs,
    /// A tar archive.
    Tar(Compression),
    /// A directory.
    Directory,
    /// A directory with the OCI image layout.
    OciLayout,
    /// A tar archive with the OCI image layout.
    OciArchive(Compression),
}

/// How a file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// By gzip(1).
    Gzip,
    /// By xz(1).
    Xz,
    /// By zstd(1).
    Zstd,
}

impl Compression {
    /// By the first bytes of a file.
    pub(super) fn of(magic: &[u8]) -> Compression {
        match magic {
            [0x1f, 0x8b, ..] => Compression::Gzip,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Compression::Xz,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Compression::Zstd,
            _ => Compression::None,
        }
    }

    /// The program that decompresses.
    pub(super) fn program(self) -> Option<&'static str> {
        match self {
            Compression::None => None,
            Compression::Gzip => Some("gzip"),
            Compression::Xz => Some("xz"),
            Compression::Zstd => Some("zstd"),
        }
    }
}

impl fmt::Display for ImageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, compression) = match self {
            ImageKind::Squashfs => ("squashfs", Compression::None),
            ImageKind::Ext4 => ("ext4", Compression::None),
            ImageKind::Xfs => ("xfs", Compression::None),
            ImageKind::Tar(compression) => ("tar", *compression),
            ImageKind::Directory => ("directory", Compression::None),
            ImageKind::OciLayout => ("OCI layout", Compression::None),
            ImageKind::OciArchive(compression) => ("OCI archive", *compression),
        };
        f.write_str(what)?;
        match compression.program() {
            Some(program) => write!(f, " ({program})"),
            None => Ok(()),
        }
    }
}

/// The kind of an image whose content is in `path`.
///
/// # Errors
/// [`SourceError`]: it is none, or cannot be read.
pub(super) fn identify(
    path: &Path,
    open: &dyn Fn(Compression) -> Result<Input, SourceError>,
) -> Result<ImageKind, SourceError> {
    let io = |error| SourceError::Io { path: path.to_owned(), error };
    if path.is_dir() {
        let is_layout = path.join("oci-layout").is_file() && path.join("index.json").is_file();
        return Ok(if is_layout { ImageKind::OciLayout } else { ImageKind::Directory });
    }
    let mut file = File::open(path).map_err(io)?;
    if !file.metadata().map_err(io)?.is_file() {
        return Err(SourceError::Unknown { path: path.to_owned() });
    }
    let mut start = Vec::new();
    Read::by_ref(&mut file).take(512).read_to_end(&mut start).map_err(io)?;
    if start.starts_with(b"hsqs") {
        return Ok(ImageKind::Squashfs);
    }
    let convert = |what| Err(SourceError::Convert { path: path.to_owned(), what });
    if start.starts_with(b"QFI\xfb") {
        return convert(
            "a disk of QEMU (qcow2), not a file system; convert the root file system in it to a raw image",
        );
    }
    if start.starts_with(&[0xed, 0xab, 0xee, 0xdb]) {
        return convert("an RPM package; install it with dnf, or give the image that is in it");
    }
    if let Some(kind) = Superblock::read(path).map_err(io)?.and_then(|s| RootFs::from_superblock(s.kind)) {
        return Ok(match kind {
            RootFs::Ext4 => ImageKind::Ext4,
            RootFs::Xfs => ImageKind::Xfs,
        });
    }
    if start.get(510..512) == Some(&[0x55, 0xaa]) {
        return convert("a whole disk or a disc, not a file system; give the image that is in it");
    }
    let compression = Compression::of(&start);
    let mut entries = Entries::new(open(compression)?);
    match is_oci(&mut entries) {
        Ok(true) => Ok(ImageKind::OciArchive(compression)),
        Ok(false) => Ok(ImageKind::Tar(compression)),
        // A first header that is none: not an archive at all.
        Err(_) if entries.position() == 0 => Err(SourceError::Unknown { path: path.to_owned() }),
        Err(error) => Err(SourceError::Archive(error)),
    }
}

/// Whether an archive has the OCI layout and nothing else, as far as its first names tell.
fn is_oci(entries: &mut Entries) -> std::io::Result<bool> {
    while let Some(entry) = entries.next()? {
        let path = entry.path.strip_prefix(b"./").unwrap_or(&entry.path);
        match path {
            b"oci-layout" => return Ok(true),
            b"" | b"." | b"blobs" | b"blobs/" | b"index.json" | b"manifest.json" | b"repositories" => {}
            path if path.starts_with(b"blobs/sha256") => {}
            _ => return Ok(false),
        }
    }
    Ok(false)
}
