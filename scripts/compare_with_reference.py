"""Times ks-lint and the reference parser on the same kickstarts, in one run. See scripts/compare-with-reference.

It measures
- a process: the median time of the reference's command-line validator and of `ks-lint` on kickstart-examples/node.ks, with
  warm caches;
- a document in one process: the reference makes a handler and parses; one `ks-lint` process (one thread) starts, reads, checks
  and reports the same documents;
- growth: the time and peak memory of one `ks-lint` process on 10^2 to 10^6 lines.

All times are CPU time (user and system), on which other work of the machine has the least effect.
"""

import argparse
import contextlib
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pykickstart.parser import KickstartParser
from pykickstart.version import makeVersion

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
KS_LINT = os.path.join(os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target")), "dist", "ks-lint")
KSVALIDATOR = os.path.join(os.path.dirname(sys.executable), "ksvalidator")
NODE = os.path.join(ROOT, "kickstart-examples", "node.ks")
VERSION = "RHEL9"


class Row(NamedTuple):
    """A row of the comparison: seconds of both, and their peak memory in MiB (None: not measured)."""

    name: str
    theirs: float
    ours: float
    their_memory: float | None
    our_memory: float


def seconds_of(command: Sequence[str], threads: int | None = None) -> float:
    """CPU seconds of one process from its start. Its output and its exit status are ignored."""
    environment = dict(os.environ)
    if threads:
        environment["RAYON_NUM_THREADS"] = str(threads)
    quiet = [(os.POSIX_SPAWN_OPEN, stream, "/dev/null", os.O_WRONLY, 0) for stream in (1, 2)]
    process = os.posix_spawn(command[0], list(command), environment, file_actions=quiet)
    usage = os.wait4(process, 0)[2]
    return usage.ru_utime + usage.ru_stime


def median_seconds(command: Sequence[str], times: int, threads: int | None = None) -> float:
    """Median CPU seconds of this many runs, after two that warm the caches."""
    for _ in range(2):
        seconds_of(command, threads)
    return statistics.median(seconds_of(command, threads) for _ in range(times))


def peak_mib(command: Sequence[str]) -> float:
    """Peak memory of one process in MiB.

    GNU time starts it: for a child of this interpreter the kernel would also count the interpreter's own memory, until the new
    program is loaded.
    """
    with tempfile.NamedTemporaryFile("r") as report:
        subprocess.run(
            ["/usr/bin/time", "-q", "-f", "%M", "-o", report.name, *command],
            check=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return int(report.read()) / 1024


def documents(count: int, seed: int) -> Iterator[str]:
    """Realistic kickstarts of 60 to 140 lines, all different."""
    rng = random.Random(seed)
    for number in range(count):
        lines = [
            f"#version={VERSION}",
            f"# host {number}",
            "lang en_US.UTF-8",
            "keyboard --xlayouts=us",
            f"timezone {rng.choice(['UTC', 'Europe/Prague', 'Asia/Tokyo'])} --utc",
            "text",
            "zerombr",
            f"network --device=eno{rng.randint(1, 4)} --bootproto=static --ip=192.0.2.{rng.randint(2, 254)}"
            f" --netmask=255.255.255.0 --gateway=192.0.2.1 --hostname=node{number}.example.com --activate",
            f"rootpw --iscrypted $6$salt{number}$hash",
            "selinux --enforcing",
            "firewall --enabled --ssh",
            f"clearpart --all --initlabel --drives=sda --disklabel={rng.choice(['gpt', 'msdos'])}",
            f'bootloader --timeout={rng.randint(0, 9)} --append="console=ttyS{rng.randint(0, 2)}"',
            f"part /boot --fstype=xfs --size={rng.randint(1024, 4096)}",
            "reqpart",
            f"part pv.01 --size={rng.randint(50000, 90000)} --grow",
            "volgroup host pv.01 --reserved-percent=20",
            "logvol none --vgname=host --name=pool --thinpool --size=60000 --grow",
        ]
        for name in ("root", "var", "var_log", "var_tmp", "home", "tmp"):
            mount = "/" if name == "root" else "/" + name.replace("_", "/")
            lines.append(
                f"logvol {mount} --vgname=host --name={name} --thin --poolname=pool --fstype=xfs"
                f" --size={rng.randint(1024, 12000)} --fsoptions=discard"
            )
        for extra in range(rng.randint(5, 25)):
            lines.append(f"repo --name=r{extra} --baseurl=https://mirror.example/{rng.randint(1, 999)}/")
            lines.append(f"user --name=u{extra} --groups=wheel,g{rng.randint(1, 9)} --lock")
        lines += ["reboot", "%packages", "@core"] + [f"package-{rng.randint(1, 9999)}" for _ in range(20)] + ["%end"]
        lines += ["%post --erroronfail"] + [f"echo {rng.random()} >>/root/log" for _ in range(15)] + ["%end"]
        yield "\n".join(lines) + "\n"


def many_lines(count: int) -> str:
    """A kickstart with this many lines."""
    lines = [f"#version={VERSION}", "lang en_US.UTF-8"]
    for number in range(count - 2):
        kinds = (
            f"repo --name=r{number} --baseurl=https://mirror.example/{number}/",
            f'user --name=u{number} --groups=wheel --gecos="User {number}"',
            f"# line {number}",
        )
        lines.append(kinds[number % 3])
    return "\n".join(lines) + "\n"


def reference_seconds(texts: Sequence[str]) -> float:
    """Mean CPU seconds of the reference for making a handler and parsing one document, after a warm-up."""

    def one(text: str) -> float:
        started = time.process_time()
        parser = KickstartParser(makeVersion(VERSION))
        # A document that it rejects counts, too.
        with contextlib.suppress(Exception):
            parser.readKickstartFromString(text)
        return time.process_time() - started

    warnings.simplefilter("ignore")
    one(texts[0])
    return statistics.fmean(one(text) for text in texts)


def main() -> None:
    parser = argparse.ArgumentParser(description="Times ks-lint against the reference parser.")
    parser.add_argument("--documents", type=int, default=1000, help="documents for the in-process comparison")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    us, them = [KS_LINT, "--syntax", VERSION, NODE], [KSVALIDATOR, "-v", VERSION, NODE]
    rows = [Row("one process on node.ks", median_seconds(them, 20), median_seconds(us, 200), peak_mib(them), peak_mib(us))]
    with tempfile.TemporaryDirectory() as directory:
        texts = list(documents(arguments.documents, arguments.seed))
        for number, text in enumerate(texts):
            with open(os.path.join(directory, f"{number}.ks"), "w", encoding="utf-8") as file:
                file.write(text)
        command = [KS_LINT, "--syntax", VERSION, "--policy", "none", directory]
        ours = median_seconds(command, 10, threads=1) / len(texts)
        theirs = reference_seconds(texts[:200])
        rows.append(Row(f"a document, {len(texts)} in one process", theirs, ours, None, peak_mib(command)))

        print(f"{'':34} {'reference':>12} {'ks-lint':>12} {'ratio':>7}   {'peak memory':>24}")
        for row in rows:
            memory = f"{row.our_memory:.1f} MiB"
            if row.their_memory:
                memory = f"{row.their_memory:.1f} MiB / {memory}"
            times = f"{row.theirs * 1e3:9.3f} ms {row.ours * 1e3:9.3f} ms {row.theirs / row.ours:6.0f}x"
            print(f"{row.name:34} {times}   {memory:>24}")

        print(f"\n{'lines':>10} {'ks-lint':>12} {'per line':>12}   {'peak memory':>12}")
        for power in range(2, 7):
            path = os.path.join(directory, "lines.ks")
            with open(path, "w", encoding="utf-8") as file:
                file.write(many_lines(10**power))
            seconds, peak = median_seconds([KS_LINT, path], 5 if power < 6 else 3), peak_mib([KS_LINT, path])
            per_line = seconds / 10**power * 1e6
            print(f"{10**power:>10} {seconds * 1e3:9.2f} ms {per_line:9.3f} us   {peak:8.1f} MiB")


if __name__ == "__main__":
    main()
