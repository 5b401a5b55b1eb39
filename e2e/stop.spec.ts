// Stop: a program ends within a second, by an interrupt or with its worker; the page lives on, and so do the files.
import { consoleOf, expect, finished, run, test, write } from "./page";

const LOOPS = {
  "a loop of Python": "print('on')\nwhile True:\n    pass",
  "a loop that catches everything": "print('on')\nwhile True:\n    try:\n        while True: pass\n    except BaseException: pass",
};

for (const [what, program] of Object.entries(LOOPS)) {
  test(`${what} is stopped within a second`, async ({ page }) => {
    await run(page, "open('kept.txt', 'w').write('still here')");
    await write(page, program);
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await expect(consoleOf(page)).toContainText("on");
    const start = Date.now();
    await page.getByRole("button", { name: "Stop" }).click();
    await finished(page, 2_000);
    expect(Date.now() - start).toBeLessThan(1_500);
    await expect(consoleOf(page)).toContainText("Stopped");
    await run(page, "print(open('/files/kept.txt').read())");
    await expect(consoleOf(page)).toContainText("still here");
  });
}

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
