"""Iterators over datasets: resources of the session, found by their shared name, their node or a string handle."""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from pyflow.core import errors
from pyflow.core.registry import NOT_DIFFERENTIABLE, attr, op
from pyflow.ops.dataset_values import FUNCTION, SHAPES, TYPED, TYPES, DatasetValue, Elements, Run, object_scalar
from pyflow.ops.optional import OptionalValue
from pyflow.ops.shape_rules import no_outputs, scalar

_numbers = itertools.count()
_HANDLE = re.compile(r"_\d+_")  # how string handles begin
_NOT_INITIALIZED = (
    "{}() failed because the iterator has not been initialized. Ensure that you have run the initializer operation for "
    "this iterator before getting the next element."
)


class IteratorPosition:
    """How many elements an iterator has given, and the seeds it drew; what is saved of it."""

    TYPE_NAME = "pyflow::IteratorPosition"

    def __init__(self, given: int, seeds: Sequence[int] = ()):
        self.given, self.seeds = given, list(seeds)

    def as_variant_message(self) -> Any:
        """The message that stands for it in a checkpoint."""
        from pyflow.protos.tensor_pb2 import VariantTensorDataProto

        numbers = " ".join(map(str, [self.given, *self.seeds]))
        return VariantTensorDataProto(type_name=self.TYPE_NAME, metadata=numbers.encode())

    @classmethod
    def of(cls, value: Any) -> IteratorPosition:
        """The position that a value or a message of a checkpoint stands for.

        Raises:
          InvalidArgumentError: it stands for something else, the state of an iterator of TensorFlow's for example.
        """
        value = value.item() if isinstance(value, np.ndarray) else value
        if isinstance(value, cls):
            return value
        name = getattr(value, "type_name", type(value).__name__)
        if name != cls.TYPE_NAME:
            raise errors.InvalidArgumentError(None, None, f"The state of an iterator of another kind: {name}")
        given, *seeds = (int(number) for number in value.metadata.split())
        return cls(given, seeds)


class IteratorResource:
    """Where a session is in a dataset.

    Args:
      name: for its string handle.
      types: the dtypes of an element's components.
    """

    def __init__(self, name: str, types: list, shapes: list):
        self.name, self.types, self.shapes = f"_{next(_numbers)}_{name}", types, shapes
        self._lock = threading.RLock()
        self._surroundings: Any = None
        self._run: Run | None = None
        self._dataset: DatasetValue | None = None
        self._elements: Elements | None = None
        self._given = 0

    def begin(self, dataset: DatasetValue, ctx: Any) -> None:
        """Goes to the beginning of a dataset."""
        with self._lock:
            self.close_resource()
            if self._surroundings is None:
                self._surroundings = ctx.surroundings()
            self._surroundings.forget()
            self._run, self._dataset, self._given = Run(self._surroundings), dataset, 0
            self._elements = dataset.iterator(self._run)

    def next(self, ctx: Any) -> list:
        """The next element.

        Raises:
          StopIteration: there are no more.
          FailedPreconditionError: it has no dataset yet.
        """
        with self._lock:
            if self._elements is None:
                raise errors.FailedPreconditionError(None, None, _NOT_INITIALIZED.format("GetNext"))
            element = next(self._elements)
            self._given += 1
            return element

    @property
    def position(self) -> IteratorPosition:
        """How many elements have been given, and how they came by chance.

        Raises:
          FailedPreconditionError: it has no dataset yet.
        """
        with self._lock:
            if self._elements is None or self._run is None:
                raise errors.FailedPreconditionError(None, None, _NOT_INITIALIZED.format("SerializeIterator"))
            return IteratorPosition(self._given, self._run.seeds)

    def move_to(self, position: IteratorPosition) -> None:
        """Goes to where an iterator over the same dataset was.

        Raises:
          FailedPreconditionError: it has no dataset yet.
        """
        with self._lock:
            if self._dataset is None:
                raise errors.FailedPreconditionError(None, None, _NOT_INITIALIZED.format("DeserializeIterator"))
            self.close_resource()
            self._surroundings.forget()
            self._run = Run(self._surroundings, position.seeds)
            self._elements = elements = self._dataset.iterator(self._run)
            for self._given in range(1, position.given + 1):
                next(elements, None)
            self._given = position.given

    def close_resource(self) -> None:
        """Ends its threads."""
        if self._run is not None:
            self._run.close()


class _OneShot(IteratorResource):
    """An iterator that makes its dataset itself."""

    def __init__(self, name: str, types: list, shapes: list, factory: Any):
        super().__init__(name, types, shapes)
        self._factory = factory

    def next(self, ctx: Any) -> list:
        with self._lock:
            if self._elements is None:
                (dataset,) = self._factory()
                self.begin(dataset, ctx)
        return super().next(ctx)


def as_iterator(handle: Any) -> IteratorResource:
    """The iterator behind a handle, which is the iterator itself, or lies in an array."""
    return handle.item() if isinstance(handle, np.ndarray) else handle


def _known(ctx: Any, iterator: IteratorResource) -> IteratorResource:
    """Makes it findable by its string handle."""
    return ctx.resources.get_or_create(IteratorResource, "string handles", iterator.name, lambda: iterator)


def _session_iterator(ctx, container, shared_name, output_types, output_shapes) -> IteratorResource:
    def make() -> IteratorResource:
        return _known(ctx, IteratorResource(shared_name or ctx.op_name, output_types, output_shapes))

    if shared_name:
        return ctx.resources.get_or_create(IteratorResource, container, shared_name, make)
    return ctx.state(make)


class _IteratorBody:
    """An iterator that is given its dataset when it is initialized."""

    stateful = True
    shape = scalar
    grad = NOT_DIFFERENTIABLE

    def cpu(ctx, container, shared_name, output_types, output_shapes):
        return _session_iterator(ctx, container, shared_name, output_types, output_shapes)


_NAMED = {"shared_name": attr("string"), "container": attr("string")}
Iterator = op("Iterator() -> (handle: resource)", **_NAMED, **TYPED)(_IteratorBody)
IteratorV2 = op("IteratorV2() -> (handle: resource)", **_NAMED, **TYPED)(_IteratorBody)


@op(
    "OneShotIterator() -> (handle: resource)",
    dataset_factory=FUNCTION,
    output_types=TYPES,
    output_shapes=SHAPES,
    container="",
    shared_name="",
)
class OneShotIterator:
    """An iterator over the dataset that `dataset_factory` makes; it cannot begin anew."""

    stateful = True
    shape = scalar
    grad = NOT_DIFFERENTIABLE

    def cpu(ctx, dataset_factory, container, shared_name, output_types, output_shapes):
        def make() -> IteratorResource:
            def factory() -> Any:
                return ctx.function(dataset_factory)([])

            return _known(ctx, _OneShot(shared_name or ctx.op_name, output_types, output_shapes, factory))

        if shared_name:
            return ctx.resources.get_or_create(IteratorResource, container, shared_name, make)
        return ctx.state(make)


@op("MakeIterator(dataset: variant, iterator: resource) -> ()")
class MakeIterator:
    """Has an iterator go to the beginning of a dataset."""

    stateful = True
    shape = no_outputs
    grad = NOT_DIFFERENTIABLE

    def cpu(dataset, iterator, ctx):
        as_iterator(iterator).begin(dataset.item() if isinstance(dataset, np.ndarray) else dataset, ctx)


class _NextBody:
    """The next element.

    Raises OutOfRangeError at the end.
    """

    stateful = True
    grad = NOT_DIFFERENTIABLE

    def shape(output_shapes):
        return [s.as_tuple() for s in output_shapes]

    def cpu(iterator, ctx):
        try:
            return as_iterator(iterator).next(ctx)
        except StopIteration:
            raise errors.OutOfRangeError(None, None, "End of sequence") from None


IteratorGetNext = op("IteratorGetNext(iterator: resource) -> (components: output_types)", **TYPED)(_NextBody)
IteratorGetNextSync = op("IteratorGetNextSync(iterator: resource) -> (components: output_types)", **TYPED)(_NextBody)


@op("IteratorGetNextAsOptional(iterator: resource) -> (optional: variant)", **TYPED)
class IteratorGetNextAsOptional:
    """The next element; nothing at the end."""

    stateful = True
    shape = scalar
    grad = NOT_DIFFERENTIABLE

    def cpu(iterator, ctx):
        try:
            return OptionalValue(as_iterator(iterator).next(ctx))
        except StopIteration:
            return OptionalValue(None)


@op("IteratorToStringHandle(resource_handle: resource) -> (string_handle: string)")
class IteratorToStringHandle:
    """What stands for an iterator where one is to be fed."""

    stateful = True
    shape = scalar
    grad = NOT_DIFFERENTIABLE

    def cpu(resource_handle):
        return as_iterator(resource_handle).name.encode()


def _no_such_iterator() -> IteratorResource:
    raise errors.NotFoundError(None, None, "The string handle stands for no iterator of this session.")


class _FromHandleBody:
    """The iterator that a string handle stands for."""

    stateful = True
    shape = scalar
    grad = NOT_DIFFERENTIABLE

    def cpu(string_handle, output_types, output_shapes, ctx):
        handle = string_handle.item() if isinstance(string_handle, np.ndarray) else string_handle
        name = handle.decode("utf-8", "replace")
        if not _HANDLE.match(name):
            words = "Could not parse string_handle as a valid ResourceHandle"
            raise errors.InvalidArgumentError(None, None, words)
        found = ctx.resources.get_or_create(IteratorResource, "string handles", name, _no_such_iterator)
        _check_components(found, output_types, output_shapes)
        return found


def _check_components(iterator: IteratorResource, types: list, shapes: list) -> None:
    words = ""
    if types and len(types) != len(iterator.types):
        words = f"Number of components does not match: expected {len(types)} types but got {len(iterator.types)}."
    for i, (expected, actual) in enumerate(zip(types, iterator.types)):
        if expected != actual and not words:
            words = f"Data type mismatch at component {i}: expected {_short(expected)} but got {_short(actual)}."
    for i, (expected, actual) in enumerate(zip(shapes, iterator.shapes)):
        if not expected.is_compatible_with(actual) and not words:
            words = f"Incompatible shapes at component {i}: expected {_text(expected)} but got {_text(actual)}."
    if words:
        raise errors.InvalidArgumentError(None, None, words)


def _short(dtype: Any) -> str:
    name = str(dtype.name)
    return {"float32": "float", "float64": "double", "float16": "half"}.get(name, name)


def _text(shape: Any) -> str:
    dims = shape.as_tuple()
    return "<unknown>" if dims is None else f"[{','.join('?' if d is None else str(d) for d in dims)}]"


_OPTIONALLY_TYPED = {"output_types": attr("list(type)", default=[]), "output_shapes": attr("list(shape)", default=[])}
IteratorFromStringHandle = op(
    "IteratorFromStringHandle(string_handle: string) -> (resource_handle: resource)", **_OPTIONALLY_TYPED
)(_FromHandleBody)
IteratorFromStringHandleV2 = op(
    "IteratorFromStringHandleV2(string_handle: string) -> (resource_handle: resource)", **_OPTIONALLY_TYPED
)(_FromHandleBody)


@op("SerializeIterator(resource_handle: resource) -> (serialized: variant)")
class SerializeIterator:
    """How far an iterator has come."""

    stateful = True
    shape = scalar
    grad = NOT_DIFFERENTIABLE

    def cpu(resource_handle):
        return object_scalar(as_iterator(resource_handle).position)


@op("DeserializeIterator(resource_handle: resource, serialized: variant) -> ()")
class DeserializeIterator:
    """Moves an iterator to where another has come in the same dataset."""

    stateful = True
    shape = no_outputs
    grad = NOT_DIFFERENTIABLE

    def cpu(resource_handle, serialized):
        as_iterator(resource_handle).move_to(IteratorPosition.of(serialized))
