use crate::rules::commands::partitioning;
use crate::rules::{Context, Rule};
use kickstart::Family;
use node_base::declare_code;
use node_base::diagnostic::{Finding, Findings};

declare_code! {
    /// The kickstart has no partitioning command.
    ///
    /// ## Why
    /// RHEL 8.0 to 8.4 and Fedora 29 to 34 do not ask: they automatically partition all disks that they find, and have
    /// wiped disks in raw use. RHEL 7, RHEL 8.5 and later, 9 and 10, and Fedora 35 and later stop at the installation
    /// destination ("Kickstart insufficient").
    ///
    /// ## Write instead
    /// ```text
    /// ignoredisk --only-use=sda
    /// zerombr
    /// clearpart --all --initlabel --drives=sda
    /// autopart --type=thinp
    /// ```
    ///
    /// ## Source
    /// Anaconda, `pyanaconda/modules/storage/partitioning/factory.py` and the storage spoke: since 34.24.7 and 33.16.5
    /// only a partitioning that the kickstart configures is executed; pykickstart#377, rhbz#1954408.
    static MISSING = "UNA001", "no-partitioning", Unattended, Error;

    /// The partitioning has no root file system.
    ///
    /// ## Why
    /// Without a device for `/` the installer stops at the installation destination.
    ///
    /// ## Write instead
    /// ```text
    /// logvol / --vgname=onn --name=root --thin --poolname=pool00 --size=10240
    /// ```
    ///
    /// ## Source
    /// Anaconda, every release: `completed` of the storage spoke asks for a root device.
    static NO_ROOT = "UNA016", "no-root-file-system", Unattended, Error;
}

pub(super) static RULE: Rule = Rule { codes: &[&MISSING, &NO_ROOT], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some(installer) = context.installer() else { return };
    let kickstart = context.kickstart;
    // A fragment is not an unattended installation.
    if installer.has_unread_files || kickstart.commands.is_empty() {
        return;
    }
    if partitioning(kickstart).next().is_none() {
        let version = kickstart.version;
        let silent = match version.family {
            Family::Rhel => version.release == 8,
            Family::Fedora => (29..=34).contains(&version.release),
        };
        let message = if silent && version.family == Family::Rhel {
            "no partitioning: RHEL 8.0 to 8.4 partition every disk they find without asking, later releases stop and ask".to_owned()
        } else if silent {
            "no partitioning: the installer partitions every disk it finds, without asking".to_owned()
        } else {
            format!("no partitioning: {}", installer.stops())
        };
        findings.push(
            Finding::new(&MISSING, message)
                .help("choose the disks (ignoredisk --only-use=…) and add autopart, or part and logvol"),
        );
        return;
    }
    // autopart makes root; a command with an error may have been meant to.
    if kickstart.all("autopart").next().is_some() || partitioning(kickstart).any(|c| !c.valid) {
        return;
    }
    let is_root = |c: &kickstart::Command<'_>| match c.name {
        "mount" => c.positionals().nth(1).is_some_and(|v| v.text == "/"),
        _ => c.first().is_some_and(|v| v.text == "/"),
    };
    if !partitioning(kickstart).any(is_root) {
        let last = partitioning(kickstart).last().map(|c| c.span);
        findings.push(
            Finding::new(&NO_ROOT, format!("nothing is mounted at '/': {}", installer.stops()))
                .at_opt(last)
                .help("add a logvol or part for /"),
        );
    }
}
