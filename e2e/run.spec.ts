// Running programs: output, errors on their line, figures, queue runners without threads.
import { artifact, consoleOf, expect, finished, run, test, write } from "./page";

const LINE = `import tensorflow as tf
w = tf.Variable(0.0)
loss = tf.square(w - 3.0)
train = tf.train.GradientDescentOptimizer(0.05).minimize(loss)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for step in range(101):
        _, error = sess.run([train, loss])
        if step % 10 == 0: print(f"step {step}: loss {error:.5f}")`;

test("a program runs, prints, and its loss becomes a curve", async ({ page }) => {
  await run(page, LINE);
  await expect(consoleOf(page)).toContainText("step 100: loss 0.0");
  await expect(consoleOf(page)).toContainText("Done after");
  await page.getByRole("tab", { name: "Charts" }).click();
  await expect(page.getByRole("img", { name: "Chart of loss" })).toBeVisible();
  await page.screenshot({ path: artifact("playground-charts.png") });
  await page.getByRole("tab", { name: "Console" }).click();
  await page.screenshot({ path: artifact("playground.png") });
});

test("what is usually printed of a training becomes curves", async ({ page }) => {
  await run(
    page,
    `for step in range(0, 300, 100):
    print(f"Average loss at step  {step} :  {1 / (step + 1)}")
    print(f"After {step} training step(s), validation accuracy using average model is {step / 300}")
for epoch in range(2): print(f"Epoch {epoch + 1}/2\\n10/10 [====] - 0s 45us/step - loss: 0.21 - val_acc: 0.9")`,
  );
  await page.getByRole("tab", { name: "Charts" }).click();
  for (const name of ["average loss", "validation accuracy using average model", "loss", "val_acc"])
    await expect(page.getByRole("img", { name: `Chart of ${name}`, exact: true })).toBeVisible();
  await page.getByRole("tab", { name: "Console" }).click();
});

test("an error is told with the line of the program, and marked there", async ({ page }) => {
  await run(page, "import tensorflow as tf\na = tf.zeros([2, 3])\nb = tf.matmul(a, a)\n");
  await expect(consoleOf(page)).toContainText("Dimensions must be equal, but are 3 and 2");
  await expect(consoleOf(page)).toContainText("Failed in line 3");
  await expect(page.locator(".cm-lint-marker-error")).toHaveCount(1);
  await page.screenshot({ path: artifact("error.png") });
  await run(page, "print('right again')");
  await expect(consoleOf(page)).toHaveText(/right again/);
  await expect(page.locator(".cm-lint-marker-error")).toHaveCount(0);
});

test("an error in a file that the program imports is marked where that is asked for", async ({ page }) => {
  await run(page, "open('/files/own_part.py', 'w').write('def half(x):\\n    return x / 0')\nimport own_part\n\nown_part.half(1)");
  await expect(consoleOf(page)).toContainText('File "/files/own_part.py", line 2, in half');
  await expect(consoleOf(page)).toContainText("Failed in line 4");
  await run(page, "x = (1,\nfor y in x:\n  pass");
  await expect(consoleOf(page)).toContainText("SyntaxError");
  await expect(page.locator(".cm-lint-marker-error")).toHaveCount(1);
});

test("what is printed stands as on a terminal: returns, backspaces, and all before the program waits", async ({ page }) => {
  await write(
    page,
    `import sys, time
for i in range(4): print("\\rprogress " + "#" * i, end="")
print()
sys.stdout.write("12%")
sys.stdout.write("\\b" * 3 + "\\r34%\\n")
print()
for i in range(50): print("line", i)
time.sleep(600)`,
  );
  await page.getByRole("button", { name: "Run", exact: true }).click();
  const lines = ["progress ###", "34%", "", ...Array.from({ length: 50 }, (_, i) => `line ${i}`)];
  await expect(consoleOf(page).locator(".out")).toHaveText(lines);
  await page.getByRole("button", { name: "Stop" }).click();
  await finished(page);
});

test("of a hundred thousand characters and thirty thousand lines the last are shown", async ({ page }) => {
  test.setTimeout(180_000);
  await write(page, "for i in range(100_000): print('.', end='')\nfor i in range(30_000): print('line', i)");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await finished(page, 150_000);
  await expect(consoleOf(page).locator(".out").last()).toHaveText("line 29999");
  expect(await consoleOf(page).locator("div").count()).toBeLessThanOrEqual(4001);
});

test("flags, modules and graphs of one program are not seen by the next", async ({ page }) => {
  const program = `import tensorflow as tf
tf.flags.DEFINE_integer("n", 3, "")
print(tf.flags.FLAGS.n, len(tf.get_default_graph().get_operations()))
tf.zeros([2], name="z")`;
  for (let i = 0; i < 2; i++) {
    await run(page, program);
    await expect(consoleOf(page)).toContainText("3 0");
  }
});

test("queue runners, a coordinator and tf.train.batch work where there are no threads", async ({ page }) => {
  await run(
    page,
    `import tensorflow as tf
numbers = tf.train.range_input_producer(6, shuffle=False).dequeue()
batch = tf.train.batch([numbers * 10], batch_size=4)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    coord = tf.train.Coordinator()
    threads = tf.train.start_queue_runners(sess, coord)
    print(sess.run(batch), sess.run(batch))
    coord.request_stop()
    coord.join(threads)`,
  );
  await expect(consoleOf(page)).toContainText("[ 0 10 20 30] [40 50  0 10]");
});

test("a program's own threads do their work when they are started, and it is told so", async ({ page }) => {
  await run(
    page,
    `import threading, time
import tensorflow as tf

class Counter(threading.Thread):
    def run(self):
        print("counts in", threading.current_thread().name)

def work(coord, n):
    with coord.stop_on_exception():
        while not coord.should_stop():
            print("worker", n)
            if n == 1: raise ValueError("enough")
            if coord.wait_for_stop(0.01): break
            coord.request_stop()

coord = tf.train.Coordinator()
threads = [Counter(name="own"), threading.Thread(target=work, args=(coord, 0))]
for thread in threads: thread.start()
coord.join(threads)
print([thread.is_alive() for thread in threads], threading.active_count())
coord = tf.train.Coordinator()
thread = threading.Thread(target=work, args=(coord, 1))
thread.start()
coord.join([thread])`,
  );
  await expect(consoleOf(page)).toContainText("A browser tab has no threads");
  await expect(consoleOf(page)).toContainText("counts in own");
  await expect(consoleOf(page)).toContainText("[False, False] 1");
  await expect(consoleOf(page)).toContainText("ValueError: enough");
});

test("Session.run_async is awaited in a program", async ({ page }) => {
  await run(
    page,
    `import asyncio
import tensorflow as tf
x = tf.placeholder(tf.float32, [64, 64])
y = tf.reduce_sum(tf.matmul(x, x))

async def main():
    with tf.Session() as sess:
        print("a", await sess.run_async(y, {x: [[0.5] * 64] * 64}))
        print("both", await asyncio.gather(*(sess.run_async(y, {x: [[v] * 64] * 64}) for v in (1.0, 2.0))))
        try:
            await sess.run_async(y)
        except tf.errors.InvalidArgumentError as error:
            print("refused:", error.message[:42])

asyncio.run(main())`,
  );
  await expect(consoleOf(page)).toContainText("a 65536.0");
  await expect(consoleOf(page)).toContainText("refused: You must feed a value for placeholder");
});

test("kernels that were built for another PyFlow are told of, and left alone", async ({ page }) => {
  await run(
    page,
    `import tensorflow as tf
from pyflow.ops.primitives import primitives
from pyflow.runtime.cpu import wasm
before = primitives.multiply
print("kernels are used:", "wasm" in before.__module__)
wasm.INTERFACE += 1
try:
    wasm.install(primitives, wasm.find())
finally:
    wasm.INTERFACE -= 1
print("nothing else is:", primitives.multiply is before)`,
  );
  await expect(consoleOf(page)).toContainText("kernels are used: True");
  await expect(consoleOf(page)).toContainText("was built for version");
  await expect(consoleOf(page)).toContainText("nothing else is: True");
});

test("matplotlib's figures stand in the console, in the first program that draws too", async ({ page }) => {
  const program = `import matplotlib
matplotlib.use("TkAgg")
import matplotlib.pyplot as plt
plt.plot([1, 4, 9])
plt.title("squares")
plt.show()
print("and", len(plt.get_fignums()), "are open")`;
  for (let i = 0; i < 2; i++) {
    await run(page, program);
    await expect(page.getByAltText("Figure drawn by the program")).toHaveCount(1);
    await expect(consoleOf(page)).toContainText("and 0 are open");
    await expect(consoleOf(page)).toContainText("Done after");
  }
  await page.screenshot({ path: artifact("figure.png") });
});
