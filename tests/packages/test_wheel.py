"""The wheel: what it asks of a machine, and how long it takes to the first finding."""

import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from conftest import EXAMPLE, FOUND, one, run

# What the tag promises.
PROMISED = (2, 17)
# From nothing to the first finding; it takes a few seconds, most of them to make the environment.
SECONDS = 60

Version = tuple[int, ...]


def glibc(program: Path) -> Version | None:
    """The oldest C library that a program runs with; None if it needs none."""
    asked = run("readelf", "--wide", "--version-info", program)
    versions = [tuple(map(int, version.split("."))) for version in re.findall(r"Name: GLIBC_([0-9.]+)", asked)]
    libraries = re.findall(r"\(NEEDED\)", run("readelf", "--wide", "--dynamic", program))
    assert versions or not libraries, f"{program} needs libraries, but no version of a C library"
    return max(versions, default=None)


@pytest.fixture(scope="session")
def wheel(release: Path) -> Path:
    return one(release, "*.whl")


def test_the_program_in_the_wheel_needs_no_newer_c_library_than_the_tag_says(tmp_path: Path, wheel: Path) -> None:
    tag = f"manylinux_{PROMISED[0]}_{PROMISED[1]}_"
    assert tag in wheel.name
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if ".data/scripts/" in name]
        assert [name.rsplit("/", 1)[1] for name in names] == ["ks-lint"]
        program = Path(archive.extract(names[0], tmp_path))
    oldest = glibc(program)
    assert oldest is None or oldest <= PROMISED, f"the program needs glibc {oldest}"


def test_a_program_that_is_linked_with_a_newer_c_library_is_found() -> None:
    """The test above can fail."""
    oldest = glibc(Path("/bin/bash"))
    assert oldest and oldest > PROMISED, oldest


def test_the_first_finding_is_seconds_away(tmp_path: Path, wheel: Path, capsys: pytest.CaptureFixture[str]) -> None:
    start = time.monotonic()
    environment = tmp_path / "environment"
    run(sys.executable, "-m", "venv", environment)
    made = time.monotonic()
    run(environment / "bin/pip", "install", "--quiet", "--no-index", "--disable-pip-version-check", wheel)
    installed = time.monotonic()
    found = run(environment / "bin/ks-lint", "--format", "concise", EXAMPLE, status=1)
    end = time.monotonic()
    assert FOUND in found
    with capsys.disabled():
        print(
            f"\nwheel: first finding after {end - start:.1f} s: environment {made - start:.1f} s, "
            f"pip {installed - made:.1f} s, ks-lint {(end - installed) * 1000:.0f} ms"
        )
    assert end - start < SECONDS
    subprocess.run([environment / "bin/pip", "check"], check=True, stdout=subprocess.DEVNULL)
