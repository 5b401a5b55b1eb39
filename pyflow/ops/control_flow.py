"""Ordering without data: no_op, group, tuple."""

from __future__ import annotations

from typing import Any

from pyflow.core import nest
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor, convert_to_tensor_or_indexed_slices
from pyflow.core.indexed_slices import IndexedSlices
from pyflow.core.operation import Operation
from pyflow.core.registry import NOT_DIFFERENTIABLE, op, raw
from pyflow.core.scopes import colocate_with, control_dependencies, device, name_scope
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import Tensor
from pyflow.ops.shape_rules import no_outputs


@op("NoOp() -> ()")
class NoOp:
    """Does nothing; serves to hang control dependencies on."""

    stateful = True
    shape = no_outputs

    def cpu():
        return None

    grad = NOT_DIFFERENTIABLE


@export("no_op")
def no_op(name: str | None = None) -> Operation:
    """An operation that does nothing."""
    return NoOp(name=name)


def with_dependencies(dependencies: Any, output_tensor: Any, name: str | None = None) -> Any:
    """`output_tensor` (a tensor or `IndexedSlices`), available only once all `dependencies` have run."""
    with name_scope(name, "control_dependency", [*dependencies, output_tensor]) as name:
        if not hasattr(output_tensor, "op"):
            output_tensor = convert_to_tensor_or_indexed_slices(output_tensor)
        with colocate_with(output_tensor), control_dependencies(dependencies):
            if isinstance(output_tensor, SparseTensor):
                values = raw.Identity(output_tensor.values, name=name)
                return SparseTensor(output_tensor.indices, values, output_tensor.dense_shape)
            output = convert_to_tensor_or_indexed_slices(output_tensor)
            if isinstance(output, IndexedSlices):
                return IndexedSlices(raw.Identity(output.values, name=name), output.indices, output.dense_shape)
            return raw.Identity(output, name=name)


def _group_on(device_name: str, dependencies: list, name: str | None = None) -> Operation:
    with control_dependencies(dependencies):
        if not device_name:
            return no_op(name=name)
        with device(device_name):
            return no_op(name=name)


@export("group")
def group(*inputs: Any, **kwargs: Any) -> Operation:
    """An operation that has run when all of `inputs` have.

    Args:
      *inputs: tensors, operations, variables, or nested structures of them.
      name: the operation's name.

    Raises:
      TypeError: an input is none of these.
      ValueError: an unknown keyword is given.
    """
    name = kwargs.pop("name", None)
    if kwargs:
        raise ValueError("Unknown keyword arguments: " + ", ".join(kwargs))
    with name_scope(name, "group_deps", inputs) as name:
        if not inputs:
            return no_op(name=name)
        by_device: dict[str, list] = {}
        for item in _parts(inputs):
            if not hasattr(item, "device"):
                raise TypeError(f"Expected tf.group() expected Tensor arguments not '{item}' with type '{type(item)}'")
            by_device.setdefault(item.device, []).append(item)
        if len(by_device) == 1:
            ((only, dependencies),) = by_device.items()
            return _group_on(only, dependencies, name=name)
        dependencies = [_group_on(where, by_device[where]) for where in sorted(by_device, key=lambda d: d or "")]
        with control_dependencies(dependencies):
            return no_op(name=name)


def _parts(inputs: Any) -> list:
    parts = []
    for item in nest.flatten(inputs):
        if isinstance(item, IndexedSlices):
            parts += [t for t in (item.values, item.indices, item.dense_shape) if t is not None]
        elif isinstance(item, SparseTensor):
            parts += [item.indices, item.values, item.dense_shape]
        else:
            parts.append(item)
    return parts


@export("tuple")
def tuple(tensors: Any, name: str | None = None, control_inputs: Any = None) -> list:
    """The tensors again, each available only once all of them (and `control_inputs`) have been computed.

    Args:
      tensors: tensors, `IndexedSlices`, operations or None; None stays None, an operation becomes the gate's.

    Raises:
      ValueError: there is nothing but None in `tensors`.
      TypeError: a control input is neither operation nor tensor.
    """
    with name_scope(name, "tuple", tensors) as name:
        kept = (Operation, Tensor, IndexedSlices, SparseTensor)
        tensors = [
            t if t is None or isinstance(t, kept) or hasattr(t, "_as_graph_element") else convert_to_tensor(t)
            for t in tensors
        ]
        gating = {t if isinstance(t, Operation) else t.op for t in tensors if t is not None}
        for control in control_inputs or ():
            if isinstance(control, Tensor):
                control = control.op
            elif not isinstance(control, Operation):
                raise TypeError(f"Control input must be Operation or Tensor: {control}")
            gating.add(control)
        if not gating:
            raise ValueError(f"Must have at least one Tensor: {tensors}")
        gate = group(*sorted(gating, key=lambda o: o._id))
        return [_gated(t, gate) for t in tensors]


def _gated(item: Any, gate: Operation) -> Any:
    if item is None:
        return None
    if not isinstance(item, Operation):
        return with_dependencies([gate], item)
    with control_dependencies([gate]):
        return group(item)
