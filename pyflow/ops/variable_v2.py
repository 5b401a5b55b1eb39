"""`tensorflow.python.ops.variables.Variable`: TensorFlow's second class of variables, which are resource variables."""

from __future__ import annotations

from typing import Any

from pyflow.ops import variable_base


class _MakesResourceVariables(variable_base.VariableMetaclass):
    """Calls make resource variables; every variable is an instance."""

    def __call__(
        cls,
        initial_value: Any = None,
        trainable: bool | None = None,
        validate_shape: bool = True,
        caching_device: Any = None,
        name: str | None = None,
        variable_def: Any = None,
        dtype: Any = None,
        import_scope: str | None = None,
        constraint: Any = None,
        synchronization: Any = variable_base.VariableSynchronization.AUTO,
        aggregation: Any = variable_base.VariableAggregation.NONE,
        shape: Any = None,
    ) -> Any:
        return variable_base.Variable(
            initial_value=initial_value,
            trainable=trainable,
            validate_shape=validate_shape,
            caching_device=caching_device,
            name=name,
            variable_def=variable_def,
            dtype=dtype,
            import_scope=import_scope,
            constraint=constraint,
            use_resource=True,
            synchronization=synchronization,
            aggregation=aggregation,
            shape=shape,
        )

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, variable_base.Variable)


class Variable(variable_base.Variable, metaclass=_MakesResourceVariables):
    """A variable behind a handle, whose reads are snapshots; see `tf.Variable` for the arguments."""
