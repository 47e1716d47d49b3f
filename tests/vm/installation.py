"""A whole installation with the Anaconda add-on: `kickstart-examples/node.ks`, from the empty disk to the first boot.

The installer is Debian's python3 with dasbus and pykickstart in a machine with UEFI firmware; `guest/installer.py` plays
Anaconda. The add-on runs as under Anaconda: its D-Bus service file starts it, its D-Bus policy applies, and the real programs
are where it looks for them. `pyanaconda` is the same small stand-in as in the add-on's own tests.
"""

import json
import pathlib
import shutil
import tarfile

import chains
import images
import jobs
import packages
import qemu
import scenario
import trees
from packages import LAB, ROOT, run

LAYOUT = images.Layout(name="installation", boot="xfs")
SHIM = ROOT / "addon-python-shim"
NAME = "org.fedoraproject.Anaconda.Addons.OvirtNode"
PACKAGES = ("python3", "python3-gi", "python3-dasbus", "dbus-daemon")
# Packages that the installer's Python never calls.
UNUSED = ("perl", "libperl", "dpkg", "tar", "install-info", "libelogind", "gcc-", "libdb5", "libgdbm")

START_MODULE = """#!/bin/sh
# Like Anaconda's own script, it adds the directory of the add-ons to the module path.
export PYTHONPATH=/usr/share/anaconda/addons:/usr/lib/anaconda
# The add-on's time limits are for real machines. An emulated one beside others may get a twentieth of a processor.
exec python3 -c '
import runpy, sys
from org_ovirt_node.service import checks
checks.SECONDS_TO_READ = checks.SECONDS_TO_PLAN = 600
runpy.run_module(sys.argv[1], run_name="__main__")
' "$1"
"""

REQUESTS = """import sys, types
exceptions = types.ModuleType("requests.exceptions")
exceptions.SSLError = exceptions.RequestException = OSError
sys.modules["requests.exceptions"] = exceptions
"""

# Added to node.ks: a %post that writes new files, changes a file of the image, and writes to a separate volume.
POST = """
%post --erroronfail
echo "written by %post" > /root/post
echo node.example > /etc/hostname
mkdir -p /opt/site /var/lib/site
echo one > /opt/site/file
echo two > /var/lib/site/file
echo "site:x:1000:1000::/:/bin/sh" >> /etc/passwd
%end
"""

FIRST_BOOT = """
[ "$(cat /opt/site/file /var/lib/site/file | tr '\\n' ' ')" = "one two " ] || fail "files of %post are lost"
grep -q ^site: /etc/passwd || fail "the change made by %post is lost"
cmp /job/node.ks /root/original-ks.cfg || fail "the copy of the kickstart differs from the kickstart"
grep -q '^%addon org_ovirt_node --policy=ovirt-node' /root/anaconda-ks.cfg || fail "the generated kickstart has no section"
for path in / /home /tmp /var /var/crash /var/log /var/log/audit /var/tmp /boot /boot/efi; do
    awk -v path=$path '$5 == path { found = 1 } END { exit !found }' /proc/self/mountinfo || fail "$path is not mounted"
done
"""


def kickstart() -> str:
    """node.ks for a disk named vda, with a %post."""
    text = (ROOT / "kickstart-examples/node.ks").read_text()
    return text.replace("=sda", "=vda") + POST


def installer_root() -> pathlib.Path:
    """An image of the installer's root file system: the lab's programs, Python, the add-on."""
    tree = LAB / "installer"
    shutil.rmtree(tree, ignore_errors=True)
    shutil.copytree(LAB / "lab", tree, symlinks=True, ignore=shutil.ignore_patterns("modules"))
    run("cp", "-a", "--remove-destination", f"{python()}/.", tree)
    for program in ("ks-lint", "node-layout"):
        shutil.copy2(trees.node_layout().with_name(program), tree / "usr/bin" / program)
        run("strip", tree / "usr/bin" / program)
    trees.copy_program(tree, "blkid")
    addons, data = tree / "usr/share/anaconda/addons", tree / "usr/share/anaconda/dbus"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(SHIM / "org_ovirt_node", addons / "org_ovirt_node", ignore=ignored)
    shutil.copytree(SHIM / "tests/standin", tree / "usr/lib/anaconda", ignore=ignored)
    for directory, kind in (("services", "service"), ("confs", "conf")):
        (data / directory).mkdir(parents=True)
        shutil.copy2(SHIM / "data" / f"{NAME}.{kind}", data / directory)
    # pykickstart imports requests to download kickstarts, which it never does here; in the machine the import takes seconds.
    (tree / "usr/lib/anaconda/requests.py").write_text(REQUESTS)
    start = tree / "usr/libexec/anaconda/start-module"
    start.parent.mkdir(parents=True)
    start.write_text(START_MODULE)
    start.chmod(0o755)
    shutil.copy2(trees.GUEST / "installer.py", tree / "usr/libexec/anaconda/installer.py")
    (tree / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (tree / "etc/group").write_text("root:x:0:\n")
    (tree / "mnt/sysroot").mkdir(parents=True)
    out = LAB / "installer.img"
    out.unlink(missing_ok=True)
    run("mkfs.ext4", "-q", "-F", "-O", "^has_journal", "-d", tree, out, "400M")
    return out


def python() -> pathlib.Path:
    """A directory with Python, dasbus, pykickstart and the message bus, compiled; made once."""
    tree, stamp = LAB / "installer-python", LAB / "installer-python.made"
    made_of = " ".join(PACKAGES) + "\n" + (ROOT / "scripts/requirements.txt").read_text()
    if stamp.exists() and stamp.read_text() == made_of:
        return tree
    stamp.unlink(missing_ok=True)
    left_out = "--no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances".split()
    listed = run("apt-cache", "depends", "--recurse", *left_out, *PACKAGES)
    names = sorted({line for line in listed.splitlines() if line[:1].isalnum() and not line.startswith(UNUSED)})
    shutil.rmtree(tree, ignore_errors=True)
    shutil.copytree(packages.unpacked(["python3-minimal", *names]), tree, symlinks=True)
    for part in ("usr/share", "var"):
        shutil.rmtree(tree / part, ignore_errors=True)
    # The tests of the kickstart language keep the reference parser in .venv.
    run(ROOT / "scripts/setup", cwd=ROOT)
    target = tree / "usr/lib/python3/dist-packages"
    for site in (ROOT / ".venv/lib").glob("python3*/site-packages"):
        for package in site.iterdir():
            if package.name == "pykickstart":
                shutil.copytree(package, target / package.name, dirs_exist_ok=True)
    # Compiled on the host: in the machine it would take many times as long.
    run("/usr/bin/python3", "-m", "compileall", "-q", "-s", tree, tree / "usr/lib")
    stamp.write_text(made_of)
    return tree


def install() -> tuple[pathlib.Path, pathlib.Path, qemu.Result]:
    """Runs the installation; returns the disk, the file with the firmware's variables and what the installer printed."""
    disk = scenario.directory() / "installation.img"
    with open(disk, "wb") as file:
        file.truncate(100 << 30)
    variables = scenario.directory() / "variables"
    shutil.copy(packages.OVMF_VARIABLES, variables)
    payload = scenario.directory() / "payload.tar"
    with tarfile.open(payload, "w") as tar:
        tar.add(images.boot_tree(LAYOUT), ".")
    (scenario.directory() / "node.ks").write_text(kickstart())
    arguments = f"rd.lvm.lv={LAYOUT.vg}/root rd.lvm.lv={LAYOUT.vg}/swap"
    job = f"""
mkdir -p /installer /run/install
run mount -t ext4 $(disk installer) /installer
for d in dev proc sys run; do mount --bind /$d /installer/$d; done
mount -t tmpfs tmp /installer/tmp
cp node.ks /run/install/ks.cfg
export NVR={images.NVR} ARGUMENTS="{arguments}" PYTHONPATH=/usr/lib/anaconda
chroot /installer /usr/bin/python3 /usr/libexec/anaconda/installer.py $(disk root) $(disk payload) || fail "the installation"
vgchange -q -an {LAYOUT.vg} || fail deactivate
"""
    # With UEFI firmware, so that the plan is for UEFI.
    sources = {"installer": installer_root(), "payload": payload, "root": LAB / "root.tar"}
    result = qemu.boot(
        [disk, *(qemu.Disk(path, serial, snapshot=True) for serial, path in sources.items())],
        job,
        files=[("node.ks", scenario.directory() / "node.ks")],
        memory=1024,
        machine_options=qemu.flash(variables),
    )
    result.check("the installation")
    return disk, variables, result


def chain() -> str:
    """The add-on refuses a wrong kickstart, accepts the right one, and makes the layout; the layer boots."""
    disk, variables, result = install()
    refused = json.loads(result.value("refused"))
    assert len(refused) == 1 and "NODE001" in refused[0], f"a / on a thick volume is not refused: {refused}"
    tasks = result.values("task")
    assert tasks == ["Check the disks for oVirt Node", "Initialise the layout of oVirt Node"], f"tasks: {tasks}"
    job = chains.RUNNING + FIRST_BOOT + chains.VERIFIED + "cat /tmp/verify\n" + jobs.BASE_HASH
    files = [("node.ks", scenario.directory() / "node.ks")]
    first = qemu.boot([disk], jobs.fill(job, LAYOUT, generation="second"), files=files, firmware="uefi", variables=variables)
    first.check("the first boot")
    assert first.value("verify").startswith("ok "), f"verify printed {first.value('verify')}"
    return f"{len(tasks)} tasks, {result.value('labels')} labels, the layer boots with what %post wrote"
