"""Ragged tensors as elements of datasets; shapes, specs and values as TF 1.15.5 gives them."""

import pytest

import pyflow as tf
from pyflow.data import sparse_components
from pyflow.data.conversions import optional_param_to_tensor, partial_shape_to_tensor

Dataset = tf.data.Dataset


def elements(dataset):
    following = dataset.make_one_shot_iterator().get_next()
    found = []
    with tf.Session() as sess:
        while True:
            try:
                found.append(sess.run(following).to_list())
            except tf.errors.OutOfRangeError:
                return found


def same_three():
    return Dataset.range(3).map(lambda _: tf.ragged.constant([[1, 2], [3]]))


def test_a_ragged_tensor_is_an_element():
    dataset = Dataset.from_tensors(tf.ragged.constant([[1, 2], [3], []]))
    assert repr(dataset) == "<DatasetV1Adapter shapes: (3, ?), types: tf.int32>"
    assert dataset.output_classes == tf.RaggedTensorSpec([3, None], tf.int32)
    assert elements(dataset) == [[[1, 2], [3], []]]


def test_rows_of_a_ragged_tensor_are_elements():
    dataset = Dataset.from_tensor_slices(tf.ragged.constant([[[1, 2], []], [[3]], []]))
    assert repr(dataset) == "<DatasetV1Adapter shapes: (?, ?), types: tf.int32>"
    assert elements(dataset) == [[[1, 2], []], [[3]], []]


def test_batches_have_a_ragged_dimension_more():
    dataset = same_three().batch(2)
    assert dataset.output_shapes.as_list() == [None, 2, None]
    assert elements(dataset) == [[[[1, 2], [3]], [[1, 2], [3]]], [[[1, 2], [3]]]]
    assert elements(dataset.map(lambda x: x + 1))[1] == [[[2, 3], [4]]]
    assert elements(dataset.apply(tf.data.experimental.unbatch())) == [[[1, 2], [3]]] * 3


def test_known_sizes_stay_known():
    element = same_three().make_one_shot_iterator().get_next()
    assert element.shape.as_list() == [2, None] and element.ragged_rank == 1


def test_a_value_that_a_run_gave_is_an_element():
    value = tf.ragged.constant_value([[1], [2, 3]])
    following = Dataset.from_tensors({"a": value}).make_one_shot_iterator().get_next()
    with tf.Session() as session:
        assert session.run(following)["a"].to_list() == [[1], [2, 3]]


def test_strings_are_ragged_too():
    dataset = Dataset.from_tensors(tf.ragged.constant([["a", "b"], ["c"]])).batch(1)
    assert elements(dataset) == [[[[b"a", b"b"], [b"c"]]]]


def test_variants_of_another_rank_are_refused():
    from pyflow.ops.ragged_variants import ragged_from_variant, ragged_to_variant

    variant = ragged_to_variant(tf.ragged.constant([[1], [2, 3]]), batched_input=True)
    with tf.Session() as sess:
        assert sess.run(ragged_from_variant(variant, tf.int32, 1)).to_list() == [[1], [2, 3]]
        with pytest.raises(tf.errors.InvalidArgumentError, match="has ragged_rank: 0, expected: 1"):
            sess.run(ragged_from_variant(variant, tf.int32, 2))
        with pytest.raises(tf.errors.InvalidArgumentError, match="Expected values Tensor dtype: float32, found: int32"):
            sess.run(ragged_from_variant(variant, tf.float32, 1))


def test_sparse_elements_are_split_into_their_rows():
    batches = Dataset.range(2).map(lambda x: tf.SparseTensor([[x]], [1], [10])).batch(2)
    following = batches.apply(tf.data.experimental.unbatch()).make_one_shot_iterator().get_next()
    with tf.Session() as sess:
        assert [sess.run(following).indices.tolist() for _ in range(2)] == [[[0]], [[1]]]


def test_arguments_become_tensors():
    with tf.Session() as sess:
        assert sess.run(optional_param_to_tensor("n", None, 3)) == 3
        assert sess.run(partial_shape_to_tensor([None, 2])).tolist() == [-1, 2]
    with pytest.raises(ValueError, match="The given shape a must be a 1-D tensor of tf.int64 values, but the shape"):
        partial_shape_to_tensor("a")


def test_sparse_components_are_variants_on_the_way():
    sparse = tf.SparseTensor([[0, 1]], [1.0], [2, 2])
    classes = sparse_components.get_classes((sparse, tf.zeros([1])))
    assert classes == (tf.SparseTensor, tf.Tensor) and sparse_components.any_sparse(classes)
    assert sparse_components.as_dense_types((tf.float32, tf.int32), classes) == (tf.variant, tf.int32)
    shapes = sparse_components.as_dense_shapes((tf.TensorShape([2]), tf.TensorShape([1])), classes)
    assert shapes[0].ndims is None and shapes[1].as_list() == [1]
    serialized = sparse_components.serialize_sparse_tensors(sparse)
    back = sparse_components.deserialize_sparse_tensors(serialized, tf.float32, tf.TensorShape([2, 2]), tf.SparseTensor)
    with tf.Session() as sess:
        assert sess.run(back).indices.tolist() == [[0, 1]]
