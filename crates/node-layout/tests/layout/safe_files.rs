//! Who can read what `init` writes, and that it removes only what it has made.

use crate::model::{Model, NVR, Outcome, Volume, machine_entry};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

const VERSION: &str = "5.14.0-503.11.1.el9_5.x86_64";

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// The number of the first command of `init` that has `word` in it.
fn position(word: &str) -> usize {
    let model = Model::installed("rhel9");
    model.init().unwrap();
    model.commands.borrow().iter().position(|c| c.contains(word)).unwrap()
}

#[test]
fn a_kept_initramfs_has_mode_owner_and_times_of_its_source() {
    let model = Model::installed("rhel9");
    let own = model.sysroot().join(format!("boot/initramfs-{VERSION}.img"));
    set_mode(&own, 0o600);
    let time = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
    std::fs::File::options().append(true).open(&own).unwrap().set_modified(time).unwrap();
    let other_group = std::os::unix::fs::chown(&own, None, Some(4242)).is_ok();
    // A link under the temporary name is not followed.
    let victim = model.path("victim");
    std::fs::write(&victim, "of somebody else").unwrap();
    let directory = model.sysroot().join(format!("boot/{NVR}+1"));
    std::fs::create_dir(&directory).unwrap();
    std::os::unix::fs::symlink(&victim, directory.join(format!(".initramfs-{VERSION}.img.new"))).unwrap();
    model.init().unwrap();
    let kept = directory.join(format!("initramfs-{VERSION}.img"));
    assert_eq!(mode(&kept), 0o600);
    assert_eq!(std::fs::metadata(&kept).unwrap().modified().unwrap(), time);
    if other_group {
        assert_eq!(std::fs::metadata(&kept).unwrap().gid(), 4242);
    }
    assert!(std::fs::symlink_metadata(&kept).unwrap().is_file());
    assert_eq!(std::fs::read_to_string(victim).unwrap(), "of somebody else");
    // What an earlier version has copied for everybody is corrected.
    set_mode(&kept, 0o644);
    model.first_boot();
    assert_eq!(mode(&kept), 0o600);
}

#[test]
fn a_new_entry_has_the_mode_of_the_one_it_is_made_from() {
    let model = Model::installed("rhel9");
    set_mode(&model.sysroot().join(machine_entry(&model)), 0o600);
    model.init().unwrap();
    let entries = model.sysroot().join("boot/loader/entries");
    let own = std::fs::read_dir(&entries).unwrap().map(|e| e.unwrap().path());
    let own: Vec<_> = own.filter(|p| p.display().to_string().contains(NVR)).collect();
    assert_eq!(own.iter().map(|p| mode(p)).collect::<Vec<_>>(), [0o600]);
    assert_eq!(mode(&model.sysroot().join(machine_entry(&model))), 0o600);
}

#[test]
fn new_files_and_directories_have_defined_modes_whatever_the_umask_is() {
    // The umask is that of the whole process, so the test runs again in one of its own.
    let name = "safe_files::new_files_and_directories_have_defined_modes_whatever_the_umask_is";
    if std::env::var_os("OWN_UMASK").is_none() {
        let program = std::env::current_exe().unwrap();
        let mut inner = std::process::Command::new("sh");
        inner.args(["-c", "umask 077; exec \"$0\" \"$@\""]).arg(program).args(["--exact", name]);
        let output = inner.env("OWN_UMASK", "1").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        return;
    }
    let model = Model::installed("rhel9");
    model.init().unwrap();
    for directory in ["etc/systemd/system", "etc/lvm/profile", "etc/node-layout", &format!("boot/{NVR}+1")] {
        assert_eq!(mode(&model.sysroot().join(directory)), 0o755, "{directory}");
    }
    for file in ["etc/systemd/system/node-layout-finish.service", "etc/lvm/profile/imgbased-pool.profile"] {
        assert_eq!(mode(&model.sysroot().join(file)), 0o644, "{file}");
    }
}

#[test]
fn a_device_is_kept_when_lvm_cannot_be_asked_whose_it_is() {
    let model = Model::installed("rhel9");
    let mut precious = Volume::new("precious", "thin", 9);
    precious.thin_id = 77;
    model.volumes.borrow_mut().push(precious);
    model.pool_device.set(Some(77));
    model.locked_from.set(Some(position("lvcreate") + 1));
    let Err(Outcome::Failed(failure)) = model.init() else { panic!("init succeeded") };
    assert!(failure.error.to_string().contains("create_snap 77"), "{}", failure.error);
    assert!(!model.commands.borrow().iter().any(|c| c.contains("delete")), "a device was deleted");
}

#[test]
fn removing_a_base_deletes_no_device_but_its_own() {
    let model = Model::installed("rhel9");
    model.ends_at.set(Some(position("lvcreate") + 1));
    let cut = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| model.init()));
    assert!(cut.is_err(), "no power cut");
    model.ends_at.set(None);
    model.pool_device.set(Some(77));
    let Err(Outcome::Failed(failure)) = model.init() else { panic!("init succeeded") };
    assert!(failure.error.to_string().contains("create_snap 77"), "{}", failure.error);
    assert!(!model.commands.borrow().iter().any(|c| c.contains("delete")), "a device was deleted");
}

#[test]
fn undoing_leaves_a_directory_that_was_there_before() {
    for file in ["README", "vmlinuz-4.18.0", ".initramfs-1.img.new"] {
        let model = Model::installed("rhel9");
        model.put(&format!("/sysroot/boot/{NVR}+1/{file}"), "of an administrator");
        model.fails_at.set(Some(position("lvrename")));
        let Err(Outcome::Failed(failure)) = model.init() else { panic!("init succeeded") };
        assert_eq!(failure.undone.left, Vec::<String>::new());
        assert_eq!(model.read(&format!("boot/{NVR}+1/{file}")), "of an administrator");
        // Nor does a run that succeeds remove it.
        model.fails_at.set(None);
        let model = Model::installed("rhel9");
        model.put(&format!("/sysroot/boot/{NVR}+1/{file}"), "of an administrator");
        model.init().unwrap();
        assert_eq!(model.read(&format!("boot/{NVR}+1/{file}")), "of an administrator");
    }
}

#[test]
fn undoing_removes_only_copies_from_a_directory_that_has_other_files_since() {
    let model = Model::installed("rhel9");
    model.ends_at.set(Some(position("lvrename")));
    let cut = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| model.init()));
    assert!(cut.is_err(), "no power cut");
    model.ends_at.set(None);
    model.put(&format!("/sysroot/boot/{NVR}+1/README"), "of an administrator");
    let second = model.commands.borrow().len();
    model.fails_at.set(Some(second + position("lvrename") / 2));
    let Err(Outcome::Failed(_)) = model.init() else { panic!("init succeeded") };
    let kept = std::fs::read_dir(model.sysroot().join(format!("boot/{NVR}+1"))).unwrap();
    let kept: Vec<_> = kept.map(|f| f.unwrap().file_name()).collect();
    assert_eq!(kept, ["README"]);
}

#[test]
fn a_tag_alone_makes_no_leftover() {
    let ours = || {
        let mut volume = Volume::new("node-4.4-1", "thin", 9);
        volume.tags = vec!["node-layout:unfinished".into(), "node-layout:root=root".into()];
        volume.skip = true;
        volume
    };
    let removed = |volume: Volume| {
        let model = Model::installed("rhel9");
        let name = volume.name.clone();
        model.put(&format!("/sysroot/boot/{name}+1/README"), "of an administrator");
        model.put(&format!("/sysroot/boot/{name}+1/vmlinuz-1"), "a copy");
        model.volumes.borrow_mut().push(volume);
        model.init().unwrap();
        assert_eq!(model.read(&format!("boot/{name}+1/README")), "of an administrator");
        let copy = model.sysroot().join(format!("boot/{name}+1/vmlinuz-1")).exists();
        let volume = model.volume(&name).is_some();
        assert_eq!(copy, volume, "{name}");
        !volume
    };
    assert!(removed(ours()), "with every mark");
    assert!(!removed(Volume { segtype: "linear", ..ours() }), "a linear volume");
    assert!(!removed(Volume { name: "precious".into(), ..ours() }), "another name");
    assert!(!removed(Volume { skip: false, ..ours() }), "a volume that is activated");
    assert!(!removed(Volume { tags: vec!["backup".into()], ..ours() }), "another tag");
}

#[test]
fn the_tag_with_the_old_name_never_becomes_a_path() {
    for name in ["/tmp/x", "../../x", "..", "-x", "a/b", ""] {
        let model = Model::installed("rhel9");
        model.ends_at.set(Some(position("lvrename") + 1));
        let cut = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| model.init()));
        assert!(cut.is_err(), "no power cut");
        model.ends_at.set(None);
        let tag = format!("node-layout:root={name}");
        model.change(NVR, |v| v.tags = vec![tag.clone(), "imgbased:base".into()]);
        // The old name is not known any more, so arguments with it stay, and that is refused.
        let volumes = model.disk();
        let Err(Outcome::Refused(findings)) = model.init() else { panic!("{name}: not refused") };
        assert!(findings.iter().any(|f| f.message.contains("names the volume onn/root")), "{findings:?}");
        assert!(model.disk() == volumes, "{name}: something was changed");
        for file in ["etc/default/grub", "etc/kernel/cmdline"] {
            let text = model.read(file).replace("onn/root", &format!("onn/{NVR}+1"));
            model.put(&format!("/sysroot/{file}"), &text);
        }
        let plan = model.init().unwrap();
        let links = plan.steps.iter().flat_map(|step| &step.actions);
        let links: Vec<_> = links.filter(|a| matches!(a, node_layout::Action::Link { .. })).collect();
        assert!(links.is_empty(), "{name}: {links:?}");
        assert_eq!(model.volume(NVR).unwrap().tags, ["imgbased:base"], "{name}");
        assert_eq!(model.first_boot().last(), Some(&"remove-unit"), "{name}");
    }
}

#[test]
fn links_of_an_image_do_not_lead_out_of_it() {
    let kernel = format!("boot/vmlinuz-{VERSION}");
    let initramfs = format!("boot/initramfs-{VERSION}.img");
    let directory = format!("boot/{NVR}+1");
    let entry = machine_entry(&Model::installed("rhel9"));
    let links: [&str; 10] = [
        &directory,
        "boot/grub2",
        "boot/grub2/grubenv",
        "boot/loader/entries",
        "etc",
        "etc/fstab",
        "etc/default/grub",
        &entry,
        &kernel,
        &initramfs,
    ];
    for link in links {
        for relative in [false, true] {
            let model = Model::installed("rhel9");
            let at = model.sysroot().join(link);
            let outside = model.path("outside");
            if at.exists() {
                std::fs::rename(&at, &outside).unwrap();
            } else {
                std::fs::create_dir(&outside).unwrap();
            }
            let up = "../".repeat(link.split('/').count());
            let to = if relative { Path::new(&up).join("outside") } else { outside.clone() };
            std::os::unix::fs::symlink(to, &at).unwrap();
            let before = tree(&outside);
            let result = model.init();
            assert_eq!(tree(&outside), before, "{link}: a file outside the system was changed");
            let kept = model.sysroot().join(&directory);
            for file in [format!("vmlinuz-{VERSION}"), format!("initramfs-{VERSION}.img")] {
                let copied = link.ends_with(&file) && kept.join(&file).exists();
                assert!(!copied, "{link}: a file outside the system was copied ({result:?})");
            }
        }
    }
    // What an entry names is in its own directory.
    let model = Model::installed("rhel9");
    std::fs::write(model.path("secret"), "of somebody else").unwrap();
    let text = model.read(&entry);
    let text = text.replace(&format!("/initramfs-{VERSION}.img"), "/../../secret");
    model.put(&format!("/sysroot/{entry}"), &text);
    model.init().unwrap();
    assert!(!model.sysroot().join(&directory).join(format!("initramfs-{VERSION}.img")).exists());
}

/// Names, modes and contents below a path.
fn tree(path: &Path) -> Vec<(std::path::PathBuf, u32, Vec<u8>)> {
    let mut all = vec![(path.to_owned(), mode(path), std::fs::read(path).unwrap_or_default())];
    if path.is_dir() {
        let mut names: Vec<_> = std::fs::read_dir(path).unwrap().map(|f| f.unwrap().path()).collect();
        names.sort();
        all.extend(names.iter().flat_map(|path| tree(path)));
    }
    all
}
