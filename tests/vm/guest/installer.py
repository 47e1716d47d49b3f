"""Stands for Anaconda in the machine: calls the add-on over its message bus, and installs in the installer's order.

storage -> payload -> boot loader -> add-ons -> initramfs -> copies of the kickstart -> %post -> labels. What Anaconda makes
of the storage is what `ks-lint plan` says; everything else here is as short as it can be. Lines that begin with @@ are
results for the host.
"""

import glob
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time

from dasbus.connection import AddressedMessageBus
from dasbus.error import DBusError
from dasbus.typing import get_native
from gi.repository import GLib
from pykickstart.parser import KickstartParser
from pykickstart.version import makeVersion

NAME = "org.fedoraproject.Anaconda.Addons.OvirtNode"
PATH = "/org/fedoraproject/Anaconda/Addons/OvirtNode"
# An emulated machine may get little time: the limits that a person would meet do not count here.
MILLISECONDS = 10 * 60 * 1000
KICKSTART = "/run/install/ks.cfg"
SYSROOT = "/mnt/sysroot"
DISK = "vda"

# The policy of Anaconda's own bus: everything that the add-on may do stands in its own file below confs.
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
    """Something is not as it should be."""


def say(text):
    print("@@ " + str(text), flush=True)


def run(*command, **options):
    """Run a program; what it says."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    if done.returncode:
        raise Failure("({}) {}: {}".format(done.returncode, " ".join(command), done.stdout.decode(errors="replace")))
    return done.stdout.decode(errors="replace")


def write(path, text):
    os.makedirs(os.path.dirname(SYSROOT + path), exist_ok=True)
    with open(SYSROOT + path, "w") as file:
        file.write(text)


class AddOn:
    """The add-on as the Boss sees it."""

    def __init__(self):
        with open("/tmp/bus.conf", "w") as file:
            file.write(BUS)
        self.daemon = subprocess.Popen(
            ["dbus-daemon", "--nofork", "--print-address", "--config-file=/tmp/bus.conf"], stdout=subprocess.PIPE
        )
        self.bus = AddressedMessageBus(self.daemon.stdout.readline().decode().strip())
        self.bus.proxy.StartServiceByName(NAME, 0, timeout=MILLISECONDS)
        self.proxy = self.bus.get_proxy(NAME, PATH)

    def read(self, text):
        """Hand over its section; a list of errors."""
        section = text[text.index("%addon org_ovirt_node") :]
        report = self.proxy.ReadKickstart(section[: section.index("\n%end") + len("\n%end\n")], timeout=MILLISECONDS)
        for message in get_native(report["warning-messages"]):
            print(message["message"])
        return [message["message"] for message in get_native(report["error-messages"])]

    def run(self, paths):
        """Run its tasks, as the installer's queue does."""
        for path in paths:
            task = self.bus.get_proxy(NAME, path)
            name = task.Name
            task.ProgressChanged.connect(lambda step, message: print("{}: {}".format(name, message), flush=True))
            stopped = []
            task.Stopped.connect(lambda: stopped.append(True))
            task.Start()
            while not stopped:
                GLib.MainContext.default().iteration(True)
            try:
                task.Finish()
            except DBusError as error:
                raise Failure("{}: {}".format(name, error)) from error
            say("task {}".format(name))

    def stop(self):
        self.bus.disconnect()
        self.daemon.terminate()
        self.daemon.wait()


def written():
    """What was ever written to the disk: sectors since the machine started, and a digest of its beginning."""
    with open("/sys/block/{}/stat".format(DISK)) as file:
        sectors = int(file.read().split()[6])
    with open("/dev/" + DISK, "rb") as file:
        return sectors, hashlib.sha256(file.read(1 << 20)).hexdigest()


# What the installer does before the add-on's turn comes.


def partition():
    """Make what the kickstart comes to on this machine's disk; the plan."""
    command = ["ks-lint", "plan", "--host", "--format=json", KICKSTART]
    plan = json.loads(subprocess.run(command, stdout=subprocess.PIPE).stdout)
    if plan["verdict"] != "proceeds":
        raise Failure("the plan is: " + json.dumps(plan))
    devices = plan["devices"]
    types = {"/boot/efi": "C12A7328-F81F-11D2-BA4B-00A0C93EC93B", "/boot": "0FC63DAF-8483-4772-8E79-3D69D8477DE4"}
    lvm = "E6D6D379-F507-44C2-A23C-238F2A3DF928"
    table = ["label: gpt"] + [
        "start={}, size={}, type={}".format(
            device["start"] // 512, device["size"] // 512, types.get(device.get("mountpoint"), lvm)
        )
        for device in devices
        if device["type"] == "partition"
    ]
    run("sfdisk", "-q", "/dev/" + DISK, input="\n".join(table).encode())
    for device in devices:
        make_volume(device)
    compare(devices)
    for device in devices:
        make_file_system(device, path_of(device))
    mounts = sorted((d for d in devices if d.get("mountpoint")), key=lambda d: d["mountpoint"])
    for device in mounts:
        os.makedirs(SYSROOT + device["mountpoint"], exist_ok=True)
        run(
            "mount",
            "-t",
            "vfat" if device["fstype"] == "efi" else device["fstype"],
            path_of(device),
            SYSROOT + device["mountpoint"],
        )
    for name in ("dev", "proc", "sys", "run"):
        os.makedirs(os.path.join(SYSROOT, name), exist_ok=True)
        run("mount", "--bind", "/" + name, os.path.join(SYSROOT, name))
    return devices


def path_of(device):
    if device["type"] == "partition":
        return "/dev/" + device["name"]
    group, _, volume = device["name"].partition("-")
    return "/dev/mapper/{}-{}".format(group, volume.replace("-", "--"))


def make_volume(device):
    """Make a volume group or a logical volume as the plan has it."""
    # In KiB, as libblockdev gives it to LVM, which makes whole extents of it.
    kind, size = device["type"], "{}k".format(device["size"] // 1024)
    group, _, volume = device["name"].partition("-")
    if kind == "lvmvg":
        parents = ["/dev/" + name for name in device["parents"]]
        run("pvcreate", "-qff", "-y", *parents)
        run("vgcreate", "-q", "-s", "{}b".format(device["extent_size"]), group, *parents)
    elif kind == "lvmlv":
        run("lvcreate", "-q", "-y", "-Wn", "-L", size, "-n", volume, group)
    elif kind == "lvmthinpool":
        run(
            "lvcreate",
            "-q",
            "-y",
            "-Zn",
            "--type",
            "thin-pool",
            "-L",
            size,
            "--poolmetadatasize",
            "{}b".format(device["metadata_size"]),
            "-c",
            "{}b".format(device["chunk_size"]),
            "-n",
            volume,
            group,
        )
    elif kind == "lvmthinlv":
        pool = device["parents"][0].replace("-", "/", 1)
        run("lvcreate", "-q", "-y", "-Wn", "-V", size, "--thinpool", pool, "-n", volume)


def compare(devices):
    """What LVM has made, against the plan."""
    made = {}
    for report in (["vgs", "-o", "vg_name,vg_size"], ["lvs", "-o", "lv_full_name,lv_size"]):
        for line in run(*report, "--noheadings", "--units=b", "--nosuffix").splitlines():
            name, size = line.split()
            made[name.replace("/", "-", 1)] = int(size)
    for device in devices:
        # A volume of plain LVM is whole extents; the plan has its size before that.
        if device["type"] in ("lvmvg", "lvmthinpool", "lvmthinlv") and made[device["name"]] != device["size"]:
            raise Failure("{}: {} bytes, the plan says {}".format(device["name"], made[device["name"]], device["size"]))


def make_file_system(device, path):
    if device.get("fstype") == "efi":
        run("mkfs.vfat", path)
    elif device.get("fstype") == "swap":
        run("mkswap", path)
    elif device.get("fstype") == "xfs":
        # The lab's GRUB finds /boot by its label.
        label = ["-L", "BOOT"] if device.get("mountpoint") == "/boot" else []
        run("mkfs.xfs", "-q", "-f", "-K", *label, path)
    elif device.get("fstype") not in (None, "lvmpv", "disklabel"):
        raise Failure("no file system {}".format(device["fstype"]))


def payload(image):
    """The image: its files, and its name."""
    run("tar", "xf", image, "-C", SYSROOT)
    write("/usr/share/imgbase/build/meta/nvr", os.environ["NVR"] + "\n")


def boot_loader(files, devices):
    """Kernel, boot loader and entries; fstab and the arguments of later kernels."""
    os.makedirs("/tmp/payload")
    run("tar", "xf", files, "-C", "/tmp/payload")
    shutil.copytree("/tmp/payload/boot", SYSROOT + "/boot", dirs_exist_ok=True)
    shutil.copytree("/tmp/payload/esp", SYSROOT + "/boot/efi", dirs_exist_ok=True)
    lines = ["", "#", "# /etc/fstab", "#"]
    for device in sorted(devices, key=lambda d: d.get("mountpoint", "~")):
        path, kind = path_of(device), device.get("fstype")
        if device["type"] == "partition" and device.get("mountpoint"):
            path = "UUID=" + run("blkid", "-s", "UUID", "-o", "value", path).strip()
        if kind == "swap":
            lines.append("{} none swap defaults 0 0".format(path))
        elif kind == "efi":
            lines.append("{} {} vfat umask=0077,shortname=winnt 0 2".format(path, device["mountpoint"]))
        elif device.get("mountpoint"):
            options = "defaults,discard" if device["type"] == "lvmthinlv" else "defaults"
            lines.append("{} {} {} {} 0 0".format(path, device["mountpoint"], kind, options))
    write("/etc/fstab", "\n".join(lines) + "\n")
    write("/etc/default/grub", 'GRUB_CMDLINE_LINUX="{}"\n'.format(os.environ["ARGUMENTS"]))


# And what it does after it.


def initramfs():
    """A new initial RAM disk in the place of each one, as dracut -f writes it: into the same file."""
    os.makedirs("/tmp/initramfs")
    with open("/tmp/initramfs/generation", "w") as file:
        file.write("second\n")
    more = subprocess.run(
        "echo generation | cpio -o -H newc --quiet", shell=True, cwd="/tmp/initramfs", check=True, stdout=subprocess.PIPE
    ).stdout
    images = [i for i in glob.glob(SYSROOT + "/boot/initramfs-*.img") if "rescue" not in i]
    if not images:
        raise Failure("there is no initramfs to make again")
    for image in images:
        with open(image, "rb") as file:
            content = file.read()
        # A second archive behind the first has to begin at a multiple of four.
        content += b"\0" * (-len(content) % 4) + more
        with open(image, "wb") as file:
            file.write(content)


def kickstart_copies(text, generated):
    write("/root/original-ks.cfg", text)
    write("/root/anaconda-ks.cfg", "# Generated by Anaconda\n" + generated)


def post_scripts(text):
    """The %post sections of the kickstart, in the installed system."""
    handler = makeVersion("RHEL9")
    KickstartParser(handler).readKickstartFromString(text)
    if not handler.scripts:
        raise Failure("the kickstart has no %post")
    for number, script in enumerate(handler.scripts):
        path = "/tmp/ks-script-{}".format(number)
        write(path, script.script)
        os.chmod(SYSROOT + path, 0o700)
        run("chroot", SYSROOT, "/bin/sh", path)
        os.unlink(SYSROOT + path)


def labels():
    """A label on every file, as setfiles and restorecon write them."""
    count = 0
    for directory, names, files in os.walk(SYSROOT):
        names[:] = [
            n for n in names if os.path.join(directory, n)[len(SYSROOT) :] not in ("/dev", "/proc", "/sys", "/run", "/boot/efi")
        ]
        for name in names + files:
            os.setxattr(os.path.join(directory, name), "security.selinux", b"system_u:object_r:etc_t:s0\0", follow_symlinks=False)
            count += 1
    return count


def unmount():
    with open("/proc/mounts") as file:
        mounts = [line.split()[1] for line in file]
    for path in reversed(mounts):
        if path == SYSROOT or path.startswith(SYSROOT + "/"):
            run("umount", path)


def main(image, files):
    started = time.monotonic()

    def done(step):
        say("step {:.1f} {}".format(time.monotonic() - started, step))

    with open(KICKSTART) as file:
        text = file.read()
    add_on = AddOn()
    before = written()
    wrong = text.replace("--name=root --thin --poolname=pool00", "--name=root")
    with open(KICKSTART, "w") as file:
        file.write(wrong)
    errors = add_on.read(wrong)
    say("refused " + json.dumps(errors))
    with open(KICKSTART, "w") as file:
        file.write(text)
    errors = add_on.read(text)
    if errors:
        raise Failure("the kickstart is refused: " + "\n".join(errors))
    done("read")
    add_on.run(add_on.proxy.ConfigureWithTasks())
    if written() != before or before[0]:
        raise Failure("{} sectors of the disk were written before partitioning".format(written()[0]))
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
    say("labels {}".format(labels()))
    add_on.stop()
    done("labels")
    say("verify " + run("node-layout", "verify", "--sysroot", SYSROOT).splitlines()[-1])
    unmount()
    done("unmounted")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Failure as failure:
        say("FAIL " + str(failure))
        sys.exit(1)
