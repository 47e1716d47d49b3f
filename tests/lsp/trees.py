"""The trees of tree-sitter-kickstart: reads texts (a JSON string a line), prints a JSON object for each.

    trees.py GRAMMAR <texts     GRAMMAR is the directory editors/tree-sitter-kickstart

"error" says whether there is an ERROR or a missing node. "items" are the commands, includes and sections in order, each with the
byte that its first word begins at. "scripts" are the languages of embedded scripts, "colours" the words that have one.
Compiles the grammar with cc; needs tree-sitter (scripts/setup installs it in .venv).
"""

import ctypes
import json
import pathlib
import subprocess
import sys
import tempfile
from typing import Any

from tree_sitter import Language, Node, Parser, Query, QueryCursor


def language(grammar: pathlib.Path) -> Language:
    """Compiles and loads the grammar."""
    with tempfile.TemporaryDirectory() as directory:
        library = pathlib.Path(directory) / "kickstart.so"
        sources = [grammar / "src" / name for name in ("parser.c", "scanner.c")]
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-I", grammar / "src", "-o", library, *sources], check=True)
        load = ctypes.CDLL(str(library)).tree_sitter_kickstart
    load.restype = ctypes.c_void_p
    capsule = ctypes.pythonapi.PyCapsule_New
    capsule.restype = ctypes.py_object
    capsule.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    return Language(capsule(load(), b"tree_sitter.Language", None))


def first_word(node: Node) -> list[Any]:
    """Where the first word of a line begins, and the word."""
    word = node.children[0]
    return [word.start_byte, text(word)]


def text(node: Node) -> str:
    """The text of a node."""
    assert node.text is not None
    return str(node.text, "utf-8")


def scripts(query: Query, root: Node) -> list[list[Any]]:
    """The language of each embedded script, and its first line."""
    found = []
    for pattern, captures in QueryCursor(query).matches(root):
        language = query.pattern_settings(pattern)["injection.language"]
        found += [[language, text(node).splitlines()[0]] for node in captures["injection.content"]]
    return found


def item(node: Node) -> list[Any]:
    """A command, an include, or a section with its lines; of a script the bytes."""
    if node.type in ("command", "include"):
        return [node.type, *first_word(node)]
    header, *rest = node.children
    lines = []
    for child in rest:
        if child.type == "script":
            lines.append(["script", child.start_byte, child.end_byte])
        elif child.type == "include":
            lines.append(item(child))
        elif child.type in ("group", "excluded", "package"):
            lines.append(["line", child.start_byte])
        elif child.type == "line":
            lines.append(["line", child.children[0].start_byte])
    return [node.type, *first_word(header), any(child.type == "end" for child in rest), lines]


def main() -> None:
    """Prints the trees."""
    grammar = pathlib.Path(sys.argv[1])
    kickstart = language(grammar)
    # A node or field that the grammar does not have is an error here.
    queries = {file.stem: Query(kickstart, file.read_text(encoding="utf-8")) for file in grammar.glob("queries/*.scm")}
    parser = Parser(kickstart)
    for line in sys.stdin:
        tree = parser.parse(json.loads(line).encode())
        nodes = [node for node in tree.root_node.children if node.is_named and node.type not in ("comment", "ERROR")]
        record = {"error": tree.root_node.has_error, "items": [item(node) for node in nodes]}
        record["scripts"] = scripts(queries["injections"], tree.root_node)
        captures = QueryCursor(queries["highlights"]).captures(tree.root_node)
        record["colours"] = {name: sorted({text(node) for node in found}) for name, found in captures.items()}
        print(json.dumps(record))


if __name__ == "__main__":
    main()
