//! What blocks `init` is reported before anything is changed.

use crate::model::{Model, NVR, Outcome, Volume, is_error, policy};
use node_base::diagnostic::Finding;
use node_layout::{Request, System, examine};

/// The errors of `init` on this machine. Nothing may have been changed.
fn refused(model: &Model) -> Vec<Finding> {
    let before = model.disk();
    let Err(Outcome::Refused(findings)) = model.init() else { panic!("init was not refused") };
    assert!(model.commands.borrow().is_empty(), "commands were run: {:?}", model.commands.borrow());
    assert!(model.disk() == before, "the disk was changed");
    findings.into_iter().filter(is_error).collect()
}

/// Exactly one error, with this code, these words, and help.
#[track_caller]
fn assert_refused(model: &Model, code: &str, words: &[&str]) {
    let errors = refused(model);
    assert_eq!(errors.len(), 1, "one error was expected: {errors:#?}");
    assert_eq!(errors[0].code.id, code, "{}", errors[0].message);
    for word in words {
        assert!(errors[0].message.contains(word), "'{word}' is missing in: {}", errors[0].message);
    }
    assert!(errors[0].help.is_some(), "no help: {}", errors[0].message);
}

fn machine() -> Model {
    Model::installed("rhel9")
}

#[test]
fn root_must_be_on_a_thin_volume() {
    let model = machine();
    model.change("root", |v| v.segtype = "linear");
    assert_refused(&model, "LAY010", &["onn/root", "linear", "not a thin"]);
    let model = machine();
    model.volumes.borrow_mut().retain(|v| v.segtype != "thin-pool");
    model.change("root", |v| v.segtype = "linear");
    assert_refused(&model, "LAY010", &["has no thin pool"]);
    let model = machine();
    model.unmount("/");
    model.mount("/", (8, 2), "xfs", "rw", 1 << 35, "sda2");
    assert_refused(&model, "LAY010", &["/dev/sda2", "not on a logical volume"]);
}

#[test]
fn a_volume_that_lvm_does_not_report_is_not_called_a_partition() {
    let model = machine();
    model.unmount("/");
    model.mount("/", (253, 4), "xfs", "rw", 40 << 30, "mapper/onn-root");
    model.put("/sys/dev/block/253:4/dm/uuid", "LVM-abcdef\n");
    model.volumes.borrow_mut().clear();
    assert_refused(&model, "LAY051", &["/dev/mapper/onn-root", "devices file or filter"]);
}

#[test]
fn root_must_be_ext4_or_xfs() {
    let model = machine();
    model.unmount("/");
    model.mount("/", (253, 4), "btrfs", "rw", 1 << 35, "dm-4");
    assert_refused(&model, "LAY011", &["btrfs"]);
}

#[test]
fn var_must_be_a_volume() {
    let model = machine();
    model.unmount("/var");
    assert_refused(&model, "LAY013", &["/var", "ovirt-node"]);
    let model = machine();
    model.unmount("/var");
    model.mount("/var", (253, 6), "xfs", "rw", 4 << 30, "dm-6");
    assert_refused(&model, "LAY013", &["4 GiB", "5 GiB"]);
}

#[test]
fn boot_must_be_separate_writable_and_large_enough() {
    let model = machine();
    model.unmount("/boot");
    assert_refused(&model, "LAY020", &["/boot", "not a file system of its own"]);
    let model = machine();
    model.unmount("/boot");
    model.mount("/boot", (252, 3), "ext4", "ro", 1 << 30, "vda3");
    assert_refused(&model, "LAY020", &["read-only"]);
    let model = machine();
    model.unmount("/boot");
    model.mount("/boot", (252, 3), "ext4", "rw", 500 << 20, "vda3");
    assert_refused(&model, "LAY021", &["500 MiB", "1 GiB"]);
    // On a device of 1 GiB the file system can be smaller than the original tools accept.
    let mut model = machine();
    model.boot_total = 981_467_136;
    assert_refused(&model, "LAY021", &["981467136 bytes", "1000000000"]);
    let mut model = machine();
    model.boot_free = 40;
    assert_refused(&model, "LAY021", &["40 B free", "two images"]);
}

#[test]
fn the_pool_must_have_space() {
    let model = machine();
    model.change("pool00", |v| v.data_percent = "91.00".into());
    assert_refused(&model, "LAY030", &["91.0 %", "data"]);
    let model = machine();
    model.change("pool00", |v| v.metadata_percent = "85.20".into());
    assert_refused(&model, "LAY030", &["85.2 %", "metadata"]);
    let model = machine();
    model.free.set(0);
    assert_refused(&model, "LAY031", &["116 MiB", "0 B free"]);
}

#[test]
fn image_tags_of_other_installations_are_refused() {
    let model = machine();
    model.groups.borrow_mut().insert("old", vec!["imgbased:vg".into()]);
    assert_refused(&model, "LAY040", &["'old'", "imgbased:vg", "'onn'"]);
    let model = machine();
    model.groups.borrow_mut().insert("old", vec!["imgbased:vg".into()]);
    model.groups.borrow_mut().get_mut("onn").unwrap().push("imgbased:vg".into());
    assert_refused(&model, "LAY040", &["'old'"]);
    let model = machine();
    model.groups.borrow_mut().insert("old", Vec::new());
    let mut stale = Volume::new("ovirt-node-ng-4.4.0-1", "thin", 9);
    (stale.vg, stale.tags) = ("old", vec!["imgbased:base".into()]);
    model.volumes.borrow_mut().push(stale);
    assert_refused(&model, "LAY040", &["old/ovirt-node-ng-4.4.0-1"]);
    let model = machine();
    let mut stale = Volume::new("node-1-1", "thin", 9);
    stale.tags = vec!["imgbased:layer".into()];
    model.volumes.borrow_mut().push(stale);
    assert_refused(&model, "LAY040", &["onn/node-1-1", "older installation"]);
}

#[test]
fn tags_of_other_programs_are_kept() {
    let model = machine();
    model.change("root", |v| v.tags.push("backup=daily".into()));
    model.groups.borrow_mut().get_mut("onn").unwrap().push("rack7".into());
    model.init().unwrap();
    let layer = model.volume(&format!("{NVR}+1")).unwrap();
    assert_eq!(layer.tags, ["backup=daily", "imgbased:layer"]);
    assert!(model.groups.borrow()["onn"].contains(&"rack7".to_owned()));
}

#[test]
fn a_name_that_is_taken_is_refused() {
    for name in [NVR.to_owned(), format!("{NVR}+1")] {
        let model = machine();
        model.volumes.borrow_mut().push(Volume::new(&name, "thin", 9));
        assert_refused(&model, "LAY042", &[&name, "exists already"]);
    }
}

#[test]
fn the_image_must_have_a_usable_name() {
    let model = machine();
    let long = format!("{}-1-2", "n".repeat(130));
    for (nvr, words) in [
        (None, "no name"),
        (Some("-rf"), "not NAME-VERSION-RELEASE"),
        (Some("--help"), "begins with"),
        (Some("node"), "not NAME-VERSION-RELEASE"),
        (Some("node-1-2+1"), "contains '+'"),
        (Some(long.as_str()), "too long"),
    ] {
        let system = model.system_for(nvr);
        let findings = examine(&system, &policy(), &model).expect_err("refused");
        let errors: Vec<_> = findings.iter().filter(|f| is_error(f)).collect();
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert!(
            errors[0].code.id == "LAY004" && errors[0].message.contains(words),
            "{nvr:?}: {}",
            errors[0].message
        );
    }
}

#[test]
fn a_name_that_is_too_long_only_for_imgbase_is_a_warning() {
    let model = machine();
    let warnings = |name: &str| {
        let system = model.system_for(Some(name));
        let (_, findings) = examine(&system, &policy(), &model).unwrap();
        findings.into_iter().filter(|f| f.code.id == "LAY004").collect::<Vec<_>>()
    };
    assert!(warnings(&format!("{}-1-2", "n".repeat(49))).is_empty());
    let warned = warnings(&format!("{}-1-2", "n".repeat(50)));
    assert!(
        warned.len() == 1 && !is_error(&warned[0]) && warned[0].message.contains("imgbase"),
        "{warned:?}"
    );
}

#[test]
fn the_kernel_argument_overrides_every_other_name() {
    let model = machine();
    model.put("/sysroot/usr/share/imgbase/build/meta/nvr", "image-1-1\n");
    assert_eq!(model.system_for(None).nvr.unwrap().0, "image-1-1");
    assert_eq!(model.system_for(Some("option-1-1")).nvr.unwrap().0, "option-1-1");
    let both = Request {
        sysroot: model.sysroot(),
        addon_nvr: Some("section-1-1".into()),
        nvr: Some("option-1-1".into()),
    };
    let of_both = || System::read(&model, &both).nvr.unwrap().0;
    assert_eq!(of_both(), "section-1-1", "the kickstart overrides the command line");
    model.put("/proc/cmdline", "quiet ovirt_node.nvr=argument-1-1\n");
    assert_eq!(of_both(), "argument-1-1");
}

#[test]
fn a_missing_tool_a_held_lock_and_another_architecture_are_refused() {
    let mut model = machine();
    model.missing_tools = vec!["xfs_db"];
    assert_refused(&model, "LAY002", &["'xfs_db'"]);
    let mut model = machine();
    model.locked = true;
    assert_refused(&model, "LAY003", &["did not end within 60 seconds"]);
    let mut model = machine();
    model.architecture = "aarch64";
    assert_refused(&model, "LAY001", &["aarch64"]);
}

#[test]
fn a_single_path_of_a_multipath_device_is_refused() {
    for holders in ["/sys/class/block/vda4/holders", "/sys/devices/vda/holders"] {
        let model = machine();
        // A partition as the kernel shows it: a directory inside its disk, and a link to it.
        model.put("/sys/devices/vda/vda4/partition", "4\n");
        if holders.contains("class") {
            model.put(&format!("{holders}/dm-9/dm/uuid"), "mpath-3600508b400105e21\n");
            model.put(&format!("{holders}/dm-9/dm/name"), "mpatha\n");
        } else {
            std::fs::create_dir_all(model.path("/sys/class/block")).unwrap();
            let link = model.path("/sys/class/block/vda4");
            std::os::unix::fs::symlink(model.path("/sys/devices/vda/vda4"), link).unwrap();
            model.put(&format!("{holders}/dm-9/dm/uuid"), "mpath-3600508b400105e21\n");
            model.put(&format!("{holders}/dm-9/dm/name"), "mpatha\n");
        }
        assert_refused(&model, "LAY051", &["/dev/vda4", "mpatha"]);
    }
}

#[test]
fn the_installed_systems_lvm_must_see_its_disks() {
    let model = machine();
    model.put("/sysroot/etc/lvm/lvm.conf", "devices { use_devicesfile=1 }\n");
    model.init().unwrap();
    let mut model = machine();
    model.put("/sysroot/etc/lvm/lvm.conf", "devices { use_devicesfile=1 }\n");
    model.sees_no_disk = true;
    assert_refused(&model, "LAY051", &["will not see /dev/vda4", "system.devices"]);
    // First the installer's devices file differs; then both are the same, and the installer's LVM has seen the disks.
    model.put("/etc/lvm/lvm.conf", "devices { use_devicesfile=1 }\n");
    model.put("/etc/lvm/devices/system.devices", "IDTYPE=sys_serial IDNAME=1\n");
    assert_refused(&model, "LAY051", &["will not see /dev/vda4"]);
    model.put("/sysroot/etc/lvm/devices/system.devices", "IDTYPE=sys_serial IDNAME=1\n");
    model.init().unwrap();
}

#[test]
fn new_files_are_labelled_and_fat_is_left_out() {
    let labelled = |model: &Model| {
        model.init().unwrap();
        let commands = model.commands.borrow();
        commands.iter().find(|c| c.starts_with("setfiles")).cloned()
    };
    assert_eq!(labelled(&machine()), None, "a system without SELinux");
    let model = machine();
    model.put("/sysroot/etc/selinux/config", "SELINUX=enforcing\nSELINUXTYPE=targeted\n");
    let command = labelled(&model).unwrap();
    for path in ["/etc/fstab", "/etc/node-layout", &format!("/boot/{NVR}+1"), "/boot/loader/entries/"] {
        assert!(command.contains(&format!("sysroot{path}")), "{path} is not in: {command}");
    }
    let model = machine();
    model.put("/sysroot/etc/selinux/config", "SELINUX=enforcing\nSELINUXTYPE=targeted\n");
    model.unmount("/boot");
    model.mount("/boot", (252, 3), "vfat", "rw", 1 << 30, "vda3");
    model.put("/sysroot/boot/loader/loader.conf", "timeout 3\n");
    std::fs::remove_dir_all(model.sysroot().join("boot/grub2")).unwrap();
    let command = labelled(&model).unwrap();
    assert!(command.contains("sysroot/etc/fstab") && !command.contains("sysroot/boot"), "{command}");
}

#[test]
fn a_system_without_boot_entries_is_refused() {
    let model = machine();
    std::fs::remove_dir_all(model.sysroot().join("boot/loader/entries")).unwrap();
    assert_refused(&model, "LAY022", &["no boot entries"]);
    let model = Model::installed("rhel9");
    for entry in std::fs::read_dir(model.sysroot().join("boot/loader/entries")).unwrap() {
        let path = entry.unwrap().path();
        let text =
            std::fs::read_to_string(&path).unwrap().replace("root=/dev/mapper/onn-root", "root=/dev/sdz9");
        std::fs::write(path, text).unwrap();
    }
    assert_refused(&model, "LAY023", &["no boot entry", "onn/root"]);
}
