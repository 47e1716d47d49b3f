use super::{View, custom, may_exist};
use crate::rules::view::On;
use crate::rules::{Context, Rule, mend};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings};
use node_base::policy::{Policy, Presence, Volume};
use node_base::units::MiB;

declare_code! {
    /// `/var` is not a volume of its own.
    ///
    /// ## Why
    /// `/var` holds what must survive an upgrade and a rollback: the host's data, the logs, the state of services.
    /// On root it would be replaced with every image. `imgbase layout --init` fails without it ("/var must be a
    /// mount point"), after it has changed the volume group, and an installer with the node's profile refuses the
    /// partitioning ("Your /var must be on a separate partition or LV.").
    ///
    /// ## Example
    /// ```text
    /// logvol / --vgname=HostVG --name=root --thin --poolname=HostPool --size=20480
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// logvol / --vgname=HostVG --name=root --thin --poolname=HostPool --size=10240
    /// logvol /var --vgname=HostVG --name=var --thin --poolname=HostPool --fsoptions="defaults,discard" --size=5120
    /// ```
    ///
    /// ## Source
    /// Anaconda, profile `ovirt`: `must_not_be_on_root = /var`; imgbased, `osupdater`.
    static VAR = "NODE003", "var-not-separate", Node, Error;

    /// A volume that the policy requires is missing.
    ///
    /// ## Why
    /// The policy, or a `require` line in the add-on's section, says that the host does not work without it.
    ///
    /// ## Write instead
    /// ```text
    /// logvol /srv --vgname=HostVG --name=srv --thin --poolname=HostPool --fsoptions="defaults,discard" --size=10240
    /// ```
    static REQUIRED = "NODE004", "required-volume-missing", Node, Error;

    /// A volume that the policy recommends is missing.
    ///
    /// ## Why
    /// A crash dump, a core of logs or a guest's upload that fills one of these places then fills `/var`, and with
    /// it the host. Nothing makes these volumes later: the layout is initialised with the volumes that are there.
    ///
    /// ## Example
    /// ```text
    /// logvol /var --vgname=HostVG --name=var --thin --poolname=HostPool --size=15360
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// logvol /var --vgname=HostVG --name=var --thin --poolname=HostPool --size=5120
    /// logvol /var/log --vgname=HostVG --name=var_log --thin --poolname=HostPool --size=8192
    /// logvol /var/log/audit --vgname=HostVG --name=var_log_audit --thin --poolname=HostPool --size=2048
    /// ```
    ///
    /// ## Source
    /// imgbased, the volumes of `layout --init`; Anaconda, default partitioning of the profile `ovirt`.
    static RECOMMENDED = "NODE005", "recommended-volume-missing", Node, Warning;
}

pub(super) static RULE: Rule = Rule { codes: &[&VAR, &REQUIRED, &RECOMMENDED], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some((policy, view)) = custom(context) else { return };
    let missing = |presence: Presence| -> Vec<&Volume> {
        policy
            .volumes
            .iter()
            .filter(|v| v.presence == presence && view.volume(&v.mount).is_none())
            .filter(|v| !may_exist(context, &v.mount))
            .collect()
    };
    for volume in missing(Presence::Required) {
        let (code, what) = if volume.mount == "/var" {
            (&VAR, "on a volume of its own")
        } else {
            (&REQUIRED, "a volume of its own")
        };
        let message = format!("{} is not {what}; the policy {} requires it", volume.mount, policy.name);
        let line = line(view, policy, volume);
        let is_to_be_thin = policy.wants_thin_root()
            && view.volume("/").is_some_and(|root| !matches!(root.on, On::Thin(..) | On::Existing));
        let help = match is_to_be_thin {
            true => format!("when / is a thin volume, add\n{line}"),
            false => format!("write '{line}'"),
        };
        let mut finding = Finding::new(code, message)
            .at_opt(view.volume("/").map(|root| root.command.span))
            .label(format!("{} would be on root", volume.mount))
            .help(help);
        if let Some(root) = view.volume("/").filter(|root| matches!(root.on, On::Thin(..))) {
            finding = finding.fix(mend::lines_after(
                context.sources,
                root.command.span,
                &[line],
                Applicability::Unsafe,
            ));
        }
        findings.push(finding);
    }
    // Where root is not thin, the recommendations of a thin layout do not apply.
    if policy.wants_thin_root() && !matches!(view.volume("/").map(|v| v.on), Some(On::Thin(..))) {
        return;
    }
    let recommended = missing(Presence::Recommended);
    if recommended.is_empty() {
        return;
    }
    let names: Vec<_> = recommended.iter().map(|v| v.mount.as_str()).collect();
    let what = if names.len() == 1 { "is not a volume of its own" } else { "are not volumes of their own" };
    let message = format!("{} {what}, as the policy {} recommends", join(&names), policy.name);
    let lines: Vec<_> = recommended.iter().map(|v| line(view, policy, v)).collect();
    let place = view.volume("/var").or_else(|| view.volume("/")).map(|v| v.command.span);
    let mut finding =
        Finding::new(&RECOMMENDED, message).at_opt(place).help(format!("write\n{}", lines.join("\n")));
    if let Some(place) = place.filter(|_| matches!(view.volume("/").map(|v| v.on), Some(On::Thin(..)))) {
        finding = finding.fix(mend::lines_after(context.sources, place, &lines, Applicability::Unsafe));
    }
    findings.push(finding);
}

/// The line that makes a missing volume.
fn line(view: &View<'_>, policy: &Policy, volume: &Volume) -> String {
    let size = volume.recommended.max(volume.min).unwrap_or(MiB::from_gib(1));
    view.line_for(&volume.mount, size, &policy.mount_options)
}

/// `a, b and c`
fn join(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [head @ .., last] => format!("{} and {last}", head.join(", ")),
    }
}
