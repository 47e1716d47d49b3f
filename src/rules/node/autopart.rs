use super::{append, installation, may_exist, replace};
use crate::rules::{Context, Rule, mend};
use kickstart::{Family, Version};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings, Severity};
use node_base::policy::Policy;

declare_code! {
    /// An option of `autopart` leaves out something that a node needs.
    ///
    /// ## Why
    /// `--noboot` leaves a root on a thin volume without a `/boot`, which Anaconda refuses. `--nohome` leaves out a
    /// volume that the node expects. `--noswap` leaves a host without swap.
    ///
    /// ## Example
    /// ```text
    /// autopart --type=thinp --nohome
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// autopart --type=thinp
    /// ```
    ///
    /// ## Source
    /// oVirt's documentation: no `--nohome`; Anaconda, boot-loader checks.
    static LEAVES_OUT = "NODE019", "autopart-leaves-out", Node, Warning;

    /// `autopart` does not make thin volumes.
    ///
    /// ## Why
    /// A node's root must be a thin volume: its images are snapshots. With another type the layout's initialisation
    /// fails, and an installer with the node's profile refuses the partitioning.
    ///
    /// ## Example
    /// ```text
    /// autopart --type=lvm
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// autopart --type=thinp
    /// ```
    ///
    /// ## Source
    /// Anaconda, profile `ovirt`: `root_device_types = LVM_THINP`.
    static NOT_THIN = "NODE020", "autopart-not-thin", Node, Error;

    /// The partitioning is left to the installer, which makes a node's volumes only under the node's profile.
    ///
    /// ## Why
    /// `autopart` makes the volumes of the installer's profile. The node's profile has `/`, `/home`, `/tmp`, `/var` and
    /// volumes below it. An installer that does not recognise the product (a generic boot.iso, a network installation
    /// from a CentOS or RHEL tree) makes only `/`, `/home` and swap: `/var` is missing, and the layout's initialisation
    /// fails. Without `--type=thinp` the volumes are not even thin.
    ///
    /// ## Write instead
    /// Either boot the installer as the node's (`inst.profile=ovirt` on RHEL 10 and Fedora, `inst.product="oVirt Node
    /// Next"` on RHEL 8 and 9), or write a `logvol` line for each volume.
    ///
    /// ## Source
    /// Anaconda, `data/profile.d/ovirt.conf` and `data/product.d/ovirt.conf`.
    static NEEDS_PROFILE = "NODE021", "autopart-needs-profile", Node, Info;
}

pub(super) static RULE: Rule = Rule { codes: &[&LEAVES_OUT, &NOT_THIN, &NEEDS_PROFILE], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some((policy, view)) = installation(context) else { return };
    let Some(autopart) = view.autopart else {
        if !view.custom && view.include.is_none() && !may_exist(context, "autopart") {
            findings.push(needs_profile(
                context,
                policy,
                "no command lays out the disks: the installer partitions them",
            ));
        }
        return;
    };
    if !policy.wants_thin_root() {
        return;
    }
    let kind = autopart.value("--type");
    let other = kind.filter(|k| k.text != "thinp");
    if let Some(kind) = other {
        findings.push(
            Finding::new(
                &NOT_THIN,
                format!(
                    "autopart of type '{}' does not make thin volumes; the policy {} needs type 'thinp'",
                    kind.text, policy.name
                ),
            )
            .at(autopart.option_span("--type").unwrap_or(autopart.span))
            .help("write 'autopart --type=thinp'")
            .fix(replace(kind.span, "use thin volumes", "thinp", Applicability::Unsafe)),
        );
        return;
    }
    if kind.is_none() && autopart.has("--nolvm") {
        findings.push(
            Finding::new(
                &NOT_THIN,
                format!("'--nolvm' makes partitions; the policy {} needs thin volumes", policy.name),
            )
            .at(autopart.option_span("--nolvm").unwrap_or(autopart.span))
            .help("write 'autopart --type=thinp'")
            .fix(replace(
                autopart.option_span("--nolvm").unwrap_or(autopart.span),
                "use thin volumes",
                "--type=thinp",
                Applicability::Unsafe,
            )),
        );
        return;
    }
    for (option, severity, what) in [
        (
            "--noboot",
            Severity::Error,
            "there would be no /boot, and the boot loader cannot read a thin volume",
        ),
        ("--nohome", Severity::Warning, "there would be no /home, a volume that the node expects"),
        ("--noswap", Severity::Info, "the host would have no swap"),
    ] {
        let wanted = option != "--nohome" || policy.volume("/home").is_some();
        if let Some(span) = autopart.option_span(option).filter(|_| wanted) {
            findings.push(
                Finding::new(&LEAVES_OUT, format!("autopart {option}: {what}"))
                    .severity(severity)
                    .at(span)
                    .help(format!("leave out '{option}'"))
                    .fix(mend::delete_option(context.sources, span, Applicability::Unsafe)),
            );
        }
    }
    match kind {
        Some(_) => findings.push(
            needs_profile(context, policy, "what autopart makes depends on the installer's profile")
                .at(autopart.span),
        ),
        None => findings.push(
            Finding::new(
                &NEEDS_PROFILE,
                format!(
                    "autopart without a type makes thin volumes only under the profile of {}",
                    policy.name
                ),
            )
            .severity(Severity::Warning)
            .at(autopart.span)
            .help("write 'autopart --type=thinp'")
            .fix(append(autopart, "say that it is thin", "--type=thinp", Applicability::Safe)),
        ),
    }
}

/// The finding, with the boot option that selects the profile of the policy on this release.
fn needs_profile(context: &Context<'_>, policy: &Policy, cause: &str) -> Finding {
    let volumes: Vec<_> = policy
        .partitioning
        .requests
        .iter()
        .map(|r| r.mount.as_str())
        .filter(|m| *m != "/" && *m != "swap")
        .collect();
    let profiles = match context.kickstart.version {
        Version { family: Family::Rhel, release } => release >= 10,
        // Anaconda 35.19
        Version { family: Family::Fedora, release } => release >= 35,
    };
    let option = match (&policy.anaconda.profile_id, &policy.anaconda.product_name) {
        (Some(id), _) if profiles => Some(format!("'inst.profile={id}'")),
        (_, Some(product)) if !profiles && context.kickstart.version != Version::rhel(7) => {
            Some(format!("'inst.product=\"{product}\"'"))
        }
        _ => None,
    };
    let how = option.map_or_else(|| "with the node's installer image".to_owned(), |o| format!("with {o}"));
    let made = match volumes.as_slice() {
        [] => String::new(),
        some => format!(" ({})", some.join(", ")),
    };
    Finding::new(
        &NEEDS_PROFILE,
        format!("{cause}; the volumes of a node{made} are made only under the profile of {}", policy.name),
    )
    .help(format!("boot the installer {how}, or write a logvol line for each volume"))
}
