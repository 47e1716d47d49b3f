//! The limits that were seen in runs of the installer.

use super::{machine, plan, says};
use anaconda_plan::machine::{Firmware, Kind, Role, Volume};
use anaconda_plan::{Plan, Verdict};

const AUTOPART: &str = "zerombr\nclearpart --all --initlabel\nautopart --type=thinp\n";
const THIN: &str = "zerombr\nclearpart --all --initlabel\nreqpart --add-boot\npart pv.01 --size=1 --grow\n\
    volgroup onn pv.01\nlogvol none --vgname=onn --name=pool00 --thinpool --size=1 --grow\n\
    logvol / --vgname=onn --name=root --thin --poolname=pool00 --size=10240\n\
    logvol /var --vgname=onn --name=var --thin --poolname=pool00 --size=15360\n\
    logvol swap --vgname=onn --name=swap --size=4096\n";

fn size(plan: &Plan, name: &str) -> u64 {
    let tree = plan.tree.as_ref().expect("a layout");
    let id = tree.by_name(name).unwrap_or_else(|| panic!("no device {name}: {}", says(plan)));
    tree.size(id).0
}

#[test]
fn the_smallest_disk_for_autopart_with_the_node_profile() {
    for (release, firmware, gib) in [
        ("RHEL8", Firmware::Bios, 63),
        ("RHEL8", Firmware::Uefi, 64),
        ("RHEL9", Firmware::Bios, 63),
        ("RHEL9", Firmware::Uefi, 64),
        ("RHEL10", Firmware::Bios, 64),
        ("RHEL10", Firmware::Uefi, 65),
        ("F46", Firmware::Bios, 64),
        ("F46", Firmware::Uefi, 65),
    ] {
        let verdict = |gib: u64| {
            let disk = format!("sda={gib}GiB");
            plan(AUTOPART, release, "ovirt-node", &machine(firmware, &[&disk])).verdict
        };
        assert_eq!(verdict(gib), Verdict::Proceeds, "{release} {firmware:?} {gib} GiB");
        assert_eq!(verdict(gib - 1), Verdict::Stops, "{release} {firmware:?} {} GiB", gib - 1);
    }
}

#[test]
fn a_growing_pool_gives_up_three_times_its_metadata() {
    let plan = plan(THIN, "RHEL9", "ovirt-node", &machine(Firmware::Uefi, &["sda=200GiB"]));
    assert_eq!(plan.verdict, Verdict::Proceeds, "{}", says(&plan));
    let tree = plan.tree.as_ref().expect("a layout");
    let pool = tree.by_name("onn-pool00").expect("the pool");
    let Kind::Volume(Volume { role: Role::Pool { metadata, .. }, .. }) = &tree[pool].kind else {
        panic!("the pool is no pool");
    };
    let grown = size(&plan, "onn") - size(&plan, "onn-swap");
    assert_eq!(size(&plan, "onn-pool00"), grown - 3 * metadata.0);
}

#[test]
fn a_pool_is_at_least_as_large_as_its_volumes() {
    let text = THIN.replace("--thinpool --size=1 --grow", "--thinpool --size=10000");
    let plan = plan(&text, "RHEL9", "ovirt-node", &machine(Firmware::Uefi, &["sda=200GiB"]));
    assert_eq!(size(&plan, "onn-pool00"), (10240 + 15360) << 20);
}

#[test]
fn new_releases_need_a_biosboot_partition_on_bios_and_old_ones_do_not() {
    let text = THIN.replace("reqpart --add-boot", "part /boot --size=1024");
    let on = |release| plan(&text, release, "ovirt-node", &machine(Firmware::Bios, &["sda=200GiB"]));
    assert_eq!(on("RHEL9").verdict, Verdict::Proceeds, "{}", says(&on("RHEL9")));
    assert!(
        says(&on("RHEL10")).contains("'biosboot' type partition on the sda disk"),
        "{}",
        says(&on("RHEL10"))
    );
}

#[test]
fn disks_beyond_2_tib_get_gpt_on_bios_everywhere() {
    let plan = plan(AUTOPART, "RHEL9", "ovirt-node", &machine(Firmware::Bios, &["sda=3TiB"]));
    assert_eq!(plan.verdict, Verdict::Proceeds, "{}", says(&plan));
    let tree = plan.tree.as_ref().expect("a layout");
    let table = tree.table(tree.by_name("sda").expect("sda")).expect("a table");
    assert_eq!(table.label.name(), "gpt");
    assert_eq!(size(&plan, "sda1"), 1 << 20, "biosboot");
}

#[test]
fn an_old_volume_group_that_is_kept_has_no_room() {
    let text = "clearpart --none\npart /boot/efi --onpart=sda1 --noformat\npart /boot --onpart=sda2 --fstype=xfs\n\
        volgroup old --useexisting\nlogvol / --vgname=old --name=root --useexisting --fstype=xfs\n";
    let disk = "sda=200GiB,label=gpt,part=600MiB:efi,part=1GiB:xfs,part=100GiB:lvmpv:old";
    let kept = plan(text, "RHEL9", "none", &machine(Firmware::Uefi, &[disk]));
    assert_eq!(kept.verdict, Verdict::Proceeds, "{}", says(&kept));
    assert_eq!(size(&kept, "old-root"), 100 << 30);
    let more = format!("{text}logvol swap --vgname=old --name=swap --size=500\n");
    let full = plan(&more, "RHEL9", "none", &machine(Firmware::Uefi, &[disk]));
    assert_eq!(says(&full), "new lv is too large to fit in free space");
}

#[test]
fn half_a_volume_group_cannot_be_removed() {
    let text = "ignoredisk --only-use=sda\nclearpart --all --initlabel\nautopart\n";
    let disks = ["sda=100GiB,label=gpt,part=50GiB:lvmpv:old", "sdb=100GiB,label=gpt,part=50GiB:lvmpv:old"];
    let plan = plan(text, "RHEL9", "none", &machine(Firmware::Uefi, &disks));
    assert!(says(&plan).contains("contain volume group 'old'"), "{}", says(&plan));
}

#[test]
fn a_check_with_disks_finds_what_these_disks_refuse() {
    use ks_lint::lint::{Settings, lint};
    use node_base::source::Sources;
    use std::sync::Arc;
    let text =
        "#version=RHEL9\nzerombr\nclearpart --all --initlabel\nreqpart --add-boot\npart / --size=50000\n";
    let check = |disks: &[&str]| {
        let machine = (!disks.is_empty()).then(|| Arc::new(machine(Firmware::Uefi, disks)));
        let mut sources = Sources::new();
        let file = sources.add("test.ks", text.to_owned()).expect("a source");
        let report = lint(sources, file, &Settings { machine, ..Settings::default() });
        let storage = report.findings.iter().filter(|f| f.code.category.name() == "storage");
        storage.map(|f| (f.code.name, f.severity.to_string())).collect::<Vec<_>>()
    };
    assert_eq!(check(&[]), [], "on some disk it installs");
    assert_eq!(check(&["sda=20GiB"]), [("partitions-do-not-fit", "error".to_owned())]);
    assert_eq!(check(&["sda=100GiB"]), [("no-swap", "info".to_owned())]);
}
