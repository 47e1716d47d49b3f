//! Options of one command line that belong together, and those that are missing.

use super::CheckOptions;
use crate::boot::codes;
use crate::boot::config::Entry;
use crate::boot::options::{self, Fetches, Repeat, Takes};
use crate::boot::{location, mend};
use crate::directives;
use foldhash::{HashMap, HashMapExt};
use node_base::cmdline::{CommandLine, Word};
use node_base::diagnostic::{Applicability, Finding, Findings, Severity};

pub(super) fn check(entry: &Entry<'_>, options: CheckOptions, findings: &mut Findings) {
    let line = &entry.line;
    repeated(line, findings);
    contradictions(line, findings);
    waiting(line, findings);
    passwords(line, findings);
    unverified(line, options, findings);
    live_image(line, findings);
    image_name(line, findings);
    let hidden = line.hides_words();
    if hidden {
        return;
    }
    let old = |name: &str| line.last(name).is_some();
    if line.last("inst.ks").is_none() && !old("ks") && !old("inst.kickstart") && !line.is_on("inst.rescue") {
        let fix = mend::add(&line.words, "inst.ks=https://SERVER/PATH", Applicability::Placeholder);
        let finding = Finding::new(
            &codes::NO_KICKSTART,
            format!("{} names no kickstart, so the installation is interactive", entry.name()),
        )
        .at_opt(entry.span())
        .help("add inst.ks=https://SERVER/PATH");
        findings.push(Finding { fix, ..finding });
    }
    let source =
        ["inst.stage2", "inst.repo", "inst.method", "root", "stage2", "repo", "method", "inst.liveinst"];
    if !options.with_kickstart && !source.iter().any(|n| line.last(n).is_some()) {
        let fix = mend::add(&line.words, "inst.stage2=https://SERVER/TREE", Applicability::Placeholder);
        let finding = Finding::new(
                &codes::NO_STAGE2,
                format!("{} does not say where the installer's runtime image comes from", entry.name()),
            )
            // Of a kickstart that was not read, one with a source is as likely.
            .severity(if old("inst.ks") || old("ks") { Severity::Info } else { Severity::Warning })
            .at_opt(entry.span())
            .help("add inst.stage2=https://SERVER/TREE (the directory with .treeinfo), unless the kickstart has url, nfs or harddrive");
        findings.push(Finding { fix, ..finding });
    }
}

/// The last of a repeated option counts.
fn repeated(line: &CommandLine<'_>, findings: &mut Findings) {
    let (all_kickstarts, all_images) = (line.is_on("inst.ks.all"), line.is_on("inst.stage2.all"));
    for (word, later) in line.words.iter().zip(next_of_same_name(line)) {
        let Some(option) = options::find(&word.name) else { continue };
        if option.repeat == Repeat::All || matches!(option.takes, Takes::Flag | Takes::FlagOr(_)) {
            continue;
        }
        let all = match option.name {
            "inst.ks" => all_kickstarts,
            "inst.stage2" => all_images,
            _ => false,
        };
        let Some(later) = later else { continue };
        if all || later.text() == word.text() {
            continue;
        }
        let finding = Finding::new(
            &codes::REPEATED_OPTION,
            format!("this '{}' has no effect: a later one counts", option.name),
        )
        .at(word.span)
        .related(later.span, "the one that counts");
        findings.push(match option.name {
            "inst.ks" | "inst.stage2" => {
                let all = format!("{}.all", option.name);
                let fix = mend::add(&line.words, &all, Applicability::Unsafe);
                Finding { fix, ..finding.help(format!("add {all} to try all of them in order")) }
            }
            _ => finding.help("remove one of the two"),
        });
    }
}

/// For each word the next one of its name.
fn next_of_same_name<'l, 's>(line: &'l CommandLine<'s>) -> Vec<Option<&'l Word<'s>>> {
    let mut next = HashMap::new();
    let mut found: Vec<_> = line.words.iter().rev().map(|word| next.insert(&word.name, word)).collect();
    found.reverse();
    found
}

/// Pairs of which only one has an effect, with the reason.
const PAIRS: &[(&str, &str, &str)] = &[
    ("inst.text", "inst.graphical", "the last one decides on the interface"),
    ("inst.cmdline", "inst.graphical", "the last one decides on the interface"),
    ("inst.text", "inst.vnc", "VNC switches to the graphical interface"),
    ("inst.cmdline", "inst.vnc", "VNC switches to the graphical interface"),
    ("inst.text", "inst.rdp", "RDP switches to the graphical interface"),
    ("inst.cmdline", "inst.rdp", "RDP switches to the graphical interface"),
    ("inst.ks", "inst.rescue", "the rescue environment installs nothing"),
    ("inst.memcheck", "inst.nomemcheck", "the last one counts"),
    ("inst.mpath", "inst.nompath", "the last one counts"),
    ("inst.dmraid", "inst.nodmraid", "the last one counts"),
    ("inst.ibft", "inst.noibft", "the last one counts"),
    ("inst.sdboot", "inst.extlinux", "only one boot loader can be installed"),
    ("inst.product", "inst.profile", "a release knows one of the two"),
    ("root", "inst.stage2", "with root= the initramfs ignores inst.stage2="),
];

/// Options without effect unless another one is there.
const NEEDS: &[(&str, &str)] = &[
    ("inst.vncpassword", "inst.vnc"),
    ("inst.vncconnect", "inst.vnc"),
    ("inst.rdp.username", "inst.rdp"),
    ("inst.rdp.password", "inst.rdp"),
    ("inst.webui.remote.pin", "inst.webui.remote"),
    ("inst.webui.remote.noauth", "inst.webui.remote"),
    ("inst.variant", "inst.product"),
    ("inst.nomount", "inst.rescue"),
    ("inst.ks.sendmac", "inst.ks"),
    ("inst.ks.sendsn", "inst.ks"),
    ("inst.ks.all", "inst.ks"),
    ("inst.stage2.all", "inst.stage2"),
];

fn contradictions(line: &CommandLine<'_>, findings: &mut Findings) {
    for (a, b, reason) in PAIRS {
        let (Some(first), Some(second)) = (line.last(a), line.last(b)) else { continue };
        if first.is_on() && second.is_on() {
            contradict(first, second, reason, findings);
        }
    }
    if let (Some(gpt), Some(label)) = (line.last("inst.gpt"), line.last("inst.disklabel"))
        && gpt.is_on()
        && label.text() == "mbr"
    {
        contradict(gpt, label, "the last one decides on the disk label", findings);
    }
    if let (Some(off), Some(on)) = (line.last("inst.noselinux"), line.last("inst.selinux"))
        && off.is_on()
        && on.text() == "1"
    {
        contradict(off, on, "the last one counts", findings);
    }
    for (option, needed) in NEEDS {
        let Some(word) = line.last(option) else { continue };
        if line.last(needed).is_none() {
            findings.push(
                Finding::new(&codes::CONTRADICTION, format!("'{option}' has no effect without '{needed}'"))
                    .at(word.span)
                    .help(format!("add {needed}, or leave {option} out")),
            );
        }
    }
}

fn contradict(first: &Word<'_>, second: &Word<'_>, reason: &str, findings: &mut Findings) {
    let (earlier, later) =
        if first.span.start <= second.span.start { (first, second) } else { (second, first) };
    findings.push(
        Finding::new(
            &codes::CONTRADICTION,
            format!("'{}' and '{}' contradict each other: {reason}", earlier.name, later.name),
        )
        .at(later.span)
        .related(earlier.span, "the other one")
        .help("remove one of the two"),
    );
}

/// What stops an unattended installation on purpose.
const WAITS: &[(&str, &str)] = &[
    ("inst.pauseatsummary", "waits for a confirmation before it installs"),
    ("inst.nokill", "does not reboot at the end and after an error"),
    ("inst.vncconnect", "waits for a VNC viewer that listens"),
    ("rd.break", "stops in a shell of the initramfs"),
    ("rd.cmdline", "asks for more arguments"),
];

fn waiting(line: &CommandLine<'_>, findings: &mut Findings) {
    if line.last("inst.ks").is_none() {
        return;
    }
    for (option, what) in WAITS {
        if let Some(word) = line.last(option).filter(|w| w.is_on()) {
            let finding = Finding::new(&codes::WAITS, format!("'{option}' {what}")).at(word.span);
            let fix = mend::delete(word, Applicability::Unsafe);
            findings.push(Finding { fix, ..finding.help("leave it out for an unattended installation") });
        }
    }
    if let Some(word) = line.last("inst.dd").filter(|w| w.text().is_empty() && w.variable.is_none()) {
        findings.push(
            Finding::new(
                &codes::WAITS,
                "'inst.dd' without a location shows a menu of driver disks and waits",
            )
            .at(word.span)
            .help("write inst.dd=https://SERVER/PATH.rpm"),
        );
    }
}

/// A live image starts its desktop; its installer takes no kickstart.
fn live_image(line: &CommandLine<'_>, findings: &mut Findings) {
    let kickstart = line.last("inst.ks").or_else(|| line.last("ks"));
    let live = line.last("rd.live.image").filter(|word| word.is_on());
    let (Some(kickstart), Some(live)) = (kickstart, live) else { return };
    if line.last("inst.stage2").is_some() || line.last("inst.repo").is_some() {
        return;
    }
    findings.push(
        Finding::new(&codes::LIVE_IMAGE, "the installer of a live image does not use a kickstart")
            .at(kickstart.span)
            .related(live.span, "starts a live image")
            .help("boot the network installer: inst.stage2=http://SERVER/TREE instead of root=live:… and rd.live.image"),
    );
}

/// Options that carry a password.
const SECRETS: &[&str] = &[
    "inst.vncpassword",
    "inst.rdp.password",
    "inst.webui.remote.pin",
    "rd.iscsi.password",
    "rd.iscsi.in.password",
    "iscsi_password",
    "iscsi_in_password",
    "cifspass",
];

fn passwords(line: &CommandLine<'_>, findings: &mut Findings) {
    for word in &line.words {
        let secret = match word.name.as_ref() {
            n if SECRETS.contains(&n) => !word.text().is_empty(),
            "netroot" => {
                matches!(crate::boot::iscsi::netroot(word.text()), Ok(Some(target)) if target.secret)
            }
            "inst.proxy" | "inst.repo" | "inst.stage2" | "inst.ks" => {
                word.text().split_once("://").is_some_and(|(_, rest)| {
                    let authority = rest.split('/').next().unwrap_or_default();
                    authority.split_once('@').is_some_and(|(login, _)| login.contains(':'))
                })
            }
            _ => false,
        };
        if secret {
            findings.push(
                Finding::new(
                    &codes::PASSWORD_VISIBLE,
                    format!(
                        "the password of '{}' can be read in /proc/cmdline and in the boot network",
                        word.name
                    ),
                )
                .at(word.span),
            );
        }
    }
}

/// What is fetched and runs as root, or has passwords; what others in the network can do with it.
const FETCHED: &[(&str, Fetches, &str)] = &[
    (
        "inst.ks",
        Fetches::Kickstart,
        "read the passwords of the kickstart, and replace its commands and scripts",
    ),
    ("inst.updates", Fetches::Updates, "replace the code of the updates image, which runs as root"),
    ("inst.dd", Fetches::Drivers, "replace the drivers, which run in the kernel"),
    ("inst.stage2", Fetches::Stage2, "replace the installer's runtime image"),
];

fn unverified(line: &CommandLine<'_>, options: CheckOptions, findings: &mut Findings) {
    let is_tls_unverified = line.is_on("inst.noverifyssl");
    for (name, fetches, harm) in FETCHED {
        // A kickstart that is known is looked at for secrets (`lint::together`).
        if options.with_kickstart && *fetches == Fetches::Kickstart {
            continue;
        }
        let every = *fetches == Fetches::Drivers || line.is_on(&format!("{name}.all"));
        let last = line.last(name);
        let words = line.all(name).filter(|w| every || last.is_some_and(|l| l.span == w.span));
        for word in words {
            let location =
                word.known_value().and_then(|v| location::parse(v, *fetches, &mut Vec::new()).ok());
            let (how, help) = match location.as_ref().map(|l| l.scheme) {
                Some(scheme @ ("http" | "ftp")) => {
                    (format!("is fetched over plain {scheme}"), "serve it over https")
                }
                Some("https") if is_tls_unverified => (
                    "is fetched from a server that is not verified (inst.noverifyssl)".to_owned(),
                    "remove inst.noverifyssl; the server needs a certificate that the installer can verify",
                ),
                _ => continue,
            };
            let message = format!("{name}= {how}: others in the network can {harm}");
            let secured = word.known_value().and_then(|v| v.strip_prefix("http://"));
            let fix = secured.zip(word.value.as_ref()).and_then(|(rest, value)| {
                mend::value(value, &format!("https://{rest}"), Applicability::Unsafe)
            });
            let finding = Finding::new(&codes::UNVERIFIED_FETCH, message).at(word.span).help(help);
            findings.push(Finding { fix: fix.filter(|_| word.taken.is_none()), ..finding });
        }
    }
}

/// `ovirt_node.nvr=` must be a name that LVM and the boot loader accept. The add-on itself checks the other arguments.
fn image_name(line: &CommandLine<'_>, findings: &mut Findings) {
    if line.last("ovirt_node.nvr").is_some_and(|w| w.variable.is_none()) {
        findings.extend(directives::image_name_mistakes(line));
    }
}
