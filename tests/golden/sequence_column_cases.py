"""Columns of sequences, and layers of columns, under TensorFlow 1.15.5; kept in sequence_columns.json.

A case takes the module (TensorFlow or PyFlow) and returns plain values. Runs under Python 3.7 as well.
"""

import importlib

import numpy as np
from feature_column_cases import _columns, graph_and_values, sparse, words
from layer_cases import rounded, waves
from state_cases import error


def internal(tf, name):
    """A module of tensorflow.python.feature_column."""
    if tf.__name__ != "tensorflow":
        importlib.import_module("pyflow.as_tensorflow").install()
    return importlib.import_module("tensorflow.python.feature_column." + name)


def case_sequence_input_layer(tf):
    fc, layers = tf.contrib.feature_column, tf.feature_column
    ids = fc.sequence_categorical_column_with_identity("ids", 3)
    texts = fc.sequence_categorical_column_with_hash_bucket("texts", 4)
    listed = fc.sequence_categorical_column_with_vocabulary_list("listed", ("a", "b", "c"))
    columns = [
        layers.embedding_column(ids, 2, initializer=waves(tf)),
        layers.indicator_column(texts),
        layers.indicator_column(listed),
        fc.sequence_numeric_column("price", normalizer_fn=lambda x: x * 2.0),
    ]
    indices, shape = ((0, 0), (1, 0), (1, 1)), (3, 2)
    features = {
        "ids": sparse(tf, [2, 0, 1], indices, shape),
        "texts": sparse(tf, ["a", "b", "c"], indices, shape),
        "listed": sparse(tf, ["c", "x", "a"], indices, shape),
        "price": sparse(tf, [1.0, 2.0, 3.0], indices, shape),
    }
    net, length = fc.sequence_input_layer(features, columns, ["mine"])
    return [[v.name for v in tf.get_collection("mine")]] + graph_and_values(tf, [net, length])


def case_shared_embedding_of_sequences(tf):
    fc, layers = tf.contrib.feature_column, tf.feature_column
    a, b = (fc.sequence_categorical_column_with_identity(key, 3) for key in "ab")
    columns = layers.shared_embedding_columns([b, a], 2, initializer=waves(tf))
    features = {"a": sparse(tf, [2, 0, 1]), "b": sparse(tf, [1, 1, 0])}
    return graph_and_values(tf, fc.sequence_input_layer(features, columns))


def case_numbers_of_steps(tf):
    fc = tf.contrib.feature_column
    flat = fc.sequence_numeric_column("flat", shape=(2, 2), default_value=-1.0)
    deep = fc.sequence_numeric_column("deep", shape=2)
    flat_values = sparse(
        tf, np.arange(12.0, dtype=np.float32), [(0, i) for i in range(8)] + [(1, i) for i in range(4)], (2, 8)
    )
    deep_values = sparse(
        tf,
        np.arange(6.0, dtype=np.float32),
        [(0, i, j) for i in range(2) for j in range(2)] + [(1, 0, 0), (1, 0, 1)],
        (2, 2, 2),
    )
    return graph_and_values(tf, fc.sequence_input_layer({"flat": flat_values, "deep": deep_values}, [flat, deep]))


def case_lengths_differ(tf):
    fc = tf.contrib.feature_column
    columns = [fc.sequence_numeric_column("a"), fc.sequence_numeric_column("b")]
    features = {"a": sparse(tf, [1.0, 2.0, 3.0]), "b": sparse(tf, [1.0, 2.0, 3.0], ((0, 0), (0, 1), (1, 0)))}
    net = fc.sequence_input_layer(features, columns)
    with tf.Session() as session:
        return words(session.run, net)


def case_errors_of_sequences(tf):
    fc, layers = tf.contrib.feature_column, tf.feature_column
    ids, plain = fc.sequence_categorical_column_with_identity("a", 3), layers.categorical_column_with_identity("a", 3)
    features = {"a": sparse(tf, [2, 0, 1])}
    columns = [ids, layers.numeric_column("a"), layers.embedding_column(plain, 2), layers.indicator_column(plain)]
    columns += layers.shared_embedding_columns([plain], 2)
    return [words(fc.sequence_input_layer, features, c) for c in columns[2:]] + [
        error(fc.sequence_input_layer, features, c)[0] for c in columns[:2]
    ]


def case_context(tf):
    module = internal(tf, "sequence_feature_column")
    sequence, context = np.arange(12.0).reshape(2, 3, 2).astype(np.float32), np.float32([[1, 2], [3, 4]])
    joined = module.concatenate_context_input(tf.constant(context), tf.constant(sequence))
    wrong = [(context, context), (sequence, sequence), (context.astype(int), sequence), (context, sequence.astype(int))]
    return graph_and_values(tf, joined, with_nodes=False)[2:] + [
        error(module.concatenate_context_input, tf.constant(a), tf.constant(b)) for a, b in wrong
    ]


def case_dense_features(tf):
    fc = tf.feature_column
    layer_class = internal(tf, "dense_features").DenseFeatures
    price = fc.numeric_column("price")
    listed = fc.categorical_column_with_vocabulary_list("wire", ("omar", "stringer"))
    columns = [
        price,
        fc.indicator_column(listed),
        fc.embedding_column(listed, 2, initializer=waves(tf)),
        fc.embedding_column(
            fc.crossed_column(["wire", fc.bucketized_column(price, [3.0])], 4), 2, initializer=waves(tf)
        ),
    ]
    features = {"price": [[1.0], [5.0]], "wire": sparse(tf, ["stringer", "skywalker", "omar"])}
    layer = layer_class(columns)
    tensors = {}
    net, again = layer(features, cols_to_output_tensors=tensors), layer(features)
    named = layer_class(columns[2:3], trainable=False, name="named")
    with tf.variable_scope("net"):
        third = named(features)
    found = [[v.name for v in x.trainable_weights] + ["|"] + [v.name for v in x.weights] for x in (layer, named)]
    found.append([layer.name, named.name, str(layer.compute_output_shape((None, 7)))])
    return found + graph_and_values(tf, [net, again, third] + [tensors[c] for c in columns])


def case_sequence_features(tf):
    fc = tf.feature_column
    layer_class = internal(tf, "sequence_feature_column").SequenceFeatures
    ids = fc.sequence_categorical_column_with_identity("ids", 3)
    columns = [
        fc.sequence_numeric_column("price"),
        fc.embedding_column(ids, 2, initializer=waves(tf)),
        fc.indicator_column(ids),
    ]
    features = {"price": sparse(tf, [1.0, 2.0, 3.0]), "ids": sparse(tf, [2, 0, 1])}
    layer = layer_class(columns, name="steps")
    net, length = layer(features)
    return [[v.name for v in layer.weights]] + graph_and_values(tf, [net, length])


def case_linear_model_layer(tf):
    fc = tf.feature_column
    price = fc.numeric_column("price")
    columns = [price, fc.categorical_column_with_identity("ids", 3), fc.bucketized_column(price, [3.0])]
    features = {"price": [[1.0], [5.0]], "ids": sparse(tf, [2, 0, 1])}
    model = internal(tf, "feature_column_v2").LinearModel(columns, units=2, sparse_combiner="mean", name="sums")
    before = model.bias
    net, again = model(features), model(features)
    found = [before, model.bias.name, [v.name for v in model.trainable_weights], [v.name for v in model.weights]]
    outputs = graph_and_values(tf, [net, again])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for v in tf.global_variables():
            v.load(np.arange(1.0, 1.0 + np.prod(v.shape.as_list())).reshape(v.shape.as_list()), session)
        found.append(rounded(session.run(net)))
    return found + outputs


def case_older_models(tf):
    fc, module = tf.feature_column, internal(tf, "feature_column")
    ids = fc.categorical_column_with_identity("ids", 3)
    features = {"ids": sparse(tf, [2, 0, 1]), "price": [[1.0], [2.0]]}
    layer = module.InputLayer([fc.embedding_column(ids, 2, initializer=waves(tf))], name="fed", create_scope_now=False)
    with tf.variable_scope("net"):
        first = layer(features)
    second = layer(features)
    model = module._LinearModel([ids, fc.numeric_column("price")], units=2, name="sums")
    with tf.variable_scope("net"):
        third = model(features)
    fourth = model(features)
    found = [[v.name for v in layer.weights], sorted({v.name for v in model.weights})]
    found.append([[v.name for v in variables] for _, variables in sorted(model.cols_to_vars().items(), key=str)])
    return found + graph_and_values(tf, [first, second, third, fourth])


def case_shared_embeddings_of_layers(tf):
    fc, module = tf.feature_column, internal(tf, "feature_column_v2")
    a, b = (fc.categorical_column_with_identity(key, 3) for key in "ab")
    columns = module.shared_embedding_columns_v2([b, a], 2, initializer=waves(tf))
    features = {"a": sparse(tf, [2, 0, 1]), "b": sparse(tf, [1, 1, 0])}
    net = internal(tf, "dense_features").DenseFeatures(columns)(features)
    return [[c.name for c in columns], words(fc.input_layer, features, columns)] + graph_and_values(tf, net)


def case_caches(tf):
    fc, older, newer = tf.feature_column, internal(tf, "feature_column"), internal(tf, "feature_column_v2")
    features = {"price": [[1.0], [5.0]], "flat": [1.0, 2.0], "none": 3.0}
    price = fc.numeric_column("price")
    column = fc.bucketized_column(price, [3.0])
    builder, cache = older._LazyBuilder(features), newer.FeatureTransformationCache(features)
    same = [builder.get(column) is builder.get(column), cache.get(column, None) is cache.get(column, None)]
    flat = [builder.get("flat").shape.as_list(), cache.get("flat", None).shape.as_list()]
    errors = [error(builder.get, key) for key in ("other", 5, "none")] + [
        error(cache.get, key, None) for key in ("other", 5)
    ]
    transformed = older._transform_features(features, [column, price])
    newly = newer._transform_features_v2(features, [price, column], None)
    outputs = [transformed[price], transformed[column], newly[price], newly[column]]
    state = newer._StateManagerImpl(None, True)
    errors += [error(state.get_variable, price, "x"), error(state.get_resource, price, "x")]
    errors.append(error(newer.StateManager().get_variable, price, "x"))
    return same + flat + errors + graph_and_values(tf, outputs)


def case_descriptions(tf):
    fc, module = tf.feature_column, internal(tf, "serialization")
    ids = fc.categorical_column_with_identity("ids", 3)
    columns = _columns(tf) + [
        fc.embedding_column(ids, 2, initializer=tf.ones_initializer()),
        fc.embedding_column(fc.categorical_column_with_vocabulary_file("f", "/x", 3), 2),
    ]
    described = module.serialize_feature_columns(columns)
    again = module.deserialize_feature_columns(described)
    same = [str(a) == str(b) for a, b in zip(columns[:-2], again)]
    shared = [again[0] is again[1].source_column, again[2] is again[9].categorical_column]
    bad = [{}, {"class_name": "Foo", "config": {}}, {"class_name": "NumericColumn", "config": {"key": "a"}}]
    errors = [words(module.deserialize_feature_column, config) for config in bad]
    layer = internal(tf, "dense_features").DenseFeatures(columns[:2], name="fed")
    config = layer.get_config()
    copied = type(layer).from_config(config)
    described = [[d["class_name"], sorted(map(str, d["config"].items()))] for d in described]
    return [described, same, shared, errors, sorted(map(str, config.items())), copied.name]


def case_errors_of_layers_of_columns(tf):
    fc, newer = tf.feature_column, internal(tf, "feature_column_v2")
    dense = internal(tf, "dense_features").DenseFeatures
    ids, steps = fc.categorical_column_with_identity("a", 3), fc.sequence_categorical_column_with_identity("a", 3)
    features = {"a": sparse(tf, [2, 0, 1])}
    found = [words(dense, c) for c in ([], {"a": ids}, [3], ids, [fc.numeric_column("a"), fc.numeric_column("a", 2)])]
    found += [words(newer.LinearModel, c) for c in ([], [3], [fc.sequence_numeric_column("a")])]
    columns = [fc.embedding_column(steps, 2), fc.indicator_column(steps), fc.numeric_column("a")]
    found += [words(dense(c), features)[0] for c in columns]
    sequences = internal(tf, "sequence_feature_column").SequenceFeatures
    found += [words(sequences(c), features)[0] for c in (fc.embedding_column(ids, 2), fc.indicator_column(ids))]
    return found + [words(newer.make_parse_example_spec_v2, [3])]


CASES = {name[5:]: thing for name, thing in sorted(globals().items()) if name.startswith("case_")}
