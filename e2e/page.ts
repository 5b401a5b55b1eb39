// What the specs share: a page whose Python is ready, and which must not complain or ask anyone else for anything.
import path from "node:path";
import { type Browser, test as base, expect, type Page } from "@playwright/test";

export { expect };

export const artifact = (name: string) => path.resolve(import.meta.dirname, "artifacts", name);

/** A page in a context of its own, and the list of what it complains of. */
export async function watched(browser: Browser, baseURL: string | undefined): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...(baseURL ? { baseURL } : {}) });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("console", (message) => message.type() === "error" && complaints.push(`console: ${message.text()}`));
  page.on("request", (request) => {
    const own = request.url().startsWith(baseURL ?? "") || /^(data|blob):/.test(request.url());
    if (!own) complaints.push(`request: ${request.url()}`);
  });
  return { page, complaints };
}

/**
 * `page` is shared by the tests that a worker runs one after another, because Python takes seconds to start; `fresh` is
 * a page that nobody has visited. Either fails the test in which it reports an error, breaks its policy or asks another host.
 */
export const test = base.extend<
  { fresh: Page; quiet: undefined },
  { shared: { page: Page; complaints: string[] }; address: string }
>({
  address: [
    async ({ browserName: _ }, use, worker) => use(String(worker.project.use.baseURL)),
    { scope: "worker" },
  ],
  shared: [
    async ({ browser, address }, use) => {
      const shared = await watched(browser, address);
      await shared.page.goto("./");
      await ready(shared.page);
      await use(shared);
      await shared.page.context().close();
    },
    { scope: "worker", timeout: 180_000 },
  ],
  page: async ({ shared }, use) => {
    await go(shared.page, "#/");
    await use(shared.page);
  },
  fresh: async ({ browser, address }, use) => {
    const { page, complaints } = await watched(browser, address);
    await use(page);
    await page.context().close();
    expect(complaints).toEqual([]);
  },
  quiet: [
    async ({ shared }, use) => {
      shared.complaints.length = 0;
      await use(undefined);
      expect(shared.complaints).toEqual([]);
    },
    { auto: true },
  ],
});

/** Goes to a page of the site without loading it anew. */
export async function go(page: Page, hash: string): Promise<void> {
  await page.evaluate((to) => {
    location.hash = to;
  }, hash);
}

export const ready = (page: Page) => expect(page.locator(".engine")).toHaveText("Ready", { timeout: 120_000 });

/** Puts a program into the editor and runs it to its end. */
export async function run(page: Page, program: string): Promise<void> {
  await write(page, program);
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await finished(page);
}

export const finished = (page: Page, timeout = 60_000) =>
  expect(page.getByRole("button", { name: "Run", exact: true })).toBeEnabled({ timeout });

/** Pastes a program over what is in the editor. */
export async function write(page: Page, program: string): Promise<void> {
  const editor = page.getByRole("textbox", { name: "Program" });
  await editor.click();
  await page.keyboard.press("ControlOrMeta+a");
  await editor.evaluate((element, text) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", text);
    element.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  }, program);
}

export const consoleOf = (page: Page) => page.getByRole("log", { name: "Console" });

export const tab = (page: Page, name: string) => page.getByRole("tab", { name }).click();
