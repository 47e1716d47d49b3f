//! Where an unattended installation would stop and ask.
//!
//! What a release insists on was read in Anaconda's branches rhel-7 (21.48), rhel-8 (33.16), rhel-9 (34.25), rhel-10 (40.22)
//! and main (45.21): a spoke that is `mandatory` and not `completed` stops the text interface with a menu, and ends an
//! installation in command-line mode (`pyanaconda/ui/tui/hubs/summary.py`). Older installers are not modelled: the
//! rules are silent for them.
//!
//! A kickstart that takes in a file which is not there may get there what seems to be missing: then the rules about
//! missing commands are silent.

mod administrator; // UNA002
mod disks; // UNA006, UNA007
mod first_boot; // UNA011
mod init_failure; // UNA010
mod interface; // UNA003, UNA013
mod network; // UNA015
mod partitioning; // UNA001, UNA016
mod passphrase; // UNA012
mod prompts; // UNA009
mod reboot; // UNA008
mod rescue; // UNA014
mod setting; // what is known of the installer
mod source; // UNA004, UNA005

pub(crate) use setting::{Interface, Setting};

use super::{Context, Rule};
use node_base::diagnostic::Findings;

/// The rules of this family, in the order of their codes.
pub static RULES: &[Rule] = &[
    Rule {
        codes: &[&partitioning::MISSING, &partitioning::NO_ROOT],
        check: |c, f| alone(c, f, partitioning::look),
    },
    Rule { codes: &[&administrator::CODE], check: |c, f| alone(c, f, administrator::look) },
    Rule {
        codes: &[&interface::INSISTS, &interface::NEEDS_A_SCREEN],
        check: |c, f| alone(c, f, interface::look),
    },
    Rule { codes: &[&source::MISSING, &source::NO_PACKAGES], check: |c, f| alone(c, f, source::look) },
    Rule { codes: &[&disks::NOT_INITIALISED, &disks::EVERY_DISK], check: |c, f| alone(c, f, disks::look) },
    Rule { codes: &[&reboot::CODE], check: |c, f| alone(c, f, reboot::look) },
    Rule { codes: &[&prompts::CODE], check: |c, f| alone(c, f, prompts::look) },
    Rule { codes: &[&init_failure::CODE], check: |c, f| alone(c, f, init_failure::look) },
    Rule { codes: &[&first_boot::CODE], check: |c, f| alone(c, f, first_boot::look) },
    Rule { codes: &[&passphrase::CODE], check: |c, f| alone(c, f, passphrase::look) },
    Rule { codes: &[&rescue::CODE], check: |c, f| alone(c, f, rescue::look) },
    Rule { codes: &[&network::CODE], check: |c, f| alone(c, f, network::look) },
];

/// How a rule of this family looks.
type Look = fn(&Context<'_>, &Setting, &mut Findings);

/// All rules that depend on the command line.
const LOOKS: &[Look] = &[
    partitioning::look,
    administrator::look,
    interface::look,
    source::look,
    disks::look,
    reboot::look,
    prompts::look,
    init_failure::look,
    first_boot::look,
    passphrase::look,
    rescue::look,
    network::look,
];

/// The kickstart by itself: nothing is known of the command line.
fn alone(context: &Context<'_>, findings: &mut Findings, look: Look) {
    if setting::is_modelled(context.kickstart.version) {
        look(context, context.setting(), findings);
    }
}

/// The kickstart with what a command line adds to it.
pub(crate) fn check(context: &Context<'_>, setting: &Setting, findings: &mut Findings) {
    if setting::is_modelled(context.kickstart.version) {
        for look in LOOKS {
            look(context, setting, findings);
        }
    }
}
