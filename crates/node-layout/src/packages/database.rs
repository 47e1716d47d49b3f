//! Databases of images. They are read, and nothing of an image is written: where it is not on a file system that is mounted
//! read-only, and reading writes beside the database, a copy is read.

use super::{PackageError, PackageManager};
use rustix::fs::Access;
use std::io;
use std::path::{Path, PathBuf};

/// The largest file of a database, in bytes. That of a hypervisor has about 100 MiB.
const LARGEST: u64 = 4 << 30;

/// A database of an image.
#[derive(Debug)]
pub(crate) struct Database {
    /// Where it is in the image.
    pub(crate) path: PathBuf,
    copy: Option<tempfile::TempDir>,
}

impl Database {
    /// Opens the database at `path`; a copy of it would be below `work_dir`, and goes with this value.
    pub(super) fn open(
        manager: &dyn PackageManager,
        path: PathBuf,
        work_dir: &Path,
    ) -> Result<Database, PackageError> {
        let can_write = rustix::fs::access(&path, Access::WRITE_OK).is_ok();
        if !(manager.writes_to_read() && can_write) {
            return Ok(Database { path, copy: None });
        }
        let failed = |error| PackageError::Copy { path: path.clone(), error };
        let copy =
            tempfile::Builder::new().prefix("node-layout-database-").tempdir_in(work_dir).map_err(failed)?;
        for entry in std::fs::read_dir(&path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let metadata = entry.metadata().map_err(failed)?;
            if !metadata.is_file() {
                continue;
            }
            if metadata.len() > LARGEST {
                return Err(failed(io::Error::other("it is larger than any database")));
            }
            std::fs::copy(entry.path(), copy.path().join(entry.file_name())).map_err(failed)?;
        }
        Ok(Database { path, copy: Some(copy) })
    }

    /// The directory that is read.
    pub(crate) fn read_from(&self) -> &Path {
        self.copy.as_ref().map_or(&self.path, tempfile::TempDir::path)
    }
}
