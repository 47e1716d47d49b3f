#!/usr/bin/env python3
"""Tests `node-layout` with real LVM, real boots and real power cuts: in emulated machines and in user-mode Linux.

    tests/vm/run.py [--require] [--install] [NAME…]

Without names it runs every scenario except those in ON_REQUEST (README.md lists them all). The last line shows the cost. As
many machines run at once as there are processors: on two idle ones it takes less than half an hour (and the downloads, once), and
10 GiB of disk. Where QEMU or another program is missing, it prints one line and exits with status 0; with --require the status is
1. --install installs what is missing (Debian, as root). target/vm-lab keeps what scenarios share, the consoles
(consoles/NAME-N.log: seconds, seconds of processor time, line), and the disks of a scenario that failed (work/NAME). VM_VERBOSE=1
prints the consoles, VM_TIMEOUT=SECONDS changes the time limit of a machine, VM_SEED=NUMBER draws other moments for kills.
"""

import concurrent.futures
import functools
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable

import administered
import carried
import chains
import debian
import dkms
import fetched
import imagerpm
import imgbase
import installation
import interrupted
import kernelinstall
import kills
import leftovers
import originalhost
import packages
import powercut
import qemu
import refusals
import scenario
import stacks
import trees
import trials
import uml
import updatecuts
import upgrade

# Each returns a line that says what it proved. They start in this order: those with many boots in a row first, those that are
# many small jobs last, so that all processors work until the end.
SCENARIOS: dict[str, Callable[[], str]] = {
    **{name: functools.partial(upgrade.chain, name) for name in upgrade.CHAINS},
    "upgrade-debian": administered.chain,
    **{f"trial-{name}": functools.partial(trials.failing, name) for name in trials.FAULTS},
    **{name: functools.partial(chains.chain, name) for name in chains.CHAINS},
    "leftovers": leftovers.leftovers,
    "refusals": refusals.matrix,
    "no-space-on-boot": refusals.no_space_on_boot,
    "pool-full": refusals.pool_full,
    "debian": debian.chain,
    "installation": installation.chain,
    "update-formats": upgrade.formats,
    **{f"update-{stack}": functools.partial(stacks.update, stack) for stack in stacks.STACKS},
    "packages-dpkg": functools.partial(carried.carried, "dpkg"),
    "packages-rpm": functools.partial(carried.carried, "rpm"),
    "packages-dkms": dkms.built,
    "packages-network": fetched.fetched,
    "image-rpm": imagerpm.scriptlets,
    "imgbase": imgbase.reads,
    "imgbase-update": originalhost.update,
    "kernel-install": kernelinstall.kernel_install,
    "grubby": kernelinstall.grubby,
    "killed-lvm": kills.killed_lvm,
    "kills-packages": functools.partial(interrupted.killed, interrupted.SHARE),
    "kills-packages-all": functools.partial(interrupted.killed, interrupted.ALL),
    "kills": functools.partial(kills.kills, kills.SHARE),
    "kills-all": functools.partial(kills.kills, kills.ALL),
    "power-cuts-verbs": functools.partial(updatecuts.power_cuts, ["trial", "confirm", "rollback", "remove"]),
    "power-cuts-update": functools.partial(updatecuts.power_cuts, ["update"]),
    **{f"power-cuts-packages-{name}": functools.partial(interrupted.power_cuts, name) for name in interrupted.MANAGERS},
    **{name: functools.partial(powercut.power_cuts, name) for name in powercut.LAYOUTS},
}
# Enough that no processor waits for a machine, few enough that their disks take up little room.
AT_ONCE = qemu.MACHINES + 4
# What target/vm-lab takes up at most, in GiB.
ROOM = 10
# README.md says why.
ON_REQUEST = {
    *(f"update-{stack}" for stack in stacks.STACKS),
    *(f"power-cuts-packages-{name}" for name in interrupted.MANAGERS),
    "kills-packages-all",
    *("power-cuts-xfs-boot", "power-cuts-fat-boot", "power-cuts-update", "kills-all", "imgbase", "upgrade-grub-uefi"),
    *("imgbase-update", "kernel-install", "grubby"),
    *(f"trial-{name}" for name in ("missing-kernel", "no-root", "power-cut", "kernel-panic")),
    *(f"trial-{name}" for name in ("emergency-mode", "pid-1-dies", "service-never-up")),
}


def main(arguments: list[str]) -> int:
    if unknown := [a for a in arguments if a.startswith("--") and a not in ("--require", "--install")]:
        print(__doc__)
        return 0 if unknown == ["--help"] else 2
    require, install = "--require" in arguments, "--install" in arguments
    names = [a for a in arguments if not a.startswith("--")]
    if install and packages.missing():
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages.APT]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    if missing := packages.missing():
        print(
            f"VM tests {'cannot run' if require else 'skipped'}: missing {', '.join(missing)} "
            "(apt-get install them, or tests/vm/run.py --install)"
        )
        return 1 if require else 0
    for name in names:
        if name not in SCENARIOS:
            sys.exit(f"no scenario '{name}'; expected one of {', '.join(SCENARIOS)}")
    packages.LAB.mkdir(parents=True, exist_ok=True)
    for left in ("consoles", "work"):
        shutil.rmtree(packages.LAB / left, ignore_errors=True)
    if not names and (lacking := ROOM - used(packages.LAB) - shutil.disk_usage(packages.LAB).free / 2**30) > 0:
        print(f"VM tests cannot run: {packages.LAB} needs {ROOM} GiB: make room for {lacking:.1f} GiB more")
        return 1
    build = ["cargo", "build", "--quiet", "--bin", "node-layout", "--bin", "ks-lint"]
    if "NODE_LAYOUT" not in os.environ:
        subprocess.run(build, cwd=packages.ROOT, check=True)
    started, compiled = time.monotonic(), processor_seconds()
    prepare()
    failed = 0
    wanted = names or [n for n in SCENARIOS if n not in ON_REQUEST]
    # Each machine waits for a free processor (qemu.SLOTS).
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as scenarios:
        jobs = {scenarios.submit(timed, n): n for n in wanted}
        for job in concurrent.futures.as_completed(jobs):
            failed += print_outcome(jobs[job], job)
    print(f"VM tests: {len(wanted) - failed} passed, {failed} failed in {time.monotonic() - started:.0f} s; {costs(compiled)}")
    return 1 if failed else 0


def used(directory: pathlib.Path) -> float:
    """GiB that the files in a directory take up; holes count nothing."""
    return sum(path.lstat().st_blocks for path in directory.rglob("*")) * 512 / 2**30


def prepare() -> None:
    """Makes the files that all scenarios share. If the program or these tests have changed, all images are built anew."""
    stamp = packages.LAB / "program"
    built = str(os.stat(trees.node_layout()).st_mtime_ns)
    files = (p for p in pathlib.Path(__file__).parent.rglob("*") if p.is_file() and p.suffix != ".pyc")
    sources = max(p.stat().st_mtime_ns for p in files)
    state = f"{built} {sources}"
    if not stamp.exists() or stamp.read_text() != state:
        for made in packages.LAB.glob("*.complete"):
            made.unlink()
            for image in packages.LAB.glob(f"{made.stem}*.img"):
                image.unlink()
        trees.lab_initramfs()
        trees.boot_initramfs()
        trees.small_root()
        uml.make_root()
        packages.grub_image("x86_64-efi")
        packages.grub_image("i386-pc", ["biosdisk"])
        packages.systemd_boot()
        stamp.write_text(state)


def processor_seconds() -> float:
    """Seconds of processor time that this process and all processes it has waited for have used."""
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def costs(before: float) -> str:
    """What was used since `processor_seconds` was `before`, whatever else the processors did meanwhile."""
    kinds = ", ".join(f"{len(times)} {kind} {sum(times):.0f} s" for kind, times in sorted(qemu.SPENT.items()))
    return (
        f"{processor_seconds() - before:.0f} s of processor time on {qemu.MACHINES} processors, "
        f"{sum(map(len, qemu.SPENT.values()))} machines: {kinds}"
    )


def timed(name: str) -> tuple[str, float]:
    """Runs a scenario; returns its line and the seconds that it took."""
    started = time.monotonic()
    with scenario.running(name):
        proved = SCENARIOS[name]()
    return proved, time.monotonic() - started


def print_outcome(name: str, job: concurrent.futures.Future[tuple[str, float]]) -> int:
    """Prints one line for a scenario, with the reason below it if it failed. Returns the number of failures."""
    if error := job.exception():
        print(f"FAILED {name}: {error}", flush=True)
        return 1
    proved, seconds = job.result()
    print(f"ok     {name}: {proved} ({seconds:.0f} s)", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
