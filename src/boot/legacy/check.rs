//! Checks of the parameters of an old node.

use super::{find, values};
use crate::boot::codes;
use node_base::cmdline::CommandLine;
use node_base::diagnostic::{Finding, Findings, nearest};

/// A command line of an old node: each parameter is explained, wrong values are reported.
pub fn check(line: &CommandLine<'_>, findings: &mut Findings) {
    for word in &line.words {
        let name = word.name.as_ref();
        let Some(parameter) = find(name) else {
            if let Some(near) = misspelt(name) {
                findings.push(
                    Finding::new(&codes::LEGACY_VALUE, format!("an old node has no parameter '{name}'"))
                        .at(word.name_span)
                        .help(format!("did you mean '{near}'?")),
                );
            }
            continue;
        };
        if word.variable.is_none()
            && let Some(wrong) = values::wrong(parameter.takes, word.text())
        {
            let span = word
                .value
                .as_ref()
                .map_or(word.span, |v| if v.span.start < v.span.end { wrong.span(v) } else { word.span });
            let finding = Finding::new(&codes::LEGACY_VALUE, format!("{name}: {}", wrong.message))
                .severity(wrong.severity)
                .at(span);
            findings.push(match wrong.help {
                Some(help) => finding.help(help),
                None => finding,
            });
        }
        findings.push(
            Finding::new(
                &codes::LEGACY,
                format!("'{name}' is a parameter of oVirt Node 3 and older; now: {}", parameter.now),
            )
            .at(word.name_span)
            .help("'ks-lint boot --to-kickstart' writes a kickstart and a command line from all of them"),
        );
    }
}

/// The parameter that a word was meant to be. Only words that look like one are compared.
fn misspelt(name: &str) -> Option<&'static str> {
    if !name.contains('_') {
        return None;
    }
    let names = super::PARAMETERS
        .iter()
        .filter(|p| p.telling)
        .flat_map(|p| std::iter::once(&p.name).chain(p.aliases))
        .copied();
    nearest(name, names.filter(|n| n.contains('_'))).filter(|near| near.len().abs_diff(name.len()) <= 2)
}

/// Parameters of an old node on a command line for Anaconda, which ignores them.
pub fn mixed(line: &CommandLine<'_>, findings: &mut Findings) {
    for word in &line.words {
        let Some(parameter) = find(&word.name).filter(|p| p.telling) else { continue };
        findings.push(
            Finding::new(
                &codes::LEGACY_IGNORED,
                format!("'{}' has no effect: only oVirt Node 3 and older read it", word.name),
            )
            .at(word.name_span)
            .help(format!("now: {}", parameter.now)),
        );
    }
}
