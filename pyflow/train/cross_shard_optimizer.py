"""The optimizer of programs written for TPUs, where there is none.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/tpu/CrossShardOptimizer
"""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.losses.weighted_loss import Reduction
from pyflow.platform import logging
from pyflow.train.optimizer import Optimizer


@export("tpu.CrossShardOptimizer", "contrib.tpu.CrossShardOptimizer")
class CrossShardOptimizer(Optimizer):
    """An optimiser that adds up the gradients of all shards: of the only one, here.

    Args:
      opt: the optimiser that applies them.
      reduction: `tf.losses.Reduction.SUM` or `MEAN` over the shards.
      group_assignment: lists of the numbers of shards that belong together.

    Raises:
      ValueError: another reduction, or groups that aren't those of one shard.
    """

    def __init__(
        self,
        opt: Any,
        reduction: Any = Reduction.MEAN,
        name: str = "CrossShardOptimizer",
        group_assignment: Any = None,
    ):
        if reduction not in (Reduction.SUM, Reduction.MEAN):
            raise ValueError(f"Unsupported reduction: {reduction}.")
        super().__init__(False, name)
        self._opt = opt
        self._reduction = reduction
        self._group_assignment = group_assignment

    def compute_gradients(self, loss: Any, var_list: Any = None, **kwargs: Any) -> Any:
        logging.warning(
            "CrossShardOptimizer should be used within a tpu_shard_context, but got unset number_of_shards. Assuming 1."
        )
        groups = self._group_assignment
        if groups:
            if not isinstance(groups, list) or not all(isinstance(group, list) for group in groups):
                raise ValueError(f"group_assignment must be a list of list. Got {groups}")
            if {shard for group in groups for shard in group} != {0}:
                raise ValueError(f"group_assignment must be a permutation of range(1). Got group_assignment={groups}")
        return self._opt.compute_gradients(loss, var_list=var_list, **kwargs)

    def apply_gradients(self, grads_and_vars: Any, global_step: Any = None, name: str | None = None) -> Any:
        return self._opt.apply_gradients(list(grads_and_vars), global_step, name)

    def get_slot(self, *args: Any, **kwargs: Any) -> Any:
        return self._opt.get_slot(*args, **kwargs)

    def get_slot_names(self, *args: Any, **kwargs: Any) -> Any:
        return self._opt.get_slot_names(*args, **kwargs)

    def variables(self) -> Any:
        return self._opt.variables()
