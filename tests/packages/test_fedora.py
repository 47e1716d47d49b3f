"""The RPM packages in a root of their own: the real dnf and rpm install, upgrade, exchange and remove them.

The root has no distribution in it: one small package, made here, provides what the packages ask for.
"""

import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from conftest import EXAMPLE, FOUND, PACKAGING, files_below, needed, one, run

PACKAGES = ("ks-lint", "node-layout", "ovirt-node-anaconda-addon", "ovirt-node-anaconda-config")
# Of the distribution, with the versions that are asked for.
PROVIDED = [
    "anaconda-core = 40.22.3",
    "bash",
    "/bin/bash",
    "/bin/sh",
    "/usr/bin/sh",
    "coreutils",
    # glibc; a static program asks for it, too.
    "rtld(GNU_HASH)",
    "curl",
    "device-mapper",
    "device-mapper-persistent-data",
]
PROVIDED += ["e2fsprogs", "lvm2", "policycoreutils", "procps-ng", "util-linux", "xfsprogs"]
# What rpm and dnf write for themselves.
OWN = ["dev", "proc", "usr/lib/sysimage", "var/cache", "var/lib/dnf", "var/lib/rpm", "var/log", "tmp"]
CONFIGURATION = "etc/anaconda/conf.d/90-ovirt-node.conf"
IMAGE = "ovirt-node-ng-image-update"


def built(work: Path, name: str, version: str, provides: Sequence[str], files: Sequence[str] = ()) -> Path:
    """A package of others: what it provides, and empty files."""
    lines = [f"Name: {name}", f"Version: {version}", "Release: 1", "Summary: x", "License: x", "BuildArch: noarch"]
    lines += [f"Provides: {what}" for what in provides]
    lines += ["%description", "x", "%install"]
    lines += [f"install -D /dev/null %{{buildroot}}{file}" for file in files]
    spec = work / f"{name}.spec"
    spec.write_text("\n".join([*lines, "%files", *files, ""]))
    run("rpmbuild", "-bb", "--quiet", "--define", f"_topdir {work}/rpmbuild", spec)
    return one(work / "rpmbuild/RPMS/noarch", f"{name}-{version}-1.noarch.rpm")


class Root:
    """A root directory and a repository of packages for it."""

    def __init__(self, place: Path, repository: Path) -> None:
        self.root = place / "root"
        self.repository = place / "repository"
        shutil.copytree(repository, self.repository)
        for directory in ("dev", "etc", "proc", "tmp", "usr/bin"):
            (self.root / directory).mkdir(parents=True)
        run("mknod", self.root / "dev/null", "c", "1", "3")
        # Scriptlets are for bash.
        libraries = [word for word in run("ldd", "/bin/bash").split() if word.startswith("/")]
        for file in ["/bin/bash", *libraries]:
            target = self.root / file.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(Path(file).resolve(), target)
        (self.root / "bin/sh").symlink_to("bash")
        shutil.copy2(EXAMPLE, self.root / "tmp/wrong.ks")
        self.dnf("install", "distribution")

    def dnf(self, *arguments: str, status: int = 0) -> str:
        """Runs dnf as on an installed system, with no repository but ours."""
        run("createrepo_c", "--quiet", "--update", self.repository)
        settings = [f"--setopt={name}" for name in ("reposdir=/nonexistent", "pluginpath=/nonexistent", "gpgcheck=0", "tsflags=")]
        ours = [f"--repofrompath=ours,{self.repository}", "--repo=ours", "--refresh"]
        # Programs of a scriptlet find /proc, as on a real one.
        inside = ["unshare", "--mount", "sh", "-c", 'mount -t proc proc "$0/proc" && exec "$@"', self.root]
        command = ["dnf", "--assumeyes", f"--installroot={self.root}", "--releasever=9", *settings, *ours, *arguments]
        return run(*inside, *command, status=status)

    def rpm(self, *arguments: str, status: int = 0) -> str:
        return run("rpm", f"--root={self.root}", *arguments, status=status)

    def run(self, *command: str, status: int = 0) -> str:
        return run("chroot", self.root, *command, status=status, PATH="/usr/bin:/usr/sbin:/bin")

    def installed(self) -> set[str]:
        return set(self.rpm("--query", "--all", "--queryformat", "%{NAME}\n").split())

    def files(self) -> set[str]:
        return files_below(self.root, OWN)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory, programs: Path) -> Iterator[Path]:
    """The packages of this work tree, and those of others."""
    needed("rpmbuild", "rpm", "dnf", "createrepo_c")
    work = tmp_path_factory.mktemp("rpm")
    directory = work / "repository"
    run(PACKAGING / "build-rpm", "--programs", programs, "--output", directory)
    theirs = [
        built(work, "distribution", "9", PROVIDED),
        built(work, "imgbased", "1.2.26", [], ["/usr/sbin/imgbase"]),
        built(work, "ovirt-node-ng-nodectl", "4.4.3", [], ["/usr/sbin/nodectl"]),
    ]
    for package in theirs:
        shutil.copy2(package, directory)
    yield directory


@pytest.fixture
def root(tmp_path: Path, repository: Path) -> Iterator[Root]:
    root = Root(tmp_path, repository)
    yield root
    shutil.rmtree(root.root)


def test_dnf_installs_upgrades_and_removes_without_a_trace(tmp_path: Path, programs: Path, root: Root) -> None:
    before = root.files()
    root.dnf("install", *PACKAGES)
    assert set(PACKAGES) <= root.installed()
    found = root.run("/usr/bin/ks-lint", "--format", "concise", "/tmp/wrong.ks", status=1)
    assert FOUND in found
    assert root.run("/usr/bin/node-layout", "--version").startswith("node-layout ")
    assert root.rpm("--verify", *PACKAGES) == ""
    for package in PACKAGES:
        assert root.rpm("--query", "--scripts", package) == "", "a scriptlet needs a test here"
    # Everything that is new belongs to a package, and every directory that only they use goes with them.
    owned = {line.lstrip("/") for line in root.rpm("--query", "--list", *PACKAGES).splitlines()}
    parents = {str(parent) for file in owned for parent in Path(file).parents}
    assert root.files() - before <= owned | parents

    # An administrator's configuration survives an upgrade.
    configuration = root.root / CONFIGURATION
    changed = configuration.read_text() + "# changed here\n"
    configuration.write_text(changed)
    (tmp_path / ".rpmmacros").write_text("%dist .newer\n")
    run(PACKAGING / "build-rpm", "--programs", programs, "--output", root.repository, HOME=str(tmp_path))
    root.dnf("upgrade")
    releases = root.rpm("--query", "--queryformat", "%{RELEASE} ", *PACKAGES).split()
    assert releases == ["1.newer"] * len(PACKAGES)
    assert configuration.read_text() == changed
    assert FOUND in root.run("/usr/bin/ks-lint", "--format", "concise", "/tmp/wrong.ks", status=1)

    root.dnf("remove", *PACKAGES)
    assert not set(PACKAGES) & root.installed()
    saved = root.root / (CONFIGURATION + ".rpmsave")
    assert saved.read_text() == changed
    saved.unlink()
    left = {path for path in root.files() - before if not (root.root / path).is_dir()}
    assert not left
    # Directories that no package of this root owns; on a real one the distribution does.
    assert not [path for path in root.files() - before if "ks-lint" in path or "node-layout" in path or "ovirt_node" in path]


def test_the_add_on_brings_the_programs_and_takes_no_other_version(root: Root) -> None:
    root.dnf("install", "ovirt-node-anaconda-addon")
    assert {"ks-lint", "node-layout"} <= root.installed()
    assert "ovirt-node-anaconda-config" not in root.installed()
    refused = root.rpm("--erase", "ks-lint", status=1)
    assert "needed by" in refused and "ovirt-node-anaconda-addon" in refused


def test_the_names_of_the_originals_are_exchanged_only_when_asked(root: Root) -> None:
    root.dnf("install", "imgbased", "ovirt-node-ng-nodectl", "node-layout")
    assert (root.root / "usr/sbin/imgbase").stat().st_size == 0
    # An upgrade, and the package alone, leave the originals.
    root.dnf("upgrade")
    assert "conflicts with" in root.dnf("install", "node-layout-nodectl", status=1)
    assert "imgbased" in root.installed()
    root.dnf("install", "--allowerasing", "node-layout-nodectl")
    assert root.installed() & {"imgbased", "ovirt-node-ng-nodectl", "node-layout-nodectl"} == {"node-layout-nodectl"}
    for name in ("imgbase", "nodectl"):
        assert (root.root / "usr/sbin" / name).readlink() == Path("../bin/node-layout")
        assert "usage" in root.run(f"/usr/sbin/{name}", "--help").lower()


def test_an_image_is_refused_by_a_host_that_is_no_node_before_anything_is_installed(tmp_path: Path, root: Root) -> None:
    image = tmp_path / "image"
    image.write_bytes(b"hsqs" + bytes(4096))
    nvr = "ovirt-node-ng-4.5.7-0.20270101.0.el9"
    run(PACKAGING / "image-rpm/build", "--nvr", nvr, "--image", image, "--output", root.repository)
    before = root.files()
    said = root.dnf("install", IMAGE, status=1)
    assert f"{IMAGE}: this host cannot be updated; nothing was installed" in said, said
    assert IMAGE not in root.installed()
    assert not [path for path in root.files() - before if IMAGE in path and not (root.root / path).is_dir()]
    # It was the program's own reason, not a missing program.
    assert re.search(r"error\[LAY\d+\]", said), said
