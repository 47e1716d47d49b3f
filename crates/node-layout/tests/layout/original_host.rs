//! A host that the original imgbased has made takes its first update.
//!
//! What is on it is what imgbased 1.2.26 has left after `imgbase layout --init` with grubby of Fedora (`tests/vm/originalhost.py`): the
//! base has the tag of a layer and is writable, the root of the installer stays, only the layer's entry is left, whose paths begin with
//! two slashes, the default is its title, and `/etc/kernel/cmdline` names the root of the installer.

use crate::grub::Firmware;
use crate::grub_configurations::ALL;
use crate::model::{Model, NVR, Volume, is_error, policy};
use crate::trial::{done, state_of};
use crate::update_model::NEW;
use node_layout::{Depth, ImageState, confirm, repair, rollback, verify};

/// The host, and a new image beside it.
fn host(release: &str, firmware: Firmware) -> Model {
    let model = Model::installed_with_grub(release, firmware);
    let layer = format!("{NVR}+1");
    let entries = model.sysroot().join("boot/loader/entries");
    let kernel = std::fs::read_dir(&entries).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let kernel: Vec<String> = kernel.collect();
    let id = kernel.iter().find(|n| n.starts_with("5ae5") && !n.contains("rescue")).unwrap();
    let version = id.trim_end_matches(".conf").split_once('-').unwrap().1.to_owned();
    let text = model.read(&format!("boot/loader/entries/{id}"));
    let class = text.lines().find(|l| l.starts_with("grub_class")).unwrap();
    let options = format!(
        "root=/dev/onn/{layer} ro crashkernel=1G resume=/dev/mapper/onn-swap rd.lvm.lv=onn/{layer} rd.lvm.lv=onn/swap boot=UUID=00000000-0000-00b2-0000-0000000000b2 rootflags=discard img.bootid={layer}"
    );
    let title = format!("{NVR} ({version})");
    for name in &kernel {
        std::fs::remove_file(entries.join(name)).unwrap();
    }
    model.put(
        &format!("/sysroot/boot/loader/entries/{layer}-{version}.conf"),
        &format!(
            "title {title}\nversion {version}\nlinux //{layer}/vmlinuz-{version}\ninitrd //{layer}/initramfs-{version}.img\noptions {options}\n\
            id -20261121000000-{version}\ngrub_users $grub_users\ngrub_arg --unrestricted\n{class}\n"
        ),
    );
    for name in [format!("vmlinuz-{version}"), format!("initramfs-{version}.img")] {
        model.put(&format!("/sysroot/boot/{layer}/{name}"), "content");
        model.put(&format!("/sysroot/boot/{name}"), "content");
    }
    crate::grub_configurations::set(&model, &[("saved_entry", Some(&title)), ("kernelopts", None)]);
    // It changes no /etc/kernel/cmdline.
    if let Ok(text) = std::fs::read_to_string(model.sysroot().join("etc/default/grub")) {
        let text = text.replace("rd.lvm.lv=onn/root", &format!("rd.lvm.lv=onn/{layer}"));
        model.put("/sysroot/etc/default/grub", &text);
    }
    let fstab = model.read("etc/fstab").replace("/dev/mapper/onn-root ", &format!("/dev/onn/{layer} "));
    model.put("/sysroot/etc/fstab", &fstab.replacen("defaults ", "defaults,discard ", 1));
    model.put("/sysroot/etc/hostname", "node1\n");
    model.put("/sysroot/usr/share/old", "only in the old image\n");
    let profile =
        "activation/thin_pool_autoextend_threshold = 70\nactivation/thin_pool_autoextend_percent = 20\n";
    model.put("/sysroot/etc/lvm/profile/imgbased-pool.profile", profile);
    model.put("/proc/mounts", "");
    model.groups.borrow_mut().insert("onn", vec!["imgbased:vg".into()]);
    model.change("pool00", |v| (v.tags, v.profile) = (vec!["imgbased:pool".into()], "imgbased-pool".into()));
    model.change("var", |v| v.tags = vec!["imgbased:volume".into()]);
    model.change("root", |v| {
        (v.tags, v.writable, v.skip, v.minor) = (vec!["imgbased:init".into()], false, true, None);
    });
    let volume = |name: &str, minor| Volume {
        tags: vec!["imgbased:layer".into()],
        ..Volume::new(name, "thin", minor)
    };
    let base = Volume { skip: true, minor: None, thin_id: 21, origin: "root".into(), ..volume(NVR, 21) };
    let running = Volume { origin: NVR.into(), thin_id: 22, ..volume(&layer, 4) };
    model.volumes.borrow_mut().extend([base, running]);
    model.made_volume(NVR, "root");
    model.made_volume(&layer, NVR);
    model.put("/proc/cmdline", &options);
    std::fs::create_dir_all(model.path("work")).unwrap();
    model.image("image");
    model
}

#[test]
fn a_host_of_imgbased_takes_its_first_update() {
    for (release, firmware) in ALL {
        let at = format!("{release} {firmware:?}");
        let model = host(release, firmware);
        let errors = || {
            let findings = verify(&model.running(), &policy(), &model, Depth::Properties);
            findings.into_iter().filter(is_error).map(|f| f.message).collect::<Vec<_>>()
        };
        assert_eq!(model.boots().unwrap(), format!("{NVR}+1"), "{at}");
        assert_eq!(state_of(&model.running(), NVR).0, ImageState::Good, "{at}");
        let wrong = errors();
        let kernel_cmdline = model.sysroot().join("etc/kernel/cmdline");
        assert_eq!(wrong.len(), usize::from(kernel_cmdline.exists()), "{at}: {wrong:?}");
        assert!(
            wrong.iter().all(|e| e.contains("the next kernel would not boot the layer")),
            "{at}: {wrong:?}"
        );
        let texts = |node: &Model| node.files(&node.sysroot());
        let unrepaired = texts(&model);
        done(&model, &repair(&model.running(), &model).unwrap());
        let changed: Vec<_> =
            texts(&model).into_iter().filter(|(name, text)| unrepaired.get(name) != Some(text)).collect();
        assert!(changed.iter().all(|(name, _)| name == "etc/kernel/cmdline"), "{at}: {changed:?}");
        assert_eq!(errors(), Vec::<String>::new(), "{at}");
        // An update does it for the new layer in any case.
        if let Some(text) = unrepaired.get("etc/kernel/cmdline") {
            model.put("/sysroot/etc/kernel/cmdline", std::str::from_utf8(text).unwrap());
        }
        let old = model.volume(NVR);
        let root = model.volume("root");
        // Deciding changes nothing.
        let before = model.disk();
        let decided = model.decide(&model.running(), &model.request()).unwrap();
        assert_eq!(decided.result, "armed", "{at}");
        decided.close(&model).unwrap();
        assert!(model.disk() == before, "{at}: deciding has changed something");

        assert_eq!(model.update().unwrap(), "armed", "{at}");
        assert_eq!((model.volume(NVR), model.volume("root")), (old, root), "{at}: they are imgbased's");
        assert_eq!(errors(), wrong, "{at}: armed");
        if kernel_cmdline.exists() {
            let of_new =
                std::fs::read_to_string(model.tree(&format!("{NEW}+1")).join("etc/kernel/cmdline")).unwrap();
            assert!(
                of_new.contains(&format!("root=/dev/onn/{NEW}+1 ")) && !of_new.contains("onn-root"),
                "{at}: {of_new}"
            );
        }
        assert_eq!(model.boots().unwrap(), format!("{NEW}+1"), "{at}");
        assert_eq!(model.boots().unwrap(), format!("{NVR}+1"), "{at}: not confirmed");
        assert_eq!(state_of(&model.running(), NEW).0, ImageState::Failed, "{at}");
        done(&model, &node_layout::arm(&model.running(), NEW, &model).unwrap());
        assert_eq!(model.boots().unwrap(), format!("{NEW}+1"), "{at}");
        done(&model, &confirm(&model.running(), 2, &model).unwrap());
        assert_eq!(model.boots().unwrap(), format!("{NEW}+1"), "{at}");
        done(&model, &rollback(&model.running(), None).unwrap());
        assert_eq!(model.boots().unwrap(), format!("{NVR}+1"), "{at}");
    }
}
