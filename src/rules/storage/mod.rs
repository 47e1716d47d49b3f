//! What Anaconda's partitioning refuses: on any disks, or on the ones that are given.
//!
//! The layout is planned by [`anaconda_plan`]; here its refusals become findings.

mod codes;

use super::{Context, Rule, node};
use anaconda_plan::layout::Layout;
use anaconda_plan::machine::{Machine, Profile, Release};
use anaconda_plan::{Cause, Refusal, refusals, refused_anywhere};
use node_base::diagnostic::{Code, Finding, Findings, Severity};
use std::sync::Arc;

/// The rules of this family, in the order of their codes.
pub static RULES: &[Rule] = &[Rule { codes: codes::ALL, check }];

/// Plans the layout and reports what is refused.
fn check(context: &Context<'_>, findings: &mut Findings) {
    let Ok(release) = Release::of(context.kickstart.version) else { return };
    if !context.kickstart.includes.is_empty() {
        return; // what an included file adds is not known
    }
    let rejected = |f: &Finding| {
        f.severity == Severity::Error && f.code.category == node_base::diagnostic::Category::Syntax
    };
    if findings.iter().any(rejected) {
        return; // the installer does not come as far as the disks
    }
    let layout = Layout::of(context.kickstart);
    let profile = Arc::new(match context.policy {
        Some(policy) => Profile::of_policy(policy, release),
        None => Profile::plain(release),
    });
    let refused = match context.machine {
        Some(machine) => on_machine(&layout, release, profile, machine),
        None => refused_anywhere(&layout, release, &profile),
    };
    let told_by_policy = |cause| {
        context.policy.is_some()
            && matches!(
                cause,
                Cause::RootDeviceType
                    | Cause::MustNotBeOnRoot
                    | Cause::TooSmallForProfile
                    | Cause::NoSuchPool
            )
    };
    // The policy's rule names the cause, /boot itself; which firmware trips over it adds nothing.
    let boot_told =
        context.machine.is_none() && findings.iter().any(|f| f.code == &node::boot_placement::CODE);
    let told = |cause| told_by_policy(cause) || (boot_told && cause == Cause::BootDevice);
    let left: Vec<Finding> = refused.iter().filter(|r| !told(r.cause)).map(finding).collect();
    findings.extend(left);
}

fn on_machine(layout: &Layout, release: Release, profile: Arc<Profile>, machine: &Machine) -> Vec<Refusal> {
    if layout.is_empty() || layout.not_modelled().is_some() {
        Vec::new()
    } else {
        refusals(layout, release, profile, machine)
    }
}

/// The code that stands for a cause.
pub fn code(cause: Cause) -> &'static Code {
    codes::code(cause)
}

/// A message of the installer as a finding: our sentence, and what the installer prints.
pub fn finding(refusal: &Refusal) -> Finding {
    let code = codes::code(refusal.cause);
    let says = refusal.says.split_whitespace().collect::<Vec<_>>().join(" ");
    let (verb, severity) = match refusal.severity {
        Severity::Error => ("stops", Severity::Error),
        _ => ("warns", Severity::Info),
    };
    let says = if refusal.cause == Cause::ExtentSize { shorten(&says) } else { says };
    Finding::new(code, format!("Anaconda {verb}: {says}"))
        .severity(severity)
        .at_opt(refusal.span)
        .help(advice(refusal.cause))
}

/// The list of all extent sizes is longer than it is useful.
fn shorten(says: &str) -> String {
    let at = says.find("must be one of").map_or(says.len(), |at| at + "must be one of".len());
    format!("{} the powers of two from 1 KiB to 16 GiB.", &says[..at])
}

/// What to do about it, in one line.
fn advice(cause: Cause) -> &'static str {
    match cause {
        Cause::NoSuchDisk => "name a disk that the machine has, or leave the option out",
        Cause::NoUsableDisk => "leave at least one disk to the installer, and let it write a partition table",
        Cause::NoSpaceOnDisks => "ask for less, use --grow instead of a large --size, or clear the disks",
        Cause::FormatLimits => "change the size, or the file system",
        Cause::UnknownFileSystem => "use xfs, ext4, vfat, swap, efi or biosboot; gpt or msdos for labels",
        Cause::NameInUse => "give each device its own name",
        Cause::NoSuchDevice => "keep the device (clearpart), or make a new one with --size",
        Cause::NoformatWithoutDevice => "add --onpart=PARTITION, or leave --noformat out",
        Cause::UndefinedMember => "make the member with part or raid, under exactly this name",
        Cause::WrongMember => "use pv.NAME for volume groups and raid.NAME for arrays",
        Cause::RaidMembers => "add members, or choose another --level",
        Cause::NoSuchGroup => "make the group with volgroup, or correct --vgname",
        Cause::NoSuchPool => "make the pool with logvol --thinpool before it",
        Cause::GroupFull => "make volumes smaller, the physical volumes larger, or use --grow",
        Cause::ExtentSize => "write --pesize=4096 (KiB), or leave it out",
        Cause::VolumeSize => "give a --size in MiB of at least one extent",
        Cause::PoolOptions => "leave --metadatasize and --chunksize out, or stay within LVM's limits",
        Cause::Percentages => "let the percentages add up to 100 or less",
        Cause::InvalidName => "use letters, digits, '_', '.', '-' and none of LVM's own words",
        Cause::NoRoot => "add a command with the mount point /",
        Cause::MustBeOnRoot => "remove the command: the directory comes with /",
        Cause::MountPoint => "start the mount point with /",
        Cause::MustNotBeOnRoot => "add a volume for it",
        Cause::TooSmallForProfile => "raise --size",
        Cause::RootDeviceType => "make root a thin volume: logvol / --thin --poolname=…",
        Cause::BootDevice => "use reqpart --add-boot, which makes what the machine's firmware needs",
        Cause::NoBiosBoot => "use reqpart, or add: part biosboot --fstype=biosboot --size=1",
        Cause::NoSwap => "add: logvol swap or part swap, with --recommended",
        Cause::NoPassphrase => "add --passphrase",
        Cause::NotLinux => "choose xfs or ext4",
        Cause::GroupOnOtherDisks => "use all disks of the group, or none",
        Cause::BootLoaderLocation => "use --location=mbr, the default",
        Cause::Language => "see the finding about the line",
        Cause::Reformat => "leave --noformat out",
        Cause::Recommendation => "raise the size, or mirror the device",
    }
}
