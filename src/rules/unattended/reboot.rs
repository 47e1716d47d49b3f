use super::super::Context;
use super::Setting;
use node_base::declare_code;
use node_base::diagnostic::{Finding, Findings};
use node_base::source::Span;

declare_code! {
    /// At the end the installer waits for a key.
    ///
    /// ## Why
    /// Without `reboot`, `poweroff` or `shutdown` the text interface shows "Installation complete. Press ENTER to quit",
    /// and the graphical one its last screen: the host is installed but never starts. `halt` waits as well. The last
    /// of these commands counts.
    ///
    /// ## Write instead
    /// ```text
    /// reboot
    /// ```
    ///
    /// ## Source
    /// Anaconda, `pyanaconda/ui/tui/spokes/installation_progress.py` (rhel-7: `progress.py`) goes on by itself only for
    /// `KS_REBOOT` and `KS_SHUTDOWN`; pykickstart, `reboot.py`: the default and `halt` are `KS_WAIT`.
    pub(super) static CODE = "UNA008", "waits-at-the-end", Unattended, Warning;
}

pub(super) fn look(context: &Context<'_>, setting: &Setting, findings: &mut Findings) {
    let kickstart = context.kickstart;
    // As it is written: the tables may know all four as one command.
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
                .help("write poweroff, or reboot"),
        ),
        Some(_) => {}
        None if setting.includes_unknown || kickstart.commands.is_empty() => {}
        None => findings.push(
            Finding::new(
                &CODE,
                "the installer waits for a key at the end: there is no reboot, poweroff or shutdown",
            )
            .help("add reboot"),
        ),
    }
}
