"""User-mode Linux: a kernel that is a process. It has real device mapper, RAID, LUKS and file systems, starts in a fraction of a
second, and runs programs at the processor's speed; what it has not is firmware and boot loaders (those are in qemu.py).

What an installer does before a machine's first boot runs here: partitions, LVM, file systems, the installed files (images.py),
`node-layout init` and what is written after it (chains.py), what init refuses or takes back (refusals.py), and the looks at a
disk after a power cut (powercut.py). All that is booted runs in qemu.py, and so does what needs the firmware's variables
(installation.py) or a log of the disk's writes.
"""

import functools
import os
import pathlib
import shutil
import tempfile

import packages
import qemu
import trees
from packages import LAB

# Measuring loops and drivers that no job needs; without them a start takes a fifth of the time.
LEFT_OUT = "raid6_select_algo,calibrate_xor_blocks,init_btrfs_fs,init_jfs_fs,init_zswap,pty_init,ssl_init"
MEMORY = 192  # MiB


@functools.cache
class Kernel(packages.Modules):
    """Debian's user-mode Linux."""

    def __init__(self):
        self.root = packages.unpacked(["user-mode-linux"])
        self.image = self.root / "usr/bin/linux.uml"
        modules = self.root / "usr/lib/uml/modules"
        self.version = os.listdir(modules)[0]
        # Where modprobe and depmod look for them.
        link = self.root / "lib/modules"
        if not link.exists():
            link.parent.mkdir(exist_ok=True)
            link.symlink_to(modules)
            packages.run("depmod", "-b", self.root, self.version, env={**os.environ, "PATH": packages.PATH})


MODULES = "overlay dm_thin_pool dm_snapshot vfat nls_cp437 nls_ascii nls_iso8859_1".split()
# Loading these costs half as much as a start. (dm_crypt's own need, encrypted keys, needs cbc.)
STACK_MODULES = "cbc dm_crypt raid1 xts algif_skcipher".split()


def root():
    """The directory that is the machines' root; it is theirs to read only."""
    kernel = Kernel()
    # busybox's own md5sum takes four times as long.
    where = trees.tree(LAB / "uml", [*trees.programs(), "md5sum"], "uml-init", kernel, MODULES + STACK_MODULES)
    (where / "modules/names-short-lived").write_text(" ".join(MODULES) + "\n")
    mounts = [("sysfs", "/sys"), *(("tmpfs", f"/{d}") for d in ("run", "tmp", "mnt"))]
    (where / "etc/mounts").write_text("".join(f"{kind} {place} {kind} defaults 0 0\n" for kind, place in mounts))
    # What LVM does for a machine of long life only costs time in one that lives for a second.
    conf = where / "etc/lvm/lvm.conf"
    text = conf.read_text().replace('thin_check_executable="/sbin/thin_check"', 'thin_check_executable=""')
    text = text.replace("activation {", "activation { reserved_memory=0 reserved_stack=0 ")
    (where / "etc/lvm/lvm-short-lived.conf").write_text(text + "backup { backup=0 archive=0 }\n")
    return where


def memory_directory():
    """Where a machine's memory, a file, is kept: in memory if there is room for those of all machines."""
    shared = pathlib.Path("/dev/shm")
    if shared.is_dir() and shutil.disk_usage(shared).free > 2 * qemu.MACHINES * (MEMORY << 20):
        return shared
    return LAB / "work"


def boot(disks, script, files=(), shared=None, limit=None, short_lived=False, console=False):
    """Runs a script in a machine with these disks: /dev/ubda and so on, which the script may call /dev/vda. Disks with a
    serial number are files to the machine; `disk SERIAL` says where.

    `shared` is a directory of the host that the machine has as /tmp/shared. In `short_lived` machines LVM makes no backups and
    does not run thin_check (who needs it runs it on the host), and there is neither LUKS nor RAID.
    """
    (LAB / "work").mkdir(exist_ok=True)
    disks = [d if isinstance(d, qemu.Disk) else qemu.Disk(d) for d in disks]
    with tempfile.TemporaryDirectory(prefix="uml-", dir=LAB / "work") as job:
        job = pathlib.Path(job)
        (job / "run").write_text(script.replace("/dev/vd", "/dev/ubd"))
        for name, path in [*files, *((f"disk-{d.serial}", d.path) for d in disks if d.serial)]:
            os.link(path, job / name)
        command = [
            Kernel().image,
            f"mem={MEMORY}M",
            "con=null",
            "con0=null,fd:1",
            "ssl=null",
            f"uml_dir={job}/",
            "rootfstype=hostfs",
            f"rootflags={LAB}/uml",
            "ro",
            "quiet",
            "init=/init",
            "panic=1",
            f"initcall_blacklist={LEFT_OUT}",
            f"job={job}",
        ]
        for number, disk in enumerate(d for d in disks if not d.serial):
            command.append(f"ubd{number}=" + (f"{job}/overlay{number}," if disk.snapshot else "") + str(disk.path))
        command += [f"shared={shared}"] if shared else []
        command += ["kind=-short-lived"] if short_lived else []
        with qemu.processor() as number:
            # A machine's programs and its kernel are processes that wait for each other at every turn: on one processor this
            # costs half of what it does on two.
            command = ["taskset", "--cpu-list", str(number), *command]
            return qemu.watch(
                command,
                "user-mode",
                qemu.console_file(disks[0].path) if console else None,
                limit or qemu.LIMIT,
                start_new_session=True,
                env={**os.environ, "TMPDIR": str(memory_directory())},
            )
