use crate::kind::filled_in;
use crate::rules::{Context, Rule};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings, Fix};
use node_base::harmless::excerpt;

declare_code! {
    /// A word in `services` cannot be the name of a unit.
    ///
    /// ## Why
    /// Names of units have letters, digits and `:-_.\@`. The installer passes each word to `systemctl enable`, which refuses the
    /// word; the installation then ends with an error.
    ///
    /// ## Example
    /// ```text
    /// services --enabled="sshd chronyd"
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// services --enabled=sshd,chronyd
    /// ```
    ///
    /// ## Source
    /// systemd.unit(5); Anaconda, `modules/services` and `installation/services`.
    static CODE = "UNA034", "impossible-unit-name", Unattended, Warning;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some(command) = context.kickstart.last("services") else { return };
    for value in ["--enabled", "--disabled"].into_iter().filter_map(|option| command.value(option)) {
        for name in value.text.split(',').map(str::trim).filter(|n| !n.is_empty() && !filled_in::is_name(n)) {
            let allowed = |c: char| c.is_ascii_alphanumeric() || ":-_.\\@".contains(c);
            if name.chars().all(allowed) {
                continue;
            }
            let message = format!("no unit can be called '{}'", excerpt(name));
            let help = match name.contains(char::is_whitespace) {
                true => "separate the names by commas",
                false => "names of units have letters, digits and :-_.\\@",
            };
            let mut finding = Finding::new(&CODE, message).at(value.span).help(help);
            let names: Vec<&str> =
                value.text.split([' ', '\t', ',']).filter(|name| !name.is_empty()).collect();
            if names.iter().all(|name| name.chars().all(allowed)) {
                finding.fix = Fix::of_value(value, &names.join(","), Applicability::Unsafe);
            }
            findings.push(finding);
        }
    }
}
