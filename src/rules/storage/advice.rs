//! What to do about a refusal of Anaconda: words, and edits where the kickstart says what is meant.

use crate::rules::mend;
use anaconda_plan::{Cause, Refusal, lacks_serial};
use foldhash::HashMap;
use kickstart::{Command, Kickstart};
use node_base::diagnostic::{Applicability, Fix, nearest};
use node_base::source::{Sources, Span};
use std::cell::OnceCell;

/// File systems that a kickstart for a host names.
const FILE_SYSTEMS: &[&str] = &["xfs", "ext4", "ext3", "ext2", "vfat", "swap", "efi", "biosboot", "btrfs"];

/// What to do about a refusal.
pub(super) struct Advice {
    /// In one line.
    pub(super) help: String,
    /// The same as edits.
    pub(super) fix: Option<Fix>,
}

impl Advice {
    fn words(help: impl Into<String>) -> Advice {
        Advice { help: help.into(), fix: None }
    }

    fn edit(help: impl Into<String>, fix: Fix) -> Advice {
        Advice { help: help.into(), fix: Some(fix) }
    }
}

/// Advises about refusals of one kickstart: what all of them need is collected once, for the first that needs it.
pub(super) struct Adviser<'k, 's> {
    sources: &'k Sources,
    kickstart: &'k Kickstart<'s>,
    /// By file and place.
    commands: OnceCell<Vec<&'k Command<'s>>>,
    /// The only pool of a group, by the group's name; `None` if there are several.
    pools: OnceCell<HashMap<Option<&'k str>, Option<&'k str>>>,
}

impl<'k, 's> Adviser<'k, 's> {
    pub(super) fn new(sources: &'k Sources, kickstart: &'k Kickstart<'s>) -> Adviser<'k, 's> {
        Adviser { sources, kickstart, commands: OnceCell::new(), pools: OnceCell::new() }
    }

    /// What to do about a refusal.
    pub(super) fn advice(&self, refusal: &Refusal) -> Advice {
        let written = refusal.span.map(|span| self.sources.text_of(span));
        if matches!(refusal.cause, Cause::NoSuchDisk | Cause::NoSuchDevice)
            && written.is_some_and(lacks_serial)
        {
            return Advice::words(
                "write the name that 'ls /dev/disk/by-id' shows on the machine: ata-MODEL_SERIAL, with the serial number",
            );
        }
        let command = refusal.span.and_then(|span| self.command_at(span));
        command
            .and_then(|command| self.of_command(refusal.cause, command))
            .or_else(|| of_layout(refusal.cause, self.sources, self.kickstart))
            .unwrap_or_else(|| Advice::words(general(refusal.cause)))
    }

    /// The command that a place is in.
    fn command_at(&self, span: Span) -> Option<&'k Command<'s>> {
        let place = |c: &&Command<'_>| (c.span.file, c.span.start);
        let commands = self.commands.get_or_init(|| {
            let mut commands: Vec<_> = self.kickstart.commands.iter().collect();
            commands.sort_by_key(place);
            // Those of a file that is included again.
            commands.dedup_by_key(|c| place(c));
            commands
        });
        let behind = commands.partition_point(|c| place(c) <= (span.file, span.start));
        let command = commands[..behind].last()?;
        (command.span.file == span.file && span.start < command.span.end).then_some(command)
    }

    /// The only pool in a volume group.
    fn pool_of(&self, group: Option<&str>) -> Option<&'k str> {
        let pools = self.pools.get_or_init(|| {
            let mut pools = HashMap::default();
            for command in self.kickstart.all("logvol").filter(|c| c.has("--thinpool")) {
                let Some(name) = command.value("--name") else { continue };
                let name = name.text.as_ref();
                let group = command.value("--vgname").map(|v| v.text.as_ref());
                let only = pools.entry(group).or_insert(Some(name));
                *only = only.filter(|known| *known == name);
            }
            pools
        });
        *pools.get(&group)?
    }

    /// Where the line that is refused says enough.
    fn of_command(&self, cause: Cause, command: &Command<'_>) -> Option<Advice> {
        let (sources, kickstart) = (self.sources, self.kickstart);
        let write = |option: &str, value: &str| {
            let span = command.option_span(option);
            let new = format!("{option}={value}");
            let fix = match span {
                Some(span) => Fix::replace(span, &new, format!("write {new}"), Applicability::Unsafe),
                None => mend::add_option(command, &new, Applicability::Unsafe),
            };
            Advice::edit(format!("write {new}"), fix)
        };
        let leave_out = |option: &str, rest: &str| {
            let fix = mend::delete_option(sources, command.option_span(option)?, Applicability::Unsafe);
            Some(Advice::edit(format!("leave {option} out{rest}"), fix))
        };
        match cause {
            Cause::Reformat => leave_out("--noformat", ""),
            Cause::ExtentSize => {
                let Advice { fix, .. } = write("--pesize", "4096");
                Some(Advice { help: "write --pesize=4096 (KiB), or leave it out".to_owned(), fix })
            }
            Cause::PoolOptions => {
                let option = ["--metadatasize", "--chunksize"].into_iter().find(|o| command.has(o))?;
                leave_out(option, ": the installer chooses a size that LVM accepts")
            }
            Cause::BootLoaderLocation => Some(write("--location", "mbr")),
            Cause::NotLinux => Some(write("--fstype", "xfs")),
            Cause::UnknownFileSystem => {
                let written = command.value("--fstype")?;
                Some(write("--fstype", nearest(&written.text, FILE_SYSTEMS.iter().copied())?))
            }
            Cause::MountPoint => {
                let written = command.first().filter(|mount| !matches!(mount.text.as_ref(), "" | "none"))?;
                let new = format!("/{}", written.text);
                let fix = Fix::of_value(written, &new, Applicability::Unsafe);
                Some(Advice { help: format!("write '{new}': a mount point starts with /"), fix })
            }
            Cause::MustBeOnRoot => {
                let fix = mend::delete_line(sources, command.span, Applicability::Unsafe);
                Some(Advice::edit("remove the line: the directory comes with /", fix))
            }
            Cause::NoPassphrase => {
                let new = " --passphrase=…";
                let fix =
                    Fix::insert_after(command.span, new, "add --passphrase=…", Applicability::Placeholder);
                Some(Advice::edit("add --passphrase=…", fix))
            }
            Cause::NoSuchGroup => {
                let name = only(kickstart.all("volgroup").filter_map(|c| Some(c.first()?.text.as_ref())))?;
                let is_named = command.value("--vgname").is_some_and(|v| v.text == name);
                if is_named {
                    return Some(Advice::words(format!("move the line 'volgroup {name}' before this one")));
                }
                Some(write("--vgname", name))
            }
            Cause::NoSuchPool => {
                let name = self.pool_of(command.value("--vgname").map(|v| v.text.as_ref()))?;
                let is_named = command.value("--poolname").is_some_and(|v| v.text == name);
                if is_named {
                    return Some(Advice::words(format!(
                        "move the line of the pool '{name}' before this one"
                    )));
                }
                Some(write("--poolname", name))
            }
            _ => None,
        }
    }
}

/// Where the whole layout says enough.
fn of_layout(cause: Cause, sources: &Sources, kickstart: &Kickstart<'_>) -> Option<Advice> {
    let first = kickstart.commands.iter().find(|c| c.valid && matches!(c.name, "part" | "raid"));
    let before = |line: &str| {
        let lines = [line.to_owned()];
        first.map(|first| mend::lines_before(sources, first.span, &lines, Applicability::Unsafe))
    };
    match cause {
        Cause::BootDevice => {
            if let Some(autopart) = kickstart.last("autopart") {
                let span = autopart.option_span("--noboot")?;
                let fix = mend::delete_option(sources, span, Applicability::Unsafe);
                return Some(Advice::edit("leave --noboot out: autopart makes what the firmware needs", fix));
            }
            if kickstart.all("logvol").any(|c| c.first().is_some_and(|mount| mount.text == "/boot")) {
                return None; // a partition more does not help
            }
            if let Some(reqpart) = kickstart.last("reqpart") {
                let has_boot = mounts(kickstart).any(|mount| mount == "/boot");
                return (!reqpart.has("--add-boot") && !has_boot).then(|| {
                    let fix = mend::add_option(reqpart, "--add-boot", Applicability::Unsafe);
                    Advice::edit("add --add-boot: reqpart then makes /boot as a partition", fix)
                });
            }
            let makes_boot = mounts(kickstart).any(|mount| mount.starts_with("/boot"));
            let line = if makes_boot { "reqpart" } else { "reqpart --add-boot" };
            let help = format!("add '{line}', which makes what the machine's firmware needs");
            // A /boot that the firmware's loader cannot read has to move, too: no edit of ours.
            Some(Advice { help, fix: if makes_boot { None } else { before(line) } })
        }
        Cause::NoBiosBoot => {
            let line = "part biosboot --fstype=biosboot --size=1";
            let help = format!("add '{line}', or 'reqpart'");
            Some(Advice { help, fix: before(line).filter(|_| kickstart.last("autopart").is_none()) })
        }
        Cause::NoSwap => {
            let (line, beside): (_, &[&str]) = match kickstart.all("volgroup").next().and_then(|c| c.first())
            {
                Some(group) => (
                    format!("logvol swap --vgname={} --name=swap --recommended", group.text),
                    &["volgroup", "logvol"],
                ),
                None => ("part swap --recommended".to_owned(), &["part"]),
            };
            let help = format!("add '{line}'");
            let last = kickstart.commands.iter().rfind(|c| c.valid && beside.contains(&c.name));
            let after =
                |last: &Command<'_>| mend::lines_after(sources, last.span, &[line], Applicability::Unsafe);
            Some(Advice { help, fix: last.map(after) })
        }
        _ => None,
    }
}

/// What the commands mount.
fn mounts<'k>(kickstart: &'k Kickstart<'_>) -> impl Iterator<Item = &'k str> {
    let makes =
        |c: &&Command<'_>| c.valid && matches!(c.name, "part" | "raid" | "logvol" | "btrfs" | "mount");
    kickstart.commands.iter().filter(makes).flat_map(|c| c.positionals().map(|v| v.text.as_ref()))
}

/// The one that there is.
fn only<'a>(mut names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let first = names.next()?;
    names.all(|name| name == first).then_some(first)
}

/// What to do about a cause, whatever the kickstart says.
fn general(cause: Cause) -> &'static str {
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
        Cause::ExtentSize => "choose an extent size of 4 MiB",
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
        Cause::BootDevice => {
            "give the firmware what it starts from: /boot/efi on a partition for UEFI, /boot on a partition or mirror for BIOS"
        }
        Cause::NoBiosBoot => "make a biosboot partition of 1 MiB",
        Cause::NoSwap => "add a swap volume",
        Cause::NoPassphrase => "add --passphrase to the command that asks for the encryption",
        Cause::NotLinux => "choose xfs or ext4",
        Cause::GroupOnOtherDisks => "use all disks of the group, or none",
        Cause::BootLoaderLocation => "write --location=mbr, the default",
        Cause::Language => "see the finding about the line",
        Cause::Reformat => "let the installer format it",
        Cause::Recommendation => "raise the size, or mirror the device",
        Cause::FileNotRead => {
            "plan again with the file: --follow-includes, with --root DIR where it is not at its path here"
        }
        Cause::NameOfMachine => "write the kernel's name of the disk to plan for it: sda, nvme0n1",
        Cause::NotModelled => "try the kickstart in an installer",
    }
}
