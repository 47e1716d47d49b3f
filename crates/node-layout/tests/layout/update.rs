//! A new image beside the old one.

use crate::model::{Model, NVR, Outcome, Recorder, policy};
use crate::trial::state_of;
use crate::update_model::{KVER, NEW, steps};
use node_layout::{
    AfterUpdate, Depth, ImageState, UpdateRequest, confirm, remove, rollback, run, started, verify,
};

fn errors(model: &Model) -> Vec<String> {
    let findings = verify(&model.running(), &policy(), model, Depth::Properties);
    findings.into_iter().filter(crate::model::is_error).map(|f| f.message).collect()
}

#[test]
fn an_update_makes_base_layer_and_entry_and_the_next_boot_tries_it() {
    for release in ["rhel8", "rhel9", "rhel10"] {
        let model = Model::node(release);
        let before = model.files(&model.sysroot());
        let mut recorder = Recorder::default();
        assert_eq!(model.update_with(&model.request(), &mut recorder).unwrap(), "armed");
        let expected = [
            "create-base",
            "base-uuid",
            "base-content",
            "seal-base",
            "create-layer",
            "layer-uuid",
            "mount-layer",
            "layer-etc",
            "layer-names",
            "trial-units",
            "initramfs",
            "boot-files",
            "boot-entry",
            "complete",
            "arm",
            "marker",
        ];
        assert_eq!(steps(&recorder), expected, "{release}");
        // The base is the image.
        assert_eq!(model.files(&model.tree(NEW)), model.files(&model.path("image")));
        let base = model.volume(NEW).unwrap();
        assert!(!base.writable && base.skip && base.minor.is_none());
        assert_eq!(
            base.tags.iter().filter(|t| !t.starts_with("node-layout:content=")).collect::<Vec<_>>(),
            ["imgbased:base", "node-layout:state=ready"]
        );
        assert!(
            base.tags.iter().any(|t| t.starts_with("node-layout:content=crc64-")),
            "its checksum is recorded"
        );
        // The layer has /etc of host and image, which names the new layer, and the units of the trial.
        let layer = model.volume(&format!("{NEW}+1")).unwrap();
        assert!(layer.writable && !layer.skip);
        assert_eq!(layer.tags, ["imgbased:layer"]);
        let of_layer = model.files(&model.tree(&format!("{NEW}+1")));
        let text = |name: &str| String::from_utf8(of_layer[name].clone()).unwrap();
        assert_eq!(text("etc/hostname"), "node1\n");
        assert_eq!(text("etc/of-the-image"), "default\n");
        assert_eq!(text("usr/share/new"), "only in the new image\n");
        assert!(!of_layer.contains_key("usr/share/old"));
        let fstab = text("etc/fstab");
        let root = fstab.lines().find(|l| l.split_whitespace().nth(1) == Some("/")).unwrap();
        assert!(
            root.starts_with(&format!("/dev/onn/{NEW}+1 ")) && !fstab.contains(&format!("{NVR}+1")),
            "{fstab}"
        );
        assert!(
            text("etc/systemd/system/node-layout-confirm.service").contains("/usr/bin/node-layout confirm")
        );
        assert_eq!(
            text("etc/systemd/system/sysinit.target.wants/node-layout-trial.timer"),
            "../node-layout-trial.timer"
        );
        for kept in ["etc/default/grub", "etc/kernel/cmdline"].iter().filter(|k| of_layer.contains_key(**k)) {
            let text = text(kept);
            assert!(!text.contains(&format!("{NVR}+1")), "{release}: {kept}: {text}");
        }
        // /boot has kernel, initramfs (made by the new dracut, with the new fstab), entry.
        assert_eq!(model.read(&format!("boot/{NEW}+1/vmlinuz-{KVER}")), "the new kernel");
        assert_eq!(model.read(&format!("boot/{NEW}+1/.vmlinuz-{KVER}.hmac")), "checksum");
        let initramfs = model.read(&format!("boot/{NEW}+1/initramfs-{KVER}.img"));
        assert!(
            initramfs.starts_with(&format!("initramfs of {KVER}")) && initramfs.contains(&fstab),
            "{initramfs}"
        );
        let entry = model.read(&format!("boot/loader/entries/{NEW}+1-{KVER}.conf"));
        for part in [
            format!("linux /{NEW}+1/vmlinuz-{KVER}\n"),
            format!("version {KVER}\n"),
            format!("initrd /{NEW}+1/initramfs-{KVER}.img"),
            format!("root=/dev/onn/{NEW}+1 "),
            format!("rd.lvm.lv=onn/{NEW}+1 "),
            format!("img.bootid={NEW}+1 "),
            format!("node_layout.trial={NEW} "),
        ] {
            assert!(entry.contains(&part), "{release}: {part} is not in\n{entry}");
        }
        assert!(!entry.contains(NVR), "{entry}");
        assert_eq!(model.read("var/imgbased/.image-updated"), "image\n");
        // Nothing else of the running system has changed.
        let mut after = model.files(&model.sysroot());
        after.retain(|name, content| before.get(name) != Some(content));
        let changed: Vec<String> = after.into_keys().collect();
        let allowed =
            |name: &String| name.starts_with("boot/") || name.starts_with("var/imgbased/") || name == "var/";
        assert!(changed.iter().all(allowed), "{release}: {changed:?}");
        assert_eq!(state_of(&model.running(), NEW), (ImageState::Armed, None));
        assert_eq!(errors(&model), Vec::<String>::new(), "{release}");

        // It boots once, is confirmed, is rolled back, and goes.
        assert_eq!(model.boots().unwrap(), format!("{NEW}+1"), "{release}");
        let done = |decision: &node_layout::Decision| crate::trial::done(&model, decision);
        done(&started(&model.running()).unwrap());
        done(&confirm(&model.running(), 2, &model).unwrap());
        assert_eq!(model.boots().unwrap(), format!("{NEW}+1"), "{release}");
        assert_eq!(state_of(&model.running(), NEW), (ImageState::Good, None));
        assert_eq!(model.update().unwrap(), "already-there");
        done(&rollback(&model.running(), None).unwrap());
        assert_eq!(model.boots().unwrap(), format!("{NVR}+1"), "{release}");
        done(&remove(&model.running(), NEW).unwrap());
        assert!(model.volume(NEW).is_none() && !model.sysroot().join(format!("boot/{NEW}+1")).exists());
    }
}

#[test]
fn a_second_run_says_what_is_there() {
    let model = Model::node("rhel9");
    let request = UpdateRequest { after: AfterUpdate::Nothing, ..model.request() };
    assert_eq!(model.update_with(&request, &mut crate::trial::Quiet).unwrap(), "ready");
    assert_eq!(state_of(&model.running(), NEW), (ImageState::Ready, None));
    assert!(!model.sysroot().join("var/imgbased/.image-updated").exists(), "it is not armed");
    assert_eq!(model.update_with(&request, &mut crate::trial::Quiet).unwrap(), "already-there");
    assert_eq!(model.update().unwrap(), "armed");
    assert_eq!(state_of(&model.running(), NEW), (ImageState::Armed, None));
    assert_eq!(model.read("var/imgbased/.image-updated"), "image\n");
    let disk = model.disk();
    assert_eq!(model.update().unwrap(), "already-armed");
    assert_eq!(model.disk(), disk);
    // Its trial fails; somebody asks for it again.
    assert_eq!(model.boots().unwrap(), format!("{NEW}+1"));
    assert_eq!(model.boots().unwrap(), format!("{NVR}+1"));
    assert_eq!(state_of(&model.running(), NEW).0, ImageState::Failed);
    assert_eq!(model.update().unwrap(), "armed");
    assert_eq!(state_of(&model.running(), NEW), (ImageState::Armed, None));
}

#[test]
fn another_image_takes_the_place_of_an_armed_one() {
    let model = Model::node("rhel9");
    assert_eq!(model.update().unwrap(), "armed");
    let other = "ovirt-node-ng-4.5.8-1";
    let request = UpdateRequest { nvr: Some(other.into()), ..model.request() };
    let system = model.running();
    let decided = model.decide(&system, &request).unwrap();
    let said: Vec<&str> = decided.findings.iter().map(|f| f.message.as_str()).collect();
    assert!(said.iter().any(|m| m.contains(&format!("image {NEW} is armed"))), "{said:?}");
    run(&model, &decided.plan, decided.undo(), &mut crate::trial::Quiet).unwrap();
    decided.close(&model).unwrap();
    let system = model.running();
    assert_eq!(state_of(&system, other), (ImageState::Armed, None));
    assert_eq!(state_of(&system, NEW), (ImageState::Ready, None));
    assert_eq!(model.boots().unwrap(), format!("{other}+1"));
}

#[test]
fn without_a_trial_it_is_the_default_at_once() {
    let model = Model::node("rhel9");
    // Nothing in it would confirm a trial.
    std::fs::remove_file(model.path("image/usr/bin/node-layout")).unwrap();
    let request = UpdateRequest { after: AfterUpdate::Default, ..model.request() };
    assert_eq!(model.update_with(&request, &mut crate::trial::Quiet).unwrap(), "updated");
    assert_eq!(state_of(&model.running(), NEW), (ImageState::Good, None));
    assert_eq!(model.read("var/imgbased/.image-updated"), "image\n");
    assert_eq!(model.boots().unwrap(), format!("{NEW}+1"));
    assert_eq!(model.boots().unwrap(), format!("{NEW}+1"));
    let system = model.running();
    assert_eq!((system.cmdline.value("node_layout.trial"), system.cmdline.value("panic")), (None, None));
    assert_eq!(errors(&model), Vec::<String>::new());
}

#[test]
fn a_failed_image_can_be_made_the_default_by_the_operators_word() {
    let model = Model::node("rhel9");
    model.update().unwrap();
    model.boots().unwrap();
    model.boots().unwrap();
    assert_eq!(state_of(&model.running(), NEW).0, ImageState::Failed);
    let request = UpdateRequest { after: AfterUpdate::Default, ..model.request() };
    assert_eq!(model.update_with(&request, &mut crate::trial::Quiet).unwrap(), "updated");
    assert_eq!(model.boots().unwrap(), format!("{NEW}+1"));
    assert_eq!(model.running().cmdline.value("node_layout.trial"), None);
    assert_eq!(state_of(&model.running(), NEW), (ImageState::Good, None));
}

#[test]
fn an_image_that_brings_its_initramfs_needs_no_dracut() {
    let model = Model::node("rhel9");
    std::fs::remove_file(model.path("image/usr/bin/dracut")).unwrap();
    model.put(&format!("/image/usr/lib/modules/{KVER}/initramfs.img"), "its own");
    model.update().unwrap();
    assert_eq!(model.read(&format!("boot/{NEW}+1/initramfs-{KVER}.img")), "its own");
    assert!(!model.commands.borrow().iter().any(|c| c.starts_with("chroot")));
}

#[test]
fn the_newest_kernel_of_an_image_is_taken() {
    let model = Model::node("rhel9");
    model.put("/image/usr/lib/modules/5.14.0-1000.el9.x86_64/vmlinuz", "newer");
    model.put("/image/usr/lib/modules/6.0.0-1.el9.x86_64/modules.dep", "no kernel");
    model.put("/image/boot/vmlinuz-5.14.0-999.el9.x86_64", "no modules");
    model.update().unwrap();
    assert_eq!(model.read(&format!("boot/{NEW}+1/vmlinuz-5.14.0-1000.el9.x86_64")), "newer");
}

#[test]
fn an_image_without_labels_is_labelled_as_a_whole() {
    let model = Model::node("rhel9");
    model.put("/sysroot/etc/selinux/config", "SELINUX=enforcing\nSELINUXTYPE=targeted\n");
    model.update().unwrap();
    let commands = model.commands.borrow();
    let labels = commands.iter().find(|c| c.starts_with("setfiles")).unwrap();
    let at = model.path("run/node-layout/layer").display().to_string();
    let contexts = format!("{at}/etc/selinux/targeted/contexts/files/file_contexts");
    assert_eq!(*labels, format!("setfiles -F -r {at} {contexts} {at}"));
}

#[test]
fn an_image_that_shares_little_gets_an_empty_volume() {
    let model = Model::node("rhel9");
    for number in 0..20 {
        model.put(&format!("/image/usr/share/large-{number}"), &format!("{number}").repeat(10_000));
    }
    model.update().unwrap();
    let commands = model.commands.borrow();
    let create = commands.iter().find(|c| c.contains("--virtualsize")).unwrap();
    assert!(create.starts_with("lvcreate --yes --type thin --virtualsize 171798691840b "), "{create}");
    assert!(commands.iter().any(|c| c.starts_with("mkfs.xfs -q -f -m uuid=22222222-")));
    assert_eq!(model.files(&model.tree(NEW)), model.files(&model.path("image")));
    let base = model.volume(NEW).unwrap();
    assert!(base.skip && !base.writable && base.minor.is_none());
    drop(commands);
    // Interrupted, it is removed as one that is a snapshot.
    let length = model.commands.borrow().len();
    for number in (0..length).step_by(3) {
        let model = Model::node("rhel9");
        for number in 0..20 {
            model.put(&format!("/image/usr/share/large-{number}"), &format!("{number}").repeat(10_000));
        }
        model.ends_at.set(Some(number));
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| model.update()));
        model.ends_at.set(None);
        model.power_cut();
        assert!(["armed", "already-armed"].contains(&model.update().unwrap()));
        assert_eq!(model.files(&model.tree(NEW)), model.files(&model.path("image")));
    }
}

#[test]
fn a_system_that_does_not_run_is_updated_too() {
    let model = Model::node("rhel9");
    let system = model.system_for(None);
    let decided = model.decide(&system, &model.request()).unwrap();
    run(&model, &decided.plan, decided.undo(), &mut crate::trial::Quiet).unwrap();
    decided.close(&model).unwrap();
    assert_eq!(model.boots().unwrap(), format!("{NEW}+1"));
}

#[test]
fn an_image_is_tried_several_times_if_that_is_asked_for() {
    let model = Model::node("rhel9");
    let grub = "set default=\"${next_entry}\"\nset default=\"${saved_entry}\"\nblscfg\nsource ${config_directory}/custom.cfg\n";
    model.put("/sysroot/boot/grub2/grub.cfg", grub);
    let request = UpdateRequest { tries: 2, ..model.request() };
    assert_eq!(model.update_with(&request, &mut crate::trial::Quiet).unwrap(), "armed");
    assert!(model.read("boot/grub2/custom.cfg").contains("node_layout_trial"));
    assert_eq!([model.boots().unwrap(), model.boots().unwrap()], [format!("{NEW}+1"), format!("{NEW}+1")]);
    assert_eq!(model.boots().unwrap(), format!("{NVR}+1"));
    let request = UpdateRequest { tries: 100, nvr: Some("other-1-1".into()), ..model.request() };
    let Err(Outcome::Refused(findings)) = model.update_with(&request, &mut crate::trial::Quiet) else {
        panic!("not refused")
    };
    assert!(findings[0].message.contains("times at most"), "{findings:?}");
}

#[test]
fn an_old_base_that_a_killed_run_has_left_active_is_deactivated() {
    let model = Model::node("rhel9");
    model.change(NVR, |v| v.minor = Some(77));
    assert_eq!(model.update().unwrap(), "armed");
    assert!(model.volume(NVR).unwrap().minor.is_none());
    // Somebody looks at it.
    let model = Model::node("rhel9");
    model.change(NVR, |v| v.minor = Some(77));
    model.mount("/mnt", (253, 77), "xfs", "ro", 40 << 30, "dm-77");
    let system = model.running();
    model.decide(&system, &model.request()).unwrap().close(&model).unwrap();
    assert_eq!(model.volume(NVR).unwrap().minor, Some(77));
}

#[test]
fn mount_points_that_the_image_lacks_are_made_in_the_layer() {
    let model = Model::node("rhel9");
    let fstab = model.read("etc/fstab");
    let more = "/dev/onn/data /data/vm xfs defaults 0 0\n/dev/onn/srv /srv/a xfs defaults 0 0\n/dev/onn/log /var/log xfs defaults 0 0\n";
    model.put("/sysroot/etc/fstab", &(fstab + more));
    // An absolute link stays inside the layer.
    std::os::unix::fs::symlink("/mnt/srv", model.path("image/srv")).unwrap();
    let mut recorder = Recorder::default();
    assert_eq!(model.update_with(&model.request(), &mut recorder).unwrap(), "armed");
    assert!(steps(&recorder).contains(&"mount-points"));
    let files = model.files(&model.tree(&format!("{NEW}+1")));
    assert!(files.contains_key("data/vm/") && files.contains_key("mnt/srv/a/"), "{:?}", files.keys());
    assert!(!files.contains_key("var/log/"), "it is on /var, which has it");
    assert!(!model.files(&model.tree(NEW)).contains_key("data/"), "the base is the image");
}

#[test]
fn the_log_of_xfs_is_counted_for_each_new_uuid() {
    let needed = |log_blocks: u32| {
        let model = Model::node("rhel9");
        let mut superblock = vec![0; 2048];
        superblock[..4].copy_from_slice(b"XFSB");
        for (at, number) in [(4, 4096), (52, 16), (96, log_blocks)] {
            superblock[at..at + 4].copy_from_slice(&number.to_be_bytes());
        }
        std::fs::write(model.path(&format!("dev/onn/{NVR}")), superblock).unwrap();
        let decided = model.decide(&model.running(), &model.request()).unwrap();
        let needed = decided.needs.as_ref().unwrap().pool_data.0;
        decided.close(&model).unwrap();
        needed
    };
    assert_eq!(needed(16_384) - needed(0), 2 * (64 << 20));
}

#[test]
fn what_is_printed_is_what_is_run() {
    let model = Model::node("rhel9");
    let system = model.running();
    let decided = model.decide(&system, &model.request()).unwrap();
    model.done.borrow_mut().clear();
    let printed: Vec<String> = decided
        .plan
        .steps
        .iter()
        .flat_map(|step| &step.actions)
        .flat_map(|action| action.commands())
        .map(|command| command.to_string())
        .collect();
    run(&model, &decided.plan, decided.undo(), &mut crate::trial::Quiet).unwrap();
    let done = model.done.borrow().clone();
    decided.close(&model).unwrap();
    // Two numbers are known only when the base is there.
    let placeholder = |command: &String| {
        let command = command.replace("--dev-id 0 ", "--dev-id THIN-ID ");
        match command.split_once("content=crc64-") {
            Some((before, after)) => {
                format!("{before}content=crc64-CHECKSUM{}", &after[after.find(' ').unwrap()..])
            }
            None => command,
        }
    };
    let done: Vec<String> = done.iter().map(placeholder).collect();
    assert_eq!(done, printed);
}

#[test]
fn an_update_says_what_is_not_proved_and_what_it_does_not_merge() {
    let model = Model::node("rhel9");
    let system = model.running();
    let infos = |request: &UpdateRequest| {
        let decided = model.decide(&system, request).unwrap();
        let codes: Vec<String> =
            decided.findings.iter().map(|f| format!("{}[{}]", f.severity, f.code.id)).collect();
        decided.close(&model).unwrap();
        codes
    };
    assert_eq!(infos(&model.request()), ["info[LAY082]", "info[LAY086]"]);
    let mut request = model.request();
    let archive = model.path("image.tar");
    let command = node_layout::Command::new(
        "tar",
        [
            "--create",
            "--file",
            archive.to_str().unwrap(),
            "--directory",
            model.path("image").to_str().unwrap(),
            ".",
        ],
    );
    node_layout::Tools::run(&node_layout::RealTools::default(), &command).unwrap();
    let sum = node_layout::Command::new("sha256sum", [archive.to_str().unwrap()]);
    let sum = node_layout::Tools::run(&node_layout::RealTools::default(), &sum).unwrap().stdout;
    request.image.image = archive;
    request.image.proof.sha256 = sum.split(' ').next().map(str::to_owned);
    assert_eq!(infos(&request), ["info[LAY086]"]);
}

#[test]
fn an_update_that_fails_at_any_command_leaves_nothing() {
    let whole = Model::node("rhel9");
    whole.update().unwrap();
    let length = whole.commands.borrow().len();
    let arm =
        whole.commands.borrow().iter().position(|c| c.contains("--deltag node-layout:state=making")).unwrap();
    assert!(length > 40, "{length} commands");
    for number in 0..length {
        let model = Model::node("rhel9");
        let before = model.disk();
        let trees = model.files(&model.path("volumes"));
        model.fails_at.set(Some(number));
        let result = model.update();
        let command = model.commands.borrow()[number].clone();
        match result {
            // Before anything is changed.
            Err(Outcome::Refused(_)) => assert!(number < 10, "{command}"),
            Err(Outcome::Failed(failure)) => {
                assert!(failure.undone.kept.is_none(), "`{command}`: {failure}");
                assert_eq!(failure.undone.left, Vec::<String>::new(), "after `{command}`");
            }
            // The pool need not be asked, nor its metadata be read; nor is it a reason that the end was not clean.
            Ok(_) => {
                let harmless = [
                    "dmsetup",
                    "thin_dump",
                    "thin_ls",
                    "umount",
                    "lvchange --config activation/monitoring=0 --activate n",
                    "lvchange --activate n",
                ];
                assert!(
                    harmless.iter().any(|h| command.starts_with(h)),
                    "`{command}` failed and the update did not"
                );
                continue;
            }
        }
        assert_eq!(model.disk(), before, "after `{command}` failed");
        assert_eq!(model.files(&model.path("volumes")), trees, "after `{command}` failed");
        model.fails_at.set(None);
        assert_eq!(model.update().unwrap(), "armed", "after `{command}` failed");
        assert!(number <= arm, "the last commands of an update are harmless");
    }
}

#[test]
fn an_update_is_completed_by_the_next_one_after_a_power_cut() {
    let whole = Model::node("rhel9");
    whole.update().unwrap();
    let expected = (whole.disk(), whole.files(&whole.path("volumes")));
    let length = whole.commands.borrow().len();
    for number in 0..length {
        let model = Model::node("rhel9");
        model.ends_at.set(Some(number));
        let cut = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| model.update()));
        let command = model.commands.borrow()[number].clone();
        assert!(cut.is_err(), "no power cut at `{command}`");
        model.ends_at.set(None);
        model.power_cut();
        // It boots what it booted before, or what is complete.
        let complete = state(&model) == Some(ImageState::Armed);
        let default = model.running().boot.unwrap().default_entry().unwrap().id.clone();
        assert!(default.starts_with(&format!("{NVR}+1-")), "`{command}`: {default}");
        assert_eq!(errors(&model), Vec::<String>::new(), "verify after a power cut at `{command}`");
        let result = model.update().unwrap_or_else(|e| panic!("after a power cut at `{command}`: {e:?}"));
        assert_eq!(result, if complete { "already-armed" } else { "armed" }, "`{command}`");
        let strip = |model: &Model, disk: std::collections::BTreeMap<std::path::PathBuf, Vec<u8>>| {
            disk.into_iter()
                .map(|(p, c)| (p.strip_prefix(model.sysroot()).unwrap().to_owned(), c))
                .collect::<Vec<_>>()
        };
        let (files, volumes, tags) = model.disk();
        assert_eq!(volumes, expected.0.1, "volumes after a power cut at `{command}`");
        assert_eq!(tags, expected.0.2);
        let (files, wanted) = (strip(&model, files), strip(&whole, expected.0.0.clone()));
        assert_eq!(files, wanted, "files after a power cut at `{command}`");
        assert_eq!(model.files(&model.path("volumes")), expected.1, "`{command}`");
    }
}

fn state(model: &Model) -> Option<ImageState> {
    let system = model.running();
    let states = node_layout::states(&system, system.lvm.as_ref().unwrap());
    states.into_iter().find(|i| i.nvr.as_str() == NEW).map(|i| i.state)
}
