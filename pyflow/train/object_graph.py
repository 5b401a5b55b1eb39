"""Objects that hold variables and each other, as object-based checkpoints describe them."""

from __future__ import annotations

from typing import Any

from pyflow.core.scopes import get_default_graph
from pyflow.ops.module import Module
from pyflow.ops.variable_base import Variable
from pyflow.protos.object_graph_pb2 import TrackableObjectGraph
from pyflow.train.optimizer import Optimizer

OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
_VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"
_SLOT = ".OPTIMIZER_SLOT"


class Trackable:
    """An object whose attributes are saved with it, by name, in the order in which they were set."""


def is_trackable(value: Any) -> bool:
    """Whether a value is, or may hold, something that is saved."""
    return isinstance(value, (Variable, Module, Trackable, list, dict)) or _is_layer(value) or _is_optimizer(value)


def _is_layer(value: Any) -> bool:
    return hasattr(value, "trainable_weights") and hasattr(value, "add_weight")


def _is_optimizer(value: Any) -> bool:
    """Whether it is an optimizer, of `tf.train` or Keras."""
    return hasattr(value, "get_slot") and hasattr(value, "get_slot_names")


def children(value: Any) -> list[tuple[str, Any]]:
    """What an object holds: (name, thing) pairs; of a Keras model or optimizer, what it says itself."""
    if isinstance(value, Variable):
        return []
    if hasattr(value, "_checkpoint_children"):
        return [(key, item) for key, item in value._checkpoint_children() if is_trackable(item)]
    if isinstance(value, Optimizer):
        graph = get_default_graph()
        return [(name, v) for (name, g), v in sorted(value._non_slot_dict.items(), key=_name) if g is graph]
    if isinstance(value, dict):
        named = [(str(key), item) for key, item in value.items()]
    elif isinstance(value, list):
        named = [(str(i), item) for i, item in enumerate(value)]
    elif isinstance(value, Trackable):
        public = [(key, item) for key, item in vars(value).items() if not key.startswith("_")]
        counter = getattr(value, "_save_counter", None)
        named = public if counter is None else [*public, ("save_counter", counter)]
    else:
        named = [(key, item) for key, item in vars(value).items() if not (_is_layer(value) and key.startswith("_"))]
    return [(key, item) for key, item in named if is_trackable(item)]


def _name(item: Any) -> str:
    return item[0][0]


def _escaped(name: str) -> str:
    return name.replace(".", "..").replace("/", ".S")


class ObjectGraph:
    """All that an object holds, breadth first.

    Attributes:
      nodes: the objects; their places are their numbers.
      names: for each the names on the way to it.
      proto: the same as a message.
      variables: the variables by their keys in a checkpoint.
    """

    def __init__(self, root: Any):
        self.nodes: list[Any] = [root]
        self.names: list[list[str]] = [[]]
        self.proto = TrackableObjectGraph()
        self.variables: dict[str, Any] = {}
        numbers = {id(root): 0}
        edges: list[list[tuple[str, int]]] = []
        for i, node in enumerate(self.nodes):  # which grows
            edges.append([])
            for name, child in children(node):
                if id(child) not in numbers:
                    numbers[id(child)] = len(self.nodes)
                    self.nodes.append(child)
                    self.names.append([*self.names[i], _escaped(name)])
                edges[i].append((name, numbers[id(child)]))
        for i, node in enumerate(self.nodes):
            message = self.proto.nodes.add()
            for name, number in edges[i]:
                message.children.add(node_id=number, local_name=name)
            if isinstance(node, Variable):
                self._add_value(message, node, "/".join(self.names[i]))
        self._add_slots(numbers)

    def _add_value(self, message: Any, variable: Any, path: str) -> None:
        key = path + _VALUE
        message.attributes.add(name="VARIABLE_VALUE", full_name=variable.op.name, checkpoint_key=key)
        self.variables[key] = variable

    def _add_slots(self, numbers: dict[int, int]) -> None:
        count = len(self.nodes)
        for number, optimizer in enumerate(self.nodes[:count]):
            if not _is_optimizer(optimizer):
                continue
            for slot in optimizer.get_slot_names():
                for i in range(count):
                    owner = self.nodes[i]
                    variable = optimizer.get_slot(owner, slot) if isinstance(owner, Variable) else None
                    if variable is None:
                        continue
                    path = "/".join([*self.names[i], _SLOT, *self.names[number], _escaped(slot)])
                    if id(variable) not in numbers:
                        numbers[id(variable)] = len(self.nodes)
                        self.nodes.append(variable)
                        self.names.append([path])
                        self._add_value(self.proto.nodes.add(), variable, path)
                    self.proto.nodes[number].slot_variables.add(
                        original_variable_node_id=i, slot_name=slot, slot_variable_node_id=numbers[id(variable)]
                    )

    def bind(self, saved: Any) -> tuple[dict[int, int], dict[int, str]]:
        """Which objects are which of a checkpoint: numbers here by numbers there, and the keys of variables here."""
        found, waiting = {0: 0}, [0]
        for there in waiting:  # which grows
            own = {c.local_name: c.node_id for c in self.proto.nodes[found[there]].children}
            for child in saved.nodes[there].children:
                if child.local_name in own and child.node_id not in found:
                    found[child.node_id] = own[child.local_name]
                    waiting.append(child.node_id)
        for there in list(found):
            own_slots = {
                (s.original_variable_node_id, s.slot_name): s.slot_variable_node_id
                for s in self.proto.nodes[found[there]].slot_variables
            }
            for slot in saved.nodes[there].slot_variables:
                here = own_slots.get((found.get(slot.original_variable_node_id, -1), slot.slot_name))
                if here is not None:
                    found[slot.slot_variable_node_id] = here
        values = {
            here: saved.nodes[there].attributes[0].checkpoint_key
            for there, here in found.items()
            if saved.nodes[there].attributes and isinstance(self.nodes[here], Variable)
        }
        return found, values
