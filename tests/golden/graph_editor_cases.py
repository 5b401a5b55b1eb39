"""tf.contrib.graph_editor under TensorFlow 1.15.5; kept in graph_editors.json. Python 3.7 runs it too."""

import numpy as np
from state_cases import error


def editor(tf):
    assert tf.contrib  # its modules are there once it has been loaded
    return tf.contrib.graph_editor


def small(tf):
    """Two inputs, what is made of them, and an operation that waits."""
    a, b = tf.placeholder(tf.float32, [2], name="a"), tf.constant([1.0, 2.0], name="b")
    with tf.name_scope("inner"):
        c = tf.add(a, b, name="c")
        d = tf.multiply(c, a, name="d")
    with tf.control_dependencies([d]):
        e = tf.identity(c, name="e")
    return a, b, c, d, e, tf.add(d, e, name="f")


def names(things):
    return sorted(x.name for x in things)


def case_selection(tf):
    ge = editor(tf)
    a, b, c, d, e, f = small(tf)
    graph = tf.get_default_graph()
    return [
        names(ge.filter_ops_from_regex(graph, "^inner/")),
        names(ge.filter_ts_from_regex(graph, "c")),
        names(ge.filter_ts([c.op], True)),
        names(ge.get_name_scope_ops(graph, "inner")),
        names(ge.select_ops("^inner", e.op, graph=graph)),
        names(ge.select_ts("(?#ts)e", graph=graph)),
        [names(x) for x in ge.select_ops_and_ts("f", "(?#ts)c:0", graph=graph)],
        names(ge.get_tensors(graph)),
        names(ge.get_generating_ops([c, d])),
        names(ge.get_consuming_ops([a])),
        error(ge.select_ops, "x"),
        error(ge.select_ops, "x", wrong=1),
    ]


def case_walks(tf):
    ge = editor(tf)
    a, b, c, d, e, f = small(tf)
    return [
        names(ge.get_forward_walk_ops([b.op])),
        names(ge.get_forward_walk_ops([c], inclusive=False)),
        names(ge.get_forward_walk_ops(b.op, stop_at_ts=[d])),
        names(ge.get_backward_walk_ops([d.op])),
        names(ge.get_backward_walk_ops([e], control_inputs=True)),
        names(ge.get_backward_walk_ops([e])),
        names(ge.get_backward_walk_ops([f.op], inclusive=False, within_ops=[f.op, d.op, c.op])),
        names(ge.get_walks_intersection_ops([b.op], [d.op])),
        names(ge.get_walks_union_ops([e.op], [d.op])),
    ]


def case_rewiring(tf):
    ge = editor(tf)
    a, b, c, d, e, f = small(tf)
    other = tf.constant([10.0, 20.0], name="other")
    changed = ge.reroute_ts([other], [c], can_modify=[e.op])
    swapped = ge.swap_ts([d], [e])
    ge.remove_control_inputs(e.op, [d.op])
    with tf.Session() as session:
        value = session.run(f, {a: [3.0, 4.0]}).tolist()
    return [changed, swapped, [t.name for t in f.op.inputs], names(e.op.control_inputs), value,
            error(ge.reroute_ts, [other], [c, d]), error(ge.reroute_ts, [tf.constant(1)], [c])]


def case_copies(tf):
    ge = editor(tf)
    a, b, c, d, e, f = small(tf)
    other = tf.constant([10.0, 20.0], name="other")
    copied, info = ge.copy_with_input_replacements(ge.sgv([c.op, d.op]), {a: other})
    scoped, _ = ge.copy(ge.sgv([c.op, d.op]), dst_scope="there", src_scope="inner")
    replaced = ge.graph_replace(f, {c: other})
    with tf.Session() as session:
        values = session.run([info.transformed(d), replaced], {a: [3.0, 4.0]})
    return [names(copied.ops), names(scoped.ops), info.transformed(c).name, [np.ravel(v).tolist() for v in values],
            names(t for t in ge.sgv([c.op, d.op]).inputs), names(ge.sgv([c.op, d.op]).outputs)]


CASES = {name[5:]: value for name, value in dict(globals()).items() if name.startswith("case_")}
