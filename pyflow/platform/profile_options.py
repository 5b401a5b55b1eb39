"""tf.profiler.ProfileOptionBuilder: what a profile of a graph counts, and what it shows."""

from __future__ import annotations

import copy
from typing import Any

from pyflow.core.api import export

_MINIMA = (
    "min_bytes",
    "min_peak_bytes",
    "min_residual_bytes",
    "min_output_bytes",
    "min_micros",
    "min_accelerator_micros",
    "min_cpu_micros",
    "min_params",
    "min_float_ops",
    "min_occurrence",
)
_COMMON: dict[str, Any] = {
    "max_depth": 10000,
    "min_bytes": 0,
    "min_micros": 0,
    "min_params": 0,
    "min_float_ops": 0,
    "min_occurrence": 0,
    "order_by": "name",
    "account_type_regexes": [".*"],
    "start_name_regexes": [".*"],
    "trim_name_regexes": [],
    "show_name_regexes": [".*"],
    "hide_name_regexes": [],
    "account_displayed_op_only": True,
    "select": ["micros"],
    "step": -1,
    "output": "stdout",
}


@export("profiler.ProfileOptionBuilder")
class ProfileOptionBuilder:
    """Builds the options of `tf.profiler.profile`, a dict; each `with_...` gives the builder back.

    Args:
      options: a dict to start from.
    """

    def __init__(self, options: dict[str, Any] | None = None):
        start = {**_COMMON, "account_displayed_op_only": False} if options is None else options
        self._options = copy.deepcopy(start)

    @staticmethod
    def trainable_variables_parameter() -> dict[str, Any]:
        """Options that count the parameters of trainable variables, scope by scope."""
        return {**copy.deepcopy(_COMMON), "account_type_regexes": ["_trainable_variables"], "select": ["params"]}

    @staticmethod
    def float_operation() -> dict[str, Any]:
        """Options that count the float operations of one run of each node whose shapes are known."""
        return {**copy.deepcopy(_COMMON), "min_float_ops": 1, "order_by": "float_ops", "select": ["float_ops"]}

    @staticmethod
    def time_and_memory(
        min_micros: int = 1,
        min_bytes: int = 1,
        min_accelerator_micros: int = 0,
        min_cpu_micros: int = 0,
        min_peak_bytes: int = 0,
        min_residual_bytes: int = 0,
        min_output_bytes: int = 0,
    ) -> dict[str, Any]:
        """Options that show times and memory of a run, of nodes with at least so much."""
        minima = {key: value for key, value in locals().items() if key in _MINIMA}
        return {**copy.deepcopy(_COMMON), **minima, "order_by": "micros", "select": ["micros", "bytes"]}

    def build(self) -> dict[str, Any]:
        """The options."""
        return copy.deepcopy(self._options)

    def _with(self, **options: Any) -> ProfileOptionBuilder:
        self._options.update(options)
        return self

    def with_max_depth(self, max_depth: int) -> ProfileOptionBuilder:
        """How deep the tree of scopes is shown."""
        return self._with(max_depth=max_depth)

    def with_min_memory(
        self, min_bytes: int = 0, min_peak_bytes: int = 0, min_residual_bytes: int = 0, min_output_bytes: int = 0
    ) -> ProfileOptionBuilder:
        return self._with(
            min_bytes=min_bytes,
            min_peak_bytes=min_peak_bytes,
            min_residual_bytes=min_residual_bytes,
            min_output_bytes=min_output_bytes,
        )

    def with_min_execution_time(
        self, min_micros: int = 0, min_accelerator_micros: int = 0, min_cpu_micros: int = 0
    ) -> ProfileOptionBuilder:
        return self._with(
            min_micros=min_micros, min_accelerator_micros=min_accelerator_micros, min_cpu_micros=min_cpu_micros
        )

    def with_min_parameters(self, min_params: int) -> ProfileOptionBuilder:
        return self._with(min_params=min_params)

    def with_min_occurrence(self, min_occurrence: int) -> ProfileOptionBuilder:
        return self._with(min_occurrence=min_occurrence)

    def with_min_float_operations(self, min_float_ops: int) -> ProfileOptionBuilder:
        return self._with(min_float_ops=min_float_ops)

    def with_accounted_types(self, account_type_regexes: list[str]) -> ProfileOptionBuilder:
        """Which types of nodes are counted: op types, or "_trainable_variables"."""
        return self._with(account_type_regexes=copy.copy(account_type_regexes))

    def with_node_names(
        self,
        start_name_regexes: list[str] | None = None,
        show_name_regexes: list[str] | None = None,
        hide_name_regexes: list[str] | None = None,
        trim_name_regexes: list[str] | None = None,
    ) -> ProfileOptionBuilder:
        """Which names the tree starts from, shows, hides, and hides with all below."""
        given = {key: copy.copy(value) for key, value in locals().items() if key != "self" and value is not None}
        return self._with(**given)

    def order_by(self, attribute: str) -> ProfileOptionBuilder:
        """What siblings are ordered by: "name", "params", "float_ops", "micros", "bytes"."""
        return self._with(order_by=attribute)

    def select(self, attributes: list[str]) -> ProfileOptionBuilder:
        """What is shown: "params", "float_ops" ..."""
        return self._with(select=copy.copy(attributes))

    def account_displayed_op_only(self, is_true: bool) -> ProfileOptionBuilder:
        """Whether sums are of what is shown alone."""
        return self._with(account_displayed_op_only=is_true)

    def with_step(self, step: int) -> ProfileOptionBuilder:
        return self._with(step=step)

    def with_empty_output(self) -> ProfileOptionBuilder:
        """Nothing is printed."""
        return self._with(output="none")

    def with_stdout_output(self) -> ProfileOptionBuilder:
        return self._with(output="stdout")

    def with_file_output(self, outfile: str) -> ProfileOptionBuilder:
        return self._with(output=f"file:outfile={outfile}")

    def with_timeline_output(self, timeline_file: str) -> ProfileOptionBuilder:
        return self._with(output=f"timeline:outfile={timeline_file}")

    def with_pprof_output(self, pprof_file: str) -> ProfileOptionBuilder:
        return self._with(output=f"pprof:outfile={pprof_file}")
