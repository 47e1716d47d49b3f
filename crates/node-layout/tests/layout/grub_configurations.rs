//! The configurations that `grub2-mkconfig` of RHEL 8, 9 and 10 writes, on BIOS and UEFI: what `node-layout` writes has its effect
//! in them.

use crate::grub::Firmware;
use crate::model::{Model, NVR, policy};
use crate::trial::{NEW, done, state_of};
use node_base::diagnostic::Severity;
use node_layout::{Depth, ImageState, Reason, arm, arm_times, confirm, fail, rollback, verify};

/// Every configuration.
const ALL: [(&str, Firmware); 6] = [
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

/// Sets variables of GRUB's environment block, as `grub2-editenv - set` does; `None` unsets.
fn set(model: &Model, variables: &[(&str, Option<&str>)]) {
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
    let cases: [(&[(&str, Option<&str>)], &str); 6] = [
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
        (&[("prev_saved_entry", None)], "5"),
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
