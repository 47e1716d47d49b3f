use crate::rules::shell::{is_shell, place_of_word};
use crate::rules::{Context, Rule, mend};
use kickstart::{Section, SectionKind};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings};
use node_base::source::Span;

declare_code! {
    /// A script uses the installed system's directory where it does not exist.
    ///
    /// ## Why
    /// `%post` runs inside the installed system: what the installer calls `/mnt/sysimage` (and `/mnt/sysroot`) is `/` there. `%pre`
    /// runs before any disk is mounted. Only `%post --nochroot` and `%pre-install` see these directories.
    ///
    /// ## Example
    /// ```text
    /// %post --erroronfail
    /// cp /tmp/install-vars /mnt/sysimage/etc/install-vars
    /// %end
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// %post --nochroot --erroronfail
    /// cp /tmp/install-vars /mnt/sysimage/etc/install-vars
    /// %end
    /// ```
    ///
    /// ## Source
    /// Anaconda, `runPostScripts` and `AnacondaKSScript.run` (`inChroot`), rhel-7 to main.
    static CODE = "UNA041", "wrong-root-in-script", Unattended, Warning;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

/// Where the installer mounts the system.
const ROOTS: [&str; 2] = ["/mnt/sysimage", "/mnt/sysroot"];

fn check(context: &Context<'_>, findings: &mut Findings) {
    for kind in [SectionKind::Pre, SectionKind::Post] {
        for section in context.kickstart.sections_of(kind).filter(|s| is_shell(s) && !s.has("--nochroot")) {
            let Some((span, root)) = first_use(context, section) else { continue };
            let (message, help) = if kind == SectionKind::Post {
                let message = format!("this script runs inside the installed system, which has no {root}");
                (message, format!("write %post --nochroot, or leave {root} out of the path"))
            } else {
                let message = format!("nothing is mounted at {root} while %pre runs");
                (message, "move the command to %pre-install, or to %post --nochroot".to_owned())
            };
            let mut finding =
                Finding::new(&CODE, message).at(span).related(section.header_span, "the script").help(help);
            if kind == SectionKind::Post {
                finding = finding.fix(mend::add_to_header(section, "--nochroot", Applicability::Unsafe));
            }
            findings.push(finding);
        }
    }
}

/// The first word of a command that is a path below one of the roots. A script that makes the directory, or looks whether it is
/// there, knows what it does.
fn first_use(context: &Context<'_>, section: &Section<'_>) -> Option<(Span, &'static str)> {
    let text = context.sources.text_of(section.body);
    if !ROOTS.iter().any(|root| text.contains(root)) {
        return None;
    }
    let below = |word: &str| {
        ROOTS
            .into_iter()
            .find(|root| word.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    };
    let script = context.script(section);
    let statements = &script.statements;
    let knows = |program: &str| {
        matches!(program, "mkdir" | "mount" | "test" | "[" | "[[" | "umount" | "echo" | "printf")
    };
    let careful = statements
        .iter()
        .any(|s| knows(s.program()) && s.program() != "echo" && s.arguments().any(|a| below(a).is_some()));
    if careful {
        return None;
    }
    statements.iter().filter(|s| !knows(s.program())).flat_map(|s| &s.words).find_map(|word| {
        let root = below(&word.text)?;
        Some((place_of_word(section, word), root))
    })
}
