"""Names, tags and collections of summaries."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any

from pyflow.core.scopes import add_to_collection, name_scope
from pyflow.platform import logging

_NOT_IN_NAMES = re.compile(r"[^-/\w\.]")


def clean_tag(name: str | None) -> str | None:
    """A name in which characters that node names don't allow are underscores, without slashes in front."""
    if name is None:
        return None
    cleaned = _NOT_IN_NAMES.sub("_", name).lstrip("/")
    if cleaned != name:
        logging.info(f"Summary name {name} is illegal; using {cleaned} instead.")
    return cleaned


@contextlib.contextmanager
def summary_scope(
    name: str | None, family: str | None = None, default_name: str | None = None, values: Any = None
) -> Iterator[tuple[str, str]]:
    """Opens a name scope for a summary; gives (tag, scope), which are unique.

    With a family the scope is `family/name`, and the tag has the family in front once more, so that TensorBoard groups
    by it whatever the scopes outside are.
    """
    name, family = clean_tag(name), clean_tag(family)
    with name_scope(name if family is None else f"{family}/{name}", default_name, values) as scope:
        tag = scope.rstrip("/")
        yield tag if family is None else f"{family}/{tag}", scope


def collect(tensor: Any, collections: Any, default_collections: list[str]) -> None:
    """Adds a summary to collections; None means the default ones."""
    for key in default_collections if collections is None else collections:
        add_to_collection(key, tensor)
