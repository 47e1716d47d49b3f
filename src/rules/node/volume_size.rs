use super::{custom, mib, replace};
use crate::rules::view::{On, Volume};
use crate::rules::{Context, Rule};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings, Severity};
use node_base::units::{Bytes, MiB};

declare_code! {
    /// A volume is smaller than the installer's own check allows.
    ///
    /// ## Why
    /// An installer with the node's profile stops ("Your /var partition size is lower than required 5 GiB."), for
    /// required volumes and for optional ones that exist. Sizes in a kickstart are MiB: 5 GiB are 5120.
    ///
    /// ## Example
    /// ```text
    /// logvol /var --vgname=HostVG --name=var --thin --poolname=HostPool --size=5000
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// logvol /var --vgname=HostVG --name=var --thin --poolname=HostPool --size=5120
    /// ```
    ///
    /// ## Source
    /// Anaconda, profile `ovirt`: `req_partition_sizes`.
    static MIN = "NODE006", "volume-too-small", Node, Error;

    /// A volume is smaller than the policy recommends.
    ///
    /// ## Why
    /// The recommended sizes are those that the node's own installer makes. A smaller volume installs, and fills up
    /// earlier. A size that is enough in GB (8000 MiB for 8 GB) but not in GiB (8192 MiB) is only reported as info,
    /// because documentation gives these sizes in GB.
    ///
    /// ## Example
    /// ```text
    /// logvol /var/log --vgname=HostVG --name=var_log --thin --poolname=HostPool --size=2048
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// logvol /var/log --vgname=HostVG --name=var_log --thin --poolname=HostPool --size=8192
    /// ```
    ///
    /// ## Source
    /// Anaconda, default partitioning of the profile `ovirt`; imgbased, the volumes of `layout --init`.
    static RECOMMENDED = "NODE007", "volume-below-recommended", Node, Warning;
}

pub(super) static RULE: Rule = Rule { codes: &[&MIN, &RECOMMENDED], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some((policy, view)) = custom(context) else { return };
    let mut nearly: Option<Finding> = None;
    for volume in view.volumes.iter().filter(|v| v.accepted) {
        let (min, recommended) = match volume.mount {
            "/" => (policy.root.min, policy.root.recommended),
            mount => policy.volume(mount).map_or((None, None), |v| (v.min, v.recommended)),
        };
        let Some(size) = volume.size.at_most() else { continue };
        let place = volume.size_span();
        if let Some(wanted) = min.filter(|min| size < *min) {
            let message = format!(
                "{} has {}; the policy {} needs at least {}",
                volume.mount,
                mib(size),
                policy.name,
                mib(wanted)
            );
            findings.push(sized(
                Finding::new(&MIN, message),
                volume,
                wanted.max(recommended.unwrap_or(wanted)),
            ));
        } else if let Some(wanted) = recommended.filter(|r| size < *r) {
            if size.bytes() >= decimal(wanted) {
                let said = format!("{} {} instead of {}", volume.mount, size, wanted);
                nearly = Some(match nearly {
                    None => Finding::new(
                        &RECOMMENDED,
                        format!(
                            "{} has {}, the recommended {} are {}: sizes in a kickstart are MiB, 1 GiB is 1024",
                            volume.mount, size, wanted.bytes(), wanted
                        ),
                    )
                    .severity(Severity::Info)
                    .at(place)
                    .help(format!("write '--size={}'", wanted.0)),
                    Some(first) => first.related(place, said),
                });
            } else {
                let message = format!(
                    "{} has {}; the policy {} recommends {}",
                    volume.mount,
                    mib(size),
                    policy.name,
                    mib(wanted)
                );
                findings.push(sized(Finding::new(&RECOMMENDED, message), volume, wanted));
            }
        }
    }
    findings.extend(nearly);
}

/// The same number in GB (10^9 bytes) instead of GiB.
fn decimal(size: MiB) -> Bytes {
    Bytes((size.0 / 1024).saturating_mul(1_000_000_000))
}

/// The place, the help and the fix of a finding about a size.
fn sized(finding: Finding, volume: &Volume<'_>, wanted: MiB) -> Finding {
    let option =
        if volume.command.has("--maxsize") && volume.command.has("--grow") { "--maxsize" } else { "--size" };
    let finding = finding.at(volume.size_span()).help(match volume.on {
        On::Raid => format!("make its members larger than {wanted}"),
        _ => format!("write '{option}={}'", wanted.0),
    });
    match volume.command.value(option) {
        Some(value) => finding.fix(replace(
            value.span,
            format!("give it {}", wanted.bytes()),
            wanted.0.to_string(),
            Applicability::Unsafe,
        )),
        None => finding,
    }
}
