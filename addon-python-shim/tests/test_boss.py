"""The add-on under Anaconda's own Boss: only with a source tree, and where that Boss can be imported."""

import re
import subprocess
import sys
import time

import pytest
from dasbus.error import DBusError
from dasbus.typing import get_native

from conftest import GOOD, NAME, SECTION, TREE, Service

pytestmark = pytest.mark.skipif(not TREE, reason="ANACONDA_TREE names no source tree")

BOSS = "org.fedoraproject.Anaconda.Boss"
BOSS_PATH = "/org/fedoraproject/Anaconda/Boss"


@pytest.fixture
def boss(tmp_path, monkeypatch):
    """The Boss, with the add-on as its only module."""
    start = subprocess.Popen

    def with_boss(command, **options):
        if command[0] == "dbus-daemon":
            words = "[D-BUS Service]\nName={}\nExec={} -m pyanaconda.modules.boss\n"
            (tmp_path / "services" / (BOSS + ".service")).write_text(words.format(BOSS, sys.executable))
            bus = tmp_path / "bus.conf"
            allow = '<allow own="{}"/>\n</policy>'.format(BOSS)
            bus.write_text(bus.read_text().replace("</policy>", allow, 1))
        return start(command, **options)

    monkeypatch.setattr(subprocess, "Popen", with_boss)
    service = Service(tmp_path)
    monkeypatch.undo()
    proxy = service.bus.get_proxy(BOSS, BOSS_PATH)
    try:
        path = proxy.StartModulesWithTask()
        task = service.bus.get_proxy(BOSS, path)
        task.Start()
        while task.IsRunning:
            time.sleep(0.1)
        task.Finish()
    except DBusError as error:
        found = re.search(r"\w*Error: .*", service.said())
        reason = found.group(0) if found else error
        service.stop()
        # Anaconda's own modules have to be there for RHEL 8's Boss, libraries of the installer for the newest one's.
        pytest.skip("this Boss cannot run here: {}".format(reason))
    yield proxy, service
    service.stop()


def read(boss, text):
    proxy, service = boss
    service.kickstart.write_text(text)
    report = get_native(proxy.ReadKickstartFile(str(service.kickstart)))
    return [(message["line-number"], message["message"]) for message in report["error-messages"]]


def test_the_boss_finds_the_add_on_and_its_tasks(boss):
    proxy, _ = boss
    assert NAME in proxy.GetModules()
    assert read(boss, GOOD + SECTION) == []
    assert SECTION.strip() in proxy.GenerateKickstart()
    assert [name for name, _ in proxy.CollectConfigureRuntimeTasks()] == [NAME]
    assert [name for name, _ in proxy.CollectInstallSystemTasks()] == [NAME]


def test_the_boss_reports_a_wrong_kickstart_with_its_line(boss):
    text = GOOD.replace("/boot --fstype=ext4 --size=1024", "/boot --fstype=ext4 --size=500") + SECTION
    errors = read(boss, text)
    assert len(errors) == 1
    line, message = errors[0]
    assert text.splitlines()[line - 1].startswith("%addon org_ovirt_node")
    assert "line 13: NODE011: /boot has 500 MiB" in message
