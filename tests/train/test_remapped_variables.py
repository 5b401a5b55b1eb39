"""Variables that start with rows or columns of a checkpoint by their words; values seen in TensorFlow 1.15.5."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from pyflow.io.remapped_matrix import GenerateVocabRemapping, LoadAndRemapMatrix
from pyflow.train.remapped_variables import _load_and_remap_matrix_initializer

MATRIX = np.arange(20, dtype=np.float32).reshape(5, 4)
ONES = [1.0] * 4


@pytest.fixture
def files(tmp_path):
    """The checkpoint of a matrix `m` whose rows are a to e, and vocabularies."""
    words = {"old": "abcde", "new": "cxae", "columns": "abcd", "new_columns": "bqa"}
    for name, letters in words.items():
        (tmp_path / name).write_text("\n".join(letters) + "\n")
    with tf.Graph().as_default(), tf.Session() as sess:
        matrix = tf.get_variable("m", initializer=MATRIX)
        sess.run(matrix.initializer)
        checkpoint = tf.train.Saver().save(sess, str(tmp_path / "model"))
    return {"checkpoint": checkpoint, **{name: str(tmp_path / name) for name in words}}


def value(tensor):
    with tf.Session() as sess:
        return [np.asarray(each).tolist() for each in sess.run(tensor if isinstance(tensor, tuple) else (tensor,))]


def started(variables):
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return [each.tolist() for each in sess.run(list(variables))]


@pytest.mark.parametrize(
    ("attrs", "expected"),
    [
        ({"new_vocab_offset": 0, "num_new_vocab": 4}, [[2, -1, 0, 4], 3]),
        ({"new_vocab_offset": 1, "num_new_vocab": 2}, [[-1, 0], 1]),
        ({"new_vocab_offset": 0, "num_new_vocab": 4, "old_vocab_size": 2}, [[-1, -1, 0, -1], 1]),
    ],
)
def test_words_are_found_in_the_old_file(files, attrs, expected):
    assert value(tuple(GenerateVocabRemapping(files["new"], files["old"], **attrs))) == expected


def test_more_words_than_the_new_file_has(files):
    words = "lookup table size must be larger than last new vocab entry's line"
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        value(GenerateVocabRemapping(files["new"], files["old"], new_vocab_offset=3, num_new_vocab=2).remapping)


@pytest.mark.parametrize(
    ("rows", "columns", "values", "expected"),
    [
        ([2, 0], [], [], [MATRIX[2], MATRIX[0]]),
        ([2, -1], [], [1, 2, 3, 4], [MATRIX[2], [1, 2, 3, 4]]),
        ([2, 0], [1, -1, 0], [9, 8], [[9, 9, 8], [1, 8, 0]]),
        ([-1, 1], [1, -1, 0], [1, 2, 3, 4], [[1, 2, 3], [5, 4, 4]]),
    ],
)
@pytest.mark.parametrize("at_once", [-1, 1])
def test_rows_and_columns_by_their_places(files, rows, columns, values, expected, at_once):
    attrs = {"num_rows": len(rows), "num_cols": len(expected[0]), "max_rows_in_memory": at_once}
    assert value(LoadAndRemapMatrix(files["checkpoint"], "m", rows, columns, values, **attrs)) == [
        np.array(expected).tolist()
    ]


@pytest.mark.parametrize(
    ("rows", "columns", "values", "kind", "words"),
    [
        ([1, 1], [], [], "UnimplementedError", "Old ID 1 is mapped to both new ID 0 and 1, which is not supported"),
        ([-1, 1], [], [1.0], "InvalidArgumentError", "contained 1 elements, but more missing values remain"),
        ([0, 1], [], [1.0], "InvalidArgumentError", "but only 0 elements were used to fill in missing values"),
        ([0], [], [], "InvalidArgumentError", "Size of row_remapping is 1 instead of being equal to num_rows=2"),
        ([0, 1], [1], [], "InvalidArgumentError", "its size is 1 instead of being equal to num_cols=4"),
        ([0, 7], [], [], "InternalError", r"shape = \[5,4\], slice = 7,1:-"),
    ],
)
def test_what_does_not_fit(files, rows, columns, values, kind, words):
    with pytest.raises(getattr(tf.errors, kind), match=words):
        value(LoadAndRemapMatrix(files["checkpoint"], "m", rows, columns, values, num_rows=2, num_cols=4))


def test_embeddings_in_parts_start_by_their_words(files):
    initializer = tf.contrib.framework.load_embedding_initializer(
        files["checkpoint"], "m", 4, 4, files["old"], files["new"], num_oov_buckets=1, initializer=tf.ones_initializer()
    )
    parts = tf.get_variable("parts", [5, 4], initializer=initializer, partitioner=tf.fixed_size_partitioner(2))
    rows = [row for part in started(parts) for row in part]
    assert rows == [MATRIX[2].tolist(), ONES, MATRIX[0].tolist(), MATRIX[4].tolist(), ONES]


def test_an_initializer_refuses_other_shapes(files):
    initialize = _load_and_remap_matrix_initializer(files["checkpoint"], "m", 4, 4)
    with pytest.raises(ValueError, match="Expected 2-dim shape, but received: \\[5\\]"):
        initialize([5])
    with pytest.raises(ValueError, match=r"new_col_vocab_size \(4\) \+ num_col_oov_buckets \(0\) = 4, but received"):
        initialize([4, 3])
    with pytest.raises(ValueError, match="Trying to initialize 5 additional rows after 0 rows"):
        initialize([5, 4])
    with pytest.raises(TypeError, match="Currently, only float32 is supported"):
        initialize([4, 4], dtype=tf.int32)


def test_warm_start_by_rows(files):
    variable = tf.get_variable("m", [4, 4], initializer=tf.zeros_initializer())
    vocabulary = tf.train.VocabInfo(files["new"], 4, 0, files["old"], backup_initializer=tf.ones_initializer())
    tf.train.warm_start(files["checkpoint"], var_name_to_vocab_info={"m": vocabulary})
    assert started([variable]) == [[MATRIX[2].tolist(), ONES, MATRIX[0].tolist(), MATRIX[4].tolist()]]


def test_warm_start_by_columns_of_another_name(files):
    variable = tf.get_variable("weights", [5, 3], initializer=tf.zeros_initializer())
    vocabulary = tf.train.VocabInfo(
        files["new_columns"], 3, 0, files["columns"], backup_initializer=tf.ones_initializer(), axis=1
    )
    tf.train.warm_start(
        files["checkpoint"],
        var_name_to_vocab_info={"weights": vocabulary},
        var_name_to_prev_var_name={"weights": "m"},
    )
    assert started([variable]) == [[[row[1], 1.0, row[0]] for row in MATRIX.tolist()]]


def test_a_vocabulary_of_no_variable(files):
    tf.get_variable("m", [5, 4])
    with pytest.raises(ValueError, match="in var_name_to_vocab_info that were not used: {'other'}"):
        tf.train.warm_start(
            files["checkpoint"], var_name_to_vocab_info={"other": tf.train.VocabInfo(files["new"], 4, 0, files["old"])}
        )
