#!/usr/bin/env python3
"""Real LVM, real boots, real power cuts: `node-layout` in virtual machines under software emulation, and in user-mode Linux.

    tests/vm/run.py [--require] [--install] [NAME…]

Without names everything is run but what ON_REQUEST names; the last line says what it has cost. As many machines run at once as
there are processors: on two idle ones it takes less than a quarter of an hour (and the downloads, once). Where QEMU or another
program is missing, one line says so and the exit status is 0; with --require it is 1. --install installs what is missing
(Debian, as root). Images and consoles are kept in target/vm-lab (consoles/NAME-N.log: seconds, seconds of processor time,
line); VM_VERBOSE=1 shows the consoles, VM_TIMEOUT=SECONDS lengthens what a machine may take.
"""

import concurrent.futures
import os
import resource
import shutil
import subprocess
import sys
import time

import packages

SCENARIOS = {}
# Run only when they are named: they say nothing that the others do not for most changes, and take as long as half of them.
ON_REQUEST = {"power-cuts-xfs-boot", "power-cuts-fat-boot"}


def declare():
    """What there is to run; the modules need nothing but Python until they are called."""
    import chains
    import debian
    import installation
    import leftovers
    import powercut
    import refusals

    # Begun first: what it does after its recording is many small pieces, which fill up what the others leave free.
    for name in powercut.LAYOUTS:
        SCENARIOS[name] = lambda name=name: powercut.power_cuts(name)
    for name in chains.CHAINS:
        SCENARIOS[name] = lambda name=name: chains.chain(name)
    SCENARIOS["leftovers"] = leftovers.leftovers
    SCENARIOS["refusals"] = refusals.matrix
    SCENARIOS["no-space-on-boot"] = refusals.no_space_on_boot
    SCENARIOS["pool-full"] = refusals.pool_full
    SCENARIOS["debian"] = debian.chain
    SCENARIOS["installation"] = installation.chain


def main(arguments):
    if unknown := [a for a in arguments if a.startswith("--") and a not in ("--require", "--install")]:
        print(__doc__)
        return 0 if unknown == ["--help"] else 2
    require, install = "--require" in arguments, "--install" in arguments
    names = [a for a in arguments if not a.startswith("--")]
    if install and packages.missing():
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages.APT], check=True, stdout=subprocess.DEVNULL
        )
    if missing := packages.missing():
        print(
            f"VM tests {'cannot run' if require else 'skipped'}: missing {', '.join(missing)} "
            "(apt-get install them, or tests/vm/run.py --install)"
        )
        return 1 if require else 0
    declare()
    for name in names:
        if name not in SCENARIOS:
            sys.exit(f"no scenario '{name}'; there are: {', '.join(SCENARIOS)}")
    packages.LAB.mkdir(parents=True, exist_ok=True)
    build = ["cargo", "build", "--quiet", "--bin", "node-layout", "--bin", "ks-lint"]
    if "NODE_LAYOUT" not in os.environ:
        subprocess.run(build, cwd=packages.ROOT, check=True)
    shutil.rmtree(packages.LAB / "consoles", ignore_errors=True)
    started, compiled = time.monotonic(), spent()
    prepare()
    failed = 0
    wanted = names or [n for n in SCENARIOS if n not in ON_REQUEST]
    # All scenarios at once: it is the machines that wait for a free processor (qemu.SLOTS).
    with concurrent.futures.ThreadPoolExecutor(len(wanted)) as scenarios:
        jobs = {scenarios.submit(timed, n): n for n in wanted}
        for job in concurrent.futures.as_completed(jobs):
            failed += tell(jobs[job], job)
    print(f"VM tests: {len(wanted) - failed} passed, {failed} failed in {time.monotonic() - started:.0f} s; {costs(compiled)}")
    shutil.rmtree(packages.LAB / "work", ignore_errors=True)
    return 1 if failed else 0


def prepare():
    """What all scenarios share. Images of another build of the program are thrown away."""
    import trees
    import uml

    stamp = packages.LAB / "program"
    built = str(os.stat(trees.node_layout()).st_mtime_ns)
    sources = max(
        p.stat().st_mtime_ns for p in packages.pathlib.Path(__file__).parent.rglob("*") if p.is_file() and p.suffix != ".pyc"
    )
    state = f"{built} {sources}"
    if not stamp.exists() or stamp.read_text() != state:
        for image in packages.LAB.glob("*.complete"):
            image.unlink()
        trees.lab_initramfs()
        trees.boot_initramfs()
        trees.small_root()
        uml.root()
        for platform, modules in (("x86_64-efi", []), ("i386-pc", ["biosdisk"])):
            packages.Grub().image(platform, modules)
        packages.systemd_boot()
        stamp.write_text(state)


def spent():
    """Seconds of processor time of this process and of all that it has waited for."""
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def costs(before):
    """What was spent since `before`, whatever else the processors did meanwhile."""
    import qemu

    kinds = ", ".join(f"{len(times)} {kind} {sum(times):.0f} s" for kind, times in sorted(qemu.SPENT.items()))
    return (
        f"{spent() - before:.0f} s of processor time on {qemu.MACHINES} processors, "
        f"{sum(map(len, qemu.SPENT.values()))} machines: {kinds}"
    )


def timed(name):
    started = time.monotonic()
    told = SCENARIOS[name]()
    return told, time.monotonic() - started


def tell(name, job):
    """One line a scenario; the reason of a failure below it."""
    if error := job.exception():
        print(f"FAILED {name}: {error}", flush=True)
        return 1
    told, seconds = job.result()
    print(f"ok     {name}: {told} ({seconds:.0f} s)", flush=True)
    return 0


if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    sys.exit(main(sys.argv[1:]))
