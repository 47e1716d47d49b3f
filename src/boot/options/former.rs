//! Spellings of former releases: options without the prefix `inst.`, and options that were removed.
//!
//! Without the prefix: accepted up to RHEL 7, with a warning from Anaconda 33.25.3 and in RHEL 8, ignored since
//! 34.24-1 (Fedora 34, RHEL 9): `dracut/parse-anaconda-options.sh` and `require_prefix` in `pyanaconda/anaconda.py`.

use super::Release;

/// A word that an earlier installer understood.
#[derive(Clone, Copy, Debug)]
pub struct Former {
    /// As it was written.
    pub name: &'static str,
    /// What to write now; empty when there is nothing.
    pub now: &'static str,
    /// First release that warns.
    pub deprecated: Release,
    /// First release that ignores it.
    pub removed: Release,
    /// Whether only Anaconda knows the word. The others (`text`, `lang`) are only reported on
    /// a command line that is an installer's for other reasons.
    pub telling: bool,
}

/// The installer's initramfs is dracut's. Before, a loader of Anaconda read all of these words (Anaconda 17, `loader/`).
pub const DRACUT: Release = Release::at(7, 17);
const PREFIX_WARNS: Release = Release::at(8, 33);
const PREFIX_NEEDED: Release = Release::at(9, 34);

const fn bare(name: &'static str, now: &'static str, telling: bool) -> Former {
    Former { name, now, deprecated: PREFIX_WARNS, removed: PREFIX_NEEDED, telling }
}

const fn gone(name: &'static str, now: &'static str) -> Former {
    Former { name, now, deprecated: DRACUT, removed: DRACUT, telling: false }
}

const fn translated(name: &'static str, now: &'static str) -> Former {
    Former { name, now, deprecated: DRACUT, removed: Release::NEVER, telling: false }
}

/// All former spellings.
pub static FORMER: &[Former] = &[
    bare("ks", "inst.ks", true),
    bare("kssendmac", "inst.ks.sendmac", true),
    bare("kssendsn", "inst.ks.sendsn", true),
    bare("ksstrict", "inst.ksstrict", true),
    bare("repo", "inst.repo", true),
    bare("stage2", "inst.stage2", true),
    bare("addrepo", "inst.addrepo", true),
    bare("updates", "inst.updates", true),
    bare("dd", "inst.dd", false),
    bare("vnc", "inst.vnc", true),
    bare("vncpassword", "inst.vncpassword", true),
    bare("vncconnect", "inst.vncconnect", true),
    bare("lang", "inst.lang", false),
    bare("keymap", "inst.keymap", false),
    bare("sshd", "inst.sshd", false),
    bare("text", "inst.text", false),
    bare("cmdline", "inst.cmdline", false),
    bare("graphical", "inst.graphical", false),
    bare("noninteractive", "inst.noninteractive", false),
    bare("noverifyssl", "inst.noverifyssl", false),
    bare("syslog", "inst.syslog", false),
    bare("virtiolog", "inst.virtiolog", false),
    bare("resolution", "inst.resolution", false),
    bare("xdriver", "inst.xdriver", false),
    bare("usefbx", "inst.usefbx", false),
    bare("xtimeout", "inst.xtimeout", false),
    bare("noshell", "inst.noshell", false),
    bare("nosave", "inst.nosave", false),
    bare("waitfornet", "inst.waitfornet", false),
    bare("dhcpclass", "inst.dhcpclass", false),
    bare("gpt", "inst.gpt", false),
    bare("nompath", "inst.nompath", false),
    bare("nodmraid", "inst.nodmraid", false),
    bare("leavebootorder", "inst.leavebootorder", false),
    bare("extlinux", "inst.extlinux", false),
    bare("noeject", "inst.noeject", false),
    bare("nomemcheck", "inst.nomemcheck", false),
    bare("multilib", "inst.multilib", false),
    bare("singlelang", "", false),
    // Read without the prefix until February 2025.
    Former {
        name: "nokill",
        now: "inst.nokill",
        deprecated: Release::at(9, 34),
        removed: Release::at(11, 43),
        telling: false,
    },
    // dracut/parse-anaconda-options.sh maps it to "repo=", which needs the prefix since Fedora 34 and RHEL 9.
    Former { name: "method", now: "inst.repo", deprecated: DRACUT, removed: PREFIX_NEEDED, telling: true },
    Former {
        name: "blacklist",
        now: "modprobe.blacklist",
        deprecated: DRACUT,
        removed: Release::at(10, 38),
        telling: false,
    },
    Former {
        name: "nofirewire",
        now: "modprobe.blacklist=firewire_ohci",
        deprecated: DRACUT,
        removed: Release::at(10, 38),
        telling: false,
    },
    // dracut/parse-anaconda-net.sh still translates these three on every release.
    Former { telling: true, ..translated("ksdevice", "bootdev") },
    translated("dns", "nameserver"),
    translated("ipv6", "ip=auto6, ip=dhcp6 or ip=[ADDRESS]…"),
    gone("askmethod", "inst.repo=LOCATION"),
    gone("asknetwork", "ip="),
    gone("serial", "console=ttyS0"),
    gone("nousb", ""),
    gone("ethtool", ""),
    gone("essid", ""),
    gone("wepkey", ""),
    gone("wpakey", ""),
    gone("noipv6", "ipv6.disable=1"),
    gone("upgradeany", ""),
    gone("utf8", ""),
    gone("mediacheck", "rd.live.check"),
];

/// A former name of one of dracut's options (dracut.cmdline(7), "Deprecated, renamed Options").
#[derive(Clone, Copy, Debug)]
pub struct DracutFormer {
    /// As it was written.
    pub name: &'static str,
    /// What to write now.
    pub now: &'static str,
    /// First release whose dracut does not read it any more.
    pub removed: Release,
}

/// dracut 104 (RHEL 10, Fedora 42) dropped most of them from its scripts; up to 103 `getarg -d` reads them with a warning.
const DROPPED: Release = Release::at(10, 42);

const fn dropped(name: &'static str, now: &'static str) -> DracutFormer {
    DracutFormer { name, now, removed: DROPPED }
}

const fn read(name: &'static str, now: &'static str) -> DracutFormer {
    DracutFormer { name, now, removed: Release::NEVER }
}

/// All that mean nothing to anybody else.
pub static DRACUT_FORMER: &[DracutFormer] = &[
    dropped("rdbreak", "rd.break"),
    dropped("rd_CCW", "rd.znet"),
    dropped("rd.ccw", "rd.znet"),
    dropped("rd_DASD", "rd.dasd"),
    dropped("rd_DASD_MOD", "rd.dasd"),
    dropped("rdinitdebug", "rd.debug"),
    dropped("rd_DM_UUID", "rd.dm.uuid"),
    dropped("rdblacklist", "rd.driver.blacklist"),
    dropped("rdinsmodpost", "rd.driver.post"),
    dropped("rdloaddriver", "rd.driver.pre"),
    dropped("rd_NO_FSTAB", "rd.fstab=0"),
    dropped("rdinfo", "rd.info"),
    dropped("rdlivedebug", "rd.live.debug"),
    dropped("readonly_overlay", "rd.live.overlay.readonly"),
    dropped("reset_overlay", "rd.live.overlay.reset"),
    dropped("live_dir", "rd.live.dir"),
    dropped("live_ram", "rd.live.ram"),
    dropped("writable_fsimg", "rd.writable.fsimg"),
    dropped("rd_NO_CRYPTTAB", "rd.luks.crypttab=0"),
    dropped("rd_NO_LUKS", "rd.luks=0"),
    dropped("rd_LUKS_UUID", "rd.luks.uuid"),
    dropped("rd_LUKS_SERIAL", "rd.luks.serial"),
    dropped("rd_LUKS_PARTUUID", "rd.luks.partuuid"),
    dropped("rd_NO_LVMCONF", "rd.lvm.conf=0"),
    dropped("rd_LVM_LV", "rd.lvm.lv"),
    dropped("rd_NO_LVM", "rd.lvm=0"),
    dropped("rd_LVM_VG", "rd.lvm.vg"),
    read("rd_NO_MULTIPATH", "rd.multipath=0"),
    dropped("rd_NFS_DOMAIN", "rd.nfs.domain"),
    dropped("rd_NO_PLYMOUTH", "rd.plymouth=0"),
    dropped("rd_retry", "rd.retry"),
    dropped("rdshell", "rd.shell"),
    dropped("rd_NO_ZFCPCONF", "rd.zfcp.conf=0"),
    dropped("rd_ZFCP", "rd.zfcp"),
    dropped("rd_ZNET", "rd.znet"),
    read("rd_NO_DM", "rd.dm=0"),
    read("rd_NO_MDADMCONF", "rd.md.conf=0"),
    read("rd_NO_MDIMSM", "rd.md.imsm=0"),
    read("rd_NO_MD", "rd.md=0"),
    read("rd_MD_UUID", "rd.md.uuid"),
    read("rdnetdebug", "rd.debug"),
    read("rdudevdebug", "rd.udev.log_level=debug"),
    read("rdudevinfo", "rd.udev.log_level=info"),
    read("iscsi_initiator", "rd.iscsi.initiator"),
    DracutFormer { name: "iscsi_target_ip", now: "rd.iscsi.target.ip", removed: Release::at(9, 34) },
    DracutFormer { name: "iscsi_target_port", now: "rd.iscsi.target.port", removed: Release::at(9, 34) },
    read("iscsi_target_group", "rd.iscsi.target.group"),
    read("iscsi_username", "rd.iscsi.username"),
    read("iscsi_password", "rd.iscsi.password"),
    read("iscsi_in_username", "rd.iscsi.in.username"),
    read("iscsi_in_password", "rd.iscsi.in.password"),
    read("iscsi_firmware", "rd.iscsi.firmware"),
    read("iscsi_param", "rd.iscsi.param"),
];
