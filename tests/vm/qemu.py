"""Runs one virtual machine under software emulation, watches its console, and ends it in any case.

The machine has firmware, a boot loader and the installed kernel. Everything takes three to five times as long as in user-mode
Linux (uml.py), where all jobs run that need none of these.
"""

import collections
import contextlib
import dataclasses
import os
import pathlib
import queue
import re
import shutil
import signal
import subprocess
import tarfile
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, Self, TextIO

import packages
import scenario
from packages import LAB, OVMF, OVMF_VARIABLES

# Seconds. Generous: on an idle host a direct boot takes 3 s, one through the firmware 10 s.
LIMIT = float(os.environ.get("VM_TIMEOUT", "600"))
# no_timer_check: the kernel's test of its timer fails when the emulated machine gets too little processor time.
CONSOLE = "console=ttyS0 quiet panic=-1 mitigations=off no_timer_check"

# As many machines run at once as there are processors, whichever scenarios they belong to: each takes a processor's number.
PROCESSORS = sorted(os.sched_getaffinity(0))
MACHINES = len(PROCESSORS)
SLOTS: queue.LifoQueue[int] = queue.LifoQueue()
for _number in PROCESSORS:
    SLOTS.put(_number)
# Seconds of processor time of every machine that has ended, by kind: "firmware", "direct", "user-mode".
SPENT: dict[str, list[float]] = collections.defaultdict(list)

Path = str | pathlib.Path
# A file of the host, and its name in the machine's /job.
JobFile = tuple[str, Path]


@dataclasses.dataclass
class Result:
    """What a machine wrote to its console."""

    lines: list[str]
    seconds: float
    timed_out: bool

    @property
    def reports(self) -> list[str]:
        """The lines meant for the host, without their mark."""
        return [line[3:] for line in self.lines if line.startswith("@@ ")]

    @property
    def ok(self) -> bool:
        """Whether the job ran to its end."""
        return "EXIT 0" in self.reports

    def values(self, key: str) -> list[str]:
        """The texts that were reported for `key`."""
        return [line[len(key) + 1 :] for line in self.reports if line.startswith(key + " ")]

    def get(self, key: str) -> str | None:
        """The last text that was reported for `key`, if there is one."""
        values = self.values(key)
        return values[-1] if values else None

    def value(self, key: str) -> str:
        """The last text that was reported for `key`."""
        text = self.get(key)
        assert text is not None, f"the machine reported no '{key}'; console:\n" + "\n".join(self.lines[-60:])
        return text

    def check(self, what: str) -> Self:
        """Raises an error that contains the end of the console unless the job ran to its end."""
        if not self.ok:
            why = "timed out" if self.timed_out else "failed"
            raise AssertionError(f"{what} {why} after {self.seconds:.0f} s; console:\n" + "\n".join(self.lines[-60:]))
        return self


@dataclasses.dataclass
class Disk:
    """A disk of a machine. Writes to a `snapshot` are discarded; writes to a disk with a `log` are recorded there."""

    path: Path
    serial: str | None = None
    snapshot: bool = False
    log: Path | None = None

    def options(self, number: int, bootable: bool) -> list[str]:
        """QEMU's options for this disk.

        A thread of its own serves the disks: a BIOS, which polls for each sector, would otherwise hold up the thread that
        fetches it.
        """
        name, serial = f"disk{number}", f",serial={self.serial}" if self.serial else ""
        boot = ",bootindex=0" if bootable else ""
        if self.log:
            # Every write and flush is also recorded in the format of dm-log-writes.
            nodes = [
                f"driver=file,node-name=f{number},filename={self.path}",
                f"driver=file,node-name=l{number},filename={self.log}",
                f"driver=raw,node-name=r{number},file=f{number}",
                f"driver=blklogwrites,node-name={name},file=r{number},log=l{number},log-super-update-interval=1",
            ]
            drive = [word for node in nodes for word in ("-blockdev", node)]
        else:
            snapshot = ",snapshot=on" if self.snapshot else ",cache=unsafe,discard=unmap"
            drive = ["-drive", f"file={self.path},format=raw,if=none,id={name}{snapshot}"]
        return [*drive, "-device", f"virtio-blk-pci,iothread=disks,drive={name}{serial}{boot}"]


def console_file(disk: Path) -> TextIO:
    """A new file for a machine's console, named after the machine's first disk and numbered."""
    directory = LAB / "consoles"
    directory.mkdir(exist_ok=True)
    number = 1
    while True:
        try:
            return open(directory / f"{os.path.basename(disk).removesuffix('.img')}-{number}.log", "x")
        except FileExistsError:
            number += 1


@contextlib.contextmanager
def processor() -> Iterator[int]:
    """The number of a processor on which no other machine runs; waits for one."""
    number = SLOTS.get()
    try:
        yield number
    finally:
        SLOTS.put(number)


def processor_time(pid: int) -> float:
    """Seconds of processor time that a process has used: what a machine costs, whatever else is running."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def job_disk(script: str, files: Sequence[JobFile] = ()) -> str:
    """A disk image that is a tar with the script, as `run`, and files."""
    handle, path = tempfile.mkstemp(prefix="job-", suffix=".tar", dir=scenario.directory())
    os.close(handle)
    with tarfile.open(path, "w") as tar:
        with tempfile.NamedTemporaryFile("w", suffix=".sh") as run:
            run.write(script)
            run.flush()
            tar.add(run.name, "run")
        for name, source in files:
            tar.add(source, name)
    with open(path, "ab") as image:
        image.truncate((os.path.getsize(path) + 511) // 512 * 512)
    return path


def flash(variables: Path) -> list[str]:
    """QEMU's options for UEFI firmware that keeps its variables in this file."""
    return [
        *("-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={OVMF}"),
        *("-drive", f"if=pflash,format=raw,unit=1,file={variables}"),
    ]


def boot(
    disks: Sequence[Path | Disk],
    job: str = "",
    files: Sequence[JobFile] = (),
    *,
    firmware: Literal["uefi", "bios"] | None = None,
    variables: Path | None = None,
    memory: int = 640,
    limit: float | None = None,
    reboots: bool = False,
    machine_options: Sequence[str] = (),
) -> Result:
    """Boots the first disk through `firmware`, or the lab's own kernel without one, and runs the job.

    A reboot ends the machine, unless it `reboots`: then every boot runs the job, until one switches the machine off.
    `variables` is the file of a UEFI firmware's variables, made if it does not exist. `memory` is in MiB, `limit` in seconds.
    """
    job_path = job_disk(job, files)
    command = [
        *"qemu-system-x86_64 -accel tcg,thread=multi,tb-size=512 -cpu Westmere,+rdrand -smp 1".split(),
        *("-m", str(memory), "-machine", "pc" if firmware == "bios" else "q35"),
        *"-nodefaults -no-user-config -display none -serial stdio -object iothread,id=disks".split(),
        *([] if reboots else ["-no-reboot"]),
        *machine_options,
    ]
    if firmware == "uefi":
        assert variables, "a machine with UEFI firmware needs a file for its variables"
        if not os.path.exists(variables):
            shutil.copy(OVMF_VARIABLES, variables)
        command += flash(variables)
    elif not firmware:
        command += ["-kernel", str(packages.cloud_kernel().image), "-initrd", str(LAB / "lab.img"), "-append", CONSOLE]
    all_disks = [d if isinstance(d, Disk) else Disk(d) for d in disks] + [Disk(job_path, "job")]
    for number, disk in enumerate(all_disks):
        command += disk.options(number, bool(firmware) and number == 0)
    try:
        with processor():
            return watch(command, "firmware" if firmware else "direct", console_file(all_disks[0].path), limit or LIMIT)
    finally:
        os.unlink(job_path)


def watch(
    command: Sequence[str],
    kind: str,
    console: TextIO | None,
    limit: float,
    *,
    own_session: bool = False,
    env: Mapping[str, str] | None = None,
) -> Result:
    """Runs a machine to its end, for at most `limit` seconds; copies its output to the file `console` if there is one.

    With `own_session` the machine's programs are processes of a group of their own, and all of them end with the machine.
    """
    started = time.monotonic()
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=own_session,
        env=env,
    )
    assert process.stdout
    timed_out = threading.Event()

    def stop() -> None:
        if process.returncode is not None:
            return
        if own_session:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()

    def end_late_machine() -> None:
        timed_out.set()
        stop()

    timer = threading.Timer(limit, end_late_machine)
    timer.start()
    lines: list[str] = []
    try:
        for raw in process.stdout:
            line = re.sub(r"\x1b\[[0-9;?=]*[A-Za-z]|\x1bc", "", raw.decode("utf-8", "replace")).strip("\r\n")
            lines.append(line.rpartition("\r")[2])
            stamped = f"{time.monotonic() - started:7.2f} {processor_time(process.pid):6.2f} {lines[-1]}"
            if console:
                print(stamped, file=console, flush=True)
            if os.environ.get("VM_VERBOSE"):
                print(stamped, flush=True)
        # The usage includes all processes that the machine has waited for.
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
    return Result(lines, time.monotonic() - started, timed_out.is_set())
