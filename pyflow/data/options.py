"""tf.data.Options: how a dataset is to be run. Most of it has no effect here, where little is decided silently."""

from __future__ import annotations

import enum
from typing import Any

from pyflow.core.api import export


class OptionsBase:
    """Named values of fixed types, None or a default until they are set."""

    _kinds: dict[str, tuple[Any, Any]] = {}  # of each name the type, and what makes the default

    def __init__(self) -> None:
        object.__setattr__(self, "_options", {})

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name not in self._kinds:
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
        if name not in self._options:
            default = self._kinds[name][1]
            self._options[name] = default() if default else None
        return self._options[name]

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self._kinds:
            raise AttributeError(f"Cannot set the property {name} on {type(self).__name__}.")
        kind = self._kinds[name][0]
        if not isinstance(value, kind):
            raise TypeError(f'Property "{name}" must be of type {kind}, got: {value!r} (type: {type(value)!r})')
        self._options[name] = value

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._kinds]

    def __eq__(self, other: Any) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in {*self._options, *other._options})

    def __ne__(self, other: Any) -> bool:
        return not self == other

    __hash__ = None  # type: ignore[assignment]


class _Option:
    """An option as an attribute of the class of options that it is a part of."""

    def __init__(self, kind: Any, default_factory: Any, docstring: str):
        self._kind, self.__doc__ = (kind, default_factory), docstring

    def __set_name__(self, owner: Any, name: str) -> None:
        self._name = name
        owner._kinds = {**owner._kinds, name: self._kind}

    def __get__(self, instance: Any, owner: Any) -> Any:
        return self if instance is None else instance.__getattr__(self._name)


def create_option(name: str, ty: Any, docstring: str, default_factory: Any = lambda: None) -> Any:
    """An attribute for classes of options: of a type, with what makes its default."""
    return _Option(ty, default_factory, docstring)


def merge_options(*options_list: Any) -> Any:
    """Options that say what each of these says.

    Raises:
      TypeError: they are not of one class of options.
      ValueError: they contradict each other, or there are none.
    """
    if not options_list:
        raise ValueError("At least one options should be provided")
    kind = type(options_list[0])
    for options in options_list:
        if not isinstance(options, kind):
            raise TypeError(f"Incompatible options type: {type(options)!r} vs {kind!r}")
    if not isinstance(options_list[0], OptionsBase):
        raise TypeError("The inputs should inherit from `OptionsBase`")
    default, result = kind(), kind()
    for options in options_list:
        for name in options._options:
            this, that = getattr(result, name), getattr(options, name)
            if isinstance(this, OptionsBase):
                setattr(result, name, merge_options(this, that))
            elif that == getattr(default, name) or this == that:
                continue
            elif this == getattr(default, name):
                setattr(result, name, that)
            else:
                raise ValueError(f"Cannot merge incompatible values ({this} and {that}) of option: {name}")
    return result


class AutotuneAlgorithm(enum.Enum):
    """How TensorFlow chooses what is left to it."""

    HILL_CLIMB = 0
    GRADIENT_DESCENT = 1


class ExternalStatePolicy(enum.Enum):
    """What TensorFlow does about state outside of a dataset when it is serialized."""

    WARN = 0
    IGNORE = 1
    FAIL = 2


@export("data.experimental.MapVectorizationOptions")
class MapVectorizationOptions(OptionsBase):
    """Whether maps and batches may change places."""

    _kinds = {"enabled": (bool, None), "use_choose_fastest": (bool, None)}


@export("data.experimental.OptimizationOptions")
class OptimizationOptions(OptionsBase):
    """Which rewritings of datasets are wanted."""

    _kinds = {
        **dict.fromkeys(
            (
                "apply_default_optimizations",
                "autotune",
                "autotune_buffers",
                "filter_fusion",
                "filter_with_random_uniform_fusion",
                "hoist_random_uniform",
                "map_and_batch_fusion",
                "map_and_filter_fusion",
                "map_fusion",
                "map_parallelization",
                "noop_elimination",
                "parallel_batch",
                "shuffle_and_repeat_fusion",
            ),
            (bool, None),
        ),
        "autotune_algorithm": (AutotuneAlgorithm, None),
        "autotune_cpu_budget": (int, None),
        "map_vectorization": (MapVectorizationOptions, MapVectorizationOptions),
    }

    def wanted(self) -> list[str]:
        """The names of the rewritings to do."""
        chosen = [
            name
            for name in sorted(self._kinds)
            if not name.startswith(("auto", "apply", "map_vectorization")) and getattr(self, name)
        ]
        if self.map_vectorization.enabled:
            chosen.append("map_vectorization")
        if self.apply_default_optimizations is not False:
            for name in ("map_and_batch_fusion", "noop_elimination", "shuffle_and_repeat_fusion"):
                if getattr(self, name) is not False and name not in chosen:
                    chosen.append(name)
        return chosen


@export("data.experimental.DistributeOptions")
class DistributeOptions(OptionsBase):
    """How a dataset is shared among workers."""

    _kinds = {"auto_shard": (bool, lambda: True), "num_devices": (int, None)}


@export("data.experimental.StatsOptions")
class StatsOptions(OptionsBase):
    """What is counted."""

    _kinds = {
        "aggregator": (object, None),
        "prefix": (str, lambda: ""),
        "counter_prefix": (str, lambda: ""),
        "latency_all_edges": (bool, None),
    }


@export("data.experimental.ThreadingOptions")
class ThreadingOptions(OptionsBase):
    """How many threads there are."""

    _kinds = {"max_intra_op_parallelism": (int, None), "private_threadpool_size": (int, None)}


@export("data.Options")
class Options(OptionsBase):
    """How a dataset, and what is made of it, is to be run; see `Dataset.with_options`."""

    _kinds = {
        "experimental_deterministic": (bool, None),
        "experimental_distribute": (DistributeOptions, DistributeOptions),
        "experimental_optimization": (OptimizationOptions, OptimizationOptions),
        "experimental_slack": (bool, None),
        "experimental_stats": (StatsOptions, StatsOptions),
        "experimental_threading": (ThreadingOptions, ThreadingOptions),
        "experimental_stateful_whitelist": (list, None),
    }

    def merge(self, options: Options) -> Options:
        """These options and others together.

        Raises:
          ValueError: they contradict each other.
        """
        return merge_options(self, options)
