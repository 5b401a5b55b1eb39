"""Values and shapes that can be told from the graph alone; as TF 1.15.5 tells them."""

import pytest

import pyflow as tf
from pyflow.core.constants import constant_value_as_shape
from pyflow.ops.array_broadcasting import broadcast_shape, is_broadcast_compatible


def test_a_shape_is_a_vector_of_whole_numbers():
    assert constant_value_as_shape(tf.constant([1, -1, 3])).as_list() == [1, None, 3]
    with pytest.raises(ValueError, match=r"Shape \(1, 1\) must have rank 1"):
        constant_value_as_shape(tf.constant([[1]]))
    with pytest.raises(ValueError, match="Ambiguous dimension: 1.5"):
        constant_value_as_shape(tf.constant([1.5]))


def test_shapes_are_broadcast_without_tensors():
    assert broadcast_shape(tf.TensorShape([1, 3]), tf.TensorShape([4, 1])).as_list() == [4, 3]
    with pytest.raises(ValueError, match=r"Incompatible shapes for broadcasting: \(2, 3\) and \(4, 1\)"):
        broadcast_shape(tf.TensorShape([2, 3]), tf.TensorShape([4, 1]))
    assert is_broadcast_compatible(tf.TensorShape([2, 3]), tf.TensorShape([1]))
    assert not is_broadcast_compatible(tf.TensorShape([2, 3]), tf.TensorShape(None))


def test_a_conversion_function_is_named_with_its_type():
    class Kind:
        pass

    tf.register_tensor_conversion_function(Kind, lambda value, dtype=None, name=None, as_ref=False: 3)
    with pytest.raises(RuntimeError, match="for type <class '.*Kind'> returned non-Tensor: 3"):
        tf.convert_to_tensor(Kind())
