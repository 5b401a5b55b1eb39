"""An optimiser that applies the mean of several replicas' gradients, in step (Chen et al., 2016)."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.indexed_slices import IndexedSlices
from pyflow.core.scopes import colocate_with, control_dependencies, device, name_scope
from pyflow.ops.array_filling import fill
from pyflow.ops.conditional_accumulator import ConditionalAccumulator, SparseConditionalAccumulator
from pyflow.ops.control_flow import group, no_op
from pyflow.ops.queue import FIFOQueue
from pyflow.ops.state import assign
from pyflow.ops.variables import Variable, global_variables, report_uninitialized_variables
from pyflow.platform import logging
from pyflow.train import session_manager
from pyflow.train.optimizer import Optimizer
from pyflow.train.queue_runner import QueueRunner
from pyflow.train.session_run_hook import SessionRunHook


@export("train.SyncReplicasOptimizer")
class SyncReplicasOptimizer(Optimizer):
    """Another optimiser, one of whose steps takes the mean of `replicas_to_aggregate` gradients.

    Each replica puts its gradients into accumulators and waits for a token; a queue runner of the chief takes the
    means, applies them, and hands out tokens for the next step. Gradients of an earlier step are dropped.

    Args:
      opt: the optimiser that computes and applies gradients.
      replicas_to_aggregate: how many gradients a step takes.
      total_num_replicas: how many replicas there are; as many as are aggregated by default.
      variable_averages, variables_to_average: an ExponentialMovingAverage to apply after each step, and to what.
    """

    def __init__(
        self,
        opt: Optimizer,
        replicas_to_aggregate: int,
        total_num_replicas: int | None = None,
        variable_averages: Any = None,
        variables_to_average: Any = None,
        use_locking: bool = False,
        name: str = "sync_replicas",
    ):
        if total_num_replicas is None:
            total_num_replicas = replicas_to_aggregate
        super().__init__(use_locking, name)
        logging.info(
            "SyncReplicasV2: replicas_to_aggregate=%s; total_num_replicas=%s",
            replicas_to_aggregate,
            total_num_replicas,
        )
        self._opt = opt
        self._replicas_to_aggregate = replicas_to_aggregate
        self._total_num_replicas = total_num_replicas
        self._variable_averages = variable_averages
        self._variables_to_average = variables_to_average
        self._tokens_per_step = max(total_num_replicas, replicas_to_aggregate)
        self._gradients_applied = False
        self._global_step: Any = None
        self._sync_token_queue: Any = None
        self._chief_queue_runner: QueueRunner | None = None
        self._accumulator_list: list[tuple[Any, Any]] = []
        self.local_step_init_op: Any = None
        self.chief_init_op: Any = None
        self.ready_for_local_init_op: Any = None

    def compute_gradients(self, *args: Any, **kwargs: Any) -> Any:
        """As the wrapped optimiser."""
        return self._opt.compute_gradients(*args, **kwargs)

    def apply_gradients(self, grads_and_vars: Any, global_step: Any = None, name: str | None = None) -> Any:
        """The op of a replica's step: hands in its gradients and waits until they (or later ones) are applied.

        Raises:
          ValueError: no variable, no global step, or a gradient that is neither Tensor nor IndexedSlices.
        """
        if not grads_and_vars:
            raise ValueError("Must supply at least one variable")
        if global_step is None:
            raise ValueError("Global step is required to check staleness")
        self._global_step = global_step
        anchor = no_op()  # on this replica's device; the variable lies with it
        with colocate_with(anchor):
            self._local_step = Variable(
                initial_value=0,
                trainable=False,
                collections=[GraphKeys.LOCAL_VARIABLES],
                dtype=global_step.dtype.base_dtype,
                name="sync_rep_local_step",
            )
        self.local_step_init_op = assign(self._local_step, global_step)
        chief_init_ops = [self.local_step_init_op]
        self.ready_for_local_init_op = report_uninitialized_variables(global_variables())

        with name_scope(None, self._name):
            handed_in, means = self._accumulate(grads_and_vars)
            with device(global_step.device), name_scope(""):
                update = self._opt.apply_gradients(means, global_step)
            with device(global_step.device), name_scope(""):
                step_dtype = global_step.dtype.base_dtype
                self._sync_token_queue = FIFOQueue(
                    -1, step_dtype, shapes=(), name="sync_token_q", shared_name="sync_token_q"
                )
                dummy_queue = FIFOQueue(1, dtypes.int32, shapes=(), name="dummy_queue", shared_name="dummy_queue")
            with device(global_step.device), name_scope(""):
                with control_dependencies(handed_in):
                    train_op = assign(self._local_step, self._sync_token_queue.dequeue())
                with control_dependencies([update]):
                    tokens = fill([self._tokens_per_step], global_step)
                    sync_op = self._sync_token_queue.enqueue_many((tokens,))
                if self._variable_averages is not None:
                    with control_dependencies([sync_op]), name_scope(""):
                        sync_op = self._variable_averages.apply(self._variables_to_average)
                self._chief_queue_runner = QueueRunner(dummy_queue, [sync_op])
            for accumulator, where in self._accumulator_list:
                with device(where):
                    chief_init_ops.append(accumulator.set_global_step(global_step, name="SetGlobalStep"))
            self.chief_init_op = group(*chief_init_ops)
        self._gradients_applied = True
        return train_op

    def _accumulate(self, grads_and_vars: Any) -> tuple[list[Any], list[tuple[Any, Any]]]:
        """Ops that hand the gradients in, and the pairs of means and variables."""
        handed_in: list[Any] = []
        means: list[tuple[Any, Any]] = []
        for grad, var in grads_and_vars:
            with device(var.device):
                if grad is None:
                    means.append((None, var))
                    continue
                shared = var.name + "/grad_accum"
                accumulator: Any
                if isinstance(grad, IndexedSlices):
                    accumulator = SparseConditionalAccumulator(grad.dtype, shape=(), shared_name=shared)
                    handed_in.append(accumulator.apply_indexed_slices_grad(grad, local_step=self._local_step))
                    mean = accumulator.take_indexed_slices_grad(self._replicas_to_aggregate)
                elif hasattr(grad, "op"):
                    accumulator = ConditionalAccumulator(grad.dtype, shape=var.get_shape(), shared_name=shared)
                    handed_in.append(accumulator.apply_grad(grad, local_step=self._local_step))
                    mean = accumulator.take_grad(self._replicas_to_aggregate)
                else:
                    raise ValueError("Unknown grad type!")
                means.append((mean, var))
                self._accumulator_list.append((accumulator, var.device))
        return handed_in, means

    def get_chief_queue_runner(self) -> QueueRunner:
        """The queue runner that applies the gradients; the chief has to start it.

        Raises:
          ValueError: before apply_gradients.
        """
        if self._chief_queue_runner is None:
            raise ValueError("Should be called after apply_gradients().")
        return self._chief_queue_runner

    def get_slot(self, *args: Any, **kwargs: Any) -> Any:
        """As the wrapped optimiser."""
        return self._opt.get_slot(*args, **kwargs)

    def get_slot_names(self, *args: Any, **kwargs: Any) -> Any:
        """As the wrapped optimiser."""
        return self._opt.get_slot_names(*args, **kwargs)

    def variables(self) -> list[Any]:
        """Those of the wrapped optimiser."""
        return self._opt.variables()

    def get_init_tokens_op(self, num_tokens: int = -1) -> Any:
        """An op that puts the first tokens into the queue; -1 stands for `replicas_to_aggregate` of them.

        Raises:
          ValueError: before apply_gradients, or too few tokens for a first step.
        """
        if not self._gradients_applied:
            raise ValueError("get_init_tokens_op() should be called after apply_gradients().")
        needed = self._replicas_to_aggregate - self._total_num_replicas
        if num_tokens == -1:
            num_tokens = self._replicas_to_aggregate
        elif num_tokens < needed:
            raise ValueError(f"Too few tokens to finish the first step: {num_tokens} (given) vs {needed} (needed)")
        if num_tokens <= 0:
            return no_op(name="no_init_tokens")
        with device(self._global_step.device), name_scope(""):
            tokens = fill([num_tokens], self._global_step)
            return self._sync_token_queue.enqueue_many((tokens,))

    def make_session_run_hook(self, is_chief: bool, num_tokens: int = -1) -> SessionRunHook:
        """A hook that does, in a new session, all that the optimiser needs."""
        return _SyncReplicasOptimizerHook(self, is_chief, num_tokens)


class _SyncReplicasOptimizerHook(SessionRunHook):
    """Initialises the steps and accumulators; for the chief, puts the tokens in and starts the queue runner."""

    def __init__(self, sync_optimizer: SyncReplicasOptimizer, is_chief: bool, num_tokens: int):
        self._sync_optimizer, self._is_chief, self._num_tokens = sync_optimizer, is_chief, num_tokens
        self._init_tokens_op: Any = None
        self._q_runner: QueueRunner | None = None

    def begin(self) -> None:
        optimizer = self._sync_optimizer
        if not optimizer._gradients_applied:
            raise ValueError("SyncReplicasOptimizer.apply_gradient should be called before using the hook.")
        self._ready_for_local_init_op = optimizer.ready_for_local_init_op
        self._local_init_op = optimizer.chief_init_op if self._is_chief else optimizer.local_step_init_op
        if self._is_chief:
            self._q_runner = optimizer.get_chief_queue_runner()
            self._init_tokens_op = optimizer.get_init_tokens_op(self._num_tokens)

    def after_create_session(self, session: Any, coord: Any) -> None:
        ready, message = session_manager._ready(
            self._ready_for_local_init_op, session, "Model is not ready for SyncReplicasOptimizer local init."
        )
        if not ready:
            raise RuntimeError(
                "Init operations did not make model ready for SyncReplicasOptimizer local_init. "
                f"Init op: {self._local_init_op.name}, error: {message}"
            )
        session.run(self._local_init_op)
        if self._init_tokens_op is not None:
            session.run(self._init_tokens_op)
        if self._q_runner is not None:
            self._q_runner.create_threads(session, coord=coord, daemon=True, start=True)
