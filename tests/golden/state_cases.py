"""What variables and the ops on them give under TensorFlow 1.15.5; the results are kept in state.json.

A case takes the module (TensorFlow or PyFlow) and returns plain values: results, names of nodes, words of errors.
Runs under Python 3.7 as well.
"""

# ruff: noqa: B023  (what a loop's functions bind is used before the loop goes on)

import numpy as np


def error(function, *args, **kwargs):
    """The class and the first line of what a call raises, or None."""
    try:
        function(*args, **kwargs)
    except Exception as exception:
        return [type(exception).__name__, str(exception).split("\n")[0]]
    return None


def plain(value):
    """A fetched value in a form that JSON keeps."""
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, np.ndarray) and value.dtype == object:
        return [v.decode() for v in value.reshape(-1).tolist()]
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind == "c":
        return [str(value.dtype), str(value.tolist())]
    if isinstance(value, (np.ndarray, np.generic)):
        return [str(value.dtype), value.tolist()]
    return value.decode() if isinstance(value, bytes) else value


def initialized(tf):
    """A session in which all variables of the default graph have their initial values."""
    session = tf.Session()
    session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
    return session


def nodes(tf, *types):
    """Name, type, inputs and control inputs of the graph's nodes (of the given types)."""
    return [
        [o.name, o.type, [t.name for t in o.inputs], sorted(c.name for c in o.control_inputs)]
        for o in tf.get_default_graph().get_operations()
        if not types or o.type in types
    ]


def unknown(tf, value, dtype=np.float32):
    """A tensor of unknown static shape."""
    value = np.array(value, dtype)
    return tf.placeholder_with_default(value, shape=None)


def run_or_error(tf, make):
    """The value of what `make()` adds to a fresh graph, or the error that making or running it raises."""
    tf.reset_default_graph()
    try:
        result = make()
        with initialized(tf) as session:
            return plain(session.run(result))
    except Exception as exception:
        return [type(exception).__name__, str(exception).split("\n")[0]]


def _both_kinds(tf, make):
    return [run_or_error(tf, lambda: make(lambda v, **kw: tf.Variable(v, use_resource=kind, **kw))) for kind in (0, 1)]


def case_assignments(tf):
    zeros = np.zeros(4, np.float32)
    return [
        _both_kinds(tf, make)
        for make in (
            lambda v: tf.assign(v(zeros), [1.0, 2.0, 3.0, 4.0]),
            lambda v: tf.assign_add(v([1, 2]), [3, 4]),
            lambda v: tf.assign_sub(v([1, 2]), [3, 4]),
            lambda v: v(zeros).assign([1, 2, 3, 4]),
            lambda v: v(zeros).assign_add(np.ones(4)),
            lambda v: v(zeros).assign_sub(np.ones(4)),
            lambda v: v([b"a", b"bc"]).assign(["d", "e"]),
            lambda v: v([True, False]).assign([False, True]),
            lambda v: v([1 + 2j]).assign_add([3j]),
            lambda v: v(np.float16([1.5])).assign_sub(np.float16([0.25])),
            lambda v: v(np.uint8([250])).assign_add([10]),
            lambda v: tf.assign(v(zeros), [1.0]),
            lambda v: tf.assign(v(zeros), [[1.0]]),
            lambda v: tf.assign_add(v(zeros), [1.0]),
            lambda v: tf.assign_add(v(zeros), unknown(tf, [1.0])),
            lambda v: v(zeros).assign("a"),
            lambda v: v(zeros).assign(tf.constant([1, 2, 3, 4])),
        )
    ]


def case_assign_keeps_shape_of_reference(tf):
    return [
        run_or_error(tf, lambda: tf.assign(tf.Variable(np.zeros(4, np.float32)), unknown(tf, [1.0]))),
        run_or_error(tf, lambda: tf.assign(tf.Variable(np.zeros(4, np.float32)), [1.0], validate_shape=False)),
    ]


def case_reshaped_variable(tf):
    v = tf.Variable([1.0, 2.0])
    smaller = tf.assign(v, [[3.0]], validate_shape=False)
    doubled = v * 2.0
    with initialized(tf) as session:
        before = session.run(doubled)
        session.run(smaller)
        return plain([before, session.run(doubled), session.run(v)]) + [str(smaller.shape), str(v.shape)]


def case_assign_shapes(tf):
    v = tf.Variable(unknown(tf, [1.0, 2.0]), validate_shape=False)
    w = tf.Variable([[1.0, 2.0]])
    return [
        str(v.shape),
        str(v.value().shape),
        str(tf.assign(v, [1.0]).shape),
        str(tf.assign(w, unknown(tf, [[1.0, 2.0]])).shape),
        str(tf.assign(w, [[[1.0]]], validate_shape=False).shape),
        str(tf.assign_add(w, unknown(tf, [[1.0, 2.0]])).shape),
    ]


_ROWS = np.arange(12, dtype=np.float32).reshape(4, 3)


def case_scatter_rows(tf):
    results = []
    for kind in ("update", "add", "sub", "mul", "div", "min", "max"):
        scatter = getattr(tf, "scatter_" + kind)
        for indices, updates in (
            ([2, 0], [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]),
            ([1, 1, 3, 1], [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0], [0.5, 0.25, 20.0]]),
            (3, [7.0, 8.0, 9.0]),
            ([[0], [2]], [[[1.0, 2.0, 3.0]], [[4.0, 5.0, 6.0]]]),
            ([0, 1], 2.0),
            (np.zeros([0], np.int64), np.zeros([0, 3])),
        ):
            results.append(_both_kinds(tf, lambda v: scatter(v(_ROWS), indices, updates)))
        results.append(_both_kinds(tf, lambda v: scatter(v([7, -7, 8, -8]), [0, 1, 2, 3], [2, 2, -3, -3])))
    return results


def case_scatter_rows_errors(tf):
    zeros = np.zeros(4, np.float32)
    return [
        _both_kinds(tf, make)
        for make in (
            lambda v: tf.scatter_add(v(zeros), [[1, 7]], [[1.0, 2.0]]),
            lambda v: tf.scatter_add(v(zeros), -1, 1.0),
            lambda v: tf.scatter_add(v(zeros), [1, 2], [1.0]),
            lambda v: tf.scatter_update(v(zeros), [0.0], [1.0]),
            lambda v: tf.scatter_update(v(zeros), [0], ["a"]),
        )
    ]


def case_scatter_slices(tf):
    results = []
    for kind in ("update", "add", "sub"):
        scatter = getattr(tf, "scatter_nd_" + kind)
        for indices, updates in (
            ([[2], [0]], [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]),
            ([[1, 2], [3, 0], [1, 2]], [10.0, 20.0, 30.0]),
            ([[[0, 0]], [[1, 1]]], [[1.0], [2.0]]),
            ([1, 1], 5.0),
        ):
            results.append(_both_kinds(tf, lambda v: scatter(v(_ROWS), indices, updates)))
    return results


def case_scatter_slices_errors(tf):
    zeros = np.zeros(4, np.float32)
    return [
        _both_kinds(tf, make)
        for make in (
            lambda v: tf.scatter_nd_update(v(zeros), [[-1]], [1.0]),
            lambda v: tf.scatter_nd_update(v(zeros), [[1], [7]], [1.0, 2.0]),
            lambda v: tf.scatter_nd_update(v(zeros), [[1], [2]], [1.0]),
            lambda v: tf.scatter_nd_update(v(_ROWS), [[1], [2]], [[1.0], [2.0]]),
            lambda v: tf.scatter_nd_update(v(_ROWS), unknown(tf, [[1], [2]], np.int32), unknown(tf, [[1.0], [2.0]])),
            lambda v: tf.scatter_nd_update(v(np.zeros((0, 3), np.float32)), [[1]], [[1.0, 2.0, 3.0]]),
            lambda v: tf.scatter_nd_add(v(zeros), unknown(tf, [[1], [2]], np.int32), unknown(tf, [1.0, 2.0, 3.0])),
        )
    ]


def case_scatter_methods(tf):
    def delta():
        return tf.IndexedSlices(tf.constant([[1.0, 2.0, 3.0]]), tf.constant([1]))

    results = [
        _both_kinds(tf, lambda v: getattr(v(_ROWS), "scatter_" + kind)(delta()))
        for kind in ("update", "add", "sub", "mul", "div", "min", "max")
    ]
    results += [
        _both_kinds(tf, lambda v: getattr(v(_ROWS), "scatter_nd_" + kind)([[1, 1]], [5.0]))
        for kind in ("update", "add", "sub")
    ]
    results.append(_both_kinds(tf, lambda v: v(_ROWS).scatter_add([1.0])))
    return results


def case_batch_scatter_update(tf):
    rows = np.arange(12, dtype=np.float32).reshape(2, 3, 2)
    updates = [[[9.0, 8.0]], [[7.0, 6.0]]]
    return [
        _both_kinds(tf, lambda v: tf.batch_scatter_update(v(rows), [[0], [2]], updates)),
        _both_kinds(tf, lambda v: tf.batch_scatter_update(v(rows[0]), [2, 0], updates[0] + updates[1])),
        _both_kinds(
            tf, lambda v: v(rows).batch_scatter_update(tf.IndexedSlices(tf.constant(updates), tf.constant([[0], [2]])))
        ),
    ]


def case_count_up_to(tf):
    results = []
    for use_resource in (False, True):
        tf.reset_default_graph()
        v = tf.Variable(0, use_resource=use_resource)
        count = v.count_up_to(2)
        with initialized(tf) as session:
            seen = [plain(session.run(count)), plain(session.run(count))]
            results.append(seen + [error(session.run, count), plain(session.run(v)), count.dtype.name])
    results.append(_both_kinds(tf, lambda v: tf.count_up_to(v(np.int64(5)), 6, name="count")))
    results.append(_both_kinds(tf, lambda v: tf.count_up_to(v(5.0), 6)))
    return results


def case_gather_from_handle(tf):
    def resource(make):
        return run_or_error(tf, lambda: make(tf.Variable(_ROWS, use_resource=True)))

    return [
        resource(make)
        for make in (
            lambda v: v.sparse_read([2, 0]),
            lambda v: v.sparse_read([[1], [3]]),
            lambda v: v.gather_nd([[1, 2], [3, 0]]),
            lambda v: v.gather_nd([[1], [3]]),
            lambda v: v.sparse_read([4]),
            lambda v: v.gather_nd([[4, 0]]),
            lambda v: tf.gradients(v.sparse_read([2, 0, 2]), v.handle)[0],
            lambda v: tf.convert_to_tensor(tf.gradients(v.sparse_read([2, 0, 2]), v.handle)[0]),
        )
    ]


def case_uninitialized(tf):
    results = []
    for use_resource in (False, True):
        tf.reset_default_graph()
        v = tf.Variable([1.0], name="v", use_resource=use_resource)
        session = tf.Session()
        for fetch in (v, v + 1.0, v.assign_add([1.0]), tf.scatter_add(v, [0], [1.0])):
            results.append(error(session.run, fetch)[0])
        before = session.run([tf.is_variable_initialized(v), tf.report_uninitialized_variables()])
        session.run(v.initializer)
        after = session.run([tf.is_variable_initialized(v), tf.report_uninitialized_variables()])
        results.append([plain(before), plain(after)])
    tf.reset_default_graph()
    v = tf.Variable([1.0], name="scope/v")
    return results + [error(tf.Session().run, v)]


def _by_type(tf):
    """Ops by their types: `raw_ops`, which TF 1.15's list of public names leaves out."""
    if hasattr(tf, "raw_ops"):
        return tf.raw_ops
    from pyflow.core.registry import raw

    return raw


def case_temporary_variable(tf):
    ops = _by_type(tf)
    results = []
    for names in (("a", "a"), ("a", "b")):
        tf.reset_default_graph()
        ref = ops.TemporaryVariable(shape=[1, 2], dtype=tf.float32, var_name=names[0])
        final = ops.DestroyTemporaryVariable(
            ref=tf.assign_add(tf.assign(ref, [[4.0, 5.0]]), [[6.0, 7.0]]), var_name=names[1]
        )
        try:
            results.append(plain(tf.Session().run(final)))
        except Exception as exception:
            results.append(type(exception).__name__)
    return results


def case_resource_ops(tf):
    ops = _by_type(tf)
    handle = ops.VarHandleOp(dtype=tf.float32, shape=[2, None], name="h")
    assign = ops.AssignVariableOp(resource=handle, value=tf.constant([[1.0], [2.0]]))
    read = ops.ReadVariableOp(resource=handle, dtype=tf.float32)
    shape = ops.VariableShape(input=handle)
    destroy = ops.DestroyResourceOp(resource=handle)
    exists = ops.VarIsInitializedOp(resource=handle)
    results = [str(handle.shape), str(read.shape), str(shape.shape)]
    results.append(error(ops.ReadVariableOp, resource=handle, dtype=tf.int32))
    results.append(error(ops.AssignVariableOp, resource=handle, value=tf.constant([1.0])))
    with tf.Session() as session:
        session.run(assign)
        results.append(plain(session.run([read, shape, exists])))
        session.run(destroy)
        results += [plain(session.run(exists)), error(session.run, read)[0]]
    return results


def case_reads_of_handles_are_snapshots(tf):
    v = tf.Variable([1.0, 2.0], use_resource=True)
    before = v.value()
    with tf.control_dependencies([before]):
        add = v.assign_add([10.0, 10.0])
    with tf.control_dependencies([add.op]):
        after = v.read_value()
        twice = before * 2.0
    reshaped = tf.reshape(before, [2, 1])
    with initialized(tf) as session:
        return [plain(session.run([before, after, twice, reshaped])), plain(session.run([before, add]))]


def case_group_and_tuple(tf):
    a, b = tf.constant(1.0, name="a"), tf.constant(2.0, name="b")
    with tf.device("/job:a"):
        c = tf.constant(3.0, name="c")
    group, named, empty = tf.group(a, b), tf.group(a, [b, (c,)], name="named"), tf.group()
    ta, none, tb = tf.tuple([a, None, b])
    tf.tuple([a.op, b], name="gate", control_inputs=[c])
    slices = tf.tuple([tf.IndexedSlices(a, tf.constant(0, name="i"))])[0]
    tf.no_op()
    return nodes(tf, "NoOp", "Identity") + [
        [group.name, named.name, empty.name, ta.name, none, tb.name, slices.values.name],
        error(tf.group, a, other=1),
        error(tf.group, a, 3),
        error(tf.tuple, []),
        error(tf.tuple, [a], control_inputs=[3]),
    ]


CASES = {name[5:]: function for name, function in sorted(globals().items()) if name.startswith("case_")}
