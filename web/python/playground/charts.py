"""The scalars that a program writes by `tf.summary.FileWriter`, sent to the page as they come."""

from __future__ import annotations

from typing import Any

from playground import tell
from pyflow.summary.event_file_writer import EventFileWriter


def install() -> None:
    """Has every event file's scalars told to the page, too."""
    write = EventFileWriter.add_event

    def add_event(self: EventFileWriter, event: Any) -> None:
        write(self, event)
        if event.HasField("summary"):
            run = self.get_logdir().rstrip("/").rpartition("/")[2]
            scalars = [(value.tag, number) for value in event.summary.value if (number := _number(value)) is not None]
            if scalars:
                tell("scalars", {"run": run, "step": event.step, "values": scalars})

    EventFileWriter.add_event = add_event


def _number(value: Any) -> float | None:
    kind = value.WhichOneof("value")
    if kind == "simple_value":
        return value.simple_value
    if kind == "tensor" and len(value.tensor.float_val) == 1:
        return value.tensor.float_val[0]
    return None
