"""The add-on on a private message bus: real dasbus, real pykickstart, real ks-lint.

``pyanaconda`` is a small stand-in (``standin/``), or the real one when ANACONDA_TREE names a source tree.
"""

import getpass
import os
import re
import signal
import stat
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

import pytest

HERE = Path(__file__).resolve().parent
SHIM = HERE.parent
REPOSITORY = SHIM.parent
TREE = os.environ.get("ANACONDA_TREE")
ANACONDA = [Path(TREE).resolve(), HERE / "beside_tree"] if TREE else [HERE / "standin"]

sys.path[:0] = [str(SHIM), *map(str, ANACONDA)]
if TREE:
    os.environ["ANACONDA_CONFIG_TMP"] = str(Path(TREE).resolve() / "data" / "anaconda.conf")
    # Python has looked for it at its start, before this file said where it is.
    exec((HERE / "beside_tree" / "sitecustomize.py").read_text())
# The stand-in connects when it is imported; only the service itself, on the private bus, talks to anybody.
os.environ.setdefault("DBUS_STARTER_ADDRESS", "unix:path=/nonexistent")

from dasbus.connection import AddressedMessageBus  # noqa: E402
from dasbus.error import DBusError  # noqa: E402
from dasbus.typing import get_native  # noqa: E402
from gi.repository import GLib  # noqa: E402

NAME = "org.fedoraproject.Anaconda.Addons.OvirtNode"
PATH = "/org/fedoraproject/Anaconda/Addons/OvirtNode"

# What a task reported, and its failure if it failed.
Outcome = Tuple[List[str], Optional[str]]
# The messages for errors and for warnings of a kickstart that was read.
Messages = Tuple[List[str], List[str]]

GOOD = """\
#version=RHEL9
lang en_US.UTF-8
keyboard us
timezone UTC
rootpw --lock
sshkey --username=root "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE8mLqLr7Yb5LzHnb1kHfB0YlYyIVZzFzJZkFxGqOe9H a@example.com"
network --bootproto=dhcp --device=link
liveimg --url=https://example.com/node.squashfs.img
clearpart --all --initlabel
zerombr
bootloader --location=mbr
reqpart
part /boot --fstype=ext4 --size=1024
part pv.01 --size=40000 --grow
volgroup onn pv.01 --reserved-percent=20
logvol none --vgname=onn --name=pool --thinpool --size=48000 --grow --metadatasize=1024
logvol / --vgname=onn --name=root --thin --poolname=pool --fstype=ext4 --size=6144 --fsoptions=discard
logvol /var --vgname=onn --name=var --thin --poolname=pool --fstype=ext4 --size=5120 --fsoptions=discard
logvol /var/tmp --vgname=onn --name=var_tmp --thin --poolname=pool --fstype=ext4 --size=10240 --fsoptions=discard
logvol /var/crash --vgname=onn --name=var_crash --thin --poolname=pool --fstype=ext4 --size=10240 --fsoptions=discard
logvol /var/log --vgname=onn --name=var_log --thin --poolname=pool --fstype=ext4 --size=8192 --fsoptions=discard
logvol /var/log/audit --vgname=onn --name=var_log_audit --thin --poolname=pool --fstype=ext4 --size=2048 --fsoptions=discard
logvol /home --vgname=onn --name=home --thin --poolname=pool --fstype=ext4 --size=1024 --fsoptions=discard
logvol /tmp --vgname=onn --name=tmp --thin --poolname=pool --fstype=ext4 --size=1024 --fsoptions=discard
logvol swap --vgname=onn --name=swap --fstype=swap --size=4096
reboot
"""

SECTION = """\
%addon org_ovirt_node --policy=ovirt-node --nvr=ovirt-node-ng-4.5.6-0.20261121.0
layout --init
keep-images 2
%end
"""


def native_section(text: str) -> str:
    """The section of a kickstart, as the installer hands it to the add-on."""
    found = re.search(r"^%addon org_ovirt_node.*?^%end\n", text, re.S | re.M)
    return found.group(0) if found else ""


class Service:
    """The add-on, running as a process that the bus has started."""

    # What Python is asked to run.
    RUNS = str(HERE / "start_service.py")

    def __init__(self, directory: Path, **environment: object) -> None:
        self.directory = directory
        self.kickstart = directory / "ks.cfg"
        cmdline = directory / "cmdline"
        if not cmdline.exists():
            cmdline.write_text("BOOT_IMAGE=vmlinuz inst.text\n")
        services = directory / "services"
        services.mkdir()
        user = getpass.getuser()
        installed = (SHIM / "data" / (NAME + ".service")).read_text()
        start = "{} {}".format(sys.executable, self.RUNS)
        installed = re.sub(r"^Exec=.*start-module org_ovirt_node\.service$", "Exec=" + start, installed, flags=re.M)
        assert start in installed, "the D-Bus service file does not start the module"
        (services / (NAME + ".service")).write_text(installed)
        # Who may own the name is root in the installer, and whoever runs the tests here.
        policy = (SHIM / "data" / (NAME + ".conf")).read_text().replace('user="root"', 'user="{}"'.format(user))
        (directory / "addon.conf").write_text(policy)
        (directory / "bus.conf").write_text(
            textwrap.dedent("""\
            <!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
             "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
            <busconfig>
              <type>session</type>
              <listen>unix:dir={0}</listen>
              <servicedir>{0}/services</servicedir>
              <policy context="default">
                <allow send_destination="*" eavesdrop="true"/>
                <allow eavesdrop="true"/>
              </policy>
              <include>{0}/addon.conf</include>
            </busconfig>
            """).format(directory)
        )
        settings = dict(
            os.environ,
            PYTHONPATH=os.pathsep.join([str(SHIM), *map(str, ANACONDA)]),
            # start_service.py puts these in the place of those of an installer.
            OVIRT_NODE_KICKSTART=str(self.kickstart),
            OVIRT_NODE_CMDLINE=str(cmdline),
            OVIRT_NODE_KS_LINT=str(program("ks-lint", "OVIRT_NODE_KS_LINT")),
            OVIRT_NODE_LAYOUT=str(program("node-layout", "OVIRT_NODE_LAYOUT")),
        )
        settings.update({name: str(value) for name, value in environment.items()})
        self.log = open(directory / "log", "w+b")
        self.daemon = subprocess.Popen(
            ["dbus-daemon", "--nofork", "--print-address", "--config-file={}".format(directory / "bus.conf")],
            stdout=subprocess.PIPE,
            stderr=self.log,
            env=settings,
        )
        assert self.daemon.stdout
        address = self.daemon.stdout.readline().decode().strip()
        assert address, "the message bus did not start: " + self.said()
        self.bus = AddressedMessageBus(address)
        self.proxy = self.bus.get_proxy(NAME, PATH)

    def said(self) -> str:
        """Everything that the service and the bus have logged."""
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def read(self, text: str, section: Optional[str] = None) -> Messages:
        """Read a kickstart as the installer does; the messages for errors and for warnings."""
        self.kickstart.write_text(text)
        report = self.proxy.ReadKickstart(native_section(text) if section is None else section)

        def messages(kind: str) -> List[str]:
            return [message["message"] for message in get_native(report[kind])]

        return messages("error-messages"), messages("warning-messages")

    def task(self, path: str) -> Outcome:
        """Run a task to its end."""
        task = self.bus.get_proxy(NAME, path)
        progress: List[str] = []
        task.ProgressChanged.connect(lambda step, message: progress.append(message))
        stopped: List[bool] = []
        task.Stopped.connect(lambda: stopped.append(True))
        task.Start()
        context = GLib.MainContext.default()
        for _ in range(600):
            if stopped:
                break
            wake = GLib.timeout_add(50, lambda: True)
            context.iteration(True)
            GLib.source_remove(wake)
        assert stopped, "the task did not stop"
        try:
            task.Finish()
        except DBusError as error:
            return progress, str(error)
        return progress, None

    def stop(self) -> None:
        """End the service and the bus."""
        # What the bus has started would outlive it.
        for name in self.bus.proxy.ListNames():
            if name.startswith("org.fedoraproject.Anaconda."):
                os.kill(self.bus.proxy.GetConnectionUnixProcessID(name), signal.SIGKILL)
        self.bus.disconnect()
        self.daemon.terminate()
        self.daemon.wait(10)
        assert self.daemon.stdout
        self.daemon.stdout.close()
        self.log.close()


class Direct:
    """The add-on in this process, without a bus: for what does not depend on one."""

    def __init__(self, directory: Path) -> None:
        from org_ovirt_node.service.ovirt_node import OvirtNode

        self.directory = directory
        self.kickstart = directory / "ks.cfg"
        self.module = OvirtNode()

    def read(self, text: str, section: Optional[str] = None) -> Messages:
        """As :meth:`Service.read`."""
        self.kickstart.write_text(text)
        report = self.module.read_kickstart(native_section(text) if section is None else section)

        def messages(found: Any) -> List[str]:
            return [message.message for message in found]

        return messages(report.error_messages), messages(report.warning_messages)

    def task(self, task: Any) -> Outcome:
        """As :meth:`Service.task`."""
        progress: List[str] = []
        task.report_progress = lambda message, **steps: progress.append(message)
        try:
            task.run()
        except Exception as error:
            return progress, str(error)
        return progress, None


# Start the add-on with other programs and files than those of an installer: on a bus, and in this process.
Start = Callable[..., Service]
StartDirect = Callable[..., Direct]


def program(name: str, variable: str) -> Path:
    """A program of this repository, as it was built last."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", str(REPOSITORY / "target")))
    path = Path(os.environ.get(variable) or target / "debug" / name)
    assert path.exists(), "{} is not there: run cargo build first".format(path)
    return path


def script(path: Path, text: str) -> Path:
    """An executable shell script."""
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def stand_in(path: Path, real: Path) -> None:
    """A script that runs a program, but does not name its directory: a program that ships names none of this machine."""
    link = path.parent.parent / "real-{}".format(path.name)
    link.symlink_to(real)
    script(path, 'exec "{}" "$@"\n'.format(link))


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts the add-on with more environment variables; it ends with the test."""
    running: List[Service] = []

    def starter(**environment: object) -> Service:
        service = Service(tmp_path, **environment)
        running.append(service)
        return service

    yield starter
    for service in running:
        service.stop()


@pytest.fixture
def service(start: Start) -> Service:
    """The add-on as it is."""
    return start()


@pytest.fixture
def start_direct(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StartDirect:
    """Makes the add-on in this process, with other programs and files than those of an installer."""
    from start_service import PLACES

    def starter(**environment: object) -> Direct:
        cmdline = tmp_path / "cmdline"
        cmdline.write_text("BOOT_IMAGE=vmlinuz inst.text\n")
        settings: Dict[str, object] = {
            "OVIRT_NODE_KICKSTART": tmp_path / "ks.cfg",
            "OVIRT_NODE_CMDLINE": cmdline,
            "OVIRT_NODE_KS_LINT": program("ks-lint", "OVIRT_NODE_KS_LINT"),
            "OVIRT_NODE_LAYOUT": program("node-layout", "OVIRT_NODE_LAYOUT"),
        }
        for name, value in dict(settings, **environment).items():
            monkeypatch.setattr(PLACES[name], str(value))
        return Direct(tmp_path)

    return starter


@pytest.fixture
def direct(start_direct: StartDirect) -> Direct:
    """The add-on in this process."""
    return start_direct()
