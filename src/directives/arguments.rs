//! The `ovirt_node.` kernel arguments. On a host that boots over PXE they override the section.

use super::Surroundings;
use super::codes::ADDON_KERNEL_ARGUMENT;
use super::mistakes::Mistakes;
use super::section::{Enforce, Placed};
use super::values::{enforce_problem, nvr_problem, policy_problem};
use node_base::cmdline::{self, CommandLine, Word};
use node_base::diagnostic::{Finding, Findings, nearest};
use node_base::harmless::{excerpt, is_control};
use node_base::source::{FileId, Sources, Span};

/// How all of them begin.
const PREFIX: &str = "ovirt_node.";

/// The arguments, without the prefix.
const NAMES: [&str; 4] = ["policy", "enforce", "nvr", "layout"];

/// What the kernel command line says. The last of a repeated argument counts, as everywhere on a kernel command line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KernelArguments {
    /// `ovirt_node.policy=`.
    pub policy: Option<Placed<String>>,
    /// `ovirt_node.enforce=error|warn|off`.
    pub enforce: Option<Placed<Enforce>>,
    /// `ovirt_node.nvr=`.
    pub nvr: Option<Placed<String>>,
    /// `ovirt_node.layout=init` (true) or `skip`.
    pub layout: Option<Placed<bool>>,
}

impl KernelArguments {
    /// Reads a file that holds a kernel command line, as `/proc/cmdline` does. Other words are ignored; mistakes in
    /// `ovirt_node.` arguments go to `findings`.
    pub fn read(
        sources: &Sources,
        file: FileId,
        surroundings: &dyn Surroundings,
        findings: &mut Findings,
    ) -> KernelArguments {
        KernelArguments::of(&cmdline::parse(sources.get(file).text(), file, 0), surroundings, findings)
    }

    /// The arguments of a kernel command line.
    pub fn of(
        line: &CommandLine<'_>,
        surroundings: &dyn Surroundings,
        findings: &mut Findings,
    ) -> KernelArguments {
        let mut arguments = KernelArguments::default();
        let mut mistakes = Mistakes::new(findings);
        for word in &line.words {
            // The kernel reads - and _ in names as the same.
            let name = word.name.replace('-', "_");
            if let Some(name) = name.strip_prefix(PREFIX) {
                arguments.one(name, word, surroundings, &mut mistakes);
            }
        }
        arguments
    }

    fn one(
        &mut self,
        name: &str,
        word: &Word<'_>,
        surroundings: &dyn Surroundings,
        mistakes: &mut Mistakes<'_>,
    ) {
        let problem = |message: String| Finding::new(&ADDON_KERNEL_ARGUMENT, message).at(word.span);
        if !NAMES.contains(&name) {
            let finding = problem(format!("there is no kernel argument {PREFIX}{}", excerpt(name)));
            let help = match nearest(name, NAMES) {
                Some(meant) => format!("did you mean {PREFIX}{meant}=?"),
                None => format!("write one of {}", NAMES.map(|n| format!("{PREFIX}{n}=")).join(", ")),
            };
            mistakes.push(finding.help(help));
            return;
        }
        let value = word.text();
        if value.is_empty() || value.contains(is_control) {
            let what =
                if value.is_empty() { "needs a value" } else { "has a control character in its value" };
            mistakes.push(problem(format!("{PREFIX}{name} {what}")));
            return;
        }
        let span = word.span;
        match name {
            "policy" => match policy_problem(value, surroundings) {
                None => self.policy = Some(Placed { value: value.to_owned(), span }),
                Some(problem) => mistakes.push(problem.at_span(span)),
            },
            "enforce" => match Enforce::from_name(value) {
                Some(value) => self.enforce = Some(Placed { value, span }),
                None => mistakes.push(recoded(enforce_problem(value).at_span(span), span)),
            },
            "nvr" => match nvr_problem(value) {
                None => self.nvr = Some(Placed { value: value.to_owned(), span }),
                Some(problem) => mistakes.push(problem.at_span(span)),
            },
            _ => match value {
                "init" | "skip" => self.layout = Some(Placed { value: value == "init", span }),
                other => mistakes.push(
                    problem(format!("{PREFIX}layout must be init or skip, not '{}'", excerpt(other)))
                        .help("init makes base and layer after the installation, skip does not"),
                ),
            },
        }
    }
}

/// What is wrong with the name that a kernel command line gives the image.
pub(crate) fn image_name_mistakes(line: &CommandLine<'_>) -> Vec<Finding> {
    let is_nvr = |word: &&Word<'_>| word.name.replace('-', "_").strip_prefix(PREFIX) == Some("nvr");
    let given =
        line.words.iter().filter(is_nvr).filter(|w| !w.text().is_empty() && !w.text().contains(is_control));
    given.filter_map(|word| Some(nvr_problem(word.text())?.at_span(word.span))).collect()
}

/// The same sentence as for the section, as a finding about a kernel argument.
fn recoded(finding: Finding, span: Span) -> Finding {
    Finding { code: &ADDON_KERNEL_ARGUMENT, ..finding }.at(span)
}
