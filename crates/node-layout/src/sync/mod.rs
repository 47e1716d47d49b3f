//! Making one tree of files equal to another: the base of a new image is a snapshot of an old base, and gets only what is
//! different.
//!
//! [`compare`](fn@compare) reads both trees and answers with a [`Difference`], which remembers the byte ranges that differ; [`apply`](fn@apply)
//! reads only those again and writes them in place. Content decides, never size and time alone: builds that clamp times give
//! every file the same one. Equal means: content and holes, kind, owner, mode, time of modification to the nanosecond, extended
//! attributes (labels, capabilities and ACLs among them), targets of links, numbers of devices, and which names are hard links of
//! one file.
//!
//! Names are bytes. Every file is reached from the open root, one directory after the other, and no link is followed.

mod apply; // writing a difference
mod compare; // reading both trees
mod content; // the content of two files
mod directories; // directories below an open root
mod error; // which file, and why
mod escape; // paths as text
mod metadata; // owner, mode, times, extended attributes
mod need; // what a difference needs in a thin pool
#[cfg(test)]
mod tests;

pub(crate) use apply::apply;
pub(crate) use compare::{Difference, READ, compare, everything};
pub(crate) use directories::{Directories, names, open_directory, remove};
pub use error::SyncError;
pub(crate) use escape::{escaped, unescaped};
pub(crate) use metadata::{LABEL, Metadata, Xattrs, settle, xattrs};
