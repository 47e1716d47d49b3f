"""A program that does not do what it should is an error that says so."""

import time
from pathlib import Path
from typing import Any, List

import pytest

from conftest import script
from org_ovirt_node.service import programs
from org_ovirt_node.service.programs import ProgramError, run


def failure(path: Path, text: str, **options: Any) -> str:
    with pytest.raises(ProgramError) as caught:
        run([str(script(path, text))], options.pop("seconds", 10), **options).json()
    return str(caught.value)


def test_an_answer_comes_back_with_its_status(tmp_path: Path) -> None:
    result = run([str(script(tmp_path / "p", "echo '{\"a\": 1}'; echo said >&2; exit 1"))], 10)
    assert (result.status, result.json()) == (1, {"a": 1})
    assert "said" in result.excerpt()


def test_a_missing_program_is_named() -> None:
    with pytest.raises(ProgramError, match="/nonexistent/ks-lint cannot be started"):
        run(["/nonexistent/ks-lint"], 10)


def test_a_program_that_may_not_be_executed_is_named(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("")
    with pytest.raises(ProgramError, match="cannot be started"):
        run([str(tmp_path / "p")], 10)


def test_a_crash_is_told_from_an_end(tmp_path: Path) -> None:
    message = failure(tmp_path / "p", "echo at line 7 >&2; kill -SEGV $$")
    assert "crashed (SIGSEGV)" in message and "at line 7" in message


def test_a_program_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    begin = time.monotonic()
    message = failure(tmp_path / "p", "sleep 600 & sleep 600", seconds=0.5)
    assert "took longer than 0.5 seconds" in message
    assert time.monotonic() - begin < 5, "the program was not ended"


def test_a_program_that_has_ended_is_not_waited_for_because_of_its_children(tmp_path: Path) -> None:
    begin = time.monotonic()
    run([str(script(tmp_path / "p", "sleep 600 & echo '{}'"))], 60)
    assert time.monotonic() - begin < 5, "a child that holds the pipe open was waited for"


@pytest.mark.parametrize("nonsense", ["", "not json", "[1]", "'\\377\\376'", '{\\"a\\":'])
def test_nonsense_is_no_answer(tmp_path: Path, nonsense: str) -> None:
    message = failure(tmp_path / "p", 'printf "{}"'.format(nonsense))
    assert "gave no answer that can be understood" in message


def test_deep_nesting_is_no_answer(tmp_path: Path) -> None:
    message = failure(tmp_path / "p", "head -c 200000 /dev/zero | tr '\\0' '['")
    assert "gave no answer that can be understood" in message


def test_output_without_an_end_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "LARGEST_OUTPUT", 1 << 20)
    assert "says more than 1 MiB" in failure(tmp_path / "p", "yes")


def test_a_cancelled_program_is_ended(tmp_path: Path) -> None:
    begin = time.monotonic()
    message = failure(tmp_path / "p", "sleep 600", is_cancelled=lambda: True)
    assert "was cancelled" in message
    assert time.monotonic() - begin < 5


def test_lines_are_handed_on_as_they_come(tmp_path: Path) -> None:
    seen: List[str] = []
    run([str(script(tmp_path / "p", "echo one; sleep 0.3; printf 'two\\nthr'; printf 'ee\\n'"))], 10, seen.append)
    assert seen == ["one", "two", "three"]


def test_what_a_console_would_obey_is_not_shown() -> None:
    assert programs.harmless("a\x1b[2Jb\nc\u202e") == "a?[2Jb\nc?"
