//! Of a line that its parser refuses the plan says what the installer says. The sentences were taken from the real Anaconda
//! (33.16, 34.25, 40.22, 45.21) and from pykickstart 3.78.

use super::{machine, plan, says};
use anaconda_plan::Verdict;
use anaconda_plan::machine::Firmware;

#[test]
fn a_refused_line_has_the_sentence_of_the_installer() {
    let cases = [
        (
            "RHEL9",
            "logvol / --vgname=a --name=b\n",
            "No size given for logical volume. Use one of --useexisting",
        ),
        ("RHEL9", "part / --size=1024MB\n", "argument --size: invalid int value: '1024MB'"),
        ("RHEL9", "part / --size '10 GB'\n", "argument --size: invalid int value: '10 GB'"),
        ("RHEL8", "autopart --type=thin\n", "Invalid autopart type: thin"),
        ("F46", "autopart --type zfs\n", "Invalid autopart type: zfs"),
        ("RHEL9", "autopart --type=btrfs\n", "autopart --type=btrfs is not supported"),
        ("F46", "clearpart --any=1\n", "unrecognized arguments: --any=1"),
        ("RHEL9", "logvol / --vgname=a --name=b --percent=-5\n", "Percentage must be between 0 and 100."),
        (
            "RHEL10",
            "logvol / --vgname=a --name=b --thinpol 1 --size=1\n",
            "Unexpected arguments to logvol command: ['--thinpol', '1']",
        ),
        (
            "RHEL8",
            "raid / --level=1 --device=0 --metadata=1.2 raid.1 raid.2\n",
            "Unexpected arguments to raid command: ['--metadata=1.2', 'raid.1', 'raid.2']",
        ),
        (
            "F46",
            "raid / --level=1 --device=0 --metadata=1.2 raid.1 raid.2\n",
            "Unexpected arguments to raid command: ['--metadata=1.2']",
        ),
        (
            "RHEL9",
            "logvol / --vgname=a --name=b --size=1 --metadata=1\n",
            "--chunksize and --metadatasize are for thin pools only",
        ),
        (
            "RHEL8",
            "logvol / --vgname=a --name=b --size=1 --cachesize=5 --cachepvs=pv.1 --cachemode=fast\n",
            "Invalid cache mode given: fast",
        ),
        ("RHEL9", "snapshot a/b --name=c\n", "the following arguments are required: --when"),
        ("RHEL9", "mount /dev/sda1 swap\n", "Invalid mount point 'swap' given"),
        ("RHEL8", "part / --size=1\nautopart\n", "The part/partition and autopart commands"),
        ("RHEL9", "autopart\npart / --size=1\n", "The part and autopart commands"),
        ("RHEL9", "reqpart\nautopart\n", "The autopart and reqpart commands can't be used at the same time."),
        ("RHEL9", "autopart --fstype=btrfs\n", "is not valid fstype, use --type=btrfs instead"),
        ("RHEL9", "bootlader\n", "Unknown command: bootlader"),
    ];
    for (syntax, text, sentence) in cases {
        let found = plan(text, syntax, "none", &machine(Firmware::Uefi, &["sda=100GiB"]));
        assert_eq!(found.verdict, Verdict::Stops, "{syntax}: {text}");
        assert!(says(&found).contains(sentence), "{syntax}: {text}says: {}", says(&found));
    }
}
