//! The configurations that `grub2-mkconfig` of RHEL 8, 9 and 10 writes, on BIOS and UEFI: what `node-layout` writes has its effect
//! in them.

use crate::grub::Firmware;
use crate::model::{Model, NVR, Outcome, policy};
use crate::trial::{NEW, done, state_of};
use node_base::diagnostic::Severity;
use node_layout::{Depth, ImageState, Reason, arm, arm_times, confirm, fail, repair, rollback, verify};

/// Every configuration.
pub(crate) const ALL: [(&str, Firmware); 6] = [
    ("rhel8", Firmware::Bios),
    ("rhel8", Firmware::Uefi),
    ("rhel9", Firmware::Bios),
    ("rhel9", Firmware::Uefi),
    ("rhel10", Firmware::Bios),
    ("rhel10", Firmware::Uefi),
];

/// A node with two images.
fn node(release: &str, firmware: Firmware) -> Model {
    let model = Model::installed_with_grub(release, firmware);
    model.init().unwrap();
    model.first_boot();
    model.add_image(NEW);
    model
}

/// Variables of GRUB's environment block; `None` for one that is not set.
pub(crate) type Variables<'a> = &'a [(&'a str, Option<&'a str>)];

/// Sets variables, as `grub2-editenv - set` does, and unsets others.
pub(crate) fn set(model: &Model, variables: Variables<'_>) {
    let path = std::fs::canonicalize(model.sysroot().join("boot/grub2/grubenv")).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let mut lines: Vec<String> = text.lines().filter(|l| !l.starts_with("##")).map(str::to_owned).collect();
    for (name, value) in variables {
        lines.retain(|l| !l.starts_with(&format!("{name}=")));
        lines.extend(value.map(|value| format!("{name}={value}")));
    }
    std::fs::write(path, format!("{:#<1024}", lines.join("\n") + "\n")).unwrap();
}

fn booted(model: &Model) -> String {
    model.boots().unwrap()
}

/// What `verify` finds of the boot configuration and of images, without what is told for information.
fn found(model: &Model) -> Vec<String> {
    let findings = verify(&model.running(), &policy(), model, Depth::Properties);
    let worse = findings.into_iter().filter(|f| f.severity != Severity::Info);
    let worse = worse.filter(|f| f.code.id.starts_with("LAY02") || f.code.id.starts_with("LAY06"));
    worse.map(|f| format!("{}[{}]: {}", f.severity, f.code.id, f.message)).collect()
}

#[test]
fn a_trial_takes_its_way_in_every_configuration() {
    for (release, firmware) in ALL {
        let model = node(release, firmware);
        let at = format!("{release} {firmware:?}");
        let (old, new) = (format!("{NVR}+1"), format!("{NEW}+1"));
        let state = || state_of(&model.running(), NEW).0;
        assert_eq!(found(&model), Vec::<String>::new(), "{at}");
        let system = model.running();
        let default = system.boot.as_ref().unwrap().default_entry().unwrap().id.clone();
        assert!(default.starts_with(&format!("{old}-")), "{at}: {default}");
        assert_eq!(booted(&model), old, "{at}");

        // It does not start: the boot after it is the default's.
        done(&model, &arm(&model.running(), NEW, &model).unwrap());
        assert_eq!(state(), ImageState::Armed, "{at}");
        let block = model.read("boot/grub2/grubenv");
        assert!(block.contains(&format!("\nfallback={default}\n")), "{at}: {block}");
        assert_eq!(found(&model), Vec::<String>::new(), "{at}: armed");
        assert_eq!(booted(&model), new, "{at}");
        assert_eq!(state(), ImageState::Trying, "{at}");
        assert_eq!(booted(&model), old, "{at}");
        assert_eq!(
            state_of(&model.running(), NEW),
            (ImageState::Failed, Some("did-not-start".into())),
            "{at}"
        );

        // It is confirmed: it is the default.
        done(&model, &arm(&model.running(), NEW, &model).unwrap());
        assert_eq!(booted(&model), new, "{at}");
        done(&model, &confirm(&model.running(), 2, &model).unwrap());
        assert_eq!(found(&model), Vec::<String>::new(), "{at}: confirmed");
        for _ in 0..3 {
            assert_eq!(booted(&model), new, "{at}");
        }
        done(&model, &rollback(&model.running(), None).unwrap());
        assert_eq!(booted(&model), old, "{at}");
        assert_eq!(model.read("boot/grub2/grubenv").len(), 1024, "{at}");
    }
}

#[test]
fn several_tries_are_counted_by_every_configuration() {
    for (release, firmware) in ALL {
        let model = node(release, firmware);
        done(&model, &arm_times(&model.running(), NEW, 3, &model).unwrap());
        for number in 1..=3 {
            assert_eq!(booted(&model), format!("{NEW}+1"), "{release} {firmware:?}: try {number}");
            done(&model, &fail(&model.running(), &Reason::new("timeout"), None).unwrap());
        }
        assert_eq!(booted(&model), format!("{NVR}+1"), "{release} {firmware:?}");
        assert_eq!(state_of(&model.running(), NEW).0, ImageState::Failed);
    }
}

#[test]
fn an_image_without_its_kernel_is_not_booted_by_any_configuration() {
    for (release, firmware) in ALL {
        let model = node(release, firmware);
        done(&model, &arm(&model.running(), NEW, &model).unwrap());
        let kept = model.sysroot().join(format!("boot/{NEW}+1"));
        let kernel = std::fs::read_dir(kept).unwrap().map(|f| f.unwrap().path());
        std::fs::remove_file(kernel.into_iter().find(|f| f.to_string_lossy().contains("/vmlinuz")).unwrap())
            .unwrap();
        assert_eq!(booted(&model), format!("{NVR}+1"), "{release} {firmware:?}");
        assert_eq!(state_of(&model.running(), NEW).0, ImageState::Failed);
    }
}

/// The variables by which the menu is hidden, or shown once.
#[test]
fn the_variables_of_the_menu_do_not_change_what_is_booted() {
    let cases: [(Variables<'_>, &str); 5] = [
        (&[("boot_success", Some("1")), ("menu_auto_hide", Some("1"))], "1"),
        (
            &[("boot_success", Some("0")), ("menu_auto_hide", Some("1")), ("boot_indeterminate", Some("1"))],
            "1",
        ),
        (
            &[("boot_success", Some("0")), ("menu_auto_hide", Some("1")), ("boot_indeterminate", Some("2"))],
            "5",
        ),
        (&[("menu_show_once", Some("1"))], "60"),
        (&[("boot_success", None), ("boot_indeterminate", None), ("menu_auto_hide", None)], "5"),
    ];
    for (release, firmware) in ALL {
        for (variables, timeout) in &cases {
            let model = node(release, firmware);
            set(
                &model,
                &[("boot_success", Some("0")), ("boot_indeterminate", Some("0")), ("menu_auto_hide", None)],
            );
            set(&model, variables);
            done(&model, &arm(&model.running(), NEW, &model).unwrap());
            let block = model.read("boot/grub2/grubenv");
            let path = std::fs::canonicalize(model.sysroot().join("boot/grub2/grubenv")).unwrap();
            assert_eq!(&model.run_grub().unwrap().timeout, timeout, "{release} {variables:?}");
            std::fs::write(path, block).unwrap();
            assert_eq!(booted(&model), format!("{NEW}+1"), "{release} {variables:?}");
            assert_eq!(booted(&model), format!("{NVR}+1"), "{release} {variables:?}");
            assert!(model.read("boot/grub2/grubenv").contains("\nboot_success=0\n"), "{release}");
        }
    }
}

/// `08_fallback_counting` is made for systems whose second entry is the one to go back to.
#[test]
fn grubs_own_counter_does_not_choose_the_entry() {
    for (release, firmware) in ALL {
        for (left, severity) in [("3", "warning"), ("1", "warning"), ("0", "error"), ("-1", "error")] {
            let model = node(release, firmware);
            let at = format!("{release} {firmware:?} {left}");
            let counter = [("boot_counter", Some(left)), ("boot_success", Some("0"))];
            set(&model, &counter);
            let block = model.read("boot/grub2/grubenv");
            let path = std::fs::canonicalize(model.sysroot().join("boot/grub2/grubenv")).unwrap();
            let default = model.run_grub().unwrap().default;
            assert_eq!(default == "1", severity == "error", "{at}: {default}");
            std::fs::write(&path, &block).unwrap();
            let told = found(&model);
            assert!(
                told.len() == 1
                    && told[0].starts_with(&format!("{severity}[LAY024]"))
                    && told[0].contains("the second entry"),
                "{at}: {told:?}"
            );
            done(&model, &repair(&model.running(), &model).unwrap());
            assert_eq!(found(&model), Vec::<String>::new(), "{at}");

            set(&model, &counter);
            done(&model, &arm(&model.running(), NEW, &model).unwrap());
            assert_eq!(booted(&model), format!("{NEW}+1"), "{at}");
            // The health check of the image on trial sets it again, and its boot ends.
            set(&model, &counter);
            for _ in 0..5 {
                assert_eq!(booted(&model), format!("{NVR}+1"), "{at}");
            }
            // What the trial and the counter have left is in one block.
            done(&model, &repair(&model.running(), &model).unwrap());
            let block = model.read("boot/grub2/grubenv");
            assert!(!block.contains("boot_counter") && !block.contains("node_layout_trial"), "{at}: {block}");
            assert!(found(&model).iter().all(|f| f.contains("LAY061")), "{at}: {:?}", found(&model));
        }
    }
}

#[test]
fn entries_of_rhel8_get_the_arguments_that_the_configuration_sets_if_the_block_has_none() {
    for firmware in [Firmware::Bios, Firmware::Uefi] {
        let model = Model::installed_with_grub("rhel8", firmware);
        let kept = model.read("boot/grub2/grubenv");
        let kept = kept.lines().find_map(|l| l.strip_prefix("kernelopts=")).unwrap().to_owned();
        set(&model, &[("kernelopts", None)]);
        model.init().unwrap();
        let block = model.read("boot/grub2/grubenv");
        let stored = block.lines().find_map(|l| l.strip_prefix("kernelopts=")).unwrap();
        assert!(
            stored.contains(&format!("root=/dev/onn/{NVR}+1 ")) && stored.contains("console=ttyS1,115200n8"),
            "{stored} for {kept}"
        );
        model.first_boot();
        assert_eq!(booted(&model), format!("{NVR}+1"));
        assert_eq!(found(&model), Vec::<String>::new());
    }
    // Where no entry uses them, they are not stored.
    let model = node("rhel9", Firmware::Bios);
    assert!(!model.read("boot/grub2/grubenv").contains("kernelopts"));
}

/// Why arming is refused; empty if it is not.
fn refused(model: &Model) -> String {
    match arm(&model.running(), NEW, model) {
        Ok(_) => String::new(),
        Err(findings) => format!("{}: {}", findings[0].code.id, findings[0].message),
    }
}

#[test]
fn a_menu_that_waits_for_a_key_lets_no_trial_begin() {
    for (release, firmware) in ALL {
        let model = node(release, firmware);
        let menu = match (release, firmware) {
            ("rhel8", Firmware::Uefi) => "boot/efi/EFI/redhat/grub.cfg",
            _ => "boot/grub2/grub.cfg",
        };
        let text = model.read(menu);
        assert_eq!(refused(&model), "", "{release}");
        model.put(&format!("/sysroot/{menu}"), &text.replace("  set timeout=5\n", "  set timeout=-1\n"));
        let why = refused(&model);
        assert!(why.starts_with("LAY028: ") && why.contains("until a key is pressed"), "{release}: {why}");
    }
}

/// The firmware's entry `Boot0001`, which it has started: a file on the partition that begins at this block.
fn started_by_firmware(model: &Model, file: &str, start: u64) {
    let utf16 = |text: &str| text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let node = |kind: [u8; 2], content: &[u8]| {
        let length = u16::try_from(content.len() + 4).unwrap().to_le_bytes();
        [&kind[..], &length, content].concat()
    };
    let drive =
        [&1u32.to_le_bytes()[..], &start.to_le_bytes(), &1000u64.to_le_bytes(), &[0; 16], &[2, 2]].concat();
    let paths = [node([4, 1], &drive), node([4, 4], &utf16(file)), node([0x7f, 0xff], &[])].concat();
    let length = u16::try_from(paths.len()).unwrap().to_le_bytes();
    let option = [&[7, 0, 0, 0][..], &1u32.to_le_bytes(), &length, &utf16("Linux"), &paths].concat();
    for (name, value) in
        [("BootCurrent", vec![7, 0, 0, 0, 1, 0]), ("BootOrder", vec![7, 0, 0, 0, 1, 0]), ("Boot0001", option)]
    {
        let name = format!("/sys/firmware/efi/efivars/{name}-8be4df61-93ca-11d2-aa0d-00e098032b8c");
        model.put(&name, "");
        std::fs::write(model.path(&name), value).unwrap();
    }
}

/// `grub2-mkconfig -o /boot/efi/EFI/redhat/grub.cfg` on RHEL 9 replaces the file that loads the configuration on /boot. GRUB then
/// looks for its block on the EFI system partition, and finds none.
#[test]
fn a_configuration_that_replaces_the_one_that_the_firmware_starts_is_told() {
    for release in ["rhel9", "rhel10"] {
        let model = node(release, Firmware::Uefi);
        let text = model.read("boot/grub2/grub.cfg");
        // Another distribution has left its own.
        model.put("/sysroot/boot/efi/EFI/centos/grub.cfg", &text);
        assert_eq!(refused(&model), "", "{release}");
        let stub = model.read("boot/efi/EFI/redhat/grub.cfg");
        model.put("/sysroot/boot/efi/EFI/redhat/grub.cfg", &text);
        assert_eq!(model.run_grub().unwrap().default, "", "{release}: no default is read");
        let why = refused(&model);
        assert!(
            why.starts_with("LAY028: GRUB reads ") && why.contains("is not beside it"),
            "{release}: {why}"
        );
        model.put("/sysroot/boot/efi/EFI/redhat/grub.cfg", &stub);
        started_by_firmware(&model, "\\EFI\\centos\\shimx64.efi", 2048);
        assert!(refused(&model).contains("EFI/centos/grub.cfg"), "{release}: {}", refused(&model));
        started_by_firmware(&model, "\\EFI\\redhat\\shimx64.efi", 2048);
        assert_eq!(refused(&model), "", "{release}");
    }
}

/// Two EFI system partitions that a script keeps equal.
#[test]
fn a_second_efi_system_partition_is_told_where_it_has_a_default_of_its_own() {
    for release in ["rhel8", "rhel9", "rhel10"] {
        let model = Model::installed_with_grub(release, Firmware::Uefi);
        model.mount("/boot/efi2", (252, 17), "vfat", "rw", 600 << 20, "vdb1");
        for (device, start) in [("252:1", 2048), ("252:17", 4096)] {
            model.put(&format!("/sys/dev/block/{device}/start"), &format!("{start}\n"));
        }
        let copy = |name: &str| {
            let from = model.sysroot().join("boot/efi/EFI/redhat").join(name);
            if let Ok(text) = std::fs::read_to_string(from) {
                model.put(&format!("/sysroot/boot/efi2/EFI/redhat/{name}"), &text);
            }
        };
        copy("grub.cfg");
        copy("grubenv");
        let system = model.system();
        let (_, warned) = node_layout::examine(&system, &policy(), &model).unwrap();
        let warned = warned.iter().filter(|f| f.message.contains("which node-layout does not write to"));
        assert_eq!(warned.count(), usize::from(release == "rhel8"), "{release}: before init");
        model.init().unwrap();
        model.first_boot();
        model.add_image(NEW);
        started_by_firmware(&model, "\\EFI\\redhat\\shimx64.efi", 2048);
        model.put("/sysroot/boot/efi/EFI/redhat/shimx64.efi", "shim");
        if release != "rhel8" {
            // Both load the one configuration on /boot.
            assert_eq!(found(&model), Vec::<String>::new(), "{release}");
            started_by_firmware(&model, "\\EFI\\redhat\\shimx64.efi", 4096);
            assert_eq!(refused(&model), "", "{release}");
            continue;
        }
        let told = found(&model);
        assert!(
            told.len() == 1
                && told[0].starts_with("warning[LAY024]")
                && told[0].contains(
                    "/boot/efi2/EFI/redhat/grub.cfg is another configuration of GRUB, and its default is 5ae5"
                ),
            "{told:?}"
        );
        copy("grubenv");
        assert_eq!(found(&model), Vec::<String>::new());
        assert_eq!(refused(&model), "");
        // The firmware has started the other one: what is written has no effect.
        started_by_firmware(&model, "\\EFI\\redhat\\shimx64.efi", 4096);
        let why = refused(&model);
        assert!(why.starts_with("LAY028: the firmware has started the boot loader on /boot/efi2"), "{why}");
    }
}

/// A mirrored EFI system partition: md with metadata 1.0, of which GRUB reads and writes one half.
#[test]
fn a_mirrored_efi_system_partition_is_used_where_grub_writes_nothing_to_it() {
    for release in ["rhel8", "rhel9", "rhel10"] {
        let model = Model::installed_with_grub(release, Firmware::Uefi);
        model.unmount("/boot/efi");
        model.mount("/boot/efi", (9, 126), "vfat", "rw", 600 << 20, "md126");
        model.init().unwrap();
        model.first_boot();
        model.add_image(NEW);
        assert_eq!(booted(&model), format!("{NVR}+1"), "{release}");
        match release {
            "rhel8" => {
                assert!(refused(&model).ends_with("/dev/md126 is a RAID array"), "{}", refused(&model))
            }
            _ => {
                assert_eq!(found(&model), Vec::<String>::new(), "{release}");
                done(&model, &arm(&model.running(), NEW, &model).unwrap());
                assert_eq!(booted(&model), format!("{NEW}+1"), "{release}");
                assert_eq!(booted(&model), format!("{NVR}+1"), "{release}");
            }
        }
    }
}

#[test]
fn an_initial_ram_disk_that_grub_adds_is_looked_for_beside_every_initramfs() {
    for (release, firmware) in ALL {
        let model = Model::installed_with_grub(release, firmware);
        set(&model, &[("early_initrd", Some("acpi.cpio"))]);
        let Err(Outcome::Refused(findings)) = model.init() else { panic!("{release}: not refused") };
        assert!(
            findings.iter().any(|f| f.code.id == "LAY022" && f.message.contains("GRUB adds /acpi.cpio to")),
            "{findings:?}"
        );
        let model = node(release, firmware);
        set(&model, &[("early_initrd", Some("acpi.cpio"))]);
        assert!(
            found(&model).iter().any(|f| f.contains(&format!("GRUB adds /{NVR}+1/acpi.cpio to"))),
            "{:?}",
            found(&model)
        );
        assert!(refused(&model).contains("acpi.cpio does not exist"), "{}", refused(&model));
        for layer in [NVR, NEW] {
            model.put(&format!("/sysroot/boot/{layer}+1/acpi.cpio"), "tables");
        }
        assert_eq!(refused(&model), "", "{release}");
    }
}

/// GRUB of RHEL 9 and later leaves out an entry whose name compares equal to that of another one.
#[test]
fn an_entry_that_grub_does_not_list_is_not_tried() {
    for (release, why) in [("rhel8", ""), ("rhel9", "for the same entry, and lists only one of them")] {
        let model = node(release, Firmware::Bios);
        model.put(
            "/sysroot/etc/os-release",
            if release == "rhel8" {
                "ID=\"rhel\"\nVERSION_ID=\"8.10\"\n"
            } else {
                "ID=\"rhel\"\nVERSION_ID=\"9.4\"\n"
            },
        );
        model.add_image(&NEW.replace("4.5.7", "4.5.07"));
        let said = refused(&model);
        assert!(said.ends_with(why) && said.is_empty() == why.is_empty(), "{release}: {said}");
    }
}
