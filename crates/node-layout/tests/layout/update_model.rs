//! What an update needs of the model: the files of volumes, mounts, an image, dracut.

use crate::model::{Model, NVR, Outcome, Recorder};
use crate::trial::Quiet;
use node_layout::{
    AfterUpdate, Failure, ImageRequest, OnConflict, Progress, Proof, System, Update, UpdateRequest, run,
    update,
};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub(crate) const NEW: &str = "ovirt-node-ng-4.5.7-0.20270101.0";
pub(crate) const KVER: &str = "5.14.0-570.el9.x86_64";

impl Model {
    /// A node after the first boot of its layer, without another image. Its boot loader can be told.
    pub(crate) fn node(release: &str) -> Model {
        let model = Model::installed(release);
        model.put("/sysroot/etc/os-release", "ID=\"centos\"\nID_LIKE=\"rhel fedora\"\n");
        model.put("/sysroot/etc/hostname", "node1\n");
        model.put("/sysroot/usr/share/old", "only in the old image\n");
        model.put("/sysroot/usr/share/changed", &"line of the old image\n".repeat(1000));
        model.put("/proc/mounts", "");
        model.init().unwrap();
        model.first_boot();
        std::fs::create_dir_all(model.path("work")).unwrap();
        model.image("image");
        model.commands.borrow_mut().clear();
        model.done.borrow_mut().clear();
        model
    }

    /// Makes an image: a directory.
    pub(crate) fn image(&self, name: &str) {
        let put = |path: &str, text: &str| self.put(&format!("/{name}/{path}"), text);
        put("usr/share/imgbase/build/meta/nvr", &format!("{NEW}\n"));
        put("usr/share/changed", &"line of the old image\n".repeat(1000).replace("old", "new"));
        put("usr/share/new", "only in the new image\n");
        put(&format!("usr/lib/modules/{KVER}/vmlinuz"), "the new kernel");
        put(&format!("usr/lib/modules/{KVER}/.vmlinuz.hmac"), "checksum");
        put("usr/bin/dracut", "#!/bin/sh");
        put("usr/bin/node-layout", "program");
        put("etc/hostname", "localhost\n");
        put("etc/of-the-image", "default\n");
        for directory in ["dev", "proc", "sys", "run", "boot", "var"] {
            std::fs::create_dir_all(self.path(&format!("{name}/{directory}"))).unwrap();
        }
    }

    pub(crate) fn request(&self) -> UpdateRequest {
        UpdateRequest {
            image: ImageRequest {
                image: self.path("image"),
                proof: Proof::default(),
                work_dir: self.path("work"),
            },
            nvr: None,
            after: AfterUpdate::Try,
            tries: 1,
            on_conflict: OnConflict::Ours,
            network: false,
            leave_packages: Vec::new(),
            uuids: ["22222222-2222-4333-8444-555555555555", "33333333-2222-4333-8444-555555555555"]
                .map(str::to_owned),
        }
    }

    /// Decides and does an update.
    pub(crate) fn update(&self) -> Result<&'static str, Outcome> {
        self.update_with(&self.request(), &mut Quiet)
    }

    pub(crate) fn update_with(
        &self,
        request: &UpdateRequest,
        progress: &mut dyn Progress,
    ) -> Result<&'static str, Outcome> {
        let system = self.running();
        let decided = self.decide(&system, request)?;
        let result = decided.result;
        let done: Result<(), Failure> = run(self, &decided.plan, decided.undo(), progress);
        match decided.close(self) {
            Ok(()) => self.assert_nothing_is_mounted(),
            Err(left) => {
                assert!(self.fails_at.get().is_some(), "{left:?}");
                self.power_cut();
            }
        }
        done.map(|()| result).map_err(Outcome::Failed)
    }

    pub(crate) fn decide(&self, system: &System, request: &UpdateRequest) -> Result<Update, Outcome> {
        update(system, self, request).map_err(|findings| {
            self.assert_nothing_is_mounted();
            Outcome::Refused(findings)
        })
    }

    #[track_caller]
    pub(crate) fn assert_nothing_is_mounted(&self) {
        let mounts = std::fs::read_to_string(self.path("/proc/self/mountinfo")).unwrap();
        assert!(!mounts.contains("/run/node-layout"), "{mounts}");
        assert_eq!(
            std::fs::read_dir(self.path("work")).unwrap().count(),
            0,
            "something is left in the work directory"
        );
        let base = self.volume(NVR);
        assert!(base.is_none_or(|base| base.minor.is_none()), "the old base is active");
    }

    /// Everything in memory is lost: mounts, active volumes.
    pub(crate) fn power_cut(&self) {
        let mounts = std::fs::read_to_string(self.path("/proc/self/mountinfo")).unwrap();
        let kept = mounts.lines().filter(|l| !l.contains("/run/node-layout")).map(|l| format!("{l}\n"));
        self.put("/proc/self/mountinfo", &kept.collect::<String>());
        let _ = std::fs::remove_dir_all(self.path("/run/node-layout"));
        for volume in self.volumes.borrow_mut().iter_mut().filter(|v| v.minor == Some(20)) {
            volume.minor = None;
        }
    }

    /// The tree of a volume.
    pub(crate) fn tree(&self, volume: &str) -> PathBuf {
        self.path(&format!("volumes/{volume}"))
    }

    /// LVM has made, renamed or removed a volume: so are its files.
    pub(crate) fn made_volume(&self, name: &str, origin: &str) {
        let (from, to) = (self.tree(origin), self.tree(name));
        std::fs::create_dir_all(&to).unwrap();
        if from.is_dir() {
            copy(&from, &to);
        } else if origin != "pool00" {
            for directory in ["etc", "usr"] {
                copy(&self.sysroot().join(directory), &to.join(directory));
            }
        }
    }

    pub(crate) fn removed_volume(&self, name: &str) {
        let _ = std::fs::remove_dir_all(self.tree(name));
    }

    pub(crate) fn renamed_volume(&self, old: &str, new: &str) {
        let _ = std::fs::rename(self.tree(old), self.tree(new));
    }

    /// What programs do that LVM does not bring.
    pub(crate) fn program(&self, program: &str, args: &[&str]) -> Result<(), String> {
        let mountinfo = self.path("/proc/self/mountinfo");
        let mounts = || std::fs::read_to_string(&mountinfo).unwrap();
        match (program, args) {
            ("mkdir", [.., path]) => {
                // What was mounted there before a power cut is gone.
                if Path::new(path).is_symlink() && !Path::new(path).exists() {
                    std::fs::remove_file(path).unwrap();
                }
                std::fs::create_dir_all(path).map_err(|e| e.to_string())
            }
            ("mount", [.., what, at]) => {
                if !Path::new(at).is_dir() {
                    return Err(format!("{at}: mount point does not exist"));
                }
                if let Some((_, volume)) = what.split_once("/dev/onn/") {
                    if self.volume(volume).is_none_or(|v| v.minor.is_none()) {
                        return Err(format!("{what} does not exist"));
                    }
                    // A mount of an interrupted run is covered by the new one.
                    if Path::new(at).is_symlink() {
                        std::fs::remove_file(at).unwrap();
                    } else {
                        std::fs::remove_dir(at).map_err(|e| format!("{at}: {e}"))?;
                    }
                    std::os::unix::fs::symlink(self.tree(volume), at).unwrap();
                }
                // A bind mount of the root shows what the running layer has below other mounts.
                if Path::new(what) == self.sysroot().join("") || Path::new(what) == self.sysroot() {
                    let running =
                        self.volumes.borrow().iter().find(|v| v.minor == Some(4)).unwrap().name.clone();
                    if Path::new(at).is_symlink() {
                        std::fs::remove_file(at).unwrap();
                    } else {
                        std::fs::remove_dir(at).map_err(|e| format!("{at}: {e}"))?;
                    }
                    std::os::unix::fs::symlink(self.tree(&running), at).unwrap();
                }
                if let ["--bind", from, at] = args
                    && at.ends_with("/run")
                {
                    self.put("/scratch", from);
                }
                std::fs::write(&mountinfo, mounts() + &format!("90 1 0:9 / {at} rw - x {what} rw\n"))
                    .unwrap();
                Ok(())
            }
            ("umount", [at]) => {
                let line = format!(" / {at} ");
                if !mounts().contains(&line) {
                    return Err(format!("{at}: not mounted"));
                }
                let kept: String =
                    mounts().lines().filter(|l| !l.contains(&line)).map(|l| format!("{l}\n")).collect();
                std::fs::write(&mountinfo, kept).unwrap();
                if Path::new(at).is_symlink() {
                    std::fs::remove_file(at).unwrap();
                    std::fs::create_dir(at).unwrap();
                }
                Ok(())
            }
            ("chroot", [root, "/usr/bin/dracut", .., output, version]) => {
                let etc =
                    std::fs::read_to_string(Path::new(root).join("etc/fstab")).map_err(|e| e.to_string())?;
                let scratch = std::fs::read_to_string(self.path("/scratch")).unwrap();
                let file = Path::new(&scratch).join(output.trim_start_matches("/run/"));
                std::fs::write(file, format!("initramfs of {version} with\n{etc}")).unwrap();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The files below a directory with their contents; of links their targets.
    pub(crate) fn files(&self, root: &Path) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut left = vec![root.to_owned()];
        while let Some(directory) = left.pop() {
            for entry in std::fs::read_dir(&directory).unwrap() {
                let path = entry.unwrap().path();
                let name = path.strip_prefix(root).unwrap().display().to_string();
                if path.is_symlink() {
                    files.insert(
                        name,
                        std::fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes(),
                    );
                } else if path.is_dir() {
                    files.insert(format!("{name}/"), Vec::new());
                    left.push(path);
                } else {
                    files.insert(name, std::fs::read(&path).unwrap());
                }
            }
        }
        files
    }
}

/// The names of the steps of an update, as they are done.
pub(crate) fn steps(recorder: &Recorder) -> Vec<&'static str> {
    let started = recorder.0.iter().filter(|event| event.3 == node_layout::StepState::Start);
    started.map(|event| event.2).collect()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (path, new) = (entry.path(), to.join(entry.file_name()));
        if path.is_symlink() {
            std::os::unix::fs::symlink(std::fs::read_link(&path).unwrap(), &new).unwrap();
        } else if path.is_dir() {
            copy(&path, &new);
        } else {
            std::fs::copy(&path, &new).unwrap();
            use std::os::unix::fs::MetadataExt;
            let owner = path.metadata().map(|m| (m.uid(), m.gid())).unwrap();
            if owner != new.metadata().map(|m| (m.uid(), m.gid())).unwrap() {
                std::os::unix::fs::chown(&new, Some(owner.0), Some(owner.1)).unwrap();
            }
        }
    }
}
