"""Keras's layers of feature columns."""

from __future__ import annotations

from pyflow.core.api import export
from pyflow.feature_column import dense_features
from pyflow.keras.base_layer import Layer


@export("keras.layers.DenseFeatures")
class DenseFeatures(dense_features.DenseFeatures, Layer):  # type: ignore[misc]
    __doc__ = dense_features.DenseFeatures.__doc__


@export("keras.experimental.SequenceFeatures")
class SequenceFeatures(dense_features.SequenceFeatures, Layer):  # type: ignore[misc]
    __doc__ = dense_features.SequenceFeatures.__doc__
