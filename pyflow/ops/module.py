"""tf.Module: a container of variables and of further modules."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Any, Callable

from pyflow.core.api import export
from pyflow.core.scopes import name_scope
from pyflow.ops.variable_base import Variable

_IDENTIFIER = re.compile(r"^[a-zA-Z_]\w*$", re.ASCII)
_WORDS = re.compile(r"((?<=[a-z0-9])[A-Z]|(?!^)[A-Z](?=[a-z]))")


@export("Module")
class Module:
    """Finds the variables and modules among its attributes, also in lists and dicts, and in modules within it.

    Args:
      name: an identifier; by default the name of the class in snake case.

    Raises:
      ValueError: it is no identifier.
    """

    def __init__(self, name: str | None = None):
        if name is None:
            name = _WORDS.sub(r"_\1", type(self).__name__).lower()
        elif not _IDENTIFIER.match(name):
            raise ValueError(
                f"{name!r} is not a valid module name. Module names must be valid Python identifiers (e.g. a valid "
                "class name)."
            )
        self._name = name
        with name_scope(name) as scope_name:
            self._scope_name = scope_name

    @property
    def name(self) -> str:
        return self._name

    @property
    def name_scope(self) -> Any:
        """The scope of the module's operations, for `with`."""
        return name_scope(self._scope_name)

    @property
    def variables(self) -> tuple:
        return tuple(self._flatten(predicate=lambda x: isinstance(x, Variable)))

    @property
    def trainable_variables(self) -> tuple:
        return tuple(self._flatten(predicate=lambda x: isinstance(x, Variable) and getattr(x, "trainable", False)))

    @property
    def submodules(self) -> tuple:
        """The modules within it, and within these."""
        return tuple(self._flatten(predicate=lambda x: isinstance(x, Module)))

    def _flatten(
        self,
        recursive: bool = True,
        predicate: Callable | None = None,
        attribute_traversal_key: Callable | None = None,
        with_path: bool = False,
    ) -> Iterator[Any]:
        """What is found of a kind: this module's, by the names of its attributes, then that of modules within it.

        Args:
          attribute_traversal_key: what attributes are ordered by.
          with_path: give (path, thing), and things as often as they are found.
        """
        predicate = predicate or (lambda _: True)
        return _found(self, recursive, predicate, attribute_traversal_key, with_path, (), {id(self)})

    @classmethod
    def with_name_scope(cls, method: Callable) -> Callable:
        """Has a method work within the module's scope."""

        @functools.wraps(method)
        def method_with_name_scope(self: Module, *args: Any, **kwargs: Any) -> Any:
            with self.name_scope:
                return method(self, *args, **kwargs)

        return method_with_name_scope


def _leaves(value: Any) -> Iterator[tuple[tuple, Any]]:
    if isinstance(value, dict):
        for key in sorted(value):
            for path, leaf in _leaves(value[key]):
                yield (key, *path), leaf
    elif isinstance(value, (list, tuple)):
        for key, item in zip(getattr(value, "_fields", range(len(value))), value):
            for path, leaf in _leaves(item):
                yield (key, *path), leaf
    else:
        yield (), value


def _found(
    module: Module,
    recursive: bool,
    predicate: Callable,
    order: Callable | None,
    with_path: bool,
    prefix: tuple,
    seen: set[int],
) -> Iterator[Any]:
    within = []
    attributes = vars(module)
    for key in sorted(attributes, key=order):
        for path, leaf in _leaves(attributes[key]):
            if not with_path:
                if id(leaf) in seen:
                    continue
                seen.add(id(leaf))
            path = (*prefix, key, *path)
            if predicate(leaf):
                yield (path, leaf) if with_path else leaf
            if recursive and isinstance(leaf, Module):
                within.append((path, leaf))
    for path, inner in within:
        yield from _found(inner, recursive, predicate, order, with_path, path, seen)
