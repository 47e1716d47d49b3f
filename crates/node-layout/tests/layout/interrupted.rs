//! Runs that end in the middle: by a failing command (undone), or by a power cut (completed by the next run).

use crate::model::{Model, NVR, Outcome};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How many changing commands one `init` takes.
fn length() -> usize {
    let model = Model::installed("rhel9");
    model.init().unwrap();
    let n = model.commands.borrow().len();
    assert!(n > 10, "only {n} commands were run");
    n
}

/// The number of the first command of `init` that has `word` in it.
fn position(word: &str) -> usize {
    let model = Model::installed("rhel8");
    model.init().unwrap();
    model.commands.borrow().iter().position(|c| c.contains(word)).unwrap()
}

#[test]
fn a_command_that_fails_leaves_everything_as_it_was() {
    for number in 0..length() {
        let model = Model::installed("rhel8");
        let before = model.disk();
        model.fails_at.set(Some(number));
        let Err(Outcome::Failed(failure)) = model.init() else {
            panic!("command {number} failed and init did not")
        };
        let command = model.commands.borrow()[number].clone();
        assert_eq!(failure.undone.left, Vec::<String>::new(), "after `{command}` something was not undone");
        // (The larger metadata of the pool does no harm and stays.)
        let after = model.disk();
        assert_eq!(after.1, before.1, "volumes after `{command}` failed");
        assert_eq!(after.2, before.2, "tags after `{command}` failed");
        assert_eq!(after.0, before.0, "files after `{command}` failed");
    }
}

/// Found by kills of everything (`tests/vm/kills.py`).
#[test]
fn root_that_a_killed_lvm_leaves_suspended_is_resumed_before_its_base_is_removed() {
    let lvcreate = position("lvcreate");
    let model = Model::installed("rhel8");
    let before = model.disk();
    model.kills_lvm_at.set(Some(lvcreate));
    let Err(Outcome::Failed(failure)) = model.init() else { panic!("LVM was killed and init did not fail") };
    assert_eq!(failure.undone.left, Vec::<String>::new());
    assert_eq!(model.disk(), before);
    assert_eq!(model.suspended.take(), None);
    // The same when the run itself was killed, too: the next one finds the base.
    let model = Model::installed("rhel8");
    model.ends_at.set(Some(lvcreate + 1));
    assert!(catch_unwind(AssertUnwindSafe(|| model.init())).is_err(), "no end after lvcreate");
    model.ends_at.set(None);
    model.suspended.replace(Some("onn-root".into()));
    model.init().unwrap();
    assert_eq!(model.suspended.take(), None);
    assert_eq!(model.errors(), Vec::<String>::new());
}

#[test]
fn a_pool_that_fills_up_is_extended_so_that_undoing_reaches_the_disk() {
    let lvcreate = position("lvcreate");
    for (number, taken_up) in (lvcreate..length()).flat_map(|n| [(n, 0), (n, 2)]) {
        let model = Model::installed("rhel8");
        model.free.set(100 << 30);
        let before = model.disk();
        model.fills_at.set(Some(number));
        model.taken_up.set(taken_up);
        let Err(Outcome::Failed(failure)) = model.init() else {
            panic!("the pool filled up at command {number} and init did not fail")
        };
        let commands = model.commands.borrow();
        let after = format!("after the pool filled up at `{}`", commands[number]);
        // The next commands extend the pool, as often as needed.
        let extensions = commands[number + 1..].iter().take_while(|c| {
            *c == "lvextend --config activation/monitoring=0 --size +34359738368b onn/pool00"
        });
        assert_eq!(extensions.count(), if taken_up == 0 { 1 } else { 3 }, "{after}");
        let size = if taken_up == 0 { "32 GiB" } else { "96 GiB" };
        let message =
            format!("thin pool onn/pool00 was full and is {size} larger now, for what had to be written");
        let (left, changed) = (&failure.undone.left, &failure.undone.changed);
        assert_eq!((left, changed), (&vec![], &vec![message]), "{after}");
        model.change("pool00", |v| v.data_percent = "12.50".into());
        assert_eq!(model.disk(), before, "{after}");
    }
}

#[test]
fn a_pool_that_fills_up_and_cannot_be_extended_is_reported_with_what_may_be_lost() {
    let model = Model::installed("rhel8");
    model.fills_at.set(Some(position("xfs_db")));
    // The group has no free space, and the pool's metadata need not grow.
    model.free.set(0);
    model.metadata_size.set(1 << 30);
    let Err(Outcome::Failed(failure)) = model.init() else {
        panic!("the pool filled up and init did not fail")
    };
    assert_eq!(failure.undone.changed, Vec::<String>::new());
    assert_eq!(
        failure.undone.left,
        [concat!(
            "what was written to the file system of onn/root: Input/output error (thin pool onn/pool00 and volume group ",
            "'onn' are full: vgextend the group, then lvextend --size +SIZE onn/pool00; check it before the next boot: ",
            "e2fsck -f, or xfs_repair)"
        )]
    );
}

/// What a kill of the program leaves is the same: nothing is undone, and every command that was begun is done or is not. (With
/// real processes, which may still run when the next `init` begins, and a frozen /boot: tests/vm/kills.py.)
#[test]
fn a_power_cut_or_kill_at_any_command_is_completed_by_the_next_run() {
    let whole = Model::installed("rhel9");
    whole.init().unwrap();
    let expected = whole.disk();
    let files = |m: &Model,
                 d: std::collections::BTreeMap<std::path::PathBuf, Vec<u8>>|
     -> Vec<(String, Vec<u8>)> {
        d.into_iter().map(|(p, c)| (p.strip_prefix(m.sysroot()).unwrap().display().to_string(), c)).collect()
    };
    for number in 0..length() {
        let model = Model::installed("rhel9");
        model.ends_at.set(Some(number));
        assert!(catch_unwind(AssertUnwindSafe(|| model.init())).is_err(), "no power cut at command {number}");
        let command = model.commands.borrow()[number].clone();
        model.ends_at.set(None);
        model.init().unwrap_or_else(|e| panic!("after a power cut at `{command}`: {e:?}"));
        let (f, volumes, tags) = model.disk();
        assert_eq!(volumes, expected.1, "volumes after a power cut at `{command}`");
        assert_eq!(tags, expected.2, "tags after a power cut at `{command}`");
        let (f, e) = (files(&model, f), files(&whole, expected.0.clone()));
        assert_eq!(f, e, "files after a power cut at `{command}`");
        assert_eq!(model.errors(), Vec::<String>::new(), "verify after a power cut at `{command}`");
    }
}

/// The default entry and fstab name existing volumes.
#[track_caller]
fn assert_boots(model: &Model, after: &str) {
    let system = model.system();
    let boot = system.boot.as_ref().unwrap();
    let arguments = boot.arguments(boot.default_entry().unwrap());
    let fstab = system.fstab().unwrap().at("/").unwrap().source;
    let sources = arguments.values("root").chain([fstab.as_str()]);
    let volumes = arguments.values("rd.lvm.lv").map(|lv| format!("/dev/{lv}"));
    for source in sources.map(str::to_owned).chain(volumes).filter(|s| !s.starts_with("UUID=")) {
        let there = system.lvm.as_ref().unwrap().by_path(&source).is_some();
        assert!(there, "{after}: {source} is named and does not exist");
    }
}

#[test]
fn a_command_that_fails_when_root_is_the_layer_already_leaves_a_layer_that_boots() {
    let rename = {
        let whole = Model::installed("rhel8");
        whole.init().unwrap();
        let commands = whole.commands.borrow();
        commands.iter().position(|c| c.contains("lvrename")).unwrap()
    };
    let mut failed = 0;
    for cut in rename + 1..length() {
        for number in cut + 1.. {
            let model = Model::installed("rhel8");
            model.ends_at.set(Some(cut));
            assert!(
                catch_unwind(AssertUnwindSafe(|| model.init())).is_err(),
                "no power cut at command {cut}"
            );
            model.ends_at.set(None);
            model.fails_at.set(Some(number));
            let Err(Outcome::Failed(failure)) = model.init() else { break };
            failed += 1;
            let after = format!("power cut at command {cut}, then {} failed", failure.step);
            assert_eq!(failure.undone.left, Vec::<String>::new(), "{after}");
            assert_boots(&model, &after);
            model.fails_at.set(None);
            model.init().unwrap();
            assert_eq!(model.errors(), Vec::<String>::new(), "{after}");
        }
    }
    assert!(failed > 2, "{failed} commands failed");
}

#[test]
fn a_machine_on_which_nothing_works_any_more_still_boots() {
    for number in 0..length() {
        let model = Model::installed("rhel8");
        model.fails_from.set(Some(number));
        let Err(Outcome::Failed(failure)) = model.init() else {
            panic!("command {number} failed and init did not")
        };
        let after = format!("every command failed from {} on", failure.step);
        assert_boots(&model, &after);
        model.fails_from.set(None);
        model.init().unwrap_or_else(|e| panic!("{after}: {e:?}"));
        assert_eq!(model.errors(), Vec::<String>::new(), "{after}");
    }
}

#[test]
fn a_power_cut_while_work_is_undone_leaves_a_machine_that_boots() {
    for release in ["rhel8", "rhel10"] {
        let mut cuts = 0;
        for number in 0..length() {
            for cut in number + 1.. {
                let model = Model::installed(release);
                // An administrator may have written this; then the transition has nothing to change in it.
                let fstab = model.read("etc/fstab");
                let uuid = "UUID=00000000-0000-00a1-0000-0000000000a1";
                model.put("/sysroot/etc/fstab", &fstab.replace("/dev/mapper/onn-root", uuid));
                model.fails_at.set(Some(number));
                model.ends_at.set(Some(cut));
                if catch_unwind(AssertUnwindSafe(|| model.init())).is_ok() {
                    break;
                }
                cuts += 1;
                let after = format!("{release}: command {number} failed, power cut at command {cut}");
                assert_boots(&model, &after);
                model.fails_at.set(None);
                model.ends_at.set(None);
                model.init().unwrap_or_else(|e| panic!("{after}: {e:?}"));
                assert_eq!(model.errors(), Vec::<String>::new(), "{after}");
            }
        }
        assert!(cuts > 20, "{cuts} power cuts");
    }
}

#[test]
fn old_entries_under_temporary_names_are_removed() {
    let model = Model::installed("rhel9");
    // The last command marks the work as complete: all entries have their final content.
    model.ends_at.set(Some(length() - 1));
    assert!(catch_unwind(AssertUnwindSafe(|| model.init())).is_err(), "no power cut");
    model.ends_at.set(None);
    let entries = model.sysroot().join("boot/loader/entries");
    let own = std::fs::read_dir(&entries).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let own: Vec<String> = own.filter(|n| n.starts_with(NVR)).collect();
    assert_eq!(own.len(), 1, "the layer's entries: {own:?}");
    std::fs::write(entries.join(format!(".{}.new", own[0])), "title the old one\n").unwrap();
    model.init().unwrap();
    let left: Vec<_> = model.disk().0.into_keys().filter(|p| p.to_string_lossy().ends_with(".new")).collect();
    assert!(left.is_empty(), "left behind: {left:?}");
}

#[test]
fn after_a_power_cut_another_name_of_the_image_leaves_nothing_of_the_first() {
    let other = "another-node-5.0-1";
    let mut begun_anew = 0;
    for number in 0..length() {
        let model = Model::installed("rhel9");
        model.ends_at.set(Some(number));
        assert!(catch_unwind(AssertUnwindSafe(|| model.init())).is_err(), "no power cut at command {number}");
        let command = model.commands.borrow()[number].clone();
        model.ends_at.set(None);
        model.init_as(other).unwrap_or_else(|e| panic!("after a power cut at `{command}`: {e:?}"));
        // Once root is the layer, the image keeps its name.
        let anew = model.volume(other).is_some();
        begun_anew += usize::from(anew);
        let gone = if anew { NVR } else { other };
        let (files, volumes, _) = model.disk();
        let left: Vec<_> = files.keys().filter(|p| p.display().to_string().contains(gone)).collect();
        assert!(left.is_empty(), "after a power cut at `{command}` these are left: {left:?}");
        assert!(!volumes.iter().any(|v| v.name.contains(gone)), "volumes after a power cut at `{command}`");
        assert_eq!(model.errors(), Vec::<String>::new(), "verify after a power cut at `{command}`");
    }
    assert!(begun_anew > 5, "{begun_anew} runs began anew");
}

#[test]
fn a_device_that_only_the_pool_knows_is_deleted_and_its_number_used() {
    let whole = Model::installed("rhel9");
    whole.init().unwrap();
    let model = Model::installed("rhel9");
    model.pool_device.set(Some(80));
    model.init().unwrap();
    assert_eq!(model.disk().1, whole.disk().1, "volumes");
    let commands = model.commands.borrow();
    let deleted: Vec<_> = commands.iter().filter(|c| c.starts_with("dmsetup message")).collect();
    assert_eq!(deleted, ["dmsetup message onn-pool00-tpool 0 'delete 80'"]);
}

#[test]
fn a_device_that_lvm_knows_is_never_deleted() {
    let model = Model::installed("rhel9");
    let before = model.disk();
    let number = model.volumes.borrow().iter().find(|v| v.name == "root").unwrap().thin_id;
    model.pool_device.set(Some(number));
    let Err(Outcome::Failed(failure)) = model.init() else { panic!("init succeeded") };
    assert!(failure.error.to_string().contains(&format!("create_snap {number}")), "{}", failure.error);
    assert!(!model.commands.borrow().iter().any(|c| c.contains("delete")), "a device was deleted");
    assert_eq!(model.disk().2, before.2, "tags");
}

#[test]
fn a_base_half_made_in_the_pool_is_removed_with_its_device() {
    let model = Model::installed("rhel9");
    // The base is in LVM's metadata; the pool has its device, but not yet LVM's transaction.
    let lvcreate = {
        let whole = Model::installed("rhel9");
        whole.init().unwrap();
        let commands = whole.commands.borrow();
        commands.iter().position(|c| c.starts_with("lvcreate")).unwrap()
    };
    model.ends_at.set(Some(lvcreate + 1));
    assert!(catch_unwind(AssertUnwindSafe(|| model.init())).is_err(), "no power cut");
    model.ends_at.set(None);
    let number = model.volumes.borrow().iter().find(|v| v.name == NVR).unwrap().thin_id;
    model.pool_device.set(Some(number));
    model.init().unwrap();
    assert_eq!(model.errors(), Vec::<String>::new());
}

#[test]
fn a_power_cut_at_any_command_of_the_first_boot_is_completed_by_the_next_boot() {
    let installed = || {
        let model = Model::installed("rhel9");
        model.init().unwrap();
        model
    };
    let whole = installed();
    let first = whole.commands.borrow().len();
    whole.first_boot();
    let expected = whole.disk();
    let last = whole.commands.borrow().len();
    assert!(last > first + 2, "the first boot ran {} commands", last - first);
    for number in first..last {
        let model = installed();
        model.ends_at.set(Some(number));
        assert!(
            catch_unwind(AssertUnwindSafe(|| model.first_boot())).is_err(),
            "no power cut at command {number}"
        );
        let after = format!("after a power cut at `{}`", model.commands.borrow()[number]);
        assert_boots(&model, &after);
        model.ends_at.set(None);
        // A base that was being read is not active any more.
        model.change(NVR, |v| v.minor = None);
        model.first_boot();
        let (files, volumes, tags) = model.disk();
        assert_eq!((volumes, tags), (expected.1.clone(), expected.2.clone()), "{after}");
        assert_eq!(files.len(), expected.0.len(), "files {after}");
        assert_eq!(model.errors(), Vec::<String>::new(), "{after}");
        assert_eq!(model.first_boot(), Vec::<&str>::new(), "{after}");
    }
}
