"""Chains of updates: a new image is tried, confirmed, updated again, rolled back from, removed; each boot goes through firmware
and boot loader.

The machines have the small root, which has no systemd: the jobs run `node-layout started` and `node-layout confirm`, as the
trial's units would. (trials.py has systemd, and images that fail.)
"""

import dataclasses
import json
import pathlib
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import imagefiles
import images
import jobs
import qemu
import scenario
import uml

# Names of disks in the machines.
DISKS = ["/dev/vda", "/dev/vdb", "/dev/vdc"]


class Chain(NamedTuple):
    """What is installed, the firmware that boots it, how many images are kept."""

    layout: images.Layout
    firmware: Literal["uefi", "bios"]
    keep: int = 3


BASE = images.Layout(name="upgrade", root_size="640M", size="16G", pool="--size 10G")
CHAINS = {
    "upgrade-grub-uefi": Chain(dataclasses.replace(BASE, name="upgrade-grub-uefi"), "uefi"),
    "upgrade-grub-bios-xfs": Chain(
        dataclasses.replace(BASE, name="upgrade-grub-bios-xfs", root="ext4", boot="xfs", selinux=True), "bios"
    ),
    # The third image makes the first go.
    "upgrade-systemd-boot": Chain(
        dataclasses.replace(BASE, name="upgrade-systemd-boot", root="ext4", boot="vfat", loader="systemd-boot"), "uefi", keep=2
    ),
}

# In the layer of a generation: the entry is that layer's, and what was written in it before is there.
IN_LAYER = """
dev=$(awk '$5=="/"{print $3}' /proc/self/mountinfo | tail -1); name=$(cat /sys/dev/block/$dev/dm/name)
[ "$name" = "$(echo {vg} | sed s/-/--/g)-$(echo {running} | sed s/-/--/g)" ] || fail "/ is $name, expected {running}"
grep -q img.bootid={running} /proc/cmdline || fail "not the entry of {running}: $(cat /proc/cmdline)"
[ "$(cat /etc/hostname)" = node.example ] || fail "/etc of the installed layer is not in {running}"
[ "$(cat /root/written 2>/dev/null)" = "{written}" ] || fail "in {running} was written '{written}', found '$(cat /root/written)'"
say "layer {running}"
"""
# Exit status and output of status.
STATUS = """
node-layout status --format json > /tmp/status; rc=$?
say "status $(cat /tmp/status)"
[ $rc = {exit} ] || { cat /tmp/status; node-layout status; fail "status exits with $rc, not {exit}"; }
"""
VERIFIED = """
node-layout verify {deep} > /tmp/verify || { cat /tmp/verify; fail "verify {deep} in {running}"; }
say "verify $(tail -1 /tmp/verify)"
"""
# Entries and the boot loader's own variables as they are without a trial.
PLAIN = """
grep -rl -e node_layout.trial= -e rd.emergency=reboot /boot/loader/entries > /tmp/o && fail "a trial's arguments: $(cat /tmp/o)"
grep -qE '^(next_entry|fallback|node_layout_trial)=.' /boot/grub2/grubenv 2>/dev/null &&
    { cat /boot/grub2/grubenv; fail "variables of a trial"; }
ls /sys/firmware/efi/efivars 2>/dev/null | grep -i -e OneShot -e NodeLayout && fail "variables of a trial"
"""
UPDATE = (
    imagefiles.MEDIA
    + """
mkdir -p /var/tmp
node-layout update /mnt/media/{image} --sha256 $(sed -n 's/  {image}$//p' /mnt/media/SHA256SUMS) > /tmp/update 2>&1 ||
    { cat /tmp/update; fail "update to {image}"; }
say "update $(tail -1 /tmp/update)"
[ -e /var/imgbased/.image-updated ] || fail "the engine's marker is missing"
# A second run finds nothing to do.
node-layout update /mnt/media/{image} > /tmp/again 2>&1 || { cat /tmp/again; fail "a second update to {image}"; }
say "again $(tail -1 /tmp/again)"
umount /mnt/media
"""
)
CONFIRM = """
grep -q node_layout.trial={nvr} /proc/cmdline || fail "not a trial: $(cat /proc/cmdline)"
node-layout started > /tmp/o 2>&1 || { cat /tmp/o; fail "started"; }
node-layout confirm > /tmp/o 2>&1 || { cat /tmp/o; fail "confirm"; }
say "confirm $(tail -1 /tmp/o)"
"""
WRITE = """
echo "in {running}" > /root/written; sync
"""


# What an administrator changes: an account, a setting, a file that goes, one that image 2 changes, too.
HOST_SETTINGS = """
cd /mnt/sysroot/etc
echo alice:x:990:990::/home/alice:/bin/sh >> passwd; echo alice:x:990: >> group; echo 'alice:$6$a$b:1::::::' >> shadow
sed -i 's/^wheel:x:10:.*/wheel:x:10:alice/' group
sed -i 's/^Port 22$/Port 2222/' lab/merged.conf
rm lab/deleted.conf; echo "value of the host" > lab/conflict.conf; echo own > lab/own.conf
mkdir -p ../var/lib; echo "of the host" > ../var/lib/shared
cd /
"""
# What an update says before it writes.
PREVIEW = (
    imagefiles.MEDIA
    + """
node-layout update /mnt/media/{image} --dry-run --diff > /tmp/preview 2>&1 || { cat /tmp/preview; fail "preview"; }
for line in "merged    passwd" "merged    group" "merged    lab/merged.conf" "theirs    lab/image.conf" "ours      lab/own.conf" \
    "deleted   lab/deleted.conf" "conflict  lab/conflict.conf: both changed the same place" "user 990 becomes 999" \
    "/etc/shadow: changed; not shown" "add      /var/lib/svc" "differs  /var/lib/shared: another content; it stays"; do
    grep -qF "$line" /tmp/preview || { cat /tmp/preview; fail "the preview has no line '$line'"; }
done
grep -qx -- "-# generation 1" /tmp/preview && grep -qx "+# generation 2" /tmp/preview || fail "the preview shows no difference"
sed 's/^/| /' /tmp/preview
node-layout update /mnt/media/{image} --on-conflict stop > /tmp/o 2>&1 && fail "a conflict does not stop the update"
[ -e /var/lib/node-layout/conflicts ] && fail "a preview has kept conflicts"
[ -e /var/lib/node-layout/additions ] && fail "a preview has written what is added to /var"
umount /mnt/media
"""
)
# The trial has nothing of what the image adds to /var.
VAR_BEFORE = """
[ -e /var/lib/svc ] && fail "a trial has additions to /var"
ls /var/lib/node-layout/additions/{nvr}.json > /dev/null || fail "nothing waits for the confirmation"
"""
# In the layer of image 2: what the preview has said.
MERGED = """
cd /etc
for line in alice:x:990:990::/home/alice:/bin/sh svc:x:999:999::/:/sbin/nologin; do
    grep -qx "$line" passwd || { cat passwd; fail "passwd has no line $line"; }
done
grep -qx wheel:x:10:alice group && grep -qx svc:x:999: group || { cat group; fail "group"; }
grep -qF 'alice:$6$a$b:' shadow && grep -qx 'svc:!:1::::::' shadow || { cat shadow; fail "shadow"; }
[ "$(stat -c %u:%g /usr/share/svc)" = 999:999 ] || fail "the owner of svc's files is $(stat -c %u:%g /usr/share/svc)"
grep -qx "Port 2222" lab/merged.conf && grep -qx "# generation 2" lab/merged.conf || { cat lab/merged.conf; fail "not merged"; }
[ "$(cat lab/image.conf)" = "generation 2" ] && [ "$(cat lab/own.conf)" = own ] || fail "a file of one side"
[ -e lab/deleted.conf ] && fail "a deleted file is back"
[ "$(cat /var/lib/svc/state)" = "of the image" ] || fail "the image's file is not in /var"
[ "$(stat -c %u:%g:%a /var/lib/svc/state)" = 999:999:640 ] || { stat /var/lib/svc/state; fail "owner and mode in /var"; }
[ "$(cat /var/lib/shared)" = "of the host" ] || fail "a file of /var was replaced"
[ -e /var/lib/node-layout/additions/{nvr}.json ] && fail "the additions to /var are not completed"
grep -q run/node-layout/root /proc/self/mountinfo && fail "the hidden /var is still mounted"
[ "$(cat lab/conflict.conf)" = "value of the host" ] || fail "the conflict has not the host's version"
node-layout etc conflicts > /tmp/o && fail "no conflict is known"
sed 's/^/| /' /tmp/o
[ "$(cat /tmp/o)" = "/etc/lab/conflict.conf: both changed the same place" ] || { cat /tmp/o; fail "conflicts"; }
node-layout etc diff lab/conflict.conf > /tmp/o && grep -qx "+value 2" /tmp/o || { cat /tmp/o; fail "diff"; }
node-layout status --format json | grep -q '"conflicts":1' || fail "status does not count the conflict"
sed 's/^/| /' /tmp/o
node-layout etc resolve lab/conflict.conf --theirs > /tmp/o || { cat /tmp/o; fail "resolve"; }
sed 's/^/| /' /tmp/o
[ "$(cat lab/conflict.conf)" = "value 2" ] || fail "the conflict is not resolved"
node-layout etc conflicts > /dev/null || fail "the conflict is not forgotten"
cd /
say "merged"
"""
# Everything in /etc but what LVM writes by itself.
DIGEST = """
cd /etc
find . -path ./lvm -prune -o -type f -print -o -type l -print | sort > /tmp/names
while read -r f; do echo "$f $(readlink "$f" || md5sum < "$f")"; done < /tmp/names > /tmp/sums
cd /
say "etc $(md5sum < /tmp/sums)"
"""


def job(*parts: str, layout: images.Layout, running: int, written: str = "", **more: str) -> str:
    """A job in the layer of a generation; `{nvr}` and `{layer}` are those of that generation."""
    text = IN_LAYER + "".join(parts)
    names = {"nvr": imagefiles.nvr(running), "running": imagefiles.layer(running), "deep": ""}
    for key, value in {**names, "written": written, **more}.items():
        text = text.replace("{" + key + "}", value)
    return jobs.fill(text, layout)


def status(exit_status: int) -> str:
    """A part of a job: `status`, which must end with this exit status."""
    return STATUS.replace("{exit}", str(exit_status))


# The base {nvr} is mounted where the host's programs see it as /tmp/base; `unmount_base` undoes that.
BASE_MOUNTED = """
vgchange -q -ay {vg} || fail activate; run lvchange -q -ay -K {vg}/{nvr}
mkdir -p /mnt/host/tmp/base /mnt/host/tmp/image
mount -o ro,norecovery,nouuid -t xfs /dev/{vg}/{nvr} /mnt/host/tmp/base 2>/dev/null ||
    run mount -o ro,noload -t ext4 /dev/{vg}/{nvr} /mnt/host/tmp/base
unmount_base() { run umount /mnt/host/tmp/base; run lvchange -q -an {vg}/{nvr}; }
"""


def base_digest(layout: images.Layout, disks: Sequence[pathlib.Path], generation: int) -> str:
    """A hash of everything in a base."""
    text = (
        imagefiles.HOST
        + BASE_MOUNTED
        + f"""
say "digest $(host python3 {imagefiles.GUEST}/compare_trees.py /tmp/base)"
unmount_base; run vgchange -q -an {{vg}}
"""
    )
    result = uml.boot(disks, jobs.fill(text, layout, nvr=imagefiles.nvr(generation)), memory=384, console=True)
    return result.check("reading a base").value("digest")


def check_base(layout: images.Layout, disks: Sequence[pathlib.Path], kind: str = "live") -> str:
    """Checks that the base of generation 2 has exactly what the image file of this kind has; returns how many files."""
    ignored = " --ignore /lost+found" + (" --ignore /usr/share/specimens/socket" if kind in ("tar", "oci", "oci-archive") else "")
    image = "/tmp/image" if kind in ("live", "squashfs", "ext4", "xfs") else "/mnt/2"
    unpack = {
        "live": "run mount -o loop,ro,noload /mnt/media/2.ext4 /mnt/host/tmp/image",
        "ext4": "run mount -o loop,ro,noload /mnt/media/2.ext4 /mnt/host/tmp/image",
        "xfs": "run mount -o loop,ro,norecovery /mnt/media/2.xfs /mnt/host/tmp/image",
        # This kernel shows no extended attributes of a squashfs.
        "squashfs": f"""
run mkfs.ext4 -q -F {DISKS[len(disks)]}; run mount {DISKS[len(disks)]} /mnt/host/tmp/image
run host unsquashfs -q -n -f -d /tmp/image/tree /mnt/2.plain.squashfs
mount --move /mnt/host/tmp/image /mnt/host/media; mount --bind /mnt/host/media/tree /mnt/host/tmp/image""",
    }.get(kind, "")
    text = (
        imagefiles.HOST
        + imagefiles.MEDIA
        + BASE_MOUNTED
        + f"""
run mount --bind /mnt/media /mnt/host/mnt
{unpack}
host python3 {imagefiles.GUEST}/compare_trees.py {image} /tmp/base {ignored} > /tmp/compared ||
    {{ cat /tmp/compared; fail "the base differs from the image"; }}
say "compared $(cat /tmp/compared)"
unmount_base; run vgchange -q -an {{vg}}
"""
    )
    scratch = scenario.directory() / f"scratch-{layout.name}-{kind}.img"
    with open(scratch, "wb") as file:
        file.truncate(1 << 30)
    machine: list[qemu.Path | qemu.Disk] = [*disks, scratch, qemu.Disk(imagefiles.disk(), "media")]
    result = uml.boot(machine, jobs.fill(text, layout, nvr=imagefiles.nvr(2)), memory=384, console=True)
    scratch.unlink()
    return result.check(f"comparing a base with the image ({kind})").value("compared")


def install(chain: Chain, name: str) -> list[pathlib.Path]:
    """Runs init and writes in the layer what must be there later; returns the disks."""
    disks = images.fresh(chain.layout, name, imagefiles.root())
    text = f"""
{jobs.INIT} > /tmp/init || {{ cat /tmp/init; fail init; }}
mkdir -p /mnt/sysroot/etc/node-layout
echo 'keep-images = {chain.keep}' >> /mnt/sysroot/etc/node-layout/layout.toml
echo node.example > /mnt/sysroot/etc/hostname; echo installed > /mnt/sysroot/root/written
"""
    text += HOST_SETTINGS
    uml.boot(disks, jobs.fill(jobs.MOUNT + text + jobs.UNMOUNT, chain.layout), console=True).check("init")
    return disks


def states(text: str) -> dict[str, str]:
    """The state of each image that `status` printed."""
    return {image["nvr"]: image["state"] for image in json.loads(text)["images"]}


def check_status(text: str, **expected: Any) -> None:
    """Checks what `status` printed: `booted` and `default` are generations, `states` is by generation."""
    found = json.loads(text)
    for key in ("booted", "default"):
        assert found[key] == imagefiles.nvr(expected[key]), f"{key} is {found[key]}: {text}"
    wanted = {imagefiles.nvr(generation): state for generation, state in expected["states"].items()}
    assert states(text) == wanted, f"images are {states(text)}, expected {wanted}: {text}"
    trial = found["trial"] and (found["trial"]["nvr"], found["trial"]["state"])
    assert trial == expected.get("trial"), f"the trial is {trial}: {text}"


def chain(name: str) -> str:
    """Two updates, each tried and confirmed, a rollback and a removal."""
    it = CHAINS[name]
    layout, disks = it.layout, install(it, name)
    variables = scenario.directory() / "variables"
    media = qemu.Disk(imagefiles.disk(), "media", snapshot=True)
    good = {1: "good"}
    installed = base_digest(layout, disks, 1)

    def boot(number: int, text: str) -> qemu.Result:
        machine: list[qemu.Path | qemu.Disk] = [*disks, media]
        result = qemu.boot(machine, text, firmware=it.firmware, variables=variables, memory=768)
        return result.check(f"boot {number} of {name}")

    # Before the first update.
    first = boot(
        1,
        job(
            PLAIN,
            status(0),
            VERIFIED,
            PREVIEW,
            DIGEST,
            UPDATE,
            DIGEST,
            status(3),
            VERIFIED,
            layout=layout,
            running=1,
            image="2.squashfs",
            written="installed",
        ),
    )
    before, after = first.values("status")
    check_status(before, booted=1, default=1, states=good)
    check_status(after, booted=1, default=1, states={**good, 2: "armed"}, trial=(imagefiles.nvr(2), "armed"))
    assert len(set(first.values("etc"))) == 1, f"{name}: the update has changed /etc of the running layer"
    # The trial. It is not the default until it is confirmed.
    trial = boot(
        2, job(status(3), VAR_BEFORE, CONFIRM, PLAIN, MERGED, status(0), VERIFIED, WRITE, DIGEST, layout=layout, running=2)
    )
    during, confirmed = trial.values("status")
    check_status(during, booted=2, default=1, states={**good, 2: "trying"}, trial=(imagefiles.nvr(2), "trying"))
    good[2] = "good"
    check_status(confirmed, booted=2, default=2, states=good)
    # A second update, from the confirmed image.
    written = f"in {imagefiles.layer(2)}"
    second = boot(3, job(PLAIN, status(0), UPDATE, status(3), layout=layout, running=2, image="3.squashfs", written=written))
    check_status(
        second.values("status")[-1], booted=2, default=2, states={**good, 3: "armed"}, trial=(imagefiles.nvr(3), "armed")
    )
    good[3] = "good"
    if it.keep == 2:
        del good[1]
    rollback = """
node-layout rollback > /tmp/o 2>&1 || { cat /tmp/o; fail "rollback"; }
say "rollback $(tail -1 /tmp/o)"
"""
    last = boot(
        4,
        job(
            CONFIRM,
            status(0),
            VERIFIED,
            WRITE,
            rollback,
            VERIFIED,
            'node-layout status --format json > /tmp/s; say "status $(cat /tmp/s)"\n',
            layout=layout,
            running=3,
        ),
    )
    check_status(last.values("status")[0], booted=3, default=3, states=good)
    assert json.loads(last.values("status")[-1])["default"] == imagefiles.nvr(2), f"rollback: {last.value('status')}"
    remove = f"""
node-layout remove {imagefiles.nvr(3)} > /tmp/o 2>&1 || {{ cat /tmp/o; fail "remove"; }}
node-layout remove {imagefiles.nvr(2)} > /tmp/o 2>&1 && {{ cat /tmp/o; fail "remove removes the running image"; }}
ls -d /boot/{imagefiles.layer(3)} /boot/loader/entries/{imagefiles.layer(3)}* 2>/dev/null && fail "files of the removed image"
lvs {layout.vg}/{imagefiles.nvr(3)} 2>/dev/null && fail "the base of the removed image"
"""
    back = boot(
        5, job(PLAIN, DIGEST, status(0), remove, status(0), VERIFIED, layout=layout, running=2, written=written, deep="--deep")
    )
    assert back.value("etc") == trial.value("etc"), f"{name}: /etc of the old layer is another one after the rollback"
    del good[3]
    check_status(back.value("status"), booted=2, default=2, states=good)
    if 1 in good:
        assert base_digest(layout, disks, 1) == installed, f"{name}: the first base has changed"
    return f"5 boots, 2 updates, a rollback, a removal; the second base: {check_base(layout, disks)}"


def formats() -> str:
    """Updates to an image of every kind, each in a machine of its own; the base has exactly what the image has."""
    it = CHAINS["upgrade-grub-bios-xfs"]
    installed = install(it, "formats")
    with scenario.threads(qemu.MACHINES) as threads:
        compared = dict(
            zip(imagefiles.KINDS, threads.map(lambda kind: update_to(it, installed, kind), imagefiles.KINDS), strict=True)
        )
    return "; ".join(f"{kind}: {files}" for kind, files in compared.items())


def update_to(chain: Chain, installed: Sequence[pathlib.Path], kind: str) -> str:
    """Updates a copy of the installed node to generation 2 from an image file of this kind, and compares them."""
    disks = images.copy(installed, f"format-{kind}")
    name = imagefiles.KINDS[kind]
    media = "mkdir -p /mnt/sysroot/var/tmp /mnt/sysroot/mnt; run mount --bind /mnt/media /mnt/sysroot/mnt\n"
    update = f"""
node-layout update /mnt/{name} --no-arm --nvr {imagefiles.nvr(2)} > /run/update 2>&1 ||
    {{ cat /run/update; fail "update to {name}"; }}
say "update $(tail -1 /run/update)"
"""
    text = jobs.fill(imagefiles.MEDIA + MOUNT_LAYER + media + jobs.inside(update), chain.layout)
    machine: list[qemu.Path | qemu.Disk] = [*disks, qemu.Disk(imagefiles.disk(), "media", snapshot=True)]
    if kind == "squashfs":
        # User-mode Linux shows no extended attributes of a squashfs.
        qemu.boot(machine, text).check(f"update to {name}")
    else:
        uml.boot(machine, text, memory=384, console=True).check(f"update to {name}")
    compared = check_base(chain.layout, disks, kind)
    for disk in disks:
        disk.unlink()
    return compared


# As jobs.MOUNT, when the layer exists.
MOUNT_LAYER = jobs.MOUNT.replace(
    "mount /dev/{vg}/root /mnt/sysroot || mount /dev/mapper/{vg}-root /mnt/sysroot", "mount /dev/{vg}/{layer} /mnt/sysroot"
)
