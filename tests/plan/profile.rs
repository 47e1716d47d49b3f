//! What the installer's profile for nodes wants, with the finding that stands for it in `ks-lint rules`. With a policy the
//! rules of the node say the same with the line to write, so that `ks-lint check` does not repeat it.

use super::{machine, plan, says};
use anaconda_plan::Verdict;
use anaconda_plan::machine::Firmware;

const START: &str = "zerombr\nclearpart --all --initlabel\nreqpart --add-boot\npart pv.01 --size=1 --grow\n\
    volgroup onn pv.01 --reserved-percent=20\nlogvol swap --vgname=onn --name=swap --size=2048\n\
    logvol none --vgname=onn --name=pool00 --thinpool --size=40960 --grow\n";
const ROOT: &str = "logvol / --vgname=onn --name=root --thin --poolname=pool00 --size=10240\n";
const VAR: &str = "logvol /var --vgname=onn --name=var --thin --poolname=pool00 --size=15360\n";

/// The codes of what stops the installer.
fn refused(volumes: &str) -> Vec<&'static str> {
    let text = format!("{START}{volumes}");
    let plan = plan(&text, "RHEL9", "ovirt-node", &machine(Firmware::Uefi, &["sda=100GiB"]));
    let stops = plan.messages.iter().filter(|m| m.severity == node_base::diagnostic::Severity::Error);
    let codes: Vec<_> = stops.map(|m| ks_lint::lint::plan::code(m.cause).id).collect();
    assert_eq!(plan.verdict == Verdict::Stops, !codes.is_empty(), "{}", says(&plan));
    codes
}

#[test]
fn a_layout_for_nodes_proceeds() {
    assert_eq!(refused(&format!("{ROOT}{VAR}")), [""; 0]);
}

#[test]
fn var_needs_a_volume_of_its_own() {
    assert_eq!(refused(ROOT), ["STO026"]);
}

#[test]
fn var_needs_the_size_that_the_profile_requires() {
    assert_eq!(refused(&format!("{ROOT}{}", VAR.replace("15360", "1024"))), ["STO027"]);
}

#[test]
fn root_has_to_be_thin() {
    assert_eq!(refused(&format!("{}{VAR}", ROOT.replace("--thin --poolname=pool00 ", ""))), ["STO028"]);
}
