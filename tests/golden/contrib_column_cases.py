"""tf.contrib.layers' columns under TensorFlow 1.15.5; kept in contrib_columns.json.

A case takes the module (TensorFlow or PyFlow) and returns plain values. Runs under Python 3.7 as well.
"""

import os
import tempfile

import numpy as np
from feature_column_cases import graph_and_values, sparse, words
from layer_cases import rounded, waves


def _features(tf):
    return {
        "price": tf.constant([[1.0], [5.0]]),
        "size": tf.constant([[1, 2], [3, 4]]),
        "wire": sparse(tf, ["omar", "stringer", "marlo"]),
        "ids": sparse(tf, np.array([7, 1, 2], np.int64)),
        "dense": tf.constant([["a", ""], ["b", "c"]]),
        "weights": sparse(tf, [0.5, 1.0, 0.25]),
    }


def _columns(tf):
    layers = tf.contrib.layers
    price = layers.real_valued_column("price", normalizer=lambda x: x * 2.0)
    size = layers.real_valued_column("size", 2, dtype=tf.int32, default_value=[1, 2])
    wire = layers.sparse_column_with_keys("wire", ["marlo", "omar"])
    ids = layers.sparse_column_with_integerized_feature("ids", 5)
    return {
        "price": price,
        "size": size,
        "by price": layers.bucketized_column(price, [1.0, 3.0, 3.0]),
        "by size": layers.bucketized_column(size, [2.0, 3.0]),
        "wire": wire,
        "ids": ids,
        "dense": layers.sparse_column_with_hash_bucket("dense", 6, combiner="mean"),
        "weighted": layers.weighted_sparse_column(ids, "weights"),
        "crossed": layers.crossed_column([wire, ids], 10),
    }


def case_input(tf):
    layers, columns = tf.contrib.layers, _columns(tf)
    used = [columns[name] for name in ("price", "size", "by price", "by size")]
    used += [layers.one_hot_column(columns[name]) for name in ("wire", "ids", "dense", "weighted")]
    used += [
        layers.embedding_column(columns["wire"], 2, initializer=waves(tf)),
        layers.embedding_column(columns["weighted"], 2, "sum", waves(tf), trainable=False),
        layers.embedding_column(columns["crossed"], 2, initializer=waves(tf), max_norm=0.5),
    ]
    outs = {}
    net = layers.input_from_feature_columns(_features(tf), used, ["mine"], cols_to_outs=outs)
    mine = [v.name for v in tf.get_collection("mine")]
    return [mine] + graph_and_values(tf, [net] + [outs[c] for c in used], with_nodes=False)


def case_crossed_with_a_key(tf):
    layers, columns = tf.contrib.layers, _columns(tf)
    column = layers.crossed_column([columns["by size"], columns["wire"]], 10, hash_key=5)
    net = layers.input_from_feature_columns(_features(tf), [layers.one_hot_column(column)])
    return graph_and_values(tf, net, with_nodes=False)[2:]


def case_nodes_of_input(tf):
    layers, columns = tf.contrib.layers, _columns(tf)
    used = [columns["price"], columns["by size"], layers.embedding_column(columns["crossed"], 2, initializer=waves(tf))]
    used.append(layers.one_hot_column(columns["weighted"]))
    return graph_and_values(tf, layers.input_from_feature_columns(_features(tf), used))


def case_weighted_sum(tf):
    layers, columns = tf.contrib.layers, _columns(tf)
    total, variables, bias = layers.weighted_sum_from_feature_columns(
        _features(tf), list(columns.values()), 2, weight_collections=["mine"]
    )
    names = [[v.name for v in variables[c]] for c in columns.values()] + [bias.name]
    mine = sorted(v.name for v in tf.get_collection("mine"))
    outputs = graph_and_values(tf, total)
    with tf.Session() as session:
        session.run([tf.global_variables_initializer(), tf.tables_initializer()])
        for v in tf.global_variables():
            v.load(np.arange(1.0, 1.0 + np.prod(v.shape.as_list())).reshape(v.shape.as_list()), session)
        return [names, mine, rounded(session.run(total))] + outputs


def case_joint_sum(tf):
    layers, columns = tf.contrib.layers, _columns(tf)
    used = [columns[name] for name in ("ids", "wire", "crossed")]
    total, variable, bias = layers.joint_weighted_sum_from_feature_columns(_features(tf), used, 3)
    return [[v.name for v in variable], bias.name] + graph_and_values(tf, total, with_nodes=False)


def case_shared_embeddings(tf):
    layers = tf.contrib.layers
    a, b = (layers.sparse_column_with_keys(key, ["x", "y", "z"]) for key in "ab")
    columns = layers.shared_embedding_columns([b, a], 2, initializer=waves(tf))
    features = {"a": sparse(tf, ["x", "y", "q"]), "b": tf.constant([["z"], ["x"]])}
    net = layers.input_from_feature_columns(features, columns)
    names = [[c.name, c.shared_embedding_name] for c in columns]
    return [names, type(columns).__name__] + graph_and_values(tf, net, with_nodes=False)


def case_vocabulary_file(tf):
    layers = tf.contrib.layers
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "words.txt")
        with open(path, "w") as f:
            f.write("marlo\nomar\n")
        column = layers.sparse_column_with_vocabulary_file("wire", path, 2, 2)
        keyed = layers.sparse_column_with_hash_bucket("wire", 9, hash_keys=[[1, 2], [3, 4]])
        columns = [layers.one_hot_column(c) for c in (column, keyed)]
        outs = {}
        layers.input_from_feature_columns({"wire": _features(tf)["wire"]}, columns, cols_to_outs=outs)
        return [column.length] + graph_and_values(tf, [outs[c] for c in columns], with_nodes=False)[2:]


def case_sequences(tf):
    layers = tf.contrib.layers
    ids = layers.sparse_column_with_integerized_feature("ids", 4)
    columns = [
        layers.real_valued_column("measure"),
        layers.one_hot_column(ids),
        layers.embedding_column(ids, 2, initializer=waves(tf)),
    ]
    features = {
        "measure": tf.constant(np.arange(6.0).reshape(2, 3)),
        "ids": sparse(tf, np.array([1, 2, 3], np.int64), ((0, 0), (1, 0), (1, 1)), (2, 3)),
    }
    return graph_and_values(tf, layers.sequence_input_from_feature_columns(features, columns), with_nodes=False)


def case_in_core_layers(tf):
    layers, columns = tf.contrib.layers, _columns(tf)
    used = [columns["price"], columns["by size"], layers.one_hot_column(columns["weighted"])]
    used.append(layers.embedding_column(columns["wire"], 2, initializer=waves(tf)))
    net = tf.feature_column.input_layer(_features(tf), used)
    total = tf.feature_column.linear_model(_features(tf), [columns["price"], columns["wire"], columns["crossed"]])
    spec = tf.feature_column.make_parse_example_spec(used)
    return [sorted(map(str, spec.items()))] + graph_and_values(tf, [net, total], with_nodes=False)[1:]


def case_parsing(tf):
    layers, columns = tf.contrib.layers, _columns(tf)
    spec = layers.create_feature_spec_for_parsing([c for n, c in columns.items() if n != "size" and n != "by size"])
    example = tf.train.Example()
    example.features.feature["price"].float_list.value.append(2.0)
    example.features.feature["ids"].int64_list.value.extend([6, 3])
    used = [columns["price"], columns["by price"], columns["ids"]]
    tensors = layers.parse_feature_columns_from_examples([example.SerializeToString()], used)
    transformed = layers.transform_features(_features(tf), used)
    placeholders = layers.make_place_holder_tensors_for_base_features(used[:1])
    inferred = layers.infer_real_valued_columns({"a": tf.zeros([3, 2]), "b": tf.zeros([3], tf.int64)})
    outputs = [tensors[used[0]], tensors[used[1]], tensors[used[2]].values, transformed[used[2]].values]
    return [
        sorted(map(str, spec.items())),
        [str(p.shape) for p in placeholders.values()],
        sorted(map(str, inferred)),
        len(transformed),
    ] + graph_and_values(tf, outputs, with_nodes=False)[2:]


def case_properties(tf):
    layers, columns = tf.contrib.layers, _columns(tf)
    used = list(columns.values())
    used += [
        layers.one_hot_column(columns["wire"]),
        layers.embedding_column(columns["wire"], 2, initializer=tf.zeros_initializer()),
    ]
    found = []
    for column in used[1:]:
        shown = str(column) if "0x" not in str(column) else ""
        key = column.key if "0x" not in column.key else ""
        found.append([shown, column.name, key, sorted(map(str, column.config.items()))])
        found.append([getattr(column, "length", None), str(getattr(column, "_variable_shape", None))])
    return found + [used[0].key, used[0].name]


def case_errors(tf):
    layers, columns = tf.contrib.layers, _columns(tf)
    features = _features(tf)
    wire, price = columns["wire"], columns["price"]
    calls = [
        (layers.real_valued_column, "a", None),
        (layers.real_valued_column, "a", 1.5),
        (layers.real_valued_column, "a", 0),
        (layers.real_valued_column, "a", 1, None, tf.string),
        (layers.real_valued_column, "a", 1, "x"),
        (layers.real_valued_column, "a", 2, [1.0]),
        (layers.real_valued_column, "a", 1, 1.5, tf.int32),
        (layers.real_valued_column, "a", 2, [1, "x"]),
        (layers.bucketized_column, wire, [1.0]),
        (layers.bucketized_column, price, []),
        (layers.bucketized_column, price, [2.0, 1.0]),
        (layers.sparse_column_with_integerized_feature, "a", None),
        (layers.sparse_column_with_integerized_feature, "a", 5, "sum", tf.string),
        (layers.sparse_column_with_hash_bucket, "a", None),
        (layers.sparse_column_with_hash_bucket, "a", 0),
        (layers.sparse_column_with_hash_bucket, "a", 5, "sum", tf.float32),
        (layers.sparse_column_with_hash_bucket, "a", 5, "sum", tf.string, []),
        (layers.sparse_column_with_hash_bucket, "a", 5, "sum", tf.string, [[1]]),
        (layers.sparse_column_with_vocabulary_file, "a", "f"),
        (layers.weighted_sparse_column, wire, "w", tf.string),
        (layers.crossed_column, [wire, price], 5),
        (layers.crossed_column, [wire], 5),
        (layers.crossed_column, [wire, columns["ids"]], 1),
        (layers.crossed_column, [wire, columns["ids"]], 5, "sum", "ckpt"),
        (layers.embedding_column, wire, 2, "mean", "zeros"),
        (layers.embedding_column, wire, 2, "mean", None, "ckpt"),
        (layers.shared_embedding_columns, "a", 2),
        (layers.shared_embedding_columns, [], 2),
        (layers.shared_embedding_columns, [price], 2),
        (layers.shared_embedding_columns, [wire, columns["ids"]], 2),
        (layers.input_from_feature_columns, features, [wire]),
        (layers.input_from_feature_columns, features, [columns["crossed"]]),
        (layers.input_from_feature_columns, features, {"a": price}),
        (layers.input_from_feature_columns, features, [price, price]),
        (layers.weighted_sum_from_feature_columns, features, [layers.embedding_column(wire, 2)], 1),
        (layers.joint_weighted_sum_from_feature_columns, features, [price], 1),
        (layers.sequence_input_from_feature_columns, features, [wire]),
        (layers.sequence_input_from_feature_columns, features, [layers.embedding_column(columns["crossed"], 2)]),
        (layers.create_feature_spec_for_parsing, [3]),
    ]
    return [words(*call) for call in calls]


CASES = {name[5:]: thing for name, thing in sorted(globals().items()) if name.startswith("case_")}
