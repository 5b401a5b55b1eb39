"""The cells of tf.contrib.rnn under TensorFlow 1.15.5; the results are kept in rnn_contrib.json.

A case takes the module (TensorFlow or PyFlow) and returns plain values. Runs under Python 3.7 as well.
"""

import functools

from rnn_cell_cases import _NO_MODULE, BATCH, DEPTH, UNITS, error, inputs_of, steps_of


def unpublished(tf):
    """The module with the cells that have no public name."""
    if tf is _NO_MODULE:
        return tf
    if tf.__name__.startswith("tensorflow"):
        from tensorflow.contrib.rnn.python.ops import rnn_cell

        return rnn_cell
    from pyflow.contrib import rnn_gated_cells, rnn_lstm_variants, rnn_weight_norm

    return type("rnn_cell", (), {**vars(rnn_gated_cells), **vars(rnn_lstm_variants), **vars(rnn_weight_norm)})


def cells(tf):
    """Cells by name, each made when it is wanted."""
    contrib, gru = tf.contrib.rnn, lambda units: tf.nn.rnn_cell.GRUCell(units)

    def whole(cell, *args, **options):
        return cell(UNITS, *args, use_peepholes=True, num_proj=2, proj_clip=0.1, **options)

    other = unpublished(tf)
    coupled, layer_norm = contrib.CoupledInputForgetGateLSTMCell, other.LayerNormLSTMCell
    grid = functools.partial(_grid, contrib)
    return {
        "ugrnn": lambda: contrib.UGRNNCell(UNITS),
        "intersection": lambda: contrib.IntersectionRNNCell(UNITS, num_in_proj=UNITS),
        "intersection_same_size": lambda: contrib.IntersectionRNNCell(DEPTH, y_activation=tf.tanh),
        "sru": lambda: contrib.SRUCell(DEPTH),
        "minimal": lambda: other.MinimalRNNCell(UNITS, kernel_initializer=None),
        "cfn": lambda: other.CFNCell(UNITS, kernel_initializer=None, activation="relu"),
        "nas": lambda: contrib.NASCell(UNITS),
        "nas_whole": lambda: contrib.NASCell(UNITS, num_proj=2, use_bias=True),
        "independent": lambda: contrib.IndRNNCell(UNITS),
        "independent_gru": lambda: contrib.IndyGRUCell(UNITS),
        "independent_lstm": lambda: contrib.IndyLSTMCell(UNITS, forget_bias=0.5),
        "layer_norm_basic": lambda: contrib.LayerNormBasicLSTMCell(UNITS, norm_gain=0.8, norm_shift=0.1),
        "layer_norm_basic_without": lambda: contrib.LayerNormBasicLSTMCell(
            UNITS, layer_norm=False, dropout_keep_prob=0.5, dropout_prob_seed=1
        ),
        "layer_norm": lambda: whole(layer_norm, layer_norm=True, cell_clip=0.5),
        "coupled": lambda: coupled(UNITS),
        "coupled_whole": lambda: whole(coupled, num_unit_shards=2),
        "coupled_norm": lambda: coupled(UNITS, layer_norm=True, state_is_tuple=False),
        "groups": lambda: contrib.GLSTMCell(UNITS, number_of_groups=1),
        "weight_norm": lambda: whole(other.WeightNormLSTMCell, cell_clip=0.5),
        "weight_norm_without": lambda: other.WeightNormLSTMCell(UNITS, norm=False),
        "attention": lambda: contrib.AttentionCellWrapper(gru(UNITS), attn_length=2),
        "attention_joined": lambda: contrib.AttentionCellWrapper(
            gru(UNITS), 3, attn_size=2, attn_vec_size=5, input_size=2, state_is_tuple=False
        ),
        "highway": lambda: contrib.HighwayWrapper(gru(DEPTH)),
        "highway_apart": lambda: contrib.HighwayWrapper(gru(DEPTH), False, 0.3),
        "time_frequency": lambda: contrib.TimeFreqLSTMCell(2, feature_size=3, use_peepholes=True, cell_clip=0.1),
        "grid": lambda: grid(),
        "grid_shared": lambda: grid(share_time_frequency_weights=True),
        "grid_coupled": lambda: grid(couple_input_forget_gates=True, cell_clip=0.1),
        "grid_bare": lambda: grid(use_peepholes=False, state_is_tuple=False),
        "groups_of_six": lambda: contrib.GLSTMCell(6, num_proj=4, number_of_groups=2),
        "grid_both_ways": lambda: contrib.BidirectionalGridLSTMCell(
            2, feature_size=2, frequency_skip=2, num_frequency_blocks=[3], backward_slice_offset=1
        ),
        "phased": lambda: contrib.PhasedLSTMCell(UNITS, use_peepholes=True, period_init_min=2.0, period_init_max=2.0),
        "convolution_1": lambda: contrib.Conv1DLSTMCell(
            input_shape=[5, 2], output_channels=2, kernel_shape=[3], use_bias=False
        ),
        "convolution_2": lambda: contrib.Conv2DLSTMCell(input_shape=[3, 4, 2], output_channels=2, kernel_shape=[2, 2]),
    }


def _grid(contrib, **options):
    if "use_peepholes" not in options:
        options["use_peepholes"] = True
    return contrib.GridLSTMCell(2, feature_size=2, frequency_skip=2, num_frequency_blocks=[3], **options)


SHAPES = {"convolution_1": [BATCH, 5, 2], "convolution_2": [BATCH, 3, 4, 2]}


def two_steps(tf, name):
    if name.startswith(("independent", "phased")):
        tf.set_random_seed(5)  # they have initializers of their own
    wide = name.startswith(("grid", "groups_of"))
    x = inputs_of(tf, *SHAPES.get(name, [BATCH, 6 if wide else DEPTH]))
    if name == "phased":
        times = tf.constant([[0.3], [1.7]])
        return steps_of(tf, cells(tf)[name], (times, x), (times + 1.0, x * 0.5))
    # TensorFlow's wrapper of highways is no layer: it never calls its base class.
    highway = name.startswith("highway")
    return steps_of(tf, cells(tf)[name], x, x * 0.5, not highway, tf.AUTO_REUSE if highway else None)


def case_errors(tf):
    contrib = tf.contrib.rnn
    x = inputs_of(tf, BATCH, DEPTH)
    unknown = tf.placeholder(tf.float32, [2, None])
    state = tf.zeros([2, 4])
    gru = tf.nn.rnn_cell.GRUCell(4)
    return [
        error(contrib.UGRNNCell(4), unknown, state),
        error(contrib.IntersectionRNNCell(4), x, state),
        error(contrib.NASCell(4), unknown, (state, state)),
        error(contrib.GLSTMCell, 3, number_of_groups=2),
        error(contrib.GLSTMCell, 4, num_proj=3, number_of_groups=2),
        error(contrib.GLSTMCell(4, number_of_groups=2), x, (state, state)),
        error(contrib.AttentionCellWrapper, gru, 0),
        error(contrib.AttentionCellWrapper, tf.nn.rnn_cell.LSTMCell(4), 2, state_is_tuple=False),
        error(contrib.AttentionCellWrapper, None, 2),
        error(contrib.GridLSTMCell, 4),
        error(contrib.GridLSTMCell(4, feature_size=1, frequency_skip=1, num_frequency_blocks=[2]), x, state),
        error(contrib.Conv2DLSTMCell, input_shape=[3, 1], output_channels=1, kernel_shape=[1, 1]),
    ]


CASES = {name[5:]: value for name, value in dict(globals()).items() if name.startswith("case_")}
CASES.update({"cell_" + name: functools.partial(two_steps, name=name) for name in cells(_NO_MODULE)})
