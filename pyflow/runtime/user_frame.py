"""The line of the user's program that made a node."""

from __future__ import annotations

import os
from typing import Any

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


def defined_at(op: Any) -> str:
    """`defined at FILE:LINE`, for the innermost frame outside the package."""
    for filename, line, *_ in reversed(op._stack):
        if not filename.startswith(_PACKAGE):
            return f"defined at {filename}:{line}"
    return "defined in pyflow"


def in_node(op: Any) -> str:
    """What TensorFlow puts behind the message of an error: the node, and where it was made."""
    return f"\n\t [[node {op.name} ({defined_at(op)}) ]]"
