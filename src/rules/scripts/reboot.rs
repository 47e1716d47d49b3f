use crate::rules::shell::place_of;
use crate::rules::{Context, Rule};
use kickstart::SectionKind;
use kickstart::shell::Statement;
use node_base::declare_code;
use node_base::diagnostic::{Finding, Findings};

declare_code! {
    /// A script restarts the machine in the middle of the installation.
    ///
    /// ## Why
    /// After `%post` the installer copies its logs, runs the `%post` sections that follow, and writes what it has in memory. Inside
    /// the installed system systemd ignores the request; with `--nochroot`, and in `%pre`, the machine restarts at once, and what
    /// is not on the disk yet is lost.
    ///
    /// ## Example
    /// ```text
    /// %post --nochroot
    /// cp -a /tmp/node.log /mnt/sysroot/root/
    /// reboot
    /// %end
    /// ```
    ///
    /// ## Write instead
    /// The command `reboot` (or `poweroff`, `halt`) outside of all sections: the installer does it when it is ready.
    ///
    /// ## Source
    /// Anaconda, `installation.py` (`run_installation`); systemctl(1), "Running in chroot, ignoring request".
    static CODE = "UNA045", "restart-in-script", Unattended, Warning;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    let kinds = &[SectionKind::Pre, SectionKind::PreInstall, SectionKind::Post];
    for section in context.shell_sections(kinds) {
        let text = context.sources.text_of(section.body);
        if !["reboot", "poweroff", "halt", "shutdown", "init", "kexec"].iter().any(|word| text.contains(word))
        {
            continue;
        }
        let script = context.script(section);
        // Behind a condition it is a way out that somebody has chosen.
        let restarts = |s: &&Statement| !s.nested && !s.condition && restarts(s);
        let Some(statement) = script.statements.iter().find(restarts) else { continue };
        let is_chroot = section.kind == SectionKind::Post && !section.has("--nochroot");
        let effect = if is_chroot {
            "inside the installed system systemd ignores it"
        } else {
            "it ends the installer before its work is done"
        };
        let name = statement.program();
        let command = match statement.arguments().next() {
            Some("poweroff") => "poweroff",
            _ if matches!(name, "poweroff" | "halt") => name,
            _ => "reboot",
        };
        findings.push(
            Finding::new(&CODE, format!("'{name}' in a script: {effect}"))
                .at(place_of(section, statement))
                .related(section.header_span, "the script")
                .help(format!(
                    "write the command {command} outside of the sections: the installer does it at the end"
                )),
        );
    }
}

/// Whether a command restarts or stops the machine.
fn restarts(statement: &Statement) -> bool {
    let first = statement.arguments().find(|word| !word.starts_with('-'));
    match statement.program() {
        "reboot" | "poweroff" | "halt" => true,
        "shutdown" => !statement.arguments().any(|word| word == "-c"),
        "init" | "telinit" => matches!(first, Some("0" | "6")),
        "systemctl" => matches!(first, Some("reboot" | "poweroff" | "halt" | "kexec")),
        "kexec" => statement.arguments().any(|word| matches!(word, "-e" | "--exec")),
        _ => false,
    }
}
