//! Kernel arguments of a trial: they turn what would be a hang into a reboot, and tell the layer that it is on trial.

use node_base::cmdline::Arguments;
use node_base::names::Nvr;

/// Says that this boot is the trial of an image; the units of the trial look for it. It is the first argument of the trial: what
/// the administrator has written comes before it.
pub(crate) const TRIAL_ARGUMENT: &str = "node_layout.trial";

/// For each stage of a boot what makes it a reboot. For the kernel, dracut and systemd the last argument of a name overrides the
/// others.
const WORDS: [&str; 7] = [
    // Kernel: admin-guide/kernel-parameters.
    "panic=30",
    "oops=panic",
    "softlockup_panic=1",
    "hung_task_panic=1",
    // dracut.cmdline(7): an initramfs that does not find root reboots, and has no shell to wait in.
    "rd.shell=0",
    "rd.emergency=reboot",
    // systemd(1): a manager that crashes reboots.
    "systemd.crash_reboot=1",
];

/// The settings of the running kernel that the arguments have changed and that must not outlive the trial, with the kernel's
/// own values: on a confirmed host a task that waits for its storage must not end all virtual machines. (`oops=panic` is what the
/// kernels of Red Hat's family do anyway.)
const SETTINGS: [(&str, &str, &str); 3] = [
    ("panic", "kernel.panic", "0"),
    ("softlockup_panic", "kernel.softlockup_panic", "0"),
    ("hung_task_panic", "kernel.hung_task_panic", "0"),
];

/// systemd(1), from release 249 on: the manager feeds a hardware watchdog, which resets the machine if it stops. In seconds.
const WATCHDOG: &str = "systemd.watchdog_sec=60";

/// The kernel arguments of the trial of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TrialArguments {
    /// The image.
    pub(crate) nvr: Nvr,
    /// Whether the machine has a hardware watchdog.
    pub(crate) watchdog: bool,
}

impl TrialArguments {
    /// An entry's arguments with those of the trial after them.
    pub(crate) fn added(&self, arguments: &Arguments) -> Arguments {
        let plain = TrialArguments::removed(arguments);
        let mut words: Vec<String> = plain.words().map(str::to_owned).collect();
        words.push(format!("{TRIAL_ARGUMENT}={}", self.nvr));
        words.extend(WORDS.map(str::to_owned));
        words.extend(self.watchdog.then(|| WATCHDOG.to_owned()));
        Arguments::parse(&words.join(" "))
    }

    /// What the kernel's settings would be without the trial, as assignments for sysctl(8). `arguments` are those of a boot that
    /// is a trial.
    pub(crate) fn settings_without(arguments: &Arguments) -> Vec<String> {
        let plain = TrialArguments::removed(arguments);
        let value = |argument, default| plain.value(argument).unwrap_or(default).to_owned();
        SETTINGS
            .iter()
            .map(|(argument, name, default)| format!("{name}={}", value(argument, default)))
            .collect()
    }

    /// The arguments without those of a trial. Others that were added after them stay.
    pub(crate) fn removed(arguments: &Arguments) -> Arguments {
        let is_mark = |word: &str| word.strip_prefix(TRIAL_ARGUMENT).is_some_and(|r| r.starts_with('='));
        let mut in_trial = false;
        let keep = |word: &&str| {
            in_trial |= is_mark(word);
            !(in_trial && (is_mark(word) || WORDS.contains(word) || *word == WATCHDOG))
        };
        Arguments::parse(&arguments.words().filter(keep).collect::<Vec<_>>().join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_administrator_has_written_is_there_after_the_trial() {
        let before = Arguments::parse("root=/dev/onn/a ro panic=30 rd.shell=0 console=\"ttyS0, 9600\" quiet");
        let trial = TrialArguments { nvr: Nvr::parse("n-1-2").unwrap(), watchdog: true };
        let during = trial.added(&before);
        assert!(during.to_string().starts_with(&format!("{before} node_layout.trial=n-1-2 panic=30 ")));
        assert_eq!(during.value("systemd.watchdog_sec"), Some("60"));
        assert_eq!(trial.added(&during), during, "a second time changes nothing");
        assert_eq!(TrialArguments::removed(&during), before);
        let settings = ["kernel.panic=30", "kernel.softlockup_panic=0", "kernel.hung_task_panic=0"];
        assert_eq!(
            TrialArguments::settings_without(&during),
            settings,
            "panic=30 is the administrator's own"
        );
        let more = Arguments::parse(&format!("{during} debug panic=5"));
        assert_eq!(TrialArguments::removed(&more).to_string(), format!("{before} debug panic=5"));
    }
}
