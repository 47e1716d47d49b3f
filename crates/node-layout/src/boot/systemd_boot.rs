//! systemd-boot. Its default is the UEFI variable `LoaderEntryDefault`, else `default` of loader.conf.

use super::efi;
use super::loader::DIRECTORIES;
use super::loader::{BootDevices, BootLoader, Evidence, Found, Place, Trial, TrialFate, TrialStage};
use super::next_kernel::KeptArguments;
use super::text_file::{BootError, TextFile, read_text};
use crate::files::{Change, Method};
use crate::machine::inside;
use node_base::boot_entry::BootEntry;
use node_base::cmdline::Arguments;
use node_base::diagnostic::{Finding, layout};
use std::path::{Path, PathBuf};

/// systemd-boot's configuration in a system.
#[derive(Debug)]
struct SystemdBoot {
    conf: Option<TextFile>,
    /// The file and the text of the UEFI variable that overrides loader.conf, if it is set on the running machine.
    variable: Option<(PathBuf, String)>,
    /// The variables of a trial, on the running machine.
    trial: Option<TrialVariables>,
}

/// The UEFI variables of a trial: the file of each, and its text if it is set.
#[derive(Debug)]
struct TrialVariables {
    /// `LoaderEntryOneShot`, which systemd-boot deletes before it starts the entry.
    one_shot: (PathBuf, Option<String>),
    /// Our own, which stays.
    own: (PathBuf, Option<String>),
}

/// Finds systemd-boot in a system: it has started the running one, or its loader.conf exists.
pub(super) fn find(place: &Place<'_>) -> Result<Option<Found>, BootError> {
    let conf = DIRECTORIES
        .iter()
        .find_map(|d| {
            read_text(place.files, &inside(place.sysroot, Path::new(d).join("loader/loader.conf")))
                .transpose()
        })
        .transpose()?;
    let evidence = match place.environment {
        Some(environment) if efi::runs_systemd_boot(environment) => Evidence::Running,
        _ if conf.is_some() => Evidence::Installed,
        _ => return Ok(None),
    };
    let variable = place.environment.and_then(|environment| efi::loader_default(environment, place.files));
    let trial = place.environment.map(|environment| TrialVariables {
        one_shot: efi::one_shot(environment, place.files),
        own: efi::trial(environment, place.files),
    });
    Ok(Some(Found { evidence, loader: Box::new(SystemdBoot { conf, variable, trial }) }))
}

impl BootLoader for SystemdBoot {
    fn needs_fat(&self) -> bool {
        true
    }

    fn default_entry<'e>(&self, entries: &'e [BootEntry]) -> Option<&'e BootEntry> {
        let of_conf = || self.conf.as_ref().and_then(|c| default_of(&c.text));
        let pattern = self.variable.as_ref().map(|(_, id)| id.as_str()).or_else(of_conf);
        let matching = pattern.and_then(|pattern| {
            let pattern = pattern.strip_suffix(".conf").unwrap_or(pattern);
            entries.iter().find(|e| glob_match(pattern.as_bytes(), e.id.as_bytes()))
        });
        matching.or_else(|| entries.first())
    }

    fn variable(&self, _name: &str) -> Option<Arguments> {
        None
    }

    fn make_default(
        &self,
        root: &Path,
        id: &str,
        _turn: &dyn Fn(&Arguments) -> Option<Arguments>,
        trial: TrialFate<'_>,
    ) -> Result<Vec<Change>, BootError> {
        let name = format!("{id}.conf");
        let (path, text) = match &self.conf {
            Some(conf) => (conf.path.clone(), with_default(&conf.text, &name)),
            None => (root.join("loader/loader.conf"), format!("default {name}\n")),
        };
        let mut changes: Vec<Change> =
            Change::write(path, text.into_bytes(), Method::ReplaceForBoot).into_iter().collect();
        if let Some((path, _)) = self.variable.as_ref().filter(|(_, now)| *now != name) {
            changes.extend(Change::write(path.clone(), efi::bytes(&name), Method::Variable));
        }
        if let TrialFate::Ends = trial {
            changes.extend(self.disarm()?);
        }
        Ok(changes)
    }

    fn kept_arguments(&self) -> Option<KeptArguments> {
        None
    }

    fn ignores_default(&self) -> Option<Finding> {
        None
    }

    fn check_default(&self, entries: &[BootEntry], layer_entry: &str) -> Vec<Finding> {
        let Some((_, id)) = &self.variable else { return Vec::new() };
        let known = entries.iter().any(|e| e.id == id.strip_suffix(".conf").unwrap_or(id));
        // systemd-boot also accepts patterns, and names such as `@saved`.
        if known || id.contains(['*', '?', '@']) {
            return Vec::new();
        }
        let message = format!("the UEFI variable LoaderEntryDefault names {id}, which is not a boot entry");
        vec![
            Finding::new(&layout::BOOT_DEFAULT, message)
                .help(format!("bootctl set-default {layer_entry}.conf")),
        ]
    }

    fn set_default_command(&self, id: &str) -> String {
        format!("bootctl set-default {id}.conf")
    }

    fn trial(&self) -> Option<Trial> {
        let TrialVariables { one_shot: (_, one_shot), own: (_, own) } = self.trial.as_ref()?;
        let id = |text: &str| text.strip_suffix(".conf").unwrap_or(text).to_owned();
        let own = own.as_ref()?;
        let stage = match one_shot {
            None => TrialStage::Consumed,
            Some(entry) if entry == own => TrialStage::Armed,
            Some(entry) => TrialStage::Replaced(id(entry)),
        };
        Some(Trial { entry: id(own), stage })
    }

    /// Our own variable is written first: with it alone the default boots, and the trial counts as consumed.
    fn arm(&self, _entries: &[BootEntry], id: &str, _tries: u32) -> Result<Vec<Change>, BootError> {
        let Some(trial) = &self.trial else { return Ok(Vec::new()) };
        let name = efi::bytes(&format!("{id}.conf"));
        let paths = [&trial.own.0, &trial.one_shot.0];
        Ok(paths
            .into_iter()
            .filter_map(|p| Change::write(p.clone(), name.clone(), Method::Variable))
            .collect())
    }

    fn disarm(&self) -> Result<Vec<Change>, BootError> {
        let Some(trial) = &self.trial else { return Ok(Vec::new()) };
        let mut paths = Vec::new();
        // Somebody else's order stays.
        if self.trial().is_some_and(|t| t.stage == TrialStage::Armed) {
            paths.push(&trial.one_shot.0);
        }
        paths.extend(trial.own.1.as_ref().map(|_| &trial.own.0));
        Ok(paths.into_iter().filter_map(|p| Change::remove(p.clone(), Method::Variable)).collect())
    }

    /// It boots its default if an entry cannot be loaded.
    fn renew_fallback(&self, _entries: &[BootEntry]) -> Result<Vec<Change>, BootError> {
        Ok(Vec::new())
    }

    fn cannot_be_told(&self, devices: &BootDevices<'_>) -> Option<String> {
        if !devices.running || self.trial.is_none() {
            return Some(
                "systemd-boot is told by UEFI variables, which only the running system has".to_owned(),
            );
        }
        if !efi::runs_systemd_boot(devices.environment) {
            return Some("systemd-boot has not started this machine".to_owned());
        }
        efi::read_only(devices.environment)
    }

    fn mend(&self, _devices: &BootDevices<'_>) -> Option<Change> {
        None
    }

    fn cannot_retry(&self) -> Option<String> {
        Some("systemd-boot boots an entry once, and then its default".to_owned())
    }
}

/// The text of a loader.conf with another `default`.
fn with_default(text: &str, id: &str) -> String {
    let line = format!("default {id}");
    let mut lines: Vec<&str> = text.lines().collect();
    match lines.iter().position(|l| default_of(l).is_some()) {
        Some(at) => lines[at] = &line,
        None => lines.insert(0, &line),
    }
    lines.join("\n") + "\n"
}

/// The `default` of a loader.conf.
fn default_of(text: &str) -> Option<&str> {
    text.lines().find_map(|l| {
        let rest = l.trim_start().strip_prefix("default")?;
        rest.starts_with([' ', '\t']).then(|| rest.trim())
    })
}

/// Shell patterns as systemd-boot accepts them: `*` and `?`.
fn glob_match(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == b'?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((sp, st)) => {
                    p = sp + 1;
                    t = st + 1;
                    star = Some((sp, st + 1));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_a_shell() {
        assert!(glob_match(b"abc-*", b"abc-5.14"));
        assert!(glob_match(b"*", b""));
        assert!(glob_match(b"a?c*d", b"abcxxd"));
        assert!(!glob_match(b"a?c*d", b"abcxx"));
    }

    #[test]
    fn the_default_of_loader_conf_is_set_in_its_place() {
        assert_eq!(with_default("timeout 3\ndefault old-*\n", "new.conf"), "timeout 3\ndefault new.conf\n");
        assert_eq!(with_default("timeout 3\n", "n.conf"), "default n.conf\ntimeout 3\n");
    }

    #[test]
    fn a_variable_that_names_no_entry_is_found() {
        let entries = [BootEntry::parse("a", "linux /a\n")];
        let check = |id: &str| {
            let variable = Some((PathBuf::from("/variable"), id.to_owned()));
            SystemdBoot { conf: None, variable, trial: None }.check_default(&entries, "layer").len()
        };
        assert_eq!(["a.conf", "gone.conf", "gone-*", "@saved"].map(check), [0, 1, 0, 0]);
    }
}
