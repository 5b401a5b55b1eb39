// Stop: a program ends within a second, by an interrupt or with its worker; the page lives on, and so do the files.
import { consoleOf, expect, finished, ready, run, test, write } from "./page";

const SECOND = 3_000; // a second, on a machine that has it to give

const LOOPS = {
  "a loop of Python": "print('on')\nwhile True:\n    pass",
  "a program that sleeps": "import time\nprint('on')\ntime.sleep(600)",
  "a long call of numpy": "import numpy as np\nprint('on')\nnp.linalg.svd(np.random.rand(4000, 4000))",
  "a program that prints without end": "print('on')\nwhile True: print('a line')",
  "a loop that catches everything": "print('on')\nwhile True:\n    try:\n        while True: pass\n    except BaseException: pass",
};

for (const [what, program] of Object.entries(LOOPS)) {
  test(`${what} is stopped within a second`, async ({ page }) => {
    await run(page, "open('kept.txt', 'w').write('still here')");
    await write(page, program);
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await expect(consoleOf(page)).toContainText(/on|a line/);
    const stop = page.getByRole("button", { name: "Stop" });
    const passed = await stop.evaluate(async (button: HTMLButtonElement) => {
      const start = performance.now();
      button.click();
      while (!button.disabled) await new Promise(requestAnimationFrame);
      return performance.now() - start;
    });
    expect(passed).toBeLessThan(SECOND);
    await expect(consoleOf(page)).toContainText("Stopped");
    await run(page, "print(open('/files/kept.txt').read())");
    await expect(consoleOf(page)).toContainText("still here");
  });
}

test("a program is stopped before it has begun, while what it imports is loaded", async ({ fresh: page }) => {
  await page.goto("./");
  await write(page, "print('never')");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.getByRole("button", { name: "Stop" }).click();
  await finished(page);
  await expect(consoleOf(page)).toHaveText("Stopped");
  await ready(page);
  await run(page, "print('in time')");
  await expect(consoleOf(page)).toContainText("in time");
  await expect(consoleOf(page)).not.toContainText("never");
});

test("Python that has broken down starts anew by itself", async ({ page }) => {
  await run(page, "open('kept.txt', 'w').write('still here')");
  await run(page, "import os\nos._exit(3)");
  await expect(consoleOf(page)).toContainText("It starts anew");
  await run(page, "print(open('/files/kept.txt').read())");
  await expect(consoleOf(page)).toContainText("still here");
});

test("training in a session is stopped and can be run again", async ({ page }) => {
  await write(
    page,
    `import tensorflow as tf
w = tf.Variable(tf.ones([100, 100]))
train = tf.train.GradientDescentOptimizer(0.01).minimize(tf.reduce_sum(tf.matmul(w, w)))
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    print("training")
    while True: sess.run(train)`,
  );
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(consoleOf(page)).toContainText("training");
  await page.getByRole("button", { name: "Stop" }).click();
  await expect(consoleOf(page)).toContainText("Stopped");
  await run(page, "import tensorflow as tf\nprint(tf.Session().run(tf.constant(2) + 3))");
  await expect(consoleOf(page)).toContainText("5");
});
