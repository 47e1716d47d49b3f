//! Programs of packages in a new layer, away from the running system.
//!
//! They see the layer as their root, with its own /var, which the live one will cover; a /dev with the devices that every program
//! may use; a /run of their own; their own processes, which end with the first of them; and no network. A change of the layer is
//! all that they can leave.

use crate::machine::{Command, below};
use std::path::Path;

/// Where the files of packages are in the layer.
pub(crate) const PACKAGES: &str = "/run/packages";

/// A program that is run in the layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InLayer {
    /// Its name.
    program: &'static str,
    args: Vec<String>,
    env: Vec<(&'static str, &'static str)>,
}

impl InLayer {
    /// A program with its arguments.
    pub(crate) fn new<'a>(program: &'static str, args: impl IntoIterator<Item = &'a str>) -> InLayer {
        InLayer { program, args: args.into_iter().map(str::to_owned).collect(), env: Vec::new() }
    }

    /// Sets a variable of its environment.
    pub(super) fn env(mut self, name: &'static str, value: &'static str) -> InLayer {
        self.env.push((name, value));
        self
    }

    /// The command that runs it in the layer at `layer`.
    pub(crate) fn command(&self, layer: &Path) -> Command {
        let layer_text = layer.display().to_string();
        let proc = format!("--mount-proc={}", below(layer, "/proc").display());
        let own = [
            "--mount",
            "--uts",
            "--ipc",
            "--net",
            "--pid",
            "--fork",
            "--kill-child",
            &proc,
            "chroot",
            &layer_text,
        ];
        let args = own.into_iter().chain([self.program]).map(str::to_owned).chain(self.args.iter().cloned());
        let mut command = Command::new("unshare", args);
        for (name, value) in &self.env {
            command = command.env(name, *value);
        }
        command
    }
}

/// The commands that make a layer ready for [`InLayer`], and those that end it.
pub(crate) struct Sandbox {
    /// Before.
    pub(crate) begin: Vec<Command>,
    /// Afterwards.
    pub(crate) end: Vec<Command>,
}

/// The programs that it needs on this host.
pub(crate) const PROGRAMS: [&str; 5] = ["unshare", "chroot", "mknod", "ln", "cp"];

/// The devices of it: name, major and minor number.
const DEVICES: [(&str, &str, &str); 6] = [
    ("null", "1", "3"),
    ("zero", "1", "5"),
    ("full", "1", "7"),
    ("random", "1", "8"),
    ("urandom", "1", "9"),
    ("tty", "5", "0"),
];
/// Names of the files that a process has open.
const LINKS: [(&str, &str); 4] = [
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
];

/// Makes a sandbox of the layer mounted at `layer`. What it has in /run is in `scratch`, outside of the layer.
pub(crate) fn sandbox(layer: &Path, scratch: &Path) -> Sandbox {
    let at = |path: &str| below(layer, path).display().to_string();
    let (dev, run) = (at("/dev"), at("/run"));
    let scratch = scratch.display().to_string();
    let mut begin =
        vec![Command::new("mount", ["-t", "tmpfs", "-o", "nosuid,noexec,mode=0755,size=1m", "tmpfs", &dev])];
    for (name, major, minor) in DEVICES {
        begin.push(Command::new("mknod", ["-m", "0666", &at(&format!("/dev/{name}")), "c", major, minor]));
    }
    for (name, to) in LINKS {
        begin.push(Command::new("ln", ["-s", to, &at(&format!("/dev/{name}"))]));
    }
    begin.push(Command::new("mount", ["--bind", &scratch, &run]));
    let end = vec![Command::new("umount", [&run]), Command::new("umount", [&dev])];
    Sandbox { begin, end }
}
