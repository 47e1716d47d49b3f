//! One option at a time: its name, its release, its value.

use crate::boot::codes;
use crate::boot::options::{self, BootOption, DRACUT, DRACUT_FORMER, DracutFormer, FORMER, Former, Takes};
use crate::boot::value::{self, ValueIssue};
use crate::boot::{devices, ip, iscsi, links, location, mend};
use foldhash::{HashSet, HashSetExt};
use kickstart::Version;
use node_base::cmdline::{CommandLine, Word};
use node_base::diagnostic::{Applicability, Code, Finding, Findings, Fix, Severity, nearest};

pub(super) fn check(line: &CommandLine<'_>, installer: bool, version: Version, findings: &mut Findings) {
    let mut variables: HashSet<&str> = HashSet::new();
    for word in &line.words {
        if let (Some((variable, set)), true) = (&word.taken, installer)
            && variables.insert(variable)
        {
            findings.push(
                Finding::new(
                    &codes::VARIABLE,
                    format!("'{variable}' is taken to be what this file sets it to"),
                )
                .at(word.span)
                .related(*set, "set here"),
            );
        }
        if let (Some(variable), true) = (&word.variable, installer)
            && variables.insert(variable)
        {
            findings.push(
                Finding::new(
                    &codes::VARIABLE,
                    format!(
                        "the value of '{variable}' is only known at boot: '{}' is not checked",
                        word.name
                    ),
                )
                .at(word.span),
            );
        }
        one(word, installer, version, findings);
    }
}

fn one(word: &Word<'_>, installer: bool, version: Version, findings: &mut Findings) {
    let name = word.name.as_ref();
    if let Some(option) = options::find(name) {
        // The network's words mean the same to an installed system; Anaconda's do not.
        if life(option, word, version, findings) {
            check_value(option, word, version, findings);
        }
    } else if name.contains("${") || word.variable.is_some() && word.value.is_none() {
        // A name that a variable makes.
    } else if name.starts_with("inst.") || name.starts_with("ovirt_node.") {
        findings.push(unknown(word, name));
    } else if let Some(meant) = meant_for_installer(name) {
        let message = format!("'{name}' is not a boot option, so it is ignored");
        findings.push(meant_name(
            Finding::new(&codes::UNKNOWN_OPTION, message).at(word.name_span),
            word,
            meant,
        ));
    } else if let Some(former) = DRACUT_FORMER.iter().find(|f| f.name == name) {
        check_dracut_former(former, word, version, findings);
    } else if name.starts_with("rd.") {
        unknown_dracut(word, name, findings);
    } else if let Some(former) = FORMER.iter().find(|f| f.name == name)
        && installer
        && !(former.name == "dns" && word.value.is_none())
    {
        check_former(former, word, version, findings);
    }
}

/// Advises another name.
fn meant_name(finding: Finding, word: &Word<'_>, meant: &str) -> Finding {
    let fix = mend::name(word, meant, Applicability::Unsafe);
    Finding { fix, ..finding.help(format!("did you mean '{meant}'?")) }
}

fn unknown(word: &Word<'_>, name: &str) -> Finding {
    let prefix = if name.starts_with("inst.") { "inst." } else { "ovirt_node." };
    let known = options::all().map(|o| o.name).filter(|n| n.starts_with(prefix));
    let program = if prefix == "inst." { "the installer" } else { "the org_ovirt_node add-on" };
    let finding = Finding::new(
        &codes::UNKNOWN_OPTION,
        format!("{program} has no boot option '{name}', so it is ignored"),
    )
    .at(word.name_span);
    // "inst.sendmac" for "inst.ks.sendmac".
    let ending = name[prefix.len()..].to_owned();
    let longer =
        known.clone().find(|n| n.strip_suffix(ending.as_str()).is_some_and(|front| front.ends_with('.')));
    if let Some(longer) = longer.filter(|_| ending.len() > 3) {
        return meant_name(finding, word, longer);
    }
    // "inst.foo" may be the option of an add-on.
    match nearest(&name[prefix.len()..], known.clone().map(|n| &n[prefix.len()..])) {
        Some(near) => meant_name(finding, word, &format!("{prefix}{near}")),
        None if prefix == "inst." => {
            finding.severity(Severity::Warning).help("right if an add-on of this installer reads it")
        }
        None => finding.help(format!("known: {}", known.collect::<Vec<_>>().join(", "))),
    }
}

fn unknown_dracut(word: &Word<'_>, name: &str, findings: &mut Findings) {
    // Modules outside dracut bring options of their own, so only a near miss is more than a remark.
    let known = options::all().map(|o| o.name).filter(|n| n.starts_with("rd."));
    let finding = Finding::new(&codes::UNKNOWN_OPTION, format!("dracut's manual has no option '{name}'"))
        .at(word.name_span);
    findings.push(match nearest(name, known) {
        Some(near) if near.len().abs_diff(name.len()) <= 2 => {
            meant_name(finding.severity(Severity::Warning), word, near)
        }
        _ => finding.severity(Severity::Info),
    });
}

/// The option of the installer that a word looks like: `INST.KS`, `inst_ks`, `ist.ks`, `inst-ks`.
pub(super) fn meant_for_installer(name: &str) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase();
    let at = lower.find(['.', '_', '-', ':'])?;
    if name.starts_with("inst.") || !(3..=5).contains(&at) {
        return None;
    }
    let (prefix, rest) = lower.split_at(at);
    let rest = &rest[1..];
    if prefix != "inst" && nearest(prefix, ["inst"]).is_none() {
        return None;
    }
    options::all().map(|o| o.name).filter(|n| n.starts_with("inst.")).find(|n| n[5..] == *rest)
}

/// Whether the release has the option; says so when it has not.
fn life(option: &BootOption, word: &Word<'_>, version: Version, findings: &mut Findings) -> bool {
    let name = option.name;
    let instead = |finding: Finding, applicability: Applicability| match option.instead {
        "" => finding,
        i if i.starts_with("nothing") => {
            let fix = mend::delete(word, Applicability::Safe);
            Finding { fix, ..finding.help("leave it out") }
        }
        i => Finding { fix: replacement(word, i, applicability), ..finding.help(format!("write {i}")) },
    };
    if option.removed.reached(version) {
        let since = option.removed.name(version);
        let finding = Finding::new(&codes::REMOVED_OPTION, format!("'{name}' is ignored since {since}"));
        let harmless = option.instead.starts_with("nothing");
        let severity = if harmless { Severity::Warning } else { Severity::Error };
        findings.push(instead(finding, Applicability::Unsafe).severity(severity).at(word.name_span));
        return false;
    }
    if !option.added.reached(version) {
        let since = option.added.name(version);
        let finding = Finding::new(
            &codes::OPTION_TOO_NEW,
            format!("'{name}' is ignored by {version}: it is there since {since}"),
        )
        .at(word.name_span);
        let another = |finding: Finding, new: &str| {
            let fix = mend::word(word, new, Applicability::Unsafe);
            Finding { fix, ..finding.help(format!("write {new}")) }
        };
        findings.push(match name {
            "inst.profile" => {
                finding.help("on RHEL 8 and 9 a product is chosen: inst.product=\"oVirt Node Next\"")
            }
            "inst.disklabel" => finding.help("write inst.gpt for GPT"),
            "inst.rdp" => another(finding, "inst.vnc"),
            "inst.rdp.username" | "inst.rdp.password" => finding.help("write inst.vnc"),
            "inst.noninteractive" => another(finding, "inst.cmdline"),
            _ => finding.severity(Severity::Warning),
        });
        return false;
    }
    if option.deprecated.reached(version) {
        let finding = Finding::new(&codes::DEPRECATED_OPTION, format!("'{name}' is deprecated"));
        findings.push(instead(finding, Applicability::Safe).at(word.name_span));
    }
    true
}

/// A word in the place of an option: another option (`inst.rdp`), one that takes the value (`inst.rdp.password=`), or an option with
/// its value (`inst.disklabel=gpt`). None for one whose value is not known (`inst.profile=ID`).
fn replacement(word: &Word<'_>, instead: &str, applicability: Applicability) -> Option<Fix> {
    let is_word = |text: &str| !text.contains([' ', '[', ',']) && text.is_ascii();
    match (instead.split_once('='), &word.value) {
        _ if !is_word(instead) => None,
        (None, None) => mend::name(word, instead, applicability),
        (None, Some(_)) => mend::word(word, instead, applicability),
        (Some((name, "")), Some(_)) => mend::name(word, name, applicability),
        (Some((_, value)), _) if !value.is_empty() && !value.contains(|c: char| c.is_ascii_uppercase()) => {
            mend::word(word, instead, applicability)
        }
        _ => None,
    }
}

fn check_former(former: &Former, word: &Word<'_>, version: Version, findings: &mut Findings) {
    let name = former.name;
    // pxelinux and kernel have words of the same name without a value: "text", "lang" alone say nothing.
    let now = match (former.now, &word.value) {
        ("", _) => None,
        (now, Some(value)) if now.starts_with("inst.") || now == "modprobe.blacklist" => {
            Some(format!("write {now}={}", value.text))
        }
        (now, _) => Some(format!("write {now}")),
    };
    let now = if former.name == "ksdevice" { ksdevice(word.text()) } else { now };
    // A word that was ignored has an effect afterwards.
    let fix = |applicability: Applicability| match (&now, &word.value) {
        (None, _) => mend::delete(word, Applicability::Safe),
        (Some(_), _) if former.name == "ksdevice" => {
            now.as_ref().and_then(|now| mend::word(word, now.trim_start_matches("write "), applicability))
        }
        (Some(_), Some(_)) if former.now.starts_with("inst.") || former.now == "modprobe.blacklist" => {
            match former.now.contains('=') {
                true => None,
                false => mend::name(word, former.now, applicability),
            }
        }
        (Some(_), _) => replacement(word, former.now, applicability),
    };
    let with_help = |finding: Finding, applicability: Applicability| {
        let help = now.clone().unwrap_or_else(|| "leave it out".to_owned());
        Finding { fix: fix(applicability), ..finding.help(help) }
    };
    let prefixed = former.now.starts_with("inst.") && former.removed != DRACUT;
    if former.removed.reached(version) {
        let finding = if prefixed {
            Finding::new(
                &codes::MISSING_PREFIX,
                format!(
                    "'{name}' is ignored since {}: the installer's options need the prefix 'inst.'",
                    former.removed.name(version)
                ),
            )
        } else {
            Finding::new(
                &codes::REMOVED_OPTION,
                format!("'{name}' is ignored: the installer does not have it any more"),
            )
            .severity(Severity::Warning)
        };
        findings.push(with_help(finding, Applicability::Unsafe).at(word.name_span));
    } else if former.deprecated.reached(version) {
        let (code, message) = if prefixed {
            (&codes::MISSING_PREFIX, format!("'{name}' without the prefix 'inst.' is deprecated"))
        } else {
            (&codes::DEPRECATED_OPTION, format!("'{name}' is deprecated; the installer still translates it"))
        };
        let finding = with_help(Finding::new(code, message), Applicability::Safe);
        findings.push(finding.severity(Severity::Warning).at(word.name_span));
    }
}

/// A name that dracut's option had before version 008: old releases read it with a warning, new ones not at all.
fn check_dracut_former(former: &DracutFormer, word: &Word<'_>, version: Version, findings: &mut Findings) {
    let name = former.name;
    let now = match &word.value {
        Some(value) if !former.now.contains('=') => format!("write {}={}", former.now, value.text),
        _ => format!("write {}", former.now),
    };
    let is_removed = former.removed.reached(version);
    let applicability = if is_removed { Applicability::Unsafe } else { Applicability::Safe };
    let fix = match former.now.contains('=') {
        true => replacement(word, former.now, applicability),
        false => mend::name(word, former.now, applicability),
    };
    let finding = if is_removed {
        let since = former.removed.name(version);
        Finding::new(&codes::REMOVED_OPTION, format!("'{name}' is ignored since {since}"))
            .severity(Severity::Warning)
    } else {
        Finding::new(&codes::DEPRECATED_OPTION, format!("'{name}' is the former name of a dracut option"))
    };
    findings.push(Finding { fix, ..finding.at(word.name_span).help(now) });
}

/// What replaces `ksdevice=` (Anaconda, `dracut/parse-anaconda-net.sh`).
fn ksdevice(text: &str) -> Option<String> {
    match text {
        // Both are what happens anyway.
        "link" | "bootif" => None,
        "ibft" => Some("write ip=ibft".to_owned()),
        _ => Some(match value::mac(text) {
            Some(mac) => format!("write BOOTIF=01-{}", mac.replace(':', "-")),
            None => format!("write bootdev={text}"),
        }),
    }
}

fn check_value(option: &BootOption, word: &Word<'_>, version: Version, findings: &mut Findings) {
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
