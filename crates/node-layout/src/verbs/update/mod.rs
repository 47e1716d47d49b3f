//! `update`: a new image beside the old one. Its base is a snapshot of the running image's base that gets what is different, its
//! layer is a snapshot of that base, and the next boot tries it.

mod checks; // what blocks an update, whatever the image is
mod etc; // /etc of the new layer
mod image; // what the image has
mod kernel_file; // what the kernel of the image says of itself
mod leftovers; // what an interrupted run has left
mod mount_points; // directories that file systems are mounted on
mod packages; // packages that were installed on this host
mod plan; // the steps
mod space; // whether there is room
mod storage_domains; // disks of virtual machines on the root file system
mod undo; // the way back
mod var; // what is added to /var

use super::node::{Decision, Node};
use crate::checks::{has_errors, sorted};
use crate::disks::RootFs;
use crate::images::{FIRST_LAYER, ImageState};
use crate::machine::{Command, Tools, below};
use crate::plan::{Plan, Steps, Undo, VarRecord};
use crate::source::{ImageRequest, MOUNTS, Source, SourceError};
use crate::sync::{self, Difference};
use crate::system::System;
use image::{Contents, contents, name};
use node_base::diagnostic::{Finding, Findings, Severity, layout};
use node_base::names::{Layer, Nvr};
use node_base::units::Bytes;
use std::path::{Path, PathBuf};
use undo::TakeBack;

pub use space::Needs;

/// What happens to the new image when it is complete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AfterUpdate {
    /// The next boot tries it, once.
    #[default]
    Try,
    /// It is the default at once, by the operator's word.
    Default,
    /// Nothing: a second run with the same image lets the next boot try it.
    Nothing,
}

/// What happens with a file of /etc that host and image have changed in ways that do not go together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnConflict {
    /// The new layer has the host's version.
    #[default]
    Ours,
    /// The new layer has the image's version.
    Theirs,
    /// The update is refused.
    Stop,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct UpdateRequest {
    /// The image.
    pub image: ImageRequest,
    /// Its name, in place of the one in its own metadata.
    pub nvr: Option<String>,
    /// What happens to it when it is complete.
    pub after: AfterUpdate,
    /// How many boots try it, until it is confirmed.
    pub tries: u32,
    /// What happens with a conflict in /etc.
    pub on_conflict: OnConflict,
    /// Whether packages of this host may be fetched from the recorded repositories.
    pub network: bool,
    /// Names of packages of this host that are left behind; `*` means all of them.
    pub leave_packages: Vec<String>,
    /// UUIDs for the file systems of the new base and the new layer.
    pub uuids: [String; 2],
}

/// An update that was decided. Until [`Update::close`] the image is open.
#[derive(Debug)]
pub struct Update {
    /// The steps. None if there is nothing to do.
    pub plan: Plan,
    /// The result as a stable word, for programs.
    pub result: &'static str,
    /// The result as a sentence, for people.
    pub message: String,
    /// Findings that do not keep the verb from its work.
    pub findings: Vec<Finding>,
    /// The image's name.
    pub nvr: Nvr,
    /// What the image is, and where its name comes from.
    pub about: String,
    /// What it needs; `None` if nothing is to be made.
    pub needs: Option<Needs>,
    undo: TakeBack,
    opened: Opened,
}

impl Update {
    /// The way back when a step fails.
    pub fn undo(&self) -> &dyn Undo {
        &self.undo
    }

    /// Unmounts everything, and removes what was unpacked.
    ///
    /// # Errors
    /// What could not be unmounted, as sentences.
    pub fn close(self, tools: &dyn Tools) -> Result<(), Vec<String>> {
        self.opened.close(tools)
    }
}

/// What is mounted for the time of an update.
#[derive(Debug, Default)]
struct Opened {
    source: Option<Source>,
    /// Commands that end the reading of the old base.
    old_base: Vec<Command>,
}

impl Opened {
    fn close(self, tools: &dyn Tools) -> Result<(), Vec<String>> {
        let mut left: Vec<String> = Vec::new();
        for command in &self.old_base {
            left.extend(tools.run(command).err().map(|error| error.to_string()));
        }
        if let Some(source) = self.source {
            left.extend(source.close(tools).err().map(|error| error.to_string()));
        }
        if left.is_empty() { Ok(()) } else { Err(left) }
    }
}

/// Reads everything, and decides the steps.
///
/// # Errors
/// The findings that block the update, at least one of them an error. Nothing is left mounted.
pub fn update(system: &System, tools: &dyn Tools, request: &UpdateRequest) -> Result<Update, Vec<Finding>> {
    let mut opened = Opened::default();
    match decide(system, tools, request, &mut opened) {
        Ok(decided) => Ok(decided.with(opened)),
        Err(findings) => {
            let _ = opened.close(tools);
            Err(findings)
        }
    }
}

/// Checks what blocks an update of this host, whatever the image is: nothing is opened and nothing is changed. Without errors among the
/// findings an update can begin.
pub fn check_host(system: &System, tools: &dyn Tools, request: &UpdateRequest) -> Vec<Finding> {
    let node = match Node::of(system) {
        Ok(node) => node,
        Err(findings) => return findings,
    };
    let mut findings = Findings::new();
    checks::host(&node, tools, request, &mut findings);
    sorted(findings)
}

/// An update without what is mounted for it.
struct Decided {
    plan: Plan,
    result: &'static str,
    message: String,
    findings: Vec<Finding>,
    nvr: Nvr,
    about: String,
    needs: Option<Needs>,
    undo: TakeBack,
}

impl Decided {
    fn with(self, opened: Opened) -> Update {
        let Decided { plan, result, message, findings, nvr, about, needs, undo } = self;
        Update { plan, result, message, findings, nvr, about, needs, undo, opened }
    }
}

fn decide(
    system: &System,
    tools: &dyn Tools,
    request: &UpdateRequest,
    opened: &mut Opened,
) -> Result<Decided, Vec<Finding>> {
    // What is known without the image comes first: opening that takes time.
    let node = Node::of(system)?;
    let mut findings = Findings::new();
    let host = checks::host(&node, tools, request, &mut findings);
    let Some(host) = host.filter(|_| !has_errors_in(&findings)) else { return Err(sorted(findings)) };
    let source = Source::open(tools, &request.image).map_err(|error| vec![not_usable(&error)])?;
    if source.proved == crate::source::Proved::Nothing {
        let message =
            format!("{} is used without proof of where it comes from", request.image.image.display());
        findings.push(
            Finding::new(&layout::IMAGE_UNPROVED, message)
                .help("give --sha256, or --signature with the publisher's key in /etc/node-layout/keys"),
        );
    }
    let root = source.root.clone();
    let kind = source.kind;
    let proved = source.proved;
    let own_name = source.nvr();
    opened.source = Some(source);
    let Some((nvr, from)) = name(&node, request.nvr.as_deref(), own_name, &mut findings) else {
        return Err(sorted(findings));
    };
    let about = format!("{kind}, {proved}, name from {from}");
    if let Some(image) = node.image(&nvr).filter(|image| image.state != ImageState::Making) {
        let decision = existing(&node, image.state, &nvr, tools, request)?;
        let Decision { mut plan, result, message, findings: more } = decision;
        // A power cut can have left an armed image without it, and the engine removes it before it asks again.
        if matches!(result, "armed" | "already-armed" | "updated") {
            plan.steps.extend(plan::marker(system, &request.image.image));
        }
        let mut findings = sorted(findings);
        findings.extend(more);
        let undo = TakeBack::nothing();
        return Ok(Decided { plan, result, message, findings, nvr, about, needs: None, undo });
    }
    image::names_are_free(&node, &nvr, &mut findings);
    let contents = contents(&root, tools, request.after, &mut findings);
    let Some(contents) = contents.filter(|_| !has_errors_in(&findings)) else { return Err(sorted(findings)) };
    let comparison = comparison(&node, &host, tools, &root, opened)?;
    let (etc, about_etc) = etc::decide(system, tools, &root, &nvr, request.on_conflict)?;
    findings.extend(about_etc);
    let (mount_points, about_mount_points) = mount_points::decide(&etc.text("fstab"), &root);
    findings.extend(about_mount_points);
    let (var, about_var) = var::decide(system, tools, &root, &nvr)?;
    findings.extend(about_var);
    let wanted = packages::Wanted {
        network: request.network,
        leave: &request.leave_packages,
        work_dir: &request.image.work_dir,
    };
    let (packages, about_packages) = packages::decide(system, tools, &root, &contents, wanted);
    findings.extend(about_packages);
    let making = Making {
        node: &node,
        host: &host,
        nvr: &nvr,
        contents: &contents,
        comparison: &comparison,
        etc: &etc,
        mount_points: &mount_points,
        var: var.as_ref(),
        packages: packages.as_ref(),
    };
    let left = leftovers::entries_without(&node, &leftovers::bases(&node));
    if let Some(hidden) = node.hidden(&left, &making.entry_id()) {
        findings.push(
            Finding::new(&layout::NAME_TAKEN, hidden)
                .help("give the image a name that differs in more than separators and leading zeros: --nvr"),
        );
    }
    let needs = space::needs(&making, tools);
    space::check(&making, &needs, &mut findings);
    let findings = sorted(findings);
    if has_errors(&findings) {
        return Err(findings);
    }
    let plan =
        plan::plan(&making, &root, tools, request).map_err(|error| vec![super::node::no_room(&error)])?;
    let (result, message) = match request.after {
        AfterUpdate::Try => ("armed", format!("image {nvr} is complete; the next boot tries it")),
        AfterUpdate::Default => {
            ("updated", format!("image {nvr} is complete, and the default from the next boot on"))
        }
        AfterUpdate::Nothing => {
            ("ready", format!("image {nvr} is complete; run this again to let the next boot try it"))
        }
    };
    let mut scratch = vec![plan::scratch(request)];
    scratch.extend(making.packages.into_iter().flat_map(packages::Packages::directories));
    let undo = TakeBack::of(&making, tools.environment(), scratch);
    Ok(Decided { plan, result, message, findings, nvr, about, needs: Some(needs), undo })
}

fn has_errors_in(findings: &Findings) -> bool {
    findings.iter().any(|f| f.severity == Severity::Error)
}

/// Everything that the steps of a new image depend on.
struct Making<'n> {
    node: &'n Node<'n>,
    host: &'n checks::Host<'n>,
    nvr: &'n Nvr,
    contents: &'n Contents,
    comparison: &'n Comparison,
    etc: &'n etc::Etc,
    /// Mount points of this host that the image lacks, as paths below its root.
    mount_points: &'n [PathBuf],
    var: Option<&'n VarRecord>,
    packages: Option<&'n packages::Packages>,
}

impl Making<'_> {
    /// The new layer.
    fn layer(&self) -> Layer {
        self.nvr.layer(FIRST_LAYER)
    }

    /// The id of its boot entry.
    fn entry_id(&self) -> String {
        format!("{}-{}", self.layer(), self.contents.version)
    }
}

/// How the new base is made.
struct Comparison {
    /// What is different between the image and what the base begins as.
    difference: Difference,
    /// Whether it begins as an empty file system, not as a snapshot of the old base.
    fresh: bool,
    /// Size of the file system in the old base.
    room: Bytes,
    /// What a new UUID writes in it, at least.
    uuid: Bytes,
}

/// Where the content of a new base is written, beside what is read.
fn mount_point(tools: &dyn Tools, name: &str) -> PathBuf {
    below(tools.environment(), MOUNTS).join(name)
}

/// From this share of the image on, in percent, the new base begins empty: a snapshot would share little, and inherit the old
/// one's fragmentation.
const FRESH: u64 = 80;

/// Compares the image with the old base.
fn comparison(
    node: &Node<'_>,
    host: &checks::Host<'_>,
    tools: &dyn Tools,
    image: &std::path::Path,
    opened: &mut Opened,
) -> Result<Comparison, Vec<Finding>> {
    let failed = |message: String, help: &str| vec![Finding::new(&layout::BASE, message).help(help)];
    let base = host.base.full_name();
    let at = mount_point(tools, "old");
    let to_text = at.display().to_string();
    if let Err(error) = std::fs::create_dir_all(&at) {
        return Err(failed(format!("{to_text}: {error}"), "make it possible to write below /run"));
    }
    let commands = node.commands();
    let unreadable =
        "see node-layout verify --deep; the base must be readable, because the new image is compared with it";
    let run = |command: &Command| {
        let failed = |error| failed(format!("base {base} cannot be read: {error}"), unreadable);
        tools.run(command).map(|_| ()).map_err(failed)
    };
    // A run that was killed has left it active; somebody who looks at it has mounted it elsewhere.
    let ours = below(tools.environment(), MOUNTS);
    let is_used = |device| {
        let mounts = node.system.mounts.iter().filter(|m| m.device == device);
        mounts.map(|m| node.system.path(&m.target)).any(|at| !at.starts_with(&ours))
    };
    if !host.base.active {
        run(&commands.command("lvchange", ["--activate", "y", "--ignoreactivationskip", &base]))?;
    }
    if !host.base.device.is_some_and(is_used) {
        opened.old_base.push(commands.command("lvchange", ["--activate", "n", &base]));
    }
    let options = match host.root_fs {
        RootFs::Ext4 => "ro,noload,nodev,nosuid,noexec",
        RootFs::Xfs => "ro,norecovery,nouuid,nodev,nosuid,noexec",
    };
    let device = below(tools.environment(), format!("/dev/{base}")).display().to_string();
    run(&Command::new("mount", ["-t", &host.root_fs.to_string(), "-o", options, &device, &to_text]))?;
    opened.old_base.insert(0, Command::new("umount", [&to_text]));
    let uuid = host.root_fs.rewritten_by_uuid(Path::new(&device));
    let room = tools.space(&at).map(|space| Bytes(space.total)).unwrap_or(host.base.size);
    let compared =
        sync::compare(image, &at, host.pool.chunk_size).map_err(|error| vec![not_comparable(&error)])?;
    let written = compared.need.content();
    let is_other = written.0.saturating_mul(100) > compared.size.saturating_mul(FRESH);
    if is_other && tools.has(host.root_fs.mkfs_tool()) {
        let difference = sync::everything(image).map_err(|error| vec![not_comparable(&error)])?;
        return Ok(Comparison { difference, fresh: true, room, uuid });
    }
    Ok(Comparison { difference: compared, fresh: false, room, uuid })
}

fn not_comparable(error: &sync::SyncError) -> Finding {
    Finding::new(&layout::IMAGE_SOURCE, error.to_string())
        .help("nothing was changed; correct what is named, then run this again")
}

/// The finding about an image that cannot be opened or proved.
fn not_usable(error: &SourceError) -> Finding {
    let (code, help) = match error {
        SourceError::Checksum { .. } => {
            (&layout::IMAGE_PROOF, "get the image again, and compare the checksum with the publisher's")
        }
        SourceError::Proof(_) | SourceError::Signature { .. } => {
            (&layout::IMAGE_PROOF, "see `ks-lint explain LAY081`")
        }
        SourceError::NoRoom | SourceError::NoRoomFor { .. } => {
            (&layout::UPDATE_SPACE, "or remove what is not needed there")
        }
        SourceError::Tool(_) => (&layout::IMAGE_SOURCE, "see what the program says; nothing was changed"),
        _ => (&layout::IMAGE_SOURCE, "see `ks-lint explain LAY080`"),
    };
    Finding::new(code, error.to_string()).help(help)
}

/// What is decided about an image that is there already.
fn existing(
    node: &Node<'_>,
    state: ImageState,
    nvr: &Nvr,
    tools: &dyn Tools,
    request: &UpdateRequest,
) -> Result<Decision, Vec<Finding>> {
    let said = |result, message| {
        let plan = Steps::default().into_plan(false);
        Ok(Decision { plan, result, message, findings: Vec::new() })
    };
    match (state, request.after) {
        (ImageState::Ready | ImageState::Failed, AfterUpdate::Nothing) => {
            said("already-there", format!("image {nvr} is complete already ({state})"))
        }
        (ImageState::Ready | ImageState::Failed, AfterUpdate::Default) => plan::make_default(node, nvr),
        (ImageState::Good, _) => {
            said("already-there", format!("image {nvr} is there already, and confirmed"))
        }
        _ => super::arm::arm_times(node.system, nvr.as_str(), request.tries, tools),
    }
}
