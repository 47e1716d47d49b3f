//! Cases that follow from the source of Anaconda 45.21 (`pyanaconda/modules/storage`) and of blivet 3.14: each names the function
//! that decides it. The older releases decide them alike unless a case names its releases.

use super::{machine, plan, says};
use anaconda_plan::Verdict;
use anaconda_plan::machine::Firmware;

const ALL: &[&str] = &["RHEL8", "RHEL9", "RHEL10", "F46"];
/// RHEL has no btrfs.
const FEDORA: &[&str] = &["F46"];
const HEAD: &str = "zerombr\nclearpart --all --initlabel\nreqpart --add-boot\n";
const BLANK: &[&str] = &["vda=60GiB", "vdb=60GiB", "vdc=60GiB"];
/// A system without LVM.
const OLD: &[&str] = &["sda=100GiB,label=gpt,part=600MiB:efi,part=1GiB:ext4,part=60GiB:ext4,part=4GiB:swap"];
/// A volume group on two disks.
const GROUP: &[&str] = &[
    "sda=200GiB,label=gpt,part=600MiB:efi,part=1GiB:ext4,part=100GiB:lvmpv:oldvg",
    "sdb=80GiB,label=gpt,part=40GiB:lvmpv:oldvg",
];

/// What Anaconda does.
enum Does {
    /// Stops, with this sentence.
    Stops(&'static str),
    /// Proceeds; the sizes of mount points in MiB.
    Makes(&'static [(&'static str, u64)]),
}
use Does::{Makes, Stops};

/// The function, the releases, the lines, what Anaconda does.
type Case = (&'static str, &'static [&'static str], &'static str, Does);

#[track_caller]
fn check(head: &str, disks: &[&str], cases: &[Case]) {
    for (place, syntaxes, lines, does) in cases {
        for syntax in *syntaxes {
            let found = plan(&format!("{head}{lines}"), syntax, "none", &machine(Firmware::Uefi, disks));
            let context = format!("{place}, {syntax}:\n{lines}says: {}", says(&found));
            match does {
                Stops(sentence) => {
                    assert_eq!(found.verdict, Verdict::Stops, "{context}");
                    assert!(says(&found).contains(sentence), "{sentence}: {context}");
                }
                Makes(sizes) => {
                    assert_eq!(found.verdict, Verdict::Proceeds, "{context}");
                    let tree = found.tree.as_ref().unwrap_or_else(|| panic!("{context}"));
                    for (mount, mib) in *sizes {
                        let device = tree.mounted(mount).unwrap_or_else(|| panic!("{mount}: {context}"));
                        assert_eq!(tree.size(device).0, mib << 20, "{mount}: {context}");
                    }
                }
            }
        }
    }
}

#[test]
fn partitions() {
    check(
        HEAD,
        BLANK,
        &[
            (
                "custom_partitioning.py, _execute_partition_data: names of requests",
                ALL,
                "part pv.1 --size=5000\npart pv.1 --size=5000\nvolgroup vg0 pv.1\npart / --size=9000\n",
                Stops("PV partition \"pv.1\" is defined multiple times."),
            ),
            (
                "the same",
                ALL,
                "part / --size=9000\npart raid.1 --size=500\npart raid.1 --size=500\n",
                Stops("RAID partition \"raid.1\" is defined multiple times."),
            ),
            (
                "the same",
                FEDORA,
                "part / --size=9000\npart btrfs.1 --size=500\npart btrfs.1 --size=500\n",
                Stops("Btrfs partition \"btrfs.1\" is defined multiple times."),
            ),
            (
                "the same: a mount point is claimed by the last",
                ALL,
                "part / --size=9000\npart /x --size=700\npart /x --size=900\n",
                Makes(&[("/x", 900)]),
            ),
            (
                "the same: a mount point None",
                ALL,
                "part None --fstype=ext4 --size=500\npart / --size=9000\n",
                Makes(&[("/", 9000)]),
            ),
            (
                "the same: get_format",
                ALL,
                "part / --size=9000\npart /data --fstype=reiser5 --size=500\n",
                Stops("The \"reiser5\" file system type is not supported."),
            ),
            (
                "custom_partitioning.py, _get_passphrase: the first passphrase is the default of what comes after it",
                ALL,
                "part / --size=9000 --encrypted --passphrase=abcdefgh1\npart /x --size=900 --encrypted\n",
                Makes(&[]),
            ),
            (
                "the same, and checker/utils.py, verify_luks_devices_have_key",
                ALL,
                "part /x --size=900 --encrypted\npart / --size=9000 --encrypted --passphrase=abcdefgh1\n",
                Stops("Encryption requested for LUKS device"),
            ),
            (
                "blivet partitioning.py, PartitionRequest: at its largest size before it grows",
                ALL,
                "part / --size=9000\npart /x --size=700 --grow --maxsize=600\n",
                Makes(&[("/x", 700)]),
            ),
            (
                "blivet devices/storage.py, StorageDevice: the least size of the format",
                &["RHEL9"],
                "part / --size=9000\npart /x --fstype=xfs --size=10\n",
                Makes(&[("/x", 16)]),
            ),
            (
                "the same",
                &["RHEL10", "F46"],
                "part / --size=9000\npart /x --fstype=xfs --size=10\n",
                Makes(&[("/x", 300)]),
            ),
            (
                "checker/utils.py, verify_mountpoints_on_root",
                ALL,
                "part / --size=9000\npart /root --size=500\n",
                Stops("The /root directory must be on the / file system."),
            ),
            (
                "checker/utils.py, verify_mountpoints_on_linuxfs",
                ALL,
                "part / --size=9000\npart /usr --fstype=vfat --size=500\n",
                Stops("The mount point /usr must be on a linux file system."),
            ),
            (
                "the same",
                ALL,
                "part / --size=9000\npart /srv --fstype=vfat --size=500\n",
                Makes(&[("/srv", 500)]),
            ),
        ],
    );
}

#[test]
fn arrays() {
    check(
        &format!("{HEAD}part raid.1 --size=9000\npart raid.2 --size=9000\npart raid.3 --size=9000\n"),
        BLANK,
        &[
            (
                "custom_partitioning.py, _execute_raid_data: formats of members",
                ALL,
                "part pv.1 --size=9000\nraid / --level=1 --device=0 pv.1 raid.2\n",
                Stops(
                    "RAID device \"pv.1\" has a format of \"lvmpv\", but should have a format of \"mdmember\".",
                ),
            ),
            (
                "the same: members",
                ALL,
                "raid / --level=1 --device=0 raid.1 raid.9\n",
                Stops("Tried to use undefined partition \"raid.9\" in RAID specification."),
            ),
            (
                "the same: names",
                &["RHEL9", "RHEL10", "F46"],
                "part raid.4 --size=900\npart / --size=9000\nraid /a --level=1 --device=md0 raid.1 raid.2\n\
                 raid /b --level=1 --device=md0 raid.3 raid.4\n",
                Stops("The RAID volume name \"md0\" is already in use."),
            ),
            (
                "the same: preexist",
                ALL,
                "part / --size=9000\nraid /a --level=1 --device=data --useexisting\n",
                Stops("RAID volume \"data\" specified with --useexisting does not exist."),
            ),
            (
                "custom_partitioning.py, _check_mount_point",
                ALL,
                "part / --size=9000\nraid x --level=1 --device=0 raid.1 raid.2\n",
                Stops("The mount point \"x\" is not valid."),
            ),
            (
                "blivet devices/md.py, chunk_size",
                ALL,
                "raid / --level=0 --device=0 --chunksize=3 raid.1 raid.2\n",
                Stops("new chunk size must be multiple of 4 KiB"),
            ),
            (
                "the same",
                ALL,
                "raid / --level=1 --device=0 --chunksize=64 raid.1 raid.2\n",
                Stops("specifying chunk size is not allowed for raid1"),
            ),
            (
                "blivet devicelibs/raid.py, min_members",
                ALL,
                "raid / --level=6 --device=0 raid.1 raid.2 raid.3\n",
                Stops("RAID level raid6 requires that device have at least 4 members."),
            ),
            (
                "the same",
                ALL,
                "raid / --level=5 --device=0 raid.1 raid.2\n",
                Stops("RAID level raid5 requires that device have at least 3 members."),
            ),
            (
                "blivet devicelibs/raid.py, get_size: spares are not counted; too few members have no size",
                ALL,
                "raid / --level=1 --device=0 --spares=1 raid.1 raid.2\n",
                Stops("device is too small for new format"),
            ),
            (
                "the same",
                ALL,
                "raid / --level=0 --device=0 --spares=1 raid.1 raid.2 raid.3\n",
                Makes(&[("/", 17_984)]),
            ),
            (
                "bootloader/grub2.py, stage2_raid_levels: only raid1 since commit 7985dc40ab",
                FEDORA,
                "part / --size=9000\nraid /boot --level=5 --device=b raid.1 raid.2 raid.3\n",
                Stops(
                    "RAID sets that contain '/boot file system' must have one of the following raid levels: raid1.",
                ),
            ),
            (
                "the same, of 40.22.3.57 and before",
                &["RHEL8", "RHEL9", "RHEL10"],
                "part / --size=9000\nraid /boot --level=5 --device=b raid.1 raid.2 raid.3\n",
                Makes(&[("/", 9000)]),
            ),
        ],
    );
}

#[test]
fn volumes() {
    let group = "part pv.1 --size=30000\nvolgroup vg0 pv.1\n";
    check(
        &format!("{HEAD}{group}"),
        BLANK,
        &[
            (
                "custom_partitioning.py, _execute_volgroup_data: names",
                ALL,
                "part / --size=9000\npart pv.2 --size=5000\nvolgroup vg0 pv.2\n",
                Stops("The volume group name \"vg0\" is already in use."),
            ),
            (
                "the same: extents",
                ALL,
                "part / --size=9000\npart pv.2 --size=5000\nvolgroup vg1 pv.2 --pesize=3000\n",
                Stops("Volume group given physical extent size of"),
            ),
            (
                "the same: preexist",
                ALL,
                "part / --size=9000\nvolgroup vg1 --useexisting\n",
                Stops("Volume group \"vg1\" given in volgroup command does not exist."),
            ),
            (
                "custom_partitioning.py, _execute_logvol_data: the group",
                ALL,
                "part / --size=9000\nlogvol /x --vgname=nope --name=x --size=500\n",
                Stops("No volume group exists with the name \"nope\"."),
            ),
            (
                "the same: the name",
                ALL,
                "logvol / --vgname=vg0 --name=root --size=9000\nlogvol /x --vgname=vg0 --name=root --size=500\n",
                Stops("Logical volume name \"root\" is already in use in volume group \"vg0\"."),
            ),
            (
                "the same: less than an extent",
                ALL,
                "part / --size=9000\nlogvol /x --vgname=vg0 --name=x --size=2\n",
                Stops("must be larger than the volume group extent size of"),
            ),
            (
                "the same: cache_pvs",
                ALL,
                "part pv.2 --size=5000\nvolgroup vg1 pv.2\n\
                 logvol / --vgname=vg0 --name=root --size=9000 --cachesize=500 --cachepvs=pv.2\n",
                Stops("Cache PVs must belong to the same VG as the cached LV"),
            ),
            (
                "the same: a mount point is claimed by the last, also of a partition",
                ALL,
                "part /x --size=700\nlogvol / --vgname=vg0 --name=root --size=9000\n\
                 logvol /x --vgname=vg0 --name=x --size=900\n",
                Makes(&[("/", 9000), ("/x", 900)]),
            ),
            (
                "blivet partitioning.py, grow_lvm: percentages",
                ALL,
                "logvol / --vgname=vg0 --name=root --percent=60\nlogvol /x --vgname=vg0 --name=x --percent=50\n",
                Stops("sum of percentages within a vg cannot exceed 100"),
            ),
            (
                "blivet partitioning.py, LVRequest: the base in whole extents is beyond the largest size",
                ALL,
                "logvol / --vgname=vg0 --name=root --size=9001 --grow --maxsize=9000\n",
                Makes(&[("/", 9004)]),
            ),
            (
                "blivet partitioning.py, Chunk.grow_requests: in proportion to the bases, the rest to the first",
                ALL,
                "logvol / --vgname=vg0 --name=root --size=9000 --grow\nlogvol /x --vgname=vg0 --name=x --size=3000 --grow\n",
                Makes(&[("/", 22_500), ("/x", 7496)]),
            ),
            (
                "blivet devices/lvm.py, LVMThinPoolMixin._init_check",
                ALL,
                "part / --size=9000\nlogvol none --vgname=vg0 --name=p --thinpool --size=5000 --chunksize=32\n",
                Stops("invalid chunksize value"),
            ),
            (
                "the same",
                ALL,
                "part / --size=9000\nlogvol none --vgname=vg0 --name=p --thinpool --size=5000 --metadatasize=1\n",
                Stops("invalid metadatasize value"),
            ),
            (
                "the same",
                ALL,
                "part / --size=9000\nlogvol none --vgname=vg0 --name=p --thinpool --size=5000 --chunksize=128 --metadatasize=2\n",
                Makes(&[("/", 9000)]),
            ),
        ],
    );
    let reserved = |option: &str| format!("{HEAD}part pv.1 --size=30000\nvolgroup vg0 pv.1 {option}\n");
    let root = "logvol / --vgname=vg0 --name=root --size=9000 --grow\n";
    let place = "blivet devices/lvm.py, LVMVolumeGroupDevice.free_space";
    check(&reserved("--reserved-space=5000"), BLANK, &[(place, ALL, root, Makes(&[("/", 24_996)]))]);
    check(&reserved("--reserved-percent=20"), BLANK, &[(place, ALL, root, Makes(&[("/", 23_996)]))]);
}

#[test]
fn what_is_on_the_disks() {
    check(
        "zerombr\npart /boot/efi --onpart=sda1\n",
        OLD,
        &[
            (
                "custom_partitioning.py, _execute_partition_data: an old partition with a new format",
                ALL,
                "clearpart --none\npart / --onpart=sda3\npart swap --onpart=sda4 --noformat\n",
                Makes(&[("/", 61_440)]),
            ),
            (
                "the same: the last mount point of a partition stays",
                FEDORA,
                "clearpart --none\npart / --onpart=sda3\npart /x --onpart=sda3\n",
                Stops("You have not defined a root partition (/)"),
            ),
            (
                "disk_initialization/configuration.py, can_remove: clearpart has removed it",
                ALL,
                "clearpart --linux\npart / --onpart=sda3\n",
                Stops("sda3"),
            ),
            ("the same", ALL, "clearpart --list=sda3,sda4\npart / --size=90000\n", Makes(&[("/", 90_000)])),
            (
                "blivet devices/lvm.py, _add_log_vol",
                ALL,
                "clearpart --none\npart /boot --onpart=sda2\npart pv.1 --onpart=sda3\nvolgroup vg0 pv.1\n\
                 logvol / --vgname=vg0 --name=root --size=61440\n",
                Stops("new lv is too large to fit in free space"),
            ),
        ],
    );
    check(
        "zerombr\n",
        GROUP,
        &[
            (
                "checker/utils.py, verify_lvm_destruction: a disk of the group is ignored",
                ALL,
                "ignoredisk --only-use=sda\nclearpart --all --initlabel\nautopart --type=lvm\n",
                Stops("contain volume group 'oldvg'"),
            ),
            (
                "the same: the group goes with its volume on the other disk",
                ALL,
                "clearpart --all --initlabel --drives=sda\nautopart --type=lvm\n",
                Makes(&[("/", 71_680)]),
            ),
        ],
    );
}

#[test]
fn btrfs() {
    check(
        &format!("{HEAD}part btrfs.1 --size=9000\n"),
        BLANK,
        &[
            (
                "custom_partitioning.py, _execute_btrfs_data: formats of members",
                FEDORA,
                "part pv.1 --size=9000\nbtrfs / --label=x pv.1\n",
                Stops(
                    "Btrfs partition \"pv.1\" has a format of \"lvmpv\", but should have a format of \"btrfs\".",
                ),
            ),
            (
                "blivet devices/btrfs.py: the level of the metadata",
                FEDORA,
                "btrfs / --label=x --metadata=raid1 btrfs.1\n",
                Stops("RAID level raid1 requires that device have at least 2 members."),
            ),
            (
                "custom_partitioning.py, _execute_btrfs_data: subvolumes",
                FEDORA,
                "btrfs none --label=f btrfs.1\nbtrfs / --subvol --name=root LABEL=f\nbtrfs /home --subvol --name=home LABEL=f\n",
                Makes(&[("/", 9000), ("/home", 9000)]),
            ),
        ],
    );
}
