#!/usr/bin/env python3
"""How the processor time of ks-lint grows with its input: one row a shape of input, n lines of it.

    scripts/measure_costs.py [--program PATH] [--sizes N,N,N] [--limit SECONDS] [SHAPE ...]

Prints a table of seconds (user and system) for docs/performance.md. A run that exceeds the limit ends there.
"""

import argparse
import os
import pathlib
import resource
import subprocess
import tempfile
from collections.abc import Callable

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))


def lines(form: str) -> Callable[[int], str]:
    """`form` n times, `{i}` numbered from 0, `{n}` the count."""
    return lambda n: "".join(form.format(i=i, n=n) + "\n" for i in range(n))


def after(head: str, form: str) -> Callable[[int], str]:
    """The same behind some first lines."""
    return lambda n: head + lines(form)(n)


def one_line(start: str, form: str, between: str = " ") -> Callable[[int], str]:
    """One line that repeats a word n times."""
    return lambda n: start + between.join(form.format(i=i) for i in range(n)) + "\n"


def raid(n: int) -> str:
    """One array with n members, each declared."""
    members = " ".join(f"raid.{i}" for i in range(n))
    return lines("part raid.{i} --size=100")(n) + f"raid /data --level=0 --device=0 {members}\n"


def arrays(n: int) -> str:
    """n arrays of two members."""
    return "".join(
        f"part raid.{2 * i} --size=100\npart raid.{2 * i + 1} --size=100\n"
        f"raid /m{i} --level=1 --device={i} raid.{2 * i} raid.{2 * i + 1}\n"
        for i in range(n)
    )


def groups(n: int) -> str:
    """n physical volumes, each with a group."""
    return "".join(f"part pv.{i} --size=100\nvolgroup vg{i} pv.{i}\n" for i in range(n))


def volumes_of_groups(n: int) -> str:
    """n groups with a volume each."""
    return "".join(
        f"part pv.{i} --size=100\nvolgroup vg{i} pv.{i}\nlogvol /m{i} --vgname=vg{i} --name=v{i} --size=50\n" for i in range(n)
    )


GROUP = "part pv.0 --size=1 --grow\nvolgroup vg pv.0\n"
POOL = GROUP + "logvol none --vgname=vg --name=pool --thinpool --size=1000\n"

CHECK: dict[str, Callable[[int], str]] = {
    "part": lines("part /m{i} --size=100"),
    "part --grow --maxsize": lines("part /m{i} --size=100 --grow --maxsize=200"),
    "part pv": lines("part pv.{i} --size=100"),
    "pv + volgroup": groups,
    "pv + volgroup + logvol": volumes_of_groups,
    "raid, many arrays": arrays,
    "raid, one array": raid,
    "logvol": after(GROUP, "logvol /m{i} --vgname=vg --name=v{i} --size=50"),
    "logvol --percent": after(GROUP, "logvol /m{i} --vgname=vg --name=v{i} --percent=1"),
    "logvol --thin": after(POOL, "logvol /m{i} --vgname=vg --name=v{i} --thin --poolname=pool --size=50"),
    "logvol --thinpool": after(GROUP, "logvol none --vgname=vg --name=p{i} --thinpool --size=50"),
    "part --ondisk": lines("part /m{i} --size=100 --ondisk=sd{i}"),
    "part, one mount point": lines("part /m --size=100"),
    "raid, members not declared": one_line("raid /m --level=0 --device=0 ", "raid.{i}"),
    "logvol, pool missing": after(
        "part pv.1 --size=100000\nvolgroup g pv.1\n", "logvol /m{i} --vgname=g --name=v{i} --thin --poolname=none --size=50"
    ),
    "raid, one member each": lines("raid /m{i} --level=0 --device={i} raid.x{i} raid.y{i}"),
    "clearpart --drives": lambda n: one_line("clearpart --all --drives=", "sd{i}", ",")(n) + "part / --size=100\n",
    "clearpart --drives=PATTERN": lambda n: one_line("clearpart --all --drives=", "sd{i}*", ",")(n) + "part / --size=100\n",
    "ignoredisk --only-use": lambda n: one_line("ignoredisk --only-use=", "sd{i}", ",")(n) + "part / --size=100\n",
    "ignoredisk --drives": lambda n: one_line("ignoredisk --drives=", "sd{i}", ",")(n) + "part / --size=100\n",
    "bootloader --driveorder": lambda n: one_line("bootloader --driveorder=", "sd{i}", ",")(n) + "part / --size=100\n",
    "clearpart --list": lambda n: one_line("clearpart --list=", "sd{i}1", ",")(n) + "part / --size=100\n",
    "part --onpart": lines("part /m{i} --onpart=sd{i}1"),
    "btrfs": one_line("btrfs none --label=x ", "btrfs.{i}"),
    "mount": lines("mount /dev/sd{i} /m{i}"),
    "volgroup, one group": one_line("volgroup vg ", "pv.{i}"),
    "sshkey": lines("sshkey --username=u{i} key{i}"),
    "snapshot": lines("snapshot vg/v{i} --name=s{i} --when=post-install"),
    "user": lines("user --name=u{i}"),
    "network": lines("network --device=eth{i} --bootproto=dhcp"),
    "repo": lines("repo --name=r{i} --baseurl=https://h/{i}"),
    "packages": lambda n: "%packages\n" + lines("p{i}")(n) + "%end\n",
    "post, $(…) in each line": lambda n: "%post\n" + lines("x{i}=$(cat /f{i} | sort)")(n) + "%end\n",
    "post, $(…) in $(…)": lambda n: "%post\ncase x in (a) ;; esac\necho " + "$(" * n + ")" * n + "\n%end\n",
}

BOOT: dict[str, Callable[[int], str]] = {
    "boot: one option, one line": one_line("", "inst.ks=http://h/{i}"),
    "boot: options lines": after("title t\nlinux /l\n", "options a{i}=b"),
    "boot: ip=": one_line("", "ip=eth{i}:dhcp"),
    "boot: bond=": one_line("", "bond=bond{i}:eth{i}"),
    "boot: one bond": one_line("bond=bond0:", "eth{i}", ","),
    "boot: submenu": lambda n: lines("submenu s{i} {{")(n) + "linux /l\n" + "}\n" * n,
}


def seconds(program: str, arguments: list[str], limit: int) -> str:
    """Processor time of one run, `>limit` when it did not end."""

    def bound() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.run(
        [program, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=bound,
        check=False,
        env=dict(os.environ, RAYON_NUM_THREADS="1"),
    )
    after_run = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode < 0:
        return f">{limit}"
    return f"{after_run.ru_utime + after_run.ru_stime - before.ru_utime - before.ru_stime:.2f}"


def main() -> None:
    """Measures and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(TARGET / "dist/ks-lint"))
    parser.add_argument("--sizes", default="2500,10000,40000")
    parser.add_argument("--limit", type=int, default=20, help="processor seconds of one run")
    parser.add_argument("shapes", nargs="*", help="only these rows")
    arguments = parser.parse_args()
    sizes = [int(size) for size in arguments.sizes.split(",")]
    print(f"{'seconds for n =':<28}" + "".join(f"{n:>9}" for n in sizes))
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory) / "input.ks"
        for name, make in {**CHECK, **BOOT}.items():
            if arguments.shapes and name not in arguments.shapes:
                continue
            row = f"{name:<28}"
            for n in sizes:
                path.write_text(make(n))
                verb = (
                    ["boot"]
                    if name.startswith("boot:")
                    else ["--syntax", "RHEL9", "--policy", "ovirt-node", "--shellcheck", "never"]
                )
                took = seconds(arguments.program, [*verb, str(path)], arguments.limit)
                row += f"{took:>9}"
                if took.startswith(">"):
                    break
            print(row, flush=True)


if __name__ == "__main__":
    main()
