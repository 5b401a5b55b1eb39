"""tf.keras.Input and what starts a model."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.core.shapes import TensorShape
from pyflow.keras import backend
from pyflow.keras.base_layer import Layer
from pyflow.layers.layer_nodes import Node, static_shape


@export("keras.layers.InputLayer")
class InputLayer(Layer):
    """A layer that gives a placeholder, or a given tensor.

    Args:
      input_shape: without the batch dimension.
      batch_size: None if it may be any.
      input_tensor: a tensor in the place of a placeholder.
      batch_input_shape (keyword): with the batch dimension.
    """

    def __init__(
        self,
        input_shape: Any = None,
        batch_size: Any = None,
        dtype: Any = None,
        input_tensor: Any = None,
        sparse: bool = False,
        name: str | None = None,
        ragged: bool = False,
        **kwargs: Any,
    ):
        if ragged:
            raise NotImplementedError("keras.layers.InputLayer(ragged=True)")
        if "batch_input_shape" in kwargs:
            given = kwargs.pop("batch_input_shape")
            batch_size, input_shape = given[0], tuple(given[1:])
        if kwargs:
            raise ValueError("Unrecognized keyword arguments:", kwargs.keys())
        name = name or f"input_{backend.get_uid('input')}"
        if dtype is None:
            dtype = backend.floatx() if input_tensor is None else input_tensor.dtype.base_dtype.name
        elif input_tensor is not None and input_tensor.dtype.base_dtype != dtype:
            raise ValueError(f"`input_tensor.dtype` differs from `dtype`: {input_tensor.dtype} vs. {dtype}")
        super().__init__(dtype=dtype, name=name)
        self.built, self.sparse, self.ragged, self.batch_size = True, sparse, ragged, batch_size
        self.is_placeholder = input_tensor is None
        if input_tensor is None:
            shape = None if input_shape is None else (batch_size, *TensorShape(input_shape).as_list())
            input_tensor = backend.placeholder(shape=shape, dtype=self.dtype, name=self.name, sparse=sparse)
            self._batch_input_shape = shape
        else:
            self._batch_input_shape = tuple(input_tensor.shape.as_list())
        input_tensor._keras_mask = None
        input_tensor.graph._has_keras_inputs = True
        node = Node(self, [], [input_tensor], {})
        node.input_tensors, node.input_shapes = [input_tensor], [static_shape(input_tensor)]

    def _at(self, index: int, attribute: str, what: str) -> Any:
        found = super()._at(index, attribute, what)
        return [found] if attribute.endswith("_shapes") else found

    def get_config(self) -> dict[str, Any]:
        return {
            "batch_input_shape": self._batch_input_shape,
            "dtype": self.dtype,
            "sparse": self.sparse,
            "ragged": self.ragged,
            "name": self.name,
        }


@export("keras.Input", "keras.layers.Input")
def Input(
    shape: Any = None,
    batch_size: int | None = None,
    name: str | None = None,
    dtype: Any = None,
    sparse: bool = False,
    tensor: Any = None,
    ragged: bool = False,
    **kwargs: Any,
) -> Any:
    """A tensor that a model can have as an input.

    Args:
      shape: without the batch dimension; None stands for dimensions of any size.
      batch_size: the batch dimension, None for any.
      tensor: a tensor in the place of a placeholder.
      batch_shape (keyword): with the batch dimension.

    Raises:
      ValueError: there is neither a shape nor a tensor, or two shapes.
    """
    batch_shape = kwargs.pop("batch_shape", None)
    if kwargs:
        raise ValueError("Unrecognized keyword arguments:", kwargs.keys())
    if shape is not None and batch_shape is not None:
        raise ValueError("Only provide the `shape` OR `batch_shape` argument to Input, not both at the same time.")
    if batch_shape is None and shape is None and tensor is None:
        raise ValueError("Please provide to Input either a `shape` or a `tensor` argument. Note that `shape` does not "
                         "include the batch dimension.")  # fmt: skip
    arguments: dict[str, Any] = {
        "name": name,
        "dtype": dtype,
        "sparse": sparse,
        "input_tensor": tensor,
        "ragged": ragged,
    }
    if batch_shape is not None:
        layer = InputLayer(batch_input_shape=batch_shape, **arguments)
    else:
        if isinstance(shape, int):
            shape = (shape,)
        layer = InputLayer(input_shape=shape, batch_size=batch_size, **arguments)
    return layer._inbound_nodes[0].output_tensors[0]
