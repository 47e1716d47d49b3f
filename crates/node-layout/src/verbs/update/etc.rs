//! /etc of the new layer: the merge of what the host and the image have changed, decided before anything is written.

use super::{OnConflict, mount_point};
use crate::etc::{self, Ancestor, CONFLICTS, Choices, Merge, Outcome, Reason, Side, Trees};
use crate::files::read_text;
use crate::machine::{Command, Tools, inside};
use crate::plan::EtcMerge;
use crate::system::System;
use node_base::diagnostic::{Finding, Severity, layout};
use node_base::names::Nvr;
use std::path::{Path, PathBuf};

/// The copy of /etc that an image of oVirt Node has: its own, before an installer has changed it.
const FACTORY: &str = "/usr/share/factory/etc";
/// The most conflicts that have a finding each.
const MOST_FINDINGS: usize = 20;

/// What happens with /etc.
#[derive(Debug)]
pub(super) struct Etc {
    /// The merge.
    pub(super) merge: EtcMerge,
    /// Commands that make files anew in the new layer, with the programs' paths there.
    pub(super) generated: Vec<Vec<String>>,
    /// Commands that check the settings in the new layer, likewise.
    pub(super) checks: Vec<Vec<String>>,
}

impl Etc {
    /// The text of a file of the new layer; empty if it has none.
    pub(super) fn text(&self, path: &str) -> String {
        let text = etc::text(&self.merge.planned, &self.merge.trees, Path::new(path));
        text.ok().flatten().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }
}

impl Etc {
    /// What a change of a file of the host makes of the merged file. Where both are in one place, the host's file with the change.
    pub(super) fn changed(&self, path: &Path, before: &[u8], after: &[u8]) -> Vec<u8> {
        let merged = etc::text(&self.merge.planned, &self.merge.trees, path).ok().flatten();
        let Some(merged) = merged else { return after.to_vec() };
        etc::merge_lines(before, &merged, after).unwrap_or_else(|| after.to_vec())
    }
}

/// Where the conflicts of an image are kept.
pub(super) fn kept(system: &System, nvr: &Nvr) -> PathBuf {
    system.path(CONFLICTS).join(nvr.as_str())
}

/// Decides the merge. The old base is mounted; `image` is the root of the new image.
///
/// # Errors
/// Why /etc cannot be merged.
pub(super) fn decide(
    system: &System,
    tools: &dyn Tools,
    image: &Path,
    nvr: &Nvr,
    on_conflict: OnConflict,
) -> Result<(Etc, Vec<Finding>), Vec<Finding>> {
    let old = mount_point(tools, "old");
    let (base, ancestor) = ancestor(&old);
    let trees = Trees { base, ours: system.path("/etc"), theirs: image.join("etc") };
    let prefer = if on_conflict == OnConflict::Theirs { Side::Theirs } else { Side::Ours };
    let choices = Choices { prefer, ancestor };
    let planned = etc::merge(&trees, choices).map_err(|error| {
        vec![
            Finding::new(&layout::ETC_MERGE, error.to_string())
                .help("nothing was changed; correct what is named, then run this again"),
        ]
    })?;
    let mut findings = Vec::new();
    about_ancestor(&planned, ancestor, &mut findings);
    about_conflicts(&planned, on_conflict, &mut findings);
    about_accounts(&planned, &mut findings);
    let program = |name: &str| {
        let paths = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].map(|directory| format!("{directory}/{name}"));
        paths.into_iter().find(|path| inside(image, path).is_file())
    };
    let mut generated: Vec<Vec<String>> = Vec::new();
    for command in planned.files.iter().filter_map(|file| file.command.as_deref()) {
        if let Some((name, arguments)) = command.split_first()
            && let Some(path) = program(name)
        {
            generated.push([&[path], arguments].concat());
        }
    }
    generated.sort();
    generated.dedup();
    let checks = checks(system, tools, &planned, &program, &mut findings);
    let merge = EtcMerge {
        to: mount_point(tools, "layer").join("etc"),
        trees,
        choices,
        kept: kept(system, nvr),
        stops: on_conflict == OnConflict::Stop,
        planned,
    };
    Ok((Etc { merge, generated, checks }, findings))
}

/// /etc of the old image. Its base has it, unless that is an installed system: `init` has frozen what the installer has set with it.
/// An image of oVirt Node has a copy that no installer changes.
fn ancestor(old: &Path) -> (PathBuf, Ancestor) {
    let factory = inside(old, FACTORY);
    if factory.join("passwd").is_file() {
        return (factory, Ancestor::Image);
    }
    let etc = inside(old, "/etc");
    let text =
        |file: &str| read_text(&inside(old, format!("/etc/{file}"))).ok().flatten().unwrap_or_default();
    let id = text("machine-id");
    let has_id = id.trim().len() == 32 && id.trim().bytes().all(|byte| byte.is_ascii_hexdigit());
    let mounts_root = crate::disks::Fstab::parse(&text("fstab")).at("/").is_some();
    let kind = if has_id || mounts_root { Ancestor::Installed } else { Ancestor::Image };
    (etc, kind)
}

fn about_ancestor(merge: &Merge, ancestor: Ancestor, findings: &mut Vec<Finding>) {
    if ancestor == Ancestor::Image {
        return;
    }
    let kept = merge.files.iter().filter(|file| file.outcome == Outcome::Ours).count();
    let message = format!(
        "the base of the running image is an installed system without {FACTORY}: the defaults of its image are not known, and {kept} \
         files of /etc stay as they are on this host"
    );
    findings.push(Finding::new(&layout::ETC_CARRIED, message).help(
        "compare them with the new image's after the update; later updates know the defaults of the image",
    ));
}

fn about_conflicts(merge: &Merge, on_conflict: OnConflict, findings: &mut Vec<Finding>) {
    let all: Vec<_> = merge.conflicts().collect();
    for file in all.iter().take(MOST_FINDINGS) {
        let why = file.reason.as_ref().map(Reason::to_string).unwrap_or_default();
        let path = file.path.display();
        let (severity, what) = match on_conflict {
            OnConflict::Ours => (Severity::Warning, "; the new layer has the version of this host"),
            OnConflict::Theirs => (Severity::Warning, "; the new layer has the version of the new image"),
            OnConflict::Stop => (Severity::Error, ""),
        };
        let help = match on_conflict {
            OnConflict::Stop => format!(
                "see both with --dry-run --diff --on-conflict=ours; --on-conflict=ours or theirs goes on, node-layout etc pin /etc/{path} \
                 keeps the version of this host"
            ),
            _ => format!("after the boot: node-layout etc diff /etc/{path}, then node-layout etc resolve"),
        };
        let message = format!("/etc/{path}: {why}{what}");
        findings.push(Finding::new(&layout::ETC_CONFLICT, message).severity(severity).help(help));
    }
    if all.len() > MOST_FINDINGS {
        let message = format!("{} more files of /etc are conflicts", all.len() - MOST_FINDINGS);
        let severity = if on_conflict == OnConflict::Stop { Severity::Error } else { Severity::Warning };
        findings.push(
            Finding::new(&layout::ETC_CONFLICT, message).severity(severity).help("--dry-run lists all files"),
        );
    }
}

fn about_accounts(merge: &Merge, findings: &mut Vec<Finding>) {
    for problem in &merge.problems {
        findings.push(
            Finding::new(&layout::ETC_ACCOUNTS, format!("in the new layer {problem}"))
                .help("change the account on this host, or build the image without it"),
        );
    }
    let moved = |kind: &str, ids: &std::collections::BTreeMap<u32, u32>| {
        ids.iter().map(|(from, to)| format!("{kind} {from} becomes {to}")).collect::<Vec<_>>()
    };
    let all = [moved("user", &merge.ids.users), moved("group", &merge.ids.groups)].concat();
    if !all.is_empty() {
        let message = format!(
            "numbers of the image's accounts that this host uses otherwise are changed in the new layer: {}",
            all.join(", ")
        );
        findings.push(
            Finding::new(&layout::ETC_ACCOUNTS, message)
                .severity(Severity::Info)
                .help("the owners of the image's files are changed with them; nothing in /var is"),
        );
    }
}

/// The checks whose programs the image has. One that fails on this host already says nothing about the merge: it is left out.
fn checks(
    system: &System,
    tools: &dyn Tools,
    merge: &Merge,
    program: &dyn Fn(&str) -> Option<String>,
    findings: &mut Vec<Finding>,
) -> Vec<Vec<String>> {
    let has = |path: &str| merge.has(Path::new(path));
    let mut wanted: Vec<(&'static str, Vec<String>)> = Vec::new();
    let mut want = |program, arguments: &[&str]| {
        wanted.push((program, arguments.iter().map(|argument| (*argument).to_owned()).collect()));
    };
    if has("sudoers") {
        want("visudo", &["-c"]);
    }
    if has("ssh/sshd_config")
        && merge.files.iter().any(|file| is_host_key(&file.path) && merge.has(&file.path))
    {
        want("sshd", &["-t"]);
    }
    for file in ["sysconfig/nftables.conf", "nftables.conf"].into_iter().filter(|file| has(file)) {
        want("nft", &["-c", "-f", &format!("/etc/{file}")]);
    }
    let units: Vec<String> = merge
        .files
        .iter()
        .filter(|file| file.outcome == Outcome::Merged && is_unit(&file.path))
        .map(|file| format!("/etc/{}", file.path.display()))
        .collect();
    if !units.is_empty() {
        let arguments: Vec<&str> =
            ["verify", "--man=no"].into_iter().chain(units.iter().map(String::as_str)).collect();
        want("systemd-analyze", &arguments);
    }
    let mut checks = Vec::new();
    for (name, arguments) in wanted {
        let Some(path) = program(name) else { continue };
        if system.running && tools.has(name) {
            let here = Command::new(name, arguments.clone());
            if let Err(error) = tools.run(&here) {
                findings.push(
                    Finding::new(&layout::ETC_CHECK, format!("a check fails on this host already: {error}"))
                        .severity(Severity::Warning)
                        .help("correct it; this update does not check it in the new layer"),
                );
                continue;
            }
        }
        checks.push([vec![path], arguments].concat());
    }
    checks
}

fn is_host_key(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.starts_with("ssh") && name.starts_with("ssh_host_") && name.ends_with("_key")
}

fn is_unit(path: &Path) -> bool {
    let kinds = ["service", "socket", "mount", "timer", "target", "path", "slice"];
    path.parent() == Some(Path::new("systemd/system"))
        && path.to_str().is_some()
        && path.extension().is_some_and(|kind| kinds.iter().any(|unit| kind == *unit))
}
