"""What tf.graph_util makes of small graphs under TensorFlow 1.15.5: kept in graph_util.json. Python 3.7 runs it too."""

import collections


def described(graph_def):
    nodes = []
    for node in graph_def.node:
        attrs = collections.OrderedDict((key, str(node.attr[key])) for key in sorted(node.attr))
        nodes.append([node.name, node.op, list(node.input), node.device, attrs])
    return [nodes, graph_def.versions.producer]


def names(graph_def):
    return [[node.name, node.op, list(node.input)] for node in graph_def.node]


def model(tf, use_resource):
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    with tf.device("/cpu:0"):
        w = tf.get_variable("w", initializer=[[1.5, 2.5], [3.5, 4.5]], use_resource=use_resource)
    table = tf.get_variable("table", initializer=[[1.5], [2.5]], use_resource=use_resource)
    rows = tf.nn.embedding_lookup(table, [1, 0], name="rows")
    product = tf.matmul(x, w, name="product")
    tf.identity(product, name="y")
    tf.get_variable("unused", initializer=[1.5], use_resource=use_resource)
    tf.identity(rows, name="z")
    return tf.get_default_graph()


def frozen(use_resource, **options):
    def case(tf):
        graph = model(tf, use_resource)
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            return described(
                tf.graph_util.convert_variables_to_constants(sess, graph.as_graph_def(), ["y", "z"], **options)
            )

    return case


def extracted(*nodes):
    def case(tf):
        return names(tf.graph_util.extract_sub_graph(model(tf, False).as_graph_def(), list(nodes)))

    return case


def training_nodes(**options):
    def case(tf):
        x = tf.placeholder(tf.float32, [2], name="x")
        checked = tf.check_numerics(x, "bad", name="checked")
        with tf.control_dependencies([checked]):
            a = tf.identity(x, name="waits")
        b = tf.identity(a, name="b")
        c = tf.identity(b, name="c")
        with tf.control_dependencies([c]):
            tf.add(b, x, name="sum")
        tf.negative(tf.identity(tf.identity(x, name="d"), name="e"), name="n")
        return names(tf.graph_util.remove_training_nodes(tf.get_default_graph().as_graph_def(), **options))

    return case


def on_cpu(tf):
    model(tf, True)
    tf.assign(tf.get_variable("r", initializer=[1.5], use_resource=False), [2.5])
    ops = tf.get_default_graph().get_operations()
    ops.append(tf.cast(tf.constant([1]), tf.float32).op)
    ops.append(tf.dynamic_stitch([[0]], [[1]]).op)
    return [[op.name] + [tf.graph_util.must_run_on_cpu(op, pin) for pin in (False, True)] for op in ops]


def shape_by_name(tf):
    graph = model(tf, False)
    return [str(tf.graph_util.tensor_shape_from_node_def_name(graph, name)) for name in ("y", "w:0")]


def error(program):
    def case(tf):
        try:
            program(tf)
        except Exception as error:
            return [type(error).__name__, str(error).partition("\n")[0]]
        return "no error"

    return case


def freeze_uninitialized(tf):
    graph = model(tf, False)
    with tf.Session() as sess:
        tf.graph_util.convert_variables_to_constants(sess, graph.as_graph_def(), ["y"])


CASES = {
    "frozen": frozen(False),
    "frozen_resources": frozen(True),
    "frozen_some": frozen(False, variable_names_whitelist=["w"]),
    "frozen_others": frozen(False, variable_names_blacklist=["w"]),
    "extracted": extracted("y"),
    "extracted_two": extracted("z", "unused"),
    "training_nodes": training_nodes(),
    "training_nodes_protected": training_nodes(protected_nodes=["e", "checked"]),
    "on_cpu": on_cpu,
    "shape_by_name": shape_by_name,
    "extract_missing": error(lambda tf: tf.graph_util.extract_sub_graph(tf.GraphDef(), ["a"])),
    "extract_text": error(lambda tf: tf.graph_util.extract_sub_graph(tf.GraphDef(), "a")),
    "extract_no_graph": error(lambda tf: tf.graph_util.extract_sub_graph(None, ["a"])),
    "freeze_uninitialized": error(freeze_uninitialized),
}
