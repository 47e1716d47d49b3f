//! The checks of a merged /etc with real programs: visudo, nft and sshd of this machine, in the layer.

use crate::model::{Model, Outcome};
use crate::real_packages::install_programs;
use crate::update_model::NEW;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A node whose image has one of the programs, and a file in three versions.
fn node(program: &str, path: &str, mode: u32, [base, ours, theirs]: [&str; 3]) -> Model {
    let model = Model::node("rhel9");
    let accounts = [
        (
            "passwd",
            "root:x:0:0::/:/bin/sh\nsshd:x:100:65534::/run/sshd:/sbin/nologin\nnobody:x:65534:65534::/:/sbin/nologin\n",
        ),
        ("group", "root:x:0:\nnogroup:x:65534:\n"),
        ("shadow", "root:*:1::::::\nsshd:!:1::::::\nnobody:!:1::::::\n"),
    ];
    for (root, text) in [
        (format!("volumes/{}/usr/share/factory/etc", crate::model::NVR), base),
        ("sysroot/etc".into(), ours),
        ("image/etc".into(), theirs),
    ] {
        model.put(&format!("/{root}/{path}"), text);
        std::fs::set_permissions(model.path(&format!("{root}/{path}")), Permissions::from_mode(mode))
            .unwrap();
        for (name, text) in accounts {
            model.put(&format!("/{root}/{name}"), text);
        }
    }
    install_programs(&model.path("image"), &["sh", program]);
    model
}

/// What the checks say of a merge; `None` if they find nothing.
fn checked(model: &Model) -> Option<String> {
    match model.update() {
        Ok(result) => {
            assert_eq!(result, "armed");
            None
        }
        Err(Outcome::Failed(failure)) => {
            assert_eq!(failure.step, "checks", "{failure}");
            assert!(model.volume(NEW).is_none());
            Some(failure.to_string())
        }
        Err(other) => panic!("{other:?}"),
    }
}

/// Whether the layer's programs can be run here.
fn can_run() -> bool {
    rustix::process::geteuid().is_root()
}

fn ran(model: &Model, program: &str) -> bool {
    model.commands.borrow().iter().any(|command| command.starts_with("chroot ") && command.contains(program))
}

const SUDOERS: &str = "root ALL=(ALL) ALL\n\n# of the image\n\n# end\n";

#[test]
fn visudo_finds_what_a_merge_makes_wrong() {
    if !can_run() {
        println!("skipped: needs root");
        return;
    }
    let ours = format!("{SUDOERS}wheel ALL=(ALL) ALL\n");
    let good = SUDOERS.replace("# of the image", "Defaults env_reset");
    let model = node("visudo", "sudoers", 0o440, [SUDOERS, &ours, &good]);
    assert_eq!(checked(&model), None);
    assert!(ran(&model, "visudo -c"));
    // An alias that the host uses, and that the image has not any more: each side is right on its own.
    let base = "User_Alias OPS = root\n\nroot ALL=(ALL) ALL\n\n# end\n";
    let ours = format!("{base}OPS ALL=(ALL) ALL\nroot ALL=(OPS_HOSTS ALL\n");
    let model = node("visudo", "sudoers", 0o440, [base, &ours, &base.replace("# end", "# the end of it")]);
    model.put("/sysroot/etc/sudoers", &ours);
    let why = checked(&model).unwrap();
    assert!(why.contains("visudo -c") && why.contains("syntax error"), "{why}");
}

#[test]
fn nft_finds_what_a_merge_makes_wrong() {
    if !can_run() {
        println!("skipped: needs root");
        return;
    }
    let base = "table inet lab {\n\tset ports {\n\t\ttype inet_service;\n\t}\n}\n\n# end\n";
    let ours = base.replace("# end", "# end\n# of the host");
    let theirs = format!("# of the image\n{base}");
    let model = node("nft", "nftables.conf", 0o644, [base, &ours, &theirs]);
    let works = std::process::Command::new("nft").args(["-c", "list", "ruleset"]).output();
    if !works.is_ok_and(|output| output.status.success()) {
        println!("skipped: the kernel has no nftables");
        return;
    }
    assert_eq!(checked(&model), None);
    assert!(ran(&model, "nft -c -f /etc/nftables.conf"));
    let wrong = format!("{base}table inet host {{\n");
    let model = node("nft", "nftables.conf", 0o644, [base, &wrong, &theirs]);
    let why = checked(&model).unwrap();
    assert!(why.contains("nft -c") && why.contains("syntax error"), "{why}");
}

#[test]
fn sshd_finds_what_a_merge_makes_wrong() {
    if !can_run() || !Path::new("/usr/sbin/sshd").exists() {
        println!("skipped: needs root, and sshd");
        return;
    }
    let base = "Port 22\n\nUseDNS no\n\n# end\n";
    let prepare = |ours: &str| {
        let model =
            node("sshd", "ssh/sshd_config", 0o600, [base, ours, &base.replace("# end", "PrintMotd no")]);
        let key = model.path("sysroot/etc/ssh/ssh_host_ed25519_key");
        let made = std::process::Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-f"])
            .arg(&key)
            .status();
        assert!(made.unwrap().success());
        // The layer sees the devices of the model.
        model.real_packages.set(true);
        let null = model.path("dev/null");
        let device = rustix::fs::makedev(1, 3);
        let (kind, mode) = (rustix::fs::FileType::CharacterDevice, rustix::fs::Mode::from_raw_mode(0o666));
        rustix::fs::mknodat(rustix::fs::CWD, &null, kind, mode, device).unwrap();
        model
    };
    let model = prepare(&base.replace("Port 22\n", "Port 2222\n"));
    assert_eq!(checked(&model), None);
    assert!(ran(&model, "sshd -t"));
    let model = prepare(&base.replace("Port 22\n", "Prot 2222\n"));
    let why = checked(&model).unwrap();
    assert!(why.contains("sshd -t") && why.contains("Prot"), "{why}");
}
