//! The add-on's section alone, with the kernel arguments that override it.

use super::chosen::Chosen;
use super::file_report::FileReport;
use super::release;
use super::settings::Settings;
use super::surroundings::ThisMachine;
use crate::directives::{self, Directives, Effective, KernelArguments};
use node_base::diagnostic::{Category, Finding, Findings, Severity};
use node_base::source::{FileId, Sources};

/// Reads section, waivers and kernel arguments (`cmdline`, another file of `sources`). The report has the mistakes in them,
/// and of the rest of the kickstart only what keeps the section from being read.
pub fn addon(
    mut sources: Sources,
    file: FileId,
    cmdline: Option<FileId>,
    settings: &Settings,
) -> (Effective, FileReport) {
    let includes = settings.load_includes(&mut sources, file);
    let mut mistakes = Findings::new();
    let mut of_the_file = Findings::new();
    let (syntax, directives) = {
        let (syntax, kickstart) = release::parse(&sources, &includes, file, settings, &mut of_the_file);
        (syntax, Directives::read(&sources, &kickstart, &ThisMachine, &mut mistakes))
    };
    let arguments = cmdline.map_or_else(KernelArguments::default, |file| {
        KernelArguments::read(&sources, file, &ThisMachine, &mut mistakes)
    });
    let section = directives.section.as_ref().map(|s| s.span);
    // A section whose name is in the text but which was not found may follow an error that ends the reading.
    let hidden = section.is_none() && sources.get(file).text().contains(directives::NAME);
    let concerns = |finding: &Finding| {
        let inside = finding
            .span
            .zip(section)
            .is_some_and(|(f, s)| f.file == s.file && s.start <= f.start && f.start <= s.end);
        finding.code.category == Category::Syntax && finding.severity == Severity::Error && (hidden || inside)
    };
    mistakes.extend(of_the_file.into_sorted().into_iter().filter(concerns));
    let effective = Effective::new(&directives, &arguments, &ThisMachine);
    let policy = Chosen::new(
        effective.policy.clone().unwrap_or_else(|| "none".to_owned()),
        match (&arguments.policy, section) {
            (Some(_), _) => "from the kernel arguments",
            (None, Some(_)) => "from its %addon org_ovirt_node",
            (None, None) => "it has no %addon org_ovirt_node",
        },
    );
    let report = FileReport {
        sources,
        syntax,
        policy,
        findings: mistakes.into_sorted(),
        waived: Vec::new(),
        baselined: 0,
        is_template: false,
        includes: Vec::new(),
    };
    (effective, report)
}
