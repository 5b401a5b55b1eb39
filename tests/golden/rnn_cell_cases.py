"""Recurrent cells under TensorFlow 1.15.5: variables, nodes, values, gradients; the results are kept in rnn_cells.json.

A case takes the module (TensorFlow or PyFlow) and returns plain values. Runs under Python 3.7 as well.
"""

import functools

import numpy as np
from state_cases import plain

BATCH, DEPTH, UNITS = 2, 3, 4


def error(function, *args, **kwargs):
    """The class and the first line of what a call raises, or None."""
    try:
        function(*args, **kwargs)
    except Exception as exception:
        words = str(exception)
        if words.startswith("in converted code:"):  # TensorFlow adds where in `call` it was raised
            words = words.strip().split(type(exception).__name__ + ": ")[-1]
        return [type(exception).__name__, words.split("\n")[0].split(" <")[0]]
    return None


def inputs_of(tf, *shape):
    size = int(np.prod(shape))
    return tf.constant(np.sin(np.arange(size) * 1.7).reshape(shape).astype(np.float32), name="x")


def cells(tf):
    """Cells by name, each made when it is wanted."""
    core, contrib = tf.nn.rnn_cell, tf.contrib.rnn

    def lstm(**options):
        return core.LSTMCell(UNITS, **options)

    def dropout(*args, **options):
        return core.DropoutWrapper(*args, seed=3, **options)

    return {
        "basic_rnn": lambda: core.BasicRNNCell(UNITS),
        "basic_rnn_relu": lambda: core.BasicRNNCell(UNITS, activation=tf.nn.relu, name="mine"),
        "basic_rnn_activation_by_name": lambda: core.BasicRNNCell(UNITS, activation="sigmoid"),
        "gru": lambda: core.GRUCell(UNITS),
        "gru_initializers": lambda: core.GRUCell(
            UNITS, kernel_initializer=tf.zeros_initializer(), bias_initializer=tf.ones_initializer()
        ),
        "basic_lstm": lambda: core.BasicLSTMCell(UNITS),
        "basic_lstm_joined": lambda: core.BasicLSTMCell(UNITS, forget_bias=0.5, state_is_tuple=False),
        "lstm": lstm,
        "lstm_joined": lambda: lstm(state_is_tuple=False, num_proj=2),
        "lstm_whole": lambda: lstm(use_peepholes=True, cell_clip=0.1, num_proj=2, proj_clip=0.05, forget_bias=0.3),
        "lstm_initializer": lambda: lstm(use_peepholes=True, initializer=tf.constant_initializer(0.1)),
        "lstm_shards": lambda: lstm(num_unit_shards=2, num_proj_shards=2, num_proj=2),
        "multi": lambda: core.MultiRNNCell([core.BasicLSTMCell(UNITS), core.GRUCell(2)]),
        "multi_joined": lambda: core.MultiRNNCell([core.GRUCell(UNITS), core.GRUCell(2)], state_is_tuple=False),
        "dropout": lambda: dropout(core.BasicLSTMCell(UNITS), 0.5, 0.75, 0.5),
        "dropout_tensor": lambda: dropout(core.GRUCell(UNITS), output_keep_prob=tf.placeholder_with_default(0.5, [])),
        "dropout_of_one": lambda: dropout(core.GRUCell(UNITS), 1.0, 1),
        "dropout_variational": lambda: dropout(
            core.BasicLSTMCell(UNITS), 0.5, 0.5, 0.5, variational_recurrent=True, input_size=DEPTH, dtype=tf.float32
        ),
        "dropout_of_memory": lambda: dropout(
            core.BasicLSTMCell(UNITS), state_keep_prob=0.5, dropout_state_filter_visitor=lambda s: True
        ),
        "residual": lambda: core.ResidualWrapper(core.GRUCell(DEPTH)),
        "residual_function": lambda: core.ResidualWrapper(core.GRUCell(UNITS), lambda i, o: tf.concat([i, o], 1)),
        "device": lambda: core.DeviceWrapper(core.GRUCell(UNITS), "/cpu:0"),
        "input_projection": lambda: contrib.InputProjectionWrapper(core.GRUCell(UNITS), 5, activation=tf.nn.relu),
        "output_projection": lambda: contrib.OutputProjectionWrapper(core.GRUCell(UNITS), 5, activation=tf.tanh),
        "lstm_block": lambda: contrib.LSTMBlockCell(UNITS),
        "lstm_block_whole": lambda: contrib.LSTMBlockCell(UNITS, forget_bias=0.3, cell_clip=0.1, use_peephole=True),
        "gru_block": lambda: contrib.GRUBlockCell(UNITS),
        "gru_block_v2": lambda: contrib.GRUBlockCellV2(UNITS),
    }


def steps_of(tf, make, x, smaller, own=True, reuse=None):
    """Two steps of a cell, from `x` and `smaller`, and the gradients of a loss, with seeded weights."""
    flatten = tf.contrib.framework.nest.flatten
    with tf.variable_scope("model", initializer=tf.random_uniform_initializer(-0.5, 0.5, seed=3), reuse=reuse):
        cell = make()
        state = cell.zero_state(BATCH, tf.float32)
        first, state = cell(x, state)
        output, state = cell(smaller, state)
    nodes = [[o.name, o.type] for o in tf.get_default_graph().get_operations()]
    variables = [[v.name, v.shape.as_list()] for v in tf.trainable_variables()]
    flat = [output] + flatten(state)
    loss = tf.reduce_sum(first) + tf.add_n([tf.reduce_sum(tf.square(t)) for t in flat])
    gradients = [g for g in tf.gradients(loss, tf.trainable_variables() + flatten(x)) if g is not None]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        values, gradients = session.run([flat, gradients])
    kinds = ("trainable_weights", "non_trainable_weights") if own else ()
    return {
        "nodes": nodes,
        "variables": variables,
        "own": [[v.name for v in getattr(cell, kind)] for kind in kinds],
        "sizes": [repr(cell.state_size), repr(cell.output_size)],
        "values": [v.tolist() for v in values],
        "gradients": [g.tolist() for g in gradients],
    }


def two_steps(tf, name):
    x = inputs_of(tf, BATCH, DEPTH)
    # TensorFlow takes partitioned variables for variables that aren't trained.
    return steps_of(tf, cells(tf)[name], x, x * 0.5, own=name != "lstm_shards")


def case_embedding(tf):
    """Ids looked up before a cell."""
    ids = tf.constant([[1], [2]])
    with tf.variable_scope("model"):
        cell = tf.contrib.rnn.EmbeddingWrapper(tf.nn.rnn_cell.GRUCell(2), embedding_classes=3, embedding_size=2)
        cell(ids, cell.zero_state(2, tf.float32))
    return [[v.name, v.shape.as_list()] for v in tf.global_variables()]


def case_scopes(tf):
    """Names of variables: scopes given, cells called again, cells of one class."""
    core = tf.nn.rnn_cell
    x = inputs_of(tf, BATCH, DEPTH)

    def call(cell, **options):
        return cell(x, cell.zero_state(BATCH, tf.float32), **options)

    call(core.GRUCell(2))
    call(core.GRUCell(2))
    call(core.GRUCell(2, name="named"))
    call(core.GRUCell(2), scope="given")
    call(core.GRUCell(2, reuse=True), scope="given")
    with tf.variable_scope("outer"):
        cell = core.BasicLSTMCell(2)
        call(cell)
        call(core.MultiRNNCell([core.GRUCell(2), core.GRUCell(2)]))
    with tf.variable_scope("other"):
        call(cell)
        call(core.DropoutWrapper(core.ResidualWrapper(core.GRUCell(DEPTH)), 0.5))
    return [v.name for v in tf.global_variables()]


def case_zero_states(tf):
    """Names and shapes of zero states."""
    core = tf.nn.rnn_cell
    unknown = tf.placeholder(tf.int32, [])
    states = [
        core.BasicRNNCell(2).zero_state(3, tf.float32),
        core.BasicLSTMCell(2).zero_state(unknown, tf.float64),
        core.MultiRNNCell([core.GRUCell(1), core.BasicLSTMCell(2)]).zero_state(tf.constant(3), tf.float32),
        core.DropoutWrapper(core.GRUCell(4)).zero_state(3, tf.float32),
        core.GRUCell(4).get_initial_state(tf.placeholder(tf.float32, [None, 2])),
        core.GRUCell(4).get_initial_state(batch_size=2, dtype=tf.float16),
    ]
    return [[t.name, str(t.shape), t.dtype.name] for t in tf.contrib.framework.nest.flatten(states)]


def case_errors(tf):
    """What cells say of wrong arguments."""
    core, contrib = tf.nn.rnn_cell, tf.contrib.rnn
    x = inputs_of(tf, BATCH, DEPTH)
    gru = core.GRUCell(2)
    state = gru.zero_state(2, tf.float32)
    unknown = tf.placeholder(tf.float32, [2, None])
    numbers = tf.constant([[1]])
    lstm = core.BasicLSTMCell(2)
    dropout = functools.partial(core.DropoutWrapper, gru)
    mixed = core.LSTMStateTuple(tf.constant(1.0), tf.constant(1))
    results = [
        error(gru, tf.zeros([2, 3, 4]), state),
        error(gru, unknown, state),
        error(core.BasicRNNCell(2), unknown, state),
        error(core.LSTMCell(2), unknown, (state, state)),
        error(core.BasicRNNCell(2), numbers, tf.constant([[1, 2]])),
        error(core.BasicRNNCell, 2, dtype=tf.int32),
        error(core.MultiRNNCell, []),
        error(core.MultiRNNCell, gru),
        error(core.MultiRNNCell, [lstm], state_is_tuple=False),
        error(core.MultiRNNCell([core.GRUCell(2)]), x, state),
        error(dropout, input_keep_prob=1.5),
        error(dropout, output_keep_prob=-1),
        error(dropout, variational_recurrent=True),
        error(dropout, 0.5, variational_recurrent=True, dtype=tf.float32),
        error(dropout, dropout_state_filter_visitor=1),
        error(core.ResidualWrapper(core.GRUCell(2)), x, state),
        error(lambda: mixed.dtype),
        error(gru.get_initial_state),
        error(gru.get_initial_state, x, batch_size=5),
        error(gru.get_initial_state, x, dtype=tf.float64),
        error(lambda: core.RNNCell().state_size),
        error(contrib.EmbeddingWrapper, gru, 0, 1),
        error(contrib.OutputProjectionWrapper, gru, 0),
        error(contrib.GRUBlockCell),
        error(contrib.GRUBlockCell(3), x, state),
        error(contrib.LSTMBlockCell(3), x, [state]),
        error(core.GRUCell, 2, unknown_argument=1),
        error(core.BasicRNNCell, 2, activation="no_such"),
    ]
    first = core.GRUCell(2, name="twice")
    first(x, state)
    results.append(error(core.GRUCell(2, name="twice"), x, state, scope="twice"))
    return results


def case_fused(tf):
    """An LSTM as one op: outputs, final state and gradients, with and without lengths."""
    results = []
    for peephole in (False, True):
        for lengths in (None, [2, 0]):
            tf.reset_default_graph()
            x = inputs_of(tf, 3, BATCH, DEPTH)
            with tf.variable_scope("model", initializer=tf.random_uniform_initializer(-0.5, 0.5, seed=3)):
                cell = tf.contrib.rnn.LSTMBlockFusedCell(UNITS, cell_clip=0.2, use_peephole=peephole)
                outputs, state = cell(x, dtype=tf.float32, sequence_length=lengths)
            loss = tf.reduce_sum(outputs) + tf.reduce_sum(tf.square(state.c))
            gradients = tf.gradients(loss, tf.trainable_variables() + [x])
            with tf.Session() as session:
                session.run(tf.global_variables_initializer())
                values = session.run([outputs, state, gradients])
            names = [v.name for v in tf.trainable_variables()]
            results.append([names, [v[1] for v in plain(tf.contrib.framework.nest.flatten(values))]])
    return results


CASES = {name[5:]: value for name, value in dict(globals()).items() if name.startswith("case_")}
_NO_MODULE = type("tf", (), {"__getattr__": lambda self, name: self})()
CASES.update({"cell_" + name: functools.partial(two_steps, name=name) for name in cells(_NO_MODULE)})
