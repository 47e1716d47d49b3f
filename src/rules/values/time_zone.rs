use super::list::TIME_ZONES;
use crate::kind::filled_in;
use crate::rules::{Context, Rule};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings, Fix, Severity, nearest};

declare_code! {
    /// No time zone has this name.
    ///
    /// ## Why
    /// In text mode the installer takes `America/New_York` instead, and says so only in its log; in graphical mode it stops and
    /// asks. An offset such as `GMT+1` is not a name of tzdata either (`Etc/GMT-1` is one, with the sign of POSIX).
    ///
    /// ## Example
    /// ```text
    /// timezone Europe/Praque --utc
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// timezone Europe/Prague --utc
    /// ```
    ///
    /// ## Source
    /// Anaconda, `_correct_timezone` in `modules/timezone/installation.py`, and the date and time spoke (rhel-9); the names are
    /// those of tzdata.
    static CODE = "UNA030", "unknown-time-zone", Unattended, Warning;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some(zone) = context.kickstart.last("timezone").and_then(|c| c.first()) else { return };
    let name = &*zone.text;
    if name.is_empty() || filled_in::is_name(name) || TIME_ZONES.contains(name) {
        return;
    }
    let meant = meant(name);
    // A zone can be newer than the list; a name without an area, or with a known area and a misspelt city, is not.
    let certain = meant.is_some() || !name.contains('/');
    let severity = if certain { Severity::Warning } else { Severity::Info };
    let help = match meant {
        _ if is_offset(name) => {
            "write the name of a city, or Etc/GMT-1 for a clock one hour ahead of UTC: the sign is POSIX's"
                .to_owned()
        }
        Some(zone) => format!("write timezone {zone}"),
        None => {
            "write a name of tzdata, such as Europe/Prague or UTC (timedatectl list-timezones)".to_owned()
        }
    };
    let message =
        format!("no time zone is called '{name}': the installer takes America/New_York, or stops and asks");
    let mut finding = Finding::new(&CODE, message).severity(severity).at(zone.span).help(help);
    if let Some(meant) = meant.filter(|_| !is_offset(name)) {
        finding.fix = Fix::of_value(zone, meant, certainty(name, meant));
    }
    findings.push(finding);
}

/// Whether a name is an offset, such as `GMT+1` or `UTC-5`.
fn is_offset(name: &str) -> bool {
    let offset = name.strip_prefix("GMT").or_else(|| name.strip_prefix("UTC"));
    offset.is_some_and(|rest| rest.starts_with(['+', '-']))
}

/// The zone that was meant: the same letters, a city without its area, a misspelt city or area.
fn meant(name: &str) -> Option<&'static str> {
    let joined = name.trim().replace(' ', "_");
    let city_of = |zone: &'static str| zone.rsplit('/').next().unwrap_or(zone);
    if let Some(zone) = TIME_ZONES.names().find(|zone| zone.eq_ignore_ascii_case(&joined)) {
        return Some(zone);
    }
    let Some((area, city)) = joined.split_once('/') else {
        let alone = TIME_ZONES.names().find(|zone| city_of(zone).eq_ignore_ascii_case(&joined));
        return alone.or_else(|| TIME_ZONES.nearest(&joined).filter(|zone| !zone.contains('/')));
    };
    let prefix = |zone: &'static str| zone.split_once('/').filter(|(a, _)| a.eq_ignore_ascii_case(area));
    let cities = TIME_ZONES.names().filter_map(|zone| Some(prefix(zone)?.1));
    let in_area = nearest(city, cities)
        .and_then(|city| TIME_ZONES.names().find(|zone| prefix(zone).is_some_and(|(_, c)| c == city)));
    let other_area =
        || TIME_ZONES.names().find(|zone| zone.contains('/') && city_of(zone).eq_ignore_ascii_case(city));
    in_area.or_else(other_area)
}
/// Only another case, or blanks for underscores, is no guess.
fn certainty(written: &str, meant: &str) -> Applicability {
    let is_same = written.trim().replace(' ', "_").eq_ignore_ascii_case(meant);
    if is_same { Applicability::Safe } else { Applicability::Unsafe }
}
