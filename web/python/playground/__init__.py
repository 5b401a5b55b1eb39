"""What runs beside PyFlow in the tab: the page calls `answer` with the name of a function and its arguments in JSON.

A module adds what the page may call by `@offered`; what happens meanwhile it tells the page by `tell`.
"""

from __future__ import annotations

import gc
import importlib
import json
import math
from collections.abc import Callable
from typing import Any

MODULES = ("contents", "devices", "files", "graphs", "mnist", "programs", "sine")

_offered: dict[str, Callable[..., Any]] = {}
_tell: Callable[[str, str], Any] = print  # until the page is connected


class Refused(Exception):
    """What the page asked for cannot be; the message is for its user."""


def offered(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: the page may call it as MODULE.FUNCTION of `MODULES`, with values that JSON can hold."""
    _offered[f"{function.__module__.rpartition('.')[2]}.{function.__name__}"] = function
    return function


def connect(tell: Callable[[str, str], Any]) -> None:
    """Takes the function that hands an event and its payload, in JSON, to the page."""
    global _tell
    _tell = tell
    gc.disable()  # what starting makes is no garbage
    importlib.import_module("playground.programs")
    gc.freeze()
    gc.enable()


def tell(event: str, payload: Any) -> None:
    """Sends an event to the page."""
    _tell(event, to_json(payload))


def answer(name: str, arguments: str) -> str:
    """Calls a function that is offered; gives {"value": ...} or {"error": ...} in JSON."""
    from pyflow import errors

    try:
        if name not in _offered and (module := name.partition(".")[0]) in MODULES:
            importlib.import_module(f"playground.{module}")
        return to_json({"value": _offered[name](*json.loads(arguments))})
    except errors.OpError as error:
        return to_json({"error": error.message})
    except KeyboardInterrupt:
        return to_json({"error": "Stopped"})
    except MemoryError:
        return to_json({"error": "There is not enough memory for that"})
    except Exception as error:
        kind = "" if isinstance(error, Refused) else f"{type(error).__name__}: "
        return to_json({"error": f"{kind}{error}"})


def to_json(value: Any) -> str:
    """JSON without NaN and infinities, which JavaScript's parser refuses: null stands for them."""
    try:
        return json.dumps(value, allow_nan=False, separators=(",", ":"))
    except ValueError:
        return json.dumps(_finite(value), separators=(",", ":"))


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, (list, tuple)) else value
