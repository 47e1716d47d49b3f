//! A command line with the kickstart that it fetches: mistakes that show only in both together.

mod addon; // the org_ovirt_node add-on, the profile
mod network; // ip=, bond=, vlan= against the network commands
mod policy; // ovirt_node.* arguments and the effective policy
mod secrets; // passwords that are sent unencrypted
mod unattended; // the rules about unattended installations, with what the command line adds

use super::chosen::Chosen;
use super::served::Root;
use crate::boot::config::{BootConfig, Entry};
use crate::boot::network::Network;
use crate::boot::{check, codes};
use crate::directives::Directives;
use crate::rules::{Context, TREES};
use kickstart::Command;
use node_base::cmdline::CommandLine;
use node_base::diagnostic::{Finding, Findings};

/// What is known of the kickstart.
#[derive(Clone, Copy)]
pub(super) struct Known<'k, 'c> {
    /// The kickstart, with the policy that it asks for.
    pub(super) context: &'k Context<'c>,
    /// The add-on's section and the waivers.
    pub(super) directives: &'k Directives,
    /// What the parser found.
    pub(super) parsed: &'k Findings,
}

/// One command line and the kickstart that it fetches.
struct Pair<'p, 's, 'c> {
    /// The entry.
    entry: &'p Entry<'s>,
    /// The kickstart, with the policy that is effective on this host.
    context: &'p Context<'c>,
    /// The network of the command line.
    network: Network<'p, 's>,
}

impl<'p, 's, 'c> Pair<'p, 's, 'c> {
    fn line(&self) -> &'p CommandLine<'s> {
        &self.entry.line
    }

    /// The last command of this name.
    fn command(&self, name: &str) -> Option<&'c Command<'c>> {
        self.context.kickstart.last(name)
    }
}

/// Checks every entry that fetches the kickstart against it: those whose `inst.ks=` ends in the kickstart's file name,
/// or, when none does, all that fetch one. Answers with the policy that all of them choose instead of the kickstart's, if
/// they do.
pub(super) fn config(
    config: &BootConfig<'_>,
    known: Known<'_, '_>,
    root: Option<&Root>,
    findings: &mut Findings,
) -> Option<Chosen<String>> {
    let context = known.context;
    let installers: Vec<&Entry<'_>> =
        config.entries.iter().filter(|e| e.is_linux() && check::is_installer(&e.line)).collect();
    if let Some(root) = root {
        for entry in &installers {
            root.check(entry, findings);
        }
    }
    let path = context.sources.get(context.kickstart.file).path();
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let fetches = |entry: &&&Entry<'_>| {
        entry.line.last("inst.ks").or(entry.line.last("ks")).is_some_and(|w| {
            let path = w.text().split(['?', '#']).next().unwrap_or_default();
            path.rsplit(['/', ':']).next() == Some(name.as_str())
        })
    };
    let named: Vec<&Entry<'_>> = installers.iter().filter(fetches).copied().collect();
    let chosen = if named.is_empty() { installers } else { named };
    let mut found = Findings::new();
    let mut policies: Vec<Option<String>> = Vec::new();
    for entry in chosen {
        let policy = policy::of(&entry.line, known.directives.section.as_ref());
        match &policy {
            Some(policy) => {
                let here = context.with_policy(Some(policy));
                check_pair(entry, &here, &known, &mut found);
            }
            None => check_pair(entry, context, &known, &mut found),
        }
        policies.push(policy.map(|p| p.name));
    }
    let mut sorted = found.into_sorted();
    sorted.dedup_by(|a, b| (a.code, a.span, &a.message) == (b.code, b.span, &b.message));
    findings.extend(sorted);
    policies.dedup();
    match policies.as_slice() {
        [Some(name)] => Some(Chosen::new(name.clone(), "named by ovirt_node.policy= on the command line")),
        _ => None,
    }
}

/// `here` has the policy that is effective on the host of this entry.
fn check_pair(entry: &Entry<'_>, here: &Context<'_>, known: &Known<'_, '_>, findings: &mut Findings) {
    let network = Network::of(&entry.line, here.kickstart.version);
    let pair = Pair { entry, context: here, network };
    installer_image(&pair, findings);
    network::check(&pair, findings);
    addon::check(&pair, findings);
    policy::check(&pair, known, findings);
    secrets::check(&pair, findings);
    unattended::check(&pair, findings);
}

/// Without `inst.stage2=` and `inst.repo=` the kickstart must name the installer's image; `liveimg` does not.
fn installer_image(pair: &Pair<'_, '_, '_>, findings: &mut Findings) {
    let line = pair.line();
    let hidden = line.hides_words();
    let given = ["inst.stage2", "inst.repo", "inst.method", "root", "stage2", "repo", "method"];
    if hidden || given.iter().any(|n| line.last(n).is_some()) {
        return;
    }
    let kickstart = pair.context.kickstart;
    if TREES.iter().any(|n| kickstart.last(n).is_some()) {
        return;
    }
    let image = pair.command("liveimg");
    let mut finding = Finding::new(
        &codes::NO_STAGE2,
        format!("neither {} nor the kickstart names the installer's runtime image", pair.entry.name()),
    )
    .severity(node_base::diagnostic::Severity::Error)
    .at_opt(pair.entry.span())
    .help("add inst.stage2=https://SERVER/TREE (the directory with .treeinfo)");
    if let Some(image) = image {
        finding = finding.related(image.span, "this is what is installed, not the installer");
    }
    findings.push(finding);
}
