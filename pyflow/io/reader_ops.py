"""The ops on readers. A reader is a resource of the session, found by its shared name or its node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import NOT_DIFFERENTIABLE, attr, op
from pyflow.io import reader_kinds
from pyflow.io.reader_kinds import Reader
from pyflow.ops.shape_rules import no_outputs, scalar, with_rank
from pyflow.ops.string_arrays import strings_of


def _as_resource(handle: Any) -> Any:
    """What is behind a handle, which is the thing itself, or lies in an array."""
    return handle.item() if isinstance(handle, np.ndarray) else handle


def _session_reader(ctx: Any, container: str, shared_name: str, make: Callable[[str], Reader]) -> Reader:
    if not shared_name:
        return ctx.state(lambda: make(ctx.op_name))
    return ctx.resources.get_or_create(Reader, container, shared_name, lambda: make(shared_name))


def _check_sizes(**sizes: int) -> None:
    for name, size in sizes.items():
        if size < 0:
            raise InvalidArgumentError(None, None, f"{name} must be >= 0 not {size}")


class _TextLineBody:
    """A reader of the lines of text files."""

    stateful = True
    shape = scalar
    grad = NOT_DIFFERENTIABLE

    def cpu(ctx, skip_header_lines, container, shared_name):
        return _session_reader(
            ctx, container, shared_name, lambda name: reader_kinds.TextLineReader(name, skip_header_lines)
        )


class _TfRecordBody:
    """A reader of TFRecord files."""

    stateful = True
    shape = scalar
    grad = NOT_DIFFERENTIABLE

    def cpu(ctx, container, shared_name, compression_type):
        return _session_reader(
            ctx, container, shared_name, lambda name: reader_kinds.TfRecordReader(name, compression_type)
        )


class _WholeFileBody:
    """A reader of whole files."""

    stateful = True
    shape = scalar
    grad = NOT_DIFFERENTIABLE

    def cpu(ctx, container, shared_name):
        return _session_reader(ctx, container, shared_name, reader_kinds.WholeFileReader)


class _IdentityBody:
    """A reader that gives the work units themselves."""

    stateful = True
    shape = scalar
    grad = NOT_DIFFERENTIABLE

    def cpu(ctx, container, shared_name):
        return _session_reader(ctx, container, shared_name, reader_kinds.IdentityReader)


def _fixed_length_reader(ctx, container, shared_name, header_bytes, record_bytes, footer_bytes, hop_bytes, encoding):
    _check_sizes(
        header_bytes=header_bytes, record_bytes=record_bytes, footer_bytes=footer_bytes, hop_bytes=hop_bytes
    )
    return _session_reader(
        ctx,
        container,
        shared_name,
        lambda name: reader_kinds.FixedLengthRecordReader(
            name, header_bytes, record_bytes, footer_bytes, hop_bytes, encoding
        ),
    )


class _FixedLengthBody:
    """A reader of files of records of a fixed length."""

    stateful = True
    shape = scalar
    grad = NOT_DIFFERENTIABLE

    def cpu(ctx, container, shared_name, header_bytes, record_bytes, footer_bytes, hop_bytes):
        return _fixed_length_reader(
            ctx, container, shared_name, header_bytes, record_bytes, footer_bytes, hop_bytes, ""
        )


class _FixedLengthBodyV2:
    """A reader of files, which may be compressed, of records of a fixed length."""

    stateful = True
    shape = scalar
    grad = NOT_DIFFERENTIABLE
    cpu = _fixed_length_reader


class _ReadBody:
    """The next record: its key and its value."""

    stateful = True
    grad = NOT_DIFFERENTIABLE

    def shape(reader_handle, queue_handle):
        return [(), ()]

    def cpu(ctx, reader_handle, queue_handle):
        key, value = _as_resource(reader_handle).read(_as_resource(queue_handle), ctx)
        return np.array(key, object), np.array(value, object)


class _ReadUpToBody:
    """The next records of one file, up to a number: their keys and their values."""

    stateful = True
    grad = NOT_DIFFERENTIABLE

    def shape(reader_handle, queue_handle, num_records):
        with_rank(num_records, 0)
        return [(None,), (None,)]

    def cpu(ctx, reader_handle, queue_handle, num_records):
        records = _as_resource(reader_handle).read_up_to(int(num_records), _as_resource(queue_handle), ctx)
        return strings_of([key for key, _ in records]), strings_of([value for _, value in records])


class _RecordsBody:
    """How many records a reader has given."""

    stateful = True
    shape = scalar
    grad = NOT_DIFFERENTIABLE

    def cpu(reader_handle):
        return np.int64(_as_resource(reader_handle).records_produced)


class _WorkUnitsBody:
    """How many work units a reader has done with."""

    stateful = True
    shape = scalar
    grad = NOT_DIFFERENTIABLE

    def cpu(reader_handle):
        return np.int64(_as_resource(reader_handle).work_finished)


class _SerializeBody:
    """The state of a reader as a string."""

    stateful = True
    shape = scalar
    grad = NOT_DIFFERENTIABLE

    def cpu(reader_handle):
        return np.array(_as_resource(reader_handle).serialize(), object)


class _RestoreBody:
    """Gives a reader a state that it had."""

    stateful = True
    grad = NOT_DIFFERENTIABLE

    def shape(reader_handle, state):
        with_rank(state, 0)
        return []

    def cpu(reader_handle, state):
        _as_resource(reader_handle).restore(np.asarray(state, object).item())
        return ()


class _ResetBody:
    """Takes a reader back to its start."""

    stateful = True
    shape = no_outputs
    grad = NOT_DIFFERENTIABLE

    def cpu(reader_handle):
        _as_resource(reader_handle).reset()
        return ()


def _define(name: str, signature: str, body: type, newer: Any = None, encoding: Any = None, **attrs: Any) -> Any:
    """The op in both forms: `name`, with readers by reference, and `nameV2`, with handles; gives the second."""
    op(name + signature.replace("HANDLE", "Ref(string)"), **attrs)(body)
    more = {} if encoding is None else {"encoding": encoding}
    return op(f"{name}V2{signature.replace('HANDLE', 'resource')}", **attrs, **more)(newer or body)


_MAKES = "() -> (reader_handle: HANDLE)"
_SHARING: dict[str, Any] = {"container": "", "shared_name": ""}
_TAKES = "(reader_handle: HANDLE, queue_handle: HANDLE"

TextLineReaderV2 = _define("TextLineReader", _MAKES, _TextLineBody, skip_header_lines=0, **_SHARING)
TFRecordReaderV2 = _define("TFRecordReader", _MAKES, _TfRecordBody, **_SHARING, compression_type="")
WholeFileReaderV2 = _define("WholeFileReader", _MAKES, _WholeFileBody, **_SHARING)
IdentityReaderV2 = _define("IdentityReader", _MAKES, _IdentityBody, **_SHARING)
FixedLengthRecordReaderV2 = _define(
    "FixedLengthRecordReader",
    _MAKES,
    _FixedLengthBody,
    newer=_FixedLengthBodyV2,
    encoding="",
    header_bytes=0,
    record_bytes=attr("int"),
    footer_bytes=0,
    hop_bytes=0,
    **_SHARING,
)
ReaderReadV2 = _define("ReaderRead", f"{_TAKES}) -> (key: string, value: string)", _ReadBody)
ReaderReadUpToV2 = _define(
    "ReaderReadUpTo", f"{_TAKES}, num_records: int64) -> (keys: string, values: string)", _ReadUpToBody
)
_READER = "(reader_handle: HANDLE) -> "
ReaderNumRecordsProducedV2 = _define("ReaderNumRecordsProduced", f"{_READER}(records_produced: int64)", _RecordsBody)
ReaderNumWorkUnitsCompletedV2 = _define(
    "ReaderNumWorkUnitsCompleted", f"{_READER}(units_completed: int64)", _WorkUnitsBody
)
ReaderSerializeStateV2 = _define("ReaderSerializeState", f"{_READER}(state: string)", _SerializeBody)
ReaderRestoreStateV2 = _define("ReaderRestoreState", "(reader_handle: HANDLE, state: string) -> ()", _RestoreBody)
ReaderResetV2 = _define("ReaderReset", f"{_READER}()", _ResetBody)
