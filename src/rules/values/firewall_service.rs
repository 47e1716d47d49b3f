use super::list::{FIREWALL_SERVICES, differ_in_one_letter};
use crate::kind::filled_in;
use crate::rules::{Context, Rule, mend};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings};

declare_code! {
    /// A service of the firewall is misspelt.
    ///
    /// ## Why
    /// The name is one of firewalld's services, not that of a systemd unit: `ssh`, not `sshd`. The installer calls
    /// `firewall-offline-cmd` with it, whose error only the log has: the port stays closed. (Packages bring services of their own:
    /// a name that is not near to a known one is not reported.)
    ///
    /// ## Example
    /// ```text
    /// firewall --enabled --service=sshd,https
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// firewall --enabled --service=ssh,https
    /// ```
    ///
    /// ## Source
    /// Anaconda, `modules/network/firewall/installation.py`; firewalld, `config/services`.
    static CODE = "UNA033", "misspelt-firewall-service", Unattended, Warning;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

/// Names of units that people write for the service.
const UNITS: [(&str, &str); 5] =
    [("sshd", "ssh"), ("httpd", "http"), ("nfs-server", "nfs"), ("nginx", "http"), ("chronyd", "ntp")];

fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some(command) = context.kickstart.last("firewall") else { return };
    let Some(value) = command.value("--service") else { return };
    for name in value.text.split(',').map(str::trim) {
        if name.is_empty() || filled_in::is_name(name) || FIREWALL_SERVICES.contains(name) {
            continue;
        }
        let bare = name.strip_suffix(".service").unwrap_or(name);
        let unit = UNITS.iter().find(|(unit, _)| *unit == bare).map(|(_, service)| *service);
        let known = (bare != name).then(|| FIREWALL_SERVICES.names().find(|n| *n == bare)).flatten();
        let Some(meant) = unit.or(known).or_else(|| one_letter_off(name)) else { continue };
        let message = format!("firewalld has no service '{name}': its port stays closed");
        let mut finding = Finding::new(&CODE, message).at(value.span).help(format!("write {meant}"));
        finding.fix = mend::entry_of_list(context, value, name, meant, Applicability::Unsafe);
        findings.push(finding);
    }
}

/// The service of which a name differs in one letter; short names are near to too many.
fn one_letter_off(name: &str) -> Option<&'static str> {
    let meant = FIREWALL_SERVICES.nearest(name).filter(|_| name.len() >= 5)?;
    differ_in_one_letter(meant, name).then_some(meant)
}
