#!/usr/bin/env python3
"""A picture of an editor with a wrong kickstart: the editor on a terminal of tmux, drawn as scripts/pictures.py draws.

    tests/editors/picture.py nvim|emacs|helix|vim PROGRAM >docs/pictures/EDITOR.svg
    tests/editors/picture.py kate PROGRAM >docs/pictures/kate.png

PROGRAM is ks-lint. Needs tmux and the editor; for Kate its highlighter (kate-syntax-highlighter) and Chromium. vscode.py makes
the picture of VS Code.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import helix  # noqa: E402
import pictures  # noqa: E402
from terminal import Terminal  # noqa: E402

ROWS = 36
NVIM = """
vim.cmd('syntax on | set nowrap laststatus=0 noruler noshowcmd')
vim.lsp.buf_attach_client(0, vim.lsp.start_client({ name = 'ks_lint', cmd = { '%s', 'lsp' },
  init_options = { syntax = 'RHEL9', policy = 'ovirt-node', disks = { 'sda=200GiB' } } }))
"""
EMACS = """
(setq native-comp-async-report-warnings-errors nil warning-minimum-level :error)
(package-initialize) (require 'kickstart-mode) (require 'eglot)
(setf (alist-get 'kickstart-mode eglot-server-programs) '("%s" "lsp"))
(setq-default eglot-workspace-configuration '((ks-lint . (:syntax "RHEL9" :policy "ovirt-node" :disks ["sda=200GiB"]))))
(menu-bar-mode -1)
(setq-default truncate-lines t)
(setq inhibit-startup-screen t)
(add-hook 'kickstart-mode-hook #'eglot-ensure)
"""


# What is pressed before the picture is taken: the cursor is on /boot.
KEYS = {
    "nvim": ["18G"],
    "vim": ["G"],
    "emacs": ["M-g", "g", "18", "Enter"],
    "helix": ["1", "8", "g", "g"],
}
# A script more, in another language.
PYTHON = """%end

%post --interpreter=/usr/bin/python3
import os
print("installed", os.uname().release)
%end"""


def command(editor: str, program: str, place: pathlib.Path) -> list[str]:
    """Starts an editor with the files of editors/."""
    file = str(place / "node.ks")
    match editor:
        case "nvim":
            (place / "start.lua").write_text(NVIM % program)
            plugin = [
                "--cmd",
                f"set rtp^={ROOT}/editors/nvim",
                "--cmd",
                "filetype plugin on",
                "--cmd",
                "runtime plugin/ks_lint.lua",
            ]
            return ["nvim", "-n", "-i", "NONE", "-u", "NONE", *plugin, file, "-c", f"luafile {place}/start.lua"]
        case "vim":
            start = [f"set rtp^={ROOT}/editors/nvim", "set nocompatible background=dark nowrap laststatus=0", "syntax on"]
            commands = [part for command in start for part in ("--cmd", command)]
            return ["vim", "-n", "-i", "NONE", "-u", "NONE", *commands, "-c", "set filetype=kickstart", file]
        case "helix":
            return ["hx", file]
        case _:
            (place / "start.el").write_text(EMACS % program)
            return ["emacs", "-q", "-nw", "-L", f"{ROOT}/editors/emacs", "-l", f"{place}/start.el", file]


def captured(editor: str, program: str) -> str:
    """What the editor shows when it has diagnostics, with colours."""
    with tempfile.TemporaryDirectory() as directory:
        place = pathlib.Path(directory)
        text = (ROOT / "kickstart-examples" / "wrong.ks").read_text()
        (place / "node.ks").write_text(text.replace("%end", PYTHON) if editor == "vim" else text)
        environment = {"TERM": "screen", "HOME": directory}
        if editor == "helix":
            environment = helix.set_up(place, program)
            helix.check_set_up(environment)
            environment |= {"TERM": "screen", "COLORTERM": ""}
            # The colours of the terminal, which are those that are drawn.
            config = place / ".config" / "helix" / "config.toml"
            config.write_text(f'theme = "base16_terminal"\n{config.read_text()}')
        with Terminal(command(editor, program, place), place, (pictures.COLUMNS, ROWS), **environment) as terminal:
            # The last findings come with the answer of shellcheck.
            time.sleep(8)
            terminal.keys(*KEYS[editor])
            time.sleep(3)
            shown: str = terminal.screen(colours=True)
            return shown


def highlighted() -> bytes:
    """The page that Kate's own highlighter makes, as a browser shows it (PNG)."""
    with tempfile.TemporaryDirectory() as directory:
        place = pathlib.Path(directory)
        syntax = place / "org.kde.syntax-highlighting" / "syntax"
        syntax.mkdir(parents=True)
        shutil.copy(ROOT / "editors" / "kate" / "kickstart.xml", syntax)
        text = (ROOT / "kickstart-examples" / "wrong.ks").read_text()
        (place / "node.ks").write_text(text.replace("%end", PYTHON))
        command = [
            "kate-syntax-highlighter",
            "--syntax",
            "Kickstart",
            "--theme",
            "Breeze Dark",
            "--output",
            "page.html",
            "node.ks",
        ]
        environment = os.environ | {"XDG_DATA_HOME": directory, "QT_QPA_PLATFORM": "offscreen"}
        subprocess.run(command, cwd=place, env=environment, check=True)
        browser = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1000,720"]
        subprocess.run([*browser, "--screenshot=page.png", "page.html"], cwd=place, check=True, capture_output=True)
        return (place / "page.png").read_bytes()


def main() -> None:
    editor, program = sys.argv[1], str(pathlib.Path(sys.argv[2]).resolve())
    if editor == "kate":
        sys.stdout.buffer.write(highlighted())
        return
    text = captured(editor, program)
    # Underlines, reversed colours and backgrounds are not drawn. tmux says what changes from one line to the next, too.
    text = re.sub(r"\x1b\[[0-9;]*m", lambda code: kept(code.group()), text.replace("\x0e", "").replace("\x0f", ""))
    text = on_each_line(text)
    # Each part is drawn at its column: one that has blanks inside is two.
    text = re.sub(r"  +", lambda blanks: f"{blanks.group()}\x1b[m", text)
    print(pictures.drawn(f"{editor} on a kickstart with mistakes", f"{editor} node.ks", text), end="")


def on_each_line(text: str) -> str:
    """The text with the colours that a line begins with said on the line itself."""
    lines, active = [], ""
    for line in text.split("\n"):
        lines.append(active + line)
        for code in re.findall(r"\x1b\[[0-9;]*m", line):
            active = "" if code in ("\x1b[m", "\x1b[0m") else active + code
    return "\n".join(lines)


def kept(code: str) -> str:
    """The part of a change of colours that is drawn."""
    numbers = [number for number in code[2:-1].split(";") if number]
    drawn = [number for number in numbers if int(number) in (0, 1, 22, 39) or int(number) in pictures.COLOURS]
    return f"\x1b[{';'.join(drawn or (['0'] if not numbers else []))}m" if drawn or not numbers else ""


if __name__ == "__main__":
    main()
