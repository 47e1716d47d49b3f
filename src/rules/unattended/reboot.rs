use crate::rules::{Context, Rule, mend};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings, Fix};
use node_base::source::Span;

declare_code! {
    /// The installer waits for a key at the end.
    ///
    /// ## Why
    /// Without `reboot`, `poweroff` or `shutdown` the text interface shows "Installation complete. Press ENTER to quit",
    /// and the graphical one its last screen: the host is installed but never boots. `halt` waits as well. The last of
    /// these commands counts.
    ///
    /// ## Write instead
    /// ```text
    /// reboot
    /// ```
    ///
    /// ## Source
    /// Anaconda, `pyanaconda/ui/tui/spokes/installation_progress.py` (rhel-7: `progress.py`) continues without a key only for
    /// `KS_REBOOT` and `KS_SHUTDOWN`; pykickstart, `reboot.py`: the default and `halt` are `KS_WAIT`.
    static CODE = "UNA008", "waits-at-the-end", Unattended, Warning;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some(installer) = context.installer() else { return };
    let kickstart = context.kickstart;
    // The name as written: the tables may list all four as one command.
    let word = |span: Span| context.sources.text_of(span);
    let last = kickstart
        .commands
        .iter()
        .rev()
        .find(|c| matches!(word(c.name_span), "reboot" | "poweroff" | "shutdown" | "halt"));
    match last {
        Some(command) if word(command.name_span) == "halt" => findings.push(
            Finding::new(&CODE, "'halt' waits for a key before it stops the host")
                .at(command.span)
                .help("write poweroff, or reboot")
                .fix(Fix::replace(command.name_span, "poweroff", "write poweroff", Applicability::Unsafe)),
        ),
        Some(_) => {}
        None if installer.has_unread_files || kickstart.commands.is_empty() => {}
        None => findings.push(
            Finding::new(&CODE, "the installer waits for a key at the end: no reboot, poweroff or shutdown")
                .help("add reboot")
                .fix(mend::add_lines(context, &["reboot".to_owned()], Applicability::Unsafe)),
        ),
    }
}
