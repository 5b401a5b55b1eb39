"""How the layers of tf.contrib.layers make their variables: as model variables, under names of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.contrib.layer_collections import collect_named_outputs, get_variable_collections
from pyflow.contrib.variables import model_variable
from pyflow.core.scopes import add_to_collection, get_collection
from pyflow.ops.partitioned_variable import PartitionedVariable
from pyflow.ops.variable_base import VariableAggregation, VariableSynchronization

WEIGHTS_AND_BIASES = {"bias": "biases", "kernel": "weights"}


def model_variable_getter(rename: dict[str, str] | None = None) -> Callable:
    """A custom getter that makes model variables, the last part of whose name it changes as `rename` says."""

    def variable_getter(
        getter: Callable,
        name: str,
        shape: Any = None,
        dtype: Any = None,
        initializer: Any = None,
        regularizer: Any = None,
        trainable: bool = True,
        collections: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        use_resource: bool | None = None,
        synchronization: Any = VariableSynchronization.AUTO,
        aggregation: Any = VariableAggregation.NONE,
        **_: Any,
    ) -> Any:
        *parents, short = name.split("/")
        return model_variable(
            "/".join([*parents, (rename or {}).get(short, short)]),
            shape=shape,
            dtype=dtype,
            initializer=initializer,
            regularizer=regularizer,
            collections=collections,
            trainable=trainable,
            caching_device=caching_device,
            partitioner=partitioner,
            custom_getter=getter,
            use_resource=use_resource,
            synchronization=synchronization,
            aggregation=aggregation,
        )

    return variable_getter


def collect_variable(variable: Any, variables_collections: Any, kind: str) -> None:
    """Adds a variable (None: nothing) to the collections meant for its kind, where it isn't in them."""
    if variable is None:
        return
    parts = list(variable) if isinstance(variable, PartitionedVariable) else [variable]
    for collection in get_variable_collections(variables_collections, kind) or []:
        for part in parts:
            if not any(part is known for known in get_collection(collection)):
                add_to_collection(collection, part)


def completed(
    outputs: Any,
    alias: str,
    outputs_collections: Any,
    activation_fn: Callable | None = None,
    normalizer_fn: Callable | None = None,
    normalizer_params: dict | None = None,
) -> Any:
    """A layer's outputs: normalised, activated, and collected under the name `alias`."""
    if normalizer_fn is not None:
        outputs = normalizer_fn(outputs, **(normalizer_params or {}))
    if activation_fn is not None:
        outputs = activation_fn(outputs)
    return collect_named_outputs(outputs_collections, alias, outputs)


def check_data_format(data_format: Any, allowed: tuple[str, ...] = ("NCHW", "NHWC")) -> str:
    """The name of a format in tf.layers.

    Raises:
      ValueError: it is none of those allowed.
    """
    if data_format not in allowed:
        raise ValueError(f"data_format has to be either {' or '.join(allowed)}.")
    return "channels_first" if data_format.startswith("NC") else "channels_last"
