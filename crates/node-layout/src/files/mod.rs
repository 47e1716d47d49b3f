//! Changing files so that a power cut leaves the old or the new content, also for boot loaders that do not replay a journal.
//!
//! [`Change`] says what is to be in a file, [`apply`](fn@apply) makes it so. How depends on the file system: [`fat`] and [`xfs`] explain
//! what each of them needs.

mod after; // files as they will be
mod apply; // making changes
mod change; // what is to be in a file
mod error; // which file, and the kernel's reason
pub(crate) mod fat; // files on FAT
mod read; // reading regular files of limited size
mod write; // new content under a temporary name
pub(crate) mod xfs; // directories on XFS, exchanged as a whole

pub(crate) use after::Files;
pub(crate) use apply::{
    apply, copy_for_boot, flush_commands, flush_journal, journal_commands, link, remove_directory,
    remove_files, remove_link, same_content,
};
pub use change::{Change, Method};
pub use error::FileError;
pub use read::ReadError;
pub(crate) use read::{invalid_line, read_bytes, read_text};
