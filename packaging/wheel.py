#!/usr/bin/env python3
"""Packs a program that is linked statically as a wheel: pip puts it into bin/, its manual pages and completions into share/. No
Python is in it.

    packaging/wheel.py PROGRAM DIRECTORY

maturin packs nothing that it has not built, and the programs of a release are built once for every kind of package: so this
script makes the wheel of a release, with what the program writes of itself in share/. From a checkout, `pip install .` and
`maturin build` make the same wheel without share/; tests/packages/test_wheel.py compares the two. Name, licence and description
are those of pyproject.toml. A static program needs no symbol of a C library, so it may have the tag of glibc 2.17
(manylinux2014), the oldest that pip knows on every supported release.
"""

import base64
import hashlib
import os
import platform
import subprocess
import sys
import tempfile
import time
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def shared(program: Path) -> list[tuple[str, bytes]]:
    """What belongs into share/, as in every other package."""
    with tempfile.TemporaryDirectory() as usr:
        subprocess.run([ROOT / "packaging/install-files", program.name, program.parent, usr], check=True)
        paths = sorted(path for path in Path(usr, "share").rglob("*") if path.is_file())
        return [(str(path.relative_to(usr)), path.read_bytes()) for path in paths]


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    program, directory = Path(sys.argv[1]), Path(sys.argv[2])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    version = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    name = project["name"].replace("-", "_")
    tags = [f"{tag}_{platform.machine()}" for tag in ("manylinux_2_17", "manylinux2014")]
    info = f"{name}-{version}.dist-info"
    metadata = [
        "Metadata-Version: 2.4",
        "Name: " + project["name"],
        "Version: " + version,
        "Summary: " + project["description"],
        "License-Expression: " + project["license"],
        "License-File: LICENSE",
        "Requires-Python: " + project["requires-python"],
        "Description-Content-Type: text/markdown; charset=UTF-8; variant=GFM",
        "",
        (ROOT / "README.md").read_text(),
    ]
    wheel = ["Wheel-Version: 1.0", "Generator: ks-lint", "Root-Is-Purelib: false", *("Tag: py3-none-" + tag for tag in tags), ""]
    data = f"{name}-{version}.data"
    files = [
        (f"{data}/scripts/{program.name}", program.read_bytes(), 0o755),
        *((f"{data}/data/{path}", content, 0o644) for path, content in shared(program)),
        (info + "/METADATA", "\n".join(metadata).encode(), 0o644),
        (info + "/WHEEL", "\n".join(wheel).encode(), 0o644),
        (info + "/licenses/LICENSE", (ROOT / "LICENSE").read_bytes(), 0o644),
    ]
    record = ""
    for path, content, _ in files:
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(content)}\n"
    files.append((info + "/RECORD", (record + info + "/RECORD,,\n").encode(), 0o644))

    # A zip knows no time before 1980.
    when = time.gmtime(max(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), 315532800))[:6]
    file = directory / f"{name}-{version}-py3-none-{'.'.join(tags)}.whl"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for inside, content, mode in files:
            entry = zipfile.ZipInfo(inside, when)
            entry.external_attr = (0o100000 | mode) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)


if __name__ == "__main__":
    main()
