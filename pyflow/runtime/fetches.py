"""What may be fetched: tensors, operations, names, and nested structures of them."""

from __future__ import annotations

import functools
import weakref
from typing import Any, Callable

from pyflow.core import errors
from pyflow.core.function_graph import FunctionGraph
from pyflow.core.graph import Graph
from pyflow.core.indexed_slices import IndexedSlices, IndexedSlicesValue
from pyflow.core.operation import Operation
from pyflow.core.sparse_tensor import SparseTensor, SparseTensorValue
from pyflow.core.tensor import Tensor
from pyflow.ops.session_ops import TensorHandle
from pyflow.runtime.fetched_values import handed_over, needs_handing_over

Rebuild = Callable[[tuple], Any]

# For user types: (type, fetch function, feed function, feed function for partial runs), the newest first.
_expansions: list[tuple[type, Callable, Callable | None, Callable | None]] = [
    (SparseTensor, lambda s: ([s.indices, s.values, s.dense_shape], lambda v: SparseTensorValue(*v)),
     lambda s, v: list(zip([s.indices, s.values, s.dense_shape], v)), None),
    (IndexedSlices, lambda s: (_slices_parts(s), _slices_value),
     lambda s, v: list(zip(_slices_parts(s), v)), None),
]  # fmt: skip


def _slices_parts(slices: IndexedSlices) -> list[Tensor]:
    return [t for t in (slices.values, slices.indices, slices.dense_shape) if t is not None]


def _slices_value(values: Any) -> IndexedSlicesValue:
    return IndexedSlicesValue(*values, *([None] * (3 - len(values))))


def register_session_run_conversion_functions(
    tensor_type: type, fetch_function: Callable, feed_function: Any = None, feed_function_for_partial_run: Any = None
) -> None:
    """Makes a user type fetchable and feedable.

    Args:
      fetch_function: from an object to (list of tensors, function from their values to the result).
      feed_function: from (object, fed value) to a list of (tensor, value).

    Raises:
      ValueError: the type, or a base of it, is registered already.
    """
    for known, *_ in _expansions:
        if issubclass(tensor_type, known):
            raise ValueError(f"{tensor_type} has already been registered so ignore it.")
    _expansions.insert(0, (tensor_type, fetch_function, feed_function, feed_function_for_partial_run))


def expand_feed(key: Any, value: Any) -> list[tuple[Any, Any]]:
    """One feed as (tensor or name, value) pairs: a sparse tensor is fed as its parts."""
    for kind, _, feed, _ in _expansions:
        if isinstance(key, kind) and feed is not None:
            return feed(key, value)
    return [(key, value)]


class Fetches:
    """The tensors and operations of a fetch argument, and how to put the values back into its form."""

    def __init__(self, graph: Graph, fetches: Any, session: Any = None):
        self._graph = graph
        self._session = session
        self.index: dict[Any, int] = {}
        self.tensors: list[Tensor] = []
        self.targets: list[Operation] = []
        self.rebuild: Rebuild = self._structure(fetches)
        self._session = None  # which holds this in turn

    def _structure(self, fetch: Any) -> Rebuild:
        if fetch is None:
            raise TypeError(f"Fetch argument {fetch!r} has invalid type {type(fetch)!r}")
        if isinstance(fetch, (list, tuple)):
            parts = [self._structure(f) for f in fetch]
            kind = type(fetch)
            if hasattr(fetch, "_fields"):
                return lambda values: kind(*[part(values) for part in parts])
            if isinstance(fetch, list):
                return lambda values: [part(values) for part in parts]
            return lambda values: kind(part(values) for part in parts)
        if isinstance(fetch, dict):
            items = {key: self._structure(value) for key, value in fetch.items()}
            return functools.partial(_mapping, type(fetch), items)
        if hasattr(type(fetch), "__attrs_attrs__"):
            names = [a.name for a in type(fetch).__attrs_attrs__]
            parts = [self._structure(getattr(fetch, name)) for name in names]
            return lambda values: type(fetch)(*[part(values) for part in parts])
        for kind, expand, _, _ in _expansions:
            if isinstance(fetch, kind):
                tensors, contract = expand(fetch)
                parts = [self._element(t) for t in tensors]
                return lambda values: contract([part(values) for part in parts])
        return self._element(fetch)

    def _element(self, fetch: Any) -> Rebuild:
        try:
            element = self._graph.as_graph_element(fetch, allow_tensor=True, allow_operation=True)
        except TypeError as error:
            raise TypeError(
                f"Fetch argument {fetch!r} has invalid type {type(fetch)!r}, must be a string or Tensor. ({error})"
            ) from None
        except ValueError as error:
            if _is_inside(fetch, self._graph):
                raise errors.InaccessibleTensorError(_not_fetchable(fetch)) from None
            raise ValueError(f"Fetch argument {fetch!r} cannot be interpreted as a Tensor. ({error})") from None
        except KeyError as error:
            raise ValueError(f"Fetch argument {fetch!r} cannot be interpreted as a Tensor. ({error})") from None
        if not self._graph.is_fetchable(element):
            raise errors.InaccessibleTensorError(_not_fetchable(element))
        if isinstance(element, Operation):
            if element not in self.index:
                self.index[element] = -1
                self.targets.append(element)
            return lambda values: None
        index = self.index.setdefault(element, len(self.tensors))
        if index == len(self.tensors):
            self.tensors.append(element)
        if element.op.type == "GetSessionHandle" and self._session is not None:
            return self._handle(index, element.op.inputs[0].dtype)
        if needs_handing_over(element.dtype):
            return lambda values: handed_over(values[index])
        return lambda values: values[index]

    def _handle(self, index: int, dtype: Any) -> Rebuild:
        """A handle comes as an object that lets go of its tensor when it goes itself."""
        session = weakref.ref(self._session)
        return lambda values: TensorHandle(values[index], dtype, session())


def _mapping(kind: type, items: dict[Any, Rebuild], values: tuple) -> Any:
    result = kind()
    for key, part in items.items():
        result[key] = part(values)
    return result


def _is_inside(element: Any, graph: Graph) -> bool:
    """Whether a tensor or operation belongs to the body of a conditional or loop of the graph."""
    inner = getattr(element, "graph", None)
    return isinstance(element, (Tensor, Operation)) and isinstance(inner, FunctionGraph) and inner.root() is graph


def _not_fetchable(element: Any) -> str:
    name = element.op.name if isinstance(element, Tensor) else element.name
    return (
        f"Operation {name!r} has been marked as not fetchable. Typically this happens when it is defined in another "
        "function or code block. Use return values,explicit Python locals or TensorFlow collections to access it."
    )


def cache_key(fetches: Any) -> Any:
    """A hashable form of a fetch argument; two arguments with equal keys fetch the same in the same structure."""
    if isinstance(fetches, (list, tuple)):
        return (type(fetches), *map(cache_key, fetches))
    if isinstance(fetches, dict):
        return (type(fetches), *((key, cache_key(value)) for key, value in fetches.items()))
    return fetches
