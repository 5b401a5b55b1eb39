"""Executable: a planned program of a session, ready to be run again and again."""

from __future__ import annotations

import contextlib
import math
import sys
import time
import traceback
from typing import Any, Callable, Iterator, NamedTuple

import numpy as np

from pyflow.core import errors
from pyflow.core.operation import Operation
from pyflow.core.tensor import Tensor
from pyflow.ops.denormals import Flushed
from pyflow.ops.primitives import primitives
from pyflow.runtime import optimize
from pyflow.runtime.building import build
from pyflow.runtime.cpu import accelerators, fusions, sharing
from pyflow.runtime.cpu.buffers import copy_overwritten_reads
from pyflow.runtime.cpu.gates import fuse_gates
from pyflow.runtime.cpu.lowering import Lowered
from pyflow.runtime.cpu.pooling import pool_first
from pyflow.runtime.program import Program, Step, Value
from pyflow.runtime.unrolling import MANY
from pyflow.runtime.user_frame import in_node
from pyflow.runtime.webgpu import segments
from pyflow.runtime.webgpu.recording import Segment

accelerators.install()
_errstate = np.errstate


def optimized(
    session: Any, fetches: list[Tensor], targets: list[Operation], feeds: dict[Tensor, Any], on_device: bool = False
) -> Program:
    """The program of `build`, as it is to be lowered; `on_device` lets the session's GPU do what it can."""
    if on_device and session.device is not None:
        program = _simplified(build(session, fetches, targets, feeds, MANY))
        copy_overwritten_reads(program)
        if segments.split(program, session, session.device):
            return program
    program = _simplified(build(session, fetches, targets, feeds))
    program.has_large_products = sharing.has_large_products(program)
    pool_first(program)
    fusions.fuse(program)
    fuse_gates(program)
    accelerators.use_elementwise(program)
    optimize.drop_dead_steps(program)
    copy_overwritten_reads(program)
    return program


def _simplified(program: Program) -> Program:
    optimize.merge_common_subexpressions(program)
    optimize.drop_dead_steps(program)
    return program


class Timing(NamedTuple):
    """When a step ran, in seconds, on which kind of device; what a GPU does is also part of a step of the CPU."""

    step: Step
    start: float
    end: float
    device: str


class Executable:
    """Computes given fetches from feeds of given shapes. May be called from several threads at once."""

    def __init__(
        self,
        session: Any,
        fetches: list[Tensor],
        targets: list[Operation],
        feeds: dict[Tensor, Any],
        lends: bool = False,
        on_device: bool = False,
    ):
        self._program = optimized(session, fetches, targets, feeds, on_device)
        self._program.lends = lends
        is_better_alone = sharing.is_better_alone(self._program)
        sharing.share_products(self._program)
        self._session = session
        self._surroundings: Callable[[], Any] = contextlib.nullcontext
        if is_better_alone:
            self._surroundings = _alone
        elif _is_large(self._program):
            self._surroundings = Flushed
        self._lowered = Lowered(self._program, session)
        self._idle: list[Callable[[Any], tuple]] = [self._lowered.frame()]
        self._traced: Lowered | None = None

    def __call__(self, feeds: tuple) -> tuple:
        """Runs with the fed arrays; gives the fetched values, which belong to the caller."""
        frame = self.borrow()
        try:
            with _errstate(all="ignore"), self._surroundings():
                return frame(feeds)
        except Exception as error:
            located = _located(error)
            raise located from located.__cause__
        finally:
            self._idle.append(frame)

    def run(self, arguments: Any) -> Any:
        """As a call, from within the run of another program."""
        frame = self.borrow()
        try:
            return frame(arguments)
        finally:
            self._idle.append(frame)

    def borrow(self) -> Callable[[Any], tuple]:
        """A function with buffers of its own, to be given back when it has run for the last time."""
        try:
            return self._idle.pop()
        except IndexError:
            return self._lowered.frame()

    def give_back(self, frame: Callable[[Any], tuple]) -> None:
        self._idle.append(frame)

    def traced(self, feeds: tuple) -> tuple[tuple, list[Timing]]:
        """As a call, and when each step ran: in seconds of `time.perf_counter`."""
        if self._traced is None:
            self._traced = Lowered(self._program, self._session, traced=True)
        for step in self._program.steps:
            if isinstance(step.kernel, Segment):
                step.kernel.keep_times()
        ends: list[float] = []
        frame = self._traced.frame(lambda _: ends.append(time.perf_counter()))
        start = time.perf_counter()
        try:
            with _errstate(all="ignore"), self._surroundings():
                results = frame(feeds)
        except Exception as error:
            located = _located(error)
            raise located from located.__cause__
        timings = []
        for step, begun, ended in zip(self._program.steps, [start, *ends[:-1]], ends):
            timings.append(Timing(step, begun, ended, "CPU"))
            if isinstance(step.kernel, Segment):
                timings += [Timing(s, b, e, "GPU") for s, b, e in step.kernel.take_times()]
        return results, timings

    def release(self) -> None:
        """Gives back what it holds on a device; it is not run again."""
        for step in self._program.steps:
            if isinstance(step.kernel, Segment):
                step.kernel.release()

    @property
    def steps(self) -> list[Step]:
        return self._program.steps

    @property
    def fetches(self) -> list[Value]:
        return self._program.fetches

    @property
    def source(self) -> str:
        """The generated Python function."""
        return self._lowered.source

    def describe(self) -> str:
        """The plan as a table: step, op type, node, output shapes, slot and bytes of the buffers."""
        rows = []
        for i, step in enumerate(self._program.steps):
            for value in step.outputs or [None]:
                slot = "" if value is None else self._lowered.plan.slot_of.get(value, "-")
                size = "" if value is None or not value.known_shape else value.nbytes
                shape = "" if value is None else value.shape
                rows.append(f"{i:4} {step.type:28} {step.op.name:48} {shape!s:16} {slot!s:>5} {size!s:>10}")
        total = sum(self._lowered.plan.slot_bytes)
        header = f"{'step':>4} {'op':28} {'node':48} {'shape':16} {'slot':>5} {'bytes':>10}"
        return "\n".join([header, *rows, f"{len(self._lowered.plan.slot_bytes)} slots, {total} bytes"])


def failed_step(error: Exception) -> Step | None:
    """The step that an error comes from: the innermost one, as a loop runs programs of its own."""
    step, frame = None, error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == "<program>":
            step = frame.tb_frame.f_globals["lowered"].step_at(frame.tb_lineno)
        frame = frame.tb_next
    return step


def kind_and_message(error: Exception) -> tuple[Any, str]:
    """The class of `tf.errors` for an error of a kernel, and what it says."""
    if isinstance(error, errors.OpError):
        return type(error), error.message
    if isinstance(error, MemoryError):
        return errors.ResourceExhaustedError, f"OOM: {error}"
    if sys.flags.dev_mode:
        traceback.print_exception(error)
    words = getattr(error, "at_run", "") or str(error)
    kind = getattr(error, "kind", None) or errors.InvalidArgumentError
    return kind, words or "".join(traceback.format_exception_only(type(error), error)).strip()


# A run that computes arrays of so many numbers is not one that the call of a function makes slower.
_LARGE = 4096


def _is_large(program: Program) -> bool:
    """Whether it is worth the while to keep numbers that are too small to be normal out of a run."""
    return any(
        value.dtype.is_floating and value.known_shape and math.prod(value.shape or ()) >= _LARGE  # type: ignore[arg-type]
        for step in program.steps
        for value in step.outputs
    )


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """What surrounds a program whose products are to stay on the threads that ask for them."""
    with primitives.serial(), Flushed():
        yield


def _located(error: Exception) -> Exception:
    """The error as one of `tf.errors`, with the node it comes from."""
    step = failed_step(error)
    if step is None or isinstance(error, errors.OpError) and error.op is not None:
        return error
    op = step.op
    if isinstance(error, NotImplementedError):
        return NotImplementedError(f"{op.type} (node {op.name}): {error}")
    kind, message = kind_and_message(error)
    located: Exception = kind(op.node_def, op, message + in_node(op))
    located.__cause__ = error.__cause__ if isinstance(error, errors.OpError) else None
    return located
