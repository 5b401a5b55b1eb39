// The guided pages: both models train to their goals; digits are drawn; checkpoints come from TensorFlow and go back.
import { mkdirSync, readFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import type { Page } from "@playwright/test";
import { made, nativeProbabilities, python } from "./native";
import { artifact, expect, go, test } from "./page";

const press = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click();
const value = async (page: Page, name: string) => Number.parseFloat(await page.getByLabel(name, { exact: true }).innerText());
const probabilities = (page: Page) => page.locator(".probabilities meter").evaluateAll((bars) => bars.map((bar) => (bar as HTMLMeterElement).value));

async function drawOne(page: Page): Promise<void> {
  const box = await page.getByRole("img", { name: "Field to draw a digit in" }).boundingBox();
  if (!box) throw new Error("the field is not seen");
  await page.mouse.move(box.x + box.width * 0.5, box.y + box.height * 0.15);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, box.y + box.height * 0.85, { steps: 8 });
  await page.mouse.up();
}

test("MNIST: the full network gets 95 of 100 held-out digits, and reads a drawn one", async ({ page }) => {
  test.setTimeout(180_000);
  await go(page, "#/mnist");
  await press(page, "Start over");
  await press(page, "Train");
  await expect.poll(() => value(page, "Accuracy"), { timeout: 150_000 }).toBeGreaterThanOrEqual(95);
  await press(page, "Pause");
  await drawOne(page);
  await expect(page.locator(".probabilities .best")).toHaveText("1");
  await expect(page.locator(".filters canvas")).toHaveCount(32);
  await page.screenshot({ path: artifact("mnist.png"), fullPage: true });
});

test("MNIST: a checkpoint of TensorFlow is loaded, predicts the same, trains on, and is restored there", async ({ page }) => {
  test.setTimeout(120_000);
  await go(page, "#/mnist");
  await page.getByLabel("Moving average").selectOption("none");
  await press(page, "Clear");
  await page.getByLabel("Checkpoint files").setInputFiles(["native.ckpt.index", "native.ckpt.data-00000-of-00001"].map((name) => made(name)));
  await expect(page.getByRole("status").getByText("Loaded native.ckpt.index: step 0")).toBeVisible();
  await expect(page.getByLabel("Hidden units")).toHaveValue("24");
  const facts = JSON.parse(readFileSync(made("facts.json"), "utf8"));
  for (const [i, probability] of (await probabilities(page)).entries()) expect(probability).toBeCloseTo(facts.probabilities[i], 5);

  await press(page, "Train");
  await expect(page.getByText(/^step [1-9]\d*: loss/)).toBeVisible();
  await press(page, "Pause");
  const [zip] = await Promise.all([page.waitForEvent("download"), press(page, "Save and download")]);
  const folder = made("saved");
  mkdirSync(folder, { recursive: true });
  execFileSync(python, ["-m", "zipfile", "-e", await zip.path(), folder]);
  const [, name] = /model_checkpoint_path: "(.*)"/.exec(readFileSync(`${folder}/mnist/checkpoint`, "utf8")) ?? [];
  const restored = nativeProbabilities(`${folder}/mnist/${name}`);
  // The look at the last step may be under way still.
  await expect
    .poll(async () => Math.max(...(await probabilities(page)).map((probability, i) => Math.abs(probability - (restored[i] ?? 1)))))
    .toBeLessThan(1e-5);
  await page.getByLabel("Moving average").selectOption("0.99");
});

test("LeNet-5 trains", async ({ page }) => {
  test.setTimeout(120_000);
  await go(page, "#/mnist");
  await page.getByLabel("Model").selectOption("LeNet-5");
  await page.getByLabel("Learning rate").selectOption("0.05");
  await page.getByLabel("Batch").selectOption("32");
  await press(page, "Train");
  await expect.poll(() => value(page, "Accuracy"), { timeout: 90_000 }).toBeGreaterThan(50);
  await press(page, "Pause");
  await page.screenshot({ path: artifact("mnist-lenet.png"), fullPage: true });
  await page.getByLabel("Model").selectOption("two full layers");
  await page.getByLabel("Learning rate").selectOption("0.5");
  await page.getByLabel("Batch").selectOption("100");
});

test("Sine: the prediction comes as near as 0.05", async ({ page }) => {
  test.setTimeout(120_000);
  await go(page, "#/sine");
  await press(page, "Train");
  await expect.poll(() => value(page, "RMSE"), { timeout: 90_000 }).toBeLessThanOrEqual(0.05);
  await press(page, "Pause");
  await page.screenshot({ path: artifact("sine.png"), fullPage: true });
});
