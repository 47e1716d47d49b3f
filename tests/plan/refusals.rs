//! Kickstarts that the real Anaconda (33.16, 34.25, 40.22, 45.21) stops at, each reduced to what it stops at.

use super::{machine, plan, says};
use anaconda_plan::machine::Firmware;
use anaconda_plan::{Plan, Verdict};

const HEAD: &str = "zerombr\nclearpart --all --initlabel\nreqpart --add-boot\n";

fn on(rest: &str, syntax: &str, disks: &[&str]) -> Plan {
    plan(&format!("{HEAD}{rest}"), syntax, "none", &machine(Firmware::Uefi, disks))
}

#[track_caller]
fn stops(rest: &str, syntaxes: &[&str], disks: &[&str], with: &str) {
    for syntax in syntaxes {
        let found = on(rest, syntax, disks);
        assert_eq!(found.verdict, Verdict::Stops, "{syntax}: {rest}");
        assert!(says(&found).contains(with), "{syntax}: {}", says(&found));
    }
}

#[track_caller]
fn proceeds(rest: &str, syntaxes: &[&str], disks: &[&str]) {
    for syntax in syntaxes {
        let found = on(rest, syntax, disks);
        assert_eq!(found.verdict, Verdict::Proceeds, "{syntax}: {rest}{}", says(&found));
    }
}

const ALL: &[&str] = &["RHEL8", "RHEL9", "RHEL10", "F46"];

#[test]
fn the_header_of_luks_leaves_too_little_for_the_file_system() {
    let group = "part pv.1 --size=9000 --grow\nvolgroup vg0 pv.1\n";
    let root = "logvol / --vgname=vg0 --name=root --fstype=xfs --encrypted --passphrase=abcdefgh1";
    stops(
        &format!("{group}{root} --percent=50\n"),
        ALL,
        &["vda=60GiB"],
        "device is too small for new format",
    );
    proceeds(&format!("{group}{root} --size=5000 --grow\n"), ALL, &["vda=60GiB"]);
    let pv = "part pv.1 --size=1 --grow --encrypted --passphrase=abcdefgh1\nvolgroup vg0 pv.1\n";
    proceeds(&format!("{pv}logvol / --vgname=vg0 --name=root --size=9000\n"), ALL, &["vda=60GiB"]);
}

#[test]
fn luks_has_two_versions() {
    let part = "part / --size=9000 --encrypted --passphrase=abcdefgh1 --luks-version=";
    stops(&format!("{part}luks3\n"), ALL, &["vda=60GiB"], "Unknown or unsupported LUKS version 'luks3'");
    let auto = "autopart --encrypted --passphrase=abcdefgh1 --luks-version=luks3\n";
    let found =
        plan(&format!("clearpart --all\n{auto}"), "RHEL9", "none", &machine(Firmware::Uefi, &["vda=60GiB"]));
    assert!(says(&found).contains("Unknown or unsupported LUKS version 'luks3'"), "{}", says(&found));
    proceeds(&format!("{part}luks1\n"), ALL, &["vda=60GiB"]);
    proceeds("part / --size=9000 --luks-version=luks3\n", ALL, &["vda=60GiB"]);
}

#[test]
fn metadata_of_a_pool_is_less_than_16_gib() {
    let pool = "part pv.1 --size=70000\nvolgroup vg0 pv.1\n\
                logvol / --vgname=vg0 --name=root --thin --poolname=p --size=9000\n";
    let pool = |mib: u32| {
        pool.replace(
            "logvol /",
            &format!(
                "logvol none --vgname=vg0 --name=p --thinpool --size=30000 --metadatasize={mib}\nlogvol /"
            ),
        )
    };
    stops(&pool(16384), ALL, &["vda=80GiB"], "invalid metadatasize value");
    proceeds(&pool(16000), ALL, &["vda=200GiB"]);
}

#[test]
fn an_array_that_is_named_by_a_path_is_not_found_by_its_group() {
    let array = |device: &str| {
        format!(
            "part raid.1 --size=9000 --ondisk=vda\npart raid.2 --size=9000 --ondisk=vdb\n\
             raid pv.1 --level=1 --device={device} raid.1 raid.2\nvolgroup vg0 pv.1\n\
             logvol / --vgname=vg0 --name=root --size=5000\n"
        )
    };
    let disks = &["vda=60GiB", "vdb=60GiB"];
    stops(&array("/dev/md1"), ALL, disks, "Tried to use undefined partition \"pv.1\"");
    proceeds(&array("md1"), ALL, disks);
}

#[test]
fn an_array_is_found_by_its_own_name_from_rhel_9_on() {
    let text = "part raid.1 --size=9000 --ondisk=vda\npart raid.2 --size=9000 --ondisk=vdb\n\
                raid pv.01 --level=1 --device=md_test raid.1 raid.2\nvolgroup vg0 md_test\n\
                logvol / --vgname=vg0 --name=root --size=5000\n";
    let disks = &["vda=60GiB", "vdb=60GiB"];
    proceeds(text, &["RHEL9", "RHEL10", "F46"], disks);
    stops(text, &["RHEL8"], disks, "undefined partition");
}

#[test]
fn a_pattern_is_not_a_boot_drive() {
    stops(
        "bootloader --boot-drive=vd*\npart / --size=9000\n",
        ALL,
        &["vda=60GiB"],
        "need stage1 disk to set stage1 device",
    );
}

#[test]
fn btrfs_levels_need_members_and_decide_the_size() {
    let members = "part btrfs.1 --size=9000 --ondisk=vda\npart btrfs.2 --size=8000 --ondisk=vdb\n\
                   part btrfs.3 --size=8000 --ondisk=vdc\n";
    let disks = &["vda=60GiB", "vdb=60GiB", "vdc=60GiB"];
    let with = |level: &str| format!("{members}btrfs / --label=sys --data={level} btrfs.1 btrfs.2 btrfs.3\n");
    stops(&with("10"), &["F46"], disks, "RAID level raid10 requires that device have at least 4 members.");
    for (level, mib) in [("raid0", 24_000), ("1", 8000), ("single", 25_000)] {
        let found = on(&with(level), "F46", disks);
        let tree = found.tree.as_ref().expect("devices");
        let root = tree.mounted("/").expect("root");
        assert_eq!(tree.size(root).0, mib << 20, "{level}");
    }
}

#[test]
fn a_cache_fits_on_the_physical_volumes_that_it_is_to_be_on() {
    let text = |mib: u32| {
        format!(
            "part pv.01 --size=1 --grow --ondisk=vda\npart pv.02 --size=1 --grow --ondisk=vdb\n\
             volgroup vg0 pv.01 pv.02\nlogvol / --vgname=vg0 --name=root --size=20000 --fstype=xfs \
             --cachesize={mib} --cachepvs=pv.02 --cachemode=writeback\n"
        )
    };
    let disks = &["vda=100GiB", "vdb=10GiB"];
    stops(&text(50_000), &["RHEL8", "RHEL9"], disks, "Not enough free space in the PVs for this cache: ");
    proceeds(&text(5000), &["RHEL8", "RHEL9"], disks);
}

#[test]
fn a_snapshot_needs_a_thin_origin() {
    let thin = "part pv.1 --size=30000\nvolgroup vg0 pv.1\nlogvol none --vgname=vg0 --name=p --thinpool --size=20000\n\
                logvol / --vgname=vg0 --name=root --thin --poolname=p --size=9000\nlogvol /srv --vgname=vg0 --name=srv --size=500\n";
    let with = |origin: &str| format!("{thin}snapshot {origin} --name=s --when=post-install\n");
    stops(&with("vg0/nope"), ALL, &["vda=60GiB"], "Snapshot: origin \"vg0/nope\" doesn't exist!");
    stops(&with("vg0/srv"), ALL, &["vda=60GiB"], "is not a valid thin LV device.");
    proceeds(&with("vg0/root"), ALL, &["vda=60GiB"]);
}

#[test]
fn swap_is_not_mounted() {
    let text = "part pv.1 --size=30000\nvolgroup vg0 pv.1\nlogvol / --vgname=vg0 --name=root --size=9000\n\
                logvol /var --vgname=vg0 --name=var --fstype=swap --size=1000\n";
    let found = on(text, "RHEL9", &["vda=60GiB"]);
    assert!(found.tree.as_ref().expect("devices").mounted("/var").is_none());
}

#[test]
fn a_disk_that_only_clearpart_names_and_nothing_uses_protects_the_others() {
    let text =
        "zerombr\nignoredisk --drives=vdb\nclearpart --all --initlabel --drives=vdb\nautopart --type=lvm\n";
    let disks = ["vda=120GiB,label=gpt,part=600MiB:efi,part=60GiB:ext4", "vdb=80GiB"];
    let found = plan(text, "RHEL9", "none", &machine(Firmware::Uefi, &disks));
    let tree = found.tree.as_ref().expect("devices");
    assert!(tree.by_name("vda2").is_some_and(|id| tree[id].exists), "vda2 is kept");
}

#[test]
fn a_refusal_because_of_space_has_numbers() {
    let found = on("part / --size=90000\n", "RHEL9", &["vda=30GiB"]);
    let numbers = found.messages.iter().find_map(|m| m.numbers.clone()).expect("numbers");
    assert!(numbers.starts_with("vda has ") && numbers.contains("the partitions need"), "{numbers}");
}

#[test]
fn a_partition_and_a_volume_that_are_formatted_anew_can_have_another_size() {
    let size = |found: &Plan, mount: &str| {
        let tree = found.tree.as_ref().unwrap_or_else(|| panic!("{}", says(found)));
        tree.size(tree.mounted(mount).expect("a device")).0 >> 20
    };
    let text = |size: u32| {
        format!("part /boot/efi --onpart=sda1 --fstype=efi\npart / --onpart=sda2 --resize --size={size}\n")
    };
    let disks = ["sda=100GiB,label=gpt,part=600MiB:efi,part=40GiB:ext4"];
    let on = |text: &str, disks: &[&str]| plan(text, "RHEL9", "none", &machine(Firmware::Uefi, disks));
    assert_eq!(size(&on(&text(20_000), &disks), "/"), 20_000);
    assert_eq!(size(&on(&text(60_000), &disks), "/"), 60_000);
    for wrong in [40 << 10, 200_000] {
        let found = on(&text(wrong), &disks);
        let expected = format!("Target size \"{wrong}\" for device \"sda2\" is invalid.");
        assert!(says(&found).contains(&expected), "{}", says(&found));
    }
}
