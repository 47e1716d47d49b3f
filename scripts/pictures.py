#!/usr/bin/env python3
"""Draws the pictures of the README and the book from what the program prints.

    scripts/pictures.py PROGRAM            writes docs/pictures/*.svg
    scripts/pictures.py PROGRAM --check    says which of them are stale; the exit status is 1 if one is

PROGRAM is ks-lint. The terminal of the screenshot is a pseudo-terminal: what is drawn is what a person sees there.
"""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"

COLUMNS = 110
# Pixels of a character, and what is around the text.
WIDTH, HEIGHT, MARGIN = 8, 18, 16

# Colours by the numbers of SGR, readable on BACKGROUND.
COLOURS = {
    31: "#ff7b72",
    32: "#7ee787",
    33: "#e3b341",
    34: "#79c0ff",
    35: "#d2a8ff",
    36: "#76e3ea",
    90: "#8b949e",
    91: "#ff7b72",
    92: "#7ee787",
    93: "#e3b341",
    94: "#79c0ff",
    95: "#d2a8ff",
    96: "#76e3ea",
}
TEXT, BACKGROUND, PROMPT = "#e6edf3", "#0d1117", "#8b949e"
FONTS = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"


def on_a_terminal(program: str, *arguments: str) -> str:
    """What a program prints on a terminal of COLUMNS columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS", "FORCE_COLOR", "CI")}
    with subprocess.Popen(
        [program, *arguments], cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs, env={**kept, "TERM": "xterm-256color"}
    ):
        os.close(theirs)
        read = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            read += part
    os.close(ours)
    return read.decode().replace("\r\n", "\n")


def spans(line: str) -> list[tuple[str, bool, str]]:
    """The parts of a line: the text, whether it is bold, its colour."""
    parts, bold, colour = [], False, TEXT
    for text, codes in re.findall(r"([^\x1b]*)(?:\x1b\[([0-9;]*)m)?", line):
        if text:
            parts.append((text, bold, colour))
        for code in map(int, filter(None, codes.split(";"))):
            match code:
                case 0:
                    bold, colour = False, TEXT
                case 1:
                    bold = True
                case 22:
                    bold = False
                case 39:
                    colour = TEXT
                case _ if code in COLOURS:
                    colour = COLOURS[code]
                case _:
                    sys.exit(f"pictures: nothing is known of the SGR code {code}")
    return parts


def wrapped(line: str) -> list[list[tuple[str, bool, str]]]:
    """A line as a terminal shows it: what is too long goes on at the beginning of the next one."""
    rows: list[list[tuple[str, bool, str]]] = [[]]
    free = COLUMNS
    for text, bold, colour in spans(line):
        rest = text
        while rest:
            if free == 0:
                rows.append([])
                free = COLUMNS
            part, rest = rest[:free], rest[free:]
            rows[-1].append((part, bold, colour))
            free -= len(part)
    return rows


def drawn(title: str, command: str, printed: str) -> str:
    """A terminal as SVG."""
    lines = [row for line in [f"$ {command}", *printed.rstrip("\n").split("\n")] for row in wrapped(line)]
    if "\x1b" in re.sub(r"\x1b\[[0-9;]*m", "", printed):
        sys.exit("pictures: the output has escape sequences that are not colours")
    width, height = COLUMNS * WIDTH + 2 * MARGIN, len(lines) * HEIGHT + 2 * MARGIN
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="100%" height="100%" rx="8" fill="{BACKGROUND}"/>',
        f'<g font-family="{FONTS}" font-size="13" xml:space="preserve">',
    ]
    for number, line in enumerate(lines):
        column, y = 0, MARGIN + number * HEIGHT + 13
        for text, bold, colour in line:
            shown = PROMPT if number == 0 else colour
            if text.strip():
                # Whatever the font: each part begins at its column and has its width.
                indent = len(text) - len(text.lstrip())
                body = text.strip()
                x, length = MARGIN + (column + indent) * WIDTH, len(body) * WIDTH
                weight = ' font-weight="bold"' if bold else ""
                out.append(
                    f'<text x="{x}" y="{y}" textLength="{length}" fill="{shown}"{weight}>{escape(body, quote=False)}</text>'
                )
            column += len(text)
    return "\n".join([*out, "</g>", "</svg>", ""])


def screenshot(program: str) -> str:
    """ks-lint on the example with mistakes."""
    path = "kickstart-examples/wrong.ks"
    return drawn("ks-lint on a kickstart with mistakes", f"ks-lint {path}", on_a_terminal(program, path))


def plan(program: str) -> str:
    """The plan's own picture."""
    arguments = ["plan", "kickstart-examples/node.ks", "--disk", "sda=100GiB", "--format", "svg"]
    return subprocess.run([program, *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


MADE: dict[str, Callable[[str], str]] = {"check.svg": screenshot, "plan.svg": plan}


def main() -> None:
    arguments = [argument for argument in sys.argv[1:] if argument != "--check"]
    if len(arguments) != 1:
        sys.exit(__doc__)
    program = str(Path(arguments[0]).resolve())
    stale = False
    for name, made in MADE.items():
        path, fresh = PICTURES / name, made(program)
        if path.exists() and path.read_text() == fresh:
            continue
        if "--check" in sys.argv:
            print(f"{path.relative_to(ROOT)} is not what the program prints: run scripts/pictures.py PROGRAM")
            stale = True
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(fresh)
            print(path.relative_to(ROOT))
    sys.exit(stale)


if __name__ == "__main__":
    main()
