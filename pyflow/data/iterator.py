"""tf.data.Iterator: gives the elements of datasets, one at each run of its `get_next`."""

from __future__ import annotations

import warnings
from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.core.scopes import add_to_collection, colocate_with, name_scope
from pyflow.core.shapes import TensorShape, as_shape
from pyflow.core.tensor import Tensor
from pyflow.data import nest, structure
from pyflow.data.structure import flat_structure

# A program that makes this many nodes for the next element probably makes one in each step.
GET_NEXT_CALL_WARNING_THRESHOLD = 32
GET_NEXT_CALL_WARNING_MESSAGE = (
    "An unusually high number of `Iterator.get_next()` calls was detected. This often indicates that "
    "`Iterator.get_next()` is being called inside a training loop, which will cause gradual slowdown and eventual "
    "resource exhaustion. If this is the case, restructure your code to call `next_element = iterator.get_next()` "
    "once outside the loop, and use `next_element` as the input to some computation that is invoked inside the loop."
)
GLOBAL_ITERATORS = "iterators"


@export("data.Iterator")
class Iterator:
    """Where a session is in a dataset.

    Made by `Dataset.make_one_shot_iterator` and `Dataset.make_initializable_iterator`, or by `from_structure` for
    several datasets by turns, or `from_string_handle` for one of several iterators, chosen by what is fed.
    """

    def __init__(
        self, iterator_resource: Any, initializer: Any, output_types: Any, output_shapes: Any, output_classes: Any
    ):
        if output_types is None or output_shapes is None or output_classes is None:
            raise ValueError(
                "If `structure` is not specified, all of `output_types`, `output_shapes`, and `output_classes` must be "
                "specified."
            )
        spec = structure.convert_legacy_structure(output_types, output_shapes, output_classes)
        self._set_up(iterator_resource, initializer, spec)

    def _set_up(self, handle: Tensor, initializer: Any, element_spec: Any) -> None:
        self._iterator_resource, self._initializer = handle, initializer
        self._element_spec = element_spec
        self._string_handle = raw.IteratorToStringHandle(handle)
        self._get_next_call_count = 0
        add_to_collection(GLOBAL_ITERATORS, handle)

    @classmethod
    def _of(cls, handle: Tensor, initializer: Any, element_spec: Any) -> Iterator:
        iterator = cls.__new__(cls)
        iterator._set_up(handle, initializer, element_spec)
        return iterator

    @staticmethod
    def from_structure(
        output_types: Any, output_shapes: Any = None, shared_name: str | None = None, output_classes: Any = None
    ) -> Iterator:
        """An iterator for any dataset with such elements: `make_initializer` makes the operation that begins one.

        Args:
          output_types: the structure of dtypes.
          output_shapes: of static shapes, by default unknown ones.
          shared_name: a name under which iterators of several nodes of the session are one.
          output_classes: of classes, by default `tf.Tensor`.

        Raises:
          TypeError: they are not of one structure.
        """
        output_types = nest.map_structure(dtypes.as_dtype, output_types)
        if output_shapes is None:
            output_shapes = nest.map_structure(lambda _: TensorShape(None), output_types)
        else:
            output_shapes = nest.map_structure_up_to(output_types, as_shape, output_shapes)
        if output_classes is None:
            output_classes = nest.map_structure(lambda _: Tensor, output_types)
        nest.assert_same_structure(output_types, output_shapes)
        spec = structure.convert_legacy_structure(output_types, output_shapes, output_classes)
        handle = raw.IteratorV2(container="", shared_name=shared_name or "", **flat_structure(spec))
        return Iterator._of(handle, None, spec)

    @staticmethod
    def from_string_handle(
        string_handle: Any, output_types: Any, output_shapes: Any = None, output_classes: Any = None
    ) -> Iterator:
        """The iterator that a string stands for: what `string_handle` of another iterator gave in this session.

        Args:
          string_handle: usually a placeholder.
          output_types, output_shapes, output_classes: as of `from_structure`.
        """
        output_types = nest.map_structure(dtypes.as_dtype, output_types)
        if output_shapes is None:
            output_shapes = nest.map_structure(lambda _: TensorShape(None), output_types)
        else:
            output_shapes = nest.map_structure_up_to(output_types, as_shape, output_shapes)
        if output_classes is None:
            output_classes = nest.map_structure(lambda _: Tensor, output_types)
        nest.assert_same_structure(output_types, output_shapes)
        spec = structure.convert_legacy_structure(output_types, output_shapes, output_classes)
        string_handle = convert_to_tensor(string_handle, dtype=dtypes.string)
        handle = raw.IteratorFromStringHandleV2(string_handle, **flat_structure(spec))
        return Iterator._of(handle, None, spec)

    @property
    def initializer(self) -> Any:
        """The operation that goes to the beginning of the dataset.

        Raises:
          ValueError: this iterator has none.
        """
        if self._initializer is None:
            raise ValueError("Iterator does not have an initializer.")
        return self._initializer

    def make_initializer(self, dataset: Any, name: str | None = None) -> Any:
        """The operation that goes to the beginning of a dataset.

        Raises:
          TypeError: its elements are of another structure, or don't fit.
        """
        with name_scope(name, "make_initializer") as name:
            nest.assert_same_structure(self._element_spec, dataset.element_spec)
            ours, theirs = self._element_spec, dataset.element_spec
            for what, of in (("classes", structure.legacy_classes), ("types", structure.legacy_types)):
                words = "output class" if what == "classes" else "output types"
                for mine, its in zip(nest.flatten(of(ours)), nest.flatten(of(theirs))):
                    if mine != its:
                        raise TypeError(f"Expected output {what} {of(ours)!r} but got dataset with {words} "
                                        f"{of(theirs)!r}.")  # fmt: skip
            for mine, its in zip(nest.flatten(ours), nest.flatten(theirs)):
                if not mine.is_compatible_with(its):
                    raise TypeError(
                        f"Expected output shapes compatible with {structure.legacy_shapes(ours)!r} but got dataset "
                        f"with output shapes {structure.legacy_shapes(theirs)!r}."
                    )
            with colocate_with(self._iterator_resource):
                return raw.MakeIterator(dataset._variant_tensor, self._iterator_resource, name=name)

    def get_next(self, name: str | None = None) -> Any:
        """The next element, a structure of tensors. Make it once, and run it for each element.

        Raises (when it runs):
          OutOfRangeError: there are no more.
          FailedPreconditionError: the iterator has not been initialized.
        """
        self._get_next_call_count += 1
        if self._get_next_call_count > GET_NEXT_CALL_WARNING_THRESHOLD:
            warnings.warn(GET_NEXT_CALL_WARNING_MESSAGE, stacklevel=2)
        tensors = raw.IteratorGetNext(self._iterator_resource, name=name, **flat_structure(self._element_spec))
        return structure.from_compatible_tensor_list(self._element_spec, tensors)

    def string_handle(self, name: str | None = None) -> Tensor:
        """What to feed where this iterator is to be used, a string of shape ()."""
        if name is None:
            return self._string_handle
        return raw.IteratorToStringHandle(self._iterator_resource, name=name)

    @property
    def output_classes(self) -> Any:
        """The classes of the components, in an element's structure."""
        return structure.legacy_classes(self._element_spec)

    @property
    def output_shapes(self) -> Any:
        """The static shapes of the components, in an element's structure."""
        return structure.legacy_shapes(self._element_spec)

    @property
    def output_types(self) -> Any:
        """The dtypes of the components, in an element's structure."""
        return structure.legacy_types(self._element_spec)

    @property
    def element_spec(self) -> Any:
        """The structure of `tf.TypeSpec`s that says what the elements are."""
        return self._element_spec
