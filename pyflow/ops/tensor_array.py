"""tf.TensorArray: an array of tensors that loops write to and read from.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/TensorArray
"""

from __future__ import annotations

import contextlib
from typing import Any, Iterator

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.constants import constant_value
from pyflow.core.convert import convert_to_tensor
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import raw
from pyflow.core.scopes import colocate_with, control_dependencies, device, name_scope
from pyflow.core.shapes import TensorShape, as_shape
from pyflow.core.tensor import Tensor
from pyflow.core.type_specs import TypeSpec
from pyflow.ops import tensor_array_ops as ops
from pyflow.ops.array_shape import shape


@export("TensorArray")
class TensorArray:
    """An array of tensors of one dtype, each element written once.

    Methods that write give a new `TensorArray` with the flow behind the write; go on with that one.

    Args:
      dtype: the dtype of the elements.
      size: int32 scalar, the number of elements.
      dynamic_size: whether writes past the end make the array longer.
      clear_after_read: whether an element's memory is let go when it is read, so that it can be read only once.
      tensor_array_name: what messages call it.
      handle, flow: those of an existing array.
      infer_shape: whether all elements have the same shape.
      element_shape: what is known of the elements' shape.

    Raises:
      ValueError: the arguments contradict each other.
      TypeError: `handle` is no tensor.
    """

    def __init__(
        self,
        dtype: Any,
        size: Any = None,
        dynamic_size: bool | None = None,
        clear_after_read: bool | None = None,
        tensor_array_name: str | None = None,
        handle: Tensor | None = None,
        flow: Tensor | None = None,
        infer_shape: bool = True,
        element_shape: Any = None,
        colocate_with_first_write_call: bool = True,
        name: str | None = None,
    ):
        _check_arguments(locals())
        self._dynamic_size = dynamic_size or False
        self._dtype = dtypes.as_dtype(dtype).base_dtype
        self._infer_shape = infer_shape
        # Shared with the arrays that writes return, so that what is learnt of the shape is known to all.
        self._shape = [as_shape(element_shape)]
        self._first_written: list | None = [] if colocate_with_first_write_call else None
        self._handle: Any
        self._flow: Any
        with name_scope(name, "TensorArray", [handle, size, flow]) as scope:
            if handle is not None:
                if flow is None:
                    raise ValueError("flow must not be None if handle is not None.")
                self._handle, self._flow = handle, flow
                return
            with contextlib.ExitStack() as stack:
                if colocate_with_first_write_call:
                    stack.enter_context(device(None))
                    stack.enter_context(colocate_with(None, ignore_existing=True))
                self._handle, self._flow = ops.TensorArrayV3(
                    size,
                    dtype=dtype,
                    element_shape=element_shape,
                    identical_element_shapes=infer_shape,
                    dynamic_size=self._dynamic_size,
                    clear_after_read=True if clear_after_read is None else clear_after_read,
                    tensor_array_name=tensor_array_name,
                    name=scope,
                )

    flow: Any = property(lambda self: self._flow, doc="The float32 scalar that orders reads after writes.")
    handle: Any = property(lambda self: self._handle, doc="The resource tensor that stands for the array.")
    dtype: Any = property(lambda self: self._dtype, doc="The dtype of the elements.")
    dynamic_size: Any = property(lambda self: self._dynamic_size, doc="Whether the array grows with writes.")
    element_shape: Any = property(lambda self: self._shape[0], doc="What is known of the elements' shape.")

    @property
    def _element_shape(self) -> list:
        return self._shape

    def with_flow(self, flow: Tensor) -> TensorArray:
        """The same array, later."""
        later = TensorArray.__new__(type(self))
        later.__dict__.update(self.__dict__)
        later._flow = flow
        return later

    def identity(self) -> TensorArray:
        """The same array behind an identity of its flow."""
        return self.with_flow(raw.Identity(self._flow))

    def grad(self, source: str, flow: Tensor | None = None, name: str | None = None) -> TensorArray:
        """The array of the gradients of the elements that the gradient call `source` collects."""
        flow = self.flow if flow is None else flow
        with name_scope(name, "TensorArrayGrad", [self._handle]), colocate_with(self._handle):
            handle, _ = ops.TensorArrayGradV3(self._handle, flow, source=source, name=name)
            with control_dependencies([handle]):
                flow = raw.Identity(flow, name="gradient_flow")
            gradient = TensorArray(
                self._dtype,
                handle=handle,
                flow=flow,
                infer_shape=self._infer_shape,
                colocate_with_first_write_call=False,
            )
            gradient._shape = self._shape
            return gradient

    def read(self, index: Any, name: str | None = None) -> Tensor:
        """The element at `index`, an int32 scalar."""
        value = ops.TensorArrayReadV3(self._handle, index, self._flow, dtype=self._dtype, name=name)
        value.set_shape(self.element_shape)
        return value

    def write(self, index: Any, value: Any, name: str | None = None) -> TensorArray:
        """The array after writing `value` at `index`, an int32 scalar.

        Raises:
          ValueError: the value's shape is not that of other elements.
          InvalidArgumentError: it is of another dtype.
        """
        with name_scope(name, "TensorArrayWrite", [self._handle, index, value]):
            value = self._converted(value)
            self._learn_shape(value.shape)
            with self._colocated(value):
                return self.with_flow(ops.TensorArrayWriteV3(self._handle, index, value, self._flow, name=name))

    def stack(self, name: str | None = None) -> Tensor:
        """All elements, stacked along a new first dimension."""
        with colocate_with(self._handle), name_scope(name, "TensorArrayStack", [self._handle]):
            return self.gather(raw.Range(0, self.size(), 1, name="range"), name=name)

    def gather(self, indices: Any, name: str | None = None) -> Tensor:
        """The elements at `indices`, an int32 vector, stacked along a new first dimension."""
        value = ops.TensorArrayGatherV3(
            self._handle, indices, self._flow, dtype=self._dtype, element_shape=self.element_shape, name=name
        )
        if self.element_shape.dims is not None:
            value.set_shape([None, *self.element_shape.dims])
            value._static_shape = (None, *value._static_shape[1:])  # TensorFlow doesn't look how many indices there are
        return value

    def concat(self, name: str | None = None) -> Tensor:
        """All elements, joined along their first dimension."""
        value, _ = ops.TensorArrayConcatV3(
            self._handle, self._flow, dtype=self._dtype, element_shape_except0=self.element_shape[1:], name=name
        )
        if self.element_shape.dims is not None:
            value.set_shape([None, *self.element_shape.dims[1:]])
        return value

    def unstack(self, value: Any, name: str | None = None) -> TensorArray:
        """The array after writing the rows of `value` to the elements from 0 on."""
        with name_scope(name, "TensorArrayUnstack", [self._handle, value]):
            value = convert_to_tensor(value, preferred_dtype=self._dtype, name="value")
            size = shape(value)[0]
            return self.scatter(raw.Range(0, size, 1, name="range"), value, name=name)

    def scatter(self, indices: Any, value: Any, name: str | None = None) -> TensorArray:
        """The array after writing the rows of `value` at `indices`, an int32 vector.

        Raises:
          ValueError: the rows' shape is not that of other elements.
          TypeError: they are of another dtype.
        """
        with name_scope(name, "TensorArrayScatter", [self._handle, value, indices]):
            value = self._converted(value)
            self._learn_shape(value.shape[1:])
            with self._colocated(value):
                return self.with_flow(ops.TensorArrayScatterV3(self._handle, indices, value, self._flow, name=name))

    def split(self, value: Any, lengths: Any, name: str | None = None) -> TensorArray:
        """The array after writing pieces of `value` of the given lengths, an int vector, to the elements."""
        with name_scope(name, "TensorArraySplit", [self._handle, value, lengths]):
            value = convert_to_tensor(value, dtype=self._dtype, name="value")
            with self._colocated(value):
                lengths = raw.Cast(convert_to_tensor(lengths), DstT=dtypes.int64)
                known = constant_value(lengths)
                if value.shape.dims is not None and known is not None and known.size and known.max() == known.min():
                    self._learn_shape(TensorShape([int(known.flat[0])]).concatenate(value.shape[1:]))
                return self.with_flow(ops.TensorArraySplitV3(self._handle, value, lengths, self._flow, name=name))

    def size(self, name: str | None = None) -> Tensor:
        """The number of elements, an int32 scalar."""
        return ops.TensorArraySizeV3(self._handle, self._flow, name=name)

    def close(self, name: str | None = None) -> Any:
        """An operation that lets go of the elements."""
        return ops.TensorArrayCloseV3(self._handle, name=name)

    def _converted(self, value: Any) -> Tensor:
        value = convert_to_tensor(value, preferred_dtype=self._dtype, name="value")
        if value.dtype.base_dtype != self._dtype:
            raise InvalidArgumentError(
                None,
                None,
                f"TensorArray dtype is {runtime_name(self._dtype)} but Op is trying to write dtype "
                f"{runtime_name(value.dtype)}.",
            )
        return value

    def _learn_shape(self, shape: TensorShape) -> None:
        if not shape.is_compatible_with(self.element_shape):
            raise ValueError(f"Inconsistent shapes: saw {shape} but expected {self.element_shape} ")
        if self._infer_shape:
            self._shape[0] = self.element_shape.merge_with(shape)

    @contextlib.contextmanager
    def _colocated(self, value: Tensor) -> Iterator[None]:
        """On the device of what was written first."""
        if self._first_written is None:
            yield
            return
        if not self._first_written:
            self._first_written.append(value)
        with colocate_with(self._first_written[0]):
            yield


def build_ta_with_new_flow(old_ta: TensorArray, flow: Tensor) -> TensorArray:
    """The same array, later."""
    return old_ta.with_flow(flow)


def runtime_name(dtype: Any) -> str:
    """A dtype's name in the messages of TensorFlow's runtime."""
    name = str(dtype.base_dtype.name)
    return {"float32": "float", "float64": "double", "float16": "half"}.get(name, name)


def _check_arguments(given: dict[str, Any]) -> None:
    handle = given["handle"]
    if handle is None:
        if given["size"] is None:
            raise ValueError("Size must be provided if handle is not provided")
        return
    if given["tensor_array_name"]:
        raise ValueError("Cannot construct with both handle and tensor_array_name")
    if not isinstance(handle, Tensor):
        raise TypeError("Handle must be a Tensor")
    for name in ("size", "element_shape", "dynamic_size", "clear_after_read"):
        if given[name] is not None:
            raise ValueError(f"Cannot provide both a handle and {name} at the same time")


@export("TensorArraySpec")
class TensorArraySpec(TypeSpec):
    """A `TensorArray` of elements of that shape and dtype."""

    _value_class = TensorArray

    def __init__(
        self,
        element_shape: Any = None,
        dtype: Any = dtypes.float32,
        dynamic_size: bool = False,
        infer_shape: bool = True,
    ):
        self._element_shape, self._dtype = as_shape(element_shape), dtypes.as_dtype(dtype)
        self._dynamic_size, self._infer_shape = dynamic_size, infer_shape

    def _serialize(self) -> tuple:
        return self._element_shape, self._dtype, self._dynamic_size, self._infer_shape

    @staticmethod
    def from_value(value: TensorArray) -> TensorArraySpec:
        """The spec of a tensor array."""
        return TensorArraySpec(value.element_shape, value.dtype, value.dynamic_size, value._infer_shape)

    def is_compatible_with(self, other: Any) -> bool:
        """Whether an array, or arrays of that spec, may stand where this spec is asked for."""
        return super().is_compatible_with(self.from_value(other) if isinstance(other, TensorArray) else other)
