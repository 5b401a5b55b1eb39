"""What a Saver saves and how it restores it: variables of every kind, as tensors with names and slices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.core.scopes import device
from pyflow.core.tensor import Tensor
from pyflow.ops.partitioned_variable import PartitionedVariable
from pyflow.ops.ref_variable import RefVariable
from pyflow.ops.resource_variable_base import BaseResourceVariable
from pyflow.ops.saveable_object import SaveableObject, SaveSpec
from pyflow.ops.state import assign
from pyflow.ops.variable_base import Variable

_REFERENCES = ("Variable", "VariableV2", "AutoReloadVariable")


class ReferenceVariableSaveable(SaveableObject):
    """A variable by reference, or the tensor that reads it."""

    def __init__(self, variable: Any, slice_spec: str, name: str):
        tensor = convert_to_tensor(variable) if isinstance(variable, Variable) else variable
        super().__init__(variable, [SaveSpec(tensor, slice_spec, name)], name)

    def restore(self, restored_tensors: Sequence[Tensor], restored_shapes: Sequence[Any] | None) -> Any:
        value = _reshaped(restored_tensors, restored_shapes)
        known = self.op.get_shape().is_fully_defined()
        return assign(self.op, value, validate_shape=restored_shapes is None and known)


class ResourceVariableSaveable(SaveableObject):
    """A variable behind a handle, or the tensor that reads it."""

    def __init__(self, variable: Any, slice_spec: str, name: str):
        self._shape = variable.get_shape()
        self._device = variable.device
        is_read = isinstance(variable, Tensor)
        self._handle = variable.op.inputs[0] if is_read else variable.handle

        def read() -> Tensor:
            if is_read:
                return variable
            with device(variable.device):
                value = variable.read_value()
                with device("/device:CPU:0"):
                    return raw.Identity(value)

        spec = SaveSpec(read, slice_spec, name, variable.dtype.base_dtype, variable.device)
        super().__init__(variable, [spec], name)

    def restore(self, restored_tensors: Sequence[Tensor], restored_shapes: Sequence[Any] | None) -> Any:
        value = _reshaped(restored_tensors, restored_shapes)
        with device(self._device):
            value = raw.Identity(value)
            self._shape.assert_is_compatible_with(value.get_shape())
            return raw.AssignVariableOp(self._handle, value)


def _reshaped(tensors: Sequence[Tensor], shapes: Sequence[Any] | None) -> Tensor:
    return tensors[0] if shapes is None else raw.Reshape(tensors[0], shapes[0])


def _is_read_of_variable(tensor: Any) -> bool:
    return isinstance(tensor, Tensor) and tensor.op.type in (*_REFERENCES, "VarHandleOp", "ReadVariableOp")


def _saved_tensor(variable: Any) -> Any:
    if isinstance(variable, BaseResourceVariable):
        return variable._graph_element
    return variable._ref() if isinstance(variable, RefVariable) else convert_to_tensor(variable)


def saveables_of(item: Any, name: Any) -> list[SaveableObject]:
    """What there is to save of a variable, a partitioned variable, or a list of its parts.

    Raises:
      TypeError, ValueError: it is nothing that can be saved.
    """
    if not isinstance(name, str):
        raise TypeError(
            "names_to_saveables must be a dict mapping string names to trackable operations. Name is not a string: "
            f"{name}"
        )
    if isinstance(item, SaveableObject):
        return [item]
    if isinstance(item, (list, tuple, PartitionedVariable)):
        return _parts(list(item), name)
    tensor = _saved_tensor(item)
    if not _is_read_of_variable(tensor):
        raise TypeError(
            f"names_to_saveables must be a dict mapping string names to Tensors/Variables. Not a variable: {tensor}"
        )
    kind = ReferenceVariableSaveable if tensor.op.type in _REFERENCES else ResourceVariableSaveable
    return [kind(tensor, "", name)]


def _parts(variables: list, name: str) -> list[SaveableObject]:
    whole = None
    saveables: list[SaveableObject] = []
    for variable in variables:
        if not isinstance(variable, Variable):
            raise ValueError(f"Slices must all be Variables: {variable}")
        info = variable._save_slice_info
        if not info:
            raise ValueError(f"Slices must all be slices: {variable}")
        if whole is None:
            whole = info.full_name
        elif whole != info.full_name:
            raise ValueError(f"Slices must all be from the same tensor: {whole} != {info.full_name}")
        kind = ReferenceVariableSaveable if variable.op.type in _REFERENCES else ResourceVariableSaveable
        saveables.append(kind(variable, info.spec, name))
    return saveables


def names_of(variables: Any) -> dict[str, Any]:
    """Variables by the names they are saved under: those of their nodes, or of the whole for parts.

    Raises:
      TypeError: `variables` is no list, or has something in it that is no variable.
      ValueError: two have the same name.
    """
    if not isinstance(variables, (list, tuple, set)):
        raise TypeError(f"Variables to save should be passed in a dict or a list: {variables}")
    named: dict[str, Any] = {}
    for variable in sorted(variables, key=lambda x: x.name):
        info = getattr(variable, "_save_slice_info", None)
        if isinstance(variable, (SaveableObject, PartitionedVariable)):
            name, item = variable.name, variable
        elif info:
            parts = named.setdefault(info.full_name, [])
            if not isinstance(parts, list):
                raise ValueError(f"Mixing slices and non-slices with the same name: {info.full_name}")
            parts.append(variable)
            continue
        else:
            item = _saved_tensor(variable)
            if not _is_read_of_variable(item):
                raise TypeError(f"Variable to save is not a Variable: {item}")
            name = (item.op.inputs[0] if item.op.type == "ReadVariableOp" else item).op.name
        if name in named:
            raise ValueError(f"At least two variables have the same name: {name}")
        named[name] = item
    return named


def list_saveables(variables: Any) -> list[SaveableObject]:
    """The saveables of a list or a dict of variables, in the order of their names.

    Raises:
      TypeError, ValueError: as `names_of` and `saveables_of`, and when a variable is there under two names.
    """
    named = variables if isinstance(variables, dict) else names_of(variables)
    saveables: list[SaveableObject] = []
    seen: set[int] = set()
    for name, item in sorted(named.items()):
        for saveable in saveables_of(item, name):
            if id(saveable.op) in seen:
                raise ValueError(f"The same saveable will be restored with two names: {saveable.name}")
            seen.add(id(saveable.op))
            saveables.append(saveable)
    return saveables
