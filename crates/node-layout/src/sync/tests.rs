//! Trees made equal, compared by a walker that shares no code with the room.

use super::{SyncError, apply, compare, everything};
use node_base::units::Bytes;
use proptest::prelude::*;
use rustix::fs::{CWD, FileType, Mode, Timespec, Timestamps, XattrFlags};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

const BLOCK: u64 = 4096;
/// With chunks of one block everything is written in place.
const CHUNK: Bytes = Bytes(BLOCK);
/// The smallest chunk of a thin pool.
const POOL_CHUNK: Bytes = Bytes(64 << 10);

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Everything that a walker sees of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    mode: u32,
    owner: (u32, u32),
    mtime: (i64, i64),
    rdev: u64,
    /// Content of a file, or target of a link.
    content: Vec<u8>,
    xattrs: BTreeMap<Vec<u8>, Vec<u8>>,
    /// The first name of the same file.
    first: PathBuf,
}

/// Every file of a tree by its path, and its allocated blocks.
fn seen(root: &Path) -> BTreeMap<PathBuf, (Seen, u64)> {
    let mut all = BTreeMap::new();
    let mut first: BTreeMap<u64, PathBuf> = BTreeMap::new();
    let mut left = vec![PathBuf::new()];
    let mut paths = Vec::new();
    while let Some(directory) = left.pop() {
        paths.push(directory.clone());
        for entry in fs::read_dir(root.join(&directory)).unwrap() {
            let path = directory.join(entry.unwrap().file_name());
            if fs::symlink_metadata(root.join(&path)).unwrap().is_dir() {
                left.push(path);
            } else {
                paths.push(path);
            }
        }
    }
    paths.sort();
    for path in paths {
        let at = root.join(&path);
        let m = fs::symlink_metadata(&at).unwrap();
        let content = match m.file_type() {
            kind if kind.is_file() => fs::read(&at).unwrap(),
            kind if kind.is_symlink() => fs::read_link(&at).unwrap().into_os_string().into_vec(),
            _ => Vec::new(),
        };
        let mut names = vec![0; 1 << 16];
        let length = rustix::fs::llistxattr(&at, &mut names[..]).unwrap();
        let names = names[..length].split(|b| *b == 0).filter(|n| !n.is_empty());
        let value = |name: &[u8]| {
            let mut value = vec![0; 1 << 16];
            let length = rustix::fs::lgetxattr(&at, name, &mut value[..]).unwrap();
            value.truncate(length);
            value
        };
        let xattrs = names.map(|name| (name.to_vec(), value(name))).collect();
        let first =
            if m.is_dir() { path.clone() } else { first.entry(m.ino()).or_insert(path.clone()).clone() };
        let rdev = if m.is_dir() || m.is_file() || m.is_symlink() { 0 } else { m.rdev() };
        let seen = Seen {
            mode: m.mode(),
            owner: (m.uid(), m.gid()),
            mtime: (m.mtime(), m.mtime_nsec()),
            rdev,
            content,
            xattrs,
            first,
        };
        all.insert(path, (seen, m.blocks()));
    }
    all
}

#[track_caller]
fn assert_equal(source: &Path, target: &Path) {
    let (wanted, present) = (seen(source), seen(target));
    let names = |all: &BTreeMap<PathBuf, (Seen, u64)>| all.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&present), names(&wanted));
    for (path, (wanted, blocks)) in &wanted {
        let (is, is_blocks) = &present[path];
        assert!(is == wanted, "{}:\n{:?}\n{:?}", path.display(), brief(is), brief(wanted));
        assert!(is_blocks <= blocks, "{}: {is_blocks} blocks, not {blocks}", path.display());
    }
    assert!(compare(source, target, CHUNK).unwrap().is_empty(), "a second comparison finds a difference");
}

fn brief(seen: &Seen) -> Seen {
    Seen { content: seen.content.iter().take(64).copied().collect(), ..seen.clone() }
}

/// Makes `target` equal to `source`; the bytes that were written.
#[track_caller]
fn synchronise(source: &Path, target: &Path) -> u64 {
    synchronise_in(source, target, CHUNK)
}

/// The same in a pool with these chunks.
#[track_caller]
fn synchronise_in(source: &Path, target: &Path, chunk: Bytes) -> u64 {
    let difference = compare(source, target, chunk).unwrap();
    let written = apply(source, target, &difference, &mut |_| Ok(())).unwrap();
    assert_equal(source, target);
    written.bytes
}

/// A block of a file.
#[derive(Clone, Copy, Debug)]
enum Part {
    Data(u8),
    Zeros,
    Hole,
}

/// A file of a random tree.
#[derive(Clone, Debug)]
enum Thing {
    Directory,
    File(Vec<Part>, u16),
    Link(u8),
    Fifo,
    Socket,
    Device(u8),
    /// A hard link of the file that was made at this place in the list.
    Hard(usize),
}

#[derive(Clone, Debug)]
struct Spec {
    path: Vec<u8>,
    thing: Thing,
    mode: u32,
    mtime: (u8, u32),
    xattrs: Vec<(u8, u8)>,
    owner: u8,
}

fn thing() -> impl Strategy<Value = Thing> {
    let part = prop_oneof![
        4 => (0_u8..3).prop_map(Part::Data),
        1 => Just(Part::Zeros),
        2 => Just(Part::Hole),
    ];
    prop_oneof![
        4 => Just(Thing::Directory),
        6 => (prop::collection::vec(part, 0..5), prop_oneof![Just(0), 1_u16..4096]).prop_map(|(p, t)| Thing::File(p, t)),
        2 => (0_u8..3).prop_map(Thing::Link),
        1 => Just(Thing::Fifo),
        1 => Just(Thing::Socket),
        1 => (0_u8..3).prop_map(Thing::Device),
        4 => (0_usize..12).prop_map(Thing::Hard),
    ]
}

fn tree() -> impl Strategy<Value = Vec<Spec>> {
    let spec = (
        prop::collection::vec(0_u8..3, 1..4),
        thing(),
        prop_oneof![Just(0o755), Just(0o4711), Just(0o640), Just(0o1777)],
        (0_u8..2, prop_oneof![Just(0_u32), Just(7_u32)]),
        prop::collection::vec((0_u8..3, 0_u8..2), 0..3),
        0_u8..2,
    );
    let spec = spec.prop_map(|(path, thing, mode, mtime, xattrs, owner)| Spec {
        path,
        thing,
        mode,
        mtime,
        xattrs,
        owner,
    });
    prop::collection::vec(spec, 0..24)
}

/// Names are bytes, not text.
const NAMES: [&[u8]; 3] = [b"a", b"\xff b", b"c\n"];

fn build(root: &Path, specs: &[Spec]) {
    let mut made: Vec<PathBuf> = Vec::new();
    for spec in specs {
        let names = spec.path.iter().map(|n| OsStr::from_bytes(NAMES[usize::from(*n)]));
        let path = names.fold(root.to_owned(), |path, name| path.join(name));
        if fs::symlink_metadata(&path).is_ok() || fs::create_dir_all(path.parent().unwrap()).is_err() {
            continue;
        }
        let node = |kind, dev| rustix::fs::mknodat(CWD, &path, kind, Mode::RUSR, dev).is_ok();
        let is_made = match &spec.thing {
            Thing::Directory => fs::create_dir(&path).is_ok(),
            Thing::File(parts, tail) => {
                let file = fs::File::create(&path).unwrap();
                file.set_len(parts.len() as u64 * BLOCK).unwrap();
                for (number, part) in parts.iter().enumerate() {
                    let bytes = match part {
                        Part::Data(seed) => vec![seed + 1; 4096],
                        Part::Zeros => vec![0; 4096],
                        Part::Hole => continue,
                    };
                    file.write_all_at(&bytes, number as u64 * BLOCK).unwrap();
                }
                file.write_all_at(&vec![b't'; usize::from(*tail)], parts.len() as u64 * BLOCK).unwrap();
                true
            }
            Thing::Link(to) => {
                std::os::unix::fs::symlink(["/etc", "../../x", "a"][usize::from(*to)], &path).is_ok()
            }
            Thing::Fifo => node(FileType::Fifo, 0),
            Thing::Socket => node(FileType::Socket, 0),
            Thing::Device(minor) => {
                is_root() && node(FileType::CharacterDevice, rustix::fs::makedev(1, 3 + u32::from(*minor)))
            }
            Thing::Hard(number) => match made.get(*number) {
                Some(first) => fs::hard_link(first, &path).is_ok(),
                None => false,
            },
        };
        if !is_made || matches!(spec.thing, Thing::Hard(_)) {
            continue;
        }
        let is_link = fs::symlink_metadata(&path).unwrap().is_symlink();
        if is_root() {
            std::os::unix::fs::lchown(&path, Some(u32::from(spec.owner) * 1000), Some(7)).unwrap();
        }
        if !is_link {
            fs::set_permissions(&path, fs::Permissions::from_mode(spec.mode)).unwrap();
        }
        for (name, value) in &spec.xattrs {
            // user.* is for files and directories, trusted.* for root.
            let class = if is_root() {
                ["trusted.x", "security.y", "trusted.z"]
            } else {
                ["user.x", "user.y", "user.z"]
            };
            let class = class[usize::from(*name)];
            let _ = rustix::fs::lsetxattr(&path, class, &[*value], XattrFlags::empty());
        }
        if !fs::symlink_metadata(&path).unwrap().is_dir() {
            made.push(path.clone());
        }
        set_mtime(&path, spec.mtime);
    }
}

fn set_mtime(path: &Path, (seconds, nanoseconds): (u8, u32)) {
    let time = Timespec { tv_sec: 1_700_000_000 + i64::from(seconds), tv_nsec: i64::from(nanoseconds) };
    let times = Timestamps { last_access: time, last_modification: time };
    rustix::fs::utimensat(CWD, path, &times, rustix::fs::AtFlags::SYMLINK_NOFOLLOW).unwrap();
}

/// Two empty directories, in memory where that is possible.
fn two() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let memory = Path::new("/dev/shm");
    let dir = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
    let [a, b] = ["source", "target"].map(|name| dir.path().join(name));
    fs::create_dir(&a).unwrap();
    fs::create_dir(&b).unwrap();
    (dir, a, b)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 400 } else { 4000 }))]

    #[test]
    fn any_tree_becomes_any_other(a in tree(), b in tree(), in_place in any::<bool>()) {
        let (_dir, source, target) = two();
        build(&source, &a);
        build(&target, &b);
        synchronise_in(&source, &target, if in_place { CHUNK } else { POOL_CHUNK });
    }

    #[test]
    fn a_tree_becomes_its_next_version(
        a in tree(),
        changes in prop::collection::vec((0_usize..24, thing()), 0..6),
        in_place in any::<bool>(),
    ) {
        let (_dir, source, target) = two();
        build(&target, &a);
        let mut next = a.clone();
        for (number, thing) in changes {
            if let Some(spec) = next.get_mut(number) {
                spec.thing = thing;
            }
        }
        build(&source, &next);
        synchronise_in(&source, &target, if in_place { CHUNK } else { POOL_CHUNK });
    }
}

/// A file of blocks that are all different.
fn blocks(count: u64) -> Vec<u8> {
    (0..count * BLOCK).map(|n| u8::try_from((n / BLOCK * 7 + n % 251) % 255).unwrap() + 1).collect()
}

#[test]
fn only_the_blocks_that_differ_are_written() {
    let (_dir, source, target) = two();
    let old = blocks(1000);
    for (what, change, expected) in [
        ("nothing", &(|_: &mut Vec<u8>| {}) as &dyn Fn(&mut Vec<u8>), 0),
        ("a byte", &|new| new[5_000] ^= 1, BLOCK),
        ("two bytes in neighbours", &|new| (new[8_191] ^= 1, new[8_192] ^= 1).1, 2 * BLOCK),
        ("a byte more", &|new| new.push(1), 1),
        ("a shorter file", &|new| new.truncate(700_001), 0),
        ("the last byte", &|new| *new.last_mut().unwrap() ^= 1, BLOCK),
    ] {
        fs::write(target.join("f"), &old).unwrap();
        let inode = fs::metadata(target.join("f")).unwrap().ino();
        let mut new = old.clone();
        change(&mut new);
        fs::write(source.join("f"), &new).unwrap();
        assert_eq!(synchronise(&source, &target), expected, "{what}");
        assert_eq!(fs::metadata(target.join("f")).unwrap().ino(), inode, "{what}: written in place");
    }
}

/// A block that is written in place takes a whole chunk of the pool.
#[test]
fn what_takes_less_of_the_pool_is_written_to_a_new_place() {
    let all = |new: &mut Vec<u8>| new.iter_mut().for_each(|byte| *byte ^= 1);
    let one = |new: &mut Vec<u8>| new[10] ^= 1;
    let every_fourth = |new: &mut Vec<u8>| new.chunks_mut(4 * 4096).for_each(|blocks| blocks[0] ^= 1);
    let less = |new: &mut Vec<u8>| new.truncate(5000);
    for (what, count, change, written) in [
        ("a small file", 3, &all as &dyn Fn(&mut Vec<u8>), 3 * BLOCK),
        ("a block of a small file", 3, &one, 3 * BLOCK),
        ("a block of a file that is as large as half a chunk", 9, &one, BLOCK),
        ("blocks here and there", 100, &every_fourth, 100 * BLOCK),
        ("a large file", 300, &all, 300 * BLOCK),
        ("blocks of a large file", 300, &every_fourth, 75 * BLOCK),
        ("a file that becomes shorter", 3, &less, 0),
    ] {
        let (_dir, source, target) = two();
        let mut new = blocks(count);
        fs::write(target.join("f"), &new).unwrap();
        fs::hard_link(target.join("f"), target.join("other-name")).unwrap();
        change(&mut new);
        fs::write(source.join("f"), &new).unwrap();
        fs::hard_link(source.join("f"), source.join("other-name")).unwrap();
        let inode = fs::metadata(target.join("f")).unwrap().ino();
        let difference = compare(&source, &target, POOL_CHUNK).unwrap();
        assert_eq!(difference.need.content(), Bytes(written), "{what}: what it needs");
        assert_eq!(synchronise_in(&source, &target, POOL_CHUNK), written, "{what}");
        assert_eq!(fs::metadata(target.join("f")).unwrap().ino(), inode, "{what}: the same file");
    }
}

#[test]
fn the_same_time_and_size_do_not_hide_a_change() {
    let (_dir, source, target) = two();
    for (root, text) in [(&source, "new"), (&target, "old")] {
        fs::write(root.join("f"), text).unwrap();
        set_mtime(&root.join("f"), (0, 0));
        set_mtime(root, (0, 0));
    }
    assert_eq!(synchronise(&source, &target), 3);
    assert_eq!(fs::read(target.join("f")).unwrap(), b"new");
}

#[test]
fn a_sparse_file_stays_sparse() {
    let (_dir, source, target) = two();
    let sparse = |path: &Path, at: u64| {
        let file = fs::File::create(path).unwrap();
        file.set_len(1 << 36).unwrap();
        file.write_all_at(b"data", at).unwrap();
    };
    sparse(&source.join("new"), 1 << 35);
    sparse(&source.join("moved"), 5 << 30);
    sparse(&target.join("moved"), 7 << 30);
    // Comparing 64 GiB with `fs::read` is out of the question, so the walker is not used here.
    let difference = compare(&source, &target, CHUNK).unwrap();
    let written = apply(&source, &target, &difference, &mut |_| Ok(())).unwrap();
    assert_eq!(written.bytes, 2 * BLOCK);
    for name in ["new", "moved"] {
        let [wanted, is] = [&source, &target].map(|root| fs::metadata(root.join(name)).unwrap());
        assert_eq!((is.size(), is.blocks()), (wanted.size(), wanted.blocks()), "{name}");
    }
    assert!(compare(&source, &target, CHUNK).unwrap().is_empty());
}

#[test]
fn hard_links_follow_the_source() {
    // Names of one file are joined, files apart by a comma.
    for (wanted, present) in [
        ("abc", "abc"),
        ("abc", "a,b,c"),
        ("a,b,c", "abc"),
        ("ab,c", "a,bc"),
        ("a,bc", "ab,c"),
        ("ac,bd", "ab,cd"),
        ("b", "ab"),
        ("abd", "bc"),
    ] {
        for content in ["same", "other"] {
            let (_dir, source, target) = two();
            for (root, groups, content) in [(&source, wanted, "same"), (&target, present, content)] {
                for group in groups.split(',') {
                    let mut names = group.chars().map(|c| root.join(c.to_string()));
                    let first = names.next().unwrap();
                    // Also the unchanged part is told apart from a change.
                    fs::write(&first, format!("{content} of {group}")).unwrap();
                    names.for_each(|name| fs::hard_link(&first, name).unwrap());
                }
            }
            synchronise(&source, &target);
        }
    }
}

#[test]
fn capabilities_labels_and_acls_survive_a_change_of_owner_and_content() {
    if !is_root() {
        return;
    }
    let scratch = tempfile::tempdir_in("/var/tmp").unwrap();
    let [source, target] = ["source", "target"].map(|name| scratch.path().join(name));
    let acl = |entries: &[(u16, u16, u32)]| {
        let mut bytes = 2_u32.to_le_bytes().to_vec();
        for (tag, permissions, id) in entries {
            bytes.extend(tag.to_le_bytes().into_iter().chain(permissions.to_le_bytes()));
            bytes.extend(id.to_le_bytes());
        }
        bytes
    };
    let none = u32::MAX;
    let acl = acl(&[(1, 7, none), (2, 5, 1000), (4, 5, none), (16, 5, none), (32, 4, none)]);
    // cap_net_raw=ep
    let capability = [1, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    for (root, owner, text) in [(&source, 5, "new"), (&target, 0, "old")] {
        fs::create_dir_all(root.join("d")).unwrap();
        fs::write(root.join("d/ping"), text).unwrap();
        std::os::unix::fs::chown(root.join("d/ping"), Some(owner), Some(owner)).unwrap();
    }
    let set = |path: &Path, name: &str, value: &[u8]| {
        rustix::fs::lsetxattr(path, name, value, XattrFlags::empty()).unwrap();
    };
    let file = source.join("d/ping");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o4755)).unwrap();
    set(&file, "system.posix_acl_access", &acl);
    set(&file, "security.capability", &capability);
    set(&file, "user.large", &[7; 3000]);
    set(&source.join("d"), "system.posix_acl_default", &acl);
    // A file that is new in the target must not inherit the default ACL of its directory.
    set(&target.join("d"), "system.posix_acl_default", &acl);
    fs::write(source.join("d/new"), "x").unwrap();
    let removed = rustix::fs::lremovexattr(source.join("d/new"), "system.posix_acl_access");
    assert!(removed.is_ok(), "the source's file has inherited one");
    synchronise(&source, &target);
    let again = seen(&target);
    assert_eq!(again[Path::new("d/ping")].0.mode & 0o7777, 0o4754, "the ACL of the group and of others");
    assert_eq!(again[Path::new("d/ping")].0.xattrs.len(), 3);
    // What the source loses the target loses, too.
    rustix::fs::lremovexattr(&file, "system.posix_acl_access").unwrap();
    rustix::fs::lremovexattr(&file, "security.capability").unwrap();
    synchronise(&source, &target);
    assert_eq!(seen(&target)[Path::new("d/ping")].0.xattrs.len(), 1);
}

#[test]
fn a_file_that_must_not_be_changed_is_changed() {
    if !is_root() {
        return;
    }
    let scratch = tempfile::tempdir_in("/var/tmp").unwrap();
    let [source, target] = ["source", "target"].map(|name| scratch.path().join(name));
    for root in [&source, &target] {
        fs::create_dir_all(root.join("d")).unwrap();
    }
    for (name, text) in [("d/kept", "old"), ("d/gone", "old"), ("d/same", "same")] {
        fs::write(target.join(name), text).unwrap();
    }
    fs::write(source.join("d/kept"), "new").unwrap();
    fs::write(source.join("d/same"), "same").unwrap();
    let lock = |name: &str| {
        let file = fs::File::open(target.join(name)).unwrap();
        rustix::fs::ioctl_setflags(&file, rustix::fs::IFlags::IMMUTABLE).is_ok()
    };
    if !["d/kept", "d/gone", "d/same", "d"].into_iter().all(lock) {
        return; // The file system here has no such flag.
    }
    synchronise(&source, &target);
}

#[test]
fn links_lead_neither_reader_nor_writer_out() {
    let (dir, source, target) = two();
    let outside = dir.path().join("outside");
    fs::create_dir_all(outside.join("sub")).unwrap();
    fs::write(outside.join("sub/f"), "outside").unwrap();
    let before = seen(&outside);
    for (root, other) in [(&target, &source), (&source, &target)] {
        std::os::unix::fs::symlink(&outside, root.join("x")).unwrap();
        fs::create_dir_all(other.join("x/sub")).unwrap();
        fs::write(other.join("x/sub/f"), "inside").unwrap();
        synchronise(&source, &target);
        assert_eq!(seen(&outside), before);
        for root in [&source, &target] {
            let _ = fs::remove_file(root.join("x"));
            let _ = fs::remove_dir_all(root.join("x"));
        }
    }
    let difference = {
        fs::create_dir_all(source.join("x")).unwrap();
        fs::write(source.join("x/f"), "inside").unwrap();
        fs::create_dir(target.join("x")).unwrap();
        compare(&source, &target, CHUNK).unwrap()
    };
    // Somebody puts a link in place of the directory before the difference is written.
    fs::remove_dir(target.join("x")).unwrap();
    std::os::unix::fs::symlink(&outside, target.join("x")).unwrap();
    apply(&source, &target, &difference, &mut |_| Ok(())).unwrap_err();
    assert_eq!(seen(&outside), before);
}

#[test]
fn a_source_that_changes_meanwhile_is_refused() {
    let (_dir, source, target) = two();
    fs::write(source.join("f"), blocks(3)).unwrap();
    fs::write(target.join("f"), "old").unwrap();
    let difference = compare(&source, &target, CHUNK).unwrap();
    fs::write(source.join("f"), blocks(4)).unwrap();
    let error = apply(&source, &target, &difference, &mut |_| Ok(())).unwrap_err();
    assert!(matches!(&error, SyncError::Changed { path } if *path == source.join("f")), "{error}");
    assert!(error.to_string().contains("has changed while it was read"), "{error}");
}

#[test]
fn the_writing_can_be_stopped() {
    let (_dir, source, target) = two();
    for n in 0..5 {
        fs::write(source.join(n.to_string()), blocks(10)).unwrap();
    }
    let difference = everything(&source).unwrap();
    assert_eq!(difference.need.content().0, 50 * BLOCK);
    let mut stop =
        |written: u64| if written > 20 * BLOCK { Err("the pool is full".to_owned()) } else { Ok(()) };
    let error = apply(&source, &target, &difference, &mut stop).unwrap_err().to_string();
    assert_eq!(error, "the pool is full");
    assert!(!target.join("4").exists(), "nothing is written after that");
}

#[test]
fn trees_without_end_are_refused() {
    let (_dir, source, target) = two();
    let mut path = source.clone();
    for _ in 0..250 {
        path.push("d");
    }
    fs::create_dir_all(&path).unwrap();
    assert!(matches!(compare(&source, &target, CHUNK).unwrap_err(), SyncError::TooDeep { .. }));
    fs::remove_dir_all(source.join("d")).unwrap();
    fs::File::create(source.join("f")).unwrap().set_len((1 << 40) + 1).unwrap();
    assert!(matches!(compare(&source, &target, CHUNK).unwrap_err(), SyncError::TooLarge { .. }));
}

#[test]
fn what_fsck_finds_belongs_to_the_file_system() {
    let (_dir, source, target) = two();
    fs::create_dir(target.join("lost+found")).unwrap();
    set_mtime(&source, (0, 0));
    set_mtime(&target, (0, 0));
    assert!(compare(&source, &target, CHUNK).unwrap().is_empty());
    fs::create_dir(source.join("d")).unwrap();
    fs::create_dir(source.join("d/lost+found")).unwrap();
    let difference = compare(&source, &target, CHUNK).unwrap();
    apply(&source, &target, &difference, &mut |_| Ok(())).unwrap();
    let mut names: Vec<OsString> = fs::read_dir(&target).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["d", "lost+found"]);
    assert!(target.join("d/lost+found").is_dir());
}
