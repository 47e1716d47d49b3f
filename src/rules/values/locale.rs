use super::list::LOCALES;
use crate::kind::filled_in;
use crate::rules::{Context, Rule};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings, Fix, Severity};
use node_base::source::Spanned;

declare_code! {
    /// No locale has this name.
    ///
    /// ## Why
    /// `lang` sets the language of the installed system. With a locale that glibc does not have, programs fall back to `C`, and
    /// complain at every start. A language alone (`en`) is completed by the installer.
    ///
    /// ## Example
    /// ```text
    /// lang en_UK.UTF-8
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// lang en_GB.UTF-8
    /// ```
    ///
    /// ## Source
    /// Anaconda, `localization.py`; the names are those of glibc's `localedata/SUPPORTED`.
    static CODE = "UNA031", "unknown-locale", Unattended, Warning;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some(command) = context.kickstart.last("lang") else { return };
    if let Some(value) = command.first() {
        one(&value.text, value, findings);
    }
    if let Some(more) = command.value("--addsupport") {
        more.text.split(',').filter(|name| !name.is_empty()).for_each(|name| one(name, more, findings));
    }
}

fn one(written: &str, value: &Spanned<'_>, findings: &mut Findings) {
    let written = written.trim();
    let (name, modifier) = written.split_once('@').map_or((written, ""), |(name, modifier)| (name, modifier));
    let (name, charset) = name.split_once('.').map_or((name, ""), |(name, charset)| (name, charset));
    let whole = if modifier.is_empty() { name.to_owned() } else { format!("{name}@{modifier}") };
    // A language alone is completed; the euro is a modifier of old releases.
    if written.is_empty()
        || filled_in::is_name(written)
        || LOCALES.contains(&whole)
        || modifier == "euro" && LOCALES.contains(name)
        || matches!(name, "C" | "POSIX")
        || (2..=3).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_lowercase())
    {
        return;
    }
    let meant = match name.split_once('_') {
        Some((language, "UK")) => LOCALES.names().find(|n| *n == format!("{language}_GB")),
        _ => LOCALES
            .names()
            .find(|n| n.eq_ignore_ascii_case(&whole.replace('-', "_")))
            .or_else(|| LOCALES.nearest(&whole)),
    };
    let charset = if charset.is_empty() { "" } else { ".UTF-8" };
    let whole_name = meant.map(|meant| {
        let (name, modifier) =
            meant.split_once('@').map_or((meant, String::new()), |(n, m)| (n, format!("@{m}")));
        format!("{name}{charset}{modifier}")
    });
    let help = match &whole_name {
        Some(name) => format!("write {name}"),
        None => "write a locale of glibc, such as en_US.UTF-8 (locale -a)".to_owned(),
    };
    let severity = if meant.is_some() { Severity::Warning } else { Severity::Info };
    let message = format!("no locale is called '{written}': programs of the installed system fall back to C");
    let mut finding = Finding::new(&CODE, message).severity(severity).at(value.span).help(help);
    // One entry of a list has no place of its own.
    if let Some(name) = whole_name.filter(|_| value.text.trim() == written) {
        let is_same = name.eq_ignore_ascii_case(&written.replace('-', "_").replace("UTF_8", "UTF-8"));
        let applicability = if is_same { Applicability::Safe } else { Applicability::Unsafe };
        finding.fix = Fix::of_value(value, &name, applicability);
    }
    findings.push(finding);
}
