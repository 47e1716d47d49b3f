"""A program on a terminal of tmux: keys go in, what is shown comes out."""

import os
import pathlib
import subprocess
import time
from collections.abc import Callable
from types import TracebackType

SECONDS = 30


class Terminal:
    """A terminal in which a program runs; the program is ended with it."""

    def __init__(self, command: list[str], place: pathlib.Path, size: tuple[int, int], **environment: str) -> None:
        self.tmux = ["tmux", "-L", f"terminal-{os.getpid()}-{place.name}", "-f", "/dev/null"]
        columns, rows = size
        variables = [f"{name}={value}" for name, value in environment.items()]
        start = ["new-session", "-d", "-x", str(columns), "-y", str(rows), "env", *variables, *command]
        subprocess.run([*self.tmux, *start], check=True, cwd=place)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        subprocess.run([*self.tmux, "kill-server"], check=False, capture_output=True)

    def keys(self, *keys: str) -> None:
        """Presses keys, by their names in tmux."""
        for key in keys:
            subprocess.run([*self.tmux, "send-keys", "-t", "0", key], check=True)
            if key == "Escape":
                # With a letter right behind it, it would be Alt and the letter.
                time.sleep(0.3)

    def type(self, text: str) -> None:
        """Types a text as it is."""
        subprocess.run([*self.tmux, "send-keys", "-t", "0", "-l", "--", text], check=True)

    def screen(self, *, colours: bool = False) -> str:
        """What is shown."""
        command = [*self.tmux, "capture-pane", *(["-e"] if colours else []), "-p", "-t", "0"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def wait(self, what: str, condition: Callable[[str], object]) -> str:
        """What is shown as soon as it is as wanted.

        Raises AssertionError, with what is missing and the screen, if it never is.
        """
        end = time.monotonic() + SECONDS
        while not condition(shown := self.screen()):
            if time.monotonic() > end:
                raise AssertionError(f"{what}:\n{shown}")
            time.sleep(0.1)
        return shown
