//! A model of a machine with a thin pool, as far as `node-layout` sees it.

use node_base::cmdline::Arguments;
use node_base::diagnostic::{Finding, Severity};
use node_base::policy::Policy;
use node_layout::{
    Choices, Depth, Failure, NodeState, Plan, Progress, Request, Step, StepState, System, TakeBack, examine,
    plan, recorded_packages, run, verify,
};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub(crate) const NVR: &str = "ovirt-node-ng-4.5.6-0.20261121.0";
pub(crate) const ROOT_UUID: [u8; 16] = [0, 0, 0, 0, 0, 0, 0, 0xa1, 0, 0, 0, 0, 0, 0, 0, 0xa1];
const BOOT_UUID: [u8; 16] = [0, 0, 0, 0, 0, 0, 0, 0xb2, 0, 0, 0, 0, 0, 0, 0, 0xb2];

/// A volume of the model.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Volume {
    pub(crate) vg: &'static str,
    pub(crate) name: String,
    pub(crate) uuid: String,
    pub(crate) segtype: &'static str,
    pub(crate) tags: Vec<String>,
    pub(crate) writable: bool,
    pub(crate) skip: bool,
    pub(crate) minor: Option<u32>,
    pub(crate) profile: String,
    pub(crate) data_percent: String,
    pub(crate) metadata_percent: String,
    pub(crate) thin_id: u32,
    /// The volume that it is a snapshot of; empty for none.
    pub(crate) origin: String,
}

impl Volume {
    pub(crate) fn new(name: &str, segtype: &'static str, minor: u32) -> Volume {
        Volume {
            vg: "onn",
            name: name.into(),
            uuid: format!("uuid-of-{name}"),
            segtype,
            tags: Vec::new(),
            writable: true,
            skip: false,
            minor: Some(minor),
            profile: String::new(),
            data_percent: "12.50".into(),
            metadata_percent: "10.00".into(),
            thin_id: minor,
            origin: String::new(),
        }
    }
}

/// The model. Tests set the fields before the system is read.
pub(crate) struct Model {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) volumes: RefCell<Vec<Volume>>,
    pub(crate) groups: RefCell<BTreeMap<&'static str, Vec<String>>>,
    pub(crate) free: Cell<u64>,
    pub(crate) metadata_size: Cell<u64>,
    /// Number of missing disks in the group.
    pub(crate) missing_disks: Cell<u32>,
    /// LVM's report on the pool: whether dmeventd monitors it, and its health status.
    pub(crate) monitored: Cell<&'static str>,
    pub(crate) health: Cell<&'static str>,
    pub(crate) missing_tools: Vec<&'static str>,
    pub(crate) architecture: &'static str,
    pub(crate) boot_free: u64,
    pub(crate) boot_total: u64,
    pub(crate) locked: bool,
    /// Number of the command from which on LVM's report fails.
    pub(crate) locked_from: Cell<Option<usize>>,
    /// Whether the installed system's own LVM configuration leaves out its disks.
    pub(crate) sees_no_disk: bool,
    /// Commands so far, without LVM's reports.
    pub(crate) commands: RefCell<Vec<String>>,
    /// The same with flushes, as a plan prints them.
    pub(crate) done: RefCell<Vec<String>>,
    /// Number of the command that fails, from 0.
    pub(crate) fails_at: Cell<Option<usize>>,
    /// Number of the command from which on all fail.
    pub(crate) fails_from: Cell<Option<usize>>,
    /// The output of `thin_ls`: number, blocks, blocks of its own.
    pub(crate) thin_ls: RefCell<String>,
    /// Number of the command at which everything ends, as in a power cut.
    pub(crate) ends_at: Cell<Option<usize>>,
    /// Number of the command, which makes a snapshot, at which LVM is killed.
    pub(crate) kills_lvm_at: Cell<Option<usize>>,
    /// The device that LVM has left suspended.
    pub(crate) suspended: RefCell<Option<String>>,
    /// Number of the command at which the pool is full; it fails.
    pub(crate) fills_at: Cell<Option<usize>>,
    /// How many extensions of the pool other volumes use up at once.
    pub(crate) taken_up: Cell<u32>,
    /// Size of the pool's data.
    pub(crate) pool_size: Cell<u64>,
    /// The pool's status, as `dmsetup status` prints it.
    pub(crate) pool_status: Cell<&'static str>,
    /// Whether the file system of an old base is as small as `boot_total`.
    pub(crate) root_is_small: bool,
    /// Number of a thin device that an interrupted creation has left in the pool, and that stops LVM.
    pub(crate) pool_device: Cell<Option<u32>>,
    /// Whether the installed system is the running one.
    pub(crate) runs: Cell<bool>,
    /// What programs print: a part of the command, and the output of the first that matches.
    pub(crate) answers: RefCell<Vec<(String, String)>>,
    /// Whether package managers, and what they need in a layer, are those of this machine.
    pub(crate) real_packages: Cell<bool>,
}

impl Model {
    /// An installed system with the files of `fixtures/boot-entries/RELEASE`.
    pub(crate) fn installed(release: &str) -> Model {
        // In memory if possible: everything that is written is flushed at once.
        let memory = Path::new("/dev/shm");
        let scratch = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let dir = tempfile::tempdir_in(scratch).unwrap();
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/boot-entries").join(release);
        copy_tree(&fixture, &dir.path().join("sysroot"));
        let model = Model {
            volumes: RefCell::new(vec![
                Volume::new("pool00", "thin-pool", 3),
                Volume::new("root", "thin", 4),
                Volume::new("swap", "thin", 5),
                Volume::new("var", "thin", 6),
            ]),
            groups: RefCell::new(BTreeMap::from([("onn", Vec::new())])),
            free: Cell::new(20 << 30),
            metadata_size: Cell::new(116 << 20),
            missing_disks: Cell::new(0),
            monitored: Cell::new("monitored"),
            health: Cell::new(""),
            // The daemon of sanlock, and the dnf of Fedora.
            missing_tools: vec!["wdmd", "dnf5"],
            architecture: "x86_64",
            boot_free: 800 << 20,
            boot_total: 1 << 30,
            locked: false,
            locked_from: Cell::new(None),
            sees_no_disk: false,
            commands: RefCell::default(),
            done: RefCell::default(),
            fails_at: Cell::new(None),
            fails_from: Cell::new(None),
            ends_at: Cell::new(None),
            kills_lvm_at: Cell::new(None),
            suspended: RefCell::default(),
            thin_ls: RefCell::default(),
            fills_at: Cell::new(None),
            taken_up: Cell::new(0),
            pool_size: Cell::new(160 << 30),
            pool_status: Cell::new(""),
            root_is_small: false,
            pool_device: Cell::new(None),
            runs: Cell::new(false),
            answers: RefCell::default(),
            real_packages: Cell::new(false),
            dir,
        };
        model.put("/proc/cmdline", "console=ttyS0\n");
        model.put("/proc/sys/kernel/random/uuid", "11111111-2222-4333-8444-555555555555\n");
        model.mount("/", (253, 4), "xfs", "rw", 40 << 30, "dm-4");
        model.mount("/boot", (252, 3), "ext4", "rw", 1 << 30, "vda3");
        model.mount("/var", (253, 6), "xfs", "rw", 15 << 30, "dm-6");
        let mut xfs = vec![0; 2048];
        xfs[..4].copy_from_slice(b"XFSB");
        xfs[32..48].copy_from_slice(&ROOT_UUID);
        std::fs::write(model.path("/dev/dm-4"), xfs).unwrap();
        let mut ext4 = vec![0; 2048];
        ext4[1080..1082].copy_from_slice(&[0x53, 0xef]);
        ext4[1128..1144].copy_from_slice(&BOOT_UUID);
        std::fs::write(model.path("/dev/vda3"), ext4).unwrap();
        for entry in std::fs::read_dir(model.sysroot().join("boot/loader/entries")).unwrap() {
            let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            for line in text.lines().filter(|l| l.starts_with("linux ") || l.starts_with("initrd ")) {
                let path = line.split_whitespace().nth(1).unwrap();
                model.put(&format!("/sysroot/boot{path}"), &format!("content of {path}"));
            }
        }
        model.put("/sysroot/usr/sbin/node-layout", "program");
        std::fs::create_dir_all(model.path("/sysroot/var")).unwrap();
        model
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path.trim_start_matches('/'))
    }

    pub(crate) fn sysroot(&self) -> PathBuf {
        self.path("sysroot")
    }

    /// Writes a file of the model.
    pub(crate) fn put(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// A file of the installed system.
    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.sysroot().join(path.trim_start_matches('/'))).unwrap()
    }

    /// Mounts something in the system.
    pub(crate) fn mount(
        &self,
        target: &str,
        device: (u32, u32),
        kind: &str,
        options: &str,
        size: u64,
        name: &str,
    ) {
        let (major, minor) = device;
        let at = format!("{}{}", self.sysroot().display(), target.trim_end_matches('/'));
        let line = format!("30 1 {major}:{minor} / {at} {options} - {kind} /dev/{name} {options}\n");
        let old = std::fs::read_to_string(self.path("/proc/self/mountinfo")).unwrap_or_default();
        self.put("/proc/self/mountinfo", &(old + &line));
        let sys = format!("/sys/dev/block/{major}:{minor}");
        self.put(&format!("{sys}/uevent"), &format!("DEVNAME={name}\n"));
        self.put(&format!("{sys}/size"), &format!("{}\n", size / 512));
        if !self.path(&format!("/dev/{name}")).exists() {
            self.put(&format!("/dev/{name}"), "");
        }
    }

    /// Unmounts something.
    pub(crate) fn unmount(&self, target: &str) {
        let at = format!(" {}{} ", self.sysroot().display(), target.trim_end_matches('/'));
        let text = std::fs::read_to_string(self.path("/proc/self/mountinfo")).unwrap();
        let left: String = text.lines().filter(|l| !l.contains(&at)).map(|l| format!("{l}\n")).collect();
        self.put("/proc/self/mountinfo", &left);
    }

    pub(crate) fn volume(&self, name: &str) -> Option<Volume> {
        self.volumes.borrow().iter().find(|v| v.vg == "onn" && v.name == name).cloned()
    }

    pub(crate) fn change(&self, name: &str, change: impl FnOnce(&mut Volume)) {
        let mut volumes = self.volumes.borrow_mut();
        change(volumes.iter_mut().find(|v| v.vg == "onn" && v.name == name).unwrap());
    }

    pub(crate) fn system(&self) -> System {
        self.system_for(Some(NVR))
    }

    pub(crate) fn system_for(&self, nvr: Option<&str>) -> System {
        let request = Request { sysroot: self.sysroot(), addon_nvr: None, nvr: nvr.map(str::to_owned) };
        System::read(self, &request)
    }

    /// Everything on the disk that a run may change: files of the system, and LVM.
    pub(crate) fn disk(&self) -> (BTreeMap<PathBuf, Vec<u8>>, Vec<Volume>, Vec<String>) {
        let mut files = BTreeMap::new();
        collect(&self.sysroot(), &mut files);
        let mut volumes = self.volumes.borrow().clone();
        volumes.sort_by(|a, b| a.name.cmp(&b.name));
        (files, volumes, self.groups.borrow()["onn"].clone())
    }

    /// Runs `init`; its result and its progress.
    pub(crate) fn init_with_progress(&self) -> (Result<Plan, Outcome>, Vec<Event>) {
        let mut recorder = Recorder::default();
        let result = self.init_with(NVR, &mut recorder);
        (result, recorder.0)
    }

    /// Reads the system, decides the steps, and runs them.
    pub(crate) fn init(&self) -> Result<Plan, Outcome> {
        self.init_as(NVR)
    }

    /// Runs `init` with another name of the image.
    pub(crate) fn init_as(&self, nvr: &str) -> Result<Plan, Outcome> {
        self.init_with(nvr, &mut Silent)
    }

    fn init_with(&self, nvr: &str, progress: &mut dyn Progress) -> Result<Plan, Outcome> {
        let system = self.system_for(Some(nvr));
        let policy = policy();
        let (state, _) = examine(&system, &policy, self).map_err(Outcome::Refused)?;
        let packages = recorded_packages(&system, self).unwrap();
        let plan = plan(&system, &state, &Choices { packages, ..self.choices(&policy) })
            .map_err(|error| Outcome::Refused(error.findings()))?;
        run(self, &plan, &TakeBack { system: &system, state: &state }, progress).map_err(Outcome::Failed)?;
        Ok(plan)
    }

    pub(crate) fn choices<'a>(&self, policy: &'a Policy) -> Choices<'a> {
        Choices {
            policy,
            policy_text: None,
            keep_images: None,
            packages: None,
            base_uuid: "11111111-2222-4333-8444-555555555555".into(),
            environment: self.dir.path().to_owned(),
            lvm_config: self.path("etc/lvm"),
        }
    }

    pub(crate) fn plan(&self, system: &System, state: &NodeState<'_>, policy: &Policy) -> Plan {
        plan(system, state, &self.choices(policy)).unwrap()
    }

    /// The system after a boot of the layer.
    pub(crate) fn booted(&self) -> System {
        let mut system = self.system();
        system.running = true;
        system.cmdline = Arguments::parse(&format!("img.bootid={NVR}+1"));
        system
    }

    pub(crate) fn run(&self, system: &System, state: &NodeState<'_>, plan: &Plan) -> Result<(), Failure> {
        run(self, plan, &TakeBack { system, state }, &mut Silent)
    }

    /// Runs what the unit runs at the first boot; the names of the steps.
    pub(crate) fn first_boot(&self) -> Vec<&'static str> {
        let system = self.booted();
        let policy = policy();
        let (s, _) = examine(&system, &policy, self).unwrap();
        let plan = self.plan(&system, &s, &policy);
        self.run(&system, &s, &plan).unwrap();
        plan.steps.iter().map(|s| s.name).collect()
    }

    /// Adds a complete image as an update makes it: base, layer, kernel and initramfs, and an entry.
    pub(crate) fn add_image(&self, nvr: &str) {
        let minor = 30 + u32::try_from(self.volumes.borrow().len()).unwrap();
        let base = Volume {
            tags: vec!["imgbased:base".into(), "node-layout:state=ready".into()],
            writable: false,
            skip: true,
            minor: None,
            thin_id: minor + 1,
            ..Volume::new(nvr, "thin", minor)
        };
        let layer = format!("{nvr}+1");
        let of_layer = Volume { tags: vec!["imgbased:layer".into()], ..Volume::new(&layer, "thin", minor) };
        self.volumes.borrow_mut().extend([base, of_layer]);
        let entries = self.sysroot().join("boot/loader/entries");
        let old = std::fs::read_dir(&entries).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
        let old = old.into_iter().find(|n| n.starts_with(&format!("{NVR}+1-"))).unwrap();
        let text = self.read(&format!("boot/loader/entries/{old}")).replace(NVR, nvr);
        for line in text.lines().filter(|l| l.starts_with("linux ") || l.starts_with("initrd ")) {
            let path = line.split_whitespace().nth(1).unwrap();
            self.put(&format!("/sysroot/boot{path}"), &format!("content of {path}"));
        }
        self.put(&format!("/sysroot/boot/loader/entries/{}", old.replace(NVR, nvr)), &text);
    }

    /// Replaces GRUB by systemd-boot, with the same default.
    pub(crate) fn with_systemd_boot(self) -> Model {
        let block = self.read("boot/grub2/grubenv");
        let saved = block.lines().find_map(|l| l.strip_prefix("saved_entry=")).unwrap();
        self.put("/sysroot/boot/loader/loader.conf", &format!("timeout 3\ndefault {saved}.conf\n"));
        std::fs::remove_dir_all(self.sysroot().join("boot/grub2")).unwrap();
        let info: Vec<u8> = "systemd-boot 252".encode_utf16().flat_map(u16::to_le_bytes).collect();
        self.put(&variable("LoaderInfo"), "");
        std::fs::write(self.path(&variable("LoaderInfo")), [&[7, 0, 0, 0], &info[..]].concat()).unwrap();
        self
    }

    /// The entry that GRUB boots: one that was ordered for once, else the default. At its end GRUB's configuration sources custom.cfg.
    fn grub_boots(&self) -> String {
        if let Some(choice) = self.run_grub() {
            return choice.default;
        }
        let block = self.read("boot/grub2/grubenv");
        let text = block.trim_end_matches('#');
        let mut saved: BTreeMap<&str, String> = text
            .lines()
            .filter_map(|l| l.split_once('='))
            .map(|(name, value)| (name, value.to_owned()))
            .collect();
        let mut now = saved.clone();
        let next = saved.get("next_entry").filter(|next| !next.is_empty()).cloned();
        now.insert("default", next.clone().or_else(|| saved.get("saved_entry").cloned()).unwrap_or_default());
        if next.is_some() {
            now.insert("boot_once", "true".into());
            now.insert("next_entry", String::new());
            saved.insert("next_entry", String::new());
        }
        let boot = self.sysroot().join("boot");
        let config = std::fs::read_to_string(boot.join("grub2/grub.cfg")).unwrap_or_default();
        if config.contains("custom.cfg") && boot.join("grub2/custom.cfg").exists() {
            let commands = std::fs::read_to_string(boot.join("grub2/custom.cfg")).unwrap();
            for (name, value) in sourced(&commands, &boot, &now) {
                match name.strip_prefix("saved ") {
                    Some(name) => {
                        saved.insert(now.get_key_value(name).map_or("node_layout_tries", |(n, _)| n), value)
                    }
                    None => now.insert("default", value),
                };
            }
        }
        let lines: Vec<&str> = text.lines().filter(|l| !l.contains('=')).collect();
        let mut used = lines.join("\n") + "\n";
        used.extend(saved.iter().map(|(name, value)| format!("{name}={value}\n")));
        if next.is_some() {
            self.put("/sysroot/boot/grub2/grubenv", &format!("{used:#<1024}"));
        }
        now.remove("default").unwrap()
    }

    /// The same of systemd-boot.
    fn systemd_boot_boots(&self) -> String {
        let one_shot = self.path(&variable("LoaderEntryOneShot"));
        let id = match std::fs::read(&one_shot) {
            Ok(bytes) => {
                std::fs::remove_file(&one_shot).unwrap();
                let units: Vec<u16> =
                    bytes[4..].chunks_exact(2).map(|c| u16::from_le_bytes([c[0], c[1]])).collect();
                String::from_utf16(units.split(|u| *u == 0).next().unwrap()).unwrap()
            }
            Err(_) => {
                let conf = self.read("boot/loader/loader.conf");
                conf.lines().find_map(|l| l.strip_prefix("default ")).unwrap().to_owned()
            }
        };
        id.strip_suffix(".conf").unwrap().to_owned()
    }

    /// The boot loader boots. The layer that it boots, whose volume is then root's; an error if something that the entry names does
    /// not exist.
    pub(crate) fn boots(&self) -> Result<String, String> {
        let grub = self.sysroot().join("boot/grub2").exists();
        let id = if grub { self.grub_boots() } else { self.systemd_boot_boots() };
        let path = self.sysroot().join(format!("boot/loader/entries/{id}.conf"));
        let text = std::fs::read_to_string(&path).map_err(|_| format!("there is no entry {id}"))?;
        for line in text.lines().filter(|l| l.starts_with("linux ") || l.starts_with("initrd ")) {
            let file = line.split_whitespace().nth(1).unwrap();
            if !self.sysroot().join("boot").join(file.trim_start_matches('/')).exists() {
                return Err(format!("{id}: {file} does not exist"));
            }
        }
        let options = text.lines().find_map(|l| l.strip_prefix("options ")).unwrap_or_default();
        let arguments = Arguments::parse(options);
        let root = arguments.value("root").unwrap_or_default().to_owned();
        let layer = arguments.value("img.bootid").unwrap_or_default().to_owned();
        if root != format!("/dev/onn/{layer}") || self.volume(&layer).is_none_or(|v| v.skip) {
            return Err(format!("{id}: {root} is not there, or not {layer}"));
        }
        // Each layer has an /etc of its own, with its own name in it.
        let before = self.volumes.borrow().iter().find(|v| v.minor == Some(4)).unwrap().name.clone();
        for file in ["etc/fstab", "etc/default/grub", "etc/kernel/cmdline"] {
            if let Ok(text) = std::fs::read_to_string(self.sysroot().join(file)) {
                self.put(&format!("/sysroot/{file}"), &text.replace(&before, &layer));
            }
        }
        for (number, volume) in self.volumes.borrow_mut().iter_mut().enumerate() {
            if volume.minor == Some(4) {
                volume.minor = Some(40 + u32::try_from(number).unwrap());
            }
            if volume.name == layer {
                volume.minor = Some(4);
            }
        }
        self.put("/proc/cmdline", options);
        Ok(layer)
    }

    /// The running system, after [`Model::boots`].
    pub(crate) fn running(&self) -> System {
        self.runs.set(true);
        let system = self.system_for(None);
        self.runs.set(false);
        system
    }

    /// Severities and messages of the findings with this code that `verify` has in the running layer.
    pub(crate) fn found(&self, code: &str) -> Vec<String> {
        let findings = verify(&self.booted(), &policy(), self, Depth::Properties);
        findings
            .into_iter()
            .filter(|n| n.code.id == code)
            .map(|n| {
                assert!(n.help.is_some(), "no help: {}", n.message);
                format!("{}: {}", n.severity, n.message)
            })
            .collect()
    }

    /// The messages of the errors that `verify` finds.
    pub(crate) fn errors(&self) -> Vec<String> {
        let findings = verify(&self.system_for(None), &policy(), self, Depth::Properties);
        findings.into_iter().filter(is_error).map(|f| f.message).collect()
    }
}

/// The file of a variable of systemd-boot.
fn variable(name: &str) -> String {
    format!("/sys/firmware/efi/efivars/{name}-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f")
}

/// The entry of the installed system's newest kernel, as a path in it.
pub(crate) fn machine_entry(model: &Model) -> String {
    let entries = std::fs::read_dir(model.sysroot().join("boot/loader/entries")).unwrap();
    let mut names = entries.map(|e| e.unwrap().file_name().into_string().unwrap());
    let name = names.find(|n| n.starts_with("5ae5") && !n.contains("rescue")).unwrap();
    format!("boot/loader/entries/{name}")
}

/// Why `init` did not succeed.
#[derive(Debug)]
pub(crate) enum Outcome {
    Refused(Vec<Finding>),
    Failed(Failure),
}

pub(crate) fn is_error(finding: &Finding) -> bool {
    finding.severity == Severity::Error
}

pub(crate) fn policy() -> Policy {
    Policy::builtin("ovirt-node").unwrap()
}

/// One event of the progress: number of the step, number of steps, name, state, message.
pub(crate) type Event = (usize, usize, &'static str, StepState, String);

/// Keeps the events of a run.
#[derive(Default)]
pub(crate) struct Recorder(pub(crate) Vec<Event>);
impl Progress for Recorder {
    fn step(&mut self, number: usize, of: usize, step: &Step, state: StepState, message: &str) {
        self.0.push((number, of, step.name, state, message.to_owned()));
    }
}

struct Silent;
impl Progress for Silent {
    fn step(&mut self, _: usize, _: usize, _: &Step, _: StepState, _: &str) {}
}

fn copy_tree(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_tree(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

fn collect(dir: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_symlink() {
            let to = std::fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes();
            files.insert(path, to);
        } else if path.is_dir() {
            collect(&path, files);
        } else {
            files.insert(path.clone(), std::fs::read(&path).unwrap());
        }
    }
}

/// What GRUB's commands make of the default, and what they save. GRUB's script language is like the shell's, with another `set`, and
/// `/` is the file system of /boot.
fn sourced(commands: &str, boot: &Path, variables: &BTreeMap<&str, String>) -> Vec<(String, String)> {
    let prelude = r#"set() { printf -v "${1%%=*}" %s "${1#*=}"; }
        save_env() { for name; do printf 'saved %s=%s\n' "$name" "${!name}"; done; }"#;
    let commands = commands.replace("-f \"/", "-f \"$BOOT/");
    let script = format!("{prelude}\n{commands}\nprintf 'default=%s\\n' \"$default\"\n");
    let mut bash = std::process::Command::new("bash");
    let run = bash.args(["-c", &script]).env("BOOT", boot).envs(variables).output().unwrap();
    assert!(run.status.success() && run.stderr.is_empty(), "{}", String::from_utf8_lossy(&run.stderr));
    let said = String::from_utf8(run.stdout).unwrap();
    said.lines().filter_map(|l| l.split_once('=')).map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
}
