//! `network` lines together: one address or one member in two of them, servers that nothing leads to.

use super::network_codes::{MISFIT, NO_INTERFACES};
use crate::boot::value;
use crate::kind::filled_in;
use crate::rules::Context;
use foldhash::{HashMap, HashMapExt};
use kickstart::Command;
use node_base::diagnostic::{Finding, Findings, Severity};
use node_base::source::Spanned;
use std::net::{IpAddr, Ipv4Addr};

/// The checks of several lines; a part of the rule about `network`.
pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    if context.is_template {
        return;
    }
    let lines: Vec<&Command<'_>> = context.kickstart.all("network").collect();
    if lines.is_empty() {
        return;
    }
    if lines.len() > 1 {
        same_address(context, &lines, findings);
        members(context, &lines, findings);
    }
    reach(context, &lines, findings);
}

/// The known value of an option.
fn known<'c, 's>(command: &'c Command<'s>, option: &str) -> Option<&'c Spanned<'s>> {
    command.value(option).filter(|v| !filled_in::is_name(&v.text) && !v.text.is_empty())
}

/// The device that a line configures, with its VLAN.
fn device(command: &Command<'_>) -> Option<String> {
    let name = known(command, "--device").filter(|v| !NO_INTERFACES.contains(&v.text.as_ref()))?;
    Some(match (known(command, "--vlanid"), known(command, "--interfacename")) {
        (Some(_), Some(own)) => own.text.to_string(),
        (Some(id), None) => format!("{}.{}", name.text, id.text),
        (None, _) => name.text.to_string(),
    })
}

fn is_static(command: &Command<'_>) -> bool {
    command.value("--bootproto").is_some_and(|v| v.text == "static") && !command.has("--noipv4")
}

fn same_address(context: &Context<'_>, lines: &[&Command<'_>], findings: &mut Findings) {
    let mut seen: HashMap<IpAddr, (&Command<'_>, &Spanned<'_>)> = HashMap::new();
    for &command in lines {
        for option in ["--ip", "--ipv6"] {
            let Some(value) = known(command, option) else { continue };
            if option == "--ip" && !is_static(command) {
                continue;
            }
            let address = value.text.split('/').next().unwrap_or_default();
            let Ok(address) = address.parse::<IpAddr>() else { continue };
            let Some((first, at)) = seen.insert(address, (command, value)) else { continue };
            // The same device again is a finding of the language.
            if device(first).is_some() && device(first) == device(command) {
                continue;
            }
            let line = context.sources.position(at.span).line;
            findings.push(
                Finding::new(
                    &MISFIT,
                    format!("the address {address} is given twice: line {line} has it, too"),
                )
                .at(value.span)
                .related(at.span, "the first one")
                .help("give each interface an address of its own"),
            );
        }
    }
}

/// The members of bonds, teams and bridges.
fn members(context: &Context<'_>, lines: &[&Command<'_>], findings: &mut Findings) {
    let mut owners: HashMap<String, (&Command<'_>, &'static str)> = HashMap::new();
    for &command in lines {
        for (option, what) in
            [("--bondslaves", "bond"), ("--teamslaves", "team"), ("--bridgeslaves", "bridge")]
        {
            let Some(list) = known(command, option) else { continue };
            // --teamslaves="eno1'{…}',eno2"
            let names = list.text.split(',').map(|m| m.split('\'').next().unwrap_or_default().trim());
            for member in names.filter(|m| value::is_interface(m)) {
                let own = device(command);
                if let Some((other, _)) = owners.insert(member.to_owned(), (command, what))
                    && !std::ptr::eq(other, command)
                    && device(other) != own
                {
                    let message =
                        format!("{member} belongs to {} already", device(other).unwrap_or_default());
                    findings.push(
                        Finding::new(&MISFIT, message).at(list.span).related(other.span, "the first one"),
                    );
                }
            }
        }
    }
    if owners.is_empty() {
        return;
    }
    for &command in lines {
        // A VLAN on a member is odd, but a device of its own.
        let Some(name) = known(command, "--device").filter(|_| !command.has("--vlanid")) else { continue };
        let Some((owner, what)) = owners.get(name.text.as_ref()) else { continue };
        let at = known(command, "--ip")
            .filter(|_| is_static(command))
            .or_else(|| known(command, "--ipv6").filter(|v| v.text.contains(':')));
        let Some(at) = at.filter(|_| !std::ptr::eq(*owner, command)) else { continue };
        let message = format!(
            "{} belongs to the {what} {}, so it cannot have an address of its own",
            name.text,
            device(owner).unwrap_or_default()
        );
        let line = context.sources.position(owner.span).line;
        findings.push(
            Finding::new(&MISFIT, message)
                .at(at.span)
                .related(owner.span, format!("the {what}"))
                .help(format!("give the address to the {what} in line {line}")),
        );
    }
}

/// Whether the installation source can be reached, when every address is static.
fn reach(context: &Context<'_>, lines: &[&Command<'_>], findings: &mut Findings) {
    let installer = context.installer();
    if installer.is_none_or(|i| i.has_unread_files || i.knows_command_line) {
        return;
    }
    let with_address: Vec<&&Command<'_>> = lines
        .iter()
        .filter(|c| !(c.has("--hostname") && !c.has("--device") && !c.has("--bootproto")))
        .collect();
    let all_known = with_address.iter().all(|c| {
        is_static(c)
            && !c.has("--ipv6")
            && ["--ip", "--netmask", "--gateway", "--nameserver"]
                .iter()
                .all(|o| c.value(o).is_none_or(|v| !filled_in::is_name(&v.text)))
    });
    if with_address.is_empty() || !all_known {
        return;
    }
    let source = ["url", "liveimg", "ostreesetup"].iter().find_map(|name| {
        let command = context.kickstart.last(name)?;
        if command.has("--proxy") {
            return None;
        }
        let url = ["--url", "--mirrorlist", "--metalink"].iter().find_map(|o| known(command, o))?;
        let rest =
            url.text.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https" | "ftp"))?.1;
        let host = rest.split(['/', '?']).next()?.rsplit('@').next()?;
        let host = host.split(':').next()?;
        (!host.is_empty() && !host.starts_with('[')).then(|| (url.span, host.to_owned()))
    });
    let Some((at, host)) = source else { return };
    let first = with_address[0];
    match host.parse::<Ipv4Addr>() {
        Err(_) if with_address.iter().all(|c| !c.has("--nameserver")) => findings.push(
            Finding::new(
                &MISFIT,
                format!("'{host}' cannot be resolved: no network line names a name server, unless the command line does"),
            )
            .severity(Severity::Info)
            .at(at)
            .related(first.span, "the static network")
            .help("add --nameserver=ADDRESS to the network line"),
        ),
        Ok(address) => {
            let reaches = |c: &&&Command<'_>| {
                let own = known(c, "--ip").and_then(|v| v.text.parse::<Ipv4Addr>().ok());
                let prefix = known(c, "--netmask").and_then(|v| value::prefix_length(&v.text, 32));
                c.has("--gateway")
                    || match (own, prefix) {
                        (Some(own), Some(prefix)) => value::same_network(own.into(), address.into(), prefix),
                        _ => true,
                    }
            };
            if !with_address.iter().any(reaches) {
                findings.push(
                    Finding::new(
                        &MISFIT,
                        format!("{address} is in another network, and no gateway leads there, unless the command line names one"),
                    )
                    .severity(Severity::Info)
                    .at(at)
                    .related(first.span, "the static network")
                    .help("add --gateway=ADDRESS to the network line"),
                );
            }
        }
        Err(_) => {}
    }
}
