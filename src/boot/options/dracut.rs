//! Options of the initramfs, from dracut.cmdline(7) and dracut's scripts (`modules.d/*network*`, `74iscsi`, `45net-lib`),
//! and what NetworkManager's `nm-initrd-generator` adds to them (RHEL 8.3, Fedora 33 and later).

use super::super::devices::Form;
use super::{BootOption, Takes};

const fn flag(name: &'static str, does: &'static str) -> BootOption {
    BootOption::new(name, Takes::Flag, does)
}

const fn text(name: &'static str, does: &'static str) -> BootOption {
    BootOption::new(name, Takes::Text, does)
}

const fn seconds(name: &'static str, does: &'static str) -> BootOption {
    BootOption::new(name, Takes::Number(0, u32::MAX), does)
}

const fn device(name: &'static str, form: Form, does: &'static str) -> BootOption {
    BootOption::new(name, Takes::Device(form), does)
}

const fn choice(name: &'static str, words: &'static [&'static str], does: &'static str) -> BootOption {
    BootOption::new(name, Takes::Choice(words), does)
}

const fn timeout(name: &'static str, does: &'static str) -> BootOption {
    BootOption::new(name, Takes::Timeout, does)
}

/// Levels of syslog by name and number.
const LEVELS: &[&str] = &[
    "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug", "0", "1", "2", "3", "4", "5", "6",
    "7",
];

/// Where a boot can be stopped (dracut's units and `shutdown.sh`).
const BREAKPOINTS: &[&str] = &[
    "cmdline",
    "pre-udev",
    "pre-trigger",
    "initqueue",
    "pre-mount",
    "mount",
    "pre-pivot",
    "cleanup",
    "pre-shutdown",
    "shutdown",
];

pub(super) static OPTIONS: &[BootOption] = &[
    // Network (parse-ip-opts.sh, parse-bond.sh, parse-team.sh, parse-bridge.sh, parse-vlan.sh, parse-ifname.sh).
    BootOption::new("ip", Takes::Ip, "address configuration of an interface").many(),
    BootOption::new("bond", Takes::Bond, "bond").many(),
    BootOption::new("team", Takes::Team, "team").many(),
    BootOption::new("bridge", Takes::Bridge, "bridge").many(),
    BootOption::new("vlan", Takes::Vlan, "VLAN").many(),
    BootOption::new("ifname", Takes::IfName, "name for the interface with a MAC address").many(),
    BootOption::new("nameserver", Takes::Address, "name server").many(),
    BootOption::new("bootdev", Takes::Interface, "interface that routing and netroot come from"),
    BootOption::new("BOOTIF", Takes::BootIf, "MAC address that the host was booted from"),
    flag("rd.bootif", "0 ignores BOOTIF"),
    flag("rd.neednet", "brings the network up"),
    flag("rd.peerdns", "0 ignores the name servers of DHCP"),
    flag("biosdevname", "0 leaves biosdevname's renaming off"),
    flag("net.ifnames", "0 leaves predictable interface names off"),
    BootOption::new("rd.route", Takes::Route, "static route").many(),
    BootOption::new("rd.net.dhcp.retry", Takes::Number(1, 10_000), "attempts to get a lease"),
    text("rd.net.dhcp.vendor-class", "DHCP vendor class"),
    device("rd.net.dhcp.client-id", Form::ClientId, "DHCP client identifier").many(),
    choice("rd.net.dhcp.dscp", &["CS0", "CS4", "CS6"], "DSCP of DHCP packets"),
    device("rd.net.dns", Form::NameServer, "name server, with its protocol").many(),
    choice(
        "rd.net.dns-backend",
        &["none", "default", "systemd-resolved", "dnsmasq", "dnsconfd"],
        "program that resolves names",
    ),
    choice("rd.net.dns-resolve-mode", &["backup", "prefer", "exclusive"], "how these name servers are used"),
    timeout("rd.net.timeout.dhcp", "seconds to wait for a lease"),
    seconds("rd.net.timeout.iflink", "seconds to wait for the link"),
    seconds("rd.net.timeout.ifup", "seconds to wait for the interface"),
    seconds("rd.net.timeout.route", "seconds to wait for a route"),
    seconds("rd.net.timeout.ipv6dad", "seconds to wait for duplicate address detection"),
    seconds("rd.net.timeout.ipv6auto", "seconds to wait for automatic addresses"),
    seconds("rd.net.timeout.carrier", "seconds to wait for the carrier"),
    timeout("rd.net.timeout.ip-required", "seconds to wait for both IPv4 and IPv6"),
    device("rd.ethtool", Form::LinkSpeed, "link settings").many(),
    device("ib.pkey", Form::InfinibandPartition, "InfiniBand partition").many(),
    device("rd.znet", Form::Znet, "channel network device").many(),
    device("rd.znet_ifname", Form::ZnetName, "name of a channel network device").many(),
    // iSCSI (74iscsi/parse-iscsiroot.sh, iscsiroot.sh).
    BootOption::new("netroot", Takes::NetRoot, "root over the network").many(),
    BootOption::new("rd.iscsi.initiator", Takes::IscsiName, "name of this initiator"),
    BootOption::new("rd.iscsi.target.name", Takes::IscsiName, "name of the target"),
    BootOption::new("rd.iscsi.target.ip", Takes::Address, "address of the target"),
    BootOption::new("rd.iscsi.target.port", Takes::Number(1, 65_535), "port of the target"),
    BootOption::new("rd.iscsi.target.group", Takes::Number(0, 65_535), "portal group of the target"),
    text("rd.iscsi.username", "CHAP user"),
    text("rd.iscsi.password", "CHAP password"),
    text("rd.iscsi.in.username", "CHAP user of the target"),
    text("rd.iscsi.in.password", "CHAP password of the target"),
    device("rd.iscsi.param", Form::Setting, "setting of the initiator").many(),
    BootOption::new("rd.iscsi.login_retry_max", Takes::Number(0, u32::MAX), "attempts to log in"),
    flag("rd.iscsi.firmware", "targets of the firmware"),
    flag("rd.iscsi.ibft", "network of the firmware's iSCSI table"),
    flag("rd.iscsi.mp", "all interfaces of the firmware's iSCSI table"),
    flag("rd.iscsi.waitnet", "0 does not wait for all interfaces"),
    flag("rd.iscsi.testroute", "0 does not test the route to the target"),
    text("rd.iscsi.transport", "iSCSI transport"),
    // Other storage networks.
    device("fcoe", Form::Fcoe, "FCoE interface").many(),
    flag("rd.fcoe", "0 leaves FCoE off"),
    flag("rd.nofcoe", "leaves FCoE off"),
    text("rd.nfs.domain", "NFSv4 domain"),
    flag("rd.nonvmf", "no NVMe over fabrics"),
    flag("rd.nvmf.nonbft", "ignores the firmware's NVMe table"),
    flag("rd.nvmf.nostatic", "ignores the targets in the initramfs"),
    device("rd.nvmf.hostnqn", Form::NvmeName, "NVMe name of this host"),
    device("rd.nvmf.hostid", Form::Uuid, "NVMe identifier of this host"),
    device("rd.nvmf.discover", Form::NvmeController, "NVMe controller to ask").many(),
    // Local storage. A truth value switches the kind off (rd.lvm=0), text names a device.
    flag("rd.auto", "assembles all devices"),
    flag("rd.lvm", "0 leaves LVM off"),
    device("rd.lvm.vg", Form::VolumeGroup, "volume group to activate").many(),
    device("rd.lvm.lv", Form::LogicalVolume, "volume to activate").many(),
    flag("rd.lvm.conf", "0 ignores lvm.conf"),
    flag("rd.luks", "0 leaves LUKS off"),
    device("rd.luks.uuid", Form::Luks, "LUKS device to open").many(),
    device("rd.luks.name", Form::LuksName, "name of a LUKS device").many(),
    text("rd.luks.serial", "LUKS device to open").many(),
    device("rd.luks.partuuid", Form::Luks, "LUKS device to open").many(),
    text("rd.luks.options", "options of LUKS devices").many(),
    device("rd.luks.key", Form::LuksKey, "key of a LUKS device").many(),
    device("rd.luks.allow-discards", Form::Luks, "passes discards on").many(),
    seconds("rd.luks.timeout", "seconds to wait for a passphrase"),
    flag("rd.luks.crypttab", "0 ignores crypttab"),
    seconds("rd.luks.key.tout", "how often the key is looked for"),
    flag("rd.luks.smartcard", "0 leaves smart cards off"),
    flag("rd.lvm.mergetags", "merges snapshots that have these tags"),
    flag("rd.md", "0 leaves software RAID off"),
    flag("rd.md.imsm", "0 leaves Intel's RAID format off"),
    flag("rd.md.ddf", "0 leaves the DDF RAID format off"),
    flag("rd.md.conf", "0 ignores mdadm.conf"),
    flag("rd.md.waitclean", "waits until an array is clean"),
    device("rd.md.uuid", Form::Array, "array to assemble").many(),
    flag("rd.dm", "0 leaves firmware RAID off"),
    text("rd.dm.uuid", "firmware RAID set to assemble").many(),
    BootOption::new(
        "rd.multipath",
        Takes::FlagOr(&["default"]),
        "0 leaves multipath off; default configures it",
    ),
    device("rd.dasd", Form::Channels, "DASD device").many(),
    device("rd.zfcp", Form::Zfcp, "FCP device").many(),
    text("rd.lunmask", "LUNs of an FCP device to use").many(),
    text("rd.dcssblk", "segments of memory to use").many(),
    flag("rd.zfcp.conf", "0 ignores zfcp.conf"),
    text("rd.zipl", "zipl device"),
    device("rd.cio_accept", Form::Channels, "channel devices to use"),
    flag("rd.skipfsck", "no file system check"),
    flag("rd.fstab", "0 ignores fstab"),
    flag("rd.usrmount.ro", "mounts /usr read-only"),
    flag("rd.writable.fsimg", "writable live image"),
    flag("rd.convertfs", "moves the file system to /usr"),
    // Live images.
    flag("rd.live.check", "verifies the medium"),
    flag("rd.live.image", "boots a live image"),
    flag("rd.live.ram", "copies the image to memory"),
    text("rd.live.dir", "directory of the image"),
    text("rd.live.squashimg", "name of the image"),
    text("rd.live.overlay", "device of the overlay"),
    BootOption::new("rd.live.overlay.size", Takes::Number(1, u32::MAX), "size of the overlay in MiB"),
    flag("rd.live.overlay.overlayfs", "overlay file system"),
    flag("rd.live.overlay.readonly", "read-only lower layer"),
    flag("rd.live.overlay.reset", "empties the overlay"),
    flag("rd.live.overlay.thin", "thin snapshot as the overlay"),
    flag("rd.live.overlay.nouserconfirmprompt", "does not ask"),
    choice("rd.live.overlay.cowfs", &["btrfs", "ext4", "xfs"], "file system of the overlay"),
    flag("rd.live.overlayfs.readonly", "read-only lower layer"),
    flag("rd.live.debug", "messages about the live image"),
    BootOption::new("rd.overlay", Takes::Anything, "overlay over the root"),
    flag("rd.overlay.reset", "empties the overlay"),
    flag("rd.overlay.readonly", "read-only lower layer"),
    text("rd.overlay.crypt", "encrypts the overlay"),
    // What it does and says.
    flag("rd.noverifyssl", "does not verify TLS certificates"),
    BootOption::new("rd.break", Takes::ChoiceOrNothing(BREAKPOINTS), "shell at a point of the boot").many(),
    choice("rd.cmdline", &["ask"], "asks for more arguments"),
    flag("rd.shell", "shell after a failure"),
    flag("rd.debug", "traces the scripts"),
    flag("rd.info", "more messages"),
    flag("rd.quiet", "fewer messages"),
    flag("rd.udev.debug", "messages of udev"),
    flag("rd.udev.info", "messages of udev"),
    choice("rd.udev.log_level", LEVELS, "messages of udev"),
    choice("rd.udev.log_priority", LEVELS, "messages of udev"),
    BootOption::new("rd.memdebug", Takes::Number(0, 5), "memory use"),
    BootOption::new("rd.minmem", Takes::Number(0, u32::MAX), "MiB of memory to leave free"),
    choice("rd.emergency", &["reboot", "poweroff", "halt"], "what follows a failure"),
    seconds("rd.retry", "seconds before the last attempts"),
    seconds("rd.timeout", "seconds before it gives up"),
    device("rd.driver.blacklist", Form::Modules, "modules not to load").many(),
    device("rd.driver.pre", Form::Modules, "modules to load first").many(),
    device("rd.driver.post", Form::Modules, "modules to load last").many(),
    BootOption::new(
        "rd.driver.export",
        Takes::FlagOr(&["force"]),
        "makes the initramfs's drivers available to the system",
    ),
    text("rd.ctty", "terminal of the shell"),
    text("rd.vconsole.keymap", "keyboard"),
    text("rd.vconsole.keymap.ext", "keyboard"),
    flag("rd.vconsole.unicode", "Unicode console"),
    text("rd.vconsole.font", "console font"),
    text("rd.vconsole.font.map", "console font"),
    text("rd.vconsole.font.unimap", "console font"),
    text("rd.locale.LANG", "language"),
    text("rd.locale.LC_ALL", "language"),
    flag("rd.fips", "checks of the cryptography"),
    flag("rd.fips.skipkernel", "does not check the kernel"),
    flag("rd.hostonly", "0 uses the generic configuration"),
    seconds("rd.shutdown.timeout.umount", "seconds to wait for unmounting"),
    flag("rd.plymouth", "0 leaves the splash screen off"),
    BootOption::new("rd.systemd.show_status", Takes::FlagOr(&["auto", "error"]), "messages of systemd"),
    BootOption::new("rd.systemd.debug_shell", Takes::Anything, "shell on a console"),
    text("rd.systemd.unit", "unit to start"),
    text("rd.systemd.mask", "unit not to start").many(),
    text("rd.systemd.wants", "further unit to start").many(),
    choice("rd.systemd.log_level", LEVELS, "messages of systemd"),
    text("rd.systemd.log_target", "messages of systemd"),
    flag("rd.systemd.gpt_auto", "mounts found by partition type"),
    flag("rd.systemd.verity", "verity devices"),
    text("rd.systemd.default_debug_tty", "console of the debug shell"),
    BootOption::new("rd.earlykdump", Takes::Flag, "kdump from the initramfs"),
    text("rd.kiwi.debug", "messages of kiwi"),
];
