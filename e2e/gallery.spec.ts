// Examples of the gallery run in the tab as they stand, with the files that lie beside them.
import { consoleOf, expect, finished, test } from "./page";

const EXAMPLES = {
  graphs: "",
  sessions: "",
  "forward pass": "constants: [[0.116",
  "moving average": "",
  "mnist batches": "training:",
  queues: "drawn and different: 3",
  "variable scopes": "",
};

test("examples run from the gallery", async ({ page }) => {
  test.setTimeout(180_000);
  for (const [name, words] of Object.entries(EXAMPLES)) {
    await page.getByRole("button", { name: "Examples" }).click();
    await page.getByRole("dialog").getByRole("button", { name: new RegExp(`^${name} \\d`) }).click();
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await finished(page);
    await expect(consoleOf(page), name).toContainText("Done after");
    await expect(consoleOf(page), name).toContainText(words);
  }
});
