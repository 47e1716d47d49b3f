//! `node-layout update`.

use super::answer::{Answer, Outcome, Subject};
use super::common::Common;
use super::config::Settings;
use super::policy::policy;
use crate::checks::has_errors;
use crate::machine::{Tools, inside, random_uuid};
use crate::source::{ImageRequest, Proof};
use crate::verbs::update::{AfterUpdate, OnConflict, UpdateRequest, check_host, update};
use anyhow::Context;
use node_base::console::error_line;
use node_base::diagnostic::Finding;
use std::path::PathBuf;
use std::process::ExitCode;

/// Options of `update`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    common: Common,
    /// The image: squashfs (also with LiveOS/rootfs.img inside), ext4, xfs, a tar archive, a directory, an OCI layout or archive
    #[arg(value_name = "IMAGE", required_unless_present = "check_host")]
    image: Option<PathBuf>,
    /// Only check whether this host can be updated, whatever the image is; for the package of an image, before it is installed
    #[arg(long, conflicts_with_all = ["image", "dry_run"])]
    check_host: bool,
    /// Name of the image, in place of the one in its own metadata
    #[arg(long, value_name = "N-V-R", allow_hyphen_values = true)]
    nvr: Option<String>,
    /// SHA-256 that the image must have; of an OCI layout the digest of its manifest
    #[arg(long, value_name = "HEX")]
    sha256: Option<String>,
    /// Detached OpenPGP signature of the image, or of the list of --checksums
    #[arg(long, value_name = "FILE")]
    signature: Option<PathBuf>,
    /// List of checksums with the image's, as sha256sum writes it; --signature is that of the list
    #[arg(long, value_name = "FILE", requires = "signature")]
    checksums: Option<PathBuf>,
    /// File with the keys that are accepted, in place of /etc/node-layout/keys
    #[arg(long, value_name = "FILE", requires = "signature")]
    keyring: Option<PathBuf>,
    /// Make the image the default at once, without trying it: nothing falls back if it does not work
    #[arg(long, conflicts_with = "no_arm")]
    no_trial: bool,
    /// Only make the image; a second run with the same image lets the next boot try it
    #[arg(long)]
    no_arm: bool,
    /// How many boots try the image, until it is confirmed (GRUB)
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with = "no_trial")]
    tries: u32,
    /// Directory for copies and for archives that are unpacked; without it /var/tmp of the system
    #[arg(long, value_name = "DIR")]
    work_dir: Option<PathBuf>,
    /// Whose version of a file of /etc the new layer has where the changes of host and image do not go together; stop refuses
    /// the update
    #[arg(long, value_enum, value_name = "WHOSE", default_value = "ours")]
    on_conflict: Whose,
    /// Fetch packages that were installed on this host and are not cached from its repositories; without it nothing uses the network
    #[arg(long)]
    network: bool,
    /// Leave a package that was installed on this host behind, also in leave-packages of /etc/node-layout/layout.toml; '*' means all
    #[arg(long, value_name = "NAME")]
    leave_package: Vec<String>,
    /// Only show what would be done. (The image is opened and compared.)
    #[arg(long)]
    dry_run: bool,
    /// With --dry-run: show what changes in each file of /etc; a conflict has its marks
    #[arg(long, requires = "dry_run")]
    diff: bool,
}

/// Whose version of a file is taken.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Whose {
    /// That of this host.
    Ours,
    /// That of the new image.
    Theirs,
    /// Nobody's: the update is refused.
    Stop,
}

/// Makes a new image beside the old one.
pub(super) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let mut answer = Answer::new(args.common.format);
    // Also a dry run mounts the image.
    let _lock = args.common.lock()?;
    let (tools, system) = args.common.read(None, None)?;
    answer.environment = tools.chosen_environment();
    let uuid = || random_uuid(tools.environment()).context("a random UUID cannot be read from /proc");
    let after = match (args.no_trial, args.no_arm) {
        (true, _) => AfterUpdate::Default,
        (false, true) => AfterUpdate::Nothing,
        (false, false) => AfterUpdate::Try,
    };
    let settings = Settings::read(&args.common.sysroot()?)?;
    let absolute = |path: &PathBuf| std::path::absolute(path).with_context(|| path.display().to_string());
    let request = UpdateRequest {
        image: ImageRequest {
            image: args.image.as_ref().map(absolute).transpose()?.unwrap_or_default(),
            proof: Proof {
                sha256: args.sha256,
                signature: args.signature,
                checksums: args.checksums,
                keyring: args.keyring,
            },
            work_dir: match &args.work_dir {
                Some(given) => super::common::directory("--work-dir", given)?,
                None => inside(&system.sysroot, "/var/tmp"),
            },
        },
        nvr: args.nvr,
        after,
        tries: args.tries,
        on_conflict: match args.on_conflict {
            Whose::Ours => OnConflict::Ours,
            Whose::Theirs => OnConflict::Theirs,
            Whose::Stop => OnConflict::Stop,
        },
        network: args.network,
        leave_packages: [args.leave_package, settings.leave_packages].concat(),
        uuids: [uuid()?, uuid()?],
    };
    if args.check_host {
        return Ok(host_checked(&answer, &check_host(&system, &tools, &request)));
    }
    let policy = policy(None, &args.common.sysroot()?)?.policy.name;
    let decided = match update(&system, &tools, &request) {
        Ok(decided) => decided,
        Err(findings) => return Ok(answer.refused(&findings)),
    };
    answer.subject = Some(Subject {
        os: system.os.clone(),
        root: system.root_volume().map(|v| v.full_name()).unwrap_or_default(),
        image: format!("{} ({})", decided.nvr, decided.about),
        image_from: None,
        policy,
    });
    answer.needs = decided.needs.clone();
    let outcome = Outcome { result: decided.result, message: decided.message.clone() };
    answer.shows_etc = args.diff;
    let exit = if args.dry_run {
        answer.planned(&decided.plan, &outcome.message, &decided.findings)
    } else if decided.plan.steps.is_empty() {
        answer.done(&outcome, &decided.findings)
    } else {
        answer.run(&tools, &decided.plan, decided.undo(), &outcome, &decided.findings)
    };
    if let Err(left) = decided.close(&tools) {
        for what in left {
            error_line("node-layout", &format!("not unmounted: {what}"));
        }
    }
    Ok(exit)
}

fn host_checked(answer: &Answer, findings: &[Finding]) -> ExitCode {
    if has_errors(findings) {
        return answer.refused(findings);
    }
    let message = "this host can be updated".to_owned();
    answer.done(&Outcome { result: "can-update", message }, findings)
}
