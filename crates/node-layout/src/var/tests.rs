use super::{Additions, Record, VarTrees, add, compare, file_name};
use rustix::fs::XattrFlags;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// Three trees in a scratch directory.
struct Fixture(tempfile::TempDir);

impl Fixture {
    fn new() -> Fixture {
        let fixture = Fixture(tempfile::tempdir().unwrap());
        for tree in ["old", "image", "live"] {
            fs::create_dir(fixture.at(tree)).unwrap();
        }
        fixture
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn trees(&self, old: bool) -> VarTrees {
        let old = old.then(|| self.at("old"));
        VarTrees { old, image: self.at("image"), live: self.at("live") }
    }

    fn compare(&self, old: bool) -> Additions {
        compare(&self.trees(old)).unwrap()
    }

    fn add(&self, additions: &Additions) -> usize {
        add(&self.at("image"), &self.at("live"), &additions.add).unwrap()
    }
}

fn shown(paths: &[PathBuf]) -> Vec<&str> {
    paths.iter().map(|path| path.to_str().unwrap()).collect()
}

/// Every name below a directory with what it is.
fn listing(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut left = vec![root.to_owned()];
    while let Some(directory) = left.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let metadata = fs::symlink_metadata(&path).unwrap();
            let name = path.strip_prefix(root).unwrap().display();
            let content = match metadata.file_type() {
                kind if kind.is_symlink() => format!("-> {}", fs::read_link(&path).unwrap().display()),
                kind if kind.is_file() => fs::read_to_string(&path).unwrap(),
                kind if kind.is_dir() => {
                    left.push(path.clone());
                    String::new()
                }
                _ => "special".to_owned(),
            };
            found.push(format!(
                "{name} {:o} {}:{} {content}",
                metadata.mode(),
                metadata.uid(),
                metadata.gid()
            ));
        }
    }
    found.sort();
    found
}

#[test]
fn what_only_the_new_image_has_is_added_and_what_was_removed_here_stays_removed() {
    let it = Fixture::new();
    it.put("image/lib/new/state", "1");
    it.put("image/lib/new/deep/file", "2");
    it.put("image/lib/there/new-file", "3");
    it.put("live/lib/there/own", "4");
    it.put("old/lib/removed-here/x", "5");
    it.put("image/lib/removed-here/x", "5");
    it.put("image/lib/removed-here/y", "6");
    it.put("old/lib/gone-from-image", "7");
    it.put("live/lib/gone-from-image", "7");
    let found = it.compare(true);
    assert_eq!(shown(&found.add), ["lib/new", "lib/there/new-file"]);
    assert_eq!((found.differing.len(), found.bytes), (0, 3));
    it.add(&found);
    assert_eq!(fs::read_to_string(it.at("live/lib/new/deep/file")).unwrap(), "2");
    assert!(!it.at("live/lib/removed-here").exists() && it.at("live/lib/gone-from-image").exists());
    assert!(it.compare(true).is_empty(), "a second time nothing is left to add");
    // Without the old image nothing tells what was removed.
    assert_eq!(shown(&it.compare(false).add), ["lib/removed-here"]);
}

#[test]
fn nothing_is_replaced_and_only_what_the_image_has_changed_is_named() {
    let it = Fixture::new();
    for (path, old, image, live) in [
        ("lib/changed-here", "1", "1", "2"),
        ("lib/changed-there", "1", "2", "1"),
        ("lib/changed-by-both", "1", "2", "3"),
        ("lib/alike", "1", "2", "2"),
    ] {
        it.put(&format!("old/{path}"), old);
        it.put(&format!("image/{path}"), image);
        it.put(&format!("live/{path}"), live);
    }
    it.put("image/lib/other-kind", "file");
    it.put("live/lib/other-kind/file", "in a directory");
    it.put("image/lib/mode", "x");
    it.put("live/lib/mode", "x");
    fs::set_permissions(it.at("image/lib/mode"), fs::Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(it.at("live/lib/mode"), fs::Permissions::from_mode(0o640)).unwrap();
    let before = listing(&it.at("live"));
    let found = it.compare(true);
    assert!(found.add.is_empty());
    let differing: Vec<String> =
        found.differing.iter().map(|file| format!("{}: {}", file.path.display(), file.what)).collect();
    assert_eq!(
        differing,
        [
            "lib/changed-by-both: another content",
            "lib/changed-there: another content",
            "lib/mode: mode 0640 here, 0600 in the image",
            "lib/other-kind: a directory here, a file in the image",
        ]
    );
    // Also when it is asked for: somebody may have made it since.
    add(&it.at("image"), &it.at("live"), &["lib/changed-there", "lib/other-kind"].map(PathBuf::from))
        .unwrap();
    assert_eq!(listing(&it.at("live")), before);
}

#[test]
fn owner_mode_time_attributes_links_and_pipes_are_kept() {
    let it = Fixture::new();
    it.put("image/lib/svc/file", "x");
    let file = it.at("image/lib/svc/file");
    symlink("../elsewhere", it.at("image/lib/svc/link")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        it.at("image/lib/svc/pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o620),
        0,
    )
    .unwrap();
    if rustix::process::geteuid().is_root() {
        for path in ["image/lib/svc", "image/lib/svc/file", "image/lib/svc/link"] {
            std::os::unix::fs::lchown(it.at(path), Some(990), Some(991)).unwrap();
        }
    }
    fs::set_permissions(&file, fs::Permissions::from_mode(0o4750)).unwrap();
    fs::set_permissions(it.at("image/lib/svc"), fs::Permissions::from_mode(0o2770)).unwrap();
    let has_attributes = rustix::fs::lsetxattr(&file, "user.of-the-image", b"1", XattrFlags::empty()).is_ok();
    let time = fs::metadata(&file).unwrap().mtime_nsec();
    let found = it.compare(true);
    fs::create_dir(it.at("live/lib")).unwrap();
    assert_eq!(it.add(&found), 5 - 1, "the directory lib is there by now");
    assert_eq!(listing(&it.at("live/lib/svc")), listing(&it.at("image/lib/svc")));
    let there = it.at("live/lib/svc/file");
    assert_eq!(fs::metadata(&there).unwrap().mtime_nsec(), time);
    let directory = fs::metadata(it.at("live/lib/svc")).unwrap();
    assert_eq!(directory.mode() & 0o7777, 0o2770);
    if has_attributes {
        let mut value = [0; 8];
        assert_eq!(rustix::fs::lgetxattr(&there, "user.of-the-image", &mut value[..]).unwrap(), 1);
    }
}

#[test]
fn no_link_of_this_host_leads_out() {
    let it = Fixture::new();
    it.put("outside/there", "1");
    it.put("image/lib/svc/new", "2");
    it.put("image/lib/other/new", "3");
    fs::create_dir(it.at("live/lib")).unwrap();
    symlink(it.at("outside"), it.at("live/lib/svc")).unwrap();
    let found = it.compare(true);
    assert_eq!(shown(&found.add), ["lib/other"]);
    assert_eq!(found.differing[0].what, "a link here, a directory in the image");
    // A link has taken the place since.
    fs::remove_dir(it.at("live/lib")).ok();
    fs::remove_file(it.at("live/lib/svc")).unwrap();
    fs::remove_dir(it.at("live/lib")).unwrap();
    symlink(it.at("outside"), it.at("live/lib")).unwrap();
    let paths = ["lib", "lib/svc", "lib/svc/new"].map(PathBuf::from);
    add(&it.at("image"), &it.at("live"), &paths).unwrap();
    assert_eq!(listing(&it.at("outside")).len(), 1, "{:?}", listing(&it.at("outside")));
}

#[test]
fn what_describes_one_image_or_one_machine_is_left_alone() {
    let it = Fixture::new();
    for path in [
        "lib/rpm/rpmdb.sqlite",
        "lib/dpkg/info/a.list",
        "log/anaconda/x.log",
        "log/journal/1/system.journal",
        "tmp/left",
        "cache/dnf/x",
        "lib/node-layout/conflicts/x",
        "imgbased/.image-updated",
        "lib/systemd/random-seed",
        ".updated",
        "lost+found/x",
    ] {
        it.put(&format!("image/{path}"), "x");
    }
    it.put("image/lib/kept", "x");
    let found = it.compare(true);
    it.add(&found);
    let mut names: Vec<String> =
        listing(&it.at("live")).iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    names.retain(|name| !it.at("live").join(name).is_dir());
    assert_eq!(names, ["lib/kept"]);
    assert!(it.at("live/log/journal/1").is_dir() && it.at("live/cache/dnf").is_dir());
    assert!(!it.at("live/tmp").exists() && !it.at("live/lib/rpm").exists());
    // The link of an image whose database is not in /var.
    fs::remove_dir_all(it.at("image/lib/rpm")).unwrap();
    symlink("../../usr/share/rpm", it.at("image/lib/rpm")).unwrap();
    assert_eq!(shown(&it.compare(true).add), ["lib/rpm"]);
}

#[test]
fn an_interruption_at_any_point_leaves_complete_files_and_is_completed() {
    let it = Fixture::new();
    for number in 0..4 {
        it.put(&format!("image/lib/svc-{number}/data"), &"x".repeat(100_000));
        it.put(&format!("image/lib/svc-{number}/more/state"), "y");
    }
    let found = it.compare(true);
    it.add(&found);
    let whole = listing(&it.at("live"));
    // Whatever prefix of the names is there, and whatever temporary name is left.
    for number in 0..whole.len() {
        fs::remove_dir_all(it.at("live")).unwrap();
        fs::create_dir(it.at("live")).unwrap();
        for line in &whole[..number] {
            let name = line.split(' ').next().unwrap();
            let (from, to) = (it.at("image").join(name), it.at("live").join(name));
            match from.is_dir() {
                true => fs::create_dir_all(&to).unwrap(),
                false => fs::copy(&from, &to).map(|_| ()).unwrap(),
            }
        }
        let next = it.at("live").join(whole[number].split(' ').next().unwrap());
        let above = next.parent().unwrap();
        fs::create_dir_all(above).unwrap();
        let name = next.file_name().unwrap().to_str().unwrap();
        fs::write(above.join(format!(".node-layout-new-{name}")), "half").unwrap();
        it.add(&found);
        assert_eq!(listing(&it.at("live")), whole, "interrupted before {}", whole[number]);
    }
}

#[test]
fn a_record_is_read_as_it_was_written_and_names_nothing_outside() {
    use std::os::unix::ffi::OsStrExt;
    let path = |bytes: &[u8]| PathBuf::from(std::ffi::OsStr::from_bytes(bytes));
    let additions = Additions {
        add: vec![path(b"lib/a"), path(b"lib/caf\xe9"), path(b"100%")],
        differing: vec![super::Differing { path: path(b"lib/x"), what: "another content".into() }],
        bytes: 7,
    };
    let file = Path::new("/var/lib/node-layout/additions").join(file_name("n-1-1"));
    let text = Record::text(&additions);
    let record = Record::parse(&text, &file).unwrap();
    assert_eq!((record.add, record.differing), (additions.add, additions.differing));
    let outside = text.replace("lib/a", "../etc").replace("lib/x", "/etc/shadow");
    let record = Record::parse(&outside, &file).unwrap();
    assert_eq!((record.add.len(), record.differing.len()), (2, 0));
    for wrong in ["", "{}", "[1]", r#"{"schema": 2, "add": [], "differ": []}"#] {
        let error = Record::parse(wrong, &file).unwrap_err().to_string();
        assert!(error.contains("additions/n-1-1.json: "), "{error}");
    }
}

#[test]
fn an_image_with_more_than_any_is_refused() {
    let it = Fixture::new();
    fs::create_dir(it.at("live/lib")).unwrap();
    for number in 0..4001 {
        it.put(&format!("image/lib/{number}"), "");
    }
    let error = compare(&it.trees(true)).unwrap_err().to_string();
    assert!(error.contains("more than 4000 files"), "{error}");
    // In a directory of their own they are one.
    fs::remove_dir(it.at("live/lib")).unwrap();
    assert_eq!(shown(&it.compare(true).add), ["lib"]);
}
