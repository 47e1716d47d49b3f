use crate::rules::commands::partitioning;
use crate::rules::{Context, Rule, mend};
use kickstart::{Command, SectionKind};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings, Severity};

declare_code! {
    /// New partitions are requested, but nothing prepares the disks for them.
    ///
    /// ## Why
    /// Without `zerombr`, `clearpart --initlabel` or `clearpart --all` the installer neither writes a partition table to a
    /// new disk nor removes partitions from a used one: there is no free space, and the installation stops at the
    /// installation destination. It works only on a disk with a partition table and enough free space.
    ///
    /// ## Example
    /// ```text
    /// autopart --type=thinp
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// zerombr
    /// clearpart --all --initlabel --drives=sda
    /// autopart --type=thinp
    /// ```
    ///
    /// ## Source
    /// Anaconda, `can_initialize` and `can_remove` in `pyanaconda/modules/storage/disk_initialization/configuration.py`
    /// (rhel-8 to main); `pyanaconda/storage_utils.py`, `pyanaconda/kickstart.py` (rhel-7).
    static NOT_INITIALISED = "UNA006", "disk-not-initialised", Unattended, Warning;

    /// The kickstart chooses no disk, so the installer uses all of them.
    ///
    /// ## Why
    /// An automatic installation selects every disk that it finds, including a second disk with data, a USB stick, and
    /// LUNs of a storage network. `clearpart --all` empties them.
    ///
    /// ## Write instead
    /// ```text
    /// ignoredisk --only-use=sda
    /// ```
    ///
    /// ## Source
    /// Anaconda, `select_default_disks` in `pyanaconda/ui/lib/storage.py` (rhel-8 to rhel-10) and
    /// `pyanaconda/modules/storage/disk_selection/selection.py` (main).
    static EVERY_DISK = "UNA007", "every-disk-is-used", Unattended, Info;
}

pub(super) static RULE: Rule = Rule { codes: &[&NOT_INITIALISED, &EVERY_DISK], check };

/// Programs in `%pre` that prepare disks themselves.
const TOOLS: &[&str] = &[
    "parted", "sfdisk", "sgdisk", "fdisk", "gdisk", "wipefs", "pvcreate", "vgcreate", "mdadm", "mkfs", "dd ",
    "mkswap", "dmsetup", "blivet",
];

fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some(installer) = context.installer() else { return };
    let kickstart = context.kickstart;
    if installer.has_unread_files {
        return;
    }
    let making: Vec<&Command<'_>> =
        partitioning(kickstart).filter(|c| c.valid && needs_free_space(c)).collect();
    let Some(first) = making.first() else { return };
    let pre = || {
        let bodies = kickstart
            .sections_of(SectionKind::Pre)
            .chain(kickstart.sections_of(SectionKind::PreInstall))
            .map(|s| context.sources.text_of(s.body));
        bodies.into_iter().any(|text| TOOLS.iter().any(|tool| text.contains(tool)))
    };
    let written = |name: &str| kickstart.written(name).next();
    let clearpart = written("clearpart");
    let prepares = written("zerombr").is_some()
        || clearpart.is_some_and(|c| !c.valid || ["--initlabel", "--all", "--list"].iter().any(|o| c.has(o)));
    if !prepares && !pre() {
        let mut finding = Finding::new(
            &NOT_INITIALISED,
            "nothing writes a partition table to a new disk or empties a used one",
        )
        .at(clearpart.unwrap_or(first).span)
        .help("add zerombr and clearpart --all --initlabel --drives=DISK");
        if clearpart.is_none() {
            let lines = ["zerombr".to_owned(), "clearpart --all --initlabel --drives=DISK".to_owned()];
            finding = finding.fix(mend::add_lines(context, &lines, Applicability::Placeholder));
        }
        // On a disk that was used by Linux this makes room.
        let makes_room = clearpart.is_some_and(|c| c.has("--linux"));
        findings.push(if makes_room { finding.severity(Severity::Info) } else { finding });
    }
    let chosen = written("ignoredisk").is_some()
        || clearpart.is_some_and(|c| c.has("--drives") || c.has("--list"))
        || making
            .iter()
            .any(|c| c.has("--ondisk") || c.has("--ondrive") || c.has("--onpart") || c.has("--usepart"));
    if !chosen {
        let emptied = clearpart.is_some_and(|c| c.has("--all"));
        let message = if emptied {
            "every disk that the installer finds is emptied and used"
        } else {
            "every disk that the installer finds is used"
        };
        let place = clearpart.filter(|_| emptied).unwrap_or(first);
        findings.push(
            Finding::new(&EVERY_DISK, message)
                .at(place.span)
                .help("choose with ignoredisk --only-use=DISK, best by its persistent name: disk/by-id/…")
                .fix(mend::add_lines(
                    context,
                    &["ignoredisk --only-use=DISK".to_owned()],
                    Applicability::Placeholder,
                )),
        );
    }
}

/// Whether a command makes partitions, which need free space.
fn needs_free_space(command: &Command<'_>) -> bool {
    match command.name {
        "autopart" | "reqpart" => true,
        "part" | "partition" => {
            !command.has("--onpart") && !command.has("--usepart") && !command.has("--noformat")
        }
        _ => false,
    }
}
