//! /etc in an update: merged, its conflicts kept until somebody decides.

use crate::model::{Model, NVR, Outcome};
use crate::trial::{Quiet, done};
use crate::update_model::NEW;
use node_layout::{
    Action, OnConflict, Resolution, UpdateRequest, pin, remove, resolve, started, status, waiting,
};
use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, chown};

/// A path, and the texts in the old image, on the host, in the new image.
type File<'f> = (&'f str, Option<&'f str>, Option<&'f str>, Option<&'f str>);

/// A node whose image has a copy of its /etc.
fn node(files: &[File<'_>]) -> Model {
    let model = Model::node("rhel9");
    let factory = format!("/volumes/{NVR}/usr/share/factory/etc");
    let accounts = [("passwd", "root:x:0:0::/:/bin/sh\n"), ("group", "root:x:0:\n")]
        .map(|(path, text)| (path, Some(text), Some(text), Some(text)));
    let named: Vec<&str> = files.iter().map(|file| file.0).collect();
    let accounts = accounts.into_iter().filter(|file| !named.contains(&file.0));
    for (path, base, ours, theirs) in files.iter().copied().chain(accounts) {
        for (root, text) in [(factory.as_str(), base), ("/sysroot/etc", ours), ("/image/etc", theirs)] {
            if let Some(text) = text {
                model.put(&format!("{root}/{path}"), text);
            }
        }
    }
    model
}

fn with(model: &Model, on_conflict: OnConflict) -> UpdateRequest {
    UpdateRequest { on_conflict, ..model.request() }
}

fn conflicts(model: &Model, image: Option<&str>) -> Vec<String> {
    let waiting = waiting(&model.running(), image).unwrap();
    waiting.conflicts.iter().map(|conflict| conflict.path.display().to_string()).collect()
}

fn layer(model: &Model) -> BTreeMap<String, Vec<u8>> {
    model.files(&model.tree(&format!("{NEW}+1")))
}

const CONFLICT: File<'_> = ("ssh/sshd_config", Some("Port 22\n"), Some("Port 2222\n"), Some("Port 2200\n"));

#[test]
fn the_layer_has_what_host_and_image_have_changed() {
    let model = node(&[
        ("chrony.conf", Some("a\n\nb\n"), Some("A\n\nb\n"), Some("a\n\nB\n")),
        ("of-the-host", None, Some("1\n"), None),
        ("deleted", Some("1\n"), None, Some("1\n")),
        ("default-changed", Some("1\n"), Some("1\n"), Some("2\n")),
        ("machine-id", Some(""), Some("0123456789abcdef0123456789abcdef\n"), Some("")),
        (
            "passwd",
            Some("root:x:0:0::/:/bin/sh\n"),
            Some("root:x:0:0::/:/bin/sh\nalice:x:1000:0::/:/bin/sh\n"),
            Some("root:x:0:0::/:/bin/sh\nsvc:x:980:0::/:/bin/sh\n"),
        ),
    ]);
    assert_eq!(model.update().unwrap(), "armed");
    let files = layer(&model);
    let text = |path: &str| String::from_utf8(files[&format!("etc/{path}")].clone()).unwrap();
    assert_eq!(text("chrony.conf"), "A\n\nB\n");
    assert_eq!(
        (text("of-the-host"), text("default-changed"), text("of-the-image")),
        ("1\n".into(), "2\n".into(), "default\n".into())
    );
    assert!(!files.contains_key("etc/deleted"));
    assert_eq!(text("machine-id"), "0123456789abcdef0123456789abcdef\n");
    assert_eq!(text("passwd"), "root:x:0:0::/:/bin/sh\nalice:x:1000:0::/:/bin/sh\nsvc:x:980:0::/:/bin/sh\n");
    assert_eq!(text("hostname"), "node1\n");
    assert!(text("fstab").contains(&format!("/dev/onn/{NEW}+1 ")), "{}", text("fstab"));
    assert!(!model.sysroot().join("var/lib/node-layout/conflicts").exists());
}

#[test]
fn without_the_defaults_of_the_image_the_host_keeps_its_files() {
    let model = Model::node("rhel9");
    // The installer has set a password and a file system; the base has them, too.
    for root in ["/sysroot/etc".to_owned(), format!("/volumes/{NVR}/etc")] {
        model.put(&format!("{root}/passwd"), "root:x:0:0::/:/bin/bash\ninstalled:x:1000:0::/:/bin/sh\n");
        model.put(&format!("{root}/group"), "root:x:0:\n");
        model.put(&format!("{root}/shadow"), "root:$6$a:1::::::\ninstalled:$6$b:1::::::\n");
        model.put(&format!("{root}/locale.conf"), "LANG=de_DE.UTF-8\n");
    }
    for (path, text) in [
        ("passwd", "root:x:0:0::/:/bin/sh\nsvc:x:980:0::/:/bin/sh\n"),
        ("group", "root:x:0:\n"),
        ("shadow", "root:*:9::::::\nsvc:!:9::::::\n"),
        ("locale.conf", "LANG=C\n"),
    ] {
        model.put(&format!("/image/etc/{path}"), text);
    }
    // And later the administrator has added an account.
    model.put(
        "/sysroot/etc/passwd",
        "root:x:0:0::/:/bin/bash\ninstalled:x:1000:0::/:/bin/sh\nlater:x:1001:0::/:/bin/sh\n",
    );
    model.put("/sysroot/etc/shadow", "root:$6$a:1::::::\ninstalled:$6$b:1::::::\nlater:!:2::::::\n");
    assert_eq!(model.update().unwrap(), "armed");
    let files = layer(&model);
    let text = |path: &str| String::from_utf8(files[&format!("etc/{path}")].clone()).unwrap();
    assert_eq!(text("locale.conf"), "LANG=de_DE.UTF-8\n");
    assert_eq!(
        text("passwd"),
        "root:x:0:0::/:/bin/bash\ninstalled:x:1000:0::/:/bin/sh\nlater:x:1001:0::/:/bin/sh\nsvc:x:980:0::/:/bin/sh\n"
    );
    assert_eq!(text("shadow"), "root:$6$a:1::::::\ninstalled:$6$b:1::::::\nlater:!:2::::::\nsvc:!:9::::::\n");
    assert_eq!(text("of-the-image"), "default\n");
}

#[test]
fn a_conflict_is_told_before_kept_afterwards_and_resolved_by_somebody() {
    let other = ("motd", Some("1\n"), Some("2\n"), Some("3\n"));
    let model = node(&[CONFLICT, other]);
    let system = model.running();
    let decided = model.decide(&system, &model.request()).unwrap();
    let told: Vec<&str> =
        decided.findings.iter().filter(|f| f.code.id == "LAY087").map(|f| f.message.as_str()).collect();
    let what = "both changed the same place; the new layer has the version of this host";
    assert_eq!(told, [format!("/etc/motd: {what}"), format!("/etc/ssh/sshd_config: {what}")]);
    decided.close(&model).unwrap();
    assert!(!model.sysroot().join("var/lib/node-layout/conflicts").exists(), "nothing is written before");

    assert_eq!(model.update().unwrap(), "armed");
    assert_eq!(layer(&model)["etc/ssh/sshd_config"], b"Port 2222\n");
    assert_eq!(model.read("etc/ssh/sshd_config"), "Port 2222\n");
    let kept =
        |version: &str| model.read(&format!("var/lib/node-layout/conflicts/{NEW}/{version}/ssh/sshd_config"));
    assert_eq!(
        (kept("base"), kept("ours"), kept("theirs")),
        ("Port 22\n".into(), "Port 2222\n".into(), "Port 2200\n".into())
    );
    assert!(kept("merged").contains("||||||| old image\nPort 22\n"));
    // They are the new image's: the running one has none.
    assert!(conflicts(&model, None).is_empty());
    assert_eq!(conflicts(&model, Some(NEW)), ["motd", "ssh/sshd_config"]);

    model.boots().unwrap();
    for (path, text) in
        layer(&model).iter().filter(|(path, _)| path.starts_with("etc/") && !path.ends_with('/'))
    {
        if path.ends_with("sshd_config") || path.ends_with("motd") {
            model.put(&format!("/sysroot/{path}"), &String::from_utf8_lossy(text));
        }
    }
    done(&model, &started(&model.running()).unwrap());
    let count = || status(&model.running(), &crate::model::policy(), &model).unwrap();
    assert_eq!(count().conflicts, 2);
    assert!(
        count()
            .sentences
            .iter()
            .any(|s| s == "2 files of /etc wait for a decision (node-layout etc conflicts)")
    );
    assert!(resolve(&model.running(), "/etc/other", &Resolution::Ours).is_err());
    done(&model, &resolve(&model.running(), "/etc/ssh/sshd_config", &Resolution::Theirs).unwrap());
    assert_eq!(model.read("etc/ssh/sshd_config"), "Port 2200\n");
    assert_eq!(count().conflicts, 1);
    done(&model, &resolve(&model.running(), "motd", &Resolution::Text(b"23\n".to_vec())).unwrap());
    assert_eq!(model.read("etc/motd"), "23\n");
    assert_eq!(count().conflicts, 0);
    assert!(!model.sysroot().join(format!("var/lib/node-layout/conflicts/{NEW}")).exists());
}

#[test]
fn a_conflict_can_stop_the_update_or_be_the_images() {
    let model = node(&[CONFLICT]);
    let disk = model.disk();
    match model.update_with(&with(&model, OnConflict::Stop), &mut Quiet) {
        Err(Outcome::Refused(findings)) => {
            assert!(
                findings.iter().any(|f| f.message == "/etc/ssh/sshd_config: both changed the same place")
            );
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(model.disk(), disk);
    // A pin is a decision.
    done(&model, &pin(&model.running(), "/etc/ssh/sshd_config", false).unwrap());
    assert_eq!(pin(&model.running(), "ssh/sshd_config", false).unwrap().result, "already-pinned");
    assert_eq!(model.update_with(&with(&model, OnConflict::Stop), &mut Quiet).unwrap(), "armed");
    assert_eq!(layer(&model)["etc/ssh/sshd_config"], b"Port 2222\n");
    assert!(model.read("etc/node-layout/pins").ends_with("\n/etc/ssh/sshd_config\n"));
    done(&model, &pin(&model.running(), "/etc/ssh/sshd_config", true).unwrap());
    assert!(!model.read("etc/node-layout/pins").contains("sshd"));
    assert!(
        pin(&model.running(), "/usr/lib/x", false).is_err() && pin(&model.running(), "../x", false).is_err()
    );

    let model = node(&[CONFLICT]);
    assert_eq!(model.update_with(&with(&model, OnConflict::Theirs), &mut Quiet).unwrap(), "armed");
    assert_eq!(layer(&model)["etc/ssh/sshd_config"], b"Port 2200\n");
    assert_eq!(conflicts(&model, Some(NEW)), ["ssh/sshd_config"], "the host's version is kept");
}

#[test]
fn conflicts_go_with_their_image_and_with_an_update_that_fails() {
    let model = node(&[CONFLICT]);
    let kept = model.sysroot().join(format!("var/lib/node-layout/conflicts/{NEW}"));
    model
        .update_with(
            &UpdateRequest { after: node_layout::AfterUpdate::Nothing, ..model.request() },
            &mut Quiet,
        )
        .unwrap();
    assert!(kept.join("conflicts.json").exists());
    done(&model, &remove(&model.running(), NEW).unwrap());
    assert!(!kept.exists());

    let whole = node(&[CONFLICT]);
    whole.update().unwrap();
    let chroot = whole.commands.borrow().iter().position(|c| c.starts_with("chroot")).unwrap();
    let model = node(&[CONFLICT]);
    let kept = model.sysroot().join(format!("var/lib/node-layout/conflicts/{NEW}"));
    model.fails_at.set(Some(chroot));
    assert!(matches!(model.update(), Err(Outcome::Failed(_))));
    assert!(!kept.exists() && model.volume(NEW).is_none());
}

#[test]
fn a_number_that_the_host_uses_is_changed_in_the_whole_layer() {
    if !rustix::process::geteuid().is_root() {
        println!("skipped: needs root");
        return;
    }
    let root = "root:x:0:0::/:/bin/sh\n";
    let model = node(&[(
        "passwd",
        Some(root),
        Some(&format!("{root}alice:x:990:0::/:/s\n")),
        Some(&format!("{root}svc:x:990:0::/:/s\n")),
    )]);
    model.put("/image/usr/lib/svc/data", "x");
    chown(model.path("image/usr/lib/svc/data"), Some(990), Some(0)).unwrap();
    let decided = model.decide(&model.running(), &model.request()).unwrap();
    let told: Vec<String> =
        decided.findings.iter().filter(|f| f.code.id == "LAY089").map(|f| f.message.clone()).collect();
    assert_eq!(told.len(), 1);
    assert!(told[0].ends_with(": user 990 becomes 999"), "{told:?}");
    decided.close(&model).unwrap();
    model.update().unwrap();
    let owner = |volume: &str| std::fs::metadata(model.tree(volume).join("usr/lib/svc/data")).unwrap().uid();
    assert_eq!(owner(&format!("{NEW}+1")), 999);
    assert_eq!(owner(NEW), 990, "the base is the image");
}

#[test]
fn settings_are_checked_in_the_layer_by_its_own_programs() {
    let sudoers = ("sudoers", Some("a\n"), Some("a\n"), Some("b\n"));
    let model = node(&[sudoers]);
    model.put("/image/usr/sbin/visudo", "program");
    let decided = model.decide(&model.running(), &model.request()).unwrap();
    let checks: Vec<String> = decided
        .plan
        .steps
        .iter()
        .filter(|step| step.name == "checks")
        .flat_map(|step| step.actions.iter().flat_map(Action::commands))
        .map(|command| command.to_string())
        .collect();
    decided.close(&model).unwrap();
    assert!(
        checks.iter().any(|c| c.starts_with("chroot ") && c.ends_with("/usr/sbin/visudo -c")),
        "{checks:?}"
    );
    let unmounts = checks.iter().filter(|c| c.starts_with("umount")).count();
    assert_eq!(unmounts, checks.iter().filter(|c| c.starts_with("mount")).count());
    // The check fails: everything is taken back.
    let whole = node(&[sudoers]);
    whole.put("/image/usr/sbin/visudo", "program");
    whole.update().unwrap();
    let number = whole
        .commands
        .borrow()
        .iter()
        .position(|c| c.ends_with("visudo -c") && c.starts_with("chroot"))
        .unwrap();
    let failing = node(&[sudoers]);
    failing.put("/image/usr/sbin/visudo", "program");
    failing.fails_at.set(Some(number));
    match failing.update() {
        Err(Outcome::Failed(failure)) => assert_eq!(failure.step, "checks", "{failure}"),
        other => panic!("{other:?}"),
    }
    assert!(failing.volume(NEW).is_none());
}

#[test]
fn a_check_that_fails_on_the_host_already_is_left_out() {
    let sudoers = ("sudoers", Some("a\n"), Some("a\n"), Some("b\n"));
    let whole = node(&[sudoers]);
    whole.put("/image/usr/sbin/visudo", "program");
    whole.update().unwrap();
    let number = whole.commands.borrow().iter().position(|c| c == "visudo -c").unwrap();
    let model = node(&[sudoers]);
    model.put("/image/usr/sbin/visudo", "program");
    model.fails_at.set(Some(number));
    let decided = model.decide(&model.running(), &model.request()).unwrap();
    let told = decided.findings.iter().find(|f| f.code.id == "LAY090").unwrap();
    assert!(told.message.starts_with("a check fails on this host already: `visudo -c` failed"), "{told:?}");
    assert!(decided.plan.steps.iter().all(|step| step.name != "checks"));
    decided.close(&model).unwrap();
}

#[test]
fn a_table_that_cannot_be_used_refuses_the_update() {
    let model = node(&[]);
    model.put("/sysroot/etc/node-layout/etc.toml", "[[files]]\npaths = ['x']\nkind = 'y'\n");
    let disk = model.disk();
    match model.update() {
        Err(Outcome::Refused(findings)) => {
            let finding = findings.iter().find(|f| f.code.id == "LAY088").unwrap();
            assert!(finding.message.contains("etc.toml: there is no kind 'y'; use host, "), "{finding:?}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(model.disk(), disk);
}
