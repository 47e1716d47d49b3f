#!/usr/bin/env python3
"""Helix with editors/helix and the grammar of tree-sitter, on a terminal of tmux: the kind of file, colours, findings, inlay
hints, hover, completion, definition, rename, a fix applied, formatting.

    tests/editors/helix.py PROGRAM

PROGRAM is ks-lint. Needs hx with its runtime (HELIX_RUNTIME, where it is not beside the program), cc and tmux. The documentation
of Helix 25.07 says how to install it; Debian does not have it.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from terminal import Terminal

ROOT = pathlib.Path(__file__).resolve().parents[2]
GRAMMAR = ROOT / "editors" / "tree-sitter-kickstart"
CONFIG = """
[editor]
end-of-line-diagnostics = "hint"
[editor.lsp]
display-inlay-hints = true
[editor.statusline]
right = ["diagnostics", "file-type", "position"]
"""


def set_up(home: pathlib.Path, program: str) -> dict[str, str]:
    """Does in a home directory what docs/editor-helix.md says; the environment for Helix."""
    helix = home / ".config" / "helix"
    (helix / "runtime" / "grammars").mkdir(parents=True)
    shutil.copytree(GRAMMAR / "queries", helix / "runtime" / "queries" / "kickstart")
    languages = (ROOT / "editors" / "helix" / "languages.toml").read_text()
    languages = languages.replace("/path/to/ks-lint", str(ROOT)).replace("disks = []", 'disks = ["sda=200GiB"]')
    # Helix would build all grammars that it knows.
    (helix / "languages.toml").write_text(f'use-grammars = {{ only = ["kickstart"] }}\n{languages}')
    (helix / "config.toml").write_text(CONFIG)
    (home / "bin").mkdir()
    (home / "bin" / "ks-lint").symlink_to(program)
    variables = {
        "HOME": str(home),
        "PATH": f"{home}/bin:{os.environ['PATH']}",
        "TERM": "screen-256color",
        "COLORTERM": "truecolor",
    }
    if "HELIX_RUNTIME" in os.environ:
        variables["HELIX_RUNTIME"] = os.environ["HELIX_RUNTIME"]
    return variables


def asked(arguments: list[str], environment: dict[str, str]) -> str:
    """What Helix prints."""
    result = subprocess.run(["hx", *arguments], env=os.environ | environment, capture_output=True, text=True, check=False)
    return re.sub(r"\x1b\[[0-9;]*m", "", result.stdout + result.stderr)


def want(condition: object, what: str) -> None:
    """Fails, and says what is missing, unless a condition holds."""
    if not condition:
        raise AssertionError(what)


def say(name: str) -> None:
    print(f"ok {name}")


class Session:
    """A file that is open in Helix."""

    def __init__(self, terminal: Terminal, file: pathlib.Path) -> None:
        self.terminal = terminal
        self.file = file

    def saved(self) -> str:
        """What is in the file."""
        return self.file.read_text()

    def command(self, text: str) -> None:
        """Enters a command."""
        self.terminal.keys("Escape")
        self.terminal.type(f":{text}")
        self.terminal.keys("Enter")

    def go_to(self, words: str, after: int = 0) -> None:
        """Puts the cursor so many characters after the beginning of words of the file."""
        lines = self.saved().splitlines()
        line = next(number for number, text in enumerate(lines) if words in text)
        column = lines[line].index(words) + after
        self.command(f"goto {line + 1}")
        self.terminal.type(f"gh{column}l" if column else "gh")
        self.terminal.wait(f"the cursor is not at {words}", lambda shown: f"{line + 1}:{column + 1}" in shown)

    def wait_for_file(self, what: str, condition: str) -> None:
        """Saves, and waits until the file is as wanted."""
        self.command("write")
        self.terminal.wait(what, lambda _: condition in self.saved())


def check_set_up(environment: dict[str, str]) -> None:
    """The grammar is built, and Helix finds everything."""
    built = asked(["--grammar", "build"], environment)
    want("kickstart" in built and "fail" not in built.lower(), f"the grammar is not built: {built}")
    health = asked(["--health", "kickstart"], environment)
    for line in (r"✓ ks-lint: \S+/bin/ks-lint", r"Tree-sitter parser:\s+✓", r"Highlight queries:\s+✓"):
        want(re.search(line, health), f"hx --health kickstart does not say {line}:\n{health}")


def look(session: Session) -> None:
    """What is shown."""
    terminal = session.terminal
    terminal.wait("the language is not that of kickstarts", lambda shown: "kickstart" in shown)
    say("file type")
    terminal.wait("no diagnostics", lambda shown: re.search(r"● \d+.*● \d+", shown))
    say("diagnostics")
    terminal.wait("no inlay hints", lambda shown: "= 64 GiB" in shown)
    say("inlay hints")
    line = next(line for line in terminal.screen(colours=True).splitlines() if "timezone" in line)
    want(len(set(re.findall(r"38;[0-9;]+", line))) > 2, f"no colours: {line!r}")
    say("colours")

    session.go_to("liveimg --url", 9)
    terminal.type(" k")
    terminal.wait("hover says nothing of --url", lambda shown: "--url of liveimg" in shown.replace("`", ""))
    say("hover")

    session.go_to("--bootproto=dhcp", 12)
    terminal.type("c")
    terminal.keys("BSpace")
    terminal.type("=")
    terminal.wait("completion does not offer the kinds of addresses", lambda shown: "static" in shown and "ibft" in shown)
    say("completion")
    terminal.keys("Escape", "Escape")
    terminal.type("u")
    terminal.wait("the change was not undone", lambda shown: "--bootproto=dhcp" in shown)

    session.go_to("--poolname=pool", 12)
    terminal.type("gd")
    terminal.wait("the definition of the pool is elsewhere", lambda shown: re.search(r"\b21:\d+", shown))
    say("definition")


def edit(session: Session) -> None:
    """What changes the file; the cursor is at the definition of the pool."""
    terminal = session.terminal
    terminal.type(" r")
    terminal.wait("Helix does not ask for a name", lambda shown: "rename-to:pool" in shown.replace(" ", ""))
    terminal.keys("C-u")
    terminal.type("thinpool0")
    terminal.keys("Enter")
    session.wait_for_file("the pool has its old name", "--poolname=thinpool0 ")
    want("--name=thinpool0 --thinpool" in session.saved() and "=pool " not in session.saved(), session.saved())
    say("rename")

    session.go_to("--size=1000", 3)
    terminal.type(" a")
    terminal.wait("no code actions", lambda shown: "NODE011" in shown and "waive" in shown)
    terminal.keys("Enter")
    session.wait_for_file("the fix was not applied", "part /boot --fstype=xfs --size=1024")
    say("code action")

    session.go_to("lang en_US", 4)
    terminal.type("i   ")
    session.wait_for_file("the line was not typed", "lang    en_US")
    session.command("format")
    session.wait_for_file("the line was not formatted", "\nlang en_US.UTF-8\n")
    say("formatting")
    session.command("quit!")


def everything(home: pathlib.Path, program: str) -> None:
    """One feature after the other."""
    environment = set_up(home, program)
    check_set_up(environment)
    say("health")
    file = pathlib.Path(shutil.copy(ROOT / "kickstart-examples" / "wrong.ks", home / "node.ks"))
    with Terminal(["hx", str(file)], home, (160, 45), **environment) as terminal:
        session = Session(terminal, file)
        look(session)
        edit(session)


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments == ["--help"]:
        print(__doc__)
        return 0 if arguments == ["--help"] else 2
    with tempfile.TemporaryDirectory() as directory:
        try:
            everything(pathlib.Path(directory), str(pathlib.Path(arguments[0]).resolve()))
        except AssertionError as error:
            print(f"failed: {error}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
