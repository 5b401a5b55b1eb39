// The GPU in the tab, here SwiftShader: chosen by its name, with a warning, with the CPU's numbers; lost, stopped.
import type { Page } from "@playwright/test";
import { artifact, consoleOf, expect, finished, go, run, tab, test, write } from "./page";

const PROGRAM = `import tensorflow as tf
tf.set_random_seed(1)
x = tf.random_normal([64, 32])
w = tf.Variable(tf.ones([32, 16]) * 0.1)
loss = tf.reduce_mean(tf.square(tf.nn.relu(tf.matmul(x, w)) - 1.0))
train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for _ in range(3): sess.run(train)
    print([d.device_type for d in sess.list_devices()], f"{sess.run(loss):.5f}")`;

async function choose(page: Page, device: "CPU" | "GPU"): Promise<void> {
  const devices = page.getByRole("combobox", { name: "Device" });
  const option = devices.getByRole("option", { name: new RegExp(`^${device}`) });
  await devices.selectOption({ label: await option.innerText() });
}
const printed = (page: Page) => consoleOf(page).locator(".out").last().innerText();
const value = async (page: Page, name: string) => Number.parseFloat(await page.getByLabel(name, { exact: true }).innerText());

test.beforeEach(async ({ page }) => {
  await choose(page, "GPU");
});

test.afterEach(async ({ page }) => {
  await choose(page, "CPU");
});

test("a program runs on the GPU that is chosen, with the CPU's numbers", async ({ page }) => {
  await expect(page.getByRole("combobox", { name: "Device" }).getByRole("option")).toHaveText(["CPU", /^GPU: /]);
  await expect(page.getByText("the CPU is faster")).toBeVisible();
  await run(page, PROGRAM);
  const onGpu = await printed(page);
  await page.screenshot({ path: artifact("gpu.png") });
  await choose(page, "CPU");
  await run(page, PROGRAM);
  const onCpu = await printed(page);
  expect(onCpu).toMatch(/^\['CPU'\]/);
  expect(onGpu).toMatch(/^\['CPU', 'GPU'\]/);
  expect(onGpu.split("] ")[1]).toBe(onCpu.split("] ")[1]);
});

test("a lost GPU is an error of TensorFlow's, and the next session gets another", async ({ page }) => {
  await run(
    page,
    `import tensorflow as tf
from pyflow.runtime.webgpu import adapters
w = tf.Variable(tf.ones([300, 300]))
grow = tf.assign(w, tf.matmul(w, w) * 0.01)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    sess.run(grow)
    adapters.chosen()._gpu.device.destroy()
    try:
        for _ in range(3): sess.run(grow)
    except tf.errors.AbortedError as error:
        print("lost:", "was lost" in error.message)`,
  );
  await expect(consoleOf(page)).toContainText("lost: True");
  await run(page, PROGRAM);
  expect(await printed(page)).toMatch(/^\['CPU', 'GPU'\]/);
});

test("training on the GPU is stopped", async ({ page }) => {
  await write(page, PROGRAM.replace("range(3): sess.run(train)", "iter(int, 1): print(sess.run([train, loss]))"));
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(consoleOf(page)).toContainText("[None");
  await page.getByRole("button", { name: "Stop" }).click();
  await finished(page);
  await expect(consoleOf(page)).toContainText("Stopped");
});

test("the graph is coloured by the devices that nodes ran on", async ({ page }) => {
  await run(page, `${PROGRAM.replace("[64, 32]", "[512, 32]")}\nlast = tf.identity(loss, name="never_run")`);
  await tab(page, "Graph");
  await expect(page.locator(".box.gpu").first()).toBeVisible();
  await expect(page.locator(".box.any").filter({ hasText: "never_run" })).toBeVisible();
  await page.getByRole("button", { name: /^MatMul MatMul/ }).click();
  await expect(page.locator(".graph-facts")).toContainText("ran onGPU");
  await expect(page.locator(".graph-facts")).toContainText("asked forany device");
  await page.screenshot({ path: artifact("graph-gpu.png") });
});

test("MNIST trains on the GPU", async ({ page }) => {
  test.setTimeout(180_000);
  await go(page, "#/mnist");
  await page.getByLabel("Model").selectOption("two full layers");
  await page.getByLabel("Learning rate").selectOption("0.5");
  await page.getByLabel("Hidden units").selectOption("100");
  await page.getByLabel("Batch").selectOption("32");
  await page.getByRole("button", { name: "Start over" }).click();
  await page.getByRole("button", { name: "Train" }).click();
  await expect.poll(() => value(page, "Accuracy"), { timeout: 150_000 }).toBeGreaterThanOrEqual(95);
  await page.getByRole("button", { name: "Pause" }).click();
  await page.screenshot({ path: artifact("mnist-gpu.png") });
  await page.getByLabel("Batch").selectOption("100");
  await page.getByRole("button", { name: "Start over" }).click();
});

test("the sine trains on the GPU", async ({ page }) => {
  test.setTimeout(150_000);
  await go(page, "#/sine");
  await page.getByRole("button", { name: "Start over" }).click();
  await page.getByRole("button", { name: "Train" }).click();
  await expect.poll(() => value(page, "RMSE"), { timeout: 120_000 }).toBeLessThanOrEqual(0.05);
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("button", { name: "Start over" }).click();
});
