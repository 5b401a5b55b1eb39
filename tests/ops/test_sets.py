"""Sets in the rows of tensors, and edit distances of sequences: what TensorFlow 1.15.5 gives."""

import numpy as np
import pytest

import pyflow as tf
from pyflow.core.registry import raw
from tests.golden_cases import Golden

GOLDEN = Golden("set_cases", "sets.json")


@pytest.mark.parametrize("name", GOLDEN.cases)
def test_case_gives_what_tensorflow_gives(name):
    GOLDEN.check(name)


def letters(word):
    return tf.SparseTensor([[0, i] for i in range(len(word))], list(word), [1, len(word)])


@pytest.mark.parametrize(
    "word, truth, distance",
    [("kitten", "sitting", 3), ("saturday", "sunday", 3), ("abc", "abc", 0), ("a", "xyz", 3), ("abcd", "bcd", 1)],
)
def test_distance_of_words(word, truth, distance):
    with tf.Session() as session:
        assert session.run(tf.edit_distance(letters(word), letters(truth), normalize=False)).tolist() == [distance]
        normalized = session.run(tf.edit_distance(letters(word), letters(truth)))
    np.testing.assert_allclose(normalized, [distance / len(truth)], rtol=1e-6)


def test_coordinates_outside_of_the_shape():
    values, shape = np.array([1, 2]), np.array([1, 2])
    inside, outside = np.array([[0, 0], [0, 1]]), np.array([[0, 0], [5, 1]])
    distance = raw.EditDistance(inside, values, shape, outside, values, shape)
    with tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError, match=r"\[5\] of a sequence outside"):
        session.run(distance)
