//! The rooms of each package, from low to high, and what each may know.

/// What a room may know.
pub(crate) struct Knows {
    /// Other rooms of the same package.
    pub(crate) rooms: &'static [&'static str],
    /// Paths that it must not name, although the compiler would let it.
    pub(crate) never: &'static [&'static str],
}

/// The rooms of one package.
pub(crate) struct Rooms {
    /// The name that paths start with.
    pub(crate) library: &'static str,
    /// Directory of the package below the repository; its sources are in `src` there.
    pub(crate) directory: &'static str,
    /// Modules of the top level; `lib` is `lib.rs`.
    pub(crate) rooms: &'static [(&'static str, Knows)],
}

impl Rooms {
    /// The room that a module path lies in.
    pub(crate) fn room_of(&self, module: &[String]) -> Option<(&'static str, &'static Knows)> {
        let name = module.first().map_or("lib", String::as_str);
        self.rooms.iter().find(|(room, _)| *room == name).map(|(room, knows)| (*room, knows))
    }
}

const fn knows(rooms: &'static [&'static str], never: &'static [&'static str]) -> Knows {
    Knows { rooms, never }
}

/// Files, processes, the environment, the network: a room that only computes knows none of them.
const SYSTEM: &[&str] = &["std::fs", "std::process", "std::env", "std::net", "clap"];

/// Rules judge addresses, but open nothing.
const RULES: &[&str] = &["std::fs", "std::process", "std::env", "clap"];

/// Programs are run only through `Tools`; a room of `node-layout` other than `machine` starts none.
const NO_PROGRAM: &[&str] = &["std::process", "std::env", "std::net", "clap"];

/// The parser knows no policy either.
const PARSER: &[&str] =
    &["std::fs", "std::process", "std::env", "std::net", "clap", "toml", "node_base::policy"];

/// Every package with its rooms.
pub(crate) const PACKAGES: &[Rooms] = &[NODE_BASE, KICKSTART, ANACONDA_PLAN, NODE_LAYOUT, KS_LINT];

const NODE_BASE: Rooms = Rooms {
    library: "node_base",
    directory: "crates/node-base",
    rooms: &[
        ("lib", knows(&[], &[])),
        ("base64", knows(&[], SYSTEM)),
        ("units", knows(&[], SYSTEM)),
        ("fold", knows(&[], SYSTEM)),
        ("harmless", knows(&[], SYSTEM)),
        ("source", knows(&[], SYSTEM)),
        ("diagnostic", knows(&["source"], SYSTEM)),
        ("names", knows(&["harmless"], SYSTEM)),
        ("superblock", knows(&[], &["std::process", "std::env", "clap"])),
        ("cmdline", knows(&["source"], SYSTEM)),
        ("boot_entry", knows(&["cmdline", "names"], SYSTEM)),
        ("regular", knows(&["units"], &["std::process", "std::env", "clap"])),
        ("policy", knows(&["units", "diagnostic", "regular"], &["std::process", "std::env", "clap"])),
        ("capacity", knows(&["units", "policy"], SYSTEM)),
        ("console", knows(&["fold", "harmless"], &["std::fs", "std::env", "clap"])),
    ],
};

const KICKSTART: Rooms = Rooms {
    library: "kickstart",
    directory: "crates/kickstart",
    rooms: &[
        ("lib", knows(&["dialect"], PARSER)),
        ("syntax", knows(&[], PARSER)),
        ("shell", knows(&[], PARSER)),
        ("include", knows(&["syntax"], PARSER)),
        ("dialect", knows(&["syntax", "include"], PARSER)),
    ],
};

const ANACONDA_PLAN: Rooms = Rooms {
    library: "anaconda_plan",
    directory: "crates/anaconda-plan",
    rooms: &[
        ("lib", knows(&["plan"], SYSTEM)),
        ("layout", knows(&[], SYSTEM)),
        ("machine", knows(&[], SYSTEM)),
        ("plan", knows(&["layout", "machine"], SYSTEM)),
    ],
};

const KS_LINT: Rooms = Rooms {
    library: "ks_lint",
    directory: "",
    rooms: &[
        ("lib", knows(&[], &[])),
        ("directives", knows(&[], SYSTEM)),
        ("kind", knows(&[], SYSTEM)),
        ("rules", knows(&["directives", "kind", "boot"], RULES)),
        ("boot", knows(&["directives"], &["std::fs", "std::process", "std::env", "clap"])),
        ("catalogue", knows(&["directives", "kind", "rules", "boot"], SYSTEM)),
        ("lint", knows(&["directives", "kind", "rules", "boot", "catalogue"], &["clap"])),
        ("format", knows(&[], SYSTEM)),
        ("generate", knows(&[], &["std::fs", "std::process", "std::env", "clap"])),
        ("fix", knows(&["lint"], &["std::process", "std::env", "std::net", "clap"])),
        ("host", knows(&[], &["std::process", "std::env", "clap"])),
        ("report", knows(&["lint"], &["std::fs", "std::process", "std::net"])),
        (
            "lsp",
            knows(
                &["directives", "boot", "catalogue", "lint", "fix", "format", "report"],
                &["std::process::Command", "std::net", "clap"],
            ),
        ),
        (
            "cli",
            knows(
                &[
                    "directives",
                    "boot",
                    "catalogue",
                    "lint",
                    "fix",
                    "format",
                    "generate",
                    "host",
                    "report",
                    "lsp",
                ],
                &[],
            ),
        ),
    ],
};

const NODE_LAYOUT: Rooms = Rooms {
    library: "node_layout",
    directory: "crates/node-layout",
    rooms: &[
        (
            "lib",
            knows(
                &[
                    "machine", "files", "disks", "boot", "system", "images", "checks", "sync", "etc", "var",
                    "packages", "source", "plan", "verbs", "faces", "cli",
                ],
                &[],
            ),
        ),
        ("machine", knows(&[], &["clap", "std::net"])),
        ("files", knows(&["machine"], NO_PROGRAM)),
        ("disks", knows(&["machine"], NO_PROGRAM)),
        ("boot", knows(&["machine", "files"], NO_PROGRAM)),
        ("system", knows(&["machine", "files", "disks", "boot"], NO_PROGRAM)),
        ("images", knows(&["machine", "files", "disks", "boot", "system"], NO_PROGRAM)),
        ("checks", knows(&["machine", "files", "disks", "boot", "system", "images"], NO_PROGRAM)),
        ("sync", knows(&[], NO_PROGRAM)),
        ("etc", knows(&["sync"], NO_PROGRAM)),
        ("var", knows(&["sync"], NO_PROGRAM)),
        ("packages", knows(&["machine", "files"], NO_PROGRAM)),
        ("source", knows(&["machine", "files", "disks", "system", "sync"], NO_PROGRAM)),
        ("plan", knows(&["machine", "files", "disks", "sync", "etc", "var"], NO_PROGRAM)),
        (
            "verbs",
            knows(
                &[
                    "machine", "files", "disks", "boot", "system", "images", "checks", "sync", "etc", "var",
                    "packages", "source", "plan",
                ],
                NO_PROGRAM,
            ),
        ),
        ("faces", knows(&["machine", "disks", "boot", "system", "images", "checks", "verbs"], NO_PROGRAM)),
        (
            "cli",
            knows(
                &[
                    "machine", "files", "system", "images", "checks", "etc", "source", "plan", "verbs",
                    "faces",
                ],
                &["std::net"],
            ),
        ),
    ],
};
