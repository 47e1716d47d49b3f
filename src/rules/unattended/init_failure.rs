use crate::rules::{Context, Rule, mend};
use kickstart::SectionKind;
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings};
use node_base::source::{Span, split_lines};

declare_code! {
    /// A failure of the node's initialisation does not stop the installation.
    ///
    /// ## Why
    /// Without `--erroronfail` Anaconda ignores the exit status of `%post`: the installation "succeeds", the host reboots,
    /// and is not a node. This is reported without a layout policy; with one, `layout-init-failure-unseen` checks more.
    ///
    /// ## Example
    /// ```text
    /// %post
    /// imgbase layout --init
    /// %end
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// %post --erroronfail
    /// imgbase layout --init
    /// %end
    /// ```
    ///
    /// ## Source
    /// Anaconda, `AnacondaKSScript.run` in `pyanaconda/kickstart.py`; ovirt-node-ng-image#82.
    static CODE = "UNA010", "post-failure-unseen", Unattended, Warning;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

/// Calls that initialise the layout.
const CALLS: &[&str] =
    &["imgbase layout --init", "imgbase --debug layout --init", "nodectl init", "node-layout init"];

fn check(context: &Context<'_>, findings: &mut Findings) {
    if context.installer().is_none() {
        return;
    }
    if context.policy.is_some() {
        return;
    }
    for section in context.kickstart.sections_of(SectionKind::Post).filter(|s| !s.has("--erroronfail")) {
        let mut at = section.body.start as usize;
        for line in split_lines(context.sources.text_of(section.body)) {
            let start = at + (line.len() - line.trim_start().len());
            at += line.len();
            let code = line.trim();
            if !code.starts_with('#') && CALLS.iter().any(|call| code.starts_with(call)) {
                findings.push(
                    Finding::new(&CODE, format!("if '{code}' fails, the installation still succeeds"))
                        .at(section.header_span)
                        .related(Span::new(section.body.file, start, start + code.len()), "the call")
                        .help("write %post --erroronfail")
                        .fix(mend::add_to_header(section, "--erroronfail", Applicability::Safe)),
                );
            }
        }
    }
}
