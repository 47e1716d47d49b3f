//! What an update refuses, before it changes anything.

use crate::model::{Model, NVR, Outcome, Volume, is_error};
use crate::trial::Quiet;
use crate::update_model::{KVER, NEW};
use node_layout::{AfterUpdate, UpdateRequest, check_host};
use std::path::PathBuf;

/// A reason: what is wrong, the code, a part of the message, how the machine and the request get there.
type Reason = (&'static str, &'static str, &'static str, fn(&mut Model, &mut UpdateRequest));

const REASONS: &[Reason] = &[
    ("another architecture", "LAY001", "supports only x86_64", |m, _| m.architecture = "aarch64"),
    ("a program that is missing", "LAY002", "'umount' is needed", |m, _| m.missing_tools.push("umount")),
    ("another one", "LAY002", "'chroot' is needed", |m, _| m.missing_tools.push("chroot")),
    ("LVM's lock", "LAY003", "LVM cannot be read", |m, _| m.locked = true),
    ("root on no layer", "LAY046", "there is no layer yet", |m, _| {
        m.change(&format!("{NVR}+1"), |v| v.name = "root".into())
    }),
    ("root on no volume", "LAY046", "not on a logical volume", |m, _| {
        m.change(&format!("{NVR}+1"), |v| v.minor = None)
    }),
    ("root on btrfs", "LAY011", "the file system of / is btrfs", |m, _| {
        m.unmount("/");
        m.mount("/", (253, 4), "btrfs", "rw", 40 << 30, "dm-4");
    }),
    ("a base that is gone", "LAY043", "its base", |m, _| m.volumes.borrow_mut().retain(|v| v.name != NVR)),
    ("an init that is not complete", "LAY045", "init was interrupted", |m, _| {
        m.change(NVR, |v| v.tags.push("node-layout:unfinished".into()));
    }),
    ("a full pool", "LAY030", "of its data", |m, _| m.change("pool00", |v| v.data_percent = "81.00".into())),
    ("full metadata", "LAY030", "of its metadata", |m, _| {
        m.change("pool00", |v| v.metadata_percent = "80.00".into())
    }),
    ("a damaged pool", "LAY034", "'failed'", |m, _| m.health.set("failed")),
    ("a missing disk", "LAY034", "lacks a physical volume", |m, _| m.missing_disks.set(1)),
    ("a path of a multipath device", "LAY051", "is a path of the multipath device mpatha", |m, _| {
        m.put("/sys/class/block/vda4/holders/dm-9/dm/uuid", "mpath-3600508b400105e21\n");
        m.put("/sys/class/block/vda4/holders/dm-9/dm/name", "mpatha\n");
    }),
    ("an image on trial", "LAY067", "runs and is on trial", |m, _| {
        m.change(NVR, |v| v.tags.push("node-layout:state=ready".into()));
    }),
    ("no boot entry of the layer", "LAY023", "has no boot entry", |m, _| {
        let entry = layer_entry(m);
        std::fs::remove_file(m.sysroot().join(entry)).unwrap();
        let others = std::fs::read_dir(m.sysroot().join("boot/loader/entries")).unwrap();
        for other in others.map(|e| e.unwrap().path()) {
            let text = std::fs::read_to_string(&other).unwrap();
            std::fs::write(&other, text.replace("img.bootid=", "x=")).unwrap();
        }
    }),
    ("a quote that is not closed", "LAY023", "a quote that is not closed", |m, _| {
        let entry = layer_entry(m);
        let text = m.read(&entry);
        let options = text.lines().find(|l| l.starts_with("options ")).unwrap();
        let text = text.replace(options, &format!("{options} x=\"y"));
        m.put(&format!("/sysroot/{entry}"), &text);
    }),
    (
        "an entry that GRUB takes for the new one",
        "LAY042",
        "for the same entry, and lists only one",
        |m, _| {
            let other = NEW.replace("4.5.7", "4.5.07");
            m.put(
                &format!("/sysroot/boot/loader/entries/{other}+1-{KVER}.conf"),
                "title other\nlinux /vmlinuz\noptions root=/dev/vdz1\n",
            );
        },
    ),
    ("no boot entries at all", "LAY022", "no boot entries", |m, _| {
        std::fs::remove_dir_all(m.sysroot().join("boot/loader/entries")).unwrap();
    }),
    ("GRUB without a saved default", "LAY028", "does not use saved_entry", |m, _| {
        m.put("/sysroot/boot/grub2/grub.cfg", "set default=\"${next_entry}\"\nblscfg\n");
    }),
    ("GRUB that boots nothing once", "LAY028", "does not use next_entry", |m, _| {
        m.put("/sysroot/boot/grub2/grub.cfg", "set default=\"${saved_entry}\"\nblscfg\n");
    }),
    ("/boot on btrfs", "LAY028", "btrfs", |m, _| {
        m.unmount("/boot");
        m.mount("/boot", (252, 3), "btrfs", "rw", 1 << 30, "vda3");
    }),
    ("/boot that is read-only", "LAY020", "mounted read-only", |m, _| {
        m.unmount("/boot");
        m.mount("/boot", (252, 3), "ext4", "ro", 1 << 30, "vda3");
    }),
    ("/boot on root", "LAY020", "not a file system of its own", |m, r| {
        m.unmount("/boot");
        r.after = AfterUpdate::Default;
    }),
    ("an fstab without root", "LAY012", "no line that mounts /", |m, _| {
        m.put("/sysroot/etc/fstab", "/dev/x /y xfs\n")
    }),
    ("an fstab that is no text", "LAY012", "not UTF-8", |m, _| {
        std::fs::write(m.sysroot().join("etc/fstab"), b"\xff / xfs\n").unwrap();
    }),
    ("a local storage domain", "LAY085", "/data/images/x/dom_md/metadata", |m, _| {
        m.put("/sysroot/data/images/x/dom_md/metadata", "VERSION=5\n");
    }),
    ("an image that is not there", "LAY080", "No such file", |m, r| r.image.image = m.path("none")),
    ("an image that is none", "LAY080", "is not an image", |m, r| {
        m.put("/script", "#!/bin/sh\n");
        r.image.image = m.path("script");
    }),
    ("a disk image", "LAY080", "qcow2", |m, r| {
        std::fs::write(m.path("disk"), b"QFI\xfb....").unwrap();
        r.image.image = m.path("disk");
    }),
    ("an archive that leads out", "LAY080", "leads out of it", |m, r| {
        std::fs::write(m.path("evil.tar"), archive("../../etc/passwd")).unwrap();
        r.image.image = m.path("evil.tar");
    }),
    ("a wrong checksum", "LAY081", "does not have the checksum", |m, r| {
        std::fs::write(m.path("a.tar"), archive("etc/passwd")).unwrap();
        r.image.image = m.path("a.tar");
        r.image.proof.sha256 = Some("0".repeat(64));
    }),
    ("a checksum that is none", "LAY081", "is not a SHA-256", |m, r| {
        std::fs::write(m.path("a.tar"), archive("etc/passwd")).unwrap();
        r.image.image = m.path("a.tar");
        r.image.proof.sha256 = Some("abc".into());
    }),
    ("a checksum of a directory", "LAY081", "which nothing proves", |_, r| {
        r.image.proof.sha256 = Some("0".repeat(64))
    }),
    ("no accepted key", "LAY081", "no key is accepted", |m, r| {
        std::fs::write(m.path("a.tar"), archive("etc/passwd")).unwrap();
        r.image.image = m.path("a.tar");
        r.image.proof.signature = Some(m.path("a.tar"));
    }),
    ("no room for a proved copy", "LAY084", "give a directory with more", |m, r| {
        std::fs::write(m.path("a.tar"), archive("etc/passwd")).unwrap();
        r.image.image = m.path("a.tar");
        r.image.proof.sha256 = Some("0".repeat(64));
        (m.boot_free, m.boot_total) = (1000, 1000);
    }),
    ("an image without a name", "LAY004", "the image has no name", |m, _| {
        std::fs::remove_file(m.path("image/usr/share/imgbase/build/meta/nvr")).unwrap();
    }),
    ("a name that is none", "LAY004", "cannot be used", |_, r| r.nvr = Some("node".into())),
    ("a name that is too long", "LAY004", "cannot be used", |_, r| {
        r.nvr = Some(format!("{}-1-1", "n".repeat(130)))
    }),
    ("a base of that name", "LAY042", "exists already", |m, _| {
        m.volumes.borrow_mut().push(Volume::new(NEW, "linear", 50))
    }),
    ("a layer of that name", "LAY042", "exists already", |m, _| {
        m.volumes.borrow_mut().push(Volume::new(&format!("{NEW}+1"), "thin", 50));
    }),
    ("a directory of that name on /boot", "LAY042", "exists already", |m, _| {
        m.put(&format!("/sysroot/boot/{NEW}+1/mine"), "x")
    }),
    ("an entry of that name", "LAY042", "exists already", |m, _| {
        m.put(&format!("/sysroot/boot/loader/entries/{NEW}+1-5.1.conf"), "title mine\nlinux /x\n");
    }),
    ("an image without a kernel", "LAY083", "has no kernel", |m, _| {
        std::fs::remove_file(m.path(&format!("image/usr/lib/modules/{KVER}/vmlinuz"))).unwrap();
    }),
    ("an image without an initramfs", "LAY083", "no initramfs", |m, _| {
        std::fs::remove_file(m.path("image/usr/bin/dracut")).unwrap();
    }),
    ("an image that nothing confirms", "LAY083", "has no node-layout", |m, _| {
        std::fs::remove_file(m.path("image/usr/bin/node-layout")).unwrap();
    }),
    ("an image that is a part", "LAY083", "no directory /etc", |m, _| {
        std::fs::remove_dir_all(m.path("image/etc")).unwrap()
    }),
    ("an image for another machine", "LAY001", "is for aarch64, and this machine is x86_64", |m, _| {
        std::fs::write(m.path(&format!("image/usr/lib/modules/{KVER}/vmlinuz")), kernel(0xaa64)).unwrap();
    }),
    ("an unsigned kernel with Secure Boot", "LAY083", "is not signed: it would not start", |m, _| {
        std::fs::write(m.path(&format!("image/usr/lib/modules/{KVER}/vmlinuz")), kernel(0x8664)).unwrap();
        m.put(
            "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
            "\u{6}\0\0\0\u{1}",
        );
    }),
    ("a mount point that is a file in the image", "LAY083", "on /data, which is not a directory", |m, _| {
        let fstab = m.read("etc/fstab");
        m.put("/sysroot/etc/fstab", &(fstab + "/dev/onn/data /data xfs defaults 0 0\n"));
        m.put("/image/data", "a file\n");
    }),
    ("an image whose /etc is a link", "LAY083", "no directory /etc", |m, _| {
        std::fs::remove_dir_all(m.path("image/etc")).unwrap();
        std::os::unix::fs::symlink("/etc", m.path("image/etc")).unwrap();
    }),
    ("too little space on /boot", "LAY021", "which has 1000 B to give", |m, _| m.boot_free = 1000),
    ("too little space in the pool", "LAY084", "of the data of thin pool onn/pool00", |m, _| {
        m.put("/image/usr/large", "");
        let large = std::fs::File::options().write(true).open(m.path("image/usr/large")).unwrap();
        rustix::fs::fallocate(&large, rustix::fs::FallocateFlags::empty(), 0, 64 << 20).unwrap();
        // 160 GiB, of which a share is left.
        m.change("pool00", |v| v.data_percent = "79.99".into());
        m.pool_size.set(500 << 20);
    }),
    ("too little metadata in the pool", "LAY084", "of the metadata of thin pool onn/pool00", |m, _| {
        m.metadata_size.set(2 << 20);
        m.change("pool00", |v| v.metadata_percent = "79.00".into());
    }),
    ("a root file system that is too small", "LAY084", "a root file system", |m, _| {
        m.boot_total = 1 << 10;
        (m.boot_free, m.root_is_small) = (800 << 20, true);
    }),
];

fn layer_entry(model: &Model) -> String {
    let entries = std::fs::read_dir(model.sysroot().join("boot/loader/entries")).unwrap();
    let mut names = entries.map(|e| e.unwrap().file_name().into_string().unwrap());
    format!("boot/loader/entries/{}", names.find(|n| n.starts_with(&format!("{NVR}+1-"))).unwrap())
}

/// An archive with one file.
fn archive(name: &str) -> Vec<u8> {
    let mut header = [0_u8; 512];
    let mut put = |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(0, name);
    for (at, number) in
        [(100, "0000644"), (108, "0000000"), (116, "0000000"), (124, "00000000000"), (136, "00000000000")]
    {
        put(at, number);
    }
    put(156, "0");
    put(257, "ustar\x0000");
    put(148, "        ");
    let sum: u32 = header.iter().map(|b| u32::from(*b)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    [&header[..], &[0; 1024]].concat()
}

#[test]
fn an_update_is_refused_before_anything_is_changed() {
    let mut wrong = Vec::new();
    for (what, code, message, prepare) in REASONS {
        let mut model = Model::node("rhel9");
        let mut request = model.request();
        prepare(&mut model, &mut request);
        let before = model.disk();
        let findings = match model.update_with(&request, &mut Quiet) {
            Err(Outcome::Refused(findings)) => findings,
            other => {
                wrong.push(format!("{what}: {other:?}"));
                continue;
            }
        };
        if !findings.iter().any(|f| f.code.id == *code && f.message.contains(message) && is_error(f)) {
            let all: Vec<String> =
                findings.iter().map(|f| format!("{}[{}]: {}", f.severity, f.code.id, f.message)).collect();
            wrong.push(format!("{what}: {all:#?}"));
        }
        assert!(findings.iter().all(|f| f.help.is_some()), "{what}: {findings:?}");
        assert!(model.disk() == before, "{what}: something was changed");
        let reads = [
            "lvchange --activate",
            "lvchange --config activation/monitoring=0 --activate",
            "mount ",
            "umount ",
            "thin_ls",
            "dmsetup message",
            "gpgv",
        ];
        for command in model.commands.borrow().iter() {
            assert!(reads.iter().any(|r| command.starts_with(r)), "{what}: `{command}`");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_could_be_removed_is_said_where_space_is_missing() {
    let mut model = Model::node("rhel9");
    model.add_image("ovirt-node-ng-4.5.5-1");
    model.boot_free = 1000;
    let Err(Outcome::Refused(findings)) = model.update() else { panic!("not refused") };
    let help = findings.iter().find(|f| f.code.id == "LAY021").unwrap().help.clone().unwrap();
    assert_eq!(
        help,
        "remove an image that is not needed (node-layout remove ovirt-node-ng-4.5.5-1), or remove kernels that are not needed"
    );
}

#[test]
fn a_pool_that_fills_up_ends_the_update_and_nothing_is_left() {
    let model = Model::node("rhel9");
    let before = model.disk();
    // Guests fill it between the check and the writing.
    model.pool_status.set(
        "0 8 thin-pool 1 120/30720 40960/40960 - out_of_data_space discard_passdown queue_if_no_space - 1024",
    );
    let Err(Outcome::Failed(failure)) = model.update() else { panic!("not noticed") };
    assert_eq!(failure.step, "base-content");
    let text = failure.to_string();
    assert!(
        text.contains("thin pool onn/pool00 is full") && text.ends_with("everything was undone"),
        "{text}"
    );
    assert_eq!(model.disk(), before);
    model.pool_status.set("");
    assert_eq!(model.update().unwrap(), "armed");
}

#[test]
fn the_path_of_an_image_may_be_anything() {
    let model = Model::node("rhel9");
    let odd = model.path("an image\u{1b}[2J");
    std::fs::rename(model.path("image"), &odd).unwrap();
    let mut request = model.request();
    request.image.image = PathBuf::from(&odd);
    assert_eq!(model.update_with(&request, &mut Quiet).unwrap(), "armed");
}

#[test]
fn a_host_is_checked_before_there_is_an_image() {
    let model = Model::node("rhel9");
    let mut request = model.request();
    request.image.image = "/none".into();
    let errors = || -> Vec<&str> {
        let found = check_host(&model.running(), &model, &request);
        found.iter().filter(|f| is_error(f)).map(|f| f.code.id).collect()
    };
    let before = model.disk();
    assert_eq!(errors(), [""; 0]);
    assert_eq!(model.disk(), before);
    assert!(model.commands.borrow().is_empty(), "{:?}", model.commands.borrow());
    model.put("/sysroot/data/images/x/dom_md/metadata", "VERSION=5\n");
    model.change("pool00", |v| v.data_percent = "90.00".into());
    assert_eq!(errors(), ["LAY030", "LAY085"]);
    model.change(&format!("{NVR}+1"), |v| v.name = "root".into());
    assert_eq!(errors(), ["LAY046"], "not a node");
}

/// The beginning of an unsigned kernel for a machine, which UEFI can start.
fn kernel(machine: u16) -> Vec<u8> {
    let mut bytes = vec![0; 0x200];
    bytes[..2].copy_from_slice(b"MZ");
    bytes[0x3c] = 0x40;
    bytes[0x40..0x44].copy_from_slice(b"PE\0\0");
    bytes[0x44..0x46].copy_from_slice(&machine.to_le_bytes());
    bytes[0x58..0x5a].copy_from_slice(&0x20b_u16.to_le_bytes());
    bytes[0xc4] = 6;
    bytes
}
