"""tf.keras.initializers: those of `tf.initializers`, some with a smaller spread."""

from __future__ import annotations

from typing import Any

import pyflow.ops.initializers as plain
from pyflow.core import dtypes
from pyflow.core.api import PUBLIC, export
from pyflow.keras.serialization import deserialize_keras_object, getter, published

_get, serialize, _deserialize = getter("initializers", "initializer", own=("get", "deserialize"))


@export(*(f"keras.initializers.{name}" for name in ("RandomNormal", "normal", "random_normal")))
class RandomNormal(plain.RandomNormal):
    """Normally distributed numbers."""

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None, dtype: Any = dtypes.float32):
        super().__init__(mean=mean, stddev=stddev, seed=seed, dtype=dtype)


@export(*(f"keras.initializers.{name}" for name in ("TruncatedNormal", "truncated_normal")))
class TruncatedNormal(plain.TruncatedNormal):
    """Normally distributed numbers, none farther from the mean than two standard deviations."""

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None, dtype: Any = dtypes.float32):
        super().__init__(mean=mean, stddev=stddev, seed=seed, dtype=dtype)


@export(*(f"keras.initializers.{name}" for name in ("RandomUniform", "uniform", "random_uniform")))
class RandomUniform(plain.RandomUniform):
    """Uniformly distributed numbers."""

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: Any = None, dtype: Any = dtypes.float32):
        super().__init__(minval=minval, maxval=maxval, seed=seed, dtype=dtype)


def _as_in_tensorflow() -> None:
    same = {
        "Zeros": "zeros",
        "Ones": "ones",
        "Constant": "constant",
        "VarianceScaling": "variance_scaling",
        "Orthogonal": "orthogonal",
        "Identity": "identity",
        "glorot_normal": "glorot_normal",
        "glorot_uniform": "glorot_uniform",
        "he_normal": "he_normal",
        "he_uniform": "he_uniform",
        "lecun_normal": "lecun_normal",
        "lecun_uniform": "lecun_uniform",
    }
    for name, plain_name in same.items():
        thing = PUBLIC[f"initializers.{plain_name}"]
        names = {name, plain_name} - ({"variance_scaling"} if name == "VarianceScaling" else set())
        export(*(f"keras.initializers.{n}" for n in sorted(names)))(thing)
    export("keras.initializers.Initializer")(plain.Initializer)


_as_in_tensorflow()


@export("keras.initializers.deserialize")
def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The initializer from its name or config."""
    known = {**published("initializers"), "GlorotUniform": plain.GlorotUniform, "GlorotNormal": plain.GlorotNormal}
    known |= {"one": plain.Ones, "zero": plain.Zeros}
    return deserialize_keras_object(config, known, custom_objects, "initializer")


@export("keras.initializers.get")
def get(identifier: Any) -> Any:
    """The initializer from itself, its class, its name or its config; None for None."""
    if identifier in ("he_normal", "he_uniform", "lecun_normal", "lecun_uniform"):  # functions that make them
        identifier = {"class_name": identifier, "config": {}}
    return deserialize(identifier) if isinstance(identifier, (dict, str)) else _get(identifier)
