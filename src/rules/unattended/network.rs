use crate::rules::{Context, Rule, mend};
use kickstart::Command;
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings, Fix};

declare_code! {
    /// The installation source is on the network, but every interface stays down.
    ///
    /// ## Why
    /// With a source on the network the installer waits at the network configuration until an interface is up.
    /// `--no-activate` keeps it down during the installation.
    ///
    /// ## Example
    /// ```text
    /// network --device=eno1 --bootproto=dhcp --no-activate
    /// url --url=http://192.0.2.1/el9
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// network --device=eno1 --bootproto=dhcp --activate
    /// ```
    ///
    /// ## Source
    /// Anaconda, `mandatory` and `completed` in `pyanaconda/ui/tui/spokes/network.py`; kickstart-tests#914.
    static CODE = "UNA015", "network-stays-down", Unattended, Warning;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some(installer) = context.installer() else { return };
    let kickstart = context.kickstart;
    let remote = |c: &&Command<'_>| {
        matches!(c.name, "url" | "nfs")
            || (matches!(c.name, "liveimg" | "ostreesetup")
                && c.value("--url").is_some_and(|u| !u.text.starts_with("file:")))
    };
    // The installer takes a local source before one on the network.
    if ["cdrom", "harddrive"].iter().any(|name| kickstart.last(name).is_some()) {
        return;
    }
    let Some(source) =
        kickstart.among(&["url", "nfs", "liveimg", "ostreesetup"]).filter(|c| c.valid).find(remote)
    else {
        return;
    };
    // A line with only a host name configures no interface.
    let devices: Vec<&Command<'_>> = kickstart
        .all("network")
        .filter(|c| c.has("--device") || c.has("--bootproto") || c.has("--ip") || c.has("--no-activate"))
        .collect();
    let Some(first) = devices.first() else { return };
    if !installer.has_unread_files && devices.iter().all(|c| c.has("--no-activate")) {
        findings.push(
            Finding::new(&CODE, "no interface is activated, but the installation source is on the network")
                .at(first.option_span("--no-activate").unwrap_or(first.span))
                .related(source.span, "the installation source")
                .help("write --activate, unless the command line configures the network with ip=")
                .fix(match first.option_span("--no-activate") {
                    Some(span) => Fix::replace(span, "--activate", "write --activate", Applicability::Unsafe),
                    None => mend::add_option(first, "--activate", Applicability::Unsafe),
                }),
        );
    }
}
