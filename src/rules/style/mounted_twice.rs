use crate::rules::{Context, Rule, mend};
use foldhash::{HashMap, HashMapExt};
use kickstart::{Command, normal_mount_point};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings};
use std::borrow::Cow;

declare_code! {
    /// Two volumes have the same mount point, so the installer does not make the first one.
    ///
    /// ## Why
    /// When a later command claims a mount point, Anaconda removes the device that had it before, without a word. Often
    /// the second line is a copy whose mount point was not changed, and the volume that was meant is missing.
    ///
    /// ## Example
    /// ```text
    /// logvol /var --vgname=vg0 --name=var --size=15360
    /// logvol /var --vgname=vg0 --name=var_log --size=8192
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// logvol /var --vgname=vg0 --name=var --size=15360
    /// logvol /var/log --vgname=vg0 --name=var_log --size=8192
    /// ```
    ///
    /// ## Source
    /// Anaconda, `custom_partitioning.py`: "If a previous device has claimed this mount point, delete the old one".
    static CODE = "STY015", "mounted-twice", Style, Warning;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    if context.is_template {
        return;
    }
    let mut last: HashMap<Cow<'_, str>, &Command<'_>> = HashMap::with_capacity(16);
    let commands = context.kickstart.among(&["part", "logvol", "raid", "btrfs", "mount", "stratisfs"]);
    for command in commands.filter(|c| c.valid) {
        let mount = match command.name {
            // mount DEVICE MOUNTPOINT
            "mount" => command.positionals().nth(1),
            _ => command.first(),
        };
        let Some(mount) = mount.filter(|m| m.text.starts_with('/')) else { continue };
        let Some(first) = last.insert(normal_mount_point(&mount.text), command) else { continue };
        // Two partitions with one mount point are a finding of the language.
        if first.name == "part" && command.name == "part" {
            continue;
        }
        let at = if first.name == "mount" { first.positionals().nth(1) } else { first.first() };
        let line = context.sources.position(command.span).line;
        let message = format!("this volume is not made: line {line} mounts another one on {}", mount.text);
        findings.push(
            Finding::new(&CODE, message)
                .at(at.map_or(first.span, |m| m.span))
                .related(mount.span, "the volume that is made")
                .help("give one of the two another mount point, or delete it")
                .fix(mend::delete_line(context.sources, first.span, Applicability::Unsafe)),
        );
    }
}
