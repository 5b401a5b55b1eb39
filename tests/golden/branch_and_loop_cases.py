"""Uses of tf.cond, tf.case, tf.while_loop, tf.TensorArray and the loops over elements at their edges: what they give,
or how they fail, under TensorFlow 1.15.5 is kept in branches_and_loops.json. Runs under Python 3.7 too.
"""

import outcomes


def _loop(body, first, condition=None, **options):
    return lambda tf: tf.while_loop(condition or (lambda i, *_: i < 3), lambda *v: body(tf, *v), first(tf), **options)


def _cond(true_fn, false_fn, pred=True, **options):
    def build(tf):
        value = tf.constant(pred) if isinstance(pred, (bool, list)) else pred
        return tf.cond(value, lambda: true_fn(tf), lambda: false_fn(tf), **options)

    return build


def _array(use, **options):
    return lambda tf: use(tf.TensorArray(tf.float32, 3, **options), tf)


def _twice(i, a):
    return i + 1, a * 2


def _doubled(tf, i, a):
    return i + 1, tf.concat([a, a], 0)


def _ones(tf):
    return [0, tf.ones([1])]


def _sparse_loop(tf):
    first = tf.SparseTensor([[0, 0]], [1.0], [2, 2])
    return tf.while_loop(lambda i, s: i < 3, lambda i, s: (i + 1, s * 2.0), [0, first])[1].values


def _slices_loop(tf):
    first = tf.IndexedSlices(tf.ones([2, 3]), tf.constant([0, 1]))
    body = lambda i, s: (i + 1, tf.IndexedSlices(s.values * 2.0, s.indices))  # noqa: E731
    result = tf.while_loop(lambda i, s: i < 3, body, [0, first])[1]
    return [result.values, result.indices]


def _inside(tf, use):
    found = []
    tf.while_loop(lambda i, a: i < 3, lambda i, a: (found.append(a * 1), (i + 1, a * 2.0))[1], [0, tf.constant(2.0)])
    return use(found[0])


def _gradient_in_loop(tf):
    x = tf.constant([1.0, 2.0])
    body = lambda i, a: (i + 1, a - 0.1 * tf.gradients(a * a * x, a)[0])  # noqa: E731
    return tf.while_loop(lambda i, a: i < 3, body, [0, x])


def _without_gradient(tf):
    x = tf.constant(2.0)
    y = tf.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, a * x), [0, x], back_prop=False)[1]
    return tf.constant([g is None for g in tf.gradients(y, x)])


def _two_gradients(tf):
    x = tf.constant(2.0)
    y = tf.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, a * x), [0, x], swap_memory=True)[1]
    return [y] + tf.gradients(y, x) + tf.gradients(y, x)


def _ta_gradients(tf):
    x = tf.constant([1.0, 2.0, 3.0])
    array = tf.TensorArray(tf.float32, 3, clear_after_read=False).unstack(x)
    pieces = tf.TensorArray(tf.float32, 3, infer_shape=False).split(x, [2, 1, 0]).concat()
    y = array.read(0) * array.read(2)
    return tf.gradients(y, x) + tf.gradients(array.stack() ** 2, x) + tf.gradients(pieces * pieces, x)


def _failing(words, condition=False):
    def build(tf):
        with tf.control_dependencies([tf.Assert(condition, words)]):
            return tf.constant(1)

    return build


def _case(pairs, **options):
    def build(tf):
        made = [(tf.constant(p) if isinstance(p, bool) else p, f) for p, f in pairs]
        return tf.case(made, **options)

    return build


BUILDS = {
    "list_of_one": _loop(lambda tf, i: [i + 1], lambda tf: [0]),
    "tuple_of_one": _loop(lambda tf, i: (i + 1,), lambda tf: [0]),
    "growing": _loop(_doubled, _ones),
    "dtype_changes": _loop(lambda tf, i: tf.cast(i + 1, tf.int64), lambda tf: [0]),
    "dtype_becomes_string": _loop(lambda tf, i: "a", lambda tf: [0]),
    "condition_is_a_number": _loop(lambda tf, i: i + 1, lambda tf: [0], lambda i: i),
    "fewer_results": _loop(lambda tf, i, j: i + 1, lambda tf: [0, 1]),
    "more_results": _loop(lambda tf, i, j: (i + 1, j, j), lambda tf: [0, 1]),
    "no_variables": _loop(lambda tf, i: i + 1, lambda tf: []),
    "nothing_returned": _loop(lambda tf, i, d: (i + 1, None), lambda tf: (0, 1.0)),
    "limit_is_a_vector": _loop(lambda tf, i: i + 1, lambda tf: [0], maximum_iterations=[1]),
    "limit": _loop(lambda tf, i: i + 1, lambda tf: [0], lambda i: i < 30, maximum_iterations=5),
    "limit_and_list": _loop(lambda tf, i: [i + 1], lambda tf: [0], maximum_iterations=5),
    "limit_and_same_structure": _loop(
        lambda tf, i: [i + 1], lambda tf: [0], maximum_iterations=2, return_same_structure=True
    ),
    "limit_and_other_structure": _loop(
        lambda tf, i: i + 1, lambda tf: [0], maximum_iterations=2, return_same_structure=True
    ),
    "same_structure": _loop(lambda tf, i: [i + 1], lambda tf: [0], return_same_structure=True),
    "dictionaries": _loop(lambda tf, i, d: (i + 1, {"a": d["a"] * 2}), lambda tf: (0, {"a": tf.constant(1.0)})),
    "other_keys": _loop(lambda tf, i, d: (i + 1, {"b": d["a"] * 2}), lambda tf: (0, {"a": tf.constant(1.0)})),
    "vector_as_condition": lambda tf: tf.while_loop(lambda i: tf.constant([True]), lambda i: i + 1, [0]),
    "condition_is_nothing": lambda tf: tf.while_loop(lambda i: None, lambda i: i + 1, [0]),
    "invariants_too_few": lambda tf: tf.while_loop(lambda i, a: i < 3, _twice, _ones(tf), [tf.TensorShape([])]),
    "invariant_does_not_hold": lambda tf: tf.while_loop(
        lambda i, a: i < 3, _twice, _ones(tf), [tf.TensorShape([]), tf.TensorShape([3])]
    ),
    "sparse_in_loop": _sparse_loop,
    "slices_in_loop": _slices_loop,
    "fetched_from_inside": lambda tf: _inside(tf, lambda x: x),
    "used_outside": lambda tf: _inside(tf, lambda x: x + 1.0),
    "gradient_in_loop": _gradient_in_loop,
    "without_gradient": _without_gradient,
    "two_gradients": _two_gradients,
    "strict": _cond(lambda tf: [1], lambda tf: [2], strict=True),
    "list_and_number": _cond(lambda tf: [1], lambda tf: 2),
    "list_and_number_strict": _cond(lambda tf: [1], lambda tf: 2, strict=True),
    "empty": _cond(lambda tf: [], lambda tf: []),
    "none": _cond(lambda tf: None, lambda tf: None),
    "list_of_none": _cond(lambda tf: [None], lambda tf: [None]),
    "tuple_and_list": _cond(lambda tf: (1, 2), lambda tf: [1, 2]),
    "two_and_three": _cond(lambda tf: (1, 2), lambda tf: (1, 2, 3)),
    "int_and_float": _cond(lambda tf: 1, lambda tf: 1.0),
    "vector_as_predicate": _cond(lambda tf: 1, lambda tf: 2, [True, False]),
    "number_as_predicate": _cond(lambda tf: 1, lambda tf: 2, 1),
    "other_keys_in_branches": _cond(lambda tf: {"a": 1}, lambda tf: {"b": 1}),
    "slices_and_tensor": _cond(lambda tf: tf.IndexedSlices(tf.ones([2]), tf.constant([0, 1])), lambda tf: tf.ones([2])),
    "operations_in_tuples": _cond(lambda tf: (1, tf.no_op()), lambda tf: (2, tf.no_op())),
    "case_without_default": _case([(False, lambda: 1), (False, lambda: 2)]),
    "case_exclusive": _case([(True, lambda: 1), (True, lambda: 2)], exclusive=True, default=lambda: 5),
    "case_with_number_as_default": _case([(False, lambda: 1)], default=3),
    "case_of_nothing": _case([], default=lambda: 1),
    "case_of_number": _case([(1, lambda: 1)]),
    "wrong_dtype_in_array": _array(lambda a, tf: a.write(0, tf.constant(1)).flow),
    "other_shape_in_array": _array(lambda a, tf: a.write(0, 1.0).write(1, [1.0, 2.0]).flow),
    "element_shape_in_array": _array(lambda a, tf: a.write(0, [1.0, 2.0, 3.0]).flow, element_shape=[2]),
    "too_many_rows": _array(lambda a, tf: a.unstack(tf.ones([4, 2])).stack()),
    "too_few_indices": _array(lambda a, tf: a.scatter([0, 1], tf.ones([3, 2])).flow),
    "pieces": _array(lambda a, tf: a.split(tf.range(6.0), [1, 2, 3]).concat(), infer_shape=False),
    "too_few_pieces": _array(lambda a, tf: a.split(tf.range(6.0), [1, 2]).concat(), infer_shape=False),
    "too_short_pieces": _array(lambda a, tf: a.split(tf.range(6.0), [1, 2, 2]).concat(), infer_shape=False),
    "unwritten_zeros": _array(lambda a, tf: a.write(1, 1.0).stack(), element_shape=[]),
    "growing_array": _array(lambda a, tf: a.write(5, 1.0).size(), dynamic_size=True),
    "negative_index": _array(lambda a, tf: a.read(-1)),
    "scalars_joined": _array(lambda a, tf: a.write(0, 1.0).write(1, 1.0).write(2, 1.0).concat()),
    "array_gradients": _ta_gradients,
    "map_of_scalar": lambda tf: tf.map_fn(lambda x: x, tf.constant(1.0)),
    "map_to_other_structure": lambda tf: tf.map_fn(lambda x: (x, x), tf.constant([1.0, 2.0])),
    "map_to_other_dtype": lambda tf: tf.map_fn(lambda x: tf.cast(x, tf.int32), tf.constant([1.0, 2.0])),
    "map_of_other_lengths": lambda tf: tf.map_fn(lambda x: x[0] + x[1], ([1.0, 2.0], [1.0, 2.0, 3.0]), tf.float32),
    "map_of_sparse": lambda tf: tf.map_fn(lambda x: x, tf.SparseTensor([[0, 0]], [1.0], [2, 2])),
    "map_of_nothing": lambda tf: tf.map_fn(lambda x: x, tf.zeros([0, 2])),
    "fold_of_scalar": lambda tf: tf.foldl(lambda a, x: a + x, tf.constant(1.0)),
    "assertion": _failing([[1.0, 2.0], "words", 3]),
    "assertion_of_words": _failing(["words", 3]),
    "assertion_of_vector": _failing([1.0], [True, False]),
    "assertion_of_number": _failing([1.0], 1),
}

CASES = {name: lambda tf, build=build: outcomes.outcome(tf, build) for name, build in BUILDS.items()}
