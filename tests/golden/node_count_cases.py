"""Programs that note, at several places, how many nodes there are (the op seed that a random op would get there), and
what they are given in node_counts.json by TensorFlow 1.15.5 (written by make_node_counts.py). Python 3.7 runs them too.
"""

import numpy as np


def _count(tf):
    return tf.get_seed(None)[1]


def _noting(tf, notes, value):
    notes.append(_count(tf))
    return value


def conditional(tf):
    notes, x = [], tf.placeholder(tf.float32, [2])
    flag = tf.placeholder(tf.bool, [])
    y = tf.cond(x[0] > 0, lambda: _noting(tf, notes, x * 2), lambda: _noting(tf, notes, x + x))
    z = tf.cond(flag, lambda: x, lambda: _noting(tf, notes, [x]))
    return notes + [tf.cond(flag, lambda: 1.0, lambda: 2.0).name, y.name, z.name, _count(tf)]


def conditional_on_known_value(tf):
    return [tf.cond(np.bool_(True), lambda: tf.constant(1), lambda: 2).name, _count(tf)]


def operations_in_branches(tf):
    v, flag = tf.Variable(1.0), tf.placeholder(tf.bool, [])
    y = tf.cond(flag, lambda: tf.group(v.assign_add(1.0)), lambda: tf.no_op())
    z = tf.cond(flag, lambda: [v.assign_add(1.0), v], lambda: [v.assign_sub(1.0), v])
    return [y.name, z[0].name, z[1].name, _count(tf)]


def conditionals_in_each_other(tf):
    notes, x = [], tf.placeholder(tf.float32, [2])

    def otherwise():
        y = tf.cond(x[1] > 0, lambda: x * x * 2, lambda: _noting(tf, notes, tf.random_normal([2]) + x))
        return _noting(tf, notes, y + x)

    y = tf.cond(tf.placeholder(tf.bool, []), lambda: tf.exp(x), otherwise)
    return notes + [y.name, _count(tf)]


def composites_in_branches(tf):
    v, flag = tf.placeholder(tf.float32, [5, 2]), tf.placeholder(tf.bool, [])
    rows = tf.cond(
        flag, lambda: tf.IndexedSlices(v[:2], tf.constant([0, 1])), lambda: tf.IndexedSlices(v[:1], tf.constant([0]))
    )
    wide = tf.constant([0], tf.int64)
    cast = tf.cond(flag, lambda: tf.IndexedSlices(v[:2], tf.constant([0, 1])), lambda: tf.IndexedSlices(v[:1], wide))
    sparse = tf.sparse_placeholder(tf.float32, [5, 2])
    turned = tf.cond(flag, lambda: sparse, lambda: tf.sparse_transpose(tf.sparse_transpose(sparse)))
    return [rows.values.name, cast.indices.name, turned.values.name, _count(tf)]


def loop(tf):
    notes, x = [], tf.placeholder(tf.float32, [2])

    def body(i, a):
        notes.extend([i.name, a.name])
        y = a * x + x
        return i + 1, _noting(tf, notes, y)

    i, y = tf.while_loop(lambda i, a: _noting(tf, notes, i < 5), body, [0, x])
    return notes + [i.name, y.name, _count(tf)]


def loop_with_limit(tf):
    notes, x = [], tf.placeholder(tf.float32, [None])

    def body(a):
        notes.extend([a.name, (a * x).name])
        return _noting(tf, notes, a + x)

    y = tf.while_loop(lambda a: _noting(tf, notes, a[0] < 5), body, [x], maximum_iterations=7)
    z = tf.while_loop(lambda a: a[0] < 5, body, [x], maximum_iterations=tf.shape(x)[0])
    return notes + [y.name, z.name, _count(tf)]


def loops_and_conditionals_in_each_other(tf):
    notes, x = [], tf.placeholder(tf.float32, [2])

    def body(i, a):
        def inner(j, b):
            return _noting(tf, notes, j + 1), b * x * tf.cond(i < 1, lambda: x, lambda: x * x)

        b = tf.while_loop(lambda j, b: j < 2, inner, [0, a])[1]
        return _noting(tf, notes, i + 1), tf.cond(i > 0, lambda: b + 1, lambda: b)

    y = tf.while_loop(lambda i, a: i < 3, body, [0, x])[1]
    z = tf.cond(x[0] > 0, lambda: tf.while_loop(lambda i, a: i < 3, body, [0, x])[1], lambda: x)
    return notes + [y.name, z.name, _count(tf)]


def dependencies_from_outside(tf):
    x, v = tf.placeholder(tf.float32, [2]), tf.Variable(1.0)
    with tf.control_dependencies([v.assign_add(1.0), tf.no_op()]):
        y = tf.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, a * 2.0 + tf.zeros([2]) * v), [0, x])[1]
        z = tf.cond(x[0] > 0, lambda: x * 2, lambda: x * 3)
    before = _count(tf)

    def body(i, a):
        with tf.control_dependencies([z]):
            return i + 1, a * 2.0 + 1.0

    return [y.name, before, tf.while_loop(lambda i, a: i < 3, body, [0, x])[1].name, _count(tf)]


def variables_inside(tf):
    x = tf.placeholder(tf.float32, [2, 3])
    y = tf.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, tf.layers.dense(a, 3)), [0, x])[1]
    z = tf.cond(x[0, 0] > 0, lambda: tf.layers.dense(x, 3), lambda: x)
    return [y.name, z.name, _count(tf)]


def loops_over_elements(tf):
    notes, x, rows = [], tf.placeholder(tf.float32, [3]), tf.placeholder(tf.float32, [None, 2])

    def twice(r):
        return _noting(tf, notes, r * 2)

    def fold(a, r):
        return _noting(tf, notes, a * 2 + r)

    notes += [tf.map_fn(twice, x).name, tf.map_fn(twice, rows).name]
    notes += [tf.map_fn(lambda t: t[0] + t[1], (x, x), dtype=tf.float32).name]
    notes += [tf.foldl(fold, x).name, tf.foldr(fold, x).name, tf.foldl(fold, x, initializer=1.0).name]
    notes += [tf.scan(fold, x).name, tf.scan(fold, x, initializer=1.0).name, tf.scan(fold, x, reverse=True).name]
    tf.scan(lambda a, r: (a[1], a[0] + r), x, initializer=(0.0, 1.0))
    return notes + [tf.scan(fold, tf.placeholder(tf.float32, [None])).name, _count(tf)]


def tensor_arrays(tf):
    x, notes = tf.placeholder(tf.float32, [3, 2]), []
    array = tf.TensorArray(tf.float32, 3).unstack(_noting(tf, notes, x))
    array = array.write(0, _noting(tf, notes, [1.0, 2.0]))
    notes += [array.read(0).name, array.stack().name, array.gather([0, 1]).name, array.concat().name]
    array = array.split(x, _noting(tf, notes, [1, 2, 0])).scatter([0, 1, 2], x)
    notes += [_count(tf), array.size().name, array.close().name, array.identity().flow.name]
    return notes + [array.grad("g").flow.name, _count(tf)]


def assertions(tf):
    x = tf.placeholder(tf.float32, [2])
    first = tf.Assert(tf.reduce_all(x > 0), [x, "words", 1.0])
    return [first.name, tf.assert_positive(x).name, tf.Assert(tf.reduce_all(x > 0), ["words"]).name, _count(tf)]


def cases(tf):
    x, step = tf.placeholder(tf.float32, []), tf.train.get_or_create_global_step()
    notes = [tf.train.piecewise_constant(step, [10, 20], [1.0, 0.5, 0.1]).name, _count(tf)]
    pairs = [(x < 0, lambda: x * 2), (x > 5, lambda: x * 3)]
    notes += [tf.case(pairs, exclusive=True).name, _count(tf)]
    return notes + [tf.case(pairs, default=lambda: x * 4).name, _count(tf)]


def recurrent_networks(tf):
    cells, x = tf.nn.rnn_cell, tf.placeholder(tf.float32, [2, None, 3])
    lengths = tf.placeholder(tf.int32, [None])
    notes = [tf.nn.dynamic_rnn(cells.BasicRNNCell(6), x, dtype=tf.float32)[0].name, _count(tf)]
    cell = cells.DropoutWrapper(cells.LSTMCell(6), 0.5, 0.5, 0.5)
    notes += [tf.nn.dynamic_rnn(cell, x, lengths, dtype=tf.float32, scope="a")[0].name, _count(tf)]
    both = tf.nn.bidirectional_dynamic_rnn(cells.GRUCell(4), cells.GRUCell(4), x, lengths, dtype=tf.float32)[0]
    notes += [both[1].name, _count(tf)]
    layers = [cells.DropoutWrapper(cells.BasicLSTMCell(4), output_keep_prob=tf.placeholder(tf.float32, []))] * 2
    cell = cells.MultiRNNCell(layers[:1])
    state = cell.zero_state(2, tf.float32)
    return notes + [tf.nn.dynamic_rnn(cell, x, initial_state=state, scope="b")[0].name, _count(tf)]


def raw_network(tf):
    notes, x = [], tf.placeholder(tf.float32, [5, 2, 3])
    array, cell = tf.TensorArray(tf.float32, 5).unstack(x), tf.nn.rnn_cell.LSTMCell(4)

    def loop_fn(time, output, state, loop_state):
        state = cell.zero_state(2, tf.float32) if output is None else state
        finished = time >= _noting(tf, notes, [5, 4])
        given = tf.cond(tf.reduce_all(finished), lambda: tf.zeros([2, 3]), lambda: array.read(time))
        return finished, given, state, output, None

    return notes + [tf.nn.raw_rnn(cell, loop_fn)[0].stack().name, _count(tf)]


def training_flag(tf):
    x, training, notes = tf.placeholder(tf.float32, [None, 3]), tf.placeholder(tf.bool, []), []
    y = _noting(tf, notes, tf.layers.batch_normalization(x, training=training))
    y = _noting(tf, notes, tf.layers.dropout(y, 0.3, training=training))
    y = _noting(tf, notes, tf.contrib.layers.batch_norm(y, is_training=training))
    y = _noting(tf, notes, tf.contrib.layers.dropout(y, is_training=training))
    return notes + [tf.layers.dense(y, 4).name, _count(tf)]


def values_before_initialization(tf):
    v, w = tf.Variable(tf.random_normal([2, 3])), tf.get_variable("w", [2], use_resource=True)
    notes = [v.initialized_value().name, w.initialized_value().name, _count(tf)]
    tf.Variable(v.initialized_value() * 2)
    tf.train.ExponentialMovingAverage(0.9).apply([_noting(tf, notes, v), w])
    return notes + [_count(tf)]


def distributions(tf):
    x, kinds = tf.placeholder(tf.float32, [None, 5]), tf.distributions
    kinds.Categorical(logits=x).sample()
    notes = [_count(tf), kinds.Bernoulli(logits=x).sample().name, _count(tf)]
    kinds.kl_divergence(kinds.Normal(0.0, 1.0), kinds.Normal(x, 1.0))
    return notes + [kinds.Normal(x, 1.0).sample(3).name, _count(tf)]


def random_numbers(tf):
    x = tf.placeholder(tf.float32, [2])
    y = tf.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, a + tf.random_uniform([2])), [0, x])[1]
    z = tf.cond(x[0] > 0, lambda: tf.random_normal([2]), lambda: tf.random_normal([2]) + 1)
    with tf.Session() as session:
        values = session.run([y, z, tf.random_normal([2])], {x: [0, 0]})
    return [round(float(number), 5) for value in values for number in value]


def _count_behind_gradient(tf, build):
    """The number of nodes when `build` has given (ys, xs), in a graph of their own, and they are differentiated."""
    with tf.Graph().as_default():
        tf.set_random_seed(1)
        tf.gradients(*build(tf.placeholder(tf.float32, [2])))
        return _count(tf)


def gradients_of_conditionals(tf):
    def choose(x, *branches):
        return tf.cond(tf.placeholder(tf.bool, []), *branches)

    builds = [
        lambda x: (choose(x, lambda: x * 2, lambda: tf.exp(x)), x),
        lambda x: (choose(x, lambda: x * 2, lambda: tf.zeros([2])), x),
    ]
    return [_count_behind_gradient(tf, build) for build in builds]


def gradients_of_loops(tf):
    def five(body, first):
        return tf.while_loop(lambda i, a: i < 5, lambda i, a: (i + 1, body(a)), [0, first])[1]

    def of_rows(_):
        rows, w = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.float32, [2, 2])
        return five(lambda a: tf.matmul(a, w) + rows, rows), [rows, w]

    limit = {"maximum_iterations": 5}
    builds = [
        lambda x: (five(lambda a: a * 2.0, x), x),
        lambda x: (five(lambda a: a * x + 1, x), x),
        lambda x: (tf.while_loop(lambda a: a[0] < 5, lambda a: tf.exp(tf.tanh(a)), [x], **limit), x),
        lambda x: (tf.map_fn(lambda r: r * r, x), x),
        lambda x: (tf.scan(lambda a, r: a * r, x), x),
        of_rows,
    ]
    return [_count_behind_gradient(tf, build) for build in builds]


def gradients_of_recurrent_networks(tf):
    cells, notes = tf.nn.rnn_cell, []
    made = {
        "basic": lambda: cells.BasicRNNCell(2),
        "gru": lambda: cells.GRUCell(2),
        "lstm": lambda: cells.LSTMCell(2),
        "peepholes": lambda: cells.LSTMCell(2, use_peepholes=True, num_proj=3),
        "layers": lambda: cells.MultiRNNCell([cells.LSTMCell(2), cells.LSTMCell(3)]),
    }
    for name in sorted(made):
        for lengths in (None, tf.placeholder(tf.int32, [None])):
            with tf.variable_scope(name + str(lengths is not None)) as scope:
                x = tf.placeholder(tf.float32, [4, 5, 3])
                outputs, _ = tf.nn.dynamic_rnn(made[name](), x, dtype=tf.float32, sequence_length=lengths)
                notes.append(_count(tf))
                tf.gradients(tf.reduce_sum(outputs), scope.trainable_variables())
                notes.append(_count(tf))
    return notes


def gradients_that_need_not_go_into_a_branch(tf):
    x, v, flag = tf.placeholder(tf.float32, [2]), tf.Variable(2.0), tf.placeholder(tf.bool, [])
    y = tf.cond(flag, lambda: x * x, lambda: x + v)
    return [tf.gradients(y, v)[0].shape.as_list(), _count(tf)]


def chains_of_tags(tf):
    crf, notes = tf.contrib.crf, []
    with tf.variable_scope("tags"):
        transitions = tf.get_variable("transitions", [3, 3])
    for shape in ([2, 5, 3], [None, 5, 3], [2, 1, 3], [None, None, 3]):
        scores, lengths = tf.placeholder(tf.float32, shape), tf.placeholder(tf.int32, shape[:1])
        tags = tf.placeholder(tf.int32, shape[:2])
        crf.crf_sequence_score(scores, tags, lengths, transitions)
        notes.append(_count(tf))
        crf.crf_log_likelihood(scores, tags, lengths, transitions)
        notes.append(_count(tf))
    return notes


def spectra(tf):
    signal, notes = tf.contrib.signal, []
    for shape in ([2, 100], [None, None], [100]):
        x = tf.placeholder(tf.float32, shape)
        signal.frame(x, 20, 10)
        notes.append(_count(tf))
        signal.frame(x, tf.constant(20), 10, pad_end=True)
        notes.append(_count(tf))
        signal.stft(x, 20, 10)
        notes.append(_count(tf))
        signal.stft(x, 20, 10, 32, pad_end=True)
        notes.append(_count(tf))
    signal.overlap_and_add(tf.placeholder(tf.float32, [3, 17]), 5)
    signal.overlap_and_add(tf.placeholder(tf.float32, [None, 17]), 17)
    notes.append(_count(tf))
    signal.linear_to_mel_weight_matrix(8, 17, 8000)
    return [*notes, _count(tf)]


def _counts_of_gradients(tf, ys, xs):
    """The nodes that the gradients take, that they take a second time, and where they wait for each other."""
    notes = [_count(tf)]
    for gate in (False, False, True):
        tf.gradients(ys, xs, gate_gradients=gate)
        notes.append(_count(tf))
    return [after - before for before, after in zip(notes, notes[1:])]


def gradients_through_a_loop_again_and_waiting(tf):
    x, u = tf.placeholder(tf.float32, [2, 3]), tf.placeholder(tf.float32, [None, 3])
    w, v = tf.placeholder(tf.float32, [3, 3]), tf.placeholder(tf.float32, [3])
    s, notes = tf.placeholder(tf.float32, []), []

    def note(body, first):
        y = tf.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, body(a)), [0, first])[1]
        notes.append(_counts_of_gradients(tf, y, [x, u, w, v, s]))

    note(lambda a: a * x, x)
    note(lambda a: tf.tanh(tf.matmul(a, w) + v), u)
    note(lambda a: tf.concat([a, a * 2], 1)[:, :3], u)
    note(lambda a: tf.reduce_sum(a) + a, u)
    note(lambda a: tf.nn.dropout(a, 0.5), x)
    note(lambda a: tf.nn.dropout(a, s), u)
    note(lambda a: tf.add_n(tf.split(a, 3, 1)[:2]) + a, u)
    y = tf.while_loop(lambda i, a, b: i < 3, lambda i, a, b: (i + 1, a * b, b), [0, x, x], back_prop=False)[1]
    return notes + [_counts_of_gradients(tf, y, [x])]


def gradients_through_control_flow_in_control_flow(tf):
    x, u = tf.placeholder(tf.float32, [2, 3]), tf.placeholder(tf.float32, [None, 3])
    flag, notes = tf.placeholder(tf.bool, []), []

    def loop(body, first):
        return tf.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, body(i, a)), [0, first])[1]

    ys = [
        loop(lambda i, a: tf.cond(i > 1, lambda: a * x, lambda: tf.exp(a)), x),
        loop(lambda i, a: tf.cond(flag, lambda: a * u, lambda: tf.exp(a)), u),
        loop(lambda i, a: loop(lambda j, b: b * 2, a), x),
        loop(lambda i, a: loop(lambda j, b: tf.tanh(b) * a, a), u),
        tf.cond(flag, lambda: loop(lambda i, a: a * 2, x), lambda: x),
        tf.cond(flag, lambda: tf.concat([u, u], 1), lambda: tf.concat([u, u * 2], 1)),
        tf.map_fn(lambda a: tf.image.per_image_standardization(a), tf.placeholder(tf.float32, [None, 4, 4, 3]) + x[0]),
    ]
    for y in ys:
        notes.append(_counts_of_gradients(tf, y, [x, u]))
    return notes


def gradients_of_decoders(tf):
    rnn, seq2seq, notes = tf.nn.rnn_cell, tf.contrib.seq2seq, []
    x, lengths = tf.placeholder(tf.float32, [None, None, 3]), tf.placeholder(tf.int32, [None])
    cells = [
        lambda: rnn.GRUCell(4),
        lambda: rnn.DropoutWrapper(rnn.LSTMCell(4, use_peepholes=True), 0.5, 0.5, 0.5),
        lambda: seq2seq.AttentionWrapper(
            rnn.LSTMCell(4), seq2seq.LuongAttention(4, x, lengths), attention_layer_size=4
        ),
        lambda: seq2seq.AttentionWrapper(rnn.GRUCell(4), seq2seq.BahdanauAttention(4, x, lengths)),
    ]
    for name, make in zip("abcd", cells):
        with tf.variable_scope(name) as scope:
            cell = make()
            state = cell.zero_state(tf.shape(x)[0], tf.float32)
            helper = seq2seq.TrainingHelper(x, lengths)
            decoder = seq2seq.BasicDecoder(cell, helper, state, tf.layers.Dense(5))
            outputs = seq2seq.dynamic_decode(decoder, impute_finished=True, maximum_iterations=7)[0]
            notes.append([_count(tf)] + _counts_of_gradients(tf, outputs.rnn_output, scope.trainable_variables()))
    return notes


def gradients_of_chains_of_tags(tf):
    crf, notes = tf.contrib.crf, []
    with tf.variable_scope("tags"):
        transitions = tf.get_variable("transitions", [3, 3])
    for shape in ([2, 5, 3], [None, None, 3]):
        scores, lengths = tf.placeholder(tf.float32, shape), tf.placeholder(tf.int32, shape[:1])
        tags = tf.placeholder(tf.int32, shape[:2])
        y = crf.crf_log_likelihood(scores, tags, lengths, transitions)[0]
        notes.append(_counts_of_gradients(tf, y, [scores, transitions]))
        crf.crf_decode(scores, transitions, lengths)
        notes.append(_count(tf))
    return notes


def training_recurrent_networks(tf):
    ids, labels = tf.placeholder(tf.int32, [None, None]), tf.placeholder(tf.int32, [None, None])
    keep, lengths, notes = tf.placeholder(tf.float32, []), tf.placeholder(tf.int32, [None]), []
    rnn = tf.nn.rnn_cell
    cell = rnn.MultiRNNCell([rnn.DropoutWrapper(rnn.LSTMCell(8), output_keep_prob=keep) for _ in range(2)])
    rows = tf.nn.embedding_lookup(tf.get_variable("rows", [20, 8]), ids)
    outputs = tf.nn.dynamic_rnn(cell, rows, lengths, dtype=tf.float32)[0]
    logits = tf.layers.dense(outputs, 20)
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))
    step = tf.train.get_or_create_global_step()
    optimizer = tf.train.AdamOptimizer(tf.train.exponential_decay(0.1, step, 2, 0.9, staircase=True))
    gradients, variables = zip(*_noting(tf, notes, optimizer.compute_gradients(loss)))
    gradients, _ = _noting(tf, notes, tf.clip_by_global_norm(gradients, 1.0))
    train = optimizer.apply_gradients(zip(gradients, variables), step)
    return notes + [train.name, _count(tf)]


def training_with_conditionals(tf):
    x, labels = tf.placeholder(tf.float32, [None, 8, 8, 1]), tf.placeholder(tf.int32, [None])
    training, notes = tf.placeholder(tf.bool, []), []
    y = tf.layers.conv2d(x, 4, 3, padding="same", use_bias=False)
    y = y + tf.layers.conv2d(tf.nn.relu(tf.layers.batch_normalization(y, training=training)), 4, 3, padding="same")
    y = tf.layers.dropout(tf.layers.flatten(y), 0.4, training=training)
    loss = tf.losses.sparse_softmax_cross_entropy(labels, _noting(tf, notes, tf.layers.dense(y, 3)))
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        train = tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss, tf.train.get_or_create_global_step())
    return notes + [train.name, _count(tf)]


def functions_of_other_nodes(tf):
    v, w, notes = tf.placeholder(tf.float32, [3]), tf.placeholder(tf.float32, [4, 3, 3]), []
    step = tf.train.get_or_create_global_step()
    makes = [
        lambda: tf.norm(w, ord=2, axis=[1, 2]),
        lambda: tf.norm(w, ord=2, axis=[1, 2], keepdims=True),
        lambda: tf.nn.zero_fraction(tf.placeholder(tf.float32)),
        lambda: tf.train.polynomial_decay(0.1, step, 100, cycle=True),
        lambda: tf.train.cosine_decay_restarts(0.1, step, 100),
        lambda: tf.gradients(tf.gather(w, [0, 1], axis=1), w),
        lambda: tf.image.ssim(*[tf.placeholder(tf.float32, [None, 16, 16, 1])] * 2, max_val=1.0),
        lambda: tf.distributions.Bernoulli(probs=v).sample(),
        lambda: tf.distributions.Exponential(v).log_prob(v),
        lambda: tf.distributions.Uniform(0.0, v).log_prob(v),
        lambda: tf.distributions.Laplace(v, v).entropy(),
    ]
    for make in makes:
        before = _count(tf)
        make()
        notes.append(_count(tf) - before)
    return notes


CASES = {name: case for name, case in list(globals().items()) if callable(case) and not name.startswith("_")}


def run(tf, name):
    with tf.Graph().as_default():
        tf.set_random_seed(1)
        return CASES[name](tf)
