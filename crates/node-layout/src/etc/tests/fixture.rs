//! Directories made from data, and read back.

use super::super::{Choices, Merge, Outcome, Trees, merge, write};
use rustix::fs::{CWD, FileType, Mode, XattrFlags};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// A file as data: a text, or something else.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(super) enum Thing {
    Text(String),
    Table(Special),
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Special {
    text: Option<String>,
    bytes: Option<Vec<u8>>,
    link: Option<String>,
    fifo: bool,
    socket: bool,
    directory: bool,
    mode: Option<u32>,
    owner: Option<[u32; 2]>,
    attributes: BTreeMap<String, String>,
    /// A user who may read it, too.
    acl: Option<u32>,
}

impl Thing {
    fn special(&self) -> Special {
        match self {
            Thing::Text(text) => Special { text: Some(text.clone()), ..Special::default() },
            Thing::Table(special) => special.clone(),
        }
    }
}

pub(super) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Makes a file in a tree.
pub(super) fn make(root: &Path, path: &str, thing: &Thing) {
    let at = root.join(path);
    fs::create_dir_all(at.parent().unwrap()).unwrap();
    let special = thing.special();
    let content = special.text.clone().map(String::into_bytes).or(special.bytes.clone());
    if let Some(to) = &special.link {
        std::os::unix::fs::symlink(to, &at).unwrap();
        return;
    } else if special.fifo || special.socket {
        let kind = if special.fifo { FileType::Fifo } else { FileType::Socket };
        rustix::fs::mknodat(CWD, &at, kind, Mode::RUSR, 0).unwrap();
        return;
    } else if special.directory {
        fs::create_dir_all(&at).unwrap();
    } else {
        fs::write(&at, content.unwrap()).unwrap();
    }
    for (name, value) in &special.attributes {
        rustix::fs::lsetxattr(&at, name.as_str(), value.as_bytes(), XattrFlags::empty()).unwrap();
    }
    if let Some([user, group]) = special.owner {
        std::os::unix::fs::chown(&at, Some(user), Some(group)).unwrap();
    }
    let mode = special.mode.unwrap_or(if special.directory { 0o755 } else { 0o644 });
    fs::set_permissions(&at, fs::Permissions::from_mode(mode)).unwrap();
    if let Some(user) = special.acl {
        rustix::fs::lsetxattr(&at, "system.posix_acl_access", &acl(user), XattrFlags::empty()).unwrap();
    }
}

/// An ACL that lets a user read.
pub(in super::super) fn acl(user: u32) -> Vec<u8> {
    let entry =
        |tag: u16, id: u32| [&tag.to_le_bytes()[..], &4_u16.to_le_bytes(), &id.to_le_bytes()].concat();
    let none = u32::MAX;
    [
        2_u32.to_le_bytes().to_vec(),
        entry(1, none),
        entry(2, user),
        entry(4, none),
        entry(16, none),
        entry(32, none),
    ]
    .concat()
}

/// Everything that is seen of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) kind: String,
    pub(super) mode: u32,
    pub(super) owner: (u32, u32),
    pub(super) content: Vec<u8>,
    pub(super) attributes: BTreeMap<String, Vec<u8>>,
}

/// What is there under a path; `None` if nothing is.
pub(super) fn seen(at: &Path) -> Option<Seen> {
    let m = fs::symlink_metadata(at).ok()?;
    let content = match m.file_type() {
        kind if kind.is_file() => fs::read(at).unwrap(),
        kind if kind.is_symlink() => fs::read_link(at).unwrap().into_os_string().into_vec(),
        _ => Vec::new(),
    };
    let mut attributes = BTreeMap::new();
    for name in ["user.a", "user.b", "system.posix_acl_access"] {
        let mut value = vec![0; 256];
        if let Ok(length) = rustix::fs::lgetxattr(at, name, &mut value[..]) {
            value.truncate(length);
            attributes.insert(name.to_owned(), value);
        }
    }
    let mode = if m.is_symlink() { 0 } else { m.mode() & 0o7777 };
    Some(Seen { kind: format!("{:?}", m.file_type()), mode, owner: (m.uid(), m.gid()), content, attributes })
}

/// All files of a tree.
pub(super) fn all(root: &Path) -> BTreeMap<PathBuf, Seen> {
    let mut found = BTreeMap::new();
    let mut left = vec![PathBuf::new()];
    while let Some(directory) = left.pop() {
        for entry in fs::read_dir(root.join(&directory)).unwrap() {
            let path = directory.join(entry.unwrap().file_name());
            let is = seen(&root.join(&path)).unwrap();
            if root.join(&path).symlink_metadata().unwrap().is_dir() {
                left.push(path.clone());
            }
            found.insert(path, is);
        }
    }
    found
}

/// Three directories and the one of the result.
pub(super) struct Fixture {
    pub(super) trees: Trees,
    pub(super) output: PathBuf,
    _directory: tempfile::TempDir,
}

impl Fixture {
    pub(super) fn new() -> Fixture {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| {
            let path = directory.path().join(name);
            fs::create_dir(&path).unwrap();
            path
        };
        let trees = Trees { base: at("base"), ours: at("ours"), theirs: at("theirs") };
        Fixture { trees, output: at("output"), _directory: directory }
    }

    pub(super) fn roots(&self) -> [&Path; 3] {
        [&self.trees.base, &self.trees.ours, &self.trees.theirs]
    }

    /// Puts a file into the three trees; `None` leaves it out.
    pub(super) fn put(&self, path: &str, three: [Option<&Thing>; 3]) {
        for (root, thing) in self.roots().into_iter().zip(three) {
            if let Some(thing) = thing {
                make(root, path, thing);
            }
        }
    }

    pub(super) fn text(&self, path: &str, three: [Option<&str>; 3]) {
        let three = three.map(|text| text.map(|text| Thing::Text(text.to_owned())));
        self.put(path, [three[0].as_ref(), three[1].as_ref(), three[2].as_ref()]);
    }

    /// Merges, writes, and checks what holds for every merge.
    pub(super) fn merge(&self) -> Merge {
        let decided = merge(&self.trees, Choices::default()).unwrap();
        write(&decided, &self.trees, &self.output).unwrap();
        let paths: Vec<&PathBuf> = decided.files.iter().map(|file| &file.path).collect();
        let mut sorted = paths.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(paths, sorted, "each path once");
        for file in &decided.files {
            let exists = self.output.join(&file.path).symlink_metadata().is_ok();
            assert!(exists || matches!(file.outcome, Outcome::Deleted | Outcome::Conflict));
            assert!(!(exists && file.outcome == Outcome::Deleted), "{}", file.path.display());
        }
        decided
    }

    /// What happened with a file.
    pub(super) fn outcome(merge: &Merge, path: &str) -> Option<&'static str> {
        merge.files.iter().find(|file| file.path == Path::new(path)).map(|file| file.outcome.as_str())
    }
}
