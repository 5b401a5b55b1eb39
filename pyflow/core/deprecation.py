"""Arguments that TensorFlow 1.x renamed: both names are accepted, not at once."""

from __future__ import annotations

from typing import Any


def renamed_argument(new_name: str, new_value: Any, old_name: str, old_value: Any) -> Any:
    """The value of an argument that may be given by its new or its old name; None when it is given by neither.

    Raises:
      ValueError: both are given.
    """
    if old_value is None:
        return new_value
    if new_value is not None:
        raise ValueError(f"Cannot specify both '{old_name}' and '{new_name}'")
    return old_value
