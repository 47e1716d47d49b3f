//! What `init` cannot read or cannot finish is refused before the first write.

use crate::model::{Model, NVR, Outcome, is_error, machine_entry};
use std::path::Path;

const VERSION: &str = "5.14.0-503.11.1.el9_5.x86_64";

/// The one error with which `init` refuses this machine, as code and message. Nothing may have been changed.
#[track_caller]
fn refused(model: &Model) -> (&'static str, String) {
    let before = model.disk();
    let Err(Outcome::Refused(findings)) = model.init() else { panic!("init was not refused") };
    assert!(model.commands.borrow().is_empty(), "commands were run: {:?}", model.commands.borrow());
    assert!(model.disk() == before, "the disk was changed");
    let errors: Vec<_> = findings.into_iter().filter(is_error).collect();
    assert_eq!(errors.len(), 1, "one error was expected: {errors:#?}");
    assert!(errors[0].help.is_some(), "no help: {}", errors[0].message);
    (errors[0].code.id, errors[0].message.clone())
}

fn put_bytes(model: &Model, path: &str, bytes: &[u8]) {
    std::fs::write(model.sysroot().join(path), bytes).unwrap();
}

/// A file with one more line that is not UTF-8.
fn add_latin_line(model: &Model, path: &str) -> usize {
    let mut bytes = std::fs::read(model.sysroot().join(path)).unwrap();
    let line = bytes.iter().filter(|b| **b == b'\n').count() + 1;
    bytes.extend(b"# caf\xe9 geh\xf6rt\n");
    put_bytes(model, path, &bytes);
    line
}

#[test]
fn an_fstab_that_cannot_be_read_or_has_no_line_for_root_is_refused() {
    let model = Model::installed("rhel9");
    std::fs::remove_file(model.sysroot().join("etc/fstab")).unwrap();
    assert_eq!(refused(&model), ("LAY012", "/etc/fstab cannot be read: it does not exist".to_owned()));
    let model = Model::installed("rhel9");
    let line = add_latin_line(&model, "etc/fstab");
    let message = format!("/etc/fstab cannot be read: it is not UTF-8 in line {line}");
    assert_eq!(refused(&model), ("LAY012", message));
    for text in ["", "# /dev/mapper/onn-root / xfs defaults 0 0\n", "/dev/mapper/onn-root /\n"] {
        let model = Model::installed("rhel9");
        model.put("/sysroot/etc/fstab", text);
        assert_eq!(refused(&model), ("LAY012", "/etc/fstab has no line that mounts /".to_owned()));
    }
    let model = Model::installed("rhel9");
    std::fs::remove_file(model.sysroot().join("etc/fstab")).unwrap();
    std::fs::create_dir(model.sysroot().join("etc/fstab")).unwrap();
    assert!(refused(&model).1.ends_with("is a directory, not a regular file"));
}

#[test]
fn every_line_of_fstab_for_root_mounts_the_layer() {
    let model = Model::installed("rhel9");
    let text = model.read("etc/fstab") + "/dev/mapper/onn-root / xfs defaults 0 0\n";
    model.put("/sysroot/etc/fstab", &text);
    model.init().unwrap();
    assert!(!model.read("etc/fstab").contains("onn-root"), "{}", model.read("etc/fstab"));
    assert_eq!(model.errors(), Vec::<String>::new());
}

#[test]
fn an_argument_that_appears_twice_is_replaced_everywhere() {
    for release in ["rhel8", "rhel9", "rhel10"] {
        let model = Model::installed(release);
        let twice = |path: &str, old: &str| {
            let text = model.read(path);
            assert!(text.contains(old), "{path}: {text}");
            let new = format!("{old} audit=1 {old} rd_LVM_LV=onn/root \\\"{old}\\\"");
            let new = if path == "etc/default/grub" { new } else { new.replace('\\', "") };
            model.put(&format!("/sysroot/{path}"), &text.replace(old, &new));
        };
        twice("etc/default/grub", "rd.lvm.lv=onn/root");
        let text = model.read("etc/default/grub");
        model.put("/sysroot/etc/default/grub", &format!("GRUB_CMDLINE_LINUX=rd.lvm.lv=onn/root\n{text}"));
        if release == "rhel8" {
            // Its entries take root= from $kernelopts, and somebody has added to them.
            let entry = machine_entry(&model);
            let text = model.read(&entry).replace("$kernelopts", "$kernelopts rd.lvm.lv=onn/root");
            model.put(&format!("/sysroot/{entry}"), &text);
        } else {
            twice(&machine_entry(&model), "rd.lvm.lv=onn/root");
            twice("etc/kernel/cmdline", "rd.lvm.lv=onn/root");
        }
        model.init().unwrap();
        let entries = std::fs::read_dir(model.sysroot().join("boot/loader/entries")).unwrap();
        let entries = entries.map(|e| std::fs::read_to_string(e.unwrap().path()).unwrap());
        for text in entries.chain([model.read("etc/default/grub")]) {
            assert!(!text.contains("onn/root") && !text.contains("onn-root"), "{release}: {text}");
        }
        assert_eq!(model.errors(), Vec::<String>::new(), "{release}");
    }
}

#[test]
fn what_verify_would_call_an_error_is_refused() {
    let model = Model::installed("rhel9");
    let entry = machine_entry(&model);
    let text = model.read(&entry).replace("rd.lvm.lv=onn/root", "rd.lvm.lv=onn/root rd.lvm.lv=onn/gone");
    model.put(&format!("/sysroot/{entry}"), &text);
    let Err(Outcome::Refused(findings)) = model.init() else { panic!("init was not refused") };
    assert!(
        findings.iter().all(|f| f.code.id == "LAY023" && f.message.contains("the volume onn/gone")),
        "{findings:?}"
    );
    assert!(model.commands.borrow().is_empty());
    let model = Model::installed("rhel9");
    let text = model.read("etc/default/grub").replace("rd.lvm.lv=onn/root", "rd.lvm.lv=onn/gone");
    model.put("/sysroot/etc/default/grub", &text);
    let (code, message) = refused(&model);
    assert!(code == "LAY025" && message.contains("names the volume onn/gone"), "{message}");
}

#[test]
fn a_quote_that_is_not_closed_is_refused_with_the_name_of_its_file() {
    let model = Model::installed("rhel9");
    let entry = machine_entry(&model);
    let text = model.read(&entry);
    let options = text.lines().find(|l| l.starts_with("options ")).unwrap();
    model.put(&format!("/sysroot/{entry}"), &text.replace(options, &format!("{options} dyndbg=\"file a")));
    let (code, message) = refused(&model);
    assert!(code == "LAY023" && message.contains(&entry) && message.contains("not closed"), "{message}");
    for line in ["GRUB_CMDLINE_LINUX=\"rd.lvm.lv=onn/root \\\n quiet\"\n", "GRUB_CMDLINE_LINUX='quiet\n"] {
        let model = Model::installed("rhel9");
        model.put("/sysroot/etc/default/grub", line);
        let (code, message) = refused(&model);
        assert!(code == "LAY025" && message.contains("etc/default/grub has a quote"), "{message}");
    }
    let model = Model::installed("rhel9");
    model.put("/sysroot/etc/kernel/cmdline", "rd.lvm.lv=onn/root a=\"b\n");
    assert!(refused(&model).1.contains("etc/kernel/cmdline has a quote"));
}

#[test]
fn a_file_that_is_not_utf8_is_refused_and_never_rewritten() {
    let entry = format!("boot/loader/entries/5ae5a8b9e3f94cbfb0bd7a0b1c2d3e4f-{VERSION}.conf");
    for path in [entry.as_str(), "etc/default/grub"] {
        let model = Model::installed("rhel9");
        let line = add_latin_line(&model, path);
        let message = format!("/{path} is not UTF-8 in line {line}, and init must change this file");
        assert_eq!(refused(&model), ("LAY022", message));
    }
    let model = Model::installed("rhel9");
    put_bytes(&model, "etc/kernel/cmdline", b"rd.lvm.lv=onn/root x=\xe9\n");
    assert!(refused(&model).1.starts_with("/etc/kernel/cmdline is not UTF-8 in line 1"));
    let model = Model::installed("rhel9");
    let mut block = model.read("boot/grub2/grubenv").into_bytes();
    let at = block.iter().position(|b| *b == b'\n').unwrap() + 1;
    block.splice(at..at, *b"name=\xe9\n");
    block.truncate(1024);
    put_bytes(&model, "boot/grub2/grubenv", &block);
    assert!(refused(&model).1.starts_with("/boot/grub2/grubenv is not UTF-8 in line 2"));
    // An entry of another system is left alone, whatever its bytes are.
    let model = Model::installed("rhel9");
    let other = b"title caf\xe9\nlinux /other\noptions root=/dev/sdz9\n";
    put_bytes(&model, "boot/loader/entries/other.conf", other);
    model.init().unwrap();
    assert_eq!(std::fs::read(model.sysroot().join("boot/loader/entries/other.conf")).unwrap(), other);
}

#[test]
fn files_that_are_no_texts_are_refused_and_nothing_waits_for_them() {
    for (path, code) in [
        ("boot/loader/entries/x.conf", "LAY022"),
        ("etc/default/grub", "LAY022"),
        ("etc/kernel/cmdline", "LAY022"),
        ("boot/grub2/grubenv", "LAY022"),
        ("etc/fstab", "LAY012"),
    ] {
        let model = Model::installed("rhel9");
        let file = model.sysroot().join(path);
        let _ = std::fs::remove_file(&file);
        rustix::fs::mkfifoat(rustix::fs::CWD, &file, rustix::fs::Mode::RUSR).unwrap();
        let Err(Outcome::Refused(findings)) = model.init() else { panic!("{path}: init was not refused") };
        let named = findings.iter().filter(|f| is_error(f));
        let named: Vec<_> =
            named.filter(|f| f.code.id == code && f.message.contains("is a named pipe")).collect();
        assert!(named.len() == 1 && named[0].message.contains(path), "{path}: {findings:?}");
        std::fs::remove_file(&file).unwrap();
        std::fs::create_dir(&file).unwrap();
        let Err(Outcome::Refused(findings)) = model.init() else { panic!("{path}: init was not refused") };
        assert!(findings.iter().any(|f| f.message.contains("is a directory, not a regular file")), "{path}");
    }
    let model = Model::installed("rhel9");
    model.init().unwrap();
    assert!(model.read("etc/fstab").contains(NVR));
}

#[test]
fn a_named_pipe_in_place_of_an_initramfs_is_not_copied_and_not_waited_for() {
    let model = Model::installed("rhel9");
    let fifo = |path: &Path| {
        let _ = std::fs::remove_file(path);
        rustix::fs::mkfifoat(rustix::fs::CWD, path, rustix::fs::Mode::RUSR).unwrap();
    };
    let own = model.sysroot().join(format!("boot/initramfs-{VERSION}.img"));
    fifo(&own);
    let kept = model.sysroot().join(format!("boot/{NVR}+1"));
    std::fs::create_dir(&kept).unwrap();
    fifo(&kept.join(format!("vmlinuz-{VERSION}")));
    model.init().unwrap();
    assert!(kept.join(format!("vmlinuz-{VERSION}")).is_file());
    assert!(!kept.join(format!("initramfs-{VERSION}.img")).exists());
    model.first_boot();
}
