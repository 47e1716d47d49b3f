use super::list::{KEYMAPS, LAYOUTS};
use crate::kind::filled_in;
use crate::rules::{Context, Rule};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings, Fix, Severity};
use node_base::source::Spanned;

declare_code! {
    /// No keyboard layout or keymap has this name.
    ///
    /// ## Why
    /// Layouts of X are called `us`, `cz (qwerty)`; keymaps of the console `us`, `cz-qwerty`, `be-latin1`. Language codes are not
    /// names of layouts: English is `us` or `gb`. With an unknown one the installed system keeps the American keyboard, and
    /// passwords are typed with it.
    ///
    /// ## Example
    /// ```text
    /// keyboard --xlayouts='uss'
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// keyboard --xlayouts='us'
    /// ```
    ///
    /// ## Source
    /// Anaconda, `keyboard.py` and `modules/localization`; the names are those of xkeyboard-config and of the console's keymaps.
    static CODE = "UNA032", "unknown-keyboard", Unattended, Warning;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some(command) = context.kickstart.last("keyboard") else { return };
    let either = |name: &str| KEYMAPS.contains(name) || LAYOUTS.contains(name);
    if let Some(value) = command.first() {
        one(&value.text, value, &either, findings);
    }
    if let Some(value) = command.value("--vckeymap") {
        one(&value.text, value, &either, findings);
    }
    if let Some(value) = command.value("--xlayouts") {
        for layout in value.text.split(',') {
            one(layout, value, &|name| LAYOUTS.contains(&spaced(name)), findings);
        }
    }
}

/// The keymap that a longer name was meant as: without its last parts (`sg-latin1` of `sg-latin1-nodeadkeys`), or a misspelt one
/// of the same country.
fn near(name: &str) -> Option<&'static str> {
    let ends = name.match_indices('-').rev().map(|(at, _)| at);
    let shorter =
        || ends.filter(|at| *at > 3).find_map(|at| KEYMAPS.names().find(|known| *known == &name[..at]));
    let head = |text: &str| text.split('-').next().unwrap_or_default().to_owned();
    let is_country = KEYMAPS.contains(&head(name));
    let same = || KEYMAPS.nearest(name).filter(|known| !is_country || head(known) == head(name));
    same().or_else(shorter)
}

/// A layout with its variant as the lists have it: `cz(qwerty)` is `cz (qwerty)`.
fn spaced(name: &str) -> String {
    match name.split_once('(') {
        Some((layout, variant)) => format!("{} ({variant}", layout.trim_end()),
        None => name.to_owned(),
    }
}

fn one(written: &str, value: &Spanned<'_>, is_known: &dyn Fn(&str) -> bool, findings: &mut Findings) {
    let name = written.trim().trim_matches(['\'', '"']);
    if name.is_empty() || filled_in::is_name(name) || is_known(name) {
        return;
    }
    // No release has a layout of two or three letters that xkeyboard-config lacks; of longer names there can be more.
    let short = name.len() <= 3;
    let meant = match name.to_ascii_lowercase().as_str() {
        "en" | "eng" | "en-us" | "en_us" | "usa" | "english" => Some("us"),
        "uk" | "en-gb" | "en_gb" => Some("gb"),
        // Languages whose country has another code.
        "ja" => Some("jp"),
        "cs" => Some("cz"),
        "da" => Some("dk"),
        "el" => Some("gr"),
        "ko" => Some("kr"),
        "sv" => Some("se"),
        "zh" => Some("cn"),
        lower if is_known(lower) => KEYMAPS.names().chain(LAYOUTS.names()).find(|n| *n == lower),
        _ if short => None,
        _ => near(name),
    };
    let severity = if short || meant.is_some() { Severity::Warning } else { Severity::Info };
    let help = match meant {
        Some(meant) => format!("write {meant}"),
        None => "write a layout such as us or 'cz (qwerty)' (localectl list-x11-keymap-layouts)".to_owned(),
    };
    let message = format!("no keyboard layout or keymap is called '{name}'");
    let mut finding = Finding::new(&CODE, message).severity(severity).at(value.span).help(help);
    if let Some(meant) = meant.filter(|_| *value.text == *name) {
        let is_same = meant.eq_ignore_ascii_case(name);
        let applicability = if is_same { Applicability::Safe } else { Applicability::Unsafe };
        finding.fix = Fix::of_value(value, meant, applicability);
    }
    findings.push(finding);
}
