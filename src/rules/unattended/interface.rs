use crate::rules::{Context, Interface, Rule, mend};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings, Fix, Severity};

declare_code! {
    /// The graphical interface waits for a language, a keyboard or a time zone that the kickstart does not set.
    ///
    /// ## Why
    /// For the graphical interface a kickstart must have `lang`, `keyboard` and `timezone`: without them the welcome
    /// screen or the summary waits. The text interface has defaults for all three. Without `text` or `cmdline` Anaconda
    /// starts the graphical interface wherever it can, so a missing command is reported as info even then.
    ///
    /// ## Example
    /// ```text
    /// graphical
    /// rootpw --lock
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// text
    /// lang en_US.UTF-8
    /// keyboard us
    /// timezone Etc/UTC --utc
    /// ```
    ///
    /// ## Source
    /// Anaconda, rhel-7 to main: `completed` in `pyanaconda/ui/gui/spokes/welcome.py`, `keyboard.py` and
    /// `datetime_spoke.py`; `pyanaconda/ui/tui/spokes/language_support.py` (rhel-7: `langsupport.py`) and `time_spoke.py`
    /// do not wait.
    static INSISTS = "UNA003", "interface-insists", Unattended, Error;

    /// The installation runs in the graphical interface.
    ///
    /// ## Why
    /// A complete kickstart installs there as well, but the interface needs more memory, `vnc --host` waits up to 150
    /// seconds for a viewer, and anything that is missing waits for somebody with a mouse.
    ///
    /// ## Write instead
    /// ```text
    /// text
    /// ```
    ///
    /// ## Source
    /// Anaconda, `setup_display` in `pyanaconda/display.py` (VNC and RDP switch to the graphical interface), `connectToView`
    /// in `pyanaconda/vnc.py` (rhel-7 to rhel-9).
    static NEEDS_A_SCREEN = "UNA013", "graphical-installation", Unattended, Info;
}

pub(super) static RULE: Rule = Rule { codes: &[&INSISTS, &NEEDS_A_SCREEN], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some(installer) = context.installer() else { return };
    let kickstart = context.kickstart;
    for name in ["graphical", "vnc", "rdp"] {
        let Some(command) = kickstart.last(name) else { continue };
        let waits = name == "vnc" && command.has("--host");
        let message = if waits {
            "the installer tries for up to 150 seconds to reach the viewer".to_owned()
        } else {
            format!(
                "'{name}' installs in the graphical interface, which an unattended installation does not need"
            )
        };
        let finding = Finding::new(&NEEDS_A_SCREEN, message)
            .at(command.span)
            .help("write text")
            .fix(Fix::replace(command.span, "text", "write text", Applicability::Unsafe));
        findings.push(if waits { finding.severity(Severity::Warning) } else { finding });
    }
    if installer.has_unread_files || kickstart.commands.is_empty() || installer.interface == Interface::Text {
        return;
    }
    let missing: Vec<&str> = ["lang", "keyboard", "timezone"]
        .into_iter()
        .filter(|name| kickstart.written(name).next().is_none())
        .collect();
    if missing.is_empty() {
        return;
    }
    let list = missing.join(", ");
    findings.push(match installer.interface {
        Interface::Graphical => Finding::new(&INSISTS, format!("the graphical interface waits for {list}"))
            .help(format!("add {list}, or write text")),
        _ => Finding::new(
            &INSISTS,
            format!("without {list} the graphical interface, which the installer starts by default, waits"),
        )
        .severity(Severity::Info)
        .help(format!("add text, or {list}"))
        .fix(mend::add_lines(context, &["text".to_owned()], Applicability::Unsafe)),
    });
}
