"""A real Debian root with systemd and udev; node-layout runs inside the running system."""

import os
import shutil

import images
import jobs
import packages
import qemu
import trees
from packages import LAB, run

LAYOUT = images.Layout("debian", root="ext4")
INCLUDE = "systemd-sysv,udev,lvm2,dmeventd,thin-provisioning-tools,kmod,xfsprogs,e2fsprogs,util-linux"
# What only costs time in an emulated machine.
MASKED = ("apt-daily.timer apt-daily-upgrade.timer fstrim.timer e2scrub_all.timer dpkg-db-backup.timer e2scrub_reap.service "
          "getty@tty1.service serial-getty@ttyS0.service systemd-timesyncd.service")
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
        for part in "var/cache/apt var/lib/apt/lists usr/share/doc usr/share/locale usr/share/man".split():
            shutil.rmtree(tree / part, ignore_errors=True)
        (LAB / "debian.made").touch()
    kernel = packages.Kernel()
    modules = tree / "lib/modules" / kernel.version
    if not modules.exists():
        shutil.copytree(kernel.root / "lib/modules" / kernel.version, modules, symlinks=True)
    system = tree / "etc/systemd/system"
    (system / "multi-user.target.wants").mkdir(parents=True, exist_ok=True)
    for unit in MASKED.split():
        (system / unit).unlink(missing_ok=True)
        (system / unit).symlink_to("/dev/null")
    (system / "job.service").write_text(UNIT)
    wants = system / "multi-user.target.wants/job.service"
    wants.unlink(missing_ok=True)
    wants.symlink_to("../job.service")
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


def chain():
    """init in the running system, two boots, dmeventd and udev at work."""
    disks = images.copy(images.build(LAYOUT, root()), "debian")
    limit = qemu.LIMIT * 2
    first = """
[ "$(cat /proc/1/comm)" = systemd ] || fail "systemd is not the first process"
findmnt -no SOURCE / | grep -q {vg}-root || fail "/ is $(findmnt -no SOURCE /)"
node-layout init --nvr {nvr} > /tmp/init 2>&1 || { cat /tmp/init; fail init; }
echo "written by %post" > /root/post
udevadm settle
[ -b /dev/mapper/{vg}-root ] || fail "the old device name is gone before the reboot"
node-layout verify > /tmp/verify || { cat /tmp/verify; fail verify; }
grep -q pending /tmp/verify || fail "verify does not say pending"
"""
    qemu.boot(disks, jobs.fill(first, LAYOUT), firmware="bios", limit=limit, memory=1024).check("init in Debian")
    hashes = []
    for number in (1, 2):
        job = """
[ "$(findmnt -no SOURCE /)" = "/dev/mapper/{vg}-$(echo {layer} | sed s/-/--/g)" ] || fail "/ is $(findmnt -no SOURCE /)"
[ "$(cat /root/post)" = "written by %post" ] || fail "what was written after init is lost"
systemctl is-failed -q node-layout-finish.service && { systemctl status node-layout-finish.service; fail "the first boot's unit has failed"; }
lvs --noheadings -o seg_monitor {vg}/pool00 | grep -q '^ *monitored' || fail "dmeventd does not watch the pool"
node-layout verify > /tmp/verify || { cat /tmp/verify; fail verify; }
say "verify $(tail -1 /tmp/verify)"
node-layout list
""" + jobs.BASE_HASH + f"echo {number} >> /root/boots\n"
        result = qemu.boot(disks, jobs.fill(job, LAYOUT), firmware="bios", limit=limit, memory=1024)
        result.check(f"boot {number} of Debian")
        assert result.value("verify").startswith("ok "), f"verify said {result.value('verify')}"
        hashes.append(result.value("base"))
    assert len(set(hashes)) == 1, f"the base has changed: {hashes}"
    return "3 boots with systemd, base unchanged"
