//! Boot entries as RHEL 8, 9 and 10 write them, turned to the layer.

use crate::model::{Model, NVR, policy};
use ks_lint::layout::arguments::Arguments;
use ks_lint::layout::checks::examine;
use ks_lint::layout::plan::Action;

/// All that carries kernel arguments, and fstab, as a person reads it.
fn boot_configuration(model: &Model) -> String {
    let mut text = String::new();
    let mut show = |path: &str| {
        let file = model.sysroot().join(path);
        if let Ok(content) = std::fs::read_to_string(&file) {
            text.push_str(&format!("== {path}\n{}\n", content.trim_end_matches('#').trim_end()));
        }
    };
    let mut entries: Vec<String> = std::fs::read_dir(model.sysroot().join("boot/loader/entries"))
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    entries.sort();
    entries.iter().for_each(|e| show(&format!("boot/loader/entries/{e}")));
    ["boot/grub2/grubenv", "etc/default/grub", "etc/kernel/cmdline", "etc/fstab"].into_iter().for_each(show);
    text
}

#[test]
fn rhel8_entries_with_kernelopts_are_turned_to_the_layer() {
    let model = Model::installed("rhel8");
    model.init().unwrap();
    insta::assert_snapshot!(boot_configuration(&model));
}

#[test]
fn rhel9_entries_are_turned_to_the_layer() {
    let model = Model::installed("rhel9");
    model.init().unwrap();
    insta::assert_snapshot!(boot_configuration(&model));
}

#[test]
fn rhel10_entries_are_turned_to_the_layer_and_another_systems_is_left_alone() {
    let model = Model::installed("rhel10");
    model.init().unwrap();
    insta::assert_snapshot!(boot_configuration(&model));
}

#[test]
fn the_commands_are_these_and_in_this_order() {
    let model = Model::installed("rhel9");
    model.init().unwrap();
    let text = model.commands.borrow().join("\n").replace(&model.path("").display().to_string(), "/");
    insta::assert_snapshot!(text);
}

/// Every argument that is not about root's volume is there afterwards, in the same order.
#[test]
fn every_other_kernel_argument_is_kept() {
    for release in ["rhel8", "rhel9", "rhel10"] {
        let model = Model::installed(release);
        let system = model.system();
        let policy = policy();
        let (s, _) = examine(&system, &policy, &model).unwrap();
        let before = s.boot.arguments(s.template);
        model.init().unwrap();
        let entry = model.read(&format!("boot/loader/entries/{}.conf", ks_lint::layout::plan::entry_id(&s)));
        let options = entry.lines().find_map(|l| l.strip_prefix("options ")).unwrap();
        let after = Arguments::parse(options);
        let about_root = |w: &&str| w.starts_with("root=") || *w == "rd.lvm.lv=onn/root";
        let kept: Vec<&str> = before.words().filter(|w| !about_root(w)).collect();
        let found: Vec<&str> = after.words().filter(|w| kept.contains(w)).collect();
        assert_eq!(found, kept, "{release}: arguments were lost or moved");
    }
}

#[test]
fn a_second_init_has_nothing_to_do() {
    let model = Model::installed("rhel9");
    model.init().unwrap();
    assert_eq!(model.errors(), Vec::<String>::new());
    let before = model.disk();
    let commands = model.commands.borrow().len();
    let plan = model.init().unwrap();
    assert!(plan.steps.is_empty(), "a second init would do {:?}", plan.steps);
    assert!(plan.pending, "the first boot is still to come");
    assert!(model.disk() == before, "a second init has changed the disk");
    assert_eq!(model.commands.borrow().len(), commands);
}

#[test]
fn the_first_boot_keeps_the_newest_initramfs() {
    let model = Model::installed("rhel9");
    model.init().unwrap();
    let name = "initramfs-5.14.0-503.11.1.el9_5.x86_64.img";
    model.put(&format!("/sysroot/boot/{name}"), "made anew after init");
    let mut system = model.system();
    system.running = true;
    system.cmdline = Arguments::parse(&format!("img.bootid={NVR}+1"));
    // Files of the running system are at /, and the model's are not: only the boot directory matters here.
    let policy = policy();
    let (s, _) = examine(&system, &policy, &model).unwrap();
    let plan = model.plan(&system, &s, &policy);
    let names: Vec<_> = plan.steps.iter().map(|s| s.name).collect();
    assert_eq!(names, ["boot-files", "boot-kept", "remove-unit"]);
    for step in &plan.steps {
        for action in &step.actions {
            match action {
                Action::Copy(c) => ks_lint::layout::files::copy_for_boot(c).unwrap(),
                Action::Change(c) => ks_lint::layout::files::apply(&model, c).unwrap(),
                other => panic!("the first boot does {other:?}"),
            }
        }
    }
    assert_eq!(model.read(&format!("boot/{NVR}+1/{name}")), "made anew after init");
    let entry = model.read(&format!("boot/loader/entries/{NVR}+1-5.14.0-503.11.1.el9_5.x86_64.conf"));
    assert!(entry.contains(&format!("\ninitrd /{NVR}+1/{name} $tuned_initrd\n")), "{entry}");
    assert!(!model.path("/sysroot/etc/systemd/system/node-layout-finish.service").exists());
    assert_eq!(model.errors(), Vec::<String>::new());
}
