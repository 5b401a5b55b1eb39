"""tf.feature_column under TensorFlow 1.15.5: nodes, variables, values, specs, errors; kept in feature_columns.json.

A case takes the module (TensorFlow or PyFlow) and returns plain values. Runs under Python 3.7 as well.
"""

import os
import re
import tempfile

import numpy as np
from layer_cases import collections, rounded, waves
from state_cases import error, nodes


def graph_and_values(tf, outputs, with_nodes=True):
    """Nodes, collections, names, shapes and values; tables are initialised too.

    What a check does when it fails is left out: in PyFlow that is a function.
    """
    outputs = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
    graph = [node if with_nodes else node[:2] for node in nodes(tf) if "/AssertGuard/" not in node[0]]
    found = collections(tf)
    found["model_variables"] = [v.name for v in tf.get_collection("model_variables")]
    with tf.Session() as session:
        session.run([tf.global_variables_initializer(), tf.tables_initializer()])
        values = session.run(outputs)
    return [graph, found, [[o.name, str(o.shape), o.dtype.name] for o in outputs], rounded(values)]


def sparse(tf, values, indices=((0, 0), (1, 0), (1, 1)), shape=(2, 2)):
    return tf.SparseTensor(np.array(indices, np.int64), values, np.array(shape, np.int64))


def words(function, *args, **kwargs):
    """The error of a call, without addresses and the paths of classes, which differ between the two."""
    found = error(function, *args, **kwargs)
    if found is None:
        return None
    text = re.sub(r"<class '([\w.]*\.)?(\w+)'>", r"<class '\2'>", found[1])
    text = re.sub(r"<[\w.]+ object at 0x\w+>", "<object>", text)
    text = re.sub(r"<function [^>]*>(\.<lambda> at 0x\w+>)?", "<function>", text)
    return [found[0], text]


def case_numeric(tf):
    fc = tf.feature_column
    columns = [
        fc.numeric_column("price"),
        fc.numeric_column("area", shape=(2, 2), dtype=tf.int32),
        fc.numeric_column("age", shape=3, normalizer_fn=lambda x: x / 2.0),
    ]
    features = {
        "price": [[1.0], [2.0]],
        "age": tf.constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]),
        "area": np.arange(8).reshape(2, 2, 2).astype(np.int32),
    }
    given = {}
    net = fc.input_layer(features, columns, cols_to_output_tensors=given)
    return graph_and_values(tf, [net] + [given[c] for c in columns])


def case_vectors_become_matrices(tf):
    fc = tf.feature_column
    rows = tf.SparseTensor([[0], [2]], ["a", "b"], [3])
    columns = [fc.numeric_column("price"), fc.indicator_column(fc.categorical_column_with_vocabulary_list("w", "ab"))]
    return graph_and_values(tf, fc.input_layer({"price": [1.0, 2.0, 3.0], "w": rows}, columns))


def case_unknown_rank(tf):
    fc = tf.feature_column
    price = tf.placeholder_with_default([1.0, 2.0], None)
    ids = tf.placeholder_with_default(np.array([[0, 1], [1, 1]]), None)
    columns = [fc.numeric_column("price"), fc.indicator_column(fc.categorical_column_with_identity("ids", 2))]
    return graph_and_values(tf, fc.input_layer({"price": price, "ids": ids}, columns), with_nodes=False)[2:]


def case_bucketized(tf):
    fc = tf.feature_column
    column = fc.bucketized_column(fc.numeric_column("price", shape=[2]), [0.0, 2.0, 4.0, 6.0])
    features = {"price": [[-1.0, 1.0], [5.0, 6.0]]}
    return graph_and_values(tf, [fc.input_layer(features, [column]), fc.linear_model(features, [column], units=2)])


def case_hashed(tf):
    fc = tf.feature_column
    texts = fc.categorical_column_with_hash_bucket("wire", 10)
    numbers = fc.categorical_column_with_hash_bucket("number", 7, dtype=tf.int64)
    features = {"wire": sparse(tf, ["omar", "stringer", "marlo"]), "number": tf.constant([[101, -1], [201, 7]])}
    columns = [fc.indicator_column(texts), fc.indicator_column(numbers)]
    return graph_and_values(tf, fc.input_layer(features, columns))


def case_vocabulary_list(tf):
    fc = tf.feature_column
    columns = [
        fc.categorical_column_with_vocabulary_list("a", ("omar", "stringer", "marlo")),
        fc.categorical_column_with_vocabulary_list("b", ["omar", "stringer"], default_value=1),
        fc.categorical_column_with_vocabulary_list("c", (30, 5), dtype=tf.int32, num_oov_buckets=3),
    ]
    features = {
        "a": sparse(tf, ["marlo", "skywalker", "omar"]),
        "b": tf.constant([["omar", ""], ["skywalker", "stringer"]]),
        "c": tf.constant([[30, 99], [5, -1]], tf.int32),
    }
    return graph_and_values(tf, fc.input_layer(features, [fc.indicator_column(c) for c in columns]))


def case_vocabulary_file(tf):
    fc = tf.feature_column
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "words.txt")
        with open(path, "w") as f:
            f.write("omar\nstringer\nmarlo\n")
        columns = [
            fc.categorical_column_with_vocabulary_file("a", path),
            fc.categorical_column_with_vocabulary_file("b", path, vocabulary_size=2, num_oov_buckets=2),
            fc.categorical_column_with_vocabulary_file("c", path, 3, default_value=1),
        ]
        features = {
            "a": sparse(tf, ["marlo", "skywalker", "omar"]),
            "b": sparse(tf, ["marlo", "skywalker", "omar"]),
            "c": sparse(tf, ["marlo", "skywalker", "omar"]),
        }
        outputs = fc.input_layer(features, [fc.indicator_column(c) for c in columns])
        sizes = [[c.vocabulary_size, c.num_oov_buckets, c.default_value, c._num_buckets] for c in columns]
        return sizes + graph_and_values(tf, outputs, with_nodes=False)[2:]


def case_identity(tf):
    fc = tf.feature_column
    columns = [
        fc.categorical_column_with_identity("a", 3),
        fc.categorical_column_with_identity("b", 4, default_value=3),
    ]
    features = {"a": sparse(tf, [0, 1, 2]), "b": tf.constant([[-5, 2], [-1, 77]], tf.int32)}
    return graph_and_values(tf, fc.input_layer(features, [fc.indicator_column(c) for c in columns]))


def case_identity_outside(tf):
    fc = tf.feature_column
    ids = tf.placeholder(tf.int64, [None, None])
    columns = fc.indicator_column(fc.categorical_column_with_identity("a", 3))
    net = fc.input_layer({"a": ids}, columns)
    with tf.Session() as session:
        return [words(session.run, net, {ids: [[0, 5]]}), words(session.run, net, {ids: [[-2, 1]]})]


def case_weighted(tf):
    fc = tf.feature_column
    column = fc.weighted_categorical_column(fc.categorical_column_with_identity("ids", 3), "weights")
    features = {"ids": sparse(tf, [0, 2, 1]), "weights": sparse(tf, [0.5, 1.0, 0.1])}
    embedding = fc.embedding_column(column, 2, initializer=waves(tf))
    net = fc.input_layer(features, [fc.indicator_column(column), embedding])
    model = fc.linear_model(features, [column])
    return graph_and_values(tf, [net, model])


def case_weighted_dense(tf):
    fc = tf.feature_column
    column = fc.weighted_categorical_column(fc.categorical_column_with_identity("ids", 3), "weights", tf.int32)
    features = {"ids": tf.constant([[0, -1], [2, 1]]), "weights": tf.constant([[5, 0], [1, 3]])}
    return graph_and_values(tf, fc.input_layer(features, [fc.indicator_column(column)]))


def case_crossed(tf):
    fc = tf.feature_column
    price = fc.bucketized_column(fc.numeric_column("price"), [0.0, 1.0])
    ids = fc.categorical_column_with_identity("ids", 3)
    inner = fc.crossed_column([price, "wire"], 10)
    columns = [
        fc.crossed_column(["wire", price], 10),
        fc.crossed_column([ids, "wire"], 15, hash_key=5),
        fc.crossed_column([inner, ids], 20),
    ]
    features = {
        "price": [[0.5], [2.0]],
        "wire": sparse(tf, ["omar", "stringer", "marlo"]),
        "ids": tf.constant([[0, -1], [2, 1]]),
    }
    names = [[c.name, c._num_buckets] for c in columns + [inner]]
    return names + graph_and_values(tf, fc.input_layer(features, [fc.indicator_column(c) for c in columns]))


def case_embedding(tf):
    fc = tf.feature_column
    ids = fc.categorical_column_with_identity("ids", 3)
    columns = [
        fc.embedding_column(ids, 2, initializer=waves(tf)),
        fc.embedding_column(fc.categorical_column_with_identity("b", 3), 2, "sqrtn", waves(tf), trainable=False),
        fc.embedding_column(fc.categorical_column_with_identity("c", 3), 2, "sum", waves(tf), max_norm=0.5),
    ]
    features = {"ids": sparse(tf, [0, 2, 1], ((0, 0), (2, 0), (2, 1)), (4, 2))}
    features["b"] = features["c"] = features["ids"]
    variables, tensors = {}, {}
    net = fc.input_layer(features, columns, ["mine"], cols_to_vars=variables, cols_to_output_tensors=tensors)
    again = fc.input_layer(features, columns[0])
    mine = [v.name for v in tf.get_collection("mine")]
    of_columns = [[v.name for v in variables[c]] for c in columns]
    return [mine, of_columns] + graph_and_values(tf, [net, again] + [tensors[c] for c in columns])


def case_embedding_in_scope(tf):
    fc = tf.feature_column
    column = fc.embedding_column(fc.categorical_column_with_identity("ids", 3), 2, initializer=waves(tf))
    features = {"ids": sparse(tf, [0, 2, 1])}
    with tf.variable_scope("net", partitioner=tf.fixed_size_partitioner(2, axis=0)):
        variables = {}
        first = fc.input_layer(features, [column], trainable=False, cols_to_vars=variables)
    with tf.variable_scope("net", reuse=True, partitioner=tf.fixed_size_partitioner(2, axis=0)):
        second = fc.input_layer(features, [column])
    names = [v.name for v in variables[column]]
    return [names] + graph_and_values(tf, [first, second], with_nodes=False)


def case_shared_embedding(tf):
    fc = tf.feature_column
    a, b = fc.categorical_column_with_identity("a", 3), fc.categorical_column_with_identity("b", 3)
    weighted = fc.weighted_categorical_column(b, "weights")
    columns = fc.shared_embedding_columns([weighted, a], 2, initializer=waves(tf))
    named = fc.shared_embedding_columns([a, b], 2, "sum", waves(tf), "mine", trainable=False)
    features = {
        "a": sparse(tf, [2, 1, 0]),
        "b": sparse(tf, [1, 2, 0]),
        "weights": sparse(tf, [1.0, 0.5, 2.0]),
    }
    variables = {}
    nets = [fc.input_layer(features, columns, cols_to_vars=variables), fc.input_layer(features, named)]
    found = [
        [c.name, c.shared_embedding_collection_name, [v.name for v in variables.get(c, [])]] for c in columns + named
    ]
    found.append([v.name for v in tf.get_collection("mine")])
    return found + graph_and_values(tf, nets)


def case_linear_model(tf):
    fc = tf.feature_column
    price = fc.numeric_column("price")
    columns = [
        fc.categorical_column_with_vocabulary_list("wire", ["omar", "stringer", "marlo"]),
        price,
        fc.bucketized_column(price, [0.0, 2.0]),
        fc.crossed_column(["wire", "other"], 5),
    ]
    features = {
        "price": [[1.0], [5.0]],
        "wire": sparse(tf, ["marlo", "skywalker", "omar"]),
        "other": tf.constant([["x"], ["y"]]),
    }
    variables = {}
    sums = fc.linear_model(features, columns, weight_collections=["mine"], cols_to_vars=variables)
    again = fc.linear_model(features, columns[:2], units=3, sparse_combiner="mean", trainable=False)
    mine = [v.name for v in tf.get_collection("mine")]
    of_columns = [[v.name for v in variables[c]] for c in columns + ["bias"]]
    outputs = graph_and_values(tf, [sums, again])
    with tf.Session() as session:
        session.run([tf.global_variables_initializer(), tf.tables_initializer()])
        for v in tf.global_variables():
            v.load(np.arange(1.0, 1.0 + np.prod(v.shape.as_list())).reshape(v.shape.as_list()), session)
        values = rounded(session.run([sums, again]))
    return [mine, of_columns, values] + outputs


def case_linear_model_in_scope(tf):
    fc = tf.feature_column
    columns = [fc.numeric_column("price"), fc.categorical_column_with_identity("ids", 3)]
    features = {"price": [[1.0], [5.0]], "ids": sparse(tf, [2, 1, 0])}
    with tf.variable_scope("net", partitioner=tf.fixed_size_partitioner(2, axis=0)):
        variables = {}
        first = fc.linear_model(features, columns, cols_to_vars=variables)
    with tf.variable_scope("net", reuse=True, partitioner=tf.fixed_size_partitioner(2, axis=0)):
        second = fc.linear_model(features, columns)
    of_columns = [[v.name for v in variables[c]] for c in columns + ["bias"]]
    return [of_columns] + graph_and_values(tf, [first, second], with_nodes=False)


def case_weights_of_embedding_in_linear_model(tf):
    fc = tf.feature_column
    column = fc.embedding_column(fc.categorical_column_with_identity("ids", 3), 2, initializer=waves(tf))
    variables = {}
    sums = fc.linear_model({"ids": sparse(tf, [2, 1, 0])}, [column], cols_to_vars=variables)
    return [[v.name for v in variables[c]] for c in (column, "bias")] + graph_and_values(tf, sums)


def _columns(tf):
    fc = tf.feature_column
    price = fc.numeric_column("price", shape=(2,), default_value=1)
    ids = fc.categorical_column_with_identity("ids", 3)
    wire = fc.categorical_column_with_hash_bucket("wire", 4)
    return [
        price,
        fc.bucketized_column(price, (0, 1)),
        ids,
        wire,
        fc.categorical_column_with_hash_bucket("number", 4, tf.int32),
        fc.categorical_column_with_vocabulary_list("words", ("a", "b")),
        fc.categorical_column_with_vocabulary_list("numbers", (1, 2)),
        fc.weighted_categorical_column(ids, "weights"),
        fc.crossed_column(["u", "v", ids], 9),
        fc.indicator_column(ids),
        fc.sequence_categorical_column_with_identity("steps", 3),
        fc.sequence_numeric_column("measures", 2),
        fc.sequence_categorical_column_with_hash_bucket("texts", 3),
        fc.sequence_categorical_column_with_vocabulary_list("listed", ("a", "b"), num_oov_buckets=2),
    ]


def case_properties(tf):
    columns = _columns(tf)
    found = []
    for column in columns:
        spec = column.parse_example_spec
        buckets = getattr(column, "num_buckets", None)
        shape = getattr(column, "variable_shape", None)
        found.append(
            [str(column), column.name, sorted(map(str, spec.items())), buckets, str(shape), column._is_v2_column]
        )
        found.append([str(parent) for parent in column.parents] + list(column._fields))
    equal = [[a == b for b in _columns(tf)] for a in columns]
    ordered = [str(c) for c in sorted(columns)]
    return found + [equal, ordered, len({hash(c) for c in columns + _columns(tf)})]


def case_parse_example_spec(tf):
    fc = tf.feature_column
    columns = [c for c in _columns(tf)[:11] if c.name != "number"]
    spec = fc.make_parse_example_spec(columns)
    example = tf.train.Example()
    example.features.feature["ids"].int64_list.value.extend([2, 0])
    example.features.feature["wire"].bytes_list.value.extend([b"omar"])
    for key in ("u", "v"):
        example.features.feature[key].bytes_list.value.extend([b"x", b"y"])
    parsed = tf.parse_example([example.SerializeToString()], spec)
    net = fc.input_layer(parsed, [columns[0], columns[1], columns[8], fc.indicator_column(columns[7])])
    return [sorted(map(str, spec.items()))] + graph_and_values(tf, net, with_nodes=False)[2:]


def case_errors_of_columns(tf):
    fc = tf.feature_column
    price, ids = fc.numeric_column("price"), fc.categorical_column_with_identity("ids", 3)
    wire = fc.categorical_column_with_hash_bucket("wire", 4)
    calls = [
        (fc.numeric_column, "a", (0, 1)),
        (fc.numeric_column, "a", (1.5,)),
        (fc.numeric_column, ("a",)),
        (fc.numeric_column, "a", (1,), [1.0, 2.0]),
        (fc.numeric_column, "a", (1,), "x"),
        (fc.numeric_column, "a", (1,), 1.5, tf.int32),
        (fc.numeric_column, "a", (2,), [[1.0], [2.0]]),
        (fc.numeric_column, "a", (1,), None, tf.string),
        (fc.numeric_column, "a", (1,), None, tf.float32, "f"),
        (fc.bucketized_column, ids, [1]),
        (fc.bucketized_column, "price", [1]),
        (fc.bucketized_column, fc.numeric_column("m", (2, 2)), [1]),
        (fc.bucketized_column, price, []),
        (fc.bucketized_column, price, 5),
        (fc.bucketized_column, price, [1, 1]),
        (fc.categorical_column_with_hash_bucket, "a", None),
        (fc.categorical_column_with_hash_bucket, "a", 0),
        (fc.categorical_column_with_hash_bucket, 5, 3),
        (fc.categorical_column_with_hash_bucket, "a", 3, tf.float32),
        (fc.categorical_column_with_vocabulary_file, "a", ""),
        (fc.categorical_column_with_vocabulary_file, "a", "/nowhere/file"),
        (fc.categorical_column_with_vocabulary_file, "a", "f", 0),
        (fc.categorical_column_with_vocabulary_file, "a", "f", 3, 2, 1),
        (fc.categorical_column_with_vocabulary_file, "a", "f", 3, -2),
        (fc.categorical_column_with_vocabulary_file, "a", "f", 3, 0, None, tf.float32),
        (fc.categorical_column_with_vocabulary_list, "a", []),
        (fc.categorical_column_with_vocabulary_list, "a", None),
        (fc.categorical_column_with_vocabulary_list, "a", ["x", "x"]),
        (fc.categorical_column_with_vocabulary_list, "a", ["x"], None, 2, 1),
        (fc.categorical_column_with_vocabulary_list, "a", ["x"], None, -1, -2),
        (fc.categorical_column_with_vocabulary_list, "a", [1.5]),
        (fc.categorical_column_with_vocabulary_list, "a", ["x"], tf.int32),
        (fc.categorical_column_with_vocabulary_list, "a", [1], tf.string),
        (fc.categorical_column_with_identity, "a", 0),
        (fc.categorical_column_with_identity, "a", 3, 3),
        (fc.categorical_column_with_identity, 3, 3),
        (fc.weighted_categorical_column, ids, "w", tf.string),
        (fc.weighted_categorical_column, ids, "w", None),
        (fc.crossed_column, ["a", "b"], 0),
        (fc.crossed_column, ["a"], 5),
        (fc.crossed_column, ["a", 3], 5),
        (fc.crossed_column, ["a", wire], 5),
        (fc.crossed_column, ["a", price], 5),
        (fc.embedding_column, ids, 0),
        (fc.embedding_column, ids, None),
        (fc.embedding_column, ids, 2, "mean", None, "ckpt"),
        (fc.embedding_column, ids, 2, "mean", "zeros"),
        (fc.shared_embedding_columns, [ids], 0),
        (fc.shared_embedding_columns, [ids, wire], 2),
        (fc.shared_embedding_columns, [ids, fc.categorical_column_with_identity("z", 4)], 2),
        (fc.shared_embedding_columns, [ids], 2, "mean", "zeros"),
        (fc.sequence_numeric_column, "a", 0),
        (fc.sequence_numeric_column, "a", 1, 0.0, tf.string),
        (fc.sequence_numeric_column, "a", 1, 0.0, tf.float32, "f"),
    ]
    return [words(*call) for call in calls]


def case_errors_of_layers(tf):
    fc = tf.feature_column
    price, ids = fc.numeric_column("price"), fc.categorical_column_with_identity("ids", 3)
    wire = fc.categorical_column_with_hash_bucket("wire", 4)
    steps = fc.sequence_categorical_column_with_identity("steps", 3)
    listed = fc.categorical_column_with_vocabulary_list("wire", ["x"])
    weighted = fc.weighted_categorical_column(ids, "w")
    features = {"price": [[1.0], [2.0]], "ids": sparse(tf, [0, 1, 2]), "steps": sparse(tf, [0, 1, 2]), "w": [[1], [2]]}

    def with_feature(**more):
        return dict(features, **more)

    layers = [
        (features, []),
        (features, {"a": price}),
        (features, [3]),
        (features, [ids]),
        (features, [price, fc.numeric_column("price", 2)]),
        (features, [fc.numeric_column("other")]),
        (features, fc.embedding_column(steps, 2)),
        (features, fc.indicator_column(steps)),
        (features, fc.shared_embedding_columns([steps], 2)),
        (with_feature(price=3.0), price),
        (with_feature(price=sparse(tf, [0.0, 1.0, 2.0])), price),
        (with_feature(price=[[1.0]]), [price, fc.numeric_column("w")]),
        (with_feature(wire=[[1], [2]]), fc.indicator_column(wire)),
        (with_feature(wire=[[1.5], [2.0]]), fc.indicator_column(wire)),
        (with_feature(wire=[[1], [2]]), fc.indicator_column(listed)),
        (with_feature(ids=[["a"], ["b"]]), fc.indicator_column(ids)),
        (features, fc.indicator_column(weighted)),
        (features, fc.indicator_column(fc.crossed_column(["price", weighted], 3))),
    ]
    models = [
        (features, []),
        (features, [3]),
        (features, fc.numeric_column("other")),
        (features, fc.embedding_column(steps, 2)),
        (with_feature(w=[[1.0]]), [price, fc.numeric_column("w")]),
    ]
    specs = [[3], [price, fc.numeric_column("price", 2)], [fc.weighted_categorical_column(ids, "ids")]]
    found = [words(fc.input_layer, *call) for call in layers]
    found += [words(fc.linear_model, *call) for call in models]
    return found + [words(fc.make_parse_example_spec, spec) for spec in specs]


CASES = {name[5:]: thing for name, thing in sorted(globals().items()) if name.startswith("case_")}
