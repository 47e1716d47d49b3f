use super::custom;
use crate::rules::view::On;
use crate::rules::{Context, Rule};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Edit, Finding, Findings, Fix};
use node_base::source::Span;

declare_code! {
    /// A thin volume is mounted without an option that the policy asks for (`discard`).
    ///
    /// ## Why
    /// Only the file system can tell the thin pool that blocks are free again. Without `discard` everything that was ever
    /// written to a volume stays in the pool, and the pool fills up although its file systems are half empty.
    ///
    /// ## Example
    /// ```text
    /// logvol /var --vgname=HostVG --name=var --thin --poolname=HostPool --size=5120
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// logvol /var --vgname=HostVG --name=var --thin --poolname=HostPool --fsoptions="defaults,discard" --size=5120
    /// ```
    ///
    /// ## Source
    /// imgbased adds it to root and to its own volumes; rhbz#1472189, rhbz#1475111, rhbz#1803017.
    static CODE = "NODE018", "discard-missing", Node, Warning;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some((policy, view)) = custom(context) else { return };
    let mut first: Option<Finding> = None;
    let mut mounts = Vec::new();
    let mut edits = Vec::new();
    for volume in view.volumes.iter().filter(|v| v.accepted && matches!(v.on, On::Thin(..))) {
        let options = volume.command.value("--fsoptions");
        let given: Vec<&str> = options.map_or_else(Vec::new, |o| o.text.split(',').map(str::trim).collect());
        let missing: Vec<&str> =
            policy.mount_options.iter().map(String::as_str).filter(|m| !given.contains(m)).collect();
        if missing.is_empty() {
            continue;
        }
        let missing = missing.join(",");
        mounts.push(volume.mount);
        edits.push(match options {
            Some(value) => Edit { span: value.span, replacement: format!("\"{},{missing}\"", value.text) },
            None => {
                let end = Span { start: volume.command.span.end, ..volume.command.span };
                Edit { span: end, replacement: format!(" --fsoptions=\"defaults,{missing}\"") }
            }
        });
        let place = volume.command.option_span("--fsoptions").unwrap_or(volume.command.span);
        first = Some(match first.take() {
            None => Finding::new(&CODE, "").at(place).help(match options {
                Some(value) => format!("write '--fsoptions=\"{},{missing}\"'", value.text),
                None => format!("add '--fsoptions=\"defaults,{missing}\"'"),
            }),
            Some(finding) => finding.related(place, format!("{} is mounted without it, too", volume.mount)),
        });
    }
    let Some(mut finding) = first else { return };
    let option = policy.mount_options.join(",");
    finding.message = match mounts.as_slice() {
        [one] => format!("the thin volume {one} is mounted without '{option}'"),
        many => format!("{} thin volumes are mounted without '{option}': {}", many.len(), many.join(", ")),
    };
    finding.fix =
        Some(Fix { title: format!("mount with '{option}'"), applicability: Applicability::Unsafe, edits });
    findings.push(finding);
}
