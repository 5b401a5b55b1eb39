"""Convolutions and pooling: values, nodes and messages under TensorFlow 1.15.5, kept in convolutions.json.

A case takes the module (TensorFlow or PyFlow). Python 3.7 runs it too. Numbers are quarters, so that sums are exact.
"""

import numpy as np


def quarters(*shape):
    """Numbers that look random, of which few are equal."""
    size = int(np.prod(shape))
    return ((np.arange(size) * 37 % 101 - 50) / 4.0).astype(np.float32).reshape(shape)


def values(tf, tensors):
    with tf.Session() as session:
        arrays = session.run(list(tensors))
    return [[list(a.shape), a.ravel().tolist()] for a in arrays]


def with_gradients(*shapes):
    """A function of some tensors, with its value and its gradients under a weighting."""

    def decorate(function):
        def case(tf):
            tf.reset_default_graph()
            inputs = [tf.constant(quarters(*shape)) for shape in shapes]
            y = function(tf, *inputs)
            weights = tf.constant(quarters(*y.shape.as_list()))
            return values(tf, [y] + tf.gradients(y, inputs, weights))

        return case

    return decorate


def plain(function):
    def case(tf):
        tf.reset_default_graph()
        return values(tf, function(tf))

    return case


def nodes(function):
    def case(tf):
        tf.reset_default_graph()
        function(tf)
        return [[n.name, n.type] + [i.name for i in n.inputs] for n in tf.get_default_graph().get_operations()]

    return case


def error(function):
    def case(tf):
        tf.reset_default_graph()
        try:
            result = function(tf, lambda *shape: tf.placeholder(tf.float32, shape))
            if isinstance(result, tuple):
                with tf.Session() as session:
                    session.run(result[0])
        except Exception as e:
            return [type(e).__name__, str(e).split("\n")[0]]
        return [str(result.shape)]

    return case


def unknown(tf, *shape):
    """Zeros whose shape becomes known in a run."""
    return tf.placeholder_with_default(np.zeros(shape, np.float32), None)


S = [1, 1, 1, 1]
CASES = {}

for _size, _window, _stride, _padding in (
    ((5, 4), (3, 2), (1, 1), "SAME"),
    ((5, 4), (3, 2), (2, 2), "SAME"),
    ((6, 5), (2, 3), (2, 3), "SAME"),
    ((6, 5), (1, 1), (2, 2), "SAME"),
    ((7, 6), (3, 3), (2, 1), "VALID"),
    ((5, 4), (4, 4), (1, 1), "VALID"),
    ((2, 2), (3, 3), (1, 1), "SAME"),
):
    _name = "{}x{}_by_{}x{}_step_{}x{}_{}".format(*_size, *_window, *_stride, _padding)
    CASES["conv_" + _name] = with_gradients((2,) + _size + (2,), _window + (2, 3))(
        lambda tf, x, w, s=_stride, p=_padding: tf.nn.conv2d(x, w, (1,) + s + (1,), p)
    )
    if _stride[0] == _stride[1]:
        CASES["depthwise_" + _name] = with_gradients((2,) + _size + (2,), _window + (2, 2))(
            lambda tf, x, w, s=_stride, p=_padding: tf.nn.depthwise_conv2d(x, w, (1,) + s + (1,), p)
        )
    for _pool in ("max_pool", "avg_pool"):
        CASES[_pool + "_" + _name] = with_gradients((2,) + _size + (2,))(
            lambda tf, x, f=_pool, k=_window, s=_stride, p=_padding: getattr(tf.nn, f)(
                x, (1,) + k + (1,), (1,) + s + (1,), p
            )
        )
    CASES["argmax_" + _name] = plain(
        lambda tf, n=_size, k=_window, s=_stride, p=_padding: tf.nn.max_pool_with_argmax(
            np.floor(quarters(2, *(n + (2,))) / 8), (1,) + k + (1,), (1,) + s + (1,), p
        )
    )
    CASES["dilation_" + _name] = with_gradients((1,) + _size + (2,), _window + (2,))(
        lambda tf, x, w, s=_stride, p=_padding: tf.nn.dilation2d(x, w, (1,) + s + (1,), S, p)
    )

CASES["conv_explicit"] = with_gradients((1, 4, 5, 2), (3, 2, 2, 2))(
    lambda tf, x, w: tf.nn.conv2d(x, w, [1, 2, 1, 1], [[0, 0], [2, 1], [0, 3], [0, 0]])
)
CASES["conv_dilated"] = plain(
    lambda tf: [tf.nn.conv2d(quarters(1, 6, 7, 2), quarters(3, 2, 2, 2), S, p, dilations=[1, 2, 3, 1]) for p in
                ("SAME", "VALID")]
)  # fmt: skip
CASES["conv_ties"] = with_gradients((1, 4, 4, 1))(
    lambda tf, x: tf.nn.max_pool(tf.floor(x / 16), [1, 3, 3, 1], [1, 1, 1, 1], "SAME") * x
)
CASES["max_pool_second_gradient"] = plain(lambda tf: _second(tf, tf.nn.max_pool))
CASES["avg_pool_second_gradient"] = plain(lambda tf: _second(tf, tf.nn.avg_pool))
CASES["max_pool_depth"] = plain(lambda tf: [tf.nn.max_pool(quarters(1, 2, 2, 4), [1, 1, 1, 2], [1, 1, 1, 2], "SAME")])
CASES["argmax_batch"] = plain(
    lambda tf: tf.nn.max_pool_with_argmax(quarters(2, 3, 3, 1), [1, 2, 2, 1], S, "SAME", include_batch_in_index=True)
)
CASES["dilation_rates"] = with_gradients((1, 6, 7, 2), (2, 3, 2))(
    lambda tf, x, w: tf.nn.dilation2d(x, w, [1, 2, 1, 1], [1, 2, 2, 1], "VALID")
)
CASES["erosion"] = with_gradients((1, 4, 4, 2), (2, 3, 2))(lambda tf, x, w: tf.nn.erosion2d(x, w, S, S, "SAME"))
CASES["atrous_same"] = with_gradients((2, 7, 6, 2), (3, 3, 2, 2))(lambda tf, x, w: tf.nn.atrous_conv2d(x, w, 2, "SAME"))
CASES["atrous_even"] = with_gradients((1, 6, 6, 1), (2, 4, 1, 1))(lambda tf, x, w: tf.nn.atrous_conv2d(x, w, 3, "SAME"))
CASES["atrous_valid"] = with_gradients((1, 7, 6, 2), (3, 2, 2, 1))(
    lambda tf, x, w: tf.nn.atrous_conv2d(x, w, 2, "VALID")
)
CASES["atrous_transpose"] = with_gradients((1, 5, 4, 2), (3, 2, 3, 2))(
    lambda tf, x, w: tf.nn.atrous_conv2d_transpose(x, w, [1, 5, 4, 3], 2, "SAME")
)
CASES["conv2d_transpose"] = with_gradients((2, 3, 4, 2), (3, 2, 3, 2))(
    lambda tf, x, w: tf.nn.conv2d_transpose(x, w, [2, 6, 7, 3], [1, 2, 2, 1])
)
CASES["conv2d_transpose_valid"] = with_gradients((1, 2, 3, 2), (3, 2, 1, 2))(
    lambda tf, x, w: tf.nn.conv2d_transpose(x, w, [1, 6, 6, 1], [1, 2, 2, 1], "VALID")
)
CASES["conv1d"] = with_gradients((2, 7, 2), (3, 2, 3))(lambda tf, x, w: tf.nn.conv1d(x, w, 2, "SAME"))
CASES["conv1d_transpose"] = with_gradients((1, 4, 2), (3, 3, 2))(
    lambda tf, x, w: tf.nn.conv1d_transpose(x, w, [1, 8, 3], 2)
)
CASES["conv3d"] = with_gradients((1, 3, 4, 3, 2), (2, 3, 2, 2, 2))(
    lambda tf, x, w: tf.nn.conv3d(x, w, [1, 1, 2, 1, 1], "SAME")
)
CASES["conv3d_transpose"] = with_gradients((1, 2, 2, 2, 2), (2, 3, 2, 1, 2))(
    lambda tf, x, w: tf.nn.conv3d_transpose(x, w, [1, 4, 4, 3, 1], [1, 2, 2, 2, 1])
)
CASES["max_pool3d"] = with_gradients((1, 3, 4, 3, 2))(
    lambda tf, x: tf.nn.max_pool3d(x, [1, 2, 3, 2, 1], [1, 1, 2, 2, 1], "SAME")
)
CASES["avg_pool3d"] = with_gradients((1, 3, 4, 3, 2))(
    lambda tf, x: tf.nn.avg_pool3d(x, [1, 2, 3, 2, 1], [1, 1, 2, 2, 1], "SAME")
)
CASES["separable"] = with_gradients((1, 5, 5, 2), (3, 3, 2, 2), (1, 1, 4, 3))(
    lambda tf, x, d, p: tf.nn.separable_conv2d(x, d, p, S, "SAME", rate=[2, 2])
)
CASES["pool_dilated"] = with_gradients((1, 7, 6, 1))(
    lambda tf, x: tf.nn.pool(x, [2, 3], "MAX", "VALID", dilation_rate=[2, 1])
)
CASES["pool_1d"] = with_gradients((1, 7, 2))(lambda tf, x: tf.nn.pool(x, [3], "AVG", "SAME", strides=[2]))
CASES["fused_batch_norm"] = with_gradients((2, 3, 2, 2), (2,), (2,))(
    lambda tf, x, s, o: tf.nn.fused_batch_norm(x, s, o)[0]
)
CASES["fused_batch_norm_moments"] = plain(
    lambda tf: tf.nn.fused_batch_norm(quarters(2, 3, 2, 2), [1.0, 2.0], [0.5, -0.5])
)
for _name in ("fractional_max_pool", "fractional_avg_pool"):
    for _options in ({}, {"pseudo_random": True}, {"overlapping": True}, {"overlapping": True, "pseudo_random": True}):
        CASES["_".join([_name] + sorted(_options))] = plain(
            lambda tf, f=_name, o=_options: _fractional(tf, getattr(tf.nn, f), o)
        )


def _fractional(tf, pool, options):
    x = tf.placeholder_with_default(quarters(2, 11, 9, 2), [2, 11, 9, 2])
    y, rows, columns = pool(x, [1.0, 1.6, 1.4, 1.0], deterministic=True, seed=5, seed2=7, **options)
    return [y, rows, columns] + tf.gradients(y, x)


def _second(tf, pool):
    x = tf.constant(quarters(1, 5, 4, 2))
    y = pool(x, [1, 3, 2, 1], [1, 2, 1, 1], "SAME")
    weights = tf.constant(quarters(*y.shape.as_list()))
    (dx,) = tf.gradients(y, x, weights)
    return tf.gradients(dx * dx, weights)


def _ph(tf, *shape):
    return tf.placeholder(tf.float32, shape)


CASES["nodes_conv2d"] = nodes(
    lambda tf: tf.gradients(tf.nn.conv2d(_ph(tf, 1, 4, 4, 2), _ph(tf, 2, 2, 2, 1), S, "SAME"), tf.get_default_graph()
                            .get_tensor_by_name("Placeholder_1:0"))
)  # fmt: skip
CASES["nodes_transpose"] = nodes(
    lambda tf: tf.nn.conv2d_transpose(_ph(tf, 1, 4, 4, 2), _ph(tf, 2, 2, 3, 2), [1, 8, 8, 3], [1, 2, 2, 1])
)
CASES["nodes_atrous"] = nodes(
    lambda tf: tf.nn.atrous_conv2d(_ph(tf, 1, 7, 4, 2), _ph(tf, 3, 2, 2, 2), 2, "SAME", name="dilated")
)
CASES["nodes_atrous_unknown"] = nodes(
    lambda tf: tf.nn.atrous_conv2d(_ph(tf, None, None, None, 2), _ph(tf, 3, 2, 2, 2), 2, "SAME")
)
CASES["nodes_atrous_transpose"] = nodes(
    lambda tf: tf.nn.atrous_conv2d_transpose(_ph(tf, 1, 5, 4, 2), _ph(tf, 3, 2, 3, 2), [1, 5, 4, 3], 2, "SAME")
)
CASES["nodes_convolution"] = nodes(
    lambda tf: [
        tf.nn.convolution(_ph(tf, 1, 5, 4, 2), _ph(tf, 3, 2, 2, 2), "SAME"),
        tf.nn.convolution(_ph(tf, 1, 5, 2), _ph(tf, 3, 2, 2), "VALID", dilation_rate=[2]),
        tf.nn.conv1d(_ph(tf, 1, 5, 2), _ph(tf, 3, 2, 2), 1, "SAME"),
        tf.nn.conv1d_transpose(_ph(tf, 1, 5, 2), _ph(tf, 3, 2, 2), [1, 5, 2], 1),
    ]
)
CASES["nodes_depthwise"] = nodes(
    lambda tf: [
        tf.nn.depthwise_conv2d(_ph(tf, 1, 5, 4, 2), _ph(tf, 3, 2, 2, 2), S, "SAME"),
        tf.nn.separable_conv2d(_ph(tf, 1, 5, 4, 2), _ph(tf, 3, 2, 2, 2), _ph(tf, 1, 1, 4, 3), S, "SAME", [2, 2]),
    ]
)
CASES["nodes_pools"] = nodes(
    lambda tf: [
        tf.nn.max_pool(_ph(tf, 1, 5, 4, 2), 2, 2, "SAME"),
        tf.nn.max_pool1d(_ph(tf, 1, 5, 2), 2, 2, "SAME"),
        tf.nn.avg_pool(_ph(tf, 1, 5, 4, 2), [2, 1], 2, "SAME"),
        tf.nn.avg_pool1d(_ph(tf, 1, 5, 2), 2, 2, "SAME"),
        tf.nn.max_pool3d(_ph(tf, 1, 5, 5, 4, 2), 2, 2, "SAME"),
        tf.nn.pool(_ph(tf, 1, 5, 5, 2), [2, 2], "MAX", "VALID", dilation_rate=[2, 2]),
        tf.nn.pool(_ph(tf, 1, 5, 2), [2], "AVG", "SAME"),
        tf.nn.max_pool_v2(_ph(tf, 1, 5, 2), 2, 2, "SAME"),
    ]
)
CASES["nodes_erosion"] = nodes(lambda tf: tf.nn.erosion2d(_ph(tf, 1, 5, 5, 2), _ph(tf, 2, 2, 2), S, S, "SAME"))
CASES["nodes_batch_norm"] = nodes(
    lambda tf: tf.gradients(tf.nn.fused_batch_norm(_ph(tf, 1, 5, 5, 2), [1.0, 1.0], [0.0, 0.0])[0],
                            tf.get_default_graph().get_tensor_by_name("Placeholder:0"))
)  # fmt: skip

_ERRORS = {
    "depth": lambda tf, p: tf.nn.conv2d(p(1, 4, 4, 3), p(2, 2, 4, 5), S, "SAME"),
    "input_rank": lambda tf, p: tf.nn.conv2d(p(4, 4, 3), p(2, 2, 4, 5), S, "SAME"),
    "filter_rank": lambda tf, p: tf.nn.conv2d(p(1, 4, 4, 3), p(2, 4, 5), S, "SAME"),
    "three_strides": lambda tf, p: tf.nn.conv2d(p(1, 4, 4, 3), p(2, 2, 3, 5), [1, 1, 1], "SAME"),
    "no_stride": lambda tf, p: tf.nn.conv2d(p(1, 4, 4, 3), p(2, 2, 3, 5), [1, 0, 1, 1], "SAME"),
    "one_stride": lambda tf, p: tf.nn.conv2d(p(1, 4, 4, 3), p(2, 2, 3, 5), 2, "SAME"),
    "no_dilation": lambda tf, p: tf.nn.conv2d(p(1, 4, 4, 3), p(2, 2, 3, 5), S, "SAME", dilations=[1, 0, 1, 1]),
    "padding": lambda tf, p: tf.nn.conv2d(p(1, 4, 4, 3), p(2, 2, 3, 5), S, "same"),
    "no_padding": lambda tf, p: tf.nn.conv2d(p(1, 4, 4, 3), p(2, 2, 3, 5), S),
    "three_paddings": lambda tf, p: tf.nn.conv2d(p(1, 4, 4, 3), p(2, 2, 3, 5), S, [[0, 0], [1, 2], [0, 1]]),
    "batch_padding": lambda tf, p: tf.nn.conv2d(p(1, 4, 4, 3), p(2, 2, 3, 5), S, [[1, 0], [1, 2], [0, 1], [0, 0]]),
    "negative_padding": lambda tf, p: tf.nn.conv2d(p(1, 4, 4, 3), p(2, 2, 3, 5), S, [[0, 0], [1, -2], [0, 1], [0, 0]]),
    "explicit_by_name": lambda tf, p: tf.nn.conv2d(p(1, 4, 4, 3), p(2, 2, 3, 5), S, "EXPLICIT"),
    "no_room": lambda tf, p: tf.nn.conv2d(p(1, 2, 4, 3), p(5, 2, 3, 5), S, "VALID"),
    "two_filters": lambda tf, p: tf.nn.conv2d(p(1, 2, 4, 3), p(5, 2, 3, 5), S, "SAME", filters=p(5, 2, 3, 5)),
    "format": lambda tf, p: tf.nn.conv2d(p(1, 2, 4, 3), p(5, 2, 3, 5), S, "SAME", data_format="NHCW"),
    "groups": lambda tf, p: tf.nn.conv2d(p(1, 4, 4, 6), p(2, 2, 3, 5), S, "SAME"),
    "channels_first": lambda tf, p: tf.nn.conv2d(p(1, 3, 4, 5), p(2, 2, 3, 5), S, "SAME", data_format="NCHW"),
    "transpose_rank": lambda tf, p: tf.nn.conv2d_transpose(p(1, 4, 4, 5), p(2, 2, 3, 5), [8, 8, 3], [1, 2, 2, 1]),
    "transpose_unknown": lambda tf, p: tf.nn.conv2d_transpose(
        p(1, 4, 4, 5), p(2, 2, 3, 5), tf.stack([tf.placeholder(tf.int32, []), 8, 8, 3]), [1, 2, 2, 1]
    ),
    "pool_rank": lambda tf, p: tf.nn.max_pool(p(4, 4, 3), [1, 2, 2, 1], [1, 2, 2, 1], "SAME"),
    "pool_window": lambda tf, p: tf.nn.max_pool(p(1, 4, 4, 3), [1, 2, 2], [1, 2, 2, 1], "SAME"),
    "pool_zero": lambda tf, p: tf.nn.max_pool(p(1, 4, 4, 3), [1, 0, 2, 1], [1, 2, 2, 1], "SAME"),
    "pool_no_room": lambda tf, p: tf.nn.max_pool(p(4, 1, 4, 4), [1, 2, 2, 1], S, "VALID"),
    "pool_stride": lambda tf, p: tf.nn.max_pool(p(4, 4, 4, 4), [1, 2, 2, 1], [1, 0, 2, 1], "SAME"),
    "conv3d_depth": lambda tf, p: tf.nn.conv3d(p(1, 4, 4, 4, 3), p(2, 2, 2, 4, 5), [1] * 5, "SAME"),
    "conv3d_strides": lambda tf, p: tf.nn.conv3d(p(1, 4, 4, 4, 3), p(2, 2, 2, 3, 5), [1] * 4, "SAME"),
    "depthwise_depth": lambda tf, p: tf.nn.depthwise_conv2d(p(1, 4, 4, 3), p(2, 2, 4, 2), S, "SAME"),
    "depthwise_strides": lambda tf, p: tf.nn.depthwise_conv2d_native(p(1, 4, 4, 3), p(2, 2, 3, 2), [1, 1, 1], "SAME"),
    "separable_window": lambda tf, p: tf.nn.separable_conv2d(p(1, 4, 4, 3), p(2, 2, 3, 2), p(1, 2, 6, 4), S, "SAME"),
    "separable_rank": lambda tf, p: tf.nn.separable_conv2d(p(1, 4, 4, 3), p(2, 2, 3, 2), p(1, 2, 6), S, "SAME"),
    "separable_depth": lambda tf, p: tf.nn.separable_conv2d(p(1, 4, 4, 3), p(2, 2, 3, 2), p(1, 1, 5, 4), S, "SAME"),
    "atrous_rate": lambda tf, p: tf.nn.atrous_conv2d(p(1, 4, 4, 3), p(2, 2, 3, 2), 0, "SAME"),
    "atrous_depth": lambda tf, p: tf.nn.atrous_conv2d(p(1, 4, 4, 3), p(2, 2, 4, 2), 2, "SAME"),
    "atrous_transpose_depth": lambda tf, p: tf.nn.atrous_conv2d_transpose(
        p(1, 4, 4, 3), p(2, 2, 4, 5), [1, 4, 4, 4], 2, "SAME"
    ),
    "atrous_transpose_shape": lambda tf, p: tf.nn.atrous_conv2d_transpose(
        p(1, 4, 4, 3), p(2, 2, 4, 3), [4, 4, 4], 2, "SAME"
    ),
    "convolution_both": lambda tf, p: tf.nn.convolution(
        p(1, 9, 9, 3), p(2, 2, 3, 2), "SAME", strides=[2, 2], dilation_rate=[2, 2]
    ),
    "convolution_rank": lambda tf, p: tf.nn.convolution(p(1, 9, 9, 9, 9, 3), p(2, 2, 2, 2, 3, 2), "SAME"),
    "convolution_unknown": lambda tf, p: tf.nn.convolution(
        tf.placeholder(tf.float32), tf.placeholder(tf.float32), "SAME"
    ),
    "conv1d_format": lambda tf, p: tf.nn.conv1d(p(1, 9, 3), p(2, 3, 2), 1, "SAME", data_format="X"),
    "conv1d_depth": lambda tf, p: tf.nn.conv1d(p(1, 9, 4), p(2, 3, 2), 1, "SAME"),
    "pool_type": lambda tf, p: tf.nn.pool(p(1, 9, 9, 2), [2, 2], "MIN", "SAME"),
    "pool_dilation": lambda tf, p: tf.nn.pool(p(1, 9, 9, 2), [2, 2], "MAX", "SAME", dilation_rate=[3, 3]),
    "pool_far": lambda tf, p: tf.nn.pool(p(1, 9, 9, 2), [2, 2], "MAX", "VALID", strides=[3, 1]),
    "norm_rank": lambda tf, p: tf.nn.fused_batch_norm(p(2, 4, 3), p(3), p(3)),
    "norm_depth": lambda tf, p: tf.nn.fused_batch_norm(p(2, 4, 4, 3), p(4), p(3)),
    "norm_moments": lambda tf, p: tf.nn.fused_batch_norm(p(2, 4, 4, 3), p(3), p(3), p(3), p(3)),
    "dilation_depth": lambda tf, p: tf.nn.dilation2d(p(1, 4, 4, 3), p(2, 2, 4), S, S, "SAME"),
    "run_input_rank": lambda tf, p: (tf.nn.conv2d(unknown(tf, 4, 4, 3), unknown(tf, 2, 2, 3, 5), S, "SAME"),),
    "run_filter_rank": lambda tf, p: (tf.nn.conv2d(unknown(tf, 1, 4, 4, 3), unknown(tf, 2, 2, 3), S, "SAME"),),
    "run_gradient_size": lambda tf, p: (
        tf.nn.conv2d_backprop_input([1, 4, 4, 3], unknown(tf, 2, 2, 3, 5), unknown(tf, 1, 3, 4, 5), S, "SAME"),
    ),
    "run_gradient_batch": lambda tf, p: (
        tf.nn.conv2d_backprop_input([1, 4, 4, 3], unknown(tf, 2, 2, 3, 5), unknown(tf, 2, 4, 4, 5), S, "SAME"),
    ),
    "run_gradient_depth": lambda tf, p: (
        tf.nn.conv2d_backprop_input([1, 4, 4, 3], unknown(tf, 2, 2, 3, 5), unknown(tf, 1, 4, 4, 6), S, "SAME"),
    ),
    "run_filter_gradient": lambda tf, p: (
        tf.nn.conv2d_backprop_filter(unknown(tf, 1, 4, 4, 3), [2, 2, 3, 5], unknown(tf, 1, 4, 3, 5), S, "SAME"),
    ),
    "run_pool_rank": lambda tf, p: (tf.nn.max_pool(unknown(tf, 4, 4, 3), [1, 2, 2, 1], [1, 2, 2, 1], "SAME"),),
    "run_pool_batch": lambda tf, p: (tf.nn.max_pool(unknown(tf, 4, 4, 4, 4), [2, 1, 1, 1], S, "SAME"),),
    "run_pool_both": lambda tf, p: (tf.nn.max_pool(unknown(tf, 4, 4, 4, 4), [1, 2, 2, 2], [1, 1, 1, 2], "SAME"),),
    "run_avg_depth": lambda tf, p: (tf.nn.avg_pool(unknown(tf, 4, 4, 4, 4), [1, 1, 1, 2], [1, 1, 1, 2], "SAME"),),
    "run_conv3d_depth": lambda tf, p: (
        tf.nn.conv3d(unknown(tf, 1, 4, 4, 4, 3), unknown(tf, 2, 2, 2, 4, 5), [1] * 5, "SAME"),
    ),
    "run_depthwise_strides": lambda tf, p: (
        tf.nn.depthwise_conv2d_native(unknown(tf, 1, 4, 4, 3), unknown(tf, 2, 2, 3, 2), [1, 1, 2, 1], "SAME"),
    ),
    "run_fractional_seed": lambda tf, p: (
        tf.nn.fractional_max_pool(tf.placeholder_with_default(quarters(1, 5, 5, 1), None), [1, 1.5, 1.5, 1], seed=1)[0],
    ),
    "fractional_ratio": lambda tf, p: tf.nn.fractional_max_pool(p(1, 5, 5, 1), [1.0, 1.5, 1.5]),
    "run_norm_rank": lambda tf, p: (tf.nn.fused_batch_norm(unknown(tf, 2, 4, 3), unknown(tf, 3), unknown(tf, 3))[0],),
}
CASES.update(("error_" + name, error(function)) for name, function in _ERRORS.items())
