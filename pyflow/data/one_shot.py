"""The function that makes the dataset of a one-shot iterator: it holds copies of all nodes, and captures none."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.graph import Graph
from pyflow.core.operation import Operation
from pyflow.core.tensor import Tensor
from pyflow.data.functions import DatasetFunctionGraph

_NO_STATE_TO_CAPTURE = (
    "Failed to create a one-shot iterator for a dataset. `Dataset.make_one_shot_iterator()` does not support datasets "
    "that capture stateful objects, such as a `Variable` or `LookupTable`. In these cases, use "
    "`Dataset.make_initializable_iterator()`. (Original error: {})"
)


# What they give can differ from run to run, so they are never evaluated early; but nothing of theirs is kept.
_STATELESS_IN_TENSORFLOW = ("MatchingFiles", "ReadFile", "PyFuncStateless")


class _ByValueGraph(DatasetFunctionGraph):
    def __init__(self, name: str):
        super().__init__(name)
        self._copies: dict[Operation, Operation] = {}

    def capture(self, tensor: Tensor) -> Tensor:
        return self._copy(tensor.op).outputs[tensor.value_index]

    def _copy(self, op: Operation) -> Operation:
        if op not in self._copies:
            if op.type in ("Placeholder", "PlaceholderV2"):
                raise ValueError(f"Cannot capture a placeholder (name:{op.name}, type:{op.type}) by value.")
            if op.definition.stateful and not _may_be_copied(op):
                raise _StatefulError(f"Cannot capture a stateful node (name:{op.name}, type:{op.type}) by value.")
            inputs = [t if t.graph is self else self.capture(t) for t in op.inputs]
            self._copies[op] = Graph.add_node(self, op.definition, inputs, dict(op.attrs), op.name)
        return self._copies[op]


class _StatefulError(ValueError):
    pass


def _may_be_copied(op: Operation) -> bool:
    makes_dataset = bool(op.outputs) and all(t.dtype is dtypes.variant for t in op.outputs)
    return makes_dataset or op.type in _STATELESS_IN_TENSORFLOW


def dataset_factory(dataset: Any) -> Any:
    """What stands for a function without arguments that makes the dataset.

    Raises:
      ValueError: the dataset depends on a placeholder, or on state such as a variable.
    """
    graph = _ByValueGraph("_make_dataset")
    with graph.as_default():
        try:
            graph.outputs = [dataset._as_asked()]
        except _StatefulError as error:
            raise ValueError(_NO_STATE_TO_CAPTURE.format(error)) from None
    graph.register()
    return graph.attr
