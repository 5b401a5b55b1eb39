"""tensorflow.python.debug (tfdbg): what can be said of a value; its sessions need a debugger, which is not here."""

from __future__ import annotations

from typing import Any

import numpy as np


def has_inf_or_nan(datum: Any, tensor: Any) -> bool:
    """Whether a value has an infinity or something that is not a number; False for what holds no floats."""
    if not isinstance(tensor, np.ndarray) or not np.issubdtype(tensor.dtype, np.inexact):
        return False
    return not bool(np.all(np.isfinite(tensor)))


class _Unavailable:
    """Raises NotImplementedError."""

    def __init__(self, *args: Any, **kwargs: Any):
        raise NotImplementedError(
            f"tfdbg.{type(self).__name__}: PyFlow has no debugger; `Session.run` raises errors that name the line of "
            "the operation, and tf.add_check_numerics_ops finds numbers that are not finite"
        )


# Programs import them also where they never debug.
for _name in (
    "DebugDumpDir",
    "DumpingDebugHook",
    "DumpingDebugWrapperSession",
    "GrpcDebugHook",
    "GrpcDebugWrapperSession",
    "LocalCLIDebugHook",
    "LocalCLIDebugWrapperSession",
    "TensorBoardDebugHook",
    "TensorBoardDebugWrapperSession",
):
    globals()[_name] = type(_name, (_Unavailable,), {"__module__": __name__})
