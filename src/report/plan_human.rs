//! A plan for people: the devices as trees with sizes and mount points, what the pool promises, how many images fit.

use super::{Style, harmless};
use anaconda_plan::machine::{DeviceId, Kind, Role, Slot, Tree, Volume};
use anaconda_plan::{Minimum, Plan, Verdict, capacity};
use node_base::capacity::{self as room_for, Capacity, Limit};
use node_base::diagnostic::{Finding, Severity};
use node_base::harmless::harmless_line;
use node_base::policy::Policy;
use node_base::source::Sources;
use node_base::units::Bytes;
use std::borrow::Cow;
use std::fmt::Write;

/// What the plan was made with, for the first line.
#[derive(Clone, Copy, Debug)]
pub struct Heading<'a> {
    /// The kickstart.
    pub path: &'a str,
    /// Syntax version.
    pub syntax: &'a str,
    /// Policy, or `none`.
    pub policy: &'a str,
}

/// The plan as text. `findings` has one for each of its messages.
pub fn plan(
    heading: Heading<'_>,
    plan: &Plan,
    findings: &[Finding],
    policy: Option<&Policy>,
    short: Option<&Finding>,
    sources: &Sources,
    style: &Style,
) -> String {
    let mut out = String::new();
    let verdict = match plan.verdict {
        Verdict::Proceeds => "Anaconda proceeds",
        Verdict::Stops => "Anaconda stops",
        Verdict::Unknown => "cannot tell",
    };
    heading.write(&mut out, verdict, style);
    if let Some(tree) = &plan.tree {
        devices(&mut out, tree, style);
        out.push('\n');
        images(&mut out, tree, policy, style);
    }
    for (message, finding) in plan.messages.iter().zip(findings) {
        let mut says = message.says.trim().to_owned();
        if let Some(numbers) = &message.numbers {
            let _ = write!(says, " ({numbers})");
        }
        line(&mut out, message.severity, &says, finding, sources, style);
    }
    if let Some(finding) = short {
        // It does not stop the installer, and the run does not fail.
        let severity = match plan.verdict {
            Verdict::Proceeds => finding.severity.min(Severity::Warning),
            _ => finding.severity,
        };
        line(&mut out, severity, &finding.message, finding, sources, style);
    }
    out
}

impl Heading<'_> {
    fn write(&self, out: &mut String, verdict: &str, style: &Style) {
        let Heading { path, syntax, policy } = self;
        let path = harmless_line(path);
        let line = format!("{path}: {verdict} ({syntax}, profile of policy {})", harmless_line(policy));
        let folded = style.folded(&line, 2);
        // Escape sequences have no width.
        let bold = folded.replacen(&format!(": {verdict}"), &format!(": {}", style.bold(verdict)), 1);
        let _ = writeln!(out, "{bold}\n");
    }
}

/// A message with its place, its code, and what to do about it.
fn line(
    out: &mut String,
    severity: Severity,
    says: &str,
    finding: &Finding,
    sources: &Sources,
    style: &Style,
) {
    let place = finding.span.map_or_else(String::new, |s| {
        let path = sources.get(s.file).path().to_string_lossy();
        format!("{}:{}: ", harmless_line(&path), sources.position(s).line)
    });
    let kind = format!("{severity}[{}]", finding.code.id);
    let says = style.folded(&format!("{place}{kind}: {}", harmless(says)), 4);
    let _ = writeln!(out, "{}", says.replacen(&kind, &style.bold(&kind), 1));
    if let Some(help) = &finding.help {
        let _ = writeln!(out, "    {}", style.folded(&format!("help: {}", harmless(help)), 10));
    }
}

fn devices(out: &mut String, tree: &Tree, style: &Style) {
    for disk in tree.disks() {
        root(out, tree, disk, style);
        let entries = tree.table(disk).map(|t| t.entries.clone()).unwrap_or_default();
        let top: Vec<_> =
            entries.iter().filter(|e| e.slot != Slot::Logical).filter_map(|e| e.device).collect();
        let logical: Vec<_> =
            entries.iter().filter(|e| e.slot == Slot::Logical).filter_map(|e| e.device).collect();
        let inside = |id: DeviceId| {
            let extended = entries.iter().any(|e| e.device == Some(id) && e.slot == Slot::Extended);
            if extended { logical.clone() } else { on_top(tree, id) }
        };
        branch(out, tree, &top, "", style, &inside);
    }
    for id in
        tree.ids().filter(|&id| matches!(tree[id].kind, Kind::Array(_) | Kind::Group(_) | Kind::Btrfs(_)))
    {
        root(out, tree, id, style);
        branch(out, tree, &on_top(tree, id), "", style, &|id| on_top(tree, id));
    }
}

/// The line of a device that is on no other one, or on several.
fn root(out: &mut String, tree: &Tree, id: DeviceId, style: &Style) {
    let name = harmless_line(&short_name(tree, id)).into_owned();
    let line = style.folded(&format!("{name}  {}", describe(tree, id)), 4);
    let _ = writeln!(out, "{}{}", style.bold(&name), line.strip_prefix(&name).unwrap_or_default());
}

/// What stands on a device alone; groups and arrays stand on several and are roots of their own.
fn on_top(tree: &Tree, id: DeviceId) -> Vec<DeviceId> {
    let own = |&c: &DeviceId| !matches!(tree[c].kind, Kind::Array(_) | Kind::Group(_) | Kind::Btrfs(_));
    tree.children(id).into_iter().filter(own).collect()
}

fn branch(
    out: &mut String,
    tree: &Tree,
    ids: &[DeviceId],
    indent: &str,
    style: &Style,
    inside: &dyn Fn(DeviceId) -> Vec<DeviceId>,
) {
    for (i, &id) in ids.iter().enumerate() {
        let last = i + 1 == ids.len();
        let (arm, further) = if last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        let line = format!("{}  {}", harmless_line(&short_name(tree, id)), describe(tree, id));
        let indent = format!("{indent}{further}");
        let folded =
            style.wrapped(&line, indent.chars().count() + 4).replace('\n', &format!("\n{indent}    "));
        let before = indent.strip_suffix(further).unwrap_or_default();
        let _ = writeln!(out, "{before}{arm}{folded}");
        branch(out, tree, &inside(id), &indent, style, inside);
    }
}

/// `root` instead of `onn-root` below its group, `md0` for the array that Anaconda calls `0`.
pub(super) fn short_name(tree: &Tree, id: DeviceId) -> Cow<'_, str> {
    let name = tree[id].name.as_str();
    if matches!(tree[id].kind, Kind::Array(_)) && name.bytes().all(|b| b.is_ascii_digit()) {
        return Cow::Owned(format!("md{name}"));
    }
    let group = tree[id].volume().map(|v| tree[v.group].name.as_str());
    Cow::Borrowed(group.and_then(|g| name.strip_prefix(g)?.strip_prefix('-')).unwrap_or(name))
}

fn describe(tree: &Tree, id: DeviceId) -> String {
    let size = tree.size(id).to_string();
    let words: Vec<String> = std::iter::once(size).chain(details(tree, id)).collect();
    harmless_line(&words.join(", ")).into_owned()
}

/// What a device is, without its name and its size.
pub(super) fn details(tree: &Tree, id: DeviceId) -> Vec<String> {
    let d = &tree[id];
    let mut words = Vec::new();
    match &d.kind {
        Kind::Disk(disk) => {
            let label = disk.table.as_ref().map_or("no partition table", |t| t.label.name());
            words.push(if disk.new_table { format!("new {label}") } else { label.to_owned() });
        }
        Kind::Array(a) => words.push(format!("{} of {}", a.level.name(), names(tree, &d.parents))),
        Kind::Group(g) => {
            words.push(format!("volume group on {}", names(tree, &d.parents)));
            let kept = tree.group_reserved(id);
            let free = u64::try_from(tree.group_free(id)).unwrap_or(0);
            words.push(format!("extents of {}, {} kept back, {} free", g.extent, kept, Bytes(free)));
        }
        Kind::Btrfs(_) => words.push(format!("btrfs on {}", names(tree, &d.parents))),
        Kind::Volume(Volume { role: Role::Pool { metadata, .. }, size, .. }) => {
            let promised = tree.pool_promised(id);
            let percent = u128::from(promised.0) * 100 / u128::from(size.0.max(1));
            words.push(format!(
                "thin pool, metadata {metadata}, {promised} promised to its volumes ({percent} %)"
            ));
        }
        _ => {}
    }
    match (d.format.kind.name(), &d.format.mountpoint) {
        ("", _) => {}
        ("lvmpv", _) => words.push("physical volume".to_owned()),
        // Its volumes say where they are mounted.
        ("btrfs", None) if matches!(d.kind, Kind::Btrfs(_)) => {}
        ("mdmember", _) => words.push("member of an array".to_owned()),
        (kind, Some(mount)) => words.push(format!("{kind} on {mount}")),
        (kind, None) => words.push(kind.to_owned()),
    }
    if d.exists && !matches!(d.kind, Kind::Disk(_)) {
        words.push(if d.format.exists { "kept" } else { "formatted anew" }.to_owned());
    }
    words
}

/// Devices by their names; what is inside an encrypted device by the name of that one, which people know.
fn names(tree: &Tree, ids: &[DeviceId]) -> String {
    let known = |id: DeviceId| match (&tree[id].kind, tree[id].parents.first()) {
        (Kind::Luks, Some(&encrypted)) => encrypted,
        _ => id,
    };
    ids.iter().map(|&id| short_name(tree, known(id))).collect::<Vec<_>>().join(", ")
}

/// How many images fit, and what limits them.
pub(super) fn images_fit(images: &Capacity, image: Bytes, number: &str) -> String {
    let (s, verb) = if images.fit == 1 { ("", "fits") } else { ("s", "fit") };
    format!(
        "{number} image{s} of {image} {verb}, the installed one included; what limits it is {}",
        images.limited_by.described()
    )
}

fn images(out: &mut String, tree: &Tree, policy: Option<&Policy>, style: &Style) {
    let Some(room) = capacity::room(tree, policy) else {
        let _ = writeln!(out, "No images can be kept side by side: {}.", Limit::NoPool.described());
        return;
    };
    let images = room_for::images(&room);
    let fit = format!(
        "{} (the pool counts as full from {} % on).",
        images_fit(&images, room.image, &style.bold(&images.fit.to_string())),
        room.threshold
    );
    let _ = writeln!(out, "{}", style.folded(&fit, 0));
    let full =
        Bytes(u64::try_from(u128::from(room.pool.0) * u128::from(room.threshold) / 100).unwrap_or(u64::MAX));
    let used = Bytes(room.image.0.saturating_mul(u64::from(images.fit.max(1))));
    let promised = capacity::root_pool(tree).map_or(Bytes(0), |p| tree.pool_promised(p));
    let pool = format!(
        "The pool has {}, promises {promised}, and is expected to hold {used} with that many images; {full} may be used.",
        room.pool
    );
    let _ = writeln!(out, "{}\n", style.folded(&pool, 0));
}

/// The smallest disks as text.
pub fn minimum(heading: Heading<'_>, minimum: &Minimum, style: &Style) -> String {
    let mut out = String::new();
    let on = minimum.disks.join(", ");
    let each = if minimum.disks.len() > 1 { " each" } else { "" };
    let Heading { path, syntax, policy } = heading;
    let path = harmless_line(path);
    let head =
        format!("{path} ({syntax}, profile of policy {}), on {}:", harmless_line(policy), harmless_line(&on));
    let _ = writeln!(out, "{}", style.folded(&head, 2));
    match (minimum.installs, &minimum.reason) {
        (Some(size), _) => {
            let _ = writeln!(out, "installs from {}{each}", style.bold(&size.to_string()));
        }
        (None, reason) => {
            let reason = reason.as_deref().unwrap_or("no disk is large enough");
            let line = format!("installs on no disk: {}", harmless(reason));
            let _ = writeln!(out, "{}", style.folded(&line, 4));
        }
    }
    if minimum.installs.is_some() {
        let _ = match minimum.holds_images {
            Some(size) => {
                writeln!(out, "holds {} images from {}{each}", minimum.images, style.bold(&size.to_string()))
            }
            None => {
                let why = minimum.smallest_holds.map_or("", |i| i.limited_by.described());
                let line = format!("holds {} images on no disk: {why}", minimum.images);
                writeln!(out, "{}", style.folded(&line, 4))
            }
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_disks_fit_the_terminal() {
        let heading =
            Heading { path: "kickstart-examples/software-raid.ks", syntax: "RHEL9", policy: "ovirt-node" };
        let reason = "Your /boot partition size is lower than required 1024 MiB.".to_owned();
        let refused = Minimum {
            disks: vec!["sda".to_owned(), "sdb".to_owned()],
            installs: None,
            images: 2,
            holds_images: None,
            smallest_holds: None,
            reason: Some(reason),
        };
        assert_eq!(
            minimum(heading, &refused, &Style::of_width(60)),
            "kickstart-examples/software-raid.ks (RHEL9, profile of\n  policy ovirt-node), on sda, sdb:\n\
             installs on no disk: Your /boot partition size is lower\n    than required 1024 MiB.\n"
        );
        let one_line = minimum(heading, &refused, &Style::plain());
        assert_eq!(one_line.lines().count(), 2, "{one_line}");
    }
}
