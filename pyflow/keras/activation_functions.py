"""tf.keras.activations."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.keras import backend_math
from pyflow.keras.serialization import getter
from pyflow.ops.math_sigmoid import sigmoid as nn_sigmoid
from pyflow.ops.math_sigmoid import tanh as nn_tanh
from pyflow.ops.math_unary import Exp as exp
from pyflow.ops.nn_activations import Selu as nn_selu
from pyflow.ops.nn_activations import Softplus as nn_softplus
from pyflow.ops.nn_activations import Softsign as nn_softsign
from pyflow.ops.nn_softmax import softmax as nn_softmax
from pyflow.ops.reduce_functions import reduce_max, reduce_sum

_get, serialize, deserialize = getter("activations", "activation function", own=("get",))


def _activation(name: str, function: Any, doc: str, **defaults: Any) -> Any:
    def activation(x: Any) -> Any:
        return function(x)

    activation.__name__ = activation.__qualname__ = name
    activation.__doc__ = doc
    return export(f"keras.activations.{name}")(activation)


@export("keras.activations.linear")
def linear(x: Any) -> Any:
    """x itself."""
    return x


@export("keras.activations.softmax")
def softmax(x: Any, axis: int = -1) -> Any:
    """exp(x) divided by its sum along an axis.

    Raises:
      ValueError: `x` has rank 1.
    """
    ndim = x.shape.ndims
    if ndim == 2:
        return nn_softmax(x)
    if ndim is not None and ndim > 2:
        e = exp(x - reduce_max(x, axis=axis, keepdims=True))
        return e / reduce_sum(e, axis=axis, keepdims=True)
    raise ValueError(f"Cannot apply softmax to a tensor that is 1D. Received input: {x}")


@export("keras.activations.elu")
def elu(x: Any, alpha: float = 1.0) -> Any:
    """x where it is positive, elsewhere alpha · (exp(x) - 1)."""
    return backend_math.elu(x, alpha)


@export("keras.activations.relu")
def relu(x: Any, alpha: float = 0.0, max_value: Any = None, threshold: Any = 0) -> Any:
    """x from `threshold` to `max_value`, alpha · (x - threshold) below."""
    return backend_math.relu(x, alpha=alpha, max_value=max_value, threshold=threshold)


selu = _activation("selu", nn_selu, "scale · x where it is positive, elsewhere scale · alpha · (exp(x) - 1).")
softplus = _activation("softplus", nn_softplus, "log(exp(x) + 1).")
softsign = _activation("softsign", nn_softsign, "x / (|x| + 1).")
tanh = _activation("tanh", nn_tanh, "The hyperbolic tangent.")
sigmoid = _activation("sigmoid", nn_sigmoid, "1 / (1 + exp(-x)).")
exponential = _activation("exponential", exp, "exp(x).")


@export("keras.activations.hard_sigmoid")
def hard_sigmoid(x: Any) -> Any:
    """0.2 · x + 0.5, from 0 to 1."""
    return backend_math.hard_sigmoid(x)


@export("keras.activations.get")
def get(identifier: Any) -> Any:
    """The activation from itself, its name or its config; `linear` for None."""
    if identifier is None:
        return linear
    if hasattr(identifier, "add_weight"):
        return identifier
    return _get(identifier)
