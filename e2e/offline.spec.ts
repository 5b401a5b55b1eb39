// The second visit needs no network; the address of everything that is served is the site's own.
import { consoleOf, expect, ready, test } from "./page";

test("after one visit the playground works offline", async ({ fresh: page }) => {
  await page.goto("./");
  await expect(page.locator("html")).toHaveAttribute("data-offline", "ready", { timeout: 120_000 });
  await page.context().setOffline(true);
  await page.reload();
  await ready(page);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(consoleOf(page)).toContainText("Done after", { timeout: 60_000 });
});
