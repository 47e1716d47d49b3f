"""The service on a message bus: what it reads, refuses, gives back and does when a program fails."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from dasbus.error import DBusError
from dasbus.typing import get_native, get_variant

from conftest import GOOD, NAME, SECTION, TREE, Direct, Service, StartDirect, script
from org_ovirt_node.service import checks
from org_ovirt_node.service.programs import run

ANSWER = {
    "schema": 1,
    "present": True,
    "policy": "ovirt-node",
    "enforce": "error",
    "nvr": None,
    "init": True,
    "keep_images": 2,
    "waivers": [],
}


def line_of(text: str, start: str) -> int:
    """Number of the line that starts so."""
    return next(i for i, line in enumerate(text.splitlines(), 1) if line.startswith(start))


# It is there at all: an add-on that fails to import is left out by Anaconda without a word.


def test_the_bus_starts_the_service_by_its_name(service: Service) -> None:
    assert NAME in service.bus.proxy.ListActivatableNames()
    assert service.bus.proxy.StartServiceByName(NAME, 0) == 1, service.said()
    service.proxy.Ping()
    assert service.proxy.KickstartAddons == ["org_ovirt_node"]


# Right sections.


def test_a_good_kickstart_is_read_without_a_word(service: Service) -> None:
    assert service.read(GOOD + SECTION) == ([], [])
    assert service.proxy.Kickstarted
    proxy = service.proxy
    assert (proxy.Policy, proxy.Enforce, proxy.Layout, proxy.KeepImages) == ("ovirt-node", "error", "init", 2)
    assert proxy.Nvr == "ovirt-node-ng-4.5.6-0.20261121.0"


def test_the_section_comes_back_as_it_went_in(service: Service) -> None:
    section = SECTION.replace(
        "%end\n", "require /var/log --min-size=8192\nwaive SEC006 --reason=\"in a 'lab'\"\n%end\n"
    )
    kickstart = GOOD.replace("--url=https:", "--url=http:")
    assert service.read(kickstart + section) == ([], [])
    assert service.proxy.GenerateKickstart() == section


def test_a_kickstart_without_the_section_is_none_of_our_business(service: Service) -> None:
    assert service.read("this is no kickstart\n", section="") == ([], [])
    proxy = service.proxy
    assert proxy.GenerateKickstart() == ""
    assert (proxy.ConfigureWithTasks(), proxy.InstallWithTasks(), proxy.CollectRequirements()) == ([], [], [])


def test_a_section_that_leaves_the_layout_alone_has_no_task_for_it(service: Service) -> None:
    assert service.read(GOOD + SECTION.replace("--init", "--no-init")) == ([], [])
    assert (service.proxy.Layout, service.proxy.InstallWithTasks()) == ("skip", [])


def test_kernel_arguments_have_the_last_word(service: Service) -> None:
    (service.directory / "cmdline").write_text(
        "inst.text ovirt_node.layout=skip ovirt_node.enforce=warn ovirt_node.nvr=other-1-1 ovirt_node.policy=rhvh-4.4\n"
    )
    assert service.read(GOOD + SECTION) == ([], [])
    proxy = service.proxy
    assert (proxy.Policy, proxy.Enforce, proxy.Nvr, proxy.Layout) == ("rhvh-4.4", "warn", "other-1-1", "skip")


def test_the_installed_system_gets_what_the_layout_needs(service: Service) -> None:
    service.read(GOOD + SECTION)
    required = [get_native(r) for r in service.proxy.CollectRequirements()]
    assert "lvm2" in [r["name"] for r in required]
    assert all(r["type"] == "package" and r["reason"] for r in required)


# Wrong ones.


def test_a_wrong_section_is_refused_with_its_line(direct: Direct) -> None:
    text = GOOD + SECTION.replace("keep-images 2", "# how many\n\nkep-images 2")
    errors, _ = direct.read(text)
    assert len(errors) == 1
    assert "line {}: ".format(line_of(text, "kep-images")) in errors[0]
    assert "kep-images" in errors[0] and "keep-images" in errors[0], "the message does not say what was meant"
    assert direct.module.configure_with_tasks() == []


def test_warnings_are_shown_and_do_not_stop(direct: Direct) -> None:
    errors, warnings = direct.read(GOOD.replace("rootpw --lock", "rootpw secret-word") + SECTION)
    assert errors == []
    assert len(warnings) == 1 and "SEC001" in warnings[0]
    assert "secret-word" not in warnings[0]


def test_enforce_warn_only_logs(direct: Direct, caplog: pytest.LogCaptureFixture) -> None:
    text = GOOD.replace("--size=1024\npart pv", "--size=500\npart pv") + SECTION.replace(
        " --nvr", " --enforce=warn --nvr"
    )
    assert direct.read(text) == ([], [])
    assert "/boot" in caplog.text or TREE, "nothing was logged"


def test_enforce_off_checks_nothing(direct: Direct) -> None:
    text = "nonsense\n" + GOOD + SECTION.replace(" --nvr", " --enforce=off --nvr")
    assert direct.read(text) == ([], [])
    assert direct.module.configure_with_tasks() == []
    assert len(direct.module.install_with_tasks()) == 1, "the layout is made all the same"


# Programs that fail.


def fake_ks_lint(directory: Path, on_check: str, on_plan: str = "exit 9") -> Path:
    """A ks-lint that reads the section well and does something else with the rest."""
    return script(
        directory / "fake",
        "case $1 in addon) cat <<'END'\n{}\nEND\n;; check) {} ;; plan) {} ;; esac\n".format(
            json.dumps(ANSWER), on_check, on_plan
        ),
    )


@pytest.mark.parametrize(
    "does, says",
    [
        ("kill -ABRT $$", "crashed (SIGABRT)"),
        ("echo oops >&2; exit 2", "could not do its work (status 2): oops"),
        ("exit 101", "could not do its work (status 101)"),
        ("echo hello", "gave no answer that can be understood"),
        ('echo "{}"', "format that this add-on does not know"),
        ("echo '{\"schema\": 2}'", "format that this add-on does not know"),
        ("echo '{\"schema\": 1}'", "does not understand (files)"),
        ('echo \'{"schema": 1, "files": []}\'', "without the file that it was asked about"),
        ('echo \'{"schema": 1, "files": [{"diagnostics": [{}]}]}\'', "a finding without a message"),
        ('echo \'{"schema": 1, "files": [3]}\'', "does not understand (files)"),
    ],
)
def test_a_check_that_fails_is_an_error_that_says_so(
    start_direct: StartDirect, tmp_path: Path, does: str, says: str
) -> None:
    direct = start_direct(OVIRT_NODE_KS_LINT=fake_ks_lint(tmp_path, does))
    errors, _ = direct.read(GOOD + SECTION)
    assert len(errors) == 1 and "the kickstart could not be checked" in errors[0]
    assert says in errors[0], errors[0]


@pytest.mark.parametrize(
    "does, says",
    [
        ("kill -SEGV $$", "crashed (SIGSEGV)"),
        ("exit 2", "could not do its work (status 2)"),
        ("echo '[]'", "gave no answer that can be understood"),
        ("""echo '{"schema": 1, "present": "yes"}'""", "does not understand (present)"),
        ("""echo '{"schema": 1, "present": true, "init": 1, "enforce": "error"}'""", "does not understand (init)"),
    ],
)
def test_a_section_that_cannot_be_asked_about_is_an_error_that_says_so(
    start_direct: StartDirect, tmp_path: Path, does: str, says: str
) -> None:
    direct = start_direct(OVIRT_NODE_KS_LINT=script(tmp_path / "fake", does))
    errors, _ = direct.read(GOOD + SECTION)
    assert len(errors) == 1 and "could not be read" in errors[0]
    assert says in errors[0], errors[0]


def test_a_missing_program_is_an_error_that_names_it(start_direct: StartDirect) -> None:
    direct = start_direct(OVIRT_NODE_KS_LINT="/nonexistent/ks-lint")
    errors, _ = direct.read(GOOD + SECTION)
    assert len(errors) == 1 and "/nonexistent/ks-lint cannot be started" in errors[0]


class Installed(Service):
    """The add-on as an installer starts it."""

    RUNS = "-m org_ovirt_node.service"


@pytest.mark.skipif(Path(checks.KICKSTART).exists(), reason="this machine is an installer")
def test_the_environment_chooses_neither_programs_nor_files(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    fake = script(tmp_path / "fake", "echo >{}\n".format(ran))
    service = Installed(tmp_path, OVIRT_NODE_KS_LINT=fake, OVIRT_NODE_LAYOUT=fake)
    try:
        errors, _ = service.read(GOOD + SECTION)
    finally:
        service.stop()
    # The program or the file of an installer is not on this machine.
    assert len(errors) == 1 and re.search("/usr/bin/ks-lint|/run/install/ks.cfg", errors[0]), errors
    assert not ran.exists(), "the environment has chosen the program"


def test_a_program_gets_nothing_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LVM_SYSTEM_DIR", "/nonexistent")
    shown = run([str(script(tmp_path / "shows", "env"))], 10).output.decode()
    # The shell's own.
    names = {line.partition("=")[0] for line in shown.splitlines()} - {"PWD", "_", "SHLVL", "OLDPWD"}
    assert names == {"PATH", "LC_ALL", "NO_COLOR", "KS_LINT_IN_INSTALLER"}


def test_a_missing_kickstart_is_an_error_that_names_it(start_direct: StartDirect) -> None:
    direct = start_direct(OVIRT_NODE_KICKSTART="/nonexistent/ks.cfg")
    errors, _ = direct.read("", section=SECTION)
    assert len(errors) == 1 and "/nonexistent/ks.cfg" in errors[0]


def test_a_kickstart_of_somebody_else_is_not_taken_for_ours(direct: Direct) -> None:
    errors, _ = direct.read(GOOD, section=SECTION)
    assert len(errors) == 1 and "does not have the section" in errors[0]


# Hostile input.


@pytest.mark.parametrize(
    "header, lines",
    [
        ("--nvr=-rf", ""),
        ("--nvr=--dry-run", ""),
        ("--nvr='a-1-1 --sysroot=/'", ""),
        ("--nvr=$(reboot)-1-1", ""),
        ("--policy=--help", ""),
        ("--policy=../../etc/passwd", ""),
        ("--policy=/dev/zero", ""),
        ("--policy=/dev/zero.toml", ""),
        ("", "waive NODE012 --reason='\x1b[2Jnothing to see'"),
        ("", "require /var/../etc --min-size=1"),
        ("", "require /var --min-size=99999999999999999999999999"),
        ("", "keep-images 4294967296"),
        ("--policy=$'\x1b]0;title\x07'", ""),
        ("--nvr=../../boot-1-1", ""),
        ("--nvr=a\u202eb-1-1", ""),
        ("", "waive NODE012 --reason='never closed"),
        ("", "\x00"),
    ],
)
def test_hostile_sections_are_refused_with_a_sentence(direct: Direct, header: str, lines: str) -> None:
    errors, _ = direct.read("{}%addon org_ovirt_node {}\n{}\n%end\n".format(GOOD, header, lines))
    assert len(errors) == 1, errors
    assert "\x1b" not in errors[0]
    assert "cannot be used" in errors[0]


def test_ten_megabytes_of_section_are_refused_with_a_sentence(direct: Direct) -> None:
    errors, _ = direct.read(GOOD + "%addon org_ovirt_node\n" + "waive nothing\n" * 750000 + "%end\n")
    assert len(errors) == 1 and len(errors[0]) < 4000
    assert "too large" in errors[0]


@pytest.mark.parametrize("included", ["/dev/zero", "/dev/stdin", "/proc/kmsg", "fifo", "/"])
def test_a_kickstart_that_includes_what_is_no_file_is_refused_with_a_sentence(
    direct: Direct, tmp_path: Path, included: str
) -> None:
    if included == "fifo":
        included = str(tmp_path / "fifo")
        os.mkfifo(included)
    errors, _ = direct.read(GOOD + "%include {}\n".format(included) + SECTION)
    assert len(errors) == 1
    assert "'{}' cannot be read: it is not a regular file".format(included) in errors[0], errors[0]
    assert "line {}: ".format(GOOD.count("\n") + 1) in errors[0]


@pytest.mark.parametrize(
    "argument",
    [
        "nvr=-rf",
        "nvr=--dry-run",
        "nvr='a-1-1 --sysroot=/'",
        "policy=--help",
        "policy=/dev/zero",
        "enforce=\x1b[2J",
        "layout=init;reboot",
    ],
)
def test_hostile_kernel_arguments_are_refused_with_a_sentence(direct: Direct, argument: str) -> None:
    (direct.directory / "cmdline").write_text("inst.text ovirt_node.{}\n".format(argument))
    errors, _ = direct.read(GOOD + SECTION)
    assert len(errors) == 1 and "cannot be used" in errors[0], errors
    assert "\x1b" not in errors[0]


def test_what_pre_has_written_is_read(direct: Direct, tmp_path: Path) -> None:
    """The volumes in a file that %pre has written: with them the kickstart is right, and theirs are the mistakes."""
    lines = GOOD.splitlines(True)
    volumes = [line for line in lines if line.startswith(("part", "volgroup", "logvol"))]
    included = tmp_path / "volumes"
    text = "".join(line for line in lines if line not in volumes) + "%include {}\n".format(included) + SECTION
    included.write_text("".join(volumes))
    assert direct.read(text) == ([], [])
    included.write_text("".join(volumes).replace("--size=1024\n", "--size=500\n", 1))
    errors, _ = direct.read(text)
    assert len(errors) == 1 and "{}, line 1: NODE011".format(included) in errors[0]


# The user interface.


def test_properties_that_are_set_become_a_section(service: Service) -> None:
    proxy = service.proxy
    changed = []
    proxy.PropertiesChanged.connect(lambda name, values, invalid: changed.append(get_native(values)))
    proxy.SetPolicy("ovirt-node-4.4")
    proxy.SetNvr("ovirt-node-ng-4.4.10-1")
    proxy.SetLayout("skip")
    proxy.SetKeepImages(3)
    assert proxy.GenerateKickstart() == (
        "%addon org_ovirt_node --policy=ovirt-node-4.4 --nvr=ovirt-node-ng-4.4.10-1\n"
        "layout --no-init\nkeep-images 3\n%end\n"
    )
    assert (proxy.Policy, proxy.Layout, proxy.KeepImages) == ("ovirt-node-4.4", "skip", 3)


def test_properties_can_be_assigned_to(service: Service) -> None:
    service.proxy.Enforce = "warn"
    assert service.proxy.Enforce == "warn"
    assert "--enforce=warn" in service.proxy.GenerateKickstart()


def test_whoever_watches_is_told_of_a_change(service: Service) -> None:
    from gi.repository import GLib

    changed = []
    service.proxy.Ping()
    service.proxy.PropertiesChanged.connect(lambda name, values, invalid: changed.append(get_native(values)))
    service.proxy.SetLayout("init")
    context = GLib.MainContext.default()
    for _ in range(40):
        if changed:
            break
        wake = GLib.timeout_add(50, lambda: True)
        context.iteration(True)
        GLib.source_remove(wake)
    assert changed and changed[0].get("Layout") == "init"


@pytest.mark.parametrize(
    "name, value",
    [
        ("Policy", get_variant("s", "no-such-policy")),
        ("Enforce", get_variant("s", "maybe")),
        ("Nvr", get_variant("s", "-rf")),
        ("Nvr", get_variant("s", "a-1-1\nlayout --no-init")),
        ("Layout", get_variant("s", "perhaps")),
        ("KeepImages", get_variant("i", -1)),
    ],
)
def test_a_property_that_cannot_be_is_refused_and_changes_nothing(service: Service, name: str, value: Any) -> None:
    service.read(GOOD + SECTION)
    before = service.proxy.GenerateKickstart()
    with pytest.raises(DBusError) as caught:
        service.proxy.Set(NAME, name, value)
    assert str(caught.value).strip()
    assert service.proxy.GenerateKickstart() == before
