//! What a file system keeps about a file besides its content.

use super::directories::unlocked;
use rustix::fs::{
    AtFlags, FileType, Mode, Stat, Timespec, Timestamps, UTIME_OMIT, XattrFlags, chmodat, chownat, statat,
    utimensat,
};
use rustix::fs::{Gid, Uid};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

/// Extended attributes by their names.
pub(crate) type Xattrs = BTreeMap<OsString, Vec<u8>>;

/// The SELinux label. It cannot be removed, and an image without labels gets them later.
pub(crate) const LABEL: &str = "security.selinux";
/// The most bytes that the kernel gives as a list of attributes or as a value (`XATTR_LIST_MAX`, `XATTR_SIZE_MAX`).
const LARGEST_XATTR: usize = 64 << 10;
/// The classes of attributes that are a part of a file. Others are made up by a file system.
const CLASSES: [&str; 5] =
    ["user.", "trusted.", "security.", "system.posix_acl_access", "system.posix_acl_default"];

/// A file, whatever its name: the number of its file system, which an overlay has several of, and its number there.
pub(crate) type FileId = (u64, u64);

/// What stat(2) says about a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Metadata {
    /// Regular file, directory, link, …
    pub(crate) kind: FileType,
    /// Permissions with set-user-ID, set-group-ID and the sticky bit.
    pub(crate) mode: u32,
    /// Owner.
    pub(crate) uid: u32,
    /// Group.
    pub(crate) gid: u32,
    /// Time of modification: seconds and nanoseconds.
    pub(crate) mtime: (i64, i64),
    /// Number of a device; 0 for other files.
    pub(crate) rdev: u64,
    /// Size in bytes.
    pub(crate) size: u64,
    /// Allocated bytes.
    pub(super) allocated: u64,
    /// Number of hard links.
    pub(super) links: u64,
    /// Number of the file system.
    pub(super) dev: u64,
    /// Number of the file in it.
    pub(super) ino: u64,
    /// Time of the last change of any kind.
    pub(super) ctime: (i64, i64),
}

impl Metadata {
    /// What a file of this kind is to have; everything else is 0.
    pub(crate) fn wanted(kind: FileType, mode: u32, owner: (u32, u32), mtime: (i64, i64)) -> Metadata {
        let (uid, gid) = owner;
        let mode = mode & 0o7777;
        let (rdev, size, allocated, links, dev, ino, ctime) = (0, 0, 0, 1, 0, 0, (0, 0));
        Metadata { kind, mode, uid, gid, mtime, rdev, size, allocated, links, dev, ino, ctime }
    }

    /// Reads it; a link is not followed.
    pub(crate) fn read(above: BorrowedFd<'_>, name: &OsStr) -> io::Result<Metadata> {
        Ok(Metadata::of(&statat(above, name, AtFlags::SYMLINK_NOFOLLOW)?))
    }

    // The kernel's types differ from architecture to architecture.
    #[allow(clippy::unnecessary_cast, clippy::cast_possible_wrap, clippy::cast_sign_loss)]
    pub(super) fn of(stat: &Stat) -> Metadata {
        let kind = FileType::from_raw_mode(stat.st_mode);
        let is_device = kind.is_char_device() || kind.is_block_device();
        Metadata {
            kind,
            mode: stat.st_mode & 0o7777,
            uid: stat.st_uid,
            gid: stat.st_gid,
            mtime: (stat.st_mtime as i64, stat.st_mtime_nsec as i64),
            rdev: if is_device { stat.st_rdev as u64 } else { 0 },
            size: stat.st_size as u64,
            allocated: (stat.st_blocks as u64).saturating_mul(512),
            links: stat.st_nlink as u64,
            dev: stat.st_dev as u64,
            ino: stat.st_ino as u64,
            ctime: (stat.st_ctime as i64, stat.st_ctime_nsec as i64),
        }
    }

    /// Which file it is.
    pub(crate) fn id(&self) -> FileId {
        (self.dev, self.ino)
    }

    /// Whether the file has other names, too.
    pub(crate) fn has_further_names(&self) -> bool {
        self.links > 1
    }

    /// Whether parts of a regular file may be holes.
    pub(super) fn is_sparse(&self) -> bool {
        self.allocated < self.size
    }

    /// Whether it is another file than `earlier`, or was changed since.
    pub(super) fn has_changed_since(&self, earlier: &Metadata) -> bool {
        (self.dev, self.ino, self.size, self.mtime, self.ctime)
            != (earlier.dev, earlier.ino, earlier.size, earlier.mtime, earlier.ctime)
    }

    /// Whether owner, mode and time are the same. (A link has no mode of its own.)
    pub(super) fn is_like(&self, other: &Metadata) -> bool {
        let mode = |m: &Metadata| if m.kind.is_symlink() { 0 } else { m.mode };
        (self.uid, self.gid, mode(self), self.mtime) == (other.uid, other.gid, mode(other), other.mtime)
    }
}

/// A path by which the calls for extended attributes, which know no directory, reach a file in an open directory.
fn path_of(above: BorrowedFd<'_>, name: &OsStr) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", above.as_raw_fd())).join(name)
}

/// The extended attributes of a file; a link is not followed. None where the file system has none.
pub(crate) fn xattrs(above: BorrowedFd<'_>, name: &OsStr) -> io::Result<Xattrs> {
    let path = path_of(above, name);
    let mut xattrs = Xattrs::new();
    let mut list = Vec::new();
    match filled(&mut list, |buffer| rustix::fs::llistxattr(&path, buffer)) {
        Err(rustix::io::Errno::NOTSUP) => return Ok(xattrs),
        other => other?,
    }
    for attribute in list.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        if !CLASSES.iter().any(|class| attribute.starts_with(class.as_bytes())) {
            continue;
        }
        let mut value = Vec::new();
        match filled(&mut value, |buffer| rustix::fs::lgetxattr(&path, attribute, buffer)) {
            // Listed, and made up by the kernel.
            Err(rustix::io::Errno::NODATA | rustix::io::Errno::NOTSUP) => continue,
            other => other?,
        }
        xattrs.insert(OsString::from_vec(attribute.to_vec()), value);
    }
    Ok(xattrs)
}

/// Calls `read` with a buffer that is large enough, and keeps what was read.
fn filled(
    bytes: &mut Vec<u8>,
    read: impl Fn(&mut [u8]) -> rustix::io::Result<usize>,
) -> rustix::io::Result<()> {
    for size in [512, LARGEST_XATTR] {
        bytes.resize(size, 0);
        match read(bytes) {
            Err(rustix::io::Errno::RANGE) if size < LARGEST_XATTR => {}
            read => {
                bytes.truncate(read?);
                break;
            }
        }
    }
    Ok(())
}

/// Whether a file with the attributes `have` needs no change to have those of `want`.
pub(super) fn same_xattrs(want: &Xattrs, have: &Xattrs) -> bool {
    let label = OsStr::new(LABEL);
    let unwanted = have.len() - usize::from(have.contains_key(label) && !want.contains_key(label));
    unwanted == want.len() && want.iter().all(|(name, value)| have.get(name) == Some(value))
}

/// Gives a file owner, mode, extended attributes and time of modification; what it has already is not written.
///
/// The order matters: a change of the owner removes capabilities and set-user-ID, an ACL changes the mode of the group, and
/// everything changes the time.
///
/// # Errors
/// The kernel's.
pub(crate) fn settle(
    above: BorrowedFd<'_>,
    name: &OsStr,
    want: &Metadata,
    wanted: &Xattrs,
) -> io::Result<()> {
    let mut have = Metadata::read(above, name)?;
    let nofollow = AtFlags::SYMLINK_NOFOLLOW;
    if (have.uid, have.gid) != (want.uid, want.gid) {
        let (uid, gid) = (Uid::from_raw(want.uid), Gid::from_raw(want.gid));
        unlocked(above, name, || chownat(above, name, Some(uid), Some(gid), nofollow))?;
        have = Metadata::read(above, name)?;
    }
    let path = path_of(above, name);
    let current = xattrs(above, name)?;
    for attribute in current.keys().filter(|a| !wanted.contains_key(*a) && *a != LABEL) {
        unlocked(above, name, || rustix::fs::lremovexattr(&path, attribute))?;
    }
    let change_mode = |mode: u32| {
        unlocked(above, name, || chmodat(above, name, Mode::from_raw_mode(mode), AtFlags::empty()))
    };
    if have.mode != want.mode && !want.kind.is_symlink() {
        change_mode(want.mode)?;
    }
    for (attribute, value) in wanted.iter().filter(|(name, value)| current.get(*name) != Some(value)) {
        let set = || rustix::fs::lsetxattr(&path, attribute, value, XattrFlags::empty());
        unlocked(above, name, set).map_err(|error| {
            io::Error::other(format!("attribute {}: {}", attribute.display(), io::Error::from(error)))
        })?;
    }
    have = Metadata::read(above, name)?;
    if have.mode != want.mode && !want.kind.is_symlink() {
        change_mode(want.mode)?;
    }
    if have.mtime != want.mtime {
        let omit = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT };
        let mtime = Timespec { tv_sec: want.mtime.0, tv_nsec: want.mtime.1 };
        let times = Timestamps { last_access: omit, last_modification: mtime };
        unlocked(above, name, || utimensat(above, name, &times, nofollow))?;
    }
    Ok(())
}

/// Whether a name at the root of a tree belongs to its file system, not to the image: ext4's directory for what fsck finds.
pub(super) fn is_of_file_system(depth: usize, name: &OsStr) -> bool {
    depth == 0 && name.as_bytes() == b"lost+found"
}
