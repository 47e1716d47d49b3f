"""Plays Anaconda in the machine: calls the add-on over its message bus, and installs in the installer's order.

storage -> payload -> boot loader -> add-ons -> initramfs -> copies of the kickstart -> %post -> labels. The storage is what
`ks-lint plan` prints; everything else is as short as possible. Lines that begin with @@ are results for the host.
"""

import glob
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from typing import Any

from dasbus.connection import AddressedMessageBus
from dasbus.error import DBusError
from dasbus.typing import get_native
from gi.repository import GLib
from pykickstart.parser import KickstartParser
from pykickstart.version import makeVersion

NAME = "org.fedoraproject.Anaconda.Addons.OvirtNode"
PATH = "/org/fedoraproject/Anaconda/Addons/OvirtNode"
# Long, because an emulated machine may get little processor time.
MILLISECONDS = 10 * 60 * 1000
KICKSTART = "/run/install/ks.cfg"
SYSROOT = "/mnt/sysroot"
DISK = "vda"
# A device of the plan, as `ks-lint plan --format=json` prints it.
Device = dict[str, Any]

# The policy of Anaconda's own bus. The add-on's file in confs must allow what the add-on needs beyond it.
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>org.fedoraproject.Anaconda</type>
  <listen>unix:tmpdir=/tmp</listen>
  <auth>EXTERNAL</auth>
  <servicedir>/usr/share/anaconda/dbus/services</servicedir>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Introspectable"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Properties"/>
  </policy>
  <includedir>/usr/share/anaconda/dbus/confs</includedir>
  <limit name="service_start_timeout">600000</limit>
</busconfig>
"""


class Failure(Exception):
    """A check of the installation has failed."""


def say(text: object) -> None:
    """Report a result to the host."""
    print(f"@@ {text}", flush=True)


def run(*command: str, stdin: bytes | None = None) -> str:
    """Run a program and return its output."""
    done = subprocess.run(command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    output = done.stdout.decode(errors="replace")
    if done.returncode:
        raise Failure(f"({done.returncode}) {' '.join(command)}: {output}")
    return output


def write(path: str, text: str) -> None:
    """Write a file of the installed system."""
    os.makedirs(os.path.dirname(SYSROOT + path), exist_ok=True)
    with open(SYSROOT + path, "w") as file:
        file.write(text)


class AddOn:
    """The add-on as the Boss sees it."""

    def __init__(self) -> None:
        with open("/tmp/bus.conf", "w") as file:
            file.write(BUS)
        self.daemon = subprocess.Popen(
            ["dbus-daemon", "--nofork", "--print-address", "--config-file=/tmp/bus.conf"], stdout=subprocess.PIPE
        )
        assert self.daemon.stdout
        self.bus = AddressedMessageBus(self.daemon.stdout.readline().decode().strip())
        self.bus.proxy.StartServiceByName(NAME, 0, timeout=MILLISECONDS)
        self.proxy = self.bus.get_proxy(NAME, PATH)

    def read(self, text: str) -> list[str]:
        """Hand over the add-on's section of a kickstart and return its errors."""
        section = text[text.index("%addon org_ovirt_node") :]
        report = self.proxy.ReadKickstart(section[: section.index("\n%end") + len("\n%end\n")], timeout=MILLISECONDS)
        for message in get_native(report["warning-messages"]):
            print(message["message"])
        return [message["message"] for message in get_native(report["error-messages"])]

    def run(self, paths: Iterable[str]) -> None:
        """Run these tasks of the add-on, as the installer's queue does."""
        for path in paths:
            self._run_task(self.bus.get_proxy(NAME, path))

    @staticmethod
    def _run_task(task: Any) -> None:
        name = task.Name
        task.ProgressChanged.connect(lambda _step, message: print(f"{name}: {message}", flush=True))
        stopped: list[bool] = []
        task.Stopped.connect(lambda: stopped.append(True))
        task.Start()
        while not stopped:
            GLib.MainContext.default().iteration(True)
        try:
            task.Finish()
        except DBusError as error:
            raise Failure(f"{name}: {error}") from error
        say(f"task {name}")

    def stop(self) -> None:
        self.bus.disconnect()
        self.daemon.terminate()
        self.daemon.wait()


def written() -> tuple[int, str]:
    """How many sectors of the disk were written since the machine started, and a digest of the disk's beginning."""
    with open(f"/sys/block/{DISK}/stat") as file:
        sectors = int(file.read().split()[6])
    with open("/dev/" + DISK, "rb") as disk:
        return sectors, hashlib.sha256(disk.read(1 << 20)).hexdigest()


# What the installer does before it runs the add-on.


def partition() -> list[Device]:
    """Make the storage that the kickstart describes on this machine's disk, and return the devices of the plan."""
    command = ["ks-lint", "plan", "--host", "--format=json", KICKSTART]
    plan = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=False).stdout)
    if plan["verdict"] != "proceeds":
        raise Failure("the plan is: " + json.dumps(plan))
    devices: list[Device] = plan["devices"]
    types = {"/boot/efi": "C12A7328-F81F-11D2-BA4B-00A0C93EC93B", "/boot": "0FC63DAF-8483-4772-8E79-3D69D8477DE4"}
    table = ["label: gpt"]
    for device in devices:
        if device["type"] == "partition":
            kind = types.get(device.get("mountpoint", ""), "E6D6D379-F507-44C2-A23C-238F2A3DF928")
            table.append(f"start={device['start'] // 512}, size={device['size'] // 512}, type={kind}")
    run("sfdisk", "-q", "/dev/" + DISK, stdin="\n".join(table).encode())
    for device in devices:
        make_volume(device)
    compare(devices)
    for device in devices:
        make_file_system(device, path_of(device))
    for device in sorted((d for d in devices if d.get("mountpoint")), key=lambda d: str(d["mountpoint"])):
        directory = SYSROOT + device["mountpoint"]
        os.makedirs(directory, exist_ok=True)
        run("mount", "-t", "vfat" if device["fstype"] == "efi" else device["fstype"], path_of(device), directory)
    for name in ("dev", "proc", "sys", "run"):
        os.makedirs(os.path.join(SYSROOT, name), exist_ok=True)
        run("mount", "--bind", "/" + name, os.path.join(SYSROOT, name))
    return devices


def path_of(device: Device) -> str:
    """The device node of a device of the plan."""
    if device["type"] == "partition":
        return f"/dev/{device['name']}"
    group, _, volume = device["name"].partition("-")
    return f"/dev/mapper/{group}-{volume.replace('-', '--')}"


def make_volume(device: Device) -> None:
    """Make a volume group or a logical volume of the plan."""
    # libblockdev passes sizes to LVM in KiB; LVM rounds them to whole extents.
    kind, size = device["type"], f"{device['size'] // 1024}k"
    group, _, volume = device["name"].partition("-")
    if kind == "lvmvg":
        parents = ["/dev/" + name for name in device["parents"]]
        run("pvcreate", "-qff", "-y", *parents)
        run("vgcreate", "-q", "-s", f"{device['extent_size']}b", group, *parents)
    elif kind == "lvmlv":
        run("lvcreate", "-q", "-y", "-Wn", "-L", size, "-n", volume, group)
    elif kind == "lvmthinpool":
        options = ["--poolmetadatasize", f"{device['metadata_size']}b", "-c", f"{device['chunk_size']}b"]
        run("lvcreate", "-q", "-y", "-Zn", "--type", "thin-pool", "-L", size, *options, "-n", volume, group)
    elif kind == "lvmthinlv":
        pool = device["parents"][0].replace("-", "/", 1)
        run("lvcreate", "-q", "-y", "-Wn", "-V", size, "--thinpool", pool, "-n", volume)


def compare(devices: Iterable[Device]) -> None:
    """Compare the sizes that LVM made with the plan."""
    made: dict[str, int] = {}
    for report in (["vgs", "-o", "vg_name,vg_size"], ["lvs", "-o", "lv_full_name,lv_size"]):
        for line in run(*report, "--noheadings", "--units=b", "--nosuffix").splitlines():
            name, size = line.split()
            made[name.replace("/", "-", 1)] = int(size)
    for device in devices:
        # LVM rounds a linear volume up to whole extents; the plan has the size before that.
        if device["type"] in ("lvmvg", "lvmthinpool", "lvmthinlv") and made[device["name"]] != device["size"]:
            raise Failure(f"{device['name']}: {made[device['name']]} bytes, the plan has {device['size']}")


def make_file_system(device: Device, path: str) -> None:
    """Make the file system that the plan has for a device."""
    kind = device.get("fstype")
    if kind == "efi":
        run("mkfs.vfat", path)
    elif kind == "swap":
        run("mkswap", path)
    elif kind == "xfs":
        # The lab's GRUB finds /boot by its label.
        label = ["-L", "BOOT"] if device.get("mountpoint") == "/boot" else []
        run("mkfs.xfs", "-q", "-f", "-K", *label, path)
    elif kind not in (None, "lvmpv", "disklabel"):
        raise Failure(f"this installer cannot make a file system of type {kind}")


def payload(image: str) -> None:
    """Unpack the image and write its name."""
    run("tar", "xf", image, "-C", SYSROOT)
    write("/usr/share/imgbase/build/meta/nvr", os.environ["NVR"] + "\n")


def boot_loader(files: str, devices: Iterable[Device]) -> None:
    """Install kernel, boot loader and boot entries; write fstab and the arguments of later kernels."""
    os.makedirs("/tmp/payload")
    run("tar", "xf", files, "-C", "/tmp/payload")
    shutil.copytree("/tmp/payload/boot", SYSROOT + "/boot", dirs_exist_ok=True)
    shutil.copytree("/tmp/payload/esp", SYSROOT + "/boot/efi", dirs_exist_ok=True)
    lines = ["", "#", "# /etc/fstab", "#"]
    for device in sorted(devices, key=lambda d: str(d.get("mountpoint", "~"))):
        path, kind = path_of(device), device.get("fstype")
        if device["type"] == "partition" and device.get("mountpoint"):
            path = "UUID=" + run("blkid", "-s", "UUID", "-o", "value", path).strip()
        if kind == "swap":
            lines.append(f"{path} none swap defaults 0 0")
        elif kind == "efi":
            lines.append(f"{path} {device['mountpoint']} vfat umask=0077,shortname=winnt 0 2")
        elif device.get("mountpoint"):
            options = "defaults,discard" if device["type"] == "lvmthinlv" else "defaults"
            lines.append(f"{path} {device['mountpoint']} {kind} {options} 0 0")
    write("/etc/fstab", "\n".join(lines) + "\n")
    write("/etc/default/grub", f'GRUB_CMDLINE_LINUX="{os.environ["ARGUMENTS"]}"\n')


# What the installer does after the add-on.


def initramfs() -> None:
    """Write a new initramfs over each old one, as dracut -f does: into the same file."""
    os.makedirs("/tmp/initramfs")
    with open("/tmp/initramfs/generation", "w") as file:
        file.write("second\n")
    cpio = ["cpio", "-o", "-H", "newc", "--quiet"]
    more = subprocess.run(cpio, input=b"generation\n", cwd="/tmp/initramfs", check=True, stdout=subprocess.PIPE).stdout
    images = [i for i in glob.glob(SYSROOT + "/boot/initramfs-*.img") if "rescue" not in i]
    if not images:
        raise Failure("/boot has no initramfs that could be made again")
    for image in images:
        with open(image, "rb") as old:
            content = old.read()
        # The second archive must begin at a multiple of four.
        content += b"\0" * (-len(content) % 4) + more
        with open(image, "wb") as new:
            new.write(content)


def kickstart_copies(text: str, generated: str) -> None:
    """Write the copies of the kickstart that Anaconda leaves in /root."""
    write("/root/original-ks.cfg", text)
    write("/root/anaconda-ks.cfg", "# Generated by Anaconda\n" + generated)


def post_scripts(text: str) -> None:
    """Run the %post sections of the kickstart in the installed system."""
    handler = makeVersion("RHEL9")
    KickstartParser(handler).readKickstartFromString(text)
    if not handler.scripts:
        raise Failure("the kickstart has no %post")
    for number, script in enumerate(handler.scripts):
        path = f"/tmp/ks-script-{number}"
        write(path, script.script)
        os.chmod(SYSROOT + path, 0o700)
        run("chroot", SYSROOT, "/bin/sh", path)
        os.unlink(SYSROOT + path)


def labels() -> int:
    """Set an SELinux label on every file, as setfiles and restorecon do; return the number of files."""
    left_out = ("/dev", "/proc", "/sys", "/run", "/boot/efi")
    count = 0
    for directory, names, files in os.walk(SYSROOT):
        names[:] = [n for n in names if os.path.join(directory, n)[len(SYSROOT) :] not in left_out]
        for name in names + files:
            path = os.path.join(directory, name)
            os.setxattr(path, "security.selinux", b"system_u:object_r:etc_t:s0\0", follow_symlinks=False)
            count += 1
    return count


def unmount() -> None:
    """Unmount everything below the installed system."""
    with open("/proc/mounts") as file:
        mounts = [line.split()[1] for line in file]
    for path in reversed(mounts):
        if path == SYSROOT or path.startswith(SYSROOT + "/"):
            run("umount", path)


def check_refusal(add_on: AddOn, text: str) -> None:
    """Report the errors for a kickstart with / on a thick volume."""
    wrong = text.replace("--name=root --thin --poolname=pool00", "--name=root")
    with open(KICKSTART, "w") as file:
        file.write(wrong)
    say("refused " + json.dumps(add_on.read(wrong)))
    with open(KICKSTART, "w") as file:
        file.write(text)


def main(image: str, files: str) -> None:
    started = time.monotonic()

    def done(step: str) -> None:
        say(f"step {time.monotonic() - started:.1f} {step}")

    with open(KICKSTART) as file:
        text = file.read()
    add_on = AddOn()
    before = written()
    check_refusal(add_on, text)
    errors = add_on.read(text)
    if errors:
        raise Failure("the add-on refuses the kickstart: " + "\n".join(errors))
    done("read")
    add_on.run(add_on.proxy.ConfigureWithTasks())
    if written() != before or before[0]:
        raise Failure(f"{written()[0]} sectors of the disk were written before partitioning")
    done("configure")
    devices = partition()
    done("storage")
    payload(image)
    done("payload")
    boot_loader(files, devices)
    done("boot loader")
    add_on.run(add_on.proxy.InstallWithTasks())
    done("add-ons")
    initramfs()
    kickstart_copies(text, add_on.proxy.GenerateKickstart())
    post_scripts(text)
    done("%post")
    say(f"labels {labels()}")
    add_on.stop()
    done("labels")
    say("verify " + run("node-layout", "verify", "--sysroot", SYSROOT).splitlines()[-1])
    unmount()
    done("unmounted")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Failure as failure:
        say(f"FAIL {failure}")
        sys.exit(1)
