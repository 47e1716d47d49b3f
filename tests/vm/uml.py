"""User-mode Linux: a kernel that is a process. It has real device mapper and real file systems, starts in a fraction of a
second, and runs programs at the processor's speed; what it has not is firmware and boot loaders (those are in qemu.py).
"""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading
import time

import packages
import qemu
import trees
from packages import LAB

# Measuring loops and drivers that no job needs; without them a start takes a fifth of the time.
LEFT_OUT = "raid6_select_algo,calibrate_xor_blocks,init_btrfs_fs,pty_init"
MEMORY = 192  # MiB


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


MODULES = ["dm_thin_pool", "dm_snapshot"]


def root():
    """The directory that is the machines' root; it is theirs to read only."""
    where = trees.tree(LAB / "uml", trees.PROGRAMS + [trees.node_layout()], "uml-init", Kernel(), MODULES)
    # What LVM does for a machine of long life only costs time here. Who needs thin_check runs it on the host.
    conf = where / "etc/lvm/lvm.conf"
    text = conf.read_text().replace('thin_check_executable="/sbin/thin_check"', 'thin_check_executable=""')
    text = text.replace("activation {", "activation { reserved_memory=0 reserved_stack=0 ")
    conf.write_text(text + "backup { backup=0 archive=0 }\n")
    return where


def memory_directory():
    """Where a machine's memory, a file, is kept: in memory if there is room for those of all machines."""
    shared = pathlib.Path("/dev/shm")
    if shared.is_dir() and shutil.disk_usage(shared).free > 2 * qemu.MACHINES * (MEMORY << 20):
        return shared
    return LAB / "work"


def boot(disk, script, shared=None, limit=None):
    """Runs a script in a machine with this disk (/dev/ubda), which stays as it is. `shared` is a directory of the host that
    the machine has as /shared."""
    with tempfile.TemporaryDirectory(prefix="uml-", dir=LAB / "work") as job:
        (pathlib.Path(job) / "run").write_text(script)
        command = [Kernel().image, f"mem={MEMORY}M", "con=null", "con0=null,fd:1", "ssl=null", f"uml_dir={job}/",
                   f"ubd0={job}/overlay,{disk}", "rootfstype=hostfs", f"rootflags={LAB}/uml", "ro", "quiet", "init=/init",
                   "panic=1", f"initcall_blacklist={LEFT_OUT}", f"job={job}"]
        if shared:
            command.append(f"shared={shared}")
        with qemu.SLOTS:
            started = time.monotonic()
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                       text=True, errors="replace", start_new_session=True,
                                       env={**os.environ, "TMPDIR": str(memory_directory())})
            ended_by_timer = threading.Event()

            def stop():
                ended_by_timer.set()
                # The programs in the machine are processes of its group.
                os.killpg(process.pid, signal.SIGKILL)

            timer = threading.Timer(limit or qemu.LIMIT, stop)
            timer.start()
            try:
                output = process.communicate()[0]
            finally:
                timer.cancel()
                if process.poll() is None:
                    stop()
            lines = output.splitlines()
            if os.environ.get("VM_VERBOSE"):
                print(output)
            return qemu.Result(lines, time.monotonic() - started, ended_by_timer.is_set())
