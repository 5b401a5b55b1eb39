// `make bench-web`: the playground's budgets, and its steps beside TensorFlow.js 4.22 in the same Chromium.
//   node benchmarks/web/run.mjs PYTHON [--all] [--only=CASE,CASE] [--device=CPU|GPU]
// --all: also what takes TensorFlow.js minutes; with one of the others, these rows alone.
import { spawn } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { chromium } from "@playwright/test";
import { BUDGET, sizes } from "../../web/sizes.mjs";

const here = import.meta.dirname;
const [python, ...options] = process.argv.slice(2);
const ARGS = ["--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan"];
ARGS.push("--ignore-gpu-blocklist", "--disable-background-networking", "--disable-component-update", "--no-first-run");
const given = (name) => options.find((option) => option.startsWith(`--${name}=`))?.split("=")[1];
const [only, wanted] = [given("only")?.split(","), given("device")];
const CASES = ["product", "threads", "full", "lenet", "sine1", "sine10"].filter((name) => !only || only.includes(name));
const TITLES = {
  product: "512³ product, GFLOP/s",
  threads: "  on two threads",
  full: "5.2's training step, ms",
  lenet: "LeNet-5's step, ms",
  sine1: "sine RNN's step, T=1, ms",
  sine10: "sine RNN's step, T=10, ms",
};

function line(what, value, budget, kept) {
  console.log(`${what.padEnd(52)} ${value.padStart(22)}   ${budget}${kept === undefined ? "" : kept ? "  ✓" : "  ✗"}`);
}

// ---------------------------------------------------------------- sizes

/** The files of the site that are asked for until a step is done, as a visitor's first program does it. */
const fetched = new Set();

function printSizes() {
  const kb = (bytes) => `${Math.round(bytes / 1024)} KB`;
  for (const [what, sums, others] of [
    ["fetched until the first training step, compressed", sizes((name) => fetched.has(name)), ""],
    ["the whole site, compressed", sizes(), "with pillow and matplotlib"],
  ]) {
    line(what, kb(sums.own), `≤ ${kb(BUDGET)}`, sums.own <= BUDGET); // all but Pyodide and numpy
    line("  of that the page's own files", kb(sums.page), "");
    line("  and PyFlow, with examples, shaders and names", kb(sums.PyFlow), "");
    line("  beside it numpy's, protobuf's and Python's modules", kb(sums.imported), "compiled: to start sooner");
    line("  and Pyodide, numpy and protobuf themselves", kb(sums.other), others);
  }
  line("  and MNIST, when it is asked for", kb(sizes().MNIST), "");
}

// ---------------------------------------------------------------- PyFlow

const address = { site: "http://localhost:8766/", tfjs: "" };

async function serve() {
  const server = spawn(python, ["-m", "pyflow", "playground", "--port", "8766"], { cwd: path.resolve(here, "../..") });
  await new Promise((resolve) => server.stdout.once("data", resolve));
  return server;
}

async function starting(browser) {
  const page = await browser.newPage();
  page.on("request", (request) => fetched.add(new URL(request.url()).pathname.slice(1) || "index.html"));
  await page.addInitScript(() => {
    window.seen = {};
    new MutationObserver(() => {
      const text = document.querySelector(".engine")?.textContent;
      const run = document.querySelector("button.primary");
      if (run && !window.seen.editor && document.querySelector(".editor")?.shadowRoot?.querySelector(".cm-content")) {
        window.seen.editor = performance.now();
        run.click(); // what is asked for now runs as soon as Python is there
      }
      if (text && !(text in window.seen)) window.seen[text] = performance.now();
      if (document.querySelector(".console")?.textContent.includes("step 0")) window.seen.step ??= performance.now();
    }).observe(document, { subtree: true, childList: true, characterData: true });
  });
  await page.goto(address.site);
  const seen = await (await page.waitForFunction(() => window.seen.step && window.seen, null, { timeout: 300_000 })).jsonValue();
  page.removeAllListeners("request");
  const s = (ms) => `${(ms / 1000).toFixed(2)} s`;
  line("editor usable after", s(seen.editor), "≤ 1.5 s", seen.editor <= 1500);
  const first = seen.step - seen["Starting PyFlow"]; // it says so when Pyodide and its packages are loaded
  line("first training step after Pyodide is loaded", s(first), "≤ 2.5 s", first <= 2500);
  line("  and after the page is asked for", s(seen.step), "");
  await page.close();
}

async function pyflow(browser, device, cases) {
  const page = await (await browser.newContext()).newPage();
  await page.goto(address.site);
  await page.getByText("Ready", { exact: true }).waitFor({ timeout: 300_000 });
  await page.getByRole("combobox", { name: "Device" }).selectOption({ index: device === "CPU" ? 0 : 1 });
  const program = readFileSync(path.join(here, "cases.py"), "utf8").replace("sys.argv[1:]", JSON.stringify(cases));
  await page.getByRole("textbox", { name: "Program" }).evaluate((element, text) => {
    element.focus();
    document.execCommand("selectAll");
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", text);
    element.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  }, program);
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.locator(".console .note, .console .failure").first().waitFor({ timeout: 600_000 });
  const lines = await page.locator(".console .out").allInnerTexts();
  if (lines.length < cases.length) console.log(await page.locator(".console").innerText());
  await page.context().close();
  return Object.fromEntries(lines.map((text) => JSON.parse(text)).map(([name, value, calls]) => [name, { value, calls }]));
}

// ---------------------------------------------------------------- TensorFlow.js

function serveFiles() {
  const types = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };
  const server = createServer((request, response) => {
    const file = path.join(here, path.normalize(new URL(request.url, "http://localhost").pathname));
    const found = existsSync(file) && statSync(file).isFile();
    response.writeHead(found ? 200 : 404, {
      "Content-Type": types[path.extname(file)] ?? "application/octet-stream",
      "Cross-Origin-Opener-Policy": "same-origin", // so that its threads work
      "Cross-Origin-Embedder-Policy": "require-corp",
    });
    response.end(found ? readFileSync(file) : "");
  });
  return new Promise((resolve) => {
    server.listen(0, "localhost", () => {
      address.tfjs = `http://localhost:${server.address().port}/tfjs.html`;
      resolve(server);
    });
  });
}

async function tensorflow(browser, backend, cases) {
  const found = {};
  for (const name of cases) {
    const page = await browser.newPage(); // a backend that fails leaves nothing behind
    page.setDefaultTimeout(0);
    await page.goto(address.tfjs);
    const most = name === "lenet" ? 1 : 200;
    const measured = page.evaluate(([b, n, m]) => window.measure(b, n, m), [backend, name, most]);
    found[name] = await measured.catch((error) => String(error.message).split("\n")[0]);
    await page.close();
  }
  return found;
}

// ---------------------------------------------------------------- all of it

const BUDGETS = { full: 0.12, sine1: 0.6, sine10: 0.25 };
const show = (value) => (typeof value === "number" ? value.toFixed(value < 10 ? 2 : 0) : value === undefined ? "–" : "cannot");

function report(device, ours, peers) {
  console.log(`\n${device}`);
  for (const name of CASES) {
    const value = ours[name]?.value;
    if (name === "threads") {
      if (value) line(TITLES[name], show(value), "");
      continue;
    }
    const others = Object.entries(peers).map(([backend, found]) => `${backend} ${show(found[name])}`);
    const numbers = Object.values(peers).map((found) => found[name]).filter((n) => typeof n === "number");
    const best = name === "product" ? Math.max(...numbers) : Math.min(...numbers);
    const ratio = name === "product" ? best / value : value / best;
    let [budget, kept] = ["", undefined];
    if (device !== "CPU") [budget, kept] = numbers.length ? ["≤ 0.125", ratio <= 0.125] : ["", undefined];
    else if (name === "product") [budget, kept] = ["≥ 45 GFLOP/s", value >= 45];
    else if (name === "lenet") [budget, kept] = ["≤ 300 ms", value <= 300];
    else [budget, kept] = [`≤ ${BUDGETS[name]}`, ratio <= BUDGETS[name]];
    line(TITLES[name], show(value), `${numbers.length ? `ratio ${ratio.toFixed(3)}, ` : ""}${budget}`, kept);
    console.log(`    TensorFlow.js: ${others.join(", ")}`);
  }
}

const executablePath = process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/google-chrome"].find((file) => existsSync(file));
const rowsAlone = Boolean(only || wanted);
const [site, files] = [await serve(), await serveFiles()];
const browser = await chromium.launch({ ...(executablePath ? { executablePath } : {}), args: ARGS });
try {
  if (!rowsAlone) {
    await starting(browser);
    printSizes();
  }
  const both = CASES.filter((name) => name !== "threads");
  const quick = both.filter((name) => name !== "lenet");
  if (wanted !== "GPU") {
    const [cpu, wasm] = [await tensorflow(browser, "cpu", quick), await tensorflow(browser, "wasm", both)];
    report("CPU", await pyflow(browser, "CPU", CASES), { cpu, wasm });
  }
  if (wanted !== "CPU") {
    const cases = options.includes("--all") ? both : quick;
    const webgpu = await tensorflow(browser, "webgpu", cases);
    const gpu = await pyflow(browser, "GPU", cases);
    report("WebGPU, on SwiftShader", gpu, { webgpu });
    const calls = Object.entries(gpu).map(([name, { calls: count }]) => `${name} ${count}`);
    line("\ncalls from Python into JavaScript in a step", calls.join(", "), "1", Object.values(gpu).every(({ calls: n }) => n === 1));
  }
} finally {
  await browser.close();
  files.close();
  site.kill();
}
