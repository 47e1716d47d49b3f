//! The lock that keeps two runs of `node-layout` apart.

use super::below;
use rustix::fs::{FlockOperation, flock};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A held lock. The kernel releases it when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct Lock(#[allow(dead_code, reason = "the open file is the lock")] File);

/// Why the lock is not held.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LockError {
    /// The file cannot be made or opened.
    #[error("{}: {error}", path.display())]
    File {
        /// The lock file, or its directory.
        path: PathBuf,
        /// The kernel's reason.
        error: io::Error,
    },
    /// Another process has it.
    #[error("another node-layout is running ({} is locked); wait until it has ended", path.display())]
    Held {
        /// The lock file.
        path: PathBuf,
    },
}

impl Lock {
    /// Takes the lock in `/run` of `environment`; waits `limit` for another process to release it.
    ///
    /// # Errors
    /// [`LockError`].
    pub(crate) fn acquire(environment: &Path, limit: Duration) -> Result<Lock, LockError> {
        let path = below(environment, "/run/node-layout.lock");
        if let Some(dir) = path.parent() {
            std::fs::create_dir_all(dir).map_err(|error| LockError::File { path: dir.to_owned(), error })?;
        }
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(|error| LockError::File { path: path.clone(), error })?;
        // A limit that no clock can hold is none.
        let end = Instant::now().checked_add(limit);
        while flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            if end.is_some_and(|end| Instant::now() >= end) {
                return Err(LockError::Held { path });
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(Lock(file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_run_waits_and_then_says_who_has_the_lock() {
        let dir = tempfile::tempdir().unwrap();
        let held = Lock::acquire(dir.path(), Duration::ZERO).unwrap();
        let error = Lock::acquire(dir.path(), Duration::from_millis(150)).unwrap_err().to_string();
        assert!(error.contains("/run/node-layout.lock is locked"), "{error}");
        drop(held);
        Lock::acquire(dir.path(), Duration::MAX).unwrap();
    }
}
