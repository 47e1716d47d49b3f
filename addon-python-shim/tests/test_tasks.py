"""The tasks: the disks before partitioning, the layout after the payload."""

import json
import os
from pathlib import Path
from typing import Any, Dict

import pytest

from conftest import GOOD, SECTION, Direct, Outcome, Start, StartDirect, program, script
from test_service import ANSWER
from test_wrong_kickstarts import add_on

STEPS = [
    {"step": 1, "of": 2, "name": "base", "state": "start", "message": "freeze the base"},
    {"step": 1, "of": 2, "name": "base", "state": "done", "message": "freeze the base"},
    {"step": 2, "of": 2, "name": "layer", "state": "start", "message": "rename root"},
]
DONE = {"step": 2, "of": 2, "name": "layer", "state": "done", "message": "rename root"}
FAILED = {"step": 2, "of": 2, "name": "layer", "state": "failed", "message": "lvrename: no"}


def says(*events: Dict[str, Any]) -> str:
    return "".join("echo '{}'\n".format(json.dumps(event)) for event in events)


def layout_task(start_direct: StartDirect, tmp_path: Path, does: str, section: str = SECTION) -> Outcome:
    """Run the task of the layout with a node-layout that does this."""
    program = script(tmp_path / "node-layout", 'echo "$@" >{}/arguments\n'.format(tmp_path) + does)
    service = start_direct(OVIRT_NODE_LAYOUT=program)
    assert service.read(GOOD + section) == ([], [])
    (task,) = service.module.install_with_tasks()
    return service.task(task)


def test_progress_is_reported_and_success_is_success(start_direct: StartDirect, tmp_path: Path) -> None:
    result = {"result": "initialised", "message": "initialised: node-1-1+1", "findings": []}
    progress, failure = layout_task(start_direct, tmp_path, says(*STEPS, DONE, result))
    assert failure is None
    assert [p for p in progress if "/2)" in p] == ["freeze the base (1/2)", "rename root (2/2)"]
    arguments = (tmp_path / "arguments").read_text().split()
    assert arguments == [
        "init",
        "--sysroot={}".format(os.environ.get("SYSROOT", "/mnt/sysroot")),
        "--format=json",
        "--policy=ovirt-node",
        "--addon-nvr=ovirt-node-ng-4.5.6-0.20261121.0",
        "--keep-images=2",
    ]


def test_a_host_that_has_a_layout_already_is_no_failure(start_direct: StartDirect, tmp_path: Path) -> None:
    _, failure = layout_task(
        start_direct, tmp_path, says({"result": "already-initialised", "message": "already initialised"})
    )
    assert failure is None


def test_a_refusal_fails_with_every_reason(start_direct: StartDirect, tmp_path: Path) -> None:
    findings = [
        {"code": "LAY010", "severity": "error", "message": "/ is on sda2", "help": "install it on a thin volume"},
        {"code": "LAY014", "severity": "warning", "message": "only a remark", "help": None},
    ]
    result = {"result": "refused", "message": "refused; nothing was changed", "findings": findings}
    _, failure = layout_task(start_direct, tmp_path, says(result) + "exit 1")
    assert failure and "refused; nothing was changed" in failure
    assert "LAY010: / is on sda2" in failure and "install it on a thin volume" in failure
    assert "only a remark" not in failure
    assert "node-layout verify --sysroot=" in failure, "the failure does not say how to look further"


@pytest.mark.parametrize(
    "does, reason",
    [
        (
            says(*STEPS, FAILED, {"result": "failed", "message": "layer failed: lvrename: no"}) + "exit 2",
            "lvrename: no",
        ),
        (says(*STEPS), "ended with status 0 and without a result"),
        (says(*STEPS) + "echo oops >&2; exit 2", "without a result: oops"),
        (says(*STEPS) + "kill -SEGV $$", "crashed (SIGSEGV)"),
        ("echo hello", "said what this add-on does not understand: hello"),
        ("echo '[1]'", "said what this add-on does not understand"),
        (says({"result": "initialised", "message": "fine"}) + "exit 2", "fine"),
        (says({"result": "something"}), "no reason given"),
    ],
)
def test_a_failure_fails_the_installation_with_the_reason(
    start_direct: StartDirect, tmp_path: Path, does: str, reason: str
) -> None:
    _, failure = layout_task(start_direct, tmp_path, does)
    assert failure and "The layout of oVirt Node was not made" in failure
    assert reason in failure


def test_a_missing_program_fails_the_installation(start_direct: StartDirect) -> None:
    service = start_direct(OVIRT_NODE_LAYOUT="/nonexistent/node-layout")
    service.read(GOOD + SECTION)
    (task,) = service.module.install_with_tasks()
    _, failure = service.task(task)
    assert failure and "/nonexistent/node-layout cannot be started" in failure


def test_the_real_program_refuses_what_is_no_node(start_direct: StartDirect, tmp_path: Path) -> None:
    """The machine that the tests run on has no layout to be made: node-layout, the real one, says so."""
    service = start_direct()
    service.read(GOOD + SECTION)
    (task,) = service.module.install_with_tasks()
    _, failure = service.task(task)
    assert failure and "The layout of oVirt Node was not made" in failure
    assert "does not understand" not in failure, "what node-layout says was not understood"


def test_the_real_program_with_dry_run_refuses_an_empty_directory_with_every_reason(
    start_direct: StartDirect, tmp_path: Path
) -> None:
    """There is no node to try it on here (the virtual machines have one): what is carried is the refusal."""
    root = tmp_path / "root"
    root.mkdir()
    words = 'test "$1" = init && shift 2 && exec "{}" init --dry-run --sysroot="{}" "$@"\n'
    real = program("node-layout", "OVIRT_NODE_LAYOUT")
    service = start_direct(OVIRT_NODE_LAYOUT=script(tmp_path / "node-layout", words.format(real, root)))
    assert service.read(GOOD + SECTION) == ([], [])
    (task,) = service.module.install_with_tasks()
    _, failure = service.task(task)
    assert failure and "refused; nothing was changed" in failure, failure
    assert "  * LAY010: " in failure or "  * LAY002: the program 'lvm' is needed" in failure, failure
    assert "LAY014" not in failure, "recommendations are no reasons"
    assert list(root.iterdir()) == []


# The disks.


def disks_task(start_direct: StartDirect, tmp_path: Path, does: str, section: Dict[str, Any]) -> Outcome:
    """Run the task of the disks with a ks-lint whose plan does this."""
    program = script(
        tmp_path / "ks-lint",
        "echo \"$@\" >>{}/arguments\ncase $1 in addon) echo '{}' ;; check) echo '{}' ;; plan) {} ;; esac\n".format(
            tmp_path, json.dumps(dict(ANSWER, **section)), '{"schema": 1, "files": [{"diagnostics": []}]}', does
        ),
    )
    service = start_direct(OVIRT_NODE_KS_LINT=program)
    assert service.read(GOOD + SECTION) == ([], [])
    (task,) = service.module.configure_with_tasks()
    return service.task(task)


def plan(verdict: str = "proceeds", *messages: Dict[str, Any], **more: Any) -> str:
    return "echo '{}'\n".format(json.dumps(dict({"schema": 1, "verdict": verdict, "messages": list(messages)}, **more)))


SMALL = {"severity": "error", "code": "STO018", "text": "no room for /var", "help": "less", "line": 21}


def test_disks_that_will_do_are_passed_over(start_direct: StartDirect, tmp_path: Path) -> None:
    progress, failure = disks_task(start_direct, tmp_path, plan(), {})
    assert failure is None
    called = (tmp_path / "arguments").read_text().splitlines()[-1]
    assert called == "plan --host --images=2 --format=json --syntax={} --policy=ovirt-node -- {}".format(
        os.environ.get("SYNTAX", called.split("--syntax=")[1].split()[0]), tmp_path / "ks.cfg"
    )


def test_disks_that_will_not_do_stop_the_installation_with_the_line(start_direct: StartDirect, tmp_path: Path) -> None:
    _, failure = disks_task(start_direct, tmp_path, plan("stops", SMALL) + "exit 1", {})
    assert failure and "line 21: STO018: no room for /var" in failure
    assert "Nothing was written to any disk" in failure


def test_the_real_plan_for_this_machine_is_understood(direct: Direct) -> None:
    """Whatever disks the tests run on: there is a verdict, or a reason why there is none that ks-lint gives."""
    assert direct.read(GOOD + SECTION) == ([], [])
    (task,) = direct.module.configure_with_tasks()
    _, failure = direct.task(task)
    if failure:
        assert "line " in failure or "could not do its work (status 2): " in failure, failure
        assert "unexpected argument" not in failure


def test_disks_too_small_are_refused_by_the_real_plan_with_line_and_advice(
    start_direct: StartDirect, tmp_path: Path
) -> None:
    """As on a machine with one disk of 20 GiB; the rest is the real ks-lint."""
    real = program("ks-lint", "OVIRT_NODE_KS_LINT")
    words = 'case $1 in plan) shift 2; exec "{0}" plan --disk vda=20GiB "$@" ;; *) exec "{0}" "$@" ;; esac\n'
    direct = start_direct(OVIRT_NODE_KS_LINT=script(tmp_path / "fake", words.format(real)))
    assert direct.read(GOOD + SECTION) == ([], [])
    (task,) = direct.module.configure_with_tasks()
    _, failure = direct.task(task)
    assert failure and "  * line " in failure and ": STO" in failure, failure
    assert "Nothing was written to any disk" in failure


def test_what_anaconda_would_not_object_to_stops_the_installation_all_the_same(
    start_direct: StartDirect, tmp_path: Path
) -> None:
    """Room for too few images: the installer proceeds, and ks-lint has an error."""
    _, failure = disks_task(start_direct, tmp_path, plan("proceeds", dict(SMALL, text="room for 1 image")), {})
    assert failure and "line 21: STO018: room for 1 image" in failure


def test_images_that_a_user_interface_asks_for_must_fit(start_direct: StartDirect, tmp_path: Path) -> None:
    direct, _ = add_on(start_direct, tmp_path, 80)
    assert direct.read(GOOD + SECTION) == ([], [])
    direct.module.set_keep_images(8)
    (task,) = direct.module.configure_with_tasks()
    _, failure = direct.task(task)
    assert failure and "NODE012: these disks have room for " in failure and "asks for 8" in failure, failure


def test_enforce_warn_goes_on_with_any_disks(start_direct: StartDirect, tmp_path: Path) -> None:
    _, failure = disks_task(start_direct, tmp_path, plan("stops", SMALL) + "exit 1", {"enforce": "warn"})
    assert failure is None


@pytest.mark.parametrize(
    "does, reason",
    [
        ("exit 2", "could not do its work (status 2)"),
        ("echo no disks >&2; exit 2", "could not do its work (status 2): no disks"),
        ("kill -ABRT $$", "crashed (SIGABRT)"),
        ("echo hello", "no answer that can be understood"),
        (plan("maybe"), "gave no verdict"),
        ("""echo '{"schema": 1, "verdict": "proceeds"}'""", "does not understand (messages)"),
        (plan("stops"), "would stop on these disks"),
    ],
)
def test_a_plan_that_fails_is_an_error_that_says_so(
    start_direct: StartDirect, tmp_path: Path, does: str, reason: str
) -> None:
    _, failure = disks_task(start_direct, tmp_path, does, {})
    assert failure and reason in failure


def test_the_disks_stay_as_they_are(start_direct: StartDirect, tmp_path: Path) -> None:
    """What is called before partitioning gets no more than the right to read."""
    _, failure = disks_task(start_direct, tmp_path, plan("stops", SMALL) + "exit 1", {})
    assert failure
    called = (tmp_path / "arguments").read_text().split()
    assert not {"init", "update", "rollback", "remove"} & set(called)


def test_tasks_run_on_the_bus_and_their_failure_arrives_there(start: Start, tmp_path: Path) -> None:
    result = {"result": "failed", "message": "layer failed: lvrename: no"}
    program = script(tmp_path / "node-layout", says(*STEPS, result) + "exit 2")
    service = start(OVIRT_NODE_LAYOUT=program)
    assert service.read(GOOD + SECTION) == ([], []), service.said()
    (task,) = service.proxy.InstallWithTasks()
    progress, failure = service.task(task)
    assert "rename root (2/2)" in progress
    assert failure and "lvrename: no" in failure
