use super::super::Context;
use super::Setting;
use kickstart::{Family, SectionKind, Version};
use node_base::declare_code;
use node_base::diagnostic::{Finding, Findings};

declare_code! {
    /// Nothing says what is installed.
    ///
    /// ## Why
    /// Without a source RHEL's installer takes the Red Hat CDN, which needs a registration, and stops at
    /// "Installation source". CentOS Stream takes the nearest mirror. The command line can name a source with
    /// `inst.repo=`, and a host that starts from an installation DVD installs from it.
    ///
    /// ## Write instead
    /// ```text
    /// liveimg --url=https://images.example.org/ovirt-node-ng-image.squashfs.img
    /// ```
    ///
    /// ## Source
    /// Anaconda, `completed` in `pyanaconda/ui/tui/spokes/installation_source.py` (rhel-7: `source.py`); `default_source` in
    /// `data/product.d/rhel.conf` (rhel-8, rhel-9) and `data/profile.d/rhel.conf` (rhel-10), `centos.conf`, `fedora.conf`.
    pub(super) static MISSING = "UNA004", "no-installation-source", Unattended, Warning;

    /// Packages are installed, but there is no `%packages` section.
    ///
    /// ## Why
    /// RHEL 7 to 9 and Fedora up to 34 stop at "Software selection" without one. An empty section is enough.
    ///
    /// ## Example
    /// ```text
    /// url --url=http://192.0.2.1/el9
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// url --url=http://192.0.2.1/el9
    /// %packages
    /// @^minimal-environment
    /// %end
    /// ```
    ///
    /// ## Source
    /// Anaconda, `completed` in `pyanaconda/ui/tui/spokes/software_selection.py` (rhel-7: `software.py`): rhel-8 asks for
    /// `data.packages.seen`, rhel-9 for `PackagesKickstarted`; rhel-10 and Fedora 35 on take the default environment
    /// (`is_software_selection_complete`).
    pub(super) static NO_PACKAGES = "UNA005", "no-software-selection", Unattended, Error;
}

/// Commands that name a source of packages.
const PACKAGES: &[&str] = &["url", "nfs", "cdrom", "harddrive", "hmc", "rhsm"];
/// Commands that install something else.
const IMAGES: &[&str] = &["liveimg", "ostreesetup", "ostreecontainer", "bootc"];

pub(super) fn look(context: &Context<'_>, setting: &Setting, findings: &mut Findings) {
    let kickstart = context.kickstart;
    let given = |names: &[&str]| kickstart.among(names).next();
    if setting.includes_unknown || kickstart.commands.is_empty() || given(IMAGES).is_some() {
        return;
    }
    let packages = given(PACKAGES);
    if packages.is_none() && !setting.has_repo {
        // A policy asks for the node's image itself.
        if kickstart.version.family == Family::Rhel && context.policy.is_none() {
            let unless = if setting.with_command_line {
                ""
            } else {
                ", unless the command line has inst.repo= or the host starts from a DVD"
            };
            findings.push(
                Finding::new(&MISSING, format!("no installation source: {}{unless}", setting.stops()))
                    .help("add liveimg --url=…, or url --url=…"),
            );
        }
        return;
    }
    if insists_on_packages(kickstart.version) && kickstart.sections_of(SectionKind::Packages).next().is_none()
    {
        findings.push(
            Finding::new(
                &NO_PACKAGES,
                format!("no %packages section: {} at the software selection", setting.stops()),
            )
            .at_opt(packages.map(|c| c.span))
            .help("add %packages and %end, even with nothing between"),
        );
    }
}

fn insists_on_packages(version: Version) -> bool {
    match version.family {
        Family::Rhel => version.release <= 9,
        Family::Fedora => version.release <= 34,
    }
}
