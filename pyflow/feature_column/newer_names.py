"""What `tensorflow.python.feature_column.feature_column_v2` calls otherwise than the modules here."""

from __future__ import annotations

from typing import Any

from pyflow.feature_column import sources
from pyflow.feature_column.column import FeatureColumn
from pyflow.feature_column.column_arguments import check_shape as _check_shape
from pyflow.feature_column.column_lists import by_name, normalized
from pyflow.feature_column.column_lists import check_batch_sizes as _verify_static_batch_size_equality

__all__ = ["_check_shape", "_verify_static_batch_size_equality"]

_to_sparse_input_and_drop_ignore_values = sources.to_sparse_input


def _normalize_feature_columns(feature_columns: Any) -> list[Any]:
    """The columns of the newer protocol, sorted by name."""
    return by_name(normalized(feature_columns, FeatureColumn))
