//! What the values of the section and of kernel arguments may be: the value, or a finding that says what to write.

use super::codes::{ADDON_INVALID_NVR, ADDON_UNKNOWN_POLICY, ADDON_WRONG_VALUE};
use super::{Enforce, Surroundings, policy_named};
use node_base::diagnostic::{Applicability, Finding, Fix, nearest};
use node_base::harmless::excerpt;
use node_base::names::Nvr;
use node_base::policy::{Policy, PolicyError};
use node_base::source::{Span, Spanned};
use node_base::units::MiB;

/// Largest `--min-size`: what 2^64 bytes hold.
const MOST_MIB: u64 = 1 << 44;

/// What is wrong with a value.
pub(super) struct ValueProblem {
    finding: Finding,
    /// What to write instead, and how certain that is.
    meant: Option<(String, Applicability)>,
}

impl ValueProblem {
    fn new(finding: Finding) -> ValueProblem {
        ValueProblem { finding, meant: None }
    }

    fn meant(self, value: impl Into<String>, applicability: Applicability) -> ValueProblem {
        ValueProblem { meant: Some((value.into(), applicability)), ..self }
    }

    /// The finding at a value, with the edit.
    pub(super) fn at(self, value: &Spanned<'_>) -> Finding {
        let meant = self.meant.as_ref();
        let fix = meant.and_then(|(meant, applicability)| Fix::of_value(value, meant, *applicability));
        Finding { fix, ..self.finding.at(value.span) }
    }

    /// The finding at a span.
    pub(super) fn at_span(self, span: Span) -> Finding {
        self.finding.at(span)
    }
}

/// What is wrong with the name of a policy, if anything.
pub(super) fn policy_problem(name: &str, surroundings: &dyn Surroundings) -> Option<ValueProblem> {
    let finding = |message| Finding::new(&ADDON_UNKNOWN_POLICY, message);
    let error = match policy_named(name, surroundings) {
        Ok(_) => return None,
        Err(error) => error,
    };
    Some(match error {
        PolicyError::Unknown { nearest, .. } => {
            let help = match &nearest {
                Some(nearest) => format!("did you mean {nearest}?"),
                None if name == "none" || name == "off" => "to check nothing, write --enforce=off".to_owned(),
                None => {
                    let known = Policy::builtin_names().join(", ");
                    format!("write one of {known}, or the absolute path of a TOML file")
                }
            };
            let problem =
                ValueProblem::new(finding(format!("there is no policy '{}'", excerpt(name))).help(help));
            nearest.into_iter().fold(problem, |problem, near| problem.meant(near, Applicability::Unsafe))
        }
        file => ValueProblem::new(finding(format!("the policy cannot be used: {file}"))),
    })
}

/// The finding about a text that is not an enforcement level.
pub(super) fn enforce_problem(text: &str) -> ValueProblem {
    let message = format!("'{}' is not an enforcement level", excerpt(text));
    let near = nearest(text, Enforce::NAMES.map(|(name, _)| name));
    let help = match near {
        Some(meant) => format!("did you mean {meant}?"),
        None => "write error (findings stop the installation), warn (they are logged) or off".to_owned(),
    };
    let problem = ValueProblem::new(Finding::new(&ADDON_WRONG_VALUE, message).help(help));
    near.into_iter().fold(problem, |problem, near| problem.meant(near, Applicability::Unsafe))
}

/// What is wrong with the name of an image, if anything.
pub(super) fn nvr_problem(nvr: &str) -> Option<ValueProblem> {
    let error = Nvr::parse(nvr).and_then(|nvr| nvr.check_layer()).err()?;
    let help = "write name, version and release, such as ovirt-node-ng-4.5.6-0.20261121.0";
    Some(ValueProblem::new(Finding::new(&ADDON_INVALID_NVR, error.to_string()).help(help)))
}

/// What is wrong with a mount point, if anything: the finding and what to write.
pub(super) fn mount_problem(mount: &str) -> Option<ValueProblem> {
    let finding = |message: String| Finding::new(&ADDON_WRONG_VALUE, message);
    let not_a_mount_point = || finding(format!("'{}' is not a mount point", excerpt(mount)));
    if !mount.starts_with('/') || mount.contains(char::is_whitespace) {
        return Some(ValueProblem::new(not_a_mount_point().help("write an absolute path, such as /var/log")));
    }
    let parts = || mount.split('/').filter(|p| !p.is_empty());
    if parts().any(|p| p == "." || p == "..") {
        return Some(ValueProblem::new(not_a_mount_point().help("write it without . and ..")));
    }
    let normal = format!("/{}", parts().collect::<Vec<_>>().join("/"));
    (normal != mount).then(|| {
        let finding = finding(format!("'{}' has superfluous slashes", excerpt(mount)))
            .help(format!("write {}", excerpt(&normal)));
        ValueProblem::new(finding).meant(&normal, Applicability::Safe)
    })
}

/// A size as `--min-size` accepts it, in MiB.
pub(super) fn size_in_mib(text: &str) -> Result<MiB, Box<ValueProblem>> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let problem = |help: String| {
        let message = format!("'{}' is not a size in MiB", excerpt(text));
        ValueProblem::new(Finding::new(&ADDON_WRONG_VALUE, message).help(help))
    };
    let unit = unit.trim().to_ascii_lowercase();
    // A decimal unit is nearly always meant as a binary one.
    let applicability = if unit.ends_with("ib") { Applicability::Safe } else { Applicability::Unsafe };
    let refused = |size: u64| {
        Err(Box::new(problem(format!("write --min-size={size}")).meant(size.to_string(), applicability)))
    };
    let number = number.parse::<u64>().ok().filter(|n| (1..=MOST_MIB).contains(n));
    match (number, unit.as_str()) {
        (Some(number), "") => Ok(MiB(number)),
        (Some(number), "m" | "mb" | "mib") => refused(number),
        (Some(number), "g" | "gb" | "gib") => refused(number.saturating_mul(1024)),
        (Some(number), "t" | "tb" | "tib") => refused(number.saturating_mul(1024 * 1024)),
        _ => Err(Box::new(problem(format!("write a whole number of MiB, 1 to {MOST_MIB}")))),
    }
}
