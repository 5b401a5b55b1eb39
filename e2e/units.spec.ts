// The unit tests of core, ops and io in the tab, on the site's own Pyodide and PyFlow; those marked `native` need threads.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { made, python } from "./native";
import { consoleOf, expect, finished, ready, tab, test, write } from "./page";

test.describe.configure({ mode: "parallel" }); // each part in a page of its own: they are a matter of minutes

const root = path.resolve(import.meta.dirname, "..");
const files = (folder: string) =>
  readdirSync(path.join(root, "tests", folder), {
    recursive: true,
    encoding: "utf8",
  })
    .filter((name) => /^(.*\/)?test_.*\.py$/.test(name))
    .sort()
    .map((name) => `tests/${folder}/${name}`);

/** Parts of about the same time, the longest first. */
const ops = files("ops");
const samples = ops.filter((name) => name.endsWith("test_samples.py"));
const others = ops.filter((name) => !samples.includes(name));
const PARTS: Record<string, string[]> = {
  "ops: samples": samples,
  "ops: the first half": others.slice(0, others.length / 2),
  "ops: the second half": others.slice(others.length / 2),
  io: files("io"),
  core: files("core"),
};

test.beforeAll(() => {
  execFileSync(python, ["pack_tests.py", made("tests.zip")], {
    cwd: import.meta.dirname,
    stdio: "pipe",
  });
});

for (const [name, parts] of Object.entries(PARTS)) {
  test(name, async ({ fresh: page }) => {
    test.setTimeout(600_000);
    await page.goto("./");
    await ready(page);
    await tab(page, "Files");
    await page.getByLabel("Choose files").setInputFiles(made("tests.zip"));
    await expect(page.getByRole("button", { name: /^tests\.zip/ })).toBeVisible();
    const program = readFileSync(path.join(import.meta.dirname, "unit_tests.py"), "utf8");
    await write(page, program.replace("= []", `= ${JSON.stringify(parts)}`));
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await finished(page, 580_000);
    const said = await consoleOf(page).innerText();
    console.log(`${name}: ${said.split("\n").findLast((line) => / in \d/.test(line))}`);
    if (!/^pytest's exit code: 0$/m.test(said)) throw new Error(said);
  });
}
