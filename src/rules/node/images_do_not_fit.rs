use super::{custom, mib};
use crate::directives::AddonSection;
use crate::rules::view::{Size, automatic_metadata, positive};
use crate::rules::{Context, Rule};
use anaconda_plan::layout::Layout;
use anaconda_plan::machine::{Machine, Profile, Release, Tree};
use anaconda_plan::{Verdict, capacity, plan_layout};
use node_base::capacity::{Limit, Room, expected, images};
use node_base::declare_code;
use node_base::diagnostic::{Finding, Findings, Severity};
use node_base::policy::Policy;
use node_base::units::{Bytes, MiB};

declare_code! {
    /// The images that the policy wants to keep do not fit: there is no room for an upgrade.
    ///
    /// ## Why
    /// An upgrade writes the next image beside the running one, into the same pool and the same `/boot`; the old image
    /// stays for a rollback. A pool counts as full at the threshold from which LVM extends it. Without disks the number
    /// of images is only known for a pool of fixed size; for given disks (`--disk`, `--host`, `--machine`, `ks-lint
    /// plan`) it follows from what Anaconda makes of them. There it is an error if the kickstart has the section `%addon
    /// org_ovirt_node`: the add-on stops the installation.
    ///
    /// ## Example
    /// ```text
    /// logvol none --vgname=HostVG --name=HostPool --thinpool --size=12288
    /// logvol /    --vgname=HostVG --name=root --thin --poolname=HostPool --size=6144
    /// logvol /var --vgname=HostVG --name=var --thin --poolname=HostPool --size=5120
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// logvol none --vgname=HostVG --name=HostPool --thinpool --size=20480
    /// ```
    ///
    /// ## Source
    /// imgbased: two images are kept; the pool's profile extends at 70 %; rhbz#1432359.
    static CODE = "NODE012", "images-do-not-fit", Node, Warning;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    if let Some((policy, _)) = super::installation(context)
        && let Some(tree) = context.machine.and_then(|machine| planned(context, policy, machine))
    {
        let wanted = policy.images.keep.unwrap_or(0);
        let severity = if context.section.is_some() { Severity::Error } else { CODE.severity };
        findings.extend(on_machine(&tree, policy, context.section, wanted).map(|f| f.severity(severity)));
        return;
    }
    let Some((policy, view)) = custom(context) else { return };
    let Some(pool) = view.root_pool().filter(|p| p.accepted) else { return };
    let Some(wanted) = policy.images.keep else { return };
    let promised = view.sums.promised(pool);
    // A pool that grows without limit, or with a volume of unknown size, may become large enough.
    let size = match pool.size {
        Size::Fixed(size) | Size::Grows(_, Some(size)) if promised.exact => size.max(promised.sum),
        _ => return,
    };
    let chunk = positive(pool.command, "--chunksize").unwrap_or_default().0;
    let metadata = positive(pool.command, "--metadatasize")
        .unwrap_or_else(|| automatic_metadata(size, pool.command.int("--chunksize")));
    // The layout's initialisation extends metadata that is small.
    let metadata = metadata.max(policy.pool.metadata.unwrap_or_default());
    let boot = view.volume("/boot").and_then(|b| b.size.at_most()).map(MiB::bytes);
    let room = expected(policy, size.bytes(), metadata.bytes(), Bytes(chunk.saturating_mul(1024)), boot);
    let found = images(&room);
    if found.fit >= wanted {
        return;
    }
    let fits = match found.fit {
        0 => "no image fits".to_owned(),
        1 => "only one image fits".to_owned(),
        n => format!("only {n} images fit"),
    };
    let message = format!(
        "{fits} on this layout because of {}; the policy {} asks for {wanted} ({} each)",
        found.limited_by.described(),
        policy.name,
        room.image
    );
    let place = pool.command.option_span("--size").unwrap_or(pool.command.span);
    let finding = Finding::new(&CODE, message).at(place);
    findings.push(match found.limited_by {
        Limit::PoolData => {
            let each = u128::from(room.image.mib_ceil().0);
            let needed = each * u128::from(wanted) * 100 / u128::from(room.threshold.max(1));
            let needed = MiB(u64::try_from(needed + 1).unwrap_or(u64::MAX));
            finding.help(format!("make the pool at least {}, or let it grow", mib(needed)))
        }
        Limit::Boot => {
            let boot = view.volume("/boot").map_or(place, |b| b.command.span);
            finding.at(boot).help(larger_boot(&room))
        }
        Limit::PoolMetadata | Limit::NoPool => finding.help("leave out '--metadatasize'"),
    });
}

/// The layout that Anaconda makes on a machine; `None` where it stops or is not modelled, which other rules report.
fn planned(context: &Context<'_>, policy: &Policy, machine: &Machine) -> Option<Tree> {
    let layout = Layout::of(context.kickstart);
    let release = Release::of(context.kickstart.version).ok()?;
    if layout.is_empty() || layout.not_modelled().is_some() || !context.kickstart.includes.is_empty() {
        return None;
    }
    let plan = plan_layout(&layout, release, Profile::of_policy(policy, release), machine);
    plan.tree.filter(|_| plan.verdict == Verdict::Proceeds)
}

/// The finding about a planned layout that holds fewer images than are wanted, at the section's line that asks for them.
/// A layout without a thin pool is not judged.
pub(crate) fn on_machine(
    tree: &Tree,
    policy: &Policy,
    section: Option<&AddonSection>,
    wanted: u32,
) -> Option<Finding> {
    let room = capacity::room(tree, Some(policy))?;
    let found = images(&room);
    if found.fit >= wanted {
        return None;
    }
    let asked = section.and_then(|s| s.keep_images.as_ref()).filter(|asked| asked.value == wanted);
    let whose = match asked {
        Some(_) => "keep-images asks for".to_owned(),
        None if policy.images.keep == Some(wanted) => format!("the policy {} asks for", policy.name),
        None => "the command line asks for".to_owned(),
    };
    let s = if found.fit == 1 { "" } else { "s" };
    let message = format!(
        "these disks have room for {} image{s} because of {}, and {whose} {wanted}",
        found.fit,
        found.limited_by.described()
    );
    Some(Finding::new(&CODE, message).at_opt(asked.map(|asked| asked.span)).help(match found.limited_by {
        Limit::Boot => larger_boot(&room),
        Limit::PoolMetadata => "give the pool more with '--metadatasize'".to_owned(),
        _ => "use a larger disk, or keep fewer images".to_owned(),
    }))
}

fn larger_boot(room: &Room) -> String {
    format!("make /boot larger: each image puts about {} on it", room.boot_image)
}
