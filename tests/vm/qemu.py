"""One virtual machine under software emulation: started, watched, ended in any case.

It has firmware, boot loader and the kernel that is installed. It takes three to five times as long for everything as user-mode
Linux (uml.py), where all runs that needs none of these.
"""

import collections
import contextlib
import os
import queue
import re
import shutil
import signal
import subprocess
import tarfile
import tempfile
import threading
import time

from packages import LAB, OVMF, Kernel

# Generous: the figures without other load are 3 s for a direct boot and 10 s through the firmware.
LIMIT = float(os.environ.get("VM_TIMEOUT", 600))
# no_timer_check: the kernel's own test of its timer fails when the emulated machine gets too little time.
CONSOLE = "console=ttyS0 quiet panic=-1 mitigations=off no_timer_check"

# As many machines at once as there are processors, whichever scenario they are of: who starts one takes a processor's number.
PROCESSORS = sorted(os.sched_getaffinity(0))
MACHINES = len(PROCESSORS)
SLOTS = queue.LifoQueue()
for _number in PROCESSORS:
    SLOTS.put(_number)
# Seconds of processor time of every machine that has ended, by kind: "firmware", "direct", "user-mode".
SPENT = collections.defaultdict(list)


class Result:
    """What a machine said."""

    def __init__(self, lines, seconds, timed_out):
        self.lines, self.seconds, self.timed_out = lines, seconds, timed_out
        self.says = [line[3:] for line in lines if line.startswith("@@ ")]

    @property
    def ok(self):
        return "EXIT 0" in self.says

    def values(self, key):
        """What was said behind `key`."""
        return [line[len(key) + 1 :] for line in self.says if line.startswith(key + " ")]

    def value(self, key):
        return (self.values(key) or [None])[-1]

    def check(self, what):
        """Raises with the end of the console unless the job came to its end."""
        if not self.ok:
            why = "did not end in time" if self.timed_out else "failed"
            raise AssertionError(f"{what} {why} after {self.seconds:.0f} s; console:\n" + "\n".join(self.lines[-60:]))
        return self


class Disk:
    def __init__(self, path, serial=None, snapshot=False, log=None):
        self.path, self.serial, self.snapshot, self.log = path, serial, snapshot, log

    def options(self, number, bootable):
        """Of QEMU. Disks are served by a thread of their own: a BIOS, which waits for each sector in a loop, would else hold up
        the one that brings it."""
        name, serial = f"disk{number}", f",serial={self.serial}" if self.serial else ""
        boot = ",bootindex=0" if bootable else ""
        if self.log:
            # Every write and flush also goes to a log in the format of dm-log-writes.
            drive = [
                "-blockdev",
                f"driver=file,node-name=f{number},filename={self.path}",
                "-blockdev",
                f"driver=file,node-name=l{number},filename={self.log}",
                "-blockdev",
                f"driver=raw,node-name=r{number},file=f{number}",
                "-blockdev",
                f"driver=blklogwrites,node-name={name},file=r{number},log=l{number},log-super-update-interval=1",
            ]
        else:
            snapshot = ",snapshot=on" if self.snapshot else ",cache=unsafe,discard=unmap"
            drive = ["-drive", f"file={self.path},format=raw,if=none,id={name}{snapshot}"]
        return [*drive, "-device", f"virtio-blk-pci,iothread=disks,drive={name}{serial}{boot}"]


def console_file(disk):
    """Where a machine's console is kept: named after its first disk, numbered."""
    directory = LAB / "consoles"
    directory.mkdir(exist_ok=True)
    number = 1
    while True:
        try:
            return open(directory / f"{os.path.basename(disk).removesuffix('.img')}-{number}.log", "x")
        except FileExistsError:
            number += 1


@contextlib.contextmanager
def processor():
    """The number of a processor that no other machine has, waited for."""
    number = SLOTS.get()
    try:
        yield number
    finally:
        SLOTS.put(number)


def processor_time(pid):
    """Seconds of processor time that a process has had: what a machine costs, whatever else is running."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def job_disk(script, files=()):
    """A disk with the script `run` and files, as a tar."""
    handle, path = tempfile.mkstemp(prefix="job-", suffix=".tar", dir=LAB)
    os.close(handle)
    with tarfile.open(path, "w") as tar:
        with tempfile.NamedTemporaryFile("w", suffix=".sh") as run:
            run.write(script)
            run.flush()
            tar.add(run.name, "run")
        for name, source in files:
            tar.add(source, name)
    with open(path, "ab") as tar:
        tar.truncate((os.path.getsize(path) + 511) // 512 * 512)
    return path


def boot(
    disks, job="", files=(), firmware=None, variables=None, initrd=None, append="", memory=640, limit=None, machine_options=()
):
    """Boots the first disk through `firmware` ("uefi", "bios"), or the lab's kernel directly, and runs the job."""
    job_path = job_disk(job, files)
    command = [
        "qemu-system-x86_64",
        "-accel",
        "tcg,thread=multi,tb-size=512",
        "-cpu",
        "Westmere,+rdrand",
        "-smp",
        "1",
        "-m",
        str(memory),
        "-machine",
        "pc" if firmware == "bios" else "q35",
        "-nodefaults",
        "-no-user-config",
        "-display",
        "none",
        "-serial",
        "stdio",
        "-no-reboot",
        "-object",
        "iothread,id=disks",
        *machine_options,
    ]
    if firmware == "uefi":
        if not os.path.exists(variables):
            shutil.copy("/usr/share/OVMF/OVMF_VARS_4M.fd", variables)
        command += [
            "-drive",
            f"if=pflash,format=raw,unit=0,readonly=on,file={OVMF}",
            "-drive",
            f"if=pflash,format=raw,unit=1,file={variables}",
        ]
    elif not firmware:
        command += ["-kernel", str(Kernel().image), "-initrd", str(initrd or LAB / "lab.img"), "-append", f"{CONSOLE} {append}"]
    all_disks = [d if isinstance(d, Disk) else Disk(d) for d in disks] + [Disk(job_path, "job")]
    for number, disk in enumerate(all_disks):
        command += disk.options(number, bool(firmware) and number == 0)
    try:
        with processor():
            return watch(command, "firmware" if firmware else "direct", console_file(all_disks[0].path), limit or LIMIT)
    finally:
        os.unlink(job_path)


def watch(command, kind, console, limit, **options):
    """Runs a machine to its end; what it says goes to the file `console`, too, if there is one. `options` are Popen's; with
    `start_new_session` the machine's programs are processes of its group, and end with it."""
    started = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    ended_by_timer = threading.Event()

    def stop():
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL) if options.get("start_new_session") else process.kill()

    def late():
        ended_by_timer.set()
        stop()

    timer = threading.Timer(limit, late)
    timer.start()
    lines = []
    try:
        for raw in process.stdout:
            line = re.sub(r"\x1b\[[0-9;?=]*[A-Za-z]|\x1bc", "", raw.decode("utf-8", "replace")).strip("\r\n")
            lines.append(line.rpartition("\r")[2])
            told = f"{time.monotonic() - started:7.2f} {processor_time(process.pid):6.2f} {lines[-1]}"
            if console:
                print(told, file=console, flush=True)
            if os.environ.get("VM_VERBOSE"):
                print(told, flush=True)
        # With all processes that it has waited for.
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        SPENT[kind].append(usage.ru_utime + usage.ru_stime)
    finally:
        timer.cancel()
        stop()
        process.wait()
        process.stdout.close()
        if console:
            console.close()
    return Result(lines, time.monotonic() - started, ended_by_timer.is_set())
