use super::{installation, may_exist};
use crate::rules::{Context, Rule, mend};
use kickstart::SectionKind;
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings, Severity};

declare_code! {
    /// The kickstart installs no image.
    ///
    /// ## Why
    /// A node is installed from one image: its base is what its project has built and tested, and an upgrade replaces it
    /// with the next image. A set of packages cannot be upgraded in this way.
    ///
    /// ## Example
    /// ```text
    /// url --url=https://example.org/BaseOS/x86_64/os/
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// liveimg --url=https://example.org/ovirt-node-ng-image.squashfs.img --checksum=<sha256 of the file>
    /// ```
    ///
    /// ## Source
    /// oVirt's documentation on unattended installation; Anaconda falls back to packages without `liveimg`.
    static MISSING = "NODE028", "image-missing", Node, Error;

    /// `%packages` has no effect beside `liveimg`.
    ///
    /// ## Why
    /// With `liveimg` the installer unpacks the image and installs no packages. It ignores the list without a message.
    ///
    /// ## Example
    /// ```text
    /// liveimg --url=https://example.org/ovirt-node-ng-image.squashfs.img
    /// %packages
    /// vim
    /// %end
    /// ```
    ///
    /// ## Write instead
    /// Remove the section, and install further packages on the running host (imgbased keeps them over an upgrade).
    ///
    /// ## Source
    /// Anaconda: the live image payload has no packages.
    static PACKAGES_BESIDE = "NODE029", "packages-beside-image", Node, Warning;

    /// The kickstart builds an image; it does not install a host.
    ///
    /// ## Why
    /// livemedia-creator installs such a kickstart and makes an image of the resulting file system. Root on one plain
    /// partition is right for that, so the layout's rules are not applied. On a host the result would not be a node.
    ///
    /// ## Source
    /// ovirt-node-ng-image, `data/ovirt-node-ng-image.j2`.
    static BUILDS = "NODE030", "builds-an-image", Node, Info;
}

pub(super) static RULE: Rule = Rule { codes: &[&MISSING, &PACKAGES_BESIDE, &BUILDS], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    if context.policy.is_none() {
        return;
    }
    let view = context.view();
    if let Some(words) = view.build {
        findings.push(
            Finding::new(
                &BUILDS,
                "this kickstart builds an image of a node; the rules for an installation are not applied",
            )
            .at(words)
            .label("only an image is built with this")
            .help("to judge it as an installation, add the '%addon org_ovirt_node' section"),
        );
        return;
    }
    let Some((policy, _)) = installation(context) else { return };
    match view.image {
        Some(image) if image.name == "liveimg" => {
            let mut sections = context.kickstart.sections_of(SectionKind::Packages);
            if let Some(section) = sections.find(|section| !section.packages.is_empty()) {
                findings.push(
                    Finding::new(&PACKAGES_BESIDE, "the packages are not installed: 'liveimg' installs only the image")
                        .at(section.header_span)
                        .related(image.span, "the image")
                        .help("remove the section; install packages on the running host, or build them into the image")
                        .fix(mend::delete_lines(context.sources, section.span, Applicability::Unsafe)),
                );
            }
        }
        // Other kinds of images are not checked.
        Some(_) => {}
        None if may_exist(context, "liveimg") => {}
        None => {
            let message = match (view.packages_source, view.packages.is_empty()) {
                (Some(source), _) => {
                    format!(
                        "'{}' installs packages; a node ({}) is installed from an image",
                        source.name, policy.name
                    )
                }
                (None, false) => {
                    format!("packages are installed; a node ({}) is installed from an image", policy.name)
                }
                (None, true) => "no command names an image to install".to_owned(),
            };
            let span = view.packages_source.map(|c| c.span).or_else(|| view.packages.first().copied());
            let severity = if view.addon.is_some() { Severity::Warning } else { Severity::Error };
            findings.push(
                Finding::new(&MISSING, message)
                    .severity(severity)
                    .at_opt(span)
                    .help("write 'liveimg --url=https://… --checksum=…'")
                    .fix(mend::add_lines(
                        context,
                        &["liveimg --url=https://… --checksum=…".to_owned()],
                        Applicability::Placeholder,
                    )),
            );
        }
    }
}
