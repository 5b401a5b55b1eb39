"""The nodes of a GraphDef while it is rewritten, and functions that are cut out of them."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.errors import InvalidArgumentError


def source_of(text: str) -> tuple[str, int]:
    """The node and output that an input names; -1 for a control input."""
    if text.startswith("^"):
        return text[1:], -1
    name, colon, index = text.rpartition(":")
    return (name, int(index)) if colon and index.isdigit() else (text, 0)


def control_name(text: str) -> str:
    return text[1:] if text.startswith("^") else text


class Nodes:
    """Nodes by name, in order, and the functions made of nodes that are gone."""

    def __init__(self, nodes: Any, taken_functions: set[str]):
        self.by_name: dict[str, Any] = {}
        self._arguments: dict[str, int] = {}  # of the function that the nodes are in: name and dtype number
        for node in nodes:
            copy = type(node)()
            copy.CopyFrom(node)
            self.by_name[node.name] = copy
        self._waiting: dict[str, list[str]] | None = None  # by control input, the nodes that have it
        self.functions: list[Any] = []
        self._sources: dict[str, list[str]] = {}
        self._taken = taken_functions

    def of_function(self, definition: Any) -> Nodes:
        """The nodes of one of the functions."""
        inner = Nodes(definition.node_def, self._taken)
        inner._arguments = {argument.name: argument.type for argument in definition.signature.input_arg}
        inner.functions = self.functions
        return inner

    def dtype_of(self, text: str) -> int:
        """The dtype number of a tensor."""
        from pyflow.core.node_attrs import read_attrs
        from pyflow.core.registry import get

        name, index = source_of(text)
        if name not in self.by_name:
            return self._arguments[name]
        node = self.by_name[name]
        definition = get(node.op)
        return definition.output_dtypes(read_attrs(definition, node, name))[index].as_datatype_enum

    def sources(self, name: str) -> list[str]:
        """The nodes that a node's inputs come from, those it waits for too."""
        known = self._sources.get(name)
        if known is None:
            known = self._sources[name] = [source_of(text)[0] for text in self.by_name[name].input]
        return [source for source in known if source in self.by_name]

    def inputs_changed(self, name: str) -> None:
        """To be called when a node's inputs are others than before."""
        self._sources.pop(name, None)

    def ordered(self, starts: Any) -> list[str]:
        """Some nodes and all that they depend on, each behind its inputs.

        Raises:
          InvalidArgumentError: a node depends on itself.
        """
        order: dict[str, None] = {}
        for start in starts:
            pending = [start]
            entered: set[str] = set()
            while pending:
                name = pending[-1]
                if name in order:
                    pending.pop()
                    continue
                missing = [s for s in self.sources(name) if s not in order]
                if not missing:
                    order[name] = None
                elif name in entered:
                    message = f"Graph is invalid, contains a cycle: node '{name}' depends on itself."
                    raise InvalidArgumentError(None, None, message)
                else:
                    entered.add(name)
                    pending += missing
        return list(order)

    def wait_once(self, node: Any) -> None:
        """Drops all but the first of a node's control inputs of the same name."""
        seen: set[str] = set()
        kept = [t for t in node.input if not t.startswith("^") or not (t in seen or seen.add(t))]
        del node.input[:]
        node.input.extend(kept)
        self.inputs_changed(node.name)

    def function_name(self, name: str) -> str:
        """A name that no function has."""
        name = base = name.replace("/", "_")
        number = 0
        while name in self._taken:
            number += 1
            name = f"{base}_{number}"
        self._taken.add(name)
        return name

    def add(self, name: str, op: str, inputs: list[str]) -> Any:
        from pyflow.protos.graph_pb2 import NodeDef

        base, number = name, 0
        while name in self.by_name:
            number += 1
            name = f"{base}_{number}"
        node = self.by_name[name] = NodeDef(name=name, op=op, input=inputs)
        if self._waiting is not None:
            self._note_waits(node, self._waiting)
        return node

    def constant(self, name: str, value: int) -> str:
        """The name of a new int32 constant."""
        node = self.add(name, "Const", [])
        write_constant(node, value)
        return node.name

    def replace(self, name: str, op: str, inputs: list[str], types: dict[str, int]) -> None:
        """Puts another node of the same name in the place of one; it waits for what that did."""
        from pyflow.protos.graph_pb2 import NodeDef

        self.inputs_changed(name)
        waits = [t for t in self.by_name[name].input if t.startswith("^") and control_name(t) in self.by_name]
        node: Any = NodeDef(name=name, op=op, input=[*inputs, *waits])
        self.by_name[name] = node
        for attr, dtype in types.items():
            node.attr[attr].type = dtype % 100

    def remove(self, name: str) -> None:
        del self.by_name[name]
        self.inputs_changed(name)

    def redirect_controls(self, gone: Any, instead: str) -> None:
        """What waits for nodes that are gone waits for another node."""
        if self._waiting is None:
            self._waiting = {}
            for node in self.by_name.values():
                self._note_waits(node, self._waiting)
        waits = {f"^{name}" for name in gone if name not in self.by_name}
        for name in dict.fromkeys(n for text in waits for n in self._waiting.pop(text, ())):
            node = self.by_name.get(name)
            if node is not None and name != instead:
                inputs = [f"^{instead}" if t in waits else t for t in node.input]
                del node.input[:]
                node.input.extend(inputs)
                self.wait_once(node)
                self._waiting.setdefault(f"^{instead}", []).append(name)

    @staticmethod
    def _note_waits(node: Any, waiting: dict[str, list[str]]) -> None:
        for text in node.input:
            if text.startswith("^"):
                waiting.setdefault(text, []).append(node.name)

    def drop_lost_colocations(self) -> None:
        """Takes nodes that are gone out of colocation groups."""
        for node in self.by_name.values():
            if "_class" in node.attr:
                groups = node.attr["_class"].list
                kept = [
                    g for g in groups.s if not g.startswith(b"loc:@") or g[5:].decode(errors="replace") in self.by_name
                ]
                if kept:
                    del groups.s[:]
                    groups.s.extend(kept)
                else:
                    del node.attr["_class"]


def write_constant(node: Any, value: int) -> None:
    node.attr["dtype"].type = dtypes.int32.as_datatype_enum
    node.attr["value"].tensor.dtype = dtypes.int32.as_datatype_enum
    node.attr["value"].tensor.tensor_shape.SetInParent()
    node.attr["value"].tensor.int_val.append(value)


class Extracted:
    """A function made of copies of the nodes that some tensors depend on.

    Args:
      signature: (name, dtype number) of each argument.
      mapping: outputs of nodes that the arguments stand for.
      may_take: the nodes that it may copy; what comes from others becomes a further argument. None stands for all.

    Attributes:
      waits_outside: control inputs that lead out of the function.
      captured: what further arguments stand for, with their names.
    """

    def __init__(
        self,
        nodes: Nodes,
        name: str,
        signature: list[tuple[str, int]],
        mapping: dict[tuple[str, int], str],
        may_take: set[str] | None = None,
    ):
        from pyflow.protos.graph_pb2 import FunctionDef

        self._nodes = nodes
        self._mapping = mapping
        self._stops = {node for node, _ in mapping}
        self._copied: dict[str, Any] = {}
        self._definition = FunctionDef()
        self.name = self._definition.signature.name = nodes.function_name(name)
        self.waits_outside: set[str] = set()
        self.captured: dict[str, str] = {}
        self._may_take = may_take
        self._arguments = dict(signature)

    def text_of(self, text: str) -> str:
        """What a tensor of the graph is called inside; the nodes it depends on are copied."""
        inside = self._argument(text)
        if inside is None:
            self._copy(source_of(text)[0])
            inside = "{}:{}".format(*source_of(text))
        return inside

    def _argument(self, text: str) -> str | None:
        """The argument that a tensor is inside, or None if its node is copied."""
        node, index = source_of(text)
        argument = self._mapping.get((node, index))
        if argument is None and not self._takes(node):
            key = f"{node}:{index}" if node in self._nodes.by_name else node
            argument = self.captured.setdefault(key, f"captured_{key.replace('/', '_').replace(':', '_')}")
        return argument

    def _takes(self, node: str) -> bool:
        return node in self._nodes.by_name and (self._may_take is None or node in self._may_take)

    def run(self, name: str) -> None:
        """Has a node run at each call, whatever is returned."""
        self._copy(name)
        self._definition.signature.control_output.append(name)
        self._definition.control_ret[name] = name

    def _copy(self, start: str) -> None:
        pending = [start]
        while pending:
            name = pending.pop()
            if name in self._copied:
                continue
            original = self._nodes.by_name[name]
            copy = self._copied[name] = self._definition.node_def.add()
            copy.CopyFrom(original)
            copy.attr.pop("_class", None)
            del copy.input[:]
            for text in original.input:
                node, index = source_of(text)
                if index < 0:
                    if node in self._stops:
                        continue
                    if not self._takes(node):
                        self.waits_outside.add(text)
                        continue
                    copy.input.append(text)
                    pending.append(node)
                    continue
                argument = self._argument(text)
                copy.input.append(f"{node}:{index}" if argument is None else argument)
                if argument is None:
                    pending.append(node)

    def count_up(self) -> str:
        """Adds one to the argument `loop_counter`."""
        one = self._definition.node_def.add(name="loop_counter_step", op="Const")
        write_constant(one, 1)
        inputs = ["loop_counter", "loop_counter_step:0"]
        add: Any = self._definition.node_def.add(name="loop_counter_next", op="Add", input=inputs)
        add.attr["T"].type = dtypes.int32.as_datatype_enum
        return "loop_counter_next:0"

    def add_constant(self, value: int) -> str:
        """An int32 constant."""
        # A part of this function may become a function in it: its constants are to have other names.
        name = f"{self.name}/value_index_{len(self._definition.node_def)}"
        write_constant(self._definition.node_def.add(name=name, op="Const"), value)
        return f"{name}:0"

    def finish(self, returns: list[str], types: list[int], captured: dict[str, str] | None = None) -> None:
        """Names what the function returns, and adds it to the library.

        Args:
          types: the dtype numbers of what it returns.
          captured: its further arguments; more than it uses, if another function has to have the same ones.
        """
        for text, name in (self.captured if captured is None else captured).items():
            self._arguments[name] = self._nodes.dtype_of(text)
        for name, dtype in self._arguments.items():
            self._definition.signature.input_arg.add(name=name, type=dtype)
        for i, (text, dtype) in enumerate(zip(returns, types)):
            result = self._definition.signature.output_arg.add(name=f"result_{i}", type=dtype % 100)
            self._definition.ret[result.name] = text
        self._nodes.functions.append(self._definition)
