//! What a file includes: found out by who may open files, read by who reads the text.

use super::{FileId, Sources};

/// What became of a request for another file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Included {
    /// It is one of the sources.
    File(FileId),
    /// It belongs beside the file that asks for it, and is not there or cannot be read: why.
    Missing(String),
    /// It is on a machine or at a time that is not now: an absolute path, a URL.
    Elsewhere,
    /// Includes are followed as the installer would, and it is not there.
    NotFound,
    /// It is not there yet: a `%pre` script of the kickstart names it.
    WrittenByPre,
    /// It includes, directly or through others, the file that asks for it.
    Cycle,
    /// It is one of too many.
    TooMany,
}

impl Sources {
    /// Remembers what became of `path`, which the file `from` asks for.
    pub fn set_included(&mut self, from: FileId, path: impl Into<String>, included: Included) {
        self.includes.insert((from, path.into()), included);
    }

    /// What became of `path`, which the file `from` asks for; nothing when nobody looked.
    pub fn included(&self, from: FileId, path: &str) -> Option<&Included> {
        // Nearly always there is none: no key is made to find that out.
        if self.includes.is_empty() { None } else { self.includes.get(&(from, path.to_owned())) }
    }
}
