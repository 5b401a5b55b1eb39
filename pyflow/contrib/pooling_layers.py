"""tf.contrib.layers' pooling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.contrib.arg_scope import add_arg_scope
from pyflow.contrib.layer_collections import collect_named_outputs, n_positive_integers
from pyflow.contrib.layer_variables import check_data_format
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.layers.pooling import AveragePooling2D, AveragePooling3D, MaxPooling2D, MaxPooling3D
from pyflow.ops.nn_pool import pool as nn_pool


def _pooling(layer_class: Any, name: str, default_scope: str, formats: tuple[str, str]) -> Callable[..., Tensor]:
    def pooled(
        inputs: Any,
        kernel_size: Any,
        stride: Any = 2,
        padding: str = "VALID",
        data_format: str = formats[1],
        outputs_collections: Any = None,
        scope: str | None = None,
    ) -> Tensor:
        df = check_data_format(data_format, formats)
        with name_scope(scope, default_scope, [inputs]) as sc:
            inputs = convert_to_tensor(inputs)
            layer = layer_class(kernel_size, stride, padding, df, _scope=sc)
            return collect_named_outputs(outputs_collections, sc, layer.apply(inputs))

    # Before it is decorated: by its printed name a function is known to argument scopes.
    pooled.__name__ = pooled.__qualname__ = name
    pooled.__doc__ = f"""{"The largest" if name[:3] == "max" else "The mean"} of each window.

    Args:
      kernel_size, stride: an int, or one for each spatial axis.
      padding: "VALID" or "SAME".
      data_format: "{formats[1]}" or "{formats[0]}".
      outputs_collections: where the outputs are added under the scope's name.
    """
    return export(f"contrib.layers.{name}")(add_arg_scope(pooled))


avg_pool2d = _pooling(AveragePooling2D, "avg_pool2d", "AvgPool2D", ("NCHW", "NHWC"))
avg_pool3d = _pooling(AveragePooling3D, "avg_pool3d", "AvgPool3D", ("NCDHW", "NDHWC"))
max_pool2d = _pooling(MaxPooling2D, "max_pool2d", "MaxPool2D", ("NCHW", "NHWC"))
max_pool3d = _pooling(MaxPooling3D, "max_pool3d", "MaxPool3D", ("NCDHW", "NDHWC"))


@export("contrib.slim.pool")
@add_arg_scope
def pool(
    inputs: Any,
    kernel_size: Any,
    pooling_type: str,
    padding: str = "VALID",
    data_format: str | None = None,
    dilation_rate: Any = 1,
    stride: Any = 1,
    outputs_collections: Any = None,
    scope: str | None = None,
) -> Tensor:
    """`tf.nn.pool` over all axes between batch and channels.

    Args:
      pooling_type: "AVG" or "MAX".
      kernel_size, dilation_rate, stride: an int, or one for each spatial axis.

    Raises:
      ValueError: the rank is not known, or below 3.
    """
    with name_scope(scope, f"{pooling_type.lower()}_pool", [inputs]) as sc:
        inputs = convert_to_tensor(inputs)
        rank = inputs.get_shape().ndims
        if rank is None:
            raise ValueError("Rank of inputs must be known")
        if rank < 3:
            raise ValueError("Rank of inputs must be >= 3")
        outputs = nn_pool(
            input=inputs,
            window_shape=n_positive_integers(rank - 2, kernel_size),
            pooling_type=pooling_type,
            padding=padding,
            data_format=data_format,
            dilation_rate=n_positive_integers(rank - 2, dilation_rate),
            strides=n_positive_integers(rank - 2, stride),
            name=sc,
        )
        return collect_named_outputs(outputs_collections, sc, outputs)
