"""Max pooling before bias and relu: both leave the order of a window's elements as it is, and then have less to do.

max_pool(relu(x + bias)) becomes relu(max_pool(x) + bias), and its gradient likewise. Values are the same to the last
bit; a gradient differs only where rounding x + bias made two elements of a window equal.
"""

from __future__ import annotations

from pyflow.core import dtypes
from pyflow.core.registry import get
from pyflow.ops.windows import batch_and_depth
from pyflow.runtime.cpu.buffers import roots
from pyflow.runtime.program import Program, Step, Value

_REAL = (dtypes.float32, dtypes.float64)


def pool_first(program: Program) -> None:
    """Rewrites the program's steps in place."""
    if any(step.type == "MaxPool" for step in program.steps):
        _Rewriting(program).run()


class _Rewriting:
    def __init__(self, program: Program):
        self._program = program
        self._users: dict[Value, list[Step]] = {}
        for step in program.steps:
            for value in step.inputs:
                self._users.setdefault(value, []).append(step)
        self._fetched = set(program.fetches)
        self._position = {step: i for i, step in enumerate(program.steps)}
        self._roots = roots(program)

    def run(self) -> None:
        replaced: dict[Step, list[Step]] = {}
        for step in self._program.steps:
            if step.type == "MaxPool":
                replaced.update(self._rewrite(step) or {})
        if replaced:
            self._program.steps = [new for old in self._program.steps for new in replaced.get(old, [old])]

    def _made_by(self, value: Value, op_type: str) -> Step | None:
        step = value.step
        return step if step is not None and step.type == op_type and value not in self._fetched else None

    def _rewrite(self, pool: Step) -> dict[Step, list[Step]] | None:
        """What stands in the place of steps, if the pattern is there."""
        activated, pooled = pool.inputs[0], pool.outputs[0]
        relu = self._made_by(activated, "Relu")
        if relu is None or not _is_spatial(pool) or pooled.dtype not in _REAL or not pooled.known_shape:
            return None
        added = self._made_by(relu.inputs[0], "BiasAdd")
        if added is None or added.attrs["data_format"] != pool.attrs["data_format"]:
            return None
        raw, bias = added.inputs
        gradients = self._gradients(pool, activated)
        alone = self._users[relu.inputs[0]] == [relu] and self._users[raw] == [added] and raw not in self._fetched
        if gradients is None or not alone or not raw.known_shape or self._changes(bias, added, pool):
            return None
        greatest, shifted = Value(pooled.dtype, pooled.shape), Value(pooled.dtype, pooled.shape)
        new: dict[Step, list[Step]] = {added: [], relu: []}
        new[pool] = [
            Step(pool.op, pool.definition, pool.attrs, [raw], [greatest]),
            Step(added.op, added.definition, added.attrs, [greatest, bias], [shifted]),
            Step(relu.op, relu.definition, relu.attrs, [shifted], [pooled]),
        ]
        for to_pool, to_relu in gradients:
            result = to_relu.outputs[0]
            passed = Value(pooled.dtype, pooled.shape)
            new[to_pool] = []
            new[to_relu] = [
                Step(to_relu.op, to_relu.definition, to_relu.attrs, [to_pool.inputs[2], pooled], [passed]),
                Step(to_pool.op, to_pool.definition, to_pool.attrs, [raw, greatest, passed], [result]),
            ]
            for user in self._users.get(result, []):
                if user.type == "BiasAddGrad":
                    user.inputs = [passed]
        return new

    def _gradients(self, pool: Step, activated: Value) -> list[tuple[Step, Step]] | None:
        """The gradients of the pooling with those of the relu; None if the relu is used otherwise."""
        pairs = []
        for user in self._users[activated]:
            if user is pool:
                continue
            if user.type == "MaxPoolGrad" and user.inputs[:2] == [activated, pool.outputs[0]]:
                if any(user.attrs[name] != pool.attrs[name] for name in ("ksize", "strides", "padding", "data_format")):
                    return None
                passed = user.outputs[0]
                users = self._users.get(passed, [])
                if len(users) != 1 or users[0].type != "ReluGrad" or passed in self._fetched:
                    return None
                if users[0].inputs != [passed, activated] or activated in user.inputs[2:]:
                    return None
                pairs.append((user, users[0]))
            elif user.type != "ReluGrad":
                return None
        expected = 1 + 2 * len(pairs)
        return pairs if len(self._users[activated]) == expected else None

    def _changes(self, bias: Value, added: Step, pool: Step) -> bool:
        """Whether a step between the two may write into the variable that the bias is."""
        cell = self._roots.get(bias, bias).cell
        between = self._program.steps[self._position[added] + 1 : self._position[pool]]
        if cell is None:
            return False
        return any(v.cell is cell and step.type != "ReadCell" for step in between for v in step.inputs)


def _is_spatial(pool: Step) -> bool:
    attrs = pool.attrs
    return all(batch_and_depth(attrs[name], attrs["data_format"]) == (1, 1) for name in ("ksize", "strides")) and (
        pool.definition is get("MaxPool") and len(attrs["data_format"]) == 4
    )
