"""Names that tf.contrib.util and tf.contrib.framework.nest have for things of the core."""

from __future__ import annotations

from pyflow.core import nest
from pyflow.core.api import PUBLIC, export

for _name, _public in (
    ("constant_value", "get_static_value"),
    ("make_ndarray", "make_ndarray"),
    ("make_tensor_proto", "make_tensor_proto"),
):
    export(f"contrib.util.{_name}")(PUBLIC[_public])
for _name in nest.__all__:
    if not _name.startswith("_"):
        export(f"contrib.framework.nest.{_name}")(getattr(nest, _name))
