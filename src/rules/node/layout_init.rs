use super::installation;
use crate::rules::view::{Hidden, InitCall, Program, View};
use crate::rules::{Context, Rule};
use kickstart::SectionKind;
use kickstart::shell::Next;
use node_base::declare_code;
use node_base::diagnostic::{Edit, Finding, Findings, Fix, Safety, Severity};
use node_base::names::Nvr;
use node_base::source::Span;

declare_code! {
    /// Nothing initialises the layout.
    ///
    /// ## Why
    /// The installed system becomes a node when its root is frozen as a base and booted as a layer. Without that it
    /// is an ordinary installation of the image's content: it cannot be upgraded by an image nor rolled back.
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

    /// Something follows the layout's initialisation that it does not keep.
    ///
    /// ## Why
    /// `imgbase layout --init` and `nodectl init` copy root into the base and the layer, and the layer is what boots.
    /// What is written to root afterwards, outside `/etc` and the separate volumes, stays behind in the old root and
    /// is gone after the first boot. (`node-layout init` renames root instead and keeps what is written later.)
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

    /// A failure of the layout's initialisation goes unseen.
    ///
    /// ## Why
    /// Without `--erroronfail` Anaconda ignores how `%post` ends: the installation "succeeds", the host reboots, and
    /// is no node. With it, what counts is the exit status of the script's *last* command, unless the script says
    /// `set -e`.
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
    /// `imgbase layout --init` and `nodectl init` are not made to be repeated: the second one fails on the tagged
    /// volume group. The add-on has run before `%post`.
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

    /// The image is given a name that volumes or the boot set-up do not take.
    ///
    /// ## Why
    /// Base and layer are volumes called `NAME-VERSION-RELEASE` and `NAME-VERSION-RELEASE+1`. The name has to have
    /// these three parts, to be one that LVM takes, and to leave room for the layer's `+1` within 55 characters. The
    /// boot set-up of imgbased removes every entry whose title has neither "node" nor "rhvh" in it: an image of
    /// another name loses its own.
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

    /// The layout is initialised in the installer's system instead of the installed one.
    ///
    /// ## Why
    /// `%post --nochroot` runs outside the installed system, where neither the program nor the root that it looks
    /// for is.
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
                        "'{}' runs in the installer's system, not in the installed one",
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
    // The section says whether it is wanted; a call that is not understood may be one.
    if view.addon.is_some() || view.init_hidden {
        return;
    }
    let post = context.kickstart.sections_of(SectionKind::Post).last();
    let mut finding = Finding::new(&MISSING, "nothing initialises the layout: the installed system is no node")
        .at_opt(post.map(|s| s.header_span))
        .help("add '%addon org_ovirt_node' with 'layout --init', or '%post --erroronfail' with 'imgbase layout --init'");
    if let Some(include) = view.include.or(view.post_include) {
        finding = finding.severity(Severity::Info).related(include, "unless this file does");
    }
    findings.push(finding);
}

fn twice(view: &View<'_>, findings: &mut Findings) {
    let mut sure = view.inits.iter().filter(|i| !i.conditional);
    let Some(first) = sure.next() else { return };
    let second = match view.addon {
        // Our own program says "already initialised".
        Some((header, true)) if first.program != Program::NodeLayout => {
            Some((first, header, "by the add-on, before %post"))
        }
        _ => sure
            .find(|i| i.program != Program::NodeLayout)
            .map(|second| (second, first.span, "the first time")),
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
    // What a variable or a command puts there is not known.
    if name.contains('$') || name.contains('`') {
        return;
    }
    let refused = Nvr::parse(name).and_then(|nvr| nvr.check_layer()).err();
    let problem = refused.map(|error| error.to_string()).or_else(|| {
        let titled = name.contains("node") || name.contains("rhvh");
        (program != Program::NodeLayout && !titled).then(|| {
            format!("'{name}' has neither \"node\" nor \"rhvh\" in it: imgbased removes the boot entry of such an image")
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
            let end = Span { start: header.end, ..*header };
            findings.push(
                Finding::new(
                    &FAILURE_UNSEEN,
                    format!(
                        "'%post' without '--erroronfail': when '{}' fails, the installation goes on",
                        init.program.command()
                    ),
                )
                .at(*header)
                .related(init.span, "its failure goes unseen")
                .help("write '%post --erroronfail'")
                .fix(Fix {
                    title: "stop the installation when %post fails".into(),
                    safety: Safety::Safe,
                    edits: vec![Edit { span: end, replacement: " --erroronfail".into() }],
                }),
            );
        }
        Some(Hidden::Masked(by, next)) => findings.push(
            Finding::new(
                &FAILURE_UNSEEN,
                format!(
                    "a failure of '{}' goes unseen: what follows decides how the script ends",
                    init.program.command()
                ),
            )
            .at(init.span)
            .related(*by, "this decides it")
            .help(match next {
                Next::Pipe => {
                    "write 'set -o pipefail' before it, or to a file instead of into a pipe".to_owned()
                }
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
                "'nodectl init' prints \"Failure\" and ends with status 0 in several releases",
            )
            .severity(Severity::Info)
            .at(init.span)
            .help("'imgbase layout --init' does the same and fails when it fails"),
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
                "what this writes to {path} is lost: '{}' has copied root already",
                init.program.command()
            ),
        ),
        None => (
            Severity::Info,
            format!(
                "what this writes outside /etc and the separate volumes is lost: '{}' has copied root already",
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
