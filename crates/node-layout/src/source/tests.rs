//! Images of every kind, made by the programs that people make them with. Where a program or a permission is missing here, the
//! virtual machines try the rest.

use super::{Compression, ImageKind, ImageRequest, Proof, Proved, Source};
use crate::machine::{Command, Output, RealTools, Space, ToolError, Tools};
use crate::sync::compare;
use node_base::units::Bytes;
use rustix::fs::{CWD, FileType, Mode, XattrFlags};
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The programs of this machine, with mount points of their own.
struct Programs {
    real: RealTools,
    environment: PathBuf,
}

impl Tools for Programs {
    fn run(&self, command: &Command) -> Result<Output, ToolError> {
        self.real.run(command)
    }
    fn stream(&self, command: &Command, input: fs::File) -> Result<Box<dyn Read + Send>, ToolError> {
        self.real.stream(command, input)
    }
    fn has(&self, program: &str) -> bool {
        self.real.has(program)
    }
    fn environment(&self) -> &Path {
        &self.environment
    }
    fn space(&self, path: &Path) -> std::io::Result<Space> {
        self.real.space(path)
    }
    fn flush(&self, path: &Path, freeze: bool) -> std::io::Result<()> {
        self.real.flush(path, freeze)
    }
    fn architecture(&self) -> String {
        self.real.architecture()
    }
}

struct Lab {
    dir: tempfile::TempDir,
    tools: Programs,
}

impl Lab {
    fn new() -> Lab {
        let dir = tempfile::tempdir_in("/var/tmp").unwrap();
        let tools = Programs { real: RealTools::default(), environment: dir.path().join("environment") };
        let lab = Lab { dir, tools };
        fs::create_dir(lab.path("work")).unwrap();
        lab
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn run(&self, program: &'static str, args: &[&str]) {
        self.tools.run(&Command::new(program, args.iter().copied())).unwrap();
    }

    /// A tree with everything that a file system of an image can have.
    fn tree(&self) -> PathBuf {
        let root = self.path("tree");
        fs::create_dir_all(root.join("usr/share/imgbase/build/meta")).unwrap();
        fs::write(root.join("usr/share/imgbase/build/meta/nvr"), "node-1.2-3\n").unwrap();
        fs::create_dir_all(root.join("etc/sub")).unwrap();
        fs::write(root.join("etc/passwd"), "root:x:0:0::/root:/bin/sh\n").unwrap();
        fs::write(root.join("etc/file"), "text").unwrap();
        fs::hard_link(root.join("etc/file"), root.join("etc/sub/again")).unwrap();
        std::os::unix::fs::symlink("/etc/file", root.join("etc/link")).unwrap();
        let long = "n".repeat(120);
        fs::create_dir_all(root.join(&long)).unwrap();
        fs::write(root.join(&long).join(&long), "long").unwrap();
        let sparse = fs::File::create(root.join("sparse")).unwrap();
        sparse.set_len(40 << 20).unwrap();
        for block in [3_u64, 700, 9000] {
            sparse.write_all_at(&[7; 5000], block * 4096).unwrap();
        }
        fs::set_permissions(root.join("etc/file"), fs::Permissions::from_mode(0o4711)).unwrap();
        rustix::fs::mknodat(CWD, root.join("fifo"), FileType::Fifo, Mode::RUSR, 0).unwrap();
        let set = |name: &str, attribute: &str, value: &[u8]| {
            rustix::fs::lsetxattr(root.join(name), attribute, value, XattrFlags::empty()).unwrap();
        };
        set("etc", "user.on=directory", b"a value\nof two lines\0");
        if is_root() {
            let device = rustix::fs::makedev(1, 3);
            rustix::fs::mknodat(CWD, root.join("null"), FileType::CharacterDevice, Mode::RUSR, device)
                .unwrap();
            std::os::unix::fs::chown(root.join("sparse"), Some(1_234_567), Some(107)).unwrap();
            set("etc/link", "trusted.on-a-link", b"x");
            set(
                "etc/file",
                "security.capability",
                &[1, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            );
            set("etc/file", "security.selinux", b"system_u:object_r:etc_t:s0\0");
            let mut acl = 2_u32.to_le_bytes().to_vec();
            for (tag, bits, id) in [
                (1_u16, 7_u16, u32::MAX),
                (2, 5, 107),
                (4, 5, u32::MAX),
                (16, 7, u32::MAX),
                (32, 4, u32::MAX),
            ] {
                acl.extend([tag.to_le_bytes(), bits.to_le_bytes()].concat());
                acl.extend(id.to_le_bytes());
            }
            set("etc/sub", "system.posix_acl_default", &acl);
            set("etc/passwd", "system.posix_acl_access", &acl);
        }
        root
    }

    fn request(&self, image: &str) -> ImageRequest {
        ImageRequest { image: self.path(image), proof: Proof::default(), work_dir: self.path("work") }
    }

    fn open(&self, request: &ImageRequest) -> Result<Source, String> {
        Source::open(&self.tools, request).map_err(|error| error.to_string())
    }

    fn sha256(&self, name: &str) -> String {
        super::proof::sha256(&fs::read(self.path(name)).unwrap())
    }

    #[track_caller]
    fn assert_nothing_left(&self) {
        assert_eq!(
            fs::read_dir(self.path("work")).unwrap().count(),
            0,
            "something is left in the work directory"
        );
    }
}

#[test]
fn archives_of_gnu_tar_are_unpacked_with_everything() {
    let lab = Lab::new();
    let tree = lab.tree();
    let (tree, archive) = (tree.to_str().unwrap(), lab.path("image.tar"));
    let archive = archive.to_str().unwrap();
    let attributes = ["--xattrs", "--xattrs-include=*", "--acls"];
    for (what, format, compression, kind) in [
        ("posix", &["--format=posix"][..], None, Compression::None),
        ("sparse 1.0", &["--format=posix", "--sparse", "--sparse-version=1.0"], None, Compression::None),
        ("sparse 0.1", &["--format=posix", "--sparse", "--sparse-version=0.1"], None, Compression::None),
        ("sparse 0.0", &["--format=posix", "--sparse", "--sparse-version=0.0"], None, Compression::None),
        ("gzip", &["--format=posix"], Some("--gzip"), Compression::Gzip),
        ("xz", &["--format=posix", "--sparse"], Some("--xz"), Compression::Xz),
        ("zstd", &["--format=posix", "--sparse"], Some("--zstd"), Compression::Zstd),
    ] {
        let mut args = vec!["--create", "--file", archive, "--directory", tree];
        args.extend(format.iter().chain(&attributes).chain(&compression));
        args.push(".");
        lab.run("tar", &args);
        let source = lab.open(&lab.request("image.tar")).unwrap();
        assert_eq!(source.kind, ImageKind::Tar(kind), "{what}");
        assert_eq!(source.nvr().unwrap().0, "node-1.2-3");
        let difference = compare(Path::new(tree), &source.root, Bytes(64 << 10)).unwrap();
        let [made, changed, removed] = difference.counts();
        // Without --sparse an archive has zeros in place of holes.
        let expected = if args.contains(&"--sparse") { 0 } else { 1 };
        let content = difference.need.content().0;
        assert_eq!(
            [made, changed, removed, content as usize],
            [0, expected, 0, 0],
            "{what}: {difference:#?}"
        );
        if args.contains(&"--sparse") {
            assert!(
                fs::metadata(source.root.join("sparse")).unwrap().blocks() < 200,
                "{what}: holes are kept"
            );
        }
        source.close(&lab.tools).unwrap();
        lab.assert_nothing_left();
    }
}

#[test]
fn archives_of_gnu_tars_own_format_are_unpacked() {
    let lab = Lab::new();
    let tree = lab.tree();
    for sparse in [&[][..], &["--sparse"]] {
        let archive = lab.path("image.tar");
        let mut args = vec!["--create", "--format=gnu", "--file", archive.to_str().unwrap()];
        args.extend(sparse.iter().chain(&["--directory", tree.to_str().unwrap(), "."]));
        lab.run("tar", &args);
        let source = lab.open(&lab.request("image.tar")).unwrap();
        // This format has neither attributes nor parts of a second.
        for name in ["etc/file", "sparse"] {
            assert!(
                fs::read(source.root.join(name)).unwrap() == fs::read(tree.join(name)).unwrap(),
                "{name}"
            );
        }
        let long = "n".repeat(120);
        assert_eq!(fs::read(source.root.join(&long).join(&long)).unwrap(), b"long");
        let [first, again] =
            ["etc/file", "etc/sub/again"].map(|n| fs::metadata(source.root.join(n)).unwrap().ino());
        assert_eq!(first, again);
        source.close(&lab.tools).unwrap();
    }
}

#[test]
fn file_systems_are_mounted_and_left_alone() {
    let lab = Lab::new();
    if !is_root() || !["mkfs.ext4", "mkfs.xfs", "mksquashfs", "mount"].iter().all(|p| lab.tools.has(p)) {
        return;
    }
    let tree = lab.tree();
    let tree = tree.to_str().unwrap();
    let path = |name: &str| lab.path(name).to_str().unwrap().to_owned();
    for (name, size) in [("ext4.img", 40 << 20), ("xfs.img", 300 << 20)] {
        fs::File::create(lab.path(name)).unwrap().set_len(size).unwrap();
    }
    lab.run("mkfs.ext4", &["-q", "-d", tree, &path("ext4.img")]);
    lab.run("mkfs.xfs", &["-q", &path("xfs.img")]);
    lab.run("mksquashfs", &[tree, &path("plain.squashfs"), "-quiet", "-no-progress"]);
    fs::create_dir_all(lab.path("live/LiveOS")).unwrap();
    fs::copy(lab.path("ext4.img"), lab.path("live/LiveOS/rootfs.img")).unwrap();
    lab.run(
        "mksquashfs",
        &[&path("live"), &path("live.squashfs"), "-quiet", "-no-progress", "-comp", "zstd"],
    );
    let mountable = |name: &str| {
        let source = lab.open(&lab.request(name));
        // No loop devices, or no such file system in this kernel.
        source.map_err(|error| assert!(error.contains("`mount "), "{name}: {error}")).ok()
    };
    for (name, kind) in [
        ("ext4.img", ImageKind::Ext4),
        ("live.squashfs", ImageKind::Squashfs),
        ("plain.squashfs", ImageKind::Squashfs),
        ("xfs.img", ImageKind::Xfs),
    ] {
        let before = lab.sha256(name);
        let Some(source) = mountable(name) else { continue };
        assert_eq!(source.kind, kind);
        if name != "xfs.img" {
            assert_eq!(source.nvr().unwrap().0, "node-1.2-3", "{name}");
            assert_eq!(fs::read(source.root.join("etc/sub/again")).unwrap(), b"text", "{name}");
        }
        source.close(&lab.tools).unwrap();
        assert_eq!(lab.sha256(name), before, "{name} was changed");
        // The proved copy is what is mounted, and its name is gone.
        let mut request = lab.request(name);
        request.proof.sha256 = Some(before.to_uppercase());
        let source = lab.open(&request).unwrap();
        assert_eq!(source.proved, Proved::Checksum);
        let private = source.private.as_ref().unwrap().path();
        assert_eq!(fs::read_dir(private).unwrap().count(), 0, "{name}: the copy has a name");
        source.close(&lab.tools).unwrap();
        lab.assert_nothing_left();
    }
}

#[test]
fn an_image_is_what_its_proof_says_or_is_not_read() {
    let lab = Lab::new();
    let tree = lab.tree();
    let archive = lab.path("image.tar");
    lab.run(
        "tar",
        &["--create", "--file", archive.to_str().unwrap(), "--directory", tree.to_str().unwrap(), "."],
    );
    let sha256 = lab.sha256("image.tar");
    let refused = |proof: Proof| {
        let error = lab.open(&ImageRequest { proof, ..lab.request("image.tar") }).unwrap_err();
        lab.assert_nothing_left();
        error
    };
    let with = |text: &str| Proof { sha256: Some(text.to_owned()), ..Proof::default() };
    assert!(refused(with("abc")).contains("'abc' is not a SHA-256"));
    let error = refused(with(&sha256.replace(&sha256[..2], "00")));
    assert!(
        error.contains("does not have the checksum 00") && error.contains(&format!("is {sha256}")),
        "{error}"
    );
    let unsigned = Proof { checksums: Some(archive.clone()), ..Proof::default() };
    assert!(refused(unsigned).contains("give --signature, too"));
    let unknown =
        Proof { signature: Some(archive.clone()), keyring: Some(lab.path("none")), ..Proof::default() };
    assert!(refused(unknown).contains("none does not exist"));
    let source = lab.open(&ImageRequest { proof: with(&sha256), ..lab.request("image.tar") }).unwrap();
    assert_eq!(source.proved, Proved::Checksum);
    source.close(&lab.tools).unwrap();
    let directory = ImageRequest { proof: with(&sha256), ..lab.request("tree") };
    assert!(lab.open(&directory).unwrap_err().contains("is a directory, which nothing proves"));
}

#[test]
fn signatures_are_verified_with_the_accepted_keys_only() {
    let lab = Lab::new();
    if !lab.tools.has("gpg") || !lab.tools.has("gpgv") {
        return;
    }
    let tree = lab.tree();
    let path = |name: &str| lab.path(name).to_str().unwrap().to_owned();
    lab.run("tar", &["--create", "--file", &path("image.tar"), "--directory", tree.to_str().unwrap(), "etc"]);
    for owner in ["publisher", "stranger"] {
        fs::create_dir(lab.path(owner)).unwrap();
        fs::set_permissions(lab.path(owner), fs::Permissions::from_mode(0o700)).unwrap();
        let home = path(owner);
        let batch = [
            "--homedir",
            home.as_str(),
            "--batch",
            "--quiet",
            "--pinentry-mode",
            "loopback",
            "--passphrase",
            "",
        ];
        let gpg = |args: &[&str]| lab.run("gpg", &[&batch[..], args].concat());
        gpg(&["--quick-generate-key", owner, "ed25519", "sign", "never"]);
        gpg(&["--output", &path(&format!("{owner}.gpg")), "--export"]);
        gpg(&["--armor", "--output", &path(&format!("{owner}.asc")), "--export"]);
        let list = format!("{}  other\n{} *image.tar\n", "0".repeat(64), lab.sha256("image.tar"));
        fs::write(lab.path("SHA256SUMS"), list).unwrap();
        gpg(&["--output", &path(&format!("{owner}.sig")), "--detach-sign", &path("image.tar")]);
        gpg(&["--output", &path(&format!("{owner}.list.sig")), "--detach-sign", &path("SHA256SUMS")]);
        lab.tools.run(&Command::new("gpgconf", ["--homedir", home.as_str(), "--kill", "all"])).unwrap();
    }
    let open = |key: &str, signature: &str, list: bool| {
        let proof = Proof {
            signature: Some(lab.path(signature)),
            keyring: Some(lab.path(key)),
            checksums: list.then(|| lab.path("SHA256SUMS")),
            sha256: None,
        };
        let source = lab.open(&ImageRequest { proof, ..lab.request("image.tar") })?;
        let proved = source.proved;
        source.close(&lab.tools).unwrap();
        Ok::<_, String>(proved)
    };
    assert_eq!(open("publisher.gpg", "publisher.sig", false), Ok(Proved::Signature));
    assert_eq!(open("publisher.asc", "publisher.sig", false), Ok(Proved::Signature), "a key as text");
    assert_eq!(open("publisher.gpg", "publisher.list.sig", true), Ok(Proved::SignedList));
    for (key, signature, list) in [
        ("publisher.gpg", "stranger.sig", false),
        ("stranger.gpg", "publisher.sig", false),
        ("publisher.gpg", "publisher.list.sig", false),
        ("publisher.gpg", "stranger.list.sig", true),
    ] {
        let error = open(key, signature, list).unwrap_err();
        assert!(error.contains("is not good") && error.contains("gpgv"), "{error}");
    }
    // The image is exchanged after it was signed.
    fs::OpenOptions::new().append(true).open(lab.path("image.tar")).unwrap().write_all(b"x").unwrap();
    assert!(open("publisher.gpg", "publisher.sig", false).is_err());
    assert!(
        open("publisher.gpg", "publisher.list.sig", true).unwrap_err().contains("does not have the checksum")
    );
    lab.assert_nothing_left();
}

/// A header of an archive, with its data.
fn member(name: &str, kind: u8, link: &str, data: &[u8]) -> Vec<u8> {
    let mut header = [0_u8; 512];
    let mut put = |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(0, name);
    put(100, "0000644\0");
    put(108, "0000000\0");
    put(116, "0000000\0");
    put(124, &format!("{:011o}\0", data.len()));
    put(136, "00000000000\0");
    put(157, link);
    put(257, "ustar\x0000");
    header[156] = kind;
    sealed(header, data)
}

fn sealed(mut header: [u8; 512], data: &[u8]) -> Vec<u8> {
    header[148..156].copy_from_slice(b"        ");
    let sum: u32 = header.iter().map(|b| u32::from(*b)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut bytes = header.to_vec();
    bytes.extend(data);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

#[test]
fn archives_that_lead_out_or_are_damaged_are_refused() {
    let lab = Lab::new();
    let outside = lab.path("outside");
    fs::write(&outside, "untouched").unwrap();
    let end = vec![0; 1024];
    let file = |name: &str| member(name, b'0', "", b"data");
    let link = |name: &str, to: &str| member(name, b'2', to, b"");
    let out = outside.to_str().unwrap();
    let up = "../".repeat(20) + out.trim_start_matches('/');
    let mut wrong_sum = file("a");
    wrong_sum[149] ^= 1;
    let mut not_octal = file("a");
    not_octal[100] = b'x';
    let pax = |record: &str| [member("pax", b'x', "", record.as_bytes()), file("a")].concat();
    let sparse = |map: &str| {
        let records =
            ["22 GNU.sparse.major=1\n", "22 GNU.sparse.minor=0\n", "27 GNU.sparse.realsize=100\n"].concat();
        [
            member("pax", b'x', "", records.as_bytes()),
            member("a", b'0', "", &[map.as_bytes(), &[0; 512]].concat()[..512]),
        ]
        .concat()
    };
    for (what, bytes, message) in [
        ("absolute", file("/etc/passwd"), "leads out of it"),
        ("parent", file("a/../../x"), "leads out of it"),
        ("the root as a file", file("."), "leads out of it"),
        ("a link's target", [link("x", out), file("x/y")].concat(), "which is not a directory"),
        ("a link to a directory", [link("x", "/etc"), file("x/y")].concat(), "which is not a directory"),
        ("a hard link out", member("x", b'1', &up, b""), "leads out of it"),
        ("a hard link to a file of the host", member("x", b'1', out, b""), "leads out of it"),
        (
            "a hard link through a link",
            [link("d", "/etc"), member("x", b'1', "d/hostname", b"")].concat(),
            "d/hostname",
        ),
        ("a hard link of itself", member("x", b'1', "x", b""), "leads out of it"),
        ("a file as a directory", [file("x"), file("x/y")].concat(), "which is not a directory"),
        ("wrong checksum", [file("b"), wrong_sum].concat(), "checksum of a header is wrong"),
        (
            "a field that is not a number",
            sealed(not_octal[..512].try_into().unwrap(), b""),
            "mode is not a number",
        ),
        ("cut off", file("a")[..514].to_vec(), "it ends in the data"),
        ("cut off in a header", [file("a"), file("b")[..100].to_vec()].concat(), "middle of a header"),
        ("an unknown type", member("x", b'Z', "", b""), "unknown type 'Z'"),
        ("a record without end", pax("99 path=x\n"), "extended header is not valid"),
        ("a record without a name", pax("5 abc\n"), "extended header is not valid"),
        ("an owner that is too large", pax("18 uid=9999999999\n"), "uid"),
        ("a map that goes back", sparse("2\n50\n10\n0\n10\n"), "map of a sparse file is not valid"),
        ("a map beyond the end", sparse("1\n99\n2\n"), "map of a sparse file is not valid"),
        ("a map of other data", sparse("1\n0\n10\n"), "map of a sparse file is not valid"),
        ("too many parts", sparse("99999999\n"), "too many parts"),
    ] {
        fs::write(lab.path("image.tar"), [bytes, end.clone()].concat()).unwrap();
        if what.starts_with("cut off") {
            let cut = fs::read(lab.path("image.tar")).unwrap();
            fs::write(lab.path("image.tar"), &cut[..cut.len() - end.len()]).unwrap();
        }
        let error = lab.open(&lab.request("image.tar")).unwrap_err();
        assert!(error.contains(message), "{what}: {error}");
        assert_eq!(fs::read(&outside).unwrap(), b"untouched", "{what}");
        lab.assert_nothing_left();
    }
    // A header of gigabytes must not be read into memory.
    let mut header = [0_u8; 512];
    header[..512].copy_from_slice(&member("x", b'x', "", b"")[..512]);
    header[124..136].copy_from_slice(b"77777777777\0");
    fs::write(lab.path("image.tar"), [sealed(header, b""), end].concat()).unwrap();
    assert!(lab.open(&lab.request("image.tar")).unwrap_err().contains("headers of one file are too large"));
}

proptest::proptest! {
    /// Whatever the bytes are, reading them ends, and nothing is made outside.
    #[test]
    fn no_archive_does_harm(
        changes in proptest::collection::vec((0_usize..4096, proptest::prelude::any::<u8>()), 0..20),
        cut in 0_usize..6000,
    ) {
        let sparse = [member("pax", b'x', "", b"30 GNU.sparse.map=0,100,200,10\n23 GNU.sparse.size=900\n"), member("s", b'0', "", &[1; 110])];
        let long = [member("x", b'L', "", b"a/long/name\0"), member("x", b'0', "", b"data"), member("l", b'2', "../..", b"")];
        let mut bytes = [&sparse.concat()[..], &long.concat(), &member("d", b'5', "", b""), &[0; 1024]].concat();
        for (at, byte) in changes {
            if let Some(target) = bytes.get_mut(at) {
                *target = byte;
            }
        }
        bytes.truncate(cut);
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("root");
        fs::create_dir(&root).unwrap();
        let mut extractor = super::extract::Extractor::new(&root, node_base::units::Bytes(1 << 20)).unwrap();
        let mut entries = super::tar::Entries::new(super::tar::Input::Stream(Box::new(std::io::Cursor::new(bytes))));
        if extractor.archive(&mut entries, super::extract::Layers::None).is_ok() {
            let _ = extractor.finish();
        }
        proptest::prop_assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}

#[test]
fn damaged_compressed_archives_are_refused() {
    let lab = Lab::new();
    let tree = lab.tree();
    for (option, name) in [("--gzip", "a.gz"), ("--xz", "a.xz"), ("--zstd", "a.zst")] {
        let archive = lab.path(name);
        lab.run(
            "tar",
            &[
                "--create",
                option,
                "--file",
                archive.to_str().unwrap(),
                "--directory",
                tree.to_str().unwrap(),
                ".",
            ],
        );
        let whole = fs::read(&archive).unwrap();
        fs::write(&archive, &whole[..whole.len() - 9]).unwrap();
        let error = lab.open(&lab.request(name)).unwrap_err();
        assert!(error.contains("its input is damaged") || error.contains("malformed"), "{name}: {error}");
        lab.assert_nothing_left();
    }
}

#[test]
fn what_is_no_image_is_refused_with_what_it_is() {
    let lab = Lab::new();
    let mut boot_sector = vec![0; 70_000];
    boot_sector[510..512].copy_from_slice(&[0x55, 0xaa]);
    for (content, message) in [
        (&b""[..], "is not an image"),
        (b"#!/bin/sh\n", "is not an image"),
        (b"QFI\xfb....", "qcow2"),
        (b"\xed\xab\xee\xdb....", "an RPM package"),
        (&boot_sector, "a whole disk"),
        (&[0; 4096], "is not an image"),
    ] {
        fs::write(lab.path("image"), content).unwrap();
        let error = lab.open(&lab.request("image")).unwrap_err();
        assert!(error.contains(message), "{error}");
    }
    rustix::fs::mknodat(CWD, lab.path("pipe"), FileType::Fifo, Mode::RUSR, 0).unwrap();
    assert!(lab.open(&lab.request("none")).unwrap_err().contains("No such file"));
}

/// A layout with these layers; the digest of its manifest.
fn layout(lab: &Lab, name: &str, layers: &[Vec<u8>]) -> String {
    let blobs = lab.path(name).join("blobs/sha256");
    fs::create_dir_all(&blobs).unwrap();
    let put = |bytes: &[u8]| {
        let digest = super::proof::sha256(bytes);
        fs::write(blobs.join(&digest), bytes).unwrap();
        serde_json::json!({"mediaType": "x", "digest": format!("sha256:{digest}"), "size": bytes.len()})
    };
    let layers: Vec<_> = layers.iter().map(|layer| put(layer)).collect();
    let labels = serde_json::json!({"name": "site/node", "version": "4.5", "release": "7"});
    let config = put(serde_json::json!({"config": {"Labels": labels}}).to_string().as_bytes());
    let manifest = put(serde_json::json!({"schemaVersion": 2, "config": config, "layers": layers})
        .to_string()
        .as_bytes());
    fs::write(lab.path(name).join("index.json"), serde_json::json!({"manifests": [manifest]}).to_string())
        .unwrap();
    fs::write(lab.path(name).join("oci-layout"), "{\"imageLayoutVersion\": \"1.0.0\"}").unwrap();
    manifest["digest"].as_str().unwrap().to_owned()
}

#[test]
fn layers_of_a_container_cover_each_other() {
    let lab = Lab::new();
    let end = vec![0; 1024];
    let file = |name: &str, text: &str| member(name, b'0', "", text.as_bytes());
    let directory = |name: &str| member(name, b'5', "", b"");
    let first = [
        directory("d"),
        file("d/kept", "1"),
        file("d/gone", "1"),
        file("d/changed", "1"),
        directory("opaque"),
        file("opaque/old", "1"),
        directory("gone"),
        file("gone/x", "1"),
        directory("was-directory"),
        file("was-directory/x", "1"),
        file("was-file", "1"),
        file("a", "same"),
        member("b", b'1', "a", b""),
    ];
    let second = [
        file("d/.wh.gone", ""),
        file("d/changed", "22"),
        file("opaque/new", "2"),
        file("opaque/.wh..wh..opq", ""),
        file(".wh.gone", ""),
        file("was-directory", "2"),
        directory("was-file"),
        file("was-file/x", "2"),
        member("c", b'1', "b", b""),
        file(".wh.not-there", ""),
    ];
    let layers = [[first.concat(), end.clone()].concat(), [second.concat(), end].concat()];
    let digest = layout(&lab, "oci", &layers);
    lab.run(
        "tar",
        &[
            "--create",
            "--file",
            lab.path("oci.tar").to_str().unwrap(),
            "--directory",
            lab.path("oci").to_str().unwrap(),
            ".",
        ],
    );
    lab.run(
        "tar",
        &[
            "--create",
            "--gzip",
            "--file",
            lab.path("oci.tgz").to_str().unwrap(),
            "--directory",
            lab.path("oci").to_str().unwrap(),
            ".",
        ],
    );
    for (name, kind) in [
        ("oci", ImageKind::OciLayout),
        ("oci.tar", ImageKind::OciArchive(Compression::None)),
        ("oci.tgz", ImageKind::OciArchive(Compression::Gzip)),
    ] {
        let source = lab.open(&lab.request(name)).unwrap();
        assert_eq!(source.kind, kind);
        assert_eq!(source.nvr().unwrap(), ("node-4.5-7".to_owned(), "the labels of the image"));
        let mut seen = Vec::new();
        let mut left = vec![source.root.clone()];
        while let Some(directory) = left.pop() {
            for entry in fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                let name = path.strip_prefix(&source.root).unwrap().display().to_string();
                if path.is_dir() {
                    left.push(path)
                } else {
                    seen.push(format!("{name}={}", fs::read_to_string(&path).unwrap()))
                }
            }
        }
        seen.sort();
        assert_eq!(
            seen,
            [
                "a=same",
                "b=same",
                "c=same",
                "d/changed=22",
                "d/kept=1",
                "opaque/new=2",
                "was-directory=2",
                "was-file/x=2"
            ]
        );
        let inode = |name: &str| fs::metadata(source.root.join(name)).unwrap().ino();
        assert_eq!([inode("b"), inode("c")], [inode("a"); 2]);
        source.close(&lab.tools).unwrap();
        lab.assert_nothing_left();
    }
    // The digest of the manifest proves all that it names.
    let proof = |sha256: &str| Proof { sha256: Some(sha256.to_owned()), ..Proof::default() };
    let source = lab.open(&ImageRequest { proof: proof(&digest), ..lab.request("oci") }).unwrap();
    assert_eq!(source.proved, Proved::Checksum);
    source.close(&lab.tools).unwrap();
    let other = lab.open(&ImageRequest { proof: proof(&"0".repeat(64)), ..lab.request("oci") }).unwrap_err();
    assert!(other.contains("has no manifest with the digest"), "{other}");
    // Every blob is compared with its name.
    for blob in fs::read_dir(lab.path("oci/blobs/sha256")).unwrap() {
        let path = blob.unwrap().path();
        let whole = fs::read(&path).unwrap();
        let mut changed = whole.clone();
        *changed.last_mut().unwrap() ^= 1;
        fs::write(&path, changed).unwrap();
        let error = lab.open(&lab.request("oci")).unwrap_err();
        assert!(error.contains("does not have the checksum"), "{error}");
        fs::write(&path, whole).unwrap();
    }
    // A layer must not write through a link of an earlier one.
    let end = vec![0; 1024];
    let layers = [[member("x", b'2', "/etc", b""), end.clone()].concat(), [file("x/y", "2"), end].concat()];
    layout(&lab, "evil", &layers);
    assert!(lab.open(&lab.request("evil")).unwrap_err().contains("which is not a directory"));
    lab.assert_nothing_left();
}

#[test]
fn layouts_that_name_no_single_image_are_refused() {
    let lab = Lab::new();
    layout(&lab, "oci", &[]);
    let index = |text: &str| {
        fs::write(lab.path("oci/index.json"), text).unwrap();
        lab.open(&lab.request("oci")).unwrap_err()
    };
    let digest = format!("sha256:{}", "a".repeat(64));
    assert!(index("{}").contains("it has no image"));
    assert!(index("[").contains("index.json cannot be read"));
    assert!(index(r#"{"manifests": [{"digest": "md5:1"}]}"#).contains("the digest 'md5:1' is not a SHA-256"));
    assert!(index(r#"{"manifests": [{"digest": "sha256:../../x"}]}"#).contains("is not a SHA-256"));
    let two = format!(r#"{{"manifests": [{{"digest": "{digest}"}}, {{"digest": "{digest}"}}]}}"#);
    assert!(index(&two).contains("it has 2 images, 0 of them for linux/amd64"));
    assert!(index(&" ".repeat((4 << 20) + 1)).contains("is too large"));
}
