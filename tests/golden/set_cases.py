"""What sets and edit distances give under TensorFlow 1.15.5; the results are kept in sets.json.

Runs under Python 3.7 as well.
"""

import numpy as np
from sparse_cases import attempt, flat, floats, ints, plain, raw_case, shapes_of


def small(*values):
    return np.array(values, np.int32)


HYPOTHESIS = (ints([0, 0, 0], [0, 0, 1], [1, 0, 0], [1, 0, 1]), ints(1, 2, 3, 4), ints(2, 2, 2))
TRUTH = (ints([0, 0, 0], [0, 1, 0], [1, 0, 0], [1, 0, 1], [1, 0, 2]), ints(1, 2, 3, 9, 9), ints(2, 2, 3))
NO_ROWS = np.zeros([0, 3], np.int64)
WORDS = (np.array([b"a", b"b", b"c", b"d"], object), np.array([b"a", b"x", b"c", b"b", b"d"], object))
DENSE, OTHER = small([1, 2, 2], [5, 4, 3]), small([2, 7], [3, 3])
SPARSE = (ints([0, 0], [0, 3], [1, 1]), small(2, 5, 8), ints(2, 4))
OTHER_SPARSE = (ints([0, 0], [0, 1], [1, 0]), small(2, 9, 4), ints(2, 2))
EMPTY = (NO_ROWS[:, :2], small(), ints(2, 5))
OPERATIONS = ("union", "intersection", "a-b", "b-a")

EDIT = tuple(side + "_" + part for side in ("hypothesis", "truth") for part in ("indices", "values", "shape"))
SIZE = ("set_indices", "set_values", "set_shape")
SECOND = ("set2_indices", "set2_values", "set2_shape")

TABLE = [
    ("EditDistance", EDIT, [
        HYPOTHESIS + TRUTH,
        HYPOTHESIS + TRUTH + ({"normalize": False},),
        HYPOTHESIS + TRUTH[:2] + (ints(3, 2, 3),),
        (HYPOTHESIS[0], WORDS[0], HYPOTHESIS[2], TRUTH[0], WORDS[1], TRUTH[2]),
        (HYPOTHESIS[0], floats(1, 2, 3, 4), HYPOTHESIS[2], TRUTH[0], floats(1, 2, 3, 9, 9), TRUTH[2]),
        (NO_ROWS, ints(), ints(2, 2, 2)) * 2,
        (NO_ROWS, ints(), ints(2, 2, 2)) + TRUTH,
        (NO_ROWS, ints(), ints(2, 2, 2)) + TRUTH + ({"normalize": False},),
        HYPOTHESIS + (NO_ROWS, ints(), ints(2, 2, 2)),
        HYPOTHESIS + (ints([0, 0]), ints(1), ints(2, 2)),
        (ints([0], [1]), ints(1, 2), ints(2), ints([0]), ints(1), ints(3)),
        (HYPOTHESIS[0], ints(1, 2), HYPOTHESIS[2]) + TRUTH,
        HYPOTHESIS[:2] + (ints(2, 2),) + TRUTH,
        HYPOTHESIS + (TRUTH[0], ints(1, 2), TRUTH[2]),
        (ints(1, 2),) + HYPOTHESIS[1:] + TRUTH,
        (HYPOTHESIS[0], ints([1, 2]), HYPOTHESIS[2]) + TRUTH,
        HYPOTHESIS[:2] + (ints([2, 2, 2]),) + TRUTH,
    ]),
    ("SetSize", SIZE, [
        HYPOTHESIS,
        (HYPOTHESIS[0], ints(1, 1, 1, 2), HYPOTHESIS[2]),
        (HYPOTHESIS[0][::-1],) + HYPOTHESIS[1:],
        (HYPOTHESIS[0][::-1],) + HYPOTHESIS[1:] + ({"validate_indices": False},),
        (ints([0], [1]), ints(1, 2), ints(2)),
        (HYPOTHESIS[0], ints(1, 2), HYPOTHESIS[2]),
    ]),
    ("DenseToDenseSetOperation", ("set1", "set2"), [
        (DENSE, OTHER, {"set_operation": name}) for name in OPERATIONS + ("UNION", "other")
    ] + [
        (DENSE, OTHER[:, :0], {"set_operation": "intersection"}),
        (np.array([[b"b", b"a"]], object), np.array([[b"b", b"c"]], object), {"set_operation": "union"}),
        (DENSE, OTHER[0], {"set_operation": "union"}),
        (DENSE[0], OTHER[0], {"set_operation": "union"}),
        (DENSE, OTHER[:1], {"set_operation": "union"}),
        (floats([1]), floats([1]), {"set_operation": "union"}),
    ]),
    ("DenseToSparseSetOperation", ("set1",) + SECOND, [
        (DENSE,) + OTHER_SPARSE + ({"set_operation": name},) for name in OPERATIONS
    ] + [
        (DENSE, ints([0]), small(1), ints(2), {"set_operation": "union"}),
        (DENSE,) + OTHER_SPARSE[:2] + (ints(3, 2), {"set_operation": "union"}),
        (DENSE, OTHER_SPARSE[0][::-1]) + OTHER_SPARSE[1:] + ({"set_operation": "union"},),
    ]),
    ("SparseToSparseSetOperation", ("set1_indices", "set1_values", "set1_shape") + SECOND, [
        SPARSE + OTHER_SPARSE + ({"set_operation": name},) for name in OPERATIONS
    ] + [
        EMPTY + EMPTY + ({"set_operation": "union"},),
        SPARSE + OTHER_SPARSE[:2] + (ints(3, 2), {"set_operation": "union"}),
    ]),
]  # fmt: skip


def of(tf, parts):
    return tf.SparseTensor(*parts)


FUNCTIONS = {
    "edit_distance": lambda tf: tf.edit_distance(of(tf, HYPOTHESIS), of(tf, TRUTH)),
    "edit_distance_name": lambda tf: tf.edit_distance(of(tf, HYPOTHESIS), of(tf, TRUTH), False, name="d"),
    "edit_distance_type": lambda tf: tf.edit_distance(tf.constant(1), of(tf, TRUTH)),
    "edit_distance_truth": lambda tf: tf.edit_distance(of(tf, HYPOTHESIS), tf.constant(1)),
    "size": lambda tf: tf.sets.set_size(of(tf, SPARSE)),
    "size_type": lambda tf: tf.sets.size(of(tf, (SPARSE[0], floats(1, 2, 3), SPARSE[2]))),
    "union": lambda tf: tf.sets.set_union(DENSE, OTHER),
    "intersection": lambda tf: tf.sets.set_intersection(of(tf, SPARSE), of(tf, OTHER_SPARSE)),
    "difference": lambda tf: [
        tf.sets.set_difference(of(tf, SPARSE), DENSE),
        tf.sets.difference(DENSE, of(tf, SPARSE), aminusb=False),
    ],
    "union_types": lambda tf: tf.sets.union(DENSE, OTHER.astype(np.int64)),
    "union_type": lambda tf: tf.sets.union(floats([1]), floats([1])),
}


def function_case(function):
    def results(tf):
        tensors = flat(function(tf))
        made = [[op.name, op.type] for op in tf.get_default_graph().get_operations()]
        with tf.Session() as session:
            return [made, shapes_of(tensors), plain(session.run(tensors))]

    def case(tf):
        with tf.Graph().as_default():
            return attempt(lambda: results(tf))

    return case


CASES = {
    "{}-{}".format(op, i): raw_case(op, names, arguments)  # noqa: UP032
    for op, names, cases in TABLE
    for i, arguments in enumerate(cases)
}
CASES.update({"function-" + name: function_case(function) for name, function in FUNCTIONS.items()})
