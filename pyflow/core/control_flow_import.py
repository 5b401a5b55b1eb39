"""Loops and conditionals of TensorFlow 1's GraphDefs, made of Switch, Merge, Enter, Exit and NextIteration nodes, are
turned into `While` and `If` nodes with functions: innermost loops first, then what is left of conditionals.

This works on the messages, before nodes are added to a graph; what stands for an `Exit` or a `Merge` keeps its name.
"""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.cond_import import replace_conditionals, wait_for_switched_values
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.import_nodes import Extracted, Nodes, control_name, source_of

_ENTERS = ("Enter", "RefEnter")
_EXITS = ("Exit", "RefExit")
_NEXTS = ("NextIteration", "RefNextIteration")
_MERGES = ("Merge", "RefMerge")
_SWITCHES = ("Switch", "RefSwitch")
_CONTROL_FLOW = frozenset((*_ENTERS, *_EXITS, *_NEXTS, *_MERGES, *_SWITCHES, "LoopCond"))


def make_functional(graph_def: Any) -> Any:
    """The GraphDef with functions in place of TensorFlow 1's control flow; itself where there is none.

    Raises:
      InvalidArgumentError: a loop or conditional is not complete, or a node depends on itself.
    """
    if not any(node.op in _CONTROL_FLOW for node in graph_def.node):
        return graph_def
    nodes = Nodes(graph_def.node, {function.signature.name for function in graph_def.library.function})
    try:
        _replace_control_flow(nodes)
    except (IndexError, KeyError, StopIteration, ValueError, RecursionError) as error:
        message = f"The loops or conditionals of the graph are not complete: {type(error).__name__} {error}"
        raise InvalidArgumentError(None, None, message) from error
    result = type(graph_def)()
    result.CopyFrom(graph_def)
    del result.node[:]
    nodes.drop_lost_colocations()
    result.node.extend(nodes.by_name.values())
    result.library.function.extend(nodes.functions)
    return result


def _replace_control_flow(nodes: Nodes) -> None:
    wait_for_switched_values(nodes)
    for frame in _Frames(nodes).innermost_first():
        _Loop(nodes, frame).replace()
    replace_conditionals(nodes)
    for function in nodes.functions:  # more come while these are gone through
        inner = nodes.of_function(function)
        replace_conditionals(inner)
        del function.node_def[:]
        function.node_def.extend(inner.by_name.values())


class _Frame:
    """The nodes of one loop that are in no loop inside it; its `Enter` nodes belong to it, its `Exit` nodes too."""

    def __init__(self, name: str, parent: _Frame | None):
        self.name, self.parent = name, parent
        self.depth = 0 if parent is None else parent.depth + 1
        self.members: list[str] = []


class _Frames:
    """Which loop each node is in."""

    def __init__(self, nodes: Nodes):
        self._nodes = nodes
        self._of: dict[str, _Frame] = {}
        self._frames: dict[tuple[str, str], _Frame] = {}
        self._root = _Frame("", None)
        for name in self._ordered():
            self._assign(name)

    def innermost_first(self) -> list[_Frame]:
        return sorted(self._frames.values(), key=lambda frame: -frame.depth)

    def _ordered(self) -> list[str]:
        """The nodes behind their inputs, back edges left out."""
        order: list[str] = []
        state: dict[str, int] = {}
        for start in self._nodes.by_name:
            pending = [start]
            while pending:
                name = pending[-1]
                if state.get(name) == 2:
                    pending.pop()
                elif state.get(name) == 1:
                    state[name] = 2
                    order.append(name)
                    pending.pop()
                else:
                    state[name] = 1
                    pending += [s for s in self._sources(name) if s in self._nodes.by_name and s not in state]
        return order

    def _sources(self, name: str) -> list[str]:
        node = self._nodes.by_name[name]
        sources = [source_of(text)[0] for text in node.input]
        return sources if node.op not in _MERGES else [s for s in sources if not self._is_next(s)]

    def _is_next(self, name: str) -> bool:
        return name in self._nodes.by_name and self._nodes.by_name[name].op in _NEXTS

    def _assign(self, name: str) -> None:
        node = self._nodes.by_name[name]
        around = self._root
        for source in self._sources(name):
            frame = self._of.get(source)
            if frame is None:
                continue
            if self._nodes.by_name[source].op in _EXITS:
                frame = frame.parent or self._root
            if frame.depth > around.depth:
                around = frame
        if node.op in _ENTERS:
            key = around.name, node.attr["frame_name"].s.decode()
            if key not in self._frames:
                self._frames[key] = _Frame(key[1], around)
            around = self._frames[key]
        self._of[name] = around
        if around is not self._root:
            around.members.append(name)


class _Variable:
    """A loop variable: the `Merge` node that has its value in each round, and its first and next value."""

    def __init__(self, merge: str, enter: str, following: str, dtype: int):
        self.merge, self.enter, self.following, self.dtype = merge, enter, following, dtype


class _Loop:
    """One loop, to be replaced by a `While` node."""

    def __init__(self, nodes: Nodes, frame: _Frame):
        self._nodes, self._frame = nodes, frame
        by_name = nodes.by_name
        self._members = [by_name[name] for name in frame.members if name in by_name]
        self._enters = {n.name: n for n in self._members if n.op in _ENTERS}
        self._variables = [self._variable(n) for n in self._members if n.op in _MERGES and self._is_loop_merge(n)]
        merged = {v.enter for v in self._variables}
        self._invariants = [name for name in self._enters if name not in merged]
        self._conditions = [n for n in self._members if n.op == "LoopCond"]

    def _is_loop_merge(self, node: Any) -> bool:
        sources = [source_of(text)[0] for text in node.input if not text.startswith("^")]
        return any(s in self._enters for s in sources) and any(self._op(s) in _NEXTS for s in sources)

    def _op(self, name: str) -> str:
        node = self._nodes.by_name.get(name)
        return "" if node is None else node.op

    def _variable(self, merge: Any) -> _Variable:
        sources = [source_of(text)[0] for text in merge.input if not text.startswith("^")]
        enter = next(s for s in sources if s in self._enters)
        following = next(s for s in sources if self._op(s) in _NEXTS)
        return _Variable(merge.name, enter, self._nodes.by_name[following].input[0], self._dtype(enter))

    def _dtype(self, enter: str) -> int:
        node = self._enters[enter]
        dtype = dtypes.as_dtype(node.attr["T"].type)
        return (dtype._as_ref if node.op == "RefEnter" else dtype).as_datatype_enum

    def replace(self) -> None:
        name = self._frame.name
        if not self._conditions:
            raise InvalidArgumentError(None, None, f"The loop '{name}' has no LoopCond node.")
        inputs = ["", ""]
        arguments: dict[str, tuple[str, int]] = {}
        mapping: dict[tuple[str, int], str] = {}
        for i, variable in enumerate(self._variables):
            argument = f"variable_{i}"
            arguments[argument] = variable.enter, variable.dtype
            mapping[variable.merge, 0] = argument
            for switch in self._switches(variable.merge):
                mapping[switch, 1] = mapping[switch, 0] = argument
        for i, enter in enumerate(self._invariants):
            argument = f"invariant_{i}"
            arguments[argument] = enter, self._dtype(enter)
            mapping[enter, 0] = argument
        types = [dtypes.int32.as_datatype_enum] * 2 + [dtype for _, dtype in arguments.values()]
        signature = list(zip(["loop_counter", "maximum_iterations", *arguments], types))
        condition = self._conditions[0].input[0]
        cond = Extracted(self._nodes, f"{name}_cond", signature, mapping)
        cond.finish([cond.text_of(condition)], [dtypes.bool.as_datatype_enum])
        body = Extracted(self._nodes, f"{name}_body", signature, mapping)
        returns = [body.count_up(), "maximum_iterations"]
        returns += [body.text_of(v.following) for v in self._variables]
        returns += [f"invariant_{i}" for i in range(len(self._invariants))]
        for name_waited in self._waited_for():
            body.run(name_waited)
        body.finish(returns, types)
        inputs = [
            self._nodes.constant(f"{name}/loop_counter", 0),
            self._nodes.constant(f"{name}/maximum_iterations", -1),
        ]
        inputs += [self._enters[enter].input[0] for enter, _ in arguments.values()]
        afterwards = self._afterwards()
        outside = self._control_inputs(cond, body)
        loop = self._nodes.add(f"{name}/While", "While", [*inputs, *sorted(outside)])
        loop.attr["T"].list.type.extend(t % 100 for t in types)
        loop.attr["cond"].func.name, loop.attr["body"].func.name = cond.name, body.name
        loop.attr["parallel_iterations"].i = 10
        self._replace_exits(loop.name, afterwards)
        if self._frame.parent is not None:  # a part of the loop around from now on
            exits = (n.name for n in self._members if n.op in _EXITS)
            self._frame.parent.members += [loop.name, *inputs[:2], *exits, *afterwards]

    def _waited_for(self) -> list[str]:
        """What each round waits for though no variable depends on it."""
        nexts = [n for n in self._members if n.op in _NEXTS]
        inside = set(self._frame.members)
        return list(dict.fromkeys(t[1:] for n in nexts for t in n.input if t.startswith("^") and t[1:] in inside))

    def _switches(self, merge: str) -> list[str]:
        return [n.name for n in self._members if n.op in _SWITCHES and source_of(n.input[0]) == (merge, 0)]

    def _control_inputs(self, *functions: Extracted) -> set[str]:
        """What the nodes of the loop wait for that is outside of it."""
        texts = {t for f in functions for t in f.waits_outside}
        for enter in self._enters.values():
            texts |= {t for t in enter.input if t.startswith("^")}
        inside = set(self._frame.members)
        return {t for t in texts if control_name(t) not in inside}

    def _afterwards(self) -> dict[str, None]:
        """The nodes that run once the condition is false, before the values leave the loop; gradients have some."""
        switches = {switch for variable in self._variables for switch in self._switches(variable.merge)}
        found: dict[str, None] = {}
        used: dict[str, list[Any]] = {}
        for node in self._members:
            for name, output in map(source_of, node.input):
                if name not in switches or output == 0:
                    used.setdefault(name, []).append(node)
        pending = list(switches)
        while pending:
            for node in used.get(pending.pop(), ()):
                if node.name not in found and node.op not in _EXITS and node.op not in _NEXTS:
                    found[node.name] = None
                    pending.append(node.name)
        return found

    def _replace_exits(self, loop: str, afterwards: dict[str, None]) -> None:
        index = {}
        for i, variable in enumerate(self._variables):
            for switch in self._switches(variable.merge):
                index[switch] = i + 2
        inside = {node.name for node in self._members} - set(afterwards)

        def outside(text: str) -> str:
            name, output = source_of(text)
            if name in index and output == 0:
                return f"{loop}:{index[name]}"
            if name in self._enters and output == 0:
                return self._enters[name].input[0]
            return f"^{loop}" if output < 0 and name in inside else text

        for node in self._members:
            if node.op in _EXITS:
                dtype = node.attr["T"].type
                self._nodes.replace(node.name, "Identity", [outside(node.input[0])], {"T": dtype})
            elif node.name in afterwards:
                inputs = [outside(text) for text in node.input]
                del node.input[:]
                node.input.extend(inputs)
                self._nodes.wait_once(node)
            elif node.name in self._nodes.by_name:
                self._nodes.remove(node.name)
        self._nodes.redirect_controls(self._frame.members, loop)
