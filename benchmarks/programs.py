"""Steps of small programs as people write them, whose time goes into everything but large products."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.recurrence import recurrent_layers

Step = Callable[[], Any]


def _dense(tf: Any, x: Any, size: int, name: str) -> Any:
    weights = tf.get_variable(f"{name}_weights", [x.shape[-1], size])
    return tf.matmul(x, weights) + tf.get_variable(f"{name}_bias", [size], initializer=tf.zeros_initializer())


def _started(tf: Any, config: Any) -> Any:
    sess = tf.Session(config=config)
    sess.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
    return sess


def _random() -> Any:
    return np.random.RandomState(1)


def logistic_regression(tf: Any, config: Any) -> Step:
    """Digits in one layer, batch 100, Adam; loss and accuracy are fetched, too."""
    x, y = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.float32, [None, 10])
    weights, bias = tf.Variable(tf.zeros([784, 10])), tf.Variable(tf.zeros([10]))
    predicted = tf.nn.softmax(tf.matmul(x, weights) + bias)
    loss = tf.reduce_mean(-tf.reduce_sum(y * tf.log(predicted + 1e-8), axis=1))
    train = tf.train.AdamOptimizer(0.001).minimize(loss)
    right = tf.equal(tf.argmax(predicted, 1), tf.argmax(y, 1))
    accuracy = tf.reduce_mean(tf.cast(right, tf.float32))
    sess = _started(tf, config)
    feed = {x: _random().rand(100, 784), y: np.eye(10)[_random().randint(0, 10, 100)]}
    return lambda: sess.run([train, loss, accuracy], feed)


def normalized_perceptron(tf: Any, config: Any) -> Step:
    """Two hidden layers with batch normalization and dropout, batch 64, momentum."""
    x, y = tf.placeholder(tf.float32, [None, 100]), tf.placeholder(tf.int32, [None])
    keep, training = tf.placeholder(tf.float32, []), tf.placeholder(tf.bool, [])
    hidden, updates = x, []
    for k in range(2):
        hidden = _dense(tf, hidden, 128, f"layer{k}")
        mean, variance = tf.nn.moments(hidden, [0])
        means = tf.get_variable(f"mean{k}", [128], initializer=tf.zeros_initializer(), trainable=False)
        variances = tf.get_variable(f"variance{k}", [128], initializer=tf.ones_initializer(), trainable=False)
        beta = tf.get_variable(f"beta{k}", [128], initializer=tf.zeros_initializer())
        gamma = tf.get_variable(f"gamma{k}", [128], initializer=tf.ones_initializer())
        updates += [
            tf.assign(means, means * 0.99 + mean * 0.01),
            tf.assign(variances, variances * 0.99 + variance * 0.01),
        ]
        mean, variance = tf.cond(
            training, lambda m=mean, v=variance: (m, v), lambda m=means, v=variances: (m + 0, v + 0)
        )
        hidden = tf.nn.relu(tf.nn.batch_normalization(hidden, mean, variance, beta, gamma, 1e-3))
        hidden = tf.nn.dropout(hidden, keep)
    scores = _dense(tf, hidden, 10, "scores")
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=scores))
    with tf.control_dependencies(updates):
        train = tf.train.MomentumOptimizer(0.01, 0.9).minimize(loss)
    sess = _started(tf, config)
    feed = {x: _random().rand(64, 100), y: _random().randint(0, 10, 64), keep: 0.5, training: True}
    return lambda: sess.run([train, loss], feed)


def word_vectors(tf: Any, config: Any) -> Step:
    """Skip-grams over 50,000 words: batch 128, 64 negative samples, 128 numbers a word."""
    words, size = 50000, 128
    inputs, labels = tf.placeholder(tf.int32, [128]), tf.placeholder(tf.int32, [128, 1])
    embeddings = tf.Variable(tf.random_uniform([words, size], -1.0, 1.0))
    weights = tf.Variable(tf.truncated_normal([words, size], stddev=size**-0.5))
    biases = tf.Variable(tf.zeros([words]))
    looked_up = tf.nn.embedding_lookup(embeddings, inputs)
    losses = tf.nn.nce_loss(weights, biases, labels, looked_up, num_sampled=64, num_classes=words)
    loss = tf.reduce_mean(losses)
    train = tf.train.GradientDescentOptimizer(1.0).minimize(loss)
    sess = _started(tf, config)
    drawn = _random().zipf(1.3, 256) % words
    feed = {inputs: drawn[:128], labels: drawn[128:, None]}
    return lambda: sess.run([train, loss], feed)


def _letters(tf: Any, config: Any, unrolled: bool) -> Step:
    batch, steps, letters, size = 20, 25, 65, 64
    x, y = (tf.placeholder(tf.int32, [batch, steps]) for _ in range(2))
    looked_up = tf.nn.embedding_lookup(tf.get_variable("letters", [letters, size]), x)
    outputs = recurrent_layers(tf, looked_up, [size, size], unrolled)
    scores = _dense(tf, tf.reshape(outputs, [-1, size]), letters, "scores")
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=tf.reshape(y, [-1]), logits=scores)
    loss = tf.reduce_mean(losses)
    variables = tf.trainable_variables()
    gradients, _ = tf.clip_by_global_norm(tf.gradients(loss, variables), 5.0)
    train = tf.train.AdamOptimizer(0.002).apply_gradients(list(zip(gradients, variables)))
    sess = _started(tf, config)
    text = _random().randint(0, letters, (batch, steps + 1))
    feed = {x: text[:, :-1], y: text[:, 1:]}
    return lambda: sess.run([loss, train], feed)


def letters_unrolled(tf: Any, config: Any) -> Step:
    """A network that predicts letters: two LSTM layers of 64 units, 25 steps in the graph, batch 20, Adam."""
    return _letters(tf, config, True)


def letters_in_loop(tf: Any, config: Any) -> Step:
    """The same with a loop."""
    return _letters(tf, config, False)


def adversaries(tf: Any, config: Any) -> Step:
    """A generator and its critic, each with an optimizer and a run of its own; batch 64."""
    noise, real = tf.placeholder(tf.float32, [None, 32]), tf.placeholder(tf.float32, [None, 784])
    with tf.variable_scope("generator"):
        made = tf.nn.sigmoid(_dense(tf, tf.nn.relu(_dense(tf, noise, 128, "hidden")), 784, "pixels"))

    def criticized(x: Any, again: bool = False) -> Any:
        with tf.variable_scope("critic", reuse=again):
            return _dense(tf, tf.nn.leaky_relu(_dense(tf, x, 128, "hidden")), 1, "score")

    scores, of_made = criticized(real), criticized(made, True)

    def loss(scores: Any, wanted: Any) -> Any:
        return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(logits=scores, labels=wanted))

    critic_loss = loss(scores, tf.ones_like(scores)) + loss(of_made, tf.zeros_like(of_made))
    generator_loss = loss(of_made, tf.ones_like(of_made))
    trains = [
        tf.train.AdamOptimizer(0.0002, 0.5).minimize(
            wanted, var_list=[v for v in tf.trainable_variables() if v.name.startswith(scope)]
        )
        for wanted, scope in ((critic_loss, "critic"), (generator_loss, "generator"))
    ]
    sess = _started(tf, config)
    random = _random()
    images, drawn = random.rand(64, 784).astype(np.float32), random.uniform(-1, 1, (64, 32))

    def step() -> None:
        sess.run([trains[0], critic_loss], {noise: drawn, real: images})
        sess.run([trains[1], generator_loss], {noise: drawn})

    return step


def q_learning(tf: Any, config: Any) -> Step:
    """An agent's step: its best action, then a batch of 32 transitions; then the target network is a copy again."""
    state, following = tf.placeholder(tf.float32, [None, 4]), tf.placeholder(tf.float32, [None, 4])
    action, reward = tf.placeholder(tf.int32, [None]), tf.placeholder(tf.float32, [None])
    done = tf.placeholder(tf.float32, [None])

    def values(x: Any, scope: str) -> Any:
        with tf.variable_scope(scope):
            return _dense(tf, tf.nn.relu(_dense(tf, tf.nn.relu(_dense(tf, x, 64, "a")), 64, "b")), 2, "c")

    now, later = values(state, "online"), values(following, "target")
    best = tf.argmax(now, axis=1)
    goal = tf.stop_gradient(reward + 0.99 * tf.reduce_max(later, axis=1) * (1.0 - done))
    chosen = tf.reduce_sum(now * tf.one_hot(action, 2), axis=1)
    loss = tf.reduce_mean(tf.squared_difference(goal, chosen))
    online = tf.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES, "online")
    target = tf.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES, "target")
    train = tf.train.RMSPropOptimizer(0.001).minimize(loss, var_list=online)
    copy = tf.group(*[old.assign(new) for old, new in zip(target, online)])
    sess = _started(tf, config)
    random = _random()
    feed = {
        state: random.rand(32, 4),
        following: random.rand(32, 4),
        action: random.randint(0, 2, 32),
        reward: random.rand(32),
        done: np.zeros(32),
    }
    one = [random.rand(4)]

    def step() -> None:
        sess.run(best, {state: one})
        sess.run([train, loss], feed)
        sess.run(copy)

    return step


def variational(tf: Any, config: Any) -> Step:
    """A variational autoencoder: 784-200-20-200-784, batch 64, Adam."""
    x = tf.placeholder(tf.float32, [None, 784])
    hidden = tf.nn.tanh(_dense(tf, x, 200, "encoder"))
    mean, deviation = _dense(tf, hidden, 20, "mean"), _dense(tf, hidden, 20, "deviation")
    z = mean + tf.exp(0.5 * deviation) * tf.random_normal(tf.shape(mean))
    scores = _dense(tf, tf.nn.tanh(_dense(tf, z, 200, "decoder")), 784, "pixels")
    lost = tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(logits=scores, labels=x), axis=1)
    divergence = -0.5 * tf.reduce_sum(1 + deviation - tf.square(mean) - tf.exp(deviation), axis=1)
    loss = tf.reduce_mean(lost + divergence)
    train = tf.train.AdamOptimizer(0.001).minimize(loss)
    sess = _started(tf, config)
    feed = {x: _random().rand(64, 784).astype(np.float32)}
    return lambda: sess.run([train, loss], feed)


def factorization(tf: Any, config: Any) -> Step:
    """Ratings of 6,000 users for 4,000 films, each by 20 numbers and a bias; batch 256, Adam."""
    user, film = tf.placeholder(tf.int32, [None]), tf.placeholder(tf.int32, [None])
    rating = tf.placeholder(tf.float32, [None])
    sums: Any = tf.get_variable("mean", [], initializer=tf.constant_initializer(3.5))
    found = []
    for name, count, ids in (("user", 6000, user), ("film", 4000, film)):
        bias = tf.get_variable(f"{name}_bias", [count], initializer=tf.zeros_initializer())
        sums = sums + tf.nn.embedding_lookup(bias, ids)
        found.append(tf.nn.embedding_lookup(tf.get_variable(name, [count, 20]), ids))
    predicted = sums + tf.reduce_sum(found[0] * found[1], axis=1)
    loss = tf.reduce_mean(tf.square(predicted - rating)) + 0.02 * sum(tf.nn.l2_loss(each) for each in found)
    train = tf.train.AdamOptimizer(0.001).minimize(loss)
    sess = _started(tf, config)
    random = _random()
    feed = {user: random.randint(0, 6000, 256), film: random.randint(0, 4000, 256), rating: random.randint(1, 6, 256)}
    return lambda: sess.run([train, loss], feed)


def sentences(tf: Any, config: Any) -> Step:
    """Sentences of 50 words, classified by convolutions over 3, 4 and 5 of them, 32 filters each; batch 32, Adam."""
    x, y = tf.placeholder(tf.int32, [None, 50]), tf.placeholder(tf.float32, [None, 2])
    keep = tf.placeholder(tf.float32, [])
    looked_up = tf.nn.embedding_lookup(tf.get_variable("words", [5000, 64]), x)[..., None]
    pooled = []
    for length in (3, 4, 5):
        filters = tf.get_variable(f"filters{length}", [length, 64, 1, 32])
        bias = tf.get_variable(f"bias{length}", [32], initializer=tf.constant_initializer(0.1))
        convolved = tf.nn.conv2d(looked_up, filters, strides=[1, 1, 1, 1], padding="VALID")
        active = tf.nn.relu(tf.nn.bias_add(convolved, bias))
        pooled.append(tf.nn.max_pool(active, [1, 51 - length, 1, 1], [1, 1, 1, 1], padding="VALID"))
    together = tf.nn.dropout(tf.reshape(tf.concat(pooled, 3), [-1, 96]), keep)
    scores = _dense(tf, together, 2, "scores")
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(logits=scores, labels=y))
    train = tf.train.AdamOptimizer(0.001).minimize(loss)
    sess = _started(tf, config)
    random = _random()
    feed = {x: random.randint(0, 5000, (32, 50)), y: np.eye(2)[random.randint(0, 2, 32)], keep: 0.5}
    return lambda: sess.run([train, loss], feed)


def line_from_dataset(tf: Any, config: Any) -> Step:
    """A line fitted to batches of 32 points from tf.data, with a map function."""
    points = _random().rand(1000).astype(np.float32)
    dataset = tf.data.Dataset.from_tensor_slices((points, 3 * points + 1)).map(lambda x, y: (x, y + 0.5))
    x, y = tf.data.make_one_shot_iterator(dataset.shuffle(1000).repeat().batch(32)).get_next()
    slope, offset = tf.Variable(0.0), tf.Variable(0.0)
    loss = tf.reduce_mean(tf.square(slope * x + offset - y))
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    sess = _started(tf, config)
    return lambda: sess.run([train, loss])


def many_fetches(tf: Any, config: Any) -> Step:
    """A dict of 30 small results of two fed lists, as when statistics are gathered."""
    x, y = tf.placeholder(tf.float32, [None]), tf.placeholder(tf.float32, [None])
    fetched = {}
    for k in range(10):
        z = x * float(k) + y
        fetched.update({f"sum{k}": tf.reduce_sum(z), f"most{k}": tf.reduce_max(z), f"all{k}": z})
    sess = tf.Session(config=config)
    feed = {x: _random().rand(16).tolist(), y: _random().rand(16).tolist()}
    return lambda: sess.run(fetched, feed)


def one_letter(tf: Any, config: Any) -> Step:
    """One step of an LSTM with 128 units that writes a text: letter and state in, probabilities and state out."""
    letter = tf.placeholder(tf.int32, [1])
    c, h = (tf.placeholder(tf.float32, [1, 128]) for _ in range(2))
    looked_up = tf.nn.embedding_lookup(tf.get_variable("letters", [65, 128]), letter)
    sums = _dense(tf, tf.concat([looked_up, h], 1), 512, "gates")
    i, j, f, o = tf.split(sums, 4, axis=1)
    later = c * tf.sigmoid(f + 1.0) + tf.sigmoid(i) * tf.tanh(j)
    output = tf.tanh(later) * tf.sigmoid(o)
    wanted = [tf.nn.softmax(_dense(tf, output, 65, "scores")), later, output]
    sess = _started(tf, config)
    state = [np.zeros((1, 128), np.float32)] * 2

    def step() -> None:
        probabilities, *state[:] = sess.run(wanted, {letter: [3], c: state[0], h: state[1]})

    return step


def from_queue(tf: Any, config: Any) -> Step:
    """A perceptron fed by shuffle_batch, from slices of arrays, through a queue with a thread; batch 32."""
    random = _random()
    rows, numbers = random.rand(500, 20).astype(np.float32), random.randint(0, 3, 500).astype(np.int32)
    row, number = tf.train.slice_input_producer([tf.constant(rows), tf.constant(numbers)], shuffle=True)
    x, y = tf.train.shuffle_batch([row, number], 32, capacity=500, min_after_dequeue=100)
    scores = _dense(tf, tf.nn.relu(_dense(tf, x, 32, "hidden")), 3, "scores")
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=scores))
    train = tf.train.AdamOptimizer(0.001).minimize(loss)
    sess = _started(tf, config)
    tf.train.start_queue_runners(sess, coord=tf.train.Coordinator())
    return lambda: sess.run([train, loss])


def scalar_rounds(tf: Any, config: Any) -> Step:
    """1000 rounds of a loop over numbers: the sum of a series."""
    x = tf.placeholder(tf.float32, [])

    def following(i: Any, term: Any, total: Any) -> Any:
        term = term * x / tf.cast(i, tf.float32)
        return i + 1, term, total + term

    total = tf.while_loop(lambda i, *_: i <= 1000, following, [1, 1.0, 1.0])[2]
    sess = tf.Session(config=config)
    return lambda: sess.run(total, {x: 0.7})


def mapped_rows(tf: Any, config: Any) -> Step:
    """A function of each of 100 rows."""
    x = tf.placeholder(tf.float32, [100, 16])
    mapped = tf.map_fn(lambda row: tf.nn.softmax(row * 2.0) + tf.reduce_max(row), x)
    sess = tf.Session(config=config)
    feed = {x: _random().rand(100, 16).astype(np.float32)}
    return lambda: sess.run(mapped, feed)


PROGRAMS = (
    logistic_regression,
    normalized_perceptron,
    word_vectors,
    letters_unrolled,
    letters_in_loop,
    adversaries,
    q_learning,
    variational,
    factorization,
    sentences,
    line_from_dataset,
    many_fetches,
    one_letter,
    from_queue,
    scalar_rounds,
    mapped_rows,
)
