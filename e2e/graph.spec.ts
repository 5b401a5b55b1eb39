// The graph of the last program, its profile, and a graph of thousands of nodes.
import { artifact, expect, run, tab, test } from "./page";

const MODEL = `import tensorflow as tf
x = tf.placeholder(tf.float32, [None, 4], name="x")
with tf.variable_scope("model"):
    with tf.variable_scope("layer"):
        w = tf.get_variable("w", [4, 2])
        y = tf.nn.relu(tf.matmul(x, w), name="y")
loss = tf.reduce_sum(y, name="loss")
train = tf.train.AdamOptimizer().minimize(loss)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    sess.run(train, {x: [[1, 2, 3, 4]] * 8})`;

test("scopes open, and a node tells its attributes and shapes", async ({ page }) => {
  await run(page, MODEL);
  await tab(page, "Graph");
  await page.getByRole("button", { name: /^Scope model, / }).click();
  await page.getByRole("button", { name: /^Scope model\/layer, / }).click();
  await page.getByRole("button", { name: "MatMul model/layer/MatMul" }).click();
  await expect(page.locator(".graph-facts")).toContainText("transpose_a");
  await expect(page.locator(".graph-facts")).toContainText("(?, 2)");
  await expect(page.locator(".graph-facts")).toContainText("ran onCPU");
  await expect(page.locator(".box.cpu").first()).toBeVisible();
  await expect(page.locator(".box.gpu")).toHaveCount(0);
  await page.screenshot({ path: artifact("graph.png") });
  await page.getByRole("button", { name: "Open all" }).click();
  await expect(page.getByRole("button", { name: /^Scope gradients\/loss_grad, / })).toBeVisible();
  await page.screenshot({ path: artifact("graph-open.png") });
});

test("a graph of five thousand nodes does not freeze the page", async ({ page }) => {
  await run(
    page,
    `import tensorflow as tf
x = tf.zeros([2])
for i in range(50):
    with tf.name_scope(f"block{i}"):
        for j in range(50): x = x + 1.0`,
  );
  await tab(page, "Graph");
  await expect(page.getByText("5001 nodes")).toBeVisible();
  await expect(page.getByRole("button", { name: "Scope block49, 100 nodes" })).toBeVisible();
  await page.getByRole("button", { name: "Open all" }).click();
  await expect(page.getByText("More than 400 boxes")).toBeVisible();
});

test("a graph without scopes is shown in groups, and a node in it found by its name", async ({ page }) => {
  await run(page, "import tensorflow as tf\nx = tf.zeros([2])\nfor i in range(600): x = tf.negative(x)");
  await tab(page, "Graph");
  await expect(page.getByRole("button", { name: /^Scope Neg_199 … Neg_298, 100 nodes/ })).toBeVisible();
  await page.getByLabel("Find a node").fill("neg_250");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Neg Neg_250" })).toBeInViewport();
  await expect(page.locator(".graph-facts")).toContainText("Neg_249");
});

test("the profile says which ops took the time", async ({ page }) => {
  await page.getByRole("checkbox", { name: "Profile" }).check();
  await run(page, MODEL);
  await page.getByRole("checkbox", { name: "Profile" }).uncheck();
  await expect(page.getByRole("tab", { name: "Profile" })).toHaveAttribute("aria-selected", "true");
  await expect(page.getByRole("row", { name: /^MatMul/ }).first()).toBeVisible();
  await page.screenshot({ path: artifact("profile.png") });
});
