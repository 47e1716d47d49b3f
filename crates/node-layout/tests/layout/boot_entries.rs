//! Boot entries of RHEL 8, 9 and 10, before and after `init`.

use crate::model::{Model, NVR, policy};
use node_base::cmdline::Arguments;
use node_layout::{Action, examine};

/// Every file with kernel arguments, and fstab, as a person reads them.
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
fn rhel8_entries_with_kernelopts_boot_the_layer() {
    let model = Model::installed("rhel8");
    model.init().unwrap();
    insta::assert_snapshot!(boot_configuration(&model));
}

#[test]
fn rhel9_entries_boot_the_layer() {
    let model = Model::installed("rhel9");
    model.init().unwrap();
    insta::assert_snapshot!(boot_configuration(&model));
}

#[test]
fn rhel10_entries_boot_the_layer_and_that_of_another_system_is_unchanged() {
    let model = Model::installed("rhel10");
    model.init().unwrap();
    insta::assert_snapshot!(boot_configuration(&model));
}

#[test]
fn the_commands_of_init_in_order() {
    let model = Model::installed("rhel9");
    model.init().unwrap();
    let text = model.commands.borrow().join("\n").replace(&model.path("").display().to_string(), "/");
    insta::assert_snapshot!(text);
}

/// Every argument that does not name root's volume is kept, in the same order.
#[test]
fn every_other_kernel_argument_is_kept() {
    for release in ["rhel8", "rhel9", "rhel10"] {
        let model = Model::installed(release);
        let system = model.system();
        let policy = policy();
        let (s, _) = examine(&system, &policy, &model).unwrap();
        let before = s.boot.arguments(s.template);
        model.init().unwrap();
        let entry = model.read(&format!("boot/loader/entries/{}.conf", s.layer_entry_id()));
        let options = entry.lines().find_map(|l| l.strip_prefix("options ")).unwrap();
        let after = Arguments::parse(options);
        let about_root = |w: &&str| w.starts_with("root=") || *w == "rd.lvm.lv=onn/root";
        let kept: Vec<&str> = before.words().filter(|w| !about_root(w)).collect();
        let found: Vec<&str> = after.words().filter(|w| kept.contains(w)).collect();
        assert_eq!(found, kept, "{release}: arguments were lost or moved");
    }
}

#[test]
fn planning_changes_nothing() {
    let model = Model::installed("rhel9");
    let before = model.disk();
    let (system, policy) = (model.system(), policy());
    let (s, _) = examine(&system, &policy, &model).unwrap();
    model.plan(&system, &s, &policy);
    assert!(model.disk() == before && model.done.borrow().is_empty(), "planning has changed something");
}

/// imgbase recognises an entry as its own only if the title has "node" or "rhvh", and removes all others.
#[test]
fn a_title_says_node_even_if_the_images_name_does_not() {
    for (nvr, title) in [
        ("site-image-1.0-1", "title node site-image-1.0-1 (5.14.0-503.11.1.el9_5.x86_64)"),
        ("rhvh-4.4-1", "title rhvh-4.4-1 (5.14.0-503.11.1.el9_5.x86_64)"),
    ] {
        let model = Model::installed("rhel9");
        model.init_as(nvr).unwrap();
        let entry = model.read(&format!("boot/loader/entries/{nvr}+1-5.14.0-503.11.1.el9_5.x86_64.conf"));
        assert!(entry.starts_with(&format!("{title}\n")), "{entry}");
    }
}

#[test]
fn changes_of_other_programs_on_boot_are_flushed_before_anything_new_is_written() {
    let model = Model::installed("rhel9");
    let (system, policy) = (model.system(), policy());
    let (s, _) = examine(&system, &policy, &model).unwrap();
    let plan = model.plan(&system, &s, &policy);
    let actions: Vec<&Action> = plan.steps.iter().flat_map(|step| &step.actions).collect();
    let below = |path: &std::path::Path| path.starts_with(&s.boot.root);
    let writes = |action: &&Action| match action {
        Action::Copy(copies) => copies.iter().any(|(_, to)| below(to)),
        Action::Change(changes) => changes.iter().any(|c| below(&c.path)),
        _ => false,
    };
    let first = actions.iter().position(writes).expect("nothing is written to /boot");
    let flushed = actions.iter().position(|a| **a == Action::FlushJournal(s.boot.root.clone()));
    assert!(
        flushed.is_some_and(|e| e < first),
        "action {first} writes to /boot, its journal is flushed at {flushed:?}"
    );
}

#[test]
fn the_policy_is_recorded_in_the_layer() {
    let model = Model::installed("rhel9");
    model.init().unwrap();
    assert!(model.read("etc/node-layout/layout.toml").ends_with("\npolicy = \"ovirt-node\"\n"));
    let model = Model::installed("rhel9");
    let (system, policy) = (model.system(), policy());
    let (s, _) = examine(&system, &policy, &model).unwrap();
    let mut choices = model.choices(&policy);
    choices.keep_images = Some(3);
    choices.policy_text = Some("name = \"site\"\nextends = \"ovirt-node\"\n");
    let plan = node_layout::plan(&system, &s, &choices).unwrap();
    model.run(&system, &s, &plan).unwrap();
    let recorded =
        "\npolicy = \"policy.toml\"\n# How many images node-layout confirm keeps.\nkeep-images = 3\n";
    assert!(model.read("etc/node-layout/layout.toml").ends_with(recorded));
    assert_eq!(model.read("etc/node-layout/policy.toml"), choices.policy_text.unwrap());
}

#[test]
fn dracut_includes_the_profile_of_the_pool() {
    let model = Model::installed("rhel9");
    model.put("/sysroot/etc/dracut.conf.d/10-site.conf", "hostonly=yes\n");
    model.init().unwrap();
    let line = "\ninstall_optional_items+=\" /etc/lvm/profile/imgbased-pool.profile \"\n";
    assert!(model.read("etc/dracut.conf.d/50-node-layout.conf").ends_with(line));
    assert!(model.sysroot().join("etc/lvm/profile/imgbased-pool.profile").exists());
}

#[test]
fn an_initramfs_that_names_the_old_volume_is_a_warning() {
    let model = Model::installed("rhel9");
    let warned = || {
        let system = model.system();
        let (_, findings) = examine(&system, &policy(), &model).unwrap();
        findings.into_iter().filter(|f| f.code.id == "LAY025").map(|f| f.message).collect::<Vec<_>>()
    };
    model.put(
        "/sysroot/usr/lib/dracut/dracut.conf.d/01-dist.conf",
        "hostonly=\"yes\"\nhostonly_cmdline=\"no\"\n",
    );
    model.put("/sysroot/etc/dracut.conf", "hostonly_cmdline=yes\n");
    assert_eq!(warned(), Vec::<String>::new(), "the distribution's file is read after it");
    model.put("/sysroot/etc/dracut.conf.d/50-site.conf", "# ours\nhostonly_cmdline=\"yes\"\n");
    let messages = warned();
    assert!(messages.len() == 1 && messages[0].contains("/etc/dracut.conf.d/50-site.conf"), "{messages:?}");
    assert!(messages[0].contains("waits for onn/root"), "{messages:?}");
    model.put("/sysroot/etc/dracut.conf.d/90-site.conf", "hostonly_cmdline=no\n");
    assert_eq!(warned(), Vec::<String>::new());
}

/// No argument list is given to a shell.
#[test]
fn no_program_that_is_run_is_a_shell() {
    let model = Model::installed("rhel9");
    model.put("/sysroot/etc/selinux/config", "SELINUX=enforcing\nSELINUXTYPE=targeted\n");
    model.init().unwrap();
    model.first_boot();
    for command in model.commands.borrow().iter() {
        let program = command.split(' ').next().unwrap();
        assert!(!["sh", "bash", "dash", "env", "eval", "xargs"].contains(&program), "a shell: {command}");
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
    assert_eq!(model.first_boot(), ["boot-files", "boot-kept", "record-content", "remove-unit"]);
    assert_eq!(model.read(&format!("boot/{NVR}+1/{name}")), "made anew after init");
    let entry = model.read(&format!("boot/loader/entries/{NVR}+1-5.14.0-503.11.1.el9_5.x86_64.conf"));
    assert!(entry.contains(&format!("\ninitrd /{NVR}+1/{name} $tuned_initrd\n")), "{entry}");
    assert!(!model.path("/sysroot/etc/systemd/system/node-layout-finish.service").exists());
    assert_eq!(model.errors(), Vec::<String>::new());
    assert_eq!(model.first_boot(), Vec::<&str>::new(), "the second boot has nothing to do");
}

#[test]
fn a_first_boot_that_fails_leaves_what_the_entry_boots() {
    let model = Model::installed("rhel9");
    model.init().unwrap();
    let commands = model.commands.borrow().len();
    // The first command activates the base; by then the entry names the kept files.
    model.fails_at.set(Some(commands));
    let system = model.booted();
    let policy = policy();
    let (s, _) = examine(&system, &policy, &model).unwrap();
    let plan = model.plan(&system, &s, &policy);
    let failure = model.run(&system, &s, &plan).unwrap_err();
    assert_eq!((failure.step, failure.undone.left), ("record-content", Vec::new()));
    assert_eq!(model.errors(), Vec::<String>::new());
    model.fails_at.set(None);
    assert_eq!(model.first_boot(), ["record-content", "remove-unit"], "the next run completes it");
}
