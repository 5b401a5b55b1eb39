"""Names that tf.contrib has for things that are public elsewhere, or parts of the core."""

from __future__ import annotations

from pyflow.core import nest
from pyflow.core.api import PUBLIC, export
from pyflow.core.type_specs import TensorSpec
from pyflow.ops import orthogonal_initializers
from pyflow.ops.nn_top_k import nth_element

_IN_FRAMEWORK = {
    "argsort": "argsort",
    "assert_global_step": "train.assert_global_step",
    "assert_same_float_dtype": "debugging.assert_same_float_dtype",
    "assert_scalar": "debugging.assert_scalar",
    "create_global_step": "train.create_global_step",
    "get_global_step": "train.get_global_step",
    "get_or_create_global_step": "train.get_or_create_global_step",
    "is_non_decreasing": "is_non_decreasing",
    "is_numeric_tensor": "is_numeric_tensor",
    "is_strictly_increasing": "is_strictly_increasing",
    "is_tensor": "is_tensor",
    "sort": "sort",
}

for _name, _public in (
    ("constant_value", "get_static_value"),
    ("make_ndarray", "make_ndarray"),
    ("make_tensor_proto", "make_tensor_proto"),
):
    export(f"contrib.util.{_name}")(PUBLIC[_public])
for _name in ("uniform", "normal"):
    export(f"contrib.stateless.stateless_random_{_name}")(PUBLIC[f"random.stateless_{_name}"])
for _name in ("truncated_normal", "multinomial"):
    export(f"contrib.stateless.stateless_{_name}")(PUBLIC[f"random.stateless_{_name}"])
export("contrib.nn.nth_element")(nth_element)
export("contrib.nn.conv1d_transpose")(PUBLIC["nn.conv1d_transpose"])
export("contrib.framework.TensorSpec")(TensorSpec)
for _name, _class in (
    ("delta_orthogonal", orthogonal_initializers.ConvolutionDeltaOrthogonal),
    ("orthogonal_1d", orthogonal_initializers.ConvolutionOrthogonal1D),
    ("orthogonal_2d", orthogonal_initializers.ConvolutionOrthogonal2D),
    ("orthogonal_3d", orthogonal_initializers.ConvolutionOrthogonal3D),
):
    export(f"contrib.framework.convolutional_{_name}")(_class)
for _name in nest.__all__:
    if not _name.startswith("_"):
        export(f"contrib.framework.nest.{_name}")(getattr(nest, _name))
for _name, _public in _IN_FRAMEWORK.items():
    export(f"contrib.framework.{_name}")(PUBLIC[_public])
for _name in [name for name in PUBLIC if name.startswith("nest.")]:
    export(f"contrib.framework.{_name}")(PUBLIC[_name])
