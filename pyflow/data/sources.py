"""Datasets of tensors, numbers, generators and file names: the static methods of `tf.data.Dataset`."""

from __future__ import annotations

from typing import Any, Callable

from pyflow.core import dtypes
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dimension import Dimension
from pyflow.core.registry import raw
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.type_specs import TensorSpec
from pyflow.data import nest, structure
from pyflow.data.generator import generated
from pyflow.ops.array_identity import identity
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.messages import Assert
from pyflow.ops.string_reduction import reduce_join


def made(variant_tensor: Any, element_spec: Any, *inputs: Any) -> Any:
    """The dataset that a tensor stands for."""
    from pyflow.data.dataset import DatasetV1Adapter

    return DatasetV1Adapter(variant_tensor, element_spec, inputs)


class Sources:
    """Static methods that make datasets of something else."""

    @staticmethod
    def from_tensors(tensors: Any) -> Any:
        """One element.

        Args:
          tensors: a structure of tensors, or of what converts to them; a list is one tensor.
        """
        element = structure.normalize_element(tensors)
        spec = structure.type_spec_from_value(element)
        components = structure.to_tensor_list(spec, element)
        shapes = structure.get_flat_tensor_shapes(spec)
        return made(raw.TensorDataset(components, output_shapes=shapes), spec)

    @staticmethod
    def from_tensor_slices(tensors: Any) -> Any:
        """The rows of tensors as elements.

        Args:
          tensors: a structure of tensors of rank 1 at least that have equally many rows.

        Raises:
          ValueError: they have not.
        """
        element = structure.normalize_element(tensors)
        batched_spec = structure.type_spec_from_value(element)
        components = structure.to_batched_tensor_list(batched_spec, element)
        spec = structure.unbatched(batched_spec)
        rows = Dimension(_rows(components[0]))
        for component in components[1:]:
            rows.assert_is_compatible_with(Dimension(_rows(component)))
        shapes = structure.get_flat_tensor_shapes(spec)
        return made(raw.TensorSliceDataset(components, output_shapes=shapes), spec)

    @staticmethod
    def from_sparse_tensor_slices(sparse_tensor: Any) -> Any:
        """The rows of a sparse tensor with its indices in order, each a tuple of indices, values and dense shape.

        Raises:
          TypeError: it is no sparse tensor.
        """
        if not isinstance(sparse_tensor, SparseTensor):
            raise TypeError(f"`sparse_tensor` must be a `tf.SparseTensor` object. Was {sparse_tensor}.")
        rank = sparse_tensor.indices.shape.as_list()[1] if sparse_tensor.indices.shape.ndims is not None else None
        rank = None if rank is None else rank - 1
        spec = (
            TensorSpec([None, rank], dtypes.int64),
            TensorSpec([None], sparse_tensor.dtype),
            TensorSpec([rank], dtypes.int64),
        )
        parts = sparse_tensor.indices, sparse_tensor.values, sparse_tensor.dense_shape
        return made(raw.SparseTensorSliceDataset(*parts), spec)

    @staticmethod
    def from_generator(generator: Callable, output_types: Any, output_shapes: Any = None, args: Any = None) -> Any:
        """What a Python generator yields, called anew for each iteration.

        Args:
          generator: a callable that returns something to iterate over.
          output_types: the structure of dtypes of what it yields.
          output_shapes: of static shapes, by default unknown ones.
          args: tensors; their values are the generator's arguments.

        Raises:
          TypeError: `generator` cannot be called.
          InvalidArgumentError: at run time, it yields what doesn't fit.
        """
        if not callable(generator):
            raise TypeError("`generator` must be callable.")
        return generated(generator, output_types, output_shapes, args)

    @staticmethod
    def range(*args: Any) -> Any:
        """Numbers, int64, like Python's `range`: (stop), (start, stop) or (start, stop, step).

        Raises:
          ValueError: none or more than three arguments.
        """
        if not 1 <= len(args) <= 3:
            raise ValueError(f"Invalid arguments to RangeDataset: {args!s}")
        start, stop, step = {1: (0, *args, 1), 2: (*args, 1), 3: args}[len(args)]  # type: ignore[misc]
        limits = [
            convert_to_tensor(value, dtype=dtypes.int64, name=name)
            for value, name in ((start, "start"), (stop, "stop"), (step, "step"))
        ]
        spec = TensorSpec([], dtypes.int64)
        return made(raw.RangeDataset(*limits, **structure.flat_structure(spec)), spec)

    @staticmethod
    def zip(datasets: Any) -> Any:
        """Elements that have an element of each dataset in them, as long as all have one.

        Args:
          datasets: a tuple or dict, or a structure of these, of datasets.

        Raises:
          TypeError: a leaf is no dataset.
        """
        from pyflow.data.dataset import DatasetV2

        parts = nest.flatten(datasets)
        for part in parts:
            if not isinstance(part, DatasetV2):
                if isinstance(part, list):
                    raise TypeError(
                        "The argument to `Dataset.zip()` must be a nested structure of `Dataset` objects. Nested "
                        "structures do not support Python lists; please use a tuple instead."
                    )
                raise TypeError("The argument to `Dataset.zip()` must be a nested structure of `Dataset` objects.")
        spec = nest.pack_sequence_as(datasets, [part.element_spec for part in parts])
        tensor = raw.ZipDataset([p._variant_tensor for p in parts], **structure.flat_structure(spec))
        return made(tensor, spec, *parts)

    @staticmethod
    def list_files(file_pattern: Any, shuffle: Any = None, seed: Any = None) -> Any:
        """The names of files that match patterns.

        Args:
          file_pattern: a string, or a vector of them.
          shuffle: whether they come in random order, which is the default.

        Raises:
          InvalidArgumentError: at run time, no file matches.
        """
        with name_scope("list_files"):
            file_pattern = convert_to_tensor(file_pattern, dtype=dtypes.string, name="file_pattern")
            found = raw.MatchingFiles(file_pattern)
            some = raw.Greater(shape_of(found)[0], 0, name="match_not_empty")
            patterns = reduce_join(file_pattern, separator=", ")
            message = raw.Add("No files matched pattern: ", patterns, name="message")
            check = Assert(some, [message], summarize=1, name="assert_not_empty")
            with control_dependencies([check]):
                found = identity(found)
            dataset = Sources.from_tensor_slices(found)
            if shuffle is None or shuffle:
                size = raw.Maximum(shape_of(found, out_type=dtypes.int64)[0], 1)
                dataset = dataset.shuffle(size, seed=seed)
            return dataset


def _rows(tensor: Any) -> int | None:
    shape = tensor.shape
    return None if shape.ndims is None else shape.as_list()[0]
