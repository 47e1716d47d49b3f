"""How long the language server needs for its answers about a long kickstart, whether it keeps up with typing, and its memory.

    ./scripts/measure_editor.py PROGRAM [--lines N] [--edits N] [--check]

The times are of the clock, from the request to the last byte of its answer, and of the processor, which other work on the machine
changes less; the median of several. Measure on an idle machine. --check fails unless every answer takes less than LONGEST of the
processor, typing never falls behind, and the memory stays flat.
"""

import argparse
import contextlib
import json
import pathlib
import queue
import random
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

URI = "file:///nonexistent/long.ks"
HEADER = """#version=RHEL9
lang en_US.UTF-8
keyboard us
timezone UTC
rootpw --lock
url --url=https://mirror.example.org/os
network --bootproto=dhcp --device=link
zerombr
clearpart --all --initlabel
part /boot --fstype=xfs --size=1024
part pv.1 --size=102400 --grow
volgroup onn pv.1
logvol none --vgname=onn --name=pool00 --thinpool --size=40960 --grow
logvol / --vgname=onn --name=root --thin --poolname=pool00 --fstype=xfs --size=6144
"""
TIMES = 7
# Milliseconds that an answer may take, edits a second of somebody who types fast, and how long that is tried.
LONGEST = 50
RATE = 30
SECONDS = 10
# Edits with one check of the text: an editor that sends them faster than they are checked gets the diagnostics of the last.
TOGETHER = 200
# How much the memory may grow from the first half of all edits to the second, in MiB.
GROWTH = 5


def kickstart(lines: int) -> str:
    """A kickstart of this many lines: a fifth each of volumes, users, repositories, network lines and packages."""
    fifth = max(1, (lines - HEADER.count("\n") - 4) // 5)
    volume = "logvol /srv/{n} --vgname=onn --name=v{n} --thin --poolname=pool00 --fstype=xfs --size=8"
    parts = [HEADER]
    for line in (
        volume,
        "user --name=user{n} --groups=wheel --lock",
        "repo --name=repo{n} --baseurl=https://mirror.example.org/{n}",
        "network --device=eth{n} --bootproto=dhcp --noipv6",
    ):
        parts += [line.format(n=n) + "\n" for n in range(fifth)]
    parts += ["reboot\n", "%packages\n", *[f"package{n}\n" for n in range(fifth)], "%end\n"]
    return "".join(parts)


class Server:
    """A language server and its client."""

    def __init__(self, program: pathlib.Path) -> None:
        self.process = subprocess.Popen([program, "lsp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.number = 0
        self.messages: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        # As an editor does: a server whose messages nobody reads takes none.
        threading.Thread(target=self.read_all, daemon=True).start()

    def send(self, method: str, params: Any, *, number: int | None = None, flush: bool = True) -> None:
        """Sends a message; a request if it has a number."""
        message = {"jsonrpc": "2.0", "method": method, "params": params}
        if number is not None:
            message["id"] = number
        body = json.dumps(message).encode()
        assert self.process.stdin
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        if flush:
            self.process.stdin.flush()

    def read_all(self) -> None:
        """Takes every message."""
        while message := self.read():
            self.messages.put(message)

    def read(self) -> bytes:
        """The next message, as it is; empty at the end."""
        output = self.process.stdout
        assert output
        length = 0
        while line := output.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return output.read(length)

    def wait_for(self, mark: bytes) -> bytes:
        """The next message with this in its beginning or end; the others are dropped."""
        while mark not in (message := self.messages.get(timeout=60))[:200] + message[-200:]:
            pass
        return message

    def request(self, method: str, params: Any) -> tuple[float, float, bytes]:
        """Seconds until the answer, seconds of the processor, and the answer."""
        self.number += 1
        start, used = time.perf_counter(), self.processor()
        self.send(method, params, number=self.number)
        answer = self.wait_for(b'"id":%d' % self.number)
        return time.perf_counter() - start, self.processor() - used, answer

    def processor(self) -> float:
        """Seconds of the processor that it has used."""
        threads = pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
        return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9

    def resident(self) -> float:
        """MiB that it has in memory."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


def requests(lines: int) -> dict[str, tuple[str, dict[str, Any]]]:
    """What an editor asks for, each about the middle of the document where it is about a place."""
    document = {"textDocument": {"uri": URI}}
    place = document | {"position": {"line": 20, "character": 10}}
    screen = {"start": {"line": lines // 2, "character": 0}, "end": {"line": lines // 2 + 60, "character": 0}}
    return {
        "hover": ("textDocument/hover", place),
        "completion": ("textDocument/completion", place),
        "definition": ("textDocument/definition", place | {"position": {"line": 20, "character": 24}}),
        "references": (
            "textDocument/references",
            place | {"position": {"line": 11, "character": 10}, "context": {"includeDeclaration": True}},
        ),
        "documentSymbol": ("textDocument/documentSymbol", document),
        "foldingRange": ("textDocument/foldingRange", document),
        "documentLink": ("textDocument/documentLink", document),
        "semanticTokens": ("textDocument/semanticTokens/full", document),
        "inlayHint (a screen)": ("textDocument/inlayHint", document | {"range": screen}),
        "codeLens": ("textDocument/codeLens", document),
        "codeAction": ("textDocument/codeAction", document | {"range": screen, "context": {"diagnostics": []}}),
        "formatting": ("textDocument/formatting", document | {"options": {"tabSize": 4, "insertSpaces": True}}),
        "rangeFormatting": (
            "textDocument/rangeFormatting",
            document | {"range": screen, "options": {"tabSize": 4, "insertSpaces": True}},
        ),
        "rename": ("textDocument/rename", place | {"position": {"line": 11, "character": 10}, "newName": "vg0"}),
    }


def edits(lines: int) -> Iterator[list[dict[str, Any]]]:
    """Edits for ever: letters, lines, pasted blocks, a section, characters of two units, each undone by the next edit."""
    draw = random.Random(20261121)
    texts = [
        "#",
        "é𐐀",
        "part / --size=1\n",
        "%post\necho $x\n%end\n",
        "user --name=x --groups=wheel\n" * 20,
        "\n",
        " --grow",
        "'",
    ]
    while True:
        line, text = draw.randrange(1, lines - 1), draw.choice(texts)
        start = {"line": line, "character": 0}
        rows = text.split("\n")
        end = {"line": line + len(rows) - 1, "character": len(rows[-1].encode("utf-16-le")) // 2}
        yield [{"range": {"start": start, "end": start}, "text": text}]
        yield [{"range": {"start": start, "end": end}, "text": ""}]


def typing(server: Server, version: int, changes: list[dict[str, Any]], *, flush: bool = True) -> None:
    """One edit."""
    server.send(
        "textDocument/didChange",
        {"textDocument": {"uri": URI, "version": version}, "contentChanges": changes},
        flush=flush,
    )


def answers(server: Server, lines: int) -> float:
    """Prints how long each answer takes; the longest, in milliseconds of the processor."""
    longest = 0.0
    for name, (method, params) in requests(lines).items():
        got = [server.request(method, params) for _ in range(TIMES)]
        assert b'"error"' not in got[0][2][:60], got[0][2][:300]
        clock = statistics.median(one[0] for one in got) * 1000
        processor = statistics.median(one[1] for one in got) * 1000
        longest = max(longest, processor)
        print(f"{name:22}{clock:8.1f}{processor:11.1f}{len(got[0][2]) / 1024:10.1f}")
    return longest


def keeps_up(server: Server, lines: int, version: int) -> tuple[int, float]:
    """Types at RATE edits a second and looks at a word after each. The version, and how busy the processor was: 1 is always."""
    waited = []
    begin, used = time.perf_counter(), server.processor()
    source = edits(lines)
    for number in range(1, RATE * SECONDS + 1):
        version += 1
        typing(server, version, next(source))
        waited.append(server.request("textDocument/hover", requests(lines)["hover"][1])[0])
        time.sleep(max(0.0, begin + number / RATE - time.perf_counter()))
    # One more, whose diagnostics are not among what came before an answer.
    version += 1
    typing(server, version, next(source))
    server.wait_for(b'"version":%d' % version)
    behind = time.perf_counter() - begin - SECONDS
    busy = (server.processor() - used) / SECONDS
    median, worst = statistics.median(waited) * 1000, max(waited) * 1000
    print(f"typing, {RATE} edits a second for {SECONDS} s: hover after an edit takes {median:.1f} ms, at most {worst:.1f} ms;")
    print(
        f"  the diagnostics of one more edit come after {behind * 1000:.0f} ms; the processor is busy for {busy:.0%} of the time"
    )
    return version, busy


def memory(server: Server, lines: int, version: int, count: int) -> float:
    """Makes many edits; prints the memory on the way. How many MiB the medians of the first and the second half differ by."""
    source = edits(lines)
    sizes: list[float] = []
    begin = time.perf_counter()
    for number in range(1, count + 1):
        is_last = number % TOGETHER == 0 or number == count
        typing(server, version + number, next(source), flush=is_last)
        if is_last:
            server.wait_for(b'"version":%d' % (version + number))
        if number % max(1, count // 10) == 0:
            sizes.append(server.resident())
    taken = time.perf_counter() - begin
    print(f"memory after every tenth of {count} edits, in MiB: {' '.join(f'{size:.1f}' for size in sizes)}; {taken:.0f} s")
    half = len(sizes) // 2
    return statistics.median(sizes[half:]) - statistics.median(sizes[:half]) if half else 0.0


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--lines", type=int, default=10_000)
    parser.add_argument("--edits", type=int, default=1_000)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    server = Server(options.program)
    text = kickstart(options.lines)
    capabilities = {
        "textDocument": {
            "documentSymbol": {"hierarchicalDocumentSymbolSupport": True},
            "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}},
        }
    }
    server.request("initialize", {"processId": None, "rootUri": None, "capabilities": capabilities})
    server.send("initialized", {})
    start, used = time.perf_counter(), server.processor()
    item = {"uri": URI, "languageId": "kickstart", "version": 0, "text": text}
    server.send("textDocument/didOpen", {"textDocument": item})
    found = server.wait_for(b"publishDiagnostics")
    lines = text.count("\n")
    print(f"{lines} lines, {len(text) / 1024:.0f} KiB; milliseconds of the clock and of the processor, median of {TIMES}; KiB")
    clock, processor = (time.perf_counter() - start) * 1000, (server.processor() - used) * 1000
    print(f"{'diagnostics':22}{clock:8.1f}{processor:11.1f}{len(found) / 1024:10.1f}")
    longest = answers(server, lines)
    version, busy = keeps_up(server, lines, 0)
    grown = memory(server, lines, version, options.edits)
    server.request("shutdown", None)
    server.send("exit", None)
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.process.wait(5)
    server.process.kill()
    bounds = {"an answer": longest < LONGEST, "typing": busy < 1, "memory": grown < GROWTH}
    failed = [name for name, holds in bounds.items() if not holds]
    if options.check and failed:
        print(f"not within bounds: {', '.join(failed)}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
