"""The Debian packages in a Debian of their own: apt installs them, they work there, and they leave nothing behind."""

import hashlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import EXAMPLE, FOUND, LAB, files_below, needed, one, run

SUITE = "bookworm"
# What the packages depend on, and what shows their manual pages and completions.
INCLUDE = ["dmsetup", "e2fsprogs", "lvm2", "thin-provisioning-tools", "util-linux", "xfsprogs"]
INCLUDE += ["bash-completion", "fish", "man-db", "zsh"]
# What apt and dpkg write for themselves.
OWN = ["var/lib/apt", "var/lib/dpkg", "var/cache", "var/log", "tmp", "root", "dev", "proc"]
PACKAGES = ("ks-lint", "node-layout")


def bootstrapped() -> Path:
    """A tree with Debian as debootstrap makes it; kept, and made again when INCLUDE changes."""
    key = hashlib.sha256(" ".join([SUITE, *sorted(INCLUDE)]).encode()).hexdigest()[:12]
    tree = LAB / f"debian-{key}"
    if not tree.exists():
        needed("debootstrap")
        making = LAB / f"making-{key}"
        shutil.rmtree(making, ignore_errors=True)
        making.parent.mkdir(parents=True, exist_ok=True)
        run("debootstrap", "--variant=minbase", f"--include={','.join(INCLUDE)}", SUITE, making)
        making.rename(tree)
    return tree


class Debian:
    """A running copy of it."""

    def __init__(self, root: Path, release: Path) -> None:
        self.root = root
        run("cp", "-a", "--reflink=auto", bootstrapped(), root)
        for package in PACKAGES:
            shutil.copy2(one(release, f"{package}_*.deb"), root / "tmp")
        shutil.copy2(EXAMPLE, root / "root/wrong.ks")

    def run(self, *command: str, status: int = 0) -> str:
        """Runs a program in it, with processes of its own."""
        inside = ["unshare", "--mount", "--pid", "--fork", f"--mount-proc={self.root}/proc", "chroot", str(self.root), *command]
        return run(*inside, status=status, LC_ALL="C.UTF-8", DEBIAN_FRONTEND="noninteractive", HOME="/root")

    def install(self) -> str:
        """What apt says; the packages that they depend on are there."""
        files = sorted(str(path.relative_to(self.root)) for path in (self.root / "tmp").glob("*.deb"))
        return self.run("apt-get", "install", "--yes", *(f"/{file}" for file in files))

    def files(self) -> set[str]:
        return files_below(self.root, OWN)


@pytest.fixture(scope="module")
def debian(tmp_path_factory: pytest.TempPathFactory, release: Path) -> Iterator[Debian]:
    """Debian with the packages."""
    debian = Debian(tmp_path_factory.mktemp("debian") / "root", release)
    debian.install()
    yield debian
    shutil.rmtree(debian.root)


def test_apt_installs_what_works(debian: Debian) -> None:
    assert FOUND in debian.run("ks-lint", "--format", "concise", "/root/wrong.ks", status=1)
    assert "on line" in debian.run(
        "/usr/libexec/ks-lint/ksvalidator", "-v", "RHEL5", "/root/wrong.ks", status=debian_errors(debian)
    )
    assert debian.run("node-layout", "--version").startswith("node-layout ")
    # Not a node, which it says after it has asked the LVM of this Debian.
    said = debian.run("node-layout", "verify", status=1)
    assert re.search(r"error\[LAY\d+\]", said), said


def debian_errors(debian: Debian) -> int:
    """How many errors ks-lint itself finds in that file for an old release."""
    said = debian.run("ks-lint", "--format", "concise", "--syntax", "RHEL5", "--select", "KS", "/root/wrong.ks", status=1)
    return len(re.findall(r": error: .*\[KS\d+\]$", said, re.M))


def test_manual_pages_are_shown(debian: Debian) -> None:
    for page in ("ks-lint", "ks-lint-plan", "node-layout", "node-layout-update"):
        shown = debian.run("man", "--warnings", page)
        assert re.search(r"^NAME\n +" + page, shown, re.M), shown[:500]
        assert "troff:" not in shown
    # man-db knows them by their descriptions.
    debian.run("mandb", "--quiet")
    assert "ks-lint (1)" in debian.run("apropos", "kickstart")


BASH = """
source /usr/share/bash-completion/bash_completion
_completion_loader {0}
function=$(complete -p {0} | sed 's/.*-F \\([^ ]*\\).*/\\1/')
COMP_WORDS=({0} {1}) COMP_CWORD=1 COMPREPLY=()
$function {0} {1} {0}
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.mark.parametrize("program, begun, whole", [("ks-lint", "migr", "migrate"), ("node-layout", "rollb", "rollback")])
def test_shells_find_the_completions_by_themselves(debian: Debian, program: str, begun: str, whole: str) -> None:
    assert debian.run("bash", "-c", BASH.format(program, begun)).split() == [whole]
    assert debian.run("fish", "-c", f"complete -C '{program} {begun}'").split("\t")[0] == whole
    # zsh loads the function by its name from the directories that it knows.
    loaded = debian.run("zsh", "-fc", f"autoload -Uz compinit; compinit -D; echo $_comps[{program}]")
    assert loaded.strip() == f"_{program}"
    debian.run("zsh", "-fc", f"autoload -Uz compinit; compinit -D; autoload +X -Uz _{program}")


def test_a_newer_package_replaces_the_older_one_and_purging_leaves_nothing(tmp_path: Path, release: Path) -> None:
    debian = Debian(tmp_path / "root", release)
    before = debian.files()
    debian.install()
    installed = debian.files() - before
    assert {"usr/bin/ks-lint", "usr/bin/node-layout"} <= installed
    # What is installed is what the packages name: nothing writes beside them.
    for package in PACKAGES:
        installed -= {line.lstrip("/") for line in debian.run("dpkg", "--listfiles", package).splitlines()}
    assert not installed
    for package in PACKAGES:
        newer(one(debian.root / "tmp", f"{package}_*.deb"), tmp_path)
    said = debian.install()
    assert "2 upgraded" in said, said
    assert debian.run("dpkg", "--verify", *PACKAGES) == ""
    assert debian.run("dpkg-query", "--show", "--showformat=${Version} ", *PACKAGES).count("+newer ") == len(PACKAGES)
    debian.run("apt-get", "purge", "--yes", *PACKAGES)
    assert debian.files() == before
    assert not [line for line in debian.run("dpkg", "--list").splitlines() if "ks-lint" in line or "node-layout" in line]
    shutil.rmtree(debian.root)


def newer(package: Path, work: Path) -> None:
    """Replaces a package by the same one with a higher version."""
    content = work / package.stem
    run("dpkg-deb", "--raw-extract", package, content)
    control = content / "DEBIAN/control"
    control.write_text(re.sub(r"^(Version: .*)$", r"\1+newer", control.read_text(), flags=re.M))
    package.unlink()
    subprocess.run(
        ["dpkg-deb", "--build", "--root-owner-group", "-Znone", content, package], check=True, stdout=subprocess.DEVNULL
    )
