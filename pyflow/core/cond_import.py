"""Conditionals of TensorFlow 1's GraphDefs: `Switch` and `Merge` nodes become `If` nodes with functions."""

from __future__ import annotations

from typing import Any

from pyflow.core.import_nodes import Extracted, Nodes, source_of

_SWITCHES = ("Switch", "RefSwitch")
_MERGES = ("Merge", "RefMerge")

# Which branches of which predicates a node is in: the tensor that a predicate is, and 0 or 1.
Context = dict[tuple[str, int], int]


def wait_for_switched_values(nodes: Nodes) -> None:
    """What waits for a `Switch` waits for the value that it switches: it runs whichever branch is taken."""
    values: dict[str, str] = {}
    for node in list(nodes.by_name.values()):
        for position, text in enumerate(node.input):
            switch = nodes.by_name.get(text[1:]) if text.startswith("^") else None
            if switch is not None and switch.op in _SWITCHES:
                if switch.name not in values:
                    values[switch.name] = _switched_value(nodes, switch)
                node.input[position] = f"^{values[switch.name]}"
                nodes.inputs_changed(node.name)
        if len(set(node.input)) < len(node.input) and any(text.startswith("^") for text in node.input):
            nodes.wait_once(node)


def _switched_value(nodes: Nodes, switch: Any) -> str:
    """A node that is done when the value of a `Switch` is there."""
    source, _ = source_of(switch.input[0])
    if nodes.by_name[source].op not in _SWITCHES:
        return source
    # In a branch of another conditional, and to stay there.
    value = nodes.add(f"{switch.name}/value", "Identity", [switch.input[0]])
    value.attr["T"].CopyFrom(switch.attr["T"])
    return value.name


def replace_conditionals(nodes: Nodes) -> None:
    """Replaces all of them, the innermost first: in each round those that have no other one inside."""
    while True:
        contexts = _contexts(nodes)
        depth: dict[tuple[str, int], int] = {}
        level: dict[tuple[str, int], int] = {}
        members: dict[tuple[str, int], set[str]] = {}
        for name, context in contexts.items():
            for predicate in context:
                depth[predicate] = max(depth.get(predicate, 0), len(context))
                level[predicate] = min(level.get(predicate, len(context)), len(context))
                members.setdefault(predicate, set()).add(name)
        merges = _merges_by_predicate(nodes, contexts)
        awaited = _awaited(nodes, contexts)
        switches: dict[tuple[str, int], list[Any]] = {}
        for node in nodes.by_name.values():
            if node.op in _SWITCHES:
                switches.setdefault(_predicate(nodes, node), []).append(node)
        asked = {text for node in nodes.by_name.values() for text in node.input if text.endswith(":1")}
        inside = {p: depth.get(p, 0) - level.get(p, 0) for p in [*merges, *awaited]}
        if not inside:
            return
        least = min(inside.values())
        bits, ancestry = _merges_before(nodes, contexts)
        for chosen in [predicate for predicate, others in inside.items() if others == least]:
            conditional = _Conditional(nodes, chosen, contexts, merges.get(chosen, []), awaited.get(chosen, []))
            conditional.asked, conditional.bits, conditional.ancestry = asked, bits, ancestry
            conditional.replace(members.get(chosen, set()), switches.get(chosen, []))
            if least:  # with others inside: what they decide is different now
                break


def _merges_before(nodes: Nodes, ordered: Any) -> tuple[dict[str, int], dict[str, int]]:
    """A bit for each `Merge` node, and for each node the bits of those that it depends on, its own included."""
    bits = {}
    for name in ordered:
        if nodes.by_name[name].op in _MERGES:
            bits[name] = 1 << len(bits)
    ancestry: dict[str, int] = {}
    for name in ordered:
        mask = bits.get(name, 0)
        for source in nodes.sources(name):
            mask |= ancestry[source]
        ancestry[name] = mask
    return bits, ancestry


def _predicate(nodes: Nodes, switch: Any) -> tuple[str, int]:
    """What decides for a `Switch`: of one conditional always the same tensor, and never that of another.

    A conditional has an identity of its predicate, `pred_id`, which decides for all its nodes but those that switch the
    predicate itself.
    """
    text = switch.input[1]
    if switch.input[0] == text:
        own = f"{switch.name.rpartition('/')[0]}/pred_id"
        node = nodes.by_name.get(own)
        if node is not None and source_of(node.input[0]) == source_of(text):
            return own, 0
    return source_of(text)


def _contexts(nodes: Nodes) -> dict[str, Context]:
    """For each node the branches in which it runs."""
    contexts: dict[str, Context] = {}
    for name in nodes.ordered(nodes.by_name):
        contexts[name] = _context(nodes, nodes.by_name[name], contexts)
    return contexts


def _context(nodes: Nodes, node: Any, contexts: dict[str, Context]) -> Context:
    if node.op == "ControlTrigger":  # runs whichever of the branches that it waits for do
        return {}
    each = [_arriving(nodes, text, contexts) for text in node.input]
    if node.op not in _MERGES:
        return {p: branch for context in each for p, branch in context.items()}
    data = [c for c, text in zip(each, node.input) if not text.startswith("^")]
    return {p: b for p, b in data[0].items() if all(c.get(p) == b for c in data[1:])}


def _arriving(nodes: Nodes, text: str, contexts: dict[str, Context]) -> Context:
    """The branches in which an input arrives."""
    name, index = source_of(text)
    node = nodes.by_name.get(name)
    if node is None:
        return {}
    context = contexts[name]
    if node.op in _SWITCHES and index >= 0:
        return {**context, _predicate(nodes, node): index}
    return context


def _merges_by_predicate(nodes: Nodes, contexts: dict[str, Context]) -> dict[tuple[str, int], list[Any]]:
    """The `Merge` nodes that end the branches of each predicate."""
    found: dict[tuple[str, int], list[Any]] = {}
    for node in nodes.by_name.values():
        if node.op in _MERGES:
            data = [_arriving(nodes, text, contexts) for text in node.input if not text.startswith("^")]
            if len(data) == 2:
                decided = [p for p, b in data[0].items() if data[1].get(p, b) != b]
                if decided:
                    found.setdefault(decided[-1], []).append(node)
    return found


def _awaited(nodes: Nodes, contexts: dict[str, Context]) -> dict[tuple[str, int], list[str]]:
    """The nodes in branches of each predicate that something outside of the branch waits for."""
    found: dict[tuple[str, int], list[str]] = {}
    for node in nodes.by_name.values():
        for text in node.input:
            for predicate in contexts.get(text[1:], ()) if text.startswith("^") else ():
                if predicate not in contexts[node.name] and text[1:] not in found.setdefault(predicate, []):
                    found[predicate].append(text[1:])
    return {predicate: names for predicate, names in found.items() if names}


class _Conditional:
    """All that one predicate decides, to be replaced by `If` nodes: more than one where results are switched again, as
    gradients are.

    Attributes:
      asked: the second outputs in use, which of a `Merge` tell which of its inputs came.
      bits, ancestry: see `_merges_before`.
    """

    def __init__(
        self,
        nodes: Nodes,
        predicate: tuple[str, int],
        contexts: dict[str, Context],
        merges: list[Any],
        awaited: list[str],
    ):
        self._nodes, self._predicate, self._contexts, self._merges = nodes, predicate, contexts, merges
        self._awaited = awaited
        self._switches: list[Any] = []
        self.asked: set[str] = set()
        self.bits: dict[str, int] = {}
        self.ancestry: dict[str, int] = {}

    def replace(self, members: set[str], switches: list[Any]) -> None:
        """Puts functions in the place of the nodes of both branches, and of the `Switch` nodes."""
        nodes = self._nodes
        self._switches = [s for s in switches if s.name in nodes.by_name]
        members = {*members, *(s.name for s in self._switches)}
        conditionals = [self._replace_layer(merges, waited, members) for merges, waited in self._layers()]
        for name in members:
            if name in nodes.by_name:
                nodes.remove(name)
        nodes.redirect_controls(members, conditionals[-1])

    def _layers(self) -> list[tuple[list[Any], list[str]]]:
        """The merges by how many others, one after the other, they depend on; with the nodes that are waited for."""
        if len(self._merges) + len(self._awaited) == 1:
            return [(self._merges, self._awaited)]
        # How many merges of this conditional lead to each, one after the other. Bits grow in the order of dependence.
        depth: dict[str, int] = {}
        for name in sorted((merge.name for merge in self._merges), key=self.bits.__getitem__):
            depth[name] = 1 + self._depth_before(name, depth)
        layers: dict[int, tuple[list[Any], list[str]]] = {}
        for merge in self._merges:
            layers.setdefault(depth[merge.name], ([], []))[0].append(merge)
        for name in self._awaited:
            layers.setdefault(self._depth_before(name, depth) + 1, ([], []))[1].append(name)
        return [layers[key] for key in sorted(layers)]

    def _depth_before(self, name: str, depth: dict[str, int]) -> int:
        before = self.ancestry[name]
        return max((d for merge, d in depth.items() if before & self.bits[merge]), default=0)

    def _replace_layer(self, merges: list[Any], awaited: list[str], members: set[str]) -> str:
        """Adds the `If` node for some merges, and for nodes to run for their effect; gives its name."""
        nodes = self._nodes
        scope = self._predicate[0].rpartition("/")[0] or "cond"
        switches = self._used([*(m.name for m in merges), *awaited])
        inputs = list(dict.fromkeys(s.input[0] for s in switches))  # what is switched several times is one input
        dtypes = {s.input[0]: s.attr["T"].type + (100 if s.op == "RefSwitch" else 0) for s in switches}
        signature = [(f"input_{i}", dtypes[text]) for i, text in enumerate(inputs)]
        types = [t for merge in merges for t in (merge.attr["T"].type, 3)]
        branches, returned = [], []
        for branch in (1, 0):
            mapping = {(s.name, branch): f"input_{inputs.index(s.input[0])}" for s in switches}
            own = {n for n in members if self._contexts[n].get(self._predicate) == branch}
            function = Extracted(nodes, f"{scope}_{'true' if branch else 'false'}", signature, mapping, own)
            returns = []
            for merge in merges:
                position = self._position(merge, branch)
                returns += [function.text_of(_data(merge)[position]), function.add_constant(position)]
            for waited in awaited:
                if waited in own:
                    function.run(waited)
            branches.append(function)
            returned.append(returns)
        captured = {text: name for function in branches for text, name in function.captured.items()}
        signature += [(name, nodes.dtype_of(text)) for text, name in captured.items()]
        inputs += captured
        for function, returns in zip(branches, returned):
            function.finish(returns, types, captured)
        outside = {t for function in branches for t in function.waits_outside}
        outside |= {t for switch in switches for t in switch.input if t.startswith("^")}
        name, index = self._predicate
        predicate = f"{name}:{index}" if name in nodes.by_name else name
        node = nodes.add(f"{scope}/If", "If", [predicate, *inputs, *sorted(t for t in outside if t[1:] not in members)])
        node.attr["Tcond"].type = 10
        node.attr["Tin"].list.type.extend(t % 100 for _, t in signature)
        node.attr["Tout"].list.type.extend(types)
        node.attr["then_branch"].func.name, node.attr["else_branch"].func.name = branches[0].name, branches[1].name
        self._contexts[node.name] = _context(nodes, node, self._contexts)
        self._replace_merges(merges, node.name)
        return node.name

    def _used(self, names: list[str]) -> list[Any]:
        """The `Switch` nodes that lead to some nodes."""
        own = {s.name: s for s in self._switches}
        found: dict[str, Any] = {}
        seen: set[str] = set()
        pending = [source_of(text)[0] for name in names for text in self._nodes.by_name[name].input]
        while pending:
            name = pending.pop()
            if name in seen or name not in self._nodes.by_name:
                continue
            seen.add(name)
            if name in own:
                found[name] = own[name]
            elif self._predicate in self._contexts[name]:
                pending += [source_of(text)[0] for text in self._nodes.by_name[name].input]
        return [s for s in self._switches if s.name in found]

    def _position(self, merge: Any, branch: int) -> int:
        """Which of the merge's inputs arrives in a branch."""
        decided = [_arriving(self._nodes, text, self._contexts).get(self._predicate) for text in _data(merge)]
        return decided.index(branch) if branch in decided else decided.index(None)

    def _replace_merges(self, merges: list[Any], conditional: str) -> None:
        """A `Merge` becomes an identity; who asks which of its inputs came is told by the node."""
        told = {f"{merge.name}:1": f"{conditional}:{2 * i + 1}" for i, merge in enumerate(merges)}
        asked = not told.keys().isdisjoint(self.asked)
        for node in self._nodes.by_name.values() if asked else ():
            if not told.keys().isdisjoint(node.input):
                for position, text in enumerate(node.input):
                    node.input[position] = told.get(text, text)
                self._nodes.inputs_changed(node.name)
        for i, merge in enumerate(merges):
            self._nodes.replace(merge.name, "Identity", [f"{conditional}:{2 * i}"], {"T": merge.attr["T"].type})


def _data(node: Any) -> list[str]:
    return [text for text in node.input if not text.startswith("^")]
