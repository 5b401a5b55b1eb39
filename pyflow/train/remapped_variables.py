"""Initializers that take rows or columns from a checkpoint by their words, when the vocabulary has changed."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.tensor import Tensor
from pyflow.io.remapped_matrix import GenerateVocabRemapping, LoadAndRemapMatrix
from pyflow.ops.array_joining import concat
from pyflow.ops.initializers import truncated_normal_initializer, zeros_initializer
from pyflow.ops.ranges import range as range_of
from pyflow.ops.variable_partitions import PartitionInfo

Initializer = Callable[..., Tensor]


def _load_and_remap_matrix(
    ckpt_path: str,
    old_tensor_name: str,
    new_row_vocab_offset: int,
    num_rows_to_load: int,
    new_col_vocab_size: int,
    initializer: Any,
    old_row_vocab_size: int = -1,
    old_row_vocab_file: str | None = None,
    new_row_vocab_file: str | None = None,
    old_col_vocab_file: str | None = None,
    new_col_vocab_file: str | None = None,
    num_row_oov_buckets: int = 0,
    num_col_oov_buckets: int = 0,
    max_rows_in_memory: int = -1,
) -> Tensor:
    """A checkpoint's matrix: [num_rows_to_load + num_row_oov_buckets, new_col_vocab_size + num_col_oov_buckets].

    Args:
      new_row_vocab_offset: the word of the first row that is loaded.
      initializer: makes what the checkpoint doesn't have.
      old_row_vocab_file, new_row_vocab_file, old_col_vocab_file, new_col_vocab_file: files with a word a line, by which
        rows or columns are found; without, they are as in the checkpoint.
      num_row_oov_buckets, num_col_oov_buckets: how many more there are, for words that aren't in the files.

    Raises:
      ValueError: one file of a pair is missing, or a number is negative.
    """
    for axis, buckets in (("row", num_row_oov_buckets), ("col", num_col_oov_buckets)):
        if buckets < 0:
            raise ValueError(f"num_{axis}_oov_buckets must be >= 0, but received {buckets}")
    for axis, old, new in (
        ("row", old_row_vocab_file, new_row_vocab_file),
        ("col", old_col_vocab_file, new_col_vocab_file),
    ):
        if bool(old) != bool(new):
            raise ValueError(
                f"old_{axis}_vocab_file and new_{axis}_vocab_file must both be specified or left unspecified. "
                f"old_{axis}_vocab_file='{old}', new_{axis}_vocab_file='{new}'"
            )
    rows_present: Any = num_rows_to_load
    columns_present: Any = new_col_vocab_size
    if new_row_vocab_file:
        rows, rows_present = GenerateVocabRemapping(
            new_row_vocab_file,
            old_row_vocab_file,
            new_vocab_offset=new_row_vocab_offset,
            num_new_vocab=num_rows_to_load,
            old_vocab_size=old_row_vocab_size,
        )
    else:
        rows = range_of(new_row_vocab_offset, new_row_vocab_offset + num_rows_to_load, dtype=dtypes.int64)
    columns: Any = []
    if new_col_vocab_file:
        columns, columns_present = GenerateVocabRemapping(
            new_col_vocab_file, old_col_vocab_file, new_vocab_offset=0, num_new_vocab=new_col_vocab_size
        )
    missing = num_rows_to_load * new_col_vocab_size - rows_present * columns_present
    loaded = LoadAndRemapMatrix(
        ckpt_path,
        old_tensor_name,
        rows,
        columns,
        initializer([missing, 1]),
        num_rows=num_rows_to_load,
        num_cols=new_col_vocab_size,
        max_rows_in_memory=max_rows_in_memory,
    )
    if num_row_oov_buckets:
        loaded = concat([loaded, initializer([num_row_oov_buckets, new_col_vocab_size])], axis=0)
    if num_col_oov_buckets:
        others = initializer([num_rows_to_load + num_row_oov_buckets, num_col_oov_buckets])
        loaded = concat([loaded, others], axis=1)
    return loaded


@export("contrib.framework.load_and_remap_matrix_initializer")
def _load_and_remap_matrix_initializer(
    ckpt_path: str,
    old_tensor_name: str,
    new_row_vocab_size: int,
    new_col_vocab_size: int,
    old_row_vocab_size: int = -1,
    old_row_vocab_file: str | None = None,
    new_row_vocab_file: str | None = None,
    old_col_vocab_file: str | None = None,
    new_col_vocab_file: str | None = None,
    num_row_oov_buckets: int = 0,
    num_col_oov_buckets: int = 0,
    initializer: Any = None,
    max_rows_in_memory: int = -1,
) -> Initializer:
    """An initializer of a matrix, or of a part of its rows, from a matrix of a checkpoint by their vocabularies.

    Args:
      initializer: makes what the checkpoint doesn't have; None for zeros.

    Raises:
      TypeError: (by the initializer) another dtype than float32 is asked for.
      ValueError: (by the initializer) the shape isn't that of such rows.
    """
    initializer = initializer or zeros_initializer()

    def initialize(shape: Any, dtype: Any = dtypes.float32, partition_info: PartitionInfo | None = None) -> Tensor:
        if dtype != dtypes.float32:
            raise TypeError(f"Currently, only float32 is supported. Received dtype: {dtype}")
        if len(shape) != 2:
            raise ValueError(f"Expected 2-dim shape, but received: {shape}")
        rows, columns = int(shape[0]), int(shape[1])
        if rows <= 0:
            raise ValueError(f"Expected 1st dim of shape to be > 0, but received shape: {shape}")
        if columns != new_col_vocab_size + num_col_oov_buckets:
            raise ValueError(
                f"Expected 2nd dim of shape to be new_col_vocab_size ({new_col_vocab_size}) + num_col_oov_buckets "
                f"({num_col_oov_buckets}) = {new_col_vocab_size + num_col_oov_buckets}, but received shape: {shape}"
            )
        offset = 0 if partition_info is None else partition_info.single_offset(shape)
        if offset + rows > new_row_vocab_size + num_row_oov_buckets:
            raise ValueError(
                f"Trying to initialize {rows} additional rows after {offset} rows have already been initialized, which "
                f"would exceed expected total row count of new_row_vocab_size ({new_row_vocab_size}) + "
                f"num_row_oov_buckets ({num_row_oov_buckets}) = {new_row_vocab_size + num_row_oov_buckets}."
            )
        buckets = min(rows, max(0, offset + rows - new_row_vocab_size))
        return _load_and_remap_matrix(
            ckpt_path,
            old_tensor_name,
            new_row_vocab_offset=min(offset, new_row_vocab_size),
            num_rows_to_load=rows - buckets,
            new_col_vocab_size=new_col_vocab_size,
            initializer=initializer,
            old_row_vocab_size=old_row_vocab_size,
            old_row_vocab_file=old_row_vocab_file,
            new_row_vocab_file=new_row_vocab_file,
            old_col_vocab_file=old_col_vocab_file,
            new_col_vocab_file=new_col_vocab_file,
            num_row_oov_buckets=buckets,
            num_col_oov_buckets=num_col_oov_buckets,
            max_rows_in_memory=max_rows_in_memory,
        )

    return initialize


@export("contrib.framework.load_embedding_initializer")
def _load_embedding_initializer(
    ckpt_path: str,
    embedding_tensor_name: str,
    new_vocab_size: int,
    embedding_dim: int,
    old_vocab_file: str,
    new_vocab_file: str,
    old_vocab_size: int = -1,
    num_oov_buckets: int = 0,
    initializer: Any = None,
    max_rows_in_memory: int = -1,
) -> Initializer:
    """An initializer of embeddings [new_vocab_size + num_oov_buckets, embedding_dim] from those of a checkpoint.

    Args:
      initializer: makes those of new words; None for normal numbers of stddev 1 / sqrt(embedding_dim), truncated.
    """
    if initializer is None:
        initializer = truncated_normal_initializer(stddev=1.0 / math.sqrt(embedding_dim))
    return _load_and_remap_matrix_initializer(
        ckpt_path,
        embedding_tensor_name,
        new_vocab_size,
        embedding_dim,
        old_row_vocab_size=old_vocab_size,
        old_row_vocab_file=old_vocab_file,
        new_row_vocab_file=new_vocab_file,
        num_row_oov_buckets=num_oov_buckets,
        initializer=initializer,
        max_rows_in_memory=max_rows_in_memory,
    )


@export("contrib.framework.load_linear_multiclass_bias_initializer")
def load_linear_multiclass_bias_initializer(
    ckpt_path: str,
    bias_tensor_name: str,
    new_class_vocab_size: int,
    old_class_vocab_file: str,
    new_class_vocab_file: str,
    num_class_oov_buckets: int = 0,
    initializer: Any = None,
    max_rows_in_memory: int = -1,
) -> Initializer:
    """An initializer of biases [new_class_vocab_size + num_class_oov_buckets, 1] from those of a checkpoint.

    Args:
      initializer: makes those of new classes; None for zeros.
    """
    return _load_and_remap_matrix_initializer(
        ckpt_path,
        bias_tensor_name,
        new_class_vocab_size,
        1,
        old_row_vocab_file=old_class_vocab_file,
        new_row_vocab_file=new_class_vocab_file,
        num_row_oov_buckets=num_class_oov_buckets,
        initializer=initializer,
        max_rows_in_memory=max_rows_in_memory,
    )


@export("contrib.framework.load_variable_slot_initializer")
def load_variable_slot_initializer(
    ckpt_path: str,
    old_tensor_name: str,
    primary_partition_info: PartitionInfo,
    new_row_vocab_size: int,
    new_col_vocab_size: int,
    old_row_vocab_file: str | None = None,
    new_row_vocab_file: str | None = None,
    old_col_vocab_file: str | None = None,
    new_col_vocab_file: str | None = None,
    num_row_oov_buckets: int = 0,
    num_col_oov_buckets: int = 0,
    initializer: Any = None,
    max_rows_in_memory: int = -1,
) -> Initializer:
    """An initializer of a slot of a variable, which is cut into parts as that is.

    Args:
      primary_partition_info: which part of the variable the slot is for.
    """
    initialize = _load_and_remap_matrix_initializer(
        ckpt_path,
        old_tensor_name,
        new_row_vocab_size,
        new_col_vocab_size,
        old_row_vocab_file=old_row_vocab_file,
        new_row_vocab_file=new_row_vocab_file,
        old_col_vocab_file=old_col_vocab_file,
        new_col_vocab_file=new_col_vocab_file,
        num_row_oov_buckets=num_row_oov_buckets,
        num_col_oov_buckets=num_col_oov_buckets,
        initializer=initializer,
        max_rows_in_memory=max_rows_in_memory,
    )

    def initialize_slot(shape: Any, dtype: Any = dtypes.float32, partition_info: PartitionInfo | None = None) -> Tensor:
        return initialize(shape, dtype, partition_info=primary_partition_info)

    return initialize_slot
