"""What fills lookup tables: keys and values, or the lines of a text file."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import DType
from pyflow.core.init_scope import init_scope
from pyflow.core.registry import raw
from pyflow.core.scopes import add_to_collection, name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops import lookup_ops


class TableInitializerBase:
    """What fills a table."""

    _shared_name = ""

    def __init__(self, key_dtype: Any, value_dtype: Any):
        self._key_dtype = dtypes.as_dtype(key_dtype)
        self._value_dtype = dtypes.as_dtype(value_dtype)

    key_dtype: DType = property(lambda self: self._key_dtype, doc="The dtype of the keys.")  # type: ignore
    value_dtype: DType = property(lambda self: self._value_dtype, doc="The dtype of the values.")  # type: ignore

    def initialize(self, table: Any) -> Any:
        raise NotImplementedError

    def _check(self, table: Any) -> None:
        if self.key_dtype.base_dtype != table.key_dtype:
            raise TypeError(f"Invalid key dtype, expected {table.key_dtype} but got {self.key_dtype}.")
        if self.value_dtype.base_dtype != table.value_dtype:
            raise TypeError(f"Invalid value dtype, expected {table.value_dtype} but got {self.value_dtype}.")


@export("lookup.KeyValueTensorInitializer")
class KeyValueTensorInitializer(TableInitializerBase):
    """Fills a table with keys and values: tensors of one dimension, or lists."""

    def __init__(
        self, keys: Any, values: Any, key_dtype: Any = None, value_dtype: Any = None, name: str | None = None
    ):
        self._keys = convert_to_tensor(keys, dtype=key_dtype, name="keys")
        self._values = convert_to_tensor(values, dtype=value_dtype, name="values")
        self._name = "key_value_init" if name is None else name
        super().__init__(self._keys.dtype, self._values.dtype)

    def initialize(self, table: Any) -> Any:
        """The operation that fills `table`; it goes to the collection of such operations."""
        self._check(table)
        with name_scope(self._name, values=[table.resource_handle, self._keys, self._values]):
            operation = lookup_ops.LookupTableImportV2(table.resource_handle, self._keys, self._values)
        add_to_collection(GraphKeys.TABLE_INITIALIZERS, operation)
        return operation


@export("lookup.TextFileIndex")
class TextFileIndex:
    """What of a line a key or a value is, apart from a column."""

    WHOLE_LINE = -2
    LINE_NUMBER = -1


@export("lookup.TextFileInitializer")
class TextFileInitializer(TableInitializerBase):
    """Fills a table from a text file, a line a key.

    Args:
      filename: the file.
      key_dtype, value_dtype: of keys and values.
      key_index, value_index: the column, from 0, or one of `TextFileIndex`.
      vocab_size: how many lines are read; all if None.
      delimiter: between columns.

    Raises:
      ValueError: an index and a dtype do not go together.
    """

    def __init__(
        self, filename: Any, key_dtype: Any, key_index: int, value_dtype: Any, value_index: int,
        vocab_size: int | None = None, delimiter: str = "\t", name: str | None = None,
    ):  # fmt: skip
        if not isinstance(filename, Tensor) and not filename:
            raise ValueError(f"Filename required for {name}.")
        super().__init__(key_dtype, value_dtype)
        self._check_index("key", "Keys", key_index, self.key_dtype)
        self._check_index("value", "Values", value_index, self.value_dtype)
        if vocab_size is not None and vocab_size <= 0:
            raise ValueError(f"Invalid vocab_size {vocab_size}.")
        size = f"{vocab_size}_" if vocab_size else ""
        self._shared_name = f"hash_table_{filename}_{size}{key_index}_{value_index}"
        self._key_index, self._value_index = key_index, value_index
        self._vocab_size, self._delimiter, self._name = vocab_size, delimiter, name
        with init_scope():
            self._filename = convert_to_tensor(filename, dtypes.string, name="asset_path")

    @staticmethod
    def _check_index(role: str, what: str, index: int, dtype: DType) -> None:
        if index < -2:
            raise ValueError(f"Invalid {role} index {index}.")
        mismatch = f"Signature mismatch. {what} must be"
        if index == TextFileIndex.LINE_NUMBER and dtype != dtypes.int64:
            raise ValueError(f"{mismatch} dtype {dtypes.int64}, got {dtype}.")
        if index == TextFileIndex.WHOLE_LINE and dtype != dtypes.string:
            if role == "value":
                raise ValueError(f"{mismatch} dtype {dtypes.string}, got {dtype}.")
            if not dtype.is_integer:
                raise ValueError(f"{mismatch} integer or string, got {dtype}.")

    def initialize(self, table: Any) -> Any:
        """The operation that fills `table`; it goes to the collection of such operations."""
        self._check(table)
        with name_scope(self._name, "text_file_init", [table.resource_handle]):
            operation = raw.InitializeTableFromTextFileV2(
                table.resource_handle, self._filename, self._key_index, self._value_index,
                -1 if self._vocab_size is None else self._vocab_size, self._delimiter,
            )  # fmt: skip
        add_to_collection(GraphKeys.TABLE_INITIALIZERS, operation)
        if self._filename.op.type == "Const":
            add_to_collection(GraphKeys.ASSET_FILEPATHS, self._filename)
        return operation


class TextFileStringTableInitializer(TextFileInitializer):
    """Fills a table from the numbers of lines to the lines."""

    def __init__(
        self, filename: Any, key_column_index: int = TextFileIndex.LINE_NUMBER,
        value_column_index: int = TextFileIndex.WHOLE_LINE, vocab_size: int | None = None, delimiter: str = "\t",
        name: str | None = "text_file_string_table_init",
    ):  # fmt: skip
        super().__init__(
            filename, dtypes.int64, key_column_index, dtypes.string, value_column_index, vocab_size, delimiter, name
        )


class TextFileIdTableInitializer(TextFileInitializer):
    """Fills a table from lines to their numbers."""

    def __init__(
        self, filename: Any, key_column_index: int = TextFileIndex.WHOLE_LINE,
        value_column_index: int = TextFileIndex.LINE_NUMBER, vocab_size: int | None = None, delimiter: str = "\t",
        name: str | None = "text_file_id_table_init", key_dtype: Any = dtypes.string,
    ):  # fmt: skip
        super().__init__(
            filename, key_dtype, key_column_index, dtypes.int64, value_column_index, vocab_size, delimiter, name
        )
