"""tf.gradients and what belongs to it under TensorFlow 1.15.5; the results are kept in gradients.json.

A case takes the module (TensorFlow or PyFlow) and returns plain values. Runs under Python 3.7 as well.
"""

# ruff: noqa: B023  (what a loop's functions bind is used before the loop goes on)

import numpy as np
from state_cases import error, initialized, nodes, plain


def lines(tf, prefix=""):
    """The graph's nodes, one a line."""
    return [
        " ".join([name, kind, ",".join(inputs)] + ["^" + c for c in controls])
        for name, kind, inputs, controls in nodes(tf)
        if name.startswith(prefix)
    ]


def names(results):
    return [None if x is None else x.name for x in results]


def run(tf, fetches, feed=None):
    with initialized(tf) as session:
        return plain(session.run(fetches, feed))


def case_grad_ys(tf):
    x = tf.placeholder(tf.float32, [2], name="x")
    y, z = x * x, tf.exp(x)
    given = [tf.gradients([y, z], x, grad_ys=[tf.constant([1.0, 10.0]), None])[0]]
    given += tf.gradients([y], [x], grad_ys=[[1.0, 2.0]], name="scaled")
    given += tf.gradients(y, x, [tf.ones([2]) * 3.0])
    return [names(given), lines(tf, "scaled"), run(tf, given, {x: [1.0, 2.0]})]


def case_grad_ys_errors(tf):
    x = tf.placeholder(tf.float32, [2], name="x")
    y = x * x
    c = tf.complex(x, x, name="c")
    return [
        error(tf.gradients, [y], [x], grad_ys=[None, None]),
        error(tf.gradients, y, x, grad_ys=[tf.constant(["a", "b"])]),
        error(tf.gradients, y, x, grad_ys=[tf.complex(1.0, 1.0)]),
        error(tf.gradients, c, x),
        error(tf.gradients, c, x, grad_ys=[tf.constant([1.0, 2.0])]),
        error(tf.gradients, y, x, aggregation_method=7),
        error(tf.gradients, y, x, unconnected_gradients="nonsense"),
        error(tf.gradients, [], [x]),
        error(tf.gradients, [y], []),
        error(tf.gradients, y, tf.cast(x, tf.int32)),
        error(tf.gradients, tf.cast(y, tf.int32), x),
        error(tf.gradients, tf.argmax(y), x),
    ]


def case_unconnected(tf):
    x, other = tf.placeholder(tf.float32, [2], name="x"), tf.placeholder(tf.float32, [3], name="other")
    v = tf.Variable([1.0, 2.0], use_resource=True, name="v")
    y = x * 2.0
    zeros = tf.gradients(y, [x, other, v], unconnected_gradients="zero")
    nothing = tf.gradients(y, [other, x, v], unconnected_gradients=tf.UnconnectedGradients.NONE)
    cut = tf.gradients(tf.cast(tf.cast(x, tf.int32), tf.float32), x)
    return [names(zeros), names(nothing), names(cut), run(tf, zeros, {x: [1.0, 2.0], other: np.ones(3)})]


def case_stop_gradients(tf):
    a = tf.constant(0.5, name="a")
    b = 2 * a
    c = a + b
    return [
        run(tf, tf.gradients(c, [a, b])),
        run(tf, tf.gradients(c, [a, b], stop_gradients=[a, b])),
        run(tf, tf.gradients(c, [a, b], stop_gradients=b)),
        run(tf, tf.gradients(a + tf.stop_gradient(b), [a])),
        names(tf.gradients(tf.stop_gradient(b), [a])),
        names(tf.gradients(c, a, stop_gradients=c)),
    ]


def case_not_leaves(tf):
    x = tf.placeholder(tf.float32, [2], name="x")
    a = x * 3.0
    b = tf.square(a)
    c = b + a
    results = tf.gradients(tf.reduce_sum(c), [x, a, b, c])
    same = tf.gradients(c, c)
    return [names(results), names(same), run(tf, results + same, {x: [1.0, 2.0]})]


def case_variables(tf):
    result = []
    for use_resource in (False, True):
        tf.reset_default_graph()
        v = tf.Variable([1.0, 2.0], use_resource=use_resource, name="v")
        w = tf.Variable([3.0, 4.0], use_resource=use_resource, name="w")
        loss = tf.reduce_sum(v * w * v)
        gradients = tf.gradients(loss, [v, w])
        again = tf.gradients(loss, v)
        result.append([names(gradients), names(again), lines(tf, "gradients"), run(tf, gradients + again)])
    return result


def case_indexed_slices(tf):
    result = []
    for use_resource in (False, True):
        tf.reset_default_graph()
        table = tf.get_variable(
            "table", initializer=np.arange(8.0, dtype=np.float32).reshape(4, 2), use_resource=use_resource
        )
        once = tf.gradients(tf.gather(table, [1, 3]), table)[0]
        twice = tf.gradients(tf.reduce_sum(tf.gather(table, [0])) + tf.reduce_sum(tf.gather(table, [[1], [2]])), table)[
            0
        ]
        mixed = tf.gradients(tf.reduce_sum(tf.gather(table, [0]) ** 2) + tf.reduce_sum(table), table)[0]
        through = tf.gradients(tf.gather(table * 2.0, [1, 1]), table)[0]
        parts = [once.values, once.indices, once.dense_shape, twice.values, twice.indices, twice.dense_shape]
        result.append([names(parts), [type(x).__name__ for x in (once, twice, mixed, through)]])
        result.append(run(tf, [*parts, tf.convert_to_tensor(mixed), tf.convert_to_tensor(through)]))
    return result


def case_indexed_slices_of_two_dtypes(tf):
    table = tf.get_variable("table", initializer=np.arange(8.0, dtype=np.float32).reshape(4, 2))
    a, b = tf.gather(table, tf.constant([0, 1])), tf.gather(table, tf.constant([1, 3], tf.int64))
    slices = tf.gradients(tf.reduce_sum(a) + tf.reduce_sum(b) * 2.0, table)[0]
    return [slices.indices.dtype.name, run(tf, [slices.values, slices.indices]), lines(tf, "gradients/")]


def case_second_derivatives(tf):
    x = tf.placeholder(tf.float32, [2], name="x")
    y = tf.reduce_sum(x**3.0 + tf.sin(x) * tf.exp(x))
    first = tf.gradients(y, x)[0]
    second = tf.gradients(first, x)[0]
    third = tf.gradients(second, x)[0]
    return [names([first, second, third]), run(tf, [first, second, third], {x: [0.5, 1.5]})]


def case_aggregation(tf):
    result = []
    for method in (None, tf.AggregationMethod.ADD_N, tf.AggregationMethod.DEFAULT, 1, 2):
        tf.reset_default_graph()
        x = tf.placeholder(tf.float32, [2], name="x")
        y = x * 2.0 + tf.exp(x) + x * x
        gradient = tf.gradients(y, x, aggregation_method=method)[0]
        values = run(tf, gradient, {x: [1.0, 2.0]})
        result.append([values, lines(tf, "gradients") if method in (None, 0) else None])
    return result


def case_gate(tf):
    a, b = tf.placeholder(tf.float32, [2, 3], name="a"), tf.placeholder(tf.float32, [3, 2], name="b")
    y = tf.matmul(a, b) * 2.0
    gradients = tf.gradients(y, [a, b], gate_gradients=True)
    return [names(gradients), lines(tf, "gradients"), run(tf, gradients, {a: np.ones((2, 3)), b: np.ones((3, 2))})]


def case_colocation(tf):
    with tf.device("/device:CPU:0"):
        v = tf.Variable([1.0, 2.0], name="v")
    with tf.device("/device:CPU:1"):
        y = tf.exp(v, name="exp")
    result = []
    for colocate in (False, True):
        tf.gradients(y, v, name="g" + str(colocate), colocate_gradients_with_ops=colocate)
        result += [
            [op.name, op.device, sorted(c.decode() for c in op.colocation_groups())]
            for op in tf.get_default_graph().get_operations()
            if op.name.startswith("g" + str(colocate) + "/")
        ]
    return result


def case_registered_gradients(tf):
    @tf.RegisterGradient("OfGoldenCases")
    def gradient(op, dy):
        return dy * 100.0

    tf.no_gradient("WithoutOneInGoldenCases")
    x = tf.placeholder(tf.float32, [2], name="x")
    with tf.get_default_graph().gradient_override_map({"Square": "OfGoldenCases", "Exp": "WithoutOneInGoldenCases"}):
        overridden = tf.square(x)
        cut = tf.exp(x)
    with tf.get_default_graph().gradient_override_map({"Square": "NeverRegistered"}):
        unknown = tf.square(x, name="unknown")
    results = tf.gradients([overridden, tf.square(x)], x)
    return [
        names(results),
        run(tf, results, {x: [1.0, 2.0]}),
        names(tf.gradients(cut, x)),
        error(tf.gradients, unknown, x),
        overridden.op.get_attr("_gradient_op_type").decode(),
        error(tf.RegisterGradient("OfGoldenCases"), gradient)[1].split(" (")[0].strip('"'),
        error(tf.RegisterGradient("Square"), gradient)[1].split(" (")[0].strip('"'),
        error(tf.RegisterGradient, 3),
        error(tf.no_gradient, 3),
        tf.NotDifferentiable is tf.no_gradient,
    ]


def case_gradients_of_the_wrong_kind(tf):
    results = []
    for i, wrong in enumerate((lambda dy: [dy, dy], lambda dy: tf.ones([5]), lambda dy: dy[0])):
        tf.reset_default_graph()
        name = "WrongOfGoldenCases" + str(i)
        tf.RegisterGradient(name)(lambda op, dy: wrong(dy))
        x = tf.placeholder(tf.float32, [2], name="x")
        with tf.get_default_graph().gradient_override_map({"Square": name}):
            y = tf.square(x, name="square")
        what = error(tf.gradients, y, x)
        results.append(None if what is None else [what[0], what[1][:40]])
    return results


def case_without_gradient(tf):
    x = tf.placeholder(tf.float32, [2], name="x")
    rounded = tf.gradients(tf.round(x), x)
    through = tf.gradients(tf.floor(x) + x, x)
    return [
        names(rounded),
        names(through),
        names(tf.gradients(tf.range(tf.size(x)), x)),
        error(tf.gradients, x > 1.0, x),
    ]


def case_node_names(tf):
    """Static and dynamic shapes of ys; names within scopes; a name given."""
    result = []
    for shape in ([], [2, 3], [None, 3], None):
        tf.reset_default_graph()
        x = tf.placeholder(tf.float32, shape, name="x")
        with tf.name_scope("layer"):
            y = tf.tanh(x * 2.0)
        with tf.name_scope("backwards"):
            tf.gradients([y, y], [x])
        tf.gradients(y, x, name="mine")
        result.append(lines(tf))
    return result


def case_ops_with_several_outputs(tf):
    x = tf.placeholder(tf.float32, [4], name="x")
    a, b = tf.split(x, 2)
    top, _ = tf.nn.top_k(x, 2)
    one = tf.unstack(x)[1]
    results = tf.gradients([a], x) + tf.gradients([top], x) + tf.gradients(one * one, x) + tf.gradients([b, a * a], x)
    return [names(results), run(tf, results, {x: [1.0, 4.0, 2.0, 3.0]}), lines(tf, "gradients/")]


def case_hessians(tf):
    x = tf.placeholder(tf.float32, [2], name="x")
    m = tf.placeholder(tf.float32, [2, 2], name="m")
    y = tf.reduce_sum(x**3.0) + x[0] * x[1] + tf.reduce_sum(tf.matmul(m, m)) * x[0]
    feed = {x: [1.0, 2.0], m: [[1.0, 2.0], [3.0, 4.0]]}
    results = tf.hessians(y, [x, m])
    alone = tf.hessians(y, x)
    return [
        [r.shape.as_list() for r in results],
        run(tf, results, feed),
        run(tf, alone, feed),
        error(tf.hessians, x[0] * x[1], m),
    ]


def case_custom_gradient(tf):
    @tf.custom_gradient
    def log1pexp(x):
        e = tf.exp(x)

        def grad(dy):
            return dy * (1 - 1 / (1 + e))

        return tf.log(1 + e), grad

    x = tf.constant(100.0)
    y = log1pexp(x)
    dy = tf.gradients(y, x)
    return [y.name, names(dy), run(tf, dy), [line for line in lines(tf) if "CustomGradient" not in line]]


def case_custom_gradient_of_several(tf):
    @tf.custom_gradient
    def product(x, y):
        """The product and the sum."""

        def grad(dp, ds):
            return [dp * y + ds, dp * x + ds * 10.0]

        return (x * y, x + y), grad

    a, b = tf.constant([1.0, 2.0]), tf.constant([3.0, 4.0])
    p, s = product(a, b)
    return [
        product.__name__,
        run(tf, [p, s]),
        run(tf, tf.gradients([p, s], [a, b])),
        run(tf, tf.gradients(p, [a, b])),
        error(product, a, y=b),
    ]


def case_custom_gradient_with_variables(tf):
    with tf.variable_scope("scope", use_resource=True):
        w = tf.get_variable("w", initializer=np.array([2.0, 3.0], np.float32))

        @tf.custom_gradient
        def scaled(x):
            factor = tf.get_variable("factor", initializer=np.array([5.0, 7.0], np.float32))

            def grad(dy, variables=None):
                return [dy * 100.0], [dy * 1000.0 for _ in variables]

            return x * factor, grad

        y = scaled(w)
        factor = [v for v in tf.global_variables() if v.name == "scope/factor:0"][0]

        @tf.custom_gradient
        def without(x):
            return x * tf.get_variable("third", initializer=np.float32(1.0)), lambda dy: dy

        return [run(tf, [y] + tf.gradients(y, [w, factor])), error(without, w)]


CASES = {name[5:]: value for name, value in dict(globals()).items() if name.startswith("case_")}
