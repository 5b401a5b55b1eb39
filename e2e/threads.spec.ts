// The CPU's second thread: large products and convolutions are the same with it as without, and it ends with its worker.
import { consoleOf, expect, finished, run, test, write } from "./page";

const COMPARE = `import time
import numpy as np
from pyflow.ops.primitives import Primitives, primitives as two
from pyflow.ops.windows import make_windows
from pyflow.runtime.cpu import second_thread, wasm

one, find = Primitives(), second_thread.find
for name in ("convolve", "convolve_to_input", "convolve_to_filter", "max_pool", "max_pool_to_input"):
    setattr(one, name, getattr(two, name))
second_thread.find = lambda: None
wasm.install(one, wasm.find())
second_thread.find = find

used = []
for name in ("product", "convolve", "convolve_to_filter"):
    def counted(*arguments, method=getattr(second_thread.Halves, name)):
        used.append(method(*arguments))
        return used[-1]
    setattr(second_thread.Halves, name, counted)

def compare(what, call, *shape):
    start, results = floats(*shape), []
    for table in (one, two):
        results.append(start.copy())
        used.clear()
        call(table, results[-1])
    print(what, dtype.__name__, "same" if np.array_equal(*results) else "different", used)

def floats(*shape):
    return np.random.rand(*shape).astype(dtype)

windows = make_windows((28, 28), (5, 5), (1, 1), "SAME")
for dtype in (np.float32, np.float64):
    x, y, small = floats(803, 795), floats(795, 817), floats(20, 20)
    end = time.time() + 30
    while True not in used and time.time() < end:
        two.multiply(x, y, floats(803, 817))  # until it has started
    compare("product", lambda t, c: t.multiply(x, y, c), 803, 817)
    compare("transposed", lambda t, c: t.multiply(y.T, x.T, c), 817, 803)
    compare("parts", lambda t, c: t.multiply(x[1:, 5:705], y[:700], c), 802, 817)
    compare("accumulated", lambda t, c: t.accumulate(0.5, x, True, x, False, -2.0, c), 795, 795)
    compare("little", lambda t, c: t.multiply(small, small, c), 20, 20)
    compare("backwards", lambda t, c: t.multiply(x[::-1], y, c), 803, 817)
    images, filter = floats(21, 28, 28, 8), floats(5, 5, 8, 32)
    compare("convolution", lambda t, c: t.convolve(images, filter, windows, c), 21, 28, 28, 32)
    images, dy = floats(21, 28, 28, 32), floats(21, 28, 28, 40)
    compare("to filter", lambda t, c: t.convolve_to_filter(images, dy, windows, c), 5, 5, 32, 40)
`;

test("products and convolutions of two threads are those of one, to the last bit", async ({ page }) => {
  await run(page, COMPARE);
  const expected = ["float32", "float64"].flatMap((dtype) => [
    ...["product", "transposed", "parts", "accumulated"].map((what) => `${what} ${dtype} same [True]`),
    `little ${dtype} same []`,
    `backwards ${dtype} same [False]`,
    `convolution ${dtype} same [True]`,
    `to filter ${dtype} same [True]`,
  ]);
  await expect(consoleOf(page).locator(".out")).toHaveText(expected);
});

test("when the worker of Python is ended, so is the second thread", async ({ page }) => {
  const threads = () => page.workers().filter((worker) => worker.url().includes("second-thread")).length;
  await expect.poll(threads).toBe(1);
  await write(page, "print('on')\nwhile True:\n    try:\n        while True: pass\n    except BaseException: pass");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(consoleOf(page)).toContainText("on");
  await page.getByRole("button", { name: "Stop" }).click();
  await finished(page);
  await run(page, "print('anew')");
  await expect(consoleOf(page)).toContainText("anew");
  await expect.poll(threads).toBe(1);
});
