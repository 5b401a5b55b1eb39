// The GPU in the tab, here SwiftShader: chosen by its name, with a warning, and with the CPU's numbers.
import { consoleOf, expect, run, test } from "./page";

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

test("a program runs on the GPU that is chosen, with the CPU's numbers", async ({ page }) => {
  const device = page.getByRole("combobox", { name: "Device" });
  await expect(device.getByRole("option")).toHaveText(["CPU", /^GPU: /]);
  await run(page, PROGRAM);
  const onCpu = await consoleOf(page).locator(".out").innerText();
  expect(onCpu).toMatch(/^\['CPU'\]/);
  await device.selectOption({ index: 1 });
  await expect(page.getByText("the CPU is faster")).toBeVisible();
  await run(page, PROGRAM);
  const onGpu = await consoleOf(page).locator(".out").innerText();
  await device.selectOption({ index: 0 });
  expect(onGpu).toMatch(/^\['CPU', 'GPU'\]/);
  expect(onGpu.split("] ")[1]).toBe(onCpu.split("] ")[1]);
});
