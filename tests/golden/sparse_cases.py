"""What the ops and functions of sparse tensors give under TensorFlow 1.15.5; the results are kept in sparse.json.

A case takes the module (TensorFlow or PyFlow) and returns plain values: results, static shapes, names of nodes, words
of errors. Runs under Python 3.7 as well.
"""

import numpy as np


def ints(*values):
    return np.array(values, np.int64)


def floats(*values):
    return np.array(values, np.float32)


def axes(*values):
    return np.array(values, np.int32)


NO_ROWS = np.zeros([0, 2], np.int64)
A, B, C = ints([0, 1], [2, 0]), ints([0, 0], [0, 1]), ints([0, 1], [0, 0], [2, 0])
V, W, X = floats(1, 2), floats(5, -1), floats(-1, -2, -3)
SHAPE, WIDER, DEEPER = ints(3, 2), ints(3, 3), ints(3, 3, 1)
MATRIX, COLUMN = floats([1, 2, 3], [4, 5, 6]), floats([1], [2], [3])
SCALAR = np.float32(0.0)
COMPLEX = np.array([1 + 2j, 3j], np.complex64)

TO_DENSE = ("sparse_indices", "output_shape", "sparse_values", "default_value")
THREE = ("input_indices", "input_values", "input_shape")
RESHAPE = ("input_indices", "input_shape", "new_shape")
FILL = ("indices", "values", "dense_shape", "default_value")
PAIR = ("a_indices", "a_values", "a_shape", "b_indices", "b_values", "b_shape")
LISTS = ("indices", "values", "shapes", "concat_dim")
SPLIT = ("split_dim", "indices", "values", "shape", "num_split")
SLICE = ("indices", "values", "shape", "start", "size")
SLICE_GRAD = ("backprop_val_grad", "input_indices", "input_start", "output_indices")
ADD_GRAD = ("backprop_val_grad", "a_indices", "b_indices", "sum_indices")
MATMUL = ("a_indices", "a_values", "a_shape", "b")
REDUCE = THREE + ("reduction_axes",)
SOFTMAX = ("sp_indices", "sp_values", "sp_shape")

# Op, names of the arguments, and a list of arguments for each case; a dict at the end has attrs.
TABLE = [
    ("SparseToDense", TO_DENSE, [
        (A, SHAPE, V, SCALAR),
        (A, SHAPE, np.float32(5), np.float32(1)),
        (A.astype(np.int32), SHAPE.astype(np.int32), V, SCALAR),
        (ints(1, 3), ints(5), V, np.float32(7)),
        (np.int64(3), ints(5), np.float32(2), SCALAR),
        (np.int64(3), ints(5), floats(2), SCALAR),
        (NO_ROWS, SHAPE, floats(), np.float32(1)),
        (A, SHAPE, np.array([b"a", b"b"], object), np.array(b"-", object)),
        (A, SHAPE, np.array([True, True]), np.array(False)),
        (ints([0, 1], [0, 1]), SHAPE, V, SCALAR),
        (ints([0, 1], [0, 1]), SHAPE, V, SCALAR, {"validate_indices": False}),
        (ints([2, 1], [0, 1]), SHAPE, V, SCALAR),
        (ints([0, 1], [3, 1]), SHAPE, V, SCALAR),
        (ints([0, 1], [3, 1]), SHAPE, V, SCALAR, {"validate_indices": False}),
        (ints([0, 1], [-1, 1]), SHAPE, V, SCALAR, {"validate_indices": False}),
        (ints([[0, 1]]), SHAPE, V, SCALAR),
        (A, ints([3, 2]), V, SCALAR),
        (A, ints(3), V, SCALAR),
        (A, SHAPE, X, SCALAR),
        (A, SHAPE, floats([1, 2]), SCALAR),
        (A, SHAPE, V, floats(0)),
    ]),
    ("SparseReorder", THREE, [
        (A[::-1], V, SHAPE),
        (A, V, SHAPE),
        (ints([2, 7], [0, 1]), V, SHAPE),
        (ints(2, 0), V, SHAPE),
        (A, floats([1, 2]), SHAPE),
        (A, V, ints([3, 2])),
        (A, X, SHAPE),
        (A, V, ints(3)),
    ]),
    ("SparseReshape", RESHAPE, [
        (A, SHAPE, ints(2, -1)),
        (A, SHAPE, ints(6)),
        (A, SHAPE, SHAPE),
        (NO_ROWS, ints(0, 2), ints(3, -1)),
        (NO_ROWS, ints(0, 2), ints(0, -1)),
        (ints([7, 7]), SHAPE, ints(2, 3)),
        (A, SHAPE, ints(-1, -1)),
        (A, SHAPE, ints(4, -1)),
        (A, SHAPE, ints(4, 1)),
        (A, SHAPE, ints(-2, -3)),
        (ints(1, 2), SHAPE, ints(3, -1)),
        (A, ints([3, 2]), ints(3, -1)),
        (A, SHAPE, ints([3, -1])),
    ]),
    ("SparseFillEmptyRows", FILL, [
        (ints([3, 0], [1, 1], [1, 0]), X, ints(5, 2), np.float32(9)),
        (NO_ROWS, floats(), ints(2, 2), np.float32(9)),
        (NO_ROWS, floats(), ints(0, 2), np.float32(9)),
        (ints([3, 0], [1, 1]), V, SHAPE, np.float32(9)),
        (ints([-3, 0], [1, 1]), V, SHAPE, np.float32(9)),
        (A, V, ints(0, 2), np.float32(9)),
        (A, V, ints([3, 2]), np.float32(9)),
        (ints(1, 2), V, SHAPE, np.float32(9)),
        (A, floats([1, 2]), SHAPE, np.float32(9)),
        (A, V, SHAPE, floats(9)),
    ]),
    ("SparseFillEmptyRowsGrad", ("reverse_index_map", "grad_values"), [
        (ints(2, 0), X),
        (ints(2, 5), X),
        (ints([2, 0]), X),
        (ints(2, 0), floats([1, 2, 3])),
    ]),
    ("SparseAdd", PAIR + ("thresh",), [
        (A, V, SHAPE, B, W, SHAPE, SCALAR),
        (A, V, SHAPE, B, W, SHAPE, np.float32(0.5)),
        (NO_ROWS, floats(), SHAPE, NO_ROWS, floats(), SHAPE, SCALAR),
        (ints([0, 1], [0, 1]), V, SHAPE, B, W, SHAPE, SCALAR),
        (ints([7, 7]), floats(1), SHAPE, A, V, SHAPE, SCALAR),
        (A, COMPLEX, SHAPE, A, COMPLEX, SHAPE, np.float32(5)),
        (A, V, SHAPE, B, W, WIDER, SCALAR),
        (A, V, SHAPE, B, W, DEEPER, SCALAR),
        (ints(1, 2), V, SHAPE, A, V, SHAPE, SCALAR),
        (A, floats([1, 2]), SHAPE, A, V, SHAPE, SCALAR),
        (A, V, SHAPE, A, X, SHAPE, SCALAR),
        (A, V, SHAPE, A, V, ints([3, 2]), SCALAR),
        (A, V, SHAPE, A, V, SHAPE, floats(0)),
    ]),
    ("SparseAddGrad", ADD_GRAD, [
        (floats(10, 20, 30), A, B, ints([0, 0], [0, 1], [2, 0])),
        (floats(10, 20), A, B, ints([0, 0], [2, 0])),
        (floats(10, 20), A, B, ints([0, 0], [0, 1], [2, 0])),
        (floats(10, 20), ints(0, 1), B, A),
        (floats([10, 20]), A, B, A),
        (floats(10, 20), A, ints([0, 0, 0], [0, 1, 0]), A),
    ]),
    ("SparseSparseMaximum", PAIR, [
        (A, floats(-1, 2), SHAPE, ints([0, 0], [2, 0]), floats(-5, 3), SHAPE),
        (A, V, SHAPE, B, W, WIDER),
        (A, V, SHAPE, B, W, DEEPER),
        (ints(1, 2), V, SHAPE, A, V, SHAPE),
        (A, floats([1, 2]), SHAPE, A, V, SHAPE),
        (A, V, SHAPE, A, X, SHAPE),
        (A, V, SHAPE, A, V, ints([3, 2])),
    ]),
    ("SparseSparseMinimum", PAIR, [(A, floats(-1, 2), SHAPE, ints([0, 0], [2, 0]), floats(5, 3), SHAPE)]),
    ("SparseConcat", LISTS, [
        ([A, A], [V, W], [SHAPE, SHAPE], 0),
        ([A, A], [V, W], [SHAPE, SHAPE], -1),
        ([A[::-1], A], [V, W], [SHAPE, SHAPE], 0),
        ([A, A], [V, W], [SHAPE, WIDER], 1),
        ([A, A], [V, W], [SHAPE, WIDER], 0),
        ([A, A, NO_ROWS], [V, W, floats()], [SHAPE, SHAPE, SHAPE], 1),
        ([A, ints([1])], [V, floats(1)], [SHAPE, ints(3)], 1),
        ([A, A], [V, W], [SHAPE, SHAPE], 2),
        ([A, A], [V, W], [SHAPE, SHAPE], -3),
        ([A], [V], [SHAPE], 0),
        ([A, A], [V, floats([3, 4])], [SHAPE, SHAPE], 0),
        ([A, A], [V, X], [SHAPE, SHAPE], 0),
        ([A, ints(0, 1)], [V, W], [SHAPE, SHAPE], 0),
        ([A, A], [V, W], [SHAPE, ints([3, 2])], 0),
    ]),
    ("SparseSplit", SPLIT, [
        (np.int64(0), A, V, SHAPE, 2),
        (np.int64(1), A, V, SHAPE, 2),
        (np.int64(0), ints([2, 0], [0, 1], [4, 0]), X, ints(5, 2), 2),
        (ints(0), A, V, SHAPE, 2),
        (np.int64(-1), A, V, SHAPE, 2),
        (np.int64(2), A, V, SHAPE, 2),
        (np.int64(1), A, V, SHAPE, 3),
        (np.int64(0), ints(0, 1), V, SHAPE, 2),
        (np.int64(0), A, V, ints([3, 2]), 2),
    ]),
    ("SparseSlice", SLICE, [
        (A, V, SHAPE, ints(1, 0), ints(9, 1)),
        (A, V, SHAPE, ints(-1, 0), ints(2, 2)),
        (A, V, SHAPE, ints(0, 0), ints(0, 2)),
        (A, V, SHAPE, ints(0), ints(2, 2)),
        (A, V, SHAPE, ints(0, 0), ints(2)),
        (A, V, SHAPE, ints([0, 0]), ints(2, 2)),
        (ints(1, 2), V, SHAPE, ints(0, 0), ints(2, 2)),
        (A, V, ints([3, 2]), ints(0, 0), ints(2, 2)),
    ]),
    ("SparseSliceGrad", SLICE_GRAD, [
        (floats(7), A, ints(1, 0), ints([1, 0])),
        (floats(7), A, ints(1, 0), ints([1, 1])),
        (floats(7, 8), A, ints(1, 0), ints([1, 0])),
        (floats(7), ints(0, 1), ints(1, 0), ints([1, 0])),
        (floats([7]), A, ints(1, 0), ints([1, 0])),
        (floats(7), A, ints(1, 0), ints([1, 0, 0])),
        (floats(7), A, ints(1, 0, 0), ints([1, 0])),
    ]),
    ("SparseTensorDenseMatMul", MATMUL, [
        (A, V, SHAPE, MATRIX),
        (A, V, SHAPE, COLUMN, {"adjoint_a": True}),
        (A, V, SHAPE, floats([1, 2]), {"adjoint_b": True}),
        (A, V, SHAPE, MATRIX, {"adjoint_a": True, "adjoint_b": True}),
        (NO_ROWS, floats(), SHAPE, MATRIX),
        (A, COMPLEX, SHAPE, np.array([[1, 2]], np.complex64) * 1j, {"adjoint_b": True}),
        (A.astype(np.int32), axes(1, 2), SHAPE, MATRIX.astype(np.int32)),
        (A, V, SHAPE, COLUMN),
        (ints([0, 3]), floats(1), SHAPE, MATRIX),
        (ints([3, 0]), floats(1), SHAPE, MATRIX),
        (ints([3, 0]), floats(1), SHAPE, COLUMN, {"adjoint_a": True}),
        (ints([0, 3]), floats(1), SHAPE, COLUMN, {"adjoint_a": True}),
        (A, V, SHAPE, floats(1, 2)),
        (A, V, DEEPER, MATRIX),
        (A, V, ints([3, 2]), MATRIX),
        (ints(0, 1), V, SHAPE, MATRIX),
        (A, floats([1, 2]), SHAPE, MATRIX),
        (A, X, SHAPE, MATRIX),
        (ints([0, 0, 0]), floats(1), SHAPE, MATRIX),
    ]),
    ("SparseSoftmax", SOFTMAX, [
        (A, V, SHAPE),
        (ints([0, 0], [0, 1], [1, 1]), X, SHAPE),
        (ints([0, 1], [1, 1], [0, 0]), X, SHAPE),
        (NO_ROWS, floats(), SHAPE),
        (ints([1]), floats(1), ints(3)),
        (ints(1, 2), floats(1), SHAPE),
        (A, floats([1, 2]), SHAPE),
        (A, V, ints([3, 2])),
        (A, X, SHAPE),
    ]),
] + [
    (name, REDUCE, [
        (C, X, SHAPE, axes(0)),
        (C, X, SHAPE, axes(1)),
        (C, X, SHAPE, axes(-1), {"keep_dims": True}),
        (C, X, SHAPE, np.int32(1)),
        (C, X, SHAPE, axes(0, 1)),
        (C, X, SHAPE, axes(0, 1), {"keep_dims": True}),
        (C, X, SHAPE, axes()),
        (C, X, SHAPE, axes(1, 1)),
        (NO_ROWS, floats(), SHAPE, axes(1)),
        (NO_ROWS, floats(), SHAPE, axes(0, 1)),
        (ints([7, 1], [0, 0], [2, 0]), X, SHAPE, axes(0)),
        (ints(1, 2), X, SHAPE, axes(0)),
        (C, V, SHAPE, axes(0)),
    ])
    for name in ("SparseReduceSum", "SparseReduceMax", "SparseReduceSumSparse", "SparseReduceMaxSparse")
]  # fmt: skip


def plain(value):
    """A fetched value in a form that JSON keeps."""
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    value = np.asarray(value)
    if value.dtype.kind in "OSc":
        return [str(value.dtype.kind), str(value.tolist())]
    return [str(value.dtype), np.round(value, 6).tolist() if value.dtype.kind == "f" else value.tolist()]


def shapes_of(value):
    if isinstance(value, (list, tuple)):
        return [shapes_of(v) for v in value]
    shape = value.get_shape()
    return None if shape.ndims is None else shape.as_list()


def attempt(function):
    """What a call returns, or the class and the first line of what it raises."""
    try:
        return function()
    except Exception as error:
        return [type(error).__name__, str(error).split("\n")[0]]


def raw_case(op, names, arguments):
    """An op called once with constants and once with what is fed: static shapes, and results or errors."""
    attrs = arguments[-1] if isinstance(arguments[-1], dict) else {}

    def call(tf, convert):
        inputs = dict(attrs)
        for name, value in zip(names, arguments):
            if isinstance(value, list):
                inputs[name] = [convert(v) for v in value]
            else:
                inputs[name] = convert(value) if isinstance(value, (np.ndarray, np.generic)) else value
        return getattr(tf.raw_ops, op)(**inputs)

    def of_constants(tf):
        result = call(tf, tf.constant)
        result = list(result) if isinstance(result, tuple) else result
        with tf.Session() as session:
            return [shapes_of(result), attempt(lambda: plain(session.run(result)))]

    def of_fed(tf):
        feed = {}

        def convert(value):
            placeholder = tf.placeholder(tf.string if value.dtype == object else value.dtype)
            feed[placeholder] = value
            return placeholder

        result = call(tf, convert)
        with tf.Session() as session:
            return plain(session.run(list(result) if isinstance(result, tuple) else result, feed))

    def case(tf):
        with tf.Graph().as_default():
            first = attempt(lambda: of_constants(tf))
        with tf.Graph().as_default():
            return [first, attempt(lambda: of_fed(tf))]

    return case


def sparse(tf, is_fed=False):
    """A sparse tensor of shape [3, 2], known or fed, and what to feed."""
    if not is_fed:
        return tf.SparseTensor(ints([0, 1], [2, 0], [2, 1]), tf.constant([1.0, 2.0, 3.0]), SHAPE), {}
    result = tf.sparse_placeholder(tf.float32)
    return result, {result: (ints([0, 1], [2, 0], [2, 1]), floats(1, 2, 3), SHAPE)}


def parts(value):
    return [value.indices, value.values, value.dense_shape] if hasattr(value, "dense_shape") else [value]


def flat(values):
    values = values if isinstance(values, (list, tuple)) else [values]
    return [part for value in values for part in parts(value)]


def eye(tf):
    return tf.SparseTensor([[0, 0], [3, 3]], [7.0, 8.0], [4, 4])


def words(tf):
    return tf.SparseTensor(ints([0, 0], [0, 1], [2, 0]), ["x", "y", "z"], SHAPE)


# Programs of a sparse tensor: what they make (names and shapes), and what that is in a run.
FUNCTIONS = {
    "to_dense": lambda tf, s: tf.sparse.to_dense(s),
    "to_dense_default": lambda tf, s: tf.sparse_tensor_to_dense(s, -1.0, name="dense"),
    "to_indicator": lambda tf, s: tf.sparse.to_indicator(tf.cast(s, tf.int32), 5),
    "from_dense": lambda tf, s: tf.sparse.from_dense([[0, 1], [2, 0]]),
    "merge": lambda tf, s: tf.sparse.merge(tf.cast(s, tf.int32), s, 5),
    "merge_two": lambda tf, s: tf.sparse.merge([tf.cast(s, tf.int64)] * 2, s, [5, 6], name="m", already_sorted=True),
    "eye": lambda tf, s: [tf.sparse.eye(3), tf.sparse.eye(2, tf.constant(3), tf.int32, "e")],
    "reorder": lambda tf, s: tf.sparse.reorder(s),
    "reshape": lambda tf, s: tf.sparse.reshape(s, [-1, 3]),
    "reshape_whole": lambda tf, s: tf.sparse_reshape(s, [6], name="flat"),
    "reshape_wrong": lambda tf, s: tf.sparse.reshape(s, [4, -1]),
    "reshape_two": lambda tf, s: tf.sparse.reshape(s, [-1, -1]),
    "transpose": lambda tf, s: tf.sparse.transpose(s),
    "transpose_perm": lambda tf, s: tf.sparse_transpose(s, [1, 0], name="t"),
    "reset_shape": lambda tf, s: tf.sparse.reset_shape(s),
    "reset_shape_to": lambda tf, s: tf.sparse.reset_shape(s, [4, 5]),
    "reset_shape_small": lambda tf, s: tf.sparse.reset_shape(s, [2, 2]),
    "reset_shape_rank": lambda tf, s: tf.sparse.reset_shape(s, [4, 5, 6]),
    "concat": lambda tf, s: tf.sparse.concat(1, [s, s]),
    "concat_one": lambda tf, s: tf.sparse.concat(1, [s]),
    "concat_expand": lambda tf, s: tf.sparse_concat(0, [s, eye(tf)], "c", True),
    "concat_expand_last": lambda tf, s: tf.sparse_concat(-1, [s, eye(tf)], expand_nonconcat_dim=True),
    "concat_both_names": lambda tf, s: tf.sparse_concat(0, [s, s], expand_nonconcat_dims=True),
    "concat_type": lambda tf, s: tf.sparse.concat(1, [s, tf.constant(1.0)]),
    "cross": lambda tf, s: tf.sparse.cross([s, tf.constant([["a"], ["b"], ["c"]]), words(tf)]),
    "cross_one": lambda tf, s: tf.sparse.cross([tf.constant([["a", "b"]])], name="crossed"),
    "cross_hashed": lambda tf, s: tf.sparse.cross_hashed([s, tf.constant([["a", "b"], ["c", "d"], ["e", "f"]])]),
    "cross_buckets": lambda tf, s: tf.sparse.cross_hashed([s, tf.constant([[5], [6], [-7]])], 1000),
    "cross_texts": lambda tf, s: tf.sparse.cross_hashed([tf.constant([["a", "b"]]), tf.constant([["cc"]])], 0, 77),
    "cross_tuple": lambda tf, s: tf.sparse.cross((s,)),
    "cross_array": lambda tf, s: tf.sparse.cross([np.zeros([3, 1])]),
    "cross_negative": lambda tf, s: tf.sparse.cross_hashed([s], -1),
    "split": lambda tf, s: tf.sparse.split(sp_input=s, num_split=2, axis=0),
    "split_positional": lambda tf, s: tf.sparse.split(s, 2, 0),
    "split_no_axis": lambda tf, s: tf.sparse.split(sp_input=s, num_split=2),
    "slice": lambda tf, s: tf.sparse.slice(s, [1, 0], [2, 1]),
    "fill_empty_rows": lambda tf, s: list(tf.sparse.fill_empty_rows(s, 9.0)),
    "retain": lambda tf, s: tf.sparse.retain(s, [True, False, True]),
    "retain_rank": lambda tf, s: tf.sparse_retain(s, [[True, False, True]]),
    "matmul": lambda tf, s: tf.sparse.matmul(s, [[1.0], [2.0]]),
    "matmul_adjoint": lambda tf, s: tf.sparse_tensor_dense_matmul(s, np.ones([3, 1], np.float32), adjoint_a=True),
    "matmul_type": lambda tf, s: tf.sparse.matmul(tf.constant([[1.0]]), [[1.0], [2.0]]),
    "add": lambda tf, s: tf.sparse.add(s, s),
    "add_threshold": lambda tf, s: tf.sparse_add(s, s, thresh=3),
    "add_dense": lambda tf, s: [tf.sparse.add(s, np.ones([3, 2], np.float32)), tf.sparse.add(tf.ones([3, 2]), s)],
    "add_type": lambda tf, s: tf.sparse.add(1.0, 2.0),
    "add_both_names": lambda tf, s: tf.sparse.add(s, s, threshold=1, thresh=1),
    "maximum": lambda tf, s: [tf.sparse.maximum(s, s * -1.0), tf.sparse_minimum(s, s * -1.0, name="m")],
    "reduce": lambda tf, s: [
        tf.sparse.reduce_sum(s),
        tf.sparse.reduce_sum(s, 0),
        tf.sparse.reduce_sum(s, [1], keepdims=True),
        tf.sparse.reduce_max(s, axis=[-1]),
        tf.sparse_reduce_max(s, reduction_axes=[0], keep_dims=True),
    ],
    "reduce_sparse": lambda tf, s: [tf.sparse.reduce_sum_sparse(s, 0), tf.sparse_reduce_max_sparse(s, 1)],
    "softmax": lambda tf, s: tf.sparse.softmax(s),
    "operators": lambda tf, s: [s * 2.0, s / [[2.0, 4.0]], s * [[1.0], [2.0], [3.0]]],
    "type": lambda tf, s: tf.sparse.reorder(tf.constant(1.0)),
    "sparse_to_dense": lambda tf, s: tf.sparse_to_dense([[0, 1], [2, 0]], [3, 2], [1, 2]),
    "sparse_to_dense_name": lambda tf, s: tf.sparse_to_dense([1, 3], [4], 1.0, default_value=0.5, name="d"),
}


def function_case(function, is_fed):
    def results(tf):
        given, feed = sparse(tf, is_fed)
        first = len(tf.get_default_graph().get_operations())
        tensors = flat(function(tf, given))
        made = [[op.name, op.type] for op in tf.get_default_graph().get_operations()[first:]]
        with tf.Session() as session:
            return [made, shapes_of(tensors), attempt(lambda: plain(session.run(tensors, feed)))]

    def case(tf):
        with tf.Graph().as_default():
            return attempt(lambda: results(tf))

    return case


# Functions of which the gradient to the values is taken.
DIFFERENTIABLE = {
    "to_dense": lambda tf, s: tf.sparse.to_dense(s),
    "reorder": lambda tf, s: tf.sparse.reorder(s),
    "transpose": lambda tf, s: tf.sparse.transpose(s, [1, 0]),
    "slice": lambda tf, s: tf.sparse.slice(s, [1, 0], [2, 1]),
    "fill_empty_rows": lambda tf, s: tf.sparse.fill_empty_rows(s, 9.0)[0],
    "retain": lambda tf, s: tf.sparse.retain(s, [True, False, True]),
    "matmul": lambda tf, s: tf.sparse.matmul(s, [[1.0], [2.0]]),
    "add": lambda tf, s: tf.sparse.add(s, s),
    "add_dense": lambda tf, s: tf.sparse.add(s, tf.ones([3, 2])),
    "reduce_sum": lambda tf, s: tf.sparse.reduce_sum(s, 1),
    "reduce_max": lambda tf, s: tf.sparse.reduce_max(s, 1),
    "reduce_sum_sparse": lambda tf, s: tf.sparse.reduce_sum_sparse(s, 1),
    "softmax": lambda tf, s: tf.sparse.softmax(s),
    "concat": lambda tf, s: tf.sparse.concat(0, [s, s]),
    "split": lambda tf, s: tf.sparse.split(sp_input=s, num_split=2, axis=0)[0],
    "times": lambda tf, s: s * [[2.0, 3.0]],
}


def gradient_case(function):
    def results(tf):
        given, _ = sparse(tf)
        y = function(tf, given)
        y = y.values if hasattr(y, "values") else y
        first = len(tf.get_default_graph().get_operations())
        gradient = tf.gradients(tf.square(y), given.values)[0]
        made = [[op.name, op.type] for op in tf.get_default_graph().get_operations()[first:]]
        with tf.Session() as session:
            return [made, None if gradient is None else plain(session.run(gradient))]

    def case(tf):
        with tf.Graph().as_default():
            return attempt(lambda: results(tf))

    return case


CASES = {
    "{}-{}".format(op, i): raw_case(op, names, arguments)  # noqa: UP032
    for op, names, cases in TABLE
    for i, arguments in enumerate(cases)
}
# PyFlow works out the shape of a tensor that is transposed by default, and so needs a node less.
CASES.update({"function-" + name: function_case(f, False) for name, f in FUNCTIONS.items() if name != "transpose"})
# Their assertions are conditional in TensorFlow where they can't be decided before.
ASSERTING = {"reset_shape_to", "reset_shape_small", "reset_shape_rank"}
CASES.update({"fed-" + name: function_case(f, True) for name, f in FUNCTIONS.items() if name not in ASSERTING})
CASES.update({"gradient-" + name: gradient_case(f) for name, f in DIFFERENTIABLE.items()})
