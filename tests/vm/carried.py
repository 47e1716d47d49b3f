"""Packages that an administrator has added come along into a new image: with dpkg, with RPM, and with a module of a kernel.

The roots are the small one with the programs and the database of a package manager. In the layer of image 1 somebody installs two
packages of this test: one with files, a scriptlet and a setting, which is then changed, and one with a real module for the kernel
of image 2. An update without their files is refused, and names them; with them it says that they come along, and installs them in
the new layer. That boots through firmware and boot loader, has both packages, loads the module, and is confirmed.
"""

import pathlib
import shutil
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple

import imagefiles
import images
import jobs
import packages
import powercut
import qemu
import scenario
import trees
import trials
import uml
import upgrade
from packages import LAB, run

MODULE = "dummy"
# Of the scriptlet's runs each leaves a line.
SCRIPTLET = "echo configured >> /var/lib/alpha/log"
# What node-layout runs to install packages in a layer, and what it finds modules with. (The shell and the chroot of busybox would
# start busybox's own rpm and dpkg.)
PROGRAMS = ["chroot", "unshare", "kmod"]
KMOD_NAMES = ["depmod", "modinfo", "modprobe"]


class Manager(NamedTuple):
    """A package manager, by the commands that an administrator knows."""

    programs: Sequence[str]
    # How the files of packages are named.
    suffix: str
    # Before the first command: what the live /var needs.
    before: str
    install: str
    query: str
    # What the refusal says.
    missing: str


MANAGERS = {
    "dpkg": Manager(
        ["dpkg", "dpkg-deb", "dpkg-query", "dpkg-split", "ldconfig", "start-stop-daemon"],
        "deb",
        "mkdir -p /var/lib; ln -s ../../usr/lib/sysimage/dpkg /var/lib/dpkg",
        "/sbin/dpkg --install /mnt/packages/*.deb",
        "/sbin/dpkg-query --show --showformat='${Status} ${Version}\\n'",
        "alpha_1_all.deb is not cached",
    ),
    "rpm": Manager(
        ["rpm"],
        "rpm",
        ":",
        "/sbin/rpm --install /mnt/packages/*.rpm",
        "/sbin/rpm --query --queryformat='installed %{VERSION}\\n'",
        "alpha-1-1.noarch.rpm is not cached",
    ),
}
Name = Literal["dpkg", "rpm"]
_MAKING = threading.Lock()
# What `make_root` has made.
_ROOTS: set[pathlib.Path] = set()


def module_directory() -> str:
    """Where modules of the kernel of image 2 are that do not belong to it."""
    return f"usr/lib/modules/{imagefiles.kernel(2)}/extra"


def content(top: pathlib.Path) -> dict[str, pathlib.Path]:
    """Makes the files of the packages, and returns their directories by the packages' names."""
    shutil.rmtree(top, ignore_errors=True)
    alpha, kmod = top / "alpha", top / "kmod-lab"
    for directory in (alpha / "usr/share/alpha", alpha / "etc", alpha / "var/lib/alpha", kmod / module_directory()):
        directory.mkdir(parents=True)
    (alpha / "usr/share/alpha/data").write_text("alpha\n")
    (alpha / "etc/alpha.conf").write_text("default\n")
    module = packages.cloud_kernel().modules([MODULE])[-1]
    shutil.copy2(module, kmod / module_directory())
    return {"alpha": alpha, "kmod-lab": kmod}


def build_deb(name: str, tree: pathlib.Path, out: pathlib.Path, postinst: str = "", conffiles: str = "") -> None:
    """Builds a package for dpkg with the files of a tree."""
    control = tree / "DEBIAN"
    control.mkdir()
    fields = {"Package": name, "Version": "1", "Architecture": "all", "Maintainer": "lab", "Description": "lab"}
    (control / "control").write_text("".join(f"{key}: {value}\n" for key, value in fields.items()))
    if conffiles:
        (control / "conffiles").write_text(conffiles)
    if postinst:
        (control / "postinst").write_text(f"#!/bin/sh\n{postinst}\n")
        (control / "postinst").chmod(0o755)
    run("dpkg-deb", "--build", "--root-owner-group", "-Zgzip", tree, out / f"{name}_1_all.deb")


def make_debs(out: pathlib.Path) -> None:
    """Packages for dpkg."""
    for name, tree in content(scenario.directory() / "debs").items():
        alpha = name == "alpha"
        build_deb(name, tree, out, SCRIPTLET if alpha else "", "/etc/alpha.conf\n" if alpha else "")


def build_rpm(name: str, rest: str) -> pathlib.Path:
    """Builds a package for RPM; `rest` is what follows its description."""
    top = scenario.directory() / "rpmbuild"
    top.mkdir(parents=True, exist_ok=True)
    spec = top / f"{name}.spec"
    head = f"Name: {name}\nVersion: 1\nRelease: 1\nSummary: lab\nLicense: none\nBuildArch: noarch\nAutoReqProv: no\n"
    spec.write_text(f"{head}{rest}")
    # A module is for one architecture, and is not stripped.
    plain = [word for macro in ("__os_install_post %{nil}", f"_topdir {top}") for word in ("--define", macro)]
    plain += ["--define", "_binaries_in_noarch_packages_terminate_build 0"]
    run("rpmbuild", "-bb", "--quiet", *plain, spec)
    return top / f"RPMS/noarch/{name}-1-1.noarch.rpm"


def make_rpms(out: pathlib.Path) -> None:
    """Packages for RPM."""
    files = {
        "alpha": "/usr/share/alpha\n%config(noreplace) /etc/alpha.conf\n%dir /var/lib/alpha\n",
        "kmod-lab": f"/{module_directory()}/{MODULE}.ko\n",
    }
    for name, tree in content(scenario.directory() / "rpms").items():
        post = f"%post\n{SCRIPTLET}\n" if name == "alpha" else ""
        rest = f"%description\nlab\n%install\ncp -a {tree}/. %{{buildroot}}\n{post}%files\n{files[name]}"
        shutil.copy2(build_rpm(name, rest), out)


# Runs a function of guest/make_tree.py.
SETTINGS = "import make_tree, pathlib, sys; make_tree.settings(pathlib.Path(sys.argv[1]), 1)"


class Extra(NamedTuple):
    """What a root has beside a package manager: its name, programs, packages of RPM that are recorded in its database, and what
    its package `base` provides there."""

    name: str
    programs: Sequence[str] = ()
    recorded: Sequence[pathlib.Path] = ()
    provides: Sequence[str] = ()


SMALL = Extra("small")


def make_root(name: Name, extra: Extra = SMALL) -> pathlib.Path:
    """A tar of the small root with this package manager."""
    tree, out = scenario.directory() / f"root-{name}-{extra.name}", LAB / f"root-{name}-{extra.name}.tar"
    if out in _ROOTS:
        return out
    run("cp", "-a", LAB / "root", tree)
    for program in [*PROGRAMS, *MANAGERS[name].programs, *extra.programs]:
        (tree / "bin" / program).unlink(missing_ok=True)
        trees.copy_program(tree, program)
    for program in extra.programs:
        (tree / "bin" / program).unlink(missing_ok=True)
        (tree / "bin" / program).symlink_to(f"../sbin/{program}")
    run(sys.executable, "-B", "-c", SETTINGS, tree, cwd=imagefiles.GUEST)
    shutil.copytree(tree / "etc", tree / "usr/share/factory/etc", symlinks=True)
    for link in KMOD_NAMES:
        (tree / "bin" / link).unlink(missing_ok=True)
        (tree / "sbin" / link).symlink_to("kmod")
    version = imagefiles.kernel(2)
    (tree / "lib/modules" / version).symlink_to(f"../../usr/lib/modules/{version}")
    (tree / "var/lib").mkdir(parents=True)
    if name == "dpkg":
        database = tree / "usr/lib/sysimage/dpkg"
        for directory in ("info", "updates", "triggers"):
            (database / directory).mkdir(parents=True)
        status = "Package: base\nStatus: install ok installed\nVersion: 1\nArchitecture: all\nMaintainer: lab\nDescription: lab\n"
        (database / "status").write_text(status)
        (database / "info/base.list").write_text("/.\n")
        (tree / "var/lib/dpkg").symlink_to("../../usr/lib/sysimage/dpkg")
    else:
        database = tree / "usr/share/rpm"
        database.mkdir(parents=True)
        provides = "".join(f"Provides: {what}\n" for what in ["/bin/sh", *extra.provides])
        base = build_rpm("base", f"{provides}%description\nlab\n%files\n")
        packages_there = [base, *extra.recorded]
        run("rpm", "--dbpath", database, "--install", "--justdb", "--nodeps", "--force-debian", *packages_there)
        run("cp", "-a", "/usr/lib/rpm", tree / "usr/lib/rpm")
        (tree / "etc/rpm").mkdir()
        (tree / "etc/rpm/macros").write_text("%_dbpath /usr/share/rpm\n")
    run("tar", "cf", out, "--owner=0", "--group=0", "--numeric-owner", "-C", tree, ".")
    _ROOTS.add(out)
    return out


def media(layout: images.Layout, root: pathlib.Path, make: Callable[[pathlib.Path], None]) -> pathlib.Path:
    """A disk with the tree of image 2 and the packages that `make` puts into a directory."""
    path, source = scenario.directory() / f"media-{layout.name}.img", scenario.directory() / f"content-{layout.name}"
    source.mkdir()
    make(source)
    more = f"run cp -r /mnt/host{source} /mnt/media/packages"
    imagefiles.make_small_media(path, LAB / "boot.img", root, more, options="--no-specimens --settings")
    return path


# In the layer of image 1: what an administrator does.
INSTALLED = """
mkdir -p /var/tmp
{before} || fail "the database of packages"
{install} > /run/o 2>&1 || { cat /run/o; fail "{install}"; }
[ "$(cat /var/lib/alpha/log)" = configured ] || fail "the scriptlet did not run"
echo "of this host" > /etc/alpha.conf
"""
CACHED = """
mkdir -p /var/lib/node-layout/packages && cp /mnt/packages/* /var/lib/node-layout/packages
"""
UPDATE = (
    INSTALLED
    + """
update() { node-layout update /mnt/2 --nvr {new_nvr} "$@" > /run/o 2>&1; }
update && fail "an update without the packages is not refused"
grep -q "{missing}" /run/o || { cat /run/o; fail "it is not said that a package is missing"; }
lvs {vg}/{new_nvr} > /dev/null 2>&1 && fail "a refused update has made a base"
"""
    + CACHED
    + """
update --dry-run || { cat /run/o; fail "preview"; }
grep -q "come along, from cached files: alpha 1.*, kmod-lab 1" /run/o || { cat /run/o; fail "the preview names no package"; }
update || { cat /run/o; fail update; }
cat /run/o
[ "$(cat /var/lib/alpha/log)" = configured ] || fail "a scriptlet has written to the live /var"
for left in /var/tmp/node-layout* /run/node-layout/layer/*; do [ -e "$left" ] && fail "$left is left"; done
say "packages come along"
"""
)
# In the layer of image 2.
TRIAL = (
    trials.BOOTED
    + r"""
[ "$name" = {new_name} ] || fail "/ is $name"
for package in alpha kmod-lab; do
    {query} $package > /tmp/o 2>&1; grep -q "installed 1" /tmp/o || { cat /tmp/o; fail "$package is not installed"; }
done
[ "$(cat /usr/share/alpha/data)" = alpha ] || fail "a file of the package is missing"
[ "$(cat /etc/alpha.conf)" = "of this host" ] || fail "the setting is '$(cat /etc/alpha.conf)'"
for command in "/sbin/modprobe -S {kver} {module}" "node-layout started" "node-layout confirm" "node-layout status" \
    "node-layout verify"; do
    $command > /tmp/o 2>&1 || { cat /tmp/o; fail "$command"; }
done
grep -q "^{module} " /proc/modules || fail "the module is not loaded"
[ "$(cat /var/lib/alpha/log)" = configured ] || fail "the file in /var was replaced: $(cat /var/lib/alpha/log)"
say "status $(node-layout status --format json)"
"""
)


def small(name: Name, layout_name: str) -> images.Layout:
    """A small layout with room for two images and packages of this manager."""
    # With RPM's programs the root has more files.
    inodes = 8192 if name == "rpm" else 4096
    return images.Layout(
        name=layout_name, root="ext4", root_size="640M", size="8G", pool="--size 5G", inodes=inodes, rescue_size=64 << 10
    )


class Node(NamedTuple):
    """A node that was booted once, the disk with image 2 and the packages, and what scripts have to know."""

    layout: images.Layout
    disks: Sequence[pathlib.Path]
    media: pathlib.Path
    fill: Mapping[str, str]

    def job(self, text: str) -> str:
        """The script of a machine that runs this text in the layer of image 1; the other disk is its /mnt."""
        mount = "mkdir -p /mnt/sysroot/mnt; run mount --bind /mnt/media /mnt/sysroot/mnt\n"
        return jobs.fill(imagefiles.MEDIA + upgrade.MOUNT_LAYER + mount + jobs.inside(text), self.layout, **self.fill)

    def machine(self, disks: Sequence[qemu.Path | qemu.Disk]) -> list[qemu.Path | qemu.Disk]:
        """The disks of such a machine."""
        return [*disks, qemu.Disk(self.media, "media", snapshot=True)]


def installed(
    name: Name, layout: images.Layout, extra: Extra = SMALL, make: Callable[[pathlib.Path], None] | None = None
) -> Node:
    """A node whose roots have this manager. `make` makes other packages than the two of this test."""
    manager = MANAGERS[name]
    with _MAKING:
        root = make_root(name, extra)
        image = media(layout, root, make or (make_debs if name == "dpkg" else make_rpms))
    fill = {
        "before": manager.before,
        "install": manager.install,
        "query": manager.query,
        "missing": manager.missing,
        "new": imagefiles.layer(2),
        "new_nvr": imagefiles.nvr(2),
        "new_name": powercut.mapped(layout, imagefiles.layer(2)),
        "kver": imagefiles.kernel(2),
        "module": MODULE,
    }
    return Node(layout, trials.first_boot(layout, root), image, fill)


def carried(name: Name) -> str:
    """One update with packages of this manager."""
    layout = images.Layout(name=f"packages-{name}", root="ext4", root_size="640M", size="16G", pool="--size 10G")
    node = installed(name, layout)
    text = node.job(UPDATE)
    update = uml.boot(node.machine(node.disks), text, memory=512, console=True).check(f"update with packages ({name})")
    job = jobs.fill(TRIAL, node.layout, **node.fill)
    trial = qemu.boot(node.disks, job, firmware="bios", memory=768).check(f"the trial ({name})")
    upgrade.check_status(trial.value("status"), booted=2, default=2, states={1: "good", 2: "good"})
    return f"two packages, one of them a module: {update.seconds:.0f} s, then booted and confirmed in {trial.seconds:.0f} s"
