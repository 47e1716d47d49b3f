//! Every property of a node is broken once: `verify` reports it, and says what to do. Where that is a command, it is run.

use crate::helps;
use crate::model::{Model, NVR, Volume, is_error, policy};
use node_base::cmdline::Arguments;
use node_base::diagnostic::{Finding, Severity};
use node_layout::{Depth, System, verify};

const VERSION: &str = "5.14.0-503.11.1.el9_5.x86_64";

/// A node after its first boot, in order.
fn node() -> Model {
    let model = Model::installed("rhel9");
    model.init().unwrap();
    // The layer mounts with the options in its fstab.
    for (target, device, name) in [("/", (253, 4), "dm-4"), ("/var", (253, 6), "dm-6")] {
        model.unmount(target);
        model.mount(target, device, "xfs", "rw,discard", 40 << 30, name);
    }
    model.first_boot();
    model
}

fn verified(model: &Model, system: &System) -> Vec<Finding> {
    verify(system, &policy(), model, Depth::Properties)
}

/// Breaks one thing; `verify` then has a new finding with this code, severity and words.
#[track_caller]
fn broken(code: &str, severity: Severity, words: &str, damage: impl FnOnce(&Model)) {
    let (model, finding) = broken_as(code, severity, words, damage, |_| {});
    helps::apply(&model, &finding);
}

#[track_caller]
fn broken_as(
    code: &str,
    severity: Severity,
    words: &str,
    damage: impl FnOnce(&Model),
    look: impl FnOnce(&mut System),
) -> (Model, Finding) {
    let model = node();
    let before = verified(&model, &model.booted());
    let bad: Vec<_> =
        before.iter().filter(|n| n.severity != Severity::Warning || n.code.id != "LAY014").collect();
    assert!(bad.is_empty(), "the node is not in order: {bad:#?}");
    damage(&model);
    let mut system = model.booted();
    look(&mut system);
    let known = |f: &Finding| before.iter().any(|b| (b.code, &b.message) == (f.code, &f.message));
    let found: Vec<Finding> = verified(&model, &system).into_iter().filter(|f| !known(f)).collect();
    let one = found.iter().find(|n| n.code.id == code && n.message.contains(words));
    let Some(one) = one else { panic!("{code} with '{words}' is not in {found:#?}") };
    assert_eq!(one.severity, severity, "{}", one.message);
    for finding in &found {
        assert!(finding.help.as_ref().is_some_and(|h| h.len() > 10), "no help: {}", finding.message);
    }
    let one = one.clone();
    (model, one)
}

fn layer() -> String {
    format!("{NVR}+1")
}

fn entry() -> String {
    format!("boot/loader/entries/{NVR}+1-{VERSION}.conf")
}

fn replace(model: &Model, path: &str, old: &str, new: &str) {
    let text = model.read(path);
    assert!(text.contains(old), "'{old}' is not in {path}: {text}");
    model.put(&format!("/sysroot/{path}"), &text.replace(old, new));
}

fn remove(model: &Model, path: &str) {
    std::fs::remove_file(model.sysroot().join(path)).unwrap();
}

fn saved_entry(model: &Model, id: &str) {
    let block = format!("# GRUB Environment Block\nsaved_entry={id}\n");
    model.put("/sysroot/boot/grub2/grubenv", &format!("{block:#<1024}"));
}

#[test]
fn the_base() {
    use Severity::Error;
    broken("LAY043", Error, "is writable", |m| m.change(NVR, |v| v.writable = true));
    broken("LAY043", Error, "is activated at every boot", |m| m.change(NVR, |v| v.skip = false));
    broken("LAY041", Error, "has no tag imgbased:base", |m| {
        m.change(NVR, |v| v.tags.retain(|t| t != "imgbased:base"));
    });
    broken("LAY043", Error, "its base ovirt-node-ng-4.5.6-0.20261121.0 does not exist", |m| {
        m.volumes.borrow_mut().retain(|v| v.name != NVR);
    });
}

#[test]
fn the_layer_and_the_tags() {
    use Severity::Error;
    broken("LAY041", Error, "the tag imgbased:layer of onn/", |m| m.change(&layer(), |v| v.tags.clear()));
    broken("LAY041", Error, "the tag imgbased:vg of volume group onn", |m| {
        m.groups.borrow_mut().get_mut("onn").unwrap().clear();
    });
    broken("LAY041", Error, "the tag imgbased:pool of onn/pool00", |m| {
        m.change("pool00", |v| v.tags.clear())
    });
    broken("LAY044", Error, "is read-only", |m| m.change(&layer(), |v| v.writable = false));
    broken_as(
        "LAY044",
        Error,
        "the kernel was booted for another-1-1+1",
        |_| {},
        |s| s.cmdline = Arguments::parse("img.bootid=another-1-1+1"),
    );
    broken("LAY043", Error, "layer onn/other-1-1+1 has no base other-1-1", |m| {
        let mut orphan = Volume::new("other-1-1+1", "thin", 9);
        orphan.tags = vec!["imgbased:layer".into()];
        m.volumes.borrow_mut().push(orphan);
    });
    broken("LAY040", Error, "'old' has the tag imgbased:vg", |m| {
        m.groups.borrow_mut().insert("old", vec!["imgbased:vg".into()]);
    });
}

#[test]
fn the_pool() {
    use Severity::{Error, Warning};
    broken("LAY030", Error, "91.0 % of its data", |m| {
        m.change("pool00", |v| v.data_percent = "91.00".into())
    });
    broken("LAY030", Error, "85.2 % of its metadata", |m| {
        m.change("pool00", |v| v.metadata_percent = "85.20".into());
    });
    broken("LAY032", Error, "does not extend itself", |m| m.change("pool00", |v| v.profile.clear()));
    broken("LAY032", Error, "does not extend itself (profile 'imgbased-pool')", |m| {
        let profile = "activation {\n\tthin_pool_autoextend_threshold=100\n}\n";
        m.put("/sysroot/etc/lvm/profile/imgbased-pool.profile", profile);
    });
    broken("LAY032", Warning, "has nothing free", |m| m.free.set(0));
    broken("LAY033", Warning, "is not watched by dmeventd", |m| m.monitored.set("not monitored"));
    broken("LAY034", Error, "'out of data'", |m| m.health.set("out of data"));
    broken("LAY034", Error, "lacks 2 physical volumes", |m| m.missing_disks.set(2));
}

#[test]
fn the_volumes_of_the_policy_and_discard() {
    use Severity::{Error, Warning};
    broken("LAY013", Error, "/var is not a volume of its own", |m| m.unmount("/var"));
    broken("LAY015", Error, "/usr is a volume of its own", |m| {
        m.mount("/usr", (253, 9), "xfs", "rw", 8 << 30, "dm-9");
    });
    broken("LAY050", Warning, "/etc/fstab mounts /var without discard", |m| {
        let text = m.read("etc/fstab");
        let line = text.lines().find(|l| l.split_whitespace().nth(1) == Some("/var")).unwrap();
        m.put(
            "/sysroot/etc/fstab",
            &text.replace(line, &line.replace(",discard", "").replace("discard", "rw")),
        );
    });
    broken("LAY050", Warning, "/ is mounted without discard", |m| {
        m.unmount("/");
        m.mount("/", (253, 4), "xfs", "rw", 40 << 30, "dm-4");
    });
    broken("LAY012", Error, "/etc/fstab mounts / from /dev/onn/root", |m| {
        replace(m, "etc/fstab", &format!("/dev/onn/{NVR}+1"), "/dev/onn/root");
    });
    broken("LAY012", Error, "/etc/fstab cannot be read", |m| remove(m, "etc/fstab"));
}

#[test]
fn boot_entries_volumes_and_files() {
    use Severity::Error;
    broken("LAY023", Error, "has no boot entry", |m| {
        saved_entry(m, &format!("5ae5a8b9e3f94cbfb0bd7a0b1c2d3e4f-{VERSION}"));
        remove(m, &entry());
    });
    broken("LAY023", Error, &format!("names /{NVR}+1/vmlinuz-{VERSION}, which does not exist"), |m| {
        remove(m, &format!("boot/{NVR}+1/vmlinuz-{VERSION}"));
    });
    broken("LAY023", Error, &format!("names /{NVR}+1/initramfs-{VERSION}.img, which does not exist"), |m| {
        remove(m, &format!("boot/{NVR}+1/initramfs-{VERSION}.img"));
    });
    broken("LAY023", Error, "names the volume onn/gone, which does not exist", |m| {
        replace(m, &entry(), "rd.lvm.lv=onn/swap", "rd.lvm.lv=onn/gone");
    });
    for word in ["rootflags=discard", "boot=UUID=00000000-0000-00b2-0000-0000000000b2"] {
        broken("LAY023", Error, &format!("lacks {word}"), |m| replace(m, &entry(), &format!(" {word}"), ""));
    }
    broken("LAY023", Error, &format!("lacks rd.lvm.lv=onn/{NVR}+1"), |m| {
        replace(m, &entry(), &format!(" rd.lvm.lv=onn/{NVR}+1"), "");
    });
    broken("LAY025", Error, "GRUB_CMDLINE_LINUX in ", |m| {
        replace(m, "etc/default/grub", &format!("rd.lvm.lv=onn/{NVR}+1"), "rd.lvm.lv=onn/root");
    });
    broken("LAY025", Error, "/etc/kernel/cmdline lacks", |m| {
        m.put("/sysroot/etc/kernel/cmdline", "root=/dev/onn/root ro\n");
    });
}

#[test]
fn the_default() {
    use Severity::Error;
    broken("LAY024", Error, "the default boot entry is 5ae5a8b9e3f94cbfb0bd7a0b1c2d3e4f-0-rescue", |m| {
        saved_entry(m, "5ae5a8b9e3f94cbfb0bd7a0b1c2d3e4f-0-rescue");
    });
    broken("LAY024", Error, "has 1000 bytes; GRUB accepts only 1024", |m| {
        let block = format!("# GRUB Environment Block\nsaved_entry={NVR}+1-{VERSION}\n");
        m.put("/sysroot/boot/grub2/grubenv", &format!("{block:#<1000}"));
    });
}

#[test]
fn a_system_without_a_layout_or_with_half_of_one() {
    let model = Model::installed("rhel9");
    let only = |code: &str, words: &str| {
        let found = verified(&model, &model.system());
        let one = found.iter().find(|n| n.code.id == code && n.message.contains(words));
        let Some(one) = one else { panic!("{code} with '{words}' is not in {found:#?}") };
        assert!(
            is_error(one) && one.help.as_ref().is_some_and(|h| h.contains("node-layout init")),
            "{one:?}"
        );
    };
    only("LAY046", "/ is on onn/root: there is no layer yet");
    let mut base = Volume::new(NVR, "thin", 9);
    base.tags = vec!["node-layout:unfinished".into(), "node-layout:root=root".into()];
    base.skip = true;
    model.volumes.borrow_mut().push(base);
    only("LAY045", "an interrupted init has left onn/");
    model.change("root", |v| v.name = layer());
    only("LAY045", "init was interrupted after");
}

#[test]
fn a_system_without_a_layout_gets_one_by_what_is_advised() {
    let model = Model::installed("rhel9");
    let found = verified(&model, &model.system());
    let one = found.iter().find(|f| f.code.id == "LAY046").unwrap();
    assert!(helps::apply(&model, one), "{one:?}");
}

#[test]
fn lvm_that_does_not_answer() {
    let mut model = node();
    model.locked = true;
    let found = verified(&model, &model.booted());
    assert_eq!(found.iter().map(|n| n.code.id).collect::<Vec<_>>(), ["LAY003"]);
    assert!(is_error(&found[0]) && found[0].help.is_some(), "{found:?}");
}
