use crate::rules::{Context, Rule};
use kickstart::{Family, SectionKind};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings, Fix, Severity};

declare_code! {
    /// Initial Setup is enabled for the first boot.
    ///
    /// ## Why
    /// Where Initial Setup is installed, it occupies the console at the first boot and waits: with `--reconfig` always, with
    /// `--enable` when a setting is missing, and on RHEL 7 for the licence without `eula --agreed`. In an automatic
    /// installation it is off by default.
    ///
    /// Graphical environments bring it, a minimal installation does not: where `%packages` asks for neither, this is only a
    /// remark. So it is with `--reconfig` beside the package `initial-setup`, which is on purpose.
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

/// Parts of the names of packages, groups and environments that install a program for the first boot.
const BRING_INITIAL_SETUP: [&str; 14] = [
    "initial-setup",
    "firstboot",
    "graphical",
    "workstation",
    "desktop",
    "gnome",
    "gui",
    "kde",
    "plasma",
    "xfce",
    "lxde",
    "lxqt",
    "mate",
    "x-window",
];

fn brings_initial_setup(name: &str) -> bool {
    let names_part = |part: &str| {
        // "mate" is not in "automated".
        name.match_indices(part).any(|(at, _)| !name[..at].ends_with(|c: char| c.is_ascii_alphanumeric()))
    };
    BRING_INITIAL_SETUP.iter().any(|part| names_part(part))
}

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
    let names = || {
        let lines = kickstart.sections_of(SectionKind::Packages).flat_map(|section| &section.packages);
        lines.filter(|line| !line.excluded).map(|line| line.name.to_ascii_lowercase())
    };
    // Who names the package and wants all its questions does so on purpose.
    let is_wanted = || option == "--reconfig" && names().any(|name| name.contains("initial-setup"));
    let (when, severity) = if !names().any(|name| brings_initial_setup(&name)) {
        (", if something installs Initial Setup", Severity::Info)
    } else if is_wanted() {
        ("", Severity::Info)
    } else {
        ("", Severity::Warning)
    };
    findings.push(
        Finding::new(
            &CODE,
            format!("'firstboot {option}' makes the first boot wait for somebody at the console{what}{when}"),
        )
        .severity(severity)
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
