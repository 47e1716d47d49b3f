#!/usr/bin/env python3
"""Overhead of `init`: its wall time against the same commands and file changes (those that --dry-run prints) from a script,
in the same machine, and its memory. A benchmark and not a test: figures of a busy machine say little.

    tests/vm/benchmark.py [--emulated] [ROUNDS]

In user-mode Linux, which runs programs at the processor's speed; with --emulated in QEMU's emulated machine. Machines that
do nothing, `init` and the script take turns, each with a fresh disk. Wall time is that of the machine's clock. Beside it
stands processor time, which other work on the host hardly changes: of the whole machine, less that of one which does
nothing. It builds the release program; NODE_LAYOUT names one that is built already.
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
import uml  # noqa: E402

PLAN = """
node-layout plan --sysroot /mnt/sysroot --nvr {nvr} --format json | sed 's/^/@@ plan /'
"""
# What both use is read once before.
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
INIT = "node-layout init --sysroot /mnt/sysroot --nvr {nvr}"
# The peak of node-layout alone: that of `time` would be the largest program's that it runs, and LVM's is much larger. In a run
# of its own, because looking takes time.
MEMORY = (
    """
"""
    + INIT
    + """ > /tmp/log 2>&1 & pid=$!
peak() { largest=; while read -r word value rest; do if [ "$word" = VmHWM: ]; then largest=$value; fi; done; [ -n "$largest" ]; }
while peak 2>/dev/null < /proc/$pid/status; do say "memory $largest"; sleep 0.02; done
wait $pid || { cat /tmp/log; fail init; }
"""
)


def directory(path):
    """A command that makes the directory of this path."""
    return f"mkdir -p {quote(os.path.dirname(path))}"


def machine(emulated):
    """What runs a job in a machine with a fresh disk, and tells the result and the processor time that it took."""
    layout = images.SHARED
    start, kind = (qemu.boot, "direct") if emulated else (uml.boot, "user-mode")

    def boot(job):
        # A copy: of a large request that lies partly in an overlay, user-mode Linux reads the wrong bytes (XFS finds out).
        result = start(images.copy(images.build(layout), "benchmark"), jobs.fill(jobs.MOUNT + job, layout)).check("a measurement")
        return result, qemu.SPENT[kind][-1]

    return boot


def as_script(plan):
    """The commands and file changes of a plan, for a shell."""
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


def main(rounds, emulated):
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", packages.ROOT / "target"))
    if "NODE_LAYOUT" not in os.environ:
        subprocess.run(["cargo", "build", "--profile", "dist", "--bin", "node-layout"], cwd=packages.ROOT, check=True)
        os.environ["NODE_LAYOUT"] = str(target / "dist/node-layout")
    packages.LAB.mkdir(parents=True, exist_ok=True)
    run.prepare()
    boot = machine(emulated)
    script = as_script(json.loads(boot(PLAN)[0].value("plan")))
    timed = {"nothing": ":", "init": INIT, "script": "sh /tmp/script"}
    wall, processor = {name: [] for name in timed}, {name: [] for name in timed}
    for number in range(rounds):
        for name, command in timed.items():
            result, spent = boot(WARM + script + TIMED.replace("COMMAND", command))
            wall[name].append(float(result.value("seconds")))
            processor[name].append(spent)
        print(
            f"round {number + 1}: "
            + ", ".join(f"{name} {wall[name][-1]:.2f} s (processor {processor[name][-1]:.2f} s)" for name in timed),
            flush=True,
        )
    nothing = statistics.median(processor["nothing"])
    memory = max(map(int, boot(MEMORY)[0].values("memory")))
    for what, times, less in (("wall", wall, 0), ("processor", processor, nothing)):
        init, same = (statistics.median(times[name]) - less for name in ("init", "script"))
        print(f"{what} time, median of {rounds}: init {init:.2f} s, script {same:.2f} s, ratio {init / same:.2f}")
    print(f"peak memory of node-layout: {memory / 1024:.1f} MiB")


if __name__ == "__main__":
    numbers = [int(a) for a in sys.argv[1:] if a.isdigit()]
    main(numbers[0] if numbers else 9, "--emulated" in sys.argv)
