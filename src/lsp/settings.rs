//! What a document is checked against: what the client says, then the nearest `.ks-lint.toml` of the document.

use super::scripts::Memory;
use crate::lint::baseline::Baseline;
use crate::lint::include::Follow;
use crate::lint::settings::{Given, Settings, SettingsSource};
use crate::lint::shellcheck::{self, ShellCheck};
use anaconda_plan::machine::{DiskSpec, Firmware, Machine, check_names};
use node_base::source::STDIN;
use node_base::units::Bytes;
use serde_json::Value;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Keys of the client's settings, alone or below `ks-lint`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct ClientSettings {
    syntax: Option<String>,
    policy: Option<String>,
    disks: Vec<String>,
    firmware: Option<String>,
    shellcheck: Option<String>,
}

/// What one document is checked against.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    pub(super) settings: Settings,
    /// Known findings, which are not reported.
    pub(super) baseline: Option<Arc<Baseline>>,
}

/// Finds the settings of documents.
#[derive(Debug, Default)]
pub(super) struct SettingsOfClient {
    source: Option<SettingsSource>,
    /// The last settings of each directory that could be used: a configuration is broken while it is edited.
    last_good: HashMap<PathBuf, Arc<Known>>,
}

impl SettingsOfClient {
    /// Takes settings from the client. What cannot be used is returned in words, and the rest is used. Scripts are asked about in
    /// the memory of shellcheck's answers.
    pub(super) fn set(&mut self, value: &Value, memory: &Arc<Memory>) -> Vec<String> {
        let value = value.get("ks-lint").or_else(|| value.get("ksLint")).unwrap_or(value);
        let mut problems = Vec::new();
        let client: ClientSettings = if value.is_object() {
            serde_json::from_value(value.clone()).unwrap_or_else(|error| {
                problems.push(format!("the settings of ks-lint cannot be used: {error}"));
                ClientSettings::default()
            })
        } else {
            ClientSettings::default()
        };
        let machine = machine(&client, &mut problems);
        let shellcheck = ask_shellcheck(client.shellcheck.as_deref(), memory, &mut problems);
        let given = |syntax, policy| Given {
            syntax,
            policy,
            machine: machine.clone(),
            shellcheck: shellcheck.clone(),
            ..Given::default()
        };
        let source =
            SettingsSource::new(given(client.syntax.clone(), client.policy.clone())).or_else(|error| {
                problems.push(format!("the settings of ks-lint cannot be used: {error}"));
                SettingsSource::new(given(None, None))
            });
        self.source = source.ok();
        self.last_good.clear();
        problems
    }

    /// Forgets the configuration files that were read.
    pub(super) fn read_again(&mut self) {
        self.source = self.source.take().map(SettingsSource::read_again);
    }

    /// The settings for a document, and what is wrong with its configuration. A document without a path includes nothing.
    pub(super) fn of(&mut self, path: Option<&Path>) -> (Arc<Known>, Option<String>) {
        let Some(source) = &self.source else { return (Arc::default(), None) };
        let place = path.unwrap_or(Path::new(STDIN));
        let directory = place.parent().unwrap_or(Path::new("")).to_owned();
        match source.of(place) {
            Ok(found) => {
                let mut settings = found.settings.clone();
                if path.is_none() {
                    settings.includes = Follow::Nothing;
                }
                let known = Arc::new(Known { settings, baseline: found.baseline.clone() });
                self.last_good.insert(directory, known.clone());
                (known, None)
            }
            Err(error) => {
                let last = self.last_good.get(&directory).cloned().unwrap_or_default();
                (last, Some(error.to_string()))
            }
        }
    }
}

/// How shellcheck is asked about scripts, as `--shellcheck` says it.
fn ask_shellcheck(
    when: Option<&str>,
    memory: &Arc<Memory>,
    problems: &mut Vec<String>,
) -> Option<ShellCheck> {
    let is_installed = shellcheck::is_installed();
    match when.unwrap_or("auto") {
        "never" => return None,
        "auto" => return is_installed.then(|| memory.shellcheck(false)),
        "always" if is_installed => return Some(memory.shellcheck(true)),
        "always" => problems.push("the setting shellcheck: the program is not installed".to_owned()),
        other => {
            problems.push(format!("the setting shellcheck is '{other}'; write auto, never or always"));
        }
    }
    None
}

/// The machine of `disks` (`"sda=100GiB"`); nothing without one.
fn machine(client: &ClientSettings, problems: &mut Vec<String>) -> Option<Arc<Machine>> {
    let mut disks = Vec::new();
    for disk in &client.disks {
        match disk.parse::<DiskSpec>() {
            Ok(disk) => disks.push(disk),
            Err(error) => problems.push(format!("the setting disks: {error}")),
        }
    }
    if let Err(error) = check_names(&disks) {
        problems.push(format!("the setting disks: {error}"));
        return None;
    }
    let firmware = match client.firmware.as_deref() {
        Some("bios") => Firmware::Bios,
        _ => Firmware::Uefi,
    };
    (!disks.is_empty()).then(|| Arc::new(Machine { disks, firmware, memory: Bytes(16 << 30) }))
}
