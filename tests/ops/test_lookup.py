"""Lookup tables: what they give, and their errors, as TensorFlow 1.15.5 has them."""

from __future__ import annotations

import pytest

import pyflow as tf

LOOKUP = tf.contrib.lookup


@pytest.fixture
def session():
    with tf.Session() as session:
        yield session


@pytest.fixture
def vocabulary(tmp_path):
    path = tmp_path / "words"
    path.write_bytes(b"a\nb\nc")
    return str(path)


def filled(session, table):
    session.run(tf.tables_initializer())
    return table


def found(session, table, keys, dtype=tf.string):
    return session.run(table.lookup(tf.constant(keys, dtype))).tolist()


def test_table_gives_values_and_a_default(session):
    pairs = LOOKUP.KeyValueTensorInitializer(["a", "b"], [1, 2], tf.string, tf.int64)
    table = LOOKUP.HashTable(pairs, -1)
    with pytest.raises(tf.errors.FailedPreconditionError, match="Table not initialized."):
        found(session, table, ["a"])
    filled(session, table)
    session.run(tf.tables_initializer())
    assert found(session, table, [["b", "z"]]) == [[2, -1]]
    assert session.run(table.size()) == 2
    sparse = table.lookup(tf.SparseTensor([[0, 0], [1, 1]], ["b", "x"], [2, 2]))
    assert session.run(sparse).values.tolist() == [2, -1]
    with pytest.raises(TypeError, match="Keys must be dtype <dtype: 'string'>, got <dtype: 'int32'>"):
        table.lookup(tf.constant([1]))


def test_key_has_one_value(session):
    pairs = LOOKUP.KeyValueTensorInitializer(["a", "a"], [1, 2], tf.string, tf.int64)
    LOOKUP.HashTable(pairs, -1)
    words = "HashTable has different value for same key. Key a has 1 and trying to add value 2"
    with pytest.raises(tf.errors.FailedPreconditionError, match=words):
        session.run(tf.tables_initializer())


@pytest.mark.parametrize(
    "arguments, values, size",
    [
        ({}, [0, 2, -1, -1], 3),
        ({"vocab_size": 2}, [0, -1, -1, -1], 2),
        ({"num_oov_buckets": 3}, [0, 2, 4, 5], 6),
        ({"num_oov_buckets": 3, "hasher_spec": ((1, 2),)}, [0, 2, 5, 3], 6),
    ],
)
def test_words_of_a_file_have_numbers(session, vocabulary, arguments, values, size):
    if "hasher_spec" in arguments:
        arguments = {**arguments, "hasher_spec": LOOKUP.StrongHashSpec(*arguments["hasher_spec"])}
    table = filled(session, LOOKUP.index_table_from_file(vocabulary, **arguments))
    assert found(session, table, ["a", "c", "z", "q"]) == values
    assert session.run(table.size()) == size


@pytest.mark.parametrize(
    "content, size, kind, words",
    [
        (b"a\na\n", None, "FailedPrecondition", "Key a has 0 and trying to add value 1"),
        (b"", None, "OutOfRange", "Read less bytes than requested"),
        (b"a\n\nb\n", None, "InvalidArgument", "empty line found at position 3."),
        (b"a\nb\nc", 9, "InvalidArgument", "expected 9 but got 3"),
        (None, None, "NotFound", "words; No such file or directory"),
    ],
)
def test_wrong_file_is_an_error(session, tmp_path, content, size, kind, words):
    if content is not None:
        (tmp_path / "words").write_bytes(content)
    LOOKUP.index_table_from_file(str(tmp_path / "words"), vocab_size=size)
    with pytest.raises(getattr(tf.errors, f"{kind}Error"), match=words):
        session.run(tf.tables_initializer())


def test_columns_of_a_file_are_keys_and_values(session, tmp_path):
    (tmp_path / "pairs").write_bytes(b"x\t1\ny\t2\n")
    initializer = tf.lookup.TextFileInitializer(str(tmp_path / "pairs"), tf.string, 0, tf.int64, 1)
    table = filled(session, tf.lookup.StaticHashTable(initializer, -1))
    assert found(session, table, ["x", "y", "z"]) == [1, 2, -1]
    assert tf.get_collection(tf.GraphKeys.ASSET_FILEPATHS)[0].op.name == "asset_path"


def test_numbers_go_back_to_words(session, vocabulary):
    lines = LOOKUP.index_to_string_table_from_file(vocabulary)
    words = LOOKUP.index_to_string_table_from_tensor(["p", "q"], default_value="D")
    session.run(tf.tables_initializer())
    assert found(session, lines, [0, 2, 5], tf.int64) == [b"a", b"c", b"UNK"]
    assert found(session, words, [0, 1, 5], tf.int64) == [b"p", b"q", b"D"]


def test_integers_and_unknown_words_get_buckets(session):
    words = LOOKUP.index_table_from_tensor(["p", "q"], num_oov_buckets=5)
    numbers = LOOKUP.index_table_from_tensor([10, 20], dtype=tf.int32, num_oov_buckets=4)
    vocabulary = tf.lookup.StaticVocabularyTable(
        tf.lookup.KeyValueTensorInitializer(["a", "b"], tf.constant([0, 1], tf.int64)), 3
    )
    session.run(tf.tables_initializer())
    assert found(session, words, ["q", "zz", "yy"]) == [1, 4, 4]
    assert found(session, numbers, [20, 5, 7], tf.int32) == [1, 5, 2]
    assert found(session, vocabulary, ["b", "q", "r"]) == [1, 4, 3]


def test_mutable_table_is_kept_in_checkpoints(session, tmp_path):
    table = LOOKUP.MutableHashTable(tf.string, tf.int64, -1)
    saver = tf.train.Saver()
    session.run(table.insert(["a", "b"], [1, 2]))
    session.run(table.insert(["a"], [5]))
    session.run(table.remove(tf.constant(["b", "none"])))
    path = saver.save(session, str(tmp_path / "model"))
    names = ["MutableHashTable-keys", "MutableHashTable-values"]
    assert tf.train.list_variables(path) == [(name, [1]) for name in names]
    session.run(table.insert(["n"], [9]))
    saver.restore(session, path)
    assert [x.tolist() for x in session.run(table.export())] == [[b"a"], [5]]
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"Expected shape \[2\] for value, got \[1\]"):
        session.run(table.insert(["a", "b"], [1]))


def test_values_may_be_vectors(session):
    table = LOOKUP.MutableHashTable(tf.int64, tf.float32, [0.0, 0.0])
    session.run(table.insert([7], [[1.0, 2.0]]))
    assert found(session, table, [[7, 8]], tf.int64) == [[[1, 2], [0, 0]]]
    assert table.lookup([[7, 8]]).shape.as_list() == [1, 2, 2]


def test_dense_table_has_keys_that_may_not_be_used(session):
    table = tf.lookup.experimental.DenseHashTable(tf.int64, tf.int64, -1, 0, -1, initial_num_buckets=8)
    session.run(table.insert([11, 12, 19], [1, 2, 3]))
    session.run(table.erase(tf.constant([12], tf.int64)))
    assert found(session, table, [11, 12, 19], tf.int64) == [1, -1, 3]
    keys, values = session.run(table.export())
    assert keys.tolist() == [0, 0, 0, 11, 19, 0, 0, 0] and values.tolist() == [0, 0, 0, 1, 3, 0, 0, 0]
    for key, name in ((0, "empty_key"), (-1, "deleted_key")):
        with pytest.raises(tf.errors.InvalidArgumentError, match=f"Using the {name} as a table key is not allowed"):
            session.run(table.insert([key], [1]))
