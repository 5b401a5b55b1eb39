"""`StagingArea` and `MapStagingArea`: values that one run puts down and a later one takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.core.scopes import colocate_with, get_default_graph, name_scope
from pyflow.core.shapes import TensorShape, unknown_shape
from pyflow.ops.array_identity import identity
from pyflow.ops.control_flow import no_op


class BaseStagingArea:
    """What the areas share.

    Args:
      dtypes: the dtypes of an element's components.
      shapes: their shapes, or None for any.
      names: names for them: what is put and got are then dicts.
      shared_name: the name in the session; None makes one.
      capacity: how many elements fit, 0 for any number.
      memory_limit: how many bytes fit, 0 for any number.

    Raises:
      ValueError: the lists differ in length.
    """

    def __init__(
        self,
        dtypes: Any,
        shapes: Any = None,
        names: Any = None,
        shared_name: str | None = None,
        capacity: int = 0,
        memory_limit: int = 0,
    ):
        if shared_name is None:
            self._name = get_default_graph().unique_name(type(self).__name__)
        elif isinstance(shared_name, str):
            self._name = shared_name
        else:
            raise ValueError("shared_name must be a string")
        if shapes is not None and len(shapes) != len(dtypes):
            raise ValueError("StagingArea shapes must be the same length as dtypes")
        if names is not None and len(names) != len(dtypes):
            raise ValueError("StagingArea names must be the same length as dtypes")
        self._dtypes = dtypes
        self._shapes = [unknown_shape() for _ in dtypes] if shapes is None else [TensorShape(s) for s in shapes]
        self._names = names
        self._capacity, self._memory_limit = capacity, memory_limit
        with name_scope(f"{self._name}_root"):
            self._coloc_op = no_op()

    name = property(lambda self: self._name, doc="The name in the session.")
    dtypes = property(lambda self: self._dtypes, doc="The dtypes of an element's components.")
    shapes = property(lambda self: self._shapes, doc="The static shapes of an element's components.")
    names = property(lambda self: self._names, doc="The names of an element's components, or None.")
    capacity = property(lambda self: self._capacity, doc="How many elements fit, 0 for any number.")
    memory_limit = property(lambda self: self._memory_limit, doc="How many bytes fit, 0 for any number.")

    def _limits(self) -> dict[str, Any]:
        return {"shared_name": self._name, "capacity": self._capacity, "memory_limit": self._memory_limit}

    def _checked(self, vals: Any, indices: Any) -> tuple[list, list]:
        """The tensors to put, and which components they are."""
        if isinstance(vals, dict):
            if not self._names:
                raise ValueError("Staging areas must have names to enqueue a dictionary")
            if not set(vals) <= set(self._names):
                raise ValueError(
                    "Keys in dictionary to put do not match names of staging area. "
                    f"Dictionary: ({sorted(vals)}), Queue: ({sorted(self._names)})"
                )
            indices = [i for i, name in enumerate(self._names) if name in vals]
            vals = [vals[self._names[i]] for i in indices]
        else:
            if self._names:
                raise ValueError("You must enqueue a dictionary in a staging area with names")
            if indices is None:
                raise ValueError("Indices must be supplied when inserting a list of tensors")
            if len(indices) != len(vals):
                raise ValueError("Number of indices '%s' doesn't match number of values '%s'")
            if not isinstance(vals, (list, tuple)):
                vals, indices = [vals], [0]
        if len(vals) > len(self._dtypes):
            raise ValueError(f"Unexpected number of inputs '{len(vals)}' vs '{len(self._dtypes)}'")
        tensors = []
        for value, i in zip(vals, indices):
            if value.dtype != self._dtypes[i]:
                raise ValueError(f"Datatypes do not match. '{value.dtype}' != '{self._dtypes[i]}'")
            value.get_shape().assert_is_compatible_with(self._shapes[i])
            tensors.append(convert_to_tensor(value, dtype=self._dtypes[i], name=f"component_{i}"))
        return tensors, list(indices)

    def _transferred(self, tensors: Any) -> list:
        """The tensors, copied if they are wanted on another device."""
        tensors = list(tensors) if isinstance(tensors, (tuple, list)) else [tensors]
        if no_op().device != self._coloc_op.device:
            tensors = [identity(t) for t in tensors]
        return tensors

    def _returned(self, tensors: Any, indices: list) -> Any:
        tensors = self._transferred(tensors)
        for tensor, i in zip(tensors, indices):
            tensor.set_shape(self._shapes[i])
        return {self._names[i]: t for t, i in zip(tensors, indices)} if self._names else tensors


def _values(vals: Any) -> list:
    if isinstance(vals, dict):
        return list(vals.values())
    return list(vals) if isinstance(vals, (list, tuple)) else [vals]


@export("contrib.staging.StagingArea")
class StagingArea(BaseStagingArea):
    """Elements that are put down in one run and got in another, first in, first out.

    A step that works on what the step before it has put down need not wait for the input. See `BaseStagingArea` for the
    arguments.
    """

    def put(self, values: Any, name: str | None = None) -> Any:
        """The operation that puts an element down, waiting for room.

        Args:
          values: a tensor for a single component, or a list, tuple or dict of them.

        Raises:
          ValueError: number, dtypes, shapes or names are not those of the area.
        """
        with name_scope(name, f"{self._name}_put", _values(values)) as scope:
            if not isinstance(values, (list, tuple, dict)):
                values = [values]
            tensors, _ = self._checked(values, list(range(len(values))))
            with colocate_with(self._coloc_op):
                return raw.Stage(tensors, name=scope, **self._limits())

    def _get(self, make: Callable, name: str) -> Any:
        with colocate_with(self._coloc_op):
            tensors = make(dtypes=self._dtypes, name=name, **self._limits())
        return self._returned(tensors, list(range(len(self._dtypes))))

    def get(self, name: str | None = None) -> Any:
        """The element that was put down first, a list of tensors or a dict; waits for it."""
        return self._get(raw.Unstage, name or f"{self._name}_get")

    def peek(self, index: Any, name: str | None = None) -> Any:
        """The element at position `index`, which stays; waits for it."""
        return self._get(lambda **kwargs: raw.StagePeek(index, **kwargs), name or f"{self._name}_peek")

    def size(self, name: str | None = None) -> Any:
        """How many elements there are, int32 of shape ()."""
        return raw.StageSize(dtypes=self._dtypes, name=name or f"{self._name}_size", **self._limits())

    def clear(self, name: str | None = None) -> Any:
        """The operation that takes everything away."""
        return raw.StageClear(dtypes=self._dtypes, name=name or f"{self._name}_clear", **self._limits())


class MapStagingArea(BaseStagingArea):
    """Elements that are put down under int64 keys.

    Components may be put, and got, one by one; an element is there once it is complete.

    Args:
      ordered: whether `get` without a key gives the element with the smallest one.
    """

    def __init__(
        self,
        dtypes: Any,
        shapes: Any = None,
        names: Any = None,
        shared_name: str | None = None,
        ordered: bool = False,
        capacity: int = 0,
        memory_limit: int = 0,
    ):
        super().__init__(dtypes, shapes, names, shared_name, capacity, memory_limit)
        self._ordered = ordered

    def _op(self, kind: str) -> Any:
        return getattr(raw, f"OrderedMap{kind}" if self._ordered else f"Map{kind}")

    def put(self, key: Any, vals: Any, indices: Any = None, name: str | None = None) -> Any:
        """The operation that puts components down under a key, waiting for room.

        Args:
          vals: tensors; a dict by name, or a list whose places in the element `indices` says.

        Raises:
          ValueError: number, dtypes, shapes or names are not those of the area.
        """
        with name_scope(name, f"{self._name}_put", _values(vals)) as scope:
            tensors, indices = self._checked(vals, indices)
            with colocate_with(self._coloc_op):
                return self._op("Stage")(key, indices, tensors, dtypes=self._dtypes, name=scope, **self._limits())

    def _places(self, indices: Any) -> tuple[list, list]:
        """Which components are meant, and their dtypes."""
        if indices is None:
            indices = list(range(len(self._dtypes)))
        if not isinstance(indices, (tuple, list)):
            raise TypeError(f"Invalid indices type '{type(indices)}'")
        if len(indices) == 0:
            raise ValueError("Empty indices")
        if all(isinstance(i, str) for i in indices):
            if self._names is None:
                raise ValueError(
                    f"String indices provided '{indices}', but this Staging Area was not created with names."
                )
            for name in indices:
                if name not in self._names:
                    raise ValueError(f"Named index '{name}' not in Staging Area names '{self._names}'")
            indices = [self._names.index(name) for name in indices]
        elif not all(isinstance(i, int) for i in indices):
            raise TypeError(f"Mixed types in indices '{indices}'. May only be str or int")
        return list(indices), [self._dtypes[i] for i in indices]

    def peek(self, key: Any, indices: Any = None, name: str | None = None) -> Any:
        """Components of the element under `key`, which stays; waits for it."""
        places, dtypes = self._places(indices)
        with colocate_with(self._coloc_op):
            taken = self._op("Peek")(key, places, dtypes=dtypes, name=name or f"{self._name}_pop", **self._limits())
        return self._returned(taken, places)

    def get(self, key: Any = None, indices: Any = None, name: str | None = None) -> Any:
        """Components of the element under `key`, or of some element, taken out; waits for it.

        Returns:
          The key, and a list of tensors or a dict.
        """
        places, dtypes = self._places(indices)
        with colocate_with(self._coloc_op):
            if key is None:
                name = name or f"{self._name}_get_nokey"
                key, taken = self._op("UnstageNoKey")(places, dtypes=dtypes, name=name, **self._limits())
            else:
                name = name or f"{self._name}_get"
                taken = self._op("Unstage")(key, places, dtypes=dtypes, name=name, **self._limits())
                return key, self._returned(taken, places)
        return self._transferred(key)[0], self._returned(taken, places)

    def size(self, name: str | None = None) -> Any:
        """How many complete elements there are, int32 of shape ()."""
        return self._op("Size")(dtypes=self._dtypes, name=name or f"{self._name}_size", **self._limits())

    def incomplete_size(self, name: str | None = None) -> Any:
        """How many elements lack components, int32 of shape ()."""
        name = name or f"{self._name}_incomplete_size"
        return self._op("IncompleteSize")(dtypes=self._dtypes, name=name, **self._limits())

    def clear(self, name: str | None = None) -> Any:
        """The operation that takes everything away."""
        return self._op("Clear")(dtypes=self._dtypes, name=name or f"{self._name}_clear", **self._limits())
