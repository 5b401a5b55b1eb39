"""tf.contrib.framework's functions about tensors and conditions known without a run."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.graph import Graph
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops import confusion_matrix, smart_cond
from pyflow.ops.math_sums import add_n
from pyflow.ops.reduce_functions import reduce_sum
from pyflow.platform.code import deprecation, framework

for _name in ("smart_cond", "smart_constant_value"):
    export(f"contrib.framework.{_name}")(getattr(smart_cond, _name))
for _name in ("deprecated", "deprecated_args", "deprecated_arg_values"):
    export(f"contrib.framework.{_name}")(getattr(deprecation, _name))
for _name in ("prepend_name_scope", "strip_name_scope"):
    export(f"contrib.framework.{_name}")(getattr(framework, _name))


@export("contrib.framework.reduce_sum_n")
def reduce_sum_n(tensors: list[Tensor], name: str | None = None) -> Tensor:
    """The sum of all elements of all tensors.

    Raises:
      ValueError: there are none.
    """
    if not tensors:
        raise ValueError("No tensors provided.")
    with name_scope(name, "reduce_sum_n", tensors) as scope:
        sums = [reduce_sum(t, name=f"{t.op.name}/sum") for t in tensors]
        return sums[0] if len(sums) == 1 else add_n(sums, name=scope)


@export("contrib.framework.remove_squeezable_dimensions")
def remove_squeezable_dimensions(predictions: Any, labels: Any, name: str | None = None) -> tuple[Tensor, Tensor]:
    """(predictions, labels), the one whose rank is one too high without its last dimension."""
    predictions, labels = convert_to_tensor(predictions), convert_to_tensor(labels)
    labels, predictions = confusion_matrix.remove_squeezable_dimensions(labels, predictions, name=name)
    return predictions, labels


@export("contrib.framework.get_placeholders")
def get_placeholders(graph: Graph) -> list[Tensor]:
    """The placeholders of a graph.

    Raises:
      TypeError: it is no graph.
    """
    if not isinstance(graph, Graph):
        raise TypeError(f"Input graph needs to be a Graph: {graph}")
    return [op.outputs[0] for op in graph.get_operations() if op.type == "Placeholder"]
