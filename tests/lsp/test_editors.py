"""The language server as a process, with the recorded capabilities of real editors (pytest-lsp): every feature for each of them.

KS_LINT names the program. tests/lsp.rs runs this with the Python of .venv.
"""

import asyncio
import json
import os
import pathlib
import random
import re
from collections.abc import AsyncIterator, Iterable
from typing import Any

import pytest
import pytest_lsp
from lsprotocol import types
from lsprotocol.converters import get_converter
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

ROOT = pathlib.Path(__file__).parents[2]
WRONG = (ROOT / "kickstart-examples" / "wrong.ks").read_text(encoding="utf-8")
NODE = (ROOT / "kickstart-examples" / "node.ks").read_text(encoding="utf-8")
URI = "file:///nonexistent/node.ks"
# What VS Code 1.96 says of itself (tests/editors/vscode.py has recorded it); pytest-lsp has older ones and the other editors.
VSCODE = "visual_studio_code@v1.96"
EDITORS = ["neovim@v0.6.1", "neovim@v0.9.1", "neovim@v0.11.0", "visual_studio_code", VSCODE, "emacs"]
SECONDS = 30
SETTINGS = {"syntax": "RHEL9", "disks": ["sda=200GiB"]}

SERVER = ClientServerConfig(server_command=[os.environ["KS_LINT"], "lsp"])


def capabilities(editor: str) -> types.ClientCapabilities:
    """What an editor says of itself."""
    if editor != VSCODE:
        return client_capabilities(editor)
    recorded = json.loads((ROOT / "tests" / "editors" / "vscode_capabilities.json").read_text(encoding="utf-8"))
    structured: types.ClientCapabilities = get_converter().structure(recorded, types.ClientCapabilities)
    return structured


class Editor:
    """A client with its documents, and places in them as it counts columns."""

    def __init__(self, client: LanguageClient, encoding: str, called: list[tuple[str, Any]]) -> None:
        self.client = client
        self.encoding = encoding
        self.texts: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        # Methods that the server has called, with their parameters.
        self.called = called

    @property
    def pulls(self) -> bool:
        """Whether it asks for diagnostics."""
        text = self.client.capabilities.text_document if self.client.capabilities else None
        return bool(text and text.diagnostic)

    def open(self, text: str, uri: str = URI, language: str = "kickstart") -> None:
        """Opens a document."""
        self.texts[uri], self.versions[uri] = text, 1
        document = types.TextDocumentItem(uri, language, 1, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(document))

    def change(self, edits: Iterable[types.TextEdit], uri: str = URI) -> None:
        """Sends edits as increments: the last one first, each in the text that those before have left."""
        ordered = sorted(edits, key=lambda edit: (edit.range.start.line, edit.range.start.character), reverse=True)
        changes = [types.TextDocumentContentChangePartial(edit.range, edit.new_text) for edit in ordered]
        self.texts[uri] = self.edited(ordered, uri)
        self._changed(changes, uri)

    def replace(self, text: str, uri: str = URI) -> None:
        """Sends the whole text."""
        self.texts[uri] = text
        self._changed([types.TextDocumentContentChangeWholeDocument(text)], uri)

    def _changed(self, changes: list[Any], uri: str) -> None:
        self.versions[uri] += 1
        identifier = types.VersionedTextDocumentIdentifier(self.versions[uri], uri)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(identifier, changes))

    def position(self, offset: int, uri: str = URI) -> types.Position:
        """A character of a document as a position."""
        before = self.texts[uri][:offset]
        line = before[before.rfind("\n") + 1 :]
        columns = len(line.encode("utf-8")) if self.encoding == "utf-8" else len(line.encode("utf-16-le")) // 2
        return types.Position(before.count("\n"), columns)

    def offset(self, position: types.Position, uri: str = URI) -> int:
        """A position as a character of a document."""
        lines = self.texts[uri].split("\n")
        start = sum(len(line) + 1 for line in lines[: position.line])
        for at in range(len(lines[position.line]) + 1):
            if self.position(start + at, uri).character == position.character:
                return start + at
        raise AssertionError(f"{position} is inside a character")

    def at(self, words: str, after: int = 0, uri: str = URI) -> dict[str, Any]:
        """The parameters of a request about a place: so many characters after the beginning of these words."""
        position = self.position(self.texts[uri].index(words) + after, uri)
        return {"text_document": types.TextDocumentIdentifier(uri), "position": position}

    def range(self, words: str = "", uri: str = URI) -> types.Range:
        """The place of some words, or the whole document."""
        text = self.texts[uri]
        start, end = (text.index(words), text.index(words) + len(words)) if words else (0, len(text))
        return types.Range(self.position(start, uri), self.position(end, uri))

    def words(self, place: types.Range, uri: str = URI) -> str:
        """The text of a place."""
        return self.texts[uri][self.offset(place.start, uri) : self.offset(place.end, uri)]

    def edited(self, edits: Iterable[types.TextEdit], uri: str = URI) -> str:
        """A document with edits applied, which do not overlap."""
        text = self.texts[uri]
        for edit in sorted(edits, key=lambda edit: self.offset(edit.range.start, uri), reverse=True):
            text = text[: self.offset(edit.range.start, uri)] + edit.new_text + text[self.offset(edit.range.end, uri) :]
        return text

    async def diagnostics(self, uri: str = URI, until: str | None = None) -> list[types.Diagnostic]:
        """The diagnostics of the latest text, pulled or pushed as the editor does; of a later push, if a code is awaited."""
        if self.pulls:
            identifier = types.TextDocumentIdentifier(uri)
            report = await self.client.text_document_diagnostic_async(types.DocumentDiagnosticParams(identifier))
            assert isinstance(report, types.RelatedFullDocumentDiagnosticReport)
            return list(report.items)

        def pushed() -> list[types.Diagnostic] | None:
            mine = [p for name, p in self.called if name == "publish" and (p.uri, p.version) == (uri, self.versions[uri])]
            found = list(mine[-1].diagnostics) if mine else None
            return found if found is not None and (until is None or until in {d.code for d in found}) else None

        while (found := pushed()) is None:
            await asyncio.wait_for(self.client.wait_for_notification("textDocument/publishDiagnostics"), SECONDS)
        return found

    async def actions(self, found: list[types.Diagnostic], place: types.Range, *only: str) -> list[types.CodeAction]:
        """Code actions, all of them with edits."""
        context = types.CodeActionContext(found, list(only) or None)
        params = types.CodeActionParams(types.TextDocumentIdentifier(URI), place, context)
        actions = await self.client.text_document_code_action_async(params) or []
        assert all(isinstance(action, types.CodeAction) for action in actions)
        return [action for action in actions if isinstance(action, types.CodeAction)]


# The editor of each client.
clients: dict[int, Editor] = {}


@pytest_lsp.fixture(config=SERVER, params=EDITORS)  # type: ignore[untyped-decorator]
async def client(request: Any, lsp_client: LanguageClient) -> AsyncIterator[None]:
    """A client of an editor. It answers what its capabilities promise."""
    called: list[tuple[str, Any]] = []
    for method in (
        types.CLIENT_REGISTER_CAPABILITY,
        types.WORKSPACE_CODE_LENS_REFRESH,
        types.WORKSPACE_INLAY_HINT_REFRESH,
        types.WORKSPACE_SEMANTIC_TOKENS_REFRESH,
    ):

        def answer(*params: Any, method: str = method) -> None:
            called.append((method, params[0] if params else None))

        lsp_client.feature(method)(answer)
    push = lsp_client.protocol.fm.features[types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS]

    def pushed(params: types.PublishDiagnosticsParams) -> None:
        called.append(("publish", params))
        push(params)

    lsp_client.protocol.fm.features[types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS] = pushed
    lsp_client.set_configuration({"ks-lint": SETTINGS})
    params = types.InitializeParams(capabilities=capabilities(request.param), initialization_options=SETTINGS)
    result = await asyncio.wait_for(lsp_client.initialize_session(params), SECONDS)
    clients[id(lsp_client)] = Editor(lsp_client, str(result.capabilities.position_encoding), called)
    yield
    await asyncio.wait_for(lsp_client.shutdown_session(), SECONDS)


@pytest.fixture
def editor(client: LanguageClient) -> Editor:
    """The editor of a client."""
    return clients[id(client)]


def codes(found: Iterable[types.Diagnostic]) -> set[str]:
    """The codes of diagnostics."""
    return {str(diagnostic.code) for diagnostic in found}


def test_editors_agree_on_columns_and_on_how_diagnostics_come(editor: Editor, request: Any) -> None:
    name = request.node.callspec.params["client"]
    assert editor.encoding == ("utf-8" if name in ("neovim@v0.11.0", "emacs") else "utf-16")
    assert editor.pulls == (name in ("neovim@v0.11.0", VSCODE))


@pytest.mark.asyncio
async def test_findings_have_places_links_and_tags(editor: Editor) -> None:
    text = WRONG.replace("text\n", "user --name=a --gecos='é𐐀' --nonsense\nlang C # é𐐀\ninstall\n")
    editor.open(text)
    found = await editor.diagnostics()
    places = {diagnostic.code: editor.words(diagnostic.range) for diagnostic in found}
    assert places["KS004"] == "--nonsense"
    assert places["KS002"] == "install"
    editor.replace(WRONG.replace("text\n", "user --name=a --gecos='é𐐀'\nuser --name=a\nlang C # é𐐀\nauthconfig --x\n"))
    found = await editor.diagnostics()
    by_code = {diagnostic.code: diagnostic for diagnostic in found}
    assert editor.words(by_code["KS003"].range) == "authconfig"
    assert by_code["KS003"].tags == (types.DiagnosticTag.Deprecated,)
    assert by_code["STY013"].tags == (types.DiagnosticTag.Unnecessary,)
    related = by_code["KS018"].related_information
    assert related and related[0].location.uri == URI
    text_document = editor.client.capabilities.text_document if editor.client.capabilities else None
    publish = text_document.publish_diagnostics if text_document else None
    if editor.pulls or (publish and publish.code_description_support):
        for diagnostic in found:
            assert diagnostic.code_description
            page = pathlib.Path(diagnostic.code_description.href.removeprefix("file://"))
            assert page.read_text(encoding="utf-8").startswith(f"# {diagnostic.code}: ")


@pytest.mark.asyncio
async def test_words_are_explained(editor: Editor) -> None:
    editor.open("# ks-lint: waive SEC001 -- é\nrootpw x\nlogvol / --vgname=é𐐀 --size=10240\n")
    for words, after, expected in (
        ("SEC001", 2, "SEC001 "),
        ("logvol", 3, "logvol"),
        ("--vgname", 4, "--vgname"),
        ("--size=10240", 9, "10 GiB"),
    ):
        hover = await editor.client.text_document_hover_async(types.HoverParams(**editor.at(words, after)))
        assert hover is not None and isinstance(hover.contents, types.MarkupContent)
        assert hover.contents.value.lstrip("*").startswith(expected), hover.contents.value
        assert hover.range and editor.words(hover.range) in words


@pytest.mark.asyncio
async def test_words_are_completed_for_the_release(editor: Editor) -> None:
    async def offered(text: str, words: str) -> dict[str, types.CompletionItem]:
        editor.open(text)
        params = types.CompletionParams(**editor.at(words, len(words)))
        result = await editor.client.text_document_completion_async(params)
        assert isinstance(result, types.CompletionList)
        return {item.label: item for item in result.items}

    options = await offered("# é𐐀\nlogvol / --vgname=vg --na\n", "--na")
    assert "--name" in options and "--vgname" not in options
    edit = options["--name"].text_edit
    assert isinstance(edit, types.TextEdit)
    assert editor.edited([edit]) == "# é𐐀\nlogvol / --vgname=vg --name=\n"
    page = options["--name"].documentation
    assert page and "Required" in (page if isinstance(page, str) else page.value)
    assert "dhcp" in await offered("network --bootproto=\n", "--bootproto=")
    assert "vg" in await offered("volgroup vg pv.1\nlogvol / --vgname=\n", "--vgname=")
    assert "%packages" in await offered("%\n", "%")
    assert "timesource" in await offered("time\n", "time")
    editor.client.set_configuration({"ks-lint": SETTINGS | {"syntax": "RHEL7"}})
    settings = types.DidChangeConfigurationParams({"ks-lint": SETTINGS | {"syntax": "RHEL7"}})
    editor.client.workspace_did_change_configuration(settings)
    assert "timesource" not in await offered("time\n", "time")


@pytest.mark.asyncio
async def test_findings_are_fixed_and_waived(editor: Editor) -> None:
    editor.open(WRONG)
    found = await editor.diagnostics()
    boot = next(diagnostic for diagnostic in found if diagnostic.code == "NODE011")
    assert editor.words(boot.range) == "--size=1000"
    actions = await editor.actions([boot], boot.range)
    titles = [action.title for action in actions]
    fix = next(action for action in actions if action.title.startswith("NODE011: ") and "waive" not in action.title)
    assert fix.diagnostics and fix.diagnostics[0].code == "NODE011" and fix.edit and fix.edit.changes
    editor.change(fix.edit.changes[URI])
    assert "--size=1024" in editor.texts[URI]
    assert "NODE011" not in codes(await editor.diagnostics())
    editor.replace(WRONG)
    await editor.diagnostics()
    waiver = next(action for action in actions if action.title == "NODE011: waive it here, with a reason")
    assert waiver.edit and waiver.edit.changes
    editor.change(waiver.edit.changes[URI])
    assert "# ks-lint: waive NODE011 -- " in editor.texts[URI]
    assert "NODE011" not in codes(await editor.diagnostics())
    editor.replace(WRONG)
    await editor.diagnostics()
    policy = [action for action in actions if action.title.startswith("ks-lint: add what the policy requires")]
    assert len(policy) == 1, titles
    assert policy[0].edit and policy[0].edit.changes
    editor.change(policy[0].edit.changes[URI])
    assert not [d for d in await editor.diagnostics() if d.severity == types.DiagnosticSeverity.Error]
    everything = await editor.actions([], editor.range(), "source.fixAll")
    assert [action.kind for action in everything] == ["source.fixAll.ks-lint"]
    assert everything[0].edit and everything[0].edit.changes
    editor.change(everything[0].edit.changes[URI])
    assert "%post --erroronfail\n" in editor.texts[URI]
    assert not await editor.actions([], editor.range(), "source.fixAll")


@pytest.mark.asyncio
async def test_a_document_or_some_lines_are_formatted(editor: Editor) -> None:
    editor.open("lang   C # é𐐀  \n\n\nkeyboard   us\n%post\necho   x\n%end\n")
    options = types.FormattingOptions(tab_size=4, insert_spaces=True)
    identifier = types.TextDocumentIdentifier(URI)
    lines = types.DocumentRangeFormattingParams(identifier, editor.range("keyboard"), options)
    edits = await editor.client.text_document_range_formatting_async(lines)
    assert editor.edited(edits or []) == editor.texts[URI].replace("keyboard   us", "keyboard us")
    edits = await editor.client.text_document_formatting_async(types.DocumentFormattingParams(identifier, options))
    assert editor.edited(edits or []) == "lang C # é𐐀\n\nkeyboard us\n\n%post\necho   x\n%end\n"


@pytest.mark.asyncio
async def test_names_are_found_and_changed_in_all_files(editor: Editor, tmp_path: pathlib.Path) -> None:
    part = "part pv.01 --size=1\npart raid.1 --size=1\npart raid.2 --size=1\nraid pv.02 --device=x raid.1 raid.2\n"
    (tmp_path / "part.ks").write_text(part, encoding="utf-8")
    main, included = f"file://{tmp_path}/node.ks", f"file://{tmp_path}/part.ks"
    volumes = (
        "%include part.ks\nvolgroup onn pv.01 pv.02 # é𐐀\nlogvol none --thinpool --vgname=onn --name=pool --size=1\n"
        "logvol / --vgname='onn' --name=root --thin --poolname=pool --size=1 --cachepvs=pv.01,pv.02\n"
        "user --name=admin\nsshkey --username=admin 'ssh-ed25519 AAAA'\n"
    )
    editor.open(volumes, main)
    editor.texts[included] = part
    for words, after, old, new in (
        ("volgroup onn", 10, "onn", "vg0"),
        ("--poolname=pool", 12, "pool", "thin"),
        ("volgroup onn pv.01", 14, "pv.01", "pv.7"),
        ("volgroup onn pv.01 pv.02", 21, "pv.02", "pv.b"),
        ("--username=admin", 12, "admin", "operator"),
    ):
        place = editor.at(words, after, main)
        definitions = await editor.client.text_document_definition_async(types.DefinitionParams(**place))
        assert isinstance(definitions, list) and len(definitions) == 1
        made = definitions[0]
        assert isinstance(made, types.Location) and editor.words(made.range, made.uri) == old
        context = types.ReferenceContext(include_declaration=True)
        uses = await editor.client.text_document_references_async(types.ReferenceParams(context=context, **place))
        assert uses and all(editor.words(use.range, use.uri) == old for use in uses)
        prepared = await editor.client.text_document_prepare_rename_async(types.PrepareRenameParams(**place))
        assert isinstance(prepared, types.PrepareRenamePlaceholder) and prepared.placeholder == old
        edit = await editor.client.text_document_rename_async(types.RenameParams(new_name=new, **place))
        assert edit is not None and edit.changes
        word = re.compile(rf"(?<![\w.-]){re.escape(old)}(?![\w.])")
        for uri, text in ((main, volumes), (included, part)):
            # "pool" is also part of words that are not its name: --thinpool, --poolname.
            assert editor.edited(edit.changes.get(uri, []), uri) == word.sub(new, text)
    # A RAID member is only in the included file.
    editor.open(part, included)
    place = editor.at("raid pv.02 --device=x raid.1", 24, included)
    edit = await editor.client.text_document_rename_async(types.RenameParams(new_name="raid.x", **place))
    assert edit and edit.changes and editor.edited(edit.changes[included], included) == part.replace("raid.1", "raid.x")
    for name in ("", "a b", "pv.1", "raid.", "raid.2", "raid.ä"):
        refused = editor.client.text_document_rename_async(types.RenameParams(new_name=name, **place))
        with pytest.raises(Exception, match="not a name|already"):
            await refused


@pytest.mark.asyncio
async def test_a_document_has_an_outline_folds_links_and_colours(editor: Editor, tmp_path: pathlib.Path) -> None:
    (tmp_path / "part.ks").write_text("lang C\n", encoding="utf-8")
    uri = f"file://{tmp_path}/node.ks"
    editor.open("# é𐐀\n# b\n%include part.ks\n" + NODE, uri)
    identifier = types.TextDocumentIdentifier(uri)
    symbols = await editor.client.text_document_document_symbol_async(types.DocumentSymbolParams(identifier))
    names = {symbol.name for symbol in symbols or []}
    assert {"reqpart", "pv.01", "onn", "%addon org_ovirt_node"} <= names, names
    tree = [symbol for symbol in symbols or [] if isinstance(symbol, types.DocumentSymbol)]
    for group in (symbol for symbol in tree if symbol.name == "onn"):
        pool = next(child for child in group.children or [] if child.name == "pool00")
        assert {child.name for child in pool.children or []} >= {"root", "var_log"}
    folds = await editor.client.text_document_folding_range_async(types.FoldingRangeParams(identifier))
    kinds = {fold.kind for fold in folds or []}
    assert kinds == {types.FoldingRangeKind.Region, types.FoldingRangeKind.Comment}
    links = await editor.client.text_document_document_link_async(types.DocumentLinkParams(identifier))
    targets = {editor.words(link.range, uri): link.target for link in links or []}
    assert targets["part.ks"] == f"file://{tmp_path}/part.ks"
    assert any(target and target.startswith("https://") for target in targets.values())
    tokens = await editor.client.text_document_semantic_tokens_full_async(types.SemanticTokensParams(identifier))
    assert tokens is not None
    coloured, line, column = [], 0, 0
    for down, right, length, kind, _ in zip(*[iter(tokens.data)] * 5, strict=True):
        line, column = line + down, right if down else column + right
        place = types.Range(types.Position(line, column), types.Position(line, column + length))
        coloured.append((editor.words(place, uri), kind))
    assert coloured[0] == ("# é𐐀", 5) and ("part", 0) in coloured and ("/var/log", 6) in coloured


@pytest.mark.asyncio
async def test_the_plan_is_in_the_document(editor: Editor) -> None:
    editor.open(NODE)
    identifier = types.TextDocumentIdentifier(URI)
    hints = await editor.client.text_document_inlay_hint_async(types.InlayHintParams(identifier, editor.range()))
    labels = [str(hint.label) for hint in hints or []]
    assert "= 64 GiB" in labels, labels
    assert any(hint.tooltip == "on sda=200 GiB" for hint in hints or []), "what grows has its size"
    lenses = await editor.client.text_document_code_lens_async(types.CodeLensParams(identifier))
    assert lenses and lenses[0].command is not None
    title = lenses[0].command.title
    assert re.fullmatch(r"sda 200 GiB: Anaconda proceeds · \d+ images? fit", title), title
    command = types.ExecuteCommandParams(lenses[0].command.command, lenses[0].command.arguments)
    picture = await editor.client.workspace_execute_command_async(command)
    assert "<svg" in str(picture)
    window = editor.client.capabilities.window if editor.client.capabilities else None
    if window and window.show_document and window.show_document.support:
        shown = editor.client.shown_documents
        assert [show.uri.endswith("/plan-node.ks.svg") for show in shown] == [True]
    else:
        assert not editor.client.shown_documents
    settings = SETTINGS | {"disks": ["vda=1TiB"]}
    editor.client.set_configuration({"ks-lint": settings})
    editor.client.workspace_did_change_configuration(types.DidChangeConfigurationParams({"ks-lint": settings}))
    lenses = await editor.client.text_document_code_lens_async(types.CodeLensParams(identifier))
    assert lenses and lenses[0].command and lenses[0].command.title.startswith("vda 1 TiB: ")


@pytest.mark.asyncio
async def test_other_files_are_checked(editor: Editor, tmp_path: pathlib.Path) -> None:
    boot, config, policy = (f"file://{tmp_path}/{name}" for name in ("pxelinux.cfg/default", ".ks-lint.toml", "ours.toml"))
    editor.open("label x\n kernel vmlinuz\n append ks=http://x/y.ks\n", boot, "plaintext")
    found = await editor.diagnostics(boot)
    assert any(str(code).startswith("BOOT") for code in codes(found))
    editor.open('syntax = "RHEL9"\nfailon = 1\n', config, "toml")
    found = await editor.diagnostics(config)
    assert [editor.words(diagnostic.range, config) for diagnostic in found] == ["failon = 1"]
    schema = "#:schema ../schemas/policy.schema.json\n"
    editor.open(f'{schema}name = "ours"\nexents = "ovirt-node"\n', policy, "toml")
    found = await editor.diagnostics(policy)
    assert [editor.words(diagnostic.range, policy) for diagnostic in found] == ['exents = "ovirt-node"']
    editor.replace(f'{schema}name = "ours"\nextends = "ovirt-node"\n', policy)
    assert not await editor.diagnostics(policy)
    # TOML of which nothing is known is not a kickstart.
    editor.open('[package]\nname = "x"\n', f"file://{tmp_path}/Cargo.toml", "toml")
    assert not await editor.diagnostics(f"file://{tmp_path}/Cargo.toml")


@pytest.mark.asyncio
async def test_each_root_has_its_configuration_which_is_watched(editor: Editor, tmp_path: pathlib.Path) -> None:
    for root, policy in (("a", "none"), ("b", "ovirt-node")):
        (tmp_path / root).mkdir()
        (tmp_path / root / ".ks-lint.toml").write_text(f'policy = "{policy}"\n', encoding="utf-8")
    uris = {root: f"file://{tmp_path}/{root}/node.ks" for root in "ab"}
    for root, expected in (("a", False), ("b", True)):
        editor.open(WRONG.replace("nodectl init", "true"), uris[root])
        found = codes(await editor.diagnostics(uris[root]))
        assert ("NODE011" in found) == expected, root
    watched = [params for method, params in editor.called if method == types.CLIENT_REGISTER_CAPABILITY]
    workspace = editor.client.capabilities.workspace if editor.client.capabilities else None
    watches = workspace.did_change_watched_files if workspace else None
    assert bool(watched) == bool(watches and watches.dynamic_registration)
    (tmp_path / "a" / ".ks-lint.toml").write_text('policy = "ovirt-node"\n', encoding="utf-8")
    changed = types.FileEvent(f"file://{tmp_path}/a/.ks-lint.toml", types.FileChangeType.Changed)
    editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([changed]))
    assert "NODE011" in codes(await editor.diagnostics(uris["a"], until="NODE011"))


@pytest.mark.asyncio
async def test_edits_as_increments_are_one_full_text(editor: Editor) -> None:
    pieces = ["part / --size=1", "é", "𐐀", "#", "%post\n", "%end\n", "\n", "\r\n", " --grow", '"', "'", "\t", ""]
    draw = random.Random(20261121)
    editor.open(WRONG)
    for _ in range(5):
        for _ in range(40):
            text = editor.texts[URI]
            start = draw.randrange(len(text) + 1)
            end = min(len(text), start + draw.choice([0, 0, 1, 7, 60]))
            # No position is between \r and \n.
            start, end = (at - (text[at - 1 : at + 1] == "\r\n") for at in (start, end))
            place = types.Range(editor.position(start), editor.position(max(start, end)))
            new = "".join(draw.choice(pieces) for _ in range(draw.randrange(4)))
            editor.change([types.TextEdit(place, new)])
        increments = await editor.diagnostics()
        editor.replace(editor.texts[URI])
        assert await editor.diagnostics() == increments


@pytest.mark.asyncio
async def test_odd_requests_are_answered_and_the_server_lives_on(editor: Editor) -> None:
    texts = [
        "",
        "\n",
        "\r\n\r\n",
        "é𐐀",
        "lang C\r\n\r\n%post\r\n",
        "%include\n%include 'x\n",
        "\ufefflang C\n",
        "logvol --vgname= --name=''\n",
    ]
    far = 2**31 - 1
    identifier = types.TextDocumentIdentifier(URI)
    for text in texts:
        editor.open(text)
        for position in (types.Position(0, 0), types.Position(0, 1), types.Position(far, far), types.Position(1, far)):
            place: dict[str, Any] = {"text_document": identifier, "position": position}
            backwards = types.Range(position, types.Position(0, 0))
            options = types.FormattingOptions(tab_size=0, insert_spaces=False)
            context = types.ReferenceContext(include_declaration=False)
            client = editor.client
            await client.text_document_hover_async(types.HoverParams(**place))
            await client.text_document_completion_async(types.CompletionParams(**place))
            await client.text_document_definition_async(types.DefinitionParams(**place))
            await client.text_document_references_async(types.ReferenceParams(context=context, **place))
            await client.text_document_prepare_rename_async(types.PrepareRenameParams(**place))
            await client.text_document_inlay_hint_async(types.InlayHintParams(identifier, backwards))
            await client.text_document_range_formatting_async(types.DocumentRangeFormattingParams(identifier, backwards, options))
            await editor.actions([], backwards)
            with pytest.raises(Exception, match="nothing to rename"):
                await client.text_document_rename_async(types.RenameParams(new_name="x", **place))
        await editor.diagnostics()
    # Closed while a request about it waits.
    editor.open(WRONG * 20)
    params = types.SemanticTokensParams(identifier)
    waiting = [asyncio.ensure_future(editor.client.text_document_semantic_tokens_full_async(params)) for _ in range(5)]
    await asyncio.sleep(0)  # They are sent.
    editor.client.text_document_did_close(types.DidCloseTextDocumentParams(identifier))
    after = await editor.client.text_document_semantic_tokens_full_async(params)
    assert after is None
    assert all(tokens is not None for tokens in await asyncio.gather(*waiting))
