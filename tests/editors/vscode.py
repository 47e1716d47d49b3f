#!/usr/bin/env python3
"""VS Code with the packaged extension, in a headless browser: the language, diagnostics, code lens, inlay hints, hover,
completion, fixes on save. On request: ./scripts/test vscode.

    tests/editors/vscode.py [--picture FILE.png] [--capabilities FILE.json]

--capabilities writes what the editor said of itself (vscode_capabilities.json, for vscode_protocol.py).

The server of VS Code is that of code-server, which npm has; its modules in C++ are compiled with the headers of this Node.js.
Needs Node.js 20 with headers, npm, a compiler for C++ and Chromium. Takes about three minutes, most of it for the installation
below target/vscode, which is kept.
"""

import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
PLACE = TARGET / "vscode"
# VS Code 1.96; the last code-server for Node.js 20.
PACKAGES = ["code-server@4.96.4", "puppeteer-core@24"]
SERVER = PLACE / "node_modules" / "code-server" / "lib" / "vscode"
# What the server does not start without.
COMPILED = ["@vscode/spdlog", "native-watchdog"]
NPM = ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error"]


def run(command: list[str], place: pathlib.Path) -> None:
    """Runs a program; its output is shown when it fails."""
    result = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    if result.returncode:
        sys.exit(f"{' '.join(command)} in {place}:\n{result.stdout}{result.stderr}")


def install() -> None:
    """Installs the server of VS Code and what drives a browser."""
    if (PLACE / "installed").exists():
        return
    PLACE.mkdir(parents=True, exist_ok=True)
    (PLACE / "package.json").write_text("{}\n")
    run([*NPM, "--ignore-scripts", *PACKAGES], PLACE)
    # Its lock file names a repository; the dependencies themselves are all in the registry.
    (SERVER / "npm-shrinkwrap.json").unlink()
    run([*NPM, "--ignore-scripts", "--omit=dev"], SERVER)
    headers = pathlib.Path(os.path.realpath(shutil.which("node") or "node")).parent.parent
    for module in COMPILED:
        run(["npx", "--yes", "node-gyp@11", "rebuild", f"--nodedir={headers}"], SERVER / "node_modules" / module)
    (PLACE / "installed").touch()


def package(place: pathlib.Path) -> pathlib.Path:
    """Packages the extension with vsce, in a copy."""
    extension = shutil.copytree(ROOT / "editors" / "vscode", place / "extension", ignore=shutil.ignore_patterns("node_modules"))
    run([*NPM, "--ignore-scripts"], extension)
    run(["npx", "vsce", "package", "--allow-missing-repository", "--skip-license", "--out", "ks-lint.vsix"], extension)
    return extension / "ks-lint.vsix"


def settings(program: str) -> str:
    """Settings of a person."""
    return json.dumps(
        {
            "ks-lint.path": program,
            "ks-lint.syntax": "RHEL9",
            "ks-lint.policy": "ovirt-node",
            "ks-lint.disks": ["sda=200GiB"],
            "editor.codeActionsOnSave": {"source.fixAll.ks-lint": "explicit"},
            "editor.minimap.enabled": False,
            "workbench.startupEditor": "none",
        }
    )


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def recorder(program: str, place: pathlib.Path) -> str:
    """A program that writes down what the editor sends, and is the language server otherwise."""
    script = place / "recorder"
    script.write_text(f'#!/bin/sh\ntee "{place}/sent" | "{program}" "$@"\n')
    script.chmod(0o755)
    return str(script)


def capabilities(sent: bytes) -> str:
    """What the editor said of itself, in what it sent: its first message."""
    head, _, rest = sent.partition(b"\r\n\r\n")
    message = json.loads(rest[: int(head.split(b":")[1])])
    return json.dumps(message["params"]["capabilities"], indent=1, sort_keys=True) + "\n"


def attempt(program: str, browser: str, picture: list[str], recorded: str | None) -> bool:
    """Starts the server with the extension, and lets the script work on a copy of the wrong example."""
    with tempfile.TemporaryDirectory() as directory:
        place = pathlib.Path(directory)
        (place / "data" / "Machine").mkdir(parents=True)
        used = recorder(program, place) if recorded else program
        (place / "data" / "Machine" / "settings.json").write_text(settings(used))
        (place / "work").mkdir()
        file = shutil.copy(ROOT / "kickstart-examples" / "wrong.ks", place / "work" / "node.ks")
        server = ["node", str(SERVER / "out" / "server-main.js"), "--accept-server-license-terms"]
        server += ["--extensions-dir", str(place / "extensions"), "--server-data-dir", str(place)]
        run([*server, "--install-extension", str(package(place))], place)
        port = free_port()
        command = [*server, "--host", "127.0.0.1", "--port", str(port), "--without-connection-token"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
            try:
                for _ in range(300):
                    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                        break
                    time.sleep(0.1)
                script = shutil.copy(HERE / "vscode.js", PLACE / "vscode.js")
                command = ["node", str(script), browser, f"http://127.0.0.1:{port}", str(file), *picture]
                result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
            finally:
                running.terminate()
        if recorded and (place / "sent").exists():
            pathlib.Path(recorded).write_text(capabilities((place / "sent").read_bytes()))
    worked = [line.removeprefix("ok ") for line in result.stdout.splitlines() if line.startswith("ok ")]
    if result.returncode == 0 and worked:
        print(f"VS Code: {', '.join(worked)}")
        return True
    print(f"VS Code: {result.stdout}{result.stderr}")
    return False


def main(arguments: list[str]) -> int:
    options = dict(zip(arguments[::2], arguments[1::2], strict=False))
    if len(arguments) % 2 or set(options) - {"--picture", "--capabilities"}:
        print(__doc__)
        return 0 if arguments == ["--help"] else 2
    browser = shutil.which("chromium")
    missing = [name for name in ("node", "npm", "c++", "chromium") if not shutil.which(name)]
    if missing or not browser:
        print(f"VS Code: skipped, {', '.join(missing)} is missing")
        return 0
    install()
    program = os.environ.get("KS_LINT")
    if program is None:
        subprocess.run(["cargo", "build", "--quiet", "--bin", "ks-lint"], cwd=ROOT, check=True)
        program = str(TARGET / "debug" / "ks-lint")
    picture = [str(pathlib.Path(options["--picture"]).absolute())] if "--picture" in options else []
    worked = attempt(program, browser, picture, options.get("--capabilities"))
    print(f"{int(worked)} passed, {int(not worked)} failed: VS Code")
    return 0 if worked else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
