"""What variable scopes, partitions and templates do under TensorFlow 1.15.5; kept in variable_scopes.json.

A case takes the module (TensorFlow or PyFlow) and returns plain values: names of nodes, words of errors, results.
Runs under Python 3.7 as well.
"""

from state_cases import error, initialized, nodes, plain


def names(variables):
    return [v.name for v in variables]


def zeros(tf):
    return tf.zeros_initializer()


# ---------------------------------------------------------------- get_variable


def case_get_variable_nodes(tf):
    with tf.variable_scope("a"):
        tf.get_variable("v", [2], initializer=zeros(tf))
        tf.get_variable("w", initializer=[1.0, 2.0])
        tf.get_variable("x", initializer=tf.constant([1.0, 2.0], name="given"))
        tf.get_variable("y", [2], tf.int32)
        tf.get_variable("z", [1], initializer=tf.constant_initializer(5.0), regularizer=lambda v: tf.reduce_sum(v * v))
        tf.get_variable("f", initializer=lambda: tf.ones([2]))
    return nodes(tf) + [tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)[0].name]


def case_get_variable_reuse(tf):
    with tf.variable_scope("a"):
        v = tf.get_variable("v", [1])
        duplicate = error(tf.get_variable, "v", [1])
    with tf.variable_scope("a", reuse=True):
        same = tf.get_variable("v", [1]) is v
        missing = error(tf.get_variable, "w", [1])
        shape = error(tf.get_variable, "v", [2])
        dtype = error(tf.get_variable, "v", [1], tf.int32)
        open_shape = tf.get_variable("v") is v
    with tf.variable_scope("a", reuse=tf.AUTO_REUSE):
        made = tf.get_variable("w", [1])
        again = tf.get_variable("w", [1]) is made
    with tf.variable_scope("r", use_resource=True):
        tf.get_variable("v", [1])
        resource = error(tf.get_variable, "v", [1])
    return [same, duplicate, missing, shape, dtype, open_shape, again, made.name, resource]


def case_already_exists_says_where(tf):
    tf.get_variable("v", [1])
    try:
        tf.get_variable("v", [1])
    except ValueError as e:
        return str(e).split("\n")[:2]


def case_get_variable_errors(tf):
    return [
        error(tf.get_variable, "a"),
        error(tf.get_variable, "b", [None, 2]),
        error(tf.get_variable, "c", [2], initializer=[1.0, 2.0]),
        error(tf.get_variable, "d", dtype=tf.int32, initializer=[1.0, 2.0]),
        error(tf.get_variable, "e", [1], tf.complex64),
        error(tf.get_variable, "f", [1], custom_getter=3),
        error(tf.get_variable, "g", [1], partitioner=3),
        error(tf.get_variable, "h", initializer=lambda shape: 1.0),
        error(tf.get_variable, "i", initializer=zeros(tf)),
        error(tf.get_variable, "j", [1], tf.int32, initializer=tf.truncated_normal_initializer())[0],
    ]


def case_default_initializers(tf):
    made = [
        tf.get_variable("v" + d.name, [2], d).initial_value.op.type for d in (tf.float32, tf.int32, tf.bool, tf.string)
    ]
    made.append(tf.get_variable("class", [2], initializer=tf.ones_initializer).initial_value.op.type)
    made.append(tf.get_variable("half", [2], tf.float16).dtype.name)
    made.append(str(tf.get_variable("scalar", []).shape))
    return made


def case_scope_defaults(tf):
    results = []
    with tf.variable_scope(
        "a", initializer=tf.constant_initializer(0.5), dtype=tf.float64, caching_device="/cpu:0"
    ) as a:
        v = tf.get_variable("v", [1])
        results += [v.dtype.name, v.value().device, a.dtype.name, a.caching_device]
        with tf.variable_scope("b", initializer=tf.constant_initializer(0.25)):
            w = tf.get_variable("w", [1])
            x = tf.get_variable("x", [1], initializer=tf.constant_initializer(2.0), dtype=tf.float32)
        a.set_initializer(tf.constant_initializer(1.5))
        y = tf.get_variable("y", [1])
    with initialized(tf) as session:
        return results + plain(session.run([v, w, x, y]))


def case_regularizers(tf):
    def named(name):
        return lambda v: tf.constant(1.0, name=name) if name != "none" else None

    with tf.variable_scope("a", regularizer=named("outer")) as a:
        tf.get_variable("u", [1])
        tf.get_variable("v", [1], regularizer=named("own"))
        tf.get_variable("w", [1], regularizer=tf.no_regularizer)
        tf.get_variable("x", [1], regularizer=named("none"))
        with tf.variable_scope("b", regularizer=named("inner")):
            tf.get_variable("y", [1])
            a.reuse_variables()
    with tf.variable_scope(a, reuse=True):
        tf.get_variable("u", [1])
    return [t.name for t in tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)]


def case_custom_getters(tf):
    calls = []

    def outer(getter, name, *args, **kwargs):
        calls.append(["outer", name, sorted(kwargs)])
        return getter(name, *args, **kwargs)

    def inner(getter, name, shape=None, **kwargs):
        calls.append(["inner", name, shape])
        kwargs["trainable"] = False
        return getter(name, shape=shape, **kwargs)

    with tf.variable_scope("a", custom_getter=outer):
        with tf.variable_scope("b", custom_getter=inner) as b:
            v = tf.get_variable("v", [1])
        w = tf.get_variable("w", [1])
        x = tf.get_variable("x", [1], custom_getter=lambda getter, *args, **kwargs: getter(*args, **kwargs) * 2.0)
    with tf.variable_scope(b, reuse=True):
        again = tf.get_variable("v", [1]) is v
    return [calls, v.name, v.trainable, w.name, x.name, again, names(tf.trainable_variables())]


def case_constraints(tf):
    with tf.variable_scope("a", constraint=abs):
        v = tf.get_variable("v", [1])
        w = tf.get_variable("w", [1], constraint=max)
        with tf.variable_scope("b"):
            x = tf.get_variable("x", [1])
    return [v.constraint is abs, w.constraint is max, x.constraint]


# ---------------------------------------------------------------- scopes


def case_scope_names(tf):
    seen = []

    def note(scope):
        seen.append([scope.name, scope.original_name_scope, tf.constant(1).name, str(scope.reuse)])

    with tf.variable_scope("a") as a:
        note(a)
        with tf.variable_scope("b") as b:
            note(b)
        with tf.variable_scope("b") as again:
            note(again)
        with tf.variable_scope(b) as entered:
            note(entered)
        with tf.variable_scope(None, "d") as d:
            note(d)
        with tf.variable_scope(None, "d") as d:
            note(d)
        with tf.variable_scope("") as empty:
            note(empty)
    with tf.variable_scope(a) as entered:
        note(entered)
        with tf.variable_scope(b, reuse=True) as entered:
            note(entered)
    with tf.variable_scope("a") as again:
        note(again)
        with tf.variable_scope(None, "d") as d:
            note(d)
    with tf.variable_scope(None, "d") as d:
        note(d)
    with tf.variable_scope("x/y") as nested:
        note(nested)
    with tf.variable_scope("d") as plain_d:
        note(plain_d)
    with tf.variable_scope(None, "d") as d:
        note(d)
    with tf.name_scope("n"):
        with tf.variable_scope("v") as v:
            note(v)
            tf.get_variable("w", [1])
    with tf.variable_scope(v, auxiliary_name_scope=False) as entered:
        note(entered)
    with tf.name_scope(a.original_name_scope):
        with tf.variable_scope(a, auxiliary_name_scope=False) as entered:
            note(entered)
    with tf.variable_scope("plain", auxiliary_name_scope=False) as p:
        note(p)
        with tf.variable_scope("inner") as i:
            note(i)
    with tf.variable_scope(None, "default", auxiliary_name_scope=False) as p:
        note(p)
    with tf.variable_scope(tf.get_variable_scope()) as root:
        note(root)
    return seen + [tf.get_variable_scope().name, names(tf.global_variables())]


def case_scope_reuse_is_inherited(tf):
    seen = []
    with tf.variable_scope("a") as a:
        tf.get_variable("v", [1])
        with tf.variable_scope("b"):
            tf.get_variable("v", [1])
    for reuse in (True, tf.AUTO_REUSE, None, False):
        with tf.variable_scope(a, reuse=reuse) as entered:
            with tf.variable_scope("b", reuse=False) as inner:
                seen.append([str(entered.reuse), str(inner.reuse)])
    with tf.variable_scope("a"):
        tf.get_variable_scope().reuse_variables()
        seen.append(tf.get_variable("v", [1]).name)
        with tf.variable_scope("b") as b:
            seen.append([str(b.reuse), tf.get_variable("v", [1]).name])
    return seen + [str(tf.get_variable_scope().reuse)]


def case_scope_errors(tf):
    def enter(*args, **kwargs):
        with tf.variable_scope(*args, **kwargs):
            pass

    other = tf.Graph()
    with other.as_default():
        foreign = tf.constant(1)
    return [
        error(enter, None),
        error(enter, "a", reuse=3),
        error(enter, 3),
        error(enter, None, "d", reuse=True),
        error(enter, "a", auxiliary_name_scope="x"),
        error(enter, "a b"),
        error(enter, "a", values=[tf.constant(1, name="c"), foreign])[0],
        tf.get_variable_scope().name,
        tf.constant(1, name="after").name,
    ]


def case_scope_entered_again(tf):
    scope = tf.variable_scope("a")
    seen = []
    for _ in range(2):
        with scope as entered:
            seen.append([entered.name, tf.constant(1).name])
    with tf.variable_scope("b"):
        with scope as entered:
            seen.append([entered.name, tf.constant(1).name])
    return seen


def case_scope_of_values(tf):
    graph = tf.Graph()
    with graph.as_default():
        c = tf.constant(1, name="c")
    with tf.variable_scope("a", values=[c]):
        v = tf.get_variable("v", [1])
    with tf.variable_op_scope([c], None, "b") as scope:
        w = tf.get_variable("w", [1])
    return [v.graph is graph, w.name, scope.name, len(tf.global_variables())]


def case_scope_collections(tf):
    with tf.variable_scope("a") as a:
        tf.get_variable("v", [1])
        with tf.variable_scope("b") as b:
            tf.get_variable("w", [1], trainable=False)
            tf.get_local_variable("x", [1])
    return [
        names(found)
        for s in (a, b, tf.get_variable_scope())
        for found in (s.global_variables(), s.trainable_variables(), s.local_variables(), s.get_collection("variables"))
    ]


def case_settings_of_a_scope(tf):
    with tf.variable_scope("a") as a:
        a.set_regularizer(abs)
        a.set_caching_device("/cpu:0")
        a.set_partitioner(max)
        a.set_custom_getter(min)
        a.set_use_resource(True)
        a.set_dtype(tf.float16)
        with tf.variable_scope("b") as b:
            pass
    return [
        [
            s.regularizer is abs,
            s.caching_device,
            s.partitioner is max,
            s.custom_getter is min,
            s.use_resource,
            s.dtype.name,
        ]
        for s in (a, b)
    ] + [tf.VariableScope(True, "n", name_scope="s/").original_name_scope]


# ---------------------------------------------------------------- parts


def case_partitioned_variable(tf):
    with tf.variable_scope("a", partitioner=tf.fixed_size_partitioner(3)):
        v = tf.get_variable("v", [7, 2], initializer=tf.constant_initializer(1.0))
        scalar = tf.get_variable("scalar", [])
    w = tf.get_variable(
        "w", initializer=tf.constant([[1.0, 2.0, 3.0]]), partitioner=tf.fixed_size_partitioner(2, axis=1)
    )
    whole = tf.convert_to_tensor(v)
    results = [type(v).__name__, v.name, str(v.shape), v.dtype.name, len(v), names(v), [str(p.shape) for p in v]]
    results += [[p._get_save_slice_info().spec, p._get_save_slice_info().full_name] for p in v]
    results += [whole.name, tf.convert_to_tensor(v).name, scalar.name, str(v.get_shape())]
    changes = [v.assign(tf.ones([7, 2]) * 3.0), v.assign_add(tf.ones([7, 2])), v.assign_sub(v)]
    results += [[c.name for c in change] for change in changes]
    with initialized(tf) as session:
        results += plain(session.run([whole, tf.identity(w), tf.add(v, 1.0)]))
        for change in changes:
            session.run(change)
            results.append(plain(session.run(whole)))
    return results + nodes(tf)


def case_partitioned_reuse(tf):
    three, two = tf.fixed_size_partitioner(3), tf.fixed_size_partitioner(2)

    def get(reuse, *args, **kwargs):
        with tf.variable_scope("a", reuse=reuse):
            return tf.get_variable(*args, **kwargs)

    v = get(None, "v", [6], partitioner=three)
    get(None, "u", [6])
    get(None, "part/part_0", [2])
    return [
        get(True, "v", [6], partitioner=three) is v,
        get(True, "v", [6]) is v,
        get(tf.AUTO_REUSE, "v", [6], partitioner=three) is v,
        error(get, None, "v", [6], partitioner=three),
        error(get, True, "v", [5], partitioner=three),
        error(get, True, "v", [6], tf.int32, partitioner=three),
        error(get, True, "v", [6], partitioner=two),
        error(get, None, "v", [6]),
        error(get, None, "u", [6], partitioner=two),
        error(get, True, "n", [6], partitioner=two),
        error(get, None, "part", [6], partitioner=two),
        error(get, None, "part", [6], partitioner=tf.fixed_size_partitioner(1)),
    ]


def case_partitioner_errors(tf):
    def get(answer, shape=(4, 4)):
        tf.get_variable("v", shape, partitioner=lambda shape, dtype: answer)

    return [
        error(get, [2, 2]),
        error(get, [2]),
        error(get, [0, 1]),
        error(get, 3),
        error(get, [1], None),
        error(tf.create_partitioned_variables, [4], [2, 1], zeros(tf)),
        error(tf.create_partitioned_variables, [], [], zeros(tf)),
        error(tf.variable_axis_size_partitioner, 0),
        error(tf.variable_axis_size_partitioner, 1, max_shards=-1),
    ]


def case_partitioners(tf):
    shape = tf.TensorShape([64, 4, 2])
    axis, smallest = tf.variable_axis_size_partitioner, tf.min_max_variable_partitioner
    return [
        axis(256)(shape=shape, dtype=tf.float32),
        axis(1000, axis=1)(shape=shape, dtype=tf.float64),
        axis(256, max_shards=3)(shape=shape, dtype=tf.float32),
        axis(256, bytes_per_string_element=8)(shape=shape, dtype=tf.string),
        smallest(10, min_slice_size=256)(shape=shape, dtype=tf.float32),
        smallest(10, axis=1, min_slice_size=100)(shape=shape, dtype=tf.float32),
        smallest()(shape=shape, dtype=tf.float32),
        tf.fixed_size_partitioner(5)(shape=shape, dtype=tf.float32),
        tf.fixed_size_partitioner(5, axis=2)(shape=shape, dtype=tf.float32),
    ]


def case_create_partitioned_variables(tf):
    parts = tf.create_partitioned_variables([5, 2], [2, 1], tf.constant_initializer(2.0), name="p")
    others = tf.create_partitioned_variables([1, 4], [1, 4], [[1.0, 2.0, 3.0, 4.0]])
    again = tf.create_partitioned_variables([5, 2], [2, 1], zeros(tf), name="p", reuse=True)
    with initialized(tf) as session:
        values = plain(session.run(others))
    return [names(parts), names(others), again == parts, values, names(tf.trainable_variables())]


def case_partition_information_reaches_initializers(tf):
    seen = []

    def initializer(shape, dtype, partition_info=None):
        seen.append([list(shape), dtype.name, partition_info.full_shape, partition_info.var_offset])
        seen.append([partition_info.single_offset(shape), partition_info.single_slice_dim(shape)])
        seen.append([error(partition_info.single_offset, s) for s in (3, [9], [9, 9], [1, 1])])
        return tf.ones(shape, dtype)

    tf.get_variable("v", [5, 2], initializer=initializer, partitioner=tf.fixed_size_partitioner(2))
    return seen


# ---------------------------------------------------------------- templates


def case_templates(tf):
    def layer(x, name="w", trainable=True):
        return x * tf.get_variable(name, [1], initializer=tf.constant_initializer(2.0), trainable=trainable)

    t = tf.make_template("t", layer)
    before = [t.name, t.variables, t.variable_scope, t.variable_scope_name]
    a, b = t(1.0), t(3.0)
    other = tf.make_template("t", layer)
    c = other(1.0)
    now = tf.make_template("now", layer, create_scope_now_=True)
    first = now.variable_scope.name
    d = now(1.0)
    own = tf.make_template("t", layer, unique_name_="own", name="renamed", trainable=False)
    e = own(1.0)
    return [
        before,
        [x.name for x in (a, b, c, d, e)],
        names(t.variables) + names(other.variables) + names(now.trainable_variables) + names(own.variables),
        names(own.trainable_variables) + names(own.non_trainable_variables) + names(own.local_variables),
        [first, t.variable_scope.name, t.variable_scope_name, own.variable_scope_name, t.var_scope is t.variable_scope],
        [t.func is layer, names(t.weights), names(t.trainable_weights), names(t.non_trainable_weights)],
    ]


def case_template_errors(tf):
    def bad():
        return tf.Variable(1.0)

    t = tf.make_template("bad", bad)
    t()
    u = tf.make_template("named", lambda: tf.Variable(1.0), unique_name_="u")
    u()
    failing = tf.make_template("failing", lambda: 1 / 0)
    return [
        error(tf.make_template, None, bad),
        error(t)[0],
        error(t)[1].split(":")[0],
        error(failing),
        "originally defined at" in str(_raised(failing)),
        error(failing)[0],
    ]


def _raised(function):
    try:
        function()
    except Exception as exception:
        return exception


def case_nested_templates(tf):
    inner = tf.make_template("inner", lambda: tf.get_variable("v", [1]))
    outer = tf.make_template("outer", lambda: [inner(), tf.get_variable("w", [1])])
    first, second = outer(), outer()
    return [names(first), first == second, names(outer.variables), names(inner.variables)]


CASES = {name[5:]: function for name, function in sorted(globals().items()) if name.startswith("case_")}
