use crate::rules::commands::{is_image_source, is_package_source};
use crate::rules::{Context, Rule, mend};
use kickstart::codes::UNKNOWN_SECTION;
use kickstart::syntax::SECTION_NAMES;
use kickstart::{Family, SectionKind, Version};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings, Severity, nearest};

declare_code! {
    /// The kickstart names no installation source.
    ///
    /// ## Why
    /// Without a source RHEL's installer uses the Red Hat CDN, which needs a registration, and stops at "Installation
    /// source". CentOS Stream uses the nearest mirror. The command line can name a source with
    /// `inst.repo=`, and a host that starts from an installation DVD installs from it: where the kickstart does not say
    /// otherwise, this is only a remark. A `repo` line is a warning, because its repository is not a source.
    ///
    /// ## Write instead
    /// ```text
    /// liveimg --url=https://images.example.org/ovirt-node-ng-image.squashfs.img
    /// ```
    ///
    /// ## Source
    /// Anaconda, `completed` in `pyanaconda/ui/tui/spokes/installation_source.py` (rhel-7: `source.py`); `default_source` in
    /// `data/product.d/rhel.conf` (rhel-8, rhel-9) and `data/profile.d/rhel.conf` (rhel-10), `centos.conf`, `fedora.conf`.
    static MISSING = "UNA004", "no-installation-source", Unattended, Warning;

    /// Packages are installed without a `%packages` section.
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
    /// `data.packages.seen`, rhel-9 for `PackagesKickstarted`; rhel-10 and Fedora 35 on use the default environment
    /// (`is_software_selection_complete`).
    static NO_PACKAGES = "UNA005", "no-software-selection", Unattended, Error;
}

pub(super) static RULE: Rule = Rule { codes: &[&MISSING, &NO_PACKAGES], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some(installer) = context.installer() else { return };
    let kickstart = context.kickstart;
    let accepted = |is: fn(&str) -> bool| kickstart.commands.iter().find(|c| c.valid && is(c.name));
    if installer.has_unread_files || kickstart.commands.is_empty() || accepted(is_image_source).is_some() {
        return;
    }
    let packages = accepted(is_package_source);
    if packages.is_none() && !installer.has_repository {
        // With a policy, a missing image is another finding.
        if kickstart.version.family == Family::Rhel && context.policy.is_none() {
            let unless = if installer.knows_command_line {
                ""
            } else {
                ", unless the command line has inst.repo= or the host starts from a DVD"
            };
            let finding =
                Finding::new(&MISSING, format!("no installation source: {}{unless}", installer.stops()))
                    .help("add liveimg --url=…, or url --url=…")
                    .fix(mend::add_lines(context, &["url --url=…".to_owned()], Applicability::Placeholder));
            // A further repository alone is often taken for the source.
            let is_certain = installer.knows_command_line || kickstart.last("repo").is_some();
            findings.push(if is_certain { finding } else { finding.severity(Severity::Info) });
        }
        return;
    }
    // A misspelt header is told at its line.
    let is_misspelt = || {
        let headers = context.syntax_errors().filter(|f| f.code == &UNKNOWN_SECTION).filter_map(|f| f.span);
        headers
            .map(|span| context.sources.text_of(span))
            .any(|word| nearest(word, SECTION_NAMES.iter().copied()) == Some("%packages"))
    };
    if is_misspelt() {
        return;
    }
    if requires_packages(kickstart.version) && kickstart.sections_of(SectionKind::Packages).next().is_none() {
        findings.push(
            Finding::new(
                &NO_PACKAGES,
                format!("no %packages section: {} at the software selection", installer.stops()),
            )
            .at_opt(packages.map(|c| c.span))
            .help("add %packages and %end, even with nothing between them")
            .fix(mend::lines_at_the_end(
                context,
                &["%packages".to_owned(), "%end".to_owned()],
                Applicability::Unsafe,
            )),
        );
    }
}

fn requires_packages(version: Version) -> bool {
    match version.family {
        Family::Rhel => version.release <= 9,
        Family::Fedora => version.release <= 34,
    }
}
