"""The wheel: what it asks of a machine, how long it takes to the first finding, and that maturin makes the same one."""

import email
import os
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from conftest import EXAMPLE, FOUND, REPOSITORY, one, run

# What the tag promises.
PROMISED = (2, 17)
# From nothing to the first finding; it takes a few seconds, most of them to make the environment.
SECONDS = 60
MATURIN = "maturin==1.16.0"

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


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that maturin builds from the checkout; MATURIN_WHEEL names it instead of building it."""
    given = os.environ.get("MATURIN_WHEEL")
    if given:
        return Path(given)
    directory = tmp_path_factory.mktemp("maturin")
    environment = directory / "environment"
    run(sys.executable, "-m", "venv", environment)
    run(environment / "bin/pip", "install", "--quiet", "--disable-pip-version-check", MATURIN)
    run(environment / "bin/maturin", "build", "--manifest-path", REPOSITORY / "Cargo.toml", "--out", directory)
    return one(directory, "*.whl")


def fields(wheel: Path, name: str) -> set[tuple[str, str]]:
    """The fields of METADATA or WHEEL, but who made it."""
    with zipfile.ZipFile(wheel) as archive:
        (path,) = [path for path in archive.namelist() if path.endswith(f".dist-info/{name}")]
        message = email.message_from_bytes(archive.read(path))
    text = str(message.get_payload()).strip()
    return {("", text), *((field, value) for field, value in message.items() if field != "Generator")}


def test_maturin_builds_the_same_wheel_without_what_the_program_writes(tmp_path: Path, wheel: Path, built: Path) -> None:
    assert {*wheel.stem.rsplit("-", 1)[1].split(".")} == {*built.stem.rsplit("-", 1)[1].split(".")}
    for name in ("METADATA", "WHEEL"):
        assert fields(wheel, name) == fields(built, name)
    with zipfile.ZipFile(wheel) as ours, zipfile.ZipFile(built) as theirs:
        data = {path for path in theirs.namelist() if ".data/" in path}
        assert data == {path for path in ours.namelist() if ".data/" in path and ".data/data/share/" not in path}
        (license_,) = [path for path in theirs.namelist() if path.endswith("/licenses/LICENSE")]
        assert ours.read(license_) == theirs.read(license_)
        program = Path(theirs.extract(data.pop(), tmp_path))
    assert glibc(program) is None


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
