//! Facts of a machine, read from image files below a directory that stands for `/`.
//!
//! The images are made by the tools that administrators use; Debian has them in `gdisk`, `fdisk`, `cryptsetup-bin`,
//! `e2fsprogs` and `dosfstools`.

use anaconda_plan::machine::{DiskSpec, Firmware, Label};
use ks_lint::host::{self, Facts};
use node_base::units::Bytes;
use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

const MIB: u64 = 1 << 20;

/// A directory that stands for `/`.
struct Root(TempDir);

impl Root {
    fn new() -> Root {
        let root = Root(TempDir::new().expect("a directory"));
        for dir in ["sys/block", "dev", "proc"] {
            fs::create_dir_all(root.path(dir)).expect("a directory");
        }
        fs::write(root.path("proc/meminfo"), "MemTotal:       33554432 kB\n").expect("meminfo");
        root
    }

    fn path(&self, of: &str) -> PathBuf {
        self.0.path().join(of)
    }

    /// A blank disk, as sysfs describes it.
    fn disk(&self, name: &str, mib: u64, sector: u32) -> PathBuf {
        let sys = self.path("sys/block").join(name);
        fs::create_dir_all(sys.join("queue")).expect("a directory");
        fs::write(sys.join("size"), format!("{}\n", mib * MIB / 512)).expect("size");
        fs::write(sys.join("ro"), "0\n").expect("ro");
        fs::write(sys.join("removable"), "0\n").expect("removable");
        fs::write(sys.join("queue/logical_block_size"), format!("{sector}\n")).expect("sector size");
        let image = self.path("dev").join(name);
        fs::File::create(&image).and_then(|f| f.set_len(mib * MIB)).expect("an image");
        image
    }

    fn facts(&self) -> Facts {
        host::facts(self.0.path()).expect("facts")
    }

    fn only_disk(&self) -> DiskSpec {
        let facts = self.facts();
        assert_eq!(facts.problems, [], "the disk is in order");
        facts.machine.disks.into_iter().next().expect("a disk")
    }

    fn problem(&self) -> String {
        let facts = self.facts();
        facts.problems.iter().map(|p| format!("{}: {}", p.device, p.what)).collect::<Vec<_>>().join("\n")
    }
}

fn run(program: &str, arguments: &[&str], input: &str) {
    let sbin = ["/usr/sbin", "/sbin", "/usr/bin"].map(|d| Path::new(d).join(program));
    let found = sbin.iter().find(|p| p.exists());
    let found = found.unwrap_or_else(|| panic!("{program} is missing; scripts/setup installs it"));
    let mut child = Command::new(found)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    child.stdin.take().expect("its input").write_all(input.as_bytes()).expect("it reads");
    let out = child.wait_with_output().expect("it ends");
    assert!(out.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
}

fn name(path: &Path) -> &str {
    path.to_str().expect("a path")
}

/// Writes a file over an image from so many MiB on.
fn put(image: &Path, mib: u64, content: &[u8]) {
    let mut file = fs::OpenOptions::new().write(true).open(image).expect("the image");
    file.seek(SeekFrom::Start(mib * MIB)).expect("seek");
    file.write_all(content).expect("write");
}

fn places(disk: &DiskSpec) -> Vec<(u32, u64, u64, &str)> {
    let mib = |b: Bytes| b.0 / MIB;
    let place = |p: &anaconda_plan::machine::OldPartition| {
        (p.number.unwrap_or(0), mib(p.start.unwrap_or_default()), mib(p.size))
    };
    disk.partitions
        .iter()
        .map(|p| {
            let (n, a, b) = place(p);
            (n, a, b, p.format.as_str())
        })
        .collect()
}

fn gpt(image: &Path) {
    let arguments =
        ["-n1:1MiB:+1MiB", "-t1:ef02", "-n2:2MiB:+100MiB", "-t2:ef00", "-n4:110MiB:+60MiB", name(image)];
    run("sgdisk", &arguments, "");
}

#[test]
fn a_gpt_with_its_file_systems() {
    let root = Root::new();
    let image = root.disk("vda", 200, 512);
    gpt(&image);
    let vfat = root.path("esp");
    fs::File::create(&vfat).and_then(|f| f.set_len(100 * MIB)).expect("a file");
    run("mkfs.vfat", &[name(&vfat)], "");
    put(&image, 2, &fs::read(&vfat).expect("the file"));
    let ext4 = root.path("ext4");
    fs::File::create(&ext4).and_then(|f| f.set_len(60 * MIB)).expect("a file");
    run("mkfs.ext4", &["-q", "-F", name(&ext4)], "");
    put(&image, 110, &fs::read(&ext4).expect("the file"));
    fs::create_dir_all(root.path("sys/firmware/efi")).expect("a directory");
    let facts = root.facts();
    assert_eq!((facts.machine.firmware, facts.machine.memory), (Firmware::Uefi, Bytes(32 << 30)));
    let disk = root.only_disk();
    assert_eq!((disk.label, disk.size, disk.sector), (Some(Label::Gpt), Bytes(200 * MIB), 512));
    assert_eq!(places(&disk), [(1, 1, 1, "biosboot"), (2, 2, 100, "efi"), (4, 110, 60, "ext4")]);
}

#[test]
fn a_gpt_with_sectors_of_4096_bytes() {
    let root = Root::new();
    let image = root.disk("sda", 200, 4096);
    write_gpt_4096(&image, 200 * MIB);
    let disk = root.only_disk();
    assert_eq!((disk.label, disk.sector), (Some(Label::Gpt), 4096));
    assert_eq!(places(&disk), [(1, 1, 100, "")]);
}

/// `sgdisk` takes the sector size of a file to be 512; the library that reads here also writes.
fn write_gpt_4096(image: &Path, size: u64) {
    let mut file = fs::OpenOptions::new().read(true).write(true).open(image).expect("the image");
    let sectors = u32::try_from(size / 4096 - 1).expect("a small disk");
    let mbr = gpt::mbr::ProtectiveMBR::with_lb_size(sectors);
    mbr.overwrite_lba0(&mut file).expect("a protective MBR");
    let config = gpt::GptConfig::new().writable(true).logical_block_size(gpt::disk::LogicalBlockSize::Lb4096);
    let mut disk = config.create_from_device(file, None).expect("a GPT");
    disk.add_partition("root", 100 * MIB, gpt::partition_types::LINUX_FS, 0, Some(256)).expect("a partition");
    disk.write().expect("a table");
}

#[test]
fn an_mbr_with_logical_partitions() {
    let root = Root::new();
    let image = root.disk("sda", 300, 512);
    let script = "label: dos\nstart=1MiB, size=50MiB, type=83\nstart=51MiB, size=240MiB, type=5\n\
        start=52MiB, size=20MiB, type=82\nstart=80MiB, size=30MiB, type=8e\n";
    run("sfdisk", &["-q", "--no-reread", name(&image)], script);
    let mut swap = vec![0; 4096];
    swap[4086..4096].copy_from_slice(b"SWAPSPACE2");
    put(&image, 52, &swap);
    let disk = root.only_disk();
    assert_eq!(disk.label, Some(Label::Msdos));
    let kinds: Vec<_> = disk.partitions.iter().map(|p| (p.extended, p.logical)).collect();
    assert_eq!(kinds, [(false, false), (true, false), (false, true), (false, true)]);
    assert_eq!(places(&disk), [(1, 1, 50, ""), (2, 51, 240, ""), (5, 52, 20, "swap"), (6, 80, 30, "")]);
}

#[test]
fn luks_of_both_versions() {
    let root = Root::new();
    let image = root.disk("vda", 200, 512);
    run("sgdisk", &["-n1:1MiB:+40MiB", "-n2:41MiB:+40MiB", name(&image)], "");
    for (version, at) in [("luks1", 1), ("luks2", 41)] {
        let file = root.path(version);
        fs::File::create(&file).and_then(|f| f.set_len(40 * MIB)).expect("a file");
        let cheap = ["--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000"];
        let arguments =
            ["-q", "luksFormat", "--type", version, cheap[0], cheap[1], cheap[2], cheap[3], name(&file), "-"];
        run("cryptsetup", &arguments, "passphrase");
        put(&image, at, &fs::read(&file).expect("the file"));
    }
    let disk = root.only_disk();
    let found: Vec<_> = disk.partitions.iter().map(|p| (p.format.as_str(), p.luks)).collect();
    assert_eq!(found, [("luks", Some(1)), ("luks", Some(2))]);
}

#[test]
fn a_physical_volume_made_by_lvm() {
    let root = Root::new();
    let image = root.disk("vda", 200, 512);
    run("sgdisk", &["-n1:1MiB:+64MiB", "-t1:8e00", name(&image)], "");
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/host/physical-volume-of-onn.bin");
    put(&image, 1, &fs::read(fixture).expect("the fixture"));
    let disk = root.only_disk();
    let part = &disk.partitions[0];
    assert_eq!(
        (part.format.as_str(), part.vg.as_deref(), part.extent),
        ("lvmpv", Some("onn"), Some(Bytes(4 * MIB)))
    );
    assert_eq!(part.volumes, Some(Vec::new()), "the group is known to have no volumes");
}

#[test]
fn a_damaged_gpt_is_told_about_and_a_ruined_one_is_not_used() {
    let root = Root::new();
    let image = root.disk("vda", 200, 512);
    gpt(&image);
    let good = fs::read(&image).expect("the image");
    put(&image, 0, &[&good[..512], &[0xff; 64][..]].concat());
    assert!(root.problem().contains("the first copy of the GPT is damaged"), "{}", root.problem());
    let file = fs::OpenOptions::new().write(true).open(&image).expect("the image");
    file.set_len(150 * MIB).expect("a truncated image");
    assert!(root.problem().contains("its partition table cannot be used"), "{}", root.problem());
    assert_eq!(root.facts().machine.disks[0].label, None);
}

#[test]
fn a_truncated_gpt_is_read_from_its_first_copy() {
    let root = Root::new();
    let image = root.disk("vda", 200, 512);
    gpt(&image);
    let file = fs::OpenOptions::new().write(true).open(&image).expect("the image");
    file.set_len(190 * MIB).expect("a truncated image");
    assert!(root.problem().contains("the second copy of the GPT is damaged"), "{}", root.problem());
    assert_eq!(root.facts().machine.disks[0].partitions.len(), 3);
}

#[test]
fn a_hostile_gpt_is_an_error_not_a_panic() {
    let root = Root::new();
    let image = root.disk("vda", 200, 512);
    gpt(&image);
    let mut file = fs::OpenOptions::new().write(true).open(&image).expect("the image");
    // Number and length of the entries.
    for (at, value) in [(512 + 80, u32::MAX), (512 + 84, 1)] {
        file.seek(SeekFrom::Start(at)).expect("seek");
        file.write_all(&value.to_le_bytes()).expect("write");
        assert!(root.problem().contains("entries of"), "{}", root.problem());
    }
}

#[test]
fn what_is_no_disk_is_left_out_and_said() {
    let root = Root::new();
    root.disk("loop0", 10, 512);
    root.disk("sr0", 10, 512);
    let sdb = root.disk("sdb", 10, 512);
    drop(sdb);
    fs::write(root.path("sys/block/sdb/ro"), "1\n").expect("ro");
    let facts = root.facts();
    assert_eq!(facts.machine.disks.len(), 0);
    let left_out: Vec<_> = facts.left_out.iter().map(|p| p.device.as_str()).collect();
    assert_eq!(left_out, ["sdb", "sr0", "loop0"]);
    assert!(facts.left_out[0].what.contains("read-only"));
}

#[test]
fn the_machine_that_the_tests_run_on_has_facts() {
    if Path::new("/sys/block").is_dir() {
        let facts = host::facts(Path::new("/")).expect("facts of this machine");
        assert!(facts.machine.memory.0 > 64 * MIB, "memory: {}", facts.machine.memory);
    }
}
