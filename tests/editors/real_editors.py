#!/usr/bin/env python3
"""Real editors with the files of editors/: findings, hover, completion, definition, rename, a fix applied, formatting.

    tests/editors/real_editors.py                      # skips an editor that is not here
    tests/editors/real_editors.py --install --require  # installs what is missing (Debian, as root); never skips

nvim.lua, emacs.el and helix.py say what each does. The oldest versions that can do it are those of Debian 12 (Neovim 0.7.2, Emacs
28.2). Helix is not in Debian 12: it is tried where hx and tmux are.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
# The last two colour with the grammars of Vim and Kate in tests/cli/generated.rs.
APT = ["neovim", "emacs-nox", "elpa-eglot", "vim", "libkf5syntaxhighlighting-tools"]
HIGHLIGHTERS = ["vim", "kate-syntax-highlighter"]
EDITORS = {
    "nvim": [
        *("nvim", "--headless", "-n", "-i", "NONE", "-u", "NONE", "--cmd", f"set rtp^={{parsers}},{ROOT}/editors/nvim"),
        *("--cmd", "filetype plugin on", "--cmd", "runtime plugin/ks_lint.lua", "{file}", "-c", f"luafile {HERE}/nvim.lua"),
    ],
    "emacs": ["emacs", "-q", "--batch", "-L", f"{ROOT}/editors/emacs", "-l", f"{HERE}/emacs.el"],
    "hx": [sys.executable, f"{HERE}/helix.py", "{program}"],
}
SECONDS = 120


def compile_parser(directory: str) -> None:
    """Compiles the grammar of tree-sitter to where Neovim looks for parsers."""
    (pathlib.Path(directory) / "parser").mkdir()
    command = ["cc", "-shared", "-fPIC", "-O1", "-I", ".", "-o", f"{directory}/parser/kickstart.so", "parser.c", "scanner.c"]
    subprocess.run(command, cwd=ROOT / "editors" / "tree-sitter-kickstart" / "src", check=True)


def attempt(name: str, program: str) -> bool:
    """Lets an editor work on a copy of the wrong example; says whether everything worked."""
    with tempfile.TemporaryDirectory() as directory:
        file = shutil.copy(ROOT / "kickstart-examples" / "wrong.ks", pathlib.Path(directory) / "node.ks")
        environment = os.environ | {"KS_LINT": program, "KS_FILE": str(file), "EDITORS": str(ROOT / "editors"), "HOME": directory}
        command = [
            part.replace("{file}", str(file)).replace("{parsers}", directory).replace("{program}", program)
            for part in EDITORS[name]
        ]
        if name == "nvim":
            compile_parser(directory)
        try:
            result = subprocess.run(
                command, env=environment, cwd=directory, capture_output=True, text=True, check=False, timeout=SECONDS
            )
        except subprocess.TimeoutExpired:
            print(f"{name}: not done in {SECONDS} s")
            return False
    worked = [line.removeprefix("ok ") for line in result.stdout.splitlines() if line.startswith("ok ")]
    if result.returncode == 0 and "formatting" in worked:
        print(f"{name}: {', '.join(worked)}")
        return True
    print(f"{name}: {result.stdout}{result.stderr}")
    return False


def main(arguments: list[str]) -> int:
    if set(arguments) - {"--install", "--require"}:
        print(__doc__)
        return 0 if arguments == ["--help"] else 2
    helix = all(shutil.which(name) for name in ("hx", "tmux"))
    if not helix:
        print("hx: skipped, Helix or tmux is not installed")
    wanted = [name for name in EDITORS if name != "hx" or helix]
    missing = [name for name in wanted + HIGHLIGHTERS if not shutil.which(name)]
    if missing and "--install" in arguments:
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *APT]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        missing = [name for name in wanted + HIGHLIGHTERS if not shutil.which(name)]
    if missing and "--require" in arguments:
        print(f"editors: missing {', '.join(missing)} (apt-get install {' '.join(APT)}, or run this with --install)")
        return 1
    for name in missing:
        print(f"{name}: skipped, it is not installed (tests/editors/real_editors.py --install)")
    program = os.environ.get("KS_LINT")
    if program is None:
        subprocess.run(["cargo", "build", "--quiet", "--bin", "ks-lint"], cwd=ROOT, check=True)
        program = str(pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug" / "ks-lint")
    worked = [attempt(name, program) for name in wanted if name not in missing]
    print(f"{worked.count(True)} passed, {worked.count(False)} failed: editors")
    return 0 if all(worked) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
