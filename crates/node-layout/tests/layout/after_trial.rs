//! What `verify` finds of trials and of other programs, and what `--repair` mends.

use crate::helps;
use crate::model::{Model, NVR, is_error, policy};
use crate::trial::{MACHINES, NEW, done, node, node_of, state_of};
use node_layout::{
    Depth, ImageState, TrialContent, arm, confirm, drop_kernel, health, keep, remove, repair, rollback,
    started, trial_files, units, verify,
};
use std::path::Path;
use std::time::Duration;

const KVER: &str = "5.14.0-503.11.1.el9_5.x86_64";
const NEWER: &str = "5.14.0-570.1.1.el9_6.x86_64";

/// Findings of the codes that are about trials: severity, code and message.
fn found(model: &Model) -> Vec<String> {
    let findings = verify(&model.running(), &policy(), model, Depth::Properties);
    let about = [
        "LAY022", "LAY023", "LAY024", "LAY025", "LAY027", "LAY029", "LAY061", "LAY065", "LAY066", "LAY067",
        "LAY068",
    ];
    let findings = findings.into_iter().filter(|f| about.contains(&f.code.id));
    findings
        .map(|f| {
            assert!(f.help.is_some(), "no help: {}", f.message);
            format!("{}[{}]: {}", f.severity, f.code.id, f.message)
        })
        .collect()
}

/// Repairs the machine, as `verify` advises: what advised it is gone, and no error is new.
#[track_caller]
fn repaired(model: &Model) {
    let before = verify(&model.running(), &policy(), model, Depth::Properties);
    let advised =
        before.iter().find(|f| f.help.as_ref().is_some_and(|help| help.contains("verify --repair")));
    match advised {
        Some(finding) => assert!(helps::apply(model, finding), "{finding:?}"),
        None => done(model, &repair(&model.running(), model).unwrap()),
    }
    let after = verify(&model.running(), &policy(), model, Depth::Properties);
    for finding in &after {
        let advises = finding.help.as_ref().is_some_and(|help| help.contains("verify --repair"));
        let is_new = !before.iter().any(|f| (f.code, &f.message) == (finding.code, &finding.message));
        assert!(!(advises || is_new && is_error(finding)), "after the repair: {finding:?}");
    }
    let left = repair(&model.running(), model).unwrap();
    assert!(left.plan.steps.is_empty(), "a second repair would do {:?}", left.plan.steps);
}

fn armed(release: &str) -> Model {
    let model = node_of(release);
    done(&model, &arm(&model.running(), NEW, &model).unwrap());
    model
}

#[test]
fn every_state_of_a_trial_is_told_and_none_is_an_error() {
    for release in MACHINES {
        let model = armed(release);
        let (old, new) = (format!("{NVR}+1"), format!("{NEW}+1"));
        assert_eq!(found(&model), [format!("info[LAY067]: the next boot tries image {NEW}")], "{release}");
        model.boots().unwrap();
        let trying = [
            format!("info[LAY067]: image {NEW} is on trial and not confirmed yet"),
            format!("info[LAY068]: the default is {old}, and / is {new}"),
        ];
        assert_eq!(found(&model), trying, "{release}");
        assert_eq!(health(&model.running(), &policy(), &[], &model), [], "{release}");
        done(&model, &confirm(&model.running(), 2, &model).unwrap());
        assert_eq!(found(&model), Vec::<String>::new(), "{release}");
        done(&model, &rollback(&model.running(), None).unwrap());
        assert_eq!(
            found(&model),
            [format!("info[LAY068]: the default is {old}, and / is {new}")],
            "{release}"
        );
        model.boots().unwrap();
        assert_eq!(found(&model), Vec::<String>::new(), "{release}");
    }
}

#[test]
fn what_a_failed_trial_has_left_is_found_recorded_and_removed() {
    let model = armed("rhel9");
    model.boots().unwrap();
    done(&model, &started(&model.running()).unwrap());
    model.boots().unwrap();
    let entry = format!("{NEW}+1-{KVER}");
    let failed = format!("warning[LAY061]: image {NEW} started and was not confirmed; / is {NVR}+1");
    let stale = format!("warning[LAY029]: the boot loader still has the trial of {entry}, which is over");
    assert_eq!(found(&model), [stale, failed.clone()]);
    repaired(&model);
    assert_eq!(found(&model), [failed], "the image has still failed");
    let block = model.read("boot/grub2/grubenv");
    assert!(!block.contains("fallback") && !block.contains("trial"), "{block}");
    done(&model, &remove(&model.running(), NEW).unwrap());
    assert_eq!(found(&model), Vec::<String>::new());
}

#[test]
fn an_order_for_an_entry_that_is_gone_is_found_and_withdrawn() {
    let model = armed("rhel9");
    std::fs::remove_file(model.sysroot().join(format!("boot/loader/entries/{NEW}+1-{KVER}.conf"))).unwrap();
    assert!(
        found(&model).iter().any(|f| f.starts_with("warning[LAY029]: the next boot is to try")),
        "{:?}",
        found(&model)
    );
    repaired(&model);
    assert!(!found(&model).iter().any(|f| f.contains("LAY029")), "{:?}", found(&model));
    assert_eq!(state_of(&model.running(), NEW), (ImageState::Ready, None));
}

/// imgbase makes this of every release: RHEL 9's configuration looks for the block in /boot/grub2.
#[test]
fn a_block_that_imgbase_has_moved_is_found_and_put_back() {
    let model = node();
    model.mount("/boot/efi", (252, 2), "vfat", "rw", 600 << 20, "vda2");
    model.put("/sys/firmware/efi/fw_platform_size", "64\n");
    let config = "set default=\"${saved_entry}\"\nset next_entry=\ninsmod blscfg\nblscfg\n";
    model.put("/sysroot/boot/grub2/grub.cfg", config);
    let link = model.sysroot().join("boot/grub2/grubenv");
    let block = model.read("boot/grub2/grubenv");
    model.put("/sysroot/boot/efi/EFI/centos/grubenv", &block);
    std::fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink("../efi/EFI/centos/grubenv", &link).unwrap();
    let told = || {
        let findings = verify(&model.running(), &policy(), &model, Depth::Properties);
        findings
            .into_iter()
            .filter(|f| f.code.id == "LAY028")
            .map(|f| (f.message, f.help.unwrap()))
            .collect::<Vec<_>>()
    };
    let found = told();
    assert!(found.len() == 1 && found[0].0.contains("does not follow a link"), "{found:?}");
    assert!(found[0].1.contains("verify --repair"), "{found:?}");
    repaired(&model);
    assert_eq!(told(), []);
    assert!(!link.is_symlink());
    assert_eq!(model.read("boot/grub2/grubenv"), block);
    done(&model, &arm(&model.running(), NEW, &model).unwrap());
    assert_eq!(model.boots().unwrap(), format!("{NEW}+1"));
}

#[test]
fn a_layer_that_has_lost_its_entry_gets_it_back() {
    let model = node();
    let path = model.sysroot().join(format!("boot/loader/entries/{NVR}+1-{KVER}.conf"));
    std::fs::remove_file(&path).unwrap();
    assert!(found(&model).iter().any(|f| f.contains("has no boot entry")), "{:?}", found(&model));
    repaired(&model);
    assert_eq!(found(&model), Vec::<String>::new());
    assert!(path.exists());
}

/// Upstream's GRUB takes an index only, and another entry changes what it means.
#[test]
fn an_index_to_fall_back_to_is_renewed_when_entries_change() {
    let model = node();
    model.put("/sysroot/etc/os-release", "ID=debian\n");
    done(&model, &arm(&model.running(), NEW, &model).unwrap());
    let index = || {
        let block = model.read("boot/grub2/grubenv");
        block.lines().find_map(|l| l.strip_prefix("fallback=").map(str::to_owned)).unwrap()
    };
    assert_eq!(index(), "1", "the new image's entry is before it");
    model.put("/sysroot/boot/loader/entries/zz-9.conf", "title other\nlinux /x\noptions root=/dev/sdb1\n");
    model.put("/sysroot/boot/x", "kernel");
    assert!(
        found(&model).iter().any(|f| f.contains("falls back to another entry than the default")),
        "{:?}",
        found(&model)
    );
    repaired(&model);
    assert_eq!(index(), "2");
    assert_eq!(state_of(&model.running(), NEW).0, ImageState::Armed, "the trial is still ordered");
}

/// `grub2-mkconfig` of RHEL 9.0 writes the command line of `/etc/default/grub` into every entry.
#[test]
fn entries_that_were_given_one_root_get_their_own_back() {
    let model = armed("rhel9");
    let entries = model.sysroot().join("boot/loader/entries");
    let paths: Vec<_> = std::fs::read_dir(&entries).unwrap().map(|e| e.unwrap().path()).collect();
    let own = model.read(&format!("boot/loader/entries/{NVR}+1-{KVER}.conf"));
    let options = own.lines().find(|l| l.starts_with("options ")).unwrap();
    let before = model.read(&format!("boot/loader/entries/{NEW}+1-{KVER}.conf"));
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let text: Vec<&str> =
            text.lines().map(|l| if l.starts_with("options ") { options } else { l }).collect();
        std::fs::write(&path, text.join("\n") + "\n").unwrap();
    }
    let message = format!(
        "error[LAY065]: {NEW}+1-{KVER}.conf is an entry of {NEW}+1, and its root is /dev/onn/{NVR}+1"
    );
    assert!(found(&model).contains(&message), "{:?}", found(&model));
    let unguarded = "which lacks the kernel arguments of a trial";
    assert!(found(&model).iter().any(|f| f.contains(unguarded)), "{:?}", found(&model));
    repaired(&model);
    assert_eq!(found(&model), [format!("info[LAY067]: the next boot tries image {NEW}")]);
    let after = model.read(&format!("boot/loader/entries/{NEW}+1-{KVER}.conf"));
    let of_layer = |text: &str| -> Vec<String> {
        let options = text.lines().find(|l| l.starts_with("options ")).unwrap();
        options
            .split(' ')
            .filter(|w| w.contains(NEW) || w.starts_with("panic=") || w.starts_with("rd.emergency="))
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(of_layer(&after), of_layer(&before));
    assert!(!after.contains(NVR), "{after}");
}

#[test]
fn an_entry_that_was_given_the_uuid_of_another_root_gets_its_own_back() {
    let model = node();
    let path = format!("boot/loader/entries/{NEW}+1-{KVER}.conf");
    let text = model.read(&path);
    let uuid = "root=UUID=00000000-0000-00a1-0000-0000000000a1 ";
    model.put(&format!("/sysroot/{path}"), &text.replace(&format!("root=/dev/onn/{NEW}+1 "), uuid));
    assert!(
        found(&model).iter().any(|f| f.contains("LAY065") && f.contains("its root is UUID=")),
        "{:?}",
        found(&model)
    );
    repaired(&model);
    assert_eq!(found(&model), Vec::<String>::new());
    assert_eq!(model.read(&path), text);
}

#[test]
fn an_entry_of_our_own_whose_volume_is_gone_is_removed() {
    let model = node();
    model.volumes.borrow_mut().retain(|v| !v.name.starts_with(NEW));
    assert!(
        found(&model).iter().any(|f| f.contains("names the volume onn/ovirt-node-ng-4.5.7")),
        "{:?}",
        found(&model)
    );
    repaired(&model);
    assert_eq!(found(&model), Vec::<String>::new());
}

/// Installs a kernel in the running layer, as its package and kernel-install do.
fn install_kernel(model: &Model, layer: &str, version: &str, text: &str) {
    let path = format!("/sysroot/boot/loader/entries/5ae5a8b9e3f94cbfb0bd7a0b1c2d3e4f-{version}.conf");
    let entry = format!(
        "title CentOS ({version})\nversion {version}\nlinux /vmlinuz-{version}\ninitrd /initramfs-{version}.img $tuned_initrd\n\
         options root=/dev/onn/{layer} ro rd.lvm.lv=onn/{layer} img.bootid={layer} site=1\n"
    );
    model.put(&path, &entry);
    model.put(&format!("/sysroot/boot/vmlinuz-{version}"), &format!("{text} kernel"));
    model.put(&format!("/sysroot/boot/initramfs-{version}.img"), &format!("{text} initramfs"));
}

#[test]
fn two_layers_with_one_kernel_version_keep_their_own() {
    let model = node();
    let layers = [format!("{NVR}+1"), format!("{NEW}+1")];
    install_kernel(&model, &layers[0], NEWER, "old");
    assert_eq!(
        found(&model),
        [format!(
            "warning[LAY066]: 5ae5a8b9e3f94cbfb0bd7a0b1c2d3e4f-{NEWER}.conf boots {NVR}+1 with a kernel that is not in {}",
            model.sysroot().join(format!("boot/{NVR}+1")).display()
        )]
    );
    done(&model, &keep(&model.running(), NEWER).unwrap());
    assert_eq!(found(&model), Vec::<String>::new());
    assert_eq!(keep(&model.running(), NEWER).unwrap().result, "nothing-to-do");
    let entry = model.read(&format!("boot/loader/entries/{NVR}+1-{NEWER}.conf"));
    assert!(
        entry.contains(&format!("\nlinux /{NVR}+1/vmlinuz-{NEWER}\n")) && entry.contains(" site=1"),
        "{entry}"
    );
    assert!(entry.contains("$tuned_initrd"), "{entry}");

    done(&model, &arm(&model.running(), NEW, &model).unwrap());
    model.boots().unwrap();
    done(&model, &confirm(&model.running(), 2, &model).unwrap());
    install_kernel(&model, &layers[1], NEWER, "new");
    done(&model, &keep(&model.running(), NEWER).unwrap());
    for (layer, text) in layers.iter().zip(["old", "new"]) {
        assert_eq!(model.read(&format!("boot/{layer}/vmlinuz-{NEWER}")), format!("{text} kernel"));
        assert_eq!(model.read(&format!("boot/{layer}/initramfs-{NEWER}.img")), format!("{text} initramfs"));
        let entry = model.read(&format!("boot/loader/entries/{layer}-{NEWER}.conf"));
        assert!(entry.contains(&format!("root=/dev/onn/{layer} ")), "{entry}");
    }
    // The initramfs is made again in the running layer.
    install_kernel(&model, &layers[1], NEWER, "newest");
    let decision = keep(&model.running(), NEWER).unwrap();
    let names: Vec<_> = decision.plan.steps.iter().map(|s| s.name).collect();
    assert_eq!(names, ["boot-own", "boot-files", "boot-kept"]);
    done(&model, &decision);
    assert_eq!(model.read(&format!("boot/{NEW}+1/initramfs-{NEWER}.img")), "newest initramfs");
    assert_eq!(model.read(&format!("boot/{NVR}+1/initramfs-{NEWER}.img")), "old initramfs");
    assert_eq!(found(&model), Vec::<String>::new());

    done(&model, &drop_kernel(&model.running(), NEWER, &model).unwrap());
    assert!(!model.sysroot().join(format!("boot/{NEW}+1/vmlinuz-{NEWER}")).exists());
    assert!(model.sysroot().join(format!("boot/{NVR}+1/vmlinuz-{NEWER}")).exists());
    assert_eq!(model.boots().unwrap(), format!("{NEW}+1"));
    let last = drop_kernel(&model.running(), KVER, &model).unwrap();
    assert_eq!(last.message, "nothing to do: it is the only one of the layer");
    model.put("/proc/sys/kernel/osrelease", &format!("{KVER}\n"));
    assert_eq!(drop_kernel(&model.running(), KVER, &model).unwrap().message, "nothing to do: it runs");
}

#[test]
fn a_new_kernel_that_is_the_default_is_the_default_as_the_layers_own() {
    let model = node();
    install_kernel(&model, &format!("{NVR}+1"), NEWER, "new");
    let id = format!("5ae5a8b9e3f94cbfb0bd7a0b1c2d3e4f-{NEWER}");
    model.put(
        "/sysroot/boot/grub2/grubenv",
        &format!("{:#<1024}", format!("# GRUB Environment Block\nsaved_entry={id}\n")),
    );
    repaired(&model);
    let system = model.running();
    assert_eq!(system.boot.as_ref().unwrap().default_entry().unwrap().id, format!("{NVR}+1-{NEWER}"));
}

/// kernel-install makes the entry of a new kernel the default, also in a trial.
#[test]
fn a_kernel_that_is_installed_in_a_trial_does_not_end_it() {
    let model = armed("rhel9");
    model.boots().unwrap();
    install_kernel(&model, &format!("{NEW}+1"), NEWER, "new");
    let id = format!("5ae5a8b9e3f94cbfb0bd7a0b1c2d3e4f-{NEWER}");
    let block = model.read("boot/grub2/grubenv");
    let saved = block.lines().find(|l| l.starts_with("saved_entry=")).unwrap();
    let block = block.trim_end_matches('#').replace(saved, &format!("saved_entry={id}"));
    model.put("/sysroot/boot/grub2/grubenv", &format!("{block:#<1024}"));
    done(&model, &keep(&model.running(), NEWER).unwrap());
    assert_eq!(state_of(&model.running(), NEW), (ImageState::Trying, None));
    assert_eq!(model.boots().unwrap(), format!("{NVR}+1"), "it is not confirmed");
    assert_eq!(state_of(&model.running(), NEW).0, ImageState::Failed);
}

#[test]
fn kernels_that_are_older_than_the_layers_own_are_left_alone() {
    let model = node();
    install_kernel(&model, &format!("{NVR}+1"), "5.14.0-400.el9.x86_64", "old");
    assert_eq!(found(&model), Vec::<String>::new());
}

/// Whose `/boot/initramfs-KVER.img` it is cannot be told, unless it is newer than the boot.
#[test]
fn a_file_that_another_image_has_written_is_not_kept_for_this_one() {
    let model = node();
    let path = format!("/sysroot/boot/initramfs-{KVER}.img");
    model.put(&path, "of the other image");
    let file = std::fs::File::options().append(true).open(model.path(&path)).unwrap();
    let now = std::time::SystemTime::now();
    file.set_modified(now + Duration::from_secs(60)).unwrap();
    let seconds = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let outdated = || found(&model).iter().filter(|f| f.contains("LAY027")).count();
    assert_eq!(outdated(), 0, "nobody says when this boot was");
    model.put("/proc/stat", &format!("cpu 1\nbtime {}\n", seconds + 3600));
    assert_eq!(outdated(), 0, "written before this boot");
    model.put("/proc/stat", &format!("cpu 1\nbtime {}\n", seconds - 3600));
    assert_eq!(outdated(), 1, "written in this boot");
}

#[test]
fn what_keeps_a_boot_loader_from_being_told_is_a_finding() {
    let model = node();
    let block = model.read("boot/grub2/grubenv");
    model.put("/sysroot/boot/grub2/grubenv", block.trim_end_matches('#'));
    let refused = arm(&model.running(), NEW, &model).unwrap_err();
    assert_eq!(refused[0].code.id, "LAY028");
    assert!(refused[0].help.as_ref().unwrap().contains("--no-trial"), "{refused:?}");
}

#[test]
fn health_asks_units_and_the_checks_of_greenboot() {
    let model = node();
    let asked = |units: &[String]| health(&model.running(), &policy(), units, &model);
    assert_eq!(asked(&[]), []);
    for (path, name) in
        [("usr/lib", "20_b.sh"), ("usr/lib", "10_a.sh"), ("etc", "05_c.sh"), ("etc", "README")]
    {
        model.put(&format!("/sysroot/{path}/greenboot/check/required.d/{name}"), "");
    }
    model.put("/sysroot/etc/greenboot/check/wanted.d/50_w.sh", "");
    let from = model.commands.borrow().len();
    assert_eq!(asked(&["vdsmd.service".to_owned()]), []);
    let commands = model.commands.borrow()[from..].to_vec();
    let names: Vec<&str> = commands.iter().map(|c| c.rsplit('/').next().unwrap()).collect();
    assert_eq!(
        names,
        ["systemctl is-active --quiet -- vdsmd.service", "10_a.sh", "20_b.sh", "05_c.sh", "50_w.sh"]
    );
    assert!(commands[1].starts_with("timeout --kill-after=10 300 /"), "{commands:?}");
    for (number, name, tolerated) in
        [(0, "vdsmd.service", false), (2, "20_b.sh", false), (4, "50_w.sh", true)]
    {
        model.fails_at.set(Some(model.commands.borrow().len() + number));
        let failed = asked(&["vdsmd.service".to_owned()]);
        assert_eq!(failed.len(), 1);
        assert_eq!((failed[0].name.as_str(), failed[0].tolerated), (name, tolerated));
    }
    model.fails_at.set(None);
    // What verify finds wrong with the image.
    let fstab = model.read("etc/fstab");
    model.put("/sysroot/etc/fstab", &fstab.replace(&format!("/dev/onn/{NVR}+1"), "/dev/sdx1"));
    let failed = asked(&[]);
    assert_eq!(failed[0].reason().as_str(), "health-verify");
    model.put("/sysroot/etc/fstab", &fstab);
    // What is wrong with another image is not this one's fault.
    model.volumes.borrow_mut().retain(|v| v.name != NEW);
    model.change("pool00", |v| v.data_percent = "90.00".into());
    assert!(model.errors().len() > 1, "{:?}", model.errors());
    assert_eq!(asked(&[]), []);
    // greenboot's own service runs its checks.
    let link = model
        .path("/sysroot/usr/lib/systemd/system/boot-complete.target.requires/greenboot-healthcheck.service");
    std::fs::create_dir_all(link.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink("../greenboot-healthcheck.service", &link).unwrap();
    let from = model.commands.borrow().len();
    asked(&[]);
    assert_eq!(model.commands.borrow().len(), from, "the checks are run twice");
}

/// The units that packages install are the ones that an update writes.
#[test]
fn the_units_of_the_packages_are_those_of_an_update() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/systemd");
    let written = trial_files("/usr/bin/node-layout", node_layout::CONFIRM_WITHIN);
    let of_update = units("/usr/bin/node-layout", node_layout::CONFIRM_WITHIN);
    for unit in &of_update {
        let path = directory.join(unit.name);
        if std::env::var_os("INSTA_UPDATE").is_some() {
            std::fs::write(&path, &unit.text).unwrap();
        }
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            unit.text,
            "INSTA_UPDATE=always writes {}",
            unit.name
        );
    }
    assert_eq!(std::fs::read_dir(&directory).unwrap().count(), of_update.len());
    assert!(written.iter().any(|f| matches!(f.content, TrialContent::Link(_))));
}
