"""A real Debian root with systemd and udev; node-layout runs inside the running system."""

import os
import shutil

import images
import jobs
import packages
import qemu
import trees
from packages import LAB, run

# swap is activated by udev, not in the initial RAM disk: that one has no udev, and what it activates udev never hears of.
LAYOUT = images.Layout("debian", root="ext4", root_size="768M", early_swap=False)
INCLUDE = "systemd-sysv,udev,lvm2,dmeventd,thin-provisioning-tools,kmod,xfsprogs,e2fsprogs,util-linux"
# What only costs time in an emulated machine.
MASKED = ("apt-daily.timer apt-daily-upgrade.timer fstrim.timer e2scrub_all.timer dpkg-db-backup.timer e2scrub_reap.service "
          "getty@tty1.service serial-getty@ttyS0.service systemd-timesyncd.service systemd-pstore.service "
          "systemd-update-utmp.service systemd-update-utmp-runlevel.service systemd-journal-flush.service "
          "systemd-random-seed.service systemd-binfmt.service proc-sys-fs-binfmt_misc.automount modprobe@.service")
# An emulated machine that shares its processor takes longer than the 90 s for devices to appear.
TIMEOUTS = "[Manager]\nDefaultTimeoutStartSec=600\nDefaultDeviceTimeoutSec=600\n"
UNIT = """[Unit]
After=local-fs.target node-layout-finish.service lvm2-monitor.service
[Service]
Type=oneshot
ExecStart=/usr/local/sbin/job
StandardOutput=tty
StandardError=inherit
TTYPath=/dev/ttyS0
[Install]
WantedBy=multi-user.target
"""


def root():
    """A tar of the root file system; debootstrapped once."""
    out = LAB / "debian.tar"
    tree = LAB / "debian"
    if not (LAB / "debian.made").exists():
        shutil.rmtree(tree, ignore_errors=True)
        run("debootstrap", "--variant=minbase", f"--include={INCLUDE}", "bookworm", tree, mirror(),
            env={**os.environ, "PATH": packages.PATH})
        (LAB / "debian.made").touch()
    # What the scenario does not need and would have to be unpacked in an emulated machine.
    for part in ("var/cache/apt var/lib/apt/lists usr/share usr/lib/python3* usr/lib/udev/hwdb.* usr/lib/gcc usr/lib/apt "
                 "usr/lib/x86_64-linux-gnu/gconv usr/lib/x86_64-linux-gnu/perl* usr/lib/x86_64-linux-gnu/libicu*").split():
        for path in tree.glob(part):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    system = tree / "etc/systemd/system"
    (system / "multi-user.target.wants").mkdir(parents=True, exist_ok=True)
    for unit in MASKED.split():
        (system / unit).unlink(missing_ok=True)
        (system / unit).symlink_to("/dev/null")
    (tree / "etc/systemd/system.conf.d").mkdir(exist_ok=True)
    (tree / "etc/systemd/system.conf.d/lab.conf").write_text(TIMEOUTS)
    (system / "job.service").write_text(UNIT)
    wants = system / "multi-user.target.wants/job.service"
    wants.unlink(missing_ok=True)
    wants.symlink_to("../job.service")
    (tree / "etc/lvm/lvmlocal.conf").write_text("devices { use_devicesfile=1 }\n")
    lab = (trees.GUEST / "lab.sh").read_text().replace("poweroff -f", "systemctl poweroff -ff")
    (tree / "etc/lab.sh").write_text(lab.replace("export DM_DISABLE_UDEV=1\n", ""))
    job = tree / "usr/local/sbin/job"
    job.write_text("#!/bin/bash\n. /etc/lab.sh\nrun_job\n")
    job.chmod(0o755)
    shutil.copy2(trees.node_layout(), tree / "usr/sbin/node-layout")
    run("strip", tree / "usr/sbin/node-layout")
    (tree / "etc/default").mkdir(exist_ok=True)
    run("tar", "cf", out, "--numeric-owner", "-C", tree, ".")
    return out


def mirror():
    for line in open("/etc/apt/sources.list.d/debian.sources") if os.path.exists("/etc/apt/sources.list.d/debian.sources") else []:
        if line.startswith("URIs:") and line.split()[1].rstrip("/").endswith("/debian"):
            return line.split()[1]
    return "http://deb.debian.org/debian"


# Before init: LVM uses only what the devices file names, as on RHEL 9 and later.
FIRST = """
[ "$(cat /proc/1/comm)" = systemd ] || fail "systemd is not the first process"
findmnt -no SOURCE / | grep -q {vg}-root || fail "/ is $(findmnt -no SOURCE /)"
run lvm lvmdevices --adddev /dev/vda4
grep -q PVID= /etc/lvm/devices/system.devices || fail "no devices file"
node-layout init --nvr {nvr} > /tmp/init 2>&1 || { cat /tmp/init; fail init; }
echo "written by %post" > /root/post
udevadm settle
[ -b /dev/mapper/{vg}-root ] || fail "the old device name is gone before the reboot"
node-layout verify > /tmp/verify || { cat /tmp/verify; fail verify; }
grep -q pending /tmp/verify || fail "verify does not say pending"
"""
LATER = """
dev=$(awk '$5=="/"{print $3}' /proc/self/mountinfo | tail -1); name=$(cat /sys/dev/block/$dev/dm/name)
[ "$name" = "{vg}-$(echo {layer} | sed s/-/--/g)" ] || fail "/ is $name"
systemd-analyze; systemd-analyze blame | head -6
[ "$(cat /root/post)" = "written by %post" ] || fail "what was written after init is lost"
systemctl is-failed -q node-layout-finish.service && { systemctl status node-layout-finish.service; fail "the first boot's unit has failed"; }
lvs --noheadings -o seg_monitor {vg}/pool00 | grep -q '^ *monitored' || fail "dmeventd does not watch the pool"
findmnt -no OPTIONS / | grep -q discard || fail "/ is mounted without discard"
node-layout verify > /tmp/verify || { cat /tmp/verify; fail verify; }
say "verify $(tail -1 /tmp/verify)"
node-layout init --nvr {nvr} > /tmp/init || { cat /tmp/init; fail "second init"; }
say "init $(tail -1 /tmp/init)"
node-layout list
echo more >> /root/boots
"""


def chain():
    """init in the running system, two boots of the layer, dmeventd and udev at work."""
    disks = images.copy(images.build(LAYOUT, root()), "debian")
    hashes = []
    for number, job in enumerate((FIRST, LATER, LATER), 1):
        result = qemu.boot(disks, jobs.fill(job + jobs.BASE_HASH, LAYOUT), firmware="bios", limit=qemu.LIMIT * 2, memory=1024)
        result.check(f"boot {number} of Debian")
        hashes.append(result.value("base"))
        if number > 1:
            assert result.value("verify").startswith("ok "), f"verify said {result.value('verify')}"
            assert result.value("init").startswith("already initialised"), f"init said {result.value('init')}"
    assert len(set(hashes)) == 1, f"the base has changed: {hashes}"
    return "3 boots with systemd, base unchanged"
