//! Two images: arming, the trial, what it ends in, going back, removing.

use crate::model::{Model, NVR, policy};
use node_layout::{
    Decision, ImageState, Plan, Progress, Reason, Resume, Step, StepState, System, Verdict, arm, arm_times,
    brief_status, confirm, fail, remove, rollback, run, started, state_of_units, states, status,
};

pub(crate) const NEW: &str = "ovirt-node-ng-4.5.7-0.20270101.0";
const KVER: &str = "5.14.0-503.11.1.el9_5.x86_64";

/// Every boot loader and release that is modelled.
pub(crate) const MACHINES: [&str; 4] = ["rhel8", "rhel9", "rhel10", SYSTEMD_BOOT];
pub(crate) const SYSTEMD_BOOT: &str = "systemd-boot";

pub(crate) struct Quiet;
impl Progress for Quiet {
    fn step(&mut self, _: usize, _: usize, _: &Step, _: StepState, _: &str) {}
}

/// A node with the image of its installation and a complete new one.
pub(crate) fn node() -> Model {
    node_of("rhel9")
}

pub(crate) fn node_of(release: &str) -> Model {
    let model = match release {
        SYSTEMD_BOOT => Model::installed("rhel9").with_systemd_boot(),
        release => Model::installed(release),
    };
    model.put("/sysroot/etc/os-release", "ID=\"centos\"\nID_LIKE=\"rhel fedora\"\n");
    model.init().unwrap();
    model.first_boot();
    model.add_image(NEW);
    model
}

/// Runs what a verb has decided.
#[track_caller]
pub(crate) fn done(model: &Model, decision: &Decision) {
    run(model, &decision.plan, &Resume, &mut Quiet).unwrap();
}

pub(crate) fn state_of(system: &System, nvr: &str) -> (ImageState, Option<String>) {
    let states = states(system, system.lvm.as_ref().unwrap());
    let image = states.into_iter().find(|i| i.nvr.as_str() == nvr).unwrap();
    (image.state, image.reason.map(|r| r.as_str().to_owned()))
}

fn armed() -> Model {
    let model = node();
    let decision = arm(&model.running(), NEW, &model).unwrap();
    assert_eq!(decision.result, "armed");
    done(&model, &decision);
    model
}

fn steps(plan: &Plan) -> Vec<&'static str> {
    plan.steps.iter().map(|s| s.name).collect()
}

fn booted(model: &Model) -> String {
    model.boots().unwrap()
}

#[test]
fn an_image_is_tried_once_confirmed_and_then_the_default() {
    for release in MACHINES {
        let model = node_of(release);
        let system = model.running();
        assert_eq!(state_of(&system, NEW), (ImageState::Ready, None));
        assert_eq!(state_of(&system, NVR), (ImageState::Good, None));
        done(&model, &arm(&system, NEW, &model).unwrap());
        let system = model.running();
        assert_eq!(state_of(&system, NEW), (ImageState::Armed, None));
        assert_eq!(
            system.boot.as_ref().unwrap().default_entry().unwrap().options().value("img.bootid"),
            Some(&*format!("{NVR}+1"))
        );
        assert_eq!(arm(&system, NEW, &model).unwrap().result, "already-armed");

        assert_eq!(booted(&model), format!("{NEW}+1"), "the armed one");
        let system = model.running();
        assert_eq!(system.cmdline.value("node_layout.trial"), Some(NEW));
        assert_eq!(state_of(&system, NEW), (ImageState::Trying, None));
        assert_eq!(status(&system, &policy(), &model).unwrap().verdict(), Verdict::Pending);
        done(&model, &started(&system).unwrap());
        let decision = confirm(&model.running(), 2, &model).unwrap();
        assert_eq!(steps(&decision.plan), ["default", "plain-arguments", "good", "settings"]);
        done(&model, &decision);
        let system = model.running();
        assert_eq!(state_of(&system, NEW), (ImageState::Good, None));
        assert_eq!(confirm(&system, 2, &model).unwrap().result, "already-confirmed");
        let block = std::fs::read_to_string(model.sysroot().join("boot/grub2/grubenv")).unwrap_or_default();
        assert!(
            !model
                .path("sys/firmware/efi/efivars/LoaderEntryOneShot-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f")
                .exists()
        );
        for word in ["next_entry=", "fallback=", "node_layout_trial="] {
            assert!(!block.contains(word), "{release}: {word} is left in {block}");
        }
        assert_eq!(booted(&model), format!("{NEW}+1"), "{release}: it is the default");
        let system = model.running();
        assert_eq!(system.cmdline.value("node_layout.trial"), None, "{}", system.cmdline);
        assert_eq!(system.cmdline.value("panic"), None, "{}", system.cmdline);
        assert_eq!(status(&system, &policy(), &model).unwrap().verdict(), Verdict::Confirmed);
        if release == "rhel8" {
            let kept = block.lines().find(|l| l.starts_with("kernelopts=")).unwrap();
            assert!(kept.contains(&format!("root=/dev/onn/{NEW}+1 ")) && !kept.contains(NVR), "{kept}");
        }
    }
}

#[test]
fn an_image_that_does_not_start_is_failed_and_never_armed_again() {
    let model = armed();
    assert_eq!(booted(&model), format!("{NEW}+1"));
    // Its kernel panics: nothing of it has run.
    assert_eq!(booted(&model), format!("{NVR}+1"), "the old one, without a hand");
    let system = model.running();
    assert_eq!(state_of(&system, NEW), (ImageState::Failed, Some("did-not-start".into())));
    let now = status(&system, &policy(), &model).unwrap();
    assert_eq!(now.verdict(), Verdict::Failed);
    assert_eq!(now.trial.unwrap().reason.as_deref(), Some("did-not-start"));
    assert_eq!(now.sentences, [format!("image {NEW} did not start; / is {NVR}+1")]);
    assert_eq!(booted(&model), format!("{NVR}+1"), "and again");
    assert_eq!(state_of(&model.running(), NEW).0, ImageState::Failed);
    // What the boot loader knew is recorded before it forgets it.
    model.add_image("ovirt-node-ng-4.5.8-1");
    done(&model, &arm(&model.running(), "ovirt-node-ng-4.5.8-1", &model).unwrap());
    assert_eq!(state_of(&model.running(), NEW), (ImageState::Failed, Some("did-not-start".into())));
    // Somebody asks for it: the record goes, and the other one is only ready.
    done(&model, &arm(&model.running(), NEW, &model).unwrap());
    let system = model.running();
    assert_eq!(state_of(&system, NEW), (ImageState::Armed, None));
    assert_eq!(state_of(&system, "ovirt-node-ng-4.5.8-1"), (ImageState::Ready, None));
    assert_eq!(model.volume(NEW).unwrap().tags, ["imgbased:base", "node-layout:state=ready"]);
}

#[test]
fn why_a_trial_failed_is_kept_after_the_fall_back() {
    let model = armed();
    booted(&model);
    done(&model, &started(&model.running()).unwrap());
    let first =
        fail(&model.running(), &Reason::new("health-vdsm.sh"), Some("exit status 1\nno vdsm\n")).unwrap();
    assert_eq!(first.result, "failed");
    done(&model, &first);
    // The timer comes later: the first reason is the cause.
    done(&model, &fail(&model.running(), &Reason::new("timeout"), None).unwrap());
    assert_eq!(booted(&model), format!("{NVR}+1"));
    let system = model.running();
    assert_eq!(state_of(&system, NEW), (ImageState::Failed, Some("health-vdsm.sh".into())));
    assert_eq!(model.read(&format!("var/lib/node-layout/trials/{NEW}.log")), "exit status 1\nno vdsm\n");
    assert_eq!(fail(&system, &Reason::new("x"), None).unwrap().result, "not-on-trial");
    let log = model.sysroot().join(format!("var/lib/node-layout/trials/{NEW}.log"));
    done(&model, &arm(&system, NEW, &model).unwrap());
    booted(&model);
    done(&model, &confirm(&model.running(), 2, &model).unwrap());
    assert!(!log.exists(), "the image is confirmed now");
    done(&model, &rollback(&model.running(), None).unwrap());
    booted(&model);
    std::fs::write(&log, "x").unwrap();
    done(&model, &remove(&model.running(), NEW).unwrap());
    assert!(!log.exists());
    let system = model.running();
    assert!(
        confirm(&system, 2, &model).unwrap().plan.steps.is_empty(),
        "the old image has nothing to confirm"
    );
}

/// Early in a boot, and in emergency mode, /boot is not mounted.
#[test]
fn a_trial_records_what_it_can_without_boot() {
    let model = armed();
    booted(&model);
    let boot = model.sysroot().join("boot");
    std::fs::rename(&boot, model.path("boot")).unwrap();
    assert!(model.running().boot.is_err());
    done(&model, &started(&model.running()).unwrap());
    done(&model, &fail(&model.running(), &Reason::new("timeout"), None).unwrap());
    std::fs::rename(model.path("boot"), &boot).unwrap();
    assert_eq!(booted(&model), format!("{NVR}+1"));
    assert_eq!(state_of(&model.running(), NEW), (ImageState::Failed, Some("timeout".into())));
}

#[test]
fn what_systemd_waits_for_is_asked_within_seconds() {
    let model = node();
    assert_eq!(state_of_units(&model), "", "the model's systemd says nothing");
    let commands = model.commands.borrow();
    assert!(
        commands.last().unwrap().starts_with("timeout --kill-after=2 8 systemctl --no-pager"),
        "{commands:?}"
    );
}

#[test]
fn a_confirmed_kernel_does_not_panic_where_it_would_only_warn() {
    let model = armed();
    booted(&model);
    done(&model, &confirm(&model.running(), 2, &model).unwrap());
    let commands = model.commands.borrow();
    let set = "sysctl --ignore --write kernel.panic=0 kernel.softlockup_panic=0 kernel.hung_task_panic=0";
    assert!(commands.iter().any(|c| c == set), "{commands:?}");
}

/// A watchdog has one user, and sanlock's daemon needs it.
#[test]
fn the_watchdog_is_used_where_nobody_else_needs_it() {
    let used = |device: bool, has_wdmd: bool| {
        let mut model = node();
        if device {
            model.put("/dev/watchdog", "");
        }
        if has_wdmd {
            model.missing_tools.clear();
        }
        done(&model, &arm(&model.running(), NEW, &model).unwrap());
        booted(&model);
        model.running().cmdline.value("systemd.watchdog_sec").is_some()
    };
    assert!(!used(false, false), "there is none");
    assert!(used(true, false));
    assert!(!used(true, true));
}

#[test]
fn what_is_told_at_every_login_asks_nothing_of_the_pool() {
    let model = armed();
    let from = model.commands.borrow().len();
    let brief = brief_status(&model.running()).unwrap();
    assert_eq!(brief.sentences, [format!("the next boot tries image {NEW}")]);
    assert_eq!(model.commands.borrow().len(), from);
}

#[test]
fn the_status_has_the_members_that_other_programs_rely_on() {
    let model = armed();
    booted(&model);
    let value = serde_json::to_value(status(&model.running(), &policy(), &model).unwrap()).unwrap();
    let members =
        |value: &serde_json::Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    assert_eq!(members(&value), ["booted", "conflicts", "default", "images", "room", "schema", "trial"]);
    assert_eq!(value["schema"], 1);
    assert_eq!((&value["booted"], &value["default"]), (&NEW.into(), &NVR.into()));
    assert_eq!(value["trial"], serde_json::json!({"nvr": NEW, "state": "trying", "reason": null}));
    let image = &value["images"][0];
    assert_eq!(members(image), ["bytes", "layer", "nvr", "state", "unique_bytes"]);
    assert_eq!(
        (&image["nvr"], &image["layer"], &image["state"]),
        (&NVR.into(), &format!("{NVR}+1").into(), &"good".into())
    );
}

#[test]
fn a_trial_that_started_and_said_nothing_was_not_confirmed() {
    let model = armed();
    booted(&model);
    done(&model, &started(&model.running()).unwrap());
    assert_eq!(booted(&model), format!("{NVR}+1"), "a power cut");
    assert_eq!(state_of(&model.running(), NEW), (ImageState::Failed, Some("not-confirmed".into())));
}

#[test]
fn the_old_image_chosen_in_the_menu_leaves_the_trial_armed() {
    let model = armed();
    assert_eq!(state_of(&model.running(), NEW), (ImageState::Armed, None));
    assert_eq!(status(&model.running(), &policy(), &model).unwrap().verdict(), Verdict::Pending);
    assert_eq!(booted(&model), format!("{NEW}+1"), "the boot after it tries the new one");
}

/// A configuration like that of RHEL: it uses what arming writes, lists the entries, and sources custom.cfg.
pub(crate) const GRUB_CFG: &str = "if [ \"${next_entry}\" ] ; then\n set default=\"${next_entry}\"\nelse\n set default=\"${saved_entry}\"\nfi\n\
    insmod blscfg\nblscfg\nif [ -f ${config_directory}/custom.cfg ]; then\n source ${config_directory}/custom.cfg\nfi\n";

#[test]
fn an_image_can_be_tried_several_times() {
    let tried = |tries| {
        let model = node();
        let refused = arm_times(&model.running(), NEW, 3, &model).expect_err("not refused");
        assert!(refused[0].message.contains("custom.cfg"), "{refused:?}");
        model.put("/sysroot/boot/grub2/grub.cfg", GRUB_CFG);
        done(&model, &arm_times(&model.running(), NEW, tries, &model).unwrap());
        model
    };
    let model = tried(3);
    assert!(arm_times(&model.running(), NEW, 10, &model).unwrap().plan.steps.is_empty(), "it is armed");
    for number in 1..=3 {
        assert_eq!(booted(&model), format!("{NEW}+1"), "try {number}");
        assert_eq!(state_of(&model.running(), NEW).0, ImageState::Trying);
    }
    assert_eq!(booted(&model), format!("{NVR}+1"));
    assert_eq!(state_of(&model.running(), NEW), (ImageState::Failed, Some("did-not-start".into())));

    // Confirmed in its second try: no third one is left.
    let model = tried(3);
    booted(&model);
    done(&model, &fail(&model.running(), &Reason::new("timeout"), None).unwrap());
    booted(&model);
    done(&model, &confirm(&model.running(), 2, &model).unwrap());
    let system = model.running();
    assert_eq!(state_of(&system, NEW), (ImageState::Good, None));
    let block = model.read("boot/grub2/grubenv");
    assert!(!block.contains("node_layout") && !block.contains("next_entry"), "{block}");
    assert_eq!(booted(&model), format!("{NEW}+1"));
    // A later trial that is tried once is tried once.
    model.add_image("ovirt-node-ng-4.5.8-1");
    done(&model, &arm(&model.running(), "ovirt-node-ng-4.5.8-1", &model).unwrap());
    assert_eq!(booted(&model), "ovirt-node-ng-4.5.8-1+1");
    assert_eq!(booted(&model), format!("{NEW}+1"));
    let refused = arm_times(&model.running(), "ovirt-node-ng-4.5.8-1", 10, &model).expect_err("not refused");
    assert!(refused[0].message.contains("9 times at most"), "{refused:?}");
}

#[test]
fn an_image_that_lacks_its_kernel_or_initramfs_is_not_booted() {
    for (lost, tries) in [("vmlinuz", 1), ("initramfs", 1), ("vmlinuz", 3)] {
        let model = node();
        model.put("/sysroot/boot/grub2/grub.cfg", GRUB_CFG);
        model.put("/sysroot/boot/grub2/custom.cfg", "set timeout=3\n");
        let decision = arm_times(&model.running(), NEW, tries, &model).unwrap();
        let changes: Vec<_> = changed(&decision.plan);
        let position = |name: &str| changes.iter().position(|path| path.ends_with(name)).unwrap();
        assert!(position("custom.cfg") < position("grubenv"), "the order is written last: {changes:?}");
        done(&model, &decision);
        let kept = model.sysroot().join(format!("boot/{NEW}+1"));
        let name = |e: std::fs::DirEntry| e.file_name().into_string().unwrap();
        let file = std::fs::read_dir(&kept).unwrap().map(|e| name(e.unwrap()));
        let file = kept.join(file.into_iter().find(|n| n.starts_with(lost)).unwrap());
        std::fs::rename(&file, file.with_extension("lost")).unwrap();
        assert_eq!(booted(&model), format!("{NVR}+1"), "{lost}: the default, without a hand");
        let system = model.running();
        assert_eq!(state_of(&system, NEW), (ImageState::Failed, Some("did-not-start".into())), "{lost}");
        assert_eq!(booted(&model), format!("{NVR}+1"), "{lost}: and again");
        // It is there again, and confirmed: the block does nothing any more, not even when the file is lost.
        std::fs::rename(file.with_extension("lost"), &file).unwrap();
        done(&model, &arm(&model.running(), NEW, &model).unwrap());
        assert_eq!(booted(&model), format!("{NEW}+1"));
        done(&model, &confirm(&model.running(), 2, &model).unwrap());
        assert_eq!(booted(&model), format!("{NEW}+1"));
        std::fs::remove_file(&file).unwrap();
        assert!(model.boots().unwrap_err().contains("does not exist"), "{lost}");
        assert!(model.read("boot/grub2/custom.cfg").starts_with("set timeout=3\n### BEGIN"));
    }
    // Where the configuration does not source the file, it is not written.
    let model = armed();
    assert!(!model.sysroot().join("boot/grub2/custom.cfg").exists());
}

/// The files that a plan writes, in order.
fn changed(plan: &Plan) -> Vec<std::path::PathBuf> {
    let actions = plan.steps.iter().flat_map(|step| &step.actions);
    let changes = actions.filter_map(|action| match action {
        node_layout::Action::Change(changes) => Some(changes),
        _ => None,
    });
    changes.flatten().map(|change| change.path.clone()).collect()
}

#[test]
fn rolling_back_is_one_write_and_says_what_the_old_image_does_not_know() {
    let model = armed();
    booted(&model);
    done(&model, &confirm(&model.running(), 2, &model).unwrap());
    let decision = rollback(&model.running(), None).unwrap();
    assert_eq!((decision.result, steps(&decision.plan)), ("rolled-back", vec!["default"]));
    assert!(decision.findings[0].message.contains("does not know what"), "{:?}", decision.findings);
    done(&model, &decision);
    assert_eq!(rollback(&model.running(), None).unwrap().result, "already-default");
    assert_eq!(booted(&model), format!("{NVR}+1"));
    // Nothing older is there, and the newer one has to be named.
    let refused = rollback(&model.running(), None).unwrap_err();
    assert!(refused[0].help.as_ref().unwrap().contains(&format!("--to {NEW}")), "{refused:?}");
    done(&model, &rollback(&model.running(), Some(NEW)).unwrap());
    assert_eq!(booted(&model), format!("{NEW}+1"));
}

#[test]
fn rolling_back_ends_a_trial_that_has_not_begun() {
    let model = armed();
    let decision = rollback(&model.running(), Some(NVR)).unwrap();
    assert!(decision.message.contains("no trial is pending"), "{}", decision.message);
    done(&model, &decision);
    assert_eq!(state_of(&model.running(), NEW), (ImageState::Ready, None));
    assert_eq!(booted(&model), format!("{NVR}+1"));
}

#[test]
fn an_image_that_lacks_something_is_not_made_the_default() {
    let model = armed();
    booted(&model);
    done(&model, &confirm(&model.running(), 2, &model).unwrap());
    let refused = |to: &str| {
        let findings = rollback(&model.running(), Some(to)).expect_err("not refused");
        format!("{}: {}", findings[0].code.id, findings[0].message)
    };
    let kernel = format!("boot/{NVR}+1/vmlinuz-{KVER}");
    let text = model.read(&kernel);
    std::fs::remove_file(model.sysroot().join(&kernel)).unwrap();
    assert!(
        refused(NVR).starts_with("LAY064") && refused(NVR).contains("does not exist"),
        "{}",
        refused(NVR)
    );
    model.put(&format!("/sysroot/{kernel}"), &text);
    model.change(&format!("{NVR}+1"), |v| v.skip = true);
    assert!(refused(NVR).contains("is not one that is activated"), "{}", refused(NVR));
    let entry = format!("boot/loader/entries/{NVR}+1-{KVER}.conf");
    let text = model.read(&entry);
    model.put(
        &format!("/sysroot/{entry}"),
        &text.replace(&format!("root=/dev/onn/{NVR}"), &format!("root=/dev/onn/{NEW}")),
    );
    model.change(&format!("{NVR}+1"), |v| (v.skip, v.minor) = (false, None));
    assert!(refused(NVR).contains("has another root"), "{}", refused(NVR));
    model.put(&format!("/sysroot/{entry}"), &text);
    let decision = rollback(&model.running(), Some(NVR)).unwrap();
    assert_eq!(steps(&decision.plan), ["activate", "default"]);
    assert!(refused("no-such-1").starts_with("LAY062"));
    model.add_image("ovirt-node-ng-4.5.8-1");
    assert!(refused("ovirt-node-ng-4.5.8-1").contains("is ready, not confirmed"));
}

#[test]
fn an_image_in_use_is_not_removed() {
    let model = armed();
    let refused = |nvr: &str| {
        let findings = remove(&model.running(), nvr).expect_err("not refused");
        assert_eq!(findings[0].code.id, "LAY063");
        findings[0].message.clone()
    };
    assert!(refused(NVR).contains("is the running one"));
    assert!(refused(NEW).contains("is armed"));
    booted(&model);
    assert!(refused(NVR).contains("is the default"));
    done(&model, &confirm(&model.running(), 2, &model).unwrap());
    assert!(remove(&model.running(), NVR).is_ok());
    done(&model, &rollback(&model.running(), None).unwrap());
    assert!(refused(NVR).contains("is the default"));
}

#[test]
fn an_image_that_is_mounted_is_not_removed_and_no_reason_not_to_confirm() {
    let model = armed();
    model.add_image("ovirt-node-ng-4.4.0-1");
    model.change("ovirt-node-ng-4.4.0-1", |v| v.tags = vec!["imgbased:base".into()]);
    booted(&model);
    let minor = model.volume("ovirt-node-ng-4.4.0-1+1").unwrap().minor.unwrap();
    model.mount("/mnt/old", (253, minor), "xfs", "ro", 1 << 30, &format!("dm-{minor}"));
    let refused = remove(&model.running(), "ovirt-node-ng-4.4.0-1").expect_err("not refused");
    assert!(refused[0].message.ends_with("is mounted at /mnt/old"), "{refused:?}");
    let decision = confirm(&model.running(), 2, &model).unwrap();
    assert_eq!(decision.result, "confirmed");
    let told: Vec<_> =
        decision.findings.iter().map(|f| f.to_owned()).map(|f| (f.severity.name(), f.message)).collect();
    assert_eq!(told, [("info", "image ovirt-node-ng-4.4.0-1 is mounted at /mnt/old".to_owned())]);
    done(&model, &decision);
    model.unmount("/mnt/old");
    done(&model, &confirm(&model.running(), 2, &model).unwrap());
    assert!(model.volume("ovirt-node-ng-4.4.0-1").is_none());
}

#[test]
fn an_image_goes_with_everything_that_is_its_own_and_nothing_else() {
    let model = armed();
    booted(&model);
    done(&model, &confirm(&model.running(), 2, &model).unwrap());
    // An entry of the other image has a kernel of this one.
    let decision = remove(&model.running(), NVR).unwrap();
    assert_eq!(steps(&decision.plan), ["remove-entries", "remove-files", "remove-volumes"]);
    done(&model, &decision);
    let (files, volumes, _) = model.disk();
    let left: Vec<_> = files
        .iter()
        .filter(|(path, text)| {
            path.starts_with(model.sysroot().join("boot"))
                && (path.display().to_string().contains(NVR) || String::from_utf8_lossy(text).contains(NVR))
        })
        .map(|(path, _)| path)
        .collect();
    assert!(left.is_empty(), "{left:?}");
    assert!(!volumes.iter().any(|v| v.name.starts_with(NVR)));
    // The files of the kernel's package, and the rescue entry, are not the image's.
    assert!(model.sysroot().join(format!("boot/vmlinuz-{KVER}")).exists());
    let rescue = model.read("boot/loader/entries/5ae5a8b9e3f94cbfb0bd7a0b1c2d3e4f-0-rescue.conf");
    assert!(rescue.contains(&format!("root=/dev/onn/{NEW}+1")), "{rescue}");
    assert_eq!(booted(&model), format!("{NEW}+1"));
    assert!(remove(&model.running(), NVR).unwrap_err()[0].message.starts_with("there is no image"));
}

#[test]
fn a_kernel_that_another_entry_boots_stays() {
    let model = armed();
    booted(&model);
    done(&model, &confirm(&model.running(), 2, &model).unwrap());
    let entry = format!("linux /{NVR}+1/vmlinuz-{KVER}\noptions root=/dev/sdb1\n");
    model.put("/sysroot/boot/loader/entries/mine.conf", &entry);
    model.put(&format!("/sysroot/boot/{NVR}+1/notes.txt"), "mine");
    done(&model, &remove(&model.running(), NVR).unwrap());
    let left = std::fs::read_dir(model.sysroot().join(format!("boot/{NVR}+1"))).unwrap();
    let mut left: Vec<_> = left.map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
    left.sort();
    assert_eq!(left, ["notes.txt".to_owned(), format!("vmlinuz-{KVER}")]);
}

#[test]
fn confirming_removes_what_is_not_kept_and_never_what_is_needed() {
    let model = armed();
    model.add_image("ovirt-node-ng-4.5.6-1.1");
    model.change("ovirt-node-ng-4.5.6-1.1", |v| v.tags = vec!["imgbased:base".into()]);
    model.add_image("ovirt-node-ng-4.4.0-1");
    model.change("ovirt-node-ng-4.4.0-1", |v| v.tags = vec!["imgbased:base".into()]);
    booted(&model);
    let decision = confirm(&model.running(), 3, &model).unwrap();
    done(&model, &decision);
    let names = || {
        let mut names: Vec<_> = states(&model.running(), model.running().lvm.as_ref().unwrap());
        names.sort_by(|a, b| a.nvr.cmp(&b.nvr));
        names.into_iter().map(|i| i.nvr.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names(), [NVR, "ovirt-node-ng-4.5.6-1.1", NEW], "the default before it counts as newest");
    done(&model, &confirm(&model.running(), 2, &model).unwrap());
    assert_eq!(names().len(), 2);
    assert!(confirm(&model.running(), 0, &model).unwrap().plan.steps.is_empty(), "two are always kept");
}

#[test]
fn an_image_that_was_chosen_in_the_menu_while_it_was_armed_is_confirmed_and_the_trial_ends() {
    let model = armed();
    model.add_image("ovirt-node-ng-4.4.0-1");
    model.change("ovirt-node-ng-4.4.0-1", |v| v.tags = vec!["imgbased:base".into()]);
    let block = model.read("boot/grub2/grubenv");
    booted(&model);
    model.put("/sysroot/boot/grub2/grubenv", &block);
    let decision = confirm(&model.running(), 2, &model).unwrap();
    assert!(steps(&decision.plan).contains(&"remove-entries"));
    done(&model, &decision);
    let block = model.read("boot/grub2/grubenv");
    assert!(block.contains(&format!("saved_entry={NEW}+1-")) && !block.contains("next_entry"), "{block}");
    assert!(!block.contains("trial") && !block.contains("fallback"), "{block}");
}
