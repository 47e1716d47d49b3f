// VS Code's side of the protocol: the library of its client (vscode-languageserver-protocol) asks for every feature, and checks the
// form of each answer with its own types. vscode_protocol.py installs the library.
//   node vscode_protocol.js PROGRAM FILE CAPABILITIES.json
// Prints a line for each thing that works; ends with an error at the first that does not.
const fs = require("fs");
const { spawn } = require("child_process");
const { pathToFileURL } = require("url");
const lsp = require("vscode-languageserver-protocol/node");

const SECONDS = 30;

const say = (name) => console.log(`ok ${name}`);

function want(condition, what, value) {
  if (!condition) throw new Error(value === undefined ? what : `${what}: ${JSON.stringify(value).slice(0, 2000)}`);
}

/** A list that is not empty, of things that the library knows the form of. */
function wantAll(is, list, what) {
  want(Array.isArray(list) && list.length > 0 && list.every((one) => is(one)), what, list);
}

/** Within the time that an answer may take. */
function soon(promise, what) {
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error(`${what}: no answer`)), SECONDS * 1000).unref());
  return Promise.race([promise, late]);
}

/** A text as an editor holds it: the library has no document of its own. */
class Document {
  constructor(uri, text) {
    Object.assign(this, { uri, text, version: 1 });
  }

  /** Where the n-th (from 0) of these words is, and `after` characters more. */
  at(words, after = 0, n = 0) {
    let offset = -1;
    for (let count = 0; count <= n; count++) offset = this.text.indexOf(words, offset + 1);
    want(offset >= 0, `the text does not have ${words}`);
    return this.position(offset + after);
  }

  position(offset) {
    const before = this.text.slice(0, offset).split("\n");
    return lsp.Position.create(before.length - 1, before[before.length - 1].length);
  }

  offset(position) {
    const lines = this.text.split("\n");
    return lines.slice(0, position.line).reduce((sum, line) => sum + line.length + 1, 0) + position.character;
  }

  slice(range) {
    return this.text.slice(this.offset(range.start), this.offset(range.end));
  }

  /** The text with edits applied, the last one first. */
  with(edits) {
    const sorted = [...edits].sort((a, b) => this.offset(b.range.start) - this.offset(a.range.start));
    return sorted.reduce(
      (text, edit) => text.slice(0, this.offset(edit.range.start)) + edit.newText + text.slice(this.offset(edit.range.end)),
      this.text,
    );
  }

  get id() {
    return { uri: this.uri };
  }
}

async function everything(connection, file, capabilities) {
  const ask = (type, params) => soon(connection.sendRequest(type, params), type.method);
  const uri = pathToFileURL(file).toString();
  const document = new Document(uri, fs.readFileSync(file, "utf8"));

  const asked = [];
  const settings = { syntax: "RHEL9", policy: "ovirt-node", disks: ["sda=200GiB"] };
  connection.onRequest(lsp.ConfigurationRequest.type, (params) => params.items.map(() => settings));
  connection.onRequest(lsp.RegistrationRequest.type, (params) => void asked.push(...params.registrations));
  connection.onRequest(lsp.ShowDocumentRequest.type, (params) => {
    asked.push(params);
    return { success: true };
  });
  const refreshed = new Set();
  for (const type of [
    lsp.DiagnosticRefreshRequest.type,
    lsp.CodeLensRefreshRequest.type,
    lsp.InlayHintRefreshRequest.type,
    lsp.SemanticTokensRefreshRequest.type,
  ]) {
    connection.onRequest(type, () => void refreshed.add(type.method));
  }
  const pushed = [];
  connection.onNotification(lsp.PublishDiagnosticsNotification.type, (params) => pushed.push(params));

  const result = await ask(lsp.InitializeRequest.type, {
    processId: process.pid,
    rootUri: null,
    workspaceFolders: null,
    capabilities,
    initializationOptions: settings,
  });
  const offered = result.capabilities;
  want(offered.positionEncoding === "utf-16", "VS Code counts UTF-16", offered);
  want(offered.textDocumentSync.change === lsp.TextDocumentSyncKind.Incremental, "changes are sent whole", offered);
  want(offered.diagnosticProvider.interFileDependencies === true, "diagnostics are not pulled", offered);
  await connection.sendNotification(lsp.InitializedNotification.type, {});
  say("initialize");

  const change = async (edits) => {
    // As VS Code sends them: the last one first, each in the text that those before have left.
    const changes = [...edits]
      .sort((a, b) => document.offset(b.range.start) - document.offset(a.range.start))
      .map((edit) => ({ range: edit.range, text: edit.newText }));
    document.text = document.with(edits);
    document.version += 1;
    const textDocument = lsp.VersionedTextDocumentIdentifier.create(uri, document.version);
    await connection.sendNotification(lsp.DidChangeTextDocumentNotification.type, { textDocument, contentChanges: changes });
  };
  const diagnostics = async () => {
    const report = await ask(lsp.DocumentDiagnosticRequest.type, { textDocument: document.id });
    want(report.kind === lsp.DocumentDiagnosticReportKind.Full, "the report is not a full one", report);
    return report.items;
  };
  const item = lsp.TextDocumentItem.create(uri, "kickstart", document.version, document.text);
  await connection.sendNotification(lsp.DidOpenTextDocumentNotification.type, { textDocument: item });
  let found = await diagnostics();
  wantAll(lsp.Diagnostic.is, found, "not diagnostics");
  const small = found.find((one) => one.code === "NODE011");
  want(small && document.slice(small.range) === "--size=1000", "the size of /boot is not found", found);
  const { href } = small.codeDescription ?? {};
  want(href?.startsWith("https:") || fs.readFileSync(new URL(href), "utf8").startsWith("# NODE011:"), "no page", small);
  say("diagnostics");

  const hover = await ask(lsp.HoverRequest.type, { textDocument: document.id, position: document.at("--size=10240", 8) });
  want(lsp.Hover.is(hover) && hover.contents.value.includes("**10 GiB**"), "the size is not explained", hover);
  say("hover");

  const completed = await ask(lsp.CompletionRequest.type, {
    textDocument: document.id,
    position: document.at("--bootproto=dhcp", 12),
    context: { triggerKind: lsp.CompletionTriggerKind.TriggerCharacter, triggerCharacter: "=" },
  });
  const labels = completed.items.map((one) => one.label);
  want(labels.includes("static") && labels.includes("dhcp"), "the kinds of addresses are not offered", labels);
  wantAll((one) => lsp.TextEdit.is(one.textEdit), completed.items, "not edits");
  say("completion");

  const pool = { textDocument: document.id, position: document.at("--poolname=pool", 12) };
  const places = await ask(lsp.DefinitionRequest.type, pool);
  wantAll(lsp.Location.is, places, "not places");
  want(document.slice(places[0].range) === "pool" && places[0].range.start.line === 20, "the pool is elsewhere", places);
  const uses = await ask(lsp.ReferencesRequest.type, { ...pool, context: { includeDeclaration: false } });
  wantAll(lsp.Location.is, uses, "not places");
  want(uses.every((use) => document.slice(use.range) === "pool") && uses.length === 7, "other uses of the pool", uses);
  say("definition and references");

  const symbols = await ask(lsp.DocumentSymbolRequest.type, { textDocument: document.id });
  wantAll(lsp.DocumentSymbol.is, symbols, "not symbols");
  want(symbols.some((one) => one.name === "onn" && one.children[0].name === "pool"), "the outline has no pool", symbols);
  say("outline");

  const folds = await ask(lsp.FoldingRangeRequest.type, { textDocument: document.id });
  wantAll(lsp.FoldingRange.is, folds, "nothing folds");
  const links = await ask(lsp.DocumentLinkRequest.type, { textDocument: document.id });
  wantAll(lsp.DocumentLink.is, links, "no links");
  want(links[0].target.endsWith("squashfs.img"), "the image is not a link", links);
  say("folding and links");

  const tokens = await ask(lsp.SemanticTokensRequest.type, { textDocument: document.id });
  want(lsp.SemanticTokens.is(tokens) && tokens.data.length > 100 && tokens.data.length % 5 === 0, "no tokens", tokens);
  say("semantic tokens");

  const whole = lsp.Range.create(document.position(0), document.position(document.text.length));
  const hints = await ask(lsp.InlayHintRequest.type, { textDocument: document.id, range: whole });
  wantAll(lsp.InlayHint.is, hints, "no hints");
  want(hints.some((hint) => hint.label === "= 10 GiB"), "no size", hints);
  say("inlay hints");

  const lenses = await ask(lsp.CodeLensRequest.type, { textDocument: document.id });
  wantAll(lsp.CodeLens.is, lenses, "no lens");
  const { command } = lenses[0];
  want(command.title.startsWith("sda 200 GiB: Anaconda "), "no verdict", command);
  const picture = await ask(lsp.ExecuteCommandRequest.type, { command: command.command, arguments: command.arguments });
  want(picture.includes("<svg"), "no picture", picture);
  const shown = asked.find((one) => one.uri);
  want(shown && shown.external && fs.readFileSync(new URL(shown.uri), "utf8") === picture, "the picture is not opened", asked);
  say("code lens and its picture");

  const watched = asked.find((one) => one.method === lsp.DidChangeWatchedFilesNotification.method);
  want(watched, "files are not watched", asked);
  say("watched files");

  const rename = { textDocument: document.id, position: document.at("volgroup onn", 9) };
  const prepared = await ask(lsp.PrepareRenameRequest.type, rename);
  want(document.slice(prepared.range) === "onn" && prepared.placeholder === "onn", "another word is renamed", prepared);
  const renamed = await ask(lsp.RenameRequest.type, { ...rename, newName: "vg0" });
  want(lsp.WorkspaceEdit.is(renamed), "not an edit", renamed);
  const expected = document.text.replaceAll("=onn ", "=vg0 ").replace("volgroup onn", "volgroup vg0");
  want(document.with(renamed.changes[uri]) === expected, "another text", renamed);
  await change(renamed.changes[uri]);
  const refused = await ask(lsp.RenameRequest.type, { ...rename, newName: "a b" }).catch((error) => error);
  want(refused.code === lsp.LSPErrorCodes.RequestFailed, "a name that LVM refuses is taken", refused);
  say("rename");

  found = await diagnostics();
  const context = { diagnostics: found.filter((one) => one.code === "NODE011"), triggerKind: lsp.CodeActionTriggerKind.Invoked };
  const actions = await ask(lsp.CodeActionRequest.type, { textDocument: document.id, range: small.range, context });
  wantAll(lsp.CodeAction.is, actions, "no actions");
  const fix = actions.find((one) => one.title.startsWith("NODE011: ") && !one.title.includes("waive"));
  want(fix && fix.kind === lsp.CodeActionKind.QuickFix && fix.diagnostics[0].code === "NODE011", "no fix", actions);
  await change(fix.edit.changes[uri]);
  found = await diagnostics();
  want(!found.some((one) => one.code === "NODE011"), "the finding is still there", found);
  say("code action");

  const all = await ask(lsp.CodeActionRequest.type, {
    textDocument: document.id,
    range: whole,
    context: { diagnostics: [], only: [lsp.CodeActionKind.SourceFixAll], triggerKind: lsp.CodeActionTriggerKind.Automatic },
  });
  want(all.length === 1 && all[0].kind === "source.fixAll.ks-lint", "not one action for all", all);
  await change(all[0].edit.changes[uri]);
  want(document.text.includes("%post --erroronfail\n"), "the safe fixes are not applied");
  say("fix all");

  const options = lsp.FormattingOptions.create(4, true);
  await change([{ range: lsp.Range.create(document.at("lang en_US"), document.at("en_US")), newText: "lang \u{10400}   " }]);
  await change([{ range: lsp.Range.create(document.at("\u{10400}"), document.at("   en_US")), newText: "" }]);
  const range = lsp.Range.create(document.at("lang"), document.at("en_US"));
  const ranged = await ask(lsp.DocumentRangeFormattingRequest.type, { textDocument: document.id, range, options });
  wantAll(lsp.TextEdit.is, ranged, "the line is not formatted");
  const formatted = document.with(ranged);
  want(formatted.includes("\nlang en_US.UTF-8\n"), "the line is not formatted", ranged);
  const edits = await ask(lsp.DocumentFormattingRequest.type, { textDocument: document.id, options });
  want(document.with(edits) === formatted, "the document is formatted in another way", edits);
  await change(edits);
  say("formatting");

  // Cancelled before it is worked on: much waits before it.
  const source = new lsp.CancellationTokenSource();
  const many = Array.from({ length: 50 }, () => ask(lsp.SemanticTokensRequest.type, { textDocument: document.id }));
  const place = { textDocument: document.id, position: document.at("volgroup", 2) };
  const cancelled = connection.sendRequest(lsp.HoverRequest.type, place, source.token).catch((error) => error);
  source.cancel();
  await Promise.all(many);
  const answer = await soon(cancelled, "a cancelled request");
  want(lsp.Hover.is(answer) || answer.code === lsp.LSPErrorCodes.RequestCancelled, "no answer to a cancelled request", answer);
  say("cancellation");

  await connection.sendNotification(lsp.DidChangeConfigurationNotification.type, { settings: { disks: ["vda=1TiB"] } });
  const later = await ask(lsp.CodeLensRequest.type, { textDocument: document.id });
  want(later[0].command.title.startsWith("vda 1 TiB: "), "the settings are not followed", later);
  want(refreshed.size === 4, "not everything is asked for again", [...refreshed]);
  say("settings");

  want(pushed.length === 0, "diagnostics are pushed to a client that pulls", pushed);
  await connection.sendNotification(lsp.DidCloseTextDocumentNotification.type, { textDocument: document.id });
  await ask(lsp.ShutdownRequest.type);
  await connection.sendNotification(lsp.ExitNotification.type);
}

async function main() {
  const [program, file, capabilities] = process.argv.slice(2);
  const server = spawn(program, ["lsp"], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise((resolve) => server.on("exit", resolve));
  const reader = new lsp.StreamMessageReader(server.stdout);
  const connection = lsp.createProtocolConnection(reader, new lsp.StreamMessageWriter(server.stdin));
  connection.listen();
  try {
    await everything(connection, file, JSON.parse(fs.readFileSync(capabilities, "utf8")));
    want((await soon(ended, "exit")) === 0, "the server does not end with 0");
    say("exit");
  } catch (error) {
    console.log(`failed: ${error.message}`);
    process.exitCode = 1;
    server.kill();
  }
  connection.dispose();
}

main();
