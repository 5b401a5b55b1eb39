"""tf.keras.backend: settings, the session, variables and compiled functions."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from pyflow.autodiff import gradients as tf_gradients
from pyflow.core import dtypes, nest
from pyflow.core.api import export
from pyflow.core.scopes import control_dependencies, get_default_graph, get_default_session, reset_default_graph
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.layers import call_context as phases
from pyflow.ops.array_filling import ones as tf_ones
from pyflow.ops.array_filling import zeros as tf_zeros
from pyflow.ops.array_identity import identity as tf_identity
from pyflow.ops.cast import cast
from pyflow.ops.control_flow import group
from pyflow.ops.linalg_basics import eye as tf_eye
from pyflow.ops.placeholder import placeholder as tf_placeholder
from pyflow.ops.placeholder import sparse_placeholder
from pyflow.ops.random import random_normal as tf_random_normal
from pyflow.ops.random import random_uniform as tf_random_uniform
from pyflow.ops.state import assign as tf_assign
from pyflow.ops.variable_base import Variable
from pyflow.ops.variables import is_variable_initialized
from pyflow.runtime.session import Session

_SETTINGS: dict[str, Any] = {"floatx": "float32", "epsilon": 1e-7, "image_data_format": "channels_last"}
_FORMATS = ("channels_first", "channels_last")


def _setting(name: str, doc: str, check: Callable) -> tuple[Callable, Callable]:
    def read() -> Any:
        return _SETTINGS[name]

    def write(value: Any) -> None:
        _SETTINGS[name] = check(value)

    read.__name__, write.__name__ = name, f"set_{name}"
    read.__doc__, write.__doc__ = doc, f"Sets it: {doc}"
    argument = "data_format" if name == "image_data_format" else "value"
    parameter = inspect.Parameter(argument, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    write.__signature__ = inspect.Signature([parameter])  # type: ignore[attr-defined]
    export(f"keras.backend.{name}")(read)
    export(f"keras.backend.set_{name}")(write)
    return read, write


def _float_type(value: Any) -> str:
    if value not in ("float16", "float32", "float64"):
        raise ValueError(f"Unknown floatx type: {value}")
    return str(value)


def _format(value: Any) -> str:
    if value not in _FORMATS:
        raise ValueError(f"Unknown data_format: {value}")
    return str(value)


floatx, set_floatx = _setting("floatx", "The name of the dtype of floats by default.", _float_type)
epsilon, set_epsilon = _setting("epsilon", "The small number that keeps divisions from zero.", lambda value: value)
image_data_format, set_image_data_format = _setting(
    "image_data_format", "Where images have their channels by default.", _format
)


@export("keras.backend.backend")
def backend() -> str:
    """ "tensorflow"."""
    return "tensorflow"


@export("keras.backend.cast_to_floatx")
def cast_to_floatx(x: Any) -> Any:
    """x in the dtype of floats by default; an array for anything but a tensor."""
    if isinstance(x, Tensor) or hasattr(x, "read_value"):
        return cast(x, floatx())
    return np.asarray(x, dtype=floatx())


# ---------------------------------------------------------------- sessions

_state: dict[str, Any] = {"session": None, "manual": False}


@export("keras.backend.get_session")
def get_session(op_input_list: Any = ()) -> Any:
    """The default session, or else Keras's own, which is made when first needed; its variables are initialized."""
    session = get_default_session()
    if session is None:
        graph = get_default_graph()
        for x in nest.flatten(op_input_list):
            graph = getattr(x, "graph", graph)
        if _state["session"] is None or _state["session"].graph is not graph:
            _state["session"] = Session(graph=graph)
        session = _state["session"]
    if not _state["manual"]:
        with session.graph.as_default():
            _initialize_variables(session)
    return session


def _initialize_variables(session: Any) -> None:
    tracked = getattr(session.graph, "_keras_variables", [])
    new = [v for v in tracked if not getattr(v, "_keras_initialized", False)]
    if new:
        flags = session.run([is_variable_initialized(v) for v in new])
        for v in new:
            v._keras_initialized = True
        missing = [v for v, flag in zip(new, flags) if not flag]
        if missing:
            session.run([v.initializer for v in missing])


def track_variable(v: Any) -> None:
    """Has `get_session` initialize a variable."""
    graph = v.graph
    if not hasattr(graph, "_keras_variables"):
        graph._keras_variables = []
    graph._keras_variables.append(v)


@export("keras.backend.set_session")
def set_session(session: Any) -> None:
    """Makes a session the one that Keras uses where there is no default session."""
    _state["session"] = session


@export("keras.backend.clear_session")
def clear_session() -> None:
    """Begins a new default graph, without a session."""
    reset_default_graph()
    _state["session"] = None
    phases.set_learning_phase(None)
    phases.learning_phase()


@export("keras.backend.manual_variable_initialization")
def manual_variable_initialization(value: bool) -> None:
    """Whether programs initialize the variables themselves."""
    _state["manual"] = value


@export("keras.backend.get_uid")
def get_uid(prefix: str = "") -> int:
    """How many times there has been a name for `prefix` in the graph."""
    uids = _uids()
    uids[("", prefix)] = uids.get(("", prefix), 0) + 1
    return uids[("", prefix)]


def _uids() -> dict:
    graph = get_default_graph()
    if not hasattr(graph, "_layer_name_uids"):
        graph._layer_name_uids = {}  # type: ignore[attr-defined]
    return graph._layer_name_uids  # type: ignore[attr-defined]


@export("keras.backend.reset_uids")
def reset_uids() -> None:
    """Lets names begin with their first numbers again."""
    _uids().clear()


# ---------------------------------------------------------------- variables and values


@export("keras.backend.placeholder")
def placeholder(
    shape: Any = None,
    ndim: int | None = None,
    dtype: Any = None,
    sparse: bool = False,
    name: str | None = None,
    ragged: bool = False,
) -> Any:
    """A placeholder, of unknown shape but of rank `ndim` if no shape is given."""
    if ragged:
        raise NotImplementedError("keras.backend.placeholder(ragged=True)")
    dtype = dtype or floatx()
    if shape is None and ndim:
        shape = (None,) * ndim
    if sparse:
        return sparse_placeholder(dtype, shape=shape, name=name)
    return tf_placeholder(dtype, shape=shape, name=name)


@export("keras.backend.variable")
def variable(value: Any, dtype: Any = None, name: str | None = None, constraint: Any = None) -> Any:
    """A variable with that initial value."""
    dtype = dtypes.as_dtype(dtype or floatx())
    made = Variable(value, dtype=dtype, name=name, constraint=constraint, use_resource=True)
    track_variable(made)
    return made


def _of_initializer(name: str, initializer: Callable, doc: str) -> Callable:
    def make(shape: Any, dtype: Any = None, name: str | None = None) -> Any:
        dtype = dtypes.as_dtype(dtype or floatx())
        value = initializer(shape=shape, dtype=dtype, name=name)
        return variable(value, dtype=dtype, name=name) if value.shape.is_fully_defined() else value

    make.__name__ = name
    make.__doc__ = doc
    return export(f"keras.backend.{name}")(make)


zeros = _of_initializer("zeros", tf_zeros, "A variable of zeros.")
ones = _of_initializer("ones", tf_ones, "A variable of ones.")


@export("keras.backend.eye")
def eye(size: int, dtype: Any = None, name: str | None = None) -> Any:
    """A variable that holds the identity matrix."""
    dtype = dtypes.as_dtype(dtype or floatx())
    return variable(tf_eye(size, dtype=dtype), dtype, name)


@export("keras.backend.random_uniform_variable")
def random_uniform_variable(
    shape: Any, low: float, high: float, dtype: Any = None, name: str | None = None, seed: Any = None
) -> Any:
    """A variable of uniformly distributed numbers."""
    seed = np.random.randint(10000000) if seed is None else seed
    dtype = dtypes.as_dtype(dtype or floatx())
    return variable(tf_random_uniform(shape, low, high, dtype=dtype, seed=seed), dtype, name)


@export("keras.backend.random_normal_variable")
def random_normal_variable(
    shape: Any, mean: float, scale: float, dtype: Any = None, name: str | None = None, seed: Any = None
) -> Any:
    """A variable of normally distributed numbers."""
    seed = np.random.randint(10000000) if seed is None else seed
    dtype = dtypes.as_dtype(dtype or floatx())
    return variable(tf_random_normal(shape, mean, scale, dtype=dtype, seed=seed), dtype, name)


@export("keras.backend.get_value", "keras.backend.eval")
def get_value(x: Any) -> Any:
    """The value of a variable or tensor."""
    return get_session((x,)).run(x)


@export("keras.backend.batch_get_value")
def batch_get_value(tensors: Any) -> list:
    """The values of variables or tensors."""
    return get_session(tensors).run(tensors) if tensors else []


@export("keras.backend.set_value")
def set_value(x: Any, value: Any) -> None:
    """Gives a variable a value."""
    batch_set_value([(x, value)])


@export("keras.backend.batch_set_value")
def batch_set_value(tuples: Any) -> None:
    """Gives variables values: (variable, value) pairs."""
    if tuples:
        session = get_session([x for x, _ in tuples])
        for x, value in tuples:
            x.load(np.asarray(value, dtype=x.dtype.base_dtype.as_numpy_dtype), session)


@export("keras.backend.int_shape")
def int_shape(x: Any) -> Any:
    """The static shape as a tuple, None if the rank is unknown."""
    try:
        given = x.shape
        return tuple(TensorShape(given).as_list()) if not isinstance(given, tuple) else given
    except ValueError:
        return None


@export("keras.backend.gradients")
def gradients(loss: Any, variables: Any) -> list:
    """The gradients of a loss."""
    return tf_gradients(loss, variables)


# ---------------------------------------------------------------- functions


class GraphExecutionFunction:
    """Runs a part of the graph: called with values for `inputs`, gives those of `outputs`.

    Args:
      inputs: placeholders or other tensors to be fed.
      outputs: what it gives, in whatever structure.
      updates: operations or (variable, new value) pairs that are run as well.
      feed_dict, fetches, options, run_metadata (keywords): as for `Session.run`, for every call.
    """

    def __init__(self, inputs: Any, outputs: Any, updates: Any = None, name: str | None = None, **session_kwargs: Any):
        if not isinstance(updates or [], (list, tuple)):
            raise TypeError("`updates` in a Keras backend function should be a list or tuple.")
        self.inputs, self.name = nest.flatten(inputs), name
        self.outputs = outputs
        self.feed_dict = session_kwargs.pop("feed_dict", None) or {}
        fetched = session_kwargs.pop("fetches", [])
        self.fetches = [tf_identity(f) if isinstance(f, Tensor) else f for f in fetched]
        self.run_options, self.run_metadata = (
            session_kwargs.pop("options", None),
            session_kwargs.pop("run_metadata", None),
        )
        if session_kwargs:
            raise ValueError("Some keys in session_kwargs are not supported at this time: %s", session_kwargs.keys())
        flat = nest.flatten(outputs)
        with control_dependencies([x for x in flat[:1] if isinstance(x, Tensor)]):
            made = [tf_assign(*u) if isinstance(u, tuple) else u for u in updates or []]
            self.updates_op = group(*made) if made else None

    def __call__(self, inputs: Any) -> Any:
        session = get_session(self.inputs)
        given = nest.flatten(inputs) if not isinstance(inputs, (list, tuple)) else list(inputs)
        feeds = dict(self.feed_dict)
        feeds |= {tensor: value for tensor, value in zip(self.inputs, given) if value is not None}
        symbolic = {tensor: value for tensor, value in feeds.items() if isinstance(value, Tensor)}
        if symbolic:  # all at once, as the parts of one batch
            feeds |= session.run(symbolic)
        flat = nest.flatten(self.outputs)
        updates = [] if self.updates_op is None else [self.updates_op]
        values = session.run([flat, updates, self.fetches], feeds, self.run_options, self.run_metadata)[0]
        return nest.pack_sequence_as(self.outputs, values)


@export("keras.backend.function")
def function(inputs: Any, outputs: Any, updates: Any = None, name: str | None = None, **kwargs: Any) -> Any:
    """A function of values that runs a part of the graph; see `GraphExecutionFunction`."""
    for key in kwargs:
        if key not in ("feed_dict", "fetches", "options", "run_metadata"):
            raise ValueError(f'Invalid argument "{key}" passed to K.function with TensorFlow backend')
    return GraphExecutionFunction(inputs, outputs, updates=updates, name=name, **kwargs)
