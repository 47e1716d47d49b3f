//! Kernel and initramfs kept for the image in `/boot/<layer>/`: which files, when they are renewed, and that nothing else
//! stays there.

use crate::model::{Model, NVR, policy};
use node_layout::examine;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, SystemTime};

const VERSION: &str = "5.14.0-503.11.1.el9_5.x86_64";
const NEWER: &str = "5.14.0-570.1.1.el9_6.x86_64";

/// The layer's entry.
fn entry(model: &Model) -> String {
    model.read(&format!("boot/loader/entries/{NVR}+1-{VERSION}.conf"))
}

/// Names of the files in `/boot/<layer>/`.
fn kept(model: &Model) -> Vec<String> {
    let listed = std::fs::read_dir(model.sysroot().join(format!("boot/{NVR}+1"))).unwrap();
    let mut names: Vec<String> = listed.map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// `dracut -f`, a minute after everything else was written.
fn dracut(model: &Model, content: &str) {
    let path = format!("/sysroot/boot/initramfs-{VERSION}.img");
    model.put(&path, content);
    let file = std::fs::File::options().append(true).open(model.path(&path)).unwrap();
    file.set_modified(SystemTime::now() + Duration::from_secs(60)).unwrap();
}

/// What the installation of a kernel package leaves: its files, and an entry made after the running one's.
fn install_kernel(model: &Model, version: &str) {
    model.put(&format!("/sysroot/boot/vmlinuz-{version}"), "the newer kernel");
    model.put(&format!("/sysroot/boot/initramfs-{version}.img"), "the newer initramfs");
    let entries = model.sysroot().join("boot/loader/entries");
    let own = std::fs::read_dir(&entries).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let machines = own.into_iter().find(|n| n.contains(VERSION) && !n.starts_with(NVR)).unwrap();
    let text = model.read(&format!("boot/loader/entries/{machines}")).replace(VERSION, version);
    model.put(&format!("/sysroot/boot/loader/entries/{}", machines.replace(VERSION, version)), &text);
    let id = machines.replace(VERSION, version).replace(".conf", "");
    let block = format!("# GRUB Environment Block\nsaved_entry={id}\n");
    model.put("/sysroot/boot/grub2/grubenv", &format!("{block:#<1024}"));
}

#[test]
fn the_kernels_checksum_is_kept_for_fips() {
    let model = Model::installed("rhel9");
    let sum = format!(".vmlinuz-{VERSION}.hmac");
    model.put(&format!("/sysroot/boot/{sum}"), &format!("0123  vmlinuz-{VERSION}\n"));
    model.init().unwrap();
    model.first_boot();
    assert!(entry(&model).contains(" fips=1 "), "{}", entry(&model));
    assert_eq!(kept(&model), [sum.clone(), format!("initramfs-{VERSION}.img"), format!("vmlinuz-{VERSION}")]);
    assert_eq!(model.found("LAY023"), Vec::<String>::new());
    let copy = format!("boot/{NVR}+1/{sum}");
    std::fs::remove_file(model.sysroot().join(&copy)).unwrap();
    let found = model.found("LAY023");
    assert!(found.len() == 1 && found[0].starts_with("error: ") && found[0].contains(&copy), "{found:?}");
    // A system without such files does not need them.
    std::fs::remove_file(model.sysroot().join(format!("boot/{sum}"))).unwrap();
    assert_eq!(model.found("LAY023"), Vec::<String>::new());
}

#[test]
fn an_initramfs_generated_after_the_first_boot_is_found_and_kept_by_another_init() {
    let model = Model::installed("rhel9");
    model.init().unwrap();
    dracut(&model, "made by the installer");
    assert_eq!(
        model.found("LAY027"),
        Vec::<String>::new(),
        "the entry boots the system's own until the first boot"
    );
    model.first_boot();
    assert_eq!(model.found("LAY027"), Vec::<String>::new(), "the same content needs no renewal");
    dracut(&model, "made in the running layer");
    let found = model.found("LAY027");
    let copy = format!("boot/{NVR}+1/initramfs-{VERSION}.img");
    assert!(found.len() == 1 && found[0].starts_with("warning: ") && found[0].ends_with(&copy), "{found:?}");
    assert_eq!(model.errors(), Vec::<String>::new(), "a machine in order is not reported as broken");
    let before = entry(&model);
    assert_eq!(model.first_boot(), ["boot-own", "boot-files", "boot-kept"]);
    assert_eq!(entry(&model), before, "the entry boots the copy again");
    assert_eq!(model.read(&copy), "made in the running layer");
    assert_eq!(model.found("LAY027"), Vec::<String>::new());
    assert_eq!(model.first_boot(), Vec::<&str>::new());
}

#[test]
fn an_older_initramfs_of_the_system_is_not_preferred() {
    let model = Model::installed("rhel9");
    model.init().unwrap();
    model.first_boot();
    let path = model.sysroot().join(format!("boot/initramfs-{VERSION}.img"));
    std::fs::write(&path, "put back from somewhere").unwrap();
    let file = std::fs::File::options().append(true).open(&path).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(3600)).unwrap();
    assert_eq!(model.found("LAY027"), Vec::<String>::new());
    assert_eq!(model.first_boot(), Vec::<&str>::new());
}

#[test]
fn a_renewal_that_is_interrupted_boots_the_systems_own_and_is_completed() {
    let model = Model::installed("rhel9");
    model.init().unwrap();
    model.first_boot();
    dracut(&model, "made in the running layer");
    let (system, policy) = (model.booted(), policy());
    for steps in [1, 2] {
        let (s, _) = examine(&system, &policy, &model).unwrap();
        let mut plan = model.plan(&system, &s, &policy);
        plan.steps.truncate(steps);
        model.run(&system, &s, &plan).unwrap();
        assert!(entry(&model).contains(&format!("\ninitrd /initramfs-{VERSION}.img ")), "{}", entry(&model));
        assert_eq!(model.found("LAY060").len(), 1, "verify reports that something is pending");
        assert_eq!(model.errors(), Vec::<String>::new());
        assert_eq!(model.first_boot().last(), Some(&"boot-kept"));
        assert_eq!(model.read(&format!("boot/{NVR}+1/initramfs-{VERSION}.img")), "made in the running layer");
        assert_eq!(model.found("LAY060"), Vec::<String>::new());
        dracut(&model, "made in the running layer");
        model.put(&format!("/sysroot/boot/{NVR}+1/initramfs-{VERSION}.img"), "older");
    }
}

#[test]
fn left_over_copies_are_removed_even_if_another_kernel_was_installed_since() {
    let model = Model::installed("rhel9");
    let rename = {
        let whole = Model::installed("rhel9");
        whole.init().unwrap();
        let commands = whole.commands.borrow();
        commands.iter().position(|c| c.starts_with("lvrename")).unwrap()
    };
    // The kernel is copied already; its initramfs and an entry are half-written.
    model.ends_at.set(Some(rename));
    assert!(catch_unwind(AssertUnwindSafe(|| model.init())).is_err(), "no power cut");
    model.ends_at.set(None);
    assert!(kept(&model).contains(&format!("vmlinuz-{VERSION}")), "nothing was kept before the power cut");
    model.put(&format!("/sysroot/boot/{NVR}+1/.initramfs-{VERSION}.img.new"), "half of it");
    model.put("/sysroot/boot/loader/entries/.another-node-5.0-1+1-6.1.0.conf.new", "title half");
    model.put("/sysroot/boot/loader/entries/.site.conf.new", "title of an administrator");
    model.put(&format!("/sysroot/boot/{NVR}+1/.vmlinuz-{VERSION}.hmac"), "a checksum");
    // Files of an earlier installation on a /boot that was kept, and of an administrator.
    model.put(&format!("/sysroot/boot/{NVR}+1/vmlinuz-4.18.0"), "older");
    let old = format!("title old\nlinux /{NVR}+1/vmlinuz-4.18.0\noptions root=/dev/mapper/old-root\n");
    model.put("/sysroot/boot/loader/entries/old.conf", &old);
    model.put(&format!("/sysroot/boot/{NVR}+1/README"), "of an administrator");
    install_kernel(&model, NEWER);
    model.init().unwrap();
    let [initramfs, kernel] = [format!("initramfs-{NEWER}.img"), format!("vmlinuz-{NEWER}")];
    assert_eq!(kept(&model), ["README", &initramfs, "vmlinuz-4.18.0", &kernel]);
    let entries = model.sysroot().join("boot/loader/entries");
    let hidden = std::fs::read_dir(entries).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let hidden: Vec<String> = hidden.filter(|n| n.ends_with(".new")).collect();
    assert_eq!(hidden, [".site.conf.new"], "only the administrator's file is left");
    assert_eq!(model.errors(), Vec::<String>::new());
}

#[test]
fn half_written_files_are_found_by_verify_and_removed_by_init() {
    let model = Model::installed("rhel9");
    model.init().unwrap();
    model.first_boot();
    let copy = format!("boot/{NVR}+1/.vmlinuz-{VERSION}.new");
    let exchanged = format!("boot/loader/entries/.{NVR}+1-{VERSION}.conf.new");
    let directory = "boot/loader/.entries.new".to_owned();
    model.put(&format!("/sysroot/{directory}/a.conf"), "left");
    for path in [&copy, &exchanged] {
        model.put(&format!("/sysroot/{path}"), "left");
    }
    let found = model.found("LAY045");
    assert_eq!(found.len(), 3, "{found:?}");
    for path in [&copy, &exchanged, &directory] {
        let named = found.iter().any(|t| t.starts_with("warning: ") && t.contains(path.as_str()));
        assert!(named, "{path} is not named in {found:?}");
    }
    assert_eq!(model.first_boot(), ["remove-half-written"]);
    assert_eq!(model.found("LAY045"), Vec::<String>::new());
    assert!(!model.sysroot().join(&directory).exists(), "{directory} is left");
    assert_eq!(kept(&model), [format!("initramfs-{VERSION}.img"), format!("vmlinuz-{VERSION}")]);
}

/// `%post` with an update: the newer kernel has its own entry and is the default, as its package has made it.
#[test]
fn a_kernel_that_post_installs_boots_by_its_own_entry_and_the_image_keeps_its_own() {
    let model = Model::installed("rhel9");
    model.init().unwrap();
    install_kernel(&model, NEWER);
    let default = model.read("boot/grub2/grubenv");
    assert_eq!(model.first_boot(), ["boot-files", "boot-kept", "record-content", "remove-unit"]);
    assert_eq!(kept(&model), [format!("initramfs-{VERSION}.img"), format!("vmlinuz-{VERSION}")]);
    let entry = entry(&model);
    assert!(entry.contains(&format!("\nversion {VERSION}\nlinux /{NVR}+1/vmlinuz-{VERSION}\n")), "{entry}");
    assert_eq!(model.read("boot/grub2/grubenv"), default, "the newer kernel stays the default");
    assert_eq!(model.errors(), Vec::<String>::new());
}

#[test]
fn a_kernel_that_post_removes_is_booted_from_its_copy_or_replaced_by_the_newer_one() {
    for initramfs_at_init in [true, false] {
        let model = Model::installed("rhel9");
        let own = format!("boot/initramfs-{VERSION}.img");
        if !initramfs_at_init {
            std::fs::remove_file(model.sysroot().join(&own)).unwrap();
        }
        model.init().unwrap();
        dracut(&model, "made by the installer");
        install_kernel(&model, NEWER);
        let machines = format!("boot/loader/entries/5ae5a8b9e3f94cbfb0bd7a0b1c2d3e4f-{VERSION}.conf");
        for path in [own, format!("boot/vmlinuz-{VERSION}"), machines] {
            std::fs::remove_file(model.sysroot().join(path)).unwrap();
        }
        model.first_boot();
        let booted = if initramfs_at_init { VERSION } else { NEWER };
        let entry = entry(&model);
        assert!(entry.contains(&format!("\nlinux /{NVR}+1/vmlinuz-{booted}\n")), "{entry}");
        assert_eq!(model.errors(), Vec::<String>::new());
    }
}

#[test]
fn an_argument_that_is_added_between_init_and_the_first_boot_is_kept() {
    let model = Model::installed("rhel10");
    model.init().unwrap();
    let entries = model.sysroot().join("boot/loader/entries");
    let own = std::fs::read_dir(&entries).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let own = own.into_iter().find(|n| n.starts_with(NVR)).unwrap();
    let text = model.read(&format!("boot/loader/entries/{own}"));
    // As grubby --args writes it.
    let options = text.lines().find(|l| l.starts_with("options ")).unwrap();
    model.put(
        &format!("/sysroot/boot/loader/entries/{own}"),
        &text.replace(options, &format!("{options} audit=1")),
    );
    model.first_boot();
    let text = model.read(&format!("boot/loader/entries/{own}"));
    assert!(text.contains(" audit=1\n") && text.contains(&format!("\nlinux /{NVR}+1/vmlinuz-")), "{text}");
}
