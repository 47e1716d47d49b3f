"""User-mode Linux: a kernel that runs as a process. It has real device mapper, RAID, LUKS and file systems, starts in a fraction
of a second, and runs programs at the processor's speed. It has no firmware and no boot loaders (qemu.py has those).

Everything that an installer does before a machine's first boot runs here: partitions, LVM, file systems, the installed files
(images.py), `node-layout init` and what is written after it (chains.py), what init refuses or undoes (refusals.py), and the
checks of a disk after a power cut (powercut.py). All boots run in qemu.py, and so do jobs that need the firmware's variables
(installation.py) or a log of the disk's writes.
"""

import functools
import os
import pathlib
import shutil
import tempfile
from collections.abc import Sequence

import packages
import qemu
import scenario
import trees
from packages import LAB

# Benchmark loops and drivers that no job needs; without them a start takes a fifth of the time.
LEFT_OUT = "raid6_select_algo,calibrate_xor_blocks,init_btrfs_fs,init_jfs_fs,init_zswap,pty_init,ssl_init"
MEMORY = 192  # MiB


@functools.cache
def kernel() -> packages.Kernel:
    """Debian's user-mode Linux."""
    where = packages.unpacked(["user-mode-linux"])
    modules = where / "usr/lib/uml/modules"
    version = os.listdir(modules)[0]
    # modprobe and depmod look for the modules here.
    link = where / "lib/modules"
    if not link.exists():
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(modules)
        packages.run("depmod", "-b", where, version)
    return packages.Kernel(where, where / "usr/bin/linux.uml", version)


MODULES = "overlay dm_thin_pool dm_snapshot vfat nls_cp437 nls_ascii nls_iso8859_1".split()
# Loading these costs half as much as a start. (cbc: dm_crypt needs encrypted keys, which need it.)
STACK_MODULES = "cbc dm_crypt raid1 xts algif_skcipher loop squashfs".split()


def make_root() -> None:
    """Makes the directory that is the machines' root; they only read it."""
    # busybox's own md5sum takes four times as long.
    programs = [*trees.all_programs(), "md5sum"]
    where = trees.root_directory(LAB / "uml", programs, "uml-init", kernel(), MODULES + STACK_MODULES)
    (where / "modules/names-short-lived").write_text(" ".join(MODULES) + "\n")
    mounts = [("sysfs", "/sys"), *(("tmpfs", f"/{d}") for d in ("run", "tmp", "mnt"))]
    (where / "etc/mounts").write_text("".join(f"{kind} {place} {kind} defaults 0 0\n" for kind, place in mounts))
    # Work of LVM that pays off in a long-lived machine only costs time in one that lives for a second.
    conf = where / "etc/lvm/lvm.conf"
    text = conf.read_text().replace('thin_check_executable="/sbin/thin_check"', 'thin_check_executable=""')
    text = text.replace("activation {", "activation { reserved_memory=0 reserved_stack=0 ")
    (where / "etc/lvm/lvm-short-lived.conf").write_text(text + "backup { backup=0 archive=0 }\n")


def memory_directory() -> pathlib.Path:
    """The directory for the files that are the machines' memory: a tmpfs if it has room for those of all machines."""
    shared = pathlib.Path("/dev/shm")
    if shared.is_dir() and shutil.disk_usage(shared).free > 2 * qemu.MACHINES * (MEMORY << 20):
        return shared
    return scenario.directory()


def boot(
    disks: Sequence[qemu.Path | qemu.Disk],
    script: str,
    files: Sequence[qemu.JobFile] = (),
    *,
    shared: pathlib.Path | None = None,
    limit: float | None = None,
    short_lived: bool = False,
    memory: int = MEMORY,
    console: bool = False,
) -> qemu.Result:
    """Runs a script in a machine with these disks: /dev/ubda and so on, which the script may call /dev/vda. The machine sees a
    disk with a serial number as a file; `disk SERIAL` prints its path.

    `shared` is a directory of the host that the machine mounts at /tmp/shared. In a `short_lived` machine LVM makes no backups
    and does not run thin_check (the host can run it instead), and there is neither LUKS nor RAID. `memory` is in MiB, `limit` in
    seconds; before its end the machine says what its programs wait for (guest/uml-init). If it says nothing, its kernel hangs:
    then the job runs once more, if no disk was changed (each is a `snapshot`).
    """
    all_disks = [d if isinstance(d, qemu.Disk) else qemu.Disk(d) for d in disks]
    with tempfile.TemporaryDirectory(prefix="uml-", dir=scenario.directory()) as directory:
        job = pathlib.Path(directory)
        (job / "run").write_text(script.replace("/dev/vd", "/dev/ubd"))
        for name, path in [*files, *((f"disk-{d.serial}", d.path) for d in all_disks if d.serial)]:
            os.link(path, job / name)
        command = [str(kernel().image), f"mem={memory}M", "con=null", "con0=null,fd:1", "ssl=null", f"uml_dir={job}/"]
        command += ["rootfstype=hostfs", f"rootflags={LAB}/uml", "ro", "quiet", "init=/init", "panic=1"]
        seconds = limit or qemu.LIMIT
        command += [f"initcall_blacklist={LEFT_OUT}", f"job={job}", f"late={seconds * 0.9:.0f}"]
        for number, disk in enumerate(d for d in all_disks if not d.serial):
            command.append(f"ubd{number}=" + (f"{job}/overlay{number}," if disk.snapshot else "") + str(disk.path))
        command += [f"shared={shared}"] if shared else []
        command += ["kind=-short-lived"] if short_lived else []

        def once() -> qemu.Result:
            with qemu.processor() as processor:
                # A machine's kernel and programs are processes that constantly wait for each other: on one processor this costs
                # half of what it does on two.
                return qemu.watch(
                    ["taskset", "--cpu-list", str(processor), *command],
                    "user-mode",
                    qemu.console_file(all_disks[0].path) if console else None,
                    seconds,
                    own_session=True,
                    env={**os.environ, "TMPDIR": str(memory_directory())},
                )

        result = once()
        if kernel_hangs(result) and all(disk.snapshot for disk in all_disks):
            print(f"a kernel of user-mode Linux hung for {seconds:.0f} s; its job runs again", flush=True)
            for overlay in job.glob("overlay*"):
                overlay.unlink()
            result = once()
        return result


def kernel_hangs(result: qemu.Result) -> bool:
    """Whether a machine that took too long ran no program at the end, not even the one that says what the others wait for."""
    return result.timed_out and not any(line.startswith("late: ") for line in result.lines)
