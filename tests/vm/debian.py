"""A real Debian root with systemd and udev; node-layout runs inside the running system."""

import json
import pathlib
import shutil
import threading
from collections.abc import Callable, Sequence

import images
import jobs
import packages
import qemu
import scenario
import trees
from packages import LAB, ROOT, run

# The initramfs does not activate swap: it has no udev, and udev never learns of a volume that was activated without it.
LAYOUT = images.Layout(name="debian", root="ext4", root_size="768M", early_swap=False)
INCLUDE = "systemd-sysv,udev,lvm2,dmeventd,thin-provisioning-tools,kmod,xfsprogs,e2fsprogs,util-linux"
# Units that only cost time in an emulated machine. Everything that concerns block devices stays as Debian installs it.
MASKED = (
    "apt-daily.timer apt-daily-upgrade.timer fstrim.timer e2scrub_all.timer dpkg-db-backup.timer e2scrub_reap.service "
    "systemd-tmpfiles-clean.timer systemd-timesyncd.service systemd-pstore.service systemd-update-utmp.service "
    "systemd-update-utmp-runlevel.service systemd-journal-flush.service systemd-random-seed.service "
    "systemd-binfmt.service proc-sys-fs-binfmt_misc.automount modprobe@.service systemd-modules-load.service "
    "systemd-sysctl.service systemd-sysusers.service systemd-logind.service systemd-user-sessions.service "
    "systemd-networkd.service systemd-fsckd.socket systemd-initctl.socket systemd-repart.service getty.target "
    "getty-static.service dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount sys-kernel-tracing.mount"
).split()
# Generators that are removed: they run one after the other, before anything else starts.
GENERATORS = "cryptsetup debug getty gpt-auto hibernate-resume integritysetup rc-local run system-update sysv veritysetup".split()
# Files that are not needed. An emulated machine would unpack them, read them as part of the base, or run them.
LEFT_OUT = (
    "var/cache/* var/lib/apt usr/share usr/include usr/lib/apt usr/lib/gcc usr/lib/python3* "
    "usr/lib/udev/hwdb.* usr/lib/systemd/systemd-networkd* usr/bin/python3* usr/bin/apt* "
    "usr/bin/deb* usr/bin/sqv usr/bin/gpgv usr/bin/localedef"
).split()
LIBRARIES_LEFT_OUT = (
    "gconv libicu* libapt* libdb-5* libsqlite3* libgnutls* libp11-kit* libunistring* libkrb5* "
    "libk5crypto* libgssapi* libperl* libmvec*"
).split()
# dpkg, and Perl, in which scriptlets of packages are written.
DPKG = "var/lib/dpkg usr/lib/dpkg usr/bin/dpkg* usr/bin/perl* usr/lib/x86_64-linux-gnu/perl*".split()
# Only block devices matter here; every udev event costs as much as starting a program.
UDEV = "[Service]\nExecStart=\nExecStart=-udevadm trigger --type=devices --action=add --subsystem-match=block\n"
# A client of dmeventd gives up after a second, so the daemon is started before the first client.
MONITOR = "[Unit]\nWants=dm-event.service\n"
# Devices of an emulated machine that shares its processor may take longer to appear than the default of 90 s.
TIMEOUTS = "[Manager]\nDefaultTimeoutStartSec=600\nDefaultDeviceTimeoutSec=600\n"
UNIT = """[Unit]
After=local-fs.target node-layout-finish.service lvm2-monitor.service
[Service]
Type=simple
ExecStart=/usr/local/sbin/job
StandardOutput=tty
StandardError=inherit
TTYPath=/dev/ttyS0
[Install]
WantedBy=multi-user.target
"""

# Scenarios run at once, and share what is debootstrapped.
_BOOTSTRAPPING = threading.Lock()


def root(
    name: str = "debian", *, dpkg: bool = False, change: Callable[[pathlib.Path], object] = lambda _tree: None
) -> pathlib.Path:
    """A tar of the root file system: as small as systemd, udev and LVM allow, debootstrapped once. With `dpkg` its database is in
    /usr, as /var is a volume of its own, and so are the defaults of /etc. `change` is called with the whole tree, before anything
    is left out."""
    out = LAB / f"{name}.tar"
    made, tree = LAB / "debian.bootstrapped.made", scenario.directory() / name
    bootstrapped = LAB / "debian.bootstrapped"
    with _BOOTSTRAPPING:
        if not made.exists():
            shutil.rmtree(bootstrapped, ignore_errors=True)
            run("debootstrap", "--variant=minbase", f"--include={INCLUDE}", "bookworm", bootstrapped, packages.mirror())
            made.touch()
    run("cp", "-a", "--reflink=auto", bootstrapped, tree)
    change(tree)
    left_out = LEFT_OUT + [f"usr/lib/x86_64-linux-gnu/{library}" for library in LIBRARIES_LEFT_OUT]
    if dpkg:
        (tree / "usr/lib/sysimage").mkdir()
        (tree / "var/lib/dpkg").rename(tree / "usr/lib/sysimage/dpkg")
        (tree / "var/lib/dpkg").symlink_to("../../usr/lib/sysimage/dpkg")
    else:
        left_out += DPKG
    for part in left_out:
        for path in tree.glob(part):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    for generator in GENERATORS:
        (tree / f"usr/lib/systemd/system-generators/systemd-{generator}-generator").unlink()
    system = tree / "etc/systemd/system"
    (system / "multi-user.target.wants").mkdir(parents=True, exist_ok=True)
    for unit in MASKED:
        (system / unit).unlink(missing_ok=True)
        (system / unit).symlink_to("/dev/null")
    for unit, text in (("systemd-udev-trigger", UDEV), ("lvm2-monitor", MONITOR)):
        (system / f"{unit}.service.d").mkdir()
        (system / f"{unit}.service.d/lab.conf").write_text(text)
    (tree / "etc/systemd/system.conf.d").mkdir(exist_ok=True)
    (tree / "etc/systemd/system.conf.d/lab.conf").write_text(TIMEOUTS)
    (system / "job.service").write_text(UNIT)
    (system / "multi-user.target.wants/job.service").symlink_to("../job.service")
    (tree / "etc/lvm/lvmlocal.conf").write_text("devices { use_devicesfile=1 }\n")
    lab = (trees.GUEST / "lab.sh").read_text().replace("poweroff -f", "systemctl poweroff -ff")
    (tree / "etc/lab.sh").write_text(lab.replace("export DM_DISABLE_UDEV=1\n", ""))
    job = tree / "usr/local/sbin/job"
    job.write_text("#!/bin/bash\n. /etc/lab.sh\nrun_job\n")
    job.chmod(0o755)
    shutil.copy2(trees.node_layout(), tree / "usr/sbin/node-layout")
    run("strip", tree / "usr/sbin/node-layout")
    (tree / "usr/bin/node-layout").symlink_to("../sbin/node-layout")
    install_units(tree)
    (tree / "etc/default").mkdir(exist_ok=True)
    if dpkg:
        shutil.copytree(tree / "etc", tree / "usr/share/factory/etc", symlinks=True)
    run("tar", "cf", out, "--numeric-owner", "-C", tree, ".")
    shutil.rmtree(tree)
    return out


def install_units(tree: pathlib.Path) -> None:
    """Installs and enables the units of node-layout as its package does."""
    system = tree / "usr/lib/systemd/system"
    for unit in (ROOT / "packaging/systemd").iterdir():
        shutil.copy2(unit, system / unit.name)
        for line in unit.read_text().splitlines():
            key, _, target = line.partition("=")
            if key in ("WantedBy", "RequiredBy"):
                links = system / f"{target}.{'wants' if key == 'WantedBy' else 'requires'}"
                links.mkdir(exist_ok=True)
                (links / unit.name).symlink_to(f"../{unit.name}")


_MAKING = threading.Lock()


def shared_root() -> pathlib.Path:
    """The tar that `root` makes; made once for all scenarios."""
    out, stamp = LAB / "debian.tar", LAB / "debian-root.complete"
    with _MAKING:
        if not stamp.exists():
            root()
            stamp.touch()
    return out


# The first boot, which runs init. As on RHEL 9 and later, LVM uses only the devices that the devices file names.
FIRST = """
[ "$(cat /proc/1/comm)" = systemd ] || fail "systemd is not the first process"
findmnt -no SOURCE / | grep -q {vg}-root || fail "/ is $(findmnt -no SOURCE /)"
run lvm lvmdevices --adddev /dev/vda4
grep -q PVID= /etc/lvm/devices/system.devices || fail "no devices file"
state() {
    lvs --noheadings -o lv_name,lv_tags {vg}
    find /boot | sort
    find /etc /boot/loader /boot/grub2 -type f -exec cat {} + | md5sum
}
state > /tmp/before
node-layout init --nvr {nvr} --dry-run > /tmp/plan || { cat /tmp/plan; fail "init --dry-run"; }
grep -q "^lvrename {vg} root {layer}$" /tmp/plan || { cat /tmp/plan; fail "the plan does not rename root"; }
grep -q "^#   + /dev/{vg}/{layer} " /tmp/plan || { cat /tmp/plan; fail "the plan does not show the change of fstab"; }
state | cmp - /tmp/before || fail "init --dry-run has changed something"
node-layout init --nvr {nvr} --format json > /tmp/init || { cat /tmp/init; fail init; }
while read -r line; do say "progress $line"; done < /tmp/init
echo "written by %post" > /root/post
udevadm settle
[ -b /dev/mapper/{vg}-root ] || fail "the old device name is gone before the reboot"
node-layout verify > /tmp/verify || { cat /tmp/verify; fail verify; }
grep -q pending /tmp/verify || fail "verify does not say pending"
"""
# The boots after it, from the layer.
LATER = """
dev=$(awk '$5=="/"{print $3}' /proc/self/mountinfo | tail -1); name=$(cat /sys/dev/block/$dev/dm/name)
[ "$name" = "{vg}-$(echo {layer} | sed s/-/--/g)" ] || fail "/ is $name"
[ "$(cat /root/post)" = "written by %post" ] || fail "what was written after init is lost"
for unit in node-layout-finish lvm2-monitor; do
    systemctl is-failed -q $unit && { systemctl status -l --no-pager $unit dm-event; fail "$unit has failed"; }
done
lvs --noheadings -o seg_monitor {vg}/pool00 | grep -q '^ *monitored' || fail "dmeventd does not watch the pool"
findmnt -no OPTIONS / | grep -q discard || fail "/ is mounted without discard"
node-layout verify > /tmp/verify || { cat /tmp/verify; fail verify; }
say "verify $(tail -1 /tmp/verify)"
node-layout init --nvr {nvr} > /tmp/init || { cat /tmp/init; fail "second init"; }
say "init $(tail -1 /tmp/init)"
node-layout list
echo more >> /root/boots
"""


def check_progress(lines: Sequence[str]) -> None:
    """Checks the output of `init --format json`: one line when a step begins, one when it is done, at the end the result."""
    *steps, result = map(json.loads, lines)
    names = [s["name"] for s in steps if s["state"] == "start"]
    assert [s["name"] for s in steps if s["state"] == "done"] == names, f"steps do not start and end in order: {lines}"
    numbers = [n for n in range(1, len(names) + 1) for _ in ("start", "done")]
    assert [s["step"] for s in steps] == numbers, f"steps are misnumbered: {lines}"
    assert {s["of"] for s in steps} == {len(names)} and "freeze-base" in names and names[-1] == "complete", f"{names}"
    assert result["result"] == "initialised", f"init printed {result}"


def chain() -> str:
    """Runs init in the running system and boots the layer twice, with dmeventd and udev."""
    disks = images.fresh(LAYOUT, "debian", shared_root())
    hashes = []
    for number, job in enumerate((FIRST, LATER, LATER), 1):
        result = qemu.boot(disks, jobs.fill(job + jobs.BASE_HASH, LAYOUT), firmware="bios", limit=qemu.LIMIT * 2, memory=1024)
        result.check(f"boot {number} of Debian")
        hashes.append(result.value("base"))
        if number == 1:
            check_progress(result.values("progress"))
        else:
            assert result.value("verify").startswith("ok "), f"verify printed {result.value('verify')}"
            assert result.value("init").startswith("already initialised"), f"init printed {result.value('init')}"
    assert len(set(hashes)) == 1, f"the base has changed: {hashes}"
    return "3 boots with systemd, base unchanged"
