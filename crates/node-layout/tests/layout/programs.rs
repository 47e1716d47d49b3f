//! The programs and the kernel of a [`Model`]: LVM's report, its commands, and other programs.

use crate::model::{Model, Volume};
use node_layout::{Command, Output, RealTools, Space, ToolError, Tools};
use serde_json::json;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Whether a file is a program of this machine, not the model's text.
fn is_real_program(path: &Path) -> bool {
    std::fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"\x7fELF"))
}

impl Model {
    pub(crate) fn report(&self) -> String {
        let volumes = self.volumes.borrow();
        let reports: Vec<_> = self.groups.borrow().iter().map(|(vg, tags)| {
            let ours = || volumes.iter().filter(|v| v.vg == *vg);
            let lv: Vec<_> = ours().map(|v| json!({
                "lv_name": v.name, "lv_uuid": v.uuid,
                "lv_size": if v.segtype == "thin-pool" { self.pool_size.get().to_string() } else { "171798691840".into() },
                "pool_lv": if v.segtype == "thin" { "pool00" } else { "" }, "lv_tags": v.tags.join(","),
                "origin": v.origin,
                "lv_permissions": if v.writable { "writeable" } else { "read-only" },
                "lv_skip_activation": if v.skip { "skip activation" } else { "" },
                "lv_active": if v.minor.is_some() { "active" } else { "" },
                "lv_kernel_major": if v.minor.is_some() { "253" } else { "-1" },
                "lv_kernel_minor": v.minor.map_or("-1".into(), |m| m.to_string()),
                "data_percent": v.data_percent, "metadata_percent": v.metadata_percent,
                "lv_metadata_size": if v.segtype == "thin-pool" { self.metadata_size.get().to_string() } else { String::new() },
                "lv_profile": v.profile,
                "lv_health_status": if v.segtype == "thin-pool" { self.health.get() } else { "" },
            })).collect();
            let seg: Vec<_> = ours().map(|v| json!({
                "lv_uuid": v.uuid, "segtype": v.segtype, "thin_id": v.thin_id.to_string(),
                "seg_monitor": if v.segtype == "thin-pool" { self.monitored.get() } else { "" },
                "chunk_size": if v.segtype == "thin-pool" { "65536" } else { "0" },
            })).collect();
            json!({
                "vg": [{"vg_name": vg, "vg_size": "214748364800", "vg_free": self.free.get().to_string(),
                    "vg_extent_size": "4194304", "vg_tags": tags.join(","), "vg_missing_pv_count": self.missing_disks.get().to_string()}],
                "lv": lv, "seg": seg, "pv": [{"pv_name": "/dev/vda4", "pv_uuid": "pv-uuid"}],
            })
        }).collect();
        // A library that prints where it should not (rhbz#1568414).
        format!("/dev/sdq: open failed\n{}", json!({"report": reports}))
    }

    fn lvm(&self, program: &str, args: &[&str]) -> Result<(), String> {
        let option = |name: &str| {
            args.iter()
                .enumerate()
                .filter(|(_, a)| **a == name)
                .map(|(i, _)| args[i + 1].to_owned())
                .collect::<Vec<_>>()
        };
        let last = args.last().unwrap();
        let name = last.strip_prefix("onn/").unwrap_or(last);
        // LVM 2.03 prints this when a snapshot is made, and at every command while one is half made.
        if let Some(id) = self.pool_device.get().filter(|_| matches!(program, "lvcreate" | "lvremove")) {
            return Err(format!(
                "  device-mapper: message ioctl on  (253:2) failed: File exists\n  Failed to process message \"create_snap {id} 1\"."
            ));
        }
        let mut volumes = self.volumes.borrow_mut();
        let at = |name: &str| {
            volumes
                .iter()
                .position(|v| v.vg == "onn" && v.name == name)
                .ok_or(format!("Failed to find logical volume \"onn/{name}\""))
        };
        match program {
            "vgchange" => {
                let mut groups = self.groups.borrow_mut();
                let tags = groups.get_mut("onn").unwrap();
                tags.retain(|t| !option("--deltag").contains(t));
                tags.extend(option("--addtag"));
            }
            "lvcreate" => {
                let new = option("--name").remove(0);
                if at(&new).is_ok() {
                    return Err(format!("Logical Volume \"{new}\" already exists"));
                }
                at(name)?;
                let mut v = Volume::new(&new, "thin", 0);
                let skip = match option("--setactivationskip").first() {
                    Some(skip) => skip == "y",
                    None => args.contains(&"--snapshot"),
                };
                (v.minor, v.skip, v.tags) = (None, skip, option("--addtag"));
                if args.contains(&"--snapshot") {
                    v.origin = name.to_owned();
                }
                volumes.push(v);
                self.made_volume(&new, name);
                self.put(&format!("/dev/onn/{new}"), "content of the base");
            }
            "lvrename" => {
                let old = args[args.len() - 2];
                let index = at(old)?;
                volumes[index].name = (*last).to_owned();
                volumes.iter_mut().filter(|v| v.origin == old).for_each(|v| v.origin = (*last).to_owned());
                self.renamed_volume(old, last);
            }
            "lvremove" => {
                let index = at(name)?;
                let mounts = std::fs::read_to_string(self.path("/proc/self/mountinfo")).unwrap();
                if mounts.contains(&format!("/dev/onn/{name} ")) {
                    return Err(format!("Logical volume onn/{name} contains a filesystem in use."));
                }
                if let Some(device) = self.suspended.borrow().as_deref() {
                    panic!(
                        "{name} is removed while {device} is suspended: LVM loses count of the pool's transactions"
                    );
                }
                volumes.remove(index);
                volumes.iter_mut().filter(|v| v.origin == name).for_each(|v| v.origin.clear());
                self.removed_volume(name);
            }
            "lvextend" => match option("--size").first() {
                Some(size) => {
                    let size: u64 = size.trim_matches(['+', 'b']).parse().unwrap();
                    self.free.set(self.free.get().checked_sub(size).ok_or("Insufficient free space")?);
                    let index = at(name)?;
                    let taken_up = self.taken_up.get();
                    self.taken_up.set(taken_up.saturating_sub(1));
                    volumes[index].data_percent = if taken_up > 0 { "100.00" } else { "83.33" }.into();
                }
                None => self
                    .metadata_size
                    .set(option("--poolmetadatasize")[0].trim_end_matches('b').parse().unwrap()),
            },
            "lvchange" => {
                let index = at(name)?;
                let v = &mut volumes[index];
                v.tags.retain(|t| !option("--deltag").contains(t));
                v.tags.extend(option("--addtag"));
                if let Some(p) = option("--permission").first() {
                    v.writable = p != "r";
                }
                if let Some(skip) = option("--setactivationskip").first() {
                    v.skip = skip == "y";
                }
                if let Some(p) = option("--metadataprofile").first() {
                    v.profile.clone_from(p);
                }
                if args.contains(&"--detachprofile") {
                    v.profile.clear();
                }
                match option("--activate").first().map(String::as_str) {
                    Some("y") => v.minor = Some(20),
                    Some(_) => v.minor = None,
                    None => {}
                }
            }
            _ => return Err(format!("the model has no {program}")),
        }
        Ok(())
    }
}

impl Model {
    /// Whether a command is that of a package manager, or prepares a layer for it.
    fn is_of_packages(&self, command: &Command) -> bool {
        let last = command.args.last().map(String::as_str).unwrap_or_default();
        let layer = format!("{}/run/node-layout/layer/", self.dir.path().display());
        match command.program {
            "rpm" | "dnf" | "dpkg" | "dpkg-query" | "dpkg-deb" | "apt-get" | "cp" | "mknod" | "ln"
            | "unshare" => true,
            "mount" | "umount" => {
                last == format!("{layer}dev") || (last == format!("{layer}run") && self.sandboxed(command))
            }
            _ => false,
        }
    }

    /// Whether /run of the layer is that of a package manager, not that of dracut.
    fn sandboxed(&self, command: &Command) -> bool {
        let is_ours = command.program == "umount"
            || command.args.iter().any(|arg| arg.ends_with("node-layout-image-packages"));
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
        let tree = self.path("run/node-layout/layer/run").canonicalize().unwrap_or_default();
        is_ours && (command.program == "mount" || mounts.contains(&format!(" {} ", tree.display())))
    }
}

impl Tools for Model {
    fn run(&self, command: &Command) -> Result<Output, ToolError> {
        let failed = |stderr: String| ToolError::Failed {
            command: command.to_string(),
            status: "exit status: 5".into(),
            stderr,
        };
        if command.program == "lvm" {
            let number = self.commands.borrow().len();
            if self.locked || self.locked_from.get().is_some_and(|from| number >= from) {
                return Err(ToolError::Timeout {
                    command: command.to_string(),
                    limit: std::time::Duration::from_secs(60),
                });
            }
            if self.sees_no_disk && command.env.iter().any(|(name, _)| *name == "LVM_SYSTEM_DIR") {
                return Ok(Output { stdout: r#"{"report": [{"pv": []}]}"#.into(), stderr: String::new() });
            }
            return Ok(Output { stdout: self.report(), stderr: String::new() });
        }
        let number = self.commands.borrow().len();
        self.commands.borrow_mut().push(command.to_string());
        self.done.borrow_mut().push(command.to_string());
        assert!(self.ends_at.get() != Some(number), "power cut");
        if self.fails_at.get() == Some(number) || self.fails_from.get().is_some_and(|from| number >= from) {
            return Err(failed("injected failure".into()));
        }
        if self.fills_at.get() == Some(number) {
            self.change("pool00", |v| v.data_percent = "100.00".into());
            return Err(failed("No space left on device".into()));
        }
        let args: Vec<&str> = command.args.iter().map(String::as_str).collect();
        if self.real_packages.get() && self.is_of_packages(command) {
            let mut command = command.clone();
            if command.program == "apt-get" {
                // A test has settings of its own.
                command.env.push(("APT_CONFIG", self.path("apt.conf").display().to_string()));
            }
            let output = RealTools::default().run(&command)?;
            // Mounts are known to the model, too.
            if matches!(command.program, "mount" | "umount") {
                self.program(command.program, &args).map_err(failed)?;
            }
            return Ok(output);
        }
        // The model's database of RPM is the list of its packages.
        if let ["--dbpath", database, "--query", "--all", ..] = args[..] {
            let stdout = std::fs::read_to_string(Path::new(database).join("rpmdb.sqlite")).unwrap();
            return Ok(Output { stdout, stderr: String::new() });
        }
        if let ("chroot", [root, "rpm", "--dbpath", database, "--query", "--all", ..]) =
            (command.program, &args[..])
        {
            let database = Path::new(root).join(database.trim_start_matches('/'));
            let stdout = std::fs::read_to_string(database.join("rpmdb.sqlite")).unwrap();
            return Ok(Output { stdout, stderr: String::new() });
        }
        // The checks of a layer are its own programs, if it has any.
        if let ("chroot", [root, program, ..]) = (command.program, &args[..])
            && !program.ends_with("dracut")
            && is_real_program(&Path::new(root).join(program.trim_start_matches('/')))
        {
            return RealTools::default().run(command);
        }
        let text = command.to_string();
        if let Some((_, output)) = self.answers.borrow().iter().find(|(part, _)| text.contains(part)) {
            return Ok(Output { stdout: output.clone(), stderr: String::new() });
        }
        if command.program == "thin_dump" {
            let xml = "<single_mapping origin_block=\"0\" data_block=\"5\" time=\"0\"/>\n";
            return Ok(Output { stdout: xml.into(), stderr: String::new() });
        }
        if command.program == "dmsetup" && args[0] == "status" {
            return Ok(Output { stdout: self.pool_status.get().into(), stderr: String::new() });
        }
        if command.program == "thin_ls" {
            return Ok(Output { stdout: self.thin_ls.borrow().clone(), stderr: String::new() });
        }
        if let ("dmsetup", ["resume", device]) = (command.program, &args[..]) {
            let exists =
                self.volumes.borrow().iter().any(|v| {
                    v.minor.is_some() && *device == format!("{}-{}", v.vg, v.name.replace('-', "--"))
                });
            if !exists {
                return Err(failed(format!("Device {device} not found")));
            }
            self.suspended.borrow_mut().take_if(|suspended| suspended == device);
            return Ok(Output::default());
        }
        if let ["message", "onn-pool00-tpool", "0", message] = args[..]
            && self.pool_device.get().is_some_and(|id| message == format!("delete {id}"))
        {
            self.pool_device.set(None);
        }
        if !command.program.starts_with("lv") {
            self.program(command.program, &args).map_err(failed)?;
        }
        if command.program.starts_with("lv") || command.program.starts_with("vg") {
            let args = if args[0] == "--config" { &args[2..] } else { &args[..] };
            self.lvm(command.program, args).map_err(failed)?;
            if self.kills_lvm_at.get() == Some(number) {
                let origin =
                    args.last().unwrap().replacen('/', "\0", 1).replace('-', "--").replace('\0', "-");
                self.suspended.replace(Some(origin));
                return Err(failed("signal: 9 (SIGKILL)".into()));
            }
        }
        Ok(Output::default())
    }

    fn stream(&self, command: &Command, input: File) -> Result<Box<dyn Read + Send>, ToolError> {
        // Programs that decompress are those of this machine.
        RealTools::default().stream(command, input)
    }

    fn has(&self, program: &str) -> bool {
        !self.missing_tools.contains(&program)
    }

    fn is_running(&self, _: &Path) -> bool {
        self.runs.get()
    }

    fn environment(&self) -> &Path {
        self.dir.path()
    }

    fn space(&self, path: &Path) -> io::Result<Space> {
        // The file systems of images are large; all others are /boot.
        if path.ends_with("run/node-layout/old") && !self.root_is_small {
            return Ok(Space { total: 38 << 30, free: 0 });
        }
        Ok(Space { total: self.boot_total, free: self.boot_free })
    }

    fn flush(&self, path: &Path, freeze: bool) -> io::Result<()> {
        let commands = if freeze { &["fsfreeze --freeze", "fsfreeze --unfreeze"][..] } else { &["sync -f"] };
        self.done.borrow_mut().extend(commands.iter().map(|command| format!("{command} {}", path.display())));
        let full = self.volume("pool00").is_some_and(|pool| pool.data_percent == "100.00");
        if full && path == self.sysroot() { Err(io::Error::other("Input/output error")) } else { Ok(()) }
    }

    fn architecture(&self) -> String {
        self.architecture.into()
    }
}
