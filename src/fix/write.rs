//! Files replaced at once: a reader, or a power cut, sees the old content or the new one.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::Path;

/// Replaces the content of a file, or makes it. A link is followed to the file. Mode and owner stay; a file that may not be
/// written is left.
///
/// # Errors
/// The system's, or that the path is not a regular file.
pub fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let real = match path.canonicalize() {
        Ok(real) => real,
        Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => path.to_owned(),
        Err(error) => return Err(error),
    };
    let existing = match fs::metadata(&real) {
        Ok(metadata) if !metadata.is_file() => {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        Ok(metadata) => Some(metadata),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let directory = match real.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".ks-lint-").rand_bytes(8);
    if existing.is_none() {
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    if let Some(metadata) = &existing {
        // The mode of a file is no obstacle to renaming another one over it: ask the file.
        if metadata.permissions().mode() & 0o222 == 0 {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the file is read-only"));
        }
        fs::OpenOptions::new().append(true).open(&real)?;
    }
    let mut new = builder.tempfile_in(directory)?;
    new.write_all(content)?;
    if let Some(metadata) = &existing {
        keep_owner_and_mode(new.as_file(), metadata)?;
    }
    new.as_file().sync_all()?;
    new.persist(&real).map_err(|error| error.error)?;
    // The name, too, is to survive a power cut.
    File::open(directory)?.sync_all()
}

/// Gives a new file the owner and the mode of the one that it replaces.
fn keep_owner_and_mode(new: &File, old: &fs::Metadata) -> io::Result<()> {
    let now = new.metadata()?;
    if (now.uid(), now.gid()) != (old.uid(), old.gid()) {
        fchown(new, Some(old.uid()), Some(old.gid())).map_err(|error| {
            io::Error::new(error.kind(), format!("the owner of the file cannot be kept: {error}"))
        })?;
    }
    // After the owner: a change of owner takes set-id bits away.
    new.set_permissions(fs::Permissions::from_mode(old.permissions().mode()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mode_and_link_stay_and_a_read_only_file_is_left() {
        let place = tempfile::tempdir().unwrap();
        let (file, link) = (place.path().join("a.ks"), place.path().join("l.ks"));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink("a.ks", &link).unwrap();
        write(&link, b"new").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert!(link.is_symlink());
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o7777, 0o640);

        fs::set_permissions(&file, fs::Permissions::from_mode(0o444)).unwrap();
        assert_eq!(write(&file, b"newer").unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 2, "no temporary file is left");
        assert!(write(place.path(), b"x").is_err());
    }
}
