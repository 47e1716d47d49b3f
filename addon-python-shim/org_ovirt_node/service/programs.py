"""Calls of the two programs: bounded in time and size, without a shell, and with a sentence for every way to fail."""

import contextlib
import json
import os
import selectors
import signal
import subprocess
import time
from typing import Any, Callable, Dict, List, Optional

KS_LINT = "/usr/bin/ks-lint"
NODE_LAYOUT = "/usr/bin/node-layout"

# All that a program gets of the environment: what this service is started with chooses nothing that runs as root.
ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "NO_COLOR": "1",
    # Files that the kickstart includes are on this machine: %pre has run.
    "KS_LINT_IN_INSTALLER": "1",
}

# More than any of the programs has to say.
LARGEST_OUTPUT = 16 * 1024 * 1024
# How much of what a failed program said goes into a message.
LONGEST_EXCERPT = 2000


class ProgramError(Exception):
    """A program is missing, crashed, took too long, or said what nobody understands."""


class Result:
    """How a program ended."""

    def __init__(self, program: str, status: int, output: bytes, errors: bytes):
        self.program = program
        self.status = status
        self.output = output
        self.errors = errors

    def json(self) -> Dict[str, Any]:
        """The output as a JSON object.

        :raise ProgramError: if it is none
        """
        answer = json_object(self.output)
        if answer is None:
            raise ProgramError(
                "{} ended with status {} and gave no answer that can be understood{}".format(
                    self.program, self.status, self.excerpt()
                )
            )
        return answer

    def excerpt(self) -> str:
        """What it said on standard error, for the end of a sentence."""
        text = harmless(self.errors.decode("utf-8", "replace")).strip()
        return ": " + text[-LONGEST_EXCERPT:] if text else " (and says nothing else)"


def json_object(text: bytes) -> Optional[Dict[str, Any]]:
    """A JSON object, or None for any other text. Deep nesting is no ValueError to the parser."""
    try:
        answer = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def harmless(text: str) -> str:
    """Text without what a serial console would obey; line ends and tabs stay."""
    return "".join(c if c.isprintable() or c in "\n\t" else "?" for c in text)


def run(
    command: List[str],
    seconds: float,
    on_line: Optional[Callable[[str], None]] = None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Result:
    """Run a program to its end.

    :param command: the program and its arguments
    :param seconds: how long it may take
    :param on_line: called with each line of its output as it comes
    :param is_cancelled: asked now and then; the program is ended when it says so
    :raise ProgramError: if it cannot be started, is killed, takes too long or says too much
    """
    program = command[0]
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=ENVIRONMENT,
            # A group of its own: what the program starts ends with it.
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise ProgramError("{} cannot be started: {}".format(program, error)) from error

    try:
        output, errors = _read(process, time.monotonic() + seconds, seconds, on_line, is_cancelled)
    except BaseException:
        _kill(process)
        raise
    finally:
        for pipe in (process.stdout, process.stderr):
            if pipe:
                pipe.close()

    if process.returncode < 0:
        name = _signal_name(-process.returncode)
        result = Result(program, process.returncode, output, errors)
        raise ProgramError("{} crashed ({}){}".format(program, name, result.excerpt()))
    return Result(program, process.returncode, output, errors)


def _read(
    process: Any,
    deadline: float,
    seconds: float,
    on_line: Optional[Callable[[str], None]],
    is_cancelled: Callable[[], bool],
) -> "tuple[bytes, bytes]":
    """Read both pipes until the program has ended."""
    gathered = {process.stdout: bytearray(), process.stderr: bytearray()}
    line_start = 0
    with selectors.DefaultSelector() as selector:
        for pipe in gathered:
            selector.register(pipe, selectors.EVENT_READ)
        while selector.get_map():
            if time.monotonic() > deadline:
                raise ProgramError("{} took longer than {:g} seconds".format(process.args[0], seconds))
            if is_cancelled():
                raise ProgramError("{} was cancelled".format(process.args[0]))
            ready = selector.select(timeout=0.2)
            if not ready and process.poll() is not None:
                # It has ended, and something that it left behind keeps the pipes open.
                break
            for key, _ in ready:
                chunk = os.read(key.fd, 65536)
                if not chunk:
                    selector.unregister(key.fileobj)
                    continue
                gathered[key.fileobj] += chunk
                if len(gathered[key.fileobj]) > LARGEST_OUTPUT:
                    message = "{} says more than {} MiB"
                    raise ProgramError(message.format(process.args[0], LARGEST_OUTPUT >> 20))
                if on_line and key.fileobj is process.stdout:
                    line_start = _lines(gathered[process.stdout], line_start, on_line)
    try:
        process.wait(max(deadline - time.monotonic(), 0.1))
    except subprocess.TimeoutExpired:
        message = "{} took longer than {:g} seconds".format(process.args[0], seconds)
        raise ProgramError(message) from None
    return bytes(gathered[process.stdout]), bytes(gathered[process.stderr])


def _lines(output: bytearray, start: int, on_line: Callable[[str], None]) -> int:
    """Hand on the whole lines behind start; return where the rest begins."""
    end = output.find(b"\n", start)
    while end >= 0:
        on_line(output[start:end].decode("utf-8", "replace"))
        start = end + 1
        end = output.find(b"\n", start)
    return start


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End the program and what it started."""
    with contextlib.suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "signal {}".format(number)
