//! One file in one of the three trees.

use super::ids::IdMap;
use crate::sync::{LABEL, Metadata, READ, Xattrs, xattrs};
use rustix::fs::{FileType, Mode, openat, readlinkat};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::BorrowedFd;

/// The largest file whose lines or records are merged, in bytes. The largest text of a configuration is a bundle of certificates.
const LARGEST: u64 = 4 << 20;
/// How much of two files is compared at once, in bytes.
const WINDOW: usize = 64 << 10;

/// A file, read without following a link.
#[derive(Debug)]
pub(super) struct Node {
    /// Kind, mode and owner; the numbers are those of the merged system.
    pub(super) metadata: Metadata,
    /// Extended attributes, likewise.
    pub(super) xattrs: Xattrs,
    /// Its content.
    pub(super) content: Content,
}

/// What is in a file.
#[derive(Debug)]
pub(super) enum Content {
    /// A regular file of moderate size, or the target of a link.
    Bytes(Vec<u8>),
    /// A larger file, or one whose name is all that counts.
    File(File),
    /// A directory, a device, a named pipe or a socket.
    None,
}

impl Node {
    /// Reads a file; `None` if it does not exist.
    pub(super) fn read(above: BorrowedFd<'_>, name: &OsStr, ids: &IdMap) -> io::Result<Option<Node>> {
        match Node::read_existing(above, name, ids) {
            // It may have been removed since it was listed.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            other => other.map(Some),
        }
    }

    fn read_existing(above: BorrowedFd<'_>, name: &OsStr, ids: &IdMap) -> io::Result<Node> {
        let mut metadata = Metadata::read(above, name)?;
        let mut xattrs = xattrs(above, name)?;
        let content = match metadata.kind {
            FileType::RegularFile => {
                let file = File::from(openat(above, name, READ, Mode::empty())?);
                if metadata.size > LARGEST {
                    Content::File(file)
                } else {
                    let mut bytes = Vec::new();
                    (&file).take(LARGEST + 1).read_to_end(&mut bytes)?;
                    Content::Bytes(bytes)
                }
            }
            FileType::Symlink => Content::Bytes(readlinkat(above, name, Vec::new())?.into_bytes()),
            _ => Content::None,
        };
        metadata.uid = ids.user(metadata.uid);
        metadata.gid = ids.group(metadata.gid);
        if !ids.is_empty() {
            for (name, value) in &mut xattrs {
                if name.as_encoded_bytes().starts_with(b"system.posix_acl_") {
                    *value = ids.acl(value);
                }
            }
        }
        Ok(Node { metadata, xattrs, content })
    }

    pub(super) fn is_directory(&self) -> bool {
        self.metadata.kind.is_dir()
    }

    /// The bytes of a regular file that can be merged as text: not too large, and without the byte 0.
    pub(super) fn text(&self) -> Option<&[u8]> {
        match &self.content {
            Content::Bytes(bytes) if self.metadata.kind.is_file() && !bytes.contains(&0) => Some(bytes),
            _ => None,
        }
    }

    /// Whether two files are of one kind and have the same content.
    pub(super) fn has_content_of(&self, other: &Node) -> io::Result<bool> {
        if (self.metadata.kind, self.metadata.rdev) != (other.metadata.kind, other.metadata.rdev) {
            return Ok(false);
        }
        match (&self.content, &other.content) {
            (Content::Bytes(a), Content::Bytes(b)) => Ok(a == b),
            (Content::File(a), Content::File(b)) => {
                Ok(self.metadata.size == other.metadata.size && same_bytes(a, b)?)
            }
            (Content::None, Content::None) => Ok(true),
            _ => Ok(false),
        }
    }

    /// Whether owner, mode and attributes are the same. A label of SELinux alone is not a change: the policy gives it.
    pub(super) fn has_metadata_of(&self, other: &Node) -> bool {
        let mode = |node: &Node| if node.metadata.kind.is_symlink() { 0 } else { node.metadata.mode };
        let own = |node: &Node| (mode(node), node.metadata.uid, node.metadata.gid);
        let attributes = |node: &Node| -> Xattrs {
            node.xattrs.clone().into_iter().filter(|(name, _)| name != LABEL).collect()
        };
        own(self) == own(other) && attributes(self) == attributes(other)
    }

    /// Whether two files are the same.
    pub(super) fn is_same(&self, other: &Node) -> io::Result<bool> {
        Ok(self.has_metadata_of(other) && self.has_content_of(other)?)
    }

    /// What the file is, in a word.
    pub(super) fn kind_name(&self) -> &'static str {
        match self.metadata.kind {
            FileType::RegularFile if self.text().is_some() => "text",
            FileType::RegularFile => "binary",
            FileType::Directory => "directory",
            FileType::Symlink => "link",
            FileType::Fifo => "fifo",
            FileType::Socket => "socket",
            _ => "device",
        }
    }
}

fn same_bytes(a: &File, b: &File) -> io::Result<bool> {
    use std::os::unix::fs::FileExt;
    let mut buffers = (vec![0; WINDOW], vec![0; WINDOW]);
    let mut at = 0;
    loop {
        let read = |file: &File, buffer: &mut [u8]| -> io::Result<usize> {
            let mut n = 0;
            while n < buffer.len() {
                match file.read_at(&mut buffer[n..], at + n as u64)? {
                    0 => break,
                    more => n += more,
                }
            }
            Ok(n)
        };
        let (n, m) = (read(a, &mut buffers.0)?, read(b, &mut buffers.1)?);
        if buffers.0[..n] != buffers.1[..m] {
            return Ok(false);
        }
        if n == 0 {
            return Ok(true);
        }
        at += n as u64;
    }
}
