// On a host that sends no headers the service worker adds them: Python becomes interruptible, and nothing else changes.

import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { consoleOf, expect, finished, ready, run, test, watched, write } from "./page";

const dist = path.resolve(import.meta.dirname, "../web/dist");
const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".json": "application/json",
};
const SCRIPTS: Record<string, string> = {
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

/** A host of files below a folder, as such hosts are: types, and no other header. */
function host(folder: string): Promise<Server> {
  const server = createServer((request, response) => {
    const asked = decodeURIComponent(new URL(request.url ?? "", "http://host").pathname);
    if (!asked.startsWith(folder)) return void response.writeHead(404).end();
    const file = path.join(dist, path.normalize(`/${asked.slice(folder.length)}`), asked.endsWith("/") ? "index.html" : "");
    if (!existsSync(file) || !statSync(file).isFile()) return void response.writeHead(404).end();
    const type = { ...TYPES, ...SCRIPTS }[path.extname(file)] ?? "application/octet-stream";
    response.writeHead(200, { "Content-Type": type });
    createReadStream(file).pipe(response);
  });
  return new Promise((resolve) => server.listen(0, "localhost", () => resolve(server)));
}

test("a plain static host, in a folder of it: isolated after the page's own reload, and stopped by an interrupt", async ({
  browser,
}) => {
  test.setTimeout(180_000);
  const server = await host("/some/folder/");
  const address = `http://localhost:${(server.address() as AddressInfo).port}/some/folder/`;
  const { page, complaints } = await watched(browser, address);
  try {
    const answer = await page.goto(address);
    expect(answer?.headers()["cross-origin-opener-policy"]).toBeUndefined();
    await expect
      .poll(() => page.evaluate(() => crossOriginIsolated).catch(() => false), {
        timeout: 120_000,
      })
      .toBe(true);
    await ready(page);
    await run(page, "kept = open('/files/kept.txt', 'w').write('x')\nprint('runs')");
    await expect(consoleOf(page)).toContainText("runs");
    await write(page, "import sys\nsys.still_here = True\nprint('on')\nwhile True: pass");
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await expect(consoleOf(page)).toContainText("on");
    await page.getByRole("button", { name: "Stop" }).click();
    await finished(page);
    await run(page, "import sys\nprint('the same Python:', hasattr(sys, 'still_here'))");
    await expect(consoleOf(page)).toContainText("the same Python: True");
    const inner = await page.evaluate(() => fetch("headers.json").then((r) => r.headers.get("content-security-policy")));
    expect(inner).toContain("default-src 'none'");
    expect(complaints).toEqual([]);
  } finally {
    await page.context().close();
    server.close();
  }
});
