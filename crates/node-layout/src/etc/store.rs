//! All three versions of a conflict, kept until somebody decides.

use super::error::EtcError;
use super::ids::IdMap;
use super::node::Node;
use super::outcome::{From, Merge, Side, Trees, Wanted};
use super::write::{write, write_one};
use crate::sync::{Directories, Metadata, SyncError, Xattrs, escaped, names, open_directory, unescaped};
use rustix::fs::FileType;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

/// Where conflicts are kept, one directory an image.
pub(crate) const CONFLICTS: &str = "/var/lib/node-layout/conflicts";
/// The list of conflicts in the directory of an image.
pub(crate) const LIST: &str = "conflicts.json";
/// The directories beside it: the versions of the old image, of the host, of the new image, and the merge with marks.
pub(crate) const VERSIONS: [&str; 4] = ["base", "ours", "theirs", "merged"];
/// The most directories on the way to a file.
const DEEPEST: usize = 100;

/// A conflict that waits for a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Its path below /etc.
    pub path: PathBuf,
    /// How files of its kind are merged.
    pub kind: String,
    /// Why it is a conflict.
    pub reason: String,
}

#[derive(Serialize, Deserialize)]
struct List {
    schema: u32,
    files: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    /// As [`escaped`] writes it.
    path: String,
    kind: String,
    reason: String,
}

/// The conflicts of a merge.
pub(crate) fn conflicts(merge: &Merge) -> Vec<Conflict> {
    let conflict = |file: &super::FileMerge| Conflict {
        path: file.path.clone(),
        kind: file.kind.to_owned(),
        reason: file.reason.as_ref().map(ToString::to_string).unwrap_or_default(),
    };
    merge.conflicts().map(conflict).collect()
}

/// The list of conflicts as the text of its file.
pub(crate) fn list_text(conflicts: &[Conflict]) -> String {
    let entry = |conflict: &Conflict| Entry {
        path: escaped(&conflict.path),
        kind: conflict.kind.clone(),
        reason: conflict.reason.clone(),
    };
    let list = List { schema: 1, files: conflicts.iter().map(entry).collect() };
    // Serialising plain structures to a string cannot fail.
    serde_json::to_string_pretty(&list).unwrap_or_default() + "\n"
}

/// Reads the text of a list. Paths that do not lie below /etc are left out.
///
/// # Errors
/// What is wrong with the text.
pub(crate) fn read_list(text: &str) -> Result<Vec<Conflict>, serde_json::Error> {
    let list: List = serde_json::from_str(text)?;
    let conflict = |entry: Entry| {
        let path = unescaped(&entry.path)?;
        Some(Conflict { path, kind: entry.kind, reason: entry.reason })
    };
    Ok(list.files.into_iter().filter_map(conflict).collect())
}

/// Writes all versions of the conflicts of a merge into the directory of an image, in place of what was there.
///
/// # Errors
/// [`EtcError`].
pub(crate) fn save(merge: &Merge, trees: &Trees, directory: &Path) -> Result<(), EtcError> {
    let no_ids = IdMap::default();
    let roots = [(&trees.base, &no_ids), (&trees.ours, &no_ids), (&trees.theirs, &merge.ids)];
    for ((root, ids), version) in roots.into_iter().zip(VERSIONS) {
        let mut kept = Merge::default();
        for conflict in merge.conflicts() {
            add_tree(root, &conflict.path, ids, &mut kept.tree, 0)?;
        }
        write_version(&mut kept, root, &directory.join(version))?;
    }
    let mut drafts = Merge::default();
    for conflict in merge.conflicts() {
        if let Some(marked) = &conflict.marked {
            let wanted = Wanted {
                content: From::Bytes(marked.clone()),
                metadata: Metadata::wanted(FileType::RegularFile, 0o600, own_ids(), (0, 0)),
                xattrs: Xattrs::new(),
            };
            drafts.tree.insert(conflict.path.clone(), wanted);
        }
    }
    write_version(&mut drafts, &trees.ours, &directory.join(VERSIONS[3]))
}

/// Puts the version of one directory of an image in the place of the file in another tree. If it has none, the file is removed.
///
/// # Errors
/// [`EtcError`].
pub(crate) fn place(from: &Path, path: &Path, to: &Path) -> Result<(), EtcError> {
    let mut tree = BTreeMap::new();
    add_tree(from, path, &IdMap::default(), &mut tree, 0)?;
    write_one(&tree, from, path, to)
}

fn own_ids() -> (u32, u32) {
    (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw())
}

fn write_version(kept: &mut Merge, root: &Path, to: &Path) -> Result<(), EtcError> {
    let private = || Wanted {
        content: From::Side(Side::Ours),
        metadata: Metadata::wanted(FileType::Directory, 0o700, own_ids(), (0, 0)),
        xattrs: Xattrs::new(),
    };
    let paths: Vec<PathBuf> = kept.tree.keys().cloned().collect();
    for above in paths.iter().flat_map(|path| path.ancestors().skip(1)) {
        kept.tree.entry(above.to_owned()).or_insert_with(private);
    }
    kept.tree.entry(PathBuf::new()).or_insert_with(private);
    std::fs::create_dir_all(to).map_err(EtcError::io(to, Path::new("")))?;
    let trees = Trees { base: root.to_owned(), ours: root.to_owned(), theirs: root.to_owned() };
    write(kept, &trees, to)
}

/// Adds a file of a tree, with everything in it if it is a directory. Nothing is added if it does not exist.
fn add_tree(
    root: &Path,
    path: &Path,
    ids: &IdMap,
    tree: &mut BTreeMap<PathBuf, Wanted>,
    depth: usize,
) -> Result<(), EtcError> {
    if depth > DEEPEST {
        return Err(SyncError::TooDeep { path: path.to_owned(), limit: DEEPEST }.into());
    }
    let failed = EtcError::io(root, path);
    let mut directories = Directories::open(root)?;
    // A directory above it may be something else there.
    let Ok((above, name)) = directories.parent(path) else { return Ok(()) };
    let node = match Node::read(above, name, ids) {
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Ok(()),
        other => other.map_err(&failed)?,
    };
    let Some(node) = node else { return Ok(()) };
    if node.is_directory() {
        let opened = open_directory(above, name).map_err(&failed)?;
        for name in names(opened.as_fd()).map_err(&failed)? {
            add_tree(root, &path.join(name), ids, tree, depth + 1)?;
        }
    }
    let wanted = Wanted { content: From::Side(Side::Ours), metadata: node.metadata, xattrs: node.xattrs };
    tree.insert(path.to_owned(), wanted);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    #[test]
    fn a_list_is_read_as_it_was_written() {
        let conflict = |path: &[u8]| Conflict {
            path: PathBuf::from(OsStr::from_bytes(path)),
            kind: "text".into(),
            reason: "both changed the same place".into(),
        };
        let all =
            [&b"ssh/sshd_config"[..], b"caf\xe9", b"100%25", b"a\nb", "gr\u{fc}n".as_bytes()].map(conflict);
        let text = list_text(&all);
        assert_eq!(read_list(&text).unwrap(), all);
        assert!(text.contains("\"gr\u{fc}n\"") && text.contains("caf%e9"));
        let outside = text.replace("ssh/sshd_config", "../shadow").replace("100%2525", "/etc/x");
        assert_eq!(read_list(&outside).unwrap().len(), 3);
        assert!(read_list("[]").is_err());
    }
}
