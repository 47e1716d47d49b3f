// What a person does with a kickstart in VS Code, in a browser: vscode.py starts the server, and says which browser.
//   node vscode.js BROWSER ADDRESS FILE [PICTURE]
// Prints a line for each thing that works; ends with an error at the first that does not.
const fs = require("fs");
const path = require("path");
const puppeteer = require("puppeteer-core");

const SECONDS = 60;

const say = (name) => console.log(`ok ${name}`);

/** Waits until a condition holds; otherwise fails and says what is missing. */
async function until(what, condition) {
  const end = Date.now() + SECONDS * 1000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(what);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function everything(page, address, file, picture) {
  const host = new URL(address).host;
  const payload = encodeURIComponent(JSON.stringify([["openFile", `vscode-remote://${host}${file}`]]));
  await page.goto(`${address}/?folder=${path.dirname(file)}&payload=${payload}`, { waitUntil: "domcontentloaded" });
  const trust = await page.waitForSelector("::-p-text(Yes, I trust the authors)", { timeout: SECONDS * 1000 });
  await trust.click();

  const text = () => page.evaluate(() => document.querySelector(".monaco-workbench").innerText.replace(/\u00a0/g, " "));
  const shows = (what, words) => until(`${what}: '${words}' is not shown`, async () => (await text()).includes(words));
  await until("the language is not that of kickstarts", () => page.$("::-p-text(Kickstart)"));
  say("language");
  await until("no diagnostics", async () => (await page.$$(".squiggly-error")).length > 1);
  say("diagnostics");
  await shows("code lens", "sda 200 GiB: Anaconda stops");
  say("code lens");
  await shows("inlay hints", "= 64 GiB");
  say("inlay hints");
  if (picture) await page.screenshot({ path: picture });

  const word = await page.waitForSelector(".view-line ::-p-text(liveimg)");
  await word.hover();
  const hovers = () => page.$$eval(".monaco-hover", (all) => all.map((hover) => hover.innerText).join("\n"));
  await until("hover says nothing of liveimg", async () => /liveimg[^]*--url/.test(await hovers()));
  say("hover");

  await page.keyboard.press("Escape");
  await word.click();
  await page.keyboard.press("End");
  await page.keyboard.type(" --ch");
  await page.keyboard.down("Control");
  await page.keyboard.press("Space");
  await page.keyboard.up("Control");
  await page.waitForSelector(".suggest-widget.visible", { timeout: SECONDS * 1000 });
  say("completion");
  await page.keyboard.press("Escape");
  for (let letter = 0; letter < 5; letter++) await page.keyboard.press("Backspace");

  // Saving applies the safe fixes: vscode.py has set it so.
  await page.keyboard.down("Control");
  await page.keyboard.press("s");
  await page.keyboard.up("Control");
  await until("the fixes are not in the file", () => fs.readFileSync(file, "utf8").includes("%post --erroronfail\n"));
  say("fix all on save");
}

async function main() {
  const [browserPath, address, file, picture] = process.argv.slice(2);
  const browser = await puppeteer.launch({
    executablePath: browserPath,
    args: ["--no-sandbox", "--disable-gpu"],
    defaultViewport: { width: 1280, height: 800 },
  });
  const page = await browser.newPage();
  try {
    await everything(page, address, file, picture);
  } catch (error) {
    console.log(`failed: ${error.message}`);
    process.exitCode = 1;
  }
  await browser.close();
}

main();
