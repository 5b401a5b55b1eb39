"""Which of several ways of doing the same is fastest on an adapter: tried once, and remembered on disk."""

from __future__ import annotations

import json
import math
import os
import pathlib
import threading
import time
from typing import Any

from pyflow.ops.gpu import Choice, Dispatch, size
from pyflow.runtime.webgpu import residency, shaders
from pyflow.runtime.webgpu.device import Command

# Where there is less to do than so many operations, the first way is taken untried.
_WORTHWHILE = 1 << 21
_ROUNDS = 6
_FAR_BEHIND = 2
_FORMAT = 3
_SUBGROUPS = "enable subgroups;"

_lock = threading.Lock()
_known: dict[str, dict[str, str]] = {}  # by adapter: the fastest way by the choice's name


def fastest(device: Any, choice: Choice) -> list[Dispatch]:
    """The dispatches of the way that is fastest on the device."""
    ways = {way: dispatches for way, dispatches in choice.ways.items() if _can(device, dispatches)}
    work = max(sum(d.work for d in dispatches) for dispatches in ways.values())
    if len(ways) == 1 or work < _WORTHWHILE:
        return next(iter(ways.values()))
    with _lock:
        known = _load(device)
        if known.get(choice.name) not in ways:
            times = _times(device, ways)
            known[choice.name] = min(times, key=times.__getitem__)
            _save(device, known)
        return ways[known[choice.name]]


def _can(device: Any, dispatches: list[Dispatch]) -> bool:
    """Whether the device has what the shaders ask for."""
    return "subgroup" in device.features or not any(_SUBGROUPS in shaders.text(d.shader) for d in dispatches)


def _times(device: Any, ways: dict[str, list[Dispatch]]) -> dict[str, float]:
    """Seconds that each way takes at its best. They are tried in turns, so that what else the machine does at times
    meets all of them; those that are far behind only once."""
    recorded = {way: _recorded(device, dispatches) for way, dispatches in ways.items()}
    times: dict[str, float] = {}
    try:
        for recording, _ in recorded.values():
            device.run(recording, [])  # the first run may compile
        for _ in range(_ROUNDS):
            for way, (recording, _) in recorded.items():
                if way in times and times[way] > _FAR_BEHIND * min(times.values()):
                    continue
                start = time.perf_counter()
                device.run(recording, [])
                times[way] = min(time.perf_counter() - start, times.get(way, math.inf))
        return times
    finally:
        for _, buffers in recorded.values():
            for buffer in buffers:
                device.free(buffer)


def _recorded(device: Any, dispatches: list[Dispatch]) -> tuple[Any, list[Any]]:
    """A recording of the dispatches on buffers of their own, and these; it reads a little, so as to be waited for."""
    values = list(dict.fromkeys(v for d in dispatches for v in (*d.inputs, *d.outputs)))
    buffers = {v: device.buffer(residency.width(v.dtype) * size(v)) for v in values}
    commands = [
        Command(
            device.pipeline(shaders.of(d), d.shader),
            [buffers[v] for v in (*d.inputs, *d.outputs)],
            d.grid,
        )
        for d in dispatches
    ]
    return device.record(commands, [(buffers[dispatches[-1].outputs[0]], 4)]), list(buffers.values())


def _file(device: Any) -> pathlib.Path:
    cache = os.environ.get("PYFLOW_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "pyflow"
    )
    name = "".join(c if c.isalnum() else "-" for c in f"{device.info.name} {device.info.description}".lower())
    return pathlib.Path(cache) / "webgpu" / f"{name.strip('-')}.json"


def _load(device: Any) -> dict[str, str]:
    """What was found out before; nothing where there is no file that can be read."""
    name = f"{device.info.name} {device.info.description}"
    if name not in _known:
        try:
            stored = json.loads(_file(device).read_text())
            _known[name] = dict(stored["fastest"]) if stored["format"] == _FORMAT else {}
        except (OSError, ValueError, KeyError, TypeError):
            _known[name] = {}
    return _known[name]


def _save(device: Any, known: dict[str, str]) -> None:
    path = _file(device)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}")
        partial.write_text(json.dumps({"format": _FORMAT, "fastest": known}, indent=1, sort_keys=True))
        partial.replace(path)
    except OSError:
        pass  # it will be found out again
