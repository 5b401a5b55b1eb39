"""object_identity: sets and dictionaries whose keys are told apart by identity, not by `==`."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator, MutableMapping, MutableSet
from typing import Any


class _ObjectIdentityWrapper:
    """An object as a key: equal to itself only."""

    def __init__(self, wrapped: Any):
        self._wrapped = wrapped

    @property
    def unwrapped(self) -> Any:
        return self._wrapped

    def __eq__(self, other: Any) -> bool:
        if not isinstance(other, _ObjectIdentityWrapper):
            raise TypeError(f"Cannot compare wrapped object with unwrapped object {other!r}")
        return self.unwrapped is other.unwrapped

    def __hash__(self) -> int:
        return id(self.unwrapped)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} wrapping {self.unwrapped!r}>"


class _WeakObjectIdentityWrapper(_ObjectIdentityWrapper):
    """The same, not keeping the object alive; a dead one equals only its own wrapper."""

    def __init__(self, wrapped: Any):
        super().__init__(weakref.ref(wrapped))
        self._id = id(wrapped)

    @property
    def unwrapped(self) -> Any:
        return self._wrapped()

    def __eq__(self, other: Any) -> bool:
        return self is other or (self.unwrapped is not None and super().__eq__(other))

    def __hash__(self) -> int:
        return self._id


class Reference(_ObjectIdentityWrapper):
    """A hashable handle of any object; `deref()` gives it back."""

    unwrapped = property()  # type: ignore[assignment]  # `deref` is the only way to the object

    def deref(self) -> Any:
        return self._wrapped

    def __eq__(self, other: Any) -> bool:
        if not isinstance(other, Reference):
            raise TypeError(f"Cannot compare a reference with {other!r}")
        return self._wrapped is other._wrapped

    def __hash__(self) -> int:
        return id(self._wrapped)

    def __repr__(self) -> str:
        return f"<Reference wrapping {self._wrapped!r}>"


class ObjectIdentityDictionary(MutableMapping):
    """A dictionary with any objects as keys."""

    _wrap: Any = _ObjectIdentityWrapper

    def __init__(self, *args: Any, **kwargs: Any):
        self._storage: dict[_ObjectIdentityWrapper, Any] = {}
        for source in (*args, kwargs):
            self.update(source)

    def __getitem__(self, key: Any) -> Any:
        return self._storage[self._wrap(key)]

    def __setitem__(self, key: Any, value: Any) -> None:
        self._storage[self._wrap(key)] = value

    def __delitem__(self, key: Any) -> None:
        del self._storage[self._wrap(key)]

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __iter__(self) -> Iterator[Any]:
        for key in list(self._storage):
            if (unwrapped := key.unwrapped) is not None:
                yield unwrapped
            else:
                del self._storage[key]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._storage!r})"


class ObjectIdentityWeakKeyDictionary(ObjectIdentityDictionary):
    """The same, not keeping its keys alive."""

    _wrap = _WeakObjectIdentityWrapper


class ObjectIdentitySet(MutableSet):
    """A set of any objects."""

    _wrap: Any = _ObjectIdentityWrapper

    def __init__(self, *args: Iterable[Any]):
        self._storage = {self._wrap(item) for items in args for item in items}

    def __contains__(self, key: Any) -> bool:
        return self._wrap(key) in self._storage

    def add(self, value: Any) -> None:
        self._storage.add(self._wrap(value))

    def discard(self, value: Any) -> None:
        self._storage.discard(self._wrap(value))

    def update(self, items: Iterable[Any]) -> None:
        for item in items:
            self.add(item)

    def intersection(self, items: Iterable[Any]) -> ObjectIdentitySet:
        wanted = ObjectIdentitySet(items)
        return type(self)([item for item in self if item in wanted])

    def difference(self, items: Iterable[Any]) -> ObjectIdentitySet:
        unwanted = ObjectIdentitySet(items)
        return type(self)([item for item in self if item not in unwanted])

    def clear(self) -> None:
        self._storage.clear()

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __iter__(self) -> Iterator[Any]:
        for key in list(self._storage):
            if (unwrapped := key.unwrapped) is not None:
                yield unwrapped
            else:
                self._storage.discard(key)


class ObjectIdentityWeakSet(ObjectIdentitySet):
    """The same, not keeping its items alive."""

    _wrap = _WeakObjectIdentityWrapper
