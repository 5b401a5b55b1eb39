"""tf.data.Dataset: a source of elements that ops of the graph describe, and iterators go through.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/data/Dataset
"""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.core.scopes import colocate_with, get_default_graph
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.data import nest, structure
from pyflow.data.iterator import Iterator
from pyflow.data.one_shot import dataset_factory
from pyflow.data.options import AutotuneAlgorithm, Options, merge_options
from pyflow.data.sources import Sources
from pyflow.data.structure import VariantSpec, flat_structure
from pyflow.data.transformations import Transformations

AUTOTUNE = -1
INFINITE = -1
UNKNOWN = -2

export("data.experimental.AUTOTUNE")(AUTOTUNE)
export("data.experimental.INFINITE_CARDINALITY")(INFINITE)
export("data.experimental.UNKNOWN_CARDINALITY")(UNKNOWN)


class DatasetV2(Sources, Transformations):
    """A sequence of elements, which are structures (tuples, dicts ...) of tensors, sparse tensors and datasets.

    Args:
      variant_tensor: what stands for it in the graph.
    """

    def __init__(self, variant_tensor: Tensor):
        self._variant_tensor = variant_tensor
        self._graph = get_default_graph()

    def _inputs(self) -> list[DatasetV2]:
        """The datasets that it is made of."""
        raise NotImplementedError("Dataset._inputs")

    @property
    def element_spec(self) -> Any:
        """The structure of `tf.TypeSpec`s that says what its elements are."""
        raise NotImplementedError("Dataset.element_spec")

    @property
    def _type_spec(self) -> DatasetSpec:
        return DatasetSpec(self.element_spec)

    def __iter__(self) -> Any:
        raise RuntimeError("__iter__() is only supported inside of tf.function or when eager execution is enabled.")

    def __repr__(self) -> str:
        shapes = str(nest.map_structure(str, structure.legacy_shapes(self.element_spec))).replace("'", "")
        types = str(nest.map_structure(repr, structure.legacy_types(self.element_spec))).replace("'", "")
        return f"<{type(self).__name__} shapes: {shapes}, types: {types}>"

    def options(self) -> Options:
        """The options of this dataset and those that it is made of."""
        merged = Options()
        for dataset in self._inputs():
            merged = merged.merge(dataset.options())
        return merged

    def _as_asked(self) -> Tensor:
        """The tensor that stands for the dataset with what its options ask for."""
        options, tensor, attrs = self.options(), self._variant_tensor, flat_structure(self.element_spec)
        threading = options.experimental_threading
        if threading.max_intra_op_parallelism is not None:
            limit = convert_to_tensor(threading.max_intra_op_parallelism, dtypes.int64, name="max_intra_op_parallelism")
            tensor = raw.MaxIntraOpParallelismDataset(tensor, limit, **attrs)
        if threading.private_threadpool_size is not None:
            size = convert_to_tensor(threading.private_threadpool_size, dtypes.int64, name="num_threads")
            tensor = raw.PrivateThreadPoolDataset(tensor, size, **attrs)
        optimization = options.experimental_optimization
        wanted = optimization.wanted()
        if wanted:
            names = convert_to_tensor(wanted, dtypes.string, name="optimizations")
            configs = ["map_vectorization:use_choose_fastest:false"]
            tensor = raw.OptimizeDataset(tensor, names, optimization_configs=configs, **attrs)
        if optimization.autotune is not False:
            algorithm = optimization.autotune_algorithm or AutotuneAlgorithm.HILL_CLIMB
            budget = optimization.autotune_cpu_budget or 0
            tensor = raw.ModelDataset(tensor, algorithm=algorithm.value, cpu_budget=budget, **attrs)
        return tensor

    def _made(self, variant_tensor: Tensor, element_spec: Any = None, *others: Any) -> Any:
        """A dataset made of this one, and perhaps others."""
        spec = self.element_spec if element_spec is None else element_spec
        return DatasetV1Adapter(variant_tensor, spec, [self, *others])


@export("data.Dataset")
class DatasetV1(DatasetV2):
    """A sequence of elements, which are structures (tuples, dicts ...) of tensors, sparse tensors and datasets.

    Its methods make further datasets; `make_one_shot_iterator` and `make_initializable_iterator` make what gives the
    elements one by one in a session.
    """

    def __init__(self) -> None:
        super().__init__(self._as_variant_tensor())

    def _as_variant_tensor(self) -> Tensor:
        """What stands for it in the graph; for classes that derive from this one."""
        raise NotImplementedError("Dataset._as_variant_tensor")

    def make_one_shot_iterator(self) -> Iterator:
        """An iterator that goes through the dataset once and needs no initializing.

        Raises:
          ValueError: the dataset depends on a placeholder, or on state such as a variable.
        """
        handle = raw.OneShotIterator(dataset_factory=dataset_factory(self), **flat_structure(self.element_spec))
        return Iterator._of(handle, None, self.element_spec)

    def make_initializable_iterator(self, shared_name: str | None = None) -> Iterator:
        """An iterator whose `initializer` has to run before the first element, and again to begin anew.

        Args:
          shared_name: a name under which iterators of several nodes of the session are one.
        """
        dataset = self._as_asked()
        attrs = flat_structure(self.element_spec)
        handle = raw.IteratorV2(container="", shared_name=shared_name or "", **attrs)
        with colocate_with(handle):
            initializer = raw.MakeIterator(dataset, handle)
        return Iterator._of(handle, initializer, self.element_spec)

    @property
    def output_classes(self) -> Any:
        """The classes of the components, in an element's structure."""
        return structure.legacy_classes(self.element_spec)

    @property
    def output_shapes(self) -> Any:
        """The static shapes of the components, in an element's structure."""
        return structure.legacy_shapes(self.element_spec)

    @property
    def output_types(self) -> Any:
        """The dtypes of the components, in an element's structure."""
        return structure.legacy_types(self.element_spec)


Dataset = DatasetV1


class DatasetV1Adapter(DatasetV1):
    """A dataset by the tensor that stands for it, or by another dataset.

    Args:
      element_spec: what its elements are.
      inputs: the datasets that it is made of.
    """

    def __init__(self, variant_tensor: Any, element_spec: Any = None, inputs: Any = ()):
        if isinstance(variant_tensor, DatasetV2):
            variant_tensor, element_spec, inputs = (
                variant_tensor._variant_tensor,
                variant_tensor.element_spec,
                [variant_tensor],
            )
        DatasetV2.__init__(self, variant_tensor)
        self._element_spec, self._input_datasets = element_spec, list(inputs)

    def _inputs(self) -> list:
        return self._input_datasets

    @property
    def element_spec(self) -> Any:
        return self._element_spec


class _VariantDataset(DatasetV1Adapter):
    """A dataset that came through a tensor."""


class OptionsDataset(DatasetV1Adapter):
    """A dataset with further options."""

    def __init__(self, dataset: DatasetV2, options: Options):
        super().__init__(dataset._variant_tensor, dataset.element_spec, [dataset])
        self._options = options
        inherited = super().options()
        self._all_options = merge_options(inherited, options)

    def options(self) -> Options:
        return self._all_options


@export("data.DatasetSpec", "data.experimental.DatasetStructure")
class DatasetSpec(VariantSpec):
    """Datasets with elements of that structure."""

    def __init__(self, element_spec: Any, dataset_shape: Any = ()):
        self._element_spec, self._dataset_shape = element_spec, TensorShape(dataset_shape)

    value_type = property(lambda self: DatasetV2, doc="The Python class of the values.")

    @staticmethod
    def from_value(value: Any) -> DatasetSpec:
        """The spec of a dataset."""
        return DatasetSpec(value.element_spec)

    def from_tensor(self, tensor: Tensor) -> Any:
        return _VariantDataset(tensor, self._element_spec)

    def _serialize(self) -> tuple:
        return self._element_spec, self._dataset_shape


@export("data.make_one_shot_iterator")
def make_one_shot_iterator(dataset: Any) -> Iterator:
    """`Dataset.make_one_shot_iterator`."""
    return dataset.make_one_shot_iterator()


@export("data.make_initializable_iterator")
def make_initializable_iterator(dataset: Any, shared_name: str | None = None) -> Iterator:
    """`Dataset.make_initializable_iterator`."""
    return dataset.make_initializable_iterator(shared_name)


@export("data.experimental.get_structure")
def get_structure(dataset_or_iterator: Any) -> Any:
    """The structure of specs of the elements.

    Raises:
      TypeError: it is no dataset or iterator.
    """
    try:
        return dataset_or_iterator.element_spec
    except AttributeError:
        raise TypeError(
            f"`dataset_or_iterator` must be a Dataset or Iterator object, but got {type(dataset_or_iterator)}."
        ) from None


@export("data.get_output_types")
def get_legacy_output_types(dataset_or_iterator: Any) -> Any:
    """The dtypes of the components, in an element's structure."""
    return structure.legacy_types(get_structure(dataset_or_iterator))


@export("data.get_output_shapes")
def get_legacy_output_shapes(dataset_or_iterator: Any) -> Any:
    """The static shapes of the components, in an element's structure."""
    return structure.legacy_shapes(get_structure(dataset_or_iterator))


@export("data.get_output_classes")
def get_legacy_output_classes(dataset_or_iterator: Any) -> Any:
    """The classes of the components, in an element's structure."""
    return structure.legacy_classes(get_structure(dataset_or_iterator))


@export("data.experimental.from_variant")
def from_variant(variant: Tensor, structure: Any) -> Any:
    """The dataset that a tensor stands for."""
    return _VariantDataset(variant, structure)


@export("data.experimental.to_variant")
def to_variant(dataset: Any) -> Tensor:
    """The tensor that stands for a dataset."""
    return dataset._variant_tensor
