"""What a scenario makes for itself, and the threads that work for it."""

import concurrent.futures
import contextlib
import contextvars
import pathlib
import shutil
from collections.abc import Iterator

from packages import LAB

# The scenario that this thread works for; empty for all.
_NAME: contextvars.ContextVar[str] = contextvars.ContextVar("scenario", default="")


def directory() -> pathlib.Path:
    """A directory for what only the running scenario needs. It is gone when the scenario has passed: disks are large."""
    path = LAB / "work" / _NAME.get()
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextlib.contextmanager
def running(name: str) -> Iterator[None]:
    """What this thread does in the context is for this scenario."""
    token = _NAME.set(name)
    try:
        yield
        shutil.rmtree(directory())
    finally:
        _NAME.reset(token)


@contextlib.contextmanager
def for_all() -> Iterator[None]:
    """What is made in the context stays until the next run: other scenarios use it, too."""
    token = _NAME.set("")
    try:
        yield
    finally:
        _NAME.reset(token)


def threads(number: int) -> concurrent.futures.ThreadPoolExecutor:
    """Threads that work for the scenario that asks for them."""
    return concurrent.futures.ThreadPoolExecutor(number, initializer=_NAME.set, initargs=(_NAME.get(),))
