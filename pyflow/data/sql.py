"""tf.data.experimental.SqlDataset."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.core.type_specs import TensorSpec
from pyflow.data import nest
from pyflow.data.dataset import DatasetV1Adapter
from pyflow.data.structure import flat_structure


@export("data.experimental.SqlDataset", "contrib.data.SqlDataset")
class SqlDataset(DatasetV1Adapter):
    """The rows that a query gives, with a scalar for each column.

    Args:
      driver_name: "sqlite".
      data_source_name: the file of the data base.
      query: in SQL.
      output_types: the structure of dtypes, one for each column.

    Raises:
      InvalidArgumentError: at run time, for another driver or number of columns.
    """

    def __init__(self, driver_name: Any, data_source_name: Any, query: Any, output_types: Any):
        arguments = [
            convert_to_tensor(value, dtype=dtypes.string, name=name)
            for value, name in (
                (driver_name, "driver_name"),
                (data_source_name, "data_source_name"),
                (query, "query"),
            )
        ]
        spec = nest.map_structure(lambda dtype: TensorSpec([], dtype), output_types)
        super().__init__(raw.SqlDataset(*arguments, **flat_structure(spec)), spec)
