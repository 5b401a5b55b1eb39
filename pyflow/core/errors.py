"""What can go wrong while a graph runs: one exception class per status code.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/errors
"""

from __future__ import annotations

import os
import traceback
import warnings
from typing import Any

from pyflow.core.api import export

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep

OK = 0
CANCELLED = 1
UNKNOWN = 2
INVALID_ARGUMENT = 3
DEADLINE_EXCEEDED = 4
NOT_FOUND = 5
ALREADY_EXISTS = 6
PERMISSION_DENIED = 7
RESOURCE_EXHAUSTED = 8
FAILED_PRECONDITION = 9
ABORTED = 10
OUT_OF_RANGE = 11
UNIMPLEMENTED = 12
INTERNAL = 13
UNAVAILABLE = 14
DATA_LOSS = 15
UNAUTHENTICATED = 16


class InaccessibleTensorError(ValueError):
    """A tensor is used outside the function or branch that defines it."""


class OperatorNotAllowedInGraphError(TypeError):
    """A Python operator asks a symbolic tensor for its value."""


@export("OpError", "errors.OpError")
class OpError(Exception):
    """Something failed while a graph ran; a subclass says what.

    Args:
      node_def: the `NodeDef` of the node that failed, or None.
      op: its `Operation`, or None if it isn't in the user's graph.
      message: what happened, in words.
      error_code: one of the codes of this module.
    """

    def __init__(self, node_def: Any, op: Any, message: str, error_code: int):
        super().__init__()
        self._node_def = node_def
        self._op = op
        self._message = message
        self._error_code = error_code

    def __reduce__(self) -> tuple:
        # An operation belongs to its graph and doesn't travel; its name is part of the message already.
        return _restore, (type(self), self._node_def, self._message, self._error_code)

    message = property(lambda self: self._message, doc="What happened.")
    op = property(lambda self: self._op, doc="The `Operation` that failed, or None when it isn't known.")
    error_code = property(lambda self: self._error_code, doc="The status code, an int.")
    node_def = property(lambda self: self._node_def, doc="The `NodeDef` that failed, or None when it isn't known.")

    def __str__(self) -> str:
        if self._op is None:
            return str(self._message)
        previous = _formatted_origin(self._op)
        text = [f"{self._message}\n\nOriginal stack trace for {self._op.name!r}:\n", *previous]
        origin = getattr(self._op, "_original_op", None)
        while origin is not None:
            current = _formatted_origin(origin)
            text.append(f"\n...which was originally created as op {origin.name!r}, defined at:\n")
            text += _without_common_start(current, previous)
            previous, origin = current, getattr(origin, "_original_op", None)
        return "".join(text)


def _formatted_origin(op: Any) -> list[str]:
    """The calls that made `op`, without those inside this package (unless there are no others)."""
    frames = op.traceback
    own = [frame for frame in frames if not os.path.abspath(frame[0]).startswith(_PACKAGE)]
    return traceback.format_list([tuple(frame)[:4] for frame in own or frames])


def _without_common_start(lines: list[str], previous: list[str]) -> list[str]:
    same = 0
    while same < min(len(lines), len(previous)) and lines[same] == previous[same]:
        same += 1
    if same < 3:
        return lines
    return [
        lines[0],
        f"[elided {same - 2} identical lines from previous traceback]\n",
        *lines[same - 1 :],
    ]


def _restore(kind: type[OpError], node_def: Any, message: str, error_code: int) -> OpError:
    error = kind.__new__(kind)
    OpError.__init__(error, node_def, None, message, error_code)
    return error


class _CodedError(OpError):
    """An `OpError` whose class says the code."""

    code = UNKNOWN

    def __init__(self, node_def: Any, op: Any, message: str):
        super().__init__(node_def, op, message, self.code)


@export("errors.CancelledError")
class CancelledError(_CodedError):
    """The step or the queue was cancelled by another thread, by `Session.close` or by `Queue.close`."""

    code = CANCELLED


@export("errors.UnknownError")
class UnknownError(OpError):
    """An error from elsewhere that carries no better code."""

    def __init__(self, node_def: Any, op: Any, message: str, error_code: int = UNKNOWN):
        super().__init__(node_def, op, message, error_code)


@export("errors.InvalidArgumentError")
class InvalidArgumentError(_CodedError):
    """An operation got values or shapes that it cannot work with."""

    code = INVALID_ARGUMENT


@export("errors.DeadlineExceededError")
class DeadlineExceededError(_CodedError):
    """The time allowed for an operation ran out."""

    code = DEADLINE_EXCEEDED


@export("errors.NotFoundError")
class NotFoundError(_CodedError):
    """A file, a checkpoint key, a table or a similar thing does not exist."""

    code = NOT_FOUND


@export("errors.AlreadyExistsError")
class AlreadyExistsError(_CodedError):
    """A thing that should be created is there already."""

    code = ALREADY_EXISTS


@export("errors.PermissionDeniedError")
class PermissionDeniedError(_CodedError):
    """The caller may not do this, for example write that file."""

    code = PERMISSION_DENIED


@export("errors.UnauthenticatedError")
class UnauthenticatedError(_CodedError):
    """The request has no valid credentials."""

    code = UNAUTHENTICATED


@export("errors.ResourceExhaustedError")
class ResourceExhaustedError(_CodedError):
    """Memory, disk or a quota is used up."""

    code = RESOURCE_EXHAUSTED


@export("errors.FailedPreconditionError")
class FailedPreconditionError(_CodedError):
    """The system is not in the state that the operation needs: often, a variable is read before it is initialized."""

    code = FAILED_PRECONDITION


@export("errors.AbortedError")
class AbortedError(_CodedError):
    """The operation was given up, usually because of something that runs beside it."""

    code = ABORTED


@export("errors.OutOfRangeError")
class OutOfRangeError(_CodedError):
    """An iteration went past its end: the queue is closed and empty, the dataset or the file is over."""

    code = OUT_OF_RANGE


@export("errors.UnimplementedError")
class UnimplementedError(_CodedError):
    """The operation is not supported for these arguments."""

    code = UNIMPLEMENTED


@export("errors.InternalError")
class InternalError(_CodedError):
    """Something that must always hold does not."""

    code = INTERNAL


@export("errors.UnavailableError")
class UnavailableError(_CodedError):
    """A device or a service is not reachable now; trying again may help."""

    code = UNAVAILABLE


@export("errors.DataLossError")
class DataLossError(_CodedError):
    """Data is corrupt or truncated and cannot be recovered."""

    code = DATA_LOSS


_CLASS_OF_CODE: dict[int, type[OpError]] = {kind.code: kind for kind in _CodedError.__subclasses__()}
_CLASS_OF_CODE[UNKNOWN] = UnknownError
_CODE_OF_CLASS = {kind: code for code, kind in _CLASS_OF_CODE.items()}


@export("errors.exception_type_from_error_code")
def exception_type_from_error_code(error_code: int) -> type[OpError]:
    """The exception class of a status code. Raises KeyError for codes that have none."""
    return _CLASS_OF_CODE[error_code]


@export("errors.error_code_from_exception_type")
def error_code_from_exception_type(cls: type[OpError]) -> int:
    """The status code of an exception class; UNKNOWN, with a warning, for classes that have none."""
    if cls not in _CODE_OF_CLASS:
        warnings.warn(f"Unknown class exception {cls}", stacklevel=2)
        return UNKNOWN
    return _CODE_OF_CLASS[cls]


def _make_specific_exception(node_def: Any, op: Any, message: str, error_code: int) -> OpError:
    if error_code not in _CLASS_OF_CODE:
        warnings.warn(f"Unknown error code: {error_code}", stacklevel=2)
        return UnknownError(node_def, op, message, error_code)
    kind: Any = _CLASS_OF_CODE[error_code]
    return kind(node_def, op, message)


for _name, _value in list(globals().items()):
    if _name.isupper() and isinstance(_value, int):
        export(f"errors.{_name}")(_value)
