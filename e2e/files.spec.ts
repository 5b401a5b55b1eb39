// Files of TensorFlow in the page: inspected, used by programs, taken away; names that are HTML stay text.
import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { made } from "./native";
import { artifact, consoleOf, expect, go, ready, run, tab, test } from "./page";

/** Drops files onto the page as a visitor's file manager does. */
async function drop(page: Page, ...names: string[]): Promise<void> {
  const contents = names.map((name) => [name, readFileSync(made(name)).toString("base64")] as const);
  const dropped = await page.evaluateHandle((files) => {
    const transfer = new DataTransfer();
    for (const [name, content] of files)
      transfer.items.add(new File([Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0))], name));
    return transfer;
  }, contents);
  await page.locator("main").dispatchEvent("dragover", { dataTransfer: dropped });
  await expect(page.locator("body")).toHaveClass(/dropping/);
  await page.locator("main").dispatchEvent("drop", { dataTransfer: dropped });
  await expect(page.locator("body")).not.toHaveClass(/dropping/);
}

const inspector = (page: Page) => page.locator(".inspector");

async function add(page: Page, ...names: string[]): Promise<void> {
  await tab(page, "Files");
  await page.getByLabel("Choose files").setInputFiles(names.map((name) => made(name)));
}

async function removeAll(page: Page): Promise<void> {
  await tab(page, "Files");
  await page.getByRole("button", { name: "Remove all" }).click();
  await expect(page.getByRole("list", { name: "Files" }).getByRole("listitem")).toHaveCount(0);
}

test.beforeEach(({ page }) => removeAll(page)); // what programs of other specs have written
test.afterEach(({ page }) => removeAll(page));

test("a checkpoint: names, shapes, statistics and a histogram; the program restores it", async ({ page }) => {
  await add(page, "native.ckpt.index", "native.ckpt.data-00000-of-00001", "native.ckpt.meta");
  await expect(inspector(page)).toContainText("4 tensors");
  await inspector(page).getByRole("button", { name: "layer1/weights" }).click();
  await expect(page.getByRole("img", { name: /^Histogram from/ })).toBeVisible();
  await page.screenshot({ path: artifact("files.png") });
  await run(
    page,
    `import tensorflow as tf
saver = tf.train.import_meta_graph("/files/native.ckpt.meta")
with tf.Session() as sess:
    saver.restore(sess, "/files/native.ckpt")
    print(sess.run("layer1/weights:0").shape)`,
  );
  await expect(consoleOf(page)).toContainText("(784, 24)");
});

test("a checkpoint is dropped onto the page, whatever is shown there, and restored", async ({ page }) => {
  await go(page, "#/sine");
  await drop(page, "native.ckpt.data-00000-of-00001", "native.ckpt.index", "native.ckpt.meta");
  await expect(inspector(page)).toContainText("4 tensors");
  await expect(inspector(page).getByRole("button", { name: "layer2/biases" })).toBeVisible();
  await run(
    page,
    `import tensorflow as tf
v = tf.get_variable("layer2/biases", [10])
with tf.Session() as sess:
    tf.train.Saver().restore(sess, "/files/native.ckpt")
    print("restored", v.eval(sess).shape)`,
  );
  await expect(consoleOf(page)).toContainText("restored (10,)");
});

test("an image that is dropped is shown, and decoded by a program", async ({ page }) => {
  await drop(page, "stripes.png");
  const image = inspector(page).getByRole("img", { name: "stripes.png" });
  await expect(image).toBeVisible();
  expect(await image.evaluate((element: HTMLImageElement) => element.decode().then(() => element.naturalWidth))).toBe(8);
  await run(
    page,
    `import tensorflow as tf
image = tf.image.decode_png(tf.read_file("/files/stripes.png"))
with tf.Session() as sess:
    pixels = sess.run(image)
print(pixels.shape, pixels[1, 1].tolist())`,
  );
  await expect(consoleOf(page)).toContainText("(8, 8, 3) [36, 36, 36]");
});

for (const [name, words] of [
  ["first.ckpt", "4 tensors"],
  ["graph.pb", "GraphDef"],
  ["digits.tfrecord", "3 records"],
  ["events.out.tfevents.1", "accuracy: 5"],
] as const) {
  test(`${name} is told what it is`, async ({ page }) => {
    await add(page, name);
    await expect(inspector(page)).toContainText(words);
  });
}

test("a SavedModel's folder", async ({ page }) => {
  await tab(page, "Files");
  await page.getByLabel("Choose a folder").setInputFiles(made("model"));
  await expect(inspector(page)).toContainText("SavedModel");
  await expect(inspector(page)).toContainText("probabilities");
});

test("a table whose cells are HTML stays text", async ({ page }) => {
  await add(page, "table.csv");
  await expect(inspector(page).getByRole("cell", { name: "<img src=x onerror=alert(1)>" })).toBeVisible();
  await expect(inspector(page).locator("img")).toHaveCount(0);
});

test("files that are none of these give an answer, and a program is opened in the editor", async ({ page }) => {
  const file = (name: string, content: string) => ({ name, mimeType: "", buffer: Buffer.from(content, "latin1") });
  const chosen = page.getByLabel("Choose files");
  for (const [name, content, words] of [
    ["empty.pb", "", "empty"],
    ["<img src=x onerror=alert(1)>.txt", "read me", "read me"],
    ["no.png", "no picture", "no picture that the browser can show"],
    ["noise.bin", "\0\x01\x02\xff".repeat(9), "is no checkpoint"],
  ] as const) {
    await chosen.setInputFiles(file(name, content));
    await expect(inspector(page).getByRole("heading", { name })).toBeVisible();
    await expect(inspector(page)).toContainText(words);
  }
  await chosen.setInputFiles(file("own.py", "print('of a file')"));
  await page.getByRole("button", { name: "Open in the editor" }).click();
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(consoleOf(page)).toContainText("of a file");
});

test("the graph of a file is drawn", async ({ page }) => {
  await add(page, "graph.pb");
  await inspector(page).getByRole("button", { name: "Show the graph" }).click();
  await expect(page.getByRole("button", { name: /^Scope layer1, / })).toBeVisible();
});

test("program, files and theme are there again when the page is loaded anew", async ({ fresh: page }) => {
  test.setTimeout(240_000); // Python starts twice
  const program = "import os\nopen('/files/notes.txt', 'w').write('from before')\nprint(sorted(os.listdir('/files')))";
  await page.goto("./");
  await ready(page);
  await add(page, "table.csv");
  await expect(page.getByRole("button", { name: /^table\.csv/ })).toBeVisible();
  await run(page, program);
  await expect(consoleOf(page)).toContainText("['notes.txt', 'table.csv']");
  await tab(page, "Files");
  await expect(page.getByRole("button", { name: /^notes\.txt/ })).toBeVisible();
  const theme = await page.locator("html").getAttribute("data-theme");
  await page.getByRole("button", { name: "Dark or light" }).click();

  await page.reload();
  await ready(page);
  expect(await page.locator("html").getAttribute("data-theme")).not.toBe(theme);
  await expect(page.getByRole("textbox", { name: "Program" })).toContainText("from before");
  await expect(consoleOf(page)).toBeEmpty(); // it has not run by itself
  await tab(page, "Files");
  await expect(page.getByRole("list", { name: "Files" }).getByRole("listitem")).toHaveCount(2);
  await run(page, "print(open('/files/notes.txt').read(), len(open('/files/table.csv').readlines()))");
  await expect(consoleOf(page)).toContainText("from before 2");
});

test("what a program writes is listed and kept, and downloads as a zip", async ({ page }) => {
  await run(page, "import numpy as np\nopen('a.txt', 'w').write('kept')");
  await expect(consoleOf(page)).toContainText("Written: /files/a.txt");
  await tab(page, "Files");
  await expect(page.getByRole("button", { name: /^a\.txt/ })).toBeVisible();
  const [zip] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download all" }).click()]);
  expect(
    readFileSync(await zip.path())
      .subarray(0, 2)
      .toString(),
  ).toBe("PK");
  expect(await page.evaluate(() => indexedDB.databases().then((all) => all.map(({ name }) => name)))).toContain("pyflow");
});

test("damaged files give an error or an answer, and the page lives on", async ({ page }) => {
  test.setTimeout(150_000);
  await tab(page, "Files");
  await page.getByLabel("Choose a folder").setInputFiles(made("damaged"));
  await expect(page.getByRole("list", { name: "Files" }).getByRole("listitem")).toHaveCount(48, { timeout: 60_000 });
  await run(
    page,
    `import glob, time
from playground.contents import damaged
paths = sorted(glob.glob("/files/damaged/*"))
slowest, told = 0, 0
for path in paths:
    start = time.time()
    told += bool(damaged(path))
    slowest = max(slowest, time.time() - start)
print(len(paths), "files,", "most" if told > 30 else "few", "refused;", "quick" if slowest < 5 else "slow")`,
  );
  await expect(consoleOf(page)).toContainText("48 files, most refused; quick");
});
