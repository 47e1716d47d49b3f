//! New content, written under a temporary name beside the file that it is for.

use super::error::{FileError, at};
use super::fat;
use std::ffi::CStr;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Where the new content of a file is written, and where an exchange leaves the old content for a moment: `.NAME.new` in the
/// same directory; on FAT a shorter name ([`fat::temp_path`]).
pub(crate) fn temp_path(path: &Path) -> PathBuf {
    if fat::is_on_fat(path) {
        return fat::temp_path(path);
    }
    hidden_temp_path(path)
}

/// `.NAME.new` in the same directory.
pub(super) fn hidden_temp_path(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.new"))
}

/// New content under its temporary name, complete on the disk.
pub(super) struct Written {
    pub(super) file: File,
    pub(super) name: PathBuf,
}

/// Writes the new content of `path` under its temporary name.
pub(super) fn write_temp(path: &Path, content: &[u8]) -> Result<Written, FileError> {
    create_parent(path)?;
    let name = temp_path(path);
    Ok(Written { file: write_new(&name, path, content)?, name })
}

/// Writes content to the new file `new`, with the owner, mode and SELinux label of the file `like`, if that exists.
pub(super) fn write_new(new: &Path, like: &Path, content: &[u8]) -> Result<File, FileError> {
    let result = (|| {
        let _ = remove(new);
        let mut file = match fat::is_on_fat(new) {
            true => fat::create(new, content.len() as u64)?,
            false => OpenOptions::new().write(true).create_new(true).mode(0o644).open(new)?,
        };
        file.write_all(content)?;
        if let Ok(old) = std::fs::metadata(like) {
            file.set_permissions(std::fs::Permissions::from_mode(old.mode() & 0o7777))?;
            // FAT has no owners.
            let _ = std::os::unix::fs::fchown(&file, Some(old.uid()), Some(old.gid()));
            copy_label(like, new);
        }
        file.sync_all()?;
        Ok(file)
    })();
    result.map_err(|error| {
        let _ = remove(new);
        at(new)(error)
    })
}

/// Makes the directory that `path` is in, and those above it.
pub(super) fn create_parent(path: &Path) -> Result<(), FileError> {
    let Some(dir) = path.parent() else { return Ok(()) };
    let made = if fat::is_on_fat(dir) { fat::create_directory(dir) } else { std::fs::create_dir_all(dir) };
    made.map_err(at(dir))
}

/// Removes a file, in the order that its file system needs.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    if fat::is_on_fat(path) { fat::remove(path) } else { std::fs::remove_file(path) }
}

const LABEL: &CStr = c"security.selinux";

/// Copies the SELinux label, where there is one.
pub(super) fn copy_label(from: &Path, to: &Path) {
    let mut label = [0_u8; 256];
    if let Ok(n) = rustix::fs::getxattr(from, LABEL, &mut label[..]) {
        let _ = rustix::fs::setxattr(to, LABEL, &label[..n], rustix::fs::XattrFlags::empty());
    }
}
