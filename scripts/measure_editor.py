"""How long the language server needs for its answers about a long kickstart, whether it keeps up with typing, and its memory.

    ./scripts/measure_editor.py PROGRAM [--lines N] [--edits N]

The times are of the clock, from the request to the last byte of its answer; the median of several. Measure on an idle machine.
"""

import argparse
import contextlib
import json
import pathlib
import statistics
import subprocess
import time
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

    def send(self, method: str, params: Any, *, number: int | None = None) -> None:
        """Sends a message; a request if it has a number."""
        message = {"jsonrpc": "2.0", "method": method, "params": params}
        if number is not None:
            message["id"] = number
        body = json.dumps(message).encode()
        assert self.process.stdin
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def receive(self) -> bytes:
        """The next message, as it is."""
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
        while mark not in (message := self.receive())[:200] + message[-200:]:
            pass
        return message

    def request(self, method: str, params: Any) -> tuple[float, bytes]:
        """Seconds until the answer, and the answer."""
        self.number += 1
        start = time.perf_counter()
        self.send(method, params, number=self.number)
        answer = self.wait_for(b'"id":%d' % self.number)
        return time.perf_counter() - start, answer

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
    }


def edit(server: Server, version: int, line: int) -> None:
    """One letter more in a comment at the end of a line."""
    place = {"line": line, "character": 0}
    change = {"range": {"start": place, "end": place}, "text": "#\n" if version % 2 else ""}
    if not version % 2:
        change["range"] = {"start": place, "end": {"line": line + 1, "character": 0}}
    server.send(
        "textDocument/didChange",
        {"textDocument": {"uri": URI, "version": version}, "contentChanges": [change]},
    )


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--lines", type=int, default=10_000)
    parser.add_argument("--edits", type=int, default=1_000)
    options = parser.parse_args()
    server = Server(options.program)
    text = kickstart(options.lines)
    capabilities = {"textDocument": {"documentSymbol": {"hierarchicalDocumentSymbolSupport": True}}}
    server.request("initialize", {"processId": None, "rootUri": None, "capabilities": capabilities})
    server.send("initialized", {})
    start = time.perf_counter()
    item = {"uri": URI, "languageId": "kickstart", "version": 0, "text": text}
    server.send("textDocument/didOpen", {"textDocument": item})
    found = server.wait_for(b"publishDiagnostics")
    lines = text.count("\n")
    print(f"{lines} lines, {len(text) / 1024:.0f} KiB; milliseconds, median of {TIMES}, and KiB of the answer")
    print(f"{'diagnostics':22}{(time.perf_counter() - start) * 1000:8.1f}{len(found) / 1024:10.1f}")
    for name, (method, params) in requests(lines).items():
        answers = [server.request(method, params) for _ in range(TIMES)]
        assert b'"error"' not in answers[0][1][:60], answers[0][1][:300]
        print(f"{name:22}{statistics.median(a[0] for a in answers) * 1000:8.1f}{len(answers[0][1]) / 1024:10.1f}")
    behind = []
    for version in range(1, 91):
        start = time.perf_counter()
        edit(server, version, 20)
        behind.append(server.request("textDocument/hover", requests(lines)["hover"][1])[0])
        time.sleep(max(0.0, 1 / 30 - (time.perf_counter() - start)))
    worst, median = max(behind) * 1000, statistics.median(behind) * 1000
    print(f"typing, 30 edits a second: hover after an edit takes {median:.1f} ms, at most {worst:.1f} ms")
    before = server.resident()
    for version in range(91, 91 + options.edits):
        edit(server, version, 20)
        server.wait_for(b"publishDiagnostics")
    print(f"memory: {before:.1f} MiB before, {server.resident():.1f} MiB after {options.edits} edits with their diagnostics")
    server.request("shutdown", None)
    server.send("exit", None)
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.process.wait(5)
    server.process.kill()


if __name__ == "__main__":
    main()
