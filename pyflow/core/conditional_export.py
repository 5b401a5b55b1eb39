"""Conditionals in the form that TensorFlow 1 gives them: branches are part of the graph, behind `Switch` nodes.

Only those that use a reference variable are written so: functions there take no references.
"""

from __future__ import annotations

from typing import Any, Callable

from pyflow.core.operation import Operation
from pyflow.core.tensor import Tensor


def uses_references(op: Operation) -> bool:
    """Whether a node is a conditional that has to be written in that form."""
    return op.type in ("If", "StatelessIf") and any(tensor.dtype._is_ref_dtype for tensor in op.inputs)


class ConditionalWriter:
    """Writes the conditionals of a graph.

    Args:
      write: adds a node to the message, with the names of its inputs, and gives it.
      taken: the names in use, in lower case, which no new node may have.

    Attributes:
      renamed: what tensors are called that were outputs of conditionals.
      functions: the names of the functions that are no longer called.
    """

    def __init__(self, exported: Any, write: Callable[[Operation, list[str]], Any], taken: set[str]):
        self._exported, self._write, self._taken = exported, write, taken
        self.renamed: dict[str, str] = {}
        self.functions: set[str] = set()

    def conditional(self, op: Operation, inputs: list[str], waits: list[str]) -> None:
        """Writes a node's branches and a `Merge` for each of its results; the first has the node's name.

        Args:
          inputs: what the node's inputs are called.
          waits: what it waits for, as control inputs.
        """
        predicate, *values = inputs
        scope = op.name.rpartition("/")[0] or op.name
        device = op.device
        both = self._node(f"{scope}/Switch", "Switch", [predicate, predicate, *waits], 10, device)
        switches: dict[int, str] = {}
        results = []
        for branch, attr in enumerate(("else_branch", "then_branch")):
            function = op.graph._functions[op.attrs[attr].name]
            self.functions.add(function.name)
            pivot = self._node(f"{scope}/switch_{'ft'[branch]}", "Identity", [_output(both, branch)], 10, device)
            body = _Branch(self, function, pivot)
            for i, argument in enumerate(function.inputs):
                if body.uses(argument):
                    if i not in switches:
                        kind = "RefSwitch" if argument.dtype._is_ref_dtype else "Switch"
                        dtype = argument.dtype.base_dtype.as_datatype_enum
                        name = f"{scope}/{argument.op.name.rpartition('/')[2]}/Switch"
                        switches[i] = self._node(name, kind, [values[i], predicate, *waits], dtype, device)
                    body.texts[argument] = _output(switches[i], branch)
            results.append(body.write())
        for i, (texts, dtype) in enumerate(zip(zip(*results), [*(t.dtype for t in op.outputs), None])):
            number = 10 if dtype is None else dtype.base_dtype.as_datatype_enum
            if i == 0:
                self._taken.discard(op.name.lower())
            merge = self._node(op.name if i == 0 else f"{op.name}/output_{i}", "Merge", list(texts), number, device)
            self._exported.node[-1].attr["N"].i = 2
            if i:
                self.renamed[f"{op.name}:{i}"] = merge

    def _node(self, name: str, op: str, inputs: list[str], dtype: int, device: str) -> str:
        base, number = name, 0
        while name.lower() in self._taken:
            number += 1
            name = f"{base}_{number}"
        self._taken.add(name.lower())
        self._exported.node.add(name=name, op=op, input=inputs, device=device).attr["T"].type = dtype
        return name


def _output(node: str, index: int) -> str:
    return f"{node}:{index}" if index else node


class _Branch:
    """The nodes of one branch."""

    def __init__(self, writer: ConditionalWriter, function: Any, pivot: str):
        self._writer, self._function, self._pivot = writer, function, pivot
        self._nodes = [
            op for op in function.needed() if op.type != "Placeholder" or op.outputs[0] not in function.inputs
        ]
        self.texts: dict[Tensor, str] = {}

    def uses(self, argument: Tensor) -> bool:
        return argument in self._function.outputs or any(argument in op.inputs for op in self._nodes)

    def write(self) -> list[str]:
        """Writes the nodes; gives what the results are called, the first of which is there when all are done."""
        names = {op: op.name for op in self._nodes}
        for op in self._nodes:
            waits = sorted(f"^{names[other]}" for other in op._control_inputs if other in names)
            inputs = [self._text(tensor) for tensor in op.inputs]
            if not inputs and not waits:
                waits = [f"^{self._pivot}"]  # for nothing else tells it which branch is taken
            if uses_references(op):
                self._writer.conditional(op, inputs, waits)
            else:
                self._writer._write(op, inputs + waits)
        results = [self._text(tensor) for tensor in self._function.outputs]
        first = self._function.outputs[0] if results else None
        done = {t.op.name for t in self._function.outputs[1:] if t.op in names}
        done |= {op.name for op in self._function.control_outputs if op in names}
        if first is None or done:
            dtype = 10 if first is None else first.dtype.base_dtype.as_datatype_enum
            inputs = [results[0] if results else self._pivot, *sorted(f"^{name}" for name in done)]
            scope = self._pivot.rpartition("/")[0]
            results[:1] = [self._writer._node(f"{scope}/done", "Identity", inputs, dtype, "")]
        return results

    def _text(self, tensor: Tensor) -> str:
        text = self.texts.get(tensor) or _output(tensor.op.name, tensor.value_index)
        return self._writer.renamed.get(text, text)
