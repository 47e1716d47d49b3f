#!/usr/bin/env python3
"""VS Code's side of the protocol without VS Code: the library of its client asks for every feature under plain Node.js, and the
extension is packaged by vsce and loaded from its package.

    tests/editors/vscode_protocol.py [--require]

Needs Node.js 20 and npm, which brings the rest below target/vscode-protocol, where it is kept. Without them, or where npm cannot
install something, this is skipped with a line that says so; with --require only a missing Node.js or npm is.
vscode_capabilities.json is what VS Code 1.96 said of itself with the extension (vscode.py --capabilities records it).
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from functools import partial

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
PLACE = TARGET / "vscode-protocol"
# The library of VS Code's own client, whose types say what VS Code takes. Of the version that vscode-languageclient 11 uses.
LIBRARY = "vscode-languageserver-protocol@3.18.5"
NPM = ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", "--ignore-scripts"]
SECONDS = 300
# Loads the extension as VS Code would; the module "vscode", which only VS Code has, is one in which every name is a class.
LOAD = """
const Module = require("module");
class Anything {}
const api = new Proxy({}, { get: () => Anything });
const resolve = Module._load;
Module._load = (name, ...rest) => (name === "vscode" ? api : resolve(name, ...rest));
const { activate, deactivate } = require(process.argv[1]);
if (typeof activate !== "function" || typeof deactivate !== "function") throw new Error("it cannot be activated");
"""


class NotInstalledError(Exception):
    """Something that npm cannot bring."""


def run(command: list[str], place: pathlib.Path) -> None:
    """Runs a program that may need the registry."""
    try:
        result = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False, timeout=SECONDS)
    except subprocess.TimeoutExpired as error:
        raise NotInstalledError(str(error)) from error
    if result.returncode:
        raise NotInstalledError(f"{' '.join(command)}: {(result.stderr or result.stdout).strip()}")


def install(name: str, package: str) -> pathlib.Path:
    """Installs a package below target, once for each version; the directory with node_modules."""
    place = PLACE / f"{name}-{package.rpartition('@')[2]}"
    if not (place / "installed").exists():
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        (place / "package.json").write_text("{}\n")
        run([*NPM, package], place)
        (place / "installed").touch()
    return place


def ask(program: str) -> str:
    """Everything that the library asks; what worked, or an error."""
    place = install("library", LIBRARY)
    with tempfile.TemporaryDirectory() as directory:
        file = shutil.copy(ROOT / "kickstart-examples" / "wrong.ks", pathlib.Path(directory) / "node.ks")
        script = shutil.copy(HERE / "vscode_protocol.js", place)
        command = ["node", str(script), program, str(file), str(HERE / "vscode_capabilities.json")]
        result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
    worked = [line.removeprefix("ok ") for line in result.stdout.splitlines() if line.startswith("ok ")]
    if result.returncode or "exit" not in worked:
        raise AssertionError(result.stdout + result.stderr)
    return ", ".join(worked)


def package() -> str:
    """Packages the extension, and loads what is in the package."""
    manifest = json.loads((ROOT / "editors" / "vscode" / "package.json").read_text())
    vsce = install("vsce", f"@vscode/vsce@{manifest['devDependencies']['@vscode/vsce']}")
    with tempfile.TemporaryDirectory() as directory:
        place = pathlib.Path(directory)
        extension = shutil.copytree(
            ROOT / "editors" / "vscode", place / "extension", ignore=shutil.ignore_patterns("node_modules")
        )
        run([*NPM, "--omit=dev"], extension)
        command = [str(vsce / "node_modules" / ".bin" / "vsce"), "package", "--allow-missing-repository", "--skip-license"]
        result = subprocess.run(
            [*command, "--out", "ks-lint.vsix"], cwd=extension, capture_output=True, text=True, check=False, timeout=SECONDS
        )
        if result.returncode:
            raise AssertionError(result.stdout + result.stderr)
        with zipfile.ZipFile(extension / "ks-lint.vsix") as archive:
            names = archive.namelist()
            archive.extractall(place / "installed")
        files = [contribution["path"] for kind in ("grammars", "snippets") for contribution in manifest["contributes"][kind]]
        files += [language["configuration"] for language in manifest["contributes"]["languages"]]
        for file in (*files, manifest["main"], "package.json"):
            name = f"extension/{file.removeprefix('./')}"
            if name not in names:
                raise AssertionError(f"{name} is not in the package: {names}")
        main = place / "installed" / "extension" / manifest["main"]
        loaded = subprocess.run(["node", "-e", LOAD, str(main)], capture_output=True, text=True, check=False, timeout=SECONDS)
        if loaded.returncode:
            raise AssertionError(f"the packaged extension does not load: {loaded.stderr}")
        size = (extension / "ks-lint.vsix").stat().st_size // 1024
    return f"package of {len(names)} files and {size} KiB, loads"


def contributions(program: str) -> str:
    """The problem matcher reads what the program prints; what snippets insert is accepted by the language."""
    manifest = json.loads((ROOT / "editors" / "vscode" / "package.json").read_text())
    pattern = manifest["contributes"]["problemMatchers"][0]["pattern"]
    wrong = "kickstart-examples/wrong.ks"
    command = [program, "--format", "concise", wrong]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    lines = [line for line in printed.splitlines() if line.startswith(wrong)]
    for line in lines:
        found = re.search(pattern["regexp"], line)
        if not found or not found[pattern["line"]].isdigit() or not re.fullmatch(r"[A-Z]+\d+", found[pattern["code"]]):
            raise AssertionError(f"the problem matcher does not read: {line}")
    if len(lines) < 3:
        raise AssertionError(f"the program prints no findings: {printed}")
    snippets = json.loads(
        (ROOT / "editors" / "vscode" / manifest["contributes"]["snippets"][0]["path"].removeprefix("./")).read_text()
    )
    for name, snippet in snippets.items():
        text = "\n".join(snippet["body"]) if isinstance(snippet["body"], list) else snippet["body"]
        text = re.sub(r"\$\{\d+\|([^,|]*)[^}]*\}|\$\{\d+:([^}]*)\}|\$\{?\d+\}?", lambda part: part[1] or part[2] or "", text)
        command = [program, "--select", "KS", "--syntax", "RHEL9", "-"]
        checked = subprocess.run(command, input=f"{text}\n", capture_output=True, text=True, check=False)
        if checked.returncode:
            raise AssertionError(f"the snippet {name}:\n{text}\n{checked.stdout}{checked.stderr}")
    return f"problem matcher, {len(snippets)} snippets"


def main(arguments: list[str]) -> int:
    if set(arguments) - {"--require"}:
        print(__doc__)
        return 0 if arguments == ["--help"] else 2
    program = os.environ.get("KS_LINT")
    if program is None:
        subprocess.run(["cargo", "build", "--quiet", "--bin", "ks-lint"], cwd=ROOT, check=True)
        program = str(TARGET / "debug" / "ks-lint")
    failed = 0
    attempts: dict[str, Callable[[], str]] = {"VS Code's files": partial(contributions, program)}
    missing = [name for name in ("node", "npm") if not shutil.which(name)]
    if missing:
        print(f"VS Code's client and package: skipped, {' and '.join(missing)} is missing")
    else:
        attempts |= {"VS Code's client": partial(ask, program), "VS Code's package": package}
    for name, attempt in attempts.items():
        try:
            print(f"{name}: {attempt()}")
        except NotInstalledError as error:
            if "--require" in arguments:
                failed += 1
            print(f"{name}: {'failed' if '--require' in arguments else 'skipped'}, npm cannot install it: {error}")
        except AssertionError as error:
            failed += 1
            print(f"{name}: {error}")
    print(f"{len(attempts) - failed} passed, {failed} failed: VS Code's files, client and package")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
