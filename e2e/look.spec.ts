// What all pages have in common: accessible by axe, in dark and light, from 360 px; gallery, completion, links, memory.
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { artifact, consoleOf, expect, finished, go, ready, run, tab, test, write } from "./page";

/** Nothing that axe finds in what the page shows now, in either theme; a picture of both. */
async function accessible(page: Page, name: string): Promise<void> {
  for (const theme of ["dark", "light"]) {
    if ((await page.locator("html").getAttribute("data-theme")) !== theme) await page.getByRole("button", { name: "Dark or light" }).click();
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)])).toEqual([]);
    await page.screenshot({ path: artifact(`${name}-${theme}.png`) });
  }
}

for (const [hash, name] of [
  ["#/", "playground"],
  ["#/mnist", "mnist"],
  ["#/sine", "sine"],
] as const) {
  test(`${name}: nothing that axe finds, in either theme; no sideways scrolling at 360 px`, async ({ page }) => {
    await go(page, hash);
    await accessible(page, name);
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    await page.screenshot({ path: artifact(`${name}-narrow.png`) });
    await page.setViewportSize({ width: 1280, height: 800 });
  });
}

test("nothing that axe finds in any tab of the playground, with something in it", async ({ page }) => {
  await page.getByRole("checkbox", { name: "Profile" }).check();
  await run(
    page,
    `import tensorflow as tf
with tf.variable_scope("model"):
    y = tf.matmul(tf.random_normal([2, 2]), tf.ones([2, 2]), name="y")
with tf.Session() as sess, tf.summary.FileWriter("/files/axe") as writer:
    print(sess.run(y))
    for step in range(9):
        writer.add_summary(tf.Summary(value=[tf.Summary.Value(tag="seen", simple_value=step)]), step)
with open("/files/axe.csv", "w") as file:
    file.write("a,b\\n1,2\\n")`,
  );
  await page.getByRole("checkbox", { name: "Profile" }).uncheck();
  await tab(page, "Console");
  await accessible(page, "console");
  await tab(page, "Charts");
  await expect(page.getByRole("img", { name: "Chart of seen" })).toBeVisible();
  await accessible(page, "charts");
  await tab(page, "Graph");
  await page.getByRole("button", { name: /^Scope model, / }).click();
  await page.getByRole("button", { name: "MatMul model/y" }).click();
  await expect(page.locator(".graph-facts")).toContainText("transpose_a");
  await accessible(page, "graph");
  await tab(page, "Profile");
  await expect(page.getByRole("row", { name: /^MatMul/ }).first()).toBeVisible();
  await accessible(page, "profile");
  await tab(page, "Files");
  await page.getByRole("button", { name: /axe\.csv/ }).first().click();
  await expect(page.locator(".inspector")).toContainText("axe.csv");
  await accessible(page, "files");
});

test("an example from the gallery is opened and run", async ({ page }) => {
  await page.getByRole("button", { name: "Examples" }).click();
  await expect(page.getByRole("dialog").getByRole("heading", { name: /^Chapter 8/ })).toBeVisible();
  await page.screenshot({ path: artifact("gallery.png") });
  await page.getByRole("button", { name: /^exclusive or/ }).click();
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await finished(page);
  await expect(consoleOf(page)).toContainText("Done after");
});

test("names are completed, with their signatures", async ({ page }) => {
  await write(page, "import tensorflow as tf\n");
  await page.keyboard.type("tf.nn.conv2d_tr");
  await expect(page.locator(".cm-tooltip-autocomplete")).toContainText("conv2d_transpose");
  await expect(page.locator(".cm-tooltip-autocomplete")).toContainText("output_shape");
  await page.screenshot({ path: artifact("completion.png") });
  await page.keyboard.press("Enter");
  await expect(page.getByRole("textbox", { name: "Program" })).toContainText("tf.nn.conv2d_transpose");
});

test("a program is shared by a link, which does not run by itself", async ({ page, fresh }) => {
  await write(page, "print('shared', 6 * 7)");
  await page.getByRole("button", { name: "Share" }).click();
  await expect(page).toHaveURL(/#code=/);
  await fresh.goto(page.url());
  await ready(fresh);
  await expect(fresh.getByText("This program came with the link")).toBeVisible();
  await expect(fresh.getByRole("textbox", { name: "Program" })).toContainText("print('shared', 6 * 7)");
  await expect(consoleOf(fresh)).toBeEmpty();
  await fresh.reload();
  await expect(fresh.getByRole("textbox", { name: "Program" })).toContainText("shared");
  await go(fresh, "#code=%%%");
  await expect(fresh.getByText("cannot be shown")).toBeVisible();
});

test("the page is used by keyboard alone", async ({ page }) => {
  await write(page, "print('by keys')");
  await page.keyboard.press("ControlOrMeta+Enter");
  await expect(consoleOf(page)).toContainText("by keys");
  await page.getByRole("tab", { name: "Console" }).focus();
  await page.keyboard.press("ArrowRight");
  await expect(page.getByRole("tab", { name: "Charts" })).toHaveAttribute("aria-selected", "true");
  await tab(page, "Console");
});

test("summaries become live charts", async ({ page }) => {
  await run(
    page,
    `import tensorflow as tf
with tf.summary.FileWriter("/files/logs/run") as writer:
    for step in range(30):
        writer.add_summary(tf.Summary(value=[tf.Summary.Value(tag="quality", simple_value=step ** 0.5)]), step)`,
  );
  await tab(page, "Charts");
  await expect(page.getByRole("img", { name: "Chart of quality" })).toBeVisible();
});
