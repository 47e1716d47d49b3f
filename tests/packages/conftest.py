"""The files of a release, built from the programs that ship, and what installs them.

RELEASE_PROGRAMS names the directory that packaging/build-static prints; without it, that is built.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGING = REPOSITORY / "packaging"
# Where roots are kept: making one takes longer than the tests in it.
LAB = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target")) / "packages-lab"
PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"
# What a first check of this file says.
EXAMPLE = REPOSITORY / "kickstart-examples" / "wrong.ks"
FOUND = "[NODE003]"


def run(*command: object, status: int = 0, **environment: str) -> str:
    """Runs a program and returns all that it prints; any other exit status is a failure."""
    done = subprocess.run(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env={**os.environ, "PATH": PATH, **environment},
    )
    assert done.returncode == status, f"{' '.join(map(str, command))}: exit status {done.returncode}\n{done.stdout}"
    return done.stdout


def one(directory: Path, pattern: str) -> Path:
    """The only file of a directory with such a name."""
    found = list(directory.glob(pattern))
    assert len(found) == 1, (pattern, found)
    return found[0]


def files_below(root: Path, but: Sequence[str] = ()) -> set[str]:
    """Everything below a directory, except what is below these paths."""
    found: set[str] = set()
    for directory, directories, files in os.walk(root):
        below = Path(directory).relative_to(root)
        directories[:] = [name for name in directories if str(below / name) not in but]
        found |= {str(below / name) for name in [*directories, *files]}
    return found


def needed(*programs: str) -> None:
    """Fails unless these programs are installed: what is tried on request is never skipped."""
    missing = [program for program in programs if not shutil.which(program, path=PATH)]
    assert not missing, f"{' and '.join(missing)} must be installed: tests/packages/README.md says by what"


@pytest.fixture(scope="session")
def programs() -> Path:
    """A directory with the programs that ship."""
    given = os.environ.get("RELEASE_PROGRAMS")
    return Path(given or run(PACKAGING / "build-static").splitlines()[-1])


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory, programs: Path) -> Path:
    """A directory with the files of a release."""
    directory = tmp_path_factory.mktemp("release")
    run(PACKAGING / "build-release", "--programs", programs, "--output", directory)
    return directory
