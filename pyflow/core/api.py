"""The table of public names: what `tf.` offers, filled where each thing is defined.

`export("nn.relu", "math.relu")(relu)` makes `relu` reachable under both names; `pyflow/__init__.py`
lays the table out as modules once every definition has been imported.
"""

from __future__ import annotations

from typing import Callable, TypeVar

from pyflow.core.stages import Table

Thing = TypeVar("Thing")

PUBLIC = Table()


def export(*names: str) -> Callable[[Thing], Thing]:
    """Decorator (or plain call) that publishes an object under dotted names relative to `tf`."""

    def publish(thing: Thing) -> Thing:
        for name in names:
            known = dict.get(PUBLIC, name, thing)  # of `dict`: nothing is to be loaded for it
            if known is not thing:
                raise ValueError(f"tf.{name} is already {known!r}")
            PUBLIC[name] = thing
        return thing

    return publish
