"""The language server as a process, with the recorded capabilities of real editors (pytest-lsp).

KS_LINT names the program. tests/lsp.rs runs this with the Python of .venv.
"""

import asyncio
import os
import pathlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

WRONG = (pathlib.Path(__file__).parents[2] / "kickstart-examples" / "wrong.ks").read_text(encoding="utf-8")
URI = "file:///nonexistent/node.ks"
EDITORS = ["neovim@v0.6.1", "neovim@v0.9.1", "neovim@v0.11.0", "visual_studio_code", "emacs"]
SECONDS = 30


SERVER = ClientServerConfig(server_command=[os.environ["KS_LINT"], "lsp"])


@pytest_lsp.fixture(config=SERVER, params=EDITORS)  # type: ignore[untyped-decorator]
async def client(request: Any, lsp_client: LanguageClient) -> AsyncIterator[None]:
    """A client of an editor, with a document that is open."""

    @lsp_client.feature(types.CLIENT_REGISTER_CAPABILITY)  # type: ignore[untyped-decorator]
    def register(params: types.RegistrationParams) -> None:
        """Files are watched by the editor; nothing changes here."""

    options = {"syntax": "RHEL9", "disks": ["sda=200GiB"]}
    lsp_client.set_configuration({"ks-lint": options})
    params = types.InitializeParams(capabilities=client_capabilities(request.param), initialization_options=options)
    await asyncio.wait_for(lsp_client.initialize_session(params), SECONDS)
    document = types.TextDocumentItem(URI, "kickstart", 1, WRONG)
    lsp_client.text_document_did_open(types.DidOpenTextDocumentParams(document))
    yield
    await asyncio.wait_for(lsp_client.shutdown_session(), SECONDS)


async def diagnostics(client: LanguageClient) -> list[types.Diagnostic]:
    """The diagnostics of the document, pulled or pushed as the editor does."""
    if client.capabilities is not None and client.capabilities.text_document and client.capabilities.text_document.diagnostic:
        identifier = types.TextDocumentIdentifier(URI)
        report = await client.text_document_diagnostic_async(types.DocumentDiagnosticParams(identifier))
        assert isinstance(report, types.RelatedFullDocumentDiagnosticReport)
        return list(report.items)
    while not client.diagnostics.get(URI):
        await asyncio.wait_for(client.wait_for_notification("textDocument/publishDiagnostics"), SECONDS)
    return list(client.diagnostics[URI])


@pytest.mark.asyncio
async def test_findings_are_shown(client: LanguageClient) -> None:
    found = await diagnostics(client)
    assert {"NODE011", "NODE003"} <= {d.code for d in found}
    boot = next(d for d in found if d.code == "NODE011")
    line = WRONG.splitlines()[boot.range.start.line]
    assert line[boot.range.start.character : boot.range.end.character] == "--size=1000"


@pytest.mark.asyncio
async def test_a_fix_is_offered(client: LanguageClient) -> None:
    found = await diagnostics(client)
    boot = next(d for d in found if d.code == "NODE011")
    params = types.CodeActionParams(types.TextDocumentIdentifier(URI), boot.range, types.CodeActionContext([boot]))
    actions = await client.text_document_code_action_async(params)
    titles = [action.title for action in actions or []]
    assert any(title.startswith("NODE011: ") for title in titles), titles


@pytest.mark.asyncio
async def test_words_are_completed_and_explained(client: LanguageClient) -> None:
    row = next(n for n, line in enumerate(WRONG.splitlines()) if line.startswith("logvol"))
    place = types.Position(row, len("logvol"))
    hover = await client.text_document_hover_async(types.HoverParams(types.TextDocumentIdentifier(URI), place))
    assert hover is not None and isinstance(hover.contents, types.MarkupContent)
    assert hover.contents.value.lstrip("*").startswith("logvol")
    end = types.Position(row, len(WRONG.splitlines()[row]))
    changes = [types.TextDocumentContentChangePartial(types.Range(end, end), " --")]
    identifier = types.VersionedTextDocumentIdentifier(2, URI)
    client.text_document_did_change(types.DidChangeTextDocumentParams(identifier, changes))
    place = types.Position(row, end.character + 3)
    result = await client.text_document_completion_async(types.CompletionParams(types.TextDocumentIdentifier(URI), place))
    assert isinstance(result, types.CompletionList)
    assert "--fsoptions" in {item.label for item in result.items} or "--label" in {item.label for item in result.items}


@pytest.mark.asyncio
async def test_a_group_is_renamed(client: LanguageClient) -> None:
    row = next(n for n, line in enumerate(WRONG.splitlines()) if line.startswith("volgroup "))
    place = types.Position(row, len("volgroup "))
    params = types.RenameParams(types.TextDocumentIdentifier(URI), place, "vg0")
    edit = await client.text_document_rename_async(params)
    assert edit is not None and edit.changes is not None
    assert len(edit.changes[URI]) == WRONG.count("vgname=") + 1


@pytest.mark.asyncio
async def test_the_outline_and_the_colours_are_there(client: LanguageClient) -> None:
    identifier = types.TextDocumentIdentifier(URI)
    symbols = await client.text_document_document_symbol_async(types.DocumentSymbolParams(identifier))
    assert symbols and any(symbol.name == "/boot" for symbol in symbols)
    tokens = await client.text_document_semantic_tokens_full_async(types.SemanticTokensParams(identifier))
    assert tokens is not None and len(tokens.data) % 5 == 0 and len(tokens.data) > 100
    lenses = await client.text_document_code_lens_async(types.CodeLensParams(identifier))
    assert lenses and lenses[0].command is not None and "sda 200 GiB" in lenses[0].command.title
