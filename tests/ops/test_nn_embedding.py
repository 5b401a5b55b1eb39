"""Embedding tables: whole and partitioned, dense and sparse ids."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from pyflow.ops.nn_embedding import _embedding_lookup_and_transform
from tests.numeric_gradient import gradient_error

RANDOM = np.random.RandomState(5)
TABLE = RANDOM.standard_normal((7, 3))


def run(fetches, feed=None):
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(fetches, feed)


def parts_of(table, count, strategy):
    if strategy == "mod":
        return [table[i::count] for i in range(count)]
    return np.array_split(table, count)


@pytest.mark.parametrize("ids", [3, [1, 1, 6], [[0, 2], [5, 4]], np.zeros((0,), np.int64)])
@pytest.mark.parametrize("count", [1, 2, 3, 7])
@pytest.mark.parametrize("strategy", ["mod", "div"])
def test_lookup(ids, count, strategy):
    parts = [tf.constant(p) for p in parts_of(TABLE, count, strategy)]
    ids = np.asarray(ids)
    y = tf.nn.embedding_lookup(parts, ids, partition_strategy=strategy)
    assert y.shape.as_list() == [*ids.shape, 3]
    np.testing.assert_array_equal(run(y), TABLE[ids])


@pytest.mark.parametrize("strategy", ["mod", "div"])
def test_lookup_with_shapes_known_in_the_run_only(strategy):
    values = parts_of(TABLE, 3, strategy)
    parts, ids = [tf.placeholder(tf.float64, [None, None]) for _ in values], tf.placeholder(tf.int64)
    y = tf.nn.embedding_lookup(parts, ids, partition_strategy=strategy)
    np.testing.assert_array_equal(run(y, {**dict(zip(parts, values)), ids: [[6, 0], [3, 3]]}), TABLE[[[6, 0], [3, 3]]])


@pytest.mark.parametrize("count, strategy", [(1, "mod"), (3, "mod"), (3, "div")])
def test_gradient(count, strategy):
    def lookup(*parts):
        return tf.nn.embedding_lookup(list(parts), [1, 4, 4, 6], partition_strategy=strategy) ** 2

    assert gradient_error(lookup, *parts_of(TABLE, count, strategy)) < 1e-7


def test_gradient_is_sparse():
    table = tf.Variable(TABLE)
    y = tf.nn.embedding_lookup(table, [1, 4])
    gradient = tf.gradients(y, [table])[0]
    assert isinstance(gradient, tf.IndexedSlices)
    values, indices = run([gradient.values, gradient.indices])
    assert indices.tolist() == [1, 4] and values.shape == (2, 3)


def test_partitioned_and_resource_variables():
    with tf.variable_scope("", use_resource=True):
        plain = tf.get_variable("plain", initializer=tf.constant(TABLE))
    split = tf.get_variable(
        "split", [7, 3], tf.float64, tf.constant_initializer(1.0), partitioner=tf.fixed_size_partitioner(3)
    )
    fetches = [tf.nn.embedding_lookup(plain, [5]), tf.nn.embedding_lookup(split, [5, 6], partition_strategy="div")]
    first, second = run(fetches)
    np.testing.assert_array_equal(first, TABLE[[5]])
    np.testing.assert_array_equal(second, np.ones((2, 3)))
    assert fetches[0].op.inputs[0].op.inputs[0].op.type == "ResourceGather"


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("ids", [[1, 4], [[1], [4]], 4])
def test_max_norm(count, ids):
    parts = [tf.constant(p) for p in parts_of(TABLE, count, "mod")]
    rows = TABLE[np.asarray(ids)]
    norms = np.linalg.norm(rows, axis=-1, keepdims=True)
    np.testing.assert_allclose(run(tf.nn.embedding_lookup(parts, ids, max_norm=0.5)), rows * np.minimum(1, 0.5 / norms))


@pytest.mark.parametrize("count", [1, 2])
def test_transformation_of_the_rows(count):
    parts = [tf.constant(p) for p in parts_of(TABLE, count, "mod")]
    y = _embedding_lookup_and_transform(
        parts, [[0, 3], [1, 1]], transform_fn=lambda rows: tf.reduce_sum(rows, 1, keepdims=True)
    )
    np.testing.assert_allclose(run(y), TABLE[[[0, 3], [1, 1]]].sum(-1, keepdims=True))


@pytest.mark.parametrize(
    "params, strategy, words",
    [
        (None, "mod", "params must be specified"),
        ([], "mod", "Need at least one param"),
        ([TABLE, TABLE], "modulo", "Unrecognized partition strategy: modulo"),
    ],
)
def test_lookup_rejects(params, strategy, words):
    with pytest.raises(ValueError, match=words):
        tf.nn.embedding_lookup(params, [1], partition_strategy=strategy)


def test_row_that_does_not_exist():
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"indices\[1\] = 7 is not in \[0, 7\)"):
        run(tf.nn.embedding_lookup(TABLE, [0, 7]))


def test_node_names():
    y = tf.nn.embedding_lookup(tf.constant(TABLE, name="table"), [1])
    assert y.op.name == "embedding_lookup/Identity" and y.op.inputs[0].op.name == "embedding_lookup"
    assert tf.nn.embedding_lookup([TABLE, TABLE], [1], name="two").op.name == "two/Reshape_1"


INDICES = [[0, 0], [0, 1], [1, 0], [3, 2]]


def combine(ids, weights, combiner, rows=4):
    """Row by row, in float64; a row without ids gives zeros."""
    result = np.zeros((rows, 3))
    for row in range(rows):
        chosen = [
            i for i, (r, _) in enumerate(INDICES) if r == row and ids[i] >= 0 and (combiner == "sum" or weights[i] > 0)
        ]
        if chosen:
            w = np.array([weights[i] for i in chosen])
            divisor = {"sum": 1, "mean": w.sum(), "sqrtn": np.sqrt((w**2).sum())}[combiner]
            result[row] = sum(weights[i] * TABLE[ids[i]] for i in chosen) / divisor
    return result


@pytest.mark.parametrize("combiner", ["sum", "mean", "sqrtn"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("count", [1, 2])
def test_lookup_of_sparse_ids(combiner, weighted, count):
    indices, ids = np.array(INDICES) - [[0, 0], [0, 0], [0, 0], [1, 0]], [1, 6, 1, 3]  # three rows, none empty
    weights = [2.0, 0.5, 1.0, 3.0] if weighted else [1.0] * 4
    sp_ids = tf.SparseTensor(indices, tf.constant(ids, tf.int64), [3, 3])
    sp_weights = tf.SparseTensor(indices, tf.constant(weights, tf.float64), [3, 3]) if weighted else None

    def lookup(*parts):
        return tf.nn.embedding_lookup_sparse(list(parts), sp_ids, sp_weights, combiner=combiner)

    parts = parts_of(TABLE, count, "mod")
    expected = combine(ids, weights, combiner)[[0, 1, 3]]
    np.testing.assert_allclose(run(lookup(*map(tf.constant, parts))), expected)


@pytest.mark.parametrize("combiner", ["sum", "mean", "sqrtn"])
@pytest.mark.parametrize("weighted", [False, True])
def test_gradient_of_sparse_lookup(combiner, weighted):
    def lookup(table):
        indices = np.array(INDICES)[:3]
        ids = tf.SparseTensor(indices, tf.constant([1, 6, 1], tf.int64), [2, 3])
        weights = tf.SparseTensor(indices, tf.constant([2.0, 0.5, 1.5], tf.float64), [2, 3]) if weighted else None
        return tf.nn.embedding_lookup_sparse(table, ids, weights, combiner=combiner)

    assert gradient_error(lookup, TABLE) < 1e-8


@pytest.mark.parametrize("combiner", ["sum", "mean", "sqrtn"])
@pytest.mark.parametrize("weights", [None, [2.0, 0.5, 1.0, -1.0]])
@pytest.mark.parametrize("default_id", [None, 5])
def test_safe_lookup(combiner, weights, default_id):
    ids = [1, 6, -1, 3]
    sp_ids = tf.SparseTensor(INDICES, tf.constant(ids, tf.int64), [4, 3])
    sp_weights = None if weights is None else tf.SparseTensor(INDICES, tf.constant(weights, tf.float64), [4, 3])
    y = tf.nn.safe_embedding_lookup_sparse(TABLE, sp_ids, sp_weights, combiner, default_id)
    expected = combine(ids, weights or [1.0] * 4, combiner)
    if default_id is not None:
        expected[~expected.any(1)] = TABLE[default_id]
    np.testing.assert_allclose(run(y), expected)


def test_safe_lookup_of_ids_of_higher_rank():
    sp_ids = tf.SparseTensor([[0, 0, 0], [0, 1, 1], [1, 0, 0]], tf.constant([1, 2, 3], tf.int64), [2, 2, 2])
    y = run(tf.nn.safe_embedding_lookup_sparse(TABLE, sp_ids))
    np.testing.assert_allclose(y, [[TABLE[1], TABLE[2]], [TABLE[3], np.zeros(3)]])


def test_sparse_lookup_rejects():
    sp_ids = tf.SparseTensor(INDICES, tf.constant([0, 1, 2, 3], tf.int64), [4, 3])
    with pytest.raises(ValueError, match="combiner must be one of 'mean', 'sqrtn' or 'sum'"):
        tf.nn.embedding_lookup_sparse(TABLE, sp_ids, None, combiner="max")
    with pytest.raises(TypeError, match="sp_ids must be SparseTensor"):
        tf.nn.embedding_lookup_sparse(TABLE, [1], None)
    with pytest.raises(TypeError, match="sp_weights must be either None or SparseTensor"):
        tf.nn.embedding_lookup_sparse(TABLE, sp_ids, [1.0])
    with pytest.raises(ValueError, match="Missing embedding_weights"):
        tf.nn.safe_embedding_lookup_sparse(None, sp_ids)
