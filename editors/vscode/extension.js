// Starts `ks-lint lsp` for kickstarts. Everything else is in the server.
const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

/** The settings that the server knows. */
function settings() {
  const all = vscode.workspace.getConfiguration("ks-lint");
  const given = {};
  for (const name of ["syntax", "policy", "disks", "firmware", "shellcheck"]) {
    const value = all.get(name);
    if (value !== undefined && value !== "") {
      given[name] = value;
    }
  }
  return given;
}

async function activate(context) {
  const command = vscode.workspace.getConfiguration("ks-lint").get("path") || "ks-lint";
  const server = { command, args: ["lsp"] };
  const documents = [
    { scheme: "file", language: "kickstart" },
    { scheme: "untitled", language: "kickstart" },
    // Policies name their schema; the server leaves other TOML alone.
    { scheme: "file", pattern: "**/*.toml" },
    { scheme: "file", pattern: "**/pxelinux.cfg/*" },
    { scheme: "file", pattern: "**/{isolinux.cfg,syslinux.cfg,extlinux.conf}" },
    { scheme: "file", pattern: "**/grub.cfg*" },
    { scheme: "file", pattern: "**/*.ipxe" },
    { scheme: "file", pattern: "**/loader/entries/*.conf" },
  ];
  client = new LanguageClient("ks-lint", "ks-lint", server, {
    documentSelector: documents,
    initializationOptions: settings(),
  });
  context.subscriptions.push(
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("ks-lint")) {
        client.sendNotification("workspace/didChangeConfiguration", { settings: settings() });
      }
    }),
  );
  await client.start();
}

async function deactivate() {
  await client?.stop();
}

module.exports = { activate, deactivate };
