"""The add-on under Anaconda's own Boss: only with a source tree, and where that Boss can be imported."""

import configparser
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Iterator, List, Tuple

import pytest
from dasbus.error import DBusError
from dasbus.typing import get_native

from conftest import GOOD, NAME, SECTION, TREE, Outcome, Service, script
from test_tasks import STEPS, says

pytestmark = pytest.mark.skipif(not TREE, reason="ANACONDA_TREE names no source tree")

# The proxy of the Boss, and the add-on.
Boss = Tuple[Any, Service]

BOSS = "org.fedoraproject.Anaconda.Boss"
BOSS_PATH = "/org/fedoraproject/Anaconda/Boss"


def configuration(directory: Path) -> Path:
    """Anaconda's configuration without its own modules, where that names them (RHEL 8): these need blivet and more."""
    parser = configparser.ConfigParser(interpolation=None)
    assert TREE
    parser.read(str(Path(TREE) / "data" / "anaconda.conf"))
    if parser.has_option("Anaconda", "kickstart_modules"):
        parser.set("Anaconda", "kickstart_modules", "")
    file = directory / "anaconda.conf"
    with file.open("w") as writer:
        parser.write(writer)
    return file


@pytest.fixture
def boss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Boss]:
    """The Boss, with the add-on as its only module."""
    start = subprocess.Popen

    def with_boss(command: List[str], **options: Any) -> Any:
        if command[0] == "dbus-daemon":
            words = "[D-BUS Service]\nName={}\nExec={} -m pyanaconda.modules.boss\n"
            (tmp_path / "services" / (BOSS + ".service")).write_text(words.format(BOSS, sys.executable))
            bus = tmp_path / "bus.conf"
            allow = '<allow own="{}"/>\n</policy>'.format(BOSS)
            bus.write_text(bus.read_text().replace("</policy>", allow, 1))
        return start(command, **options)

    monkeypatch.setattr(subprocess, "Popen", with_boss)
    node_layout = script(tmp_path / "node-layout", says(*STEPS) + "cat {}/result\n".format(tmp_path))
    service = Service(tmp_path, ANACONDA_CONFIG_TMP=configuration(tmp_path), OVIRT_NODE_LAYOUT=node_layout)
    monkeypatch.undo()
    proxy = service.bus.get_proxy(BOSS, BOSS_PATH)
    try:
        service.bus.proxy.StartServiceByName(BOSS, 0)
    except DBusError as error:
        found = re.search(r"\w*Error: .*", service.said())
        reason = found.group(0) if found else error
        service.stop()
        # A library of the installer that this Boss imports is not installed.
        pytest.skip("this Boss cannot run here: {}".format(reason))
    _, failure = run(service, BOSS, proxy.StartModulesWithTask())
    assert failure is None, service.said()
    yield proxy, service
    service.stop()


def run(service: Service, name: str, path: str) -> Outcome:
    """Run a task of the Boss or of a module; what it reported and its failure, if it failed."""
    task = service.bus.get_proxy(name, path)
    task.Start()
    reported = []
    while task.IsRunning:
        time.sleep(0.05)
        reported.append(task.Progress[1])
    reported.append(task.Progress[1])
    try:
        task.Finish()
    except DBusError as error:
        return reported, str(error)
    return reported, None


def run_all(boss: Boss, kind: str) -> Outcome:
    """Run the tasks that the Boss has from its modules: one after the other, or as RHEL 8 does, within one of its own."""
    proxy, service = boss
    try:
        tasks = getattr(proxy, "Collect{}Tasks".format(kind))()
    except AttributeError:
        tasks = [(BOSS, getattr(proxy, "{}WithTask".format(kind))())]
    else:
        assert [name for name, _ in tasks] == [NAME], "the add-on has no task, or somebody else has one"
    for name, path in tasks:
        reported, failure = run(service, name, path)
        if failure:
            break
    return reported, failure


def read(boss: Boss, text: str) -> List[Tuple[int, str]]:
    proxy, service = boss
    service.kickstart.write_text(text)
    report = get_native(proxy.ReadKickstartFile(str(service.kickstart)))
    return [(message["line-number"], message["message"]) for message in report["error-messages"]]


def test_the_boss_finds_the_add_on(boss: Boss) -> None:
    proxy, _ = boss
    assert NAME in proxy.GetModules()
    assert read(boss, GOOD + SECTION) == []
    assert SECTION.strip() in proxy.GenerateKickstart()


def test_the_boss_runs_its_tasks(boss: Boss) -> None:
    _, service = boss
    assert read(boss, GOOD + SECTION) == []
    # What this machine's disks are good for differs; that the real ks-lint was asked does not.
    _, failure = run_all(boss, "ConfigureRuntime")
    assert failure is None or "oVirt Node cannot be installed on the disks of this machine" in failure
    result = {"result": "initialised", "message": "initialised: node-1-1+1", "findings": []}
    (service.directory / "result").write_text(json.dumps(result) + "\n")
    reported, failure = run_all(boss, "InstallSystem")
    assert failure is None
    (service.directory / "result").write_text(json.dumps({"result": "failed", "message": "lvrename: no"}) + "\n")
    _, failure = run_all(boss, "InstallSystem")
    assert failure and "The layout of oVirt Node was not made: lvrename: no" in failure


def test_the_boss_asks_what_the_layout_needs(boss: Boss) -> None:
    proxy, _ = boss
    assert read(boss, GOOD + SECTION) == []
    if not hasattr(proxy, "CollectRequirements"):
        pytest.skip("the Boss of RHEL 8 does not ask add-ons what they need")
    assert "lvm2" in [get_native(requirement)["name"] for requirement in proxy.CollectRequirements()]


def test_the_boss_reports_a_wrong_kickstart_with_its_line(boss: Boss) -> None:
    text = GOOD.replace("/boot --fstype=ext4 --size=1024", "/boot --fstype=ext4 --size=500") + SECTION
    errors = read(boss, text)
    assert len(errors) == 1
    line, message = errors[0]
    assert text.splitlines()[line - 1].startswith("%addon org_ovirt_node")
    assert "line 13: NODE011: /boot has 500 MiB" in message
