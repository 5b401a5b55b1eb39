"""The variables of a layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.scopes import get_default_session
from pyflow.layers.named_functions import get_initializer
from pyflow.ops import initializers
from pyflow.ops.variable_base import Variable, VariableAggregation, VariableSynchronization


def check_synchronization(trainable: bool | None, synchronization: Any) -> bool:
    """Whether a variable is trainable: by default it is, unless it is synchronised when it is read.

    Raises:
      ValueError: it is said to be although it is synchronised so.
    """
    if synchronization != VariableSynchronization.ON_READ:
        return True if trainable is None else trainable
    if trainable:
        raise ValueError(
            "Synchronization value can be set to VariableSynchronization.ON_READ only for non-trainable variables. "
            "You have specified trainable=True and synchronization=VariableSynchronization.ON_READ."
        )
    return False


def make_variable(
    name: str,
    shape: Any,
    dtype: dtypes.DType,
    initializer: Any,
    use_resource: bool | None = None,
    partitioner: Any = None,
    **settings: Any,
) -> Any:
    """A variable outside of variable scopes, a resource variable by default; it isn't partitioned."""
    return Variable(
        initial_value=(lambda: initializer(shape, dtype=dtype)) if callable(initializer) else initializer,
        name=name,
        dtype=dtype.base_dtype if callable(initializer) else None,
        use_resource=use_resource is not False,
        **settings,
    )


class LayerWeights:
    """The part of a layer that makes, lists, reads and sets its variables."""

    name: Any
    built: bool
    _trainable: bool
    _dtype: str | None
    _layers: list
    _trainable_weights: list
    _non_trainable_weights: list

    @property
    def trainable(self) -> bool:
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = value
        for layer in getattr(self, "_layers", []):
            layer.trainable = value

    def _of_children(self, attribute: str) -> list:
        return [item for layer in self._layers for item in getattr(layer, attribute)]

    @property
    def trainable_weights(self) -> list:
        """The variables to be trained; none when the layer is not `trainable`."""
        if not self.trainable:
            return []
        return self._trainable_weights + self._of_children("trainable_weights")

    @property
    def non_trainable_weights(self) -> list:
        """The other variables."""
        if self.trainable:
            return self._non_trainable_weights + self._of_children("non_trainable_weights")
        return self._trainable_weights + self._non_trainable_weights + self._of_children("weights")

    @property
    def weights(self) -> list:
        """All variables, those to be trained first."""
        return self.trainable_weights + self.non_trainable_weights

    variables = property(lambda self: self.weights, doc="The same as `weights`.")
    trainable_variables = property(lambda self: self.trainable_weights, doc="The same as `trainable_weights`.")
    non_trainable_variables = property(
        lambda self: self.non_trainable_weights, doc="The same as `non_trainable_weights`."
    )

    def add_weight(
        self,
        name: str | None = None,
        shape: Any = None,
        dtype: Any = None,
        initializer: Any = None,
        regularizer: Any = None,
        trainable: bool | None = None,
        constraint: Any = None,
        partitioner: Any = None,
        use_resource: bool | None = None,
        synchronization: Any = VariableSynchronization.AUTO,
        aggregation: Any = VariableAggregation.NONE,
        **kwargs: Any,
    ) -> Any:
        """Makes a variable of the layer.

        Args:
          dtype: by default the layer's, or float32.
          initializer: by default glorot_uniform for floats and zeros for ints and bools.
          getter (keyword): what makes it, called as `tf.get_variable` is; by default a variable outside of scopes.

        Raises:
          ValueError: there is no initializer for the dtype, or it would be trainable and synchronised on reading.
        """
        for key in kwargs:
            if key not in ("getter", "collections", "experimental_autocast"):
                raise TypeError("Unknown keyword argument:", key)
        dtype = dtypes.as_dtype(dtype or self._dtype or dtypes.float32)
        if self._dtype is None:
            self._dtype = dtype.base_dtype.name
        initializer = get_initializer(initializer)
        trainable = check_synchronization(trainable, synchronization)
        if initializer is None:
            if dtype.is_floating:
                initializer = initializers.glorot_uniform_initializer()
            elif dtype.is_integer or dtype.is_unsigned or dtype.is_bool:
                initializer = initializers.zeros_initializer()
            else:
                raise ValueError(
                    f"An initializer for variable {name} of type {dtype.base_dtype} is required for layer {self.name}"
                )
        variable = kwargs.get("getter", make_variable)(
            name=name,
            shape=() if shape is None else shape,
            dtype=dtype,
            initializer=initializer,
            constraint=constraint,
            trainable=trainable,
            partitioner=partitioner,
            use_resource=use_resource,
            collections=kwargs.get("collections"),
            synchronization=synchronization,
            aggregation=aggregation,
        )
        if regularizer is not None:
            self._handle_weight_regularization(variable.name[: variable.name.find(":")], variable, regularizer)
        (self._trainable_weights if trainable else self._non_trainable_weights).append(variable)
        return variable

    def _handle_weight_regularization(self, name: str, variable: Any, regularizer: Any) -> None:
        raise NotImplementedError

    def add_variable(self, *args: Any, **kwargs: Any) -> Any:
        """The older name of `add_weight`."""
        return self.add_weight(*args, **kwargs)

    def count_params(self) -> int:
        """How many numbers its variables hold.

        Raises:
          ValueError: the layer is not built.
        """
        if not self.built:
            raise ValueError(
                f"You tried to call `count_params` on {self.name}, but the layer isn't built. You can build it "
                f"manually via: `{self.name}.build(batch_input_shape)`."
            )
        return int(sum(np.prod(w.shape.as_list()) for w in self.weights))

    def _session(self) -> Any:
        session = get_default_session()
        if session is None:
            raise NotImplementedError(
                "get_weights and set_weights need a default session (`with session.as_default()`)"
            )
        return session

    def get_weights(self) -> list[np.ndarray]:
        """The values of `weights` in the default session."""
        return self._session().run(self.weights)

    def set_weights(self, weights: list[np.ndarray]) -> None:
        """Sets the values of `weights` in the default session.

        Raises:
          ValueError: their number or a shape is not that of `weights`.
        """
        variables = self.weights
        if len(variables) != len(weights):
            raise ValueError(
                f'You called `set_weights(weights)` on layer "{self.name}" with a  weight list of length '
                f"{len(weights)}, but the layer was expecting {len(variables)} weights. Provided weights: "
                f"{str(weights)[:50]}..."
            )
        for variable, value in zip(variables, weights):
            if not variable.shape.is_compatible_with(value.shape):
                raise ValueError(
                    f"Layer weight shape {variable.shape} not compatible with provided weight shape {value.shape}"
                )
        for variable, value in zip(variables, weights):
            variable.load(value, self._session())
