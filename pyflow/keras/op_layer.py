"""Operations between layers: each becomes a layer by itself, so that models can be made of them."""

from __future__ import annotations

from typing import Any

from google.protobuf.json_format import MessageToDict, ParseDict

from pyflow.core import nest
from pyflow.core.convert import convert_to_tensor
from pyflow.core.operation import Operation
from pyflow.core.scopes import get_default_graph
from pyflow.core.tensor import Tensor
from pyflow.keras.backend import get_value
from pyflow.keras.base_layer import Layer
from pyflow.layers.layer_nodes import Node
from pyflow.protos.graph_pb2 import NodeDef


class TensorFlowOpLayer(Layer):
    """A layer that does what one operation does.

    Args:
      node_def: the operation as a message, or a dict of its type, name and attrs.
      constants: the values of inputs that come from no model, by place.
    """

    def __init__(
        self, node_def: Any, name: Any = None, constants: Any = None, trainable: bool = True, dtype: Any = None
    ):
        self._operation = node_def
        super().__init__(name="tf_op_layer_" + str(name), trainable=trainable, dtype=dtype)
        self.constants = dict(constants or {})
        self.built = True

    def call(self, inputs: Any) -> Any:
        op = self._operation
        own = iter(nest.flatten(inputs))
        every = [self.constants[i] if i in self.constants else next(own) for i in range(len(op.inputs))]
        types = [x.dtype for x in op.outputs] if isinstance(op, Operation) else None
        every = [convert_to_tensor(x) for x in every]
        made = get_default_graph().create_op(op.type, every, types, attrs=dict(op.attrs), name=op.name)
        return made.outputs[0] if len(made.outputs) == 1 else list(made.outputs)

    def get_config(self) -> dict[str, Any]:
        config = {"name": self._operation.name, "trainable": self.trainable, "dtype": self.dtype}
        constants = {i: get_value(x) if isinstance(x, Tensor) else x for i, x in self.constants.items()}
        return {**config, "node_def": MessageToDict(self._operation.node_def), "constants": constants}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        node = ParseDict(config["node_def"], NodeDef())
        constants = {int(i): x for i, x in config["constants"].items()}
        return cls(_Described(node, len(node.input)), name=config["name"], constants=constants)


class _Described:
    """An operation that a message tells of."""

    def __init__(self, node: Any, count: int):
        self.node_def, self.name, self.type = node, node.name, node.op
        self.attrs = {key: value for key, value in node.attr.items() if not key.startswith("_")}
        self.inputs: list[Any] = [None] * count


def create_keras_history(tensors: Any) -> None:
    """Makes layers of the operations between a model's layers and tensors."""
    if not getattr(get_default_graph(), "_has_keras_inputs", False):
        return
    for tensor in nest.flatten(tensors):
        if isinstance(tensor, Tensor) and not hasattr(tensor, "_keras_history"):
            if _comes_from_model(tensor):
                _make_layers(tensor)


def _comes_from_model(tensor: Any) -> bool:
    seen: set[int] = set()
    stack = [tensor]
    while stack:
        x = stack.pop()
        if hasattr(x, "_keras_history"):
            return True
        if id(x.op) not in seen:
            seen.add(id(x.op))
            stack += x.op.inputs
    return False


def _make_layers(tensor: Any) -> None:
    op = tensor.op
    own, constants = [], {}
    for i, x in enumerate(op.inputs):
        if hasattr(x, "_keras_history") or _comes_from_model(x):
            if not hasattr(x, "_keras_history"):
                _make_layers(x)
            own.append(x)
        else:
            constants[i] = x
    layer = TensorFlowOpLayer(op, name=op.name, constants=constants)
    Node(layer, own[0] if len(own) == 1 else own, op.outputs[0] if len(op.outputs) == 1 else list(op.outputs), {})


Layer._make_history = staticmethod(create_keras_history)
