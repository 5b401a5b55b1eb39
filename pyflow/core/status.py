"""The statuses that TensorFlow's C functions fill in; here nothing but exceptions says that something failed."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from pyflow.core.api import export
from pyflow.core.errors import OK, _make_specific_exception


class Status:
    """A code and a message, for whoever calls `raise_exception_on_not_ok_status`."""

    def __init__(self, code: int = OK, message: str = ""):
        self.code, self.message = code, message


@export("errors.raise_exception_on_not_ok_status")
class raise_exception_on_not_ok_status:
    """A block whose status, when it is not OK at the end, becomes the exception of its code."""

    def __enter__(self) -> Status:
        self.status = Status()
        return self.status

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> Any:
        if self.status.code != OK:
            raise _make_specific_exception(None, None, self.status.message, self.status.code)
        return False
