"""What variables do under TensorFlow 1.15.5; the results are kept in variables.json.

A case takes the module (TensorFlow or PyFlow) and returns plain values: names of nodes, words of errors, results.
Runs under Python 3.7 as well.
"""

# ruff: noqa: B023  (what a loop's functions bind is used before the loop goes on)

import numpy as np
from state_cases import error, initialized, nodes, plain, unknown


def names(variables):
    return [v.name for v in variables]


def zeros(tf):
    return tf.zeros_initializer()


def case_nodes_of_variables(tf):
    v = tf.Variable([1.0, 2.0], name="w")
    tf.Variable(lambda: tf.zeros([2]), name="lazy", dtype=tf.float32)
    tf.Variable(v + 1.0, name="dependent", collections=[])
    with tf.name_scope("scope"):
        tf.Variable(3)
        tf.Variable(tf.constant(4))
    tf.global_variables_initializer()
    v.assign([2.0, 3.0])
    v.assign_add([1.0, 1.0], name="more")
    v.read_value()
    # How the value is guarded inside the initial value of another variable is an implementation detail.
    return [
        n
        for n in nodes(tf)
        if "/cond/" not in n[0] and "IsVariableInitialized" not in n[0] and n[0] != "w/read_dependent"
    ]


def case_nodes_of_resource_variables(tf):
    v = tf.Variable([1.0, 2.0], name="w", use_resource=True)
    tf.Variable(lambda: tf.zeros([2]), name="lazy", dtype=tf.float32, use_resource=True)
    with tf.name_scope("scope"):
        tf.Variable(3, use_resource=True)
        tf.Variable(tf.constant(4), use_resource=True, caching_device="/cpu:0")
    tf.global_variables_initializer()
    v + 1.0
    v.read_value()
    v.assign([2.0, 3.0])
    v.assign_add([1.0, 1.0], name="more")
    v.assign_sub([1.0, 1.0], read_value=False)
    v.sparse_read([0])
    return nodes(tf)


def case_colocation(tf):
    a = tf.Variable([1.0], name="a")
    tf.Variable(lambda: tf.zeros([1]), name="b", dtype=tf.float32)
    with tf.variable_scope("scope"):
        tf.get_variable("c", [1], initializer=zeros(tf), use_resource=True)
        tf.get_variable("d", [1], initializer=zeros(tf))
    a.assign_add([2.0])
    with tf.colocate_with(a):
        tf.constant(1, name="beside")
    return [
        [o.name, sorted(g.decode() for g in o.get_attr("_class"))]
        for o in tf.get_default_graph().get_operations()
        if "_class" in o.node_def.attr
    ]


def case_properties(tf):
    results = []
    for use_resource in (False, True):
        tf.reset_default_graph()
        v = tf.Variable([[1.0, 2.0]], name="v", trainable=False, constraint=abs, use_resource=use_resource)
        results.append(
            [repr(v), v.name, v.op.name, v.dtype.name, str(v.shape), str(v.get_shape()), v.trainable, v.device]
            + [v.initializer.name, v.initial_value.name, v.value().name, v.constraint is abs, v.synchronization.name]
            + [v.aggregation.name, v.graph is tf.get_default_graph(), v._shared_name, isinstance(v, tf.Variable)]
            + [
                str(tf.convert_to_tensor(v)),
                tf.identity(v).dtype.name,
                type(v).__name__,
                v.initialized_value().dtype.name,
            ]
        )
    return results


def case_constructor_errors(tf):
    results = []
    for use_resource in (False, True):

        def make(*args, **kwargs):
            tf.Variable(*args, use_resource=use_resource, **kwargs)

        results.append(
            [
                error(make),
                error(make, [1.0], collections=3),
                error(make, [1.0], constraint=3),
                error(make, [1.0], synchronization=7),
                error(make, [1.0], aggregation=7),
                error(make, [1.0], dtype=tf.string),
                error(make, lambda: 1.0, shape=[2])[:1] if use_resource else None,
            ]
        )
    p = tf.placeholder(tf.float32, name="p")
    results.append(error(tf.Variable, p)[0])
    results.append(error(tf.Variable, p, validate_shape=False))
    results.append(error(tf.Variable, tf.placeholder(tf.float32, [None, 3])))
    return results


def case_collections(tf):
    tf.Variable(1, name="a")
    tf.Variable(1, name="b", trainable=False)
    tf.Variable(1, name="c", collections=[tf.GraphKeys.LOCAL_VARIABLES])
    tf.Variable(1, name="d", collections=["mine", tf.GraphKeys.MODEL_VARIABLES], trainable=False)
    tf.Variable(1, name="e", synchronization=tf.VariableSynchronization.ON_READ)
    with tf.variable_scope("scope"):
        tf.get_variable("f", [1])
        tf.get_local_variable("g", [1], collections=["mine"])
        tf.get_variable("h", [1], collections=[tf.GraphKeys.MOVING_AVERAGE_VARIABLES], use_resource=True)
    functions = (tf.global_variables, tf.local_variables, tf.trainable_variables, tf.model_variables)
    functions += (tf.moving_average_variables,)
    return (
        [names(f()) for f in functions]
        + [names(f("scope")) for f in functions]
        + [names(tf.all_variables()), names(tf.get_collection("mine"))]
    )


def case_initializers_of_collections(tf):
    empty = [tf.global_variables_initializer().name, tf.local_variables_initializer().name]
    tf.Variable(1, name="a")
    tf.Variable(1, name="b", use_resource=True, collections=[tf.GraphKeys.LOCAL_VARIABLES])
    ops = [tf.global_variables_initializer(), tf.local_variables_initializer(), tf.initialize_all_variables()]
    ops += [tf.variables_initializer(tf.global_variables(), name="mine"), tf.initialize_local_variables()]
    ops += [tf.initialize_variables([]), tf.variables_initializer([])]
    return empty + [[op.name, op.type, sorted(c.name for c in op.control_inputs)] for op in ops]


def case_initial_values_from_variables(tf):
    results = []
    for use_resource in (False, True):
        tf.reset_default_graph()
        a = tf.Variable(tf.random_uniform([3]), name="a", use_resource=use_resource)
        b = tf.Variable(a.initialized_value() * 2.0, name="b", use_resource=use_resource)
        c = tf.Variable(b.initialized_value() + a.initialized_value(), name="c", use_resource=use_resource)
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            x, y, z = session.run([a, b, c])
            results.append([bool(np.all(y == 2 * x)), bool(np.all(z == y + x))])
            session.run([a.assign([1.0, 2.0, 3.0])])
            session.run(b.initializer)
            results.append(plain(session.run(b)))
    tf.reset_default_graph()
    a = tf.Variable([5.0], name="a")
    b = tf.Variable(a * 2.0 + tf.stack([a[0]]), name="b")
    with tf.Session() as session:
        session.run(b.initializer)
        return results + [plain(session.run(b)), plain(session.run(tf.report_uninitialized_variables()))]


def case_operators(tf):
    results = []
    for use_resource in (False, True):
        tf.reset_default_graph()
        v = tf.Variable([4.0, -9.0], use_resource=use_resource)
        m = tf.Variable([[1.0, 2.0]], use_resource=use_resource)
        i = tf.Variable([7, -7], use_resource=use_resource)
        b = tf.Variable([True, False], use_resource=use_resource)
        made = [v + 1, 1 + v, v - 1, 1 - v, v * 2, 2 * v, v / 2, 2 / v, v // 2, 2 // v, v % 4, 4 % v, v**2, 2**v, -v]
        made += [
            abs(v),
            v < 1,
            v <= 4,
            v > 1,
            v >= 4,
            i // 2,
            i % 4,
            i / 2,
            b & [True, True],
            [True, True] | b,
            b ^ True,
        ]
        made += [
            ~b,
            m @ [[1.0], [2.0]],
            [[1.0], [2.0]] @ m,
            np.array([1.0, 2.0], np.float32) + v,
            v[0],
            v[-1:],
            m[0, 1],
            v[tf.newaxis],
        ]
        with initialized(tf) as session:
            results.append([plain(session.run(x)) for x in made])
        results += [v == 1, v != 1, v == v, error(iter, v), error(lambda: v[0].assign), len({v, v, i})]
    return results


def case_in_place_operators(tf):
    v, r = tf.Variable(4.0), tf.Variable(4.0, use_resource=True)
    results = []
    for sign in ("+=", "-=", "*=", "/=", "**="):
        scope = {"v": v, "r": r}
        exec("v " + sign + " 2.0", scope)
        results += [type(scope["v"]).__name__, error(exec, "r " + sign + " 2.0", scope)]
    return results


def case_slice_assignment(tf):
    results = []
    for use_resource in (False, True):
        for index, value in ((0, [9, 9]), ((slice(None), 1), [7, 8]), (slice(1, None), [[5, 6]]), ((1, 0), 3)):
            tf.reset_default_graph()
            v = tf.Variable([[1, 2], [3, 4]], use_resource=use_resource)
            change = v[index].assign(value)
            with initialized(tf) as session:
                session.run(change)
                results.append(plain(session.run(v)))
    return results


def case_load_and_eval(tf):
    results = []
    for use_resource in (False, True):
        tf.reset_default_graph()
        v = tf.Variable([1.0, 2.0], use_resource=use_resource)
        results.append(error(v.load, [1.0, 2.0]))
        with initialized(tf) as session:
            v.load([3.0, 4.0], session)
            results.append(plain(v.eval(session)))
            with session.as_default():
                v.load([5.0, 6.0])
                results.append(plain(v.eval()))
            results.append(plain(session.run(v, {v: [7.0, 8.0]})))
            results.append(plain(session.run(v + 1.0, {v.value(): [7.0, 8.0]})) if not use_resource else None)
    return results


def case_cached_reads(tf):
    v = tf.Variable([1.0], caching_device="/cpu:0", name="v")
    r = tf.Variable([1.0], caching_device="/cpu:0", name="r", use_resource=True)
    return [v.value().device, v.device, r.value().device, r.value().name, r.device, r.assign_add([1.0]).op.name] + [
        sorted(c.name for c in r.assign_add([1.0]).op.control_inputs)
    ]


def case_set_shape(tf):
    v = tf.Variable(unknown(tf, [[1.0]]), validate_shape=False)
    before = str(v.shape)
    v.set_shape([1, 1])
    r = tf.Variable([1.0], use_resource=True)
    return [before, str(v.shape), str(v.value().shape), error(r.set_shape, [1])]


def case_assert_initialized(tf):
    empty = tf.assert_variables_initialized()
    tf.Variable([1.0], name="a")
    one = tf.assert_variables_initialized()
    tf.Variable([[1.0]], name="b")
    two = tf.assert_variables_initialized()
    session = tf.Session()
    failed = error(session.run, two)[0]
    session.run(tf.global_variables_initializer())
    return [empty, one.name, two.name, failed, plain(session.run(two))]


def case_report_uninitialized(tf):
    empty = tf.report_uninitialized_variables()
    tf.Variable([1.0], name="a")
    b = tf.Variable([1.0], name="b", use_resource=True)
    tf.Variable([1.0], name="c", collections=[tf.GraphKeys.LOCAL_VARIABLES])
    both = tf.report_uninitialized_variables()
    one = tf.report_uninitialized_variables([b], name="report")
    with tf.Session() as session:
        seen = [plain(session.run([empty, both, one]))]
        session.run(b.initializer)
        return seen + [plain(session.run([both, one])), empty.dtype.name, str(both.shape), one.name]


def case_variable_protos(tf):
    results = []
    for use_resource in (False, True):
        tf.reset_default_graph()
        with tf.name_scope("scope"):
            v = tf.Variable([1.0], name="v", trainable=False, use_resource=use_resource)
        definition = v.to_proto()
        again = tf.Variable.from_proto(definition) if not use_resource else type(v).from_proto(definition)
        results += [str(definition), str(v.to_proto(export_scope="scope")), v.to_proto(export_scope="other")]
        results += [
            again.name,
            again.trainable,
            again.initializer is v.initializer,
            again.initial_value is v.initial_value,
        ]
        results += [repr(again), again.op is v.op, str(again.shape)]
    info = tf.Variable.SaveSliceInfo("whole", [4, 3], [2, 0], [2, 3])
    results += [info.spec, str(info.to_proto())]
    return results


def case_creator_scopes(tf):
    calls = []

    def outer(next_creator, **kwargs):
        calls.append(["outer", kwargs["name"], sorted(kwargs)])
        return next_creator(**kwargs)

    def inner(next_creator, **kwargs):
        calls.append(["inner", kwargs["name"]])
        kwargs["name"] = "renamed"
        return next_creator(**kwargs)

    with tf.variable_creator_scope(outer), tf.variable_creator_scope(inner):
        v = tf.Variable(1.0, name="v")
        w = tf.get_variable("w", [1])
    return [calls, v.name, w.name, tf.Variable(1.0).name]


def case_resource_variables_by_default(tf):
    seen = [tf.resource_variables_enabled(), type(tf.Variable(1)).__name__]
    tf.enable_resource_variables()
    try:
        with tf.variable_scope("s", use_resource=False):
            seen += [type(tf.Variable(1)).__name__, type(tf.get_variable("a", [1])).__name__]
        seen += [
            tf.resource_variables_enabled(),
            type(tf.Variable(1)).__name__,
            type(tf.get_variable("b", [1])).__name__,
        ]
    finally:
        tf.disable_resource_variables()
    with tf.variable_scope("t", use_resource=True):
        seen += [type(tf.Variable(1)).__name__, type(tf.get_variable("a", [1])).__name__]
    return seen + [tf.resource_variables_enabled()]


def case_control_dependencies_do_not_reach_variables(tf):
    c = tf.constant(1.0, name="c")
    with tf.control_dependencies([c]):
        v = tf.Variable(2.0, name="v")
        w = tf.get_variable("w", [1], initializer=zeros(tf), use_resource=True)
        v + 1.0
    return [n for n in nodes(tf) if n[3]] + [v.name, w.name]


CASES = {name[5:]: function for name, function in sorted(globals().items()) if name.startswith("case_")}
