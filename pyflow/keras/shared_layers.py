"""The layers that `tf.layers` has too: the same work, with Keras's arguments and names."""

from __future__ import annotations

import inspect
from typing import Any

from pyflow.core.api import PUBLIC, export
from pyflow.keras.activation_functions import get as get_activation
from pyflow.keras.backend import image_data_format
from pyflow.keras.base_layer import Layer, LayerMeta
from pyflow.keras.initializer_classes import get as get_initializer
from pyflow.keras.penalties import get_constraint, get_regularizer
from pyflow.layers.input_spec import InputSpec
from pyflow.layers.named_functions import ONES, ZEROS
from pyflow.layers.window_arguments import normalize_tuple

_KIND = inspect.Parameter.POSITIONAL_OR_KEYWORD


def _default(name: str, default: Any) -> Any:
    """Keras's default for an argument of `tf.layers`."""
    if default is ZEROS or default is ONES:
        return "zeros" if default is ZEROS else "ones"
    return "glorot_uniform" if name.endswith("_initializer") and default is None else default


def resolved(name: str, value: Any) -> Any:
    """The object that an argument names."""
    if name.endswith("activation"):
        return get_activation(value)
    for ending, get in (("_initializer", get_initializer), ("_regularizer", get_regularizer),
                        ("_constraint", get_constraint)):  # fmt: skip
        if name.endswith(ending):
            return get(value)
    return value


def _signature(plain: type, changed: dict[str, Any], inserted: dict[str, str], own_name: bool) -> inspect.Signature:
    parameters = [inspect.Parameter("self", _KIND)]
    for p in list(inspect.signature(plain.__init__).parameters.values())[1:]:
        if p.kind is _KIND and (own_name or p.name not in ("name", "trainable")):
            default = changed.get(p.name, _default(p.name, p.default))
            parameters.append(inspect.Parameter(p.name, _KIND, default=default))
            for extra, before in inserted.items():
                if before == p.name:
                    parameters.append(inspect.Parameter(extra, _KIND, default=changed[extra]))
    return inspect.Signature([*parameters, inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD)])


def shared(
    name: str,
    *names: str,
    inserted: dict[str, str] | None = None,
    own_name: bool = False,
    config: str | None = None,
    **changed: Any,
) -> type:
    """Keras's class for the one of `tf.layers` of a name.

    Args:
      names: further public names.
      inserted: arguments that only Keras has, and which each comes after; they become attributes.
      own_name: whether `name` and `trainable` are arguments of the class itself.
      config: the names in configs, where they are others or in another order.
      changed: other defaults.
    """
    plain = PUBLIC[f"layers.{name}"]
    signature = _signature(plain, changed, inserted or {}, own_name)
    extra = set(inserted or ())

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        given = dict(bound.arguments)
        given |= given.pop("kwargs")
        del given["self"]
        for name in given:
            given[name] = resolved(name, given[name])
        if given.get("strides", 0) is None:
            given["strides"] = given["pool_size"]
        if given.get("data_format", 0) is None and "data_format" in given:
            given["data_format"] = image_data_format()
        own = {name: given.pop(name) for name in extra}
        plain.__init__(self, **given)
        if vars(self).get("kernel_initializer", self) is None:
            self.kernel_initializer = get_initializer("glorot_uniform")
        for name, value in own.items():
            setattr(self, name, value if value is None else normalize_tuple(value, self.rank, name))

    init.__name__, init.__qualname__ = "__init__", f"{plain.__name__}.__init__"
    init.__signature__ = signature  # type: ignore[attr-defined]
    body: dict[str, Any] = {"__init__": init, "__module__": __name__, "__doc__": plain.__doc__}
    if config is not None:
        body["_config_names"] = tuple(config.split())
    if "training" in inspect.signature(plain.call).parameters:  # type: ignore[attr-defined]

        def call(self: Any, inputs: Any, training: Any = None) -> Any:
            return plain.call(self, inputs, training=training)  # type: ignore[attr-defined]

        body["call"] = call
    made = LayerMeta(plain.__name__, (plain, Layer), body)
    return export(*(f"keras.layers.{name}" for name in (plain.__name__, *names)))(made)


Dense = shared("Dense")
Flatten = shared("Flatten")
Dropout = shared("Dropout", rate=inspect.Parameter.empty)
BatchNormalization = shared("BatchNormalization", own_name=True)
_IMAGES: dict[str, Any] = {"data_format": None}
_UNPADDED: dict[str, Any] = {"output_padding": None, "data_format": None, "inserted": {"output_padding": "padding"}}
Conv1D = shared("Conv1D", "Convolution1D")
Conv2D = shared("Conv2D", "Convolution2D", **_IMAGES)
Conv3D = shared("Conv3D", "Convolution3D", **_IMAGES)
SeparableConv1D = shared("SeparableConv1D", "SeparableConvolution1D", **_IMAGES)
SeparableConv2D = shared("SeparableConv2D", "SeparableConvolution2D", **_IMAGES)
Conv2DTranspose = shared("Conv2DTranspose", "Convolution2DTranspose", dilation_rate=(1, 1),
    inserted={"output_padding": "padding", "dilation_rate": "data_format"}, output_padding=None, data_format=None,
)  # fmt: skip
Conv3DTranspose = shared(
    "Conv3DTranspose", "Convolution3DTranspose", **_UNPADDED,
    config="""filters kernel_size strides padding data_format activation use_bias kernel_initializer bias_initializer
    kernel_regularizer bias_regularizer activity_regularizer kernel_constraint bias_constraint output_padding""",
)  # fmt: skip
_IN_1D = "strides pool_size padding data_format"
MaxPooling1D = shared("MaxPooling1D", "MaxPool1D", pool_size=2, strides=None, config=_IN_1D)
MaxPooling2D = shared("MaxPooling2D", "MaxPool2D", pool_size=(2, 2), strides=None, **_IMAGES)
MaxPooling3D = shared("MaxPooling3D", "MaxPool3D", pool_size=(2, 2, 2), strides=None, **_IMAGES)
AveragePooling1D = shared("AveragePooling1D", "AvgPool1D", pool_size=2, strides=None, config=_IN_1D)
AveragePooling2D = shared("AveragePooling2D", "AvgPool2D", pool_size=(2, 2), strides=None, **_IMAGES)
AveragePooling3D = shared("AveragePooling3D", "AvgPool3D", pool_size=(2, 2, 2), strides=None, **_IMAGES)
export("keras.layers.InputSpec")(InputSpec)
