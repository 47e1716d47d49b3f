//! The value of one option: what it takes, and what is wrong with what it got.

use crate::boot::codes;
use crate::boot::options::{self, BootOption, Takes};
use crate::boot::value::{self, ValueIssue};
use crate::boot::{devices, ip, iscsi, links, location, mend};
use kickstart::Version;
use node_base::cmdline::Word;
use node_base::diagnostic::{Applicability, Code, Finding, Findings, nearest};

pub(super) fn check(option: &BootOption, word: &Word<'_>, version: Version, findings: &mut Findings) {
    if word.variable.is_some() {
        return;
    }
    let text = word.text();
    if text.is_empty() {
        if let Some(finding) = missing_value(option, word) {
            findings.push(finding);
        }
        return;
    }
    let mut wrong = Vec::new();
    if let Err(found) = read(option, text, version, &mut wrong) {
        wrong.push(found);
    }
    let code: &'static Code = match option.takes {
        Takes::Ip
        | Takes::Bond
        | Takes::Team
        | Takes::Bridge
        | Takes::Vlan
        | Takes::IfName
        | Takes::Route
        | Takes::BootIf
        | Takes::Interface => &codes::WRONG_NETWORK,
        _ if option.name == "nameserver" => &codes::WRONG_NETWORK,
        _ => &codes::WRONG_VALUE,
    };
    for found in wrong {
        let span = word.value.as_ref().map_or(word.span, |v| found.span(v));
        let mut finding = Finding::new(code, format!("{}=: {}", option.name, found.message))
            .severity(found.severity)
            .at(span);
        let meant = word.value.as_ref().zip(found.meant.as_deref()).filter(|_| word.taken.is_none());
        finding.fix = meant.and_then(|(value, meant)| mend::value(value, meant, Applicability::Unsafe));
        findings.push(match found.help {
            Some(help) => finding.help(help),
            None => finding,
        });
    }
}

/// An option without a value that needs one.
fn missing_value(option: &BootOption, word: &Word<'_>) -> Option<Finding> {
    let what = match option.takes {
        Takes::Flag | Takes::FlagOr(_) | Takes::Anything | Takes::ChoiceOrNothing(_) => return None,
        // "inst.ks" alone asks the DHCP server, "inst.dd" alone somebody at the console, "bond" alone uses eth0 and eth1.
        Takes::Location(options::Fetches::Kickstart | options::Fetches::Drivers) => return None,
        Takes::Bond | Takes::Team | Takes::Bridge if word.value.is_none() => return None,
        // "rd.lvm.lv" and "rd.luks" and their like are read as truth values without one.
        Takes::Text if option.name.starts_with("rd.") && word.value.is_none() => return None,
        // Alone it is for all LUKS devices.
        Takes::Device(_) if option.name == "rd.luks.allow-discards" => return None,
        Takes::Location(_) => "a location",
        Takes::Number(..) => "a number",
        Takes::Timeout => "a number of seconds",
        Takes::Choice(_) | Takes::Choices(_) => "one of its values",
        _ => "a value",
    };
    let code =
        if matches!(option.takes, Takes::Ip | Takes::Vlan | Takes::IfName | Takes::BootIf | Takes::Interface)
        {
            &codes::WRONG_NETWORK
        } else {
            &codes::WRONG_VALUE
        };
    let finding = Finding::new(code, format!("'{}' needs {what}; without one it is ignored", option.name))
        .at(word.span);
    Some(match option.takes {
        Takes::Choice(words) | Takes::Choices(words) => finding.help(format!("one of {}", words.join(", "))),
        Takes::Location(_) => {
            let new = format!("{}=https://SERVER/PATH", option.name);
            let fix = mend::word(word, &new, Applicability::Placeholder);
            Finding { fix, ..finding.help(format!("write {new}")) }
        }
        _ => finding,
    })
}

/// The profiles that Anaconda ships (`data/profile.d` of main, rhel-10, rhel-9).
const PROFILES: &[&str] = &[
    "almalinux",
    "centos",
    "circle",
    "fedora",
    "fedora-budgie",
    "fedora-cinnamon",
    "fedora-designsuite",
    "fedora-eln",
    "fedora-i3",
    "fedora-iot",
    "fedora-kde",
    "fedora-kde-mobile",
    "fedora-kinoite",
    "fedora-lxde",
    "fedora-lxqt",
    "fedora-matecompiz",
    "fedora-sericea",
    "fedora-server",
    "fedora-silverblue",
    "fedora-sway",
    "fedora-workstation",
    "fedora-xfce",
    "navix",
    "ovirt",
    "rhel",
    "rhvh",
    "rocky",
    "scientific-linux",
    "virtuozzo-linux",
];

fn read(
    option: &BootOption,
    text: &str,
    version: Version,
    wrong: &mut Vec<ValueIssue>,
) -> Result<(), ValueIssue> {
    match option.takes {
        Takes::Anything => {}
        Takes::Text if option.name == "inst.profile" && !PROFILES.contains(&text) => {
            if let Some(near) = nearest(text, PROFILES.iter().copied()) {
                wrong.push(
                    ValueIssue::warning(format!("Anaconda ships no profile '{text}'"))
                        .help(format!("did you mean '{near}'?"))
                        .meant(near),
                );
            } else if text.starts_with("ovirt") {
                wrong.push(
                    ValueIssue::warning(format!("Anaconda ships no profile '{text}'"))
                        .help("the profile of oVirt Node is 'ovirt'")
                        .meant("ovirt"),
                );
            }
        }
        Takes::Text => {}
        Takes::FlagOr(words) if words.contains(&text) => {}
        Takes::Flag | Takes::FlagOr(_) => {
            let known = ["0", "1", "yes", "no", "on", "off"];
            if matches!(text, "false" | "disabled" | "none" | "n") {
                return Err(ValueIssue::warning(format!(
                    "'{text}' switches it on: only 0, no and off switch it off"
                ))
                .help(format!("write {}=0", option.name))
                .meant("0"));
            }
            if !known.contains(&text) && !matches!(text, "true" | "y" | "default" | "enabled") {
                return Err(ValueIssue::warning(format!("it has no value, so '{text}' is ignored"))
                    .help(format!("write {}", option.name)));
            }
        }
        Takes::Number(least, most) => match text.parse::<u32>() {
            Ok(n) if (least..=most).contains(&n) => {}
            _ => return Err(ValueIssue::error(format!("'{text}' is not a number from {least} to {most}"))),
        },
        Takes::Timeout if text == "infinity" || text.parse::<u32>().is_ok() => {}
        Takes::Timeout => {
            return Err(ValueIssue::error(format!("'{text}' is neither a number of seconds nor 'infinity'")));
        }
        Takes::Device(form) => devices::read(form, text)?,
        Takes::Choice(words) | Takes::ChoiceOrNothing(words) => choice(text, words)?,
        Takes::Choices(words) => text.split(',').try_for_each(|t| {
            // The value that was meant is that of one of several.
            choice(t, words).map_err(|issue| ValueIssue { meant: None, ..issue })
        })?,
        Takes::Location(fetches) => {
            location::parse(text, fetches, wrong)?;
        }
        Takes::HostPort => {
            value::host_port(text)?;
        }
        Takes::Resolution => resolution(text)?,
        Takes::Proxy => proxy(text)?,
        Takes::Address => address(option, text)?,
        Takes::Interface if value::mac(text).is_none() && !value::is_interface(text) => {
            return Err(ValueIssue::error(format!("'{text}' is not the name of a network interface")));
        }
        Takes::Interface => {}
        Takes::IscsiName if !iscsi::is_name(text) => return Err(iscsi::wrong_name(text)),
        Takes::IscsiName => {}
        Takes::Ip => {
            ip::parse(text, version, wrong)?;
        }
        Takes::Bond => {
            links::bond(text, wrong)?;
        }
        Takes::Team => {
            links::team(text, wrong)?;
            if !links::has_teams(version) {
                wrong.push(
                    ValueIssue::warning("RHEL 10 has no teams any more")
                        .help("use a bond: bond=NAME:INTERFACE,INTERFACE:mode=active-backup"),
                );
            }
        }
        Takes::Bridge => {
            links::bridge(text)?;
        }
        Takes::Vlan => {
            links::vlan(text)?;
        }
        Takes::IfName => {
            links::ifname(text, wrong)?;
        }
        Takes::Route => links::route(text)?,
        Takes::BootIf => {
            links::bootif(text)?;
        }
        Takes::NetRoot => {
            iscsi::netroot(text)?;
        }
    }
    Ok(())
}

fn choice(text: &str, words: &[&str]) -> Result<(), ValueIssue> {
    if words.contains(&text) {
        return Ok(());
    }
    let found = ValueIssue::error(format!("'{text}' is none of {}", words.join(", ")));
    Err(match nearest(text, words.iter().copied()) {
        Some(near) => found.help(format!("did you mean '{near}'?")).meant(near),
        None => found,
    })
}

fn resolution(text: &str) -> Result<(), ValueIssue> {
    let size = text.split_once('x').and_then(|(w, h)| Some((w.parse::<u32>().ok()?, h.parse::<u32>().ok()?)));
    match size {
        Some((w, h)) if w >= 800 && h >= 600 => Ok(()),
        Some(_) => {
            Err(ValueIssue::error(format!("{text} is less than 800x600, the least that the interface needs")))
        }
        None => Err(ValueIssue::error(format!("'{text}' is not a screen size")).help("write 1024x768")),
    }
}

fn proxy(text: &str) -> Result<(), ValueIssue> {
    let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
    if !matches!(scheme, "http" | "https" | "ftp" | "socks" | "socks4" | "socks5") {
        return Err(ValueIssue::error(format!("'{scheme}' is not a protocol of a proxy"))
            .help("the form is [PROTOCOL://][USER[:PASSWORD]@]HOST[:PORT]"));
    }
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host).trim_end_matches('/');
    value::host_port(host).map(|_| ())
}

fn address(option: &BootOption, text: &str) -> Result<(), ValueIssue> {
    if text.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>().is_ok() {
        return Ok(());
    }
    let found = ValueIssue::error(format!("'{text}' is not an IP address"));
    if text.contains(',') {
        let each: Vec<String> = text.split(',').map(|a| format!("{}={}", option.name, a.trim())).collect();
        return Err(
            ValueIssue::error("it accepts only one address").help(format!("write {}", each.join(" ")))
        );
    }
    Err(found)
}
