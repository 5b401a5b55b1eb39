"""tf.contrib.copy_graph: operations, tensors and variables copied from one graph to another, with what they need."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.operation import Operation
from pyflow.core.scopes import control_dependencies, device
from pyflow.core.tensor import Tensor
from pyflow.ops.variable_base import Variable
from pyflow.runtime.session import Session


def _scoped(name: str, scope: str) -> str:
    return f"{scope}/{name}" if scope else name


@export("contrib.copy_graph.copy_variable_to_graph")
def copy_variable_to_graph(org_instance: Any, to_graph: Any, scope: str = "") -> Variable:
    """A variable of the same name (within `scope`) and collections in another graph, with the same initial value.

    Raises:
      TypeError: it is no variable.
    """
    if not isinstance(org_instance, Variable):
        raise TypeError(f"{org_instance} is not a Variable")
    graph = org_instance.graph
    name = _scoped(org_instance.name[: org_instance.name.index(":")], scope)
    kept = (GraphKeys.GLOBAL_VARIABLES, GraphKeys.TRAINABLE_VARIABLES)
    collections = [
        key if key in kept else _scoped(key, scope)
        for key in graph.collections
        if any(item is org_instance for item in graph.get_collection(key))
    ]
    trainable = any(item is org_instance for item in graph.get_collection(GraphKeys.TRAINABLE_VARIABLES))
    with graph.as_default(), Session() as session:
        value = session.run(org_instance.initialized_value())
    with to_graph.as_default():
        return Variable(value, trainable, name=name, collections=collections, validate_shape=False)


@export("contrib.copy_graph.copy_op_to_graph")
def copy_op_to_graph(org_instance: Any, to_graph: Any, variables: Any, scope: str = "") -> Any:
    """A copy of an operation or tensor in another graph, and of all that it needs and is not there yet.

    Args:
      variables: those of `to_graph`, which are used for the variables of the same names.

    Raises:
      TypeError: it is neither.
    """
    name = _scoped(org_instance.name, scope)
    copied = {variable.name: variable for variable in variables}
    if name in copied:
        return to_graph.get_tensor_by_name(copied[name].name)
    try:
        return to_graph.as_graph_element(name, allow_tensor=True, allow_operation=True)
    except (KeyError, ValueError):
        pass
    if isinstance(org_instance, Tensor):
        op = copy_op_to_graph(org_instance.op, to_graph, variables, scope)
        tensor = op.outputs[org_instance.value_index]
        graph = org_instance.graph
        for key in graph.collections:
            if any(item is org_instance for item in graph.get_collection(key)):
                to_graph.add_to_collection(_scoped(key, scope), tensor)
        return tensor
    if not isinstance(org_instance, Operation):
        raise TypeError(f"Could not copy instance: {org_instance}")
    control_inputs = [copy_op_to_graph(op, to_graph, variables, scope) for op in org_instance.control_inputs]
    inputs = [copy_op_to_graph(tensor, to_graph, variables, scope) for tensor in org_instance.inputs]
    with to_graph.as_default(), control_dependencies(None), device(None):
        op = to_graph.add_node(org_instance.definition, inputs, dict(org_instance.attrs), name + "/")
    op._set_device(org_instance.device)
    op._add_control_inputs(control_inputs)
    return op


@export("contrib.copy_graph.get_copied_op")
def get_copied_op(org_instance: Any, graph: Any, scope: str = "") -> Any:
    """The copy of an operation or tensor in a graph.

    Raises:
      KeyError: there is none.
    """
    return graph.as_graph_element(_scoped(org_instance.name, scope), allow_tensor=True, allow_operation=True)
