"""updates.img and product.img: what is in them, and that they cannot be built from programs that would not run."""

import gzip
import os
import shutil
import subprocess
from pathlib import Path
from typing import Dict, List, Optional

import pytest

from conftest import NAME, SHIM, program, script, stand_in

pytestmark = pytest.mark.skipif(not shutil.which("cpio"), reason="cpio is not installed")


def build(*arguments: object, environment: Optional[Dict[str, str]] = None) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [str(SHIM / "build-image"), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(os.environ, **(environment or {})),
    )


def stand_ins(directory: Path) -> Path:
    """Programs that are not linked at all: scripts."""
    directory.mkdir()
    stand_in(directory / "ks-lint", program("ks-lint", "OVIRT_NODE_KS_LINT"))
    script(directory / "node-layout", "exit 0\n")
    return directory


def unpacked(image: Path, directory: Path) -> Dict[str, Path]:
    directory.mkdir()
    archive = gzip.decompress(image.read_bytes())
    subprocess.run(["cpio", "--quiet", "-id"], input=archive, cwd=str(directory), check=True)
    return {str(path.relative_to(directory)): path for path in directory.rglob("*") if path.is_file()}


def test_the_image_has_everything_where_the_installer_looks_for_it(tmp_path: Path) -> None:
    result = build("--output", tmp_path / "out", "--programs", stand_ins(tmp_path / "programs"))
    assert result.returncode == 0, result.stderr.decode()
    assert b"inst.updates=" in result.stdout, "nothing says how to boot with it"
    files = unpacked(tmp_path / "out" / "updates.img", tmp_path / "root")
    for name in [
        "usr/bin/ks-lint",
        "usr/bin/node-layout",
        "usr/share/anaconda/addons/org_ovirt_node/__init__.py",
        "usr/share/anaconda/addons/org_ovirt_node/service/__main__.py",
        "usr/share/anaconda/dbus/services/" + NAME + ".service",
        "usr/share/anaconda/dbus/confs/" + NAME + ".conf",
    ]:
        assert name in files, name
    assert files["usr/bin/ks-lint"].stat().st_mode & 0o111, "ks-lint cannot be executed"
    assert "must_not_be_on_root = /var" in files["etc/anaconda/conf.d/90-ovirt-node.conf"].read_text()
    assert not [name for name in files if "test" in name or "pycache" in name]
    assert (tmp_path / "out" / "product.img").read_bytes() == (tmp_path / "out" / "updates.img").read_bytes()


def test_the_same_input_gives_the_same_image(tmp_path: Path) -> None:
    programs = stand_ins(tmp_path / "programs")
    for name in ("one", "two"):
        assert build("--output", tmp_path / name, "--programs", programs).returncode == 0
    assert (tmp_path / "one" / "updates.img").read_bytes() == (tmp_path / "two" / "updates.img").read_bytes()


def test_without_programs_cargo_links_them_statically(tmp_path: Path) -> None:
    """A cargo that does nothing but put programs where the real one would."""
    built = stand_ins(tmp_path / "built")
    (tmp_path / "bin").mkdir()
    script(tmp_path / "bin" / "rustc", "echo 'host: some-linux-gnu'\n")
    words = 'echo "$RUSTFLAGS $@" >{0}/arguments\nput="$CARGO_TARGET_DIR/some-linux-gnu/dist"\n'
    words += 'mkdir -p "$put"\ncp {1}/* "$put/"\n'
    script(tmp_path / "bin" / "cargo", words.format(tmp_path, built))
    environment = {
        "PATH": "{}:{}".format(tmp_path / "bin", os.environ["PATH"]),
        "CARGO_TARGET_DIR": str(tmp_path / "target"),
    }
    result = build("--output", tmp_path / "out", environment=environment)
    assert result.returncode == 0, result.stderr.decode()
    called = (tmp_path / "arguments").read_text()
    assert "-C target-feature=+crt-static build --profile dist --locked " in called, called
    assert "--remap-path-prefix={}=/target ".format(tmp_path / "target") in called, called
    # With a target named, the flag does not reach build scripts and macros, which have to be dynamic.
    assert "--target some-linux-gnu " in called, called
    assert "usr/bin/node-layout" in unpacked(tmp_path / "out" / "updates.img", tmp_path / "root")


def test_programs_that_need_a_library_are_refused(tmp_path: Path) -> None:
    programs = stand_ins(tmp_path / "programs")
    (programs / "node-layout").unlink()
    shutil.copy(str(program("node-layout", "OVIRT_NODE_LAYOUT")), str(programs / "node-layout"))
    result = build("--output", tmp_path / "out", "--programs", programs)
    assert result.returncode == 1 and b"linked dynamically" in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("arguments", [["--nonsense"], ["--output"], ["--programs", "/nonexistent"]])
def test_wrong_arguments_are_refused(arguments: List[str]) -> None:
    result = build(*arguments)
    assert result.returncode in (1, 2) and result.stderr


def test_an_unknown_policy_is_refused(tmp_path: Path) -> None:
    result = build(
        "--output", tmp_path / "out", "--programs", stand_ins(tmp_path / "programs"), "--policy", "ovirt-nod"
    )
    assert result.returncode != 0 and b"did you mean" in result.stderr
