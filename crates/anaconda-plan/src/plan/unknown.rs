//! What a plan cannot know: files that were not read, names that only the machine resolves, options that are not modelled.

use crate::layout::{Layout, Named};
use crate::plan::cause::{Cause, Refusal};
use crate::plan::outcome::{Plan, Verdict};
use crate::plan::select::is_pattern;
use foldhash::HashMap;
use kickstart::Kickstart;
use node_base::diagnostic::Severity;
use node_base::source::Span;

/// A plan for something that is not modelled.
pub(super) fn not_modelled(span: Option<Span>, says: String) -> Plan {
    not_known(Cause::NotModelled, span, says)
}

fn not_known(cause: Cause, span: Option<Span>, says: String) -> Plan {
    Plan::without_devices(Verdict::Unknown, vec![Refusal::not_known(cause, span, says)])
}

/// The names in a layout that only the machine resolves, by their places.
pub(super) fn names_of_machine(layout: &Layout) -> HashMap<Span, &str> {
    layout.names().filter(|n| is_of_machine(&n.name)).map(|n| (n.span, n.name.as_str())).collect()
}

/// The plan if a refusal is about one of these names.
pub(super) fn name(refusal: &Refusal, names: &HashMap<Span, &str>) -> Option<Plan> {
    if !matches!(refusal.cause, Cause::NoSuchDisk | Cause::NoSuchDevice | Cause::UndefinedMember) {
        return None;
    }
    let span = refusal.span?;
    let name = names.get(&span)?;
    let says = format!(
        "only the machine knows which device '{name}' is; write its kernel name (sda, nvme0n1) to plan for it"
    );
    Some(not_known(Cause::NameOfMachine, Some(span), says))
}

/// Whether only udev on the machine knows the device of a name.
fn is_of_machine(name: &str) -> bool {
    ["disk/by-", "UUID=", "LABEL=", "PARTUUID=", "PARTLABEL="].iter().any(|prefix| name.starts_with(prefix))
        && !lacks_serial(name)
}

/// Whether a link names an ATA disk without a serial number: udev makes `ata-MODEL_SERIAL`, so no disk has such a link.
///
/// Source: `ata_id` of systemd, which leaves the serial number out only where the disk has none; the ATA command set asks
/// every disk for one.
pub fn lacks_serial(name: &str) -> bool {
    let name = name.strip_prefix("/dev/").unwrap_or(name);
    name.strip_prefix("disk/by-id/ata-").is_some_and(|model| !model.contains('_') && !is_pattern(model))
}

/// The plan of a kickstart of which files were not read: they can hold what is missing.
pub(super) fn with_files(mut plan: Plan, kickstart: &Kickstart<'_>, layout: &Layout) -> Plan {
    let Some(include) = kickstart.first_unread_file() else { return plan };
    let path = &include.path.text;
    if plan.verdict != Verdict::Stops {
        let says = format!("'{path}' was not read: what it adds is not in this plan");
        plan.messages.push(Refusal::not_known(Cause::FileNotRead, Some(include.span), says));
        return plan;
    }
    let could_be_there = |m: &Refusal| m.severity != Severity::Error || can_be_elsewhere(m.cause);
    if !layout.is_empty() && !plan.messages.iter().all(could_be_there) {
        return plan;
    }
    let says = match layout.is_empty() {
        true => format!("the partitions are not here: '{path}' was not read, and can hold them"),
        false => format!("'{path}' was not read, and can hold what is missing"),
    };
    let mut messages = vec![Refusal::not_known(Cause::FileNotRead, Some(include.span), says)];
    if !layout.is_empty() {
        // What is missing is still worth knowing.
        let missing = plan.messages.into_iter().map(|m| Refusal { severity: Severity::Warning, ..m });
        messages.extend(missing);
    }
    Plan { verdict: Verdict::Unknown, messages, tree: None, ..plan }
}

/// Whether a command in another file can be what is missing.
fn can_be_elsewhere(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::NoRoot
            | Cause::NoUsableDisk
            | Cause::NoSpaceOnDisks
            | Cause::UndefinedMember
            | Cause::NoSuchGroup
            | Cause::NoSuchPool
            | Cause::GroupFull
            | Cause::MustNotBeOnRoot
            | Cause::BootDevice
            | Cause::NoBiosBoot
            | Cause::NoSwap
            | Cause::NoPassphrase
    )
}

impl Layout {
    /// Every name of a device in the commands.
    fn names(&self) -> impl Iterator<Item = &Named> {
        let selection = &self.selection;
        let drives = [&selection.ignored, &selection.only, &selection.drives, &selection.devices];
        let parts = self.partitions.iter().flat_map(|p| p.disk.iter().chain(&p.onpart));
        let members = self.arrays.iter().map(|a| &a.members).chain(self.groups.iter().map(|g| &g.members));
        let boot = self.boot_loader.drive.iter().chain(&self.boot_loader.order);
        let mounts = self.mounts.iter().map(|m| &m.device);
        drives.into_iter().flatten().chain(parts).chain(members.flatten()).chain(boot).chain(mounts)
    }
}
