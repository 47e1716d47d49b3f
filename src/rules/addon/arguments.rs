//! The `ovirt_node.` kernel arguments: on a PXE host the last word of whoever boots it.

use super::parse::{NVR_HELP, enforce_problem, policy_problem};
use super::section::{Enforce, Given};
use super::{ADDON_INVALID_NVR, ADDON_KERNEL_ARGUMENT, Mistakes, nvr, shown};
use node_base::cmdline::{self, CommandLine, Word};
use node_base::diagnostic::{Finding, Findings, nearest};
use node_base::harmless::is_control;
use node_base::source::{FileId, Sources, Span};

/// What all of them start with.
const PREFIX: &str = "ovirt_node.";

/// The arguments, without the prefix.
const NAMES: [&str; 4] = ["policy", "enforce", "nvr", "layout"];

/// What the kernel command line says. Of a repeated argument the last one counts, as everywhere on a kernel command line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KernelArguments {
    /// `ovirt_node.policy=`.
    pub policy: Option<Given<String>>,
    /// `ovirt_node.enforce=error|warn|off`.
    pub enforce: Option<Given<Enforce>>,
    /// `ovirt_node.nvr=`.
    pub nvr: Option<Given<String>>,
    /// `ovirt_node.layout=init` (true) or `skip`.
    pub layout: Option<Given<bool>>,
}

impl KernelArguments {
    /// Reads a file that holds a kernel command line, as `/proc/cmdline` does. Words of others are passed over;
    /// what is wrong with ours goes to `findings`.
    pub fn read(sources: &Sources, file: FileId, findings: &mut Findings) -> KernelArguments {
        KernelArguments::of(&cmdline::parse(sources.get(file).text(), file, 0), findings)
    }

    /// The arguments of a kernel command line.
    pub fn of(line: &CommandLine<'_>, findings: &mut Findings) -> KernelArguments {
        let mut arguments = KernelArguments::default();
        let mut mistakes = Mistakes::new(findings);
        for word in &line.words {
            // The kernel takes - and _ in names as the same.
            let name = word.name.replace('-', "_");
            if let Some(name) = name.strip_prefix(PREFIX) {
                arguments.one(name, word, &mut mistakes);
            }
        }
        arguments
    }

    fn one(&mut self, name: &str, word: &Word<'_>, mistakes: &mut Mistakes<'_>) {
        let problem = |message: String| Finding::new(&ADDON_KERNEL_ARGUMENT, message).at(word.span);
        if !NAMES.contains(&name) {
            let finding = problem(format!("there is no kernel argument {PREFIX}{}", shown(name)));
            let help = match nearest(name, NAMES) {
                Some(meant) => format!("did you mean {PREFIX}{meant}=?"),
                None => format!("there are {}", NAMES.map(|n| format!("{PREFIX}{n}=")).join(", ")),
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
            "policy" => match policy_problem(value) {
                None => self.policy = Some(Given { value: value.to_owned(), span }),
                Some(finding) => mistakes.push(finding.at(span)),
            },
            "enforce" => match Enforce::from_name(value) {
                Some(value) => self.enforce = Some(Given { value, span }),
                None => mistakes.push(recoded(enforce_problem(value), span)),
            },
            "nvr" => match nvr::problem(value) {
                None => self.nvr = Some(Given { value: value.to_owned(), span }),
                Some(message) => {
                    mistakes.push(Finding::new(&ADDON_INVALID_NVR, message).at(span).help(NVR_HELP));
                }
            },
            _ => match value {
                "init" | "skip" => self.layout = Some(Given { value: value == "init", span }),
                other => mistakes.push(
                    problem(format!("{PREFIX}layout is init or skip, not '{}'", shown(other)))
                        .help("init makes base and layer after the installation, skip leaves it out"),
                ),
            },
        }
    }
}

/// The same sentence as for the section, as a finding about a kernel argument.
fn recoded(finding: Finding, span: Span) -> Finding {
    Finding { code: &ADDON_KERNEL_ARGUMENT, ..finding }.at(span)
}
