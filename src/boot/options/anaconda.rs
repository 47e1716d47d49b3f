//! Anaconda's own options. Names and values: `pyanaconda/argument_parsing.py` and `dracut/*.sh`; releases: the first
//! branch of Anaconda that has (or no longer has) them, rhel-7 to rhel-10, f26 to Fedora 43, main 45.21.

use super::{BootOption, Fetches, Takes};

const fn flag(name: &'static str, does: &'static str) -> BootOption {
    BootOption::new(name, Takes::Flag, does)
}

const fn text(name: &'static str, does: &'static str) -> BootOption {
    BootOption::new(name, Takes::Text, does)
}

const fn number(name: &'static str, least: u32, most: u32, does: &'static str) -> BootOption {
    BootOption::new(name, Takes::Number(least, most), does)
}

const fn location(name: &'static str, fetches: Fetches, does: &'static str) -> BootOption {
    BootOption::new(name, Takes::Location(fetches), does)
}

/// What el9 and Fedora 34 say to options that have no successor.
const NOTHING: &str = "nothing; leave it out";

pub(super) static OPTIONS: &[BootOption] = &[
    // Kickstart. The last inst.ks counts unless inst.ks.all is given (dracut/parse-anaconda-kickstart.sh).
    location("inst.ks", Fetches::Kickstart, "location of the kickstart"),
    flag("inst.ks.all", "tries all inst.ks URLs in order").since(8, 28),
    flag("inst.ks.sendmac", "sends the MAC addresses with the request for the kickstart"),
    flag("inst.ks.sendsn", "sends the serial number with the request for the kickstart"),
    flag("inst.ksstrict", "makes every warning about the kickstart an error").since(8, 26),
    text("inst.kickstart", "path of a kickstart that is already there"),
    text("inst.ks.device", "network device to fetch the kickstart with")
        .deprecated(7, 18, "bootdev=INTERFACE")
        .removed(8, 20, "bootdev=INTERFACE"),
    // Where the installer and the packages come from.
    location("inst.repo", Fetches::Tree, "location of the installation tree"),
    location("inst.stage2", Fetches::Stage2, "location of the installer's runtime image"),
    flag("inst.stage2.all", "tries all inst.stage2 URLs in order").since(8, 28),
    location("inst.addrepo", Fetches::NamedTree, "a further repository").since(8, 29).many(),
    location("inst.updates", Fetches::Updates, "image with updated files of the installer"),
    location("inst.dd", Fetches::Drivers, "driver packages").many(),
    BootOption::new("inst.proxy", Takes::Proxy, "proxy for all downloads"),
    flag("inst.noverifyssl", "does not verify TLS certificates"),
    flag("inst.multilib", "installs libraries of both word sizes"),
    flag("inst.liveinst", "installs from a running live system"),
    text("inst.image", "installs into a disk image").many(),
    BootOption::new("inst.dirinstall", Takes::Anything, "installs into a directory"),
    location("inst.method", Fetches::Tree, "former name of inst.repo")
        .deprecated(7, 18, "inst.repo=")
        .removed(u8::MAX, 42, "inst.repo="),
    BootOption::new("inst.askmethod", Takes::Flag, "asked for the installation source").removed(
        8,
        31,
        "inst.repo=",
    ),
    // Which configuration of the installer.
    text("inst.product", "configuration of a product").since(8, 30).removed(10, 35, "inst.profile=ID"),
    text("inst.variant", "variant of the product").since(8, 30).removed(10, 35, "inst.profile=ID"),
    text("inst.profile", "configuration profile").since(10, 35),
    // The interface.
    flag("inst.text", "text interface"),
    flag("inst.cmdline", "no interface; every missing answer ends the installation"),
    flag("inst.graphical", "graphical interface"),
    flag("inst.noninteractive", "ends the installation instead of asking").since(8, 26),
    flag("inst.pauseatsummary", "waits for a confirmation before it installs").since(11, 45),
    text("inst.keymap", "keyboard of the installer"),
    text("inst.lang", "language of the installer"),
    BootOption::new("inst.geoloc", Takes::Text, "0 switches geolocation off"),
    flag("inst.geoloc-use-with-ks", "geolocation in spite of a kickstart"),
    BootOption::new("inst.resolution", Takes::Resolution, "screen size"),
    number("inst.xtimeout", 1, 86_400, "seconds to wait for the graphical server"),
    flag("inst.usefbx", "framebuffer driver").removed(10, 42, NOTHING),
    text("inst.xdriver", "X driver").removed(10, 42, NOTHING),
    flag("inst.vnc", "graphical interface over VNC").removed(10, 42, "inst.rdp"),
    text("inst.vncpassword", "password of the VNC server").removed(10, 42, "inst.rdp.password="),
    BootOption::new("inst.vncconnect", Takes::HostPort, "listening VNC client").removed(10, 42, "inst.rdp"),
    flag("inst.rdp", "graphical interface over RDP").since(10, 42),
    text("inst.rdp.username", "user of the RDP session").since(10, 42),
    text("inst.rdp.password", "password of the RDP session").since(10, 42),
    flag("inst.webui.remote", "web interface over the network").since(11, 45),
    flag("inst.webui.remote.noauth", "web interface without a password").since(11, 45),
    text("inst.webui.remote.pin", "password of the web interface").since(11, 45),
    flag("inst.decorated", "window with a title bar").removed(8, 31, NOTHING),
    flag("inst.singlelang", "installer in one language").removed(9, 34, NOTHING),
    // Finding out what went wrong.
    flag("inst.sshd", "SSH server in the installer"),
    flag("inst.debug", "debugging mode"),
    flag("inst.rescue", "rescue environment instead of an installation"),
    flag("inst.nomount", "does not mount the system to rescue"),
    flag("inst.nokill", "does not reboot after a fatal error or at the end"),
    flag("inst.noshell", "no shell on the second console"),
    flag("inst.notmux", "no tmux").since(8, 28),
    BootOption::new("inst.syslog", Takes::HostPort, "host that log messages are sent to"),
    BootOption::new("inst.remotelog", Takes::HostPort, "host and port that log messages are sent to"),
    text("inst.virtiolog", "virtio port for log messages"),
    flag("inst.remote-debugger", "debugger that can be attached to").since(11, 45),
    BootOption::new(
        "inst.loglevel",
        Takes::Choice(&["debug", "info", "warning", "error", "critical"]),
        "least severity that is logged",
    )
    .removed(9, 34, NOTHING),
    flag("inst.mediacheck", "verifies the medium").removed(9, 34, "rd.live.check"),
    flag("inst.zram", "compressed memory for the installer").removed(9, 34, NOTHING),
    BootOption::new(
        "inst.nosave",
        Takes::Choices(&["input_ks", "output_ks", "all_ks", "logs", "all"]),
        "files that are not saved to the installed system",
    ),
    // Network.
    number("inst.waitfornet", 1, 86_400, "seconds to wait for the network").since(7, 27),
    flag("inst.net.noautodefault", "no automatic connections").since(9, 37),
    text("inst.dhcpclass", "DHCP vendor class"),
    // Storage and boot loader.
    number("inst.wait_for_disks", 0, 10_000, "seconds to wait for disks").since(8, 39),
    flag("inst.gpt", "prefers GPT").deprecated(10, 37, "inst.disklabel=gpt"),
    BootOption::new("inst.disklabel", Takes::Choice(&["gpt", "mbr"]), "disk label to prefer").since(10, 37),
    flag("inst.ibft", "uses the iSCSI targets of the firmware"),
    flag("inst.noibft", "ignores the iSCSI targets of the firmware"),
    flag("inst.nonibftiscsiboot", "boot loader on an iSCSI disk that is not in the firmware's table"),
    flag("inst.mpath", "multipath"),
    flag("inst.nompath", "no multipath").removed(10, 40, NOTHING),
    flag("inst.mpathfriendlynames", "friendly names of multipath devices"),
    flag("inst.dmraid", "firmware RAID").removed(10, 38, NOTHING),
    flag("inst.nodmraid", "no firmware RAID").removed(10, 38, NOTHING),
    flag("inst.sdboot", "systemd-boot").since(10, 39),
    flag("inst.extlinux", "extlinux"),
    flag("inst.legacygrub", "GRUB of the first generation").removed(8, 30, NOTHING),
    flag("inst.nombr", "no boot loader in the MBR"),
    flag("inst.leavebootorder", "leaves the firmware's boot order"),
    flag("inst.noeject", "leaves the medium in the drive"),
    flag("inst.eject", "ejects the medium"),
    flag("inst.kexec", "reboots with kexec"),
    flag("inst.memcheck", "checks the memory size"),
    flag("inst.nomemcheck", "does not check the memory size"),
    // The installed system.
    BootOption::new("inst.selinux", Takes::Choice(&["0", "1"]), "SELinux in the installed system"),
    flag("inst.noselinux", "no SELinux in the installed system"),
    BootOption::new(
        "inst.kdump_addon",
        Takes::Choice(&["on", "off", "1", "0"]),
        "whether the kdump add-on is used",
    ),
    number(
        "inst.kernel.hung_task_timeout_secs",
        0,
        u32::MAX,
        "seconds before the kernel warns about a hung task",
    )
    .since(8, 31),
    text("inst.armplatform", "ARM platform").deprecated(7, 26, NOTHING),
    text("inst.blacklist", "kernel modules not to load").deprecated(7, 18, "modprobe.blacklist=").removed(
        10,
        38,
        "modprobe.blacklist=",
    ),
];
