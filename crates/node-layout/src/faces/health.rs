//! `nodectl check` and `imgbase check`: what `verify` finds, under the names of the originals' checks.
//!
//! An error is `bad` and a warning `warn`, as `verify` says. A finding that none of their checks is about fails its group if it is an
//! error; so does a failed trial, which nobody sees otherwise: the host is up.

use crate::checks::has_errors;
use crate::disks::{TAG_POOL, TAG_VG};
use crate::images::{InitStage, node_state};
use crate::machine::{Command, Tools};
use crate::system::System;
use crate::verbs::node::Node;
use crate::verbs::verify::{Depth, verify};
use node_base::diagnostic::{Code, Finding, Findings, Severity, layout};
use node_base::policy::Policy;
use serde_json::{Map, Value, json};

/// The originals' groups with their checks, in their order.
const GROUPS: [(&str, &[&str]); 4] = [
    ("Bootloader", &["Layer boot entries", "Valid boot entries"]),
    ("Mount points", &["Separate /var", "Discard is used"]),
    ("Basic storage", &["Initialized VG", "Initialized Thin Pool", "Initialized LVs"]),
    ("Thin storage", &["Checking available space in thinpool", "Checking thinpool auto-extend"]),
];
const BOOT: usize = 0;
const MOUNTS: usize = 1;
const STORAGE: usize = 2;
const THIN: usize = 3;

/// The unit of VDSM, which the originals check, too.
const VDSM: &str = "vdsmd";
/// What systemd writes when it has started a unit (`sd-messages.h`, `SD_MESSAGE_UNIT_STARTED`).
const UNIT_STARTED: &str = "39f53479d3a045ac8e11786248231fbf";

/// Why a check fails that cannot be made.
const NOT_CHECKED: &str = "not checked: this system is not an initialised node";

/// The whole in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Overall {
    /// Everything is in order.
    Ok,
    /// Something should be looked at; the layout is in order.
    Warn,
    /// `verify` finds errors.
    Bad,
}

impl Overall {
    /// The word in JSON.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Overall::Ok => "ok",
            Overall::Warn => "warn",
            Overall::Bad => "bad",
        }
    }

    /// The word for people.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Overall::Ok => "OK",
            Overall::Warn => "WARN",
            Overall::Bad => "FAILED",
        }
    }
}

/// One check.
#[derive(Debug)]
struct Check {
    name: &'static str,
    /// Why it failed; empty if it did not.
    reasons: Vec<String>,
}

/// The checks about one subject.
#[derive(Debug)]
struct Group {
    name: &'static str,
    checks: Vec<Check>,
    /// What is wrong besides.
    reasons: Vec<String>,
}

/// The outcome of all checks.
#[derive(Debug)]
pub(crate) struct Health {
    groups: Vec<Group>,
    vdsm_works: bool,
    overall: Overall,
    /// Whether the system is an initialised node, so that everything could be checked.
    pub(crate) is_node: bool,
}

impl Health {
    /// Checks the layout. VDSM counts as working; see [`Health::with_vdsm`].
    pub(crate) fn of(system: &System, policy: &Policy, tools: &dyn Tools) -> Health {
        let mut findings = verify(system, policy, tools, Depth::Properties);
        if let Err(why) = Node::of(system) {
            let is_new = |f: &Finding| findings.iter().all(|other| other.message != f.message);
            let new: Vec<Finding> = why.into_iter().filter(is_new).collect();
            findings.splice(0..0, new);
        }
        let state = system.lvm.as_ref().ok().and_then(|lvm| node_state(system, lvm, &mut Findings::new()));
        let is_node = state.is_some_and(|state| state.stage == InitStage::Complete);
        let check = |name: &&'static str| Check { name, reasons: Vec::new() };
        let mut groups: Vec<Group> = GROUPS
            .iter()
            .map(|(name, checks)| Group {
                name,
                checks: checks.iter().map(check).collect(),
                reasons: Vec::new(),
            })
            .collect();
        for finding in &findings {
            let (group, check) = place(finding);
            let counts = match check {
                Some(_) => finding.severity >= Severity::Warning,
                None => finding.severity == Severity::Error || *finding.code == layout::IMAGE_FAILED,
            };
            if counts {
                let group = &mut groups[group];
                let reasons = check.map_or(&mut group.reasons, |check| &mut group.checks[check].reasons);
                reasons.push(finding.message.clone());
            }
        }
        if !is_node {
            // `verify` ends early.
            let var = &mut groups[MOUNTS].checks[0];
            if var.reasons.is_empty() && system.mount("/var").is_none() {
                var.reasons.push("/var is not a volume of its own".to_owned());
            }
            let others = groups.iter_mut().flat_map(|g| &mut g.checks).filter(|c| c.name != "Separate /var");
            others.filter(|c| c.reasons.is_empty()).for_each(|c| c.reasons.push(NOT_CHECKED.to_owned()));
        }
        let overall = if has_errors(&findings) || !is_node {
            Overall::Bad
        } else if groups.iter().any(Group::has_failed) {
            Overall::Warn
        } else {
            Overall::Ok
        };
        Health { groups, vdsm_works: true, overall, is_node }
    }

    /// Also asks whether VDSM works. A VDSM that was never started works: it is configured when the host is added to an engine.
    pub(crate) fn with_vdsm(mut self, tools: &dyn Tools) -> Health {
        let unit = format!("{VDSM}.service");
        let is_active = Command::new("systemctl", ["is-active", "--quiet", "--", &unit]);
        let started = [
            "--quiet".to_owned(),
            "--lines=1".to_owned(),
            "--output=cat".to_owned(),
            format!("MESSAGE_ID={UNIT_STARTED}"),
            format!("UNIT={unit}"),
        ];
        let was_started =
            || tools.run(&Command::new("journalctl", started)).is_ok_and(|o| !o.stdout.trim().is_empty());
        self.vdsm_works = tools.run(&is_active).is_ok() || !was_started();
        if !self.vdsm_works && self.overall == Overall::Ok {
            self.overall = Overall::Warn;
        }
        self
    }

    /// The whole in one word.
    pub(crate) fn overall(&self) -> Overall {
        self.overall
    }

    /// Exit status for people and scripts: 1 when something is wrong with the layout.
    pub(crate) fn exit_status(&self) -> u8 {
        u8::from(self.overall == Overall::Bad)
    }

    /// What is wrong with the layout, a line each.
    pub(crate) fn reasons(&self) -> Vec<&str> {
        let all = self.groups.iter().flat_map(|g| g.checks.iter().flat_map(|c| &c.reasons).chain(&g.reasons));
        all.map(String::as_str).filter(|reason| *reason != NOT_CHECKED).collect()
    }

    /// The answer of `nodectl --machine-readable check`.
    pub(crate) fn json(&self) -> Value {
        let mut answer = Map::new();
        answer.insert("status".to_owned(), json!(self.overall.word()));
        for group in &self.groups {
            let mut members = Map::new();
            members.insert("status".to_owned(), json!(status(&group.summary())));
            for check in &group.checks {
                members.insert(key(check.name), json!({"status": status(&check.reasons)}));
            }
            answer.insert(key(group.name), Value::Object(members));
        }
        let vdsm = if self.vdsm_works { "ok" } else { "bad" };
        answer.insert(VDSM.to_owned(), json!({"status": vdsm}));
        Value::Object(answer)
    }

    /// The answer for people; with the line about VDSM only for `nodectl`.
    pub(crate) fn text(&self, with_vdsm: bool) -> String {
        let mut text = format!("Status: {}\n", self.overall.label());
        for group in &self.groups {
            text += &format!("{} ... {}\n", group.name, label(&group.summary()));
            for check in &group.checks {
                text += &format!("  {} ... {}\n", check.name, label(&check.reasons));
            }
        }
        if with_vdsm {
            text += &format!("{VDSM} ... {}\n", if self.vdsm_works { "OK" } else { "BAD" });
        }
        text
    }
}

impl Group {
    fn has_failed(&self) -> bool {
        !self.reasons.is_empty() || self.checks.iter().any(|c| !c.reasons.is_empty())
    }

    /// Why the group failed: what none of its checks says, else where to read on.
    fn summary(&self) -> Vec<String> {
        match (self.reasons.as_slice(), self.has_failed()) {
            ([], true) => vec!["see its checks; node-layout verify says what to do".to_owned()],
            (reasons, _) => reasons.to_vec(),
        }
    }
}

fn status(reasons: &[String]) -> String {
    if reasons.is_empty() { "ok".to_owned() } else { format!("failed - {}", reasons.join("; ")) }
}

fn label(reasons: &[String]) -> String {
    if reasons.is_empty() { "OK".to_owned() } else { format!("FAILED - {}", reasons.join("; ")) }
}

/// The member of JSON for a name.
fn key(name: &str) -> String {
    let letters = name.to_lowercase();
    letters.chars().filter(|c| *c != '/').map(|c| if c.is_whitespace() { '_' } else { c }).collect()
}

/// The group of a finding, and its check if one of the originals' is about it.
fn place(finding: &Finding) -> (usize, Option<usize>) {
    let is = |codes: &[&Code]| codes.contains(&finding.code);
    let says = |what: &str| finding.message.contains(what);
    if is(&[&layout::BOOT_ENTRY, &layout::ENTRY_ROOT]) {
        (BOOT, Some(0))
    } else if is(&[
        &layout::BOOT,
        &layout::BOOT_CONFIG,
        &layout::BOOT_DEFAULT,
        &layout::BOOT_KEPT,
        &layout::BOOT_FIRMWARE,
    ]) {
        (BOOT, Some(1))
    } else if is(&[
        &layout::BOOT_SPACE,
        &layout::BOOT_COPY,
        &layout::BOOT_ONCE,
        &layout::BOOT_STALE,
        &layout::KERNEL_SHARED,
        &layout::IMAGE_FAILED,
        &layout::IMAGE_INCOMPLETE,
        &layout::ON_TRIAL,
        &layout::OTHER_IMAGE,
    ]) {
        (BOOT, None)
    } else if is(&[&layout::VOLUME]) && finding.message.starts_with("/var is not") {
        (MOUNTS, Some(0))
    } else if is(&[&layout::DISCARD]) {
        (MOUNTS, Some(1))
    } else if is(&[
        &layout::VOLUME,
        &layout::VOLUME_RECOMMENDED,
        &layout::VOLUME_SEPARATE,
        &layout::FSTAB_ROOT,
    ]) {
        (MOUNTS, None)
    } else if is(&[&layout::LVM_UNREADABLE, &layout::DEVICES]) || is(&[&layout::TAGS_MISSING]) && says(TAG_VG)
    {
        (STORAGE, Some(0))
    } else if is(&[&layout::ROOT_NOT_THIN]) || is(&[&layout::TAGS_MISSING]) && says(TAG_POOL) {
        (STORAGE, Some(1))
    } else if is(&[
        &layout::TAGS_MISSING,
        &layout::TAGS_FOREIGN,
        &layout::NAME_TAKEN,
        &layout::BASE,
        &layout::LAYER,
        &layout::NOT_INITIALISED,
        &layout::UNFINISHED,
        &layout::VOLUME_HEALTH,
    ]) {
        (STORAGE, Some(2))
    } else if is(&[&layout::POOL_FULL, &layout::POOL_METADATA]) {
        (THIN, Some(0))
    } else if is(&[&layout::POOL_AUTOEXTEND, &layout::POOL_MONITOR]) {
        (THIN, Some(1))
    } else {
        (STORAGE, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_the_members_that_cockpit_reads() {
        let keys: Vec<String> = GROUPS
            .iter()
            .flat_map(|(g, checks)| [*g].into_iter().chain(checks.iter().copied()))
            .map(key)
            .collect();
        assert_eq!(
            keys,
            [
                "bootloader",
                "layer_boot_entries",
                "valid_boot_entries",
                "mount_points",
                "separate_var",
                "discard_is_used",
                "basic_storage",
                "initialized_vg",
                "initialized_thin_pool",
                "initialized_lvs",
                "thin_storage",
                "checking_available_space_in_thinpool",
                "checking_thinpool_auto-extend",
            ]
        );
    }

    #[test]
    fn every_place_is_a_check_that_exists() {
        for code in layout::CODES {
            let (group, check) = place(&Finding::new(code, "/var is not a volume of its own"));
            assert!(check.is_none_or(|check| check < GROUPS[group].1.len()), "{}", code.id);
        }
    }
}
