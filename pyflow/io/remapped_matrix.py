"""Rows and columns of a matrix in a checkpoint in another order: that of a new vocabulary.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/raw_ops/LoadAndRemapMatrix
"""

from __future__ import annotations

import os
from typing import NoReturn

import numpy as np

from pyflow.core import errors
from pyflow.core.dtypes import float32
from pyflow.core.registry import NOT_DIFFERENTIABLE, attr, op
from pyflow.io.checkpoint_files import Reader, open_checkpoint
from pyflow.io.file_errors import errors_about
from pyflow.io.tensor_slices import TensorSlice


def _refuse(message: str, kind: type[errors.OpError] = errors.InvalidArgumentError) -> NoReturn:
    raise kind(None, None, message)


@op(
    "GenerateVocabRemapping(new_vocab_file: string, old_vocab_file: string) -> (remapping: int64, num_present: int32)",
    new_vocab_offset=attr("int", minimum=0),
    num_new_vocab=attr("int", minimum=0),
    old_vocab_size=-1,
)
class GenerateVocabRemapping:
    """Which line of the old file has the word of each line of the new one, or -1; and how many are there.

    Of the new file `num_new_vocab` lines from `new_vocab_offset` are taken, of the old one the first `old_vocab_size`.
    """

    stateful = True
    grad = NOT_DIFFERENTIABLE

    def shape(num_new_vocab):
        return (num_new_vocab,), ()

    def cpu(new_vocab_file, old_vocab_file, new_vocab_offset, num_new_vocab, old_vocab_size):
        new, old = (_words(os.fsdecode(path.item())) for path in (new_vocab_file, old_vocab_file))
        if num_new_vocab and new_vocab_offset + num_new_vocab > len(new):
            _refuse("lookup table size must be larger than last new vocab entry's line")
        places = {word: place for place, word in enumerate(old if old_vocab_size < 0 else old[:old_vocab_size])}
        wanted = new[new_vocab_offset : new_vocab_offset + num_new_vocab]
        remapping = np.array([places.get(word, -1) for word in wanted], np.int64)
        return remapping, np.int32(np.count_nonzero(remapping >= 0))


def _words(path: str) -> list[bytes]:
    with errors_about(path), open(path, "rb") as file:
        return file.read().splitlines()


@op(
    "LoadAndRemapMatrix(ckpt_path: string, old_tensor_name: string, row_remapping: int64, col_remapping: int64, "
    "initializing_values: float32) -> (output_matrix: float32)",
    num_rows=attr("int", minimum=0),
    num_cols=attr("int", minimum=1),
    max_rows_in_memory=-1,
)
class LoadAndRemapMatrix:
    """A matrix of a checkpoint with the rows and columns that the remappings name.

    Where they name none (-1), or a column that there isn't, `initializing_values` are taken, row after row. An empty
    remapping of columns keeps all. No more than `max_rows_in_memory` rows are read at once, unless that is -1.
    """

    stateful = True
    grad = NOT_DIFFERENTIABLE

    def shape(num_rows, num_cols):
        return num_rows, num_cols

    def cpu(
        ckpt_path,
        old_tensor_name,
        row_remapping,
        col_remapping,
        initializing_values,
        num_rows,
        num_cols,
        max_rows_in_memory,
    ):
        if row_remapping.size != num_rows:
            _refuse(f"Size of row_remapping is {row_remapping.size} instead of being equal to num_rows={num_rows}")
        rows, columns = row_remapping.reshape(-1), col_remapping.reshape(-1)
        _check_once(rows)
        if columns.size and columns.size != num_cols:
            _refuse(
                f"Provided col_remapping, but its size is {columns.size} instead of being equal to num_cols={num_cols}"
            )
        _check_once(columns)
        result = np.zeros((num_rows, num_cols), np.float32)
        present = np.zeros((num_rows, num_cols), bool)
        known = np.flatnonzero(rows >= 0)
        if known.size:
            reader, name = open_checkpoint(os.fsdecode(ckpt_path.item())), bytes(old_tensor_name.item())
            shape = _shape(reader, name)
            if not columns.size and shape[1] != num_cols:
                _refuse(
                    f"Tensor {name.decode()} has shape [{shape[0]},{shape[1]}], where the size of its 2nd dimension is "
                    f"{shape[1]} instead of being equal to num_cols={num_cols}"
                )
            here = np.flatnonzero((columns >= 0) & (columns < shape[1])) if columns.size else np.arange(num_cols)
            there = columns[here] if columns.size else here
            many = len(known) if max_rows_in_memory < 0 else max_rows_in_memory
            for start in range(0, len(known), max(many, 1)):
                into = known[start : start + max(many, 1)]
                result[np.ix_(into, here)] = _read_rows(reader, name, rows[into], shape)[:, there]
            present[np.ix_(known, here)] = True
            if columns.size:
                # A column beyond the matrix stays zero, and is not initialized.
                present[np.ix_(known, np.flatnonzero(columns >= shape[1]))] = True
        missing, values = ~present, initializing_values.reshape(-1)
        wanted = np.count_nonzero(missing)
        if values.size < wanted:
            _refuse(f"initializing_values contained {values.size} elements, but more missing values remain.")
        if values.size > wanted:
            _refuse(
                f"initializing_values contained {values.size} elements, but only {wanted} elements were used to fill "
                "in missing values."
            )
        result[missing] = values
        return result


def _check_once(remapping: np.ndarray) -> None:
    seen: dict[int, int] = {}
    for new, old in enumerate(remapping.tolist()):
        if old >= 0 and seen.setdefault(old, new) != new:
            words = f"Old ID {old} is mapped to both new ID {seen[old]} and {new}, which is not supported."
            _refuse(words, errors.UnimplementedError)


def _shape(reader: Reader, name: bytes) -> tuple[int, ...]:
    if not reader.has(name):
        _refuse(f"Tensor {name.decode()} not found in checkpoint", errors.NotFoundError)
    dtype, shape = reader.describe(name)
    if dtype != float32:
        _refuse(f"Tensor {name.decode()} has invalid type {dtype.name} instead of expected type float")
    if len(shape) != 2:
        _refuse(f"Tensor {name.decode()} has shape [{','.join(map(str, shape))}], not a matrix")
    return shape


def _read_rows(reader: Reader, name: bytes, rows: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The rows of a matrix: what lies between the first and the last is read at once."""
    first, last = int(rows.min()), int(rows.max())
    if last >= shape[0]:
        words = f"Extent in dimension 0 out of bounds: shape = [{shape[0]},{shape[1]}], slice = {last},1:-"
        _refuse(words, errors.InternalError)
    return reader.read_slice(name, TensorSlice(((first, last - first + 1), (0, None))))[rows - first]
