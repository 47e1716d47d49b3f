//! Sizes behind numbers, and what the plan makes of a request.

use crate::lint::plan;
use crate::lsp::view::View;
use gen_lsp_types::*;
use kickstart::{Arg, Command, python_int};
use node_base::units::{Bytes, MiB};

/// Options that take a number of MiB, by command.
const MIB: [(&str, &[&str]); 9] = [
    ("part", &["--size", "--maxsize"]),
    ("logvol", &["--size", "--maxsize", "--metadatasize", "--cachesize"]),
    ("volgroup", &["--reserved-space"]),
    ("raid", &[]),
    ("btrfs", &[]),
    ("autopart", &[]),
    ("reqpart", &[]),
    ("mount", &[]),
    ("stratisfs", &[]),
];

/// Options that take a number of KiB.
const KIB: [(&str, &[&str]); 3] =
    [("volgroup", &["--pesize"]), ("logvol", &["--chunksize"]), ("raid", &["--chunksize"])];

/// The unit that an option counts.
pub(crate) fn unit(command: &str, option: &str) -> Option<&'static str> {
    let is_in = |table: &[(&str, &[&str])]| {
        table.iter().any(|(name, list)| *name == command && list.contains(&option))
    };
    if is_in(&MIB) {
        Some("MiB")
    } else if is_in(&KIB) {
        Some("KiB")
    } else {
        None
    }
}

/// A size as a person says it, where the number alone does not.
pub(crate) fn size(command: &str, option: &str, value: &str) -> Option<String> {
    let number = u64::try_from(python_int(value)?).ok()?;
    let bytes = match unit(command, option)? {
        "MiB" => MiB(number).bytes(),
        _ => Bytes(number.checked_mul(1024)?),
    };
    Some(bytes.to_string())
}

/// What the installer makes of a request on the machine of the settings.
pub(crate) fn planned(view: &View<'_>, command: &Command<'_>) -> Option<String> {
    let machine = view.settings.machine.as_deref()?;
    let plan = plan::plan(view.read, machine);
    Planned { plan: &plan, disks: disks(view)? }.of(command)
}

/// The disks of the settings in words: `sda=100 GiB`.
fn disks(view: &View<'_>) -> Option<String> {
    let machine = view.settings.machine.as_deref()?;
    let all: Vec<String> = machine.disks.iter().map(|disk| format!("{}={}", disk.name, disk.size)).collect();
    Some(all.join(" "))
}

struct Planned<'a> {
    plan: &'a anaconda_plan::Plan,
    disks: String,
}

impl Planned<'_> {
    fn of(&self, command: &Command<'_>) -> Option<String> {
        let tree = self.plan.tree.as_ref()?;
        let place = command.first().map(|place| place.text.as_ref()).unwrap_or_default();
        let id = match command.name {
            "part" | "raid" if place.starts_with('/') => tree.mounted(place),
            "logvol" => {
                let (group, name) = (command.value("--vgname")?, command.value("--name")?);
                // The name that the device mapper gives it doubles the dashes.
                let double = |name: &str| name.replace('-', "--");
                tree.by_name(&format!("{}-{}", double(&group.text), double(&name.text)))
                    .or_else(|| tree.by_name(&format!("{}-{}", group.text, name.text)))
            }
            _ => None,
        }?;
        Some(format!("{} on {}", tree.size(id), self.disks))
    }
}

/// The hints of a range.
pub(crate) fn hints(view: &View<'_>, range: Range) -> Vec<InlayHint> {
    let (from, to) = (view.offset(range.start), view.offset(range.end));
    let commands =
        || view.commands().filter(|c| (c.span.start as usize) <= to && from <= c.span.end as usize);
    let mut hints = Vec::new();
    for command in commands() {
        for arg in &command.args {
            let Arg::Option { name, value: Some(value), .. } = arg else { continue };
            // "= 512 MiB" behind 512 says what the option's name says.
            let worth = |text: &String| unit(command.name, name) == Some("KiB") || !text.ends_with(" MiB");
            if let (Some(text), Some(place)) =
                (size(command.name, name, &value.text).filter(worth), view.range(value.span))
            {
                hints.push(hint(place.end, format!("= {text}"), None));
            }
        }
    }
    let open = ["--grow", "--percent", "--recommended", "--hibernation"];
    let is_open = |command: &&Command<'_>| open.iter().any(|option| command.has(option));
    if let Some(machine) = view.settings.machine.as_deref()
        && commands().any(|command| is_open(&command))
        && let Some(disks) = disks(view)
    {
        let plan = plan::plan(view.read, machine);
        let planned = Planned { plan: &plan, disks };
        for command in commands().filter(is_open) {
            let size = planned.of(command);
            if let (Some(text), Some(place)) = (size, view.range(command.span)) {
                let (size, on) = text.split_once(" on ").unwrap_or((&text, ""));
                hints.push(hint(place.end, format!("= {size}"), Some(format!("on {on}"))));
            }
        }
    }
    hints
}

fn hint(position: Position, label: String, tooltip: Option<String>) -> InlayHint {
    InlayHint {
        position,
        label: Label::String(label),
        kind: None,
        text_edits: None,
        tooltip: tooltip.map(Tooltip::String),
        padding_left: Some(true),
        padding_right: None,
        data: None,
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_said_with_their_unit() {
        assert_eq!(size("part", "--size", "10240").as_deref(), Some("10 GiB"));
        assert_eq!(size("volgroup", "--pesize", "4096").as_deref(), Some("4 MiB"));
        assert_eq!(size("part", "--size", "-5"), None);
        assert_eq!(size("part", "--grow", "1"), None);
        assert_eq!(size("volgroup", "--pesize", "99999999999999999999"), None);
    }
}
