//! One option at a time: its name and its release. Its value: `values`.

use super::values;
use crate::boot::options::{self, BootOption, DRACUT, DRACUT_FORMER, DracutFormer, FORMER, Former};
use crate::boot::{codes, mend, value};
use foldhash::{HashSet, HashSetExt};
use kickstart::Version;
use node_base::cmdline::{CommandLine, Word};
use node_base::diagnostic::{Applicability, Finding, Findings, Fix, Severity, nearest};

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
            values::check(option, word, version, findings);
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
