#!/usr/bin/env python3
"""A picture of Neovim or Emacs with a wrong kickstart: the editor on a terminal of tmux, drawn as scripts/pictures.py draws.

    tests/editors/picture.py nvim|emacs PROGRAM >docs/pictures/EDITOR.svg

PROGRAM is ks-lint. Needs tmux and the editor.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import pictures  # noqa: E402

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


def command(editor: str, program: str, place: pathlib.Path) -> list[str]:
    """Starts an editor with the files of editors/."""
    file = str(place / "node.ks")
    if editor == "nvim":
        (place / "start.lua").write_text(NVIM % program)
        plugin = ["--cmd", f"set rtp^={ROOT}/editors/nvim", "--cmd", "filetype plugin on", "--cmd", "runtime plugin/ks_lint.lua"]
        return ["nvim", "-n", "-i", "NONE", "-u", "NONE", *plugin, file, "-c", f"luafile {place}/start.lua"]
    (place / "start.el").write_text(EMACS % program)
    return ["emacs", "-q", "-nw", "-L", f"{ROOT}/editors/emacs", "-l", f"{place}/start.el", file]


def captured(editor: str, program: str) -> str:
    """What the editor shows when it has diagnostics, with colours."""
    with tempfile.TemporaryDirectory() as directory:
        place = pathlib.Path(directory)
        shutil.copy(ROOT / "kickstart-examples" / "wrong.ks", place / "node.ks")
        tmux = ["tmux", "-L", f"picture-{editor}-{place.name}", "-f", "/dev/null"]
        size = ["-x", str(pictures.COLUMNS), "-y", str(ROWS)]
        start = ["env", "TERM=screen", f"HOME={directory}", *command(editor, program, place)]
        subprocess.run([*tmux, "new-session", "-d", *size, *start], check=True, cwd=place)
        try:
            # The last findings come with the answer of shellcheck.
            time.sleep(8)
            keys = ["18G"] if editor == "nvim" else ["M-g", "g", "18", "Enter"]
            subprocess.run([*tmux, "send-keys", "-t", "0", *keys], check=True)
            time.sleep(3)
            shown = subprocess.run([*tmux, "capture-pane", "-e", "-p", "-t", "0"], check=True, capture_output=True, text=True)
        finally:
            subprocess.run([*tmux, "kill-server"], check=False)
    return shown.stdout


def main() -> None:
    editor, program = sys.argv[1], str(pathlib.Path(sys.argv[2]).resolve())
    text = captured(editor, program)
    # Underlines, reversed colours and backgrounds are not drawn.
    text = re.sub(r"\x1b\[[0-9;]*m", lambda code: kept(code.group()), text.replace("\x0e", "").replace("\x0f", ""))
    # Each part is drawn at its column: one that has blanks inside is two.
    text = re.sub(r"  +", lambda blanks: f"{blanks.group()}\x1b[m", text)
    print(pictures.drawn(f"{editor} on a kickstart with mistakes", f"{editor} node.ks", text), end="")


def kept(code: str) -> str:
    """The part of a change of colours that is drawn."""
    numbers = [number for number in code[2:-1].split(";") if number]
    drawn = [number for number in numbers if int(number) in (0, 1, 22, 39) or int(number) in pictures.COLOURS]
    return f"\x1b[{';'.join(drawn or (['0'] if not numbers else []))}m" if drawn or not numbers else ""


if __name__ == "__main__":
    main()
