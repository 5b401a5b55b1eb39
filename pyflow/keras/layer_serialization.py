"""Layers from their configs."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.keras.serialization import deserialize_keras_object, published


@export("keras.layers.serialize")
def serialize_layer(layer: Any) -> dict[str, Any]:
    """The class and config of a layer."""
    return {"class_name": type(layer).__name__, "config": layer.get_config()}


@export("keras.layers.deserialize")
def deserialize_layer(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The layer of a class and a config.

    Raises:
      ValueError: there is no such class.
    """
    known = {**published("layers"), **{name: published("models")[name] for name in ("Model", "Sequential")}}
    known["Functional"] = known["Model"]
    return deserialize_keras_object(config, known, custom_objects, "layer")
