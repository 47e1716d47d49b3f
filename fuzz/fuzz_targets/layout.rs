//! What `node-layout` reads of a machine: fstab, GRUB's environment block, boot entries, loader.conf, kept kernel arguments, LVM's
//! report, UEFI variables. The first byte chooses which of them the input is; the others are those of an installed system. It is
//! read and checked without a panic; half of the choices also plan `init`, which takes four times as long.
#![no_main]

use ks_lint_fuzz::chosen;
use node_base::policy::Policy;
use node_layout::{
    Choices, Command, Depth, Output, Request, Space, System, ToolError, Tools, Variables, examine, plan,
    verify,
};
use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

const GUID: &str = "8be4df61-93ca-11d2-aa0d-00e098032b8c";
const ENTRY: &str = "5ae5a8b9e3f94cbfb0bd7a0b1c2d3e4f-5.14.0-503.11.1.el9_5.x86_64.conf";

/// Files below the directory of a machine that an input can be the content of, and whether that machine has systemd-boot.
const FILES: [(&str, bool); 9] = [
    ("sysroot/etc/fstab", false),
    ("sysroot/boot/grub2/grubenv", false),
    ("sysroot/boot/loader/entries/ENTRY", false),
    ("sysroot/etc/default/grub", false),
    ("sysroot/etc/kernel/cmdline", false),
    ("proc/self/mountinfo", false),
    ("sysroot/boot/loader/loader.conf", true),
    ("sysroot/boot/loader/entries/ENTRY", true),
    ("proc/cmdline", true),
];
/// Further things that it can be: LVM's report, a boot entry of the firmware, its order.
const OTHERS: usize = 3;

/// LVM's report on the installed system.
const REPORT: &str = include_str!("layout/report.json");

/// A machine in memory. It runs no program; LVM's report is a text.
struct Machine {
    dir: tempfile::TempDir,
    report: RefCell<String>,
}

impl Machine {
    fn new(systemd_boot: bool) -> Machine {
        let memory = Path::new("/dev/shm");
        let place = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let dir = tempfile::tempdir_in(place).expect("a directory can be made");
        let machine = Machine { dir, report: RefCell::new(REPORT.to_owned()) };
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/boot-entries/rhel9");
        copy_tree(&fixtures, &machine.path("sysroot"));
        if systemd_boot {
            std::fs::remove_dir_all(machine.path("sysroot/boot/grub2")).expect("the fixture has GRUB");
            machine.put("sysroot/boot/loader/loader.conf", b"timeout 3\n");
        }
        for entry in std::fs::read_dir(machine.path("sysroot/boot/loader/entries")).expect("entries") {
            let text = std::fs::read_to_string(entry.expect("an entry").path()).expect("a text");
            for line in text.lines().filter(|l| l.starts_with("linux ") || l.starts_with("initrd ")) {
                let path = line.split_whitespace().nth(1).expect("a path");
                machine.put(&format!("sysroot/boot{path}"), b"content");
            }
        }
        machine.put("sysroot/usr/sbin/node-layout", b"program");
        machine.put("proc/cmdline", b"console=ttyS0\n");
        let mut mounts = String::new();
        let root = machine.path("sysroot").display().to_string();
        let kind = if systemd_boot { "vfat" } else { "ext4" };
        for (target, device, kind, name) in
            [("", "253:4", "xfs", "dm-4"), ("/boot", "252:3", kind, "vda3"), ("/var", "253:6", "xfs", "dm-6")]
        {
            mounts += &format!("30 1 {device} / {root}{target} rw - {kind} /dev/{name} rw\n");
            let sys = format!("sys/dev/block/{device}");
            machine.put(&format!("{sys}/uevent"), format!("DEVNAME={name}\n").as_bytes());
            machine.put(&format!("{sys}/size"), b"83886080\n");
            let mut block = vec![0; 2048];
            block[..4].copy_from_slice(b"XFSB");
            block[32..48].fill(0xa1);
            machine.put(&format!("dev/{name}"), &block);
        }
        machine.put("proc/self/mountinfo", mounts.as_bytes());
        machine
    }

    fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path.replace("ENTRY", ENTRY))
    }

    fn put(&self, path: &str, text: &[u8]) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory can be made");
        std::fs::write(path, text).expect("a file can be written");
    }

    /// Reads, verifies and perhaps plans.
    fn look(&self, with_plan: bool) {
        let request = Request {
            sysroot: self.path("sysroot"),
            addon_nvr: None,
            nvr: Some("ovirt-node-ng-4.5.6-0.20261121.0".to_owned()),
        };
        let policy = &*POLICY;
        let system = System::read(self, &request);
        for finding in verify(&system, policy, self, Depth::Properties) {
            assert!(!finding.message.is_empty(), "{}", finding.code.id);
        }
        if !with_plan {
            return;
        }
        let Ok((state, _)) = examine(&system, policy, self) else { return };
        let choices = Choices {
            policy,
            policy_text: None,
            keep_images: None,
            packages: None,
            base_uuid: "11111111-2222-4333-8444-555555555555".into(),
            environment: self.dir.path().to_owned(),
            lvm_config: self.path("etc/lvm"),
        };
        if let Err(error) = plan(&system, &state, &choices) {
            assert!(!error.findings().is_empty(), "a refusal has a reason");
        }
    }
}

impl Tools for Machine {
    fn run(&self, command: &Command) -> Result<Output, ToolError> {
        let stdout = if command.program == "lvm" { self.report.borrow().clone() } else { String::new() };
        Ok(Output { stdout, stderr: String::new() })
    }
    fn stream(&self, _: &Command, _: File) -> Result<Box<dyn Read + Send>, ToolError> {
        Ok(Box::new(io::empty()))
    }
    fn has(&self, _: &str) -> bool {
        true
    }
    fn environment(&self) -> &Path {
        self.dir.path()
    }
    fn space(&self, _: &Path) -> io::Result<Space> {
        Ok(Space { total: 1 << 30, free: 800 << 20 })
    }
    fn flush(&self, _: &Path, _: bool) -> io::Result<()> {
        Ok(())
    }
    fn architecture(&self) -> String {
        "x86_64".into()
    }
}

static POLICY: LazyLock<Policy> = LazyLock::new(|| Policy::builtin("ovirt-node").expect("a built-in policy"));

std::thread_local! {
    static MACHINES: [Machine; 2] = [Machine::new(false), Machine::new(true)];
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let of = FILES.len() + OTHERS;
    let Some((choice, text)) = chosen(input, 2 * of) else { return };
    let (choice, with_plan) = (choice % of, choice >= of);
    MACHINES.with(|machines| match FILES.get(choice) {
        Some((file, systemd_boot)) => {
            let machine = &machines[usize::from(*systemd_boot)];
            let before = std::fs::read(machine.path(file)).expect("an installed system has it");
            machine.put(file, text);
            machine.look(with_plan);
            machine.put(file, &before);
        }
        None if choice == FILES.len() => {
            let Ok(text) = std::str::from_utf8(text) else { return };
            let before = machines[0].report.replace(text.to_owned());
            machines[0].look(with_plan);
            machines[0].report.replace(before);
        }
        None => {
            let name = if choice == FILES.len() + 1 { "Boot0001" } else { "BootOrder" };
            machines[0].put(&format!("sys/firmware/efi/efivars/{name}-{GUID}"), text);
            let variables = Variables::read(machines[0].dir.path()).expect("there are variables");
            let options = variables.options.values().filter_map(|o| o.file.as_deref());
            assert!(options.into_iter().all(|f| !f.contains('\\')), "a path has slashes");
        }
    });
});

fn copy_tree(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory can be made");
    for entry in std::fs::read_dir(from).expect("a directory") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy_tree(&path, &target);
        } else {
            std::fs::copy(&path, &target).expect("a file can be copied");
        }
    }
}
