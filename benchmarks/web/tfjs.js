// The cases of cases.py in TensorFlow.js: `await measure(backend, case)` gives milliseconds a step, or GFLOP/s.
/* global tf */

const BATCH = 100;
const variable = (...shape) => tf.variable(tf.truncatedNormal(shape, 0, 0.1));

async function medianMs(step, most) {
  if (most > 1) for (let i = 0; i < 2; i++) await step();
  const times = [];
  const end = performance.now() + 2000;
  while (times.length < most && (times.length < 3 || performance.now() < end)) {
    const start = performance.now();
    await step();
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[times.length >> 1];
}

/** Loss with penalty, gradient descent with decay, moving averages. */
function classifier(scores, weights, variables, labels, rate) {
  const optimizer = tf.train.sgd(rate);
  const averages = variables.map((v) => tf.variable(v.clone(), false));
  let steps = 0;
  return async () => {
    optimizer.setLearningRate(rate * 0.99 ** (steps++ / 550));
    const loss = tf.tidy(() => {
      const cost = optimizer.minimize(
        () => {
          const errors = tf.losses.softmaxCrossEntropy(labels, scores());
          return weights.reduce((sum, w) => sum.add(w.square().sum().mul(0.00005)), errors);
        },
        true,
        variables,
      );
      const decay = Math.min(0.99, (1 + steps) / (10 + steps));
      variables.forEach((v, i) => averages[i].assign(averages[i].mul(decay).add(v.mul(1 - decay))));
      return cost;
    });
    await loss.data();
    loss.dispose();
  };
}

const labels = () => tf.oneHot(tf.range(0, BATCH, 1, "int32").mod(tf.scalar(10, "int32")), 10).toFloat();

const CASES = {
  product() {
    const [a, b] = [tf.randomUniform([512, 512]), tf.randomUniform([512, 512])];
    return async () => {
      const sum = tf.tidy(() => tf.matMul(a, b).sum());
      await sum.data();
      sum.dispose();
    };
  },
  full() {
    const images = tf.randomUniform([BATCH, 784]);
    const [w1, b1, w2, b2] = [variable(784, 500), variable(500), variable(500, 10), variable(10)];
    const scores = () => images.matMul(w1).add(b1).relu().matMul(w2).add(b2);
    return classifier(scores, [w1, w2], [w1, b1, w2, b2], labels(), 0.8);
  },
  lenet() {
    const images = tf.randomUniform([BATCH, 28, 28, 1]);
    const [k1, c1, k2, c2] = [variable(5, 5, 1, 32), variable(32), variable(5, 5, 32, 64), variable(64)];
    const [w1, b1, w2, b2] = [variable(3136, 512), variable(512), variable(512, 10), variable(10)];
    const scores = () => {
      const first = images.conv2d(k1, 1, "same").add(c1).relu().maxPool(2, 2, "same");
      const second = first.conv2d(k2, 1, "same").add(c2).relu().maxPool(2, 2, "same");
      const inner = second.reshape([BATCH, 3136]).matMul(w1).add(b1).relu();
      return tf.dropout(inner, 0.5).matMul(w2).add(b2);
    };
    return classifier(scores, [w1, w2], [k1, c1, k2, c2, w1, b1, w2, b2], labels(), 0.05);
  },
  sine1: () => sine(1),
  sine10: () => sine(10),
};

function sine(timeSteps) {
  const features = 10 / timeSteps;
  const x = tf.randomUniform([32, timeSteps, features]);
  const y = tf.randomUniform([32, 1]);
  const cells = [features, 30].map((width) => [variable(width + 30, 120), variable(120)]);
  const [w, b] = [variable(30, 1), variable(1)];
  const optimizer = tf.train.adagrad(0.1);
  const forward = () => {
    let states = cells.map(() => [tf.zeros([32, 30]), tf.zeros([32, 30])]);
    let input;
    for (let t = 0; t < timeSteps; t++) {
      input = x.slice([0, t, 0], [32, 1, features]).reshape([32, features]);
      states = states.map(([c, h], i) => {
        const next = tf.basicLSTMCell(1, cells[i][0], cells[i][1], input, c, h);
        input = next[1];
        return next;
      });
    }
    return tf.losses.meanSquaredError(y, input.matMul(w).add(b));
  };
  return async () => {
    const loss = tf.tidy(() => optimizer.minimize(forward, true));
    await loss.data();
    loss.dispose();
  };
}

window.measure = async (backend, name, most = 200) => {
  tf.wasm.setWasmPaths("node_modules/@tensorflow/tfjs-backend-wasm/dist/");
  if (tf.getBackend() !== backend && !(await tf.setBackend(backend))) throw new Error(`no backend ${backend}`);
  await tf.ready();
  tf.engine().startScope();
  try {
    const ms = await medianMs(CASES[name](), most);
    return name === "product" ? (2 * 512 ** 3) / ms / 1e6 : ms;
  } finally {
    tf.engine().endScope();
    tf.disposeVariables();
  }
};
