use crate::rules::{Context, Rule};
use kickstart::Family;
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings, Fix};

declare_code! {
    /// Initial Setup is enabled for the first boot.
    ///
    /// ## Why
    /// Where Initial Setup is installed, it occupies the console at the first boot and waits: with `--reconfig` always, with
    /// `--enable` when a setting is missing, and on RHEL 7 for the licence without `eula --agreed`. In an automatic
    /// installation it is off by default.
    ///
    /// ## Write instead
    /// ```text
    /// firstboot --disable
    /// ```
    ///
    /// ## Source
    /// Anaconda, `initialize_first_boot_action` in `pyanaconda/startup_utils.py` (rhel-8 to main) and `firstboot` in
    /// `pyanaconda/kickstart.py` (rhel-7).
    static CODE = "UNA011", "first-boot-set-up", Unattended, Warning;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    if context.installer().is_none() {
        return;
    }
    let kickstart = context.kickstart;
    let Some(command) = kickstart.last("firstboot") else { return };
    let Some(option) = ["--reconfig", "--enable", "--enabled"].into_iter().find(|o| command.has(o)) else {
        return;
    };
    let licence = kickstart.version.family == Family::Rhel
        && kickstart.version.release == 7
        && !kickstart.last("eula").is_some_and(|c| c.has("--agreed"));
    let what = if licence { " (and asks for the licence: 'eula --agreed' is missing)" } else { "" };
    findings.push(
        Finding::new(
            &CODE,
            format!("'firstboot {option}' makes the first boot wait for somebody at the console{what}"),
        )
        .at(command.span)
        .help("write firstboot --disable")
        .fix(Fix::replace(
            command.span,
            "firstboot --disable",
            "write firstboot --disable",
            Applicability::Unsafe,
        )),
    );
}
