"""What a layer says of itself: its arguments, and what it is made of."""

from __future__ import annotations

import functools
import inspect
from typing import Any, Callable

from pyflow.core import nest
from pyflow.core.api import PUBLIC
from pyflow.core.scopes import name_scope
from pyflow.core.type_specs import TensorSpec


def serialized(argument: str, value: Any) -> Any:
    """An argument in the form that it has in a config: functions by name, initializers by class and arguments."""
    if argument == "activation":
        public = (name[3:] for name, thing in PUBLIC.items() if name.startswith("nn.") and thing is value)
        return "linear" if value is None else next(public, getattr(value, "__name__", value))
    if hasattr(value, "get_config"):
        return {"class_name": type(value).__name__, "config": value.get_config()}
    return value.__name__ if inspect.isfunction(value) else value


def deserialized(argument: str, value: Any) -> Any:
    """The argument that `serialized` gave a form of.

    Raises:
      ValueError: there is no function or initializer of that name.
    """
    if argument == "activation" and isinstance(value, str):
        return None if value == "linear" else _named("nn", value)
    if isinstance(value, dict) and "class_name" in value:
        given = dict(value["config"])
        if isinstance(given.get("dtype"), str):
            given["dtype"] = PUBLIC["as_dtype"](given["dtype"])
        kind = value["class_name"].lower()
        for name, initializer in PUBLIC.items():
            if name.startswith("initializers.") and getattr(initializer, "__name__", "").lower() == kind:
                return initializer(**given)
        raise ValueError(f"Unknown initializer: {value['class_name']}")
    return value


def _named(module: str, name: str) -> Any:
    try:
        return PUBLIC[f"{module}.{name}"]
    except KeyError:
        raise ValueError(f"Unknown activation function:{name}") from None


class LayerDescription:
    """The part of a layer that describes it."""

    name: str
    trainable: bool
    dtype: Any
    supports_masking: bool
    compute_output_shape: Callable
    # The arguments that `get_config` gives, in TensorFlow's order; of classes without arguments of their own, none.
    _config_names: tuple[str, ...] = ()

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer.

        Raises:
          NotImplementedError: a subclass has arguments of its own and doesn't override this.
        """
        config: dict[str, Any] = {"name": self.name, "trainable": self.trainable}
        if hasattr(self, "_batch_input_shape"):
            config["batch_input_shape"] = self._batch_input_shape  # type: ignore[attr-defined]
        config["dtype"] = self.dtype
        if self._config_names:
            config["dtype"] = getattr(self.dtype, "name", self.dtype)
            for argument in self._config_names:
                config[argument] = serialized(argument, getattr(self, argument, None))
            return config
        own = set(inspect.getfullargspec(self.__init__).args) - {"self", "dynamic", *config}
        if own and type(self).get_config is LayerDescription.get_config:
            raise NotImplementedError("Layers with arguments in `__init__` must override `get_config`.")
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """The layer that `get_config` gave the arguments of."""
        given = {argument: deserialized(argument, value) for argument, value in config.items()}
        # A config also has what the layer inherits, but has not as an argument.
        taken = inspect.signature(cls.__init__).parameters
        return cls(**{name: value for name, value in given.items() if name in taken or name not in cls._config_names})

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The mask of the outputs: that of the inputs, for layers that support masks.

        Raises:
          TypeError: there is one, and the layer doesn't.
        """
        if self.supports_masking:
            return mask
        if any(m is not None for m in nest.flatten(mask)):
            raise TypeError(f"Layer {self.name} does not support masking, but was passed an input_mask: {mask}")
        return None

    def compute_output_signature(self, input_signature: Any) -> Any:
        """The `TensorSpec` of the output for an input of a spec; or of a structure of such."""
        shapes = nest.map_structure(lambda spec: spec.shape, input_signature)
        dtype = self.dtype or nest.flatten(input_signature)[0].dtype
        found = self.compute_output_shape(shapes)
        return nest.map_structure(lambda shape: TensorSpec(shape=shape, dtype=dtype), found)

    # ---------------------------------------------------------------- parts

    @property
    def submodules(self) -> tuple:
        """The layers among the attributes, those of these included."""
        found: dict[int, Any] = {}

        def look(layer: Any) -> None:
            for key in sorted(vars(layer)):
                value = vars(layer)[key]
                parts = value.values() if isinstance(value, dict) else value
                for part in parts if isinstance(value, (list, tuple, dict)) else [value]:
                    if isinstance(part, LayerDescription) and part is not self and id(part) not in found:
                        found[id(part)] = part
                        look(part)

        look(self)
        return tuple(found.values())

    def name_scope(self) -> str:
        """The name of the scope of the layer's nodes."""
        return self.name

    @classmethod
    def with_name_scope(cls, method: Callable) -> Callable:
        """Decorates a method so that its nodes are named in the layer's scope."""

        @functools.wraps(method)
        def scoped(self: Any, *args: Any, **kwargs: Any) -> Any:
            with name_scope(self.name):
                return method(self, *args, **kwargs)

        return scoped

    @property
    def metrics(self) -> list:
        """The metrics added: none."""
        return []

    def add_metric(self, value: Any, aggregation: str | None = None, name: str | None = None) -> None:
        """Raises NotImplementedError: metrics of layers are Keras's."""
        raise NotImplementedError("Layer.add_metric")
