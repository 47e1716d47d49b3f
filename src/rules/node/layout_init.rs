use super::installation;
use crate::rules::view::{Hidden, InitCall, Program, View};
use crate::rules::{Context, Rule, mend};
use kickstart::SectionKind;
use kickstart::shell::Next;
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings, Severity};
use node_base::names::Nvr;
use node_base::source::Span;

declare_code! {
    /// Nothing initialises the layout.
    ///
    /// ## Why
    /// The installed system becomes a node when its root is frozen as a base and booted as a layer. Without that it is an
    /// ordinary installation of the image's content: images can neither upgrade it nor roll it back.
    ///
    /// ## Write instead
    /// ```text
    /// %addon org_ovirt_node --policy=ovirt-node
    /// layout --init
    /// %end
    /// ```
    /// or, without the add-on,
    /// ```text
    /// %post --erroronfail
    /// imgbase layout --init
    /// %end
    /// ```
    static MISSING = "NODE022", "layout-init-missing", Node, Error;

    /// A command after the layout's initialisation writes files that are lost.
    ///
    /// ## Why
    /// `imgbase layout --init` and `nodectl init` copy root into the base and the layer, and the layer is what boots.
    /// What is written to root afterwards, outside `/etc` and the separate volumes, is only in the old root and is gone
    /// after the first boot. (`node-layout init` renames root instead and keeps what is written later.)
    ///
    /// ## Example
    /// ```text
    /// %post --erroronfail
    /// nodectl init
    /// dnf -y install vim
    /// %end
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// %post --erroronfail
    /// dnf -y install vim
    /// nodectl init
    /// %end
    /// ```
    ///
    /// ## Source
    /// imgbased 1.2.26, `layout --init`; oVirt's documentation: `nodectl init` comes last.
    static NOT_LAST = "NODE023", "layout-init-not-last", Node, Warning;

    /// A failure of the layout's initialisation does not stop the installation.
    ///
    /// ## Why
    /// Without `--erroronfail` Anaconda ignores the exit status of `%post`: the installation "succeeds", the host reboots,
    /// and is not a node. With it, the exit status of the script's *last* command counts, unless the script has `set -e`.
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
    /// set -e
    /// imgbase layout --init
    /// %end
    /// ```
    ///
    /// ## Source
    /// Anaconda, script execution; ovirt-node-ng-image#82.
    static FAILURE_UNSEEN = "NODE024", "layout-init-failure-unseen", Node, Warning;

    /// The layout is initialised twice.
    ///
    /// ## Why
    /// `imgbase layout --init` and `nodectl init` cannot be repeated: the second call fails on the tagged volume group.
    /// The add-on runs before `%post`.
    ///
    /// ## Example
    /// ```text
    /// %addon org_ovirt_node
    /// layout --init
    /// %end
    /// %post --erroronfail
    /// nodectl init
    /// %end
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// %addon org_ovirt_node
    /// layout --init
    /// %end
    /// ```
    ///
    /// ## Source
    /// imgbased 1.2.26; rhbz#1376607.
    static TWICE = "NODE025", "layout-init-twice", Node, Error;

    /// The image's name cannot be the name of a volume, or makes imgbased remove its boot entry.
    ///
    /// ## Why
    /// Base and layer are volumes named `NAME-VERSION-RELEASE` and `NAME-VERSION-RELEASE+1`. The name must have these three
    /// parts, must be one that LVM accepts, and must leave room for the layer's `+1` within 55 characters. imgbased
    /// removes every boot entry whose title contains neither "node" nor "rhvh", its own entry included.
    ///
    /// ## Example
    /// ```text
    /// imgbase layout --init-nvr=myhost
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// imgbase layout --init-nvr=ovirt-node-ng-4.5.6-0.20261121.0
    /// ```
    ///
    /// ## Source
    /// imgbased 1.2.26, `naming.py`, `lvm.py`, `bootloader.py`.
    static IMAGE_NAME = "NODE026", "image-name-refused", Node, Error;

    /// The layout is initialised in the installer's system instead of the installed system.
    ///
    /// ## Why
    /// `%post --nochroot` runs outside the installed system, where the program and the root that it works on do not
    /// exist.
    ///
    /// ## Example
    /// ```text
    /// %post --nochroot --erroronfail
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
    static OUTSIDE = "NODE033", "layout-init-outside-system", Node, Error;
}

pub(super) static RULE: Rule =
    Rule { codes: &[&MISSING, &NOT_LAST, &FAILURE_UNSEEN, &TWICE, &IMAGE_NAME, &OUTSIDE], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some((_, view)) = installation(context) else { return };
    if view.inits.is_empty() {
        missing(context, view, findings);
        return;
    }
    twice(view, findings);
    for init in &view.inits {
        if let Some((name, span)) = &init.nvr {
            image_name(init.program, name, *span, findings);
        }
        if init.outside {
            findings.push(
                Finding::new(
                    &OUTSIDE,
                    format!(
                        "'{}' runs in the installer's system, not in the installed system",
                        init.program.command()
                    ),
                )
                .at(init.span)
                .related(init.section.header_span, "because of '--nochroot'")
                .help("move it to a '%post --erroronfail' without '--nochroot'"),
            );
            continue;
        }
        failure(init, findings);
        later(init, findings);
    }
}

fn missing(context: &Context<'_>, view: &View<'_>, findings: &mut Findings) {
    // With a section the add-on decides; a call that is not understood may be the initialisation.
    if view.addon.is_some() || view.init_hidden {
        return;
    }
    let post = context.kickstart.sections_of(SectionKind::Post).last();
    let mut finding =
        Finding::new(&MISSING, "nothing initialises the layout: the installed system is not a node")
            .at_opt(post.map(|s| s.header_span))
            .help("add at the end\n%addon org_ovirt_node\nlayout --init\n%end")
            .fix(mend::lines_at_the_end(
                context,
                &["%addon org_ovirt_node", "layout --init", "%end"].map(str::to_owned),
                Applicability::Unsafe,
            ));
    if let Some(include) = view.include.or(view.post_include) {
        finding = finding.severity(Severity::Info).related(include, "unless this included file does");
    }
    findings.push(finding);
}

fn twice(view: &View<'_>, findings: &mut Findings) {
    let mut sure = view.inits.iter().filter(|i| !i.conditional);
    let Some(first) = sure.next() else { return };
    let second = match view.addon {
        // Our own program says "already initialised".
        Some((header, true)) if first.program != Program::NodeLayout => {
            Some((first, header, "first by the add-on, before %post"))
        }
        _ => sure
            .find(|i| i.program != Program::NodeLayout)
            .map(|second| (second, first.span, "the first call")),
    };
    if let Some((init, span, label)) = second {
        findings.push(
            Finding::new(
                &TWICE,
                format!(
                    "the layout is initialised twice: '{}' fails the second time",
                    init.program.command()
                ),
            )
            .at(init.span)
            .related(span, label)
            .help("remove one of the two; with the add-on, this one"),
        );
    }
}

fn image_name(program: Program, name: &str, span: Span, findings: &mut Findings) {
    // The value of a variable or a command is not known.
    if name.contains('$') || name.contains('`') {
        return;
    }
    let refused = Nvr::parse(name).and_then(|nvr| nvr.check_layer()).err();
    let problem = refused.map(|error| error.to_string()).or_else(|| {
        let titled = name.contains("node") || name.contains("rhvh");
        (program != Program::NodeLayout && !titled).then(|| {
            format!("'{name}' contains neither \"node\" nor \"rhvh\": imgbased removes the boot entry of such an image")
        })
    });
    if let Some(problem) = problem {
        findings.push(
            Finding::new(&IMAGE_NAME, problem)
                .at(span)
                .help("write name, version and release, as in 'ovirt-node-ng-4.5.6-0.20261121.0'"),
        );
    }
}

fn failure(init: &InitCall<'_>, findings: &mut Findings) {
    match &init.hidden {
        Some(Hidden::NoErrorOnFail(header)) => {
            findings.push(
                Finding::new(
                    &FAILURE_UNSEEN,
                    format!(
                        "'%post' has no '--erroronfail': when '{}' fails, the installation continues",
                        init.program.command()
                    ),
                )
                .at(*header)
                .related(init.span, "its failure is ignored")
                .help("write '%post --erroronfail'")
                .fix(mend::add_to_header(init.section, "--erroronfail", Applicability::Safe)),
            );
        }
        Some(Hidden::Masked(by, next)) => findings.push(
            Finding::new(
                &FAILURE_UNSEEN,
                format!(
                    "a failure of '{}' is ignored: a later command decides the exit status of the script",
                    init.program.command()
                ),
            )
            .at(init.span)
            .related(*by, "this command decides it")
            .help(match next {
                Next::Pipe => "write 'set -o pipefail' before it, or write its output to a file".to_owned(),
                Next::Or => format!("write '{} || exit 1'", init.program.command()),
                Next::Background => "leave out the '&'".to_owned(),
                Next::End | Next::And => {
                    format!(
                        "write 'set -e' at the start of the script, or '{} || exit 1'",
                        init.program.command()
                    )
                }
            }),
        ),
        None if init.program == Program::Nodectl => findings.push(
            Finding::new(
                &FAILURE_UNSEEN,
                "'nodectl init' prints \"Failure\" and exits with 0 in several releases",
            )
            .severity(Severity::Info)
            .at(init.span)
            .help("use 'imgbase layout --init', which does the same and reports its failure"),
        ),
        None => {}
    }
}

fn later(init: &InitCall<'_>, findings: &mut Findings) {
    if init.program == Program::NodeLayout {
        return;
    }
    let Some(later) = &init.later else { return };
    let (severity, message) = match &later.lost {
        Some(path) => (
            Severity::Warning,
            format!(
                "what this command writes to {path} is lost: '{}' has already copied root",
                init.program.command()
            ),
        ),
        None => (
            Severity::Info,
            format!(
                "what this command writes outside /etc and the separate volumes is lost: '{}' has already copied root",
                init.program.command()
            ),
        ),
    };
    findings.push(
        Finding::new(&NOT_LAST, message)
            .severity(severity)
            .at(later.span)
            .related(init.span, "the layout is initialised here")
            .help(format!("move it before '{}'", init.program.command())),
    );
}
