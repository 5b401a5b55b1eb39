"""Items of `tf.train.Example`s: which features each is made of, and how (`slim.tfexample_decoder`)."""

from __future__ import annotations

import abc
from typing import Any, Callable

from pyflow.contrib.slim_providers import DataDecoder
from pyflow.core import dtypes, sparse_tensor
from pyflow.core.api import export
from pyflow.image.files import decode_image, is_jpeg
from pyflow.ops.array import expand_dims, reshape, transpose
from pyflow.ops.array_joining import concat, stack
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.array_slicing import slice_
from pyflow.ops.cast import cast
from pyflow.ops.comparison import equal, logical_or
from pyflow.ops.cond import case, cond
from pyflow.ops.decode_raw import decode_raw
from pyflow.ops.image_decode import decode_jpeg
from pyflow.ops.parse_features import FixedLenFeature, parse_single_example
from pyflow.ops.reduce_functions import reduce_prod
from pyflow.ops.sequence_loops import map_fn
from pyflow.ops.sparse_reordering import sparse_reshape
from pyflow.ops.sparse_to_dense import sparse_tensor_to_dense

_MODULE = "contrib.slim.tfexample_decoder"


def _dense(tensor: Any, default_value: Any = None) -> Any:
    return sparse_tensor_to_dense(tensor, default_value) if _is_sparse(tensor) else tensor


def _is_sparse(tensor: Any) -> bool:
    return isinstance(tensor, sparse_tensor.SparseTensor)


@export(f"{_MODULE}.ItemHandler")
class ItemHandler(abc.ABC):
    """Makes an item of features.

    Args:
      keys: the names of the features, or the name of one.
    """

    def __init__(self, keys: Any):
        self._keys = keys if isinstance(keys, (tuple, list)) else [keys]

    keys: Any = property(lambda self: self._keys, doc="The names of the features that it needs.")

    @abc.abstractmethod
    def tensors_to_item(self, keys_to_tensors: dict[str, Any]) -> Any:
        """The item, from the features as parsed, by their names."""


@export(f"{_MODULE}.ItemHandlerCallback")
class ItemHandlerCallback(ItemHandler):
    """Makes an item by calling `func` with a dict of the features."""

    def __init__(self, keys: Any, func: Callable):
        super().__init__(keys)
        self._func = func

    def tensors_to_item(self, keys_to_tensors: dict[str, Any]) -> Any:
        return self._func(keys_to_tensors)


@export(f"{_MODULE}.BoundingBox")
class BoundingBox(ItemHandler):
    """Boxes, [boxes, 4], of features with one side each, [boxes].

    Args:
      keys: the features, by default "ymin", "xmin", "ymax", "xmax".
      prefix: stands before each of them.

    Raises:
      ValueError: there are not four.
    """

    def __init__(self, keys: Any = None, prefix: str = ""):
        keys = ["ymin", "xmin", "ymax", "xmax"] if keys is None else keys
        if len(keys) != 4:
            raise ValueError(f"BoundingBox expects 4 keys but got {len(keys)}")
        super().__init__([prefix + key for key in keys])

    def tensors_to_item(self, keys_to_tensors: dict[str, Any]) -> Any:
        sides = [keys_to_tensors[key] for key in self.keys]
        return transpose(concat([expand_dims(s.values if _is_sparse(s) else s, 0) for s in sides], 0))


@export(f"{_MODULE}.Tensor")
class Tensor(ItemHandler):
    """A feature as it is, dense and of the shape asked for.

    Args:
      tensor_key: the feature.
      shape_keys: the feature with its shape, or a list of features with one size each.
      shape: its shape, where it is known.
      default_value: what stands where a sparse feature has no value.

    Raises:
      ValueError: `shape_keys` and `shape` are both given.
    """

    def __init__(self, tensor_key: str, shape_keys: Any = None, shape: Any = None, default_value: Any = 0):
        if shape_keys and shape is not None:
            raise ValueError("Cannot specify both shape_keys and shape parameters.")
        if shape_keys and not isinstance(shape_keys, list):
            shape_keys = [shape_keys]
        super().__init__([tensor_key, *(shape_keys or [])])
        self._shape, self._default_value = shape, default_value

    def tensors_to_item(self, keys_to_tensors: dict[str, Any]) -> Any:
        key, *shape_keys = self.keys
        tensor, shape = keys_to_tensors[key], self._shape
        if shape_keys:
            shape = reshape(stack([_dense(keys_to_tensors[k]) for k in shape_keys]), [-1])
        if shape is not None:
            tensor = (sparse_reshape if _is_sparse(tensor) else reshape)(tensor, shape)
        return _dense(tensor, self._default_value)


@export(f"{_MODULE}.LookupTensor")
class LookupTensor(Tensor):
    """What a lookup table has for a feature; the arguments are those of `Tensor`, and the table."""

    def __init__(self, tensor_key: str, table: Any, shape_keys: Any = None, shape: Any = None, default_value: Any = ""):
        super().__init__(tensor_key, shape_keys, shape, default_value)
        self._table = table

    def tensors_to_item(self, keys_to_tensors: dict[str, Any]) -> Any:
        return self._table.lookup(super().tensors_to_item(keys_to_tensors))


@export(f"{_MODULE}.BackupHandler")
class BackupHandler(ItemHandler):
    """What `handler` makes, or `backup` if that has no elements.

    Raises:
      ValueError: one of them is no `ItemHandler`.
    """

    def __init__(self, handler: ItemHandler, backup: ItemHandler):
        for part, name in ((handler, "Primary"), (backup, "Backup")):
            if not isinstance(part, ItemHandler):
                raise ValueError(f"{name} handler is of type {type(part)} instead of ItemHandler")
        super().__init__([*handler.keys, *backup.keys])
        self._handler, self._backup = handler, backup

    def tensors_to_item(self, keys_to_tensors: dict[str, Any]) -> Any:
        item = self._handler.tensors_to_item(keys_to_tensors)
        is_empty = equal(reduce_prod(shape_of(item)), 0)
        return cond(is_empty, lambda: self._backup.tensors_to_item(keys_to_tensors), lambda: item)


@export(f"{_MODULE}.SparseTensor")
class SparseTensor(ItemHandler):
    """A sparse tensor whose last coordinate is in one feature, and whose values are in another.

    Args:
      indices_key, values_key: the features, by default "indices" and "values".
      shape_key: the feature with the dense shape.
      shape: the dense shape, where there is no such feature; else that of the coordinates.
      densify: whether the item is dense.
      default_value: what stands where there is no value, if it is.
    """

    def __init__(
        self,
        indices_key: str | None = None,
        values_key: str | None = None,
        shape_key: str | None = None,
        shape: Any = None,
        densify: bool = False,
        default_value: Any = 0,
    ):
        self._indices_key, self._values_key = indices_key or "indices", values_key or "values"
        self._shape_key, self._shape = shape_key, shape
        self._densify, self._default_value = densify, default_value
        super().__init__([self._indices_key, self._values_key, *([shape_key] if shape_key else [])])

    def tensors_to_item(self, keys_to_tensors: dict[str, Any]) -> Any:
        indices, values = keys_to_tensors[self._indices_key], keys_to_tensors[self._values_key]
        shape = _dense(keys_to_tensors[self._shape_key]) if self._shape_key else self._shape or indices.dense_shape
        rank = shape_of(indices.indices)[1]
        last = reshape(cast(indices.values, dtypes.int64), [-1, 1])
        first = slice_(indices.indices, [0, 0], stack([-1, rank - 1]))
        tensor = sparse_tensor.SparseTensor(concat([first, last], 1), values.values, shape)
        return _dense(tensor, self._default_value) if self._densify else tensor


@export(f"{_MODULE}.Image")
class Image(ItemHandler):
    """A picture, [height, width, channels].

    Args:
      image_key: the feature with the encoded picture, by default "image/encoded".
      format_key: the feature that says "raw" for pixels that are not encoded, by default "image/format".
      shape: the picture's shape, where all have the same.
      channels: how many channels it is to have.
      dtype: its dtype.
      repeated: whether the feature holds many pictures.
      dct_method: how JPEG files are decoded, as `tf.image.decode_jpeg` has it.
    """

    def __init__(
        self,
        image_key: str | None = None,
        format_key: str | None = None,
        shape: Any = None,
        channels: int = 3,
        dtype: Any = dtypes.uint8,
        repeated: bool = False,
        dct_method: str = "",
    ):
        super().__init__([image_key or "image/encoded", format_key or "image/format"])
        self._shape, self._channels, self._dtype = shape, channels, dtype
        self._repeated, self._dct_method = repeated, dct_method

    def tensors_to_item(self, keys_to_tensors: dict[str, Any]) -> Any:
        contents, image_format = (keys_to_tensors[key] for key in self.keys)
        if not self._repeated:
            return self._decoded(contents, image_format)
        return map_fn(lambda x: self._decoded(x, image_format), contents, dtype=self._dtype)

    def _decoded(self, contents: Any, image_format: Any) -> Any:
        def any_image() -> Any:
            return cast(decode_image(contents, channels=self._channels), self._dtype)

        def jpeg() -> Any:
            return cast(decode_jpeg(contents, channels=self._channels, dct_method=self._dct_method), self._dtype)

        is_raw = logical_or(equal(image_format, "raw"), equal(image_format, "RAW"))
        image = case(
            [(is_raw, lambda: decode_raw(contents, out_type=self._dtype))],
            default=lambda: cond(is_jpeg(contents), jpeg, any_image, name="cond_jpeg"),
            exclusive=True,
        )
        image.set_shape([None, None, self._channels])
        return image if self._shape is None else reshape(image, self._shape)


@export(f"{_MODULE}.TFExampleDecoder")
class TFExampleDecoder(DataDecoder):
    """Decodes serialized `tf.train.Example`s.

    Args:
      keys_to_features: how each feature is parsed, such as `tf.FixedLenFeature`.
      items_to_handlers: how each item is made of them.
    """

    def __init__(self, keys_to_features: dict[str, Any], items_to_handlers: dict[str, ItemHandler]):
        self._keys_to_features = keys_to_features
        self._items_to_handlers = items_to_handlers

    def list_items(self) -> list[str]:
        return list(self._items_to_handlers)

    def decode(self, serialized_example: Any, items: Any = None) -> list:
        """The items of an example, all of them by default; `serialized_example` is a string scalar."""
        example = parse_single_example(serialized_example, self._keys_to_features)
        for key in sorted(self._keys_to_features):
            feature = self._keys_to_features[key]
            if isinstance(feature, FixedLenFeature):
                example[key] = reshape(example[key], feature.shape)
        handlers = [self._items_to_handlers[item] for item in items or self._items_to_handlers]
        return [handler.tensors_to_item({key: example[key] for key in handler.keys}) for handler in handlers]
