#!/usr/bin/env python3
"""Overhead of `init`: its wall time against the same commands and file changes (those that --dry-run prints) from a script,
in the same machine, and its memory. A benchmark and not a test: figures of a busy machine say little.

    tests/vm/benchmark.py [ROUNDS]

It builds the release program; NODE_LAYOUT names one that is built already.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
from shlex import quote

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import images  # noqa: E402
import jobs  # noqa: E402
import packages  # noqa: E402
import qemu  # noqa: E402
import run  # noqa: E402

PLAN = """
node-layout plan --sysroot /mnt/sysroot --nvr {nvr} --format json | sed 's/^/@@ plan /'
"""
MEASURE = """
rm -f /mnt/sysroot/boot/none; cat /mnt/sysroot/boot/vmlinuz-{kernel} /mnt/sysroot/boot/initramfs-{kernel}.img > /dev/null
node-layout verify --sysroot /mnt/sysroot > /dev/null; ls -lR /sbin /usr > /dev/null; cat /sbin/* > /dev/null 2>&1; sync
now() { cut -d' ' -f1 /proc/uptime; }
"""
# The peak of node-layout alone: `time` would give that of the largest program it runs, and LVM locks much more.
INIT = """
a=$(now); node-layout init --sysroot /mnt/sysroot --nvr {nvr} > /tmp/init 2>&1 & pid=$!
while peak=$(sed -n 's/^VmHWM:[[:space:]]*\\([0-9]*\\) kB/\\1/p' /proc/$pid/status 2>/dev/null); [ -n "$peak" ]; do largest=$peak; sleep 0.3; done
wait $pid; rc=$?; b=$(now)
[ $rc = 0 ] || { cat /tmp/init; fail init; }
say "seconds $(echo "$b $a" | awk '{print $1-$2}')"
say "memory $largest"
"""
SCRIPT = """
a=$(now); sh -e /job/script > /tmp/script.log 2>&1; rc=$?; b=$(now)
[ $rc = 0 ] || { cat /tmp/script.log; fail script; }
say "seconds $(echo "$b $a" | awk '{print $1-$2}')"
"""


def directory(path):
    """A command that makes the directory of this path."""
    return f"mkdir -p {quote(os.path.dirname(path))}"


def main(rounds):
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", packages.ROOT / "target"))
    if "NODE_LAYOUT" not in os.environ:
        subprocess.run(["cargo", "build", "--release", "--bin", "node-layout"], cwd=packages.ROOT, check=True)
        os.environ["NODE_LAYOUT"] = str(target / "release/node-layout")
    packages.LAB.mkdir(parents=True, exist_ok=True)
    run.prepare()
    layout = images.SHARED
    disk = qemu.Disk(images.build(layout)[0], snapshot=True)

    def measure(job, files=()):
        script = jobs.fill(jobs.MOUNT + job, layout)
        return qemu.boot([disk], script, files).check("a measurement")

    plan = json.loads(measure(PLAN).value("plan"))
    lines = []
    for action in (action for step in plan["steps"] for action in step["actions"]):
        if "run" in action:
            lines.append(" ".join(map(quote, action["run"])))
        elif "copy" in action:
            lines.append(f"{directory(action['to'])}; cp {quote(action['copy'])} {quote(action['to'])}")
        elif "write" in action:
            lines.append(f"{directory(action['write'])}; printf %s {quote(action['content'])} > {quote(action['write'])}")
    lines.append("sync")
    script = packages.LAB / "benchmark.sh"
    script.write_text("\n".join(lines) + "\n")
    times, memory = {"init": [], "script": []}, []
    for number in range(rounds):
        result = measure(MEASURE + INIT)
        times["init"].append(float(result.value("seconds")))
        memory.append(int(result.value("memory")))
        times["script"].append(float(measure(MEASURE + SCRIPT, [("script", script)]).value("seconds")))
        print(f"round {number + 1}: init {times['init'][-1]:.2f} s, script {times['script'][-1]:.2f} s, "
              f"memory {memory[-1]} KiB", flush=True)
    init, same = statistics.median(times["init"]), statistics.median(times["script"])
    print(f"median: init {init:.2f} s, script {same:.2f} s, ratio {init / same:.2f}; largest memory {max(memory)} KiB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
