//! What is to be in a file: before, after, and how it gets there.

use super::read::read_bytes;
use super::write::temp_path;
use std::path::{Path, PathBuf};

/// How a file is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Written under a temporary name and renamed; the file system's journal does the rest.
    Replace,
    /// The same, in an order that is safe without a journal: GRUB and UEFI read the file system without replaying it.
    ReplaceForBoot,
    /// Overwritten with content of the same size: GRUB remembers the blocks of its environment block.
    InPlace,
    /// A symbolic link; its content is the link's target.
    Link,
    /// A UEFI variable: one write, after the kernel's protection against deletion has been removed.
    Variable,
}

/// A change of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The file's path.
    pub path: PathBuf,
    /// Its content before; `None` if it does not exist.
    pub before: Option<Vec<u8>>,
    /// Its content afterwards; `None` to remove it.
    pub after: Option<Vec<u8>>,
    /// How it is changed.
    pub method: Method,
    /// The file that a new one resembles in mode, owner and label; `None` for mode 0644. A file that exists keeps its own.
    pub like: Option<PathBuf>,
}

impl Change {
    /// The change that gives a file this content; `None` if there is nothing to change.
    pub(crate) fn write(path: PathBuf, after: Vec<u8>, method: Method) -> Option<Change> {
        let before = current(&path, method);
        if before.as_ref() == Some(&after) {
            // A power cut after the exchange has left the old content under the temporary name.
            return (method == Method::ReplaceForBoot)
                .then(|| Change::remove(temp_path(&path), method))
                .flatten();
        }
        Some(Change { path, before, after: Some(after), method, like: None })
    }

    /// The change that removes a file; `None` if it does not exist.
    pub(crate) fn remove(path: PathBuf, method: Method) -> Option<Change> {
        let before = current(&path, method)?;
        Some(Change { path, before: Some(before), after: None, method, like: None })
    }

    /// The change that takes this one back.
    #[must_use]
    pub(crate) fn reversed(&self) -> Change {
        Change {
            path: self.path.clone(),
            before: self.after.clone(),
            after: self.before.clone(),
            method: self.method,
            like: self.like.clone(),
        }
    }

    /// Lets a new file resemble `file` in mode, owner and label.
    #[must_use]
    pub(crate) fn like(mut self, file: PathBuf) -> Change {
        self.like = Some(file);
        self
    }

    /// The file whose mode, owner and label the new content gets.
    pub(super) fn template(&self) -> &Path {
        self.like.as_deref().filter(|_| !self.path.exists()).unwrap_or(&self.path)
    }

    /// Whether the file is already as the change makes it. Then nothing needs to be written; the file system may be full.
    pub(crate) fn is_made(&self) -> bool {
        current(&self.path, self.method) == self.after
    }

    /// What a person reads as the content before and after; empty for a file that does not exist.
    pub(crate) fn texts(&self) -> [String; 2] {
        [&self.before, &self.after].map(|content| match (content, self.method) {
            // Attributes, then UTF-16.
            (Some(bytes), Method::Variable) => {
                String::from_utf8_lossy(&bytes.iter().skip(4).step_by(2).copied().collect::<Vec<u8>>())
                    .into_owned()
            }
            (Some(bytes), _) => String::from_utf8_lossy(bytes).into_owned(),
            (None, _) => String::new(),
        })
    }
}

/// The content of a file, or the target of a link; `None` if it does not exist.
fn current(path: &Path, method: Method) -> Option<Vec<u8>> {
    match method {
        Method::Link => std::fs::read_link(path).ok().map(|to| to.into_os_string().into_encoded_bytes()),
        _ => read_bytes(path).ok().flatten(),
    }
}
