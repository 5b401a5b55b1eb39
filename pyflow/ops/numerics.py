"""Checks that tensors are finite (`tf.verify_tensor_all_finite`, `tf.add_check_numerics_ops`)."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.deprecation import renamed_argument
from pyflow.core.operation import Operation
from pyflow.core.scopes import colocate_with, control_dependencies, get_default_graph, name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array_identity import check_numerics
from pyflow.ops.control_flow import group, with_dependencies


@export("verify_tensor_all_finite", "debugging.assert_all_finite")
def verify_tensor_all_finite(
    t: Any = None, msg: Any = None, name: str | None = None, x: Any = None, message: Any = None
) -> Tensor:
    """The tensor, once it is known to hold neither infinities nor NaNs.

    Args:
      t, x: tensor of a floating dtype; `x` is the newer name.
      msg, message: what the error says; `message` is the newer name.

    Raises:
      InvalidArgumentError: when it is run, an element is not finite.
    """
    x = renamed_argument("x", x, "t", t)
    message = renamed_argument("message", message, "msg", msg)
    with name_scope(name, "VerifyFinite", [x]):
        x = convert_to_tensor(x, name="x")
        with colocate_with(x):
            return with_dependencies([check_numerics(x, message=message)], x)


@export("add_check_numerics_ops")
def add_check_numerics_ops() -> Operation:
    """An operation that checks all float tensors of the default graph, in the order in which they were made.

    The error of the first that is not finite names the node and its output.

    Raises:
      ValueError: a node is part of a condition or loop.
    """
    checks: list[Tensor] = []
    for op in get_default_graph().get_operations():
        for output in op.outputs:
            if output.dtype in (dtypes.float16, dtypes.float32, dtypes.float64):
                if op._get_control_flow_context() is not None:
                    raise ValueError(
                        "`tf.add_check_numerics_ops() is not compatible with TensorFlow control flow operations such "
                        "as `tf.cond()` or `tf.while_loop()`."
                    )
                with control_dependencies(checks):
                    checks = [check_numerics(output, message=f"{op.name}:{output.value_index}")]
    return group(*checks)
