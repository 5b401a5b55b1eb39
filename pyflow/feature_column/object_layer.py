"""Layers that aren't of `tf.layers`: they have no variable scope of their own, and take names as Keras' do."""

from __future__ import annotations

from typing import Any

from pyflow.layers.core_layer import CoreLayer, unique_object_name
from pyflow.layers.layer import to_snake_case


class ObjectLayer(CoreLayer):
    """A layer whose variables belong to the object; named by its class, the first one without a number."""

    def _init_set_name(self, name: Any) -> None:
        self._name = name or unique_object_name(to_snake_case(type(self).__name__), zero_based=True)
