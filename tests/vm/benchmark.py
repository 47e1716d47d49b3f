#!/usr/bin/env python3
"""Measures the overhead of `init`: its wall time compared with a script that runs the same commands and makes the same file
changes (those that --dry-run prints) in the same machine, and its memory. Figures from a busy host are of little use.

    tests/vm/benchmark.py [--emulated] [ROUNDS]

It runs in user-mode Linux, which runs programs at the processor's speed, or with --emulated in QEMU's emulated machine. Machines
that do nothing, `init` and the script take turns, each with a fresh disk. Wall time is that of the machine's clock. Processor
time, which other work on the host hardly changes, is that of the whole machine, minus that of one that does nothing. It builds
the program as it is shipped unless NODE_LAYOUT names one.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from shlex import quote
from typing import Any, Protocol

import images
import jobs
import packages
import qemu
import run
import uml

PLAN = """
node-layout plan --sysroot /mnt/sysroot --nvr {nvr} --format json | sed 's/^/@@ plan /'
"""
# Reads once what both use.
WARM = """
cat /mnt/sysroot/boot/vmlinuz-{kernel} /mnt/sysroot/boot/initramfs-{kernel}.img > /dev/null
node-layout verify --sysroot /mnt/sysroot > /dev/null; cat /sbin/* /bin/busybox > /dev/null 2>&1; sync
now() { cut -d' ' -f1 /proc/uptime; }
"""
TIMED = """
a=$(now); COMMAND > /tmp/log 2>&1; rc=$?; b=$(now)
[ $rc = 0 ] || { cat /tmp/log; fail "the measured command"; }
say "seconds $(echo "$b $a" | awk '{print $1-$2}')"
"""
# Reports the peak memory of node-layout alone: `time` would report the largest of the programs that it runs, and LVM's is much
# larger. In a run of its own, because polling takes time.
MEMORY = (
    """
"""
    + jobs.INIT
    + """ > /tmp/log 2>&1 & pid=$!
peak() { largest=; while read -r word value rest; do if [ "$word" = VmHWM: ]; then largest=$value; fi; done; [ -n "$largest" ]; }
while peak 2>/dev/null < /proc/$pid/status; do say "memory $largest"; sleep 0.02; done
wait $pid || { cat /tmp/log; fail init; }
"""
)


class Boot(Protocol):
    """Runs a job in a new machine."""

    def __call__(self, disks: Sequence[qemu.Path | qemu.Disk], script: str, /) -> qemu.Result: ...


def directory(path: str) -> str:
    """A command that makes the directory of this path."""
    return f"mkdir -p {quote(os.path.dirname(path))}"


def machine(emulated: bool) -> Callable[[str], tuple[qemu.Result, float]]:
    """A function that runs a job in a machine with a fresh disk, and returns the result and the processor time in seconds."""
    layout = images.SHARED
    start: Boot = qemu.boot if emulated else uml.boot
    kind = "direct" if emulated else "user-mode"

    def boot(job: str) -> tuple[qemu.Result, float]:
        # A copy, not an overlay: user-mode Linux reads the wrong bytes in a large request that is partly in an overlay.
        result = start(images.fresh(layout, "benchmark"), jobs.fill(jobs.MOUNT + job, layout)).check("a measurement")
        return result, qemu.SPENT[kind][-1]

    return boot


def as_script(plan: dict[str, Any]) -> str:
    """A shell script with the commands and file changes of a plan."""
    lines = ["set -e"]
    for action in (action for step in plan["steps"] for action in step["actions"]):
        if "run" in action:
            lines.append(" ".join(map(quote, action["run"])))
        elif "copy" in action:
            lines.append(f"{directory(action['to'])}; cp {quote(action['copy'])} {quote(action['to'])}")
        elif "write" in action:
            lines.append(f"{directory(action['write'])}; printf %s {quote(action['content'])} > {quote(action['write'])}")
    lines.append("sync")
    return "cat > /tmp/script <<'END_OF_SCRIPT'\n" + "\n".join(lines) + "\nEND_OF_SCRIPT\n"


def main(rounds: int, emulated: bool) -> None:
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", packages.ROOT / "target"))
    if "NODE_LAYOUT" not in os.environ:
        subprocess.run(["cargo", "build", "--profile", "dist", "--bin", "node-layout"], cwd=packages.ROOT, check=True)
        os.environ["NODE_LAYOUT"] = str(target / "dist/node-layout")
    packages.LAB.mkdir(parents=True, exist_ok=True)
    run.prepare()
    boot = machine(emulated)
    script = as_script(json.loads(boot(PLAN)[0].value("plan")))
    timed = {"nothing": ":", "init": jobs.INIT, "script": "sh /tmp/script"}
    wall: dict[str, list[float]] = {name: [] for name in timed}
    processor: dict[str, list[float]] = {name: [] for name in timed}
    for number in range(rounds):
        for name, command in timed.items():
            result, spent = boot(WARM + script + TIMED.replace("COMMAND", command))
            wall[name].append(float(result.value("seconds")))
            processor[name].append(spent)
        seconds = (f"{name} {wall[name][-1]:.2f} s (processor {processor[name][-1]:.2f} s)" for name in timed)
        print(f"round {number + 1}: {', '.join(seconds)}", flush=True)
    nothing = statistics.median(processor["nothing"])
    memory = max(map(int, boot(MEMORY)[0].values("memory")))
    for what, times, less in (("wall", wall, 0), ("processor", processor, nothing)):
        init, same = (statistics.median(times[name]) - less for name in ("init", "script"))
        print(f"{what} time, median of {rounds}: init {init:.2f} s, script {same:.2f} s, ratio {init / same:.2f}")
    print(f"peak memory of node-layout: {memory / 1024:.1f} MiB")


if __name__ == "__main__":
    numbers = [int(a) for a in sys.argv[1:] if a.isdigit()]
    main(numbers[0] if numbers else 9, "--emulated" in sys.argv)
