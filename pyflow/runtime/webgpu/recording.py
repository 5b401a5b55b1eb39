"""A part of a program as dispatches on planned buffers, recorded once and run with one call."""

from __future__ import annotations

import threading
from typing import Any, NamedTuple

from pyflow.core import errors
from pyflow.core.dtypes import DType
from pyflow.core.resources import VariableCell
from pyflow.core.tensor import brackets
from pyflow.ops.gpu import Choice, Dispatch
from pyflow.runtime.placement import GPU
from pyflow.runtime.program import Step, Value
from pyflow.runtime.user_frame import in_node
from pyflow.runtime.webgpu import residency, shaders, tuning
from pyflow.runtime.webgpu.device import Command
from pyflow.runtime.webgpu.elementwise import Source
from pyflow.runtime.webgpu.fusing import Fusing, Unit
from pyflow.runtime.webgpu.node import Work, elements, is_constant, is_reference, shape_of
from pyflow.runtime.webgpu.passing import Place

# One program at a time works on a device: its variables and the recordings' buffers are not made for more.
_lock = threading.RLock()


class Planned(NamedTuple):
    """A dispatch that is ready but for its buffers: the shader's text and the values bound to it."""

    text: str
    bound: list[Value]
    grid: tuple[int, int, int]
    unit: Unit


class Segment:
    """Does steps on a device; called with the arrays that come from the host, it gives those that go there.

    Attributes:
      gives: the values it gives: the outputs for the host, then those for later segments, each as a `Passed`.
    """

    def __init__(
        self,
        device: Any,
        works: list[Work],
        inputs: list[Value],
        outputs: list[Value],
        passed: list[Value],
        places: dict[Value, Place],
    ):
        """A segment with those inputs, outputs for the host, and outputs for later segments.

        Args:
          places: where inputs are that come from earlier segments; the segment adds those of its own outputs.
        """
        self._device = device
        self._memory: list[Any] = []
        self._to_bring: list[tuple[VariableCell, residency.Residence]] = []
        self._written: list[residency.Residence] = []
        self.works = works
        fusing = Fusing(works, [*outputs, *passed], device.limits["max-storage-buffers-per-shader-stage"])
        self._root = fusing.root
        own = [v for v in passed if fusing.root(v).cell is None and fusing.root(v) not in inputs]
        self._outputs = [*outputs, *(v for v in passed if v not in own)]
        self.gives = [*self._outputs, *own]
        self._times: list | None = None
        self._each_run = {v: f for w in works if w.node is not None for v, f in w.node.each_run_values.items()}
        self._cells: dict[int, Any] = {id(v.cell): v.cell for w in works for v in w.step.inputs if is_reference(v)}
        written = {c for u in fusing.units for c in u.writes}
        for cell in self._cells.values():
            residency.settle(cell, device)
        self._written = [cell.residence for key, cell in self._cells.items() if key in written]
        self._seen: set[int] = set()
        self._overwritten: set[int] = set()  # variables whose first use here gives them a new value
        self.planned = [p for unit in fusing.units for p in self._plan(unit, fusing)]
        self._to_bring = [
            (cell, cell.residence) for key, cell in self._cells.items() if key not in self._overwritten
        ]
        self._fixed = {*inputs, *self._each_run, *map(self._root, own)}
        self._buffers = self._lay_out({v: places[v].buffer for v in inputs if v in places})
        self._taken = [(i, places[v]) for i, v in enumerate(inputs) if v in places]
        self._given = [Place(device, self._buffers[self._root(v)], v) for v in own]
        with _lock:
            self._recording = self._record()
        arriving = [(i, v) for i, v in enumerate(inputs) if v not in places]
        self._uploads = [(i, self._buffers[v], v.dtype) for i, v in arriving if v in self._buffers]
        checks = [(w.step.op, self._root(v), f) for w in works if w.node is not None for v, f in w.node.checks]
        self._checks = [(i, f, op) for op, value, f in checks for i, v in arriving if v is value]
        places.update(zip(own, self._given))
        self._hosted = [(f, self._buffers[v], v.dtype) for v, f in self._each_run.items()]

    # ---------------------------------------------------------------- planning

    def _plan(self, unit: Unit, fusing: Fusing) -> list[Planned]:
        if unit.is_elementwise:
            source = Source(unit, fusing)
            self._overwritten |= source.overwritten - self._seen
            self._seen |= unit.reads | unit.writes
            return [Planned(source.shader(), source.bound, source.grid, unit)]
        dispatches: list[Dispatch] = []
        for item in (unit.product or unit.works[0]).dispatches:
            if isinstance(item, Choice):
                item = tuning.fastest(self._device, item)
            dispatches += item if isinstance(item, list) else [item]
        planned = [Planned(shaders.of(d), [*d.inputs, *d.outputs], d.grid, unit) for d in dispatches]
        if len(unit.works) > 1:
            last = dispatches[-1]
            source = Source(unit, fusing, shaders.stored_at_once(last.shader), len(last.inputs))
            self._overwritten |= source.overwritten - self._seen
            planned[-1] = Planned(shaders.of(last, source.ending()), [*last.inputs, *source.bound], last.grid, unit)
        self._seen |= unit.reads | unit.writes
        return planned

    def _lay_out(self, buffers: dict[Value, Any]) -> dict[Value, Any]:
        """A buffer for each value that is bound: of its own for what comes from elsewhere or goes there, else shared.

        Args:
          buffers: those that there are.
        """
        last_use: dict[Value, int] = {}
        for i, planned in enumerate(self.planned):
            last_use.update((self._root(v), i) for v in planned.bound)
        kept = {self._root(v) for v in self.gives}
        slots: dict[Value, int] = {}
        sizes: list[int] = []
        largest: dict[int, Value] = {}
        free: list[int] = []
        for i, bound in enumerate([*(p.bound for p in self.planned), self.gives]):
            roots = [self._root(v) for v in dict.fromkeys(bound)]
            for value in roots:
                if value.cell is not None or value in buffers or value in slots:
                    continue
                if is_constant(value) or value in self._fixed:
                    buffers[value] = self._allocate(_nbytes(value), value)
                    if is_constant(value):
                        self._device.write(buffers[value], residency.to_wire(value.constant, value.dtype))
                else:
                    slots[value] = _take(sizes, free, _nbytes(value))
                    largest[slots[value]] = max(value, largest.get(slots[value], value), key=_nbytes)
            free += [slots[v] for v in dict.fromkeys(roots) if v in slots and last_use.get(v) == i and v not in kept]
        shared = [self._allocate(size, largest[slot]) for slot, size in enumerate(sizes)]
        buffers.update((v, shared[slot]) for v, slot in slots.items())
        return buffers

    def _allocate(self, nbytes: int, value: Value) -> Any:
        try:
            buffer = self._device.buffer(nbytes)
        except errors.ResourceExhaustedError as error:
            op = value.step.op if value.step is not None else self.works[0].step.op
            words = f"OOM when allocating tensor with shape{brackets(value.shape)} and type {value.dtype.name}"
            raise errors.ResourceExhaustedError(op.node_def, op, f"{words} on {GPU}: {error.message}") from error
        self._memory.append(buffer)
        return buffer

    def _buffer(self, value: Value) -> Any:
        root = self._root(value)
        return self._buffers[root] if root.cell is None else self._cells[id(root.cell)].residence.buffer

    def _record(self) -> Any:
        commands = []
        for planned in self.planned:
            op = planned.unit.works[-1].step.op
            try:
                pipeline = self._device.pipeline(planned.text, op.name)
                commands.append(Command(pipeline, [self._buffer(v) for v in planned.bound], planned.grid))
            except errors.OpError as error:
                kind: Any = type(error)
                raise kind(op.node_def, op, f"{error.message}, in {_described(planned)}") from error
        return self._device.record(commands, [(self._buffer(v), _nbytes(v)) for v in self._outputs])

    # ---------------------------------------------------------------- running

    def __call__(self, *arrays: Any) -> tuple:
        for i, check, op in self._checks:
            try:
                check(arrays[i])
            except errors.OpError as error:
                kind: Any = type(error)
                raise kind(op.node_def, op, error.message + in_node(op)) from None
        with _lock:
            for cell, residence in self._to_bring:
                if not residence.on_device:
                    residency.bring_up(cell)
            writes = [(buffer, residency.to_wire(arrays[i], dtype)) for i, buffer, dtype in self._uploads]
            for i, place in self._taken:
                if (array := place.brought(arrays[i])) is not None:
                    writes.append((place.buffer, array))
            for place in self._given:
                place.vacate()
            for function, buffer, dtype in self._hosted:
                writes.append((buffer, residency.to_wire(function(), dtype)))
            read = self._run(writes)
            for residence in self._written:
                residence.on_host, residence.on_device = False, True
            passed = [place.give() for place in self._given]
        return (*[residency.from_wire(data, v.dtype, v.shape) for data, v in zip(read, self._outputs)], *passed)

    def keep_times(self) -> None:
        """Has the next call find out when each dispatch runs, where the device can tell."""
        self._times = []

    def take_times(self) -> list[tuple[Step, float, float]]:
        """What that call has found out: a step of each dispatch, its start and end in seconds of `perf_counter`."""
        times, self._times = self._times, None
        return times or []

    def _run(self, writes: list) -> Any:
        if self._times is None:
            return self._device.run(self._recording, writes)
        read, spans = self._device.run_timed(self._recording, writes)
        steps = [planned.unit.works[-1].step for planned in self.planned]
        self._times += [(step, start, end) for step, (start, end) in zip(steps, spans)]
        return read

    def release(self) -> None:
        """Gives the buffers back."""
        memory, self._memory = self._memory, []
        self._to_bring, self._written = [], []
        for buffer in memory:
            self._device.free(buffer)

    __del__ = release


def _nbytes(value: Value) -> int:
    dtype: Any = value.cell.dtype if is_reference(value) else value.dtype  # type: ignore[union-attr]
    return residency.width(dtype) * elements(value)


def _take(sizes: list[int], free: list[int], size: int) -> int:
    """The free slot that fits best, or a new one."""
    fitting = [s for s in free if sizes[s] >= size]
    if fitting:
        slot = min(fitting, key=lambda s: sizes[s])
    elif free:
        slot = max(free, key=lambda s: sizes[s])
        sizes[slot] = size
    else:
        sizes.append(size)
        return len(sizes) - 1
    free.remove(slot)
    return slot


def _described(planned: Planned) -> str:
    """The op, shapes and dtypes of a dispatch, for messages."""
    steps = ", ".join(f"{s.type} (node {s.op.name})" for s in planned.unit.steps())

    def each(value: Value) -> str:
        dtype: DType = value.cell.dtype if is_reference(value) else value.dtype  # type: ignore[union-attr]
        return f"{dtype.name}{list(shape_of(value))}"

    return f"{steps} on {', '.join(map(each, planned.bound))}"
