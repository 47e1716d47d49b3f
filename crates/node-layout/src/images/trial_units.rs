//! The units of a trial, as texts. They do something only in a boot that is a trial: the kernel's command line says so.
//!
//! An image whose packages bring them does not need them written; written ones override those.

use crate::boot::TRIAL_ARGUMENT;
use crate::machine::freeze;
use crate::system::UNIT_DIR;
use std::time::Duration;

/// How long a trial may take from the boot to its confirmation.
pub const CONFIRM_WITHIN: Duration = Duration::from_secs(600);

/// A file of a trial in a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrialFile {
    /// Its path in the layer.
    pub path: String,
    /// What it is.
    pub content: TrialContent,
}

/// What a file of a trial is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrialContent {
    /// A regular file with this text.
    Text(String),
    /// A symbolic link to this target.
    Link(String),
}

/// The units, and the links that start them. `program` is the path of `node-layout` in the layer.
///
/// What ends a trial that does not come up is the timer: neither an isolated target (`emergency.target`) nor a shutdown that hangs
/// stops it, and it reboots also if the reason cannot be recorded (facts of systemd 239 to 257: systemd.unit(5),
/// `IgnoreOnIsolate=`, `FailureAction=`).
pub fn trial_files(program: &str, within: Duration) -> Vec<TrialFile> {
    let mut files = Vec::new();
    for unit in units(program, within) {
        files.push(TrialFile {
            path: format!("{UNIT_DIR}/{}", unit.name),
            content: TrialContent::Text(unit.text),
        });
        if let Some(by) = unit.started_by {
            files.push(TrialFile {
                path: format!("{UNIT_DIR}/{by}/{}", unit.name),
                content: TrialContent::Link(format!("../{}", unit.name)),
            });
        }
    }
    files
}

/// A unit of a trial.
pub struct TrialUnit {
    /// Its name.
    pub name: &'static str,
    /// The directory whose links start it.
    pub started_by: Option<&'static str>,
    /// Its text.
    pub text: String,
}

/// The units.
pub fn units(program: &str, within: Duration) -> Vec<TrialUnit> {
    let seconds = within.as_secs();
    let only = format!("ConditionKernelCommandLine={TRIAL_ARGUMENT}\n");
    vec![
        TrialUnit {
            name: "node-layout-trial.timer",
            started_by: Some("sysinit.target.wants"),
            text: format!(
                "[Unit]\nDescription=End the trial of this image unless it is confirmed\n{only}DefaultDependencies=no\n\
                 IgnoreOnIsolate=yes\n\n[Timer]\nOnBootSec={seconds}\nAccuracySec=1\nUnit=node-layout-trial-timeout.service\n\n\
                 [Install]\nWantedBy=sysinit.target\n"
            ),
        },
        TrialUnit {
            name: "node-layout-trial-timeout.service",
            started_by: None,
            text: format!(
                "[Unit]\nDescription=Reboot: the trial of this image was not confirmed in time\n{only}DefaultDependencies=no\n\
                 IgnoreOnIsolate=yes\nFailureAction=reboot-force\n\n\
                 # It fails after it has recorded the reason, too. It succeeds only if the image is confirmed.\n\
                 [Service]\nType=oneshot\nTimeoutStartSec=90\nExecStart={program} fail --reason timeout --lock-wait 20\n"
            ),
        },
        TrialUnit {
            name: "node-layout-started.service",
            started_by: Some("sysinit.target.wants"),
            text: format!(
                "[Unit]\nDescription=Record that the trial of this image has started\n{only}DefaultDependencies=no\n\
                 IgnoreOnIsolate=yes\nAfter=systemd-remount-fs.service\n\n\
                 [Service]\nType=oneshot\nRemainAfterExit=yes\nTimeoutStartSec=120\nExecStart={program} started\n\n\
                 [Install]\nWantedBy=sysinit.target\n"
            ),
        },
        TrialUnit {
            name: "node-layout-health.service",
            started_by: Some("boot-complete.target.requires"),
            text: format!(
                "[Unit]\nDescription=Check the health of the image on trial\n{only}DefaultDependencies=no\n\
                 After=sysinit.target multi-user.target\nBefore=boot-complete.target shutdown.target\nConflicts=shutdown.target\n\
                 FailureAction=reboot\n\n\
                 [Service]\nType=oneshot\nRemainAfterExit=yes\nTimeoutStartSec=infinity\nExecStart={program} health\n\n\
                 [Install]\nRequiredBy=boot-complete.target\n"
            ),
        },
        TrialUnit {
            name: "node-layout-confirm.service",
            started_by: Some("multi-user.target.wants"),
            text: format!(
                "[Unit]\nDescription=Make the image on trial the default\n{only}DefaultDependencies=no\n\
                 Requires=boot-complete.target\nAfter=boot-complete.target\nBefore=shutdown.target\nConflicts=shutdown.target\n\
                 RequiresMountsFor=/boot\n\n\
                 [Service]\nType=oneshot\nRemainAfterExit=yes\nKillMode=process\nTimeoutStartSec=infinity\n\
                 ExecStart={program} confirm\nExecStartPost=-/usr/bin/systemctl --no-block stop node-layout-trial.timer\n\
                 ExecStopPost={program} {}\n\n\
                 [Install]\nWantedBy=multi-user.target\n",
                freeze::THAW_VERB
            ),
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_does_something_only_in_a_trial_and_what_it_names_exists() {
        let files = trial_files("/usr/bin/node-layout", CONFIRM_WITHIN);
        let names: Vec<&str> = files.iter().map(|f| f.path.rsplit('/').next().unwrap()).collect();
        for file in &files {
            match &file.content {
                TrialContent::Text(text) => {
                    assert!(
                        text.contains("\nConditionKernelCommandLine=node_layout.trial\n"),
                        "{}",
                        file.path
                    );
                    for unit in text.lines().filter_map(|l| l.strip_prefix("Unit=")) {
                        assert!(names.contains(&unit), "{unit}");
                    }
                    // Otherwise the link of the target below does not order it the way that [Install] says.
                    if let Some(by) = text.lines().find_map(|l| l.strip_prefix("WantedBy=")) {
                        let name = file.path.rsplit('/').next().unwrap();
                        assert!(
                            files.iter().any(|f| f.path.ends_with(&format!("{by}.wants/{name}"))),
                            "{name}"
                        );
                    }
                }
                TrialContent::Link(to) => {
                    let unit = to.strip_prefix("../").unwrap();
                    assert!(files.iter().any(|f| f.path == format!("{UNIT_DIR}/{unit}")), "{to}");
                }
            }
        }
        let timer = files.iter().find(|f| f.path.ends_with(".timer")).unwrap();
        assert!(matches!(&timer.content, TrialContent::Text(t) if t.contains("\nOnBootSec=600\n")));
    }
}
