"""tf.layers.Layer: a layer whose variables live in a variable scope."""

from __future__ import annotations

import contextlib
import copy
import re
from collections.abc import Iterator
from typing import Any

from pyflow.core import dtypes, nest
from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.scopes import get_collection, get_collection_ref, name_scope
from pyflow.core.tensor import Tensor
from pyflow.layers.core_layer import CoreLayer, unique_object_name
from pyflow.layers.input_spec import InputSpec
from pyflow.layers.layer_weights import check_synchronization
from pyflow.ops.partitioned_variable import PartitionedVariable
from pyflow.ops.variable_base import VariableAggregation, VariableSynchronization
from pyflow.ops.variable_scope import VariableScope, get_variable, variable_scope
from pyflow.ops.variables import global_variables, trainable_variables

__all__ = ["InputSpec", "Layer", "keras_style_scope", "set_keras_style", "to_snake_case"]

_keras_style = False


@export("layers.experimental.keras_style_scope")
@contextlib.contextmanager
def keras_style_scope() -> Iterator[None]:
    """Layers made inside own their variables: they know neither variable scopes nor `reuse`."""
    global _keras_style
    outer, _keras_style = _keras_style, True
    try:
        yield
    finally:
        _keras_style = outer


@export("layers.experimental.set_keras_style")
def set_keras_style() -> None:
    """As `keras_style_scope`, from now on."""
    global _keras_style
    _keras_style = True


def to_snake_case(name: str) -> str:
    """`MaxPooling2D` as max_pooling2d; a name that begins with an underscore gets "private" before it."""
    parted = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    snake = re.sub(r"([a-z])([A-Z])", r"\1_\2", parted).lower()
    return f"private{snake}" if snake[0] == "_" else snake


@export("layers.Layer")
class Layer(CoreLayer):
    """The base of the layers in `tf.layers`: variables are made by `tf.get_variable` in a scope of the layer's name.

    The scope is opened when the layer is first called; a layer that has been called reuses its variables.

    Args:
      trainable: whether its variables join `GraphKeys.TRAINABLE_VARIABLES`.
      name: of the scope; by default made from the class's name, unique.
      dtype: of its variables; by default that of its first input.
      _scope (keyword): the variable scope, or its name, in the place of the layer's own.
      _reuse (keyword): whether variables are those of an earlier layer of that name.
    """

    def __init__(self, trainable: bool = True, name: str | None = None, dtype: Any = None, **kwargs: Any):
        self._use_resource_variables = False
        scope = kwargs.pop("_scope", None)
        self._reuse = kwargs.pop("_reuse", None)
        super().__init__(trainable=trainable, name=name, dtype=dtype, **kwargs)
        self._keras_style = _keras_style
        if _keras_style:
            for argument, value in (("scope", scope), ("reuse", self._reuse)):
                if value is not None:
                    raise ValueError(_not_in_keras_style(argument, value))
        self._scope: VariableScope | None = None
        self._current_scope: Any = None
        self._reusing_scope: Any = None
        if scope:
            with variable_scope(scope) as captured:
                self._scope = captured

    @property
    def graph(self) -> None:
        """None: layers don't keep their graph."""
        return None

    def _init_set_name(self, name: Any) -> None:
        if isinstance(name, VariableScope):
            self._base_name: str = name.name
            self._name = self._make_unique_name()[0]
        elif name:
            self._name = self._base_name = name
        else:
            self._name, self._base_name = self._make_unique_name()

    def _make_unique_name(
        self, name_uid_map: Any = None, avoid_names: Any = None, namespace: str = "", zero_based: bool = False
    ) -> tuple[str, str]:
        base_name = to_snake_case(type(self).__name__)
        return unique_object_name(base_name, name_uid_map, avoid_names, namespace, zero_based), base_name

    @property
    def scope_name(self) -> str:
        """The name of the variable scope.

        Raises:
          ValueError: the layer has not been called.
        """
        if not self._scope:
            raise ValueError(
                f'No name available for layer scope because the layer "{self._name}" has not been used yet. The scope '
                "name  is determined the first time the layer instance is called. You must therefore call the layer "
                "before querying `scope_name`."
            )
        return self._scope.name

    def _name_scope(self) -> Any:
        return super()._name_scope() if self._keras_style else self._current_scope.original_name_scope

    def _set_scope(self, scope: Any = None) -> None:
        if self._scope is not None:
            return
        if self._reuse:
            opened = variable_scope(scope if scope is not None else self._base_name)
        else:
            opened = variable_scope(scope, default_name=self._base_name)
        with opened as captured:
            self._scope = captured

    def add_loss(self, losses: Any, inputs: Any = None) -> None:
        """As `CoreLayer.add_loss`; the losses join `GraphKeys.REGULARIZATION_LOSSES` too."""
        known, known_functions = len(self._losses), len(self._callable_losses)
        super().add_loss(losses, inputs=inputs)
        added = self._losses[known:]
        made = [function() for function in self._callable_losses[known_functions:]]
        _add_new(added + [loss for loss in made if loss is not None], GraphKeys.REGULARIZATION_LOSSES)

    def add_weight(  # type: ignore[override]
        self,
        name: str,
        shape: Any,
        dtype: Any = None,
        initializer: Any = None,
        regularizer: Any = None,
        trainable: bool | None = None,
        constraint: Any = None,
        use_resource: bool | None = None,
        synchronization: Any = VariableSynchronization.AUTO,
        aggregation: Any = VariableAggregation.NONE,
        partitioner: Any = None,
        **kwargs: Any,
    ) -> Any:
        """The variable `name` of the layer's scope, made or found by `tf.get_variable`.

        Args:
          dtype: by default the layer's, or float32.
          trainable: whether it is among `trainable_weights`, if the layer is trainable.
          others: as in `tf.get_variable`.

        Raises:
          ValueError: it would be trainable and synchronised on reading.
        """
        for key in kwargs:
            if key != "experimental_autocast":
                raise TypeError("Unknown keyword argument:", key)
        if self._keras_style:
            return super().add_weight(
                name,
                shape,
                dtype,
                initializer,
                regularizer,
                trainable and self.trainable,
                constraint,
                use_resource=use_resource,
                **kwargs,
            )
        trainable = check_synchronization(trainable, synchronization) and self.trainable
        existing = {id(v) for v in global_variables()}
        self._set_scope(None)
        count = len(self._trainable_weights)
        with variable_scope(self._scope, reuse=self.built or self._reuse, auxiliary_name_scope=False) as scope:
            self._current_scope = scope
            with name_scope(self._name_scope()):
                variable = super().add_weight(
                    name,
                    shape,
                    dtype=dtypes.as_dtype(dtype or self.dtype or dtypes.float32),
                    initializer=scope.initializer if initializer is None else initializer,
                    trainable=trainable,
                    constraint=constraint,
                    partitioner=partitioner,
                    use_resource=use_resource or self._use_resource_variables or scope.use_resource,
                    synchronization=synchronization,
                    aggregation=aggregation,
                    getter=get_variable,
                    **kwargs,
                )
                if regularizer and not any(id(v) in existing for v in _parts(variable)):
                    self._handle_weight_regularization(name, variable, regularizer)
                if trainable and not all(_is_among(v, trainable_variables()) for v in _parts(variable)):
                    # A custom getter or the scope has made it a variable that isn't trained.
                    self._non_trainable_weights += self._trainable_weights[count:]
                    del self._trainable_weights[count:]
        return variable

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """As `CoreLayer.__call__`, in the layer's variable scope; updates join `GraphKeys.UPDATE_OPS`.

        Args:
          scope (keyword): the variable scope to be the layer's, when it is called for the first time. A `call` that has
            an argument `scope` is given the scope.
        """
        scope = kwargs.pop("scope", None)
        if self._keras_style:
            if scope is not None:
                raise ValueError(_not_in_keras_style("scope", scope))
            return super().__call__(inputs, *args, **kwargs)
        self._set_scope(scope)
        if not self.built:
            entered = variable_scope(self._scope, reuse=self._reuse, auxiliary_name_scope=False)
        else:
            if getattr(self, "_reusing_scope", None) is None:
                self._reusing_scope = variable_scope(self._scope, reuse=True, auxiliary_name_scope=False)
            entered = self._reusing_scope
        with entered as current:
            self._current_scope = current
            if "scope" in self._call_fn_args:
                kwargs["scope"] = current
            outputs = super().__call__(inputs, *args, **kwargs)
        _add_new(self.updates, GraphKeys.UPDATE_OPS)
        return outputs

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        copied = memo[id(self)] = type(self).__new__(type(self))
        for key, value in vars(self).items():
            if key in ("_scope", "_reusing_scope"):
                value = copy.copy(value)
            elif not any(isinstance(v, Tensor) for v in (value if isinstance(value, (list, tuple)) else [value])):
                value = copy.deepcopy(value, memo)
            setattr(copied, key, value)
        return copied

    _is_legacy_layer = True


def _not_in_keras_style(argument: str, value: Any) -> str:
    return f"{argument} argument not allowed when keras style layers are enabled, but saw: {value}"


def _parts(variable: Any) -> list:
    return list(variable) if isinstance(variable, PartitionedVariable) else [variable]


def _is_among(item: Any, items: list) -> bool:
    return any(item is i for i in items)


def _add_new(elements: Any, key: str) -> None:
    """Adds to a collection what isn't there."""
    known = {id(element) for element in get_collection(key)}
    for element in nest.flatten(elements):
        if id(element) not in known:
            known.add(id(element))
            get_collection_ref(key).append(element)
