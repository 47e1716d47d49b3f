//! `verify` and `list` on an initialised node, and on one that has been damaged.

use crate::model::{Model, NVR, Outcome, ROOT_UUID, Volume, policy};
use node_base::capacity::{self, Limit};
use node_base::diagnostic::{Finding, Severity};
use node_base::units::Bytes;
use node_layout::{Depth, ImageList, LoadOption, System, Variables, list, verify};

fn node() -> Model {
    let model = Model::installed("rhel9");
    model.init().unwrap();
    model.first_boot();
    model
}

fn found(model: &Model, system: &System, depth: Depth) -> Vec<Finding> {
    verify(system, &policy(), model, depth)
}

/// The findings of one code.
fn of(findings: Vec<Finding>, code: &str) -> Vec<(Severity, String)> {
    findings.into_iter().filter(|n| n.code.id == code).map(|n| (n.severity, n.message)).collect()
}

#[test]
fn a_changed_byte_in_the_base_is_found_by_reading_it() {
    let model = node();
    assert_eq!(of(found(&model, &model.system(), Depth::Content), "LAY043"), []);
    model.put(&format!("/dev/onn/{NVR}"), "content of the bose");
    assert_eq!(
        of(found(&model, &model.system(), Depth::Properties), "LAY043"),
        [],
        "not read without --deep"
    );
    let [(severity, message)] = &of(found(&model, &model.system(), Depth::Content), "LAY043")[..] else {
        panic!("a changed base was not found")
    };
    assert_eq!(*severity, Severity::Error);
    assert!(message.contains(&format!("onn/{NVR} has changed")), "{message}");
    assert_eq!(model.volume(NVR).unwrap().minor, None, "the base is active after it was read");
}

#[test]
fn a_base_whose_file_system_has_the_uuid_of_root_is_found() {
    let model = node();
    let put = |uuid: [u8; 16]| {
        let mut xfs = vec![0; 2048];
        xfs[..4].copy_from_slice(b"XFSB");
        xfs[32..48].copy_from_slice(&uuid);
        std::fs::write(model.path(&format!("/dev/onn/{NVR}")), xfs).unwrap();
    };
    let messages = || {
        let messages = of(found(&model, &model.system(), Depth::Content), "LAY043");
        messages.into_iter().filter(|(_, message)| message.contains("UUID")).collect::<Vec<_>>()
    };
    put([7; 16]);
    assert_eq!(messages(), [], "an own UUID");
    put(ROOT_UUID);
    let [(severity, message)] = &messages()[..] else { panic!("the same UUID was not found") };
    assert!(*severity == Severity::Error && message.contains("has the UUID of /"), "{message}");
}

#[test]
fn a_base_without_a_checksum_is_information_not_an_error() {
    let model = node();
    model.change(NVR, |v| v.tags.retain(|t| !t.starts_with("node-layout:content=")));
    let findings = found(&model, &model.system(), Depth::Content);
    assert_eq!(of(findings, "LAY047").first().map(|n| n.0), Some(Severity::Info));
}

#[test]
fn a_layout_is_pending_until_the_unit_of_the_first_boot_has_finished() {
    let model = Model::installed("rhel9");
    model.init().unwrap();
    let pending = |m: &Model| !of(found(m, &m.system(), Depth::Properties), "LAY060").is_empty();
    assert!(pending(&model), "before the first boot");
    let unit = "/sysroot/etc/systemd/system/node-layout-finish.service";
    let text = std::fs::read_to_string(model.path(unit)).unwrap();
    let runs: Vec<&str> = text.lines().filter(|l| l.starts_with("Exec")).collect();
    let program = "/usr/sbin/node-layout";
    let expected = [format!("ExecStart={program} init"), format!("ExecStopPost={program} thaw-left-over")];
    assert_eq!(runs, expected);
    model.first_boot();
    assert!(!pending(&model), "after the first boot");
    model.put(unit, &text);
    assert!(pending(&model), "the unit is still there");
}

#[test]
fn a_pool_that_cannot_extend_itself_is_found() {
    let model = node();
    model.free.set(0);
    let warned = of(found(&model, &model.system(), Depth::Properties), "LAY032");
    assert_eq!(warned.len(), 1, "{warned:?}");
    assert!(warned[0].0 == Severity::Warning && warned[0].1.contains("nothing free"), "{warned:?}");
}

#[test]
fn a_default_that_grub_ignores_is_found() {
    let model = node();
    let warned = |text: &str| {
        model.put("/sysroot/boot/grub2/grub.cfg", text);
        of(found(&model, &model.system(), Depth::Properties), "LAY024")
    };
    assert_eq!(warned("set default=\"${saved_entry}\"\ninsmod blscfg\nblscfg\n"), []);
    let messages = warned("set default=\"0\"\ninsmod blscfg\nblscfg\n");
    assert!(messages.len() == 1 && messages[0].0 == Severity::Warning, "{messages:?}");
    assert!(messages[0].1.contains("/boot/grub2/grub.cfg does not use saved_entry"), "{messages:?}");
    // The configuration of another system, or one that only loads the real one.
    assert_eq!(warned("configfile /grub2/grub.cfg\n"), []);
}

/// `grub2-mkconfig` writes root as GRUB finds it.
#[test]
fn root_may_have_any_of_its_names_in_boot_entries() {
    let model = node();
    let path = format!("boot/loader/entries/{NVR}+1-5.14.0-503.11.1.el9_5.x86_64.conf");
    let text = model.read(&path);
    let mapped = format!("root=/dev/mapper/onn-{}+1", NVR.replace('-', "--"));
    for root in [mapped.as_str(), "root=UUID=00000000-0000-00a1-0000-0000000000a1"] {
        model.put(&format!("/sysroot/{path}"), &text.replace(&format!("root=/dev/onn/{NVR}+1"), root));
        assert_eq!(model.errors(), Vec::<String>::new(), "{root}");
    }
    model.put(
        &format!("/sysroot/{path}"),
        &text.replace(&format!("root=/dev/onn/{NVR}+1"), "root=/dev/onn/root"),
    );
    let errors = model.errors();
    assert!(errors.iter().any(|e| e.contains("lacks root=/dev/onn/")), "{errors:?}");
}

#[test]
fn a_default_whose_initramfs_would_leave_root_inactive_is_found() {
    let model = node();
    let entry = "5ae5a8b9e3f94cbfb0bd7a0b1c2d3e4f-5.14.0-503.11.1.el9_5.x86_64";
    let block = format!("# GRUB Environment Block\nsaved_entry={entry}\n");
    model.put("/sysroot/boot/grub2/grubenv", &format!("{block:#<1024}"));
    assert_eq!(of(found(&model, &model.system(), Depth::Properties), "LAY024"), []);
    let path = format!("boot/loader/entries/{entry}.conf");
    let text = model.read(&path);
    let less = text.replace(&format!(" rd.lvm.lv=onn/{NVR}+1"), "");
    assert_ne!(less, text);
    model.put(&format!("/sysroot/{path}"), &less);
    let messages = of(found(&model, &model.system(), Depth::Properties), "LAY024");
    assert!(
        messages.len() == 1
            && messages[0].0 == Severity::Error
            && messages[0].1.contains("activate only onn/swap"),
        "{messages:?}"
    );
    // Without such an argument dracut activates everything that it finds.
    model.put(&format!("/sysroot/{path}"), &less.replace(" rd.lvm.lv=onn/swap", ""));
    assert_eq!(of(found(&model, &model.system(), Depth::Properties), "LAY024"), []);
}

#[test]
fn a_missing_disk_is_found_by_init_and_by_verify() {
    let model = Model::installed("rhel9");
    model.missing_disks.set(1);
    let Err(Outcome::Refused(findings)) = model.init() else { panic!("init was not refused") };
    let refused = of(findings, "LAY034");
    model.missing_disks.set(0);
    model.init().unwrap();
    model.missing_disks.set(1);
    assert_eq!(of(found(&model, &model.system(), Depth::Properties), "LAY034"), refused);
    assert_eq!(refused.len(), 1);
    assert!(refused[0].1.contains("'onn' lacks a physical volume"), "{refused:?}");
}

/// The findings about the firmware of a machine whose EFI system partition begins at 1 MiB and has one boot loader.
fn uefi(order: &[u16], options: &[(u16, &str)]) -> Vec<(Severity, String)> {
    let model = node();
    model.mount("/boot/efi", (252, 2), "vfat", "rw", 600 << 20, "vda2");
    model.put("/sys/dev/block/252:2/start", "2048\n");
    model.put("/sysroot/boot/efi/EFI/centos/shimx64.efi", "loader");
    let mut system = model.booted();
    let option = |file: &str| LoadOption {
        description: "CentOS".into(),
        disabled: false,
        partition_start: (!file.is_empty()).then_some(2048),
        partition_uuid: None,
        file: (!file.is_empty()).then(|| file.to_owned()),
    };
    let options = options.iter().map(|(n, file)| (*n, option(file))).collect();
    system.efi = Some(Variables { order: order.to_vec(), current: order.first().copied(), options });
    of(found(&model, &system, Depth::Properties), "LAY026")
}

#[test]
fn the_firmware_must_start_an_existing_boot_loader() {
    let shim = "/EFI/centos/shimx64.efi";
    assert_eq!(uefi(&[1], &[(1, shim)]), [], "all is well");
    assert_eq!(uefi(&[2, 1], &[(1, shim), (2, "")]), [], "the network before the disk is a choice");
    let gone = uefi(&[1], &[(1, "/EFI/fedora/shimx64.efi")]);
    assert!(
        gone[0].0 == Severity::Error && gone[0].1.contains("Boot0001 (CentOS) names /EFI/fedora"),
        "{gone:?}"
    );
    let gone = uefi(&[2, 1], &[(1, shim), (2, "/EFI/fedora/shimx64.efi")]);
    assert!(gone.len() == 1 && gone[0].0 == Severity::Warning, "the next one boots: {gone:?}");
    let dangling = uefi(&[7, 1], &[(1, shim)]);
    assert!(dangling[0].0 == Severity::Warning && dangling[0].1.contains("Boot0007"), "{dangling:?}");
    let none = uefi(&[2], &[(2, "")]);
    assert!(none[0].0 == Severity::Error && none[0].1.contains("no entry of the firmware leads"), "{none:?}");
    let outside = uefi(&[1], &[(1, "/EFI/../../../etc/passwd")]);
    assert_eq!(outside[0].0, Severity::Error, "a path is not followed out of the partition");
}

fn listed(model: &Model) -> ImageList {
    let system = model.booted();
    list(&system, system.lvm.as_ref().unwrap(), &policy(), model)
}

#[test]
fn a_list_shows_what_only_one_volume_uses() {
    let model = node();
    model.change(NVR, |v| v.thin_id = 8);
    // Blocks of 64 KiB: 2 GiB, of which the base shares all but 1 MiB with the layer; /var has 512 MiB.
    *model.thin_ls.borrow_mut() = "4 40960 16384\n5 0 0\n6 8192 8192\n8 32768 16\n".into();
    // 160 GiB: 512 MiB of /var and 3 GiB of the image.
    model.change("pool00", |v| v.data_percent = "2.19".into());
    let images = listed(&model);
    assert_eq!(images.remarks, Vec::<String>::new());
    let image = &images.images[0];
    let base = image.base.as_ref().unwrap();
    let layer = &image.layers[0];
    assert_eq!((base.mapped, base.exclusive), (Some(Bytes(2 << 30)), Some(Bytes(1 << 20))));
    assert_eq!((layer.mapped, layer.exclusive), (Some(Bytes(2560 << 20)), Some(Bytes(1 << 30))));
    assert_eq!(image.used, Some(Bytes(3 << 30)), "the base, and what the layer does not share with it");
    assert!(layer.booted && layer.default && layer.writable && !base.writable && !base.default);
    let commands = model.commands.borrow();
    assert!(commands.last().unwrap().ends_with("release_metadata_snap"), "{commands:?}");
}

#[test]
fn a_list_and_a_plan_count_the_same_room() {
    let model = node();
    model.change(NVR, |v| v.thin_id = 8);
    *model.thin_ls.borrow_mut() = "4 16384 1024\n8 16384 16\n6 0 0\n".into();
    model.change("pool00", |v| v.data_percent = "0.66".into());
    let room = listed(&model).room.unwrap();
    // A plan of this machine assumes an empty pool.
    let pool = Bytes(171_798_691_840);
    let planned = capacity::expected(
        &policy(),
        pool,
        Bytes(model.metadata_size.get()),
        Bytes(64 << 10),
        Some(Bytes(1 << 30)),
    );
    let planned = capacity::images(&planned);
    assert_eq!((room.fit, room.limited_by), (planned.fit, planned.limited_by));
    assert_eq!(room.more + 1, room.fit, "the existing one counts");
    // Data of other volumes leaves less space for images.
    model.unmount("/boot");
    model.mount("/boot", (252, 3), "ext4", "rw", 1 << 40, "vda3");
    let roomy = listed(&model).room.unwrap();
    model.change("pool00", |v| v.data_percent = "60.00".into());
    let full = listed(&model).room.unwrap();
    assert!(full.fit < roomy.fit && full.limited_by == Limit::PoolData, "{roomy:?} {full:?}");
}

#[test]
fn what_thin_ls_cannot_say_is_unknown() {
    let model = node();
    *model.thin_ls.borrow_mut() = "no such metadata\n".into();
    let images = listed(&model);
    assert_eq!(images.images[0].used, None);
    assert_eq!(images.images[0].base.as_ref().unwrap().exclusive, None);
    assert_eq!(images.room, None);
    assert!(images.remarks[0].contains("is not known"), "{:?}", images.remarks);
}

#[test]
fn a_machine_without_images_has_room_for_some() {
    let model = Model::installed("rhel9");
    *model.thin_ls.borrow_mut() = "4 16384 16384\n6 0 0\n".into();
    let mut volume = Volume::new("spare", "thin", 9);
    volume.thin_id = 9;
    model.volumes.borrow_mut().push(volume);
    let images = listed(&model);
    assert_eq!(images.images, []);
    assert!(images.room.is_some_and(|r| r.more == r.fit && r.fit > 0), "{:?}", images.room);
}
