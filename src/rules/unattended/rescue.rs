use crate::rules::{Context, Rule, mend};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings};

declare_code! {
    /// The kickstart starts the rescue environment or shows every screen.
    ///
    /// ## Why
    /// `rescue` installs nothing and ends in a shell. `autostep` and `interactive` of early releases show every screen.
    ///
    /// ## Source
    /// Anaconda, `pyanaconda/rescue.py`; pykickstart, `rescue.py`, `autostep.py`, `interactive.py`.
    static CODE = "UNA014", "starts-a-session", Unattended, Error;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    if context.installer().is_none() {
        return;
    }
    for (name, what) in [
        ("rescue", "'rescue' starts the rescue environment: nothing is installed"),
        ("interactive", "'interactive' shows every screen and waits"),
    ] {
        if let Some(command) = context.kickstart.last(name) {
            let fix = mend::delete_line(context.sources, command.span, Applicability::Unsafe);
            findings.push(Finding::new(&CODE, what).at(command.span).help("remove the line").fix(fix));
        }
    }
}
