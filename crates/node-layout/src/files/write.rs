//! New content, written under a temporary name beside the file that it is for.

use super::error::{FileError, at};
use super::fat;
use std::ffi::CStr;
use std::fs::{File, Metadata, OpenOptions, Permissions};
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

/// Writes the new content of `path` under its temporary name, with mode, owner and label of the file `like`.
pub(super) fn write_temp(path: &Path, like: &Path, content: &[u8]) -> Result<Written, FileError> {
    create_parent(path)?;
    let name = temp_path(path);
    Ok(Written { file: write_new(&name, like, content)?, name })
}

/// Mode of a new file that resembles no other, whatever the umask is.
const FILE_MODE: u32 = 0o644;
/// Mode of a new directory, likewise.
const DIRECTORY_MODE: u32 = 0o755;

/// Opens the new file `new`, which only its owner can read. A link of that name is not followed.
pub(super) fn create_new(new: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(new)
}

/// Gives the file `new` the owner, mode and SELinux label of `like`, never a wider mode on the way.
pub(super) fn resemble(file: &File, new: &Path, like: &Path, of: &Metadata) -> io::Result<()> {
    let now = file.metadata()?;
    if (now.uid(), now.gid()) != (of.uid(), of.gid()) {
        std::os::unix::fs::fchown(file, Some(of.uid()), Some(of.gid()))?;
    }
    file.set_permissions(Permissions::from_mode(of.mode() & 0o7777))?;
    copy_label(like, new);
    Ok(())
}

/// Writes content to the new file `new`, with the owner, mode and SELinux label of the file `like`, if that exists.
pub(super) fn write_new(new: &Path, like: &Path, content: &[u8]) -> Result<File, FileError> {
    let result = (|| {
        let _ = remove(new);
        let mut file = match fat::is_on_fat(new) {
            true => fat::create(new, content.len() as u64)?,
            false => create_new(new)?,
        };
        file.write_all(content)?;
        // FAT has neither owners nor modes.
        if !fat::is_on_fat(new) {
            match std::fs::metadata(like) {
                Ok(of) => resemble(&file, new, like, &of)?,
                Err(_) => file.set_permissions(Permissions::from_mode(FILE_MODE))?,
            }
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
    let made = if fat::is_on_fat(dir) { fat::create_directory(dir) } else { create_directories(dir) };
    made.map_err(at(dir))
}

/// Makes a directory and those above it, with the same mode whatever the umask is. What exists stays as it is.
fn create_directories(dir: &Path) -> io::Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    if let Some(above) = dir.parent() {
        create_directories(above)?;
    }
    match std::fs::create_dir(dir) {
        Ok(()) => std::fs::set_permissions(dir, Permissions::from_mode(DIRECTORY_MODE)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && dir.is_dir() => Ok(()),
        Err(error) => Err(error),
    }
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
